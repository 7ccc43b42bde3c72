//! What a fork encloses: the branches up to the join in which all of them come together.
//!
//! A block has one way in, the fork, and one way out, its join. Everything else (a branch that
//! ends, that jumps out, that others jump into, a join elsewhere) is refused with the names of the
//! elements: the language has no such process, and its meaning in BPMN is a matter of dispute.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Graph, Kind};
use crate::finding::{Report, code, quoted};

/// Deepest nesting of blocks.
const NESTING_MAX: usize = 6;
/// Most nodes that are visited while blocks are sought.
const VISITS_MAX: usize = 2_000_000;

/// The blocks of a graph by their fork.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// Those that are blocks.
    pub(super) found: BTreeMap<usize, Block>,
    /// The innermost block in which a node lies: fork, and index of the branch.
    pub(super) within: BTreeMap<usize, (usize, usize)>,
    /// Joins of blocks.
    pub(super) joins: BTreeSet<usize>,
}

/// A fork with its join.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) join: usize,
    /// One for each flow out of the fork that does not lead straight to the join.
    pub(super) branches: Vec<Region>,
    depth: usize,
}

/// What lies in a branch.
#[derive(Clone, Debug)]
pub(super) struct Region {
    /// The flow out of the fork.
    pub(super) flow: usize,
    pub(super) nodes: BTreeSet<usize>,
}

/// Why a fork is no block.
struct Refused {
    code: &'static str,
    why: String,
}

/// Finds the blocks, and refuses forks that are none.
pub(super) fn find(graph: &Graph, report: &mut Report) -> Blocks {
    let mut finder = Finder { graph, known: BTreeMap::new(), open: Vec::new(), visits: 0 };
    let forks: Vec<usize> = (0..graph.nodes.len()).filter(|node| graph.is_fork(*node)).collect();
    forks.iter().for_each(|fork| finder.block(*fork));
    let mut blocks = Blocks::default();
    for (fork, known) in finder.known {
        match known {
            Ok(block) => {
                blocks.found.insert(fork, block);
            }
            Err(Refused { code, why }) => {
                let node = &graph.nodes[fork];
                let message = format!("The fork {}: {why}", quoted(&node.called));
                let remedy = "Let all branches come together in one join, and lead nothing in or \
                              out of them.";
                report.note(code, &node.at, message, remedy);
            }
        }
    }
    // Outer blocks first, so that inner ones have the last word.
    let mut order: Vec<(&usize, &Block)> = blocks.found.iter().collect();
    order.sort_by_key(|(_, block)| std::cmp::Reverse(block.depth));
    for (fork, block) in order {
        blocks.joins.insert(block.join);
        for (index, branch) in block.branches.iter().enumerate() {
            for node in &branch.nodes {
                blocks.within.insert(*node, (*fork, index));
            }
        }
    }
    if blocks.found.len() == forks.len() {
        lonely_joins(graph, &blocks, report);
    }
    blocks
}

/// A join of no block waits for what may never come.
fn lonely_joins(graph: &Graph, blocks: &Blocks, report: &mut Report) {
    for (index, node) in graph.nodes.iter().enumerate() {
        if graph.is_join(index) && node.kind == Kind::Parallel && !blocks.joins.contains(&index) {
            let message =
                format!("The join {} closes no block: it may wait for ever.", quoted(&node.called));
            let remedy = "Open the branches that it waits for with one parallel gateway.";
            report.note(code::IMPORT_FORK_UNSTRUCTURED, &node.at, message, remedy);
        }
    }
}

struct Finder<'g> {
    graph: &'g Graph,
    known: BTreeMap<usize, Result<Block, Refused>>,
    open: Vec<usize>,
    visits: usize,
}

impl Finder<'_> {
    fn called(&self, node: usize) -> String {
        quoted(&self.graph.nodes[node].called)
    }

    fn block(&mut self, fork: usize) {
        if self.known.contains_key(&fork) {
            return;
        }
        if self.open.contains(&fork) || self.open.len() >= NESTING_MAX {
            // The outermost fork of the circle or pile is refused by whoever asked.
            return;
        }
        self.open.push(fork);
        let block = self.try_block(fork);
        self.open.pop();
        self.known.insert(fork, block);
    }

    fn try_block(&mut self, fork: usize) -> Result<Block, Refused> {
        let graph = self.graph;
        let mut branches: Vec<Region> = Vec::new();
        let mut arrivals: Vec<BTreeSet<usize>> = Vec::new();
        let mut depth = 0;
        for flow in &graph.nodes[fork].outgoing {
            let mut walk = Walk::default();
            self.walk(fork, *flow, &mut walk)?;
            depth = depth.max(walk.depth + 1);
            let shared = branches.iter().find_map(|b| b.nodes.intersection(&walk.nodes).next());
            if let Some(shared) = shared {
                let why = format!("two of its branches lead through {}.", self.called(*shared));
                return Err(unstructured(why));
            }
            branches.push(Region { flow: *flow, nodes: walk.nodes });
            arrivals.push(walk.arrivals);
        }
        let join = self.join(fork, &arrivals)?;
        self.closed(&branches, fork)?;
        let is_known = |flow: &&usize| arrivals.iter().any(|known| known.contains(flow));
        if let Some(other) = graph.nodes[join].incoming.iter().find(|flow| !is_known(flow)) {
            let from = self.called(graph.flows[*other].from);
            let why = format!("its join {} is also reached from {from}.", self.called(join));
            return Err(unstructured(why));
        }
        self.arriving_once(&branches, &arrivals, join)?;
        branches.retain(|branch| !branch.nodes.is_empty());
        if branches.is_empty() {
            return Err(unstructured("nothing is done in its branches.".into()));
        }
        Ok(Block { join, branches, depth })
    }

    /// The one join in which all branches arrive.
    fn join(&self, fork: usize, arrivals: &[BTreeSet<usize>]) -> Result<usize, Refused> {
        let mut join = None;
        for arrival in arrivals.iter().flatten() {
            let at = self.graph.flows[*arrival].to;
            match join {
                Some(join) if join != at => {
                    let (one, other) = (self.called(join), self.called(at));
                    let why = format!("its branches come together in {one} and in {other}.");
                    return Err(unstructured(why));
                }
                Some(_) | None => join = Some(at),
            }
        }
        let Some(join) = join else {
            return Err(unstructured("its branches come together nowhere.".into()));
        };
        if self.graph.nodes[join].kind != self.graph.nodes[fork].kind {
            let why = format!("{} is a join of another type.", self.called(join));
            return Err(unstructured(why));
        }
        Ok(join)
    }

    /// A parallel join waits for every flow into it, so that a branch must arrive by one.
    fn arriving_once(
        &self,
        branches: &[Region],
        arrivals: &[BTreeSet<usize>],
        join: usize,
    ) -> Result<(), Refused> {
        if self.graph.nodes[join].kind != Kind::Parallel {
            return Ok(());
        }
        let several = branches.iter().zip(arrivals).find(|(_, arrivals)| arrivals.len() > 1);
        let Some((branch, arrivals)) = several else {
            return Ok(());
        };
        let why = format!(
            "the branch {} reaches the join {} by {} flows of which only one is taken; the join \
             waits for all of them.",
            self.called(self.graph.flows[branch.flow].to),
            self.called(join),
            arrivals.len()
        );
        Err(Refused { code: code::IMPORT_JOIN_DEADLOCK, why })
    }

    /// Nothing leads into a branch but the fork.
    fn closed(&self, branches: &[Region], fork: usize) -> Result<(), Refused> {
        for branch in branches {
            for node in &branch.nodes {
                for flow in &self.graph.nodes[*node].incoming {
                    let from = self.graph.flows[*flow].from;
                    if !branch.nodes.contains(&from) && *flow != branch.flow {
                        let (node, from) = (self.called(*node), self.called(from));
                        let why = match from == self.called(fork) {
                            true => format!("two of its flows lead to {node}."),
                            false => format!("{from} outside a branch leads to {node} inside."),
                        };
                        return Err(unstructured(why));
                    }
                }
            }
        }
        Ok(())
    }

    /// Everything that a branch may reach before a join of its own level.
    fn walk(&mut self, fork: usize, first: usize, walk: &mut Walk) -> Result<(), Refused> {
        let mut open = vec![first];
        while let Some(flow) = open.pop() {
            self.visits += 1;
            if self.visits > VISITS_MAX {
                let why = "the process is too large to be followed.".to_owned();
                return Err(Refused { code: code::IMPORT_TOO_TANGLED, why });
            }
            let node = self.graph.flows[flow].to;
            if node == fork {
                return Err(unstructured(format!(
                    "{} leads back to it out of a branch.",
                    self.called(self.graph.flows[flow].from)
                )));
            }
            if self.graph.is_join(node) {
                if self.graph.is_fork(node) {
                    let why = format!("{} both joins and forks.", self.called(node));
                    return Err(unstructured(why));
                }
                walk.arrivals.insert(flow);
                continue;
            }
            if !walk.nodes.insert(node) {
                continue;
            }
            match self.graph.is_fork(node) {
                true => open.extend(self.inner(node, walk)?),
                false => open.extend(self.onward(node, walk)?),
            }
        }
        Ok(())
    }

    /// Past an inner block.
    fn inner(&mut self, fork: usize, walk: &mut Walk) -> Result<Vec<usize>, Refused> {
        self.block(fork);
        let block = match self.known.get(&fork) {
            Some(Ok(block)) => block,
            None if !self.open.contains(&fork) => {
                return Err(unstructured(format!(
                    "blocks stand inside each other deeper than {NESTING_MAX}, down to {}.",
                    self.called(fork)
                )));
            }
            Some(Err(_)) | None => {
                let why = format!("{} inside a branch is no block.", self.called(fork));
                return Err(unstructured(why));
            }
        };
        walk.depth = walk.depth.max(block.depth);
        self.visits += block.branches.iter().map(|branch| branch.nodes.len()).sum::<usize>();
        walk.nodes.insert(block.join);
        walk.nodes.extend(block.branches.iter().flat_map(|branch| &branch.nodes));
        Ok(self.graph.nodes[block.join].outgoing.clone())
    }

    /// The flows out of a node and out of the events on it.
    fn onward(&mut self, node: usize, walk: &mut Walk) -> Result<Vec<usize>, Refused> {
        let found = &self.graph.nodes[node];
        let mut flows = found.outgoing.clone();
        for event in &found.boundary {
            walk.nodes.insert(*event);
            flows.extend(&self.graph.nodes[*event].outgoing);
        }
        if found.outgoing.is_empty() && !matches!(found.kind, Kind::Enter(_)) {
            return Err(unstructured(format!("a branch ends in {}.", self.called(node))));
        }
        Ok(flows)
    }
}

/// What was found on the way through a branch.
#[derive(Default)]
struct Walk {
    nodes: BTreeSet<usize>,
    /// Flows into joins.
    arrivals: BTreeSet<usize>,
    depth: usize,
}

fn unstructured(why: String) -> Refused {
    Refused { code: code::IMPORT_FORK_UNSTRUCTURED, why }
}
