//! Drafts of results: the parties read and confirm, the leader signs and the records office issues
//! one and the same file.

use motcua_api::v1::*;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{Client, World, files, filing, refused};
use tonic::Code;

/// An online marriage under examination, the status of both known.
async fn examined(crew: &Crew) -> String {
    let filed = crew.citizen.submit(filing::marriage_online(&crew.citizen).await).await;
    let id = crew.drive(&filed.expect("filed").id, "examination").await.id;
    for requirement in ["D4a", "D4b"] {
        crew.specialist.look_up(&id, requirement, "civil_status", true).await.expect("recorded");
    }
    id
}

async fn read(client: &Client, dossier: &str, sha256: &str) -> Result<Vec<u8>, tonic::Status> {
    let get =
        GetDocumentRequest { dossier: dossier.into(), sha256: sha256.into(), ..Default::default() };
    Ok(client.dossiers().get_document(get).await?.into_inner().content)
}

/// The digests of the draft in the events of an act, as recorded.
async fn drafts_in(world: &World, dossier: &str, kind: &str) -> Vec<String> {
    let (events, verdict) = world.client(&AUDITOR).replay(dossier).await.expect("replayed");
    assert!(verdict.equal, "{:?}", verdict.findings);
    let named = format!(r#""kind":"{kind}""#);
    let events = events.into_iter().filter(|event| event.header.contains(&named));
    let opened = events.flat_map(|event| event.fields).filter_map(|field| match field.slot {
        Some(history_field::Slot::Opened(field)) => Some(field),
        Some(history_field::Slot::Commitment(_)) | None => None,
    });
    let drafts = opened.filter(|field| field.name == "draft").map(|field| field.value_json);
    let digest = |draft: String| {
        let draft: serde_json::Value = serde_json::from_str(&draft).expect("JSON");
        draft["sha256"].as_str().expect("a digest").to_owned()
    };
    drafts.map(digest).collect()
}

#[tokio::test]
async fn what_the_couple_confirmed_is_what_is_signed_and_issued() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let groom = world.client(&BINH);
    let id = examined(&crew).await;
    let bytes = files::pdf("Giấy chứng nhận kết hôn");
    let (sha256, drafted) =
        crew.specialist.draft(&id, "draft_result", &bytes).await.expect("drafted");
    assert_eq!(drafted.state, "applicant_confirms");
    for party in [&crew.citizen, &groom] {
        let seen = party.get(&id).await.expect("seen").draft.expect("there is a draft");
        assert_eq!((seen.sha256.as_str(), seen.media_type.as_str()), (&*sha256, "application/pdf"));
        assert_eq!(read(party, &id, &sha256).await.expect("the parties read it"), bytes);
    }
    refused(read(&world.client(&STRANGER), &id, &sha256).await).is(Code::NotFound, "NOT_FOUND");
    groom.advance(&id, "confirm").await.expect("confirmed");
    assert_eq!(drafts_in(&world, &id, "advance").await, [sha256.clone(), sha256.clone()]);
    crew.drive(&id, "signature").await;
    let signed = crew.leader.sign(&id).await.expect("signed");
    assert_eq!(signed.signature.expect("a signature").sha256, sha256);
    assert_eq!(drafts_in(&world, &id, "sign").await, [sha256.as_str()]);

    let other = files::pdf("Một giấy khác");
    let other = crew.records.upload("application/pdf", &other).await.expect("uploaded");
    refused(crew.records.issue_file(&id, "01/2026", &other).await)
        .is(Code::FailedPrecondition, "CONDITION_NOT_MET")
        .names("document")
        .kind("NOT_SIGNED");
    let issued = crew.records.issue_file(&id, "01/2026", &sha256).await.expect("issued");
    let result = issued.result.expect("a result").document.expect("electronic");
    assert_eq!((result.sha256.as_str(), result.size_bytes), (&*sha256, bytes.len() as u64));
    assert!(result.signed);
}

#[tokio::test]
async fn silence_confirms_the_draft_that_lay_there() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let id = examined(&crew).await;
    let bytes = files::pdf("Dự thảo");
    let (sha256, _) = crew.specialist.draft(&id, "draft_result", &bytes).await.expect("drafted");
    world.at("2026-10-07T00:00:00+07:00");
    world.fire_timers().await;
    assert_eq!(drafts_in(&world, &id, "lapse").await, [sha256]);
}

#[tokio::test]
async fn a_corrected_draft_takes_the_place_of_the_one_that_was_signed() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let id = examined(&crew).await;
    let draft = async |text: &str| {
        let bytes = files::pdf(text);
        crew.specialist.draft(&id, "draft_result", &bytes).await.expect("drafted").0
    };
    let wrong = draft("sai tên").await;
    crew.citizen.advance(&id, "request_correction").await.expect("wrong name");
    let right = draft("đúng tên").await;
    refused(read(&crew.citizen, &id, &wrong).await).is(Code::NotFound, "NOT_FOUND");
    crew.drive(&id, "issuing").await;
    refused(crew.records.issue_file(&id, "01/2026", &wrong).await).kind("NOT_SIGNED");
    crew.records.issue_file(&id, "01/2026", &right).await.expect("issued");
}

#[tokio::test]
async fn without_a_draft_the_result_is_issued_on_paper_only() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let id = examined(&crew).await;
    let first = files::pdf("lần đầu");
    let (first, _) = crew.specialist.draft(&id, "draft_result", &first).await.expect("drafted");
    crew.citizen.advance(&id, "request_correction").await.expect("asked");
    let drafted = crew.specialist.advance(&id, "draft_result").await.expect("drafted on paper");
    assert!(drafted.draft.is_none(), "the first one is void");
    let signed = crew.drive(&id, "issuing").await.signature.expect("signed");
    assert!(signed.sha256.is_empty());
    refused(crew.records.issue_file(&id, "01/2026", &first).await)
        .is(Code::FailedPrecondition, "CONDITION_NOT_MET")
        .kind("NOT_SIGNED");
    let issued = crew.records.issue(&id, "01/2026", "2026-10-05").await.expect("on paper");
    assert!(issued.result.expect("a result").document.is_none());
}

#[tokio::test]
async fn a_refusal_has_a_draft_too_and_other_actions_have_none() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let id = examined(&crew).await;
    let bytes = files::pdf("Văn bản từ chối");
    refused(crew.specialist.draft(&id, "return_to_reception", &bytes).await)
        .is(Code::InvalidArgument, "FORM_INVALID");
    let sha256 = crew.specialist.upload("application/pdf", &bytes).await.expect("uploaded");
    let refuse = |sha256: &str| RefuseDossierRequest {
        command: crew.specialist.meta(),
        dossier: id.clone(),
        reason: "Bên nam đang có vợ.".into(),
        draft: Some(UploadedDocument { sha256: sha256.into(), ..Default::default() }),
        ..Default::default()
    };
    refused(crew.specialist.desk().refuse_dossier(refuse(&"0".repeat(64))).await)
        .is(Code::InvalidArgument, "INVALID_REQUEST")
        .names("document:draft");
    let refused = crew.specialist.desk().refuse_dossier(refuse(&sha256)).await.expect("drafted");
    let drafted = refused.into_inner().dossier.expect("a dossier");
    assert_eq!(drafted.draft.expect("a draft").sha256, sha256);
    crew.drive(&id, "issuing").await;
    crew.records.issue_file(&id, "02/2026", &sha256).await.expect("issued");
}
