//! Running the service: one a folder, settings, stopping.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use motcua_tests::people;
use motcua_tests::process::{Service, motcua, run};

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
fn migrate_brings_a_new_folder_to_the_newest_schema() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    run(motcua(["migrate", "--data"]).arg(&data)).with(0);
    assert!(data.join("motcua.db").exists());
    run(motcua(["migrate", "--data"]).arg(&data)).with(0);
}
