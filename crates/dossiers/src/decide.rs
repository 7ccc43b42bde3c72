//! Decides what a command means for a dossier: the only place with business rules.
//!
//! [`decide`] holds the match; each file below it holds one family of acts. Nothing here reads a
//! clock, a store or a random source: whatever is needed stands in [`Context`].

mod act;
mod answer;
mod branches;
mod ending;
mod filing;
mod further;
mod limits;
mod migrate;
mod money;
mod phases;
mod result;
mod review;
mod settle;
mod timers;
mod transition;
mod work;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use motcua_deadlines::{Calendar, DeadlineError, Inputs, OfficeHours};
use motcua_procedures::{
    DocumentFacts, Facts as GuardFacts, FeeFacts, Formula, Guard, GuardError, Procedure, Status,
    Text, UnitFacts,
};
use serde_json::Value;

use crate::command::{Actor, Command, CommandRef, DocumentContent};
use crate::dossier::{Dossier, Filing, Obligation};
use crate::event::Event;
use crate::evolve::{Recorded, evolve};
use crate::names::KeyedDigest;
use crate::rejection::{Reason, Rejection, Violation};
use crate::units::{Unit, UnitRegister};

pub use act::{Offer, offers};
pub use answer::merged as merged_form;
pub use timers::fire_timers;

/// The dossier after an event that was decided at `at` and is not sealed yet.
pub fn after(dossier: &Dossier, event: &Event, at: Timestamp) -> Dossier {
    settle::after_at(Some(dossier.clone()), event, at)
}

/// Everything a decision may depend on besides the dossier and the command.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// Who acts.
    pub actor: &'a Actor,
    /// The command's id and fingerprint; none for acts of the system.
    pub command: Option<&'a CommandRef>,
    /// The instant of the decision, whole microseconds.
    pub now: Timestamp,
    /// Pinned procedure.
    pub procedure: &'a Procedure,
    /// Procedure version that is in effect now, when it took effect after the pinned one, or after
    /// the one that a migration moves to: until acceptance the dossier moves to it, by a recorded
    /// act (L8).
    pub effective: Option<&'a Procedure>,
    /// Procedure version that a migration moves to; none for every other command.
    pub target: Option<&'a Procedure>,
    /// The register of units.
    pub units: &'a UnitRegister,
    /// The working calendar.
    pub calendar: &'a Calendar,
    /// Present form values.
    pub form: &'a Value,
    /// Dossier code reserved for this command, when it is one that gives out a code.
    pub code: Option<&'a str>,
    /// The server's keyed hash function, for personal values that a history keeps a digest of.
    pub digests: &'a dyn KeyedDigest,
}

/// Decides what a command means for a dossier.
///
/// No events means: the command is lawful and was carried out before (a payment known by its
/// reference).
///
/// # Errors
/// A [`Rejection`]; nothing happens then.
pub fn decide(
    dossier: Option<&Dossier>,
    command: &Command,
    ctx: &Context<'_>,
) -> Result<Vec<Event>, Rejection> {
    let mut events = decide_command(dossier, command, ctx)?;
    let mut settled = dossier.cloned();
    for event in &events {
        settled = Some(settle::after(settled, event, ctx));
    }
    let Some(settled) = settled.filter(|_| !events.is_empty()) else {
        return Ok(events);
    };
    let merged;
    let form = match command {
        Command::Submit(submit) => &submit.form,
        Command::Supplement(answer) => {
            merged = merged_form(ctx.form, &answer.form);
            &merged
        }
        _ => ctx.form,
    };
    let (following, _) = settle::settle(settled, &Context { form, ..ctx.clone() })?;
    events.extend(following);
    Ok(events)
}

fn decide_command(
    dossier: Option<&Dossier>,
    command: &Command,
    ctx: &Context<'_>,
) -> Result<Vec<Event>, Rejection> {
    let Some(dossier) = dossier else {
        return match command {
            Command::Submit(submit) => filing::submit(submit, ctx).map(|event| vec![event]),
            _ => Err(reject(
                Reason::ActNotOffered,
                "Hồ sơ chưa được nộp.",
                "The dossier has not been submitted.",
            )),
        };
    };
    if let Some(effective) = ctx.effective.filter(|_| awaits_reception(dossier, command)) {
        return under(effective, dossier, command, ctx);
    }
    let one = |result: Result<Event, Rejection>| result.map(|event| vec![event]);
    match command {
        Command::Submit(_) => Err(reject(
            Reason::AlreadySubmitted,
            "Hồ sơ này đã được nộp.",
            "This dossier has been submitted already; use a new id for another one.",
        )),
        Command::DecideItems(decide) => one(review::decide_items(dossier, decide, ctx)),
        Command::RecordLookup(lookup) => one(review::record_lookup(dossier, lookup, ctx)),
        Command::Accept(choose) => one(review::accept(dossier, choose, ctx)),
        Command::Admit(choose) => one(review::admit(dossier, choose, ctx)),
        Command::RequestSupplement(request) => {
            one(review::request_supplement(dossier, request, ctx))
        }
        Command::Supplement(answer) => one(answer::supplement(dossier, answer, ctx)),
        Command::Refuse(refuse) => one(ending::refuse(dossier, refuse, ctx)),
        Command::Advance(advance) => one(act::advance(dossier, advance, ctx)),
        Command::Assign(assign) => one(work::assign(dossier, assign, ctx)),
        Command::Claim(item) => one(work::claim(dossier, item, ctx)),
        Command::Release(item) => one(work::release(dossier, item, ctx)),
        Command::HandOver(hand_over) => one(work::hand_over(dossier, hand_over, ctx)),
        Command::RecordPayment(payment) => money::record_payment(dossier, payment, ctx),
        Command::Sign(choose) => one(result::sign(dossier, choose, ctx)),
        Command::Issue(issue) => one(result::issue(dossier, issue, ctx)),
        Command::Complete(choose) => one(result::complete(dossier, choose, ctx)),
        Command::Deliver(deliver) => one(result::deliver(dossier, deliver, ctx)),
        Command::Withdraw(choose) => one(ending::withdraw(dossier, choose, ctx)),
        Command::DeclineWithdrawal(choose) => one(ending::decline_withdrawal(dossier, choose, ctx)),
        Command::Apologise(apology) => one(ending::apologise(dossier, apology, ctx)),
        Command::Extend(extend) => one(limits::extend(dossier, extend, ctx)),
        Command::ChangeVariant(change) => one(limits::change_variant(dossier, change, ctx)),
        Command::Stop(choose) => one(ending::stop(dossier, choose, ctx)),
        Command::Migrate(migrate) => one(migrate::migrate(dossier, migrate, ctx)),
        Command::FireTimers => fire_timers(dossier, ctx),
    }
}

/// Whether the command checks or accepts a dossier that has not been received: what it checks
/// against is the version in effect, not the one that it was filed under.
fn awaits_reception(dossier: &Dossier, command: &Command) -> bool {
    let checks = matches!(
        command,
        Command::DecideItems(_)
            | Command::RecordLookup(_)
            | Command::RequestSupplement(_)
            | Command::Accept(_)
            | Command::Admit(_)
    );
    checks && dossier.status == Status::Submitted
}

/// Pins the version in effect, then decides the command under it.
fn under(
    effective: &Procedure,
    dossier: &Dossier,
    command: &Command,
    ctx: &Context<'_>,
) -> Result<Vec<Event>, Rejection> {
    let ctx = Context { procedure: effective, effective: None, ..ctx.clone() };
    let repin = review::repin(dossier, effective, &ctx)?;
    let recorded = Recorded {
        id: dossier.id,
        seq: dossier.version + 1,
        at: ctx.now,
        kind: repin.kind,
        to: &repin.to,
        facts: &repin.facts,
    };
    let pinned = evolve(Some(dossier.clone()), &recorded);
    let mut events = vec![repin];
    events.extend(decide_command(pinned.as_ref(), command, &ctx)?);
    Ok(events)
}

/// Calendar date at the centre (UTC+7, T1).
pub fn local_date(at: Timestamp) -> Date {
    jiff::tz::Offset::constant(7).to_datetime(at).date()
}

impl Context<'_> {
    fn hours_of(&self, unit: &str) -> OfficeHours {
        let day = local_date(self.now);
        self.units.unit(unit).map(|unit| unit.office_hours_on(day)).unwrap_or_default()
    }

    fn inputs<'b>(&'b self, hours: &'b OfficeHours) -> Inputs<'b> {
        Inputs { calendar: self.calendar, hours }
    }
}

/// What guards may look at.
struct Case<'a> {
    form: &'a Value,
    filing: &'a Filing,
    documents: BTreeMap<String, DocumentFacts>,
    fees: BTreeMap<String, FeeFacts>,
    answers: BTreeMap<String, BTreeMap<String, u32>>,
    outcome: Option<&'a str>,
    /// Later phases that have begun; no condition looks at them, but documents belong to them.
    phases: BTreeSet<String>,
    units: &'a UnitRegister,
}

impl<'a> Case<'a> {
    fn new(
        form: &'a Value,
        filing: &'a Filing,
        documents: &BTreeMap<String, DocumentContent>,
        outcome: Option<&'a str>,
        ctx: &'a Context<'_>,
    ) -> Self {
        let mut facts: BTreeMap<String, DocumentFacts> = ctx
            .procedure
            .definition()
            .documents
            .iter()
            .map(|requirement| (requirement.id.clone(), absent()))
            .collect();
        for (id, content) in documents {
            facts.insert(id.clone(), document_facts(content));
        }
        let (fees, answers) = (BTreeMap::new(), BTreeMap::new());
        let phases = BTreeSet::new();
        Self { form, filing, documents: facts, fees, answers, outcome, phases, units: ctx.units }
    }

    fn of(dossier: &'a Dossier, ctx: &'a Context<'_>) -> Self {
        let outcome = dossier.outcome.as_deref();
        let case = Self::new(ctx.form, &dossier.filing, &dossier.documents, outcome, ctx);
        case.in_dossier(dossier)
    }

    /// With the money, the answers and the phases that the dossier holds.
    fn in_dossier(mut self, dossier: &Dossier) -> Self {
        self.phases.clone_from(&dossier.phases);
        self.fees = fee_facts(&dossier.fees);
        self.answers = branches::answers(dossier, &BTreeMap::new());
        self
    }

    fn holds(&self, guard: Option<&Guard>) -> Result<bool, Rejection> {
        let Some(guard) = guard else { return Ok(true) };
        guard.holds(&self.facts()).map_err(|error| unanswerable(guard.text(), &error))
    }

    /// The value of a formula, which is no less than 0: quantities and prices are not negative.
    fn value(&self, formula: &Formula) -> Result<u64, Rejection> {
        let value = formula.value(&self.facts());
        let value = value.map_err(|error| unanswerable(formula.text(), &error))?;
        Ok(u64::try_from(value).unwrap_or(0))
    }

    fn facts(&self) -> GuardFacts<'_> {
        GuardFacts {
            form: self.form,
            channel: self.filing.channel,
            variant: &self.filing.variant,
            proxy: self.filing.authorised_person.is_some(),
            owners: u32::try_from(self.filing.owners.len()).unwrap_or(u32::MAX),
            documents: &self.documents,
            receiving: unit_facts(self.units, &self.filing.receiving_unit),
            competent: unit_facts(self.units, &self.filing.competent_unit),
            outcome: self.outcome,
            submitted_on: local_date(self.filing.submitted_at),
            answers: &self.answers,
            fees: &self.fees,
        }
    }
}

/// What conditions may know of money.
fn fee_facts(fees: &BTreeMap<String, Obligation>) -> BTreeMap<String, FeeFacts> {
    let known = |fee: &Obligation| FeeFacts { owed: true, paid: fee.payment.is_some() };
    fees.iter().map(|(id, fee)| (id.clone(), known(fee))).collect()
}

fn unanswerable(text: &str, error: &GuardError) -> Rejection {
    let en = format!(
        "A condition of the procedure cannot be evaluated for this form: {text} ({error})."
    );
    let vi = format!("Không xét được điều kiện của thủ tục: {text}.");
    reject(Reason::ConditionNotMet, vi, en)
}

fn unit_facts<'a>(units: &'a UnitRegister, id: &'a str) -> UnitFacts<'a> {
    let unit = units.unit(id);
    UnitFacts {
        id,
        kind: unit.map_or("", |unit| unit.kind.as_str()),
        area: unit.map_or("", |unit| unit.area.as_str()),
    }
}

fn absent() -> DocumentFacts {
    DocumentFacts { present: false, source: String::new(), found: false, electronic_signed: false }
}

fn document_facts(content: &DocumentContent) -> DocumentFacts {
    let (source, found, electronic_signed) = match content {
        DocumentContent::Upload { signed, .. } => ("upload", false, *signed),
        DocumentContent::Paper { .. } => ("paper", false, false),
        DocumentContent::Presented => ("presented", false, false),
        DocumentContent::LookUp { found, .. } => ("look_up", *found, false),
        DocumentContent::Verified { found, .. } => ("verification", *found, false),
    };
    let present = is_present(content);
    DocumentFacts { present, source: source.into(), found, electronic_signed }
}

/// A look-up or verification that found nothing leaves the requirement open.
fn is_present(content: &DocumentContent) -> bool {
    use DocumentContent::{LookUp, Verified};
    !matches!(content, LookUp { found: false, .. } | Verified { found: false, .. })
}

/// A unit that exists today.
fn active_unit<'a>(ctx: &'a Context<'_>, id: &str, subject: &str) -> Result<&'a Unit, Rejection> {
    let today = local_date(ctx.now);
    match ctx.units.unit(id) {
        Some(unit) if unit.exists_on(today) => Ok(unit),
        Some(unit) => {
            let hint = unit.successor.as_deref().map_or(String::new(), |s| format!(" → {s}"));
            Err(reject(
                Reason::UnitUnknown,
                format!("{subject}: đơn vị {id} không còn hoạt động{hint}."),
                format!("{subject}: unit {id} does not exist on {today}{hint}; name another."),
            ))
        }
        None => Err(reject(
            Reason::UnitUnknown,
            format!("{subject}: không có đơn vị {id}."),
            format!("{subject}: no unit {id} in the register; see the list of units."),
        )),
    }
}

fn reject(reason: Reason, vi: impl Into<String>, en: impl Into<String>) -> Rejection {
    let message = Text { vi: vi.into(), en: en.into() };
    Rejection { reason, message, violations: Vec::new() }
}

fn dossier_closed() -> Rejection {
    reject(
        Reason::DossierClosed,
        "Hồ sơ đã kết thúc, không còn thao tác nào.",
        "The dossier is closed; nothing can be done with it any more.",
    )
}

fn violation(
    subject: impl Into<String>,
    code: &str,
    vi: impl Into<String>,
    en: impl Into<String>,
) -> Violation {
    let message = Text { vi: vi.into(), en: en.into() };
    Violation { subject: subject.into(), code: code.into(), message }
}

fn deadline_rule(error: &DeadlineError) -> Rejection {
    let mut rejection = reject(
        Reason::DeadlineRule,
        format!("Không tính được thời hạn: {error}."),
        format!("The deadline rules do not allow it: {error}."),
    );
    rejection.violations =
        vec![violation("deadline", error.code(), error.to_string(), error.to_string())];
    rejection
}
