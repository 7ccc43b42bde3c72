//! Several servers on one PostgreSQL database: any of them gives the same answers, and whatever they
//! do at the same time happens once.

mod failover;
mod health;
mod timers;
mod volleys;
mod watching;

use std::collections::BTreeSet;
use std::sync::Arc;

use motcua_api::v1::*;
use motcua_engine::{Config, Engine, EngineError, ManualClock};
use motcua_store_files::FolderDocuments;
use motcua_store_sql::{Options, SqlStore};
use motcua_tests::database::Database;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::wait::until;
use motcua_tests::world::{CATALOGUE, SECRET};
use motcua_tests::{World, filing};
use tokio::sync::watch;
use tonic::Code;

/// Two nodes, each with its crew.
async fn two() -> ((World, Crew), (World, Crew)) {
    let first = World::start_on_postgres().await;
    let second = first.another_node().await;
    let (one, other) = (Crew::of(&first), Crew::of(&second));
    ((first, one), (second, other))
}

/// What happened, in order.
fn kinds(events: &[HistoryEvent]) -> Vec<String> {
    let kind = |event: &HistoryEvent| {
        let header: serde_json::Value = serde_json::from_str(&event.header).expect("JSON");
        header["kind"].as_str().expect("a kind").to_owned()
    };
    events.iter().map(kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_life_goes_on_through_any_node() {
    let ((_first, one), (second, other)) = two().await;
    let filed = one.citizen.submit(filing::marriage_at_counter(&one.citizen)).await;
    let id = filed.expect("filed").id;
    let steps = ["handover", "examination", "signature", "issuing", "completed", "delivered"];
    for (crew, step) in [&other, &one].into_iter().cycle().zip(steps) {
        assert_eq!(crew.drive(&id, step).await.state, step);
    }
    let ((_, here), (_, there)) = (
        second.client(&AUDITOR).replay(&id).await.expect("replayed"),
        second.client(&AUDITOR).replay(&id).await.expect("replayed"),
    );
    assert!(here.equal && there.equal, "{:?}", here.findings);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_sent_to_two_nodes_is_carried_out_once() {
    let ((_first, one), (second, other)) = two().await;
    for _ in 0..10 {
        let filing = filing::marriage_at_counter(&one.citizen);
        let (here, there) =
            tokio::join!(one.citizen.submit(filing.clone()), other.citizen.submit(filing));
        let (here, there) = (here.expect("filed"), there.expect("the same answer"));
        assert_eq!((&here.id, here.version), (&there.id, there.version));
        let (events, verdict) = second.client(&AUDITOR).replay(&here.id).await.expect("replayed");
        assert!(verdict.equal, "{:?}", verdict.findings);
        assert_eq!(kinds(&events), ["submit"]);
    }
}

/// The answer that was lost is in the history, whatever became of the way to write.
#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_submission_is_answered_by_a_node_that_cannot_write() {
    let ((first, one), (_second, other)) = two().await;
    let filing = filing::marriage_at_counter(&one.citizen);
    let filed = one.citizen.file(filing.clone()).await.expect("filed");
    let renamed = "ALTER FUNCTION commit_dossiers RENAME TO commits_are_out_of_order";
    first.database().execute(renamed).await.expect("nothing is committed from now on");
    let again = other.citizen.file(filing).await.expect("the same answer");
    assert!(again.repeat && !filed.repeat);
    assert_eq!((again.dossier, again.tracking_secret), (filed.dossier, filed.tracking_secret));
    let new = other.citizen.file(filing::marriage_at_counter(&other.citizen)).await;
    assert_eq!(new.expect_err("it cannot be written").code(), Code::Unavailable);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_rivals_at_two_nodes_one_wins() {
    let ((first, one), (second, other)) = two().await;
    let (mine, theirs) = (first.client(&CLERK), second.client(&CLERK_2));
    for _ in 0..10 {
        let filed = one.citizen.submit(filing::marriage_at_counter(&one.citizen)).await;
        let id = filed.expect("filed").id;
        let (here, there) = tokio::join!(mine.claim(&id), theirs.claim(&id));
        assert!(here.is_ok() ^ there.is_ok(), "{here:?} {there:?}");
        let lost = here.err().or(there.err()).expect("one has lost");
        assert_eq!(lost.code(), Code::FailedPrecondition, "{lost:?}");
        let (_, verdict) = second.client(&AUDITOR).replay(&id).await.expect("replayed");
        assert!(verdict.equal, "{:?}", verdict.findings);
    }
    drop(other);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_unique_over_nodes() {
    let ((_first, one), (_second, other)) = two().await;
    let accept = async |crew: &Crew| {
        let filed = crew.citizen.submit(filing::marriage_at_counter(&crew.citizen)).await;
        crew.drive(&filed.expect("filed").id, "handover").await.code
    };
    let mut codes = BTreeSet::new();
    for _ in 0..10 {
        let (here, there) = tokio::join!(accept(&one), accept(&other));
        assert!(codes.insert(here) && codes.insert(there), "{codes:?}");
    }
    assert_eq!(codes.len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_puts_in_force_is_known_to_the_others() {
    let ((first, one), (second, other)) = two().await;
    let (stop, stopped) = watch::channel(false);
    let engine = second.engine().clone();
    let working = tokio::spawn(async move { engine.run_workers(stopped).await });
    let source = String::from_utf8(CATALOGUE[2].1.to_vec()).expect("text");
    let newer = source.replacen("version: 1.0.0", "version: 1.0.1", 1).replacen(
        "effective_from: 2026-07-01",
        "effective_from: 2026-10-05",
        1,
    );
    assert_ne!(newer, source);
    let publish = |world: &World, source: &str| {
        let client = world.client(&ADMIN);
        let request = PublishProcedureRequest { source: source.into(), ground: "QĐ 1".into() };
        async move { client.procedures().publish_procedure(request).await }
    };
    publish(&first, &newer).await.expect("published");
    // A dossier that is bound to it is read and worked on at once.
    let filed = one.citizen.submit(filing::marriage_at_counter(&one.citizen)).await;
    let id = filed.expect("filed").id;
    let seen = other.drive(&id, "handover").await;
    assert_eq!(seen.procedure.expect("pinned").version, "1.0.1");
    until("the other node to know the version", async || {
        let filed = other.citizen.submit(filing::marriage_at_counter(&other.citizen)).await;
        let version = filed.expect("filed").procedure.expect("pinned").version;
        (version == "1.0.1").then_some(())
    })
    .await;
    // Of two versions for the same day that two nodes are given at once, one is published.
    let with = |version: &str| {
        newer.replacen("version: 1.0.1", &format!("version: {version}"), 1).replacen(
            "effective_from: 2026-10-05",
            "effective_from: 2026-11-01",
            1,
        )
    };
    let (here, there) = (with("1.1.0"), with("1.2.0"));
    let (here, there) = tokio::join!(publish(&first, &here), publish(&second, &there));
    assert!(here.is_ok() ^ there.is_ok(), "{here:?} {there:?}");
    stop.send(true).expect("the worker listens");
    working.await.expect("the worker did not panic");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_goes_takes_nothing_with_it() {
    let ((mut first, one), (second, other)) = two().await;
    let filed = one.citizen.submit(filing::marriage_at_counter(&one.citizen)).await;
    let id = filed.expect("filed").id;
    one.drive(&id, "examination").await;
    drop(one);
    first.stop().await;
    other.drive(&id, "delivered").await;
    let third = second.another_node().await;
    let (_, verdict) = third.client(&AUDITOR).replay(&id).await.expect("replayed");
    assert!(verdict.equal, "{:?}", verdict.findings);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_another_secret_does_not_start() {
    let first = World::start_on_postgres().await;
    let start = async |secret: [u8; 32]| {
        let store = first.database().open(Options::default()).await;
        let documents = FolderDocuments::open(&first.folder().join("documents")).await;
        let clock = Arc::new(ManualClock::new(first.now()));
        let config = Config { origin: None, secret, is_new_secret: false };
        Engine::start(store, documents.expect("documents"), clock, config).await
    };
    assert!(start(SECRET).await.is_ok());
    let Err(EngineError::Invalid(faults)) = start([1; 32]).await else { panic!("it started") };
    assert_eq!((faults[0].subject.as_str(), faults[0].code.as_str()), ("secret", "SECRET_DIFFERS"));
}

/// A migration of a newer program, as its node would apply it: in one transaction with its number.
async fn apply(world: &World, number: i64, name: &str, statements: &str) {
    let applied = format!(
        "BEGIN; SET LOCAL lock_timeout = '2s'; {statements};
         INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES ({number}, '{name}', true, '', 0); COMMIT"
    );
    world.database().execute(&applied).await.expect("applied");
}

/// Files and drives a few dossiers, without a single failure.
async fn work_on(crew: &Crew) {
    for _ in 0..5 {
        let filed = crew.citizen.submit(filing::marriage_at_counter(&crew.citizen)).await;
        let id = filed.expect("filed").id;
        for step in ["handover", "examination", "signature", "issuing", "completed", "delivered"] {
            assert_eq!(crew.drive(&id, step).await.state, step);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_work_on_while_a_newer_program_expands_the_schema() {
    let ((first, one), (second, other)) = two().await;
    work_on(&one).await;
    let expand = "ALTER TABLE dossier ADD COLUMN remark text;
        ALTER TABLE work_item ADD COLUMN remark text;
        CREATE TABLE remark (dossier_id uuid NOT NULL, said text NOT NULL);
        CREATE FUNCTION commit_dossiers(remarks text[]) RETURNS integer LANGUAGE sql AS 'SELECT 1'";
    tokio::join!(work_on(&one), work_on(&other), apply(&first, 9000, "expand_remark", expand));
    // A node of the older program that is started anew meanwhile works on as well.
    let again = second.another_node().await;
    work_on(&Crew::of(&again)).await;
    let lacking = "SELECT count(*) FROM dossier WHERE remark IS NOT NULL";
    assert_eq!(first.database().number(lacking).await, 0);

    // Contracting comes when no older node runs: none is started any more.
    apply(&first, 9001, "remark_for_all", "ALTER TABLE remark ADD COLUMN by text").await;
    let Database::Postgres(url) = first.database() else { panic!("the nodes share a server") };
    let refused = SqlStore::connect(url, Options::default()).await.expect_err("refused");
    let refused = refused.to_string();
    assert!(refused.contains("newer program") && refused.contains("9001_remark"), "{refused}");
}
