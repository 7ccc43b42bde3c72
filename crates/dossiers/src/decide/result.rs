//! The result: signature, issue, completion (9), delivery (10).

use std::collections::BTreeSet;

use motcua_procedures::Act;

use super::act::{Chosen, choose};
use super::review::fees_paid;
use super::transition::Change;
use super::{Context, local_date, reject, violation};
use crate::command::{Choose, Deliver, DeliveryBy, DocumentContent, Issue};
use crate::dossier::{Delivery, Dossier, IssuedResult, Signature};
use crate::event::Event;
use crate::rejection::{Reason, Rejection, Violation};

/// Most characters of a result's number.
const NUMBER_CHARS_MAX: usize = 64;
/// Most recipients of a result.
const RECIPIENTS_MAX: usize = 20;

pub(super) fn sign(
    dossier: &Dossier,
    choose_: &Choose,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    let chosen = choose(dossier, Act::Sign, choose_, ctx)?;
    let mut change = Change::begin(dossier, Act::Sign.as_str(), chosen, choose_, ctx);
    let sha256 = dossier.draft.as_ref().and_then(digest).map(str::to_owned);
    let signature = Signature { signer: ctx.actor.id.clone(), at: ctx.now, sha256 };
    change.facts.signature = Some(signature);
    change.follow_target()?;
    change.finish()
}

/// The result as drafted, with the act that decides on its type: the parties read it, and it is
/// what they confirm and the leader signs.
pub(super) fn record_draft(
    change: &mut Change<'_>,
    chosen: Chosen<'_>,
    draft: Option<&DocumentContent>,
) -> Result<(), Rejection> {
    let Some(draft) = draft else { return Ok(()) };
    if chosen.action.outcome.is_none() {
        return Err(reject(
            Reason::FormInvalid,
            "Thao tác này không lập kết quả nên không nhận dự thảo.",
            "This action decides on no result, so it takes no draft: leave `draft` out.",
        ));
    }
    change.facts.draft = Some(draft.clone());
    Ok(())
}

fn digest(content: &DocumentContent) -> Option<&str> {
    match content {
        DocumentContent::Upload { sha256, .. } => Some(sha256),
        DocumentContent::Paper { .. }
        | DocumentContent::Presented
        | DocumentContent::LookUp { .. }
        | DocumentContent::Verified { .. } => None,
    }
}

/// The electronic result, which is the draft that was signed and nothing else.
fn as_signed(dossier: &Dossier, given: &DocumentContent) -> Result<DocumentContent, Rejection> {
    let of_signature = dossier.signature.as_ref().and_then(|s| s.sha256.as_deref());
    match (&dossier.draft, given) {
        (
            Some(DocumentContent::Upload { sha256, size, media, .. }),
            DocumentContent::Upload { sha256: asked, signed, .. },
        ) if asked == sha256 && of_signature == Some(sha256) => Ok(DocumentContent::Upload {
            sha256: sha256.clone(),
            size: *size,
            media: media.clone(),
            signed: *signed,
        }),
        _ => Err(not_signed(of_signature)),
    }
}

fn not_signed(signed: Option<&str>) -> Rejection {
    let (vi, en) = match signed {
        Some(sha256) => (
            format!("Bản điện tử phải là bản đã được ký (SHA-256 {sha256})."),
            format!("The electronic result must be the one that was signed (SHA-256 {sha256})."),
        ),
        None => (
            "Chưa có bản điện tử nào được ký; hãy ban hành bản giấy hoặc lập lại dự thảo.".into(),
            "No electronic result was signed: issue it on paper, without `document`, or have it \
             drafted again with a file."
                .into(),
        ),
    };
    let mut rejection = reject(Reason::ConditionNotMet, vi.clone(), en.clone());
    rejection.violations = vec![violation("document", "NOT_SIGNED", vi, en)];
    rejection
}

/// Number and date on the signed result; its type follows from the outcome.
pub(super) fn issue(
    dossier: &Dossier,
    issue: &Issue,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    let chosen = choose(dossier, Act::Issue, &issue.choose, ctx)?;
    let definition = ctx.procedure.definition();
    let decided = dossier.outcome.as_ref();
    let result = decided.and_then(|id| definition.results.iter().find(|r| r.id == *id));
    let Some(result) = result else {
        return Err(reject(
            Reason::ConditionNotMet,
            "Hồ sơ chưa có kết quả giải quyết.",
            "No outcome has been decided, so there is nothing to issue.",
        ));
    };
    let number = issue.number.trim();
    if number.is_empty() || number.chars().count() > NUMBER_CHARS_MAX {
        return Err(reject(
            Reason::FormInvalid,
            "Số văn bản phải có từ 1 đến 64 ký tự.",
            format!("The number of the result must have 1 to {NUMBER_CHARS_MAX} characters."),
        ));
    }
    let today = local_date(ctx.now);
    if issue.issued_on > today {
        return Err(reject(
            Reason::DeadlineRule,
            format!("Ngày ban hành không được ở tương lai: hôm nay là {today}."),
            format!("The date of issue may not lie after today, {today} in Viet Nam."),
        ));
    }
    let signed_on = dossier.signature.as_ref().map(|signature| local_date(signature.at));
    if let Some(signed_on) = signed_on.filter(|signed_on| issue.issued_on < *signed_on) {
        return Err(reject(
            Reason::DeadlineRule,
            format!("Ngày ban hành không được trước ngày ký, {signed_on}."),
            format!("The date of issue may not lie before the signature, {signed_on} in Viet Nam."),
        ));
    }
    let document = issue.document.as_ref().map(|document| as_signed(dossier, document));
    let document = document.transpose()?;
    let mut change = Change::begin(dossier, Act::Issue.as_str(), chosen, &issue.choose, ctx);
    change.facts.result = Some(IssuedResult {
        result: result.id.clone(),
        code: result.code.clone(),
        number: number.to_owned(),
        issued_on: issue.issued_on,
        document,
    });
    change.follow_target()?;
    change.finish()
}

/// Processing ends here; lateness is judged at this instant (L3).
pub(super) fn complete(
    dossier: &Dossier,
    choose_: &Choose,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    let chosen = choose(dossier, Act::Complete, choose_, ctx)?;
    let mut change = Change::begin(dossier, Act::Complete.as_str(), chosen, choose_, ctx);
    change.facts.completed = true;
    change.follow_target()?;
    change.finish()
}

/// Hand-over to identified recipients, after money and originals are settled (I9).
pub(super) fn deliver(
    dossier: &Dossier,
    deliver: &Deliver,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    let chosen = choose(dossier, Act::Deliver, &deliver.choose, ctx)?;
    fees_paid(dossier, |_| true)?;
    check_recipients(dossier, deliver, chosen.action.all_owners)?;
    let results = &ctx.procedure.definition().results;
    if results.iter().any(|r| r.positive && Some(&r.id) == dossier.outcome.as_ref()) {
        check_originals(dossier, deliver)?;
    }
    check_named_originals(deliver, ctx)?;
    let mut change = Change::begin(dossier, Act::Deliver.as_str(), chosen, &deliver.choose, ctx);
    change.facts.delivery = Some(Delivery {
        by: deliver.by,
        recipients: deliver.recipients.clone(),
        originals_checked: deliver.originals_checked.clone(),
        at: ctx.now,
    });
    change.follow_target()?;
    change.finish()
}

fn check_recipients(
    dossier: &Dossier,
    deliver: &Deliver,
    all_owners: bool,
) -> Result<(), Rejection> {
    let mut faults = Vec::new();
    if deliver.recipients.is_empty() || deliver.recipients.len() > RECIPIENTS_MAX {
        faults.push(violation(
            "recipients",
            "REQUIRED",
            "Phải ghi người nhận kết quả.",
            format!("Record who received the result: 1 to {RECIPIENTS_MAX} people."),
        ));
    }
    for recipient in &deliver.recipients {
        let subject = format!("recipient:{}", recipient.id);
        if !recipient.identity_checked {
            faults.push(violation(
                subject.clone(),
                "IDENTITY_UNCHECKED",
                "Chưa kiểm tra giấy tờ tùy thân của người nhận.",
                "Check the recipient's identity paper and say so.",
            ));
        }
        if !dossier.filing.is_party(&recipient.id) && !recipient.authorised {
            faults.push(violation(
                subject,
                "NOT_A_PARTY",
                "Người nhận không phải chủ hồ sơ và không có ủy quyền.",
                "The recipient is no party of the dossier and shows no authorisation.",
            ));
        }
    }
    if all_owners && deliver.by != DeliveryBy::Counter {
        faults.push(violation(
            "by",
            "IN_PERSON_ONLY",
            "Kết quả này chỉ trao trực tiếp tại nơi tiếp nhận.",
            "This result is handed over in person only.",
        ));
    }
    if all_owners {
        let present: BTreeSet<&String> = deliver.recipients.iter().map(|r| &r.id).collect();
        faults.extend(absent_owners(dossier, &present));
    }
    if faults.is_empty() {
        return Ok(());
    }
    let mut rejection = reject(
        Reason::RecipientInvalid,
        "Chưa thể trả kết quả cho người nhận này.",
        "The result cannot be handed to these recipients.",
    );
    rejection.violations = faults;
    Err(rejection)
}

fn absent_owners(dossier: &Dossier, present: &BTreeSet<&String>) -> Vec<Violation> {
    let owners = dossier.filing.owners.iter().filter(|owner| !present.contains(owner));
    owners
        .map(|owner| {
            violation(
                format!("recipient:{owner}"),
                "MUST_BE_PRESENT",
                "Cả hai bên phải có mặt và ký.",
                "All owners must be present in person and sign.",
            )
        })
        .collect()
}

/// What is said to have been checked must be a document of the procedure.
fn check_named_originals(deliver: &Deliver, ctx: &Context<'_>) -> Result<(), Rejection> {
    let unknown = deliver.originals_checked.iter().find(|id| ctx.procedure.document(id).is_none());
    match unknown {
        None => Ok(()),
        Some(id) => Err(reject(
            Reason::OriginalsUnchecked,
            format!("Thủ tục không có thành phần {id}."),
            format!("The procedure knows no document {id}; name requirements of this case."),
        )),
    }
}

/// Originals of papers that were only scanned are compared and taken in now.
fn check_originals(dossier: &Dossier, deliver: &Deliver) -> Result<(), Rejection> {
    let scanned = |id: &str| {
        matches!(dossier.documents.get(id), Some(DocumentContent::Upload { signed: false, .. }))
    };
    let unchecked: Vec<Violation> = dossier
        .required
        .iter()
        .filter(|required| required.original_at_delivery && scanned(&required.id))
        .filter(|required| !deliver.originals_checked.contains(&required.id))
        .map(|required| {
            violation(
                format!("document:{}", required.id),
                "ORIGINAL_UNCHECKED",
                "Chưa đối chiếu và nhận bản chính.",
                "Compare and take in the original, then name it in originals_checked.",
            )
        })
        .collect();
    if unchecked.is_empty() {
        return Ok(());
    }
    let mut rejection = reject(
        Reason::OriginalsUnchecked,
        "Phải đối chiếu bản chính trước khi trả kết quả.",
        "Originals must be checked before the result is handed over.",
    );
    rejection.violations = unchecked;
    Err(rejection)
}
