//! Whether a condition has a value in every case: what it reads is there, what it divides by is not
//! 0, and its sums stay within the numbers of a machine.
//!
//! The tree is walked with what is known at each place: behind `has(form.a) &&` the field is
//! there, behind `outcome != null &&` a result was decided on, behind `size(form.l) > 2 &&` the list
//! has three elements. Only what stands before counts, from left to right.

use std::collections::BTreeSet;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, LiteralValue, operators};
use serde_json::Value;

use super::tree::path_of;
use crate::form::FormSchema;

/// Most elements of a list that `size()` is remembered for; forms have no longer lists.
const ELEMENTS_MAX: i64 = 200;
/// Counts of owners, answers, characters and elements stay below this.
const COUNT_MAX: i128 = u32::MAX as i128;

/// Why a condition may have no value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gap {
    /// The member at this path may be absent.
    Absent(String),
    /// Something else, with what to do.
    Fails(String, &'static str),
}

/// What is known to be there: a path; with a last part `#3` a list of so many elements; `outcome`
/// when it is not null.
type Known = BTreeSet<Vec<String>>;

/// Everything for which the condition may have no value.
pub(crate) fn gaps(tree: &IdedExpr, form: &FormSchema) -> BTreeSet<Gap> {
    let mut walk = Walk { form, bound: Vec::new(), gaps: BTreeSet::new() };
    walk.through(tree, &Known::new());
    walk.gaps
}

struct Walk<'s> {
    form: &'s FormSchema,
    /// Variables of list macros, with the schema of an element where it has one.
    bound: Vec<(String, Option<&'s Value>)>,
    gaps: BTreeSet<Gap>,
}

impl<'s> Walk<'s> {
    fn through(&mut self, node: &IdedExpr, known: &Known) {
        match &node.expr {
            Expr::Ident(name) => {
                let is_outcome = name == "outcome" && !self.is_bound(name);
                if is_outcome && !known.contains(&vec![name.clone()]) {
                    let remedy = "Write `outcome != null && …`, or compare it by `==` or `in`.";
                    self.fails("\"outcome\" may be null.".into(), remedy);
                }
            }
            Expr::Select(select) => {
                if !select.test {
                    self.member(node, &select.operand, &select.field, known);
                }
                self.through(&select.operand, known);
            }
            Expr::List(list) => list.elements.iter().for_each(|node| self.through(node, known)),
            Expr::Call(call) => self.call(node, call, known),
            Expr::Comprehension(inner) => self.comprehension(inner, known),
            Expr::Literal(_) | Expr::Unspecified | Expr::Map(_) | Expr::Struct(_) => {}
        }
    }

    /// The member of an object of the form is required, or known to be there.
    fn member(&mut self, node: &IdedExpr, of: &IdedExpr, field: &str, known: &Known) {
        let path = path_of(node);
        let is_known = path.as_ref().is_some_and(|path| known.contains(path));
        let root = path.as_ref().map(|path| path[0].as_str());
        let is_element = root.is_none_or(|root| self.is_bound(root));
        if is_known || !(is_element || root == Some("form")) {
            return;
        }
        let spelled = path.map_or_else(|| format!("….{field}"), |path| path.join("."));
        match self.schema(of) {
            Some(schema) => {
                let exists = schema["properties"].get(field).is_some();
                let required = schema["required"].as_array();
                let required = required.is_some_and(|names| names.iter().any(|name| name == field));
                if exists && !required {
                    self.gaps.insert(Gap::Absent(spelled));
                }
            }
            None if is_element => {
                let remedy = "Ask the list of the form itself, by `exists` or `all`.";
                self.fails(format!("Nothing is known of what {spelled:?} is a part of."), remedy);
            }
            None => {}
        }
    }

    fn call(&mut self, node: &IdedExpr, call: &CallExpr, known: &Known) {
        match (call.func_name.as_str(), call.args.as_slice()) {
            (name @ (operators::LOGICAL_AND | operators::LOGICAL_OR), [left, right]) => {
                self.through(left, known);
                let mut then = known.clone();
                then.extend(facts(left, name == operators::LOGICAL_AND));
                self.through(right, &then);
                return;
            }
            (operators::CONDITIONAL, [condition, yes, no]) => {
                self.through(condition, known);
                for (branch, truth) in [(yes, true), (no, false)] {
                    let mut then = known.clone();
                    then.extend(facts(condition, truth));
                    self.through(branch, &then);
                }
                return;
            }
            (operators::EQUALS | operators::NOT_EQUALS | operators::IN, [left, right]) => {
                // Null is equal to null and to nothing else: comparing it is no fault.
                for side in [left, right] {
                    if !matches!(&side.expr, Expr::Ident(name) if name == "outcome") {
                        self.through(side, known);
                    }
                }
                return;
            }
            (operators::INDEX, [list, index]) => self.index(list, index, known),
            (operators::DIVIDE | operators::MODULO, [_, divisor]) => {
                let (least, most) = self.range(divisor);
                if least <= 0 && most >= 0 {
                    let remedy = "Divide by a number, or by a field with `minimum: 1`.";
                    self.fails("A division may be by 0.".into(), remedy);
                }
                self.fits(node);
            }
            (
                operators::ADD | operators::SUBSTRACT | operators::MULTIPLY | operators::NEGATE,
                _,
            ) if !is_gathered(&call.args) => self.fits(node),
            _ => {}
        }
        call.target.iter().for_each(|node| self.through(node, known));
        call.args.iter().for_each(|node| self.through(node, known));
    }

    /// An element is taken of a list that is known to have it.
    fn index(&mut self, list: &IdedExpr, index: &IdedExpr, known: &Known) {
        let least = self.schema(list).and_then(|schema| schema["minItems"].as_i64()).unwrap_or(0);
        let there = whole(index).filter(|index| *index >= 0).is_some_and(|index| {
            let counted = path_of(list).map(|path| with_size(path, index + 1));
            index < least || counted.is_some_and(|path| known.contains(&path))
        });
        if !there {
            let remedy = "Write `size(…) > n && …[n]`, or ask the whole list by `exists` or `all`.";
            self.fails("A list may have no such element.".into(), remedy);
        }
    }

    fn comprehension(&mut self, inner: &ComprehensionExpr, known: &Known) {
        self.through(&inner.iter_range, known);
        let element = self.element(&inner.iter_range);
        let before = self.bound.len();
        self.bound.push((inner.iter_var.clone(), element));
        // What is known of a variable of the same name is known of another one.
        let inside: Known =
            known.iter().filter(|path| path[0] != inner.iter_var).cloned().collect();
        for node in [&inner.accu_init, &inner.loop_cond, &inner.loop_step, &inner.result] {
            self.through(node, &inside);
        }
        self.bound.truncate(before);
    }

    /// The schema of the elements of a list, a filtered one included.
    fn element(&self, list: &IdedExpr) -> Option<&'s Value> {
        match &list.expr {
            Expr::Comprehension(inner) => {
                let kept = gathered(&inner.loop_step)?;
                let is_same = matches!(&kept.expr, Expr::Ident(name) if *name == inner.iter_var);
                if is_same { self.element(&inner.iter_range) } else { None }
            }
            _ => self.form.resolve(self.schema(list)?.get("items")?),
        }
    }

    fn is_bound(&self, name: &str) -> bool {
        self.bound.iter().any(|(known, _)| known == name)
    }

    /// The schema of a value of the form.
    fn schema(&self, node: &IdedExpr) -> Option<&'s Value> {
        match &node.expr {
            Expr::Ident(name) => match self.bound.iter().rev().find(|(known, _)| known == name) {
                Some((_, schema)) => *schema,
                None => (name == "form").then(|| self.form.schema()),
            },
            Expr::Select(select) => {
                let property = self.schema(&select.operand)?.get("properties")?;
                self.form.resolve(property.get(&select.field)?)
            }
            Expr::Call(call) if call.func_name == operators::INDEX => {
                self.element(call.args.first()?)
            }
            Expr::Call(_)
            | Expr::Comprehension(_)
            | Expr::List(_)
            | Expr::Literal(_)
            | Expr::Unspecified
            | Expr::Map(_)
            | Expr::Struct(_) => None,
        }
    }

    /// The result of an operation is a number of 64 bits.
    fn fits(&mut self, node: &IdedExpr) {
        let (least, most) = self.range(node);
        if least < i128::from(i64::MIN) || most > i128::from(i64::MAX) {
            let remedy = "Give the fields a smaller `maximum:`, or compute with less.";
            self.fails("A number may grow beyond 64 bits.".into(), remedy);
        }
    }

    /// Between which numbers the value lies; of a part that does not fit, as if it fitted.
    fn range(&self, node: &IdedExpr) -> (i128, i128) {
        let widest = (i128::from(i64::MIN), i128::from(i64::MAX));
        let inside = |node: &IdedExpr| {
            let (least, most) = self.range(node);
            (least.clamp(widest.0, widest.1), most.clamp(widest.0, widest.1))
        };
        if let Some(number) = whole(node) {
            return (i128::from(number), i128::from(number));
        }
        let Expr::Call(call) = &node.expr else {
            return self.range_of_value(node).unwrap_or(widest);
        };
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::ADD, [left, right]) => {
                let (left, right) = (inside(left), inside(right));
                (left.0 + right.0, left.1 + right.1)
            }
            (operators::SUBSTRACT, [left, right]) => {
                let (left, right) = (inside(left), inside(right));
                (left.0 - right.1, left.1 - right.0)
            }
            (operators::MULTIPLY, [left, right]) => {
                let (a, b) = (inside(left), inside(right));
                let products = [a.0 * b.0, a.0 * b.1, a.1 * b.0, a.1 * b.1];
                let least = products.into_iter().min().unwrap_or(widest.0);
                (least, products.into_iter().max().unwrap_or(widest.1))
            }
            (operators::NEGATE, [only]) => {
                let (least, most) = inside(only);
                (-most, -least)
            }
            (operators::DIVIDE, [left, _]) => {
                let (least, most) = inside(left);
                let far = least.abs().max(most.abs());
                if least >= 0 { (-far, far) } else { (-far, -least) }
            }
            (operators::MODULO, [_, right]) => {
                let (least, most) = inside(right);
                let far = least.abs().max(most.abs()) - 1;
                (-far, far)
            }
            (operators::CONDITIONAL, [_, yes, no]) => {
                let (yes, no) = (inside(yes), inside(no));
                (yes.0.min(no.0), yes.1.max(no.1))
            }
            ("size", _) => (0, COUNT_MAX),
            (operators::INDEX, _) => self.range_of_value(node).unwrap_or(widest),
            _ => widest,
        }
    }

    fn range_of_value(&self, node: &IdedExpr) -> Option<(i128, i128)> {
        if let Some(path) = path_of(node).filter(|path| !self.is_bound(&path[0]))
            && (matches!(path[0].as_str(), "owners" | "answers") || path[0].starts_with('@'))
        {
            return Some((0, COUNT_MAX));
        }
        let schema = self.schema(node)?;
        let number = |value: &Value| value.as_i64().map(i128::from);
        let listed = schema.get("enum").and_then(Value::as_array).map(Vec::as_slice);
        let listed = listed.or(schema.get("const").map(std::slice::from_ref));
        if let Some(values) = listed {
            let numbers = || values.iter().filter_map(number);
            return Some((numbers().min()?, numbers().max()?));
        }
        Some((number(schema.get("minimum")?)?, number(schema.get("maximum")?)?))
    }

    fn fails(&mut self, message: String, remedy: &'static str) {
        self.gaps.insert(Gap::Fails(message, remedy));
    }
}

/// What is there when the expression is true, or when it is false.
fn facts(node: &IdedExpr, truth: bool) -> Known {
    match &node.expr {
        Expr::Select(select) if select.test && truth => path_of(node).into_iter().collect(),
        Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_NOT, [only]) => facts(only, !truth),
            (name @ (operators::LOGICAL_AND | operators::LOGICAL_OR), [left, right]) => {
                let (left, right) = (facts(left, truth), facts(right, truth));
                if truth == (name == operators::LOGICAL_AND) {
                    &left | &right
                } else {
                    &left & &right
                }
            }
            (operators::CONDITIONAL, [condition, yes, no]) => {
                let yes = &facts(condition, true) | &facts(yes, truth);
                &yes & &(&facts(condition, false) | &facts(no, truth))
            }
            (name, [left, right]) => compared(name, left, right, truth),
            _ => Known::new(),
        },
        _ => Known::new(),
    }
}

fn compared(name: &str, left: &IdedExpr, right: &IdedExpr, truth: bool) -> Known {
    let is_outcome = |node: &IdedExpr| matches!(&node.expr, Expr::Ident(name) if name == "outcome");
    let is_null = |node: &IdedExpr| matches!(&node.expr, Expr::Literal(LiteralValue::Null));
    let is_text = |node: &IdedExpr| matches!(&node.expr, Expr::Literal(LiteralValue::String(_)));
    let with = |fits: &dyn Fn(&IdedExpr) -> bool| {
        is_outcome(left) && fits(right) || is_outcome(right) && fits(left)
    };
    let decided = match (name, truth) {
        (operators::EQUALS, true) | (operators::NOT_EQUALS, false) => with(&is_text),
        (operators::EQUALS, false) | (operators::NOT_EQUALS, true) => with(&is_null),
        _ => false,
    };
    if decided {
        return Known::from([vec!["outcome".to_owned()]]);
    }
    let (Some(path), Some(number)) = (sized(left), whole(right)) else {
        return Known::new();
    };
    let least = match (name, truth) {
        (operators::GREATER, true) | (operators::LESS_EQUALS, false) => number.saturating_add(1),
        (operators::GREATER_EQUALS | operators::EQUALS, true)
        | (operators::LESS | operators::NOT_EQUALS, false) => number,
        _ => 0,
    };
    (1..=least.min(ELEMENTS_MAX)).map(|size| with_size(path.clone(), size)).collect()
}

/// The path whose size is asked for, by `size(form.l)` or `form.l.size()`.
fn sized(node: &IdedExpr) -> Option<Vec<String>> {
    let Expr::Call(call) = &node.expr else { return None };
    let of = call.target.as_deref().or(call.args.first())?;
    if call.func_name == "size" { path_of(of) } else { None }
}

fn with_size(mut path: Vec<String>, size: i64) -> Vec<String> {
    path.push(format!("#{size}"));
    path
}

fn whole(node: &IdedExpr) -> Option<i64> {
    match &node.expr {
        Expr::Literal(LiteralValue::Int(number)) => Some(*number.inner()),
        _ => None,
    }
}

/// Whether a list macro adds to its result; `@` begins no name that an author can write.
pub(super) fn is_gathered(args: &[IdedExpr]) -> bool {
    matches!(args, [IdedExpr { expr: Expr::Ident(name), .. }, _] if name.starts_with('@'))
}

/// What a list macro that makes a list adds to it.
fn gathered(step: &IdedExpr) -> Option<&IdedExpr> {
    let Expr::Call(call) = &step.expr else { return None };
    match (call.func_name.as_str(), call.args.as_slice()) {
        (operators::CONDITIONAL, [_, yes, _]) => gathered(yes),
        (operators::ADD, [_, added]) if is_gathered(&call.args) => match &added.expr {
            Expr::List(list) => list.elements.first(),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::guard::Guard;

    fn gaps_of(text: &str) -> BTreeSet<Gap> {
        let number =
            |least: i64, most: i64| json!({ "type": "integer", "minimum": least, "maximum": most });
        let form = FormSchema::compile(&json!({
            "type": "object", "additionalProperties": false,
            "required": ["pages", "each", "large", "owner", "owners", "marks"],
            "properties": {
                "pages": number(0, 9),
                "each": number(1, 9),
                "large": number(0, 9_007_199_254_740_991),
                "copies": number(0, 9),
                "kind": { "type": "string", "maxLength": 9 },
                "owner": { "$ref": "#/$defs/person" },
                "proxy": { "$ref": "#/$defs/person" },
                "owners": { "type": "array", "maxItems": 3, "items": { "$ref": "#/$defs/person" } },
                "marks": { "type": "array", "minItems": 1, "maxItems": 3, "items": number(0, 9) }
            },
            "$defs": { "person": { "type": "object", "additionalProperties": false,
                "required": ["name"],
                "properties": { "name": { "type": "string", "maxLength": 9 }, "age": number(0, 99) } } }
        }))
        .expect("the schema is in the profile");
        Guard::compile(text).expect("the text compiles").gaps(&form)
    }

    #[test]
    fn what_has_a_value_in_every_case_is_let_through() {
        for text in [
            "form.pages > 3 && form.owner.name == 'An'",
            "has(form.copies) && form.copies > 3",
            "!has(form.copies) || form.copies > 3",
            "has(form.copies) ? form.copies > 3 : true",
            "!(has(form.copies) && has(form.kind)) || form.copies == size(form.kind)",
            "has(form.proxy) && has(form.proxy.age) && form.proxy.age > 3",
            "form.owners.exists(o, o.name == 'An' && has(o.age) && o.age > 3)",
            "form.owners.filter(o, has(o.age)).all(o, o.name == 'An')",
            "form.owners.exists_one(o, o.name == 'An')",
            "size(form.marks.map(m, m + 1)) > 1",
            "form.pages / form.each > 2 && form.pages % 2 == 0",
            "form.large * 2 + 1 > owners && answers.b.yes * 2 > owners",
            "form.marks[0] > 1",
            "size(form.owners) > 1 && form.owners[1].name == 'An'",
            "form.owners.size() < 2 || form.owners[1].name == 'An'",
            "outcome == null || outcome.startsWith('c')",
            "outcome == 'x' || outcome in ['x', 'y']",
            "outcome != null && size(outcome) > 1",
        ] {
            assert_eq!(gaps_of(text), BTreeSet::new(), "{text}");
        }
    }

    #[test]
    fn what_may_have_no_value_is_told() {
        for text in [
            "form.copies > 3",
            "has(form.copies) || form.copies > 3",
            "!has(form.copies) && form.copies > 3",
            "form.copies > 3 && has(form.copies)",
            "has(form.kind) && form.copies > 3",
            "has(form.copies) ? true : form.copies > 3",
            "(has(form.copies) || has(form.kind)) && form.copies > 3",
            "form.owner.age > 3",
            "has(form.proxy.age)",
            "has(form.proxy) && form.proxy.age > 3",
            "form.owners.exists(o, o.age > 3)",
            "form.owners.map(o, o).exists(p, p.name == 'x') && \
             form.owners.map(o, o.name).exists(p, p.x == 1)",
            "100 / form.pages > 3",
            "form.pages % form.pages == 0",
            "1 / 0 == 1",
            "form.large * form.large > 3",
            "form.large * 9007199254740991 > 3",
            "form.marks.exists(m, m * 9223372036854775807 > 3)",
            "form.marks[1] > 1",
            "form.owners[0].name == 'An'",
            "size(form.owners) > 0 && form.owners[0].age > 3",
            "form.owners[form.pages].name == 'An'",
            "form.owners.filter(o, true)[0].name == 'An'",
            "outcome.startsWith('c')",
            "size(outcome) > 1",
            "outcome > 'a'",
            "outcome != 'x' && outcome.startsWith('c')",
        ] {
            assert_ne!(gaps_of(text), BTreeSet::new(), "{text}");
        }
    }
}
