//! A store in memory: the simplest that keeps every promise, for tests, simulation and
//! demonstrations. Nothing outlives the process.

mod apply;
mod claims;
mod lists;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use motcua_audit::{ChainHead, ChainId};
use motcua_dossiers::dossier::Dossier;
use uuid::Uuid;

use crate::contract::{
    Claim, Commit, DossierKey, Draft, Expired, Loaded, ParkedTimer, PutOff, ReceptionQuery,
    RegisterEntry, RegisterKind, SearchQuery, SearchTerm, Store, StoredEvent, Upload, WorklistPage,
    WorklistQuery, dossier_chain,
};
use crate::error::StoreError;

/// Everything behind one lock.
#[derive(Debug, Default)]
pub struct MemoryStore {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    dossiers: BTreeMap<Uuid, Row>,
    /// Events of every chain, by its name.
    chains: HashMap<String, Vec<StoredEvent>>,
    /// Heads of the chains that are no dossier's.
    heads: HashMap<String, ChainHead>,
    commands: HashMap<(Uuid, Uuid), u64>,
    timers: BTreeMap<(Uuid, String), Timestamp>,
    /// Claims of timers; one of another instant than the timer's does not count.
    claims: BTreeMap<(Uuid, String), Claim>,
    /// Why the timer of a claim could not be fired.
    failures: HashMap<(Uuid, String), String>,
    registers: Vec<RegisterEntry>,
    /// Numbers handed out, by agency and day.
    numbers: HashMap<(String, Date), u32>,
    /// Holder and end of reserved names; no end once confirmed.
    reservations: HashMap<String, (Uuid, Option<Timestamp>)>,
    drafts: BTreeMap<Uuid, Draft>,
    uploads: BTreeMap<Uuid, Upload>,
    /// Uploads to whose content a dossier refers.
    filed: BTreeSet<Uuid>,
    /// Digests that histories name.
    documents: BTreeSet<String>,
    /// When each counted guess is forgotten, by key.
    guesses: HashMap<String, Vec<Timestamp>>,
    /// Digest of each form that was issued, by dossier, number and event.
    prints: HashMap<(Uuid, u8, u64), String>,
    settings: HashMap<String, String>,
}

/// A dossier and what it is found by.
#[derive(Debug)]
struct Row {
    loaded: Loaded,
    search: BTreeSet<SearchTerm>,
    tracking: BTreeSet<String>,
}

impl Row {
    fn answers_to(&self, key: &DossierKey) -> bool {
        let dossier = &self.loaded.dossier;
        match key {
            DossierKey::Id(id) => dossier.id == *id,
            DossierKey::Code(code) => dossier.code.as_ref() == Some(code),
            DossierKey::External(source, id) => dossier
                .filing
                .external
                .as_ref()
                .is_some_and(|external| external.source == *source && external.id == *id),
        }
    }
}

impl MemoryStore {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    type Hints = Infallible;

    async fn commit(&self, batch: Vec<Commit>) -> Vec<Result<(), StoreError>> {
        let mut inner = self.inner();
        batch.into_iter().map(|commit| inner.apply(commit)).collect()
    }

    async fn load(&self, key: &DossierKey) -> Result<Option<Loaded>, StoreError> {
        Ok(self.inner().load(key))
    }

    async fn load_with_events(
        &self,
        key: &DossierKey,
        after: u64,
        limit: u32,
    ) -> Result<Option<(Loaded, Vec<StoredEvent>)>, StoreError> {
        let inner = self.inner();
        Ok(inner.load(key).map(|loaded| {
            let events = inner.events(&dossier_chain(loaded.dossier.id), after, limit);
            (loaded, events)
        }))
    }

    async fn load_all(&self, dossiers: &[Uuid]) -> Result<Vec<Loaded>, StoreError> {
        let inner = self.inner();
        let rows = dossiers.iter().filter_map(|id| inner.dossiers.get(id));
        Ok(rows.map(|row| row.loaded.clone()).collect())
    }

    async fn versions(&self, dossiers: &[Uuid]) -> Result<Vec<(Uuid, u64)>, StoreError> {
        Ok(self.inner().versions(dossiers))
    }

    fn is_shared(&self) -> bool {
        false
    }

    async fn hint(&self, _: &str) -> Result<(), StoreError> {
        Ok(())
    }

    async fn hints(&self) -> Result<Infallible, StoreError> {
        Err(StoreError::Unavailable("nobody shares a store in memory".into()))
    }

    async fn find_command(&self, dossier: Uuid, command: Uuid) -> Result<Option<u64>, StoreError> {
        Ok(self.inner().commands.get(&(dossier, command)).copied())
    }

    async fn chain_head(&self, chain: &ChainId) -> Result<Option<ChainHead>, StoreError> {
        Ok(self.inner().heads.get(chain.as_str()).cloned())
    }

    async fn events(
        &self,
        chain: &ChainId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        Ok(self.inner().events(chain, after, limit))
    }

    async fn worklist(&self, query: &WorklistQuery) -> Result<WorklistPage, StoreError> {
        Ok(self.inner().worklist(query))
    }

    async fn search(&self, query: &SearchQuery) -> Result<Vec<Loaded>, StoreError> {
        Ok(self.inner().search(query))
    }

    async fn received(&self, query: &ReceptionQuery) -> Result<Vec<Dossier>, StoreError> {
        Ok(self.inner().received(query))
    }

    async fn is_tracking_factor(&self, dossier: Uuid, digest: &str) -> Result<bool, StoreError> {
        let inner = self.inner();
        Ok(inner.dossiers.get(&dossier).is_some_and(|row| row.tracking.contains(digest)))
    }

    async fn count_guess(
        &self,
        keys: &[String],
        now: Timestamp,
        until: Timestamp,
        most: u32,
    ) -> Result<bool, StoreError> {
        let mut inner = self.inner();
        let is_full = |key: &String| {
            let guesses = inner.guesses.get(key).into_iter().flatten();
            guesses.filter(|until| **until > now).count() >= most as usize
        };
        if keys.iter().any(is_full) {
            return Ok(false);
        }
        for key in keys {
            inner.guesses.entry(key.clone()).or_default().push(until);
        }
        Ok(true)
    }

    async fn take_back_guess(&self, keys: &[String], until: Timestamp) -> Result<(), StoreError> {
        let mut inner = self.inner();
        for key in keys {
            if let Some(guesses) = inner.guesses.get_mut(key)
                && let Some(place) = guesses.iter().position(|counted| *counted == until)
            {
                guesses.remove(place);
            }
        }
        Ok(())
    }

    async fn claim_timers(
        &self,
        now: Timestamp,
        until: Timestamp,
        after: Option<(Timestamp, Uuid)>,
        limit: u32,
    ) -> Result<Vec<Claim>, StoreError> {
        Ok(self.inner().claim_timers(now, until, after, limit))
    }

    async fn put_off_timers(&self, claims: Vec<PutOff>) -> Result<(), StoreError> {
        self.inner().put_off_timers(claims);
        Ok(())
    }

    async fn parked_timers(
        &self,
        attempts_min: u32,
        after: Option<(Timestamp, Uuid, String)>,
        limit: u32,
    ) -> Result<Vec<ParkedTimer>, StoreError> {
        Ok(self.inner().parked_timers(attempts_min, after, limit))
    }

    async fn dossiers_of(
        &self,
        digest: &str,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Uuid>, StoreError> {
        Ok(self.inner().dossiers_of(digest, after, limit))
    }

    async fn next_timer_at(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.inner().timers.values().filter(|due_at| **due_at > after).min().copied())
    }

    async fn reserve_numbers(
        &self,
        agency: &str,
        day: Date,
        count: u32,
    ) -> Result<Range<u32>, StoreError> {
        let mut inner = self.inner();
        let used = inner.numbers.entry((agency.to_owned(), day)).or_default();
        let first = *used + 1;
        *used += count;
        Ok(first..first + count)
    }

    async fn reserve_name(
        &self,
        name: &str,
        dossier: Uuid,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut inner = self.inner();
        let (holder, end) =
            inner.reservations.entry(name.to_owned()).or_insert((dossier, Some(until)));
        let free = end.is_some_and(|end| end <= now);
        if free || (*holder == dossier && end.is_some()) {
            (*holder, *end) = (dossier, Some(until));
        }
        Ok(*holder == dossier)
    }

    async fn register(&self, kind: RegisterKind) -> Result<Vec<RegisterEntry>, StoreError> {
        let inner = self.inner();
        Ok(inner.registers.iter().filter(|entry| entry.kind == kind).cloned().collect())
    }

    async fn put_draft(&self, draft: &Draft) -> Result<(), StoreError> {
        let mut inner = self.inner();
        let present = inner.drafts.get(&draft.id);
        if present.is_some_and(|present| present.owner != draft.owner) {
            return Err(StoreError::Taken { what: "draft" });
        }
        let (expected, actual) =
            (draft.revision.saturating_sub(1), present.map_or(0, |d| d.revision));
        if draft.revision == 0 || expected != actual {
            return Err(StoreError::Stale {
                chain: format!("draft:{}", draft.id),
                expected,
                actual,
            });
        }
        inner.drafts.insert(draft.id, draft.clone());
        Ok(())
    }

    async fn draft(&self, id: Uuid) -> Result<Option<Draft>, StoreError> {
        Ok(self.inner().drafts.get(&id).cloned())
    }

    async fn drafts(&self, owner: &str, limit: u32) -> Result<Vec<Draft>, StoreError> {
        let inner = self.inner();
        let mut drafts: Vec<_> =
            inner.drafts.values().filter(|draft| draft.owner == owner).cloned().collect();
        drafts.sort_by_key(|draft| std::cmp::Reverse((draft.updated_at, draft.id)));
        drafts.truncate(limit as usize);
        Ok(drafts)
    }

    async fn delete_draft(&self, id: Uuid) -> Result<(), StoreError> {
        self.inner().drafts.remove(&id);
        Ok(())
    }

    async fn put_upload(&self, upload: &Upload) -> Result<(), StoreError> {
        let mut inner = self.inner();
        if inner.uploads.get(&upload.id).is_some_and(|present| present.owner != upload.owner) {
            return Err(StoreError::Taken { what: "upload" });
        }
        inner.uploads.insert(upload.id, upload.clone());
        Ok(())
    }

    async fn upload(&self, id: Uuid) -> Result<Option<Upload>, StoreError> {
        Ok(self.inner().uploads.get(&id).cloned())
    }

    async fn finished_upload(
        &self,
        owner: &str,
        sha256: &str,
        beyond: Timestamp,
    ) -> Result<Option<Upload>, StoreError> {
        let inner = self.inner();
        let stays =
            |upload: &Upload| inner.filed.contains(&upload.id) || upload.expires_at > beyond;
        let fits = |upload: &&Upload| {
            upload.owner == owner && upload.sha256.as_deref() == Some(sha256) && stays(upload)
        };
        Ok(inner.uploads.values().find(fits).cloned())
    }

    async fn open_uploads(&self, owner: &str) -> Result<u64, StoreError> {
        let inner = self.inner();
        let open = |upload: &&Upload| upload.owner == owner && upload.sha256.is_none();
        Ok(inner.uploads.values().filter(open).count() as u64)
    }

    async fn waiting_bytes(&self, owner: &str) -> Result<u64, StoreError> {
        let inner = self.inner();
        let waits = |upload: &&Upload| upload.owner == owner && !inner.filed.contains(&upload.id);
        Ok(inner.uploads.values().filter(waits).map(|upload| upload.size).sum())
    }

    async fn needs_document(&self, sha256: &str) -> Result<bool, StoreError> {
        let inner = self.inner();
        let mut uploads = inner.uploads.values();
        let has_upload = uploads.any(|upload| upload.sha256.as_deref() == Some(sha256));
        Ok(has_upload || inner.documents.contains(sha256))
    }

    async fn first_print(
        &self,
        dossier: Uuid,
        number: u8,
        seq: u64,
        sha256: &str,
        _at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut inner = self.inner();
        let print = inner.prints.entry((dossier, number, seq));
        let is_first = matches!(print, std::collections::hash_map::Entry::Vacant(_));
        print.or_insert_with(|| sha256.to_owned());
        Ok(is_first)
    }

    async fn expire(&self, now: Timestamp) -> Result<Expired, StoreError> {
        let mut inner = self.inner();
        inner.guesses.retain(|_, guesses| {
            guesses.retain(|until| *until > now);
            !guesses.is_empty()
        });
        inner.drafts.retain(|_, draft| draft.expires_at > now);
        let Inner { uploads, filed, .. } = &mut *inner;
        let mut gone = Expired::default();
        uploads.retain(|id, upload| {
            let stays = filed.contains(id) || upload.expires_at > now;
            if !stays {
                match upload.sha256.take() {
                    Some(sha256) => gone.documents.push(sha256),
                    None => gone.uploads.push(*id),
                }
            }
            stays
        });
        Ok(gone)
    }

    async fn setting(&self, key: &str, value: &str) -> Result<String, StoreError> {
        let mut inner = self.inner();
        Ok(inner.settings.entry(key.to_owned()).or_insert_with(|| value.to_owned()).clone())
    }

    async fn find_setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(self.inner().settings.get(key).cloned())
    }

    async fn reach(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn size_bytes(&self) -> Result<u64, StoreError> {
        Ok(0)
    }
}
