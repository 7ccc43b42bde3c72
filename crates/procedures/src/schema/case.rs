//! Parties, variants, documents, fees, windows, results.

use serde_json::{Value, json};

use super::{flag, list, number, object, parts, pattern, refer, words};
use crate::read::bounds::{
    BRACKETS_MAX, FEE_MAX, MEDIA_MAX, OWNERS_MAX, SHEETS_MAX, UPLOAD_BYTES_MAX,
};
use crate::read::words::{COLLECTS, DOCUMENT_KINDS, HAND_INS};

pub(super) fn parties() -> Value {
    let most = u64::from(OWNERS_MAX);
    let owners = object(
        "How many owners (chủ hồ sơ) a dossier has.",
        &["min", "max"],
        vec![("min", number("Fewest.", 1, most)), ("max", number("Most.", 1, most))],
    );
    let proxy = flag("Whether an authorised person may act for the owners.");
    let keys = vec![("owners", owners), ("proxy", proxy)];
    object("Who files for whom.", &["owners", "proxy"], keys)
}

pub(super) fn variants() -> Value {
    let keys = vec![
        ("id", refer("id", "Id; `variant == \"ID\"` in conditions.")),
        ("name", refer("text", "Name of the case.")),
        ("when", refer("guard", "Must hold for the form when this case is chosen.")),
    ];
    let item = object("A case (trường hợp).", &["id", "name"], keys);
    parts("The cases; a procedure without cases has one.", item, 1)
}

pub(super) fn documents() -> Value {
    let sheets = u64::from(SHEETS_MAX);
    let media = pattern("Media type, such as application/pdf.", "^[a-z0-9+.-]+/[a-z0-9+.-]+$");
    let validity = object(
        "How long the paper is valid.",
        &["issued_on", "valid_for"],
        vec![
            ("issued_on", refer("id", "Form field with the date that the paper bears.")),
            ("valid_for", refer("time", "How long it is valid from then on.")),
        ],
    );
    let stands_in = "Register whose recorded look-up stands in for the paper.";
    let at_delivery = "The original of a scan is checked and taken in on delivery.";
    let keys = vec![
        ("id", refer("id", "Id, such as D2a; `documents.ID.present` in conditions.")),
        ("name", refer("text", "Name of the paper.")),
        ("kind", words("Kind of the paper.", DOCUMENT_KINDS)),
        ("hand_in", words("Kept, shown and given back, or looked up by the office.", HAND_INS)),
        ("originals", number("Number of originals; 0 when absent.", 0, sheets)),
        ("copies", number("Number of copies; 0 when absent.", 0, sheets)),
        ("when", refer("guard", "Asked for only then; always when absent.")),
        ("phase", refer("id", "Later phase that it belongs to; from the filing on when absent.")),
        ("data_source", refer("id", stands_in)),
        ("media", list("What may be uploaded; PDF, JPEG, PNG when absent.", media, 0, MEDIA_MAX)),
        ("size_max", number("Largest upload, bytes; 20 MiB when absent.", 1, UPLOAD_BYTES_MAX)),
        ("original_at_delivery", flag(at_delivery)),
        ("validity", validity),
        ("ground", refer("id", "Legal ground.")),
    ];
    let required = ["id", "name", "kind", "hand_in", "ground"];
    let item = object("A required paper (thành phần hồ sơ).", &required, keys);
    parts("Required papers, in the order of the receipt.", item, 0)
}

pub(super) fn fees() -> Value {
    let keys = vec![
        ("id", refer("id", "Id; `fees.ID.paid` in conditions.")),
        ("name", refer("text", "What is paid for.")),
        ("amount", amount()),
        ("when", refer("guard", "Owed only then; always when absent.")),
        ("collect", words("When it must have been paid.", COLLECTS)),
        ("refundable", flag("Whether it is given back after a refusal or withdrawal.")),
        ("ground", refer("id", "Legal ground.")),
    ];
    let required = ["id", "name", "amount", "collect", "refundable", "ground"];
    let item = object("A fee or charge (phí, lệ phí).", &required, keys);
    parts("Prices; [] when the procedure is free.", item, 0)
}

fn amount() -> Value {
    let bracket = object(
        "One bracket.",
        &["each"],
        vec![
            ("up_to", number("Last number of the bracket; absent in the last.", 1, FEE_MAX)),
            ("each", number("Price of one, đồng.", 0, FEE_MAX)),
        ],
    );
    let tariff = object(
        "A price by quantity: the sum over the brackets, capped, times a number.",
        &["quantity", "brackets"],
        vec![
            ("quantity", refer("formula", "The quantity, such as form.pages.")),
            ("brackets", list("What one costs, `up_to` rising.", bracket, 1, BRACKETS_MAX)),
            ("at_most", number("At most this much for the quantity, đồng.", 1, FEE_MAX)),
            ("times", refer("formula", "How often it is owed, such as form.copies.")),
        ],
    );
    let assessed =
        json!({ "const": "assessed", "description": "Named by the action that assesses it." });
    json!({
        "description": "Whole đồng, a tariff, or `assessed` by an action.",
        "oneOf": [number("Whole đồng.", 1, FEE_MAX), assessed, tariff],
    })
}

pub(super) fn windows() -> Value {
    let keys = vec![
        ("before", refer("id", "Form field with the date; filed before it.")),
        ("after", refer("id", "Form field with the date; filed after it.")),
        ("when", refer("guard", "Applies only then; always when absent.")),
        ("at_least", refer("time", "At least this long before or after the date.")),
        ("at_most", refer("time", "At most this long before or after the date.")),
        ("ground", refer("id", "Legal ground.")),
    ];
    let mut item = object("A window around a date of the form.", &["ground"], keys);
    item["oneOf"] = json!([{ "required": ["before"] }, { "required": ["after"] }]);
    item["anyOf"] = json!([{ "required": ["at_least"] }, { "required": ["at_most"] }]);
    parts("Windows of time in which it may be filed.", item, 0)
}

pub(super) fn results() -> Value {
    let code = "National code of the result type; none for a plain notice.";
    let keys = vec![
        ("id", refer("id", "Id; the `outcome` of an action.")),
        ("code", json!({ "description": code, "type": "string", "pattern": "\\S" })),
        ("name", refer("text", "Name of the result.")),
        ("positive", flag("Whether the citizen got what was asked for.")),
    ];
    let item = object("A result (kết quả).", &["id", "name", "positive"], keys);
    parts("What the procedure can end with.", item, 0)
}
