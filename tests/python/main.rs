//! The whole journey by a client that nobody here wrote: Python with grpcio and reflection.

use std::path::PathBuf;
use std::process::Command;

use motcua_tests::people::{self, Who};
use motcua_tests::process::{Service, project, run};
use serde_json::{Map, Value};

/// An interpreter that has the packages of `requirements.txt`.
fn interpreter() -> PathBuf {
    let named = std::env::var_os("MOTCUA_PYTHON").map(PathBuf::from);
    let python = named.unwrap_or_else(|| project().join("target/venv/bin/python3"));
    assert!(
        python.exists(),
        "{} is not there: run tests/run, which makes it, or name an interpreter with the packages \
         of tests/python/requirements.txt in MOTCUA_PYTHON",
        python.display()
    );
    python
}

const PEOPLE: [(&str, &Who); 8] = [
    ("citizen", &people::MAI),
    ("stranger", &people::STRANGER),
    ("clerk", &people::CLERK),
    ("specialist", &people::SPECIALIST),
    ("leader", &people::LEADER),
    ("records", &people::RECORDS),
    ("returner", &people::RETURNER),
    ("auditor", &people::AUDITOR),
];

#[test]
fn a_stock_client_takes_a_birth_registration_from_upload_to_replay() {
    let service = Service::start();
    let token = |(name, who): (&str, &Who)| (name.to_owned(), Value::from(service.token(who)));
    let tokens: Map<String, Value> = PEOPLE.into_iter().map(token).collect();
    let ended = run(Command::new(interpreter())
        .arg(project().join("tests/python/journey.py"))
        .env("MOTCUA_ADDRESS", service.address())
        .env("MOTCUA_TOKENS", Value::from(tokens).to_string())
        .env("PYTHONDONTWRITEBYTECODE", "1"));
    assert!(ended.with(0).out.contains("the journey is complete"));
}
