//! Steps, and the actions that many of them share.

use std::collections::{BTreeMap, BTreeSet};

use motcua_deadlines::Limit;

use super::action::{self, Context};
use super::case::{flag, ground, unique_id};
use super::root::text;
use super::words::{PAUSE_GROUNDS, STEP_KINDS, UNIT_REFS, roles};
use super::{Fields, Item, Reader, branch, limit, suggestion};
use crate::definition::{
    Action, BranchRef, ClockEffect, PauseGround, Role, Status, Step, StepKind, Timeout, UnitRef,
};
use crate::finding::code;

/// Most steps of a definition.
pub(crate) const STEPS_MAX: usize = 2_000;
/// Most actions of one step, and most shared ones.
pub(crate) const ACTIONS_MAX: usize = 50;
/// Longest notice before a timeout, calendar days.
pub(crate) const REMIND_DAYS_MAX: u32 = 365;
/// Ids that targets use for something else.
const RESERVED: [&str; 3] = ["stay", "back", "end"];

/// The steps and where they and their actions stand.
#[derive(Default)]
pub(super) struct Steps {
    ids: BTreeSet<String>,
    pub(super) steps: Vec<Step>,
    pub(super) steps_at: Vec<String>,
    pub(super) actions_at: Vec<Vec<String>>,
}

pub(super) fn all(
    reader: &mut Reader<'_>,
    steps: Option<Item<'_>>,
    anywhere: Option<Item<'_>>,
) -> Steps {
    let mut all = Steps::default();
    if let Some(steps) = steps {
        list(reader, steps, None, &mut all);
    }
    let numbered = all.steps.iter().enumerate().rev();
    let index: BTreeMap<String, usize> =
        numbered.map(|(index, step)| (step.id.clone(), index)).collect();
    for item in anywhere.map(|item| item.list(reader, ACTIONS_MAX)).unwrap_or_default() {
        shared(reader, item, &index, &mut all);
    }
    all
}

/// Where the steps of a branch lie, and what they have from the step that opens it.
#[derive(Clone)]
pub(super) struct Within {
    pub(super) branch: BranchRef,
    pub(super) status: Status,
    pub(super) clock: ClockEffect,
}

/// Reads a list of steps, each followed by those of its branches.
pub(super) fn list(
    reader: &mut Reader<'_>,
    item: Item<'_>,
    within: Option<&Within>,
    all: &mut Steps,
) {
    for item in item.list(reader, STEPS_MAX) {
        let at = item.at.clone();
        let Some(mut fields) = item.fields(reader) else {
            continue;
        };
        let (step, actions_at) = one(reader, &mut fields, within, &mut all.ids);
        let index = all.steps.len();
        all.steps.push(step);
        all.steps_at.push(at);
        all.actions_at.push(actions_at);
        let parallel = branch::parallel(reader, &mut fields, index, all);
        all.steps[index].parallel = parallel;
        fields.finish(reader);
    }
}

fn one(
    reader: &mut Reader<'_>,
    fields: &mut Fields<'_>,
    within: Option<&Within>,
    ids: &mut BTreeSet<String>,
) -> (Step, Vec<String>) {
    let id = unique_id(reader, fields, ids);
    if RESERVED.contains(&id.as_str()) {
        let message = format!("{id:?} means something else in a target.");
        reader.fault(code::RESERVED_ID, &fields.at("id"), message, "Give the step another id.");
    }
    let name = text(reader, fields, "name");
    let kind = fields.optional("kind");
    let kind = kind.map_or(Some(StepKind::Task), |item| item.word(reader, STEP_KINDS));
    let status = match within {
        Some(within) => Some(within.status),
        None => fields.required(reader, "status").and_then(|item| status(reader, &item)),
    };
    let is_final = kind == Some(StepKind::Final);
    let role = role_of(reader, fields, is_final);
    let unit = unit_of(reader, fields, is_final);
    let time = fields.optional("time").map(|item| limit::plain(reader, item));
    let clock = match within {
        Some(within) => within.clock.clone(),
        None => clock(reader, fields, status),
    };
    let timeout = fields.optional("timeout").and_then(|item| timeout(reader, item));
    let reviews = flag(reader, fields, "reviews");
    let context = Context { role, unit };
    let mut actions: Vec<Action> = Vec::new();
    let mut actions_at = Vec::new();
    let mut action_ids = BTreeSet::new();
    let items = fields.optional("actions").map(|item| item.list(reader, ACTIONS_MAX));
    for item in items.unwrap_or_default() {
        let at = item.at.clone();
        let Some(mut inner) = item.fields(reader) else {
            continue;
        };
        let id = unique_id(reader, &mut inner, &mut action_ids);
        actions.push(action::read(reader, &mut inner, id, Some(context)));
        inner.finish(reader);
        actions_at.push(at);
    }
    let step = Step {
        id,
        name,
        kind: kind.unwrap_or(StepKind::Task),
        status: status.unwrap_or(Status::Processing),
        role,
        unit,
        time,
        clock,
        timeout,
        reviews,
        within: within.map(|within| within.branch.clone()),
        parallel: None,
        actions,
    };
    (step, actions_at)
}

/// Nobody works on a final step; naming who did last is allowed.
fn role_of(reader: &mut Reader<'_>, fields: &mut Fields<'_>, is_final: bool) -> Role {
    let item = fields.optional("role");
    if item.is_none() && !is_final {
        let message = "The key \"role\" is missing.";
        reader.fault(code::MISSING_KEY, &fields.at("role"), message, "Add `role:`.");
    }
    item.and_then(|item| item.word(reader, &roles())).unwrap_or(Role::System)
}

fn unit_of(reader: &mut Reader<'_>, fields: &mut Fields<'_>, is_final: bool) -> UnitRef {
    let item = fields.optional("unit");
    if item.is_none() && !is_final {
        let message = "The key \"unit\" is missing.";
        let remedy = "Add `unit: receiving`, `competent` or `chosen`.";
        reader.fault(code::MISSING_KEY, &fields.at("unit"), message, remedy);
    }
    item.and_then(|item| item.word(reader, UNIT_REFS)).unwrap_or(UnitRef::Receiving)
}

fn status(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Status> {
    let number = item.number(reader, 1..=10)?;
    u8::try_from(number).ok().and_then(|number| Status::try_from(number).ok())
}

/// What the step says about the clock, or what its status implies.
fn clock(reader: &mut Reader<'_>, fields: &mut Fields<'_>, status: Option<Status>) -> ClockEffect {
    let at = fields.at("clock");
    if let Some(item) = fields.optional("clock") {
        let effect = clock_effect(reader, item);
        if effect.is_none() {
            reader.fault_silently(&at);
        }
        return effect.unwrap_or(ClockEffect::Runs);
    }
    let implied = match status {
        Some(Status::Submitted) => Some(ClockEffect::NotStarted),
        Some(Status::Received | Status::Processing) => Some(ClockEffect::Runs),
        Some(
            Status::SupplementRequired | Status::PaymentRequired | Status::WithdrawalRequested,
        ) => None,
        Some(Status::NotAccepted | Status::Stopped | Status::Completed | Status::Delivered) => {
            Some(ClockEffect::Stopped)
        }
        None => {
            reader.fault_silently(&at);
            Some(ClockEffect::Runs)
        }
    };
    implied.unwrap_or_else(|| {
        let message = "The step must say what it does to the clock.";
        let remedy = "Add `clock: {paused: supplement, ground: …}`, or `clock: not_started` \
                      before reception.";
        reader.fault(code::MISSING_KEY, &at, message, remedy);
        ClockEffect::Runs
    })
}

fn clock_effect(reader: &mut Reader<'_>, item: Item<'_>) -> Option<ClockEffect> {
    if item.is_mapping() {
        let mut fields = item.fields(reader)?;
        let on = fields.required(reader, "paused");
        let on: Option<PauseGround> = on.and_then(|item| item.word(reader, PAUSE_GROUNDS));
        let ground = ground(reader, &mut fields);
        fields.finish(reader);
        return on.map(|on| ClockEffect::Paused { on, ground });
    }
    let text = item.text(reader)?;
    match text.as_str() {
        "not_started" => Some(ClockEffect::NotStarted),
        "runs" => Some(ClockEffect::Runs),
        "stopped" => Some(ClockEffect::Stopped),
        _ => {
            let message = format!("{text:?} is no state of a clock.");
            let remedy = "Use not_started, runs, stopped or {paused: …, ground: …}.";
            reader.fault(code::UNKNOWN_VALUE, &item.at, message, remedy);
            None
        }
    }
}

fn timeout(reader: &mut Reader<'_>, item: Item<'_>) -> Option<Timeout> {
    let mut fields = item.fields(reader)?;
    let after: Option<Limit> =
        fields.required(reader, "after").map(|item| limit::plain(reader, item));
    let action = fields.required(reader, "action").and_then(|item| item.id(reader));
    let remind = fields.optional("remind_days_before");
    let remind_days_before = remind.and_then(|item| item.count(reader, 1..=REMIND_DAYS_MAX));
    let ground = ground(reader, &mut fields);
    let at = fields.item.at.clone();
    fields.finish(reader);
    if after.is_none() || action.is_none() {
        reader.fault_silently(&at);
    }
    Some(Timeout { after: after?, action: action?, remind_days_before, ground })
}

/// Copies an action of `anywhere` into every step that it names.
fn shared(
    reader: &mut Reader<'_>,
    item: Item<'_>,
    index: &BTreeMap<String, usize>,
    all: &mut Steps,
) {
    let at = item.at.clone();
    let Some(mut fields) = item.fields(reader) else {
        return;
    };
    let named = fields.required(reader, "in");
    let named = named.map(|item| item.list(reader, STEPS_MAX)).unwrap_or_default();
    let id = unique_id(reader, &mut fields, &mut BTreeSet::new());
    let action = action::read(reader, &mut fields, id, None);
    fields.finish(reader);
    for item in named {
        let Some(step) = item.id(reader) else {
            continue;
        };
        let Some(index) = index.get(&step).copied() else {
            let message = format!("No step is named {step:?}.");
            let remedy = suggestion(&step, all.steps.iter().map(|known| known.id.as_str()));
            reader.fault(code::UNKNOWN_STEP, &item.at, message, remedy);
            continue;
        };
        if all.steps[index].actions.iter().any(|known| known.id == action.id) {
            let message = format!("Step {step:?} has an action {:?} already.", action.id);
            reader.fault(code::DUPLICATE_ID, &item.at, message, "Rename one of the two.");
            continue;
        }
        all.steps[index].actions.push(action.clone());
        all.actions_at[index].push(at.clone());
    }
}
