//! A watch at one node sees what another commits: each change once, in order.

use std::time::{Duration, Instant};

use motcua_api::v1::*;
use motcua_engine::limits::WATCH_QUEUE_LOOK_MS;
use motcua_tests::client::KnownQueue;
use motcua_tests::people::*;
use motcua_tests::{filing, until};

use crate::{kinds, two};

/// Dossiers that live at the same time.
const LIVES: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_at_one_node_tells_every_version_that_another_commits_once_and_in_order() {
    let ((_first, one), (second, other)) = two().await;
    let mut lives = Vec::new();
    for number in 0..LIVES {
        let filed = one.citizen.submit(filing::marriage_at_counter(&one.citizen)).await;
        let (id, one) = (filed.expect("filed").id, one.clone());
        let watched = other.citizen.watch(&id, "").await.expect("watched at the other node");
        // A line that was dropped counts until the server has noticed, so no clerk comes near to as
        // many watches as one may have.
        let clerk = second.client(if number % 2 == 0 { &CLERK } else { &CLERK_2 });
        lives.push(tokio::spawn(async move {
            // The second watcher drops its line again and again.
            let resumed = async {
                let (mut changes, mut token) = (Vec::new(), String::new());
                loop {
                    let mut watched = clerk.watch(&id, &token).await.expect("resumed");
                    let (change, behind) = watched.change().await;
                    token = behind;
                    changes.push(change);
                    if changes.last().is_some_and(|change| change.closed) {
                        return changes;
                    }
                }
            };
            let driven = one.drive(&id, "delivered");
            let (last, told, resumed) = tokio::join!(driven, watched.to_the_end(), resumed);
            (last, told, resumed)
        }));
    }
    for life in lives {
        let (last, told, resumed) = life.await.expect("lived");
        let versions: Vec<u64> = told.iter().map(|change| change.version).collect();
        assert_eq!(versions, (1..=last.version).collect::<Vec<_>>());
        // It began where the dossier stood by then.
        let begun = resumed[0].version as usize - 1;
        assert_eq!(resumed, told[begun..]);
        let (events, _) = second.client(&AUDITOR).replay(&last.id).await.expect("replayed");
        let acts: Vec<_> = told.iter().map(|change| change.act.clone()).collect();
        assert_eq!(acts, kinds(&events));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_at_one_node_shows_what_another_commits() {
    let ((_first, one), (_second, other)) = two().await;
    let (queue, mut known) = (Queue::ToReceive, KnownQueue::default());
    let mut watched = other.clerk.watch_queue(queue, "").await.expect("a desk");
    known.follow(&mut watched).await;
    let mut ids = Vec::new();
    for _ in 0..LIVES {
        let filed = one.citizen.submit(filing::marriage_at_counter(&one.citizen)).await;
        ids.push(filed.expect("filed").id);
    }
    // Read your own writes: what begins now sees all of it, through any node.
    let mut late_comer = KnownQueue::default();
    late_comer.follow(&mut other.clerk.watch_queue(queue, "").await.expect("a desk")).await;
    assert_eq!(late_comer.total, LIVES as u64);
    for id in &ids[..5] {
        one.drive(id, "handover").await;
    }
    let list = one.clerk.queue(queue).await.expect("a queue of the desk");
    while !known.is(&list) {
        known.follow(&mut watched).await;
    }
    assert_eq!(known.total, LIVES as u64 - 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_tells_the_others_so_that_a_queue_need_not_wait_for_its_next_look() {
    let ((_first, one), (_second, other)) = two().await;
    let (queue, mut known) = (Queue::ToReceive, KnownQueue::default());
    let mut watched = other.clerk.watch_queue(queue, "").await.expect("a desk");
    known.follow(&mut watched).await;
    // The first may come before the node listens; by looking alone the others would take a look each.
    let mut began = Instant::now();
    for number in 0..6 {
        one.citizen.submit(filing::marriage_at_counter(&one.citizen)).await.expect("filed");
        while known.total <= number {
            known.follow(&mut watched).await;
        }
        if number == 0 {
            began = Instant::now();
        }
    }
    let look = Duration::from_millis(WATCH_QUEUE_LOOK_MS);
    assert!(began.elapsed() < 2 * look, "five changes took {:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_node_was_told_of_is_found_by_looking() {
    let ((first, one), (_second, other)) = two().await;
    let (queue, mut known) = (Queue::ToReceive, KnownQueue::default());
    let filed = one.citizen.submit(filing::marriage_at_counter(&one.citizen)).await;
    let id = filed.expect("filed").id;
    let mut watched = other.clerk.watch_queue(queue, "").await.expect("a desk");
    known.follow(&mut watched).await;
    assert_eq!(known.total, 1);
    // The only one, so no queue holds anything then.
    let gone = format!(
        "DELETE FROM work_item WHERE dossier_id = '{id}'; UPDATE queue_count SET items = 0"
    );
    first.database().execute(&gone).await.expect("deleted beside all nodes");
    known.follow(&mut watched).await;
    assert_eq!((known.rows.len(), known.total), (0, 0));
    // A node that lost the connection on which it listens goes on.
    let listening = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    first.database().execute(listening).await.expect("cut off");
    one.citizen.submit(filing::marriage_at_counter(&one.citizen)).await.expect("filed");
    known.follow(&mut watched).await;
    assert_eq!(known.total, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dossier_is_watched_again_after_the_last_watch_ended() {
    let ((_first, one), (_second, other)) = two().await;
    for _ in 0..3 {
        let filed = one.citizen.submit(filing::marriage_at_counter(&one.citizen)).await;
        let id = filed.expect("filed").id;
        let mut watched = other.citizen.watch(&id, "").await.expect("watched");
        assert_eq!(watched.change().await.0.version, 1);
        one.clerk.claim(&id).await.expect("claimed");
        assert_eq!(watched.change().await.0.act, "claim");
        drop(watched);
        until("the place to be free", async || other.citizen.watch(&id, "").await.ok()).await;
    }
}
