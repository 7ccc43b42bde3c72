//! The event header: the eleven keys that are hashed into the chain.

mod text;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::cj::{self, CjError, Value};
use crate::{At, FIELDS_MAX, Hash};

pub use text::HeaderText;

/// Bytes of an encoded header.
pub const HEADER_BYTES_MAX: usize = 4096;

/// A chain's name, `[a-z]{1,16}:[A-Za-z0-9._-]{1,128}`: `dossier:` and a UUID for a dossier, `acc:`
/// and the UUID for the reads of it, `sys:` and a name for administration. The part after `:` is
/// opaque: no person's number, name or file number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainId(String);

/// What is hashed of an event. Holds no personal data; who acted is a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Time of the decision.
    pub at: At,
    /// The chain the event belongs to.
    pub chain: ChainId,
    /// SHA-256 of the published procedure file by which the event was decided.
    pub def: Option<Hash>,
    /// Root of the fields' commitments.
    pub fields: Hash,
    /// State before the event, `[A-Za-z0-9_.-]{1,128}`.
    pub from: Option<String>,
    /// What was done, `[a-z][a-z0-9_.-]{0,63}`.
    pub kind: String,
    /// Number of fields, 0 to 1024.
    pub n: u32,
    /// Hash of the event before, or the chain's genesis hash.
    pub prev: Hash,
    /// 1, 2, 3, .. within the chain.
    pub seq: u64,
    /// State after the event; equal to `from` when the event changes no state.
    pub to: Option<String>,
}

/// Why a header is not of the stated form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The bytes are not canonical JSON.
    #[error(transparent)]
    Canonical(#[from] CjError),
    /// More than [`HEADER_BYTES_MAX`].
    #[error("a header of {0} bytes, more than {HEADER_BYTES_MAX}")]
    TooLong(usize),
    /// Not an object of exactly the eleven keys.
    #[error(
        "not an object of exactly the keys at, chain, def, fields, from, kind, n, prev, seq, to, v"
    )]
    Keys,
    /// A member outside its grammar or range.
    #[error("header member {key:?} is not of its form")]
    Member {
        /// The member's key.
        key: &'static str,
    },
}

impl ChainId {
    /// Reads a chain's name.
    ///
    /// # Errors
    /// [`HeaderError::Member`] for a text outside the grammar.
    pub fn parse(text: &str) -> Result<Self, HeaderError> {
        match chain_is_valid(text) {
            true => Ok(Self(text.to_owned())),
            false => Err(HeaderError::Member { key: "chain" }),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ChainId {
    type Err = HeaderError;

    fn from_str(text: &str) -> Result<Self, HeaderError> {
        Self::parse(text)
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Header {
    /// The canonical bytes. ASCII, and under 1 KiB by the grammars of the members.
    ///
    /// # Errors
    /// [`HeaderError::Member`] names the first member outside its grammar or range.
    pub fn encode(&self) -> Result<Vec<u8>, HeaderError> {
        self.check()?;
        // No member needs an escape, and the keys are written in their order.
        let mut out = Vec::with_capacity(640);
        out.extend_from_slice(b"{\"at\":\"");
        out.extend_from_slice(&self.at.text());
        out.extend_from_slice(b"\",\"chain\":\"");
        out.extend_from_slice(self.chain.0.as_bytes());
        out.extend_from_slice(b"\",\"def\":");
        let def = self.def.map(|hash| hash.digits());
        write_optional(&mut out, def.as_ref().map(<[u8; 64]>::as_slice));
        out.extend_from_slice(b",\"fields\":\"");
        out.extend_from_slice(&self.fields.digits());
        out.extend_from_slice(b"\",\"from\":");
        write_optional(&mut out, self.from.as_deref().map(str::as_bytes));
        out.extend_from_slice(b",\"kind\":\"");
        out.extend_from_slice(self.kind.as_bytes());
        out.extend_from_slice(b"\",\"n\":");
        cj::write_int(&mut out, self.n.into());
        out.extend_from_slice(b",\"prev\":\"");
        out.extend_from_slice(&self.prev.digits());
        out.extend_from_slice(b"\",\"seq\":");
        cj::write_int(&mut out, self.seq.try_into().expect("checked to be within 2^53-1"));
        out.extend_from_slice(b",\"to\":");
        write_optional(&mut out, self.to.as_deref().map(str::as_bytes));
        out.extend_from_slice(b",\"v\":1}");
        Ok(out)
    }

    /// Reads exactly what [`Header::encode`] writes.
    ///
    /// # Errors
    /// Every [`HeaderError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, HeaderError> {
        match HeaderText::read(bytes) {
            Some(header) => Ok(header.to_header()),
            None => Self::decode_with_reason(bytes),
        }
    }

    /// Takes the bytes apart as any canonical JSON, to tell what does not hold.
    fn decode_with_reason(bytes: &[u8]) -> Result<Self, HeaderError> {
        if bytes.len() > HEADER_BYTES_MAX {
            return Err(HeaderError::TooLong(bytes.len()));
        }
        let Value::Object(members) = cj::decode(bytes)? else {
            return Err(HeaderError::Keys);
        };
        const KEYS: [&str; 11] =
            ["at", "chain", "def", "fields", "from", "kind", "n", "prev", "seq", "to", "v"];
        if !members.keys().eq(KEYS) {
            return Err(HeaderError::Keys);
        }
        let members = Members(members);
        let header = Self {
            at: At::parse(members.text("at")?)?,
            chain: ChainId::parse(members.text("chain")?)?,
            def: members.optional("def")?.map(|text| hash("def", text)).transpose()?,
            fields: hash("fields", members.text("fields")?)?,
            from: members.optional("from")?.map(str::to_owned),
            kind: members.text("kind")?.to_owned(),
            n: members.number("n")?,
            prev: hash("prev", members.text("prev")?)?,
            seq: members.number("seq")?,
            to: members.optional("to")?.map(str::to_owned),
        };
        if members.number::<u8>("v")? != 1 {
            return Err(HeaderError::Member { key: "v" });
        }
        header.check()?;
        Ok(header)
    }

    /// The members whose types allow more than the format does.
    fn check(&self) -> Result<(), HeaderError> {
        let state = |state: &Option<String>| state.as_deref().is_none_or(state_is_valid);
        for (holds, key) in [
            (state(&self.from), "from"),
            (kind_is_valid(&self.kind), "kind"),
            (self.n as usize <= FIELDS_MAX, "n"),
            ((1..=cj::INT_MAX.unsigned_abs()).contains(&self.seq), "seq"),
            (state(&self.to), "to"),
        ] {
            if !holds {
                return Err(HeaderError::Member { key });
            }
        }
        Ok(())
    }
}

/// The members of a decoded header, read by their expected kinds.
struct Members(BTreeMap<String, Value>);

impl Members {
    fn text(&self, key: &'static str) -> Result<&str, HeaderError> {
        self.optional(key)?.ok_or(HeaderError::Member { key })
    }

    fn optional(&self, key: &'static str) -> Result<Option<&str>, HeaderError> {
        match self.0.get(key) {
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Null) => Ok(None),
            Some(Value::Bool(_) | Value::Int(_) | Value::Array(_) | Value::Object(_)) | None => {
                Err(HeaderError::Member { key })
            }
        }
    }

    fn number<T: TryFrom<i64>>(&self, key: &'static str) -> Result<T, HeaderError> {
        match self.0.get(key) {
            Some(Value::Int(int)) => T::try_from(*int).map_err(|_| HeaderError::Member { key }),
            Some(
                Value::Null
                | Value::Bool(_)
                | Value::String(_)
                | Value::Array(_)
                | Value::Object(_),
            )
            | None => Err(HeaderError::Member { key }),
        }
    }
}

fn hash(key: &'static str, text: &str) -> Result<Hash, HeaderError> {
    text.parse().map_err(|_| HeaderError::Member { key })
}

fn write_optional(out: &mut Vec<u8>, text: Option<&[u8]>) {
    match text {
        Some(text) => {
            out.push(b'"');
            out.extend_from_slice(text);
            out.push(b'"');
        }
        None => out.extend_from_slice(b"null"),
    }
}

fn chain_is_valid(text: &str) -> bool {
    let word = |text: &str, max, allowed: fn(u8) -> bool| {
        (1..=max).contains(&text.len()) && text.bytes().all(allowed)
    };
    let parts = text.split_once(':');
    parts.is_some_and(|(class, name)| {
        word(class, 16, |byte| byte.is_ascii_lowercase()) && word(name, 128, in_state)
    })
}

fn in_state(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)
}

fn state_is_valid(state: &str) -> bool {
    (1..=128).contains(&state.len()) && state.bytes().all(in_state)
}

fn kind_is_valid(kind: &str) -> bool {
    let inner = |byte: u8| in_state(byte) && !byte.is_ascii_uppercase();
    kind.len() <= 64
        && kind.starts_with(|c: char| c.is_ascii_lowercase())
        && kind.bytes().all(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            at: At::from_micros(1_772_413_323_000_004).expect("within the years"),
            chain: ChainId::parse("dossier:7f3c2f6e-0d5b-4b5e-9a41-5b1f0c9d2a11").expect("valid"),
            def: None,
            fields: Hash([0xab; 32]),
            from: Some("submitted".into()),
            kind: "accept".into(),
            n: 5,
            prev: Hash([1; 32]),
            seq: 2,
            to: None,
        }
    }

    fn text() -> String {
        String::from_utf8(header().encode().expect("valid")).expect("ASCII")
    }

    #[track_caller]
    fn refused(text: &str, error: HeaderError) {
        assert_eq!(Header::decode(text.as_bytes()), Err(error), "{text}");
    }

    #[test]
    fn a_header_is_canonical_json_and_reads_back() {
        let bytes = header().encode().expect("valid");
        assert_eq!(cj::encode(&cj::decode(&bytes).expect("canonical")), Ok(bytes.clone()));
        assert_eq!(Header::decode(&bytes), Ok(header()));
        let full = Header { def: Some(Hash([7; 32])), to: Some("a.b-c_D9".into()), ..header() };
        assert_eq!(Header::decode(&full.encode().expect("valid")), Ok(full));
    }

    #[test]
    fn other_keys_than_the_eleven_are_refused() {
        refused("[]", HeaderError::Keys);
        refused("{}", HeaderError::Keys);
        refused(&text().replace(",\"v\":1", ""), HeaderError::Keys);
        refused(&text().replace(",\"v\":1", ",\"v\":1,\"w\":1"), HeaderError::Keys);
        refused(&text().replace("\"kind\"", "\"king\""), HeaderError::Keys);
    }

    #[test]
    fn other_spellings_are_refused() {
        refused(&text().replace(":null", ": null"), CjError::Syntax { at: 97 }.into());
        refused(&text().replace("accept", r"\u0061ccept"), CjError::Spelling.into());
        refused(&format!("{} ", text()), CjError::Syntax { at: text().len() }.into());
        refused(&" ".repeat(4097), HeaderError::TooLong(4097));
    }

    #[test]
    fn each_member_outside_its_form_is_named() {
        let zeros = "ab".repeat(32);
        for (key, from, to) in [
            ("at", ".000004Z", ".00004Z"),
            ("at", "2026-03-02", "2026-02-30"),
            ("chain", "dossier:", "Dossier:"),
            ("chain", "dossier:", "dossier"),
            ("def", "\"def\":null", "\"def\":1"),
            ("def", "\"def\":null", "\"def\":\"\""),
            ("fields", &zeros, &zeros.to_uppercase()),
            ("fields", &zeros, &zeros[2..]),
            ("from", "submitted", ""),
            ("from", "submitted", "a b"),
            ("from", "\"submitted\"", "7"),
            ("kind", "\"accept\"", "null"),
            ("kind", "accept", "Accept"),
            ("kind", "accept", "1accept"),
            ("kind", "accept", "acc:ept"),
            ("kind", "accept", ""),
            ("n", "\"n\":5", "\"n\":1025"),
            ("n", "\"n\":5", "\"n\":-1"),
            ("n", "\"n\":5", "\"n\":\"5\""),
            ("prev", "\"prev\":\"01", "\"prev\":\"0x"),
            ("seq", "\"seq\":2", "\"seq\":0"),
            ("seq", "\"seq\":2", "\"seq\":-2"),
            ("seq", "\"seq\":2", "\"seq\":null"),
            ("to", "\"to\":null", "\"to\":\"đã-nhận\""),
            ("to", "\"to\":null", "\"to\":[]"),
            ("v", "\"v\":1", "\"v\":2"),
            ("v", "\"v\":1", "\"v\":257"),
            ("v", "\"v\":1", "\"v\":\"1\""),
        ] {
            assert!(text().contains(from), "{from}");
            refused(&text().replace(from, to), HeaderError::Member { key });
        }
    }

    #[test]
    fn limits_of_lengths_are_inclusive() {
        let ok = |header: Header| header.encode().is_ok_and(|b| Header::decode(&b).is_ok());
        assert!(ok(Header { kind: format!("a{}", "0".repeat(63)), ..header() }));
        assert!(!ok(Header { kind: format!("a{}", "0".repeat(64)), ..header() }));
        assert!(ok(Header { to: Some("s".repeat(128)), ..header() }));
        assert!(!ok(Header { to: Some("s".repeat(129)), ..header() }));
        assert!(ok(Header { n: 1024, ..header() }));
        assert!(!ok(Header { n: 1025, ..header() }));
        assert!(ok(Header { seq: (1 << 53) - 1, ..header() }));
        assert!(!ok(Header { seq: 1 << 53, ..header() }));
        assert!(!ok(Header { seq: 0, ..header() }));
    }

    #[test]
    fn chain_names_follow_their_grammar() {
        let (class, name) = ("c".repeat(16), "n".repeat(128));
        for good in ["sys:definitions", "acc:1", "a:A.b_c-9", &format!("{class}:{name}")] {
            assert!(ChainId::parse(good).is_ok(), "{good}");
        }
        let (long_class, long_name) = (format!("{class}c:x"), format!("a:{name}n"));
        for bad in ["", "sys", "sys:", ":x", "s1:x", "sys:a:b", "sys:a b", "sys:đ"] {
            assert!(ChainId::parse(bad).is_err(), "{bad}");
        }
        assert!(ChainId::parse(&long_class).is_err() && ChainId::parse(&long_name).is_err());
    }
}
