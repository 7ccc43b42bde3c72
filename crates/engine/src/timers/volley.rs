//! A volley: the timers of some dossiers, loaded with one read and committed together.
//!
//! Each dossier's lane is held meanwhile, so that live commands wait for it as they wait for each
//! other. Whatever does not go smoothly goes through the lane as any other command: a dossier with
//! commands under way, one that another node has moved on, one that cannot be read with the others.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;

use futures::FutureExt as _;
use futures::future::join_all;
use jiff::SignedDuration;
use motcua_dossiers::command::{Actor, Command};
use motcua_store::StoreError;
use motcua_store::contract::{Claim, Documents, DossierKey, Loaded, PutOff, Store};
use tracing::{error, warn};
use uuid::Uuid;

use crate::execute::Request;
use crate::lane::HeldLane;
use crate::segment::Segment;
use crate::{Engine, EngineError, limits};

impl<S: Store, D: Documents> Engine<S, D> {
    /// Fires the timers of some dossiers; answers those that would not.
    pub(super) async fn fire_volley(&self, claims: Vec<Claim>) -> Vec<PutOff> {
        // Whoever was stopped for long has lost its claims to others.
        let now = self.now();
        let is_shared = self.0.store.is_shared();
        let (held, lost): (Vec<_>, Vec<_>) =
            claims.into_iter().partition(|claim| claim.until > now || !is_shared);
        // Not tried, so not counted.
        let mut put_off: Vec<_> = lost.into_iter().map(|claim| self.give_back(claim)).collect();
        self.0.load.fired.fetch_add(held.len() as u64, Ordering::Relaxed);
        let ids: Vec<Uuid> = held.iter().map(|claim| claim.dossier).collect();
        let fired = match self.fire_together(&ids).await {
            Ok(fired) => fired,
            Err(error) => {
                warn!(%error, dossiers = ids.len(), "due dossiers cannot be read and wait");
                put_off.extend(held.into_iter().map(|claim| self.busy(claim)));
                return put_off;
            }
        };
        for (claim, fired) in held.into_iter().zip(fired) {
            match fired {
                Ok(()) => {}
                // It says nothing about the dossier, but that there is too much to do.
                Err(EngineError::Overloaded) => put_off.push(self.busy(claim)),
                Err(error) => put_off.push(self.retry_later(claim, error.to_string())),
            }
        }
        put_off
    }

    /// # Errors
    /// The dossiers cannot be read, which says nothing about any of them.
    async fn fire_together(
        &self,
        ids: &[Uuid],
    ) -> Result<Vec<Result<(), EngineError>>, StoreError> {
        let lanes: Vec<_> = ids.iter().map(|id| HeldLane::hold(self, *id)).collect();
        let held: Vec<Uuid> = lanes.iter().flatten().map(HeldLane::id).collect();
        let mut loaded: HashMap<Uuid, Loaded> = match self.0.store.load_all(&held).await {
            Ok(loaded) => loaded.into_iter().map(|found| (found.dossier.id, found)).collect(),
            // One is at fault, and keeps no other.
            Err(StoreError::Corrupt { .. }) => HashMap::new(),
            Err(error) => return Err(error),
        };
        let firing = ids.iter().zip(lanes).map(|(id, lane)| {
            let loaded = loaded.remove(id);
            async move {
                match lane.zip(loaded) {
                    Some((lane, loaded)) => self.fire_held(lane, loaded).await,
                    None => Box::pin(self.fire(*id)).await,
                }
            }
        });
        Ok(join_all(firing).await)
    }

    /// Fires the timers of one dossier on the state that was loaded with others.
    async fn fire_held(&self, lane: HeldLane<S, D>, loaded: Loaded) -> Result<(), EngineError> {
        // Live calls are not kept waiting by a long row of decisions.
        tokio::task::yield_now().await;
        let id = lane.id();
        let fired = AssertUnwindSafe(self.fire_loaded(loaded)).catch_unwind().await;
        drop(lane);
        match fired {
            Ok(Err(EngineError::Stale { .. } | EngineError::AlreadyExists { .. })) => {
                Box::pin(self.fire(id)).await
            }
            Ok(fired) => fired,
            Err(_panic) => {
                error!(dossier.id = %id, "firing the timers of dossier {id} panicked");
                Err(EngineError::OutcomeUnknown)
            }
        }
    }

    async fn fire_loaded(&self, loaded: Loaded) -> Result<(), EngineError> {
        // What callers wrote last stays at hand for them; what only timers touch takes no place there.
        let is_at_hand = self.0.standing.take(loaded.dossier.id).is_some();
        let picture = self.picture_with(&loaded.dossier.procedure.digest).await?;
        let mut segment = Segment::of(self, loaded);
        self.fire_due_timers(&mut segment, &picture)?;
        let stands = self.commit(segment).await?;
        if is_at_hand {
            self.keep_at_hand(stands);
        }
        Ok(())
    }

    /// Fires the timers of one dossier through its lane, as any other command.
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

    pub(super) fn give_back(&self, claim: Claim) -> PutOff {
        let attempts = claim.attempts - 1;
        PutOff { claim, until: self.now(), attempts, failure: None }
    }

    /// Tried again soon, and not counted.
    fn busy(&self, claim: Claim) -> PutOff {
        let until = self.now() + SignedDuration::from_secs(limits::TIMER_BUSY_RETRY_S);
        PutOff { until, ..self.give_back(claim) }
    }

    /// The timer stays due, and the dossier takes no place of others meanwhile.
    fn retry_later(&self, claim: Claim, failure: String) -> PutOff {
        let id = claim.dossier;
        let wait = retry_after(id, claim.attempts);
        let seconds = wait.as_secs();
        if claim.attempts >= limits::TIMER_ATTEMPTS_MAX {
            error!(dossier.id = %id, failure, "timers of dossier {id} are parked: {failure}");
        } else {
            warn!(dossier.id = %id, failure, "timers of dossier {id} wait for {seconds} s: {failure}");
        }
        let (until, attempts) = (self.now() + wait, claim.attempts);
        let failure = Some(failure.chars().take(limits::TIMER_FAILURE_CHARS_MAX).collect());
        PutOff { claim, until, attempts, failure }
    }
}

/// Twice as long after each attempt, and for each dossier a little longer in its own way, so that
/// what failed together does not come back together.
fn retry_after(id: Uuid, attempts: u32) -> SignedDuration {
    let doublings = attempts.saturating_sub(1).min(limits::TIMER_ATTEMPTS_MAX);
    let seconds = match attempts >= limits::TIMER_ATTEMPTS_MAX {
        true => limits::TIMER_PARKED_RETRY_S,
        false => limits::TIMER_RETRY_S << doublings,
    };
    // The end of an id is random.
    let share = i64::from(id.as_bytes()[15]);
    SignedDuration::from_secs(seconds + seconds * share / 512)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_comes_back_ever_later_and_is_parked_in_the_end() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(255));
        let waits: Vec<i64> = (1..=9).map(|n| retry_after(one, n).as_secs()).collect();
        assert_eq!(waits, [10, 20, 40, 80, 160, 320, 641, 3607, 3607]);
        assert!(retry_after(other, 1) > retry_after(one, 1));
    }
}
