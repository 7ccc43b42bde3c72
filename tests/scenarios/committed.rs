//! A limit that the province committed itself to, shorter than the law's: the appointment follows
//! it, the law's stays beside it (T16).

use motcua_api::v1::*;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::world::CATALOGUE;
use motcua_tests::{World, filing, instant};

use crate::common::*;

const STATUTORY: &str = "    statutory: { unit: working_day, amount: 3, ground: nd-168-2025 }\n";
const COMMITTED: &str = "    committed: { unit: working_day, amount: 2, ground: nd-118-2025 }\n";

/// The household business of a province that promises two working days instead of three.
fn promised() -> Vec<u8> {
    let source = std::str::from_utf8(CATALOGUE[1].1).expect("UTF-8");
    let changed = source
        .replace("version: 1.0.0", "version: 1.1.0")
        .replace("effective_from: 2026-07-01", "effective_from: 2026-10-06")
        .replace("amount: 10, unit: working_hour", "amount: 2, unit: working_hour")
        .replace(STATUTORY, &format!("{STATUTORY}{COMMITTED}"));
    assert!(changed.contains(COMMITTED));
    changed.into_bytes()
}

/// Under examination since Tuesday 6 October 2026, 09:00.
async fn examined(world: &World, crew: &Crew) -> DossierState {
    let request = PublishProcedureRequest { source: promised(), ..Default::default() };
    world.client(&ADMIN).procedures().publish_procedure(request).await.expect("published");
    world.at("2026-10-06T09:00:00+07:00");
    let filed = crew.citizen.submit(filing::business_at_counter(&crew.citizen, "Quán Mai")).await;
    crew.drive(&filed.expect("filed").id, "examination").await
}

/// The days of the committed and of the statutory limit.
#[track_caller]
fn days(dossier: &DossierState) -> (&str, &str) {
    let clocks = dossier.clocks.as_ref().expect("the clock has started");
    let committed = clocks.committed.as_ref().expect("the province's limit");
    let statutory = clocks.statutory.as_ref().expect("the law's limit");
    (&committed.due_on, &statutory.due_on)
}

#[tokio::test]
async fn the_receipt_promises_the_committed_day_and_names_the_limit_of_the_law() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let examined = examined(&world, &crew).await;
    assert_eq!(days(&examined), ("2026-10-08", "2026-10-09"));
    let form = crew.clerk.form(&examined.id, 1).await.expect("form 01");
    assert_eq!(form["result_due_on"], "2026-10-08");
    assert_eq!(form["time_limit"]["amount"], 2);
    assert_eq!(form["statutory_time_limit"]["amount"], 3);
}

#[tokio::test]
async fn a_dossier_is_late_by_the_committed_day_while_the_law_still_leaves_one() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let examined = examined(&world, &crew).await;
    world.at("2026-10-08T08:00:00+07:00");
    world.fire_timers().await;
    assert_eq!(crew.specialist.queue(Queue::DueToday).await.expect("listed").total_size, 1);
    assert_eq!(crew.specialist.queue(Queue::Late).await.expect("listed").total_size, 0);
    world.at("2026-10-09T08:00:00+07:00");
    world.fire_timers().await;
    let late = crew.specialist.queue(Queue::Late).await.expect("listed");
    assert_eq!((late.total_size, late.rows[0].dossier.as_str()), (1, examined.id.as_str()));
}

#[tokio::test]
async fn a_pause_stops_both_limits_and_an_apology_moves_the_committed_one() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let examined = examined(&world, &crew).await;
    let id = examined.id.as_str();
    world.at("2026-10-07T10:00:00+07:00");
    let paused = crew.citizen.withdraw(id).await.expect("withdrawn");
    assert_eq!((paused_on(&paused), days(&paused)), ("withdrawal", ("", "")));
    world.at("2026-10-12T10:00:00+07:00");
    let resumed = crew.citizen.decline_withdrawal(id).await.expect("taken back");
    assert_eq!(days(&resumed), ("2026-10-13", "2026-10-14"), "one and two days were left");
    let apologised = crew.leader.apologise(id, "2026-10-15").await.expect("apologised");
    assert_eq!(days(&apologised), ("2026-10-15", "2026-10-14"), "the law's day stays");
    assert_eq!(at(clock(&apologised).due_at.as_ref()), instant("2026-10-15T17:00:00+07:00"));
    let form = crew.leader.form(id, 4).await.expect("form 04");
    assert_eq!(
        (&form["previous_due_on"], &form["new_due_on"]),
        (&"2026-10-13".into(), &"2026-10-15".into())
    );
}
