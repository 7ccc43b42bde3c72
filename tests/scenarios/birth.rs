//! Birth registration: the edge cases of 1.001193.

use motcua_api::v1::*;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{Client, World, filing, instant, refused};
use serde_json::Value;
use tonic::Code;

use crate::common::*;

async fn counter(client: &Client) -> SubmitDossierRequest {
    filing::birth_at_counter(client)
}

#[tokio::test]
async fn filed_online_on_a_holiday_it_counts_on_the_next_working_day_and_is_due_then() {
    let world = World::start().await;
    world.at("2026-11-24T09:00:00+07:00");
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::birth_online(&crew.citizen).await).await;
    let filed = filed.expect("the portal is open on holidays");
    let submitted_at = filed.filing.as_ref().and_then(|filing| filing.submitted_at.as_ref());
    assert_eq!(at(submitted_at), instant("2026-11-24T09:00:00+07:00"));
    assert!(filed.clocks.is_none(), "the clock starts with acceptance");

    world.at("2026-11-25T08:00:00+07:00");
    let accepted = crew.drive(&filed.id, "handover").await;
    assert_eq!(due_on(&accepted), "2026-11-25");
    assert_eq!(at(clock(&accepted).due_at.as_ref()), instant("2026-11-25T17:00:00+07:00"));
}

#[tokio::test]
async fn accepted_on_a_holiday_it_counts_on_the_next_working_day() {
    let world = World::start().await;
    let accepted = accepted(&world, counter, "2026-11-24T09:30:00+07:00").await;
    assert_eq!(due_on(&accepted), "2026-11-25");
}

#[tokio::test]
async fn the_cut_off_of_15_hours_belongs_to_the_day() {
    for (received, due) in [
        ("2026-10-05T15:00:00+07:00", "2026-10-05"),
        ("2026-10-05T15:00:01+07:00", "2026-10-06"),
        ("2026-10-02T15:30:00+07:00", "2026-10-05"),
        ("2026-11-23T15:30:00+07:00", "2026-11-25"),
    ] {
        let world = World::start().await;
        let accepted = accepted(&world, counter, received).await;
        assert_eq!(due_on(&accepted), due, "received {received}");
    }
}

#[tokio::test]
async fn waiting_for_the_applicant_pauses_the_clock_and_the_day_starts_again() {
    for (confirmed, due) in
        [("2026-10-06T09:00:00+07:00", "2026-10-06"), ("2026-10-06T15:00:01+07:00", "2026-10-07")]
    {
        let world = World::start().await;
        let crew = Crew::of(&world);
        let filed = crew.citizen.submit(filing::birth_online(&crew.citizen).await).await;
        let waiting = crew.drive(&filed.expect("filed").id, "applicant_confirms").await;
        assert_eq!((paused_on(&waiting), due_on(&waiting)), ("applicant", ""));
        assert!(clock(&waiting).paused && clock(&waiting).due_at.is_none());

        world.at(confirmed);
        let going_on = crew.citizen.advance(&waiting.id, "confirm").await.expect("confirmed");
        assert_eq!(going_on.state, "register");
        assert_eq!((paused_on(&going_on), due_on(&going_on)), ("", due));
    }
}

#[tokio::test]
async fn the_applicant_sends_the_draft_back_with_a_reason() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::birth_online(&crew.citizen).await).await;
    let waiting = crew.drive(&filed.expect("filed").id, "applicant_confirms").await;
    let back = crew.citizen.advance(&waiting.id, "request_correction").await.expect("corrected");
    assert_eq!(back.state, "examination");
    assert_eq!(item(&back).unit, WARD);
}

#[tokio::test]
async fn silence_of_one_day_confirms_from_the_true_instant_although_the_server_was_down() {
    let mut world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::birth_online(&crew.citizen).await).await;
    let waiting = crew.drive(&filed.expect("filed").id, "applicant_confirms").await;

    world.stop().await;
    world.at("2026-10-09T10:00:00+07:00");
    world.restart().await;
    world.fire_timers().await;
    let crew = Crew::of(&world);
    let confirmed = crew.clerk.get(&waiting.id).await.expect("seen");
    assert_eq!(confirmed.state, "register");
    // The day after Monday ended with Tuesday; so the clock runs again since Wednesday 00:00.
    assert_eq!(due_on(&confirmed), "2026-10-07");

    let (events, verdict) = world.client(&AUDITOR).replay(&waiting.id).await.expect("replayed");
    assert!(verdict.equal, "{:?}", verdict.findings);
    let lapsed = events.iter().find(|event| event.header.contains(r#""kind":"lapse""#));
    let timer = opened(lapsed.expect("silence is an event"), "timer");
    assert_eq!(timer["due_at"], "2026-10-06T17:00:00Z");
    let lapses = events.iter().filter(|event| event.header.contains(r#""kind":"lapse""#));
    assert_eq!(lapses.count(), 1, "a timer fires once");
}

fn opened(event: &HistoryEvent, name: &str) -> Value {
    let slots = event.fields.iter().filter_map(|field| field.slot.as_ref());
    let mut found = slots.filter_map(|slot| match slot {
        history_field::Slot::Opened(field) if field.name == name => Some(&field.value_json),
        history_field::Slot::Opened(_) | history_field::Slot::Commitment(_) => None,
    });
    let json = found.next().unwrap_or_else(|| panic!("{name} is open in {event:?}"));
    serde_json::from_str(json).expect("a value is JSON")
}

#[tokio::test]
async fn verification_counts_and_is_met_with_an_apology() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let (island, head) = (world.client(&ISLAND_SPECIALIST), world.client(&HEAD));
    let accepted = accepted(&world, counter, "2026-10-05T09:30:00+07:00").await;
    let id = accepted.id.as_str();
    refused(island.get(id).await).is(Code::NotFound, "NOT_FOUND");
    crew.drive(id, "examination").await;

    refused(crew.specialist.advance(id, "request_verification").await)
        .is(Code::FailedPrecondition, "UNIT_UNKNOWN");
    let asked = crew.specialist.advance_with(id, "request_verification", ISLAND, "").await;
    let asked = asked.expect("asked");
    assert_eq!((asked.state.as_str(), item(&asked).unit.as_str()), ("verification", ISLAND));
    assert_eq!((paused_on(&asked), due_on(&asked)), ("", "2026-10-05"), "the clock runs on");

    world.at("2026-10-05T16:00:00+07:00");
    let apologised = head.apologise(id, "2026-10-08").await.expect("any instant before due");
    assert_eq!(due_on(&apologised), "2026-10-08");
    assert_eq!(clock(&apologised).original_due_on, "2026-10-05");
    let form = head.form(id, 4).await.expect("form 04");
    assert_eq!(form["previous_due_on"], "2026-10-05");
    assert_eq!(form["new_due_on"], "2026-10-08");
    assert_eq!(form["reason"], "Chờ kết quả xác minh.");

    let finding = r#"{"finding":"confirmed","note":"Có hồ sơ sinh."}"#;
    refused(island.advance_with(id, "answer", "", r#"{"finding":"perhaps"}"#).await)
        .is(Code::InvalidArgument, "FORM_INVALID");
    let answered = island.advance_with(id, "answer", "", finding).await.expect("answered");
    assert_eq!((answered.state.as_str(), due_on(&answered)), ("examination", "2026-10-08"));
    refused(island.get(id).await).is(Code::NotFound, "NOT_FOUND");
    crew.drive(id, "delivered").await;
}

#[tokio::test]
async fn the_provincial_centre_forwards_to_the_commune_and_delivers() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let (clerk, returner) = (world.client(&PROVINCE_CLERK), world.client(&PROVINCE_RETURNER));
    let mut request = filing::birth_at_counter(&crew.citizen);
    request.receiving_unit = PROVINCE.into();
    refused(crew.citizen.submit(request.clone()).await)
        .is(Code::InvalidArgument, "FILING_INVALID")
        .names("competent_unit");
    request.competent_unit = WARD.into();
    let filed = crew.citizen.submit(request).await.expect("filed at the province");
    let id = filed.id.as_str();

    refused(crew.clerk.get(id).await).is(Code::NotFound, "NOT_FOUND");
    clerk.accept_rest(id).await.expect("checked");
    let accepted = clerk.accept(id).await.expect("accepted");
    assert_eq!((accepted.state.as_str(), accepted.status()), ("forward", Status::Received));
    assert_eq!(accepted.code, "H49.60-261005-0001");
    refused(crew.specialist.advance(id, "take_over").await)
        .is(Code::FailedPrecondition, "ACT_NOT_OFFERED");

    let forwarded = clerk.advance(id, "forward").await.expect("forwarded");
    assert_eq!((forwarded.state.as_str(), item(&forwarded).unit.as_str()), ("handover", WARD));
    assert_eq!(due_on(&forwarded), due_on(&accepted));
    crew.specialist.advance(id, "take_over").await.expect("taken over");
    crew.specialist.advance(id, "draft_result").await.expect("drafted");
    crew.specialist.advance(id, "submit_for_signature").await.expect("submitted");
    crew.leader.sign(id).await.expect("signed");
    let issued = crew.records.issue(id, "12/2026", "2026-10-05").await.expect("issued");
    assert_eq!(issued.result.as_ref().map(|result| result.code.as_str()), Some("KQ.G15.000031"));
    refused(crew.returner.complete(id).await).is(Code::NotFound, "NOT_FOUND");
    returner.complete(id).await.expect("completed");
    returner.deliver(id, &[MAI.id], &[]).await.expect("delivered where it was filed");
}

#[tokio::test]
async fn a_refusal_before_reception_needs_the_head_of_the_centre_and_a_reason() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let head = world.client(&HEAD_OF_CENTRE);
    let filed = crew.citizen.submit(filing::birth_at_counter(&crew.citizen)).await.expect("filed");
    let id = filed.id.as_str();
    refused(crew.clerk.refuse(id, "Không thuộc thẩm quyền.").await)
        .is(Code::FailedPrecondition, "ACT_NOT_OFFERED");
    crew.clerk.advance(id, "propose_refusal").await.expect("proposed");
    refused(head.refuse(id, " ").await).is(Code::InvalidArgument, "REASON_REQUIRED");
    let returned = head.advance(id, "return_to_clerk").await.expect("returned");
    assert_eq!(returned.state, "intake");
    crew.clerk.advance(id, "propose_refusal").await.expect("proposed again");
    let reason = "Người yêu cầu không có quyền đăng ký.";
    let closed = head.refuse(id, reason).await.expect("refused");
    assert_eq!((closed.status(), closed.closed), (Status::NotAccepted, true));
    assert!(closed.code.is_empty() && closed.clocks.is_none(), "never received");
    let form = crew.citizen.form(id, 3).await.expect("form 03");
    assert_eq!(form["reason"], reason);
    refused(crew.clerk.accept(id).await)
        .is(Code::FailedPrecondition, "DOSSIER_CLOSED")
        .says("retry", "never");
}

#[tokio::test]
async fn the_officer_returns_a_dossier_to_the_centre_which_asks_for_papers_or_sends_it_on() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let accepted = accepted(&world, counter, "2026-10-05T09:30:00+07:00").await;
    let id = accepted.id.as_str();
    crew.drive(id, "examination").await;
    let returned = crew.specialist.advance(id, "return_to_reception").await.expect("returned");
    assert_eq!(
        (returned.state.as_str(), item(&returned).unit.as_str()),
        ("returned_to_reception", CENTRE)
    );
    let sent_on = crew.clerk.advance(id, "send_on").await.expect("sent on");
    assert_eq!((sent_on.state.as_str(), due_on(&sent_on)), ("examination", "2026-10-05"));
    assert_eq!(sent_on.status(), Status::Processing);
}

#[tokio::test]
async fn the_centre_asks_for_papers_that_the_officer_sent_back_for_and_a_refusal_may_follow() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let accepted = accepted(&world, counter, "2026-10-05T09:30:00+07:00").await;
    let id = accepted.id.as_str();
    crew.drive(id, "examination").await;
    crew.specialist.advance(id, "return_to_reception").await.expect("returned");
    let fault = [("document:D1", "Tờ khai thiếu chữ ký")];
    crew.clerk.reject(id, &fault).await.expect("rejected");
    let asked = crew.clerk.request_supplement(id, &fault).await.expect("asked");
    assert_eq!(asked.status(), Status::SupplementRequired);
    let back = crew.citizen.supplement(id, "{}", vec![filing::paper("D1")]).await;
    assert_eq!(back.expect("answered").state, "returned_to_reception");
    crew.clerk.accept_rest(id).await.expect("checked");
    crew.clerk.advance(id, "send_on").await.expect("sent on");
    let refusal = crew.specialist.refuse(id, "Người yêu cầu không có quyền đăng ký.").await;
    assert_eq!(refusal.expect("drafted").state, "signature");
}
