//! Timers that all nodes see: fired once, and by one.

use jiff::SignedDuration;
use motcua_engine::limits::TIMER_CLAIM_S;
use motcua_store::Store as _;
use motcua_store_sql::Options;
use motcua_tests::World;
use motcua_tests::filing;
use motcua_tests::life::Crew;
use motcua_tests::people::*;

use crate::{kinds, two};

/// Dossiers whose timers are due at once.
const DUE: u64 = 30;
/// When they are.
const LATER: &str = "2026-12-01T09:00:00+07:00";

/// A birth that waits for its applicant until its timers are due.
async fn waiting(crew: &Crew) -> String {
    let filed = crew.citizen.submit(filing::birth_online(&crew.citizen).await).await;
    let id = filed.expect("filed").id;
    crew.drive(&id, "applicant_confirms").await;
    id
}

/// What becomes of such a birth where one node is alone.
async fn fired_alone() -> Vec<String> {
    let alone = World::start_on_postgres().await;
    let id = waiting(&Crew::of(&alone)).await;
    alone.at(LATER);
    alone.fire_timers().await;
    let (events, _) = alone.client(&AUDITOR).replay(&id).await.expect("replayed");
    kinds(&events)
}

async fn check_all(world: &World, ids: &[String], expected: &[String]) {
    for id in ids {
        let (events, verdict) = world.client(&AUDITOR).replay(id).await.expect("replayed");
        assert!(verdict.equal, "{:?}", verdict.findings);
        assert_eq!(kinds(&events), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn timers_that_all_nodes_see_fire_once_and_are_tried_by_one() {
    let ((first, one), (second, _)) = two().await;
    let third = second.another_node().await;
    let mut ids = Vec::new();
    for _ in 0..DUE {
        ids.push(waiting(&one).await);
    }
    first.at(LATER);
    tokio::join!(first.fire_timers(), second.fire_timers(), third.fire_timers());
    check_all(&second, &ids, &fired_alone().await).await;
    // A dossier comes again only where its first timers set others that are due as well.
    let tried: u64 =
        [&first, &second, &third].iter().map(|node| node.engine().timers_tried()).sum();
    let alone = World::start_on_postgres().await;
    let crew = Crew::of(&alone);
    for _ in 0..DUE {
        waiting(&crew).await;
    }
    alone.at(LATER);
    alone.fire_timers().await;
    assert_eq!(alone.engine().timers_tried(), DUE);
    assert!((DUE..=DUE + 2).contains(&tried), "{tried} attempts for {DUE} dossiers");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_node_claimed_that_was_killed_is_fired_by_others() {
    let ((first, one), (second, _)) = two().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(waiting(&one).await);
    }
    first.at(LATER);
    // A node that claims all of them and is never heard of again.
    let gone = first.database().open(Options::default()).await;
    let until = first.now() + SignedDuration::from_secs(TIMER_CLAIM_S);
    let claimed = gone.claim_timers(first.now(), until, None, 100).await.expect("claimed");
    assert_eq!(claimed.len(), ids.len());
    gone.close().await;
    first.at(&until.to_string());
    second.fire_timers().await;
    check_all(&first, &ids, &fired_alone().await).await;
    assert_eq!(second.engine().timers_tried(), ids.len() as u64);
}
