//! Fees: recorded once for each external reference.

use motcua_procedures::Role;

use super::Context;
use super::act::role_required;
use super::transition::Change;
use super::{dossier_closed, reject};
use crate::command::RecordPayment;
use crate::dossier::{Dossier, Payment};
use crate::event::Event;
use crate::rejection::{Reason, Rejection};

/// Most characters of an external reference.
const REFERENCE_CHARS_MAX: usize = 100;

/// Records a payment. A payment known by its reference is not recorded again: no event.
pub(super) fn record_payment(
    dossier: &Dossier,
    payment: &RecordPayment,
    ctx: &Context<'_>,
) -> Result<Vec<Event>, Rejection> {
    let unit = &dossier.filing.receiving_unit;
    if ctx.actor.role != Role::Cashier || ctx.actor.unit.as_ref() != Some(unit) {
        return Err(role_required(&[Role::Cashier], unit));
    }
    let Some(fee) = dossier.fees.get(&payment.fee) else {
        let owed: Vec<&str> = dossier.fees.keys().map(String::as_str).collect();
        return Err(reject(
            Reason::PaymentMismatch,
            format!("Hồ sơ không có khoản {}.", payment.fee),
            format!(
                "The dossier owes no fee {}; it owes: {}.",
                payment.fee,
                owed.join(", ")
            ),
        ));
    };
    let reference = payment.external_reference.trim();
    if reference.is_empty() || reference.chars().count() > REFERENCE_CHARS_MAX {
        return Err(reject(
            Reason::PaymentMismatch,
            "Phải có số biên lai hoặc mã giao dịch.",
            format!("An external reference of 1 to {REFERENCE_CHARS_MAX} characters is needed."),
        ));
    }
    if fee.amount != payment.amount {
        return Err(reject(
            Reason::PaymentMismatch,
            format!("Số tiền phải là {} đồng.", fee.amount),
            format!(
                "The amount must be {} đồng, not {}.",
                fee.amount, payment.amount
            ),
        ));
    }
    let known = dossier.fees.iter().find(|(_, fee)| {
        fee.payment
            .as_ref()
            .is_some_and(|paid| paid.external_reference == reference)
    });
    match (known, &fee.payment) {
        (Some((id, _)), _) if *id == payment.fee => return Ok(Vec::new()),
        (Some((id, _)), _) => {
            return Err(reject(
                Reason::PaymentMismatch,
                format!("Mã {reference} đã dùng cho khoản {id}."),
                format!("Reference {reference} already pays fee {id}; each payment has its own."),
            ));
        }
        (None, Some(paid)) => {
            return Err(reject(
                Reason::PaymentMismatch,
                format!("Khoản này đã nộp, mã {}.", paid.external_reference),
                format!("The fee is paid already, by {}.", paid.external_reference),
            ));
        }
        (None, None) if dossier.closed => return Err(dossier_closed()),
        (None, None) => {}
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
