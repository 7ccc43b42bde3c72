//! The steps as a graph: which action leads from where to where.

use std::collections::{BTreeMap, VecDeque};

use super::interrupts;
use crate::definition::{Definition, Target};
use crate::finding::TraceStep;

/// One way from a step to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    /// Index of the step.
    pub(super) from: usize,
    /// Index of the action in it.
    pub(super) action: usize,
    /// Index of the step that it leads to.
    pub(super) to: usize,
    /// The way leads back to what an interruption left.
    pub(super) back: bool,
}

/// The ways between the steps that exist; targets that do not are left out.
#[derive(Debug)]
pub(super) struct Graph {
    /// By the step that they leave.
    ways: Vec<Vec<Edge>>,
    pub(super) start: Option<usize>,
    /// Shortest way to each step: the edge that ends it.
    arrived_by: Vec<Option<Edge>>,
    reached: Vec<bool>,
}

impl Graph {
    pub(super) fn of(definition: &Definition) -> Graph {
        let index: BTreeMap<&str, usize> = definition
            .steps
            .iter()
            .enumerate()
            .rev()
            .map(|(index, step)| (step.id.as_str(), index))
            .collect();
        let mut edges = Vec::new();
        for (from, step) in definition.steps.iter().enumerate() {
            for (action, found) in step.actions.iter().enumerate() {
                for to in targets(&found.target).iter().filter_map(|id| index.get(id)) {
                    edges.push(Edge { from, action, to: *to, back: false });
                }
            }
        }
        edges.extend(ways_back(definition, &edges));
        let start = index.get(definition.start.as_str()).copied();
        let mut ways = vec![Vec::new(); definition.steps.len()];
        edges.into_iter().for_each(|edge: Edge| ways[edge.from].push(edge));
        let mut graph = Graph {
            arrived_by: vec![None; definition.steps.len()],
            reached: vec![false; definition.steps.len()],
            ways,
            start,
        };
        graph.walk();
        graph
    }

    /// Every way.
    pub(super) fn edges(&self) -> impl Iterator<Item = &Edge> {
        self.ways.iter().flatten()
    }

    /// The ways that leave a step.
    pub(super) fn ways_from(&self, step: usize) -> &[Edge] {
        &self.ways[step]
    }

    fn walk(&mut self) {
        let Some(start) = self.start else { return };
        self.reached[start] = true;
        let mut queue = VecDeque::from([start]);
        while let Some(step) = queue.pop_front() {
            for edge in &self.ways[step] {
                if !self.reached[edge.to] {
                    self.reached[edge.to] = true;
                    self.arrived_by[edge.to] = Some(*edge);
                    queue.push_back(edge.to);
                }
            }
        }
    }

    pub(super) fn is_reached(&self, step: usize) -> bool {
        self.reached[step]
    }

    /// The steps from which one of `ends` can be reached.
    pub(super) fn can_reach(&self, ends: &[usize]) -> Vec<bool> {
        let mut can = vec![false; self.reached.len()];
        let mut queue: VecDeque<usize> = ends.iter().copied().collect();
        ends.iter().for_each(|end| can[*end] = true);
        while let Some(step) = queue.pop_front() {
            for edge in self.edges().filter(|edge| edge.to == step) {
                if !can[edge.from] {
                    can[edge.from] = true;
                    queue.push_back(edge.from);
                }
            }
        }
        can
    }

    /// Shortest way from the start to a step; the last entry is the step with no action.
    pub(super) fn trace(&self, definition: &Definition, step: usize) -> Vec<TraceStep> {
        if !self.reached[step] {
            return Vec::new();
        }
        let state = |index: usize| definition.steps[index].id.clone();
        let mut trace = vec![TraceStep { state: state(step), action: String::new() }];
        let mut at = step;
        while let Some(edge) = self.arrived_by[at] {
            let action = definition.steps[edge.from].actions[edge.action].id.clone();
            trace.push(TraceStep { state: state(edge.from), action });
            at = edge.from;
        }
        trace.reverse();
        trace
    }
}

/// Ids of the steps that a target names.
pub(super) fn targets(target: &Target) -> Vec<&str> {
    match target {
        Target::Stay | Target::Back | Target::End => Vec::new(),
        Target::Step(to) => vec![to],
        Target::Choice(choices) => choices.iter().map(|choice| choice.to.as_str()).collect(),
    }
}

/// `back` leads to every step whose interruption leads here.
fn ways_back(definition: &Definition, edges: &[Edge]) -> Vec<Edge> {
    let mut ways = Vec::new();
    for (from, step) in definition.steps.iter().enumerate() {
        let interrupted: Vec<usize> = edges
            .iter()
            .filter(|edge| edge.to == from)
            .filter(|edge| interrupts(definition.steps[edge.from].actions[edge.action].act))
            .map(|edge| edge.from)
            .collect();
        for (action, found) in step.actions.iter().enumerate() {
            if matches!(found.target, Target::Back) {
                let way = |to: &usize| Edge { from, action, to: *to, back: true };
                ways.extend(interrupted.iter().map(way));
            }
        }
    }
    ways
}
