//! Escalations of the master data.

use super::service::unknown_keys;
use super::shape::Found;
use super::states::{State, is_active};
use crate::finding::{Report, code, quoted};
use crate::json::{Node, Value};
use crate::outline::{Ids, Span, Step, Timeout, id_of};

/// Keys of an escalation that are read, or that say nothing about the process.
const KEYS: [&str; 10] = [
    "tenantId",
    "uuid",
    "auditDetails",
    "id",
    "businessService",
    "module",
    "state",
    "action",
    "stateSLA",
    "active",
];

/// Escalations of the master data: what DIGIT does by itself when a state takes too long.
pub(super) fn escalate(
    service: &str,
    escalations: &[Found<'_>],
    states: &[State],
    steps: &mut [Step],
    report: &mut Report,
) {
    let text = |node: &Node, key: &str| match node.get(key).map(|node| &node.value) {
        Some(Value::Text(text)) => Some(text.clone()),
        Some(_) | None => None,
    };
    for found in escalations.iter().filter(|found| found.name() == service) {
        let place = found.node.at(&found.path);
        let of = format!("the escalation of {}", quoted(service));
        unknown_keys(found.node, &found.path, &KEYS, &of, report);
        let (state, action) = (text(found.node, "state"), text(found.node, "action"));
        let days = match found.node.get("stateSLA").map(|node| &node.value) {
            Some(Value::Number(number)) => number.parse::<f64>().ok(),
            Some(_) | None => None,
        };
        let days = days.filter(|days| (1.0..=3_650.0).contains(days) && days.fract() == 0.0);
        let index = states.iter().position(|known| known.name == state && state.is_some());
        let step = index.and_then(|index| steps.get_mut(index));
        let known = step.and_then(|step| {
            let at =
                step.actions.iter().position(|known| Some(&known.called) == action.as_ref())?;
            step.timeout.is_none().then_some((step, at))
        });
        if !is_active(found.node, &found.path, report) {
            let message = format!(
                "The escalation of state {} by action {} is switched off and left out.",
                quoted(&state.unwrap_or_default()),
                quoted(&action.unwrap_or_default())
            );
            let remedy = "Nothing; or write a `timeout` by hand.";
            report.note(code::IMPORT_ACTION_INACTIVE, &place, message, remedy);
            continue;
        }
        let (Some((step, at)), Some(days)) = (known, days) else {
            let message = format!(
                "The escalation of state {} by action {} cannot be carried over.",
                quoted(&state.unwrap_or_default()),
                quoted(&action.unwrap_or_default())
            );
            let remedy = "Write a `timeout` by hand, or correct state, action and whole days.";
            report.note(code::IMPORT_NO_EQUIVALENT, &place, message, remedy);
            continue;
        };
        // What a person may do stays; beside it stands what happens by itself.
        let mut ids = Ids::default();
        for known in &step.actions {
            ids.take(known.id.clone());
        }
        let mut lapse = step.actions[at].clone();
        lapse.id = ids.take(id_of(&format!("{}_lapse", lapse.id)));
        lapse.act = Some("lapse".to_owned());
        lapse.source_roles = Vec::new();
        // Checked above: a whole number up to 3,650.
        let amount = Some(days as u32);
        let after = Span { amount, unit: None, source: format!("{days} days (stateSLA)") };
        step.timeout = Some(Timeout { after, action: lapse.id.clone() });
        step.actions.push(lapse);
    }
}
