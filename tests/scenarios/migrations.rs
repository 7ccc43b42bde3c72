//! Moving open dossiers to another version of their procedure, and taking a procedure out of use.

use motcua_api::v1::*;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::world::{BUSINESS, CATALOGUE};
use motcua_tests::{Client, World, filing, refused};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::common::due_on;

const GROUND: &str = "Khoản 2 Điều 40 Nghị định chuyển tiếp";

/// The household business with a longer limit and another name for the examination.
fn next_version() -> Vec<u8> {
    let source = std::str::from_utf8(CATALOGUE[1].1).expect("UTF-8");
    let changed = source
        .replace("version: 1.0.0", "version: 1.1.0")
        .replace("effective_from: 2026-07-01", "effective_from: 2026-10-06")
        .replace("amount: 3, ground: nd-168-2025", "amount: 5, ground: nd-168-2025")
        .replace("examination", "appraisal");
    assert_ne!(changed, source);
    changed.into_bytes()
}

async fn publish(admin: &Client, source: Vec<u8>) -> Result<(), Status> {
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

async fn plan(admin: &Client, migration: Option<Migration>) -> Vec<MigratedDossier> {
    let answer = admin.procedures().plan_migration(PlanMigrationRequest { migration }).await;
    let mut stream = answer.expect("a plan").into_inner();
    let mut rows = Vec::new();
    while let Some(row) = stream.message().await.expect("a row") {
        rows.push(row.dossier.expect("a dossier"));
    }
    rows
}

async fn migrate(admin: &Client, id: Uuid, migration: Option<Migration>) -> Vec<MigratedDossier> {
    let request = MigrateDossiersRequest { migration_id: id.to_string(), migration };
    let answer = admin.procedures().migrate_dossiers(request).await;
    let mut stream = answer.expect("a migration").into_inner();
    let mut rows = Vec::new();
    while let Some(row) = stream.message().await.expect("a row") {
        rows.push(row.dossier.expect("a dossier"));
    }
    rows
}

fn codes(row: &MigratedDossier) -> Vec<&str> {
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
    refused(late).is(Code::NotFound, "NOT_FOUND");
    let delivered = crew.drive(&open.id, "delivered").await;
    assert_eq!(due_on(&delivered), "2026-10-08");
}

#[tokio::test]
async fn versions_take_effect_one_after_another_and_never_in_the_past() {
    let world = World::start().await;
    let admin = world.client(&ADMIN);
    let text = String::from_utf8(next_version()).expect("UTF-8");
    let on =
        |day: &str| text.replace("effective_from: 2026-10-06", &format!("effective_from: {day}"));
    for day in ["2026-06-30", "2026-07-01", "2026-10-04"] {
        refused(publish(&admin, on(day).into_bytes()).await)
            .is(Code::InvalidArgument, "INVALID_REQUEST")
            .names("effective_from");
    }
    publish(&admin, on("2026-10-05").into_bytes()).await.expect("from today on");
}
