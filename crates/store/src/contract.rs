//! The contract: what is written together, what may be read, and when.
//!
//! Writing histories goes through [`Store::commit`] alone, as a batch; whatever else a command
//! causes (state, work items, timers, the erasable values) travels in the same commit. Everything
//! is generic over [`Store`]; which database it is, only the executable knows.

use std::future::Future;
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use motcua_audit::{ChainHead, ChainId, Field, FieldSlot, Hash, SealedEvent};
use motcua_dossiers::command::TimerChanges;
use motcua_dossiers::dossier::Dossier;
use serde_json::Value;
use uuid::Uuid;

use crate::error::StoreError;

pub use crate::claim::{Claim, ParkedTimer, PutOff};
pub use crate::hints::{HINT_BYTES_MAX, Hints};
pub use crate::loaded::{DossierKey, Loaded};
pub use crate::passing::{Draft, Expired, Upload};
pub use crate::reception::ReceptionQuery;
pub use crate::worklist::{
    Desk, NO_APPOINTMENT_US, Queue, WorklistKey, WorklistPage, WorklistQuery, WorklistRow,
};

/// One unit of writing: all of it or nothing of it.
#[derive(Clone, Debug)]
pub enum Commit {
    /// A segment of a dossier's history and everything that follows from it.
    Dossier(Box<DossierCommit>),
    /// A segment of another chain (`sys:`, `acc:`) and the register entries it records.
    Register(Box<RegisterCommit>),
}

/// A segment of a dossier's history.
#[derive(Clone, Debug)]
pub struct DossierCommit {
    /// Version that the segment was decided on; 0 creates the dossier, and the draft of its id is
    /// gone.
    pub expected: u64,
    /// State after the segment. Its open work items replace those in the store.
    pub dossier: Arc<Dossier>,
    /// Head of the chain after the segment.
    pub head: ChainHead,
    /// The events, in order.
    pub events: Vec<SealedEvent>,
    /// Command ids and the number of their first event; unique for the dossier, for ever.
    pub commands: Vec<(Uuid, u64)>,
    /// Timers to set and clear.
    pub timers: TimerChanges,
    /// Present form values, replaced when given. Personal: kept apart, erasable.
    pub form: Option<Arc<Value>>,
    /// What the dossier is found by besides its code; replaced when not empty. Personal: kept
    /// apart, erasable.
    pub search: Vec<SearchTerm>,
    /// Second factors of public tracking: keyed digests. Replaced when not empty.
    pub tracking: Vec<String>,
    /// Reservations of this dossier that end now (the names are free again).
    pub released: Vec<String>,
    /// Reservations that last from now on (the result was issued for good, a payment was recorded).
    pub confirmed: Vec<String>,
}

/// Something a dossier is found by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SearchTerm {
    /// What it is.
    pub kind: TermKind,
    /// The folded word, the marked word, or the keyed digest of the number.
    pub term: String,
}

/// Kind of a search term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TermKind {
    /// A word of an owner's name without Vietnamese marks, lower case.
    NameFolded,
    /// A word of an owner's name with its marks, lower case.
    NameMarked,
    /// Keyed digest of an identity number.
    IdNumber,
}

/// A segment of a chain that is no dossier's.
#[derive(Clone, Debug)]
pub struct RegisterCommit {
    /// The chain.
    pub chain: ChainId,
    /// Number of its last event before this; 0 = none.
    pub expected: u64,
    /// Head after the segment.
    pub head: ChainHead,
    /// The events, in order.
    pub events: Vec<SealedEvent>,
    /// Register entries written with it; each (kind, code, version) only once, for ever.
    pub entries: Vec<RegisterEntry>,
}

/// A version of a procedure, calendar or unit register, byte for byte as it was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterEntry {
    /// What it is.
    pub kind: RegisterKind,
    /// Procedure code; `calendar`, `units` otherwise.
    pub code: String,
    /// Procedure version; otherwise any text that no other load has, so that a file can be loaded
    /// again after another.
    pub version: String,
    /// SHA-256 of the bytes, lower-case hex.
    pub digest: String,
    /// First date of effect.
    pub effective_from: Date,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Opaque id of who recorded it.
    pub recorded_by: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Kind of a register entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RegisterKind {
    /// A published procedure.
    Procedure,
    /// A working calendar.
    Calendar,
    /// A unit register.
    Units,
}

/// An event as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Number in the chain.
    pub seq: u64,
    /// Exact header bytes.
    pub header: Vec<u8>,
    /// Stored event hash.
    pub hash: Hash,
    /// Fields in order: opened, or the commitment alone where value and salt are gone.
    pub slots: Vec<FieldSlot>,
    /// Stored commitments, in order.
    pub commitments: Vec<Hash>,
}

/// Chain that holds the history of a dossier: `dossier:` and its id.
pub fn dossier_chain(id: Uuid) -> ChainId {
    ChainId::parse(&format!("dossier:{id}")).expect("a UUID's text fits the grammar of chains")
}

impl StoredEvent {
    /// The opened fields.
    pub fn opened(&self) -> impl Iterator<Item = &Field> {
        self.slots.iter().filter_map(|slot| match slot {
            FieldSlot::Opened(field) => Some(field),
            FieldSlot::Withheld(_) => None,
        })
    }
}

/// Whose dossiers a search may find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Dossiers in which this unit takes part: assisting, receiving, competent, or holding an
    /// open work item.
    Unit(String),
    /// All dossiers.
    All,
    /// Dossiers to which this person is a party.
    Party(String),
}

/// What to search by; all given terms must fit.
#[derive(Clone, Debug)]
pub struct SearchQuery {
    /// Whose dossiers.
    pub scope: Scope,
    /// Terms; empty lists everything in scope for [`Scope::Party`] and finds nothing otherwise.
    pub terms: Vec<SearchTerm>,
    /// Continue after this dossier; newest first.
    pub after: Option<Uuid>,
    /// Most rows.
    pub limit: u32,
}

/// What a store must do.
///
/// Reads see every commit that was acknowledged before they began (read your own writes).
/// Instants are kept to the microsecond; what is finer is cut off. A list is at most `limit` rows
/// long, and what has run out at an instant has run out at exactly that instant too.
pub trait Store: Send + Sync + 'static {
    /// Where hints arrive.
    type Hints: Hints;

    /// Writes each commit entirely or not at all, and answers each in order. A commit that is
    /// refused (stale, taken) harms no other, of this batch or of another that shares the
    /// transaction. When an answer is `Ok`, the commit survives the loss of the process and of
    /// power. Commits of one dossier in one batch are written in order.
    ///
    /// A name that a dossier holds (see [`DossierCommit::held`]) stays held until it is released,
    /// or until another name of its scope takes its place in the dossier's state;
    /// [`StoreError::Taken`] (`name`) if another dossier has it.
    fn commit(
        &self,
        batch: Vec<Commit>,
    ) -> impl Future<Output = Vec<Result<(), StoreError>>> + Send;

    /// The dossier, its chain head and form, from one snapshot.
    fn load(
        &self,
        key: &DossierKey,
    ) -> impl Future<Output = Result<Option<Loaded>, StoreError>> + Send;

    /// The dossier as [`Store::load`] gives it, and the events of its history after number `after`, at
    /// most `limit`: those up to the dossier's version, and what may have come since.
    fn load_with_events(
        &self,
        key: &DossierKey,
        after: u64,
        limit: u32,
    ) -> impl Future<Output = Result<Option<(Loaded, Vec<StoredEvent>)>, StoreError>> + Send;

    /// Those of the dossiers that exist, each from one snapshot, in no order. One that cannot be read
    /// fails them all.
    fn load_all(
        &self,
        dossiers: &[Uuid],
    ) -> impl Future<Output = Result<Vec<Loaded>, StoreError>> + Send;

    /// The versions of those of the dossiers that exist, in no order.
    fn versions(
        &self,
        dossiers: &[Uuid],
    ) -> impl Future<Output = Result<Vec<(Uuid, u64)>, StoreError>> + Send;

    /// Whether other nodes may write to the same store.
    fn is_shared(&self) -> bool;

    /// Tells every node that listens, this one too, a text of at most [`HINT_BYTES_MAX`]. It may be
    /// lost: whoever depends on what it tells must find it out without. Commits do not wait for it.
    fn hint(&self, text: &str) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Listens to hints from now on; only where the store is shared.
    fn hints(&self) -> impl Future<Output = Result<Self::Hints, StoreError>> + Send;

    /// Number of the first event that a command caused, if it was committed.
    /// [`StoreError::MovedAway`] if it was, and its event is away.
    fn find_command(
        &self,
        dossier: Uuid,
        command: Uuid,
    ) -> impl Future<Output = Result<Option<u64>, StoreError>> + Send;

    /// Head of a chain that is no dossier's.
    fn chain_head(
        &self,
        chain: &ChainId,
    ) -> impl Future<Output = Result<Option<ChainHead>, StoreError>> + Send;

    /// Events of a chain after `after`, in order, at most `limit`. [`StoreError::MovedAway`] if the
    /// first of them is away.
    fn events(
        &self,
        chain: &ChainId,
        after: u64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<StoredEvent>, StoreError>> + Send;

    /// A page of a queue with its exact count.
    fn worklist(
        &self,
        query: &WorklistQuery,
    ) -> impl Future<Output = Result<WorklistPage, StoreError>> + Send;

    /// Dossiers that fit, newest first, each as [`Store::load`] gives it, all from one snapshot;
    /// [`StoreError::TooWide`] where too many had to be looked at.
    fn search(
        &self,
        query: &SearchQuery,
    ) -> impl Future<Output = Result<Vec<Loaded>, StoreError>> + Send;

    /// Dossiers that a unit received in a period, by the instant of reception, then id, all from
    /// one snapshot.
    fn received(
        &self,
        query: &ReceptionQuery,
    ) -> impl Future<Output = Result<Vec<Dossier>, StoreError>> + Send;

    /// Whether `digest` is a second factor of the dossier.
    fn is_tracking_factor(
        &self,
        dossier: Uuid,
        digest: &str,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Counts a guess under every key, to be forgotten at `until`; false, and nothing is counted,
    /// if one of the keys has `most` guesses already. Of guesses made at once no more than `most`
    /// are counted.
    fn count_guess(
        &self,
        keys: &[String],
        now: Timestamp,
        until: Timestamp,
        most: u32,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Takes one guess back that was counted under these keys with this `until`: it was right.
    fn take_back_guess(
        &self,
        keys: &[String],
        until: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Claims dossiers that have a timer due at `now`, most overdue first, at most `limit`, those
    /// after `after` in this order. None is offered again before `until`, to this node or another,
    /// unless its first timer is set anew. Claiming does not fire: the commit that fires a timer
    /// clears it, and its version lets that happen once.
    fn claim_timers(
        &self,
        now: Timestamp,
        until: Timestamp,
        after: Option<(Timestamp, Uuid)>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Claim>, StoreError>> + Send;

    /// Ends claims whose timers did not fire. A claim that ended by itself, or whose timer is gone
    /// or set anew, is passed over.
    fn put_off_timers(
        &self,
        claims: Vec<PutOff>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Timers that are due and failed at least `attempts_min` times, most overdue first, then by
    /// dossier and name, at most `limit`; those after `after` in this order.
    fn parked_timers(
        &self,
        attempts_min: u32,
        after: Option<(Timestamp, Uuid, String)>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<ParkedTimer>, StoreError>> + Send;

    /// Open dossiers that are bound to the procedure file of this digest, by id, at most `limit`;
    /// those after `after`.
    fn dossiers_of(
        &self,
        digest: &str,
        after: Option<Uuid>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Uuid>, StoreError>> + Send;

    /// When the next timer is due, of those due after `after`.
    fn next_timer_at(
        &self,
        after: Timestamp,
    ) -> impl Future<Output = Result<Option<Timestamp>, StoreError>> + Send;

    /// Reserves `count` numbers of the series of `agency` on `day`, durably and for ever: no
    /// number is handed out twice, whatever becomes of those reserved. The first is 1.
    fn reserve_numbers(
        &self,
        agency: &str,
        day: Date,
        count: u32,
    ) -> impl Future<Output = Result<Range<u32>, StoreError>> + Send;

    /// Reserves a name for a dossier; true if it holds it now, false if another dossier does.
    /// `until` bounds the time between this and the dossier's commit, which holds the name for
    /// good: a reservation that has run out at `now` without a commit is free.
    fn reserve_name(
        &self,
        name: &str,
        dossier: Uuid,
        now: Timestamp,
        until: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// All register entries of a kind, oldest record first.
    fn register(
        &self,
        kind: RegisterKind,
    ) -> impl Future<Output = Result<Vec<RegisterEntry>, StoreError>> + Send;

    /// Saves a draft when its present revision is `draft.revision - 1` (0 = none yet).
    /// [`StoreError::Stale`] otherwise; [`StoreError::Taken`] if it belongs to another owner.
    fn put_draft(&self, draft: &Draft) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// A draft.
    fn draft(&self, id: Uuid) -> impl Future<Output = Result<Option<Draft>, StoreError>> + Send;

    /// Drafts of an owner, last saved first, at most `limit`.
    fn drafts(
        &self,
        owner: &str,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Draft>, StoreError>> + Send;

    /// Removes a draft; nothing happens if there is none.
    fn delete_draft(&self, id: Uuid) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Records an upload, or that it is finished. [`StoreError::Taken`] if the id belongs to
    /// another owner.
    fn put_upload(&self, upload: &Upload) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// An upload.
    fn upload(&self, id: Uuid) -> impl Future<Output = Result<Option<Upload>, StoreError>> + Send;

    /// A finished upload of this content by this person that a dossier refers to, or that is there
    /// beyond `beyond`: until then a command may come to refer to it.
    fn finished_upload(
        &self,
        owner: &str,
        sha256: &str,
        beyond: Timestamp,
    ) -> impl Future<Output = Result<Option<Upload>, StoreError>> + Send;

    /// Uploads of an owner that were begun and not finished.
    fn open_uploads(&self, owner: &str) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Declared bytes of an owner's uploads, begun or finished, that no dossier refers to.
    fn waiting_bytes(&self, owner: &str) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Whether a dossier ever referred to this content (see [`DossierCommit::documents`]), or an
    /// upload has it.
    fn needs_document(&self, sha256: &str)
    -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Records that the form which event `seq` caused was issued with this content; true if it
    /// was not issued before.
    fn first_print(
        &self,
        dossier: Uuid,
        number: u8,
        seq: u64,
        sha256: &str,
        at: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Removes guesses, drafts and uploads that have expired at `now`; returns the uploads. What
    /// is filed does not expire: a commit that names a content keeps all its uploads, for ever.
    fn expire(&self, now: Timestamp) -> impl Future<Output = Result<Expired, StoreError>> + Send;

    /// The setting, or `value` if it was not set before: set once, immutable.
    fn setting(
        &self,
        key: &str,
        value: &str,
    ) -> impl Future<Output = Result<String, StoreError>> + Send;

    /// The setting, where it was set.
    fn find_setting(
        &self,
        key: &str,
    ) -> impl Future<Output = Result<Option<String>, StoreError>> + Send;

    /// Whether the store answers, however much waits for it.
    fn reach(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// How many bytes the store takes on disk.
    fn size_bytes(&self) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// Where the bytes of documents lie: content-addressed, outside the database.
pub trait Documents: Send + Sync + 'static {
    /// Writes a chunk of an upload at `offset`; answers how many bytes are there from the start
    /// without a gap. Repeating a chunk is harmless; a chunk that would leave a gap writes
    /// nothing. Durable once [`Documents::finish`] returns.
    fn put_chunk(
        &self,
        upload: Uuid,
        offset: u64,
        bytes: Vec<u8>,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// How many bytes of an upload are there.
    fn received(&self, upload: Uuid) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Digest (lower-case hex) and the first 512 bytes of what was uploaded.
    fn inspect(
        &self,
        upload: Uuid,
    ) -> impl Future<Output = Result<(String, Vec<u8>), StoreError>> + Send;

    /// Keeps the upload under its digest, durably; repeating is harmless. What is kept already
    /// is never written again: the upload is dropped then.
    fn finish(
        &self,
        upload: Uuid,
        sha256: &str,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Throws away what was uploaded; nothing happens if there is nothing.
    fn discard(&self, upload: Uuid) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Removes a kept document, durably; nothing happens if there is none. It can be uploaded anew.
    fn remove(&self, sha256: &str) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Part of a kept document; `None` if there is no such document.
    fn read(
        &self,
        sha256: &str,
        offset: u64,
        limit: u32,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;
}
