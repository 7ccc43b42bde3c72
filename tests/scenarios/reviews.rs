//! Checking, accepting, and supplements: one notice, one answer.

use motcua_api::v1::*;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{World, files, filing, refused};
use serde_json::json;
use tonic::Code;

use crate::common::*;

#[tokio::test]
async fn acceptance_gives_the_code_the_due_date_and_form_01() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let mut codes = Vec::new();
    for name in ["Quán Một", "Quán Hai"] {
        let filed = crew.citizen.submit(filing::business_at_counter(&crew.citizen, name)).await;
        let filed = filed.expect("filed");
        assert!(filed.code.is_empty());
        let accepted = crew.drive(&filed.id, "handover").await;
        assert_eq!(accepted.status(), Status::Received);
        assert_eq!(due_on(&accepted), "2026-10-08");
        codes.push((accepted.id, accepted.code));
    }
    assert_eq!(codes[0].1, "H49.61.05-261005-0001");
    assert_ne!(codes[0].1, codes[1].1);
    let (id, code) = &codes[0];
    assert_eq!(crew.clerk.get(code).await.expect("found by code").id, *id);

    let form = crew.citizen.form(code, 1).await.expect("form 01");
    for (pointer, value) in [
        ("/form", json!("01")),
        ("/dossier_code", json!(code)),
        ("/procedure/code", json!("1.001612")),
        ("/owners/0/full_name", json!("Nguyễn Thị Mai")),
        ("/owners/0/id_number", json!(filing::MAI_NUMBER)),
        ("/submitter/phone", json!(filing::MAI_PHONE)),
        ("/centre/id", json!(CENTRE)),
        ("/competent_agency/id", json!(WARD)),
        ("/documents/0/id", json!("D1")),
        ("/documents/0/originals", json!(1)),
        ("/fees/0/amount", json!(50_000)),
        ("/fees/0/paid", json!(true)),
        ("/time_limit/amount", json!(3)),
        ("/time_limit/unit", json!("working_day")),
        ("/received_at", json!("2026-10-05T09:00:00+07:00")),
        ("/result_due_on", json!("2026-10-08")),
        ("/result_due_at", json!("2026-10-08T17:00:00+07:00")),
        ("/signed_by/id", json!(CLERK.id)),
    ] {
        assert_eq!(form.pointer(pointer), Some(&value), "{pointer} of {form:#}");
    }
    let request =
        GetFormRequest { dossier: code.clone(), number: 1, sequence: 0, ..Default::default() };
    let again = crew.clerk.dossiers().get_form(request).await.expect("again").into_inner();
    assert!(again.reprint, "the second print is a reprint of the same data");
    assert_eq!(again.data_json, form.to_string());
    assert_eq!(again.sha256, files::sha256(form.to_string().as_bytes()));
    refused(crew.citizen.form(code, 4).await).is(Code::NotFound, "NOT_FOUND");
}

#[tokio::test]
async fn nothing_is_accepted_before_everything_is_there_and_checked() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let mut request = family(&crew);
    request.documents.pop();
    let filed = crew.citizen.submit(request).await.expect("filed");
    let id = filed.id.as_str();
    refused(crew.clerk.accept(id).await)
        .is(Code::FailedPrecondition, "REVIEW_INCOMPLETE")
        .names("document:D1")
        .names("document:D2")
        .kind("NOT_DECIDED")
        .kind("MISSING");
    crew.clerk.reject(id, &[("document:D1", "Thiếu chữ ký")]).await.expect("rejected");
    refused(crew.clerk.accept(id).await)
        .is(Code::FailedPrecondition, "REVIEW_INCOMPLETE")
        .kind("REJECTED");
    refused(crew.clerk.reject(id, &[("document:D1", "")]).await).names("document:D1");
    refused(crew.clerk.approve(id, &["document:D2"]).await).names("document:D2");
}

#[tokio::test]
async fn what_is_shown_at_the_counter_has_been_shown_or_looked_up_before_acceptance() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let mut request = filing::birth_at_counter(&crew.citizen);
    request.documents.retain(|document| document.requirement != "D6");
    let filed = crew.citizen.submit(request).await.expect("filed");
    let id = filed.id.as_str();
    crew.clerk.accept_rest(id).await.expect("checked");
    for looked_up in [false, true] {
        if looked_up {
            crew.clerk.look_up(id, "D6", "population", false).await.expect("recorded");
        }
        let refusal = refused(crew.clerk.accept(id).await);
        refusal.is(Code::FailedPrecondition, "REVIEW_INCOMPLETE").kind("MISSING");
        assert_eq!(refusal.subjects, ["document:D6"]);
    }
    crew.clerk.look_up(id, "D6", "population", true).await.expect("recorded");
    assert_eq!(crew.clerk.accept(id).await.expect("accepted").status(), Status::Received);
}

#[tokio::test]
async fn a_supplement_before_reception_starts_no_clock_and_leads_back_to_the_clerk() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let mut request = family(&crew);
    request.documents.pop();
    let filed = crew.citizen.submit(request).await.expect("filed");
    let id = filed.id.as_str();
    crew.clerk.accept_rest(id).await.expect("checked");
    let items = [("document:D2", "Nộp văn bản ủy quyền có công chứng")];
    let asked = crew.clerk.request_supplement(id, &items).await.expect("asked");
    assert_eq!(asked.status(), Status::SupplementRequired);
    assert!(asked.clocks.is_none() && asked.code.is_empty());
    let form = crew.citizen.form(id, 2).await.expect("form 02");
    assert_eq!(form["items"][0]["item"], "document:D2");
    assert_eq!(form["items"][0]["content"], items[0].1);
    assert_eq!(
        (&form["items"][0]["copies"], &form["items"][0]["originals"]),
        (&1.into(), &0.into())
    );
    assert_eq!(form["items"][0]["copies_certified"], true);
    assert_eq!(form["answer_before"], "2026-11-05T00:00:00+07:00");

    let answered = crew.citizen.supplement(id, "", vec![filing::paper("D2")]).await;
    let answered = answered.expect("answered");
    assert_eq!((answered.state.as_str(), answered.status()), ("intake", Status::Submitted));
    assert_eq!((verdict(&answered, "D1"), verdict(&answered, "D2")), (Some(true), None));
    crew.drive(id, "delivered").await;
}

#[tokio::test]
async fn one_notice_names_everything_pauses_the_clock_and_only_what_changed_is_checked_again() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let examined = family_examined(&crew).await;
    let id = examined.id.as_str();
    assert_eq!(due_on(&examined), "2026-10-08");
    world.at("2026-10-06T10:00:00+07:00");
    let wrong = [("document:D2", "Chưa chứng thực"), ("field:trades", "Thiếu mã ngành")];
    crew.specialist.reject(id, &wrong).await.expect("rejected");
    refused(crew.specialist.request_supplement(id, &wrong[..1]).await)
        .is(Code::FailedPrecondition, "SUPPLEMENT_INCOMPLETE")
        .names("field:trades")
        .kind("LEFT_OUT");
    refused(crew.specialist.request_supplement(id, &[]).await)
        .is(Code::FailedPrecondition, "SUPPLEMENT_INCOMPLETE");
    let asked = crew.specialist.request_supplement(id, &wrong).await.expect("asked");
    assert_eq!((asked.status(), paused_on(&asked)), (Status::SupplementRequired, "supplement"));
    assert_eq!((due_on(&asked), clock(&asked).used), ("", Some(1)));
    assert_eq!(asked.supplement.expect("open").items, ["document:D2", "field:trades"]);

    world.at("2026-10-20T14:00:00+07:00");
    refused(crew.citizen.supplement(id, "", vec![filing::paper("D2")]).await)
        .is(Code::FailedPrecondition, "SUPPLEMENT_INCOMPLETE")
        .names("field:trades")
        .kind("UNANSWERED");
    let trades = r#"{"trades":[{"code":"4711","name":"Bán lẻ"}]}"#;
    let answered = crew.citizen.supplement(id, trades, vec![filing::paper("D2")]).await;
    let answered = answered.expect("answered");
    assert_eq!((answered.state.as_str(), due_on(&answered)), ("examination", "2026-10-23"));
    assert_eq!((verdict(&answered, "D1"), verdict(&answered, "D2")), (Some(true), None));
    assert!(answered.field_verdicts.is_empty() && answered.supplement.is_none());
    assert_eq!(item(&answered).assignee, SPECIALIST.id, "back to who examined it");

    crew.specialist.reject(id, &wrong[..1]).await.expect("rejected again");
    refused(crew.specialist.request_supplement(id, &wrong[..1]).await)
        .is(Code::FailedPrecondition, "ROUNDS_EXHAUSTED")
        .says("retry", "never");
}

#[tokio::test]
async fn a_supplement_that_never_comes_lapses_after_30_days_although_the_server_was_down() {
    let mut world = World::start().await;
    let crew = Crew::of(&world);
    let examined = family_examined(&crew).await;
    let id = examined.id.as_str();
    let wrong = [("document:D2", "Chưa chứng thực")];
    crew.specialist.reject(id, &wrong).await.expect("rejected");
    crew.specialist.request_supplement(id, &wrong).await.expect("asked");
    world.stop().await;
    world.at("2026-11-20T08:00:00+07:00");
    world.restart().await;
    let crew = Crew::of(&world);
    refused(crew.citizen.supplement(id, "", vec![filing::paper("D2")]).await)
        .is(Code::FailedPrecondition, "DOSSIER_CLOSED");
    world.fire_timers().await;
    let lapsed = crew.citizen.get(id).await.expect("seen");
    assert_eq!((lapsed.state.as_str(), lapsed.status()), ("stopped", Status::Stopped));
    assert!(lapsed.closed && clock(&lapsed).stopped);
    assert!(crew.citizen.form(id, 5).await.is_ok(), "form 05");
    let (events, verdict) = world.client(&AUDITOR).replay(id).await.expect("replayed");
    assert!(verdict.equal, "{:?}", verdict.findings);
    let lapse = events.iter().find(|event| event.header.contains(r#""kind":"lapse""#));
    let lapse = format!("{:?}", lapse.expect("an event"));
    // 30 days after Monday 5 October end with Wednesday 4 November.
    assert!(lapse.contains("2026-11-04T17:00:00Z"), "the true instant: {lapse}");
}

#[tokio::test]
async fn the_supplement_is_answered_on_the_last_day() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let examined = family_examined(&crew).await;
    let id = examined.id.as_str();
    let wrong = [("document:D2", "Chưa chứng thực")];
    crew.specialist.reject(id, &wrong).await.expect("rejected");
    crew.specialist.request_supplement(id, &wrong).await.expect("asked");
    world.at("2026-11-04T23:59:59+07:00");
    let answered = crew.citizen.supplement(id, "", vec![filing::paper("D2")]).await;
    let answered = answered.expect("in time");
    assert_eq!((answered.state.as_str(), due_on(&answered)), ("examination", "2026-11-10"));
}

#[tokio::test]
async fn nothing_is_granted_on_papers_that_were_rejected_or_not_looked_at() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let id = family_examined(&crew).await.id;
    let specialist = &crew.specialist;
    let rejected = [("document:D2", "Thiếu chữ ký"), ("field:capital_vnd", "Ghi sai")];
    specialist.reject(&id, &rejected).await.expect("rejected");
    refused(specialist.advance(&id, "draft_result").await)
        .is(Code::FailedPrecondition, "REVIEW_INCOMPLETE")
        .names("document:D2")
        .names("field:capital_vnd")
        .kind("REJECTED");
    let missing = [("document:D2", "Ký lại"), ("field:capital_vnd", "Ghi lại")];
    specialist.request_supplement(&id, &missing).await.expect("asked");
    let answer = json!({ "capital_vnd": 150_000_000 }).to_string();
    let answered = crew.citizen.supplement(&id, &answer, vec![filing::paper("D2")]).await;
    assert_eq!(answered.expect("answered").state, "examination");
    refused(specialist.advance(&id, "draft_result").await)
        .is(Code::FailedPrecondition, "REVIEW_INCOMPLETE")
        .names("document:D2")
        .kind("NOT_DECIDED");
    specialist.accept_rest(&id).await.expect("checked");
    let drafted = specialist.advance(&id, "draft_result").await.expect("all is in order");
    assert_eq!(drafted.outcome, "certificate");
}

#[tokio::test]
async fn a_negative_result_may_rest_on_a_paper_that_was_rejected() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let id = family_examined(&crew).await.id;
    let rejected = [("document:D2", "Biên bản họp không hợp lệ")];
    crew.specialist.reject(&id, &rejected).await.expect("rejected");
    let drafted = crew.specialist.refuse(&id, "Biên bản họp không hợp lệ.").await;
    assert!(!drafted.expect("drafted").outcome.is_empty());
}
