//! How a dossier stands, beside how it was expected to stand.

use std::collections::BTreeMap;

use jiff::Timestamp;
use motcua_deadlines::{Clock, Phase, is_late};
use motcua_dossiers::dossier::{BranchState, Dossier, Obligation, WorkItem};
use serde_json::{Value, json};

use crate::instant;
use crate::scenario::Expected;

/// The word for something that is not there.
pub(crate) const NONE: &str = "none";

/// How the value of a key is written and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One value.
    Plain,
    /// A list; its order does not matter.
    Set,
    /// A list in order, or one value.
    List,
    /// Values by name; names that are absent are not looked at.
    Map,
    /// All open work items.
    Items,
    /// Work items, `STEP` or `STEP@UNIT`.
    ItemSet,
}

/// The keys of `expect`.
pub(crate) const KEYS: [(&str, Kind); 21] = [
    ("state", Kind::Plain),
    ("status", Kind::Plain),
    ("items", Kind::Items),
    ("late_items", Kind::ItemSet),
    ("due_on", Kind::Plain),
    ("due_at", Kind::Plain),
    ("statutory_due_on", Kind::Plain),
    ("original_due_on", Kind::Plain),
    ("clock", Kind::Plain),
    ("clocks", Kind::Map),
    ("late", Kind::Plain),
    ("fees", Kind::Map),
    ("required", Kind::Set),
    ("branches", Kind::Map),
    ("outcome", Kind::Plain),
    ("result", Kind::Plain),
    ("phase", Kind::Plain),
    ("variant", Kind::Plain),
    ("closed", Kind::Plain),
    ("code", Kind::Plain),
    ("forms", Kind::List),
];

/// What is to be looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub(crate) dossier: &'a Dossier,
    pub(crate) now: Timestamp,
    /// Forms that came out of the entry.
    pub(crate) forms: &'a [u8],
}

/// Why the dossier is not as expected; none if it is.
pub(crate) fn differs(expected: &Expected, view: View<'_>) -> Option<String> {
    let Expected { key, value, .. } = expected;
    let kind = KEYS.iter().find(|(name, _)| name == key).map(|(_, kind)| *kind)?;
    let is = picture(key, view);
    match kind {
        Kind::Plain => (*value != is).then(|| said(key, value, &is)),
        Kind::Set => (sorted(value) != sorted(&is)).then(|| said(key, value, &is)),
        Kind::List => {
            let wanted = if value.is_array() { value.clone() } else { json!([value]) };
            (wanted != is).then(|| said(key, value, &is))
        }
        Kind::Map => {
            let none = json!(NONE);
            let wanted = value.as_object()?.iter();
            let mut wrong = wanted.filter_map(|(name, value)| {
                let is = is.get(name).unwrap_or(&none);
                (value != is).then(|| said(&format!("{key}.{name}"), value, is))
            });
            wrong.next()
        }
        Kind::Items => items_differ(key, value, view),
        Kind::ItemSet => late_items_differ(key, value, view),
    }
}

fn said(key: &str, expected: &Value, is: &Value) -> String {
    format!("{key}: expected {}, is {}", shown(expected), shown(is))
}

/// A value as an author writes it.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => {
            format!("[{}]", list.iter().map(shown).collect::<Vec<_>>().join(", "))
        }
        Value::Object(map) => {
            let pairs = map.iter().map(|(name, value)| format!("{name}: {}", shown(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn sorted(list: &Value) -> Vec<String> {
    let mut texts: Vec<String> = list.as_array().into_iter().flatten().map(shown).collect();
    texts.sort();
    texts
}

fn picture(key: &str, view: View<'_>) -> Value {
    let View { dossier, now, forms } = view;
    let clocks = dossier.clocks.as_ref();
    let appointment = clocks.map(|clocks| clocks.appointment());
    match key {
        "state" => json!(dossier.state),
        "status" => json!(u8::from(dossier.status)),
        "due_on" => date(appointment),
        "due_at" => or_none(appointment.and_then(Clock::due_at).map(instant::show)),
        "statutory_due_on" => date(clocks.map(|clocks| &clocks.statutory)),
        "original_due_on" => {
            or_none(appointment.and_then(|c| c.original_due_on()).map(|day| day.to_string()))
        }
        "clock" => json!(appointment.map_or(NONE, phase)),
        "clocks" => {
            dossier.further.iter().map(|(id, clock)| (id.clone(), further(clock))).collect()
        }
        "late" => json!(appointment.is_some_and(|clock| late(clock, dossier, now))),
        "fees" => dossier.fees.iter().map(|(id, fee)| (id.clone(), owed(fee))).collect(),
        "required" => dossier.required.iter().map(|required| json!(required.id)).collect(),
        "branches" => {
            dossier.branches.iter().map(|(key, state)| (key.clone(), ended(state))).collect()
        }
        "outcome" => or_none(dossier.outcome.clone()),
        "result" => json!(match &dossier.result {
            None => NONE,
            Some(result) if result.document.is_some() => "electronic",
            Some(_) => "paper",
        }),
        "phase" => or_none(clocks.and_then(|clocks| clocks.phase.clone())),
        "variant" => json!(dossier.filing.variant),
        "closed" => json!(dossier.closed),
        "code" => json!(if dossier.code.is_some() { "given" } else { NONE }),
        "forms" => json!(forms),
        _ => Value::Null,
    }
}

fn or_none(text: Option<String>) -> Value {
    json!(text.unwrap_or_else(|| NONE.into()))
}

fn date(clock: Option<&Clock>) -> Value {
    or_none(clock.and_then(Clock::due_on).map(|day| day.to_string()))
}

fn phase(clock: &Clock) -> &'static str {
    match clock.phase() {
        Phase::Running { .. } => "running",
        Phase::Paused { .. } => "paused",
        Phase::Stopped { .. } => "stopped",
    }
}

fn further(clock: &Clock) -> Value {
    match clock.phase() {
        Phase::Running { due_on, .. } => json!(due_on.to_string()),
        Phase::Paused { .. } | Phase::Stopped { .. } => json!(phase(clock)),
    }
}

/// Lateness is judged when processing ended, until then now (one-stop-shop rule of lateness).
pub(crate) fn late(clock: &Clock, dossier: &Dossier, now: Timestamp) -> bool {
    let stopped = match clock.phase() {
        Phase::Stopped { at, .. } => Some(*at),
        Phase::Running { .. } | Phase::Paused { .. } => None,
    };
    is_late(clock, dossier.completed_at.or(stopped).unwrap_or(now))
}

fn owed(fee: &Obligation) -> Value {
    if fee.payment.is_some() { json!("paid") } else { json!(fee.amount) }
}

fn ended(state: &BranchState) -> Value {
    match &state.ended {
        None => json!("open"),
        Some(end) => json!(end.answer.as_deref().unwrap_or("cut")),
    }
}

/// Takes the work item that `STEP` or `STEP@UNIT` names out of the list.
fn take<'d>(items: &mut Vec<&'d WorkItem>, name: &str) -> Option<&'d WorkItem> {
    let (step, unit) = name.split_once('@').map_or((name, None), |(s, u)| (s, Some(u)));
    let fits = |item: &&WorkItem| item.step == step && unit.is_none_or(|unit| item.unit == unit);
    items.iter().position(fits).map(|at| items.remove(at))
}

fn items_differ(key: &str, expected: &Value, view: View<'_>) -> Option<String> {
    let mut left: Vec<&WorkItem> = view.dossier.items.values().collect();
    let wanted: BTreeMap<&String, &Value> = expected.as_object().into_iter().flatten().collect();
    let fits = |left: &mut Vec<&WorkItem>, name: &str, role: &Value| {
        take(left, name).is_some_and(|item| *role == json!(item.role.as_str()))
    };
    // The more exact names first, so that a bare step takes what is left.
    let (exact, bare): (Vec<_>, Vec<_>) = wanted.iter().partition(|(name, _)| name.contains('@'));
    let mut all = exact.into_iter().chain(bare);
    let as_expected = all.all(|(name, role)| fits(&mut left, name, role)) && left.is_empty();
    let is: serde_json::Map<String, Value> = view
        .dossier
        .items
        .values()
        .map(|item| (format!("{}@{}", item.step, item.unit), json!(item.role.as_str())))
        .collect();
    (!as_expected).then(|| said(key, expected, &Value::Object(is)))
}

fn late_items_differ(key: &str, expected: &Value, view: View<'_>) -> Option<String> {
    let mut left: Vec<&WorkItem> = view.dossier.items.values().filter(|item| item.late).collect();
    let is: Value = left.iter().map(|item| json!(format!("{}@{}", item.step, item.unit))).collect();
    let mut wanted = expected.as_array().into_iter().flatten().filter_map(Value::as_str);
    let as_expected = wanted.all(|name| take(&mut left, name).is_some()) && left.is_empty();
    (!as_expected).then(|| said(key, expected, &is))
}
