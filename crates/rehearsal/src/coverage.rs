//! What of a procedure was taken at least once.

use std::collections::BTreeSet;

use motcua_dossiers::event::Event;
use motcua_procedures::{Act, Procedure, Target};

/// Actions, targets of choices, and answers that happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    seen: BTreeSet<String>,
}

impl Coverage {
    /// Notes what an event took.
    pub(crate) fn note(&mut self, event: &Event, procedure: &Procedure) {
        if let Some(action) = &event.facts.action {
            let entered = event.facts.items.iter().map(|item| item.step.as_str());
            for to in entered.chain([event.to.as_str()]) {
                self.seen.insert(choice(action, to));
            }
            self.seen.insert(action.clone());
        }
        for state in event.facts.branches.values().flatten() {
            let Some(answer) = state.ended.as_ref().and_then(|end| end.answer.as_ref()) else {
                continue;
            };
            if procedure.step(&state.step).is_some() {
                self.seen.insert(answered(&state.step, &state.branch, answer));
            }
        }
    }

    /// Adds what another life took.
    pub fn extend(&mut self, other: &Self) {
        self.seen.extend(other.seen.iter().cloned());
    }

    /// Whether the action was taken.
    pub(crate) fn has_action(&self, step: &str, action: &str) -> bool {
        self.seen.contains(&format!("{step}/{action}"))
    }

    /// How many of the procedure's parts were taken, and how many there are.
    pub fn count(&self, procedure: &Procedure) -> (usize, usize) {
        let parts = parts(procedure);
        (parts.iter().filter(|part| self.seen.contains(*part)).count(), parts.len())
    }

    /// What was not taken: `STEP/ACTION`, `STEP/ACTION -> STEP`, `STEP/BRANCH: ANSWER`.
    pub fn missing(&self, procedure: &Procedure) -> Vec<String> {
        parts(procedure).into_iter().filter(|part| !self.seen.contains(part)).collect()
    }
}

fn choice(action: &str, to: &str) -> String {
    format!("{action} -> {to}")
}

fn answered(step: &str, branch: &str, answer: &str) -> String {
    format!("{step}/{branch}: {answer}")
}

/// Everything that can be taken, in the order of the file.
fn parts(procedure: &Procedure) -> Vec<String> {
    let mut parts = Vec::new();
    let mut add = |part: String| {
        if !parts.contains(&part) {
            parts.push(part);
        }
    };
    for step in &procedure.definition().steps {
        for action in &step.actions {
            let name = format!("{}/{}", step.id, action.id);
            // What nobody can do does not count: a lapse without a timeout that names it.
            let timed = step.timeout.as_ref().is_some_and(|timeout| timeout.action == action.id);
            if action.act == Act::Lapse && !timed {
                continue;
            }
            add(name.clone());
            targets(&name, &action.target).into_iter().for_each(&mut add);
        }
        if let Some(parallel) = &step.parallel {
            for branch in &parallel.branches {
                for answer in &branch.answers {
                    add(answered(&step.id, &branch.id, &answer.id));
                }
            }
            let join = format!("{}/join", step.id);
            targets(&join, &parallel.join.target).into_iter().for_each(&mut add);
        }
    }
    parts
}

fn targets(name: &str, target: &Target) -> Vec<String> {
    match target {
        Target::Choice(choices) => choices.iter().map(|to| choice(name, &to.to)).collect(),
        Target::Stay | Target::Back | Target::End | Target::Step(_) => Vec::new(),
    }
}
