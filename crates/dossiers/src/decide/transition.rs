//! Moving from step to step: work items, interruptions, clocks, timers, status.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, ToSpan};
use motcua_deadlines::{Clock, Limit, Unit, after_minutes, days_left, minutes_left};
use motcua_procedures::{Act, ClockEffect, FeeFacts, Step, StepKind, Target, UnitRef};
use serde_json::{Value, json};

use super::act::{Chosen, REASON_CHARS_MAX, action_name, round_name};
use super::{Case, Context, deadline_rule, document_facts, fee_facts, local_date, reject};
use crate::command::Choose;
use crate::dossier::{Clocks, Dossier, Interrupted, StepTimeLeft, TimeoutLeft, WorkItem};
use crate::event::{Event, Facts};
use crate::explain::regime;
use crate::rejection::{Reason, Rejection};

/// What an interruption left of a work item.
#[derive(Clone, Copy)]
pub(super) struct Left<'a> {
    /// Unit that worked on it.
    pub(super) unit: &'a str,
    /// What was left of its timeout.
    pub(super) timeout: Option<Rest>,
    /// What was left of the time of its step.
    pub(super) time_left: Option<StepTimeLeft>,
}

/// What was left of a timeout.
#[derive(Clone, Copy)]
pub(super) enum Rest {
    /// In the unit of the timeout.
    Counted(TimeoutLeft),
    /// In seconds, as histories from before the unit was kept have it.
    Seconds(i64),
}

impl Rest {
    pub(super) fn of(counted: Option<TimeoutLeft>, seconds: Option<i64>) -> Option<Self> {
        counted.map(Self::Counted).or(seconds.map(Self::Seconds))
    }
}

/// An event in the making.
pub(super) struct Change<'a> {
    pub(super) dossier: &'a Dossier,
    pub(super) ctx: &'a Context<'a>,
    chosen: Option<Chosen<'a>>,
    kind: &'static str,
    to: String,
    unit: Option<String>,
    pub(super) units: Vec<String>,
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
            units: Vec::new(),
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
        // Whoever confirms or signs the draft says by the same act which one it was.
        if action.act == Act::Sign || chosen.step.kind == StepKind::Applicant {
            change.facts.draft.clone_from(&dossier.draft);
        }
        change.facts.round = action.rounds_max.map(|_| round_name(chosen.step, action));
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

    /// Names the step of the main line after the act, where no target does.
    pub(super) fn go_to_step(&mut self, step: &str) {
        step.clone_into(&mut self.to);
    }

    /// The unit that the next step goes to, where the act chooses it.
    pub(super) fn go_to_unit(&mut self, unit: &str) {
        self.unit = Some(unit.to_owned());
    }

    /// Leaves the current step as the action says.
    pub(super) fn follow_target(&mut self) -> Result<(), Rejection> {
        let chosen = self.chosen.expect("only acts that follow an action have a target");
        match &chosen.action.target {
            Target::Stay => Ok(()),
            Target::End => {
                self.end_branch(chosen.item, chosen.action.answer.as_deref());
                Ok(())
            }
            Target::Back => {
                let left = self.take_interrupted(chosen)?;
                let step = left.step.clone();
                self.returning = Some(left);
                self.move_to(chosen.item, &step)
            }
            Target::Step(_) | Target::Choice(_) => {
                let to = self.resolve(&chosen.action.target)?;
                self.move_to(chosen.item, &to)
            }
        }
    }

    /// The step that a target of a checked procedure names in this case.
    pub(super) fn resolve(&self, target: &Target) -> Result<String, Rejection> {
        let choices = match target {
            Target::Step(to) => return Ok(to.clone()),
            Target::Choice(choices) => choices,
            Target::Stay | Target::Back | Target::End => {
                unreachable!("a checked procedure names a step here")
            }
        };
        let case = self.case_after();
        for choice in choices {
            if case.holds(choice.when.as_ref())? {
                return Ok(choice.to.clone());
            }
        }
        unreachable!("the last choice of a checked procedure has no guard")
    }

    /// The case as it stands after the act: what it decides, verifies, begins and ends counts.
    pub(super) fn case_after(&self) -> Case<'_> {
        let mut case = Case::of(self.dossier, self.ctx);
        if let Some(filing) = &self.facts.filing {
            case.filing = filing;
        }
        for (id, content) in &self.facts.documents {
            case.documents.insert(id.clone(), document_facts(content));
        }
        if let Some(fees) = &self.facts.fees {
            case.fees = fee_facts(fees);
        }
        if let Some(payment) = &self.facts.payment {
            case.fees.insert(payment.fee.clone(), FeeFacts { owed: true, paid: true });
        }
        if let Some(outcome) = &self.facts.outcome {
            case.outcome = Some(outcome);
        }
        case.phases.extend(self.facts.clocks.as_ref().and_then(|clocks| clocks.phase.clone()));
        case.answers = super::branches::answers(self.dossier, &self.facts.branches);
        case
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

    /// Closes the work item, with all that lies below it, and opens the one of the next step.
    pub(super) fn move_to(&mut self, item: &WorkItem, to: &str) -> Result<(), Rejection> {
        let step = self.ctx.procedure.step(to).expect("targets of a checked procedure exist");
        let interrupts = matches!(step.kind, StepKind::Supplement | StepKind::Withdrawal);
        if interrupts && self.facts.back.is_none() {
            let mut back = self.dossier.back.clone();
            let asked = step.kind == StepKind::Withdrawal;
            let withdrawn_by = asked.then(|| self.ctx.actor.person().to_owned());
            back.push(Interrupted { withdrawn_by, ..self.interrupted(item)? });
            self.facts.back = Some(back);
        } else {
            self.cut_branches(item);
        }
        self.close(item);
        if step.within.is_some() {
            self.enter_clocks(step)?;
            return self.open_item(step, item.branch.as_deref(), None);
        }
        step.id.clone_into(&mut self.to);
        self.facts.status = (step.status != self.dossier.status).then_some(step.status);
        match self.chosen.and_then(|chosen| chosen.action.begins.as_ref()) {
            Some(phase) => self.begin_phase(phase)?,
            None => self.apply_clock_effect(step)?,
        }
        match self.returning.is_some() {
            true => self.resume_clocks(step)?,
            false => self.enter_clocks(step)?,
        }
        if step.kind == StepKind::Final {
            self.facts.closed = true;
            for name in self.dossier.timers.keys() {
                self.facts.timers.insert(name.clone(), None);
            }
            return Ok(());
        }
        match self.returning.take() {
            None => self.open_item(step, None, None),
            Some(left) => self.restore(step, &left),
        }
    }

    /// Closes a work item and all that lie in its branches.
    pub(super) fn close(&mut self, item: &WorkItem) {
        let below = item.below();
        let lies_below = |other: &&WorkItem| {
            other.branch.as_ref().is_some_and(|branch| branch.starts_with(&below))
        };
        let items = self.dossier.items.values();
        let closed: Vec<u32> = items.filter(lies_below).map(|item| item.id).collect();
        for id in closed.into_iter().chain([item.id]) {
            self.facts.items_closed.push(id);
            self.clear_timers_of(id);
        }
    }

    /// What is left of the timeout of a work item, counted as the timeout is.
    pub(super) fn timeout_left(&self, item: &WorkItem) -> Result<Option<TimeoutLeft>, Rejection> {
        let step = self.ctx.procedure.step(&item.step);
        let timeout = step.and_then(|step| step.timeout.as_ref());
        let ends_at = self.dossier.timers.get(&format!("timeout:{}", item.id));
        let Some((timeout, ends_at)) = timeout.zip(ends_at) else { return Ok(None) };
        let hours = self.ctx.hours_of(&item.unit);
        let (now, inputs) = (self.ctx.now, self.ctx.inputs(&hours));
        // A period in days ends at 24:00, the first instant of the day after its last.
        let last = local_date(*ends_at - SignedDuration::from_nanos(1));
        let (unit, amount) = match timeout.after.unit {
            Unit::WorkingHour => {
                let minutes = minutes_left(now, *ends_at, &inputs).map(|minutes| minutes.max(1));
                (Unit::WorkingHour, minutes)
            }
            Unit::WorkingDay => (Unit::WorkingDay, days_left(Unit::WorkingDay, now, last, &inputs)),
            Unit::CalendarDay | Unit::Month => {
                (Unit::CalendarDay, days_left(Unit::CalendarDay, now, last, &inputs))
            }
            Unit::SameDay => (Unit::SameDay, Ok(1)),
        };
        let amount = amount.map_err(|e| deadline_rule(&e))?;
        Ok(Some(TimeoutLeft { unit, amount }))
    }

    /// Opens the work item of a step, on the main line or in a branch, and whatever the step does
    /// at the same time.
    pub(super) fn open_item(
        &mut self,
        step: &Step,
        branch: Option<&str>,
        left: Option<Left<'_>>,
    ) -> Result<(), Rejection> {
        let unit = match left {
            Some(left) => left.unit.to_owned(),
            None => self.unit_of(step, branch)?,
        };
        let opened = u32::try_from(self.facts.items.len()).expect("items of one event are few");
        let id = self.dossier.next_item + opened;
        let time_left = left.and_then(|left| left.time_left);
        let late = time_left.is_some_and(|left| left.late);
        let due_at = match time_left {
            Some(left) => Some(self.due_again_at(left, &unit)?),
            None => self.step_due_at(step, &unit)?,
        };
        if let Some(at) = due_at.filter(|_| !late) {
            self.facts.timers.insert(format!("item_due:{id}"), Some(at));
        }
        self.set_timeout(step, id, &unit, left.and_then(|left| left.timeout))?;
        let key = crate::dossier::holder_key(branch, &step.id);
        let staff = |person: &&String| {
            self.ctx.units.unit(&unit).is_some_and(|unit| unit.has_staff(person, step.role))
        };
        let assignee = self.dossier.holders.get(&key).filter(staff).cloned();
        self.facts.items.push(WorkItem {
            id,
            step: step.id.clone(),
            branch: branch.map(str::to_owned),
            role: step.role,
            unit,
            assignee,
            opened_at: self.ctx.now,
            due_at,
            late,
        });
        match (&step.parallel, left) {
            (Some(parallel), None) => self.open_branches(step, parallel, branch),
            (Some(_) | None, _) => Ok(()),
        }
    }

    fn step_due_at(&self, step: &Step, unit: &str) -> Result<Option<Timestamp>, Rejection> {
        let Some(limit) = &step.time else { return Ok(None) };
        let hours = self.ctx.hours_of(unit);
        let due = motcua_deadlines::due(limit, self.ctx.now, &self.ctx.inputs(&hours));
        due.map(|due| Some(due.due_at)).map_err(|e| deadline_rule(&e))
    }

    /// What is left of the time of a work item's step; the reminder may not have come yet.
    pub(super) fn time_left(&self, item: &WorkItem) -> Result<Option<StepTimeLeft>, Rejection> {
        let Some(due_at) = item.due_at else { return Ok(None) };
        let hours = self.ctx.hours_of(&item.unit);
        let minutes = minutes_left(self.ctx.now, due_at, &self.ctx.inputs(&hours));
        let minutes = minutes.map_err(|e| deadline_rule(&e))?;
        let late = item.late || due_at <= self.ctx.now;
        Ok(Some(StepTimeLeft { due_at, minutes, late }))
    }

    /// When the time of a step that goes on after an interruption runs out; time that had run out
    /// stays so.
    fn due_again_at(&self, left: StepTimeLeft, unit: &str) -> Result<Timestamp, Rejection> {
        if left.late {
            return Ok(left.due_at);
        }
        let hours = self.ctx.hours_of(unit);
        after_minutes(left.minutes, self.ctx.now, &self.ctx.inputs(&hours))
            .map_err(|e| deadline_rule(&e))
    }

    fn set_timeout(
        &mut self,
        step: &Step,
        id: u32,
        unit: &str,
        left: Option<Rest>,
    ) -> Result<(), Rejection> {
        let Some(timeout) = &step.timeout else { return Ok(()) };
        let now = self.ctx.now;
        let at = match left {
            Some(Rest::Seconds(seconds)) => now + SignedDuration::from_secs(seconds.max(0)),
            Some(Rest::Counted(left)) => self.end_of_rest(left, &timeout.after, unit)?,
            None => self.end_of(&timeout.after, unit)?,
        };
        self.facts.timers.insert(format!("timeout:{id}"), Some(at));
        let remind = timeout
            .remind_days_before
            .map(|days| at - SignedDuration::from_hours(24 * i64::from(days)));
        if let Some(remind) = remind.filter(|remind| *remind > now) {
            self.facts.timers.insert(format!("remind:{id}"), Some(remind));
        }
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

    /// When what was left of a timeout has run out, counted from now on.
    fn end_of_rest(
        &self,
        left: TimeoutLeft,
        whole: &Limit,
        unit: &str,
    ) -> Result<Timestamp, Rejection> {
        if left.unit == Unit::WorkingHour {
            let hours = self.ctx.hours_of(unit);
            let end = after_minutes(left.amount, self.ctx.now, &self.ctx.inputs(&hours));
            return end.map_err(|e| deadline_rule(&e));
        }
        self.end_of(&Limit { unit: left.unit, amount: left.amount, cutoff: whole.cutoff }, unit)
    }

    fn unit_of(&self, step: &Step, branch: Option<&str>) -> Result<String, Rejection> {
        let missing = || {
            reject(
                Reason::UnitUnknown,
                "Phải nêu đơn vị thực hiện bước tiếp theo.",
                "Name the unit that the next step goes to in `unit`.",
            )
        };
        match step.unit {
            UnitRef::Receiving => Ok(self.dossier.filing.receiving_unit.clone()),
            UnitRef::Competent => Ok(self.dossier.filing.competent_unit.clone()),
            UnitRef::Chosen => {
                let unit = self.unit.as_deref().ok_or_else(missing)?;
                super::work::staffed(super::active_unit(self.ctx, unit, "unit")?, step.role)?;
                Ok(unit.to_owned())
            }
            UnitRef::Branch => {
                let unit = branch.and_then(|branch| self.unit_of_branch(branch));
                Ok(unit.expect("a checked procedure says `branch` in branches of units only"))
            }
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
        self.set_clocks(Clocks { statutory, committed, paused_on, ..clocks })
    }

    /// Records the clocks and the timers of the appointment (T28).
    pub(super) fn set_clocks(&mut self, clocks: Clocks) -> Result<(), Rejection> {
        let hours = self.ctx.hours_of(&self.dossier.filing.competent_unit);
        let inputs = self.ctx.inputs(&hours);
        let pending = |name: &str| self.dossier.timers.contains_key(name);
        let timers = appointment_timers(&clocks, self.ctx.now, &inputs, pending)?;
        for (name, at) in timers {
            if at.is_some() || self.dossier.timers.contains_key(name) {
                self.facts.timers.insert(name.to_owned(), at);
            }
        }
        self.facts.clocks = Some(clocks);
        Ok(())
    }

    /// Whether a requirement may hang on something that the act changed.
    fn changes_what_is_required(&self) -> bool {
        let facts = &self.facts;
        let phase = facts.clocks.as_ref().and_then(|clocks| clocks.phase.as_ref());
        if phase.is_some_and(|phase| !self.dossier.phases.contains(phase)) {
            return true;
        }
        let changed = [
            ("outcome", facts.outcome.is_some()),
            ("documents", !facts.documents.is_empty()),
            ("fees", facts.fees.is_some() || facts.payment.is_some()),
            ("answers", !facts.branches.is_empty()),
        ];
        let changed = changed.into_iter().filter_map(|(name, is)| is.then_some(name));
        let changed: Vec<&str> = changed.collect();
        let mut guards = self.ctx.procedure.definition().documents.iter().map(|d| &d.when);
        guards.any(|when| when.as_ref().is_some_and(|guard| guard.looks_at(&changed)))
    }

    /// The event.
    pub(super) fn finish(mut self) -> Result<Event, Rejection> {
        // What is owed may depend on what was decided.
        if let (Some(_), None) = (&self.facts.outcome, &self.facts.fees) {
            let fees = super::money::fees(&self.case_after(), &self.dossier.fees, self.ctx)?;
            self.facts.fees = (fees != self.dossier.fees).then_some(fees);
        }
        // So may what is required, on money, answers and other papers, too.
        if self.facts.required.is_none() && self.changes_what_is_required() {
            let required = super::filing::requirements(&self.case_after(), self.ctx)?;
            self.facts.required = (required != self.dossier.required).then_some(required);
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

/// The timers that the appointment sets while its clock runs; none of them otherwise. `pending`
/// says which are set at present.
pub(super) fn appointment_timers(
    clocks: &Clocks,
    now: Timestamp,
    inputs: &motcua_deadlines::Inputs<'_>,
    pending: impl Fn(&str) -> bool,
) -> Result<[(&'static str, Option<Timestamp>); 3], Rejection> {
    let clock = clocks.appointment();
    if !clock.is_running() {
        return Ok([("warn", None), ("due", None), ("late", None)]);
    }
    let warn = clock.warn_at(inputs).map_err(|e| deadline_rule(&e))?;
    // What has fired already does not fire again when a late clock goes on.
    let ahead = |at: Option<Timestamp>| at.filter(|at| *at > now);
    // What has not, and lies in the past by a shorter limit, fires now.
    let or_now = |name: &str, at: Option<Timestamp>| match at {
        Some(at) if at <= now => pending(name).then_some(now),
        Some(_) | None => at,
    };
    let (due, late) = (or_now("due", clock.due_at()), or_now("late", clock.late_at()));
    Ok([("warn", ahead(warn)), ("due", due), ("late", late)])
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
    change.start_clocks_of_submission()?;
    change.enter_clocks(step)?;
    change.open_item(step, None, None)?;
    change.finish()
}

/// The personal fields of a supplement request, one for each item.
pub(super) fn request_fields(items: &[crate::command::SupplementItem]) -> Vec<(String, Value)> {
    let field = |item: &crate::command::SupplementItem| {
        (format!("request.{}", item.item), json!(item.content))
    };
    items.iter().map(field).collect()
}
