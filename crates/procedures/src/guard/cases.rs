//! Conditions tried out over every case that they can tell apart.
//!
//! What a condition reads is cut into finitely many values: all of an enumeration, true and false,
//! the numbers and texts that it is compared with and one beside each. A part that cannot be cut so
//! is one unknown that is true or false as it likes. So the cases tried include every real one, and
//! what holds in all of them always holds; the reverse is not claimed.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, LiteralValue, operators};

use super::Guard;
use super::tree::path_of;

/// Most cases that are tried; with more, nothing is said.
const CASES_MAX: usize = 512;

/// A value in a case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Known {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A text.
    Text(String),
    /// Null.
    Null,
}

/// Something that a case fixes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Atom {
    /// The value at a path.
    Path(Vec<String>),
    /// Whether there is a value at a path.
    Has(Vec<String>),
    /// A part that is true or false, by its text.
    Opaque(String),
}

/// What is fixed.
pub(crate) type Case = BTreeMap<Atom, Known>;

/// The values that a path can have when all of them are known; the compared ones are given.
pub(crate) type Values<'v> = dyn Fn(&Atom, &BTreeSet<Known>) -> Option<Vec<Known>> + 'v;

impl Guard {
    /// Whether the condition holds in a case that may leave things open.
    pub(crate) fn verdict(&self, case: &Case) -> Option<bool> {
        Reading { case, asked: None }.truth(&self.tree)
    }
}

/// Every case that the conditions can tell apart; none when there are too many.
pub(crate) fn cases<'g>(
    guards: impl Iterator<Item = &'g Guard> + Clone,
    values: &Values<'_>,
) -> Option<Vec<Case>> {
    let mut compared: BTreeMap<Vec<String>, BTreeSet<Known>> = BTreeMap::new();
    for guard in guards.clone() {
        gather(&guard.tree, &mut compared);
    }
    let none = BTreeSet::new();
    let mut cases = vec![Case::new()];
    let mut known: BTreeSet<Atom> = BTreeSet::new();
    // Reading a case shows what it leaves open; each pass fixes one thing more.
    loop {
        let open = guards.clone().find_map(|guard| {
            cases.iter().find_map(|case| {
                let asked = RefCell::new(Vec::new());
                Reading { case, asked: Some(&asked) }.truth(&guard.tree);
                asked.into_inner().into_iter().find(|atom| !known.contains(atom))
            })
        });
        let Some(atom) = open else { break };
        let constants = match &atom {
            Atom::Path(path) => compared.get(path).unwrap_or(&none),
            Atom::Has(_) | Atom::Opaque(_) => &none,
        };
        let both = || vec![Known::Bool(true), Known::Bool(false)];
        let options = match &atom {
            Atom::Opaque(_) => Some(both()),
            Atom::Has(_) | Atom::Path(_) => values(&atom, constants),
        };
        if let Some(options) = options {
            let with = |case: &Case, value: &Known| {
                let mut case = case.clone();
                case.insert(atom.clone(), value.clone());
                case
            };
            cases = cases.iter().flat_map(|c| options.iter().map(move |v| with(c, v))).collect();
        }
        if cases.len() > CASES_MAX {
            return None;
        }
        known.insert(atom);
    }
    Some(cases)
}

/// The values that paths are compared with.
fn gather(node: &IdedExpr, compared: &mut BTreeMap<Vec<String>, BTreeSet<Known>>) {
    let mut stack = vec![node];
    while let Some(node) = stack.pop() {
        match &node.expr {
            Expr::Call(call) => {
                if let [left, right] = call.args.as_slice() {
                    for (path, value) in [(left, right), (right, left)] {
                        let values: Vec<Known> = match &value.expr {
                            Expr::List(list) => list.elements.iter().filter_map(literal).collect(),
                            _ => literal(value).into_iter().collect(),
                        };
                        if let Some(path) = path_of(path).filter(|_| !values.is_empty()) {
                            compared.entry(path).or_default().extend(values);
                        }
                    }
                }
                stack.extend(call.target.iter().map(|node| &**node));
                stack.extend(&call.args);
            }
            Expr::Select(select) => stack.push(&select.operand),
            Expr::List(list) => stack.extend(&list.elements),
            Expr::Unspecified
            | Expr::Comprehension(_)
            | Expr::Ident(_)
            | Expr::Literal(_)
            | Expr::Map(_)
            | Expr::Struct(_) => {}
        }
    }
}

/// Reads a condition in a case and notes what it leaves open.
struct Reading<'c> {
    case: &'c Case,
    asked: Option<&'c RefCell<Vec<Atom>>>,
}

impl Reading<'_> {
    fn look(&self, atom: Atom) -> Option<Known> {
        let found = self.case.get(&atom).cloned();
        if let (None, Some(asked)) = (&found, self.asked) {
            asked.borrow_mut().push(atom);
        }
        found
    }

    fn truth(&self, node: &IdedExpr) -> Option<bool> {
        match &node.expr {
            Expr::Literal(LiteralValue::Boolean(truth)) => Some(*truth.inner()),
            Expr::Select(select) if select.test => {
                let path = path_of(node)?;
                as_bool(self.look(Atom::Has(path)))
            }
            Expr::Select(_) | Expr::Ident(_) => match path_of(node) {
                Some(path) => as_bool(self.path(path)),
                None => self.opaque(node),
            },
            Expr::Call(call) => self.call(node, call),
            Expr::Literal(_) => None,
            Expr::Comprehension(_)
            | Expr::List(_)
            | Expr::Unspecified
            | Expr::Map(_)
            | Expr::Struct(_) => self.opaque(node),
        }
    }

    fn call(&self, node: &IdedExpr, call: &CallExpr) -> Option<bool> {
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_NOT, [only]) => self.truth(only).map(|truth| !truth),
            (operators::LOGICAL_AND, [left, right]) => {
                match (self.truth(left), self.truth(right)) {
                    (Some(false), _) | (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    (None, _) | (_, None) => None,
                }
            }
            (operators::LOGICAL_OR, [left, right]) => match (self.truth(left), self.truth(right)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                (None, _) | (_, None) => None,
            },
            (operators::CONDITIONAL, [condition, yes, no]) => match self.truth(condition) {
                Some(true) => self.truth(yes),
                Some(false) => self.truth(no),
                None => None,
            },
            (operators::EQUALS, [left, right]) => self.equal(left, right),
            (operators::NOT_EQUALS, [left, right]) => self.equal(left, right).map(|same| !same),
            (operators::LESS, [left, right]) => self.less(left, right),
            (operators::GREATER, [left, right]) => self.less(right, left),
            (operators::GREATER_EQUALS, [left, right]) => self.less(left, right).map(|less| !less),
            (operators::LESS_EQUALS, [left, right]) => self.less(right, left).map(|less| !less),
            (operators::IN, [element, list]) => self.contained(node, element, list),
            _ => self.opaque(node),
        }
    }

    fn opaque(&self, node: &IdedExpr) -> Option<bool> {
        as_bool(self.look(Atom::Opaque(spelled(node))))
    }

    /// The value at a path, where there is one.
    fn path(&self, path: Vec<String>) -> Option<Known> {
        let absent = self.look(Atom::Has(path.clone())) == Some(Known::Bool(false));
        if absent { None } else { self.look(Atom::Path(path)) }
    }

    /// A path compared with a value; other comparisons are unknowns.
    fn equal(&self, left: &IdedExpr, right: &IdedExpr) -> Option<bool> {
        let (path, value) = match (literal(left), literal(right)) {
            (Some(left), Some(right)) => return Some(left == right),
            (None, Some(value)) => (left, value),
            (Some(value), None) => (right, value),
            (None, None) => {
                let mut sides = [spelled(left), spelled(right)];
                sides.sort();
                return as_bool(self.look(Atom::Opaque(sides.join("=="))));
            }
        };
        match path_of(path).and_then(|path| self.path(path)) {
            Some(found) => Some(found == value),
            None => {
                let text = format!("{}=={value:?}", spelled(path));
                as_bool(self.look(Atom::Opaque(text)))
            }
        }
    }

    fn less(&self, left: &IdedExpr, right: &IdedExpr) -> Option<bool> {
        let number = |node: &IdedExpr, other: &IdedExpr| match literal(node) {
            Some(Known::Int(number)) => Some(number),
            Some(Known::Bool(_) | Known::Text(_) | Known::Null) => None,
            None => {
                literal(other)?;
                match self.path(path_of(node)?)? {
                    Known::Int(number) => Some(number),
                    Known::Bool(_) | Known::Text(_) | Known::Null => None,
                }
            }
        };
        match (number(left, right), number(right, left)) {
            (Some(left), Some(right)) => Some(left < right),
            (None, _) | (_, None) => {
                let text = format!("{}<{}", spelled(left), spelled(right));
                as_bool(self.look(Atom::Opaque(text)))
            }
        }
    }

    fn contained(&self, node: &IdedExpr, element: &IdedExpr, list: &IdedExpr) -> Option<bool> {
        let Expr::List(list) = &list.expr else {
            return self.opaque(node);
        };
        let found: Vec<Option<bool>> =
            list.elements.iter().map(|value| self.equal(element, value)).collect();
        if found.contains(&Some(true)) {
            return Some(true);
        }
        found.iter().all(|same| *same == Some(false)).then_some(false)
    }
}

fn as_bool(value: Option<Known>) -> Option<bool> {
    match value {
        Some(Known::Bool(truth)) => Some(truth),
        Some(Known::Int(_) | Known::Text(_) | Known::Null) | None => None,
    }
}

fn literal(node: &IdedExpr) -> Option<Known> {
    match &node.expr {
        Expr::Literal(LiteralValue::Boolean(truth)) => Some(Known::Bool(*truth.inner())),
        Expr::Literal(LiteralValue::Int(number)) => Some(Known::Int(*number.inner())),
        Expr::Literal(LiteralValue::String(text)) => Some(Known::Text(text.inner().to_owned())),
        Expr::Literal(LiteralValue::Null) => Some(Known::Null),
        Expr::Literal(_)
        | Expr::Unspecified
        | Expr::Call(_)
        | Expr::Comprehension(_)
        | Expr::Ident(_)
        | Expr::List(_)
        | Expr::Map(_)
        | Expr::Select(_)
        | Expr::Struct(_) => None,
    }
}

/// The expression as a text that is the same for equal expressions.
fn spelled(node: &IdedExpr) -> String {
    match &node.expr {
        Expr::Ident(name) => name.clone(),
        Expr::Select(select) => {
            let has = if select.test { "has:" } else { "" };
            format!("{has}{}.{}", spelled(&select.operand), select.field)
        }
        Expr::Literal(_) => format!("{:?}", literal(node)),
        Expr::List(list) => {
            let parts: Vec<String> = list.elements.iter().map(spelled).collect();
            format!("[{}]", parts.join(","))
        }
        Expr::Call(call) => {
            let target = call.target.iter().map(|node| spelled(node));
            let parts: Vec<String> = target.chain(call.args.iter().map(spelled)).collect();
            format!("{}({})", call.func_name, parts.join(","))
        }
        Expr::Comprehension(inner) => {
            let parts = [&inner.iter_range, &inner.accu_init, &inner.loop_cond, &inner.loop_step];
            let parts: Vec<String> = parts.into_iter().map(spelled).collect();
            format!("{}:{{{};{}}}", inner.iter_var, parts.join(";"), spelled(&inner.result))
        }
        Expr::Unspecified | Expr::Map(_) | Expr::Struct(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(atom: &Atom, compared: &BTreeSet<Known>) -> Option<Vec<Known>> {
        match atom {
            Atom::Has(_) => Some(vec![Known::Bool(true)]),
            Atom::Opaque(_) => None,
            Atom::Path(path) if path[0] == "proxy" => {
                Some(vec![Known::Bool(true), Known::Bool(false)])
            }
            Atom::Path(path) if path[0] == "channel" => {
                Some(["counter", "online"].map(|text| Known::Text(text.into())).to_vec())
            }
            Atom::Path(_) => {
                let around = compared.iter().filter_map(|value| match value {
                    Known::Int(number) => Some([number - 1, *number, number + 1]),
                    Known::Bool(_) | Known::Text(_) | Known::Null => None,
                });
                Some(around.flatten().map(Known::Int).collect())
            }
        }
    }

    /// The verdicts over all cases.
    fn verdicts(text: &str) -> BTreeSet<Option<bool>> {
        let guard = Guard::compile(text).expect("the text compiles");
        let all = cases(std::iter::once(&guard), &values).expect("few cases");
        all.iter().map(|case| guard.verdict(case)).collect()
    }

    #[test]
    fn what_always_or_never_holds_is_seen() {
        for text in [
            "proxy || !proxy",
            "channel == 'counter' || channel == 'online'",
            "channel != 'counter' || channel in ['counter']",
            "owners > 3 || owners <= 3",
            "owners != 2 || owners == 2",
            "owners < 5 || owners > 3",
            "size(form.names) > 1 || !(size(form.names) > 1)",
            "form.names.exists(n, n == 'x') || !form.names.exists(n, n == 'x')",
            "proxy ? true : !proxy",
        ] {
            assert_eq!(verdicts(text), BTreeSet::from([Some(true)]), "{text}");
        }
        for text in ["channel == 'post'", "proxy && !proxy", "owners > 5 && owners < 3", "1 == 2"] {
            assert_eq!(verdicts(text), BTreeSet::from([Some(false)]), "{text}");
        }
    }

    #[test]
    fn what_depends_on_the_case_is_left_alone() {
        for text in [
            "proxy",
            "channel == 'online' && proxy",
            "owners > 3",
            "size(form.names) > 1",
            "form.names.exists(n, n == 'x')",
            "owners + 1 > 3",
            "form.a == form.b",
        ] {
            assert_eq!(verdicts(text), BTreeSet::from([Some(true), Some(false)]), "{text}");
        }
    }

    #[test]
    fn a_case_may_leave_things_open() {
        let guard = Guard::compile("channel == 'online' && proxy").expect("the text compiles");
        let online = |text: &str| {
            Case::from([(Atom::Path(vec!["channel".into()]), Known::Text(text.into()))])
        };
        assert_eq!(guard.verdict(&online("counter")), Some(false));
        assert_eq!(guard.verdict(&online("online")), None);
        assert_eq!(guard.verdict(&Case::new()), None);
    }

    #[test]
    fn too_many_cases_are_not_tried() {
        let many: Vec<String> = (0..12).map(|n| format!("size(form.f{n}) > 1")).collect();
        let wide = Guard::compile(&many.join(" && ")).expect("the text compiles");
        assert!(cases(std::iter::once(&wide), &values).is_none());
    }
}
