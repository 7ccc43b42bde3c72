//! Every statement finds its rows by an index.

use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::{connection, database, execute};

fn name(statement: &str) -> &str {
    let first = statement.lines().next().unwrap_or_default();
    first.strip_prefix("-- ").unwrap_or_else(|| panic!("{statement} has no name"))
}

/// The plan for values that are not known yet, as a writer's connection has it.
async fn plan(connection: &mut PgConnection, statement: &str) -> Vec<String> {
    let places = (1..=99).rev().find(|place| statement.contains(&format!("${place}")));
    let nulls = vec!["NULL"; places.unwrap_or(0)].join(", ");
    // What is only asked whether it is null has no type of its own in a bare PREPARE.
    let types =
        if name(statement).starts_with("worklist_") { "(unknown, unknown, text)" } else { "" };
    let prepare = format!("DEALLOCATE ALL; PREPARE it {types} AS {statement}");
    execute(connection, &prepare).await.unwrap_or_else(|e| panic!("{statement}: {e}"));
    let call = if nulls.is_empty() { "it".to_owned() } else { format!("it({nulls})") };
    let explain = AssertSqlSafe(format!("EXPLAIN (COSTS OFF) EXECUTE {call}"));
    let rows = sqlx::raw_sql(explain).fetch_all(connection).await;
    let rows = rows.unwrap_or_else(|e| panic!("{statement}: {e}"));
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn no_statement_goes_through_a_table() {
    let mut connection = connection(&database().await).await;
    // A table that is nearly empty is read from end to end unless that counts as the last resort.
    let careful =
        "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; SET jit = off";
    execute(&mut connection, careful).await.expect("set");
    let (_, statements) = motcua_store_sql::statements();
    assert!(statements.len() > 40);
    let mut slow = Vec::new();
    for statement in &statements {
        // Lists of values have no type of their own in a bare PREPARE.
        if statement.contains("unnest($") {
            continue;
        }
        let steps = plan(&mut connection, statement).await;
        // The server's own catalogue is small.
        let goes_through = |step: &String| step.contains("Seq Scan") && !step.contains(" on pg_");
        if steps.iter().any(goes_through) {
            slow.push((name(statement), steps));
        }
    }
    assert!(slow.is_empty(), "{slow:#?}");
}

#[tokio::test]
async fn each_queue_reads_its_own_index_in_the_order_of_the_list() {
    let mut connection = connection(&database().await).await;
    let careful = "SET enable_seqscan = off; SET enable_bitmapscan = off;
        SET plan_cache_mode = force_generic_plan";
    execute(&mut connection, careful).await.expect("set");
    let (_, statements) = motcua_store_sql::statements();
    for (queue, index, count) in [
        ("worklist_status", "work_item_in_status", "queue_count_pkey"),
        ("worklist_mine", "work_item_claimed", "work_item_claimed"),
        ("worklist_unclaimed", "work_item_unclaimed", "queue_count_pkey"),
        ("worklist_of_applicant", "work_item_of_applicant", "queue_count_pkey"),
        ("worklist_due_today", "work_item_with_appointment", "work_item_with_appointment"),
        ("worklist_late", "work_item_with_appointment", "work_item_with_appointment"),
        ("worklist_due_today_led", "work_item_with_appointment", "work_item_with_appointment"),
        ("worklist_due_today_led", "work_item_overseen ", "work_item_overseen "),
        ("worklist_due_today_led", "work_item_overseen_step", "work_item_overseen_step"),
        ("worklist_late_led", "work_item_with_appointment", "work_item_with_appointment"),
        ("worklist_late_led", "work_item_overseen ", "work_item_overseen "),
        ("worklist_late_led", "work_item_overseen_late", "work_item_overseen_late"),
    ] {
        let statement = statements.iter().find(|text| name(text) == queue).expect("the statement");
        let steps = plan(&mut connection, statement).await;
        let uses = |index| steps.iter().filter(|step| step.contains(index)).count();
        let of_both = if count == index { uses(index) / 2 } else { uses(index).min(uses(count)) };
        assert_eq!(of_both, 1, "{queue}: the page and the count, {steps:#?}");
    }
}

#[tokio::test]
async fn what_is_due_is_claimed_in_the_order_of_its_index_as_far_as_the_batch_goes() {
    let mut connection = connection(&database().await).await;
    let careful = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
        SET plan_cache_mode = force_generic_plan";
    execute(&mut connection, careful).await.expect("set");
    let (_, statements) = motcua_store_sql::statements();
    let claim = statements.iter().find(|text| name(text) == "timer_claim").expect("the statement");
    let steps = plan(&mut connection, claim).await;
    assert!(steps.iter().any(|step| step.contains("timer_by_due")), "{steps:#?}");
    assert!(!steps.iter().any(|step| step.contains("Sort")), "{steps:#?}");
}

#[tokio::test]
async fn names_of_statements_are_unique() {
    let (_, statements) = motcua_store_sql::statements();
    let mut names: Vec<_> = statements.iter().map(|statement| name(statement)).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}
