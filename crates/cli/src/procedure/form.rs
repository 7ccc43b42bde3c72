//! Fields of a form in words: enough to write a filing.

use serde_json::Value;

/// Members of members are shown this deep.
const DEPTH_MAX: usize = 6;

/// A line for each field, those inside other fields included: type, whether required, what is
/// allowed.
pub(super) fn lines(form: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    members(form, form, "", 0, &mut lines);
    lines
}

/// The schema, or the one that it refers to.
fn resolved<'a>(schema: &'a Value, form: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str().and_then(|target| target.strip_prefix('#'));
    target.and_then(|pointer| form.pointer(pointer)).unwrap_or(schema)
}

fn members(schema: &Value, form: &Value, prefix: &str, depth: usize, lines: &mut Vec<String>) {
    if depth > DEPTH_MAX {
        return;
    }
    let required = schema["required"].as_array().into_iter().flatten();
    let required: Vec<&str> = required.filter_map(Value::as_str).collect();
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let member = resolved(member, form);
        let need = if required.contains(&name.as_str()) { "required" } else { "optional" };
        let place = format!("{prefix}{name}");
        lines.push(format!("  field  {place}: {} {need}{}", kind(member), allowed(member)));
        let items = resolved(&member["items"], form);
        if items.is_object() {
            let place = format!("{place}[]");
            if items["properties"].is_null() {
                lines.push(format!("  field  {place}: {}{}", kind(items), allowed(items)));
            }
            members(items, form, &format!("{place}."), depth + 1, lines);
        }
        members(member, form, &format!("{place}."), depth + 1, lines);
    }
}

fn kind(schema: &Value) -> String {
    match &schema["type"] {
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => "object".to_owned(),
    }
}

/// What the value must be, as the schema says it.
fn allowed(schema: &Value) -> String {
    let told = [
        "enum",
        "const",
        "format",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
        "pattern",
    ];
    let rules = told.iter().filter_map(|key| {
        let value = schema.get(*key)?;
        Some(match *key {
            "enum" => value.to_string(),
            key => format!("{key} {value}"),
        })
    });
    rules.map(|rule| format!(" {rule}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_of_members_lists_and_references_are_shown() {
        let form = json!({
            "required": ["mother"],
            "properties": {
                "mother": { "$ref": "#/$defs/parent" },
                "children": { "type": "array", "maxItems": 3, "items": {
                    "type": "object", "properties": { "name": { "type": "string" } } } },
                "marks": { "type": "array", "items": { "type": "integer", "minimum": 1 } },
            },
            "$defs": { "parent": { "type": "object", "required": ["name"], "properties": {
                "name": { "type": "string", "maxLength": 100 },
                "sex": { "type": "string", "enum": ["f", "m"] } } } },
        });
        let mut found = lines(&form);
        found.sort_unstable();
        let expected = [
            "  field  children: array optional maxItems 3",
            "  field  children[].name: string optional",
            "  field  marks: array optional",
            "  field  marks[]: integer minimum 1",
            "  field  mother.name: string required maxLength 100",
            "  field  mother.sex: string optional [\"f\",\"m\"]",
            "  field  mother: object required",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let form = json!({ "properties": { "a": { "$ref": "#" } } });
        assert!(lines(&form).len() < 20);
    }
}
