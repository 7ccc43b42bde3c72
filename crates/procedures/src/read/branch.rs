//! Branches of a step, and how they come together.

use std::collections::BTreeSet;

use super::case::{flag, unique_id};
use super::root::text;
use super::step::{Steps, Within, list};
use super::{Fields, Item, Reader, action};
use crate::definition::{Answer, Branch, BranchRef, Join, JoinWhen, Parallel, Target};
use crate::finding::code;

/// Most branches of a step.
pub(crate) const BRANCHES_MAX: usize = 50;
/// Most answers of a branch, and most reasons to come together early.
pub(crate) const ANSWERS_MAX: usize = 20;
/// Most branches that a join can wait for: a branch opens for many units.
pub(crate) const JOIN_COUNT_MAX: u32 = 1_000;

/// Reads `branches:` and `join:` of the step with that index; the steps of the branches are added
/// to `all`.
pub(super) fn parallel(
    reader: &mut Reader<'_>,
    fields: &mut Fields<'_>,
    step: usize,
    all: &mut Steps,
) -> Option<Parallel> {
    let at = fields.at("branches");
    let Some(item) = fields.optional("branches") else {
        if let Some(join) = fields.optional("join") {
            let message = "A step without branches has nothing to join.";
            reader.fault(code::UNKNOWN_KEY, &join.at, message, "Remove it, or add `branches:`.");
        }
        return None;
    };
    let mut ids = BTreeSet::new();
    let mut branches = Vec::new();
    for item in item.list(reader, BRANCHES_MAX) {
        let Some(mut fields) = item.fields(reader) else {
            continue;
        };
        branches.push(branch(reader, &mut fields, step, &mut ids, all));
        fields.finish(reader);
    }
    if branches.is_empty() && !reader.is_faulty(&at) {
        reader.fault(code::OUT_OF_RANGE, &at, "There is no branch.", "Name at least one.");
    }
    let join = fields.required(reader, "join").and_then(|item| join(reader, item));
    let join = join.unwrap_or(Join { early: Vec::new(), target: Target::Stay });
    Some(Parallel { branches, join })
}

fn branch(
    reader: &mut Reader<'_>,
    fields: &mut Fields<'_>,
    step: usize,
    ids: &mut BTreeSet<String>,
    all: &mut Steps,
) -> Branch {
    let id = unique_id(reader, fields, ids);
    let name = text(reader, fields, "name");
    let when = fields.optional("when").and_then(|item| item.guard(reader));
    let each_unit = flag(reader, fields, "each_unit");
    let start = fields.required(reader, "start").and_then(|item| item.id(reader));
    let answers = fields.required(reader, "answers").map(|item| answers(reader, item));
    let step = &all.steps[step];
    let within = Within {
        branch: BranchRef { step: step.id.clone(), branch: id.clone() },
        status: step.status,
        clock: step.clock.clone(),
    };
    if let Some(steps) = fields.required(reader, "steps") {
        list(reader, steps, Some(&within), all);
    }
    let start = start.unwrap_or_default();
    Branch { id, name, when, each_unit, start, answers: answers.unwrap_or_default() }
}

fn answers(reader: &mut Reader<'_>, item: Item<'_>) -> Vec<Answer> {
    let at = item.at.clone();
    let mut ids = BTreeSet::new();
    let mut answers = Vec::new();
    for item in item.list(reader, ANSWERS_MAX) {
        let Some(mut fields) = item.fields(reader) else {
            continue;
        };
        let id = unique_id(reader, &mut fields, &mut ids);
        answers.push(Answer { id, name: text(reader, &mut fields, "name") });
        fields.finish(reader);
    }
    if answers.is_empty() && !reader.is_faulty(&at) {
        let message = "The branch has no answer to end with.";
        reader.fault(code::OUT_OF_RANGE, &at, message, "Name at least one, such as `done`.");
    }
    answers
}

/// `{ early: […], to: step }`.
fn join(reader: &mut Reader<'_>, item: Item<'_>) -> Option<Join> {
    let mut fields = item.fields(reader)?;
    let early = fields.optional("early").map(|item| item.list(reader, ANSWERS_MAX));
    let early = early.unwrap_or_default();
    let early = early.into_iter().filter_map(|item| enough(reader, item)).collect();
    let target = fields.required(reader, "to").and_then(|item| action::target(reader, item));
    fields.finish(reader);
    Some(Join { early, target: target? })
}

/// `{ at_least: 2, answer: agencies.consent }`.
fn enough(reader: &mut Reader<'_>, item: Item<'_>) -> Option<JoinWhen> {
    let mut fields = item.fields(reader)?;
    let at_least = fields.required(reader, "at_least");
    let at_least = at_least.and_then(|item| item.count(reader, 1..=JOIN_COUNT_MAX));
    let answer = fields.optional("answer").and_then(|item| named_answer(reader, &item));
    fields.finish(reader);
    Some(JoinWhen { at_least: at_least?, answer })
}

/// `BRANCH.ANSWER`; ids of branches and answers hold no dot here.
fn named_answer(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<(String, String)> {
    let text = item.id(reader)?;
    if let Some((branch, answer)) = text.split_once('.') {
        return Some((branch.to_owned(), answer.to_owned()));
    }
    let message = format!("{text:?} names no answer of a branch.");
    reader.fault(code::BAD_FORMAT, &item.at, message, "Write branch.answer: agencies.consent.");
    None
}
