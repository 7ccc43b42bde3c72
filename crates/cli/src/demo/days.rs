//! Instants of the last working days, counted in minutes of office work.

use anyhow::{Context as _, bail};
use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use motcua_deadlines::Calendar;

/// Working days that a story may look back.
pub(super) const BACK_MAX: usize = 10;
/// Minutes of the morning, 07:30 to 11:30.
const MORNING: u32 = 240;
/// Minutes of a working day: the morning, and 13:00 to 17:00.
pub(super) const DAY_MINUTES: u32 = 480;
const ZONE: Offset = Offset::constant(7);

/// Where a story begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// So many working days ago (0 = today, if offices work), at a minute of office work.
    Day(usize, u32),
    /// So many minutes ago.
    Ago(u32),
}

/// The working days before an instant, and the next ones.
#[derive(Clone, Debug)]
pub(super) struct Days {
    base: Timestamp,
    /// Today and the working days before it, latest first.
    back: Vec<Date>,
    works_today: bool,
    ahead: Vec<Date>,
}

impl Days {
    /// The days around `base`.
    pub(super) fn before(base: Timestamp, calendar: &Calendar) -> anyhow::Result<Self> {
        let today = ZONE.to_datetime(base).date();
        let works = |day: Date| {
            calendar.is_working_day(day).with_context(|| {
                format!("the demonstration needs a calendar for {}: load one", day.year())
            })
        };
        let mut back = vec![today];
        let mut day = today;
        while back.len() <= BACK_MAX + 1 {
            day = day.yesterday().context("the clock of this machine is wrong")?;
            if works(day)? {
                back.push(day);
            }
        }
        let mut ahead = Vec::new();
        let mut day = today;
        while ahead.len() < 5 {
            day = day.tomorrow().context("the clock of this machine is wrong")?;
            if works(day)? {
                ahead.push(day);
            }
        }
        Ok(Self { base, back, works_today: works(today)?, ahead })
    }

    /// Before everything that is told.
    pub(super) fn beginning(&self) -> Timestamp {
        let first = self.back[BACK_MAX + 1].at(7, 0, 0, 0);
        ZONE.to_timestamp(first).unwrap_or(self.base)
    }

    /// `minutes` of work after the start; none if that is not past yet, or offices did not work.
    pub(super) fn instant(&self, start: Start, minutes: u32) -> Option<Timestamp> {
        let at = match start {
            Start::Ago(ago) => {
                let after = i64::from(minutes) - i64::from(ago);
                self.base + SignedDuration::from_mins(after)
            }
            Start::Day(back, minute) => {
                let minutes = minute + minutes;
                let later = usize::try_from(minutes / DAY_MINUTES).ok()?;
                let back = back.checked_sub(later)?;
                if back == 0 && !self.works_today {
                    return None;
                }
                in_office(self.back[back], minutes % DAY_MINUTES)?
            }
        };
        (at < self.base).then_some(at)
    }

    /// The `n`th working day after the day of `at`, from 1.
    pub(super) fn after(&self, at: Timestamp, n: usize) -> anyhow::Result<Date> {
        let day = ZONE.to_datetime(at).date();
        let working = self.back.iter().skip(usize::from(!self.works_today)).rev();
        let later = working.chain(&self.ahead).filter(|known| **known > day).nth(n - 1);
        match later {
            Some(later) => Ok(*later),
            None => bail!("no working day {n} after {day} is known"),
        }
    }
}

fn in_office(day: Date, minute: u32) -> Option<Timestamp> {
    let of_day = match minute < MORNING {
        true => 7 * 60 + 30 + minute,
        false => 13 * 60 + (minute - MORNING),
    };
    let (hour, minute) = (i8::try_from(of_day / 60).ok()?, i8::try_from(of_day % 60).ok()?);
    ZONE.to_timestamp(day.at(hour, minute, 0, 0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(base: &str) -> Days {
        let calendar = include_bytes!("../../../deadlines/data/calendar-vn.json");
        let calendar = Calendar::from_json(calendar).expect("a calendar");
        Days::before(base.parse().expect("an instant"), &calendar).expect("days")
    }

    fn told(days: &Days, start: Start, minutes: u32) -> Option<String> {
        let at = days.instant(start, minutes)?;
        Some(ZONE.to_datetime(at).to_string())
    }

    #[test]
    fn minutes_of_work_pass_over_lunch_nights_and_holidays() {
        // Tuesday 24 November 2026 is a holiday.
        let days = days("2026-11-25T10:00:00+07:00");
        let start = Start::Day(1, 0);
        assert_eq!(told(&days, start, 0).as_deref(), Some("2026-11-23T07:30:00"));
        assert_eq!(told(&days, start, 240).as_deref(), Some("2026-11-23T13:00:00"));
        assert_eq!(told(&days, start, 510).as_deref(), Some("2026-11-25T08:00:00"));
    }

    #[test]
    fn nothing_is_told_of_the_future_or_of_a_day_off() {
        let working = days("2026-11-25T10:00:00+07:00");
        assert_eq!(working.instant(Start::Day(0, 200), 0), None);
        assert!(working.instant(Start::Day(0, 60), 0).is_some());
        assert_eq!(working.instant(Start::Ago(5), 6), None);
        let holiday = days("2026-11-24T10:00:00+07:00");
        assert_eq!(holiday.instant(Start::Day(0, 0), 0), None);
        assert_eq!(holiday.instant(Start::Day(1, 470), 20), None);
    }

    #[test]
    fn working_days_ahead_are_counted_from_any_day() {
        let days = days("2026-11-24T10:00:00+07:00");
        let monday = days.instant(Start::Day(1, 0), 0).expect("past");
        assert_eq!(days.after(monday, 1).expect("known").to_string(), "2026-11-25");
        let friday = days.instant(Start::Day(2, 0), 0).expect("past");
        assert_eq!(days.after(friday, 1).expect("known").to_string(), "2026-11-23");
        assert!(days.after(monday, 9).is_err());
    }
}
