//! Data of form 07, the log book: the dossiers that a centre received in a period.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use motcua_procedures::Procedure;
use serde_json::{Value, json};

use super::{TEMPLATE, contact, local};
use crate::command::Person;
use crate::decide::local_date;
use crate::dossier::Dossier;
use crate::units::UnitRegister;

/// The number of the form.
pub const LOG_BOOK: u8 = 7;

/// Time of the centres.
const CENTRE: Offset = Offset::constant(7);

/// Which book.
#[derive(Clone, Copy, Debug)]
pub struct LogPeriod<'a> {
    /// Receiving centre.
    pub unit: &'a str,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

impl LogPeriod<'_> {
    /// The instants of the period: from the first on, before the second. None where they lie
    /// beyond the time that can be told.
    pub fn instants(&self) -> Option<(Timestamp, Timestamp)> {
        let midnight = |day: Date| CENTRE.to_timestamp(day.to_datetime(Time::midnight())).ok();
        Some((midnight(self.from)?, midnight(self.to.tomorrow().ok()?)?))
    }
}

/// A dossier as the book needs it.
#[derive(Clone, Copy, Debug)]
pub struct LogEntry<'a> {
    /// State.
    pub dossier: &'a Dossier,
    /// People whose data still exists.
    pub persons: &'a [Person],
    /// Pinned procedure.
    pub procedure: &'a Procedure,
}

/// The data of form 07, or a part of it that `before` rows precede: of `entries`, those that the
/// centre received in the period, by the instant of reception. Dossiers that were not received are
/// in no book, though they may have a code.
pub fn log_book(
    period: LogPeriod<'_>,
    before: usize,
    entries: &[LogEntry<'_>],
    units: &UnitRegister,
) -> Value {
    let is_in = |at: &Timestamp| (period.from..=period.to).contains(&local_date(*at));
    let mut rows: Vec<(Timestamp, &str, &LogEntry<'_>)> = entries
        .iter()
        .filter(|entry| entry.dossier.filing.receiving_unit == period.unit)
        .filter_map(|entry| {
            Some((entry.dossier.received_at?, entry.dossier.code.as_deref()?, entry))
        })
        .filter(|(at, _, _)| is_in(at))
        .collect();
    rows.sort_by_key(|(at, code, entry)| (*at, entry.dossier.id, *code));
    let numbered = rows.iter().enumerate();
    let numbered = numbered.map(|(i, row)| (before + i + 1, row));
    let rows: Vec<Value> =
        numbered.map(|(number, (at, code, entry))| row(number, *at, code, entry, units)).collect();
    let unit = units.unit(period.unit);
    json!({
        "form": "07",
        "template": TEMPLATE,
        "serial": format!("{}/07/{}/{}", period.unit, period.from, period.to),
        "unit": { "id": period.unit, "name": unit.map(|unit| &unit.name) },
        "from": period.from.to_string(),
        "to": period.to.to_string(),
        "rows": rows,
    })
}

fn row(
    number: usize,
    received_at: Timestamp,
    code: &str,
    entry: &LogEntry<'_>,
    units: &UnitRegister,
) -> Value {
    let dossier = entry.dossier;
    let filing = &dossier.filing;
    let owner = entry.persons.iter().find(|person| filing.owners.contains(&person.id));
    let delivery = dossier.delivery.as_ref();
    let giver = delivery.map(|_| dossier.last.actor.id.as_str());
    let recipients = delivery.map(|delivery| {
        let ids: Vec<&str> = delivery.recipients.iter().map(|one| one.id.as_str()).collect();
        ids.join(", ")
    });
    let due_on = dossier.clocks.as_ref().and_then(|clocks| clocks.appointment().due_on());
    json!({
        "number": number,
        "dossier_code": code,
        "content": entry.procedure.definition().name,
        "sets": 1,
        "owner": owner.map(contact),
        "received_at": local(received_at),
        "due_on": due_on.map(|day| day.to_string()),
        "completed_at": dossier.completed_at.map(local),
        "delivered_at": delivery.map(|delivery| local(delivery.at)),
        "delivered_by": delivery.map(|delivery| delivery.by),
        "giver": giver,
        "recipients": recipients,
        "area": units.unit(&filing.receiving_unit).map(|unit| unit.area.as_str()),
        "status": dossier.status,
    })
}
