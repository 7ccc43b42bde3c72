//! What callers see of dossiers, drafts and uploads.

use std::sync::Arc;

use jiff::Timestamp;
use motcua_api::v1;
use motcua_audit::{ChainId, Hash, evidence};
use motcua_deadlines::{Calendar, Clock, Inputs, Phase, Unit};
use motcua_dossiers::Offer;
use motcua_dossiers::command::{Actor, DeliveryBy, DocumentContent, ItemName, Part, Person};
use motcua_dossiers::dossier::{
    BranchState, Clocks, Delivery, Dossier, Filing, IssuedResult, WorkItem,
};
use motcua_engine::{Caller, DossierView, TrackView, UploadStatus};
use motcua_procedures::{Act, Channel, Collect, Fee, PauseGround, Procedure, Role, Text};
use motcua_store::contract::Draft;

use super::{reference, text, timestamp};

/// Who looks, when, by which calendar.
pub(crate) struct Scene<'a> {
    /// The caller.
    pub(crate) caller: &'a Caller,
    /// Now.
    pub(crate) now: Timestamp,
    /// The calendar in force, for what remains of a limit.
    pub(crate) calendar: Option<Arc<Calendar>>,
}

impl Scene<'_> {
    /// What this caller may do. A withdrawal is taken back by the party that asked for it.
    fn offers(&self, view: &DossierView) -> Vec<v1::Offer> {
        let caller = self.caller;
        let party_only = caller.roles.iter().all(|role| *role == Role::Applicant);
        let of_another = view.dossier.withdrawn_by().is_some_and(|asker| asker != caller.id);
        let taken_back = |offer: &&Offer| {
            offer.act == Act::DeclineWithdrawal.as_str() && party_only && of_another
        };
        let offers = view.offers.iter().filter(|offer| is_for(offer, caller));
        offers.filter(|offer| !taken_back(offer)).map(offer).collect()
    }

    /// A dossier as this caller sees it.
    pub(crate) fn state(&self, view: &DossierView) -> v1::DossierState {
        let (dossier, procedure) = (&view.dossier, view.procedure.as_ref());
        v1::DossierState {
            id: dossier.id.to_string(),
            code: dossier.code.clone().unwrap_or_default(),
            version: dossier.version,
            etag: format!("\"{}\"", dossier.version),
            procedure: Some(reference(&dossier.procedure)),
            procedure_name: Some(text(&procedure.definition().name)),
            state: dossier.state.clone(),
            state_name: step_name(procedure, &dossier.state),
            status: u8::from(dossier.status).into(),
            since: Some(timestamp(dossier.since)),
            last_act: Some(v1::LastAct {
                kind: dossier.last.kind.clone(),
                at: Some(timestamp(dossier.last.at)),
                actor: Some(actor(&dossier.last.actor)),
            }),
            filing: Some(filing(&dossier.filing)),
            clocks: dossier.clocks.as_ref().map(|clocks| self.clocks(clocks)),
            work_items: dossier.items.values().map(|item| work_item(item, procedure)).collect(),
            offers: self.offers(view),
            fees: fees(dossier, procedure),
            documents: documents(dossier, procedure),
            field_verdicts: field_verdicts(dossier),
            supplement: supplement(dossier),
            draft: dossier.draft.as_ref().and_then(file),
            outcome: dossier.outcome.clone().unwrap_or_default(),
            signature: dossier.signature.as_ref().map(|signature| v1::Signature {
                signer: signature.signer.clone(),
                at: Some(timestamp(signature.at)),
                sha256: signature.sha256.clone().unwrap_or_default(),
            }),
            result: dossier.result.as_ref().map(|result| issued(result, procedure)),
            completed_at: dossier.completed_at.map(timestamp),
            delivery: dossier.delivery.as_ref().map(delivery),
            closed: dossier.closed,
            branches: branches(dossier, procedure),
            further_clocks: self.further(dossier, procedure),
            evidence: evidence_of(dossier, &view.hash),
            personal: view.personal.as_ref().map(|personal| v1::PersonalData {
                persons: personal.persons.iter().map(person).collect(),
                form_json: personal.form.to_string(),
            }),
        }
    }

    fn clocks(&self, clocks: &Clocks) -> v1::Clocks {
        v1::Clocks {
            rule: clocks.rule.clone(),
            statutory: Some(clock(&clocks.statutory, self.now, self.calendar.as_deref())),
            committed: clocks
                .committed
                .as_ref()
                .map(|committed| clock(committed, self.now, self.calendar.as_deref())),
            paused_on: clocks.paused_on.map(pause_ground).unwrap_or_default().into(),
            phase: clocks.phase.clone().unwrap_or_default(),
        }
    }

    fn further(&self, dossier: &Dossier, procedure: &Procedure) -> Vec<v1::FurtherClock> {
        let named = |id: &String| procedure.definition().clocks.iter().find(|c| c.id == *id);
        let further = dossier.further.iter().map(|(id, found)| v1::FurtherClock {
            id: id.clone(),
            name: named(id).map(|clock| text(&clock.name)),
            clock: Some(clock(found, self.now, self.calendar.as_deref())),
        });
        further.collect()
    }
}

/// What the public look-up shows.
pub(crate) fn tracked(
    view: &TrackView,
    now: Timestamp,
    calendar: Option<&Calendar>,
) -> v1::TrackDossierResponse {
    let (dossier, procedure) = (&view.dossier, view.procedure.as_ref());
    let appointment = dossier.clocks.as_ref().map(Clocks::appointment);
    v1::TrackDossierResponse {
        code: dossier.code.clone().unwrap_or_default(),
        procedure: Some(reference(&dossier.procedure)),
        procedure_name: Some(text(&procedure.definition().name)),
        state_name: step_name(procedure, &dossier.state),
        status: u8::from(dossier.status).into(),
        since: Some(timestamp(dossier.since)),
        submitted_at: Some(timestamp(dossier.filing.submitted_at)),
        appointment: appointment.map(|appointment| clock(appointment, now, calendar)),
        supplement: supplement(dossier),
        fees: fees(dossier, procedure),
        completed_at: dossier.completed_at.map(timestamp),
        delivered_at: dossier.delivery.as_ref().map(|delivery| timestamp(delivery.at)),
    }
}

/// Whether the caller may do it: in the role and unit, or for a citizen at the counter.
fn is_for(offer: &Offer, caller: &Caller) -> bool {
    let stands_in = |role: &Role| match role {
        Role::ReceptionClerk | Role::FrontEnd => offer.roles.contains(&Role::Applicant),
        _ => false,
    };
    let own = |role: &Role| {
        let here = offer.unit.is_none() || offer.unit == caller.unit;
        offer.roles.contains(role) && (here || *role == Role::Applicant)
    };
    caller.roles.iter().any(|role| own(role) || stands_in(role))
}

fn step_name(procedure: &Procedure, step: &str) -> Option<v1::Text> {
    procedure.step(step).map(|step| text(&step.name))
}

fn evidence_of(dossier: &Dossier, hash: &Hash) -> String {
    let chain = ChainId::parse(&format!("dossier:{}", dossier.id)).expect("a UUID names a chain");
    evidence(&chain, dossier.version, hash)
}

fn actor(actor: &Actor) -> v1::Actor {
    v1::Actor {
        id: actor.id.clone(),
        role: actor.role.as_str().into(),
        unit: actor.unit.clone().unwrap_or_default(),
        acting_for: actor.acting_for.clone().unwrap_or_default(),
    }
}

fn filing(filing: &Filing) -> v1::Filing {
    let external = filing.external.as_ref().map(|external| v1::ExternalReference {
        source: external.source.clone(),
        id: external.id.clone(),
    });
    v1::Filing {
        channel: channel(filing.channel).into(),
        variant: filing.variant.clone(),
        applicant: filing.applicant.clone(),
        owners: filing.owners.clone(),
        authorised_person: filing.authorised_person.clone().unwrap_or_default(),
        assisting_unit: filing.assisting_unit.clone().unwrap_or_default(),
        receiving_unit: filing.receiving_unit.clone(),
        competent_unit: filing.competent_unit.clone(),
        submitted_at: Some(timestamp(filing.submitted_at)),
        external,
    }
}

pub(super) fn channel(channel: Channel) -> v1::Channel {
    match channel {
        Channel::Counter => v1::Channel::Counter,
        Channel::Online => v1::Channel::Online,
        Channel::Post => v1::Channel::Post,
    }
}

pub(super) fn time_unit(unit: Unit) -> v1::TimeUnit {
    match unit {
        Unit::WorkingDay => v1::TimeUnit::WorkingDay,
        Unit::CalendarDay => v1::TimeUnit::CalendarDay,
        Unit::WorkingHour => v1::TimeUnit::WorkingHour,
        Unit::SameDay => v1::TimeUnit::SameDay,
        Unit::Month => v1::TimeUnit::Month,
    }
}

fn pause_ground(ground: PauseGround) -> &'static str {
    match ground {
        PauseGround::Supplement => "supplement",
        PauseGround::Payment => "payment",
        PauseGround::Withdrawal => "withdrawal",
        PauseGround::Verification => "verification",
        PauseGround::Applicant => "applicant",
    }
}

fn clock(clock: &Clock, now: Timestamp, calendar: Option<&Calendar>) -> v1::Clock {
    let inputs = calendar.map(|calendar| Inputs { calendar, hours: clock.hours() });
    let limit = clock.limit();
    v1::Clock {
        unit: time_unit(limit.unit).into(),
        amount: limit.amount,
        received_at: Some(timestamp(clock.received_at())),
        due_on: clock.due_on().map(|day| day.to_string()).unwrap_or_default(),
        due_at: clock.due_at().map(timestamp),
        original_due_on: clock.original_due_on().map(|day| day.to_string()).unwrap_or_default(),
        used: inputs.as_ref().and_then(|inputs| clock.used(now, inputs).ok()),
        remaining: inputs.as_ref().and_then(|inputs| clock.remaining(now, inputs).ok()),
        paused: clock.is_paused(),
        stopped: matches!(clock.phase(), Phase::Stopped { .. }),
        provisional: clock.is_provisional(),
    }
}

fn work_item(item: &WorkItem, procedure: &Procedure) -> v1::WorkItem {
    v1::WorkItem { step_name: step_name(procedure, &item.step), ..bare_work_item(item) }
}

/// A work item without the name of its step.
pub(super) fn bare_work_item(item: &WorkItem) -> v1::WorkItem {
    v1::WorkItem {
        id: item.id,
        step: item.step.clone(),
        step_name: None,
        role: item.role.as_str().into(),
        unit: item.unit.clone(),
        assignee: item.assignee.clone().unwrap_or_default(),
        opened_at: Some(timestamp(item.opened_at)),
        due_at: item.due_at.map(timestamp),
        late: item.late,
        branch: item.branch.clone().unwrap_or_default(),
    }
}

fn branches(dossier: &Dossier, procedure: &Procedure) -> Vec<v1::BranchState> {
    let definition = |state: &BranchState| {
        let parallel = procedure.step(&state.step)?.parallel.as_ref()?;
        parallel.branches.iter().find(|branch| branch.id == state.branch)
    };
    let state = |(key, state): (&String, &BranchState)| {
        let branch = definition(state);
        let end = state.ended.as_ref();
        let answer = end.and_then(|end| end.answer.as_ref());
        let named = |id: &String| branch?.answers.iter().find(|known| known.id == *id);
        v1::BranchState {
            key: key.clone(),
            step: state.step.clone(),
            branch: state.branch.clone(),
            name: branch.map(|branch| text(&branch.name)),
            unit: state.unit.clone().unwrap_or_default(),
            opened_at: Some(timestamp(state.opened_at)),
            ended_at: end.map(|end| timestamp(end.at)),
            answer: answer.cloned().unwrap_or_default(),
            answer_name: answer.and_then(named).map(|answer| text(&answer.name)),
            ended_by: end.map(|end| end.by.clone()).unwrap_or_default(),
        }
    };
    dossier.branches.iter().map(state).collect()
}

fn offer(offer: &Offer) -> v1::Offer {
    v1::Offer {
        work_item: offer.item,
        act: offer.act.into(),
        action: offer.action.clone().unwrap_or_default(),
        name: Some(text(&offer.name)),
        roles: offer.roles.iter().map(|role| role.as_str().into()).collect(),
        unit: offer.unit.clone().unwrap_or_default(),
        reason_required: offer.reason_required,
        documents: offer.documents.clone(),
    }
}

pub(super) fn collection(collect: Collect) -> v1::FeeCollection {
    match collect {
        Collect::Reception => v1::FeeCollection::Reception,
        Collect::Processing => v1::FeeCollection::Processing,
        Collect::Delivery => v1::FeeCollection::Delivery,
    }
}

fn fees(dossier: &Dossier, procedure: &Procedure) -> Vec<v1::Fee> {
    let named =
        |id: &str| -> Option<&Fee> { procedure.definition().fees.iter().find(|fee| fee.id == id) };
    let fee = |(id, owed): (&String, &motcua_dossiers::dossier::Obligation)| v1::Fee {
        id: id.clone(),
        name: named(id).map(|fee| text(&fee.name)),
        amount: owed.amount,
        collect: collection(owed.collect).into(),
        paid: owed.payment.is_some(),
        external_reference: owed
            .payment
            .as_ref()
            .map(|payment| payment.external_reference.clone())
            .unwrap_or_default(),
        paid_at: owed.payment.as_ref().map(|payment| timestamp(payment.at)),
    };
    dossier.fees.iter().map(fee).collect()
}

/// First what the case requires, in the order of the receipt, then whatever else was handed in.
fn documents(dossier: &Dossier, procedure: &Procedure) -> Vec<v1::DocumentState> {
    let required = |id: &str| dossier.required.iter().find(|required| required.id == id);
    let others = dossier.documents.keys().filter(|id| required(id).is_none());
    let ids = dossier.required.iter().map(|required| &required.id).chain(others);
    let name = |id: &str| -> Option<&Text> { procedure.document(id).map(|paper| &paper.name) };
    let document = |id: &String| v1::DocumentState {
        requirement: id.clone(),
        name: name(id).map(text),
        document: dossier.documents.get(id).map(|content| v1::Document {
            requirement: id.clone(),
            content: Some(handed_in(content)),
        }),
        accepted: dossier.decisions.get(&ItemName::Document(id.clone())).copied(),
        required: required(id).is_some(),
        original_at_delivery: required(id).is_some_and(|required| required.original_at_delivery),
    };
    ids.map(document).collect()
}

fn handed_in(content: &DocumentContent) -> v1::document::Content {
    match content {
        DocumentContent::Upload { .. } => {
            v1::document::Content::Upload(file(content).unwrap_or_default())
        }
        DocumentContent::Paper { originals, copies } => {
            v1::document::Content::Paper(v1::PaperDocument {
                originals: *originals,
                copies: *copies,
            })
        }
        DocumentContent::Presented => {
            v1::document::Content::Presented(v1::PresentedDocument::default())
        }
        DocumentContent::LookUp { registry, found } => {
            v1::document::Content::LookUp(v1::LookedUpDocument {
                registry: registry.clone(),
                found: *found,
            })
        }
        DocumentContent::Verified { unit, found } => {
            v1::document::Content::Verified(v1::VerifiedDocument {
                unit: unit.clone(),
                found: *found,
            })
        }
    }
}

fn file(content: &DocumentContent) -> Option<v1::UploadedDocument> {
    match content {
        DocumentContent::Upload { sha256, size, media, signed } => Some(v1::UploadedDocument {
            sha256: sha256.clone(),
            signed: *signed,
            size_bytes: *size,
            media_type: media.clone(),
        }),
        DocumentContent::Paper { .. }
        | DocumentContent::Presented
        | DocumentContent::LookUp { .. }
        | DocumentContent::Verified { .. } => None,
    }
}

fn field_verdicts(dossier: &Dossier) -> Vec<v1::FieldVerdict> {
    let verdict = |(item, accepted): (&ItemName, &bool)| match item {
        ItemName::Field(field) => {
            Some(v1::FieldVerdict { field: field.clone(), accepted: *accepted })
        }
        ItemName::Document(_) => None,
    };
    dossier.decisions.iter().filter_map(verdict).collect()
}

fn supplement(dossier: &Dossier) -> Option<v1::SupplementRequest> {
    dossier.supplement.as_ref().map(|asked| v1::SupplementRequest {
        items: asked.items.iter().map(ToString::to_string).collect(),
        at: Some(timestamp(asked.at)),
    })
}

fn issued(result: &IssuedResult, procedure: &Procedure) -> v1::IssuedResult {
    let results = &procedure.definition().results;
    let kind = results.iter().find(|kind| kind.id == result.result);
    v1::IssuedResult {
        r#type: result.result.clone(),
        name: kind.map(|kind| text(&kind.name)),
        code: result.code.clone().unwrap_or_default(),
        number: result.number.clone(),
        issued_on: result.issued_on.to_string(),
        document: result.document.as_ref().and_then(file),
    }
}

fn delivery(delivery: &Delivery) -> v1::Delivery {
    let method = match delivery.by {
        DeliveryBy::Counter => v1::DeliveryMethod::Counter,
        DeliveryBy::Post => v1::DeliveryMethod::Post,
        DeliveryBy::Electronic => v1::DeliveryMethod::Electronic,
    };
    let recipients = delivery.recipients.iter().map(|recipient| v1::Recipient {
        id: recipient.id.clone(),
        identity_checked: recipient.identity_checked,
        authorised: recipient.authorised,
    });
    v1::Delivery {
        method: method.into(),
        recipients: recipients.collect(),
        originals_checked: delivery.originals_checked.clone(),
        at: Some(timestamp(delivery.at)),
    }
}

fn person(person: &Person) -> v1::Person {
    let part = match person.part {
        Part::DossierOwner => v1::Part::DossierOwner,
        Part::AuthorisedPerson => v1::Part::AuthorisedPerson,
    };
    v1::Person {
        id: person.id.clone(),
        part: part.into(),
        full_name: person.full_name.clone(),
        id_number: person.id_number.clone().unwrap_or_default(),
        phone: person.phone.clone().unwrap_or_default(),
        email: person.email.clone().unwrap_or_default(),
        address: person.address.clone().unwrap_or_default(),
    }
}

/// A draft.
pub(crate) fn draft(draft: &Draft) -> v1::Draft {
    v1::Draft {
        id: draft.id.to_string(),
        revision: draft.revision,
        body_json: draft.body.clone(),
        updated_at: Some(timestamp(draft.updated_at)),
        expires_at: Some(timestamp(draft.expires_at)),
    }
}

/// An upload.
pub(crate) fn upload(status: &UploadStatus) -> v1::Upload {
    let upload = &status.upload;
    v1::Upload {
        id: upload.id.to_string(),
        media_type: upload.media.clone(),
        size_bytes: upload.size,
        received_bytes: status.received,
        sha256: upload.sha256.clone().unwrap_or_default(),
        expires_at: Some(timestamp(upload.expires_at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered_to(roles: &[Role], unit: Option<&str>, caller: &[Role], at: Option<&str>) -> bool {
        let name = Text { vi: String::new(), en: String::new() };
        let offer = Offer {
            item: None,
            act: "act",
            action: None,
            name,
            roles: roles.to_vec(),
            unit: unit.map(Into::into),
            reason_required: false,
            documents: Vec::new(),
        };
        let caller = Caller {
            id: "x".into(),
            unit: at.map(Into::into),
            roles: caller.to_vec(),
            acting_for: None,
        };
        is_for(&offer, &caller)
    }

    #[test]
    fn acts_are_offered_to_those_who_may_do_them() {
        let (clerk, leader) = (Role::ReceptionClerk, Role::SigningLeader);
        assert!(offered_to(&[clerk], Some("a"), &[clerk], Some("a")));
        assert!(offered_to(&[clerk, leader], Some("a"), &[leader], Some("a")));
        assert!(!offered_to(&[clerk], Some("a"), &[clerk], Some("b")), "another unit");
        assert!(!offered_to(&[clerk], Some("a"), &[leader], Some("a")), "another role");
        assert!(!offered_to(&[clerk], Some("a"), &[clerk], None), "no unit");
    }

    #[test]
    fn what_the_applicant_may_do_a_clerk_at_the_counter_may_too() {
        let applicant = Role::Applicant;
        assert!(offered_to(&[applicant], None, &[applicant], None));
        assert!(offered_to(&[applicant], None, &[Role::ReceptionClerk], Some("a")));
        assert!(!offered_to(&[applicant], None, &[Role::Specialist], Some("a")));
    }
}
