//! A birth registration from draft to delivered result, by `motcua` alone.

use std::fs;

use motcua_dossiers::local_date;
use motcua_engine::{Clock as _, SystemClock};
use motcua_tests::people::{self, Who};
use motcua_tests::process::{Ended, Service};
use motcua_tests::{files, filing};
use serde_json::{Value, json};

/// Someone at a terminal.
pub(crate) struct Person<'a> {
    service: &'a Service,
    token: String,
}

impl<'a> Person<'a> {
    /// Someone with the token that an operator issued.
    pub(crate) fn new(service: &'a Service, who: &Who) -> Self {
        Self { service, token: service.token(who) }
    }

    /// Runs a command to its end.
    pub(crate) fn tries(&self, line: &str) -> Ended {
        self.service.as_whoever(&self.token, line.split(' '))
    }

    /// Runs a command that must succeed; its JSON.
    #[track_caller]
    pub(crate) fn does(&self, line: &str) -> Value {
        let arguments = line.split(' ').chain(["--json"]);
        self.service.as_whoever(&self.token, arguments).with(0).json()
    }
}

/// Writes a filing with its documents to the desk; the file's name.
pub(crate) fn write_filing(service: &Service) -> &'static str {
    for requirement in ["D1e", "D2"] {
        let path = service.desk().join(format!("{requirement}.pdf"));
        fs::write(path, files::pdf(requirement)).expect("the desk can be written");
    }
    let filing = json!({
        "procedure": "1.001193",
        "channel": "CHANNEL_ONLINE",
        "variant": "ordinary",
        "receiving_unit": people::CENTRE,
        "persons": [{ "id": "c-mai", "part": "PART_DOSSIER_OWNER",
            "full_name": "Nguyễn Thị Mai", "id_number": filing::MAI_NUMBER,
            "phone": filing::MAI_PHONE }],
        "form": filing::birth_form(),
        "documents": [
            { "requirement": "D1e", "file": "D1e.pdf" },
            { "requirement": "D2", "file": "D2.pdf" },
        ],
    });
    let name = "birth.json";
    fs::write(service.desk().join(name), filing.to_string()).expect("the desk can be written");
    name
}

/// Files a birth registration; its id and the tracking secret.
#[track_caller]
pub(crate) fn file(citizen: &Person<'_>, service: &Service) -> (String, String) {
    let filed = citizen.does(&format!("dossier submit {}", write_filing(service)));
    let id = filed["dossier"]["id"].as_str().expect("an id").to_owned();
    (id, filed["tracking_secret"].as_str().expect("a secret").to_owned())
}

/// Brings a filed dossier to its end; its code.
#[track_caller]
pub(crate) fn deliver(service: &Service, dossier: &str) -> String {
    let code = draft(service, dossier);
    conclude(service, &code);
    code
}

/// Brings a filed dossier to where its draft waits to be signed; its code.
#[track_caller]
pub(crate) fn draft(service: &Service, dossier: &str) -> String {
    let person = |who| Person::new(service, who);
    let (clerk, specialist) = (person(&people::CLERK), person(&people::SPECIALIST));
    clerk.does(&format!("dossier decide {dossier} --accept-rest"));
    let accepted = clerk.does(&format!("dossier accept {dossier}"));
    let code = accepted["dossier"]["code"].as_str().expect("a code").to_owned();
    specialist.does(&format!("dossier claim {code}"));
    specialist.does(&format!("dossier advance {code} take_over"));
    let draft = service.desk().join("certificate.pdf");
    fs::write(draft, files::pdf("certificate")).expect("the desk can be written");
    specialist.does(&format!("dossier advance {code} draft_result --draft certificate.pdf"));
    person(&people::MAI).does(&format!("dossier advance {code} confirm"));
    specialist.does(&format!("dossier advance {code} submit_for_signature"));
    code
}

/// Brings a dossier whose draft waits to be signed to its end.
#[track_caller]
pub(crate) fn conclude(service: &Service, code: &str) {
    let person = |who| Person::new(service, who);
    let today = local_date(SystemClock.now());
    person(&people::LEADER).does(&format!("dossier sign {code}"));
    person(&people::RECORDS)
        .does(&format!("dossier issue {code} --number 17 --date {today} --file certificate.pdf"));
    let returner = person(&people::RETURNER);
    returner.does(&format!("dossier complete {code}"));
    returner.does(&format!("dossier deliver {code} --to c-mai --original D2"));
}

#[test]
fn a_birth_registration_goes_from_draft_to_replay_by_commands_alone() {
    let service = Service::start();
    let person = |who| Person::new(&service, who);
    let (citizen, clerk, auditor) =
        (person(&people::MAI), person(&people::CLERK), person(&people::AUDITOR));

    let (id, secret) = file(&citizen, &service);
    let queue = clerk.does("worklist to-receive");
    assert_eq!(queue["total_size"], 1);
    assert_eq!(queue["rows"][0]["dossier"], id.as_str());

    let code = deliver(&service, &id);
    assert!(code.starts_with("H49.61"), "{code}");
    let tracked = service.as_whoever("", ["dossier", "track", &secret, "--json"]);
    assert_eq!(tracked.with(0).json()["status"], "STATUS_DELIVERED");
    let shown = citizen.does(&format!("dossier show {code}"));
    assert_eq!(shown["dossier"]["closed"], true);
    let form = citizen.does(&format!("dossier form {code} 1"));
    assert!(form.to_string().contains(&code), "{form}");
    let today = local_date(SystemClock.now());
    let yesterday = today.yesterday().expect("a day");
    let line = format!("dossier log-book --from {yesterday} --to {today}");
    let book = clerk.does(&line);
    assert!(book["data_json"].as_str().is_some_and(|data| data.contains(&code)), "{book}");
    let page = clerk.tries(&format!("{line} --html")).with(0);
    assert!(page.out.contains("SỔ THEO DÕI HỒ SƠ") && page.out.contains(&code), "{}", page.out);
    let found = clerk.does("search --name nguyen");
    assert_eq!(found["dossiers"][0]["code"], code.as_str());

    let replay = auditor.tries(&format!("audit replay {code}")).with(0).saying("equal");
    for act in ["submit", "accept", "sign", "issue", "complete", "deliver"] {
        assert!(replay.out.contains(act), "{act} is not in the table: {}", replay.out);
    }
    let before = auditor.does(&format!("audit replay {code} --version 1"));
    assert_eq!(before["version"], 1);
}

#[test]
fn a_repeated_command_answers_as_the_first_time() {
    let service = Service::start();
    let citizen = Person::new(&service, &people::MAI);
    let clerk = Person::new(&service, &people::CLERK);
    let (id, _) = file(&citizen, &service);
    clerk.does(&format!("dossier decide {id} --accept-rest"));
    let command = "01936000-0000-7000-8000-000000000001";
    let line = format!("dossier accept {id} --command-id {command}");
    let first = clerk.does(&line);
    let again = clerk.does(&line);
    assert_eq!((&first["repeat"], &again["repeat"]), (&json!(false), &json!(true)));
    assert_eq!(first["dossier"]["code"], again["dossier"]["code"]);
    assert_eq!(first["dossier"]["version"], again["dossier"]["version"]);
}

#[test]
fn a_draft_is_saved_shown_listed_and_thrown_away() {
    let service = Service::start();
    let citizen = Person::new(&service, &people::MAI);
    let file = service.desk().join("draft.json");
    fs::write(file, r#"{"procedure":"1.001193"}"#).expect("the desk can be written");
    let saved = citizen.does("dossier draft save draft.json");
    let id = saved["draft"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(citizen.does(&format!("dossier draft show {id}"))["draft"]["id"], id.as_str());
    let listed = citizen.does("dossier draft list");
    assert_eq!(listed["drafts"].as_array().map(Vec::len), Some(1));
    citizen.tries(&format!("dossier draft discard {id}")).with(0);
    let listed = citizen.does("dossier draft list");
    assert_eq!(listed["drafts"].as_array().map(Vec::len), Some(0));
}
