//! One dossier, version by version. The history is the truth: whatever woke the watcher, it reads
//! what came after the version that it told last, and folds it.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use motcua_audit::Header;
use motcua_dossiers::codec::fold;
use motcua_dossiers::dossier::Dossier;
use motcua_procedures::Status;
use motcua_store::contract::{Documents, DossierKey, Store, StoredEvent};
use uuid::Uuid;

use super::Subscription;
use crate::error::{EngineError, invalid};
use crate::segment::dossier_chain;
use crate::{Caller, Engine, limits};

/// Where a dossier stood after an event; nothing of it is personal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DossierChange {
    /// Number of the event.
    pub version: u64,
    /// Name of the act.
    pub act: String,
    /// When.
    pub at: Timestamp,
    /// Dossier code, once given out.
    pub code: Option<String>,
    /// National status.
    pub status: Status,
    /// Step of the main line.
    pub state: String,
    /// Steps with open work, each once, in the order of their work items.
    pub steps: Vec<String>,
    /// Day of the appointment, while one runs.
    pub due_on: Option<Date>,
    /// Instant of the appointment.
    pub due_at: Option<Timestamp>,
    /// Nothing can happen any more.
    pub closed: bool,
}

impl DossierChange {
    fn to(dossier: &Dossier) -> Self {
        let clock = dossier.clocks.as_ref().map(|clocks| clocks.appointment());
        let mut steps: Vec<String> = Vec::new();
        for item in dossier.items.values() {
            if !steps.contains(&item.step) {
                steps.push(item.step.clone());
            }
        }
        Self {
            version: dossier.version,
            act: dossier.last.kind.clone(),
            at: dossier.last.at,
            code: dossier.code.clone(),
            status: dossier.status,
            state: dossier.state.clone(),
            steps,
            due_on: clock.and_then(|clock| clock.due_on()),
            due_at: clock.and_then(|clock| clock.due_at()),
            closed: dossier.closed,
        }
    }
}

/// What a watcher is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DossierNews {
    /// Where the dossier stands as the watching begins.
    Present(DossierChange),
    /// The next version.
    Change(DossierChange),
}

/// A dossier that is watched until this is dropped.
pub struct DossierWatch<S: Store, D: Documents> {
    engine: Engine<S, D>,
    caller: Caller,
    subscription: Subscription<Uuid>,
    /// The state at the version read last; nothing only where the history begins.
    dossier: Option<Dossier>,
    id: Uuid,
    news: VecDeque<DossierNews>,
    /// The history may go on behind what was read, whatever the subscription says.
    is_behind: bool,
}

impl<S: Store, D: Documents> Engine<S, D> {
    /// The dossier that a key names, if the caller may see it.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when there is none that the caller may see.
    pub async fn visible_id(&self, caller: &Caller, key: &DossierKey) -> Result<Uuid, EngineError> {
        Ok(self.visible(caller, key).await?.0.dossier.id)
    }

    /// Watches a dossier: from where it stands now, or from behind version `after`. Like reading
    /// it, this is recorded where the front end does it for a citizen.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when there is none that the caller may see;
    /// [`EngineError::Invalid`] when it has no version `after`.
    pub async fn watch_dossier(
        &self,
        caller: &Caller,
        id: Uuid,
        after: Option<u64>,
    ) -> Result<DossierWatch<S, D>, EngineError> {
        // Before the dossier is read, so that no commit falls in between.
        let subscription = self.subscribe_to_dossier(id);
        let (loaded, _) = self.visible(caller, &DossierKey::Id(id)).await?;
        if caller.acting_for.is_some() {
            self.record_read(caller, &loaded.dossier, "dossier").await?;
        }
        let mut news = VecDeque::new();
        let dossier = match after {
            None => {
                news.push_back(DossierNews::Present(DossierChange::to(&loaded.dossier)));
                Some(Arc::unwrap_or_clone(loaded.dossier))
            }
            Some(after) if after > loaded.dossier.version => return Err(version_unknown()),
            // Mostly nothing has happened while the line was down.
            Some(after) if after == loaded.dossier.version => {
                Some(Arc::unwrap_or_clone(loaded.dossier))
            }
            Some(after) => self.folded(id, after).await?,
        };
        let caller = caller.clone();
        let engine = self.clone();
        Ok(DossierWatch { engine, caller, subscription, dossier, id, news, is_behind: true })
    }

    /// The state at a version; nothing at version 0.
    async fn folded(&self, id: Uuid, version: u64) -> Result<Option<Dossier>, EngineError> {
        let mut dossier: Option<Dossier> = None;
        while version_of(dossier.as_ref()) < version {
            let after = version_of(dossier.as_ref());
            let left = u32::try_from(version - after).unwrap_or(u32::MAX);
            let limit = left.min(limits::HISTORY_PAGE_MAX);
            let page = self.0.store.events(&dossier_chain(id), after, limit).await?;
            if page.is_empty() {
                return Err(EngineError::Corrupt(format!("dossier {id} ends at {after}")));
            }
            for event in &page {
                dossier = Some(folded(id, dossier, event)?);
            }
        }
        Ok(dossier)
    }
}

impl<S: Store, D: Documents> DossierWatch<S, D> {
    /// What happens next; nothing once the dossier is closed for good and all was told. Nothing is
    /// lost when the waiting is given up, and the next call goes on.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the caller may not see the dossier any more; the store is
    /// unavailable, and then the next call tries again.
    pub async fn next(&mut self) -> Result<Option<DossierNews>, EngineError> {
        loop {
            if let Some(news) = self.news.pop_front() {
                return Ok(Some(news));
            }
            if self.dossier.as_ref().is_some_and(|dossier| dossier.closed) {
                return Ok(None);
            }
            let told = version_of(self.dossier.as_ref());
            if self.is_behind || self.subscription.number() > told {
                self.look().await?;
            } else {
                self.subscription.changed().await;
            }
        }
    }

    /// Reads a page of what came after. The policy is asked each time, about the dossier as it is.
    async fn look(&mut self) -> Result<(), EngineError> {
        let key = DossierKey::Id(self.id);
        let (loaded, _) = self.engine.visible(&self.caller, &key).await?;
        let after = version_of(self.dossier.as_ref());
        let known = loaded.dossier.version;
        if known <= after {
            self.is_behind = false;
            return Ok(());
        }
        let store = &self.engine.0.store;
        let page = store.events(&dossier_chain(self.id), after, limits::HISTORY_PAGE_MAX).await?;
        // From here on nothing waits, so nothing is told half.
        for event in page.iter().filter(|event| event.seq <= known) {
            let dossier = folded(self.id, self.dossier.take(), event)?;
            self.news.push_back(DossierNews::Change(DossierChange::to(&dossier)));
            self.dossier = Some(dossier);
        }
        let reached = version_of(self.dossier.as_ref());
        if reached == after {
            return Err(EngineError::Corrupt(format!("dossier {} ends at {after}", self.id)));
        }
        self.is_behind = reached < known;
        Ok(())
    }
}

fn version_of(dossier: Option<&Dossier>) -> u64 {
    dossier.map_or(0, |dossier| dossier.version)
}

fn folded(id: Uuid, before: Option<Dossier>, event: &StoredEvent) -> Result<Dossier, EngineError> {
    let corrupt = |why: String| EngineError::Corrupt(format!("event {}: {why}", event.seq));
    let header = Header::decode(&event.header).map_err(|error| corrupt(error.to_string()))?;
    fold(before, id, &header, event.opened()).map_err(|error| corrupt(error.to_string()))
}

/// A token of a version that the dossier does not have, as after the return to an older copy of
/// the database.
fn version_unknown() -> EngineError {
    invalid(
        "resume_token",
        "RESUME_TOKEN",
        "Hồ sơ chưa có phiên bản này: hãy theo dõi lại từ đầu.",
        "The dossier has no such version: watch it anew, without a token.",
    )
}
