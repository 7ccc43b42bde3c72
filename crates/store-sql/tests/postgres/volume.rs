//! What every statement reads where the tables are large and their statistics known, with the settings
//! of the connections that ask: the server says itself how it carried each of them out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;
use motcua_audit::ChainId;
use motcua_procedures::Role;
use motcua_store::Store as _;
use motcua_store::conformance::fixture::*;
use motcua_store::contract::{
    Commit, Desk, DossierKey, Queue, ReceptionQuery, RegisterKind, Scope, SearchQuery, SearchTerm,
    TermKind, WorklistKey, WorklistQuery, dossier_chain,
};
use motcua_store_sql::{Glance, Head, Options, SqlStore};
use serde_json::{Value, json};
use sqlx::types::Uuid;
use sqlx::{AssertSqlSafe, Row as _};

use super::carried_out::{self, below};
use super::distribution::{load, walk};
use super::{connection, database, execute, open};

/// Most rows that one step of a statement reads, beside 40,000 in each table: the largest page has 1,000.
const ROWS_MAX: f64 = 2_500.0;
/// Most pages that a step comes by on its way to a row, and beyond: a step that reads many and finds few goes
/// through an index.
const PAGES_A_ROW_MAX: f64 = 5.0;
const PAGES_A_LOOP_MAX: f64 = 30.0;
/// The same for each of 16 roles that are looked up one by one.
const PAGES_A_LIST_MAX: f64 = 16.0 * PAGES_A_ROW_MAX;
/// Tables that hold little.
const SMALL: [&str; 2] = ["register_entry", "setting"];
/// What reads more, and why.
const THROUGH: [(&str, &str); 6] = [
    ("chains_begun", "a thousand places, each looked up in every part"),
    ("chains_away", "a thousand keys, each looked up"),
    ("heads_stored", "a thousand names, each looked up"),
    ("events_counted", "nothing but a count tells it, and only a backup of a file asks"),
    ("queue_counts_differing", "the doctor compares each number with the rows that it stands for"),
    ("search_floor", "so many entries of one word as a search goes through at most"),
];

fn page(queue: Queue, roles: &[Role], procedure: Option<&str>, deep: bool) -> WorklistQuery {
    let key = |sort_at_us| WorklistKey { sort_at_us, dossier: dossier_id(9), item: 1 };
    WorklistQuery {
        queue,
        desk: Desk { person: "clerk-3".into(), unit: UNIT.into(), roles: roles.to_vec() },
        procedure: procedure.map(str::to_owned),
        now: minute(0),
        today: date(2026, 3, 2),
        after: deep.then(|| key(if queue == Queue::Late { 1 } else { i64::MAX })),
        limit: 50,
    }
}

/// Every queue as a clerk and as a leader sees it, whole and of one procedure, first and deep.
async fn queues(store: &SqlStore) {
    let clerk = [Role::ReceptionClerk, Role::Specialist, Role::ReturnClerk];
    let mut totals = BTreeMap::new();
    for queue in [
        Queue::ToReceive,
        Queue::Mine,
        Queue::Unclaimed,
        Queue::WaitingForApplicant,
        Queue::DueToday,
        Queue::Late,
        Queue::ReadyToDeliver,
    ] {
        for roles in [&clerk[..], &[Role::HeadOfDivision]] {
            for procedure in [None, Some("often"), Some("seldom"), Some("never")] {
                for deep in [false, true] {
                    let query = page(queue, roles, procedure, deep);
                    let found = store.worklist(&query).await.expect("a page");
                    totals.insert(format!("{queue:?} {} {procedure:?}", roles.len()), found.total);
                }
            }
        }
    }
    // The volume has what the queues are asked for.
    assert!(totals["ToReceive 3 None"] > 5_000 && totals["Unclaimed 1 Some(\"seldom\")"] > 5);
    for some in ["Mine 3 None", "DueToday 1 None", "Late 1 None", "Late 3 None"] {
        assert!((10..1_000).contains(&totals[some]), "{some}: {totals:?}");
    }
}

async fn searches(store: &SqlStore) {
    let word = |term: &str| SearchTerm { kind: TermKind::NameFolded, term: term.into() };
    for words in [&["w5"][..], &["nguyen", "w5"], &["nguyen"], &[]] {
        for scope in [Scope::All, Scope::Unit(UNIT.into()), Scope::Party("citizen-2".into())] {
            let terms = words.iter().map(|term| word(term)).collect();
            let query = SearchQuery { scope, terms, after: None, limit: 5 };
            // Dossiers of the volume have no state that could be read.
            let found = store.search(&query).await.map_or(0, |found| found.len());
            assert!(found > 0 || words.len() != 2, "{query:?}");
        }
    }
    let period = ReceptionQuery {
        unit: UNIT.into(),
        from: minute(1),
        until: minute(60),
        after: None,
        limit: 200,
    };
    assert_eq!(store.received(&period).await.expect("read").len(), 1);
}

async fn dossiers(store: &SqlStore, subject: &Subject) {
    let id = subject.id();
    let code = format!("H26.7-260302-{:04}", id.as_u128() as u32);
    let number = (id.as_u128() as u32).to_string();
    for key in [DossierKey::Code(code), DossierKey::External("portal".into(), number)] {
        assert!(store.load_with_events(&key, 0, 50).await.expect("read").is_some());
    }
    let several: Vec<_> = (1..=20).map(dossier_id).collect();
    assert_eq!(store.load_all(&several).await.expect("read").len(), 20);
    assert_eq!(store.versions(&several).await.expect("read").len(), 20);
    let bound = "ab".repeat(32);
    for digest in ["often", "seldom", &bound] {
        assert_eq!(store.dossiers_of(digest, Some(id), 100).await.expect("read").len(), 100);
    }
    // Nothing of these is here: whether it is away is asked.
    let none = Uuid::from_u128(7);
    assert_eq!(store.events(&dossier_chain(none), 0, 100).await.expect("read"), []);
    assert_eq!(store.find_command(none, none).await, Ok(None));
    assert!(store.next_timer_at(minute(0)).await.expect("read").is_some());
    let parked = store.parked_timers(8, None, 100).await.expect("read");
    let last = parked.last().map(|timer| (timer.due_at, timer.dossier, timer.timer.clone()));
    let more = store.parked_timers(8, last, 100).await.expect("read");
    assert_eq!((parked.len(), more.len()), (8, 0));
    let due = store.claim_timers(minute(9), minute(10), None, 100).await.expect("claimed");
    let after = due.last().map(motcua_store::contract::Claim::place);
    let more = store.claim_timers(minute(9), minute(10), after, 100).await.expect("claimed");
    assert_eq!((due.len(), more.len()), (100, 100));
}

async fn desk(store: &SqlStore, subject: &Subject) {
    assert_eq!(store.drafts("fill-7", 100).await.expect("read").len(), 8);
    store.delete_draft(subject.id()).await.expect("gone");
    assert_eq!(store.open_uploads("fill-4").await.expect("counted"), 8);
    store.waiting_bytes("fill-5").await.expect("counted");
    assert!(store.finished_upload("fill-6", "fill-6", minute(0)).await.expect("read").is_some());
    assert!(store.needs_document("fill-6").await.expect("read"));
    store.expire(minute(0)).await.expect("expired");
    let keys = ["fill-7".to_owned(), "fill-8".to_owned()];
    assert!(store.count_guess(&keys, minute(0), minute(60), 5).await.expect("counted"));
    store.take_back_guess(&keys, minute(60)).await.expect("taken back");
    let chain = ChainId::parse("sys:procedures").expect("a chain");
    let published = register_commit(&chain, None, vec![procedure_entry("1.0.0")]);
    assert_eq!(store.commit(vec![Commit::Register(Box::new(published))]).await, [Ok(())]);
    assert_eq!(store.register(RegisterKind::Procedure).await.expect("read").len(), 1);
    assert_eq!(store.setting("colour", "red").await.expect("set"), "red");
    assert!(store.find_setting("colour").await.expect("read").is_some());
}

/// What tools ask beside a service.
async fn glances(url: &str, subject: &Subject) {
    let glance = Glance::of(url, &Options::default()).await.expect("reached");
    let look = glance.look().await.expect("looked");
    drop(look);
    glance.clock().await.expect("asked");
    assert_eq!(glance.parked_timers(minute(0), 8).await.expect("counted").0, 2);
    assert_eq!(glance.miscounted().await.expect("counted"), 0);
    assert!(glance.events().await.expect("counted") > 40_000);
    let first = glance.heads(None).await.expect("read");
    let next = glance.heads(first.last()).await.expect("read");
    let behind = Head { chain: dossier_chain(Uuid::max()), ..next[0].clone() };
    let others = glance.heads(Some(&behind)).await.expect("read");
    let more = glance.heads(others.last()).await.expect("read");
    assert_eq!([first.len(), next.len(), others.len(), more.len()], [500; 4]);
    for named in [true, false] {
        let first = glance.documents(named, "").await.expect("read");
        let next = glance.documents(named, first.last().expect("documents")).await.expect("read");
        assert_eq!((first.len(), next.len()), (500, 500));
    }
    glance.has_upload(subject.id()).await.expect("read");
    glance.close().await;
}

/// Pages as whoever verifies a whole store asks for them, first and deep: the volume is no sound history.
async fn sweeps(url: &str, subject: &Subject) {
    let mut connection = connection(url).await;
    execute(&mut connection, "SET enable_seqscan = off; SET jit = off").await.expect("set");
    let statements = motcua_store_sql::statements().1;
    let named = |wanted: &str| {
        let statement = statements.iter().find(|text| name(text) == wanted).expect("a statement");
        sqlx::query(AssertSqlSafe(statement.clone()))
    };
    for after in [Uuid::nil(), subject.id(), Uuid::from_u128(0x0190_0000_9000 << 80)] {
        let page = named("event_sweep").bind(after).bind(1_i64).bind(1_000_i64);
        let events = page.fetch_all(&mut connection).await.expect("events");
        assert_eq!(events.len(), 1_000);
        let chains: Vec<Uuid> = events.iter().map(|row| row.get("place")).collect();
        let stored = named("dossiers_stored").bind(chains[0]).bind(chains[999]).bind(1_000_i64);
        assert!(stored.fetch_all(&mut connection).await.expect("dossiers").len() > 300);
        let listed = json!(chains).to_string();
        let begun = named("chains_begun").bind(listed).fetch_all(&mut connection).await;
        assert!(begun.expect("chains").len() > 300);
        let away = named("chains_away").bind(json!(chains).to_string());
        assert!(away.fetch_all(&mut connection).await.expect("records").is_empty());
        let accesses = json!(chains.iter().map(|id| format!("acc:{id}")).collect::<Vec<_>>());
        let heads = named("heads_stored").bind(accesses.to_string());
        heads.fetch_all(&mut connection).await.expect("heads");
    }
}

/// What one step read by itself: rows, those that a filter threw away too, and pages.
fn own(node: &Value) -> (f64, f64) {
    let number =
        |node: &Value, key: &str| node.get(key).and_then(Value::as_f64).unwrap_or_default();
    let pages =
        |node: &Value| number(node, "Shared Hit Blocks") + number(node, "Shared Read Blocks");
    let each = number(node, "Actual Rows")
        + number(node, "Rows Removed by Filter")
        + number(node, "Rows Removed by Index Recheck");
    let loops = number(node, "Actual Loops");
    (each * loops, pages(node) - below(node).map(pages).sum::<f64>())
}

fn complaints(node: &Value, roots: &BTreeMap<String, String>, found: &mut Vec<String>) {
    let text = |key: &str| node.get(key).and_then(Value::as_str).unwrap_or_default();
    let (kind, index) = (text("Node Type"), text("Index Name"));
    let name = if index.is_empty() { text("Relation Name") } else { index };
    let large = roots.get(name).filter(|root| !SMALL.contains(&root.as_str()));
    if let Some(root) = large.filter(|_| kind.ends_with("Scan")) {
        let (rows, pages) = own(node);
        let loops = node["Actual Loops"].as_f64().unwrap_or_default();
        let listed = if text("Index Cond").contains("= ANY") { PAGES_A_LIST_MAX } else { 0.0 };
        let most = (PAGES_A_LOOP_MAX + listed) * loops + PAGES_A_ROW_MAX * rows;
        if kind == "Seq Scan" || rows > ROWS_MAX || pages > most {
            found.push(format!("{kind} of {root} by {name}: {rows} rows, {pages} pages\n{node:#}"));
        }
    }
    for child in below(node) {
        complaints(child, roots, found);
    }
}

/// The statement, or its beginning where it stands in a function.
fn name(text: &str) -> &str {
    let first = text.trim_start().lines().next().unwrap_or_default();
    first.strip_prefix("-- ").unwrap_or(first)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_reads_more_than_it_shows_however_large_the_tables() {
    let url = database().await;
    let mut subjects = load(&url).await;
    let mut beside = connection(&url).await;
    execute(&mut beside, include_str!("volume.sql")).await.expect("filled");
    carried_out::tell(&mut beside).await;
    let store = open(&url).await;
    walk(&store, &mut subjects).await;
    queues(&store).await;
    searches(&store).await;
    dossiers(&store, &subjects[50]).await;
    desk(&store, &subjects[50]).await;
    store.close().await;
    glances(&url, &subjects[50]).await;
    sweeps(&url, &subjects[50]).await;

    let roots = carried_out::relations(&mut beside).await;
    let (mut wrong, mut seen) = (BTreeMap::new(), BTreeSet::new());
    for (text, plan) in carried_out::told(&mut beside).await {
        let mut found = Vec::new();
        complaints(&plan, &roots, &mut found);
        if !found.is_empty() {
            wrong.entry(name(&text).to_owned()).or_insert(found);
        }
        seen.insert(name(&text).to_owned());
    }
    for (through, _) in THROUGH {
        assert!(wrong.remove(through).is_some(), "{through} need not be among the exceptions");
    }
    for (statement, found) in &wrong {
        eprintln!("{statement}:\n{}", found.join("\n"));
    }
    assert!(wrong.is_empty(), "{:?}", wrong.keys());
    let statements = motcua_store_sql::statements().1;
    let missing: Vec<_> =
        statements.iter().map(|text| name(text)).filter(|name| !seen.contains(*name)).collect();
    assert!(missing.is_empty(), "not carried out: {missing:?}");
}
