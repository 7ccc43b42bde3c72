//! Whether the offices have the people for a procedure: asked at publication, told when a register
//! of units is loaded.

use motcua_api::v1::*;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::world::{BUSINESS, CALENDAR, CATALOGUE, UNITS};
use motcua_tests::{Client, World, filing, refused};
use serde_json::Value;
use tonic::{Code, Status};

/// The register without one person.
fn units_without(person: &str) -> Vec<u8> {
    let mut register: Value = serde_json::from_slice(UNITS).expect("JSON");
    let mut gone = 0;
    for unit in register["units"].as_array_mut().expect("units") {
        if let Some(staff) = unit.get_mut("staff").and_then(Value::as_array_mut) {
            let before = staff.len();
            staff.retain(|one| one["id"] != person);
            gone += before - staff.len();
        }
    }
    assert_eq!(gone, 1, "{person}");
    serde_json::to_vec(&register).expect("JSON")
}

/// The procedure in which whoever examined may not sign.
fn four_eyes(source: &str) -> String {
    let strict =
        source.replace("        act: sign\n", "        act: sign\n        not_by: [examination]\n");
    assert_ne!(strict, source);
    strict
}

async fn load(admin: &Client, content: Vec<u8>) -> LoadUnitsResponse {
    let loaded = admin.admin().load_units(LoadUnitsRequest { content }).await;
    loaded.expect("a sound register").into_inner()
}

async fn publish(admin: &Client, source: &[u8]) -> Result<PublishProcedureResponse, Status> {
    let request = PublishProcedureRequest { source: source.to_vec(), ..Default::default() };
    Ok(admin.procedures().publish_procedure(request).await?.into_inner())
}

#[tokio::test]
async fn nothing_is_published_that_an_office_has_not_the_people_for() {
    let world = World::bare().await;
    let admin = world.client(&ADMIN);
    let business = CATALOGUE[1].1;
    load(&admin, units_without(HEAD.id)).await;
    let refusal = refused(publish(&admin, business).await);
    refusal.is(Code::InvalidArgument, "PROCEDURE_UNSOUND");
    assert!(refusal.subjects.iter().all(|path| path.starts_with("/steps/")), "{refusal:?}");
    let asked = ListProceduresRequest::default();
    let nobody = world.client(&CLERK).procedures().list_procedures(asked).await;
    assert!(nobody.expect("a list").into_inner().procedures.is_empty());
    // With the people the same file is published, and stays so when it is sent again.
    load(&admin, UNITS.to_vec()).await;
    publish(&admin, business).await.expect("published");
    load(&admin, units_without(HEAD.id)).await;
    publish(&admin, business).await.expect("known already");
}

#[tokio::test]
async fn where_no_units_are_loaded_nothing_is_asked() {
    let world = World::bare().await;
    let admin = world.client(&ADMIN);
    publish(&admin, CATALOGUE[1].1).await.expect("published");
    let loaded = load(&admin, units_without(HEAD.id)).await;
    assert_eq!(loaded.understaffed.len(), 1);
    assert!(load(&admin, UNITS.to_vec()).await.understaffed.is_empty());
}

#[tokio::test]
async fn a_register_that_leaves_a_procedure_without_people_is_loaded_with_warnings() {
    let world = World::start().await;
    let (admin, crew) = (world.client(&ADMIN), Crew::of(&world));
    let loaded = load(&admin, units_without(HEAD.id)).await;
    let [one] = loaded.understaffed.as_slice() else { panic!("{:?}", loaded.understaffed) };
    assert_eq!(one.procedure.as_ref().map(|procedure| &*procedure.code), Some(BUSINESS));
    for finding in &one.findings {
        assert_eq!((&*finding.code, finding.severity()), ("OFFICE_ROLE", Severity::Warning));
        assert!(finding.path.starts_with("/steps/") && !finding.remedy.is_empty(), "{finding:?}");
        assert!(finding.message.contains(WARD), "{finding:?}");
    }
    // It stays in effect: the register is as the offices are.
    let request = filing::business_at_counter(&crew.citizen, "Quán Một");
    crew.citizen.submit(request).await.expect("filed");
    assert_eq!(load(&admin, units_without(HEAD.id)).await.understaffed, loaded.understaffed);
    // A procedure that was retired needs nobody for what is filed.
    let (code, from, ground) = (BUSINESS.into(), "2026-10-05".into(), "QĐ 1".into());
    let retire = RetireProcedureRequest { code, from, ground };
    admin.procedures().retire_procedure(retire).await.expect("retired");
    assert!(load(&admin, units_without(HEAD.id)).await.understaffed.is_empty());
}

#[tokio::test]
async fn four_eyes_that_the_smallest_office_lacks_refuse_a_publication() {
    let world = World::bare().await;
    let admin = world.client(&ADMIN);
    let calendar = LoadCalendarRequest { content: CALENDAR.to_vec() };
    admin.deadlines().load_calendar(calendar).await.expect("a calendar");
    let source = std::str::from_utf8(CATALOGUE[0].1).expect("UTF-8");
    let strict = four_eyes(source);
    let mut register: Value = serde_json::from_slice(UNITS).expect("JSON");
    load(&admin, UNITS.to_vec()).await;
    publish(&admin, strict.as_bytes()).await.expect("two people");
    let mut units = register["units"].as_array_mut().expect("units").iter_mut();
    let island = units.find(|unit| unit["id"] == ISLAND).expect("the island");
    let roles = ["specialist", "head_of_division", "signing_leader", "records_officer"];
    island["staff"] = serde_json::json!([{ "id": "i-alone", "roles": roles }]);
    let loaded = load(&admin, serde_json::to_vec(&register).expect("JSON")).await;
    let found: Vec<_> = loaded.understaffed.iter().flat_map(|one| &one.findings).collect();
    assert!(found.iter().any(|finding| finding.code == "OFFICE_FOUR_EYES"), "{found:?}");
    let next = strict.replace("version: 1.0.0", "version: 1.1.0");
    let next = next.replace("effective_from: 2026-07-01", "effective_from: 2026-10-06");
    refused(publish(&admin, next.as_bytes()).await).is(Code::InvalidArgument, "PROCEDURE_UNSOUND");
}
