//! What a server says at the end of a connection or a statement, and what is known then.

use std::time::Duration;

use motcua_store::StoreError;
use motcua_store::conformance::fixture::{Subject, dossier_id};
use motcua_store::contract::{
    Commit, DossierKey, Scope, SearchQuery, SearchTerm, Store as _, TermKind,
};
use motcua_store_sql::{Options, SqlStore};
use sqlx::PgConnection;

use super::{connection, database, execute};

/// Keeps whoever commits to these tables waiting, once everything is written, for what another has.
const COMMITS_WAIT: &str = "
    CREATE FUNCTION waits() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER waits AFTER INSERT ON setting
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION waits();
    CREATE CONSTRAINT TRIGGER waits AFTER INSERT ON dossier
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION waits()";
/// Whoever waits for it.
const WAITING: &str = "SELECT 1 FROM pg_locks
    WHERE locktype = 'advisory' AND objid = 7 AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
const SHUT_DOWN: &str = "SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype = 'advisory' AND objid = 7 AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// Ends the connection of whoever is committing, as a shutdown does.
async fn end_what_commits(beside: &mut PgConnection) {
    while execute(beside, WAITING).await.expect("read") == 0 {}
    assert_eq!(execute(beside, SHUT_DOWN).await, Ok(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_shuts_down_in_a_commit_leaves_its_outcome_unknown() {
    let url = database().await;
    let options = Options { busy_timeout: Duration::from_secs(60), ..Options::default() };
    let store = SqlStore::connect(&url, options).await.expect("a store");
    let mut beside = connection(&url).await;
    execute(&mut beside, COMMITS_WAIT).await.expect("made");
    execute(&mut beside, "SELECT pg_advisory_lock(7)").await.expect("locked");
    let (set, ()) = tokio::join!(store.setting("a", "b"), end_what_commits(&mut beside));
    assert!(matches!(&set, Err(StoreError::OutcomeUnknown(_))), "{set:?}");
    let filed = vec![Commit::Dossier(Box::new(Subject::new(1).file(|_| {})))];
    let (filing, ()) = tokio::join!(store.commit(filed.clone()), end_what_commits(&mut beside));
    assert!(matches!(filing[..], [Err(StoreError::OutcomeUnknown(_))]), "{filing:?}");

    execute(&mut beside, "SELECT pg_advisory_unlock(7)").await.expect("free");
    assert_eq!(store.setting("a", "b").await, Ok("b".into()));
    assert_eq!(store.commit(filed).await, [Ok(())]);
}

/// The process at the server that serves the store's writer, or a reader.
const SERVES: &str = "DO $$ BEGIN ASSERT (SELECT count(*) FROM pg_stat_activity
    WHERE application_name = 'motcua' AND datname = current_database()) = 2; END $$;
    CREATE TABLE IF NOT EXISTS served AS SELECT pid FROM pg_stat_activity
        WHERE application_name = 'motcua' AND datname = current_database()";
/// Those of them that still do.
const STILL_SERVES: &str = "SELECT 1 FROM pg_stat_activity JOIN served USING (pid)
    WHERE application_name = 'motcua' AND datname = current_database()";

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_longer_than_a_statement_may_is_unavailable_and_its_connection_is_kept() {
    let url = database().await;
    let options = Options {
        statement_timeout: Duration::from_millis(300),
        read_connections: 1,
        write_connections: 1,
        ..Options::default()
    };
    let store = SqlStore::connect(&url, options).await.expect("a store");
    let mut subject = Subject::new(1);
    let dossier = |commit| vec![Commit::Dossier(Box::new(commit))];
    assert_eq!(store.commit(dossier(subject.file(|_| {}))).await, [Ok(())]);
    let key = DossierKey::Id(dossier_id(1));
    assert!(store.load(&key).await.expect("read").is_some());
    let mut beside = connection(&url).await;
    execute(&mut beside, SERVES).await.expect("a writer and a reader");

    execute(&mut beside, "BEGIN; LOCK TABLE dossier, setting, party").await.expect("locked");
    let timed_out = |error: &StoreError| match error {
        StoreError::Unavailable(why) => why.contains("statement timeout"),
        _ => false,
    };
    let next = subject.act(|_| {});
    let answers = store.commit(dossier(next.clone())).await;
    assert!(matches!(&answers[..], [Err(error)] if timed_out(error)), "{answers:?}");
    let set = store.setting("a", "b").await;
    assert!(matches!(&set, Err(error) if timed_out(error)), "{set:?}");
    let read = store.load(&key).await;
    assert!(matches!(&read, Err(error) if timed_out(error)), "{read:?}");
    let terms = vec![SearchTerm { kind: TermKind::NameFolded, term: "nguyen".into() }];
    let scope = Scope::Party("nobody".into());
    let asked = SearchQuery { scope, terms, after: None, limit: 10 };
    assert_eq!(store.search(&asked).await.err(), Some(StoreError::TooWide));
    execute(&mut beside, "ROLLBACK").await.expect("free");

    // Nothing was written, so the same commit still fits.
    assert_eq!(store.commit(dossier(next)).await, [Ok(())]);
    assert_eq!(store.setting("a", "b").await, Ok("b".into()));
    assert_eq!(store.load(&key).await.expect("read").expect("there").dossier.version, 2);
    assert!(store.search(&asked).await.expect("searched").is_empty());
    assert_eq!(execute(&mut beside, STILL_SERVES).await, Ok(2));
}
