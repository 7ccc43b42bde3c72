//! The loop of timers: claim due dossiers page by page, fire them in volleys, give back what would not.
//!
//! Every node runs it. A claim shares the work and nothing else: it ends by itself when its node is
//! gone, and a timer fires once because the commit that fires it names the version it was decided on.
//! Volleys (`volley.rs`) follow each other in a window; the next page is claimed while the last one
//! fires. How wide the window is, and how soon the next volley follows, depends on what live calls
//! leave (`load.rs`).

mod load;
mod pass;
mod volley;

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::{BoxFuture, Fuse, FusedFuture as _, FutureExt as _};
use futures::stream::FuturesUnordered;
use jiff::{SignedDuration, Timestamp};
use motcua_store::StoreError;
use motcua_store::contract::{Claim, Documents, ParkedTimer, PutOff, Store};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{error, warn};
use uuid::Uuid;

pub(crate) use self::load::Load;
use self::pass::Pass;
use crate::{Caller, Engine, EngineError, limits};

/// What is claimed and not yet fired.
struct Window {
    /// Claimed, most overdue first.
    waiting: std::vec::IntoIter<Claim>,
    /// The next page, if it has come before its turn.
    next: Vec<Claim>,
    under_way: FuturesUnordered<BoxFuture<'static, Fired>>,
    /// Dossiers under way.
    firing: usize,
    /// Live calls begun before the last volley that ended.
    begun_before: u64,
    /// No volley begins before.
    rests_until: Instant,
}

/// A volley that has ended.
struct Fired {
    dossiers: usize,
    begun_before: u64,
    took: Duration,
}

impl<S: Store, D: Documents> Engine<S, D> {
    /// Timers that could not be fired in [`limits::TIMER_ATTEMPTS_MAX`] attempts, most overdue first;
    /// those after `after` in this order. Administrators and auditors only.
    ///
    /// # Errors
    /// The caller is neither; the store is unavailable.
    pub async fn parked_timers(
        &self,
        caller: &Caller,
        after: Option<(Timestamp, Uuid, String)>,
        limit: u32,
    ) -> Result<Vec<ParkedTimer>, EngineError> {
        caller.may_inspect()?;
        let limit = limit.min(limits::PAGE_ROWS_MAX);
        Ok(self.0.store.parked_timers(limits::TIMER_ATTEMPTS_MAX, after, limit).await?)
    }
}

impl Window {
    fn new(page: Vec<Claim>, begun_before: u64) -> Self {
        Self {
            waiting: page.into_iter(),
            next: Vec::new(),
            under_way: FuturesUnordered::new(),
            firing: 0,
            begun_before,
            rests_until: Instant::now(),
        }
    }

    /// The next volley, if there is room for it now.
    fn volley(&mut self, width: usize) -> Option<Vec<Claim>> {
        if self.waiting.as_slice().is_empty() {
            self.waiting = std::mem::take(&mut self.next).into_iter();
        }
        let size = limits::TIMER_VOLLEY_MAX.min(width);
        if self.firing + size > width || self.waiting.as_slice().is_empty() {
            return None;
        }
        let volley: Vec<_> = self.waiting.by_ref().take(size).collect();
        self.firing += volley.len();
        Some(volley)
    }

    /// Makes room, and rests where live calls want the capacity.
    fn ended(&mut self, fired: Fired, load: &Load) {
        self.firing -= fired.dossiers;
        self.rests_until = Instant::now() + load.rest(fired.begun_before, fired.took);
        self.begun_before = fired.begun_before;
    }

    fn is_done(&self) -> bool {
        self.under_way.is_empty() && self.waiting.as_slice().is_empty() && self.next.is_empty()
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
            let pause = match self.fire_due(&mut pass, &mut stop).await {
                Ok(true) => continue,
                Ok(false) => self.until_next_timer().await,
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

    /// Claims and fires to the end of a pass; answers whether anything was due.
    async fn fire_due(
        &self,
        pass: &mut Pass,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<bool, StoreError> {
        let load = &self.0.load;
        let page = self.claim(pass.next(self.now())).await?;
        pass.claimed(&page);
        if page.is_empty() {
            return Ok(false);
        }
        let mut window = Window::new(page, load.begun());
        let mut failed = None;
        let claiming = Fuse::terminated();
        tokio::pin!(claiming);
        loop {
            let goes_on = !*stop.borrow() && failed.is_none();
            let is_resting = Instant::now() < window.rests_until;
            while goes_on
                && !is_resting
                && let Some(volley) = window.volley(load.width(window.begun_before))
            {
                window.under_way.push(self.begin(volley));
            }
            if goes_on && pass.is_under_way() && claiming.is_terminated() && window.next.is_empty()
            {
                claiming.set(self.claim(pass.next(self.now())).fuse());
            }
            let is_over = if goes_on { window.is_done() } else { window.under_way.is_empty() };
            if is_over && claiming.is_terminated() {
                break;
            }
            tokio::select! {
                Some(fired) = window.under_way.next() => window.ended(fired, load),
                claimed = &mut claiming, if !claiming.is_terminated() => match claimed {
                    Ok(page) => {
                        pass.claimed(&page);
                        window.next = page;
                    }
                    Err(error) => failed = Some(error),
                },
                () = tokio::time::sleep_until(window.rests_until), if goes_on && is_resting => {}
                _ = stop.changed(), if goes_on => {}
            }
        }
        // Others need not wait for the end of the claims.
        let rest = window.waiting.chain(window.next).map(|claim| self.give_back(claim));
        self.put_off(rest.collect()).await;
        failed.map_or(Ok(true), Err)
    }

    async fn claim(&self, after: Option<(Timestamp, Uuid)>) -> Result<Vec<Claim>, StoreError> {
        let now = self.now();
        // Where nobody else can work, a process that was killed keeps nobody waiting.
        let seconds = if self.0.store.is_shared() { limits::TIMER_CLAIM_S } else { 0 };
        let until = now + SignedDuration::from_secs(seconds);
        self.0.store.claim_timers(now, until, after, limits::TIMER_BATCH_MAX).await
    }

    fn begin(&self, volley: Vec<Claim>) -> BoxFuture<'static, Fired> {
        let (dossiers, began) = (volley.len(), Instant::now());
        let begun_before = self.0.load.begun();
        let engine = self.clone();
        let firing = crate::spawn(async move {
            let put_off = engine.fire_volley(volley).await;
            engine.put_off(put_off).await;
        });
        Box::pin(async move {
            if let Err(error) = firing.await {
                error!(%error, "a volley of timers was lost: its claims end by themselves");
                // Where they have ended already, it is not begun again at once.
                tokio::time::sleep(Duration::from_secs(limits::TIMER_POLL_MAX_S)).await;
            }
            Fired { dossiers, begun_before, took: began.elapsed() }
        })
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
