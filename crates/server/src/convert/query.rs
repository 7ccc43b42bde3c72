//! What reads ask for: queues, searches, tracking, deadlines.

use jiff::civil::Time;
use jiff::{Timestamp, tz::Offset};
use motcua_api::v1;
use motcua_deadlines::Lang;
use motcua_engine::{DossierChange, EngineError, SearchText, Track};
use motcua_procedures::Text;
use motcua_store::contract::{Queue, WorklistRow};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::dossier::bare_work_item;
use super::read::{Faults, ID_CHARS_MAX, NAME_CHARS_MAX};
use super::timestamp;
use crate::status::Refusal;

/// The named queue.
pub(crate) fn queue(faults: &mut Faults, queue: v1::Queue) -> Queue {
    match queue {
        v1::Queue::Unspecified => {
            faults.unspecified("queue");
            Queue::Mine
        }
        v1::Queue::ToReceive => Queue::ToReceive,
        v1::Queue::Mine => Queue::Mine,
        v1::Queue::Unclaimed => Queue::Unclaimed,
        v1::Queue::WaitingForApplicant => Queue::WaitingForApplicant,
        v1::Queue::DueToday => Queue::DueToday,
        v1::Queue::Late => Queue::Late,
        v1::Queue::ReadyToDeliver => Queue::ReadyToDeliver,
    }
}

/// A row of a queue.
pub(crate) fn worklist_row(row: &WorklistRow) -> v1::WorklistRow {
    v1::WorklistRow {
        dossier: row.key.dossier.to_string(),
        code: row.code.clone().unwrap_or_default(),
        procedure: row.procedure.clone(),
        status: u8::from(row.status).into(),
        item: Some(bare_work_item(&row.item)),
        due_on: row.due_on.map(|day| day.to_string()).unwrap_or_default(),
        due_at: row.due_at.map(timestamp),
        late: row.late,
        version: row.version,
    }
}

/// Where a dossier stood after an event.
pub(crate) fn dossier_change(id: Uuid, change: DossierChange) -> v1::DossierChange {
    v1::DossierChange {
        dossier: id.to_string(),
        code: change.code.unwrap_or_default(),
        version: change.version,
        act: change.act,
        at: Some(timestamp(change.at)),
        status: u8::from(change.status).into(),
        state: change.state,
        steps: change.steps,
        due_on: change.due_on.map(|day| day.to_string()).unwrap_or_default(),
        due_at: change.due_at.map(timestamp),
        closed: change.closed,
    }
}

/// What to search by.
pub(crate) fn search_text(
    faults: &mut Faults,
    by: Option<&v1::search_dossiers_request::By>,
) -> SearchText {
    use v1::search_dossiers_request::By;
    match by {
        None => {
            faults.missing("by");
            SearchText::Code(String::new())
        }
        Some(By::Code(code)) => SearchText::Code(faults.dossier_code("code", code)),
        Some(By::Name(name)) => SearchText::Name(faults.required("name", name, NAME_CHARS_MAX)),
        Some(By::IdNumber(number)) => SearchText::IdNumber(faults.id("id_number", number)),
    }
}

/// What the citizen tracks by.
pub(crate) fn track(faults: &mut Faults, by: Option<&v1::track_dossier_request::By>) -> Track {
    use v1::track_dossier_request::By;
    match by {
        None => {
            faults.missing("by");
            Track::Secret(String::new())
        }
        Some(By::Secret(secret)) => Track::Secret(faults.id("secret", secret.trim())),
        Some(By::Code(known)) => Track::Code {
            code: faults.dossier_code("code.code", &known.code),
            factor: faults.required("code.factor", &known.factor, ID_CHARS_MAX),
        },
    }
}

/// A deadline to compute, as a line of the command contract.
pub(crate) fn compute_line(faults: &mut Faults, request: &v1::ComputeDeadlineRequest) -> String {
    let mut line = serde_json::Map::new();
    let unit = match request.unit() {
        v1::TimeUnit::Unspecified => {
            faults.unspecified("unit");
            ""
        }
        v1::TimeUnit::WorkingDay => "working_day",
        v1::TimeUnit::CalendarDay => "calendar_day",
        v1::TimeUnit::WorkingHour => "working_hour",
        v1::TimeUnit::SameDay => "same_day",
        v1::TimeUnit::Month => "month",
    };
    line.insert("unit".into(), json!(unit));
    // What is not given is 0 here; the day of receipt needs no amount.
    if request.amount > 0 {
        line.insert("amount".into(), json!(request.amount));
    }
    if request.received_at.is_none() {
        faults.missing("received_at");
    }
    for (field, at) in [
        ("received_at", &request.received_at),
        ("paused_at", &request.paused_at),
        ("resumed_at", &request.resumed_at),
    ] {
        if let Some(at) = faults.timestamp(field, at.as_ref()) {
            line.insert(field.into(), json!(in_viet_nam(at)));
        }
    }
    let regime = match request.regime() {
        v1::ResumeRegime::Unspecified => None,
        v1::ResumeRegime::Remaining => Some("resume_remaining"),
        v1::ResumeRegime::RestartFull => Some("restart_full"),
        v1::ResumeRegime::FixedAfter => Some("fixed_after"),
    };
    if let Some(regime) = regime {
        line.insert("regime".into(), json!(regime));
    }
    if request.amount_after > 0 {
        line.insert("amount_after".into(), json!(request.amount_after));
    }
    if let Some(cutoff) = faults.optional("cutoff", &request.cutoff, 8) {
        match cutoff.parse::<Time>() {
            Ok(_) => {
                line.insert("cutoff".into(), json!(cutoff));
            }
            Err(_) => faults.add(
                "cutoff",
                "TIME",
                "Phải là giờ dạng HH:MM.",
                "must be a time such as 15:00",
            ),
        }
    }
    Value::Object(line).to_string()
}

fn in_viet_nam(at: Timestamp) -> String {
    at.display_with_offset(Offset::constant(7)).to_string()
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Computed {
        due_on: Option<String>,
        due_at: Option<Timestamp>,
        used: Option<u32>,
        remaining: Option<u32>,
        provisional: bool,
        explanation: Vec<String>,
    },
    Failed {
        error: LineError,
    },
}

#[derive(Deserialize)]
struct LineError {
    code: String,
    path: String,
    message: String,
}

/// An act that set or moved an appointment, with its computation in words.
pub(crate) fn explained_act(act: &motcua_engine::ExplainedAct) -> v1::ExplainedAct {
    let vi = act.explanation.text(Lang::Vi);
    let en = act.explanation.text(Lang::En);
    let due_on = act.clock.due_on().map(|day| day.to_string());
    v1::ExplainedAct {
        sequence: act.seq,
        kind: act.kind.clone(),
        at: Some(timestamp(act.at)),
        due_on: due_on.unwrap_or_default(),
        provisional: act.clock.is_provisional(),
        explanation: vi.into_iter().zip(en).map(|(vi, en)| v1::Text { vi, en }).collect(),
    }
}

/// The answer to a computed line, given once in each language.
///
/// # Errors
/// The fault of the line, as a field violation.
pub(crate) fn computed(vi: &str, en: &str) -> Result<v1::ComputeDeadlineResponse, Refusal> {
    let read = |line: &str| -> Result<Line, Refusal> {
        serde_json::from_str(line)
            .map_err(|error| Refusal::Internal { what: format!("an answer of ours: {error}") })
    };
    match (read(vi)?, read(en)?) {
        (
            Line::Computed { explanation: vi, .. },
            Line::Computed { due_on, due_at, used, remaining, provisional, explanation: en },
        ) => Ok(v1::ComputeDeadlineResponse {
            due_on: due_on.unwrap_or_default(),
            due_at: due_at.map(timestamp),
            used,
            remaining,
            provisional,
            explanation: vi.into_iter().zip(en).map(|(vi, en)| v1::Text { vi, en }).collect(),
        }),
        (_, Line::Failed { error }) | (Line::Failed { error }, _) => {
            let LineError { code, path, message } = error;
            let field = path.trim_start_matches('/').to_owned();
            let message = Text { vi: message.clone(), en: message };
            let violation = motcua_dossiers::rejection::Violation { subject: field, code, message };
            Err(EngineError::Invalid(vec![violation]).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use motcua_deadlines::{Calendar, Lang, OfficeHours};

    use super::*;

    const CALENDAR: &[u8] = include_bytes!("../../../deadlines/data/calendar-vn.json");

    fn compute(
        request: &v1::ComputeDeadlineRequest,
    ) -> Result<v1::ComputeDeadlineResponse, Refusal> {
        let mut faults = Faults::default();
        let line = compute_line(&mut faults, request);
        let line = faults.finish(line)?;
        let calendar = Calendar::from_json(CALENDAR).expect("the shipped calendar");
        let hours = OfficeHours::default();
        let answer = |lang| motcua_deadlines::compute_line(&line, &calendar, &hours, lang);
        computed(&answer(Lang::Vi), &answer(Lang::En))
    }

    fn request() -> v1::ComputeDeadlineRequest {
        let received: Timestamp = "2023-10-27T09:32:00+07:00".parse().expect("an instant");
        v1::ComputeDeadlineRequest {
            unit: v1::TimeUnit::WorkingDay.into(),
            amount: 5,
            received_at: Some(timestamp(received)),
            ..Default::default()
        }
    }

    #[test]
    fn a_deadline_is_computed_and_explained_in_both_languages() {
        let answer = compute(&request()).expect("computed");
        assert_eq!(answer.due_on, "2023-11-03");
        assert!(!answer.explanation.is_empty());
        assert!(answer.explanation.iter().all(|line| !line.vi.is_empty() && !line.en.is_empty()));
    }

    #[test]
    fn what_cannot_be_computed_names_its_field() {
        let beyond = v1::ComputeDeadlineRequest { amount: u32::MAX, ..request() };
        match compute(&beyond) {
            Err(Refusal::Engine(EngineError::Invalid(violations))) => {
                assert_eq!(violations[0].subject, "amount");
            }
            other => panic!("{other:?}"),
        }
        let empty = v1::ComputeDeadlineRequest::default();
        match compute(&empty) {
            Err(Refusal::Engine(EngineError::Invalid(violations))) => {
                let fields: Vec<_> = violations.iter().map(|v| v.subject.as_str()).collect();
                assert_eq!(fields, ["unit", "received_at"]);
            }
            other => panic!("{other:?}"),
        }
    }
}
