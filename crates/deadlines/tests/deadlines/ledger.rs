//! The clock over its life: pauses, regimes, apology, stop, warnings, lateness.

use crate::office::{Office, at};
use jiff::civil::date;
use motcua_deadlines::{Clock, DeadlineError, Lang, Limit, Phase, Regime, Unit, is_late};

#[track_caller]
fn started(office: &Office, unit: Unit, amount: u32, received: &str) -> Clock {
    let started = Clock::start(&Limit::new(unit, amount), at(received), &office.inputs());
    started.expect("the clock starts").0
}

#[track_caller]
fn paused(office: &Office, clock: &Clock, when: &str) -> Clock {
    clock.pause(at(when), &office.inputs()).expect("the clock pauses").0
}

#[track_caller]
fn resumed(office: &Office, clock: &Clock, when: &str, regime: Regime) -> Clock {
    clock.resume(at(when), &regime, &office.inputs()).expect("the clock resumes").0
}

#[track_caller]
fn left(clock: &Clock) -> (u32, u32) {
    match clock.phase() {
        Phase::Paused { used, remaining, .. } => (*used, *remaining),
        other => panic!("not paused: {other:?}"),
    }
}

const REMAINING: Regime = Regime::ResumeRemaining;

#[test]
fn pauses_add_up() {
    let office = Office::new();
    let clock = started(&office, Unit::WorkingDay, 10, "2026-10-05 09:00");
    let clock = paused(&office, &clock, "2026-10-08 10:00");
    assert_eq!(left(&clock), (3, 7));
    let clock = resumed(&office, &clock, "2026-10-20 14:00", REMAINING);
    let clock = paused(&office, &clock, "2026-10-22 09:00");
    assert_eq!(left(&clock), (5, 5));
    let clock = resumed(&office, &clock, "2026-11-02 09:00", REMAINING);
    assert_eq!(clock.due_on(), Some(date(2026, 11, 9)));
    let now = at("2026-11-03 09:00");
    assert_eq!(clock.used(now, &office.inputs()), Ok(6));
    assert_eq!(clock.remaining(now, &office.inputs()), Ok(4));
}

#[test]
fn calendar_days_pause_in_calendar_days() {
    let office = Office::new();
    let clock = started(&office, Unit::CalendarDay, 30, "2026-10-05 09:00");
    let clock = paused(&office, &clock, "2026-10-12 09:00");
    assert_eq!(left(&clock), (7, 23));
    let clock = resumed(&office, &clock, "2026-10-20 09:00", REMAINING);
    assert_eq!(clock.due_on(), Some(date(2026, 11, 12)));
}

#[test]
fn hours_pause_in_minutes() {
    let office = Office::new();
    let clock = started(&office, Unit::WorkingHour, 8, "2026-10-01 09:00");
    let clock = paused(&office, &clock, "2026-10-01 14:15");
    assert_eq!(left(&clock), (225, 255));
    let clock = resumed(&office, &clock, "2026-10-02 16:00", REMAINING);
    assert_eq!(clock.due_at(), Some(at("2026-10-05 10:45")));
    let fixed = Regime::FixedAfter { amount: 2 };
    let clock = paused(&office, &clock, "2026-10-05 10:45");
    assert_eq!(left(&clock).1, 1);
    let clock = resumed(&office, &clock, "2026-10-06 08:00", fixed);
    assert_eq!(clock.due_at(), Some(at("2026-10-06 10:00")));
}

#[test]
fn same_day_restarts_with_its_cut_off() {
    let office = Office::new();
    let clock = started(&office, Unit::SameDay, 1, "2026-10-01 09:00");
    let clock = paused(&office, &clock, "2026-10-01 11:00");
    assert_eq!(left(&clock), (0, 1));
    let morning = resumed(&office, &clock, "2026-10-06 15:00", REMAINING);
    assert_eq!(morning.due_on(), Some(date(2026, 10, 6)));
    let evening = resumed(&office, &clock, "2026-10-06 15:01", REMAINING);
    assert_eq!(evening.due_on(), Some(date(2026, 10, 7)));
}

#[test]
fn months_know_restart_and_fixed_only() {
    let office = Office::new();
    let clock = started(&office, Unit::Month, 2, "2026-08-14 09:00");
    let clock = paused(&office, &clock, "2026-09-14 09:00");
    assert_eq!(left(&clock), (1, 1));
    let when = at("2026-10-01 09:00");
    let refused = clock.resume(when, &REMAINING, &office.inputs());
    assert_eq!(refused.map(|_| ()), Err(DeadlineError::RegimeNotForMonths));
    let clock = resumed(&office, &clock, "2026-10-01 09:00", Regime::FixedAfter { amount: 1 });
    assert_eq!(clock.due_on(), Some(date(2026, 11, 2)));
}

#[test]
fn a_pause_after_the_date_moves_nothing() {
    let office = Office::new();
    for (unit, amount, late) in [
        (Unit::WorkingDay, 3, "2026-10-09 00:00"),
        (Unit::CalendarDay, 3, "2026-10-12 10:00"),
        (Unit::WorkingHour, 2, "2026-10-05 11:01"),
        (Unit::SameDay, 1, "2026-10-06 09:00"),
    ] {
        let clock = started(&office, unit, amount, "2026-10-05 09:00");
        for regime in [REMAINING, Regime::RestartFull, Regime::FixedAfter { amount: 1 }] {
            let pause = paused(&office, &clock, late);
            assert_eq!((pause.due_on(), left(&pause).1), (None, 0));
            let after = resumed(&office, &pause, "2026-10-20 09:00", regime);
            assert_eq!(after.phase(), clock.phase(), "{unit:?} {regime:?}");
        }
    }
}

#[test]
fn a_pause_in_the_evening_of_the_last_day_is_not_late() {
    let office = Office::new();
    let clock = started(&office, Unit::WorkingDay, 3, "2026-10-05 09:00");
    let clock = paused(&office, &clock, "2026-10-08 23:59:59");
    assert_eq!(left(&clock).1, 1);
}

#[test]
fn acts_out_of_order_are_refused() {
    let office = Office::new();
    let inputs = office.inputs();
    let clock = started(&office, Unit::WorkingDay, 10, "2026-10-05 09:00");
    let code = |result: Result<(Clock, _), DeadlineError>| match result {
        Ok(_) => "OK",
        Err(error) => error.code(),
    };
    assert_eq!(code(clock.pause(at("2026-10-05 08:59"), &inputs)), "BEFORE_START");
    let when = at("2026-10-08 10:00");
    assert_eq!(code(clock.resume(when, &REMAINING, &inputs)), "CLOCK_IN_WRONG_PHASE");
    let pause = paused(&office, &clock, "2026-10-08 10:00");
    assert_eq!(code(pause.pause(when, &inputs)), "CLOCK_IN_WRONG_PHASE");
    let early = at("2026-10-08 09:59");
    assert_eq!(code(pause.resume(early, &REMAINING, &inputs)), "RESUME_BEFORE_PAUSE");
    let none = Regime::FixedAfter { amount: 0 };
    assert_eq!(code(pause.resume(when, &none, &inputs)), "AMOUNT_OUT_OF_RANGE");
    let apology = pause.reappoint(date(2026, 11, 2), when, &inputs);
    assert_eq!(code(apology), "CLOCK_IN_WRONG_PHASE");
    let stopped = clock.stop(when).expect("it stops");
    assert_eq!(stopped.stop(when).map_err(|e| e.code()), Err("CLOCK_IN_WRONG_PHASE"));
    assert_eq!(pause.stop(early).map_err(|e| e.code()), Err("BEFORE_START"));
}

#[test]
fn an_apology_gives_one_later_date_and_keeps_the_old() {
    let office = Office::new();
    let inputs = office.inputs();
    let clock = started(&office, Unit::WorkingDay, 10, "2026-10-05 09:00");
    assert_eq!((clock.due_on(), clock.original_due_on()), (Some(date(2026, 10, 19)), None));
    let new = date(2026, 10, 26);
    let late = clock.reappoint(new, at("2026-10-17 09:00"), &inputs).map(|_| ());
    assert_eq!(late, Err(DeadlineError::ApologyTooLate { latest: date(2026, 10, 16) }));
    let when = at("2026-10-16 18:00");
    for unlawful in [date(2026, 10, 19), date(2026, 10, 24), date(2026, 10, 12)] {
        let refused = clock.reappoint(unlawful, when, &inputs).map(|_| ());
        let expected = DeadlineError::NewDate { date: unlawful, due_on: date(2026, 10, 19) };
        assert_eq!(refused, Err(expected));
    }
    let (clock, why) = clock.reappoint(new, when, &inputs).expect("the apology is lawful");
    assert_eq!(clock.due_at(), Some(at("2026-10-26 17:00")));
    assert_eq!(clock.original_due_on(), Some(date(2026, 10, 19)));
    assert_eq!(
        why.text(Lang::En)[0],
        "Apology at 18:00 on Fri 16 Oct 2026: from Mon 19 Oct 2026 to Mon 26 Oct 2026."
    );
    let second = clock.reappoint(date(2026, 11, 2), when, &inputs).map(|_| ());
    let original = date(2026, 10, 19);
    assert_eq!(second, Err(DeadlineError::AlreadyReappointed { original }));
}

#[test]
fn an_apology_survives_a_pause() {
    let office = Office::new();
    let inputs = office.inputs();
    let clock = started(&office, Unit::WorkingDay, 10, "2026-10-05 09:00");
    let apology = clock.reappoint(date(2026, 10, 26), at("2026-10-07 09:00"), &inputs);
    let clock = apology.expect("the apology is lawful").0;
    let clock = paused(&office, &clock, "2026-10-08 10:00");
    assert_eq!(left(&clock), (3, 12));
    let clock = resumed(&office, &clock, "2026-10-20 14:00", REMAINING);
    assert_eq!(clock.due_on(), Some(date(2026, 11, 5)));
    assert_eq!(clock.original_due_on(), Some(date(2026, 10, 29)));
}

#[test]
fn a_short_limit_allows_an_apology_until_its_date() {
    let office = Office::new();
    let inputs = office.inputs();
    let new = date(2026, 10, 8);
    for (unit, amount) in [(Unit::WorkingDay, 1), (Unit::SameDay, 1), (Unit::WorkingHour, 15)] {
        let clock = started(&office, unit, amount, "2026-10-05 09:00");
        let due_at = clock.due_at().expect("it runs");
        assert!(clock.reappoint(new, due_at, &inputs).is_err());
        let just_before = due_at - jiff::SignedDuration::from_secs(1);
        assert!(clock.reappoint(new, just_before, &inputs).is_ok(), "{unit:?}");
    }
}

#[test]
fn lateness_is_by_date_for_days_and_by_instant_for_hours() {
    let office = Office::new();
    let clock = started(&office, Unit::WorkingDay, 2, "2026-10-05 09:00");
    assert_eq!(clock.late_at(), Some(at("2026-10-08 00:00")));
    assert!(!is_late(&clock, at("2026-10-07 23:59:59")));
    assert!(is_late(&clock, at("2026-10-08 00:00")));
    let clock = started(&office, Unit::WorkingHour, 2, "2026-10-05 09:00");
    assert_eq!(clock.late_at(), Some(at("2026-10-05 11:00")));
    assert!(!is_late(&clock, at("2026-10-05 11:00")));
    assert!(is_late(&clock, at("2026-10-05 11:00:01")));
    let pause = paused(&office, &clock, "2026-10-05 10:00");
    assert_eq!((pause.late_at(), pause.warn_at(&office.inputs())), (None, Ok(None)));
    assert!(!is_late(&pause, at("2026-12-01 09:00")));
}

#[test]
fn the_warning_comes_one_working_day_before_if_there_is_one() {
    let office = Office::new();
    let warn_at = |unit, amount, received: &str| {
        started(&office, unit, amount, received).warn_at(&office.inputs())
    };
    let friday = Ok(Some(at("2026-10-16 07:30")));
    assert_eq!(warn_at(Unit::WorkingDay, 10, "2026-10-05 09:00"), friday);
    assert_eq!(warn_at(Unit::WorkingDay, 1, "2026-10-05 09:00"), Ok(None));
    assert_eq!(warn_at(Unit::SameDay, 1, "2026-10-05 09:00"), Ok(None));
    let monday = Ok(Some(at("2026-10-05 07:30")));
    assert_eq!(warn_at(Unit::WorkingDay, 1, "2026-10-02 20:00"), monday);
}

#[test]
fn a_stopped_clock_keeps_its_date_and_counts_no_more() {
    let office = Office::new();
    let inputs = office.inputs();
    let clock = started(&office, Unit::WorkingDay, 10, "2026-10-05 09:00");
    let stopped = clock.stop(at("2026-10-08 16:00")).expect("it stops");
    assert_eq!((stopped.due_on(), stopped.late_at()), (clock.due_on(), None));
    assert_eq!(stopped.used(at("2026-10-30 09:00"), &inputs), Ok(3));
    assert_eq!(stopped.remaining(at("2026-10-30 09:00"), &inputs), Ok(7));
    assert!(!stopped.is_running() && !stopped.is_paused());
    let pause = paused(&office, &clock, "2026-10-07 10:00");
    let stopped = pause.stop(at("2026-10-20 10:00")).expect("it stops");
    assert_eq!(stopped.used(at("2026-10-30 09:00"), &inputs), Ok(2));
}

#[test]
fn a_provisional_year_marks_the_clock_until_a_restart_leaves_it() {
    let office = Office::new();
    let clock = started(&office, Unit::WorkingDay, 10, "2026-12-28 09:00");
    assert!(clock.is_provisional());
    let clock = paused(&office, &clock, "2026-12-30 09:00");
    assert!(!clock.is_provisional());
    let clock = resumed(&office, &clock, "2027-01-05 09:00", REMAINING);
    assert!(clock.is_provisional());
    assert_eq!((clock.received_at(), clock.effective_on()), {
        (at("2026-12-28 09:00"), date(2026, 12, 28))
    });
}

#[test]
fn a_clock_is_stored_with_utc_instants() {
    let office = Office::new();
    let clock = started(&office, Unit::WorkingDay, 2, "2026-10-05 09:00");
    let json = serde_json::to_value(&clock).expect("a clock serialises");
    assert_eq!(json["received_at"], "2026-10-05T02:00:00Z");
    assert_eq!(json["phase"]["kind"], "running");
    assert_eq!(json["phase"]["due_on"], "2026-10-07");
    let regime = serde_json::to_string(&Regime::FixedAfter { amount: 5 });
    assert_eq!(regime.expect("it serialises"), r#"{"kind":"fixed_after","amount":5}"#);
}

/// A complaint admitted on Monday 5 October 2026: 30 days end on 4 November, 45 on 19 November.
#[test]
fn an_extension_counts_from_where_the_run_began() {
    let office = Office::new();
    let clock = started(&office, Unit::CalendarDay, 30, "2026-10-05 09:00");
    assert_eq!(clock.due_on(), Some(date(2026, 11, 4)));
    let extend = |clock: &Clock, days: u32, when: &str| {
        let limit = Limit::new(Unit::CalendarDay, days);
        clock.relimit(&limit, at(when), &office.inputs()).map(|(clock, _)| clock)
    };
    let extended = extend(&clock, 45, "2026-10-20 09:00").expect("lawful");
    assert_eq!(extended.due_on(), Some(date(2026, 11, 19)));
    assert_eq!(extended.limit().amount, 45);
    let late = extend(&clock, 45, "2026-11-05 09:00");
    assert_eq!(late, Err(DeadlineError::RelimitTooLate { due_on: date(2026, 11, 4) }));
    // What was used before a pause stays used.
    let pause = paused(&office, &clock, "2026-10-15 09:00");
    let goes_on = resumed(&office, &pause, "2026-10-26 09:00", Regime::ResumeRemaining);
    let extended = extend(&goes_on, 45, "2026-10-27 09:00").expect("lawful");
    let (before, after) = (goes_on.due_on().expect("runs"), extended.due_on().expect("runs"));
    assert_eq!((before, after), (date(2026, 11, 16), date(2026, 11, 30)));
    let other = Limit::new(Unit::WorkingDay, 45);
    let refused = goes_on.relimit(&other, at("2026-10-27 09:00"), &office.inputs());
    assert!(matches!(refused, Err(DeadlineError::UnitChanged { .. })), "{refused:?}");
}

/// 30 working days from Monday 5 October 2026 end on 16 November; promised is 25 November.
#[test]
fn a_promised_date_stays_where_another_limit_ends_before_it() {
    let office = Office::new();
    let clock = started(&office, Unit::WorkingDay, 30, "2026-10-05 09:00");
    let promised = clock.reappoint(date(2026, 11, 25), at("2026-10-30 09:00"), &office.inputs());
    let (promised, _) = promised.expect("in time");
    let relimit = |days: u32| {
        let limit = Limit::new(Unit::WorkingDay, days);
        promised.relimit(&limit, at("2026-10-30 10:00"), &office.inputs()).expect("lawful")
    };
    let (shorter, explanation) = relimit(20);
    assert_eq!(shorter.due_on(), Some(date(2026, 11, 25)));
    assert_eq!(shorter.original_due_on(), Some(date(2026, 11, 2)));
    let words = explanation.text(Lang::En).join(" ");
    assert!(words.contains("promised with the apology"), "{words}");
    // No other limit makes late by the date before the apology what was punctual.
    assert_eq!(relimit(10).0.original_due_on(), Some(date(2026, 11, 16)));
    let (longer, _) = relimit(35);
    assert_eq!(longer.due_on(), Some(date(2026, 11, 25)), "a promise adds nothing");
    assert_eq!(longer.original_due_on(), Some(date(2026, 11, 23)));
    // The Vietnamese Culture Day, 24 November, is off.
    assert_eq!(relimit(40).0.due_on(), Some(date(2026, 12, 1)));
}
