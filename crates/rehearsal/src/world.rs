//! One dossier and its time: acts are decided and folded as the server does, timers fire at their
//! instants, and the laws of the core are checked after every event.

use jiff::Timestamp;
use motcua_audit::{At, ChainHead, ChainId, Header, Salt};
use motcua_dossiers::codec::{encode, fold};
use motcua_dossiers::command::{Actor, Command, CommandRef};
use motcua_dossiers::dossier::Dossier;
use motcua_dossiers::event::Event;
use motcua_dossiers::explain::explain;
use motcua_dossiers::names::KeyedDigest;
use motcua_dossiers::rejection::Rejection;
use motcua_dossiers::{Context, Recorded, decide, evolve, fire_timers, local_date, merged_form};
use motcua_procedures::Procedure;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::coverage::Coverage;
use crate::setting::Setting;

/// Most events of one life; a dossier with more goes in a circle.
pub(crate) const EVENTS_MAX: usize = 5_000;
/// The log that the histories of a rehearsal belong to.
const ORIGIN: &str = "motcua.example/log/rehearsal";
const DOSSIER: Uuid = Uuid::from_u128(9);

/// Something that happened to the dossier.
#[derive(Clone, Debug)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// Kind of the event.
    pub kind: &'static str,
    /// `STEP/ACTION`, where an action was followed.
    pub action: Option<String>,
    /// Step after it.
    pub to: String,
    /// Name of the timer that caused it.
    pub timer: Option<String>,
    /// Number of the form that came out.
    pub form: Option<u8>,
}

/// Why something did not happen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The core refuses.
    #[error(transparent)]
    Refused(#[from] Rejection),
    /// A law of the core is broken: a defect of the engine.
    #[error("a law of the core is broken: {0}")]
    Broken(String),
}

/// One dossier under one procedure.
#[derive(Clone, Debug)]
pub(crate) struct World<'a> {
    pub(crate) procedure: &'a Procedure,
    pub(crate) setting: &'a Setting,
    pub(crate) now: Timestamp,
    pub(crate) form: Value,
    dossier: Option<Dossier>,
    folded: Option<Dossier>,
    head: Option<ChainHead>,
    commands: u32,
    /// Everything that happened.
    pub(crate) history: Vec<Happening>,
    /// What was taken.
    pub(crate) coverage: Coverage,
}

impl<'a> World<'a> {
    /// A world before any dossier is filed.
    pub(crate) fn new(procedure: &'a Procedure, setting: &'a Setting, now: Timestamp) -> Self {
        let (history, coverage) = (Vec::new(), Coverage::default());
        let form = Value::Null;
        let (dossier, folded, head) = (None, None, None);
        Self {
            procedure,
            setting,
            now,
            form,
            dossier,
            folded,
            head,
            commands: 0,
            history,
            coverage,
        }
    }

    /// The dossier, once it is filed.
    pub(crate) fn dossier(&self) -> Option<&Dossier> {
        self.dossier.as_ref()
    }

    /// Lets time pass up to an instant; timers fire on the way, in order.
    pub(crate) fn advance_to(&mut self, at: Timestamp) -> Result<(), Trouble> {
        loop {
            self.fire()?;
            let timers = self.dossier.iter().flat_map(|dossier| dossier.timers.values());
            let next = timers.copied().filter(|due| *due > self.now && *due <= at).min();
            let Some(next) = next else { break };
            self.now = next;
        }
        self.now = self.now.max(at);
        Ok(())
    }

    /// What the core says to a command, without carrying it out.
    pub(crate) fn probe(&self, actor: &Actor, command: &Command) -> Result<Vec<Event>, Rejection> {
        let day = local_date(self.now);
        let filed = match command {
            Command::Submit(submit) => Some(&submit.receiving_unit),
            _ => self.dossier.as_ref().map(|dossier| &dossier.filing.receiving_unit),
        };
        let unit = filed.and_then(|unit| self.setting.units.unit(unit));
        let agency = unit.and_then(|unit| unit.code_on(day));
        let (year, month) = (day.year().rem_euclid(100), day.month());
        let code = agency.map(|agency| {
            format!("{agency}-{year:02}{month:02}{:02}-{:04}", day.day(), self.commands + 1)
        });
        let reference = CommandRef {
            id: Uuid::from_u128(u128::from(self.commands) + 1),
            fingerprint: "00".repeat(32),
        };
        let context =
            Context { command: Some(&reference), code: code.as_deref(), ..self.context(actor) };
        decide(self.dossier.as_ref(), command, &context)
    }

    /// Carries a command out, due timers first.
    pub(crate) fn act(&mut self, actor: &Actor, command: &Command) -> Result<usize, Trouble> {
        self.fire()?;
        let events = self.probe(actor, command)?;
        self.commands += 1;
        if self.dossier.is_none() {
            self.form = Value::Object(Map::new());
        }
        self.apply(&events)?;
        Ok(events.len())
    }

    fn context<'b>(&'b self, actor: &'b Actor) -> Context<'b> {
        Context {
            actor,
            command: None,
            now: self.now,
            procedure: self.procedure,
            effective: None,
            target: None,
            units: &self.setting.units,
            calendar: &self.setting.calendar,
            form: &self.form,
            code: None,
            digests: &Open,
        }
    }

    fn fire(&mut self) -> Result<(), Trouble> {
        let now = self.now;
        while let Some(dossier) = &self.dossier
            && dossier.timers.values().any(|at| *at <= now)
        {
            let system = Actor::system();
            let events = fire_timers(dossier, &self.context(&system))?;
            if events.is_empty() {
                return Err(Trouble::Broken("a timer that is due does not fire".into()));
            }
            self.apply(&events)?;
        }
        Ok(())
    }

    fn apply(&mut self, events: &[Event]) -> Result<(), Trouble> {
        for event in events {
            let before = self.dossier.clone();
            let recorded = Recorded {
                id: DOSSIER,
                seq: before.as_ref().map_or(1, |dossier| dossier.version + 1),
                at: self.now,
                kind: event.kind,
                to: &event.to,
                facts: &event.facts,
            };
            self.dossier = evolve(before.clone(), &recorded);
            self.remember_form(event);
            self.history.push(Happening {
                at: event.facts.timer.as_ref().map_or(self.now, |timer| timer.due_at),
                kind: event.kind,
                action: event.facts.action.clone(),
                to: event.to.clone(),
                timer: event.facts.timer.as_ref().map(|timer| timer.name.clone()),
                form: event.facts.form,
            });
            if self.history.len() > EVENTS_MAX {
                return Err(Trouble::Broken(format!("more than {EVENTS_MAX} events in one life")));
            }
            self.coverage.note(event, self.procedure);
            self.folds(event).map_err(Trouble::Broken)?;
            self.explains(before.as_ref(), event).map_err(Trouble::Broken)?;
            self.holds(event).map_err(Trouble::Broken)?;
        }
        Ok(())
    }

    fn remember_form(&mut self, event: &Event) {
        let fields = event.personal.iter();
        let changed: Map<String, Value> = fields
            .filter_map(|(name, value)| Some((name.strip_prefix("form.")?.into(), value.clone())))
            .collect();
        if !changed.is_empty() {
            self.form = merged_form(&self.form, &json!(changed));
        }
    }

    /// The stored fields fold to the state.
    fn folds(&mut self, event: &Event) -> Result<(), String> {
        let said = |error: &dyn std::fmt::Display| format!("{}: {error}", event.kind);
        let chain = ChainId::parse(&format!("dossier:{DOSSIER}")).map_err(|e| said(&e))?;
        let at = At::from_micros(self.now.as_microsecond()).map_err(|e| said(&e))?;
        let new = vec![encode(event).map_err(|e| said(&e))?];
        let mut salt = || Salt([3; 32]);
        let (sealed, head) =
            motcua_audit::seal(ORIGIN, &chain, self.head.as_ref(), at, new, &mut salt)
                .map_err(|e| said(&e))?;
        for sealed in &sealed {
            let header = Header::decode(&sealed.header).map_err(|e| said(&e))?;
            let folded = fold(self.folded.take(), DOSSIER, &header, sealed.fields.iter());
            self.folded = Some(folded.map_err(|e| said(&e))?);
        }
        self.head = Some(head);
        match self.folded == self.dossier {
            true => Ok(()),
            false => Err(format!("{}: the stored fields fold to another state", event.kind)),
        }
    }

    /// Computing the act once more from what is stored gives the stored date.
    fn explains(&self, before: Option<&Dossier>, event: &Event) -> Result<(), String> {
        let Some(after) = &event.facts.clocks else { return Ok(()) };
        let at = event.facts.timer.as_ref().map_or(self.now, |timer| timer.due_at);
        let before = before.and_then(|dossier| dossier.clocks.as_ref());
        let explained =
            explain((event.kind, at), before, after, self.procedure, &self.setting.calendar);
        match explained {
            Err(error) => Err(format!("{}: the date cannot be explained: {error}", event.kind)),
            Ok(Some((clock, _))) if clock != *after.appointment() => {
                Err(format!("{}: the explanation gives another date", event.kind))
            }
            Ok(_) => Ok(()),
        }
    }

    fn holds(&self, event: &Event) -> Result<(), String> {
        let Some(dossier) = &self.dossier else { return Ok(()) };
        let fault = |what: &str| Err(format!("{}: {what}", event.kind));
        if dossier.closed != dossier.items.is_empty() {
            return fault("work and closure disagree");
        }
        if dossier.closed && !dossier.timers.is_empty() {
            return fault("a closed dossier has timers");
        }
        if dossier.items.values().any(|item| self.procedure.step(&item.step).is_none()) {
            return fault("a work item lies in no step of the procedure");
        }
        let of_item =
            |name: &&String| name.starts_with("timeout:") || name.starts_with("item_due:");
        for name in dossier.timers.keys().filter(of_item) {
            let item = name.split_once(':').and_then(|(_, item)| item.parse::<u32>().ok());
            if !item.is_some_and(|item| dossier.items.contains_key(&item)) {
                return fault(&format!("{name} outlives its work item"));
            }
        }
        Ok(())
    }
}

/// No key: nobody's secrets are rehearsed.
#[derive(Debug)]
struct Open;

impl KeyedDigest for Open {
    fn digest(&self, purpose: &str, bytes: &[u8]) -> String {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{purpose}-{hex}")
    }
}
