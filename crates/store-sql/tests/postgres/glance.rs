//! Looking without opening: heads page by page.

use std::collections::BTreeSet;
use std::num::{NonZeroU32, NonZeroUsize};

use motcua_store::Store as _;
use motcua_store::conformance::fixture::{ORIGIN, Subject};
use motcua_store::contract::Commit;
use motcua_store_sql::{Glance, Head, Options, SweepOptions, Swept};

use super::{connection, database, execute, open};

/// More than two pages of heads.
const DOSSIERS: u32 = 1_100;

#[tokio::test(flavor = "multi_thread")]
async fn every_chain_has_its_head_once_over_pages_and_all_verify() {
    let url = database().await;
    let store = open(&url).await;
    let filed = (1..=DOSSIERS).map(|n| Commit::Dossier(Box::new(Subject::new(n).file(|_| {}))));
    let answers = store.commit(filed.collect()).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let mut beside = connection(&url).await;
    let others = "INSERT INTO chain_head (chain, seq, hash, at)
        VALUES ('acc:a', 1, decode(repeat('00', 32), 'hex'), 0)";
    execute(&mut beside, others).await.expect("inserted");

    let glance = Glance::of(&url, &Options::default()).await.expect("reached");
    let mut heads: Vec<Head> = Vec::new();
    loop {
        let page = glance.heads(heads.last()).await.expect("read");
        if page.is_empty() {
            break;
        }
        heads.extend(page);
    }
    let names: BTreeSet<&str> = heads.iter().map(|head| head.chain.as_str()).collect();
    assert_eq!((heads.len(), names.len()), (1_101, 1_101));
    assert!(glance.verify(ORIGIN, &heads[0]).await.expect("read").is_empty());
    assert!(!glance.verify(ORIGIN, &heads[1_100]).await.expect("read").is_empty(), "no events");
    let options = SweepOptions {
        jobs: NonZeroUsize::new(3).expect("some"),
        page_events: NonZeroU32::new(7).expect("some"),
    };
    let mut found = Vec::new();
    let swept = glance.sweep(ORIGIN, options, |difference| found.push(difference.code)).await;
    let Swept { chains, events, differences, unreadable, .. } = swept.expect("read");
    assert_eq!((chains, events), (u64::from(DOSSIERS), u64::from(DOSSIERS)));
    assert_eq!(
        (differences, unreadable, found),
        (1, 0, vec!["history"]),
        "the head without events"
    );
    assert_eq!(glance.events().await.expect("counted"), u64::from(DOSSIERS));
    assert!(glance.copy_into("copy.db".as_ref()).await.is_err(), "a server is no file");
    glance.close().await;
    store.close().await;
}
