//! Form 07, the log book: what a centre received in a period, for those who work there.

use std::collections::BTreeSet;

use motcua_api::v1::*;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{Client, World, filing, refused};
use serde_json::Value;
use tokio::task::JoinSet;
use tonic::{Code, Status};

/// The parts of a book.
async fn parts(client: &Client, unit: &str, from: &str, to: &str) -> Result<Vec<Value>, Status> {
    let request = GetLogBookRequest { unit: unit.into(), from: from.into(), to: to.into() };
    let mut stream = client.dossiers().get_log_book(request).await?.into_inner();
    let mut parts = Vec::new();
    while let Some(part) = stream.message().await? {
        let data: Value = serde_json::from_str(&part.data_json).expect("a part is JSON");
        assert_eq!(data["serial"], part.serial);
        assert_eq!(data["template"], part.template);
        parts.push(data);
    }
    Ok(parts)
}

fn rows(parts: &[Value]) -> Vec<&Value> {
    parts.iter().flat_map(|part| part["rows"].as_array().expect("rows")).collect()
}

fn codes(parts: &[Value]) -> Vec<&str> {
    rows(parts).iter().filter_map(|row| row["dossier_code"].as_str()).collect()
}

async fn filed(crew: &Crew) -> String {
    crew.citizen.submit(filing::birth_at_counter(&crew.citizen)).await.expect("filed").id
}

#[tokio::test]
async fn the_log_book_shows_what_the_centre_received_in_the_period() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let waiting = filed(&crew).await;
    let first = crew.drive(&filed(&crew).await, "handover").await;
    world.at("2026-10-06T07:59:00+07:00");
    let second = crew.drive(&filed(&crew).await, "delivered").await;
    // By the day of reception, not of filing.
    let third = crew.drive(&waiting, "handover").await;
    let clerk = &crew.clerk;
    let whole = parts(clerk, CENTRE, "2026-10-05", "2026-10-06").await.expect("the book");
    assert_eq!(whole.len(), 1);
    assert_eq!(codes(&whole)[0], first.code);
    let others: BTreeSet<&str> = codes(&whole)[1..].iter().copied().collect();
    assert_eq!(others, BTreeSet::from([&*second.code, &*third.code]));
    let monday = parts(clerk, CENTRE, "2026-10-05", "2026-10-05").await.expect("the book");
    assert_eq!(codes(&monday), [first.code.as_str()]);
    let empty = parts(clerk, "", "2026-10-07", "2026-10-31").await.expect("the own unit's book");
    assert_eq!((empty.len(), rows(&empty).len()), (1, 0), "one part without rows");
    assert_eq!(empty[0]["serial"], format!("{CENTRE}/07/2026-10-07/2026-10-31"));

    let delivered = rows(&whole).into_iter().find(|row| row["dossier_code"] == second.code);
    let delivered = delivered.expect("a row");
    assert_eq!(delivered["received_at"], "2026-10-06T07:59:00+07:00");
    assert_eq!(delivered["giver"], RETURNER.id);
    assert!(delivered["owner"]["full_name"].is_string(), "{delivered}");
}

#[tokio::test]
async fn only_those_who_work_in_the_centre_open_its_log_book_and_that_is_recorded() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    crew.drive(&filed(&crew).await, "handover").await;
    let day = "2026-10-05";
    for who in EVERYONE {
        let client = world.client(who);
        let opened = parts(&client, CENTRE, day, day).await;
        if who.unit == Some(CENTRE) {
            assert_eq!(codes(&opened.expect(who.id)).len(), 1, "{}", who.id);
        } else {
            refused(opened).is(Code::PermissionDenied, "PERMISSION_DENIED");
        }
    }
    // Another centre sees its own, which is empty; whoever works nowhere has none.
    let island = world.client(&ISLAND_CLERK);
    assert!(codes(&parts(&island, "", day, day).await.expect("its own")).is_empty());
    refused(parts(&crew.citizen, "", day, day).await)
        .is(Code::PermissionDenied, "PERMISSION_DENIED");
    let opened = world.client(&AUDITOR).chain("sys:log_book").await.expect("the chain");
    let here = EVERYONE.iter().filter(|who| who.unit == Some(CENTRE)).count();
    assert_eq!(opened.len(), here + 1, "refused attempts show nothing");
    assert!(format!("{opened:?}").contains(CLERK.id));
}

#[tokio::test]
async fn a_period_is_bounded_and_runs_forwards() {
    let world = World::start().await;
    let clerk = world.client(&CLERK);
    parts(&clerk, CENTRE, "2026-07-01", "2026-09-30").await.expect("a quarter of 92 days");
    for (from, to) in [("2026-07-01", "2026-10-01"), ("2026-10-02", "2026-10-01")] {
        refused(parts(&clerk, CENTRE, from, to).await)
            .is(Code::InvalidArgument, "INVALID_REQUEST")
            .names("to");
    }
    refused(parts(&clerk, CENTRE, "", "2026-13-01").await)
        .is(Code::InvalidArgument, "INVALID_REQUEST")
        .names("from")
        .names("to");
}

#[tokio::test]
async fn a_long_book_comes_in_parts_that_count_on() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let mut working = JoinSet::new();
    for _ in 0..9 {
        let crew = crew.clone();
        working.spawn(async move {
            let mut accepted = Vec::new();
            for _ in 0..23 {
                let id = filed(&crew).await;
                crew.clerk.accept_rest(&id).await.expect("checked");
                accepted.push(crew.clerk.accept(&id).await.expect("accepted").code);
            }
            accepted
        });
    }
    let accepted: BTreeSet<String> = working.join_all().await.into_iter().flatten().collect();
    let book = parts(&crew.clerk, CENTRE, "2026-10-05", "2026-10-05").await.expect("the book");
    let sizes: Vec<usize> =
        book.iter().map(|part| part["rows"].as_array().expect("rows").len()).collect();
    assert_eq!(sizes, [200, 7]);
    let numbers: Vec<_> = rows(&book).iter().map(|row| row["number"].as_u64()).collect();
    assert_eq!(numbers, (1..=207).map(Some).collect::<Vec<_>>());
    let listed: BTreeSet<String> = codes(&book).into_iter().map(str::to_owned).collect();
    assert_eq!(listed, accepted, "each once");
}
