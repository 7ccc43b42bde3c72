//! Which documents are handed in, and in which form.

use std::collections::BTreeSet;

use motcua_dossiers::command::{Actor, Advance, Command, DocumentContent, DocumentInput, Submit};
use motcua_procedures::{Channel, DocumentRequirement, HandIn, Procedure, Role};

use crate::scenario::{Documents, HandedIn, ResultFile};
use crate::world::World;

/// Rounds after which the documents that a case asks for do not change any more: one may call for
/// another, but no longer chain is written.
const ROUNDS_MAX: usize = 4;
/// Size of a file in bytes unless a scenario names another.
const FILE_BYTES: u64 = 10_000;

/// Puts the documents of a filing into it.
pub(crate) fn hand_in(
    submit: &mut Submit,
    documents: &Documents,
    actor: &Actor,
    world: &World<'_>,
) {
    let named = |submit: &mut Submit| {
        for (id, how) in &documents.named {
            let given =
                how.as_ref().and_then(|how| content(world.procedure, id, how, submit.channel));
            submit.documents.retain(|document| document.requirement != *id);
            submit.documents.extend(given.map(|content| input(id, content)));
        }
    };
    named(submit);
    for _ in 0..ROUNDS_MAX {
        let asked = match documents.complete {
            true => asked_by(&Command::Submit(Box::new(submit.clone())), actor, world),
            false => BTreeSet::new(),
        };
        let given: BTreeSet<&String> = submit.documents.iter().map(|d| &d.requirement).collect();
        let new: Vec<DocumentInput> = asked
            .iter()
            .filter(|id| !given.contains(id) && !documents.named.contains_key(*id))
            .filter_map(|id| {
                content(world.procedure, id, &HandedIn::Fit, submit.channel)
                    .map(|content| input(id, content))
            })
            .collect();
        if new.is_empty() {
            break;
        }
        submit.documents.extend(new);
    }
}

/// What the case asks for, as far as it is known: what a refusal misses, or what the act lists.
fn asked_by(command: &Command, actor: &Actor, world: &World<'_>) -> BTreeSet<String> {
    match world.probe(actor, command) {
        Ok(events) => {
            let lists = events.into_iter().filter_map(|event| event.facts.required);
            lists.flatten().map(|required| required.id).collect()
        }
        Err(rejection) => {
            let missing = rejection.violations.iter().filter(|fault| fault.code == "MISSING");
            missing
                .filter_map(|fault| fault.subject.strip_prefix("document:").map(str::to_owned))
                .collect()
        }
    }
}

/// Puts the documents of the phase that the act begins into it, where a party does it: all that the
/// case asks for from then on unless others are named.
pub(crate) fn bring(
    advance: &mut Advance,
    documents: Option<&Documents>,
    actor: &Actor,
    world: &World<'_>,
) {
    let by_party = actor.role == Role::Applicant || actor.acting_for.is_some();
    let complete = documents.map_or(by_party, |documents| documents.complete);
    // Whoever acts from home sends files; the clerk takes in paper.
    let channel = match actor.role {
        Role::ReceptionClerk => Channel::Counter,
        _ => Channel::Online,
    };
    let begun = advance.choose.action.as_deref();
    let steps = &world.procedure.definition().steps;
    let mut actions = steps.iter().flat_map(|step| &step.actions);
    let phase = actions.find(|action| Some(action.id.as_str()) == begun);
    let phase = phase.and_then(|action| action.begins.as_ref());
    let named = documents.map(|documents| documents.named.clone()).unwrap_or_default();
    let give = |id: &str, how: &HandedIn| {
        content(world.procedure, id, how, channel).map(|content| input(id, content))
    };
    let own = |id: &String| {
        let of = world.procedure.document(id).and_then(|document| document.phase.as_ref());
        of.is_some() && of == phase && !named.contains_key(id)
    };
    let asked = match complete {
        true => asked_by(&Command::Advance(advance.clone()), actor, world),
        false => BTreeSet::new(),
    };
    let fit = asked.iter().filter(|id| own(id)).filter_map(|id| give(id, &HandedIn::Fit));
    let by_name = named.iter().filter_map(|(id, how)| give(id, how.as_ref()?));
    advance.documents = fit.chain(by_name).collect();
}

pub(crate) fn input(id: &str, content: DocumentContent) -> DocumentInput {
    DocumentInput { requirement: id.to_owned(), content }
}

/// The content that is handed in for a document; none where nothing fits.
pub(crate) fn content(
    procedure: &Procedure,
    id: &str,
    how: &HandedIn,
    channel: Channel,
) -> Option<DocumentContent> {
    let requirement = procedure.document(id)?;
    Some(match how {
        HandedIn::Fit => return fitting(requirement, channel),
        HandedIn::Paper { originals, copies } => {
            let (o, c) = sheets(requirement);
            DocumentContent::Paper {
                originals: originals.unwrap_or(if copies.is_some() { 0 } else { o }),
                copies: copies.unwrap_or(if originals.is_some() { 0 } else { c }),
            }
        }
        HandedIn::Presented => DocumentContent::Presented,
        HandedIn::Upload { signed, media, size } => {
            let media = media.clone().or_else(|| requirement.media.first().cloned());
            upload(media.unwrap_or_default(), size.unwrap_or(FILE_BYTES), *signed)
        }
    })
}

fn fitting(requirement: &DocumentRequirement, channel: Channel) -> Option<DocumentContent> {
    match (requirement.hand_in, channel) {
        (HandIn::LookUp, _) => None,
        (HandIn::Submit, Channel::Online) => {
            Some(upload(requirement.media.first()?.clone(), FILE_BYTES, false))
        }
        (HandIn::Present, Channel::Online | Channel::Post) => None,
        (HandIn::Present, Channel::Counter) => Some(DocumentContent::Presented),
        (HandIn::Submit, Channel::Counter | Channel::Post) => Some(paper(requirement)),
    }
}

fn paper(requirement: &DocumentRequirement) -> DocumentContent {
    let (originals, copies) = sheets(requirement);
    DocumentContent::Paper { originals, copies }
}

/// As many originals and copies as the procedure counts, at least one sheet.
fn sheets(requirement: &DocumentRequirement) -> (u32, u32) {
    let (originals, copies) = (requirement.originals, requirement.copies);
    (if originals == 0 && copies == 0 { 1 } else { originals }, copies)
}

/// The file of a result as it was uploaded.
pub(crate) fn file(result: &ResultFile) -> DocumentContent {
    DocumentContent::Upload {
        sha256: motcua_audit::merkle::leaf(result.name.as_bytes()).to_string(),
        size: FILE_BYTES,
        media: "application/pdf".into(),
        signed: result.signed,
    }
}

fn upload(media: String, size: u64, signed: bool) -> DocumentContent {
    DocumentContent::Upload { sha256: "0f".repeat(32), size, media, signed }
}
