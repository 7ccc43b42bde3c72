//! A desk at which one dossier is worked on: acts and the passing of time as the engine does them.

use jiff::Timestamp;
use motcua_deadlines::{Calendar, Phase};
use motcua_dossiers::command::{
    Actor, Advance, Choose, Command, DecideItems, DocumentContent, DocumentInput, HandOver, Part,
    Person, RecordPayment, Submit,
};
use motcua_dossiers::dossier::{Clocks, Dossier, WorkItem};
use motcua_dossiers::event::Event;
use motcua_dossiers::explain::explain;
use motcua_dossiers::names::KeyedDigest;
use motcua_dossiers::rejection::Rejection;
use motcua_dossiers::units::UnitRegister;
use motcua_dossiers::{Context, after, decide, fire_timers, merged_form};
use motcua_procedures::{Channel, Procedure, Role};
use serde_json::{Value, json};

pub(crate) const CALENDAR: &[u8] = include_bytes!("../../../deadlines/data/calendar-vn.json");

/// A procedure, a dossier under it and what surrounds them.
pub(crate) struct Desk {
    pub(crate) procedure: Procedure,
    pub(crate) target: Option<Procedure>,
    pub(crate) dossier: Option<Dossier>,
    pub(crate) form: Value,
    pub(crate) calendar: Calendar,
    units: UnitRegister,
    now: Timestamp,
}

/// No key: nothing here is secret.
#[derive(Debug)]
struct Plain;

impl KeyedDigest for Plain {
    fn digest(&self, purpose: &str, bytes: &[u8]) -> String {
        format!("{purpose}-{}", bytes.len())
    }
}

/// Centres with their communes, and `empty`, in which nobody works.
fn units() -> UnitRegister {
    let roles = [
        "reception_clerk",
        "cashier",
        "specialist",
        "head_of_division",
        "signing_leader",
        "return_clerk",
        "consulted_agency",
    ];
    let unit = |id: &str, kind: &str, code: u32, agency: &str, roles: &[&str]| {
        json!({ "id": id, "kind": kind, "name": { "vi": id, "en": id }, "address": "", "phone": "",
            "codes": [{ "code": format!("H49.61.{code:02}"), "from": "2025-07-01" }],
            "area": "ordinary", "valid_from": "2025-07-01", "competent_agency": agency,
            "staff": [{ "id": format!("{id}-staff"), "roles": roles }] })
    };
    let file = json!({ "schema_version": 1, "units": [
        unit("centre", "commune_centre", 5, "commune", &roles),
        unit("other-centre", "commune_centre", 6, "commune", &roles),
        unit("commune", "commune", 7, "commune", &roles),
        unit("elsewhere", "commune", 8, "commune", &roles),
        unit("empty", "commune", 9, "commune", &["specialist"]),
    ]});
    let bytes = serde_json::to_vec(&file).expect("plain JSON");
    UnitRegister::from_json(&bytes, "units".into()).expect("a valid register")
}

/// The instant of a local time such as `2026-10-05 09:00`.
pub(crate) fn local(at: &str) -> Timestamp {
    format!("{}:00+07:00", at.replace(' ', "T")).parse().expect("a local time")
}

/// Paper for a requirement.
pub(crate) fn paper(requirement: &str) -> DocumentInput {
    let content = DocumentContent::Paper { originals: 1, copies: 0 };
    DocumentInput { requirement: requirement.into(), content }
}

/// An action by its id, with a reason.
pub(crate) fn action(id: &str) -> Choose {
    Choose { action: Some(id.into()), item: None, reason: Some("vì lý do đã nêu".into()) }
}

/// An action that the procedure defines itself.
pub(crate) fn advance(id: &str) -> Advance {
    Advance {
        choose: action(id),
        unit: None,
        units: Vec::new(),
        data: None,
        draft: None,
        documents: Vec::new(),
    }
}

impl Desk {
    /// Files at the counter.
    #[track_caller]
    pub(crate) fn filed(
        source: &str,
        at: &str,
        variant: &str,
        form: Value,
        papers: &[&str],
    ) -> Self {
        let mut desk = Self::open(source, at, form);
        desk.file(variant, papers).expect("the filing is lawful");
        desk
    }

    /// Before anything was filed.
    #[track_caller]
    pub(crate) fn open(source: &str, at: &str, form: Value) -> Self {
        let procedure = motcua_procedures::parse(source.as_bytes());
        Self {
            procedure: procedure.unwrap_or_else(|faults| panic!("{faults}")),
            target: None,
            dossier: None,
            form,
            calendar: Calendar::from_json(CALENDAR).expect("the shipped calendar"),
            units: units(),
            now: local(at),
        }
    }

    pub(crate) fn file(&mut self, variant: &str, papers: &[&str]) -> Result<Vec<Event>, Rejection> {
        let owner = Person {
            id: "an".into(),
            part: Part::DossierOwner,
            full_name: "Nguyễn Văn An".into(),
            id_number: None,
            phone: None,
            email: None,
            address: None,
        };
        let submit = Submit {
            procedure: self.procedure.definition().code.clone(),
            channel: Channel::Counter,
            variant: Some(variant.into()),
            receiving_unit: "centre".into(),
            competent_unit: None,
            persons: vec![owner],
            form: self.form.clone(),
            documents: papers.iter().map(|id| paper(id)).collect(),
            external: None,
        };
        self.by(Role::ReceptionClerk, "centre", Command::Submit(Box::new(submit)))
    }

    /// Lets time pass; nothing fires before the next act.
    pub(crate) fn at(&mut self, at: &str) -> &mut Self {
        self.now = local(at);
        self
    }

    pub(crate) fn dossier(&self) -> &Dossier {
        self.dossier.as_ref().expect("something was filed")
    }

    /// The open work item of a step.
    #[track_caller]
    pub(crate) fn item(&self, step: &str) -> &WorkItem {
        let mut items = self.dossier().items.values();
        items.find(|item| item.step == step).unwrap_or_else(|| panic!("no work in {step}"))
    }

    /// When the timeout of a step runs out.
    #[track_caller]
    pub(crate) fn timeout(&self, step: &str) -> Timestamp {
        self.dossier().timers[&format!("timeout:{}", self.item(step).id)]
    }

    /// An act by the staff of a unit, who stand for the citizen where that is needed.
    pub(crate) fn by(
        &mut self,
        role: Role,
        unit: &str,
        command: Command,
    ) -> Result<Vec<Event>, Rejection> {
        let actor = Actor {
            id: format!("{unit}-staff"),
            role,
            unit: (role != Role::Administrator).then(|| unit.to_owned()),
            acting_for: Some("an".into()),
        };
        self.fire();
        let events = decide(self.dossier.as_ref(), &command, &self.context(&actor))?;
        self.apply(&events);
        Ok(events)
    }

    /// Fires what is due.
    pub(crate) fn fire(&mut self) -> Vec<Event> {
        let Some(dossier) = &self.dossier else { return Vec::new() };
        let events = fire_timers(dossier, &self.context(&Actor::system())).expect("a known year");
        self.apply(&events);
        events
    }

    fn context<'a>(&'a self, actor: &'a Actor) -> Context<'a> {
        Context {
            actor,
            command: None,
            now: self.now,
            procedure: &self.procedure,
            effective: None,
            target: self.target.as_ref(),
            units: &self.units,
            calendar: &self.calendar,
            form: &self.form,
            code: Some("H49.61.05-261005-0001"),
            digests: &Plain,
        }
    }

    fn apply(&mut self, events: &[Event]) {
        for event in events {
            let fields = event.personal.iter();
            let fields =
                fields.filter_map(|(name, value)| Some((name.strip_prefix("form.")?, value)));
            let changes: serde_json::Map<String, Value> =
                fields.map(|(name, value)| (name.to_owned(), value.clone())).collect();
            self.form = merged_form(&self.form, &Value::Object(changes));
            self.explains_itself(event);
            self.dossier = Some(match &self.dossier {
                Some(dossier) => after(dossier, event, self.now),
                None => self.born(event),
            });
        }
    }

    /// Computing the act once more from what is stored gives the stored date; none is moved by
    /// an act that cannot say how.
    #[track_caller]
    fn explains_itself(&self, event: &Event) {
        let Some(after) = &event.facts.clocks else { return };
        let before = self.dossier.as_ref().and_then(|dossier| dossier.clocks.as_ref());
        let at = event.facts.timer.as_ref().map_or(self.now, |timer| timer.due_at);
        let target = self.target.as_ref().filter(|_| event.kind == "migrate");
        let procedure = target.unwrap_or(&self.procedure);
        let explained = explain((event.kind, at), before, after, procedure, &self.calendar);
        let explained = explained.unwrap_or_else(|error| panic!("{}: {error}", event.kind));
        let clock = explained.as_ref().map(|(clock, _)| clock);
        let unmoved = before.map(Clocks::appointment);
        let stops = matches!(after.appointment().phase(), Phase::Stopped { .. });
        if !stops {
            let computed = clock.or(unmoved);
            assert_eq!(computed, Some(after.appointment()), "{} computed otherwise", event.kind);
        }
    }

    fn born(&self, event: &Event) -> Dossier {
        let recorded = motcua_dossiers::Recorded {
            id: uuid::Uuid::from_u128(9),
            seq: 1,
            at: self.now,
            kind: event.kind,
            to: &event.to,
            facts: &event.facts,
        };
        motcua_dossiers::evolve(None, &recorded).expect("a filing begins a dossier")
    }

    /// Pays what is owed and accepts.
    #[track_caller]
    pub(crate) fn received(&mut self) -> &mut Self {
        let all = DecideItems { decisions: Vec::new(), accept_rest: true };
        self.by(Role::ReceptionClerk, "centre", Command::DecideItems(all)).expect("decided");
        let owed = self.dossier().fees.clone();
        for (fee, owed) in owed.into_iter().filter(|(_, owed)| owed.payment.is_none()) {
            let external_reference = format!("BL-{fee}");
            let payment = RecordPayment { fee, amount: owed.amount, external_reference };
            self.by(Role::Cashier, "centre", Command::RecordPayment(payment)).expect("paid");
        }
        self.by(Role::ReceptionClerk, "centre", Command::Accept(Choose::default()))
            .expect("accepted");
        self
    }

    /// The citizen asks to withdraw, at the counter.
    #[track_caller]
    pub(crate) fn withdrawn(&mut self) -> &mut Self {
        let events = self.by(Role::ReceptionClerk, "centre", Command::Withdraw(action("withdraw")));
        events.expect("a withdrawal is lawful");
        self
    }

    /// And takes that back.
    pub(crate) fn taken_back(&mut self, centre: &str) -> Result<Vec<Event>, Rejection> {
        self.by(
            Role::ReceptionClerk,
            centre,
            Command::DeclineWithdrawal(Choose { action: None, ..action("") }),
        )
    }

    /// Work goes to another unit.
    pub(crate) fn handed_over(&mut self, from: &str, to: &str) -> Result<Vec<Event>, Rejection> {
        let hand_over = HandOver {
            item: None,
            unit: Some(to.into()),
            assignee: None,
            reason: Some("đổi nơi tiếp nhận".into()),
        };
        self.by(Role::ReceptionClerk, from, Command::HandOver(hand_over))
    }
}
