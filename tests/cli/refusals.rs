//! Wrong input for each family of commands: exit codes, and messages that say what to do.

use std::fs;

use motcua_tests::people;
use motcua_tests::process::{Service, motcua, project, run};
use serde_json::Value;

use crate::journey::{Person, file, write_filing};

#[test]
fn wrong_arguments_exit_2_and_say_what_is_right() {
    for (line, words) in [
        ("frobnicate", "unrecognized subcommand"),
        ("dossier", "Usage"),
        ("dossier accept", "<DOSSIER>"),
        ("dossier accept x --expected-version old", "--expected-version"),
        ("dossier refuse x", "--reason"),
        ("worklist yesterday", "to-receive"),
        ("token issue --subject a --role king", "reception_clerk"),
        ("token issue --subject a --role auditor --ttl soon", "30m"),
        ("audit replay x --at yesterday", "--at"),
        ("audit replay x --version 1 --at 2026-11-24T09:00:00+07:00", "cannot be used with"),
    ] {
        run(&mut motcua(line.split(' '))).with(2).saying(words);
    }
}

#[test]
fn help_is_a_tour() {
    let help = run(&mut motcua(["--help"])).with(0).out;
    for word in ["serve --demo", "dossier", "procedure", "audit", "token", "deadline", "bench"] {
        assert!(help.contains(word), "{word}");
    }
    assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
}

#[test]
fn a_service_that_is_away_is_named() {
    let mut command = motcua(["worklist", "mine", "--server", "http://127.0.0.1:1"]);
    let ended = run(command.env("MOTCUA_TOKEN", "x"));
    assert_eq!(ended.code, 1);
    ended.saying("127.0.0.1:1");
}

#[test]
fn refusals_of_the_service_are_told_with_reason_and_situation() {
    let service = Service::start();
    let citizen = Person::new(&service, &people::MAI);
    let (clerk, returner) =
        (Person::new(&service, &people::CLERK), Person::new(&service, &people::RETURNER));
    let (id, _) = file(&citizen, &service);

    let early = clerk.tries(&format!("dossier accept {id}")).with(1).saying("REVIEW_INCOMPLETE");
    assert!(early.out.is_empty(), "{}", early.out);
    early.saying("The dossier is in intake").saying("Allowed now");
    let wrong = returner.tries(&format!("dossier accept {id}")).with(1);
    wrong.saying("ROLE_REQUIRED");
    clerk.tries(&format!("dossier accept {id} --expected-version 77")).with(1).saying("STALE");
    let stranger = Person::new(&service, &people::STRANGER);
    stranger.tries(&format!("dossier show {id}")).with(1).saying("NOT_FOUND");
    citizen.tries("worklist to-receive").with(1);
    clerk.tries("procedure publish birth.json").with(1);
    let anonymous = service.as_whoever("", ["dossier", "show", id.as_str()]);
    assert_eq!(anonymous.code, 1, "{}", anonymous.err);
    let forged = service.as_whoever("a.b.c", ["dossier", "show", id.as_str(), "--json"]);
    let error: Value = serde_json::from_str(&forged.with(1).err).expect("one JSON value");
    assert_eq!(error["error"]["reason"], "TOKEN_INVALID");
}

#[test]
fn a_filing_that_is_wrong_is_refused_with_every_fault() {
    let service = Service::start();
    let citizen = Person::new(&service, &people::MAI);
    let path = service.desk().join(write_filing(&service));
    let good: Value =
        serde_json::from_str(&fs::read_to_string(&path).expect("written")).expect("JSON");
    let refile = |change: &dyn Fn(&mut Value)| {
        let mut filing = good.clone();
        change(&mut filing);
        fs::write(&path, filing.to_string()).expect("the desk can be written");
        citizen.tries("dossier submit birth.json")
    };
    refile(&|filing| filing["colour"] = "red".into()).with(1).saying("colour");
    refile(&|filing| filing["channel"] = "CHANNEL_PIGEON".into()).with(1).saying("PIGEON");
    refile(&|filing| filing["documents"][0]["file"] = "gone.pdf".into()).with(1).saying("gone.pdf");
    let faults = refile(&|filing| {
        filing["form"]["child_sex"] = "unknown".into();
        filing["form"]["copies_requested"] = 51.into();
    });
    faults.with(1).saying("FORM_INVALID").saying("child_sex").saying("copies_requested");
    fs::write(&path, "{ no json").expect("the desk can be written");
    citizen.tries("dossier submit birth.json").with(1).saying("birth.json");
    citizen.tries("dossier submit gone.json").with(1).saying("gone.json");
    fs::write(service.desk().join("D1e.exe"), b"MZ\x90").expect("the desk can be written");
    citizen.tries("dossier upload D1e.exe").with(1);
}

#[test]
fn procedure_check_tells_sound_unsound_and_unreadable_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let check = |path: &std::path::Path| run(motcua(["procedure", "check", "--json"]).arg(path));
    let sound = project().join("catalogue/birth-registration.yaml");
    let report = check(&sound).with(0).json();
    assert_eq!(report["sound"], true);

    let text = fs::read_to_string(&sound).expect("the catalogue is there");
    let unsound = folder.path().join("unsound.yaml");
    let broken = text.replace("to: handover", "to: handovr").replace("to: signature", "to: sign");
    fs::write(&unsound, broken).expect("written");
    let report = check(&unsound).with(1).json();
    assert_eq!(report["sound"], false);
    let findings = report["findings"].as_array().expect("findings");
    assert!(findings.len() >= 2, "{report}");
    for finding in findings {
        let finding = finding.as_object().expect("an object");
        let mut members: Vec<_> = finding.keys().map(String::as_str).collect();
        members.sort_unstable();
        let wanted = ["code", "line", "message", "path", "remedy", "severity", "trace"];
        assert_eq!(members, wanted);
        assert!(finding["path"].as_str().is_some_and(|path| path.starts_with('/')), "{finding:?}");
        assert!(finding["line"].as_u64().is_some_and(|line| line > 0), "{finding:?}");
    }

    let unreadable = folder.path().join("unreadable.yaml");
    for bytes in [&b"a: [1,"[..], b"\xff\xfe\x00", b"", &b"[".repeat(100_000)] {
        fs::write(&unreadable, bytes).expect("written");
        assert_eq!(check(&unreadable).with(2).json()["sound"], false);
    }
    let gone = check(&folder.path().join("gone.yaml")).with(2).json();
    assert_eq!(gone["sound"], false);
    fs::write(&unreadable, "x: y\n".repeat(20_000_000)).expect("written");
    assert_eq!(check(&unreadable).with(2).json()["sound"], false);
}
