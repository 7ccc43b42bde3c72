//! The loop of timers: claim a batch of due dossiers, fire them in waves, give back what would not.
//!
//! Every node runs it. A claim shares the work and nothing else: it ends by itself when its node is
//! gone, and a timer fires once because the commit that fires it names the version it was decided on.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use motcua_dossiers::command::{Actor, Command};
use motcua_store::contract::{Claim, Documents, DossierKey, PutOff, Store};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{error, warn};
use uuid::Uuid;

use crate::execute::Request;
use crate::{Engine, EngineError, limits};

/// What this node is asked to do, to leave live calls their share.
#[derive(Default)]
pub(crate) struct Load {
    under_way: AtomicUsize,
    begun: AtomicU64,
    fired: AtomicU64,
}

/// A live call that is under way.
pub(crate) struct Live<'a>(&'a Load);

impl Load {
    /// Counts a command unless it is one of the timers' own.
    pub(crate) fn enter(&self, command: &Command) -> Option<Live<'_>> {
        if matches!(command, Command::FireTimers) {
            return None;
        }
        self.under_way.fetch_add(1, Ordering::Relaxed);
        self.begun.fetch_add(1, Ordering::Relaxed);
        Some(Live(self))
    }

    /// Dossiers whose timers are fired at once, given the live calls begun before the last wave.
    fn width(&self, begun_before: u64) -> usize {
        match self.is_live(begun_before) {
            false => limits::TIMER_CONCURRENCY,
            true => {
                let live = self.under_way.load(Ordering::Relaxed);
                live.clamp(limits::TIMER_CONCURRENCY_MIN, limits::TIMER_CONCURRENCY)
            }
        }
    }

    /// Whether anybody called since then, or still does.
    fn is_live(&self, begun_before: u64) -> bool {
        self.begun.load(Ordering::Relaxed) > begun_before
            || self.under_way.load(Ordering::Relaxed) > 0
    }

    /// Rest after a wave that took so long: as long, where live calls want the capacity.
    fn rest(&self, begun_before: u64, took: Duration) -> Duration {
        match self.is_live(begun_before) {
            false => Duration::ZERO,
            true => took.min(Duration::from_secs(limits::TIMER_REST_MAX_S)),
        }
    }
}

impl Drop for Live<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Where the next claim begins. A pass goes on behind its last page. The next one begins a little
/// before the end of the last, so that nobody goes through what has fired again and again; now and
/// then one begins at the start, for claims that ended and timers that were set into the past.
#[derive(Default)]
struct Pass {
    after: Option<(Timestamp, Uuid)>,
    begun_at: Option<Timestamp>,
    floor: Option<Timestamp>,
    swept_at: Option<Instant>,
}

impl Pass {
    fn next(&mut self, now: Timestamp) -> Option<(Timestamp, Uuid)> {
        if self.begun_at.is_some() {
            return self.after;
        }
        self.begun_at = Some(now);
        let interval = Duration::from_secs(limits::TIMER_SWEEP_S);
        let is_sweep = self.swept_at.is_none_or(|swept| swept.elapsed() >= interval);
        if is_sweep {
            self.swept_at = Some(Instant::now());
        }
        self.after = self.floor.filter(|_| !is_sweep).map(|floor| (floor, Uuid::nil()));
        self.after
    }

    /// Takes note of a page.
    fn claimed(&mut self, page: &[Claim]) {
        match page.last() {
            Some(last) if page.len() == limits::TIMER_BATCH_MAX as usize => {
                self.after = Some(last.place());
            }
            Some(_) | None => {
                let overlap = SignedDuration::from_secs(limits::TIMER_OVERLAP_S);
                self.floor = self.begun_at.take().map(|begun| begun - overlap);
            }
        }
    }
}

impl<S: Store, D: Documents> Engine<S, D> {
    /// How often this node has tried to fire the timers of a dossier since it started.
    pub fn timers_tried(&self) -> u64 {
        self.0.load.fired.load(Ordering::Relaxed)
    }

    pub(crate) async fn run_timers(&self, mut stop: watch::Receiver<bool>) {
        let mut pass = Pass::default();
        while !*stop.borrow() {
            let pause = match self.claim(&mut pass).await {
                Ok(claims) if claims.is_empty() => self.until_next_timer().await,
                Ok(claims) => {
                    self.fire_claimed(claims, &mut stop).await;
                    continue;
                }
                Err(error) => {
                    warn!(%error, "due timers could not be claimed");
                    Duration::from_secs(limits::TIMER_POLL_MAX_S)
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.0.timer_set.notified() => {}
                _ = stop.changed() => {}
            }
        }
    }

    async fn claim(&self, pass: &mut Pass) -> Result<Vec<Claim>, EngineError> {
        let now = self.now();
        // Where nobody else can work, a process that was killed keeps nobody waiting.
        let seconds = if self.0.store.is_shared() { limits::TIMER_CLAIM_S } else { 0 };
        let until = now + SignedDuration::from_secs(seconds);
        let after = pass.next(now);
        let batch = limits::TIMER_BATCH_MAX;
        let claims = self.0.store.claim_timers(now, until, after, batch).await?;
        pass.claimed(&claims);
        Ok(claims)
    }

    /// Fires claimed dossiers through their lanes, as any other command, most overdue first.
    async fn fire_claimed(&self, claims: Vec<Claim>, stop: &mut watch::Receiver<bool>) {
        let load = &self.0.load;
        let mut waiting = claims.into_iter();
        let mut begun_before = load.begun.load(Ordering::Relaxed);
        while !waiting.as_slice().is_empty() && !*stop.borrow() {
            let width = load.width(begun_before);
            begun_before = load.begun.load(Ordering::Relaxed);
            let began = Instant::now();
            let put_off = self.fire_wave(waiting.by_ref().take(width).collect()).await;
            self.put_off(put_off).await;
            tokio::select! {
                () = tokio::time::sleep(load.rest(begun_before, began.elapsed())) => {}
                _ = stop.changed() => {}
            }
        }
        // Others need not wait for the end of the claim.
        self.put_off(waiting.map(|claim| self.give_back(claim)).collect()).await;
    }

    /// Fires the timers of some dossiers at the same time; answers those that would not.
    async fn fire_wave(&self, claims: Vec<Claim>) -> Vec<PutOff> {
        // Whoever was stopped for long has lost its claims to others.
        let now = self.now();
        let is_shared = self.0.store.is_shared();
        let (held, lost): (Vec<_>, Vec<_>) =
            claims.into_iter().partition(|claim| claim.until > now || !is_shared);
        // Not tried, so not counted.
        let mut put_off: Vec<_> = lost.into_iter().map(|claim| self.give_back(claim)).collect();
        let under_way: Vec<_> = held
            .into_iter()
            .map(|claim| {
                let (engine, id) = (self.clone(), claim.dossier);
                (claim, crate::spawn(async move { engine.fire(id).await }))
            })
            .collect();
        for (claim, work) in under_way {
            match work.await {
                Ok(Ok(())) => {}
                // It says nothing about the dossier, but that there is too much to do.
                Ok(Err(EngineError::Overloaded | EngineError::Unavailable(_))) => {
                    let until = self.now() + SignedDuration::from_secs(limits::TIMER_BUSY_RETRY_S);
                    put_off.push(PutOff { until, ..self.give_back(claim) });
                }
                Ok(Err(error)) => put_off.push(self.retry_later(claim, error.to_string())),
                Err(error) => put_off.push(self.retry_later(claim, error.to_string())),
            }
        }
        put_off
    }

    async fn fire(&self, id: Uuid) -> Result<(), EngineError> {
        self.0.load.fired.fetch_add(1, Ordering::Relaxed);
        let request = Request {
            dossier: DossierKey::Id(id),
            command_id: Uuid::nil(),
            expected: None,
            actor: Actor::system(),
            command: Command::FireTimers,
        };
        self.execute(request).await.map(|_| ())
    }

    fn give_back(&self, claim: Claim) -> PutOff {
        let attempts = claim.attempts - 1;
        PutOff { claim, until: self.now(), attempts, failure: None }
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

    async fn put_off(&self, claims: Vec<PutOff>) {
        if claims.is_empty() {
            return;
        }
        if let Err(error) = self.0.store.put_off_timers(claims).await {
            warn!(%error, "claims of timers could not be ended: they end by themselves");
        }
    }

    async fn until_next_timer(&self) -> Duration {
        let longest = Duration::from_secs(limits::TIMER_POLL_MAX_S);
        let shortest = Duration::from_millis(20);
        let now = self.now();
        match self.0.store.next_timer_at(now).await {
            Ok(Some(at)) => {
                let wait = Duration::try_from(at.duration_since(now)).unwrap_or(shortest);
                wait.clamp(shortest, longest)
            }
            Ok(None) => longest,
            Err(error) => {
                warn!(%error, "the next timer could not be read");
                longest
            }
        }
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
    use motcua_store::conformance::fixture::{dossier_id, minute};

    use super::*;

    fn page(last: i64, length: u32) -> Vec<Claim> {
        let claim = |number| Claim {
            dossier: dossier_id(number),
            timer: "late".to_owned(),
            due_at: minute(last),
            until: minute(last + 1),
            attempts: 1,
        };
        (1..=length).map(claim).collect()
    }

    #[test]
    fn live_calls_keep_half_of_the_capacity() {
        let load = Load::default();
        let before = load.begun.load(Ordering::Relaxed);
        let took = Duration::from_millis(300);
        assert_eq!(load.width(before), limits::TIMER_CONCURRENCY);
        assert_eq!(load.rest(before, took), Duration::ZERO);
        // The timers' own commands are no live calls.
        assert!(load.enter(&Command::FireTimers).is_none());
        assert_eq!(load.rest(before, took), Duration::ZERO);
        let live: Vec<_> =
            (0..20).map(|_| load.enter(&Command::Stop(Default::default()))).collect();
        assert_eq!((load.width(before), load.rest(before, took)), (20, took));
        drop(live);
        // Between two calls of one caller nothing is under way.
        assert_eq!(load.width(before), limits::TIMER_CONCURRENCY_MIN);
        assert_eq!(load.rest(before, took), took);
        let long = Duration::from_secs(60);
        assert_eq!(load.rest(before, long), Duration::from_secs(limits::TIMER_REST_MAX_S));
        assert_eq!(load.rest(before + 20, took), Duration::ZERO);
    }

    #[test]
    fn what_fails_comes_back_ever_later_and_is_parked_in_the_end() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(255));
        let waits: Vec<i64> = (1..=9).map(|n| retry_after(one, n).as_secs()).collect();
        assert_eq!(waits, [10, 20, 40, 80, 160, 320, 641, 3607, 3607]);
        assert!(retry_after(other, 1) > retry_after(one, 1));
    }

    #[tokio::test]
    async fn a_pass_goes_through_what_has_fired_only_now_and_then() {
        let (mut pass, full) = (Pass::default(), limits::TIMER_BATCH_MAX);
        assert_eq!(pass.next(minute(100)), None, "the first begins at the start");
        pass.claimed(&page(50, full));
        assert_eq!(pass.next(minute(101)), Some((minute(50), dossier_id(full))));
        pass.claimed(&page(70, 3));
        let floor = minute(100) - SignedDuration::from_secs(limits::TIMER_OVERLAP_S);
        for _ in 0..3 {
            assert_eq!(pass.next(minute(100)), Some((floor, Uuid::nil())));
            pass.claimed(&[]);
        }
        let interval = Duration::from_secs(limits::TIMER_SWEEP_S);
        pass.swept_at = Instant::now().checked_sub(interval);
        assert_eq!(pass.next(minute(110)), None, "claims that ended lie before");
        pass.claimed(&[]);
        assert!(pass.next(minute(110)).is_some());
    }
}
