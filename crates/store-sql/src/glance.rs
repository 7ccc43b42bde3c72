//! A look into a database that leaves it as it is: for tools beside a service that runs, and on
//! data of another version of the program.

use std::path::Path;
use std::sync::Arc;

use motcua_audit::{ChainId, ChainVerifier, Hash, Header};
use motcua_dossiers::codec;
use motcua_store::StoreError;
use motcua_store::contract::{DossierKey, RegisterEntry, RegisterKind, dossier_chain};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use uuid::Uuid;

use crate::database::Argument::{Id, Integer, Text};
use crate::database::{Reads, Statement};
use crate::desk::SETTING_READ;
use crate::error::{Columns, Failure};
use crate::postgres;
use crate::read::{dossiers, histories};
use crate::store::Options;

const TABLE_STANDS: Statement = Statement {
    sqlite: "-- table_stands
    SELECT EXISTS (SELECT 1 FROM pragma_table_list WHERE schema = 'main' AND name = $1) AS stands",
    postgres: "-- table_stands
    SELECT to_regclass($1) IS NOT NULL AS stands",
};

const HEADS_OF_DOSSIERS: &str = "-- heads_of_dossiers
    SELECT id, version AS seq, head_hash AS hash FROM dossier WHERE id > $1 ORDER BY id LIMIT $2";
const HEADS_OF_OTHERS: &str = "-- heads_of_others
    SELECT chain, seq, hash FROM chain_head WHERE chain > $1 ORDER BY chain LIMIT $2";
const DOCUMENTS_NAMED: &str = "-- documents_named
    SELECT sha256 FROM document_reference WHERE sha256 > $1 ORDER BY sha256 LIMIT $2";
const DOCUMENTS_UPLOADED: &str = "-- documents_uploaded
    SELECT DISTINCT sha256 FROM upload WHERE sha256 > $1 ORDER BY sha256 LIMIT $2";
const UPLOAD_STANDS: &str = "-- upload_stands
    SELECT EXISTS (SELECT 1 FROM upload WHERE id = $1) AS stands";
/// All of them: nothing but a count tells how many there are.
const EVENTS_COUNTED: &str = "-- events_counted
    SELECT count(*) AS events FROM event";
/// Takes a snapshot: whoever writes meanwhile goes on.
const COPY_INTO: &str = "-- copy_into
    VACUUM INTO $1";

pub(crate) const STATEMENTS: &[Statement] = &[
    TABLE_STANDS,
    Statement::both(HEADS_OF_DOSSIERS),
    Statement::both(HEADS_OF_OTHERS),
    Statement::both(DOCUMENTS_NAMED),
    Statement::both(DOCUMENTS_UPLOADED),
    Statement::both(UPLOAD_STANDS),
    Statement::both(EVENTS_COUNTED),
];

/// Longest time of a statement that counts all events or all open work on a server, which grow for ever
/// or may be many: nobody waits for it but who asked.
pub const COUNTING_TIMEOUT_S: u64 = 1_800;

/// Rows read at once.
const PAGE_ROWS: i64 = 500;

/// Head of a chain, as the database keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Name of the chain.
    pub chain: ChainId,
    /// Number of its last event.
    pub seq: u64,
    /// Hash of its last event.
    pub hash: Hash,
}

/// A database that is only read: nothing is migrated, made or settled, and no writer runs.
#[derive(Debug)]
pub struct Glance {
    reads: Reads,
    /// The same database for what goes through a table.
    counting: Reads,
}

impl Glance {
    /// Opens the SQLite file, which is there.
    pub fn at(path: &Path, options: &Options) -> Self {
        let connect = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .read_only(true)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(options.busy_timeout);
        let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(options.read_wait);
        let reads = Reads::Sqlite(pool.connect_lazy_with(connect));
        Self { counting: reads.clone(), reads }
    }

    /// Looks into the PostgreSQL database of a `postgres://` URL.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the text is no such URL, or nobody answers there.
    pub async fn of(url: &str, options: &Options) -> Result<Self, StoreError> {
        postgres::reach(url).await?;
        Ok(Self {
            reads: Reads::Postgres(postgres::lazy_reads(url, options, 1)?),
            counting: Reads::Postgres(postgres::lazy_counts(url, options)?),
        })
    }

    /// Register entries, oldest first; none where the database has no such table yet.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be read, or is none.
    pub async fn register(&self, kind: RegisterKind) -> Result<Vec<RegisterEntry>, StoreError> {
        if !self.stands("register_entry").await? {
            return Ok(Vec::new());
        }
        Ok(histories::register(&self.reads, kind).await?)
    }

    /// A setting, where it was settled.
    ///
    /// # Errors
    /// As [`Self::register`].
    pub async fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        if !self.stands("setting").await? {
            return Ok(None);
        }
        Ok(setting(&self.reads, key).await?)
    }

    /// Heads of all chains: those of the dossiers by id, then the others by name. `after` is the
    /// last one of the page before; an empty page is the end.
    ///
    /// # Errors
    /// As [`Self::register`].
    pub async fn heads(&self, after: Option<&Head>) -> Result<Vec<Head>, StoreError> {
        let last = after.map_or("", |head| head.chain.as_str());
        let dossier = last.strip_prefix("dossier:").and_then(|id| Uuid::parse_str(id).ok());
        if after.is_none() || dossier.is_some() {
            let arguments = [Id(dossier.unwrap_or_default()), Integer(PAGE_ROWS)];
            let mut heads = Vec::new();
            for row in self.reads.rows(HEADS_OF_DOSSIERS, &arguments).await? {
                let columns = Columns::new(&row, "dossier", "id");
                let chain = dossier_chain(columns.id("id")?);
                let (seq, hash) = (columns.number("seq")?, columns.hash("hash")?);
                heads.push(Head { chain, seq, hash });
            }
            if !heads.is_empty() {
                return Ok(heads);
            }
        }
        let last = if dossier.is_some() { "" } else { last };
        let mut heads = Vec::new();
        for row in self.reads.rows(HEADS_OF_OTHERS, &[Text(last), Integer(PAGE_ROWS)]).await? {
            let columns = Columns::new(&row, "chain_head", "chain");
            let chain = ChainId::parse(columns.get("chain")?);
            let chain = chain.map_err(|_| columns.corrupt("chain"))?;
            heads.push(Head { chain, seq: columns.number("seq")?, hash: columns.hash("hash")? });
        }
        Ok(heads)
    }

    /// Recomputes a chain from the stored bytes, and folds that of a dossier into its stored state.
    /// Answers what does not agree, in words; nothing is recorded. Nobody may write meanwhile.
    ///
    /// # Errors
    /// As [`Self::register`]. A row that cannot be read is a finding.
    pub async fn verify(&self, origin: &str, head: &Head) -> Result<Vec<String>, StoreError> {
        match self.differences(origin, head).await {
            Err(error @ (StoreError::Corrupt { .. } | StoreError::MovedAway { .. })) => {
                Ok(vec![error.to_string()])
            }
            found => found,
        }
    }

    async fn differences(&self, origin: &str, head: &Head) -> Result<Vec<String>, StoreError> {
        let chain = &head.chain;
        let id = chain.as_str().strip_prefix("dossier:").and_then(|id| Uuid::parse_str(id).ok());
        let mut verifier = ChainVerifier::new(origin, chain.clone());
        let mut findings = Vec::new();
        let (mut folded, mut after) = (None, 0);
        loop {
            let limit = u32::try_from(PAGE_ROWS).expect("a page is small");
            let events = histories::events(&self.reads, chain, after, limit).await?;
            let Some(last) = events.last() else { break };
            after = last.seq;
            for event in &events {
                let slots = &event.slots;
                let found =
                    verifier.push_stored(&event.header, &event.hash, &event.commitments, slots);
                findings.extend(found.into_iter().map(|finding| finding.message));
                if let (Some(id), Ok(header)) = (id, Header::decode(&event.header)) {
                    match codec::fold(folded.take(), id, &header, event.opened()) {
                        Ok(next) => folded = Some(next),
                        Err(error) => findings.push(error.to_string()),
                    }
                }
            }
        }
        let recomputed = verifier.head().map(|head| (head.seq, head.hash));
        if recomputed != Some((head.seq, head.hash)) {
            findings.push("the history does not end in the stored head".to_owned());
        }
        if let Some(id) = id {
            match dossiers::load(&self.reads, &DossierKey::Id(id)).await {
                Ok(loaded) => {
                    if loaded.map(|loaded| Arc::unwrap_or_clone(loaded.dossier)) != folded {
                        findings.push("the history does not yield the stored state".to_owned());
                    }
                }
                // The state is made of the last events, which may be what was changed.
                Err(Failure::Corrupt(error)) => findings.push(error.to_string()),
                Err(failure) => return Err(failure.into()),
            }
        }
        Ok(findings)
    }

    /// Number of events of all histories; 0 where the database has no such table yet. Goes through all of
    /// them, on a server for as long as [`COUNTING_TIMEOUT_S`].
    ///
    /// # Errors
    /// As [`Self::register`].
    pub async fn events(&self) -> Result<u64, StoreError> {
        if !self.stands("event").await? {
            return Ok(0);
        }
        let row = self.counting.one(EVENTS_COUNTED, &[]).await?;
        Ok(Columns::new(&row, "event", "events").number("events")?)
    }

    /// Documents by their digest: those that histories name, or those that only uploads hold too.
    /// `after` is the last one of the page before; an empty page is the end.
    ///
    /// # Errors
    /// As [`Self::register`].
    pub async fn documents(&self, named: bool, after: &str) -> Result<Vec<String>, StoreError> {
        let table = if named { "document_reference" } else { "upload" };
        if !self.stands(table).await? {
            return Ok(Vec::new());
        }
        let statement = if named { DOCUMENTS_NAMED } else { DOCUMENTS_UPLOADED };
        let rows = self.reads.rows(statement, &[Text(after), Integer(PAGE_ROWS)]).await?;
        let digests = rows.iter().map(|row| Columns::new(row, table, "sha256").get("sha256"));
        Ok(digests.collect::<Result<_, _>>()?)
    }

    /// Whether there is an upload of this id.
    ///
    /// # Errors
    /// As [`Self::register`].
    pub async fn has_upload(&self, id: Uuid) -> Result<bool, StoreError> {
        if !self.stands("upload").await? {
            return Ok(false);
        }
        let row = self.reads.one(UPLOAD_STANDS, &[Id(id)]).await?;
        Ok(Columns::new(&row, "upload", "stands").get("stands")?)
    }

    /// Writes a copy of a SQLite database as it is at one instant, while others go on writing. The
    /// bytes may not be on the disk yet.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be read or written, or is no file.
    pub async fn copy_into(&self, path: &Path) -> Result<(), StoreError> {
        let Reads::Sqlite(_) = &self.reads else {
            return Err(StoreError::Unavailable("the database is no file".to_owned()));
        };
        let Some(path) = path.to_str() else {
            return Err(StoreError::Unavailable("the name of the copy is no text".to_owned()));
        };
        self.reads.rows(COPY_INTO, &[Text(path)]).await?;
        Ok(())
    }

    pub(crate) fn reads(&self) -> &Reads {
        &self.reads
    }

    pub(crate) fn counting(&self) -> &Reads {
        &self.counting
    }

    pub(crate) async fn stands(&self, table: &str) -> Result<bool, Failure> {
        let row = self.reads.one(TABLE_STANDS, &[Text(table)]).await?;
        Columns::new(&row, "pragma_table_list", "stands").get("stands")
    }

    /// Closes the database.
    pub async fn close(self) {
        self.reads.close().await;
        self.counting.close().await;
    }
}

pub(crate) async fn setting(reads: &Reads, key: &str) -> Result<Option<String>, Failure> {
    let row = reads.row(SETTING_READ, &[Text(key)]).await?;
    row.map(|row| Columns::new(&row, "setting", "value").get("value")).transpose()
}
