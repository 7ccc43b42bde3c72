//! JSON as a tree that knows its lines: strict, without repeated keys, within limits.

use std::collections::BTreeSet;

use crate::finding::{Place, Refusal, code, text_of};

/// Deepest nesting of values.
const DEPTH_MAX: usize = 64;
/// Most values.
const NODES_MAX: usize = 100_000;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Line, counted from 1.
    pub(crate) line: u32,
    /// What stands there.
    pub(crate) value: Value,
}

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Truth(bool),
    /// A number as it was written.
    Number(String),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Keys with values, in the order of the source.
    Object(Vec<(String, Node)>),
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Node {
    /// The value under a key; `null` counts as absent.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        let found = self.entries().iter().find(|(name, _)| name == key).map(|(_, node)| node);
        found.filter(|node| node.value != Value::Null)
    }

    /// Keys and values of an object; none of anything else.
    pub(crate) fn entries(&self) -> &[(String, Node)] {
        match &self.value {
            Value::Object(entries) => entries,
            Value::Null | Value::Truth(_) | Value::Number(_) | Value::Text(_) | Value::List(_) => {
                &[]
            }
        }
    }

    /// The values of a list; none of anything else.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            Value::Null
            | Value::Truth(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::Object(_) => &[],
        }
    }

    /// Whether it is a list.
    pub(crate) fn is_list(&self) -> bool {
        matches!(self.value, Value::List(_))
    }

    /// Whether it is an object.
    pub(crate) fn is_object(&self) -> bool {
        matches!(self.value, Value::Object(_))
    }

    /// Its place, when its pointer is `path`.
    pub(crate) fn at(&self, path: &str) -> Place {
        Place { path: path.to_owned(), line: self.line }
    }
}

/// `path` and one more key of a JSON Pointer.
pub(crate) fn below(path: &str, key: &str) -> String {
    format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// Reads one JSON text.
pub(crate) fn read(source: &[u8]) -> Result<Node, Refusal> {
    let text = text_of(source)?;
    let mut reader = Reader { text, at: 0, line: 1, nodes: 0 };
    let root = reader.value(0)?;
    reader.blank();
    match reader.peek() {
        None => Ok(root),
        Some(_) => Err(reader.syntax("the end of the text")),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    nodes: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blank(&mut self) {
        while let Some(byte) = self.peek().filter(|byte| b" \t\r\n".contains(byte)) {
            self.line += u32::from(byte == b'\n');
            self.at += 1;
        }
    }

    fn is_next(&mut self, byte: u8) -> bool {
        self.blank();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn syntax(&self, wanted: &str) -> Refusal {
        let found = self.text.get(self.at..).and_then(|rest| rest.chars().next());
        let found = found.map_or("the end".to_owned(), |found| format!("{found:?}"));
        Refusal {
            code: code::IMPORT_JSON_SYNTAX,
            line: self.line,
            message: format!("Not JSON: {wanted} is expected, {found} is found."),
            remedy: "Check commas, quotes and brackets around this line.",
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, Refusal> {
        self.blank();
        let line = self.line;
        self.nodes += 1;
        if depth > DEPTH_MAX {
            return Err(Refusal {
                code: code::IMPORT_TOO_DEEP,
                line,
                message: format!("Values are nested more than {DEPTH_MAX} deep."),
                remedy: "Check that it is the right file.",
            });
        }
        if self.nodes > NODES_MAX {
            return Err(Refusal {
                code: code::IMPORT_TOO_MANY_PARTS,
                line,
                message: format!("There are more than {NODES_MAX} values."),
                remedy: "Check that it is the right file, or import one service of it alone.",
            });
        }
        let value = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Value::Text(self.string()?),
            Some(b't') => self.word("true", Value::Truth(true))?,
            Some(b'f') => self.word("false", Value::Truth(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(_) | None => return Err(self.syntax("a value")),
        };
        Ok(Node { line, value })
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Refusal> {
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(value);
        }
        Err(self.syntax("a value"))
    }

    fn number(&mut self) -> Result<Value, Refusal> {
        let rest = &self.text[self.at..];
        let part = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
        let number = &rest[..rest.find(|c| !part(c)).unwrap_or(rest.len())];
        if serde_json::from_str::<serde_json::Number>(number).is_err() {
            return Err(self.syntax("a number"));
        }
        self.at += number.len();
        Ok(Value::Number(number.to_owned()))
    }

    /// A string: its end is found here, its escapes are resolved by `serde_json`.
    fn string(&mut self) -> Result<String, Refusal> {
        let bytes = self.text.as_bytes();
        let mut end = self.at + 1;
        loop {
            match bytes.get(end) {
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(_) => end += 1,
                None => return Err(self.syntax("the closing quote of a text")),
            }
        }
        let text = self.text.get(self.at..=end).and_then(|text| serde_json::from_str(text).ok());
        let Some(text) = text else {
            return Err(self.syntax("a text without bare control characters or wrong escapes"));
        };
        self.at = end + 1;
        Ok(text)
    }

    fn list(&mut self, depth: usize) -> Result<Value, Refusal> {
        self.at += 1;
        let mut items = Vec::new();
        if self.is_next(b']') {
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.is_next(b']') {
                return Ok(Value::List(items));
            }
            if !self.is_next(b',') {
                return Err(self.syntax("a comma or a closing bracket"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Refusal> {
        self.at += 1;
        let mut entries = Vec::new();
        let mut keys = BTreeSet::new();
        if self.is_next(b'}') {
            return Ok(Value::Object(entries));
        }
        loop {
            self.blank();
            if self.peek() != Some(b'"') {
                return Err(self.syntax("a key in quotes"));
            }
            let line = self.line;
            let key = self.string()?;
            if !keys.insert(key.clone()) {
                return Err(Refusal {
                    code: code::IMPORT_DUPLICATE_KEY,
                    line,
                    message: format!("The key {} stands twice.", crate::finding::quoted(&key)),
                    remedy: "Remove one of the two: readers differ in which of them they take.",
                });
            }
            if !self.is_next(b':') {
                return Err(self.syntax("a colon"));
            }
            entries.push((key, self.value(depth + 1)?));
            if self.is_next(b'}') {
                return Ok(Value::Object(entries));
            }
            if !self.is_next(b',') {
                return Err(self.syntax("a comma or a closing brace"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(source: &[u8]) -> (&'static str, u32) {
        let refusal = read(source).expect_err("refused");
        (refusal.code, refusal.line)
    }

    #[test]
    fn every_value_knows_its_line() {
        let root = read(b"{\n \"a\": [1,\n  {\"b\": \"x\\ny\"}],\n \"c\": null}").expect("JSON");
        let list = root.get("a").expect("a list");
        assert_eq!((list.line, list.items()[1].line), (2, 3));
        assert_eq!(root.get("c"), None);
        let text = list.items()[1].get("b").map(|node| node.value.clone());
        assert_eq!(text, Some(Value::Text("x\ny".into())));
    }

    #[test]
    fn what_two_readers_read_differently_is_refused() {
        assert_eq!(refused(b"{\"a\":1,\n\"a\":2}"), (code::IMPORT_DUPLICATE_KEY, 2));
        for source in
            ["", "{", "[1,]", "{\"a\":1,}", "01", "[1] 2", "'a'", "{a:1}", "\"\\x\"", "\""]
        {
            assert_eq!(refused(source.as_bytes()).0, code::IMPORT_JSON_SYNTAX, "{source}");
        }
        assert_eq!(refused(b"\"\xff\"").0, code::IMPORT_NOT_UTF8);
    }

    #[test]
    fn size_depth_and_values_are_bounded() {
        assert_eq!(refused("[".repeat(100_000).as_bytes()).0, code::IMPORT_TOO_DEEP);
        let many = format!("[{}0]", "0,".repeat(NODES_MAX));
        assert_eq!(refused(many.as_bytes()).0, code::IMPORT_TOO_MANY_PARTS);
        assert_eq!(refused(&vec![b' '; 100 << 20]).0, code::IMPORT_TOO_LARGE);
    }
}
