//! What a migration leaves of the dates that were granted and promised.

use jiff::civil::Date;
use motcua_deadlines::Calendar;
use motcua_dossiers::command::{
    Apologise, ChangeVariant, Command, ExtendLimit, Migrate, MigratedLimits,
};
use motcua_dossiers::event::Event;
use motcua_dossiers::rejection::{Reason, Rejection};
use motcua_procedures::{Procedure, Role};
use serde_json::{Value, json};

use crate::desk::{CALENDAR, Desk, action, advance};
use crate::{PARALLEL, consulted_under};

/// The limit of large cases, 30 working days: received on 5 October they end on 16 November.
const LARGE: &str = "statutory: { amount: 30, unit: working_day, ground: law }";

/// Forms 04 and longer limits where the draft is written.
const EXTEND: &str = "      - id: extend\n";
const APOLOGISE: &str = "      - id: apologise
        name: { vi: Xin lỗi, en: Apologise }
        act: apologise
        form: 4
        reason: true
        to: stay
        ground: law
";

fn parallel() -> String {
    assert_eq!(PARALLEL.matches(EXTEND).count(), 1);
    PARALLEL.replace(EXTEND, &format!("{APOLOGISE}{EXTEND}"))
}

fn procedure(source: &str) -> Procedure {
    motcua_procedures::parse(source.as_bytes()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// A dossier whose draft is being written.
fn drafted() -> Desk {
    drafted_under(&parallel())
}

fn drafted_under(source: &str) -> Desk {
    let (mut desk, _) = consulted_under(source, &["commune"]);
    let close = Command::Advance(advance("close"));
    desk.by(Role::Specialist, "commune", close).expect("closed");
    desk
}

fn version(version: &str, limit: &str) -> Procedure {
    let source = parallel().replace("version: 1.0.0", &format!("version: {version}"));
    assert!(source.contains(LARGE));
    procedure(&source.replace(LARGE, limit))
}

fn large(amount: u32) -> String {
    LARGE.replace("30", &amount.to_string())
}

/// Moves to a version in which large cases have this limit.
fn moved(
    desk: &mut Desk,
    (to, limit): (&str, &str),
    limits: MigratedLimits,
) -> Result<Vec<Event>, Rejection> {
    let target = version(to, limit);
    moved_to(desk, target, limits)
}

fn moved_to(
    desk: &mut Desk,
    target: Procedure,
    limits: MigratedLimits,
) -> Result<Vec<Event>, Rejection> {
    let migrate = Migrate {
        from: desk.procedure.reference().digest.clone(),
        to: target.reference().digest.clone(),
        steps: [].into(),
        limits,
        ground: "Khoản 2 Điều 40".into(),
    };
    desk.target = Some(target);
    let events = desk.by(Role::Administrator, "", Command::Migrate(migrate))?;
    desk.procedure = desk.target.take().expect("a target");
    Ok(events)
}

fn apologised(desk: &mut Desk, due_on: &str) -> Vec<Event> {
    let apology = Apologise {
        choose: action("apologise"),
        due_on: due_on.parse().expect("a day"),
        agency_at_fault: true,
    };
    let events = desk.by(Role::Specialist, "commune", Command::Apologise(apology));
    events.expect("a lawful apology")
}

fn change_variant(desk: &mut Desk) -> Result<Vec<Event>, Rejection> {
    desk.form["kind"] = json!("small");
    let change = ChangeVariant { choose: action("change_variant"), variant: "small".into() };
    desk.by(Role::Specialist, "commune", Command::ChangeVariant(change))
}

fn extend(desk: &mut Desk, amount: u32) -> Result<Vec<Event>, Rejection> {
    let extend = ExtendLimit { choose: action("extend"), amount };
    desk.by(Role::Specialist, "commune", Command::Extend(extend))
}

fn amount(desk: &Desk) -> u32 {
    desk.dossier().clocks.as_ref().expect("it runs").statutory.limit().amount
}

fn due_on(desk: &Desk) -> Date {
    let clocks = desk.dossier().clocks.as_ref().expect("it runs");
    clocks.appointment().due_on().expect("it runs")
}

#[test]
fn an_extension_by_decision_outlives_the_rule_that_it_was_added_to() {
    for (new, whole) in [(30, 40), (20, 30), (35, 45)] {
        let mut desk = drafted();
        extend(&mut desk, 10).expect("lawful");
        let before = due_on(&desk);
        moved(&mut desk, ("1.1.0", &large(new)), MigratedLimits::New).expect("lawful");
        assert_eq!(amount(&desk), whole, "{new} and the 10 that were granted");
        assert_eq!(due_on(&desk).cmp(&before), new.cmp(&30));
        extend(&mut desk, 10).expect_err("once is all that the law gives");
    }
}

#[test]
fn a_limit_that_was_kept_is_no_extension() {
    let mut desk = drafted();
    moved(&mut desk, ("1.1.0", &large(20)), MigratedLimits::Keep).expect("lawful");
    assert_eq!(amount(&desk), 30);
    extend(&mut desk, 10).expect("lawful");
    moved(&mut desk, ("1.2.0", &large(25)), MigratedLimits::New).expect("lawful");
    assert_eq!(amount(&desk), 35, "the 10 that were granted, not the 10 that were kept");

    let mut desk = drafted();
    moved(&mut desk, ("1.1.0", &large(20)), MigratedLimits::Keep).expect("lawful");
    moved(&mut desk, ("1.2.0", &large(25)), MigratedLimits::New).expect("lawful");
    assert_eq!(amount(&desk), 25);
}

#[test]
fn an_extension_is_not_counted_in_another_unit() {
    let days = large(30).replace("working_day", "calendar_day");
    let mut desk = drafted();
    extend(&mut desk, 5).expect("lawful");
    let refused =
        moved(&mut desk, ("1.1.0", &days), MigratedLimits::New).expect_err("granted days");
    assert_eq!(refused.violations[0].code, "UNIT_CHANGED");
    assert_eq!(amount(&desk), 35);
    let mut desk = drafted();
    moved(&mut desk, ("1.1.0", &days), MigratedLimits::New).expect("nothing was granted");
}

#[test]
fn a_date_that_was_promised_is_not_taken_back() {
    let promised = "2026-11-25".parse().expect("a day");
    // On 30 October 18 working days are over: those of the new limit have passed, or end before.
    for (new, original) in [(10, "2026-11-16"), (20, "2026-11-02"), (30, "2026-11-16")] {
        let mut desk = drafted();
        desk.at("2026-10-30 09:00");
        apologised(&mut desk, "2026-11-25");
        moved(&mut desk, ("1.1.0", &large(new)), MigratedLimits::New).expect("lawful");
        assert_eq!((due_on(&desk), amount(&desk)), (promised, new));
        let clocks = desk.dossier().clocks.as_ref().expect("it runs");
        assert_eq!(clocks.appointment().original_due_on(), original.parse().ok(), "{new}");
        let late = clocks.appointment().late_at();
        assert_eq!(desk.dossier().timers["late"], late.expect("it runs"));
    }
}

#[test]
fn no_migration_makes_a_dossier_late_at_once() {
    let mut desk = drafted();
    desk.at("2026-10-30 09:00");
    desk.fire();
    let before = desk.dossier().clone();
    let refused = moved(&mut desk, ("1.1.0", &large(10)), MigratedLimits::New);
    let refused = refused.expect_err("10 working days ended on 19 October");
    assert_eq!(refused.reason, Reason::DeadlineRule);
    let fault = &refused.violations[0];
    assert_eq!((fault.subject.as_str(), fault.code.as_str()), ("deadline", "RELIMIT_INTO_PAST"));
    assert!(fault.message.vi.contains("2026-10-19") && fault.message.en.contains("2026-10-19"));
    assert_eq!(desk.dossier(), &before);
    moved(&mut desk, ("1.1.0", &large(20)), MigratedLimits::New).expect("it ends on 2 November");
    assert_eq!(due_on(&desk), "2026-11-02".parse().expect("a day"));
}

/// The limit of small cases.
const SMALL: &str = "statutory: { amount: 20, unit: working_day, ground: law }";

/// Drafts of large cases with a limit in one unit, and of small ones with another limit in it.
fn limited(unit: &str, large: u32, small: u32) -> String {
    let limit = |amount| format!("statutory: {{ amount: {amount}, unit: {unit}, ground: law }}");
    let source = parallel();
    assert!(source.contains(LARGE) && source.contains(SMALL));
    let source = source.replace(LARGE, "statutory: large").replace(SMALL, &limit(small));
    let source = source.replace("statutory: large", &limit(large));
    match unit {
        // Of months nothing remains.
        "month" => source.replace(": resume_remaining", ": restart_full"),
        _ => source,
    }
}

#[test]
fn every_act_after_an_apology_explains_the_date_that_it_leaves() {
    let units = [("working_day", 30), ("calendar_day", 45), ("working_hour", 240), ("month", 2)];
    for (unit, amount) in units {
        for other in [amount, amount - 1, amount + 1] {
            let started = || {
                // The desk asks of every act that it explains the appointment that it stores.
                let mut desk = drafted_under(&limited(unit, amount, other));
                desk.at("2026-10-06 10:00");
                apologised(&mut desk, "2026-12-16");
                assert_eq!(due_on(&desk), "2026-12-16".parse().expect("a day"));
                desk
            };
            let mut desk = started();
            let changed = change_variant(&mut desk);
            changed.unwrap_or_else(|refusal| panic!("{unit}: {refusal:?}"));
            assert!(due_on(&desk) >= "2026-12-16".parse().expect("a day"), "{other} {unit}");
            let mut desk = started();
            let target = limited(unit, other, amount).replace("version: 1.0.0", "version: 1.1.0");
            let moved = moved_to(&mut desk, procedure(&target), MigratedLimits::New);
            moved.unwrap_or_else(|refusal| panic!("{unit}: {refusal:?}"));
            assert!(due_on(&desk) >= "2026-12-16".parse().expect("a day"), "{other} {unit}");
        }
    }
}

/// The province promised 20 working days of the 30; the other version has the 20 alone, so that
/// the appointment is another clock with the same limit.
#[test]
fn a_promise_outlives_the_committed_limit_that_it_was_made_under() {
    let committed = "committed: { amount: 20, unit: working_day, ground: law }";
    let promised = "2026-11-10".parse().expect("a day");
    for (days, original) in [(20, "2026-11-02"), (30, "2026-11-16")] {
        let source = parallel().replace(LARGE, &format!("{LARGE}\n    {committed}"));
        let mut desk = drafted_under(&source);
        desk.at("2026-10-20 09:00");
        assert_eq!(due_on(&desk), "2026-11-02".parse().expect("a day"));
        apologised(&mut desk, "2026-11-10");
        // What is late by the committed day does not become punctual by the limit of the law.
        let mut late = drafted_under(&source);
        late.at("2026-11-03 09:00");
        let refused = moved(&mut late, ("1.1.0", &large(35)), MigratedLimits::New);
        assert_eq!(refused.expect_err("late").violations[0].code, "RELIMIT_TOO_LATE");
        moved(&mut desk, ("1.1.0", &large(days)), MigratedLimits::New).expect("lawful");
        let clocks = desk.dossier().clocks.as_ref().expect("it runs");
        assert!(clocks.committed.is_none());
        let without: Date = original.parse().expect("a day");
        assert_eq!(due_on(&desk), without.max(promised));
        let original = clocks.appointment().original_due_on();
        assert_eq!(original, Some(without).filter(|without| *without < promised));
    }
}

/// The working calendar after a notice that three days of the last week of October are off.
fn calendar_with_days_off() -> Calendar {
    let mut file: Value = serde_json::from_slice(CALENDAR).expect("the shipped calendar");
    let year = &mut file["years"]["2026"];
    year["working_days"] = json!(year["working_days"].as_u64().expect("a number") - 3);
    let days = year["entries"].as_array_mut().expect("a list");
    let culture_day = days.pop().expect("24 November");
    for (date, weekday) in [("2026-10-27", "tue"), ("2026-10-28", "wed"), ("2026-10-29", "thu")] {
        let off = json!({ "date": date, "weekday": weekday, "kind": "public_holiday",
            "name_vi": "Nghỉ bão", "name_en": "Storm", "source": "LC", "certainty": "A" });
        days.push(off);
    }
    days.push(culture_day);
    let bytes = serde_json::to_vec(&file).expect("plain JSON");
    Calendar::from_json(&bytes).unwrap_or_else(|error| panic!("{:?}", error.faults()))
}

/// Days off that were announced since count when the limit is counted anew, here to beyond the
/// promise: the same limit with another date, and no second apology.
#[test]
fn an_equal_limit_that_ends_on_another_day_is_no_second_apology() {
    let after_storm = "2026-11-19".parse().expect("a day");
    let promised = || {
        let mut desk = drafted_under(&limited("working_day", 30, 30));
        desk.at("2026-10-06 10:00");
        apologised(&mut desk, "2026-11-17");
        desk.calendar = calendar_with_days_off();
        desk
    };
    let mut desk = promised();
    moved(&mut desk, ("1.1.0", LARGE), MigratedLimits::New).expect("lawful");
    assert_eq!(due_on(&desk), after_storm);
    let mut desk = promised();
    change_variant(&mut desk).expect("lawful");
    assert_eq!(due_on(&desk), after_storm);
}
