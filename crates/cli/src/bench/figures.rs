//! What was measured, for people and programs.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::health::Endured;
use super::kills::Kills;
use super::process::Usage;
use super::worker::{Done, Mix};
use crate::output::grouped;
use crate::table::Table;

const HEADINGS: [&str; 15] = [
    "MIX",
    "CALLERS",
    "TRANSITIONS/S",
    "SPREAD",
    "P50 ms",
    "P99 ms",
    "READS/S",
    "SERVER µs",
    "CLIENT µs",
    "BYTES/TRANSITION",
    "SYNCS",
    "PEAK MiB",
    "REFUSED",
    "HINTED",
    "UNSENT",
];
const HEADINGS_OF_OUTAGES: [&str; 4] = ["KILLS", "FAILOVERS", "DOWN ms", "SILENCE ms"];

/// How calls come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Load {
    /// From so many callers, each after the last answer.
    Closed(usize),
    /// So many a second, whatever the answers.
    Open(u32),
}

/// Everything.
#[derive(Debug, Default)]
pub(super) struct Figures {
    /// From the start of the process to its first answer, on an empty folder and on a full one.
    pub(super) started_in: Vec<Duration>,
    /// Memory of the service after its first answer.
    pub(super) resident_bytes: Option<u64>,
    /// Number of nodes, and every how many seconds one of them is killed.
    pub(super) nodes: usize,
    pub(super) kill_every_s: Option<u64>,
    /// What was there before.
    pub(super) preload: Option<Preload>,
    /// The levels in the order in which they were asked for.
    pub(super) levels: Vec<Level>,
    /// What became of timers.
    pub(super) timers: Option<Value>,
    /// What the histories said at the end.
    pub(super) ledger: Option<Value>,
}

/// The preload in figures.
#[derive(Clone, Copy, Debug)]
pub(super) struct Preload {
    pub(super) dossiers: u64,
    pub(super) transitions: u64,
    pub(super) elapsed: Duration,
    pub(super) store_bytes: u64,
}

/// One load, measured a few times.
#[derive(Debug)]
pub(super) struct Level {
    mix: Mix,
    load: Load,
    /// Timers fired meanwhile.
    during_timers: bool,
    runs: Vec<Run>,
}

/// What a run used.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Used {
    pub(super) server: Usage,
    pub(super) client: Usage,
    /// Of the database, where it is another process.
    pub(super) database: Option<Usage>,
    /// Growth of the store.
    pub(super) store_bytes: u64,
    /// Calls that made the disk keep what was written, where somebody counts them.
    pub(super) syncs: Option<u64>,
    /// Largest memory of the service.
    pub(super) peak_bytes: Option<u64>,
    /// Memory of the database at the end.
    pub(super) database_bytes: Option<u64>,
    /// Where there are several nodes, or one is killed.
    pub(super) outages: Option<Outages>,
}

/// Nodes that went away, and what callers went through.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outages {
    pub(super) kills: Kills,
    pub(super) endured: Endured,
}

/// One measurement.
#[derive(Debug)]
pub(super) struct Run {
    /// Figures by name.
    values: BTreeMap<&'static str, f64>,
    operations: Map<String, Value>,
    refusals: BTreeMap<String, u64>,
}

/// Times, shortest first.
pub(super) struct Times(Vec<Duration>);

impl Times {
    /// Of calls in any order.
    pub(super) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The time that so many of a thousand calls did not exceed, in milliseconds: one that was
    /// measured. None without calls.
    pub(super) fn permille_ms(&self, permille: usize) -> Option<f64> {
        let rank = (self.0.len() * permille).div_ceil(1000).max(1) - 1;
        self.0.get(rank).map(|time| time.as_secs_f64() * 1000.0)
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        let at = |permille| self.permille_ms(permille).map(rounded);
        json!({ "count": self.0.len(), "p50_ms": at(500), "p99_ms": at(990), "max_ms": at(1000) })
    }
}

impl Run {
    /// The figures of a measurement.
    pub(super) fn new(elapsed: Duration, done: Done, unsent: u64, used: Used) -> Self {
        let operations = done.acts.iter().chain(&done.reads);
        let operations = operations
            .map(|(name, times)| ((*name).to_owned(), Times::new(times.clone()).json()))
            .collect();
        let acts = Times::new(done.acts.into_values().flatten().collect());
        let (transitions, seconds) = (acts.0.len() as f64, elapsed.as_secs_f64());
        let reads = done.reads.values().map(Vec::len).sum::<usize>() as f64;
        let mut values = BTreeMap::from([
            ("seconds", seconds),
            ("transitions", transitions),
            ("lives", done.lives as f64),
            ("reads", reads),
            ("refused", done.refusals.values().sum::<u64>() as f64),
            ("refused_with_hint", done.hinted as f64),
            ("unsent", unsent as f64),
            ("transitions_per_second", transitions / seconds),
            ("reads_per_second", reads / seconds),
        ]);
        let mut put = |name, value: Option<f64>| {
            values.extend(value.filter(|value| value.is_finite()).map(|value| (name, value)));
        };
        for (name, permille) in
            [("p50_ms", 500), ("p90_ms", 900), ("p99_ms", 990), ("p999_ms", 999), ("max_ms", 1000)]
        {
            put(name, acts.permille_ms(permille));
        }
        let calls = transitions + reads;
        let cpu = |usage: Usage| Some(usage.cpu.as_secs_f64() * 1e6 / calls);
        put("server_cpu_us_per_call", cpu(used.server));
        put("client_cpu_us_per_call", cpu(used.client));
        put("database_cpu_us_per_call", used.database.and_then(cpu));
        put("store_bytes_per_transition", Some(used.store_bytes as f64 / transitions));
        let database = used.database.unwrap_or_default().written_bytes;
        let written = used.server.written_bytes + database;
        put("written_bytes_per_transition", Some(written as f64 / transitions));
        put("syncs_per_transition", used.syncs.map(|syncs| syncs as f64 / transitions));
        put("peak_resident_bytes", used.peak_bytes.map(|bytes| bytes as f64));
        put("database_resident_bytes", used.database_bytes.map(|bytes| bytes as f64));
        let milliseconds = |time: Duration| Some(time.as_secs_f64() * 1000.0);
        if let Some(Outages { kills, endured }) = used.outages {
            put("kills", Some(kills.count as f64));
            put("failovers", Some(endured.failovers as f64));
            put("longest_down_ms", milliseconds(kills.down));
            put("longest_silence_ms", milliseconds(endured.silence));
        }
        Self { values, operations, refusals: done.refusals }
    }

    fn json(&self) -> Value {
        let mut json = Value::from(Map::from_iter(numbers(&self.values)));
        json["operations"] = self.operations.clone().into();
        json["refusals"] = json!(self.refusals);
        json
    }
}

impl Level {
    /// Of a load that was not measured yet.
    pub(super) fn new(mix: Mix, load: Load) -> Self {
        Self { mix, load, during_timers: false, runs: Vec::new() }
    }

    /// The same while timers fire.
    pub(super) fn during_timers(self) -> Self {
        Self { during_timers: true, ..self }
    }

    /// What callers do, and the load.
    pub(super) fn of(&self) -> (Mix, Load) {
        (self.mix, self.load)
    }

    /// Adds a measurement.
    pub(super) fn add(&mut self, run: Run) {
        self.runs.push(run);
    }

    /// Every figure that each run has, lowest first.
    fn sorted(&self) -> BTreeMap<&'static str, Vec<f64>> {
        let mut all: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
        for (name, value) in self.runs.iter().flat_map(|run| &run.values) {
            all.entry(name).or_default().push(*value);
        }
        all.retain(|_, values| values.len() == self.runs.len());
        all.values_mut().for_each(|values| values.sort_unstable_by(f64::total_cmp));
        all
    }

    /// The middle of every figure.
    pub(super) fn medians(&self) -> BTreeMap<&'static str, f64> {
        self.sorted().into_iter().map(|(name, values)| (name, median(&values))).collect()
    }

    fn json(&self) -> Value {
        let (kind, callers, rate) = match self.load {
            Load::Closed(callers) => ("closed", Some(callers), None),
            Load::Open(rate) => ("open", None, Some(rate)),
        };
        let spreads = self.sorted().into_iter().map(|(name, values)| (name, spread(&values)));
        json!({
            "mix": self.mix.name(),
            "loop": kind,
            "callers": callers,
            "rate": rate,
            "during_timers": self.during_timers,
            "runs": self.runs.iter().map(Run::json).collect::<Vec<_>>(),
            "median": Map::from_iter(numbers(&self.medians())),
            "spread": Map::from_iter(numbers(&spreads.collect())),
        })
    }

    fn row(&self, with_outages: bool) -> Vec<String> {
        let medians = self.medians();
        let spreads = self.sorted();
        let spread = |name: &str| spreads.get(name).map_or(0.0, |values| spread(values));
        let shown = |name: &str, places: usize| {
            let value = medians.get(name);
            value.map_or_else(|| "-".to_owned(), |value| format!("{value:.places$}"))
        };
        let whole = |name: &str| {
            let value = medians.get(name);
            value.map_or_else(|| "-".to_owned(), |value| grouped(value.round() as u64))
        };
        let mebibytes = medians.get("peak_resident_bytes").map(|bytes| bytes / 1_048_576.0);
        let load = match self.load {
            Load::Closed(callers) => callers.to_string(),
            Load::Open(rate) => format!("{rate}/s"),
        };
        let mut row = vec![
            self.mix.name(),
            if self.during_timers { format!("{load} + timers") } else { load },
            whole("transitions_per_second"),
            format!("{:.0} %", spread("transitions_per_second") * 100.0),
            shown("p50_ms", 2),
            shown("p99_ms", 2),
            whole("reads_per_second"),
            shown("server_cpu_us_per_call", 0),
            shown("client_cpu_us_per_call", 0),
            whole("store_bytes_per_transition"),
            shown("syncs_per_transition", 2),
            mebibytes.map_or_else(|| "-".to_owned(), |mebibytes| format!("{mebibytes:.0}")),
            whole("refused"),
            whole("refused_with_hint"),
            whole("unsent"),
        ];
        if with_outages {
            row.extend([whole("kills"), whole("failovers")]);
            row.extend([whole("longest_down_ms"), whole("longest_silence_ms")]);
        }
        row
    }
}

impl Figures {
    /// For programs; docs/bench.md says what each field means.
    pub(super) fn json(&self) -> Value {
        let milliseconds = |time: &Duration| rounded(time.as_secs_f64() * 1000.0);
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "nodes": self.nodes,
            "kill_every_seconds": self.kill_every_s,
            "start": {
                "empty_ms": self.started_in.first().map(milliseconds),
                "preloaded_ms": self.started_in.get(1).map(milliseconds),
                "resident_bytes": self.resident_bytes,
            },
            "preload": self.preload.map(Preload::json),
            "levels": self.levels.iter().map(Level::json).collect::<Vec<_>>(),
            "timers": self.timers,
            "ledger": self.ledger,
        })
    }

    /// For people.
    pub(super) fn table(&self) -> Table {
        let with_outages = self.nodes > 1 || self.kill_every_s.is_some();
        let mut headings = HEADINGS.to_vec();
        if with_outages {
            headings.extend(HEADINGS_OF_OUTAGES);
        }
        let mut table = Table::new(&headings);
        self.levels.iter().for_each(|level| table.row(level.row(with_outages)));
        table
    }
}

impl Preload {
    fn per_second(self) -> f64 {
        self.transitions as f64 / self.elapsed.as_secs_f64()
    }

    fn json(self) -> Value {
        json!({
            "dossiers": self.dossiers,
            "transitions": self.transitions,
            "seconds": rounded(self.elapsed.as_secs_f64()),
            "transitions_per_second": rounded(self.per_second()),
            "store_bytes": self.store_bytes,
        })
    }

    /// For people.
    pub(super) fn text(self) -> String {
        let (dossiers, bytes) = (grouped(self.dossiers), grouped(self.store_bytes));
        let (seconds, rate) = (self.elapsed.as_secs_f64(), self.per_second());
        format!("{dossiers} dossiers in {seconds:.1} s, {rate:.0} transitions/s, {bytes} bytes")
    }
}

/// The middle one; of an even number the mean of the two in the middle.
fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        1 => sorted[middle],
        _ if sorted.is_empty() => 0.0,
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// From the lowest to the highest, as a part of the median.
fn spread(sorted: &[f64]) -> f64 {
    match (sorted.first(), sorted.last(), median(sorted)) {
        (Some(lowest), Some(highest), middle) if middle > 0.0 => (highest - lowest) / middle,
        _ => 0.0,
    }
}

fn numbers<'a>(
    values: &'a BTreeMap<&'static str, f64>,
) -> impl Iterator<Item = (String, Value)> + 'a {
    values.iter().map(|(name, value)| ((*name).to_owned(), rounded(*value).into()))
}

/// To three places.
fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(times: &[u64]) -> Vec<Duration> {
        times.iter().map(|ms| Duration::from_millis(*ms)).collect()
    }

    fn run(times: &[u64]) -> Run {
        let mut done = Done { lives: 1, ..Done::default() };
        done.acts.insert("submit", milliseconds(times));
        done.refusals.insert("OVERLOADED".to_owned(), 3);
        let cpu = Duration::from_millis(8);
        let server = Usage { cpu, written_bytes: 16_000 };
        let used = Used { server, store_bytes: 8_000, syncs: Some(2), ..Used::default() };
        Run::new(Duration::from_secs(2), done, 5, used)
    }

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let hundred = Times::new(milliseconds(&(1..=100).rev().collect::<Vec<_>>()));
        assert_eq!(hundred.permille_ms(500), Some(50.0));
        assert_eq!(hundred.permille_ms(990), Some(99.0));
        assert_eq!(hundred.permille_ms(1000), Some(100.0));
        assert_eq!(Times::new(milliseconds(&[7])).permille_ms(999), Some(7.0));
        assert_eq!(Times::new(Vec::new()).permille_ms(500), None);
    }

    #[test]
    fn a_run_is_divided_by_what_was_done() {
        let json = run(&[1, 2, 3, 4]).json();
        assert_eq!(json["transitions_per_second"], 2.0);
        assert_eq!(json["store_bytes_per_transition"], 2_000.0);
        assert_eq!(json["written_bytes_per_transition"], 4_000.0);
        assert_eq!(json["server_cpu_us_per_call"], 2_000.0);
        assert_eq!(json["syncs_per_transition"], 0.5);
        assert_eq!(json["refusals"]["OVERLOADED"], 3);
        assert_eq!(json["operations"]["submit"]["count"], 4);
        assert!(json["database_cpu_us_per_call"].is_null());
    }

    #[test]
    fn nothing_done_is_no_division_by_zero() {
        let json = run(&[]).json();
        assert_eq!(json["transitions_per_second"], 0.0);
        assert!(json["p99_ms"].is_null() && json["store_bytes_per_transition"].is_null());
    }

    #[test]
    fn several_runs_have_a_median_and_a_spread() {
        assert_eq!((median(&[1.0, 2.0, 9.0]), median(&[1.0, 3.0]), median(&[])), (2.0, 2.0, 0.0));
        assert_eq!((spread(&[8.0, 10.0, 13.0]), spread(&[5.0]), spread(&[])), (0.5, 0.0, 0.0));
        let mut level = Level::new(Mix::Lives, Load::Closed(4));
        for times in [&[1, 1][..], &[1, 1, 1, 1], &[1, 1, 1]] {
            level.add(run(times));
        }
        let json = level.json();
        assert_eq!(json["median"]["transitions"], 3.0);
        assert_eq!(json["spread"]["transitions"], 0.667);
        assert_eq!(json["runs"].as_array().map(Vec::len), Some(3));
    }

    #[test]
    fn text_and_json_say_the_same() {
        let mut level = Level::new(Mix::Reads, Load::Open(500));
        level.add(run(&[1, 2, 3, 4]));
        let figures = Figures { levels: vec![level], ..Figures::default() };
        let json = figures.json();
        assert_eq!(
            (&json["levels"][0]["rate"], &json["levels"][0]["loop"]),
            (&500.into(), &"open".into())
        );
        let text = figures.table().text(None, str::to_owned);
        assert!(text.contains("500/s") && text.contains("2,000"), "{text}");
    }
}
