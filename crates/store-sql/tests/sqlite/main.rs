//! The store on SQLite: the suite, and what only a database in a file can show.

mod counters;
mod durability;
mod glance;
mod plans;
mod searches;
mod sharing;
mod sweep;
mod volume;
mod work_items;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use motcua_store::conformance;
use motcua_store::contract::{Commit, DossierCommit};
use motcua_store_sql::{Options, SqlStore};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Row as _, SqliteConnection};
use tempfile::TempDir;

/// A database of its own for one test.
struct Database {
    folder: TempDir,
}

impl Database {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("data").join("motcua.db")
    }

    async fn open(&self) -> SqlStore {
        self.open_with(Options::default()).await
    }

    async fn open_with(&self, options: Options) -> SqlStore {
        SqlStore::open(&self.path(), options).await.expect("a store")
    }

    /// A connection beside the store's.
    async fn connection(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(self.path()).foreign_keys(true);
        let options = options.busy_timeout(Duration::from_secs(5));
        options.connect().await.expect("a connection")
    }
}

fn dossier(commit: DossierCommit) -> Commit {
    Commit::Dossier(Box::new(commit))
}

/// What triggers noted in the table `written` since the last call.
async fn written(connection: &mut SqliteConnection) -> Vec<String> {
    let rows = sqlx::query("SELECT what FROM written ORDER BY what").fetch_all(&mut *connection);
    let written = rows.await.expect("rows").iter().map(|row| row.get(0)).collect();
    execute(connection, "DELETE FROM written").await.expect("it is emptied");
    written
}

async fn execute(connection: &mut SqliteConnection, sql: &'static str) -> Result<u64, String> {
    let done = sqlx::query(sql).execute(connection).await;
    done.map(|done| done.rows_affected()).map_err(|e| e.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_every_promise() {
    let folder = tempfile::tempdir().expect("a folder");
    let number = AtomicU32::new(0);
    let make = async || {
        let number = number.fetch_add(1, Ordering::Relaxed);
        let path = folder.path().join(format!("{number}.db"));
        SqlStore::open(&path, Options::default()).await.expect("a store")
    };
    conformance::run(make).await;
}
