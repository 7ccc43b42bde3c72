//! Further clocks: limits beside the main one.

use std::collections::BTreeSet;

use super::case::unique_id;
use super::root::text;
use super::step::STEPS_MAX;
use super::{Fields, Item, Reader, limit};
use crate::definition::{ClockFrom, ClockRule, FurtherClock};
use crate::finding::code;

/// Most further clocks of a definition.
pub(crate) const CLOCKS_MAX: usize = 20;
/// Most rules of a clock.
pub(crate) const RULES_MAX: usize = 50;

pub(super) fn all(reader: &mut Reader<'_>, item: Item<'_>) -> Vec<FurtherClock> {
    let mut ids = BTreeSet::new();
    let mut clocks = Vec::new();
    for item in item.list(reader, CLOCKS_MAX) {
        let Some(mut fields) = item.fields(reader) else {
            continue;
        };
        clocks.push(clock(reader, &mut fields, &mut ids));
        fields.finish(reader);
    }
    clocks
}

fn clock(
    reader: &mut Reader<'_>,
    fields: &mut Fields<'_>,
    ids: &mut BTreeSet<String>,
) -> FurtherClock {
    let id = unique_id(reader, fields, ids);
    let name = text(reader, fields, "name");
    let from = fields.required(reader, "from").and_then(|item| from(reader, item));
    let until = fields.required(reader, "until").map(|item| item.ids(reader, STEPS_MAX));
    let pause_in = fields.optional("pause_in").map(|item| item.ids(reader, STEPS_MAX));
    let resume = fields.optional("resume").and_then(|item| limit::regime(reader, item));
    let rules = fields.required(reader, "rules").map(|item| rules(reader, item));
    FurtherClock {
        id,
        name,
        from: from.unwrap_or(ClockFrom::Submitted),
        until: until.unwrap_or_default(),
        pause_in: pause_in.unwrap_or_default(),
        resume,
        rules: rules.unwrap_or_default(),
    }
}

/// `submitted`, or the steps on entering which it starts.
fn from(reader: &mut Reader<'_>, item: Item<'_>) -> Option<ClockFrom> {
    if item.is_list() {
        return Some(ClockFrom::Entered(item.ids(reader, STEPS_MAX)));
    }
    item.word(reader, &[("submitted", ())]).map(|()| ClockFrom::Submitted)
}

fn rules(reader: &mut Reader<'_>, item: Item<'_>) -> Vec<ClockRule> {
    let at = item.at.clone();
    let items = item.list(reader, RULES_MAX);
    let rules: Vec<ClockRule> = items.into_iter().filter_map(|item| rule(reader, item)).collect();
    if rules.is_empty() && !reader.is_faulty(&at) {
        reader.fault(code::OUT_OF_RANGE, &at, "There is no limit.", "Name the limit of the law.");
    }
    rules
}

/// `{ when: …, limit: { … } }`, or `{ when: …, without_limit: ground }`.
fn rule(reader: &mut Reader<'_>, item: Item<'_>) -> Option<ClockRule> {
    let mut fields = item.fields(reader)?;
    let when = fields.optional("when").and_then(|item| item.guard(reader));
    let rule = match fields.optional("without_limit") {
        Some(item) => {
            let ground = item.id(reader).unwrap_or_default();
            ClockRule { when, limit: None, ground }
        }
        None => {
            let item = fields.required(reader, "limit");
            let (limit, ground) = item.map(|item| limit::grounded(reader, item)).unzip();
            ClockRule { when, limit, ground: ground.unwrap_or_default() }
        }
    };
    fields.finish(reader);
    Some(rule)
}
