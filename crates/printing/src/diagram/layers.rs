//! Which steps stand in which row, and which ways between them are drawn as lines.
//!
//! Lines are drawn where work goes forward. Rework, returns and interruptions are told by numbers
//! in the boxes: drawn as lines they would cover the picture.

use std::collections::{BTreeMap, BTreeSet};

use motcua_procedures::{Step, StepKind};

use crate::process::{Process, targets};

/// Steps by row, and the lines between them.
pub(crate) struct Layers<'a> {
    /// Rows of the main line, top to bottom.
    pub(crate) rows: Vec<Vec<&'a Step>>,
    /// Steps that no line leads to: interruptions and what is reached by numbers only.
    pub(crate) aside: Vec<&'a Step>,
    /// Lines from step to step, by id; each leads downwards.
    pub(crate) lines: Vec<(&'a str, &'a str)>,
}

/// Arranges the steps of the main line.
pub(crate) fn arrange<'a>(process: &Process<'a>) -> Layers<'a> {
    let forward = forward(process);
    let layer = longest_paths(&process.definition.start, &forward);
    let mut by_layer: BTreeMap<usize, Vec<&Step>> = BTreeMap::new();
    let mut aside = Vec::new();
    for step in process.main_steps() {
        match layer.get(step.id.as_str()) {
            Some(layer) => by_layer.entry(*layer).or_default().push(step),
            None => aside.push(step),
        }
    }
    aside.sort_by_key(|step| step.kind == StepKind::Final);
    let lines = forward
        .iter()
        .filter(|(from, _)| layer.contains_key(*from))
        .flat_map(|(from, to)| to.iter().map(|to| (*from, *to)))
        .collect();
    let rows = ordered(by_layer.into_values().collect(), &lines);
    Layers { rows, aside, lines }
}

/// Ways forward by step, without those that close a circle.
fn forward<'a>(process: &Process<'a>) -> BTreeMap<&'a str, Vec<&'a str>> {
    let interrupts = |id: &str| {
        let kind = process.step(id).map(|step| step.kind);
        matches!(kind, Some(StepKind::Supplement | StepKind::Withdrawal) | None)
    };
    let mut ways: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for step in process.main_steps().filter(|step| !interrupts(&step.id)) {
        let own = process.own_actions(step).filter(|action| !action.rework);
        let own = own.flat_map(|action| targets(&action.target));
        let join = step.parallel.iter().flat_map(|parallel| targets(&parallel.join.target));
        let to = ways.entry(&step.id).or_default();
        for target in join.chain(own).filter(|to| *to != step.id && !interrupts(to)) {
            if !to.contains(&target) {
                to.push(target);
            }
        }
    }
    without_circles(&process.definition.start, ways)
}

/// Walks from the start and drops each way that leads to a step it came through.
fn without_circles<'a>(
    start: &'a str,
    ways: BTreeMap<&'a str, Vec<&'a str>>,
) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut kept: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut path: Vec<(&str, usize)> = vec![(start, 0)];
    while let Some((at, next)) = path.last().copied() {
        let Some(to) = ways.get(at).and_then(|to| to.get(next)) else {
            done.insert(at);
            path.pop();
            continue;
        };
        path.last_mut().expect("the walk has a place").1 += 1;
        if path.iter().any(|(step, _)| step == to) {
            continue;
        }
        kept.entry(at).or_default().push(to);
        if !done.contains(to) {
            path.push((to, 0));
        }
    }
    kept
}

/// Length of the longest way from the start to each step that can be reached.
fn longest_paths<'a>(
    start: &'a str,
    ways: &BTreeMap<&'a str, Vec<&'a str>>,
) -> BTreeMap<&'a str, usize> {
    let mut incoming: BTreeMap<&str, usize> = BTreeMap::new();
    for to in ways.values().flatten() {
        *incoming.entry(to).or_default() += 1;
    }
    let mut layer = BTreeMap::from([(start, 0)]);
    let mut ready = vec![start];
    while let Some(at) = ready.pop() {
        let next = layer.get(at).copied().unwrap_or_default() + 1;
        for to in ways.get(at).into_iter().flatten() {
            let place = layer.entry(to).or_default();
            *place = next.max(*place);
            let left = incoming.entry(to).or_default();
            *left = left.saturating_sub(1);
            if *left == 0 {
                ready.push(to);
            }
        }
    }
    layer
}

/// Orders each row by where the steps that lead to it stand.
fn ordered<'a>(mut rows: Vec<Vec<&'a Step>>, lines: &Vec<(&str, &str)>) -> Vec<Vec<&'a Step>> {
    let mut place: BTreeMap<&str, f64> = BTreeMap::new();
    for row in &mut rows {
        let centre = |step: &Step| {
            let above = lines.iter().filter(|(_, to)| *to == step.id);
            let above: Vec<f64> = above.filter_map(|(from, _)| place.get(from)).copied().collect();
            above.iter().sum::<f64>() / above.len().max(1) as f64
        };
        let mut keyed: Vec<(f64, &Step)> = row.iter().map(|step| (centre(step), *step)).collect();
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
        *row = keyed.iter().map(|(_, step)| *step).collect();
        for (i, step) in row.iter().enumerate() {
            place.insert(&step.id, (i + 1) as f64 / (row.len() + 1) as f64);
        }
    }
    rows
}
