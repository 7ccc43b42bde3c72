//! Fields and their commitments (`docs/history.md`).

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{Hash, Salt, cj, merkle};

/// Fields of one event.
pub const FIELDS_MAX: usize = 1024;
/// Bytes of `CJ([name, value])`: 1 MiB.
pub const OPENING_BYTES_MAX: usize = 1 << 20;
/// What stands before the opening when it is committed to.
pub(crate) const DOMAIN: &[u8] = b"motcua/field/v1\n";

/// One opened field: what its commitment was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// By the key grammar of canonical JSON; unique within its event.
    pub name: String,
    /// Nested at most 31 levels.
    pub value: cj::Value,
    /// Random bytes of this field alone.
    pub salt: Salt,
}

/// One field of an event as stored or exported. Value and salt may be gone, by erasure or by mask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldSlot {
    /// Name, value and salt are here: the commitment is recomputed from them.
    Opened(Field),
    /// Only the commitment is here.
    Withheld(Hash),
}

/// Why a field cannot be committed to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// The name does not match `[A-Za-z0-9_.:/-]{1,200}`.
    #[error("not a field name: 1 to 200 of A-Z a-z 0-9 _ . : / -")]
    Name,
    /// The value is not canonical JSON of at most 31 levels.
    #[error("value: {0}")]
    Value(#[from] cj::CjError),
    /// Name and value together exceed [`OPENING_BYTES_MAX`].
    #[error("name and value take {0} bytes, more than {OPENING_BYTES_MAX}")]
    TooLong(usize),
}

/// Whether a text may name a field: the key grammar of canonical JSON.
pub fn field_name_is_valid(name: &str) -> bool {
    cj::key_is_valid(name)
}

/// `HMAC-SHA-256(salt, "motcua/field/v1" LF CJ([name, value]))`.
///
/// # Errors
/// As [`FieldError`] says: a bad name, a value outside the format, an opening over 1 MiB.
pub fn commitment(name: &str, value: &cj::Value, salt: &Salt) -> Result<Hash, FieldError> {
    commitment_in(&mut Vec::with_capacity(256), name, value, salt)
}

/// As [`commitment`], in a buffer that a caller with many fields keeps.
pub(crate) fn commitment_in(
    buffer: &mut Vec<u8>,
    name: &str,
    value: &cj::Value,
    salt: &Salt,
) -> Result<Hash, FieldError> {
    if !field_name_is_valid(name) {
        return Err(FieldError::Name);
    }
    buffer.clear();
    buffer.extend_from_slice(DOMAIN);
    buffer.push(b'[');
    cj::write_string(buffer, name);
    buffer.push(b',');
    cj::write_value(buffer, value, 1)?;
    buffer.push(b']');
    let opening_bytes = buffer.len() - DOMAIN.len();
    if opening_bytes > OPENING_BYTES_MAX {
        return Err(FieldError::TooLong(opening_bytes));
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(&salt.0).expect("HMAC takes keys of any length");
    mac.update(buffer);
    Ok(Hash(mac.finalize().into_bytes().into()))
}

/// The Merkle tree hash of an event's commitments in the order of its fields; `H("")` for none.
pub fn fields_root(commitments: &[Hash]) -> Hash {
    merkle::mth(commitments.iter().map(|commitment| commitment.0.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cj::tests::nested;
    use cj::Value;

    const SALT: Salt = Salt([9; 32]);

    #[test]
    fn a_name_outside_the_grammar_is_refused() {
        for name in ["", "a b", "họ.tên", "a\n", &"n".repeat(201)] {
            assert_eq!(commitment(name, &Value::Null, &SALT), Err(FieldError::Name));
        }
        assert!(commitment(&"n".repeat(200), &Value::Null, &SALT).is_ok());
    }

    #[test]
    fn a_value_may_nest_31_levels_inside_its_opening() {
        assert!(commitment("a", &nested(31), &SALT).is_ok());
        assert_eq!(commitment("a", &nested(32), &SALT), Err(cj::CjError::Depth.into()));
    }

    #[test]
    fn an_opening_ends_at_one_mebibyte() {
        let around = r#"["a",""]"#.len();
        let text = |bytes| Value::String("x".repeat(bytes));
        assert!(commitment("a", &text(OPENING_BYTES_MAX - around), &SALT).is_ok());
        assert_eq!(
            commitment("a", &text(OPENING_BYTES_MAX - around + 1), &SALT),
            Err(FieldError::TooLong(OPENING_BYTES_MAX + 1))
        );
    }
}
