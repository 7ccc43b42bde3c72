//! Headers read where they lie, in one pass and without copies.

use super::{ChainId, HEADER_BYTES_MAX, Header, chain_is_valid, kind_is_valid, state_is_valid};
use crate::{At, FIELDS_MAX, Hash, cj};

/// A [`Header`] in its own bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderText<'a> {
    /// As [`Header::at`].
    pub at: At,
    /// As [`Header::chain`].
    pub chain: &'a str,
    /// As [`Header::def`].
    pub def: Option<Hash>,
    /// As [`Header::fields`].
    pub fields: Hash,
    /// As [`Header::from`].
    pub from: Option<&'a str>,
    /// As [`Header::kind`].
    pub kind: &'a str,
    /// As [`Header::n`].
    pub n: u32,
    /// As [`Header::prev`].
    pub prev: Hash,
    /// As [`Header::seq`].
    pub seq: u64,
    /// As [`Header::to`].
    pub to: Option<&'a str>,
}

impl<'a> HeaderText<'a> {
    /// Reads what [`Header::decode`] reads; of anything else, that tells the reason.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        if bytes.len() > HEADER_BYTES_MAX {
            return None;
        }
        let mut rest = Rest(bytes);
        // One spelling is canonical: the keys in their order, and no escape in any member.
        let header = Self {
            at: rest.member(b"{\"at\":").and_then(Rest::text).and_then(|at| At::parse(at).ok())?,
            chain: rest
                .member(b",\"chain\":")
                .and_then(Rest::text)
                .filter(|t| chain_is_valid(t))?,
            def: rest.member(b",\"def\":").and_then(|rest| rest.optional(Rest::hash))?,
            fields: rest.member(b",\"fields\":").and_then(Rest::hash)?,
            from: rest.member(b",\"from\":").and_then(|rest| rest.optional(Rest::state))?,
            kind: rest.member(b",\"kind\":").and_then(Rest::text).filter(|t| kind_is_valid(t))?,
            n: rest.member(b",\"n\":").and_then(Rest::number).and_then(|n| n.try_into().ok())?,
            prev: rest.member(b",\"prev\":").and_then(Rest::hash)?,
            seq: rest.member(b",\"seq\":").and_then(Rest::number).filter(|seq| *seq > 0)?,
            to: rest.member(b",\"to\":").and_then(|rest| rest.optional(Rest::state))?,
        };
        rest.member(b",\"v\":1}")?;
        (rest.0.is_empty() && header.n as usize <= FIELDS_MAX).then_some(header)
    }

    /// The same with texts of its own.
    pub fn to_header(self) -> Header {
        Header {
            at: self.at,
            chain: ChainId(self.chain.to_owned()),
            def: self.def,
            fields: self.fields,
            from: self.from.map(str::to_owned),
            kind: self.kind.to_owned(),
            n: self.n,
            prev: self.prev,
            seq: self.seq,
            to: self.to.map(str::to_owned),
        }
    }
}

/// What is not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    /// Steps over what must come next.
    fn member(&mut self, key: &[u8]) -> Option<&mut Self> {
        self.0 = self.0.strip_prefix(key)?;
        Some(self)
    }

    /// A string up to the next quote, which no member contains.
    fn text(&mut self) -> Option<&'a str> {
        let text = self.0.strip_prefix(b"\"")?;
        let end = text.iter().position(|byte| *byte == b'"')?;
        self.0 = &text[end + 1..];
        std::str::from_utf8(&text[..end]).ok()
    }

    fn state(&mut self) -> Option<&'a str> {
        self.text().filter(|state| state_is_valid(state))
    }

    fn hash(&mut self) -> Option<Hash> {
        let (digits, rest) = self.0.strip_prefix(b"\"")?.split_at_checked(64)?;
        self.0 = rest.strip_prefix(b"\"")?;
        Hash::of_digits(digits)
    }

    fn optional<T>(&mut self, member: fn(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if let Some(rest) = self.0.strip_prefix(b"null") {
            self.0 = rest;
            return Some(None);
        }
        member(self).map(Some)
    }

    /// A whole number from 0.
    fn number(&mut self) -> Option<u64> {
        let end = cj::value_end(self.0, 0, 0)?;
        let (number, rest) = self.0.split_at(end);
        self.0 = rest;
        std::str::from_utf8(number).ok()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn headers() -> impl Strategy<Value = Header> {
        let hash = any::<[u8; 32]>().prop_map(Hash);
        let state = proptest::option::of("[A-Za-z0-9_.-]{1,9}");
        let micros = 0_i64..4_000_000_000_000_000;
        let chain = "[a-z]{1,16}:[A-Za-z0-9._-]{1,20}";
        let names = (state.clone(), state, "[a-z][a-z0-9_.-]{0,9}", chain);
        let numbers = (micros, 0_u32..=1024, 1_u64..=cj::INT_MAX.unsigned_abs());
        let hashes = (proptest::option::of(hash.clone()), hash.clone(), hash);
        (names, numbers, hashes).prop_map(
            |((from, to, kind, chain), (micros, n, seq), (def, fields, prev))| Header {
                at: At::from_micros(micros).expect("within the years"),
                chain: ChainId::parse(&chain).expect("a chain"),
                def,
                fields,
                from,
                kind,
                n,
                prev,
                seq,
                to,
            },
        )
    }

    /// Headers of which some bytes are others, repeated or gone.
    fn damaged() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![any::<u8>(), proptest::sample::select(b"\"\\,:{}01 nA-".to_vec())];
        (headers(), any::<proptest::sample::Index>(), 0..4_usize, byte).prop_map(
            |(header, place, what, byte)| {
                let mut bytes = header.encode().expect("of the form");
                let place = place.index(bytes.len());
                match what {
                    0 => bytes[place] = byte,
                    1 => bytes.insert(place, byte),
                    2 => drop(bytes.remove(place)),
                    _ => bytes.truncate(place),
                }
                bytes
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn a_header_is_read_where_it_lies_as_it_was_written(header in headers()) {
            let bytes = header.encode().expect("of the form");
            let read = HeaderText::read(&bytes).map(HeaderText::to_header);
            prop_assert_eq!(read.as_ref(), Some(&header));
            prop_assert_eq!(Header::decode_with_reason(&bytes), Ok(header));
        }

        #[test]
        fn what_is_read_where_it_lies_is_what_the_careful_reader_reads(bytes in damaged()) {
            let read = HeaderText::read(&bytes).map(HeaderText::to_header);
            prop_assert_eq!(read, Header::decode_with_reason(&bytes).ok());
        }
    }
}
