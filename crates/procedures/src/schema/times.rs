//! Limits, phases, further clocks.

use serde_json::{Map, Value, json};

use super::{list, number, object, refer, words};
use crate::read::bounds::{AMOUNT_MAX, CLOCKS_MAX, LIMITS_MAX, PHASES_MAX, RULES_MAX, STEPS_MAX};
use crate::read::words::{CLOCK_STARTS, PAUSE_GROUNDS, UNITS};

pub(super) fn limits(description: &str, least: usize) -> Value {
    list(description, refer("limit", "A limit."), least, LIMITS_MAX)
}

pub(super) fn phases() -> Value {
    let keys = vec![
        ("id", refer("id", "Id; an action `begins` it.")),
        ("name", refer("text", "Name of the phase.")),
        ("limits", limits("Limits of the phase, written like those of the procedure.", 1)),
    ];
    let item = object("A later phase.", &["id", "name", "limits"], keys);
    list("Later phases, each with limits of its own.", item, 0, PHASES_MAX)
}

pub(super) fn clocks() -> Value {
    let steps = |description: &str| list(description, refer("id", "Id of a step."), 0, STEPS_MAX);
    let from = json!({
        "description": "`submitted`, or the steps on entering which it starts.",
        "oneOf": [{ "const": "submitted" }, steps("Steps.")],
    });
    let keys = vec![
        ("id", refer("id", "Id.")),
        ("name", refer("text", "What must be done in time.")),
        ("from", from),
        ("until", steps("Steps on entering which it stops.")),
        ("pause_in", steps("Steps in which it stands still.")),
        ("resume", refer("regime", "How it goes on after a pause.")),
        ("rules", list("Limits; the first that applies.", clock_rule(), 1, RULES_MAX)),
    ];
    let required = ["id", "name", "from", "until", "rules"];
    let item = object("A limit beside the main one.", &required, keys);
    list("Limits beside the main one, such as admission.", item, 0, CLOCKS_MAX)
}

fn clock_rule() -> Value {
    let keys = vec![
        ("when", refer("guard", "Applies only then; the last rule has none.")),
        ("limit", refer("grounded", "The limit of the law.")),
        ("without_limit", refer("id", "Ground on which there is no limit.")),
    ];
    let mut rule = object("The limit in one kind of case.", &[], keys);
    rule["oneOf"] = json!([{ "required": ["limit"] }, { "required": ["without_limit"] }]);
    rule
}

pub(super) fn shared() -> Vec<(&'static str, Value)> {
    vec![
        ("time", time("An amount of time.", false)),
        ("grounded", time("A limit with its legal ground.", true)),
        ("regime", regime()),
        ("limit", limit()),
    ]
}

fn time(description: &str, grounded: bool) -> Value {
    let mut keys = vec![
        ("unit", words("What is counted. \"ngày\" in a law is a calendar day.", UNITS)),
        ("amount", number("How many.", 1, u64::from(AMOUNT_MAX))),
        (
            "cutoff",
            json!({
                "description": "Last moment of receipt that counts for the same day: \"15:00\".",
                "type": "string",
                "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$",
            }),
        ),
    ];
    let mut required = vec!["unit"];
    if grounded {
        keys.push(("ground", refer("id", "Legal ground.")));
        required.push("ground");
    }
    let mut time = object(description, &required, keys);
    let same_day =
        json!({ "properties": { "unit": { "const": "same_day" } }, "required": ["unit"] });
    time["if"] = same_day;
    time["then"] = json!({ "properties": { "amount": { "maximum": 1 } } });
    time["else"] = json!({ "required": ["amount"], "properties": { "cutoff": false } });
    time
}

fn regime() -> Value {
    let amount = number("In the unit of the limit.", 1, u64::from(AMOUNT_MAX));
    let fixed = object("A fixed time.", &["fixed_after"], vec![("fixed_after", amount)]);
    json!({
        "description": "How a limit goes on after a pause.",
        "oneOf": [{ "enum": ["resume_remaining", "restart_full"] }, fixed],
    })
}

fn limit() -> Value {
    let resume: Map<String, Value> = PAUSE_GROUNDS
        .iter()
        .map(|(name, _)| ((*name).to_owned(), refer("regime", "How the limit goes on.")))
        .collect();
    let resume = json!({
        "description": "For each ground on which a step pauses the clock: how the limit goes on.",
        "type": "object", "additionalProperties": false, "properties": resume,
    });
    let keys = vec![
        ("id", refer("id", "Id.")),
        ("when", refer("guard", "Applies only then; the last limit has none.")),
        ("start", words("Act at which the clock starts; accept when absent.", CLOCK_STARTS)),
        ("statutory", refer("grounded", "Limit of the law.")),
        ("committed", refer("grounded", "Shorter limit that the province committed itself to.")),
        ("resume", resume),
    ];
    object("How long the office has.", &["id", "statutory"], keys)
}
