//! Every id that is named exists, and what exists is used.

use std::collections::BTreeSet;

use super::{ActionAt, Checker, StepAt, called, interrupts};
use crate::definition::{Act, ClockEffect, LimitRule, Target};
use crate::finding::code;
use crate::read::suggestion;

pub(super) fn check(checker: &mut Checker<'_, '_, '_>) {
    let definition = checker.definition();
    if checker.is_sure("", &["start", "steps"]) {
        step(checker, &definition.start, "/start");
    }
    for action in checker.actions() {
        targets(checker, action);
        outcome(checker, action);
        reserved_field(checker, action);
        action_ground(checker, action);
    }
    for step in checker.steps() {
        timeout(checker, step);
    }
    grounds(checker);
    results(checker);
}

/// Reports an id that no step has.
pub(super) fn step(checker: &mut Checker<'_, '_, '_>, id: &str, at: &str) {
    if checker.index.contains_key(id) {
        return;
    }
    let message = format!("No step is named {id:?}.");
    let remedy = suggestion(id, checker.index.keys().copied());
    checker.report(code::UNKNOWN_STEP, at, message, remedy);
}

fn targets(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>) {
    if checker.is_target_sure(action) {
        target(checker, &action.action.target, &format!("{}/to", action.at));
    }
}

/// Reports the steps of a target that do not exist.
pub(super) fn target(checker: &mut Checker<'_, '_, '_>, target: &Target, at: &str) {
    match target {
        Target::Stay | Target::Back | Target::End => {}
        Target::Step(to) => step(checker, to, at),
        Target::Choice(choices) => {
            for (index, choice) in choices.iter().enumerate() {
                step(checker, &choice.to, &format!("{at}/{index}"));
            }
        }
    }
}

fn outcome(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>) {
    let results = &checker.definition().results;
    let Some(id) = &action.action.outcome else {
        return;
    };
    if results.iter().any(|result| result.id == *id) {
        return;
    }
    let message = format!("No result is named {id:?}.");
    let remedy = suggestion(id, results.iter().map(|result| result.id.as_str()));
    checker.report(code::UNKNOWN_RESULT, &format!("{}/outcome", action.at), message, remedy);
}

fn reserved_field(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>) {
    let form = &checker.definition().form;
    let Some(reservation) = &action.action.reserves else {
        return;
    };
    let field = &reservation.field;
    if !checker.is_sure("", &["form"]) || form.properties().any(|name| name == field) {
        return;
    }
    let message = format!("The form has no field {field:?}.");
    let names: Vec<&str> = form.properties().collect();
    let remedy = suggestion(field, names.into_iter());
    checker.report(code::UNKNOWN_FIELD, &format!("{}/reserves/field", action.at), message, remedy);
}

/// Acts that touch rights or hold a number name their ground (L4, T23).
fn action_ground(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>) {
    let act = action.action.act;
    let touches_rights =
        interrupts(act) || matches!(act, Act::Refuse | Act::Stop | Act::Apologise | Act::Extend);
    let number = action.action.rounds_max.is_some() || action.action.reserves.is_some();
    if action.action.ground.is_some() || !(touches_rights || number) {
        return;
    }
    let message = format!("{} names no legal ground.", called(action));
    let remedy = "Add `ground:` with an id from `grounds:`.";
    checker.report(code::GROUND_MISSING, &format!("{}/ground", action.at), message, remedy);
}

fn timeout(checker: &mut Checker<'_, '_, '_>, step: StepAt<'_>) {
    let Some(timeout) = &step.step.timeout else {
        return;
    };
    let at = format!("{}/timeout/action", step.at);
    let actions = &step.step.actions;
    let Some(action) = actions.iter().find(|action| action.id == timeout.action) else {
        let message = format!("Step {:?} has no action {:?}.", step.step.id, timeout.action);
        let remedy = suggestion(&timeout.action, actions.iter().map(|action| action.id.as_str()));
        checker.report(code::UNKNOWN_ACTION, &at, message, remedy);
        return;
    };
    if action.act != Act::Lapse {
        let message = format!("The action {:?} is no lapse.", action.id);
        let remedy = "Name an action with `act: lapse`: the system does nothing else by itself.";
        checker.report(code::TIMEOUT_ACTION, &at, message, remedy);
    }
}

/// Every legal ground that is named, with its place.
fn named_grounds<'d>(checker: &Checker<'d, '_, '_>) -> Vec<(String, &'d str)> {
    let definition = checker.definition();
    let mut named: Vec<(String, &str)> = Vec::new();
    for (index, document) in definition.documents.iter().enumerate() {
        named.push((format!("/documents/{index}/ground"), &document.ground));
    }
    for (index, fee) in definition.fees.iter().enumerate() {
        named.push((format!("/fees/{index}/ground"), &fee.ground));
    }
    for (index, window) in definition.windows.iter().enumerate() {
        named.push((format!("/windows/{index}/ground"), &window.ground));
    }
    limit_grounds("/limits", &definition.limits, &mut named);
    for (index, phase) in definition.phases.iter().enumerate() {
        limit_grounds(&format!("/phases/{index}/limits"), &phase.limits, &mut named);
    }
    for (index, clock) in definition.clocks.iter().enumerate() {
        for (rule, part) in clock.rules.iter().enumerate() {
            let key = if part.limit.is_some() { "limit/ground" } else { "without_limit" };
            named.push((format!("/clocks/{index}/rules/{rule}/{key}"), &part.ground));
        }
    }
    for step in checker.steps() {
        // The steps of a branch have the clock of the step around them, ground included.
        if let (ClockEffect::Paused { ground, .. }, None) = (&step.step.clock, &step.step.within) {
            named.push((format!("{}/clock/ground", step.at), ground));
        }
        let timeout = step.step.timeout.iter();
        named.extend(timeout.map(|t| (format!("{}/timeout/ground", step.at), t.ground.as_str())));
    }
    for action in checker.actions() {
        let ground = action.action.ground.iter();
        named.extend(ground.map(|id| (format!("{}/ground", action.at), id.as_str())));
    }
    named
}

fn limit_grounds<'d>(at: &str, limits: &'d [LimitRule], named: &mut Vec<(String, &'d str)>) {
    for (index, limit) in limits.iter().enumerate() {
        named.push((format!("{at}/{index}/statutory/ground"), &limit.statutory_ground));
        let committed = limit.committed_ground.iter();
        named.extend(committed.map(|id| (format!("{at}/{index}/committed/ground"), id.as_str())));
    }
}

fn grounds(checker: &mut Checker<'_, '_, '_>) {
    let definition = checker.definition();
    let named = named_grounds(checker);
    let known = &definition.grounds;
    for (at, id) in named.iter().filter(|(_, id)| !id.is_empty() && !known.contains_key(*id)) {
        let message = format!("No legal ground is named {id:?}.");
        let remedy = suggestion(id, known.keys().map(String::as_str));
        checker.report(code::UNKNOWN_GROUND, at, message, remedy);
    }
    let used: BTreeSet<&str> = named.iter().map(|(_, id)| *id).collect();
    for id in known.keys().filter(|id| !used.contains(id.as_str())) {
        let message = format!("Nothing refers to the legal ground {id:?}.");
        let remedy = "Name it where it applies, or remove it.";
        checker.report(code::GROUND_UNUSED, &format!("/grounds/{id}"), message, remedy);
    }
}

fn results(checker: &mut Checker<'_, '_, '_>) {
    let definition = checker.definition();
    let actions = definition.steps.iter().flat_map(|step| &step.actions);
    let decided: BTreeSet<&str> = actions.filter_map(|action| action.outcome.as_deref()).collect();
    for (index, result) in definition.results.iter().enumerate() {
        if !result.id.is_empty() && !decided.contains(result.id.as_str()) {
            let message = format!("No action decides on the result {:?}.", result.id);
            let remedy = "Name it as the `outcome:` of an action, or remove it.";
            checker.report(code::RESULT_UNUSED, &format!("/results/{index}"), message, remedy);
        }
    }
}
