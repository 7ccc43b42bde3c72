//! The days of a span as lines of an explanation: runs of counted days, days off with their reasons.

use jiff::civil::Date;

use crate::calendar::{Calendar, DayKind};
use crate::clock_reading::days_between;
use crate::explanation::Line;
use crate::zone::next_day;

/// Most ordinary weekends that an explanation names one by one; a quarter of a year has 13.
const WEEKENDS_NAMED_MAX: usize = 12;

/// Describes the days of a span. Of a long one the ordinary weekends become one line, before the
/// others, while each holiday, day in lieu, swapped and worked rest day is still named.
pub(crate) fn walk(calendar: &Calendar, first: Date, last: Date, lines: &mut Vec<Line>) {
    let days = day_lines(calendar, first, last);
    let weekends = days.iter().filter(|line| ordinary_weekend(calendar, line).is_some());
    if weekends.count() > WEEKENDS_NAMED_MAX {
        fold_weekends(calendar, days, lines);
    } else {
        lines.extend(days);
    }
}

fn day_lines(calendar: &Calendar, first: Date, last: Date) -> Vec<Line> {
    let mut lines = Vec::new();
    let worked = calendar.working();
    let mut position = calendar.rank(first.yesterday().unwrap_or(first));
    let mut day = first;
    while day <= last {
        let is_worked = worked.get(position) == Some(&day);
        position += usize::from(is_worked);
        if is_worked {
            extend_counted(&mut lines, day, day, 1);
            if calendar.is_rest_weekday(day)
                && let DayKind::MakeupWorkday(name) = calendar.known_day_kind(day)
            {
                lines.push(Line::MakeupCounted { on: day, name });
            }
        } else {
            let why = calendar.known_day_kind(day);
            match lines.last_mut() {
                Some(Line::DaysSkipped { last, why: same, .. }) if *same == why => *last = day,
                Some(_) | None => lines.push(Line::DaysSkipped { first: day, last: day, why }),
            }
        }
        day = next_day(day);
    }
    lines
}

fn extend_counted(lines: &mut Vec<Line>, from: Date, to: Date, more: u32) {
    if let Some(Line::DaysCounted { last, days, .. }) = lines.last_mut() {
        *last = to;
        *days += more;
    } else {
        lines.push(Line::DaysCounted { first: from, last: to, days: more });
    }
}

/// First and last day of a weekend, if the line skips all its days for weekly rest alone.
fn ordinary_weekend(calendar: &Calendar, line: &Line) -> Option<(Date, Date)> {
    let Line::DaysSkipped { first, last, why: DayKind::WeeklyRest } = line else {
        return None;
    };
    let before = first.yesterday().ok()?;
    let whole = !calendar.is_rest_weekday(before) && !calendar.is_rest_weekday(next_day(*last));
    whole.then_some((*first, *last))
}

/// Takes the ordinary weekends out and says first how many days they have; ranges of counted
/// days that only they kept apart become one.
fn fold_weekends(calendar: &Calendar, days: Vec<Line>, lines: &mut Vec<Line>) {
    let mut folded: Option<(Date, Date, u32)> = None;
    let mut kept = Vec::new();
    for line in days {
        if let Some((from, to)) = ordinary_weekend(calendar, &line) {
            let (first, _, so_far) = folded.unwrap_or((from, to, 0));
            folded = Some((first, to, so_far + 1 + days_between(from, to)));
        } else if let Line::DaysCounted { first, last, days } = line {
            extend_counted(&mut kept, first, last, days);
        } else {
            kept.push(line);
        }
    }
    lines.extend(folded.map(|(first, last, days)| Line::WeekendsSkipped { first, last, days }));
    lines.extend(kept);
}
