//! The values that a condition can meet, for trying it out over every case.

use std::collections::BTreeSet;

use serde_json::Value;

use super::guards::{AREAS, DOCUMENT_SOURCES, UNIT_KINDS};
use crate::definition::Definition;
use crate::guard::cases::{Atom, Known};

/// All values of what a condition reads; none where they cannot be told.
pub(super) fn of(
    definition: &Definition,
    atom: &Atom,
    compared: &BTreeSet<Known>,
) -> Option<Vec<Known>> {
    match atom {
        Atom::Opaque(_) => None,
        Atom::Has(path) => Some(presence(definition, path)),
        Atom::Path(path) => {
            let parts: Vec<&str> = path.iter().map(String::as_str).collect();
            match parts.as_slice() {
                ["channel"] => {
                    Some(texts(definition.channels.iter().map(|channel| channel.as_str())))
                }
                ["variant"] => Some(texts(definition.variants.iter().map(|v| v.id.as_str()))),
                ["outcome"] => {
                    let mut known = texts(definition.results.iter().map(|r| r.id.as_str()));
                    known.push(Known::Null);
                    Some(known)
                }
                ["proxy"] if !definition.parties.proxy => Some(vec![Known::Bool(false)]),
                ["owners"] => {
                    let parties = definition.parties;
                    numbers(compared, parties.owners_min.into(), parties.owners_max.into())
                }
                ["answers", _, _] => numbers(compared, 0, i64::MAX),
                ["documents", _, "source"] => Some(texts(DOCUMENT_SOURCES.into_iter().chain([""]))),
                ["proxy"] | ["documents" | "fees", _, _] => Some(both()),
                ["receiving" | "competent", "area"] => Some(texts(AREAS.into_iter())),
                ["receiving" | "competent", "kind"] => Some(texts(UNIT_KINDS.into_iter())),
                ["form", ..] => of_field(definition, &path[1..], compared),
                _ => Some(free_texts(compared)),
            }
        }
    }
}

fn both() -> Vec<Known> {
    vec![Known::Bool(true), Known::Bool(false)]
}

fn texts<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<Known> {
    texts.map(|text| Known::Text(text.to_owned())).collect()
}

/// The compared texts, and one that equals none of them.
fn free_texts(compared: &BTreeSet<Known>) -> Vec<Known> {
    let mut known: Vec<Known> =
        compared.iter().filter(|value| matches!(value, Known::Text(_))).cloned().collect();
    // U+0000 stands in no text of a definition.
    known.push(Known::Text("\0".into()));
    known
}

/// The compared numbers and their neighbours, as far as they can occur.
fn numbers(compared: &BTreeSet<Known>, least: i64, most: i64) -> Option<Vec<Known>> {
    let mut known = BTreeSet::from([least]);
    for value in compared {
        if let Known::Int(number) = value {
            let around = [number.saturating_sub(1), *number, number.saturating_add(1)];
            known.extend(around.into_iter().filter(|n| (least..=most).contains(n)));
        }
    }
    Some(known.into_iter().map(Known::Int).collect())
}

/// Whether a value is there: a field that is not required may be absent.
fn presence(definition: &Definition, path: &[String]) -> Vec<Known> {
    let is_required = path.first().is_none_or(|root| root != "form") || {
        let form = &definition.form;
        (1..path.len()).all(|depth| {
            let schema = form.at(&path[1..depth]);
            let required = schema.and_then(|schema| schema["required"].as_array());
            required.is_some_and(|names| names.iter().any(|name| *name == path[depth]))
        })
    };
    if is_required { vec![Known::Bool(true)] } else { both() }
}

fn of_field(
    definition: &Definition,
    path: &[String],
    compared: &BTreeSet<Known>,
) -> Option<Vec<Known>> {
    let schema = definition.form.at(path)?;
    let only = schema.get("const").map(std::slice::from_ref);
    let listed = schema.get("enum").and_then(Value::as_array).map(Vec::as_slice);
    if let Some(values) = only.or(listed) {
        return values.iter().map(known).collect();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("boolean") => Some(both()),
        Some("string") => Some(free_texts(compared)),
        Some("integer") => {
            let bound = |key: &str| schema.get(key).and_then(Value::as_i64);
            numbers(compared, bound("minimum")?, bound("maximum")?)
        }
        Some(_) | None => None,
    }
}

fn known(value: &Value) -> Option<Known> {
    match value {
        Value::String(text) => Some(Known::Text(text.clone())),
        Value::Bool(truth) => Some(Known::Bool(*truth)),
        Value::Number(number) => number.as_i64().map(Known::Int),
        Value::Null => Some(Known::Null),
        Value::Array(_) | Value::Object(_) => None,
    }
}
