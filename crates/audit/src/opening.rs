//! Openings read where they lie: `[name,value]` as canonical JSON, the bytes that were committed to.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::field::DOMAIN;
use crate::{FIELDS_MAX, Hash, OPENING_BYTES_MAX, Salt, cj};

/// The opening of one field, in its own bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening<'a> {
    name: &'a str,
    value: &'a str,
    text: &'a str,
}

impl<'a> Opening<'a> {
    /// The name.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The value, as canonical JSON.
    pub fn value(&self) -> &'a str {
        self.value
    }

    /// What [`crate::commitment`] makes of name and value.
    pub fn commitment(&self, salt: &Salt) -> Hash {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&salt.0).expect("HMAC takes keys of any length");
        mac.update(DOMAIN);
        mac.update(self.text.as_bytes());
        Hash(mac.finalize().into_bytes().into())
    }

    /// The opening that begins at `at`, and where it ends.
    fn at(text: &'a str, at: usize) -> Option<(Self, usize)> {
        let bytes = text.as_bytes();
        let name_end = cj::key_end(bytes, at + 1)?;
        let name = &text[at + 2..name_end - 1];
        if bytes.get(name_end) != Some(&b',') {
            return None;
        }
        let value_end = cj::value_end(bytes, name_end + 1, 1)?;
        if bytes.get(value_end) != Some(&b']') || value_end + 1 - at > OPENING_BYTES_MAX {
            return None;
        }
        let value = &text[name_end + 1..value_end];
        Some((Self { name, value, text: &text[at..=value_end] }, value_end + 1))
    }
}

/// Reads the fields of one event as a store keeps their texts: an array of openings, null where
/// one is withheld. None unless all of it is canonical, and fit to be committed to.
pub fn read_openings(text: &str) -> Option<Vec<Option<Opening<'_>>>> {
    let bytes = text.as_bytes();
    let mut openings = Vec::with_capacity(16);
    if bytes == b"[]" {
        return Some(openings);
    }
    let mut at = 0;
    let mut before = b'[';
    while bytes.get(at) == Some(&before) {
        before = b',';
        at += 1;
        match bytes.get(at)? {
            b'[' => {
                let (opening, end) = Opening::at(text, at)?;
                openings.push(Some(opening));
                at = end;
            }
            _ => {
                at += bytes[at..].starts_with(b"null").then_some(4)?;
                openings.push(None);
            }
        }
    }
    (at > 0 && &bytes[at..] == b"]" && openings.len() <= FIELDS_MAX).then_some(openings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cj::tests::any_value;
    use crate::commitment;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_a_canonical_list_of_openings_is_none() {
        for good in ["[]", "[null]", r#"[["a",1]]"#, r#"[["a",[]],null,["b",{"c":"\n"}]]"#] {
            assert!(read_openings(good).is_some(), "{good}");
        }
        let nested = |levels| format!(r#"[["a",{}{}]]"#, "[".repeat(levels), "]".repeat(levels));
        assert!(read_openings(&nested(31)).is_some());
        for bad in [
            "",
            "[",
            "]",
            "[]]",
            "[,]",
            "[null,]",
            "[nul]",
            "[null",
            "null",
            r#"[["a",1]"#,
            r#"[["a",1]] "#,
            r#"[["a", 1]]"#,
            r#"[["a",01]]"#,
            r#"[["a"]]"#,
            r#"[["",1]]"#,
            r#"[["a b",1]]"#,
            r#"[["\u0061",1]]"#,
            r#"[["a",1,"salt"]]"#,
            &nested(32),
            &format!("[{}]", ["null"; FIELDS_MAX + 1].join(",")),
            &format!(r#"[["a","{}"]]"#, "x".repeat(OPENING_BYTES_MAX)),
        ] {
            assert_eq!(read_openings(bad), None, "{bad:.60}");
        }
    }

    proptest! {
        #[test]
        fn an_opening_where_it_lies_has_the_commitment_of_its_name_and_value(
            name in "[A-Za-z0-9_.:/-]{1,9}", value in any_value(), salt in any::<[u8; 32]>()
        ) {
            let text = serde_json::to_string(&[Some((&name, &value)), None]).expect("plain");
            let read = read_openings(&text).expect("canonical");
            let [Some(opening), None] = read.as_slice() else { panic!("{read:?}") };
            prop_assert_eq!(opening.name(), &name);
            prop_assert_eq!(&cj::decode(opening.value().as_bytes()).expect("canonical"), &value);
            let salt = Salt(salt);
            prop_assert_eq!(Ok(opening.commitment(&salt)), commitment(&name, &value, &salt));
        }
    }
}
