//! Electronic forms: fields, what they must hold, and the rules between them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::ChangeKind;
use super::changes::{Changes, Label, Place};
use super::words::{Said, both, joined, listed};
use crate::definition::Text;

/// Keywords with a value of their own, and what a reader calls them.
const VALUES: &[(&str, Label)] = &[
    ("title", ("nhãn tiếng Việt", "Vietnamese label")),
    ("x-en", ("nhãn tiếng Anh", "English label")),
    ("x-names", ("tên các lựa chọn", "names of the choices")),
    ("description", ("giải thích", "explanation")),
    ("$comment", ("ghi chú", "note")),
    ("type", ("kiểu", "type")),
    ("$ref", ("theo phần chung", "shared part")),
    ("const", ("giá trị cố định", "fixed value")),
    ("minLength", ("số ký tự tối thiểu", "fewest characters")),
    ("maxLength", ("số ký tự tối đa", "most characters")),
    ("pattern", ("dạng", "pattern")),
    ("format", ("định dạng", "format")),
    ("minimum", ("nhỏ nhất", "least")),
    ("maximum", ("lớn nhất", "most")),
    ("minItems", ("số mục tối thiểu", "fewest entries")),
    ("maxItems", ("số mục tối đa", "most entries")),
    ("uniqueItems", ("các mục khác nhau", "entries differ")),
    ("additionalProperties", ("trường khác", "other fields")),
];
/// Keywords with a rule between fields.
const RULES: [(&str, Label); 4] = [
    ("if", ("điều kiện", "if")),
    ("then", ("khi đúng", "then")),
    ("else", ("khi sai", "else")),
    ("not", ("không được", "not")),
];
/// Keywords with a list of rules whose order says nothing.
const RULE_LISTS: [&str; 2] = ["allOf", "anyOf"];
/// Keywords that are compared by functions of their own.
const PARTS: [&str; 5] = ["enum", "properties", "required", "items", "$defs"];

/// Compares two schemas of the profile of forms.
pub(super) fn schema(changes: &mut Changes, place: &Place, before: &Value, after: &Value) {
    for (key, label) in VALUES {
        let (old, now) = (before.get(key), after.get(key));
        if old != now {
            let (from, to) = (old.cloned().said(), now.cloned().said());
            changes.arrow(place, key, *label, &from, &to);
        }
    }
    let choices = ("các lựa chọn", "choices");
    changes.set(place, "enum", choices, &list(before, "enum"), &list(after, "enum"));
    fields(changes, place, before, after);
    required_elsewhere(changes, place, before, after);
    inner(changes, place, ("items", ("mỗi mục", "each entry")), before, after);
    definitions(changes, place, before, after);
    for rule in RULES {
        inner(changes, place, rule, before, after);
    }
    for key in RULE_LISTS {
        rules(changes, place, key, &list(before, key), &list(after, key));
    }
    rest(changes, place, before, after);
}

fn list(schema: &Value, key: &str) -> Vec<Value> {
    schema[key].as_array().cloned().unwrap_or_default()
}

/// A schema within this one.
fn inner(
    changes: &mut Changes,
    place: &Place,
    (key, label): (&str, Label),
    before: &Value,
    after: &Value,
) {
    match (before.get(key), after.get(key)) {
        (Some(old), Some(now)) => {
            schema(changes, &place.part(key, both(label.0, label.1)), old, now);
        }
        (None, None) => {}
        (old, now) => whole(changes, place, key, old, now),
    }
}

/// Every other keyword, told as it is written.
fn rest(changes: &mut Changes, place: &Place, before: &Value, after: &Value) {
    let known = |key: &str| {
        PARTS.contains(&key)
            || RULE_LISTS.contains(&key)
            || VALUES.iter().any(|(name, _)| *name == key)
            || RULES.iter().any(|(name, _)| *name == key)
    };
    let keys = |schema: &Value| -> Vec<String> {
        schema.as_object().into_iter().flat_map(Map::keys).cloned().collect()
    };
    let all: BTreeSet<String> = keys(before).into_iter().chain(keys(after)).collect();
    for key in all.iter().filter(|key| !known(key)) {
        let (old, now) = (before.get(key), after.get(key));
        if old.map(canonical) != now.map(canonical) {
            whole(changes, place, key, old, now);
        }
    }
}

fn members<'v>(schema: &'v Value, key: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    schema.get(key).and_then(Value::as_object).into_iter().flatten()
}

fn is_required(schema: &Value, name: &str) -> bool {
    let names = schema["required"].as_array();
    names.is_some_and(|names| names.iter().any(|known| known == name))
}

fn fields(changes: &mut Changes, place: &Place, before: &Value, after: &Value) {
    let named = |name: &str, schema: &Value| {
        place.named("properties", ("trường", "field"), name, label(schema).as_ref())
    };
    for (name, old) in members(before, "properties") {
        let place = named(name, old);
        let Some(now) = after["properties"].get(name) else {
            changes.removed(&place);
            continue;
        };
        let words =
            [("nay bắt buộc", "now required"), ("không còn bắt buộc", "no longer required")];
        changes.flag(
            &place,
            "required",
            words,
            (is_required(before, name), is_required(after, name)),
        );
        schema(changes, &place, old, now);
    }
    for (name, now) in members(after, "properties") {
        if before["properties"].get(name).is_none() {
            let need = match is_required(after, name) {
                true => both("bắt buộc", "required"),
                false => both("không bắt buộc", "optional"),
            };
            changes.added(&named(name, now), &joined([need, kind(now)]));
        }
    }
}

/// Required names that stand under `required` alone, as they do in rules.
fn required_elsewhere(changes: &mut Changes, place: &Place, before: &Value, after: &Value) {
    let here = |name: &Value| {
        let name = name.as_str().unwrap_or_default();
        [before, after].iter().any(|schema| schema["properties"].get(name).is_some())
    };
    let names = |schema: &Value| -> Vec<Value> {
        list(schema, "required").into_iter().filter(|name| !here(name)).collect()
    };
    let label = ("bắt buộc", "required");
    changes.set(place, "required", label, &names(before), &names(after));
}

fn label(schema: &Value) -> Option<Text> {
    let vi = schema["title"].as_str()?;
    Some(both(vi, schema["x-en"].as_str().unwrap_or(vi)))
}

/// What a new field holds, in a few words.
fn kind(schema: &Value) -> Text {
    let choices = list(schema, "enum");
    if let Some(choices) = listed(choices.iter().map(Said::said)) {
        let vi = format!("một trong {}", choices.vi);
        return both(vi, format!("one of {}", choices.en));
    }
    let kind = schema.get("type").or_else(|| schema.get("$ref")).and_then(Value::as_str);
    match kind.unwrap_or_default() {
        "string" => both("văn bản", "text"),
        "integer" => both("số nguyên", "whole number"),
        "boolean" => both("có hoặc không", "yes or no"),
        "array" => both("danh sách", "list"),
        "object" => both("nhóm trường", "group of fields"),
        other => other.to_owned().said(),
    }
}

fn definitions(changes: &mut Changes, place: &Place, before: &Value, after: &Value) {
    let named = |name: &str| place.named("$defs", ("phần chung", "shared part"), name, None);
    for (name, old) in members(before, "$defs") {
        match after["$defs"].get(name) {
            Some(now) => schema(changes, &named(name), old, now),
            None => changes.removed(&named(name)),
        }
    }
    for (name, _) in members(after, "$defs") {
        if before["$defs"].get(name).is_none() {
            changes.added(&named(name), &both("", ""));
        }
    }
}

/// A keyword that is told as it is written.
fn whole(
    changes: &mut Changes,
    place: &Place,
    key: &str,
    old: Option<&Value>,
    now: Option<&Value>,
) {
    let (from, to) = (old.cloned().said(), now.cloned().said());
    let vi = format!("quy tắc `{key}`: {} → {}", from.vi, to.vi);
    let en = format!("rule `{key}`: {} → {}", from.en, to.en);
    changes.note(ChangeKind::Changed, place, key, &both(vi, en));
}

/// Equal rules are left aside; what is left is told rule by rule.
fn rules(changes: &mut Changes, place: &Place, key: &str, before: &[Value], after: &[Value]) {
    let only_in = |these: &[Value], those: &[Value]| -> Vec<(usize, Value)> {
        let those: Vec<Value> = those.iter().map(canonical).collect();
        let numbered = these.iter().cloned().enumerate();
        numbered.filter(|(_, rule)| !those.contains(&canonical(rule))).collect()
    };
    let (gone, come) = (only_in(before, after), only_in(after, before));
    if gone.len() == come.len() {
        for ((_, old), (index, now)) in gone.iter().zip(&come) {
            let number = index + 1;
            let called = both(format!("quy tắc {number}"), format!("rule {number}"));
            schema(changes, &place.part(&format!("{key}/{index}"), called), old, now);
        }
        return;
    }
    for (_, rule) in gone {
        let said = rule.said();
        let vi = format!("không còn quy tắc {}", said.vi);
        let tail = both(vi, format!("no longer the rule {}", said.en));
        changes.note(ChangeKind::Removed, place, key, &tail);
    }
    for (_, rule) in come {
        let said = rule.said();
        let tail = both(format!("thêm quy tắc {}", said.vi), format!("new rule {}", said.en));
        changes.note(ChangeKind::Added, place, key, &tail);
    }
}

/// The schema with lists in order whose order says nothing.
fn canonical(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| (key.clone(), canonical_at(key, value));
            Value::Object(members.iter().map(member).collect::<Map<String, Value>>())
        }
        Value::Array(items) => items.iter().map(canonical).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => schema.clone(),
    }
}

fn canonical_at(key: &str, value: &Value) -> Value {
    let names = |value: &Value| -> Value {
        let mut sorted = value.as_array().cloned().unwrap_or_default();
        sorted.sort_by_key(Value::to_string);
        Value::Array(sorted)
    };
    match value {
        Value::Array(_) if ["required", "enum"].contains(&key) => names(value),
        Value::Array(_) | Value::Object(_) => canonical(value),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
