//! Moving from step to step: work items, interruptions, clocks, timers, status.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, ToSpan};
use motcua_deadlines::{Clock, Limit, Unit};
use motcua_procedures::{ClockEffect, Step, StepKind, Target, UnitRef};
use serde_json::{Value, json};

use super::act::{Chosen, REASON_CHARS_MAX, action_name, round_name};
use super::{Case, Context, deadline_rule, reject};
use crate::command::Choose;
use crate::dossier::{Clocks, Dossier, Interrupted, WorkItem};
use crate::event::{Event, Facts};
use crate::explain::regime;
use crate::rejection::{Reason, Rejection};

/// An event in the making.
pub(super) struct Change<'a> {
    dossier: &'a Dossier,
    ctx: &'a Context<'a>,
    chosen: Option<Chosen<'a>>,
    kind: &'static str,
    to: String,
    unit: Option<String>,
    returning: Option<Interrupted>,
    /// Facts gathered so far.
    pub(super) facts: Facts,
    personal: BTreeMap<String, Value>,
}

impl<'a> Change<'a> {
    /// An act on the dossier that follows no action of the procedure.
    pub(super) fn plain(dossier: &'a Dossier, kind: &'static str, ctx: &'a Context<'a>) -> Self {
        Self {
            dossier,
            ctx,
            chosen: None,
            kind,
            to: dossier.state.clone(),
            unit: None,
            returning: None,
            facts: Facts::by(ctx.actor.clone(), ctx.command.cloned()),
            personal: BTreeMap::new(),
        }
    }

    /// An act that follows an action of the procedure: records what every action has.
    pub(super) fn begin(
        dossier: &'a Dossier,
        kind: &'static str,
        chosen: Chosen<'a>,
        choose: &Choose,
        ctx: &'a Context<'a>,
    ) -> Self {
        let mut change = Self::plain(dossier, kind, ctx);
        let action = chosen.action;
        change.facts.action = Some(action_name(chosen));
        change.facts.form = action.form;
        change.facts.outcome = action.outcome.clone();
        change.facts.round = action.rounds_max.map(|_| round_name(chosen));
        if let Some(reason) = &choose.reason {
            let text: String = reason.trim().chars().take(REASON_CHARS_MAX).collect();
            change.personal("reason", Value::String(text));
        }
        change.chosen = Some(chosen);
        change
    }

    /// Records a personal value.
    pub(super) fn personal(&mut self, name: impl Into<String>, value: Value) {
        self.personal.insert(name.into(), value);
    }

    /// The unit that the next step goes to, where the act chooses it.
    pub(super) fn go_to_unit(&mut self, unit: &str) {
        self.unit = Some(unit.to_owned());
    }

    /// Leaves the current step as the action says.
    pub(super) fn follow_target(&mut self) -> Result<(), Rejection> {
        let chosen = self.chosen.expect("only acts that follow an action have a target");
        let to = match &chosen.action.target {
            Target::Stay => return Ok(()),
            Target::Step(to) => to.clone(),
            Target::Back => {
                let left = self.take_interrupted(chosen)?;
                let step = left.step.clone();
                self.returning = Some(left);
                step
            }
            Target::Choice(choices) => {
                let outcome = self.facts.outcome.clone().or_else(|| self.dossier.outcome.clone());
                let (filing, documents) = (&self.dossier.filing, &self.dossier.documents);
                let form = self.ctx.form;
                let case = Case::new(form, filing, documents, outcome.as_deref(), self.ctx);
                let mut taken = None;
                for choice in choices {
                    if taken.is_none() && case.holds(choice.when.as_ref())? {
                        taken = Some(choice.to.clone());
                    }
                }
                taken.expect("the last choice of a checked procedure has no guard")
            }
        };
        self.move_to(chosen.item, &to)
    }

    /// The step that the interruption left; the stack is popped by the same event.
    fn take_interrupted(&mut self, chosen: Chosen<'_>) -> Result<Interrupted, Rejection> {
        let mut back = self.dossier.back.clone();
        let left = back.pop().ok_or_else(|| {
            reject(
                Reason::ActNotOffered,
                "Không có bước nào để quay lại.",
                format!("Step {} has nowhere to return to.", chosen.step.id),
            )
        })?;
        self.facts.back = Some(back);
        Ok(left)
    }

    /// Closes the work item and opens the one of the next step.
    pub(super) fn move_to(&mut self, item: &WorkItem, to: &str) -> Result<(), Rejection> {
        let step = self.ctx.procedure.step(to).expect("targets of a checked procedure exist");
        let interrupts = matches!(step.kind, StepKind::Supplement | StepKind::Withdrawal);
        if interrupts && self.facts.back.is_none() {
            let timeout = self.dossier.timers.get(&format!("timeout:{}", item.id));
            let left = timeout.map(|at| at.as_second().saturating_sub(self.ctx.now.as_second()));
            let mut back = self.dossier.back.clone();
            back.push(Interrupted {
                step: item.step.clone(),
                unit: item.unit.clone(),
                timeout_left_s: left.map(|seconds| seconds.max(0)),
            });
            self.facts.back = Some(back);
        }
        self.facts.items_closed.push(item.id);
        self.clear_timers_of(item.id);
        step.id.clone_into(&mut self.to);
        self.facts.status = (step.status != self.dossier.status).then_some(step.status);
        self.apply_clock_effect(step)?;
        if step.kind == StepKind::Final {
            self.facts.closed = true;
            for name in self.dossier.timers.keys() {
                self.facts.timers.insert(name.clone(), None);
            }
            return Ok(());
        }
        self.open_item(step)
    }

    fn open_item(&mut self, step: &Step) -> Result<(), Rejection> {
        let now = self.ctx.now;
        let unit = self.unit_of(step)?;
        let id = self.dossier.next_item;
        let hours = self.ctx.hours_of(&unit);
        let due_at = match &step.time {
            Some(limit) => Some(
                motcua_deadlines::due(limit, now, &self.ctx.inputs(&hours))
                    .map_err(|e| deadline_rule(&e))?
                    .due_at,
            ),
            None => None,
        };
        if let Some(at) = due_at {
            self.facts.timers.insert(format!("item_due:{id}"), Some(at));
        }
        if let Some(timeout) = &step.timeout {
            let left = self.returning.as_ref().and_then(|left| left.timeout_left_s);
            let at = match left {
                Some(seconds) => now + SignedDuration::from_secs(seconds),
                None => self.end_of(&timeout.after, &unit)?,
            };
            self.facts.timers.insert(format!("timeout:{id}"), Some(at));
            let remind = timeout
                .remind_days_before
                .map(|days| at - SignedDuration::from_hours(24 * i64::from(days)));
            if let Some(remind) = remind.filter(|remind| *remind > now) {
                self.facts.timers.insert(format!("remind:{id}"), Some(remind));
            }
        }
        let holder = self.dossier.holders.get(&step.id);
        let staff = |person: &&String| {
            self.ctx.units.unit(&unit).is_some_and(|unit| unit.has_staff(person, step.role))
        };
        let assignee = holder.filter(staff).cloned();
        let item = WorkItem {
            id,
            step: step.id.clone(),
            role: step.role,
            unit,
            assignee,
            opened_at: now,
            due_at,
            late: false,
        };
        self.facts.items.push(item);
        Ok(())
    }

    /// When a period that closes something has run out: day units end with the day (T9).
    fn end_of(&self, limit: &Limit, unit: &str) -> Result<Timestamp, Rejection> {
        let hours = self.ctx.hours_of(unit);
        let due = motcua_deadlines::due(limit, self.ctx.now, &self.ctx.inputs(&hours))
            .map_err(|e| deadline_rule(&e))?;
        match limit.unit {
            Unit::WorkingHour => Ok(due.due_at),
            Unit::WorkingDay | Unit::CalendarDay | Unit::SameDay | Unit::Month => {
                Ok(end_of_day(due.due_on))
            }
        }
    }

    fn unit_of(&self, step: &Step) -> Result<String, Rejection> {
        if let Some(left) = &self.returning {
            return Ok(left.unit.clone());
        }
        match step.unit {
            UnitRef::Receiving => Ok(self.dossier.filing.receiving_unit.clone()),
            UnitRef::Competent => Ok(self.dossier.filing.competent_unit.clone()),
            UnitRef::Chosen => self.unit.clone().ok_or_else(|| {
                reject(
                    Reason::UnitUnknown,
                    "Phải nêu đơn vị thực hiện bước tiếp theo.",
                    "Name the unit that the next step goes to in `unit`.",
                )
            }),
        }
    }

    fn clear_timers_of(&mut self, item: u32) {
        let own = format!(":{item}");
        for name in self.dossier.timers.keys().filter(|name| name.ends_with(&own)) {
            self.facts.timers.insert(name.clone(), None);
        }
    }

    fn apply_clock_effect(&mut self, step: &Step) -> Result<(), Rejection> {
        let Some(clocks) = self.facts.clocks.clone().or_else(|| self.dossier.clocks.clone()) else {
            return Ok(());
        };
        let hours = self.ctx.hours_of(&self.dossier.filing.competent_unit);
        let inputs = self.ctx.inputs(&hours);
        let now = self.ctx.now;
        let both = |change: &dyn Fn(&Clock) -> Result<Clock, motcua_deadlines::DeadlineError>| {
            let statutory = change(&clocks.statutory).map_err(|e| deadline_rule(&e))?;
            let committed = clocks.committed.as_ref().map(change).transpose();
            let committed = committed.map_err(|e| deadline_rule(&e))?;
            Ok((statutory, committed))
        };
        let paused = clocks.statutory.is_paused();
        let running = clocks.statutory.is_running();
        let (changed, paused_on) = match &step.clock {
            ClockEffect::NotStarted => return Ok(()),
            ClockEffect::Runs if paused => {
                let regime = regime(self.ctx.procedure, &clocks);
                let resume = |clock: &Clock| Ok(clock.resume(now, &regime, &inputs)?.0);
                (both(&resume)?, None)
            }
            ClockEffect::Runs => return Ok(()),
            ClockEffect::Paused { on, .. } if running => {
                let pause = |clock: &Clock| Ok(clock.pause(now, &inputs)?.0);
                (both(&pause)?, Some(*on))
            }
            ClockEffect::Paused { on, .. } if paused => {
                ((clocks.statutory.clone(), clocks.committed.clone()), Some(*on))
            }
            ClockEffect::Paused { .. } => return Ok(()),
            ClockEffect::Stopped if paused || running => {
                (both(&|clock: &Clock| clock.stop(now))?, None)
            }
            ClockEffect::Stopped => return Ok(()),
        };
        let (statutory, committed) = changed;
        self.set_clocks(Clocks { rule: clocks.rule, statutory, committed, paused_on })
    }

    /// Records the clocks and the timers of the appointment (T28).
    pub(super) fn set_clocks(&mut self, clocks: Clocks) -> Result<(), Rejection> {
        let hours = self.ctx.hours_of(&self.dossier.filing.competent_unit);
        let inputs = self.ctx.inputs(&hours);
        let timers = appointment_timers(&clocks, self.ctx.now, &inputs)?;
        for (name, at) in timers {
            if at.is_some() || self.dossier.timers.contains_key(name) {
                self.facts.timers.insert(name.to_owned(), at);
            }
        }
        self.facts.clocks = Some(clocks);
        Ok(())
    }

    /// The event.
    pub(super) fn finish(mut self) -> Result<Event, Rejection> {
        if self.facts.outcome == self.dossier.outcome {
            self.facts.outcome = None;
        }
        Ok(Event {
            kind: self.kind,
            to: self.to,
            def: self.ctx.procedure.reference().digest.clone(),
            facts: self.facts,
            personal: self.personal,
        })
    }
}

/// The timers that the appointment sets while its clock runs; none of them otherwise.
pub(super) fn appointment_timers(
    clocks: &Clocks,
    now: Timestamp,
    inputs: &motcua_deadlines::Inputs<'_>,
) -> Result<[(&'static str, Option<Timestamp>); 3], Rejection> {
    let clock = clocks.appointment();
    if !clock.is_running() {
        return Ok([("warn", None), ("due", None), ("late", None)]);
    }
    let warn = clock.warn_at(inputs).map_err(|e| deadline_rule(&e))?;
    // What has fired already does not fire again when a late clock goes on.
    let ahead = |at: Option<Timestamp>| at.filter(|at| *at > now);
    Ok([("warn", ahead(warn)), ("due", ahead(clock.due_at())), ("late", ahead(clock.late_at()))])
}

/// 24:00 of `day` at the centre.
fn end_of_day(day: jiff::civil::Date) -> Timestamp {
    let next = day.saturating_add(1.day()).at(0, 0, 0, 0);
    jiff::tz::Offset::constant(7).to_timestamp(next).expect("dates of deadlines are in range")
}

/// Opens the first work item of a dossier that is being filed.
pub(super) fn first_item(
    dossier: &Dossier,
    kind: &'static str,
    facts: Facts,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    let definition = ctx.procedure.definition();
    let step = ctx.procedure.step(&definition.start).expect("the start of a checked procedure");
    let mut change = Change::plain(dossier, kind, ctx);
    change.facts = facts;
    if let Some(clocks) = change.facts.clocks.clone() {
        change.set_clocks(clocks)?;
    }
    step.id.clone_into(&mut change.to);
    change.facts.status = Some(step.status);
    change.open_item(step)?;
    change.finish()
}

/// The personal fields of a supplement request, one for each item.
pub(super) fn request_fields(items: &[crate::command::SupplementItem]) -> Vec<(String, Value)> {
    let field = |item: &crate::command::SupplementItem| {
        (format!("request.{}", item.item), json!(item.content))
    };
    items.iter().map(field).collect()
}
