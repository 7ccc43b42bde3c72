//! Data of form 06, the control slip: who gave the dossier to whom, when, and whether in time (F2).
//!
//! A [`Trail`] is gathered from the events of a history, one after the other, and needs nothing
//! else: no clock, no present state, no personal value. People are the opaque ids that the history
//! has.

use jiff::Timestamp;
use motcua_deadlines::Unit;
use serde_json::{Value, json};

use super::{FormSource, common, document, local, unit};
use crate::decide::local_date;
use crate::dossier::{Dossier, WorkItem};
use crate::event::Facts;

/// The number of the form.
pub const CONTROL_SLIP: u8 = 6;

/// The hand-overs of a dossier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail {
    rows: Vec<HandOver>,
}

/// The dossier went from one hand to another.
#[derive(Clone, Debug, PartialEq, Eq)]
struct HandOver {
    at: Timestamp,
    /// The act: step and id of the procedure's action, or the kind of the event.
    act: String,
    /// What the giver worked on, and until when it should have been done.
    left: Option<Left>,
    giving: Hand,
    receiving: Hand,
    /// Step that the receiver works on, and its work item.
    entered: Option<(String, u32)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Left {
    step: String,
    due_at: Option<Timestamp>,
}

/// Who holds a dossier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Hand {
    unit: Option<String>,
    person: Option<String>,
}

impl Hand {
    fn of(item: &WorkItem) -> Self {
        Self { unit: Some(item.unit.clone()), person: item.assignee.clone() }
    }
}

impl Trail {
    /// Takes in the next event: the states around it, its kind, instant and facts.
    pub fn record(
        &mut self,
        before: Option<&Dossier>,
        after: &Dossier,
        kind: &str,
        at: Timestamp,
        facts: &Facts,
    ) {
        let act = facts.action.clone().unwrap_or_else(|| kind.to_owned());
        let known = |id: u32| before.and_then(|before| before.items.get(&id));
        for id in &facts.items_closed {
            // Whoever finished the work had received it; another unit's act may close it too.
            let is_own = |item: &&WorkItem| {
                let unit = facts.actor.unit.as_ref();
                item.role == facts.actor.role && unit.is_none_or(|unit| *unit == item.unit)
            };
            if known(*id).filter(is_own).is_some() {
                self.received(*id, &facts.actor.id);
            }
        }
        let (changed, opened): (Vec<&WorkItem>, Vec<&WorkItem>) =
            facts.items.iter().partition(|item| known(item.id).is_some());
        for item in changed {
            let held = known(item.id).expect("only known items are changed");
            self.passed(held, item, &act, at, facts);
        }
        // The work that was left stands behind what lay in its branches.
        let closed = facts.items_closed.last().and_then(|id| known(*id));
        let left = closed.map(|item| Left { step: item.step.clone(), due_at: item.due_at });
        let giving = Hand { unit: facts.actor.unit.clone(), person: Some(facts.actor.id.clone()) };
        for item in &opened {
            self.rows.push(HandOver {
                at,
                act: act.clone(),
                left: left.clone(),
                giving: giving.clone(),
                receiving: Hand::of(item),
                entered: Some((item.step.clone(), item.id)),
            });
        }
        if let Some(closed) = closed.filter(|_| opened.is_empty()) {
            // A branch ended and whoever coordinates goes on, or nobody works on it any more.
            let coordinator = coordinator(after, closed);
            let receiving = match coordinator {
                Some(item) => Hand::of(item),
                None => Hand { unit: None, person: recipients(facts) },
            };
            let entered = coordinator.map(|item| (item.step.clone(), item.id));
            self.rows.push(HandOver { at, act, left, giving, receiving, entered });
        }
    }

    /// Someone turns out to be who received a work item.
    fn received(&mut self, item: u32, person: &str) {
        let row = self.rows.iter_mut().rev().find(|row| row.holds(item));
        if let Some(row) = row
            && row.receiving.person.is_none()
        {
            row.receiving.person = Some(person.to_owned());
        }
    }

    /// A work item changed hands while it stayed open.
    fn passed(
        &mut self,
        held: &WorkItem,
        item: &WorkItem,
        act: &str,
        at: Timestamp,
        facts: &Facts,
    ) {
        let moved = held.unit != item.unit;
        let last = self.rows.iter().rev().find(|row| row.holds(item.id));
        let holder = last.and_then(|row| row.receiving.person.clone());
        match &item.assignee {
            Some(person) if !moved && holder.is_none() => self.received(item.id, person),
            Some(person) if !moved && holder.as_ref() == Some(person) => {}
            None if !moved => {}
            Some(_) | None => {
                let person = held.assignee.clone().or(holder);
                let giver = person.unwrap_or_else(|| facts.actor.id.clone());
                self.rows.push(HandOver {
                    at,
                    act: act.to_owned(),
                    left: None,
                    giving: Hand { unit: Some(held.unit.clone()), person: Some(giver) },
                    receiving: Hand::of(item),
                    entered: Some((item.step.clone(), item.id)),
                });
            }
        }
    }
}

/// Who works on the step whose branch the ended work lay in: the innermost of those around it.
fn coordinator<'d>(after: &'d Dossier, ended: &WorkItem) -> Option<&'d WorkItem> {
    let branch = ended.branch.as_deref()?;
    let around = after.items.values().filter(|item| branch.starts_with(&item.below()));
    around.max_by_key(|item| item.below().len())
}

impl HandOver {
    fn holds(&self, item: u32) -> bool {
        self.entered.as_ref().is_some_and(|(_, id)| *id == item)
    }
}

/// Who received the result.
fn recipients(facts: &Facts) -> Option<String> {
    let delivery = facts.delivery.as_ref()?;
    let ids: Vec<&str> = delivery.recipients.iter().map(|one| one.id.as_str()).collect();
    Some(ids.join(", "))
}

/// The data of form 06. `trail` is what the events up to that of `source` left.
pub fn control_slip(source: &FormSource<'_>, trail: &Trail) -> Value {
    let mut form = common(source, CONTROL_SLIP);
    let documents: Vec<Value> =
        source.dossier.required.iter().map(|required| document(source, &required.id)).collect();
    let rows: Vec<Value> = trail.rows.iter().map(|row| hand_over(source, row)).collect();
    form["documents"] = json!(documents);
    form["hand_overs"] = json!(rows);
    // The slip is no act of its own: nobody gave a reason for it.
    form["reason"] = Value::Null;
    form
}

fn hand_over(source: &FormSource<'_>, row: &HandOver) -> Value {
    let hand = |hand: &Hand| {
        let unit = hand.unit.as_ref().map(|id| unit(source, id));
        json!({ "unit": unit, "person": hand.person })
    };
    let step =
        |id: &str| json!({ "id": id, "name": source.procedure.step(id).map(|step| &step.name) });
    let action = row.act.split_once('/');
    let action = action.and_then(|(step, action)| source.procedure.action(step, action));
    let left = row.left.as_ref();
    let unit_of = |id: &str| {
        source.procedure.step(id).and_then(|step| step.time.as_ref()).map(|time| time.unit)
    };
    let due = left.and_then(|left| Some((left.due_at?, unit_of(&left.step))));
    json!({
        "at": local(row.at),
        "giving": hand(&row.giving),
        "receiving": hand(&row.receiving),
        "finished": left.map(|left| step(&left.step)),
        "entered": row.entered.as_ref().map(|(id, _)| step(id)),
        "due_at": due.map(|(at, _)| local(at)),
        "result": due.map(|(due_at, unit)| timeliness(due_at, row.at, unit)),
        "act": row.act,
        "note": action.map(|action| &action.name),
    })
}

/// `early`, `on_time` or `late`: derived from the two instants each time, never stored.
fn timeliness(due_at: Timestamp, at: Timestamp, unit: Option<Unit>) -> &'static str {
    let (due_on, on) = (local_date(due_at), local_date(at));
    let is_late = match unit {
        Some(Unit::WorkingHour) | None => at > due_at,
        Some(Unit::WorkingDay | Unit::CalendarDay | Unit::SameDay | Unit::Month) => on > due_on,
    };
    match (is_late, on < due_on) {
        (true, _) => "late",
        (false, true) => "early",
        (false, false) => "on_time",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn days_are_late_by_the_date_and_hours_by_the_minute() {
        let due = instant("2026-11-27T10:00:00Z");
        for (at, unit, said) in [
            ("2026-11-27T12:00:00Z", Unit::WorkingDay, "on_time"),
            ("2026-11-27T12:00:00Z", Unit::WorkingHour, "late"),
            ("2026-11-27T09:00:00Z", Unit::WorkingHour, "on_time"),
            ("2026-11-26T09:00:00Z", Unit::WorkingHour, "early"),
            ("2026-11-27T17:00:00Z", Unit::WorkingDay, "late"),
        ] {
            assert_eq!(timeliness(due, instant(at), Some(unit)), said, "{at} {unit:?}");
        }
    }
}
