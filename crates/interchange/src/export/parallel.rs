//! Branches as the inside of a sub-process: a fork, the branches, a join.

use std::collections::BTreeMap;

use motcua_procedures::{Branch, Parallel, Step, Target};

use super::scene::{Canvas, Painter, Scene, ShapeKind};
use crate::finding::{Place, code, quoted};

impl<'d> Painter<'d, '_> {
    /// The inside of a step with branches, and what has to be said beside it.
    pub(super) fn inside(
        &mut self,
        step: &'d Step,
        parallel: &'d Parallel,
    ) -> (Scene, Option<String>) {
        let mut canvas = Canvas::default();
        let start = self.shape(&mut canvas, "start", ShapeKind::Start, Vec::new());
        let has_condition = parallel.branches.iter().any(|branch| branch.when.is_some());
        let gateway = || match has_condition {
            true => ShapeKind::Inclusive,
            false => ShapeKind::Parallel,
        };
        // A single branch would be a gateway with one way, which is none.
        let fork = self.shape(&mut canvas, "fork", gateway(), Vec::new());
        let join = self.shape(&mut canvas, "join", gateway(), Vec::new());
        let end = self.shape(&mut canvas, "end", ShapeKind::End, Vec::new());
        self.edge(&mut canvas, start, fork, Vec::new());
        self.edge(&mut canvas, join, end, Vec::new());
        for branch in &parallel.branches {
            self.branch(&mut canvas, step, branch, fork, join);
        }
        if parallel.branches.len() == 1 {
            self.edge(&mut canvas, fork, join, Vec::new());
        }
        (canvas.scene, self.early(step, parallel))
    }

    fn branch(
        &mut self,
        canvas: &mut Canvas,
        step: &'d Step,
        branch: &'d Branch,
        fork: usize,
        join: usize,
    ) {
        let is_here = |found: &&Step| {
            found.within.as_ref().is_some_and(|w| w.step == step.id && w.branch == branch.id)
        };
        let steps: Vec<&Step> = self.definition.steps.iter().filter(is_here).collect();
        let mut attributes = self.named(&branch.name);
        attributes.push(("motcua:action", branch.id.clone()));
        let condition = branch.when.as_ref().map(|when| when.text().to_owned());
        let first = if branch.each_unit {
            let mut inner = Canvas::default();
            let start = self.shape(&mut inner, "start", ShapeKind::Start, Vec::new());
            let end = self.shape(&mut inner, "end", ShapeKind::End, Vec::new());
            let first = self.branch_steps(&mut inner, &steps, branch, end);
            if let Some(first) = first {
                self.edge(&mut inner, start, first, Vec::new());
            }
            let kind = ShapeKind::Sub(Box::new(inner.scene), true);
            let named = self.named(&branch.name);
            let sub = self.shape(canvas, "units", kind, named);
            self.edge(canvas, sub, join, Vec::new());
            Some(sub)
        } else {
            // Each branch has places of its own: ways do not lead from one into another.
            let places = std::mem::take(&mut canvas.places);
            let first = self.branch_steps(canvas, &steps, branch, join);
            canvas.places = places;
            first
        };
        if let Some(first) = first {
            let edge = self.edge(canvas, fork, first, attributes);
            canvas.scene.edges[edge].condition = condition;
        }
    }

    /// The steps of a branch; its first shape.
    fn branch_steps(
        &mut self,
        canvas: &mut Canvas,
        steps: &[&'d Step],
        branch: &Branch,
        out: usize,
    ) -> Option<usize> {
        let ends = |step: &&&Step| step.actions.iter().any(|a| matches!(a.target, Target::End));
        let answers: usize = steps
            .iter()
            .filter(ends)
            .map(|step| step.actions.iter().filter(|a| matches!(a.target, Target::End)).count())
            .sum();
        // A join waits for every flow into it: ways that exclude each other meet before it.
        let out = match answers {
            0 | 1 => out,
            _ => {
                let merge = self.shape(canvas, "merge", ShapeKind::Exclusive, Vec::new());
                self.edge(canvas, merge, out, Vec::new());
                merge
            }
        };
        self.steps(canvas, steps, Some(out));
        canvas.places.get(&branch.start).copied()
    }

    /// Coming together early, in words: a structured diagram has no sign for it.
    fn early(&mut self, step: &Step, parallel: &Parallel) -> Option<String> {
        if parallel.join.early.is_empty() {
            return None;
        }
        let of_names: BTreeMap<&str, &str> =
            parallel.branches.iter().map(|b| (b.id.as_str(), b.name.en.as_str())).collect();
        let reasons: Vec<String> = parallel
            .join
            .early
            .iter()
            .map(|early| match &early.answer {
                Some((branch, answer)) => {
                    let name = of_names.get(branch.as_str()).copied().unwrap_or(branch);
                    format!("{} times {answer} of {name}", early.at_least)
                }
                None => format!("{} answers", early.at_least),
            })
            .collect();
        let text = format!("Comes together early after {}.", reasons.join(" or "));
        let message = format!("In step {}: {text}", quoted(&step.id));
        let remedy = "It stands in the documentation of the sub-process.";
        self.report.note(code::EXPORT_NOT_DRAWN, &Place::default(), message, remedy);
        Some(text)
    }
}
