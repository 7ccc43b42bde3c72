//! Work that goes on at the same time: consultations, their silence, joins, interruptions; and the
//! acts that came with them: extension, change of variant, phases, assessed money, four eyes.

use motcua_api::v1::*;
use motcua_tests::client::Acted;
use motcua_tests::people::*;
use motcua_tests::{Client, World, filing, refused};
use serde_json::json;
use tonic::Code;

use crate::common::due_on;

/// A procedure with every kind of branch, phase and clock; no real one has all of them.
const PARALLEL: &[u8] = include_bytes!("../../crates/procedures/tests/parallel.yaml");
const AGENCIES: [&str; 3] = ["fire-agency", "planning-agency", "environment-agency"];

async fn world() -> World {
    let world = World::start().await;
    let request = PublishProcedureRequest { source: PARALLEL.into(), ..Default::default() };
    let admin = world.client(&ADMIN);
    admin.procedures().publish_procedure(request).await.expect("published");
    world
}

fn parallel(client: &Client, kind: &str, site: bool) -> SubmitDossierRequest {
    let form = json!({ "kind": kind, "pages": 3, "copies": 5, "event_on": "2026-12-30",
        "certificate_on": "2026-09-01", "site": site });
    SubmitDossierRequest {
        procedure: "1.000002".into(),
        variant: kind.into(),
        form_json: form.to_string(),
        documents: vec![filing::paper("D1")],
        ..filing::birth_at_counter(client)
    }
}

async fn consult(desk: &Client, dossier: &str, units: &[&str]) -> Acted {
    let request = AdvanceDossierRequest {
        command: desk.meta(),
        dossier: dossier.into(),
        action: "take_over".into(),
        units: units.iter().map(|unit| (*unit).into()).collect(),
        ..Default::default()
    };
    let answer = desk.desk().advance_dossier(request).await;
    answer.map(|answer| answer.into_inner().dossier.expect("a state"))
}

/// A dossier under consultation of three agencies since Monday 5 October 2026, 09:00.
async fn consulted(world: &World, kind: &str, site: bool) -> DossierState {
    let citizen = world.client(&MAI);
    let filed = citizen.submit(parallel(&citizen, kind, site)).await.expect("filed");
    let clerk = world.client(&CLERK);
    clerk.accept_rest(&filed.id).await.expect("checked");
    let cashier = world.client(&CASHIER);
    cashier
        .pay(&filed.id, "copying", 25_000, &format!("BL-{}", filed.id))
        .await
        .expect("5 copies of 3 pages");
    clerk.accept(&filed.id).await.expect("accepted");
    consult(&world.client(&SPECIALIST), &filed.id, &AGENCIES).await.expect("consulted")
}

fn answers(state: &DossierState) -> Vec<(&str, &str)> {
    let branches = state.branches.iter().filter(|branch| branch.branch == "agencies");
    branches.map(|branch| (branch.unit.as_str(), branch.answer.as_str())).collect()
}

fn steps(state: &DossierState) -> Vec<&str> {
    state.work_items.iter().map(|item| item.step.as_str()).collect()
}

#[tokio::test]
async fn silence_is_consent_and_the_silent_agency_is_named() {
    let mut world = world().await;
    let state = consulted(&world, "small", false).await;
    assert_eq!(state.state, "consultation", "the dossier stands where its branches were opened");
    assert_eq!(steps(&state), ["consultation", "asked", "asked", "asked"]);
    for who in [&FIRE, &PLANNING, &ENVIRONMENT] {
        let page = world.client(who).queue(Queue::Unclaimed).await.expect("a desk of its own");
        assert_eq!((page.total_size, page.rows.len()), (1, 1), "{}", who.id);
    }
    let fire = world.client(&FIRE);
    let state = fire.advance(&state.id, "consent").await.expect("answered");
    assert_eq!(state.state, "consultation", "two answers are awaited");
    refused(fire.advance(&state.id, "consent").await).is(Code::NotFound, "NOT_FOUND");
    let planning = world.client(&PLANNING);
    planning.advance(&state.id, "consent").await.expect("answered");
    // Twelve days from 5 October end on Saturday the 17th, so on Monday the 19th at 24:00. Nobody
    // is there then; the server comes back a day later.
    world.at("2026-10-21T08:00:00+07:00");
    world.restart().await;
    let specialist = world.client(&SPECIALIST);
    world.fire_timers().await;
    let present = specialist.get(&state.id).await.expect("seen");
    assert_eq!(present.state, "draft");
    assert_eq!(
        answers(&present),
        [
            ("environment-agency", "silent"),
            ("fire-agency", "consent"),
            ("planning-agency", "consent")
        ]
    );
    let silent = present.branches.iter().find(|branch| branch.answer == "silent");
    assert_eq!(silent.expect("there is one").ended_by, "system");
    assert_eq!(steps(&present), ["draft"]);
    let (events, verdict) = world.client(&AUDITOR).replay(&state.id).await.expect("replayed");
    assert!(verdict.equal, "{:?}", verdict.findings);
    assert!(events.iter().any(|event| event.header.contains(r#""kind":"join""#)));
}

#[tokio::test]
async fn one_objection_is_enough_and_what_was_open_is_cut_short() {
    let world = world().await;
    let state = consulted(&world, "small", false).await;
    let planning = world.client(&PLANNING);
    let request = AdvanceDossierRequest {
        command: planning.meta(),
        dossier: state.id.clone(),
        action: "object".into(),
        reason: "Trái quy hoạch.".into(),
        ..Default::default()
    };
    planning.desk().advance_dossier(request).await.expect("objected");
    let present = world.client(&SPECIALIST).get(&state.id).await.expect("seen");
    assert_eq!(present.state, "reconsider");
    assert_eq!(
        answers(&present),
        [("environment-agency", ""), ("fire-agency", ""), ("planning-agency", "objection")]
    );
    assert!(present.branches.iter().all(|branch| branch.ended_at.is_some()));
    refused(world.client(&FIRE).advance(&state.id, "consent").await)
        .is(Code::NotFound, "NOT_FOUND");
}

#[tokio::test]
async fn a_watch_ends_when_the_unit_takes_no_part_any_more() {
    let world = world().await;
    let id = consulted(&world, "small", false).await.id;
    let fire = world.client(&FIRE);
    let mut watched = fire.watch(&id, "").await.expect("its unit is asked");
    let (present, token) = watched.change().await;
    fire.advance(&id, "consent").await.expect("answered");
    assert_eq!(watched.end().await.code(), Code::NotFound);
    assert!(present.steps.contains(&"asked".to_owned()), "{present:?}");
    refused(fire.watch(&id, &token).await).is(Code::NotFound, "NOT_FOUND");
}

#[tokio::test]
async fn branches_lie_in_branches_and_come_together_from_within() {
    let world = world().await;
    let state = consulted(&world, "small", true).await;
    let expected =
        ["consultation", "asked", "asked", "asked", "inspection", "surveying", "safety_check"];
    assert_eq!(steps(&state), expected);
    let specialist = world.client(&SPECIALIST);
    specialist.advance(&state.id, "safe").await.expect("safe");
    let inspected = specialist.advance(&state.id, "fits").await.expect("fits");
    assert!(steps(&inspected).contains(&"minutes"), "{:?}", steps(&inspected));
    assert!(!steps(&inspected).contains(&"inspection"));
    specialist.advance(&state.id, "sign_minutes").await.expect("signed");
    for who in [&FIRE, &PLANNING, &ENVIRONMENT] {
        world.client(who).advance(&state.id, "consent").await.expect("answered");
    }
    let present = specialist.get(&state.id).await.expect("seen");
    assert_eq!(present.state, "draft");
}

#[tokio::test]
async fn an_interruption_gives_back_every_branch_with_the_time_that_was_left() {
    let world = world().await;
    let state = consulted(&world, "small", false).await;
    world.client(&FIRE).advance(&state.id, "consent").await.expect("answered");
    world.at("2026-10-07T09:00:00+07:00");
    let citizen = world.client(&MAI);
    let withdrawn = citizen.withdraw(&state.id).await.expect("asked to withdraw");
    assert_eq!(steps(&withdrawn), ["withdrawal"]);
    // Far beyond the twelve days: while the withdrawal is considered nobody has to answer.
    world.at("2026-11-02T09:00:00+07:00");
    let clerk = world.client(&CLERK);
    let back = clerk.decline_withdrawal(&state.id).await.expect("changed their mind");
    assert_eq!(steps(&back), ["consultation", "asked", "asked"]);
    world.client(&PLANNING).advance(&state.id, "consent").await.expect("still asked");
    // 12 days were left on 7 October. The last is Saturday 14 November, so Monday the 16th.
    world.at("2026-11-16T23:00:00+07:00");
    let specialist = world.client(&SPECIALIST);
    specialist.claim(&state.id).await.expect_err("several items are open");
    assert_eq!(specialist.get(&state.id).await.expect("seen").state, "consultation");
    world.at("2026-11-17T01:00:00+07:00");
    world.fire_timers().await;
    let present = specialist.get(&state.id).await.expect("seen");
    assert_eq!(present.state, "draft");
    assert!(answers(&present).contains(&("environment-agency", "silent")));
}

#[tokio::test]
async fn who_is_asked_is_named_and_each_unit_once() {
    let world = world().await;
    let citizen = world.client(&MAI);
    let filed = citizen.submit(parallel(&citizen, "small", false)).await.expect("filed");
    let clerk = world.client(&CLERK);
    clerk.accept_rest(&filed.id).await.expect("checked");
    world.client(&CASHIER).pay(&filed.id, "copying", 25_000, "BL-1").await.expect("paid");
    clerk.accept(&filed.id).await.expect("accepted");
    let specialist = world.client(&SPECIALIST);
    for units in [&[][..], &["fire-agency", "fire-agency"], &["no-such-agency"]] {
        refused(consult(&specialist, &filed.id, units).await)
            .is(Code::FailedPrecondition, "UNIT_UNKNOWN");
    }
    let many = vec!["fire-agency"; 101];
    refused(consult(&specialist, &filed.id, &many).await).names("units");
    let state = consult(&specialist, &filed.id, &["fire-agency"]).await.expect("consulted");
    // The coordinator may end it by an act of their own.
    let closed = specialist.advance(&state.id, "close").await.expect("closed");
    assert_eq!((closed.state.as_str(), answers(&closed)), ("draft", vec![("fire-agency", "")]));
}

#[tokio::test]
async fn a_limit_is_extended_once_within_its_maximum_and_never_when_it_has_passed() {
    let world = world().await;
    let state = consulted(&world, "small", false).await;
    let specialist = world.client(&SPECIALIST);
    specialist.advance(&state.id, "close").await.expect("closed");
    let extend = |amount| ExtendLimitRequest {
        command: specialist.meta(),
        dossier: state.id.clone(),
        reason: "Vụ việc phức tạp.".into(),
        amount,
        ..Default::default()
    };
    let before = specialist.get(&state.id).await.expect("seen");
    assert_eq!(due_on(&before), "2026-11-02", "20 working days from 5 October");
    refused(specialist.desk().extend_limit(extend(11)).await)
        .is(Code::FailedPrecondition, "DEADLINE_RULE");
    let extended = specialist.desk().extend_limit(extend(10)).await.expect("extended");
    let extended = extended.into_inner().dossier.expect("a state");
    assert_eq!(due_on(&extended), "2026-11-16");
    refused(specialist.desk().extend_limit(extend(1)).await)
        .is(Code::FailedPrecondition, "ROUNDS_EXHAUSTED");
    let auditor = world.client(&AUDITOR);
    assert!(auditor.replay(&state.id).await.expect("replayed").1.equal);
}

#[tokio::test]
async fn assessed_money_pauses_the_clock_until_it_is_paid_and_work_goes_on_by_itself() {
    let world = world().await;
    let state = consulted(&world, "large", false).await;
    let specialist = world.client(&SPECIALIST);
    specialist.advance(&state.id, "close").await.expect("closed");
    refused(specialist.advance(&state.id, "submit_draft").await)
        .is(Code::FailedPrecondition, "PAYMENT_MISMATCH");
    let data = r#"{"amount":1500000}"#;
    let assessed = specialist.advance_with(&state.id, "submit_draft", "", data).await;
    let assessed = assessed.expect("assessed");
    assert_eq!((assessed.state.as_str(), assessed.status), ("payment", 6));
    assert_eq!(due_on(&assessed), "", "the clock stands still");
    let levy = assessed.fees.iter().find(|fee| fee.id == "levy").expect("owed");
    assert_eq!((levy.amount, levy.paid), (1_500_000, false));
    let cashier = world.client(&CASHIER);
    let paid = cashier.pay(&state.id, "levy", 1_500_000, "KB-7").await.expect("paid");
    assert_eq!((paid.state.as_str(), paid.status), ("signature", 4), "the system proceeds");
    // Whoever drafted does not sign; the leader, who did not, may begin the second phase.
    let leader = world.client(&LEADER);
    leader.sign(&state.id).await.expect("signed");
    let second = leader.advance(&state.id, "open_acceptance").await.expect("the second phase");
    let clocks = second.clocks.as_ref().expect("a clock");
    assert_eq!((clocks.phase.as_str(), due_on(&second)), ("acceptance", "2026-10-19"));
    assert!(world.client(&AUDITOR).replay(&state.id).await.expect("replayed").1.equal);
}

#[tokio::test]
async fn a_filing_outside_its_window_or_with_an_expired_paper_is_told_so() {
    let world = world().await;
    let citizen = world.client(&MAI);
    let with = |event: &str, certificate: &str| {
        let form = json!({ "kind": "small", "pages": 1, "copies": 1, "event_on": event,
            "certificate_on": certificate });
        let form_json = form.to_string();
        SubmitDossierRequest { form_json, ..parallel(&citizen, "small", false) }
    };
    // Twenty working days before Monday 2 November 2026 is Monday 5 October.
    citizen.submit(with("2026-11-02", "2026-09-01")).await.expect("on the last day");
    refused(citizen.submit(with("2026-10-30", "2026-09-01")).await).names("form/event_on");
    refused(citizen.submit(with("2026-12-30", "2026-04-04")).await).names("document:D1");
    citizen.submit(with("2026-12-30", "2026-04-05")).await.expect("valid for six months");
}

#[tokio::test]
async fn further_clocks_run_beside_the_appointment() {
    let world = world().await;
    let state = consulted(&world, "small", false).await;
    let clock = |state: &DossierState, id: &str| {
        let found = state.further_clocks.iter().find(|clock| clock.id == id).cloned();
        found.and_then(|found| found.clock)
    };
    let consultation = clock(&state, "consultation").expect("it has begun");
    assert_eq!(consultation.due_on, "2026-10-12", "5 working days from 5 October");
    assert!(clock(&state, "answer").expect("from submission").stopped);
    let specialist = world.client(&SPECIALIST);
    let closed = specialist.advance(&state.id, "close").await.expect("closed");
    assert!(clock(&closed, "consultation").expect("still known").stopped);
    let large = consulted(&world, "large", false).await;
    assert!(clock(&large, "consultation").is_none(), "the law sets no limit there");
}
