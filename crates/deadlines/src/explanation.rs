//! How a date came to be, as data; [`Explanation::text`] says it in words.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

use crate::calendar::{DayKind, DayName};
use crate::limit::Regime;
use crate::unit::Unit;
use crate::words;

/// Language of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lang {
    /// Vietnamese.
    Vi,
    /// English.
    En,
}

/// The steps of a computation, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// One fact each.
    pub lines: Vec<Line>,
}

impl Explanation {
    /// One sentence for each line.
    pub fn text(&self, lang: Lang) -> Vec<String> {
        self.lines.iter().map(|line| words::sentence(line, lang)).collect()
    }
}

/// Why an instant counts for a date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum EffectiveWhy {
    /// A working day, up to closing time or the cut-off.
    InTime,
    /// After closing time, so the next working day (T4).
    AfterClosing {
        /// Closing time, inclusive.
        closing: Time,
    },
    /// After the cut-off of a same-day procedure, so the next working day (T8).
    AfterCutoff {
        /// Cut-off, inclusive.
        cutoff: Time,
    },
    /// On a day off, so the next working day (T4).
    DayOff {
        /// What that day is.
        day: DayKind,
    },
}

/// One fact of an explanation. Amounts are in the unit of the limit, minutes for hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Line {
    /// The dossier was received.
    Received {
        /// When.
        at: Timestamp,
    },
    /// A period without a dossier of its own began (a step, a lapse).
    Started {
        /// When.
        at: Timestamp,
    },
    /// The date for which the instant counts (T4, T8).
    Effective {
        /// That date.
        on: Date,
        /// Why that date.
        why: EffectiveWhy,
    },
    /// How much is counted; days from the day after the effective one (T3).
    Counting {
        /// How many.
        amount: u32,
        /// Of what.
        unit: Unit,
    },
    /// A run of counted working days.
    DaysCounted {
        /// First of them.
        first: Date,
        /// Last of them.
        last: Date,
        /// How many.
        days: u32,
    },
    /// A counted rest day that is worked because of a swap (T6).
    MakeupCounted {
        /// The day.
        on: Date,
        /// Its name.
        name: DayName,
    },
    /// Days off that were not counted, all for the same reason.
    DaysSkipped {
        /// First of them.
        first: Date,
        /// Last of them.
        last: Date,
        /// Why.
        why: DayKind,
    },
    /// Weekly rest days of a count over more than 12 weekends without a holiday or worked day.
    /// Ranges of counted days go on over these weekends; other days off have their own lines.
    WeekendsSkipped {
        /// First of the rest days.
        first: Date,
        /// Last of them.
        last: Date,
        /// How many.
        days: u32,
    },
    /// Working time counted on one day (T12).
    TimeCounted {
        /// The day.
        on: Date,
        /// How long, in whole seconds.
        seconds: u32,
    },
    /// Calendar days counted through weekends and holidays (T10).
    CalendarDaysCounted {
        /// First of them.
        first: Date,
        /// Last of them.
        last: Date,
        /// How many.
        days: u32,
    },
    /// Months counted to the corresponding day (T13).
    MonthsCounted {
        /// How many.
        months: u32,
        /// The corresponding day.
        until: Date,
        /// Whether the month was too short, so that its last day was taken.
        shortened: bool,
    },
    /// The last day was off, so the period ends with the next working day (T10).
    RolledOver {
        /// The day off.
        from: Date,
        /// The next working day.
        to: Date,
    },
    /// Counted days lie in a year whose notice is not out (T15).
    Provisional {
        /// First such year.
        year: i16,
    },
    /// The result.
    Due {
        /// Last day.
        on: Date,
        /// Appointment: closing time, or the instant for hours.
        at: Timestamp,
    },
    /// The clock was paused (T21).
    Paused {
        /// When.
        at: Timestamp,
        /// Date for which the pause counts; that day is used.
        on: Date,
        /// Used since the start.
        used: u32,
        /// Left for the resumption.
        remaining: u32,
        /// Unit of both.
        unit: Unit,
    },
    /// The clock was paused when the date had passed: nothing moves any more.
    PausedLate {
        /// When.
        at: Timestamp,
        /// The date that stays.
        due_on: Date,
    },
    /// The clock runs again (T20).
    Resumed {
        /// When.
        at: Timestamp,
        /// How the rest is counted.
        regime: Regime,
    },
    /// A new date with an apology (T24).
    Reappointed {
        /// When.
        at: Timestamp,
        /// Old date.
        from: Date,
        /// New date.
        to: Date,
    },
    /// Another limit takes the place of the present one (T30, L9).
    Relimited {
        /// When.
        at: Timestamp,
        /// The whole of the new limit.
        amount: u32,
        /// Its unit.
        unit: Unit,
    },
    /// The date that was promised with an apology stays, since it is later (T26).
    PromiseKept {
        /// That date.
        on: Date,
    },
}
