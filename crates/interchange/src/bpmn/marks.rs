//! What others add to elements: roles, lanes, attributes of exports of ours.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{ActionFacts, Facts};
use super::{MODEL, OURS};
use crate::outline::id_of;
use crate::xml::{Attribute, Element};

/// Namespaces whose attributes need no mention: `xsi:type`, `xml:lang`.
const PLAIN: [&str; 2] =
    ["http://www.w3.org/2001/XMLSchema-instance", "http://www.w3.org/XML/1998/namespace"];

/// Names of what others added to an element and nobody reads.
pub(super) fn foreign(element: &Element) -> Vec<&str> {
    let is_foreign =
        |namespace: &str| ![MODEL, OURS, ""].contains(&namespace) && !PLAIN.contains(&namespace);
    let attributes = element.attributes.iter();
    let attributes = attributes.filter(|found| is_foreign(&found.namespace) && !is_role(found));
    let inner = element.child("extensionElements");
    let inner = inner.into_iter().flat_map(|found| &found.children);
    let unread = inner.filter(|found| !found.attributes.iter().any(is_role));
    let attributes = attributes.map(|found| found.name.as_str());
    attributes.chain(unread.map(|found| found.name.as_str())).collect()
}

/// Whether an attribute names who works on a task.
pub(super) fn is_role(attribute: &Attribute) -> bool {
    ["candidateGroups", "candidateUsers", "assignee"].contains(&attribute.name.as_str())
}

/// What an export of ours says of an element.
pub(super) fn facts(element: &Element) -> Facts {
    let fact = |name| element.get_in(OURS, name).map(id_of_word);
    Facts {
        kind: fact("kind"),
        status: element.get_in(OURS, "status").filter(|text| is_number(text)).map(str::to_owned),
        role: fact("role"),
        unit: fact("unit"),
        action: action_facts(element),
    }
}

/// What an export of ours says of an action.
pub(super) fn action_facts(element: &Element) -> Option<ActionFacts> {
    let fact = |name| element.get_in(OURS, name).map(id_of_word);
    let roles = element.get_in(OURS, "roles").unwrap_or_default();
    Some(ActionFacts {
        id: id_of(element.get_in(OURS, "action")?),
        act: fact("act"),
        roles: roles.split_whitespace().map(id_of_word).collect(),
        when: element.get_in(OURS, "when").map(str::to_owned),
        answer: element.get_in(OURS, "answer").map(id_of),
        to: element.get_in(OURS, "to").map(str::to_owned),
    })
}

/// A word of the language; whatever is none cannot break the draft.
fn id_of_word(text: &str) -> String {
    let fit = |c: &char| c.is_ascii_lowercase() || *c == '_';
    text.chars().filter(fit).take(32).collect()
}

fn is_number(text: &str) -> bool {
    matches!(text.parse::<u8>(), Ok(1..=10))
}

/// Names of lanes by the id of what lies in them; the innermost lane counts.
pub(super) fn lanes(process: &Element) -> BTreeMap<String, Vec<String>> {
    let mut roles = BTreeMap::new();
    let sets = process.children.iter().filter(|child| child.name == "laneSet");
    let mut open: Vec<&Element> = sets.flat_map(|set| &set.children).collect();
    while let Some(lane) = open.pop() {
        let name = lane.get("name").or(lane.get("id")).unwrap_or_default().trim();
        let inner = lane.child("childLaneSet");
        let of_inner: BTreeSet<&str> = inner
            .iter()
            .flat_map(|set| &set.children)
            .flat_map(|lane| &lane.children)
            .map(|found| found.text.trim())
            .collect();
        for reference in lane.children.iter().filter(|child| child.name == "flowNodeRef") {
            let id = reference.text.trim();
            if !of_inner.contains(id) && !name.is_empty() {
                roles.insert(id.to_owned(), vec![name.to_owned()]);
            }
        }
        open.extend(inner.iter().flat_map(|set| &set.children));
    }
    roles
}
