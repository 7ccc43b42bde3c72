//! Words of explanations: days, times, amounts, in Vietnamese and English.

use jiff::Timestamp;
use jiff::civil::{Date, Time};

use crate::calendar::{DayKind, weekday_index};
use crate::explanation::Lang;
use crate::unit::Unit;
use crate::zone::local;

/// Why a day counts or not: its own name, or its kind.
pub(crate) fn kind(day: &DayKind, lang: Lang) -> &str {
    match (day, lang) {
        (DayKind::Working, Lang::Vi) => "ngày làm việc",
        (DayKind::Working, Lang::En) => "working day",
        (DayKind::WeeklyRest, Lang::Vi) => "ngày nghỉ hằng tuần",
        (DayKind::WeeklyRest, Lang::En) => "weekly rest",
        (
            DayKind::MakeupWorkday(name)
            | DayKind::PublicHoliday(name)
            | DayKind::SubstituteDayOff(name)
            | DayKind::SwappedDayOff(name),
            Lang::Vi,
        ) => &name.vi,
        (
            DayKind::MakeupWorkday(name)
            | DayKind::PublicHoliday(name)
            | DayKind::SubstituteDayOff(name)
            | DayKind::SwappedDayOff(name),
            Lang::En,
        ) => &name.en,
    }
}

/// An amount with its unit; hours come as minutes.
pub(crate) fn quantity(n: u32, unit: Unit, lang: Lang) -> String {
    let (vi, en) = match unit {
        Unit::WorkingDay => ("ngày làm việc", "working day"),
        Unit::CalendarDay => ("ngày", "calendar day"),
        Unit::Month => ("tháng", "month"),
        Unit::SameDay => ("ngày (trong ngày)", "day (same day)"),
        Unit::WorkingHour => {
            let time = clock_time(n.saturating_mul(60), lang);
            return match lang {
                Lang::Vi => format!("{time} làm việc"),
                Lang::En => format!("{time} of working time"),
            };
        }
    };
    match lang {
        Lang::Vi => format!("{n} {vi}"),
        Lang::En if n == 1 || unit == Unit::SameDay => format!("{n} {en}"),
        Lang::En => format!("{n} {en}s"),
    }
}

/// A duration in hours, minutes and seconds, leaving out zeros.
pub(crate) fn clock_time(seconds: u32, lang: Lang) -> String {
    let (hour, minute, second) = match lang {
        Lang::Vi => ("giờ", "phút", "giây"),
        Lang::En => ("h", "min", "s"),
    };
    let parts = [(seconds / 3600, hour), (seconds / 60 % 60, minute), (seconds % 60, second)];
    let some: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n} {unit}")).collect();
    if some.is_empty() { format!("0 {minute}") } else { some.join(" ") }
}

/// A time of day, with seconds only when it has them.
pub(crate) fn time(time: Time) -> String {
    if time.second() == 0 {
        format!("{:02}:{:02}", time.hour(), time.minute())
    } else {
        format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
    }
}

/// Time and date of an instant.
pub(crate) fn moment(at: Timestamp, lang: Lang) -> String {
    let at = local(at);
    match lang {
        Lang::Vi => format!("{}, {}", time(at.time()), day(at.date(), lang)),
        Lang::En => format!("{} on {}", time(at.time()), day(at.date(), lang)),
    }
}

/// One day, or the first and the last.
pub(crate) fn span(first: Date, last: Date, lang: Lang) -> String {
    if first == last {
        day(first, lang)
    } else {
        format!("{} – {}", day(first, lang), day(last, lang))
    }
}

/// A date with its weekday.
pub(crate) fn day(date: Date, lang: Lang) -> String {
    const VI: [&str; 7] =
        ["thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật"];
    const EN: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let weekday = weekday_index(date.weekday());
    let month = usize::from(date.month().unsigned_abs()) - 1;
    match lang {
        Lang::Vi => {
            format!("{} {:02}/{:02}/{}", VI[weekday], date.day(), date.month(), date.year())
        }
        Lang::En => format!("{} {} {} {}", EN[weekday], date.day(), MONTHS[month], date.year()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_well_in_both_languages() {
        assert_eq!(quantity(1, Unit::WorkingDay, Lang::En), "1 working day");
        assert_eq!(quantity(5, Unit::WorkingDay, Lang::Vi), "5 ngày làm việc");
        assert_eq!(quantity(90, Unit::WorkingHour, Lang::En), "1 h 30 min of working time");
        assert_eq!(quantity(0, Unit::WorkingHour, Lang::Vi), "0 phút làm việc");
    }

    #[test]
    fn a_moment_shows_seconds_only_when_it_has_them() {
        let at = "2026-10-01T08:00:01Z".parse().expect("the fixture is sound");
        assert_eq!(moment(at, Lang::En), "15:00:01 on Thu 1 Oct 2026");
        let at = "2026-10-01T08:00:00Z".parse().expect("the fixture is sound");
        assert_eq!(moment(at, Lang::Vi), "15:00, thứ Năm 01/10/2026");
    }
}
