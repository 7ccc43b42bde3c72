//! Watching dossiers and queues: every change once, in order, whoever made it and at which node.
//!
//! The tables are the truth; a wake-up only says that it is time to look. Within a node the commit
//! gives one (`topics.rs`). What other nodes commit is found by looking: a task that runs while
//! somebody watches asks for the versions of all watched dossiers in one query, every
//! [`limits::WATCH_POLL_MS`], and a watched queue is read anew at least every
//! [`limits::WATCH_QUEUE_LOOK_MS`], which also shows what changes by time alone. Nodes tell each
//! other for which units they committed, so that a queue need not wait for that (`hints.rs`).

mod dossier;
mod hints;
mod pages;
mod queue;
mod topics;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use motcua_dossiers::dossier::Dossier;
use motcua_store::contract::{Documents, DossierCommit, Store};
use uuid::Uuid;

pub use self::dossier::{DossierChange, DossierNews, DossierWatch};
pub use self::queue::{QueueNews, QueueWatch};
use self::topics::{Subscription, Topics};
use crate::{Engine, limits};

/// What is watched at this node.
#[derive(Default)]
pub(crate) struct Watchers {
    /// Dossiers, each with the highest version that is known.
    dossiers: Topics<Uuid>,
    /// Units whose queues are watched, each with a number that grows with every commit.
    units: Topics<String>,
    /// Lists of queues, as they were last read for whoever watches them.
    pages: pages::Pages,
    is_polling: AtomicBool,
    hints: hints::Hints,
}

impl Watchers {
    /// Wakes whoever watches the dossier, or a queue in which it stood (`before`) or stands now.
    pub(crate) fn committed(&self, id: Uuid, version: u64, units: &BTreeSet<String>) {
        self.dossiers.reached(&id, version);
        units.iter().for_each(|unit| self.units.touched(unit));
    }
}

/// Whom a commit is to wake.
pub(crate) struct Wake {
    id: Uuid,
    version: u64,
    units: BTreeSet<String>,
}

impl Wake {
    /// For a commit on a dossier that stood in the queues of `before`.
    pub(crate) fn of<S: Store, D: Documents>(
        engine: &Engine<S, D>,
        commit: &DossierCommit,
        mut before: BTreeSet<String>,
    ) -> Self {
        before.extend(engine.units_of(&commit.dossier));
        Self { id: commit.dossier.id, version: commit.head.seq, units: before }
    }

    /// Wakes them, here and at other nodes.
    pub(crate) fn up<S: Store, D: Documents>(self, engine: &Engine<S, D>) {
        engine.0.watchers.committed(self.id, self.version, &self.units);
        engine.hint(self.units);
    }
}

impl<S: Store, D: Documents> Engine<S, D> {
    /// The units in whose queues the dossier may stand; none if nobody can watch any.
    pub(crate) fn units_of(&self, dossier: &Dossier) -> BTreeSet<String> {
        if !self.0.store.is_shared() && self.0.watchers.units.is_empty() {
            return BTreeSet::new();
        }
        let filing = &dossier.filing;
        let items = dossier.items.values().map(|item| &item.unit);
        items.chain([&filing.receiving_unit, &filing.competent_unit]).cloned().collect()
    }

    fn subscribe_to_unit(&self, unit: String) -> Subscription<String> {
        let subscription = self.0.watchers.units.subscribe(unit);
        self.listen();
        subscription
    }

    fn subscribe_to_dossier(&self, id: Uuid) -> Subscription<Uuid> {
        let subscription = self.0.watchers.dossiers.subscribe(id);
        if !self.0.watchers.is_polling.swap(true, Ordering::SeqCst) {
            let inner = Arc::downgrade(&self.0);
            crate::spawn(async move {
                loop {
                    tokio::time::sleep(Duration::from_millis(limits::WATCH_POLL_MS)).await;
                    let Some(inner) = inner.upgrade() else { return };
                    if !Self(inner).poll_dossiers().await {
                        return;
                    }
                }
            });
        }
        subscription
    }

    /// Looks for the versions of all watched dossiers; false when nobody watches any more, and
    /// then whoever comes next starts the polling anew.
    async fn poll_dossiers(&self) -> bool {
        let watchers = &self.0.watchers;
        let watched = watchers.dossiers.keys();
        if watched.is_empty() {
            watchers.is_polling.store(false, Ordering::SeqCst);
            // Somebody who came in between found the polling still going on.
            return !watchers.dossiers.is_empty()
                && !watchers.is_polling.swap(true, Ordering::SeqCst);
        }
        for some in watched.chunks(limits::WATCH_POLL_DOSSIERS_MAX) {
            match self.0.store.versions(some).await {
                Ok(versions) => {
                    versions.iter().for_each(|(id, version)| {
                        watchers.dossiers.reached(id, *version);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the versions of watched dossiers could not be read");
                }
            }
        }
        true
    }
}
