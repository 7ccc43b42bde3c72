//! Numbers of queues beside their rows, with several who write.

use std::time::Duration;

use motcua_procedures::Role;
use motcua_store::Store as _;
use motcua_store::conformance::fixture::{Subject, UNIT, item, minute};
use motcua_store::contract::{Commit, Desk, DossierCommit, Queue, WorklistQuery};
use motcua_store_sql::{Glance, Options, SqlStore};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use super::{connection, database, execute, open};

/// What migrations since 15 have made, taken away again.
const BEFORE: &str = "
    DROP VIEW queue_counted;
    DROP TABLE queue_count;
    DROP INDEX work_item_in_status, work_item_unclaimed, work_item_claimed, work_item_with_appointment,
        work_item_of_procedure, work_item_overseen_late, work_item_overseen_step, timer_failed;
    CREATE INDEX work_item_by_assignee ON work_item (assignee);
    CREATE INDEX work_item_by_appointment ON work_item (sort_at);
    CREATE INDEX work_item_by_status ON work_item (status);
    DELETE FROM _sqlx_migrations WHERE version IN (15, 16)";
const FILL: &str = "
    INSERT INTO work_item (dossier_id, item, unit, role, step, opened_at, step_late, procedure, status,
        sort_at)
    SELECT CAST(lpad(CAST(n AS text), 32, '0') AS uuid), 1, 'H26.7',
        CASE WHEN n % 100 = 0 THEN 'cashier' ELSE 'specialist' END, 's', 0, false, 'p', 1,
        9223372036854775807
    FROM generate_series(1, 20000) AS n;
    INSERT INTO queue_count (unit, status, role, procedure, claimed, shard, items)
    SELECT unit, status, role, procedure, claimed, 0, items FROM queue_counted;
    ANALYZE work_item; ANALYZE queue_count";
/// Whose items these are.
const DOSSIERS: &str = "
    INSERT INTO dossier (id, version, procedure_code, procedure_version, procedure_digest, status, closed,
        receiving_unit, competent_unit, parties, head_hash, head_at)
    SELECT CAST(lpad(CAST(n AS text), 32, '0') AS uuid), 1, 'p', '1', '', 1, false, 'H26.7', 'H26.7', '[]',
        sha256(''), 0
    FROM generate_series(1, 20000) AS n";

fn commit(commit: DossierCommit) -> Commit {
    Commit::Dossier(Box::new(commit))
}

async fn miscounted(url: &str) -> u64 {
    let glance = Glance::of(url, &Options::default()).await.expect("reached");
    let miscounted = glance.miscounted().await.expect("counted");
    glance.close().await;
    miscounted
}

async fn to_receive(store: &SqlStore) -> u64 {
    let query = WorklistQuery {
        queue: Queue::ToReceive,
        desk: Desk {
            person: "clerk-1".into(),
            unit: UNIT.into(),
            roles: vec![Role::ReceptionClerk],
        },
        procedure: None,
        now: minute(0),
        today: jiff::civil::date(2026, 3, 2),
        after: None,
        limit: 2,
    };
    store.worklist(&query).await.expect("a page").total
}

async fn file(store: &SqlStore, numbers: std::ops::RangeInclusive<u32>) {
    let filed = numbers.map(|number| commit(Subject::new(number).file(|_| {})));
    assert!(store.commit(filed.collect()).await.iter().all(Result::is_ok));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stood_before_is_counted_when_the_schema_is_brought_forward() {
    let url = database().await;
    let store = open(&url).await;
    file(&store, 1..=5).await;
    store.close().await;
    execute(&mut connection(&url).await, BEFORE).await.expect("taken away");
    assert_eq!(miscounted(&url).await, 0, "there is nothing to compare");
    let store = open(&url).await;
    file(&store, 6..=7).await;
    assert_eq!(to_receive(&store).await, 7);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_differs_is_found_and_counted_anew_as_the_document_says() {
    let url = database().await;
    let store = open(&url).await;
    file(&store, 1..=5).await;
    assert_eq!(miscounted(&url).await, 0);
    let mut beside = connection(&url).await;
    execute(&mut beside, "DELETE FROM work_item WHERE CAST(dossier_id AS text) LIKE '%1'")
        .await
        .expect("gone");
    assert_eq!((miscounted(&url).await, to_receive(&store).await), (1, 5));
    let document = include_str!("../../../../docs/operations.md");
    let (_, behind) = document.split_once("### Numbers of queues").expect("the section");
    let block = behind.split("```").nth(1).expect("a block");
    execute(&mut beside, block.strip_prefix("sql\n").expect("SQL")).await.expect("counted");
    assert_eq!((miscounted(&url).await, to_receive(&store).await), (0, 4));
    store.close().await;
}

/// Whoever is about to commit holds the numbers that it has changed.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_the_numbers_of_another() {
    let url = database().await;
    let impatient = Options { busy_timeout: Duration::from_millis(200), ..Options::default() };
    let store = SqlStore::connect(&url, impatient).await.expect("a store");
    file(&store, 1..=3).await;
    let mut other = connection(&url).await;
    let changed = "BEGIN;
        SELECT pg_advisory_xact_lock(hashtext('queue_count'), 0);
        UPDATE queue_count SET items = items + 1";
    execute(&mut other, changed).await.expect("changed");
    file(&store, 4..=6).await;
    assert_eq!(to_receive(&store).await, 6, "what is not committed is not counted");
    execute(&mut other, "COMMIT").await.expect("committed");
    assert_eq!(to_receive(&store).await, 7);
    let shards: i64 = sqlx::query_scalar("SELECT count(DISTINCT shard) FROM queue_count")
        .fetch_one(&mut other)
        .await
        .expect("shards");
    assert_eq!(shards, 2);
    store.close().await;
}

/// Each does its dossiers' whole lives, on the same few numbers.
async fn live(store: SqlStore, first: u32) -> SqlStore {
    let store = std::sync::Arc::new(store);
    let lives = (0..16).map(|task| {
        let store = store.clone();
        tokio::spawn(async move {
            for number in 0..4 {
                let mut subject = Subject::new(first + task * 4 + number);
                let mut commits = vec![subject.file(|_| {})];
                let mut taken = item(1, Role::ReceptionClerk);
                taken.assignee = Some("clerk-1".into());
                commits.push(subject.act(|facts| facts.items = vec![taken]));
                commits.push(subject.act(|facts| {
                    facts.items_closed = vec![1];
                    facts.items = vec![item(2, Role::Specialist), item(3, Role::Applicant)];
                }));
                if number % 2 == 0 {
                    commits.push(subject.act(|facts| facts.items_closed = vec![2, 3]));
                }
                for next in commits {
                    assert_eq!(store.commit(vec![commit(next)]).await, [Ok(())]);
                }
            }
        })
    });
    for life in lives.collect::<Vec<_>>() {
        life.await.expect("it was lived");
    }
    std::sync::Arc::into_inner(store).expect("nobody else has it")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_two_nodes_write_at_once_is_all_counted() {
    let url = database().await;
    let (one, two) = (open(&url).await, open(&url).await);
    let (one, two) = tokio::join!(live(one, 1_000), live(two, 2_000));
    one.close().await;
    two.close().await;
    assert_eq!(miscounted(&url).await, 0);
    let sum = "SELECT CAST(sum(items) AS bigint) FROM queue_count WHERE role = $1";
    for (role, expected) in [("reception_clerk", 0), ("specialist", 64), ("applicant", 64)] {
        let mut beside = connection(&url).await;
        let items: i64 =
            sqlx::query_scalar(sum).bind(role).fetch_one(&mut beside).await.expect("a sum");
        assert_eq!(items, expected, "{role}");
    }
}

/// A dossier with two open items, and an act that closes the first, opens a third, and keeps the second as
/// it is or, where the number is even, has somebody take it.
fn two_items(number: u32) -> [DossierCommit; 2] {
    let mut subject = Subject::new(number);
    let filed = subject.file(|facts| {
        facts.items = vec![item(1, Role::ReceptionClerk), item(2, Role::Specialist)];
    });
    let next = subject.act(|facts| {
        let mut changed = item(2, Role::Specialist);
        changed.assignee = number.is_multiple_of(2).then(|| "clerk-1".into());
        facts.items = vec![changed, item(3, Role::Cashier)];
        facts.items_closed = vec![1];
    });
    [filed, next]
}

#[tokio::test(flavor = "multi_thread")]
async fn items_kept_changed_and_closed_are_counted_beside_those_of_a_refused_commit() {
    let url = database().await;
    let store = open(&url).await;
    let (filed, acts): (Vec<_>, Vec<_>) = (1..=6).map(two_items).map(|[a, b]| (a, b)).unzip();
    let filed = filed.into_iter().map(commit);
    assert!(store.commit(filed.collect()).await.iter().all(Result::is_ok));
    let stale = |act: DossierCommit| match act.dossier.id == Subject::new(3).id() {
        true => DossierCommit { expected: 5, ..act },
        false => act,
    };
    let answers = store.commit(acts.into_iter().map(stale).map(commit).collect()).await;
    let refused: Vec<_> = answers.iter().map(Result::is_err).collect();
    assert_eq!(refused, [false, false, true, false, false, false]);
    assert_eq!(miscounted(&url).await, 0);
    let rows = "SELECT string_agg(concat(role, ' ', assignee), ', ' ORDER BY item) FROM work_item
        GROUP BY dossier_id ORDER BY dossier_id LIMIT 3";
    let rows: Vec<String> =
        sqlx::query_scalar(rows).fetch_all(&mut connection(&url).await).await.expect("items");
    let left = ["specialist , cashier ", "specialist clerk-1, cashier "];
    assert_eq!(rows, [left[0], left[1], "reception_clerk , specialist "]);
    store.close().await;
}

/// Rows that the scans of a plan read, those that a filter threw away too.
fn rows_read(node: &Value) -> f64 {
    let number = |key: &str| node.get(key).and_then(Value::as_f64).unwrap_or_default();
    let is_scan = node["Node Type"].as_str().is_some_and(|kind| kind.contains("Scan"));
    let each = number("Actual Rows") + number("Rows Removed by Filter");
    let own = if is_scan { each * number("Actual Loops") } else { 0.0 };
    let children = node.get("Plans").and_then(Value::as_array);
    own + children.into_iter().flatten().map(rows_read).sum::<f64>()
}

async fn page(connection: &mut PgConnection, statement: &str, after: &str) -> f64 {
    let prepare = format!("DEALLOCATE ALL; PREPARE it (text, text, text) AS {statement}");
    execute(connection, &prepare).await.expect("prepared");
    let roles = r#"["reception_clerk","cashier","specialist"]"#;
    // The last one is asked by the status alone.
    let status = if statement.contains("$8") { ", 1" } else { "" };
    let call = format!("EXECUTE it('H26.7', '{roles}', NULL, {after}, 0, 20{status})");
    let explain = AssertSqlSafe(format!("EXPLAIN (ANALYZE, FORMAT JSON) {call}"));
    let rows = sqlx::raw_sql(explain).fetch_all(connection).await.expect("a plan");
    let told: String = rows[0].get_unchecked(0);
    let plan: Value = serde_json::from_str(&told).expect("JSON");
    rows_read(&plan[0]["Plan"])
}

#[tokio::test]
async fn a_page_of_a_long_queue_reads_a_few_rows_first_and_deep() {
    let mut connection = connection(&database().await).await;
    execute(&mut connection, FILL).await.expect("filled");
    let careful = "SET enable_seqscan = off; SET jit = off";
    execute(&mut connection, careful).await.expect("set");
    let (_, statements) = motcua_store_sql::statements();
    let named = |name: &str| {
        let first = format!("-- {name}\n");
        statements.iter().find(|text| text.starts_with(&first)).expect("the statement")
    };
    for name in ["worklist_status", "worklist_unclaimed"] {
        for after in [
            "-9223372036854775808, '00000000-0000-0000-0000-000000000000'",
            "9223372036854775807, '00000000-0000-0000-0000-000000019900'",
        ] {
            let statement = named(name);
            let read = page(&mut connection, statement, after).await;
            assert!((20.0..200.0).contains(&read), "{name} after {after}: {read} rows");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_reads_its_own_items_even_by_a_plan_made_while_there_were_none() {
    let url = database().await;
    let mut beside = connection(&url).await;
    execute(&mut beside, "ANALYZE dossier, work_item").await.expect("nothing is there");
    let store = open(&url).await;
    let mut subjects: Vec<Subject> = (1..=20).map(Subject::new).collect();
    let filed = subjects.iter_mut().map(|subject| commit(subject.file(|_| {})));
    assert!(store.commit(filed.collect()).await.iter().all(Result::is_ok));
    // A connection keeps the plans of its first calls.
    assert_eq!(store.commit(vec![commit(subjects[0].act(|_| {}))]).await, [Ok(())]);
    // New statistics would have the plans made anew.
    let (rows, _) = FILL.split_once("ANALYZE").expect("rows before their statistics");
    let anew = AssertSqlSafe(format!("DELETE FROM queue_count; {DOSSIERS}; {rows}"));
    sqlx::raw_sql(anew).execute(&mut beside).await.expect("filled");
    let acts = subjects.iter_mut().map(|subject| commit(subject.act(|_| {})));
    assert!(store.commit(acts.collect()).await.iter().all(Result::is_ok));
    store.close().await;
    // What a connection has read is known when it has gone.
    let gone = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'motcua')";
    for _ in 0..500 {
        if sqlx::query_scalar::<_, bool>(gone).fetch_one(&mut beside).await.expect("an answer") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let read = "SELECT CAST(sum(t.seq_tup_read + (SELECT sum(i.idx_tup_read)
            FROM pg_stat_user_indexes i WHERE i.relid = t.relid)) AS bigint)
        FROM pg_stat_user_tables t WHERE t.relname IN ('dossier', 'work_item')";
    let read: i64 = sqlx::query_scalar(read).fetch_one(&mut beside).await.expect("a count");
    assert!(read < 1_000, "20 dossiers were moved on beside 20,000 items, and {read} were read");
}
