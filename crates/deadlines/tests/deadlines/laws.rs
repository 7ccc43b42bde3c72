//! Laws over generated limits, instants and calendars.

use crate::office::{Office, at};
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp, ToSpan};
use motcua_deadlines::{
    Calendar, Clock, DeadlineError, Explanation, Inputs, Lang, Limit, Line, OfficeHours, Regime,
    Unit, compute_line, due,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Texts that are often an instant, within the calendar or not.
const INSTANT: &str = "(19|20)2[0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\
                       (Z|[+-]0[0-9]:00)";

/// Instants of 2024 to 2026, to the second.
fn instants() -> impl Strategy<Value = Timestamp> {
    (1_704_067_200_i64..1_798_761_600)
        .prop_map(|second| Timestamp::from_second(second).expect("in range"))
}

fn limits() -> impl Strategy<Value = Limit> {
    prop_oneof![
        (1_u32..60).prop_map(|n| Limit::new(Unit::WorkingDay, n)),
        (1_u32..90).prop_map(|n| Limit::new(Unit::CalendarDay, n)),
        (1_u32..200).prop_map(|n| Limit::new(Unit::WorkingHour, n)),
        Just(Limit::new(Unit::SameDay, 1)),
        (1_u32..6).prop_map(|n| Limit::new(Unit::Month, n)),
    ]
}

fn regimes() -> impl Strategy<Value = Regime> {
    prop_oneof![
        Just(Regime::ResumeRemaining),
        Just(Regime::RestartFull),
        (1_u32..20).prop_map(|amount| Regime::FixedAfter { amount }),
    ]
}

/// The shipped calendar with one more holiday, unless that day has an entry already.
fn with_holiday(day: Date) -> Calendar {
    let mut file: Value =
        serde_json::from_slice(include_bytes!("../../data/calendar-vn.json")).expect("it is JSON");
    let entries = &mut file["years"][day.year().to_string()]["entries"];
    let entries = entries.as_array_mut().expect("the year exists");
    if !entries.iter().any(|entry| entry["date"] == day.to_string()) {
        entries.push(json!({"date": day.to_string(), "kind": "public_holiday"}));
    }
    Calendar::from_json(file.to_string().as_bytes()).expect("one holiday more is sound")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn adding_a_holiday_never_makes_a_date_earlier(
        limit in limits(), received_at in instants(), ahead in 0_i64..120
    ) {
        let office = Office::new();
        let plain = office.inputs();
        let first = due(&limit, received_at, &plain).expect("inside the calendar");
        let day = first.effective_on.checked_add(ahead.days()).expect("in range");
        let calendar = with_holiday(day);
        let later = due(&limit, received_at, &Inputs { calendar: &calendar, ..plain });
        prop_assert!(later.expect("inside the calendar").due_at >= first.due_at);
    }

    // Calendar days that run on with what remains are left out, as the law is untrue of them: see
    // a_holiday_on_the_day_of_a_pause_uses_up_calendar_days. Months restart alone: they know no
    // remainder, and many fixed ones leave the calendar.
    #[test]
    fn adding_a_holiday_never_makes_a_date_earlier_over_a_pause(
        limit in limits(), received_at in instants(), ahead in 0_i64..60,
        pause_hours in 0_i64..700, resume_hours in 0_i64..700, regime in regimes()
    ) {
        prop_assume!(match limit.unit {
            Unit::CalendarDay => regime != Regime::ResumeRemaining,
            Unit::Month => regime == Regime::RestartFull,
            Unit::WorkingDay | Unit::WorkingHour | Unit::SameDay => true,
        });
        let office = Office::new();
        let plain = office.inputs();
        let paused_at = received_at + SignedDuration::from_hours(pause_hours);
        let resumed_at = paused_at + SignedDuration::from_hours(resume_hours);
        let over = |inputs: &Inputs<'_>| -> Result<Clock, DeadlineError> {
            let (clock, _) = Clock::start(&limit, received_at, inputs)?;
            let (clock, _) = clock.pause(paused_at, inputs)?;
            Ok(clock.resume(resumed_at, &regime, inputs)?.0)
        };
        let first = over(&plain).expect("inside the calendar");
        let day = first.effective_on().checked_add(ahead.days()).expect("in range");
        let calendar = with_holiday(day);
        let later = over(&Inputs { calendar: &calendar, ..plain }).expect("inside the calendar");
        prop_assert!(later.due_at() >= first.due_at());
    }

    #[test]
    fn an_explanation_accounts_for_every_day_of_a_count_however_long(
        amount in 1_u32..250, received_at in instants()
    ) {
        let office = Office::new();
        let limit = Limit::new(Unit::WorkingDay, amount);
        let due = due(&limit, received_at, &office.inputs()).expect("inside the calendar");
        let days = |first: Date, last: Date| (last - first).get_days().unsigned_abs() + 1;
        let (mut counted, mut skipped) = (0, 0);
        for line in &due.explanation.lines {
            if let Line::DaysCounted { days, .. } = line {
                counted += days;
            }
            if let Line::DaysSkipped { first, last, .. } = line {
                skipped += days(*first, *last);
            }
            if let Line::WeekendsSkipped { days, .. } = line {
                skipped += days;
            }
        }
        prop_assert_eq!(counted, amount);
        prop_assert_eq!(counted + skipped, days(due.effective_on, due.due_on) - 1);
    }

    #[test]
    fn the_day_of_receipt_never_counts_in_day_units(
        limit in limits(), received_at in instants()
    ) {
        let office = Office::new();
        let due = due(&limit, received_at, &office.inputs()).expect("inside the calendar");
        match limit.unit {
            Unit::WorkingDay | Unit::CalendarDay | Unit::Month => {
                prop_assert!(due.due_on > due.effective_on);
            }
            Unit::WorkingHour | Unit::SameDay => prop_assert!(due.due_on >= due.effective_on),
        }
    }

    #[test]
    fn every_date_is_a_working_day_after_the_receipt(limit in limits(), received_at in instants()) {
        let office = Office::new();
        let inputs = office.inputs();
        let due = due(&limit, received_at, &inputs).expect("inside the calendar");
        prop_assert_eq!(inputs.calendar.is_working_day(due.due_on), Ok(true));
        prop_assert_eq!(inputs.calendar.is_working_day(due.effective_on), Ok(true));
        prop_assert!(due.due_at > received_at);
    }

    #[test]
    fn a_later_receipt_never_has_an_earlier_date(
        limit in limits(), received_at in instants(), seconds in 0_i64..1_000_000
    ) {
        let office = Office::new();
        let inputs = office.inputs();
        let later_at = received_at + SignedDuration::from_secs(seconds);
        let first = due(&limit, received_at, &inputs).expect("inside the calendar");
        let later = due(&limit, later_at, &inputs).expect("inside the calendar");
        prop_assert!(later.due_at >= first.due_at);
    }

    #[test]
    fn a_pause_never_makes_a_date_earlier(
        limit in limits(), received_at in instants(), pause in 0_i64..3_000_000,
        length in 0_i64..3_000_000
    ) {
        prop_assume!(limit.unit != Unit::Month);
        let office = Office::new();
        let inputs = office.inputs();
        let paused_at = received_at + SignedDuration::from_secs(pause);
        let resumed_at = paused_at + SignedDuration::from_secs(length);
        let (clock, _) = Clock::start(&limit, received_at, &inputs).expect("it starts");
        let (paused, _) = clock.pause(paused_at, &inputs).expect("it pauses");
        let resumed = paused.resume(resumed_at, &Regime::ResumeRemaining, &inputs);
        let resumed = resumed.expect("it resumes").0;
        prop_assert!(resumed.due_at() >= clock.due_at());
    }

    #[test]
    fn a_resumption_before_its_pause_is_refused(
        limit in limits(), received_at in instants(), pause in 0_i64..3_000_000,
        early in 1_i64..10_000_000, regime in regimes()
    ) {
        let office = Office::new();
        let inputs = office.inputs();
        let since = received_at + SignedDuration::from_secs(pause);
        let (clock, _) = Clock::start(&limit, received_at, &inputs).expect("it starts");
        let (paused, _) = clock.pause(since, &inputs).expect("it pauses");
        let at = since - SignedDuration::from_secs(early);
        let refused = paused.resume(at, &regime, &inputs).map(|_| ());
        prop_assert_eq!(refused, Err(DeadlineError::ResumeBeforePause { at, since }));
    }

    #[test]
    fn a_clock_and_its_explanation_survive_serde(
        limit in limits(), received_at in instants(), pause in 0_i64..3_000_000
    ) {
        let office = Office::new();
        let inputs = office.inputs();
        let (clock, why) = Clock::start(&limit, received_at, &inputs).expect("it starts");
        let at = received_at + SignedDuration::from_secs(pause);
        let (paused, _) = clock.pause(at, &inputs).expect("it pauses");
        let stopped = paused.stop(at).expect("it stops");
        for clock in [clock, paused, stopped] {
            let text = serde_json::to_string(&clock).expect("a clock serialises");
            prop_assert_eq!(serde_json::from_str::<Clock>(&text).expect("it reads back"), clock);
        }
        let text = serde_json::to_string(&why).expect("an explanation serialises");
        let read = serde_json::from_str::<Explanation>(&text);
        prop_assert_eq!(read.expect("it reads back"), why);
    }

    #[test]
    fn no_line_and_no_calendar_panics(
        text in ".{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..200)
    ) {
        let office = Office::new();
        answer(&office, &text);
        answer(&office, &String::from_utf8_lossy(&bytes));
        prop_assert!(Calendar::from_json(&bytes).is_err());
    }

    #[test]
    fn no_request_of_known_members_panics(
        unit in prop_oneof![
            Just("working_day"), Just("calendar_day"), Just("working_hour"), Just("same_day"),
            Just("month"), Just("year")
        ],
        amount in prop_oneof![1_i64..2_000, any::<i64>()],
        times in prop::collection::vec(INSTANT, 3),
        regime in prop_oneof![
            Just("resume_remaining"), Just("restart_full"), Just("fixed_after")
        ],
        pauses in any::<bool>(), cut in any::<u16>()
    ) {
        let office = Office::new();
        let mut line = json!({"unit": unit, "amount": amount, "received_at": times[0]});
        if pauses {
            line["paused_at"] = json!(times[1]);
            line["resumed_at"] = json!(times[2]);
            line["regime"] = json!(regime);
            if regime == "fixed_after" {
                line["amount_after"] = json!(amount);
            }
        }
        let line = line.to_string();
        answer(&office, &line);
        answer(&office, line.get(..usize::from(cut) % line.len()).unwrap_or_default());
    }

    #[test]
    fn a_shipped_calendar_with_one_byte_changed_never_panics(
        position in any::<prop::sample::Index>(), byte in any::<u8>()
    ) {
        let mut bytes = include_bytes!("../../data/calendar-vn.json").to_vec();
        let position = position.index(bytes.len());
        bytes[position] = byte;
        if let Ok(calendar) = Calendar::from_json(&bytes) {
            let hours = OfficeHours::default();
            let inputs = Inputs { calendar: &calendar, hours: &hours };
            let received_at = "2026-02-12T03:00:00Z".parse().expect("an instant");
            let _ = due(&Limit::new(Unit::WorkingDay, 300), received_at, &inputs);
        }
    }
}

/// One answer, which is JSON with either a date or an error.
fn answer(office: &Office, line: &str) {
    let Inputs { calendar, hours } = office.inputs();
    let text = compute_line(line, calendar, hours, Lang::En);
    let answer: Value = serde_json::from_str(&text).expect("an answer is JSON");
    assert!(answer.get("error").is_some() != answer.get("explanation").is_some(), "{text}");
    assert!(!text.contains('\n'));
}

/// Why the law over a pause leaves such clocks out: the pause on a day that became a holiday
/// counts for the next working day (T21), and calendar days up to there are used meanwhile.
#[test]
fn a_holiday_on_the_day_of_a_pause_uses_up_calendar_days() {
    let office = Office::new();
    let plain = office.inputs();
    let over = |inputs: &Inputs<'_>| {
        let limit = Limit::new(Unit::CalendarDay, 10);
        let start = Clock::start(&limit, at("2026-10-01 09:00"), inputs);
        let pause = start.expect("it starts").0.pause(at("2026-10-07 09:00"), inputs);
        let regime = Regime::ResumeRemaining;
        let resumed = pause.expect("it pauses").0.resume(at("2026-10-09 09:00"), &regime, inputs);
        resumed.expect("it resumes").0.due_on()
    };
    assert_eq!(over(&plain), Some(date(2026, 10, 13)));
    let calendar = with_holiday(date(2026, 10, 7));
    let inputs = Inputs { calendar: &calendar, ..plain };
    assert_eq!(over(&inputs), Some(date(2026, 10, 12)));
}

#[test]
fn years_need_not_follow_each_other_but_none_is_crossed_unseen() {
    let mut file: Value =
        serde_json::from_slice(include_bytes!("../../data/calendar-vn.json")).expect("it is JSON");
    file["years"].as_object_mut().expect("an object").remove("2025");
    let calendar = Calendar::from_json(file.to_string().as_bytes()).expect("a gap is sound");
    let hours = OfficeHours::default();
    let inputs = Inputs { calendar: &calendar, hours: &hours };
    let received_at = "2024-12-31T03:00:00Z".parse().expect("an instant");
    for (unit, amount) in
        [(Unit::WorkingDay, 1), (Unit::CalendarDay, 400), (Unit::WorkingHour, 9), (Unit::Month, 14)]
    {
        let refused = due(&Limit::new(unit, amount), received_at, &inputs).map(|due| due.due_on);
        assert_eq!(refused, Err(DeadlineError::YearAbsent { year: 2025 }), "{unit:?}");
    }
    assert_eq!(calendar.is_working_day(date(2026, 1, 5)), Ok(true));
}
