//! What processes use, as `/proc` tells; nothing where there is none.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// Ticks of a second in `/proc/PID/stat`: Linux shows programs this number on every machine.
const TICKS_PER_SECOND: u64 = 100;
/// What makes Linux forget the largest memory that a process had.
const FORGET_PEAK: &str = "5";

/// What processes have used since they began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// Time on the processors.
    pub(super) cpu: Duration,
    /// Bytes that they caused to be written to the disk.
    pub(super) written_bytes: u64,
}

impl Usage {
    /// What two have used together.
    pub(super) fn plus(self, other: Self) -> Self {
        Self { cpu: self.cpu + other.cpu, written_bytes: self.written_bytes + other.written_bytes }
    }

    /// What was used between two looks.
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            cpu: self.cpu.saturating_sub(before.cpu),
            written_bytes: self.written_bytes.saturating_sub(before.written_bytes),
        }
    }
}

/// A process and all that it started.
#[derive(Clone, Copy, Debug)]
pub(super) struct Family(u32);

impl Family {
    /// Of the process with this number.
    pub(super) fn of(process: u32) -> Self {
        Self(process)
    }

    /// This program.
    pub(super) fn own() -> Self {
        Self(std::process::id())
    }

    /// Whether the first of them runs.
    pub(super) fn is_there(self) -> bool {
        read(self.0, "stat").is_some()
    }

    /// What they have used, those that ended included.
    pub(super) fn usage(self) -> Usage {
        let mut usage = Usage::default();
        for process in self.members() {
            let stat = read(process, "stat").and_then(|text| Stat::parse(&text));
            usage.cpu += stat.map_or(Duration::ZERO, |stat| stat.own + stat.ended);
            usage.written_bytes += written_bytes(process);
        }
        usage
    }

    /// What the first of them has used without the others.
    pub(super) fn usage_alone(self) -> Usage {
        let stat = read(self.0, "stat").and_then(|text| Stat::parse(&text));
        let cpu = stat.map_or(Duration::ZERO, |stat| stat.own);
        Usage { cpu, written_bytes: written_bytes(self.0) }
    }

    /// Memory of all: what several share is divided among them.
    pub(super) fn resident_bytes(self) -> Option<u64> {
        let shares = self.members().into_iter().filter_map(|process| {
            let share = read(process, "smaps_rollup").and_then(|text| kibibytes(&text, "Pss:"));
            share.or_else(|| kibibytes(&read(process, "status")?, "VmRSS:"))
        });
        Some(shares.sum()).filter(|bytes| *bytes > 0)
    }

    /// The largest memory of the first of them since [`Self::forget_peak`].
    pub(super) fn peak_bytes(self) -> Option<u64> {
        kibibytes(&read(self.0, "status")?, "VmHWM:")
    }

    /// Begins the largest memory anew; where that is not allowed, it stays that of its whole life.
    pub(super) fn forget_peak(self) {
        let _kept = fs::write(format!("/proc/{}/clear_refs", self.0), FORGET_PEAK);
    }

    fn members(self) -> Vec<u32> {
        family(self.0, &parents())
    }
}

/// The parent of every process.
fn parents() -> BTreeMap<u32, u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return BTreeMap::new();
    };
    let processes = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let parent = |process| Some((process, Stat::parse(&read(process, "stat")?)?.parent));
    processes.filter_map(parent).collect()
}

/// A process and its descendants.
fn family(first: u32, parents: &BTreeMap<u32, u32>) -> Vec<u32> {
    let mut members = vec![first];
    let mut place = 0;
    while let Some(parent) = members.get(place).copied() {
        let children = parents.iter().filter(|(_, of)| **of == parent).map(|(child, _)| *child);
        let fresh: Vec<u32> = children.filter(|child| !members.contains(child)).collect();
        members.extend(fresh);
        place += 1;
    }
    members
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    own: Duration,
    /// Of children that ended.
    ended: Duration,
}

impl Stat {
    /// The name of a program stands in parentheses and may hold anything, so fields are counted
    /// from the last parenthesis.
    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let parent = fields.get(1)?.parse().ok()?;
        // Each in the program and in the system.
        let time = |place: usize| {
            let ticks = fields.get(place..place + 2)?.iter().map(|ticks| ticks.parse::<u64>());
            let ticks = ticks.sum::<Result<u64, _>>().ok()?;
            Some(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
        };
        Some(Self { parent, own: time(11)?, ended: time(13)? })
    }
}

fn read(process: u32, file: &str) -> Option<String> {
    fs::read_to_string(format!("/proc/{process}/{file}")).ok()
}

fn written_bytes(process: u32) -> u64 {
    read(process, "io").and_then(|io| number(&io, "write_bytes:")).unwrap_or(0)
}

fn number(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().parse().ok()
}

fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_as_the_system_tells_it() {
        let status = "Name:\tmotcua\nVmRSS:\t   20480 kB\nThreads:\t5\n";
        assert_eq!(kibibytes(status, "VmRSS:"), Some(20_971_520));
        assert_eq!(kibibytes("Name:\tmotcua\n", "VmRSS:"), None);
        assert_eq!(number("rchar: 7\nwrite_bytes: 4096\n", "write_bytes:"), Some(4096));
    }

    #[test]
    fn time_and_parent_are_found_behind_any_name() {
        let text = "7 (a) 9 b) S 3 7 7 0 -1 4194560 1 2 3 4 100 50 20 5 20 0 4 0 9\n";
        let (own, ended) = (Duration::from_millis(1_500), Duration::from_millis(250));
        let expected = Stat { parent: 3, own, ended };
        assert_eq!(Stat::parse(text), Some(expected));
        assert_eq!(Stat::parse("7 (a"), None);
    }

    #[test]
    fn children_of_children_belong_to_the_family_and_strangers_do_not() {
        let parents = BTreeMap::from([(2, 1), (3, 2), (4, 3), (5, 1), (6, 4)]);
        assert_eq!(family(3, &parents), [3, 4, 6]);
        assert_eq!(family(9, &parents), [9]);
    }

    #[test]
    fn this_program_uses_something() {
        let own = Family::own();
        assert!(own.is_there());
        assert!(own.resident_bytes().is_some_and(|bytes| bytes > 1 << 20));
        assert!(!Family::of(u32::MAX).is_there());
    }
}
