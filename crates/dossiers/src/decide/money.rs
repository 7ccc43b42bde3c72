//! Fees: what is owed, what was assessed, and payments, recorded once for each external reference.

use std::collections::BTreeMap;

use motcua_procedures::{Action, Amount, Fee, Role, Tariff};
use serde_json::Value;

use super::act::role_required;
use super::transition::Change;
use super::{Case, Context};
use super::{dossier_closed, reject};
use crate::command::RecordPayment;
use crate::dossier::{Dossier, Obligation, Payment};
use crate::event::Event;
use crate::rejection::{Reason, Rejection};

/// Most characters of an external reference.
const REFERENCE_CHARS_MAX: usize = 100;

/// What is owed, with the payments that were made already.
pub(super) fn fees(
    case: &Case<'_>,
    present: &BTreeMap<String, Obligation>,
    ctx: &Context<'_>,
) -> Result<BTreeMap<String, Obligation>, Rejection> {
    let paid = present.iter().filter(|(_, fee)| fee.payment.is_some());
    let mut fees: BTreeMap<String, Obligation> =
        paid.map(|(id, fee)| (id.clone(), fee.clone())).collect();
    for fee in &ctx.procedure.definition().fees {
        if fees.contains_key(&fee.id) || !case.holds(fee.when.as_ref())? {
            continue;
        }
        let amount = match &fee.amount {
            Amount::Fixed(amount) => *amount,
            Amount::Tariff(tariff) => price(tariff, case)?,
            // What was assessed stays; nothing is owed before.
            Amount::Assessed => present.get(&fee.id).map_or(0, |fee| fee.amount),
        };
        if amount > 0 {
            let owed = Obligation { amount, collect: fee.collect, payment: None };
            fees.insert(fee.id.clone(), owed);
        }
    }
    Ok(fees)
}

/// The price of a tariff: each bracket takes its part of the quantity.
fn price(tariff: &Tariff, case: &Case<'_>) -> Result<u64, Rejection> {
    let quantity = case.value(&tariff.quantity)?;
    let mut price: u64 = 0;
    let mut counted = 0;
    for bracket in &tariff.brackets {
        let upto = bracket.up_to.map_or(quantity, |up_to| up_to.min(quantity));
        let part = upto.saturating_sub(counted);
        price = price.saturating_add(part.saturating_mul(bracket.each));
        counted = counted.max(upto);
    }
    let price = tariff.at_most.map_or(price, |most| price.min(most));
    let times = tariff.times.as_ref().map_or(Ok(1), |times| case.value(times))?;
    Ok(price.saturating_mul(times))
}

/// Records a payment. A payment known by its reference is not recorded again: no event.
pub(super) fn record_payment(
    dossier: &Dossier,
    payment: &RecordPayment,
    ctx: &Context<'_>,
) -> Result<Vec<Event>, Rejection> {
    let unit = &dossier.filing.receiving_unit;
    if ctx.actor.role != Role::Cashier || ctx.actor.unit.as_ref() != Some(unit) {
        if dossier.closed {
            return Err(dossier_closed());
        }
        return Err(role_required(&[Role::Cashier], unit));
    }
    let reference = payment.external_reference.trim();
    if !is_new(dossier, payment, reference)? {
        return Ok(Vec::new());
    }
    let mut change = Change::plain(dossier, "record_payment", ctx);
    change.facts.payment = Some(Payment {
        fee: payment.fee.clone(),
        amount: payment.amount,
        external_reference: reference.to_owned(),
        at: ctx.now,
    });
    Ok(vec![change.finish()?])
}

/// Highest assessed amount, đồng.
const ASSESSED_MAX: u64 = 1_000_000_000_000_000;

/// The fee whose amount the action names (P9), if this case owes it.
pub(super) fn assessed<'a>(
    change: &Change<'a>,
    action: &Action,
) -> Result<Option<&'a Fee>, Rejection> {
    let Some(id) = &action.assesses else { return Ok(None) };
    let fees = &change.ctx.procedure.definition().fees;
    let fee = fees.iter().find(|fee| fee.id == *id);
    let fee = fee.expect("a checked action assesses a fee that exists");
    let owed = Case::of(change.dossier, change.ctx).holds(fee.when.as_ref())?;
    Ok(owed.then_some(fee))
}

/// Records the assessed amount, `amount` of the action's data; a payment stays what it was.
pub(super) fn assess(
    change: &mut Change<'_>,
    fee: &Fee,
    data: Option<&Value>,
) -> Result<(), Rejection> {
    let (id, dossier) = (&fee.id, change.dossier);
    let paid = dossier.fees.get(id).is_some_and(|fee| fee.payment.is_some());
    let amount = data.and_then(|data| data.get("amount")).and_then(Value::as_u64);
    let amount = amount.filter(|amount| *amount <= ASSESSED_MAX);
    let (Some(amount), false) = (amount, paid) else {
        return Err(reject(
            Reason::PaymentMismatch,
            format!("Phải nêu số tiền (data.amount) cho khoản {id} chưa nộp."),
            format!("Give the assessed amount of fee {id} in `data.amount`, while it is unpaid."),
        ));
    };
    let collect = fee.collect;
    let mut fees = dossier.fees.clone();
    if amount == 0 {
        fees.remove(id);
    } else {
        fees.insert(id.clone(), Obligation { amount, collect, payment: None });
    }
    change.facts.fees = Some(fees);
    Ok(())
}

/// Whether the payment is still to be recorded; why it cannot be, if it cannot.
fn is_new(dossier: &Dossier, payment: &RecordPayment, reference: &str) -> Result<bool, Rejection> {
    let mismatch = |vi: String, en: String| Err(reject(Reason::PaymentMismatch, vi, en));
    let Some(fee) = dossier.fees.get(&payment.fee) else {
        let owed: Vec<&str> = dossier.fees.keys().map(String::as_str).collect();
        let (fee, owed) = (&payment.fee, owed.join(", "));
        return mismatch(
            format!("Hồ sơ không có khoản {fee}."),
            format!("The dossier owes no fee {fee}; it owes: {owed}."),
        );
    };
    if reference.is_empty() || reference.chars().count() > REFERENCE_CHARS_MAX {
        return mismatch(
            "Phải có số biên lai hoặc mã giao dịch.".into(),
            format!("An external reference of 1 to {REFERENCE_CHARS_MAX} characters is needed."),
        );
    }
    if fee.amount != payment.amount {
        let (due, given) = (fee.amount, payment.amount);
        return mismatch(
            format!("Số tiền phải là {due} đồng."),
            format!("The amount must be {due} đồng, not {given}."),
        );
    }
    let by_reference = |(_, fee): &(&String, &Obligation)| {
        fee.payment.as_ref().is_some_and(|paid| paid.external_reference == reference)
    };
    match (dossier.fees.iter().find(by_reference), &fee.payment) {
        (Some((id, _)), _) if *id == payment.fee => Ok(false),
        (Some((id, _)), _) => mismatch(
            format!("Mã {reference} đã dùng cho khoản {id}."),
            format!("Reference {reference} already pays fee {id}; each payment has its own."),
        ),
        (None, Some(paid)) => mismatch(
            format!("Khoản này đã nộp, mã {}.", paid.external_reference),
            format!("The fee is paid already, by {}.", paid.external_reference),
        ),
        (None, None) if dossier.closed => Err(dossier_closed()),
        (None, None) => Ok(true),
    }
}
