//! Streams of changes: each once and in order, over dropped lines, to those alone who may see.

use std::time::Duration;

use motcua_api::v1::*;
use motcua_tests::client::KnownQueue;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::wait::soon;
use motcua_tests::{Client, Refused, World, filing, refused};
use tokio::time::Instant;
use tonic::Code;

async fn filed(crew: &Crew) -> String {
    crew.citizen.submit(filing::marriage_at_counter(&crew.citizen)).await.expect("filed").id
}

/// What happened, in order.
async fn kinds(world: &World, id: &str) -> Vec<String> {
    let (events, verdict) = world.client(&AUDITOR).replay(id).await.expect("replayed");
    assert!(verdict.equal, "{:?}", verdict.findings);
    let kind = |event: &HistoryEvent| {
        let header: serde_json::Value = serde_json::from_str(&event.header).expect("JSON");
        header["kind"].as_str().expect("a kind").to_owned()
    };
    events.iter().map(kind).collect()
}

fn acts(changes: &[DossierChange]) -> Vec<&str> {
    changes.iter().map(|change| change.act.as_str()).collect()
}

/// Each version once, in order.
#[track_caller]
fn assert_whole(changes: &[DossierChange]) {
    let versions: Vec<u64> = changes.iter().map(|change| change.version).collect();
    let whole: Vec<u64> = (1..=changes.len() as u64).collect();
    assert_eq!(versions, whole);
}

#[tokio::test]
async fn a_watch_tells_each_version_once_and_in_order_until_the_dossier_is_closed() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let id = filed(&crew).await;
    let watched = crew.citizen.watch(&id, "").await.expect("their own dossier");
    let (last, changes) = tokio::join!(crew.drive(&id, "delivered"), watched.to_the_end());
    assert_whole(&changes);
    assert_eq!(acts(&changes), kinds(&world, &id).await);
    let end = changes.last().expect("changes");
    assert!(end.closed && last.closed);
    assert_eq!((end.version, end.status(), &end.code), (last.version, last.status(), &last.code));
    let accepted = changes.iter().find(|change| change.act == "accept").expect("accepted");
    let clock = last.clocks.expect("limits").statutory.expect("a limit");
    assert_eq!((accepted.state.as_str(), &accepted.due_on), ("handover", &clock.due_on));
    assert_eq!(accepted.steps, ["handover"]);
    // What is closed has nothing more to tell.
    let again = crew.citizen.watch(&id, "").await.expect("their own dossier").to_the_end().await;
    assert_eq!(again, std::slice::from_ref(end));
}

#[tokio::test]
async fn a_stream_that_dropped_is_resumed_without_a_gap_or_a_repeat() {
    let mut world = World::start().await;
    let crew = Crew::of(&world);
    let id = filed(&crew).await;
    let mut seen = Vec::new();
    let mut token = String::new();
    for step in ["handover", "examination", "signature", "issuing", "completed"] {
        let mut watched = crew.citizen.watch(&id, &token).await.expect("resumed");
        crew.drive(&id, step).await;
        // The line drops after one more message, whatever was sent by then.
        let (change, behind) = watched.change().await;
        seen.push(change);
        token = behind;
    }
    world.restart().await;
    let crew = Crew::of(&world);
    crew.drive(&id, "delivered").await;
    let rest = crew.citizen.watch(&id, &token).await.expect("resumed").to_the_end().await;
    assert!(rest.len() > 3, "most was still to come: {rest:?}");
    seen.extend(rest);
    assert_whole(&seen);
    assert_eq!(acts(&seen), kinds(&world, &id).await);
}

#[tokio::test]
async fn nobody_watches_what_they_may_not_see() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let id = filed(&crew).await;
    for who in EVERYONE {
        let client = world.client(who);
        let sees = client.get(&id).await.is_ok();
        match client.watch(&id, "").await {
            Ok(mut watched) => {
                assert!(sees, "{} watches what they do not see", who.id);
                assert_eq!(watched.change().await.0.version, 1);
            }
            Err(status) => {
                assert!(!sees, "{}: {status:?}", who.id);
                assert_eq!(status.code(), Code::NotFound);
            }
        }
    }
    let portal = world.client(&PORTAL);
    let stranger = refused(portal.attesting(STRANGER.id).watch(&id, "").await);
    assert_eq!(stranger.code, Code::NotFound);
    let reads = async || {
        let chain = world.client(&AUDITOR).chain(&format!("acc:{id}")).await;
        chain.expect("the reads of a dossier").len()
    };
    let before = reads().await;
    let mut watched = portal.attesting(MAI.id).watch(&id, "").await.expect("for its owner");
    assert_eq!(watched.change().await.0.version, 1);
    assert_eq!(reads().await, before + 1, "recorded as a read for a citizen");
    let auditor = refused(world.client(&AUDITOR).watch_queue(Queue::Mine, "").await);
    assert_eq!(auditor.code, Code::PermissionDenied);
}

#[tokio::test]
async fn a_token_is_good_for_its_own_stream_alone() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let (id, other) = (filed(&crew).await, filed(&crew).await);
    let (_, token) = crew.citizen.watch(&id, "").await.expect("watched").change().await;
    let mut queue = KnownQueue::default();
    let mut watched = crew.clerk.watch_queue(Queue::ToReceive, "").await.expect("a desk");
    queue.follow(&mut watched).await;
    for (client, dossier, token) in [
        (&crew.citizen, &id, "nonsense"),
        (&crew.citizen, &other, token.as_str()),
        (&crew.clerk, &id, token.as_str()),
        (&crew.citizen, &id, queue.token.as_str()),
    ] {
        let refused = refused(client.watch(dossier, token).await);
        assert_eq!(
            (refused.code, refused.reason.as_str()),
            (Code::InvalidArgument, "INVALID_REQUEST")
        );
        assert_eq!(refused.subjects, ["resume_token"]);
    }
    for (client, queue, token) in [
        (&crew.clerk, Queue::Mine, queue.token.as_str()),
        (&world.client(&CLERK_2), Queue::ToReceive, queue.token.as_str()),
        (&crew.clerk, Queue::ToReceive, token.as_str()),
    ] {
        let refused = refused(client.watch_queue(queue, token).await);
        assert_eq!(refused.subjects, ["resume_token"]);
    }
    crew.citizen.watch(&id, &token).await.expect("its own");
}

#[tokio::test]
async fn a_silent_stream_shows_that_it_is_alive_beyond_the_time_of_a_call() {
    use watch_dossier_response::News;
    let world = World::start_with(|config| {
        config.watch_heartbeat = Duration::from_millis(50);
        config.call_timeout = Duration::from_millis(400);
    });
    let world = world.await;
    let crew = Crew::of(&world);
    let id = filed(&crew).await;
    let mut watched = crew.citizen.watch(&id, "").await.expect("watched");
    let (_, token) = watched.change().await;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(800) {
        let message = watched.next().await.expect("it goes on").expect("it is open");
        assert!(matches!(message.news, Some(News::Heartbeat(_))), "{message:?}");
        assert_eq!(message.resume_token, token, "nothing happened");
    }
    crew.clerk.claim(&id).await.expect("claimed");
    assert_eq!(watched.change().await.0.version, 2);
}

#[tokio::test]
async fn streams_end_with_their_server_their_token_and_their_lifetime() {
    let mut world =
        World::start_with(|config| config.watch_lifetime = Duration::from_secs(5)).await;
    let crew = Crew::of(&world);
    let id = filed(&crew).await;
    let token = world.token_for(&MAI, Duration::from_secs(2));
    let mut of_token =
        world.client_with_token(MAI.id, &token).watch(&id, "").await.expect("watched");
    let ended = Refused::of(&of_token.end().await);
    assert_eq!((ended.code, ended.reason.as_str()), (Code::Unauthenticated, "TOKEN_EXPIRED"));

    let mut of_time = crew.clerk.watch_queue(Queue::ToReceive, "").await.expect("watched");
    let ended = Refused::of(&of_time.end().await);
    assert_eq!((ended.code, ended.reason.as_str()), (Code::Unavailable, "WATCH_ENDED"));
    assert_eq!(ended.metadata["ended"], "lifetime");
    assert!(ended.retry_after.is_some());

    let mut one = crew.citizen.watch(&id, "").await.expect("watched");
    let mut other = crew.clerk.watch_queue(Queue::ToReceive, "").await.expect("watched");
    let begun = Instant::now();
    let stopping = world.stop();
    let (one, other, ()) =
        tokio::join!(one.end(), other.end(), soon("the server to stop", stopping));
    assert!(begun.elapsed() < Duration::from_secs(5), "it waited for the streams");
    for ended in [Refused::of(&one), Refused::of(&other)] {
        assert_eq!((ended.code, ended.reason.as_str()), (Code::Unavailable, "WATCH_ENDED"));
        assert_eq!(ended.metadata["ended"], "stopping");
    }
}

#[tokio::test]
async fn one_stream_too_many_is_refused_and_a_dropped_one_makes_room() {
    let world = World::start_with(|config| {
        config.watches_per_caller_max = 2;
        config.watches_per_connection_max = 3;
    });
    let world = world.await;
    let crew = Crew::of(&world);
    let id = filed(&crew).await;
    let first = crew.citizen.watch(&id, "").await.expect("the first");
    let _second = crew.citizen.watch(&id, "").await.expect("the second");
    let again = world.client(&MAI);
    for client in [&crew.citizen, &again] {
        let refused = refused(client.watch(&id, "").await);
        assert_eq!(
            (refused.code, refused.reason.as_str()),
            (Code::ResourceExhausted, "OVERLOADED")
        );
    }
    drop(first);
    let there_is_room = async || again.watch(&id, "").await.ok();
    let _third = motcua_tests::until("room for another", there_is_room).await;
    // Of one connection, whoever they are for.
    let portal = world.client(&PORTAL);
    let mut open = Vec::new();
    for _ in 0..2 {
        open.push(portal.attesting(MAI.id).watch(&id, "").await.expect("for Mai"));
    }
    open.push(portal.attesting(BINH.id).watch(&id, "").await.expect("for Bình"));
    let refused = refused(portal.attesting(BINH.id).watch(&id, "").await);
    assert_eq!(refused.code, Code::ResourceExhausted);
}

/// Follows until what is known is what the list says.
async fn catch_up(
    client: &Client,
    queue: Queue,
    known: &mut KnownQueue,
    watched: &mut motcua_tests::client::Watched<WatchQueueResponse>,
) {
    let list = client.queue(queue).await.expect("a queue of the desk");
    while !known.is(&list) {
        known.follow(watched).await;
    }
}

#[tokio::test]
async fn a_watched_queue_is_what_the_list_says_after_every_act() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let mut ids = vec![filed(&crew).await];
    let (queue, mut known) = (Queue::ToReceive, KnownQueue::default());
    let mut watched = crew.clerk.watch_queue(queue, "").await.expect("a desk");
    known.follow(&mut watched).await;
    assert_eq!((known.rows.len(), known.total), (1, 1));
    for _ in 0..3 {
        ids.push(filed(&crew).await);
        catch_up(&crew.clerk, queue, &mut known, &mut watched).await;
    }
    assert_eq!(known.total, 4);
    crew.clerk.claim(&ids[0]).await.expect("claimed");
    catch_up(&crew.clerk, queue, &mut known, &mut watched).await;
    let holders = known.rows.values().filter_map(|row| Some(row.item.as_ref()?.assignee.as_str()));
    assert_eq!(holders.filter(|holder| *holder == CLERK.id).count(), 1);
    crew.drive(&ids[0], "handover").await;
    catch_up(&crew.clerk, queue, &mut known, &mut watched).await;
    assert_eq!(known.total, 3);
}

#[tokio::test]
async fn a_queue_is_resumed_with_nothing_where_nothing_changed_and_anew_otherwise() {
    use watch_queue_response::News;
    let world = World::start().await;
    let crew = Crew::of(&world);
    filed(&crew).await;
    let (queue, mut known) = (Queue::ToReceive, KnownQueue::default());
    known.follow(&mut crew.clerk.watch_queue(queue, "").await.expect("a desk")).await;
    let first = async |token: &str| {
        let mut watched = crew.clerk.watch_queue(queue, token).await.expect("resumed");
        watched.next().await.expect("it goes on").expect("a message").news.expect("news")
    };
    let nothing = QueueChanges { total_size: 1, ..Default::default() };
    assert_eq!(first(&known.token).await, News::Changes(nothing));
    filed(&crew).await;
    let News::Snapshot(snapshot) = first(&known.token).await else { panic!("it has changed") };
    assert_eq!((snapshot.rows.len(), snapshot.total_size), (2, 2));
}

#[tokio::test]
async fn a_queue_changes_by_time_alone() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::business_at_counter(&crew.citizen, "Quán")).await;
    let id = crew.drive(&filed.expect("filed").id, "handover").await.id;
    let mut streams = Vec::new();
    for queue in [Queue::DueToday, Queue::Late] {
        let mut watched = crew.specialist.watch_queue(queue, "").await.expect("a desk");
        let mut known = KnownQueue::default();
        known.follow(&mut watched).await;
        assert_eq!(known.total, 0, "{queue:?}");
        streams.push((watched, known));
    }
    let [(today, due), (late, past)] = &mut streams[..] else { panic!("two streams") };
    world.at("2026-10-08T08:00:00+07:00");
    due.follow(today).await;
    assert!(due.rows.keys().all(|(dossier, _)| *dossier == id) && due.total == 1);
    world.at("2026-10-09T08:00:00+07:00");
    past.follow(late).await;
    assert!(past.rows.values().all(|row| row.late) && past.total == 1);
    due.follow(today).await;
    assert_eq!(due.total, 0);
}
