//! Dossiers: loaded by key, listed as received.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use motcua_audit::ChainHead;
use motcua_dossiers::dossier::{Dossier, STATE_SCHEMA};
use motcua_store::contract::{DossierKey, Loaded, ReceptionQuery, StoredEvent, dossier_chain};
use serde_json::{Value, json};
use uuid::Uuid;

use super::away;
use super::histories::{self, Tail};
use crate::database::Argument::{Id, Integer, Text};
use crate::database::{Reads, Row, Statement};
use crate::error::{Columns, Failure};
use crate::prepare::integer;

/// A dossier and events of it, one in each row: those after $1, and in any case those since its snapshot,
/// as many as $2. The large columns are in the first row only.
macro_rules! dossier_load {
    ($name:literal, $events:literal, $key:literal) => {
        concat!(
            "-- ",
            $name,
            "
    SELECT d.id, d.version, d.state_name, d.head_hash, d.head_at, s.version AS snapshot_version,
        s.state_schema, CASE WHEN row_number() OVER (ORDER BY e.seq) = 1 THEN s.state END AS state,
        CASE WHEN row_number() OVER (ORDER BY e.seq) = 1 THEN f.body END AS body, ",
            $events,
            "
    WHERE ",
            $key,
            " ORDER BY e.seq"
        )
    };
    ($name:literal, $key:literal) => {
        Statement {
            sqlite: dossier_load!(
                $name,
                "e.seq, e.chain || ' ' || e.seq AS key, e.header, e.hash, e.commitments, v.slots,
        v.salts
    FROM dossier d
        LEFT JOIN snapshot s ON s.dossier_id = d.id
        LEFT JOIN form f ON f.dossier_id = d.id
        LEFT JOIN event e ON e.chain = 'dossier:' || d.id
            AND e.seq > min($1, coalesce(s.version, 0))
            AND e.seq <= min($1, coalesce(s.version, 0)) + $2
        LEFT JOIN event_value v ON v.event = e.id",
                $key
            ),
            postgres: dossier_load!(
                $name,
                "e.*
    FROM dossier d
        LEFT JOIN snapshot s ON s.dossier_id = d.id
        LEFT JOIN form f ON f.dossier_id = d.id
        LEFT JOIN LATERAL (
            SELECT e.seq, e.chain || ' ' || e.seq AS key, e.header, e.hash, e.commitments, v.slots,
                v.salts
            FROM event e LEFT JOIN event_value v ON v.chain = e.chain AND v.seq = e.seq
            WHERE e.chain = d.id AND e.seq > least($1, coalesce(s.version, 0))
                AND e.seq <= least($1, coalesce(s.version, 0)) + $2
            -- By the index, however many the server expects.
            OFFSET 0) e ON true",
                $key
            ),
        }
    };
}

const DOSSIER_BY_ID: Statement = dossier_load!("dossier_by_id", "d.id = $3");
const DOSSIER_BY_CODE: Statement = dossier_load!("dossier_by_code", "d.code = $3");
const DOSSIER_BY_EXTERNAL: Statement =
    dossier_load!("dossier_by_external", "d.external_source = $3 AND d.external_id = $4");

macro_rules! dossiers_by_id {
    ($from:literal, $until:literal) => {
        concat!(
            "-- dossiers_by_id
    ",
            $from,
            "
    SELECT d.id, d.version, d.state_name, d.head_hash, d.head_at, s.version AS snapshot_version,
        s.state_schema, s.state, f.body
    FROM dossier d
        LEFT JOIN snapshot s ON s.dossier_id = d.id
        LEFT JOIN form f ON f.dossier_id = d.id
    WHERE ",
            $until
        )
    };
}

/// Many without events: $1 is a JSON array of ids. One dossier after the other, by the index, however
/// many the server expects.
const DOSSIERS_BY_ID: Statement = Statement {
    sqlite: dossiers_by_id!("", "d.id IN (SELECT value FROM json_each($1))"),
    postgres: dossiers_by_id!(
        "SELECT l.* FROM jsonb_array_elements_text(CAST($1 AS jsonb)) AS wanted(id)
    CROSS JOIN LATERAL (",
        "d.id = CAST(wanted.id AS uuid) OFFSET 0) l"
    ),
};

/// The versions of many: $1 is a JSON array of ids.
const DOSSIER_VERSIONS: Statement = Statement {
    sqlite: "-- dossier_versions
    SELECT id, version FROM dossier WHERE id IN (SELECT value FROM json_each($1))",
    postgres: "-- dossier_versions
    SELECT id, version FROM dossier WHERE id = ANY (ARRAY(
        SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS uuid)))",
};

macro_rules! received {
    ($join:literal) => {
        concat!(
            "-- dossiers_received
    SELECT d.id, d.version, s.version AS snapshot_version, s.state_schema, s.state
    FROM reception r ",
            $join,
            " dossier d ON d.id = r.dossier_id
        LEFT JOIN snapshot s ON s.dossier_id = d.id
    WHERE r.unit = $1 AND (r.received_at, r.dossier_id) > ($2, $3) AND r.received_at < $4
    ORDER BY r.received_at, r.dossier_id LIMIT $5"
        )
    };
}

const DOSSIERS_RECEIVED: Statement =
    Statement { sqlite: received!("CROSS JOIN"), postgres: received!("JOIN") };

pub(super) const STATEMENTS: &[Statement] = &[
    DOSSIERS_RECEIVED,
    DOSSIER_VERSIONS,
    DOSSIERS_BY_ID,
    DOSSIER_BY_ID,
    DOSSIER_BY_CODE,
    DOSSIER_BY_EXTERNAL,
];

pub(crate) async fn load(reads: &Reads, key: &DossierKey) -> Result<Option<Loaded>, Failure> {
    Ok(load_with_events(reads, key, u64::MAX, 0).await?.map(|(loaded, _)| loaded))
}

/// One round trip where the events in question are few, as they mostly are.
pub(crate) async fn load_with_events(
    reads: &Reads,
    key: &DossierKey,
    after: u64,
    limit: u32,
) -> Result<Option<(Loaded, Vec<StoredEvent>)>, Failure> {
    let rows = rows_with_events(reads, key, after, TAIL_EVENTS_MAX + u64::from(limit)).await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let columns = Columns::new(first, "dossier", "id");
    let id: Uuid = columns.id("id")?;
    let head = head_of(first)?;
    let snapshot = snapshot_of(first, id)?;
    let mut events = Vec::with_capacity(rows.len());
    let (mut asked_for, mut end) = (0, 0);
    for row in &rows {
        let Some(seq) = Columns::new(row, "event", "key").get::<Option<i64>>("seq")? else {
            // The only row of a dossier without events in question.
            continue;
        };
        end = seq.unsigned_abs();
        let is_since = snapshot.as_ref().is_none_or(|snapshot| end > snapshot.version);
        let is_asked_for = end > after && asked_for < limit;
        asked_for += u32::from(is_asked_for);
        // What is neither need not be readable.
        if is_since || is_asked_for {
            events.push(histories::event_of(row)?);
        }
    }
    let state = histories::folded(id, snapshot, &events);
    let dossier = match state.filter(|state| state.version == head.seq) {
        Some(state) => state,
        None => {
            let stored = dossiers_of(reads, &rows[..1]).await?.pop();
            stored.ok_or_else(|| columns.corrupt("version"))?
        }
    };
    let loaded = Loaded { dossier: Arc::new(dossier), form: Arc::new(form_of(first)?), head };
    let mut page: Vec<_> = events.into_iter().filter(|event| event.seq > after).collect();
    page.truncate(limit as usize);
    if asked_for < limit && end.max(after) < loaded.head.seq {
        page = histories::events(reads, &dossier_chain(id), after, limit).await?;
    } else if limit > 0 && after < loaded.head.seq {
        let first = page.first().map(|event| event.seq);
        away::none_missing(reads, &dossier_chain(id), after, first).await?;
    }
    Ok(Some((loaded, page)))
}

async fn rows_with_events(
    reads: &Reads,
    key: &DossierKey,
    after: u64,
    events: u64,
) -> Result<Vec<Row>, Failure> {
    let (after, events) = (Integer(integer(after)), Integer(integer(events)));
    match key {
        DossierKey::Id(id) => reads.rows(DOSSIER_BY_ID, &[after, events, Id(*id)]).await,
        DossierKey::Code(code) => reads.rows(DOSSIER_BY_CODE, &[after, events, Text(code)]).await,
        DossierKey::External(source, id) => {
            reads.rows(DOSSIER_BY_EXTERNAL, &[after, events, Text(source), Text(id)]).await
        }
    }
}

pub(crate) async fn load_all(reads: &Reads, dossiers: &[Uuid]) -> Result<Vec<Loaded>, Failure> {
    let ids = json!(dossiers.iter().collect::<BTreeSet<_>>()).to_string();
    let rows = reads.rows(DOSSIERS_BY_ID, &[Text(&ids)]).await?;
    loaded_of(reads, &rows).await
}

pub(crate) async fn versions(
    reads: &Reads,
    dossiers: &[Uuid],
) -> Result<Vec<(Uuid, u64)>, Failure> {
    let ids = json!(dossiers).to_string();
    let rows = reads.rows(DOSSIER_VERSIONS, &[Text(&ids)]).await?;
    let versions = rows.iter().map(|row| {
        let columns = Columns::new(row, "dossier", "id");
        Ok((columns.id("id")?, columns.number("version")?))
    });
    versions.collect()
}

/// What was loaded, from its rows.
pub(super) async fn loaded_of(reads: &Reads, rows: &[Row]) -> Result<Vec<Loaded>, Failure> {
    let stored = stored_of(reads, rows).await?;
    let loaded = rows.iter().zip(stored).map(|(row, (head, dossier))| {
        Ok(Loaded { dossier: Arc::new(dossier), head, form: Arc::new(form_of(row)?) })
    });
    loaded.collect()
}

fn form_of(row: &Row) -> Result<Value, Failure> {
    let columns = Columns::new(row, "form", "id");
    match columns.get::<Option<&str>>("body")? {
        None => Ok(Value::Null),
        Some(body) => serde_json::from_str(body).map_err(|_| columns.corrupt("body")),
    }
}

/// Heads and states of rows.
pub(super) async fn stored_of(
    reads: &Reads,
    rows: &[Row],
) -> Result<Vec<(ChainHead, Dossier)>, Failure> {
    let dossiers = dossiers_of(reads, rows).await?;
    rows.iter().zip(dossiers).map(|(row, dossier)| Ok((head_of(row)?, dossier))).collect()
}

fn head_of(row: &Row) -> Result<ChainHead, Failure> {
    let columns = Columns::new(row, "dossier", "id");
    Ok(ChainHead {
        seq: columns.number("version")?,
        hash: columns.hash("head_hash")?,
        at: columns.at("head_at")?,
        state: columns.get("state_name")?,
    })
}

pub(crate) async fn received(
    reads: &Reads,
    query: &ReceptionQuery,
) -> Result<Vec<Dossier>, Failure> {
    // The first of all ids comes before every other, so the first instant belongs to the period.
    let (after_at, after_id) = match query.after {
        Some((at, id)) => (at.max(query.from), id),
        None => (query.from, Uuid::nil()),
    };
    let arguments = [
        Text(&query.unit),
        Integer(after_at.as_microsecond()),
        Id(after_id),
        Integer(query.until.as_microsecond()),
        Integer(query.limit.into()),
    ];
    let rows = reads.rows(DOSSIERS_RECEIVED, &arguments).await?;
    dossiers_of(reads, &rows).await
}

/// Events without a snapshot that are read together with those of other dossiers; a longer history
/// is that of another version of the program and is read by itself.
const TAIL_EVENTS_MAX: u64 = 64;

/// The states of rows: their snapshots, and what has happened since. Where there is none yet, or
/// another version of the program wrote it, the whole history is folded.
async fn dossiers_of(reads: &Reads, rows: &[Row]) -> Result<Vec<Dossier>, Failure> {
    let mut known: HashMap<Uuid, Dossier> = HashMap::new();
    let mut tails = Vec::new();
    for row in rows {
        let columns = Columns::new(row, "dossier", "id");
        let (id, version): (Uuid, u64) = (columns.id("id")?, columns.number("version")?);
        match snapshot_of(row, id)? {
            Some(snapshot) if snapshot.version == version => {
                known.insert(id, snapshot);
            }
            None if version > TAIL_EVENTS_MAX => {
                known.extend(histories::fold(reads, id, version).await?.map(|d| (id, d)))
            }
            from => tails.push(Tail { id, from, version }),
        }
    }
    if !tails.is_empty() {
        known.extend(histories::fold_tails(reads, tails).await?);
    }
    for row in rows {
        let id = Columns::new(row, "dossier", "id").id("id")?;
        if !known.contains_key(&id) {
            away::none_missing(reads, &dossier_chain(id), 0, None).await?;
        }
    }
    let states = rows.iter().map(|row| {
        let columns = Columns::new(row, "dossier", "id");
        known.remove(&columns.id("id")?).ok_or_else(|| columns.corrupt("version"))
    });
    states.collect()
}

/// The snapshot of a row that this program can read; none if there is none.
fn snapshot_of(row: &Row, id: Uuid) -> Result<Option<Dossier>, Failure> {
    let columns = Columns::new(row, "snapshot", "id");
    let Some(state) = columns.get::<Option<&str>>("state")? else { return Ok(None) };
    if columns.number::<u32>("state_schema")? != STATE_SCHEMA {
        return Ok(None);
    }
    let state: Dossier = serde_json::from_str(state).map_err(|_| columns.corrupt("state"))?;
    if (state.id, state.version) != (id, columns.number("snapshot_version")?) {
        return Err(columns.corrupt("state"));
    }
    Ok(Some(state))
}
