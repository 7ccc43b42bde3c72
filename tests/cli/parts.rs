//! The recipes of `docs/postgres.md` that move a quarter's histories away and bring them back, beside a
//! service that goes on.

use std::fs;

use motcua_test_cluster::Cluster;
use motcua_tests::people;
use motcua_tests::process::{Ended, Service, motcua, run};
use serde_json::Value;

use crate::journey::{Person, conclude, deliver, draft, file};
use crate::postgres::{ask, open_folder, recipe, text};

fn verify(url: &str) -> Ended {
    run(&mut motcua(["audit", "verify", "--json", "--database", url]))
}

/// The verdict of a verification, on standard error behind the differences.
#[track_caller]
fn verdict(ended: &Ended) -> Value {
    let line = ended.err.lines().last().expect("a verdict");
    let verdict: Value = serde_json::from_str(line).expect("a verdict is JSON");
    verdict["verdict"].clone()
}

/// The evidence line of the last event of an export.
fn evidence(lines: &str) -> String {
    let last: Value = serde_json::from_str(lines.lines().last().expect("events")).expect("JSON");
    let word = |name: &str| last[name].as_str().expect("a text").to_owned();
    format!("motcua:1:{}:{}:{}", word("chain"), last["seq"], word("hash"))
}

/// The id of the last command of an export.
fn last_command(lines: &str) -> String {
    let events = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let commands = events.flat_map(|event| {
        let fields = event["fields"].as_array().expect("fields").clone();
        fields.into_iter().filter(|field| field["name"] == "command").collect::<Vec<_>>()
    });
    let last = commands.last().expect("a command");
    last["value"]["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_quarter_is_moved_away_and_back_while_the_service_goes_on_and_every_proof_holds() {
    let place = open_folder();
    let dump = place.path().join("part.dump");
    let url = Cluster::shared().database();
    let service = Service::start_with(&["--database", &url]);
    let person = |who| Person::new(&service, who);
    let (citizen, clerk, auditor) =
        (person(&people::MAI), person(&people::CLERK), person(&people::AUDITOR));
    let (ended, secret) = file(&citizen, &service);
    let code = deliver(&service, &ended);
    let (open, _) = file(&citizen, &service);
    let half = draft(&service, &file(&citizen, &service).0);
    let half_replay = format!("audit replay {half} --json");
    let half_export = auditor.tries(&half_replay).with(0).out;
    let replay = format!("audit replay {code} --json");
    let export = auditor.tries(&replay).with(0).out;
    let (evidence, kept) = (evidence(&export), service.desk().join("history.jsonl"));
    fs::write(&kept, &export).expect("the desk can be written");
    let proves = || {
        let mut command = motcua(["audit", "verify", "--evidence", &evidence]);
        run(command.arg(&kept)).with(0).saying("equal");
    };
    proves();
    let before = verdict(&verify(&url).with(0));
    assert_eq!(before["away"], 0);

    let quarter = ask(&url, "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY\"q\"Q')");
    recipe("move-part-away.sh", &[&url, &quarter, text(&dump)]);
    // What was proven is proven, and what is away is neither lost nor equal.
    proves();
    let while_away = verdict(&verify(&url).with(0));
    assert_eq!((&while_away["equal"], &while_away["away"]), (&Value::Bool(true), &1.into()));
    assert_eq!(while_away["parts_away"][0]["part"], quarter.as_str());
    auditor.tries(&replay).with(1).saying("HISTORY_MOVED_AWAY").saying(&quarter);
    let stranger = person(&people::STRANGER);
    stranger.tries(&format!("audit replay {code} --json")).with(1).saying("NOT_FOUND");
    // States, tracking, lists and commands go on; a command that is away is not done twice.
    assert_eq!(citizen.does(&format!("dossier show {code}"))["dossier"]["closed"], true);
    let tracked = service.as_whoever("", ["dossier", "track", &secret, "--json"]);
    assert_eq!(tracked.with(0).json()["status"], "STATUS_DELIVERED");
    assert_eq!(clerk.does("worklist to-receive")["total_size"], 1);
    let again = format!(
        "dossier deliver {code} --to c-mai --original D2 --json --command-id {}",
        last_command(&export)
    );
    person(&people::RETURNER).tries(&again).with(1).saying("HISTORY_MOVED_AWAY");
    citizen.tries(&format!("dossier form {code} 1 --json")).with(1).saying("HISTORY_MOVED_AWAY");
    // Open ones go on whole.
    assert_eq!(auditor.tries(&half_replay).with(0).out, half_export);
    citizen.does(&format!("dossier form {half} 1"));
    let leader = person(&people::LEADER);
    let id = "0193a2d1-5c1f-7e55-8a3b-5f2f1f0f9f01";
    let sent = format!("dossier claim {half} --command-id {id}");
    assert_eq!(leader.does(&sent)["dossier"], leader.does(&sent)["dossier"]);
    conclude(&service, &half);
    let second = deliver(&service, &open);
    auditor.tries(&format!("audit replay {second} --json")).with(0);
    file(&citizen, &service);
    verify(&url).with(0);

    recipe("bring-part-back.sh", &[&url, &quarter, text(&dump)]);
    proves();
    assert_eq!(auditor.tries(&replay).with(0).out, export);
    let whole = auditor.tries(&half_replay).with(0).out;
    assert!(whole.starts_with(&half_export) && whole.len() > half_export.len());
    auditor.tries(&format!("audit replay {second} --json")).with(0);
    let after = verdict(&verify(&url).with(0));
    assert_eq!((&after["away"], &after["differences"]), (&0.into(), &0.into()));
    let events = |verdict: &Value| verdict["events"].as_u64().expect("a number");
    assert!(events(&after) > events(&before) && events(&before) > events(&while_away));
}
