//! Queues, search and tracking: what they show, to whom, and how many there are.

use std::collections::BTreeSet;

use motcua_api::v1::search_dossiers_request::By;
use motcua_api::v1::*;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{Client, World, filing, refused};
use tonic::Code;

/// Dossiers of a queue, whose page is the whole and whose count is exact.
async fn listed(client: &Client, queue: Queue) -> BTreeSet<String> {
    let page = client.queue(queue).await.expect("a queue of the desk");
    assert_eq!(page.total_size, page.rows.len() as u64);
    assert!(page.next_page_token.is_empty());
    page.rows.into_iter().map(|row| row.dossier).collect()
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[tokio::test]
async fn each_queue_holds_exactly_what_it_says_for_whom_it_says() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let (colleague, island) = (world.client(&CLERK_2), world.client(&ISLAND_CLERK));
    let mut filed = Vec::new();
    for _ in 0..3 {
        let request = filing::birth_at_counter(&crew.citizen);
        filed.push(crew.citizen.submit(request).await.expect("filed").id);
    }
    let waiting = crew
        .citizen
        .submit(filing::birth_online(&crew.citizen).await)
        .await;
    let waiting = crew
        .drive(&waiting.expect("filed").id, "applicant_confirms")
        .await
        .id;
    let business = crew
        .citizen
        .submit(filing::business_at_counter(&crew.citizen, "Quán"))
        .await;
    let business = crew
        .drive(&business.expect("filed").id, "handover")
        .await
        .id;
    let ready = crew
        .citizen
        .submit(filing::birth_at_counter(&crew.citizen))
        .await;
    let ready = crew.drive(&ready.expect("filed").id, "completed").await.id;
    crew.clerk.claim(&filed[0]).await.expect("claimed");

    let all = set(&[&filed[0], &filed[1], &filed[2]]);
    for clerk in [&crew.clerk, &colleague] {
        assert_eq!(listed(clerk, Queue::ToReceive).await, all);
        assert_eq!(
            listed(clerk, Queue::Unclaimed).await,
            set(&[&filed[1], &filed[2]])
        );
        assert_eq!(
            listed(clerk, Queue::WaitingForApplicant).await,
            set(&[&waiting])
        );
    }
    assert_eq!(listed(&crew.clerk, Queue::Mine).await, set(&[&filed[0]]));
    assert_eq!(listed(&colleague, Queue::Mine).await, set(&[]));
    assert_eq!(
        listed(&crew.returner, Queue::ReadyToDeliver).await,
        set(&[&ready])
    );
    assert_eq!(listed(&crew.clerk, Queue::ReadyToDeliver).await, set(&[]));
    assert_eq!(
        listed(&crew.specialist, Queue::Unclaimed).await,
        set(&[&business])
    );
    assert_eq!(
        listed(&crew.head, Queue::Unclaimed).await,
        set(&[&business])
    );
    for queue in [
        Queue::ToReceive,
        Queue::Unclaimed,
        Queue::WaitingForApplicant,
        Queue::Late,
    ] {
        assert_eq!(
            listed(&island, queue).await,
            set(&[]),
            "{queue:?} of another unit"
        );
    }

    assert_eq!(listed(&crew.specialist, Queue::DueToday).await, set(&[]));
    world.at("2026-10-08T08:00:00+07:00");
    assert_eq!(
        listed(&crew.specialist, Queue::DueToday).await,
        set(&[&business])
    );
    assert_eq!(listed(&crew.specialist, Queue::Late).await, set(&[]));
    world.at("2026-10-09T00:00:00+07:00");
    assert_eq!(listed(&crew.specialist, Queue::DueToday).await, set(&[]));
    assert_eq!(
        listed(&crew.specialist, Queue::Late).await,
        set(&[&business])
    );
    let row = crew
        .specialist
        .queue(Queue::Late)
        .await
        .expect("listed")
        .rows
        .remove(0);
    assert!(row.late);
    assert_eq!(
        (row.due_on.as_str(), row.procedure.as_str()),
        ("2026-10-08", "1.001612")
    );
}

#[tokio::test]
async fn queues_belong_to_desks() {
    let world = World::start().await;
    for who in [&MAI, &AUDITOR, &ADMIN, &PORTAL] {
        refused(world.client(who).queue(Queue::ToReceive).await)
            .is(Code::PermissionDenied, "PERMISSION_DENIED");
    }
    refused(world.client(&CLERK).queue(Queue::Unspecified).await)
        .is(Code::InvalidArgument, "INVALID_REQUEST")
        .names("queue");
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat_although_work_goes_on() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let mut filed = BTreeSet::new();
    for _ in 0..25 {
        let request = filing::birth_at_counter(&crew.citizen);
        filed.insert(crew.citizen.submit(request).await.expect("filed").id);
    }
    let mut request = ListWorkItemsRequest {
        queue: Queue::ToReceive.into(),
        page_size: 10,
        ..Default::default()
    };
    let (mut seen, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let page = crew
            .clerk
            .desk()
            .list_work_items(request.clone())
            .await
            .expect("a page");
        let page = page.into_inner();
        assert_eq!(page.total_size, filed.len() as u64);
        sizes.push(page.rows.len());
        seen.extend(page.rows.into_iter().map(|row| row.dossier));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
        let first = &seen[0];
        if filed.contains(first) && sizes.len() == 1 {
            crew.clerk
                .advance(first, "propose_refusal")
                .await
                .expect("still to be received");
            let head = world.client(&HEAD_OF_CENTRE);
            head.refuse(first, "Không thuộc thẩm quyền.")
                .await
                .expect("gone from the queue");
            filed.remove(first);
        }
    }
    assert_eq!(sizes, [10, 10, 5]);
    let gone = seen.remove(0);
    assert!(!filed.contains(&gone));
    assert_eq!(seen.len(), filed.len(), "no row came twice");
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), filed);
}

#[tokio::test]
async fn a_page_token_is_good_for_its_own_list_and_arguments_only() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    for _ in 0..3 {
        let request = filing::birth_at_counter(&crew.citizen);
        crew.citizen.submit(request).await.expect("filed");
    }
    let request = ListWorkItemsRequest {
        queue: Queue::ToReceive.into(),
        page_size: 2,
        ..Default::default()
    };
    let page = crew
        .clerk
        .desk()
        .list_work_items(request.clone())
        .await
        .expect("a page");
    let page_token = page.into_inner().next_page_token;
    let with_token = ListWorkItemsRequest {
        page_token: page_token.clone(),
        ..request.clone()
    };
    crew.clerk
        .desk()
        .list_work_items(with_token.clone())
        .await
        .expect("the next page");
    let other_queue = ListWorkItemsRequest {
        queue: Queue::Unclaimed.into(),
        ..with_token.clone()
    };
    let other_filter = ListWorkItemsRequest {
        procedure: "1.001193".into(),
        ..with_token.clone()
    };
    let made_up = ListWorkItemsRequest {
        page_token: "AAAA".into(),
        ..request.clone()
    };
    for wrong in [other_queue, other_filter, made_up] {
        refused(crew.clerk.desk().list_work_items(wrong).await)
            .is(Code::InvalidArgument, "INVALID_REQUEST")
            .names("page_token");
    }
    refused(
        world
            .client(&CLERK_2)
            .desk()
            .list_work_items(with_token)
            .await,
    )
    .names("page_token");
    let negative = ListWorkItemsRequest {
        page_size: -1,
        ..request.clone()
    };
    refused(crew.clerk.desk().list_work_items(negative).await).names("page_size");
    let greedy = ListWorkItemsRequest {
        page_size: 1_000_000,
        ..request
    };
    let all = crew
        .clerk
        .desk()
        .list_work_items(greedy)
        .await
        .expect("at most 1,000 rows");
    assert_eq!(all.into_inner().rows.len(), 3);
}

#[tokio::test]
async fn the_procedure_narrows_a_queue_and_its_count() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    crew.citizen
        .submit(filing::birth_at_counter(&crew.citizen))
        .await
        .expect("filed");
    crew.citizen
        .submit(filing::marriage_at_counter(&crew.citizen))
        .await
        .expect("filed");
    let request = ListWorkItemsRequest {
        queue: Queue::ToReceive.into(),
        procedure: "1.000894".into(),
        ..Default::default()
    };
    let page = crew
        .clerk
        .desk()
        .list_work_items(request)
        .await
        .expect("a page")
        .into_inner();
    assert_eq!((page.total_size, page.rows.len()), (1, 1));
    assert_eq!(page.rows[0].procedure, "1.000894");
}

#[tokio::test]
async fn a_dossier_is_found_by_code_name_with_and_without_marks_and_identity_number() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew
        .citizen
        .submit(filing::birth_at_counter(&crew.citizen))
        .await
        .expect("filed");
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
        for (client, sees) in [
            (&crew.clerk, true),
            (&crew.specialist, true),
            (&world.client(&ISLAND_CLERK), false),
        ] {
            let rows = client.search(by.clone()).await.expect("searched");
            let ids: Vec<_> = rows.iter().map(|row| row.id.as_str()).collect();
            let expected = if found && sees {
                vec![filed.id.as_str()]
            } else {
                vec![]
            };
            assert_eq!(ids, expected, "{by:?}");
        }
        let rows = world
            .client(&AUDITOR)
            .search(by)
            .await
            .expect("auditors search everywhere");
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
    clerk
        .search(By::Name("Trần Văn Bình".into()))
        .await
        .expect("searched");
    clerk
        .search(By::IdNumber("1".into()))
        .await
        .expect("searched");
    let recorded = auditor.chain("sys:search").await.expect("read");
    assert_eq!(recorded.len(), 2);
    let first = format!("{:?}", recorded[0]);
    assert!(
        first.contains(CLERK.id) && first.contains("Trần Văn Bình"),
        "{first}"
    );
}

#[tokio::test]
async fn the_secret_alone_tracks_a_dossier_without_naming_anyone() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew
        .citizen
        .file(filing::birth_at_counter(&crew.citizen))
        .await
        .expect("filed");
    let id = filed.dossier.expect("a dossier").id;
    let accepted = crew.drive(&id, "handover").await;
    let tracked = world
        .anonymous()
        .track(&filed.tracking_secret)
        .await
        .expect("tracked");
    assert_eq!(tracked.code, accepted.code);
    assert_eq!(tracked.status(), Status::Received);
    assert_eq!(
        tracked
            .appointment
            .as_ref()
            .map(|clock| clock.due_on.as_str()),
        Some("2026-10-05")
    );
    let shown = format!("{tracked:?}");
    for hidden in ["Mai", MAI.id, filing::MAI_NUMBER, CLERK.id] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
    refused(
        world
            .anonymous()
            .track(&format!("{}a", filed.tracking_secret))
            .await,
    )
    .is(Code::NotFound, "NOT_FOUND");
    refused(world.anonymous().track(&id).await).is(Code::NotFound, "NOT_FOUND");
}

#[tokio::test]
async fn code_and_second_factor_track_and_the_sixth_guess_is_refused_even_if_right() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let portal = world.client(&PORTAL);
    let filed = crew
        .citizen
        .submit(filing::birth_at_counter(&crew.citizen))
        .await
        .expect("filed");
    let code = crew.drive(&filed.id, "handover").await.code;
    for factor in [filing::MAI_NUMBER, filing::MAI_PHONE, "0912 345 678"] {
        assert_eq!(
            portal
                .track_code(&code, factor)
                .await
                .expect("tracked")
                .code,
            code
        );
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
    assert_eq!(
        portal
            .track_code(&code, filing::MAI_PHONE)
            .await
            .expect("later")
            .code,
        code
    );
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
    let birth = mai
        .submit(filing::birth_at_counter(&mai))
        .await
        .expect("filed")
        .id;
    world.at("2026-10-05T09:10:00+07:00");
    let marriage = mai
        .submit(filing::marriage_at_counter(&mai))
        .await
        .expect("filed")
        .id;
    let list = async |client: &Client, page_size: i32, page_token: &str| {
        let request = ListMyDossiersRequest {
            page_size,
            page_token: page_token.into(),
        };
        client
            .dossiers()
            .list_my_dossiers(request)
            .await
            .expect("listed")
            .into_inner()
    };
    let ids = |page: &ListMyDossiersResponse| {
        page.dossiers
            .iter()
            .map(|dossier| dossier.id.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        ids(&list(&mai, 0, "").await),
        [marriage.clone(), birth.clone()]
    );
    assert_eq!(ids(&list(&binh, 0, "").await), [marriage.clone()]);
    assert!(ids(&list(&world.client(&STRANGER), 0, "").await).is_empty());
    let first = list(&mai, 1, "").await;
    assert_eq!(ids(&first), [marriage]);
    assert_eq!(ids(&list(&mai, 1, &first.next_page_token).await), [birth]);
}
