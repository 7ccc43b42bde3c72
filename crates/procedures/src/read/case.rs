//! What a case brings along: parties, variants, documents, fees, results.

use std::collections::BTreeSet;

use super::root::text;
use super::words::{COLLECTS, DOCUMENT_KINDS, HAND_INS};
use super::{Fields, Item, Reader, limit};
use crate::definition::{
    Amount, Bracket, Collect, DocumentKind, DocumentRequirement, Fee, HandIn, Parties, ResultType,
    Side, Tariff, Validity, Variant, Window,
};
use crate::finding::code;

/// Most variants, documents, fees or results of a definition.
pub(crate) const PARTS_MAX: usize = 100;
/// Most owners of a dossier.
pub(crate) const OWNERS_MAX: u32 = 100;
/// Most originals or copies of one paper.
pub(crate) const SHEETS_MAX: u32 = 100;
/// Largest upload that a definition may allow, and the one it allows when it says nothing, bytes.
pub(crate) const UPLOAD_BYTES_MAX: u64 = 100 << 20;
const UPLOAD_BYTES_DEFAULT: u64 = 20 << 20;
/// Most brackets of a tariff.
pub(crate) const BRACKETS_MAX: usize = 50;
/// Highest fee, đồng.
pub(crate) const FEE_MAX: u64 = 1_000_000_000_000;
/// Media types of an uploaded document when the definition names none.
const MEDIA_DEFAULT: [&str; 3] = ["application/pdf", "image/jpeg", "image/png"];
/// Most media types of one document.
pub(crate) const MEDIA_MAX: usize = 20;

/// Stands for parties that could not be read.
pub(super) const NO_PARTIES: Parties = Parties { owners_min: 1, owners_max: 1, proxy: false };

pub(super) fn parties(reader: &mut Reader<'_>, item: Item<'_>) -> Parties {
    let mut parties = NO_PARTIES;
    let Some(mut fields) = item.fields(reader) else {
        return parties;
    };
    if let Some(mut owners) = fields.required(reader, "owners").and_then(|item| item.fields(reader))
    {
        let least = owners.required(reader, "min");
        let least = least.and_then(|item| item.count(reader, 1..=OWNERS_MAX)).unwrap_or(1);
        let most = owners.required(reader, "max");
        let most = most.and_then(|item| item.count(reader, least..=OWNERS_MAX)).unwrap_or(least);
        parties.owners_min = least;
        parties.owners_max = most;
        owners.finish(reader);
    }
    let proxy = fields.required(reader, "proxy").and_then(|item| item.truth(reader));
    parties.proxy = proxy.unwrap_or(false);
    fields.finish(reader);
    parties
}

pub(super) fn variants(reader: &mut Reader<'_>, item: Item<'_>) -> Vec<Variant> {
    let at = item.at.clone();
    let variants = parts(reader, item, |reader, fields, id| Variant {
        id,
        name: text(reader, fields, "name"),
        when: fields.optional("when").and_then(|item| item.guard(reader)),
    });
    if variants.is_empty() && !reader.is_faulty(&at) {
        let remedy = "A procedure without cases has one variant, for instance `ordinary`.";
        reader.fault(code::OUT_OF_RANGE, &at, "There is no variant.", remedy);
    }
    variants
}

pub(super) fn documents(reader: &mut Reader<'_>, item: Item<'_>) -> Vec<DocumentRequirement> {
    parts(reader, item, |reader, fields, id| {
        let name = text(reader, fields, "name");
        let kind = fields.required(reader, "kind");
        let kind = kind.and_then(|item| item.word(reader, DOCUMENT_KINDS));
        let hand_in = fields.required(reader, "hand_in");
        let hand_in = hand_in.and_then(|item| item.word(reader, HAND_INS));
        let originals = sheets(reader, fields, "originals");
        let copies = sheets(reader, fields, "copies");
        let when = fields.optional("when").and_then(|item| item.guard(reader));
        let phase = fields.optional("phase").and_then(|item| item.id(reader));
        let data_source = fields.optional("data_source").and_then(|item| item.id(reader));
        let media = media(reader, fields);
        let size = fields.optional("size_max");
        let size = size.and_then(|item| item.number(reader, 1..=UPLOAD_BYTES_MAX));
        let original_at_delivery = flag(reader, fields, "original_at_delivery");
        let validity = fields.optional("validity").and_then(|item| validity(reader, item));
        DocumentRequirement {
            id,
            name,
            kind: kind.unwrap_or(DocumentKind::Original),
            hand_in: hand_in.unwrap_or(HandIn::Submit),
            originals,
            copies,
            when,
            phase,
            data_source,
            media,
            size_max: size.unwrap_or(UPLOAD_BYTES_DEFAULT),
            original_at_delivery,
            validity,
            ground: ground(reader, fields),
        }
    })
}

/// `{ issued_on: form_field, valid_for: { … } }`.
fn validity(reader: &mut Reader<'_>, item: Item<'_>) -> Option<Validity> {
    let mut fields = item.fields(reader)?;
    let issued_on = fields.required(reader, "issued_on").and_then(|item| item.id(reader));
    let valid_for = fields.required(reader, "valid_for").map(|item| limit::plain(reader, item));
    fields.finish(reader);
    Some(Validity { issued_on: issued_on?, valid_for: valid_for? })
}

/// Windows of time in which it may be filed.
pub(super) fn windows(reader: &mut Reader<'_>, item: Item<'_>) -> Vec<Window> {
    let items = item.list(reader, PARTS_MAX);
    items.into_iter().filter_map(|item| window(reader, item)).collect()
}

/// `{ before: form_field, at_least: { … } }`.
fn window(reader: &mut Reader<'_>, item: Item<'_>) -> Option<Window> {
    let mut fields = item.fields(reader)?;
    let before = fields.optional("before");
    let after = fields.optional("after");
    let at = fields.item.at.clone();
    let (side, field) = match (before, after) {
        (Some(item), None) => (Side::Before, item.id(reader)),
        (None, Some(item)) => (Side::After, item.id(reader)),
        (None, None) | (Some(_), Some(_)) => {
            let message = "A window lies before or after one date.";
            let remedy = "Name the form field of the date in `before:` or in `after:`.";
            reader.fault(code::MISSING_KEY, &at, message, remedy);
            (Side::Before, None)
        }
    };
    let when = fields.optional("when").and_then(|item| item.guard(reader));
    let at_least = fields.optional("at_least").map(|item| limit::plain(reader, item));
    let at_most = fields.optional("at_most").map(|item| limit::plain(reader, item));
    if at_least.is_none() && at_most.is_none() && !reader.is_faulty(&at) {
        let remedy = "Add `at_least:` or `at_most:`.";
        reader.fault(code::MISSING_KEY, &at, "The window has no bound.", remedy);
    }
    let ground = ground(reader, &mut fields);
    fields.finish(reader);
    Some(Window { field: field?, when, side, at_least, at_most, ground })
}

fn sheets(reader: &mut Reader<'_>, fields: &mut Fields<'_>, name: &'static str) -> u32 {
    let item = fields.optional(name);
    item.and_then(|item| item.count(reader, 0..=SHEETS_MAX)).unwrap_or(0)
}

fn media(reader: &mut Reader<'_>, fields: &mut Fields<'_>) -> Vec<String> {
    let Some(item) = fields.optional("media") else {
        return MEDIA_DEFAULT.map(str::to_owned).to_vec();
    };
    let mut media = Vec::new();
    for item in item.list(reader, MEDIA_MAX) {
        let Some(text) = item.text(reader) else {
            continue;
        };
        let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
        let parts = text.split_once('/').filter(|(main, sub)| !main.is_empty() && !sub.is_empty());
        if parts.is_none_or(|(main, sub)| !main.chars().chain(sub.chars()).all(letter)) {
            let message = format!("{text:?} is no media type.");
            let remedy = "Write for instance application/pdf.";
            reader.fault(code::BAD_FORMAT, &item.at, message, remedy);
        }
        media.push(text);
    }
    media
}

pub(super) fn fees(reader: &mut Reader<'_>, item: Item<'_>) -> Vec<Fee> {
    parts(reader, item, |reader, fields, id| {
        let name = text(reader, fields, "name");
        let amount = fields.required(reader, "amount");
        let amount = amount.and_then(|item| self::amount(reader, item));
        let amount = amount.unwrap_or(Amount::Fixed(0));
        let when = fields.optional("when").and_then(|item| item.guard(reader));
        let collect = fields.required(reader, "collect");
        let collect = collect.and_then(|item| item.word(reader, COLLECTS));
        let refundable = fields.required(reader, "refundable");
        let refundable = refundable.and_then(|item| item.truth(reader)).unwrap_or(false);
        let collect = collect.unwrap_or(Collect::Reception);
        Fee { id, name, amount, when, collect, refundable, ground: ground(reader, fields) }
    })
}

/// A number, `assessed`, or a tariff.
fn amount(reader: &mut Reader<'_>, item: Item<'_>) -> Option<Amount> {
    if item.is_mapping() {
        return tariff(reader, item).map(|tariff| Amount::Tariff(Box::new(tariff)));
    }
    if item.is_word("assessed") {
        return Some(Amount::Assessed);
    }
    item.number(reader, 1..=FEE_MAX).map(Amount::Fixed)
}

/// `{ quantity: form.pages, brackets: […], at_most: 200000, times: form.copies }`.
fn tariff(reader: &mut Reader<'_>, item: Item<'_>) -> Option<Tariff> {
    let mut fields = item.fields(reader)?;
    let quantity = fields.required(reader, "quantity").and_then(|item| item.formula(reader));
    let at = fields.at("brackets");
    let items = fields.required(reader, "brackets");
    let items = items.map(|item| item.list(reader, BRACKETS_MAX)).unwrap_or_default();
    let brackets: Vec<Bracket> =
        items.into_iter().filter_map(|item| bracket(reader, item)).collect();
    let ascending = brackets.windows(2).all(|pair| match (pair[0].up_to, pair[1].up_to) {
        (Some(first), Some(second)) => first < second,
        (Some(_), None) => true,
        (None, _) => false,
    });
    let closed = brackets.last().is_none_or(|last| last.up_to.is_some());
    if (!ascending || closed) && !reader.is_faulty(&at) {
        let message = "The brackets leave a hole or overlap.";
        let remedy = "Let `up_to:` rise, and leave it out in the last bracket alone.";
        reader.fault(code::OUT_OF_RANGE, &at, message, remedy);
    }
    let at_most = fields.optional("at_most").and_then(|item| item.number(reader, 1..=FEE_MAX));
    let times = fields.optional("times").and_then(|item| item.formula(reader));
    fields.finish(reader);
    Some(Tariff { quantity: quantity?, brackets, at_most, times })
}

fn bracket(reader: &mut Reader<'_>, item: Item<'_>) -> Option<Bracket> {
    let mut fields = item.fields(reader)?;
    let up_to = fields.optional("up_to").and_then(|item| item.number(reader, 1..=FEE_MAX));
    let each = fields.required(reader, "each").and_then(|item| item.number(reader, 0..=FEE_MAX));
    fields.finish(reader);
    Some(Bracket { up_to, each: each? })
}

pub(super) fn results(reader: &mut Reader<'_>, item: Item<'_>) -> Vec<ResultType> {
    parts(reader, item, |reader, fields, id| {
        let code = fields.optional("code").and_then(|item| item.text(reader));
        let name = text(reader, fields, "name");
        let positive = fields.required(reader, "positive").and_then(|item| item.truth(reader));
        ResultType { id, code, name, positive: positive.unwrap_or(true) }
    })
}

/// A list of mappings with an `id` each, unique among them.
fn parts<T>(
    reader: &mut Reader<'_>,
    item: Item<'_>,
    read: impl Fn(&mut Reader<'_>, &mut Fields<'_>, String) -> T,
) -> Vec<T> {
    let mut ids = BTreeSet::new();
    let mut parts = Vec::new();
    for item in item.list(reader, PARTS_MAX) {
        let Some(mut fields) = item.fields(reader) else {
            continue;
        };
        let id = unique_id(reader, &mut fields, &mut ids);
        parts.push(read(reader, &mut fields, id));
        fields.finish(reader);
    }
    parts
}

/// The `id` of a part; reported when another part of the list has it too.
pub(super) fn unique_id(
    reader: &mut Reader<'_>,
    fields: &mut Fields<'_>,
    ids: &mut BTreeSet<String>,
) -> String {
    let item = fields.required(reader, "id");
    let Some(id) = item.and_then(|item| item.id(reader)) else {
        return String::new();
    };
    if !ids.insert(id.clone()) {
        let message = format!("The id {id:?} stands twice in this list.");
        reader.fault(code::DUPLICATE_ID, &fields.at("id"), message, "Rename one of the two.");
    }
    id
}

/// A truth value that is false when absent.
pub(super) fn flag(reader: &mut Reader<'_>, fields: &mut Fields<'_>, name: &'static str) -> bool {
    fields.optional(name).and_then(|item| item.truth(reader)).unwrap_or(false)
}

/// The id of the legal ground that every number needs.
pub(super) fn ground(reader: &mut Reader<'_>, fields: &mut Fields<'_>) -> String {
    let Some(item) = fields.optional("ground") else {
        let message = "No legal ground is named.";
        let remedy = "Add `ground:` with an id from `grounds:`.";
        reader.fault(code::GROUND_MISSING, &fields.at("ground"), message, remedy);
        return String::new();
    };
    item.id(reader).unwrap_or_default()
}
