//! `motcua doctor`: what it finds, and that it leaves everything as it was.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use motcua_test_cluster::Cluster;
use motcua_tests::people::{ADMIN, CLERK};
use motcua_tests::process::{Ended, Service, motcua, run};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};

fn doctor(data: &Path) -> Ended {
    run(motcua(["doctor", "--json", "--data"]).arg(data))
}

/// Status and text of a check.
fn check(ended: &Ended, code: &str) -> (String, String) {
    let report = ended.json();
    let checks = report["checks"].as_array().expect("checks");
    let check = checks.iter().find(|check| check["code"] == code);
    let check = check.unwrap_or_else(|| panic!("{code} is not in {report}"));
    let text = |key: &str| check[key].as_str().expect("a text").to_owned();
    assert_eq!(check["status"] == "ok", check["remedy"].is_null(), "{check}");
    (text("status"), text("found"))
}

fn status(ended: &Ended, code: &str) -> String {
    check(ended, code).0
}

async fn execute(data: &Path, statement: &str) {
    let url = format!("sqlite://{}", data.join("motcua.db").display());
    let mut database = SqliteConnection::connect(&url).await.expect("the database opens");
    let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut database).await;
    done.expect("done");
    database.close().await.expect("closed");
}

#[test]
fn beside_a_service_that_runs_all_is_in_order_and_stays_as_it_was() {
    let service = Service::start();
    let before = fs::read(service.data().join("motcua.db")).expect("the database");
    let ended = doctor(&service.data()).with(0);
    for code in ["SQLITE_VERSION", "SQLITE_JOURNAL", "SQLITE_SYNCHRONOUS", "SQLITE_CHECK", "SCHEMA"]
    {
        assert_eq!(status(&ended, code), "ok", "{code}");
    }
    assert_eq!(check(&ended, "SQLITE_SYNCHRONOUS").1, "FULL");
    assert_eq!(ended.json()["errors"], 0);
    assert_eq!(fs::read(service.data().join("motcua.db")).expect("the database"), before);
    let told = run(motcua(["doctor", "--lang", "vi", "--data"]).arg(service.data())).with(0).out;
    assert!(told.contains("KIỂM TRA") && told.contains("tệp nguyên vẹn"), "{told}");
}

#[test]
fn keys_that_others_may_read_and_keys_that_are_gone_are_errors() {
    let mut service = Service::bare(&[]);
    service.stop();
    let secret = service.data().join("keys/secret.key");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o640)).expect("it is ours");
    let ended = doctor(&service.data()).with(1);
    let (found, named) = check(&ended, "KEYS_PERMISSIONS");
    assert!(found == "error" && named.contains("secret.key"), "{found} {named}");
    fs::remove_file(&secret).expect("it is ours");
    assert_eq!(status(&doctor(&service.data()).with(1), "KEYS_PRESENT"), "error");
}

/// Replaces the secret of a stopped service and gives back what it was.
fn replace_secret(service: &Service, with: &str) -> String {
    let path = service.data().join("keys/secret.key");
    let before = fs::read_to_string(&path).expect("the secret");
    fs::write(&path, with).expect("it is ours");
    before
}

#[test]
fn a_secret_that_is_not_the_databases_is_told_and_no_service_starts_with_it() {
    let mut service = Service::bare(&[]);
    service.stop();
    assert_eq!(status(&doctor(&service.data()).with(0), "KEYS_SECRET"), "ok");
    let first = replace_secret(&service, &format!("{}\n", "0f".repeat(32)));
    assert_eq!(status(&doctor(&service.data()).with(1), "KEYS_SECRET"), "error");
    for further in [&[][..], &["--new-keys"]] {
        let mut serve = motcua(["serve", "--listen", "127.0.0.1:0", "--data"]);
        let ended = run(serve.arg(service.data()).args(further)).with(1);
        ended.saying("secret.key is not the one").saying("--keys").saying("backup");
    }
    // One that is lost for good is followed by another, and then it is the old one that is wrong.
    fs::remove_file(service.data().join("keys/secret.key")).expect("it is ours");
    service.restart(&["--new-keys"]);
    service.stop();
    assert_eq!(status(&doctor(&service.data()).with(0), "KEYS_SECRET"), "ok");
    replace_secret(&service, &first);
    let mut serve = motcua(["serve", "--listen", "127.0.0.1:0", "--data"]);
    run(serve.arg(service.data())).with(1).saying("secret.key is not the one");
}

#[tokio::test]
async fn timers_that_no_attempt_could_fire_are_told_with_the_reason() {
    let mut service = Service::bare(&[]);
    service.stop();
    let data = service.data();
    assert_eq!(status(&doctor(&data).with(0), "TIMERS"), "ok");
    let parked = "PRAGMA foreign_keys = OFF;
        INSERT INTO timer (dossier_id, name, due_at, claimed_for, claimed_until, attempts, failure)
        VALUES ('a', 'late', 1, 1, 2, 8, 'no such year'), ('b', 'late', 1, 1, 2, 7, 'not yet')";
    execute(&data, parked).await;
    let (found, told) = check(&doctor(&data), "TIMERS");
    assert_eq!(found, "warning");
    assert_eq!(told, "1 dossiers whose timers could not be fired: no such year");
}

#[tokio::test]
async fn a_running_service_lists_the_timers_that_no_attempt_could_fire() {
    let mut service = Service::bare(&["--demo"]);
    let admin = service.token(&ADMIN);
    assert_eq!(service.as_whoever(&admin, ["timers", "--json"]).with(0).out, "");
    service.stop();
    let parked = "UPDATE timer SET due_at = 1, claimed_for = 1, claimed_until = 4102444800000000,
            attempts = 8, failure = 'no such year'
        WHERE (dossier_id, name) = (SELECT dossier_id, name FROM timer LIMIT 1)";
    execute(&service.data(), parked).await;
    service.restart(&[]);
    let timers = service.as_whoever(&admin, ["timers", "--json"]).with(1).out;
    let timer: Value = serde_json::from_str(&timers).expect("one timer, as JSON");
    assert_eq!((&timer["attempts"], &timer["failure"]), (&json!(8), &json!("no such year")));
    assert_eq!(timer["retry_at"], "2100-01-01T00:00:00Z");
    let shown = service.as_whoever(&admin, ["timers"]).with(1).out;
    assert!(shown.contains("ATTEMPTS") && shown.contains("no such year"), "{shown}");
    let clerk = service.token(&CLERK);
    service.as_whoever(&clerk, ["timers"]).with(1).saying("administrator or auditor");
}

#[tokio::test]
async fn a_number_of_a_queue_that_is_not_that_of_its_rows_is_told() {
    let mut service = Service::bare(&[]);
    service.stop();
    let data = service.data();
    assert_eq!(status(&doctor(&data).with(0), "QUEUES"), "ok");
    let changed = "INSERT INTO queue_count (unit, status, role, procedure, claimed, items)
        VALUES ('H26.7', 1, 'specialist', '1.001193', 0, 3)";
    execute(&data, changed).await;
    let (found, told) = check(&doctor(&data), "QUEUES");
    assert_eq!(found, "warning");
    assert_eq!(told, "1 numbers of queues are not those of the open work");
}

#[tokio::test]
async fn a_check_that_fails_is_told_in_its_place_and_the_others_are_made() {
    let mut service = Service::bare(&[]);
    service.stop();
    let data = service.data();
    execute(&data, "DROP VIEW queue_counted").await;
    let ended = doctor(&data).with(1);
    let (found, told) = check(&ended, "QUEUES");
    assert_eq!(found, "error");
    assert!(
        told.starts_with("could not be looked at: ") && told.contains("queue_counted"),
        "{told}"
    );
    for code in ["CLOCK", "TIMERS", "KEYS_SECRET", "DOCUMENTS_PRESENT", "UPLOADS"] {
        assert_eq!(status(&ended, code), "ok", "{code}");
    }
}

#[tokio::test]
async fn schemas_of_other_programs_are_told_apart() {
    let mut service = Service::bare(&[]);
    service.stop();
    let data = service.data();
    let apply = |number: i64, name: &str| {
        format!(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES ({number}, '{name}', 1, x'00', 0)"
        )
    };
    execute(&data, &apply(9000, "expand_made_up")).await;
    assert_eq!(status(&doctor(&data).with(0), "SCHEMA"), "warning");
    service.restart(&[]);
    service.stop();
    execute(&data, &apply(9001, "made_up")).await;
    assert_eq!(status(&doctor(&data).with(1), "SCHEMA"), "error");
    let refused = run(motcua(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data)).with(1);
    refused.saying("newer program").saying("9001_made_up");
    execute(&data, "DELETE FROM _sqlx_migrations WHERE version > 5").await;
    let ended = doctor(&data).with(0);
    let (found, named) = check(&ended, "SCHEMA");
    assert!(found == "warning" && named.contains("0006_versions"), "{found} {named}");
}

#[test]
fn a_lost_document_and_an_upload_that_nobody_knows_are_found() {
    let mut service = Service::bare(&["--demo"]);
    service.stop();
    let documents = service.data().join("documents");
    assert_eq!(status(&doctor(&service.data()).with(0), "DOCUMENTS_PRESENT"), "ok");
    let part = documents.join("uploads/0199aa00-0000-7000-8000-000000000001.part");
    fs::write(&part, "x").expect("written");
    let old = std::time::SystemTime::UNIX_EPOCH;
    fs::File::open(&part).expect("there").set_modified(old).expect("it is ours");
    fs::rename(documents.join("documents"), documents.join("elsewhere")).expect("it is ours");
    let ended = doctor(&service.data()).with(1);
    assert_eq!(status(&ended, "DOCUMENTS_PRESENT"), "error");
    assert_eq!(status(&ended, "UPLOADS"), "warning");
}

#[test]
fn a_clock_behind_the_last_event_is_an_error() {
    let mut service = Service::bare(&["--demo"]);
    service.stop();
    // The last event happens again, in a year to come.
    let later = "INSERT INTO event (chain, seq, header, hash, commitments)
        SELECT 'sys:made-up', 1, CAST(replace(CAST(header AS TEXT), '\"at\":\"2', '\"at\":\"3')
            AS BLOB), hash, commitments FROM event ORDER BY id DESC LIMIT 1";
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(execute(&service.data(), later));
    assert_eq!(status(&doctor(&service.data()).with(1), "CLOCK"), "error");
}

#[test]
fn what_cannot_be_looked_at_has_an_exit_code_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    doctor(&folder.path().join("nowhere")).with(2).saying("--data");
    fs::write(folder.path().join("motcua.db"), "no database at all, only some text")
        .expect("written");
    doctor(folder.path()).with(2).saying("cannot be opened");
    let nobody = ["doctor", "--database", "postgres://u@127.0.0.1:1/x"];
    run(&mut motcua(nobody)).with(2).saying("cannot be used");
    let told = ["doctor", "--database", "postgres://u:s3cret@127.0.0.1:1/x"];
    let ended = run(&mut motcua(told)).with(2).saying("MOTCUA_DATABASE");
    assert!(!ended.err.contains("s3cret"), "{}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgresql_server_is_examined_without_a_node() {
    let cluster = Cluster::start(&["synchronous_commit=off", "autovacuum=off"]);
    // Nodes and doctors are no superusers.
    let superuser = cluster.database();
    let mut database = PgConnection::connect(&superuser).await.expect("the database opens");
    let owner = "CREATE ROLE motcua LOGIN; DO $$ BEGIN EXECUTE
        format('ALTER DATABASE %I OWNER TO motcua', current_database()); END $$";
    sqlx::raw_sql(owner).execute(&mut database).await.expect("a role");
    database.close().await.expect("closed");
    let url = superuser.replacen("postgres://postgres@", "postgres://motcua@", 1);
    let folder = tempfile::tempdir().expect("a folder");
    let look = || {
        let mut command = motcua(["doctor", "--json", "--database", &url, "--data"]);
        run(command.arg(folder.path()))
    };
    let empty = look().with(1);
    assert_eq!(status(&empty, "PG_SYNCHRONOUS_COMMIT"), "error");
    assert_eq!(status(&empty, "PG_AUTOVACUUM"), "warning");
    assert_eq!(status(&empty, "PG_ARCHIVING"), "warning");
    assert_eq!(status(&empty, "PG_FSYNC"), "ok");
    assert_eq!(status(&empty, "CLOCK"), "ok");
    assert_eq!(status(&empty, "SCHEMA"), "warning");
    let mut database = PgConnection::connect(&url).await.expect("the database opens");
    for statement in ["DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = on',
            current_database()); END $$"]
    {
        sqlx::raw_sql(statement).execute(&mut database).await.expect("set");
    }
    run(motcua(["migrate", "--database", &url]).arg("--data").arg(folder.path())).with(0);
    assert_eq!(status(&look().with(0), "HISTORY_PARTS"), "ok");
    // What is kept away from it, it says, and looks at the rest.
    let lock =
        "LOCK TABLE timer, work_item, event_rest, document_reference IN ACCESS EXCLUSIVE MODE";
    let held = format!("BEGIN; {lock}");
    sqlx::raw_sql(AssertSqlSafe(held)).execute(&mut database).await.expect("locked");
    let mut impatient = motcua(["doctor", "--json", "--database", &url, "--data"]);
    impatient.arg(folder.path()).env("MOTCUA_STORE_STATEMENT_TIMEOUT", "300ms");
    let found = run(&mut impatient).with(1);
    for code in ["HISTORY_PARTS", "HISTORY_REST", "TIMERS", "QUEUES", "DOCUMENTS_PRESENT"] {
        let (status, told) = check(&found, code);
        assert!(status == "error" && told.starts_with("could not be looked at"), "{code}: {told}");
    }
    for code in ["PG_FSYNC", "PG_CONNECTIONS", "CLOCK", "KEYS_SECRET", "UPLOADS"] {
        assert_eq!(status(&found, code), "ok", "{code}");
    }
    sqlx::raw_sql("ROLLBACK").execute(&mut database).await.expect("let go");
    for statement in [
        "ALTER TABLE timer SET (autovacuum_enabled = false)",
        "DO $$ DECLARE part text; BEGIN
            SELECT relname INTO part FROM pg_class
            WHERE relname ~ '^event_[0-9]' AND relkind = 'r' ORDER BY relname DESC LIMIT 1;
            EXECUTE format('DROP TABLE %I', part); END $$",
        "INSERT INTO event (chain, seq, header, hash, commitments)
            VALUES ('00000000-0000-0000-0000-000000000001', 1, '', decode(repeat('00', 32), 'hex'), '')",
    ] {
        sqlx::raw_sql(statement).execute(&mut database).await.expect("done");
    }
    let found = look().with(0);
    let value: Value = found.json();
    assert_eq!(status(&found, "HISTORY_PARTS"), "warning", "{value}");
    assert_eq!(status(&found, "HISTORY_REST"), "warning", "{value}");
    assert!(check(&found, "PG_AUTOVACUUM").1.contains("timer"), "{value}");
}
