//! What every test of this crate needs.

use jiff::Timestamp;
use motcua_deadlines::{Calendar, Inputs, OfficeHours};

/// The shipped calendar with the default office hours.
pub(crate) struct Office {
    calendar: Calendar,
    hours: OfficeHours,
}

impl Office {
    pub(crate) fn new() -> Self {
        let calendar = Calendar::from_json(include_bytes!("../../data/calendar-vn.json"));
        let calendar = calendar.expect("the shipped calendar is sound");
        Self { calendar, hours: OfficeHours::default() }
    }

    pub(crate) fn inputs(&self) -> Inputs<'_> {
        Inputs { calendar: &self.calendar, hours: &self.hours }
    }
}

/// Local time as `2026-10-01 09:00` or with seconds.
#[track_caller]
pub(crate) fn at(text: &str) -> Timestamp {
    let seconds = if text.len() == 16 { ":00" } else { "" };
    let text = format!("{}{seconds}+07:00", text.replace(' ', "T"));
    text.parse().expect("the fixture is a local time")
}
