//! When calls are due.
//!
//! In the closed loop each caller sends its next call when the last one is answered: a slow server
//! is asked less. In the open loop every call has an instant that was fixed before anything was
//! sent, and its time counts from there: whoever waits because the server was slow is seen.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::CALLERS_MAX;

/// Calls at a steady rate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    per_second: u32,
    calls: u64,
}

impl Schedule {
    /// So many calls a second for so long.
    pub(super) fn new(per_second: u32, time: Duration) -> Self {
        let calls = u128::from(per_second) * time.as_millis() / 1000;
        Self { per_second, calls: u64::try_from(calls).unwrap_or(u64::MAX) }
    }

    /// Number of calls.
    pub(super) fn calls(self) -> u64 {
        self.calls
    }

    /// Number of calls that are due so long after the beginning.
    fn due_by(self, time: Duration) -> u64 {
        let due = time.as_nanos() * u128::from(self.per_second) / 1_000_000_000 + 1;
        self.calls.min(u64::try_from(due).unwrap_or(u64::MAX))
    }

    /// When a call is due, from the beginning; counted from there each time, so that nothing adds up.
    fn due(self, place: u64) -> Option<Duration> {
        if place >= self.calls {
            return None;
        }
        let nanos = u128::from(place) * 1_000_000_000 / u128::from(self.per_second);
        Some(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
    }
}

/// When a caller sends its next call.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    turns: Turns,
    /// When somebody stopped it before its end.
    stopped: Arc<OnceLock<Instant>>,
}

#[derive(Clone, Debug)]
enum Turns {
    /// At once, until the end.
    Closed(Instant),
    /// When the next call is due that nobody took.
    Open(Arc<Tickets>),
}

/// Calls of a schedule that wait for a caller.
#[derive(Debug)]
pub(super) struct Tickets {
    schedule: Schedule,
    begun: Instant,
    /// What is still unsent then stays unsent.
    given_up: Instant,
    due: Semaphore,
    next: AtomicU64,
}

impl Pace {
    fn new(turns: Turns) -> Self {
        Self { turns, stopped: Arc::default() }
    }

    /// A closed loop from now on.
    pub(super) fn closed(time: Duration) -> Self {
        Self::new(Turns::Closed(Instant::now() + time))
    }

    /// An open loop from now on; after twice its time it is given up.
    pub(super) fn open(schedule: Schedule, time: Duration) -> Self {
        let begun = Instant::now();
        let tickets = Arc::new(Tickets {
            schedule,
            begun,
            given_up: begun + time * 2,
            due: Semaphore::new(0),
            next: AtomicU64::new(0),
        });
        let pace = Self::new(Turns::Open(Arc::clone(&tickets)));
        let stopped = Arc::clone(&pace.stopped);
        // A thread of its own: the runtime's timers are a millisecond coarse.
        std::thread::spawn(move || tickets.run(&stopped));
        pace
    }

    /// Ends it now: calls under way are answered, no other is sent.
    pub(super) fn stop(&self) {
        self.stopped.get_or_init(Instant::now);
    }

    /// Waits until the next call is due; the instant from which its time counts. None at the end.
    pub(super) async fn next(&self) -> Option<Instant> {
        let next = match &self.turns {
            Turns::Closed(end) => Some(Instant::now()).filter(|now| now < end),
            Turns::Open(tickets) => tickets.next(&self.stopped).await,
        };
        next.filter(|_| self.stopped.get().is_none())
    }

    /// Calls that were due and that nobody sent.
    pub(super) fn unsent(&self) -> u64 {
        match &self.turns {
            Turns::Closed(_) => 0,
            Turns::Open(tickets) => {
                let due = match self.stopped.get() {
                    Some(at) => tickets.schedule.due_by(at.duration_since(tickets.begun)),
                    None => tickets.schedule.calls(),
                };
                due.saturating_sub(tickets.next.load(Ordering::Relaxed))
            }
        }
    }
}

impl Tickets {
    fn run(&self, stopped: &OnceLock<Instant>) {
        let mut place = 0;
        while let Some(due) = self.schedule.due(place).filter(|_| stopped.get().is_none()) {
            let wait = (self.begun + due).saturating_duration_since(Instant::now());
            if !wait.is_zero() {
                std::thread::sleep(wait);
            }
            self.due.add_permits(1);
            place += 1;
        }
        // Nothing is left for them: they learn it from the schedule.
        self.due.add_permits(CALLERS_MAX);
    }

    async fn next(&self, stopped: &OnceLock<Instant>) -> Option<Instant> {
        self.due.acquire().await.ok()?.forget();
        if Instant::now() >= self.given_up || stopped.get().is_some() {
            return None;
        }
        let due = self.schedule.due(self.next.fetch_add(1, Ordering::Relaxed))?;
        Some(self.begun + due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Long enough that no call is given up, however busy the machine is.
    const NEVER: Duration = Duration::from_secs(3600);

    #[test]
    fn due_times_are_fixed_in_advance_and_do_not_drift() {
        let schedule = Schedule::new(3, Duration::from_secs(1000));
        assert_eq!(schedule.calls(), 3000);
        assert_eq!(schedule.due(0), Some(Duration::ZERO));
        assert_eq!(schedule.due(1), Some(Duration::from_nanos(333_333_333)));
        assert_eq!(schedule.due(2997), Some(Duration::from_secs(999)));
        assert_eq!(schedule.due(3000), None);
    }

    #[tokio::test]
    async fn time_counts_from_the_due_instant_however_late_a_caller_comes() {
        let time = Duration::from_millis(100);
        let pace = Pace::open(Schedule::new(100, time), NEVER);
        let first = pace.next().await.expect("ten calls");
        tokio::time::sleep(time).await;
        let second = pace.next().await.expect("ten calls");
        assert_eq!(second - first, Duration::from_millis(10));
        assert!(second.elapsed() >= Duration::from_millis(80));
    }

    #[tokio::test]
    async fn every_call_is_sent_once_and_then_everybody_ends() {
        let pace = Pace::open(Schedule::new(1000, Duration::from_millis(50)), NEVER);
        let caller = |pace: Pace| async move {
            let mut sent = 0;
            while pace.next().await.is_some() {
                sent += 1;
            }
            sent
        };
        let callers: Vec<_> = (0..4).map(|_| tokio::spawn(caller(pace.clone()))).collect();
        let mut sent = 0;
        for caller in callers {
            sent += caller.await.expect("no caller panics");
        }
        assert_eq!((sent, pace.unsent()), (50, 0));
    }

    #[tokio::test]
    async fn what_nobody_sends_in_time_is_counted_as_unsent() {
        let time = Duration::from_millis(20);
        let pace = Pace::open(Schedule::new(500, time), time);
        assert!(pace.next().await.is_some());
        tokio::time::sleep(time * 3).await;
        assert!(pace.next().await.is_none());
        assert_eq!(pace.unsent(), 9);
    }

    #[tokio::test]
    async fn a_pace_that_is_stopped_sends_no_more_and_counts_what_was_due() {
        let pace = Pace::open(Schedule::new(10, Duration::from_secs(100)), NEVER);
        assert!(pace.next().await.is_some());
        pace.stop();
        assert!(pace.next().await.is_none());
        assert!(pace.unsent() < 999, "{}", pace.unsent());
        let closed = Pace::closed(NEVER);
        closed.stop();
        assert!(closed.next().await.is_none());
    }

    #[tokio::test]
    async fn a_closed_loop_ends_with_its_time() {
        assert!(Pace::closed(Duration::from_secs(60)).next().await.is_some());
        assert!(Pace::closed(Duration::ZERO).next().await.is_none());
    }
}
