//! Rework sends back: what is marked so and leads on would hide the times of all that follows.
//!
//! The *process proper* is what is reached from the start without rework. An action marked as
//! rework leads back when it leads to a step of the process proper from which its own step is
//! reached again without rework, or into a detour (steps that rework alone reaches) that comes out
//! at such steps.

use std::collections::BTreeSet;

use super::graph::{Edge, is_interruption};
use super::{Checker, called};
use crate::definition::{Status, StepKind};
use crate::finding::code;

/// The actions, by step and number, that send work back; the others are reported and count.
pub(super) fn check(checker: &mut Checker<'_, '_, '_>) -> BTreeSet<(usize, usize)> {
    let back = sends_back(checker);
    for action in checker.actions() {
        if action.action.rework && !back.contains(&(action.step.index, action.index)) {
            let message = format!("{} is marked as rework and leads on.", called(action));
            let remedy = "Remove `rework:`: it marks ways back to where the work comes from.";
            let at = format!("{}/rework", action.at);
            checker.report(code::REWORK_FORWARD, &at, message, remedy);
        }
    }
    back
}

fn sends_back(checker: &Checker<'_, '_, '_>) -> BTreeSet<(usize, usize)> {
    let steps = &checker.definition().steps;
    let proper = process_proper(checker);
    let mut back = BTreeSet::new();
    for (own, step) in steps.iter().enumerate() {
        let marked = || step.actions.iter().enumerate().filter(|(_, action)| action.rework);
        if marked().next().is_none() {
            continue;
        }
        let comes_here = comes_to(checker, own);
        for (number, _) in marked() {
            let to = checker.graph.ways_of(own, number).iter().map(|edge| edge.to).collect();
            // How a detour ends is asked of the action that begins it.
            if !proper[own] || comes_out(checker, to, &proper).iter().all(|to| comes_here[*to]) {
                back.insert((own, number));
            }
        }
    }
    back
}

fn is_rework(checker: &Checker<'_, '_, '_>, edge: &Edge) -> bool {
    let steps = &checker.definition().steps;
    edge.action().is_some_and(|action| steps[edge.from].actions[action].rework)
}

/// The steps that are reached without rework.
fn process_proper(checker: &Checker<'_, '_, '_>) -> Vec<bool> {
    let mut proper = vec![false; checker.definition().steps.len()];
    for region in &checker.graph.regions {
        if region.opened_by.is_none_or(|(opener, _)| proper[opener]) {
            let walk = checker.graph.walk(region.start, |edge| !is_rework(checker, edge));
            walk.reached.into_iter().for_each(|step| proper[step] = true);
        }
    }
    proper
}

/// The steps from which this one is reached without rework, itself included.
fn comes_to(checker: &Checker<'_, '_, '_>, own: usize) -> Vec<bool> {
    let mut comes = vec![false; checker.definition().steps.len()];
    comes[own] = true;
    let mut stack = vec![own];
    while let Some(at) = stack.pop() {
        for edge in checker.graph.ways_to(at).iter().filter(|edge| !is_rework(checker, edge)) {
            if !std::mem::replace(&mut comes[edge.from], true) {
                stack.push(edge.from);
            }
        }
    }
    comes
}

/// Where a detour meets the process proper, or ends the processing; steps that interrupt or end
/// the dossier otherwise may follow anywhere.
fn comes_out(checker: &Checker<'_, '_, '_>, from: Vec<usize>, proper: &[bool]) -> BTreeSet<usize> {
    let steps = &checker.definition().steps;
    let mut seen: BTreeSet<usize> = from.iter().copied().collect();
    let mut stack = from;
    let mut out = BTreeSet::new();
    while let Some(at) = stack.pop() {
        let step = &steps[at];
        if proper[at] || step.status == Status::Completed {
            out.insert(at);
            continue;
        }
        let ways = checker.graph.ways_from(at).iter().filter(|edge| !edge.is_back());
        for edge in ways {
            let to = &steps[edge.to];
            let beside = to.kind == StepKind::Final || is_interruption(to.kind);
            if !beside && seen.insert(edge.to) {
                stack.push(edge.to);
            }
        }
    }
    out
}
