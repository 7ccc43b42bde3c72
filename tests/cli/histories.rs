//! Exported histories, verified without a server.

use std::fs;

use motcua_tests::people;
use motcua_tests::process::{Service, motcua, run, run_with};
use serde_json::Value;

use crate::journey::{Person, deliver, file};

/// A service with a delivered dossier, and the dossier's exported history.
fn exported() -> (Service, String) {
    let service = Service::start();
    let citizen = Person::new(&service, &people::MAI);
    let (id, _) = file(&citizen, &service);
    let code = deliver(&service, &id);
    let auditor = Person::new(&service, &people::AUDITOR);
    let lines = auditor.tries(&format!("audit replay {code} --json")).with(0).out;
    drop((citizen, auditor));
    (service, lines)
}

fn verify(lines: &str) -> motcua_tests::process::Ended {
    run_with(&mut motcua(["audit", "verify"]), lines.as_bytes().to_vec())
}

#[test]
fn an_export_verifies_offline_and_every_damage_is_found() {
    let (mut service, lines) = exported();
    service.stop();
    verify(&lines).with(0).saying("equal");
    let file = service.desk().join("history.jsonl");
    fs::write(&file, &lines).expect("the desk can be written");
    run(motcua(["audit", "verify"]).arg(&file)).with(0);

    let events: Vec<&str> = lines.lines().collect();
    let second: Value = serde_json::from_str(events[1]).expect("a line is JSON");
    let hash = second["hash"].as_str().expect("a hash");
    let flipped = format!("{}{}", if hash.starts_with('0') { "1" } else { "0" }, &hash[1..]);
    for (damage, damaged) in [
        ("a flipped digit of a hash", lines.replace(hash, &flipped)),
        ("an altered act", lines.replacen("accept", "acceqt", 1)),
        ("a missing event", [&events[..1], &events[2..]].concat().join("\n")),
        ("events out of order", [&events[1..2], &events[..1], &events[2..]].concat().join("\n")),
        ("an event that came twice", [&events[..2], &events[1..]].concat().join("\n")),
    ] {
        assert_ne!(damaged, lines, "{damage}");
        let ended = verify(&damaged);
        assert_eq!(ended.code, 1, "{damage}: {}", ended.err);
        assert!(ended.err.contains("differs"), "{damage}: {}", ended.err);
    }
}

#[test]
fn every_line_has_exactly_the_members_of_the_contract() {
    let (_service, lines) = exported();
    for (i, line) in lines.lines().enumerate() {
        let event: Value = serde_json::from_str(line).expect("a line is JSON");
        let members = event.as_object().expect("an object").keys().map(String::as_str);
        let mut members: Vec<_> = members.collect();
        members.sort_unstable();
        assert_eq!(members, ["chain", "fields", "hash", "header", "origin", "seq"]);
        assert_eq!(event["seq"], i + 1);
        assert!(event["header"].is_string());
        for field in event["fields"].as_array().expect("fields") {
            let is_opened = field.get("salt").is_some() && field.get("value").is_some();
            assert!(is_opened != field["c"].is_string(), "{field}");
        }
    }
}

#[test]
fn what_is_no_export_is_unreadable_and_says_where() {
    verify("").with(2);
    verify("{}\n").with(2).saying("line 1");
    verify("no json\n").with(2).saying("line 1");
    run_with(&mut motcua(["audit", "verify"]), vec![0xff, 0xfe, b'\n']).with(2).saying("line 1");
    let gone = run(&mut motcua(["audit", "verify", "no-such-file"]));
    assert_ne!(gone.code, 0);
    gone.saying("no-such-file");
}

#[test]
fn a_cut_export_is_found_by_an_evidence_line() {
    let (_service, lines) = exported();
    let last: Value = serde_json::from_str(lines.lines().last().expect("events")).expect("JSON");
    let text = |key: &str| last[key].as_str().expect("a text").to_owned();
    let evidence = format!("motcua:1:{}:{}:{}", text("chain"), last["seq"], text("hash"));
    let verify = |lines: &str| {
        let mut command = motcua(["audit", "verify", "--json", "--evidence", &evidence]);
        run_with(&mut command, lines.as_bytes().to_vec())
    };
    verify(&lines).with(0).saying("\"evidence_found\":1");
    let cut: String = lines.lines().take(3).map(|line| format!("{line}\n")).collect();
    verify(&cut).with(1).saying("does not contain").saying("\"evidence_found\":0");
    run(&mut motcua(["audit", "verify", "--evidence", "x"])).with(2).saying("CHAIN:SEQ:HASH");
}

#[test]
fn a_chain_or_version_that_is_not_there_is_not_equal() {
    let service = Service::start();
    let citizen = Person::new(&service, &people::MAI);
    let (id, _) = file(&citizen, &service);
    let auditor = Person::new(&service, &people::AUDITOR);
    for chain in ["sys:nope", "dossier:abc"] {
        auditor.tries(&format!("audit chain {chain}")).with(2).saying("no chain");
    }
    let late = auditor.tries(&format!("audit replay {id} --version 99")).with(2);
    late.saying("the last one is 1");
}
