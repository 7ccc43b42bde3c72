//! Queues: what they show, to whom, and how many there are.

use std::collections::BTreeSet;

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
    let waiting = crew.citizen.submit(filing::birth_online(&crew.citizen).await).await;
    let waiting = crew.drive(&waiting.expect("filed").id, "applicant_confirms").await.id;
    let business = crew.citizen.submit(filing::business_at_counter(&crew.citizen, "Quán")).await;
    let business = crew.drive(&business.expect("filed").id, "handover").await.id;
    let ready = crew.citizen.submit(filing::birth_at_counter(&crew.citizen)).await;
    let ready = crew.drive(&ready.expect("filed").id, "completed").await.id;
    crew.clerk.claim(&filed[0]).await.expect("claimed");

    let all = set(&[&filed[0], &filed[1], &filed[2]]);
    for clerk in [&crew.clerk, &colleague] {
        assert_eq!(listed(clerk, Queue::ToReceive).await, all);
        assert_eq!(listed(clerk, Queue::Unclaimed).await, set(&[&filed[1], &filed[2]]));
        assert_eq!(listed(clerk, Queue::WaitingForApplicant).await, set(&[&waiting]));
    }
    assert_eq!(listed(&crew.clerk, Queue::Mine).await, set(&[&filed[0]]));
    assert_eq!(listed(&colleague, Queue::Mine).await, set(&[]));
    assert_eq!(listed(&crew.returner, Queue::ReadyToDeliver).await, set(&[&ready]));
    assert_eq!(listed(&crew.clerk, Queue::ReadyToDeliver).await, set(&[]));
    assert_eq!(listed(&crew.specialist, Queue::Unclaimed).await, set(&[&business]));
    assert_eq!(listed(&crew.head, Queue::Unclaimed).await, set(&[&business]));
    for queue in [Queue::ToReceive, Queue::Unclaimed, Queue::WaitingForApplicant, Queue::Late] {
        assert_eq!(listed(&island, queue).await, set(&[]), "{queue:?} of another unit");
    }

    assert_eq!(listed(&crew.specialist, Queue::DueToday).await, set(&[]));
    world.at("2026-10-08T08:00:00+07:00");
    assert_eq!(listed(&crew.specialist, Queue::DueToday).await, set(&[&business]));
    assert_eq!(listed(&crew.specialist, Queue::Late).await, set(&[]));
    world.at("2026-10-09T00:00:00+07:00");
    assert_eq!(listed(&crew.specialist, Queue::DueToday).await, set(&[]));
    assert_eq!(listed(&crew.specialist, Queue::Late).await, set(&[&business]));
    let row = crew.specialist.queue(Queue::Late).await.expect("listed").rows.remove(0);
    assert!(row.late);
    assert_eq!((row.due_on.as_str(), row.procedure.as_str()), ("2026-10-08", "1.001612"));
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
        let page = crew.clerk.desk().list_work_items(request.clone()).await.expect("a page");
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
            crew.clerk.advance(first, "propose_refusal").await.expect("still to be received");
            let head = world.client(&HEAD_OF_CENTRE);
            head.refuse(first, "Không thuộc thẩm quyền.").await.expect("gone from the queue");
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
    let request =
        ListWorkItemsRequest { queue: Queue::ToReceive.into(), page_size: 2, ..Default::default() };
    let page = crew.clerk.desk().list_work_items(request.clone()).await.expect("a page");
    let page_token = page.into_inner().next_page_token;
    let with_token = ListWorkItemsRequest { page_token: page_token.clone(), ..request.clone() };
    crew.clerk.desk().list_work_items(with_token.clone()).await.expect("the next page");
    let other_queue = ListWorkItemsRequest { queue: Queue::Unclaimed.into(), ..with_token.clone() };
    let other_filter = ListWorkItemsRequest { procedure: "1.001193".into(), ..with_token.clone() };
    let made_up = ListWorkItemsRequest { page_token: "AAAA".into(), ..request.clone() };
    for wrong in [other_queue, other_filter, made_up] {
        refused(crew.clerk.desk().list_work_items(wrong).await)
            .is(Code::InvalidArgument, "INVALID_REQUEST")
            .names("page_token");
    }
    refused(world.client(&CLERK_2).desk().list_work_items(with_token).await).names("page_token");
    let negative = ListWorkItemsRequest { page_size: -1, ..request.clone() };
    refused(crew.clerk.desk().list_work_items(negative).await).names("page_size");
    let greedy = ListWorkItemsRequest { page_size: 1_000_000, ..request };
    let all = crew.clerk.desk().list_work_items(greedy).await.expect("at most 1,000 rows");
    assert_eq!(all.into_inner().rows.len(), 3);
}

#[tokio::test]
async fn the_procedure_narrows_a_queue_and_its_count() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    crew.citizen.submit(filing::birth_at_counter(&crew.citizen)).await.expect("filed");
    crew.citizen.submit(filing::marriage_at_counter(&crew.citizen)).await.expect("filed");
    let request = ListWorkItemsRequest {
        queue: Queue::ToReceive.into(),
        procedure: "1.000894".into(),
        ..Default::default()
    };
    let page = crew.clerk.desk().list_work_items(request).await.expect("a page").into_inner();
    assert_eq!((page.total_size, page.rows.len()), (1, 1));
    assert_eq!(page.rows[0].procedure, "1.000894");
}
