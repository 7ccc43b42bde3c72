//! The values that a condition sees.

use std::collections::HashMap;
use std::sync::Arc;

use cel::objects::Key;
use cel::{ExecutionError, Value};

use super::{DocumentFacts, Facts, Reads, UnitFacts};

/// The value of a variable; none for a name that is no variable.
pub(super) fn variable(name: &str, facts: &Facts<'_>, reads: &Reads) -> Option<Value> {
    Some(match name {
        "form" => from_json(facts.form),
        "channel" => facts.channel.as_str().into(),
        "variant" => facts.variant.into(),
        "proxy" => Value::Bool(facts.proxy),
        "owners" => Value::Int(i64::from(facts.owners)),
        "documents" => documents(facts, reads),
        "receiving" => unit(&facts.receiving),
        "competent" => unit(&facts.competent),
        "outcome" => facts.outcome.map_or(Value::Null, Value::from),
        _ => return None,
    })
}

/// The documents that the condition reads, absent ones included.
fn documents(facts: &Facts<'_>, reads: &Reads) -> Value {
    let absent = DocumentFacts::default();
    let named = reads.paths.iter().chain(&reads.asked);
    let ids = named.filter(|path| path[0] == "documents").filter_map(|path| path.get(1));
    map(ids.map(|id| {
        let known = facts.documents.get(id).unwrap_or(&absent);
        let facts = map([
            ("present", Value::Bool(known.present)),
            ("source", known.source.as_str().into()),
            ("found", Value::Bool(known.found)),
            ("electronic_signed", Value::Bool(known.electronic_signed)),
        ]
        .into_iter());
        (id.as_str(), facts)
    }))
}

fn unit(unit: &UnitFacts<'_>) -> Value {
    map([("id", unit.id.into()), ("kind", unit.kind.into()), ("area", unit.area.into())]
        .into_iter())
}

fn map<'a>(entries: impl Iterator<Item = (&'a str, Value)>) -> Value {
    let entries: HashMap<Key, Value> =
        entries.map(|(key, value)| (Key::from(key.to_owned()), value)).collect();
    Value::Map(entries.into())
}

/// JSON as CEL sees it: every whole number is an `int`.
fn from_json(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(truth) => Value::Bool(*truth),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => text.as_str().into(),
        serde_json::Value::Array(items) => {
            Value::List(Arc::new(items.iter().map(from_json).collect()))
        }
        serde_json::Value::Object(members) => {
            map(members.iter().map(|(name, value)| (name.as_str(), from_json(value))))
        }
    }
}

/// Name of the type of a value, for the author.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::List(_) => "list",
        Value::Map(_) => "map",
        Value::Int(_) | Value::UInt(_) => "int",
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        Value::Null => "null",
        _ => "another type",
    }
}

/// Why an evaluation failed, without the values of the case, which may be personal.
pub(super) fn cause(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => {
            format!("there is no field {key:?}; ask with has() first")
        }
        ExecutionError::UndeclaredReference(name) => format!("there is no variable {name:?}"),
        _ => "the values have types that this operation does not take, or are too large".into(),
    }
}
