//! One life: what is lawful next, by chance.

use jiff::{SignedDuration, Timestamp};
use motcua_dossiers::local_date;
use motcua_dossiers::rejection::Reason;
use motcua_procedures::{Act, Role};

use super::chance::Chance;
use super::details::with;
use super::filing::file_one;
use crate::coverage::Coverage;
use crate::instant;
use crate::play::command;
use crate::play::who::{Doing, Performer, candidates, performer};
use crate::scenario::{Deed, Suite};
use crate::world::{EVENTS_MAX, Trouble, World};

/// Most turns of one life.
const TURNS_MAX: usize = 1_500;
/// Turns without an action after which nothing seems to be lawful any more.
const IDLE_TURNS_MAX: usize = 60;
/// Attempts at one act with other details.
const ATTEMPTS_MAX: usize = 3;
/// How often of a hundred times somebody who is waited for falls silent.
const SILENCE_PERCENT: u64 = 10;
/// How much more likely something is that no life has done yet.
const NEW_FACTOR: u64 = 5;

/// How a life ended.
#[derive(Clone, Debug)]
pub(crate) enum End {
    Unfiled,
    Closed,
    Calendar,
    Dead(String),
    Broken(String),
}

/// Lives until the dossier is closed.
pub(crate) fn live(
    world: &mut World<'_>,
    suite: Option<&Suite>,
    known: &Coverage,
    chance: &mut Chance,
) -> End {
    match file_one(world, suite, chance) {
        Ok(true) => {}
        Ok(false) => return End::Unfiled,
        Err(trouble) => return end_of(trouble),
    }
    let mut idle = 0;
    for _ in 0..TURNS_MAX {
        if world.dossier().is_none_or(|dossier| dossier.closed) {
            return End::Closed;
        }
        let moved = match turn(world, known, chance) {
            Ok(moved) => moved,
            Err(trouble) => return end_of(trouble),
        };
        idle = if moved { 0 } else { idle + 1 };
        if idle < IDLE_TURNS_MAX {
            continue;
        }
        match next_timer(world) {
            Some(at) => {
                if let Err(trouble) = world.advance_to(at) {
                    return end_of(trouble);
                }
                idle = 0;
            }
            None => return End::Dead("nothing is lawful any more, and no timer is set".into()),
        }
    }
    End::Dead(format!("not closed after {TURNS_MAX} turns"))
}

fn end_of(trouble: Trouble) -> End {
    match trouble {
        // Dates beyond the last year of the calendar cannot be computed.
        Trouble::Refused(rejection) if rejection.reason == Reason::DeadlineRule => End::Calendar,
        Trouble::Refused(rejection) => End::Broken(format!("refused: {}", rejection.message.en)),
        Trouble::Broken(why) => End::Broken(why),
    }
}

fn next_timer(world: &World<'_>) -> Option<Timestamp> {
    world.dossier()?.timers.values().min().copied()
}

/// Something happens, or time passes; whether an action of the procedure was carried out.
fn turn(world: &mut World<'_>, known: &Coverage, chance: &mut Chance) -> Result<bool, Trouble> {
    let seen = world.history.len();
    pass_time(world, chance)?;
    let Some(dossier) = world.dossier().filter(|dossier| !dossier.closed) else { return Ok(true) };
    let open = candidates(dossier, world.procedure);
    let weights: Vec<u64> = open
        .iter()
        .map(|candidate| {
            let step = candidate.item.map(|item| item.step.as_str());
            let action = candidate.offer.action.as_deref();
            let weight = weight(candidate.offer.act, step, action, world);
            let is_new = step.zip(action).is_some_and(|(step, action)| {
                !known.has_action(step, action) && !world.coverage.has_action(step, action)
            });
            if is_new { weight * NEW_FACTOR } else { weight }
        })
        .collect();
    let deeds: Vec<Deed> = open
        .iter()
        .map(|candidate| Deed {
            deed: match (candidate.item, &candidate.offer.action) {
                (Some(item), Some(action)) => format!("{}/{action}", item.step),
                _ => candidate.offer.act.to_owned(),
            },
            item: candidate.item.map(|item| format!("{}@{}", item.step, item.unit)),
            role: chance.pick(&candidate.offer.roles).copied(),
            ..Deed::default()
        })
        .collect();
    for index in chance.order(&weights) {
        if attempt(&deeds[index], world, chance)? {
            break;
        }
    }
    Ok(world.history[seen..].iter().any(|event| event.action.is_some()))
}

/// Tries the deed with some details and people.
fn attempt(deed: &Deed, world: &mut World<'_>, chance: &mut Chance) -> Result<bool, Trouble> {
    for number in 0..ATTEMPTS_MAX {
        let by = (number > 0 && deed.role != Some(Role::Applicant)).then(|| number.to_string());
        let deed = Deed { by, ..deed.clone() };
        let Ok(performer) = performer(&deed, world) else { return Ok(false) };
        let with = with(&performer, world, chance);
        let Ok(command) = command(&performer, &with, world) else { return Ok(false) };
        match world.act(&performer.actor, &command) {
            Ok(events) => return Ok(events > 0),
            Err(Trouble::Refused(rejection)) if hopeless(rejection.reason, &performer) => {
                return Ok(false);
            }
            Err(Trouble::Refused(_)) => {}
            Err(broken @ Trouble::Broken(_)) => return Err(broken),
        }
    }
    Ok(false)
}

/// Whether other details or another person cannot help.
fn hopeless(reason: Reason, performer: &Performer) -> bool {
    let by_details = matches!(
        reason,
        Reason::FourEyes
            | Reason::ItemHeld
            | Reason::FormInvalid
            | Reason::FilingInvalid
            | Reason::DeadlineRule
            | Reason::SupplementIncomplete
            | Reason::DemandUnlawful
            | Reason::DocumentInvalid
            | Reason::AssigneeUnsuitable
            | Reason::UnitUnknown
    );
    let verdicts = reason == Reason::ReviewIncomplete && performer.doing != Doing::Act(Act::Accept);
    !by_details && !verdicts
}

/// How likely an act is beside the others: mostly forward, now and then back or out.
fn weight(act: &str, step: Option<&str>, action: Option<&str>, world: &World<'_>) -> u64 {
    let action = step.zip(action).and_then(|(step, id)| world.procedure.action(step, id));
    // What needs a written reason leads back or to a refusal.
    let against = action.is_some_and(|action| action.rework || action.reason);
    match act {
        "refuse" | "stop" | "withdraw" => 3,
        _ if against => 12,
        "accept" | "admit" | "record_payment" | "decide_items" => 80,
        "record_lookup" => 25,
        "request_supplement" | "apologise" | "extend" | "change_variant" => 8,
        "claim" => 4,
        "release" | "assign" | "hand_over" => 2,
        _ => 60,
    }
}

/// Minutes mostly, now and then hours or days; whoever waits for the applicant may wait for months.
fn pass_time(world: &mut World<'_>, chance: &mut Chance) -> Result<(), Trouble> {
    let Some(dossier) = world.dossier() else { return Ok(()) };
    let timeouts = dossier.timers.iter().filter(|(name, _)| name.starts_with("timeout:"));
    if let Some(at) = timeouts.map(|(_, at)| *at).min().filter(|_| chance.percent(SILENCE_PERCENT))
    {
        return world.advance_to(at);
    }
    let waits = |role: Role| matches!(role, Role::Applicant | Role::ReturnClerk);
    let waiting = dossier.items.values().any(|item| waits(item.role));
    let minutes = match chance.below(100) {
        0..=74 => chance.below(40),
        75..=92 => chance.below(16 * 60),
        93..=97 => chance.below(4 * 24 * 60),
        _ if waiting => chance.below(75 * 24 * 60),
        _ => chance.below(20 * 24 * 60),
    };
    let at = world.now + SignedDuration::from_mins(minutes.cast_signed());
    world.advance_to(office_time(world, at, chance))
}

/// Offices act while they are open; a night or a holiday is slept through.
fn office_time(world: &World<'_>, at: Timestamp, chance: &mut Chance) -> Timestamp {
    let mut day = local_date(at);
    let calendar = &world.setting.calendar;
    let open = |day| calendar.is_working_day(day).unwrap_or(true);
    if open(day) && at < instant::on(day, 17, 0) {
        return at.max(instant::on(day, 7, 30));
    }
    for _ in 0..30 {
        day = day.tomorrow().unwrap_or(day);
        if open(day) {
            break;
        }
    }
    let minutes = chance.below(90).cast_signed();
    instant::on(day, 7, 30) + SignedDuration::from_mins(minutes)
}

const _: () = assert!(TURNS_MAX < EVENTS_MAX, "a life of turns fits into the events of a life");
