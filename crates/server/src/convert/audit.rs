//! Histories and what a replay found.

use motcua_api::v1;
use motcua_audit::{ChainId, Field, FieldSlot, Finding, cj};
use motcua_dossiers::rejection::Violation;
use motcua_engine::{EngineError, Replay, Until};
use motcua_procedures::Text;
use motcua_store::contract::StoredEvent;

use super::read::Faults;
use crate::status::Refusal;

/// An event as in the exported form.
///
/// # Errors
/// A stored value that is not canonical JSON cannot be shown: corrupt.
pub(crate) fn history_event(
    origin: &str,
    chain: &ChainId,
    event: &StoredEvent,
) -> Result<v1::HistoryEvent, Refusal> {
    let fields = event.slots.iter().map(field).collect::<Result<_, _>>().map_err(|error| {
        let what = format!("{chain}, event {}: {error}", event.seq);
        Refusal::from(EngineError::Corrupt(what))
    })?;
    Ok(v1::HistoryEvent {
        origin: origin.into(),
        chain: chain.to_string(),
        sequence: event.seq,
        header: String::from_utf8_lossy(&event.header).into_owned(),
        hash: event.hash.to_string(),
        fields,
    })
}

fn field(slot: &FieldSlot) -> Result<v1::HistoryField, cj::CjError> {
    let slot = match slot {
        FieldSlot::Opened(Field { name, value, salt }) => {
            let value = cj::encode(value)?;
            v1::history_field::Slot::Opened(v1::OpenedField {
                name: name.clone(),
                salt: salt.hex(),
                value_json: String::from_utf8_lossy(&value).into_owned(),
            })
        }
        FieldSlot::Withheld(commitment) => {
            v1::history_field::Slot::Commitment(commitment.to_string())
        }
    };
    Ok(v1::HistoryField { slot: Some(slot) })
}

/// The verdict of a replay.
pub(crate) fn replay_verdict(replay: &Replay) -> v1::ReplayVerdict {
    v1::ReplayVerdict {
        equal: replay.findings.is_empty(),
        events: replay.events,
        head: replay.head.as_ref().map(|head| head.hash.to_string()).unwrap_or_default(),
        findings: findings(&replay.findings),
        state_json: state_json(replay),
    }
}

/// A former state.
pub(crate) fn former_state(replay: &Replay) -> v1::GetStateAsOfResponse {
    v1::GetStateAsOfResponse {
        state_json: state_json(replay),
        version: replay.dossier.as_ref().map_or(0, |dossier| dossier.version),
        head: replay.head.as_ref().map(|head| head.hash.to_string()).unwrap_or_default(),
        findings: findings(&replay.findings),
    }
}

fn state_json(replay: &Replay) -> String {
    let json = |dossier| serde_json::to_string(dossier).expect("a state is plain data");
    replay.dossier.as_ref().map(json).unwrap_or_default()
}

fn findings(findings: &[Finding]) -> Vec<v1::AuditFinding> {
    let finding = |finding: &Finding| v1::AuditFinding {
        sequence: finding.seq,
        field: finding.field.clone().unwrap_or_default(),
        field_index: finding.index,
        code: finding.code.into(),
        expected: finding.expected.clone(),
        found: finding.found.clone(),
        message: finding.message.clone(),
    };
    findings.iter().map(finding).collect()
}

/// The name of a chain.
///
/// # Errors
/// The field violation.
pub(crate) fn chain(name: &str) -> Result<ChainId, Refusal> {
    ChainId::parse(name).map_err(|_| {
        let vi = "Phải là tên chuỗi, ví dụ acc:UUID.".into();
        let en = "must be the name of a chain such as acc:UUID".into();
        let message = Text { vi, en };
        let violation = Violation { subject: "chain".into(), code: "CHAIN".into(), message };
        EngineError::Invalid(vec![violation]).into()
    })
}

/// As of when.
pub(crate) fn until(
    faults: &mut Faults,
    as_of: Option<&v1::get_state_as_of_request::AsOf>,
) -> Until {
    use v1::get_state_as_of_request::AsOf;
    match as_of {
        None => Until::Now,
        Some(AsOf::Version(version)) => Until::Version(*version),
        Some(AsOf::At(at)) => faults.timestamp("at", Some(at)).map_or(Until::Now, Until::At),
    }
}
