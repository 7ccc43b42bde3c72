//! The ledger of one limit: started once, paused, resumed, re-appointed, stopped.
//!
//! Every act returns a new clock with all that a replay needs, so that no date is ever computed
//! on reading.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::clock_reading::days_between;
use crate::error::DeadlineError;
use crate::explanation::{Explanation, Line};
use crate::limit::{Limit, Regime, budget, check_amount};
use crate::office_hours::OfficeHours;
use crate::reckon::{Due, Inputs, effective, first_day, minutes_between, reckon};
use crate::unit::Unit;
use crate::zone::{instant, local, next_day};

/// The clock of one limit of a dossier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    pub(crate) limit: Limit,
    pub(crate) received_at: Timestamp,
    pub(crate) effective_on: Date,
    /// Digest of the calendar that the last computing act read.
    pub(crate) calendar: String,
    /// Office hours that the last computing act read.
    pub(crate) hours: OfficeHours,
    pub(crate) phase: Phase,
    /// Used in earlier runs that the present one goes on from.
    pub(crate) used_before: u32,
    /// Whether days counted in those runs were provisional.
    provisional_before: bool,
    pub(crate) provisional: bool,
    pub(crate) run: Run,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) original: Option<Original>,
}

/// What the clock does now. Amounts are in the limit's unit, minutes for hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Phase {
    /// Time runs.
    Running {
        /// Last day of the period.
        due_on: Date,
        /// Appointment, or the instant for hours.
        due_at: Timestamp,
    },
    /// Time stands still; there is no date.
    Paused {
        /// Beginning of the pause.
        since: Timestamp,
        /// Used since the start.
        used: u32,
        /// Left for the resumption; 0 when the date had passed before the pause.
        remaining: u32,
    },
    /// Done, refused or stopped: the date that lateness is judged by stays.
    Stopped {
        /// When.
        at: Timestamp,
        /// Up to when time was counted: the stop, or the pause that was open.
        counted_until: Timestamp,
        /// Last day of the period.
        due_on: Date,
        /// Appointment, or the instant for hours.
        due_at: Timestamp,
    },
}

/// One stretch of running time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) from: Timestamp,
    pub(crate) effective_on: Date,
    pub(crate) budget: u32,
    pub(crate) due_on: Date,
    pub(crate) due_at: Timestamp,
}

/// The date before the apology, which indicators compare with (T25).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Original {
    pub(crate) budget: u32,
    pub(crate) due_on: Date,
}

impl Clock {
    /// Starts the clock at the receipt (T3-T17).
    ///
    /// # Errors
    /// [`DeadlineError::Amount`], [`DeadlineError::YearAbsent`].
    pub fn start(
        limit: &Limit,
        received_at: Timestamp,
        inputs: &Inputs<'_>,
    ) -> Result<(Self, Explanation), DeadlineError> {
        limit.check()?;
        let budget = limit.budget();
        let due = reckon(limit, budget, received_at, inputs)?;
        let run = Run::new(received_at, budget, &due);
        let clock = Self {
            limit: limit.clone(),
            received_at,
            effective_on: due.effective_on,
            calendar: inputs.calendar.digest().to_owned(),
            hours: inputs.hours.clone(),
            phase: run.phase(),
            used_before: 0,
            provisional_before: false,
            provisional: due.provisional,
            run,
            original: None,
        };
        let mut explanation = due.explanation;
        explanation.lines.insert(0, Line::Received { at: received_at });
        Ok((clock, explanation))
    }

    /// Pauses the clock (T19, T21). The day for which the pause counts is used. A pause of a
    /// clock that is late already moves nothing (decision: the date stays after the resumption).
    ///
    /// One more holiday never makes a date earlier, but for calendar days that run on with what
    /// remains: if it falls on the day of the pause, the pause counts for the next working day,
    /// and since calendar days count days off too, those up to there are used and missing later.
    /// Working days and hours do not count them, so there the law holds over pauses as well.
    ///
    /// # Errors
    /// [`DeadlineError::WrongPhase`] unless running, [`DeadlineError::BeforeStart`],
    /// [`DeadlineError::YearAbsent`].
    pub fn pause(
        &self,
        at: Timestamp,
        inputs: &Inputs<'_>,
    ) -> Result<(Self, Explanation), DeadlineError> {
        self.need_running()?;
        self.not_before_start(at)?;
        let used_now = self.used_in_run(at, inputs)?;
        let used = self.used_before.saturating_add(used_now);
        let on = effective(&self.pause_limit(), at, inputs)?;
        let mut clock = self.with_inputs(inputs);
        if self.passed(at, self.run.due_on, self.run.due_at) {
            clock.phase = Phase::Paused { since: at, used, remaining: 0 };
            let line = Line::PausedLate { at, due_on: self.run.due_on };
            return Ok((clock, Explanation { lines: vec![line] }));
        }
        let remaining = left_at_pause(self.run.budget, used_now);
        let first = first_day(self.limit.unit, self.run.from, self.run.effective_on);
        let counted = first <= on && inputs.calendar.provisional_year(first, on)?.is_some();
        clock.provisional = self.provisional_before || counted;
        clock.phase = Phase::Paused { since: at, used, remaining };
        let line = Line::Paused { at, on, used, remaining, unit: self.limit.unit };
        Ok((clock, Explanation { lines: vec![line] }))
    }

    /// Resumes the clock (T20, T21). The day for which the resumption counts is not counted.
    /// A same-day limit restarts with its cut-off, whatever the regime.
    ///
    /// # Errors
    /// [`DeadlineError::WrongPhase`] unless paused, [`DeadlineError::ResumeBeforePause`],
    /// [`DeadlineError::RegimeNotForMonths`], [`DeadlineError::Amount`],
    /// [`DeadlineError::YearAbsent`].
    pub fn resume(
        &self,
        at: Timestamp,
        regime: &Regime,
        inputs: &Inputs<'_>,
    ) -> Result<(Self, Explanation), DeadlineError> {
        let Phase::Paused { since, used, remaining } = self.phase else {
            return Err(self.wrong_phase("paused"));
        };
        if at < since {
            return Err(DeadlineError::ResumeBeforePause { at, since });
        }
        let regime = self.regime_for_unit(*regime)?;
        let mut lines = vec![Line::Resumed { at, regime }];
        let mut clock = self.with_inputs(inputs);
        if remaining == 0 {
            clock.phase = self.run.phase();
            lines.push(Line::Due { on: self.run.due_on, at: self.run.due_at });
            return Ok((clock, Explanation { lines }));
        }
        let (budget, used_before) = match regime {
            Regime::ResumeRemaining => (remaining, used),
            Regime::RestartFull => (self.limit.budget(), 0),
            Regime::FixedAfter { amount } => (budget(self.limit.unit, amount), used),
        };
        let due = reckon(&self.limit, budget, at, inputs)?;
        clock.original = self.original_after(since, at, (regime, budget, used), inputs)?;
        clock.run = Run::new(at, budget, &due);
        clock.phase = clock.run.phase();
        clock.used_before = used_before;
        clock.provisional_before = self.provisional && regime == Regime::ResumeRemaining;
        clock.provisional = due.provisional || clock.provisional_before;
        lines.extend(due.explanation.lines);
        Ok((clock, Explanation { lines }))
    }

    /// Gives a new date with an apology (form 04; T24, T25): once, at the latest one working day
    /// before the date, for a limit under two working days at any instant before it.
    ///
    /// # Errors
    /// [`DeadlineError::WrongPhase`] unless running, [`DeadlineError::BeforeStart`],
    /// [`DeadlineError::AlreadyReappointed`], [`DeadlineError::ApologyTooLate`],
    /// [`DeadlineError::NewDate`] unless a working day after the present date,
    /// [`DeadlineError::YearAbsent`].
    pub fn reappoint(
        &self,
        due_on: Date,
        at: Timestamp,
        inputs: &Inputs<'_>,
    ) -> Result<(Self, Explanation), DeadlineError> {
        self.need_running()?;
        self.not_before_start(at)?;
        if let Some(original) = &self.original {
            return Err(DeadlineError::AlreadyReappointed { original: original.due_on });
        }
        self.apology_in_time(at, inputs)?;
        let old = self.run.due_on;
        if due_on <= old || !inputs.calendar.is_working_day(due_on)? {
            return Err(DeadlineError::NewDate { date: due_on, due_on: old });
        }
        let due_at = instant(due_on, inputs.hours.closing());
        let mut clock = self.with_inputs(inputs);
        clock.original = Some(Original { budget: self.run.budget, due_on: old });
        let provisional = clock.promise(due_on, due_at, inputs)?;
        let mut lines = vec![Line::Reappointed { at, from: old, to: due_on }];
        lines.extend(provisional.map(|year| Line::Provisional { year }));
        lines.push(Line::Due { on: due_on, at: due_at });
        Ok((clock, Explanation { lines }))
    }

    /// Puts another limit in the place of the present one: an extension by decision (T30), or
    /// another case variant (L9). The run goes on from where it began; what was used stays used.
    /// A date that was promised with an apology stays where the other limit would end before it,
    /// and the date before the apology where that would have passed already.
    ///
    /// # Errors
    /// [`DeadlineError::WrongPhase`] unless running, [`DeadlineError::BeforeStart`],
    /// [`DeadlineError::Amount`], [`DeadlineError::RelimitTooLate`] when the date has passed: no
    /// act makes a late dossier punctual; [`DeadlineError::UnitChanged`] when something was used
    /// before in another unit, [`DeadlineError::YearAbsent`].
    pub fn relimit(
        &self,
        limit: &Limit,
        at: Timestamp,
        inputs: &Inputs<'_>,
    ) -> Result<(Self, Explanation), DeadlineError> {
        self.need_running()?;
        self.not_before_start(at)?;
        limit.check()?;
        if self.passed(at, self.run.due_on, self.run.due_at) {
            return Err(DeadlineError::RelimitTooLate { due_on: self.run.due_on });
        }
        let same_unit = limit.unit == self.limit.unit;
        if !same_unit && (self.used_before > 0 || self.original.is_some()) {
            return Err(DeadlineError::UnitChanged { from: self.limit.unit, to: limit.unit });
        }
        let moved = |budget: u32| match same_unit {
            true => (budget + limit.budget()).saturating_sub(self.limit.budget()).max(1),
            false => limit.budget(),
        };
        // A promise adds nothing to the limit: the new date is the one without it.
        let open = self.original.as_ref().filter(|original| local(at).date() <= original.due_on);
        let budget = moved(open.map_or(self.run.budget, |original| original.budget));
        let due = reckon(limit, budget, self.run.from, inputs)?;
        let mut clock = self.with_inputs(inputs);
        clock.limit = limit.clone();
        if let Some(original) = open {
            let missed = self.passed(at, due.due_on, due.due_at);
            let due_on = if missed { original.due_on } else { due.due_on };
            clock.original = Some(Original { budget, due_on });
        }
        let mut lines = vec![Line::Relimited { at, amount: limit.budget(), unit: limit.unit }];
        if self.original.is_some() && due.due_at < self.run.due_at {
            lines.extend(self.promise_kept());
            return Ok((clock, Explanation { lines }));
        }
        clock.run = Run::new(self.run.from, budget, &due);
        clock.phase = clock.run.phase();
        clock.provisional = due.provisional || self.provisional_before;
        lines.extend(due.explanation.lines);
        Ok((clock, Explanation { lines }))
    }

    /// The same where the appointment was that of another clock, which is dropped: a date that it
    /// promised with an apology stays, if it is later.
    ///
    /// # Errors
    /// As [`Clock::relimit`], for the dates of either clock.
    pub fn relimit_for(
        &self,
        dropped: &Self,
        limit: &Limit,
        at: Timestamp,
        inputs: &Inputs<'_>,
    ) -> Result<(Self, Explanation), DeadlineError> {
        let Run { due_on, due_at, .. } = dropped.run;
        if dropped.passed(at, due_on, due_at) {
            return Err(DeadlineError::RelimitTooLate { due_on });
        }
        let (mut clock, mut explanation) = self.relimit(limit, at, inputs)?;
        if dropped.original.is_some() && clock.run.due_at < dropped.run.due_at {
            let Run { budget, due_on, due_at, .. } = clock.run;
            let missed = self.passed(at, due_on, due_at);
            let due_on = if missed { self.run.due_on } else { due_on };
            clock.original.get_or_insert(Original { budget, due_on });
            clock.promise(dropped.run.due_on, dropped.run.due_at, inputs)?;
            explanation.lines.extend(dropped.promise_kept());
        }
        Ok((clock, explanation))
    }

    fn promise_kept(&self) -> [Line; 2] {
        let Run { due_on, due_at, .. } = self.run;
        [Line::PromiseKept { on: due_on }, Line::Due { on: due_on, at: due_at }]
    }

    /// Puts the end of the run on a date that was promised.
    fn promise(
        &mut self,
        due_on: Date,
        due_at: Timestamp,
        inputs: &Inputs<'_>,
    ) -> Result<Option<i16>, DeadlineError> {
        let provisional = inputs.calendar.provisional_year(next_day(self.run.due_on), due_on)?;
        self.run.budget = match self.limit.unit {
            Unit::WorkingDay => inputs.calendar.count(self.run.effective_on, due_on)?,
            Unit::CalendarDay => days_between(self.run.effective_on, due_on),
            Unit::WorkingHour => minutes_between(self.run.from, due_at, inputs)?,
            Unit::SameDay | Unit::Month => self.run.budget,
        };
        self.run.due_on = due_on;
        self.run.due_at = due_at;
        self.phase = self.run.phase();
        self.provisional |= provisional.is_some();
        Ok(provisional)
    }

    /// Stops the clock for good: completed (9), not accepted (3) or stopped (8). Of a paused
    /// clock the date before the pause stays.
    ///
    /// # Errors
    /// [`DeadlineError::WrongPhase`] when stopped already, [`DeadlineError::BeforeStart`].
    pub fn stop(&self, at: Timestamp) -> Result<Self, DeadlineError> {
        self.not_before_start(at)?;
        let counted_until = match self.phase {
            Phase::Running { .. } => at,
            Phase::Paused { since, .. } if at < since => {
                return Err(DeadlineError::BeforeStart { at, start: since });
            }
            Phase::Paused { since, .. } => since,
            Phase::Stopped { .. } => return Err(self.wrong_phase("running or paused")),
        };
        let Run { due_on, due_at, .. } = self.run;
        let phase = Phase::Stopped { at, counted_until, due_on, due_at };
        Ok(Self { phase, ..self.clone() })
    }

    fn with_inputs(&self, inputs: &Inputs<'_>) -> Self {
        let calendar = inputs.calendar.digest().to_owned();
        Self { calendar, hours: inputs.hours.clone(), ..self.clone() }
    }

    fn need_running(&self) -> Result<(), DeadlineError> {
        if self.is_running() { Ok(()) } else { Err(self.wrong_phase("running")) }
    }

    fn wrong_phase(&self, needed: &'static str) -> DeadlineError {
        let is = match self.phase {
            Phase::Running { .. } => "running",
            Phase::Paused { .. } => "paused",
            Phase::Stopped { .. } => "stopped",
        };
        DeadlineError::WrongPhase { needed, is }
    }

    fn not_before_start(&self, at: Timestamp) -> Result<(), DeadlineError> {
        if at < self.run.from {
            Err(DeadlineError::BeforeStart { at, start: self.run.from })
        } else {
            Ok(())
        }
    }

    /// Whether `at` is late for a date: by date in day units, by the instant for hours (T9, T12).
    pub(crate) fn passed(&self, at: Timestamp, due_on: Date, due_at: Timestamp) -> bool {
        match self.limit.unit {
            Unit::WorkingHour => at > due_at,
            Unit::WorkingDay | Unit::CalendarDay | Unit::SameDay | Unit::Month => {
                local(at).date() > due_on
            }
        }
    }

    fn regime_for_unit(&self, regime: Regime) -> Result<Regime, DeadlineError> {
        match (self.limit.unit, regime) {
            (Unit::SameDay, _) => Ok(Regime::RestartFull),
            (Unit::Month, Regime::ResumeRemaining) => Err(DeadlineError::RegimeNotForMonths),
            (unit, Regime::FixedAfter { amount }) => {
                check_amount(unit, amount)?;
                Ok(regime)
            }
            (
                Unit::WorkingDay | Unit::CalendarDay | Unit::WorkingHour | Unit::Month,
                Regime::ResumeRemaining | Regime::RestartFull,
            ) => Ok(regime),
        }
    }

    /// Moves the date before the apology as the pause would have moved it.
    fn original_after(
        &self,
        since: Timestamp,
        at: Timestamp,
        (regime, budget, used): (Regime, u32, u32),
        inputs: &Inputs<'_>,
    ) -> Result<Option<Original>, DeadlineError> {
        let Some(original) = &self.original else {
            return Ok(None);
        };
        if local(since).date() > original.due_on {
            return Ok(Some(original.clone()));
        }
        let budget = match regime {
            Regime::ResumeRemaining => {
                left_at_pause(original.budget, used.saturating_sub(self.used_before))
            }
            Regime::RestartFull | Regime::FixedAfter { .. } => budget,
        };
        let due_on = reckon(&self.limit, budget, at, inputs)?.due_on;
        Ok(Some(Original { budget, due_on }))
    }

    fn apology_in_time(&self, at: Timestamp, inputs: &Inputs<'_>) -> Result<(), DeadlineError> {
        let Run { due_on, due_at, effective_on, .. } = self.run;
        let amount = self.limit.budget();
        let short = match self.limit.unit {
            Unit::WorkingDay | Unit::CalendarDay => amount < 2,
            Unit::WorkingHour => amount < 2 * inputs.hours.minutes_per_day(),
            Unit::SameDay => true,
            Unit::Month => false,
        };
        let latest = if short {
            due_on
        } else {
            inputs.calendar.previous(due_on, effective_on).unwrap_or(effective_on)
        };
        let in_time = if short { at < due_at } else { local(at).date() <= latest };
        if in_time { Ok(()) } else { Err(DeadlineError::ApologyTooLate { latest }) }
    }
}

impl Run {
    fn new(from: Timestamp, budget: u32, due: &Due) -> Self {
        let Due { effective_on, due_on, due_at, .. } = *due;
        Self { from, effective_on, budget, due_on, due_at }
    }

    fn phase(&self) -> Phase {
        Phase::Running { due_on: self.due_on, due_at: self.due_at }
    }
}

/// What a pause leaves: at least 1 (T21).
fn left_at_pause(budget: u32, used: u32) -> u32 {
    budget.saturating_sub(used).max(1)
}
