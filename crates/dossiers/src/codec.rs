//! Events as fields of the audit format, and back.
//!
//! Each member of [`Facts`] that is present becomes one field of its name, class `fold`; each
//! personal value one field of the class `personal`. `docs/fields.md` lists them.

use jiff::Timestamp;
use motcua_audit::cj::{self, CjError};
use motcua_audit::{At, Field, Header, HeaderText, NewEvent, Opening};
use serde::Deserialize as _;
use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{DeserializeSeed, MapAccess};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::dossier::Dossier;
use crate::event::{Event, Facts};
use crate::evolve::{Recorded, evolve};

/// The list, and the same as a pattern: that is compiled into comparisons of numbers.
macro_rules! fold_fields {
    ($($name:literal),+ $(,)?) => {
        /// Names of the fields that a fold needs; all others are personal.
        pub const FOLD_FIELDS: [&str; 34] = [$($name),+];

        /// Whether a field of this name belongs to the class `fold`.
        pub fn is_fold_field(name: &str) -> bool {
            matches!(name, $($name)|+)
        }
    };
}

fold_fields! {
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
}

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
    let mut fields = Vec::with_capacity(facts.len() + event.personal.len());
    let personal = event.personal.iter().map(|(name, value)| (name.clone(), value.clone()));
    for (name, value) in facts.into_iter().chain(personal) {
        fields.push((name, cj::from_json(value)?));
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
    let recorded = Recorded {
        id,
        seq: header.seq,
        at: timestamp(header.at),
        kind: &header.kind,
        to: header.to.as_deref().unwrap_or_default(),
        facts: &facts,
    };
    folded(dossier, &recorded)
}

/// As [`fold`], of an event where it lies.
///
/// # Errors
/// As [`fold`].
pub fn fold_text<'a>(
    dossier: Option<Dossier>,
    id: Uuid,
    header: &HeaderText<'_>,
    opened: impl Iterator<Item = Opening<'a>>,
) -> Result<Dossier, CodecError> {
    let members = opened.filter(|opening| is_fold_field(opening.name()));
    let facts = Facts::deserialize(MapAccessDeserializer::new(Members { members, value: "" }))
        .map_err(|e| CodecError::Unreadable { seq: header.seq, why: e.to_string() })?;
    let recorded = Recorded {
        id,
        seq: header.seq,
        at: timestamp(header.at),
        kind: header.kind,
        to: header.to.unwrap_or_default(),
        facts: &facts,
    };
    folded(dossier, &recorded)
}

fn folded(dossier: Option<Dossier>, recorded: &Recorded<'_>) -> Result<Dossier, CodecError> {
    evolve(dossier, recorded).ok_or_else(|| CodecError::Unreadable {
        seq: recorded.seq,
        why: "the first event pins no procedure and filing".into(),
    })
}

/// Openings as the members of one object.
struct Members<'a, I> {
    members: I,
    /// Of the member whose name was read last.
    value: &'a str,
}

impl<'a, I: Iterator<Item = Opening<'a>>> MapAccess<'a> for Members<'a, I> {
    type Error = serde_json::Error;

    fn next_key_seed<K: DeserializeSeed<'a>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Self::Error> {
        let Some(opening) = self.members.next() else { return Ok(None) };
        self.value = opening.value();
        seed.deserialize(BorrowedStrDeserializer::new(opening.name())).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, Self::Error> {
        seed.deserialize(&mut serde_json::Deserializer::from_str(self.value))
    }
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

    #[test]
    fn an_event_is_folded_where_it_lies_as_it_is_of_its_fields() {
        let header = Header {
            at: At::from_micros(1_700_000_000_000_000).expect("a time"),
            chain: motcua_audit::ChainId::parse("dossier:1").expect("a chain"),
            def: None,
            fields: motcua_audit::Hash([0; 32]),
            from: None,
            kind: "submit".into(),
            n: 0,
            prev: motcua_audit::Hash([0; 32]),
            seq: 1,
            to: Some("submitted".into()),
        };
        let bytes = header.encode().expect("of its form");
        let text = HeaderText::read(&bytes).expect("of its form");
        let actor = r#"{"id":"a","role":"specialist","unit":"u"}"#;
        let procedure =
            format!(r#"{{"code":"1.1","digest":"{0}","version":"1.0.0"}}"#, "a".repeat(64));
        let filing = r#"{"applicant":"p","channel":"counter","competent_unit":"u","owners":["p"],
            "receiving_unit":"u","submitted_at":"2026-11-24T09:00:00Z","variant":"v"}"#
            .replace(char::is_whitespace, "");
        let list = |middle: &str| {
            format!(
                r#"[["actor",{actor}],["data.x","đ"],{middle}["filing",{filing}],["procedure",{procedure}]]"#
            )
        };
        for (middle, is_readable) in [
            ("", true),
            (r#"["documents",{}],"#, true),
            (r#"["decisions",{"document:a":true}],"#, true),
            (r#"["decisions",{"a":true}],"#, false),
            (r#"["closed",1],["completed",true],"#, false),
            (r#"["code",null],["completed",true],"#, true),
            (r#"["back",{}],"#, false),
            (r#"["back",[{"step":"s","unit":"u"}]],["branches",{"a":null}],"#, true),
            (r#"["fees",{"f":{"amount":9007199254740991,"collect":"reception"}}],"#, true),
            (r#"["fees",{"f":{"amount":-1,"collect":"reception"}}],"#, false),
        ] {
            let list = list(middle);
            let openings = motcua_audit::read_openings(&list).expect("canonical");
            let opened = || openings.iter().flatten().copied();
            let fields: Vec<Field> = opened()
                .map(|opening| Field {
                    name: opening.name().to_owned(),
                    value: cj::decode(opening.value().as_bytes()).expect("canonical"),
                    salt: motcua_audit::Salt([0; 32]),
                })
                .collect();
            let id = Uuid::from_u128(7);
            let of_text = fold_text(None, id, &text, opened());
            let of_fields = fold(None, id, &header, fields.iter());
            assert_eq!(of_text.as_ref().ok(), of_fields.as_ref().ok(), "{middle}: {of_text:?}");
            assert_eq!(of_text.is_ok(), is_readable, "{middle}: {of_text:?}");
        }
    }
}
