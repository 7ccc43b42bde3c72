//! Laws of the core, over random lawful lives of dossiers under the shipped procedures.
//!
//! A walker picks among what is offered, acts in a fitting role, lets time pass and fires timers.
//! Whatever it does, the laws below hold after every event.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use motcua_audit::{At, ChainHead, ChainId, Header, Salt};
use motcua_deadlines::Calendar;
use motcua_dossiers::codec::{encode, fold};
use motcua_dossiers::command::{
    Actor, Advance, Apologise, ChangeVariant, Choose, Command, CommandRef, DecideItems, Deliver,
    DeliveryBy, DocumentContent, DocumentInput, ExtendLimit, Issue, ItemName, ItemRef, Part,
    Person, Recipient, RecordLookup, RecordPayment, Refuse, RequestSupplement, Submit, Supplement,
    SupplementItem,
};
use motcua_dossiers::dossier::Dossier;
use motcua_dossiers::event::Event;
use motcua_dossiers::explain::explain;
use motcua_dossiers::units::UnitRegister;
use motcua_dossiers::{Context, Offer, Recorded, decide, evolve, fire_timers, local_date, offers};
use motcua_procedures::{Channel, Procedure, Role, Status};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use uuid::Uuid;

const CALENDAR: &[u8] = include_bytes!("../../deadlines/data/calendar-vn.json");
const HOUSEHOLD: &[u8] = include_bytes!("../../../catalogue/household-business.yaml");
const MARRIAGE: &[u8] = include_bytes!("../../../catalogue/marriage-registration.yaml");
const PARALLEL: &[u8] = include_bytes!("../../procedures/tests/parallel.yaml");
const ORIGIN: &str = "motcua.example/log/laws";

fn units() -> UnitRegister {
    let unit = |id: &str, kind: &str, code: &str| {
        json!({ "id": id, "kind": kind, "name": { "vi": id, "en": id }, "address": "", "phone": "",
            "codes": [{ "code": code, "from": "2025-07-01" }], "area": "ordinary",
            "valid_from": "2025-07-01", "competent_agency": "commune",
            "staff": [{ "id": "consulted_agency", "roles": ["consulted_agency"] }] })
    };
    let file = json!({ "schema_version": 1, "units": [
        unit("centre", "commune_centre", "H49.61.05"),
        unit("commune", "commune", "H49.61.06"),
        unit("elsewhere", "commune", "H49.61.07"),
    ]});
    let bytes = serde_json::to_vec(&file).expect("plain JSON");
    UnitRegister::from_json(&bytes, "units".into()).expect("a valid register")
}

fn person(id: &str) -> Person {
    Person {
        id: id.into(),
        part: Part::DossierOwner,
        full_name: "Nguyễn Văn An".into(),
        id_number: None,
        phone: None,
        email: None,
        address: None,
    }
}

fn paper(requirement: &str) -> DocumentInput {
    let content = DocumentContent::Paper { originals: 1, copies: 0 };
    DocumentInput { requirement: requirement.into(), content }
}

fn household() -> Submit {
    Submit {
        procedure: "1.001612".into(),
        channel: Channel::Counter,
        variant: Some("individual".into()),
        receiving_unit: "centre".into(),
        competent_unit: None,
        persons: vec![person("an")],
        form: json!({ "business_name": "Phở Hà Nội", "capital_vnd": 50_000_000, "workers": 2,
            "seat": { "street": "1 Lê Lợi", "commune": "Bãi Cháy", "province": "Quảng Ninh" },
            "trades": [{ "code": "5610", "name": "Nhà hàng", "is_main": true }],
            "registered_by": "individual", "owner_name": "Nguyễn Văn An",
            "owner_birth_date": "1990-05-01", "proxy_kind": "none",
            "principal_has_electronic_identity": true, "contact_phone": "0912345678" }),
        documents: vec![paper("D1")],
        external: None,
    }
}

fn marriage() -> Submit {
    let spouse = |name: &str| {
        json!({ "name": name, "birth_date": "1995-01-02", "ethnicity": "Kinh", "nationality": "VN",
            "residence": "Hạ Long", "identity_number": "001195000001", "marriage_count": 1,
            "divorced_abroad": false })
    };
    Submit {
        procedure: "1.000894".into(),
        variant: None,
        persons: vec![person("an"), person("binh")],
        form: json!({ "groom": spouse("Nguyễn Văn An"), "bride": spouse("Trần Thị Bình"),
            "contact_phone": "0912345678", "copies_requested": 0, "voluntary": true }),
        ..household()
    }
}

fn parallel() -> Submit {
    Submit {
        procedure: "1.000002".into(),
        variant: Some("large".into()),
        form: json!({ "kind": "large", "pages": 3, "copies": 5, "event_on": "2026-12-30",
            "certificate_on": "2026-09-01", "site": true }),
        ..household()
    }
}

struct Walk {
    procedure: Procedure,
    calendar: Calendar,
    units: UnitRegister,
    now: Timestamp,
    form: Value,
    dossier: Option<Dossier>,
    folded: Option<Dossier>,
    head: Option<ChainHead>,
    commands: u128,
    kinds: BTreeSet<&'static str>,
}

impl Walk {
    fn begin(source: &[u8], submit: Submit) -> Self {
        let procedure = motcua_procedures::parse(source).expect("a shipped procedure is sound");
        let mut walk = Self {
            procedure,
            calendar: Calendar::from_json(CALENDAR).expect("the shipped calendar"),
            units: units(),
            now: "2026-10-05T02:00:00Z".parse().expect("an instant"),
            form: submit.form.clone(),
            dossier: None,
            folded: None,
            head: None,
            commands: 0,
            kinds: BTreeSet::new(),
        };
        let actor = Actor {
            id: "clerk".into(),
            role: Role::ReceptionClerk,
            unit: Some("centre".into()),
            acting_for: Some("an".into()),
        };
        walk.act(&actor, &Command::Submit(Box::new(submit))).expect("the filing is lawful");
        walk
    }

    fn dossier(&self) -> &Dossier {
        self.dossier.as_ref().expect("the walk has begun")
    }

    /// Carries a command out as the engine does: due timers first.
    fn act(&mut self, actor: &Actor, command: &Command) -> Result<(), String> {
        self.fire();
        self.commands += 1;
        let id = Uuid::from_u128(self.commands);
        let reference = CommandRef { id, fingerprint: "00".repeat(32) };
        let code = format!("H49.61.05-261005-{:04}", self.commands);
        let context = Context {
            actor,
            command: Some(&reference),
            now: self.now,
            procedure: &self.procedure,
            effective: None,
            target: None,
            units: &self.units,
            calendar: &self.calendar,
            form: &self.form,
            code: Some(&code),
            digests: &Plain,
        };
        let before = self.dossier.clone();
        let events = decide(before.as_ref(), command, &context).map_err(|r| format!("{r:?}"))?;
        self.apply(&events);
        Ok(())
    }

    fn fire(&mut self) {
        let Some(dossier) = self.dossier.clone() else {
            return;
        };
        let system = Actor::system();
        let context = Context {
            actor: &system,
            command: None,
            now: self.now,
            procedure: &self.procedure,
            effective: None,
            target: None,
            units: &self.units,
            calendar: &self.calendar,
            form: &self.form,
            code: None,
            digests: &Plain,
        };
        let events = fire_timers(&dossier, &context).expect("the calendar covers the walk");
        self.apply(&events);
        let context = Context { form: &self.form, ..context_of(self, &system) };
        let again = fire_timers(self.dossier(), &context).expect("as before");
        assert!(again.is_empty(), "a timer fired twice: {again:?}");
    }

    fn apply(&mut self, events: &[Event]) {
        for event in events {
            let before = self.dossier.clone();
            self.seal_and_fold(event);
            self.kinds.insert(event.kind);
            let recorded = Recorded {
                id: Uuid::from_u128(9),
                seq: before.as_ref().map_or(1, |b| b.version + 1),
                at: self.now,
                kind: event.kind,
                to: &event.to,
                facts: &event.facts,
            };
            self.dossier = evolve(before.clone(), &recorded);
            assert_eq!(self.dossier, self.folded, "the stored fields fold to another state");
            self.explains_itself(before.as_ref(), event);
            hold(before.as_ref(), self.dossier(), event, &self.procedure);
        }
    }

    /// Computing the act once more from the stored inputs yields the stored clock.
    fn explains_itself(&self, before: Option<&Dossier>, event: &Event) {
        let Some(after) = &event.facts.clocks else {
            return;
        };
        let at = event.facts.timer.as_ref().map_or(self.now, |timer| timer.due_at);
        let before = before.and_then(|dossier| dossier.clocks.as_ref());
        let explained = explain((event.kind, at), before, after, &self.procedure, &self.calendar);
        let explained = explained.expect("the act can be computed again");
        if let Some((clock, explanation)) = explained {
            assert_eq!(&clock, after.appointment(), "{} computed otherwise", event.kind);
            assert!(!explanation.lines.is_empty(), "{} says nothing", event.kind);
        }
    }

    fn seal_and_fold(&mut self, event: &Event) {
        let chain = ChainId::parse("dossier:00000000-0000-0000-0000-000000000009").expect("chain");
        let at = At::from_micros(self.now.as_microsecond()).expect("an instant");
        let new = vec![encode(event).expect("canonical")];
        let mut salt = || Salt([3; 32]);
        let (sealed, head) =
            motcua_audit::seal(ORIGIN, &chain, self.head.as_ref(), at, new, &mut salt)
                .expect("sealable");
        let header = Header::decode(&sealed[0].header).expect("a header");
        let folded = self.folded.take();
        let fields = sealed[0].fields.iter();
        self.folded = Some(fold(folded, Uuid::from_u128(9), &header, fields).expect("foldable"));
        self.head = Some(head);
    }

    /// Tries one of the offers; a refusal changes nothing.
    fn step(&mut self, pick: usize, flavour: u8) {
        let offers = offers(self.dossier(), &self.procedure);
        if offers.is_empty() {
            return;
        }
        // Endings would cut most walks short; they are taken now and then only.
        let ends = |offer: &&Offer| matches!(offer.act, "stop" | "withdraw" | "refuse");
        let going_on: Vec<&Offer> = offers.iter().filter(|offer| !ends(offer)).collect();
        let offer = match flavour.is_multiple_of(16) || going_on.is_empty() {
            true => offers[pick % offers.len()].clone(),
            false => going_on[pick % going_on.len()].clone(),
        };
        let role = offer.roles[usize::from(flavour) % offer.roles.len()];
        let actor = Actor {
            id: if role == Role::Applicant { "an".into() } else { role.as_str().into() },
            role,
            unit: offer.unit.clone().filter(|_| role != Role::Applicant),
            acting_for: None,
        };
        let command = self.command(&offer, flavour);
        let before = self.dossier.clone();
        let version = self.dossier().version;
        if self.act(&actor, &command).is_err() && self.dossier().version == version {
            assert_eq!(self.dossier, before, "a refusal changed something");
        }
    }

    fn command(&self, offer: &Offer, flavour: u8) -> Command {
        let dossier = self.dossier();
        let choose = Choose {
            action: offer.action.clone(),
            item: offer.item,
            reason: Some("vì lý do đã nêu".into()),
        };
        match offer.act {
            "accept" => Command::Accept(choose),
            "request_supplement" => Command::RequestSupplement(self.supplement_request(choose)),
            "supplement" => Command::Supplement(self.answer()),
            "refuse" => Command::Refuse(Refuse { choose, draft: None }),
            "sign" => Command::Sign(choose),
            "issue" => Command::Issue(Issue {
                choose,
                number: "12/2026".into(),
                issued_on: local_date(self.now),
                document: None,
            }),
            "complete" => Command::Complete(choose),
            "deliver" => Command::Deliver(Deliver {
                choose,
                by: DeliveryBy::Counter,
                recipients: dossier.filing.owners.iter().map(|id| recipient(id)).collect(),
                originals_checked: Vec::new(),
            }),
            "withdraw" => Command::Withdraw(choose),
            "decline_withdrawal" => Command::DeclineWithdrawal(choose),
            "apologise" => Command::Apologise(Apologise {
                choose,
                due_on: "2026-12-15".parse().expect("a day"),
                agency_at_fault: true,
            }),
            "stop" => Command::Stop(choose),
            "extend" => Command::Extend(ExtendLimit { choose, amount: u32::from(flavour % 12) }),
            "change_variant" => {
                Command::ChangeVariant(ChangeVariant { choose, variant: "small".into() })
            }
            "decide_items" => {
                Command::DecideItems(DecideItems { decisions: Vec::new(), accept_rest: true })
            }
            "record_lookup" => Command::RecordLookup(RecordLookup {
                requirement: dossier
                    .required
                    .get(usize::from(flavour / 2) % dossier.required.len())
                    .map_or("D1".into(), |r| r.id.clone()),
                registry: "civil_status".into(),
                found: flavour.is_multiple_of(2),
                answer: None,
            }),
            "record_payment" => self.payment(),
            "claim" => Command::Claim(ItemRef { item: offer.item }),
            "release" => Command::Release(ItemRef { item: offer.item }),
            _ => Command::Advance(Advance {
                units: vec!["elsewhere".into(), "commune".into()],
                choose,
                unit: Some("elsewhere".into()),
                data: self.data(offer),
                draft: None,
                documents: Vec::new(),
            }),
        }
    }

    fn supplement_request(&self, choose: Choose) -> RequestSupplement {
        let dossier = self.dossier();
        let rejected =
            dossier.decisions.iter().filter(|(_, ok)| !**ok).map(|(item, _)| item.clone());
        let mut items: Vec<ItemName> = rejected.collect();
        items.push(ItemName::Field("contact_phone".into()));
        let content = "Bổ sung".to_owned();
        let items = items.into_iter().map(|item| SupplementItem { item, content: content.clone() });
        RequestSupplement { choose, items: items.collect() }
    }

    fn answer(&self) -> Supplement {
        let asked = self.dossier().supplement.iter().flat_map(|s| &s.items);
        let documents = asked.filter_map(|item| match item {
            ItemName::Document(id) => Some(paper(id)),
            ItemName::Field(_) => None,
        });
        Supplement {
            form: json!({ "contact_phone": "0987654321" }),
            documents: documents.collect(),
        }
    }

    fn payment(&self) -> Command {
        let unpaid = self.dossier().fees.iter().find(|(_, fee)| fee.payment.is_none());
        let (fee, amount) = unpaid.map_or((String::new(), 0), |(id, f)| (id.clone(), f.amount));
        let external_reference = format!("BL-{fee}");
        Command::RecordPayment(RecordPayment { fee, amount, external_reference })
    }

    fn data(&self, offer: &Offer) -> Option<Value> {
        match offer.action.as_deref() {
            Some("answer") => Some(json!({ "finding": "single" })),
            Some("submit_draft") => Some(json!({ "amount": 1_000_000 })),
            Some("record_tax_code") => Some(json!({ "tax_code": "5701234567" })),
            _ => None,
        }
    }
}

fn context_of<'a>(walk: &'a Walk, actor: &'a Actor) -> Context<'a> {
    Context {
        actor,
        command: None,
        now: walk.now,
        procedure: &walk.procedure,
        effective: None,
        target: None,
        units: &walk.units,
        calendar: &walk.calendar,
        form: &walk.form,
        code: None,
        digests: &Plain,
    }
}

/// No key: the walks keep nothing secret.
#[derive(Debug)]
struct Plain;

impl motcua_dossiers::names::KeyedDigest for Plain {
    fn digest(&self, purpose: &str, bytes: &[u8]) -> String {
        format!("{purpose}-{}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }
}

fn recipient(id: &str) -> Recipient {
    Recipient { id: id.into(), identity_checked: true, authorised: false }
}

/// What holds after every event.
fn hold(before: Option<&Dossier>, after: &Dossier, event: &Event, procedure: &Procedure) {
    let Some(before) = before else { return };
    assert!(allowed(before.status, after.status), "{:?} → {:?}", before.status, after.status);
    assert!(!before.closed, "something happened to a closed dossier: {event:?}");
    assert_eq!(after.closed, after.items.is_empty(), "work and closure disagree: {event:?}");
    assert!(!after.closed || after.timers.is_empty(), "a closed dossier has timers: {event:?}");
    for name in after.timers.keys() {
        let of_item = name.split_once(':').filter(|(kind, _)| !kind.starts_with("clock_"));
        if let Some((_, item)) = of_item {
            let item: u32 = item.parse().expect("timers of items end in the item's number");
            assert!(after.items.contains_key(&item), "{name} outlives its work item");
        }
    }
    let clock = |d: &Dossier| d.clocks.as_ref().map(|c| c.appointment().clone());
    if let (Some(earlier), Some(later)) = (clock(before), clock(after)) {
        assert!(!after.timers.contains_key("late") || later.is_running());
        let moved = earlier.due_on() != later.due_on();
        let phase = |d: &Dossier| d.clocks.as_ref().and_then(|clocks| clocks.phase.clone());
        let may_move = later.is_paused()
            || earlier.is_paused()
            || phase(before) != phase(after)
            || ["apologise", "extend", "change_variant"].contains(&event.kind);
        assert!(!moved || may_move, "{} moved the due date (T26)", event.kind);
    }
    for item in after.items.values().filter(|item| item.branch.is_some()) {
        let key = item.branch.as_deref().unwrap_or_default();
        let open = after.branches.get(key).is_some_and(|branch| branch.ended.is_none());
        assert!(open, "work in a branch that is not open: {item:?}");
    }
    let action = event.facts.action.as_ref().and_then(|name| name.split_once('/'));
    if let Some((step, action)) = action.filter(|_| event.kind == "advance") {
        let rework = procedure.action(step, action).is_some_and(|action| action.rework);
        let running = |d: &Dossier| clock(d).is_some_and(|c| c.is_running());
        if rework && running(before) && running(after) {
            assert_eq!(clock(before), clock(after), "rework moved the clock (L10)");
        }
    }
    if event.kind != "supplement" {
        assert!(after.fees.len() >= before.fees.len(), "money owed vanished");
    }
}

/// Transitions between national statuses (`docs/rules.md`).
fn allowed(from: Status, to: Status) -> bool {
    let allowed: BTreeMap<u8, &[u8]> = [
        (1, &[2, 3, 5, 6, 7, 8][..]),
        (2, &[4, 5, 6, 7, 8, 9]),
        (4, &[5, 6, 7, 8, 9]),
        (5, &[1, 2, 3, 4, 7, 8]),
        (6, &[1, 2, 4, 7, 8]),
        (7, &[8, 1, 2, 4, 5, 6, 9]),
        (8, &[4]),
        (9, &[10, 4, 7, 8]),
    ]
    .into();
    let (from, to) = (u8::from(from), u8::from(to));
    from == to || allowed.get(&from).is_some_and(|next| next.contains(&to))
}

fn steps() -> impl Strategy<Value = Vec<(usize, u8, u32)>> {
    proptest::collection::vec((0..64usize, any::<u8>(), 0..6_000u32), 1..90)
}

fn run(mut walk: Walk, steps: Vec<(usize, u8, u32)>) -> BTreeSet<&'static str> {
    for (pick, flavour, minutes) in steps {
        // Most acts follow each other closely; now and then days go by, and an
        // applicant or a finished result may wait for months. The calendar ends with 2027.
        let early = local_date(walk.now).year() == 2026;
        let items = &walk.dossier().items;
        let waits =
            items.values().any(|item| matches!(item.role, Role::Applicant | Role::ReturnClerk));
        let minutes = match flavour {
            flavour if flavour % 5 == 0 && waits && early => minutes * 30,
            flavour if flavour % 4 == 0 => minutes,
            _ => minutes % 30,
        };
        walk.now += SignedDuration::from_mins(i64::from(minutes));
        walk.step(pick, flavour);
    }
    walk.kinds
}

#[test]
fn the_walks_go_everywhere() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..120 {
        let steps = steps().new_tree(&mut runner).expect("a strategy without filters").current();
        seen.extend(run(Walk::begin(HOUSEHOLD, household()), steps.clone()));
        seen.extend(run(Walk::begin(MARRIAGE, marriage()), steps.clone()));
        seen.extend(run(Walk::begin(PARALLEL, parallel()), steps));
    }
    let wanted = [
        "extend",
        "join",
        "proceed",
        "timer.clock_due",
        "timer.clock_late",
        "accept",
        "advance",
        "apologise",
        "claim",
        "complete",
        "decide_items",
        "decline_withdrawal",
        "deliver",
        "issue",
        "lapse",
        "record_lookup",
        "record_payment",
        "refuse",
        "release",
        "request_supplement",
        "sign",
        "stop",
        "submit",
        "supplement",
        "timer.due",
        "timer.item_due",
        "timer.late",
        "timer.remind",
        "timer.warn",
        "withdraw",
    ];
    let missed: Vec<&str> = wanted.into_iter().filter(|kind| !seen.contains(kind)).collect();
    assert!(missed.is_empty(), "no walk saw {missed:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_household_business_keeps_the_laws_whatever_happens(steps in steps()) {
        run(Walk::begin(HOUSEHOLD, household()), steps);
    }

    #[test]
    fn branches_keep_the_laws_whatever_happens(steps in steps()) {
        run(Walk::begin(PARALLEL, parallel()), steps);
    }

    #[test]
    fn a_marriage_keeps_the_laws_whatever_happens(steps in steps()) {
        run(Walk::begin(MARRIAGE, marriage()), steps);
    }
}

#[test]
fn an_unanswered_supplement_lapses_at_its_true_instant_however_late_it_is_noticed() {
    let mut walk = Walk::begin(HOUSEHOLD, household());
    let clerk = Actor {
        id: "clerk".into(),
        role: Role::ReceptionClerk,
        unit: Some("centre".into()),
        acting_for: None,
    };
    let request = walk.supplement_request(Choose::default());
    walk.act(&clerk, &Command::RequestSupplement(request)).expect("lawful");
    assert_eq!(walk.dossier().status, Status::SupplementRequired);
    walk.now += SignedDuration::from_hours(24 * 90);
    walk.fire();
    assert_eq!(walk.dossier().status, Status::NotAccepted);
    assert!(walk.dossier().closed);
}
