//! A server that vanishes without a word: nobody waits for ever, and nothing is done twice.

use std::time::Duration;

use motcua_store::conformance::fixture::Subject;
use motcua_store::contract::{Commit, DossierKey, Store as _};
use motcua_store::{StoreError, StoreError as E};
use motcua_store_sql::{Options, SqlStore};
use motcua_test_cluster::{Cluster, Line, Proxy};

use super::database;

/// The store gives a silent connection up after this and a margin of its own.
const STATEMENT_TIMEOUT: Duration = Duration::from_millis(200);
/// Far beyond: whoever waits so long waits for ever.
const FOR_EVER: Duration = Duration::from_secs(60);

async fn behind_a_proxy() -> (Proxy, SqlStore) {
    let proxy = Proxy::to(Cluster::shared().socket()).await;
    let options = Options {
        statement_timeout: STATEMENT_TIMEOUT,
        read_connections: 1,
        write_connections: 1,
        ..Options::default()
    };
    let store = SqlStore::connect(&proxy.url(&database().await), options).await;
    (proxy, store.expect("a store"))
}

fn is_unsettled(outcome: &Result<(), StoreError>) -> bool {
    matches!(outcome, Err(E::OutcomeUnknown(_) | E::Unavailable(_)))
}

async fn a_commit_over(line: Line) {
    let (proxy, store) = behind_a_proxy().await;
    let mut subject = Subject::new(1);
    let dossier = |commit| vec![Commit::Dossier(Box::new(commit))];
    assert_eq!(store.commit(dossier(subject.file(|_| {}))).await, [Ok(())]);
    assert!(store.load(&DossierKey::Id(subject.id())).await.expect("read").is_some());
    let next = subject.act(|_| {});
    proxy.set(line);
    let key = DossierKey::Id(subject.id());
    let both = async { tokio::join!(store.commit(dossier(next.clone())), store.load(&key)) };
    let (outcomes, read) = tokio::time::timeout(FOR_EVER, both).await.expect("answered");
    assert!(matches!(outcomes[..], [Err(E::OutcomeUnknown(_))]), "{line:?}: {outcomes:?}");
    assert!(matches!(read, Err(E::Unavailable(_) | E::Overloaded)), "{line:?}: {read:?}");

    proxy.set(Line::Open);
    let mut again = store.commit(dossier(next.clone())).await.remove(0);
    for _ in 0..3 {
        if is_unsettled(&again) {
            again = store.commit(dossier(next.clone())).await.remove(0);
        }
    }
    // What arrived was done, though nobody was told; what did not, is done now.
    match line {
        Line::Dead => assert_eq!(again, Ok(())),
        Line::AnswersLost => assert!(matches!(again, Err(E::Stale { actual: 2, .. })), "{again:?}"),
        Line::Open => panic!("the line was open"),
    }
    // A connection that fell silent keeps its place among those that read no longer than that either.
    let loaded = async {
        loop {
            if let Ok(loaded) = store.load(&key).await {
                return loaded;
            }
        }
    };
    let loaded = tokio::time::timeout(FOR_EVER, loaded).await.expect("read").expect("there");
    assert_eq!(loaded.dossier.version, 2);
    assert_eq!(store.events(&subject.chain(), 0, 9).await.expect("read").len(), 2);
    let (command, seq) = next.commands[0];
    assert_eq!(store.find_command(subject.id(), command).await.expect("read"), Some(seq));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_never_arrived_is_of_unknown_outcome_and_is_done_by_its_repeat() {
    a_commit_over(Line::Dead).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_never_came_is_of_unknown_outcome_and_done_once() {
    a_commit_over(Line::AnswersLost).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_silent_from_the_beginning_is_unavailable() {
    let (proxy, store) = behind_a_proxy().await;
    proxy.set(Line::Dead);
    let reached = tokio::time::timeout(FOR_EVER, store.reach()).await.expect("answered");
    assert!(reached.is_err(), "{reached:?}");
    proxy.set(Line::Open);
    let again = tokio::time::timeout(FOR_EVER, store.reach()).await.expect("answered");
    assert_eq!(again, Ok(()));
}
