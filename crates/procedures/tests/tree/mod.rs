//! YAML as JSON, which the checker reads alike, and where the parts of a procedure lie in it.

use std::collections::BTreeSet;

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// Reads YAML without the features that procedures do not use.
pub(crate) fn read(source: &str) -> Value {
    let mut stack: Vec<(Value, Option<String>)> = Vec::new();
    let mut root = Value::Null;
    for event in Parser::new_from_str(source) {
        let (event, _) = event.expect("the file is YAML");
        let done = match event {
            Event::MappingStart(..) => {
                stack.push((Value::Object(Map::new()), None));
                continue;
            }
            Event::SequenceStart(..) => {
                stack.push((Value::Array(Vec::new()), None));
                continue;
            }
            Event::MappingEnd | Event::SequenceEnd => stack.pop().expect("it was open").0,
            Event::Scalar(text, style, ..) => scalar(&text, style == ScalarStyle::Plain),
            _ => continue,
        };
        match stack.last_mut() {
            None => root = done,
            Some((Value::Array(items), _)) => items.push(done),
            Some((Value::Object(members), key)) => match key.take() {
                None => *key = Some(done.as_str().map_or(done.to_string(), str::to_owned)),
                Some(key) => {
                    members.insert(key, done);
                }
            },
            Some((other, _)) => panic!("{other} holds nothing"),
        }
    }
    root
}

fn scalar(text: &str, plain: bool) -> Value {
    let parsed: Option<Value> = serde_json::from_str(text).ok();
    let is_value = |value: &Value| value.is_boolean() || value.is_null() || value.is_i64();
    parsed.filter(|value| plain && is_value(value)).unwrap_or_else(|| text.into())
}

/// Pointers to the mappings whose own pointer contains the text, the root left out.
pub(crate) fn pointers(root: &Value, containing: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut stack = vec![(String::new(), root)];
    while let Some((at, value)) = stack.pop() {
        let inner: Vec<(String, &Value)> = match value {
            Value::Object(members) => {
                if !at.is_empty() && at.contains(containing) {
                    found.push(at.clone());
                }
                members.iter().map(|(key, value)| (format!("{at}/{key}"), value)).collect()
            }
            Value::Array(items) => {
                let numbered = items.iter().enumerate();
                numbered.map(|(n, value)| (format!("{at}/{n}"), value)).collect()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        };
        stack.extend(inner);
    }
    found.sort();
    found
}

/// Pointers to all steps, those of branches included.
pub(crate) fn steps(root: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut lists = vec!["/steps".to_owned()];
    while let Some(list) = lists.pop() {
        let count = root.pointer(&list).and_then(Value::as_array).map_or(0, Vec::len);
        for step in (0..count).map(|n| format!("{list}/{n}")) {
            let branches = root.pointer(&format!("{step}/branches")).and_then(Value::as_array);
            let branches = branches.map_or(0, Vec::len);
            lists.extend((0..branches).map(|n| format!("{step}/branches/{n}/steps")));
            found.push(step);
        }
    }
    found.sort();
    found
}

/// Pointers to all actions, those of `anywhere` last.
pub(crate) fn actions(root: &Value) -> Vec<String> {
    let own = steps(root).into_iter().map(|step| format!("{step}/actions"));
    let lists = own.chain(["/anywhere".to_owned()]);
    lists
        .flat_map(|list| {
            let count = root.pointer(&list).and_then(Value::as_array).map_or(0, Vec::len);
            (0..count).map(move |n| format!("{list}/{n}"))
        })
        .collect()
}

/// Pointers to all places that name a step as the target of an action or join, with the step.
pub(crate) fn targets_of(root: &Value) -> Vec<(String, String)> {
    let joins = steps(root).into_iter().map(|step| format!("{step}/join"));
    let mut found = Vec::new();
    for at in actions(root).into_iter().chain(joins) {
        let at = format!("{at}/to");
        match root.pointer(&at) {
            Some(Value::String(step)) if !["stay", "back"].contains(&step.as_str()) => {
                found.push((at, step.clone()));
            }
            Some(Value::Array(rows)) => {
                for (n, row) in rows.iter().enumerate() {
                    let key = if row.get("else").is_some() { "else" } else { "to" };
                    let step = row[key].as_str().expect("a choice names a step");
                    found.push((format!("{at}/{n}/{key}"), step.to_owned()));
                }
            }
            _ => {}
        }
    }
    found
}

/// Steps of the main line in which the clock runs, on a way from acceptance without rework, up to
/// the end of processing.
pub(crate) fn counted_steps(root: &Value) -> Vec<String> {
    let all = steps(root);
    let by_id = |id: &str| all.iter().find(|at| root.pointer(at).expect("a step")["id"] == id);
    let of_action = |action: &str| -> Vec<String> {
        let inside = targets_of(root).into_iter();
        let inside = inside.filter(|(at, _)| at.starts_with(&format!("{action}/to")));
        inside.map(|(_, step)| step).collect()
    };
    let get = |at: &str, key: &str| root.pointer(&format!("{at}/{key}")).cloned();
    let starts = |action: &&String| {
        ["accept", "admit"].iter().any(|act| get(action, "act") == Some((*act).into()))
    };
    let every = actions(root);
    let mut stack: Vec<String> =
        every.iter().filter(starts).flat_map(|action| of_action(action)).collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = stack.pop() {
        let Some(at) = by_id(&id).filter(|at| seen.insert((*at).clone())) else { continue };
        if get(at, "status") == Some(9.into()) {
            continue;
        }
        let own = every.iter().filter(|action| action.starts_with(&format!("{at}/actions/")));
        let on = own.filter(|action| get(action, "rework") != Some(true.into()));
        stack.extend(on.flat_map(|action| of_action(action)));
        let join = targets_of(root).into_iter();
        let join = join.filter(|(place, _)| place.starts_with(&format!("{at}/join/")));
        stack.extend(join.map(|(_, step)| step));
    }
    let runs = |at: &String| {
        let status = get(at, "status").and_then(|status| status.as_u64());
        matches!(status, Some(2 | 4)) && get(at, "clock").is_none()
    };
    seen.into_iter().filter(runs).collect()
}
