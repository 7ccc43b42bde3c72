//! A walk over canonical JSON that makes nothing of it: for whoever needs the bytes alone.

use super::{INT_MAX, KEY_BYTES_MAX, deeper};

/// Where the canonical value ends that begins at `at`, inside `depth` levels; none if none begins
/// there. What stands up to the end is what [`super::decode`] accepts, where the text is UTF-8.
pub(crate) fn value_end(text: &[u8], at: usize, depth: u32) -> Option<usize> {
    match text.get(at)? {
        b'"' => string_end(text, at),
        b'[' => array_end(text, at, deeper(depth).ok()?),
        b'{' => object_end(text, at, deeper(depth).ok()?),
        b'-' | b'0'..=b'9' => int_end(text, at),
        b'n' => word_end(text, at, b"null"),
        b't' => word_end(text, at, b"true"),
        b'f' => word_end(text, at, b"false"),
        _ => None,
    }
}

/// As [`value_end`], of a key: a string of the key grammar.
pub(crate) fn key_end(text: &[u8], at: usize) -> Option<usize> {
    if text.get(at) != Some(&b'"') {
        return None;
    }
    let key = &text[at + 1..];
    let run = key.iter().take_while(|byte| IN_KEY[usize::from(**byte)]).count();
    let fits = (1..=KEY_BYTES_MAX).contains(&run) && key.get(run) == Some(&b'"');
    fits.then_some(at + run + 2)
}

const IN_KEY: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric()
            || matches!(byte as u8, b'_' | b'.' | b':' | b'/' | b'-');
        byte += 1;
    }
    table
};

fn array_end(text: &[u8], at: usize, depth: u32) -> Option<usize> {
    let mut at = at + 1;
    if text.get(at) == Some(&b']') {
        return Some(at + 1);
    }
    loop {
        at = value_end(text, at, depth)?;
        match text.get(at)? {
            b',' => at += 1,
            b']' => return Some(at + 1),
            _ => return None,
        }
    }
}

fn object_end(text: &[u8], at: usize, depth: u32) -> Option<usize> {
    let mut at = at + 1;
    if text.get(at) == Some(&b'}') {
        return Some(at + 1);
    }
    let mut before: &[u8] = b"";
    loop {
        let end = key_end(text, at)?;
        let key = &text[at + 1..end - 1];
        if !rises(before, key) || text.get(end) != Some(&b':') {
            return None;
        }
        before = key;
        at = value_end(text, end + 1, depth)?;
        match text.get(at)? {
            b',' => at += 1,
            b'}' => return Some(at + 1),
            _ => return None,
        }
    }
}

/// Whether `key` comes after `before`, as bytes do; mostly the first tells.
fn rises(before: &[u8], key: &[u8]) -> bool {
    match (before.first(), key.first()) {
        (Some(left), Some(right)) if left != right => left < right,
        _ => before < key,
    }
}

fn word_end<const N: usize>(text: &[u8], at: usize, word: &[u8; N]) -> Option<usize> {
    (text[at..].first_chunk::<N>() == Some(word)).then_some(at + N)
}

fn int_end(text: &[u8], at: usize) -> Option<usize> {
    /// Digits of [`INT_MAX`].
    const DIGITS_MAX: usize = 16;
    let is_negative = text[at] == b'-';
    let digits = &text[at + usize::from(is_negative)..];
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=DIGITS_MAX).contains(&count) || (digits[0] == b'0' && (count > 1 || is_negative)) {
        return None;
    }
    let int = digits[..count].iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    (int <= INT_MAX.unsigned_abs()).then_some(at + usize::from(is_negative) + count)
}

fn string_end(text: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        at += plain_run(&text[at..]);
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at = escape_end(text, at + 1)?,
            _ => return None,
        }
    }
}

/// How many bytes stand before the first quote, backslash or control character; eight are looked at
/// together.
fn plain_run(text: &[u8]) -> usize {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const TOP: u64 = 0x8080_8080_8080_8080;
    /// The lowest top bit that is set is that of the first byte below `limit`.
    const fn below(word: u64, limit: u8) -> u64 {
        word.wrapping_sub(EACH * limit as u64) & !word & TOP
    }
    let (words, rest) = text.as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quote = below(word ^ (EACH * b'"' as u64), 1);
        let backslash = below(word ^ (EACH * b'\\' as u64), 1);
        let found = below(word, 0x20) | quote | backslash;
        if found != 0 {
            return place * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let is_plain = |byte: &&u8| **byte >= 0x20 && **byte != b'"' && **byte != b'\\';
    words.len() * 8 + rest.iter().take_while(is_plain).count()
}

/// Behind a backslash: the short escapes, and `u00xx` of the control characters that have none.
fn escape_end(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' | b'\\' | b'b' | b't' | b'n' | b'f' | b'r' => Some(at + 1),
        b'u' => match text.get(at + 1..at + 5)? {
            [b'0', b'0', b'0', b'0'..=b'7' | b'b' | b'e' | b'f'] => Some(at + 5),
            [b'0', b'0', b'1', b'0'..=b'9' | b'a'..=b'f'] => Some(at + 5),
            _ => None,
        },
        _ => None,
    }
}
