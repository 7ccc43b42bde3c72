//! Both databases under one roof: a statement, its arguments and its rows.
//!
//! Most statements are one text for both. Ids are text in SQLite and `uuid` in PostgreSQL, flags
//! are whole numbers in the one and `boolean` in the other; everything else is kept alike.

use std::sync::Arc;
use std::time::Duration;

use motcua_audit::ChainId;
use sha2::{Digest as _, Sha256};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnection, PgPool, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{Arguments as _, Postgres, Sqlite};
use tokio::sync::watch;
use uuid::Uuid;

use crate::error::Failure;

/// Beyond the server's own limit of a statement a connection is given up: it may be dead.
pub(crate) const DEADLINE_MARGIN: Duration = Duration::from_secs(5);

/// A statement in the words of each database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

impl Statement {
    /// One text for both.
    pub(crate) const fn both(text: &'static str) -> Self {
        Self { sqlite: text, postgres: text }
    }
}

impl From<&'static str> for Statement {
    fn from(text: &'static str) -> Self {
        Self::both(text)
    }
}

/// A statement that asks a flag: `flagged!("… WHERE ", not "closed", " …")`. SQLite uses a partial
/// index only where the query repeats its very condition.
macro_rules! flagged {
    ($before:literal, not $flag:literal, $after:literal) => {
        $crate::database::Statement {
            sqlite: concat!($before, $flag, " = 0", $after),
            postgres: concat!($before, "NOT ", $flag, $after),
        }
    };
    ($before:literal, $flag:literal, $after:literal) => {
        $crate::database::Statement {
            sqlite: concat!($before, $flag, " = 1", $after),
            postgres: concat!($before, $flag, $after),
        }
    };
}
pub(crate) use flagged;

/// A value that a statement is given.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Argument<'a> {
    Text(&'a str),
    OptionalText(Option<&'a str>),
    Integer(i64),
    Id(Uuid),
    Chain(&'a ChainId),
}

/// The key of a chain in PostgreSQL: a dossier's own id, so that its history lies where it belongs
/// by time. Other chains have a UUIDv8 made of their name: one that belongs to a dossier, such as
/// that of who looked at it, begins with the same time; the few others lie behind all dossiers (a
/// UUIDv7 begins with its time, and ff is far away).
pub(crate) fn chain_key(chain: &str) -> Uuid {
    let dossier =
        chain.split_once(':').and_then(|(kind, id)| Some((kind, Uuid::parse_str(id).ok()?)));
    if let Some(("dossier", id)) = dossier {
        return id;
    }
    let digest: [u8; 32] = Sha256::digest(chain.as_bytes()).into();
    let mut key = [0; 16];
    key.copy_from_slice(&digest[..16]);
    match dossier {
        Some((_, id)) => key[..6].copy_from_slice(&id.as_bytes()[..6]),
        None => key[0] = 0xff,
    }
    uuid::Builder::from_custom_bytes(key).into_uuid()
}

/// A row of either database.
#[derive(Debug)]
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// Connections that read.
#[derive(Clone, Debug)]
pub(crate) enum Reads {
    Sqlite(SqlitePool),
    Postgres(PgReads),
}

/// Connections to a server that read.
#[derive(Clone, Debug)]
pub(crate) struct PgReads {
    pub(crate) pool: PgPool,
    /// Longest wait for an answer.
    pub(crate) deadline: Duration,
    /// Why a new connection was refused, the last time one was: for whoever waits for one.
    pub(crate) refusals: Arc<watch::Sender<Option<String>>>,
}

impl Reads {
    pub(crate) async fn rows(
        &self,
        statement: impl Into<Statement>,
        arguments: &[Argument<'_>],
    ) -> Result<Vec<Row>, Failure> {
        let statement = statement.into();
        Ok(match self {
            Self::Sqlite(pool) => {
                let query = sqlx::query_with(statement.sqlite, for_sqlite(arguments)?);
                query.fetch_all(pool).await?.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(reads) => {
                let query = sqlx::query_with(statement.postgres, for_postgres(arguments)?);
                reads.read(query).await?.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The only row, if there is one.
    pub(crate) async fn row(
        &self,
        statement: impl Into<Statement>,
        arguments: &[Argument<'_>],
    ) -> Result<Option<Row>, Failure> {
        Ok(self.rows(statement, arguments).await?.pop())
    }

    /// The row of a statement that always gives one.
    pub(crate) async fn one(
        &self,
        statement: impl Into<Statement>,
        arguments: &[Argument<'_>],
    ) -> Result<Row, Failure> {
        self.row(statement, arguments).await?.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(reads) => reads.pool.close().await,
        }
    }
}

/// The connection of a transaction that is open.
#[derive(Debug)]
pub(crate) enum Session<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

impl Session<'_> {
    pub(crate) async fn rows(
        &mut self,
        statement: impl Into<Statement>,
        arguments: &[Argument<'_>],
    ) -> Result<Vec<Row>, Failure> {
        self.fetch(statement.into(), arguments, true).await
    }

    /// The same of a statement that PostgreSQL plans for the table as it is now. A plan that is kept
    /// may be of a time when the table was empty, and go through all of it when it is not.
    pub(crate) async fn rows_planned_anew(
        &mut self,
        statement: Statement,
        arguments: &[Argument<'_>],
    ) -> Result<Vec<Row>, Failure> {
        self.fetch(statement, arguments, false).await
    }

    async fn fetch(
        &mut self,
        statement: Statement,
        arguments: &[Argument<'_>],
        is_plan_kept: bool,
    ) -> Result<Vec<Row>, Failure> {
        Ok(match self {
            Self::Sqlite(connection) => {
                let query = sqlx::query_with(statement.sqlite, for_sqlite(arguments)?);
                let rows = query.fetch_all(&mut **connection).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(connection) => {
                let query = sqlx::query_with(statement.postgres, for_postgres(arguments)?);
                let rows = query.persistent(is_plan_kept).fetch_all(&mut **connection).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The only row, if there is one.
    pub(crate) async fn row(
        &mut self,
        statement: impl Into<Statement>,
        arguments: &[Argument<'_>],
    ) -> Result<Option<Row>, Failure> {
        Ok(self.rows(statement, arguments).await?.pop())
    }

    /// The row of a statement that always gives one.
    pub(crate) async fn one(
        &mut self,
        statement: impl Into<Statement>,
        arguments: &[Argument<'_>],
    ) -> Result<Row, Failure> {
        self.row(statement, arguments).await?.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }

    /// Answers how many rows were affected.
    pub(crate) async fn execute(
        &mut self,
        statement: impl Into<Statement>,
        arguments: &[Argument<'_>],
    ) -> Result<u64, Failure> {
        let statement = statement.into();
        Ok(match self {
            Self::Sqlite(connection) => {
                let query = sqlx::query_with(statement.sqlite, for_sqlite(arguments)?);
                query.execute(&mut **connection).await?.rows_affected()
            }
            Self::Postgres(connection) => {
                let query = sqlx::query_with(statement.postgres, for_postgres(arguments)?);
                query.execute(&mut **connection).await?.rows_affected()
            }
        })
    }
}

impl PgReads {
    /// Reads on a connection of the pool. The driver knows no deadline: a connection that died without
    /// a word would be waited for without an end, and so would its return to the pool.
    async fn read(
        &self,
        query: sqlx::query::Query<'static, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, Failure> {
        let connection = self.acquire().await?;
        let mut held = Held { connection, is_whole: false, deadline: self.deadline };
        let reading = tokio::time::timeout(self.deadline, query.fetch_all(&mut *held.connection));
        let rows = reading
            .await
            .unwrap_or_else(|_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())));
        held.is_whole = matches!(rows, Ok(_) | Err(sqlx::Error::Database(_)));
        Ok(rows?)
    }

    /// A connection, or why the server that is reached is none to read from.
    async fn acquire(&self) -> Result<PoolConnection<Postgres>, Failure> {
        let mut refusals = self.refusals.subscribe();
        let refused = async {
            // Its sender is our own.
            while refusals.changed().await.is_ok() {
                if let Some(why) = refusals.borrow_and_update().clone() {
                    return why;
                }
            }
            std::future::pending().await
        };
        tokio::select! {
            // As a rule one is free, and nobody has to listen.
            biased;
            acquired = self.pool.acquire() => Ok(acquired.map_err(|e| reached(&self.pool, e))?),
            why = refused => Err(Failure::Unfit(why)),
        }
    }
}

/// A connection that goes back to its pool only after a whole answer: whoever gave up meanwhile
/// leaves one that may be dead, or still answering.
struct Held {
    connection: PoolConnection<Postgres>,
    is_whole: bool,
    deadline: Duration,
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.is_whole {
            self.connection.close_on_drop();
            return;
        }
        // The pool asks the server whether the connection is well, and would wait for the answer without
        // an end, its place taken.
        let returned = tokio::time::timeout(self.deadline, self.connection.return_to_pool());
        drop(tokio::spawn(returned));
    }
}

/// Nobody gave a connection back in time, or none could be opened: the pool says the same of both.
fn reached(pool: &PgPool, error: sqlx::Error) -> sqlx::Error {
    let is_full = pool.size() >= pool.options().get_max_connections();
    match error {
        sqlx::Error::PoolTimedOut if !is_full => sqlx::Error::Io(std::io::Error::new(
            std::io::ErrorKind::NotConnected,
            "no connection to the database could be opened",
        )),
        other => other,
    }
}

fn for_sqlite(arguments: &[Argument<'_>]) -> Result<SqliteArguments, Failure> {
    let mut list = SqliteArguments::default();
    for argument in arguments {
        let added = match argument {
            Argument::Text(text) => list.add(*text),
            Argument::OptionalText(text) => list.add(*text),
            Argument::Integer(number) => list.add(*number),
            Argument::Id(id) => list.add(id.to_string()),
            Argument::Chain(chain) => list.add(chain.as_str()),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    Ok(list)
}

fn for_postgres(arguments: &[Argument<'_>]) -> Result<PgArguments, Failure> {
    let mut list = PgArguments::default();
    for argument in arguments {
        let added = match argument {
            Argument::Text(text) => list.add(*text),
            Argument::OptionalText(text) => list.add(*text),
            Argument::Integer(number) => list.add(*number),
            Argument::Id(id) => list.add(*id),
            Argument::Chain(chain) => list.add(chain_key(chain.as_str())),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    Ok(list)
}

/// What both databases can hold and give back as one type.
pub(crate) trait Cell<'r>:
    sqlx::Decode<'r, Sqlite> + sqlx::Type<Sqlite> + sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>
{
}

impl<'r, T> Cell<'r> for T where
    T: sqlx::Decode<'r, Sqlite>
        + sqlx::Type<Sqlite>
        + sqlx::Decode<'r, Postgres>
        + sqlx::Type<Postgres>
{
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_lies_with_its_dossier_and_others_behind_all() {
        let id = Uuid::parse_str("0199aa00-0000-7000-8000-000000000001").expect("an id");
        assert_eq!(chain_key(&format!("dossier:{id}")), id);
        let register = chain_key("sys:procedures");
        assert!(register > id);
        assert_eq!(register.get_version_num(), 8);
        assert_ne!(register, chain_key("sys:units"));
        let looked_at = chain_key(&format!("acc:{id}"));
        assert_eq!(looked_at.as_bytes()[..6], id.as_bytes()[..6]);
        assert_eq!(looked_at.get_version_num(), 8);
    }
}
