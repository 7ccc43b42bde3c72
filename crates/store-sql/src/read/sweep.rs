//! Everything, chain by chain: for whoever verifies a whole store.

use std::collections::HashMap;

use motcua_audit::{At, ChainHead, ChainId, Hash};
use motcua_dossiers::dossier::STATE_SCHEMA;
use rusqlite::Connection;
use serde_json::json;
use uuid::Uuid;

use super::page::{Page, Place};
use crate::database::Argument::{Id, Integer, Text};
use crate::database::{Reads, Row, Statement};
use crate::error::{Columns, Failure};

macro_rules! event_sweep {
    ($values:literal) => {
        concat!(
            "-- event_sweep
    SELECT e.chain AS place, e.seq, e.header, e.hash, e.commitments, v.slots, v.salts
    FROM event e LEFT JOIN event_value v ON ",
            $values,
            "
    WHERE (e.chain, e.seq) > ($1, $2) ORDER BY e.chain, e.seq LIMIT $3"
        )
    };
}

/// In the order of the index of chains: a chain comes whole, so one is known at a time.
pub(super) const EVENT_SWEEP: Statement = Statement {
    sqlite: event_sweep!("v.event = e.id"),
    // The bound is repeated: the server merges both tables and would read the values from their first.
    postgres: event_sweep!("v.chain = e.chain AND v.seq = e.seq AND (v.chain, v.seq) > ($1, $2)"),
};

/// Which of the chains have a first event: $1 is a JSON array of their places.
const CHAINS_BEGUN: Statement = Statement {
    sqlite: "-- chains_begun
    SELECT chain AS place FROM event
    WHERE chain IN (SELECT value FROM json_each($1)) AND seq = 1",
    postgres: "-- chains_begun
    SELECT chain AS place FROM event WHERE chain = ANY (ARRAY(
        SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS uuid))) AND seq = 1",
};

/// Heads and snapshots of the dossiers from $1 to $2. The bound is repeated, as above.
const DOSSIERS_STORED: &str = "-- dossiers_stored
    SELECT d.id, d.version, d.head_hash, s.version AS snapshot_version, s.state_schema, s.state,
        d.head_at, d.state_name
    FROM dossier d
        LEFT JOIN snapshot s ON s.dossier_id = d.id AND s.dossier_id >= $1 AND s.dossier_id <= $2
    WHERE d.id >= $1 AND d.id <= $2 ORDER BY d.id LIMIT $3";

/// Heads of the chains of other things: $1 is a JSON array of their names.
const HEADS_STORED: Statement = Statement {
    sqlite: "-- heads_stored
    SELECT chain, seq, hash, at, state FROM chain_head WHERE chain IN (SELECT value FROM json_each($1))",
    postgres: "-- heads_stored
    SELECT chain, seq, hash, at, state FROM chain_head
    WHERE chain = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST($1 AS jsonb))))",
};

pub(super) const STATEMENTS: &[Statement] =
    &[EVENT_SWEEP, CHAINS_BEGUN, Statement::both(DOSSIERS_STORED), HEADS_STORED];

/// What is stored of a dossier beside its history.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Its last event.
    pub(crate) head: ChainHead,
    /// Version and text of its whole state, where there is one that this program can read.
    pub(crate) snapshot: Option<(u64, String)>,
}

/// What is stored of the dossiers whose chains lie in a page. One that cannot be read is left out, and
/// told by whoever loads that dossier alone.
pub(super) async fn kept(reads: &Reads, page: &Page) -> Result<HashMap<Uuid, Kept>, Failure> {
    let Some((first, last)) = page.dossiers() else { return Ok(HashMap::new()) };
    let limit = i64::try_from(page.len()).expect("a page is small");
    let rows = reads.rows(DOSSIERS_STORED, &[Id(first), Id(last), Integer(limit)]).await?;
    Ok(rows.iter().filter_map(|row| kept_of(row).ok()).collect())
}

fn kept_of(row: &Row) -> Result<(Uuid, Kept), Failure> {
    let columns = Columns::new(row, "dossier", "id");
    let head = ChainHead {
        seq: columns.number("version")?,
        hash: columns.hash("head_hash")?,
        at: columns.at("head_at")?,
        state: columns.get("state_name")?,
    };
    let snapshot = match columns.get::<Option<String>>("state")? {
        Some(state) if columns.number::<u32>("state_schema")? == STATE_SCHEMA => {
            Some((columns.number("snapshot_version")?, state))
        }
        Some(_) | None => None,
    };
    Ok((columns.id("id")?, Kept { head, snapshot }))
}

/// As [`kept`], on a connection to a file.
pub(super) fn kept_in_file(
    connection: &Connection,
    page: &Page,
) -> Result<HashMap<Uuid, Kept>, Failure> {
    let Some((first, last)) = page.dossiers() else { return Ok(HashMap::new()) };
    let limit = i64::try_from(page.len()).expect("a page is small");
    let mut statement = connection.prepare_cached(DOSSIERS_STORED)?;
    let mut rows = statement.query((first.to_string(), last.to_string(), limit))?;
    let mut kept = HashMap::new();
    while let Some(row) = rows.next()? {
        kept.extend(kept_of_file(row));
    }
    Ok(kept)
}

fn kept_of_file(row: &rusqlite::Row<'_>) -> Option<(Uuid, Kept)> {
    let id = Uuid::parse_str(row.get_ref(0).ok()?.as_str().ok()?).ok()?;
    let hash = row.get_ref(2).ok()?.as_blob().ok()?.try_into().ok()?;
    let number = |at| u64::try_from(row.get::<_, i64>(at).ok()?).ok();
    let at = At::from_micros(row.get(6).ok()?).ok()?;
    let head = ChainHead { seq: number(1)?, hash: Hash(hash), at, state: row.get(7).ok()? };
    let snapshot = match row.get::<_, Option<String>>(5).ok()? {
        Some(state) if row.get::<_, u32>(4).ok()? == STATE_SCHEMA => Some((number(3)?, state)),
        Some(_) | None => None,
    };
    Some((id, Kept { head, snapshot }))
}

/// The stored heads of chains, by name; one that cannot be read is left out.
pub(crate) async fn heads(
    reads: &Reads,
    chains: &[&ChainId],
) -> Result<HashMap<String, ChainHead>, Failure> {
    if chains.is_empty() {
        return Ok(HashMap::new());
    }
    let names: Vec<&str> = chains.iter().map(|chain| chain.as_str()).collect();
    let rows = reads.rows(HEADS_STORED, &[Text(&json!(names).to_string())]).await?;
    let head = |row| {
        let columns = Columns::new(row, "chain_head", "chain");
        let head = ChainHead {
            seq: columns.number("seq").ok()?,
            hash: columns.hash("hash").ok()?,
            at: columns.at("at").ok()?,
            state: columns.get("state").ok()?,
        };
        Some((columns.get("chain").ok()?, head))
    };
    Ok(rows.iter().filter_map(head).collect())
}

/// Those of the chains of which there is no first event.
pub(crate) async fn never_begun(
    reads: &Reads,
    chains: Vec<ChainId>,
) -> Result<Vec<ChainId>, Failure> {
    let place = |chain: &ChainId| Place::of(chain, reads).text();
    let places = json!(chains.iter().map(place).collect::<Vec<_>>()).to_string();
    let rows = reads.rows(CHAINS_BEGUN, &[Text(&places)]).await?;
    let begun = rows.iter().map(|row| Ok(Place::of_row(row)?.text()));
    let begun: std::collections::HashSet<String> = begun.collect::<Result<_, Failure>>()?;
    Ok(chains.into_iter().filter(|chain| !begun.contains(&place(chain))).collect())
}
