//! Deadlines over the API: the golden vectors, and dates in words.

use motcua_api::v1::*;
use motcua_tests::people::*;
use motcua_tests::{World, instant};
use serde_json::Value;

const VECTORS: &str = include_str!("../../crates/deadlines/data/deadline-vectors.json");

fn timestamp(vector: &Value, name: &str) -> Option<prost_types::Timestamp> {
    let at = instant(vector[name].as_str()?);
    Some(prost_types::Timestamp { seconds: at.as_second(), nanos: 0 })
}

fn amount(vector: &Value, name: &str) -> u32 {
    vector[name].as_u64().map_or(0, |amount| u32::try_from(amount).expect("small"))
}

fn asked(vector: &Value) -> ComputeDeadlineRequest {
    let unit = match vector["unit"].as_str() {
        Some("working_day") => TimeUnit::WorkingDay,
        Some("calendar_day") => TimeUnit::CalendarDay,
        Some("working_hour") => TimeUnit::WorkingHour,
        Some("same_day") => TimeUnit::SameDay,
        Some("month") => TimeUnit::Month,
        other => panic!("{other:?} is no unit"),
    };
    let regime = match vector["regime"].as_str() {
        None => ResumeRegime::Unspecified,
        Some("resume_remaining") => ResumeRegime::Remaining,
        Some("restart_full") => ResumeRegime::RestartFull,
        Some("fixed_after") => ResumeRegime::FixedAfter,
        Some(other) => panic!("{other} is no regime"),
    };
    ComputeDeadlineRequest {
        unit: unit.into(),
        amount: amount(vector, "amount"),
        received_at: timestamp(vector, "received_at"),
        paused_at: timestamp(vector, "paused_at"),
        resumed_at: timestamp(vector, "resumed_at"),
        regime: regime.into(),
        amount_after: amount(vector, "amount_after"),
        cutoff: vector["cutoff"].as_str().unwrap_or_default().into(),
    }
}

#[tokio::test]
async fn the_golden_vectors_hold_over_the_api_and_each_date_says_how_it_came_to_be() {
    let world = World::start().await;
    let client = world.client(&CLERK);
    let file: Value = serde_json::from_str(VECTORS).expect("JSON");
    let vectors = file["vectors"].as_array().expect("vectors");
    assert_eq!(vectors.len(), 29);
    for vector in vectors {
        let answer = client.deadlines().compute_deadline(asked(vector)).await;
        let answer = answer.unwrap_or_else(|status| panic!("{vector}: {status:?}")).into_inner();
        if let Some(due_on) = vector["due_on"].as_str() {
            assert_eq!(answer.due_on, due_on, "{vector}");
        }
        if timestamp(vector, "due_at").is_some() {
            assert_eq!(answer.due_at, timestamp(vector, "due_at"), "{vector}");
        }
        assert!(!answer.explanation.is_empty(), "{vector}");
        for line in &answer.explanation {
            assert!(!line.vi.is_empty() && !line.en.is_empty(), "{vector}");
        }
    }
}
