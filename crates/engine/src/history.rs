//! Histories: streamed as stored, replayed, compared with the stored state.

use std::sync::Arc;

use jiff::Timestamp;
use motcua_audit::{ChainHead, ChainId, ChainVerifier, FieldSlot, Finding, Hash, Header};
use motcua_dossiers::codec::{decode, fold, is_fold_field, timestamp};
use motcua_dossiers::dossier::Dossier;
use motcua_dossiers::explain::explain;
use motcua_dossiers::policy::Sight;
use motcua_procedures::Role;
use motcua_store::contract::{Documents, DossierKey, Loaded, Store, StoredEvent};
use serde_json::Value;
use uuid::Uuid;

use crate::error::EngineError;
use crate::picture::Picture;
use crate::query::SEARCHED_TEXT;
use crate::segment::dossier_chain;
use crate::{Caller, Engine, limits};

/// Which history.
#[derive(Clone, Debug)]
pub enum HistoryKey {
    /// A dossier's.
    Dossier(DossierKey),
    /// A chain by its name, such as `sys:procedures`; for auditors.
    Chain(ChainId),
}

/// Part of a history.
#[derive(Clone, Debug)]
pub struct HistoryPage {
    /// The chain.
    pub chain: ChainId,
    /// Events; personal values that the caller may not open are withheld.
    pub events: Vec<StoredEvent>,
}

/// Up to where a history is folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// The end; the result is compared with the stored state.
    Now,
    /// The last event at or before this instant.
    At(Timestamp),
    /// This version.
    Version(u64),
}

/// What a replay found.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The folded state; none before the first event.
    pub dossier: Option<Dossier>,
    /// Head of the chain up to where it was folded.
    pub head: Option<ChainHead>,
    /// Events read.
    pub events: u64,
    /// Differences; empty means the history proves itself and the state.
    pub findings: Vec<Finding>,
}

/// An act that set or moved the appointment, and how the date came to be.
#[derive(Clone, Debug)]
pub struct ExplainedAct {
    /// Number of its event.
    pub seq: u64,
    /// Name of the act.
    pub kind: String,
    /// The instant from which it counts.
    pub at: Timestamp,
    /// The clock of the appointment after it.
    pub clock: motcua_deadlines::Clock,
    /// The computation in words.
    pub explanation: motcua_deadlines::Explanation,
}

/// State and evidence as a past command left them.
pub(crate) struct Past {
    pub(crate) dossier: Arc<Dossier>,
    pub(crate) hash: Hash,
    pub(crate) fingerprint: String,
}

/// A dossier whose history is read.
struct Opened {
    id: Uuid,
    sight: Sight,
    /// As it is stored, or why that cannot be read.
    stored: Result<Loaded, String>,
    /// The first page of what is read of its history.
    events: Vec<StoredEvent>,
}

impl<S: Store, D: Documents> Engine<S, D> {
    /// A page of a history, exactly as stored. Every page of a dossier's history that shows
    /// anything is recorded in its access chain, wherever the reading began.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when there is none that the caller may see.
    pub async fn history(
        &self,
        caller: &Caller,
        key: &HistoryKey,
        after: u64,
        limit: u32,
    ) -> Result<HistoryPage, EngineError> {
        let limit = limit.clamp(1, limits::HISTORY_PAGE_MAX);
        let of_dossier = match key {
            HistoryKey::Dossier(key) => Some(key.clone()),
            HistoryKey::Chain(chain) => dossier_of(chain),
        };
        let (chain, sight, mut events) = match (&of_dossier, key) {
            (Some(key), _) => {
                let opened = self.open(caller, key, after, limit).await?;
                if !opened.events.is_empty() {
                    self.record_opening(caller, &opened, "history").await?;
                }
                (dossier_chain(opened.id), opened.sight, opened.events)
            }
            (None, HistoryKey::Chain(chain)) => {
                caller.must_be(Role::Auditor)?;
                let events = self.0.store.events(chain, after, limit).await?;
                (chain.clone(), Sight::Masked, events)
            }
            (None, HistoryKey::Dossier(_)) => {
                return Err(EngineError::NotFound { what: "dossier" });
            }
        };
        if sight == Sight::Masked {
            let personal: fn(&str) -> bool = match of_dossier.is_some() {
                true => is_personal,
                false => |name| name == SEARCHED_TEXT,
            };
            events.iter_mut().for_each(|event| mask(event, personal));
        }
        Ok(HistoryPage { chain, events })
    }

    /// Opens a dossier for its history, with the page of it after `after`. Its state is made of the last
    /// events too, which may be what was changed: an auditor, who sees every dossier, opens it all the
    /// same.
    async fn open(
        &self,
        caller: &Caller,
        key: &DossierKey,
        after: u64,
        limit: u32,
    ) -> Result<Opened, EngineError> {
        match (self.visible_with_events(caller, key, after, limit).await, key) {
            (Ok((loaded, sight, events)), _) => {
                Ok(Opened { id: loaded.dossier.id, sight, stored: Ok(loaded), events })
            }
            (Err(EngineError::Corrupt(why)), DossierKey::Id(id)) if caller.is(Role::Auditor) => {
                let events = self.0.store.events(&dossier_chain(*id), after, limit).await?;
                Ok(Opened { id: *id, sight: Sight::Masked, stored: Err(why), events })
            }
            (Err(error), _) => Err(error),
        }
    }

    async fn record_opening(
        &self,
        caller: &Caller,
        opened: &Opened,
        what: &str,
    ) -> Result<(), EngineError> {
        match &opened.stored {
            Ok(loaded) => self.record_read(caller, &loaded.dossier, what).await,
            Err(_) => self.append_read(caller, opened.id, what).await,
        }
    }

    /// Recomputes a dossier's chain from the stored bytes, folds its state, and compares it with
    /// the stored one.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when there is no dossier that the caller may see. Differences
    /// are findings, not errors.
    pub async fn replay(
        &self,
        caller: &Caller,
        key: &DossierKey,
        until: Until,
    ) -> Result<Replay, EngineError> {
        let opened = self.open(caller, key, 0, limits::HISTORY_PAGE_MAX).await?;
        self.record_opening(caller, &opened, "replay").await?;
        Ok(self.replayed(opened, until).await?.0)
    }

    /// As [`Engine::replay`] to the end, with the history itself where it takes no more than a page:
    /// it is read once. The events of a longer one, for which there is none, are read by
    /// [`Engine::history`].
    ///
    /// # Errors
    /// As [`Engine::replay`].
    pub async fn replay_with_history(
        &self,
        caller: &Caller,
        key: &DossierKey,
    ) -> Result<(Replay, Option<HistoryPage>), EngineError> {
        let opened = self.open(caller, key, 0, limits::HISTORY_PAGE_MAX).await?;
        self.record_opening(caller, &opened, "replay").await?;
        let (chain, sight) = (dossier_chain(opened.id), opened.sight);
        let (replay, events) = self.replayed(opened, Until::Now).await?;
        let page = events.map(|mut events| {
            if sight == Sight::Masked {
                events.iter_mut().for_each(|event| mask(event, is_personal));
            }
            HistoryPage { chain, events }
        });
        Ok((replay, page))
    }

    /// Answers the events too, if all of them are one page.
    async fn replayed(
        &self,
        opened: Opened,
        until: Until,
    ) -> Result<(Replay, Option<Vec<StoredEvent>>), EngineError> {
        let Opened { id, stored, events: mut page, .. } = opened;
        let end = stored.as_ref().map_or(u64::MAX, |loaded| loaded.head.seq);
        let chain = dossier_chain(id);
        let mut replay = Replayer::new(self.origin(), chain.clone(), id, until);
        let mut is_first = true;
        let mut whole = None;
        while let Some(last) = page.last() {
            let limit = limits::HISTORY_PAGE_MAX;
            let (after, is_full) = (last.seq, page.len() == limit as usize);
            // A commit between the load and this page is not part of what was loaded.
            page.retain(|event| event.seq <= end);
            page.iter().for_each(|event| replay.push(event));
            whole = is_first.then_some(page);
            if after >= end || !is_full {
                break;
            }
            is_first = false;
            page = self.0.store.events(&chain, after, limit).await?;
        }
        Ok((replay.finish(stored.as_ref().map_err(String::as_str)), whole))
    }

    /// How the dossier's appointment came to be: every act that set or moved it, computed once
    /// more by the code and the calendar that computed it.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when there is no dossier that the caller may see;
    /// [`EngineError::Corrupt`] when a stored date is not the outcome of its own inputs.
    pub async fn explain_deadline(
        &self,
        caller: &Caller,
        key: &DossierKey,
    ) -> Result<Vec<ExplainedAct>, EngineError> {
        let (loaded, _) = self.visible(caller, key).await?;
        let id = loaded.dossier.id;
        if caller.acting_for.is_some() {
            self.record_read(caller, &loaded.dossier, "deadline").await?;
        }
        let chain = dossier_chain(id);
        let picture = self.picture_with(&loaded.dossier.procedure.digest).await?;
        let mut acts = Vec::new();
        let mut dossier: Option<Dossier> = None;
        let mut after = 0;
        loop {
            let page = self.0.store.events(&chain, after, limits::HISTORY_PAGE_MAX).await?;
            let Some(last) = page.last() else {
                return Ok(acts);
            };
            after = last.seq;
            for event in &page {
                let before = dossier.take();
                let (folded, act) = explained(id, before, event, &picture)
                    .map_err(|why| EngineError::Corrupt(format!("event {}: {why}", event.seq)))?;
                dossier = Some(folded);
                acts.extend(act);
            }
        }
    }

    /// The dossier as a command left it that began at `first_seq`.
    pub(crate) async fn left_by(
        &self,
        id: Uuid,
        first_seq: u64,
        command: Uuid,
    ) -> Result<Past, EngineError> {
        match self.last_command(id, first_seq, command).await? {
            Some(past) => Ok(past),
            None => self.fold_command(id, first_seq, command).await,
        }
    }

    /// What the last command of a dossier left, without the events before it; none if another one
    /// came after it. Whoever repeats a command mostly does so at once.
    async fn last_command(
        &self,
        id: Uuid,
        first_seq: u64,
        command: Uuid,
    ) -> Result<Option<Past>, EngineError> {
        let (key, after) = (DossierKey::Id(id), first_seq.saturating_sub(1));
        let limit = limits::HISTORY_PAGE_MAX;
        let Some((loaded, events)) = self.0.store.load_with_events(&key, after, limit).await?
        else {
            return Ok(None);
        };
        let mut fingerprint = None;
        for event in &events {
            let facts = decode(event.seq, event.opened())
                .map_err(|error| EngineError::Corrupt(error.to_string()))?;
            let Some(own) = facts.command.filter(|own| own.id == command) else { return Ok(None) };
            fingerprint = Some(own.fingerprint);
        }
        let is_last = events.last().is_some_and(|last| last.seq == loaded.head.seq);
        let fingerprint = fingerprint.filter(|_| is_last);
        Ok(fingerprint.map(|fingerprint| Past {
            dossier: loaded.dossier,
            hash: loaded.head.hash,
            fingerprint,
        }))
    }

    /// Folds the history up to the end of a command that began at `first_seq`.
    async fn fold_command(
        &self,
        id: Uuid,
        first_seq: u64,
        command: Uuid,
    ) -> Result<Past, EngineError> {
        let chain = dossier_chain(id);
        let corrupt = |why: String| EngineError::Corrupt(format!("{}: {why}", chain.as_str()));
        let mut dossier: Option<Dossier> = None;
        let mut past: Option<(Hash, String)> = None;
        let mut after = 0;
        'pages: loop {
            let page = self.0.store.events(&chain, after, limits::HISTORY_PAGE_MAX).await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            for event in &page {
                let header = Header::decode(&event.header).map_err(|e| corrupt(e.to_string()))?;
                let facts =
                    decode(event.seq, event.opened()).map_err(|e| corrupt(e.to_string()))?;
                let own = facts.command.filter(|c| c.id == command);
                if event.seq > first_seq && own.is_none() {
                    break 'pages;
                }
                let folded = fold(dossier.take(), id, &header, event.opened());
                dossier = Some(folded.map_err(|e| corrupt(e.to_string()))?);
                if let Some(own) = own {
                    past = Some((event.hash, own.fingerprint));
                }
            }
        }
        match (dossier, past) {
            (Some(dossier), Some((hash, fingerprint))) => {
                Ok(Past { dossier: Arc::new(dossier), hash, fingerprint })
            }
            _ => Err(corrupt(format!("event {first_seq} does not carry command {command}"))),
        }
    }
}

/// Folds an event and explains what it did to the appointment.
fn explained(
    id: Uuid,
    before: Option<Dossier>,
    event: &StoredEvent,
    picture: &Picture,
) -> Result<(Dossier, Option<ExplainedAct>), String> {
    let header = Header::decode(&event.header).map_err(|e| e.to_string())?;
    let facts = decode(event.seq, event.opened()).map_err(|e| e.to_string())?;
    let earlier = before.as_ref().and_then(|dossier| dossier.clocks.clone());
    let dossier = fold(before, id, &header, event.opened()).map_err(|e| e.to_string())?;
    let Some(clocks) = &facts.clocks else {
        return Ok((dossier, None));
    };
    let digest = clocks.appointment().calendar();
    let calendar = picture.calendar_of(digest).ok_or_else(|| format!("no calendar {digest}"))?;
    let procedure = picture.pinned(&dossier.procedure.digest).ok_or("no such procedure")?;
    let at = facts.timer.map_or_else(|| timestamp(header.at), |timer| timer.due_at);
    let computed = explain((&header.kind, at), earlier.as_ref(), clocks, procedure, calendar);
    let Some((clock, explanation)) = computed.map_err(|e| e.to_string())? else {
        return Ok((dossier, None));
    };
    if clock != *clocks.appointment() {
        return Err("the stored date is not the outcome of its inputs".into());
    }
    let act = ExplainedAct { seq: event.seq, kind: header.kind, at, clock, explanation };
    Ok((dossier, Some(act)))
}

/// Withholds the fields that `personal` names.
fn mask(event: &mut StoredEvent, personal: fn(&str) -> bool) {
    for (slot, commitment) in event.slots.iter_mut().zip(&event.commitments) {
        if let FieldSlot::Opened(field) = slot
            && personal(&field.name)
        {
            *slot = FieldSlot::Withheld(*commitment);
        }
    }
}

fn is_personal(name: &str) -> bool {
    !is_fold_field(name)
}

/// The dossier whose history a chain is.
fn dossier_of(chain: &ChainId) -> Option<DossierKey> {
    let id = chain.as_str().strip_prefix("dossier:")?;
    Uuid::parse_str(id).ok().map(DossierKey::Id)
}

/// A replay under way: flat memory whatever the length of the history.
struct Replayer {
    id: Uuid,
    until: Until,
    verifier: ChainVerifier,
    dossier: Option<Dossier>,
    head: Option<ChainHead>,
    events: u64,
    findings: Vec<Finding>,
    folding: bool,
}

impl Replayer {
    fn new(origin: &str, chain: ChainId, id: Uuid, until: Until) -> Self {
        Self {
            id,
            until,
            verifier: ChainVerifier::new(origin, chain),
            dossier: None,
            head: None,
            events: 0,
            findings: Vec::new(),
            folding: true,
        }
    }

    fn push(&mut self, event: &StoredEvent) {
        self.events += 1;
        let found =
            self.verifier.push_stored(&event.header, &event.hash, &event.commitments, &event.slots);
        self.findings.extend(found);
        let Ok(header) = Header::decode(&event.header) else {
            self.folding = false;
            return;
        };
        let wanted = match self.until {
            Until::Now => true,
            Until::At(at) => timestamp(header.at) <= at,
            Until::Version(version) => header.seq <= version,
        };
        if !wanted || !self.folding {
            return;
        }
        match fold(self.dossier.take(), self.id, &header, event.opened()) {
            Ok(dossier) => {
                self.dossier = Some(dossier);
                self.head = self.verifier.head().cloned();
            }
            Err(error) => {
                self.folding = false;
                self.findings.push(finding(header.seq, None, "fold", "", &error.to_string()));
            }
        }
    }

    fn finish(mut self, stored: Result<&Loaded, &str>) -> Replay {
        match stored {
            Ok(stored) => self.compare(stored),
            Err(why) => {
                let last = self.verifier.head().map_or(0, |head| head.seq);
                self.findings.push(finding(last, None, "stored_state", "a state", why));
            }
        }
        Replay {
            dossier: self.dossier,
            head: self.head,
            events: self.events,
            findings: self.findings,
        }
    }

    fn compare(&mut self, stored: &Loaded) {
        let head = self.verifier.head();
        let (seq, hash) = (stored.head.seq, stored.head.hash);
        if head.is_none_or(|head| head.seq != seq || head.hash != hash) {
            let found = head.map_or_else(|| "none".into(), |h| format!("{} {}", h.seq, h.hash));
            let expected = format!("{seq} {hash}");
            self.findings.push(finding(seq, None, "head", &expected, &found));
        }
        if self.until == Until::Now
            && let Some(dossier) = &self.dossier
        {
            self.findings.extend(state_differences(dossier, &stored.dossier));
        }
    }
}

/// Every part of the stored state that the history does not yield.
fn state_differences(folded: &Dossier, stored: &Dossier) -> Vec<Finding> {
    if folded == stored {
        return Vec::new();
    }
    let members = |dossier: &Dossier| match serde_json::to_value(dossier) {
        Ok(Value::Object(members)) => members,
        _ => serde_json::Map::new(),
    };
    let (folded_members, stored_members) = (members(folded), members(stored));
    let differing =
        folded_members.iter().filter(|(name, value)| stored_members.get(*name) != Some(*value));
    differing
        .map(|(name, value)| {
            let found = stored_members.get(name).map_or_else(String::new, Value::to_string);
            finding(folded.version, Some(name), "stored_state", &value.to_string(), &found)
        })
        .collect()
}

fn finding(
    seq: u64,
    field: Option<&String>,
    code: &'static str,
    expected: &str,
    found: &str,
) -> Finding {
    let part = field.map_or_else(String::new, |name| format!(" in {name}"));
    Finding {
        seq,
        field: field.cloned(),
        index: None,
        code,
        expected: expected.to_owned(),
        found: found.to_owned(),
        message: format!("event {seq}{part}: {code}: the history yields {expected}"),
    }
}
