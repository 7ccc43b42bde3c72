//! Typed access to values that know where they stand.

use jiff::Timestamp;
use jiff::civil::Date;
use motcua_procedures::{code, suggestion, yaml};
use serde_json::{Map, Value};

use super::Reader;
use crate::instant;

/// Longest text, characters.
const TEXT_CHARS_MAX: usize = 4_000;

/// A value and its JSON Pointer.
#[derive(Clone, Debug)]
pub(crate) struct Item<'a> {
    pub(crate) value: &'a Value,
    pub(crate) at: String,
}

/// The values of a mapping, asked for one by one; what nobody asked for is unknown.
pub(crate) struct Fields<'a> {
    map: &'a Map<String, Value>,
    at: String,
    asked: Vec<&'static str>,
}

impl<'a> Item<'a> {
    fn wrong(&self, reader: &mut Reader<'_>, wanted: &str) {
        let message = format!("Expected {wanted}.");
        let remedy = "Correct the value or its indentation.";
        reader.fault(code::WRONG_TYPE, &self.at, message, remedy);
    }

    pub(crate) fn object(&self, reader: &mut Reader<'_>) -> Option<&'a Map<String, Value>> {
        let object = self.value.as_object();
        if object.is_none() {
            self.wrong(reader, "keys with values");
        }
        object
    }

    pub(crate) fn fields(&self, reader: &mut Reader<'_>) -> Option<Fields<'a>> {
        let map = self.object(reader)?;
        Some(Fields { map, at: self.at.clone(), asked: Vec::new() })
    }

    pub(crate) fn list(&self, reader: &mut Reader<'_>, max: usize) -> Vec<Item<'a>> {
        let Value::Array(list) = self.value else {
            self.wrong(reader, "a list");
            return Vec::new();
        };
        if list.len() > max {
            let message = format!("The list has {} entries; at most {max}.", list.len());
            reader.fault(code::OUT_OF_RANGE, &self.at, message, "Shorten the list.");
        }
        let item = |(index, value)| Item { value, at: format!("{}/{index}", self.at) };
        list.iter().take(max).enumerate().map(item).collect()
    }

    pub(crate) fn texts(&self, reader: &mut Reader<'_>) -> Vec<String> {
        let items = self.list(reader, 200);
        items.into_iter().filter_map(|item| item.word(reader)).collect()
    }

    /// A text that says something.
    pub(crate) fn text(&self, reader: &mut Reader<'_>) -> Option<String> {
        let text = self.plain_text(reader)?;
        if text.is_empty() {
            reader.fault(code::EMPTY_TEXT, &self.at, "The text is empty.", "Write it.");
            return None;
        }
        Some(text)
    }

    /// A text that may be empty.
    pub(crate) fn plain_text(&self, reader: &mut Reader<'_>) -> Option<String> {
        let Some(text) = self.value.as_str() else {
            self.wrong(reader, "text; what looks like a number goes in quotes");
            return None;
        };
        if text.chars().count() > TEXT_CHARS_MAX {
            let message = format!("The text has more than {TEXT_CHARS_MAX} characters.");
            reader.fault(code::OUT_OF_RANGE, &self.at, message, "Shorten it.");
            return None;
        }
        Some(text.trim().to_owned())
    }

    /// A text, or a number written without quotes.
    pub(crate) fn word(&self, reader: &mut Reader<'_>) -> Option<String> {
        match self.value {
            Value::Number(number) => Some(number.to_string()),
            _ => self.text(reader),
        }
    }

    pub(crate) fn number(&self, reader: &mut Reader<'_>) -> Option<u64> {
        let number = self.value.as_u64();
        if number.is_none() {
            self.wrong(reader, "a whole number that is not negative");
        }
        number
    }

    pub(crate) fn count(&self, reader: &mut Reader<'_>) -> Option<u32> {
        let number = self.number(reader)?;
        let count = u32::try_from(number).ok();
        if count.is_none() {
            self.wrong(reader, "a smaller number");
        }
        count
    }

    pub(crate) fn truth(&self, reader: &mut Reader<'_>) -> Option<bool> {
        let truth = self.value.as_bool();
        if truth.is_none() {
            self.wrong(reader, "true or false");
        }
        truth
    }

    pub(crate) fn instant(&self, reader: &mut Reader<'_>) -> Option<Timestamp> {
        let text = self.text(reader)?;
        let at = instant::parse(&text);
        if at.is_none() {
            let message = format!("{text:?} is no instant.");
            let remedy = "Write date and time in Vietnam: \"2026-10-05 09:00\".";
            reader.fault(code::BAD_FORMAT, &self.at, message, remedy);
        }
        at
    }

    pub(crate) fn date(&self, reader: &mut Reader<'_>) -> Option<Date> {
        let text = self.text(reader)?;
        let date = text.parse::<Date>().ok();
        if date.is_none() {
            let message = format!("{text:?} is no date.");
            reader.fault(code::BAD_FORMAT, &self.at, message, "Write year-month-day: 2026-07-01.");
        }
        date
    }

    /// One word of a list.
    pub(crate) fn one_of<T: Copy>(
        &self,
        reader: &mut Reader<'_>,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        let text = self.text(reader)?;
        let known = words.iter().find(|(name, _)| *name == text);
        if known.is_none() {
            reader.unknown(&self.at, &text, words.iter().map(|(name, _)| *name));
        }
        known.map(|(_, value)| *value)
    }
}

impl<'a> Fields<'a> {
    fn item(&self, name: &str, value: &'a Value) -> Item<'a> {
        let name = name.replace('~', "~0").replace('/', "~1");
        Item { value, at: format!("{}/{name}", self.at) }
    }

    pub(crate) fn optional(&mut self, name: &'static str) -> Option<Item<'a>> {
        self.asked.push(name);
        self.map.get(name).map(|value| self.item(name, value))
    }

    pub(crate) fn required(
        &mut self,
        reader: &mut Reader<'_>,
        name: &'static str,
    ) -> Option<Item<'a>> {
        let found = self.optional(name);
        if found.is_none() {
            let at = format!("{}/{name}", self.at);
            let message = format!("The key {name:?} is missing.");
            reader.fault(code::MISSING_KEY, &at, message, format!("Add `{name}:`."));
        }
        found
    }

    pub(crate) fn entries(&self) -> Vec<(&'a str, Item<'a>)> {
        self.map.iter().map(|(key, value)| (key.as_str(), self.item(key, value))).collect()
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

/// The value as JSON: unquoted words that are whole numbers, truth values and null are those.
pub(crate) fn json_of(node: &yaml::Node) -> Value {
    match &node.value {
        yaml::Value::Sequence(items) => items.iter().map(json_of).collect(),
        yaml::Value::Mapping(entries) => {
            let pair = |entry: &yaml::Entry| (entry.key.clone(), json_of(&entry.node));
            Value::Object(entries.iter().map(pair).collect())
        }
        yaml::Value::Scalar { text, plain: false } => Value::String(text.clone()),
        yaml::Value::Scalar { text, plain: true } => match text.as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" | "~" | "" => Value::Null,
            word => word.parse::<i64>().map_or_else(|_| Value::String(word.into()), Value::from),
        },
    }
}
