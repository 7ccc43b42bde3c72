//! The types of a condition: what is compared, counted and looked into is of a kind that allows it.

use std::fmt;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, LiteralValue, operators};
use serde_json::Value;

use super::total::is_gathered;
use crate::form::FormSchema;

/// The type of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Type<'s> {
    /// Not known, or reported already.
    Any,
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// A text.
    Text,
    /// Null.
    Null,
    /// A list.
    List(Box<Type<'s>>),
    /// An object of the form, with its schema.
    Object(&'s Value),
    /// A variable with parts that are known by name.
    Parts(&'static str),
}

impl fmt::Display for Type<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "a value",
            Self::Bool => "true or false",
            Self::Int => "a whole number",
            Self::Text => "a text",
            Self::Null => "null",
            Self::List(_) => "a list",
            Self::Object(_) | Self::Parts(_) => "a value with parts",
        })
    }
}

/// What is wrong with the types of an expression that should be of type `wanted`.
pub(crate) fn faults(tree: &IdedExpr, form: &FormSchema, wanted: &Type<'_>) -> Vec<String> {
    let mut typing = Typing { form, bound: Vec::new(), faults: Vec::new() };
    let found = typing.of(tree);
    if found != *wanted && found != Type::Any {
        typing.faults.push(format!("The expression is {found}, not {wanted}."));
    }
    typing.faults
}

struct Typing<'s> {
    form: &'s FormSchema,
    bound: Vec<(String, Type<'s>)>,
    faults: Vec<String>,
}

impl<'s> Typing<'s> {
    fn of(&mut self, node: &IdedExpr) -> Type<'s> {
        match &node.expr {
            Expr::Literal(literal) => match literal {
                LiteralValue::Boolean(_) => Type::Bool,
                LiteralValue::Int(_) => Type::Int,
                LiteralValue::Null => Type::Null,
                LiteralValue::String(_) => Type::Text,
                LiteralValue::Bytes(_) | LiteralValue::Double(_) | LiteralValue::UInt(_) => {
                    Type::Any
                }
            },
            Expr::Ident(name) => self.variable(name),
            Expr::Select(select) => {
                let operand = self.of(&select.operand);
                let part = self.part(&operand, &select.field);
                if select.test { Type::Bool } else { part }
            }
            Expr::List(list) => {
                let types: Vec<Type<'s>> = list.elements.iter().map(|node| self.of(node)).collect();
                let first = types.first().cloned().unwrap_or(Type::Any);
                let same = types.iter().all(|found| *found == first);
                Type::List(Box::new(if same { first } else { Type::Any }))
            }
            Expr::Call(call) => self.call(call),
            Expr::Comprehension(inner) => self.comprehension(inner),
            Expr::Unspecified | Expr::Map(_) | Expr::Struct(_) => Type::Any,
        }
    }

    fn variable(&self, name: &str) -> Type<'s> {
        if let Some((_, bound)) = self.bound.iter().rev().find(|(known, _)| known == name) {
            return bound.clone();
        }
        match name {
            "form" => Type::Object(self.form.schema()),
            "channel" | "variant" | "outcome" | "submitted_on" => Type::Text,
            "proxy" => Type::Bool,
            "owners" => Type::Int,
            "documents" => Type::Parts("documents"),
            "fees" => Type::Parts("fees"),
            "answers" => Type::Parts("answers"),
            "receiving" | "competent" => Type::Parts("unit"),
            _ => Type::Any,
        }
    }

    fn part(&mut self, of: &Type<'s>, name: &str) -> Type<'s> {
        match of {
            Type::Any => Type::Any,
            Type::Object(schema) => {
                let property = schema.get("properties").and_then(|known| known.get(name));
                property.map_or(Type::Any, |schema| self.of_schema(schema))
            }
            Type::Parts("documents") => Type::Parts("document"),
            Type::Parts("fees") => Type::Parts("fee"),
            Type::Parts("answers") => Type::Parts("branch"),
            Type::Parts("document") if name == "source" => Type::Text,
            Type::Parts("document" | "fee") => Type::Bool,
            Type::Parts("branch") => Type::Int,
            Type::Parts(_) => Type::Text,
            Type::Bool | Type::Int | Type::Text | Type::Null | Type::List(_) => {
                self.fault(format!("{name:?} is asked of {of}, which has no parts."));
                Type::Any
            }
        }
    }

    fn of_schema(&self, schema: &'s Value) -> Type<'s> {
        let Some(schema) = self.form.resolve(schema) else {
            return Type::Any;
        };
        let listed = schema.get("enum").and_then(|list| list.get(0));
        let example = schema.get("const").or(listed);
        match schema.get("type").and_then(Value::as_str) {
            Some("string") => Type::Text,
            Some("integer") => Type::Int,
            Some("boolean") => Type::Bool,
            Some("object") => Type::Object(schema),
            Some("array") => {
                let items = schema.get("items");
                Type::List(Box::new(items.map_or(Type::Any, |items| self.of_schema(items))))
            }
            Some(_) | None => match example {
                Some(Value::String(_)) => Type::Text,
                Some(Value::Number(_)) => Type::Int,
                Some(Value::Bool(_)) => Type::Bool,
                Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => Type::Any,
            },
        }
    }

    fn call(&mut self, call: &CallExpr) -> Type<'s> {
        let target = call.target.as_ref().map(|node| self.of(node));
        let args: Vec<Type<'s>> = call.args.iter().map(|node| self.of(node)).collect();
        let name = call.func_name.as_str();
        match (name, target, args.as_slice()) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR, None, [left, right]) => {
                self.want(&Type::Bool, [left, right], sign(name));
                Type::Bool
            }
            (operators::LOGICAL_NOT | operators::NOT_STRICTLY_FALSE, None, [only]) => {
                self.want(&Type::Bool, [only], "!");
                Type::Bool
            }
            (operators::EQUALS | operators::NOT_EQUALS, None, [left, right]) => {
                self.alike(left, right, sign(name));
                Type::Bool
            }
            (
                operators::LESS
                | operators::LESS_EQUALS
                | operators::GREATER
                | operators::GREATER_EQUALS,
                None,
                [left, right],
            ) => {
                self.ordered(left, right, sign(name));
                Type::Bool
            }
            (operators::CONDITIONAL, None, [condition, yes, no]) => {
                self.want(&Type::Bool, [condition], "?");
                if yes == no { yes.clone() } else { Type::Any }
            }
            (operators::IN, None, [element, list]) => {
                self.contained(element, list);
                Type::Bool
            }
            (operators::ADD, None, [left, right]) => match is_gathered(&call.args) {
                true => left.clone(),
                false => self.sum(left, right),
            },
            (operators::NEGATE, None, [only]) => {
                self.want(&Type::Int, [only], "-");
                Type::Int
            }
            (
                operators::SUBSTRACT | operators::MULTIPLY | operators::DIVIDE | operators::MODULO,
                None,
                [left, right],
            ) => {
                self.want(&Type::Int, [left, right], sign(name));
                Type::Int
            }
            (operators::INDEX, None, [list, index]) => self.element(list, index),
            ("size", target, args) => self.size(target.as_ref().or(args.first())),
            ("contains" | "startsWith" | "endsWith", Some(target), [part]) => {
                self.text_function(name, &target, part);
                Type::Bool
            }
            _ => {
                self.fault(format!("{name:?} is not written like this."));
                Type::Any
            }
        }
    }

    fn element(&mut self, list: &Type<'s>, index: &Type<'s>) -> Type<'s> {
        self.want(&Type::Int, [index], "[ ]");
        match list {
            Type::List(element) => (**element).clone(),
            Type::Any => Type::Any,
            Type::Bool | Type::Int | Type::Text | Type::Null | Type::Object(_) | Type::Parts(_) => {
                self.fault(format!("\"[ ]\" takes an element of a list, not of {list}."));
                Type::Any
            }
        }
    }

    fn size(&mut self, of: Option<&Type<'s>>) -> Type<'s> {
        match of {
            None | Some(Type::Any | Type::Text | Type::List(_)) => {}
            Some(other) => self.fault(format!("size() counts a text or a list, not {other}.")),
        }
        Type::Int
    }

    fn text_function(&mut self, name: &str, target: &Type<'s>, part: &Type<'s>) {
        let in_list = name == "contains" && matches!(target, Type::List(_));
        if !in_list && !matches!(target, Type::Text | Type::Any) {
            self.fault(format!("{name}() is asked of {target}, not of a text."));
        } else if !in_list && !matches!(part, Type::Text | Type::Any) {
            self.fault(format!("{name}() looks for a text, not for {part}."));
        }
    }

    fn comprehension(&mut self, inner: &ComprehensionExpr) -> Type<'s> {
        let range = self.of(&inner.iter_range);
        let element = match range {
            Type::List(element) => *element,
            Type::Any => Type::Any,
            Type::Bool | Type::Int | Type::Text | Type::Null | Type::Object(_) | Type::Parts(_) => {
                self.fault(format!("A list macro is used on {range}, not on a list."));
                Type::Any
            }
        };
        let start = match self.of(&inner.accu_init) {
            Type::List(_) => Type::List(Box::new(Type::Any)),
            other => other,
        };
        let before = self.bound.len();
        self.bound.push((inner.iter_var.clone(), element));
        self.bound.push((inner.accu_var.clone(), start));
        self.of(&inner.loop_cond);
        self.of(&inner.loop_step);
        let result = self.of(&inner.result);
        self.bound.truncate(before);
        result
    }

    fn want<'t>(
        &mut self,
        wanted: &Type<'s>,
        found: impl IntoIterator<Item = &'t Type<'s>>,
        sign: &str,
    ) where
        's: 't,
    {
        for found in found {
            if found != wanted && *found != Type::Any {
                self.fault(format!("{sign:?} takes {wanted}, not {found}."));
            }
        }
    }

    fn alike(&mut self, left: &Type<'s>, right: &Type<'s>, sign: &str) {
        let may_be = |a: &Type<'s>, b: &Type<'s>| match (a, b) {
            (Type::Any | Type::Null, _) | (_, Type::Any | Type::Null) => true,
            (Type::List(_), Type::List(_)) | (Type::Object(_), Type::Object(_)) => true,
            (a, b) => a == b,
        };
        if !may_be(left, right) {
            self.fault(format!("{sign:?} compares {left} with {right}, which are never alike."));
        }
    }

    fn ordered(&mut self, left: &Type<'s>, right: &Type<'s>, sign: &str) {
        let has_order = |found: &Type<'s>| matches!(found, Type::Any | Type::Int | Type::Text);
        let any = *left == Type::Any || *right == Type::Any;
        if !has_order(left) || !has_order(right) || !(any || left == right) {
            self.fault(format!("{sign:?} compares {left} with {right}."));
        }
    }

    fn contained(&mut self, element: &Type<'s>, list: &Type<'s>) {
        match list {
            Type::Any => {}
            Type::List(of) => self.alike(element, &of.clone(), "in"),
            other => self.fault(format!("\"in\" looks into a list, not into {other}.")),
        }
    }

    /// Whole numbers alone are added: texts and lists that grow in a list macro could fill the
    /// memory of the machine.
    fn sum(&mut self, left: &Type<'s>, right: &Type<'s>) -> Type<'s> {
        if *left != Type::Int || *right != Type::Int {
            self.fault(format!("\"+\" adds whole numbers, not {left} and {right}."));
        }
        Type::Int
    }

    fn fault(&mut self, message: String) {
        self.faults.push(message);
    }
}

/// The sign of an operator as its author writes it.
fn sign(name: &str) -> &str {
    name.trim_matches('_')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::guard::Guard;

    fn faults(text: &str, wanted: &Type<'_>) -> Vec<String> {
        let form = FormSchema::compile(&json!({
            "type": "object", "additionalProperties": false,
            "properties": {
                "kind": { "type": "string", "enum": ["a", "b"] },
                "pages": { "type": "integer", "minimum": 0, "maximum": 9 },
                "urgent": { "type": "boolean" },
                "owner": { "$ref": "#/$defs/person" },
                "owners": { "type": "array", "maxItems": 3, "items": { "$ref": "#/$defs/person" } },
                "marks": { "type": "array", "maxItems": 3,
                    "items": { "type": "integer", "minimum": 0, "maximum": 9 } }
            },
            "$defs": { "person": { "type": "object", "additionalProperties": false,
                "properties": { "name": { "type": "string", "maxLength": 9 } } } }
        }))
        .expect("the schema is in the profile");
        Guard::compile(text).expect("the text compiles").type_faults(&form, wanted)
    }

    #[test]
    fn what_goes_together_is_let_through() {
        for text in [
            "form.kind == 'a' && form.pages + 1 > 3 || !form.urgent",
            "form.owners.exists(o, o.name == 'An') && form.marks.all(m, m > 3)",
            "form.marks.filter(m, m > 1).size() > 1 && size(form.kind) == 1",
            "form.marks.map(m, m + 1)[0] == 2 && form.owners[0].name.startsWith('A')",
            "outcome == null || outcome in ['x', 'y']",
            "form.urgent ? proxy : owners > 1",
            "answers.b.yes * 2 > owners && fees.f.paid && documents.D.source == 'upload'",
            "submitted_on >= '2026-01-01' && receiving.kind != 'y'",
            "has(form.owner) && form.owner.name.contains('n')",
            "form.marks.exists_one(m, m == 2)",
        ] {
            assert_eq!(faults(text, &Type::Bool), Vec::<String>::new(), "{text}");
        }
        assert_eq!(faults("form.pages * 2 - 1", &Type::Int), Vec::<String>::new());
    }

    #[test]
    fn what_does_not_go_together_is_told() {
        for text in [
            "form.kind == 1",
            "form.kind > form.pages",
            "form.urgent > true",
            "form.pages && proxy",
            "!form.kind",
            "form.kind",
            "size(form.pages) == 1",
            "'a' in form.kind",
            "1 in ['a', 'b']",
            "form.kind + 1 == 2",
            "form.kind - 'a' == 'b'",
            "form.pages.startsWith('1')",
            "form.kind.startsWith(1)",
            "form.pages.exists(p, p == 1)",
            "form.marks.exists(m, m == 'x')",
            "form.owners.all(o, o == 1)",
            "form.pages.name == 'x'",
            "form.owners[proxy].name == 'x'",
            "form.kind[0] == 'x'",
            "owners == proxy",
            "answers.b.yes == 'yes'",
            "proxy ? 1 : 2",
            "form.kind + 'a' == 'b'",
            "[1] + [2] == [1, 2]",
            "size(form.owners.map(o, form.kind + form.kind)) > 1",
            "size(form.owners.map(o, form.marks + form.marks)) > 1",
            "size((proxy ? 1 : form.kind) + (proxy ? 1 : form.kind)) > 1",
            "[1, 'a'][0] + 'b' == 'ab'",
        ] {
            assert_ne!(faults(text, &Type::Bool), Vec::<String>::new(), "{text}");
        }
        assert_ne!(faults("form.kind", &Type::Int), Vec::<String>::new());
    }
}
