//! What went wrong, with its address.

use std::str::FromStr;

use jiff::Timestamp;
use motcua_audit::{At, Hash};
use motcua_store::StoreError;
use sqlx::Row as _;
use sqlx::error::ErrorKind;
use uuid::Uuid;

use crate::database::{Cell, Row};

/// SQLite's code for what a trigger refused (SQLITE_CONSTRAINT_TRIGGER).
const CONSTRAINT_TRIGGER: &str = "1811";
/// PostgreSQL's codes for what a trigger refused, a deadlock, a change that came in between, and a
/// lock that another held for too long.
const RAISED: &str = "P0001";
const DEADLOCK: &str = "40P01";
const NOT_SERIALIZABLE: &str = "40001";
pub(crate) const LOCKED: &str = "55P03";
/// PostgreSQL's code for what took longer than a statement may.
const CANCELED: &str = "57014";
/// PostgreSQL's code for a write where only reads are possible.
const READ_ONLY: &str = "25006";
/// How PostgreSQL's codes begin for a server that shuts down, has crashed or is only starting.
const SERVER_LEAVES: &str = "57P0";
/// PostgreSQL's class of failed connections: a proxy says so of the server behind it.
const CONNECTION: &str = "08";

/// Why a transaction or a read did not come about.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The database refused or could not.
    Sql(sqlx::Error),
    /// SQLite refused or could not, asked by the writer's own thread.
    Sqlite(rusqlite::Error),
    /// A row cannot be what this program wrote.
    Corrupt(StoreError),
    /// The server is one that nothing may be decided or written on, such as a standby, or none was
    /// found just before.
    Unfit(String),
    /// Events are needed that were moved away: the chain, and the part.
    MovedAway(String, String),
}

impl Failure {
    /// Whether another transaction came in between: the same work may succeed, or be refused, now.
    pub(crate) fn is_race(&self) -> bool {
        let Self::Sql(sqlx::Error::Database(error)) = self else { return false };
        let raced = |code: &str| [DEADLOCK, NOT_SERIALIZABLE].contains(&code);
        error.is_unique_violation() || error.code().is_some_and(|code| raced(&code))
    }

    /// Whether a statement took longer than it may.
    pub(crate) fn is_timed_out(&self) -> bool {
        let Self::Sql(sqlx::Error::Database(error)) = self else { return false };
        error.code().is_some_and(|code| code == CANCELED)
    }

    /// Whether PostgreSQL has become a standby under the connection.
    pub(crate) fn is_read_only(&self) -> bool {
        let Self::Sql(sqlx::Error::Database(error)) = self else { return false };
        error.code().is_some_and(|code| code == READ_ONLY)
    }

    /// Whether the connection ended with what the server, or a proxy before it, said last. That may
    /// have come behind a commit.
    pub(crate) fn is_farewell(&self) -> bool {
        let Self::Sql(sqlx::Error::Database(error)) = self else { return false };
        let left = |code: &str| code.starts_with(SERVER_LEAVES) || code.starts_with(CONNECTION);
        error.code().is_some_and(|code| left(&code))
    }

    /// Whether it waited for a lock in vain that somebody else holds.
    pub(crate) fn is_locked(&self) -> bool {
        let Self::Sql(sqlx::Error::Database(error)) = self else { return false };
        error.code().is_some_and(|code| code == LOCKED)
    }

    /// Whether one piece of work met a broken constraint or a corrupt row; others may succeed.
    pub(crate) fn concerns_one(&self) -> bool {
        match self {
            Self::Sql(sqlx::Error::Database(error)) => {
                let alone = [CONSTRAINT_TRIGGER, RAISED, DEADLOCK, NOT_SERIALIZABLE, LOCKED];
                // Class 22 is a value, class 54 a size that the server cannot take.
                let is_value = |code: &str| code.len() == 5 && ["22", "54"].contains(&&code[..2]);
                let guarded =
                    error.code().is_some_and(|code| alone.contains(&&*code) || is_value(&code));
                guarded || !matches!(error.kind(), ErrorKind::Other)
            }
            Self::Sql(_) | Self::Unfit(_) => false,
            Self::Sqlite(error) => {
                use rusqlite::ErrorCode::{ConstraintViolation, TooBig, TypeMismatch};
                let code = error.sqlite_error_code();
                // Triggers and keys of any kind are constraints.
                matches!(code, Some(ConstraintViolation | TooBig | TypeMismatch))
            }
            Self::Corrupt(_) | Self::MovedAway(..) => true,
        }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            // All readers are busy and stayed so.
            Failure::Sql(sqlx::Error::PoolTimedOut) => Self::Overloaded,
            Failure::Sql(error) => Self::Unavailable(error.to_string()),
            Failure::Sqlite(error) => Self::Unavailable(error.to_string()),
            Failure::Corrupt(error) => error,
            Failure::Unfit(why) => Self::Unavailable(why),
            Failure::MovedAway(chain, part) => Self::MovedAway { chain, part },
        }
    }
}

/// Reads the columns of a row and says which one cannot be read.
pub(crate) struct Columns<'r> {
    row: &'r Row,
    table: &'static str,
    key: &'static str,
}

impl<'r> Columns<'r> {
    /// `key` is the column that names the row.
    pub(crate) fn new(row: &'r Row, table: &'static str, key: &'static str) -> Self {
        Self { row, table, key }
    }

    /// A column as the database holds it.
    pub(crate) fn get<T: Cell<'r>>(&self, column: &'static str) -> Result<T, Failure> {
        let value = match self.row {
            Row::Sqlite(row) => row.try_get(column),
            Row::Postgres(row) => row.try_get(column),
        };
        value.map_err(|_| self.corrupt(column))
    }

    /// An id.
    pub(crate) fn id(&self, column: &'static str) -> Result<Uuid, Failure> {
        self.id_optional(column)?.ok_or_else(|| self.corrupt(column))
    }

    /// An id where there is one.
    pub(crate) fn id_optional(&self, column: &'static str) -> Result<Option<Uuid>, Failure> {
        match self.row {
            Row::Sqlite(_) => self.parse_optional(column),
            Row::Postgres(row) => row.try_get(column).map_err(|_| self.corrupt(column)),
        }
    }

    /// A text that is parsed.
    pub(crate) fn parse<T: FromStr>(&self, column: &'static str) -> Result<T, Failure> {
        self.get::<&str>(column)?.parse().map_err(|_| self.corrupt(column))
    }

    /// A text that is parsed where there is one.
    pub(crate) fn parse_optional<T: FromStr>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, Failure> {
        let text = self.get::<Option<&str>>(column)?;
        text.map(str::parse).transpose().map_err(|_| self.corrupt(column))
    }

    /// A number of a smaller or unsigned kind.
    pub(crate) fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, Failure> {
        T::try_from(self.get::<i64>(column)?).map_err(|_| self.corrupt(column))
    }

    /// An instant.
    pub(crate) fn instant(&self, column: &'static str) -> Result<Timestamp, Failure> {
        Timestamp::from_microsecond(self.get(column)?).map_err(|_| self.corrupt(column))
    }

    /// An instant where there is one.
    pub(crate) fn instant_optional(
        &self,
        column: &'static str,
    ) -> Result<Option<Timestamp>, Failure> {
        let micros = self.get::<Option<i64>>(column)?;
        micros.map(Timestamp::from_microsecond).transpose().map_err(|_| self.corrupt(column))
    }

    /// The time of a header.
    pub(crate) fn at(&self, column: &'static str) -> Result<At, Failure> {
        At::from_micros(self.get(column)?).map_err(|_| self.corrupt(column))
    }

    /// A hash.
    pub(crate) fn hash(&self, column: &'static str) -> Result<Hash, Failure> {
        let bytes = self.get::<&[u8]>(column)?;
        Ok(Hash(bytes.try_into().map_err(|_| self.corrupt(column))?))
    }

    /// The address of a column that cannot be read.
    pub(crate) fn corrupt(&self, column: &'static str) -> Failure {
        let text = match self.row {
            Row::Sqlite(row) => row.try_get_unchecked::<String, _>(self.key).ok(),
            Row::Postgres(row) => match row.try_get::<Uuid, _>(self.key) {
                Ok(id) => Some(id.to_string()),
                Err(_) => row.try_get::<String, _>(self.key).ok(),
            },
        };
        let key = text.unwrap_or_else(|| "a row without a key".to_owned());
        Failure::Corrupt(StoreError::Corrupt { table: self.table, column, key })
    }
}
