//! What gateways and conditions must say, whatever becomes of them.

use super::graph::{Graph, Kind};
use crate::finding::{Report, code, quoted};
use crate::outline::Condition;

/// What every gateway with several ways must say.
pub(super) fn examine(graph: &Graph, report: &mut Report) {
    conditions(graph, report);
    for (index, node) in graph.nodes.iter().enumerate() {
        if node.kind == Kind::Exclusive && graph.is_split(index) {
            gateway(graph, index, report);
        } else if forks_silently(&node.kind) && graph.is_split(index) {
            let message = format!(
                "{} flows leave {} without a gateway: BPMN follows all of them at once.",
                node.outgoing.len(),
                quoted(&node.called)
            );
            let remedy = "Draw the gateway: exclusive for one of them, parallel for all.";
            report.note(code::IMPORT_IMPLICIT_FORK, &node.at, message, remedy);
        }
    }
}

/// Whether several flows out of such a node are all taken, without a gateway that says so.
fn forks_silently(kind: &Kind) -> bool {
    match kind {
        Kind::Task | Kind::Message | Kind::Start | Kind::Leave(_) | Kind::Pass => true,
        Kind::End
        | Kind::Timer(_)
        | Kind::Boundary(..)
        | Kind::Exclusive
        | Kind::Parallel
        | Kind::Inclusive
        | Kind::EventBased
        | Kind::Enter(_) => false,
    }
}

fn gateway(graph: &Graph, index: usize, report: &mut Report) {
    let node = &graph.nodes[index];
    let called = quoted(&node.called);
    let flows = node.outgoing.iter().map(|flow| (*flow, &graph.flows[*flow]));
    if !graph.is_conditional(index) {
        if flows.clone().any(|(_, flow)| flow.action.is_none()) {
            let message = format!(
                "No flow out of {called} has a condition: it is read as a decision of whoever \
                 works there."
            );
            let remedy = "Write conditions, if the data decides and not a person.";
            report.note(code::IMPORT_DECISION_BY_PERSON, &node.at, message, remedy);
        }
        return;
    }
    for (_, flow) in flows.filter(|(at, _)| Some(*at) != node.default) {
        if flow.condition.is_none() {
            let message = format!(
                "{} out of {called} has no condition and is not its default.",
                quoted(&flow.called)
            );
            let remedy = "Write its condition, or make it the default flow.";
            report.note(code::IMPORT_CONDITION_MISSING, &flow.at, message, remedy);
        }
    }
    if node.default.is_none() {
        let message =
            format!("{called} has no default flow: when no condition holds, it is stuck.");
        let remedy = "Mark one of its flows as the default.";
        report.note(code::IMPORT_NO_DEFAULT, &node.at, message, remedy);
    }
}

/// What becomes of each condition: it is kept, has to be translated, or means nothing there.
fn conditions(graph: &Graph, report: &mut Report) {
    for flow in &graph.flows {
        let Some(Condition::Ours(text) | Condition::Foreign(text)) = &flow.condition else {
            continue;
        };
        let (called, text) = (quoted(&flow.called), quoted(text));
        let counts = match &graph.nodes[flow.from].kind {
            Kind::Exclusive | Kind::Inclusive => graph.is_split(flow.from),
            Kind::Task | Kind::Message => true,
            Kind::Start
            | Kind::End
            | Kind::Timer(_)
            | Kind::Boundary(..)
            | Kind::Parallel
            | Kind::EventBased
            | Kind::Enter(_)
            | Kind::Leave(_)
            | Kind::Pass => false,
        };
        if !counts {
            let message = format!("The condition of {called} is left out: {text}.");
            let remedy = "Put it behind an exclusive gateway with a default flow.";
            report.note(code::IMPORT_NO_EQUIVALENT, &flow.at, message, remedy);
        } else if matches!(flow.condition, Some(Condition::Foreign(_))) {
            let message = format!("The condition of {called} is in another language: {text}.");
            let remedy = "Write it in CEL over the form, the documents and the case.";
            report.note(code::IMPORT_CONDITION_FOREIGN, &flow.at, message, remedy);
        }
    }
}
