//! Every statement finds its rows by an index.

use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use super::Database;

async fn plan(connection: &mut SqliteConnection, statement: &str) -> Vec<String> {
    let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
    let rows = sqlx::query(explain).fetch_all(connection).await;
    let rows = rows.unwrap_or_else(|e| panic!("{statement}: {e}"));
    rows.iter().map(|row| row.get("detail")).collect()
}

pub(super) fn name(statement: &str) -> &str {
    let first = statement.lines().next().unwrap_or_default();
    first.strip_prefix("-- ").unwrap_or_else(|| panic!("{statement} has no name"))
}

/// What goes through a table, and why.
const THROUGH: [(&str, &str); 3] = [
    ("event_last", "it stops at the first, which is the last by number"),
    ("events_counted", "a backup counts what it has copied"),
    ("queue_counts_differing", "the doctor compares each number with the rows that it stands for"),
];

/// What may be gone through from end to end: parameters, rows of which there are at most so many, and
/// what a part of the statement gives, which is judged by its own steps.
fn is_small(step: &str) -> bool {
    let scanned = step.strip_prefix("SCAN ").unwrap_or_default();
    scanned.contains("VIRTUAL TABLE")
        || scanned.contains("VALUES CLAUSE")
        || scanned.contains("CONSTANT ROW")
        || scanned.starts_with("(subquery-")
        || ["v", "page", "page LEFT-JOIN", "shown", "whole", "few"].contains(&scanned)
}

/// Statements that go through a table or sort what they find, with their steps.
pub(super) async fn slow(connection: &mut SqliteConnection) -> Vec<(String, Vec<String>)> {
    let statements = motcua_store_sql::statements().0;
    assert!(statements.len() > 50);
    let mut slow = Vec::new();
    for statement in &statements {
        let steps = plan(connection, statement).await;
        let scans = steps.iter().any(|step| step.starts_with("SCAN ") && !is_small(step));
        let sorts = steps.iter().any(|step| step.contains("TEMP B-TREE"));
        // A worklist puts the rows of its page in order once more after joining them.
        let may_sort = name(statement).starts_with("worklist_");
        if THROUGH.iter().any(|(through, _)| *through == name(statement)) {
            assert!(scans, "{} need not be among the exceptions", name(statement));
            continue;
        }
        if scans || (sorts && !may_sort) {
            slow.push((name(statement).to_owned(), steps));
        }
    }
    slow
}

#[tokio::test]
async fn no_statement_goes_through_a_table() {
    let database = Database::new();
    database.open().await.close().await;
    let slow = slow(&mut database.connection().await).await;
    assert!(slow.is_empty(), "{slow:#?}");
}

#[tokio::test]
async fn what_every_commit_writes_of_its_dossier_touches_no_index() {
    let database = Database::new();
    database.open().await.close().await;
    let mut connection = database.connection().await;
    let statements = motcua_store_sql::statements().0;
    let advance = statements.iter().find(|text| name(text) == "dossier_advance");
    let explain = AssertSqlSafe(format!("EXPLAIN {}", advance.expect("the statement")));
    let rows = sqlx::query(explain).fetch_all(&mut connection).await.expect("a program");
    let codes = rows.iter().map(|row| row.get::<String, _>("opcode"));
    let writes: Vec<_> =
        codes.filter(|code| ["IdxInsert", "IdxDelete"].contains(&&**code)).collect();
    assert!(writes.is_empty(), "{writes:?}");
}

/// The index of a procedure's items, as far as a page goes.
const OF_PROCEDURE: &str =
    "work_item_of_procedure (unit=? AND procedure=? AND role=? AND status=? AND";

/// Each queue with an index that it reads, and whether the rows are counted there too.
pub(super) const OF_QUEUES: [(&str, &str, bool); 15] = [
    ("worklist_status", "work_item_in_status (unit=? AND status=? AND role=?", false),
    ("worklist_mine", "work_item_claimed (unit=? AND assignee=?", true),
    ("worklist_unclaimed", "work_item_unclaimed (unit=? AND role=?", false),
    ("worklist_of_applicant", "work_item_of_applicant (unit=?", false),
    ("worklist_status_of_procedure", OF_PROCEDURE, false),
    ("worklist_unclaimed_of_procedure", OF_PROCEDURE, false),
    ("worklist_of_applicant_of_procedure", OF_PROCEDURE, false),
    ("worklist_due_today", "work_item_with_appointment (unit=? AND role=?", true),
    ("worklist_late", "work_item_with_appointment (unit=? AND role=?", true),
    ("worklist_due_today_led", "work_item_with_appointment (unit=? AND role=?", true),
    ("worklist_due_today_led", "work_item_overseen (overseen_by=?", true),
    ("worklist_due_today_led", "work_item_overseen_step (overseen_by=? AND step_due_at>?", true),
    ("worklist_late_led", "work_item_with_appointment (unit=? AND role=?", true),
    ("worklist_late_led", "work_item_overseen (overseen_by=?", true),
    ("worklist_late_led", "work_item_overseen_late (overseen_by=?", true),
];

pub(super) async fn check_queue(
    connection: &mut SqliteConnection,
    queue: &str,
    index: &str,
    is_counted: bool,
) {
    let statements = motcua_store_sql::statements().0;
    let statement = statements.iter().find(|text| name(text) == queue).expect("the statement");
    let steps = plan(connection, statement).await;
    let covering = format!("SEARCH w USING COVERING INDEX {index}");
    let uses = steps.iter().filter(|step| step.starts_with(&covering)).count();
    assert_eq!(uses, 1 + usize::from(is_counted), "{queue}: page and count, {steps:#?}");
    let count = "SEARCH q USING PRIMARY KEY (unit=? AND status=?";
    assert_eq!(
        steps.iter().any(|step| step.starts_with(count)),
        !is_counted,
        "{queue}: {steps:#?}"
    );
    // The few rows that it has of each role, those of a day elsewhere, and the page once it is joined.
    let sorts = steps.iter().filter(|step| step.contains("TEMP B-TREE")).count();
    let most = if queue == "worklist_due_today_led" { 3 } else { 2 };
    assert!(sorts <= most, "{queue}: the page comes in order, {steps:#?}");
}

#[tokio::test]
async fn each_queue_reads_its_own_index_in_the_order_of_the_list() {
    let database = Database::new();
    database.open().await.close().await;
    let mut connection = database.connection().await;
    for (queue, index, is_counted) in OF_QUEUES {
        check_queue(&mut connection, queue, index, is_counted).await;
    }
}

#[tokio::test]
async fn names_of_statements_are_unique() {
    let statements = motcua_store_sql::statements().0;
    let mut names: Vec<_> = statements.iter().map(|statement| name(statement)).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}
