//! What is lawful and looks like a slip: warnings for the author.

use std::collections::BTreeSet;

use motcua_deadlines::{Limit, Unit};

use super::guards::{self, Table};
use super::{Checker, StepAt, called, values};
use crate::definition::{Act, Action, Amount, Channel, Collect, LimitRule, StepKind, Target};
use crate::finding::code;
use crate::guard::Guard;
use crate::guard::cases::{Atom, Case, Known, cases};
use crate::read::words;

/// Most cases that all tables of a definition together are tried over.
const CASES_TRIED_MAX: usize = 100_000;
/// Lowest fee that is not taken for a slip, đồng.
const FEE_MIN: u64 = 1_000;
/// A fee so many times its sibling is a slip of three digits.
const FEE_FACTOR: u64 = 1_000;
/// Longest amount of time that is not taken for a slip, days and months.
const DAYS_MAX: u32 = 730;
const MONTHS_MAX: u32 = 24;
/// Longest amount in hours that is not taken for a slip.
const HOURS_MAX: u32 = 2_000;

pub(super) fn check(checker: &mut Checker<'_, '_, '_>) {
    let mut budget = CASES_TRIED_MAX;
    if checker.is_sure("", &["form", "variants", "channels", "results"]) {
        constants(checker, &mut budget);
        for table in guards::tables(checker) {
            rows(checker, &table, &mut budget);
        }
        variants(checker, &mut budget);
        for step in checker.steps() {
            may_block(checker, step, &mut budget);
        }
        limits_by_channel(checker);
    }
    let definition = checker.definition();
    mixed_units(checker, "/limits", &definition.limits);
    for (index, phase) in definition.phases.iter().enumerate() {
        mixed_units(checker, &format!("/phases/{index}/limits"), &phase.limits);
    }
    for step in checker.steps() {
        only_grants(checker, step);
    }
    fees(checker);
    durations(checker);
    idle_lapses(checker);
}

fn tried<'g>(
    checker: &Checker<'_, '_, '_>,
    guards: impl Iterator<Item = &'g Guard> + Clone,
    budget: &mut usize,
) -> Option<Vec<Case>> {
    let definition = checker.definition();
    if *budget == 0 {
        return None;
    }
    let found = cases(guards, &|atom, compared| values::of(definition, atom, compared));
    *budget = budget.saturating_sub(found.as_ref().map_or(CASES_TRIED_MAX / 100, Vec::len));
    found
}

/// A condition that is always true or never.
fn constants(checker: &mut Checker<'_, '_, '_>, budget: &mut usize) {
    for found in guards::all(checker) {
        let Some(cases) = tried(checker, std::iter::once(found.guard), budget) else {
            continue;
        };
        let verdicts: BTreeSet<Option<bool>> =
            cases.iter().map(|case| found.guard.verdict(case)).collect();
        let always = verdicts.len() == 1 && verdicts.contains(&Some(true));
        let never = verdicts.len() == 1 && verdicts.contains(&Some(false));
        if always || never {
            let word = if always { "always holds" } else { "never holds" };
            let message = format!("The condition {:?} {word}.", found.guard.text());
            let remedy = "Correct it, or write the definition without it.";
            checker.report(code::GUARD_CONSTANT, &found.at, message, remedy);
        }
    }
}

/// A row that no case reaches, because rows before it take them all.
fn rows(checker: &mut Checker<'_, '_, '_>, table: &Table<'_>, budget: &mut usize) {
    let guards = || table.rows.iter().filter_map(|(_, guard)| *guard);
    if guards().count() == 0 {
        return;
    }
    let Some(cases) = tried(checker, guards(), budget) else {
        return;
    };
    let holds = |guard: Option<&Guard>, case: &Case| match guard {
        None => Some(true),
        Some(guard) => guard.verdict(case),
    };
    for (index, (at, guard)) in table.rows.iter().enumerate().skip(1) {
        let before = &table.rows[..index];
        let is_open = |case: &&Case| before.iter().all(|row| holds(row.1, case) != Some(true));
        let mut open = cases.iter().filter(is_open);
        let is_constant = |guard: &Guard| cases.iter().all(|c| guard.verdict(c) == Some(false));
        // A guard that never holds has its own finding, and so has a row behind an else.
        let told = guard.is_some_and(is_constant) || before.iter().any(|row| row.1.is_none());
        if !told && !open.any(|case| holds(*guard, case) != Some(false)) {
            let message = "The rows before this one take every case.";
            let remedy = "Correct the conditions, or remove the row.";
            checker.report(code::ROW_UNREACHABLE, at, message, remedy);
        }
    }
}

/// A filled-in form for which no variant may be chosen.
fn variants(checker: &mut Checker<'_, '_, '_>, budget: &mut usize) {
    let variants = &checker.definition().variants;
    // The condition of a single variant says who may file at all.
    if variants.len() < 2 || variants.iter().any(|variant| variant.when.is_none()) {
        return;
    }
    let guards = || variants.iter().filter_map(|variant| variant.when.as_ref());
    let Some(cases) = tried(checker, guards(), budget) else {
        return;
    };
    let is_certain = |case: &&Case| case.keys().all(|atom| !matches!(atom, Atom::Opaque(_)));
    let none = |case: &&Case| guards().all(|guard| guard.verdict(case) == Some(false));
    // A form that may hold any value of an open field is no hole that anybody would fall into.
    let listed = |case: &&Case| {
        case.iter().all(|(atom, value)| match (atom, value) {
            (Atom::Path(path), Known::Text(text)) => {
                text != "\0" || path.first().is_some_and(|root| root != "form")
            }
            (Atom::Has(_), present) => *present == Known::Bool(true),
            (Atom::Path(_) | Atom::Opaque(_), _) => true,
        })
    };
    // Of several fields the form may itself rule out the pair.
    let is_of_one_field = |case: &&Case| {
        case.keys().filter(|atom| matches!(atom, Atom::Path(path) if path[0] == "form")).count() < 2
    };
    let cases = cases.iter().filter(is_certain).filter(is_of_one_field);
    if let Some(case) = cases.filter(listed).find(none) {
        let message = format!("No variant may be chosen when {}.", spelled(case));
        let remedy = "Add a variant for it, or keep the form from allowing it.";
        checker.report(code::VARIANT_HOLE, "/variants", message, remedy);
    }
}

/// The case in words.
fn spelled(case: &Case) -> String {
    let parts = case.iter().filter_map(|(atom, value)| match atom {
        Atom::Path(path) => {
            let value = match value {
                Known::Bool(truth) => truth.to_string(),
                Known::Int(number) => number.to_string(),
                Known::Text(text) => format!("{text:?}"),
                Known::Null => "null".into(),
            };
            Some(format!("{} is {value}", path.join(".")))
        }
        Atom::Has(_) | Atom::Opaque(_) => None,
    });
    parts.collect::<Vec<_>>().join(" and ")
}

/// A step in which every action has a condition and none need hold, and nothing ends the wait.
fn may_block(checker: &mut Checker<'_, '_, '_>, step: StepAt<'_>, budget: &mut usize) {
    let actions = &step.step.actions;
    let is_way_out = |action: &&crate::definition::Action| !matches!(action.target, Target::Stay);
    let out: Vec<_> = actions.iter().filter(is_way_out).collect();
    let waits = step.step.timeout.is_some() || step.step.parallel.is_some();
    if out.is_empty() || waits || step.step.kind == StepKind::Final {
        return;
    }
    // An interruption is no way on: after it the dossier comes back.
    let on = || {
        let on = out.iter().filter(|action| !super::interrupts(action.act));
        on.filter(|action| action.act != Act::Stop || out.len() == 1)
    };
    if on().count() == 0 || on().any(|action| action.when.is_none()) {
        return;
    }
    let guards = || on().filter_map(|action| action.when.as_ref());
    // Nothing is said where there are too many cases to try.
    let covered = tried(checker, guards(), budget).is_none_or(|cases| {
        cases.iter().all(|case| guards().any(|guard| guard.verdict(case) == Some(true)))
    });
    if !covered {
        let id = &step.step.id;
        let message = format!("Step {id:?} may offer no action: every one has a condition.");
        let remedy = "Let one action have none, make the conditions cover each other, or add a \
                      `timeout:`.";
        let trace = checker.trace(step.index);
        checker.report_with_trace(code::STEP_MAY_BLOCK, step.at, message, remedy, trace);
    }
}

/// An examination in which nothing but yes can be said: documents are checked and a grant is decided
/// on, and every other way on is one that ends the case without a decision.
fn only_grants(checker: &mut Checker<'_, '_, '_>, step: StepAt<'_>) {
    let results = &checker.definition().results;
    if !step.step.reviews || !checker.is_sure("", &["results"]) {
        return;
    }
    let grants = |action: &Action| {
        let outcome = action.outcome.as_ref();
        results.iter().any(|result| result.positive && Some(&result.id) == outcome)
    };
    // Of these none says anything about what was examined.
    let decides_nothing = |action: &Action| {
        let ends = matches!(action.act, Act::Stop | Act::Withdraw | Act::Lapse | Act::Proceed);
        ends || matches!(action.target, Target::Stay)
    };
    let says: Vec<&Action> =
        step.step.actions.iter().filter(|action| !decides_nothing(action)).collect();
    let is_sure = checker.draft.actions_at[step.index]
        .iter()
        .all(|at| checker.is_sure(at, &["act", "to", "outcome"]));
    if is_sure && step.step.parallel.is_none() && !says.is_empty() && says.iter().all(|a| grants(a))
    {
        let message = format!("Nothing but yes can be said in step {:?}.", step.step.id);
        let remedy = "Let whoever examines refuse, ask for a supplement, or send the case back.";
        checker.report(code::EXAMINATION_ONLY_GRANTS, step.at, message, remedy);
    }
}

/// Limits in the unit of their siblings: days of two kinds are easily mixed up.
fn mixed_units(checker: &mut Checker<'_, '_, '_>, at: &str, limits: &[LimitRule]) {
    let is_day = |unit: Unit| matches!(unit, Unit::WorkingDay | Unit::CalendarDay);
    for (index, limit) in limits.iter().enumerate() {
        let unit = limit.statutory.unit;
        let differs = |other: &&LimitRule| {
            let other_unit = other.statutory.unit;
            other.start == limit.start && is_day(unit) && is_day(other_unit) && other_unit != unit
        };
        if let Some(other) = limits[..index].iter().find(differs) {
            let (here, there) = (words::unit(unit), words::unit(other.statutory.unit));
            let message = format!("Limit {:?} is in {here}, {:?} in {there}.", limit.id, other.id);
            let remedy = "Read both in the law again: \"ngày\" is a calendar day.";
            let at = format!("{at}/{index}/statutory/unit");
            checker.report(code::LIMIT_UNITS_MIXED, &at, message, remedy);
        }
    }
}

/// Who files on another way waits as long, or the law says why not.
fn limits_by_channel(checker: &mut Checker<'_, '_, '_>) {
    let definition = checker.definition();
    let limits = &definition.limits;
    let reads_channel_alone = |limit: &LimitRule| {
        limit.when.as_ref().is_some_and(|guard| {
            let variables = &guard.reads().variables;
            variables.len() == 1 && variables.contains("channel")
        })
    };
    if !limits.iter().any(reads_channel_alone) {
        return;
    }
    let applies = |channel: &Channel| {
        let value = Known::Text(channel.as_str().to_owned());
        let case = Case::from([(Atom::Path(vec!["channel".into()]), value)]);
        limits.iter().position(|limit| {
            limit.when.as_ref().is_none_or(|guard| guard.verdict(&case) == Some(true))
        })
    };
    let chosen: Vec<usize> = definition.channels.iter().filter_map(applies).collect();
    for (index, limit) in limits.iter().enumerate().filter(|(_, l)| reads_channel_alone(l)) {
        let contradicts = chosen.iter().map(|other| &limits[*other]).find(|other| {
            chosen.contains(&index)
                && other.statutory_ground == limit.statutory_ground
                && (other.statutory.unit, other.statutory.amount)
                    != (limit.statutory.unit, limit.statutory.amount)
        });
        if let Some(other) = contradicts {
            let message = format!(
                "Limits {:?} and {:?} differ by the channel alone, on the same ground.",
                limit.id, other.id
            );
            let remedy = "Check the limit in the law, or name the ground of the difference.";
            let at = format!("/limits/{index}/statutory");
            checker.report(code::LIMIT_CHANNELS, &at, message, remedy);
        }
    }
}

fn fees(checker: &mut Checker<'_, '_, '_>) {
    let fees = &checker.definition().fees;
    let price = |amount: &Amount| match amount {
        Amount::Fixed(price) => Some(*price),
        Amount::Tariff(tariff) => tariff.brackets.iter().map(|b| b.each).find(|each| *each > 0),
        Amount::Assessed => None,
    };
    let prices: Vec<u64> = fees.iter().filter_map(|fee| price(&fee.amount)).collect();
    for (index, fee) in fees.iter().enumerate() {
        let at = format!("/fees/{index}");
        let is_fixed = matches!(fee.amount, Amount::Fixed(_));
        let Some(own) = price(&fee.amount).filter(|own| *own > 0) else {
            continue;
        };
        let small = is_fixed && own < FEE_MIN;
        let far = is_fixed && prices.iter().any(|other| *other > own && *other / own >= FEE_FACTOR);
        if (small || far) && checker.is_sure(&at, &["amount"]) {
            let why = if small { "under 1,000 đồng" } else { "a thousandth of another fee" };
            let message = format!("The fee {:?} is {own} đồng, {why}.", fee.id);
            let remedy = "Write the full amount in đồng, not in thousands.";
            checker.report(code::FEE_AMOUNT, &format!("{at}/amount"), message, remedy);
        }
    }
    unawaited_fees(checker);
}

/// A fee that is collected while the dossier is processed is waited for somewhere.
fn unawaited_fees(checker: &mut Checker<'_, '_, '_>) {
    let read: BTreeSet<Vec<String>> = guards::all(checker)
        .iter()
        .flat_map(|found| found.guard.reads().paths.iter().cloned())
        .collect();
    for (index, fee) in checker.definition().fees.iter().enumerate() {
        let path = ["fees", fee.id.as_str(), "paid"].map(str::to_owned).to_vec();
        if fee.collect == Collect::Processing && !read.contains(&path) && !fee.id.is_empty() {
            let message = format!("Nothing waits for the fee {:?} to be paid.", fee.id);
            let remedy =
                format!("Use `fees.{}.paid` in a condition, or collect it elsewhere.", fee.id);
            checker.report(code::FEE_UNAWAITED, &format!("/fees/{index}"), message, remedy);
        }
    }
}

/// Amounts of time that nobody waits.
fn durations(checker: &mut Checker<'_, '_, '_>) {
    let definition = checker.definition();
    let mut all: Vec<(String, &Limit)> = Vec::new();
    let limits = |at: &str, limits: &[LimitRule]| -> Vec<(String, Limit)> {
        let parts = limits.iter().enumerate().flat_map(|(n, limit)| {
            let committed = limit.committed.iter().map(move |c| (format!("{n}/committed"), c));
            std::iter::once((format!("{n}/statutory"), &limit.statutory)).chain(committed)
        });
        parts.map(|(key, limit)| (format!("{at}/{key}"), limit.clone())).collect()
    };
    let mut owned = limits("/limits", &definition.limits);
    for (n, phase) in definition.phases.iter().enumerate() {
        owned.extend(limits(&format!("/phases/{n}/limits"), &phase.limits));
    }
    all.extend(owned.iter().map(|(at, limit)| (at.clone(), limit)));
    for (n, clock) in definition.clocks.iter().enumerate() {
        for (rule, part) in clock.rules.iter().enumerate() {
            let limit = part.limit.iter();
            all.extend(limit.map(|limit| (format!("/clocks/{n}/rules/{rule}/limit"), limit)));
        }
    }
    for step in checker.steps() {
        all.extend(step.step.time.iter().map(|limit| (format!("{}/time", step.at), limit)));
        let timeout = step.step.timeout.iter();
        all.extend(timeout.map(|t| (format!("{}/timeout/after", step.at), &t.after)));
    }
    for (at, limit) in all {
        let most = match limit.unit {
            Unit::WorkingDay | Unit::CalendarDay => DAYS_MAX,
            Unit::WorkingHour => HOURS_MAX,
            Unit::Month => MONTHS_MAX,
            Unit::SameDay => continue,
        };
        if limit.amount > most && checker.is_sure(&at, &[]) && !checker.reader.is_faulty(&at) {
            let unit = words::unit(limit.unit);
            let message = format!("{} × {unit} is longer than anything in practice.", limit.amount);
            let remedy = "Check the number and its unit: milliseconds, minutes and hours slip in.";
            checker.report(code::DURATION_ABSURD, &at, message, remedy);
        }
    }
}

/// A wait that has run out has a consequence.
fn idle_lapses(checker: &mut Checker<'_, '_, '_>) {
    for action in guards::own_actions(checker) {
        let is_noop = matches!(action.action.target, Target::Stay)
            && action.action.act == Act::Lapse
            && checker.is_target_sure(action);
        if is_noop {
            let message = format!("{} leaves the dossier where it is.", called(action));
            let remedy = "Lead to a step: a wait that has run out has a consequence.";
            checker.report(code::LAPSE_STAYS, &format!("{}/to", action.at), message, remedy);
        }
    }
}
