//! Everything, chain by chain: for whoever verifies a whole store.

use motcua_audit::{ChainHead, ChainId, Header};
use motcua_dossiers::dossier::Dossier;
use motcua_store::StoreError;
use motcua_store::contract::StoredEvent;
use serde_json::json;
use uuid::Uuid;

use super::{dossiers, histories};
use crate::database::Argument::{Id, Integer, Text};
use crate::database::{Reads, Row, Statement, chain_key};
use crate::error::{Columns, Failure};

macro_rules! event_sweep {
    ($values:literal) => {
        concat!(
            "-- event_sweep
    SELECT e.chain AS place, e.seq, e.chain || ' ' || e.seq AS key, e.header, e.hash,
        e.commitments, v.slots, v.salts
    FROM event e LEFT JOIN event_value v ON ",
            $values,
            "
    WHERE (e.chain, e.seq) > ($1, $2) ORDER BY e.chain, e.seq LIMIT $3"
        )
    };
}

/// In the order of the index of chains: a chain comes whole, so one is known at a time.
const EVENT_SWEEP: Statement = Statement {
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

/// States and heads of many: $1 is a JSON array of ids.
const DOSSIERS_STORED: Statement = Statement {
    sqlite: "-- dossiers_stored
    SELECT d.id, d.version, d.state_name, d.head_hash, d.head_at, s.version AS snapshot_version,
        s.state_schema, s.state
    FROM dossier d LEFT JOIN snapshot s ON s.dossier_id = d.id
    WHERE d.id IN (SELECT value FROM json_each($1))",
    postgres: "-- dossiers_stored
    SELECT d.id, d.version, d.state_name, d.head_hash, d.head_at, s.version AS snapshot_version,
        s.state_schema, s.state
    FROM dossier d LEFT JOIN snapshot s ON s.dossier_id = d.id
    WHERE d.id = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS uuid)))",
};

pub(super) const STATEMENTS: &[Statement] = &[EVENT_SWEEP, CHAINS_BEGUN, DOSSIERS_STORED];

/// The stored heads and states of dossiers, with the id of each; a row that cannot be read is left
/// out, and told by whoever loads that dossier alone.
pub(crate) async fn stored(
    reads: &Reads,
    ids: &[Uuid],
) -> Result<Vec<(ChainHead, Dossier)>, Failure> {
    let ids = json!(ids).to_string();
    let rows = reads.rows(DOSSIERS_STORED, &[Text(&ids)]).await?;
    match dossiers::stored_of(reads, &rows).await {
        Err(Failure::Corrupt(_)) => {}
        stored => return stored,
    }
    let mut stored = Vec::new();
    for row in rows.chunks(1) {
        match dossiers::stored_of(reads, row).await {
            Ok(found) => stored.extend(found),
            Err(Failure::Corrupt(_)) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(stored)
}

/// Where the events of a chain lie: its name in SQLite, its key in PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Name(String),
    Key(Uuid),
}

impl Place {
    /// Before all others.
    pub(crate) fn first(reads: &Reads) -> Self {
        match reads {
            Reads::Sqlite(_) => Self::Name(String::new()),
            Reads::Postgres(_) => Self::Key(Uuid::nil()),
        }
    }

    /// That of a chain.
    pub(crate) fn of(chain: &ChainId, reads: &Reads) -> Self {
        match reads {
            Reads::Sqlite(_) => Self::Name(chain.as_str().to_owned()),
            Reads::Postgres(_) => Self::Key(chain_key(chain.as_str())),
        }
    }

    /// The chain that lies here; a key alone does not tell it, so the header of an event is asked
    /// too and believed only where it leads back to here.
    pub(crate) fn chain(&self, event: &StoredEvent) -> Option<ChainId> {
        match self {
            Self::Name(name) => ChainId::parse(name).ok(),
            Self::Key(key) => {
                let named = Header::decode(&event.header).ok().map(|header| header.chain);
                let named = named.filter(|chain| chain_key(chain.as_str()) == *key);
                named.or_else(|| ChainId::parse(&format!("dossier:{key}")).ok())
            }
        }
    }

    fn of_row(row: &Row) -> Result<Self, Failure> {
        let columns = Columns::new(row, "event", "key");
        Ok(match row {
            Row::Sqlite(_) => Self::Name(columns.get("place")?),
            Row::Postgres(_) => Self::Key(columns.id("place")?),
        })
    }

    /// For people, and for the database.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Name(name) => name.clone(),
            Self::Key(key) => key.to_string(),
        }
    }
}

/// An event where it lies, or why its row cannot be read.
pub(crate) struct Swept {
    pub(crate) place: Place,
    pub(crate) seq: u64,
    pub(crate) event: Result<StoredEvent, StoreError>,
}

/// The events behind one, of its chain and then of the chains that follow.
pub(crate) async fn events(
    reads: &Reads,
    place: &Place,
    seq: u64,
    limit: i64,
) -> Result<Vec<Swept>, Failure> {
    let after = i64::try_from(seq).unwrap_or(i64::MAX);
    let place = match place {
        Place::Name(name) => Text(name),
        Place::Key(key) => Id(*key),
    };
    let rows = reads.rows(EVENT_SWEEP, &[place, Integer(after), Integer(limit)]).await?;
    let swept = rows.iter().map(|row| {
        let event = match histories::event_of(row) {
            Ok(event) => Ok(event),
            Err(Failure::Corrupt(error)) => Err(error),
            Err(other) => return Err(other),
        };
        let seq = Columns::new(row, "event", "key").number("seq")?;
        Ok(Swept { place: Place::of_row(row)?, seq, event })
    });
    swept.collect()
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
