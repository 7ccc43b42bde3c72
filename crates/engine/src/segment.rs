//! A segment of a dossier's history in the making: what one commit will write.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use motcua_audit::{At, ChainHead, ChainId, Hash, Salt, SealedEvent};
use motcua_dossiers::codec::{encode, timestamp};
use motcua_dossiers::command::{CommandRef, Part, Person, TimerChanges};
use motcua_dossiers::dossier::Dossier;
use motcua_dossiers::event::Event;
use motcua_dossiers::evolve::apply;
use motcua_dossiers::names::{folded_words, marked_words, payment_key};
use motcua_dossiers::{Recorded, evolve, merged_form};
use motcua_procedures::Procedure;
use motcua_store::contract::{Documents, DossierCommit, Loaded, SearchTerm, Store, TermKind};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::Engine;
use crate::error::EngineError;
use crate::numbers::Taken;
use crate::secret::Secret;

/// Events gathered on top of the stored state.
#[derive(Debug)]
pub(crate) struct Segment {
    /// State after the events gathered so far.
    pub(crate) dossier: Arc<Dossier>,
    /// Form values after them.
    pub(crate) form: Arc<Value>,
    /// Numbers that its events carry.
    pub(crate) numbers: Vec<Taken>,
    /// Units in whose queues the dossier stood before, if queues may be watched.
    pub(crate) units: BTreeSet<String>,
    base: Base,
    head: ChainHead,
    form_changed: bool,
}

/// What a segment has gathered besides the state.
#[derive(Debug)]
struct Base {
    origin: String,
    chain: ChainId,
    now: Timestamp,
    expected: u64,
    events: Vec<SealedEvent>,
    commands: Vec<(Uuid, u64)>,
    timers: TimerChanges,
    search: Vec<SearchTerm>,
    tracking: Vec<String>,
    released: Vec<String>,
    confirmed: Vec<String>,
}

/// A segment that will begin with the filing.
#[derive(Debug)]
pub(crate) struct Unborn(Base, Uuid);

impl Segment {
    /// A segment on top of what is stored. Its time is never before the last event's, whatever
    /// the clock says.
    pub(crate) fn of<S: Store, D: Documents>(engine: &Engine<S, D>, loaded: Loaded) -> Self {
        let now = engine.now().max(timestamp(loaded.head.at));
        let chain = dossier_chain(loaded.dossier.id);
        let base = Base::new(engine.origin(), chain, now, loaded.dossier.version);
        Self {
            units: engine.units_of(&loaded.dossier),
            dossier: loaded.dossier,
            form: loaded.form,
            numbers: Vec::new(),
            base,
            head: loaded.head,
            form_changed: false,
        }
    }

    /// A segment that creates the dossier.
    pub(crate) fn unborn<S: Store, D: Documents>(
        engine: &Engine<S, D>,
        id: Uuid,
        now: Timestamp,
    ) -> Unborn {
        Unborn(Base::new(engine.origin(), dossier_chain(id), now, 0), id)
    }

    /// The instant of everything in this segment.
    pub(crate) fn now(&self) -> Timestamp {
        self.base.now
    }

    /// Event hash of the last event.
    pub(crate) fn head_hash(&self) -> Hash {
        self.head.hash
    }

    /// Appends the events of one command, or of timers; returns the number of the first.
    pub(crate) fn append(
        &mut self,
        events: Vec<Event>,
        command: Option<&CommandRef>,
        procedure: &Procedure,
    ) -> Result<u64, EngineError> {
        if events.is_empty() {
            return Ok(self.dossier.version);
        }
        let first_seq = self.dossier.version + 1;
        let (sealed, head) = self.base.seal(Some(&self.head), &events)?;
        for (event, sealed) in events.into_iter().zip(&sealed) {
            let recorded = self.base.recorded(self.dossier.id, &event, sealed.seq);
            // Only a name that is taken makes another give way, which is free then.
            let before =
                recorded.facts.reserved.as_ref().map(|_| self.dossier.reservations.clone());
            apply(Arc::make_mut(&mut self.dossier), &recorded);
            let given_up = before.into_iter().flatten();
            let given_up = given_up.filter(|name| !self.dossier.reservations.contains(name));
            self.base.released.extend(given_up);
            self.follow(event, procedure);
        }
        self.base.commands.extend(command.map(|command| (command.id, first_seq)));
        self.base.events.extend(sealed);
        self.head = head;
        Ok(first_seq)
    }

    /// What an event means outside the history: timers, form values, reserved names and payment
    /// references.
    fn follow(&mut self, event: Event, procedure: &Procedure) {
        if let Some(payment) = &event.facts.payment {
            let unit = &self.dossier.filing.receiving_unit;
            self.base.confirmed.push(payment_key(unit, &payment.external_reference));
        }
        self.base.timers.extend(event.facts.timers);
        let changed: Map<String, Value> = event
            .personal
            .into_iter()
            .filter_map(|(name, value)| Some((name.strip_prefix("form.")?.to_owned(), value)))
            .collect();
        if !changed.is_empty() {
            self.form = Arc::new(merged_form(&self.form, &Value::Object(changed)));
            self.form_changed = true;
        }
        let results = &procedure.definition().results;
        let outcome = self.dossier.outcome.as_ref();
        let granted = results.iter().any(|r| Some(&r.id) == outcome && r.positive);
        let names = self.dossier.reservations.iter().cloned();
        let ended = event.facts.closed && self.dossier.completed_at.is_none();
        if event.facts.completed && granted {
            self.base.confirmed.extend(names);
        } else if event.facts.completed || ended {
            self.base.released.extend(names);
        }
    }

    /// What the dossier is found and tracked by.
    pub(crate) fn index_persons(&mut self, persons: &[Person], secret: &Secret) {
        for person in persons {
            if let Some(number) = &person.id_number {
                let term = secret.digest("id_number", number.trim().as_bytes());
                self.base.search.push(SearchTerm { kind: TermKind::IdNumber, term });
            }
            for factor in person.id_number.iter().chain(&person.phone) {
                self.base.tracking.push(tracking_factor(secret, factor));
            }
            if person.part == Part::DossierOwner {
                let folded = folded_words(&person.full_name).into_iter();
                let folded = folded.map(|term| SearchTerm { kind: TermKind::NameFolded, term });
                let marked = marked_words(&person.full_name).into_iter();
                let marked = marked.map(|term| SearchTerm { kind: TermKind::NameMarked, term });
                self.base.search.extend(folded.chain(marked));
            }
        }
        self.base.search.sort();
        self.base.search.dedup();
    }

    /// Whether nothing happened.
    pub(crate) fn is_empty(&self) -> bool {
        self.base.events.is_empty()
    }

    /// The dossier as it stands once this is written.
    pub(crate) fn standing(&self) -> Loaded {
        let (dossier, form) = (Arc::clone(&self.dossier), Arc::clone(&self.form));
        Loaded { dossier, head: self.head.clone(), form }
    }

    /// What is to be written; nothing if nothing happened.
    pub(crate) fn into_commit(self) -> Option<DossierCommit> {
        if self.is_empty() {
            return None;
        }
        Some(DossierCommit {
            expected: self.base.expected,
            dossier: self.dossier,
            head: self.head,
            events: self.base.events,
            commands: self.base.commands,
            timers: self.base.timers,
            form: self.form_changed.then_some(self.form),
            search: self.base.search,
            tracking: self.base.tracking,
            released: self.base.released,
            confirmed: self.base.confirmed,
        })
    }
}

impl Unborn {
    /// The segment after its first events.
    pub(crate) fn born(
        mut self,
        mut events: Vec<Event>,
        command: &CommandRef,
        procedure: &Procedure,
    ) -> Result<Segment, EngineError> {
        let nothing = || EngineError::Corrupt("a filing caused no event".into());
        if events.is_empty() {
            return Err(nothing());
        }
        let rest = events.split_off(1);
        let first = events.remove(0);
        let (sealed, head) = self.0.seal(None, std::slice::from_ref(&first))?;
        let recorded = self.0.recorded(self.1, &first, 1);
        let dossier = evolve(None, &recorded).ok_or_else(nothing)?;
        self.0.events = sealed;
        self.0.commands.push((command.id, 1));
        let mut segment = Segment {
            dossier: Arc::new(dossier),
            form: Arc::new(Value::Null),
            numbers: Vec::new(),
            units: BTreeSet::new(),
            base: self.0,
            head,
            form_changed: false,
        };
        segment.follow(first, procedure);
        segment.append(rest, None, procedure)?;
        Ok(segment)
    }
}

impl Base {
    fn new(origin: &str, chain: ChainId, now: Timestamp, expected: u64) -> Self {
        Self {
            origin: origin.to_owned(),
            chain,
            now,
            expected,
            events: Vec::new(),
            commands: Vec::new(),
            timers: TimerChanges::new(),
            search: Vec::new(),
            tracking: Vec::new(),
            released: Vec::new(),
            confirmed: Vec::new(),
        }
    }

    fn seal(
        &self,
        head: Option<&ChainHead>,
        events: &[Event],
    ) -> Result<(Vec<SealedEvent>, ChainHead), EngineError> {
        let encoded: Result<Vec<_>, _> = events.iter().map(encode).collect();
        let encoded = encoded.map_err(|error| {
            let text = error.to_string();
            crate::error::invalid("command", "UNREPRESENTABLE", &text, &text)
        })?;
        seal(&self.origin, &self.chain, head, self.now, encoded)
    }

    fn recorded<'a>(&self, id: Uuid, event: &'a Event, seq: u64) -> Recorded<'a> {
        Recorded { id, seq, at: self.now, kind: event.kind, to: &event.to, facts: &event.facts }
    }
}

/// Seals events with fresh salts.
pub(crate) fn seal(
    origin: &str,
    chain: &ChainId,
    head: Option<&ChainHead>,
    now: Timestamp,
    events: Vec<motcua_audit::NewEvent>,
) -> Result<(Vec<SealedEvent>, ChainHead), EngineError> {
    let at = At::from_micros(now.as_microsecond())
        .map_err(|error| EngineError::Corrupt(error.to_string()))?;
    let mut salts = Salts::default();
    motcua_audit::seal(origin, chain, head, at, events, &mut || salts.next())
        .map_err(|error| EngineError::Corrupt(error.to_string()))
}

/// Fresh salts from the system's generator, drawn in blocks.
#[derive(Default)]
struct Salts(Vec<[u8; 32]>);

impl Salts {
    const BLOCK: usize = 16;

    fn next(&mut self) -> Salt {
        if self.0.is_empty() {
            let mut bytes = [0; 32 * Self::BLOCK];
            getrandom::fill(&mut bytes).expect("the system's generator of random bytes works");
            self.0.extend(bytes.chunks_exact(32).map(|c| <[u8; 32]>::try_from(c).expect("32")));
        }
        Salt(self.0.pop().expect("a block was just drawn"))
    }
}

/// Chain of a dossier.
pub(crate) fn dossier_chain(id: Uuid) -> ChainId {
    ChainId::parse(&format!("dossier:{id}")).expect("a UUID fits the grammar of chains")
}

/// Keyed digest of a second factor of public tracking: letters and digits only.
pub(crate) fn tracking_factor(secret: &Secret, factor: &str) -> String {
    let plain: String = factor.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    secret.digest("tracking_factor", plain.to_ascii_lowercase().as_bytes())
}
