//! A look into a database that leaves it as it is: for tools beside a service that runs, and on
//! data of another version of the program.

use std::path::Path;

use motcua_store::StoreError;
use motcua_store::contract::{RegisterEntry, RegisterKind};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use crate::database::Argument::Text;
use crate::database::{Reads, Statement};
use crate::desk::SETTING_READ;
use crate::error::{Columns, Failure};
use crate::postgres;
use crate::read::histories;
use crate::store::Options;

const TABLE_STANDS: Statement = Statement {
    sqlite: "-- table_stands
    SELECT EXISTS (SELECT 1 FROM pragma_table_list WHERE schema = 'main' AND name = $1) AS stands",
    postgres: "-- table_stands
    SELECT to_regclass($1) IS NOT NULL AS stands",
};

pub(crate) const STATEMENTS: &[Statement] = &[TABLE_STANDS];

/// A database that is only read: nothing is migrated, made or settled, and no writer runs.
#[derive(Debug)]
pub struct Glance(Reads);

impl Glance {
    /// Opens the SQLite file, which is there.
    pub fn at(path: &Path, options: &Options) -> Self {
        let connect = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .read_only(true)
            .busy_timeout(options.busy_timeout);
        let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(options.read_wait);
        Self(Reads::Sqlite(pool.connect_lazy_with(connect)))
    }

    /// Looks into the PostgreSQL database of a `postgres://` URL.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the text is no such URL, or nobody answers there.
    pub async fn of(url: &str, options: &Options) -> Result<Self, StoreError> {
        postgres::reach(url).await?;
        Ok(Self(Reads::Postgres(postgres::lazy_reads(url, options, 1)?)))
    }

    /// Register entries, oldest first; none where the database has no such table yet.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be read, or is none.
    pub async fn register(&self, kind: RegisterKind) -> Result<Vec<RegisterEntry>, StoreError> {
        if !self.stands("register_entry").await? {
            return Ok(Vec::new());
        }
        Ok(histories::register(&self.0, kind).await?)
    }

    /// A setting, where it was settled.
    ///
    /// # Errors
    /// As [`Self::register`].
    pub async fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        if !self.stands("setting").await? {
            return Ok(None);
        }
        let row = self.0.row(SETTING_READ, &[Text(key)]).await?;
        let value = row.map(|row| Columns::new(&row, "setting", "value").get("value"));
        Ok(value.transpose()?)
    }

    async fn stands(&self, table: &str) -> Result<bool, Failure> {
        let row = self.0.one(TABLE_STANDS, &[Text(table)]).await?;
        Columns::new(&row, "pragma_table_list", "stands").get("stands")
    }

    /// Closes the database.
    pub async fn close(self) {
        self.0.close().await;
    }
}
