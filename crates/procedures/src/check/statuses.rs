//! National statuses (`docs/rules.md`): which may follow which, by which act, and which steps they
//! suit.

use super::{Checker, Move, StepAt};
use crate::definition::{Act, ClockEffect, Kind, Status, Step, StepKind};
use crate::finding::code;

pub(super) fn check(checker: &mut Checker<'_, '_, '_>) {
    for step in checker.steps() {
        kind(checker, step);
    }
    let steps = checker.steps();
    for leads in checker.moves() {
        if !checker.is_sure(leads.step.at, &["status", "clock"]) {
            continue;
        }
        for edge in &leads.edges {
            let to = steps[edge.to];
            if checker.is_sure(to.at, &["status"]) {
                transition(checker, &leads, to, edge.is_back());
            }
        }
    }
}

fn transition(checker: &mut Checker<'_, '_, '_>, leads: &Move<'_>, to: StepAt<'_>, is_back: bool) {
    let from = leads.step.step;
    if from.status == to.step.status {
        return;
    }
    if is_allowed(from, to.step.status, is_back) {
        if !is_back {
            by_its_act(checker, leads, to);
        }
        return;
    }
    let (before, after) = (u8::from(from.status), u8::from(to.step.status));
    let target = &to.step.id;
    let message = format!("{} leads from status {before} to {after} ({target:?}).", leads.called());
    let names: Vec<String> = following(from).iter().map(|s| u8::from(*s).to_string()).collect();
    let remedy = match names.is_empty() {
        true => format!("Nothing follows status {before}: make the step final."),
        false => format!("After status {before} come {}.", names.join(", ")),
    };
    let mut trace = checker.trace_of_move(leads);
    if !trace.is_empty() {
        trace.push(crate::finding::TraceStep { state: target.clone(), action: String::new() });
    }
    checker.report_with_trace(code::STATUS_TRANSITION, &leads.at, message, remedy, trace);
}

/// Some statuses are the effect of an act, with its form, reason and ground; whatever else leads
/// there would reach the status without them. Feedback has no such forms: its statuses only tell
/// the citizen how far it is.
fn by_its_act(checker: &mut Checker<'_, '_, '_>, leads: &Move<'_>, to: StepAt<'_>) {
    let (acts, remedy): (&[Act], &str) = match to.step.status {
        Status::NotAccepted => (&[Act::Refuse, Act::Lapse], "Write `act: refuse`."),
        Status::Stopped => (&[Act::Stop, Act::Lapse], "Write `act: stop`."),
        Status::Completed => (&[Act::Complete], "Write `act: complete`."),
        Status::Delivered => (&[Act::Deliver], "Write `act: deliver`."),
        Status::Submitted
        | Status::Received
        | Status::Processing
        | Status::SupplementRequired
        | Status::PaymentRequired
        | Status::WithdrawalRequested => return,
    };
    if checker.definition().kind == Kind::Feedback || !checker.is_sure("", &["kind"]) {
        return;
    }
    let is_sure = leads.action.is_none_or(|action| checker.is_sure(action.at, &["act"]));
    if is_sure && !leads.action.is_some_and(|action| acts.contains(&action.action.act)) {
        let status = u8::from(to.step.status);
        let word = leads.action.map_or("join", |action| action.action.act.as_str());
        let message = format!("{} leads to status {status} as {word}.", leads.called());
        checker.report(code::ACT_STATUS, &leads.at, message, remedy);
    }
}

fn is_allowed(from: &Step, to: Status, is_back: bool) -> bool {
    let returns = is_back && from.status == Status::WithdrawalRequested;
    returns || following(from).contains(&to)
}

/// The statuses that may follow the step's (`docs/rules.md`, national status codes).
fn following(from: &Step) -> Vec<Status> {
    use Status::{
        Completed, Delivered, NotAccepted, PaymentRequired, Processing, Received, Stopped,
        Submitted, SupplementRequired, WithdrawalRequested,
    };
    let before_reception = from.clock == ClockEffect::NotStarted;
    match from.status {
        Submitted => {
            vec![Received, NotAccepted, SupplementRequired, PaymentRequired, WithdrawalRequested]
        }
        Received => vec![
            Processing,
            SupplementRequired,
            PaymentRequired,
            WithdrawalRequested,
            Stopped,
            Completed,
        ],
        Processing => {
            vec![SupplementRequired, PaymentRequired, WithdrawalRequested, Stopped, Completed]
        }
        SupplementRequired if before_reception => {
            vec![Submitted, Received, NotAccepted, WithdrawalRequested, Stopped]
        }
        SupplementRequired => vec![Received, Processing, WithdrawalRequested, Stopped],
        PaymentRequired => vec![Submitted, Received, Processing, WithdrawalRequested, Stopped],
        WithdrawalRequested => vec![Stopped],
        Stopped => vec![Processing],
        Completed => vec![Processing, WithdrawalRequested, Stopped, Delivered],
        NotAccepted | Delivered => Vec::new(),
    }
}

/// Which statuses a step of that kind may have.
fn kind(checker: &mut Checker<'_, '_, '_>, step: StepAt<'_>) {
    if step.step.within.is_some() || !checker.is_sure(step.at, &["kind", "status"]) {
        return;
    }
    let status = step.step.status;
    let ends = matches!(status, Status::NotAccepted | Status::Delivered);
    let remedy = match step.step.kind {
        StepKind::Final if !ends && status != Status::Stopped => {
            "A dossier ends in status 3, 8 or 10."
        }
        StepKind::Supplement if status != Status::SupplementRequired => {
            "A step that waits for a supplement has status 5."
        }
        StepKind::Withdrawal if status != Status::WithdrawalRequested => {
            "A step that considers a withdrawal has status 7."
        }
        StepKind::Task | StepKind::Applicant if ends => {
            "A dossier in status 3 or 10 has ended: write `kind: final`."
        }
        StepKind::Task | StepKind::Applicant
            if matches!(status, Status::SupplementRequired | Status::WithdrawalRequested) =>
        {
            "Write `kind: supplement` for status 5 and `kind: withdrawal` for status 7."
        }
        StepKind::Final
        | StepKind::Supplement
        | StepKind::Withdrawal
        | StepKind::Task
        | StepKind::Applicant => return,
    };
    let id = &step.step.id;
    let message = format!("Step {id:?} cannot have status {}.", u8::from(status));
    checker.report(code::STATUS_KIND, &format!("{}/status", step.at), message, remedy);
}
