//! How a dossier is filed.

use motcua_procedures::{Channel, code};
use serde_json::{Map, Value};

use super::fields::Item;
use super::{Reader, demand, documents, form};
use crate::scenario::Given;
use crate::setting::{CENTRE, Setting};

/// Most units that a file adds.
const UNITS_MAX: usize = 100;
/// Most owners of a dossier that are named by their number.
const OWNERS_MAX: u32 = 50;

pub(crate) fn given(item: Item<'_>, reader: &mut Reader<'_>) -> Option<Given> {
    const CHANNELS: [(&str, Channel); 3] =
        [("counter", Channel::Counter), ("online", Channel::Online), ("post", Channel::Post)];
    let line = reader.line(&item.at);
    let mut fields = item.fields(reader)?;
    let submitted_at = fields.required(reader, "submitted_at").and_then(|at| at.instant(reader));
    let channel = fields.optional("channel").and_then(|c| c.one_of(reader, &CHANNELS));
    let variant = fields.optional("variant").and_then(|v| v.text(reader));
    let receiving = fields.optional("receiving").and_then(|unit| unit.text(reader));
    let competent = fields.optional("competent").and_then(|unit| unit.text(reader));
    let owners = fields.optional("owners").and_then(|owners| self::owners(&owners, reader));
    let proxy = fields.optional("proxy").and_then(|proxy| match proxy.value {
        Value::Bool(acts) => acts.then(|| "proxy".to_owned()),
        _ => proxy.text(reader),
    });
    let clerk_of = fields.optional("clerk_of").and_then(|unit| unit.text(reader));
    let form = match fields.optional("form") {
        Some(item) => form(&item, reader),
        None => Some(Value::Object(Map::new())),
    };
    let documents = fields.optional("documents").map(|d| documents::documents(&d, reader));
    let demand = demand(&mut fields, reader);
    fields.finish(reader);
    Some(Given {
        line,
        submitted_at: submitted_at?,
        channel: channel.unwrap_or(Channel::Counter),
        variant,
        receiving: receiving.unwrap_or_else(|| CENTRE.into()),
        competent,
        owners,
        proxy,
        clerk_of,
        form: form?,
        documents: documents.unwrap_or_default(),
        demand,
    })
}

fn owners(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Vec<String>> {
    if item.value.is_array() {
        return Some(item.texts(reader));
    }
    let count = item.count(reader)?;
    if count > OWNERS_MAX {
        let message = format!("At most {OWNERS_MAX} owners are named by a number.");
        reader.fault(code::OUT_OF_RANGE, &item.at, message, "Write a smaller number.");
        return None;
    }
    Some((1..=count).map(owner).collect())
}

/// Id of an owner.
pub(crate) fn owner(number: u32) -> String {
    format!("owner-{number}")
}

/// Further units, checked together with those that are there.
pub(crate) fn units(item: Item<'_>, reader: &mut Reader<'_>) -> Vec<Value> {
    let list = item.list(reader, UNITS_MAX);
    let units: Vec<Value> = list.iter().map(|item| item.value.clone()).collect();
    let Ok(calendar) = Setting::shipped_calendar() else { return units };
    if let Err(faults) = Setting::new(calendar, &units) {
        for fault in faults {
            let remedy = "Write `{ id: …, kind: agency }`; see docs/scenarios.md.";
            reader.fault(code::BAD_FORMAT, &item.at, fault.message, remedy);
        }
        return Vec::new();
    }
    units
}
