//! Replay, former states, and what an intruder in the database leaves behind.

use motcua_api::v1::get_state_as_of_request::AsOf;
use motcua_api::v1::*;
use motcua_tests::database::Database;
use motcua_tests::files::sha256;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{World, filing, instant};
use serde_json::Value;

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
    for statement in [
        "UPDATE event SET header = hash",
        "DELETE FROM event",
        "DELETE FROM event_value",
        "UPDATE register_entry SET code = 'x'",
        "DELETE FROM register_entry",
        "UPDATE setting SET value = 'x'",
    ] {
        let refused = world.database().execute(statement).await.expect_err(statement);
        let guarded = ["append-only", "one by one", "immutable", "set once"];
        assert!(guarded.iter().any(|reason| refused.contains(reason)), "{statement}: {refused}");
    }
    let (_, verdict) = world.client(&AUDITOR).replay(&id).await.expect("replayed");
    assert!(verdict.equal);
}

#[tokio::test]
async fn the_database_refuses_to_put_another_row_in_the_place_of_one() {
    let world = World::start().await;
    let (_, id) = history(&world).await;
    // As an intruder would: with every other hindrance out of the way.
    let (hindrances, statements) = match world.database() {
        Database::Sqlite(_) => {
            ("PRAGMA foreign_keys = OFF; PRAGMA recursive_triggers = OFF;", REPLACEMENTS_SQLITE)
        }
        Database::Postgres(_) => ("", REPLACEMENTS_POSTGRES),
    };
    for statement in statements {
        let outcome = world.database().execute(&format!("{hindrances} {statement}")).await;
        let refused = outcome.expect_err(statement);
        let guarded = ["append-only", "one by one", "belong to", "immutable", "set once"];
        assert!(guarded.iter().any(|reason| refused.contains(reason)), "{statement}: {refused}");
    }
    let (_, verdict) = world.client(&AUDITOR).replay(&id).await.expect("replayed");
    assert!(verdict.equal);
}

/// Another row in the place of one.
const REPLACEMENTS_SQLITE: &[&str] = &[
    // By each key: the row, the place in the chain, the command.
    "REPLACE INTO event SELECT id, 'x', 900, NULL, x'00', hash, commitments FROM event",
    "REPLACE INTO event SELECT id + 9000, chain, seq, NULL, x'00', hash, commitments FROM event",
    "REPLACE INTO event SELECT id + 9000, chain, seq + 9000, command_id, x'00', hash, commitments
     FROM event WHERE command_id IS NOT NULL",
    "REPLACE INTO event_value SELECT event, '[]', salts FROM event_value",
    "UPDATE OR REPLACE event_value SET event = 1 WHERE event = 2",
    "UPDATE OR REPLACE event_value SET rowid = 1 WHERE rowid = 2",
    "REPLACE INTO register_entry
     SELECT id, 'units', 'x', 'x', '', '', 0, '', x'00' FROM register_entry",
    "REPLACE INTO register_entry SELECT NULL, kind, code, version, '', '', 0, '', x'00'
     FROM register_entry",
    "REPLACE INTO setting VALUES ('origin', 'x')",
    "INSERT INTO setting VALUES ('origin', 'x') ON CONFLICT DO UPDATE SET value = 'x'",
];
const REPLACEMENTS_POSTGRES: &[&str] = &[
    "UPDATE event_value SET seq = 9000",
    "INSERT INTO setting VALUES ('origin', 'x') ON CONFLICT (key) DO UPDATE SET value = 'x'",
    "INSERT INTO event SELECT chain, seq, NULL, header, hash, commitments FROM event
     ON CONFLICT (chain, seq) DO UPDATE SET header = excluded.hash",
    "TRUNCATE event, event_value",
    "TRUNCATE event_rest",
    "TRUNCATE event_value_rest",
    "TRUNCATE register_entry",
    "TRUNCATE setting",
];

/// How statements name what they change.
struct Words {
    /// Takes the guards away, as only someone with the file or the server can.
    unguard: &'static str,
    /// The first event of the dossier, its acceptance and its last, each by the key of an event and
    /// by that of its values.
    first: [&'static str; 2],
    accept: [&'static str; 2],
    last: [&'static str; 2],
    header: &'static str,
    zeros: &'static str,
    commitments: &'static str,
    state: &'static str,
}

const SQLITE: Words = Words {
    unguard: "DROP TRIGGER IF EXISTS event_is_never_changed;
        DROP TRIGGER IF EXISTS event_is_never_deleted;
        DROP TRIGGER IF EXISTS event_value_is_never_deleted;
        PRAGMA foreign_keys = OFF;",
    first: [
        "id = (SELECT min(id) FROM event WHERE chain LIKE 'dossier:%')",
        "event = (SELECT min(id) FROM event WHERE chain LIKE 'dossier:%')",
    ],
    accept: [
        r#"id = (SELECT id FROM event WHERE CAST(header AS TEXT) LIKE '%"kind":"accept"%')"#,
        r#"event = (SELECT id FROM event WHERE CAST(header AS TEXT) LIKE '%"kind":"accept"%')"#,
    ],
    last: ["id = (SELECT max(id) FROM event)", "event = (SELECT max(id) FROM event)"],
    header: r#"CAST(replace(CAST(header AS TEXT), '"kind":"accept"', '"kind":"refuse"') AS BLOB)"#,
    zeros: "zeroblob(32)",
    commitments: "CAST(zeroblob(32) || substr(commitments, 33) AS BLOB)",
    state: "json_set(state, '$.outcome', 'refusal_notice')",
};

macro_rules! accepted {
    () => {
        r#"(chain, seq) = (SELECT chain, seq FROM event
            WHERE convert_from(header, 'UTF8') LIKE '%"kind":"accept"%')"#
    };
}

macro_rules! of_dossier {
    ($order:literal) => {
        concat!(
            "(chain, seq) = (SELECT chain, seq FROM event
            WHERE chain < 'ff000000-0000-0000-0000-000000000000' ORDER BY chain ",
            $order,
            ", seq ",
            $order,
            " LIMIT 1)"
        )
    };
}

const POSTGRES: Words = Words {
    unguard: "SET session_replication_role = replica;",
    first: [of_dossier!("ASC"), of_dossier!("ASC")],
    accept: [accepted!(), accepted!()],
    last: [of_dossier!("DESC"), of_dossier!("DESC")],
    header: r#"convert_to(replace(convert_from(header, 'UTF8'), '"kind":"accept"', '"kind":"refuse"'),
        'UTF8')"#,
    zeros: "decode(repeat('00', 32), 'hex')",
    commitments: "decode(repeat('00', 32), 'hex') || substr(commitments, 33)",
    state: "jsonb_set(CAST(state AS jsonb), '{outcome}', '\"refusal_notice\"')",
};

fn words(world: &World) -> &'static Words {
    match world.database() {
        Database::Sqlite(_) => &SQLITE,
        Database::Postgres(_) => &POSTGRES,
    }
}

#[tokio::test]
async fn every_change_in_the_database_is_found_with_its_event_and_field() {
    type Change = fn(&Words) -> String;
    let cases: [(&str, Change, u64, &str, &str); 8] = [
        (
            "a personal value",
            |w| {
                let slots = "replace(slots, 'Nguyễn Thị Mai', 'Nguyễn Thị Mơ')";
                format!("UPDATE event_value SET slots = {slots} WHERE {}", w.first[1])
            },
            1,
            "form.bride",
            "commitment",
        ),
        (
            "a fact of the fold",
            |w| {
                let slots = "replace(slots, '261005-0001', '261005-0002')";
                format!("UPDATE event_value SET slots = {slots} WHERE {}", w.accept[1])
            },
            3,
            "code",
            "commitment",
        ),
        (
            "a header",
            |w| format!("UPDATE event SET header = {} WHERE {}", w.header, w.accept[0]),
            3,
            "",
            "event_hash",
        ),
        (
            "an event hash",
            |w| format!("UPDATE event SET hash = {} WHERE {}", w.zeros, w.accept[0]),
            3,
            "",
            "event_hash",
        ),
        (
            "a commitment",
            |w| format!("UPDATE event SET commitments = {} WHERE {}", w.commitments, w.accept[0]),
            3,
            "action",
            "commitment",
        ),
        (
            "the state",
            |w| format!("UPDATE snapshot SET state = {}", w.state),
            8,
            "outcome",
            "stored_state",
        ),
        (
            "an event taken out",
            |w| format!("DELETE FROM event WHERE {}", w.accept[0]),
            4,
            "",
            "seq",
        ),
        (
            "the last event taken out",
            |w| {
                let (event, value) = (w.last[0], w.last[1]);
                format!("DELETE FROM event_value WHERE {value}; DELETE FROM event WHERE {event}")
            },
            8,
            "",
            "head",
        ),
    ];
    // Once with the state as it was kept, once with nothing to make it of but the events.
    let forgotten = cases.into_iter().filter(|(what, ..)| *what != "the state");
    let forgotten = forgotten.map(|(what, change, sequence, field, code)| match code {
        // Without the last event there is no state of this version.
        "head" => ((what, change, sequence - 1, field, "stored_state"), "DELETE FROM snapshot;"),
        _ => ((what, change, sequence, field, code), "DELETE FROM snapshot;"),
    });
    let cases = cases.into_iter().map(|case| (case, "")).chain(forgotten);
    for ((what, change, sequence, field, code), forget) in cases {
        let world = World::start().await;
        let (_, id) = history(&world).await;
        let words = words(&world);
        let statements = format!("{} {forget} {}", words.unguard, change(words));
        let changed = world.database().execute(&statements).await.expect("changed");
        assert!(changed > 0, "{statements} changes something");
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

/// SQL of salts with zeros in the place of one.
fn without(database: &Database, salts: &str, place: usize) -> String {
    let zeros = "0".repeat(64);
    let at = 32 * place;
    match database {
        Database::Sqlite(_) => format!(
            "CAST(substr({salts}, 1, {at}) || x'{zeros}' || substr({salts}, {at} + 33) AS BLOB)"
        ),
        Database::Postgres(_) => format!("overlay({salts} PLACING '\\x{zeros}' FROM {at} + 1)"),
    }
}

#[tokio::test]
async fn erasing_personal_values_and_salts_breaks_no_replay_and_stops_no_work() {
    let world = World::start().await;
    let (crew, id) = history(&world).await;
    let key = match world.database() {
        Database::Sqlite(_) => "CAST(event AS TEXT)",
        Database::Postgres(_) => "chain || ' ' || seq",
    };
    let rows = world.database().pairs(&format!("SELECT {key}, slots FROM event_value")).await;
    let mut erased = 0;
    for (event, slots) in rows {
        let mut slots: Vec<Value> = serde_json::from_str(&slots).expect("JSON");
        let mut salts = "salts".to_owned();
        for (place, slot) in slots.iter_mut().enumerate() {
            let name = slot[0].as_str().unwrap_or_default();
            let personal = ["person.", "form.", "answer", "reason"];
            if personal.iter().any(|prefix| name.starts_with(prefix)) {
                *slot = Value::Null;
                salts = without(world.database(), &salts, place);
                erased += 1;
            }
        }
        let slots = serde_json::to_string(&slots).expect("JSON").replace('\'', "''");
        let erase = format!(
            "UPDATE event_value SET slots = '{slots}', salts = {salts} WHERE {key} = '{event}'"
        );
        world.database().execute(&erase).await.expect("erasure is allowed");
    }
    assert!(erased > 5, "there was something to erase");
    for table in ["form", "search_term", "tracking_factor"] {
        world.database().execute(&format!("DELETE FROM {table}")).await.expect("deleted");
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
