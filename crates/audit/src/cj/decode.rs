//! The strict reader of canonical JSON.

use std::collections::BTreeMap;

use super::{CjError, Value, checked_int, checked_key, deeper, write_value};

/// Reads canonical JSON and nothing else: what is accepted re-encodes to the same bytes.
///
/// # Errors
/// Every [`CjError`]: byte-order mark, white space, trailing bytes and lone surrogates are
/// [`CjError::Syntax`]; unsorted keys, needless escapes and zeros are [`CjError::Spelling`].
pub fn decode(bytes: &[u8]) -> Result<Value, CjError> {
    let text = std::str::from_utf8(bytes).map_err(|e| CjError::Syntax { at: e.valid_up_to() })?;
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    if reader.at < bytes.len() {
        return Err(reader.syntax());
    }
    let mut again = Vec::with_capacity(bytes.len());
    write_value(&mut again, &value, 0)?;
    if again == bytes { Ok(value) } else { Err(CjError::Spelling) }
}

/// A position in a text. `at` always stands between two characters.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: u32) -> Result<Value, CjError> {
        match self.peek() {
            Some(b'n') => self.word("null", Value::Null),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'"') => self.string().map(Value::String),
            Some(b'[') => self.array(deeper(depth)?).map(Value::Array),
            Some(b'{') => self.object(deeper(depth)?).map(Value::Object),
            Some(b'-' | b'0'..=b'9') => self.int().map(Value::Int),
            Some(_) | None => Err(self.syntax()),
        }
    }

    fn array(&mut self, depth: u32) -> Result<Vec<Value>, CjError> {
        let mut items = Vec::new();
        self.expect(b'[')?;
        if self.accept(b']') {
            return Ok(items);
        }
        loop {
            items.push(self.value(depth)?);
            if !self.accept(b',') {
                self.expect(b']')?;
                return Ok(items);
            }
        }
    }

    fn object(&mut self, depth: u32) -> Result<BTreeMap<String, Value>, CjError> {
        let mut members = BTreeMap::new();
        self.expect(b'{')?;
        if self.accept(b'}') {
            return Ok(members);
        }
        loop {
            let key = self.string()?;
            checked_key(&key)?;
            if members.contains_key(&key) {
                return Err(CjError::DuplicateKey(key));
            }
            self.expect(b':')?;
            let member = self.value(depth)?;
            members.insert(key, member);
            if !self.accept(b',') {
                self.expect(b'}')?;
                return Ok(members);
            }
        }
    }

    fn int(&mut self) -> Result<i64, CjError> {
        let start = self.at;
        self.accept(b'-');
        let digits_start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == digits_start {
            return Err(self.syntax());
        }
        if let Some(b'.' | b'e' | b'E') = self.peek() {
            return Err(CjError::Fraction);
        }
        // Digits alone can only fail to parse by being too large.
        let int = self.text[start..self.at].parse().map_err(|_| CjError::IntRange)?;
        checked_int(int)
    }

    fn string(&mut self) -> Result<String, CjError> {
        self.expect(b'"')?;
        let mut string = String::new();
        loop {
            let rest = &self.text[self.at..];
            let special = |c: char| c == '"' || c == '\\' || c < ' ';
            let run = rest.find(special).unwrap_or(rest.len());
            string.push_str(&rest[..run]);
            self.at += run;
            if self.accept(b'"') {
                return Ok(string);
            }
            self.expect(b'\\')?;
            string.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<char, CjError> {
        let plain = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b't') => '\t',
            Some(b'n') => '\n',
            Some(b'f') => '\u{c}',
            Some(b'r') => '\r',
            Some(b'u') => return self.escaped_scalar(),
            Some(_) | None => return Err(self.syntax()),
        };
        self.at += 1;
        Ok(plain)
    }

    /// `uXXXX`. Surrogates never stand in canonical JSON, paired or not.
    fn escaped_scalar(&mut self) -> Result<char, CjError> {
        let digits = self
            .text
            .get(self.at + 1..self.at + 5)
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let scalar = digits
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .and_then(char::from_u32)
            .ok_or_else(|| self.syntax())?;
        self.at += 5;
        Ok(scalar)
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, CjError> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.syntax());
        }
        self.at += word.len();
        Ok(value)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Steps over one ASCII byte if it comes next.
    fn accept(&mut self, byte: u8) -> bool {
        let comes = self.peek() == Some(byte);
        self.at += usize::from(comes);
        comes
    }

    fn expect(&mut self, byte: u8) -> Result<(), CjError> {
        if self.accept(byte) { Ok(()) } else { Err(self.syntax()) }
    }

    fn syntax(&self) -> CjError {
        CjError::Syntax { at: self.at }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{encode, value_end};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn whatever_is_not_canonical_is_refused_with_its_reason() {
        let syntax = |at| CjError::Syntax { at };
        for (text, error) in [
            ("", syntax(0)),
            ("\u{feff}null", syntax(0)),
            (" 1", syntax(0)),
            ("1 ", syntax(1)),
            ("1\n", syntax(1)),
            ("[1, 2]", syntax(3)),
            (r#"{"a" :1}"#, syntax(4)),
            ("[1,]", syntax(3)),
            ("[1", syntax(2)),
            (r#"{"a":1,}"#, syntax(7)),
            ("{a:1}", syntax(1)),
            ("nul", syntax(0)),
            ("nullnull", syntax(4)),
            ("'a'", syntax(0)),
            ("\"a", syntax(2)),
            ("\"a\tb\"", syntax(2)),
            (r#""\x""#, syntax(2)),
            (r#""\u00e""#, syntax(2)),
            (r#""\u+0e1""#, syntax(2)),
            (r#""\ud800""#, syntax(2)),
            (r#""\ud83d\ude00""#, syntax(2)),
            ("-", syntax(1)),
            ("+1", syntax(0)),
            ("NaN", syntax(0)),
            ("1.0", CjError::Fraction),
            ("1e3", CjError::Fraction),
            ("-0.5", CjError::Fraction),
            ("-0", CjError::Spelling),
            ("01", CjError::Spelling),
            ("-01", CjError::Spelling),
            (r#""\/""#, CjError::Spelling),
            (r#""\u0041""#, CjError::Spelling),
            (r#""\u000A""#, CjError::Spelling),
            (r#""\u000a""#, CjError::Spelling),
            (r#""\u001F""#, CjError::Spelling),
            (r#"{"b":1,"a":2}"#, CjError::Spelling),
            (r#"{"a":1,"a":1}"#, CjError::DuplicateKey("a".into())),
            (r#"{"a":1,"\u0061":1}"#, CjError::DuplicateKey("a".into())),
            (r#"{"":1}"#, CjError::Key(String::new())),
            (r#"{"đ":1}"#, CjError::Key("đ".into())),
            ("9007199254740992", CjError::IntRange),
            ("-9007199254740992", CjError::IntRange),
            ("99999999999999999999999", CjError::IntRange),
            (&format!("{}{}", "[".repeat(33), "]".repeat(33)), CjError::Depth),
            (&"[".repeat(1_000_000), CjError::Depth),
        ] {
            assert_eq!(decode(text.as_bytes()), Err(error), "{text:.60}");
        }
        assert_eq!(decode(b"\"\xff\""), Err(syntax(1)));
        assert_eq!(decode(b"\"\xed\xa0\x80\""), Err(syntax(1)));
    }

    #[test]
    fn canonical_texts_are_accepted() {
        for text in ["null", "[]", "{}", "[true,false,null,-9007199254740991,0]"] {
            let value = decode(text.as_bytes()).expect(text);
            assert_eq!(encode(&value), Ok(text.as_bytes().to_vec()));
        }
        let deep = format!("{}{}", "[".repeat(32), "]".repeat(32));
        assert!(decode(deep.as_bytes()).is_ok());
    }

    /// Texts near the format, so that arbitrary input often gets far into the reader.
    fn almost_json() -> impl Strategy<Value = Vec<u8>> {
        let bytes = proptest::collection::vec(any::<u8>(), 0..40);
        let shaped = r#"[\[\]{},:"\\un0-9a-f.\-eE /truls]{0,40}"#.prop_map(String::into_bytes);
        let damaged = (super::super::tests::any_value(), any::<usize>(), any::<u8>()).prop_map(
            |(value, place, byte)| {
                let mut bytes = encode(&value).expect("within the format");
                let place = place % bytes.len();
                bytes[place] = byte;
                bytes
            },
        );
        prop_oneof![bytes, shaped, damaged]
    }

    fn walked(bytes: &[u8]) -> bool {
        std::str::from_utf8(bytes).is_ok() && value_end(bytes, 0, 0) == Some(bytes.len())
    }

    #[test]
    fn a_walk_accepts_every_escape_and_number_that_the_reader_accepts_and_no_other() {
        let escapes = (0..=u8::MAX).map(|byte| format!("\"\\u00{byte:02x}\""));
        let upper = (0..=u8::MAX).map(|byte| format!("\"\\u00{byte:02X}\""));
        let short = ('\0'..='\u{7f}').map(|letter| format!("\"\\{letter}\""));
        let plain = ('\0'..='\u{100}').map(|letter| format!("\"seven..{letter}\""));
        let numbers = ["0", "-0", "00", "-1", "9007199254740991", "-9007199254740991"];
        let large = ["9007199254740992", "-9007199254740992", "10000000000000000", "1.0", "1e1"];
        let numbers = numbers.into_iter().chain(large).map(str::to_owned);
        for text in escapes.chain(upper).chain(short).chain(plain).chain(numbers) {
            assert_eq!(walked(text.as_bytes()), decode(text.as_bytes()).is_ok(), "{text}");
        }
        for levels in [31, 32, 33] {
            let deep = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
            assert_eq!(walked(deep.as_bytes()), decode(deep.as_bytes()).is_ok(), "{levels}");
            let deep = format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
            assert_eq!(walked(deep.as_bytes()), decode(deep.as_bytes()).is_ok(), "{levels}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn a_walk_accepts_what_the_reader_accepts(bytes in almost_json()) {
            prop_assert_eq!(walked(&bytes), decode(&bytes).is_ok());
        }

        #[test]
        fn a_walk_reaches_the_end_of_every_value(value in super::super::tests::any_value()) {
            let bytes = encode(&value).expect("within the format");
            prop_assert!(walked(&bytes));
        }

        #[test]
        fn arbitrary_bytes_never_panic_and_what_is_accepted_encodes_to_itself(
            bytes in almost_json()
        ) {
            if let Ok(value) = decode(&bytes) {
                prop_assert_eq!(encode(&value), Ok(bytes));
            }
        }
    }
}
