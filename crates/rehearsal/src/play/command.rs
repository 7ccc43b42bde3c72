//! From a deed to the command that the core decides.

use motcua_dossiers::command::{
    Advance, Apologise, Assign, ChangeVariant, Choose, Command, DecideItems, Deliver, DeliveryBy,
    DocumentContent, DocumentInput, ExtendLimit, HandOver, Issue, ItemDecision, ItemName, ItemRef,
    Recipient, RecordLookup, RecordPayment, Refuse, RequestSupplement, Supplement, SupplementItem,
};
use motcua_dossiers::dossier::Dossier;
use motcua_dossiers::local_date;
use motcua_procedures::Act;
use serde_json::Value;

use super::who::{Doing, Performer, someone};
use crate::handing_in::{bring, content, file, input};
use crate::scenario::{HandedIn, With};
use crate::world::World;

/// The reason that is given where one is required and none is written.
const REASON: &str = "Theo quy định của pháp luật.";
/// What a supplement request says of each item.
const SUPPLEMENT_CONTENT: &str = "Nộp bổ sung hoặc sửa lại.";
/// The register of a document that names none.
const REGISTER: &str = "register";

/// The command that the performer gives.
pub(crate) fn command(
    performer: &Performer,
    with: &With,
    world: &World<'_>,
) -> Result<Command, String> {
    let dossier = world.dossier().ok_or("there is no dossier")?;
    match &performer.doing {
        Doing::Act(act) => act_command(*act, performer, with, world, dossier),
        Doing::Desk(name) => desk_command(name, performer, with, world, dossier),
    }
}

fn choose(performer: &Performer, with: &With, world: &World<'_>) -> Choose {
    let needed = performer.action(world.procedure).is_some_and(|action| action.reason);
    let default = needed.then(|| REASON.to_owned());
    let reason = with.reason.clone().or(default).filter(|reason| !reason.is_empty());
    Choose { action: performer.action.clone(), item: performer.item, reason }
}

fn act_command(
    act: Act,
    performer: &Performer,
    with: &With,
    world: &World<'_>,
    dossier: &Dossier,
) -> Result<Command, String> {
    let choose = choose(performer, with, world);
    let today = local_date(world.now);
    Ok(match act {
        Act::Accept => Command::Accept(choose),
        Act::Admit => Command::Admit(choose),
        Act::RequestSupplement => {
            Command::RequestSupplement(request(choose, performer, with, world))
        }
        Act::Supplement => Command::Supplement(supplement(with, world, dossier)),
        Act::Refuse => Command::Refuse(Refuse { choose, draft: with.draft.as_ref().map(file) }),
        Act::Advance => {
            let mut advance = Advance {
                choose,
                unit: with.unit.clone(),
                units: with.units.clone(),
                data: with.data.clone(),
                draft: with.draft.as_ref().map(file),
                documents: Vec::new(),
            };
            if performer.action(world.procedure).is_some_and(|action| action.begins.is_some()) {
                bring(&mut advance, with.documents.as_ref(), &performer.actor, world);
            }
            Command::Advance(advance)
        }
        Act::Sign => Command::Sign(choose),
        Act::Issue => Command::Issue(Issue {
            choose,
            number: with.number.clone().unwrap_or_else(|| format!("1/{}", today.year())),
            issued_on: with.issued_on.unwrap_or(today),
            document: with.result.as_ref().map(file),
        }),
        Act::Complete => Command::Complete(choose),
        Act::Deliver => Command::Deliver(deliver(choose, with, dossier)),
        Act::Withdraw => Command::Withdraw(choose),
        Act::DeclineWithdrawal => Command::DeclineWithdrawal(choose),
        Act::Apologise => Command::Apologise(Apologise {
            choose,
            due_on: with.due_on.ok_or("an apology needs `with: { due_on: … }`")?,
            agency_at_fault: with.agency_at_fault.unwrap_or(true),
        }),
        Act::Extend => Command::Extend(ExtendLimit {
            choose,
            amount: with
                .amount
                .and_then(|amount| u32::try_from(amount).ok())
                .ok_or("an extension needs `with: { amount: … }`")?,
        }),
        Act::ChangeVariant => Command::ChangeVariant(ChangeVariant {
            choose,
            variant: with
                .variant
                .clone()
                .ok_or("a change of variant needs `with: { variant: … }`")?,
        }),
        Act::Stop => Command::Stop(choose),
        Act::Lapse | Act::Proceed => return Err("the system does that; wait for it".into()),
    })
}

fn desk_command(
    name: &str,
    performer: &Performer,
    with: &With,
    world: &World<'_>,
    dossier: &Dossier,
) -> Result<Command, String> {
    let item = performer.item;
    let unit = performer.actor.unit.clone().unwrap_or_default();
    let role = item.and_then(|id| dossier.items.get(&id)).map(|item| item.role);
    let role = role.unwrap_or(performer.actor.role);
    let assignee = |unit: &str| with.assignee.as_ref().map(|by| someone(by, unit, role));
    Ok(match name {
        "decide_items" => Command::DecideItems(decide_items(with)),
        "record_lookup" => Command::RecordLookup(lookup(with, world)?),
        "record_payment" => Command::RecordPayment(payment(with, world, dossier)?),
        "claim" => Command::Claim(ItemRef { item }),
        "release" => Command::Release(ItemRef { item }),
        "assign" => Command::Assign(Assign {
            item,
            assignee: assignee(&unit).ok_or("an assignment needs `with: { assignee: … }`")?,
        }),
        "hand_over" => Command::HandOver(HandOver {
            item,
            unit: with.unit.clone(),
            assignee: assignee(with.unit.as_deref().unwrap_or(&unit)),
            reason: with.reason.clone(),
        }),
        other => return Err(format!("there is no act {other}")),
    })
}

/// Without items: everything that the core says is left out.
fn request(
    choose: Choose,
    performer: &Performer,
    with: &With,
    world: &World<'_>,
) -> RequestSupplement {
    let line =
        |item: &ItemName| SupplementItem { item: item.clone(), content: SUPPLEMENT_CONTENT.into() };
    if let Some(items) = &with.items {
        return RequestSupplement { choose, items: items.iter().map(line).collect() };
    }
    let empty = RequestSupplement { choose: choose.clone(), items: Vec::new() };
    let refused = world.probe(&performer.actor, &Command::RequestSupplement(empty)).err();
    let left_out = refused.iter().flat_map(|rejection| &rejection.violations);
    let items = left_out.filter(|fault| fault.code == "LEFT_OUT");
    let items = items.filter_map(|fault| ItemName::try_from(fault.subject.clone()).ok());
    RequestSupplement { choose, items: items.map(|item| line(&item)).collect() }
}

fn supplement(with: &With, world: &World<'_>, dossier: &Dossier) -> Supplement {
    let asked = dossier.supplement.iter().flat_map(|request| &request.items);
    let asked: Vec<&String> = asked
        .filter_map(|item| match item {
            ItemName::Document(id) => Some(id),
            ItemName::Field(_) => None,
        })
        .collect();
    let channel = dossier.filing.channel;
    let given = |id: &str, how: &HandedIn| {
        content(world.procedure, id, how, channel).map(|content| input(id, content))
    };
    let all = |left: &dyn Fn(&str) -> bool| -> Vec<DocumentInput> {
        let fit = asked.iter().filter(|id| left(id));
        fit.filter_map(|id| given(id, &HandedIn::Fit)).collect()
    };
    let documents = match &with.documents {
        None => all(&|_| true),
        Some(documents) => {
            let named = documents.named.iter();
            let named = named.filter_map(|(id, how)| given(id, how.as_ref()?));
            let mut inputs: Vec<DocumentInput> = named.collect();
            if documents.complete {
                inputs.extend(all(&|id| !documents.named.contains_key(id)));
            }
            inputs
        }
    };
    Supplement { form: Value::Object(with.form.clone().unwrap_or_default()), documents }
}

fn deliver(choose: Choose, with: &With, dossier: &Dossier) -> Deliver {
    let owner =
        |id: &String| Recipient { id: id.clone(), identity_checked: true, authorised: false };
    let scanned = |id: &String| {
        matches!(dossier.documents.get(id), Some(DocumentContent::Upload { signed: false, .. }))
    };
    let to_check = dossier.required.iter().filter(|required| required.original_at_delivery);
    let originals = || to_check.map(|r| r.id.clone()).filter(scanned).collect();
    let owners = || dossier.filing.owners.iter().map(owner).collect();
    Deliver {
        choose,
        by: with.delivered_by.unwrap_or(DeliveryBy::Counter),
        recipients: with.recipients.clone().unwrap_or_else(owners),
        originals_checked: with.originals.clone().unwrap_or_else(originals),
    }
}

fn decide_items(with: &With) -> DecideItems {
    let accepted = with.accept.iter().map(|item| ItemDecision {
        item: item.clone(),
        accepted: true,
        reason: None,
    });
    let rejected = with.reject.iter().map(|(item, why)| ItemDecision {
        item: item.clone(),
        accepted: false,
        reason: Some(why.clone()),
    });
    let decisions: Vec<ItemDecision> = accepted.chain(rejected).collect();
    let accept_rest = with.accept_rest.unwrap_or(decisions.is_empty());
    DecideItems { decisions, accept_rest }
}

fn lookup(with: &With, world: &World<'_>) -> Result<RecordLookup, String> {
    let requirement = with.document.clone().ok_or("a look-up needs `with: { document: … }`")?;
    let source = world.procedure.document(&requirement).and_then(|d| d.data_source.clone());
    Ok(RecordLookup {
        registry: with.registry.clone().or(source).unwrap_or_else(|| REGISTER.into()),
        requirement,
        found: with.found.unwrap_or(true),
        answer: with.answer.clone(),
    })
}

fn payment(with: &With, world: &World<'_>, dossier: &Dossier) -> Result<RecordPayment, String> {
    let unpaid = dossier.fees.iter().find(|(_, fee)| fee.payment.is_none());
    let fee = with.fee.clone().or_else(|| unpaid.map(|(id, _)| id.clone()));
    let fee = fee.ok_or("nothing is left to pay; name the fee in `with: { fee: … }`")?;
    let owed = dossier.fees.get(&fee).map(|fee| fee.amount);
    let reference = || format!("BL-{}", world.history.len() + 1);
    Ok(RecordPayment {
        amount: with.amount.or(owed).unwrap_or_default(),
        fee,
        external_reference: with.reference.clone().unwrap_or_else(reference),
    })
}
