//! Where flows lead: through everything that does not wait, to the next step.

use std::collections::{BTreeMap, BTreeSet};

use super::DONE;
use super::blocks::Blocks;
use super::graph::{Graph, Kind};
use crate::finding::{Report, code, quoted};
use crate::outline::{Lead, Way};

/// Most ways of a choice: what the language holds.
const WAYS_MAX: usize = 20;
/// Most gateways that one flow is followed through.
const GATEWAYS_MAX: usize = 200;

/// Follows flows.
pub(super) struct Leads<'g> {
    pub(super) graph: &'g Graph,
    pub(super) blocks: &'g Blocks,
    /// Gateways that became steps of their own, because no action can say what they do.
    pub(super) as_steps: BTreeSet<usize>,
    /// Ids of forks that are a sub-process of their own.
    pub(super) renamed: BTreeMap<usize, String>,
    /// Answers of branches, by fork and index of the branch.
    pub(super) answers: BTreeSet<(usize, usize, String)>,
    /// Gateways of which a circle or tangle was told.
    pub(super) told: BTreeSet<usize>,
}

/// What a flow leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// A decision of a person.
    Decision(usize),
    /// Everything else.
    Lead(Lead),
}

impl Leads<'_> {
    /// Id of the step that a node is.
    pub(super) fn id(&self, node: usize) -> String {
        let own = || self.graph.nodes[node].id.clone();
        self.renamed.get(&node).cloned().unwrap_or_else(own)
    }

    /// Where a flow leads; a decision of a person on the way is a step of its own.
    pub(super) fn lead(&mut self, flow: usize, report: &mut Report) -> Lead {
        match self.arrival(flow, report) {
            Arrival::Lead(lead) => lead,
            Arrival::Decision(gateway) => self.own_step(gateway),
        }
    }

    /// Where a flow leads.
    pub(super) fn arrival(&mut self, flow: usize, report: &mut Report) -> Arrival {
        let mut visits = GATEWAYS_MAX;
        self.follow(flow, BTreeSet::new(), &mut visits, report)
    }

    /// Every step that a node leads to without waiting, itself included.
    pub(super) fn steps_from(&self, node: usize) -> Vec<String> {
        let mut open = vec![node];
        let mut seen = BTreeSet::new();
        let mut steps = Vec::new();
        while let Some(node) = open.pop() {
            if !seen.insert(node) {
                continue;
            }
            match self.waits(node) {
                true => steps.push(self.id(node)),
                false => {
                    let outgoing = &self.graph.nodes[node].outgoing;
                    open.extend(outgoing.iter().map(|flow| self.graph.flows[*flow].to));
                }
            }
        }
        steps
    }

    fn own_step(&mut self, gateway: usize) -> Lead {
        self.as_steps.insert(gateway);
        Lead::To(self.id(gateway))
    }

    /// `passed` are the gateways on the way there.
    fn follow(
        &mut self,
        first: usize,
        mut passed: BTreeSet<usize>,
        visits: &mut usize,
        report: &mut Report,
    ) -> Arrival {
        let graph = self.graph;
        let mut flow = first;
        let mut answer = DONE.to_owned();
        loop {
            let found = &graph.flows[flow];
            if let Some(action) = &found.action {
                match action.to.as_deref() {
                    Some("stay") => return Arrival::Lead(Lead::Stay),
                    Some("back") => return Arrival::Lead(Lead::Back),
                    Some(_) | None => {}
                }
                answer = action.answer.clone().unwrap_or(answer);
            }
            let node = found.to;
            if self.blocks.joins.contains(&node) {
                return Arrival::Lead(self.answered(first, answer));
            }
            if self.waits(node) {
                return Arrival::Lead(Lead::To(self.id(node)));
            }
            let is_circle = !passed.insert(node);
            if is_circle || *visits == 0 {
                self.endless(node, is_circle, report);
                return Arrival::Lead(Lead::Nowhere);
            }
            *visits -= 1;
            match graph.nodes[node].outgoing.as_slice() {
                [] => {
                    self.nowhere(node, report);
                    return Arrival::Lead(Lead::Nowhere);
                }
                [next] => flow = *next,
                [..] if graph.is_conditional(node) => {
                    return Arrival::Lead(self.choice(node, &passed, visits, report));
                }
                [..] => return Arrival::Decision(node),
            }
        }
    }

    /// Whether a dossier stands there.
    fn waits(&self, node: usize) -> bool {
        match &self.graph.nodes[node].kind {
            Kind::End | Kind::Task | Kind::Timer(_) | Kind::Message | Kind::EventBased => true,
            Kind::Parallel | Kind::Inclusive => self.graph.is_fork(node),
            Kind::Exclusive => self.as_steps.contains(&node),
            Kind::Start | Kind::Boundary(..) | Kind::Enter(_) | Kind::Leave(_) | Kind::Pass => {
                false
            }
        }
    }

    fn answered(&mut self, flow: usize, answer: String) -> Lead {
        // A flow straight out of a fork is an empty branch, and nobody asks where it leads.
        if let Some((fork, branch)) = self.blocks.within.get(&self.graph.flows[flow].from) {
            self.answers.insert((*fork, *branch, answer.clone()));
        }
        Lead::Answer(answer)
    }

    /// The ways of a gateway with conditions; those of gateways behind it are drawn together.
    fn choice(
        &mut self,
        gateway: usize,
        passed: &BTreeSet<usize>,
        visits: &mut usize,
        report: &mut Report,
    ) -> Lead {
        let graph = self.graph;
        let node = &graph.nodes[gateway];
        let mut ways: Vec<Way> = Vec::new();
        let last = node.outgoing.iter().filter(|flow| Some(**flow) == node.default);
        let others = node.outgoing.iter().filter(|flow| Some(**flow) != node.default);
        for flow in others.chain(last) {
            let condition = match Some(*flow) == node.default {
                true => None,
                false => graph.flows[*flow].condition.clone().or(Some(unknown())),
            };
            let inner = match self.follow(*flow, passed.clone(), visits, report) {
                Arrival::Lead(lead) => lead,
                Arrival::Decision(gateway) => self.own_step(gateway),
            };
            match inner {
                Lead::To(step) => ways.push(Way { when: condition, to: Some(step) }),
                Lead::Nowhere => ways.push(Way { when: condition, to: None }),
                Lead::Choice(inner) => ways.extend(inner.into_iter().map(|way| Way {
                    when: match (&condition, way.when) {
                        (None, when) => when,
                        (Some(outer), None) => Some(outer.clone()),
                        (Some(outer), Some(when)) => Some(outer.and(&when)),
                    },
                    to: way.to,
                })),
                // A choice only leads to steps.
                Lead::Answer(_) | Lead::Stay | Lead::Back => return self.own_step(gateway),
            }
            if ways.len() > WAYS_MAX {
                return self.own_step(gateway);
            }
        }
        Lead::Choice(ways)
    }

    fn endless(&mut self, index: usize, is_circle: bool, report: &mut Report) {
        let node = &self.graph.nodes[index];
        let called = quoted(&node.called);
        let (code, message) = match is_circle {
            true => (
                code::IMPORT_GATEWAY_LOOP,
                format!("Gateways lead in a circle through {called} without waiting."),
            ),
            false => (
                code::IMPORT_TOO_TANGLED,
                format!("Around {called} gateways lead into each other beyond {GATEWAYS_MAX}."),
            ),
        };
        // Every flow into a circle finds it again.
        if !self.told.insert(index) {
            return;
        }
        report.note(code, &node.at, message, "Put a task into the circle, or draw it simpler.");
    }

    fn nowhere(&self, node: usize, report: &mut Report) {
        let node = &self.graph.nodes[node];
        let message = format!("Nothing leads on from {}.", quoted(&node.called));
        let remedy = "Draw a flow out of it, to an end event at least.";
        report.note(code::IMPORT_DANGLING_STATE, &node.at, message, remedy);
    }
}

/// A condition that the source should have and has not.
fn unknown() -> crate::outline::Condition {
    crate::outline::Condition::Foreign("no condition in the source".into())
}
