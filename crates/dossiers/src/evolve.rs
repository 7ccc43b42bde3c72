//! The fold: history → state. Never fails, reads no definition and no clock.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use motcua_procedures::Status;
use uuid::Uuid;

use crate::command::ItemName;
use crate::dossier::{Dossier, LastAct};
use crate::event::Facts;

/// An event as the fold meets it: its place in the chain and its facts.
#[derive(Clone, Debug)]
pub struct Recorded<'a> {
    /// Dossier.
    pub id: Uuid,
    /// Number in the chain.
    pub seq: u64,
    /// When it was decided.
    pub at: Timestamp,
    /// Name of the act.
    pub kind: &'a str,
    /// State after the event.
    pub to: &'a str,
    /// Its facts.
    pub facts: &'a Facts,
}

/// Applies one event.
///
/// A history begins with the event that pins a procedure and a filing; without them there is no
/// dossier yet and none comes out.
pub fn evolve(dossier: Option<Dossier>, event: &Recorded<'_>) -> Option<Dossier> {
    let mut dossier = match dossier {
        Some(dossier) => dossier,
        None => born(event)?,
    };
    apply(&mut dossier, event);
    Some(dossier)
}

/// Applies one event to a dossier that exists, in place.
pub fn apply(dossier: &mut Dossier, event: &Recorded<'_>) {
    if dossier.state != event.to {
        dossier.state = event.to.to_owned();
        dossier.since = event.at;
    }
    dossier.version = event.seq;
    dossier.last =
        LastAct { kind: event.kind.to_owned(), at: event.at, actor: event.facts.actor.clone() };
    if matches!(event.kind, "accept" | "admit") && dossier.received_at.is_none() {
        dossier.received_at = Some(event.at);
    }
    apply_case(dossier, event.facts);
    apply_work(dossier, event.facts);
    apply_result(dossier, event);
}

fn born(event: &Recorded<'_>) -> Option<Dossier> {
    let facts = event.facts;
    Some(Dossier {
        id: event.id,
        version: 0,
        state: event.to.to_owned(),
        status: facts.status.unwrap_or(Status::Submitted),
        since: event.at,
        last: LastAct { kind: event.kind.to_owned(), at: event.at, actor: facts.actor.clone() },
        procedure: facts.procedure.clone()?,
        filing: facts.filing.clone()?,
        code: None,
        received_at: None,
        fields: BTreeSet::new(),
        required: Vec::new(),
        documents: BTreeMap::new(),
        decisions: BTreeMap::new(),
        fees: BTreeMap::new(),
        clocks: None,
        phases: BTreeSet::new(),
        further: BTreeMap::new(),
        items: BTreeMap::new(),
        next_item: 1,
        branches: BTreeMap::new(),
        holders: BTreeMap::new(),
        back: Vec::new(),
        supplement: None,
        rounds: BTreeMap::new(),
        timers: BTreeMap::new(),
        outcome: None,
        draft: None,
        signature: None,
        result: None,
        completed_at: None,
        delivery: None,
        reservations: BTreeSet::new(),
        closed: false,
    })
}

/// What the case consists of: procedure, form, documents, verdicts, money, limits.
fn apply_case(dossier: &mut Dossier, facts: &Facts) {
    if let Some(procedure) = &facts.procedure {
        dossier.procedure = procedure.clone();
    }
    if let Some(filing) = &facts.filing {
        dossier.filing = filing.clone();
    }
    if let Some(required) = &facts.required {
        dossier.required = required.clone();
    }
    for (id, content) in &facts.documents {
        dossier.documents.insert(id.clone(), content.clone());
        dossier.decisions.remove(&ItemName::Document(id.clone()));
    }
    for name in &facts.form_fields {
        dossier.fields.insert(name.clone());
        dossier.decisions.remove(&ItemName::Field(name.clone()));
    }
    dossier
        .decisions
        .extend(facts.decisions.iter().map(|(item, verdict)| (item.clone(), *verdict)));
    if let Some(fees) = &facts.fees {
        dossier.fees = fees.clone();
    }
    if let Some(payment) = &facts.payment
        && let Some(obligation) = dossier.fees.get_mut(&payment.fee)
    {
        obligation.payment = Some(payment.clone());
    }
    if let Some(code) = &facts.code {
        dossier.code = Some(code.clone());
    }
    if let Some(clocks) = &facts.clocks {
        dossier.phases.extend(clocks.phase.clone());
        dossier.clocks = Some(clocks.clone());
    }
    dossier.further.extend(facts.further.iter().map(|(id, clock)| (id.clone(), clock.clone())));
}

/// Where the dossier stands: work items, interruptions, timers.
fn apply_work(dossier: &mut Dossier, facts: &Facts) {
    if let Some(status) = facts.status {
        dossier.status = status;
    }
    for id in &facts.items_closed {
        if let Some(item) = dossier.items.remove(id) {
            let acted = (item.role == facts.actor.role).then(|| facts.actor.id.clone());
            let key = item.holder_key();
            if let Some(holder) = item.assignee.or(acted) {
                dossier.holders.insert(key, holder);
            }
        }
    }
    for (key, branch) in &facts.branches {
        match branch {
            Some(branch) => dossier.branches.insert(key.clone(), branch.clone()),
            None => dossier.branches.remove(key),
        };
    }
    for item in &facts.items {
        dossier.next_item = dossier.next_item.max(item.id + 1);
        dossier.items.insert(item.id, item.clone());
    }
    if let Some(back) = &facts.back {
        dossier.back = back.clone();
    }
    if facts.answered {
        dossier.supplement = None;
    }
    if let Some(supplement) = &facts.supplement {
        dossier.supplement = Some(supplement.clone());
    }
    if let Some(round) = &facts.round {
        *dossier.rounds.entry(round.clone()).or_default() += 1;
    }
    for (name, at) in &facts.timers {
        match at {
            Some(at) => dossier.timers.insert(name.clone(), *at),
            None => dossier.timers.remove(name),
        };
    }
}

/// What came of it.
fn apply_result(dossier: &mut Dossier, event: &Recorded<'_>) {
    let facts = event.facts;
    if let Some(outcome) = &facts.outcome {
        dossier.outcome = Some(outcome.clone());
        dossier.draft = None;
        dossier.signature = None;
    }
    if let Some(draft) = &facts.draft {
        dossier.draft = Some(draft.clone());
    }
    if let Some(signature) = &facts.signature {
        dossier.signature = Some(signature.clone());
    }
    if let Some(result) = &facts.result {
        dossier.result = Some(result.clone());
    }
    if facts.completed {
        dossier.completed_at = Some(event.at);
    }
    if let Some(delivery) = &facts.delivery {
        dossier.delivery = Some(delivery.clone());
    }
    if let Some(name) = &facts.reserved {
        let scope = name.split_once('/').map_or(name.as_str(), |(scope, _)| scope);
        let held = format!("{scope}/");
        dossier.reservations.retain(|other| !other.starts_with(&held));
        dossier.reservations.insert(name.clone());
    }
    dossier.closed |= facts.closed;
}
