//! Filing: everything that is wrong is told at once, so that nobody comes twice.

use std::collections::{BTreeMap, BTreeSet};

use motcua_deadlines::Clock;
use motcua_procedures::{
    Channel, ClockStart, DocumentRequirement, HandIn, LimitRule, NumberAt, Procedure, Role, Text,
};
use serde_json::{Value, json};

use super::limits::{expired_documents, window_violations};
use super::money::fees;
use super::phases::too_early;
use super::transition::first_item;
use super::{Case, Context, active_unit, deadline_rule, is_present, reject, violation};
use crate::command::{DocumentContent, DocumentInput, Part, Person, Submit};
use crate::dossier::{Clocks, Filing, Required};
use crate::event::{Event, Facts};
use crate::evolve::{Recorded, evolve};
use crate::rejection::{Reason, Rejection, Violation};
use crate::units::Unit;

/// Most persons of a dossier.
pub(super) const PERSONS_MAX: usize = 20;
/// Most characters of a person's text.
pub(super) const PERSON_TEXT_CHARS_MAX: usize = 300;

pub(super) fn submit(submit: &Submit, ctx: &Context<'_>) -> Result<Event, Rejection> {
    may_file(submit, ctx)?;
    let filing = filing(submit, ctx)?;
    let documents = by_requirement(&submit.documents);
    let mut violations = form_violations(ctx.procedure, &submit.form);
    let form_is_valid = violations.is_empty();
    violations.extend(document_violations(&submit.documents, ctx));
    violations.extend(too_early(&submit.documents, &BTreeSet::new(), ctx.procedure));
    let ctx = &Context { form: &submit.form, ..ctx.clone() };
    let case = Case::new(&submit.form, &filing, &documents, None, ctx);
    let mut required = Vec::new();
    if form_is_valid {
        violations.extend(variant_violation(&filing, &case, ctx)?);
        violations.extend(window_violations(&case, ctx)?);
        violations.extend(expired_documents(&documents, ctx.form, |_, _| true, ctx)?);
        required = requirements(&case, ctx)?;
        if filing.channel == Channel::Online {
            violations.extend(missing_uploads(&required, &documents, ctx.procedure));
        }
    }
    if !violations.is_empty() {
        return Err(all_at_once(violations));
    }
    let mut facts = Facts::by(ctx.actor.clone(), ctx.command.cloned());
    facts.procedure = Some(ctx.procedure.reference().clone());
    facts.required = Some(required);
    facts.form_fields = names_of(&submit.form);
    facts.fees = Some(fees(&case, &BTreeMap::new(), ctx)?);
    facts.clocks = clock_at(ClockStart::Submitted, &filing, &case, ctx)?;
    if ctx.procedure.definition().number_at == NumberAt::Submit {
        facts.code = Some(code(ctx)?);
    }
    facts.filing = Some(filing);
    facts.documents = documents;
    let mut event = open(facts, ctx)?;
    event.personal = personal(submit);
    Ok(event)
}

/// A citizen files for themselves, online; a clerk at any counter and the portal for the citizen
/// whom they attest. References of a portal come from the portal.
fn may_file(submit: &Submit, ctx: &Context<'_>) -> Result<(), Rejection> {
    let actor = ctx.actor;
    let attests = matches!(actor.role, Role::ReceptionClerk | Role::FrontEnd);
    if !attests && actor.role != Role::Applicant {
        return Err(reject(
            Reason::RoleRequired,
            "Chỉ người nộp, cán bộ tiếp nhận hoặc cổng dịch vụ được nộp hồ sơ.",
            "Only an applicant, a reception clerk or the front end may file a dossier.",
        ));
    }
    let mut faults = Vec::new();
    if attests && actor.acting_for.is_none() {
        faults.push(violation(
            "acting_for",
            "REQUIRED",
            "Phải nêu công dân được nộp hộ (acting_for).",
            "Name the citizen for whom the dossier is filed in `acting_for`.",
        ));
    }
    if actor.role != Role::ReceptionClerk && submit.channel != Channel::Online {
        faults.push(violation(
            "channel",
            "AT_THE_COUNTER_ONLY",
            "Hồ sơ giấy do cán bộ tiếp nhận nhập; hãy nộp trực tuyến.",
            "Paper is filed by the reception clerk who takes it in; file online.",
        ));
    }
    if actor.role == Role::Applicant && submit.external.is_some() {
        faults.push(violation(
            "external",
            "PORTAL_ONLY",
            "Mã tham chiếu chỉ do cổng dịch vụ hoặc cán bộ tiếp nhận cấp.",
            "Only the front end or a clerk gives a portal's reference.",
        ));
    }
    if faults.is_empty() { Ok(()) } else { Err(all_at_once(faults)) }
}

fn filing(submit: &Submit, ctx: &Context<'_>) -> Result<Filing, Rejection> {
    let definition = ctx.procedure.definition();
    let mut faults = Vec::new();
    let competent = competent_unit(submit, ctx, &mut faults)?;
    if !definition.channels.contains(&submit.channel) {
        faults.push(violation(
            "channel",
            "CHANNEL_NOT_OFFERED",
            "Thủ tục không nhận hồ sơ qua kênh này.",
            "The procedure is not offered on this channel.",
        ));
    }
    let variant = match (&submit.variant, definition.variants.as_slice()) {
        (Some(id), _) => id.clone(),
        (None, [only]) => only.id.clone(),
        (None, _) => {
            faults.push(violation(
                "variant",
                "REQUIRED",
                "Phải chọn trường hợp thực hiện.",
                "Choose one of the procedure's variants.",
            ));
            String::new()
        }
    };
    faults.extend(party_violations(submit, ctx));
    faults.extend(person_violations(&submit.persons));
    if !faults.is_empty() {
        return Err(all_at_once(faults));
    }
    let ids = |part| {
        let persons = submit.persons.iter().filter(move |person| person.part == part);
        persons.map(|person| person.id.clone())
    };
    let helps = |unit: &String| *unit != submit.receiving_unit;
    let clerk = ctx.actor.role == Role::ReceptionClerk;
    let assisting = ctx.actor.unit.clone().filter(|unit| clerk && helps(unit));
    Ok(Filing {
        channel: submit.channel,
        variant,
        applicant: ctx.actor.person().to_owned(),
        owners: ids(Part::DossierOwner).collect(),
        authorised_person: ids(Part::AuthorisedPerson).next(),
        assisting_unit: assisting,
        receiving_unit: submit.receiving_unit.clone(),
        competent_unit: competent,
        submitted_at: ctx.now,
        external: submit.external.clone(),
    })
}

/// The agency that decides: the one named, or the receiving centre's own.
fn competent_unit(
    submit: &Submit,
    ctx: &Context<'_>,
    faults: &mut Vec<Violation>,
) -> Result<String, Rejection> {
    let receiving = active_unit(ctx, &submit.receiving_unit, "receiving_unit")?;
    faults.extend(no_centre(receiving, "receiving_unit"));
    let named = submit.competent_unit.as_ref();
    match named.or(receiving.competent_agency.as_ref()) {
        Some(id) => {
            let unit = active_unit(ctx, id, "competent_unit")?;
            faults.extend(no_agency(unit, "competent_unit"));
            Ok(unit.id.clone())
        }
        None => {
            faults.push(violation(
                "competent_unit",
                "REQUIRED",
                "Phải nêu cơ quan có thẩm quyền giải quyết.",
                "Name the agency that decides: the centre has no agency of its own.",
            ));
            Ok(String::new())
        }
    }
}

/// The fault of a unit that is to receive and is no centre.
pub(super) fn no_centre(unit: &Unit, subject: &str) -> Option<Violation> {
    let fault = || {
        violation(
            subject,
            "NO_CENTRE",
            "Đơn vị này không tiếp nhận hồ sơ.",
            "This unit is no public administration service centre; name one that is.",
        )
    };
    (!unit.kind.receives()).then(fault)
}

/// The fault of a unit that is to decide and only receives.
pub(super) fn no_agency(unit: &Unit, subject: &str) -> Option<Violation> {
    let fault = || {
        violation(
            subject,
            "NO_AGENCY",
            "Trung tâm tiếp nhận không giải quyết hồ sơ; hãy nêu cơ quan có thẩm quyền.",
            "A centre receives and does not decide; name the agency that decides.",
        )
    };
    unit.kind.receives().then(fault)
}

/// Who the parties are: as many owners as the procedure takes, a proxy only where it allows one,
/// the applicant among them (I11).
fn party_violations(submit: &Submit, ctx: &Context<'_>) -> Vec<Violation> {
    let parties = ctx.procedure.definition().parties;
    let count = |part| submit.persons.iter().filter(|person| person.part == part).count();
    let mut faults = Vec::new();
    let mut fault = |code, vi: String, en: String| {
        faults.push(violation("persons", code, vi, en));
    };
    let owners = count(Part::DossierOwner);
    let (min, max) = (parties.owners_min as usize, parties.owners_max as usize);
    if owners < min || owners > max || submit.persons.len() > PERSONS_MAX {
        let (vi, en) = match min == max {
            true => (format!("{min}"), format!("exactly {min}")),
            false => (format!("từ {min} đến {max}"), format!("{min} to {max}")),
        };
        fault(
            "OWNERS",
            format!("Hồ sơ phải có {vi} chủ hồ sơ, đã ghi {owners}."),
            format!("The dossier needs {en} owners; given: {owners}."),
        );
    }
    let proxies = count(Part::AuthorisedPerson);
    if proxies > 1 || (proxies == 1 && !parties.proxy) {
        fault(
            "PROXY_NOT_ALLOWED",
            "Thủ tục không cho phép (thêm) người được ủy quyền.".into(),
            "The procedure allows no authorised person, or only one.".into(),
        );
    }
    let applicant = ctx.actor.person();
    if !submit.persons.iter().any(|person| person.id == applicant) {
        fault(
            "APPLICANT_ABSENT",
            "Người nộp phải là chủ hồ sơ hoặc người được ủy quyền.".into(),
            "The applicant must be an owner or the authorised person of the dossier.".into(),
        );
    }
    faults
}

fn person_violations(persons: &[Person]) -> Vec<Violation> {
    let long = |text: &str| text.chars().count() > PERSON_TEXT_CHARS_MAX;
    let mut faults = Vec::new();
    for (i, person) in persons.iter().enumerate() {
        let optional = [&person.id_number, &person.phone, &person.email, &person.address];
        if person.id.is_empty() || person.full_name.trim().is_empty() {
            faults.push(violation(
                format!("persons/{i}"),
                "REQUIRED",
                "Thiếu mã hoặc họ tên.",
                "Id and full name are required.",
            ));
        }
        let mut texts = optional.into_iter().flatten().chain([&person.id, &person.full_name]);
        if texts.any(|text| long(text)) {
            faults.push(violation(
                format!("persons/{i}"),
                "TOO_LONG",
                format!("Dài quá {PERSON_TEXT_CHARS_MAX} ký tự."),
                format!("A text is longer than {PERSON_TEXT_CHARS_MAX} characters."),
            ));
        }
        if persons[..i].iter().any(|other| other.id == person.id) {
            faults.push(violation(
                format!("persons/{i}"),
                "GIVEN_TWICE",
                "Một người được nêu hai lần.",
                "The same id is given twice; each person stands once.",
            ));
        }
    }
    faults
}

/// Faults of form values against the procedure's schema.
pub(super) fn form_violations(procedure: &Procedure, form: &Value) -> Vec<Violation> {
    let faults = procedure.definition().form.validate(form);
    let fault = |f: motcua_procedures::FormFault| Violation {
        subject: format!("form{}", f.path),
        code: f.code,
        message: f.message,
    };
    faults.into_iter().map(fault).collect()
}

/// Documents that fit no requirement, break its media types or size, or are not what was asked.
pub(super) fn document_violations(inputs: &[DocumentInput], ctx: &Context<'_>) -> Vec<Violation> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for input in inputs {
        let id = &input.requirement;
        let mut fault = |code, vi: String, en: String| {
            faults.push(violation(format!("document:{id}"), code, vi, en));
        };
        let Some(requirement) = ctx.procedure.document(id) else {
            fault(
                "UNKNOWN_DOCUMENT",
                "Thủ tục không có thành phần này.".into(),
                "The procedure knows no such document; see its list of documents.".into(),
            );
            continue;
        };
        if !seen.insert(id) {
            fault(
                "GIVEN_TWICE",
                "Thành phần được nêu hai lần.".into(),
                "The document is given twice: give one file or paper for each requirement.".into(),
            );
        }
        // What is on paper, only someone who has seen it can say.
        let by_hand = ctx.actor.role == Role::ReceptionClerk;
        if !by_hand && !matches!(input.content, DocumentContent::Upload { .. }) {
            fault(
                "UPLOAD_REQUIRED",
                "Nộp trực tuyến phải tải tệp lên; giấy tờ bản giấy do cán bộ tiếp nhận ghi.".into(),
                "Upload a file; paper is recorded by the reception clerk who has seen it.".into(),
            );
        }
        if let Some((code, vi, en)) = content_fault(requirement, &input.content) {
            fault(code, vi, en);
        }
    }
    faults
}

/// Whether this much paper is what the requirement counts; an original may stand for a copy.
fn enough(requirement: &DocumentRequirement, originals: u32, copies: u32) -> bool {
    let sum = |a: u32, b: u32| u64::from(a) + u64::from(b);
    let given = sum(originals, copies);
    let asked = sum(requirement.originals, requirement.copies);
    given > 0 && originals >= requirement.originals && given >= asked
}

/// Why a content does not fit its requirement (I7, I8).
fn content_fault(
    requirement: &DocumentRequirement,
    content: &DocumentContent,
) -> Option<(&'static str, String, String)> {
    match content {
        DocumentContent::Upload { media, .. } if !requirement.media.contains(media) => {
            let allowed = requirement.media.join(", ");
            Some((
                "MEDIA_TYPE",
                format!("Loại tệp {media} không được nhận; dùng {allowed}."),
                format!("Files of type {media} are not accepted; use {allowed}."),
            ))
        }
        DocumentContent::Upload { size, .. } if *size > requirement.size_max => {
            let max = requirement.size_max;
            Some((
                "TOO_LARGE",
                format!("Tệp lớn quá {max} byte."),
                format!("The file has {size} bytes: at most {max} are accepted."),
            ))
        }
        DocumentContent::Paper { originals, copies }
            if !enough(requirement, *originals, *copies) =>
        {
            let (o, c) = (requirement.originals, requirement.copies);
            Some((
                "TOO_FEW",
                format!("Cần {o} bản chính, {c} bản sao."),
                format!("{o} original(s) and {c} copies are needed."),
            ))
        }
        DocumentContent::Presented if requirement.hand_in == HandIn::Submit => Some((
            "MUST_BE_KEPT",
            "Thành phần này phải nộp, không chỉ xuất trình.".into(),
            "This document is handed in and kept, not only shown.".into(),
        )),
        DocumentContent::LookUp { .. } => Some((
            "BY_THE_OFFICE",
            "Kết quả tra cứu do cơ quan ghi nhận.".into(),
            "Look-ups are recorded by the office (RecordLookup), not handed in.".into(),
        )),
        DocumentContent::Verified { .. } => Some((
            "BY_THE_OFFICE",
            "Kết quả xác minh do đơn vị được hỏi ghi nhận.".into(),
            "A verification is recorded by the unit that answers it, not handed in.".into(),
        )),
        DocumentContent::Upload { .. }
        | DocumentContent::Paper { .. }
        | DocumentContent::Presented => None,
    }
}

pub(super) fn variant_violation(
    filing: &Filing,
    case: &Case<'_>,
    ctx: &Context<'_>,
) -> Result<Option<Violation>, Rejection> {
    let Some(variant) = ctx.procedure.variant(&filing.variant) else {
        return Ok(Some(violation(
            "variant",
            "UNKNOWN_VARIANT",
            "Thủ tục không có trường hợp này.",
            "The procedure knows no such variant.",
        )));
    };
    if case.holds(variant.when.as_ref())? {
        return Ok(None);
    }
    let text = variant.when.as_ref().map_or("", |guard| guard.text());
    Ok(Some(violation(
        "variant",
        "VARIANT_MISMATCH",
        format!("Nội dung tờ khai không thuộc trường hợp \"{}\".", variant.name.vi),
        format!("The form does not fit the variant \"{}\": {text}.", variant.name.en),
    )))
}

/// The requirements that apply to the case.
pub(super) fn requirements(case: &Case<'_>, ctx: &Context<'_>) -> Result<Vec<Required>, Rejection> {
    let mut required = Vec::new();
    for requirement in &ctx.procedure.definition().documents {
        let has_begun = requirement.phase.as_ref().is_none_or(|phase| case.phases.contains(phase));
        if has_begun && case.holds(requirement.when.as_ref())? {
            required.push(Required {
                id: requirement.id.clone(),
                original_at_delivery: requirement.original_at_delivery,
            });
        }
    }
    Ok(required)
}

/// The dossier code reserved for this command.
pub(super) fn code(ctx: &Context<'_>) -> Result<String, Rejection> {
    ctx.code.map(str::to_owned).ok_or_else(|| {
        reject(
            Reason::UnitUnknown,
            "Nơi tiếp nhận không có mã cơ quan đang có hiệu lực nên không cấp được mã hồ sơ.",
            "The receiving centre has no agency code in force today, so no dossier code can be \
             given; load a unit register that holds one.",
        )
    })
}

/// What an online filing must bring itself: not what is shown at the counter, and not what the
/// state can look up (I5).
pub(super) fn missing_uploads(
    required: &[Required],
    documents: &BTreeMap<String, DocumentContent>,
    procedure: &Procedure,
) -> Vec<Violation> {
    let must_upload = |required: &&Required| {
        let requirement = procedure.document(&required.id);
        requirement.is_some_and(|r| r.hand_in == HandIn::Submit && r.data_source.is_none())
    };
    let missing = |required: &&Required| !documents.get(&required.id).is_some_and(is_present);
    required
        .iter()
        .filter(must_upload)
        .filter(missing)
        .map(|required| missing_document(&required.id, procedure))
        .collect()
}

pub(super) fn missing_document(id: &str, procedure: &Procedure) -> Violation {
    let name = procedure.document(id).map(|requirement| requirement.name.clone());
    let name = name.unwrap_or(Text { vi: id.into(), en: id.into() });
    violation(
        format!("document:{id}"),
        "MISSING",
        format!("Thiếu thành phần: {}.", name.vi),
        format!("Missing: {}.", name.en),
    )
}

/// The clocks of the case if its limit starts with this act.
pub(super) fn clock_at(
    start: ClockStart,
    filing: &Filing,
    case: &Case<'_>,
    ctx: &Context<'_>,
) -> Result<Option<Clocks>, Rejection> {
    clocks_by(&ctx.procedure.definition().limits, Some(start), filing, case, ctx)
}

/// The first of the rules whose condition holds.
pub(super) fn applicable<'r>(
    rules: &'r [LimitRule],
    case: &Case<'_>,
) -> Result<Option<&'r LimitRule>, Rejection> {
    for rule in rules {
        if case.holds(rule.when.as_ref())? {
            return Ok(Some(rule));
        }
    }
    Ok(None)
}

/// Clocks that start now by the applicable rule; none if it starts with another act than `start`.
pub(super) fn clocks_by(
    rules: &[LimitRule],
    start: Option<ClockStart>,
    filing: &Filing,
    case: &Case<'_>,
    ctx: &Context<'_>,
) -> Result<Option<Clocks>, Rejection> {
    let rule = applicable(rules, case)?;
    let Some(rule) = rule.filter(|rule| start.is_none_or(|start| rule.start == start)) else {
        return Ok(None);
    };
    let hours = ctx.hours_of(&filing.competent_unit);
    let inputs = ctx.inputs(&hours);
    let started = |limit| {
        Clock::start(limit, ctx.now, &inputs).map(|(clock, _)| clock).map_err(|e| deadline_rule(&e))
    };
    Ok(Some(Clocks {
        rule: rule.id.clone(),
        statutory: started(&rule.statutory)?,
        committed: rule.committed.as_ref().map(started).transpose()?,
        paused_on: None,
        phase: None,
    }))
}

fn open(facts: Facts, ctx: &Context<'_>) -> Result<Event, Rejection> {
    let recorded = Recorded {
        id: uuid::Uuid::nil(),
        seq: 0,
        at: ctx.now,
        kind: "submit",
        to: &ctx.procedure.definition().start,
        facts: &facts,
    };
    let seed = evolve(None, &recorded).expect("procedure and filing were just set");
    first_item(&seed, "submit", facts, ctx)
}

fn by_requirement(inputs: &[DocumentInput]) -> BTreeMap<String, DocumentContent> {
    inputs.iter().map(|input| (input.requirement.clone(), input.content.clone())).collect()
}

/// Top-level names of a form.
pub(super) fn names_of(form: &Value) -> Vec<String> {
    form.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

fn personal(submit: &Submit) -> BTreeMap<String, Value> {
    let form = submit.form.as_object().into_iter().flatten();
    let mut personal: BTreeMap<String, Value> =
        form.map(|(name, value)| (format!("form.{name}"), value.clone())).collect();
    for (i, person) in submit.persons.iter().enumerate() {
        personal.insert(format!("person.{}", i + 1), json!(person));
    }
    personal
}

/// One refusal that names every fault.
pub(super) fn all_at_once(violations: Vec<Violation>) -> Rejection {
    let any = |prefix: &str| violations.iter().any(|v| v.subject.starts_with(prefix));
    let missing_only = violations.iter().all(|v| v.code == "MISSING");
    let reason = if any("form") {
        Reason::FormInvalid
    } else if missing_only {
        Reason::DocumentsMissing
    } else if any("document:") {
        Reason::DocumentInvalid
    } else {
        Reason::FilingInvalid
    };
    let count = violations.len();
    let mut rejection = reject(
        reason,
        format!("Hồ sơ có {count} điểm cần sửa hoặc bổ sung."),
        format!("{count} point(s) must be mended; all of them are listed."),
    );
    rejection.violations = violations;
    rejection
}
