use std::collections::BTreeSet;

use jsonschema::Validator;

use super::*;
use crate::finding::code;
use crate::read::{Item, Reader};
use crate::yaml;

const COMMITTED: &str = include_str!("../../../../docs/procedure.schema.json");
const SOUND: &str = include_str!("../../tests/sound.yaml");
const EVERY_KEY: &str = include_str!("../../tests/every-key.yaml");
const CATALOGUE: [&str; 3] = [
    include_str!("../../../../catalogue/birth-registration.yaml"),
    include_str!("../../../../catalogue/household-business.yaml"),
    include_str!("../../../../catalogue/marriage-registration.yaml"),
];

fn validator() -> Validator {
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012).offline();
    options.build(&schema()).expect("a schema")
}

/// The YAML as an editor sees it.
fn json_of(source: &str) -> Value {
    let root = yaml::read(source.as_bytes()).root.expect("YAML");
    let mut reader = Reader::new(&root);
    Item { node: &root, at: String::new() }.json(&mut reader)
}

fn faults(validator: &Validator, value: &Value) -> Vec<String> {
    let shown =
        |error: jsonschema::ValidationError<'_>| format!("{}: {error}", error.instance_path());
    validator.iter_errors(value).map(shown).collect()
}

#[test]
fn the_published_file_is_the_schema() {
    let committed: Value = serde_json::from_str(COMMITTED).expect("JSON");
    assert!(
        committed == schema(),
        "docs/procedure.schema.json is out of date: motcua procedure schema > it"
    );
    jsonschema::meta::validate(&committed).expect("a schema of 2020-12");
}

#[test]
fn every_definition_fits() {
    let validator = validator();
    let templates = crate::Template::ALL.map(crate::Template::source);
    for source in CATALOGUE.into_iter().chain([SOUND, EVERY_KEY]).chain(templates) {
        assert_eq!(faults(&validator, &json_of(source)), Vec::<String>::new());
    }
}

#[test]
fn every_key_has_words_for_an_editor() {
    fn look(schema: &Value, at: &str, bare: &mut Vec<String>) {
        match schema {
            Value::Object(members) => {
                let of_form = at.starts_with("/$defs/form");
                for (key, value) in
                    members.get("properties").and_then(Value::as_object).into_iter().flatten()
                {
                    let constrains = value.get("type").is_some() || value.get("$ref").is_some();
                    if constrains && value.get("description").is_none() && !of_form {
                        bare.push(format!("{at}/{key}"));
                    }
                }
                for (key, value) in members {
                    look(value, &format!("{at}/{key}"), bare);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| look(item, at, bare)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut bare = Vec::new();
    look(&schema(), "", &mut bare);
    assert_eq!(bare, Vec::<String>::new());
}

/// Every mapping and scalar of a value, by pointer.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let key = key.replace('~', "~0").replace('/', "~1");
                places(value, &format!("{at}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{index}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether the reader refuses the shape of a value.
fn refused_by_reader(value: &Value) -> bool {
    // JSON is YAML; only this word must stand without quotes.
    let text = serde_json::to_string(value).expect("JSON").replace("\"assessed\"", "assessed");
    let outcome = yaml::read(text.as_bytes());
    let root = outcome.root.expect("YAML");
    let mut reader = Reader::new(&root);
    reader.read();
    let findings = reader.into_findings();
    let shape = [
        code::UNKNOWN_KEY,
        code::MISSING_KEY,
        code::WRONG_TYPE,
        code::OUT_OF_RANGE,
        code::UNKNOWN_VALUE,
        code::BAD_FORMAT,
        code::EMPTY_TEXT,
        code::RESERVED_ID,
        code::GROUND_MISSING,
        code::FORM_SCHEMA,
    ];
    findings.iter().any(|finding| shape.contains(&finding.code))
}

/// What editor and reader say of the value must be the same.
#[track_caller]
fn agree(validator: &Validator, value: &Value, what: &str, disagreements: &mut Vec<String>) {
    let (editor, reader) = (!validator.is_valid(value), refused_by_reader(value));
    if editor != reader {
        disagreements.push(format!("{what}: editor refuses {editor}, reader refuses {reader}"));
    }
}

/// The YAML with the smallest form: compiling forms is most of the work of the reader.
fn without_form(source: &str) -> Value {
    let mut value = json_of(source);
    value["form"] = json!({ "type": "object", "additionalProperties": false, "properties": {} });
    value
}

/// Whether a place lies in a form, whose rules the reader knows better than any schema.
fn is_in_form(at: &str) -> bool {
    at.starts_with("/form/") || at.contains("/data/")
}

#[test]
fn an_unknown_key_is_refused_wherever_it_stands() {
    let validator = validator();
    let whole = json_of(EVERY_KEY);
    let mut all = Vec::new();
    places(&whole, "", &mut all);
    let mut disagreements = Vec::new();
    for at in all {
        let mut edited = whole.clone();
        let Some(Value::Object(members)) = edited.pointer_mut(&at) else { continue };
        members.insert("xyz".to_owned(), json!("x"));
        agree(&validator, &edited, &format!("xyz in {at:?}"), &mut disagreements);
        let may_have = at == "/grounds" || (is_in_form(&at) && validator.is_valid(&edited));
        assert!(may_have || !validator.is_valid(&edited), "xyz is allowed in {at:?}");
    }
    disagreements.retain(|what| !what.contains("/form") && !what.contains("/data"));
    assert_eq!(disagreements, Vec::<String>::new());
}

#[test]
fn a_missing_key_is_refused_where_the_reader_misses_it() {
    let validator = validator();
    let mut disagreements = Vec::new();
    for source in [EVERY_KEY, SOUND] {
        let whole = without_form(source);
        let mut all = Vec::new();
        places(&whole, "", &mut all);
        for at in all.iter().filter(|at| !is_in_form(at)) {
            let Some((parent, key)) = at.rsplit_once('/') else { continue };
            let mut edited = whole.clone();
            let Some(Value::Object(members)) = edited.pointer_mut(parent) else { continue };
            members.remove(key);
            agree(&validator, &edited, &format!("without {at:?}"), &mut disagreements);
        }
    }
    // That brackets leave no hole is a rule between them, for the checker.
    disagreements.retain(|what| !what.contains("/up_to"));
    assert_eq!(disagreements, Vec::<String>::new());
}

#[test]
fn a_wrong_word_or_number_is_refused_where_the_reader_refuses_it() {
    let validator = validator();
    let whole = without_form(EVERY_KEY);
    let mut all = Vec::new();
    places(&whole, "", &mut all);
    let mut disagreements = Vec::new();
    let others = ["xyz", "0", "99999999", "true", "[]", "{}", "null", "\"\""];
    for (index, at) in all.iter().filter(|at| !is_in_form(at)).enumerate() {
        // Three of them at each place; together they come by every kind of place.
        for turn in 0..3 {
            let text = others[(index * 3 + turn) % others.len()];
            let other: Value = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
            let mut edited = whole.clone();
            *edited.pointer_mut(at).expect("the place") = other.clone();
            agree(&validator, &edited, &format!("{other} at {at:?}"), &mut disagreements);
        }
    }
    assert_eq!(disagreements, Vec::<String>::new());
}

#[test]
fn the_example_with_every_key_has_every_key() {
    fn keys(schema: &Value, found: &mut BTreeSet<String>) {
        match schema {
            Value::Object(members) => {
                let named = members.get("properties").and_then(Value::as_object);
                let schemas = named.into_iter().flatten().filter(|(_, value)| value.is_object());
                found.extend(schemas.map(|(key, _)| key.clone()));
                members.values().for_each(|value| keys(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut found = BTreeSet::new();
    keys(&schema(), &mut found);
    // The word for names within the schema of forms, which describes schemas itself.
    found.remove("propertyNames");
    let missing: Vec<String> =
        found.into_iter().filter(|key| !EVERY_KEY.contains(&format!("{key}:"))).collect();
    assert_eq!(missing, Vec::<String>::new());
}

const GUIDE: &str = include_str!("../../../../docs/authors-guide.md");
const EXAMPLE: &str = include_str!("../../../../docs/examples/certified-copy.yaml");
const CASES: &str = include_str!("../../../../docs/examples/certified-copy.scenarios.yaml");

/// The YAML blocks of the guide between two of its headings.
fn blocks(from: &str, to: &str) -> Vec<&'static str> {
    let (_, section) = GUIDE.split_once(from).expect("the heading");
    let section = section.split_once(to).map_or(section, |(section, _)| section);
    let blocks = section.split("```yaml\n").skip(1);
    blocks.map(|block| block.split("```").next().expect("a part")).collect()
}

#[test]
fn the_example_of_the_guide_is_sound_and_is_what_the_guide_shows() {
    let report = crate::check(EXAMPLE.as_bytes());
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    assert_eq!(faults(&validator(), &json_of(EXAMPLE)), Vec::<String>::new());
    let shown = blocks("## A worked example", "## Common mistakes");
    assert!(shown.len() > 4);
    for block in shown {
        let is_there = EXAMPLE.contains(block) || CASES.contains(block);
        assert!(is_there, "the example does not hold:\n{block}");
    }
}

#[test]
fn what_the_guide_says_how_to_express_fits() {
    let whole = schema();
    let place = |pointer: &str| whole.pointer(pointer).expect("the place").clone();
    let parts = [
        whole["properties"].clone(),
        place("/$defs/step/properties"),
        place("/$defs/branch/properties"),
        place("/properties/documents/items/properties"),
    ];
    let validate = |schema: &Value, value: &Value, block: &str| {
        let mut schema = schema.clone();
        schema["$defs"] = whole["$defs"].clone();
        let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012).offline();
        let found = faults(&options.build(&schema).expect("a schema"), value);
        assert_eq!(found, Vec::<String>::new(), "{block}");
    };
    let shown = blocks("## How to express", "\n## Nothing follows");
    assert!(shown.len() > 15);
    for block in shown {
        match json_of(block) {
            Value::Object(members) => {
                for (key, value) in members {
                    let known = parts.iter().find_map(|part| part.get(&key));
                    validate(known.expect("a known key"), &value, block);
                }
            }
            Value::Array(items) => {
                for item in items {
                    let is_step = item.get("status").is_some();
                    let kind = if is_step { "step" } else { "action" };
                    validate(&json!({ "$ref": format!("#/$defs/{kind}") }), &item, block);
                }
            }
            other => panic!("neither keys nor a list: {other}"),
        }
    }
}
