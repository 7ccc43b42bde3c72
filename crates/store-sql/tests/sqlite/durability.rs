//! What is in the file: it stays, it cannot be changed, it has an address when it is broken.

use jiff::SignedDuration;
use motcua_audit::FieldSlot;
use motcua_store::StoreError;
use motcua_store::conformance::fixture::{
    Subject, UNIT, dossier_id, minute, procedure_entry, register_commit,
};
use motcua_store::contract::{
    Commit, DossierCommit, DossierKey, ReceptionQuery, RegisterKind, Store,
};
use sqlx::Row;

use super::{Database, dossier, execute};

async fn one_filed(database: &Database) -> Subject {
    let store = database.open().await;
    let mut subject = Subject::new(1);
    let filed = subject.file(|facts| facts.code = Some("C-1".into()));
    let filed =
        DossierCommit { form: Some(std::sync::Arc::new(serde_json::json!({"a": 1}))), ..filed };
    let chain = motcua_audit::ChainId::parse("sys:definitions").expect("a valid name");
    let published = register_commit(&chain, None, vec![procedure_entry("1.0.0")]);
    let batch = vec![dossier(filed), Commit::Register(Box::new(published))];
    assert_eq!(store.commit(batch).await, [Ok(()), Ok(())]);
    assert_eq!(store.setting("origin", "a").await, Ok("a".into()));
    store.close().await;
    subject
}

#[tokio::test]
async fn a_reopened_database_holds_all_that_was_written() {
    let database = Database::new();
    let mut subject = one_filed(&database).await;
    for _ in 0..2 {
        let store = database.open().await;
        let found = store.load(&DossierKey::Code("C-1".into())).await.expect("a read");
        let found = found.expect("it is there");
        assert_eq!((&*found.dossier, &found.head), (subject.dossier(), subject.head()));
        assert_eq!(
            store.register(RegisterKind::Procedure).await,
            Ok(vec![procedure_entry("1.0.0")])
        );
        assert_eq!(store.setting("origin", "b").await, Ok("a".into()));
        assert_eq!(store.commit(vec![dossier(subject.act(|_| {}))]).await, [Ok(())]);
        assert!(store.size_bytes().await.expect("a size") > 4096);
        store.close().await;
    }
}

#[tokio::test]
async fn histories_registers_and_settings_are_append_only_in_the_schema() {
    let database = Database::new();
    one_filed(&database).await;
    let mut connection = database.connection().await;
    for sql in [
        "UPDATE event SET header = x'00'",
        "DELETE FROM event",
        "UPDATE event_value SET event = 9",
        "DELETE FROM event_value",
        "UPDATE register_entry SET bytes = x'00'",
        "DELETE FROM register_entry",
        "UPDATE setting SET value = 'b'",
        "DELETE FROM setting",
    ] {
        let refused = execute(&mut connection, sql).await;
        assert!(refused.is_err(), "{sql}: {refused:?}");
    }
    let erased = execute(&mut connection, "UPDATE event_value SET slots = slots").await;
    assert_eq!(erased, Ok(2), "values can be erased");
}

#[tokio::test]
async fn an_erased_value_leaves_its_commitment() {
    let database = Database::new();
    let subject = one_filed(&database).await;
    let mut connection = database.connection().await;
    let sql = "UPDATE event_value SET slots = json_replace(slots, '$[0]', NULL),
        salts = CAST(zeroblob(32) || substr(salts, 33) AS BLOB)";
    assert_eq!(execute(&mut connection, sql).await, Ok(2));
    let store = database.open().await;
    let event = store.events(&subject.chain(), 0, 1).await.expect("events").remove(0);
    assert_eq!(event.slots[0], FieldSlot::Withheld(event.commitments[0]));
    assert!(matches!(event.slots[1], FieldSlot::Opened(_)));
}

#[tokio::test]
async fn values_are_read_where_salts_still_lie_among_them() {
    let database = Database::new();
    let subject = one_filed(&database).await;
    let written = database.open().await.events(&subject.chain(), 0, 1).await.expect("events");
    let sql = "UPDATE event_value SET salts = NULL, slots = (
        SELECT json_group_array(json_array(value ->> 0, json(value -> 1),
            lower(hex(substr(salts, 32 * key + 1, 32)))))
        FROM json_each(slots))";
    let mut connection = database.connection().await;
    assert_eq!(execute(&mut connection, sql).await, Ok(2));
    let before = database.open().await.events(&subject.chain(), 0, 1).await.expect("events");
    assert_eq!(before, written);
}

#[tokio::test]
async fn a_corrupt_row_is_named_by_table_column_and_key() {
    for (sql, table, column) in [
        (
            "INSERT INTO snapshot (dossier_id, version, state_schema, state)
                SELECT id, version, 5, '{}' FROM dossier",
            "snapshot",
            "state",
        ),
        ("UPDATE dossier SET version = 7", "dossier", "version"),
        ("UPDATE dossier SET version = -1", "dossier", "version"),
        ("UPDATE dossier SET head_hash = x'00'", "dossier", "head_hash"),
        ("UPDATE form SET body = '{'", "form", "body"),
    ] {
        let database = Database::new();
        let subject = one_filed(&database).await;
        assert_eq!(execute(&mut database.connection().await, sql).await, Ok(1));
        let store = database.open().await;
        let error = store.load(&DossierKey::Id(subject.id())).await.map(|_| ());
        let key = subject.id().to_string();
        assert_eq!(error, Err(StoreError::Corrupt { table, column, key }), "{sql}");
    }
    for (sql, column) in [
        ("UPDATE event_value SET slots = '[]'", "slots"),
        ("UPDATE event_value SET salts = x'00'", "salts"),
        ("UPDATE event_value SET salts = NULL", "salts"),
        ("UPDATE event_value SET salts = substr(salts, 33)", "salts"),
        (
            "UPDATE event_value SET slots =
                json_insert(slots, '$[0][2]', lower(hex(substr(salts, 1, 32))))",
            "salts",
        ),
    ] {
        let database = Database::new();
        let subject = one_filed(&database).await;
        assert_eq!(execute(&mut database.connection().await, sql).await, Ok(2));
        let error = database.open().await.events(&subject.chain(), 0, 1).await;
        let key = format!("{} 1", subject.chain());
        assert_eq!(error, Err(StoreError::Corrupt { table: "event_value", column, key }), "{sql}");
    }
}

#[tokio::test]
async fn a_state_of_another_schema_is_folded_anew() {
    let database = Database::new();
    let mut subject = one_filed(&database).await;
    let store = database.open().await;
    assert_eq!(store.commit(vec![dossier(subject.act(|_| {}))]).await, [Ok(())]);
    let sql = "INSERT INTO snapshot (dossier_id, version, state_schema, state)
        SELECT id, version, 0, 'of another program' FROM dossier";
    assert_eq!(execute(&mut database.connection().await, sql).await, Ok(1));
    let found = store.load(&DossierKey::Id(subject.id())).await.expect("a read");
    assert_eq!(&*found.expect("it is there").dossier, subject.dossier());
    let sql = "UPDATE dossier SET version = 9";
    assert_eq!(execute(&mut database.connection().await, sql).await, Ok(1));
    let error = store.load(&DossierKey::Id(subject.id())).await.map(|_| ());
    let key = subject.id().to_string();
    assert_eq!(error, Err(StoreError::Corrupt { table: "dossier", column: "version", key }));
}

/// A page and a state need the events that they are made of, and no others.
#[tokio::test]
async fn a_dossier_comes_with_its_page_whatever_became_of_other_events() {
    let database = Database::new();
    let mut subject = one_filed(&database).await;
    let store = database.open().await;
    for _ in 1..24 {
        assert_eq!(store.commit(vec![dossier(subject.act(|_| {}))]).await, [Ok(())]);
    }
    let key = DossierKey::Id(subject.id());
    let whole = store.events(&subject.chain(), 0, 99).await.expect("events");
    assert_eq!(whole.len(), 24);
    let page = async |after, limit| {
        let found = store.load_with_events(&key, after, limit).await?.expect("it is there");
        assert_eq!(&*found.0.dossier, subject.dossier());
        Ok::<_, StoreError>(found.1)
    };
    // The state is a snapshot of the end, or one of before and what follows it.
    let sql = "UPDATE event_value SET slots = '[]'
        WHERE event = (SELECT id FROM event WHERE seq = 12 ORDER BY id LIMIT 1)";
    assert_eq!(execute(&mut database.connection().await, sql).await, Ok(1));
    assert_eq!(page(0, 11).await.expect("a page"), whole[..11]);
    assert_eq!(page(12, 5).await.expect("a page"), whole[12..17]);
    assert!(page(0, 12).await.is_err());
    let mut beside = database.connection().await;
    for sql in [
        "DROP TRIGGER event_is_never_deleted",
        "PRAGMA foreign_keys = OFF",
        "DELETE FROM event WHERE seq = 12",
    ] {
        execute(&mut beside, sql).await.expect("gone");
    }
    assert_eq!(page(0, 12).await.expect("a page"), [&whole[..11], &whole[12..13]].concat());
    assert_eq!(page(20, 99).await.expect("a page"), whole[20..]);
    // A snapshot of another program is no help, and with a hole in the history nothing is.
    let sql = "UPDATE snapshot SET state_schema = 0";
    assert_eq!(execute(&mut beside, sql).await, Ok(1));
    assert!(page(0, 99).await.is_err());
}

#[tokio::test]
async fn receptions_from_before_their_table_are_read_from_the_states() {
    let database = Database::new();
    let store = database.open().await;
    let micros = [0, 1, 250_000, 999_999];
    let mut batch = vec![dossier(Subject::new(9).file(|_| {}))];
    let mut states_of = vec![(dossier_id(9), None)];
    for (number, micros) in (1..).zip(micros) {
        let mut subject = Subject::new(number);
        let at = minute(5) + SignedDuration::from_micros(micros);
        batch.extend([dossier(subject.file(|_| {})), dossier(subject.receive(at))]);
        states_of.push((subject.id(), Some(at.to_string())));
    }
    assert!(store.commit(batch).await.iter().all(Result::is_ok));
    store.close().await;
    let mut connection = database.connection().await;
    for sql in [
        "DROP TABLE reception",
        "DROP TABLE snapshot",
        "ALTER TABLE dossier ADD COLUMN state_schema INTEGER",
        "ALTER TABLE dossier ADD COLUMN state TEXT",
        "DELETE FROM _sqlx_migrations WHERE version IN (11, 12)",
    ] {
        execute(&mut connection, sql).await.expect("the database of before");
    }
    let states = "UPDATE dossier SET state_schema = 0, state = json_object('received_at', $2)
        WHERE id = $1";
    for (id, received_at) in states_of {
        let state = sqlx::query(states).bind(id.to_string()).bind(received_at);
        state.execute(&mut connection).await.expect("the state of before");
    }
    let store = database.open().await;
    for (number, micros) in (1..).zip(micros) {
        let from = minute(5) + SignedDuration::from_micros(micros);
        let until = from + SignedDuration::from_micros(1);
        let query = ReceptionQuery { unit: UNIT.into(), from, until, after: None, limit: 9 };
        let found = store.received(&query).await.expect("a read");
        let ids: Vec<_> = found.iter().map(|dossier| dossier.id).collect();
        assert_eq!(ids, [dossier_id(number)], "{micros} µs");
    }
}

#[tokio::test]
async fn a_schema_of_a_newer_program_is_refused() {
    let database = Database::new();
    one_filed(&database).await;
    let sql = "INSERT INTO _sqlx_migrations (version, description, success, checksum, \
               execution_time) VALUES (999, 'newer', TRUE, x'00', 0)";
    assert_eq!(execute(&mut database.connection().await, sql).await, Ok(1));
    let refused = motcua_store_sql::SqlStore::open(&database.path(), Default::default()).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn the_whole_schema_is_strict() {
    let database = Database::new();
    one_filed(&database).await;
    let sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
        AND NOT strict AND name NOT LIKE 'sqlite%' AND name <> '_sqlx_migrations'";
    let rows = sqlx::query(sql).fetch_all(&mut database.connection().await).await.expect("rows");
    let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(names, [] as [&str; 0]);
}
