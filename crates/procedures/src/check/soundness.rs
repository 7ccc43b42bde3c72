//! The behaviour of a process with its conditions abstracted: what can happen, and what can always
//! still happen.
//!
//! A condition is taken to hold or not as chance wills. The states of a dossier are then a step of
//! the main line with, for each branch that is open there, a step of the branch (or the answer that
//! ended it), and so on inward, and below an interruption everything that it froze. Their number is
//! the product over the branches; this module never builds it. Each region (the main line, each
//! branch) is walked as a graph of its own, innermost first, and handed outward as three facts:
//! which answers it can give, whether it can end, and whether it can get **stuck** (reach a state
//! from which it cannot end). That is linear in the size of the definition. It gives the same
//! answers as the product, because branches share nothing but the join:
//!
//! 1. *Reachable.* A step of a branch is reached in the product exactly when the step that opens
//!    the branch is reached and the walk of the branch reaches it: the other branches can be let
//!    stand, and while they stand no join fires that the branch itself does not bring about by
//!    ending. A join fires exactly when every branch that opens without a condition can end, or
//!    enough branches can end for one of its early reasons; a branch that opens for each unit can
//!    end as often as needed.
//! 2. *Can end.* From the entry of a step its region can end if one of its actions leads on towards
//!    an end, or its join can fire and a target of the join leads on. That is reachability
//!    backwards over ways of which joins are struck out that cannot fire.
//! 3. *Always can end.* In a plain step there is one local state, so 2 decides. In a step with
//!    branches whose own actions lead towards an end, every state inside can take them. Otherwise
//!    the dossier depends on the join, and the worst state inside decides. Counts of answers only
//!    grow, so the worst state can be put together branch by branch: each branch that can get stuck
//!    stands stuck, those with a condition have not opened otherwise, and every other branch has
//!    ended with the answer that helps least. All of them can be brought there in any order,
//!    because a join that is not due in the worst state was not due before it. If some branch can
//!    get stuck and no early reason is met in the worst state, the join is blocked for ever; if no
//!    branch can get stuck, all of them can end from wherever they are, and the join fires.
//! 4. *Interruptions* return to the state that they left, branches included. A return therefore
//!    opens no new state, and it ends a dossier only where the state that it returns to can end: a
//!    step that interrupts is in order when it leads towards an end by itself or can go back.
//! 5. *Rounds.* An action with `rounds_max` may be used up wherever its step can be entered again
//!    after it was taken, or where each unit has a branch of its own that takes it. It then counts
//!    for what can be reached (it is there the first time) and not for what can always still
//!    happen. That is on the safe side: whether the rounds of several actions run out together is
//!    not asked.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{By, Edge, Graph, is_interruption, way_to};
use super::times::circles;
use crate::definition::{Action, Definition, Parallel, StepKind, Target};
use crate::finding::TraceStep;

/// What the behaviour of a process is.
#[derive(Debug)]
pub(super) struct Soundness {
    /// Reached from the start of the procedure.
    pub(super) reached: Vec<bool>,
    /// The end of its region can be reached from its entry.
    pub(super) can_end: Vec<bool>,
    /// A state here from which the end of the region cannot be reached.
    pub(super) is_stuck: Vec<bool>,
    /// By region: it can end at all.
    ends: Vec<bool>,
    /// By region: a step, reached, in which it can get stuck.
    stuck_in: Vec<Option<usize>>,
    /// By region: the answers that it can give.
    pub(super) gives: Vec<BTreeSet<String>>,
    /// By step with branches: the join can fire.
    pub(super) joins: Vec<bool>,
    /// Actions, by step and number, of which all rounds may have been used.
    used_up: BTreeSet<(usize, usize)>,
    arrived_by: BTreeMap<usize, Edge>,
}

impl Soundness {
    /// Looks at every region, the innermost first.
    pub(super) fn of(definition: &Definition, graph: &Graph) -> Soundness {
        let count = definition.steps.len();
        let mut found = Soundness {
            reached: vec![false; count],
            can_end: vec![false; count],
            is_stuck: vec![false; count],
            ends: vec![false; graph.regions.len()],
            stuck_in: vec![None; graph.regions.len()],
            gives: vec![BTreeSet::new(); graph.regions.len()],
            joins: vec![false; count],
            used_up: used_up(definition, graph),
            arrived_by: BTreeMap::new(),
        };
        for region in (0..graph.regions.len()).rev() {
            found.region(definition, graph, region);
        }
        for region in &graph.regions {
            let from_outside = region.opened_by.is_none_or(|(step, _)| found.reached[step]);
            for step in &region.steps {
                found.reached[*step] &= from_outside;
            }
        }
        found
    }

    fn region(&mut self, definition: &Definition, graph: &Graph, region: usize) {
        let steps = &graph.regions[region].steps;
        for step in steps {
            if let Some(parallel) = &definition.steps[*step].parallel {
                self.joins[*step] = self.can_join(parallel, &graph.opened[*step]);
            }
        }
        let walk = graph.walk(graph.regions[region].start, |edge| self.can_pass(edge));
        for step in steps {
            self.reached[*step] = walk.reached.contains(step);
        }
        self.arrived_by.extend(walk.arrived_by);
        self.backwards(definition, graph, steps);
        for step in steps {
            self.is_stuck[*step] = self.gets_stuck(definition, graph, *step);
            if self.reached[*step] {
                let answers = definition.steps[*step].actions.iter();
                let answers = answers.filter(|action| matches!(action.target, Target::End));
                self.gives[region].extend(answers.filter_map(|action| action.answer.clone()));
            }
        }
        let reached = steps.iter().filter(|step| self.reached[**step]);
        self.stuck_in[region] = reached.clone().find(|step| self.is_stuck[**step]).copied();
        self.ends[region] = reached.clone().any(|step| may_end(definition, *step));
    }

    /// A join that cannot fire leads nowhere.
    fn can_pass(&self, edge: &Edge) -> bool {
        edge.by != By::Join || self.joins[edge.from]
    }

    /// From which entries the end can be reached.
    fn backwards(&mut self, definition: &Definition, graph: &Graph, steps: &[usize]) {
        let mut stack: Vec<usize> =
            steps.iter().copied().filter(|step| self.always_ends(definition, *step)).collect();
        stack.iter().for_each(|step| self.can_end[*step] = true);
        while let Some(step) = stack.pop() {
            for edge in graph.ways_to(step) {
                if !self.can_end[edge.from] && self.can_pass(edge) && self.is_lasting(edge) {
                    self.can_end[edge.from] = true;
                    stack.push(edge.from);
                }
            }
        }
    }

    fn gets_stuck(&self, definition: &Definition, graph: &Graph, step: usize) -> bool {
        let found = &definition.steps[step];
        let goes_back = is_interruption(found.kind)
            && self.lasting(definition, step).any(|action| matches!(action.target, Target::Back));
        let Some(parallel) = &found.parallel else {
            return !self.can_end[step] && !goes_back;
        };
        let leads_on = |by_join: bool| {
            let ways = graph.ways_from(step).iter().filter(|edge| !edge.is_back());
            let mut ways =
                ways.filter(|edge| (edge.by == By::Join) == by_join && self.is_lasting(edge));
            ways.any(|edge| self.can_end[edge.to])
        };
        let by_itself = leads_on(false) || self.always_ends(definition, step) || goes_back;
        !by_itself && (!leads_on(true) || self.is_blocked(parallel, &graph.opened[step]))
    }

    /// Whether the way is there however often the step is entered.
    fn is_lasting(&self, edge: &Edge) -> bool {
        edge.action().is_none_or(|action| !self.used_up.contains(&(edge.from, action)))
    }

    /// The actions that are there however often the step is entered.
    fn lasting<'d>(
        &self,
        definition: &'d Definition,
        step: usize,
    ) -> impl Iterator<Item = &'d Action> {
        let numbered = definition.steps[step].actions.iter().enumerate();
        let lasts = move |(number, _): &(usize, &Action)| !self.used_up.contains(&(step, *number));
        numbered.filter(lasts).map(|(_, action)| action)
    }

    fn always_ends(&self, definition: &Definition, step: usize) -> bool {
        let found = &definition.steps[step];
        match found.within {
            None => found.kind == StepKind::Final,
            Some(_) => {
                let mut actions = self.lasting(definition, step);
                actions.any(|action| matches!(action.target, Target::End))
            }
        }
    }

    /// Whether the branches can come together at all.
    fn can_join(&self, parallel: &Parallel, regions: &[usize]) -> bool {
        let pairs = || parallel.branches.iter().zip(regions);
        if pairs().all(|(branch, region)| branch.when.is_some() || self.ends[*region]) {
            return true;
        }
        parallel.join.early.iter().any(|early| {
            let least = early.at_least as usize;
            let counts = pairs().filter(|(branch, region)| match &early.answer {
                None => self.ends[**region],
                Some((id, answer)) => branch.id == *id && self.gives[**region].contains(answer),
            });
            let most = counts.map(|(branch, _)| if branch.each_unit { least } else { 1 });
            most.sum::<usize>() >= least
        })
    }

    /// Whether the branches can come to stand so that they never come together.
    fn is_blocked(&self, parallel: &Parallel, regions: &[usize]) -> bool {
        let pairs = || parallel.branches.iter().zip(regions);
        let can_get_stuck = |region: &usize| self.stuck_in[*region].is_some();
        if !pairs().any(|(_, region)| can_get_stuck(region)) {
            return false;
        }
        let early = &parallel.join.early;
        let sure = || pairs().filter(|(b, region)| b.when.is_none() && !can_get_stuck(region));
        let by_number = early.iter().filter(|early| early.answer.is_none());
        if by_number.map(|early| early.at_least as usize).any(|least| least <= sure().count()) {
            return false;
        }
        sure().all(|(branch, region)| {
            self.gives[*region].iter().any(|answer| {
                let is_enough = early.iter().filter(|early| early.at_least == 1).any(|early| {
                    let named = early.answer.as_ref();
                    named.is_some_and(|(id, wanted)| *id == branch.id && wanted == answer)
                });
                !is_enough
            })
        })
    }

    /// Shortest way from the start to a step; the last entry is the step with no action. A branch
    /// is entered by `branch:ID`, left by `join`.
    pub(super) fn trace(
        &self,
        definition: &Definition,
        graph: &Graph,
        step: usize,
    ) -> Vec<TraceStep> {
        if !self.reached[step] {
            return Vec::new();
        }
        let mut parts = vec![vec![TraceStep {
            state: definition.steps[step].id.clone(),
            action: String::new(),
        }]];
        let mut at = step;
        loop {
            parts.push(way_to(definition, &self.arrived_by, at));
            let Some((around, branch)) = graph.regions[graph.region_of[at]].opened_by else {
                break;
            };
            let opener = &definition.steps[around];
            let branches = opener.parallel.iter().flat_map(|parallel| &parallel.branches);
            let id = branches.clone().nth(branch).map_or("", |branch| branch.id.as_str());
            let opening = TraceStep { state: opener.id.clone(), action: format!("branch:{id}") };
            parts.push(vec![opening]);
            at = around;
        }
        parts.into_iter().rev().flatten().collect()
    }

    /// A step in a branch of `step`, however deep, in which the join is held up for ever.
    pub(super) fn culprit(&self, graph: &Graph, step: usize) -> Option<usize> {
        let mut found = None;
        let mut at = step;
        while let Some(inner) = graph.opened[at].iter().find_map(|region| self.stuck_in[*region]) {
            found = Some(inner);
            at = inner;
        }
        found
    }
}

/// Whether the region can end here, the first time at least.
fn may_end(definition: &Definition, step: usize) -> bool {
    let found = &definition.steps[step];
    match found.within {
        None => found.kind == StepKind::Final,
        Some(_) => found.actions.iter().any(|action| matches!(action.target, Target::End)),
    }
}

/// The actions whose rounds may all have been used when their step is entered.
fn used_up(definition: &Definition, graph: &Graph) -> BTreeSet<(usize, usize)> {
    let count = definition.steps.len();
    let numbered = || definition.steps.iter().enumerate();
    let counted = |action: &Action| action.rounds_max.is_some();
    if !numbered().any(|(_, step)| step.actions.iter().any(counted)) {
        return BTreeSet::new();
    }
    let left = |opener: usize| count + opener;
    let circle = circles(2 * count, &graph.flow());
    let mut used_up = BTreeSet::new();
    for (step, found) in numbered() {
        let around = graph.regions[graph.region_of[step]].opened_by;
        let many = is_for_each_unit(definition, graph, step);
        for (number, action) in found.actions.iter().enumerate().filter(|(_, a)| counted(a)) {
            let comes_again = match action.target {
                Target::End => {
                    around.is_some_and(|(opener, _)| circle[left(opener)] == circle[step])
                }
                Target::Stay => true,
                Target::Back | Target::Step(_) | Target::Choice(_) => {
                    let mut ways = graph.ways_of(step, number).iter();
                    ways.any(|edge| circle[edge.to] == circle[step])
                }
            };
            if many || comes_again {
                used_up.insert((step, number));
            }
        }
    }
    used_up
}

/// Whether the step may be worked on several times at once.
fn is_for_each_unit(definition: &Definition, graph: &Graph, step: usize) -> bool {
    let mut at = step;
    while let Some((opener, branch)) = graph.regions[graph.region_of[at]].opened_by {
        let branches = definition.steps[opener].parallel.iter().flat_map(|p| &p.branches);
        if branches.into_iter().nth(branch).is_some_and(|branch| branch.each_unit) {
            return true;
        }
        at = opener;
    }
    false
}
