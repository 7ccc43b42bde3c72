//! Search and tracking: what they find, for whom, and what they do not tell.

use motcua_api::v1::search_dossiers_request::By;
use motcua_api::v1::*;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{Client, World, filing, refused};
use tonic::Code;

#[tokio::test]
async fn a_dossier_is_found_by_code_name_with_and_without_marks_and_identity_number() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::birth_at_counter(&crew.citizen)).await.expect("filed");
    let accepted = crew.drive(&filed.id, "handover").await;
    for (by, found) in [
        (By::Code(accepted.code.clone()), true),
        (By::Name("Nguyễn Thị Mai".into()), true),
        (By::Name("mai nguyễn".into()), true),
        (By::Name("NGUYEN THI MAI".into()), true),
        (By::Name("mai".into()), true),
        (By::Name("Nguyễn Thị Mài".into()), false),
        (By::Name("nguyen thi lan".into()), false),
        (By::IdNumber(filing::MAI_NUMBER.into()), true),
        (By::IdNumber("022190009999".into()), false),
        (By::Code("H49.61.05-261005-0099".into()), false),
    ] {
        for (client, sees) in
            [(&crew.clerk, true), (&crew.specialist, true), (&world.client(&ISLAND_CLERK), false)]
        {
            let rows = client.search(by.clone()).await.expect("searched");
            let ids: Vec<_> = rows.iter().map(|row| row.id.as_str()).collect();
            let expected = if found && sees { vec![filed.id.as_str()] } else { vec![] };
            assert_eq!(ids, expected, "{by:?}");
        }
        let rows = world.client(&AUDITOR).search(by).await.expect("auditors search everywhere");
        assert_eq!(rows.len(), usize::from(found));
    }
    refused(crew.clerk.search(By::Name("  ".into())).await)
        .is(Code::InvalidArgument, "INVALID_REQUEST");
    refused(crew.citizen.search(By::Name("Mai".into())).await)
        .is(Code::PermissionDenied, "PERMISSION_DENIED");
}

#[tokio::test]
async fn every_search_is_recorded_with_who_asked() {
    let world = World::start().await;
    let clerk = world.client(&CLERK);
    let auditor = world.client(&AUDITOR);
    assert!(auditor.chain("sys:search").await.expect("read").is_empty());
    clerk.search(By::Name("Trần Văn Bình".into())).await.expect("searched");
    clerk.search(By::IdNumber("1".into())).await.expect("searched");
    let recorded = auditor.chain("sys:search").await.expect("read");
    assert_eq!(recorded.len(), 2);
    let first = format!("{:?}", recorded[0]);
    assert!(first.contains(CLERK.id), "{first}");
    let recorded = format!("{recorded:?}");
    assert!(!recorded.contains("Trần Văn Bình"), "whom they looked for is withheld: {recorded}");
    assert!(recorded.contains("Commitment"), "{recorded}");
}

#[tokio::test]
async fn the_secret_alone_tracks_a_dossier_without_naming_anyone() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.file(filing::birth_at_counter(&crew.citizen)).await.expect("filed");
    let id = filed.dossier.expect("a dossier").id;
    let accepted = crew.drive(&id, "handover").await;
    let tracked = world.anonymous().track(&filed.tracking_secret).await.expect("tracked");
    assert_eq!(tracked.code, accepted.code);
    assert_eq!(tracked.status(), Status::Received);
    assert_eq!(tracked.appointment.as_ref().map(|clock| clock.due_on.as_str()), Some("2026-10-05"));
    let shown = format!("{tracked:?}");
    for hidden in ["Mai", MAI.id, filing::MAI_NUMBER, CLERK.id] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
    refused(world.anonymous().track(&format!("{}a", filed.tracking_secret)).await)
        .is(Code::NotFound, "NOT_FOUND");
    refused(world.anonymous().track(&id).await).is(Code::NotFound, "NOT_FOUND");
}

#[tokio::test]
async fn code_and_second_factor_track_and_the_sixth_guess_is_refused_even_if_right() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let portal = world.client(&PORTAL);
    let filed = crew.citizen.submit(filing::birth_at_counter(&crew.citizen)).await.expect("filed");
    let code = crew.drive(&filed.id, "handover").await.code;
    for factor in [filing::MAI_NUMBER, filing::MAI_PHONE, "0912 345 678"] {
        assert_eq!(portal.track_code(&code, factor).await.expect("tracked").code, code);
    }
    refused(crew.citizen.track_code(&code, filing::MAI_PHONE).await)
        .is(Code::PermissionDenied, "PERMISSION_DENIED");
    refused(world.anonymous().track_code(&code, filing::MAI_PHONE).await)
        .is(Code::Unauthenticated, "TOKEN_MISSING");
    for guess in 0..5 {
        refused(portal.track_code(&code, &format!("091200000{guess}")).await)
            .is(Code::NotFound, "NOT_FOUND");
    }
    let blocked = refused(portal.track_code(&code, filing::MAI_PHONE).await);
    blocked.is(Code::ResourceExhausted, "TOO_MANY_GUESSES");
    assert!(blocked.retry_after.is_some_and(|wait| wait.as_secs() > 0));
    world.at("2026-10-05T10:00:01+07:00");
    assert_eq!(portal.track_code(&code, filing::MAI_PHONE).await.expect("later").code, code);
    for _ in 0..5 {
        refused(portal.track_code("H49.61.05-261005-0777", "1").await)
            .is(Code::NotFound, "NOT_FOUND");
    }
    refused(portal.track_code("H49.61.05-261005-0777", "1").await)
        .is(Code::ResourceExhausted, "TOO_MANY_GUESSES");
}

#[tokio::test]
async fn a_citizen_lists_their_own_dossiers_newest_first() {
    let world = World::start().await;
    let (mai, binh) = (world.client(&MAI), world.client(&BINH));
    let birth = mai.submit(filing::birth_at_counter(&mai)).await.expect("filed").id;
    world.at("2026-10-05T09:10:00+07:00");
    let marriage = mai.submit(filing::marriage_at_counter(&mai)).await.expect("filed").id;
    let list = async |client: &Client, page_size: i32, page_token: &str| {
        let request = ListMyDossiersRequest { page_size, page_token: page_token.into() };
        client.dossiers().list_my_dossiers(request).await.expect("listed").into_inner()
    };
    let ids = |page: &ListMyDossiersResponse| {
        page.dossiers.iter().map(|dossier| dossier.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&list(&mai, 0, "").await), [marriage.clone(), birth.clone()]);
    assert_eq!(ids(&list(&binh, 0, "").await), [marriage.as_str()]);
    assert!(ids(&list(&world.client(&STRANGER), 0, "").await).is_empty());
    let first = list(&mai, 1, "").await;
    assert_eq!(ids(&first), [marriage]);
    assert_eq!(ids(&list(&mai, 1, &first.next_page_token).await), [birth]);
}
