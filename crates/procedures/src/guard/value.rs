//! The values that a condition sees.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use cel::objects::Key;
use cel::{ExecutionError, Value};

use super::{DocumentFacts, Facts, Reads, UnitFacts};

/// The value of a variable; none for a name that is no variable.
pub(super) fn variable(name: &str, facts: &Facts<'_>, reads: &Reads) -> Option<Value> {
    Some(match name {
        "form" => form(facts.form, reads),
        "channel" => facts.channel.as_str().into(),
        "variant" => facts.variant.into(),
        "proxy" => Value::Bool(facts.proxy),
        "owners" => Value::Int(i64::from(facts.owners)),
        "documents" => documents(facts, reads),
        "receiving" => unit(&facts.receiving),
        "competent" => unit(&facts.competent),
        "outcome" => facts.outcome.map_or(Value::Null, Value::from),
        "submitted_on" => facts.submitted_on.to_string().into(),
        "answers" => answers(facts, reads),
        "fees" => fees(facts, reads),
        _ => return None,
    })
}

/// The members of the form that the condition reads or asks for; all of them if it reads it whole.
fn form(form: &serde_json::Value, reads: &Reads) -> Value {
    let is_whole = below("form", reads).any(|path| path.len() == 1);
    match form {
        serde_json::Value::Object(members) if !is_whole => {
            let names: BTreeSet<&str> =
                below("form", reads).filter_map(|path| Some(path.get(1)?.as_str())).collect();
            let found = names.into_iter().filter_map(|name| Some((name, members.get(name)?)));
            map(found.map(|(name, value)| (name, from_json(value))))
        }
        other => from_json(other),
    }
}

/// The documents that the condition reads, absent ones included.
fn documents(facts: &Facts<'_>, reads: &Reads) -> Value {
    let absent = DocumentFacts::default();
    let ids = below("documents", reads).filter_map(|path| path.get(1));
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

/// How often the answers that the condition reads were given.
fn answers(facts: &Facts<'_>, reads: &Reads) -> Value {
    let mut branches: BTreeMap<&str, BTreeMap<&str, u32>> = BTreeMap::new();
    for path in below("answers", reads) {
        let [_, branch, answer, ..] = path.as_slice() else { continue };
        let count = facts.answers.get(branch).and_then(|answers| answers.get(answer));
        branches.entry(branch).or_default().insert(answer, count.copied().unwrap_or(0));
    }
    let count = |count: u32| Value::Int(i64::from(count));
    map(branches.into_iter().map(|(branch, answers)| {
        (branch, map(answers.into_iter().map(|(answer, given)| (answer, count(given)))))
    }))
}

/// The fees that the condition reads, those that are not owed included.
fn fees(facts: &Facts<'_>, reads: &Reads) -> Value {
    let ids = below("fees", reads).filter_map(|path| path.get(1));
    map(ids.map(|id| {
        let known = facts.fees.get(id).copied().unwrap_or_default();
        let facts = [("owed", Value::Bool(known.owed)), ("paid", Value::Bool(known.paid))];
        (id.as_str(), map(facts.into_iter()))
    }))
}

/// The paths below a variable that the condition reads or asks for.
fn below<'r>(variable: &'r str, reads: &'r Reads) -> impl Iterator<Item = &'r Vec<String>> {
    reads.paths.iter().chain(&reads.asked).filter(move |path| path[0] == variable)
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
