//! A standby: nothing is decided or written on one, and what was acknowledged is there once it is the
//! primary.

use motcua_store::StoreError;
use motcua_store::conformance::fixture::{Subject, dossier_id};
use motcua_store::contract::{Commit, DossierKey, Store as _};
use motcua_store_sql::{Glance, Options, SqlStore};
use motcua_test_cluster::{Cluster, Proxy};
use tokio::task::block_in_place;

use super::{connection, execute, open};

/// Repeats of what may meet a connection that died with the primary.
const REPEATS_MAX: usize = 9;

fn names_the_standby<T>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Unavailable(why)) if why.contains("standby"))
}

/// Reads or writes until the dead connections are gone; answers the first refusal that says why.
async fn refused<T>(mut ask: impl AsyncFnMut() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let mut outcome = ask().await;
    for _ in 0..REPEATS_MAX {
        if names_the_standby(&outcome) {
            break;
        }
        outcome = ask().await;
    }
    outcome
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_reaches_only_a_standby_refuses_reads_and_writes_until_it_is_promoted() {
    let (primary, standby) = block_in_place(|| {
        let primary = Cluster::start(&[]);
        let standby = primary.standby(&["log_connections=on"]);
        primary.set("synchronous_standby_names = 'standby'");
        (primary, standby)
    });
    let url = block_in_place(|| primary.database());
    let proxy = Proxy::to(primary.socket()).await;
    let options = Options { write_connections: 1, ..Options::default() };
    let store = SqlStore::connect(&proxy.url(&url), options).await.expect("a store");
    let dossier = |commit| Commit::Dossier(Box::new(commit));
    let mut subjects: Vec<Subject> = (1..=20).map(Subject::new).collect();
    let filed = subjects.iter_mut().map(|subject| dossier(subject.file(|_| {}))).collect();
    assert!(store.commit(filed).await.iter().all(Result::is_ok));
    let mut next: Vec<_> = subjects.iter_mut().map(|subject| subject.act(|_| {})).collect();
    // What follows on another commit is not written with it.
    next.push(subjects[0].act(|_| {}));

    block_in_place(|| primary.stop());
    proxy.lead_to(standby.socket());
    let key = DossierKey::Id(dossier_id(1));
    let absent = DossierKey::Id(dossier_id(99));
    for key in [&key, &absent] {
        let read = refused(async || store.load(key).await).await;
        assert!(names_the_standby(&read), "{read:?}");
    }
    let reached = refused(async || store.reach().await).await;
    assert!(names_the_standby(&reached), "{reached:?}");
    let set = refused(async || store.setting("a", "b").await).await;
    assert!(names_the_standby(&set), "{set:?}");

    // One look at the server answers all that waits.
    let looks = || standby.log().matches("connection authorized").count();
    let before = looks();
    let answers = store.commit(next.iter().cloned().map(dossier).collect()).await;
    assert!(answers.iter().all(names_the_standby), "{answers:?}");
    assert_eq!(looks() - before, 1);
    let opened = SqlStore::connect(&standby.same_database(&url), Options::default()).await;
    assert!(names_the_standby(&opened), "{opened:?}");

    block_in_place(|| standby.promote());
    let loaded = store.load(&key).await.expect("read").expect("what was acknowledged");
    assert_eq!(loaded.dossier.version, 1);
    assert_eq!(store.reach().await, Ok(()));
    let answers = store.commit(next.into_iter().map(dossier).collect()).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_into_a_standby_is_no_decision_and_is_allowed() {
    let (primary, standby) = block_in_place(|| {
        let primary = Cluster::start(&[]);
        let standby = primary.standby(&[]);
        primary.set("synchronous_standby_names = 'standby'");
        (primary, standby)
    });
    let url = block_in_place(|| primary.database());
    let store = open(&url).await;
    // A commit is acknowledged when the standby has it on its disk, and is seen there a little later.
    execute(&mut connection(&url).await, "ALTER SYSTEM SET synchronous_commit = remote_apply")
        .await
        .expect("set");
    execute(&mut connection(&url).await, "SELECT pg_reload_conf()").await.expect("read");
    store.close().await;
    let store = open(&url).await;
    assert_eq!(store.setting("a", "b").await, Ok("b".into()));
    let glance = Glance::of(&standby.same_database(&url), &Options::default()).await;
    let glance = glance.expect("a look");
    assert_eq!(glance.setting("a").await, Ok(Some("b".into())));
    glance.close().await;
    store.close().await;
}
