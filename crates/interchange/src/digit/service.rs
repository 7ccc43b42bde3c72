//! One business service as an outline.

use std::collections::{BTreeMap, BTreeSet};

use super::escalations::escalate;
use super::shape::Found;
use super::states::{self, State, is_active};
use crate::finding::{Place, Report, code, quoted};
use crate::json::{Node, Value, below};
use crate::outline::{Action, Label, Lead, Outline, Span, Step};

const SECOND_MS: i64 = 1_000;
const HOUR_MS: i64 = 3_600 * SECOND_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// A deadline below this was not meant in milliseconds.
const SLA_MS_MIN: i64 = HOUR_MS;
/// A deadline above this was not meant in milliseconds either.
const SLA_MS_MAX: i64 = 20 * 366 * DAY_MS;
/// Most states whose names one message lists.
const NAMES_MAX: usize = 20;

/// Keys of a service that are read, or that say nothing about the process.
const SERVICE_KEYS: [&str; 9] = [
    "tenantId",
    "uuid",
    "auditDetails",
    "businessService",
    "business",
    "businessServiceSla",
    "states",
    "id",
    "active",
];

pub(super) fn read(
    found: &Found<'_>,
    escalations: &[Found<'_>],
    report: &mut Report,
) -> Option<Outline> {
    let (node, path) = (found.node, found.path.as_str());
    let place = node.at(path);
    let name = found.name();
    let sla = deadline(node, path, "businessServiceSla", &quoted(&name), report);
    let states = states::read(node.get("states"), &below(path, "states"), report)?;
    if states.is_empty() {
        let message = format!("The business service {} has no states.", quoted(&name));
        let remedy = "Give a configuration with states.";
        report.note(code::IMPORT_NOTHING_FOUND, &place, message, remedy);
        return None;
    }
    unknown_keys(node, path, &SERVICE_KEYS, &quoted(&name), report);
    if !is_active(node, path, report) {
        let message = format!("The business service {} is switched off.", quoted(&name));
        let remedy = "Nothing, if its process is wanted all the same.";
        report.note(code::IMPORT_NO_EQUIVALENT, &place, message, remedy);
    }
    let resolver = Resolver::new(&states);
    let start = start_of(&states, &place, report);
    let mut steps: Vec<Step> =
        states.iter().map(|state| step_of(state, &states, &resolver, sla, report)).collect();
    escalate(&name, escalations, &states, &mut steps, report);
    let start = start.map(|index| fold_start(index, &states, &mut steps, report));
    documents(&states, report);
    Some(Outline {
        origin: format!("the DIGIT business service {}", quoted(&name)),
        name: Label::of(&name),
        at: place,
        limit: sla.map(span),
        start,
        orphans: Vec::new(),
        steps,
    })
}

/// Where next states lead, by name or UUID.
struct Resolver {
    by_name: BTreeMap<String, usize>,
    by_uuid: BTreeMap<String, usize>,
}

impl Resolver {
    fn new(states: &[State]) -> Self {
        let mut by_name = BTreeMap::new();
        let mut by_uuid = BTreeMap::new();
        for (index, state) in states.iter().enumerate() {
            if let Some(name) = &state.name {
                by_name.entry(name.clone()).or_insert(index);
            }
            if let Some(uuid) = &state.uuid {
                by_uuid.entry(uuid.to_ascii_lowercase()).or_insert(index);
            }
        }
        Self { by_name, by_uuid }
    }

    fn find(&self, next: &str) -> Option<usize> {
        let by_uuid = || self.by_uuid.get(&next.to_ascii_lowercase());
        self.by_name.get(next).or_else(by_uuid).copied()
    }
}

fn step_of(
    state: &State,
    states: &[State],
    resolver: &Resolver,
    sla: Option<i64>,
    report: &mut Report,
) -> Step {
    let called = state.called();
    let time = state.sla;
    if let Some((time, sla)) = time.zip(sla).filter(|(time, sla)| time > sla) {
        let message = format!("{} has {time} ms, the whole only {sla} ms.", quoted(&called));
        let remedy = "Correct one of the two deadlines.";
        report.note(code::IMPORT_DEADLINE_EXCEEDS, &state.at, message, remedy);
    }
    let all: BTreeSet<&String> = state.actions.iter().flat_map(|action| &action.roles).collect();
    let mut step = Step {
        id: state.id.clone(),
        called: called.clone(),
        at: state.at.clone(),
        name: Label::of(&called),
        kind: state.is_terminal.then(|| "final".to_owned()),
        source_roles: all.iter().map(|role| (*role).clone()).collect(),
        time: time.map(span),
        ..Step::default()
    };
    for action in &state.actions {
        let lead = match action.next.as_deref() {
            Some(next) => match resolver.find(next) {
                Some(index) => Lead::To(states[index].id.clone()),
                None => {
                    dangling(state, &action.name, next, &action.at, report);
                    Lead::Nowhere
                }
            },
            None => {
                dangling(state, &action.name, "", &action.at, report);
                Lead::Nowhere
            }
        };
        let differs = action.roles.iter().collect::<BTreeSet<_>>() != all;
        step.actions.push(Action {
            id: action.id.clone(),
            called: action.name.clone(),
            name: Label::of(&action.name),
            source_roles: if differs { action.roles.clone() } else { Vec::new() },
            lead,
            ..Action::default()
        });
    }
    step
}

fn dangling(state: &State, action: &str, next: &str, at: &Place, report: &mut Report) {
    let (called, action) = (quoted(&state.called()), quoted(action));
    let message = match next.is_empty() {
        true => format!("Action {action} of {called} has no next state."),
        false => format!(
            "Action {action} of {called} leads to {}, which is the name or UUID of no state.",
            quoted(next)
        ),
    };
    let remedy = "Write the name or UUID of a state of this service.";
    report.note(code::IMPORT_DANGLING_STATE, at, message, remedy);
}

/// Where an application comes into being: the state without a name, or the one that is marked.
fn start_of(states: &[State], place: &Place, report: &mut Report) -> Option<usize> {
    let names = |found: &[usize]| {
        let names = found.iter().take(NAMES_MAX).map(|index| quoted(&states[*index].called()));
        names.collect::<Vec<_>>().join(", ")
    };
    let chosen = |wanted: &dyn Fn(&State) -> bool| -> Vec<usize> {
        (0..states.len()).filter(|index| wanted(&states[*index])).collect()
    };
    let nameless = chosen(&|state| state.name.is_none());
    let marked = chosen(&|state| state.is_start);
    match (nameless.as_slice(), marked.as_slice()) {
        ([start], marked) => {
            let others: Vec<usize> =
                marked.iter().copied().filter(|index| index != start).collect();
            if let Some(first) = others.first() {
                let others = names(&others);
                let message = format!(
                    "Besides the state without a name, {others} is marked as a start; DIGIT \
                     begins in the state without a name."
                );
                let remedy = "Remove the mark, unless a dossier may begin there.";
                report.note(code::IMPORT_EXTRA_START, &states[*first].at, message, remedy);
            }
            Some(*start)
        }
        ([], [start]) => Some(*start),
        ([], []) => {
            let message = "No state is without a name or marked as a start.";
            let remedy = "Mark the first state with isStartState.";
            report.note(code::IMPORT_NO_START, place, message, remedy);
            None
        }
        (several, []) | ([], several) | (several, _) => {
            let message = format!("{} states are starts: {}.", several.len(), names(several));
            let remedy = "Keep one: a dossier begins in one state.";
            let at = states[several[1]].at.clone();
            report.note(code::IMPORT_SEVERAL_STARTS, &at, message, remedy);
            several.first().copied()
        }
    }
}

/// In a state without a name nothing exists yet: when all its actions lead to one state, what they
/// do is the filing, which procedures do not describe.
fn fold_start(
    start: usize,
    states: &[State],
    steps: &mut Vec<Step>,
    report: &mut Report,
) -> String {
    let id = states[start].id.clone();
    let step = &steps[start];
    let all: BTreeSet<&str> =
        step.actions.iter().flat_map(|action| action.lead.targets()).collect();
    let certain = step.actions.iter().all(|action| action.lead != Lead::Nowhere);
    let others: Vec<&str> = all.into_iter().filter(|target| *target != id).collect();
    let leads_here = |step: &Step| {
        step.id != id && step.actions.iter().any(|a| a.lead.targets().contains(&id.as_str()))
    };
    let [first] = others.as_slice() else {
        return id;
    };
    let first = (*first).to_owned();
    // Filing something that is finished at once is not the filing alone.
    let ends_at_once = steps.iter().any(|step| step.id == first && step.is_final());
    let is_named = states[start].name.is_some();
    // Time allowed there, or what happens after it, would be lost with the state.
    let has_times = step.time.is_some() || step.timeout.is_some();
    if is_named || !certain || ends_at_once || has_times || steps.iter().any(leads_here) {
        return id;
    }
    let actions: Vec<String> = step.actions.iter().map(|a| quoted(&a.called)).collect();
    let roles = step.source_roles.join(", ");
    let message = format!(
        "The state without a name only creates the application: {} by {roles} is the filing, and \
         the process begins in {}.",
        actions.join(", "),
        quoted(&first)
    );
    let remedy = "Nothing, unless the filing is more than that.";
    report.note(code::IMPORT_START_FOLDED, &step.at, message, remedy);
    steps.remove(start);
    first
}

/// Uploads that are asked for without saying which.
fn documents(states: &[State], report: &mut Report) {
    for state in states.iter().filter(|state| state.asks_documents) {
        let message = format!("{} demands an upload, and not of what.", quoted(&state.called()));
        let remedy = "List the papers under `documents`; `reviews: true` where they are examined.";
        report.note(code::IMPORT_DOCUMENTS_MISSING, &state.at, message, remedy);
    }
}

/// Keys without an equivalent.
pub(super) fn unknown_keys(node: &Node, path: &str, known: &[&str], of: &str, report: &mut Report) {
    for (key, value) in node.entries() {
        let empty = value.value == Value::Null || (value.is_list() && value.items().is_empty());
        if !known.contains(&key.as_str()) && !empty {
            let message = format!("{} of {of} has no equivalent.", quoted(key));
            let remedy = "Express what it does by hand, or leave it.";
            report.note(code::IMPORT_NO_EQUIVALENT, &value.at(&below(path, key)), message, remedy);
        }
    }
}

/// A deadline in milliseconds; implausible ones are reported and not carried over.
pub(super) fn deadline(
    node: &Node,
    path: &str,
    key: &str,
    of: &str,
    report: &mut Report,
) -> Option<i64> {
    let value = node.get(key)?;
    let place = value.at(&below(path, key));
    let number = match &value.value {
        Value::Number(number) | Value::Text(number) => whole(number),
        Value::Null | Value::Truth(_) | Value::List(_) | Value::Object(_) => None,
    };
    let Some(number) = number else {
        let message = format!("{key} of {of} is no whole number of milliseconds.");
        report.note(code::IMPORT_WRONG_TYPE, &place, message, "Write milliseconds, or null.");
        return None;
    };
    if (SLA_MS_MIN..=SLA_MS_MAX).contains(&number) {
        return Some(number);
    }
    let message = format!(
        "{key} of {of} is {number}; the unit is milliseconds, so that is {}.",
        words(number)
    );
    let remedy = "Write the deadline in milliseconds: a day is 86400000.";
    report.note(code::IMPORT_DEADLINE_IMPLAUSIBLE, &place, message, remedy);
    None
}

/// A whole number, also as a fraction without one (`432000000.0`).
fn whole(number: &str) -> Option<i64> {
    let number = number.trim();
    let digits = number.split_once('.').map_or(Some(number), |(whole, rest)| {
        rest.bytes().all(|byte| byte == b'0').then_some(whole)
    });
    digits?.parse().ok()
}

/// Milliseconds in words.
fn words(milliseconds: i64) -> String {
    match milliseconds {
        ..=0 => "no time at all".into(),
        1..SECOND_MS => "less than a second".into(),
        SECOND_MS..HOUR_MS => format!("{} seconds", milliseconds / SECOND_MS),
        HOUR_MS..DAY_MS => format!("{} hours", milliseconds / HOUR_MS),
        DAY_MS.. => format!("{} days", milliseconds / DAY_MS),
    }
}

/// A plausible deadline; whether it counts working time is not said.
fn span(milliseconds: i64) -> Span {
    let days = (milliseconds % DAY_MS == 0).then_some(milliseconds / DAY_MS);
    let hours = (milliseconds % HOUR_MS == 0).then_some(milliseconds / HOUR_MS);
    let (amount, source) = match (days, hours) {
        (Some(days), _) => (Some(days), format!("{milliseconds} ms, {days} days")),
        (None, Some(hours)) => (None, format!("{milliseconds} ms, {hours} hours")),
        (None, None) => (None, format!("{milliseconds} ms")),
    };
    Span { amount: amount.and_then(|days| u32::try_from(days).ok()), unit: None, source }
}
