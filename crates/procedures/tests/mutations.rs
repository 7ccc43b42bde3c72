//! Every procedure of the catalogue is broken in every way that fits, and each break is found.
//!
//! `cargo test -p motcua-procedures --test mutations -- --nocapture` prints the score.

mod breaks;
mod tree;

use std::collections::BTreeMap;
use std::path::PathBuf;

use motcua_procedures::{Finding, Severity, check};
use serde_json::{Value, json};

use tree::{actions, pointers, read, steps, targets_of};

/// A way to break a procedure: each mutant violates a property for certain.
type Break = fn(&Value) -> Vec<(String, Value)>;

/// What it breaks, how, and the codes of which one must be found.
const BREAKS: &[(&str, Break, &[&str])] = &[
    ("a target that does not exist", dangling_targets, &["UNKNOWN_STEP"]),
    ("a step that nothing leads to", severed_steps, &["STEP_UNREACHABLE"]),
    ("a step that nothing leads out of", trapped_steps, &["NO_WAY_TO_END", "BRANCH_WITHOUT_END"]),
    ("a step beside the process", dangling_step, &["STEP_UNREACHABLE"]),
    ("an act into a wrong status", wrong_targets, &["ACT_STATUS", "TARGET_INVALID"]),
    ("a choice without its else", dropped_else, &["CHOICE_WITHOUT_ELSE"]),
    ("a wait without its timeout", dropped_timeouts, &["TIMEOUT_MISSING", "PAUSE_WITHOUT_END"]),
    ("a timeout without its lapse", dropped_lapses, &["UNKNOWN_ACTION"]),
    ("a step longer than the limit", exceeded_sums, &["STEP_TIMES_EXCEED_LIMIT"]),
    ("a number without its ground", dropped_grounds, &["GROUND_MISSING"]),
    ("a ground that does not exist", unknown_grounds, &["UNKNOWN_GROUND"]),
    ("a wrong status", wrong_statuses, &["STATUS_KIND", "STATUS_CLOCK", "MISSING_KEY"]),
    ("a pause without its way to go on", dropped_resumes, &["RESUME_MISSING"]),
    ("a step without its role", dropped_roles, &["MISSING_KEY"]),
    ("an act by somebody who may not", wrong_roles, &["ACT_ROLE"]),
    ("an act with another form", wrong_forms, &["ACT_FORM"]),
    ("rounds without a maximum", unbounded_rounds, &["ROUNDS_UNBOUNDED"]),
    ("an act without its reason", dropped_reasons, &["ACT_REASON"]),
    ("a refusal without its result", dropped_outcomes, &["ACT_OUTCOME"]),
    ("a type error in a condition", type_errors, &["GUARD_TYPE"]),
    ("a condition on a field that is not there", unknown_fields, &["GUARD_REFERENCE"]),
    ("a text in one language", dropped_texts, &["MISSING_KEY"]),
    ("a final step that goes on", final_steps, &["FINAL_WITH_ACTIONS"]),
    ("a branch that cannot end", endless_branches, &["BRANCH_WITHOUT_END"]),
    ("an answer that is not declared", unknown_answers, &["UNKNOWN_ANSWER"]),
    ("a way out of a branch", leaving_branches, &["BRANCH_TARGET"]),
    ("a join that leads nowhere", dropped_joins, &["JOIN_TARGET", "MISSING_KEY"]),
    ("an early end that never comes", impossible_joins, &["JOIN_NEVER", "UNKNOWN_ANSWER"]),
    ("a branch that begins elsewhere", misplaced_starts, &["BRANCH_START"]),
    ("a clock that nothing stops", endless_clocks, &["CLOCK_NEVER_STOPS", "UNKNOWN_STEP"]),
    ("a phase that does not exist", unknown_phases, &["UNKNOWN_PHASE"]),
    ("a fee that nobody assesses", unassessed_fees, &["UNKNOWN_FEE", "FEE_ASSESSMENT"]),
    ("an extension without its amount", dropped_extensions, &["ACT_EXTENSION"]),
    ("a system act without its condition", unguarded_proceeds, &["PROCEED_WHEN"]),
    ("an act closed to whoever holds the step", impossible_four_eyes, &["FOUR_EYES"]),
];

fn files() -> Vec<(String, Value)> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<PathBuf> = std::fs::read_dir(here.join("../../catalogue"))
        .expect("the catalogue")
        .map(|entry| entry.expect("a file of the catalogue").path())
        .chain([here.join("tests/parallel.yaml"), here.join("tests/sound.yaml")])
        .filter(|path| {
            let name = path.to_string_lossy();
            name.ends_with(".yaml") && !name.ends_with(".scenarios.yaml")
        })
        .collect();
    paths.sort();
    let file = |path: &PathBuf| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, read(&std::fs::read_to_string(path).expect("a readable file")))
    };
    paths.iter().map(file).collect()
}

/// The codes of all errors, and of warnings that are looked for.
fn found_in(procedure: &Value, wanted: &[&str]) -> Vec<&'static str> {
    let report = check(procedure.to_string().as_bytes());
    let findings = report.findings.iter();
    let counts = |f: &&Finding| f.severity == Severity::Error || wanted.contains(&f.code);
    findings.filter(counts).map(|finding| finding.code).collect()
}

#[test]
fn every_break_is_found_and_nothing_else() {
    let mut score: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut missed = Vec::new();
    let mut kinds_by_file = Vec::new();
    for (file, procedure) in files() {
        let report = check(procedure.to_string().as_bytes());
        assert!(report.findings.is_empty(), "{file} is untouched: {:#?}", report.findings);
        let mut kinds = 0;
        for (kind, apply, wanted) in BREAKS.iter().chain(breaks::MORE) {
            let mutants = apply(&procedure);
            kinds += usize::from(!mutants.is_empty());
            for (what, mutant) in mutants {
                let codes = found_in(&mutant, wanted);
                let found = codes.iter().any(|code| wanted.contains(code));
                let (all, caught) = score.entry(kind).or_default();
                *all += 1;
                *caught += usize::from(found);
                if !found {
                    missed.push(format!("{file}: {kind}: {what}: {codes:?}"));
                }
            }
        }
        println!("{file}: {kinds} kinds of breaks");
        kinds_by_file.push((file, kinds));
    }
    let total: usize = score.values().map(|(all, _)| all).sum();
    let caught: usize = score.values().map(|(_, caught)| caught).sum();
    for (kind, (all, caught)) in &score {
        println!("{caught:>5} of {all:>5}  {kind}");
    }
    println!("{caught:>5} of {total:>5}  in all, {} kinds", score.len());
    assert!(missed.is_empty(), "{missed:#?}");
    assert!(kinds_by_file.iter().all(|(_, kinds)| *kinds >= 15), "{kinds_by_file:?}");
    assert_eq!(score.len(), BREAKS.len() + breaks::MORE.len(), "a break fits nowhere");
}

/// A copy in which the value at a pointer is another; none removes it.
fn with(procedure: &Value, at: &str, value: Option<Value>) -> Value {
    let mut copy = procedure.clone();
    let (around, key) = at.rsplit_once('/').expect("a pointer below the root");
    match (copy.pointer_mut(around).expect("the place exists"), value) {
        (Value::Object(members), Some(value)) => {
            members.insert(key.to_owned(), value);
        }
        (Value::Object(members), None) => {
            members.remove(key);
        }
        (Value::Array(items), Some(value)) => {
            items[key.parse::<usize>().expect("an index")] = value
        }
        (Value::Array(items), None) => {
            items.remove(key.parse::<usize>().expect("an index"));
        }
        (other, _) => panic!("{at} lies in {other}"),
    }
    copy
}

/// One mutant for each of the places.
fn at_each(
    procedure: &Value,
    places: impl IntoIterator<Item = String>,
    value: &Option<Value>,
) -> Vec<(String, Value)> {
    let mutant = |at: String| (at.clone(), with(procedure, &at, value.clone()));
    places.into_iter().map(mutant).collect()
}

/// Pointers to the key of every step that has it.
fn step_keys(procedure: &Value, key: &str) -> Vec<String> {
    let keys = steps(procedure).into_iter().map(|at| format!("{at}/{key}"));
    keys.filter(|at| procedure.pointer(at).is_some()).collect()
}

/// Pointers to the key of every action that has it and whose act is one of these; all when empty.
fn action_keys(procedure: &Value, key: &str, acts: &[&str]) -> Vec<String> {
    let fits = |at: &&String| {
        let act = procedure.pointer(&format!("{at}/act")).and_then(Value::as_str);
        acts.is_empty() || act.is_some_and(|act| acts.contains(&act))
    };
    let all = actions(procedure);
    let keys = all.iter().filter(fits).map(|at| format!("{at}/{key}"));
    keys.filter(|at| procedure.pointer(at).is_some()).collect()
}

fn text<'v>(procedure: &'v Value, at: &str) -> &'v str {
    procedure.pointer(at).and_then(Value::as_str).unwrap_or_default()
}

fn id_of<'v>(procedure: &'v Value, at: &str) -> &'v str {
    text(procedure, &format!("{at}/id"))
}

fn dangling_targets(procedure: &Value) -> Vec<(String, Value)> {
    let places = targets_of(procedure).into_iter().map(|(at, _)| at);
    at_each(procedure, places, &Some(json!("nowhere_at_all")))
}

/// Whatever leads to the step stays where it is.
fn severed_steps(procedure: &Value) -> Vec<(String, Value)> {
    let begins: Vec<&str> = std::iter::once(text(procedure, "/start"))
        .chain(
            pointers(procedure, "/branches/")
                .iter()
                .map(|at| text(procedure, &format!("{at}/start"))),
        )
        .collect();
    let all = steps(procedure);
    let ids = all.iter().map(|at| id_of(procedure, at)).filter(|id| !begins.contains(id));
    ids.map(|id| {
        let mut copy = procedure.clone();
        for (at, to) in targets_of(procedure) {
            let origin = all.iter().filter(|step| at.starts_with(&format!("{step}/")));
            let origin = origin.max_by_key(|step| step.len()).map(|at| id_of(procedure, at));
            if to == id {
                let instead = origin.filter(|origin| *origin != id).unwrap_or("stay");
                let is_choice = !at.ends_with("/to") || at.contains("/to/");
                // A choice of a shared action names steps only; the first of its steps stands in.
                let shared = || {
                    let action = at.split("/to").next().unwrap_or_default();
                    text(procedure, &format!("{action}/in/0")).to_owned()
                };
                let instead = match (instead, is_choice) {
                    ("stay", true) => shared(),
                    (step, _) => step.to_owned(),
                };
                copy = with(&copy, &at, Some(json!(instead)));
            }
        }
        (id.to_owned(), copy)
    })
    .collect()
}

/// Every action of the step leads to the step itself.
fn trapped_steps(procedure: &Value) -> Vec<(String, Value)> {
    let open = steps(procedure).into_iter().filter(|at| {
        let step = procedure.pointer(at).expect("the step");
        step["actions"].is_array() && step.get("branches").is_none()
    });
    open.map(|at| {
        let id = id_of(procedure, &at);
        let mut copy = procedure.clone();
        let count = procedure.pointer(&format!("{at}/actions")).and_then(Value::as_array);
        for n in 0..count.map_or(0, Vec::len) {
            copy = with(&copy, &format!("{at}/actions/{n}/answer"), None);
            copy = with(&copy, &format!("{at}/actions/{n}/to"), Some(json!(id)));
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

fn dangling_step(procedure: &Value) -> Vec<(String, Value)> {
    let mut copy = procedure.clone();
    let step =
        json!({ "id": "lost", "name": { "vi": "a", "en": "b" }, "kind": "final", "status": 8 });
    copy["steps"].as_array_mut().expect("the steps").push(step);
    vec![("lost".into(), copy)]
}

fn wrong_targets(procedure: &Value) -> Vec<(String, Value)> {
    let start = procedure["start"].clone();
    let acts = ["accept", "admit", "complete", "deliver", "stop"];
    let mut mutants = at_each(procedure, action_keys(procedure, "to", &acts), &Some(start));
    let refusals = action_keys(procedure, "to", &["request_supplement", "withdraw"]);
    let final_step =
        steps(procedure).into_iter().find(|at| text(procedure, &format!("{at}/kind")) == "final");
    let id = final_step.map(|at| json!(id_of(procedure, &at)));
    mutants.extend(at_each(procedure, refusals, &id));
    mutants
}

fn dropped_else(procedure: &Value) -> Vec<(String, Value)> {
    let choices = pointers(procedure, "/to/").into_iter();
    let last = choices.filter(|at| procedure.pointer(&format!("{at}/else")).is_some());
    let mutant = |at: String| {
        let to = procedure.pointer(&format!("{at}/else")).expect("the else").clone();
        (at.clone(), with(procedure, &at, Some(json!({ "when": "owners == 1", "to": to }))))
    };
    last.map(mutant).collect()
}

fn dropped_timeouts(procedure: &Value) -> Vec<(String, Value)> {
    let timeouts = step_keys(procedure, "timeout");
    at_each(procedure, timeouts, &None)
}

fn dropped_lapses(procedure: &Value) -> Vec<(String, Value)> {
    let lapses = action_keys(procedure, "act", &["lapse"]);
    at_each(procedure, lapses.iter().map(|at| at.trim_end_matches("/act").to_owned()), &None)
}

/// A task that counts (reached from acceptance without rework) takes two years of work.
fn exceeded_sums(procedure: &Value) -> Vec<(String, Value)> {
    let long = json!({ "amount": 4_000, "unit": "working_hour" });
    let counted = tree::counted_steps(procedure);
    at_each(procedure, counted.into_iter().map(|at| format!("{at}/time")), &Some(long))
}

fn numbers_with_grounds(procedure: &Value) -> Vec<String> {
    let all = pointers(procedure, "");
    let is_action = |at: &str| actions(procedure).iter().any(|action| at == action);
    let grounded = all.into_iter().filter(|at| {
        procedure.pointer(at).is_some_and(|part| part.get("ground").is_some()) && !is_action(at)
    });
    grounded.map(|at| format!("{at}/ground")).collect()
}

fn dropped_grounds(procedure: &Value) -> Vec<(String, Value)> {
    let acts = ["request_supplement", "withdraw", "refuse", "stop", "apologise", "extend"];
    let places = numbers_with_grounds(procedure).into_iter();
    at_each(procedure, places.chain(action_keys(procedure, "ground", &acts)), &None)
}

fn unknown_grounds(procedure: &Value) -> Vec<(String, Value)> {
    let places = numbers_with_grounds(procedure).into_iter();
    let all = places.chain(action_keys(procedure, "ground", &[]));
    at_each(procedure, all, &Some(json!("no_such_law")))
}

fn wrong_statuses(procedure: &Value) -> Vec<(String, Value)> {
    step_keys(procedure, "status")
        .into_iter()
        .map(|at| {
            let step = at.trim_end_matches("/status");
            let kind = text(procedure, &format!("{step}/kind"));
            let wrong = if kind == "final" { 9 } else { 3 };
            (at.clone(), with(procedure, &at, Some(json!(wrong))))
        })
        .collect()
}

fn dropped_resumes(procedure: &Value) -> Vec<(String, Value)> {
    let resumes = pointers(procedure, "/resume");
    let inner = resumes.iter().flat_map(|at| {
        let rules = procedure.pointer(at).and_then(Value::as_object);
        rules.into_iter().flat_map(move |rules| rules.keys().map(move |key| format!("{at}/{key}")))
    });
    let inner = inner.filter(|at| !at.ends_with("/fixed_after"));
    at_each(procedure, inner, &None)
}

fn dropped_roles(procedure: &Value) -> Vec<(String, Value)> {
    let is_open = |at: &String| {
        let step = at.trim_end_matches("/role");
        text(procedure, &format!("{step}/kind")) != "final"
    };
    let roles = step_keys(procedure, "role").into_iter().filter(is_open);
    at_each(procedure, roles, &None)
}

fn wrong_roles(procedure: &Value) -> Vec<(String, Value)> {
    let wrong = |acts: &[&str], role: &str| {
        let acts = action_keys(procedure, "act", acts).into_iter();
        let places = acts.map(|at| format!("{}/roles", at.trim_end_matches("/act")));
        at_each(procedure, places, &Some(json!([role])))
    };
    let mut mutants = wrong(&["sign"], "specialist");
    mutants.extend(wrong(&["lapse", "proceed"], "reception_clerk"));
    mutants.extend(wrong(&["accept", "refuse", "stop", "complete", "deliver"], "auditor"));
    mutants.extend(wrong(&["supplement", "withdraw"], "cashier"));
    mutants
}

fn wrong_forms(procedure: &Value) -> Vec<(String, Value)> {
    let acts = ["accept", "request_supplement", "apologise", "stop"];
    at_each(procedure, action_keys(procedure, "form", &acts), &Some(json!(7)))
}

fn unbounded_rounds(procedure: &Value) -> Vec<(String, Value)> {
    let acts = ["request_supplement", "extend"];
    at_each(procedure, action_keys(procedure, "rounds_max", &acts), &None)
}

fn dropped_reasons(procedure: &Value) -> Vec<(String, Value)> {
    let acts = ["refuse", "stop", "apologise", "extend", "change_variant"];
    at_each(procedure, action_keys(procedure, "reason", &acts), &None)
}

fn dropped_outcomes(procedure: &Value) -> Vec<(String, Value)> {
    at_each(procedure, action_keys(procedure, "outcome", &["refuse"]), &None)
}

fn guards(procedure: &Value) -> Vec<String> {
    let all = pointers(procedure, "").into_iter().map(|at| format!("{at}/when"));
    let guards = all.filter(|at| !at.starts_with("/form/"));
    guards.filter(|at| procedure.pointer(at).is_some_and(Value::is_string)).collect()
}

fn type_errors(procedure: &Value) -> Vec<(String, Value)> {
    let broken = guards(procedure).into_iter().flat_map(|at| {
        let text = text(procedure, &at);
        let kinds = [
            format!("({text}) && owners"),
            format!("({text}) || channel > 3"),
            format!("size(owners) == 1 && ({text})"),
            format!("({text}) && !variant"),
            format!("({text}) && owners in channel"),
            format!("({text}) ? 1 : 2"),
        ];
        kinds.map(|text| (format!("{at}: {text}"), with(procedure, &at, Some(json!(text)))))
    });
    broken.collect()
}

fn unknown_fields(procedure: &Value) -> Vec<(String, Value)> {
    let broken = guards(procedure).into_iter().flat_map(|at| {
        let text = text(procedure, &at);
        let kinds = [
            format!("({text}) && form.no_such_field == 1"),
            format!("({text}) || documents.no_such_paper.present"),
            format!("({text}) || fees.no_such_fee.paid"),
            format!("({text}) || answers.no_such_branch.yes > 0"),
            format!("({text}) || receiving.no_such_part == \"x\""),
            format!("({text}) || channel == \"pigeon\""),
        ];
        kinds.map(|text| (format!("{at}: {text}"), with(procedure, &at, Some(json!(text)))))
    });
    broken.collect()
}

fn dropped_texts(procedure: &Value) -> Vec<(String, Value)> {
    let names = pointers(procedure, "/name").into_iter().filter(|at| !at.starts_with("/form"));
    let names = names.filter(|at| procedure.pointer(at).is_some_and(Value::is_object));
    let languages = ["vi", "en"];
    let numbered = names.enumerate();
    let places = numbered.map(|(n, at)| format!("{at}/{}", languages[n % languages.len()]));
    at_each(procedure, places, &None)
}

fn final_steps(procedure: &Value) -> Vec<(String, Value)> {
    let kinds = step_keys(procedure, "kind").into_iter();
    let ends = kinds.filter(|at| text(procedure, at) == "final");
    let action = json!([{ "id": "go_on", "name": { "vi": "a", "en": "b" }, "roles": ["specialist"],
        "unit": "competent", "to": "stay" }]);
    let places = ends.map(|at| format!("{}/actions", at.trim_end_matches("/kind")));
    at_each(procedure, places, &Some(action))
}

fn endless_branches(procedure: &Value) -> Vec<(String, Value)> {
    let branches = pointers(procedure, "/branches/").into_iter();
    let branches = branches.filter(|at| procedure.pointer(&format!("{at}/start")).is_some());
    branches
        .map(|branch| {
            let mut copy = procedure.clone();
            for at in action_keys(procedure, "answer", &[]) {
                // Only the branch itself, not those inside of its steps.
                let rest = at.strip_prefix(&format!("{branch}/steps/"));
                if rest.is_some_and(|rest| !rest.contains("/branches/")) {
                    copy = with(&copy, &at, None);
                    let start = text(procedure, &format!("{branch}/start"));
                    copy = with(&copy, &at.replace("/answer", "/to"), Some(json!(start)));
                }
            }
            (branch, copy)
        })
        .collect()
}

fn unknown_answers(procedure: &Value) -> Vec<(String, Value)> {
    at_each(procedure, action_keys(procedure, "answer", &[]), &Some(json!("no_such_answer")))
}

fn leaving_branches(procedure: &Value) -> Vec<(String, Value)> {
    let start = procedure["start"].clone();
    let inside = targets_of(procedure).into_iter().filter(|(at, _)| at.contains("/branches/"));
    let mut mutants = at_each(procedure, inside.map(|(at, _)| at), &Some(start));
    let inner = pointers(procedure, "/branches/").into_iter();
    for branch in inner.filter(|at| procedure.pointer(&format!("{at}/start")).is_some()) {
        let start = procedure.pointer(&format!("{branch}/start")).cloned();
        let outside =
            targets_of(procedure).into_iter().filter(|(at, _)| !at.contains("/branches/"));
        mutants.extend(at_each(procedure, outside.map(|(at, _)| at), &start));
    }
    mutants
}

fn joins(procedure: &Value) -> Vec<String> {
    pointers(procedure, "/join").into_iter().filter(|at| at.ends_with("/join")).collect()
}

fn dropped_joins(procedure: &Value) -> Vec<(String, Value)> {
    let places = || joins(procedure).into_iter().map(|at| format!("{at}/to"));
    let mut mutants = at_each(procedure, places(), &Some(json!("stay")));
    mutants.extend(at_each(procedure, places(), &None));
    mutants
}

fn impossible_joins(procedure: &Value) -> Vec<(String, Value)> {
    let fixed = joins(procedure).into_iter().filter(|at| {
        let branches = procedure.pointer(&at.replace("/join", "/branches"));
        let branches = branches.and_then(Value::as_array).expect("the branches");
        branches.iter().all(|branch| branch.get("each_unit").is_none())
    });
    let never = json!([{ "at_least": 60 }]);
    let mut mutants = at_each(procedure, fixed.map(|at| format!("{at}/early")), &Some(never));
    let unknown = json!([{ "at_least": 1, "answer": "no_such.answer" }]);
    let all = joins(procedure).into_iter().map(|at| format!("{at}/early"));
    mutants.extend(at_each(procedure, all, &Some(unknown)));
    mutants
}

fn misplaced_starts(procedure: &Value) -> Vec<(String, Value)> {
    let starts = pointers(procedure, "/branches/").into_iter().map(|at| format!("{at}/start"));
    let starts = starts.filter(|at| procedure.pointer(at).is_some());
    at_each(procedure, starts, &Some(procedure["start"].clone()))
}

fn endless_clocks(procedure: &Value) -> Vec<(String, Value)> {
    let clocks = procedure["clocks"].as_array().map_or(0, Vec::len);
    let places = (0..clocks).map(|n| format!("/clocks/{n}/until"));
    // Only the beginning of everything can never follow.
    let mut mutants = at_each(procedure, places.clone(), &Some(json!([])));
    mutants.extend(at_each(procedure, places, &Some(json!(["no_such_step"]))));
    mutants
}

fn unknown_phases(procedure: &Value) -> Vec<(String, Value)> {
    at_each(procedure, action_keys(procedure, "begins", &[]), &Some(json!("no_such_phase")))
}

fn unassessed_fees(procedure: &Value) -> Vec<(String, Value)> {
    let all = action_keys(procedure, "assesses", &[]);
    let mut copy = procedure.clone();
    for at in &all {
        copy = with(&copy, at, None);
    }
    let mut mutants = at_each(procedure, all.clone(), &Some(json!("no_such_fee")));
    mutants.extend((!all.is_empty()).then(|| ("all".to_owned(), copy)));
    mutants
}

fn dropped_extensions(procedure: &Value) -> Vec<(String, Value)> {
    at_each(procedure, action_keys(procedure, "extension", &["extend"]), &None)
}

fn unguarded_proceeds(procedure: &Value) -> Vec<(String, Value)> {
    at_each(procedure, action_keys(procedure, "when", &["proceed"]), &None)
}

fn impossible_four_eyes(procedure: &Value) -> Vec<(String, Value)> {
    let own = action_keys(procedure, "not_by", &[]).into_iter().filter_map(|at| {
        let step = at.split("/actions/").next().filter(|step| step.starts_with("/steps"))?;
        let id = json!([id_of(procedure, step)]);
        Some((at.clone(), with(procedure, &at, Some(id))))
    });
    own.collect()
}
