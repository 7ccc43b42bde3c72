//! Group commit: who shares a transaction, who is turned away, who suffers.

use std::sync::Arc;
use std::time::Duration;

use motcua_store::StoreError;
use motcua_store::conformance::fixture::{Subject, dossier_id};
use motcua_store::contract::{DossierCommit, DossierKey, Store};
use motcua_store_sql::{Options, SqlStore};
use tokio::task::JoinSet;

use super::{Database, dossier, execute};

type Answers = JoinSet<(u32, Result<(), StoreError>)>;

/// Sends each commit as a call of its own and lets all reach the queue.
async fn send(store: &Arc<SqlStore>, commits: Vec<(u32, DossierCommit)>) -> Answers {
    let mut answers = JoinSet::new();
    for (number, commit) in commits {
        let store = Arc::clone(store);
        answers.spawn(async move { (number, store.commit(vec![dossier(commit)]).await.remove(0)) });
    }
    // On one thread each task runs until it waits for its answer.
    tokio::task::yield_now().await;
    answers
}

async fn sorted(answers: Answers) -> Vec<(u32, Result<(), StoreError>)> {
    let mut answers = answers.join_all().await;
    answers.sort_by_key(|(number, _)| *number);
    answers
}

fn filed(numbers: impl Iterator<Item = u32>) -> Vec<(u32, DossierCommit)> {
    numbers.map(|number| (number, Subject::new(number).file(|_| {}))).collect()
}

async fn is_there(store: &SqlStore, number: u32) -> bool {
    let found = store.load(&DossierKey::Id(dossier_id(number))).await;
    found.expect("a read").is_some()
}

#[tokio::test]
async fn what_waits_shares_a_transaction() {
    let database = Database::new();
    let store = Arc::new(database.open().await);
    let mut lock = database.connection().await;
    execute(&mut lock, "BEGIN IMMEDIATE").await.expect("the lock");
    let answers = send(&store, filed(1..=64)).await;
    execute(&mut lock, "ROLLBACK").await.expect("the lock is free");
    for (number, answer) in sorted(answers).await {
        assert_eq!(answer, Ok(()));
        assert!(is_there(&store, number).await);
    }
    assert!(store.transactions() <= 2, "{} transactions", store.transactions());
}

#[tokio::test]
async fn a_transaction_has_a_limit() {
    let database = Database::new();
    let options = Options { commits_per_transaction_max: 10, ..Options::default() };
    let store = Arc::new(database.open_with(options).await);
    let answers = send(&store, filed(1..=64)).await;
    assert!(sorted(answers).await.iter().all(|(_, answer)| answer.is_ok()));
    assert!(store.transactions() >= 7, "{} transactions", store.transactions());
}

#[tokio::test]
async fn a_full_queue_turns_away_at_once() {
    let database = Database::new();
    let options = Options { queue_jobs_max: 5, ..Options::default() };
    let store = Arc::new(database.open_with(options).await);
    let mut lock = database.connection().await;
    execute(&mut lock, "BEGIN IMMEDIATE").await.expect("the lock");
    let answers = send(&store, filed(1..=20)).await;
    execute(&mut lock, "ROLLBACK").await.expect("the lock is free");
    let mut turned_away = 0;
    for (number, answer) in sorted(answers).await {
        match answer {
            Ok(()) => assert!(is_there(&store, number).await),
            Err(error) => {
                assert_eq!(error, StoreError::Overloaded);
                assert!(!is_there(&store, number).await);
                turned_away += 1;
            }
        }
    }
    assert!((10..=15).contains(&turned_away), "{turned_away} of 20");
}

#[tokio::test]
async fn a_database_that_stays_locked_is_unavailable_and_recovers() {
    let database = Database::new();
    let options = Options { busy_timeout: Duration::from_millis(20), ..Options::default() };
    let store = database.open_with(options).await;
    let mut lock = database.connection().await;
    execute(&mut lock, "BEGIN IMMEDIATE").await.expect("the lock");
    let filed = Subject::new(1).file(|_| {});
    let refused = store.commit(vec![dossier(filed.clone())]).await;
    assert!(matches!(refused[..], [Err(StoreError::Unavailable(_))]), "{refused:?}");
    assert!(!is_there(&store, 1).await);
    execute(&mut lock, "ROLLBACK").await.expect("the lock is free");
    assert_eq!(store.commit(vec![dossier(filed)]).await, [Ok(())]);
}

#[tokio::test]
async fn rows_that_break_a_constraint_harm_no_neighbour() {
    let database = Database::new();
    let store = Arc::new(database.open().await);
    let mut lock = database.connection().await;
    execute(&mut lock, "BEGIN IMMEDIATE").await.expect("the lock");
    let mut commits = filed(1..=5);
    // No engine makes this: an event twice.
    let twice = commits[2].1.events[0].clone();
    commits[2].1.events.push(twice);
    let answers = send(&store, commits).await;
    execute(&mut lock, "ROLLBACK").await.expect("the lock is free");
    for (number, answer) in sorted(answers).await {
        assert_eq!(answer.is_ok(), number != 3, "{number}: {answer:?}");
        assert_eq!(is_there(&store, number).await, number != 3);
    }
}

#[tokio::test]
async fn closing_finishes_what_waits() {
    let database = Database::new();
    let store = Arc::new(database.open().await);
    let answers = send(&store, filed(1..=20)).await;
    let answers = sorted(answers).await;
    assert!(answers.iter().all(|(_, answer)| answer.is_ok()));
    let store = Arc::into_inner(store).expect("nobody else holds it");
    store.close().await;
    let store = database.open().await;
    for number in 1..=20 {
        assert!(is_there(&store, number).await);
    }
}
