//! Data of the forms (`docs/rules.md`, forms): 01 to 05 each from the event that causes it (F1), the control
//! slip 06 from the history up to an event (F2), the log book 07 over many dossiers.
//!
//! A form is a pure function of the history up to its event, the pinned procedure and the unit
//! register, so a reprint is the same data. Where personal values were erased they are null.

mod log_book;
mod slip;

use jiff::Timestamp;
use motcua_deadlines::{Clock, Unit};
use motcua_procedures::{DocumentKind, DocumentRequirement, HandIn, Procedure, Text};
use serde_json::{Map, Value, json};

use crate::command::{DocumentContent, Person};
use crate::decide::local_date;
use crate::dossier::{Dossier, Obligation};
use crate::event::Facts;
use crate::units::UnitRegister;

pub use log_book::{LOG_BOOK, LogEntry, LogPeriod, log_book};
pub use slip::{CONTROL_SLIP, Trail, control_slip};

/// Version of the data layout.
pub const TEMPLATE: &str = "motcua-forms/1";

/// What a form is made from.
#[derive(Clone, Debug)]
pub struct FormSource<'a> {
    /// State after the event.
    pub dossier: &'a Dossier,
    /// State before the event.
    pub before: Option<&'a Dossier>,
    /// Number of the event.
    pub seq: u64,
    /// Its instant.
    pub at: Timestamp,
    /// Its facts.
    pub facts: &'a Facts,
    /// Its personal values that still exist.
    pub personal: &'a Map<String, Value>,
    /// People of the dossier whose data still exists.
    pub persons: &'a [Person],
    /// Pinned procedure.
    pub procedure: &'a Procedure,
    /// Units.
    pub units: &'a UnitRegister,
}

/// Serial number of the form: what it belongs to, which form, which event.
pub fn serial(source: &FormSource<'_>, number: u8) -> String {
    let id = source.dossier.id.to_string();
    let subject = source.dossier.code.as_deref().unwrap_or(&id);
    format!("{subject}/{number:02}/{}", source.seq)
}

/// The data of form `number` (1 to 5), or none for another number.
pub fn form(source: &FormSource<'_>, number: u8) -> Option<Value> {
    let own = match number {
        1 => receipt(source),
        2 => supplement_request(source),
        3 => refusal(source),
        4 => apology(source),
        5 => stop_notice(source),
        _ => return None,
    };
    let mut form = common(source, number);
    if let (Value::Object(form), Value::Object(own)) = (&mut form, own) {
        form.extend(own);
    }
    Some(form)
}

fn common(source: &FormSource<'_>, number: u8) -> Value {
    let filing = &source.dossier.filing;
    let definition = source.procedure.definition();
    let variant = source.procedure.variant(&filing.variant);
    let owners: Vec<Value> =
        source.persons.iter().filter(|p| filing.owners.contains(&p.id)).map(contact).collect();
    let submitter = source.persons.iter().find(|p| p.id == filing.applicant);
    json!({
        "form": format!("{number:02}"),
        "template": TEMPLATE,
        "serial": serial(source, number),
        "place_and_date": { "unit": unit(source, &filing.receiving_unit),
            "date": local_date(source.at).to_string() },
        "dossier_id": source.dossier.id,
        "dossier_code": source.dossier.code,
        "procedure": { "code": definition.code, "name": definition.name,
            "version": definition.version },
        "variant": variant.map(|v| &v.name),
        "owners": owners,
        "submitter": submitter.map(contact),
        "signed_by": { "id": source.facts.actor.id, "role": source.facts.actor.role.as_str(),
            "unit": source.facts.actor.unit },
        "reason": source.personal.get("reason"),
    })
}

fn contact(person: &Person) -> Value {
    json!({ "full_name": person.full_name, "id_number": person.id_number, "phone": person.phone,
        "email": person.email, "address": person.address })
}

fn unit(source: &FormSource<'_>, id: &str) -> Value {
    match source.units.unit(id) {
        Some(unit) => json!({ "id": id, "name": unit.name, "address": unit.address,
            "phone": unit.phone }),
        None => json!({ "id": id }),
    }
}

/// Form 01, receipt and appointment.
fn receipt(source: &FormSource<'_>) -> Value {
    let dossier = source.dossier;
    let documents: Vec<Value> = dossier.required.iter().map(|r| document(source, &r.id)).collect();
    let fees: Vec<Value> = dossier.fees.iter().map(|(id, owed)| fee(source, id, owed)).collect();
    let clocks = dossier.clocks.as_ref();
    let mut form = json!({
        "centre": unit(source, &dossier.filing.receiving_unit),
        "competent_agency": unit(source, &dossier.filing.competent_unit),
        "channel": dossier.filing.channel.as_str(),
        "documents": documents,
        "sets": 1,
        "fees": fees,
        "time_limit": clocks.map(|c| limit(c.appointment())),
        "statutory_time_limit": clocks.map(|c| limit(&c.statutory)),
        "submitted_at": local(dossier.filing.submitted_at),
        "received_at": local(source.at),
        "effective_on": clocks.map(|c| c.statutory.effective_on().to_string()),
        "result_due_on": clocks.and_then(|c| c.appointment().due_on()).map(|d| d.to_string()),
        "result_due_at": clocks.and_then(|c| c.appointment().due_at()).map(local),
        "provisional": clocks.map(|c| c.appointment().is_provisional()),
        "result_at": unit(source, &dossier.filing.receiving_unit),
        "proxy_note": Text {
            vi: "Người được ủy quyền đến nhận kết quả phải mang theo văn bản ủy quyền.".into(),
            en: "Whoever collects the result for another must bring the authorisation.".into(),
        },
    });
    // A receipt without them is, byte for byte, what it was before there were such documents.
    let later = later_documents(source);
    if !later.is_empty() {
        form["later_documents"] = json!(later);
    }
    form
}

/// What the applicant is to bring in phases that have not begun: known from the beginning, asked for
/// later. Whether a conditional one is asked for, only its time will tell.
fn later_documents(source: &FormSource<'_>) -> Vec<Value> {
    let definition = source.procedure.definition();
    let mut later = Vec::new();
    for phase in &definition.phases {
        let is_later = |d: &&DocumentRequirement| {
            d.phase.as_ref() == Some(&phase.id)
                && d.hand_in != HandIn::LookUp
                && !source.dossier.phases.contains(&phase.id)
        };
        later.extend(definition.documents.iter().filter(is_later).map(|d| {
            json!({ "id": d.id, "name": d.name, "originals": d.originals, "copies": d.copies,
                "copies_certified": d.kind == DocumentKind::CertifiedCopy,
                "conditional": d.when.is_some(),
                "phase": { "id": phase.id, "name": phase.name } })
        }));
    }
    later
}

fn document(source: &FormSource<'_>, id: &str) -> Value {
    let requirement = source.procedure.document(id);
    let content = source.dossier.documents.get(id);
    let (originals, copies) = match content {
        Some(DocumentContent::Paper { originals, copies }) => (*originals, *copies),
        _ => (0, 0),
    };
    let handed_in = match content {
        None
        | Some(
            DocumentContent::LookUp { found: false, .. }
            | DocumentContent::Verified { found: false, .. },
        ) => "no",
        Some(DocumentContent::Upload { .. }) => "electronic",
        Some(DocumentContent::Paper { .. }) => "paper",
        Some(DocumentContent::Presented) => "presented",
        Some(DocumentContent::LookUp { found: true, .. }) => "looked_up",
        Some(DocumentContent::Verified { found: true, .. }) => "verified",
    };
    let certified = requirement.is_some_and(|r| r.kind == DocumentKind::CertifiedCopy);
    json!({ "id": id, "name": requirement.map(|r| &r.name), "handed_in": handed_in,
        "originals": originals, "copies": copies, "copies_certified": certified })
}

fn fee(source: &FormSource<'_>, id: &str, owed: &Obligation) -> Value {
    let fees = &source.procedure.definition().fees;
    let name = fees.iter().find(|fee| fee.id == id).map(|fee| &fee.name);
    json!({ "id": id, "name": name, "amount": owed.amount, "collect": owed.collect,
        "paid": owed.payment.is_some(),
        "external_reference": owed.payment.as_ref().map(|p| &p.external_reference) })
}

fn limit(clock: &Clock) -> Value {
    let unit = match clock.limit().unit {
        Unit::WorkingDay => "working_day",
        Unit::CalendarDay => "calendar_day",
        Unit::WorkingHour => "working_hour",
        Unit::SameDay => "same_day",
        Unit::Month => "month",
    };
    json!({ "amount": clock.limit().amount, "unit": unit })
}

/// Form 02, supplement request: every item, what is wrong, whom to call.
fn supplement_request(source: &FormSource<'_>) -> Value {
    let asked = source.facts.supplement.iter().flat_map(|request| &request.items);
    let items: Vec<Value> = asked
        .map(|item| {
            let content = source.personal.get(&format!("request.{item}"));
            let asked = match item {
                crate::command::ItemName::Document(id) => source.procedure.document(id),
                crate::command::ItemName::Field(_) => None,
            };
            json!({ "item": item, "name": asked.map(|r| &r.name), "content": content,
                "originals": asked.map(|r| r.originals), "copies": asked.map(|r| r.copies),
                "copies_certified": asked.map(|r| r.kind == DocumentKind::CertifiedCopy) })
        })
        .collect();
    let lapse = source.dossier.timers.iter().find(|(name, _)| name.starts_with("timeout:"));
    json!({ "items": items, "answer_before": lapse.map(|(_, at)| local(*at)),
        "contact": unit(source, source.facts.actor.unit.as_deref().unwrap_or_default()) })
}

/// Form 03, refusal.
fn refusal(source: &FormSource<'_>) -> Value {
    let grounds: Vec<&Text> = source.procedure.definition().grounds.values().collect();
    json!({ "agency": unit(source, &source.dossier.filing.competent_unit), "rules": grounds })
}

/// Form 04, apology and new appointment.
fn apology(source: &FormSource<'_>) -> Value {
    let clock = source.dossier.clocks.as_ref().map(|clocks| clocks.appointment());
    let before = source.before.and_then(|before| before.clocks.as_ref());
    json!({
        "received_at": source.dossier.received_at.map(local),
        "original_due_on": clock.and_then(|c| c.original_due_on()).map(|day| day.to_string()),
        "previous_due_on":
            before.and_then(|c| c.appointment().due_on()).map(|day| day.to_string()),
        "new_due_on": clock.and_then(|clock| clock.due_on()).map(|day| day.to_string()),
        "agency_at_fault": source.facts.agency_at_fault,
    })
}

/// Form 05, notice of stopping. What is to be returned is named; the return itself is no part of it.
fn stop_notice(source: &FormSource<'_>) -> Value {
    let paid = source.dossier.fees.iter().filter(|(_, fee)| fee.payment.is_some());
    let money: Vec<Value> = paid
        .map(|(id, owed)| {
            let fees = &source.procedure.definition().fees;
            let refundable = fees.iter().any(|fee| fee.id == *id && fee.refundable);
            json!({ "fee": id, "amount": owed.amount, "to_return": refundable })
        })
        .collect();
    // A withdrawal interrupts the stage that was reached.
    let stage = source.before.map(|before| {
        let left = before.back.last().map(|left| left.step.clone());
        left.unwrap_or_else(|| before.state.clone())
    });
    let stage_name = stage.as_ref().and_then(|id| source.procedure.step(id)).map(|s| &s.name);
    let papers: Vec<&String> = source
        .dossier
        .documents
        .iter()
        .filter(|(_, content)| matches!(content, DocumentContent::Paper { .. }))
        .map(|(id, _)| id)
        .collect();
    let documents: Vec<Value> = papers.iter().map(|id| document(source, id)).collect();
    json!({ "ground": ground(source), "stage_reached": stage, "stage_name": stage_name,
        "money": money, "documents_to_return": papers, "documents": documents })
}

/// Legal ground of the act: its action's, or that of the timeout that carried it out.
fn ground<'a>(source: &FormSource<'a>) -> Option<&'a Text> {
    let (step, action) = source.facts.action.as_ref()?.split_once('/')?;
    let own = source.procedure.action(step, action).and_then(|action| action.ground.as_ref());
    let timeout = source.procedure.step(step).and_then(|step| step.timeout.as_ref());
    let id = own.or(timeout.map(|timeout| &timeout.ground))?;
    source.procedure.definition().grounds.get(id)
}

/// An instant in the centre's time, RFC 3339 with `+07:00`.
fn local(at: Timestamp) -> String {
    at.display_with_offset(jiff::tz::Offset::constant(7)).to_string()
}
