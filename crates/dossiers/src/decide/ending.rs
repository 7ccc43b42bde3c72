//! Refusal, withdrawal, stop, apology: acts that owe the citizen a reason.

use jiff::Timestamp;
use motcua_procedures::Act;

use super::act::choose;
use super::result::record_draft;
use super::transition::Change;
use super::{Context, deadline_rule, reject};
use crate::command::{Apologise, Choose, Refuse};
use crate::dossier::{Clocks, Dossier};
use crate::event::Event;
use crate::rejection::{Reason, Rejection};

/// Before reception form 03 and status 3; afterwards a negative result that is signed, issued and
/// delivered like any other (L5). Which of them, the action says.
pub(super) fn refuse(
    dossier: &Dossier,
    refuse: &Refuse,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    let chosen = choose(dossier, Act::Refuse, &refuse.choose, ctx)?;
    let mut change = Change::begin(dossier, Act::Refuse.as_str(), chosen, &refuse.choose, ctx);
    record_draft(&mut change, chosen, refuse.draft.as_ref())?;
    change.follow_target()?;
    change.finish()
}

pub(super) fn withdraw(
    dossier: &Dossier,
    choose_: &Choose,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    follow(dossier, Act::Withdraw, choose_, ctx)
}

pub(super) fn decline_withdrawal(
    dossier: &Dossier,
    choose_: &Choose,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    follow(dossier, Act::DeclineWithdrawal, choose_, ctx)
}

pub(super) fn stop(
    dossier: &Dossier,
    choose_: &Choose,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    follow(dossier, Act::Stop, choose_, ctx)
}

fn follow(
    dossier: &Dossier,
    act: Act,
    choose_: &Choose,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    let chosen = choose(dossier, act, choose_, ctx)?;
    let mut change = Change::begin(dossier, act.as_str(), chosen, choose_, ctx);
    change.follow_target()?;
    change.finish()
}

/// Form 04: one new appointment, before the due date passes; the original date is kept for the
/// indicators (T24, T25).
pub(super) fn apologise(
    dossier: &Dossier,
    apology: &Apologise,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    let chosen = choose(dossier, Act::Apologise, &apology.choose, ctx)?;
    let Some(clocks) = &dossier.clocks else {
        return Err(reject(
            Reason::DeadlineRule,
            "Hồ sơ chưa có ngày hẹn.",
            "The dossier has no appointment yet.",
        ));
    };
    let mut change = Change::begin(dossier, Act::Apologise.as_str(), chosen, &apology.choose, ctx);
    change.set_clocks(reappointed(clocks, apology, ctx.now, dossier, ctx)?)?;
    change.facts.agency_at_fault = Some(apology.agency_at_fault);
    change.follow_target()?;
    change.finish()
}

fn reappointed(
    clocks: &Clocks,
    apology: &Apologise,
    now: Timestamp,
    dossier: &Dossier,
    ctx: &Context<'_>,
) -> Result<Clocks, Rejection> {
    let hours = ctx.hours_of(&dossier.filing.competent_unit);
    let inputs = ctx.inputs(&hours);
    let (clock, _) = clocks
        .appointment()
        .reappoint(apology.due_on, now, &inputs)
        .map_err(|error| deadline_rule(&error))?;
    let mut clocks = clocks.clone();
    match &mut clocks.committed {
        Some(committed) => *committed = clock,
        None => clocks.statutory = clock,
    }
    Ok(clocks)
}
