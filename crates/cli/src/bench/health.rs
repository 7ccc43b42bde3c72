//! Which nodes answer, as those who call find out, and what it costs them that one does not.
//!
//! A node is gone once a caller's line to it broke, and there again once it was started and has
//! answered: what a load balancer before the nodes knows.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What callers know of the nodes.
#[derive(Debug)]
pub(super) struct Health {
    /// How often each node went and came: even while it is there.
    turns: Vec<AtomicU64>,
    failovers: AtomicU64,
    begun: Instant,
    /// Microseconds after `begun` of the last answer, and the longest time between two.
    answered_us: AtomicU64,
    silence_us: AtomicU64,
}

/// A node as it was when a call was sent to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// Its number, from 0.
    pub(super) node: usize,
    turn: u64,
}

/// What callers went through in a measurement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Endured {
    /// Commands that were sent again through another node.
    pub(super) failovers: u64,
    /// Longest time in which nobody got an answer to a command.
    pub(super) silence: Duration,
}

impl Health {
    /// Of so many nodes, all there.
    pub(super) fn new(nodes: usize) -> Self {
        Self {
            turns: (0..nodes).map(|_| AtomicU64::new(0)).collect(),
            failovers: AtomicU64::new(0),
            begun: Instant::now(),
            answered_us: AtomicU64::new(0),
            silence_us: AtomicU64::new(0),
        }
    }

    /// The node to call: the caller's own while it is there, else the next one that is.
    pub(super) fn choose(&self, own: usize) -> Seen {
        let nodes = self.turns.len();
        let seen = |node: usize| Seen { node, turn: self.turns[node].load(Ordering::Acquire) };
        let mut all = (0..nodes).map(|step| seen((own + step) % nodes));
        all.find(|seen| seen.turn.is_multiple_of(2)).unwrap_or_else(|| seen(own % nodes))
    }

    /// The line to a node broke. What is late to say so about a node that came back changes nothing.
    pub(super) fn gone(&self, seen: Seen) {
        if seen.turn.is_multiple_of(2) {
            let (from, to) = (seen.turn, seen.turn + 1);
            let turn = &self.turns[seen.node];
            let _told = turn.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed);
        }
    }

    /// A node was started and has answered.
    pub(super) fn came(&self, node: usize) {
        let back = |turn: u64| Some(turn + 2 - turn % 2);
        let _always = self.turns[node].fetch_update(Ordering::AcqRel, Ordering::Relaxed, back);
    }

    /// A command went through another node than before.
    pub(super) fn failed_over(&self) {
        self.failovers.fetch_add(1, Ordering::Relaxed);
    }

    /// A command was answered.
    pub(super) fn answered(&self) {
        let now = self.now_us();
        let before = self.answered_us.fetch_max(now, Ordering::Relaxed);
        self.silence_us.fetch_max(now.saturating_sub(before), Ordering::Relaxed);
    }

    /// Begins to count anew.
    pub(super) fn forget(&self) {
        self.failovers.store(0, Ordering::Relaxed);
        self.silence_us.store(0, Ordering::Relaxed);
        self.answered_us.store(self.now_us(), Ordering::Relaxed);
    }

    /// What was counted.
    pub(super) fn endured(&self) -> Endured {
        Endured {
            failovers: self.failovers.load(Ordering::Relaxed),
            silence: Duration::from_micros(self.silence_us.load(Ordering::Relaxed)),
        }
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_keeps_to_its_own_node_while_it_is_there() {
        let health = Health::new(3);
        assert_eq!([0, 1, 2, 5].map(|own| health.choose(own).node), [0, 1, 2, 2]);
        health.gone(health.choose(1));
        assert_eq!([0, 1, 2].map(|own| health.choose(own).node), [0, 2, 2]);
        health.came(1);
        assert_eq!(health.choose(1).node, 1);
    }

    #[test]
    fn late_news_of_a_node_that_came_back_are_passed_over() {
        let health = Health::new(2);
        let seen = health.choose(0);
        health.gone(seen);
        health.came(0);
        health.gone(seen);
        assert_eq!(health.choose(0).node, 0);
        // It went and came before anybody noticed.
        let seen = health.choose(0);
        health.came(0);
        health.gone(seen);
        assert_eq!(health.choose(0).node, 0);
    }

    #[test]
    fn where_all_are_gone_a_caller_asks_its_own_again() {
        let health = Health::new(2);
        health.gone(health.choose(0));
        health.gone(health.choose(0));
        assert_eq!((health.choose(0).node, health.choose(1).node), (0, 1));
        health.gone(health.choose(1));
        health.came(1);
        assert_eq!(health.choose(0).node, 1);
    }

    #[test]
    fn a_measurement_forgets_what_was_before() {
        let health = Health::new(1);
        health.failed_over();
        std::thread::sleep(Duration::from_millis(2));
        health.answered();
        assert_eq!(health.endured().failovers, 1);
        assert!(health.endured().silence >= Duration::from_millis(2));
        health.forget();
        assert_eq!(health.endured(), Endured::default());
    }
}
