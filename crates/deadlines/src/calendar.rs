//! The working calendar: which days an office works, and why not on the others (T5-T7, T15).

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::calendar_file::{self, CalendarError};
use crate::error::DeadlineError;
use crate::office_hours::OfficeHours;
use crate::zone::next_day;

/// A calendar as loaded: immutable, known by the digest of its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    digest: String,
    /// Year to "officially announced".
    years: BTreeMap<i16, bool>,
    rest: [bool; 7],
    entries: BTreeMap<Date, Entry>,
    /// Every working day, ascending: counting days is arithmetic on positions.
    working: Vec<Date>,
    profiles: BTreeMap<String, OfficeHours>,
}

/// Name of a day, in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayName {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

/// What a day is, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum DayKind {
    /// An ordinary working day.
    Working,
    /// A rest day that is worked because of a swap (T6).
    MakeupWorkday(DayName),
    /// A weekly rest day without any other reason.
    WeeklyRest,
    /// A statutory holiday (Labour Code art. 112).
    PublicHoliday(DayName),
    /// A day in lieu of a holiday on a weekly rest day (Labour Code art. 111(3)).
    SubstituteDayOff(DayName),
    /// A weekday off by a swap decision.
    SwappedDayOff(DayName),
}

impl DayKind {
    /// Whether offices work on such a day.
    pub fn is_working(&self) -> bool {
        match self {
            Self::Working | Self::MakeupWorkday(_) => true,
            Self::WeeklyRest
            | Self::PublicHoliday(_)
            | Self::SubstituteDayOff(_)
            | Self::SwappedDayOff(_) => false,
        }
    }
}

/// A dated entry of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    PublicHoliday,
    SubstituteDayOff,
    SwappedDayOff,
    MakeupWorkday,
}

impl EntryKind {
    /// Vietnamese and English word for an entry that has no name of its own.
    pub(crate) fn default_name(self) -> (&'static str, &'static str) {
        match self {
            Self::PublicHoliday => ("ngày lễ", "public holiday"),
            Self::SubstituteDayOff => ("ngày nghỉ bù", "day off in lieu"),
            Self::SwappedDayOff => ("ngày nghỉ hoán đổi", "swapped day off"),
            Self::MakeupWorkday => ("ngày làm bù", "make-up working day"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) kind: EntryKind,
    pub(crate) name: DayName,
}

/// What the file says, before the table of working days is built.
#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) years: BTreeMap<i16, bool>,
    pub(crate) rest: [bool; 7],
    pub(crate) entries: BTreeMap<Date, Entry>,
    pub(crate) profiles: BTreeMap<String, OfficeHours>,
}

/// Position of a weekday, Monday first.
pub(crate) fn weekday_index(weekday: Weekday) -> usize {
    usize::from(weekday.to_monday_zero_offset().unsigned_abs())
}

impl Calendar {
    /// Reads a calendar file.
    ///
    /// # Errors
    /// [`CalendarError`] lists every fault with its path and remedy: no or too much JSON, unknown
    /// members, kinds or statuses, dates that stand twice, in another year or with the wrong
    /// weekday, unsound office hours.
    pub fn from_json(bytes: &[u8]) -> Result<Self, CalendarError> {
        let parts = calendar_file::read(bytes)?;
        let mut calendar = Self {
            digest: Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect(),
            years: parts.years,
            rest: parts.rest,
            entries: parts.entries,
            working: Vec::new(),
            profiles: parts.profiles,
        };
        calendar.working = calendar.years.keys().flat_map(|year| calendar.days_of(*year)).collect();
        Ok(calendar)
    }

    fn days_of(&self, year: i16) -> Vec<Date> {
        let (first, last) = (Date::constant(year, 1, 1), Date::constant(year, 12, 31));
        std::iter::successors(Some(first), |day| Some(next_day(*day)))
            .take_while(|day| *day <= last)
            .filter(|day| self.is_worked(*day))
            .collect()
    }

    fn is_worked(&self, day: Date) -> bool {
        match self.entries.get(&day).map(|entry| entry.kind) {
            Some(EntryKind::MakeupWorkday) => true,
            Some(
                EntryKind::PublicHoliday | EntryKind::SubstituteDayOff | EntryKind::SwappedDayOff,
            ) => false,
            None => !self.is_rest_weekday(day),
        }
    }

    pub(crate) fn is_rest_weekday(&self, day: Date) -> bool {
        self.rest[weekday_index(day.weekday())]
    }

    /// SHA-256 of the bytes of the file, lower-case hex: the version that every date records.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Whether offices work on a day.
    ///
    /// # Errors
    /// [`DeadlineError::YearAbsent`]: an unknown year is never guessed.
    pub fn is_working_day(&self, day: Date) -> Result<bool, DeadlineError> {
        self.need_year(day.year())?;
        Ok(self.working.binary_search(&day).is_ok())
    }

    /// What a day is and why, with the name of the holiday.
    ///
    /// # Errors
    /// [`DeadlineError::YearAbsent`].
    pub fn day_kind(&self, day: Date) -> Result<DayKind, DeadlineError> {
        self.need_year(day.year())?;
        Ok(self.known_day_kind(day))
    }

    pub(crate) fn known_day_kind(&self, day: Date) -> DayKind {
        match self.entries.get(&day) {
            Some(Entry { kind, name }) => match kind {
                EntryKind::PublicHoliday => DayKind::PublicHoliday(name.clone()),
                EntryKind::SubstituteDayOff => DayKind::SubstituteDayOff(name.clone()),
                EntryKind::SwappedDayOff => DayKind::SwappedDayOff(name.clone()),
                EntryKind::MakeupWorkday => DayKind::MakeupWorkday(name.clone()),
            },
            None if self.is_rest_weekday(day) => DayKind::WeeklyRest,
            None => DayKind::Working,
        }
    }

    /// Whether the notice of a year is out (T15). An absent year is not official.
    pub fn is_official(&self, year: i16) -> bool {
        self.years.get(&year).copied().unwrap_or(false)
    }

    /// Years of the calendar, ascending.
    pub fn years(&self) -> impl Iterator<Item = i16> + '_ {
        self.years.keys().copied()
    }

    /// Number of working days of a year; `None` when the calendar lacks it.
    pub fn working_days_in(&self, year: i16) -> Option<usize> {
        self.years.get(&year)?;
        Some(self.working.iter().filter(|day| day.year() == year).count())
    }

    /// Office hours of a named profile (T14).
    pub fn office_hours(&self, profile: &str) -> Option<&OfficeHours> {
        self.profiles.get(profile)
    }

    /// Working days, ascending.
    pub(crate) fn working(&self) -> &[Date] {
        &self.working
    }

    /// Number of working days up to and including `day`.
    pub(crate) fn rank(&self, day: Date) -> usize {
        self.working.partition_point(|worked| *worked <= day)
    }

    fn need_year(&self, year: i16) -> Result<(), DeadlineError> {
        if self.years.contains_key(&year) {
            Ok(())
        } else {
            Err(DeadlineError::YearAbsent { year })
        }
    }

    /// First year of the span whose notice is not out.
    ///
    /// # Errors
    /// [`DeadlineError::YearAbsent`] when a year of the span is missing.
    pub(crate) fn provisional_year(
        &self,
        first: Date,
        last: Date,
    ) -> Result<Option<i16>, DeadlineError> {
        let mut provisional = None;
        for year in first.year()..=last.year() {
            self.need_year(year)?;
            if !self.is_official(year) {
                provisional = provisional.or(Some(year));
            }
        }
        Ok(provisional)
    }

    /// The `n`-th working day after `day`, n ≥ 1.
    ///
    /// # Errors
    /// [`DeadlineError::YearAbsent`] when the way there leaves the calendar.
    pub(crate) fn nth_after(&self, day: Date, n: u32) -> Result<Date, DeadlineError> {
        let ahead = usize::try_from(n).unwrap_or(usize::MAX).saturating_sub(1);
        let found = self.working.get(self.rank(day).saturating_add(ahead));
        let found = *found.ok_or_else(|| self.absent_from(day))?;
        self.provisional_year(day, found)?;
        Ok(found)
    }

    /// `day` itself when it is worked, else the next working day.
    pub(crate) fn on_or_after(&self, day: Date) -> Result<Date, DeadlineError> {
        if self.is_working_day(day)? { Ok(day) } else { self.nth_after(day, 1) }
    }

    /// Number of working days after `first`, up to and including `last`; 0 if that is before.
    ///
    /// # Errors
    /// [`DeadlineError::YearAbsent`].
    pub(crate) fn count(&self, first: Date, last: Date) -> Result<u32, DeadlineError> {
        self.provisional_year(first, last)?;
        let days = self.rank(last).saturating_sub(self.rank(first));
        Ok(u32::try_from(days).unwrap_or(u32::MAX))
    }

    /// The last working day before `day`, not looking back further than `from`.
    pub(crate) fn previous(&self, day: Date, from: Date) -> Option<Date> {
        let before = self.working.partition_point(|worked| *worked < day);
        let found = *self.working.get(before.checked_sub(1)?)?;
        (found >= from).then_some(found)
    }

    /// The refusal of a count that runs out of the calendar after `day`.
    pub(crate) fn absent_from(&self, day: Date) -> DeadlineError {
        let mut year = day.year();
        while self.years.contains_key(&year) {
            year += 1;
        }
        DeadlineError::YearAbsent { year }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn vietnam() -> Calendar {
        Calendar::from_json(include_bytes!("../data/calendar-vn.json"))
            .expect("the fixture is sound")
    }

    #[test]
    fn the_shipped_calendar_counts_the_working_days_that_it_states() {
        let stated = [(2023, 249), (2024, 251), (2025, 250), (2026, 249), (2027, 249)];
        let calendar = vietnam();
        for (year, days) in stated {
            assert_eq!(calendar.working_days_in(year), Some(days), "{year}");
        }
        assert_eq!(calendar.years().collect::<Vec<_>>(), [2023, 2024, 2025, 2026, 2027]);
        assert_eq!(calendar.working_days_in(2028), None);
    }

    #[test]
    fn a_day_says_what_it_is() {
        let calendar = vietnam();
        assert_eq!(calendar.day_kind(date(2026, 10, 5)), Ok(DayKind::Working));
        assert_eq!(calendar.day_kind(date(2026, 10, 4)), Ok(DayKind::WeeklyRest));
        let holiday = calendar.day_kind(date(2026, 11, 24)).expect("the fixture is sound");
        assert!(matches!(&holiday, DayKind::PublicHoliday(name) if name.vi.contains("Văn hóa")));
        assert!(!holiday.is_working());
        let swapped = calendar.day_kind(date(2026, 8, 22)).expect("the fixture is sound");
        assert!(matches!(swapped, DayKind::MakeupWorkday(_)));
    }

    #[test]
    fn an_absent_year_is_an_error_and_a_provisional_one_is_known() {
        let calendar = vietnam();
        let absent = DeadlineError::YearAbsent { year: 2028 };
        assert_eq!(calendar.is_working_day(date(2028, 1, 3)), Err(absent.clone()));
        assert_eq!(calendar.nth_after(date(2027, 12, 31), 1), Err(absent));
        assert!(calendar.is_official(2026) && !calendar.is_official(2027));
        assert!(!calendar.is_official(2028));
    }

    #[test]
    fn the_digest_is_that_of_the_bytes() {
        let digest = vietnam().digest().to_owned();
        assert_eq!(digest.len(), 64);
        assert!(digest.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase()));
    }

    #[test]
    fn office_hours_come_by_profile() {
        let calendar = vietnam();
        assert_eq!(calendar.office_hours("standard"), Some(&OfficeHours::default()));
        assert!(calendar.office_hours("field_example").is_some());
        assert!(calendar.office_hours("night").is_none());
    }
}
