//! Opening the database: settings, their check, migrations.

use std::path::{Path, PathBuf};
use std::time::Duration;

use motcua_store::StoreError;
use rusqlite::OpenFlags;
use rusqlite::types::ValueRef;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Row, SqlSafeStr, SqliteConnection};

use super::writer::{Connections, Limits, Writer};
use crate::database::Session;
use crate::error::Failure;
use crate::schema;
use crate::store::Options;

/// Before this version SQLite could lose commits of a database in WAL mode.
const SQLITE_VERSION_MIN: (u32, u32, u32) = (3, 51, 3);
/// Prepared statements a connection keeps; more than the program has.
const STATEMENTS_KEPT_MAX: usize = 256;
/// What a statement with a trigger would undo lies in memory: such a statement writes one row. The
/// pages of a whole transaction have room (8 MiB), or they would be written before its end and again.
const PLAIN_SETTINGS: &str = "-- plain_settings
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA cache_size = -8192;";

/// Opens the file, creating it and its folder where they are missing, and brings it to the newest
/// schema.
///
/// # Errors
/// [`StoreError::Unavailable`] when the file cannot be opened, a setting does not hold, the
/// SQLite library is too old, or the schema is of a newer program.
pub(crate) async fn open(
    path: &Path,
    options: &Options,
) -> Result<(SqlitePool, Writer), StoreError> {
    if let Some(folder) = path.parent() {
        let made = tokio::fs::create_dir_all(folder).await;
        made.map_err(|e| StoreError::Unavailable(format!("{}: {e}", folder.display())))?;
    }
    let connect = connect_options(path, options);
    let mut first = connect.connect().await.map_err(Failure::from)?;
    check_version(&mut first).await?;
    check_settings(&mut first, options).await?;
    schema::tolerate(Session::Sqlite(&mut first)).await?;
    let migrated = migrator().run(&mut first).await;
    migrated.map_err(|e| StoreError::Unavailable(format!("migrations: {e}")))?;
    let pool = SqlitePoolOptions::new()
        .max_connections(options.read_connections)
        .acquire_timeout(options.read_wait)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None);
    let reads = pool.connect_lazy_with(connect.clone().read_only(true));
    let plain = Plain { path: path.to_owned(), busy_timeout: options.busy_timeout };
    let commits = plain.connect().map_err(Failure::from)?;
    plain.check(&commits)?;
    let checkpoints = plain.connect().map_err(Failure::from)?;
    let limits = Limits {
        queue_jobs_max: options.queue_jobs_max,
        commits_per_transaction_max: options.commits_per_transaction_max,
    };
    let connections = Connections { commits, checkpoints, plain, desk: first, connect };
    Ok((reads, Writer::start(connections, limits)?))
}

/// How the connection is opened on which commits are written, with the settings of the others.
pub(crate) struct Plain {
    path: PathBuf,
    busy_timeout: Duration,
}

impl Plain {
    /// Opens a connection to the file, which is there and has its schema.
    pub(crate) fn connect(&self) -> Result<rusqlite::Connection, rusqlite::Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = rusqlite::Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(self.busy_timeout)?;
        connection.execute_batch(PLAIN_SETTINGS)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT_MAX);
        Ok(connection)
    }

    fn check(&self, connection: &rusqlite::Connection) -> Result<(), StoreError> {
        for (pragma, wanted) in settings(self.busy_timeout) {
            let found = connection.query_row(pragma, [], |row| {
                Ok(match row.get_ref(0)? {
                    ValueRef::Integer(number) => number.to_string(),
                    other => other.as_str()?.to_owned(),
                })
            });
            check_setting(pragma, &found.map_err(Failure::from)?, &wanted)?;
        }
        Ok(())
    }
}

/// Bytes of the file and of its write-ahead log.
pub(crate) async fn file_bytes(path: &Path) -> Result<u64, StoreError> {
    let unavailable = |e: std::io::Error| StoreError::Unavailable(e.to_string());
    let file = tokio::fs::metadata(path).await.map_err(unavailable)?.len();
    let mut log = path.to_owned().into_os_string();
    log.push("-wal");
    // The log is gone while nothing was written since the file was opened.
    Ok(file + tokio::fs::metadata(log).await.map_or(0, |log| log.len()))
}

fn connect_options(path: &Path, options: &Options) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(options.busy_timeout)
        .pragma("secure_delete", "ON")
        .pragma("wal_autocheckpoint", "0")
        .statement_cache_capacity(STATEMENTS_KEPT_MAX)
        .disable_statement_logging()
}

/// Settings are read back: SQLite passes over what it does not know or cannot do.
async fn check_settings(
    connection: &mut SqliteConnection,
    options: &Options,
) -> Result<(), StoreError> {
    for (pragma, wanted) in settings(options.busy_timeout) {
        let row = sqlx::query(pragma).fetch_one(&mut *connection).await.map_err(Failure::from)?;
        let found = match row.try_get::<String, _>(0) {
            Ok(text) => text,
            Err(_) => row.try_get::<i64, _>(0).map_err(Failure::from)?.to_string(),
        };
        check_setting(pragma, &found, &wanted)?;
    }
    Ok(())
}

fn settings(busy_timeout: Duration) -> [(&'static str, String); 6] {
    [
        ("PRAGMA journal_mode", "wal".into()),
        ("PRAGMA synchronous", "2".into()),
        ("PRAGMA foreign_keys", "1".into()),
        ("PRAGMA secure_delete", "1".into()),
        ("PRAGMA wal_autocheckpoint", "0".into()),
        ("PRAGMA busy_timeout", busy_timeout.as_millis().to_string()),
    ]
}

fn check_setting(pragma: &str, found: &str, wanted: &str) -> Result<(), StoreError> {
    if found == wanted {
        return Ok(());
    }
    Err(StoreError::Unavailable(format!("{pragma} is {found}, not {wanted}")))
}

async fn check_version(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(connection)
        .await
        .map_err(Failure::from)?;
    if is_recent(&version) {
        return Ok(());
    }
    let (major, minor, patch) = SQLITE_VERSION_MIN;
    let problem = format!("SQLite {version} may lose commits; {major}.{minor}.{patch} is needed");
    Err(StoreError::Unavailable(problem))
}

pub(crate) fn is_recent(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next()) >= SQLITE_VERSION_MIN
}

/// The schema, in the order in which it grew. A file that was released is never edited.
pub(crate) fn migrator() -> Migrator {
    let files = [
        (1, "histories", include_str!("../../../../migrations/sqlite/0001_histories.sql")),
        (2, "dossiers", include_str!("../../../../migrations/sqlite/0002_dossiers.sql")),
        (3, "desk", include_str!("../../../../migrations/sqlite/0003_desk.sql")),
        (4, "holding", include_str!("../../../../migrations/sqlite/0004_holding.sql")),
        (5, "branches", include_str!("../../../../migrations/sqlite/0005_branches.sql")),
        (6, "versions", include_str!("../../../../migrations/sqlite/0006_versions.sql")),
        (7, "replacement", include_str!("../../../../migrations/sqlite/0007_replacement.sql")),
        (8, "oversight", include_str!("../../../../migrations/sqlite/0008_oversight.sql")),
        (9, "payments", include_str!("../../../../migrations/sqlite/0009_payments.sql")),
        (10, "documents", include_str!("../../../../migrations/sqlite/0010_documents.sql")),
        (11, "receptions", include_str!("../../../../migrations/sqlite/0011_receptions.sql")),
        (12, "snapshots", include_str!("../../../../migrations/sqlite/0012_snapshots.sql")),
        (13, "expand_claims", include_str!("../../../../migrations/sqlite/0013_expand_claims.sql")),
        (14, "salts", include_str!("../../../../migrations/sqlite/0014_salts.sql")),
        (15, "counters", include_str!("../../../../migrations/sqlite/0015_counters.sql")),
        (16, "commits", include_str!("../../../../migrations/sqlite/0016_commits.sql")),
        (17, "expand_bounds", include_str!("../../../../migrations/sqlite/0017_expand_bounds.sql")),
        (
            18,
            "expand_parts_away",
            include_str!("../../../../migrations/sqlite/0018_expand_parts_away.sql"),
        ),
    ];
    let migration = |(version, name, sql): (i64, &'static str, &'static str)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let mut migrator = Migrator::with_migrations(files.map(migration).into());
    // What is not ours was judged before: see `schema`.
    migrator.set_ignore_missing(true);
    migrator
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_with_the_bug_is_refused() {
        for good in ["3.51.3", "3.53.0", "4.0.0"] {
            assert!(is_recent(good), "{good}");
        }
        for bad in ["3.51.2", "3.50.9", "", "x"] {
            assert!(!is_recent(bad), "{bad}");
        }
    }
}
