//! Drafts, uploads and filing: what happens before a clerk looks.

use motcua_api::v1::*;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{World, files, filing, instant, refused};
use tonic::Code;

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
    let saved = citizen.dossiers().save_draft(save(0, r#"{"step":1}"#)).await.expect("saved");
    assert_eq!(saved.into_inner().draft.expect("a draft").revision, 1);
    citizen.dossiers().save_draft(save(1, r#"{"step":2}"#)).await.expect("saved again");
    refused(citizen.dossiers().save_draft(save(1, r#"{"step":3}"#)).await)
        .is(Code::Aborted, "VERSION_STALE");
    refused(other.dossiers().save_draft(save(0, "{}")).await)
        .is(Code::AlreadyExists, "ALREADY_EXISTS");
    let get = GetDraftRequest { id: id.clone() };
    refused(other.dossiers().get_draft(get.clone()).await).is(Code::NotFound, "NOT_FOUND");
    let found = citizen.dossiers().get_draft(get.clone()).await.expect("found").into_inner();
    assert_eq!(found.draft.expect("a draft").body_json, r#"{"step":2}"#);

    request.dossier.clone_from(&id);
    let mut theirs = filing::birth_online(&other).await;
    theirs.dossier.clone_from(&id);
    theirs.persons = vec![filing::binh()];
    refused(other.submit(theirs).await).is(Code::AlreadyExists, "ALREADY_EXISTS");
    citizen.submit(request).await.expect("filed");
    refused(citizen.dossiers().get_draft(get).await).is(Code::NotFound, "NOT_FOUND");
    let left = citizen.dossiers().list_drafts(ListDraftsRequest {}).await.expect("listed");
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
    citizen.dossiers().begin_upload(begin.clone()).await.expect("begun");
    citizen.dossiers().put_chunk(put(0, 200_000)).await.expect("put");
    world.restart().await;
    let citizen = world.client(&MAI);
    let known = citizen.dossiers().begin_upload(begin).await.expect("known").into_inner();
    assert_eq!(known.upload.expect("an upload").received_bytes, 200_000);
    refused(citizen.dossiers().put_chunk(put(400_000, 500_000)).await)
        .is(Code::FailedPrecondition, "UPLOAD_OFFSET")
        .says("received", "200000");
    citizen.dossiers().put_chunk(put(100_000, 300_000)).await.expect("overlaps are harmless");
    let unfinished =
        FinishUploadRequest { upload_id: upload_id.clone(), sha256: files::sha256(&bytes) };
    refused(citizen.dossiers().finish_upload(unfinished.clone()).await)
        .is(Code::FailedPrecondition, "UPLOAD_OFFSET");
    for (from, to) in [(300_000, 500_000), (500_000, bytes.len())] {
        citizen.dossiers().put_chunk(put(from, to)).await.expect("put");
    }
    let get = GetUploadRequest { upload_id: upload_id.clone() };
    refused(world.client(&BINH).dossiers().get_upload(get).await).is(Code::NotFound, "NOT_FOUND");
    let finished = citizen.dossiers().finish_upload(unfinished.clone()).await.expect("finished");
    assert_eq!(finished.into_inner().upload.expect("an upload").sha256, files::sha256(&bytes));
    citizen.dossiers().finish_upload(unfinished).await.expect("repeating is harmless");
}

#[tokio::test]
async fn a_document_comes_back_byte_for_byte_to_those_who_may_see_the_dossier() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed =
        crew.citizen.submit(filing::birth_online(&crew.citizen).await).await.expect("filed");
    let bytes = files::pdf("D2 c-mai");
    let get = GetDocumentRequest {
        dossier: filed.id.clone(),
        sha256: files::sha256(&bytes),
        offset: 0,
        limit: 0,
        ..Default::default()
    };
    for reader in [&crew.citizen, &crew.clerk, &crew.specialist] {
        let part = reader.dossiers().get_document(get.clone()).await.expect("read").into_inner();
        assert_eq!((part.content, part.media_type.as_str()), (bytes.clone(), "application/pdf"));
    }
    let stranger = world.client(&STRANGER);
    refused(stranger.dossiers().get_document(get).await).is(Code::NotFound, "NOT_FOUND");
}

#[tokio::test]
async fn a_portal_that_sends_a_filing_twice_gets_the_same_dossier() {
    let world = World::start().await;
    let portal = world.client(&PORTAL).attesting(MAI.id);
    let external = Some(ExternalReference { source: "npsp".into(), id: "HS-1".into() });
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
    let filed = attesting.submit(filing::birth_at_counter(&attesting)).await.expect("filed");
    let actor = filed.last_act.and_then(|act| act.actor).expect("an actor");
    assert_eq!((actor.id.as_str(), actor.acting_for.as_str()), (CLERK.id, MAI.id));
    assert_eq!(filed.filing.expect("filed").applicant, MAI.id);
    assert_eq!(world.client(&MAI).get(&filed.id).await.expect("hers").id, filed.id);
}

#[tokio::test]
async fn paper_is_recorded_by_a_clerk_and_by_nobody_else() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let portal = world.client(&PORTAL).attesting(MAI.id);
    for citizen in [&crew.citizen, &portal] {
        let filing = filing::birth_at_counter(citizen);
        refused(citizen.dossiers().submit_dossier(filing).await)
            .is(Code::InvalidArgument, "FILING_INVALID")
            .names("channel");
        for document in [filing::paper("D2"), filing::shown("D6")] {
            let mut online = filing::birth_online(citizen).await;
            let subject = format!("document:{}", document.requirement);
            online.documents.retain(|other| other.requirement != document.requirement);
            online.documents.push(document);
            let refusal = refused(citizen.submit(online).await);
            refusal.is(Code::InvalidArgument, "DOCUMENT_INVALID");
            assert_eq!(refusal.subjects, [subject]);
        }
    }
    let filed = crew.citizen.submit(filing::birth_at_counter(&crew.citizen)).await.expect("filed");
    crew.clerk.reject(&filed.id, &[("document:D2", "Thiếu dấu")]).await.expect("rejected");
    let items = [("document:D2", "Nộp bản có dấu")];
    crew.clerk.request_supplement(&filed.id, &items).await.expect("asked");
    let mut answer = SupplementDossierRequest {
        command: crew.citizen.meta(),
        dossier: filed.id,
        documents: vec![filing::paper("D2")],
        ..Default::default()
    };
    refused(crew.citizen.dossiers().supplement_dossier(answer.clone()).await)
        .is(Code::InvalidArgument, "DOCUMENT_INVALID")
        .names("document:D2");
    answer.documents = vec![filing::uploaded(&crew.citizen, "D2").await];
    crew.citizen.dossiers().supplement_dossier(answer).await.expect("a file is the citizen's own");
}

#[tokio::test]
async fn paper_is_as_many_originals_and_copies_as_are_asked_for_and_is_kept() {
    let world = World::start().await;
    let citizen = world.client(&MAI);
    let paper = |requirement: &str, originals, copies| {
        let content = document::Content::Paper(PaperDocument { originals, copies });
        Document { requirement: requirement.into(), content: Some(content) }
    };
    for wrong in [paper("D2", 0, 0), paper("D2", 0, 1), filing::shown("D2")] {
        let mut request = filing::birth_at_counter(&citizen);
        request.documents[1] = wrong;
        let refusal = refused(citizen.submit(request).await);
        refusal.is(Code::InvalidArgument, "DOCUMENT_INVALID");
        assert_eq!(refusal.subjects, ["document:D2"]);
    }
    for (copies, enough) in [(1, false), (2, true)] {
        let mut request = filing::marriage_at_counter(&citizen);
        request.channel = Channel::Post.into();
        request.documents = vec![filing::paper("D1"), paper("D6a", 0, copies), paper("D6b", 0, 1)];
        let filed = citizen.submit(request).await;
        if enough {
            filed.expect("two copies are asked for");
        } else {
            refused(filed).is(Code::InvalidArgument, "DOCUMENT_INVALID").names("document:D6a");
        }
    }
}

#[tokio::test]
async fn a_person_is_named_once() {
    let world = World::start().await;
    let citizen = world.client(&MAI);
    let mut request = filing::marriage_online(&citizen).await;
    request.persons[1].id = MAI.id.into();
    refused(citizen.submit(request).await)
        .is(Code::InvalidArgument, "FILING_INVALID")
        .names("persons/1");
}

#[tokio::test]
async fn a_draft_begins_with_an_id_of_now_and_may_be_filed_when_it_has_grown_old() {
    let world = World::start().await;
    let citizen = world.client(&MAI);
    let save = |id: String, revision| SaveDraftRequest { id, revision, body_json: "{}".into() };
    let stale = motcua_tests::world::new_id(instant("2026-08-01T09:00:00+07:00")).to_string();
    for id in [stale, "b2f7d6d0-9f35-4a5e-8d0b-0d3f1a2b3c4d".into()] {
        refused(citizen.dossiers().save_draft(save(id, 0)).await)
            .is(Code::InvalidArgument, "INVALID_REQUEST");
    }
    let id = world.new_id().to_string();
    citizen.dossiers().save_draft(save(id.clone(), 0)).await.expect("saved");
    world.at("2026-11-16T09:00:00+07:00");
    let citizen = world.client(&MAI);
    citizen.dossiers().save_draft(save(id.clone(), 1)).await.expect("saved again");
    let mut request = filing::birth_online(&citizen).await;
    request.dossier.clone_from(&id);
    assert_eq!(citizen.submit(request).await.expect("filed").id, id);
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
