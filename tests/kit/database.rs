//! The database of a test world, and a way to it beside the service.

use std::path::{Path, PathBuf};

use motcua_store_sql::{Options, SqlStore};
use motcua_test_cluster::Cluster;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use tokio::sync::OnceCell;

/// A SQLite file, or the URL of a PostgreSQL database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// The file.
    Sqlite(PathBuf),
    /// The URL.
    Postgres(String),
}

impl Database {
    /// An empty database of the kind that `MOTCUA_TEST_STORE` names; the file lies in `folder`.
    ///
    /// # Panics
    /// When it names neither `sqlite` nor `postgres`, or no server can be started.
    pub async fn new(folder: &Path) -> Self {
        match std::env::var("MOTCUA_TEST_STORE").as_deref() {
            Err(_) | Ok("sqlite") => Self::Sqlite(folder.join("motcua.db")),
            Ok("postgres") => Self::postgres().await,
            Ok(other) => panic!("MOTCUA_TEST_STORE is {other}: sqlite or postgres"),
        }
    }

    /// An empty PostgreSQL database.
    ///
    /// # Panics
    /// When no server can be started.
    pub async fn postgres() -> Self {
        Self::Postgres(postgres().await)
    }

    /// The store on it.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn open(&self, options: Options) -> SqlStore {
        let store = match self {
            Self::Sqlite(path) => SqlStore::open(path, options).await,
            Self::Postgres(url) => SqlStore::connect(url, options).await,
        };
        store.expect("the database opens")
    }

    /// Runs statements beside the service, as an intruder would; answers how many rows they
    /// affected, or what the database said.
    ///
    /// # Errors
    /// The database refused.
    ///
    /// # Panics
    /// When it cannot be reached.
    pub async fn execute(&self, statements: &str) -> Result<u64, String> {
        let query = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()));
        let done = match self {
            Self::Sqlite(path) => {
                let mut connection = sqlite(path).await;
                query.execute(&mut connection).await.map(|done| done.rows_affected())
            }
            Self::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await.expect("the database opens");
                query.execute(&mut connection).await.map(|done| done.rows_affected())
            }
        };
        done.map_err(|error| error.to_string())
    }

    /// The pairs of texts that a query gives.
    ///
    /// # Panics
    /// When it gives anything else.
    pub async fn pairs(&self, query: &str) -> Vec<(String, String)> {
        let query = AssertSqlSafe(query.to_owned());
        let pairs = match self {
            Self::Sqlite(path) => {
                let mut connection = sqlite(path).await;
                sqlx::query_as(query).fetch_all(&mut connection).await
            }
            Self::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await.expect("the database opens");
                sqlx::query_as(query).fetch_all(&mut connection).await
            }
        };
        pairs.expect("pairs of texts")
    }

    /// The whole number that a query gives.
    ///
    /// # Panics
    /// When it gives none.
    pub async fn number(&self, query: &str) -> i64 {
        let query = AssertSqlSafe(query.to_owned());
        let number = match self {
            Self::Sqlite(path) => {
                let mut connection = sqlite(path).await;
                sqlx::query_scalar(query).fetch_one(&mut connection).await
            }
            Self::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await.expect("the database opens");
                sqlx::query_scalar(query).fetch_one(&mut connection).await
            }
        };
        number.expect("a number")
    }
}

async fn sqlite(path: &Path) -> SqliteConnection {
    let url = format!("sqlite://{}", path.display());
    SqliteConnection::connect(&url).await.expect("the database opens")
}

/// A database with the newest schema: made once, copied for each test.
async fn postgres() -> String {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let cluster = Cluster::shared();
    let template = TEMPLATE.get_or_init(async || {
        let url = cluster.database();
        let store = SqlStore::connect(&url, Options::default()).await;
        store.expect("the database opens").close().await;
        url
    });
    let template = template.await.clone();
    tokio::task::spawn_blocking(move || cluster.copy_of(&template)).await.expect("a copy")
}
