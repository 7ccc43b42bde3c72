//! Units in which a limit is counted.

use serde::{Deserialize, Serialize};

/// What a limit counts. Units are not interchangeable (T2): the word in the legal text decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Working days of the calendar (T3-T6).
    WorkingDay,
    /// Every day; a last day off moves to the next working day (T10).
    CalendarDay,
    /// Hours inside office sessions (T12); budgets and counts are kept in minutes.
    WorkingHour,
    /// The day of receipt itself, up to a cut-off (T8).
    SameDay,
    /// Corresponding day of a later month (T13).
    Month,
}

impl Unit {
    /// Every unit, in the order of the documentation.
    pub const ALL: [Self; 5] =
        [Self::WorkingDay, Self::CalendarDay, Self::WorkingHour, Self::SameDay, Self::Month];

    /// Name in definitions, events and the command contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WorkingDay => "working_day",
            Self::CalendarDay => "calendar_day",
            Self::WorkingHour => "working_hour",
            Self::SameDay => "same_day",
            Self::Month => "month",
        }
    }
}
