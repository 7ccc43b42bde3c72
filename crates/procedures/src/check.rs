//! What a definition must satisfy beyond its shape, one file for each family of rules.

mod acts;
mod branches;
mod clocks;
mod further;
mod graph;
mod guards;
mod keys;
mod lint;
pub(crate) mod offices;
mod phases;
mod references;
mod rework;
mod soundness;
mod statuses;
mod structure;
mod times;
mod values;
mod verified;

use std::collections::BTreeMap;

use crate::definition::{Act, Action, Definition, Parallel, Step};
use crate::finding::TraceStep;
use crate::read::{Draft, Reader};

use graph::{By, Edge, Graph};
use soundness::Soundness;

/// Runs every check over what could be read.
pub(crate) fn run(draft: &Draft, reader: &mut Reader<'_>) {
    let graph = Graph::of(&draft.definition);
    let soundness = Soundness::of(&draft.definition, &graph);
    let index = graph::index_of(&draft.definition);
    let mut checker = Checker { draft, index, graph, soundness, reader };
    references::check(&mut checker);
    branches::check(&mut checker);
    keys::check(&mut checker);
    phases::check(&mut checker);
    guards::check(&mut checker);
    structure::check(&mut checker);
    statuses::check(&mut checker);
    clocks::check(&mut checker);
    further::check(&mut checker);
    acts::check(&mut checker);
    times::check(&mut checker);
    lint::check(&mut checker);
}

/// What a check works on.
struct Checker<'d, 'r, 'n> {
    draft: &'d Draft,
    /// The steps by id.
    index: BTreeMap<&'d str, usize>,
    graph: Graph,
    soundness: Soundness,
    reader: &'r mut Reader<'n>,
}

/// A step with its place.
#[derive(Clone, Copy)]
struct StepAt<'d> {
    index: usize,
    step: &'d Step,
    at: &'d str,
}

/// An action with its place and step.
#[derive(Clone, Copy)]
struct ActionAt<'d> {
    step: StepAt<'d>,
    index: usize,
    action: &'d Action,
    at: &'d str,
}

impl<'d> Checker<'d, '_, '_> {
    fn definition(&self) -> &'d Definition {
        &self.draft.definition
    }

    fn steps(&self) -> Vec<StepAt<'d>> {
        let draft = self.draft;
        let step = |(index, step)| StepAt { index, step, at: &draft.steps_at[index] };
        draft.definition.steps.iter().enumerate().map(step).collect()
    }

    fn actions(&self) -> Vec<ActionAt<'d>> {
        self.steps().into_iter().flat_map(|step| self.actions_of(step)).collect()
    }

    fn actions_of(&self, step: StepAt<'d>) -> impl Iterator<Item = ActionAt<'d>> + use<'d> {
        let places = &self.draft.actions_at[step.index];
        let numbered = step.step.actions.iter().zip(places).enumerate();
        numbered.map(move |(index, (action, at))| ActionAt { step, index, action, at })
    }

    fn report(
        &mut self,
        code: &'static str,
        at: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        if !self.reader.is_faulty(at) {
            self.reader.report(code, at, message, remedy, Vec::new());
        }
    }

    fn report_with_trace(
        &mut self,
        code: &'static str,
        at: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
        trace: Vec<TraceStep>,
    ) {
        if !self.reader.is_faulty(at) {
            self.reader.report(code, at, message, remedy, trace);
        }
    }

    /// Whether all of these keys of a part could be read.
    fn is_sure(&self, at: &str, keys: &[&str]) -> bool {
        keys.iter().all(|key| !self.reader.is_faulty(&format!("{at}/{key}")))
    }

    /// The ways that the action opens.
    fn edges_of(&self, action: ActionAt<'_>) -> &[Edge] {
        self.graph.ways_of(action.step.index, action.index)
    }

    /// Whether the target of the action could be read.
    fn is_target_sure(&self, action: ActionAt<'_>) -> bool {
        self.is_sure(action.at, &["to", "act"])
    }

    /// Whether every target could be read.
    fn are_ways_sure(&self) -> bool {
        self.actions().iter().all(|action| self.is_target_sure(*action))
            && self
                .parallels()
                .iter()
                .all(|(step, _)| self.is_sure(step.at, &["join", "branches", "join/to"]))
    }

    /// The shortest way from the start to a step.
    fn trace(&self, step: usize) -> Vec<TraceStep> {
        self.soundness.trace(self.definition(), &self.graph, step)
    }

    /// The steps with branches.
    fn parallels(&self) -> Vec<(StepAt<'d>, &'d Parallel)> {
        let steps = self.steps().into_iter();
        steps.filter_map(|step| Some((step, step.step.parallel.as_ref()?))).collect()
    }

    /// Everything that leads from a step to others: actions, and joins.
    fn moves(&self) -> Vec<Move<'d>> {
        let sure = self.actions().into_iter().filter(|action| self.is_target_sure(*action));
        let of_action = |action: ActionAt<'d>| Move {
            step: action.step,
            action: Some(action),
            at: format!("{}/to", action.at),
            edges: self.edges_of(action).to_vec(),
        };
        let mut moves: Vec<Move<'d>> = sure.map(of_action).collect();
        for (step, _) in self.parallels() {
            if self.is_sure(step.at, &["join", "join/to"]) {
                let ways = self.graph.ways_from(step.index).iter();
                let edges = ways.filter(|edge| edge.by == By::Join).copied().collect();
                moves.push(Move { step, action: None, at: format!("{}/join/to", step.at), edges });
            }
        }
        moves
    }

    /// The way from the start to what leads on, that included.
    fn trace_of_move(&self, leads: &Move<'_>) -> Vec<TraceStep> {
        let mut trace = self.trace(leads.step.index);
        if let Some(last) = trace.last_mut() {
            last.action = leads.action.map_or("join".into(), |action| action.action.id.clone());
        }
        trace
    }
}

/// An action or a join with the ways that it opens.
struct Move<'d> {
    step: StepAt<'d>,
    /// None for a join.
    action: Option<ActionAt<'d>>,
    /// Pointer to its target.
    at: String,
    edges: Vec<Edge>,
}

impl Move<'_> {
    /// Words for it in a message.
    fn called(&self) -> String {
        match self.action {
            Some(action) => called(action),
            None => format!("The join of step {:?}", self.step.step.id),
        }
    }
}

/// Words for an action in a message.
fn called(action: ActionAt<'_>) -> String {
    format!("Action {:?} of step {:?}", action.action.id, action.step.step.id)
}

/// Whether the act interrupts a step that the dossier may come back to.
fn interrupts(act: Act) -> bool {
    match act {
        Act::RequestSupplement | Act::Withdraw => true,
        Act::Accept
        | Act::Admit
        | Act::Supplement
        | Act::Refuse
        | Act::Advance
        | Act::Sign
        | Act::Issue
        | Act::Complete
        | Act::Deliver
        | Act::DeclineWithdrawal
        | Act::Apologise
        | Act::Extend
        | Act::ChangeVariant
        | Act::Stop
        | Act::Lapse
        | Act::Proceed => false,
    }
}
