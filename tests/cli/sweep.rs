//! A whole store, verified from its own rows: what an intruder changes is found on both databases.

use std::fs;
use std::path::Path;

use motcua_test_cluster::Cluster;
use motcua_tests::database::Database;
use motcua_tests::people;
use motcua_tests::process::{Ended, Service, motcua, run};

use crate::journey::{Person, deliver, file};

/// What is done to the dossier with an id, in the words of SQLite and of PostgreSQL where `{chain}`
/// is the chain's place and `{id}` the dossier's id, and the word by which it is found.
const TAMPERED: [(&str, &str, &str); 9] = [
    (
        "UPDATE event SET header = (SELECT header FROM event WHERE chain = '{chain}' AND seq = 1)
         WHERE chain = '{chain}' AND seq = 2",
        "",
        "event_hash",
    ),
    (
        "UPDATE event SET hash = (SELECT hash FROM event WHERE chain = '{chain}' AND seq = 1)
         WHERE chain = '{chain}' AND seq = 2",
        "",
        "event_hash",
    ),
    (
        "UPDATE event SET commitments =
            (SELECT commitments FROM event WHERE chain = '{chain}' AND seq = 1)
         WHERE chain = '{chain}' AND seq = 2",
        "",
        "slots",
    ),
    (
        "UPDATE event_value SET slots = replace(slots, 'specialist', 'applicant')
         WHERE event IN (SELECT id FROM event WHERE chain = '{chain}')",
        "UPDATE event_value SET slots = replace(slots, 'specialist', 'applicant')
         WHERE chain = '{chain}'",
        "commitment",
    ),
    (
        "PRAGMA foreign_keys = OFF; DELETE FROM event WHERE chain = '{chain}' AND seq = 2",
        "DELETE FROM event WHERE chain = '{chain}' AND seq = 2",
        "seq",
    ),
    (
        "PRAGMA foreign_keys = OFF; DELETE FROM event WHERE chain = '{chain}' AND seq > 9",
        "DELETE FROM event WHERE chain = '{chain}' AND seq > 9",
        "head",
    ),
    (
        "PRAGMA foreign_keys = OFF; DELETE FROM event WHERE chain = '{chain}'",
        "DELETE FROM event WHERE chain = '{chain}'",
        "history",
    ),
    (
        "UPDATE snapshot SET state = replace(state, 'delivered', 'completed') WHERE dossier_id = '{id}'",
        "",
        "state",
    ),
    ("UPDATE chain_head SET seq = seq + 1 WHERE chain LIKE 'sys:%'", "", "head"),
];

fn verify(name: &str, place: &str) -> Ended {
    run(&mut motcua(["audit", "verify", "--json", name, place]))
}

fn execute(database: &Database, statements: &str) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(database.execute(statements)).expect("carried out");
}

#[track_caller]
fn finds(ended: Ended, word: &str, statement: &str) {
    assert!([1, 2].contains(&ended.code), "{statement}: {}", ended.err);
    assert!(ended.err.contains(word), "{word} is not found of {statement}: {}", ended.err);
}

/// A delivered dossier; its id.
fn delivered(service: &Service) -> String {
    let citizen = Person::new(service, &people::MAI);
    let (id, _) = file(&citizen, service);
    deliver(service, &id);
    id
}

#[test]
fn a_tampered_row_of_each_kind_is_found_in_a_file() {
    let mut service = Service::start();
    let id = delivered(&service);
    let data = service.data().to_string_lossy().into_owned();
    // Beside the service.
    verify("--data", &data).with(0).saying("\"differences\":0");
    service.stop();
    let free = "DROP TRIGGER event_is_never_changed; DROP TRIGGER event_is_never_deleted;
        DROP TRIGGER event_value_stays_with_its_event;";
    for (place, (statement, _, word)) in TAMPERED.into_iter().enumerate() {
        let copy = service.desk().join(format!("copy-{place}"));
        fs::create_dir(&copy).expect("a folder");
        for name in ["motcua.db", "motcua.db-wal"] {
            let from = Path::new(&data).join(name);
            if from.exists() {
                fs::copy(from, copy.join(name)).expect("copied");
            }
        }
        let chain = format!("dossier:{id}");
        let statement = statement.replace("{chain}", &chain).replace("{id}", &id);
        let database = Database::Sqlite(copy.join("motcua.db"));
        execute(&database, &format!("{free} {statement}"));
        finds(verify("--data", &copy.to_string_lossy()), word, &statement);
    }
    verify("--data", &data).with(0);
    verify("--data", "no-such-folder").with(1).saying("--data");
}

#[test]
fn a_tampered_row_of_each_kind_is_found_on_a_server() {
    let cluster = Cluster::shared();
    let url = cluster.database();
    let mut service = Service::start_with(&["--database", &url]);
    let id = delivered(&service);
    verify("--database", &url).with(0).saying("\"differences\":0");
    service.stop();
    for (sqlite, postgres, word) in TAMPERED {
        let statement = if postgres.is_empty() { sqlite } else { postgres };
        let statement = statement.replace("{chain}", &id).replace("{id}", &id);
        let copy = cluster.copy_of(&url);
        let database = Database::Postgres(copy.clone());
        execute(&database, &format!("SET session_replication_role = replica; {statement}"));
        finds(verify("--database", &copy), word, &statement);
    }
    verify("--database", &url).with(0);
}
