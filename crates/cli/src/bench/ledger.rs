//! What was acknowledged, kept apart from the server, and compared with the histories at the end.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, anyhow};
use motcua_api::v1::history_field::Slot;
use motcua_api::v1::replay_history_response::Part;
use motcua_api::v1::{HistoryEvent, ReplayHistoryRequest, ReplayVerdict};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Session;
use crate::refusal::Refused;

/// Histories that are read at a time.
const READERS: usize = 16;
/// Most faults that are told; all are counted.
const TOLD_MAX: usize = 20;

/// A command that the server said it carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Note {
    /// The caller's id of it.
    pub(super) command: Uuid,
    /// Number of its first event, as answered.
    pub(super) first: u64,
    /// Number of its last event, as answered.
    pub(super) last: u64,
}

/// What was acknowledged, by dossier.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    notes: HashMap<Uuid, Vec<Note>>,
    /// Commands that were never answered: nobody knows whether they were carried out.
    doubtful: HashSet<Uuid>,
}

impl Ledger {
    /// Keeps an answer.
    pub(super) fn note(&mut self, dossier: Uuid, note: Note) {
        self.notes.entry(dossier).or_default().push(note);
    }

    /// Keeps that a command was not answered.
    pub(super) fn doubt(&mut self, command: Uuid) {
        self.doubtful.insert(command);
    }

    /// Adds what another caller kept.
    pub(super) fn add(&mut self, other: Self) {
        for (dossier, notes) in other.notes {
            self.notes.entry(dossier).or_default().extend(notes);
        }
        self.doubtful.extend(other.doubtful);
    }

    fn faults(&self, dossier: Uuid, history: &[HistoryEvent], equal: bool) -> Vec<Fault> {
        let notes = self.notes.get(&dossier).map_or(&[][..], Vec::as_slice);
        let done = commands_done(history);
        let mut faults: Vec<Fault> = notes.iter().filter_map(|note| judge(note, &done)).collect();
        let known: HashSet<Uuid> = notes.iter().map(|note| note.command).collect();
        let is_strange =
            |done: &&Done| !known.contains(&done.command) && !self.doubtful.contains(&done.command);
        faults.extend(done.iter().filter(is_strange).map(|_| Fault::Strange));
        faults.extend((!equal).then_some(Fault::Unequal));
        faults
    }

    /// Reads every history and compares it with what was acknowledged.
    ///
    /// # Errors
    /// A history cannot be read.
    pub(super) async fn compare(self, auditor: &Session) -> anyhow::Result<Comparison> {
        let commands = self.notes.values().map(|notes| notes.len() as u64).sum();
        let mut comparison = Comparison { commands, ..Comparison::default() };
        let waiting: Vec<Uuid> = self.notes.keys().copied().collect();
        let (ledger, waiting) = (Arc::new(self), Arc::new(Mutex::new(waiting)));
        let readers: Vec<_> = (0..READERS)
            .map(|_| {
                let (ledger, waiting) = (Arc::clone(&ledger), Arc::clone(&waiting));
                let auditor = auditor.clone();
                tokio::spawn(async move { read_all(&ledger, &waiting, &auditor).await })
            })
            .collect();
        for reader in readers {
            comparison.add(reader.await??);
        }
        Ok(comparison)
    }
}

/// Reads the history of each dossier and keeps what `keep` finds in it.
///
/// # Errors
/// A history cannot be read.
pub(super) async fn read_each<T: Send + 'static>(
    auditor: &Session,
    dossiers: Vec<Uuid>,
    keep: fn(&[HistoryEvent]) -> T,
) -> anyhow::Result<Vec<(Uuid, T)>> {
    let mut kept = Vec::with_capacity(dossiers.len());
    let waiting = Arc::new(Mutex::new(dossiers));
    let reader = || {
        let (waiting, auditor) = (Arc::clone(&waiting), auditor.clone());
        tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Some(dossier) = next(&waiting)? {
                let (history, _) = read(&auditor, dossier).await?;
                kept.push((dossier, keep(&history)));
            }
            anyhow::Ok(kept)
        })
    };
    let readers: Vec<_> = (0..READERS).map(|_| reader()).collect();
    for reader in readers {
        kept.extend(reader.await??);
    }
    Ok(kept)
}

fn next(waiting: &Mutex<Vec<Uuid>>) -> anyhow::Result<Option<Uuid>> {
    Ok(waiting.lock().map_err(|_| anyhow!("a reader of histories panicked"))?.pop())
}

async fn read_all(
    ledger: &Ledger,
    waiting: &Mutex<Vec<Uuid>>,
    auditor: &Session,
) -> anyhow::Result<Comparison> {
    let mut comparison = Comparison::default();
    loop {
        let Some(dossier) = next(waiting)? else {
            return Ok(comparison);
        };
        let (history, verdict) = read(auditor, dossier).await?;
        comparison.dossiers += 1;
        comparison.events += history.len() as u64;
        for fault in ledger.faults(dossier, &history, verdict.equal) {
            comparison.fault(dossier, fault);
        }
    }
}

async fn read(
    auditor: &Session,
    dossier: Uuid,
) -> anyhow::Result<(Vec<HistoryEvent>, ReplayVerdict)> {
    let request = ReplayHistoryRequest { dossier: dossier.to_string() };
    let answer = auditor.audit().replay_history(request).await.map_err(Refused::from);
    let mut parts = answer.with_context(|| format!("the history of {dossier}"))?.into_inner();
    let (mut history, mut verdict) = (Vec::new(), None);
    while let Some(message) = parts.message().await.map_err(Refused::from)? {
        match message.part {
            Some(Part::Event(event)) => history.push(event),
            Some(Part::Verdict(last)) => verdict = Some(last),
            None => {}
        }
    }
    Ok((history, verdict.with_context(|| format!("the history of {dossier} has no verdict"))?))
}

/// How a history and the ledger differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Fault {
    /// It was acknowledged and is not there.
    Lost,
    /// It is there more than once.
    Twice,
    /// It is not where the answer said.
    Misplaced,
    /// It is there, and nobody sent it.
    Strange,
    /// The replay differs from the stored state.
    Unequal,
}

impl Fault {
    const ALL: [Self; 5] = [Self::Lost, Self::Twice, Self::Misplaced, Self::Strange, Self::Unequal];

    fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Twice => "twice",
            Self::Misplaced => "misplaced",
            Self::Strange => "strange",
            Self::Unequal => "unequal",
        }
    }
}

fn judge(note: &Note, done: &[Done]) -> Option<Fault> {
    let mut found = done.iter().filter(|done| done.command == note.command);
    match (found.next(), found.next()) {
        (None, _) => Some(Fault::Lost),
        (Some(_), Some(_)) => Some(Fault::Twice),
        (Some(done), None) => {
            let is_there = (done.first, done.last) == (note.first, note.last);
            (!is_there).then_some(Fault::Misplaced)
        }
    }
}

/// What comparing histories with the ledger found.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    dossiers: u64,
    events: u64,
    commands: u64,
    faults: HashMap<Fault, u64>,
    /// The first faults, with their dossiers.
    pub(super) told: Vec<String>,
}

impl Comparison {
    fn fault(&mut self, dossier: Uuid, fault: Fault) {
        *self.faults.entry(fault).or_default() += 1;
        if self.told.len() < TOLD_MAX {
            self.told.push(format!("{dossier}: {}", fault.name()));
        }
    }

    fn add(&mut self, other: Self) {
        self.dossiers += other.dossiers;
        self.events += other.events;
        for (fault, count) in other.faults {
            *self.faults.entry(fault).or_default() += count;
        }
        self.told.extend(other.told);
        self.told.truncate(TOLD_MAX);
    }

    /// Whether nothing differs.
    pub(super) fn is_equal(&self) -> bool {
        self.faults.is_empty()
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        let mut json = json!({
            "dossiers": self.dossiers,
            "events": self.events,
            "commands": self.commands,
        });
        for fault in Fault::ALL {
            json[fault.name()] = self.faults.get(&fault).copied().unwrap_or_default().into();
        }
        json
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let (commands, dossiers) = (self.commands, self.dossiers);
        let compared = format!("{commands} acknowledged commands, {dossiers} histories: ");
        if self.is_equal() {
            return compared + "each stands there once";
        }
        let kinds = Fault::ALL.iter().filter_map(|fault| {
            let count = self.faults.get(fault)?;
            Some(format!("{count} {}", fault.name()))
        });
        compared + &kinds.collect::<Vec<_>>().join(", ") + "\n" + &self.told.join("\n")
    }
}

/// Neighbouring events that one command caused.
#[derive(Debug)]
struct Done {
    command: Uuid,
    first: u64,
    last: u64,
    /// Instant of the events: the same command at another instant was carried out again.
    at: String,
}

/// Every time that a command was carried out, by the history alone.
fn commands_done(history: &[HistoryEvent]) -> Vec<Done> {
    let mut done: Vec<Done> = Vec::new();
    for event in history {
        let Some(command) = command_of(event) else {
            continue;
        };
        let header: Value = serde_json::from_str(&event.header).unwrap_or_default();
        let at = header["at"].to_string();
        let sequence = event.sequence;
        match done.last_mut() {
            Some(last) if last.command == command && last.last + 1 == sequence && last.at == at => {
                last.last = sequence;
            }
            _ => done.push(Done { command, first: sequence, last: sequence, at }),
        }
    }
    done
}

/// The caller's command id that an event carries; events of timers carry none.
fn command_of(event: &HistoryEvent) -> Option<Uuid> {
    opened(event, "command")?["id"].as_str()?.parse().ok()
}

/// The value of an opened field.
pub(super) fn opened(event: &HistoryEvent, name: &str) -> Option<Value> {
    let mut opened = event.fields.iter().filter_map(|field| match field.slot.as_ref()? {
        Slot::Opened(opened) => Some(opened),
        Slot::Commitment(_) => None,
    });
    let field = opened.find(|field| field.name == name)?;
    serde_json::from_str(&field.value_json).ok()
}

#[cfg(test)]
mod tests {
    use motcua_api::v1::{HistoryField, OpenedField};

    use super::*;

    const DOSSIER: Uuid = Uuid::from_u128(1);
    const COMMAND: Uuid = Uuid::from_u128(7);

    fn event(sequence: u64, at: &str) -> HistoryEvent {
        let opened = OpenedField {
            name: "command".into(),
            salt: String::new(),
            value_json: format!("{{\"id\":\"{COMMAND}\"}}"),
        };
        HistoryEvent {
            sequence,
            header: format!("{{\"at\":\"{at}\"}}"),
            fields: vec![HistoryField { slot: Some(Slot::Opened(opened)) }],
            ..Default::default()
        }
    }

    fn faults(first: u64, last: u64, history: &[HistoryEvent]) -> Vec<Fault> {
        let mut ledger = Ledger::default();
        ledger.note(DOSSIER, Note { command: COMMAND, first, last });
        ledger.faults(DOSSIER, history, true)
    }

    #[test]
    fn a_command_with_two_events_was_done_once() {
        assert_eq!(faults(1, 2, &[event(1, "t"), event(2, "t")]), []);
    }

    #[test]
    fn what_was_lost_is_found() {
        assert_eq!(faults(1, 1, &[]), [Fault::Lost]);
    }

    #[test]
    fn what_was_done_twice_is_found_even_side_by_side() {
        assert_eq!(faults(1, 1, &[event(1, "t"), event(2, "later")]), [Fault::Twice]);
        assert_eq!(faults(1, 1, &[event(1, "t"), event(3, "t")]), [Fault::Twice]);
    }

    #[test]
    fn an_answer_that_names_other_events_is_found() {
        assert_eq!(faults(1, 2, &[event(1, "t")]), [Fault::Misplaced]);
        assert_eq!(faults(1, 1, &[event(2, "t")]), [Fault::Misplaced]);
    }

    #[test]
    fn what_nobody_sent_is_found_and_what_was_not_answered_may_be_there() {
        let mut ledger = Ledger::default();
        let history = [event(1, "t")];
        assert_eq!(ledger.faults(DOSSIER, &history, true), [Fault::Strange]);
        assert_eq!(ledger.faults(DOSSIER, &[], false), [Fault::Unequal]);
        ledger.doubt(COMMAND);
        assert_eq!(ledger.faults(DOSSIER, &history, true), []);
    }

    #[test]
    fn what_callers_kept_adds_up() {
        let note = |first| Note { command: COMMAND, first, last: first };
        let (mut one, mut other) = (Ledger::default(), Ledger::default());
        one.note(DOSSIER, note(1));
        other.note(DOSSIER, note(2));
        one.add(other);
        assert_eq!(one.notes[&DOSSIER], [note(1), note(2)]);
    }

    #[test]
    fn faults_are_all_counted_and_the_first_are_told() {
        let mut comparison = Comparison::default();
        assert!(comparison.is_equal());
        for _ in 0..=TOLD_MAX {
            comparison.fault(DOSSIER, Fault::Lost);
        }
        let mut sum = Comparison::default();
        sum.add(comparison);
        assert!(!sum.is_equal());
        assert_eq!(sum.json()["lost"], TOLD_MAX + 1);
        assert_eq!(sum.told.len(), TOLD_MAX);
        assert!(sum.text().contains("21 lost"), "{}", sum.text());
    }
}
