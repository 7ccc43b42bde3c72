//! Canonical JSON, field commitments, event headers and hash chains, and their verification.
//!
//! Everything here is a pure function of its arguments: no clock, no randomness, no storage. Time,
//! salts and the chain's head are handed in. A hashed byte never holds personal data except under a
//! salted commitment, so a value can be destroyed by law without breaking any proof.
//!
//! The smallest example seals one event and verifies it from the stored bytes:
//!
//! ```
//! use motcua_audit::{At, ChainId, ChainVerifier, FieldSlot, NewEvent, Salt, cj, seal};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let origin = "shop.example/log/1";
//! let chain = ChainId::parse("dossier:0190163d-8694-739b-aea5-966c26f8ad91")?;
//! let submit = NewEvent {
//!     kind: "submit".into(),
//!     to: Some("submitted".into()),
//!     def: None,
//!     fields: vec![("actor.role".into(), cj::Value::String("citizen".into()))],
//! };
//! let at = At::parse("2026-03-02T01:02:03.000004Z")?;
//! let mut fresh_random = || Salt([7; 32]); // a CSPRNG in earnest
//! let (sealed, head) = seal(origin, &chain, None, at, vec![submit], &mut fresh_random)?;
//!
//! let mut verifier = ChainVerifier::new(origin, chain);
//! let slots: Vec<_> = sealed[0].fields.iter().cloned().map(FieldSlot::Opened).collect();
//! assert!(verifier.push(&sealed[0].header, Some(&sealed[0].hash), &slots).is_empty());
//! assert_eq!(verifier.head(), Some(&head));
//! # Ok(())
//! # }
//! ```
//!
//! # The most common change
//!
//! A new kind of event or a new field needs no change here: both are data of [`NewEvent`]. A new
//! rule about chains is one check in `verify.rs` with a code of its own in [`code`], and one row in
//! the tables of `tests/tampering.rs`.
//!
//! # Map
//!
//! [`cj`] canonical JSON · [`struct@Hash`], [`Salt`] · [`merkle`] tree hashes (RFC 6962) ·
//! [`commitment`] of one field · [`Header`] eleven keys, the Merkle leaf's entry · [`seal`]
//! writes a chain · [`ChainVerifier`] checks one · [`mod@line`] the exported form, one event a
//! line.
//!
//! For whoever recomputes a chain without this crate, `docs/history.md` tells the format,
//! version 1 (`motcua/v1`).

mod at;
mod chain;
pub mod cj;
mod field;
mod hash;
mod header;
pub mod line;
pub mod merkle;
mod opening;
mod verify;

pub use at::At;
pub use chain::{
    ChainHead, NewEvent, SealError, SealedEvent, check_origin, event_hash, evidence, genesis, seal,
};
pub use field::{
    FIELDS_MAX, Field, FieldError, FieldSlot, OPENING_BYTES_MAX, commitment, field_name_is_valid,
    fields_root,
};
pub use hash::{Hash, HexError, Salt};
pub use header::{ChainId, HEADER_BYTES_MAX, Header, HeaderError, HeaderText};
pub use opening::{Opening, read_openings};
pub use verify::{ChainVerifier, EventText, Finding, code};
