//! Timers: what is due fires in due order before anything else happens.
//!
//! A timer that is no longer set fires into nothing, so firing twice is harmless. Effects count
//! from the true due instant, so the outcome never depends on whether the server was up.

use jiff::Timestamp;
use motcua_procedures::Act;
use serde_json::json;

use super::Context;
use super::act::{Chosen, action_name};
use super::settle::{after, settle};
use super::transition::Change;
use crate::command::{Actor, Choose, FiredTimer};
use crate::dossier::Dossier;
use crate::event::Event;
use crate::rejection::Rejection;

/// Most timers that fire in one go; what is left fires with the next command or wake-up.
const FIRED_MAX: usize = 64;

/// Fires every timer that is due at `ctx.now`.
///
/// # Errors
/// A deadline cannot be computed, for instance because its year is absent from the calendar.
pub fn fire_timers(dossier: &Dossier, ctx: &Context<'_>) -> Result<Vec<Event>, Rejection> {
    let system = Actor::system();
    let mut dossier = dossier.clone();
    let mut events = Vec::new();
    while events.len() < FIRED_MAX {
        let Some((name, due_at)) = next_due(&dossier, ctx.now) else {
            break;
        };
        let ctx = Context { actor: &system, command: None, now: due_at, ..ctx.clone() };
        let fired = fire(&dossier, &name, due_at, &ctx)?;
        let (following, rested) = settle(after(Some(dossier), &fired, &ctx), &ctx)?;
        events.push(fired);
        events.extend(following);
        dossier = rested;
    }
    Ok(events)
}

fn next_due(dossier: &Dossier, now: Timestamp) -> Option<(String, Timestamp)> {
    let due = dossier.timers.iter().filter(|(_, at)| **at <= now);
    due.min_by_key(|(name, at)| (**at, name.as_str())).map(|(name, at)| (name.clone(), *at))
}

fn fire(
    dossier: &Dossier,
    name: &str,
    due_at: Timestamp,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    let (kind, item) = match name.split_once(':') {
        Some((kind, item)) => (kind, item.parse().ok().and_then(|id: u32| dossier.items.get(&id))),
        None => (name, None),
    };
    let lapse = if kind == "timeout" { item.and_then(|item| lapse_of(item, ctx)) } else { None };
    let mut change = match lapse {
        Some(chosen) => {
            let choose = Choose::default();
            let mut change = Change::begin(dossier, Act::Lapse.as_str(), chosen, &choose, ctx);
            change.facts.action = Some(action_name(chosen));
            change.personal("reason", json!(lapse_reason(chosen, ctx)));
            change.follow_target()?;
            change
        }
        None => Change::plain(dossier, kind_of(kind), ctx),
    };
    if kind == "item_due"
        && let Some(item) = item
    {
        let mut item = item.clone();
        item.late = true;
        change.facts.items.push(item);
    }
    change.facts.timers.insert(name.to_owned(), None);
    change.facts.timer = Some(FiredTimer { name: name.to_owned(), due_at });
    change.finish()
}

fn lapse_of<'a>(item: &'a crate::dossier::WorkItem, ctx: &'a Context<'_>) -> Option<Chosen<'a>> {
    let step = ctx.procedure.step(&item.step)?;
    let timeout = step.timeout.as_ref()?;
    let action = step.actions.iter().find(|action| action.id == timeout.action)?;
    Some(Chosen { item, step, action })
}

/// Why a lapse closes or moves something, for the form that it produces: its name and legal ground.
fn lapse_reason(chosen: Chosen<'_>, ctx: &Context<'_>) -> String {
    let grounds = &ctx.procedure.definition().grounds;
    let timeout = chosen.step.timeout.as_ref();
    let ground = timeout.and_then(|timeout| grounds.get(&timeout.ground));
    let name = &chosen.action.name.vi;
    ground.map_or_else(|| name.clone(), |ground| format!("{name} ({})", ground.vi))
}

/// Event kinds of timers that only remind and mark.
fn kind_of(timer: &str) -> &'static str {
    match timer {
        "warn" => "timer.warn",
        "due" => "timer.due",
        "late" => "timer.late",
        "remind" => "timer.remind",
        "item_due" => "timer.item_due",
        "clock_due" => "timer.clock_due",
        "clock_late" => "timer.clock_late",
        _ => "timer.void",
    }
}
