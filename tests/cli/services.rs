//! Running the service: one a folder, settings, stopping.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use motcua_tests::people;
use motcua_tests::process::{Service, motcua, run};
use sqlx::{Connection as _, SqliteConnection};

use crate::journey::{Person, file};

#[test]
fn a_second_service_on_the_same_folder_is_refused() {
    let service = Service::bare(&[]);
    let second = run(motcua(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(service.data()));
    assert_ne!(second.code, 0);
    second.saying("another motcua").saying("--data");
}

#[test]
fn a_service_stops_when_asked_and_goes_on_where_it_was() {
    let mut service = Service::start();
    let citizen = Person::new(&service, &people::MAI);
    let (id, _) = file(&citizen, &service);
    drop(citizen);
    assert!(service.stop().success(), "{}", service.log());
    service.restart(&[]);
    let citizen = Person::new(&service, &people::MAI);
    let shown = citizen.does(&format!("dossier show {id}"));
    assert_eq!(shown["dossier"]["state"], "intake");
}

#[test]
fn keys_that_others_may_read_stop_the_service() {
    let mut service = Service::bare(&[]);
    service.kill();
    let keys = service.data().join("keys");
    let mut files = 0;
    for entry in fs::read_dir(&keys).expect("the keys") {
        let path = entry.expect("an entry").path();
        let mode = |mode| fs::Permissions::from_mode(mode);
        fs::set_permissions(&path, mode(0o644)).expect("it is ours");
        let exposed =
            run(motcua(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(service.data()));
        assert_ne!(exposed.code, 0, "{}", path.display());
        exposed.saying("chmod 600");
        fs::set_permissions(&path, mode(0o600)).expect("it is ours");
        files += 1;
    }
    assert_eq!(files, 2, "the token key and the secret");
    service.restart(&[]);
}

#[test]
fn settings_that_are_wrong_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("motcua.toml");
    fs::write(&file, "listn = \"127.0.0.1:0\"\n").expect("written");
    let ended = run(motcua(["serve", "--config"]).arg(&file).current_dir(folder.path()));
    assert_ne!(ended.code, 0);
    ended.saying("listn");
    let ended = run(motcua(["serve", "--listen", "nowhere"]).current_dir(folder.path()));
    assert_ne!(ended.code, 0);
    ended.saying("nowhere");
}

#[test]
fn config_shows_the_origin_that_was_set_for_ever() {
    let mut service = Service::bare(&["--origin", "quangninh.example/log/1"]);
    service.stop();
    let shown = run(motcua(["config", "--data"]).arg(service.data())).with(0).out;
    assert!(shown.contains("quangninh.example/log/1"), "{shown}");
    service.restart(&[]);
    let log = service.log();
    assert!(log.contains("quangninh.example/log/1"), "{log}");
}

#[test]
fn migrate_takes_a_folder_with_a_database_and_makes_none() {
    let mut service = Service::bare(&[]);
    service.stop();
    run(motcua(["migrate", "--data"]).arg(service.data())).with(0);
    let nowhere = service.desk().join("nowhere");
    run(motcua(["migrate", "--data"]).arg(&nowhere)).with(1).saying("--data");
    assert!(!nowhere.exists());
}

#[test]
fn lost_keys_stop_the_service_until_the_loss_is_accepted() {
    let mut service = Service::bare(&[]);
    service.stop();
    fs::remove_dir_all(service.data().join("keys")).expect("they are ours");
    let ended = run(motcua(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(service.data()));
    ended.with(1).saying("secret.key").saying("backup").saying("--new-keys");
    assert!(!service.data().join("keys").exists(), "nothing was made");
    service.restart(&["--new-keys"]);
}

#[test]
fn a_service_in_use_starts_with_no_documents_but_its_own() {
    let mut service = Service::bare(&["--origin", "centre.example/log/1"]);
    service.stop();
    let start = |data: &std::path::Path, documents: &std::path::Path| {
        let mut command = motcua(["serve", "--listen", "127.0.0.1:0", "--data"]);
        command.arg(data).arg("--documents").arg(documents);
        run(&mut command)
    };
    let wrong = service.desk().join("wrong");
    start(&service.data(), &wrong)
        .with(1)
        .saying("--documents")
        .saying("restore it from the backup");
    assert!(!wrong.exists(), "nothing was made");
    let folder = tempfile::tempdir().expect("a folder");
    let own = service.data().join("documents");
    let ended = start(&folder.path().join("data"), &own).with(1);
    ended.saying("belong to the service centre.example/log/1");
    service.restart(&[]);
}

#[test]
fn an_origin_that_cannot_be_is_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    run(motcua(["serve", "--origin", "a b", "--data"]).arg(&data)).with(1).saying("without spaces");
    assert!(!data.exists());
    let mut service = Service::bare(&["--origin", "centre.example/log/1"]);
    service.stop();
    let other = ["serve", "--listen", "127.0.0.1:0", "--origin", "other.example/log/2", "--data"];
    let ended = run(motcua(other).arg(service.data())).with(1);
    ended.saying("centre.example/log/1 at first start and cannot change");
}

#[test]
fn what_stands_in_the_way_of_a_start_is_told_with_a_remedy() {
    let service = Service::bare(&[]);
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let taken = ["serve", "--listen", service.address(), "--data"];
    run(motcua(taken).arg(&data)).with(1).saying("--listen");
    let file = folder.path().join("file");
    fs::write(&file, "x").expect("written");
    run(motcua(["serve", "--data"]).arg(&file)).with(1).saying("choose another with --data");
    fs::write(data.join("motcua.db"), "no database at all").expect("written");
    let broken = run(motcua(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data));
    broken.with(1).saying("restore it from the backup");
}

#[test]
fn a_token_for_a_unit_that_nobody_knows_is_issued_with_a_warning() {
    let service = Service::start();
    let issue = |arguments: &[&str]| {
        let fixed = ["token", "issue", "--subject", "a", "--role", "specialist"];
        run(motcua(fixed).args(arguments).arg("--data").arg(service.data())).with(0)
    };
    issue(&["--unit", "nowhere"]).saying("warning").saying("nowhere");
    issue(&[]).saying("--unit");
    let fine = issue(&["--unit", people::SPECIALIST.unit.expect("staff have a unit")]);
    assert!(fine.err.is_empty(), "{}", fine.err);
}

#[tokio::test]
async fn config_and_tokens_leave_the_schema_of_another_version_as_it_is() {
    let mut service = Service::bare(&[]);
    service.stop();
    let url = format!("sqlite://{}", service.data().join("motcua.db").display());
    let mut database = SqliteConnection::connect(&url).await.expect("the database opens");
    let back = "DELETE FROM _sqlx_migrations
        WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    sqlx::query(back).execute(&mut database).await.expect("one step back");
    let version = "SELECT max(version) FROM _sqlx_migrations";
    let before: i64 = sqlx::query_scalar(version).fetch_one(&mut database).await.expect("there");
    for arguments in [&["config"][..], &["token", "issue", "--subject", "a", "--role", "auditor"]] {
        run(motcua(arguments).arg("--data").arg(service.data())).with(0);
        let now: i64 = sqlx::query_scalar(version).fetch_one(&mut database).await.expect("there");
        assert_eq!(now, before, "{arguments:?}");
    }
    let empty = tempfile::tempdir().expect("a folder");
    std::fs::write(empty.path().join("motcua.db"), "").expect("written");
    run(motcua(["config", "--data"]).arg(empty.path())).with(0);
    let size = std::fs::metadata(empty.path().join("motcua.db")).expect("there").len();
    assert_eq!(size, 0, "a database without tables stays one");
}
