//! Whether commits may be written: what the store holds is read in a few statements, then each
//! commit is judged in memory, in order, as if those before it were written.
//!
//! The transaction holds the write lock from its beginning, so what was read here stays true.

use std::collections::{BTreeMap, HashMap, HashSet};

use motcua_store::StoreError;
use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::error::{Columns, Failure};
use crate::prepare::{Bound, DossierRows, Identity, Prepared, RegisterRows};
use crate::sqlite::rows::Rows;

static DOSSIER_STANDING: Rows = Rows::new(
    "-- dossier_standing
    SELECT d.id, d.version, d.code, d.external_source, d.external_id, d.parties,
        d.procedure_code, d.procedure_version, d.procedure_digest, d.closed
    FROM (VALUES ",
    "(?)",
    ") v CROSS JOIN dossier d ON d.id = v.column1",
);
static COMMAND_TAKEN: Rows = Rows::new(
    "-- command_taken
    SELECT e.chain, e.command_id
    FROM (VALUES ",
    "(?, ?)",
    ") v CROSS JOIN event e ON e.chain = v.column1 AND e.command_id = v.column2",
);
static CODE_TAKEN: Rows = Rows::new(
    "-- code_taken
    SELECT d.id, d.code
    FROM (VALUES ",
    "(?)",
    ") v CROSS JOIN dossier d ON d.code = v.column1",
);
static EXTERNAL_TAKEN: Rows = Rows::new(
    "-- external_taken
    SELECT d.id, d.external_source, d.external_id
    FROM (VALUES ",
    "(?, ?)",
    ") v CROSS JOIN dossier d ON d.external_source = v.column1 AND d.external_id = v.column2",
);
static NAME_STANDING: Rows = Rows::new(
    "-- name_standing
    SELECT r.name, r.dossier_id, r.until
    FROM (VALUES ",
    "(?)",
    ") v CROSS JOIN reservation r ON r.name = v.column1",
);
static CHAIN_STANDING: Rows = Rows::new(
    "-- chain_standing
    SELECT h.chain, h.seq
    FROM (VALUES ",
    "(?)",
    ") v CROSS JOIN chain_head h ON h.chain = v.column1",
);
static VERSION_TAKEN: Rows = Rows::new(
    "-- version_taken
    SELECT r.kind, r.code, r.version
    FROM (VALUES ",
    "(?, ?, ?)",
    ") v CROSS JOIN register_entry r
        ON r.kind = v.column1 AND r.code = v.column2 AND r.version = v.column3",
);

pub(super) const ROWS: &[&Rows] = &[
    &DOSSIER_STANDING,
    &COMMAND_TAKEN,
    &CODE_TAKEN,
    &EXTERNAL_TAKEN,
    &NAME_STANDING,
    &CHAIN_STANDING,
    &VERSION_TAKEN,
];

/// A dossier as the store holds it.
pub(super) struct Standing {
    pub(super) version: i64,
    pub(super) identity: Identity,
    pub(super) bound: Bound,
    pub(super) parties: String,
}

/// What the store holds of the subjects of a transaction, and what was accepted since.
#[derive(Default)]
pub(super) struct Known {
    /// Dossiers as they stood before the transaction.
    pub(super) dossiers: HashMap<String, Standing>,
    versions: HashMap<String, i64>,
    commands: HashSet<(String, Uuid)>,
    /// Holder by code.
    codes: HashMap<String, String>,
    /// Holder by external reference.
    externals: HashMap<(String, String), String>,
    /// Holder by reserved name.
    names: HashMap<String, String>,
    /// Names and their holders that have no end, as they stood before the transaction.
    lasting: HashSet<(String, String)>,
    entries: HashSet<(String, String, String)>,
}

impl Known {
    pub(super) async fn read(
        connection: &mut SqliteConnection,
        commits: &[&Prepared],
    ) -> Result<Self, Failure> {
        let mut known = Self::default();
        let dossiers: Vec<&DossierRows> = commits
            .iter()
            .filter_map(|commit| match commit {
                Prepared::Dossier(rows) => Some(&**rows),
                Prepared::Register(_) => None,
            })
            .collect();
        let registers: Vec<&RegisterRows> = commits
            .iter()
            .filter_map(|commit| match commit {
                Prepared::Dossier(_) => None,
                Prepared::Register(rows) => Some(&**rows),
            })
            .collect();
        known.read_dossiers(connection, &dossiers).await?;
        known.read_names(connection, &dossiers).await?;
        known.read_registers(connection, &registers).await?;
        Ok(known)
    }

    async fn read_dossiers(
        &mut self,
        connection: &mut SqliteConnection,
        commits: &[&DossierRows],
    ) -> Result<(), Failure> {
        let bind_id = |query: crate::sqlite::rows::Binding, rows: &&DossierRows| {
            query.bind(rows.dossier.id.clone())
        };
        for row in DOSSIER_STANDING.read(connection, commits, bind_id).await? {
            let columns = Columns::new(&row, "dossier", "id");
            let id: String = columns.get("id")?;
            let external = match columns.get("external_source")? {
                Some(source) => Some((source, columns.get("external_id")?)),
                None => None,
            };
            let standing = Standing {
                version: columns.get("version")?,
                identity: Identity { code: columns.get("code")?, external },
                bound: Bound {
                    code: columns.get("procedure_code")?,
                    version: columns.get("procedure_version")?,
                    digest: columns.get("procedure_digest")?,
                    closed: columns.get("closed")?,
                },
                parties: columns.get("parties")?,
            };
            self.versions.insert(id.clone(), standing.version);
            self.dossiers.insert(id, standing);
        }
        // What creates a dossier cannot repeat a command of it.
        let commands: Vec<(&str, Uuid)> = commits
            .iter()
            .filter(|rows| rows.expected > 0)
            .flat_map(|rows| {
                let commands = rows.events.iter().filter_map(|event| event.command);
                commands.map(|command| (rows.dossier.chain.as_str(), command))
            })
            .collect();
        let found = COMMAND_TAKEN.read(connection, &commands, |query, (chain, command)| {
            query.bind((*chain).to_owned()).bind(command.to_string())
        });
        for row in found.await? {
            let columns = Columns::new(&row, "event", "chain");
            self.commands.insert((columns.get("chain")?, columns.id("command_id")?));
        }
        Ok(())
    }

    /// Reads who holds the names that commits give to their dossiers.
    async fn read_names(
        &mut self,
        connection: &mut SqliteConnection,
        commits: &[&DossierRows],
    ) -> Result<(), Failure> {
        let named: Vec<&&DossierRows> = commits.iter().filter(|rows| self.renames(rows)).collect();
        let codes: Vec<&str> =
            named.iter().filter_map(|rows| rows.dossier.identity.code.as_deref()).collect();
        let found =
            CODE_TAKEN.read(connection, &codes, |query, code| query.bind((*code).to_owned()));
        for row in found.await? {
            let columns = Columns::new(&row, "dossier", "id");
            self.codes.insert(columns.get("code")?, columns.get("id")?);
        }
        let externals: Vec<&(String, String)> =
            named.iter().filter_map(|rows| rows.dossier.identity.external.as_ref()).collect();
        let found = EXTERNAL_TAKEN.read(connection, &externals, |query, (source, id)| {
            query.bind(source.clone()).bind(id.clone())
        });
        for row in found.await? {
            let columns = Columns::new(&row, "dossier", "id");
            let external = (columns.get("external_source")?, columns.get("external_id")?);
            self.externals.insert(external, columns.get("id")?);
        }
        self.read_reservations(connection, commits).await
    }

    async fn read_reservations(
        &mut self,
        connection: &mut SqliteConnection,
        commits: &[&DossierRows],
    ) -> Result<(), Failure> {
        let names: Vec<&String> =
            commits.iter().flat_map(|rows| rows.held.iter().chain(&rows.released)).collect();
        let found =
            NAME_STANDING.read(connection, &names, |query, name| query.bind((*name).clone()));
        for row in found.await? {
            let columns = Columns::new(&row, "reservation", "name");
            let (name, holder): (String, String) =
                (columns.get("name")?, columns.get("dossier_id")?);
            if columns.get::<Option<i64>>("until")?.is_none() {
                self.lasting.insert((name.clone(), holder.clone()));
            }
            self.names.insert(name, holder);
        }
        Ok(())
    }

    async fn read_registers(
        &mut self,
        connection: &mut SqliteConnection,
        commits: &[&RegisterRows],
    ) -> Result<(), Failure> {
        let found =
            CHAIN_STANDING.read(connection, commits, |query, rows| query.bind(rows.chain.clone()));
        for row in found.await? {
            let columns = Columns::new(&row, "chain_head", "chain");
            self.versions.insert(columns.get("chain")?, columns.get("seq")?);
        }
        let entries: Vec<_> = commits.iter().flat_map(|rows| &rows.entries).collect();
        let found = VERSION_TAKEN.read(connection, &entries, |query, row| {
            query.bind(row.kind).bind(row.entry.code.clone()).bind(row.entry.version.clone())
        });
        for row in found.await? {
            let columns = Columns::new(&row, "register_entry", "code");
            let entry = (columns.get("kind")?, columns.get("code")?, columns.get("version")?);
            self.entries.insert(entry);
        }
        Ok(())
    }

    /// Whether the dossier held the name without an end before the transaction, and still does.
    pub(super) fn is_held_for_good(&self, name: &str, dossier: &str) -> bool {
        self.lasting.contains(&(name.to_owned(), dossier.to_owned()))
    }

    /// Whether a commit gives its dossier another code or external reference than it has.
    pub(super) fn renames(&self, rows: &DossierRows) -> bool {
        let stands = self.dossiers.get(&rows.dossier.id);
        stands.is_none_or(|standing| standing.identity != rows.dossier.identity)
    }

    /// Whether a commit binds its dossier to another version, or ends it.
    pub(super) fn rebinds(&self, rows: &DossierRows) -> bool {
        let stands = self.dossiers.get(&rows.dossier.id);
        stands.is_none_or(|standing| standing.bound != rows.dossier.bound)
    }
}

/// Judges a commit and counts it as written if it is accepted.
pub(super) fn judge(known: &mut Known, commit: &Prepared) -> Result<(), StoreError> {
    match commit {
        Prepared::Dossier(rows) => {
            let row = &rows.dossier;
            check_version(known, &row.id, &row.chain, rows.expected)?;
            check_unique(known, rows)?;
            known.versions.insert(row.id.clone(), row.version);
            take_names(known, rows);
        }
        Prepared::Register(rows) => {
            check_version(known, &rows.chain, &rows.chain, rows.expected)?;
            let entries = rows.entries.iter().map(|row| {
                (row.kind.to_owned(), row.entry.code.clone(), row.entry.version.clone())
            });
            let mut fresh = BTreeMap::new();
            for entry in entries {
                if known.entries.contains(&entry) || fresh.insert(entry, ()).is_some() {
                    return Err(StoreError::Taken { what: "register version" });
                }
            }
            known.entries.extend(fresh.into_keys());
            known.versions.insert(rows.chain.clone(), rows.head.seq);
        }
    }
    Ok(())
}

fn check_version(
    known: &Known,
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

fn check_unique(known: &Known, rows: &DossierRows) -> Result<(), StoreError> {
    let row = &rows.dossier;
    for command in rows.events.iter().filter_map(|event| event.command) {
        if known.commands.contains(&(row.chain.clone(), command)) {
            return Err(StoreError::Taken { what: "command id" });
        }
    }
    let other = |holder: Option<&String>| holder.is_some_and(|holder| *holder != row.id);
    if other(row.identity.code.as_ref().and_then(|code| known.codes.get(code))) {
        return Err(StoreError::Taken { what: "dossier code" });
    }
    if other(row.identity.external.as_ref().and_then(|key| known.externals.get(key))) {
        return Err(StoreError::Taken { what: "external reference" });
    }
    if rows.held.iter().any(|name| other(known.names.get(name))) {
        return Err(StoreError::Taken { what: "name" });
    }
    Ok(())
}

fn take_names(known: &mut Known, rows: &DossierRows) {
    let row = &rows.dossier;
    let commands = rows.events.iter().filter_map(|event| event.command);
    known.commands.extend(commands.map(|command| (row.chain.clone(), command)));
    let holder = || row.id.clone();
    for name in &rows.released {
        if known.names.get(name) == Some(&row.id) {
            known.names.remove(name);
            known.lasting.remove(&(name.clone(), holder()));
        }
    }
    known.names.extend(rows.held.iter().map(|name| (name.clone(), holder())));
    known.codes.extend(row.identity.code.iter().map(|code| (code.clone(), holder())));
    known.externals.extend(row.identity.external.iter().map(|key| (key.clone(), holder())));
}
