//! Details of an act.

use motcua_dossiers::command::{DeliveryBy, ItemName, Recipient};
use motcua_procedures::code;

use super::fields::{Fields, Item};
use super::{Reader, documents};
use crate::scenario::{ResultFile, With};

const DELIVERIES: [(&str, DeliveryBy); 3] = [
    ("counter", DeliveryBy::Counter),
    ("post", DeliveryBy::Post),
    ("electronic", DeliveryBy::Electronic),
];

pub(crate) fn with(item: Item<'_>, reader: &mut Reader<'_>) -> With {
    let Some(mut all) = item.fields(reader) else { return With::default() };
    let fields = &mut all;
    let word = |fields: &mut Fields<'_>, name, reader: &mut Reader<'_>| {
        fields.optional(name).and_then(|item: Item<'_>| item.word(reader))
    };
    let mut with = With {
        unit: word(fields, "unit", reader),
        document: word(fields, "document", reader),
        registry: word(fields, "registry", reader),
        answer: word(fields, "answer", reader),
        fee: word(fields, "fee", reader),
        reference: word(fields, "reference", reader),
        variant: word(fields, "variant", reader),
        assignee: word(fields, "assignee", reader),
        ..With::default()
    };
    with.draft = fields.optional("draft").and_then(|item| result_file(&item, false, reader));
    with.result = fields.optional("result").and_then(|item| result_file(&item, true, reader));
    with.number = fields.optional("number").and_then(|item| item.plain_text(reader));
    with.reason = fields.optional("reason").and_then(|item| item.plain_text(reader));
    with.data = fields.optional("data").map(|item| item.value.clone());
    with.units = fields.optional("units").map(|item| item.texts(reader)).unwrap_or_default();
    with.form = fields.optional("form").and_then(|item| item.object(reader).cloned());
    with.documents = fields.optional("documents").map(|d| documents::documents(&d, reader));
    with.accept_rest = fields.optional("accept_rest").and_then(|item| item.truth(reader));
    with.found = fields.optional("found").and_then(|item| item.truth(reader));
    with.agency_at_fault = fields.optional("agency_at_fault").and_then(|item| item.truth(reader));
    with.amount = fields.optional("amount").and_then(|item| item.number(reader));
    with.issued_on = fields.optional("issued_on").and_then(|item| item.date(reader));
    with.due_on = fields.optional("due_on").and_then(|item| item.date(reader));
    with.originals = fields.optional("originals").map(|item| item.texts(reader));
    with.delivered_by = fields.optional("by").and_then(|item| item.one_of(reader, &DELIVERIES));
    with.items = fields.optional("items").map(|item| names(&item, reader));
    with.accept = fields.optional("accept").map(|i| names(&i, reader)).unwrap_or_default();
    if let Some(rejected) = fields.optional("reject").and_then(|item| item.fields(reader)) {
        for (name, item) in rejected.entries() {
            if let (Some(name), Some(why)) = (name_of(name, &item, reader), item.plain_text(reader))
            {
                with.reject.insert(name, why);
            }
        }
    }
    with.recipients = fields.optional("recipients").map(|item| {
        let list = item.list(reader, 50);
        list.into_iter().filter_map(|item| recipient(&item, reader)).collect()
    });
    all.finish(reader);
    with
}

/// `decision.pdf`, or `{ file: decision.pdf, signed: false }`.
fn result_file(item: &Item<'_>, signed: bool, reader: &mut Reader<'_>) -> Option<ResultFile> {
    if item.value.is_string() {
        return Some(ResultFile { name: item.text(reader)?, signed });
    }
    let mut fields = item.fields(reader)?;
    let name = fields.required(reader, "file").and_then(|file| file.text(reader));
    let is_signed = fields.optional("signed").and_then(|item| item.truth(reader));
    fields.finish(reader);
    Some(ResultFile { name: name?, signed: is_signed.unwrap_or(signed) })
}

fn names(item: &Item<'_>, reader: &mut Reader<'_>) -> Vec<ItemName> {
    let list = item.list(reader, 200);
    let name = |item: Item<'_>, reader: &mut Reader<'_>| {
        let text = item.text(reader)?;
        name_of(&text, &item, reader)
    };
    list.into_iter().filter_map(|item| name(item, reader)).collect()
}

fn name_of(text: &str, item: &Item<'_>, reader: &mut Reader<'_>) -> Option<ItemName> {
    match ItemName::try_from(text.to_owned()) {
        Ok(name) => Some(name),
        Err(why) => {
            let remedy = "Write document:ID or field:NAME.";
            reader.fault(code::BAD_FORMAT, &item.at, format!("{why}."), remedy);
            None
        }
    }
}

fn recipient(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Recipient> {
    if item.value.is_string() {
        let id = item.text(reader)?;
        return Some(Recipient { id, identity_checked: true, authorised: false });
    }
    let mut fields = item.fields(reader)?;
    let id = fields.required(reader, "id").and_then(|id| id.text(reader));
    let checked = fields.optional("identity_checked").and_then(|item| item.truth(reader));
    let authorised = fields.optional("authorised").and_then(|item| item.truth(reader));
    fields.finish(reader);
    Some(Recipient {
        id: id?,
        identity_checked: checked.unwrap_or(true),
        authorised: authorised.unwrap_or(false),
    })
}
