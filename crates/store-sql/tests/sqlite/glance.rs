//! Looking without opening: heads page by page, histories recomputed, copies.

use std::collections::BTreeSet;

use motcua_store::Store as _;
use motcua_store::conformance::fixture::{ORIGIN, Subject};
use motcua_store_sql::{Glance, Head, Options};

use super::{Database, dossier, execute};

/// More than two pages of heads.
const DOSSIERS: u32 = 1_100;

async fn filled(dossiers: u32) -> Database {
    let database = Database::new();
    let store = database.open().await;
    let filed = (1..=dossiers).map(|number| dossier(Subject::new(number).file(|_| {})));
    let answers = store.commit(filed.collect()).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    store.close().await;
    database
}

async fn heads(glance: &Glance) -> Vec<Head> {
    let mut heads: Vec<Head> = Vec::new();
    loop {
        let page = glance.heads(heads.last()).await.expect("read");
        if page.is_empty() {
            return heads;
        }
        heads.extend(page);
    }
}

#[tokio::test]
async fn every_chain_has_its_head_once_over_pages() {
    let database = filled(DOSSIERS).await;
    let mut connection = database.connection().await;
    let others = "INSERT INTO chain_head (chain, seq, hash, at)
        VALUES ('acc:a', 1, zeroblob(32), 0), ('sys:units', 2, zeroblob(32), 0)";
    execute(&mut connection, others).await.expect("inserted");
    let glance = Glance::at(&database.path(), &Options::default());
    let heads = heads(&glance).await;
    let names: BTreeSet<&str> = heads.iter().map(|head| head.chain.as_str()).collect();
    assert_eq!((heads.len(), names.len()), (1_102, 1_102));
    assert_eq!(heads.last().expect("heads").chain.as_str(), "sys:units");
    assert_eq!(glance.events().await.expect("counted"), u64::from(DOSSIERS));
    glance.close().await;
}

#[tokio::test]
async fn a_history_that_was_rewritten_and_one_that_was_cut_are_found() {
    let database = filled(3).await;
    let glance = Glance::at(&database.path(), &Options::default());
    let heads = heads(&glance).await;
    for head in &heads {
        assert_eq!(glance.verify(ORIGIN, head).await.expect("read"), Vec::<String>::new());
        assert!(!glance.verify("other.example/log/1", head).await.expect("read").is_empty());
    }
    let mut connection = database.connection().await;
    for statement in [
        "DROP TRIGGER event_is_never_changed",
        "DROP TRIGGER event_is_never_deleted",
        "DROP TRIGGER event_value_is_never_deleted",
        "UPDATE event SET header = CAST(CAST(header AS TEXT) || ' ' AS BLOB) WHERE id = 1",
        "DELETE FROM event_value WHERE event = 2",
        "DELETE FROM event WHERE id = 2",
    ] {
        execute(&mut connection, statement).await.expect(statement);
    }
    let found = glance.verify(ORIGIN, &heads[0]).await.expect("read");
    assert!(found.iter().any(|finding| finding.contains("header")), "{found:?}");
    let found = glance.verify(ORIGIN, &heads[1]).await.expect("read");
    assert!(found.iter().any(|finding| finding.contains("stored head")), "{found:?}");
    assert!(glance.verify(ORIGIN, &heads[2]).await.expect("read").is_empty());
    glance.close().await;
}

#[tokio::test]
async fn a_copy_is_of_one_instant_and_is_never_written_over() {
    let database = filled(3).await;
    let glance = Glance::at(&database.path(), &Options::default());
    let copy = database.path().with_file_name("copy.db");
    // Whoever is about to write does not hold it up, and what is not committed is not in it.
    let mut writer = database.connection().await;
    execute(&mut writer, "BEGIN IMMEDIATE").await.expect("the lock");
    execute(&mut writer, "UPDATE dossier SET version = 9").await.expect("changed");
    glance.copy_into(&copy).await.expect("copied");
    execute(&mut writer, "ROLLBACK").await.expect("undone");
    let copied = Glance::at(&copy, &Options::default());
    assert_eq!(heads(&copied).await, heads(&glance).await);
    assert!(glance.copy_into(&copy).await.is_err(), "there is one already");
    copied.close().await;
    glance.close().await;
}
