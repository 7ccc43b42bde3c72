//! The JSON Schema (2020-12) of a definition, for editors.
//!
//! It is made from the same words and bounds as the reader, so that it cannot drift; the file in
//! `docs/` is what [`schema`] gives. It describes the shape alone: what a definition means, and
//! whether it is sound, only [`crate::check`] tells.

mod case;
mod form;
mod process;
mod times;

use serde_json::{Map, Value, json};

use crate::read::bounds::{GROUNDS_MAX, PARTS_MAX, STEPS_MAX, TEXT_CHARS_MAX};
use crate::read::words::{CHANNELS, KINDS, LEVELS, NUMBER_AT, Words};

/// An id: a letter, then letters, digits, `_`, `-`, `.`; at most 64.
const ID: &str = "^[A-Za-z][A-Za-z0-9_.-]{0,63}$";

/// The schema of a definition.
pub fn schema() -> Value {
    let mut root = object(
        "A Vietnamese administrative procedure, read by the engine as it stands. Check it with \
         `motcua procedure check FILE`.",
        &ROOT_REQUIRED,
        root_keys(),
    );
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!("Procedure of motcua");
    root["allOf"] = json!([{
        "if": { "properties": { "kind": { "const": "feedback" } }, "required": ["kind"] },
        "then": { "properties": { "procedure": { "pattern": "^[A-Z]{2,10}-[0-9]{1,6}$" } } },
        "else": { "properties": { "procedure": { "pattern": "^[1-3]\\.[0-9]{6}$" } } },
    }]);
    root["$defs"] = shared().into_iter().collect::<Map<String, Value>>().into();
    root
}

const ROOT_REQUIRED: [&str; 17] = [
    "procedure",
    "version",
    "effective_from",
    "name",
    "field",
    "level",
    "grounds",
    "channels",
    "parties",
    "form",
    "variants",
    "documents",
    "fees",
    "limits",
    "results",
    "start",
    "steps",
];

fn root_keys() -> Vec<(&'static str, Value)> {
    let code = "National code in quotes, \"1.001193\". Feedback has a code of the centre's own, \
                PAKN-01.";
    vec![
        ("kind", words("What is filed; an administrative procedure when absent.", KINDS)),
        ("procedure", with(json!({ "type": "string" }), code)),
        ("version", pattern("Three whole numbers: 1.0.0.", VERSION)),
        ("effective_from", pattern("First day on which it may be filed: 2026-07-01.", DATE)),
        ("name", refer("text", "Name of the procedure.")),
        ("field", refer("text", "Field of administration (lĩnh vực), such as civil status.")),
        ("level", words("Tier of the agency that decides.", LEVELS)),
        ("grounds", grounds()),
        ("channels", channels()),
        ("number_at", words("Act that gives out the dossier code; accept when absent.", NUMBER_AT)),
        ("parties", case::parties()),
        ("form", refer("form", "The electronic form, a bounded JSON Schema.")),
        ("variants", case::variants()),
        ("documents", case::documents()),
        ("fees", case::fees()),
        ("windows", case::windows()),
        (
            "limits",
            times::limits(
                "How long the office has. The first limit whose condition holds \
                                  applies, the last one has no condition; none where the law sets \
                                  none.",
                0,
            ),
        ),
        ("phases", times::phases()),
        ("clocks", times::clocks()),
        ("results", case::results()),
        ("start", refer("id", "Id of the step in which a filed dossier stands first.")),
        ("steps", list("The internal process.", refer("step", "A step."), 0, STEPS_MAX)),
        ("anywhere", process::anywhere()),
    ]
}

const VERSION: &str = "^(0|[1-9][0-9]{0,5})\\.(0|[1-9][0-9]{0,5})\\.(0|[1-9][0-9]{0,5})$";
const DATE: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";

fn grounds() -> Value {
    json!({
        "description": "The legal texts. Every number and every act that touches a right names \
                        one of them by its id.",
        "type": "object",
        "propertyNames": { "pattern": ID },
        "additionalProperties": { "$ref": "#/$defs/text" },
        "minProperties": 1,
        "maxProperties": GROUNDS_MAX,
    })
}

fn channels() -> Value {
    let item = words("A way to file.", CHANNELS);
    let mut channels = list("How one may file.", item, 1, CHANNELS.len());
    channels["uniqueItems"] = json!(true);
    channels
}

/// What several places refer to.
fn shared() -> Vec<(String, Value)> {
    let text = |language: &str| {
        let description = format!("{language}; numbers, true, false and null go in quotes.");
        let bounds = json!({ "type": "string", "pattern": "\\S", "maxLength": TEXT_CHARS_MAX });
        with(bounds, &description)
    };
    let keys = vec![("vi", text("Vietnamese, the language of the law")), ("en", text("English"))];
    let guard = "A CEL expression that is true or false, over form, channel, variant, proxy, \
                 owners, documents, receiving, competent, outcome, submitted_on, answers and fees.";
    let formula = "A CEL expression whose value is a whole number.";
    let own = [
        ("text", object("A text in both languages.", &["vi", "en"], keys)),
        ("id", pattern("Id: a letter, then letters, digits, _, - or .; at most 64.", ID)),
        ("guard", with(json!({ "type": "string", "pattern": "\\S" }), guard)),
        ("formula", with(json!({ "type": "string", "pattern": "\\S" }), formula)),
    ];
    let all = own.into_iter().chain(times::shared()).chain(process::shared()).chain(form::shared());
    all.map(|(name, schema)| (name.to_owned(), schema)).collect()
}

/// Keys with values, and no others.
fn object(description: &str, required: &[&str], keys: Vec<(&'static str, Value)>) -> Value {
    let keys = keys.into_iter().map(|(key, value)| (key.to_owned(), value));
    json!({
        "description": description,
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": keys.collect::<Map<String, Value>>(),
    })
}

fn list(description: &str, item: Value, least: usize, most: usize) -> Value {
    json!({
        "description": description, "type": "array", "items": item, "minItems": least,
        "maxItems": most,
    })
}

/// A list of parts with an `id` each.
fn parts(description: &str, item: Value, least: usize) -> Value {
    list(description, item, least, PARTS_MAX)
}

fn refer(name: &str, description: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}"), "description": description })
}

fn words<T>(description: &str, words: &Words<T>) -> Value {
    let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
    json!({ "description": description, "enum": names })
}

fn number(description: &str, least: u64, most: u64) -> Value {
    json!({ "description": description, "type": "integer", "minimum": least, "maximum": most })
}

fn flag(description: &str) -> Value {
    json!({ "description": description, "type": "boolean" })
}

fn pattern(description: &str, pattern: &str) -> Value {
    json!({ "description": description, "type": "string", "pattern": pattern })
}

fn with(mut schema: Value, description: &str) -> Value {
    schema["description"] = json!(description);
    schema
}

#[cfg(test)]
mod tests;
