//! Events, heads and register entries.

use std::collections::HashMap;

use motcua_audit::{ChainHead, ChainId, Field, FieldSlot, Hash, Salt, cj};
use motcua_dossiers::codec;
use motcua_dossiers::dossier::Dossier;
use motcua_store::contract::{RegisterEntry, RegisterKind, StoredEvent, dossier_chain};
use uuid::Uuid;

use super::away;
use crate::database::Argument::{Chain, Id, Integer, Text};
use crate::database::{Reads, Row, Statement};
use crate::error::{Columns, Failure};
use crate::prepare::{integer, register_kind};

macro_rules! event_range {
    ($values:literal) => {
        concat!(
            "-- event_range
    SELECT e.seq, e.chain || ' ' || e.seq AS key, e.header, e.hash, e.commitments, v.slots,
        v.salts
    FROM event e LEFT JOIN event_value v ON ",
            $values,
            "
    WHERE e.chain = $1 AND e.seq > $2 ORDER BY e.seq LIMIT $3"
        )
    };
}

const EVENT_RANGE: Statement = Statement {
    sqlite: event_range!("v.event = e.id"),
    postgres: event_range!("v.chain = $1 AND v.seq = e.seq"),
};
/// The events of many dossiers, each after one version up to another: $1 is a JSON array of
/// [chain, after, until].
const EVENT_TAILS: Statement = Statement {
    sqlite: "-- event_tails
    SELECT e.seq, e.chain || ' ' || e.seq AS key, substr(e.chain, 9) AS dossier_id, e.header, e.hash,
        e.commitments, v.slots, v.salts
    FROM json_each($1) tail
    CROSS JOIN event e ON e.chain = tail.value ->> 0 AND e.seq > tail.value ->> 1
        AND e.seq <= tail.value ->> 2
    LEFT JOIN event_value v ON v.event = e.id",
    postgres: "-- event_tails
    SELECT e.*
    FROM jsonb_array_elements(CAST($1 AS jsonb)) AS tail
    CROSS JOIN LATERAL (
        SELECT e.seq, e.chain || ' ' || e.seq AS key, e.chain AS dossier_id, e.header, e.hash,
            e.commitments, v.slots, v.salts
        FROM event e LEFT JOIN event_value v ON v.chain = e.chain AND v.seq = e.seq
        WHERE e.chain = CAST(substr(tail ->> 0, 9) AS uuid)
            AND e.seq > CAST(tail ->> 1 AS bigint) AND e.seq <= CAST(tail ->> 2 AS bigint)
        -- One dossier after the other, by the index, however many the server expects.
        OFFSET 0) e",
};
const COMMAND_FIND: &str = "-- command_find
    SELECT seq FROM event WHERE chain = $1 AND command_id = $2";
const CHAIN_HEAD_READ: &str = "-- chain_head_read
    SELECT chain, seq, hash, at, state FROM chain_head WHERE chain = $1";
const REGISTER_BY_KIND: &str = "-- register_by_kind
    SELECT code, version, digest, effective_from, recorded_at, recorded_by, bytes
    FROM register_entry WHERE kind = $1 ORDER BY id";

pub(super) const STATEMENTS: &[Statement] = &[
    EVENT_RANGE,
    EVENT_TAILS,
    Statement::both(COMMAND_FIND),
    Statement::both(CHAIN_HEAD_READ),
    Statement::both(REGISTER_BY_KIND),
];

/// Events read at once when a state is folded anew.
const FOLD_EVENTS_MAX: u32 = 500;

pub(crate) async fn events(
    reads: &Reads,
    chain: &ChainId,
    after: u64,
    limit: u32,
) -> Result<Vec<StoredEvent>, Failure> {
    let arguments = [Chain(chain), Integer(integer(after)), Integer(limit.into())];
    let rows = reads.rows(EVENT_RANGE, &arguments).await?;
    let events: Vec<_> = rows.iter().map(event_of).collect::<Result<_, _>>()?;
    away::none_missing(reads, chain, after, events.first().map(|event| event.seq)).await?;
    Ok(events)
}

pub(crate) async fn find_command(
    reads: &Reads,
    dossier: Uuid,
    command: Uuid,
) -> Result<Option<u64>, Failure> {
    let chain = dossier_chain(dossier);
    let row = reads.row(COMMAND_FIND, &[Chain(&chain), Id(command)]).await?;
    if row.is_none() {
        away::command_not_away(reads, dossier, command).await?;
    }
    row.map(|row| Columns::new(&row, "event", "seq").number("seq")).transpose()
}

pub(crate) async fn chain_head(
    reads: &Reads,
    chain: &ChainId,
) -> Result<Option<ChainHead>, Failure> {
    let row = reads.row(CHAIN_HEAD_READ, &[Text(chain.as_str())]).await?;
    let Some(row) = row else { return Ok(None) };
    let columns = Columns::new(&row, "chain_head", "chain");
    Ok(Some(ChainHead {
        seq: columns.number("seq")?,
        hash: columns.hash("hash")?,
        at: columns.at("at")?,
        state: columns.get("state")?,
    }))
}

pub(crate) async fn register(
    reads: &Reads,
    kind: RegisterKind,
) -> Result<Vec<RegisterEntry>, Failure> {
    let rows = reads.rows(REGISTER_BY_KIND, &[Text(register_kind(kind))]).await?;
    let entries = rows.iter().map(|row| {
        let columns = Columns::new(row, "register_entry", "code");
        Ok(RegisterEntry {
            kind,
            code: columns.get("code")?,
            version: columns.get("version")?,
            digest: columns.get("digest")?,
            effective_from: columns.parse("effective_from")?,
            recorded_at: columns.instant("recorded_at")?,
            recorded_by: columns.get("recorded_by")?,
            bytes: columns.get("bytes")?,
        })
    });
    entries.collect()
}

/// The state as its history says up to `version`; none if the history cannot be folded.
pub(crate) async fn fold(
    reads: &Reads,
    id: Uuid,
    version: u64,
) -> Result<Option<Dossier>, Failure> {
    let chain = dossier_chain(id);
    let mut dossier: Option<Dossier> = None;
    loop {
        let folded = dossier.as_ref().map_or(0, |dossier| dossier.version);
        if folded == version {
            return Ok(dossier);
        }
        let events = events(reads, &chain, folded, FOLD_EVENTS_MAX).await?;
        if events.is_empty() {
            return Ok(None);
        }
        for event in events.iter().filter(|event| event.seq <= version) {
            let Ok(header) = motcua_audit::Header::decode(&event.header) else {
                return Ok(None);
            };
            match codec::fold(dossier.take(), id, &header, event.opened()) {
                Ok(next) => dossier = Some(next),
                Err(_) => return Ok(None),
            }
        }
    }
}

/// The end of a history, or all of it, to be folded onto an older state.
#[derive(Debug)]
pub(crate) struct Tail {
    /// The dossier.
    pub(crate) id: Uuid,
    /// The older state, if there is one.
    pub(crate) from: Option<Dossier>,
    /// The version to fold it to.
    pub(crate) version: u64,
}

/// The states of dossiers at the ends of their tails, by id; one whose history cannot be folded is
/// missing.
pub(crate) async fn fold_tails(
    reads: &Reads,
    tails: Vec<Tail>,
) -> Result<HashMap<Uuid, Dossier>, Failure> {
    let version_of = |from: &Option<Dossier>| from.as_ref().map_or(0, |from| from.version);
    let wanted: Vec<(String, u64, u64)> = tails
        .iter()
        .map(|Tail { id, from, version }| {
            (dossier_chain(*id).as_str().to_owned(), version_of(from), *version)
        })
        .collect();
    let wanted = serde_json::to_string(&wanted).expect("texts and numbers");
    let mut events = Vec::new();
    for row in reads.rows(EVENT_TAILS, &[Text(&wanted)]).await? {
        events.push((Columns::new(&row, "event", "key").id("dossier_id")?, event_of(&row)?));
    }
    events.sort_unstable_by_key(|(id, event)| (*id, event.seq));
    let mut histories: HashMap<Uuid, Vec<StoredEvent>> = HashMap::new();
    for (id, event) in events {
        histories.entry(id).or_default().push(event);
    }
    let states = tails.into_iter().filter_map(|Tail { id, from, version }| {
        let state = folded(id, from, histories.get(&id)?)?;
        (state.version == version).then_some((id, state))
    });
    Ok(states.collect())
}

/// A state with those of the events that came after it; none where one is missing or cannot be folded.
pub(crate) fn folded(id: Uuid, from: Option<Dossier>, events: &[StoredEvent]) -> Option<Dossier> {
    let version = from.as_ref().map_or(0, |from| from.version);
    let mut state = from;
    for event in events.iter().filter(|event| event.seq > version) {
        let header = motcua_audit::Header::decode(&event.header).ok()?;
        if header.seq != state.as_ref().map_or(0, |state| state.version) + 1 {
            return None;
        }
        state = Some(codec::fold(state, id, &header, event.opened()).ok()?);
    }
    state
}

/// A field as `slots` has it. Its salt lies there too in rows of before salts had their own place.
#[derive(serde::Deserialize)]
struct Opened(String, cj::Value, #[serde(default)] Option<Salt>);

/// An event where its row lies.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'a> {
    pub(crate) seq: u64,
    pub(crate) header: &'a [u8],
    pub(crate) hash: &'a [u8],
    pub(crate) commitments: &'a [u8],
    pub(crate) slots: &'a str,
    pub(crate) salts: Option<&'a [u8]>,
}

/// Where a row cannot be what this program wrote.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unreadable {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
}

/// An event of its row.
pub(crate) fn event_of(row: &Row) -> Result<StoredEvent, Failure> {
    let columns = Columns::new(row, "event", "key");
    let values = Columns::new(row, "event_value", "key");
    let cells = Cells {
        seq: columns.number("seq")?,
        header: columns.get("header")?,
        hash: columns.get("hash")?,
        commitments: columns.get("commitments")?,
        slots: values.get("slots")?,
        salts: values.get("salts")?,
    };
    stored_event(&cells)
        .map_err(|Unreadable { table, column }| Columns::new(row, table, "key").corrupt(column))
}

/// An event with values of its own.
pub(crate) fn stored_event(cells: &Cells<'_>) -> Result<StoredEvent, Unreadable> {
    let event = |column| Unreadable { table: "event", column };
    let values = |column| Unreadable { table: "event_value", column };
    let (hashes, []) = cells.commitments.as_chunks::<32>() else {
        return Err(event("commitments"));
    };
    let commitments: Vec<Hash> = hashes.iter().map(|hash| Hash(*hash)).collect();
    let slots: Vec<Option<Opened>> =
        serde_json::from_str(cells.slots).map_err(|_| values("slots"))?;
    if slots.len() != commitments.len() {
        return Err(values("slots"));
    }
    let salts = cells.salts.map(|bytes| bytes.as_chunks::<32>());
    if salts.is_some_and(|(salts, rest)| salts.len() != slots.len() || !rest.is_empty()) {
        return Err(values("salts"));
    }
    let slots = slots.into_iter().enumerate().map(|(place, slot)| {
        let Some(Opened(name, value, salt)) = slot else {
            return Ok(FieldSlot::Withheld(commitments[place]));
        };
        let salt = match (salts, salt) {
            (Some((salts, _)), None) => Salt(salts[place]),
            (None, Some(salt)) => salt,
            (Some(_), Some(_)) | (None, None) => return Err(values("salts")),
        };
        Ok(FieldSlot::Opened(Field { name, value, salt }))
    });
    let slots = slots.collect::<Result<_, Unreadable>>()?;
    Ok(StoredEvent {
        seq: cells.seq,
        header: cells.header.to_vec(),
        hash: Hash(cells.hash.try_into().map_err(|_| event("hash"))?),
        slots,
        commitments,
    })
}
