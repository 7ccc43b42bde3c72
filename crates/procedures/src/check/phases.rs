//! Later phases: what begins them, and the documents that belong to them (P11).

use super::graph::{Edge, Walk};
use super::{ActionAt, Checker, called};
use crate::definition::{Act, Action, Definition, DocumentRequirement, HandIn, Role, Target};
use crate::finding::code;
use crate::read::suggestion;

pub(super) fn check(checker: &mut Checker<'_, '_, '_>) {
    for action in checker.actions() {
        begins(checker, action);
    }
    phases(checker);
    let definition = checker.definition();
    for (index, document) in definition.documents.iter().enumerate() {
        if let Some(phase) = &document.phase {
            of_phase(checker, document, phase, &format!("/documents/{index}/phase"));
        }
    }
}

fn begins(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>) {
    let Some(id) = &action.action.begins else {
        return;
    };
    let at = format!("{}/begins", action.at);
    let phases = &checker.definition().phases;
    if !phases.iter().any(|phase| phase.id == *id) {
        let message = format!("No phase is named {id:?}.");
        let remedy = suggestion(id, phases.iter().map(|phase| phase.id.as_str()));
        checker.report(code::UNKNOWN_PHASE, &at, message, remedy);
    }
    let moves = matches!(action.action.target, Target::Step(_) | Target::Choice(_));
    if !moves && checker.is_target_sure(action) {
        let message = format!("{} begins a phase and leads to no step.", called(action));
        let remedy = "Lead to the first step of the phase.";
        checker.report(code::TARGET_INVALID, &format!("{}/to", action.at), message, remedy);
    }
}

/// Every phase begins somewhere.
fn phases(checker: &mut Checker<'_, '_, '_>) {
    let definition = checker.definition();
    for (index, phase) in definition.phases.iter().enumerate() {
        if !phase.id.is_empty() && beginnings(definition, &phase.id).next().is_none() {
            let message = format!("No action begins the phase {:?}.", phase.id);
            let remedy = "Write `begins:` in the action that opens it, or remove it.";
            checker.report(code::PHASE_UNUSED, &format!("/phases/{index}"), message, remedy);
        }
    }
}

/// The actions that begin a phase.
fn beginnings<'d>(definition: &'d Definition, phase: &str) -> impl Iterator<Item = &'d Action> {
    let actions = definition.steps.iter().flat_map(|step| &step.actions);
    actions.filter(move |action| action.begins.as_deref() == Some(phase))
}

/// A document that belongs to a later phase is asked for some day, can be handed in then, and be
/// looked at before anything is granted on it.
fn of_phase(
    checker: &mut Checker<'_, '_, '_>,
    document: &DocumentRequirement,
    phase: &str,
    at: &str,
) {
    let definition = checker.definition();
    let (id, phases) = (&document.id, &definition.phases);
    if !phases.iter().any(|known| known.id == phase) {
        let message = format!("Document {id:?}: no phase is named {phase:?}.");
        let remedy = suggestion(phase, phases.iter().map(|phase| phase.id.as_str()));
        return checker.report(code::UNKNOWN_PHASE, at, message, remedy);
    }
    if beginnings(definition, phase).next().is_none() {
        let message = format!("Document {id:?} is never asked for: no action begins its phase.");
        let remedy = format!("Write `begins: {phase}` in an action, or remove `phase:` here.");
        return checker.report(code::PHASE_NEVER_BEGINS, at, message, remedy);
    }
    // What the office looks up itself nobody need hand in, and a grant does not wait for it.
    if document.hand_in == HandIn::LookUp || !checker.are_ways_sure() {
        return;
    }
    let after = from_its_beginning(checker, phase);
    let actions = || after.reached.iter().flat_map(|step| &definition.steps[*step].actions);
    let is_brought = beginnings(definition, phase).any(brings_documents);
    if !is_brought && !actions().any(|action| action.act == Act::RequestSupplement) {
        let message = format!("Document {id:?} can be handed in nowhere once its phase has begun.");
        let remedy = "Let the applicant do the action that begins the phase, or offer \
                      `act: request_supplement` in a step of it.";
        return checker.report(code::PHASE_WITHOUT_HAND_IN, at, message, remedy);
    }
    let is_checked = after.reached.iter().any(|step| definition.steps[*step].reviews);
    if !is_checked && actions().any(|action| grants(definition, action)) {
        let message = format!("Document {id:?} is checked by nobody, so nothing can be granted.");
        let remedy = "Write `reviews: true` in a step that follows the beginning of the phase.";
        checker.report(code::PHASE_UNREVIEWED, at, message, remedy);
    }
}

/// The steps that can follow the beginning of a phase.
fn from_its_beginning(checker: &Checker<'_, '_, '_>, phase: &str) -> Walk {
    let definition = checker.definition();
    let begins = |edge: &&Edge| {
        let action = edge.action().map(|action| &definition.steps[edge.from].actions[action]);
        action.is_some_and(|action| action.begins.as_deref() == Some(phase))
    };
    let starts: Vec<usize> = checker.graph.edges().filter(begins).map(|edge| edge.to).collect();
    checker.graph.walk(starts, |_| true)
}

/// Whether whoever begins the phase hands in its documents by that act: the applicant does.
fn brings_documents(action: &Action) -> bool {
    action.act == Act::Advance && action.roles.contains(&Role::Applicant)
}

fn grants(definition: &Definition, action: &Action) -> bool {
    let outcome = action.outcome.as_ref();
    definition.results.iter().any(|result| result.positive && Some(&result.id) == outcome)
}
