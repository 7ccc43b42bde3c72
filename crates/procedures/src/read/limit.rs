//! Limits: how long the office has, and how a limit goes on after a pause.

use std::collections::{BTreeMap, BTreeSet};

use motcua_deadlines::{Limit, Regime, Unit};

use super::case::{ground, unique_id};
use super::root::text;
use super::words::{CLOCK_STARTS, PAUSE_GROUNDS, UNITS};
use super::{Fields, Item, Reader, suggestion};
use crate::definition::{ClockStart, LimitRule, PauseGround, Phase};
use crate::finding::code;

/// Most limits of a definition.
pub(crate) const LIMITS_MAX: usize = 50;
/// Most later phases of a definition.
pub(crate) const PHASES_MAX: usize = 10;
/// Longest limit, in its unit.
pub(crate) const AMOUNT_MAX: u32 = 10_000;

/// Later phases with limits of their own.
pub(super) fn phases(reader: &mut Reader<'_>, item: Item<'_>) -> Vec<Phase> {
    let mut ids = BTreeSet::new();
    let mut phases = Vec::new();
    for item in item.list(reader, PHASES_MAX) {
        let Some(mut fields) = item.fields(reader) else {
            continue;
        };
        let id = unique_id(reader, &mut fields, &mut ids);
        let name = text(reader, &mut fields, "name");
        let at = fields.at("limits");
        let limits = fields.required(reader, "limits").map(|item| rules(reader, item));
        let limits = limits.unwrap_or_default();
        if limits.is_empty() && !reader.is_faulty(&at) {
            let remedy = "Name the limit of the law.";
            reader.fault(code::OUT_OF_RANGE, &at, "The phase has no limit.", remedy);
        }
        fields.finish(reader);
        phases.push(Phase { id, name, limits });
    }
    phases
}

/// Limits; none where the law sets none (T32).
pub(super) fn rules(reader: &mut Reader<'_>, item: Item<'_>) -> Vec<LimitRule> {
    let mut ids = BTreeSet::new();
    let mut rules = Vec::new();
    for item in item.list(reader, LIMITS_MAX) {
        let Some(mut fields) = item.fields(reader) else {
            continue;
        };
        let id = unique_id(reader, &mut fields, &mut ids);
        rules.push(rule(reader, &mut fields, id));
        fields.finish(reader);
    }
    rules
}

fn rule(reader: &mut Reader<'_>, fields: &mut Fields<'_>, id: String) -> LimitRule {
    let when = fields.optional("when").and_then(|item| item.guard(reader));
    let start = fields.optional("start").and_then(|item| item.word(reader, CLOCK_STARTS));
    let statutory = fields.required(reader, "statutory");
    let (statutory, statutory_ground) = match statutory {
        Some(item) => grounded(reader, item),
        None => (placeholder(), String::new()),
    };
    let committed = fields.optional("committed").map(|item| grounded(reader, item));
    let (committed, committed_ground) = committed.unzip();
    let resume = fields.optional("resume").map(|item| regimes(reader, item)).unwrap_or_default();
    let start = start.unwrap_or(ClockStart::Accept);
    LimitRule { id, when, start, statutory, statutory_ground, committed, committed_ground, resume }
}

fn placeholder() -> Limit {
    Limit { unit: Unit::WorkingDay, amount: AMOUNT_MAX, cutoff: None }
}

/// A limit with its legal ground.
pub(super) fn grounded(reader: &mut Reader<'_>, item: Item<'_>) -> (Limit, String) {
    let Some(mut fields) = item.fields(reader) else {
        return (placeholder(), String::new());
    };
    let limit = amount(reader, &mut fields);
    let ground = ground(reader, &mut fields);
    fields.finish(reader);
    (limit, ground)
}

/// A plain amount of time, `{amount: 3, unit: working_day}`.
pub(super) fn plain(reader: &mut Reader<'_>, item: Item<'_>) -> Limit {
    let Some(mut fields) = item.fields(reader) else {
        return placeholder();
    };
    let limit = amount(reader, &mut fields);
    fields.finish(reader);
    limit
}

fn amount(reader: &mut Reader<'_>, fields: &mut Fields<'_>) -> Limit {
    let at = fields.item.at.clone();
    let unit = fields.required(reader, "unit").and_then(|item| item.word(reader, UNITS));
    let same_day = unit == Some(Unit::SameDay);
    let item = fields.optional("amount");
    if item.is_none() && !same_day {
        let message = "The key \"amount\" is missing.";
        reader.fault(code::MISSING_KEY, &format!("{at}/amount"), message, "Add `amount:`.");
    }
    let most = if same_day { 1 } else { AMOUNT_MAX };
    let amount = item.and_then(|item| item.count(reader, 1..=most));
    let cutoff = fields.optional("cutoff");
    if let Some(item) = cutoff.as_ref().filter(|_| !same_day) {
        let message = "Only a same-day limit has a cut-off.";
        reader.fault(code::UNKNOWN_KEY, &item.at, message, "Remove it, or use unit: same_day.");
    }
    let cutoff = cutoff.and_then(|item| item.time(reader)).filter(|_| same_day);
    let (Some(unit), true) = (unit, amount.is_some() || same_day) else {
        reader.fault_silently(&at);
        return placeholder();
    };
    Limit { unit, amount: amount.unwrap_or(1), cutoff }
}

fn regimes(reader: &mut Reader<'_>, item: Item<'_>) -> BTreeMap<PauseGround, Regime> {
    let mut regimes = BTreeMap::new();
    let Some(fields) = item.fields(reader) else {
        return regimes;
    };
    for (name, item) in fields.entries() {
        let known = PAUSE_GROUNDS.iter().find(|(known, _)| *known == name);
        let Some((_, ground)) = known else {
            let message = format!("{name:?} is no ground of a pause.");
            let remedy = suggestion(name, PAUSE_GROUNDS.iter().map(|(known, _)| *known));
            reader.fault(code::UNKNOWN_KEY, &item.at, message, remedy);
            continue;
        };
        if let Some(regime) = regime(reader, item) {
            regimes.insert(*ground, regime);
        }
    }
    regimes
}

/// How a limit goes on after a pause.
pub(super) fn regime(reader: &mut Reader<'_>, item: Item<'_>) -> Option<Regime> {
    if item.is_mapping() {
        let mut fields = item.fields(reader)?;
        let amount = fields.required(reader, "fixed_after");
        let amount = amount.and_then(|item| item.count(reader, 1..=AMOUNT_MAX));
        fields.finish(reader);
        return amount.map(|amount| Regime::FixedAfter { amount });
    }
    let words =
        [("resume_remaining", Regime::ResumeRemaining), ("restart_full", Regime::RestartFull)];
    let text = item.text(reader)?;
    let known = words.iter().find(|(name, _)| *name == text);
    if known.is_none() {
        let message = format!("{text:?} is no way to go on after a pause.");
        let remedy = "Use resume_remaining, restart_full or {fixed_after: n}.";
        reader.fault(code::UNKNOWN_VALUE, &item.at, message, remedy);
    }
    known.map(|(_, regime)| *regime)
}
