//! Walks the tree of a condition with a stack of its own: bounds, names, what is looked at.

use std::collections::BTreeSet;

use cel::IdedExpr;
use cel::common::ast::{ComprehensionExpr, Expr, LiteralValue, operators};

use super::{GUARD_DEPTH_MAX, GUARD_NODES_MAX, GuardError};

/// Variables of a condition.
const VARIABLES: [&str; 12] = [
    "answers",
    "channel",
    "competent",
    "documents",
    "fees",
    "form",
    "outcome",
    "owners",
    "proxy",
    "receiving",
    "submitted_on",
    "variant",
];
/// Variables whose parts are read one by one, with an example of how.
const ONE_BY_ONE: [(&str, &str); 3] = [
    ("answers", "answers.agencies.consent"),
    ("documents", "documents.D4"),
    ("fees", "fees.permit.paid"),
];

/// Functions of a condition, operators and the inner parts of macros included.
const FUNCTIONS: [&str; 22] = [
    operators::CONDITIONAL,
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::SUBSTRACT,
    operators::ADD,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::MODULO,
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::GREATER_EQUALS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::LESS,
    operators::NEGATE,
    operators::IN,
    operators::NOT_STRICTLY_FALSE,
    "size",
    "contains",
    "startsWith",
    "endsWith",
];

/// What a condition looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reads {
    /// Variables, without those bound by macros.
    pub(crate) variables: BTreeSet<String>,
    /// Paths below a variable, such as `["form", "case"]`, longest forms only.
    pub(crate) paths: BTreeSet<Vec<String>>,
    /// Paths that `has()` asks for.
    pub(crate) asked: BTreeSet<Vec<String>>,
    /// Texts that a path is compared with by `==`, `!=` or `in`.
    pub(crate) compared: BTreeSet<(Vec<String>, String)>,
}

struct Visit<'t> {
    node: &'t IdedExpr,
    depth: usize,
    /// Variables bound around here; some inside of a comprehension.
    bound: Vec<&'t str>,
    /// The node continues a path that was noted already.
    inner: bool,
}

/// Checks the bounds of a tree and gathers what it looks at.
pub(super) fn inspect(root: &IdedExpr) -> Result<Reads, GuardError> {
    let mut reads = Reads::default();
    let mut stack = vec![Visit { node: root, depth: 1, bound: Vec::new(), inner: false }];
    let mut nodes = 0;
    while let Some(visit) = stack.pop() {
        nodes += 1;
        if nodes > GUARD_NODES_MAX {
            return Err(GuardError::TooLarge { what: "parts", found: nodes, max: GUARD_NODES_MAX });
        }
        if visit.depth > GUARD_DEPTH_MAX {
            let found = visit.depth;
            return Err(GuardError::TooLarge { what: "levels", found, max: GUARD_DEPTH_MAX });
        }
        look(&visit, &mut stack, &mut reads)?;
    }
    Ok(reads)
}

fn look<'t>(
    visit: &Visit<'t>,
    stack: &mut Vec<Visit<'t>>,
    reads: &mut Reads,
) -> Result<(), GuardError> {
    let mut visit_child = |node, inner| {
        let (depth, bound) = (visit.depth + 1, visit.bound.clone());
        stack.push(Visit { node, depth, bound, inner });
    };
    match &visit.node.expr {
        Expr::Unspecified => return Err(GuardError::Syntax("no expression".into())),
        Expr::Literal(literal) => return allowed(literal),
        Expr::Ident(name) => {
            if !visit.bound.contains(&name.as_str()) {
                known(name)?;
                reads.variables.insert(name.clone());
                if !visit.inner {
                    whole(name)?;
                    reads.paths.insert(vec![name.clone()]);
                }
            }
        }
        Expr::Select(select) => {
            if let Some(path) = path_of(visit.node).filter(|path| is_free(path, &visit.bound)) {
                let noted = if select.test { &mut reads.asked } else { &mut reads.paths };
                if select.test || !visit.inner {
                    noted.insert(path);
                }
            }
            visit_child(&select.operand, true);
        }
        Expr::List(list) => list.elements.iter().for_each(|node| visit_child(node, false)),
        Expr::Call(call) => {
            if !FUNCTIONS.contains(&call.func_name.as_str()) && call.func_name != operators::INDEX {
                let name = &call.func_name;
                return Err(GuardError::Forbidden(format!("the function {name:?}")));
            }
            note_comparison(&call.func_name, &call.args, &visit.bound, reads);
            call.target.iter().for_each(|node| visit_child(node, false));
            call.args.iter().for_each(|node| visit_child(node, false));
        }
        Expr::Comprehension(inner) => comprehension(visit, inner, stack)?,
        Expr::Map(_) => return Err(GuardError::Forbidden("a map".into())),
        Expr::Struct(value) => {
            return Err(GuardError::Forbidden(format!("the structure {:?}", value.type_name)));
        }
    }
    Ok(())
}

fn comprehension<'t>(
    visit: &Visit<'t>,
    inner: &'t ComprehensionExpr,
    stack: &mut Vec<Visit<'t>>,
) -> Result<(), GuardError> {
    if !visit.bound.is_empty() {
        return Err(GuardError::Forbidden("a list macro inside another".into()));
    }
    let depth = visit.depth + 1;
    let outside = Visit { node: &inner.iter_range, depth, bound: Vec::new(), inner: false };
    stack.push(outside);
    let mut bound = vec![inner.iter_var.as_str(), inner.accu_var.as_str()];
    bound.extend(inner.iter_var2.as_deref());
    for node in [&inner.accu_init, &inner.loop_cond, &inner.loop_step, &inner.result] {
        stack.push(Visit { node, depth, bound: bound.clone(), inner: false });
    }
    Ok(())
}

fn allowed(literal: &LiteralValue) -> Result<(), GuardError> {
    let what = match literal {
        LiteralValue::Boolean(_)
        | LiteralValue::Int(_)
        | LiteralValue::Null
        | LiteralValue::String(_) => return Ok(()),
        LiteralValue::Bytes(_) => "bytes",
        LiteralValue::Double(_) => "a number with a fraction",
        LiteralValue::UInt(_) => "an unsigned number",
    };
    Err(GuardError::Forbidden(what.into()))
}

fn known(name: &str) -> Result<(), GuardError> {
    if VARIABLES.contains(&name) {
        return Ok(());
    }
    let near = crate::read::suggestion(name, VARIABLES.into_iter());
    Err(GuardError::Forbidden(format!("the variable {name:?} ({})", near.trim_end_matches('.'))))
}

/// What is known one by one only.
fn whole(name: &str) -> Result<(), GuardError> {
    match ONE_BY_ONE.iter().find(|(known, _)| *known == name) {
        None => Ok(()),
        Some((_, example)) => {
            let what = format!("all {name} at once (write for instance {example})");
            Err(GuardError::Forbidden(what))
        }
    }
}

/// `form.a.b` as its parts, when the node spells such a path; `has(form.a)` too.
pub(super) fn path_of(node: &IdedExpr) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut expr = &node.expr;
    loop {
        match expr {
            Expr::Select(select) => {
                parts.push(select.field.clone());
                expr = &select.operand.expr;
            }
            Expr::Ident(name) => {
                parts.push(name.clone());
                parts.reverse();
                return Some(parts);
            }
            _ => return None,
        }
    }
}

fn is_free(path: &[String], bound: &[&str]) -> bool {
    path.first().is_some_and(|root| !bound.contains(&root.as_str()))
}

fn note_comparison(name: &str, args: &[IdedExpr], bound: &[&str], reads: &mut Reads) {
    let [left, right] = args else { return };
    let (path, values) = match name {
        operators::EQUALS | operators::NOT_EQUALS => match path_of(left) {
            Some(path) => (Some(path), std::slice::from_ref(right)),
            None => (path_of(right), std::slice::from_ref(left)),
        },
        operators::IN => match &right.expr {
            Expr::List(list) => (path_of(left), list.elements.as_slice()),
            _ => return,
        },
        _ => return,
    };
    let Some(path) = path.filter(|path| is_free(path, bound)) else {
        return;
    };
    for value in values {
        if let Expr::Literal(LiteralValue::String(text)) = &value.expr {
            reads.compared.insert((path.clone(), text.inner().to_owned()));
        }
    }
}
