//! What statements read where the tables are large: plans with statistics as without, and the steps of
//! the library's machine for each page.

use rusqlite::types::Value;
use rusqlite::{Connection, StatementStatus, ToSql as _};

use super::Database;
use super::plans::{OF_QUEUES, check_queue, name, slow};

/// Most steps for a page of 50 rows, beside 40,000 in each table: going through a queue of 5,000 takes twice
/// as many.
const STEPS_MAX: i32 = 20_000;
/// Roles as a clerk and as a leader sees them.
const CLERK: &str = r#"["applicant","reception_clerk","specialist","return_clerk"]"#;
const LEADER: &str = r#"["applicant","reception_clerk","cashier","specialist","head_of_division",
    "signing_leader","records_officer","return_clerk","postal_agent","consulted_agency"]"#;
/// The instant that is asked about, and midnight of its day.
const NOW: i64 = 1_772_413_200_000_000;
const MIDNIGHT: i64 = 1_772_409_600_000_000;

/// A file with the volume; nobody has it open.
async fn filled() -> (Database, Connection) {
    let database = Database::new();
    database.open().await.close().await;
    let connection = Connection::open(database.path()).expect("a connection");
    connection.execute_batch(include_str!("volume.sql")).expect("filled");
    (database, connection)
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// Rows and steps of a statement.
fn carry_out(connection: &Connection, statement: &str, arguments: &[Value]) -> (usize, i32) {
    let mut prepared = connection.prepare(statement).expect("a statement");
    for (place, argument) in arguments.iter().enumerate() {
        let number = place + 1;
        let place = prepared.parameter_index(&format!("${number}")).expect("a name").unwrap_or(0);
        if place > 0 {
            prepared.raw_bind_parameter(place, argument.to_sql().expect("a value")).expect("bound");
        }
    }
    let mut rows = prepared.raw_query();
    let mut count = 0;
    while rows.next().expect("a row").is_some() {
        count += 1;
    }
    drop(rows);
    (count, prepared.get_status(StatementStatus::VmStep))
}

/// What the queue of a statement is asked beside unit, roles, procedure and place.
fn asked(queue: &str) -> Vec<Value> {
    let today = text("2026-03-02");
    match queue {
        "worklist_status" | "worklist_status_of_procedure" => vec![Value::Integer(1)],
        "worklist_mine" => vec![text("clerk-3")],
        "worklist_due_today" | "worklist_due_today_led" => vec![today, Value::Integer(MIDNIGHT)],
        "worklist_late" | "worklist_late_led" => vec![Value::Integer(NOW)],
        _ => vec![],
    }
}

/// Every page of every queue: steps, where they are too many.
fn long_pages(connection: &Connection) -> Vec<String> {
    let statements = motcua_store_sql::statements().0;
    let queues: Vec<_> =
        statements.iter().filter(|text| name(text).starts_with("worklist_")).collect();
    assert!(queues.len() > 8);
    let first = (i64::MIN, "", 0);
    let deep = (i64::MAX, "0190ffff-0009-7000-8000-000000000009", 1);
    let mut long = Vec::new();
    for statement in queues {
        let of_procedure = name(statement).ends_with("_of_procedure");
        let procedures = match of_procedure {
            true => vec![text("often"), text("seldom"), text("never")],
            false => vec![Value::Null],
        };
        for (roles, procedure, after) in procedures.iter().flat_map(|procedure| {
            let roles = [CLERK, LEADER].into_iter();
            roles.flat_map(move |roles| [first, deep].map(|after| (roles, procedure, after)))
        }) {
            let mut arguments = vec![text("H26.7"), text(roles), procedure.clone()];
            let (sort_at, id, item) = after;
            arguments.extend([Value::Integer(sort_at), text(id), Value::Integer(item)]);
            arguments.push(Value::Integer(50));
            arguments.extend(asked(name(statement)));
            let (rows, steps) = carry_out(connection, statement, &arguments);
            if steps > STEPS_MAX {
                let shown = name(statement);
                long.push(format!("{shown} {procedure:?} {after:?}: {steps} steps, {rows} rows"));
            }
        }
    }
    long
}

#[tokio::test]
async fn no_page_of_a_queue_goes_through_it_however_seldom_what_it_shows() {
    let (_database, connection) = filled().await;
    assert_eq!(long_pages(&connection), [""; 0]);
    connection.execute_batch("ANALYZE").expect("statistics");
    assert_eq!(long_pages(&connection), [""; 0], "with statistics");
}

#[tokio::test]
async fn statements_of_a_large_file_find_their_rows_as_quickly() {
    let (_database, connection) = filled().await;
    let statements = motcua_store_sql::statements().0;
    let middle = "0190ffff-4e20-7000-8000-000000004e20";
    let (none, zero) = (text(""), Value::Integer(0));
    let page = Value::Integer(50);
    let words = text(r#"[[1,"fill5"],[1,"nguyen"]]"#);
    for (statement, arguments) in [
        ("timers_parked", vec![Value::Integer(NOW), Value::Integer(8)]),
        (
            "timer_parked_page",
            vec![Value::Integer(8), zero.clone(), none.clone(), none.clone(), page.clone()],
        ),
        ("timer_next", vec![Value::Integer(NOW)]),
        ("dossier_of_procedure", vec![text("seldom"), none.clone(), page.clone()]),
        ("heads_of_dossiers", vec![text(middle), page.clone()]),
        ("heads_of_others", vec![none.clone(), page.clone()]),
        ("documents_named", vec![none.clone(), page.clone()]),
        ("documents_uploaded", vec![none.clone(), page.clone()]),
        ("event_sweep", vec![none.clone(), zero.clone(), page.clone()]),
        ("draft_by_owner", vec![text("fill-7"), page.clone()]),
        ("uploads_waiting", vec![text("fill-5")]),
        ("guesses_counted", vec![text("fill-7"), zero.clone()]),
        ("search_of_party", vec![text("x"), page.clone(), words.clone(), text("fill-5")]),
        (
            "search_all",
            vec![text("x"), page.clone(), words, Value::Integer(1), text("fill5"), none.clone()],
        ),
        (
            "timer_claim",
            vec![
                Value::Integer(NOW),
                Value::Integer(NOW),
                Value::Integer(i64::MIN),
                none.clone(),
                page.clone(),
            ],
        ),
    ] {
        let wanted = statements.iter().find(|text| name(text) == statement);
        let (rows, steps) = carry_out(&connection, wanted.expect("the statement"), &arguments);
        assert!(rows > 0 || statement.starts_with("search_"), "{statement} finds something");
        assert!(steps <= STEPS_MAX, "{statement}: {steps} steps, {rows} rows");
    }
}

#[tokio::test]
async fn plans_stay_the_same_once_somebody_has_had_statistics_made() {
    let (database, connection) = filled().await;
    connection.execute_batch("ANALYZE").expect("statistics");
    let mut connection = database.connection().await;
    let slow = slow(&mut connection).await;
    assert!(slow.is_empty(), "{slow:#?}");
    for (queue, index, is_counted) in OF_QUEUES {
        check_queue(&mut connection, queue, index, is_counted).await;
    }
}
