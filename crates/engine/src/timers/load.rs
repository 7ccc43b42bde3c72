//! What live calls leave to timers.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use motcua_dossiers::command::Command;

use crate::limits;

/// What this node is asked to do, to leave live calls their share.
#[derive(Default)]
pub(crate) struct Load {
    under_way: AtomicUsize,
    begun: AtomicU64,
    /// Dossiers whose timers were tried.
    pub(super) fired: AtomicU64,
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

    /// Live calls begun so far.
    pub(super) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Dossiers whose timers may be under way at once, given the live calls begun a while ago.
    pub(super) fn width(&self, begun_before: u64) -> usize {
        match self.is_live(begun_before) {
            false => limits::TIMER_CONCURRENCY,
            true => limits::TIMER_CONCURRENCY_LIVE,
        }
    }

    /// Whether anybody called since then, or still does.
    fn is_live(&self, begun_before: u64) -> bool {
        self.begun() > begun_before || self.under_way.load(Ordering::Relaxed) > 0
    }

    /// Rest after a volley that took so long: a share of it, where live calls want the capacity.
    pub(super) fn rest(&self, begun_before: u64, took: Duration) -> Duration {
        match self.is_live(begun_before) {
            false => Duration::ZERO,
            true => {
                let share = took * limits::TIMER_REST_PERCENT / 100;
                share.min(Duration::from_millis(limits::TIMER_REST_MAX_MS))
            }
        }
    }
}

impl Drop for Live<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_calls_leave_timers_a_small_window_and_a_pace() {
        let load = Load::default();
        let before = load.begun();
        let took = Duration::from_millis(30);
        let rest = took * limits::TIMER_REST_PERCENT / 100;
        assert_eq!(load.width(before), limits::TIMER_CONCURRENCY);
        assert_eq!(load.rest(before, took), Duration::ZERO);
        // The timers' own commands are no live calls.
        assert!(load.enter(&Command::FireTimers).is_none());
        assert_eq!(load.rest(before, took), Duration::ZERO);
        let live: Vec<_> =
            (0..20).map(|_| load.enter(&Command::Stop(Default::default()))).collect();
        assert_eq!(load.width(before), limits::TIMER_CONCURRENCY_LIVE);
        assert_eq!(load.rest(before, took), rest);
        drop(live);
        // Between two calls of one caller nothing is under way.
        assert_eq!(load.width(before), limits::TIMER_CONCURRENCY_LIVE);
        assert_eq!(load.rest(before, took), rest);
        // However slow a volley is, the timers come to their turn.
        let longest = Duration::from_millis(limits::TIMER_REST_MAX_MS);
        assert_eq!(load.rest(before, Duration::from_secs(600)), longest);
        assert_eq!(load.rest(before + 20, took), Duration::ZERO);
    }
}
