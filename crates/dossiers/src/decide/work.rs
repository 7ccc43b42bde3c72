//! Who holds a work item: assign, claim, release, hand over.

use motcua_procedures::{Role, UnitRef};
use serde_json::json;

use super::act::{held_by_another, item_not_open, role_required};
use super::filing::{no_agency, no_centre};
use super::transition::Change;
use super::{Context, active_unit, dossier_closed, reject};
use crate::command::{Assign, HandOver, ItemRef};
use crate::dossier::{Dossier, Filing, Interrupted, WorkItem};
use crate::event::Event;
use crate::rejection::{Reason, Rejection};
use crate::units::Unit;

fn open_item(dossier: &Dossier, id: Option<u32>) -> Result<&WorkItem, Rejection> {
    let found = match id {
        Some(id) => dossier.items.get(&id).ok_or_else(|| item_not_open(id))?,
        None => {
            let mut items = dossier.items.values();
            match (items.next(), items.next()) {
                (Some(only), None) => only,
                (None, _) => return Err(dossier_closed()),
                (Some(_), Some(_)) => {
                    return Err(reject(
                        Reason::AmbiguousAction,
                        "Hồ sơ có nhiều việc đang mở, hãy chọn một.",
                        "Several work items are open: name one in `item`.",
                    ));
                }
            }
        }
    };
    if found.role == Role::Applicant {
        return Err(reject(
            Reason::ActNotOffered,
            "Việc này đang chờ người nộp hồ sơ.",
            "This work item waits for the applicant; it cannot be held by staff.",
        ));
    }
    Ok(found)
}

fn here(item: &WorkItem, roles: &[Role], ctx: &Context<'_>) -> Result<(), Rejection> {
    let unit = ctx.actor.unit.as_deref() == Some(item.unit.as_str());
    if unit && roles.contains(&ctx.actor.role) {
        Ok(())
    } else {
        Err(role_required(roles, &item.unit))
    }
}

fn suitable(unit: &str, person: &str, role: Role, ctx: &Context<'_>) -> Result<(), Rejection> {
    if ctx.units.unit(unit).is_some_and(|unit| unit.has_staff(person, role)) {
        return Ok(());
    }
    Err(reject(
        Reason::AssigneeUnsuitable,
        format!("{person} không có vai trò {} tại {unit}.", role.as_str()),
        format!("{person} does not work as {} in unit {unit}.", role.as_str()),
    ))
}

fn changed(
    dossier: &Dossier,
    kind: &'static str,
    item: WorkItem,
    reason: Option<&String>,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    let mut change = Change::plain(dossier, kind, ctx);
    change.facts.items.push(item);
    if let Some(reason) = reason {
        change.personal("reason", json!(reason));
    }
    change.finish()
}

pub(super) fn assign(
    dossier: &Dossier,
    assign: &Assign,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    let item = open_item(dossier, assign.item)?;
    here(item, &[Role::HeadOfDivision, Role::SigningLeader], ctx)?;
    suitable(&item.unit, &assign.assignee, item.role, ctx)?;
    let item = WorkItem { assignee: Some(assign.assignee.clone()), ..item.clone() };
    changed(dossier, "assign", item, None, ctx)
}

pub(super) fn claim(
    dossier: &Dossier,
    claim: &ItemRef,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    let item = open_item(dossier, claim.item)?;
    here(item, &[item.role], ctx)?;
    held_by_another(item, ctx.actor)?;
    let item = WorkItem { assignee: Some(ctx.actor.id.clone()), ..item.clone() };
    changed(dossier, "claim", item, None, ctx)
}

pub(super) fn release(
    dossier: &Dossier,
    release: &ItemRef,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    let item = open_item(dossier, release.item)?;
    here(item, &[item.role, Role::HeadOfDivision], ctx)?;
    held_by_another(item, ctx.actor)?;
    if item.assignee.is_none() {
        return Err(reject(
            Reason::ActNotOffered,
            "Chưa có ai giữ việc này.",
            "Nobody holds this work item.",
        ));
    }
    let item = WorkItem { assignee: None, ..item.clone() };
    changed(dossier, "release", item, None, ctx)
}

/// To a colleague, or to another unit (L13). The time of the step goes on.
pub(super) fn hand_over(
    dossier: &Dossier,
    hand_over: &HandOver,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    let item = open_item(dossier, hand_over.item)?;
    here(item, &[item.role, Role::HeadOfDivision, Role::SigningLeader], ctx)?;
    held_by_another(item, ctx.actor)?;
    let unit = match &hand_over.unit {
        Some(unit) => active_unit(ctx, unit, "unit")?.id.clone(),
        None => item.unit.clone(),
    };
    if unit != item.unit {
        takes_over(item, &unit, hand_over.reason.as_deref(), ctx)?;
    }
    if let Some(assignee) = &hand_over.assignee {
        suitable(&unit, assignee, item.role, ctx)?;
    }
    if hand_over.assignee.is_none() && unit == item.unit {
        return Err(reject(
            Reason::AssigneeUnsuitable,
            "Phải nêu người hoặc đơn vị nhận bàn giao.",
            "Name the colleague or the unit that takes over.",
        ));
    }
    let filing = moved_filing(dossier, item, &unit, ctx);
    let back = filing.as_ref().and_then(|_| moved_back(dossier, item, &unit, ctx));
    let assignee = hand_over.assignee.clone();
    let item = WorkItem { unit, assignee, ..item.clone() };
    let mut event = changed(dossier, "hand_over", item, hand_over.reason.as_ref(), ctx)?;
    event.facts.filing = filing;
    event.facts.back = back;
    Ok(event)
}

/// Whether another unit may take over an item: a reason is written, the unit is of the kind that
/// the step names, and someone there does such work.
fn takes_over(
    item: &WorkItem,
    unit: &str,
    reason: Option<&str>,
    ctx: &Context<'_>,
) -> Result<(), Rejection> {
    if reason.is_none_or(|reason| reason.trim().is_empty()) {
        return Err(reject(
            Reason::ReasonRequired,
            "Chuyển việc sang đơn vị khác phải ghi lý do.",
            "Work goes to another unit only for a written reason: give it in `reason`.",
        ));
    }
    let target = active_unit(ctx, unit, "unit")?;
    let by = ctx.procedure.step(&item.step).map(|step| step.unit);
    let fault = match by {
        Some(UnitRef::Receiving) => no_centre(target, "unit"),
        Some(UnitRef::Competent) => no_agency(target, "unit"),
        Some(UnitRef::Chosen | UnitRef::Branch) | None => None,
    };
    if let Some(fault) = fault {
        let mut rejection = reject(Reason::UnitUnknown, &*fault.message.vi, &*fault.message.en);
        rejection.violations = vec![fault];
        return Err(rejection);
    }
    staffed(target, item.role)
}

/// Refuses a unit in which nobody works in the role: what goes there would lie there.
pub(super) fn staffed(unit: &Unit, role: Role) -> Result<(), Rejection> {
    if unit.works_as(role) {
        return Ok(());
    }
    let (id, role) = (&unit.id, role.as_str());
    Err(reject(
        Reason::AssigneeUnsuitable,
        format!("Đơn vị {id} không có ai giữ vai trò {role}."),
        format!("Nobody works as {role} in unit {id}; name another unit."),
    ))
}

/// A dossier handed over to another agency or centre stays there: what follows is done there too
/// (L13). A unit that only answers a question hands over its question.
fn moved_filing(
    dossier: &Dossier,
    item: &WorkItem,
    unit: &str,
    ctx: &Context<'_>,
) -> Option<Filing> {
    let step = ctx.procedure.step(&item.step)?;
    if unit == item.unit {
        return None;
    }
    let mut filing = dossier.filing.clone();
    match step.unit {
        UnitRef::Receiving => unit.clone_into(&mut filing.receiving_unit),
        UnitRef::Competent => unit.clone_into(&mut filing.competent_unit),
        UnitRef::Chosen | UnitRef::Branch => return None,
    }
    Some(filing)
}

/// What an interruption left at the end that moves goes on at the new one.
fn moved_back(
    dossier: &Dossier,
    item: &WorkItem,
    unit: &str,
    ctx: &Context<'_>,
) -> Option<Vec<Interrupted>> {
    let by = |step: &str| ctx.procedure.step(step).map(|step| step.unit);
    let end = by(&item.step)?;
    let moves = |step: &str, at: &str| by(step) == Some(end) && at == item.unit;
    let mut back = dossier.back.clone();
    for left in &mut back {
        if moves(&left.step, &left.unit) {
            unit.clone_into(&mut left.unit);
        }
        for work in left.items.iter_mut().filter(|work| moves(&work.step, &work.unit)) {
            unit.clone_into(&mut work.unit);
        }
    }
    (back != dossier.back).then_some(back)
}
