//! What a migration leaves of the dates that were granted and promised.

use jiff::civil::Date;
use motcua_dossiers::command::{Command, ExtendLimit, Migrate, MigratedLimits};
use motcua_dossiers::event::Event;
use motcua_dossiers::rejection::Rejection;
use motcua_procedures::{Procedure, Role};

use crate::desk::{Desk, action, advance};
use crate::{PARALLEL, consulted};

/// The limit of large cases, 30 working days: received on 5 October they end on 16 November.
const LARGE: &str = "statutory: { amount: 30, unit: working_day, ground: law }";

/// A dossier whose draft is being written.
fn drafted() -> Desk {
    let (mut desk, _) = consulted(&["commune"]);
    let close = Command::Advance(advance("close"));
    desk.by(Role::Specialist, "commune", close).expect("closed");
    desk
}

fn version(version: &str, limit: &str) -> Procedure {
    let source = PARALLEL.replace("version: 1.0.0", &format!("version: {version}"));
    assert!(source.contains(LARGE));
    let source = source.replace(LARGE, limit);
    motcua_procedures::parse(source.as_bytes()).unwrap_or_else(|faults| panic!("{faults}"))
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
