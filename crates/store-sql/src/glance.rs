//! A look into a database that leaves it as it is: for tools beside a service that runs, and on
//! data of another version of the program.

use std::path::Path;

use motcua_store::StoreError;
use motcua_store::contract::{RegisterEntry, RegisterKind};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};

use crate::error::Failure;
use crate::open::Options;
use crate::read::histories;
use crate::write::desk::SETTING_READ;

const TABLE_STANDS: &str = "-- table_stands
    SELECT EXISTS (SELECT 1 FROM pragma_table_list WHERE schema = 'main' AND name = $1) AS stands";

pub(crate) const STATEMENTS: &[&str] = &[TABLE_STANDS];

/// A database that is only read: nothing is migrated, made or settled, and no writer runs.
#[derive(Debug)]
pub struct Glance(SqlitePool);

impl Glance {
    /// Opens the file, which is there.
    pub fn at(path: &Path, options: &Options) -> Self {
        let connect = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .read_only(true)
            .busy_timeout(options.busy_timeout);
        let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(options.read_wait);
        Self(pool.connect_lazy_with(connect))
    }

    /// Register entries, oldest first; none where the database has no such table yet.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the file cannot be read, or is no database.
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
        let row = sqlx::query(SETTING_READ).bind(key).fetch_optional(&self.0).await;
        let row = row.map_err(Failure::from)?;
        let value = row.map(|row| row.try_get("value")).transpose();
        Ok(value.map_err(Failure::from)?)
    }

    async fn stands(&self, table: &str) -> Result<bool, Failure> {
        let row = sqlx::query(TABLE_STANDS).bind(table).fetch_one(&self.0).await?;
        Ok(row.try_get("stands")?)
    }

    /// Closes the file.
    pub async fn close(self) {
        self.0.close().await;
    }
}
