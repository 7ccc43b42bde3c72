//! Histories lie in parts by the quarter in which their dossier was made.

use motcua_store::conformance::fixture::{Subject, minute};
use motcua_store::contract::{Commit, Store as _};
use sqlx::PgConnection;

use super::{connection, database, execute, open};

async fn text(connection: &mut PgConnection, query: &'static str) -> Vec<String> {
    sqlx::query_scalar(query).fetch_all(connection).await.expect("texts")
}

const PARTS: &str = "SELECT CAST(CAST(inhrelid AS regclass) AS text) FROM pg_inherits
    WHERE inhparent = CAST('event' AS regclass) ORDER BY 1";

#[tokio::test]
async fn the_parts_of_the_next_half_year_are_there_and_made_again_when_missing() {
    let url = database().await;
    let store = open(&url).await;
    let mut connection = connection(&url).await;
    let parts = text(&mut connection, PARTS).await;
    assert!(parts.len() >= 4, "{parts:?}");
    let last = parts.iter().rfind(|part| part.starts_with("event_2")).expect("a quarter");
    let drop = format!("DROP TABLE {last}; DROP TABLE {}", last.replace("event_", "event_value_"));
    execute(&mut connection, &drop).await.expect("dropped");
    store.expire(minute(1)).await.expect("expired");
    assert_eq!(text(&mut connection, PARTS).await, parts);
}

#[tokio::test]
async fn a_part_can_be_taken_away_and_put_back_and_the_history_is_whole() {
    let url = database().await;
    let store = open(&url).await;
    let mut subject = Subject::new(1);
    let filed = Commit::Dossier(Box::new(subject.file(|_| {})));
    assert_eq!(store.commit(vec![filed]).await, [Ok(())]);
    let mut connection = connection(&url).await;
    let within = "SELECT DISTINCT CAST(tableoid AS regclass)::text FROM event";
    let part = text(&mut connection, within).await.remove(0);
    let moved = format!(
        "ALTER TABLE event DETACH PARTITION {part};
        CREATE TABLE archived AS SELECT * FROM {part}"
    );
    execute(&mut connection, &moved).await.expect("moved away");
    let chain =
        motcua_store::contract::dossier_chain(motcua_store::conformance::fixture::dossier_id(1));
    assert!(store.events(&chain, 0, 9).await.expect("read").is_empty());
    let kind =
        if part == "event_rest" { "DEFAULT" } else { panic!("{part}: fixtures are of 1970") };
    let back = format!("ALTER TABLE event ATTACH PARTITION {part} {kind}");
    execute(&mut connection, &back).await.expect("put back");
    assert_eq!(store.events(&chain, 0, 9).await.expect("read").len(), 1);
}
