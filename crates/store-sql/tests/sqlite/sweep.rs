//! A whole store gone through: the same is found whatever the pages and the threads.

use std::collections::BTreeSet;
use std::num::{NonZeroU32, NonZeroUsize};

use motcua_audit::ChainId;
use motcua_store::Store as _;
use motcua_store::conformance::fixture::{ORIGIN, Subject, register_commit};
use motcua_store::contract::Commit;
use motcua_store_sql::{Difference, Glance, Options, SqlStore, SweepOptions, Swept};

use super::{Database, dossier, execute};

/// Events of each dossier: less than, just, and far more than a snapshot takes.
const EVENTS: [u32; 5] = [1, 3, 8, 21, 2];

async fn write(store: &SqlStore, commit: Commit) {
    let answers = store.commit(vec![commit]).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
}

async fn filled() -> Database {
    let database = Database::new();
    let store = database.open().await;
    for (number, events) in (1..).zip(EVENTS) {
        let mut subject = Subject::new(number);
        let filed = subject.file(|_| {});
        write(&store, dossier(filed)).await;
        for _ in 1..events {
            write(&store, dossier(subject.act(|_| {}))).await;
        }
    }
    let chain = ChainId::parse("sys:procedures").expect("a chain");
    let first = register_commit(&chain, None, Vec::new());
    let second = register_commit(&chain, Some(&first.head), Vec::new());
    for commit in [first, second] {
        write(&store, Commit::Register(Box::new(commit))).await;
    }
    store.close().await;
    database
}

async fn swept(database: &Database, jobs: usize, events: u32) -> (Swept, BTreeSet<String>) {
    let glance = Glance::at(&database.path(), &Options::default());
    let options = SweepOptions {
        jobs: NonZeroUsize::new(jobs).expect("some"),
        page_events: NonZeroU32::new(events).expect("some"),
    };
    let mut found = BTreeSet::new();
    let tell = |Difference { chain, code, message }| {
        found.insert(format!("{chain} {code} {message}"));
    };
    let swept = glance.sweep(ORIGIN, options, tell).await.expect("read");
    glance.close().await;
    (swept, found)
}

/// What is found with one page and one thread; nothing else is found with others.
async fn found(database: &Database) -> (Swept, BTreeSet<String>) {
    let whole = swept(database, 1, 1_000).await;
    for (jobs, events) in [(1, 1), (3, 1), (1, 2), (2, 3), (4, 7), (2, 20), (8, 1_000)] {
        assert_eq!(swept(database, jobs, events).await, whole, "{jobs} threads, {events} events");
    }
    whole
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_is_found_sound_in_pages_of_any_size() {
    let database = filled().await;
    let sound = Swept { chains: 6, events: 37, differences: 0, unreadable: 0, away: 0 };
    assert_eq!(found(&database).await, (sound, BTreeSet::new()));
    // Another spelling of the same values, and of the same state, is no difference.
    let mut connection = database.connection().await;
    for statement in [
        "DROP TRIGGER event_value_stays_with_its_event",
        "UPDATE event_value SET slots = replace(slots, ',', ' , ')",
        "UPDATE snapshot SET state = replace(state, '{', '{ ')",
    ] {
        execute(&mut connection, statement).await.expect(statement);
    }
    assert_eq!(found(&database).await, (sound, BTreeSet::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_differences_are_found_in_pages_of_any_size() {
    let changes = [
        (
            "UPDATE event SET header = CAST(replace(header, 'advance', 'retreat') AS BLOB)",
            21,
            "event_hash",
        ),
        ("UPDATE event SET hash = zeroblob(32)", 21, "event_hash"),
        ("UPDATE event SET commitments = zeroblob(length(commitments))", 21, "fields_root"),
        ("UPDATE event SET commitments = zeroblob(32)", 21, "slots"),
        ("DELETE FROM event", 20, "seq"),
        ("DELETE FROM event", 21, "head"),
    ];
    for (change, seq, word) in changes {
        let database = filled().await;
        let mut connection = database.connection().await;
        for statement in [
            "PRAGMA foreign_keys = OFF".to_owned(),
            "DROP TRIGGER event_is_never_changed".to_owned(),
            "DROP TRIGGER event_is_never_deleted".to_owned(),
            format!("{change} WHERE seq = {seq}"),
        ] {
            let done = sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await;
            done.expect(change);
        }
        let (swept, found) = found(&database).await;
        assert!(swept.differences > 0, "{change}");
        assert!(found.iter().any(|found| found.contains(word)), "{change}: {found:?}");
    }
    for (change, word) in [
        ("UPDATE event_value SET slots = replace(slots, 'Bình', 'Binh')", "commitment"),
        ("UPDATE event_value SET salts = zeroblob(length(salts))", "commitment"),
        ("UPDATE event_value SET salts = NULL", "salts"),
        ("UPDATE event_value SET slots = replace(slots, 'ab', 'cd')", "commitment"),
        ("UPDATE snapshot SET state = replace(state, 'submitted', 'received')", "state"),
        ("UPDATE snapshot SET version = version + 1", "state"),
        ("UPDATE dossier SET version = version - 1", "head"),
        ("UPDATE dossier SET head_hash = zeroblob(32)", "head"),
        ("UPDATE dossier SET head_at = head_at + 1", "head"),
        ("UPDATE dossier SET state_name = 'x'", "head"),
        ("UPDATE chain_head SET at = at + 1", "head"),
        ("UPDATE event_value SET slots = json_replace(slots, '$[0]', NULL)", "salt"),
        ("UPDATE chain_head SET hash = zeroblob(32)", "head"),
        ("DELETE FROM chain_head", "head"),
    ] {
        let database = filled().await;
        let mut connection = database.connection().await;
        let free = "DROP TRIGGER event_value_stays_with_its_event";
        execute(&mut connection, free).await.expect(free);
        execute(&mut connection, change).await.expect(change);
        let (swept, found) = found(&database).await;
        assert!(swept.differences > 0, "{change}");
        assert!(found.iter().any(|found| found.contains(word)), "{change}: {found:?}");
    }
}
