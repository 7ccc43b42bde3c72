//! Conditions look at what exists, and never at a field that may be absent without asking.

use std::collections::BTreeSet;

use super::{ActionAt, Checker, called};
use crate::definition::{Amount, Channel, Choice, ClockRule, Definition, LimitRule, Target};
use crate::finding::code;
use crate::guard::Guard;
use crate::guard::total::Gap;
use crate::guard::typing::Type;
use crate::read::suggestion;

/// Members of a document and of a unit in a condition.
const DOCUMENT_MEMBERS: [&str; 4] = ["present", "source", "found", "electronic_signed"];
const FEE_MEMBERS: [&str; 2] = ["owed", "paid"];
pub(super) const DOCUMENT_SOURCES: [&str; 4] = ["upload", "presented", "look_up", "verification"];
const UNIT_MEMBERS: [&str; 3] = ["id", "kind", "area"];
/// Kinds of unit, as the list of units has them.
pub(super) const UNIT_KINDS: [&str; 5] =
    ["provincial_centre", "commune_centre", "commune", "department", "agency"];
pub(super) const AREAS: [&str; 4] = ["ordinary", "mountain", "border", "island"];

/// A condition or formula with its place.
pub(super) struct GuardAt<'d> {
    pub(super) guard: &'d Guard,
    pub(super) at: String,
    is_formula: bool,
}

/// Rows of which the first whose condition holds is taken.
pub(super) struct Table<'d> {
    /// Pointer to each row, and its condition.
    pub(super) rows: Vec<(String, Option<&'d Guard>)>,
    /// Whether the rows are limits, and not the choices of a target.
    are_limits: bool,
    /// What it is, in words.
    called: String,
}

pub(super) fn check(checker: &mut Checker<'_, '_, '_>) {
    for guard in all(checker) {
        one(checker, &guard);
    }
    for table in tables(checker) {
        last_row(checker, &table);
    }
}

/// Every condition and formula of the definition, each place once.
pub(super) fn all<'d>(checker: &Checker<'d, '_, '_>) -> Vec<GuardAt<'d>> {
    let definition = checker.definition();
    let mut all = Vec::new();
    let mut add = |guard: Option<&'d Guard>, at: String| {
        all.extend(guard.map(|guard| GuardAt { guard, at, is_formula: false }));
    };
    for (n, part) in definition.variants.iter().enumerate() {
        add(part.when.as_ref(), format!("/variants/{n}/when"));
    }
    for (n, part) in definition.documents.iter().enumerate() {
        add(part.when.as_ref(), format!("/documents/{n}/when"));
    }
    for (n, part) in definition.windows.iter().enumerate() {
        add(part.when.as_ref(), format!("/windows/{n}/when"));
    }
    for (n, part) in definition.fees.iter().enumerate() {
        add(part.when.as_ref(), format!("/fees/{n}/when"));
    }
    for table in tables(checker) {
        table.rows.into_iter().for_each(|(at, guard)| add(guard, format!("{at}/when")));
    }
    for (step, parallel) in checker.parallels() {
        for (n, branch) in parallel.branches.iter().enumerate() {
            add(branch.when.as_ref(), format!("{}/branches/{n}/when", step.at));
        }
    }
    for action in own_actions(checker) {
        add(action.action.when.as_ref(), format!("{}/when", action.at));
    }
    for (n, fee) in definition.fees.iter().enumerate() {
        if let Amount::Tariff(tariff) = &fee.amount {
            let times = tariff.times.as_ref().map(|formula| ("times", formula));
            for (key, formula) in [("quantity", &tariff.quantity)].into_iter().chain(times) {
                let at = format!("/fees/{n}/amount/{key}");
                all.push(GuardAt { guard: formula.expression(), at, is_formula: true });
            }
        }
    }
    all
}

/// The actions, those of `anywhere` once.
pub(super) fn own_actions<'d>(checker: &Checker<'d, '_, '_>) -> Vec<ActionAt<'d>> {
    let mut seen = BTreeSet::new();
    let actions = checker.actions().into_iter();
    actions.filter(|action| seen.insert(action.at)).collect()
}

/// Every table: limits, rules of clocks, choices.
pub(super) fn tables<'d>(checker: &Checker<'d, '_, '_>) -> Vec<Table<'d>> {
    let definition = checker.definition();
    let mut tables = Vec::new();
    let mut limits = |at: String, limits: &'d [LimitRule]| {
        let row = |(n, limit): (usize, &'d LimitRule)| (format!("{at}/{n}"), limit.when.as_ref());
        let rows = limits.iter().enumerate().map(row).collect();
        tables.push(Table { rows, are_limits: true, called: "The table of limits".into() });
    };
    limits("/limits".into(), &definition.limits);
    for (n, phase) in definition.phases.iter().enumerate() {
        limits(format!("/phases/{n}/limits"), &phase.limits);
    }
    for (n, clock) in definition.clocks.iter().enumerate() {
        let row = |(rule, part): (usize, &'d ClockRule)| {
            (format!("/clocks/{n}/rules/{rule}"), part.when.as_ref())
        };
        let rows = clock.rules.iter().enumerate().map(row).collect();
        let called = format!("The table of clock {:?}", clock.id);
        tables.push(Table { rows, are_limits: true, called });
    }
    let mut choices = |target: &'d Target, at: String, called: String| {
        if let Target::Choice(choices) = target {
            let row =
                |(n, choice): (usize, &'d Choice)| (format!("{at}/{n}"), choice.when.as_ref());
            let rows = choices.iter().enumerate().map(row).collect();
            tables.push(Table { rows, are_limits: false, called });
        }
    };
    for (step, parallel) in checker.parallels() {
        let called = format!("The join of step {:?}", step.step.id);
        choices(&parallel.join.target, format!("{}/join/to", step.at), called);
    }
    for action in own_actions(checker) {
        choices(&action.action.target, format!("{}/to", action.at), called(action));
    }
    tables
}

/// The first row whose condition holds applies, so the last has none and the others have one.
fn last_row(checker: &mut Checker<'_, '_, '_>, table: &Table<'_>) {
    for (index, (at, guard)) in table.rows.iter().enumerate() {
        let is_last = index + 1 == table.rows.len();
        if guard.is_some() != is_last || !checker.is_sure(at, &["when"]) {
            continue;
        }
        let called = &table.called;
        let (code, message, remedy) = match (is_last, table.are_limits) {
            (true, true) => (
                code::LIMIT_WITHOUT_ELSE,
                format!("{called}: the last limit has a condition."),
                "Add a last limit without `when` for all other cases.",
            ),
            (false, true) => (
                code::LIMIT_AFTER_ELSE,
                format!("{called}: limits behind this one never apply."),
                "Give this limit a condition, or put it last.",
            ),
            (true, false) => (
                code::CHOICE_WITHOUT_ELSE,
                format!("{called} ends without an else."),
                "Add `- else: step` as the last branch.",
            ),
            (false, false) => (
                code::CHOICE_AFTER_ELSE,
                format!("{called}: branches behind this one are never taken."),
                "Write `else` last.",
            ),
        };
        checker.report(code, at, message, remedy);
    }
}

fn one(checker: &mut Checker<'_, '_, '_>, found: &GuardAt<'_>) {
    let (guard, at) = (found.guard, found.at.as_str());
    let definition = checker.definition();
    let is_form_sure = checker.is_sure("", &["form"]);
    let reads = guard.reads();
    for path in reads.paths.iter().chain(&reads.asked) {
        let wrong = match path[0].as_str() {
            "form" if !is_form_sure => None,
            "form" => unknown_field(definition, path),
            "documents" => unknown_document(definition, path),
            "fees" => unknown_fee(definition, path),
            "answers" => unknown_answer(definition, path),
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
        without_value(checker, guard, at);
        let wanted = if found.is_formula { Type::Int } else { Type::Bool };
        for message in guard.type_faults(&definition.form, &wanted) {
            let remedy = "Compare and count values of one kind; texts go in quotes.";
            checker.report(code::GUARD_TYPE, at, message, remedy);
        }
    }
}

fn unknown_fee(definition: &Definition, path: &[String]) -> Option<(String, String)> {
    let id = path.get(1)?;
    if !definition.fees.iter().any(|fee| fee.id == *id) {
        let known = definition.fees.iter().map(|fee| fee.id.as_str());
        return Some((format!("No fee is named {id:?}."), suggestion(id, known)));
    }
    unknown_member(&path[1..], &FEE_MEMBERS).or_else(|| whole(path, "fees.ID.paid"))
}

fn unknown_answer(definition: &Definition, path: &[String]) -> Option<(String, String)> {
    let id = path.get(1)?;
    let parallels = definition.steps.iter().filter_map(|step| step.parallel.as_ref());
    let branches: Vec<_> = parallels.flat_map(|parallel| &parallel.branches).collect();
    let Some(branch) = branches.iter().find(|branch| branch.id == *id) else {
        let known: Vec<&str> = branches.iter().map(|branch| branch.id.as_str()).collect();
        return Some((format!("No branch is named {id:?}."), suggestion(id, known.into_iter())));
    };
    let known: Vec<&str> = branch.answers.iter().map(|answer| answer.id.as_str()).collect();
    unknown_member(&path[1..], &known).or_else(|| whole(path, "answers.BRANCH.ANSWER"))
}

/// A path that stops before the value.
fn whole(path: &[String], example: &str) -> Option<(String, String)> {
    let message = format!("{:?} is no value.", path.join("."));
    (path.len() < 3).then(|| (message, format!("Write {example}.")))
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
        ["receiving" | "competent", "kind"] => UNIT_KINDS.map(str::to_owned).to_vec(),
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

/// What is asked has a value in every case.
fn without_value(checker: &mut Checker<'_, '_, '_>, guard: &Guard, at: &str) {
    for gap in guard.gaps(&checker.definition().form) {
        match gap {
            Gap::Absent(path) => {
                let message = format!("The field {path:?} may be absent.");
                let remedy = format!("Write `has({path}) && …`, or make the field required.");
                checker.report(code::GUARD_OPTIONAL_FIELD, at, message, remedy);
            }
            Gap::Fails(message, remedy) => checker.report(code::GUARD_FAILS, at, message, remedy),
        }
    }
}
