//! The store on PostgreSQL: the suite, and what only a database that is shared can show.

use motcua_store::conformance;
use motcua_store_sql::{Options, SqlStore};
use motcua_test_cluster::Cluster;

#[tokio::test(flavor = "multi_thread")]
async fn postgres_keeps_every_promise() {
    let cluster = Cluster::shared();
    let empty = cluster.database();
    SqlStore::connect(&empty, Options::default()).await.expect("a store").close().await;
    let make = async || {
        let store = SqlStore::connect(&cluster.copy_of(&empty), Options::default()).await;
        store.expect("a store")
    };
    conformance::run(make).await;
}
