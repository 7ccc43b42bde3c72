//! What is handed in.

use motcua_procedures::code;
use serde_json::Value;

use super::Reader;
use super::fields::Item;
use crate::scenario::{Documents, HandedIn};

const WORDS: [&str; 6] = ["fit", "paper", "present", "upload", "signed", "none"];

pub(crate) fn documents(item: &Item<'_>, reader: &mut Reader<'_>) -> Documents {
    let mut documents = Documents::default();
    if item.value.as_str() == Some("complete") {
        documents.complete = true;
        return documents;
    }
    let Some(fields) = item.fields(reader) else { return documents };
    for (id, item) in fields.entries() {
        if id == "others" {
            documents.complete = item.value.as_str() == Some("complete");
            if !documents.complete {
                reader.unknown(&item.at, &item.value.to_string(), ["complete"].into_iter());
            }
            continue;
        }
        let known = reader.procedure.document(id).is_some();
        // Papers that the procedure does not know may be handed in to see them refused.
        if !known && !id.starts_with("UNKNOWN") {
            let documents = &reader.procedure.definition().documents;
            let ids: Vec<String> = documents.iter().map(|d| d.id.clone()).collect();
            reader.unknown(&item.at, id, ids.iter().map(String::as_str));
        }
        if let Some(how) = handed_in(&item, reader) {
            documents.named.insert(id.to_owned(), how);
        }
    }
    documents
}

fn handed_in(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Option<HandedIn>> {
    let upload = |signed| HandedIn::Upload { signed, media: None, size: None };
    if let Value::Object(_) = item.value {
        return detailed(item, reader).map(Some);
    }
    let word = item.text(reader)?;
    Some(match word.as_str() {
        "fit" => Some(HandedIn::Fit),
        "paper" => Some(HandedIn::Paper { originals: None, copies: None }),
        "present" => Some(HandedIn::Presented),
        "upload" => Some(upload(false)),
        "signed" => Some(upload(true)),
        "none" => None,
        other => {
            reader.unknown(&item.at, other, WORDS.into_iter());
            return None;
        }
    })
}

fn detailed(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<HandedIn> {
    let mut fields = item.fields(reader)?;
    let paper = fields.optional("paper");
    let upload = fields.optional("upload");
    let signed = fields.optional("signed");
    fields.finish(reader);
    match (paper, upload, signed) {
        (Some(paper), None, None) => {
            let mut fields = paper.fields(reader)?;
            let originals = fields.optional("originals").and_then(|n| n.count(reader));
            let copies = fields.optional("copies").and_then(|n| n.count(reader));
            fields.finish(reader);
            Some(HandedIn::Paper { originals, copies })
        }
        (None, Some(file), None) => file_of(&file, false, reader),
        (None, None, Some(file)) => file_of(&file, true, reader),
        _ => {
            let message = "A document is handed in one way.";
            let remedy = "Write one of `paper:`, `upload:`, `signed:`.";
            reader.fault(code::WRONG_TYPE, &item.at, message, remedy);
            None
        }
    }
}

fn file_of(item: &Item<'_>, signed: bool, reader: &mut Reader<'_>) -> Option<HandedIn> {
    let mut fields = item.fields(reader)?;
    let media = fields.optional("media").and_then(|media| media.text(reader));
    let size = fields.optional("size").and_then(|size| size.number(reader));
    fields.finish(reader);
    Some(HandedIn::Upload { signed, media, size })
}
