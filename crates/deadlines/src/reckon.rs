//! The arithmetic of limits: from an instant and a budget to a date, with the way there.

use jiff::civil::{Date, Time};
use jiff::{Timestamp, ToSpan};

use crate::calendar::Calendar;
use crate::clock_reading::days_between;
use crate::error::DeadlineError;
use crate::explanation::{EffectiveWhy, Explanation, Line};
use crate::limit::{CUTOFF_DEFAULT, Limit};
use crate::office_hours::{OfficeHours, minutes_to_nanos, nanos_to_minutes};
use crate::unit::Unit;
use crate::walk::walk;
use crate::zone::{instant, local, next_day};

/// What every computation reads beside the limit.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// Which days are worked.
    pub calendar: &'a Calendar,
    /// When, on those days.
    pub hours: &'a OfficeHours,
}

/// A computed date without a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Date for which the start counts (T4, T8).
    pub effective_on: Date,
    /// Last day of the period.
    pub due_on: Date,
    /// Appointment: closing time of `due_on` (T9), or the exact instant for hours (T12).
    pub due_at: Timestamp,
    /// Whether a counted day lies in a year that is not announced (T15).
    pub provisional: bool,
    /// How the date came to be.
    pub explanation: Explanation,
}

/// When a limit that starts at `from` ends. For steps, lapses and silence, which know no pause.
///
/// # Errors
/// [`DeadlineError::Amount`], [`DeadlineError::YearAbsent`].
pub fn due(limit: &Limit, from: Timestamp, inputs: &Inputs<'_>) -> Result<Due, DeadlineError> {
    limit.check()?;
    let mut due = reckon(limit, limit.budget(), from, inputs)?;
    due.explanation.lines.insert(0, Line::Started { at: from });
    Ok(due)
}

/// What is left at `from` of a period in days that ends with the day `last`, counted as the period
/// itself is: working days of a limit of working days, all days of others; at least 1 (T21).
///
/// # Errors
/// [`DeadlineError::YearAbsent`].
pub fn days_left(
    unit: Unit,
    from: Timestamp,
    last: Date,
    inputs: &Inputs<'_>,
) -> Result<u32, DeadlineError> {
    let first = effective(&Limit::new(unit, 1), from, inputs)?;
    if last <= first {
        return Ok(1);
    }
    let left = match unit {
        Unit::WorkingDay => inputs.calendar.count(first, last)?,
        Unit::CalendarDay | Unit::Month | Unit::WorkingHour | Unit::SameDay => {
            days_between(first, last)
        }
    };
    Ok(left.max(1))
}

/// Whole working minutes from one instant to another; 0 if the second is not later. What is left of
/// the time of a step when something interrupts it.
///
/// # Errors
/// [`DeadlineError::YearAbsent`].
pub fn minutes_left(
    from: Timestamp,
    until: Timestamp,
    inputs: &Inputs<'_>,
) -> Result<u32, DeadlineError> {
    minutes_between(from, until, inputs)
}

/// When that many working minutes from an instant on have passed.
///
/// # Errors
/// [`DeadlineError::YearAbsent`].
pub fn after_minutes(
    minutes: u32,
    from: Timestamp,
    inputs: &Inputs<'_>,
) -> Result<Timestamp, DeadlineError> {
    if minutes == 0 {
        return Ok(from);
    }
    let effective_on = effective(&Limit::new(Unit::WorkingHour, 1), from, inputs)?;
    working_time(minutes, from, effective_on, inputs, &mut Vec::new())
}

/// Counts `budget` (minutes for hours) of the limit's unit from an instant.
pub(crate) fn reckon(
    limit: &Limit,
    budget: u32,
    from: Timestamp,
    inputs: &Inputs<'_>,
) -> Result<Due, DeadlineError> {
    let effective_on = effective(limit, from, inputs)?;
    let why = effective_why(limit, from, inputs);
    let mut lines = vec![
        Line::Effective { on: effective_on, why },
        Line::Counting { amount: budget, unit: limit.unit },
    ];
    let closing = inputs.hours.closing();
    let due_at = match limit.unit {
        Unit::WorkingDay => {
            instant(working_days(budget, effective_on, inputs, &mut lines)?, closing)
        }
        Unit::CalendarDay => {
            instant(calendar_days(budget, effective_on, inputs, &mut lines)?, closing)
        }
        Unit::WorkingHour => working_time(budget, from, effective_on, inputs, &mut lines)?,
        Unit::SameDay => instant(effective_on, closing),
        Unit::Month => instant(months(budget, effective_on, inputs, &mut lines)?, closing),
    };
    let due_on = local(due_at).date();
    let first = first_day(limit.unit, from, effective_on);
    let provisional = inputs.calendar.provisional_year(first, due_on)?;
    lines.extend(provisional.map(|year| Line::Provisional { year }));
    lines.push(Line::Due { on: due_on, at: due_at });
    Ok(Due {
        effective_on,
        due_on,
        due_at,
        provisional: provisional.is_some(),
        explanation: Explanation { lines },
    })
}

/// First day whose year decides whether the date is provisional: one that was rolled over or
/// counted. The day of receipt itself is neither in day units (T3).
pub(crate) fn first_day(unit: Unit, from: Timestamp, effective_on: Date) -> Date {
    let received_on = local(from).date();
    match unit {
        Unit::WorkingDay | Unit::CalendarDay | Unit::Month if received_on == effective_on => {
            next_day(effective_on)
        }
        Unit::WorkingDay | Unit::CalendarDay | Unit::Month | Unit::WorkingHour | Unit::SameDay => {
            received_on
        }
    }
}

/// Last time of day that counts for the day itself: closing time (T4), for same-day procedures
/// the cut-off if that is earlier (T8).
fn last_time(limit: &Limit, hours: &OfficeHours) -> Time {
    match limit.unit {
        Unit::SameDay => limit.cutoff.unwrap_or(CUTOFF_DEFAULT).min(hours.closing()),
        Unit::WorkingDay | Unit::CalendarDay | Unit::WorkingHour | Unit::Month => hours.closing(),
    }
}

/// The date for which an instant counts (T4, T8).
pub(crate) fn effective(
    limit: &Limit,
    at: Timestamp,
    inputs: &Inputs<'_>,
) -> Result<Date, DeadlineError> {
    let at = local(at);
    if at.time() > last_time(limit, inputs.hours) {
        // The day itself must be known too: nothing is computed from outside the calendar.
        inputs.calendar.is_working_day(at.date())?;
        inputs.calendar.nth_after(at.date(), 1)
    } else {
        inputs.calendar.on_or_after(at.date())
    }
}

fn effective_why(limit: &Limit, at: Timestamp, inputs: &Inputs<'_>) -> EffectiveWhy {
    let at = local(at);
    let day = inputs.calendar.known_day_kind(at.date());
    let last = last_time(limit, inputs.hours);
    if !day.is_working() {
        EffectiveWhy::DayOff { day }
    } else if at.time() <= last {
        EffectiveWhy::InTime
    } else if last < inputs.hours.closing() {
        EffectiveWhy::AfterCutoff { cutoff: last }
    } else {
        EffectiveWhy::AfterClosing { closing: last }
    }
}

fn working_days(
    days: u32,
    effective_on: Date,
    inputs: &Inputs<'_>,
    lines: &mut Vec<Line>,
) -> Result<Date, DeadlineError> {
    let due_on = inputs.calendar.nth_after(effective_on, days)?;
    walk(inputs.calendar, next_day(effective_on), due_on, lines);
    Ok(due_on)
}

fn calendar_days(
    days: u32,
    effective_on: Date,
    inputs: &Inputs<'_>,
    lines: &mut Vec<Line>,
) -> Result<Date, DeadlineError> {
    let last = effective_on
        .checked_add(i64::from(days).days())
        .map_err(|_| inputs.calendar.absent_from(effective_on))?;
    let first = next_day(effective_on);
    lines.push(Line::CalendarDaysCounted { first, last, days });
    roll_over(effective_on, last, inputs.calendar, lines)
}

fn months(
    months: u32,
    effective_on: Date,
    inputs: &Inputs<'_>,
    lines: &mut Vec<Line>,
) -> Result<Date, DeadlineError> {
    let until = effective_on
        .checked_add(i64::from(months).months())
        .map_err(|_| inputs.calendar.absent_from(effective_on))?;
    let shortened = until.day() != effective_on.day();
    lines.push(Line::MonthsCounted { months, until, shortened });
    roll_over(effective_on, until, inputs.calendar, lines)
}

/// A period whose last day is off ends with the next working day (T10, Civil Code art. 148(5)).
fn roll_over(
    effective_on: Date,
    last: Date,
    calendar: &Calendar,
    lines: &mut Vec<Line>,
) -> Result<Date, DeadlineError> {
    calendar.provisional_year(effective_on, last)?;
    let due_on = calendar.on_or_after(last)?;
    if due_on != last {
        walk(calendar, last, due_on.yesterday().unwrap_or(last), lines);
        lines.push(Line::RolledOver { from: last, to: due_on });
    }
    Ok(due_on)
}

/// Working time from the exact instant, inside sessions only (T12).
fn working_time(
    minutes: u32,
    from: Timestamp,
    effective_on: Date,
    inputs: &Inputs<'_>,
    lines: &mut Vec<Line>,
) -> Result<Timestamp, DeadlineError> {
    let Inputs { calendar, hours } = inputs;
    let start = local(from);
    let worked = if start.date() == effective_on { hours.worked_nanos(start.time()) } else { 0 };
    let per_day = hours.day_nanos();
    // Counted from the opening of the first day; a full day ends at its close, never at the
    // opening of the next.
    let total = minutes_to_nanos(minutes).saturating_add(worked);
    let whole_days = u32::try_from((total - 1) / per_day).unwrap_or(u32::MAX);
    let left = total - i64::from(whole_days) * per_day;
    if whole_days == 0 {
        lines.push(time_line(effective_on, left - worked));
        return Ok(instant(effective_on, hours.time_after(left)));
    }
    let due_on = calendar.nth_after(effective_on, whole_days)?;
    if worked < per_day {
        lines.push(time_line(effective_on, per_day - worked));
    }
    walk(calendar, next_day(effective_on), due_on.yesterday().unwrap_or(due_on), lines);
    lines.push(time_line(due_on, left));
    Ok(instant(due_on, hours.time_after(left)))
}

fn time_line(on: Date, nanos: i64) -> Line {
    let seconds = u32::try_from(nanos / 1_000_000_000).unwrap_or(u32::MAX);
    Line::TimeCounted { on, seconds }
}

/// Working minutes between two instants, whole ones; 0 if the second is not later (T12).
pub(crate) fn minutes_between(
    first: Timestamp,
    last: Timestamp,
    inputs: &Inputs<'_>,
) -> Result<u32, DeadlineError> {
    if last <= first {
        return Ok(0);
    }
    let (first, last) = (local(first), local(last));
    let days = inputs.calendar.count(first.date(), last.date())?;
    let worked = |date: Date, time: Time| -> Result<i64, DeadlineError> {
        let works = inputs.calendar.is_working_day(date)?;
        Ok(if works { inputs.hours.worked_nanos(time) } else { 0 })
    };
    let rest_of_first = worked(first.date(), Time::MAX)? - worked(first.date(), first.time())?;
    let rest_of_last = worked(last.date(), Time::MAX)? - worked(last.date(), last.time())?;
    let nanos = i64::from(days) * inputs.hours.day_nanos() + rest_of_first - rest_of_last;
    Ok(nanos_to_minutes(nanos))
}
