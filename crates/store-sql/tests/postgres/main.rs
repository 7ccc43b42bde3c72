//! The store on PostgreSQL: the suite, and what only a database that is shared can show.

mod carried_out;
mod counters;
mod distribution;
mod farewells;
mod faults;
mod glance;
mod parts;
mod plans;
mod searches;
mod silence;
mod standby;
mod tls;
mod volume;

use motcua_store::conformance;
use motcua_store_sql::{Options, SqlStore};
use motcua_test_cluster::Cluster;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::sync::OnceCell;

/// URL of an empty database with the newest schema.
async fn database() -> String {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let cluster = Cluster::shared();
    let template = TEMPLATE.get_or_init(async || {
        let url = cluster.database();
        open(&url).await.close().await;
        url
    });
    cluster.copy_of(template.await)
}

async fn open(url: &str) -> SqlStore {
    SqlStore::connect(url, Options::default()).await.expect("a store")
}

/// A connection beside the store's.
async fn connection(url: &str) -> PgConnection {
    PgConnection::connect(url).await.expect("a connection")
}

async fn execute(connection: &mut PgConnection, sql: &str) -> Result<u64, String> {
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await;
    done.map(|done| done.rows_affected()).map_err(|e| e.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_keeps_every_promise() {
    conformance::run(async || open(&database().await).await).await;
}
