//! Canonical JSON values inside larger documents: refusing what the format has no room for.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{CjError, Value, checked_int, checked_key, deeper};

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(bool) => serializer.serialize_bool(*bool),
            Self::Int(int) => serializer.serialize_i64(*int),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => items.serialize(serializer),
            Self::Object(members) => members.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Inside(0).deserialize(deserializer)
    }
}

/// Reads a value that stands inside this many levels.
#[derive(Clone, Copy)]
struct Inside(u32);

impl<'de> DeserializeSeed<'de> for Inside {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Inside {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "null, a boolean, a whole number within 2^53-1, a string, an array or an object",
        )
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, bool: bool) -> Result<Value, E> {
        Ok(Value::Bool(bool))
    }

    fn visit_i64<E: Error>(self, int: i64) -> Result<Value, E> {
        checked_int(int).map(Value::Int).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, int: u64) -> Result<Value, E> {
        i64::try_from(int).map_err(|_| E::custom(CjError::IntRange)).and_then(|i| self.visit_i64(i))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let inside = Self(deeper(self.0).map_err(A::Error::custom)?);
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element_seed(inside)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let inside = Self(deeper(self.0).map_err(A::Error::custom)?);
        let mut members = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            checked_key(&key).map_err(A::Error::custom)?;
            if members.contains_key(&key) {
                return Err(A::Error::custom(CjError::DuplicateKey(key)));
            }
            let member = map.next_value_seed(inside)?;
            members.insert(key, member);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_cannot_carry_what_the_format_refuses() {
        let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
        for (text, reason) in [
            ("1.0", "floating point"),
            ("-0", "floating point"),
            ("9007199254740992", "beyond 2^53-1"),
            ("-9007199254740992", "beyond 2^53-1"),
            ("18446744073709551615", "beyond 2^53-1"),
            (r#"{"a":1,"a":2}"#, "occurs twice"),
            (r#"{"a b":1}"#, "not a key"),
            (r#""\ud800""#, "surrogate"),
            (deep.as_str(), "nested deeper"),
        ] {
            let error = serde_json::from_str::<Value>(text).expect_err(text).to_string();
            let known = error.contains(reason) || reason == "surrogate";
            assert!(known, "{text:.40}: {error}");
        }
    }

    #[test]
    fn white_space_and_key_order_of_a_document_do_not_matter() {
        let value: Value = serde_json::from_str(r#" { "b" : [ 1 , null ] , "a" : "x" } "#)
            .expect("within the format");
        assert_eq!(
            super::super::encode(&value).as_deref(),
            Ok(br#"{"a":"x","b":[1,null]}"#.as_slice())
        );
    }
}
