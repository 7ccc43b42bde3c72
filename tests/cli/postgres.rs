//! The recipes of `docs/postgres.md` as they stand there: backup and restore of a PostgreSQL
//! database together with documents and keys.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use motcua_test_cluster::{Cluster, binaries, command};
use motcua_tests::people;
use motcua_tests::process::{Ended, Service, motcua, project, run};
use sqlx::{Connection as _, PgConnection};

use crate::journey::{Person, file};

const RECIPES: [&str; 6] = [
    "base-backup.sh",
    "restore-to-instant.sh",
    "dump.sh",
    "load.sh",
    "move-part-away.sh",
    "bring-part-back.sh",
];
/// Longest wait for the archiver.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Runs a recipe as the user of the server.
#[track_caller]
pub(crate) fn recipe(name: &str, arguments: &[&str]) {
    let text = fs::read_to_string(project().join("docs/examples/postgres").join(name));
    let path = std::env::var("PATH").unwrap_or_default();
    let mut sh = command(Path::new("/bin/sh"));
    // The server's user may not look into the project.
    sh.args(["-c", &text.expect("a recipe"), name]).args(arguments);
    sh.env("PATH", format!("{}:{path}", binaries().display()));
    Ended::from(sh.output().expect("sh runs")).with(0);
}

/// A folder that the server's user may write to.
pub(crate) fn open_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let open = fs::Permissions::from_mode(0o777);
    fs::set_permissions(folder.path(), open).expect("it is ours");
    folder
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("a path of a test is text")
}

/// The only value of a query, as text.
pub(crate) fn ask(url: &str, query: &'static str) -> String {
    let asking = async {
        let mut database = PgConnection::connect(url).await.expect("the database opens");
        sqlx::query_scalar(query).fetch_one(&mut database).await.expect("a text")
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(asking)
}

/// Waits until all that was written so far is in the archive.
fn archive(url: &str) {
    let wanted = ask(url, "SELECT pg_walfile_name(pg_switch_wal())");
    let until = Instant::now() + WAIT_MAX;
    while ask(url, "SELECT coalesce(last_archived_wal, '') FROM pg_stat_archiver") < wanted {
        assert!(Instant::now() < until, "{wanted} is not archived");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A server on a data folder that a recipe made. Stops with the test.
struct Restored {
    data: PathBuf,
}

impl Restored {
    fn start(data: PathBuf, socket: &Path) -> Self {
        let restored = Self { data };
        let mut start = command(&binaries().join("pg_ctl"));
        start.args(["-w", "start", "-o"]);
        start.arg(format!("-k {} -c listen_addresses= -c max_connections=200", socket.display()));
        start.arg("-l").arg(socket.join("log")).arg("-D").arg(&restored.data);
        let started = start.stdout(std::process::Stdio::null()).status().expect("pg_ctl runs");
        let log = || fs::read_to_string(socket.join("log"));
        assert!(started.success(), "{:?}", log());
        restored
    }
}

impl Drop for Restored {
    fn drop(&mut self) {
        let mut stop = command(&binaries().join("pg_ctl"));
        // It may not have come up.
        let _stopped = stop.args(["-m", "immediate", "-w", "stop", "-D"]).arg(&self.data).output();
    }
}

/// The URL with another folder of the socket.
fn at(url: &str, socket: &Path) -> String {
    let (before, _) = url.split_once("?host=").expect("a URL of a test");
    format!("{before}?host={}", socket.display())
}

fn wait_until_writable(url: &str) {
    let until = Instant::now() + WAIT_MAX;
    while ask(url, "SELECT CAST(pg_is_in_recovery() AS text)") == "true" {
        assert!(Instant::now() < until, "still in recovery");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn backup(service: &Service, url: &str, to: &Path) -> Ended {
    let mut command = motcua(["backup", "--with-keys", "--database", url, "--data"]);
    run(command.arg(service.data()).arg("--to").arg(to))
}

fn restore(from: &Path, data: &Path, url: &str) -> Ended {
    let mut command = motcua(["restore", "--verify", "all", "--json", "--database", url, "--from"]);
    run(command.arg(from).arg("--data").arg(data))
}

#[test]
fn the_document_shows_the_recipes_as_they_run() {
    let document = fs::read_to_string(project().join("docs/postgres.md")).expect("the document");
    for name in RECIPES {
        let recipe = fs::read_to_string(project().join("docs/examples/postgres").join(name));
        assert!(document.contains(recipe.expect("a recipe").trim_end()), "{name} differs");
    }
}

#[test]
fn a_database_comes_back_as_it_was_at_an_instant_with_documents_and_keys() {
    let place = open_folder();
    let (wal, base) = (place.path().join("wal"), place.path().join("base"));
    fs::create_dir(&wal).expect("a folder");
    fs::set_permissions(&wal, fs::Permissions::from_mode(0o777)).expect("it is ours");
    let command = format!("archive_command=test ! -f {0}/%f && cp %p {0}/%f", wal.display());
    let cluster = Cluster::start(&["archive_mode=on", &command]);
    let url = cluster.database();
    let mut service = Service::start_with(&["--database", &url]);
    let citizen = Person::new(&service, &people::MAI);
    recipe("base-backup.sh", &[&url, text(&base)]);
    let (kept, _) = file(&citizen, &service);
    let instant = ask(&url, "SELECT CAST(clock_timestamp() AS text)");
    let (undone, _) = file(&citizen, &service);
    drop(citizen);
    archive(&url);
    let to = service.desk().join("backup");
    backup(&service, &url, &to).with(0).saying("docs/postgres.md");
    service.stop();
    drop(cluster);

    let data = place.path().join("data");
    recipe("restore-to-instant.sh", &[text(&base), text(&wal), text(&data), &instant]);
    let _server = Restored::start(data, place.path());
    let url = at(&url, place.path());
    wait_until_writable(&url);
    let data = service.desk().join("restored");
    let report = restore(&to, &data, &url).with(0).json();
    assert_eq!(report["verified"], report["chains"]);
    assert!(report["verified"].as_u64().expect("a number") > 0, "{report}");
    fs::rename(service.data(), service.desk().join("lost")).expect("it is ours");
    fs::rename(&data, service.data()).expect("it is ours");
    service.restart(&["--database", &url]);
    let citizen = Person::new(&service, &people::MAI);
    assert_eq!(citizen.does(&format!("dossier show {kept}"))["dossier"]["state"], "intake");
    citizen.tries(&format!("dossier show {undone}")).with(1);
    file(&citizen, &service);
}

#[test]
fn a_dump_loads_into_another_database_and_verifies() {
    let place = open_folder();
    let cluster = Cluster::start(&[]);
    let (url, other) = (cluster.database(), cluster.database());
    let service = Service::start_with(&["--database", &url]);
    let citizen = Person::new(&service, &people::MAI);
    file(&citizen, &service);
    let dump = place.path().join("motcua.dump");
    recipe("dump.sh", &[&url, text(&dump)]);
    let to = service.desk().join("backup");
    backup(&service, &url, &to).with(0);
    recipe("load.sh", &[text(&dump), &other]);
    let data = service.desk().join("restored");
    let report = restore(&to, &data, &other).with(0).json();
    assert_eq!(report["verified"], report["chains"]);
    let mut doctor = motcua(["doctor", "--database", &other, "--data"]);
    run(doctor.arg(&data)).with(0);
    // Without the database its documents and keys come back alone, and that is said.
    let alone = service.desk().join("alone");
    let mut command = motcua(["restore", "--from"]);
    let ended = run(command.arg(&to).arg("--data").arg(&alone)).with(0);
    ended.saying("was not verified");
    let mode = fs::metadata(alone.join("keys/secret.key")).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // Whoever restores the wrong database hears of it.
    let empty = cluster.database();
    run(motcua(["migrate", "--database", &empty]).arg("--data").arg(&data)).with(0);
    restore(&to, &service.desk().join("wrong"), &empty).with(1).saying("another name");
}
