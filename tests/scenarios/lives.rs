//! The life of a dossier: one act after the other, and the ways that lead astray.

use motcua_api::v1::*;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{World, files, filing, instant, refused};
use serde_json::json;
use tonic::Code;

use crate::common::*;

/// A household business of a family, whose case needs two papers.
fn family(crew: &Crew) -> SubmitDossierRequest {
    let members = json!([
        { "name": "Nguyễn Thị Mai", "birth_date": "1998-11-03" },
        { "name": "Trần Văn Bình", "birth_date": "1996-04-12" },
    ]);
    let changes = json!({ "registered_by": "family_members", "members": members });
    let request = filing::business_at_counter(&crew.citizen, "Quán Gia Đình");
    let mut request = filing::with_form(request, changes);
    request.variant = "family_members".into();
    request.documents.push(filing::paper("D2"));
    request
}

async fn family_examined(crew: &Crew) -> DossierState {
    let filed = crew.citizen.submit(family(crew)).await.expect("filed");
    crew.drive(&filed.id, "examination").await
}

#[tokio::test]
async fn a_draft_is_saved_found_again_and_gone_once_filed() {
    let world = World::start().await;
    let (citizen, other) = (world.client(&MAI), world.client(&BINH));
    let mut request = filing::birth_online(&citizen).await;
    let id = world.new_id().to_string();
    let save = |revision, body: &str| SaveDraftRequest {
        id: id.clone(),
        revision,
        body_json: body.into(),
    };
    let saved = citizen
        .dossiers()
        .save_draft(save(0, r#"{"step":1}"#))
        .await
        .expect("saved");
    assert_eq!(saved.into_inner().draft.expect("a draft").revision, 1);
    citizen
        .dossiers()
        .save_draft(save(1, r#"{"step":2}"#))
        .await
        .expect("saved again");
    refused(
        citizen
            .dossiers()
            .save_draft(save(1, r#"{"step":3}"#))
            .await,
    )
    .is(Code::Aborted, "VERSION_STALE");
    refused(other.dossiers().save_draft(save(0, "{}")).await)
        .is(Code::AlreadyExists, "ALREADY_EXISTS");
    let get = GetDraftRequest { id: id.clone() };
    refused(other.dossiers().get_draft(get.clone()).await).is(Code::NotFound, "NOT_FOUND");
    let found = citizen
        .dossiers()
        .get_draft(get.clone())
        .await
        .expect("found")
        .into_inner();
    assert_eq!(found.draft.expect("a draft").body_json, r#"{"step":2}"#);

    request.dossier.clone_from(&id);
    let mut theirs = filing::birth_online(&other).await;
    theirs.dossier.clone_from(&id);
    theirs.persons = vec![filing::binh()];
    refused(other.submit(theirs).await).is(Code::AlreadyExists, "ALREADY_EXISTS");
    citizen.submit(request).await.expect("filed");
    refused(citizen.dossiers().get_draft(get).await).is(Code::NotFound, "NOT_FOUND");
    let left = citizen
        .dossiers()
        .list_drafts(ListDraftsRequest {})
        .await
        .expect("listed");
    assert!(left.into_inner().drafts.is_empty());
}

#[tokio::test]
async fn an_upload_goes_on_where_the_line_dropped_even_after_a_restart() {
    let mut world = World::start().await;
    let bytes = files::pdf(&"x".repeat(600_000));
    let upload_id = world.new_id().to_string();
    let put = |offset: usize, end: usize| PutChunkRequest {
        upload_id: upload_id.clone(),
        offset: offset as u64,
        content: bytes[offset..end].to_vec(),
    };
    let begin = BeginUploadRequest {
        upload_id: upload_id.clone(),
        media_type: "application/pdf".into(),
        size_bytes: bytes.len() as u64,
    };
    let citizen = world.client(&MAI);
    citizen
        .dossiers()
        .begin_upload(begin.clone())
        .await
        .expect("begun");
    citizen
        .dossiers()
        .put_chunk(put(0, 200_000))
        .await
        .expect("put");
    world.restart().await;
    let citizen = world.client(&MAI);
    let known = citizen
        .dossiers()
        .begin_upload(begin)
        .await
        .expect("known")
        .into_inner();
    assert_eq!(known.upload.expect("an upload").received_bytes, 200_000);
    refused(citizen.dossiers().put_chunk(put(400_000, 500_000)).await)
        .is(Code::FailedPrecondition, "UPLOAD_OFFSET")
        .says("received", "200000");
    citizen
        .dossiers()
        .put_chunk(put(100_000, 300_000))
        .await
        .expect("overlaps are harmless");
    let unfinished = FinishUploadRequest {
        upload_id: upload_id.clone(),
        sha256: files::sha256(&bytes),
    };
    refused(citizen.dossiers().finish_upload(unfinished.clone()).await)
        .is(Code::FailedPrecondition, "UPLOAD_OFFSET");
    for (from, to) in [(300_000, 500_000), (500_000, bytes.len())] {
        citizen
            .dossiers()
            .put_chunk(put(from, to))
            .await
            .expect("put");
    }
    let get = GetUploadRequest {
        upload_id: upload_id.clone(),
    };
    refused(world.client(&BINH).dossiers().get_upload(get).await).is(Code::NotFound, "NOT_FOUND");
    let finished = citizen
        .dossiers()
        .finish_upload(unfinished.clone())
        .await
        .expect("finished");
    assert_eq!(
        finished.into_inner().upload.expect("an upload").sha256,
        files::sha256(&bytes)
    );
    citizen
        .dossiers()
        .finish_upload(unfinished)
        .await
        .expect("repeating is harmless");
}

#[tokio::test]
async fn a_document_comes_back_byte_for_byte_to_those_who_may_see_the_dossier() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew
        .citizen
        .submit(filing::birth_online(&crew.citizen).await)
        .await
        .expect("filed");
    let bytes = files::pdf("D2 c-mai");
    let get = GetDocumentRequest {
        dossier: filed.id.clone(),
        sha256: files::sha256(&bytes),
        offset: 0,
        limit: 0,
    };
    for reader in [&crew.citizen, &crew.clerk, &crew.specialist] {
        let part = reader
            .dossiers()
            .get_document(get.clone())
            .await
            .expect("read")
            .into_inner();
        assert_eq!(
            (part.content, part.media_type.as_str()),
            (bytes.clone(), "application/pdf")
        );
    }
    let stranger = world.client(&STRANGER);
    refused(stranger.dossiers().get_document(get).await).is(Code::NotFound, "NOT_FOUND");
}

#[tokio::test]
async fn acceptance_gives_the_code_the_due_date_and_form_01() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let mut codes = Vec::new();
    for name in ["Quán Một", "Quán Hai"] {
        let filed = crew
            .citizen
            .submit(filing::business_at_counter(&crew.citizen, name))
            .await;
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
        ("/owner/full_name", json!("Nguyễn Thị Mai")),
        ("/owner/id_number", json!(filing::MAI_NUMBER)),
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
    let request = GetFormRequest {
        dossier: code.clone(),
        number: 1,
        sequence: 0,
    };
    let again = crew
        .clerk
        .dossiers()
        .get_form(request)
        .await
        .expect("again")
        .into_inner();
    assert!(
        again.reprint,
        "the second print is a reprint of the same data"
    );
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
    crew.clerk
        .reject(id, &[("document:D1", "Thiếu chữ ký")])
        .await
        .expect("rejected");
    refused(crew.clerk.accept(id).await)
        .is(Code::FailedPrecondition, "REVIEW_INCOMPLETE")
        .kind("REJECTED");
    refused(crew.clerk.reject(id, &[("document:D1", "")]).await).names("document:D1");
    refused(crew.clerk.approve(id, &["document:D2"]).await).names("document:D2");
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
    let asked = crew
        .clerk
        .request_supplement(id, &items)
        .await
        .expect("asked");
    assert_eq!(asked.status(), Status::SupplementRequired);
    assert!(asked.clocks.is_none() && asked.code.is_empty());
    let form = crew.citizen.form(id, 2).await.expect("form 02");
    assert_eq!(form["items"][0]["item"], "document:D2");
    assert_eq!(form["items"][0]["content"], items[0].1);
    assert_eq!(form["answer_before"], "2026-11-05T00:00:00+07:00");

    let answered = crew
        .citizen
        .supplement(id, "", vec![filing::paper("D2")])
        .await;
    let answered = answered.expect("answered");
    assert_eq!(
        (answered.state.as_str(), answered.status()),
        ("intake", Status::Submitted)
    );
    assert_eq!(
        (verdict(&answered, "D1"), verdict(&answered, "D2")),
        (Some(true), None)
    );
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
    let wrong = [
        ("document:D2", "Chưa chứng thực"),
        ("field:trades", "Thiếu mã ngành"),
    ];
    crew.specialist.reject(id, &wrong).await.expect("rejected");
    refused(crew.specialist.request_supplement(id, &wrong[..1]).await)
        .is(Code::FailedPrecondition, "SUPPLEMENT_INCOMPLETE")
        .names("field:trades")
        .kind("LEFT_OUT");
    refused(crew.specialist.request_supplement(id, &[]).await)
        .is(Code::FailedPrecondition, "SUPPLEMENT_INCOMPLETE");
    let asked = crew
        .specialist
        .request_supplement(id, &wrong)
        .await
        .expect("asked");
    assert_eq!(
        (asked.status(), paused_on(&asked)),
        (Status::SupplementRequired, "supplement")
    );
    assert_eq!((due_on(&asked), clock(&asked).used), ("", Some(1)));
    assert_eq!(
        asked.supplement.expect("open").items,
        ["document:D2", "field:trades"]
    );

    world.at("2026-10-20T14:00:00+07:00");
    refused(
        crew.citizen
            .supplement(id, "", vec![filing::paper("D2")])
            .await,
    )
    .is(Code::FailedPrecondition, "SUPPLEMENT_INCOMPLETE")
    .names("field:trades")
    .kind("UNANSWERED");
    let trades = r#"{"trades":[{"code":"4711","name":"Bán lẻ"}]}"#;
    let answered = crew
        .citizen
        .supplement(id, trades, vec![filing::paper("D2")])
        .await;
    let answered = answered.expect("answered");
    assert_eq!(
        (answered.state.as_str(), due_on(&answered)),
        ("examination", "2026-10-23")
    );
    assert_eq!(
        (verdict(&answered, "D1"), verdict(&answered, "D2")),
        (Some(true), None)
    );
    assert!(answered.field_verdicts.is_empty() && answered.supplement.is_none());
    assert_eq!(
        item(&answered).assignee,
        SPECIALIST.id,
        "back to who examined it"
    );

    crew.specialist
        .reject(id, &wrong[..1])
        .await
        .expect("rejected again");
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
    crew.specialist
        .request_supplement(id, &wrong)
        .await
        .expect("asked");
    world.stop().await;
    world.at("2026-11-20T08:00:00+07:00");
    world.restart().await;
    let crew = Crew::of(&world);
    refused(
        crew.citizen
            .supplement(id, "", vec![filing::paper("D2")])
            .await,
    )
    .is(Code::FailedPrecondition, "DOSSIER_CLOSED");
    world.fire_timers().await;
    let lapsed = crew.citizen.get(id).await.expect("seen");
    assert_eq!(
        (lapsed.state.as_str(), lapsed.status()),
        ("stopped", Status::Stopped)
    );
    assert!(lapsed.closed && clock(&lapsed).stopped);
    assert!(crew.citizen.form(id, 5).await.is_ok(), "form 05");
    let (events, verdict) = world.client(&AUDITOR).replay(id).await.expect("replayed");
    assert!(verdict.equal, "{:?}", verdict.findings);
    let lapse = events
        .iter()
        .find(|event| event.header.contains(r#""kind":"lapse""#));
    let lapse = format!("{:?}", lapse.expect("an event"));
    // 30 days after Monday 5 October end with Wednesday 4 November.
    assert!(
        lapse.contains("2026-11-04T17:00:00Z"),
        "the true instant: {lapse}"
    );
}

#[tokio::test]
async fn the_supplement_is_answered_on_the_last_day() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let examined = family_examined(&crew).await;
    let id = examined.id.as_str();
    let wrong = [("document:D2", "Chưa chứng thực")];
    crew.specialist.reject(id, &wrong).await.expect("rejected");
    crew.specialist
        .request_supplement(id, &wrong)
        .await
        .expect("asked");
    world.at("2026-11-04T23:59:59+07:00");
    let answered = crew
        .citizen
        .supplement(id, "", vec![filing::paper("D2")])
        .await;
    let answered = answered.expect("in time");
    assert_eq!(
        (answered.state.as_str(), due_on(&answered)),
        ("examination", "2026-11-10")
    );
}

#[tokio::test]
async fn work_is_assigned_claimed_released_and_handed_over() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let (other, island) = (
        world.client(&SPECIALIST_2),
        world.client(&ISLAND_SPECIALIST),
    );
    let examined = family_examined(&crew).await;
    let id = examined.id.as_str();
    let claimed = crew.specialist.claim(id).await.expect("claimed");
    assert_eq!(item(&claimed).assignee, SPECIALIST.id);
    let held = refused(other.advance(id, "draft_result").await);
    held.is(Code::FailedPrecondition, "ITEM_HELD")
        .says("retry", "after_change");
    refused(other.claim(id).await).is(Code::FailedPrecondition, "ITEM_HELD");
    refused(other.release(id).await).is(Code::FailedPrecondition, "ITEM_HELD");
    crew.specialist.release(id).await.expect("released");
    let assigned = crew
        .head
        .assign(id, SPECIALIST_2.id)
        .await
        .expect("assigned");
    assert_eq!(item(&assigned).assignee, SPECIALIST_2.id);
    refused(crew.head.assign(id, LEADER.id).await)
        .is(Code::FailedPrecondition, "ASSIGNEE_UNSUITABLE");
    refused(crew.head.assign(id, "nobody").await)
        .is(Code::FailedPrecondition, "ASSIGNEE_UNSUITABLE");
    let passed = other
        .hand_over(id, "", SPECIALIST.id)
        .await
        .expect("handed over");
    assert_eq!(item(&passed).assignee, SPECIALIST.id);
    refused(crew.specialist.hand_over(id, "", "").await)
        .is(Code::FailedPrecondition, "ASSIGNEE_UNSUITABLE");
    refused(crew.specialist.hand_over(id, "pasc-gone", "").await)
        .is(Code::FailedPrecondition, "UNIT_UNKNOWN");
    let moved = crew
        .specialist
        .hand_over(id, ISLAND, ISLAND_SPECIALIST.id)
        .await
        .expect("moved");
    assert_eq!(item(&moved).unit, ISLAND);
    assert_eq!(
        due_on(&moved),
        due_on(&examined),
        "a hand-over moves no date"
    );
    refused(crew.specialist.advance(id, "draft_result").await)
        .is(Code::PermissionDenied, "ROLE_REQUIRED");
    let drafted = island
        .advance(id, "draft_result")
        .await
        .expect("drafted there");
    assert_eq!(drafted.state, "signature");
}

#[tokio::test]
async fn rework_goes_back_to_who_held_it_and_never_moves_the_due_date() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let examined = family_examined(&crew).await;
    let id = examined.id.as_str();
    crew.specialist.claim(id).await.expect("claimed");
    let drafted = crew
        .specialist
        .advance(id, "draft_result")
        .await
        .expect("drafted");
    world.at("2026-10-07T09:00:00+07:00");
    let back = crew
        .leader
        .advance(id, "return_for_rework")
        .await
        .expect("returned");
    assert_eq!(
        (back.state.as_str(), item(&back).assignee.as_str()),
        ("examination", SPECIALIST.id)
    );
    assert_eq!(due_on(&back), due_on(&drafted));
    assert_eq!(
        crew.drive(id, "issued")
            .await
            .signature
            .expect("signed")
            .signer,
        LEADER.id
    );
}

#[tokio::test]
async fn signing_issuing_completing_and_delivering_are_four_acts() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(family(&crew)).await.expect("filed");
    let id = filed.id.as_str();
    crew.drive(id, "signature").await;
    refused(crew.records.issue(id, "1/2026", "2026-10-05").await)
        .is(Code::FailedPrecondition, "ACT_NOT_OFFERED");
    let signed = crew.leader.sign(id).await.expect("signed");
    assert_eq!(
        (signed.state.as_str(), signed.status()),
        ("issuing", Status::Processing)
    );
    refused(crew.citizen.withdraw(id).await).is(Code::FailedPrecondition, "ACT_NOT_OFFERED");
    refused(crew.records.issue(id, "1/2026", "2026-10-06").await)
        .is(Code::FailedPrecondition, "DEADLINE_RULE");
    let bytes = files::pdf("certificate");
    let sha256 = crew
        .records
        .upload("application/pdf", &bytes)
        .await
        .expect("uploaded");
    let issue = IssueResultRequest {
        command: crew.records.meta(),
        dossier: id.into(),
        number: "01/HKD-2026".into(),
        issued_on: "2026-10-05".into(),
        document: Some(UploadedDocument {
            sha256: sha256.clone(),
            signed: true,
            ..Default::default()
        }),
        ..Default::default()
    };
    let issued = crew
        .records
        .desk()
        .issue_result(issue)
        .await
        .expect("issued")
        .into_inner();
    let issued = issued.dossier.expect("a dossier");
    let result = issued.result.expect("a result");
    assert_eq!(
        (result.number.as_str(), result.code.as_str()),
        ("01/HKD-2026", "KQ.G12.001041")
    );
    assert!(result.document.expect("electronic").signed);
    refused(crew.returner.deliver(id, &[MAI.id], &[]).await)
        .is(Code::FailedPrecondition, "ACT_NOT_OFFERED");

    world.at("2026-10-06T10:00:00+07:00");
    let completed = crew.returner.complete(id).await.expect("completed");
    assert_eq!(completed.status(), Status::Completed);
    assert_eq!(
        at(completed.completed_at.as_ref()),
        instant("2026-10-06T10:00:00+07:00")
    );
    assert!(clock(&completed).stopped, "lateness is judged here");
    refused(crew.returner.deliver(id, &[], &[]).await)
        .is(Code::FailedPrecondition, "RECIPIENT_INVALID");
    refused(crew.returner.deliver(id, &[BINH.id], &[]).await)
        .is(Code::FailedPrecondition, "RECIPIENT_INVALID")
        .kind("NOT_A_PARTY");

    world.at("2026-12-01T10:00:00+07:00");
    let delivered = crew
        .returner
        .deliver(id, &[MAI.id], &[])
        .await
        .expect("delivered");
    assert_eq!(
        (delivered.status(), delivered.closed),
        (Status::Delivered, true)
    );
    let delivery = delivered.delivery.expect("a delivery");
    assert_eq!(
        at(delivery.at.as_ref()),
        instant("2026-12-01T10:00:00+07:00")
    );
    let get = GetDocumentRequest {
        dossier: id.into(),
        sha256,
        ..Default::default()
    };
    let result = crew
        .citizen
        .dossiers()
        .get_document(get)
        .await
        .expect("the citizen's own");
    assert_eq!(result.into_inner().content, bytes);
}

#[tokio::test]
async fn a_withdrawal_pauses_the_clock_and_declined_the_rest_goes_on() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let examined = family_examined(&crew).await;
    let id = examined.id.as_str();
    world.at("2026-10-06T10:00:00+07:00");
    let asked = crew.citizen.withdraw(id).await.expect("asked");
    assert_eq!(
        (asked.status(), paused_on(&asked)),
        (Status::WithdrawalRequested, "withdrawal")
    );
    world.at("2026-10-08T10:00:00+07:00");
    let declined = crew.clerk.decline_withdrawal(id).await.expect("declined");
    assert_eq!(
        (declined.state.as_str(), due_on(&declined)),
        ("examination", "2026-10-12")
    );
}

#[tokio::test]
async fn the_owner_takes_a_withdrawal_back() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(family(&crew)).await.expect("filed");
    crew.citizen
        .withdraw(&filed.id)
        .await
        .expect("asked before reception");
    let back = crew
        .citizen
        .decline_withdrawal(&filed.id)
        .await
        .expect("taken back");
    assert_eq!(
        (back.state.as_str(), back.status()),
        ("intake", Status::Submitted)
    );
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
    crew.specialist
        .request_supplement(id, &wrong)
        .await
        .expect("asked");
    crew.citizen.withdraw(id).await.expect("asked to withdraw");
    let back = crew.clerk.decline_withdrawal(id).await.expect("declined");
    assert_eq!(
        (back.status(), paused_on(&back)),
        (Status::SupplementRequired, "supplement")
    );
    world.at("2026-10-06T10:00:00+07:00");
    let answered = crew
        .citizen
        .supplement(id, "", vec![filing::paper("D2")])
        .await;
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
    let apologised = crew
        .head
        .apologise(id, "2026-10-14")
        .await
        .expect("a working day before");
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
    let stopped = crew
        .leader
        .stop(id, "Theo quyết định của Tòa án.")
        .await
        .expect("stopped");
    assert_eq!((stopped.status(), stopped.closed), (Status::Stopped, true));
    assert!(clock(&stopped).stopped);
    let form = crew.citizen.form(id, 5).await.expect("form 05");
    assert_eq!(form["reason"], "Theo quyết định của Tòa án.");
    assert_eq!(form["stage_reached"], "examination");
    assert_eq!(form["documents_returned"], json!(["D1", "D2"]));
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
        let fired = events
            .iter()
            .filter(|event| event.header.contains(&named))
            .count();
        assert_eq!(fired, 1, "{kind}");
    }
    let late = Crew::of(&world)
        .head
        .queue(Queue::Late)
        .await
        .expect("listed");
    assert_eq!((late.total_size, late.rows[0].dossier.as_str()), (1, id));
}

#[tokio::test]
async fn a_portal_that_sends_a_filing_twice_gets_the_same_dossier() {
    let world = World::start().await;
    let portal = world.client(&PORTAL).attesting(MAI.id);
    let external = Some(ExternalReference {
        source: "npsp".into(),
        id: "HS-1".into(),
    });
    let mut ids = Vec::new();
    for _ in 0..2 {
        let mut request = filing::birth_online(&portal).await;
        request.external.clone_from(&external);
        ids.push(portal.submit(request).await.expect("filed").id);
    }
    assert_eq!(ids[0], ids[1]);
    let other = world.client(&PORTAL).attesting(BINH.id);
    let mut theirs = filing::birth_online(&other).await;
    theirs.persons = vec![filing::binh()];
    theirs.external = external;
    refused(other.submit(theirs).await).is(Code::AlreadyExists, "ALREADY_EXISTS");
}

#[tokio::test]
async fn a_clerk_files_for_the_citizen_at_the_counter_and_says_so() {
    let world = World::start().await;
    let clerk = world.client(&CLERK);
    refused(clerk.submit(filing::birth_at_counter(&clerk)).await)
        .is(Code::InvalidArgument, "FILING_INVALID");
    let attesting = clerk.attesting(MAI.id);
    let filed = attesting
        .submit(filing::birth_at_counter(&attesting))
        .await
        .expect("filed");
    let actor = filed.last_act.and_then(|act| act.actor).expect("an actor");
    assert_eq!(
        (actor.id.as_str(), actor.acting_for.as_str()),
        (CLERK.id, MAI.id)
    );
    assert_eq!(filed.filing.expect("filed").applicant, MAI.id);
    assert_eq!(
        world.client(&MAI).get(&filed.id).await.expect("hers").id,
        filed.id
    );
}

#[tokio::test]
async fn a_filing_must_name_a_centre_that_exists_and_an_id_of_now() {
    let world = World::start().await;
    let citizen = world.client(&MAI);
    for (unit, code, reason) in [
        ("nowhere", Code::FailedPrecondition, "UNIT_UNKNOWN"),
        ("pasc-gone", Code::FailedPrecondition, "UNIT_UNKNOWN"),
        (WARD, Code::InvalidArgument, "FILING_INVALID"),
    ] {
        let mut request = filing::birth_at_counter(&citizen);
        request.receiving_unit = unit.into();
        refused(citizen.submit(request).await).is(code, reason);
    }
    let old = motcua_tests::world::new_id(instant("2026-08-01T09:00:00+07:00"));
    let early = motcua_tests::world::new_id(instant("2026-10-05T11:00:00+07:00"));
    let random = "b2f7d6d0-9f35-4a5e-8d0b-0d3f1a2b3c4d".to_owned();
    for id in [old.to_string(), early.to_string(), random] {
        let mut request = filing::birth_at_counter(&citizen);
        request.dossier = id;
        refused(citizen.submit(request).await)
            .is(Code::InvalidArgument, "INVALID_REQUEST")
            .names("dossier");
    }
    let mut unknown = filing::birth_at_counter(&citizen);
    unknown.procedure = "1.999999".into();
    refused(citizen.submit(unknown).await).is(Code::NotFound, "NOT_FOUND");
}
