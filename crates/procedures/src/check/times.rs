//! The times of the internal process fit into the limit (T27).
//!
//! Counted are the steps in which the clock runs, from acceptance (or submission) to status 9,
//! along the longest way without rework. Steps that can follow each other in a circle count once
//! each. Where units differ, a step counts with the most working time that it can mean and a limit
//! with the least.

use std::collections::BTreeSet;

use motcua_deadlines::{Limit, Unit};

use super::Checker;
use super::graph::Edge;
use crate::definition::{Act, ClockEffect, ClockStart, Status, StepKind};
use crate::finding::{TraceStep, code};

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
    let ways_are_sure = checker.actions().iter().all(|action| checker.is_target_sure(*action));
    let steps_are_sure =
        checker.steps().iter().all(|step| checker.is_sure(step.at, &["clock", "status", "time"]));
    if !ways_are_sure || !steps_are_sure {
        return;
    }
    for (index, limit) in checker.definition().limits.iter().enumerate() {
        let at = format!("/limits/{index}");
        if !checker.is_sure(&at, &["statutory", "committed"]) {
            continue;
        }
        let (minutes, way) = longest(checker, limit.start);
        let mut bounds = vec![("statutory", &limit.statutory)];
        bounds.extend(limit.committed.as_ref().map(|committed| ("committed", committed)));
        for (which, bound) in bounds {
            let allowed = least_minutes(bound);
            if minutes > allowed {
                let names: Vec<&str> = way.iter().map(|step| step.state.as_str()).collect();
                let message = format!(
                    "The steps take {minutes} working minutes, the {which} limit {:?} gives \
                     {allowed}: {}.",
                    limit.id,
                    names.join(" → "),
                );
                let remedy = "Shorten `time:` of these steps.";
                let at = format!("{at}/{which}");
                checker.report_with_trace(
                    code::STEP_TIMES_EXCEED_LIMIT,
                    &at,
                    message,
                    remedy,
                    way.clone(),
                );
            }
        }
    }
}

/// Working minutes of the longest way, and the way.
fn longest(checker: &Checker<'_, '_, '_>, start: ClockStart) -> (u64, Vec<TraceStep>) {
    let edges = counted_edges(checker);
    let groups = circles(checker.definition().steps.len(), &edges);
    let count = groups.iter().max().map_or(0, |last| last + 1);
    let mut own = vec![0; count];
    for step in checker.steps() {
        let counts = step.step.clock == ClockEffect::Runs && step.step.status != Status::Completed;
        let time = step.step.time.as_ref().filter(|_| counts);
        own[groups[step.index]] += time.map_or(0, most_minutes);
    }
    // Groups are numbered so that every way leads from a higher number to a lower one.
    let mut best: Vec<(u64, Option<usize>)> = own.iter().map(|minutes| (*minutes, None)).collect();
    for group in 0..count {
        for edge in edges.iter().filter(|edge| groups[edge.from] == group) {
            let next = groups[edge.to];
            let through = own[group] + best[next].0;
            if next != group && through > best[group].0 {
                best[group] = (through, Some(next));
            }
        }
    }
    let starts = starts(checker, start).into_iter().map(|step| groups[step]);
    let Some(first) = starts.max_by_key(|group| best[*group].0) else {
        return (0, Vec::new());
    };
    let mut way = Vec::new();
    let mut at = Some(first);
    while let Some(group) = at {
        let members = checker.steps().into_iter().filter(|step| groups[step.index] == group);
        let state = |id: &String| TraceStep { state: id.clone(), action: String::new() };
        way.extend(members.map(|step| state(&step.step.id)));
        at = best[group].1;
    }
    (best[first].0, way)
}

/// Ways that count: no rework, no return from an interruption, nothing beyond status 9.
fn counted_edges(checker: &Checker<'_, '_, '_>) -> Vec<Edge> {
    let steps = &checker.definition().steps;
    let counts = |edge: &&Edge| {
        let ended = steps[edge.from].status == Status::Completed;
        !edge.back && !ended && !steps[edge.from].actions[edge.action].rework
    };
    checker.graph.edges().filter(counts).copied().collect()
}

fn starts(checker: &Checker<'_, '_, '_>, start: ClockStart) -> Vec<usize> {
    match start {
        ClockStart::Submitted => checker.graph.start.into_iter().collect(),
        ClockStart::Accept | ClockStart::Admit => {
            let act = if start == ClockStart::Admit { Act::Admit } else { Act::Accept };
            let steps = &checker.definition().steps;
            let accepts = |edge: &&Edge| {
                steps[edge.from].kind == StepKind::Task
                    && steps[edge.from].actions[edge.action].act == act
            };
            checker.graph.edges().filter(accepts).map(|edge| edge.to).collect()
        }
    }
}

/// The number of each step's circle: steps that can reach each other share one; every way between
/// circles leads to a lower number.
fn circles(count: usize, edges: &[Edge]) -> Vec<usize> {
    let next: Vec<BTreeSet<usize>> = (0..count)
        .map(|step| edges.iter().filter(|e| e.from == step).map(|e| e.to).collect())
        .collect();
    let before: Vec<BTreeSet<usize>> = (0..count)
        .map(|step| edges.iter().filter(|e| e.to == step).map(|e| e.from).collect())
        .collect();
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

fn leave_in_order(root: usize, ways: &[BTreeSet<usize>], seen: &mut [bool], left: &mut Vec<usize>) {
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
        let edge = |from, to| Edge { from, action: 0, to, back: false };
        let edges = [edge(0, 1), edge(1, 2), edge(2, 1), edge(2, 3), edge(0, 3)];
        let circle = circles(4, &edges);
        assert_eq!(circle[1], circle[2]);
        assert!(circle[0] > circle[1] && circle[2] > circle[3]);
    }
}
