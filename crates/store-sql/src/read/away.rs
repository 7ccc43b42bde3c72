//! What was moved away of the histories, on PostgreSQL: up to which event of a dossier, and with which
//! part. Whoever needs it is told so; it is never taken for lost.

use std::collections::HashMap;

use motcua_audit::{ChainHead, ChainId, Hash, Header, event_hash};
use serde_json::json;
use uuid::Uuid;

use crate::database::Argument::{Id, Text};
use crate::database::{Reads, Row};
use crate::error::{Columns, Failure};

const CHAIN_AWAY: &str = "-- chain_away
    SELECT chain, part, seq FROM chain_away WHERE chain = $1";
const COMMAND_AWAY: &str = "-- command_away
    SELECT chain, part, seq FROM chain_away WHERE chain = $1 AND $2 = ANY (commands)";
/// $1 is a JSON array of keys.
const CHAINS_AWAY: &str = "-- chains_away
    SELECT chain, part, seq, header, hash FROM chain_away WHERE chain = ANY (ARRAY(
        SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS uuid)))";
/// The whole record of a part is read for its digest.
const PARTS_AWAY: &str = "-- parts_away
    SELECT part, chains, events, digest, part_digest(part) AS recomputed FROM part_away
    WHERE back_at IS NULL ORDER BY part";

pub(crate) const STATEMENTS: &[&str] = &[CHAIN_AWAY, COMMAND_AWAY, CHAINS_AWAY];

/// PostgreSQL's code for a table that does not stand.
const UNDEFINED_TABLE: &str = "42P01";

/// The end of what is away of a chain, as its record has it.
#[derive(Clone, Debug)]
pub(crate) struct Away {
    pub(crate) part: String,
    pub(crate) seq: u64,
    pub(crate) hash: Hash,
    header: Vec<u8>,
}

impl Away {
    /// The head with which the missing part ends; none if the record does not prove itself.
    pub(crate) fn head(&self, chain: &ChainId) -> Option<ChainHead> {
        let header = Header::decode(&self.header).ok()?;
        let is_sound = event_hash(&self.header) == self.hash
            && header.seq == self.seq
            && header.chain == *chain;
        let Header { seq, at, to, .. } = header;
        is_sound.then_some(ChainHead { seq, hash: self.hash, at, state: to })
    }
}

/// A part that is away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartAway {
    /// Its name, such as `2026q4`.
    pub part: String,
    /// Dossiers of which it holds the beginning, or all.
    pub chains: u64,
    /// Events in it.
    pub events: u64,
    /// Digest over the ends of what it holds, as the recipe printed it.
    pub digest: Hash,
    /// The same, of what is recorded of its dossiers now.
    pub recomputed: Hash,
}

/// Refuses a page of a chain after `after` whose first event is away. `first` is the number of the
/// first one that is here.
pub(crate) async fn none_missing(
    reads: &Reads,
    chain: &ChainId,
    after: u64,
    first: Option<u64>,
) -> Result<(), Failure> {
    let id = chain.as_str().strip_prefix("dossier:").and_then(|id| Uuid::parse_str(id).ok());
    let (Reads::Postgres(_), Some(id)) = (reads, id) else { return Ok(()) };
    if first.is_some_and(|first| first <= after.saturating_add(1)) {
        return Ok(());
    }
    match recorded(reads.row(CHAIN_AWAY, &[Id(id)]).await)? {
        Some(row) if Columns::new(&row, "chain_away", "chain").number::<u64>("seq")? > after => {
            Err(moved_away(&row))
        }
        Some(_) | None => Ok(()),
    }
}

/// Refuses to say that a command was not carried out whose events are away.
pub(crate) async fn command_not_away(
    reads: &Reads,
    dossier: Uuid,
    command: Uuid,
) -> Result<(), Failure> {
    let Reads::Postgres(_) = reads else { return Ok(()) };
    match recorded(reads.row(COMMAND_AWAY, &[Id(dossier), Id(command)]).await)? {
        Some(row) => Err(moved_away(&row)),
        None => Ok(()),
    }
}

/// Nothing where the schema is of before parts could be moved away.
fn recorded<T: Default>(found: Result<T, Failure>) -> Result<T, Failure> {
    match found {
        Err(Failure::Sql(sqlx::Error::Database(error)))
            if error.code().is_some_and(|code| code == UNDEFINED_TABLE) =>
        {
            Ok(T::default())
        }
        found => found,
    }
}

fn moved_away(row: &Row) -> Failure {
    let columns = Columns::new(row, "chain_away", "chain");
    let named = || {
        let chain = format!("dossier:{}", columns.id("chain")?);
        Ok(Failure::MovedAway(chain, columns.get("part")?))
    };
    named().unwrap_or_else(|failure| failure)
}

/// Those of the dossiers of whose histories something is away.
pub(crate) async fn of(reads: &Reads, ids: &[Uuid]) -> Result<HashMap<Uuid, Away>, Failure> {
    let Reads::Postgres(_) = reads else { return Ok(HashMap::new()) };
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = recorded(reads.rows(CHAINS_AWAY, &[Text(&json!(ids).to_string())]).await)?;
    let away = rows.iter().map(|row| {
        let columns = Columns::new(row, "chain_away", "chain");
        let away = Away {
            part: columns.get("part")?,
            seq: columns.number("seq")?,
            hash: columns.hash("hash")?,
            header: columns.get("header")?,
        };
        Ok((columns.id("chain")?, away))
    });
    away.collect()
}

/// The parts that are away.
pub(crate) async fn parts(reads: &Reads) -> Result<Vec<PartAway>, Failure> {
    let Reads::Postgres(_) = reads else { return Ok(Vec::new()) };
    let rows = recorded(reads.rows(PARTS_AWAY, &[]).await)?;
    let parts = rows.iter().map(|row| {
        let columns = Columns::new(row, "part_away", "part");
        Ok(PartAway {
            part: columns.get("part")?,
            chains: columns.number("chains")?,
            events: columns.number("events")?,
            digest: columns.hash("digest")?,
            recomputed: columns.hash("recomputed")?,
        })
    });
    parts.collect()
}
