//! The part of JSON Schema that forms may use.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::faults::escape;

/// Most top-level fields of a form.
pub const PROPERTIES_MAX: usize = 512;
/// Most values of a schema.
pub const SCHEMA_NODES_MAX: usize = 10_000;
/// Most entries of an array that a schema may allow.
pub(crate) const ITEMS_MAX: u64 = 200;
/// Longest text that a schema may allow, characters.
pub(crate) const LENGTH_MAX: u64 = 20_000;
/// Largest whole number that a schema may allow, either sign.
pub(crate) const INTEGER_MAX: i64 = 1 << 53;
/// Deepest nesting of a schema, references followed.
const DEPTH_MAX: usize = 24;
/// Most patterns of a schema, and their length in bytes.
const PATTERNS_MAX: usize = 64;
pub(crate) const PATTERN_BYTES_MAX: usize = 200;
/// Most named schemas of a form.
const DEFINITIONS_MAX: usize = 64;
/// Most members of an `enum`.
pub(crate) const ENUM_MAX: usize = 1_000;
/// Longest field name, bytes.
const NAME_BYTES_MAX: usize = 64;

/// Keywords that describe and do not constrain. `title` is Vietnamese, `x-en` English.
const ANNOTATIONS: [&str; 4] = ["title", "x-en", "description", "$comment"];
/// Keyword with the names of choices, which describe and do not constrain.
const NAMES: &str = "x-names";
/// Keywords that combine schemas, allowed everywhere.
const COMBINATIONS: [&str; 7] =
    ["allOf", "anyOf", "not", "if", "then", "else", "dependentRequired"];
/// Formats of strings.
pub(crate) const FORMATS: [&str; 3] = ["date", "time", "email"];

/// Where a schema stands: it describes a value in full, or only asks about one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Value,
    Condition,
}

struct Checker<'s> {
    root: &'s Value,
    faults: Vec<(String, String)>,
    nodes: usize,
    patterns: usize,
}

/// Every place where a schema leaves the profile.
pub(super) fn check(root: &Value) -> Vec<(String, String)> {
    let mut checker = Checker { root, faults: Vec::new(), nodes: 0, patterns: 0 };
    if root["type"] != "object" {
        checker.fault("/type", "A form is an object: write `type: object`.");
    }
    checker.schema(root, "", Place::Value, 0);
    checker.definitions();
    let count = root["properties"].as_object().map_or(0, Map::len);
    if count > PROPERTIES_MAX {
        let message = format!("The form has {count} fields; at most {PROPERTIES_MAX}.");
        checker.fault("/properties", message);
    }
    checker.faults
}

/// The schema that `$ref` leads to, or the schema itself.
pub(super) fn resolve<'s>(root: &'s Value, schema: &'s Value) -> Option<&'s Value> {
    let mut schema = schema;
    for _ in 0..DEPTH_MAX {
        match schema.get("$ref") {
            None => return Some(schema),
            Some(target) => {
                let name = target.as_str()?.strip_prefix("#/$defs/")?;
                schema = root.get("$defs")?.get(name)?;
            }
        }
    }
    None
}

/// The named schemas whose references lead to no end: what is left when those that refer to
/// nothing any more have been taken away, again and again.
fn endless(definitions: &Map<String, Value>) -> Vec<String> {
    let mut left: BTreeMap<&str, BTreeSet<&str>> = definitions
        .iter()
        .take(DEFINITIONS_MAX)
        .map(|(name, schema)| (name.as_str(), references(schema)))
        .collect();
    loop {
        let names: BTreeSet<&str> = left.keys().copied().collect();
        let before = left.len();
        left.retain(|_, targets| targets.iter().any(|target| names.contains(target)));
        if left.len() == before {
            return left.into_keys().map(str::to_owned).collect();
        }
    }
}

/// Names of `$defs` that occur in a schema.
fn references(schema: &Value) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let mut stack = vec![schema];
    while let Some(value) = stack.pop() {
        match value {
            Value::Object(members) => {
                let target = members.get("$ref").and_then(Value::as_str);
                found.extend(target.and_then(|target| target.strip_prefix("#/$defs/")));
                stack.extend(members.values());
            }
            Value::Array(items) => stack.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found
}

impl<'s> Checker<'s> {
    fn fault(&mut self, at: &str, message: impl Into<String>) {
        const FAULTS_MAX: usize = 200;
        if self.faults.len() < FAULTS_MAX {
            self.faults.push((at.to_owned(), message.into()));
        }
    }

    fn definitions(&mut self) {
        let root = self.root;
        let Some(definitions) = root.get("$defs") else {
            return;
        };
        let Some(definitions) = definitions.as_object() else {
            self.fault("/$defs", "`$defs` holds named schemas.");
            return;
        };
        for (name, schema) in definitions {
            let at = format!("/$defs/{}", escape(name));
            self.name(name, &at);
            self.schema(schema, &at, Place::Value, 1);
        }
        if definitions.len() > DEFINITIONS_MAX {
            self.fault("/$defs", format!("At most {DEFINITIONS_MAX} schemas are named."));
        }
        for name in endless(definitions) {
            let at = format!("/$defs/{}", escape(&name));
            self.fault(&at, "The schema refers back to itself.");
        }
    }

    fn schema(&mut self, schema: &'s Value, at: &str, place: Place, depth: usize) {
        self.nodes += 1;
        if self.nodes > SCHEMA_NODES_MAX || depth > DEPTH_MAX {
            self.fault(at, "The schema is too large or nested too deeply.");
            return;
        }
        let Some(members) = schema.as_object() else {
            self.fault(at, "A schema is written as keys with values.");
            return;
        };
        let kind = members.get("type").and_then(Value::as_str);
        for (key, value) in members {
            self.keyword(kind, key, value, &format!("{at}/{}", escape(key)), place, depth);
        }
        if let Some(names) = members.get(NAMES) {
            self.names(names, members.get("enum"), &format!("{at}/{NAMES}"));
        }
        if place == Place::Value {
            self.bounds(members, kind, at);
        }
    }

    /// Names of choices: of those that are there, each in both languages.
    fn names(&mut self, names: &Value, choices: Option<&Value>, at: &str) {
        let Some(names) = names.as_object() else {
            self.fault(at, "Write `choice: { vi: …, en: … }` for each choice.");
            return;
        };
        let choices = choices.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for (choice, name) in names {
            let at = format!("{at}/{}", escape(choice));
            if !choices.iter().any(|known| known == choice.as_str()) {
                self.fault(&at, format!("{choice:?} is no choice of `enum`."));
            }
            let is_text = |text: &Value| text.as_str().is_some_and(|text| !text.trim().is_empty());
            let is_whole = name.as_object().is_some_and(|texts| {
                texts.len() == 2
                    && ["vi", "en"].iter().all(|key| texts.get(*key).is_some_and(is_text))
            });
            if !is_whole {
                self.fault(&at, "Write both names: `{ vi: …, en: … }`.");
            }
        }
    }

    /// What a schema must say so that every value it accepts is bounded.
    fn bounds(&mut self, members: &Map<String, Value>, kind: Option<&str>, at: &str) {
        let mut need = |key: &str, why: &str| {
            if !members.contains_key(key) {
                self.fault(at, format!("`{key}` is missing: {why}."));
            }
        };
        let listed = members.contains_key("enum") || members.contains_key("const");
        match kind {
            Some("object") => {
                need("properties", "an object names its fields");
                if members.get("additionalProperties") != Some(&Value::Bool(false)) {
                    self.fault(at, "Write `additionalProperties: false`.");
                }
            }
            Some("array") => {
                need("items", "an array says what it holds");
                need("maxItems", "a list is bounded");
            }
            Some("string") if !listed => need("maxLength", "a text is bounded"),
            Some("integer") if !listed => {
                need("minimum", "a number is bounded");
                need("maximum", "a number is bounded");
            }
            Some("string" | "integer" | "boolean") => {}
            Some(other) => {
                let types = "object, array, string, integer or boolean";
                let message = format!("The type {other:?} is not used; write {types}.");
                self.fault(&format!("{at}/type"), message);
            }
            None if members.contains_key("$ref") => {}
            None => self.fault(at, "`type` (one word) or `$ref` is missing."),
        }
    }

    fn keyword(
        &mut self,
        kind: Option<&str>,
        key: &str,
        value: &'s Value,
        at: &str,
        place: Place,
        depth: usize,
    ) {
        match key {
            "type" | "const" | "uniqueItems" | "additionalProperties" | NAMES => {}
            "$defs" if depth == 0 => {}
            "properties" => self.properties(value, at, place, depth),
            "required" => self.required(value, at),
            "items" => self.schema(value, at, place, depth + 1),
            "enum" => self.listed(value, at),
            "$ref" if place == Place::Condition => {
                self.fault(at, "A condition does not refer to named schemas; write it out.");
            }
            "$ref" => self.reference(value, at),
            "maxItems" | "minItems" => self.limit(value, at, ITEMS_MAX),
            "maxLength" | "minLength" => self.limit(value, at, LENGTH_MAX),
            "minimum" | "maximum" => {
                let inside = value.as_i64().is_some_and(|n| n.abs() <= INTEGER_MAX);
                if !inside || kind.is_some_and(|kind| kind != "integer") {
                    self.fault(at, "A whole number between -2^53 and 2^53 bounds an integer.");
                }
            }
            "pattern" => self.pattern(value, at),
            "format" => {
                if value.as_str().is_none_or(|name| !FORMATS.contains(&name)) {
                    self.fault(at, format!("Use one of the formats {}.", FORMATS.join(", ")));
                }
            }
            _ if COMBINATIONS.contains(&key) => self.combination(key, value, at, depth),
            _ if ANNOTATIONS.contains(&key) => {
                if value.as_str().is_none_or(|text| text.trim().is_empty()) {
                    self.fault(at, "Write a text.");
                }
            }
            _ => self.fault(at, format!("The keyword {key:?} is not used in forms.")),
        }
    }

    fn properties(&mut self, value: &'s Value, at: &str, place: Place, depth: usize) {
        let Some(properties) = value.as_object() else {
            self.fault(at, "`properties` holds named schemas.");
            return;
        };
        for (name, schema) in properties {
            let at = format!("{at}/{}", escape(name));
            self.name(name, &at);
            if place == Place::Condition && depth == 0 && !self.is_field(name) {
                self.fault(&at, format!("The form has no field {name:?}."));
            }
            self.schema(schema, &at, place, depth + 1);
        }
    }

    fn name(&mut self, name: &str, at: &str) {
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let first = name.starts_with(|c: char| c.is_ascii_lowercase());
        if !first || name.len() > NAME_BYTES_MAX || !name.bytes().all(letter) {
            let message = format!("{name:?} is no field name: use a-z, 0-9 and _, a letter first.");
            self.fault(at, message);
        }
    }

    fn is_field(&self, name: &str) -> bool {
        self.root["properties"].get(name).is_some()
    }

    fn required(&mut self, value: &Value, at: &str) {
        let names: Option<Vec<&str>> =
            value.as_array().and_then(|names| names.iter().map(Value::as_str).collect());
        let Some(names) = names else {
            self.fault(at, "`required` is a list of field names.");
            return;
        };
        let nested =
            at.contains("/properties/") || at.contains("/items/") || at.contains("/$defs/");
        for name in names {
            if !nested && !self.is_field(name) {
                self.fault(at, format!("The form has no field {name:?}."));
            }
        }
    }

    fn listed(&mut self, value: &Value, at: &str) {
        let length = value.as_array().map_or(0, Vec::len);
        if length == 0 || length > ENUM_MAX {
            self.fault(at, format!("`enum` lists 1 to {ENUM_MAX} values."));
        }
    }

    fn reference(&mut self, value: &Value, at: &str) {
        let name = value.as_str().and_then(|target| target.strip_prefix("#/$defs/"));
        if name.and_then(|name| self.root["$defs"].get(name)).is_none() {
            self.fault(at, "`$ref` names a schema of `$defs`: \"#/$defs/name\".");
        }
    }

    fn limit(&mut self, value: &Value, at: &str, max: u64) {
        if value.as_u64().is_none_or(|limit| limit > max) {
            self.fault(at, format!("Write a whole number from 0 to {max}."));
        }
    }

    fn pattern(&mut self, value: &Value, at: &str) {
        self.patterns += 1;
        if self.patterns > PATTERNS_MAX {
            self.fault(at, format!("A form has at most {PATTERNS_MAX} patterns."));
        }
        let Some(pattern) = value.as_str().filter(|text| text.len() <= PATTERN_BYTES_MAX) else {
            self.fault(at, format!("A pattern is a text of at most {PATTERN_BYTES_MAX} bytes."));
            return;
        };
        if !pattern.starts_with('^') || !pattern.ends_with('$') {
            self.fault(at, "A pattern describes the whole text: begin with ^ and end with $.");
        }
    }

    fn combination(&mut self, key: &str, value: &'s Value, at: &str, depth: usize) {
        match (key, value) {
            ("allOf" | "anyOf", Value::Array(schemas)) => {
                for (index, schema) in schemas.iter().enumerate() {
                    self.schema(schema, &format!("{at}/{index}"), Place::Condition, depth);
                }
            }
            ("dependentRequired", Value::Object(members)) => {
                for (name, names) in members {
                    self.required(names, &format!("{at}/{}", escape(name)));
                }
            }
            ("not" | "if" | "then" | "else", schema) => {
                self.schema(schema, at, Place::Condition, depth);
            }
            _ => self.fault(at, format!("{key:?} is not written like this.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faulty(properties: Value) -> Vec<String> {
        let schema =
            json!({ "type": "object", "additionalProperties": false, "properties": properties });
        check(&schema).into_iter().map(|(at, _)| at).collect()
    }

    #[test]
    fn a_schema_that_leaves_a_value_unbounded_is_refused() {
        assert_eq!(faulty(json!({ "a": { "type": "string" } })), ["/properties/a"]);
        assert_eq!(faulty(json!({ "a": { "type": "integer", "minimum": 0 } })), ["/properties/a"]);
        let list = json!({ "type": "array", "items": { "type": "boolean" } });
        assert_eq!(faulty(json!({ "a": list })), ["/properties/a"]);
        let open = json!({ "type": "object", "properties": {} });
        assert_eq!(faulty(json!({ "a": open })), ["/properties/a"]);
        assert_eq!(faulty(json!({ "a": {} })), ["/properties/a"]);
    }

    #[test]
    fn numbers_with_fractions_and_foreign_keywords_are_refused() {
        assert_eq!(faulty(json!({ "a": { "type": "number" } })), ["/properties/a/type"]);
        let text = json!({ "type": "string", "maxLength": 5, "contentEncoding": "base64" });
        assert_eq!(faulty(json!({ "a": text })), ["/properties/a/contentEncoding"]);
        assert_eq!(faulty(json!({ "Tên": { "type": "boolean" } })), ["/properties/Tên"]);
        let loose = json!({ "type": "string", "maxLength": 5, "pattern": "[0-9]+" });
        assert_eq!(faulty(json!({ "a": loose })), ["/properties/a/pattern"]);
    }

    #[test]
    fn choices_have_whole_names_and_only_those_that_are_there() {
        let with = |names: Value| {
            faulty(json!({ "a": { "type": "string", "enum": ["x", "y"], "x-names": names } }))
        };
        assert!(with(json!({ "x": { "vi": "Một", "en": "One" } })).is_empty());
        let at = "/properties/a/x-names";
        assert_eq!(with(json!("One")), [at]);
        assert_eq!(with(json!({ "z": { "vi": "Ba", "en": "Three" } })), [format!("{at}/z")]);
        assert_eq!(with(json!({ "x": { "vi": "Một" } })), [format!("{at}/x")]);
        assert_eq!(with(json!({ "x": { "vi": "Một", "en": " " } })), [format!("{at}/x")]);
    }

    #[test]
    fn references_stay_in_the_form_and_end() {
        let schema = json!({ "type": "object", "additionalProperties": false,
            "properties": { "a": { "$ref": "#/$defs/loop" }, "b": { "$ref": "https://x.vn/y" } },
            "$defs": { "loop": { "type": "object", "additionalProperties": false,
                "properties": { "again": { "$ref": "#/$defs/loop" } } } } });
        let places: Vec<String> = check(&schema).into_iter().map(|(at, _)| at).collect();
        assert_eq!(places, ["/properties/b/$ref", "/$defs/loop"]);
    }

    #[test]
    fn a_condition_on_a_field_that_is_not_there_is_refused() {
        let schema = json!({ "type": "object", "additionalProperties": false,
            "properties": { "a": { "type": "boolean" } },
            "if": { "required": ["b"] }, "then": { "required": ["a"] } });
        let places: Vec<String> = check(&schema).into_iter().map(|(at, _)| at).collect();
        assert_eq!(places, ["/if/required"]);
    }
}
