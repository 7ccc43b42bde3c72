//! Loops that work off what commits leave behind. Wake-ups are hints; polling is the truth.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use motcua_dossiers::command::{Actor, Command};
use motcua_store::contract::{Documents, DossierKey, Expired, Store};
use tokio::sync::{Semaphore, watch};
use tracing::{info, warn};
use uuid::Uuid;

use crate::execute::Request;
use crate::{Engine, EngineError, limits};

impl<S: Store, D: Documents> Engine<S, D> {
    /// Runs the loops of timers, of what expires and of what other nodes put in force until `stop`
    /// turns true.
    pub async fn run_workers(&self, stop: watch::Receiver<bool>) {
        tokio::join!(
            self.run_timers(stop.clone()),
            self.run_expiry(stop.clone()),
            self.run_registers(stop)
        );
    }

    /// Looks for procedures, calendars and units that another node put in force.
    async fn run_registers(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = self.refresh_registers().await {
                warn!(%error, "what is in force could not be read");
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(limits::REGISTERS_POLL_MS)) => {}
                _ = stop.changed() => {}
            }
        }
    }

    async fn run_timers(&self, mut stop: watch::Receiver<bool>) {
        let mut parked: HashMap<Uuid, Timestamp> = HashMap::new();
        while !*stop.borrow() {
            let fired = match self.fire_due(&mut parked).await {
                Ok(fired) => fired,
                Err(error) => {
                    warn!(%error, "due timers could not be read");
                    0
                }
            };
            if fired > 0 {
                continue;
            }
            // A parked dossier's timer stays due, so it must not set the pace.
            let pause = match parked.is_empty() {
                true => self.until_next_timer().await,
                false => Duration::from_secs(1),
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.0.timer_set.notified() => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Fires one batch of due timers through the dossiers' lanes, as any other command.
    async fn fire_due(&self, parked: &mut HashMap<Uuid, Timestamp>) -> Result<usize, EngineError> {
        let now = self.now();
        parked.retain(|_, until| *until > now);
        let due = due_but(&self.0.store, parked, now, limits::TIMER_BATCH_MAX).await?;
        let places = Arc::new(Semaphore::new(limits::TIMER_CONCURRENCY));
        let mut under_way = Vec::with_capacity(due.len());
        for id in due {
            let place = Arc::clone(&places).acquire_owned().await;
            let engine = self.clone();
            under_way.push((
                id,
                crate::spawn(async move {
                    let fired = engine.fire(id).await;
                    drop(place);
                    fired
                }),
            ));
        }
        let mut fired = 0;
        for (id, work) in under_way {
            match work.await {
                Ok(Ok(_)) => fired += 1,
                Ok(Err(EngineError::Overloaded)) => {}
                Ok(Err(error)) => {
                    parked.insert(id, now + SignedDuration::from_secs(limits::TIMER_RETRY_S));
                    warn!(dossier.id = %id, %error, "timers of dossier {id} could not be fired");
                }
                Err(error) => {
                    parked.insert(id, now + SignedDuration::from_secs(limits::TIMER_RETRY_S));
                    warn!(dossier.id = %id, %error, "a timer task ended early");
                }
            }
        }
        Ok(fired)
    }

    async fn fire(&self, id: Uuid) -> Result<(), EngineError> {
        let request = Request {
            dossier: DossierKey::Id(id),
            command_id: Uuid::nil(),
            expected: None,
            actor: Actor::system(),
            command: Command::FireTimers,
        };
        self.execute(request).await.map(|_| ())
    }

    async fn until_next_timer(&self) -> Duration {
        let longest = Duration::from_secs(limits::TIMER_POLL_MAX_S);
        let shortest = Duration::from_millis(20);
        match self.0.store.next_timer_at().await {
            Ok(Some(at)) => {
                let wait = at.duration_since(self.now());
                let wait = Duration::try_from(wait).unwrap_or(shortest);
                wait.clamp(shortest, longest)
            }
            Ok(None) => longest,
            Err(error) => {
                warn!(%error, "the next timer could not be read");
                longest
            }
        }
    }

    /// Throws away the bytes of what has expired.
    async fn discard(&self, expired: Expired) {
        let Expired { uploads, documents } = expired;
        for upload in &uploads {
            if let Err(error) = self.discard_upload(*upload).await {
                warn!(%error, %upload, "an expired upload could not be discarded");
            }
        }
        let mut removed = 0_usize;
        for sha256 in &documents {
            match self.remove_document(sha256).await {
                Ok(gone) => removed += usize::from(gone),
                Err(error) => warn!(%error, %sha256, "an expired document could not be removed"),
            }
        }
        if !uploads.is_empty() || removed > 0 {
            info!(uploads = uploads.len(), documents = removed, "expired uploads were discarded");
        }
    }

    async fn run_expiry(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.0.store.expire(self.now()).await {
                Ok(expired) => self.discard(expired).await,
                Err(error) => warn!(%error, "expired drafts and uploads could not be removed"),
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(limits::EXPIRY_INTERVAL_S)) => {}
                _ = stop.changed() => {}
            }
        }
    }
}

/// A batch of due dossiers, most overdue first; parked ones take no place of others.
async fn due_but<S: Store>(
    store: &S,
    parked: &HashMap<Uuid, Timestamp>,
    now: Timestamp,
    batch: u32,
) -> Result<Vec<Uuid>, EngineError> {
    let mut due = Vec::new();
    let mut after = None;
    loop {
        let page = store.due_dossiers(now, after, batch).await?;
        let is_last = page.len() < batch as usize;
        after = page.last().copied().or(after);
        let found = page.into_iter().map(|(_, id)| id).filter(|id| !parked.contains_key(id));
        due.extend(found.take(batch as usize - due.len()));
        if is_last || due.len() == batch as usize {
            return Ok(due);
        }
    }
}

#[cfg(test)]
mod tests {
    use motcua_store::MemoryStore;
    use motcua_store::conformance::fixture::{Subject, dossier_id, minute};
    use motcua_store::contract::Commit;

    use super::*;

    #[tokio::test]
    async fn parked_dossiers_take_no_place_of_others_however_many_they_are() {
        let store = MemoryStore::default();
        for number in 1..=9 {
            let filed = Subject::new(number).file(|facts| {
                facts.timers = [("late".to_owned(), Some(minute(number.into())))].into();
            });
            let answers = store.commit(vec![Commit::Dossier(Box::new(filed))]).await;
            assert_eq!(answers, [Ok(())]);
        }
        let mut parked: HashMap<_, _> =
            (1..=7).map(|number| (dossier_id(number), minute(100))).collect();
        let due = async |parked: &HashMap<_, _>| due_but(&store, parked, minute(50), 2).await;
        assert_eq!(due(&parked).await.expect("due"), [dossier_id(8), dossier_id(9)]);
        parked.remove(&dossier_id(3));
        assert_eq!(due(&parked).await.expect("due"), [dossier_id(3), dossier_id(8)]);
        parked.extend((1..=9).map(|number| (dossier_id(number), minute(100))));
        assert!(due(&parked).await.expect("due").is_empty());
    }
}
