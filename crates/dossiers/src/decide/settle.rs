//! What follows by itself from an event: branches come together, the system proceeds.
//!
//! After each event the dossier is brought to rest (run to completion): as long as a join is due or
//! a `proceed` action's condition holds, the next event follows, in the same commit. Joins come
//! before `proceed`, inner ones before outer ones.

use jiff::Timestamp;
use motcua_procedures::{Act, JoinWhen, Parallel, Step};

use super::act::Chosen;
use super::branches::branches_of;
use super::transition::Change;
use super::{Case, Context, reject};
use crate::command::{Actor, Choose};
use crate::dossier::{BranchState, Dossier, WorkItem};
use crate::event::Event;
use crate::evolve::{Recorded, evolve};
use crate::rejection::{Reason, Rejection};

/// The dossier after an event of this decision.
pub(super) fn after(dossier: Option<Dossier>, event: &Event, ctx: &Context<'_>) -> Dossier {
    after_at(dossier, event, ctx.now)
}

/// The dossier after an event that is not sealed yet.
pub(super) fn after_at(dossier: Option<Dossier>, event: &Event, at: Timestamp) -> Dossier {
    let recorded = Recorded {
        id: dossier.as_ref().map_or(uuid::Uuid::nil(), |dossier| dossier.id),
        seq: dossier.as_ref().map_or(0, |dossier| dossier.version) + 1,
        at,
        kind: event.kind,
        to: &event.to,
        facts: &event.facts,
    };
    evolve(dossier, &recorded).expect("a dossier that exists stays one")
}

/// Everything that follows by itself, until nothing does, and the dossier at rest.
pub(super) fn settle(
    dossier: Dossier,
    ctx: &Context<'_>,
) -> Result<(Vec<Event>, Dossier), Rejection> {
    let system = Actor::system();
    let ctx = &Context { actor: &system, ..ctx.clone() };
    let mut dossier = dossier;
    let mut events = Vec::new();
    let mut items_max = dossier.items.len();
    while !dossier.closed {
        let next = match join(&dossier, ctx)? {
            Some(event) => Some(event),
            None => proceed(&dossier, ctx)?,
        };
        let Some(event) = next else { break };
        dossier = after(Some(dossier), &event, ctx);
        events.push(event);
        items_max = items_max.max(dossier.items.len());
        // Without circles no work item goes through a step twice by itself.
        if events.len() > (items_max + 1) * (ctx.procedure.definition().steps.len() + 1) {
            return Err(never_at_rest(&dossier));
        }
    }
    Ok((events, dossier))
}

/// A checked procedure has no circle of joins and `proceed` actions, so this is a fault of the
/// program or of an unchecked definition: nothing of the event is recorded.
fn never_at_rest(dossier: &Dossier) -> Rejection {
    let step = &dossier.state;
    reject(
        Reason::ConditionNotMet,
        format!("Quy trình tự chuyển bước không dứt quanh bước \"{step}\"; cần sửa định nghĩa."),
        format!("The process moves on by itself without end around {step:?}: correct it."),
    )
}

/// The innermost join that is due.
fn join(dossier: &Dossier, ctx: &Context<'_>) -> Result<Option<Event>, Rejection> {
    let mut items: Vec<&WorkItem> = dossier.items.values().collect();
    items.sort_by_key(|item| std::cmp::Reverse(item.branch.as_ref().map_or(0, String::len)));
    for item in items {
        let step = ctx.procedure.step(&item.step);
        let Some((step, parallel)) = step.and_then(|s| Some((s, s.parallel.as_ref()?))) else {
            continue;
        };
        if is_due(dossier, item, parallel) {
            return come_together(dossier, item, (step, parallel), ctx).map(Some);
        }
    }
    Ok(None)
}

/// Whether every branch has ended, or enough of them.
fn is_due(dossier: &Dossier, item: &WorkItem, parallel: &Parallel) -> bool {
    let branches: Vec<&BranchState> = branches_of(dossier, item).map(|(_, state)| state).collect();
    let all = branches.iter().all(|branch| branch.ended.is_some());
    all || parallel.join.early.iter().any(|when| is_enough(when, &branches))
}

fn is_enough(when: &JoinWhen, branches: &[&BranchState]) -> bool {
    let counts = |state: &&&BranchState| match (&state.ended, &when.answer) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(end), Some((branch, answer))) => {
            state.branch == *branch && end.answer.as_ref() == Some(answer)
        }
    };
    branches.iter().filter(counts).count() >= when.at_least as usize
}

fn come_together(
    dossier: &Dossier,
    item: &WorkItem,
    (step, parallel): (&Step, &Parallel),
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    let mut change = Change::plain(dossier, "join", ctx);
    change.facts.action = Some(format!("{}/join", step.id));
    change.cut_branches(item);
    let to = change.resolve(&parallel.join.target)?;
    change.move_to(item, &to)?;
    change.finish()
}

/// The first action that the system takes by itself now.
fn proceed(dossier: &Dossier, ctx: &Context<'_>) -> Result<Option<Event>, Rejection> {
    for item in dossier.items.values() {
        let Some(step) = ctx.procedure.step(&item.step) else { continue };
        for action in step.actions.iter().filter(|action| action.act == Act::Proceed) {
            if !Case::of(dossier, ctx).holds(action.when.as_ref())? {
                continue;
            }
            let chosen = Chosen { item, step, action };
            let name = Act::Proceed.as_str();
            let mut change = Change::begin(dossier, name, chosen, &Choose::default(), ctx);
            change.follow_target()?;
            return change.finish().map(Some);
        }
    }
    Ok(None)
}
