//! Time that the law gives the citizen, and lawful changes of the time that it gives the office.

use std::collections::BTreeMap;

use jiff::civil::Date;
use motcua_deadlines::{
    Calendar, Clock, DeadlineError, Limit, days_after, days_before, is_late, open_until,
};
use motcua_procedures::{Act, LimitRule, Side, Window};
use serde_json::Value;

use super::act::choose;
use super::filing::{all_at_once, applicable, requirements, variant_violation};
use super::money::fees;
use super::transition::Change;
use super::{Case, Context, deadline_rule, is_present, local_date, reject, violation};
use crate::command::{ChangeVariant, DocumentContent, ExtendLimit};
use crate::dossier::{Clocks, Dossier, Filing};
use crate::event::Event;
use crate::rejection::{Reason, Rejection, Violation};

/// Extension by decision of the competent person, before the date, within its maximum (T30).
pub(super) fn extend(
    dossier: &Dossier,
    extend: &ExtendLimit,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    let chosen = choose(dossier, Act::Extend, &extend.choose, ctx)?;
    let extension = chosen.action.extension.expect("a checked action that extends says how far");
    if extend.amount == 0 || extend.amount > extension.amount_max {
        let most = extension.amount_max;
        return Err(reject(
            Reason::DeadlineRule,
            format!("Chỉ được gia hạn từ 1 đến {most} (theo đơn vị của thời hạn)."),
            format!("An extension adds 1 to {most}, in the unit of the limit."),
        ));
    }
    let clocks = running(dossier)?;
    let statutory = longer(clocks.statutory.limit(), extend.amount);
    let committed = clocks.committed.as_ref().map(|clock| longer(clock.limit(), extend.amount));
    let mut change = Change::begin(dossier, Act::Extend.as_str(), chosen, &extend.choose, ctx);
    change.set_clocks(relimited(dossier, clocks, (&statutory, committed.as_ref()), ctx)?)?;
    change.follow_target()?;
    change.finish()
}

/// A limit with what an extension adds, in its unit.
pub(super) fn longer(limit: &Limit, amount: u32) -> Limit {
    Limit { amount: limit.amount.saturating_add(amount), ..limit.clone() }
}

/// The case turns out to be another variant: documents, fees and limit are evaluated anew; the old
/// values stay in the history (L9).
pub(super) fn change_variant(
    dossier: &Dossier,
    change_: &ChangeVariant,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    let chosen = choose(dossier, Act::ChangeVariant, &change_.choose, ctx)?;
    let filing = Filing { variant: change_.variant.clone(), ..dossier.filing.clone() };
    if filing.variant == dossier.filing.variant {
        return Err(all_at_once(vec![violation(
            "variant",
            "UNCHANGED",
            "Hồ sơ đang ở trường hợp này.",
            "The dossier is of this variant already; name another.",
        )]));
    }
    let outcome = dossier.outcome.as_deref();
    let case = Case::new(ctx.form, &filing, &dossier.documents, outcome, ctx).in_dossier(dossier);
    if let Some(fault) = variant_violation(&filing, &case, ctx)? {
        return Err(all_at_once(vec![fault]));
    }
    let mut change =
        Change::begin(dossier, Act::ChangeVariant.as_str(), chosen, &change_.choose, ctx);
    change.facts.required = Some(requirements(&case, ctx)?);
    change.facts.fees = Some(fees(&case, &dossier.fees, ctx)?);
    let rule = applicable(rules_of(dossier, ctx), &case)?;
    // What is late stays late: no other limit counts any more, and none makes it less so.
    let missed = |clock: &Clock| clock.is_running() && is_late(clock, ctx.now);
    let counts = |clocks: &&Clocks| !missed(clocks.appointment()) && !missed(&clocks.statutory);
    if let (Some(clocks), Some(rule)) = (dossier.clocks.as_ref().filter(counts), rule)
        && rule.id != clocks.rule
    {
        let limits = (&rule.statutory, rule.committed.as_ref());
        let clocks = relimited(dossier, running(dossier)?, limits, ctx)?;
        change.set_clocks(Clocks { rule: rule.id.clone(), ..clocks })?;
    }
    change.facts.filing = Some(filing);
    change.follow_target()?;
    change.finish()
}

/// The limits of the phase that the dossier is in.
fn rules_of<'p>(dossier: &Dossier, ctx: &Context<'p>) -> &'p [LimitRule] {
    let definition = ctx.procedure.definition();
    let phase = dossier.clocks.as_ref().and_then(|clocks| clocks.phase.as_ref());
    let phase = phase.and_then(|id| definition.phases.iter().find(|phase| phase.id == *id));
    phase.map_or(&definition.limits, |phase| &phase.limits)
}

fn running(dossier: &Dossier) -> Result<&Clocks, Rejection> {
    dossier.clocks.as_ref().ok_or_else(|| {
        reject(
            Reason::DeadlineRule,
            "Hồ sơ chưa tính thời hạn.",
            "The limit of the dossier has not begun yet.",
        )
    })
}

/// The clocks with other limits. A committed limit that the new rule does not have is dropped, but
/// not the date that was promised with an apology; one that it adds counts from the start of the
/// statutory clock's present run.
pub(super) fn relimited(
    dossier: &Dossier,
    clocks: &Clocks,
    (statutory, committed): (&Limit, Option<&Limit>),
    ctx: &Context<'_>,
) -> Result<Clocks, Rejection> {
    let hours = ctx.hours_of(&dossier.filing.competent_unit);
    let inputs = ctx.inputs(&hours);
    let relimit = |clock: &Clock, limit: &Limit| {
        clock.relimit(limit, ctx.now, &inputs).map(|(clock, _)| clock)
    };
    let both = || -> Result<(Clock, Option<Clock>), DeadlineError> {
        let before = clocks.committed.as_ref().unwrap_or(&clocks.statutory);
        let committed = committed.map(|limit| relimit(before, limit)).transpose()?;
        let statutory = match &clocks.committed {
            Some(dropped) if committed.is_none() => {
                clocks.statutory.relimit_for(dropped, statutory, ctx.now, &inputs)?.0
            }
            _ => relimit(&clocks.statutory, statutory)?,
        };
        Ok((statutory, committed))
    };
    let (statutory, committed) = both().map_err(|error| deadline_rule(&error))?;
    Ok(Clocks { statutory, committed, ..clocks.clone() })
}

/// Windows of time that the filing lies outside of.
pub(super) fn window_violations(
    case: &Case<'_>,
    ctx: &Context<'_>,
) -> Result<Vec<Violation>, Rejection> {
    let mut faults = Vec::new();
    for window in &ctx.procedure.definition().windows {
        if case.holds(window.when.as_ref())? {
            faults.extend(outside(window, ctx)?);
        }
    }
    Ok(faults)
}

/// Counts a span from a date.
type Count = fn(Date, &Limit, &Calendar) -> Result<Date, DeadlineError>;

/// The last day of a time to file; one in a year that the calendar no longer has is long past.
fn last_day(date: Date, span: &Limit, calendar: &Calendar) -> Result<Date, DeadlineError> {
    match open_until(date, span, calendar) {
        Err(DeadlineError::YearAbsent { .. }) => days_after(date, span, calendar),
        found => found,
    }
}

fn outside(window: &Window, ctx: &Context<'_>) -> Result<Option<Violation>, Rejection> {
    let Some(date) = date_of(ctx.form, &window.field) else { return Ok(None) };
    let today = local_date(ctx.now);
    let day = |count: Count, span: &Option<Limit>| -> Result<Option<Date>, Rejection> {
        let day = span.as_ref().map(|span| count(date, span, ctx.calendar)).transpose();
        day.map_err(|error| deadline_rule(&error))
    };
    // Counted backwards, the farther bound is the earlier day.
    let (first, last) = match window.side {
        Side::Before => (day(days_before, &window.at_most)?, day(days_before, &window.at_least)?),
        Side::After => (day(days_after, &window.at_least)?, day(last_day, &window.at_most)?),
    };
    let early = first.filter(|first| today < *first);
    let late = last.filter(|last| today > *last);
    let subject = format!("form/{}", window.field);
    Ok(match (early, late) {
        (Some(first), _) => Some(violation(
            subject,
            "WINDOW_NOT_OPEN",
            format!("Chưa đến thời gian nộp hồ sơ: từ ngày {first}."),
            format!("It is too early to file: from {first} on, counted from {date}."),
        )),
        (None, Some(last)) => Some(violation(
            subject,
            "WINDOW_CLOSED",
            format!("Đã hết thời gian nộp hồ sơ: đến ngày {last}."),
            format!("It is too late to file: {last} was the last day, counted from {date}."),
        )),
        (None, None) => None,
    })
}

/// Papers handed in that are older than the law allows today (I7), among those that `looked_at`
/// names by their id and the field of their date.
pub(super) fn expired_documents(
    documents: &BTreeMap<String, DocumentContent>,
    form: &Value,
    looked_at: impl Fn(&str, &str) -> bool,
    ctx: &Context<'_>,
) -> Result<Vec<Violation>, Rejection> {
    let today = local_date(ctx.now);
    let mut faults = Vec::new();
    for requirement in &ctx.procedure.definition().documents {
        let there = documents.get(&requirement.id).is_some_and(is_present);
        let Some(validity) = requirement.validity.as_ref().filter(|_| there) else { continue };
        if !looked_at(&requirement.id, &validity.issued_on) {
            continue;
        }
        let Some(issued_on) = date_of(form, &validity.issued_on) else { continue };
        let last = days_after(issued_on, &validity.valid_for, ctx.calendar);
        let last = last.map_err(|error| deadline_rule(&error))?;
        if today > last || issued_on > today {
            faults.push(violation(
                format!("document:{}", requirement.id),
                "NOT_VALID",
                format!("Giấy tờ cấp ngày {issued_on} chỉ có giá trị đến ngày {last}."),
                format!("The paper of {issued_on} is valid until {last}, not today ({today})."),
            ));
        }
    }
    Ok(faults)
}

fn date_of(form: &Value, field: &str) -> Option<Date> {
    form.get(field)?.as_str()?.parse().ok()
}
