//! Counts working time: when is something due, given a calendar, office hours and pauses.
//!
//! Pure: no clock, no file, no chance. Rules are cited as T1-T32 of `docs/rules.md`, articles as
//! those of the Civil Code and the Labour Code of Vietnam.
//!
//! ```
//! use motcua_deadlines::{Calendar, Clock, Inputs, Lang, Limit, OfficeHours, Unit};
//!
//! let calendar = Calendar::from_json(include_bytes!("../data/calendar-vn.json"))?;
//! let inputs = Inputs { calendar: &calendar, hours: &OfficeHours::default() };
//! let received_at = "2023-10-27T09:32:00+07:00".parse()?;
//! let (clock, why) = Clock::start(&Limit::new(Unit::WorkingDay, 5), received_at, &inputs)?;
//! assert_eq!(clock.due_on(), Some(jiff::civil::date(2023, 11, 3)));
//! assert_eq!(why.text(Lang::En).last().unwrap(), "Due at 17:00 on Fri 3 Nov 2023.");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The most common change, a new year or a late swap, is data: edit `data/calendar-vn.json`, set
//! the year to `official` when its notice is out, add a row for it to the tests of `calendar.rs`.
//! A new unit is a variant of [`Unit`]; the compiler then names every place that must decide.

mod calendar;
mod calendar_file;
mod clock;
mod clock_reading;
mod compute;
mod error;
mod explanation;
mod json;
mod limit;
mod office_hours;
mod reckon;
mod span;
mod unit;
mod vocabulary;
mod walk;
mod words;
mod zone;

pub use calendar::{Calendar, DayKind, DayName};
pub use calendar_file::{CALENDAR_BYTES_MAX, CalendarError, Fault};
pub use clock::{Clock, Phase};
pub use clock_reading::is_late;
pub use compute::{LINE_BYTES_MAX, compute_line};
pub use error::DeadlineError;
pub use explanation::{EffectiveWhy, Explanation, Lang, Line};
pub use limit::{AMOUNT_MAX, CUTOFF_DEFAULT, Limit, Regime};
pub use office_hours::{DAY_MINUTES_MAX, OfficeHours, OfficeHoursError, SESSIONS_MAX};
pub use reckon::{Due, Inputs, after_minutes, days_left, due, minutes_left};
pub use span::{days_after, days_before, open_until};
pub use unit::Unit;
