//! The states of a service and their actions, as they are written.

use std::collections::BTreeSet;

use super::service::{deadline, unknown_keys};
use crate::finding::{Place, Report, code, quoted};
use crate::json::{Node, Value, below};
use crate::outline::{Ids, id_of, step_id_of};

/// Most states of a service, and most actions of a state: what the language holds.
const STATES_MAX: usize = 2_000;
const ACTIONS_MAX: usize = 50;

const STATE_KEYS: [&str; 14] = [
    "tenantId",
    "uuid",
    "auditDetails",
    "businessServiceId",
    "sla",
    "state",
    "applicationStatus",
    "docUploadRequired",
    "isStartState",
    "isTerminateState",
    "isStateUpdatable",
    "actions",
    "seq",
    "id",
];
const ACTION_KEYS: [&str; 10] = [
    "tenantId",
    "uuid",
    "auditDetails",
    "currentState",
    "action",
    "nextState",
    "roles",
    "active",
    "id",
    "seq",
];

/// A state as it is written.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// Its name; none where an application comes into being.
    pub(super) name: Option<String>,
    pub(super) uuid: Option<String>,
    /// Id in the draft.
    pub(super) id: String,
    pub(super) at: Place,
    pub(super) sla: Option<i64>,
    pub(super) is_start: bool,
    pub(super) is_terminal: bool,
    pub(super) asks_documents: bool,
    pub(super) actions: Vec<Action>,
}

impl State {
    /// What messages call it.
    pub(super) fn called(&self) -> String {
        self.name.clone().unwrap_or_else(|| "null".to_owned())
    }
}

/// An action as it is written.
#[derive(Clone, Debug)]
pub(super) struct Action {
    pub(super) name: String,
    /// Id in the draft.
    pub(super) id: String,
    pub(super) next: Option<String>,
    pub(super) roles: Vec<String>,
    pub(super) at: Place,
}

/// Reads the states; none when they are no list, or more than can be held.
pub(super) fn read(states: Option<&Node>, path: &str, report: &mut Report) -> Option<Vec<State>> {
    let states = states?;
    if !states.is_list() {
        wrong_type(states, path, "a list of states", report);
        return None;
    }
    if too_many(states, path, STATES_MAX, "states", report) {
        return None;
    }
    let mut ids = Ids::default();
    let mut names = BTreeSet::new();
    let mut uuids = BTreeSet::new();
    let mut found = Vec::new();
    for (index, node) in states.items().iter().enumerate() {
        let path = format!("{path}/{index}");
        if !node.is_object() {
            wrong_type(node, &path, "a state", report);
            continue;
        }
        let state = state(node, &path, &mut ids, report);
        let is_new = state.uuid.as_ref().is_none_or(|uuid| uuids.insert(uuid.clone()));
        if !names.insert(state.name.clone()) || !is_new {
            let message = format!("The state {} stands twice.", quoted(&state.called()));
            let remedy = "Remove or rename one of the two: only the first is ever found.";
            report.note(code::IMPORT_DUPLICATE_STATE, &state.at, message, remedy);
        }
        found.push(state);
    }
    Some(found)
}

fn state(node: &Node, path: &str, ids: &mut Ids, report: &mut Report) -> State {
    let name = text(node, path, "state", report).filter(|name| !name.trim().is_empty());
    let called = name.clone().unwrap_or_else(|| "null".to_owned());
    let wanted = name.as_deref().map_or("start".to_owned(), step_id_of);
    let id = ids.take(wanted);
    if name.as_ref().is_some_and(|name| *name != id) {
        let message = format!("The state {} becomes step {id:?}.", quoted(&called));
        let remedy = "Nothing; or rename it in the source.";
        report.note(code::IMPORT_ID_CHANGED, &node.at(path), message, remedy);
    }
    unknown_keys(node, path, &STATE_KEYS, &quoted(&called), report);
    let uuid = text(node, path, "uuid", report);
    let sla = deadline(node, path, "sla", &quoted(&called), report);
    let mut state = State {
        name,
        uuid,
        id,
        at: node.at(path),
        sla,
        is_start: truth(node, path, "isStartState", report),
        is_terminal: truth(node, path, "isTerminateState", report),
        asks_documents: truth(node, path, "docUploadRequired", report),
        actions: Vec::new(),
    };
    state.actions = actions(node.get("actions"), &below(path, "actions"), &state, report);
    state
}

fn actions(list: Option<&Node>, path: &str, state: &State, report: &mut Report) -> Vec<Action> {
    let Some(list) = list else {
        return Vec::new();
    };
    if !list.is_list() {
        wrong_type(list, path, "a list of actions", report);
        return Vec::new();
    }
    too_many(list, path, ACTIONS_MAX, "actions", report);
    let mut ids = Ids::default();
    let mut names = BTreeSet::new();
    let mut found = Vec::new();
    for (index, node) in list.items().iter().take(ACTIONS_MAX).enumerate() {
        let path = format!("{path}/{index}");
        if !node.is_object() {
            wrong_type(node, &path, "an action", report);
            continue;
        }
        let Some(action) = action(node, &path, state, &mut ids, report) else {
            continue;
        };
        if !names.insert(action.name.to_ascii_lowercase()) {
            let (called, name) = (quoted(&state.called()), quoted(&action.name));
            let message = format!("The action {name} stands twice in {called}.");
            let remedy = "Remove or rename one of the two: only the first is ever taken.";
            report.note(code::IMPORT_DUPLICATE_ACTION, &action.at, message, remedy);
        }
        found.push(action);
    }
    found
}

fn action(
    node: &Node,
    path: &str,
    state: &State,
    ids: &mut Ids,
    report: &mut Report,
) -> Option<Action> {
    let at = node.at(path);
    let name = text(node, path, "action", report).unwrap_or_default();
    let of = format!("action {} of {}", quoted(&name), quoted(&state.called()));
    if !is_active(node, path, report) {
        let message = format!("The {of} is switched off and left out.");
        let remedy = "Nothing; or write it by hand.";
        report.note(code::IMPORT_ACTION_INACTIVE, &at, message, remedy);
        return None;
    }
    unknown_keys(node, path, &ACTION_KEYS, &of, report);
    let current = text(node, path, "currentState", report);
    let elsewhere = current.zip(state.uuid.as_ref()).filter(|(current, uuid)| {
        !current.eq_ignore_ascii_case(uuid) && Some(current) != state.name.as_ref()
    });
    if let Some((current, _)) = elsewhere {
        let message = format!("The {of} says that it starts from {}.", quoted(&current));
        let remedy = "Write it in the state that it starts from, or correct currentState.";
        report.note(code::IMPORT_CURRENT_STATE, &at, message, remedy);
    }
    let roles = roles(node, path, &of, report);
    let id = ids.take(id_of(&name));
    let next = text(node, path, "nextState", report).filter(|next| !next.trim().is_empty());
    Some(Action { name, id, next, roles, at })
}

fn roles(node: &Node, path: &str, of: &str, report: &mut Report) -> Vec<String> {
    let list = node.get("roles");
    let mut roles = Vec::new();
    for role in list.map(Node::items).unwrap_or_default() {
        match &role.value {
            Value::Text(name) if !name.trim().is_empty() => roles.push(name.trim().to_owned()),
            Value::Null
            | Value::Truth(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Object(_) => {
                wrong_type(role, &below(path, "roles"), "the name of a role", report);
            }
        }
    }
    if roles.is_empty() {
        let message = format!("No role may do {of}.");
        let remedy = "Name the roles, or remove the action.";
        report.note(code::IMPORT_ACTION_WITHOUT_ROLES, &node.at(path), message, remedy);
    }
    roles
}

fn text(node: &Node, path: &str, key: &str, report: &mut Report) -> Option<String> {
    let value = node.get(key)?;
    match &value.value {
        Value::Text(text) => Some(text.clone()),
        Value::Null | Value::Truth(_) | Value::Number(_) | Value::List(_) | Value::Object(_) => {
            wrong_type(value, &below(path, key), "text", report);
            None
        }
    }
}

/// Whether something is switched on: unless it says that it is not.
pub(super) fn is_active(node: &Node, path: &str, report: &mut Report) -> bool {
    match node.get("active").map(|node| &node.value) {
        None | Some(Value::Null) => true,
        Some(_) => truth_or(node, path, "active", true, report),
    }
}

/// `true`, also as text; absent means false.
fn truth(node: &Node, path: &str, key: &str, report: &mut Report) -> bool {
    truth_or(node, path, key, false, report)
}

fn truth_or(node: &Node, path: &str, key: &str, otherwise: bool, report: &mut Report) -> bool {
    let Some(value) = node.get(key) else {
        return otherwise;
    };
    match &value.value {
        Value::Truth(truth) => *truth,
        Value::Text(text) if text.eq_ignore_ascii_case("true") => true,
        Value::Text(text) if text.eq_ignore_ascii_case("false") => false,
        Value::Null | Value::Text(_) | Value::Number(_) | Value::List(_) | Value::Object(_) => {
            wrong_type(value, &below(path, key), "true or false", report);
            otherwise
        }
    }
}

fn wrong_type(node: &Node, path: &str, wanted: &str, report: &mut Report) {
    let message = format!("Something else stands here than {wanted}.");
    let remedy = format!("Write {wanted}.");
    report.note(code::IMPORT_WRONG_TYPE, &node.at(path), message, remedy);
}

fn too_many(list: &Node, path: &str, max: usize, of: &str, report: &mut Report) -> bool {
    let count = list.items().len();
    if count > max {
        let message = format!("There are {count} {of}; a procedure holds at most {max}.");
        let remedy = "Check that it is the right file, or divide the process.";
        report.note(code::IMPORT_TOO_MANY_PARTS, &list.at(path), message, remedy);
    }
    count > max
}
