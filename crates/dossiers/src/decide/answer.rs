//! The applicant's answer to a supplement request.

use std::collections::{BTreeMap, BTreeSet};

use motcua_procedures::Act;
use serde_json::Value;

use super::act::choose;
use super::filing::{
    all_at_once, document_violations, form_violations, names_of, requirements, variant_violation,
};
use super::limits::expired_documents;
use super::money::fees;
use super::review::{renamed, supplement_incomplete};
use super::transition::Change;
use super::{Case, Context, violation};
use crate::command::{Choose, DocumentContent, ItemName, Supplement};
use crate::dossier::{Dossier, Required};
use crate::event::Event;
use crate::rejection::{Rejection, Violation};

/// The applicant's answer: what was asked for and nothing else; only what changed is checked
/// again.
pub(super) fn supplement(
    dossier: &Dossier,
    answer: &Supplement,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    let chosen = choose(dossier, Act::Supplement, &Choose::default(), ctx)?;
    let form = merged(ctx.form, &answer.form);
    let mut documents = dossier.documents.clone();
    documents.extend(answer.documents.iter().map(|d| (d.requirement.clone(), d.content.clone())));
    let ctx = &Context { form: &form, ..ctx.clone() };
    let case = Case::new(&form, &dossier.filing, &documents, dossier.outcome.as_deref(), ctx);
    let case = case.in_dossier(dossier);
    let mut faults = document_violations(&answer.documents, ctx);
    faults.extend(form_violations(ctx.procedure, &form));
    if faults.is_empty() {
        let required = requirements(&case, ctx)?;
        faults.extend(variant_violation(&dossier.filing, &case, ctx)?);
        faults.extend(not_asked(dossier, answer, &required));
        faults.extend(expired_answers(&documents, answer, ctx)?);
    }
    faults.extend(unanswered(dossier, answer));
    if !faults.is_empty() {
        let unanswered = faults.iter().any(|fault| fault.code == "UNANSWERED");
        return Err(if unanswered { supplement_incomplete(faults) } else { all_at_once(faults) });
    }
    let choose_ = Choose::default();
    let mut change = Change::begin(dossier, Act::Supplement.as_str(), chosen, &choose_, ctx);
    for input in &answer.documents {
        change.facts.documents.insert(input.requirement.clone(), input.content.clone());
    }
    change.facts.form_fields = names_of(&answer.form);
    for (name, value) in answer.form.as_object().into_iter().flatten() {
        change.personal(format!("form.{name}"), value.clone());
    }
    change.facts.required = Some(requirements(&case, ctx)?);
    change.facts.fees = Some(fees(&case, &dossier.fees, ctx)?);
    change.facts.reserved = renamed(dossier, &form, ctx);
    change.facts.answered = true;
    change.follow_target()?;
    change.finish()
}

/// Papers of the answer that are no longer valid, and those whose date it changes (I7).
fn expired_answers(
    documents: &BTreeMap<String, DocumentContent>,
    answer: &Supplement,
    ctx: &Context<'_>,
) -> Result<Vec<Violation>, Rejection> {
    let of_answer = |id: &str, issued_on: &str| {
        answer.documents.iter().any(|document| document.requirement == id)
            || answer.form.get(issued_on).is_some()
    };
    expired_documents(documents, ctx.form, of_answer, ctx)
}

/// What the answer changes although nobody asked: a change of the request itself is another
/// request. Documents that the answer itself makes necessary may come with it.
fn not_asked(dossier: &Dossier, answer: &Supplement, required: &[Required]) -> Vec<Violation> {
    let asked: BTreeSet<&ItemName> =
        dossier.supplement.iter().flat_map(|request| &request.items).collect();
    let is_new = |id: &String| {
        let needs = |list: &[Required]| list.iter().any(|r| r.id == *id);
        needs(required) && !needs(&dossier.required)
    };
    let documents = answer.documents.iter().filter(|d| !is_new(&d.requirement));
    let documents = documents.map(|d| ItemName::Document(d.requirement.clone()));
    let fields = names_of(&answer.form).into_iter().map(ItemName::Field);
    documents
        .chain(fields)
        .filter(|item| !asked.contains(item))
        .map(|item| {
            violation(
                item.to_string(),
                "NOT_ASKED",
                "Mục này không nằm trong yêu cầu bổ sung.",
                "The supplement request does not name this; leave it out.",
            )
        })
        .collect()
}

fn unanswered(dossier: &Dossier, answer: &Supplement) -> Vec<Violation> {
    let asked = dossier.supplement.iter().flat_map(|request| &request.items);
    let given = |item: &ItemName| match item {
        ItemName::Document(id) => answer.documents.iter().any(|d| d.requirement == *id),
        ItemName::Field(name) => answer.form.get(name).is_some(),
    };
    asked
        .filter(|item| !given(item))
        .map(|item| {
            violation(
                item.to_string(),
                "UNANSWERED",
                "Mục được yêu cầu chưa được bổ sung.",
                "Asked for, but not in the answer.",
            )
        })
        .collect()
}

/// The present form with the changed fields.
pub fn merged(form: &Value, changes: &Value) -> Value {
    let mut merged = form.as_object().cloned().unwrap_or_default();
    for (name, value) in changes.as_object().into_iter().flatten() {
        merged.insert(name.clone(), value.clone());
    }
    Value::Object(merged)
}
