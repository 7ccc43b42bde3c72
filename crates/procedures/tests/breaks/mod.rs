//! Further ways to break a procedure: what ends nothing, hides something or fails when it is asked.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::tree::{self, steps, targets_of};
use super::{Break, action_keys, at_each, guards, id_of, step_keys, text, with};

/// What it breaks, how, and the codes of which one must be found.
pub(crate) const MORE: &[(&str, Break, &[&str])] = &[
    (
        "an act left out",
        dropped_acts,
        &["ACT_STATUS", "ACCEPT_MISSING", "CLOCK_SEQUENCE", "TARGET_INVALID", "TIMEOUT_ACTION"],
    ),
    ("rework that leads on", added_rework, &["REWORK_FORWARD"]),
    ("rounds that run out", spent_rounds, &["NO_WAY_TO_END", "BRANCH_WITHOUT_END"]),
    ("a lapse that stays", staying_lapses, &["TIMEOUT_MISSING", "PAUSE_WITHOUT_END"]),
    ("a lapse with a condition", guarded_lapses, &["TIMEOUT_MISSING", "PAUSE_WITHOUT_END"]),
    ("a wait longer than the limit", long_waits, &["STEP_TIMES_EXCEED_LIMIT"]),
    ("a step that the applicant alone leaves", endless_waits, &["TIMEOUT_MISSING"]),
    ("a condition without a value", failing_conditions, &["GUARD_FAILS"]),
    ("an optional field not asked for", unasked_fields, &["GUARD_OPTIONAL_FIELD"]),
    ("a text that grows", growing_texts, &["GUARD_TYPE"]),
    ("an examination that only grants", only_grants, &["EXAMINATION_ONLY_GRANTS"]),
    ("a document of no phase", unknown_document_phases, &["UNKNOWN_PHASE"]),
    ("a document of a phase that never begins", idle_document_phases, &["PHASE_NEVER_BEGINS"]),
    ("a document that comes too late", late_documents, &["PHASE_WITHOUT_HAND_IN"]),
];

fn without_key(at: &str, key: &str) -> String {
    at.trim_end_matches(key).to_owned()
}

/// The step of the main line or of a branch that an action of its own lies in.
fn step_of(action: &str) -> &str {
    action.rsplit_once("/actions/").map_or("", |(step, _)| step)
}

fn dropped_acts(procedure: &Value) -> Vec<(String, Value)> {
    let acts = [
        "accept",
        "admit",
        "complete",
        "deliver",
        "stop",
        "request_supplement",
        "withdraw",
        "lapse",
    ];
    let mut places = action_keys(procedure, "act", &acts);
    // After reception a refusal is a result, and another act may decide on one.
    let is_before = |at: &String| {
        let status = procedure.pointer(&format!("{}/status", step_of(at)));
        status == Some(&json!(1))
    };
    places.extend(action_keys(procedure, "act", &["refuse"]).into_iter().filter(is_before));
    at_each(procedure, places, &None)
}

fn added_rework(procedure: &Value) -> Vec<(String, Value)> {
    let acts = action_keys(procedure, "act", &["accept", "sign", "complete"]).into_iter();
    let leads = |at: &String| {
        let to = procedure.pointer(&format!("{at}/to"));
        to.is_some_and(|to| to.is_array() || to.as_str().is_some_and(|to| to != "stay"))
    };
    let places = acts.map(|at| without_key(&at, "/act")).filter(leads);
    at_each(procedure, places.map(|at| format!("{at}/rework")), &Some(json!(true)))
}

/// By id: the steps that an action or a join of the step leads to.
fn ways(procedure: &Value) -> Vec<(String, String)> {
    let all = steps(procedure);
    let targets = targets_of(procedure).into_iter();
    let from_here = |(at, to): (String, String)| -> Vec<(String, String)> {
        let own = all.iter().filter(|step| at.starts_with(&format!("{step}/")));
        match own.max_by_key(|step| step.len()) {
            Some(step) => vec![(id_of(procedure, step).to_owned(), to)],
            None => {
                let shared = at.split("/to").next().unwrap_or_default();
                let places = procedure.pointer(&format!("{shared}/in")).and_then(Value::as_array);
                let ids = places.into_iter().flatten().filter_map(Value::as_str);
                ids.map(|id| (id.to_owned(), to.clone())).collect()
            }
        }
    };
    targets.flat_map(from_here).collect()
}

fn reaches(ways: &[(String, String)], from: &str, to: &str) -> bool {
    let mut seen: BTreeSet<&str> = BTreeSet::from([from]);
    let mut stack = vec![from];
    while let Some(at) = stack.pop() {
        for (_, next) in ways.iter().filter(|(from, _)| from == at) {
            if seen.insert(next) {
                stack.push(next);
            }
        }
    }
    seen.contains(to)
}

/// Every way on from a step can be gone once, and the dossier comes back after each of them.
fn spent_rounds(procedure: &Value) -> Vec<(String, Value)> {
    let ways = ways(procedure);
    let plain = steps(procedure).into_iter().filter(|at| {
        let step = procedure.pointer(at).expect("the step");
        step["actions"].is_array() && step.get("branches").is_none() && step.get("kind").is_none()
    });
    let spent = plain.filter_map(|at| {
        let id = id_of(procedure, &at);
        let count = procedure.pointer(&format!("{at}/actions")).and_then(Value::as_array)?.len();
        let actions: Vec<String> = (0..count).map(|n| format!("{at}/actions/{n}")).collect();
        let mut copy = procedure.clone();
        let mut on = 0;
        for action in &actions {
            if procedure.pointer(&format!("{action}/answer")).is_some() {
                return None;
            }
            let targets = targets_of(procedure).into_iter();
            let mut targets = targets.filter(|(to, _)| to.starts_with(&format!("{action}/to")));
            let first = targets.next().filter(|(_, to)| to != id);
            let Some((_, first)) = first else { continue };
            let interrupts = ["request_supplement", "withdraw"]
                .contains(&text(procedure, &format!("{action}/act")));
            let returns = |to: &str| interrupts || reaches(&ways, to, id);
            if !returns(&first) && !targets.any(|(_, to)| returns(&to)) {
                return None;
            }
            on += 1;
            let ground = procedure["grounds"].as_object()?.keys().next()?;
            copy = with(&copy, &format!("{action}/rounds_max"), Some(json!(1)));
            copy = with(&copy, &format!("{action}/ground"), Some(json!(ground)));
        }
        for shared in copy["anywhere"].as_array_mut().into_iter().flatten() {
            if let Some(places) = shared["in"].as_array_mut() {
                places.retain(|place| place != id);
            }
        }
        (on > 0).then(|| (id.to_owned(), copy))
    });
    spent.collect()
}

/// The lapses of steps that wait for the applicant.
fn lapses_of_waits(procedure: &Value) -> Vec<String> {
    let lapses = action_keys(procedure, "act", &["lapse"]).into_iter();
    let waits = |at: &String| {
        let kind = text(procedure, &format!("{}/kind", step_of(at)));
        ["supplement", "applicant"].contains(&kind)
    };
    lapses.map(|at| without_key(&at, "/act")).filter(waits).collect()
}

fn staying_lapses(procedure: &Value) -> Vec<(String, Value)> {
    let lapses = lapses_of_waits(procedure).into_iter();
    let stays = lapses.map(|at| {
        let copy = with(procedure, &format!("{at}/answer"), None);
        (at.clone(), with(&copy, &format!("{at}/to"), Some(json!("stay"))))
    });
    stays.collect()
}

fn guarded_lapses(procedure: &Value) -> Vec<(String, Value)> {
    let places = lapses_of_waits(procedure).into_iter().map(|at| format!("{at}/when"));
    at_each(procedure, places, &Some(json!("owners == 1")))
}

/// What only its timeout ends takes two years.
fn long_waits(procedure: &Value) -> Vec<(String, Value)> {
    let ends_alone = |at: &String| {
        let step = procedure.pointer(at).expect("the step");
        let actions = step["actions"].as_array();
        let all_lapse = actions.is_some_and(|list| list.iter().all(|a| a["act"] == "lapse"));
        step.get("timeout").is_some() && all_lapse
    };
    let places = tree::counted_steps(procedure).into_iter().filter(ends_alone);
    let after = places.map(|at| format!("{at}/timeout/after"));
    at_each(procedure, after, &Some(json!({ "amount": 500, "unit": "working_day" })))
}

/// A step without a timeout is handed to the applicant with all of its actions.
fn endless_waits(procedure: &Value) -> Vec<(String, Value)> {
    let open = step_keys(procedure, "actions").into_iter().map(|at| without_key(&at, "/actions"));
    let open = open.filter(|at| {
        let step = procedure.pointer(at).expect("the step");
        let beside = ["lapse", "proceed", "stop", "withdraw", "request_supplement"];
        let mut actions = step["actions"].as_array().into_iter().flatten();
        let goes_on = actions.any(|action| {
            let is_beside = beside.iter().any(|act| action["act"] == *act);
            let stays = action["to"] == "stay" || action["to"] == step["id"];
            !is_beside && !stays && !action["to"].is_array()
        });
        step.get("timeout").is_none() && step.get("branches").is_none() && goes_on
    });
    open.map(|at| {
        let id = id_of(procedure, &at);
        let mut copy = with(procedure, &format!("{at}/role"), Some(json!("applicant")));
        let actions = copy.pointer_mut(&format!("{at}/actions")).and_then(Value::as_array_mut);
        for action in actions.into_iter().flatten().filter_map(Value::as_object_mut) {
            action.remove("roles");
        }
        for shared in copy["anywhere"].as_array_mut().into_iter().flatten() {
            if let Some(places) = shared["in"].as_array_mut() {
                places.retain(|place| place != id);
            }
        }
        (id.to_owned(), copy)
    })
    .collect()
}

/// Each condition with another one beside it.
fn beside(procedure: &Value, parts: &[String]) -> Vec<(String, Value)> {
    let broken = guards(procedure).into_iter().flat_map(|at| {
        let text = text(procedure, &at).to_owned();
        let each = parts.iter().map(move |part| format!("({text}) {part}"));
        each.map(|text| (format!("{at}: {text}"), with(procedure, &at, Some(json!(text)))))
            .collect::<Vec<_>>()
    });
    broken.collect()
}

fn failing_conditions(procedure: &Value) -> Vec<(String, Value)> {
    let parts = [
        "|| 10 / (owners - 1) > 3",
        "&& 10 % size(variant) == 0",
        "|| outcome.startsWith(\"a\")",
        "&& owners * 9223372036854775807 > 3",
        "|| [1, 2][owners] == 1",
    ];
    let mut broken = beside(procedure, &parts.map(str::to_owned));
    // A condition that looks at the outcome itself may answer before the text beside it is asked.
    broken.retain(|(what, _)| what.matches("outcome").count() < 2);
    broken
}

fn unasked_fields(procedure: &Value) -> Vec<(String, Value)> {
    let required = procedure.pointer("/form/required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|n| n == name));
    let fields = procedure.pointer("/form/properties").and_then(Value::as_object);
    let names = fields.into_iter().flat_map(|fields| fields.keys());
    let Some(name) = names.into_iter().find(|name| !is_required(name)) else {
        return Vec::new();
    };
    let parts = [
        format!("|| has(form.{name}) || form.{name} == form.{name}"),
        format!("|| !has(form.{name}) && form.{name} == form.{name}"),
    ];
    beside(procedure, &parts)
}

fn growing_texts(procedure: &Value) -> Vec<(String, Value)> {
    let parts = ["&& channel + variant == \"x\"", "|| size([1] + [2]) > 1"];
    beside(procedure, &parts.map(str::to_owned))
}

/// Pointers to the key of every document, whether or not it has it.
fn document_keys(procedure: &Value, key: &str) -> Vec<String> {
    let count = procedure["documents"].as_array().map_or(0, Vec::len);
    (0..count).map(|index| format!("/documents/{index}/{key}")).collect()
}

fn unknown_document_phases(procedure: &Value) -> Vec<(String, Value)> {
    at_each(procedure, document_keys(procedure, "phase"), &Some(json!("no_such_phase")))
}

fn idle_document_phases(procedure: &Value) -> Vec<(String, Value)> {
    let ground = procedure["grounds"].as_object().and_then(|grounds| grounds.keys().next());
    let limit = json!({ "amount": 5, "unit": "working_day", "ground": ground });
    let mut phases = procedure["phases"].as_array().cloned().unwrap_or_default();
    phases.push(json!({ "id": "never", "name": { "vi": "Không", "en": "Never" },
        "limits": [{ "id": "never", "statutory": limit }] }));
    let with_phase = with(procedure, "/phases", Some(Value::Array(phases)));
    at_each(&with_phase, document_keys(procedure, "phase"), &Some(json!("never")))
}

/// The office begins the phase, and nobody asks for supplements.
fn late_documents(procedure: &Value) -> Vec<(String, Value)> {
    let begins = action_keys(procedure, "begins", &[]);
    let Some(phase) = begins.first().map(|at| text(procedure, at)) else {
        return Vec::new();
    };
    let asks = action_keys(procedure, "act", &["request_supplement"]);
    let unasked = asks.iter().fold(procedure.clone(), |copy, at| with(&copy, at, None));
    let is_handed_in = |at: &String| {
        let document = at.trim_end_matches("/phase");
        text(procedure, &format!("{document}/hand_in")) != "look_up"
    };
    let places = document_keys(procedure, "phase").into_iter().filter(is_handed_in);
    at_each(&unasked, places, &Some(json!(phase)))
}

/// Of a step that checks documents and may grant, whatever does not grant is left out.
fn only_grants(procedure: &Value) -> Vec<(String, Value)> {
    let results = procedure["results"].as_array().cloned().unwrap_or_default();
    let positive = results.iter().filter(|result| result["positive"] == json!(true));
    let positive: Vec<&str> = positive.filter_map(|result| result["id"].as_str()).collect();
    let grants =
        |action: &Value| action["outcome"].as_str().is_some_and(|id| positive.contains(&id));
    let mutant = |at: String| {
        let step = procedure.pointer(&at)?;
        // Actions of `anywhere:` may say something else here.
        let id = json!(step["id"]);
        let shared = procedure["anywhere"].as_array().into_iter().flatten();
        let says = |action: &Value| {
            let ends = ["stop", "withdraw", "lapse", "proceed"];
            let decides = action["act"].as_str().is_none_or(|act| !ends.contains(&act));
            decides && action["to"] != json!("stay") && !grants(action)
        };
        let here =
            |action: &&Value| action["in"].as_array().is_some_and(|steps| steps.contains(&id));
        if step["reviews"] != json!(true) || shared.filter(here).any(says) {
            return None;
        }
        let actions: Vec<Value> =
            step["actions"].as_array()?.iter().filter(|action| !says(action)).cloned().collect();
        let is_granting = actions.iter().any(grants);
        let changed = with(procedure, &format!("{at}/actions"), Some(Value::Array(actions)));
        is_granting.then_some((at, changed))
    };
    steps(procedure).into_iter().filter_map(mutant).collect()
}
