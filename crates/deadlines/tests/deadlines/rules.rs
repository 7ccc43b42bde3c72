//! Every example of the deadline rules T3-T15, one row each.

use crate::office::{Office, at};
use jiff::civil::{date, time};
use motcua_deadlines::{DeadlineError, Lang, Limit, Unit, due};

#[track_caller]
fn check(unit: Unit, amount: u32, received: &str, expected: &str) {
    let office = Office::new();
    let due = due(&Limit::new(unit, amount), at(received), &office.inputs());
    let due = due.expect("the date can be computed");
    assert_eq!(due.due_at, at(expected), "{:#?}", due.explanation.text(Lang::En));
    assert_eq!(Some(due.due_on.to_string().as_str()), expected.split(' ').next());
}

#[test]
fn t3_the_day_of_receipt_is_not_counted() {
    check(Unit::WorkingDay, 5, "2023-10-27 09:32", "2023-11-03 17:00");
}

#[test]
fn t4_after_closing_or_on_a_day_off_counts_for_the_next_working_day() {
    check(Unit::WorkingDay, 2, "2026-10-02 16:59", "2026-10-06 17:00");
    check(Unit::WorkingDay, 2, "2026-10-02 17:00:00", "2026-10-06 17:00");
    check(Unit::WorkingDay, 2, "2026-10-02 17:00:01", "2026-10-07 17:00");
    check(Unit::WorkingDay, 2, "2026-10-02 21:40", "2026-10-07 17:00");
    check(Unit::WorkingDay, 2, "2026-10-03 09:00", "2026-10-07 17:00");
    check(Unit::WorkingDay, 2, "2026-10-05 05:00", "2026-10-07 17:00");
}

#[test]
fn t5_holidays_and_days_in_lieu_are_not_working_days() {
    check(Unit::WorkingDay, 3, "2026-02-12 10:00", "2026-02-24 17:00");
    check(Unit::WorkingDay, 1, "2026-11-23 10:00", "2026-11-25 17:00");
}

#[test]
fn t6_a_worked_saturday_is_a_working_day() {
    check(Unit::WorkingDay, 3, "2026-08-20 10:00", "2026-08-24 17:00");
    check(Unit::WorkingDay, 2, "2026-01-08 10:00", "2026-01-10 17:00");
}

#[test]
fn t7_an_ordinary_saturday_is_not() {
    check(Unit::WorkingDay, 1, "2026-10-02 10:00", "2026-10-05 17:00");
}

#[test]
fn t8_the_cut_off_is_inclusive() {
    check(Unit::SameDay, 1, "2026-10-01 15:00:00", "2026-10-01 17:00");
    check(Unit::SameDay, 1, "2026-10-01 15:00:01", "2026-10-02 17:00");
    check(Unit::SameDay, 1, "2026-10-02 15:30", "2026-10-05 17:00");
    check(Unit::SameDay, 1, "2026-11-23 15:30", "2026-11-25 17:00");
}

#[test]
fn t8_the_cut_off_belongs_to_the_procedure_but_closing_time_stays() {
    let office = Office::new();
    let on = |cutoff, received: &str| {
        let limit = Limit { unit: Unit::SameDay, amount: 1, cutoff: Some(cutoff) };
        due(&limit, at(received), &office.inputs()).expect("the date can be computed").due_on
    };
    assert_eq!(on(time(10, 0, 0, 0), "2026-10-01 10:00"), date(2026, 10, 1));
    assert_eq!(on(time(10, 0, 0, 0), "2026-10-01 10:01"), date(2026, 10, 2));
    assert_eq!(on(time(20, 0, 0, 0), "2026-10-01 17:30"), date(2026, 10, 2));
}

#[test]
fn t10_a_last_day_off_moves_to_the_next_working_day() {
    check(Unit::CalendarDay, 30, "2026-03-26 10:00", "2026-04-28 17:00");
    check(Unit::CalendarDay, 15, "2026-02-02 10:00", "2026-02-23 17:00");
    check(Unit::CalendarDay, 2, "2026-08-20 10:00", "2026-08-22 17:00");
}

#[test]
fn t12_hours_run_inside_sessions_and_end_at_their_close() {
    check(Unit::WorkingHour, 8, "2026-10-02 16:00", "2026-10-05 16:00");
    check(Unit::WorkingHour, 4, "2026-10-01 09:00", "2026-10-01 14:30");
    check(Unit::WorkingHour, 4, "2026-10-01 07:30", "2026-10-01 11:30");
    check(Unit::WorkingHour, 4, "2026-10-01 13:00", "2026-10-01 17:00");
    check(Unit::WorkingHour, 8, "2026-10-01 07:30", "2026-10-01 17:00");
    check(Unit::WorkingHour, 8, "2026-10-01 17:00", "2026-10-02 17:00");
    check(Unit::WorkingHour, 8, "2026-10-01 05:00", "2026-10-01 17:00");
    check(Unit::WorkingHour, 24, "2026-10-01 12:00", "2026-10-06 11:30");
    check(Unit::WorkingHour, 1, "2026-10-01 10:45:30", "2026-10-01 13:15:30");
}

#[test]
fn t13_months_end_on_the_corresponding_day_or_the_last_of_the_month() {
    check(Unit::Month, 2, "2026-12-30 10:00", "2027-03-01 17:00");
    check(Unit::Month, 1, "2026-09-30 10:00", "2026-10-30 17:00");
}

#[test]
fn t15_a_year_not_announced_makes_the_date_provisional() {
    let office = Office::new();
    let provisional = |received: &str, days| {
        let limit = Limit::new(Unit::WorkingDay, days);
        due(&limit, at(received), &office.inputs()).expect("it can be computed").provisional
    };
    assert!(!provisional("2026-12-29 10:00", 2));
    assert!(provisional("2026-12-29 10:00", 3));
    assert!(provisional("2026-12-31 18:00", 1));
}

#[test]
fn t15_a_year_absent_is_an_error_not_a_guess() {
    let office = Office::new();
    let computed = |unit, amount, received: &str| {
        due(&Limit::new(unit, amount), at(received), &office.inputs()).map(|due| due.due_on)
    };
    for (unit, amount, received, year) in [
        (Unit::WorkingDay, 1, "2027-12-31 10:00", 2028),
        (Unit::WorkingDay, 10_000, "2026-10-01 10:00", 2028),
        (Unit::CalendarDay, 10_000, "2026-10-01 10:00", 2028),
        (Unit::WorkingHour, 10_000, "2026-10-01 10:00", 2028),
        (Unit::Month, 10_000, "2026-10-01 10:00", 2028),
        (Unit::Month, 24, "2026-10-01 10:00", 2028),
        (Unit::SameDay, 1, "2022-12-30 10:00", 2022),
        (Unit::SameDay, 1, "2027-12-31 16:00", 2028),
    ] {
        let expected = Err(DeadlineError::YearAbsent { year });
        assert_eq!(computed(unit, amount, received), expected, "{unit:?} {received}");
    }
}

#[test]
fn an_amount_out_of_bounds_is_refused() {
    let office = Office::new();
    for (unit, amount) in [
        (Unit::WorkingDay, 0),
        (Unit::WorkingHour, 10_001),
        (Unit::Month, u32::MAX),
        (Unit::SameDay, 2),
    ] {
        let refused = due(&Limit::new(unit, amount), at("2026-10-01 10:00"), &office.inputs());
        let error = refused.expect_err("the amount is unlawful");
        assert_eq!(error.code(), "AMOUNT_OUT_OF_RANGE");
    }
}

#[test]
fn an_explanation_names_every_day_off_with_its_reason() {
    let office = Office::new();
    let limit = Limit::new(Unit::WorkingDay, 3);
    let due = due(&limit, at("2026-02-12 10:00"), &office.inputs()).expect("it can be computed");
    let english = due.explanation.text(Lang::En);
    assert_eq!(
        english,
        [
            "Started at 10:00 on Thu 12 Feb 2026.",
            "Counts for Thu 12 Feb 2026: in time on a working day.",
            "Limit: 3 working days.",
            "Counted 1 working day: Fri 13 Feb 2026.",
            "Not counted Sat 14 Feb 2026 – Sun 15 Feb 2026: weekly rest.",
            "Not counted Mon 16 Feb 2026 – Fri 20 Feb 2026: Lunar New Year (Tết).",
            "Not counted Sat 21 Feb 2026 – Sun 22 Feb 2026: weekly rest.",
            "Counted 2 working days: Mon 23 Feb 2026 – Tue 24 Feb 2026.",
            "Due at 17:00 on Tue 24 Feb 2026.",
        ]
    );
    let vietnamese = due.explanation.text(Lang::Vi);
    assert_eq!(vietnamese.len(), english.len());
    assert_eq!(
        vietnamese[4],
        "Không tính thứ Bảy 14/02/2026 – Chủ nhật 15/02/2026: ngày nghỉ hằng tuần."
    );
}

#[test]
fn a_long_explanation_folds_ordinary_weekends_and_names_every_other_day_off() {
    let office = Office::new();
    let limit = Limit::new(Unit::WorkingDay, 80);
    let due = due(&limit, at("2026-07-16 10:00"), &office.inputs()).expect("it can be computed");
    assert_eq!(
        due.explanation.text(Lang::En)[2..],
        [
            "Limit: 80 working days.",
            "Not counted 32 ordinary weekly rest days, Sat 18 Jul 2026 to Sun 8 Nov 2026.",
            "Counted 27 working days: Fri 17 Jul 2026 – Sat 22 Aug 2026.",
            "Sat 22 Aug 2026 is worked: Saturday worked in place of 31 August 2026.",
            "Not counted Sun 23 Aug 2026: weekly rest.",
            "Counted 5 working days: Mon 24 Aug 2026 – Fri 28 Aug 2026.",
            "Not counted Mon 31 Aug 2026: Day off swapped with Saturday 22 August 2026.",
            "Not counted Tue 1 Sep 2026 – Wed 2 Sep 2026: National Day.",
            "Counted 48 working days: Thu 3 Sep 2026 – Mon 9 Nov 2026.",
            "Due at 17:00 on Mon 9 Nov 2026.",
        ]
    );
    let vietnamese = due.explanation.text(Lang::Vi);
    assert_eq!(
        vietnamese[3],
        "Không tính 32 ngày nghỉ hằng tuần thông thường, \
         từ thứ Bảy 18/07/2026 đến Chủ nhật 08/11/2026."
    );
}

#[test]
fn twelve_weekends_are_named_and_thirteen_are_folded() {
    let office = Office::new();
    for (weekends, lines) in [(12, 4 + 24), (13, 4 + 2)] {
        let limit = Limit::new(Unit::WorkingDay, 5 * weekends - 4);
        let due = due(&limit, at("2023-05-05 10:00"), &office.inputs());
        let text = due.expect("it can be computed").explanation.text(Lang::En);
        assert_eq!(text.len(), lines, "{text:#?}");
    }
}

#[test]
fn an_explanation_of_hours_shows_the_time_of_each_end() {
    let office = Office::new();
    let limit = Limit::new(Unit::WorkingHour, 8);
    let due = due(&limit, at("2026-08-21 16:00"), &office.inputs()).expect("it can be computed");
    assert_eq!(
        due.explanation.text(Lang::En)[2..],
        [
            "Limit: 8 h of working time.",
            "Counted 1 h on Fri 21 Aug 2026.",
            "Counted 7 h on Sat 22 Aug 2026.",
            "Due at 16:00 on Sat 22 Aug 2026.",
        ]
    );
}
