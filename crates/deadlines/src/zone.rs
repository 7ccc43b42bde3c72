//! The one time zone: Asia/Ho_Chi_Minh is UTC+7 all year (T1), so no zone data is needed.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

const OFFSET: Offset = Offset::constant(7);

/// Date and time of day in Vietnam.
pub(crate) fn local(at: Timestamp) -> DateTime {
    OFFSET.to_datetime(at)
}

/// Instant of a local date and time.
pub(crate) fn instant(date: Date, time: Time) -> Timestamp {
    OFFSET
        .to_timestamp(date.to_datetime(time))
        .expect("dates of a calendar lie far inside the range of timestamps")
}

/// The next day.
pub(crate) fn next_day(date: Date) -> Date {
    date.tomorrow().unwrap_or(Date::MAX)
}

/// RFC 3339 text with the offset of Vietnam.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    format!("{}+07:00", local(at))
}
