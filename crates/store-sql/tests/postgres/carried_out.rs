//! What a server says of how it carried out the statements of one database (`auto_explain`).

use std::collections::BTreeMap;

use motcua_test_cluster::Cluster;
use serde_json::Value;
use sqlx::PgConnection;

use super::execute;

/// Every statement from the next connection on, those inside functions too, with what it read.
const TOLD: [&str; 7] = [
    "session_preload_libraries = 'auto_explain'",
    "auto_explain.log_min_duration = 0",
    "auto_explain.log_nested_statements = on",
    "auto_explain.log_format = 'json'",
    "auto_explain.log_analyze = on",
    "auto_explain.log_buffers = on",
    "auto_explain.log_timing = off",
];

async fn name(connection: &mut PgConnection) -> String {
    let name = sqlx::query_scalar("SELECT current_database()").fetch_one(connection).await;
    name.expect("a name")
}

/// Has the server tell it of the database from now on.
pub(super) async fn tell(connection: &mut PgConnection) {
    let name = name(connection).await;
    for setting in TOLD {
        let alter = format!("ALTER DATABASE {name} SET {setting}");
        execute(connection, &alter).await.expect("set");
    }
}

/// What was carried out in the database so far: text and plan.
pub(super) async fn told(connection: &mut PgConnection) -> Vec<(String, Value)> {
    let of_database = format!(" {} LOG: ", name(connection).await);
    let log = Cluster::shared().log();
    let mut found = Vec::new();
    let mut lines = log.lines();
    while let Some(line) = lines.next() {
        if line.contains(&of_database) && line.ends_with("plan:") {
            let body: Vec<&str> = lines.clone().map_while(|line| line.strip_prefix('\t')).collect();
            let told: Value = serde_json::from_str(&body.join("\n")).expect("a plan is JSON");
            let text = told["Query Text"].as_str().expect("a text").to_owned();
            found.push((text, told["Plan"].clone()));
        }
    }
    found
}

/// Root table and, for an index, whose it is, by name.
pub(super) async fn relations(connection: &mut PgConnection) -> BTreeMap<String, String> {
    let query =
        "SELECT c.relname::text, CAST(coalesce(pg_partition_root(t.oid), t.oid) AS regclass)::text
        FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid
        JOIN pg_class t ON t.oid = coalesce(i.indrelid, c.oid)
        WHERE c.relnamespace = CAST('public' AS regnamespace) AND c.relkind IN ('r', 'p', 'i', 'I')
            AND t.relname <> '_sqlx_migrations'";
    let rows: Vec<(String, String)> =
        sqlx::query_as(query).fetch_all(connection).await.expect("the catalogue");
    rows.into_iter().collect()
}

/// The steps below one of a plan.
pub(super) fn below(node: &Value) -> impl Iterator<Item = &Value> {
    node.get("Plans").and_then(Value::as_array).into_iter().flatten()
}
