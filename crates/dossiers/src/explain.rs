//! How an appointment came to be: each act that set or moved it, in words.
//!
//! A clock keeps the inputs of its computation, so the act can be computed once more by the same
//! code; what comes out must be the clock that was stored.

use jiff::Timestamp;
use motcua_deadlines::{Calendar, Clock, DeadlineError, Explanation, Inputs, Phase, Regime};
use motcua_procedures::{Act, LimitRule, Procedure};

use crate::dossier::Clocks;

/// Computes once more what an act did to the appointment; none if it did nothing to it.
///
/// `kind` is the name of the act, `at` the instant from which it counts, `calendar` the one of
/// `after`.
///
/// # Errors
/// The act cannot be computed from these inputs, so the stored clock cannot be its outcome.
pub fn explain(
    (kind, at): (&str, Timestamp),
    before: Option<&Clocks>,
    after: &Clocks,
    procedure: &Procedure,
    calendar: &Calendar,
) -> Result<Option<(Clock, Explanation)>, DeadlineError> {
    let clock = after.appointment();
    let inputs = Inputs { calendar, hours: clock.hours() };
    let Some(before) = before else {
        return Clock::start(clock.limit(), clock.received_at(), &inputs).map(Some);
    };
    if before.phase != after.phase {
        return Clock::start(clock.limit(), clock.received_at(), &inputs).map(Some);
    }
    let earlier = before.appointment();
    match (earlier.phase(), clock.phase()) {
        (Phase::Running { .. }, Phase::Paused { since, .. }) => {
            earlier.pause(*since, &inputs).map(Some)
        }
        (Phase::Paused { .. }, Phase::Running { .. }) => {
            earlier.resume(at, &regime(procedure, before), &inputs).map(Some)
        }
        (Phase::Running { .. }, Phase::Running { due_on, .. }) if earlier != clock => {
            // Only an apology says the date itself; whatever else moves it puts a limit in the
            // place of another one, also of an equal one.
            if kind == Act::Apologise.as_str() {
                return earlier.reappoint(*due_on, at, &inputs).map(Some);
            }
            let computed = match (&before.committed, &after.committed) {
                (Some(dropped), None) => {
                    before.statutory.relimit_for(dropped, clock.limit(), at, &inputs)
                }
                _ => earlier.relimit(clock.limit(), at, &inputs),
            };
            computed.map(Some)
        }
        _ => Ok(None),
    }
}

/// How the limit goes on after the pause that `clocks` is in (T20). Checked procedures name a
/// regime for each ground on which they pause.
pub(crate) fn regime(procedure: &Procedure, clocks: &Clocks) -> Regime {
    let regime = rule_of(procedure, clocks)
        .zip(clocks.paused_on)
        .and_then(|(rule, on)| rule.resume.get(&on));
    regime.copied().unwrap_or(Regime::ResumeRemaining)
}

/// The rule that the clocks count by.
pub(crate) fn rule_of<'p>(procedure: &'p Procedure, clocks: &Clocks) -> Option<&'p LimitRule> {
    let definition = procedure.definition();
    let phase = clocks.phase.as_ref();
    let phase = phase.and_then(|id| definition.phases.iter().find(|phase| phase.id == *id));
    let limits = phase.map_or(&definition.limits, |phase| &phase.limits);
    limits.iter().find(|limit| limit.id == clocks.rule)
}
