//! The times of the internal process fit into the limit (T27).
//!
//! Counted are the steps in which the clock runs, from acceptance (or admission, or submission, or
//! the beginning of a later phase) to status 9 or the next phase, along the longest way without
//! rework. Steps that can follow each other in a circle count once each; of branches the longest
//! counts. A step that only its timeout ends takes at least as long as that. Where units differ, a
//! step counts with the most working time that it can mean and a limit with the least. Each variant
//! is looked at with each channel, and what a condition rules out there is left out; where the
//! variant may be changed, each is looked at once more as the one that the case turned out to be:
//! what came before the change is then that of any variant.

use std::collections::{BTreeMap, BTreeSet};

use motcua_deadlines::{Limit, Unit};

use super::graph::{By, targets};
use super::{ActionAt, Checker, guards, interrupts};
use crate::definition::{
    Act, Action, ClockEffect, ClockStart, LimitRule, Status, Step, StepKind, Target,
};
use crate::finding::{TraceStep, code};
use crate::guard::Guard;
use crate::guard::cases::{Atom, Case, Known};

/// Most pairs of variant and channel that are looked at one by one: as many as the language allows.
const SITUATIONS_MAX: usize = 300;

/// Working minutes of a day (T14).
const DAY_MINUTES: u64 = 480;
/// Longest run of days off that a window of calendar days must be expected to hold (Tết).
const REST_DAYS_MAX: u64 = 9;
/// Days of the shortest month, and of the longest.
const MONTH_DAYS_MIN: u64 = 28;
const MONTH_DAYS_MAX: u64 = 31;

/// Least working time that a limit gives.
pub(super) fn least_minutes(limit: &Limit) -> u64 {
    let amount = u64::from(limit.amount);
    match limit.unit {
        Unit::WorkingHour => amount * 60,
        Unit::WorkingDay => amount * DAY_MINUTES,
        Unit::SameDay => DAY_MINUTES,
        Unit::CalendarDay => least_in(amount),
        Unit::Month => least_in(amount * MONTH_DAYS_MIN),
    }
}

/// Of so many calendar days at least these are worked, the last one in any case (T10).
fn least_in(days: u64) -> u64 {
    (days.saturating_sub(REST_DAYS_MAX) * 5 / 7).max(1) * DAY_MINUTES
}

/// Most working time that a step may take.
pub(super) fn most_minutes(limit: &Limit) -> u64 {
    let amount = u64::from(limit.amount);
    match limit.unit {
        Unit::WorkingHour => amount * 60,
        Unit::WorkingDay | Unit::CalendarDay => amount * DAY_MINUTES,
        Unit::SameDay => DAY_MINUTES,
        Unit::Month => amount * MONTH_DAYS_MAX * DAY_MINUTES,
    }
}

pub(super) fn check(checker: &mut Checker<'_, '_, '_>) {
    let steps_are_sure =
        checker.steps().iter().all(|step| checker.is_sure(step.at, &["clock", "status", "time"]));
    if !checker.are_ways_sure() || !steps_are_sure {
        return;
    }
    let back = super::rework::check(checker);
    let mut reported = BTreeSet::new();
    for (situation, words) in situations(checker) {
        let ways = Ways::of(checker, situation, &back);
        let definition = checker.definition();
        one_list(checker, &ways, "/limits", &definition.limits, None, &words, &mut reported);
        for (index, phase) in definition.phases.iter().enumerate() {
            let (at, id) = (format!("/phases/{index}/limits"), Some(phase.id.as_str()));
            one_list(checker, &ways, &at, &phase.limits, id, &words, &mut reported);
        }
    }
}

/// What is known of the case.
#[derive(Clone, Default)]
struct Situation {
    case: Case,
    /// By step: nothing is known of the variant there, because it may have been changed since.
    is_open: Vec<bool>,
    /// The case without its variant.
    open: Case,
}

impl Situation {
    fn at(&self, step: usize) -> &Case {
        if self.is_open.get(step) == Some(&true) { &self.open } else { &self.case }
    }
}

/// The cases to look at, with words for each.
fn situations(checker: &Checker<'_, '_, '_>) -> Vec<(Situation, String)> {
    let variant = Atom::Path(vec!["variant".to_owned()]);
    let steps = checker.steps();
    let changes = |action: &Action| action.act == Act::ChangeVariant;
    let changed = steps.iter().filter(|step| step.step.actions.iter().any(changes));
    let changed: Vec<usize> = changed.map(|step| step.index).collect();
    // Who comes back from an interruption stands where it stood before.
    let mut after = checker.graph.walk(changed.iter().copied(), |_| true).reached;
    for region in &checker.graph.regions {
        if region.opened_by.is_some_and(|(opener, _)| after.contains(&opener)) {
            after.extend(&region.steps);
        }
    }
    let is_open: Vec<bool> = steps.iter().map(|step| !after.contains(&step.index)).collect();
    let mut all = Vec::new();
    for (case, words) in cases(checker) {
        let mut open = case.clone();
        let is_fixed = open.remove(&variant).is_some();
        if is_fixed && !changed.is_empty() {
            let situation = Situation { case: case.clone(), is_open: is_open.clone(), open };
            all.push((situation, format!("{words} (after a change)")));
        }
        all.push((Situation { case, ..Situation::default() }, words));
    }
    all
}

/// The pairs of variant and channel, when some condition of the process or of a limit asks for
/// them.
fn cases(checker: &Checker<'_, '_, '_>) -> Vec<(Case, String)> {
    let definition = checker.definition();
    let of_process = ["/steps/", "/anywhere/", "/limits/", "/phases/"];
    let read: BTreeSet<&str> = guards::all(checker)
        .iter()
        .filter(|found| of_process.iter().any(|part| found.at.starts_with(part)))
        .flat_map(|found| found.guard.reads().variables.iter().map(String::as_str))
        .collect();
    let fixed = |name: &str, value: &str| {
        (Atom::Path(vec![name.to_owned()]), Known::Text(value.to_owned()))
    };
    let mut situations = vec![(Case::new(), String::new())];
    let variants = definition.variants.iter().map(|variant| variant.id.as_str()).collect();
    let channels = definition.channels.iter().map(|channel| channel.as_str()).collect();
    for (name, values) in [("variant", variants), ("channel", channels)] {
        let values: Vec<&str> = values;
        if !read.contains(name) || situations.len() * values.len() > SITUATIONS_MAX {
            continue;
        }
        let with = |(case, words): &(Case, String), value: &str| {
            let mut case = case.clone();
            case.extend([fixed(name, value)]);
            (case, format!("{words} ({name} {value})"))
        };
        let pairs = situations.iter().flat_map(|known| values.iter().map(move |v| with(known, v)));
        situations = pairs.collect();
    }
    situations
}

/// The limits of a phase, or of the time before the first one.
fn one_list(
    checker: &mut Checker<'_, '_, '_>,
    ways: &Ways,
    at: &str,
    limits: &[LimitRule],
    phase: Option<&str>,
    words: &str,
    reported: &mut BTreeSet<String>,
) {
    for (index, limit) in limits.iter().enumerate() {
        let at = format!("{at}/{index}");
        let verdict =
            limit.when.as_ref().map_or(Some(true), |guard| guard.verdict(&ways.situation.case));
        if verdict != Some(false) && checker.is_sure(&at, &["statutory", "committed"]) {
            let starts = starts(checker, &ways.situation, limit.start, phase);
            let (minutes, way) = ways.longest(checker, &starts);
            let mut bounds = vec![("statutory", &limit.statutory)];
            bounds.extend(limit.committed.as_ref().map(|committed| ("committed", committed)));
            for (which, bound) in bounds {
                let allowed = least_minutes(bound);
                let at = format!("{at}/{which}");
                if minutes <= allowed || !reported.insert(at.clone()) {
                    continue;
                }
                let names: Vec<&str> = way.iter().map(|step| step.state.as_str()).collect();
                let message = format!(
                    "The steps take {minutes} working minutes{words}, the {which} limit {:?} \
                     gives {allowed}: {}.",
                    limit.id,
                    names.join(" → "),
                );
                let remedy = "Shorten `time:` of these steps.";
                let code = code::STEP_TIMES_EXCEED_LIMIT;
                checker.report_with_trace(code, &at, message, remedy, way.clone());
            }
        }
        if verdict == Some(true) {
            return;
        }
    }
}

/// Where the clock of a limit starts.
fn starts(
    checker: &Checker<'_, '_, '_>,
    situation: &Situation,
    start: ClockStart,
    phase: Option<&str>,
) -> Vec<usize> {
    let led_to = |is_start: &dyn Fn(&ActionAt<'_>) -> bool| -> Vec<usize> {
        let actions = checker.actions().into_iter().filter(|action| is_start(action));
        actions
            .flat_map(|action| {
                let to = possible_of(action.action, situation.at(action.step.index));
                to.into_iter().filter_map(|id| checker.index.get(id).copied()).collect::<Vec<_>>()
            })
            .collect()
    };
    if let Some(phase) = phase {
        return led_to(&|action| action.action.begins.as_deref() == Some(phase));
    }
    let by = |act: Act| {
        led_to(&|action| action.step.step.kind == StepKind::Task && action.action.act == act)
    };
    match start {
        ClockStart::Submitted => checker.graph.start().into_iter().collect(),
        ClockStart::Accept => by(Act::Accept),
        ClockStart::Admit => by(Act::Admit),
    }
}

/// The longest way from every step in one situation.
struct Ways {
    situation: Situation,
    circle: Vec<usize>,
    members: Vec<Vec<usize>>,
    /// By circle: the minutes from here on, and the circle that follows.
    best: Vec<(u64, Option<usize>)>,
    /// By step: the longest of its branches, when that is longer than its own time.
    branch: BTreeMap<usize, usize>,
}

impl Ways {
    fn of(
        checker: &Checker<'_, '_, '_>,
        situation: Situation,
        back: &BTreeSet<(usize, usize)>,
    ) -> Ways {
        let steps = &checker.definition().steps;
        let edges = counted_edges(checker, &situation, back);
        let circle = circles(steps.len(), &edges);
        let count = circle.iter().max().map_or(0, |last| last + 1);
        let mut members = vec![Vec::new(); count];
        (0..steps.len()).for_each(|step| members[circle[step]].push(step));
        let mut next = vec![Vec::new(); count];
        for (from, to) in edges {
            if circle[from] != circle[to] {
                next[circle[from]].push(circle[to]);
            }
        }
        let best = vec![(0, None); count];
        let mut ways = Ways { situation, circle, members, best, branch: BTreeMap::new() };
        for region in checker.graph.regions.iter().rev() {
            let mut here: Vec<usize> = region.steps.iter().map(|step| ways.circle[*step]).collect();
            here.sort_unstable();
            here.dedup();
            // Every way leads from a higher number to a lower one.
            for group in here {
                let mut own = 0;
                for step in ways.members[group].clone() {
                    own += ways.minutes(checker, step);
                }
                let follows = next[group].iter().map(|to| (own + ways.best[*to].0, Some(*to)));
                let longest = follows.max_by_key(|(minutes, _)| *minutes);
                ways.best[group] = longest.unwrap_or((own, None));
            }
        }
        ways
    }

    /// What a step takes: its own time, or that of its longest branch.
    fn minutes(&mut self, checker: &Checker<'_, '_, '_>, index: usize) -> u64 {
        let step = &checker.definition().steps[index];
        let counts = step.clock == ClockEffect::Runs && step.status != Status::Completed;
        let share = step.time.as_ref().map_or(0, most_minutes);
        let own = if counts { share.max(waited_out(step)) } else { 0 };
        let branches = step.parallel.iter().flat_map(|parallel| &parallel.branches);
        let opened = branches.zip(&checker.graph.opened[index]).filter(|(branch, _)| {
            let verdict = branch.when.as_ref().map(|guard| guard.verdict(self.situation.at(index)));
            verdict != Some(Some(false))
        });
        let starts = opened.filter_map(|(_, region)| checker.graph.regions[*region].start);
        let of_branch = starts.map(|start| (self.best[self.circle[start]].0, start)).max();
        match of_branch {
            Some((minutes, start)) if minutes > own => {
                self.branch.insert(index, start);
                minutes
            }
            Some(_) | None => own,
        }
    }

    /// Minutes of the longest way from one of the steps, and the way.
    fn longest(&self, checker: &Checker<'_, '_, '_>, from: &[usize]) -> (u64, Vec<TraceStep>) {
        let minutes = |step: &usize| self.best[self.circle[*step]].0;
        let Some(first) = from.iter().copied().max_by_key(minutes) else {
            return (0, Vec::new());
        };
        let mut way = Vec::new();
        let mut stack = vec![(Some(self.circle[first]), Vec::<usize>::new())];
        while let Some((group, mut waiting)) = stack.pop() {
            if let Some(step) = waiting.pop() {
                let id = &checker.definition().steps[step].id;
                way.push(TraceStep { state: id.clone(), action: String::new() });
                stack.push((group, waiting));
                let branch = self.branch.get(&step).map(|start| self.circle[*start]);
                stack.extend(branch.map(|group| (Some(group), Vec::new())));
                continue;
            }
            if let Some(group) = group {
                let members = self.members[group].iter().rev().copied().collect();
                stack.push((self.best[group].1, members));
            }
        }
        (minutes(&first), way)
    }
}

/// What a step takes at least because nothing but its timeout leads on.
fn waited_out(step: &Step) -> u64 {
    let Some(timeout) = &step.timeout else { return 0 };
    let is_on = |action: &&Action| {
        let leaves = !matches!(action.target, Target::Stay);
        let ends = matches!(action.act, Act::Lapse | Act::Stop);
        leaves && !ends && !action.rework && !interrupts(action.act)
    };
    let is_alone = step.parallel.is_none() && step.actions.iter().filter(is_on).count() == 0;
    if is_alone { least_minutes(&timeout.after) } else { 0 }
}

/// Ways that count: no way back, no return from an interruption, nothing beyond status 9, no other
/// phase, nothing that a condition rules out.
fn counted_edges(
    checker: &Checker<'_, '_, '_>,
    situation: &Situation,
    back: &BTreeSet<(usize, usize)>,
) -> Vec<(usize, usize)> {
    let steps = &checker.definition().steps;
    let mut counted = Vec::new();
    for step in checker.steps().iter().filter(|step| step.step.status != Status::Completed) {
        let case = situation.at(step.index);
        let join = step.step.parallel.as_ref().map(|parallel| &parallel.join.target);
        let join = join.map(|target| possible(target, case)).unwrap_or_default();
        let numbered = step.step.actions.iter().enumerate();
        let actions: Vec<BTreeSet<&str>> = numbered
            .map(|(number, action)| {
                let left_out = back.contains(&(step.index, number)) || action.begins.is_some();
                if left_out { BTreeSet::new() } else { possible_of(action, case) }
            })
            .collect();
        for edge in checker.graph.ways_from(step.index) {
            let to = steps[edge.to].id.as_str();
            let counts = match edge.by {
                By::Back(_) => false,
                By::Join => join.contains(to),
                By::Action(action) => actions[action].contains(to),
            };
            if counts {
                counted.push((edge.from, edge.to));
            }
        }
    }
    counted
}

/// The steps that an action can lead to in the case.
fn possible_of<'a>(action: &'a Action, case: &Case) -> BTreeSet<&'a str> {
    if is_never(action.when.as_ref(), case) {
        return BTreeSet::new();
    }
    possible(&action.target, case)
}

fn is_never(guard: Option<&Guard>, case: &Case) -> bool {
    guard.is_some_and(|guard| guard.verdict(case) == Some(false))
}

/// The steps that a target can lead to in the case.
fn possible<'t>(target: &'t Target, case: &Case) -> BTreeSet<&'t str> {
    let Target::Choice(choices) = target else {
        return targets(target).into_iter().collect();
    };
    let mut possible = BTreeSet::new();
    for choice in choices {
        let verdict = choice.when.as_ref().map_or(Some(true), |guard| guard.verdict(case));
        if verdict != Some(false) {
            possible.insert(choice.to.as_str());
        }
        if verdict == Some(true) {
            break;
        }
    }
    possible
}

/// The number of each step's circle: steps that can reach each other share one; every way between
/// circles leads to a lower number.
pub(super) fn circles(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let (mut next, mut before) = (vec![Vec::new(); count], vec![Vec::new(); count]);
    for (from, to) in edges {
        next[*from].push(*to);
        before[*to].push(*from);
    }
    // Kosaraju: leave each step after all that follow it, then collect backwards.
    let mut left = Vec::new();
    let mut seen = vec![false; count];
    for step in 0..count {
        leave_in_order(step, &before, &mut seen, &mut left);
    }
    let mut circle = vec![usize::MAX; count];
    let mut number = 0;
    for step in left.into_iter().rev() {
        if circle[step] != usize::MAX {
            continue;
        }
        let mut stack = vec![step];
        while let Some(member) = stack.pop() {
            if circle[member] == usize::MAX {
                circle[member] = number;
                stack.extend(next[member].iter().filter(|to| circle[**to] == usize::MAX));
            }
        }
        number += 1;
    }
    circle
}

fn leave_in_order(root: usize, ways: &[Vec<usize>], seen: &mut [bool], left: &mut Vec<usize>) {
    let mut stack = vec![(root, false)];
    while let Some((step, done)) = stack.pop() {
        if done {
            left.push(step);
        } else if !seen[step] {
            seen[step] = true;
            stack.push((step, true));
            stack.extend(ways[step].iter().filter(|to| !seen[**to]).map(|to| (*to, false)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(unit: Unit, amount: u32) -> Limit {
        Limit { unit, amount, cutoff: None }
    }

    #[test]
    fn a_limit_counts_least_and_a_step_counts_most() {
        assert_eq!(least_minutes(&limit(Unit::SameDay, 1)), 480);
        assert_eq!(least_minutes(&limit(Unit::WorkingDay, 3)), 1_440);
        assert_eq!(least_minutes(&limit(Unit::CalendarDay, 30)), 15 * 480);
        assert_eq!(least_minutes(&limit(Unit::CalendarDay, 1)), 480);
        assert_eq!(most_minutes(&limit(Unit::CalendarDay, 2)), 960);
        assert_eq!(most_minutes(&limit(Unit::WorkingHour, 8)), 480);
    }

    #[test]
    fn ways_between_circles_lead_downwards() {
        let edges = [(0, 1), (1, 2), (2, 1), (2, 3), (0, 3)];
        let circle = circles(4, &edges);
        assert_eq!(circle[1], circle[2]);
        assert!(circle[0] > circle[1] && circle[2] > circle[3]);
    }
}
