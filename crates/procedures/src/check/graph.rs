//! The steps as graphs: one for the main line, one for each branch.
//!
//! A way is an action that moves the dossier, or the join of a step's branches. A step with
//! branches opens them; their steps are graphs of their own, which meet the graph around them only
//! where the branches open and where they come together (see [`super::soundness`]).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::definition::{Definition, StepKind, Target};
use crate::finding::TraceStep;

/// What leads from a step to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The action with that index.
    Action(usize),
    /// The action with that index, back to what an interruption left.
    Back(usize),
    /// The branches came together.
    Join,
}

/// One way from a step to another of the same graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    /// Index of the step.
    pub(super) from: usize,
    /// What leads on.
    pub(super) by: By,
    /// Index of the step that it leads to.
    pub(super) to: usize,
}

impl Edge {
    /// Index of the action; none for a join.
    pub(super) fn action(&self) -> Option<usize> {
        match self.by {
            By::Action(action) | By::Back(action) => Some(action),
            By::Join => None,
        }
    }

    /// Whether the way leads back to what an interruption left.
    pub(super) fn is_back(&self) -> bool {
        matches!(self.by, By::Back(_))
    }
}

/// The main line, or one branch: the steps that lie directly in it.
#[derive(Debug)]
pub(super) struct Region {
    /// The step that opens it, and the index of the branch there; none for the main line.
    pub(super) opened_by: Option<(usize, usize)>,
    /// Where it begins, when that step exists and lies in it.
    pub(super) start: Option<usize>,
    /// Its steps, ascending.
    pub(super) steps: Vec<usize>,
}

/// The ways between the steps that exist; targets that do not, or that lie in another graph, are
/// left out.
#[derive(Debug)]
pub(super) struct Graph {
    /// By the step that they leave.
    ways: Vec<Vec<Edge>>,
    /// By the step that they reach.
    arrivals: Vec<Vec<Edge>>,
    /// The main line first; the branches of a step come after the region of the step.
    pub(super) regions: Vec<Region>,
    /// The region of each step.
    pub(super) region_of: Vec<usize>,
    /// The regions of the branches of each step, in their order.
    pub(super) opened: Vec<Vec<usize>>,
}

impl Graph {
    pub(super) fn of(definition: &Definition) -> Graph {
        let index = index_of(definition);
        let (regions, region_of, opened) = regions(definition, &index);
        let count = definition.steps.len();
        let (mut ways, mut arrivals) = (vec![Vec::new(); count], vec![Vec::new(); count]);
        let mut add = |edge: Edge| {
            if region_of[edge.from] == region_of[edge.to] {
                ways[edge.from].push(edge);
                arrivals[edge.to].push(edge);
            }
        };
        for (from, step) in definition.steps.iter().enumerate() {
            for (action, found) in step.actions.iter().enumerate() {
                for to in targets(&found.target).iter().filter_map(|id| index.get(id)) {
                    add(Edge { from, by: By::Action(action), to: *to });
                }
            }
            let join = step.parallel.iter().flat_map(|parallel| targets(&parallel.join.target));
            for to in join.filter_map(|id| index.get(id)) {
                add(Edge { from, by: By::Join, to: *to });
            }
        }
        let mut graph = Graph { ways, arrivals, regions, region_of, opened };
        graph.add_ways_back(definition);
        graph
    }

    /// `back` leads to every step whose interruption leads here.
    fn add_ways_back(&mut self, definition: &Definition) {
        for (from, step) in definition.steps.iter().enumerate() {
            if !is_interruption(step.kind) {
                continue;
            }
            let mut left: Vec<usize> = self.arrivals[from].iter().map(|edge| edge.from).collect();
            left.sort_unstable();
            left.dedup();
            for (action, found) in step.actions.iter().enumerate() {
                if matches!(found.target, Target::Back) {
                    let way = |to: &usize| Edge { from, by: By::Back(action), to: *to };
                    self.ways[from].extend(left.iter().map(way));
                }
            }
            self.ways[from].sort_by_key(|edge| edge.action().unwrap_or(usize::MAX));
        }
    }

    /// Where a dossier stands first.
    pub(super) fn start(&self) -> Option<usize> {
        self.regions[0].start
    }

    /// Every way.
    pub(super) fn edges(&self) -> impl Iterator<Item = &Edge> {
        self.ways.iter().flatten()
    }

    /// The ways that leave a step.
    pub(super) fn ways_from(&self, step: usize) -> &[Edge] {
        &self.ways[step]
    }

    /// The ways that reach a step, those back to it left out.
    pub(super) fn ways_to(&self, step: usize) -> &[Edge] {
        &self.arrivals[step]
    }

    /// The ways that an action opens.
    pub(super) fn ways_of(&self, step: usize, action: usize) -> &[Edge] {
        let ways = &self.ways[step];
        let number = |edge: &Edge| edge.action().unwrap_or(usize::MAX);
        let first = ways.partition_point(|edge| number(edge) < action);
        let last = ways.partition_point(|edge| number(edge) <= action);
        &ways[first..last]
    }

    /// Walks from `starts` by ways that `passes` lets through, the nearest steps first.
    pub(super) fn walk(
        &self,
        starts: impl IntoIterator<Item = usize>,
        passes: impl Fn(&Edge) -> bool,
    ) -> Walk {
        let mut walk = Walk::default();
        walk.reached.extend(starts);
        let mut queue: VecDeque<usize> = walk.reached.iter().copied().collect();
        while let Some(step) = queue.pop_front() {
            for edge in self.ways[step].iter().filter(|edge| !edge.is_back() && passes(edge)) {
                if walk.reached.insert(edge.to) {
                    walk.arrived_by.insert(edge.to, *edge);
                    queue.push_back(edge.to);
                }
            }
        }
        walk
    }
}

/// What a walk reached, and by which way first.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) reached: BTreeSet<usize>,
    pub(super) arrived_by: BTreeMap<usize, Edge>,
}
/// The shortest way to `step` by the edges that arrived first, the step itself left out.
pub(super) fn way_to(
    definition: &Definition,
    arrived_by: &BTreeMap<usize, Edge>,
    step: usize,
) -> Vec<TraceStep> {
    let mut way = Vec::new();
    let mut at = step;
    while let Some(edge) = arrived_by.get(&at) {
        let left = &definition.steps[edge.from];
        let action = match edge.action() {
            Some(action) => left.actions[action].id.clone(),
            None => "join".into(),
        };
        way.push(TraceStep { state: left.id.clone(), action });
        at = edge.from;
    }
    way.reverse();
    way
}

/// Whether a step of that kind remembers what it interrupted.
pub(super) fn is_interruption(kind: StepKind) -> bool {
    matches!(kind, StepKind::Supplement | StepKind::Withdrawal)
}

/// Ids of the steps that a target names.
pub(super) fn targets(target: &Target) -> Vec<&str> {
    match target {
        Target::Stay | Target::Back | Target::End => Vec::new(),
        Target::Step(to) => vec![to],
        Target::Choice(choices) => choices.iter().map(|choice| choice.to.as_str()).collect(),
    }
}

/// The index of each step; the first of two with the same id.
pub(super) fn index_of(definition: &Definition) -> BTreeMap<&str, usize> {
    let numbered = definition.steps.iter().enumerate().rev();
    numbered.map(|(index, step)| (step.id.as_str(), index)).collect()
}

type Regions = (Vec<Region>, Vec<usize>, Vec<Vec<usize>>);

/// The steps stand behind the step that opens their branch, so one pass finds every region.
fn regions(definition: &Definition, index: &BTreeMap<&str, usize>) -> Regions {
    let start = index.get(definition.start.as_str()).copied();
    let mut regions = vec![Region { opened_by: None, start, steps: Vec::new() }];
    let mut region_of = Vec::with_capacity(definition.steps.len());
    let mut opened: Vec<Vec<usize>> = vec![Vec::new(); definition.steps.len()];
    let mut known: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (at, step) in definition.steps.iter().enumerate() {
        let within = step.within.as_ref();
        let place = within.map(|within| (within.step.as_str(), within.branch.as_str()));
        let region = place.map_or(0, |place| known.get(&place).copied().unwrap_or(0));
        region_of.push(region);
        regions[region].steps.push(at);
        let branches = step.parallel.iter().flat_map(|parallel| &parallel.branches);
        for (number, branch) in branches.enumerate() {
            known.entry((&step.id, &branch.id)).or_insert(regions.len());
            opened[at].push(regions.len());
            let start = index.get(branch.start.as_str()).copied();
            regions.push(Region { opened_by: Some((at, number)), start, steps: Vec::new() });
        }
    }
    for (number, region) in regions.iter_mut().enumerate() {
        region.start = region.start.filter(|start| region_of[*start] == number);
    }
    (regions, region_of, opened)
}

impl Graph {
    /// What can follow what at once, in branches, beside and around them. Beside each step stands
    /// a node (its number, further by the number of steps) for when its branches are left, in
    /// whatever way.
    pub(super) fn flow(&self) -> Vec<(usize, usize)> {
        let left = |opener: usize| self.ways.len() + opener;
        let mut flow: Vec<(usize, usize)> = self.edges().map(|edge| (edge.from, edge.to)).collect();
        for region in &self.regions {
            let Some((opener, _)) = region.opened_by else { continue };
            flow.extend(region.start.map(|start| (opener, start)));
            flow.extend(region.steps.iter().map(|step| (*step, left(opener))));
            flow.extend(self.ways[opener].iter().map(|edge| (left(opener), edge.to)));
            let around = self.regions[self.region_of[opener]].opened_by;
            flow.extend(around.map(|(around, _)| (left(opener), left(around))));
        }
        flow
    }

    /// By step: whether one of these, and another one than the step, can come after it.
    pub(super) fn comes_before(&self, steps: &[usize]) -> Vec<bool> {
        let mut before = vec![Vec::new(); 2 * self.ways.len()];
        self.flow().into_iter().for_each(|(from, to)| before[to].push(from));
        // Two different ones that can follow are enough to know, so each node is left twice.
        let mut follow: Vec<Vec<usize>> = vec![Vec::new(); before.len()];
        let mut stack: Vec<(usize, usize)> = steps.iter().map(|step| (*step, *step)).collect();
        while let Some((at, found)) = stack.pop() {
            if follow[at].len() < 2 && !follow[at].contains(&found) {
                follow[at].push(found);
                stack.extend(before[at].iter().map(|from| (*from, found)));
            }
        }
        let other = |step: usize| follow[step].iter().any(|found| *found != step);
        (0..self.ways.len()).map(other).collect()
    }
}
