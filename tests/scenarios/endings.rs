//! Withdrawal, apology, stop, and what timers do.

use motcua_api::v1::*;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{World, filing, refused};
use serde_json::json;
use tonic::Code;

use crate::common::*;

#[tokio::test]
async fn a_withdrawal_pauses_the_clock_and_declined_the_rest_goes_on() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let examined = family_examined(&crew).await;
    let id = examined.id.as_str();
    world.at("2026-10-06T10:00:00+07:00");
    let asked = crew.citizen.withdraw(id).await.expect("asked");
    assert_eq!((asked.status(), paused_on(&asked)), (Status::WithdrawalRequested, "withdrawal"));
    world.at("2026-10-08T10:00:00+07:00");
    let declined = crew.clerk.decline_withdrawal(id).await.expect("declined");
    assert_eq!((declined.state.as_str(), due_on(&declined)), ("examination", "2026-10-12"));
}

#[tokio::test]
async fn the_owner_takes_a_withdrawal_back() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(family(&crew)).await.expect("filed");
    crew.citizen.withdraw(&filed.id).await.expect("asked before reception");
    let back = crew.citizen.decline_withdrawal(&filed.id).await.expect("taken back");
    assert_eq!((back.state.as_str(), back.status()), ("intake", Status::Submitted));
    crew.drive(&filed.id, "delivered").await;
}

#[tokio::test]
async fn a_withdrawal_during_a_supplement_leads_back_to_the_supplement_and_then_to_work() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let examined = family_examined(&crew).await;
    let id = examined.id.as_str();
    let wrong = [("document:D2", "Chưa chứng thực")];
    crew.specialist.reject(id, &wrong).await.expect("rejected");
    crew.specialist.request_supplement(id, &wrong).await.expect("asked");
    crew.citizen.withdraw(id).await.expect("asked to withdraw");
    let back = crew.clerk.decline_withdrawal(id).await.expect("declined");
    assert_eq!((back.status(), paused_on(&back)), (Status::SupplementRequired, "supplement"));
    world.at("2026-10-06T10:00:00+07:00");
    let answered = crew.citizen.supplement(id, "", vec![filing::paper("D2")]).await;
    assert_eq!(answered.expect("answered").state, "examination");
    crew.drive(id, "delivered").await;
}

#[tokio::test]
async fn an_apology_is_given_once_in_time_and_on_a_working_day() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let examined = family_examined(&crew).await;
    let id = examined.id.as_str();
    world.at("2026-10-07T16:00:00+07:00");
    for wrong in ["2026-10-08", "2026-10-01", "2026-10-10"] {
        refused(crew.head.apologise(id, wrong).await).is(Code::FailedPrecondition, "DEADLINE_RULE");
    }
    refused(crew.head.apologise(id, "2035-01-02").await)
        .is(Code::FailedPrecondition, "DEADLINE_RULE");
    let apologised = crew.head.apologise(id, "2026-10-14").await.expect("a working day before");
    assert_eq!(due_on(&apologised), "2026-10-14");
    assert_eq!(clock(&apologised).original_due_on, "2026-10-08");
    world.at("2026-10-09T09:00:00+07:00");
    refused(crew.head.apologise(id, "2026-10-16").await)
        .is(Code::FailedPrecondition, "DEADLINE_RULE");
}

#[tokio::test]
async fn an_apology_on_the_due_date_comes_too_late() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let examined = family_examined(&crew).await;
    world.at("2026-10-08T08:00:00+07:00");
    refused(crew.head.apologise(&examined.id, "2026-10-14").await)
        .is(Code::FailedPrecondition, "DEADLINE_RULE");
    let unchanged = crew.head.get(&examined.id).await.expect("seen");
    assert_eq!(due_on(&unchanged), "2026-10-08");
}

#[tokio::test]
async fn a_stop_needs_a_reason_and_gives_form_05() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let examined = family_examined(&crew).await;
    let id = examined.id.as_str();
    refused(crew.leader.stop(id, "").await).is(Code::InvalidArgument, "REASON_REQUIRED");
    let stopped = crew.leader.stop(id, "Theo quyết định của Tòa án.").await.expect("stopped");
    assert_eq!((stopped.status(), stopped.closed), (Status::Stopped, true));
    assert!(clock(&stopped).stopped);
    let form = crew.citizen.form(id, 5).await.expect("form 05");
    assert_eq!(form["reason"], "Theo quyết định của Tòa án.");
    assert_eq!(form["stage_reached"], "examination");
    assert_eq!(form["documents_to_return"], json!(["D1", "D2"]));
    let certified = |i: usize| form["documents"][i]["copies_certified"].as_bool();
    assert_eq!((certified(0), certified(1)), (Some(false), Some(true)));
}

#[tokio::test]
async fn timers_warn_and_mark_late_once_and_late_if_the_server_was_down() {
    let mut world = World::start().await;
    let crew = Crew::of(&world);
    let examined = family_examined(&crew).await;
    let id = examined.id.as_str();
    world.stop().await;
    world.at("2026-10-12T09:00:00+07:00");
    world.restart().await;
    world.fire_timers().await;
    world.fire_timers().await;
    let (events, verdict) = world.client(&AUDITOR).replay(id).await.expect("replayed");
    assert!(verdict.equal, "{:?}", verdict.findings);
    for kind in ["timer.warn", "timer.due", "timer.late", "timer.item_due"] {
        let named = format!(r#""kind":"{kind}""#);
        let fired = events.iter().filter(|event| event.header.contains(&named)).count();
        assert_eq!(fired, 1, "{kind}");
    }
    let late = Crew::of(&world).head.queue(Queue::Late).await.expect("listed");
    assert_eq!((late.total_size, late.rows[0].dossier.as_str()), (1, id));
}
