//! `motcua serve --demo`: what a newcomer sees first.

use std::path::Path;
use std::process::Command;

use motcua_tests::process::{Service, executable};
use sqlx::{Connection as _, SqliteConnection};

/// Commands among what was printed: lines that begin a shell command of ours, with the lines that
/// a backslash continues.
fn commands(printed: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut continues = false;
    for line in printed.lines().map(str::trim) {
        if continues {
            let command = found.last_mut().expect("a command that continues has begun");
            command.push('\n');
            command.push_str(line);
        } else if line.starts_with("motcua ") || line.starts_with("export ") {
            found.push(line.to_owned());
        } else {
            continue;
        }
        continues = line.ends_with('\\');
    }
    found
}

/// The commands, one after the other in one shell, as if pasted; stops at the first failure.
fn paste(commands: &[String], folder: &Path) -> std::process::Output {
    let programs = executable().parent().expect("the executable lies in a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    Command::new("sh")
        .args(["-e", "-x", "-c", &commands.join("\n")])
        .env("PATH", format!("{}:{path}", programs.display()))
        .env_remove("MOTCUA_TOKEN")
        .env_remove("MOTCUA_SERVER")
        .current_dir(folder)
        .output()
        .expect("sh runs")
}

#[test]
fn every_command_that_the_demo_prints_works_when_pasted() {
    let service = Service::bare(&["--demo"]);
    let commands = commands(&service.printed());
    for part in ["worklist", "dossier accept", "dossier submit", "audit replay", "MOTCUA_TOKEN"] {
        let shown = commands.iter().any(|command| command.contains(part));
        assert!(shown, "no command shows {part}: {commands:#?}");
    }
    let ended = paste(&commands, service.desk());
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
}

/// Number of dossiers in the database.
fn count(service: &Service) -> i64 {
    let url = format!("sqlite://{}", service.data().join("motcua.db").display());
    let counting = async {
        let mut database = SqliteConnection::connect(&url).await.expect("the database opens");
        let count = sqlx::query_scalar("SELECT count(*) FROM dossier").fetch_one(&mut database);
        count.await.expect("dossiers can be counted")
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(counting)
}

#[test]
fn a_second_start_of_the_demo_fills_nothing_in_again() {
    let mut service = Service::bare(&["--demo"]);
    let first = count(&service);
    assert!(first >= 30, "a believable set has more than {first} dossiers");
    service.stop();
    service.restart(&["--demo"]);
    assert_eq!(count(&service), first);
}
