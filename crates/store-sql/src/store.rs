//! The store: reads go to a pool, writes to whoever writes.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use motcua_audit::{ChainHead, ChainId};
use motcua_dossiers::dossier::Dossier;
use motcua_store::contract::{
    Claim, Commit, DossierKey, Draft, Expired, Loaded, ParkedTimer, PutOff, ReceptionQuery,
    RegisterEntry, RegisterKind, SearchQuery, StoredEvent, Upload, WorklistPage, WorklistQuery,
};
use motcua_store::{Store, StoreError};
use uuid::Uuid;

use crate::claims::{ClaimTimers, PutOffTimers, parked_page};
use crate::database::Reads;
use crate::desk::{
    CountGuess, DeleteDraft, Expire, FirstPrint, PutDraft, PutUpload, ReserveName, ReserveNumbers,
    Setting, TakeBackGuess, Write,
};
use crate::postgres::{self, KeepParts, Writers};
use crate::prepare::prepare;
use crate::read::{desk, dossiers, histories, searches, worklists};
use crate::sqlite;

/// Limits of a store.
#[derive(Clone, Debug)]
pub struct Options {
    /// Connections that read, 1 or more.
    pub read_connections: u32,
    /// Connections to PostgreSQL that write, 1 or more; a SQLite file has one writer.
    pub write_connections: u32,
    /// Pieces of work that may wait for the writer; one more is answered `Overloaded`.
    pub queue_jobs_max: usize,
    /// Commits after which a transaction takes no further work.
    pub commits_per_transaction_max: usize,
    /// How long a connection waits for a lock that another process holds, and PostgreSQL for one
    /// that another node holds.
    pub busy_timeout: Duration,
    /// How long a read waits for a free connection.
    pub read_wait: Duration,
    /// How long one statement or transaction of PostgreSQL may take.
    pub statement_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            read_connections: 3,
            write_connections: 3,
            queue_jobs_max: 8192,
            commits_per_transaction_max: 128,
            busy_timeout: Duration::from_secs(5),
            read_wait: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(10),
        }
    }
}

/// A store in one SQLite file, or in a PostgreSQL database that any number of nodes share.
#[derive(Debug)]
pub struct SqlStore {
    reads: Reads,
    writer: Writer,
}

#[derive(Debug)]
enum Writer {
    Sqlite {
        writer: sqlite::writer::Writer,
        path: PathBuf,
    },
    /// `pulse` is a connection apart, which no other work keeps busy.
    Postgres {
        writers: Writers,
        pulse: Reads,
    },
}

impl SqlStore {
    /// Opens the SQLite file, creating it and its folder where they are missing, and brings it to
    /// the newest schema. Call it on a tokio runtime: the writer's thread comes back to it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the file cannot be opened, a setting does not hold, the
    /// SQLite library is too old, or the schema is of a newer program.
    pub async fn open(path: &Path, options: Options) -> Result<Self, StoreError> {
        let (reads, writer) = sqlite::open::open(path, &options).await?;
        let writer = Writer::Sqlite { writer, path: path.to_owned() };
        Ok(Self { reads: Reads::Sqlite(reads), writer })
    }

    /// Connects to the PostgreSQL database of a `postgres://` URL and brings it to the newest
    /// schema. Call it on a tokio runtime: the writers run there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be reached, is too old, would not keep what was
    /// acknowledged, or has the schema of a newer program.
    pub async fn connect(url: &str, options: Options) -> Result<Self, StoreError> {
        let (reads, writers) = postgres::open(url, &options).await?;
        let pulse = Reads::Postgres(postgres::checked_reads(url, &options, 1)?);
        let writer = Writer::Postgres { writers, pulse };
        Ok(Self { reads: Reads::Postgres(reads), writer })
    }

    /// Finishes what waits, then closes the connections.
    pub async fn close(self) {
        match self.writer {
            Writer::Sqlite { writer, .. } => writer.stop().await,
            Writer::Postgres { writers, pulse } => {
                writers.stop().await;
                pulse.close().await;
            }
        }
        self.reads.close().await;
    }

    /// Transactions committed since the store was opened.
    pub fn transactions(&self) -> u64 {
        match &self.writer {
            Writer::Sqlite { writer, .. } => writer.transactions(),
            Writer::Postgres { writers, .. } => writers.transactions(),
        }
    }

    async fn write<W: Write>(&self, write: W) -> Result<W::Answer, StoreError> {
        match &self.writer {
            Writer::Sqlite { writer, .. } => writer.queue().write(write).await,
            Writer::Postgres { writers, .. } => writers.queue().write(write).await,
        }
    }
}

impl Store for SqlStore {
    type Hints = postgres::Listener;

    async fn commit(&self, batch: Vec<Commit>) -> Vec<Result<(), StoreError>> {
        let batch = batch.into_iter().map(prepare).collect();
        match &self.writer {
            Writer::Sqlite { writer, .. } => writer.queue().commit(batch).await,
            Writer::Postgres { writers, .. } => writers.queue().commit(batch).await,
        }
    }

    async fn load(&self, key: &DossierKey) -> Result<Option<Loaded>, StoreError> {
        Ok(dossiers::load(&self.reads, key).await?)
    }

    async fn load_with_events(
        &self,
        key: &DossierKey,
        after: u64,
        limit: u32,
    ) -> Result<Option<(Loaded, Vec<StoredEvent>)>, StoreError> {
        Ok(dossiers::load_with_events(&self.reads, key, after, limit).await?)
    }

    async fn load_all(&self, dossiers: &[Uuid]) -> Result<Vec<Loaded>, StoreError> {
        Ok(dossiers::load_all(&self.reads, dossiers).await?)
    }

    async fn versions(&self, dossiers: &[Uuid]) -> Result<Vec<(Uuid, u64)>, StoreError> {
        Ok(dossiers::versions(&self.reads, dossiers).await?)
    }

    fn is_shared(&self) -> bool {
        matches!(self.reads, Reads::Postgres(_))
    }

    async fn hint(&self, text: &str) -> Result<(), StoreError> {
        match &self.reads {
            Reads::Sqlite(_) => Ok(()),
            Reads::Postgres(_) => Ok(postgres::tell(&self.reads, text).await?),
        }
    }

    async fn hints(&self) -> Result<postgres::Listener, StoreError> {
        match &self.reads {
            Reads::Sqlite(_) => {
                Err(StoreError::Unavailable("a SQLite file has one process".into()))
            }
            Reads::Postgres(reads) => Ok(postgres::listen(&reads.pool).await?),
        }
    }

    async fn find_command(&self, dossier: Uuid, command: Uuid) -> Result<Option<u64>, StoreError> {
        Ok(histories::find_command(&self.reads, dossier, command).await?)
    }

    async fn chain_head(&self, chain: &ChainId) -> Result<Option<ChainHead>, StoreError> {
        Ok(histories::chain_head(&self.reads, chain).await?)
    }

    async fn events(
        &self,
        chain: &ChainId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        Ok(histories::events(&self.reads, chain, after, limit).await?)
    }

    async fn worklist(&self, query: &WorklistQuery) -> Result<WorklistPage, StoreError> {
        Ok(worklists::worklist(&self.reads, query).await?)
    }

    async fn search(&self, query: &SearchQuery) -> Result<Vec<Loaded>, StoreError> {
        searches::search(&self.reads, query).await
    }

    async fn received(&self, query: &ReceptionQuery) -> Result<Vec<Dossier>, StoreError> {
        Ok(dossiers::received(&self.reads, query).await?)
    }

    async fn is_tracking_factor(&self, dossier: Uuid, digest: &str) -> Result<bool, StoreError> {
        Ok(desk::is_tracking_factor(&self.reads, dossier, digest).await?)
    }

    async fn count_guess(
        &self,
        keys: &[String],
        now: Timestamp,
        until: Timestamp,
        most: u32,
    ) -> Result<bool, StoreError> {
        self.write(CountGuess { keys: keys.to_vec(), now, until, most }).await
    }

    async fn take_back_guess(&self, keys: &[String], until: Timestamp) -> Result<(), StoreError> {
        self.write(TakeBackGuess { keys: keys.to_vec(), until }).await
    }

    async fn claim_timers(
        &self,
        now: Timestamp,
        until: Timestamp,
        after: Option<(Timestamp, Uuid)>,
        limit: u32,
    ) -> Result<Vec<Claim>, StoreError> {
        self.write(ClaimTimers { now, until, after, limit }).await
    }

    async fn put_off_timers(&self, claims: Vec<PutOff>) -> Result<(), StoreError> {
        self.write(PutOffTimers(claims)).await
    }

    async fn parked_timers(
        &self,
        attempts_min: u32,
        after: Option<(Timestamp, Uuid, String)>,
        limit: u32,
    ) -> Result<Vec<ParkedTimer>, StoreError> {
        Ok(parked_page(&self.reads, attempts_min, after, limit).await?)
    }

    async fn dossiers_of(
        &self,
        digest: &str,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Uuid>, StoreError> {
        Ok(desk::dossiers_of(&self.reads, digest, after, limit).await?)
    }

    async fn next_timer_at(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        Ok(desk::next_timer_at(&self.reads, after).await?)
    }

    async fn reserve_numbers(
        &self,
        agency: &str,
        day: Date,
        count: u32,
    ) -> Result<Range<u32>, StoreError> {
        self.write(ReserveNumbers { agency: agency.to_owned(), day, count }).await
    }

    async fn reserve_name(
        &self,
        name: &str,
        dossier: Uuid,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(ReserveName { name: name.to_owned(), dossier, now, until }).await
    }

    async fn register(&self, kind: RegisterKind) -> Result<Vec<RegisterEntry>, StoreError> {
        Ok(histories::register(&self.reads, kind).await?)
    }

    async fn put_draft(&self, draft: &Draft) -> Result<(), StoreError> {
        self.write(PutDraft(draft.clone())).await
    }

    async fn draft(&self, id: Uuid) -> Result<Option<Draft>, StoreError> {
        Ok(desk::draft(&self.reads, id).await?)
    }

    async fn drafts(&self, owner: &str, limit: u32) -> Result<Vec<Draft>, StoreError> {
        Ok(desk::drafts(&self.reads, owner, limit).await?)
    }

    async fn delete_draft(&self, id: Uuid) -> Result<(), StoreError> {
        self.write(DeleteDraft(id)).await
    }

    async fn put_upload(&self, upload: &Upload) -> Result<(), StoreError> {
        self.write(PutUpload(upload.clone())).await
    }

    async fn upload(&self, id: Uuid) -> Result<Option<Upload>, StoreError> {
        Ok(desk::upload(&self.reads, id).await?)
    }

    async fn finished_upload(
        &self,
        owner: &str,
        sha256: &str,
        beyond: Timestamp,
    ) -> Result<Option<Upload>, StoreError> {
        Ok(desk::finished_upload(&self.reads, owner, sha256, beyond).await?)
    }

    async fn waiting_bytes(&self, owner: &str) -> Result<u64, StoreError> {
        Ok(desk::waiting_bytes(&self.reads, owner).await?)
    }

    async fn needs_document(&self, sha256: &str) -> Result<bool, StoreError> {
        Ok(desk::needs_document(&self.reads, sha256).await?)
    }

    async fn open_uploads(&self, owner: &str) -> Result<u64, StoreError> {
        Ok(desk::open_uploads(&self.reads, owner).await?)
    }

    async fn first_print(
        &self,
        dossier: Uuid,
        number: u8,
        seq: u64,
        sha256: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sha256 = sha256.to_owned();
        self.write(FirstPrint { dossier, number, seq, sha256, at }).await
    }

    async fn expire(&self, now: Timestamp) -> Result<Expired, StoreError> {
        if let Writer::Postgres { writers, .. } = &self.writer
            && let Err(error) = writers.queue().write(KeepParts).await
        {
            // What no quarter was made for lies in the rest, and nothing else depends on it.
            tracing::warn!(%error, "the parts of the next quarters could not be made: {error}");
        }
        self.write(Expire(now)).await
    }

    async fn setting(&self, key: &str, value: &str) -> Result<String, StoreError> {
        self.write(Setting { key: key.to_owned(), value: value.to_owned() }).await
    }

    async fn find_setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(crate::glance::setting(&self.reads, key).await?)
    }

    async fn reach(&self) -> Result<(), StoreError> {
        match &self.writer {
            Writer::Sqlite { path, .. } => sqlite::open::file_bytes(path).await.map(drop),
            Writer::Postgres { pulse, .. } => Ok(postgres::feel(pulse).await?),
        }
    }

    async fn size_bytes(&self) -> Result<u64, StoreError> {
        match &self.writer {
            Writer::Sqlite { path, .. } => sqlite::open::file_bytes(path).await,
            Writer::Postgres { .. } => Ok(desk::database_bytes(&self.reads).await?),
        }
    }
}
