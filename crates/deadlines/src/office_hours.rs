//! When an office works on a working day.

use jiff::civil::Time;
use serde::{Deserialize, Serialize};

/// Longest working day, in minutes (T14: 8 hours).
pub const DAY_MINUTES_MAX: u32 = 8 * 60;

/// Most sessions of one day.
pub const SESSIONS_MAX: usize = 8;

const NANOS_PER_MINUTE: i64 = 60_000_000_000;

/// Why sessions are no office hours; the text says the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("office hours: {0}")]
pub struct OfficeHoursError(String);

/// The sessions of a working day: ascending, not overlapping, 8 hours at most (T14).
///
/// The default is 07:30-11:30 and 13:00-17:00.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Sessions")]
pub struct OfficeHours {
    sessions: Vec<(Time, Time)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sessions {
    sessions: Vec<(Time, Time)>,
}

impl TryFrom<Sessions> for OfficeHours {
    type Error = OfficeHoursError;

    fn try_from(raw: Sessions) -> Result<Self, Self::Error> {
        Self::new(raw.sessions)
    }
}

impl Default for OfficeHours {
    fn default() -> Self {
        let at = |hour, minute| Time::constant(hour, minute, 0, 0);
        Self { sessions: vec![(at(7, 30), at(11, 30)), (at(13, 0), at(17, 0))] }
    }
}

impl OfficeHours {
    /// Checks sessions of (opening, closing).
    ///
    /// # Errors
    /// No session or more than [`SESSIONS_MAX`], one that ends before it begins, two that overlap,
    /// a boundary that is no whole minute, or more than [`DAY_MINUTES_MAX`] in all.
    pub fn new(sessions: Vec<(Time, Time)>) -> Result<Self, OfficeHoursError> {
        let fault = |text: String| Err(OfficeHoursError(text));
        if sessions.is_empty() || sessions.len() > SESSIONS_MAX {
            return fault(format!("give 1 to {SESSIONS_MAX} sessions"));
        }
        let mut previous: Option<Time> = None;
        for &(open, close) in &sessions {
            if [open, close].iter().any(|t| nanos(*t) % NANOS_PER_MINUTE != 0) {
                return fault(format!("{open}-{close}: give whole minutes"));
            }
            if open >= close {
                return fault(format!("{open}-{close}: a session must end after it begins"));
            }
            if previous.is_some_and(|end| open < end) {
                return fault(format!("{open}-{close}: sessions must ascend without overlap"));
            }
            previous = Some(close);
        }
        let hours = Self { sessions };
        if hours.minutes_per_day() > DAY_MINUTES_MAX {
            return fault(format!("{} minutes a day; 480 at most", hours.minutes_per_day()));
        }
        Ok(hours)
    }

    /// Opening and closing time of each session, in order.
    pub fn sessions(&self) -> &[(Time, Time)] {
        &self.sessions
    }

    /// Start of the first session.
    pub fn opening(&self) -> Time {
        self.sessions.first().expect("at least one session").0
    }

    /// End of the last session: the appointment of day units (T9).
    pub fn closing(&self) -> Time {
        self.sessions.last().expect("at least one session").1
    }

    /// Working time of a day, in minutes.
    pub fn minutes_per_day(&self) -> u32 {
        u32::try_from(self.day_nanos() / NANOS_PER_MINUTE).unwrap_or(u32::MAX)
    }

    pub(crate) fn day_nanos(&self) -> i64 {
        self.sessions.iter().map(|(open, close)| nanos(*close) - nanos(*open)).sum()
    }

    /// Working time of a day from its start to `time`, in nanoseconds.
    pub(crate) fn worked_nanos(&self, time: Time) -> i64 {
        let until = nanos(time);
        let part = |&(open, close): &(Time, Time)| until.min(nanos(close)) - nanos(open);
        self.sessions.iter().map(part).map(|worked| worked.max(0)).sum()
    }

    /// When `worked` nanoseconds of a day are over: at the close of a session, not at the next
    /// opening. More than a day has ends at closing.
    pub(crate) fn time_after(&self, worked: i64) -> Time {
        let mut left = worked;
        for &(open, close) in &self.sessions {
            let length = nanos(close) - nanos(open);
            if left <= length {
                return time(nanos(open) + left);
            }
            left -= length;
        }
        self.closing()
    }
}

/// Minutes as nanoseconds.
pub(crate) fn minutes_to_nanos(minutes: u32) -> i64 {
    i64::from(minutes).saturating_mul(NANOS_PER_MINUTE)
}

/// Whole minutes in a number of nanoseconds.
pub(crate) fn nanos_to_minutes(nanos: i64) -> u32 {
    u32::try_from(nanos / NANOS_PER_MINUTE).unwrap_or(0)
}

fn nanos(time: Time) -> i64 {
    let seconds =
        (i64::from(time.hour()) * 60 + i64::from(time.minute())) * 60 + i64::from(time.second());
    seconds * 1_000_000_000 + i64::from(time.subsec_nanosecond())
}

fn time(nanos: i64) -> Time {
    let duration = jiff::SignedDuration::from_nanos(nanos);
    Time::midnight().checked_add(duration).expect("a time inside a session is a time of day")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(text: &str) -> Result<OfficeHours, String> {
        serde_json::from_str(&format!("{{\"sessions\":{text}}}")).map_err(|e| e.to_string())
    }

    #[test]
    fn the_default_is_eight_hours_and_survives_serde() {
        let standard = OfficeHours::default();
        assert_eq!(standard.minutes_per_day(), 480);
        let text = serde_json::to_string(&standard).expect("the fixture is sound");
        assert_eq!(
            serde_json::from_str::<OfficeHours>(&text).expect("the fixture is sound"),
            standard
        );
    }

    #[test]
    fn unsound_sessions_are_refused_also_on_reading() {
        for (text, reason) in [
            ("[]", "1 to 8"),
            (r#"[["08:00","08:00"]]"#, "must end after"),
            (r#"[["09:00","08:00"]]"#, "must end after"),
            (r#"[["07:00","09:00"],["08:59","10:00"]]"#, "without overlap"),
            (r#"[["13:00","14:00"],["08:00","09:00"]]"#, "without overlap"),
            (r#"[["08:00:30","09:00"]]"#, "whole minutes"),
            (r#"[["07:00","12:00"],["13:00","16:01"]]"#, "480 at most"),
        ] {
            let error = hours(text).expect_err("the fixture is unsound");
            assert!(error.contains(reason), "{text}: {error}");
        }
        assert!(hours(r#"[["07:00","11:30"],["13:30","17:00"]]"#).is_ok());
    }

    #[test]
    fn worked_time_ends_at_the_close_of_a_session() {
        let standard = OfficeHours::default();
        let four = minutes_to_nanos(240);
        assert_eq!(standard.time_after(four), Time::constant(11, 30, 0, 0));
        assert_eq!(standard.worked_nanos(Time::constant(12, 15, 0, 0)), four);
        assert_eq!(standard.worked_nanos(Time::MAX), minutes_to_nanos(480));
        assert_eq!(standard.worked_nanos(Time::MIN), 0);
    }
}
