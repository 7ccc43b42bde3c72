//! Wrong input for each family of commands: exit codes, and messages that say what to do.

use std::fs;

use motcua_tests::people;
use motcua_tests::process::{Service, motcua, project, run, run_with};
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
fn a_procedure_is_shown_well_enough_to_write_a_filing() {
    let service = Service::start();
    let citizen = Person::new(&service, &people::MAI);
    let shown = citizen.tries("procedure show 1.001193").with(0).out;
    for words in ["mother.", "channels", "owners", "limit", "result", "maxLength", "register"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[test]
fn a_calendar_that_is_not_there_is_not_readable() {
    let line = ["deadline", "compute", "--calendar", "gone.json"];
    run(&mut motcua(line)).with(2).saying("gone.json");
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
    let role = text.replacen("role: reception_clerk", "role: reception_clerc", 1);
    assert_ne!(role, text);
    fs::write(&unsound, &role).expect("written");
    let report = check(&unsound).with(1).json();
    let codes: Vec<_> =
        report["findings"].as_array().expect("findings").iter().map(|f| &f["code"]).collect();
    assert!(codes.iter().all(|code| *code != "ACT_ROLE"), "{codes:?}");
    let piped = run_with(&mut motcua(["procedure", "check", "-"]), text.into_bytes());
    assert!(piped.with(0).out.contains("0 errors"));
    let gone = check(&folder.path().join("gone.yaml")).with(2).json();
    assert_eq!(gone["sound"], false);
    fs::write(&unreadable, "x: y\n".repeat(20_000_000)).expect("written");
    assert_eq!(check(&unreadable).with(2).json()["sound"], false);
}

#[test]
fn what_may_be_done_is_shown_as_the_commands_that_do_it() {
    let service = Service::start();
    let citizen = Person::new(&service, &people::MAI);
    let clerk = Person::new(&service, &people::CLERK);
    let (id, _) = file(&citizen, &service);
    let shown = clerk.tries(&format!("dossier show {id}")).with(0).out;
    let may = shown.lines().find(|line| line.contains("may do")).expect("offers").to_owned();
    for command in ["decide", "lookup", "accept", "withdraw"] {
        assert!(may.contains(command), "{command}: {may}");
    }
    assert!(!may.contains("decide_items") && !may.contains("record_lookup"), "{may}");
    let elsewhere = clerk.tries(&format!("dossier advance {id} accept")).with(1);
    elsewhere.saying("is done by the act accept");
    let slip = clerk.tries(&format!("dossier accept {id} --action acept")).with(1);
    slip.saying("Did you mean accept:accept?");
    clerk.tries(&format!("dossier withdraw {id}")).with(1).saying("--for");
    clerk.tries(&format!("dossier withdraw {id} --for {}", people::MAI.id)).with(0);
}

#[test]
fn a_vietnamese_reader_reads_vietnamese_and_each_fault_once() {
    let service = Service::start();
    let citizen = Person::new(&service, &people::MAI);
    let clerk = Person::new(&service, &people::CLERK);
    let (id, _) = file(&citizen, &service);
    let early = clerk.tries(&format!("dossier accept {id} --lang vi")).with(1);
    for words in ["lỗi:", "Hồ sơ ở bước intake", "Được làm", "rồi làm lại"] {
        assert!(early.err.contains(words), "{words}: {}", early.err);
    }
    let bullets: Vec<&str> =
        early.err.lines().filter(|line| line.contains("document:D2")).collect();
    assert_eq!(bullets.len(), 1, "{}", early.err);
    let shown = clerk.tries(&format!("dossier show {id} --lang vi")).with(0).out;
    assert!(shown.contains("Mới đăng ký") && shown.contains("được làm"), "{shown}");
    let queue = clerk.tries("worklist to-receive --lang vi").with(0).out;
    assert!(queue.starts_with("HỒ SƠ") && queue.contains("HẠN"), "{queue}");
}

#[test]
fn a_queue_shows_when_the_step_is_due_before_there_is_an_appointment() {
    let service = Service::start();
    let citizen = Person::new(&service, &people::MAI);
    let clerk = Person::new(&service, &people::CLERK);
    file(&citizen, &service);
    let queue = clerk.does("worklist to-receive");
    assert!(queue["rows"][0]["item"]["due_at"].is_string(), "{queue}");
    let shown = clerk.tries("worklist to-receive").with(0).out;
    let row = shown.lines().nth(1).expect("a row").to_owned();
    assert!(row.contains(':'), "no time of day is in {row}");
}

#[test]
fn a_dossier_is_found_by_its_code_however_it_was_typed() {
    let service = Service::start();
    let citizen = Person::new(&service, &people::MAI);
    let clerk = Person::new(&service, &people::CLERK);
    let (id, _) = file(&citizen, &service);
    clerk.does(&format!("dossier decide {id} --accept-rest"));
    let accepted = clerk.does(&format!("dossier accept {id}"));
    let code = accepted["dossier"]["code"].as_str().expect("a code").to_lowercase();
    clerk.does(&format!("dossier show {code}"));
    let padded = service
        .as_whoever(&service.token(&people::CLERK), ["dossier", "show", &format!(" {code} ")]);
    padded.with(0);
    assert_eq!(clerk.does(&format!("search --code {code}"))["dossiers"][0]["id"], id.as_str());
    let track = service.as_whoever("", ["dossier", "track", code.as_str()]);
    track.with(1).saying("--factor");
}
