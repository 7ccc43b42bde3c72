//! Electronic forms: a profile of JSON Schema 2020-12, and values that it accepts.
//!
//! The profile keeps every form bounded and exact: objects without unknown members, arrays with
//! `maxItems`, strings with `maxLength`, integers with limits, no fractions (an amount with a
//! fraction is a string with a pattern), local `$ref` without cycles, ASCII names.

mod faults;
mod profile;
mod reader;

use std::fmt;
use std::sync::Arc;

use jsonschema::{Draft, PatternOptions, Validator};
use serde::Serialize;
use serde_json::{Value, json};

use crate::definition::Text;

pub(crate) use profile::{
    ENUM_MAX, FORMATS, INTEGER_MAX, ITEMS_MAX, LENGTH_MAX, PATTERN_BYTES_MAX,
};
pub use profile::{PROPERTIES_MAX, SCHEMA_NODES_MAX};
pub use reader::{FORM_BYTES_MAX, FORM_DEPTH_MAX, FORM_NODES_MAX, read_form};

/// Largest compiled pattern, bytes.
const PATTERN_SIZE_MAX: usize = 1 << 20;

/// One thing wrong with the values of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FormFault {
    /// JSON Pointer to the faulty or missing value.
    pub path: String,
    /// Stable code such as `REQUIRED`, `TYPE`, `PATTERN`.
    pub code: String,
    /// What is wrong, without the value, which may be personal.
    pub message: Text,
}

/// A compiled form.
#[derive(Clone)]
pub struct FormSchema {
    inner: Arc<Inner>,
}

struct Inner {
    schema: Value,
    validator: Validator,
}

impl FormSchema {
    /// Compiles a schema of the profile.
    ///
    /// # Errors
    /// Every place where the schema leaves the profile: JSON Pointer and message.
    pub fn compile(schema: &Value) -> Result<FormSchema, Vec<(String, String)>> {
        let faults = profile::check(schema);
        if !faults.is_empty() {
            return Err(faults);
        }
        let patterns = PatternOptions::regex();
        let patterns = patterns.size_limit(PATTERN_SIZE_MAX).dfa_size_limit(PATTERN_SIZE_MAX);
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .offline()
            .should_validate_formats(true)
            .should_ignore_unknown_formats(false)
            .with_pattern_options(patterns)
            .build(schema)
            .map_err(|error| vec![(error.instance_path().to_string(), error.to_string())])?;
        Ok(FormSchema { inner: Arc::new(Inner { schema: schema.clone(), validator }) })
    }

    /// Everything that is wrong with the values; none when the form is in order.
    pub fn validate(&self, values: &Value) -> Vec<FormFault> {
        let errors = self.inner.validator.iter_errors(values);
        let mut found: Vec<FormFault> = errors.flat_map(|error| faults::of(&error)).collect();
        found.sort_by(|a, b| (&a.path, &a.code).cmp(&(&b.path, &b.code)));
        found.dedup();
        found
    }

    /// Names of the top-level fields; each is one field of the history.
    pub fn properties(&self) -> impl Iterator<Item = &str> {
        let properties = self.inner.schema["properties"].as_object();
        properties.into_iter().flat_map(|members| members.keys().map(String::as_str))
    }

    /// The schema as its author wrote it.
    pub fn schema(&self) -> &Value {
        &self.inner.schema
    }

    /// The schema that a `$ref` of the form leads to, or the schema itself.
    pub(crate) fn resolve<'s>(&'s self, schema: &'s Value) -> Option<&'s Value> {
        profile::resolve(&self.inner.schema, schema)
    }

    /// The schema at a path of property names, `$ref` followed; none if there is no such property.
    pub(crate) fn at(&self, path: &[String]) -> Option<&Value> {
        let root = &self.inner.schema;
        path.iter().try_fold(root, |schema, name| {
            let property = schema.get("properties")?.get(name)?;
            profile::resolve(root, property)
        })
    }
}

impl Default for FormSchema {
    /// The form without fields.
    fn default() -> Self {
        let schema = json!({ "type": "object", "properties": {}, "additionalProperties": false });
        Self::compile(&schema).expect("the empty form is in the profile")
    }
}

impl fmt::Debug for FormSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FormSchema").field(&self.inner.schema).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> FormSchema {
        FormSchema::compile(&json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["name", "sex"],
            "properties": {
                "name": { "type": "string", "minLength": 1, "maxLength": 10 },
                "sex": { "type": "string", "enum": ["male", "female"] },
                "born": { "type": "string", "format": "date", "maxLength": 10 },
                "number": { "type": "string", "pattern": "^[0-9]{12}$", "maxLength": 12 },
                "children": { "type": "integer", "minimum": 0, "maximum": 20 },
                "owner": { "$ref": "#/$defs/person" },
                "trades": { "type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": true,
                    "items": { "type": "string", "maxLength": 5 } },
                "father_known": { "type": "boolean" }
            },
            "$defs": { "person": { "type": "object", "additionalProperties": false,
                "properties": { "name": { "type": "string", "maxLength": 5 } } } },
            "if": { "properties": { "father_known": { "const": true } },
                "required": ["father_known"] },
            "then": { "required": ["born"] }
        }))
        .expect("the schema is in the profile")
    }

    fn faults(values: Value) -> Vec<(String, String)> {
        form().validate(&values).into_iter().map(|fault| (fault.path, fault.code)).collect()
    }

    #[test]
    fn every_fault_is_listed_with_its_path() {
        let found = faults(json!({
            "sex": "x", "born": "2026-13-01", "number": "12", "children": 21,
            "owner": { "name": "Nguyễn", "age": 3 }, "trades": [], "father_known": "yes",
            "unknown": 1
        }));
        let expected = [
            ("/born", "FORMAT"),
            ("/children", "TOO_LARGE"),
            ("/father_known", "TYPE"),
            ("/name", "REQUIRED"),
            ("/number", "PATTERN"),
            ("/owner/age", "UNKNOWN_FIELD"),
            ("/owner/name", "TOO_LONG"),
            ("/sex", "NOT_ON_LIST"),
            ("/trades", "TOO_FEW"),
            ("/unknown", "UNKNOWN_FIELD"),
        ];
        let expected = expected.map(|(path, code)| (path.to_owned(), code.to_owned()));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_form_in_order_has_no_faults() {
        let values = json!({ "name": "An", "sex": "male", "father_known": false });
        assert_eq!(faults(values), []);
    }

    #[test]
    fn what_is_required_may_depend_on_other_fields() {
        let values = json!({ "name": "An", "sex": "male", "father_known": true });
        assert_eq!(faults(values), [("/born".to_owned(), "REQUIRED".to_owned())]);
    }

    #[test]
    fn messages_are_bilingual_and_do_not_repeat_the_value() {
        let found = form().validate(&json!({ "name": "An", "sex": "male", "number": "0799" }));
        assert_eq!(found.len(), 1);
        assert!(!found[0].message.vi.contains("0799") && !found[0].message.en.contains("0799"));
        assert!(found[0].message.vi.contains("mẫu"));
    }

    #[test]
    fn properties_are_the_top_level_names() {
        assert_eq!(form().properties().count(), 8);
        assert!(form().at(&["owner".into(), "name".into()]).is_some());
        assert!(form().at(&["owner".into(), "age".into()]).is_none());
    }
}
