//! The exported form of a chain, one event a line, so that anyone can recompute it:
//! `{"origin","chain","seq","header","hash","fields":[{"name","salt","value"}|{"c"} ..]}`.
//!
//! `header` is the exact header as a string, `fields` are opened, or the commitment alone, in their
//! order.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{ChainId, Field, FieldSlot, Hash, Salt, check_origin, cj};

/// One event of an exported chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The log's name.
    pub origin: String,
    /// The chain's name.
    #[serde(with = "chain_text")]
    pub chain: ChainId,
    /// Number within the chain, from 1.
    pub seq: u64,
    /// The header's bytes, which are ASCII unless they were damaged.
    pub header: String,
    /// The event hash as stored.
    pub hash: Hash,
    /// Every field in its order.
    pub fields: Vec<FieldSlot>,
}

/// A line that is not of the form, with the reader's reason and place.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// Not the JSON object with exactly these members.
    #[error("not a line of an exported chain: {0}")]
    Form(#[from] serde_json::Error),
    /// `origin` is not a log's name.
    #[error("{0:?} is not a log's name")]
    Origin(String),
}

/// Writes a line, without a line feed at its end.
pub fn write(line: &Line) -> String {
    serde_json::to_string(line).expect("strings, numbers and string keys are always JSON")
}

/// Reads a line. Says nothing about whether the event is sound; a verifier does.
///
/// # Errors
/// [`LineError`] for missing, unknown or repeated members, and for values outside the format.
pub fn read(text: &str) -> Result<Line, LineError> {
    let line: Line = serde_json::from_str(text)?;
    match check_origin(&line.origin) {
        Ok(()) => Ok(line),
        Err(_) => Err(LineError::Origin(line.origin)),
    }
}

mod chain_text {
    use super::*;

    pub(super) fn serialize<S: Serializer>(chain: &ChainId, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(chain.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ChainId, D::Error> {
        ChainId::parse(&String::deserialize(from)?).map_err(de::Error::custom)
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum SlotOut<'a> {
    Opened { name: &'a str, salt: &'a Salt, value: &'a cj::Value },
    Withheld { c: &'a Hash },
}

/// All members a slot can have; which ones go together is checked after reading.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SlotIn {
    name: Option<String>,
    salt: Option<Salt>,
    #[serde(default, deserialize_with = "present")]
    value: Option<cj::Value>,
    c: Option<Hash>,
}

/// Keeps a `null` apart from a missing member.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<cj::Value>, D::Error> {
    cj::Value::deserialize(from).map(Some)
}

impl Serialize for FieldSlot {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let out = match self {
            Self::Opened(Field { name, value, salt }) => SlotOut::Opened { name, salt, value },
            Self::Withheld(c) => SlotOut::Withheld { c },
        };
        out.serialize(to)
    }
}

impl<'de> Deserialize<'de> for FieldSlot {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match SlotIn::deserialize(from)? {
            SlotIn { name: Some(name), salt: Some(salt), value: Some(value), c: None } => {
                Ok(Self::Opened(Field { name, value, salt }))
            }
            SlotIn { name: None, salt: None, value: None, c: Some(c) } => Ok(Self::Withheld(c)),
            SlotIn { .. } => {
                Err(de::Error::custom("a field has either name, salt and value, or c alone"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cj::tests::any_value;
    use proptest::prelude::*;

    fn line(fields: Vec<FieldSlot>) -> Line {
        Line {
            origin: "shop.example/log/1".into(),
            chain: ChainId::parse("dossier:1").expect("valid"),
            seq: 3,
            header: r#"{"at":1}"#.into(),
            hash: Hash([1; 32]),
            fields,
        }
    }

    #[test]
    fn a_line_has_its_members_in_a_fixed_order() {
        let field = Field { name: "note".into(), value: cj::Value::Null, salt: Salt([2; 32]) };
        let text = write(&line(vec![FieldSlot::Opened(field), FieldSlot::Withheld(Hash([3; 32]))]));
        let (hash, salt, c) = ("01".repeat(32), "02".repeat(32), "03".repeat(32));
        let start = r#"{"origin":"shop.example/log/1","chain":"dossier:1","seq":3,"#;
        let middle = format!(r#""header":"{{\"at\":1}}","hash":"{hash}","fields":["#);
        let fields = format!(r#"{{"name":"note","salt":"{salt}","value":null}},{{"c":"{c}"}}]}}"#);
        assert_eq!(text, format!("{start}{middle}{fields}"));
    }

    #[test]
    fn other_forms_are_refused() {
        let field = Field { name: "a".into(), value: cj::Value::Int(1), salt: Salt([2; 32]) };
        let good = write(&line(vec![FieldSlot::Opened(field)]));
        assert!(read(&good).is_ok());
        let c = format!("\"c\":\"{}\"", "03".repeat(32));
        for (from, to) in [
            ("\"seq\":3", "\"seq\":3,\"seq\":3"),
            ("\"seq\":3", "\"seq\":-3"),
            ("\"seq\":3,", ""),
            ("\"seq\":3", "\"seq\":3,\"more\":1"),
            ("dossier:1", "dossier"),
            ("shop.example/log/1", "motcua/log/1"),
            ("shop.example/log/1", "a b"),
            ("\"hash\":\"01", "\"hash\":\"0A"),
            ("\"value\":1", "\"value\":1.0"),
            ("\"value\":1", "\"value\":{\"a\":1,\"a\":1}"),
            ("\"value\":1", "\"value\":1,\"value\":1"),
            ("\"value\":1", &format!("\"value\":1,{c}")),
            ("\"name\":\"a\",", ""),
            (",\"value\":1", ""),
            ("\"salt\":\"02", "\"salt\":\"2"),
            ("]}", "]} {}"),
        ] {
            assert!(good.contains(from), "{from}");
            assert!(read(&good.replace(from, to)).is_err(), "{to}");
        }
    }

    fn any_slot() -> impl Strategy<Value = FieldSlot> {
        let opened = ("[A-Za-z0-9_.:/-]{1,9}", any_value(), any::<[u8; 32]>()).prop_map(
            |(name, value, salt)| FieldSlot::Opened(Field { name, value, salt: Salt(salt) }),
        );
        prop_oneof![opened, any::<[u8; 32]>().prop_map(|c| FieldSlot::Withheld(Hash(c)))]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(fields in proptest::collection::vec(any_slot(), 0..5)) {
            let line = line(fields);
            let text = write(&line);
            prop_assert!(!text.contains('\n'));
            prop_assert_eq!(read(&text).expect("just written"), line);
        }
    }
}
