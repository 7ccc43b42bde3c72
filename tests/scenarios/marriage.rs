//! Marriage registration: the edge cases of 1.000894.

use motcua_api::v1::*;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{World, filing, instant, refused};
use serde_json::json;
use tonic::Code;

use crate::common::*;

/// Examined on Monday 5 October at 09:00.
async fn examined(crew: &Crew) -> DossierState {
    let filed = crew.citizen.submit(filing::marriage_at_counter(&crew.citizen)).await;
    crew.drive(&filed.expect("filed").id, "examination").await
}

/// With the island, because the look-up of the groom's marital status found nothing.
async fn being_verified(crew: &Crew) -> DossierState {
    let examined = examined(crew).await;
    let id = examined.id.as_str();
    crew.specialist.look_up(id, "D4a", "civil_status", false).await.expect("recorded");
    crew.specialist.look_up(id, "D4b", "civil_status", true).await.expect("recorded");
    let asked = crew.specialist.advance_with(id, "request_verification", ISLAND, "").await;
    asked.expect("asked")
}

#[tokio::test]
async fn verification_is_not_counted_and_the_answer_starts_the_day_again() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let island = world.client(&ISLAND_SPECIALIST);
    let asked = being_verified(&crew).await;
    assert_eq!((paused_on(&asked), due_on(&asked)), ("verification", ""));
    assert_eq!(at(item(&asked).due_at.as_ref()), instant("2026-10-08T17:00:00+07:00"));
    world.at("2026-10-07T10:00:00+07:00");
    let answered = island.advance_with(&asked.id, "answer", "", r#"{"groom":"single"}"#).await;
    let answered = answered.expect("answered");
    assert_eq!((answered.state.as_str(), due_on(&answered)), ("examination", "2026-10-07"));
}

#[tokio::test]
async fn a_late_verification_names_the_other_commune_and_is_met_with_an_apology() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let head = world.client(&HEAD);
    let asked = being_verified(&crew).await;
    let id = asked.id.as_str();

    world.at("2026-10-08T16:59:00+07:00");
    world.fire_timers().await;
    assert!(!item(&head.get(id).await.expect("seen")).late);
    world.at("2026-10-09T08:00:00+07:00");
    world.fire_timers().await;
    let late = head.get(id).await.expect("seen");
    assert!(item(&late).late, "three working days are over");
    assert_eq!(item(&late).unit, ISLAND, "the late party");

    let resumed = head.advance(id, "go_on_without_answer").await.expect("the wait is over");
    assert_eq!((resumed.state.as_str(), due_on(&resumed)), ("examination", "2026-10-09"));
    let apologised = head.apologise(id, "2026-10-14").await.expect("apologised");
    assert_eq!(due_on(&apologised), "2026-10-14");
    assert_eq!(head.form(id, 4).await.expect("form 04")["new_due_on"], "2026-10-14");
    let asked_again = crew.specialist.advance_with(id, "request_verification", ISLAND, "").await;
    assert_eq!(asked_again.expect("asked again").state, "verification");
}

#[tokio::test]
async fn verification_needs_a_look_up_that_found_nothing() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let examined = examined(&crew).await;
    let id = examined.id.as_str();
    for requirement in ["D4a", "D4b"] {
        crew.specialist.look_up(id, requirement, "civil_status", true).await.expect("recorded");
    }
    refused(crew.specialist.advance_with(id, "request_verification", ISLAND, "").await)
        .is(Code::FailedPrecondition, "CONDITION_NOT_MET");
}

#[tokio::test]
async fn the_marital_status_is_never_asked_of_the_couple() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let examined = examined(&crew).await;
    let id = examined.id.as_str();
    let demand = [("document:D4a", "Nộp giấy xác nhận tình trạng hôn nhân")];
    refused(crew.specialist.request_supplement(id, &demand).await)
        .is(Code::FailedPrecondition, "DEMAND_UNLAWFUL")
        .names("document:D4a");
    let looked_up = crew.specialist.look_up(id, "D4a", "civil_status", false).await;
    looked_up.expect("recorded");
    refused(crew.specialist.request_supplement(id, &demand).await)
        .is(Code::FailedPrecondition, "DEMAND_UNLAWFUL")
        .names("document:D4a");
}

#[tokio::test]
async fn nothing_is_drafted_before_the_status_of_both_is_known() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let island = world.client(&ISLAND_SPECIALIST);
    let refused_to_draft = async |id: &str| {
        refused(crew.specialist.advance(id, "draft_result").await)
            .is(Code::FailedPrecondition, "CONDITION_NOT_MET");
    };
    let unknown = examined(&crew).await;
    refused_to_draft(&unknown.id).await;
    let asked = being_verified(&crew).await;
    let id = asked.id.as_str();
    let answered = island.advance_with(id, "answer", "", r#"{"groom":"single"}"#).await;
    assert_eq!(answered.expect("answered").state, "examination");
    let drafted = crew.specialist.advance(id, "draft_result").await.expect("both are known");
    assert_eq!(drafted.outcome, "certificate");
}

#[tokio::test]
async fn what_the_other_commune_answers_stands_as_the_document_and_says_where_it_comes_from() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let island = world.client(&ISLAND_SPECIALIST);
    let asked = being_verified(&crew).await;
    let id = asked.id.as_str();
    refused(island.advance_with(id, "answer", "", r#"{"note":"Đã hỏi."}"#).await)
        .is(Code::InvalidArgument, "FORM_INVALID");
    let answered = island.advance_with(id, "answer", "", r#"{"groom":"widowed"}"#).await;
    let answered = answered.expect("answered");
    let status = answered.documents.iter().find(|paper| paper.requirement == "D4a");
    let content = status.and_then(|paper| paper.document.as_ref()).and_then(|d| d.content.clone());
    let expected = VerifiedDocument { unit: ISLAND.into(), found: true };
    assert_eq!(content, Some(document::Content::Verified(expected)));
    assert_eq!((verdict(&answered, "D4a"), verdict(&answered, "D4b")), (Some(true), Some(true)));
    let (events, verdict) = world.client(&AUDITOR).replay(id).await.expect("replayed");
    assert!(verdict.equal, "{:?}", verdict.findings);
    let answer = events.last().expect("events");
    let opened = answer.fields.iter().filter_map(|field| match &field.slot {
        Some(history_field::Slot::Opened(field)) => Some(field),
        Some(history_field::Slot::Commitment(_)) | None => None,
    });
    let mut documents = opened.filter(|field| field.name == "documents");
    let recorded = &documents.next().expect("recorded by the act that answers").value_json;
    assert!(recorded.contains("verification") && !recorded.contains("widowed"), "{recorded}");
}

#[tokio::test]
async fn an_answer_that_a_party_is_married_leaves_only_a_refusal() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let island = world.client(&ISLAND_SPECIALIST);
    let asked = being_verified(&crew).await;
    let id = asked.id.as_str();
    let answered = island.advance_with(id, "answer", "", r#"{"groom":"married"}"#).await;
    assert_eq!(answered.expect("answered").state, "examination");
    refused(crew.specialist.advance(id, "draft_result").await)
        .is(Code::FailedPrecondition, "CONDITION_NOT_MET");
    refused(crew.specialist.look_up(id, "D4a", "civil_status", true).await)
        .is(Code::InvalidArgument, "DOCUMENT_INVALID")
        .names("document:D4a");
    crew.specialist.accept_rest(id).await.expect_err("there is nothing to accept");
    let refusal = crew.specialist.refuse(id, "Bên nam đang có vợ theo kết quả xác minh.").await;
    assert_eq!(refusal.expect("drafted").outcome, "refusal_notice");
}

#[tokio::test]
async fn a_verification_is_not_handed_in() {
    let world = World::start().await;
    let citizen = world.client(&MAI);
    let mut request = filing::marriage_at_counter(&citizen);
    let content = VerifiedDocument { unit: ISLAND.into(), found: true };
    let content = Some(document::Content::Verified(content));
    request.documents.push(Document { requirement: "D4a".into(), content });
    refused(citizen.submit(request).await)
        .is(Code::InvalidArgument, "DOCUMENT_INVALID")
        .names("document:D4a");
}

#[tokio::test]
async fn the_certificate_is_handed_to_both_parties_in_person() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let examined = examined(&crew).await;
    let ready = crew.drive(&examined.id, "completed").await;
    refused(crew.returner.deliver(&ready.id, &[MAI.id], &[]).await)
        .is(Code::FailedPrecondition, "RECIPIENT_INVALID")
        .names("recipient:c-binh")
        .kind("MUST_BE_PRESENT");
    let unidentified = DeliverResultRequest {
        command: crew.returner.meta(),
        dossier: ready.id.clone(),
        method: DeliveryMethod::Counter.into(),
        recipients: vec![
            Recipient { id: MAI.id.into(), identity_checked: true, authorised: false },
            Recipient { id: BINH.id.into(), identity_checked: false, authorised: false },
        ],
        ..Default::default()
    };
    refused(crew.returner.desk().deliver_result(unidentified).await)
        .is(Code::FailedPrecondition, "RECIPIENT_INVALID")
        .kind("IDENTITY_UNCHECKED");
    let both = [MAI.id, BINH.id];
    let recipient =
        |id: &str| Recipient { id: id.into(), identity_checked: true, authorised: false };
    for method in [DeliveryMethod::Post, DeliveryMethod::Electronic] {
        let sent = DeliverResultRequest {
            command: crew.returner.meta(),
            dossier: ready.id.clone(),
            method: method.into(),
            recipients: both.map(recipient).into(),
            ..Default::default()
        };
        refused(crew.returner.desk().deliver_result(sent).await)
            .is(Code::FailedPrecondition, "RECIPIENT_INVALID")
            .names("by")
            .kind("IN_PERSON_ONLY");
    }
    let delivered = crew.returner.deliver(&ready.id, &both, &[]).await;
    assert_eq!(delivered.expect("both came").status(), Status::Delivered);
}

#[tokio::test]
async fn a_certificate_that_is_not_fetched_within_60_days_is_void() {
    for (day, void) in [("2026-12-04T16:00:00+07:00", false), ("2026-12-05T00:00:00+07:00", true)] {
        let world = World::start().await;
        let crew = Crew::of(&world);
        let examined = examined(&crew).await;
        let ready = crew.drive(&examined.id, "completed").await;
        world.at(day);
        let delivered = crew.returner.deliver(&ready.id, &[MAI.id, BINH.id], &[]).await;
        if void {
            refused(delivered).is(Code::FailedPrecondition, "DOSSIER_CLOSED");
            world.fire_timers().await;
            let ended = crew.citizen.get(&ready.id).await.expect("seen");
            assert_eq!((ended.state.as_str(), ended.status()), ("void", Status::Stopped));
            assert!(ended.delivery.is_none());
        } else {
            assert_eq!(delivered.expect("the last day").status(), Status::Delivered);
        }
    }
}

#[tokio::test]
async fn somebody_married_already_gets_a_reasoned_negative_result() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let examined = examined(&crew).await;
    let id = examined.id.as_str();
    refused(crew.specialist.refuse(id, "").await).is(Code::InvalidArgument, "REASON_REQUIRED");
    let reason = "Bên nam đang có vợ theo Cơ sở dữ liệu hộ tịch.";
    let drafted = crew.specialist.refuse(id, reason).await.expect("drafted");
    assert_eq!((drafted.state.as_str(), drafted.outcome.as_str()), ("signature", "refusal_notice"));
    let ready = crew.drive(id, "refusal_ready").await;
    assert_eq!(ready.status(), Status::Completed, "a result, not a refusal to receive");
    let delivered = crew.returner.deliver(id, &[BINH.id], &[]).await.expect("one party is enough");
    assert_eq!(delivered.status(), Status::Delivered);
}

#[tokio::test]
async fn either_party_may_withdraw_until_delivery_and_nobody_else() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let (groom, stranger) = (world.client(&BINH), world.client(&STRANGER));
    for step in ["intake", "examination", "signature", "issued", "completed"] {
        let filed = crew.citizen.submit(filing::marriage_at_counter(&crew.citizen)).await;
        let present = crew.drive(&filed.expect("filed").id, step).await;
        let id = present.id.as_str();
        refused(stranger.withdraw(id).await).is(Code::NotFound, "NOT_FOUND");
        let asked = groom.withdraw(id).await.unwrap_or_else(|status| panic!("{step}: {status:?}"));
        assert_eq!(asked.status(), Status::WithdrawalRequested, "{step}");
        let ended = crew.clerk.stop(id, "Theo yêu cầu của công dân.").await.expect("granted");
        assert_eq!((ended.status(), ended.closed), (Status::Stopped, true), "{step}");
        assert!(crew.citizen.form(id, 5).await.is_ok(), "form 05");
    }
    let filed = crew.citizen.submit(filing::marriage_at_counter(&crew.citizen)).await;
    let delivered = crew.drive(&filed.expect("filed").id, "delivered").await;
    refused(groom.withdraw(&delivered.id).await).is(Code::FailedPrecondition, "DOSSIER_CLOSED");
}

#[tokio::test]
async fn nobody_marries_alone_or_by_proxy() {
    let world = World::start().await;
    let citizen = world.client(&MAI);
    let mut alone = filing::marriage_at_counter(&citizen);
    alone.persons.pop();
    let mut proxy = filing::marriage_at_counter(&citizen);
    proxy.persons.push(Person { id: "c-third".into(), ..filing::binh_as_proxy() });
    for request in [alone, proxy] {
        refused(citizen.submit(request).await)
            .is(Code::InvalidArgument, "FILING_INVALID")
            .names("persons");
    }
}

#[tokio::test]
async fn a_divorce_abroad_must_have_been_noted_before() {
    let world = World::start().await;
    let citizen = world.client(&MAI);
    let mut groom = filing::marriage_form()["groom"].clone();
    groom["divorced_abroad"] = json!(true);
    let request =
        filing::with_form(filing::marriage_at_counter(&citizen), json!({ "groom": groom }));
    let filed = citizen.submit(request).await.expect("filed");
    assert!(required(&filed).contains(&"D5"));
    let clerk = world.client(&CLERK);
    clerk.accept_rest(&filed.id).await.expect("checked");
    refused(clerk.accept(&filed.id).await)
        .is(Code::FailedPrecondition, "REVIEW_INCOMPLETE")
        .names("document:D5");
    clerk.look_up(&filed.id, "D5", "civil_status", true).await.expect("noted");
    clerk.accept(&filed.id).await.expect("accepted");
}

#[tokio::test]
async fn silence_of_the_couple_for_a_day_confirms_the_draft_online() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::marriage_online(&crew.citizen).await).await;
    let waiting = crew.drive(&filed.expect("filed").id, "applicant_confirms").await;
    world.at("2026-10-06T23:59:59+07:00");
    world.fire_timers().await;
    assert_eq!(crew.citizen.get(&waiting.id).await.expect("seen").state, "applicant_confirms");
    world.at("2026-10-07T00:00:00+07:00");
    world.fire_timers().await;
    let confirmed = crew.citizen.get(&waiting.id).await.expect("seen");
    assert_eq!((confirmed.state.as_str(), due_on(&confirmed)), ("register", "2026-10-07"));
    crew.drive(&waiting.id, "delivered").await;
}

#[tokio::test]
async fn received_after_15_hours_it_is_due_on_the_next_working_day() {
    let world = World::start().await;
    world.at("2026-10-02T15:30:00+07:00");
    let crew = Crew::of(&world);
    let examined = examined(&crew).await;
    assert_eq!(due_on(&examined), "2026-10-05");
}
