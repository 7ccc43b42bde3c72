//! The process as a whole: every step is on a way from the start to an end.

use super::graph::is_interruption;
use super::{ActionAt, Checker, StepAt, called};
use crate::definition::{Act, Kind, Status, StepKind, Target};
use crate::finding::code;

pub(super) fn check(checker: &mut Checker<'_, '_, '_>) {
    start(checker);
    let are_ways_sure = checker.are_ways_sure();
    let starts = checker.graph.start().is_some();
    for step in checker.steps() {
        actions_of(checker, step);
        if !are_ways_sure {
            continue;
        }
        if starts && !checker.soundness.reached[step.index] {
            let message = format!("No action leads to step {:?}.", step.step.id);
            let remedy = "Name the step in the `to:` of an action, or remove it.";
            checker.report(code::STEP_UNREACHABLE, step.at, message, remedy);
        }
        if checker.soundness.is_stuck[step.index] && checker.soundness.reached[step.index] {
            stuck(checker, step);
        }
    }
    for action in checker.actions() {
        target(checker, action);
    }
    let starts_work = |act: Act| matches!(act, Act::Accept | Act::Admit);
    let accepts = checker.actions().iter().any(|action| starts_work(action.action.act));
    // Feedback is no dossier in the sense of the rules: nobody need accept it.
    let is_needed = checker.definition().kind != Kind::Feedback;
    if !accepts && is_needed && checker.is_sure("", &["steps", "kind"]) {
        let message = "No action accepts or admits the dossier.";
        let remedy = "Add an action with `act: accept` to the intake step.";
        checker.report(code::ACCEPT_MISSING, "/steps", message, remedy);
    }
}

/// A state from which the end cannot be reached, with the shortest way to it.
fn stuck(checker: &mut Checker<'_, '_, '_>, step: StepAt<'_>) {
    let id = &step.step.id;
    if step.step.actions.is_empty() && step.step.parallel.is_none() {
        return;
    }
    let culprit = checker.soundness.culprit(&checker.graph, step.index);
    let trace = checker.trace(culprit.unwrap_or(step.index));
    let steps = &checker.definition().steps;
    let (code, message, remedy) = match (&step.step.within, culprit) {
        (_, Some(inner)) => (
            code::JOIN_BLOCKED,
            format!(
                "The branches of step {id:?} may never come together: {:?} does not end.",
                steps[inner].id
            ),
            "Let every branch end, or give the step an action of its own that leads on.",
        ),
        (Some(_), None) => (
            code::BRANCH_WITHOUT_END,
            format!("From step {id:?} its branch cannot end."),
            "Add an action with `answer:`, or one that leads towards such an action.",
        ),
        (None, None) => (
            code::NO_WAY_TO_END,
            format!("From step {id:?} no final step can be reached."),
            "Add an action that leads towards a step of `kind: final`.",
        ),
    };
    checker.report_with_trace(code, step.at, message, remedy, trace);
}

fn start(checker: &mut Checker<'_, '_, '_>) {
    let Some(index) = checker.graph.start() else {
        return;
    };
    let step = checker.steps()[index];
    let right = step.step.kind == StepKind::Task && step.step.status == Status::Submitted;
    if !right && checker.is_sure(step.at, &["kind", "status"]) {
        let message = format!("The start {:?} is no task in status 1.", step.step.id);
        let remedy = "A submitted dossier waits for the reception clerk: kind task, status 1.";
        checker.report(code::START_INVALID, "/start", message, remedy);
    }
}

fn actions_of(checker: &mut Checker<'_, '_, '_>, step: StepAt<'_>) {
    if !checker.is_sure(step.at, &["kind", "actions"]) {
        return;
    }
    let id = &step.step.id;
    if step.step.kind == StepKind::Final {
        if !step.step.actions.is_empty() {
            let message = format!("The final step {id:?} offers actions.");
            let remedy = "Remove them, also from `in:` of `anywhere`, or change the kind.";
            checker.report(code::FINAL_WITH_ACTIONS, step.at, message, remedy);
        }
    } else if step.step.actions.is_empty() && step.step.parallel.is_none() {
        let trace = checker.trace(step.index);
        let message = format!("Step {id:?} offers no action: a dossier stays there for ever.");
        let remedy = "Add an action, or write `kind: final`.";
        checker.report_with_trace(code::STEP_WITHOUT_ACTIONS, step.at, message, remedy, trace);
    }
}

/// `back` needs an interruption to return from; an interruption needs the right kind of step.
fn target(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>) {
    if !checker.is_target_sure(action) || !checker.is_sure(action.step.at, &["kind"]) {
        return;
    }
    let at = format!("{}/to", action.at);
    let kind = action.step.step.kind;
    let is_interruption = matches!(kind, StepKind::Supplement | StepKind::Withdrawal);
    if matches!(action.action.target, Target::Back) && !is_interruption {
        let message = format!("{} has nothing to go back to.", called(action));
        let remedy = "Use `back` in steps of kind supplement or withdrawal; else name the step.";
        checker.report(code::TARGET_INVALID, &at, message, remedy);
    }
    let wanted = match action.action.act {
        Act::RequestSupplement => Some((StepKind::Supplement, "supplement")),
        Act::Withdraw => Some((StepKind::Withdrawal, "withdrawal")),
        Act::Accept
        | Act::Admit
        | Act::Supplement
        | Act::Refuse
        | Act::Advance
        | Act::Sign
        | Act::Issue
        | Act::Complete
        | Act::Deliver
        | Act::DeclineWithdrawal
        | Act::Apologise
        | Act::Extend
        | Act::ChangeVariant
        | Act::Stop
        | Act::Lapse
        | Act::Proceed => None,
    };
    let Some((wanted, word)) = wanted else {
        interrupts_unasked(checker, action, &at);
        return;
    };
    let steps = &checker.definition().steps;
    let wrong = checker.edges_of(action).iter().any(|edge| steps[edge.to].kind != wanted);
    let stays = matches!(action.action.target, Target::Stay | Target::Back | Target::End);
    if stays || wrong {
        let message = format!("{} must lead to a step of kind {word}.", called(action));
        let remedy = format!("Name a step of `kind: {word}`.");
        checker.report(code::TARGET_INVALID, &at, message, remedy);
    }
}

/// The step that waits for a supplement is entered by the request alone, with its form and its
/// rounds; likewise the one that considers a withdrawal.
fn interrupts_unasked(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>, at: &str) {
    let steps = &checker.definition().steps;
    let edges = checker.edges_of(action).iter().filter(|edge| !edge.is_back());
    let entered = edges.map(|edge| &steps[edge.to]);
    let mut waits = entered.filter(|step| step.id != action.step.step.id);
    let Some(step) = waits.find(|step| is_interruption(step.kind)) else {
        return;
    };
    let message = format!("{} leads to {:?} without asking for it.", called(action), step.id);
    let remedy = "Use `act: request_supplement` or `act: withdraw`: the step remembers what they \
                  interrupt.";
    checker.report(code::TARGET_INVALID, at, message, remedy);
}
