//! Moving open dossiers to another version of their procedure, and taking a procedure out of use.

use motcua_api::v1::*;
use motcua_engine::Caller;
use motcua_procedures::Role;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::world::{BIRTH, BUSINESS, CALENDAR, CATALOGUE};
use motcua_tests::{Client, World, filing, refused};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::common::due_on;

const GROUND: &str = "Khoản 2 Điều 40 Nghị định chuyển tiếp";

/// The household business with a longer limit and another name for the examination.
fn next_version() -> Vec<u8> {
    let source = std::str::from_utf8(CATALOGUE[1].1).expect("UTF-8");
    let changed = source
        .replace("version: 1.0.0", "version: 1.1.0")
        .replace("effective_from: 2026-07-01", "effective_from: 2026-10-05")
        .replace("amount: 3, ground: nd-168-2025", "amount: 5, ground: nd-168-2025")
        .replace("examination", "appraisal");
    assert_ne!(changed, source);
    changed.into_bytes()
}

/// The version after that, from 6 October.
fn version_after_next() -> Vec<u8> {
    let text = String::from_utf8(next_version()).expect("UTF-8");
    text.replace("version: 1.1.0", "version: 1.2.0")
        .replace("from: 2026-10-05", "from: 2026-10-06")
        .into_bytes()
}

/// A calendar that ends before the tests begin.
fn calendar_until_2025() -> Vec<u8> {
    let mut calendar: serde_json::Value = serde_json::from_slice(CALENDAR).expect("JSON");
    let years = calendar["years"].as_object_mut().expect("years");
    years.retain(|year, _| year.as_str() <= "2025");
    serde_json::to_vec(&calendar).expect("JSON")
}

fn administrator() -> Caller {
    let roles = vec![Role::Administrator];
    Caller { id: ADMIN.id.into(), unit: None, roles, acting_for: None }
}

pub(crate) async fn publish(admin: &Client, source: Vec<u8>) -> Result<(), Status> {
    let request = PublishProcedureRequest { source, ground: "QĐ 12/QĐ-UBND".into() };
    admin.procedures().publish_procedure(request).await.map(|_| ())
}

fn migration(steps: &[(&str, &str)], limits: MigratedLimits) -> Option<Migration> {
    let step = |(from, to): &(&str, &str)| StepMapping { from: (*from).into(), to: (*to).into() };
    Some(Migration {
        procedure: BUSINESS.into(),
        from_version: "1.0.0".into(),
        to_version: "1.1.0".into(),
        steps: steps.iter().map(step).collect(),
        limits: limits.into(),
        ground: GROUND.into(),
    })
}

fn between(from: &str, to: &str) -> Option<Migration> {
    let steps: &[_] = if from == "1.0.0" { &[("examination", "appraisal")] } else { &[] };
    let mut migration = migration(steps, MigratedLimits::Keep).expect("a migration");
    (migration.from_version, migration.to_version) = (from.into(), to.into());
    Some(migration)
}

pub(crate) async fn plan(admin: &Client, migration: Option<Migration>) -> Vec<MigratedDossier> {
    let answer = admin.procedures().plan_migration(PlanMigrationRequest { migration }).await;
    let mut stream = answer.expect("a plan").into_inner();
    let mut rows = Vec::new();
    while let Some(row) = stream.message().await.expect("a row") {
        rows.push(row.dossier.expect("a dossier"));
    }
    rows
}

pub(crate) async fn migrate(
    admin: &Client,
    id: Uuid,
    migration: Option<Migration>,
) -> Vec<MigratedDossier> {
    let request = MigrateDossiersRequest { migration_id: id.to_string(), migration };
    let answer = admin.procedures().migrate_dossiers(request).await;
    let mut stream = answer.expect("a migration").into_inner();
    let mut rows = Vec::new();
    while let Some(row) = stream.message().await.expect("a row") {
        rows.push(row.dossier.expect("a dossier"));
    }
    rows
}

pub(crate) fn codes(row: &MigratedDossier) -> Vec<&str> {
    row.obstacles.iter().map(|obstacle| obstacle.code.as_str()).collect()
}

async fn examined(crew: &Crew, name: &str) -> DossierState {
    let filed = crew.citizen.submit(filing::business_at_counter(&crew.citizen, name)).await;
    crew.drive(&filed.expect("filed").id, "examination").await
}

#[tokio::test]
async fn a_plan_changes_nothing_and_says_what_stands_in_the_way() {
    let world = World::start().await;
    let (crew, admin) = (Crew::of(&world), world.client(&ADMIN));
    let dossier = examined(&crew, "Quán Một").await;
    publish(&admin, next_version()).await.expect("published");
    let rows = plan(&admin, migration(&[], MigratedLimits::Keep)).await;
    assert_eq!((rows.len(), codes(&rows[0])), (1, vec!["STEP_ABSENT"]), "{rows:?}");
    assert!(rows[0].after.is_none() && rows[0].next_actions.is_empty());
    // A step that means something else is no place for the dossier.
    let wrong =
        plan(&admin, migration(&[("examination", "completed")], MigratedLimits::Keep)).await;
    assert!(codes(&wrong[0]).contains(&"STATUS_DIFFERS"), "{wrong:?}");
    let present = crew.specialist.get(&dossier.id).await.expect("seen");
    assert_eq!((present.version, present.procedure), (dossier.version, dossier.procedure));
}

#[tokio::test]
async fn where_the_other_version_could_not_have_led_this_case_the_shortest_way_is_the_witness() {
    let world = World::start().await;
    let (crew, admin) = (Crew::of(&world), world.client(&ADMIN));
    let dossier = examined(&crew, "Quán Một").await;
    // The newer version takes over what was filed online, and nothing else.
    let source = String::from_utf8(next_version()).expect("UTF-8");
    let closed = source.replace(
        "      - id: take_over\n",
        "      - id: take_over\n        when: channel == \"online\"\n",
    );
    assert_ne!(closed, source);
    publish(&admin, closed.into_bytes()).await.expect("published");
    let mapped = migration(&[("examination", "appraisal")], MigratedLimits::Keep);
    for rows in [
        plan(&admin, mapped.clone()).await,
        migrate(&admin, Uuid::from_u128(7), mapped.clone()).await,
    ] {
        assert_eq!(codes(&rows[0]), ["NO_LAWFUL_WAY"]);
        let said = rows[0].obstacles[0].message.as_ref().expect("words");
        assert!(said.en.contains("handover/take_over needs channel == \"online\""), "{said:?}");
        assert!(said.en.contains("intake/accept → handover/take_over"), "{said:?}");
    }
    let present = crew.specialist.get(&dossier.id).await.expect("seen");
    assert_eq!(present.procedure.expect("pinned").version, "1.0.0", "it stays where it is");
}

#[tokio::test]
async fn each_dossier_is_moved_by_a_recorded_act_and_the_due_date_stays_or_moves_as_asked() {
    for (limits, due) in [(MigratedLimits::Keep, "2026-10-08"), (MigratedLimits::New, "2026-10-12")]
    {
        let world = World::start().await;
        let (crew, admin) = (Crew::of(&world), world.client(&ADMIN));
        let dossiers = [examined(&crew, "Quán Một").await, examined(&crew, "Quán Hai").await];
        let closed = crew.drive(&examined(&crew, "Quán Ba").await.id, "delivered").await;
        publish(&admin, next_version()).await.expect("published");
        let mapped = migration(&[("examination", "appraisal")], limits);
        let planned = plan(&admin, mapped.clone()).await;
        let id = Uuid::from_u128(7);
        let moved = migrate(&admin, id, mapped.clone()).await;
        assert_eq!(planned.len(), 2);
        for (planned, moved) in planned.iter().zip(&moved) {
            assert_eq!(planned.after, moved.after, "what was planned is what happens");
            assert_eq!(planned.before.as_ref().expect("stood").due_on, "2026-10-08");
            let after = moved.after.as_ref().expect("moved");
            assert_eq!((after.state.as_str(), after.due_on.as_str()), ("appraisal", due));
            assert!(moved.next_actions.contains(&"advance:draft_result".into()), "{moved:?}");
        }
        for dossier in &dossiers {
            let present = crew.specialist.get(&dossier.id).await.expect("seen");
            assert_eq!(present.procedure.expect("pinned").version, "1.1.0");
            let (events, verdict) = world.client(&AUDITOR).replay(&dossier.id).await.expect("told");
            assert!(verdict.equal, "{:?}", verdict.findings);
            let last = &events.last().expect("an event").header;
            assert!(last.contains(r#""kind":"migrate""#), "{last}");
            // The specialist goes on under the new names.
            let drafted = crew.specialist.advance(&dossier.id, "draft_result").await;
            assert_eq!(drafted.expect("drafted").state, "signature");
        }
        let kept = crew.clerk.get(&closed.id).await.expect("seen");
        assert_eq!(kept.procedure.expect("pinned").version, "1.0.0", "closed dossiers stay");
        assert!(migrate(&admin, id, mapped).await.is_empty(), "nothing is left to move");
    }
}

#[tokio::test]
async fn only_whoever_administers_procedures_moves_dossiers_and_needs_a_ground() {
    let world = World::start().await;
    let (crew, admin) = (Crew::of(&world), world.client(&ADMIN));
    publish(&admin, next_version()).await.expect("published");
    let asked = |migration| PlanMigrationRequest { migration };
    let keep = migration(&[], MigratedLimits::Keep);
    refused(crew.head.procedures().plan_migration(asked(keep.clone())).await)
        .is(Code::PermissionDenied, "PERMISSION_DENIED");
    let mut silent = keep.expect("a migration");
    silent.ground.clear();
    silent.limits = 0;
    refused(admin.procedures().plan_migration(asked(Some(silent.clone()))).await)
        .is(Code::InvalidArgument, "INVALID_REQUEST")
        .names("migration.ground")
        .names("migration.limits");
    silent.ground = GROUND.into();
    silent.limits = MigratedLimits::Keep.into();
    silent.to_version = "9.9.9".into();
    refused(admin.procedures().plan_migration(asked(Some(silent))).await)
        .is(Code::NotFound, "NOT_FOUND");
    refused(admin.procedures().plan_migration(asked(None)).await).names("migration");
}

#[tokio::test]
async fn a_retired_procedure_takes_nothing_new_and_what_is_open_goes_on() {
    let mut world = World::start().await;
    let crew = Crew::of(&world);
    let open = examined(&crew, "Quán Một").await;
    let retire = |from: &str| RetireProcedureRequest {
        code: BUSINESS.into(),
        from: from.into(),
        ground: GROUND.into(),
    };
    let admin = world.client(&ADMIN);
    refused(admin.procedures().retire_procedure(retire("2026-10-04")).await).names("from");
    admin.procedures().retire_procedure(retire("2026-10-06")).await.expect("retired");
    crew.citizen
        .submit(filing::business_at_counter(&crew.citizen, "Quán Hai"))
        .await
        .expect("today");
    world.at("2026-10-06T09:00:00+07:00");
    world.restart().await;
    let crew = Crew::of(&world);
    let late = crew.citizen.submit(filing::business_at_counter(&crew.citizen, "Quán Ba")).await;
    refused(late).is(Code::NotFound, "NOT_FOUND").says("retired_from", "2026-10-06");
    let get = GetProcedureRequest { code: BUSINESS.into(), version: String::new() };
    refused(crew.citizen.procedures().get_procedure(get).await)
        .is(Code::NotFound, "NOT_FOUND")
        .says("retired_from", "2026-10-06");
    let delivered = crew.drive(&open.id, "delivered").await;
    assert_eq!(due_on(&delivered), "2026-10-08");
}

#[tokio::test]
async fn versions_take_effect_one_after_another_and_never_in_the_past() {
    let world = World::start().await;
    let admin = world.client(&ADMIN);
    let text = String::from_utf8(next_version()).expect("UTF-8");
    let on =
        |day: &str| text.replace("effective_from: 2026-10-05", &format!("effective_from: {day}"));
    for day in ["2026-06-30", "2026-07-01", "2026-10-04"] {
        refused(publish(&admin, on(day).into_bytes()).await)
            .is(Code::InvalidArgument, "INVALID_REQUEST")
            .names("effective_from");
    }
    publish(&admin, on("2026-10-05").into_bytes()).await.expect("from today on");
}

#[tokio::test]
async fn of_two_migrations_at_once_only_one_moves_a_dossier() {
    let world = World::start().await;
    let (crew, admin) = (Crew::of(&world), world.client(&ADMIN));
    let mut dossiers = Vec::new();
    for name in ["Quán Một", "Quán Hai", "Quán Ba", "Quán Bốn"] {
        dossiers.push(examined(&crew, name).await);
    }
    publish(&admin, next_version()).await.expect("published");
    publish(&admin, version_after_next()).await.expect("published");
    world.at("2026-10-06T09:00:00+07:00");
    let (other, id) = (world.client(&ADMIN), Uuid::from_u128);
    let (one, two) = tokio::join!(
        migrate(&admin, id(7), between("1.0.0", "1.1.0")),
        migrate(&other, id(8), between("1.0.0", "1.2.0")),
    );
    let rows = || one.iter().chain(&two);
    assert_eq!(rows().filter(|row| row.after.is_some()).count(), dossiers.len());
    for stays in rows().filter(|row| row.after.is_none()) {
        assert_eq!(codes(stays), ["OTHER_VERSION"]);
    }
    for dossier in &dossiers {
        let (events, _) = world.client(&AUDITOR).replay(&dossier.id).await.expect("told");
        let moved = events.iter().filter(|event| event.header.contains(r#""kind":"migrate""#));
        assert_eq!(moved.count(), 1, "{}", dossier.id);
    }
}

#[tokio::test]
async fn nothing_is_moved_to_where_the_next_act_before_reception_would_take_it_away() {
    let world = World::start().await;
    let (crew, admin) = (Crew::of(&world), world.client(&ADMIN));
    let filed = crew.citizen.submit(filing::business_at_counter(&crew.citizen, "Quán Một")).await;
    let filed = filed.expect("filed");
    publish(&admin, version_after_next()).await.expect("published");
    let early = PlanMigrationRequest { migration: between("1.0.0", "1.2.0") };
    refused(admin.procedures().plan_migration(early).await)
        .is(Code::InvalidArgument, "INVALID_REQUEST")
        .names("to_version");
    world.at("2026-10-06T09:00:00+07:00");
    let id = Uuid::from_u128;
    let forth = migrate(&admin, id(7), between("1.0.0", "1.2.0")).await;
    assert!(forth[0].after.is_some(), "{forth:?}");
    let back = migrate(&admin, id(8), between("1.2.0", "1.0.0")).await;
    assert_eq!(codes(&back[0]), ["NOT_IN_EFFECT"]);
    let checked = crew.clerk.accept_rest(&filed.id).await.expect("checked");
    assert_eq!(checked.procedure.expect("pinned").version, "1.2.0");
}

#[tokio::test]
async fn a_dossier_whose_timers_cannot_be_computed_stops_no_migration_and_says_why() {
    let world = World::start().await;
    let (crew, admin) = (Crew::of(&world), world.client(&ADMIN));
    let file = async || {
        let filed = crew.citizen.submit(filing::birth_online(&crew.citizen).await).await;
        filed.expect("filed").id
    };
    // Silence resumes its clock, which takes a calendar.
    let stuck = crew.drive(&file().await, "applicant_confirms").await;
    let well = crew.drive(&file().await, "examination").await;
    let source = std::str::from_utf8(CATALOGUE[0].1).expect("UTF-8");
    let next = source
        .replace("version: 1.0.0", "version: 1.1.0")
        .replace("effective_from: 2026-07-01", "effective_from: 2026-10-05");
    publish(&admin, next.into_bytes()).await.expect("published");
    let mut forth = between("1.0.0", "1.1.0").expect("a migration");
    (forth.procedure, forth.steps) = (BIRTH.into(), Vec::new());
    let forth = Some(forth);
    let engine = world.engine();
    let caller = administrator();
    engine.load_calendar(&caller, calendar_until_2025()).await.expect("a calendar");
    world.at("2026-10-08T09:00:00+07:00");
    let late = crew.specialist.claim(&stuck.id).await;
    refused(late.clone()).is(Code::Unavailable, "TIMERS_STUCK");
    assert!(late.expect_err("refused").get_error_details().retry_info().is_none());
    let planned = plan(&admin, forth.clone()).await;
    let moved = migrate(&admin, Uuid::from_u128(7), forth.clone()).await;
    for rows in [planned, moved] {
        let of = |id: &str| rows.iter().find(|row| row.id == id).expect("a row").clone();
        assert_eq!(codes(&of(&stuck.id)), ["TIMERS_STUCK"]);
        assert!(of(&well.id).after.is_some(), "{rows:?}");
    }
    engine.load_calendar(&caller, CALENDAR.to_vec()).await.expect("a calendar");
    let moved = migrate(&admin, Uuid::from_u128(9), forth.clone()).await;
    assert!(moved.len() == 1 && moved[0].after.is_some(), "{moved:?}");
}

#[tokio::test]
async fn a_retirement_that_has_taken_effect_is_not_undone_by_a_slip() {
    let world = World::start().await;
    let (crew, admin) = (Crew::of(&world), world.client(&ADMIN));
    let retire = async |from: &str| {
        let (code, from, ground) = (BUSINESS.into(), from.into(), GROUND.into());
        let request = RetireProcedureRequest { code, from, ground };
        admin.procedures().retire_procedure(request).await.map(|_| ())
    };
    let filed = crew.citizen.submit(filing::business_at_counter(&crew.citizen, "Quán Một")).await;
    let filed = filed.expect("filed");
    publish(&admin, version_after_next()).await.expect("published");
    retire("2026-11-02").await.expect("planned");
    let version = String::from_utf8(version_after_next()).expect("UTF-8");
    let version = version.replace("version: 1.2.0", "version: 1.3.0");
    let version = version.replace("from: 2026-10-06", "from: 2026-10-09").into_bytes();
    refused(publish(&admin, version.clone()).await).names("procedure");
    retire("2026-10-07").await.expect("another day, while it has not come");
    world.at("2026-10-07T09:00:00+07:00");
    refused(retire("2027-01-01").await).is(Code::InvalidArgument, "INVALID_REQUEST").names("code");
    refused(publish(&admin, version).await)
        .is(Code::InvalidArgument, "INVALID_REQUEST")
        .names("procedure");
    // What is open goes by the version that took effect while the procedure was in use.
    let checked = crew.clerk.accept_rest(&filed.id).await.expect("checked");
    assert_eq!(checked.procedure.expect("pinned").version, "1.2.0");
}

/// Dossiers that a migration looks at in one go, and more than that.
const BATCH: usize = motcua_engine::limits::MIGRATION_BATCH_MAX as usize;
const MANY: usize = BATCH + 7;

async fn many_filed(world: &World) -> Vec<String> {
    let mut working = tokio::task::JoinSet::new();
    for worker in 0..8 {
        let citizen = world.client(&MAI);
        working.spawn(async move {
            let mut filed = Vec::new();
            for number in (worker..MANY).step_by(8) {
                let request = filing::business_at_counter(&citizen, &format!("Quán {number}"));
                filed.push(citizen.submit(request).await.expect("filed").id);
            }
            filed
        });
    }
    working.join_all().await.concat()
}

#[tokio::test]
async fn a_migration_that_was_cut_off_goes_on_when_it_is_asked_for_again() {
    let first_id = Uuid::from_u128(7);
    // With its id or, as the same command makes a new one, with another.
    for id_again in [first_id, Uuid::from_u128(8)] {
        let mut world = World::start().await;
        let dossiers = many_filed(&world).await;
        publish(&world.client(&ADMIN), next_version()).await.expect("published");
        let asked = || between("1.0.0", "1.1.0");
        let begun = motcua_engine::Migration {
            procedure: BUSINESS.into(),
            from_version: "1.0.0".into(),
            to_version: "1.1.0".into(),
            steps: [("examination".into(), "appraisal".into())].into(),
            limits: motcua_dossiers::command::MigratedLimits::Keep,
            ground: GROUND.into(),
        };
        // The server stops after the first dossiers.
        let moved = world.engine().migrate(&administrator(), &begun, first_id, None).await;
        assert_eq!(moved.expect("a page").rows.len(), BATCH);
        world.restart().await;
        let admin = world.client(&ADMIN);
        let rest = migrate(&admin, id_again, asked()).await;
        assert_eq!(rest.len(), MANY - BATCH, "what was moved is not moved again");
        assert!(rest.iter().all(|row| row.after.is_some()), "{rest:?}");
        assert!(migrate(&admin, first_id, asked()).await.is_empty(), "nothing is left");
        let auditor = world.client(&AUDITOR);
        for dossier in &dossiers {
            let (events, verdict) = auditor.replay(dossier).await.expect("told");
            let moved = events.iter().filter(|event| event.header.contains(r#""kind":"migrate""#));
            assert_eq!((moved.count(), verdict.equal), (1, true), "{dossier}");
        }
    }
}
