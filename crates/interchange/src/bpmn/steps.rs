//! From graph and blocks to the outline.

use std::collections::{BTreeMap, BTreeSet};

use super::blocks::{Block, Blocks};
use super::graph::{ActionFacts, Graph, Kind, Node};
use super::leads::{Arrival, Leads};
use super::{DONE, gateways};
use crate::finding::{Report, code, quoted};
use crate::outline::{
    Action, Branch, Condition, Ids, Label, Lead, Outline, Parallel, Span, Step, Timeout, id_of,
};

/// Most ways out of declined elements that are followed.
const ORPHANS_MAX: usize = 100;

/// The outline of a graph; its name and origin are the caller's.
pub(super) fn outline(graph: &Graph, blocks: &Blocks, report: &mut Report) -> Outline {
    gateways::examine(graph, report);
    let wraps = wraps(graph, blocks);
    let declined = subs(graph, blocks, &wraps, report);
    let enters =
        |(fork, sub): (&usize, &usize)| (*fork, graph.nodes[graph.subs[*sub].enter].id.clone());
    let renamed = wraps.iter().map(enters).collect();
    let leads = Leads {
        graph,
        blocks,
        as_steps: BTreeSet::new(),
        renamed,
        answers: BTreeSet::new(),
        told: BTreeSet::new(),
    };
    let orphans = graph.orphans.iter().copied().chain(declined).collect();
    let mut writer = Writer { leads, wraps, done: BTreeMap::new(), orphans };
    let start = writer.start(report);
    writer.all(report);
    let steps = writer.place(None, report);
    let orphans = writer.orphans.iter().take(ORPHANS_MAX);
    let orphans = orphans.flat_map(|node| writer.leads.steps_from(*node)).collect();
    Outline { start, orphans, steps, ..Outline::default() }
}

/// Sub-processes that hold nothing but one block: by fork, the index of the sub-process.
fn wraps(graph: &Graph, blocks: &Blocks) -> BTreeMap<usize, usize> {
    let mut wraps = BTreeMap::new();
    for (index, sub) in graph.subs.iter().enumerate().filter(|(_, sub)| !sub.is_multiple) {
        let fork = passed(graph, sub.enter);
        let block = fork.and_then(|fork| Some((fork, blocks.found.get(&fork)?)));
        let leaves = |block: &Block| passed(graph, block.join) == Some(sub.leave);
        if let Some((fork, _)) = block.filter(|(_, block)| leaves(block)) {
            wraps.insert(fork, index);
        }
    }
    wraps
}

/// The next node behind starts and ends of sub-processes, when there is only one way.
fn passed(graph: &Graph, from: usize) -> Option<usize> {
    let mut node = from;
    for _ in 0..graph.nodes.len() {
        let [flow] = graph.nodes[node].outgoing.as_slice() else {
            return None;
        };
        node = graph.flows[*flow].to;
        if graph.nodes[node].kind != Kind::Pass {
            return Some(node);
        }
    }
    None
}

/// What is lost of sub-processes that are written out; gives the events that are.
fn subs(
    graph: &Graph,
    blocks: &Blocks,
    wraps: &BTreeMap<usize, usize>,
    report: &mut Report,
) -> Vec<usize> {
    let mut declined = Vec::new();
    for (index, sub) in graph.subs.iter().enumerate() {
        let node = &graph.nodes[sub.enter];
        let called = quoted(&node.called);
        if wraps.values().any(|wrapped| *wrapped == index) {
            continue;
        }
        let is_branch = branch_of(graph, blocks, sub.enter).is_some();
        if sub.is_multiple && !is_branch {
            let message = format!("{called} runs many times, and is not a branch of its own.");
            let remedy = "Make it the only element of a branch between a fork and its join.";
            report.note(code::IMPORT_UNSUPPORTED, &node.at, message, remedy);
        }
        declined.extend(&node.boundary);
        for event in &node.boundary {
            let event = &graph.nodes[*event];
            let message = format!(
                "{} on the sub-process {called} interrupts all of it; only events on tasks and on \
                 a sub-process that is one parallel block are carried over.",
                quoted(&event.called)
            );
            let remedy = "Put the event on each task that it may interrupt.";
            report.note(code::IMPORT_UNSUPPORTED, &event.at, message, remedy);
        }
        if sub.is_multiple && is_branch {
            continue;
        }
        let message = format!("The sub-process {called} is written out where it stands.");
        let remedy = "Nothing; its steps have its id before theirs.";
        report.note(code::IMPORT_SUBPROCESS_INLINED, &node.at, message, remedy);
    }
    declined
}

/// The branch that consists of nothing but a sub-process.
fn branch_of(graph: &Graph, blocks: &Blocks, enter: usize) -> Option<(usize, usize)> {
    let [flow] = graph.nodes[enter].incoming.as_slice() else {
        return None;
    };
    let fork = graph.flows[*flow].from;
    let block = blocks.found.get(&fork)?;
    let index = block.branches.iter().position(|branch| branch.flow == *flow)?;
    let Kind::Enter(sub) = graph.nodes[enter].kind else {
        return None;
    };
    let leave = graph.subs[sub].leave;
    (passed(graph, leave) == Some(block.join)).then_some((fork, index))
}

struct Writer<'g> {
    leads: Leads<'g>,
    wraps: BTreeMap<usize, usize>,
    done: BTreeMap<usize, Step>,
    /// Where declined parts lead.
    orphans: Vec<usize>,
}

impl<'g> Writer<'g> {
    fn graph(&self) -> &'g Graph {
        self.leads.graph
    }

    /// The first step. A choice right behind the start event needs a step that makes it.
    fn start(&mut self, report: &mut Report) -> Option<String> {
        let start = self.graph().start?;
        let node = &self.graph().nodes[start];
        let [flow] = node.outgoing.as_slice() else {
            if node.outgoing.is_empty() {
                let message = format!("Nothing leads on from {}.", quoted(&node.called));
                let remedy = "Draw a flow to the first task.";
                report.note(code::IMPORT_DANGLING_STATE, &node.at, message, remedy);
                return None;
            }
            self.leads.as_steps.insert(start);
            return Some(node.id.clone());
        };
        match self.leads.lead(*flow, report) {
            Lead::To(step) => Some(step),
            Lead::Nowhere => None,
            Lead::Choice(_) | Lead::Answer(_) | Lead::Stay | Lead::Back => {
                self.leads.as_steps.insert(start);
                Some(node.id.clone())
            }
        }
    }

    /// Makes every step; following flows may ask for more of them.
    fn all(&mut self, report: &mut Report) {
        let absorbed = self.absorbed();
        for (index, node) in self.graph().nodes.iter().enumerate() {
            let is_step = match &node.kind {
                Kind::End | Kind::Task | Kind::EventBased => true,
                Kind::Timer(_) | Kind::Message => !absorbed.contains(&index),
                Kind::Parallel | Kind::Inclusive => self.graph().is_fork(index),
                Kind::Exclusive
                | Kind::Start
                | Kind::Boundary(..)
                | Kind::Enter(_)
                | Kind::Leave(_)
                | Kind::Pass => false,
            };
            if is_step {
                let step = self.step(index, report);
                self.done.insert(index, step);
            }
        }
        self.decisions_of_blocks();
        while let Some(next) = self.leads.as_steps.iter().find(|at| !self.done.contains_key(at)) {
            let next = *next;
            let step = self.step(next, report);
            self.done.insert(next, step);
        }
    }

    /// A decision that a branch begins with, or that stands right behind a join, is a step of its own:
    /// no task before it could carry its actions. What these flows lack is told when they are drawn.
    fn decisions_of_blocks(&mut self) {
        let blocks = self.leads.blocks;
        let mut untold = Report::default();
        let told = self.leads.told.clone();
        for block in blocks.found.values() {
            let out = &self.graph().nodes[block.join].outgoing;
            for flow in block.branches.iter().map(|branch| branch.flow).chain(out.iter().copied()) {
                self.leads.lead(flow, &mut untold);
            }
        }
        self.leads.told = told;
    }

    /// Events behind an event-based gateway: they are what may happen there.
    fn absorbed(&self) -> BTreeSet<usize> {
        let graph = self.graph();
        let gateways = graph.nodes.iter().filter(|node| node.kind == Kind::EventBased);
        let behind = gateways.flat_map(|node| &node.outgoing).map(|flow| graph.flows[*flow].to);
        behind.filter(|node| graph.nodes[*node].incoming.len() == 1).collect()
    }

    /// The steps that lie in a branch, or on the main line.
    fn place(&mut self, within: Option<(usize, usize)>, report: &mut Report) -> Vec<Step> {
        let known = &self.leads.blocks.within;
        let here: Vec<usize> =
            self.done.keys().copied().filter(|node| known.get(node).copied() == within).collect();
        let mut steps = Vec::new();
        for node in here {
            let Some(mut step) = self.done.remove(&node) else {
                continue;
            };
            if self.graph().is_fork(node) {
                step.parallel = Some(self.parallel(node, report));
            }
            steps.push(step);
        }
        steps
    }

    fn parallel(&mut self, fork: usize, report: &mut Report) -> Parallel {
        let blocks = self.leads.blocks;
        let Some(block) = blocks.found.get(&fork) else {
            return Parallel::Refused;
        };
        let mut ids = Ids::default();
        let mut branches = Vec::new();
        for (index, region) in block.branches.iter().enumerate() {
            let flow = &self.graph().flows[region.flow];
            let first = &self.graph().nodes[flow.to];
            let start = match self.leads.lead(region.flow, report) {
                Lead::To(step) => Some(step),
                Lead::Nowhere | Lead::Choice(_) | Lead::Answer(_) | Lead::Stay | Lead::Back => {
                    let message = format!(
                        "The branch {} begins with a choice and not with a task.",
                        quoted(&first.called)
                    );
                    let remedy = "Put a task before the choice, or the choice before the fork.";
                    report.note(code::IMPORT_UNSUPPORTED, &flow.at, message, remedy);
                    self.orphans.push(flow.to);
                    None
                }
            };
            let each_unit =
                first.kind.entered().is_some_and(|sub| self.graph().subs[sub].is_multiple);
            let id = match &flow.action {
                Some(action) => action.id.clone(),
                None if flow.named => id_of(&flow.called),
                None => self.leads.id(flow.to),
            };
            let id = ids.take(id.replace('.', "_"));
            let steps = self.place(Some((fork, index)), report);
            let of_branch =
                |(at, branch, _): &&(usize, usize, String)| (*at, *branch) == (fork, index);
            let answers = self.leads.answers.iter().filter(of_branch);
            let mut answers: Vec<String> = answers.map(|(_, _, id)| id.clone()).collect();
            if answers.is_empty() {
                answers.push(DONE.to_owned());
            }
            let named = flow.named || flow.name != Label::default();
            let name = if named { flow.name.clone() } else { first.name.clone() };
            let when = self.opened_when(fork, region.flow, report);
            branches.push(Branch { id, name, when, each_unit, start, answers, steps });
        }
        self.empty_branches(fork, block, report);
        let out = &self.graph().nodes[block.join].outgoing;
        let join = match out.as_slice() {
            [flow] => self.leads.lead(*flow, report),
            [] | [..] => Lead::Nowhere,
        };
        Parallel::Block { branches, join }
    }

    /// The condition of a branch. BPMN ignores conditions behind a parallel gateway; the default
    /// flow of an inclusive one is taken when no other is, which no condition of ours can say.
    fn opened_when(&self, fork: usize, flow: usize, report: &mut Report) -> Option<Condition> {
        let node = &self.graph().nodes[fork];
        if node.kind != Kind::Inclusive {
            return None;
        }
        let flow_of = &self.graph().flows[flow];
        if node.default != Some(flow) {
            return flow_of.condition.clone();
        }
        let message = format!(
            "{} is the default flow of {}: it is taken when no other is.",
            quoted(&flow_of.called),
            quoted(&node.called)
        );
        let remedy = "Write the condition: that none of the others holds.";
        report.note(code::IMPORT_CONDITION_FOREIGN, &flow_of.at, message, remedy);
        Some(Condition::Foreign("when no other branch opens".into()))
    }

    fn empty_branches(&self, fork: usize, block: &Block, report: &mut Report) {
        let node = &self.graph().nodes[fork];
        let has_region = |flow: &&usize| block.branches.iter().any(|b| b.flow == **flow);
        for flow in node.outgoing.iter().filter(|flow| !has_region(flow)) {
            let flow = &self.graph().flows[*flow];
            let message = format!("Nothing is done on {}: it is left out.", quoted(&flow.called));
            let remedy = "Nothing; the join waits for the other branches.";
            report.note(code::IMPORT_EMPTY_BRANCH, &flow.at, message, remedy);
        }
    }

    fn step(&mut self, index: usize, report: &mut Report) -> Step {
        let graph = self.graph();
        let wrap = self.wraps.get(&index).map(|sub| graph.subs[*sub].enter);
        let node = &graph.nodes[wrap.unwrap_or(index)];
        let mut step = Step {
            id: self.leads.id(index),
            called: node.called.clone(),
            at: node.at.clone(),
            name: node.name.clone(),
            kind: node.facts.kind.clone().filter(|kind| kind != "final"),
            status: node.facts.status.clone(),
            role: node.facts.role.clone(),
            unit: node.facts.unit.clone(),
            source_roles: node.roles.clone(),
            ..Step::default()
        };
        let mut ids = Ids::default();
        match &node.kind {
            Kind::End => step.kind = Some("final".to_owned()),
            Kind::EventBased => self.events(index, &mut step, &mut ids, report),
            Kind::Timer(time) => self.waiting(index, time.as_ref(), &mut step, &mut ids, report),
            Kind::Parallel | Kind::Inclusive if self.leads.blocks.found.contains_key(&index) => {}
            Kind::Enter(_) => {}
            Kind::Task
            | Kind::Message
            | Kind::Exclusive
            | Kind::Start
            | Kind::Boundary(..)
            | Kind::Parallel
            | Kind::Inclusive
            | Kind::Leave(_)
            | Kind::Pass => self.flows(index, &mut step, &mut ids, report),
        }
        for event in node.boundary.clone() {
            self.boundary(event, &mut step, &mut ids, report);
        }
        step
    }

    /// Each flow out of a node is an action; behind a decision, each of its flows.
    fn flows(&mut self, index: usize, step: &mut Step, ids: &mut Ids, report: &mut Report) {
        let graph = self.graph();
        let node = &graph.nodes[index];
        let decides = node.kind == Kind::Exclusive && graph.is_split(index);
        let by_system = decides && graph.is_conditional(index);
        for flow in &node.outgoing {
            // A gateway that is a step of its own decides itself.
            let arrival = match self.leads.as_steps.contains(&index) {
                true => Arrival::Lead(self.leads.lead(*flow, report)),
                false => self.leads.arrival(*flow, report),
            };
            match arrival {
                Arrival::Lead(lead) => {
                    let mut action = self.action(*flow, lead, ids);
                    if by_system {
                        action.act = Some("proceed".to_owned());
                        action.when.get_or_insert(Condition::Foreign("in all other cases".into()));
                    }
                    step.actions.push(action);
                }
                Arrival::Decision(gateway) => {
                    let first = graph.flows[*flow].condition.as_ref();
                    for flow in &graph.nodes[gateway].outgoing {
                        let lead = self.leads.lead(*flow, report);
                        let mut action = self.action(*flow, lead, ids);
                        action.when = match (first, action.when) {
                            (Some(first), Some(when)) => Some(first.and(&when)),
                            (first, when) => when.or(first.cloned()),
                        };
                        step.actions.push(action);
                    }
                }
            }
        }
    }

    fn action(&self, flow: usize, lead: Lead, ids: &mut Ids) -> Action {
        let flow = &self.graph().flows[flow];
        let wanted = match (&flow.action, flow.named) {
            (Some(action), _) => action.id.clone(),
            (None, true) => id_of(&flow.called),
            (None, false) => DONE.to_owned(),
        };
        let id = ids.take(wanted);
        let mut action = Action {
            id,
            called: flow.called.clone(),
            name: flow.name.clone(),
            when: flow.condition.clone(),
            lead,
            ..Action::default()
        };
        with_facts(&mut action, flow.action.as_ref());
        action
    }

    /// An event as an action; its id and facts are those of the event.
    fn event(&mut self, event: &Node, ids: &mut Ids, report: &mut Report) -> Action {
        let wanted = event.facts.action.as_ref().map_or(event.id.clone(), |facts| facts.id.clone());
        let id = ids.take(wanted);
        let lead = match event.outgoing.as_slice() {
            [flow] => self.leads.lead(*flow, report),
            [] | [..] => {
                let message =
                    format!("{} flows leave {}.", event.outgoing.len(), quoted(&event.called));
                let remedy = "Draw one flow out of it.";
                report.note(code::IMPORT_DANGLING_STATE, &event.at, message, remedy);
                Lead::Nowhere
            }
        };
        let mut action = Action {
            id,
            called: event.called.clone(),
            name: event.name.clone(),
            lead,
            ..Action::default()
        };
        with_facts(&mut action, event.facts.action.as_ref());
        action
    }

    fn timeout(
        &mut self,
        event: &Node,
        time: Option<&Span>,
        step: &mut Step,
        ids: &mut Ids,
        report: &mut Report,
    ) {
        if step.timeout.is_some() {
            let message = format!(
                "{} is a second timer on {}; a step has one.",
                quoted(&event.called),
                quoted(&step.called)
            );
            let remedy = "Keep the one that leads on, or put a step between them.";
            report.note(code::IMPORT_UNSUPPORTED, &event.at, message, remedy);
            let graph = self.graph();
            self.orphans.extend(event.outgoing.iter().map(|flow| graph.flows[*flow].to));
            return;
        }
        let mut action = self.event(event, ids, report);
        action.act = Some("lapse".to_owned());
        let unknown = || Span { amount: None, unit: None, source: "no duration".into() };
        let after = time.cloned().unwrap_or_else(unknown);
        step.timeout = Some(Timeout { after, action: action.id.clone() });
        step.actions.push(action);
    }

    fn waiting(
        &mut self,
        index: usize,
        time: Option<&Span>,
        step: &mut Step,
        ids: &mut Ids,
        report: &mut Report,
    ) {
        let node = &self.graph().nodes[index];
        self.timeout(node, time, step, ids, report);
    }

    /// What may happen at an event-based gateway.
    fn events(&mut self, index: usize, step: &mut Step, ids: &mut Ids, report: &mut Report) {
        let graph = self.graph();
        for flow in &graph.nodes[index].outgoing {
            let event = &graph.nodes[graph.flows[*flow].to];
            match &event.kind {
                Kind::Timer(time) => self.timeout(event, time.as_ref(), step, ids, report),
                Kind::Message if event.incoming.len() == 1 => {
                    let action = self.event(event, ids, report);
                    step.actions.push(action);
                }
                Kind::Start
                | Kind::End
                | Kind::Task
                | Kind::Message
                | Kind::Boundary(..)
                | Kind::Exclusive
                | Kind::Parallel
                | Kind::Inclusive
                | Kind::EventBased
                | Kind::Enter(_)
                | Kind::Leave(_)
                | Kind::Pass => {
                    // It is drawn as if somebody did what leads there.
                    let lead = self.leads.lead(*flow, report);
                    step.actions.push(self.action(*flow, lead, ids));
                    let message = format!(
                        "{} behind the event-based gateway {} is no event of its own.",
                        quoted(&event.called),
                        quoted(&step.called)
                    );
                    let remedy = "Draw an event that waits behind each flow of the gateway.";
                    report.note(code::IMPORT_UNSUPPORTED, &event.at, message, remedy);
                }
            }
        }
    }

    fn boundary(&mut self, event: usize, step: &mut Step, ids: &mut Ids, report: &mut Report) {
        let event = &self.graph().nodes[event];
        match &event.kind {
            Kind::Boundary(_, Some(time)) => self.timeout(event, Some(time), step, ids, report),
            Kind::Boundary(_, None)
            | Kind::Start
            | Kind::End
            | Kind::Task
            | Kind::Timer(_)
            | Kind::Message
            | Kind::Exclusive
            | Kind::Parallel
            | Kind::Inclusive
            | Kind::EventBased
            | Kind::Enter(_)
            | Kind::Leave(_)
            | Kind::Pass => {
                let action = self.event(event, ids, report);
                step.actions.push(action);
            }
        }
    }
}

/// Adds what an export of ours says of an action.
fn with_facts(action: &mut Action, facts: Option<&ActionFacts>) {
    let Some(facts) = facts else {
        return;
    };
    action.act = facts.act.clone();
    action.roles = facts.roles.clone();
    if let Some(when) = &facts.when {
        action.when = Some(Condition::Ours(when.clone()));
    }
}
