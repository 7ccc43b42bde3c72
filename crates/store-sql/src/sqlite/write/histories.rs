//! Events and the chains that are no dossier's.

use sqlx::SqliteConnection;

use crate::error::Failure;
use crate::prepare::{EventRow, Prepared, RegisterRows};
use crate::sqlite::rows::Rows;

static EVENT_APPEND: Rows = Rows::new(
    "-- event_append
    INSERT INTO event (id, chain, seq, command_id, header, hash, commitments)
    SELECT * FROM (VALUES ",
    "(?, ?, ?, ?, ?, ?, ?)",
    ") v WHERE v.column1 IS NOT NULL",
);
static EVENT_VALUE_APPEND: Rows = Rows::new(
    "-- event_value_append
    INSERT INTO event_value (event, slots)
    SELECT * FROM (VALUES ",
    "(?, ?)",
    ") v WHERE v.column1 IS NOT NULL",
);
static CHAIN_HEAD_PUT: Rows = Rows::new(
    "-- chain_head_put
    INSERT INTO chain_head (chain, seq, hash, at, state)
    SELECT * FROM (VALUES ",
    "(?, ?, ?, ?, ?)",
    ") v WHERE v.column1 IS NOT NULL
    ON CONFLICT (chain) DO UPDATE SET
        seq = excluded.seq, hash = excluded.hash, at = excluded.at, state = excluded.state",
);
const REGISTER_ENTRY_ADD: &str = "-- register_entry_add
    INSERT INTO register_entry
        (kind, code, version, digest, effective_from, recorded_at, recorded_by, bytes)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

pub(super) const ROWS: &[&Rows] = &[&EVENT_APPEND, &EVENT_VALUE_APPEND, &CHAIN_HEAD_PUT];
pub(super) const STATEMENTS: &[&str] = &[REGISTER_ENTRY_ADD];

/// Appends the events of commits behind the row `last_event`.
pub(super) async fn append<'a>(
    connection: &mut SqliteConnection,
    commits: impl Iterator<Item = &'a Prepared>,
    last_event: i64,
) -> Result<(), Failure> {
    let of = |commit: &'a Prepared| -> (&'a str, &'a [EventRow]) {
        match commit {
            Prepared::Dossier(rows) => (&rows.dossier.chain, &rows.events),
            Prepared::Register(rows) => (&rows.chain, &rows.events),
        }
    };
    let events =
        commits.map(of).flat_map(|(chain, events)| events.iter().map(move |event| (chain, event)));
    let numbered: Vec<(i64, (&str, &EventRow))> = (last_event + 1..).zip(events).collect();
    let bind_event = |query: crate::sqlite::rows::Binding, row: &(i64, (&str, &EventRow))| {
        let (id, (chain, event)) = row;
        query
            .bind(*id)
            .bind((*chain).to_owned())
            .bind(event.seq)
            .bind(event.command.map(|command| command.to_string()))
            .bind(event.header.clone())
            .bind(event.hash.clone())
            .bind(event.commitments.clone())
    };
    EVENT_APPEND.write(connection, &numbered, bind_event).await?;
    let bind_values = |query: crate::sqlite::rows::Binding, row: &(i64, (&str, &EventRow))| {
        query.bind(row.0).bind(row.1.1.slots.clone())
    };
    EVENT_VALUE_APPEND.write(connection, &numbered, bind_values).await?;
    Ok(())
}

/// Writes heads and register entries; of several commits to a chain the last head stands.
pub(super) async fn write_registers(
    connection: &mut SqliteConnection,
    commits: &[&RegisterRows],
) -> Result<(), Failure> {
    let put = CHAIN_HEAD_PUT.write(connection, commits, |query, rows| {
        query
            .bind(rows.chain.clone())
            .bind(rows.head.seq)
            .bind(rows.head.hash.clone())
            .bind(rows.head.at)
            .bind(rows.head.state.clone())
    });
    put.await?;
    for row in commits.iter().flat_map(|rows| &rows.entries) {
        let entry = &row.entry;
        sqlx::query(REGISTER_ENTRY_ADD)
            .bind(row.kind)
            .bind(&entry.code)
            .bind(&entry.version)
            .bind(&entry.digest)
            .bind(&row.effective_from)
            .bind(row.recorded_at)
            .bind(&entry.recorded_by)
            .bind(&entry.bytes)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
