//! Typed access to the values of a mapping.

use std::ops::RangeInclusive;

use jiff::civil::{Date, Time};
use unicode_normalization::UnicodeNormalization;

use super::words::Words;
use super::{Reader, suggestion};
use crate::definition::Text;
use crate::finding::code;
use crate::guard::{Formula, Guard};
use crate::yaml::{Node, Value};

/// Longest text, characters.
pub(crate) const TEXT_CHARS_MAX: usize = 2_000;
/// Longest id, bytes.
const ID_BYTES_MAX: usize = 64;

/// A value and its JSON Pointer.
#[derive(Clone, Debug)]
pub(crate) struct Item<'a> {
    /// The value.
    pub(crate) node: &'a Node,
    /// JSON Pointer to it.
    pub(crate) at: String,
}

/// The values of a mapping, asked for one by one; what nobody asked for is unknown.
pub(crate) struct Fields<'a> {
    /// The mapping.
    pub(crate) item: Item<'a>,
    asked: Vec<&'static str>,
}

impl<'a> Item<'a> {
    fn scalar(&self) -> Option<(&'a str, bool)> {
        match &self.node.value {
            Value::Scalar { text, plain } => Some((text, *plain)),
            Value::Sequence(_) | Value::Mapping(_) => None,
        }
    }

    /// Whether it is a mapping.
    pub(crate) fn is_mapping(&self) -> bool {
        matches!(self.node.value, Value::Mapping(_))
    }

    /// Whether it is a list.
    pub(crate) fn is_list(&self) -> bool {
        matches!(self.node.value, Value::Sequence(_))
    }

    /// Whether it is this word.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.scalar().is_some_and(|(text, _)| text == word)
    }

    /// The values of a mapping.
    pub(crate) fn fields(self, reader: &mut Reader<'_>) -> Option<Fields<'a>> {
        if !self.is_mapping() {
            wrong_type(reader, &self.at, "keys with values");
            return None;
        }
        Some(Fields { item: self, asked: Vec::new() })
    }

    /// The values of a list of at most `max` entries.
    pub(crate) fn list(self, reader: &mut Reader<'_>, max: usize) -> Vec<Item<'a>> {
        let Value::Sequence(items) = &self.node.value else {
            wrong_type(reader, &self.at, "a list");
            return Vec::new();
        };
        if items.len() > max {
            let message = format!("The list has {} entries; at most {max}.", items.len());
            reader.fault(code::OUT_OF_RANGE, &self.at, message, "Shorten the list.");
        }
        let item = |(index, node)| Item { node, at: format!("{}/{index}", self.at) };
        items.iter().take(max).enumerate().map(item).collect()
    }

    /// A non-empty text, normalised to NFC.
    pub(crate) fn text(&self, reader: &mut Reader<'_>) -> Option<String> {
        let found = self.scalar().filter(|(text, plain)| !plain || is_text(text));
        let Some((text, _)) = found else {
            wrong_type(reader, &self.at, "text; numbers, true, false and null go in quotes");
            return None;
        };
        let text: String = text.nfc().collect();
        let text = text.trim();
        let length = text.chars().count();
        if length == 0 {
            reader.fault(code::EMPTY_TEXT, &self.at, "The text is empty.", "Write it.");
            return None;
        }
        if length > TEXT_CHARS_MAX {
            let message = format!("The text has {length} characters; at most {TEXT_CHARS_MAX}.");
            reader.fault(code::OUT_OF_RANGE, &self.at, message, "Shorten it.");
            return None;
        }
        Some(text.to_owned())
    }

    /// An id: letters, digits, `_`, `-`, `.`, beginning with a letter.
    pub(crate) fn id(&self, reader: &mut Reader<'_>) -> Option<String> {
        let text = self.text(reader)?;
        if is_id(&text) {
            return Some(text);
        }
        let message = format!("{text:?} is no id.");
        let remedy =
            "Use up to 64 ASCII letters, digits, `_`, `-` or `.`, beginning with a letter.";
        reader.fault(code::BAD_FORMAT, &self.at, message, remedy);
        None
    }

    /// A whole number.
    pub(crate) fn number(
        &self,
        reader: &mut Reader<'_>,
        range: RangeInclusive<u64>,
    ) -> Option<u64> {
        let plain = self.scalar().filter(|(_, plain)| *plain);
        let digits = plain.filter(|(text, _)| !text.is_empty() && text.len() <= 19);
        let number = digits.and_then(|(text, _)| text.parse::<u64>().ok());
        let Some(number) = number else {
            wrong_type(reader, &self.at, "a whole number that is not negative");
            return None;
        };
        if range.contains(&number) {
            return Some(number);
        }
        let (least, most) = (range.start(), range.end());
        let message = format!("{number} is out of range.");
        let remedy = format!("Write a number from {least} to {most}.");
        reader.fault(code::OUT_OF_RANGE, &self.at, message, remedy);
        None
    }

    /// A whole number of 32 bits.
    pub(crate) fn count(&self, reader: &mut Reader<'_>, range: RangeInclusive<u32>) -> Option<u32> {
        let wide = u64::from(*range.start())..=u64::from(*range.end());
        self.number(reader, wide).and_then(|number| u32::try_from(number).ok())
    }

    /// `true` or `false`.
    pub(crate) fn truth(&self, reader: &mut Reader<'_>) -> Option<bool> {
        match self.scalar() {
            Some(("true", true)) => Some(true),
            Some(("false", true)) => Some(false),
            _ => {
                wrong_type(reader, &self.at, "true or false");
                None
            }
        }
    }

    /// One word of a closed list.
    pub(crate) fn word<T: Copy>(&self, reader: &mut Reader<'_>, words: &Words<T>) -> Option<T> {
        let text = self.text(reader)?;
        let known = words.iter().find(|(name, _)| *name == text);
        if known.is_none() {
            let message = format!("{text:?} is not known here.");
            let remedy = suggestion(&text, words.iter().map(|(name, _)| *name));
            reader.fault(code::UNKNOWN_VALUE, &self.at, message, remedy);
        }
        known.map(|(_, value)| *value)
    }

    /// A text in both languages.
    pub(crate) fn bilingual(self, reader: &mut Reader<'_>) -> Text {
        let mut text = Text { vi: String::new(), en: String::new() };
        if let Some(mut fields) = self.fields(reader) {
            let vi = fields.required(reader, "vi").and_then(|item| item.text(reader));
            let en = fields.required(reader, "en").and_then(|item| item.text(reader));
            text = Text { vi: vi.unwrap_or_default(), en: en.unwrap_or_default() };
            fields.finish(reader);
        }
        text
    }

    /// A date, `2026-07-01`.
    pub(crate) fn date(&self, reader: &mut Reader<'_>) -> Option<Date> {
        let text = self.text(reader)?;
        let date = text.parse::<Date>().ok().filter(|date| date.to_string() == text);
        if date.is_none() {
            let message = format!("{text:?} is no date.");
            reader.fault(code::BAD_FORMAT, &self.at, message, "Write year-month-day: 2026-07-01.");
        }
        date
    }

    /// A time of day, `15:00` or `15:00:00`.
    pub(crate) fn time(&self, reader: &mut Reader<'_>) -> Option<Time> {
        let text = self.text(reader)?;
        let whole = if text.len() == 5 { format!("{text}:00") } else { text.clone() };
        let time = whole.parse::<Time>().ok().filter(|time| time.to_string() == whole);
        if time.is_none() {
            let message = format!("{text:?} is no time of day.");
            reader.fault(code::BAD_FORMAT, &self.at, message, "Write it as \"15:00\".");
        }
        time
    }

    /// A condition.
    pub(crate) fn guard(&self, reader: &mut Reader<'_>) -> Option<Guard> {
        let text = self.text(reader)?;
        match Guard::compile(&text) {
            Ok(guard) => Some(guard),
            Err(error) => {
                let remedy = "See \"Conditions\" in the reference.";
                reader.fault(code::GUARD_INVALID, &self.at, error.to_string(), remedy);
                None
            }
        }
    }

    /// A formula.
    pub(crate) fn formula(&self, reader: &mut Reader<'_>) -> Option<Formula> {
        let text = self.text(reader)?;
        match Formula::compile(&text) {
            Ok(formula) => Some(formula),
            Err(error) => {
                let remedy = "See \"Conditions\" in the reference.";
                reader.fault(code::GUARD_INVALID, &self.at, error.to_string(), remedy);
                None
            }
        }
    }

    /// The ids of a list of at most `max` entries.
    pub(crate) fn ids(self, reader: &mut Reader<'_>, max: usize) -> Vec<String> {
        let items = self.list(reader, max);
        items.into_iter().filter_map(|item| item.id(reader)).collect()
    }

    /// The value as JSON, for a schema.
    pub(crate) fn json(&self, reader: &mut Reader<'_>) -> serde_json::Value {
        json_of(reader, self.node, &self.at)
    }
}

impl<'a> Fields<'a> {
    /// Pointer to the value of `name`.
    pub(crate) fn at(&self, name: &str) -> String {
        format!("{}/{name}", self.item.at)
    }

    /// The value of `name`, which may be absent.
    pub(crate) fn optional(&mut self, name: &'static str) -> Option<Item<'a>> {
        self.asked.push(name);
        let Value::Mapping(entries) = &self.item.node.value else {
            return None;
        };
        let entry = entries.iter().find(|entry| entry.key == name)?;
        Some(Item { node: &entry.node, at: self.at(name) })
    }

    /// The value of `name`, which must be there.
    pub(crate) fn required(
        &mut self,
        reader: &mut Reader<'_>,
        name: &'static str,
    ) -> Option<Item<'a>> {
        let found = self.optional(name);
        if found.is_none() {
            let message = format!("The key {name:?} is missing.");
            reader.fault(code::MISSING_KEY, &self.at(name), message, format!("Add `{name}:`."));
        }
        found
    }

    /// The entries of the mapping, for those whose keys are ids of the author.
    pub(crate) fn entries(&self) -> Vec<(&'a str, Item<'a>)> {
        let Value::Mapping(entries) = &self.item.node.value else {
            return Vec::new();
        };
        let item = |entry: &'a crate::yaml::Entry| {
            let key = entry.key.replace('~', "~0").replace('/', "~1");
            (entry.key.as_str(), Item { node: &entry.node, at: self.at(&key) })
        };
        entries.iter().map(item).collect()
    }

    /// Reports the keys that nobody asked for.
    pub(crate) fn finish(self, reader: &mut Reader<'_>) {
        for (key, item) in self.entries() {
            if !self.asked.contains(&key) {
                let message = format!("The key {key:?} is not known here.");
                let remedy = suggestion(key, self.asked.iter().copied());
                reader.fault(code::UNKNOWN_KEY, &item.at, message, remedy);
            }
        }
    }
}

/// Whether `text` can be an id.
pub(crate) fn is_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    text.len() <= ID_BYTES_MAX
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(allowed)
}

fn wrong_type(reader: &mut Reader<'_>, at: &str, wanted: &str) {
    let message = format!("Expected {wanted}.");
    reader.fault(code::WRONG_TYPE, at, message, "Correct the value or its indentation.");
}

/// Whether an unquoted scalar is text in YAML 1.2 and not a number, truth value or null.
fn is_text(text: &str) -> bool {
    let word = matches!(text, "" | "~" | "null" | "Null" | "NULL" | "true" | "True" | "TRUE");
    let word = word || matches!(text, "false" | "False" | "FALSE");
    let digits = text.trim_start_matches(['+', '-']);
    let number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && (text.parse::<f64>().is_ok() || digits.starts_with("0x") || digits.starts_with("0o"));
    !word && !number
}

fn json_of(reader: &mut Reader<'_>, node: &Node, at: &str) -> serde_json::Value {
    use serde_json::Value as Json;
    match &node.value {
        Value::Sequence(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| json_of(reader, item, &format!("{at}/{index}")))
            .collect(),
        Value::Mapping(entries) => {
            let pair = |entry: &crate::yaml::Entry| {
                let key = entry.key.replace('~', "~0").replace('/', "~1");
                (entry.key.clone(), json_of(reader, &entry.node, &format!("{at}/{key}")))
            };
            Json::Object(entries.iter().map(pair).collect())
        }
        Value::Scalar { text, plain: false } => Json::String(text.nfc().collect()),
        Value::Scalar { text, plain: true } => match text.as_str() {
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            "null" | "~" | "" => Json::Null,
            word if is_text(word) => Json::String(word.nfc().collect()),
            number => number.parse::<i64>().map_or_else(
                |_| {
                    wrong_type(reader, at, "a whole number, or text in quotes");
                    Json::Null
                },
                Json::from,
            ),
        },
    }
}
