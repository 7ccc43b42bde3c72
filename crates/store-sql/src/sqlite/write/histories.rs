//! Events and the chains that are no dossier's.

use rusqlite::{Connection, params};
use uuid::Uuid;

use super::execute;
use crate::error::Failure;
use crate::prepare::{EventRow, Prepared, RegisterRows};

const LAST_EVENT: &str = "-- last_event
    SELECT coalesce(max(id), 0) FROM event";
const EVENT_APPEND: &str = "-- event_append
    INSERT INTO event (id, chain, seq, command_id, header, hash, commitments)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const EVENT_VALUE_APPEND: &str = "-- event_value_append
    INSERT INTO event_value (event, slots, salts) VALUES (?1, ?2, ?3)";
const CHAIN_HEAD_PUT: &str = "-- chain_head_put
    INSERT INTO chain_head (chain, seq, hash, at, state) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (chain) DO UPDATE SET
        seq = excluded.seq, hash = excluded.hash, at = excluded.at, state = excluded.state";
const REGISTER_ENTRY_ADD: &str = "-- register_entry_add
    INSERT INTO register_entry
        (kind, code, version, digest, effective_from, recorded_at, recorded_by, bytes)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

pub(super) const STATEMENTS: &[&str] =
    &[LAST_EVENT, EVENT_APPEND, EVENT_VALUE_APPEND, CHAIN_HEAD_PUT, REGISTER_ENTRY_ADD];

/// Appends the events of commits behind the newest one.
pub(super) fn append<'a>(
    connection: &Connection,
    commits: impl Iterator<Item = &'a Prepared>,
) -> Result<(), Failure> {
    let last: i64 = connection.prepare_cached(LAST_EVENT)?.query_row([], |row| row.get(0))?;
    let of = |commit: &'a Prepared| -> (&'a str, &'a [EventRow]) {
        match commit {
            Prepared::Dossier(rows) => (&rows.dossier.chain, &rows.events),
            Prepared::Register(rows) => (&rows.chain, &rows.events),
        }
    };
    let events =
        commits.map(of).flat_map(|(chain, events)| events.iter().map(move |event| (chain, event)));
    let mut append_event = connection.prepare_cached(EVENT_APPEND)?;
    let mut append_values = connection.prepare_cached(EVENT_VALUE_APPEND)?;
    let mut text = Uuid::encode_buffer();
    for (id, (chain, event)) in (last + 1..).zip(events) {
        let command = event.command.map(|command| &*command.hyphenated().encode_lower(&mut text));
        append_event.execute(params![
            id,
            chain,
            event.seq,
            command,
            event.header,
            event.hash,
            event.commitments
        ])?;
        append_values.execute(params![id, event.slots, event.salts])?;
    }
    Ok(())
}

/// Writes heads and register entries; of several commits to a chain the last head stands.
pub(super) fn write_registers(
    connection: &Connection,
    commits: &[&RegisterRows],
) -> Result<(), Failure> {
    for rows in commits {
        let head = &rows.head;
        let arguments = params![rows.chain, head.seq, head.hash, head.at, head.state];
        execute(connection, CHAIN_HEAD_PUT, arguments)?;
    }
    for row in commits.iter().flat_map(|rows| &rows.entries) {
        let entry = &row.entry;
        let arguments = params![
            row.kind,
            entry.code,
            entry.version,
            entry.digest,
            row.effective_from,
            row.recorded_at,
            entry.recorded_by,
            entry.bytes
        ];
        execute(connection, REGISTER_ENTRY_ADD, arguments)?;
    }
    Ok(())
}
