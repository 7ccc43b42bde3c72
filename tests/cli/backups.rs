//! `motcua backup` and `motcua restore`: what comes back, and what is refused.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use motcua_tests::people;
use motcua_tests::process::{Ended, Service, motcua, run};

use crate::journey::{Person, file};

fn backup(service: &Service, to: &Path, more: &[&str]) -> Ended {
    backup_of(&service.data(), to, more)
}

fn backup_of(data: &Path, to: &Path, more: &[&str]) -> Ended {
    let mut command = motcua(["backup", "--json", "--data"]);
    run(command.arg(data).arg("--to").arg(to).args(more))
}

fn restore(from: &Path, data: &Path, more: &[&str]) -> Ended {
    let mut command = motcua(["restore", "--json", "--from"]);
    run(command.arg(from).arg("--data").arg(data).args(more))
}

/// A document of a backup.
fn document(backup: &Path) -> PathBuf {
    let shelves = fs::read_dir(backup.join("documents/documents")).expect("documents");
    let shelf = shelves.map(|shelf| shelf.expect("an entry").path()).next().expect("one");
    fs::read_dir(shelf).expect("a shelf").next().expect("a document").expect("an entry").path()
}

/// What is at a place, whether a restore left something beside it.
fn is_untouched(data: &Path) -> bool {
    let beside = fs::read_dir(data.parent().expect("a place")).expect("a folder");
    let mut names = beside.map(|entry| entry.expect("an entry").file_name());
    !data.exists() && !names.any(|name| name.to_string_lossy().contains("restoring"))
}

/// The demonstration with its backup: taken while the service ran.
fn taken(more: &[&str]) -> (Service, PathBuf, Ended) {
    let service = Service::bare(&["--demo"]);
    let to = service.desk().join("backup");
    let ended = backup(&service, &to, more).with(0);
    (service, to, ended)
}

#[test]
fn a_backup_beside_a_service_comes_back_whole_and_goes_on() {
    let mut service = Service::start();
    let citizen = Person::new(&service, &people::MAI);
    let (before, _) = file(&citizen, &service);
    let to = service.desk().join("backup");
    backup(&service, &to, &["--with-keys"]).with(0);
    let (after, _) = file(&citizen, &service);
    drop(citizen);
    service.stop();

    let data = service.desk().join("restored");
    let report = restore(&to, &data, &["--verify", "all"]).with(0).json();
    assert_eq!(report["verified"], report["chains"]);
    assert_eq!(report["findings"].as_array().expect("findings").len(), 0);
    fs::rename(service.data(), service.desk().join("lost")).expect("it is ours");
    fs::rename(&data, service.data()).expect("it is ours");
    service.restart(&[]);
    let citizen = Person::new(&service, &people::MAI);
    assert_eq!(citizen.does(&format!("dossier show {before}"))["dossier"]["state"], "intake");
    citizen.tries(&format!("dossier show {after}")).with(1);
    file(&citizen, &service);
}

#[test]
fn backups_are_whole_while_dossiers_are_filed() {
    let service = Service::start();
    let citizen = Person::new(&service, &people::MAI);
    let (data, desk) = (service.data(), service.desk().to_owned());
    file(&citizen, &service);
    let taking = std::thread::spawn(move || {
        let taken = (0..4).map(|number| {
            let to = desk.join(format!("backup-{number}"));
            let report = backup_of(&data, &to, &[]).with(0).json();
            let data = desk.join(format!("restored-{number}"));
            restore(&to, &data, &["--verify", "all"]).with(0);
            report["events"].as_u64().expect("a number")
        });
        taken.collect::<Vec<u64>>()
    });
    while !taking.is_finished() {
        file(&citizen, &service);
    }
    let events = taking.join().expect("every backup is whole");
    assert!(events.is_sorted() && events[0] < events[3], "{events:?}");
}

#[test]
fn keys_are_in_a_backup_only_when_asked_and_nobody_else_reads_it() {
    let (_service, to, ended) = taken(&[]);
    ended.saying("keys");
    assert!(!to.join("keys").exists());
    for path in [to.clone(), to.join("motcua.db"), document(&to)] {
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
    restore(&to, &to.with_file_name("new"), &[]).with(0).saying("keys");
}

#[test]
fn linked_documents_are_the_same_files() {
    let (_service, to, _) = taken(&["--link"]);
    assert_eq!(fs::metadata(document(&to)).expect("there").nlink(), 2);
    restore(&to, &to.with_file_name("new"), &[]).with(0);
}

#[test]
fn a_backup_goes_nowhere_but_into_a_new_place() {
    let (service, to, _) = taken(&[]);
    backup(&service, &to, &[]).with(1).saying("not an empty folder");
    let inside = service.data().join("backup");
    backup(&service, &inside, &[]).with(1).saying("lies in what is backed up");
    assert!(!inside.exists());
    let nowhere = service.desk().join("nowhere");
    let ended = run(motcua(["backup", "--data"]).arg(&nowhere).arg("--to").arg(nowhere.join("b")));
    ended.with(1).saying("no database");
    assert!(!nowhere.exists());
}

#[test]
fn a_database_that_nobody_reaches_leaves_no_backup_and_passwords_are_no_arguments() {
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().join("backup");
    let of = |url: &str| {
        let command = ["backup", "--database", url, "--data"];
        run(motcua(command).arg(folder.path().join("data")).arg("--to").arg(&to)).with(1)
    };
    of("postgres://u@127.0.0.1:1/x").saying("cannot be used");
    assert!(!of("postgres://u:s3cret@127.0.0.1:1/x").saying("MOTCUA_DATABASE").err.contains("s3"));
    assert!(!to.exists());
    let with_password = ["--database", "postgres://u:s3cret@127.0.0.1:1/x"];
    let ended = restore(&to, &folder.path().join("new"), &with_password).with(1);
    assert!(!ended.saying("MOTCUA_DATABASE").err.contains("s3cret"));
}

#[test]
fn a_restore_refuses_a_folder_that_is_used_and_what_is_no_backup() {
    let (service, to, _) = taken(&[]);
    restore(&to, &service.data(), &[]).with(1).saying("in use or not empty");
    let data = service.desk().join("new");
    restore(service.desk(), &data, &[]).with(1).saying("no finished backup");
    assert!(is_untouched(&data));
}

#[test]
fn every_damage_of_a_backup_is_found_before_anything_is_restored() {
    let (service, to, ended) = taken(&["--with-keys"]);
    let data = service.desk().join("new");
    let digest = ended.json()["manifest"].as_str().expect("a digest").to_owned();
    let refuse = |words: &str, more: &[&str]| {
        restore(&to, &data, more).with(1).saying(words);
        assert!(is_untouched(&data), "{words}");
    };
    let manifest = to.join("manifest.json");
    let text = fs::read_to_string(&manifest).expect("a manifest");
    fs::write(&manifest, text.replacen("\"events\": ", "\"events\": 1", 1)).expect("written");
    refuse("was changed", &[]);
    fs::write(&manifest, &text).expect("written");
    refuse("was changed", &["--manifest", &"0".repeat(64)]);

    for path in [document(&to), to.join("motcua.db"), to.join("keys/secret.key")] {
        let bytes = fs::read(&path).expect("there");
        let mut other = bytes.clone();
        *other.last_mut().expect("not empty") ^= 1;
        fs::write(&path, other).expect("written");
        refuse("is not what it was", &[]);
        fs::remove_file(&path).expect("it is ours");
        refuse("is missing", &[]);
        fs::write(&path, bytes).expect("written");
    }
    restore(&to, &data, &["--manifest", &digest]).with(0);
}

#[test]
fn a_document_that_the_service_has_lost_is_told_by_the_backup_and_the_restore() {
    let service = Service::bare(&["--demo"]);
    let lost = document(&service.data());
    let name = lost.file_name().expect("a name").to_string_lossy().into_owned();
    fs::write(&lost, "other bytes").expect("written");
    let to = service.desk().join("backup");
    backup(&service, &to, &[]).with(1).saying(&name);
    restore(&to, &service.desk().join("new"), &[]).with(1).saying(&name);
}

#[test]
fn a_history_that_does_not_yield_its_state_is_found() {
    let mut service = Service::bare(&["--demo"]);
    service.stop();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let url = format!("sqlite://{}", service.data().join("motcua.db").display());
    runtime.expect("a runtime").block_on(async {
        use sqlx::Connection as _;
        let mut database = sqlx::SqliteConnection::connect(&url).await.expect("opens");
        let forged = "UPDATE snapshot SET state = json_set(state, '$.code', 'H00-000000-0000')";
        sqlx::raw_sql(forged).execute(&mut database).await.expect("forged");
        database.close().await.expect("closed");
    });
    let to = service.desk().join("backup");
    backup(&service, &to, &[]).with(0);
    let ended = restore(&to, &service.desk().join("new"), &["--verify", "all"]).with(1);
    ended.saying("does not yield the stored state");
}
