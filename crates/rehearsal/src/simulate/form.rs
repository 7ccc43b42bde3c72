//! Values that a form's schema accepts, made up.

use jiff::ToSpan;
use jiff::civil::Date;
use motcua_procedures::FormSchema;
use serde_json::{Map, Value, json};

use super::chance::Chance;
use super::pattern;

/// Changes that are tried to make a form valid.
const REPAIRS_MAX: usize = 400;
/// Deepest nesting of made-up values.
const DEPTH_MAX: usize = 12;
/// Most entries of a made-up list beyond the fewest.
const ENTRIES_MORE_MAX: u64 = 2;
/// Largest made-up number where a schema allows more: real quantities are mostly small.
const NUMBER_USUAL_MAX: i64 = 20;

/// Makes values up for one schema.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Maker<'s> {
    schema: &'s FormSchema,
    /// Dates lie around it.
    today: Date,
}

impl<'s> Maker<'s> {
    pub(crate) fn new(schema: &'s FormSchema, today: Date) -> Self {
        Self { schema, today }
    }

    /// A valid form, by chance and repair; none when luck runs out.
    pub(crate) fn form(&self, chance: &mut Chance) -> Option<Value> {
        let root = self.schema.schema();
        let mut form = self.value(root, chance, 0);
        let mut faults = self.schema.validate(&form).len();
        for _ in 0..REPAIRS_MAX {
            if faults == 0 {
                return Some(form);
            }
            let tried = self.repaired(&form, chance);
            let left = self.schema.validate(&tried).len();
            // Sideways too: a plateau has to be crossed.
            if left <= faults {
                form = tried;
                faults = left;
            }
        }
        (faults == 0).then_some(form)
    }

    /// The form with one field made up anew, added or left out.
    pub(crate) fn mutated(&self, form: &Value, chance: &mut Chance) -> Value {
        let names: Vec<&str> = self.schema.properties().collect();
        let Some(name) = chance.pick(&names) else { return form.clone() };
        self.changed(form, name, chance)
    }

    /// A made-up value of a top-level field.
    pub(crate) fn field(&self, name: &str, chance: &mut Chance) -> Option<Value> {
        let schema = self.schema.schema()["properties"].get(name)?;
        Some(self.value(schema, chance, 1))
    }

    /// Changes the field of a fault rather than another.
    fn repaired(&self, form: &Value, chance: &mut Chance) -> Value {
        let faults = self.schema.validate(form);
        let place = chance.pick(&faults).map(|fault| fault.path.clone()).unwrap_or_default();
        let name = place.split('/').nth(1).unwrap_or_default().to_owned();
        let known = self.schema.properties().any(|known| known == name);
        match known && chance.percent(70) {
            true => self.changed(form, &name, chance),
            false => self.mutated(form, chance),
        }
    }

    fn changed(&self, form: &Value, name: &str, chance: &mut Chance) -> Value {
        let mut changed = form.as_object().cloned().unwrap_or_default();
        if changed.contains_key(name) && chance.percent(30) {
            changed.remove(name);
        } else if let Some(value) = self.field(name, chance) {
            changed.insert(name.to_owned(), value);
        }
        Value::Object(changed)
    }

    fn value(&self, schema: &Value, chance: &mut Chance, depth: usize) -> Value {
        let schema = self.resolved(schema);
        if let Some(only) = schema.get("const") {
            return only.clone();
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            return chance.pick(values).cloned().unwrap_or_default();
        }
        match schema.get("type").and_then(Value::as_str) {
            _ if depth > DEPTH_MAX => Value::Null,
            Some("object") => self.object(schema, chance, depth),
            Some("array") => {
                let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
                let most = schema.get("maxItems").and_then(Value::as_u64).unwrap_or(least);
                let more = chance.below(most.saturating_sub(least).min(ENTRIES_MORE_MAX) + 1);
                let items = &schema["items"];
                (0..least + more).map(|_| self.value(items, chance, depth + 1)).collect()
            }
            Some("boolean") => json!(chance.percent(50)),
            Some("integer") => number(schema, chance),
            Some(_) | None => json!(self.text(schema, chance)),
        }
    }

    fn resolved<'v>(&'v self, schema: &'v Value) -> &'v Value {
        let mut schema = schema;
        for _ in 0..DEPTH_MAX {
            let target = schema.get("$ref").and_then(Value::as_str);
            let name = target.and_then(|target| target.strip_prefix("#/$defs/"));
            let Some(found) = name.and_then(|name| self.schema.schema()["$defs"].get(name)) else {
                break;
            };
            schema = found;
        }
        schema
    }

    fn object(&self, schema: &Value, chance: &mut Chance, depth: usize) -> Value {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut members = Map::new();
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            if required.contains(&name.as_str()) || chance.percent(30) {
                members.insert(name.clone(), self.value(member, chance, depth + 1));
            }
        }
        Value::Object(members)
    }

    fn text(&self, schema: &Value, chance: &mut Chance) -> String {
        match schema.get("format").and_then(Value::as_str) {
            Some("date") => return self.date(chance).to_string(),
            Some("time") => return format!("{:02}:{:02}:00Z", chance.below(24), chance.below(60)),
            Some("email") => return format!("an{}@example.vn", chance.below(1_000)),
            Some(_) | None => {}
        }
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
            return pattern::text(pattern, chance);
        }
        let least = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0);
        let most = schema.get("maxLength").and_then(Value::as_u64).unwrap_or(20);
        let length = least.max(most.min(3 + chance.below(12)));
        (0..length).filter_map(|_| chance.pick(&['a', 'n', 'h', 'ồ', 's', 'ơ'])).collect()
    }

    /// Near or far, mostly past: a birth, an old paper, a planned event.
    fn date(&self, chance: &mut Chance) -> Date {
        let days = match chance.below(10) {
            0..=2 => chance.between(-25_000, -6_600),
            3..=5 => chance.between(-700, 0),
            6..=7 => chance.between(-30, 0),
            _ => chance.between(0, 60),
        };
        self.today.saturating_add(days.days())
    }
}

fn number(schema: &Value, chance: &mut Chance) -> Value {
    let bound = |name| schema.get(name).and_then(Value::as_i64);
    let least = bound("minimum").unwrap_or(0);
    let most = bound("maximum").unwrap_or(least.saturating_add(NUMBER_USUAL_MAX));
    let usual = least.saturating_add(NUMBER_USUAL_MAX).min(most);
    let most = if chance.percent(80) { usual } else { most };
    json!(chance.between(least, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_the_catalogue_can_be_made_up() {
        let catalogue = [
            include_bytes!("../../../../catalogue/birth-registration.yaml").as_slice(),
            include_bytes!("../../../../catalogue/household-business.yaml").as_slice(),
            include_bytes!("../../../../catalogue/marriage-registration.yaml").as_slice(),
        ];
        for (number, source) in (1..).zip(catalogue) {
            let procedure = motcua_procedures::parse(source).expect("a shipped procedure is sound");
            let maker = Maker::new(&procedure.definition().form, jiff::civil::date(2026, 10, 5));
            let mut chance = Chance::of_life(1, number);
            let made = (0..20).filter(|_| maker.form(&mut chance).is_some()).count();
            assert!(made >= 18, "only {made} of 20 forms of {}", procedure.reference().code);
        }
    }
}
