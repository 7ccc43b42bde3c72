//! Documents of later phases: asked for once the phase has begun, not before (P11).

use std::collections::BTreeSet;

use motcua_procedures::{Action, HandIn, Procedure, Role};

use super::filing::{all_at_once, document_violations, missing_uploads, requirements};
use super::limits::expired_documents;
use super::money::fees;
use super::transition::Change;
use super::violation;
use crate::command::DocumentInput;
use crate::policy;
use crate::rejection::{Rejection, Violation};

/// The fault of a document that belongs to a phase which has not begun.
pub(super) fn later_phase(
    id: &str,
    begun: &BTreeSet<String>,
    procedure: &Procedure,
) -> Option<Violation> {
    let phase = procedure.document(id)?.phase.as_ref()?;
    let phases = &procedure.definition().phases;
    let name = phases.iter().find(|known| known.id == *phase).map(|known| &known.name)?;
    let fault = || {
        violation(
            format!("document:{id}"),
            "LATER_PHASE",
            format!("Thành phần này chỉ cần từ giai đoạn \"{}\".", name.vi),
            format!("This document is asked for from the phase \"{}\" on, not before.", name.en),
        )
    };
    (!begun.contains(phase)).then(fault)
}

/// Documents that come before their phase has begun.
pub(super) fn too_early(
    inputs: &[DocumentInput],
    begun: &BTreeSet<String>,
    procedure: &Procedure,
) -> Vec<Violation> {
    inputs.iter().filter_map(|input| later_phase(&input.requirement, begun, procedure)).collect()
}

/// Requirements of the phase that an action begins, those that the office looks up left out.
pub(super) fn documents_of(action: &Action, procedure: &Procedure) -> Vec<String> {
    let begun = |phase: &String| action.begins.as_ref() == Some(phase);
    let documents = procedure.definition().documents.iter();
    let brought = documents.filter(|document| {
        document.hand_in != HandIn::LookUp && document.phase.as_ref().is_some_and(begun)
    });
    brought.map(|document| document.id.clone()).collect()
}

/// Takes in what a party brings along to the phase that it begins.
pub(super) fn record_documents(
    change: &mut Change<'_>,
    action: &Action,
    inputs: &[DocumentInput],
) -> Result<(), Rejection> {
    if inputs.is_empty() {
        return Ok(());
    }
    let ctx = change.ctx;
    let party = brings(change, action);
    let own = documents_of(action, ctx.procedure);
    let mut faults = document_violations(inputs, ctx);
    let others = inputs.iter().filter(|input| !party || !own.contains(&input.requirement));
    faults.extend(others.map(|input| {
        violation(
            format!("document:{}", input.requirement),
            "NOT_ASKED",
            "Thao tác này không nhận thành phần này.",
            "The action takes in no such document; leave it out.",
        )
    }));
    for input in inputs {
        change.facts.documents.insert(input.requirement.clone(), input.content.clone());
    }
    faults.extend(expired_documents(&change.facts.documents, ctx.form, |_, _| true, ctx)?);
    if faults.is_empty() { Ok(()) } else { Err(all_at_once(faults)) }
}

/// What follows from what was brought, once the phase has begun: money may be owed for it, and
/// whoever begins a phase by themselves uploads what it asks for, as with a filing; at the counter the
/// clerk sees what is missing, and it is asked for.
pub(super) fn complete(change: &mut Change<'_>, action: &Action) -> Result<(), Rejection> {
    if !change.facts.documents.is_empty() && change.facts.fees.is_none() {
        let owed = fees(&change.case_after(), &change.dossier.fees, change.ctx)?;
        change.facts.fees = (owed != change.dossier.fees).then_some(owed);
    }
    let by_clerk = change.ctx.actor.role == Role::ReceptionClerk;
    if action.begins.is_none() || by_clerk || !brings(change, action) {
        return Ok(());
    }
    let own = documents_of(action, change.ctx.procedure);
    let mut required = requirements(&change.case_after(), change.ctx)?;
    required.retain(|required| own.contains(&required.id));
    let mut documents = change.dossier.documents.clone();
    documents.extend(change.facts.documents.clone());
    let missing = missing_uploads(&required, &documents, change.ctx.procedure);
    if missing.is_empty() { Ok(()) } else { Err(all_at_once(missing)) }
}

/// Whether the actor begins the phase as a party, or for one.
fn brings(change: &Change<'_>, action: &Action) -> bool {
    let theirs = action.roles.contains(&Role::Applicant);
    theirs && policy::acts_as_party(change.ctx.actor, change.dossier)
}
