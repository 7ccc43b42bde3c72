//! What a clock says without being changed: dates, warnings, time used and left.

use jiff::Timestamp;
use jiff::civil::{Date, Time};

use crate::clock::{Clock, Phase};
use crate::error::DeadlineError;
use crate::limit::Limit;
use crate::office_hours::OfficeHours;
use crate::reckon::{Inputs, effective, minutes_between};
use crate::unit::Unit;
use crate::zone::{instant, local, next_day};

impl Clock {
    /// Last day of the period; `None` while paused.
    pub fn due_on(&self) -> Option<Date> {
        self.due().map(|(due_on, _)| due_on)
    }

    /// Appointment, or the instant for hours; `None` while paused.
    pub fn due_at(&self) -> Option<Timestamp> {
        self.due().map(|(_, due_at)| due_at)
    }

    /// The date without the apology, moved by later pauses alone (T25); `None` without apology.
    pub fn original_due_on(&self) -> Option<Date> {
        self.original.as_ref().map(|original| original.due_on)
    }

    /// When the dossier becomes late: 00:00 after `due_on` for day units; for hours `due_at`, and
    /// late only after it. `None` unless the clock runs.
    pub fn late_at(&self) -> Option<Timestamp> {
        match (&self.phase, self.limit.unit) {
            (Phase::Running { due_at, .. }, Unit::WorkingHour) => Some(*due_at),
            (
                Phase::Running { due_on, .. },
                Unit::WorkingDay | Unit::CalendarDay | Unit::SameDay | Unit::Month,
            ) => Some(instant(next_day(*due_on), Time::MIN)),
            (Phase::Paused { .. } | Phase::Stopped { .. }, _) => None,
        }
    }

    /// When to warn (T28): at the opening of the working day before `due_on`. `None` unless the
    /// clock runs, and when that is not after its start: the limit is too short for a warning.
    ///
    /// # Errors
    /// [`DeadlineError::YearAbsent`] when the calendar given does not know the due date.
    pub fn warn_at(&self, inputs: &Inputs<'_>) -> Result<Option<Timestamp>, DeadlineError> {
        let Phase::Running { due_on, .. } = self.phase else {
            return Ok(None);
        };
        inputs.calendar.is_working_day(due_on)?;
        let before = inputs.calendar.previous(due_on, self.run.effective_on);
        let warn_at = before.map(|day| instant(day, inputs.hours.opening()));
        Ok(warn_at.filter(|warn_at| *warn_at > self.run.from))
    }

    /// Used up to `at`: days up to and including the day for which `at` counts (T21), whole
    /// minutes for hours. What a pause then would record.
    ///
    /// # Errors
    /// [`DeadlineError::YearAbsent`].
    pub fn used(&self, at: Timestamp, inputs: &Inputs<'_>) -> Result<u32, DeadlineError> {
        match self.phase {
            Phase::Paused { used, .. } => Ok(used),
            Phase::Running { .. } | Phase::Stopped { .. } => {
                let used = self.used_in_run(self.counted(at), inputs)?;
                Ok(self.used_before.saturating_add(used))
            }
        }
    }

    /// Left at `at`, in the same unit; 0 once it is used up.
    ///
    /// # Errors
    /// [`DeadlineError::YearAbsent`].
    pub fn remaining(&self, at: Timestamp, inputs: &Inputs<'_>) -> Result<u32, DeadlineError> {
        match self.phase {
            Phase::Paused { remaining, .. } => Ok(remaining),
            Phase::Running { .. } | Phase::Stopped { .. } => {
                let used = self.used_in_run(self.counted(at), inputs)?;
                Ok(self.run.budget.saturating_sub(used))
            }
        }
    }

    /// Whether a counted day lies in a year that is not announced officially (T15).
    pub fn is_provisional(&self) -> bool {
        self.provisional
    }

    /// Whether the clock is paused.
    pub fn is_paused(&self) -> bool {
        matches!(self.phase, Phase::Paused { .. })
    }

    /// Whether the clock runs.
    pub fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running { .. })
    }

    /// What the clock does now.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// The limit that is counted.
    pub fn limit(&self) -> &Limit {
        &self.limit
    }

    /// The instant of receipt.
    pub fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// The date for which the receipt counts (T4, T8).
    pub fn effective_on(&self) -> Date {
        self.effective_on
    }

    /// Digest of the calendar that the last computing act read.
    pub fn calendar(&self) -> &str {
        &self.calendar
    }

    /// Office hours that the last computing act read.
    pub fn hours(&self) -> &OfficeHours {
        &self.hours
    }

    fn due(&self) -> Option<(Date, Timestamp)> {
        match self.phase {
            Phase::Running { due_on, due_at } | Phase::Stopped { due_on, due_at, .. } => {
                Some((due_on, due_at))
            }
            Phase::Paused { .. } => None,
        }
    }

    /// Up to when time was counted, if that is before `at`.
    fn counted(&self, at: Timestamp) -> Timestamp {
        match self.phase {
            Phase::Running { .. } | Phase::Paused { .. } => at,
            Phase::Stopped { counted_until, .. } => at.min(counted_until),
        }
    }

    /// A pause counts for its day up to closing time; the cut-off is for receipts alone.
    pub(crate) fn pause_limit(&self) -> Limit {
        Limit::new(Unit::WorkingDay, self.limit.amount)
    }

    /// Used of the present run up to `at` (T21).
    pub(crate) fn used_in_run(
        &self,
        at: Timestamp,
        inputs: &Inputs<'_>,
    ) -> Result<u32, DeadlineError> {
        if at < self.run.from {
            return Ok(0);
        }
        let start = self.run.effective_on;
        let day = || effective(&self.pause_limit(), at, inputs);
        Ok(match self.limit.unit {
            Unit::WorkingDay => inputs.calendar.count(start, day()?)?,
            Unit::CalendarDay => days_between(start, day()?),
            Unit::WorkingHour => minutes_between(self.run.from, at, inputs)?,
            Unit::SameDay => u32::from(local(at).date() > self.run.due_on),
            Unit::Month => months_between(start, day()?),
        })
    }
}

/// Whether an act at `completed_at` is late for the present date of the clock: by date for day
/// units (rule Q1), by the instant for hours. Nothing is late for a paused clock.
pub fn is_late(clock: &Clock, completed_at: Timestamp) -> bool {
    clock.due().is_some_and(|(due_on, due_at)| clock.passed(completed_at, due_on, due_at))
}

/// Days after `first`, up to and including `last`.
pub(crate) fn days_between(first: Date, last: Date) -> u32 {
    u32::try_from(last.duration_since(first).as_hours() / 24).unwrap_or(0)
}

/// Complete months from one date to another.
fn months_between(first: Date, last: Date) -> u32 {
    let months = (i32::from(last.year()) - i32::from(first.year())) * 12 + i32::from(last.month())
        - i32::from(first.month());
    // A month is complete on its corresponding day, or on the last day of a shorter month.
    let complete = last.day() >= first.day() || last.day() == last.days_in_month();
    u32::try_from(months - i32::from(!complete)).unwrap_or(0)
}
