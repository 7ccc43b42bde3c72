//! Lawful acts: their forms, reasons, roles, rounds, timeouts, and where they lead.

use super::{ActionAt, Checker, StepAt, called, interrupts};
use crate::definition::{
    Act, Action, ClockEffect, PauseGround, Role, Status, Step, StepKind, Target,
};
use crate::finding::code;

pub(super) fn check(checker: &mut Checker<'_, '_, '_>) {
    for action in checker.actions() {
        if !checker.is_sure(action.at, &["act"]) {
            continue;
        }
        let leads_to = statuses_reached(checker, action);
        form(checker, action, &leads_to);
        reason(checker, action);
        role(checker, action);
        place(checker, action, &leads_to);
        negative_result(checker, action);
        rounds(checker, action);
        lapse(checker, action);
    }
    for step in checker.steps() {
        wait(checker, step);
    }
}

/// The statuses that the action can lead to; empty when it stays.
fn statuses_reached(checker: &Checker<'_, '_, '_>, action: ActionAt<'_>) -> Vec<Status> {
    let steps = &checker.definition().steps;
    checker.edges_of(action).iter().map(|edge| steps[edge.to].status).collect()
}

fn form(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>, leads_to: &[Status]) {
    let refuses = leads_to.contains(&Status::NotAccepted);
    let wanted = match action.action.act {
        Act::Accept => 1,
        Act::RequestSupplement => 2,
        Act::Refuse | Act::Lapse if refuses => 3,
        Act::Apologise => 4,
        Act::Stop => 5,
        Act::Lapse if leads_to.contains(&Status::Stopped) => 5,
        Act::Refuse
        | Act::Lapse
        | Act::Supplement
        | Act::Advance
        | Act::Sign
        | Act::Issue
        | Act::Complete
        | Act::Deliver
        | Act::Withdraw
        | Act::DeclineWithdrawal
        | Act::Admit
        | Act::Extend
        | Act::ChangeVariant
        | Act::Proceed => return,
    };
    if action.action.form != Some(wanted) {
        let message = format!("{} must produce form {wanted}.", called(action));
        let remedy = format!("Write `form: {wanted}`.");
        checker.report(code::ACT_FORM, &format!("{}/form", action.at), message, remedy);
    }
}

fn reason(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>) {
    let needed = matches!(
        action.action.act,
        Act::Refuse | Act::Stop | Act::Apologise | Act::Extend | Act::ChangeVariant
    );
    if needed && !action.action.reason {
        let message = format!("{} needs a written reason (L4).", called(action));
        let at = format!("{}/reason", action.at);
        checker.report(code::ACT_REASON, &at, message, "Write `reason: true`.");
    }
}

fn role(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>) {
    let roles = &action.action.roles;
    if roles.is_empty() || !checker.is_sure(action.at, &["roles"]) {
        return;
    }
    let only = |allowed: &[Role]| roles.iter().all(|role| allowed.contains(role));
    let (fits, remedy) = match action.action.act {
        Act::Lapse | Act::Proceed => {
            (only(&[Role::System]), "Only the system lets something lapse or proceed.")
        }
        Act::Supplement | Act::Withdraw => {
            (roles.contains(&Role::Applicant), "The applicant does this: add `applicant`.")
        }
        Act::Sign => {
            let signers = [Role::SigningLeader, Role::HeadOfDivision];
            (only(&signers), "Only signing_leader, or head_of_division by delegation, signs.")
        }
        Act::Accept
        | Act::Admit
        | Act::RequestSupplement
        | Act::Refuse
        | Act::Advance
        | Act::Issue
        | Act::Complete
        | Act::Deliver
        | Act::DeclineWithdrawal
        | Act::Apologise
        | Act::Extend
        | Act::ChangeVariant
        | Act::Stop => {
            let nobody = [Role::System, Role::Auditor, Role::Administrator];
            let fits = !roles.iter().any(|role| nobody.contains(role));
            (fits, "system, auditor and administrator do not act on dossiers.")
        }
    };
    // A role that could not be read is reported already, where it stands.
    let sure = checker.is_sure(action.step.at, &["role"]) && checker.is_sure(action.at, &["roles"]);
    if !fits && sure {
        let message = format!("{} is given to a role that cannot do it.", called(action));
        checker.report(code::ACT_ROLE, &format!("{}/roles", action.at), message, remedy);
    }
}

/// The status and step in which an act is possible and to which it leads.
fn place(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>, leads_to: &[Status]) {
    if !checker.is_target_sure(action) || !checker.is_sure(action.step.at, &["status", "kind"]) {
        return;
    }
    let from = action.step.step.status;
    let kind = action.step.step.kind;
    let to = |wanted: &[Status]| {
        !leads_to.is_empty() && leads_to.iter().all(|status| wanted.contains(status))
    };
    let (fits, remedy) = match action.action.act {
        Act::Accept => {
            let fits = from == Status::Submitted && to(&[Status::Received]);
            (fits, "Acceptance leads from status 1 to status 2.")
        }
        Act::Admit => {
            let fits = from == Status::Submitted && to(&[Status::Received, Status::Processing]);
            (fits, "Admission leads from status 1 to status 2 or 4.")
        }
        Act::Complete => (to(&[Status::Completed]), "Completion leads to status 9."),
        Act::Deliver => {
            let fits = from == Status::Completed && to(&[Status::Delivered]);
            (fits, "Delivery leads from status 9 to status 10.")
        }
        Act::Stop => (to(&[Status::Stopped]), "A stop leads to status 8."),
        Act::Refuse if from == Status::Submitted => {
            (to(&[Status::NotAccepted]), "A refusal before reception leads to status 3.")
        }
        Act::Supplement => {
            (kind == StepKind::Supplement, "The applicant supplements in a step of that kind.")
        }
        Act::DeclineWithdrawal => {
            (kind == StepKind::Withdrawal, "A withdrawal is declined in a step of that kind.")
        }
        Act::Refuse
        | Act::RequestSupplement
        | Act::Advance
        | Act::Sign
        | Act::Issue
        | Act::Withdraw
        | Act::Apologise
        | Act::Extend
        | Act::ChangeVariant
        | Act::Proceed
        | Act::Lapse => return,
    };
    if !fits {
        let message = format!("{} is in the wrong place.", called(action));
        checker.report(code::ACT_STATUS, &format!("{}/to", action.at), message, remedy);
    }
}

/// After reception a refusal is a result like any other (L5).
fn negative_result(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>) {
    let after = !matches!(action.step.step.status, Status::Submitted | Status::NotAccepted);
    if action.action.act != Act::Refuse || !after {
        return;
    }
    let results = &checker.definition().results;
    let outcome = action.action.outcome.as_ref();
    let result = outcome.and_then(|id| results.iter().find(|result| result.id == *id));
    let unknown = outcome.is_some() && result.is_none();
    if !unknown && result.is_none_or(|result| result.positive) {
        let message = format!("{} refuses after reception without a result.", called(action));
        let remedy = "Add `outcome:` with a result that has `positive: false`.";
        checker.report(code::ACT_OUTCOME, &format!("{}/outcome", action.at), message, remedy);
    }
}

fn rounds(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>) {
    let unbounded = action.action.rounds_max.is_none();
    let at = format!("{}/rounds_max", action.at);
    let is_bounded_by_law = matches!(action.action.act, Act::RequestSupplement | Act::Extend);
    if is_bounded_by_law && unbounded && checker.is_sure(action.at, &["rounds_max"]) {
        let message = format!("{} has no maximum of rounds (T23, T30).", called(action));
        let remedy = "Write `rounds_max: 1`, or what the law allows.";
        checker.report(code::ROUNDS_UNBOUNDED, &at, message, remedy);
    }
}

fn lapse(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>) {
    let timeout = action.step.step.timeout.as_ref();
    let named = timeout.is_some_and(|timeout| timeout.action == action.action.id);
    if action.action.act == Act::Lapse && !named && checker.is_sure(action.step.at, &["timeout"]) {
        let message = format!("{} lapses, but no timeout brings it about.", called(action));
        let remedy = "Name it in `timeout:` of the step.";
        checker.report(code::TIMEOUT_MISSING, action.at, message, remedy);
    }
}

/// Whoever waits for the applicant waits for a stated time (T22, P3).
fn wait(checker: &mut Checker<'_, '_, '_>, step: StepAt<'_>) {
    let by_kind = matches!(step.step.kind, StepKind::Supplement | StepKind::Applicant);
    let waits = by_kind || is_left_by_applicant(step.step);
    let sure = checker.is_sure(step.at, &["kind", "role", "timeout"]);
    if waits && !times_out(step.step) && sure && are_actions_sure(checker, step) {
        let id = &step.step.id;
        let (message, remedy) = match step.step.timeout {
            None => (
                format!("Step {id:?} waits for the applicant without an end."),
                "Add `timeout:` and an action with `act: lapse`.",
            ),
            Some(_) => (
                format!("Step {id:?} waits for the applicant, and its timeout need not end it."),
                TIMEOUT_REMEDY,
            ),
        };
        checker.report(code::TIMEOUT_MISSING, step.at, message, remedy);
    }
    pause(checker, step, waits);
}

const TIMEOUT_REMEDY: &str =
    "Let the lapse have neither `when:` nor `rounds_max:` and lead to another step.";

fn are_actions_sure(checker: &Checker<'_, '_, '_>, step: StepAt<'_>) -> bool {
    let keys = ["act", "roles", "to", "when", "rounds_max"];
    checker.draft.actions_at[step.index].iter().all(|at| checker.is_sure(at, &keys))
}

/// Whether the action leads out of its step.
fn leaves(step: &Step, action: &Action) -> bool {
    match &action.target {
        Target::Stay => false,
        Target::Back | Target::End => true,
        Target::Step(to) => *to != step.id,
        Target::Choice(choices) => choices.iter().all(|choice| choice.to != step.id),
    }
}

/// Whether the action is there in every case, however often the step is entered.
fn is_unconditional(action: &Action) -> bool {
    action.when.is_none() && action.rounds_max.is_none()
}

/// Whether the step ends by itself in any case when nobody acts.
fn times_out(step: &Step) -> bool {
    let named = step
        .timeout
        .iter()
        .flat_map(|timeout| step.actions.iter().filter(move |action| action.id == timeout.action));
    named.into_iter().any(|action| is_unconditional(action) && leaves(step, action))
}

/// Whether of all people only the applicant leads on from the step. Whether what the system does
/// by itself covers every case is another question, and a withdrawal is no way on.
fn is_left_by_applicant(step: &Step) -> bool {
    let is_on = |action: &&Action| leaves(step, action) && !interrupts(action.act);
    let by_people = |action: &&Action| action.roles.iter().any(|role| *role != Role::System);
    let on = || step.actions.iter().filter(is_on).filter(by_people);
    let theirs = |action: &Action| action.roles.iter().all(|role| *role == Role::Applicant);
    step.parallel.is_none() && on().next().is_some() && on().all(theirs)
}

/// A pause that depends on others than the office ends in any case, and one that the office ends
/// is one that it can end.
fn pause(checker: &mut Checker<'_, '_, '_>, step: StepAt<'_>, is_told: bool) {
    let ClockEffect::Paused { on, .. } = &step.step.clock else {
        return;
    };
    // Where the time is allotted, the office that waits must go on by itself when it is over.
    let is_allotted = match on {
        PauseGround::Payment | PauseGround::Applicant | PauseGround::Verification => {
            step.step.time.is_some()
        }
        PauseGround::Withdrawal => true,
        PauseGround::Supplement => return,
    };
    let by_office = is_allotted
        && step.step.actions.iter().any(|action| {
            let office = |role: &Role| !matches!(role, Role::Applicant | Role::System);
            let free = leaves(step.step, action) && is_unconditional(action);
            free && action.roles.iter().any(office)
        });
    let is_inside = step.step.within.is_some();
    let ends = times_out(step.step) || by_office || is_inside || is_told;
    if !ends && checker.is_sure(step.at, &["clock", "timeout"]) && are_actions_sure(checker, step) {
        let id = &step.step.id;
        let message = format!("Step {id:?} pauses the clock without an end.");
        let remedy = match step.step.timeout {
            Some(_) => TIMEOUT_REMEDY,
            None => "Add `timeout:` with a lapse, or `time:` and an action of the office.",
        };
        checker.report(code::PAUSE_WITHOUT_END, step.at, message, remedy);
    }
}
