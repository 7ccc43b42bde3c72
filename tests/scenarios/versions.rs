//! Versions of procedures, and the numbers of dossiers.

use std::collections::BTreeSet;
use std::path::PathBuf;

use motcua_api::v1::*;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::process::project;
use motcua_tests::world::CATALOGUE;
use motcua_tests::{World, filing, refused};
use tonic::Code;

/// The next version of the household business, with another fee, in force from 6 October.
fn next_version() -> Vec<u8> {
    let source = std::str::from_utf8(CATALOGUE[1].1).expect("UTF-8");
    let changed = source
        .replace("version: 1.0.0", "version: 1.1.0")
        .replace("effective_from: 2026-07-01", "effective_from: 2026-10-06")
        .replace("amount: 50000", "amount: 60000");
    assert_ne!(changed, source);
    changed.into_bytes()
}

async fn publish(world: &World, source: Vec<u8>) {
    let request = PublishProcedureRequest { source, ..Default::default() };
    let admin = world.client(&ADMIN);
    admin.procedures().publish_procedure(request).await.expect("published");
}

fn version(dossier: &DossierState) -> &str {
    &dossier.procedure.as_ref().expect("pinned").version
}

#[tokio::test]
async fn a_received_dossier_keeps_its_version_whatever_is_published_later() {
    let mut world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::business_at_counter(&crew.citizen, "Quán")).await;
    let received = crew.drive(&filed.expect("filed").id, "examination").await;
    publish(&world, next_version()).await;
    world.at("2026-10-07T09:00:00+07:00");
    world.restart().await;
    let crew = Crew::of(&world);
    let delivered = crew.drive(&received.id, "delivered").await;
    assert_eq!(delivered.procedure, received.procedure, "pinned by digest");
    assert_eq!((version(&delivered), delivered.fees[0].amount), ("1.0.0", 50_000));
}

#[tokio::test]
async fn a_version_that_took_effect_before_acceptance_is_pinned_by_a_recorded_act() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::business_at_counter(&crew.citizen, "Quán")).await;
    let filed = filed.expect("filed");
    publish(&world, next_version()).await;
    assert_eq!(version(&crew.citizen.get(&filed.id).await.expect("seen")), "1.0.0");
    crew.cashier.pay(&filed.id, "registration-counter", 50_000, "BL-1").await.expect("paid before");
    world.at("2026-10-06T09:00:00+07:00");
    let checked = crew.clerk.accept_rest(&filed.id).await.expect("checked");
    assert_eq!(version(&checked), "1.1.0", "what is checked is checked against the new version");
    let accepted = crew.clerk.accept(&filed.id).await.expect("accepted under the new version");
    assert_eq!(version(&accepted), "1.1.0");
    assert_eq!((accepted.fees[0].amount, accepted.fees[0].paid), (50_000, true));
    let (events, verdict) = world.client(&AUDITOR).replay(&filed.id).await.expect("replayed");
    assert!(verdict.equal, "{:?}", verdict.findings);
    assert!(events.iter().any(|event| event.header.contains(r#""kind":"repin""#)));
    let newer = crew.citizen.submit(filing::business_at_counter(&crew.citizen, "Quán Hai")).await;
    let newer = newer.expect("filed");
    assert_eq!((version(&newer), newer.fees[0].amount), ("1.1.0", 60_000));
}

#[tokio::test]
async fn a_version_below_a_published_one_is_not_published_after_it() {
    let world = World::start().await;
    publish(&world, next_version()).await;
    let next = String::from_utf8(next_version()).expect("UTF-8");
    let below = next
        .replace("version: 1.1.0", "version: 0.9.0")
        .replace("effective_from: 2026-10-06", "effective_from: 2026-10-09");
    let request = PublishProcedureRequest { source: below.into_bytes(), ..Default::default() };
    let answer = world.client(&ADMIN).procedures().publish_procedure(request).await;
    refused(answer).is(Code::InvalidArgument, "INVALID_REQUEST").names("version");
}

#[tokio::test]
async fn codes_are_unique_for_ever_also_among_concurrent_clerks_and_after_a_restart() {
    let mut world = World::start().await;
    let mut codes = BTreeSet::new();
    for round in 0..2 {
        let crew = Crew::of(&world);
        let mut working = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let request = filing::birth_at_counter(&crew.citizen);
            let crew = crew.clone();
            working.spawn(async move {
                let filed = crew.citizen.submit(request).await.expect("filed");
                crew.clerk.accept_rest(&filed.id).await.expect("checked");
                crew.clerk.accept(&filed.id).await.expect("accepted").code
            });
        }
        for code in working.join_all().await {
            assert!(code.starts_with("H49.61.05-261005-"), "{code}");
            assert!(codes.insert(code), "given twice");
        }
        assert_eq!(codes.len(), 8 * (round + 1));
        world.restart().await;
    }
}

#[tokio::test]
async fn an_unknown_or_future_version_is_not_filed_under() {
    let world = World::start().await;
    let citizen = world.client(&MAI);
    publish(&world, next_version()).await;
    let get =
        |version: &str| GetProcedureRequest { code: "1.001612".into(), version: version.into() };
    let now = citizen.procedures().get_procedure(get("")).await.expect("in force").into_inner();
    assert_eq!(now.procedure.expect("a procedure").version, "1.0.0");
    let next = citizen.procedures().get_procedure(get("1.1.0")).await.expect("published");
    assert_eq!(next.into_inner().source, next_version());
    refused(citizen.procedures().get_procedure(get("9.9.9")).await).is(Code::NotFound, "NOT_FOUND");
}

#[tokio::test]
async fn every_shipped_procedure_can_be_published_over_the_api() {
    let world = World::bare().await;
    let admin = world.client(&ADMIN);
    let catalogue = project().join("catalogue");
    let mut files: Vec<PathBuf> = std::fs::read_dir(catalogue)
        .expect("the catalogue")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            let name = path.to_string_lossy();
            name.ends_with(".yaml") && !name.ends_with(".scenarios.yaml")
        })
        .collect();
    files.sort();
    for file in &files {
        let source = std::fs::read(file).expect("readable");
        let request = PublishProcedureRequest { source, ground: "QĐ 1/QĐ-UBND".into() };
        let published = admin.procedures().publish_procedure(request).await;
        published.unwrap_or_else(|status| panic!("{}: {status:?}", file.display()));
    }
    let listed = admin.procedures().list_procedures(ListProceduresRequest::default()).await;
    assert_eq!((files.len(), listed.expect("listed").into_inner().procedures.len()), (9, 9));
}
