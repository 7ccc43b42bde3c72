//! All commits of a transaction: a verdict on each, then the rows of those accepted.

use std::collections::BTreeMap;

use motcua_store::StoreError;
use rusqlite::Connection;

use super::counts::Counts;
use super::verdict::{self, Known};
use super::{dossiers, histories, personal};
use crate::error::Failure;
use crate::prepare::{DossierRows, Prepared, RegisterRows, SnapshotRow};

/// What the accepted commits of one dossier leave: several in one transaction become one row.
pub(super) struct Net<'a> {
    /// Version in the store before them; 0 if they create the dossier.
    pub(super) before: i64,
    /// The last of them.
    pub(super) last: &'a DossierRows,
    pub(super) timers: BTreeMap<&'a str, Option<i64>>,
    pub(super) received_at: Option<i64>,
    pub(super) snapshot: Option<&'a SnapshotRow>,
    pub(super) form: Option<&'a str>,
    pub(super) search: &'a [(i64, String)],
    pub(super) tracking: &'a [String],
}

impl<'a> Net<'a> {
    fn add(&mut self, rows: &'a DossierRows) {
        self.last = rows;
        self.timers.extend(rows.timers.iter().map(|(name, at)| (name.as_str(), *at)));
        self.received_at = rows.received_at.or(self.received_at);
        self.snapshot = rows.snapshot.as_ref().or(self.snapshot);
        self.form = rows.form.as_deref().or(self.form);
        if !rows.search.is_empty() {
            self.search = &rows.search;
        }
        if !rows.tracking.is_empty() {
            self.tracking = &rows.tracking;
        }
    }
}

/// Judges and writes commits in order.
pub(crate) fn write(
    connection: &Connection,
    commits: &[&Prepared],
) -> Result<Vec<Result<(), StoreError>>, Failure> {
    let mut known = Known::read(connection, commits)?;
    let verdicts: Vec<_> =
        commits.iter().map(|commit| verdict::judge(&mut known, commit)).collect();
    let accepted = || {
        let pairs = commits.iter().zip(&verdicts);
        pairs.filter(|(_, verdict)| verdict.is_ok()).map(|(commit, _)| *commit)
    };
    let mut nets: BTreeMap<&str, Net<'_>> = BTreeMap::new();
    let mut registers: Vec<&RegisterRows> = Vec::new();
    for commit in accepted() {
        match commit {
            Prepared::Dossier(rows) => {
                let fresh = || Net {
                    before: rows.expected,
                    last: rows,
                    timers: BTreeMap::new(),
                    received_at: None,
                    snapshot: None,
                    form: None,
                    search: &[],
                    tracking: &[],
                };
                nets.entry(&rows.dossier.id).or_insert_with(fresh).add(rows);
            }
            Prepared::Register(rows) => registers.push(rows),
        }
    }
    histories::append(connection, accepted())?;
    histories::write_registers(connection, &registers)?;
    let mut counts = Counts::default();
    for net in nets.values() {
        dossiers::write(connection, net, &known, &mut counts)?;
    }
    counts.write(connection)?;
    for commit in accepted() {
        match commit {
            Prepared::Dossier(rows) => {
                personal::file_documents(connection, rows)?;
                dossiers::settle_reservations(connection, rows, &known)?;
            }
            Prepared::Register(_) => {}
        }
    }
    Ok(verdicts)
}
