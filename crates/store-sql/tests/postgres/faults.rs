//! What goes wrong between the store and the server.

use std::cell::Cell;
use std::time::Duration;

use motcua_store::StoreError;
use motcua_store::conformance::fixture::{Subject, dossier_id};
use motcua_store::contract::{Commit, DossierCommit, DossierKey, Store as _};
use motcua_store_sql::{Options, SqlStore};
use motcua_test_cluster::Cluster;

use super::{connection, database, execute, open};

fn dossier(commit: DossierCommit) -> Commit {
    Commit::Dossier(Box::new(commit))
}

#[tokio::test]
async fn a_server_that_would_lose_commits_is_refused() {
    for (setting, named) in [
        ("fsync=off", "fsync"),
        ("full_page_writes=off", "full_page_writes"),
        ("synchronous_commit=off", "synchronous_commit"),
    ] {
        let cluster = Cluster::start(&[setting]);
        let opened = SqlStore::connect(&cluster.database(), Options::default()).await;
        let refused = opened.expect_err(setting).to_string();
        assert!(refused.contains(named), "{refused}");
    }
}

#[tokio::test]
async fn what_is_no_database_is_refused_without_its_password() {
    for url in ["postgres://u:s3cret@127.0.0.1:1/x", "no url s3cret", "postgres://%zz:s3cret@h/x"] {
        let refused = SqlStore::connect(url, Options::default()).await.expect_err(url);
        assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
        assert!(!refused.to_string().contains("s3cret"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_went_down_and_came_back_is_found_again_and_has_every_commit() {
    let cluster = Cluster::start(&[]);
    let store = open(&cluster.database()).await;
    let mut subject = Subject::new(1);
    assert_eq!(store.commit(vec![dossier(subject.file(|_| {}))]).await, [Ok(())]);
    tokio::task::block_in_place(|| cluster.crash());
    let again = subject.act(|_| {});
    let mut outcome = store.commit(vec![dossier(again.clone())]).await.remove(0);
    // The first connections are dead: whoever meets one does not know, and repeats.
    for _ in 0..9 {
        match outcome {
            Err(StoreError::OutcomeUnknown(_) | StoreError::Unavailable(_)) => {
                outcome = store.commit(vec![dossier(again.clone())]).await.remove(0);
            }
            _ => break,
        }
    }
    assert_eq!(outcome, Ok(()));
    let mut loaded = store.load(&DossierKey::Id(dossier_id(1))).await;
    for _ in 0..9 {
        if loaded.is_ok() {
            break;
        }
        loaded = store.load(&DossierKey::Id(dossier_id(1))).await;
    }
    assert_eq!(loaded.expect("read").expect("there").dossier.version, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_waits_for_a_table_lets_others_through_and_tries_again() {
    let url = database().await;
    let mut beside = connection(&url).await;
    let older = "ALTER TABLE timer DROP COLUMN claimed_for, DROP COLUMN claimed_until,
            DROP COLUMN attempts, DROP COLUMN failure;
        DELETE FROM _sqlx_migrations WHERE version = 13";
    execute(&mut beside, older).await.expect("the schema of before");
    // A dump reads the table for hours.
    let mut dump = connection(&url).await;
    execute(&mut dump, "BEGIN; LOCK TABLE timer IN ACCESS SHARE MODE").await.expect("locked");
    let is_open = Cell::new(false);
    let opening = async {
        open(&url).await.close().await;
        is_open.set(true);
    };
    let waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'
        AND relation = CAST('timer' AS regclass)";
    let others = async {
        while execute(&mut beside, waiting).await.expect("read") == 0 {
            assert!(!is_open.get(), "the migration did not wait for the table");
        }
        // Whoever reads waits behind the migration, and yet goes on before the dump ends.
        let read = "SET lock_timeout = '15s'; SELECT count(*) FROM timer";
        execute(&mut beside, read).await.expect("read");
        assert!(!is_open.get(), "the dump still has the table");
        execute(&mut dump, "COMMIT").await.expect("ended");
    };
    tokio::join!(opening, others);
    execute(&mut beside, "SELECT attempts FROM timer").await.expect("the newest schema");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_another_holds_does_not_block_for_ever_and_harms_no_neighbour() {
    let url = database().await;
    let options = Options { busy_timeout: Duration::from_millis(300), ..Options::default() };
    let store = SqlStore::connect(&url, options).await.expect("a store");
    let (mut held, mut free) = (Subject::new(1), Subject::new(2));
    let filed = vec![dossier(held.file(|_| {})), dossier(free.file(|_| {}))];
    assert_eq!(store.commit(filed).await, [Ok(()), Ok(())]);
    let mut other = connection(&url).await;
    let lock = format!("BEGIN; SELECT 1 FROM dossier WHERE id = '{}' FOR UPDATE", dossier_id(1));
    execute(&mut other, &lock).await.expect("locked");
    let batch = vec![dossier(held.act(|_| {})), dossier(free.act(|_| {}))];
    let answers = store.commit(batch).await;
    assert!(matches!(answers[0], Err(StoreError::Unavailable(_))), "{answers:?}");
    assert_eq!(answers[1], Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_on_another_history_of_the_same_length_is_stale() {
    let url = database().await;
    let store = open(&url).await;
    // What this node last wrote, and a server that took over had not got.
    let (mut lost, mut beside) = (Subject::new(1), Subject::new(2));
    let filed = vec![dossier(lost.file(|_| {})), dossier(beside.file(|_| {}))];
    assert_eq!(store.commit(filed).await, [Ok(()), Ok(())]);
    // What another node wrote there in its place.
    let id = dossier_id(1);
    let other = format!("UPDATE dossier SET head_hash = sha256('other') WHERE id = '{id}'");
    execute(&mut connection(&url).await, &other).await.expect("written");
    let batch = vec![dossier(lost.act(|_| {})), dossier(beside.act(|_| {}))];
    let written = store.commit(batch).await;
    assert!(
        matches!(written[0], Err(StoreError::Stale { expected: 1, actual: 1, .. })),
        "{written:?}"
    );
    assert_eq!(written[1], Ok(()), "it touches no other");
    let loaded = store.load(&DossierKey::Id(id)).await.expect("read").expect("there");
    assert_eq!(loaded.dossier.version, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_locked_holds_up_no_more_than_a_few_commits_of_a_batch() {
    let url = database().await;
    let options = Options { busy_timeout: Duration::from_millis(50), ..Options::default() };
    let store = SqlStore::connect(&url, options).await.expect("a store");
    let mut locked = connection(&url).await;
    execute(&mut locked, "BEGIN; LOCK TABLE work_item IN SHARE MODE").await.expect("locked");
    let mut subjects: Vec<_> = (1..=9).map(Subject::new).collect();
    let batch: Vec<_> = subjects.iter_mut().map(|subject| dossier(subject.file(|_| {}))).collect();
    let verdicts = store.commit(batch.clone()).await;
    let told = |text: &str| {
        let whys = verdicts.iter().filter_map(|verdict| match verdict {
            Err(StoreError::Unavailable(why)) => Some(why),
            Ok(()) | Err(_) => None,
        });
        whys.filter(|why| why.contains(text)).count()
    };
    assert_eq!((told("lock timeout"), told("concerns all")), (2, 7), "{verdicts:?}");
    execute(&mut locked, "COMMIT").await.expect("free");
    assert_eq!(store.commit(batch).await, vec![Ok(()); 9]);
}
