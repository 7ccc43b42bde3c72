//! What the callers know, independently of the server: every answer that they got.

use std::collections::{BTreeMap, HashSet};

use motcua_api::v1::history_field::Slot;
use motcua_api::v1::{DossierState, HistoryEvent};
use serde_json::Value;
use uuid::Uuid;

/// A command that the server said it carried out.
#[derive(Clone, Debug)]
pub(crate) struct Acknowledged {
    /// The caller's command id.
    pub(crate) command: Uuid,
    /// Number of the dossier's last event afterwards, as answered.
    pub(crate) version: u64,
    /// Code of the dossier, as answered.
    pub(crate) code: String,
}

/// What was acknowledged, by dossier, in the order of the answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger(BTreeMap<String, Vec<Acknowledged>>);

impl Ledger {
    /// Notes an answer.
    pub(crate) fn note(&mut self, command: Uuid, answered: &DossierState) {
        let (version, code) = (answered.version, answered.code.clone());
        let notes = self.0.entry(answered.id.clone()).or_default();
        notes.push(Acknowledged { command, version, code });
    }

    /// Adds what another caller noted.
    pub(crate) fn add(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The dossiers.
    pub(crate) fn dossiers(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Number of acknowledged commands.
    pub(crate) fn len(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    /// Every code that was answered belongs to one dossier for ever; how many there are.
    #[track_caller]
    pub(crate) fn codes_are_unique(&self) -> usize {
        let mut seen = HashSet::new();
        for (dossier, notes) in &self.0 {
            let codes = notes.iter().map(|note| note.code.as_str()).filter(|code| !code.is_empty());
            let codes: HashSet<&str> = codes.collect();
            assert!(codes.len() <= 1, "{dossier} had several codes: {codes:?}");
            codes.iter().for_each(|code| assert!(seen.insert(*code), "{code} was given out twice"));
        }
        seen.len()
    }

    /// The history of a dossier holds every acknowledged command, once, where the answer said.
    #[track_caller]
    pub(crate) fn agrees_with(&self, dossier: &str, history: &[HistoryEvent]) {
        let done = commands_done(history);
        let notes = &self.0[dossier];
        for note in notes {
            let times: Vec<_> = done.iter().filter(|done| done.command == note.command).collect();
            assert_eq!(times.len(), 1, "{dossier}: {note:?} was done {} times", times.len());
            assert_eq!(times[0].last, note.version, "{dossier}: {note:?}");
        }
        let acknowledged: HashSet<Uuid> = notes.iter().map(|note| note.command).collect();
        let unknown = done.iter().filter(|done| !acknowledged.contains(&done.command)).count();
        assert_eq!(unknown, 0, "{dossier}: every command was repeated until it was answered");
    }
}

/// A run of events that one command caused.
struct Done {
    command: Uuid,
    last: u64,
}

/// Every time that a command was carried out, by the histories alone. Two runs of the same command
/// are two entries, even side by side: kind and instant tell them apart.
fn commands_done(history: &[HistoryEvent]) -> Vec<Done> {
    let mut done: Vec<(Done, String)> = Vec::new();
    for event in history {
        let Some(command) = command_of(event) else {
            continue;
        };
        let header: Value = serde_json::from_str(&event.header).expect("a header is JSON");
        let run = header["at"].to_string();
        let continues = done.last_mut().filter(|(last, last_run)| {
            last.command == command && last.last + 1 == event.sequence && *last_run == run
        });
        match continues {
            Some((last, _)) => last.last = event.sequence,
            None => done.push((Done { command, last: event.sequence }, run)),
        }
    }
    done.into_iter().map(|(done, _)| done).collect()
}

/// The caller's command id that an event carries; events of timers carry none.
fn command_of(event: &HistoryEvent) -> Option<Uuid> {
    let opened = event.fields.iter().filter_map(|field| match field.slot.as_ref()? {
        Slot::Opened(opened) => Some(opened),
        Slot::Commitment(_) => None,
    });
    let command = opened.into_iter().find(|field| field.name == "command")?;
    let command: Value = serde_json::from_str(&command.value_json).expect("values are JSON");
    let id = command["id"].as_str().expect("a command has an id");
    Some(id.parse().expect("command ids are UUIDs"))
}

#[cfg(test)]
mod tests {
    use motcua_api::v1::{HistoryField, OpenedField};

    use super::*;

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

    fn ledger(version: u64) -> Ledger {
        let mut ledger = Ledger::default();
        let answered = DossierState { id: "d".into(), version, ..Default::default() };
        ledger.note(COMMAND, &answered);
        ledger
    }

    #[test]
    fn a_command_with_two_events_was_done_once() {
        ledger(2).agrees_with("d", &[event(1, "t"), event(2, "t")]);
    }

    #[test]
    #[should_panic(expected = "was done 0 times")]
    fn a_lost_command_is_found() {
        ledger(1).agrees_with("d", &[]);
    }

    #[test]
    #[should_panic(expected = "was done 2 times")]
    fn a_command_that_was_done_twice_is_found() {
        ledger(1).agrees_with("d", &[event(1, "t"), event(2, "later")]);
    }

    #[test]
    #[should_panic(expected = "x was given out twice")]
    fn a_code_of_two_dossiers_is_found() {
        let mut ledger = Ledger::default();
        for id in ["a", "b"] {
            let (id, code) = (id.into(), "x".into());
            ledger.note(COMMAND, &DossierState { id, code, ..Default::default() });
        }
        ledger.codes_are_unique();
    }
}
