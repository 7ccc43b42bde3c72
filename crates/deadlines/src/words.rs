//! Explanations in words: the one place where a fact becomes a sentence.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::explanation::{EffectiveWhy, Lang, Line};
use crate::limit::Regime;
use crate::unit::Unit;
use crate::vocabulary::{clock_time, day, kind, moment, quantity, span, time};

/// One line as a sentence.
pub(crate) fn sentence(line: &Line, lang: Lang) -> String {
    match line {
        Line::Received { at } => received(*at, lang),
        Line::Started { at } => started(*at, lang),
        Line::Effective { on, why } => effective(*on, why, lang),
        Line::Counting { amount, unit } => counting(*amount, *unit, lang),
        Line::DaysCounted { first, last, days } => {
            counted(*days, Unit::WorkingDay, &span(*first, *last, lang), lang)
        }
        Line::MakeupCounted { on, name } => match lang {
            Lang::Vi => format!("{} là ngày làm việc: {}.", day(*on, lang), name.vi),
            Lang::En => format!("{} is worked: {}.", day(*on, lang), name.en),
        },
        Line::DaysSkipped { first, last, why } => {
            skipped(&span(*first, *last, lang), kind(why, lang), lang)
        }
        Line::WeekendsSkipped { first, last, days } => {
            weekends_skipped(*days, day(*first, lang), day(*last, lang), lang)
        }
        Line::TimeCounted { on, seconds } => time_counted(*on, *seconds, lang),
        Line::CalendarDaysCounted { first, last, days } => {
            counted(*days, Unit::CalendarDay, &span(*first, *last, lang), lang)
        }
        Line::MonthsCounted { months, until, shortened } => {
            months_counted(*months, *until, *shortened, lang)
        }
        Line::RolledOver { from, to } => rolled_over(*from, *to, lang),
        Line::Provisional { year } => provisional(*year, lang),
        Line::Due { on: _, at } => due(*at, lang),
        Line::Paused { at, on, used, remaining, unit } => {
            let used = quantity(*used, *unit, lang);
            let remaining = quantity(*remaining, *unit, lang);
            paused(*at, *on, &used, &remaining, lang)
        }
        Line::PausedLate { at, due_on } => paused_late(*at, *due_on, lang),
        Line::Resumed { at, regime } => resumed(*at, *regime, lang),
        Line::Reappointed { at, from, to } => reappointed(*at, *from, *to, lang),
        Line::Relimited { at, amount, unit } => relimited(*at, *amount, *unit, lang),
        Line::PromiseKept { on } => promise_kept(*on, lang),
    }
}

fn received(at: Timestamp, lang: Lang) -> String {
    let at = moment(at, lang);
    match lang {
        Lang::Vi => format!("Tiếp nhận lúc {at}."),
        Lang::En => format!("Received at {at}."),
    }
}

fn started(at: Timestamp, lang: Lang) -> String {
    let at = moment(at, lang);
    match lang {
        Lang::Vi => format!("Bắt đầu lúc {at}."),
        Lang::En => format!("Started at {at}."),
    }
}

fn effective(on: Date, why: &EffectiveWhy, lang: Lang) -> String {
    let on = day(on, lang);
    let reason = match (why, lang) {
        (EffectiveWhy::InTime, Lang::Vi) => "trong giờ của ngày làm việc".to_owned(),
        (EffectiveWhy::InTime, Lang::En) => "in time on a working day".to_owned(),
        (EffectiveWhy::AfterClosing { closing: last }, Lang::Vi) => {
            format!("sau giờ làm việc ({}) nên sang ngày làm việc sau", time(*last))
        }
        (EffectiveWhy::AfterClosing { closing: last }, Lang::En) => {
            format!("after closing time ({}), so the next working day", time(*last))
        }
        (EffectiveWhy::AfterCutoff { cutoff }, Lang::Vi) => {
            format!("sau {} nên sang ngày làm việc sau", time(*cutoff))
        }
        (EffectiveWhy::AfterCutoff { cutoff }, Lang::En) => {
            format!("after {}, so the next working day", time(*cutoff))
        }
        (EffectiveWhy::DayOff { day }, Lang::Vi) => {
            format!("ngày nghỉ ({}) nên sang ngày làm việc sau", kind(day, lang))
        }
        (EffectiveWhy::DayOff { day }, Lang::En) => {
            format!("a day off ({}), so the next working day", kind(day, lang))
        }
    };
    match lang {
        Lang::Vi => format!("Tính cho ngày {on}: {reason}."),
        Lang::En => format!("Counts for {on}: {reason}."),
    }
}

fn counting(amount: u32, unit: Unit, lang: Lang) -> String {
    let amount = quantity(amount, unit, lang);
    match lang {
        Lang::Vi => format!("Thời hạn: {amount}."),
        Lang::En => format!("Limit: {amount}."),
    }
}

fn counted(days: u32, unit: Unit, span: &str, lang: Lang) -> String {
    let days = quantity(days, unit, lang);
    match lang {
        Lang::Vi => format!("Tính {days}: {span}."),
        Lang::En => format!("Counted {days}: {span}."),
    }
}

fn skipped(span: &str, why: &str, lang: Lang) -> String {
    match lang {
        Lang::Vi => format!("Không tính {span}: {why}."),
        Lang::En => format!("Not counted {span}: {why}."),
    }
}

fn weekends_skipped(days: u32, first: String, last: String, lang: Lang) -> String {
    match lang {
        Lang::Vi => {
            format!("Không tính {days} ngày nghỉ hằng tuần thông thường, từ {first} đến {last}.")
        }
        Lang::En => format!("Not counted {days} ordinary weekly rest days, {first} to {last}."),
    }
}

fn time_counted(on: Date, seconds: u32, lang: Lang) -> String {
    let (on, time) = (day(on, lang), clock_time(seconds, lang));
    match lang {
        Lang::Vi => format!("Tính {time} trong ngày {on}."),
        Lang::En => format!("Counted {time} on {on}."),
    }
}

fn months_counted(months: u32, until: Date, shortened: bool, lang: Lang) -> String {
    let (months, until) = (quantity(months, Unit::Month, lang), day(until, lang));
    match (lang, shortened) {
        (Lang::Vi, false) => format!("Tính {months}, đến ngày tương ứng {until}."),
        (Lang::Vi, true) => format!("Tính {months}, đến ngày cuối tháng {until}."),
        (Lang::En, false) => format!("Counted {months}, to the corresponding day {until}."),
        (Lang::En, true) => format!("Counted {months}, to the last day of the month, {until}."),
    }
}

fn rolled_over(from: Date, to: Date, lang: Lang) -> String {
    let (from, to) = (day(from, lang), day(to, lang));
    match lang {
        Lang::Vi => format!("Ngày cuối {from} là ngày nghỉ nên chuyển sang {to}."),
        Lang::En => format!("The last day {from} is off, so the period ends on {to}."),
    }
}

fn provisional(year: i16, lang: Lang) -> String {
    match lang {
        Lang::Vi => format!("Tạm tính: lịch nghỉ năm {year} chưa được công bố chính thức."),
        Lang::En => format!("Provisional: the holidays of {year} are not announced officially."),
    }
}

fn due(at: Timestamp, lang: Lang) -> String {
    let at = moment(at, lang);
    match lang {
        Lang::Vi => format!("Hạn: {at}."),
        Lang::En => format!("Due at {at}."),
    }
}

fn paused(at: Timestamp, on: Date, used: &str, remaining: &str, lang: Lang) -> String {
    let (at, on) = (moment(at, lang), day(on, lang));
    match lang {
        Lang::Vi => {
            format!("Tạm dừng lúc {at} (tính cho {on}): đã dùng {used}, còn lại {remaining}.")
        }
        Lang::En => format!("Paused at {at} (counts for {on}): {used} used, {remaining} left."),
    }
}

fn paused_late(at: Timestamp, due_on: Date, lang: Lang) -> String {
    let (at, due_on) = (moment(at, lang), day(due_on, lang));
    match lang {
        Lang::Vi => format!("Tạm dừng lúc {at}, khi đã quá hạn {due_on}: hạn không đổi."),
        Lang::En => format!("Paused at {at}, when it was late for {due_on}: that date stays."),
    }
}

fn resumed(at: Timestamp, regime: Regime, lang: Lang) -> String {
    let at = moment(at, lang);
    let how = match (regime, lang) {
        (Regime::ResumeRemaining, Lang::Vi) => "tính tiếp thời gian còn lại",
        (Regime::ResumeRemaining, Lang::En) => "the remaining time runs on",
        (Regime::RestartFull, Lang::Vi) => "tính lại từ đầu",
        (Regime::RestartFull, Lang::En) => "counted again from the start",
        (Regime::FixedAfter { .. }, Lang::Vi) => "thời hạn cố định từ lúc tiếp tục",
        (Regime::FixedAfter { .. }, Lang::En) => "a fixed time from here",
    };
    match lang {
        Lang::Vi => format!("Tiếp tục lúc {at}: {how}."),
        Lang::En => format!("Resumed at {at}: {how}."),
    }
}

fn relimited(at: Timestamp, amount: u32, unit: Unit, lang: Lang) -> String {
    let (at, amount) = (moment(at, lang), quantity(amount, unit, lang));
    match lang {
        Lang::Vi => format!("Thời hạn mới từ lúc {at}: {amount} kể từ khi bắt đầu tính."),
        Lang::En => format!("Another limit from {at}: {amount} from where it began."),
    }
}

fn promise_kept(on: Date, lang: Lang) -> String {
    let on = day(on, lang);
    match lang {
        Lang::Vi => format!("Ngày đã hẹn lại {on} muộn hơn nên được giữ nguyên."),
        Lang::En => format!("The date promised with the apology, {on}, is later, so it stays."),
    }
}

fn reappointed(at: Timestamp, from: Date, to: Date, lang: Lang) -> String {
    let (at, from, to) = (moment(at, lang), day(from, lang), day(to, lang));
    match lang {
        Lang::Vi => format!("Xin lỗi và hẹn lại lúc {at}: từ {from} sang {to}."),
        Lang::En => format!("Apology at {at}: from {from} to {to}."),
    }
}
