//! Commits become rows: ids as text, instants as microseconds, values as JSON.
//!
//! This happens on the caller's task, so that the one writer only binds what is ready.

use std::collections::BTreeSet;

use jiff::civil::Date;
use motcua_audit::{ChainHead, HeaderText, SealedEvent, cj};
use motcua_dossiers::dossier::{Dossier, STATE_SCHEMA};
use motcua_store::contract::{
    Commit, DossierCommit, RegisterCommit, RegisterEntry, RegisterKind, SearchTerm, TermKind,
    dossier_chain,
};
use motcua_store::worklist::Appointment;
use uuid::Uuid;

/// Events from one snapshot of a state to the next: whoever loads a dossier folds fewer than these.
const SNAPSHOT_EVENTS: u64 = 8;

/// A commit as rows.
#[derive(Debug)]
pub(crate) enum Prepared {
    /// Of a dossier.
    Dossier(Box<DossierRows>),
    /// Of another chain.
    Register(Box<RegisterRows>),
}

/// The rows of a dossier's commit.
#[derive(Debug)]
pub(crate) struct DossierRows {
    pub(crate) expected: i64,
    /// Hash of the event that it goes on from; none where it is the first.
    pub(crate) base: Option<Vec<u8>>,
    pub(crate) dossier: DossierRow,
    pub(crate) snapshot: Option<SnapshotRow>,
    pub(crate) events: Vec<EventRow>,
    pub(crate) items: Vec<ItemRow>,
    /// Name and instant, none to clear.
    pub(crate) timers: Vec<(String, Option<i64>)>,
    /// Instant of the reception, if this commit brings it.
    pub(crate) received_at: Option<i64>,
    pub(crate) form: Option<String>,
    pub(crate) search: Vec<(i64, String)>,
    pub(crate) tracking: Vec<String>,
    /// Digests of the files that the events name.
    pub(crate) documents: Vec<String>,
    pub(crate) released: Vec<String>,
    pub(crate) held: Vec<String>,
    /// Scopes in which other names gave way to those held.
    pub(crate) scopes: Vec<String>,
}

/// A row of `dossier`.
#[derive(Debug)]
pub(crate) struct DossierRow {
    pub(crate) key: Uuid,
    /// `key` as text.
    pub(crate) id: String,
    pub(crate) chain: String,
    pub(crate) version: i64,
    pub(crate) identity: Identity,
    pub(crate) bound: Bound,
    pub(crate) state_name: Option<String>,
    pub(crate) status: i64,
    pub(crate) assisting_unit: Option<String>,
    pub(crate) receiving_unit: String,
    pub(crate) competent_unit: String,
    pub(crate) persons: BTreeSet<String>,
    /// `persons` as JSON.
    pub(crate) parties: String,
    pub(crate) due_on: Option<String>,
    pub(crate) due_at: Option<i64>,
    pub(crate) late_at: Option<i64>,
    pub(crate) sort_at: i64,
    pub(crate) head_hash: Vec<u8>,
    pub(crate) head_at: i64,
}

/// A row of `snapshot`: the whole state at a version.
#[derive(Debug)]
pub(crate) struct SnapshotRow {
    pub(crate) version: i64,
    pub(crate) state_schema: i64,
    pub(crate) state: String,
}

/// What a dossier is known by, each unique.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) code: Option<String>,
    pub(crate) external: Option<(String, String)>,
}

/// The version of the procedure that a dossier is bound to, and whether it has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) code: String,
    pub(crate) version: String,
    pub(crate) digest: String,
    pub(crate) closed: bool,
}

/// A row of `event` and its `event_value`.
#[derive(Debug)]
pub(crate) struct EventRow {
    pub(crate) seq: i64,
    pub(crate) command: Option<Uuid>,
    pub(crate) header: Vec<u8>,
    pub(crate) hash: Vec<u8>,
    pub(crate) commitments: Vec<u8>,
    /// A JSON array of [name, value].
    pub(crate) slots: String,
    /// 32 bytes for each slot.
    pub(crate) salts: Vec<u8>,
}

/// A row of `work_item` without what it takes from its dossier.
#[derive(Debug)]
pub(crate) struct ItemRow {
    pub(crate) item: i64,
    pub(crate) unit: String,
    pub(crate) role: &'static str,
    pub(crate) assignee: Option<String>,
    pub(crate) step: String,
    pub(crate) opened_at: i64,
    pub(crate) step_due_at: Option<i64>,
    pub(crate) step_late: bool,
    pub(crate) branch: Option<String>,
}

/// The rows of a commit to a chain that is no dossier's.
#[derive(Debug)]
pub(crate) struct RegisterRows {
    pub(crate) chain: String,
    pub(crate) expected: i64,
    pub(crate) head: HeadRow,
    pub(crate) events: Vec<EventRow>,
    pub(crate) entries: Vec<EntryRow>,
}

/// A row of `chain_head`.
#[derive(Debug)]
pub(crate) struct HeadRow {
    pub(crate) seq: i64,
    pub(crate) hash: Vec<u8>,
    pub(crate) at: i64,
    pub(crate) state: Option<String>,
}

/// A row of `register_entry`.
#[derive(Debug)]
pub(crate) struct EntryRow {
    pub(crate) kind: &'static str,
    pub(crate) effective_from: String,
    pub(crate) recorded_at: i64,
    pub(crate) entry: RegisterEntry,
}

/// All rows of a commit.
pub(crate) fn prepare(commit: Commit) -> Prepared {
    match commit {
        Commit::Dossier(commit) => Prepared::Dossier(Box::new(dossier_rows(*commit))),
        Commit::Register(commit) => Prepared::Register(Box::new(register_rows(*commit))),
    }
}

fn dossier_rows(commit: DossierCommit) -> DossierRows {
    let held = commit.held().into_iter().map(str::to_owned).collect();
    let scopes = commit.scopes().into_iter().map(str::to_owned).collect();
    let documents = commit.documents().into_iter().map(str::to_owned).collect();
    let commands = &commit.commands;
    let command_of = |seq| {
        let caused = commands.iter().find(|(_, first)| *first == seq);
        caused.map(|(command, _)| *command)
    };
    let first = commit.events.first().and_then(|event| HeaderText::read(&event.header));
    let base = first.filter(|first| first.seq > 1).map(|first| first.prev.0.to_vec());
    let events = commit.events.into_iter();
    let events = events.map(|event| event_row(command_of(event.seq), event)).collect();
    let timers = commit.timers.into_iter();
    let search: BTreeSet<_> = commit.search.iter().map(term_row).collect();
    let tracking: BTreeSet<_> = commit.tracking.into_iter().collect();
    // Everything in a commit has the instant of its head.
    let received_at = commit.dossier.received_at.map(|at| at.as_microsecond());
    let received_at = received_at.filter(|at| *at == commit.head.at.micros());
    DossierRows {
        expected: integer(commit.expected),
        base,
        dossier: dossier_row(&commit.dossier, &commit.head),
        snapshot: snapshot_row(commit.expected, &commit.dossier),
        events,
        items: commit.dossier.items.values().map(item_row).collect(),
        timers: timers.map(|(name, at)| (name, at.map(|at| at.as_microsecond()))).collect(),
        received_at,
        form: commit.form.as_ref().map(|form| form.to_string()),
        search: search.into_iter().collect(),
        tracking: tracking.into_iter().collect(),
        documents,
        released: commit.released,
        held,
        scopes,
    }
}

fn dossier_row(dossier: &Dossier, head: &ChainHead) -> DossierRow {
    let filing = &dossier.filing;
    let appointment = Appointment::of(dossier);
    let mut persons = BTreeSet::from([filing.applicant.clone()]);
    persons.extend(filing.owners.iter().chain(&filing.authorised_person).cloned());
    let external = filing.external.as_ref();
    DossierRow {
        key: dossier.id,
        id: dossier.id.to_string(),
        chain: dossier_chain(dossier.id).as_str().to_owned(),
        version: integer(dossier.version),
        identity: Identity {
            code: dossier.code.clone(),
            external: external.map(|external| (external.source.clone(), external.id.clone())),
        },
        bound: Bound {
            code: dossier.procedure.code.clone(),
            version: dossier.procedure.version.clone(),
            digest: dossier.procedure.digest.clone(),
            closed: dossier.closed,
        },
        state_name: head.state.clone(),
        status: u8::from(dossier.status).into(),
        assisting_unit: filing.assisting_unit.clone(),
        receiving_unit: filing.receiving_unit.clone(),
        competent_unit: filing.competent_unit.clone(),
        parties: json(&persons),
        persons,
        due_on: appointment.due_on.map(|date| date.to_string()),
        due_at: appointment.due_at.map(|at| at.as_microsecond()),
        late_at: appointment.late_at.map(|at| at.as_microsecond()),
        sort_at: appointment.sort_at_us,
        head_hash: head.hash.0.to_vec(),
        head_at: head.at.micros(),
    }
}

/// The state whole, every few events and at the end: most commits write their events alone.
fn snapshot_row(expected: u64, dossier: &Dossier) -> Option<SnapshotRow> {
    let is_due = dossier.version / SNAPSHOT_EVENTS > expected / SNAPSHOT_EVENTS;
    (is_due || dossier.closed).then(|| SnapshotRow {
        version: integer(dossier.version),
        state_schema: STATE_SCHEMA.into(),
        state: json(dossier),
    })
}

fn item_row(item: &motcua_dossiers::dossier::WorkItem) -> ItemRow {
    ItemRow {
        item: item.id.into(),
        unit: item.unit.clone(),
        role: item.role.as_str(),
        assignee: item.assignee.clone(),
        step: item.step.clone(),
        opened_at: item.opened_at.as_microsecond(),
        step_due_at: item.due_at.map(|at| at.as_microsecond()),
        step_late: item.late,
        branch: item.branch.clone(),
    }
}

fn event_row(command: Option<Uuid>, event: SealedEvent) -> EventRow {
    let fields = event.fields.iter();
    let slots: Vec<(&str, &cj::Value)> =
        fields.clone().map(|field| (field.name.as_str(), &field.value)).collect();
    EventRow {
        seq: integer(event.seq),
        command,
        slots: json(&slots),
        salts: fields.flat_map(|field| field.salt.0).collect(),
        header: event.header,
        hash: event.hash.0.to_vec(),
        commitments: event.commitments.iter().flat_map(|hash| hash.0).collect(),
    }
}

fn register_rows(commit: RegisterCommit) -> RegisterRows {
    RegisterRows {
        chain: commit.chain.as_str().to_owned(),
        expected: integer(commit.expected),
        head: HeadRow {
            seq: integer(commit.head.seq),
            hash: commit.head.hash.0.to_vec(),
            at: commit.head.at.micros(),
            state: commit.head.state,
        },
        events: commit.events.into_iter().map(|event| event_row(None, event)).collect(),
        entries: commit.entries.into_iter().map(entry_row).collect(),
    }
}

fn entry_row(entry: RegisterEntry) -> EntryRow {
    EntryRow {
        kind: register_kind(entry.kind),
        effective_from: Date::to_string(&entry.effective_from),
        recorded_at: entry.recorded_at.as_microsecond(),
        entry,
    }
}

/// A search term as it is stored and asked for.
pub(crate) fn term_row(term: &SearchTerm) -> (i64, String) {
    let kind = match term.kind {
        TermKind::NameFolded => 1,
        TermKind::NameMarked => 2,
        TermKind::IdNumber => 3,
    };
    (kind, term.term.clone())
}

/// Name of a kind of register entry in the database.
pub(crate) fn register_kind(kind: RegisterKind) -> &'static str {
    match kind {
        RegisterKind::Procedure => "procedure",
        RegisterKind::Calendar => "calendar",
        RegisterKind::Units => "units",
    }
}

/// A count as the databases hold it. Event numbers stay below 2^53.
pub(crate) fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("keys are text and no part refuses to be written")
}
