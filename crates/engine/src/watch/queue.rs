//! One queue of a desk: what stands in it, then what changes. The list itself is the truth: it is
//! read anew as a wake-up or the clock says so, and compared with what was told.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use motcua_store::contract::{Documents, Queue, Store, WorklistPage, WorklistRow};
use serde_json::json;
use tokio::time::Instant;
use uuid::Uuid;

use super::Subscription;
use super::pages::{LastPage, List};
use crate::error::EngineError;
use crate::{Caller, Engine, limits};

/// What a watcher is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueueNews {
    /// What stands in the queue, at most [`limits::WATCH_QUEUE_ROWS_MAX`] rows of it.
    Snapshot {
        /// The first rows of the queue, in its order.
        rows: Vec<WorklistRow>,
        /// Exact number of rows of the whole queue.
        total: u64,
    },
    /// What changed since the last news. All parts are empty once alone: where a watching that is
    /// resumed finds everything as it was told.
    Changes {
        /// Rows that came.
        added: Vec<WorklistRow>,
        /// Rows that are there still, as they are now.
        changed: Vec<WorklistRow>,
        /// Dossier and work item of rows that went.
        left: Vec<(Uuid, u32)>,
        /// Exact number of rows of the whole queue.
        total: u64,
    },
}

/// A row as it was told. Whatever else it shows follows from the version.
type Told = (u64, bool);
/// The rows of a queue as they were told, by dossier and work item.
type Rows = HashMap<(Uuid, u32), Told>;

/// A queue that is watched until this is dropped.
pub struct QueueWatch<S: Store, D: Documents> {
    engine: Engine<S, D>,
    caller: Caller,
    queue: Queue,
    procedure: Option<String>,
    subscription: Subscription<String>,
    /// Shared with whoever watches the same list.
    last_page: Arc<LastPage>,
    /// What was told; nothing before the first look.
    told: Option<(Rows, u64)>,
    /// The digest of what was told before a line dropped.
    resumed: Option<String>,
    looked_at: Option<Instant>,
    is_stale: bool,
}

impl<S: Store, D: Documents> Engine<S, D> {
    /// Watches one of the caller's queues. `resumed` is the [`QueueWatch::digest`] of an earlier
    /// watching: where the queue is as it was told then, it is not told again.
    ///
    /// # Errors
    /// The caller works in no unit.
    pub fn watch_queue(
        &self,
        caller: &Caller,
        queue: Queue,
        procedure: Option<String>,
        resumed: Option<String>,
    ) -> Result<QueueWatch<S, D>, EngineError> {
        let desk = crate::query::desk_of(caller)?;
        Ok(QueueWatch {
            subscription: self.subscribe_to_unit(desk.unit.clone()),
            last_page: self.0.watchers.pages.of(List::of(queue, desk, procedure.clone())),
            engine: self.clone(),
            caller: caller.clone(),
            queue,
            procedure,
            told: None,
            resumed,
            looked_at: None,
            is_stale: true,
        })
    }
}

impl<S: Store, D: Documents> QueueWatch<S, D> {
    /// What happens next. What changed between two looks comes as one, each row as it is at the
    /// second. Nothing is lost when the waiting is given up, and the next call goes on.
    ///
    /// # Errors
    /// The store is unavailable, and then the next call tries again.
    pub async fn next(&mut self) -> Result<QueueNews, EngineError> {
        loop {
            self.until_time_to_look().await;
            // Before the list is read, so that no commit falls in between.
            self.subscription.number();
            let now = Instant::now();
            // Where nothing was committed, what another has just looked at will do.
            let age = match self.is_stale {
                true => Duration::ZERO,
                false => Duration::from_millis(limits::WATCH_QUEUE_SHARED_MS),
            };
            self.is_stale = true;
            let limit = limits::WATCH_QUEUE_ROWS_MAX;
            let list =
                self.engine.worklist(&self.caller, self.queue, self.procedure.clone(), None, limit);
            let page = self.last_page.read(now.checked_sub(age).unwrap_or(now), list).await?;
            self.is_stale = false;
            self.looked_at = Some(Instant::now());
            if let Some(news) = self.compare(&page) {
                return Ok(news);
            }
        }
    }

    /// A digest of what was told last, of the rows and their number.
    pub fn digest(&self) -> String {
        let (rows, total) = self.told.as_ref().map_or((Vec::new(), 0), |(rows, total)| {
            let rows = rows.iter().map(|(row, told)| (row.0, row.1, told.0, told.1));
            (rows.collect(), *total)
        });
        let mut rows: Vec<(Uuid, u32, u64, bool)> = rows;
        rows.sort_unstable();
        let text = json!([rows, total]).to_string();
        self.engine.0.secret.digest("watched_queue", text.as_bytes())
    }

    /// Waits for a wake-up or for the time of the next look, but never looks so often that a busy
    /// unit costs a query for each of its commits.
    async fn until_time_to_look(&mut self) {
        let Some(looked_at) = self.looked_at else { return };
        let pace = looked_at + Duration::from_millis(limits::WATCH_QUEUE_PACE_MS);
        let latest = looked_at + Duration::from_millis(limits::WATCH_QUEUE_LOOK_MS);
        if !self.is_stale {
            tokio::select! {
                () = self.subscription.changed() => self.is_stale = true,
                () = tokio::time::sleep_until(latest) => return,
            }
        }
        tokio::time::sleep_until(pace).await;
    }

    /// What is new in the list; nothing if it is as it was told.
    fn compare(&mut self, page: &WorklistPage) -> Option<QueueNews> {
        let WorklistPage { rows, total } = page;
        let total = *total;
        let key = |row: &WorklistRow| (row.key.dossier, row.key.item);
        let now: Rows = rows.iter().map(|row| (key(row), (row.version, row.late))).collect();
        let Some((before, total_before)) = self.told.replace((now, total)) else {
            if self.resumed.take().is_some_and(|resumed| resumed == self.digest()) {
                return Some(QueueNews::Changes {
                    added: Vec::new(),
                    changed: Vec::new(),
                    left: Vec::new(),
                    total,
                });
            }
            return Some(QueueNews::Snapshot { rows: rows.clone(), total });
        };
        let (now, _) = self.told.as_ref().expect("it was just put there");
        let mut left: Vec<_> =
            before.keys().filter(|row| !now.contains_key(row)).copied().collect();
        left.sort_unstable();
        let (mut added, mut changed) = (Vec::new(), Vec::new());
        for row in rows {
            match before.get(&key(row)) {
                None => added.push(row.clone()),
                Some(told) if *told != (row.version, row.late) => changed.push(row.clone()),
                Some(_) => {}
            }
        }
        let is_same = added.is_empty() && changed.is_empty() && left.is_empty();
        (!is_same || total != total_before).then_some(QueueNews::Changes {
            added,
            changed,
            left,
            total,
        })
    }
}
