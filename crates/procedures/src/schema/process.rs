//! Steps, branches, actions.

use serde_json::{Value, json};

use super::{flag, list, number, object, refer, words};
use crate::read::bounds::{
    ACTIONS_MAX, ANSWERS_MAX, BRANCHES_MAX, CHOICES_MAX, EXTENSION_MAX, JOIN_COUNT_MAX, NOT_BY_MAX,
    PROVED_BY_MAX, REMIND_DAYS_MAX, ROUNDS_MAX, STEPS_MAX, VERIFIES_MAX,
};
use crate::read::words::{PAUSE_GROUNDS, STEP_KINDS, UNIT_REFS, acts, roles};

pub(super) fn shared() -> Vec<(&'static str, Value)> {
    vec![
        ("step", step(true)),
        ("branchStep", step(false)),
        ("branch", branch()),
        ("join", join()),
        ("action", action(false)),
        ("sharedAction", action(true)),
        ("target", target()),
        ("timeout", timeout()),
    ]
}

pub(super) fn anywhere() -> Value {
    let item = refer("sharedAction", "An action of several steps.");
    list("Actions that several steps share.", item, 0, ACTIONS_MAX)
}

/// A step; in a branch it has the status and the clock of the step that opens the branch.
fn step(main_line: bool) -> Value {
    let mut keys = vec![
        ("id", refer("id", "Id; not stay, back or end.")),
        ("name", refer("text", "Name of the step.")),
        ("kind", words("What is waited for here; task when absent.", STEP_KINDS)),
        ("role", words("Who works here; not needed in a final step.", &roles())),
        ("unit", words("In which unit; not needed in a final step.", UNIT_REFS)),
        ("time", refer("time", "Share of the limit that the internal process gives.")),
        ("timeout", refer("timeout", "What happens when nobody acts.")),
        ("reviews", flag("Documents and fields are decided here.")),
        ("branches", branches()),
        ("join", refer("join", "How the branches come together.")),
        ("actions", list("What may be done.", refer("action", "An action."), 0, ACTIONS_MAX)),
    ];
    let mut required = vec!["id", "name"];
    if main_line {
        keys.push(("status", number("National status, 1 to 10.", 1, 10)));
        keys.push(("clock", clock()));
        required.push("status");
    }
    let mut step = object("A place where a dossier stands.", &required, keys);
    step["properties"]["id"]["not"] = json!({ "enum": ["stay", "back", "end"] });
    let has = |key: &str, values: Value| {
        let keys = json!({ key: { "enum": values } });
        json!({ "properties": keys, "required": [key] })
    };
    let mut rules = vec![json!({
        "if": has("kind", json!(["final"])), "else": { "required": ["role", "unit"] },
    })];
    if main_line {
        rules.push(json!({
            "if": has("status", json!([5, 6, 7])), "then": { "required": ["clock"] },
        }));
    }
    step["allOf"] = json!(rules);
    step["dependentRequired"] = json!({ "branches": ["join"], "join": ["branches"] });
    step
}

fn clock() -> Value {
    let keys = vec![
        ("paused", words("Why it stands still.", PAUSE_GROUNDS)),
        ("ground", refer("id", "Legal ground.")),
    ];
    let paused = object("The clock stands still.", &["paused", "ground"], keys);
    json!({
        "description": "What the step does to the clock of the limit. The status implies it, \
                        except in status 5, 6 and 7.",
        "oneOf": [{ "enum": ["not_started", "runs", "stopped"] }, paused],
    })
}

fn timeout() -> Value {
    let remind = number("Reminder, calendar days before.", 1, u64::from(REMIND_DAYS_MAX));
    let keys = vec![
        ("after", refer("time", "Time after entering the step.")),
        ("action", refer("id", "Action of this step with `act: lapse`.")),
        ("remind_days_before", remind),
        ("ground", refer("id", "Legal ground.")),
    ];
    object("What happens when nobody acts.", &["after", "action", "ground"], keys)
}

fn branches() -> Value {
    let item = refer("branch", "A branch.");
    list("What is done at the same time.", item, 1, BRANCHES_MAX)
}

fn branch() -> Value {
    let answer = object(
        "What the branch can end with.",
        &["id", "name"],
        vec![
            ("id", refer("id", "Id; counted as `answers.BRANCH.ID` in conditions.")),
            ("name", refer("text", "Name of the answer.")),
        ],
    );
    let steps = refer("branchStep", "A step of the branch.");
    let keys = vec![
        ("id", refer("id", "Id.")),
        ("name", refer("text", "Name of the branch.")),
        ("when", refer("guard", "Opened only then; always when absent.")),
        ("each_unit", flag("Opens once for each unit that the act leading here names.")),
        ("start", refer("id", "Step in which the branch begins.")),
        ("answers", list("What it can end with.", answer, 1, ANSWERS_MAX)),
        ("steps", list("Its steps.", steps, 0, STEPS_MAX)),
    ];
    let required = ["id", "name", "start", "answers", "steps"];
    object("Work beside other work.", &required, keys)
}

fn join() -> Value {
    let count = number("This many branches have ended.", 1, u64::from(JOIN_COUNT_MAX));
    let answer = json!({
        "description": "With this answer, BRANCH.ANSWER; with any when absent.",
        "type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_-]*\\.[A-Za-z0-9_.-]+$", "maxLength": 64,
    });
    let keys = vec![("at_least", count), ("answer", answer)];
    let early = object("What is enough.", &["at_least"], keys);
    let keys = vec![
        ("early", list("Each of these is enough, before all have ended.", early, 0, ANSWERS_MAX)),
        ("to", refer("target", "Where the step leads once its branches have come together.")),
    ];
    object("How branches come together.", &["to"], keys)
}

fn target() -> Value {
    let branch = object(
        "Taken when the condition holds.",
        &["when", "to"],
        vec![("when", refer("guard", "The condition.")), ("to", refer("id", "Id of a step."))],
    );
    let otherwise = object(
        "Taken when none before it holds.",
        &["else"],
        vec![("else", refer("id", "Id of a step."))],
    );
    let choice = json!({ "oneOf": [branch, otherwise] });
    json!({
        "description": "A step, `stay`, `back`, or a choice whose last entry is an else.",
        "oneOf": [
            refer("id", "A step, stay or back."),
            list("A choice; the first that holds is taken.", choice, 1, CHOICES_MAX),
        ],
    })
}

fn action(shared: bool) -> Value {
    let role = words("A role.", &roles());
    let mut keys = vec![
        ("id", refer("id", "Id within the step.")),
        ("name", refer("text", "Name of the action.")),
        ("act", words("The lawful act that it is; advance when absent.", &acts())),
        ("roles", list("Who may do it; the step's role when absent.", role, 1, roles().len())),
        ("unit", words("In which unit; the step's when absent.", UNIT_REFS)),
        ("to", refer("target", "Where it leads; absent where it has an answer.")),
        ("answer", refer("id", "Answer with which it ends its branch.")),
        ("when", refer("guard", "Allowed only then.")),
        ("reason", flag("A written reason is required.")),
        ("form", number("Form that the act produces.", 1, 7)),
        ("outcome", refer("id", "Result that the act decides on.")),
        ("rounds_max", number("At most so often in a life.", 1, u64::from(ROUNDS_MAX))),
        ("reserves", reserves()),
        ("rework", flag("Sends work back; not counted in the time of the process.")),
        ("all_owners", flag("All owners must appear.")),
        ("not_by", not_by()),
        ("begins", refer("id", "Phase that it begins.")),
        ("assesses", refer("id", "Fee whose amount it names.")),
        ("verifies", verifies()),
        ("extension", extension()),
        ("data", refer("form", "Values that the act takes, a bounded JSON Schema.")),
        ("ground", refer("id", "Legal ground.")),
    ];
    let mut required = vec!["id", "name"];
    if shared {
        let steps = refer("id", "Id of a step.");
        keys.push(("in", list("Steps that offer it.", steps, 0, STEPS_MAX)));
        required.extend(["in", "unit"]);
    }
    let mut action = object("Something that may be done.", &required, keys);
    action["anyOf"] = json!([{ "required": ["to"] }, { "required": ["answer"] }]);
    if shared {
        let by_system = json!({ "properties": { "act": { "enum": ["lapse", "proceed"] } },
            "required": ["act"] });
        action["if"] = by_system;
        action["else"] = json!({ "required": ["roles"] });
    }
    action
}

fn reserves() -> Value {
    let keys = vec![
        ("scope", refer("id", "What kind of name.")),
        ("field", refer("id", "Form field with the name.")),
    ];
    object("A name that only one dossier may hold.", &["scope", "field"], keys)
}

fn not_by() -> Value {
    let steps = refer("id", "Id of a step.");
    list("Steps whose last holder may not do it (four eyes).", steps, 0, NOT_BY_MAX)
}

fn verifies() -> Value {
    let value = refer("id", "A value of the data.");
    let keys = vec![
        ("data", refer("id", "Value of the action's data.")),
        ("document", refer("id", "Document that it answers for.")),
        ("proved_by", list("Values that prove it.", value, 0, PROVED_BY_MAX)),
    ];
    let all = &["data", "document", "proved_by"];
    let one = object("A document that the data answers for.", all, keys);
    list("Documents for which the data is another unit's answer.", one, 0, VERIFIES_MAX)
}

fn extension() -> Value {
    let most = number("In the unit of the limit.", 1, u64::from(EXTENSION_MAX));
    let what = "Most that one decision adds to the limit.";
    object(what, &["amount_max"], vec![("amount_max", most)])
}
