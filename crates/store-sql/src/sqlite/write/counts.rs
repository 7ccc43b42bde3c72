//! How many items the queues hold that nothing bounds: what the commits of a transaction change of it.
//!
//! A row per kind of item and not per commit: whatever many commits do to one number is written once.

use std::borrow::Cow;
use std::collections::BTreeMap;

use motcua_procedures::{Role, Status};
use rusqlite::{Connection, Row, params};

use super::execute;
use crate::error::Failure;
use crate::prepare::{DossierRow, ItemRow};

const QUEUE_COUNT_CHANGE: &str = "-- queue_count_change
    INSERT INTO queue_count (unit, status, role, procedure, claimed, items)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (unit, status, role, procedure, claimed) DO UPDATE SET items = items + excluded.items";

pub(super) const STATEMENTS: &[&str] = &[QUEUE_COUNT_CHANGE];

/// What is counted as one: see the migration that made `queue_count`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind<'a> {
    unit: Cow<'a, str>,
    status: i64,
    role: Cow<'a, str>,
    procedure: Cow<'a, str>,
    claimed: bool,
}

/// Items gained and lost.
#[derive(Default)]
pub(super) struct Counts<'a>(BTreeMap<Kind<'a>, i64>);

impl<'a> Counts<'a> {
    /// An item that is there from now on.
    pub(super) fn gain(&mut self, dossier: &'a DossierRow, item: &'a ItemRow) {
        let kind = Kind {
            unit: Cow::Borrowed(&item.unit),
            status: dossier.status,
            role: Cow::Borrowed(item.role),
            procedure: Cow::Borrowed(&dossier.bound.code),
            claimed: item.assignee.is_some(),
        };
        self.add(kind, 1);
    }

    /// A row of `work_item` that goes, with the columns of these names.
    pub(super) fn lose(&mut self, row: &Row<'_>) -> Result<(), rusqlite::Error> {
        let text = |column: &str| row.get(column).map(Cow::Owned);
        let kind = Kind {
            unit: text("unit")?,
            status: row.get("status")?,
            role: text("role")?,
            procedure: text("procedure")?,
            claimed: row.get::<_, Option<String>>("assignee")?.is_some(),
        };
        self.add(kind, -1);
        Ok(())
    }

    fn add(&mut self, mut kind: Kind<'a>, change: i64) {
        let named =
            [Status::Submitted, Status::Completed].map(|status| i64::from(u8::from(status)));
        if !named.contains(&kind.status) {
            if kind.claimed && kind.role != Role::Applicant.as_str() {
                return;
            }
            kind.status = 0;
        }
        *self.0.entry(kind).or_default() += change;
    }

    /// Writes what has changed in all.
    pub(super) fn write(&self, connection: &Connection) -> Result<(), Failure> {
        for (kind, change) in self.0.iter().filter(|(_, change)| **change != 0) {
            let Kind { unit, status, role, procedure, claimed } = kind;
            let values = params![unit, status, role, procedure, claimed, change];
            execute(connection, QUEUE_COUNT_CHANGE, values)?;
        }
        Ok(())
    }
}
