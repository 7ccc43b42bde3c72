//! Days counted from a date, forwards and backwards: windows for filing, the validity of papers.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::calendar::Calendar;
use crate::error::DeadlineError;
use crate::limit::Limit;
use crate::unit::Unit;

/// The last day of a period that follows `date`, day 1 being the next day (T3). Weekly rest days
/// and holidays at its end stay where they are: a paper does not become valid longer by them.
///
/// # Errors
/// [`DeadlineError::NoSpan`] for hours and same-day limits, [`DeadlineError::YearAbsent`].
pub fn days_after(date: Date, span: &Limit, calendar: &Calendar) -> Result<Date, DeadlineError> {
    span.check()?;
    let moved = match span.unit {
        Unit::WorkingDay => return nth_working_day(date, span.amount, calendar),
        Unit::CalendarDay => date.checked_add(i64::from(span.amount).days()),
        Unit::Month => date.checked_add(i64::from(span.amount).months()),
        Unit::WorkingHour | Unit::SameDay => {
            return Err(DeadlineError::NoSpan { unit: span.unit });
        }
    };
    moved.map_err(|_| DeadlineError::YearAbsent { year: date.year().saturating_add(1) })
}

/// The last day on which something may be done that the law allows for this long after `date`: a
/// period of days or months whose last day is off ends with the next working day (T10, Civil Code
/// art. 148(5)).
///
/// # Errors
/// As [`days_after`].
pub fn open_until(date: Date, span: &Limit, calendar: &Calendar) -> Result<Date, DeadlineError> {
    let last = days_after(date, span, calendar)?;
    match span.unit {
        Unit::CalendarDay | Unit::Month => calendar.on_or_after(last),
        Unit::WorkingDay | Unit::WorkingHour | Unit::SameDay => Ok(last),
    }
}

/// The last day on which a period of this length before `date` can begin: counted backwards, the
/// day before `date` being day 1.
///
/// # Errors
/// [`DeadlineError::NoSpan`] for hours and same-day limits, [`DeadlineError::YearAbsent`].
pub fn days_before(date: Date, span: &Limit, calendar: &Calendar) -> Result<Date, DeadlineError> {
    span.check()?;
    let moved = match span.unit {
        Unit::WorkingDay => return working_day_before(date, span.amount, calendar),
        Unit::CalendarDay => date.checked_sub(i64::from(span.amount).days()),
        Unit::Month => date.checked_sub(i64::from(span.amount).months()),
        Unit::WorkingHour | Unit::SameDay => {
            return Err(DeadlineError::NoSpan { unit: span.unit });
        }
    };
    moved.map_err(|_| DeadlineError::YearAbsent { year: date.year().saturating_sub(1) })
}

fn nth_working_day(date: Date, days: u32, calendar: &Calendar) -> Result<Date, DeadlineError> {
    calendar.is_working_day(date)?;
    let index = calendar.rank(date) + days as usize - 1;
    calendar.working().get(index).copied().ok_or_else(|| calendar.absent_from(date))
}

fn working_day_before(date: Date, days: u32, calendar: &Calendar) -> Result<Date, DeadlineError> {
    let worked = calendar.is_working_day(date)?;
    let before = calendar.rank(date) - usize::from(worked);
    let first = calendar.years().next().unwrap_or_else(|| date.year());
    let absent = DeadlineError::YearAbsent { year: first.saturating_sub(1) };
    before.checked_sub(days as usize).map(|index| calendar.working()[index]).ok_or(absent)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn calendar() -> Calendar {
        Calendar::from_json(include_bytes!("../data/calendar-vn.json")).expect("a calendar")
    }

    fn check(
        count: fn(Date, &Limit, &Calendar) -> Result<Date, DeadlineError>,
        from: Date,
        (unit, amount): (Unit, u32),
        expected: Date,
    ) {
        let found = count(from, &Limit::new(unit, amount), &calendar()).expect("a date");
        assert_eq!(found, expected, "{from} {amount} {unit:?}");
    }

    #[test]
    fn days_are_counted_backwards_over_holidays_and_weekends() {
        // 24 November is a holiday from 2026.
        check(days_before, date(2026, 11, 25), (Unit::WorkingDay, 1), date(2026, 11, 23));
        check(days_before, date(2026, 11, 25), (Unit::WorkingDay, 2), date(2026, 11, 20));
        check(days_before, date(2026, 11, 22), (Unit::WorkingDay, 1), date(2026, 11, 20));
        check(days_before, date(2026, 11, 25), (Unit::CalendarDay, 5), date(2026, 11, 20));
        check(days_before, date(2026, 3, 31), (Unit::Month, 1), date(2026, 2, 28));
    }

    #[test]
    fn a_period_after_a_date_ends_on_its_last_day_even_if_that_is_off() {
        check(days_after, date(2026, 10, 2), (Unit::CalendarDay, 2), date(2026, 10, 4));
        check(days_after, date(2026, 10, 2), (Unit::WorkingDay, 2), date(2026, 10, 6));
        check(days_after, date(2026, 8, 31), (Unit::Month, 6), date(2027, 2, 28));
    }

    #[test]
    fn a_period_in_which_something_may_be_done_ends_with_a_working_day() {
        // Saturday 10 October 2026; 24 November is a holiday.
        check(open_until, date(2026, 7, 12), (Unit::CalendarDay, 90), date(2026, 10, 12));
        check(open_until, date(2026, 10, 24), (Unit::Month, 1), date(2026, 11, 25));
        check(open_until, date(2026, 10, 2), (Unit::WorkingDay, 2), date(2026, 10, 6));
        check(open_until, date(2026, 10, 2), (Unit::CalendarDay, 3), date(2026, 10, 5));
    }

    #[test]
    fn hours_are_no_span_of_days_and_unknown_years_are_not_guessed() {
        let hours = Limit::new(Unit::WorkingHour, 3);
        let refused = days_before(date(2026, 10, 2), &hours, &calendar());
        assert_eq!(refused, Err(DeadlineError::NoSpan { unit: Unit::WorkingHour }));
        let long = Limit::new(Unit::WorkingDay, 9_999);
        let absent = days_before(date(2026, 10, 2), &long, &calendar());
        assert!(matches!(absent, Err(DeadlineError::YearAbsent { .. })), "{absent:?}");
        let absent = days_after(date(2026, 10, 2), &long, &calendar());
        assert!(matches!(absent, Err(DeadlineError::YearAbsent { .. })), "{absent:?}");
    }
}
