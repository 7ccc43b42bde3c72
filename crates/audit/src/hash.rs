//! Hashes and salts: 32 bytes that travel as 64 lower-case hexadecimal digits.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A SHA-256 value. Shown, parsed and serialized as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

/// 32 bytes from the system's CSPRNG, fresh for every field of every event, never derived, never
/// reused. Whoever holds the salt can test guesses of the value, so `Debug`
/// hides it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 32]);

/// A text that is not exactly 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not 64 lower-case hexadecimal digits")]
pub struct HexError;

impl Salt {
    /// The salt as 64 lower-case hexadecimal digits.
    pub fn hex(&self) -> String {
        Hash(self.0).to_string()
    }
}

impl Hash {
    /// The hash whose 64 digits these are.
    pub(crate) fn of_digits(digits: &[u8]) -> Option<Self> {
        let (pairs, []) = digits.as_chunks::<2>() else { return None };
        let pairs: &[[u8; 2]; 32] = pairs.try_into().ok()?;
        let mut bytes = [0; 32];
        let mut seen = 0;
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            let (high, low) = (NIBBLES[usize::from(*high)], NIBBLES[usize::from(*low)]);
            seen |= high | low;
            *byte = high << 4 | low & 15;
        }
        (seen < 16).then_some(Self(bytes))
    }

    /// The 64 ASCII digits, for writers that build canonical bytes.
    pub(crate) fn digits(&self) -> [u8; 64] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        text
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.digits()).expect("hexadecimal digits are ASCII"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(..)")
    }
}

impl FromStr for Hash {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, HexError> {
        Self::of_digits(text.as_bytes()).ok_or(HexError)
    }
}

impl FromStr for Salt {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, HexError> {
        text.parse().map(|Hash(bytes)| Self(bytes))
    }
}

/// What each digit stands for; more than 15 for any other byte.
const NIBBLES: [u8; 256] = {
    let mut table = [0xff; 256];
    let mut value = 0;
    while value < 16 {
        table[b"0123456789abcdef"[value] as usize] = value as u8;
        value += 1;
    }
    table
};

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Serialize for Salt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Hash(self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Salt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Hash::deserialize(deserializer).map(|Hash(bytes)| Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_shown_and_parsed_as_64_lower_case_digits() {
        let hash = Hash(std::array::from_fn(|i| (i * 8) as u8));
        let text = hash.to_string();
        assert!(text.starts_with("0008101820"));
        assert_eq!(text.parse(), Ok(hash));
        assert_eq!(text.parse(), Ok(Salt(hash.0)));
        assert_eq!(Salt(hash.0).hex(), text);
    }

    #[test]
    fn any_other_text_is_refused() {
        let good = "0a".repeat(32);
        let long = format!("{good}0");
        for bad in ["", &good[1..], &long, &good.to_uppercase(), &good.replace('a', "g")] {
            assert_eq!(bad.parse::<Hash>(), Err(HexError), "{bad:?}");
        }
        let wide = format!("{}é", &good[2..]);
        assert_eq!(wide.len(), 64);
        assert_eq!(wide.parse::<Hash>(), Err(HexError));
    }

    #[test]
    fn a_salt_does_not_show_itself_in_logs() {
        assert_eq!(format!("{:?}", Salt([3; 32])), "Salt(..)");
    }
}
