//! Histories lie in parts by the quarter in which their dossier was made.

use std::num::{NonZeroU32, NonZeroUsize};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use motcua_store::StoreError;
use motcua_store::conformance::fixture::{ORIGIN, Subject, command_id, minute};
use motcua_store::contract::{Commit, DossierKey, Store as _, StoredEvent};
use motcua_store_sql::{Glance, Options, SqlStore, SweepOptions, Swept};
use motcua_test_cluster::{Cluster, binaries, command};
use sqlx::PgConnection;
use tempfile::TempDir;

use super::{connection, database, execute, open};

async fn text(connection: &mut PgConnection, query: &'static str) -> Vec<String> {
    sqlx::query_scalar(query).fetch_all(connection).await.expect("texts")
}

const PARTS: &str = "SELECT CAST(CAST(inhrelid AS regclass) AS text) FROM pg_inherits
    WHERE inhparent = CAST('event' AS regclass) ORDER BY 1";

#[tokio::test]
async fn the_parts_of_the_next_half_year_are_there_and_made_again_when_missing() {
    let url = database().await;
    let store = open(&url).await;
    let mut connection = connection(&url).await;
    let parts = text(&mut connection, PARTS).await;
    assert!(parts.len() >= 4, "{parts:?}");
    let last = parts.iter().rfind(|part| part.starts_with("event_2")).expect("a quarter");
    let drop = format!("DROP TABLE {last}; DROP TABLE {}", last.replace("event_", "event_value_"));
    execute(&mut connection, &drop).await.expect("dropped");
    store.expire(minute(1)).await.expect("expired");
    assert_eq!(text(&mut connection, PARTS).await, parts);
}

/// Runs a recipe of `docs/postgres.md` as it stands there.
fn recipe(name: &str, arguments: &[&str]) -> Result<String, String> {
    let recipes = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples/postgres");
    let text = std::fs::read_to_string(recipes.join(name)).expect("a recipe");
    let path = std::env::var("PATH").unwrap_or_default();
    // The server's user may not look into the project.
    let mut sh = command(Path::new("/bin/sh"));
    sh.args(["-c", &text, name]).args(arguments);
    let done = sh.env("PATH", format!("{}:{path}", binaries().display())).output().expect("sh");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if done.status.success() { Ok(text(&done.stdout)) } else { Err(text(&done.stderr)) }
}

/// What the sweep of the store finds: the codes of its differences, sorted, and what it went through.
async fn swept(url: &str) -> (Vec<&'static str>, Swept) {
    let glance = Glance::of(url, &Options::default()).await.expect("reached");
    let options = SweepOptions {
        jobs: NonZeroUsize::new(2).expect("some"),
        page_events: NonZeroU32::new(3).expect("some"),
    };
    let mut found = Vec::new();
    let swept = glance.sweep(ORIGIN, options, |difference| found.push(difference.code)).await;
    glance.close().await;
    found.sort_unstable();
    (found, swept.expect("read"))
}

/// Files a dossier and brings it to a version, with which it may be closed.
async fn written(store: &SqlStore, number: u32, version: u64, closed: bool) -> Subject {
    let mut subject = Subject::new(number);
    let mut commit = subject.file(|_| {});
    loop {
        assert_eq!(store.commit(vec![Commit::Dossier(Box::new(commit))]).await, [Ok(())]);
        if subject.head().seq == version {
            return subject;
        }
        let is_last = subject.head().seq + 1 == version;
        commit = subject.act(|facts| facts.closed = closed && is_last);
    }
}

/// A store with a part in which one dossier is closed, and two are open: behind a snapshot, and before
/// the first.
struct Place {
    url: String,
    store: SqlStore,
    whole: Subject,
    long: Subject,
    young: Subject,
    folder: TempDir,
}

/// The quarter in which the dossiers of fixtures were made.
const QUARTER: &str = "2024q2";

impl Place {
    async fn new() -> Self {
        let url = database().await;
        let store = open(&url).await;
        let make = "SELECT make_history_parts('2024-04-01', '2024-05-01')";
        execute(&mut connection(&url).await, make).await.expect("made");
        let whole = written(&store, 1, 8, true).await;
        let long = written(&store, 2, 10, false).await;
        let young = written(&store, 3, 3, false).await;
        let folder = tempfile::tempdir().expect("a folder");
        let open = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(folder.path(), open).expect("it is ours");
        Self { url, store, whole, long, young, folder }
    }

    fn recipe(&self, name: &str) -> Result<String, String> {
        let file = self.folder.path().join("part.dump");
        recipe(name, &[&self.url, QUARTER, file.to_str().expect("a text")])
    }

    async fn execute(&self, statements: &str) {
        execute(&mut connection(&self.url).await, statements).await.expect("carried out");
    }

    async fn events(&self, subject: &Subject, after: u64) -> Result<Vec<StoredEvent>, StoreError> {
        self.store.events(&subject.chain(), after, 99).await
    }
}

#[track_caller]
fn is_away<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    match answer {
        Err(StoreError::MovedAway { part, .. }) => assert_eq!(part, QUARTER),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_is_moved_away_and_back_by_the_recipes_and_every_chain_proves_itself_throughout() {
    let mut place = Place::new().await;
    let before = [&place.whole, &place.long, &place.young].map(Subject::chain);
    let mut histories = Vec::new();
    for chain in &before {
        histories.push(place.store.events(chain, 0, 99).await.expect("read"));
    }
    let (found, all) = swept(&place.url).await;
    assert_eq!((found, all.chains, all.events, all.away), (vec![], 3, 21, 0));

    let told = place.recipe("move-part-away.sh").expect("moved away");
    assert!(told.contains("2024q2: 8 events of 1 dossiers, "), "{told}");
    let (found, rest) = swept(&place.url).await;
    assert_eq!((found, rest.chains, rest.events, rest.away), (vec![], 2, 13, 1));
    let glance = Glance::of(&place.url, &Options::default()).await.expect("reached");
    let parts = glance.parts_away().await.expect("read");
    assert!(told.contains(&parts[0].digest.to_string()), "{told} {parts:?}");
    glance.close().await;

    // States are all there; what is away is said to be away.
    for subject in [&place.whole, &place.long, &place.young] {
        let loaded = place.store.load(&DossierKey::Id(subject.id())).await.expect("read");
        assert_eq!(*loaded.expect("it is there").dossier, *subject.dossier());
    }
    for after in [0, 7] {
        is_away(place.events(&place.whole, after).await);
        let key = DossierKey::Id(place.whole.id());
        is_away(place.store.load_with_events(&key, after, 99).await);
    }
    assert_eq!(place.events(&place.long, 0).await.expect("read").len(), 10);
    assert_eq!(place.events(&place.young, 0).await.expect("read").len(), 3);
    assert!(place.events(&place.whole, 8).await.expect("read").is_empty());
    let (whole, long) = (place.whole.id(), place.long.id());
    is_away(place.store.find_command(whole, command_id(1)).await);
    assert_eq!(place.store.find_command(whole, command_id(99)).await, Ok(None));
    assert_eq!(place.store.find_command(long, command_id(9)).await, Ok(Some(9)));

    // Dossiers go on, new ones come, and a command that is away is not carried out again.
    let mut repeated = place.whole.clone().act(|_| {});
    repeated.commands[0].0 = command_id(1);
    let answer = place.store.commit(vec![Commit::Dossier(Box::new(repeated))]).await;
    assert_eq!(answer, [Err(StoreError::Taken { what: "command id" })]);
    for subject in [&mut place.whole, &mut place.long, &mut place.young] {
        for _ in 0..7 {
            let commit = Commit::Dossier(Box::new(subject.act(|_| {})));
            assert_eq!(place.store.commit(vec![commit]).await, [Ok(())]);
        }
    }
    written(&place.store, 4, 2, false).await;
    let (found, rest) = swept(&place.url).await;
    assert_eq!((found, rest.chains, rest.events, rest.away), (vec![], 4, 36, 1));

    place.recipe("bring-part-back.sh").expect("brought back");
    let (found, all) = swept(&place.url).await;
    assert_eq!((found, all.chains, all.events, all.away), (vec![], 4, 44, 0));
    for (chain, history) in before.iter().zip(&histories) {
        let events = place.store.events(chain, 0, 99).await.expect("read");
        assert_eq!(events[..history.len()], history[..]);
    }
    assert_eq!(place.store.find_command(whole, command_id(1)).await, Ok(Some(1)));
    let kept = "DELETE FROM event WHERE seq = 1";
    let refused = execute(&mut connection(&place.url).await, kept).await;
    assert!(refused.is_err_and(|why| why.contains("append-only")));
    // The same once more, with what came meanwhile.
    place.recipe("move-part-away.sh").expect("moved away");
    place.recipe("bring-part-back.sh").expect("brought back");
    assert_eq!(swept(&place.url).await.1, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_histories_away_without_the_record_or_changes_it_is_found() {
    let place = Place::new().await;
    let mut late = written(&place.store, 5, 8, true).await;
    place.recipe("move-part-away.sh").expect("moved away");
    for _ in 0..2 {
        let commit = Commit::Dossier(Box::new(late.act(|_| {})));
        assert_eq!(place.store.commit(vec![commit]).await, [Ok(())]);
    }
    assert_eq!(swept(&place.url).await.0, [""; 0]);
    let chain = place.whole.id();
    let late = late.id();
    let young = place.young.id();
    // Nobody may be connected to what is copied.
    let Place { url, store, .. } = place;
    store.close().await;
    let off = "SET session_replication_role = replica;";
    for (statements, codes) in [
        // Gone with no record of its own, and with one of another part.
        (format!("DELETE FROM chain_away WHERE chain = '{chain}'"), &["away", "history"][..]),
        (
            format!("UPDATE chain_away SET part = '2024q1' WHERE chain = '{chain}'"),
            &["away", "history"],
        ),
        (format!("DELETE FROM part_away WHERE part = '{QUARTER}'"), &["history", "history"]),
        // The record says other than the head, or than what came after.
        (
            format!("UPDATE chain_away SET hash = sha256('') WHERE chain = '{chain}'"),
            &["away", "away"],
        ),
        (format!("UPDATE dossier SET head_hash = sha256('') WHERE id = '{chain}'"), &["head"]),
        (format!("{off} DELETE FROM event WHERE chain = '{late}'"), &["history"]),
        (format!("{off} DELETE FROM event WHERE chain = '{late}' AND seq = 9"), &["seq"]),
        (format!("{off} DELETE FROM event WHERE chain = '{young}'"), &["history"]),
    ] {
        let tampered = Cluster::shared().copy_of(&url);
        execute(&mut connection(&tampered).await, &statements).await.expect("tampered");
        let (found, _) = swept(&tampered).await;
        for code in codes {
            assert!(found.contains(code), "{statements}: {found:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_must_be_what_went() {
    let place = Place::new().await;
    place.recipe("move-part-away.sh").expect("moved away");
    let refused = place.recipe("move-part-away.sh").expect_err("it is away");
    assert!(refused.contains("part_away_once") || refused.contains("chain_away"), "{refused}");
    place.execute("UPDATE chain_away SET seq = seq - 1").await;
    let refused = place.recipe("bring-part-back.sh").expect_err("another record");
    assert!(refused.contains("recorded"), "{refused}");
    // What was restored lies beside the store until it fits.
    place.execute("UPDATE chain_away SET seq = seq + 1").await;
    place.recipe("bring-part-back.sh").expect("brought back");
    assert_eq!(swept(&place.url).await.0, [""; 0]);
}
