//! Writing a chain: sealing events onto its head (`docs/history.md`).

use sha2::{Digest, Sha256};

use crate::field::commitment_in;
use crate::{
    At, ChainId, FIELDS_MAX, Field, FieldError, Hash, Header, HeaderError, Salt, cj, fields_root,
    merkle,
};

/// Where a chain ends. `seq` 0 is a chain without events, whose `hash` is its genesis hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// Number of the last event.
    pub seq: u64,
    /// Its event hash.
    pub hash: Hash,
    /// Its time; no later event has an earlier one.
    pub at: At,
    /// The state after it.
    pub state: Option<String>,
}

/// What is to be recorded, before it is sealed into a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Name of the act, `[a-z][a-z0-9_.-]{0,63}`.
    pub kind: String,
    /// The state after the event, written as it stands here: repeat the state before when nothing
    /// changes. `None` is a state of its own, "no state".
    pub to: Option<String>,
    /// SHA-256 of the published procedure file by which it was decided.
    pub def: Option<Hash>,
    /// Names and values in any order; sealing sorts them.
    pub fields: Vec<(String, cj::Value)>,
}

/// An event as it is stored: exact bytes, nothing to be encoded again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedEvent {
    /// Number within the chain, from 1.
    pub seq: u64,
    /// The header's canonical bytes.
    pub header: Vec<u8>,
    /// The event hash, `leaf(header)`.
    pub hash: Hash,
    /// One for each field, in the order of `fields`.
    pub commitments: Vec<Hash>,
    /// Opened fields by ascending name; stored apart, so that one can be destroyed alone.
    pub fields: Vec<Field>,
}

/// Why events cannot be sealed. Nothing was sealed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Not a log's name; see [`check_origin`].
    #[error("not a log's name: no white space, no plus sign, not beginning with \"motcua/\"")]
    Origin,
    /// A kind, state or number outside its grammar.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A field that cannot be committed to.
    #[error("field {name:?}: {source}")]
    Field {
        /// The field's name as given.
        name: String,
        /// What is wrong with it.
        source: FieldError,
    },
    /// Two fields of one event with the same name.
    #[error("field {0:?} is given twice")]
    DuplicateField(String),
    /// More than [`FIELDS_MAX`] fields in one event.
    #[error("{0} fields in one event, more than {FIELDS_MAX}")]
    TooManyFields(usize),
}

/// Checks a log's name: a C2SP key name (not empty, no Unicode white space, no plus sign) that does
/// not begin with `motcua/` and has no control characters.
///
/// # Errors
/// [`SealError::Origin`].
pub fn check_origin(origin: &str) -> Result<(), SealError> {
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if origin.is_empty() || origin.starts_with("motcua/") || origin.contains(forbidden) {
        return Err(SealError::Origin);
    }
    Ok(())
}

/// What the first event of a chain names as the one before it:
/// `H("motcua/genesis/v1" LF origin LF chain LF)`.
pub fn genesis(origin: &str, chain: &ChainId) -> Hash {
    let hasher = Sha256::new()
        .chain_update(b"motcua/genesis/v1\n")
        .chain_update(origin)
        .chain_update(b"\n")
        .chain_update(chain.as_str())
        .chain_update(b"\n");
    Hash(hasher.finalize().into())
}

/// The event hash: the leaf hash of the header's bytes as stored.
pub fn event_hash(header_bytes: &[u8]) -> Hash {
    merkle::leaf(header_bytes)
}

/// The evidence line that a receipt prints as a QR code.
pub fn evidence(chain: &ChainId, seq: u64, hash: &Hash) -> String {
    format!("motcua:1:{chain}:{seq}:{hash}")
}

/// Seals the events of one command onto a chain, in their order, and gives its new head.
///
/// `head` is `None` for a chain without events. `salts` yields 32 fresh bytes of the system's
/// CSPRNG at each call, once for each field. All events share one time: `at`, or the head's when
/// the clock has stepped back behind it.
///
/// # Errors
/// [`SealError`]; the chain is as before.
pub fn seal(
    origin: &str,
    chain: &ChainId,
    head: Option<&ChainHead>,
    at: At,
    events: Vec<NewEvent>,
    salts: &mut dyn FnMut() -> Salt,
) -> Result<(Vec<SealedEvent>, ChainHead), SealError> {
    check_origin(origin)?;
    let mut head = match head {
        Some(head) => ChainHead { at: at.max(head.at), ..head.clone() },
        None => ChainHead { seq: 0, hash: genesis(origin, chain), at, state: None },
    };
    let mut buffer = Vec::with_capacity(1024);
    let mut sealed = Vec::with_capacity(events.len());
    for event in events {
        let (fields, commitments) = commit(event.fields, &mut buffer, salts)?;
        let header = Header {
            at: head.at,
            chain: chain.clone(),
            def: event.def,
            fields: fields_root(&commitments),
            from: head.state.take(),
            kind: event.kind,
            n: u32::try_from(fields.len()).expect("at most 1024 fields"),
            prev: head.hash,
            seq: head.seq.saturating_add(1),
            to: event.to,
        };
        let bytes = header.encode()?;
        let hash = event_hash(&bytes);
        head = ChainHead { seq: header.seq, hash, at: head.at, state: header.to };
        sealed.push(SealedEvent { seq: head.seq, header: bytes, hash, commitments, fields });
    }
    Ok((sealed, head))
}

/// Sorts the fields of one event by name and commits to each.
fn commit(
    mut fields: Vec<(String, cj::Value)>,
    buffer: &mut Vec<u8>,
    salts: &mut dyn FnMut() -> Salt,
) -> Result<(Vec<Field>, Vec<Hash>), SealError> {
    if fields.len() > FIELDS_MAX {
        return Err(SealError::TooManyFields(fields.len()));
    }
    fields.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
    if let Some(twice) = fields.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(SealError::DuplicateField(twice[0].0.clone()));
    }
    let mut opened = Vec::with_capacity(fields.len());
    let mut commitments = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        let salt = salts();
        match commitment_in(buffer, &name, &value, &salt) {
            Ok(commitment) => commitments.push(commitment),
            Err(source) => return Err(SealError::Field { name, source }),
        }
        opened.push(Field { name, value, salt });
    }
    Ok((opened, commitments))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "shop.example/log/1";

    fn chain() -> ChainId {
        ChainId::parse("dossier:1").expect("valid")
    }

    fn at(micros: i64) -> At {
        At::from_micros(micros).expect("within the years")
    }

    fn event(to: &str, names: &[&str]) -> NewEvent {
        let fields = names.iter().map(|name| ((*name).to_owned(), cj::Value::Null)).collect();
        NewEvent { kind: "advance".into(), to: Some(to.into()), def: None, fields }
    }

    fn seal_one(event: NewEvent) -> Result<(Vec<SealedEvent>, ChainHead), SealError> {
        let mut count = 0;
        seal(ORIGIN, &chain(), None, at(5), vec![event], &mut || {
            count = u8::wrapping_add(count, 1);
            Salt([count; 32])
        })
    }

    fn header(sealed: &SealedEvent) -> Header {
        Header::decode(&sealed.header).expect("sealing writes valid headers")
    }

    #[test]
    fn the_events_of_a_command_follow_each_other_and_share_one_time() {
        let events = vec![event("a", &[]), event("b", &["x"])];
        let (sealed, head) = seal(ORIGIN, &chain(), None, at(5), events, &mut || Salt([0; 32]))
            .expect("valid events");
        let (first, second) = (header(&sealed[0]), header(&sealed[1]));
        assert_eq!((first.seq, first.prev, first.from), (1, genesis(ORIGIN, &chain()), None));
        assert_eq!((second.seq, second.prev, second.from), (2, sealed[0].hash, first.to));
        assert_eq!((first.at, second.at), (at(5), at(5)));
        assert_eq!(
            head,
            ChainHead { seq: 2, hash: sealed[1].hash, at: at(5), state: Some("b".into()) }
        );
    }

    #[test]
    fn a_clock_that_stepped_back_is_clamped_to_the_head() {
        let (_, head) = seal_one(event("a", &[])).expect("valid");
        let mut salts = || Salt([0; 32]);
        let (sealed, next) =
            seal(ORIGIN, &chain(), Some(&head), at(4), vec![event("b", &[])], &mut salts)
                .expect("valid");
        assert_eq!((header(&sealed[0]).at, next.at), (at(5), at(5)));
    }

    #[test]
    fn nothing_to_seal_leaves_the_head_where_it_was() {
        let (sealed, head) =
            seal(ORIGIN, &chain(), None, at(5), vec![], &mut || Salt([0; 32])).expect("valid");
        assert!(sealed.is_empty());
        assert_eq!((head.seq, head.hash), (0, genesis(ORIGIN, &chain())));
    }

    #[test]
    fn fields_are_sorted_by_byte_and_each_has_its_own_salt() {
        let (sealed, _) = seal_one(event("a", &["b", "a.b", "B", "a"])).expect("valid");
        let names: Vec<_> = sealed[0].fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["B", "a", "a.b", "b"]);
        let salts: Vec<_> = sealed[0].fields.iter().map(|field| field.salt.0[0]).collect();
        assert_eq!(salts, [1, 2, 3, 4]);
        assert_eq!(header(&sealed[0]).fields, fields_root(&sealed[0].commitments));
    }

    #[test]
    fn each_refusal_names_its_cause() {
        assert_eq!(
            seal_one(event("a", &["x", "y", "x"])),
            Err(SealError::DuplicateField("x".into()))
        );
        assert_eq!(
            seal_one(event("a", &["họ"])),
            Err(SealError::Field { name: "họ".into(), source: FieldError::Name })
        );
        assert_eq!(seal_one(event("a b", &[])), Err(HeaderError::Member { key: "to" }.into()));
        let many: Vec<_> = (0..1025).map(|number| format!("f{number}")).collect();
        let names: Vec<_> = many.iter().map(String::as_str).collect();
        assert_eq!(seal_one(event("a", &names)), Err(SealError::TooManyFields(1025)));
        assert!(seal_one(event("a", &names[..1024])).is_ok());
    }

    #[test]
    fn a_log_has_a_name_without_white_space_that_is_not_ours() {
        for good in ["shop.example/log/1", "một-cửa.example"] {
            assert_eq!(check_origin(good), Ok(()), "{good}");
        }
        for bad in ["", "motcua/x", "a b", "a+b", "a\nb", "a\u{a0}b", "a\0"] {
            assert_eq!(check_origin(bad), Err(SealError::Origin), "{bad:?}");
        }
    }

    #[test]
    fn the_evidence_line_has_five_parts_and_a_chain_with_its_colon() {
        assert_eq!(
            evidence(&chain(), 3, &Hash([0xc8; 32])),
            format!("motcua:1:dossier:1:3:{}", "c8".repeat(32))
        );
    }
}
