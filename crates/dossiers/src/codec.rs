//! Events as fields of the audit format, and back.
//!
//! Each member of [`Facts`] that is present becomes one field of its name, class `fold`; each
//! personal value one field of the class `personal`. `docs/fields.md` lists them.

use jiff::Timestamp;
use motcua_audit::cj::{self, CjError};
use motcua_audit::{At, Field, Header, NewEvent};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::dossier::Dossier;
use crate::event::{Event, Facts};
use crate::evolve::{Recorded, evolve};

/// Names of the fields that a fold needs; all others are personal.
pub const FOLD_FIELDS: [&str; 34] = [
    "action",
    "actor",
    "agency_at_fault",
    "answered",
    "back",
    "branches",
    "clocks",
    "closed",
    "code",
    "command",
    "completed",
    "decisions",
    "delivery",
    "documents",
    "draft",
    "fees",
    "filing",
    "form",
    "form_fields",
    "further",
    "items",
    "items_closed",
    "outcome",
    "payment",
    "procedure",
    "required",
    "reserved",
    "result",
    "round",
    "signature",
    "status",
    "supplement",
    "timer",
    "timers",
];

/// Names, or beginnings ended by a dot, of the personal fields.
pub const PERSONAL_FIELDS: [&str; 7] =
    ["answer", "data.", "decision.", "form.", "person.", "reason", "request."];

/// Why stored fields are no event.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// A value cannot be written in canonical JSON.
    #[error("the event cannot be written canonically: {0}")]
    Unwritable(#[from] CjError),
    /// Fields that the fold needs are missing or malformed.
    #[error("event {seq} cannot be read: {why}")]
    Unreadable {
        /// Number of the event.
        seq: u64,
        /// Which part.
        why: String,
    },
}

/// Whether a field of this name belongs to the class `fold`.
pub fn is_fold_field(name: &str) -> bool {
    FOLD_FIELDS.contains(&name)
}

/// The event as it is sealed.
///
/// # Errors
/// A value that canonical JSON cannot hold.
pub fn encode(event: &Event) -> Result<NewEvent, CodecError> {
    let facts = serde_json::to_value(&event.facts)
        .map_err(|e| CodecError::Unreadable { seq: 0, why: e.to_string() })?;
    let Value::Object(facts) = facts else {
        return Err(CodecError::Unreadable { seq: 0, why: "facts are no object".into() });
    };
    let named = facts.iter().chain(event.personal.iter());
    let mut fields = Vec::with_capacity(facts.len() + event.personal.len());
    for (name, value) in named {
        fields.push((name.clone(), cj::from_json(value)?));
    }
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    let def = event
        .def
        .parse()
        .map_err(|_| CodecError::Unreadable { seq: 0, why: "def is no digest".into() })?;
    Ok(NewEvent { kind: event.kind.into(), to: Some(event.to.clone()), def: Some(def), fields })
}

/// The facts among the opened fields of event `seq`.
///
/// # Errors
/// A field of the fold is missing or malformed.
pub fn decode<'a>(seq: u64, opened: impl Iterator<Item = &'a Field>) -> Result<Facts, CodecError> {
    let members: Map<String, Value> = opened
        .filter(|field| is_fold_field(&field.name))
        .map(|field| (field.name.clone(), cj::to_json(&field.value)))
        .collect();
    serde_json::from_value(Value::Object(members))
        .map_err(|e| CodecError::Unreadable { seq, why: e.to_string() })
}

/// Folds one stored event onto the state before it.
///
/// # Errors
/// The fields cannot be read, or the first event pins no procedure.
pub fn fold<'a>(
    dossier: Option<Dossier>,
    id: Uuid,
    header: &Header,
    opened: impl Iterator<Item = &'a Field>,
) -> Result<Dossier, CodecError> {
    let facts = decode(header.seq, opened)?;
    let at = timestamp(header.at);
    let recorded = Recorded {
        id,
        seq: header.seq,
        at,
        kind: &header.kind,
        to: header.to.as_deref().unwrap_or_default(),
        facts: &facts,
    };
    evolve(dossier, &recorded).ok_or_else(|| CodecError::Unreadable {
        seq: header.seq,
        why: "the first event pins no procedure and filing".into(),
    })
}

/// The instant of a header.
pub fn timestamp(at: At) -> Timestamp {
    Timestamp::from_microsecond(at.micros()).expect("a header's time is a real date")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Actor, CommandRef};

    const TABLE: &str = include_str!("../../../docs/fields.md");

    #[test]
    fn the_documented_classes_are_those_of_the_code() {
        let (fold, personal) = TABLE.split_once("## Class `personal`").expect("two tables");
        let names = |table: &str| -> Vec<String> {
            let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
            rows.filter_map(|row| row.split_once('`')).map(|(name, _)| name.to_owned()).collect()
        };
        assert_eq!(names(fold), FOLD_FIELDS);
        assert_eq!(names(personal), PERSONAL_FIELDS);
    }

    #[test]
    fn facts_have_no_member_outside_the_fold_table() {
        let mut facts = serde_json::to_value(Facts::by(Actor::system(), None)).expect("plain");
        facts["nothing_like_it"] = Value::Bool(true);
        let error =
            serde_json::from_value::<Facts>(facts).expect_err("unknown members are refused");
        let message = error.to_string();
        let mut listed: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
        listed.sort_unstable();
        assert_eq!(listed, FOLD_FIELDS);
    }

    #[test]
    fn what_was_encoded_decodes_to_the_same_facts() {
        let command = CommandRef { id: Uuid::from_u128(1), fingerprint: "00".repeat(32) };
        let mut facts = Facts::by(Actor::system(), Some(command));
        facts.closed = true;
        facts.items_closed = vec![1, 2];
        let personal = [("reason".to_owned(), Value::String("vì lý do".into()))].into();
        let event = Event {
            kind: "stop",
            to: "stopped".into(),
            def: "ab".repeat(32),
            facts: facts.clone(),
            personal,
        };
        let new = encode(&event).expect("canonical");
        let salt = motcua_audit::Salt([1; 32]);
        let field = |(name, value): &(String, cj::Value)| Field {
            name: name.clone(),
            value: value.clone(),
            salt,
        };
        let fields: Vec<Field> = new.fields.iter().map(field).collect();
        assert_eq!(decode(1, fields.iter()).expect("readable"), facts);
    }
}
