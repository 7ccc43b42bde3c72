//! Watching from a terminal, over a service that dies in between.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use motcua_tests::people;
use motcua_tests::process::Service;
use serde_json::Value;

use crate::journey::{Person, deliver, file};

/// Longest wait for a line.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// A command that goes on, and the lines that it prints.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(service: &Service, token: &str, line: &str) -> Self {
        let mut command = service.client(token, line.split(' '));
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the command starts");
        let stdout = child.stdout.take().expect("standard output is a pipe");
        let (send, lines) = channel();
        std::thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            lines.take_while(|line| send.send(line.clone()).is_ok()).for_each(drop);
        });
        Self { child, lines }
    }

    fn next(&self) -> Value {
        let line = self.lines.recv_timeout(WAIT_MAX).expect("a line");
        serde_json::from_str(&line).expect("JSON")
    }

    /// Ends it as Ctrl-C does.
    fn interrupt(&mut self) {
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-INT", &id]).status();
        assert!(asked.expect("kill runs").success());
    }

    #[track_caller]
    fn ends_well(&mut self) {
        assert!(self.child.wait().expect("the process can be waited for").success());
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _killed = self.child.kill();
    }
}

#[test]
fn a_dossier_is_watched_to_its_end_though_the_service_dies_in_between() {
    let mut service = Service::start();
    let (id, _) = file(&Person::new(&service, &people::MAI), &service);
    let token = service.token(&people::MAI);
    let mut watching = Watching::start(&service, &token, &format!("dossier watch {id} --json"));
    let mut changes = vec![watching.next()["present"].clone()];
    service.restart(&[]);
    let code = deliver(&service, &id);
    while changes.last().is_some_and(|change| change["closed"] == false) {
        changes.push(watching.next()["change"].clone());
    }
    watching.ends_well();
    let versions: Vec<_> = changes.iter().map(|change| change["version"].as_u64()).collect();
    assert_eq!(versions, (1..=changes.len() as u64).map(Some).collect::<Vec<_>>());
    let last = changes.last().expect("changes");
    assert_eq!((&last["act"], &last["code"]), (&"deliver".into(), &code.into()));
}

#[test]
fn a_queue_is_watched_until_whoever_watches_has_seen_enough() {
    let service = Service::start();
    let token = service.token(&people::CLERK);
    let line = "worklist to-receive --watch --json";
    let mut watching = Watching::start(&service, &token, line);
    assert_eq!(watching.next()["snapshot"]["total_size"], 0);
    let (id, _) = file(&Person::new(&service, &people::MAI), &service);
    let changes = watching.next()["changes"].clone();
    assert_eq!((&changes["total_size"], &changes["added"][0]["dossier"]), (&1.into(), &id.into()));
    watching.interrupt();
    watching.ends_well();
    let stranger = service.token(&people::STRANGER);
    let refused = service.as_whoever(&stranger, line.split(' '));
    assert_ne!(refused.code, 0);
    refused.saying("PERMISSION_DENIED");
}
