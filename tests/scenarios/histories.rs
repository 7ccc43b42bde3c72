//! Replay, former states, and what an intruder in the database leaves behind.

use motcua_api::v1::get_state_as_of_request::AsOf;
use motcua_api::v1::*;
use motcua_tests::files::sha256;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{World, filing, instant};
use serde_json::Value;
use sqlx::SqliteConnection;

/// A marriage with some history, in the hands of the signing leader.
async fn history(world: &World) -> (Crew, String) {
    let crew = Crew::of(world);
    let filed = crew.citizen.submit(filing::marriage_at_counter(&crew.citizen)).await;
    let id = filed.expect("filed").id;
    crew.drive(&id, "signature").await;
    (crew, id)
}

#[tokio::test]
async fn a_history_proves_itself_and_yields_the_stored_state() {
    let world = World::start().await;
    let (crew, id) = history(&world).await;
    let present = crew.clerk.get(&id).await.expect("seen");
    for who in [&AUDITOR, &MAI, &CLERK] {
        let (events, verdict) = world.client(who).replay(&id).await.expect("replayed");
        assert!(verdict.equal && verdict.findings.is_empty(), "{:?}", verdict.findings);
        assert_eq!((verdict.events, events.len() as u64), (present.version, present.version));
        let state: Value = serde_json::from_str(&verdict.state_json).expect("JSON");
        assert_eq!(state["state"], "signature");
        assert_eq!(state["code"], present.code);
        let last = events.last().expect("events");
        assert_eq!(verdict.head, last.hash);
        let chain = format!("dossier:{id}");
        assert_eq!(present.evidence, format!("motcua:1:{chain}:{}:{}", last.sequence, last.hash));
    }
}

#[tokio::test]
async fn anyone_recomputes_the_chain_from_the_streamed_headers() {
    let world = World::start().await;
    let (_, id) = history(&world).await;
    let (events, _) = world.client(&AUDITOR).replay(&id).await.expect("replayed");
    let mut previous: Option<String> = None;
    for (place, event) in events.iter().enumerate() {
        assert_eq!(event.sequence, place as u64 + 1);
        assert_eq!(
            (event.chain.as_str(), event.origin.as_str()),
            (format!("dossier:{id}").as_str(), motcua_tests::world::ORIGIN)
        );
        let mut leaf = vec![0];
        leaf.extend_from_slice(event.header.as_bytes());
        assert_eq!(sha256(&leaf), event.hash, "SHA-256 of 0x00 and the header");
        let header: Value = serde_json::from_str(&event.header).expect("JSON");
        if let Some(previous) = &previous {
            assert_eq!(header["prev"], previous.as_str());
        }
        previous = Some(event.hash.clone());
    }
}

#[tokio::test]
async fn a_dossier_is_shown_as_it_stood_at_any_version_and_instant() {
    let world = World::start().await;
    let (crew, id) = history(&world).await;
    world.at("2026-10-05T11:00:00+07:00");
    crew.drive(&id, "completed").await;
    let auditor = world.client(&AUDITOR);
    let state = async |as_of| {
        let shown = auditor.as_of(&id, as_of).await.expect("shown");
        assert!(shown.findings.is_empty(), "{:?}", shown.findings);
        let state: Value = match shown.state_json.as_str() {
            "" => Value::Null,
            json => serde_json::from_str(json).expect("JSON"),
        };
        (shown.version, state["state"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(state(AsOf::Version(1)).await, (1, "intake".into()));
    assert_eq!(state(AsOf::Version(3)).await, (3, "handover".into()));
    let at = |text: &str| {
        let at = instant(text);
        AsOf::At(prost_types::Timestamp { seconds: at.as_second(), nanos: 0 })
    };
    assert_eq!(state(at("2026-10-05T08:59:59+07:00")).await, (0, String::new()));
    assert_eq!(state(at("2026-10-05T09:00:00+07:00")).await.1, "signature");
    assert_eq!(state(at("2026-10-05T10:59:59+07:00")).await.1, "signature");
    assert_eq!(state(at("2026-10-05T11:00:00+07:00")).await.1, "completed");
}

#[tokio::test]
async fn registers_have_histories_of_their_own() {
    let world = World::start().await;
    let auditor = world.client(&AUDITOR);
    for (chain, events) in [("sys:procedures", 3), ("sys:calendar", 1), ("sys:units", 1)] {
        let recorded = auditor.chain(chain).await.expect("read");
        assert_eq!(recorded.len(), events, "{chain}");
        assert!(format!("{recorded:?}").contains(ADMIN.id));
    }
}

#[tokio::test]
async fn the_database_refuses_to_change_or_delete_a_history() {
    let world = World::start().await;
    let (_, id) = history(&world).await;
    let mut database = world.open_database().await;
    for statement in [
        "UPDATE event SET header = x'00'",
        "DELETE FROM event",
        "DELETE FROM event_value",
        "UPDATE register_entry SET bytes = x'00'",
        "DELETE FROM register_entry",
        "UPDATE setting SET value = 'x'",
    ] {
        let outcome = sqlx::query(statement).execute(&mut database).await;
        outcome.expect_err(statement);
    }
    let (_, verdict) = world.client(&AUDITOR).replay(&id).await.expect("replayed");
    assert!(verdict.equal);
}

#[tokio::test]
async fn the_database_refuses_to_put_another_row_in_the_place_of_one() {
    let world = World::start().await;
    let (_, id) = history(&world).await;
    let mut database = world.open_database().await;
    for statement in [
        // By each key: the row, the place in the chain, the command.
        "REPLACE INTO event SELECT id, 'x', 900, NULL, x'00', hash, commitments FROM event",
        "REPLACE INTO event SELECT id + 9000, chain, seq, NULL, x'00', hash, commitments FROM event",
        "REPLACE INTO event SELECT id + 9000, chain, seq + 9000, command_id, x'00', hash, commitments
         FROM event WHERE command_id IS NOT NULL",
        "REPLACE INTO event_value SELECT event, '[]' FROM event_value",
        "UPDATE OR REPLACE event_value SET event = 1 WHERE event = 2",
        "UPDATE OR REPLACE event_value SET rowid = 1 WHERE rowid = 2",
        "REPLACE INTO register_entry
         SELECT id, 'units', 'x', 'x', '', '', 0, '', x'00' FROM register_entry",
        "REPLACE INTO register_entry SELECT NULL, kind, code, version, '', '', 0, '', x'00'
         FROM register_entry",
        "REPLACE INTO setting VALUES ('origin', 'x')",
        "INSERT INTO setting VALUES ('origin', 'x') ON CONFLICT DO UPDATE SET value = 'x'",
    ] {
        // As an intruder would: with every other hindrance out of the way.
        for pragma in ["PRAGMA foreign_keys = OFF", "PRAGMA recursive_triggers = OFF"] {
            sqlx::query(pragma).execute(&mut database).await.expect("set");
        }
        let outcome = sqlx::query(statement).execute(&mut database).await;
        let refused = outcome.expect_err(statement).to_string();
        let guarded = ["append-only", "one by one", "belong to", "immutable", "set once"];
        assert!(guarded.iter().any(|reason| refused.contains(reason)), "{statement}: {refused}");
    }
    let (_, verdict) = world.client(&AUDITOR).replay(&id).await.expect("replayed");
    assert!(verdict.equal);
}

/// Takes the guards away, as only someone with the file can, and changes something.
async fn tamper(database: &mut SqliteConnection, statement: &str) {
    for guard in
        ["event_is_never_changed", "event_is_never_deleted", "event_value_is_never_deleted"]
    {
        let drop = format!("DROP TRIGGER IF EXISTS {guard}");
        sqlx::query(sqlx::AssertSqlSafe(drop)).execute(&mut *database).await.expect("dropped");
    }
    sqlx::query("PRAGMA foreign_keys = OFF").execute(&mut *database).await.expect("set");
    let changed = sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned()));
    let changed = changed.execute(&mut *database).await.expect("changed");
    assert!(changed.rows_affected() > 0, "{statement} changes something");
}

#[tokio::test]
async fn every_change_in_the_database_is_found_with_its_event_and_field() {
    let first = "(SELECT min(id) FROM event WHERE chain LIKE 'dossier:%')";
    let accept = r#"(SELECT id FROM event WHERE CAST(header AS TEXT) LIKE '%"kind":"accept"%')"#;
    for (what, statement, sequence, field, code) in [
        (
            "a personal value",
            format!(
                "UPDATE event_value SET slots = replace(slots, 'Nguyễn Thị Mai', 'Nguyễn Thị Mơ')
                 WHERE event = {first}"
            ),
            1,
            "form.bride",
            "commitment",
        ),
        (
            "a fact of the fold",
            format!(
                "UPDATE event_value SET slots = replace(slots, '261005-0001', '261005-0002')
                 WHERE event = {accept}"
            ),
            3,
            "code",
            "commitment",
        ),
        (
            "a header",
            format!(
                r#"UPDATE event SET header =
                   CAST(replace(CAST(header AS TEXT), '"kind":"accept"', '"kind":"refuse"') AS BLOB)
                   WHERE id = {accept}"#
            ),
            3,
            "",
            "event_hash",
        ),
        (
            "an event hash",
            format!("UPDATE event SET hash = zeroblob(32) WHERE id = {accept}"),
            3,
            "",
            "event_hash",
        ),
        (
            "a commitment",
            format!(
                "UPDATE event SET commitments =
                 CAST(zeroblob(32) || substr(commitments, 33) AS BLOB) WHERE id = {accept}"
            ),
            3,
            "action",
            "commitment",
        ),
        (
            "the state",
            "UPDATE dossier SET state = json_set(state, '$.outcome', 'refusal_notice')".into(),
            8,
            "outcome",
            "stored_state",
        ),
        ("an event taken out", format!("DELETE FROM event WHERE id = {accept}"), 4, "", "seq"),
        (
            "the last event taken out",
            "DELETE FROM event_value WHERE event = (SELECT max(id) FROM event);
             DELETE FROM event WHERE id = (SELECT max(id) FROM event)"
                .into(),
            8,
            "",
            "head",
        ),
    ] {
        let world = World::start().await;
        let (_, id) = history(&world).await;
        tamper(&mut world.open_database().await, &statement).await;
        let (_, verdict) = world.client(&AUDITOR).replay(&id).await.expect("replayed all the same");
        assert!(!verdict.equal, "{what}");
        let named = |finding: &&AuditFinding| {
            finding.sequence == sequence && finding.field == field && finding.code == code
        };
        let found = verdict.findings.iter().find(named);
        assert!(found.is_some(), "{what}: {:#?}", verdict.findings);
        assert!(found.is_some_and(|finding| !finding.message.is_empty()));
    }
}

#[tokio::test]
async fn erasing_personal_values_and_salts_breaks_no_replay_and_stops_no_work() {
    let world = World::start().await;
    let (crew, id) = history(&world).await;
    let mut database = world.open_database().await;
    let rows: Vec<(i64, String)> = sqlx::query_as("SELECT event, slots FROM event_value")
        .fetch_all(&mut database)
        .await
        .expect("values");
    let mut erased = 0;
    for (event, slots) in rows {
        let mut slots: Vec<Value> = serde_json::from_str(&slots).expect("JSON");
        for slot in &mut slots {
            let name = slot[0].as_str().unwrap_or_default();
            let personal = ["person.", "form.", "answer", "reason"];
            if personal.iter().any(|prefix| name.starts_with(prefix)) {
                *slot = Value::Null;
                erased += 1;
            }
        }
        sqlx::query("UPDATE event_value SET slots = ? WHERE event = ?")
            .bind(serde_json::to_string(&slots).expect("JSON"))
            .bind(event)
            .execute(&mut database)
            .await
            .expect("erasure is allowed");
    }
    assert!(erased > 5, "there was something to erase");
    for table in ["form", "search_term", "tracking_factor"] {
        let delete = format!("DELETE FROM {table}");
        sqlx::query(sqlx::AssertSqlSafe(delete)).execute(&mut database).await.expect("deleted");
    }
    let (events, verdict) = world.client(&AUDITOR).replay(&id).await.expect("replayed");
    assert!(verdict.equal, "{:?}", verdict.findings);
    assert!(!format!("{events:?}").contains("Nguyễn"));
    let full = crew.clerk.get_full(&id).await.expect("seen").personal.expect("asked for");
    assert_eq!((full.persons.len(), full.form_json.as_str()), (0, "null"));
    let form = crew.clerk.form(&id, 1).await.expect("form 01 without names");
    assert_eq!(form["owners"], serde_json::json!([]));
    let delivered = crew.drive(&id, "delivered").await;
    assert_eq!(delivered.status(), Status::Delivered);
}
