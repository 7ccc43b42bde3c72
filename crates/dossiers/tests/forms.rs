//! Forms 06 and 07: what they say follows from histories alone.

use jiff::Timestamp;
use motcua_audit::{Field, Salt, cj};
use motcua_dossiers::codec::{decode, encode};
use motcua_dossiers::command::Person;
use motcua_dossiers::dossier::Dossier;
use motcua_dossiers::event::{Event, Facts};
use motcua_dossiers::forms::{
    FormSource, LogEntry, LogPeriod, Trail, control_slip, form, log_book,
};
use motcua_dossiers::units::UnitRegister;
use motcua_dossiers::{Recorded, evolve};
use motcua_procedures::Procedure;
use serde_json::{Map, Value, json};
use uuid::Uuid;

const BIRTH: &[u8] = include_bytes!("../../../catalogue/birth-registration.yaml");
const UNITS: &[u8] = include_bytes!("../../../catalogue/demo-units.json");

fn procedure() -> Procedure {
    motcua_procedures::parse(BIRTH).expect("a shipped procedure is sound")
}

fn units() -> UnitRegister {
    UnitRegister::from_json(UNITS, "units".into()).expect("a register")
}

fn actor(id: &str, role: &str, unit: Option<&str>) -> Value {
    match unit {
        Some(unit) => json!({ "id": id, "role": role, "unit": unit }),
        None => json!({ "id": id, "role": role }),
    }
}

fn item(id: u32, step: &str, role: &str, unit: &str, opened_at: &str) -> Value {
    json!({ "id": id, "step": step, "role": role, "unit": unit, "opened_at": opened_at })
}

/// An event: kind, state, instant, facts.
type Told = (&'static str, &'static str, &'static str, Value);

/// A dossier from the counter to the result, with a claim, an assignment, a hand-over to another
/// unit and two branches.
fn history() -> Vec<Told> {
    let clerk = actor("clerk", "reception_clerk", Some("hong-gai-centre"));
    let specialist = actor("specialist", "specialist", Some("hong-gai"));
    let mut intake =
        item(1, "intake", "reception_clerk", "hong-gai-centre", "2026-11-26T01:00:00Z");
    intake["due_at"] = json!("2026-11-26T02:00:00Z");
    let mut claimed = intake.clone();
    claimed["assignee"] = json!("clerk");
    let mut handover = item(2, "handover", "specialist", "hong-gai", "2026-11-26T01:30:00Z");
    handover["due_at"] = json!("2026-11-26T02:30:00Z");
    let mut assigned = handover.clone();
    assigned["assignee"] = json!("specialist");
    let mut moved = item(3, "examination", "specialist", "co-to", "2026-11-26T03:00:00Z");
    moved["assignee"] = json!("island");
    let branch = |id, key: &str| {
        let mut item = item(id, "verification", "specialist", "binh-lieu", "2026-11-26T05:00:00Z");
        item["branch"] = json!(key);
        item
    };
    let completed = item(7, "completed", "return_clerk", "hong-gai-centre", "2026-11-27T02:00:00Z");
    let digest = "ab".repeat(32);
    let pinned = json!({ "code": "1.001193", "version": "1.0.0", "digest": digest });
    let filing = json!({ "channel": "online", "variant": "ordinary", "applicant": "an",
        "owners": ["an"], "receiving_unit": "hong-gai-centre", "competent_unit": "hong-gai",
        "submitted_at": "2026-11-26T01:00:00Z" });
    vec![
        (
            "submit",
            "intake",
            "2026-11-26T01:00:00Z",
            json!({ "procedure": pinned, "filing": filing,
            "actor": actor("an", "applicant", None), "status": 1, "items": [intake] }),
        ),
        ("claim", "intake", "2026-11-26T01:10:00Z", json!({ "actor": clerk, "items": [claimed] })),
        (
            "accept",
            "handover",
            "2026-11-26T01:30:00Z",
            json!({ "actor": clerk, "status": 2,
            "action": "intake/accept", "code": "H49.61.05-261126-0001", "form": 1,
            "items_closed": [1], "items": [handover] }),
        ),
        (
            "assign",
            "handover",
            "2026-11-26T01:40:00Z",
            json!({ "items": [assigned],
            "actor": actor("head", "head_of_division", Some("hong-gai")) }),
        ),
        (
            "advance",
            "examination",
            "2026-11-26T03:00:00Z",
            json!({ "actor": specialist,
            "action": "handover/take_over", "status": 4, "items_closed": [2],
            "items": [item(3, "examination", "specialist", "hong-gai", "2026-11-26T03:00:00Z")] }),
        ),
        (
            "claim",
            "examination",
            "2026-11-26T03:05:00Z",
            json!({ "actor": specialist, "items": [{
            "id": 3, "step": "examination", "role": "specialist", "unit": "hong-gai",
            "assignee": "specialist", "opened_at": "2026-11-26T03:00:00Z" }] }),
        ),
        (
            "hand_over",
            "examination",
            "2026-11-26T04:00:00Z",
            json!({ "actor": specialist,
            "items": [moved] }),
        ),
        (
            "advance",
            "register",
            "2026-11-26T05:00:00Z",
            json!({ "items_closed": [3],
            "actor": actor("island", "specialist", Some("co-to")),
            "items": [item(4, "register", "specialist", "hong-gai", "2026-11-26T05:00:00Z"),
                branch(5, "register/police"), branch(6, "register/court")] }),
        ),
        (
            "advance",
            "register",
            "2026-11-26T06:00:00Z",
            json!({ "items_closed": [5],
            "actor": actor("asked", "specialist", Some("binh-lieu")) }),
        ),
        (
            "advance",
            "completed",
            "2026-11-27T02:00:00Z",
            json!({ "items_closed": [6, 4],
            "actor": actor("asked", "specialist", Some("binh-lieu")), "status": 9,
            "completed": true, "items": [completed] }),
        ),
        (
            "deliver",
            "delivered",
            "2026-11-27T03:00:00Z",
            json!({ "items_closed": [7], "status": 10,
            "actor": actor("return", "return_clerk", Some("hong-gai-centre")), "closed": true,
            "action": "completed/deliver",
            "delivery": { "by": "counter", "originals_checked": [], "at": "2026-11-27T03:00:00Z",
                "recipients": [{ "id": "an", "identity_checked": true, "authorised": false }] } }),
        ),
    ]
}

fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// The facts as they come back from the stored fields of the audit format.
fn stored(kind: &'static str, to: &str, facts: &Facts) -> Facts {
    let def = "ab".repeat(32);
    let personal = [("reason".to_owned(), json!("riêng tư"))].into();
    let event = Event { kind, to: to.into(), def, facts: facts.clone(), personal };
    let sealed = encode(&event).expect("canonical");
    let field = |(name, value): &(String, cj::Value)| Field {
        name: name.clone(),
        value: value.clone(),
        salt: Salt([1; 32]),
    };
    let fields: Vec<Field> = sealed.fields.iter().map(field).collect();
    decode(1, fields.iter()).expect("readable")
}

/// What a history leaves: the dossier, the hand-overs, the last facts.
fn told(history: Vec<Told>, from_store: bool) -> (Dossier, Trail, Facts) {
    let mut dossier: Option<Dossier> = None;
    let mut trail = Trail::default();
    let mut last = None;
    for (i, (kind, to, at, facts)) in history.into_iter().enumerate() {
        let facts: Facts = serde_json::from_value(facts).expect("facts");
        let facts = if from_store { stored(kind, to, &facts) } else { facts };
        let (id, seq) = (Uuid::from_u128(9), i as u64 + 1);
        let recorded = Recorded { id, seq, at: instant(at), kind, to, facts: &facts };
        let after = evolve(dossier.clone(), &recorded).expect("a dossier");
        trail.record(dossier.as_ref(), &after, kind, instant(at), &facts);
        dossier = Some(after);
        last = Some(facts);
    }
    (dossier.expect("a dossier"), trail, last.expect("an event"))
}

fn slip(from_store: bool) -> Value {
    slip_of(history(), from_store)
}

fn slip_of(history: Vec<Told>, from_store: bool) -> Value {
    let (dossier, trail, facts) = told(history, from_store);
    let (procedure, units, personal) = (procedure(), units(), Map::new());
    let source = FormSource {
        dossier: &dossier,
        before: None,
        seq: dossier.version,
        at: instant("2026-11-27T03:00:00Z"),
        facts: &facts,
        personal: &personal,
        persons: &[],
        procedure: &procedure,
        units: &units,
    };
    assert_eq!(form(&source, 6), None, "the slip needs the whole history");
    control_slip(&source, &trail)
}

#[test]
fn the_control_slip_has_a_row_for_each_hand_over() {
    let slip = slip(false);
    let rows = slip["hand_overs"].as_array().expect("rows");
    let said: Vec<[&str; 6]> = rows
        .iter()
        .map(|row| {
            let text = |at: &str| row.pointer(at).and_then(Value::as_str).unwrap_or("-");
            [
                text("/giving/unit/id"),
                text("/giving/person"),
                text("/receiving/unit/id"),
                text("/receiving/person"),
                text("/at"),
                text("/result"),
            ]
        })
        .collect();
    let expected = [
        ["-", "an", "hong-gai-centre", "clerk", "2026-11-26T08:00:00+07:00", "-"],
        [
            "hong-gai-centre",
            "clerk",
            "hong-gai",
            "specialist",
            "2026-11-26T08:30:00+07:00",
            "on_time",
        ],
        ["hong-gai", "specialist", "hong-gai", "specialist", "2026-11-26T10:00:00+07:00", "late"],
        ["hong-gai", "specialist", "co-to", "island", "2026-11-26T11:00:00+07:00", "-"],
        ["co-to", "island", "hong-gai", "-", "2026-11-26T12:00:00+07:00", "-"],
        ["co-to", "island", "binh-lieu", "asked", "2026-11-26T12:00:00+07:00", "-"],
        ["co-to", "island", "binh-lieu", "asked", "2026-11-26T12:00:00+07:00", "-"],
        ["binh-lieu", "asked", "hong-gai", "-", "2026-11-26T13:00:00+07:00", "-"],
        ["binh-lieu", "asked", "hong-gai-centre", "return", "2026-11-27T09:00:00+07:00", "-"],
        ["hong-gai-centre", "return", "-", "an", "2026-11-27T10:00:00+07:00", "-"],
    ];
    assert_eq!(said, expected);
}

#[test]
fn the_control_slip_follows_from_the_stored_history_alone() {
    assert_eq!(slip(true), slip(false));
    assert_eq!(slip(true)["reason"], Value::Null, "nothing erasable is in it");
}

#[test]
fn the_log_book_lists_what_a_centre_received_in_a_period() {
    let (dossier, _, _) = told(history(), true);
    let mut unaccepted = dossier.clone();
    unaccepted.received_at = None;
    let mut elsewhere = dossier.clone();
    elsewhere.filing.receiving_unit = "co-to-centre".into();
    let mut earlier = dossier.clone();
    earlier.code = Some("H49.61.05-261126-0000".into());
    let (procedure, units) = (procedure(), units());
    let person: Person = serde_json::from_value(json!({ "id": "an", "part": "dossier_owner",
        "full_name": "Nguyễn Văn An", "phone": "0912", "address": "Hạ Long" }))
    .expect("a person");
    let persons = [person];
    let entry = |dossier| LogEntry { dossier, persons: &persons, procedure: &procedure };
    let entries = [&dossier, &unaccepted, &elsewhere, &earlier].map(entry);
    let book = |from: &str, to: &str| {
        let (from, to) = (from.parse().expect("a day"), to.parse().expect("a day"));
        log_book(LogPeriod { unit: "hong-gai-centre", from, to }, 0, &entries, &units)
    };
    let rows = book("2026-11-26", "2026-11-26");
    let codes: Vec<&str> = rows["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|r| r["dossier_code"].as_str())
        .collect();
    assert_eq!(codes, ["H49.61.05-261126-0000", "H49.61.05-261126-0001"]);
    let row = &rows["rows"][1];
    assert_eq!(row["number"], 2);
    assert_eq!(row["owner"]["full_name"], "Nguyễn Văn An");
    // By the acceptance, not by the filing half an hour before.
    assert_eq!(row["received_at"], "2026-11-26T08:30:00+07:00");
    assert_eq!(row["delivered_at"], "2026-11-27T10:00:00+07:00");
    assert_eq!(row["giver"], "return");
    assert_eq!(row["recipients"], "an");
    assert_eq!(book("2026-11-27", "2026-11-30")["rows"], json!([]));
    let day = "2026-11-26".parse().expect("a day");
    let period = LogPeriod { unit: "hong-gai-centre", from: day, to: day };
    let part = log_book(period, 40, &entries[..1], &units);
    assert_eq!(part["rows"][0]["number"], 41, "a later part counts on");
    let (from, until) = period.instants().expect("a real day");
    assert_eq!(from.to_string(), "2026-11-25T17:00:00Z");
    assert_eq!(until.to_string(), "2026-11-26T17:00:00Z");
}

#[test]
fn a_step_that_is_left_with_its_branches_is_the_one_that_is_finished() {
    let mut history = history();
    history.truncate(8);
    // The coordinator is asked to stop while both branches are open: they close before its work.
    history.push((
        "withdraw",
        "withdrawal",
        "2026-11-26T06:00:00Z",
        json!({ "actor": actor("an", "applicant", None), "status": 7, "items_closed": [5, 6, 4],
            "items": [item(7, "withdrawal", "reception_clerk", "hong-gai-centre",
                "2026-11-26T06:00:00Z")] }),
    ));
    let slip = slip_of(history, true);
    let last = slip["hand_overs"].as_array().and_then(|rows| rows.last()).expect("a row");
    assert_eq!(last["finished"]["id"], "register");
}

#[test]
fn an_ended_branch_comes_back_to_whoever_coordinates_it() {
    let mut history = history();
    history.truncate(8);
    let mut survey = item(7, "survey", "specialist", "co-to", "2026-11-26T05:30:00Z");
    survey["branch"] = json!("register/police/verification/site");
    history.push((
        "advance",
        "register",
        "2026-11-26T05:30:00Z",
        json!({ "actor": actor("asked", "specialist", Some("binh-lieu")), "items": [survey] }),
    ));
    history.push((
        "advance",
        "register",
        "2026-11-26T06:00:00Z",
        json!({ "actor": actor("surveyor", "specialist", Some("co-to")), "items_closed": [7] }),
    ));
    let slip = slip_of(history, true);
    let last = slip["hand_overs"].as_array().and_then(|rows| rows.last()).expect("a row");
    assert_eq!(last["finished"]["id"], "survey");
    assert_eq!(last["entered"]["id"], "verification");
}

#[test]
fn the_apology_says_when_the_dossier_was_received() {
    let mut history = history();
    history.truncate(3);
    let (dossier, _, facts) = told(history, true);
    let (procedure, units) = (procedure(), units());
    let personal = Map::new();
    let source = FormSource {
        dossier: &dossier,
        before: None,
        seq: dossier.version,
        at: instant("2026-11-26T03:00:00Z"),
        facts: &facts,
        personal: &personal,
        persons: &[],
        procedure: &procedure,
        units: &units,
    };
    let apology = form(&source, 4).expect("form 04");
    assert_eq!(apology["received_at"], "2026-11-26T08:30:00+07:00");
}
