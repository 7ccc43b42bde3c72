//! Branches: where they begin, stay and end, and how they come together.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::targets;
use super::{ActionAt, Checker, StepAt, called, references};
use crate::definition::{Act, Branch, BranchRef, Parallel, Step, StepKind, Target, UnitRef};
use crate::finding::code;
use crate::read::suggestion;

pub(super) fn check(checker: &mut Checker<'_, '_, '_>) {
    unique_ids(checker);
    for (step, parallel) in checker.parallels() {
        opener(checker, step);
        for (index, branch) in parallel.branches.iter().enumerate() {
            let at = format!("{}/branches/{index}", step.at);
            begins(checker, step, branch, &at);
            answers(checker, step, index, branch, &at);
        }
        join(checker, step, parallel);
        early(checker, step, parallel);
    }
    for step in checker.steps() {
        inside(checker, step);
        if step.step.unit == UnitRef::Branch {
            unit(checker, step, &format!("{}/unit", step.at));
        }
    }
    for action in checker.actions() {
        if action.action.unit == UnitRef::Branch && action.step.step.unit != UnitRef::Branch {
            unit(checker, action.step, &format!("{}/unit", action.at));
        }
        answer(checker, action);
        stays(checker, action);
        act(checker, action);
    }
}

/// Conditions name a branch by its id alone, so an id stands once in the procedure.
fn unique_ids(checker: &mut Checker<'_, '_, '_>) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for (step, parallel) in checker.parallels() {
        for (index, branch) in parallel.branches.iter().enumerate() {
            let first = seen.entry(&branch.id).or_insert(&step.step.id);
            if *first != step.step.id && !branch.id.is_empty() {
                let at = format!("{}/branches/{index}/id", step.at);
                let message = format!("Step {first:?} has a branch {:?} already.", branch.id);
                let remedy = "Give the branch another id: conditions read `answers.BRANCH.ANSWER`.";
                checker.report(code::DUPLICATE_ID, &at, message, remedy);
            }
        }
    }
}

/// Only the office can coordinate branches.
fn opener(checker: &mut Checker<'_, '_, '_>, step: StepAt<'_>) {
    if step.step.kind != StepKind::Task && checker.is_sure(step.at, &["kind"]) {
        let message = format!("Step {:?} opens branches but is no task.", step.step.id);
        let remedy = "Branches open in a step of `kind: task`, worked on by their coordinator.";
        checker.report(code::BRANCH_STEP, &format!("{}/kind", step.at), message, remedy);
    }
}

fn begins(checker: &mut Checker<'_, '_, '_>, step: StepAt<'_>, branch: &Branch, at: &str) {
    if branch.start.is_empty() || !checker.is_sure(at, &["start", "steps"]) {
        return;
    }
    let place = format!("{at}/start");
    let here = BranchRef { step: step.step.id.clone(), branch: branch.id.clone() };
    let steps = &checker.definition().steps;
    let is_here = |found: &&Step| found.within.as_ref() == Some(&here);
    match checker.index.get(branch.start.as_str()) {
        None => references::step(checker, &branch.start, &place),
        Some(index) if !is_here(&&steps[*index]) => {
            let message = format!("{:?} is no step of branch {:?}.", branch.start, branch.id);
            let inside: Vec<&str> =
                steps.iter().filter(is_here).map(|step| step.id.as_str()).collect();
            let remedy = suggestion(&branch.start, inside.into_iter());
            checker.report(code::BRANCH_START, &place, message, remedy);
        }
        Some(_) => {}
    }
}

/// Every answer is given by some action.
fn answers(
    checker: &mut Checker<'_, '_, '_>,
    step: StepAt<'_>,
    index: usize,
    branch: &Branch,
    at: &str,
) {
    let region = checker.graph.opened[step.index][index];
    let steps = &checker.graph.regions[region].steps;
    let actions = steps.iter().flat_map(|step| &checker.definition().steps[*step].actions);
    let given: BTreeSet<&str> = actions.filter_map(|action| action.answer.as_deref()).collect();
    for (number, answer) in branch.answers.iter().enumerate() {
        if !answer.id.is_empty() && !given.contains(answer.id.as_str()) {
            let message = format!("No action of the branch gives the answer {:?}.", answer.id);
            let remedy = "Give it by `answer:` of an action, or remove it.";
            let at = format!("{at}/answers/{number}");
            checker.report(code::ANSWER_NEVER_GIVEN, &at, message, remedy);
        }
    }
}

fn join(checker: &mut Checker<'_, '_, '_>, step: StepAt<'_>, parallel: &Parallel) {
    let at = format!("{}/join/to", step.at);
    if !checker.is_sure(step.at, &["join", "join/to"]) {
        return;
    }
    references::target(checker, &parallel.join.target, &at);
    match &parallel.join.target {
        Target::Stay | Target::Back | Target::End => {
            let message = format!("The join of step {:?} leads nowhere.", step.step.id);
            let remedy = "Name the step that follows; a nested join leads to a step of its branch.";
            checker.report(code::JOIN_TARGET, &at, message, remedy);
        }
        Target::Step(_) | Target::Choice(_) => {
            leaves(checker, step, &parallel.join.target, &at, "The join");
        }
    }
}

/// The reasons to come together early can come true.
fn early(checker: &mut Checker<'_, '_, '_>, step: StepAt<'_>, parallel: &Parallel) {
    for (index, early) in parallel.join.early.iter().enumerate() {
        let at = format!("{}/join/early/{index}", step.at);
        if !checker.is_sure(&at, &["answer", "at_least"]) {
            continue;
        }
        let branches = &parallel.branches;
        let counted: Vec<&Branch> = match &early.answer {
            None => branches.iter().collect(),
            Some((id, answer)) => {
                let Some(branch) = branches.iter().find(|branch| branch.id == *id) else {
                    let message = format!("Step {:?} has no branch {id:?}.", step.step.id);
                    let remedy = suggestion(id, branches.iter().map(|b| b.id.as_str()));
                    let at = format!("{at}/answer");
                    checker.report(code::UNKNOWN_ANSWER, &at, message, remedy);
                    continue;
                };
                if !branch.answers.iter().any(|known| known.id == *answer) {
                    let message = format!("Branch {id:?} has no answer {answer:?}.");
                    let remedy = suggestion(answer, branch.answers.iter().map(|a| a.id.as_str()));
                    let at = format!("{at}/answer");
                    checker.report(code::UNKNOWN_ANSWER, &at, message, remedy);
                    continue;
                }
                vec![branch]
            }
        };
        let many = counted.iter().any(|branch| branch.each_unit);
        if !many && early.at_least as usize > counted.len() {
            let least = early.at_least;
            let message = format!("{least} answers are never given: {} open.", counted.len());
            let remedy = "Ask for no more answers than branches open, or write `each_unit: true`.";
            checker.report(code::JOIN_NEVER, &format!("{at}/at_least"), message, remedy);
        }
    }
}

/// What a step in a branch may be.
fn inside(checker: &mut Checker<'_, '_, '_>, step: StepAt<'_>) {
    if step.step.within.is_none() || !checker.is_sure(step.at, &["kind"]) {
        return;
    }
    let id = &step.step.id;
    if !matches!(step.step.kind, StepKind::Task | StepKind::Applicant) {
        let message = format!("Step {id:?} lies in a branch and cannot be of this kind.");
        let remedy = "A branch has steps of kind task and applicant; what interrupts or ends the \
                      whole dossier lies on the main line.";
        checker.report(code::BRANCH_STEP, &format!("{}/kind", step.at), message, remedy);
    }
    if step.step.reviews {
        let message = format!("Step {id:?} lies in a branch and reviews the dossier.");
        let remedy = "Decide on documents and fields on the main line, where one at a time acts.";
        checker.report(code::BRANCH_STEP, &format!("{}/reviews", step.at), message, remedy);
    }
}

/// The unit of the branch is known where a branch around opens for each unit.
fn unit(checker: &mut Checker<'_, '_, '_>, step: StepAt<'_>, at: &str) {
    let mut place = step.index;
    loop {
        let region = checker.graph.region_of[place];
        let Some((around, number)) = checker.graph.regions[region].opened_by else {
            break;
        };
        let opener = &checker.definition().steps[around];
        let branches = opener.parallel.iter().flat_map(|parallel| &parallel.branches);
        if branches.clone().nth(number).is_some_and(|branch| branch.each_unit) {
            return;
        }
        place = around;
    }
    let message = format!("Step {:?} lies in no branch that opens for each unit.", step.step.id);
    let remedy = "Write `each_unit: true` in the branch, or name another unit.";
    checker.report(code::BRANCH_UNIT, at, message, remedy);
}

fn answer(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>) {
    let at = format!("{}/answer", action.at);
    let Some(id) = &action.action.answer else {
        return;
    };
    let Some(within) = &action.step.step.within else {
        let message = format!("{} answers, but the step lies in no branch.", called(action));
        let remedy = "Write `to:` instead; `answer:` ends a branch.";
        checker.report(code::ANSWER_MISPLACED, &at, message, remedy);
        return;
    };
    if !matches!(action.action.target, Target::End) {
        let message = format!("{} has both `answer:` and `to:`.", called(action));
        let remedy = "Keep one of the two: an answer ends the branch, a target stays in it.";
        checker.report(code::ANSWER_MISPLACED, &at, message, remedy);
    }
    let steps = &checker.definition().steps;
    let opener = checker.index.get(within.step.as_str()).map(|index| &steps[*index]);
    let branches = opener.and_then(|step| step.parallel.as_ref()).map(|p| &p.branches);
    let branch = branches.and_then(|list| list.iter().find(|branch| branch.id == within.branch));
    let Some(branch) = branch else { return };
    if !branch.answers.iter().any(|known| known.id == *id) {
        let message = format!("Branch {:?} has no answer {id:?}.", branch.id);
        let remedy = suggestion(id, branch.answers.iter().map(|answer| answer.id.as_str()));
        checker.report(code::UNKNOWN_ANSWER, &at, message, remedy);
    }
}

/// A target lies in the graph of its step.
fn stays(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>) {
    if checker.is_target_sure(action) {
        let at = format!("{}/to", action.at);
        leaves(checker, action.step, &action.action.target, &at, &called(action));
    }
}

fn leaves(
    checker: &mut Checker<'_, '_, '_>,
    step: StepAt<'_>,
    target: &Target,
    at: &str,
    called: &str,
) {
    let is_list = matches!(target, Target::Choice(_));
    for (number, id) in targets(target).into_iter().enumerate() {
        let Some(index) = checker.index.get(id).copied() else {
            continue;
        };
        let to = &checker.definition().steps[index];
        if to.within == step.step.within {
            continue;
        }
        let place = if is_list { format!("{at}/{number}") } else { at.to_owned() };
        let (what, remedy) = match step.step.within {
            None => ("into a branch", "Lead to the step that opens the branch."),
            Some(_) => ("out of its branch", "End the branch by `answer:`; its join leads on."),
        };
        let message = format!("{called} leads {what}, to {id:?}.");
        checker.report(code::BRANCH_TARGET, &place, message, remedy);
    }
}

/// In a branch there is no act on the dossier as a whole: two at once would contradict each other.
fn act(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>) {
    if action.step.step.within.is_none() || !checker.is_sure(action.at, &["act"]) {
        return;
    }
    let (key, word) = match action.action.act {
        Act::Advance | Act::Lapse | Act::Proceed => {
            let found = action.action;
            let whole = [
                ("outcome", found.outcome.is_some()),
                ("begins", found.begins.is_some()),
                ("reserves", found.reserves.is_some()),
            ];
            match whole.into_iter().find(|(_, is_there)| *is_there) {
                None => return,
                Some((key, _)) => (key, key),
            }
        }
        Act::Accept
        | Act::Admit
        | Act::RequestSupplement
        | Act::Supplement
        | Act::Refuse
        | Act::Sign
        | Act::Issue
        | Act::Complete
        | Act::Deliver
        | Act::Withdraw
        | Act::DeclineWithdrawal
        | Act::Apologise
        | Act::Extend
        | Act::ChangeVariant
        | Act::Stop => ("act", action.action.act.as_str()),
    };
    let message = format!("{} concerns the whole dossier ({word}).", called(action));
    let remedy = "Offer it in the step that opens the branch, or after the join.";
    checker.report(code::BRANCH_ACT, &format!("{}/{key}", action.at), message, remedy);
}
