//! The clock of the limit: armed by acceptance, paused with a ground, resumed as the law says.

use std::collections::BTreeSet;

use motcua_deadlines::{Regime, Unit};

use super::graph::Edge;
use super::times::{least_minutes, most_minutes};
use super::{Checker, Move, StepAt};
use crate::definition::{Act, ClockEffect, ClockStart, Kind, LimitRule, PauseGround, Status};
use crate::finding::code;
use crate::read::words;

pub(super) fn check(checker: &mut Checker<'_, '_, '_>) {
    let steps = checker.steps();
    for step in &steps {
        status(checker, *step);
    }
    start(checker);
    for leads in checker.moves() {
        sequence(checker, &leads, &steps);
    }
    let paused = pauses(checker, None);
    limits(checker, "/limits", &checker.definition().limits, &paused);
    for (index, phase) in checker.definition().phases.iter().enumerate() {
        let paused = pauses(checker, Some(&phase.id));
        limits(checker, &format!("/phases/{index}/limits"), &phase.limits, &paused);
    }
}

fn limits(
    checker: &mut Checker<'_, '_, '_>,
    at: &str,
    limits: &[LimitRule],
    paused: &BTreeSet<PauseGround>,
) {
    for (index, limit) in limits.iter().enumerate() {
        resume(checker, &format!("{at}/{index}"), limit, paused);
        committed(checker, &format!("{at}/{index}"), limit);
    }
}

/// The grounds on which steps pause the clock: in a phase, or before the first one.
fn pauses(checker: &Checker<'_, '_, '_>, phase: Option<&str>) -> BTreeSet<PauseGround> {
    let definition = checker.definition();
    let is_of_phase = phase_steps(checker, phase);
    let steps = definition.steps.iter().enumerate();
    let steps = steps.filter(|(index, _)| is_of_phase.as_ref().is_none_or(|s| s.contains(index)));
    steps
        .filter_map(|(_, step)| match &step.clock {
            ClockEffect::Paused { on, .. } => Some(*on),
            ClockEffect::NotStarted | ClockEffect::Runs | ClockEffect::Stopped => None,
        })
        .collect()
}

/// The steps of the main line in which a phase may be going on; none stands for all of them.
pub(super) fn phase_steps(
    checker: &Checker<'_, '_, '_>,
    phase: Option<&str>,
) -> Option<BTreeSet<usize>> {
    let definition = checker.definition();
    if definition.phases.is_empty() {
        return None;
    }
    let begins = |edge: &Edge| -> Option<&str> {
        definition.steps[edge.from].actions[edge.action()?].begins.as_deref()
    };
    let starts: Vec<usize> = match phase {
        None => checker.graph.start().into_iter().collect(),
        Some(id) => {
            let edges = checker.graph.edges().filter(|edge| begins(edge) == Some(id));
            edges.map(|edge| edge.to).collect()
        }
    };
    let goes_on = |edge: &Edge| begins(edge).is_none() || begins(edge) == phase;
    Some(checker.graph.walk(starts, goes_on).reached)
}

/// The clock that each status allows (`docs/procedures.md`, `clock`).
fn status(checker: &mut Checker<'_, '_, '_>, step: StepAt<'_>) {
    if step.step.within.is_some() || !checker.is_sure(step.at, &["status", "clock"]) {
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
    let Some(index) = checker.graph.start() else {
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

fn sequence(checker: &mut Checker<'_, '_, '_>, leads: &Move<'_>, steps: &[StepAt<'_>]) {
    if !checker.is_sure(leads.step.at, &["clock"]) {
        return;
    }
    let starts = leads.action.is_some_and(|action| starts_clock(checker, action.action.act));
    let begins = leads.action.is_some_and(|action| action.action.begins.is_some());
    // Feedback without a limit has no clock that an act would have to start.
    let definition = checker.definition();
    let is_free = definition.kind == Kind::Feedback && definition.limits.is_empty();
    for to in leads.edges.iter().filter(|edge| !edge.is_back()).map(|edge| steps[edge.to]) {
        if !checker.is_sure(to.at, &["clock"]) {
            continue;
        }
        let why = match begins {
            true if to.step.clock != ClockEffect::Runs => Some("a phase begins with its clock"),
            true if leads.step.step.clock == ClockEffect::NotStarted => {
                Some("a later phase begins after the first")
            }
            true => None,
            false if is_free && leads.step.step.clock == ClockEffect::NotStarted => None,
            false => impossible(&leads.step.step.clock, &to.step.clock, starts),
        };
        if let Some(why) = why {
            let target = &to.step.id;
            let message = format!("{} leads to {target:?}, but {why}.", leads.called());
            let remedy = "Lead to a step whose clock can follow; withdrawals before, during and \
                          after processing need a step each.";
            let trace = checker.trace_of_move(leads);
            checker.report_with_trace(code::CLOCK_SEQUENCE, &leads.at, message, remedy, trace);
        }
    }
}

/// Whether the act starts the clock of a limit; without limits either act begins the work.
fn starts_clock(checker: &Checker<'_, '_, '_>, act: Act) -> bool {
    let limits = &checker.definition().limits;
    let start = match act {
        Act::Accept => ClockStart::Accept,
        Act::Admit => ClockStart::Admit,
        Act::RequestSupplement
        | Act::Supplement
        | Act::Refuse
        | Act::Advance
        | Act::Sign
        | Act::Issue
        | Act::Complete
        | Act::Deliver
        | Act::Withdraw
        | Act::DeclineWithdrawal
        | Act::Apologise
        | Act::Extend
        | Act::ChangeVariant
        | Act::Stop
        | Act::Lapse
        | Act::Proceed => return false,
    };
    limits.is_empty() || limits.iter().any(|limit| limit.start == start)
}

fn impossible(from: &ClockEffect, to: &ClockEffect, starts: bool) -> Option<&'static str> {
    use ClockEffect::{NotStarted, Paused, Runs, Stopped};
    match (from, to) {
        (NotStarted, NotStarted) if starts => Some("acceptance or admission starts the clock"),
        (NotStarted, Runs | Paused { .. }) if !starts => {
            Some("only the act that `start:` of the limits names starts the clock")
        }
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
        if let Some(allowed) = unfit_regime(regime, limit.statutory.unit) {
            let unit = words::unit(limit.statutory.unit);
            let message = format!("A limit in {unit} cannot go on like this.");
            checker.report(code::RESUME_UNIT, &place, message, format!("Use {allowed}."));
        }
    }
}

/// What a limit in that unit can do instead, when it cannot go on like this.
pub(super) fn unfit_regime(regime: &Regime, unit: Unit) -> Option<&'static str> {
    let remaining = *regime == Regime::ResumeRemaining;
    let fixed = matches!(regime, Regime::FixedAfter { .. });
    match unit {
        Unit::Month => remaining.then_some("restart_full or {fixed_after: n}"),
        Unit::SameDay => (remaining || fixed).then_some("restart_full"),
        Unit::WorkingDay | Unit::CalendarDay | Unit::WorkingHour => None,
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
