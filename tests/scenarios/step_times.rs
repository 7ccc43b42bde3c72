//! The time of a step over interruptions: no act of another gives a unit its time anew (T27).

use motcua_api::v1::DossierState;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{World, filing, instant};

use crate::common::*;

/// A marriage about which the island has been asked since Monday 5 October 2026, 09:00, with three
/// working days to answer.
async fn asked(crew: &Crew) -> DossierState {
    let filed = crew.citizen.submit(filing::marriage_at_counter(&crew.citizen)).await;
    let id = filed.expect("filed").id;
    crew.drive(&id, "examination").await;
    for requirement in ["D4a", "D4b"] {
        crew.specialist.look_up(&id, requirement, "civil_status", false).await.expect("looked up");
    }
    let asked = crew.specialist.advance_with(&id, "request_verification", ISLAND, "").await;
    asked.expect("asked")
}

#[tokio::test]
async fn a_withdrawal_taken_back_leaves_the_other_commune_what_was_left() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let asked = asked(&crew).await;
    let id = asked.id.as_str();
    assert_eq!(at(item(&asked).due_at.as_ref()), instant("2026-10-08T17:00:00+07:00"));
    world.at("2026-10-07T10:00:00+07:00");
    crew.citizen.withdraw(id).await.expect("withdrawn");
    world.at("2026-10-12T10:00:00+07:00");
    let back = crew.citizen.decline_withdrawal(id).await.expect("taken back");
    assert_eq!((back.state.as_str(), item(&back).unit.as_str()), ("verification", ISLAND));
    let due = at(item(&back).due_at.as_ref());
    assert_eq!(due, instant("2026-10-13T17:00:00+07:00"), "one day and six hours were left");
    assert!(!item(&back).late);
}

#[tokio::test]
async fn a_withdrawal_taken_back_clears_no_late_mark() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let asked = asked(&crew).await;
    let id = asked.id.as_str();
    world.at("2026-10-09T10:00:00+07:00");
    world.fire_timers().await;
    assert!(item(&crew.specialist.get(id).await.expect("seen")).late);
    crew.citizen.withdraw(id).await.expect("withdrawn");
    world.at("2026-10-12T10:00:00+07:00");
    let back = crew.citizen.decline_withdrawal(id).await.expect("taken back");
    assert!(item(&back).late, "still late");
    assert_eq!(at(item(&back).due_at.as_ref()), instant("2026-10-08T17:00:00+07:00"));
}

#[tokio::test]
async fn the_answer_to_a_supplement_goes_on_with_the_time_of_the_examination() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let examined = family_examined(&crew).await;
    let id = examined.id.as_str();
    let before = at(item(&examined).due_at.as_ref());
    world.at("2026-10-05T15:00:00+07:00");
    let fault = [("field:trades", "Ghi theo mã ngành cấp bốn")];
    crew.specialist.reject(id, &fault).await.expect("rejected");
    crew.specialist.request_supplement(id, &fault).await.expect("asked");
    world.at("2026-10-06T15:00:00+07:00");
    let trades = r#"{"trades":[{"code":"4711","name":"Bán lẻ lương thực"}]}"#;
    let back = crew.citizen.supplement(id, trades, vec![]).await.expect("answered");
    assert_eq!(back.state, "examination");
    let after = at(item(&back).due_at.as_ref());
    assert_eq!(after.duration_since(before).as_hours(), 24, "the same hours, one day later");
}
