//! The document as a whole.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::fields::{Item, is_id};
use super::words::{CHANNELS, KINDS, LEVELS, NUMBER_AT};
use super::{Draft, Fields, Reader, case, clock, limit, step, suggestion};
use crate::definition::{Channel, Definition, Kind, Level, NumberAt, Text};
use crate::finding::code;
use crate::form::FormSchema;

/// Most legal grounds of a definition.
pub(crate) const GROUNDS_MAX: usize = 200;

pub(super) fn read(reader: &mut Reader<'_>, item: Item<'_>) -> Option<Draft> {
    let mut fields = item.fields(reader)?;
    let kind = fields.optional("kind").and_then(|item| item.word(reader, KINDS));
    let kind = kind.unwrap_or(Kind::Procedure);
    let code = fields.required(reader, "procedure");
    let code = code.and_then(|item| procedure_code(reader, &item, kind));
    let version = fields.required(reader, "version").and_then(|item| version(reader, &item));
    let effective = fields.required(reader, "effective_from").and_then(|item| item.date(reader));
    let name = text(reader, &mut fields, "name");
    let field = text(reader, &mut fields, "field");
    let level = fields.required(reader, "level").and_then(|item| item.word(reader, LEVELS));
    let grounds = fields.required(reader, "grounds").map(|item| grounds(reader, item));
    let channels = fields.required(reader, "channels").map(|item| channels(reader, item));
    let number_at = fields.optional("number_at").and_then(|item| item.word(reader, NUMBER_AT));
    let parties = fields.required(reader, "parties");
    let parties = parties.map_or(case::NO_PARTIES, |item| case::parties(reader, item));
    let form = fields.required(reader, "form").and_then(|item| form(reader, &item));
    let variants = part(reader, &mut fields, "variants", case::variants);
    let documents = part(reader, &mut fields, "documents", case::documents);
    let fees = part(reader, &mut fields, "fees", case::fees);
    let windows = fields.optional("windows");
    let windows = windows.map(|item| case::windows(reader, item)).unwrap_or_default();
    let limits = part(reader, &mut fields, "limits", limit::rules);
    let phases = fields.optional("phases");
    let phases = phases.map(|item| limit::phases(reader, item)).unwrap_or_default();
    let clocks = fields.optional("clocks");
    let clocks = clocks.map(|item| clock::all(reader, item)).unwrap_or_default();
    let results = part(reader, &mut fields, "results", case::results);
    let start = fields.required(reader, "start").and_then(|item| item.id(reader));
    let steps = fields.required(reader, "steps");
    let anywhere = fields.optional("anywhere");
    let steps = step::all(reader, steps, anywhere);
    fields.finish(reader);
    let definition = Definition {
        kind,
        code: code.unwrap_or_default(),
        version: version.unwrap_or_default(),
        effective_from: effective.unwrap_or(Date::ZERO),
        name,
        field,
        level: level.unwrap_or(Level::Commune),
        grounds: grounds.unwrap_or_default(),
        channels: channels.unwrap_or_default(),
        number_at: number_at.unwrap_or(NumberAt::Accept),
        parties,
        form: form.unwrap_or_default(),
        variants,
        documents,
        fees,
        windows,
        limits,
        phases,
        clocks,
        results,
        start: start.unwrap_or_default(),
        steps: steps.steps,
    };
    Some(Draft { definition, steps_at: steps.steps_at, actions_at: steps.actions_at })
}

/// A required list of parts.
fn part<T>(
    reader: &mut Reader<'_>,
    fields: &mut Fields<'_>,
    name: &'static str,
    read: fn(&mut Reader<'_>, Item<'_>) -> Vec<T>,
) -> Vec<T> {
    fields.required(reader, name).map(|item| read(reader, item)).unwrap_or_default()
}

/// The text in both languages under `name`.
pub(super) fn text(reader: &mut Reader<'_>, fields: &mut Fields<'_>, name: &'static str) -> Text {
    match fields.required(reader, name) {
        Some(item) => item.bilingual(reader),
        None => Text { vi: String::new(), en: String::new() },
    }
}

fn procedure_code(reader: &mut Reader<'_>, item: &Item<'_>, kind: Kind) -> Option<String> {
    let text = item.text(reader)?;
    if kind == Kind::Feedback {
        return own_code(reader, item, text);
    }
    let mut bytes = text.bytes();
    let kind = bytes.next().is_some_and(|byte| (b'1'..=b'3').contains(&byte));
    let dot = bytes.next() == Some(b'.');
    if kind && dot && bytes.len() == 6 && bytes.all(|byte| byte.is_ascii_digit()) {
        return Some(text);
    }
    let message = format!("{text:?} is no national procedure code.");
    let remedy = "Write the code in quotes: \"1.001193\" (1 to 3, a dot, six digits).";
    reader.fault(code::BAD_FORMAT, &item.at, message, remedy);
    None
}

/// Feedback is in no national list: the centre gives it a code of its own, `PAKN-01`.
fn own_code(reader: &mut Reader<'_>, item: &Item<'_>, text: String) -> Option<String> {
    let is_code = text.split_once('-').is_some_and(|(letters, digits)| {
        (2..=10).contains(&letters.len())
            && letters.bytes().all(|byte| byte.is_ascii_uppercase())
            && (1..=6).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    if is_code {
        return Some(text);
    }
    let message = format!("{text:?} is no code of the centre's own.");
    let remedy = "Write 2 to 10 capital letters, a hyphen, 1 to 6 digits: PAKN-01.";
    reader.fault(code::BAD_FORMAT, &item.at, message, remedy);
    None
}

fn version(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<String> {
    let text = item.text(reader)?;
    let parts: Vec<&str> = text.split('.').collect();
    let number = |part: &&str| {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        digits && part.len() <= 6 && (part.len() == 1 || !part.starts_with('0'))
    };
    if parts.len() == 3 && parts.iter().all(number) {
        return Some(text);
    }
    let message = format!("{text:?} is no version.");
    let remedy = "Write three whole numbers: 1.0.0.";
    reader.fault(code::BAD_FORMAT, &item.at, message, remedy);
    None
}

fn grounds(reader: &mut Reader<'_>, item: Item<'_>) -> BTreeMap<String, Text> {
    let mut grounds = BTreeMap::new();
    let Some(fields) = item.fields(reader) else {
        return grounds;
    };
    let entries = fields.entries();
    if entries.is_empty() || entries.len() > GROUNDS_MAX {
        let message = format!("There are {} legal grounds.", entries.len());
        let remedy = format!("Name 1 to {GROUNDS_MAX}.");
        reader.fault(code::OUT_OF_RANGE, &fields.item.at, message, remedy);
    }
    for (id, item) in entries.into_iter().take(GROUNDS_MAX) {
        if !is_id(id) {
            let message = format!("{id:?} is no id.");
            let remedy = "Use ASCII letters, digits, `_`, `-`, `.`, beginning with a letter.";
            reader.fault(code::BAD_FORMAT, &item.at, message, remedy);
        }
        grounds.insert(id.to_owned(), item.bilingual(reader));
    }
    grounds
}

fn channels(reader: &mut Reader<'_>, item: Item<'_>) -> Vec<Channel> {
    let at = item.at.clone();
    let items = item.list(reader, CHANNELS.len());
    let mut channels = Vec::new();
    for item in items {
        let Some(channel) = item.word(reader, CHANNELS) else {
            continue;
        };
        if channels.contains(&channel) {
            let message = format!("The channel {} stands twice.", channel.as_str());
            reader.fault(code::DUPLICATE_ID, &item.at, message, "Remove one of the two.");
            continue;
        }
        channels.push(channel);
    }
    if channels.is_empty() && !reader.is_faulty(&at) {
        let remedy = suggestion("", CHANNELS.iter().map(|(name, _)| *name));
        reader.fault(code::OUT_OF_RANGE, &at, "No channel is named.", remedy);
    }
    channels
}

/// A form or the data of an action.
pub(super) fn form(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<FormSchema> {
    let schema = item.json(reader);
    match FormSchema::compile(&schema) {
        Ok(form) => Some(form),
        Err(faults) => {
            reader.fault_silently(&item.at);
            for (path, message) in faults {
                let at = format!("{}{path}", item.at);
                let remedy = "See \"Forms\" in the reference.";
                reader.fault(code::FORM_SCHEMA, &at, message, remedy);
            }
            None
        }
    }
}
