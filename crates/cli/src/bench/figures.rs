//! What was measured, for people and programs.

use std::time::Duration;

use serde_json::{Value, json};

use crate::output::grouped;
use crate::table::Table;

/// All levels.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) levels: Vec<Level>,
}

/// One number of callers.
#[derive(Debug)]
pub(super) struct Level {
    callers: usize,
    elapsed: Duration,
    /// Times of the accepted commands, shortest first.
    times: Vec<Duration>,
    lives: u64,
    /// Growth of the store.
    pub(super) store_bytes: u64,
    /// Memory of the service at the end.
    pub(super) resident_bytes: Option<u64>,
}

impl Level {
    /// The figures of a level.
    pub(super) fn new(
        callers: usize,
        elapsed: Duration,
        mut times: Vec<Duration>,
        lives: u64,
    ) -> Self {
        times.sort_unstable();
        Self { callers, elapsed, times, lives, store_bytes: 0, resident_bytes: None }
    }

    fn transitions(&self) -> u64 {
        self.times.len() as u64
    }

    fn per_second(&self) -> f64 {
        self.times.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// The time that so many percent of the commands did not exceed, in milliseconds.
    fn percentile_ms(&self, percent: usize) -> f64 {
        let rank = (self.times.len() * percent).div_ceil(100).max(1) - 1;
        self.times.get(rank).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    }

    fn bytes_per_transition(&self) -> u64 {
        self.store_bytes.checked_div(self.transitions()).unwrap_or_default()
    }

    fn json(&self) -> Value {
        json!({
            "callers": self.callers,
            "seconds": rounded(self.elapsed.as_secs_f64()),
            "transitions": self.transitions(),
            "lives": self.lives,
            "transitions_per_second": rounded(self.per_second()),
            "p50_ms": rounded(self.percentile_ms(50)),
            "p99_ms": rounded(self.percentile_ms(99)),
            "store_bytes_per_transition": self.bytes_per_transition(),
            "resident_bytes": self.resident_bytes,
        })
    }
}

impl Figures {
    /// For programs.
    pub(super) fn json(&self) -> Value {
        json!({ "levels": self.levels.iter().map(Level::json).collect::<Vec<_>>() })
    }

    /// For people.
    pub(super) fn table(&self) -> Table {
        let mut table = Table::new(&[
            "CALLERS",
            "TRANSITIONS/S",
            "P50 ms",
            "P99 ms",
            "BYTES/TRANSITION",
            "RESIDENT MiB",
            "TRANSITIONS",
            "LIVES",
        ]);
        for level in &self.levels {
            let resident = level.resident_bytes.map(|bytes| (bytes >> 20).to_string());
            table.row([
                level.callers.to_string(),
                format!("{:.0}", level.per_second()),
                format!("{:.2}", level.percentile_ms(50)),
                format!("{:.2}", level.percentile_ms(99)),
                grouped(level.bytes_per_transition()),
                resident.unwrap_or_default(),
                grouped(level.transitions()),
                grouped(level.lives),
            ]);
        }
        table
    }
}

/// To two places.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(times: &[u64]) -> Level {
        let times = times.iter().map(|ms| Duration::from_millis(*ms)).collect();
        Level { store_bytes: 8_000, ..Level::new(4, Duration::from_secs(2), times, 1) }
    }

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let hundred: Vec<u64> = (1..=100).rev().collect();
        assert_eq!(level(&hundred).percentile_ms(50), 50.0);
        assert_eq!(level(&hundred).percentile_ms(99), 99.0);
        assert_eq!(level(&[7]).percentile_ms(99), 7.0);
    }

    #[test]
    fn nothing_done_is_no_division_by_zero() {
        let nothing = level(&[]);
        assert_eq!((nothing.percentile_ms(99), nothing.bytes_per_transition()), (0.0, 0));
    }

    #[test]
    fn text_and_json_say_the_same() {
        let figures = Figures { levels: vec![level(&[1, 2, 3, 4])] };
        let json = figures.json();
        assert_eq!(json["levels"][0]["transitions_per_second"], 2.0);
        assert_eq!(json["levels"][0]["store_bytes_per_transition"], 2_000);
        let text = figures.table().text(None, str::to_owned);
        assert!(text.contains("2,000"), "{text}");
    }
}
