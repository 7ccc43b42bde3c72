//! Dossiers to store: filed and advanced by events as the engine would, without deciding.

use std::collections::BTreeMap;

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use motcua_audit::{At, ChainHead, ChainId, NewEvent, Salt, SealedEvent, cj, seal};
use motcua_deadlines::{Calendar, Clock, Inputs, Limit, OfficeHours, Unit};
use motcua_dossiers::codec;
use motcua_dossiers::command::{Actor, CommandRef, ExternalRef};
use motcua_dossiers::dossier::{Clocks, Dossier, Filing, WorkItem};
use motcua_dossiers::event::{Event, Facts};
use motcua_procedures::{Channel, ProcedureRef, Role, Status};
use uuid::Uuid;

use crate::contract::{DossierCommit, RegisterCommit, RegisterEntry, RegisterKind, dossier_chain};

/// Log that the fixtures are sealed for.
pub const ORIGIN: &str = "fixture.example/log/1";
/// Unit in which fixtures begin.
pub const UNIT: &str = "H26.7";

/// Monday, 2 March 2026, 08:00 at the centre, and `minutes` later.
pub fn minute(minutes: i64) -> Timestamp {
    let start = Timestamp::from_second(1_772_413_200).expect("a real instant");
    start + SignedDuration::from_mins(minutes)
}

/// A dossier's id; a larger number is a newer dossier.
pub fn dossier_id(number: u32) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 | u128::from(number))
}

/// A command's id.
pub fn command_id(number: u32) -> Uuid {
    Uuid::from_u128(0xc000_0000_0000_4000_8000_0000_0000_0000 | u128::from(number))
}

/// An open work item of [`UNIT`].
pub fn item(id: u32, role: Role) -> WorkItem {
    WorkItem {
        branch: None,
        id,
        step: "reception".into(),
        role,
        unit: UNIT.into(),
        assignee: None,
        opened_at: minute(0),
        due_at: Some(minute(60)),
        late: false,
    }
}

/// A running clock: received at an instant, so many working days.
pub fn clocks(received_at: Timestamp, days: u32) -> Clocks {
    with_inputs(|inputs| {
        let limit = Limit::new(Unit::WorkingDay, days);
        let (statutory, _) = Clock::start(&limit, received_at, inputs).expect("a known year");
        Clocks { rule: "standard".into(), statutory, committed: None, paused_on: None, phase: None }
    })
}

/// The same clock, paused.
pub fn paused(mut clocks: Clocks, at: Timestamp) -> Clocks {
    with_inputs(|inputs| {
        clocks.statutory = clocks.statutory.pause(at, inputs).expect("a running clock").0;
        clocks
    })
}

fn with_inputs<T>(work: impl FnOnce(&Inputs<'_>) -> T) -> T {
    let bytes = include_bytes!("../../../deadlines/data/calendar-vn.json");
    let calendar = Calendar::from_json(bytes).expect("the calendar of the repository is valid");
    work(&Inputs { calendar: &calendar, hours: &OfficeHours::default() })
}

/// A dossier that grows by commits.
#[derive(Clone, Debug)]
pub struct Subject {
    number: u32,
    commands: u32,
    head: Option<ChainHead>,
    dossier: Option<Dossier>,
}

impl Subject {
    /// A dossier that is not filed yet.
    pub fn new(number: u32) -> Self {
        Self { number, commands: 0, head: None, dossier: None }
    }

    /// Its id.
    pub fn id(&self) -> Uuid {
        dossier_id(self.number)
    }

    /// Its chain.
    pub fn chain(&self) -> ChainId {
        dossier_chain(self.id())
    }

    /// Its state.
    pub fn dossier(&self) -> &Dossier {
        self.dossier.as_ref().expect("the dossier was filed")
    }

    /// The head of its chain.
    pub fn head(&self) -> &ChainHead {
        self.head.as_ref().expect("the dossier was filed")
    }

    /// Files it, with one open work item of a reception clerk, as `change` has it.
    pub fn file(&mut self, change: impl FnOnce(&mut Facts)) -> DossierCommit {
        self.act(|facts| {
            facts.procedure = Some(ProcedureRef {
                code: "1.001193".into(),
                version: "1.0.0".into(),
                digest: "ab".repeat(32),
            });
            facts.filing = Some(filing());
            facts.status = Some(Status::Submitted);
            facts.items = vec![item(1, Role::ReceptionClerk)];
            change(facts);
        })
    }

    /// Receives it at an instant.
    pub fn receive(&mut self, at: Timestamp) -> DossierCommit {
        self.event("accept", at, |_| {})
    }

    /// The next commit, one event of one command.
    pub fn act(&mut self, change: impl FnOnce(&mut Facts)) -> DossierCommit {
        let last =
            self.head.as_ref().and_then(|head| Timestamp::from_microsecond(head.at.micros()).ok());
        self.event("advance", last.unwrap_or(minute(0)), change)
    }

    fn event(
        &mut self,
        kind: &'static str,
        at: Timestamp,
        change: impl FnOnce(&mut Facts),
    ) -> DossierCommit {
        self.commands += 1;
        let command = command_id(self.commands);
        let actor = Actor { role: Role::ReceptionClerk, ..Actor::system() };
        let reference = CommandRef { id: command, fingerprint: "cd".repeat(32) };
        let mut facts = Facts::by(actor, Some(reference));
        change(&mut facts);
        let timers = facts.timers.clone();
        let event = Event {
            kind,
            to: "reception".into(),
            def: "ab".repeat(32),
            facts,
            personal: BTreeMap::from([("form.note".into(), "Nguyễn Thị Bình".into())]),
        };
        let expected = self.head.as_ref().map_or(0, |head| head.seq);
        let new = codec::encode(&event).expect("a valid event");
        let (events, head) = sealed(&self.chain(), self.head.as_ref(), at, vec![new]);
        let header = motcua_audit::Header::decode(&events[0].header).expect("just sealed");
        let folded = codec::fold(self.dossier.take(), self.id(), &header, events[0].fields.iter());
        let dossier = folded.expect("a fold of fixture events");
        self.head = Some(head.clone());
        self.dossier = Some(dossier.clone());
        DossierCommit {
            expected,
            commands: vec![(command, expected + 1)],
            dossier: std::sync::Arc::new(dossier),
            head,
            events,
            timers,
            form: None,
            search: Vec::new(),
            tracking: Vec::new(),
            released: Vec::new(),
            confirmed: Vec::new(),
        }
    }
}

/// Filed by one person for another at the counter.
pub fn filing() -> Filing {
    Filing {
        channel: Channel::Counter,
        variant: "standard".into(),
        applicant: "citizen-1".into(),
        owners: vec!["citizen-2".into()],
        authorised_person: None,
        assisting_unit: None,
        receiving_unit: UNIT.into(),
        competent_unit: "H26.7.1".into(),
        submitted_at: minute(0),
        external: None,
    }
}

/// A portal's reference.
pub fn external(id: &str) -> ExternalRef {
    ExternalRef { source: "portal".into(), id: id.into() }
}

/// A commit to a chain that is no dossier's: one event, with these entries.
pub fn register_commit(
    chain: &ChainId,
    head: Option<&ChainHead>,
    entries: Vec<RegisterEntry>,
) -> RegisterCommit {
    let event = NewEvent {
        kind: "publish".into(),
        to: None,
        def: None,
        fields: vec![("code".into(), cj::Value::String("1.001193".into()))],
    };
    let expected = head.map_or(0, |head| head.seq);
    let (events, head) = sealed(chain, head, minute(0), vec![event]);
    RegisterCommit { chain: chain.clone(), expected, head, events, entries }
}

/// A version of a procedure.
pub fn procedure_entry(version: &str) -> RegisterEntry {
    RegisterEntry {
        kind: RegisterKind::Procedure,
        code: "1.001193".into(),
        version: version.into(),
        digest: "ab".repeat(32),
        effective_from: date(2026, 7, 1),
        recorded_at: minute(5),
        recorded_by: "administrator-1".into(),
        bytes: b"code: '1.001193'\n".to_vec(),
    }
}

fn sealed(
    chain: &ChainId,
    head: Option<&ChainHead>,
    at: Timestamp,
    events: Vec<NewEvent>,
) -> (Vec<SealedEvent>, ChainHead) {
    let at = At::from_micros(at.as_microsecond()).expect("a real instant");
    let mut last = 0u8;
    let mut salts = || {
        last += 1;
        Salt([last; 32])
    };
    seal(ORIGIN, chain, head, at, events, &mut salts).expect("valid events")
}
