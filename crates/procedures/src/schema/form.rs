//! Forms: the part of JSON Schema that they may use.

use serde_json::{Map, Value, json};

use crate::form::{
    ENUM_MAX, FORMATS, INTEGER_MAX, ITEMS_MAX, LENGTH_MAX, PATTERN_BYTES_MAX, PROPERTIES_MAX,
};

pub(super) fn shared() -> Vec<(&'static str, Value)> {
    vec![("form", root()), ("formValue", value()), ("formRule", rule())]
}

/// A form: an object with fields, and schemas that its fields share.
fn root() -> Value {
    let mut keys = keywords();
    keys.insert("type".into(), json!({ "const": "object" }));
    keys.insert(
        "$defs".into(),
        json!({
            "description": "Schemas that several fields share: $ref: \"#/$defs/name\".",
            "type": "object", "propertyNames": { "$ref": "#/$defs/formValue/$defs/name" },
            "additionalProperties": { "$ref": "#/$defs/formValue" },
        }),
    );
    json!({
        "description": "A form; every field is bounded.",
        "type": "object", "additionalProperties": false, "properties": keys,
        "required": ["type", "properties", "additionalProperties"],
    })
}

/// A schema that describes a value in full: it must bound it.
fn value() -> Value {
    let of = |kind: &str, required: &[&str]| {
        json!({
            "if": { "properties": { "type": { "const": kind } }, "required": ["type"],
                "not": { "anyOf": [{ "required": ["enum"] }, { "required": ["const"] }] } },
            "then": { "required": required },
        })
    };
    json!({
        "description": "What a field holds.",
        "type": "object", "additionalProperties": false, "properties": keywords(),
        "anyOf": [{ "required": ["type"] }, { "required": ["$ref"] }],
        "allOf": [
            of("object", &["properties", "additionalProperties"]),
            of("array", &["items", "maxItems"]),
            of("string", &["maxLength"]),
            of("integer", &["minimum", "maximum"]),
        ],
        "$defs": { "name": { "pattern": "^[a-z][a-z0-9_]{0,63}$" } },
    })
}

/// A schema that only asks about a value: it need not bound it.
fn rule() -> Value {
    let mut keys = keywords();
    keys.remove("$ref");
    let rule = json!({ "$ref": "#/$defs/formRule" });
    keys.insert("items".into(), rule.clone());
    keys.insert("properties".into(), properties(&rule));
    json!({
        "description": "A rule between fields.",
        "type": "object", "additionalProperties": false, "properties": keys,
    })
}

fn properties(of: &Value) -> Value {
    json!({
        "description": "Fields by name: a-z, 0-9 and _, a letter first.",
        "type": "object", "propertyNames": { "$ref": "#/$defs/formValue/$defs/name" },
        "additionalProperties": of, "maxProperties": PROPERTIES_MAX,
    })
}

fn keywords() -> Map<String, Value> {
    let text = |what: &str| json!({ "description": what, "type": "string", "pattern": "\\S" });
    let count = |what: &str, most: u64| super::number(what, 0, most);
    let bound = |what: &str| {
        json!({ "description": what, "type": "integer", "minimum": -INTEGER_MAX,
            "maximum": INTEGER_MAX })
    };
    let names = json!({ "type": "array", "items": { "type": "string" } });
    let rule = json!({ "$ref": "#/$defs/formRule" });
    let rules = json!({ "type": "array", "items": rule });
    let value = json!({ "$ref": "#/$defs/formValue" });
    let types = ["object", "array", "string", "integer", "boolean"];
    let refers = "A schema of the form's $defs: \"#/$defs/name\".";
    let keywords = json!({
        "x-names": {
            "description": "Names of the choices: { choice: { vi: …, en: … } }.",
            "type": "object",
            "additionalProperties": {
                "type": "object", "additionalProperties": false, "required": ["vi", "en"],
                "properties": { "vi": text("Vietnamese."), "en": text("English.") },
            },
        },
        "title": text("Label in Vietnamese."),
        "x-en": text("Label in English."),
        "description": text("Explanation."),
        "$comment": text("Note for authors."),
        "type": { "description": "Kind of value; fractions are texts.", "enum": types },
        "$ref": { "description": refers, "type": "string", "pattern": "^#/\\$defs/[a-z]" },
        "const": { "description": "The one value." },
        "enum": { "description": "The choices.", "type": "array", "minItems": 1,
            "maxItems": ENUM_MAX },
        "properties": properties(&value),
        "additionalProperties": { "description": "Always false.", "const": false },
        "required": names,
        "items": value,
        "minItems": count("Fewest entries.", ITEMS_MAX),
        "maxItems": count("Most entries.", ITEMS_MAX),
        "uniqueItems": { "description": "Entries differ.", "type": "boolean" },
        "minLength": count("Fewest characters.", LENGTH_MAX),
        "maxLength": count("Most characters.", LENGTH_MAX),
        "minimum": bound("Least."),
        "maximum": bound("Most."),
        "pattern": { "description": "Regular expression of the whole text, ^ to $.",
            "type": "string", "pattern": "^\\^[\\s\\S]*\\$$", "maxLength": PATTERN_BYTES_MAX },
        "format": { "description": "Format of a text.", "enum": FORMATS },
        "if": rule, "then": rule, "else": rule, "not": rule,
        "allOf": rules, "anyOf": rules,
        "dependentRequired": { "type": "object", "additionalProperties": names },
    });
    keywords.as_object().cloned().expect("an object is written above")
}
