//! What a definition must satisfy beyond its shape, one file for each family of rules.

mod acts;
mod clocks;
mod graph;
mod guards;
mod references;
mod statuses;
mod structure;
mod times;

use crate::definition::{Act, Action, Definition, Step};
use crate::finding::TraceStep;
use crate::read::{Draft, Reader};

use graph::{Edge, Graph};

/// Runs every check over what could be read.
pub(crate) fn run(draft: &Draft, reader: &mut Reader<'_>) {
    let graph = Graph::of(&draft.definition);
    let mut checker = Checker { draft, graph, reader };
    references::check(&mut checker);
    guards::check(&mut checker);
    structure::check(&mut checker);
    statuses::check(&mut checker);
    clocks::check(&mut checker);
    acts::check(&mut checker);
    times::check(&mut checker);
}

/// What a check works on.
struct Checker<'d, 'r, 'n> {
    draft: &'d Draft,
    graph: Graph,
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
        let draft = self.draft;
        let of_step =
            |step: StepAt<'d>| {
                let places = &draft.actions_at[step.index];
                let pair = step.step.actions.iter().zip(places);
                let numbered = pair.enumerate();
                let action = move |(index, (action, at)): (usize, (&'d Action, &'d String))| {
                    ActionAt { step, index, action, at }
                };
                numbered.map(action).collect::<Vec<_>>()
            };
        self.steps().into_iter().flat_map(of_step).collect()
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
    fn edges_of(&self, action: ActionAt<'_>) -> Vec<Edge> {
        let ways = self.graph.ways_from(action.step.index).iter();
        ways.filter(|edge| edge.action == action.index).copied().collect()
    }

    /// Whether the target of the action could be read.
    fn is_target_sure(&self, action: ActionAt<'_>) -> bool {
        self.is_sure(action.at, &["to", "act"])
    }

    /// The way from the start to the action, the action included.
    fn trace_of(&self, action: ActionAt<'_>) -> Vec<TraceStep> {
        let mut trace = self.graph.trace(self.definition(), action.step.index);
        if let Some(last) = trace.last_mut() {
            last.action.clone_from(&action.action.id);
        }
        trace
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
