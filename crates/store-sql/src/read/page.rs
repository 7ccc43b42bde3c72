//! Pages of everything that happened, as the rows lie: nothing is taken out of them yet.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use motcua_audit::{ChainId, Header};
use motcua_store::StoreError;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use sqlx::Row as _;
use uuid::Uuid;

use super::away::{self, Away};
use super::histories::{Cells, Unreadable};
use super::sweep::{EVENT_SWEEP, Kept, kept, kept_in_file};
use crate::database::Argument::{Id, Integer};
use crate::database::{Reads, Row, chain_key};
use crate::error::{Columns, Failure};

/// Where the events of a chain lie: its name in SQLite, its key in PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Name(Arc<str>),
    Key(Uuid),
}

impl Place {
    /// That of a chain.
    pub(crate) fn of(chain: &ChainId, reads: &Reads) -> Self {
        match reads {
            Reads::Sqlite(_) => Self::Name(chain.as_str().into()),
            Reads::Postgres(_) => Self::Key(chain_key(chain.as_str())),
        }
    }

    /// The chain that lies here; a key alone does not tell it, so the header of an event is asked
    /// too and believed only where it leads back to here.
    pub(crate) fn chain(&self, header: &[u8]) -> Option<ChainId> {
        match self {
            Self::Name(name) => ChainId::parse(name).ok(),
            Self::Key(key) => {
                let named = Header::decode(header).ok().map(|header| header.chain);
                let named = named.filter(|chain| chain_key(chain.as_str()) == *key);
                named.or_else(|| ChainId::parse(&format!("dossier:{key}")).ok())
            }
        }
    }

    pub(super) fn of_row(row: &Row) -> Result<Self, Failure> {
        let columns = Columns::new(row, "event", "place");
        Ok(match row {
            Row::Sqlite(_) => Self::Name(columns.get::<&str>("place")?.into()),
            Row::Postgres(_) => Self::Key(columns.id("place")?),
        })
    }

    /// For people, and for the database.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Name(name) => name.to_string(),
            Self::Key(key) => key.to_string(),
        }
    }

    fn dossier(&self) -> Option<Uuid> {
        match self {
            Self::Name(name) => Uuid::parse_str(name.strip_prefix("dossier:")?).ok(),
            Self::Key(key) => Some(*key),
        }
    }
}

/// Reads page after page.
pub(crate) enum Reader {
    /// A connection of its own, whose rows are looked at in place.
    Sqlite(Connection),
    Postgres(Reads),
}

impl Reader {
    /// # Errors
    /// The database cannot be opened.
    pub(crate) fn new(reads: &Reads) -> Result<Self, Failure> {
        let Reads::Sqlite(pool) = reads else { return Ok(Self::Postgres(reads.clone())) };
        let options = pool.connect_options();
        let path: &Path = options.get_filename();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(pool.options().get_acquire_timeout())?;
        Ok(Self::Sqlite(connection))
    }

    /// The events behind one, of its chain and then of the chains that follow; from the first without
    /// one. Gives itself back.
    pub(crate) async fn page(
        self,
        after: Option<(Place, i64)>,
        limit: u32,
    ) -> Result<(Self, Page), Failure> {
        let limit = i64::from(limit);
        match self {
            Self::Sqlite(connection) => {
                let reading = tokio::task::spawn_blocking(move || {
                    let page = Page::read(&connection, after.as_ref(), limit)?;
                    Ok((Self::Sqlite(connection), page))
                });
                reading.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
            }
            Self::Postgres(reads) => {
                let (key, seq) = match after {
                    Some((Place::Key(key), seq)) => (key, seq),
                    Some((Place::Name(_), _)) | None => (Uuid::nil(), 0),
                };
                let rows =
                    reads.rows(EVENT_SWEEP, &[Id(key), Integer(seq), Integer(limit)]).await?;
                let mut page = Page::default();
                for row in &rows {
                    page.take_row(row)?;
                }
                page.kept = kept(&reads, &page).await?;
                page.away = away::of(&reads, &page.without_beginning(key)).await?;
                Ok((Self::Postgres(reads), page))
            }
        }
    }
}

/// An event where it lies, or why its row cannot be read.
pub(crate) struct Lying<'a> {
    pub(crate) place: &'a Place,
    pub(crate) seq: i64,
    pub(crate) cells: Result<Cells<'a>, StoreError>,
}

/// A row that cannot be read, at its address.
pub(crate) fn corrupt(place: &Place, seq: i64, unreadable: Unreadable) -> StoreError {
    let Unreadable { table, column } = unreadable;
    StoreError::Corrupt { table, column, key: format!("{} {seq}", place.text()) }
}

/// Some rows in their order, and their bytes, one behind the other: what a driver makes of rows is
/// given back by the thread that asked for it.
#[derive(Default)]
pub(crate) struct Page {
    bytes: Vec<u8>,
    rows: Vec<Cut>,
    /// What is stored of the dossiers whose chains lie here.
    pub(crate) kept: HashMap<Uuid, Kept>,
    /// What is away of those that begin here with a later event than their first.
    pub(crate) away: HashMap<Uuid, Away>,
}

/// A row in the bytes: where each column ends, or which is none.
struct Cut {
    place: Place,
    seq: i64,
    start: usize,
    ends: Result<[usize; 5], Unreadable>,
    has_salts: bool,
}

/// Columns of which bytes are kept, behind place and number.
const COLUMNS: [Unreadable; 5] = [
    Unreadable { table: "event", column: "header" },
    Unreadable { table: "event", column: "hash" },
    Unreadable { table: "event", column: "commitments" },
    Unreadable { table: "event_value", column: "slots" },
    Unreadable { table: "event_value", column: "salts" },
];
const SLOTS: usize = 3;
const SALTS: usize = 4;

impl Page {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Where the last event lies; none of an empty page.
    pub(crate) fn last(&self) -> Option<(Place, i64)> {
        self.rows.last().map(|last| (last.place.clone(), last.seq))
    }

    /// The first and the last of the ids between which all dossiers lie that have events here.
    pub(super) fn dossiers(&self) -> Option<(Uuid, Uuid)> {
        let mut ids = self.rows.iter().filter_map(|row| row.place.dossier());
        let first = ids.next()?;
        Some((first, ids.next_back().unwrap_or(first)))
    }

    /// The keys that begin here with a later event than their first, but for the one that goes on.
    fn without_beginning(&self, going_on: Uuid) -> Vec<Uuid> {
        let mut before = Some(going_on);
        let mut found = Vec::new();
        for row in &self.rows {
            let key = row.place.dossier();
            if key != before && row.seq != 1 {
                found.extend(key);
            }
            before = key;
        }
        found
    }

    pub(crate) fn place(&self, at: usize) -> &Place {
        &self.rows[at].place
    }

    pub(crate) fn row(&self, at: usize) -> Lying<'_> {
        let Cut { place, seq, ends, .. } = &self.rows[at];
        let cells = ends.and_then(|ends| self.cells(&self.rows[at], ends));
        let cells = cells.map_err(|unreadable| corrupt(place, *seq, unreadable));
        Lying { place, seq: *seq, cells }
    }

    fn cells(&self, row: &Cut, ends: [usize; 5]) -> Result<Cells<'_>, Unreadable> {
        let [header, hash, commitments, slots, salts] = ends;
        let text = std::str::from_utf8(&self.bytes[commitments..slots]);
        Ok(Cells {
            seq: u64::try_from(row.seq)
                .map_err(|_| Unreadable { table: "event", column: "seq" })?,
            header: &self.bytes[row.start..header],
            hash: &self.bytes[header..hash],
            commitments: &self.bytes[hash..commitments],
            slots: text.map_err(|_| COLUMNS[SLOTS])?,
            salts: row.has_salts.then(|| &self.bytes[slots..salts]),
        })
    }

    /// Copies the columns of a row; none where one is null, or no bytes at all.
    fn take<'a>(&mut self, place: Place, seq: i64, column: impl Fn(usize) -> Option<&'a [u8]>) {
        let start = self.bytes.len();
        let mut ends = [start; 5];
        let mut missing = None;
        for (at, end) in ends.iter_mut().enumerate() {
            match column(at) {
                Some(bytes) => self.bytes.extend_from_slice(bytes),
                None if at == SALTS => {}
                None => missing = missing.or(Some(COLUMNS[at])),
            }
            *end = self.bytes.len();
        }
        let ends = missing.map_or(Ok(ends), Err);
        let has_salts = column(SALTS).is_some();
        self.rows.push(Cut { place, seq, start, ends, has_salts });
    }

    /// Columns by their number, in the order of the statement: a name is looked up for each row. Texts
    /// are looked at as such when they are read from here.
    fn take_row(&mut self, row: &Row) -> Result<(), Failure> {
        let Row::Postgres(row) = row else { return Err(sqlx::Error::RowNotFound.into()) };
        let (place, seq) = (Place::Key(row.try_get(0)?), row.try_get(1)?);
        self.take(place, seq, |at| row.try_get_raw(at + 2).ok()?.as_bytes().ok());
        Ok(())
    }

    fn read(
        connection: &Connection,
        after: Option<&(Place, i64)>,
        limit: i64,
    ) -> Result<Self, Failure> {
        let (name, seq) = match after {
            Some((Place::Name(name), seq)) => (name.as_ref(), *seq),
            Some((Place::Key(_), _)) | None => ("", 0),
        };
        let mut page = Self::default();
        let mut statement = connection.prepare_cached(EVENT_SWEEP.sqlite)?;
        let mut rows = statement.query((name, seq, limit))?;
        while let Some(row) = rows.next()? {
            let name = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
            let place = match page.rows.last() {
                Some(Cut { place: place @ Place::Name(last), .. }) if **last == *name => {
                    place.clone()
                }
                Some(_) | None => Place::Name(name.into()),
            };
            page.take(place, row.get(1)?, |at| match (row.get_ref(at + 2).ok()?, at) {
                (ValueRef::Text(text), _) => Some(text),
                (ValueRef::Blob(bytes), at) if at != SLOTS => Some(bytes),
                (
                    ValueRef::Blob(_) | ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_),
                    _,
                ) => None,
            });
        }
        page.kept = kept_in_file(connection, &page)?;
        Ok(page)
    }
}
