//! The clock of the limit: armed by acceptance, paused with a ground, resumed as the law says.

use std::collections::BTreeSet;

use motcua_deadlines::{Regime, Unit};

use super::times::{least_minutes, most_minutes};
use super::{ActionAt, Checker, StepAt, called};
use crate::definition::{Act, ClockEffect, ClockStart, LimitRule, PauseGround, Status};
use crate::finding::code;
use crate::read::words;

pub(super) fn check(checker: &mut Checker<'_, '_, '_>) {
    let steps = checker.steps();
    for step in &steps {
        status(checker, *step);
    }
    start(checker);
    for action in checker.actions() {
        sequence(checker, action, &steps);
    }
    let paused: BTreeSet<PauseGround> = steps
        .iter()
        .filter_map(|step| match &step.step.clock {
            ClockEffect::Paused { on, .. } => Some(*on),
            ClockEffect::NotStarted | ClockEffect::Runs | ClockEffect::Stopped => None,
        })
        .collect();
    for (index, limit) in checker.definition().limits.iter().enumerate() {
        resume(checker, &format!("/limits/{index}"), limit, &paused);
        committed(checker, &format!("/limits/{index}"), limit);
    }
}

/// The clock that each status allows (`docs/procedures.md`, `clock`).
fn status(checker: &mut Checker<'_, '_, '_>, step: StepAt<'_>) {
    if !checker.is_sure(step.at, &["status", "clock"]) {
        return;
    }
    use ClockEffect::{NotStarted, Paused, Runs, Stopped};
    let clock = &step.step.clock;
    let waits_for = |ground: PauseGround| match clock {
        Paused { on, .. } => *on == ground,
        NotStarted | Stopped => true,
        Runs => false,
    };
    let (fits, remedy) = match step.step.status {
        Status::Submitted => {
            (matches!(clock, NotStarted | Runs), "Status 1: not_started, or runs from submission.")
        }
        Status::Received => (*clock == Runs, "Status 2: the clock runs."),
        Status::Processing => {
            let pauses = [PauseGround::Applicant, PauseGround::Verification];
            let waits = matches!(clock, Paused { on, .. } if pauses.contains(on));
            (*clock == Runs || waits, "Status 4: runs, or paused on applicant or verification.")
        }
        Status::SupplementRequired => {
            let fits = waits_for(PauseGround::Supplement) && *clock != Stopped;
            (fits, "Status 5: paused on supplement, or not_started before reception.")
        }
        Status::PaymentRequired => {
            let fits = waits_for(PauseGround::Payment) && *clock != Stopped;
            (fits, "Status 6: paused on payment, or not_started before reception.")
        }
        Status::WithdrawalRequested => {
            let fits = waits_for(PauseGround::Withdrawal);
            (fits, "Status 7: paused on withdrawal, not_started before, stopped after the end.")
        }
        Status::NotAccepted | Status::Stopped | Status::Completed | Status::Delivered => {
            (*clock == Stopped, "Statuses 3, 8, 9 and 10: the clock has stopped.")
        }
    };
    if !fits {
        let number = u8::from(step.step.status);
        let message = format!("The clock of step {:?} contradicts status {number}.", step.step.id);
        checker.report(code::STATUS_CLOCK, &format!("{}/clock", step.at), message, remedy);
    }
}

/// A limit that starts at acceptance has not started before.
fn start(checker: &mut Checker<'_, '_, '_>) {
    let Some(index) = checker.graph.start else {
        return;
    };
    let step = checker.steps()[index];
    let limits = &checker.definition().limits;
    let by_submission = limits.iter().any(|limit| limit.start == ClockStart::Submitted);
    let runs = step.step.clock == ClockEffect::Runs;
    if by_submission != runs && !limits.is_empty() && checker.is_sure(step.at, &["clock"]) {
        let message = "The clock of the start step does not agree with `start:` of the limits.";
        let remedy = "Write `clock: runs` where a limit starts at submission, else not_started.";
        checker.report(code::CLOCK_SEQUENCE, &format!("{}/clock", step.at), message, remedy);
    }
}

fn sequence(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>, steps: &[StepAt<'_>]) {
    if !checker.is_target_sure(action) || !checker.is_sure(action.step.at, &["clock"]) {
        return;
    }
    let ways = checker.edges_of(action).into_iter().filter(|edge| !edge.back);
    for to in ways.map(|edge| steps[edge.to]) {
        if !checker.is_sure(to.at, &["clock"]) {
            continue;
        }
        let accepts = action.action.act == Act::Accept;
        if let Some(why) = impossible(&action.step.step.clock, &to.step.clock, accepts) {
            let target = &to.step.id;
            let message = format!("{} leads to {target:?}, but {why}.", called(action));
            let remedy = "Lead to a step whose clock can follow; withdrawals before, during and \
                          after processing need a step each.";
            let trace = checker.trace_of(action);
            let at = format!("{}/to", action.at);
            checker.report_with_trace(code::CLOCK_SEQUENCE, &at, message, remedy, trace);
        }
    }
}

fn impossible(from: &ClockEffect, to: &ClockEffect, accepts: bool) -> Option<&'static str> {
    use ClockEffect::{NotStarted, Paused, Runs, Stopped};
    match (from, to) {
        (NotStarted, NotStarted) if accepts => Some("acceptance starts the clock"),
        (NotStarted, Runs | Paused { .. }) if !accepts => Some("only acceptance starts the clock"),
        (Runs | Paused { .. } | Stopped, NotStarted) => Some("the clock has started already"),
        (Stopped, Paused { .. }) => Some("a stopped clock cannot be paused"),
        (NotStarted, NotStarted | Runs | Paused { .. } | Stopped)
        | (Runs | Paused { .. }, Runs | Paused { .. } | Stopped)
        | (Stopped, Runs | Stopped) => None,
    }
}

fn resume(
    checker: &mut Checker<'_, '_, '_>,
    at: &str,
    limit: &LimitRule,
    paused: &BTreeSet<PauseGround>,
) {
    let at = format!("{at}/resume");
    for ground in paused.iter().filter(|ground| !limit.resume.contains_key(ground)) {
        let word = words::pause_ground(*ground);
        let place = format!("{at}/{word}");
        if checker.reader.is_faulty(&place) || checker.reader.is_faulty(&at) {
            continue;
        }
        let message = format!("Limit {:?} does not say how it goes on after {word}.", limit.id);
        let remedy = format!("Add `{word}: resume_remaining`, restart_full or {{fixed_after: n}}.");
        checker.report(code::RESUME_MISSING, &at, message, remedy);
    }
    for (ground, regime) in &limit.resume {
        let place = format!("{at}/{}", words::pause_ground(*ground));
        if !paused.contains(ground) {
            let message = "No step pauses the clock on this ground.";
            checker.report(code::RESUME_UNUSED, &place, message, "Remove the line.");
        }
        let remaining = *regime == Regime::ResumeRemaining;
        let fixed = matches!(regime, Regime::FixedAfter { .. });
        let wrong = match limit.statutory.unit {
            Unit::Month => remaining.then_some("restart_full or {fixed_after: n}"),
            Unit::SameDay => (remaining || fixed).then_some("restart_full"),
            Unit::WorkingDay | Unit::CalendarDay | Unit::WorkingHour => None,
        };
        if let Some(allowed) = wrong {
            let unit = words::unit(limit.statutory.unit);
            let message = format!("A limit in {unit} cannot go on like this.");
            checker.report(code::RESUME_UNIT, &place, message, format!("Use {allowed}."));
        }
    }
}

fn committed(checker: &mut Checker<'_, '_, '_>, at: &str, limit: &LimitRule) {
    let Some(committed) = &limit.committed else {
        return;
    };
    if !checker.is_sure(at, &["statutory", "committed"]) {
        return;
    }
    let longer = if committed.unit == limit.statutory.unit {
        committed.amount > limit.statutory.amount
    } else {
        most_minutes(committed) > least_minutes(&limit.statutory)
    };
    if longer {
        let message =
            format!("The committed limit of {:?} can exceed the statutory one.", limit.id);
        let remedy = "Shorten `committed:`, or remove it (T16).";
        checker.report(code::COMMITTED_LONGER, &format!("{at}/committed"), message, remedy);
    }
}
