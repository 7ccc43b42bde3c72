//! The golden vectors, through the command contract and through the ledger.

use jiff::Timestamp;
use motcua_deadlines::{
    Calendar, Clock, Inputs, Lang, Limit, OfficeHours, Phase, Regime, Unit, compute_line,
};
use serde_json::Value;

fn vectors() -> Vec<Value> {
    let file: Value = serde_json::from_slice(include_bytes!("../../data/deadline-vectors.json"))
        .expect("the vectors are JSON");
    file["vectors"].as_array().expect("the file lists vectors").clone()
}

fn calendar() -> Calendar {
    Calendar::from_json(include_bytes!("../../data/calendar-vn.json"))
        .expect("the calendar is sound")
}

fn instant(value: &Value) -> Timestamp {
    value.as_str().expect("an instant is a string").parse().expect("an instant is RFC 3339")
}

#[test]
fn every_vector_is_answered_as_expected() {
    let calendar = calendar();
    let vectors = vectors();
    assert_eq!(vectors.len(), 29);
    for vector in vectors {
        let mut request = vector.clone();
        let members = request.as_object_mut().expect("a vector is an object");
        for expected in ["due_at", "used", "remaining"] {
            members.remove(expected);
        }
        let line = request.to_string();
        let answer = compute_line(&line, &calendar, &OfficeHours::default(), Lang::En);
        let answer: Value = serde_json::from_str(&answer).expect("an answer is JSON");
        let id = &vector["id"];
        assert_eq!(answer["due_at"], vector["due_at"], "{id}: {answer:#}");
        let due_on = vector["due_at"].as_str().map(|at| &at[..10]);
        assert_eq!(answer["due_on"].as_str(), due_on, "{id}");
        for given in ["used", "remaining"].into_iter().filter(|name| vector.get(name).is_some()) {
            assert_eq!(answer[given], vector[given], "{id}: {given}");
        }
        assert_eq!(answer["provisional"], id == "S24", "{id}");
    }
}

#[test]
fn the_ledger_agrees_with_the_vectors() {
    let calendar = calendar();
    let hours = OfficeHours::default();
    let inputs = Inputs { calendar: &calendar, hours: &hours };
    for vector in vectors() {
        let unit: Unit = serde_json::from_value(vector["unit"].clone()).expect("a known unit");
        let amount = vector["amount"].as_u64().unwrap_or(1);
        let limit = Limit::new(unit, u32::try_from(amount).expect("small"));
        let start = Clock::start(&limit, instant(&vector["received_at"]), &inputs);
        let (mut clock, _) = start.expect("the clock starts");
        if vector.get("paused_at").is_some() {
            let paused = clock.pause(instant(&vector["paused_at"]), &inputs).expect("it pauses").0;
            assert_eq!((paused.due_on(), paused.due_at()), (None, None));
            if let (Phase::Paused { used, .. }, Some(expected)) =
                (paused.phase(), vector["used"].as_u64())
            {
                assert_eq!(u64::from(*used), expected);
            }
            let regime = match vector["regime"].as_str() {
                Some("resume_remaining") => Regime::ResumeRemaining,
                Some("restart_full") => Regime::RestartFull,
                _ => Regime::FixedAfter { amount: 5 },
            };
            let resumed_at = instant(&vector["resumed_at"]);
            clock = paused.resume(resumed_at, &regime, &inputs).expect("it resumes").0;
        }
        assert_eq!(clock.due_at(), Some(instant(&vector["due_at"])), "{}", vector["id"]);
    }
}
