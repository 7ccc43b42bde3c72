//! Canonical JSON ("CJ"): RFC 8785 narrowed so that no two encoders can differ.
//!
//! Whole numbers only, keys of a narrow grammar, no white space, at most [`DEPTH_MAX`] levels.
//! Hashed bytes are stored as produced and never re-encoded; [`decode`] proves that they are the
//! ones that [`encode`] would write.

mod decode;
mod serde;
mod walk;

use std::collections::BTreeMap;

pub use decode::decode;
pub(crate) use walk::{key_end, value_end};

/// Levels of arrays and objects; `[]` is one level.
pub const DEPTH_MAX: u32 = 32;
/// The largest whole number either way, `2^53 - 1`: what every JSON reader keeps exactly.
pub const INT_MAX: i64 = (1 << 53) - 1;
/// Bytes of an object key.
pub const KEY_BYTES_MAX: usize = 200;

/// A canonical JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number within ±[`INT_MAX`]. Any other quantity is a string.
    Int(i64),
    /// Unicode text; no normalisation is done here.
    String(String),
    /// Values in their order.
    Array(Vec<Value>),
    /// Values by unique key, in the order of the keys' bytes.
    Object(BTreeMap<String, Value>),
}

/// Why a value or a text is not canonical JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CjError {
    /// Not JSON without white space; `at` counts bytes from the start.
    #[error("not canonical JSON at byte {at}")]
    Syntax {
        /// Offset of the first byte that does not fit.
        at: usize,
    },
    /// JSON, but not the one spelling: key order, escapes, zeros.
    #[error("JSON, but not in its canonical spelling")]
    Spelling,
    /// The same key twice in one object.
    #[error("key {0:?} occurs twice")]
    DuplicateKey(String),
    /// A key that does not match `[A-Za-z0-9_.:/-]{1,200}`.
    #[error("{0:?} is not a key: 1 to 200 of A-Z a-z 0-9 _ . : / -")]
    Key(String),
    /// A whole number beyond ±[`INT_MAX`].
    #[error("a number beyond 2^53-1")]
    IntRange,
    /// A number with a fraction or an exponent.
    #[error("a number that is not written as a whole number")]
    Fraction,
    /// More than [`DEPTH_MAX`] levels.
    #[error("nested deeper than {DEPTH_MAX} levels")]
    Depth,
}

/// Whether a text matches the key grammar `[A-Za-z0-9_.:/-]{1,200}`.
pub fn key_is_valid(key: &str) -> bool {
    (1..=KEY_BYTES_MAX).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.:/-".contains(&byte))
}

/// The one spelling of a value.
///
/// # Errors
/// [`CjError::Depth`], [`CjError::Key`], [`CjError::IntRange`] for a value outside the format.
pub fn encode(value: &Value) -> Result<Vec<u8>, CjError> {
    let mut out = Vec::with_capacity(128);
    write_value(&mut out, value, 0)?;
    Ok(out)
}

/// Takes over a JSON value. Duplicate keys were lost when the text became a `serde_json::Value`;
/// where they must be refused, deserialize into [`Value`] directly.
///
/// # Errors
/// [`CjError::Fraction`] for a number that is not whole, else as [`encode`].
pub fn from_json(json: serde_json::Value) -> Result<Value, CjError> {
    take_json(json, 0)
}

/// The same value for a JSON library. Loses nothing.
pub fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(bool) => (*bool).into(),
        Value::Int(int) => (*int).into(),
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => items.iter().map(to_json).collect(),
        Value::Object(members) => {
            members.iter().map(|(key, member)| (key.clone(), to_json(member))).collect()
        }
    }
}

fn take_json(json: serde_json::Value, depth: u32) -> Result<Value, CjError> {
    match json {
        serde_json::Value::Null => Ok(Value::Null),
        serde_json::Value::Bool(bool) => Ok(Value::Bool(bool)),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(int) => checked_int(int).map(Value::Int),
            None if number.is_u64() => Err(CjError::IntRange),
            None => Err(CjError::Fraction),
        },
        serde_json::Value::String(text) => Ok(Value::String(text)),
        serde_json::Value::Array(items) => {
            let depth = deeper(depth)?;
            items
                .into_iter()
                .map(|item| take_json(item, depth))
                .collect::<Result<_, _>>()
                .map(Value::Array)
        }
        serde_json::Value::Object(members) => {
            let depth = deeper(depth)?;
            let member = |(key, json): (String, _)| {
                checked_key(&key)?;
                Ok((key, take_json(json, depth)?))
            };
            members.into_iter().map(member).collect::<Result<_, _>>().map(Value::Object)
        }
    }
}

fn deeper(depth: u32) -> Result<u32, CjError> {
    if depth < DEPTH_MAX { Ok(depth + 1) } else { Err(CjError::Depth) }
}

fn checked_int(int: i64) -> Result<i64, CjError> {
    if (-INT_MAX..=INT_MAX).contains(&int) { Ok(int) } else { Err(CjError::IntRange) }
}

fn checked_key(key: &str) -> Result<&str, CjError> {
    if key_is_valid(key) { Ok(key) } else { Err(CjError::Key(key.to_owned())) }
}

/// Appends a value that stands inside `depth` levels.
pub(crate) fn write_value(out: &mut Vec<u8>, value: &Value, depth: u32) -> Result<(), CjError> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(int) => write_int(out, checked_int(*int)?),
        Value::String(text) => write_string(out, text),
        Value::Array(items) => {
            let depth = deeper(depth)?;
            out.push(b'[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                write_value(out, item, depth)?;
            }
            out.push(b']');
        }
        Value::Object(members) => {
            let depth = deeper(depth)?;
            out.push(b'{');
            for (place, (key, member)) in members.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                write_string(out, checked_key(key)?);
                out.push(b':');
                write_value(out, member, depth)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

/// Appends a whole number in decimal.
pub(crate) fn write_int(out: &mut Vec<u8>, int: i64) {
    let mut digits = [0; 19];
    let mut start = digits.len();
    let mut rest = int.unsigned_abs();
    loop {
        start -= 1;
        digits[start] = b"0123456789"[(rest % 10) as usize];
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if int < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[start..]);
}

/// Appends a string with its quotes; runs that need no escape are copied whole.
pub(crate) fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut copied = 0;
    for (place, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[copied..place]);
        copied = place + 1;
        let short = match byte {
            b'"' | b'\\' => byte,
            0x08 => b'b',
            0x09 => b't',
            0x0a => b'n',
            0x0c => b'f',
            0x0d => b'r',
            _ => {
                let low = b"0123456789abcdef"[usize::from(byte & 15)];
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', b'0' + (byte >> 4), low]);
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', short]);
    }
    out.extend_from_slice(&bytes[copied..]);
    out.push(b'"');
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Any value of the format, a few levels deep.
    pub(crate) fn any_value() -> impl Strategy<Value = Value> {
        let text = proptest::collection::vec(
            prop_oneof![any::<char>(), proptest::char::range('\0', '\u{7f}')],
            0..8,
        );
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            (-INT_MAX..=INT_MAX).prop_map(Value::Int),
            (-3_i64..3).prop_map(Value::Int),
            text.prop_map(|chars| Value::String(chars.into_iter().collect())),
        ];
        scalar.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
                proptest::collection::btree_map("[A-Za-z0-9_.:/-]{1,6}", inner, 0..5)
                    .prop_map(Value::Object),
            ]
        })
    }

    pub(crate) fn nested(levels: u32) -> Value {
        (0..levels).fold(Value::Null, |inner, _| Value::Array(vec![inner]))
    }

    fn text(value: &Value) -> String {
        String::from_utf8(encode(value).expect("within the format")).expect("UTF-8")
    }

    #[test]
    fn only_the_listed_characters_are_escaped() {
        let controls: String = ('\0'..='\u{20}').collect();
        assert_eq!(
            text(&Value::String(controls)),
            r#""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"#
                .to_owned()
                + r"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b"
                + r#"\u001c\u001d\u001e\u001f ""#
        );
        let literal = "/\u{7f}\u{80}\u{2028}Nguyễn 😀'<>&";
        assert_eq!(text(&Value::String(literal.into())), format!("\"{literal}\""));
        assert_eq!(text(&Value::String(r#"a"b\c"#.into())), r#""a\"b\\c""#);
    }

    #[test]
    fn numbers_have_one_spelling_and_a_range() {
        for (int, spelling) in [
            (0, "0"),
            (-1, "-1"),
            (10, "10"),
            (INT_MAX, "9007199254740991"),
            (-INT_MAX, "-9007199254740991"),
        ] {
            assert_eq!(text(&Value::Int(int)), spelling);
        }
        for int in [INT_MAX + 1, -INT_MAX - 1, i64::MAX, i64::MIN] {
            assert_eq!(encode(&Value::Int(int)), Err(CjError::IntRange));
        }
    }

    #[test]
    fn keys_are_sorted_by_byte_and_of_a_narrow_grammar() {
        let object = |keys: &[&str]| {
            Value::Object(keys.iter().map(|key| ((*key).to_owned(), Value::Null)).collect())
        };
        assert_eq!(
            text(&object(&["b", "a.b", "a", "B", "1", "a:b/c-d_e"])),
            r#"{"1":null,"B":null,"a":null,"a.b":null,"a:b/c-d_e":null,"b":null}"#
        );
        let long = "k".repeat(200);
        assert!(encode(&object(&[&long])).is_ok());
        for bad in ["", "a b", "đ", "a\"", "a\\", "$", &"k".repeat(201)] {
            assert_eq!(encode(&object(&[bad])), Err(CjError::Key(bad.to_owned())));
        }
    }

    #[test]
    fn nesting_ends_at_32_levels() {
        assert!(encode(&nested(32)).is_ok());
        assert_eq!(encode(&nested(33)), Err(CjError::Depth));
        assert_eq!(from_json(to_json(&nested(33))), Err(CjError::Depth));
    }

    #[test]
    fn json_outside_the_format_is_not_taken_over() {
        let refused = |text: &str| {
            let json = serde_json::from_str(text).expect("JSON");
            from_json(json).expect_err("outside the format")
        };
        assert_eq!(refused("1.5"), CjError::Fraction);
        assert_eq!(refused("1.0"), CjError::Fraction);
        assert_eq!(refused("[1e3]"), CjError::Fraction);
        assert_eq!(refused("9007199254740992"), CjError::IntRange);
        assert_eq!(refused("18446744073709551615"), CjError::IntRange);
        assert_eq!(refused(r#"{"a b":1}"#), CjError::Key("a b".into()));
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_itself(value in any_value()) {
            let bytes = encode(&value).expect("within the format");
            prop_assert_eq!(decode(&bytes), Ok(value));
        }

        #[test]
        fn a_json_library_reads_and_writes_the_same_value(value in any_value()) {
            let bytes = encode(&value).expect("within the format");
            let json: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
            prop_assert_eq!(&json, &to_json(&value));
            prop_assert_eq!(from_json(json), Ok(value.clone()));
            prop_assert_eq!(serde_json::to_vec(&value).expect("plain data"), bytes);
        }
    }
}
