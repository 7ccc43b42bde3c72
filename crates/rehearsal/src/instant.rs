//! Instants as people in Vietnam write them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

const OFFSET: Offset = Offset::constant(7);

/// `2026-10-05 09:00`, or a date alone for its first instant.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let local = match text.split_once([' ', 'T']) {
        None => text.parse::<Date>().ok()?.to_datetime(Time::MIN),
        Some((date, time)) => {
            let whole = if time.len() == 5 { format!("{time}:00") } else { time.to_owned() };
            DateTime::from_parts(date.parse().ok()?, whole.parse().ok()?)
        }
    };
    OFFSET.to_timestamp(local).ok()
}

/// `2026-10-05 09:00`, with seconds where there are any.
pub(crate) fn show(at: Timestamp) -> String {
    let local = OFFSET.to_datetime(at);
    let format = if local.second() == 0 { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S" };
    local.strftime(format).to_string()
}

/// An instant of a day.
pub(crate) fn on(day: Date, hour: i8, minute: i8) -> Timestamp {
    OFFSET
        .to_timestamp(day.at(hour, minute, 0, 0))
        .expect("dates of a calendar lie far inside the range of timestamps")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_as_it_is_read() {
        let at = parse("2026-10-05 09:00").expect("an instant");
        assert_eq!(at.to_string(), "2026-10-05T02:00:00Z");
        assert_eq!(show(at), "2026-10-05 09:00");
        assert_eq!(show(parse("2026-10-05").expect("a day")), "2026-10-05 00:00");
        assert_eq!(parse("2026-02-30 09:00"), None);
        assert_eq!(parse("tomorrow"), None);
    }
}
