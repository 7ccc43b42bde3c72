//! Whether commits may be written: what the store holds is read by its keys, then each commit is
//! judged in memory, in order, as if those before it were written.
//!
//! The transaction holds the write lock from its beginning, so what was read here stays true.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use motcua_store::StoreError;
use rusqlite::types::FromSql;
use rusqlite::{Connection, OptionalExtension as _, Params, Row};
use uuid::Uuid;

use crate::error::Failure;
use crate::prepare::{Bound, DossierRows, Identity, Prepared, RegisterRows};

const DOSSIER_STANDING: &str = "-- dossier_standing
    SELECT version, code, external_source, external_id, parties, procedure_code,
        procedure_version, procedure_digest, closed
    FROM dossier WHERE id = ?1";
const COMMAND_TAKEN: &str = "-- command_taken
    SELECT 1 FROM event WHERE chain = ?1 AND command_id = ?2";
const CODE_TAKEN: &str = "-- code_taken
    SELECT id FROM dossier WHERE code = ?1";
const EXTERNAL_TAKEN: &str = "-- external_taken
    SELECT id FROM dossier WHERE external_source = ?1 AND external_id = ?2";
const NAME_STANDING: &str = "-- name_standing
    SELECT dossier_id, until FROM reservation WHERE name = ?1";
const CHAIN_STANDING: &str = "-- chain_standing
    SELECT seq FROM chain_head WHERE chain = ?1";
const VERSION_TAKEN: &str = "-- version_taken
    SELECT 1 FROM register_entry WHERE kind = ?1 AND code = ?2 AND version = ?3";

pub(super) const STATEMENTS: &[&str] = &[
    DOSSIER_STANDING,
    COMMAND_TAKEN,
    CODE_TAKEN,
    EXTERNAL_TAKEN,
    NAME_STANDING,
    CHAIN_STANDING,
    VERSION_TAKEN,
];

/// A dossier as the store holds it.
pub(super) struct Standing {
    version: i64,
    identity: Identity,
    bound: Bound,
    pub(super) parties: String,
}

impl Standing {
    fn of(id: &str, row: &Row<'_>) -> Result<Self, Failure> {
        let columns = Found { row, table: "dossier", key: id };
        let external = match columns.get(2, "external_source")? {
            Some(source) => Some((source, columns.get(3, "external_id")?)),
            None => None,
        };
        Ok(Self {
            version: columns.get(0, "version")?,
            identity: Identity { code: columns.get(1, "code")?, external },
            bound: Bound {
                code: columns.get(5, "procedure_code")?,
                version: columns.get(6, "procedure_version")?,
                digest: columns.get(7, "procedure_digest")?,
                closed: columns.get(8, "closed")?,
            },
            parties: columns.get(4, "parties")?,
        })
    }
}

/// A row that was found by its key.
struct Found<'r> {
    row: &'r Row<'r>,
    table: &'static str,
    key: &'r str,
}

impl Found<'_> {
    fn get<T: FromSql>(&self, index: usize, column: &'static str) -> Result<T, Failure> {
        self.row.get(index).map_err(|_| {
            let key = self.key.to_owned();
            Failure::Corrupt(StoreError::Corrupt { table: self.table, column, key })
        })
    }
}

/// What the store holds of the subjects of a transaction, and what was accepted since.
#[derive(Default)]
pub(super) struct Known<'a> {
    /// Dossiers as they stood before the transaction, none where there was none.
    dossiers: HashMap<&'a str, Option<Standing>>,
    versions: HashMap<&'a str, i64>,
    commands: HashSet<(&'a str, Uuid)>,
    /// Holder by code.
    codes: HashMap<&'a str, Cow<'a, str>>,
    /// Holder by external reference.
    externals: HashMap<&'a (String, String), Cow<'a, str>>,
    /// Holder by reserved name.
    names: HashMap<&'a str, Cow<'a, str>>,
    /// Holders of the names that have no end, as they stood before the transaction.
    lasting: HashMap<&'a str, String>,
    entries: HashSet<(&'static str, &'a str, &'a str)>,
}

impl<'a> Known<'a> {
    pub(super) fn read(connection: &Connection, commits: &[&'a Prepared]) -> Result<Self, Failure> {
        let mut known = Self::default();
        for commit in commits {
            match commit {
                Prepared::Dossier(rows) => {
                    known.read_dossier(connection, rows)?;
                    known.read_names(connection, rows)?;
                }
                Prepared::Register(rows) => known.read_register(connection, rows)?,
            }
        }
        Ok(known)
    }

    fn read_dossier(
        &mut self,
        connection: &Connection,
        rows: &'a DossierRows,
    ) -> Result<(), Failure> {
        let id = rows.dossier.id.as_str();
        if !self.dossiers.contains_key(id) {
            let standing = find(connection, DOSSIER_STANDING, [id], |row| Standing::of(id, row))?;
            if let Some(standing) = &standing {
                self.versions.insert(id, standing.version);
            }
            self.dossiers.insert(id, standing);
        }
        // What creates a dossier cannot repeat a command of it.
        let before = if rows.expected > 0 { rows.events.as_slice() } else { &[] };
        let chain = rows.dossier.chain.as_str();
        let mut text = Uuid::encode_buffer();
        for command in before.iter().filter_map(|event| event.command) {
            let key = [chain, command.hyphenated().encode_lower(&mut text)];
            if connection.prepare_cached(COMMAND_TAKEN)?.exists(key)? {
                self.commands.insert((chain, command));
            }
        }
        Ok(())
    }

    /// Reads who holds the names that a commit gives to its dossier.
    fn read_names(
        &mut self,
        connection: &Connection,
        rows: &'a DossierRows,
    ) -> Result<(), Failure> {
        let identity = &rows.dossier.identity;
        if self.renames(rows) {
            if let Some(code) = &identity.code
                && let Some(holder) = holder(connection, CODE_TAKEN, [code], code)?
            {
                self.codes.insert(code, holder.into());
            }
            if let Some(external @ (source, id)) = &identity.external
                && let Some(holder) = holder(connection, EXTERNAL_TAKEN, [source, id], id)?
            {
                self.externals.insert(external, holder.into());
            }
        }
        for name in rows.held.iter().chain(&rows.released) {
            let found = find(connection, NAME_STANDING, [name], |row| {
                let columns = Found { row, table: "reservation", key: name };
                let until: Option<i64> = columns.get(1, "until")?;
                Ok((columns.get::<String>(0, "dossier_id")?, until))
            })?;
            let Some((holder, until)) = found else { continue };
            if until.is_none() {
                self.lasting.insert(name, holder.clone());
            }
            self.names.insert(name, holder.into());
        }
        Ok(())
    }

    fn read_register(
        &mut self,
        connection: &Connection,
        rows: &'a RegisterRows,
    ) -> Result<(), Failure> {
        let seq = find(connection, CHAIN_STANDING, [&rows.chain], |row| {
            Found { row, table: "chain_head", key: &rows.chain }.get(0, "seq")
        })?;
        self.versions.extend(seq.map(|seq: i64| (rows.chain.as_str(), seq)));
        for row in &rows.entries {
            let key = (row.kind, row.entry.code.as_str(), row.entry.version.as_str());
            if connection.prepare_cached(VERSION_TAKEN)?.exists(key)? {
                self.entries.insert(key);
            }
        }
        Ok(())
    }

    /// The dossier as it stood before the transaction.
    pub(super) fn standing(&self, dossier: &str) -> Option<&Standing> {
        self.dossiers.get(dossier)?.as_ref()
    }

    /// Whether the dossier held the name without an end before the transaction, and still does.
    pub(super) fn is_held_for_good(&self, name: &str, dossier: &str) -> bool {
        self.lasting.get(name).is_some_and(|holder| holder == dossier)
    }

    /// Whether a commit gives its dossier another code or external reference than it has.
    pub(super) fn renames(&self, rows: &DossierRows) -> bool {
        let stands = self.standing(&rows.dossier.id);
        stands.is_none_or(|standing| standing.identity != rows.dossier.identity)
    }

    /// Whether a commit binds its dossier to another version, or ends it.
    pub(super) fn rebinds(&self, rows: &DossierRows) -> bool {
        let stands = self.standing(&rows.dossier.id);
        stands.is_none_or(|standing| standing.bound != rows.dossier.bound)
    }
}

fn find<T>(
    connection: &Connection,
    statement: &str,
    key: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    let mut statement = connection.prepare_cached(statement)?;
    statement.query_row(key, |row| Ok(read(row))).optional()?.transpose()
}

/// Which dossier has a name of its own.
fn holder(
    connection: &Connection,
    statement: &str,
    arguments: impl Params,
    name: &str,
) -> Result<Option<String>, Failure> {
    let read = |row: &Row<'_>| Found { row, table: "dossier", key: name }.get(0, "id");
    find(connection, statement, arguments, read)
}

/// Judges a commit and counts it as written if it is accepted.
pub(super) fn judge<'a>(known: &mut Known<'a>, commit: &'a Prepared) -> Result<(), StoreError> {
    match commit {
        Prepared::Dossier(rows) => {
            let row = &rows.dossier;
            check_version(known, &row.id, &row.chain, rows.expected)?;
            check_unique(known, rows)?;
            known.versions.insert(&row.id, row.version);
            take_names(known, rows);
        }
        Prepared::Register(rows) => {
            check_version(known, &rows.chain, &rows.chain, rows.expected)?;
            let entries = rows.entries.iter();
            let entries = entries.map(|row| (row.kind, &*row.entry.code, &*row.entry.version));
            let mut fresh = BTreeSet::new();
            for entry in entries {
                if known.entries.contains(&entry) || !fresh.insert(entry) {
                    return Err(StoreError::Taken { what: "register version" });
                }
            }
            known.entries.extend(fresh);
            known.versions.insert(&rows.chain, rows.head.seq);
        }
    }
    Ok(())
}

fn check_version(
    known: &Known<'_>,
    subject: &str,
    chain: &str,
    expected: i64,
) -> Result<(), StoreError> {
    let actual = known.versions.get(subject).copied().unwrap_or(0);
    if actual == expected {
        return Ok(());
    }
    Err(StoreError::Stale {
        chain: chain.to_owned(),
        expected: expected.unsigned_abs(),
        actual: actual.unsigned_abs(),
    })
}

fn check_unique(known: &Known<'_>, rows: &DossierRows) -> Result<(), StoreError> {
    let row = &rows.dossier;
    for command in rows.events.iter().filter_map(|event| event.command) {
        if known.commands.contains(&(row.chain.as_str(), command)) {
            return Err(StoreError::Taken { what: "command id" });
        }
    }
    let other = |holder: Option<&Cow<'_, str>>| holder.is_some_and(|holder| **holder != row.id);
    if other(row.identity.code.as_ref().and_then(|code| known.codes.get(code.as_str()))) {
        return Err(StoreError::Taken { what: "dossier code" });
    }
    if other(row.identity.external.as_ref().and_then(|key| known.externals.get(key))) {
        return Err(StoreError::Taken { what: "external reference" });
    }
    if rows.held.iter().any(|name| other(known.names.get(name.as_str()))) {
        return Err(StoreError::Taken { what: "name" });
    }
    Ok(())
}

fn take_names<'a>(known: &mut Known<'a>, rows: &'a DossierRows) {
    let row = &rows.dossier;
    let commands = rows.events.iter().filter_map(|event| event.command);
    known.commands.extend(commands.map(|command| (row.chain.as_str(), command)));
    for name in &rows.released {
        if known.names.get(name.as_str()).is_some_and(|holder| **holder == row.id) {
            known.names.remove(name.as_str());
            known.lasting.remove(name.as_str());
        }
    }
    let holder = || Cow::Borrowed(row.id.as_str());
    known.names.extend(rows.held.iter().map(|name| (name.as_str(), holder())));
    known.codes.extend(row.identity.code.iter().map(|code| (code.as_str(), holder())));
    known.externals.extend(row.identity.external.iter().map(|key| (key, holder())));
}
