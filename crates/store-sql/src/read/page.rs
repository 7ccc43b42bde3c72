//! Pages of everything that happened, as the rows lie: nothing is taken out of them yet.

use std::path::Path;
use std::sync::Arc;

use motcua_audit::{ChainId, Header};
use motcua_store::StoreError;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use sqlx::Row as _;
use uuid::Uuid;

use super::histories::{Cells, Unreadable};
use super::sweep::EVENT_SWEEP;
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
        limit: i64,
    ) -> Result<(Self, Page), Failure> {
        match self {
            Self::Sqlite(connection) => {
                let reading = tokio::task::spawn_blocking(move || {
                    let page = Copied::read(&connection, after.as_ref(), limit)?;
                    Ok((Self::Sqlite(connection), Page::Sqlite(page)))
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
                Ok((Self::Postgres(reads), Page::Postgres(rows)))
            }
        }
    }
}

/// An event where it lies, or why its row cannot be read.
pub(crate) struct Lying<'a> {
    pub(crate) place: Place,
    pub(crate) seq: i64,
    pub(crate) cells: Result<Cells<'a>, StoreError>,
}

/// A row that cannot be read, at its address.
pub(crate) fn corrupt(place: &Place, seq: i64, unreadable: Unreadable) -> StoreError {
    let Unreadable { table, column } = unreadable;
    StoreError::Corrupt { table, column, key: format!("{} {seq}", place.text()) }
}

/// Some rows, in their order.
pub(crate) enum Page {
    Sqlite(Copied),
    Postgres(Vec<Row>),
}

impl Page {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Sqlite(copied) => copied.rows.len(),
            Self::Postgres(rows) => rows.len(),
        }
    }

    /// # Errors
    /// The row does not even say where it lies.
    pub(crate) fn row(&self, at: usize) -> Result<Lying<'_>, Failure> {
        match self {
            Self::Sqlite(copied) => Ok(copied.row(at)),
            Self::Postgres(rows) => lying(&rows[at]),
        }
    }

    /// Where the last event lies; none of an empty page.
    ///
    /// # Errors
    /// As [`Self::row`].
    pub(crate) fn last(&self) -> Result<Option<(Place, i64)>, Failure> {
        let Some(at) = self.len().checked_sub(1) else { return Ok(None) };
        let last = self.row(at)?;
        Ok(Some((last.place, last.seq)))
    }

    /// The first and the last of the ids between which all dossiers lie that have events here.
    pub(crate) fn dossiers(&self) -> Option<(Uuid, Uuid)> {
        let mut ids = (0..self.len()).filter_map(|at| self.row(at).ok()?.place.dossier());
        let first = ids.next()?;
        Some((first, ids.next_back().unwrap_or(first)))
    }
}

/// Columns by their number, in the order of the statement: a name is looked up for each row.
fn lying(row: &Row) -> Result<Lying<'_>, Failure> {
    let Row::Postgres(cells) = row else { return Err(sqlx::Error::RowNotFound.into()) };
    let (place, seq) = (Place::Key(cells.try_get(0)?), cells.try_get(1)?);
    let read = || {
        let event = |column| Unreadable { table: "event", column };
        let values = |column| Unreadable { table: "event_value", column };
        Ok(Cells {
            seq: u64::try_from(seq).map_err(|_| event("seq"))?,
            header: cells.try_get(2).map_err(|_| event("header"))?,
            hash: cells.try_get(3).map_err(|_| event("hash"))?,
            commitments: cells.try_get(4).map_err(|_| event("commitments"))?,
            slots: cells.try_get(5).map_err(|_| values("slots"))?,
            salts: cells.try_get(6).map_err(|_| values("salts"))?,
        })
    };
    let cells = read().map_err(|unreadable| corrupt(&place, seq, unreadable));
    Ok(Lying { place, seq, cells })
}

/// The bytes of many rows, one behind the other.
#[derive(Default)]
pub(crate) struct Copied {
    bytes: Vec<u8>,
    rows: Vec<Cut>,
}

/// A row in them: where each column ends, or why it is none.
struct Cut {
    place: Place,
    seq: i64,
    start: usize,
    ends: Result<[usize; 5], Unreadable>,
    has_salts: bool,
}

impl Copied {
    fn read(
        connection: &Connection,
        after: Option<&(Place, i64)>,
        limit: i64,
    ) -> Result<Self, Failure> {
        let (name, seq) = match after {
            Some((Place::Name(name), seq)) => (name.as_ref(), *seq),
            Some((Place::Key(_), _)) | None => ("", 0),
        };
        let mut copied = Self::default();
        let mut statement = connection.prepare_cached(EVENT_SWEEP.sqlite)?;
        let mut rows = statement.query((name, seq, limit))?;
        while let Some(row) = rows.next()? {
            copied.take(row)?;
        }
        Ok(copied)
    }

    fn take(&mut self, row: &rusqlite::Row<'_>) -> Result<(), Failure> {
        let place = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        let place = match self.rows.last() {
            Some(Cut { place: Place::Name(last), .. }) if **last == *place => last.clone(),
            Some(_) | None => place.into(),
        };
        let seq = row.get(1)?;
        let start = self.bytes.len();
        let has_salts = !matches!(row.get_ref(6)?, ValueRef::Null);
        let ends = self.columns(row)?;
        self.rows.push(Cut { place: Place::Name(place), seq, start, ends, has_salts });
        Ok(())
    }

    /// Copies the columns, and answers where each ends.
    fn columns(
        &mut self,
        row: &rusqlite::Row<'_>,
    ) -> Result<Result<[usize; 5], Unreadable>, rusqlite::Error> {
        const COLUMNS: [(&str, &str); 5] = [
            ("event", "header"),
            ("event", "hash"),
            ("event", "commitments"),
            ("event_value", "slots"),
            ("event_value", "salts"),
        ];
        let mut ends = [0; 5];
        for (place, (table, column)) in COLUMNS.into_iter().enumerate() {
            let value = row.get_ref(place + 2)?;
            let bytes = match (value, column) {
                (ValueRef::Null, "salts") => Some(&b""[..]),
                (ValueRef::Text(text), "slots") => Some(text),
                (_, "slots") => None,
                (ValueRef::Blob(bytes) | ValueRef::Text(bytes), _) => Some(bytes),
                (ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_), _) => None,
            };
            let Some(bytes) = bytes else { return Ok(Err(Unreadable { table, column })) };
            self.bytes.extend_from_slice(bytes);
            ends[place] = self.bytes.len();
        }
        Ok(Ok(ends))
    }

    fn row(&self, at: usize) -> Lying<'_> {
        let Cut { place, seq, start, ends, has_salts } = &self.rows[at];
        let cells = match ends {
            Ok([header, hash, commitments, slots, salts]) => {
                self.cells(*seq, [*start, *header, *hash, *commitments, *slots, *salts], *has_salts)
            }
            Err(unreadable) => Err(*unreadable),
        };
        let cells = cells.map_err(|unreadable| corrupt(place, *seq, unreadable));
        Lying { place: place.clone(), seq: *seq, cells }
    }

    fn cells(&self, seq: i64, ends: [usize; 6], has_salts: bool) -> Result<Cells<'_>, Unreadable> {
        let column = |at: usize| &self.bytes[ends[at]..ends[at + 1]];
        Ok(Cells {
            seq: u64::try_from(seq).map_err(|_| Unreadable { table: "event", column: "seq" })?,
            header: column(0),
            hash: column(1),
            commitments: column(2),
            slots: std::str::from_utf8(column(3))
                .map_err(|_| Unreadable { table: "event_value", column: "slots" })?,
            salts: has_salts.then(|| column(4)),
        })
    }
}
