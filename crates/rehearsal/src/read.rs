//! Reads a file of scenarios: bounded, every fault at once with line, path and remedy.

mod documents;
mod fields;
mod given;
mod with;

pub(crate) use given::owner;

use std::collections::BTreeMap;

use jiff::SignedDuration;
use motcua_dossiers::rejection::Reason;
use motcua_procedures::{Finding, Findings, Procedure, Role, Severity, code, suggestion, yaml};
use serde_json::{Map, Value, json};

use crate::expect::{KEYS, Kind, NONE};
use crate::instant;
use crate::play::DESK_ACTS;
use crate::scenario::{Deed, Demand, Entry, Expected, Refused, Scenario, Suite, What, When};
use fields::{Fields, Item};

/// Most scenarios of a file.
const SCENARIOS_MAX: usize = 500;
/// Most entries of a scenario.
const ENTRIES_MAX: usize = 500;
/// Most faults that are listed.
const FINDINGS_MAX: usize = 200;
/// Longest wait: calendars end some day, and so does a rehearsal.
const WAIT_DAYS_MAX: i64 = 3_650;

/// Notes what is wrong while the file is read.
pub(crate) struct Reader<'a> {
    root: &'a yaml::Node,
    procedure: &'a Procedure,
    forms: BTreeMap<String, Value>,
    stories: BTreeMap<String, Vec<Entry>>,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    pub(crate) fn fault(
        &mut self,
        code: &'static str,
        at: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        if self.findings.len() >= FINDINGS_MAX {
            return;
        }
        self.findings.push(Finding {
            code,
            severity: Severity::Error,
            message: message.into(),
            path: at.to_owned(),
            line: self.line(at),
            remedy: remedy.into(),
            trace: Vec::new(),
        });
    }

    /// The value must be one of a list.
    pub(crate) fn unknown<'k>(
        &mut self,
        at: &str,
        word: &str,
        known: impl Iterator<Item = &'k str> + Clone,
    ) {
        let message = format!("{word:?} is not known here.");
        self.fault(code::UNKNOWN_VALUE, at, message, suggestion(word, known));
    }

    pub(crate) fn line(&self, at: &str) -> u32 {
        yaml::line_of(self.root, at)
    }
}

/// Name of the procedure's file that the scenarios belong to.
///
/// # Errors
/// The file is not YAML, or says not which procedure it is for.
pub fn procedure_of(source: &[u8]) -> Result<String, Findings> {
    let (_, document) = tree(source)?;
    let name = document.get("procedure").and_then(Value::as_str).unwrap_or_default();
    let is_sibling = !name.is_empty() && !name.contains(['/', '\\']) && !name.starts_with('.');
    if is_sibling {
        return Ok(name.to_owned());
    }
    let (message, remedy) = match name {
        "" => (
            "The file does not say which procedure it is for.".to_owned(),
            "Write `procedure: NAME.yaml`, a file of the same folder.",
        ),
        path => (
            format!("{path:?} is not the name of a file beside this one."),
            "Name a file of the same folder: `procedure: NAME.yaml`.",
        ),
    };
    Err(Findings(vec![Finding {
        code: code::MISSING_KEY,
        severity: Severity::Error,
        message,
        path: "/procedure".into(),
        line: 1,
        remedy: remedy.into(),
        trace: Vec::new(),
    }]))
}

/// Reads the scenarios of a procedure.
///
/// # Errors
/// Everything that is wrong with the file.
pub fn read(source: &[u8], procedure: &Procedure) -> Result<Suite, Findings> {
    let (root, document) = tree(source)?;
    let (forms, stories) = (BTreeMap::new(), BTreeMap::new());
    let mut reader = Reader { root: &root, procedure, forms, stories, findings: Vec::new() };
    let suite = suite(&mut reader, &document);
    let mut findings = reader.findings;
    findings.sort_by_key(|finding| finding.line);
    match findings.is_empty() {
        true => Ok(suite),
        false => Err(Findings(findings)),
    }
}

fn tree(source: &[u8]) -> Result<(yaml::Node, Value), Findings> {
    let outcome = yaml::read(source);
    let faults: Vec<Finding> = outcome.faults.into_iter().map(of_fault).collect();
    match outcome.root {
        Some(root) if faults.is_empty() => {
            let document = fields::json_of(&root);
            Ok((root, document))
        }
        Some(_) | None => Err(Findings(faults)),
    }
}

fn of_fault(fault: yaml::Fault) -> Finding {
    Finding {
        code: fault.code,
        severity: Severity::Error,
        message: fault.message,
        path: String::new(),
        line: fault.line,
        remedy: fault.remedy.to_owned(),
        trace: Vec::new(),
    }
}

fn suite(reader: &mut Reader<'_>, document: &Value) -> Suite {
    let mut suite = Suite { units: Vec::new(), scenarios: Vec::new() };
    let root = Item { value: document, at: String::new() };
    let Some(mut fields) = root.fields(reader) else { return suite };
    fields.optional("procedure");
    let units = fields.optional("units");
    suite.units = units.map(|units| given::units(units, reader)).unwrap_or_default();
    if let Some(forms) = fields.optional("forms").and_then(|forms| forms.fields(reader)) {
        for (name, form) in forms.entries() {
            if form.object(reader).is_some() {
                reader.forms.insert(name.to_owned(), form.value.clone());
            }
        }
    }
    if let Some(told) = fields.optional("stories").and_then(|told| told.fields(reader)) {
        stories(told, reader);
    }
    let scenarios = fields.required(reader, "scenarios");
    for item in scenarios.map(|s| s.list(reader, SCENARIOS_MAX)).unwrap_or_default() {
        suite.scenarios.extend(scenario(item, reader));
    }
    fields.finish(reader);
    suite
}

fn scenario(item: Item<'_>, reader: &mut Reader<'_>) -> Option<Scenario> {
    let line = reader.line(&item.at);
    let mut fields = item.fields(reader)?;
    let name = fields.required(reader, "name").and_then(|name| name.text(reader));
    let given = fields.required(reader, "given").and_then(|given| given::given(given, reader));
    let acts = fields.optional("acts").map(|acts| entries(&acts, reader)).unwrap_or_default();
    fields.finish(reader);
    Some(Scenario { name: name?, line, given: given?, acts })
}

/// Stories may tell those above them; a map has no order here, so whatever can be told is told
/// until nothing new can be.
fn stories(told: Fields<'_>, reader: &mut Reader<'_>) {
    let mut left = told.entries();
    while !left.is_empty() {
        let known = |item: &Item<'_>, reader: &Reader<'_>| {
            let parts = item.value.as_array().into_iter().flatten();
            let mut parts = parts.filter_map(|entry| entry.get("story")?.as_str());
            parts.all(|name| reader.stories.contains_key(name))
        };
        let ready = left.iter().position(|(_, item)| known(item, reader));
        // A circle, or a name that does not exist: reading it says so.
        let (name, item) = left.remove(ready.unwrap_or(0));
        let entries = entries(&item, reader);
        reader.stories.insert(name.to_owned(), entries);
    }
}

/// The entries of a list, stories told out.
fn entries(list: &Item<'_>, reader: &mut Reader<'_>) -> Vec<Entry> {
    let mut entries = Vec::new();
    for item in list.list(reader, ENTRIES_MAX) {
        match item.value.get("story") {
            Some(_) => entries.extend(story(&item, reader)),
            None => entries.extend(entry(item, reader)),
        }
        if entries.len() > ENTRIES_MAX {
            let message = format!("With its stories the list has more than {ENTRIES_MAX} entries.");
            reader.fault(code::OUT_OF_RANGE, &list.at, message, "Shorten it.");
            return Vec::new();
        }
    }
    entries
}

fn story(item: &Item<'_>, reader: &mut Reader<'_>) -> Vec<Entry> {
    let Some(mut fields) = item.fields(reader) else { return Vec::new() };
    let name = fields.optional("story").and_then(|name| name.text(reader));
    fields.finish(reader);
    let Some(name) = name else { return Vec::new() };
    if let Some(entries) = reader.stories.get(&name) {
        return entries.clone();
    }
    let names: Vec<String> = reader.stories.keys().cloned().collect();
    let at = format!("{}/story", item.at);
    reader.unknown(&at, &name, names.iter().map(String::as_str));
    Vec::new()
}

fn entry(item: Item<'_>, reader: &mut Reader<'_>) -> Option<Entry> {
    let (at, line) = (item.at.clone(), reader.line(&item.at));
    let mut fields = item.fields(reader)?;
    let until = fields.optional("wait_until").and_then(|until| until.instant(reader));
    let wait = fields.optional("wait").and_then(|wait| span(wait, reader));
    let deed = fields.optional("do");
    let entry = match (deed, until, wait) {
        (Some(deed), None, None) => {
            let when = when(&mut fields, reader);
            let what = What::Act(Box::new(self::deed(deed, &mut fields, reader)?));
            Some((when, what))
        }
        (None, Some(until), None) => Some((When::At(until), waiting(&mut fields, reader))),
        (None, None, Some(wait)) => Some((When::After(wait), waiting(&mut fields, reader))),
        _ => {
            let message = "An entry is either an act or a wait.";
            let remedy = "Write one of `do:`, `wait_until:` and `wait:`.";
            reader.fault(code::MISSING_KEY, &at, message, remedy);
            return None;
        }
    };
    let demand = demand(&mut fields, reader);
    fields.finish(reader);
    entry.map(|(when, what)| Entry { line, when, what, demand })
}

fn waiting(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> What {
    What::Wait { fires: fields.optional("fires").map(|fires| fires.texts(reader)) }
}

fn when(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> When {
    let at = fields.optional("at").and_then(|at| at.instant(reader));
    let after = fields.optional("after").and_then(|after| span(after, reader));
    match (at, after) {
        (Some(at), _) => When::At(at),
        (None, Some(after)) => When::After(after),
        (None, None) => When::After(SignedDuration::from_mins(1)),
    }
}

/// `{ days: 1, hours: 2, minutes: 30 }`
fn span(item: Item<'_>, reader: &mut Reader<'_>) -> Option<SignedDuration> {
    let at = item.at.clone();
    let mut fields = item.fields(reader)?;
    let mut minutes = 0_i64;
    for (name, each) in [("days", 24 * 60), ("hours", 60), ("minutes", 1)] {
        if let Some(amount) = fields.optional(name).and_then(|item| item.number(reader)) {
            let amount = i64::try_from(amount).unwrap_or(i64::MAX);
            minutes = minutes.saturating_add(amount.saturating_mul(each));
        }
    }
    fields.finish(reader);
    if minutes > WAIT_DAYS_MAX * 24 * 60 {
        let message = format!("A wait is at most {WAIT_DAYS_MAX} days.");
        reader.fault(code::OUT_OF_RANGE, &at, message, "Shorten it.");
        return None;
    }
    Some(SignedDuration::from_mins(minutes))
}

fn deed(item: Item<'_>, fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<Deed> {
    let name = item.text(reader);
    let role = fields.optional("as").and_then(|role| {
        let text = role.text(reader)?;
        let known = Role::from_name(&text);
        if known.is_none() {
            reader.unknown(&role.at, &text, Role::ALL.iter().map(|role| role.as_str()));
        }
        known
    });
    let text = |fields: &mut Fields<'_>, name, reader: &mut Reader<'_>| {
        fields.optional(name).and_then(|item: Item<'_>| item.word(reader))
    };
    let unit = text(fields, "unit", reader);
    let by = text(fields, "by", reader);
    let acting_for = text(fields, "for", reader);
    let item_name = text(fields, "item", reader);
    let with = fields.optional("with").map(|with| with::with(with, reader)).unwrap_or_default();
    let deed = name?;
    if !is_known(&deed, reader.procedure) {
        let steps = &reader.procedure.definition().steps;
        let mut names: Vec<String> =
            steps.iter().flat_map(|s| &s.actions).map(|a| a.id.clone()).collect();
        names.extend(DESK_ACTS.map(str::to_owned));
        names.sort();
        names.dedup();
        let remedy = suggestion(&deed, names.iter().map(String::as_str));
        let message = format!("The procedure knows no action or act {deed:?}.");
        reader.fault(code::UNKNOWN_ACTION, &item.at, message, remedy);
    }
    Some(Deed { deed, role, unit, by, acting_for, item: item_name, with })
}

/// Whether there is an action or act of that name.
fn is_known(deed: &str, procedure: &Procedure) -> bool {
    if let Some((step, action)) = deed.split_once('/') {
        return procedure.action(step, action).is_some();
    }
    let mut actions = procedure.definition().steps.iter().flat_map(|step| &step.actions);
    DESK_ACTS.contains(&deed) || actions.any(|a| a.id == deed || a.act.as_str() == deed)
}

pub(crate) fn demand(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Demand {
    let expect = fields.optional("expect").map(|item| expectations(item, reader));
    let naming = fields.optional("naming").map(|item| item.texts(reader));
    let refused = fields.optional("refused").and_then(|item| {
        let text = item.text(reader)?;
        let reason = Reason::ALL.into_iter().find(|reason| reason.as_str() == text);
        if reason.is_none() {
            reader.unknown(&item.at, &text, Reason::ALL.iter().map(|reason| reason.as_str()));
        }
        let line = reader.line(&item.at);
        Some(Refused { reason: reason?, naming: naming.unwrap_or_default(), line })
    });
    Demand { expect: expect.unwrap_or_default(), refused }
}

fn expectations(item: Item<'_>, reader: &mut Reader<'_>) -> Vec<Expected> {
    let Some(fields) = item.fields(reader) else { return Vec::new() };
    let mut expected = Vec::new();
    for (key, item) in fields.entries() {
        let Some((_, kind)) = KEYS.iter().find(|(name, _)| *name == key) else {
            let message = format!("The key {key:?} is not known here.");
            let remedy = suggestion(key, KEYS.iter().map(|(name, _)| *name));
            reader.fault(code::UNKNOWN_KEY, &item.at, message, remedy);
            continue;
        };
        let line = reader.line(&item.at);
        if let Some(value) = expected_value(key, *kind, &item, reader) {
            expected.push(Expected { key: key.to_owned(), value, line });
        }
    }
    expected
}

fn expected_value(
    key: &str,
    kind: Kind,
    item: &Item<'_>,
    reader: &mut Reader<'_>,
) -> Option<Value> {
    let fits = match kind {
        Kind::Plain => !item.value.is_array() && !item.value.is_object() && !item.value.is_null(),
        Kind::Set | Kind::ItemSet => item.value.is_array(),
        Kind::List => item.value.is_array() || item.value.is_number(),
        Kind::Map | Kind::Items => item.value.is_object(),
    };
    if !fits {
        let message = format!("This is no value of {key:?}.");
        let remedy = "See the table of `expect` in docs/scenarios.md.";
        reader.fault(code::WRONG_TYPE, &item.at, message, remedy);
        return None;
    }
    names_exist(key, item, reader);
    Some(normal(item.value))
}

/// A name that the procedure does not know can never be met: that is a slip, not an expectation.
fn names_exist(key: &str, item: &Item<'_>, reader: &mut Reader<'_>) {
    let procedure = reader.procedure;
    let definition = procedure.definition();
    let members: Vec<String> = match item.value {
        Value::Object(map) => map.keys().cloned().collect(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    };
    let known: Vec<&str> = match key {
        "state" | "items" | "late_items" => {
            definition.steps.iter().map(|s| s.id.as_str()).collect()
        }
        "clocks" => definition.clocks.iter().map(|clock| clock.id.as_str()).collect(),
        "fees" => definition.fees.iter().map(|fee| fee.id.as_str()).collect(),
        "required" => definition.documents.iter().map(|d| d.id.as_str()).collect(),
        "outcome" => definition.results.iter().map(|r| r.id.as_str()).chain([NONE]).collect(),
        "phase" => definition.phases.iter().map(|p| p.id.as_str()).chain([NONE]).collect(),
        "variant" => definition.variants.iter().map(|v| v.id.as_str()).collect(),
        "result" => vec![NONE, "paper", "electronic"],
        "clock" => vec![NONE, "running", "paused", "stopped"],
        "code" => vec![NONE, "given"],
        _ => return,
    };
    for name in members {
        let id = name.split('@').next().unwrap_or_default();
        if !known.contains(&id) {
            reader.unknown(&item.at, &name, known.iter().copied());
        }
    }
}

/// Instants are compared as they are shown.
fn normal(value: &Value) -> Value {
    match value {
        Value::String(text) if text.contains(' ') => match instant::parse(text) {
            Some(at) => json!(instant::show(at)),
            None => value.clone(),
        },
        _ => value.clone(),
    }
}

/// The named form, with what differs; null removes a field.
pub(crate) fn form(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Value> {
    let given = item.object(reader)?;
    let mut form: Map<String, Value> = Map::new();
    if let Some(base) = given.get("base") {
        let name = base.as_str().unwrap_or_default();
        match reader.forms.get(name).and_then(Value::as_object) {
            Some(known) => form = known.clone(),
            None => {
                let names: Vec<String> = reader.forms.keys().cloned().collect();
                let at = format!("{}/base", item.at);
                reader.unknown(&at, name, names.iter().map(String::as_str));
            }
        }
    }
    for (name, value) in given.iter().filter(|(name, _)| *name != "base") {
        match value {
            Value::Null => form.remove(name),
            _ => form.insert(name.clone(), value.clone()),
        };
    }
    // As a form is read from outside: bounded, texts normalised.
    match motcua_procedures::read_form(&Value::Object(form).to_string()) {
        Ok(form) => Some(form),
        Err(fault) => {
            reader.fault(code::OUT_OF_RANGE, &item.at, fault.message.en, "Shorten the form.");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_procedure_in_another_folder_is_told_apart_from_none() {
        let message = |source: &str| {
            let Findings(found) = procedure_of(source.as_bytes()).expect_err("no sibling");
            format!("{} {}", found[0].message, found[0].remedy)
        };
        let elsewhere = message("procedure: ../a.yaml\n");
        assert!(
            elsewhere.contains("../a.yaml") && elsewhere.contains("same folder"),
            "{elsewhere}"
        );
        assert!(message("scenarios: []\n").contains("does not say"));
    }
}
