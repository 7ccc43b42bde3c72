//! A process as a graph: nodes and flows, sub-processes written out where they stand.

use crate::finding::Place;
use crate::outline::{Condition, Label, Span};

/// Nodes and flows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) flows: Vec<Flow>,
    /// The start event of the process.
    pub(crate) start: Option<usize>,
    pub(crate) subs: Vec<Sub>,
    /// Nodes that something leads to which was left out.
    pub(crate) orphans: Vec<usize>,
}

/// A flow node, or the way into or out of a sub-process.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Id in the draft.
    pub(crate) id: String,
    /// Name, or id in the source.
    pub(crate) called: String,
    pub(crate) at: Place,
    pub(crate) name: Label,
    pub(crate) kind: Kind,
    /// Roles of the source: lanes, candidates.
    pub(crate) roles: Vec<String>,
    pub(crate) facts: Facts,
    /// Flows out of it, in the order of the source.
    pub(crate) outgoing: Vec<usize>,
    pub(crate) incoming: Vec<usize>,
    /// The default flow.
    pub(crate) default: Option<usize>,
    /// Boundary events on it.
    pub(crate) boundary: Vec<usize>,
}

/// What an export of ours says beyond BPMN.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) kind: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) role: Option<String>,
    pub(crate) unit: Option<String>,
    pub(crate) action: Option<ActionFacts>,
}

/// What an export of ours says of an action.
#[derive(Clone, Debug, Default)]
pub(crate) struct ActionFacts {
    pub(crate) id: String,
    pub(crate) act: Option<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) when: Option<String>,
    pub(crate) answer: Option<String>,
    pub(crate) to: Option<String>,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Start event of the process.
    Start,
    /// End event of the process.
    End,
    /// Task of any type.
    Task,
    /// Intermediate event that waits for time.
    Timer(Option<Span>),
    /// Intermediate event that waits for something else.
    Message,
    /// Boundary event: the node that it lies on, and the time that it waits for.
    Boundary(usize, Option<Span>),
    /// Exclusive gateway, and what is read like one.
    Exclusive,
    /// Parallel gateway.
    Parallel,
    /// Inclusive gateway.
    Inclusive,
    /// Event-based gateway.
    EventBased,
    /// Into a sub-process, by its index.
    Enter(usize),
    /// Out of a sub-process, by its index.
    Leave(usize),
    /// Passed without waiting: start and end of sub-processes, thrown events.
    Pass,
}

impl Kind {
    /// The sub-process that the node leads into.
    pub(crate) fn entered(&self) -> Option<usize> {
        if let Self::Enter(sub) = self { Some(*sub) } else { None }
    }
}

/// A flow.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    /// Name, or id in the source.
    pub(crate) called: String,
    /// Its name, where it has one.
    pub(crate) named: bool,
    pub(crate) at: Place,
    pub(crate) name: Label,
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) condition: Option<Condition>,
    pub(crate) action: Option<ActionFacts>,
}

/// A sub-process.
#[derive(Clone, Debug)]
pub(crate) struct Sub {
    pub(crate) enter: usize,
    pub(crate) leave: usize,
    /// It runs once for each of many.
    pub(crate) is_multiple: bool,
}

impl Graph {
    /// Whether several ways lead on that exclude each other.
    pub(crate) fn is_split(&self, node: usize) -> bool {
        self.nodes[node].outgoing.len() > 1
    }

    /// Whether the node is a parallel or inclusive gateway that opens several ways.
    pub(crate) fn is_fork(&self, node: usize) -> bool {
        matches!(self.nodes[node].kind, Kind::Parallel | Kind::Inclusive) && self.is_split(node)
    }

    /// Whether the node is a parallel or inclusive gateway in which several ways come together.
    pub(crate) fn is_join(&self, node: usize) -> bool {
        let several = self.nodes[node].incoming.len() > 1;
        matches!(self.nodes[node].kind, Kind::Parallel | Kind::Inclusive) && several
    }

    /// Whether an exclusive gateway decides by conditions; otherwise a person does.
    pub(crate) fn is_conditional(&self, node: usize) -> bool {
        let node = &self.nodes[node];
        let has_condition = |flow: &&usize| self.flows[**flow].condition.is_some();
        node.outgoing.iter().any(|flow| has_condition(&flow))
    }
}
