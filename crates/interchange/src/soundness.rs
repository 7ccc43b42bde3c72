//! What every imported process must have: a way from the start to each state, and from each state
//! to an end. The full proof is the checker's; this names faults in the words of the source.

use std::collections::{BTreeMap, VecDeque};

use motcua_procedures::TraceStep;

use crate::finding::{Report, code, quoted};
use crate::outline::{Lead, Outline, Parallel, Step};

/// Longest way that a finding tells, states.
const TRACE_STEPS_MAX: usize = 100;

/// Reports states that cannot be reached, that cannot finish, and ends that are none.
pub(crate) fn examine(outline: &Outline, report: &mut Report) {
    let graph = Graph::of(outline);
    let reached = graph.reached(outline.start.as_deref(), &outline.orphans);
    let finishing = graph.finishing();
    let any_end = outline.steps.iter().any(Step::is_final);
    if !any_end && !outline.steps.is_empty() {
        let message = "No state is an end of the process: nothing that begins is ever finished.";
        report.note(code::IMPORT_NO_END, &outline.at, message, "Mark the last states as ends.");
    }
    for (index, step) in graph.steps.iter().enumerate() {
        let trace = || graph.trace(&reached, index);
        let called = quoted(&step.called);
        if reached.as_ref().is_some_and(|reached| reached[index].is_none()) {
            let message = format!("No way leads from the start to {called}.");
            let remedy = "Lead an action or flow to it, or remove it.";
            report.note(code::IMPORT_STATE_UNREACHABLE, &step.at, message, remedy);
        }
        let offers = !step.actions.is_empty() || step.parallel.is_some();
        if step.is_final() && offers {
            let message = format!("{called} is an end and offers actions.");
            let remedy = "Remove the actions, or do not mark it as an end.";
            report.note(code::IMPORT_END_WITH_ACTIONS, &step.at, message, remedy);
        } else if !step.is_final() && !offers {
            let message = format!("{called} is no end, and nothing can be done there.");
            let remedy = "Add what leads on from it, or mark it as an end.";
            report.note_with_trace(code::IMPORT_DEAD_END, &step.at, message, remedy, trace());
        } else if any_end && !finishing[index] {
            let message = format!("From {called} no end of the process can be reached.");
            let remedy = "Add a way out of the circle or dead end that it leads into.";
            let code = code::IMPORT_CANNOT_FINISH;
            report.note_with_trace(code, &step.at, message, remedy, trace());
        }
    }
}

/// How a step was reached: from which one, by what; the start has no way before it.
type Reached = Vec<Option<Option<(usize, String)>>>;

struct Graph<'o> {
    steps: Vec<&'o Step>,
    ids: BTreeMap<&'o str, usize>,
    ways: Vec<Vec<(usize, String)>>,
    ends: Vec<bool>,
}

impl<'o> Graph<'o> {
    fn of(outline: &'o Outline) -> Self {
        let mut steps = Vec::new();
        collect(&outline.steps, &mut steps);
        let mut ids = BTreeMap::new();
        for (index, step) in steps.iter().enumerate() {
            ids.entry(step.id.as_str()).or_insert(index);
        }
        let mut graph = Self { steps, ids, ways: Vec::new(), ends: Vec::new() };
        for step in graph.steps.clone() {
            let (ways, ends) = graph.ways_of(step);
            graph.ways.push(ways);
            graph.ends.push(ends);
        }
        graph
    }

    /// The ways out of a step, and whether it is an end or may lead to one that is not known.
    fn ways_of(&self, step: &Step) -> (Vec<(usize, String)>, bool) {
        let mut leads: Vec<(&Lead, &str)> = Vec::new();
        leads.extend(step.actions.iter().map(|action| (&action.lead, action.called.as_str())));
        let mut ways = Vec::new();
        let mut is_open = matches!(step.parallel, Some(Parallel::Refused));
        if let Some(Parallel::Block { branches, join }) = &step.parallel {
            leads.push((join, "join"));
            for branch in branches {
                let start = branch.start.as_deref().and_then(|start| self.ids.get(start));
                ways.extend(start.map(|start| (*start, branch.id.clone())));
            }
        }
        for (lead, by) in leads {
            let targets = lead.targets();
            let known = targets.iter().filter_map(|target| self.ids.get(target));
            ways.extend(known.map(|target| (*target, by.to_owned())));
            is_open |= match lead {
                Lead::Nowhere | Lead::Answer(_) | Lead::Back => true,
                Lead::Choice(ways) => ways.iter().any(|way| way.to.is_none()),
                Lead::To(step) => !self.ids.contains_key(step.as_str()),
                Lead::Stay => false,
            };
        }
        (ways, is_open || step.is_final())
    }

    /// What can be reached from the start; nothing is known without one. That a declined element
    /// no longer leads somewhere is no defect of the source.
    fn reached(&self, start: Option<&str>, orphans: &[String]) -> Option<Reached> {
        let start = *self.ids.get(start?)?;
        let mut reached: Reached = vec![None; self.steps.len()];
        reached[start] = Some(None);
        let mut open = VecDeque::from([start]);
        let mut orphans = orphans.iter().filter_map(|id| self.ids.get(id.as_str()));
        loop {
            // What the start reaches is told as a way from there; orphans have their turn later.
            let Some(at) = open.pop_front() else {
                let next = orphans.find(|orphan| reached[**orphan].is_none());
                let Some(orphan) = next else { break };
                reached[*orphan] = Some(None);
                open.push_back(*orphan);
                continue;
            };
            for (to, by) in &self.ways[at] {
                if reached[*to].is_none() {
                    reached[*to] = Some(Some((at, by.clone())));
                    open.push_back(*to);
                }
            }
        }
        Some(reached)
    }

    /// From which steps an end can be reached.
    fn finishing(&self) -> Vec<bool> {
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); self.steps.len()];
        for (from, ways) in self.ways.iter().enumerate() {
            ways.iter().for_each(|(to, _)| before[*to].push(from));
        }
        let mut finishing = self.ends.clone();
        let mut open: Vec<usize> = (0..finishing.len()).filter(|at| finishing[*at]).collect();
        while let Some(at) = open.pop() {
            for from in &before[at] {
                if !finishing[*from] {
                    finishing[*from] = true;
                    open.push(*from);
                }
            }
        }
        finishing
    }

    /// The shortest way from the start to a step.
    fn trace(&self, reached: &Option<Reached>, index: usize) -> Vec<TraceStep> {
        let Some(reached) = reached else {
            return Vec::new();
        };
        if reached[index].is_none() {
            return Vec::new();
        }
        let mut trace =
            vec![TraceStep { state: self.steps[index].called.clone(), action: String::new() }];
        let mut at = index;
        // A way that nobody reads to its end is not kept: there may be one for each state.
        while let Some(Some((from, by))) = &reached[at] {
            trace.push(TraceStep { state: self.steps[*from].called.clone(), action: by.clone() });
            at = *from;
            if trace.len() > TRACE_STEPS_MAX {
                return Vec::new();
            }
        }
        trace.reverse();
        trace
    }
}

fn collect<'o>(steps: &'o [Step], all: &mut Vec<&'o Step>) {
    for step in steps {
        all.push(step);
        if let Some(Parallel::Block { branches, .. }) = &step.parallel {
            branches.iter().for_each(|branch| collect(&branch.steps, all));
        }
    }
}
