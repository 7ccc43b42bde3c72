//! Form 07, the log book: what a centre received in a period, part by part.

use jiff::Timestamp;
use jiff::civil::Date;
use motcua_audit::{ChainId, NewEvent};
use motcua_dossiers::command::Person;
use motcua_dossiers::dossier::Dossier;
use motcua_dossiers::forms::{LogEntry, LogPeriod, TEMPLATE, log_book};
use motcua_dossiers::policy::opens_log_book;
use motcua_store::contract::{Documents, ReceptionQuery, Store};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::{EngineError, invalid};
use crate::execute::pinned;
use crate::registers::canonical;
use crate::{Caller, Engine, limits};

/// A log book as it is asked for.
#[derive(Clone, Debug)]
pub struct LogBook {
    /// The centre; none for the caller's own unit.
    pub unit: Option<String>,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

/// Where a part of a log book ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogPlace {
    /// The last dossier, with the instant of its reception.
    after: (Timestamp, Uuid),
    /// Rows up to there.
    rows: usize,
}

/// A part of a log book.
#[derive(Clone, Debug, PartialEq)]
pub struct LogPart {
    /// Serial number of the book.
    pub serial: String,
    /// Version of the layout.
    pub template: String,
    /// The data, with the rows of this part.
    pub json: Value,
    /// Rows of this part.
    pub rows: usize,
    /// Where the next part begins; none at the end.
    pub next: Option<LogPlace>,
}

impl<S: Store, D: Documents> Engine<S, D> {
    /// The part of a log book after `place`. That the book was opened is recorded in the chain
    /// `sys:log_book`, before anything of it is shown.
    ///
    /// # Errors
    /// [`EngineError::PermissionDenied`] for whoever handles no dossiers in the centre;
    /// [`EngineError::Invalid`] for a period that is too long or ends before it begins.
    pub async fn log_book(
        &self,
        caller: &Caller,
        book: &LogBook,
        place: Option<LogPlace>,
    ) -> Result<LogPart, EngineError> {
        let unit = book.unit.as_ref().or(caller.unit.as_ref()).cloned().unwrap_or_default();
        if !opens_log_book(caller.unit.as_deref(), &caller.roles, &unit) {
            let needed = "a role that works on dossiers, in the unit of the log book".into();
            return Err(EngineError::PermissionDenied { needed });
        }
        let period = LogPeriod { unit: &unit, from: book.from, to: book.to };
        let (from, until) = instants(period)?;
        if place.is_none() {
            self.record_log_book(caller, period).await?;
        }
        let (after, before) = (place.map(|place| place.after), place.map_or(0, |place| place.rows));
        let limit = limits::LOG_BOOK_PART_ROWS;
        let query = ReceptionQuery { unit: unit.clone(), from, until, after, limit };
        let dossiers = self.0.store.received(&query).await?;
        let last = dossiers.last().filter(|_| dossiers.len() == limit as usize);
        let last = last.and_then(|last| Some((last.received_at?, last.id)));
        let json = self.log_rows(period, before, &dossiers).await?;
        let rows = json["rows"].as_array().map_or(0, Vec::len);
        Ok(LogPart {
            serial: json["serial"].as_str().unwrap_or_default().into(),
            template: TEMPLATE.into(),
            json,
            rows,
            next: last.map(|after| LogPlace { after, rows: before + rows }),
        })
    }

    async fn log_rows(
        &self,
        period: LogPeriod<'_>,
        before: usize,
        dossiers: &[Dossier],
    ) -> Result<Value, EngineError> {
        let mut known = Vec::with_capacity(dossiers.len());
        for dossier in dossiers {
            let picture = self.picture_with(&dossier.procedure.digest).await?;
            let procedure = pinned(&picture, &dossier.procedure.digest)?;
            let persons: Vec<Person> = self.persons(dossier.id).await?;
            known.push((dossier, persons, procedure));
        }
        let entries = known.iter().map(|(dossier, persons, procedure)| LogEntry {
            dossier,
            persons,
            procedure,
        });
        let entries: Vec<LogEntry<'_>> = entries.collect();
        Ok(log_book(period, before, &entries, &self.units()))
    }

    async fn record_log_book(
        &self,
        caller: &Caller,
        period: LogPeriod<'_>,
    ) -> Result<(), EngineError> {
        let chain = ChainId::parse("sys:log_book")
            .map_err(|error| EngineError::Corrupt(error.to_string()))?;
        let (from, to) = (period.from.to_string(), period.to.to_string());
        let book = json!({ "unit": period.unit, "from": from, "to": to });
        let fields = vec![
            ("actor".to_owned(), canonical(caller.as_actor_json())?),
            ("book".to_owned(), canonical(book)?),
        ];
        let event = NewEvent { kind: "print".into(), to: None, def: None, fields };
        self.append(&chain, event, Vec::new()).await
    }
}

/// The instants of a period that is not too long.
fn instants(period: LogPeriod<'_>) -> Result<(Timestamp, Timestamp), EngineError> {
    let days = period.from.until(period.to).map_or(i32::MAX, |span| span.get_days());
    let most = limits::LOG_BOOK_DAYS_MAX;
    let instants = period.instants().filter(|_| (0..most).contains(&days));
    instants.ok_or_else(|| {
        invalid(
            "to",
            "PERIOD",
            &format!("Kỳ của sổ phải từ 1 đến {most} ngày, ngày cuối không trước ngày đầu."),
            &format!("A log book covers 1 to {most} days: from the first day to this one."),
        )
    })
}
