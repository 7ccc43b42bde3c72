//! Numbers of queues beside their rows.

use motcua_procedures::Role;
use motcua_store::Store as _;
use motcua_store::conformance::fixture::{Subject, UNIT, item, minute};
use motcua_store::contract::{Desk, Queue, WorklistKey, WorklistQuery};
use motcua_store_sql::{Glance, Options};
use rusqlite::StatementStatus;

use super::{Database, dossier, execute, written};

/// What migrations since 15 have made, taken away again.
const BEFORE: [&str; 15] = [
    "DROP VIEW queue_counted",
    "DROP TABLE queue_count",
    "DROP INDEX work_item_in_status",
    "DROP INDEX work_item_unclaimed",
    "DROP INDEX work_item_claimed",
    "DROP INDEX work_item_with_appointment",
    "DROP INDEX work_item_of_procedure",
    "DROP INDEX work_item_overseen_late",
    "DROP INDEX work_item_overseen_step",
    "DROP INDEX timer_failed",
    "CREATE INDEX work_item_by_assignee ON work_item (assignee)",
    "CREATE INDEX work_item_by_appointment ON work_item (sort_at)",
    "CREATE INDEX work_item_by_status ON work_item (status)",
    "DELETE FROM _sqlx_migrations WHERE version >= 15",
    "ANALYZE",
];
const FILL: &str =
    "INSERT INTO work_item (dossier_id, item, unit, role, step, opened_at, step_late,
        procedure, status, sort_at)
    WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
    SELECT printf('fill-%06d', n), 1, 'H26.7',
        CASE WHEN n % 100 = 0 THEN 'cashier' ELSE 'specialist' END, 's', 0, 0, 'p', 1,
        9223372036854775807
    FROM n";

async fn miscounted(database: &Database) -> u64 {
    let glance = Glance::at(&database.path(), &Options::default());
    let miscounted = glance.miscounted().await.expect("counted");
    glance.close().await;
    miscounted
}

fn to_receive(limit: u32, after: Option<WorklistKey>) -> WorklistQuery {
    WorklistQuery {
        queue: Queue::ToReceive,
        desk: Desk {
            person: "clerk-1".into(),
            unit: UNIT.into(),
            roles: vec![Role::ReceptionClerk, Role::Specialist, Role::Cashier],
        },
        procedure: None,
        now: minute(0),
        today: jiff::civil::date(2026, 3, 2),
        after,
        limit,
    }
}

#[tokio::test]
async fn what_stood_before_is_counted_when_the_schema_is_brought_forward() {
    let database = Database::new();
    let store = database.open().await;
    let filed = (1..=5).map(|number| dossier(Subject::new(number).file(|_| {})));
    assert!(store.commit(filed.collect()).await.iter().all(Result::is_ok));
    store.close().await;
    let mut beside = database.connection().await;
    for statement in BEFORE {
        execute(&mut beside, statement).await.expect(statement);
    }
    assert_eq!(miscounted(&database).await, 0, "there is nothing to compare");
    let store = database.open().await;
    assert_eq!(store.worklist(&to_receive(2, None)).await.expect("a page").total, 5);
    store.close().await;
}

#[tokio::test]
async fn a_number_that_differs_is_found_and_counted_anew_as_the_document_says() {
    let database = Database::new();
    let store = database.open().await;
    let filed = (1..=5).map(|number| dossier(Subject::new(number).file(|_| {})));
    assert!(store.commit(filed.collect()).await.iter().all(Result::is_ok));
    store.close().await;
    assert_eq!(miscounted(&database).await, 0);
    let mut beside = database.connection().await;
    execute(&mut beside, "UPDATE queue_count SET items = items + 1").await.expect("changed");
    execute(&mut beside, "DELETE FROM work_item WHERE dossier_id LIKE '%1'").await.expect("gone");
    assert_eq!(miscounted(&database).await, 1);
    let document = include_str!("../../../../docs/operations.md");
    let (_, behind) = document.split_once("### Numbers of queues").expect("the section");
    let block = behind.split("```").nth(3).expect("a second block");
    let recipe = block.strip_prefix("sql\n").expect("SQL");
    sqlx::raw_sql(recipe).execute(&mut beside).await.expect("counted");
    assert_eq!(miscounted(&database).await, 0);
}

#[tokio::test]
async fn whatever_a_transaction_does_to_a_number_is_written_once() {
    let database = Database::new();
    let store = database.open().await;
    let mut beside = database.connection().await;
    for sql in [
        "CREATE TABLE written (what TEXT NOT NULL) STRICT",
        "CREATE TRIGGER made AFTER INSERT ON queue_count BEGIN
            INSERT INTO written VALUES (NEW.role || ' ' || NEW.items); END",
        "CREATE TRIGGER changed AFTER UPDATE ON queue_count BEGIN
            INSERT INTO written VALUES (NEW.role || ' ' || NEW.items); END",
    ] {
        execute(&mut beside, sql).await.expect("a schema that watches");
    }
    let mut subjects: Vec<Subject> = (1..=10).map(Subject::new).collect();
    let filed = subjects.iter_mut().map(|subject| dossier(subject.file(|_| {}))).collect();
    assert!(store.commit(filed).await.iter().all(Result::is_ok));
    assert_eq!(written(&mut beside).await, ["reception_clerk 10"]);
    // Claimed and released again: nothing is left of it.
    let subject = &mut subjects[0];
    let mut assigned = |assignee: Option<&str>| {
        let mut item = item(1, Role::ReceptionClerk);
        item.assignee = assignee.map(str::to_owned);
        dossier(subject.act(|facts| facts.items = vec![item]))
    };
    let both = vec![assigned(Some("clerk-1")), assigned(None)];
    assert!(store.commit(both).await.iter().all(Result::is_ok));
    assert_eq!(written(&mut beside).await, [""; 0]);
    assert_eq!(store.commit(vec![assigned(Some("clerk-1"))]).await, [Ok(())]);
    assert_eq!(written(&mut beside).await, ["reception_clerk 1", "reception_clerk 9"]);
}

/// Steps of the library's machine for a page, as it counts them itself.
fn steps(connection: &rusqlite::Connection, statement: &str, after: (i64, &str)) -> i32 {
    let mut prepared = connection.prepare(statement).expect("a statement");
    let roles = r#"["reception_clerk","cashier","specialist"]"#;
    let none: Option<&str> = None;
    let arguments = rusqlite::named_params! {
        "$1": UNIT, "$2": roles, "$3": none, "$4": after.0, "$5": after.1, "$6": 0, "$7": 20, "$8": 1,
    };
    let rows = prepared.query_map(arguments, |row| row.get::<_, i64>("total"));
    let totals: Vec<i64> = rows.expect("rows").map(|total| total.expect("a row")).collect();
    assert_eq!(totals.len(), 20);
    prepared.get_status(StatementStatus::VmStep)
}

#[tokio::test]
async fn a_page_costs_the_same_however_long_the_queue_is_and_however_deep_it_lies() {
    let database = Database::new();
    database.open().await.close().await;
    let statements = motcua_store_sql::statements().0;
    let page = statements.iter().find(|text| text.starts_with("-- worklist_status\n"));
    let page = page.expect("the statement");
    let connection = rusqlite::Connection::open(database.path()).expect("a connection");
    connection.execute_batch("PRAGMA foreign_keys = OFF").expect("set");
    let fill = |rows: usize| {
        let fill = FILL.replace("20000", &rows.to_string());
        connection.execute_batch(&format!("DELETE FROM work_item; {fill}")).expect("filled");
    };
    fill(3_000);
    let short = steps(&connection, page, (i64::MIN, ""));
    fill(20_000);
    let long = steps(&connection, page, (i64::MIN, ""));
    let deep = steps(&connection, page, (i64::MAX, "fill-019900"));
    assert!(long <= short + 100, "{short} steps, and {long} of a queue seven times as long");
    assert!(deep <= short + 100, "{short} steps, and {deep} deep down");
}
