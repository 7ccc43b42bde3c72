//! Conditions look at what exists, and never at a field that may be absent without asking.

use super::{Checker, called};
use crate::definition::{Channel, Definition, Target};
use crate::finding::code;
use crate::guard::Guard;
use crate::read::suggestion;

/// Members of a document and of a unit in a condition.
const DOCUMENT_MEMBERS: [&str; 4] = ["present", "source", "found", "electronic_signed"];
const DOCUMENT_SOURCES: [&str; 3] = ["upload", "presented", "look_up"];
const UNIT_MEMBERS: [&str; 3] = ["id", "kind", "area"];
const AREAS: [&str; 4] = ["ordinary", "mountain", "border", "island"];

pub(super) fn check(checker: &mut Checker<'_, '_, '_>) {
    let definition = checker.definition();
    let variants = definition.variants.iter().map(|part| &part.when);
    optional(checker, "variants", variants);
    optional(checker, "documents", definition.documents.iter().map(|part| &part.when));
    optional(checker, "fees", definition.fees.iter().map(|part| &part.when));
    optional(checker, "limits", definition.limits.iter().map(|part| &part.when));
    last_limit(checker);
    for action in checker.actions() {
        if let Some(guard) = &action.action.when {
            one(checker, guard, &format!("{}/when", action.at));
        }
        let Target::Choice(choices) = &action.action.target else {
            continue;
        };
        for (index, choice) in choices.iter().enumerate() {
            let at = format!("{}/to/{index}", action.at);
            let is_last = index + 1 == choices.len();
            match &choice.when {
                Some(guard) => {
                    one(checker, guard, &format!("{at}/when"));
                    if is_last {
                        let message = format!("{} ends without an else.", called(action));
                        let remedy = "Add `- else: step` as the last branch.";
                        checker.report(code::CHOICE_WITHOUT_ELSE, &at, message, remedy);
                    }
                }
                None if !is_last => {
                    let message = "Branches behind this one are never taken.";
                    let remedy = "Write `else` last.";
                    checker.report(code::CHOICE_AFTER_ELSE, &at, message, remedy);
                }
                None => {}
            }
        }
    }
}

fn optional<'g>(
    checker: &mut Checker<'_, '_, '_>,
    list: &str,
    guards: impl Iterator<Item = &'g Option<Guard>>,
) {
    for (index, guard) in guards.enumerate() {
        if let Some(guard) = guard {
            one(checker, guard, &format!("/{list}/{index}/when"));
        }
    }
}

/// The first limit whose condition holds applies, so the last has none and the others have one.
fn last_limit(checker: &mut Checker<'_, '_, '_>) {
    let limits = &checker.definition().limits;
    for (index, limit) in limits.iter().enumerate() {
        let at = format!("/limits/{index}");
        let is_last = index + 1 == limits.len();
        if !checker.is_sure(&at, &["when"]) {
            continue;
        }
        match &limit.when {
            Some(_) if is_last => {
                let message = format!("The last limit {:?} has a condition.", limit.id);
                let remedy = "Add a last limit without `when` for all other cases.";
                checker.report(code::LIMIT_WITHOUT_ELSE, &at, message, remedy);
            }
            None if !is_last => {
                let message = format!("Limits behind {:?} never apply.", limit.id);
                let remedy = "Give this limit a condition, or put it last.";
                checker.report(code::LIMIT_AFTER_ELSE, &at, message, remedy);
            }
            Some(_) | None => {}
        }
    }
}

fn one(checker: &mut Checker<'_, '_, '_>, guard: &Guard, at: &str) {
    let definition = checker.definition();
    let is_form_sure = checker.is_sure("", &["form"]);
    let reads = guard.reads();
    for path in reads.paths.iter().chain(&reads.asked) {
        let wrong = match path[0].as_str() {
            "form" if !is_form_sure => None,
            "form" => unknown_field(definition, path),
            "documents" => unknown_document(definition, path),
            "receiving" | "competent" => unknown_member(path, &UNIT_MEMBERS),
            _ => (path.len() > 1).then(|| (format!("{:?} has no parts.", path[0]), String::new())),
        };
        if let Some((message, remedy)) = wrong {
            checker.report(code::GUARD_REFERENCE, at, message, remedy);
        }
    }
    for (path, text) in &reads.compared {
        if let Some((message, remedy)) = unknown_text(definition, path, text) {
            checker.report(code::GUARD_REFERENCE, at, message, remedy);
        }
    }
    if is_form_sure {
        unasked_fields(checker, guard, at);
    }
}

fn unknown_field(definition: &Definition, path: &[String]) -> Option<(String, String)> {
    let form = &definition.form;
    let field = path.get(1)?;
    if form.properties().any(|name| name == field) {
        let known = form.at(&path[1..]).is_some();
        let message = format!("The form has no field {:?}.", path[1..].join("."));
        return (!known).then(|| (message, "Correct the condition or the form.".into()));
    }
    let names: Vec<&str> = form.properties().collect();
    Some((format!("The form has no field {field:?}."), suggestion(field, names.into_iter())))
}

fn unknown_document(definition: &Definition, path: &[String]) -> Option<(String, String)> {
    let id = path.get(1)?;
    if !definition.documents.iter().any(|document| document.id == *id) {
        let known = definition.documents.iter().map(|document| document.id.as_str());
        return Some((format!("No document is named {id:?}."), suggestion(id, known)));
    }
    unknown_member(&path[1..], &DOCUMENT_MEMBERS)
}

fn unknown_member(path: &[String], members: &[&str]) -> Option<(String, String)> {
    let name = path.get(1)?;
    if members.contains(&name.as_str()) && path.len() == 2 {
        return None;
    }
    let message = format!("{:?} has no part {:?}.", path[0], path[1..].join("."));
    Some((message, suggestion(name, members.iter().copied())))
}

/// A text that the path can never be equal to.
fn unknown_text(definition: &Definition, path: &[String], text: &str) -> Option<(String, String)> {
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    let known: Vec<String> = match parts.as_slice() {
        ["channel"] => [Channel::Counter, Channel::Online, Channel::Post]
            .map(|channel| channel.as_str().to_owned())
            .to_vec(),
        ["variant"] => definition.variants.iter().map(|variant| variant.id.clone()).collect(),
        ["outcome"] => definition.results.iter().map(|result| result.id.clone()).collect(),
        ["documents", _, "source"] => DOCUMENT_SOURCES.map(str::to_owned).to_vec(),
        ["receiving" | "competent", "area"] => AREAS.map(str::to_owned).to_vec(),
        ["form", ..] => {
            let listed = definition.form.at(&path[1..])?.get("enum")?.as_array()?;
            listed.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
        }
        _ => return None,
    };
    if known.iter().any(|value| value == text) {
        return None;
    }
    let message = format!("{} is never {text:?}.", path.join("."));
    Some((message, suggestion(text, known.iter().map(String::as_str))))
}

fn unasked_fields(checker: &mut Checker<'_, '_, '_>, guard: &Guard, at: &str) {
    let form = &checker.definition().form;
    for path in guard.reads().paths.iter().filter(|path| path[0] == "form") {
        let Some(field) = path.get(1) else { continue };
        let known = form.properties().any(|name| name == field);
        let asked = guard.reads().asked.iter().any(|asked| asked.get(1) == Some(field));
        if known && !asked && !form.requires(field) {
            let message = format!("The field {field:?} may be absent.");
            let remedy = format!("Write `has(form.{field}) && …`, or make the field required.");
            checker.report(code::GUARD_OPTIONAL_FIELD, at, message, remedy);
        }
    }
}
