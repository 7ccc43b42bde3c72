//! Checking what was handed in: verdicts, look-ups, acceptance, supplements.

use std::collections::BTreeSet;

use motcua_procedures::{
    Act, Channel, ClockStart, Collect, DocumentRequirement, HandIn, Procedure, Reservation,
};
use serde_json::{Value, json};

use super::act::{choose, held_by_another, role_required};
use super::filing::{
    all_at_once, clock_at, code, form_violations, missing_document, requirements, variant_violation,
};
use super::limits::expired_documents;
use super::money::fees;
use super::phases::later_phase;
use super::transition::{Change, request_fields};
use super::{Case, Context, dossier_closed, is_present, reject, violation};
use crate::command::{
    Choose, DecideItems, DocumentContent, ItemName, RecordLookup, RequestSupplement,
};
use crate::dossier::{Dossier, Obligation, SupplementRequested, WorkItem};
use crate::event::Event;
use crate::rejection::{Reason, Rejection, Violation};

/// The open work item at which documents are checked, if the actor works on it.
fn reviewing<'a>(dossier: &'a Dossier, ctx: &Context<'_>) -> Result<&'a WorkItem, Rejection> {
    let reviews = |item: &&WorkItem| ctx.procedure.step(&item.step).is_some_and(|s| s.reviews);
    let Some(item) = dossier.items.values().find(reviews) else {
        if dossier.closed {
            return Err(dossier_closed());
        }
        return Err(reject(
            Reason::ActNotOffered,
            "Bước hiện tại không kiểm tra thành phần hồ sơ.",
            format!("Documents are not checked in the present step ({}).", dossier.state),
        ));
    };
    if ctx.actor.role != item.role || ctx.actor.unit.as_deref() != Some(&item.unit) {
        return Err(role_required(&[item.role], &item.unit));
    }
    held_by_another(item, ctx.actor)?;
    Ok(item)
}

pub(super) fn decide_items(
    dossier: &Dossier,
    decide: &DecideItems,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    reviewing(dossier, ctx)?;
    let mut change = Change::plain(dossier, "decide_items", ctx);
    let mut faults = Vec::new();
    for decision in &decide.decisions {
        let item = &decision.item;
        let known = match item {
            ItemName::Document(id) => dossier.documents.get(id).is_some_and(is_present),
            ItemName::Field(name) => dossier.fields.contains(name),
        };
        if !known {
            faults.push(violation(
                item.to_string(),
                "NOT_HANDED_IN",
                "Hồ sơ không có thành phần này.",
                "The dossier holds no such document or field.",
            ));
        }
        let reason = decision.reason.as_deref().unwrap_or_default().trim();
        if !decision.accepted && reason.is_empty() {
            faults.push(violation(
                item.to_string(),
                "REASON_REQUIRED",
                "Phải ghi lý do không chấp nhận.",
                "Say why it is not accepted.",
            ));
        }
        if !reason.is_empty() {
            change.personal(format!("decision.{item}"), json!(reason));
        }
        change.facts.decisions.insert(item.clone(), decision.accepted);
    }
    if !faults.is_empty() {
        return Err(all_at_once(faults));
    }
    if decide.accept_rest {
        let present = dossier.documents.iter().filter(|(_, content)| is_present(content));
        for (id, _) in present {
            let item = ItemName::Document(id.clone());
            if !dossier.decisions.contains_key(&item) {
                change.facts.decisions.entry(item).or_insert(true);
            }
        }
    }
    if change.facts.decisions.is_empty() {
        return Err(reject(
            Reason::ReviewIncomplete,
            "Không có thành phần nào để quyết định.",
            "There is nothing to decide: name items, or set accept_rest with documents open.",
        ));
    }
    change.finish()
}

pub(super) fn record_lookup(
    dossier: &Dossier,
    lookup: &RecordLookup,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    reviewing(dossier, ctx)?;
    let subject = format!("document:{}", lookup.requirement);
    let requirement = ctx.procedure.document(&lookup.requirement);
    let looked_up = requirement.filter(|r| r.data_source.is_some() || r.hand_in == HandIn::LookUp);
    if looked_up.is_none() {
        return Err(all_at_once(vec![violation(
            subject.clone(),
            "NOT_LOOKED_UP",
            "Thành phần này không có nguồn dữ liệu để tra cứu.",
            "The procedure names no register in which this document can be looked up.",
        )]));
    }
    let source = looked_up.and_then(|r| r.data_source.as_ref());
    if let Some(source) = source.filter(|source| **source != lookup.registry) {
        return Err(all_at_once(vec![violation(
            subject.clone(),
            "OTHER_REGISTER",
            format!("Thành phần này được tra cứu tại {source}."),
            format!("This document is looked up in {source}."),
        )]));
    }
    if let Some(fault) = later_phase(&lookup.requirement, &dossier.phases, ctx.procedure) {
        return Err(all_at_once(vec![fault]));
    }
    let known = dossier.documents.get(&lookup.requirement);
    if lookup.found && matches!(known, Some(DocumentContent::Verified { found: false, .. })) {
        return Err(all_at_once(vec![violation(
            subject,
            "VERIFIED_OTHERWISE",
            "Đơn vị được hỏi đã trả lời khác; hãy yêu cầu xác minh lại.",
            "The unit that was asked answered otherwise; ask it again.",
        )]));
    }
    let mut change = Change::plain(dossier, "record_lookup", ctx);
    let registry = lookup.registry.clone();
    let content = DocumentContent::LookUp { registry, found: lookup.found };
    let item = ItemName::Document(lookup.requirement.clone());
    let handed_in = dossier.documents.get(&lookup.requirement).is_some_and(is_present);
    if lookup.found || !handed_in {
        change.facts.documents.insert(lookup.requirement.clone(), content);
    }
    if lookup.found {
        change.facts.decisions.insert(item, true);
    }
    change.personal(
        "answer",
        json!({ "found": lookup.found, "registry": lookup.registry,
        "requirement": lookup.requirement, "text": lookup.answer }),
    );
    change.finish()
}

/// Acceptance: complete, valid, paid; the clock starts, form 01 is due (I2, T17).
pub(super) fn accept(
    dossier: &Dossier,
    choose_: &Choose,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    receive(dossier, (Act::Accept, ClockStart::Accept), choose_, ctx)
}

/// Admission of a complaint or denunciation: the clock of its resolution starts (K1).
pub(super) fn admit(
    dossier: &Dossier,
    choose_: &Choose,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    receive(dossier, (Act::Admit, ClockStart::Admit), choose_, ctx)
}

fn receive(
    dossier: &Dossier,
    (act, start): (Act, ClockStart),
    choose_: &Choose,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    let chosen = choose(dossier, act, choose_, ctx)?;
    let case = Case::of(dossier, ctx);
    let mut open = open_points(dossier, ctx.procedure);
    open.extend(form_violations(ctx.procedure, ctx.form));
    open.extend(variant_violation(&dossier.filing, &case, ctx)?);
    open.extend(expired_documents(&dossier.documents, ctx.form, |_, _| true, ctx)?);
    if !open.is_empty() {
        return Err(incomplete(open));
    }
    fees_paid(dossier, |fee| fee.collect == Collect::Reception)?;
    let mut change = Change::begin(dossier, act.as_str(), chosen, choose_, ctx);
    if let Some(clocks) = clock_at(start, &dossier.filing, &case, ctx)? {
        change.set_clocks(clocks)?;
    }
    if dossier.code.is_none() {
        change.facts.code = Some(code(ctx)?);
    }
    let reserves = chosen.action.reserves.as_ref();
    change.facts.reserved = reserves.and_then(|r| reserved_name(r, ctx.form, ctx));
    change.follow_target()?;
    change.finish()
}

/// Another version took effect while the dossier waits for its reception: it is pinned by a
/// recorded act, and what applies to the case is computed anew (L8).
pub(super) fn repin(
    dossier: &Dossier,
    effective: &Procedure,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    let definition = effective.definition();
    let channel = definition.channels.contains(&dossier.filing.channel);
    let stands = |item: &WorkItem| effective.step(&item.step).is_some();
    let known = effective.variant(&dossier.filing.variant).is_some();
    if !channel || !known || !dossier.items.values().all(stands) {
        let version = &definition.version;
        return Err(reject(
            Reason::ConditionNotMet,
            format!(
                "Phiên bản {version} của thủ tục đã có hiệu lực và không còn nhận hồ sơ này; \
                     hãy từ chối để nộp lại."
            ),
            format!(
                "Version {version} of the procedure has taken effect and no longer has this \
                     dossier's channel, variant or step; refuse it, so that it is filed anew."
            ),
        ));
    }
    let case = Case::of(dossier, ctx);
    let mut change = Change::plain(dossier, "repin", ctx);
    change.facts.procedure = Some(effective.reference().clone());
    change.facts.required = Some(requirements(&case, ctx)?);
    change.facts.fees = Some(fees(&case, &dossier.fees, ctx)?);
    change.finish()
}

/// What stands between the dossier and its acceptance, or a positive result.
fn open_points(dossier: &Dossier, procedure: &Procedure) -> Vec<Violation> {
    let mut open = Vec::new();
    for required in &dossier.required {
        let Some(requirement) = procedure.document(&required.id) else {
            continue;
        };
        let content = dossier.documents.get(&required.id).filter(|content| is_present(content));
        let verdict = dossier.decisions.get(&ItemName::Document(required.id.clone()));
        let subject = format!("document:{}", required.id);
        match (content, verdict) {
            (None, _) if must_be_there(requirement, dossier.filing.channel) => {
                open.push(missing_document(&required.id, procedure));
            }
            (_, Some(true)) | (None, None) => {}
            (_, Some(false)) => open.push(violation(
                subject,
                "REJECTED",
                "Thành phần không được chấp nhận; hãy yêu cầu bổ sung.",
                "The document was not accepted; request a supplement.",
            )),
            (Some(_), None) => open.push(violation(
                subject,
                "NOT_DECIDED",
                "Chưa kiểm tra thành phần này.",
                "The document has not been checked yet (DecideItems).",
            )),
        }
    }
    let rejected = dossier.decisions.iter().filter(|(_, accepted)| !**accepted);
    for (item, _) in rejected {
        if let ItemName::Field(_) = item {
            open.push(violation(
                item.to_string(),
                "REJECTED",
                "Nội dung kê khai không được chấp nhận; hãy yêu cầu bổ sung.",
                "The field was not accepted; request a supplement.",
            ));
        }
    }
    open
}

/// Whether a requirement must be met before acceptance. What is shown must have been shown or
/// looked up at the counter (I1); online, the sign-in with an electronic identity stands for it,
/// and the originals are seen on delivery. What the office looks up, it looks up when it examines.
fn must_be_there(requirement: &DocumentRequirement, channel: Channel) -> bool {
    match requirement.hand_in {
        HandIn::Submit => true,
        HandIn::Present => channel == Channel::Counter,
        HandIn::LookUp => false,
    }
}

/// What the citizen is granted rests on papers and statements that were checked, none of them
/// rejected: also those that came with a supplement, or that it made necessary.
pub(super) fn fit_for_grant(dossier: &Dossier, procedure: &Procedure) -> Result<(), Rejection> {
    let open = open_points(dossier, procedure);
    if open.is_empty() {
        return Ok(());
    }
    let mut rejection = reject(
        Reason::ReviewIncomplete,
        format!("Chưa thể giải quyết theo đề nghị: còn {} điểm.", open.len()),
        format!("Nothing can be granted yet: {} point(s) are open; all are listed.", open.len()),
    );
    rejection.violations = open;
    Err(rejection)
}

fn incomplete(open: Vec<Violation>) -> Rejection {
    let mut rejection = reject(
        Reason::ReviewIncomplete,
        format!("Chưa thể tiếp nhận: còn {} điểm.", open.len()),
        format!("Not acceptable yet: {} point(s) are open; all of them are listed.", open.len()),
    );
    rejection.violations = open;
    rejection
}

/// Money that is due before an act.
pub(super) fn fees_paid(
    dossier: &Dossier,
    due: impl Fn(&Obligation) -> bool,
) -> Result<(), Rejection> {
    let unpaid = |fee: &(&String, &Obligation)| due(fee.1) && fee.1.payment.is_none();
    let unpaid: Vec<Violation> = dossier
        .fees
        .iter()
        .filter(unpaid)
        .map(|(id, fee)| {
            violation(
                format!("fee:{id}"),
                "UNPAID",
                format!("Chưa nộp {} đồng.", fee.amount),
                format!("{} đồng are unpaid; record the payment first.", fee.amount),
            )
        })
        .collect();
    if unpaid.is_empty() {
        return Ok(());
    }
    let mut rejection = reject(
        Reason::FeeUnpaid,
        "Phí, lệ phí phải nộp trước bước này.",
        "Fees must be paid before this.",
    );
    rejection.violations = unpaid;
    Err(rejection)
}

/// `scope/digest` of the name to reserve; case and white space do not matter.
fn reserved_name(reservation: &Reservation, form: &Value, ctx: &Context<'_>) -> Option<String> {
    let name = form.get(&reservation.field)?.as_str()?;
    Some(crate::names::reservation_key(ctx.digests, &reservation.scope, name))
}

/// The name to hold when a supplement changes one that the dossier holds already.
pub(super) fn renamed(dossier: &Dossier, form: &Value, ctx: &Context<'_>) -> Option<String> {
    let steps = ctx.procedure.definition().steps.iter();
    let mut reservations = steps.flat_map(|s| &s.actions).filter_map(|a| a.reserves.as_ref());
    reservations.find_map(|reservation| {
        let scope = format!("{}/", reservation.scope);
        let held = dossier.reservations.iter().find(|name| name.starts_with(&scope))?;
        reserved_name(reservation, form, ctx).filter(|name| name != held)
    })
}

/// Form 02: everything that is missing or wrong, and nothing else (I3, I5).
pub(super) fn request_supplement(
    dossier: &Dossier,
    request: &RequestSupplement,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    let chosen = choose(dossier, Act::RequestSupplement, &request.choose, ctx)?;
    let unlawful: Vec<Violation> = request
        .items
        .iter()
        .filter_map(|item| unlawful_demand(dossier, &item.item, ctx.procedure))
        .collect();
    if !unlawful.is_empty() {
        let mut rejection = reject(
            Reason::DemandUnlawful,
            "Yêu cầu có thành phần không được phép đòi.",
            "The request asks for something that may not be demanded.",
        );
        rejection.violations = unlawful;
        return Err(rejection);
    }
    let named: BTreeSet<&ItemName> = request.items.iter().map(|item| &item.item).collect();
    let left_out: Vec<Violation> = wanting(dossier, ctx.procedure)
        .into_iter()
        .filter(|item| !named.contains(item))
        .map(|item| {
            violation(
                item.to_string(),
                "LEFT_OUT",
                "Thành phần còn thiếu hoặc sai nhưng chưa nêu.",
                "Missing or rejected, but not named: one notice names everything.",
            )
        })
        .collect();
    if request.items.is_empty() || !left_out.is_empty() {
        return Err(supplement_incomplete(left_out));
    }
    let mut change =
        Change::begin(dossier, Act::RequestSupplement.as_str(), chosen, &request.choose, ctx);
    let items = named.into_iter().cloned().collect();
    change.facts.supplement = Some(SupplementRequested { items, at: ctx.now });
    for (name, value) in request_fields(&request.items) {
        change.personal(name, value);
    }
    change.follow_target()?;
    change.finish()
}

/// Missing required papers and whatever was rejected.
fn wanting(dossier: &Dossier, procedure: &Procedure) -> BTreeSet<ItemName> {
    let missing = dossier.required.iter().filter(|required| {
        let requirement = procedure.document(&required.id);
        let submit = requirement.is_some_and(|r| r.hand_in == HandIn::Submit);
        submit && !dossier.documents.get(&required.id).is_some_and(is_present)
    });
    let missing = missing.map(|required| ItemName::Document(required.id.clone()));
    // What the case does not need, and what the office looks up, is never asked of the citizen.
    let may_ask = |item: &ItemName| match item {
        ItemName::Field(_) => true,
        ItemName::Document(id) => {
            let looked_up = procedure.document(id).is_some_and(|r| r.hand_in == HandIn::LookUp);
            !looked_up && dossier.required.iter().any(|required| required.id == *id)
        }
    };
    let rejected = dossier.decisions.iter().filter(|(_, accepted)| !**accepted);
    let rejected = rejected.map(|(item, _)| item.clone()).filter(may_ask);
    missing.chain(rejected).collect()
}

fn unlawful_demand(dossier: &Dossier, item: &ItemName, procedure: &Procedure) -> Option<Violation> {
    let fault = |code, vi: &str, en: &str| Some(violation(item.to_string(), code, vi, en));
    let rejected = dossier.decisions.get(item) == Some(&false);
    let id = match item {
        ItemName::Field(name) => {
            let known = procedure.definition().form.properties().any(|p| p == name);
            return if known {
                None
            } else {
                fault("UNKNOWN_FIELD", "Tờ khai không có mục này.", "The form has no such field.")
            };
        }
        ItemName::Document(id) => id,
    };
    if let Some(early) = later_phase(id, &dossier.phases, procedure) {
        return Some(early);
    }
    if !dossier.required.iter().any(|required| required.id == *id) {
        return fault(
            "NOT_REQUIRED",
            "Pháp luật không yêu cầu thành phần này trong trường hợp này.",
            "The law does not ask for this document in this case.",
        );
    }
    let requirement = procedure.document(id);
    if requirement.is_some_and(|r| r.hand_in == HandIn::LookUp) {
        return fault(
            "BY_THE_OFFICE",
            "Thành phần này do cơ quan tự tra cứu, không được yêu cầu người dân nộp.",
            "The office looks this up itself; it is never asked of the citizen.",
        );
    }
    let content = dossier.documents.get(id);
    match content {
        Some(
            DocumentContent::Upload { signed: true, .. }
            | DocumentContent::LookUp { found: true, .. }
            | DocumentContent::Verified { found: true, .. },
        ) if !rejected => fault(
            "HELD_ELECTRONICALLY",
            "Đã có bản điện tử hợp lệ, không được yêu cầu bản giấy.",
            "A valid electronic document is there; the paper may not be demanded.",
        ),
        Some(content) if is_present(content) && !rejected => fault(
            "ALREADY_THERE",
            "Thành phần đã có; muốn yêu cầu lại phải quyết định không chấp nhận trước.",
            "The document is there; reject it with a reason before asking for it again.",
        ),
        None if requirement.is_some_and(|r| r.data_source.is_some()) => fault(
            "LOOK_UP_FIRST",
            "Phải tra cứu trước, chỉ yêu cầu khi tra cứu không được.",
            "Look it up first; it may be asked for only when the look-up fails.",
        ),
        _ => None,
    }
}

pub(super) fn supplement_incomplete(violations: Vec<Violation>) -> Rejection {
    let mut rejection = reject(
        Reason::SupplementIncomplete,
        "Phải nêu đủ mọi thành phần trong một lần.",
        "Everything must be named in one go.",
    );
    rejection.violations = violations;
    rejection
}
