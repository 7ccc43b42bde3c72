//! The day on which a tier of the administration ends: open dossiers of commune and district are moved
//! to the version in which the commune decides in all, and go on to their end.

use motcua_api::v1::*;
use motcua_engine::Caller;
use motcua_procedures::Role;
use motcua_tests::people::*;
use motcua_tests::world::{CALENDAR, UNITS};
use motcua_tests::{Client, World, filing};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::common::due_on;
use crate::migrations::{codes, migrate, plan, publish};

/// Commune and district, until 30 June 2025.
const BEFORE: &[u8] = include_bytes!("../../catalogue/versions/social-allowance-0.yaml");
/// The commune alone, from 1 July 2025 on.
const AFTER: &[u8] = include_bytes!("../../catalogue/social-allowance.yaml");
const CODE: &str = "1.001776";
const DISTRICT: &str = "district-ha-long";
/// The officer for culture and society of the commune.
const OFFICER: Who = Who { id: "s-officer", unit: Some(CENTRE), roles: &[Role::Specialist] };
/// Appraises at the district, as long as there is one.
const APPRAISER: Who = Who { id: "d-appraiser", unit: Some(DISTRICT), roles: &[Role::Specialist] };
/// Heads the division of the district, and winds it up.
const LIQUIDATOR: Who = Who { id: "d-head", unit: Some(DISTRICT), roles: &[Role::HeadOfDivision] };

/// The register of 2025: the centre had an officer, and above the ward was a district.
fn units() -> Vec<u8> {
    let text = std::str::from_utf8(UNITS).expect("UTF-8").replace("2025-07-01", "2025-01-01");
    let mut register: Value = serde_json::from_str(&text).expect("JSON");
    let units = register["units"].as_array_mut().expect("units");
    // Those that carry the procedure out, with the people for it.
    units.retain(|unit| unit["id"] == CENTRE || unit["id"] == WARD);
    let centre = units.iter_mut().find(|unit| unit["id"] == CENTRE).expect("the centre");
    let staff = centre["staff"].as_array_mut().expect("staff");
    staff.push(json!({ "id": OFFICER.id, "roles": ["specialist"] }));
    staff.push(json!({ "id": "s-chairman", "roles": ["signing_leader"] }));
    staff.push(json!({ "id": "s-archive", "roles": ["records_officer"] }));
    units.push(json!({
        "id": DISTRICT, "kind": "department", "area": "ordinary", "address": "Thành phố Hạ Long",
        "name": { "vi": "Ủy ban nhân dân thành phố Hạ Long", "en": "People's Committee of Hạ Long city" },
        "codes": [{ "code": "H49.99", "from": "2025-01-01" }],
        "phone": "02033900009", "valid_from": "2025-01-01",
        "staff": [{ "id": APPRAISER.id, "roles": ["specialist"] },
            { "id": LIQUIDATOR.id, "roles": ["head_of_division"] }],
    }));
    serde_json::to_vec(&register).expect("JSON")
}

/// 2 June 2025, under the version of commune and district.
async fn world() -> World {
    let world = World::bare_at("2025-06-02T08:00:00+07:00").await;
    let admin = Caller {
        id: ADMIN.id.into(),
        unit: None,
        roles: vec![Role::Administrator],
        acting_for: None,
    };
    world.engine().load_calendar(&admin, CALENDAR.to_vec()).await.expect("the calendar is sound");
    world.engine().load_units(&admin, units()).await.expect("the units are sound");
    publish(&world.client(&ADMIN), BEFORE.to_vec()).await.expect("in force since 2021");
    world
}

/// A dossier that has been accepted and forwarded to the officer.
async fn reviewed(world: &World, kind: &str) -> DossierState {
    let citizen = world.client(&MAI);
    let form = json!({
        "request": "grant", "beneficiary_kind": kind, "beneficiary_name": "Trần Thị Hoa",
        "beneficiary_birth_date": "2015-03-01", "residence": "Phường Hồng Gai, Quảng Ninh",
        "submitter_is": "guardian", "contact_phone": "0912345678",
        "has_disability_certificate": false, "degree_by_medical_council": false,
        "pregnant_or_nursing": false,
    });
    let copy = Document {
        requirement: "D4".into(),
        content: Some(document::Content::Paper(PaperDocument { originals: 0, copies: 1 })),
    };
    let documents = match kind {
        "orphan" => vec![filing::paper("D1"), copy],
        _ => vec![filing::paper("D1")],
    };
    let filing = SubmitDossierRequest {
        procedure: CODE.into(),
        variant: "grant".into(),
        form_json: form.to_string(),
        competent_unit: DISTRICT.into(),
        documents,
        ..filing::birth_at_counter(&citizen)
    };
    let filed = citizen.submit(filing).await.expect("filed");
    let clerk = world.client(&CLERK);
    clerk.accept_rest(&filed.id).await.expect("checked");
    let accepted = clerk.accept(&filed.id).await.expect("accepted");
    assert_eq!(due_on(&accepted), "2025-07-02", "22 working days");
    clerk.advance(&filed.id, "forward").await.expect("forwarded")
}

/// The same, posted: the conditions are met as far as the commune can see.
async fn posted(world: &World) -> DossierState {
    let forwarded = reviewed(world, "orphan").await;
    let officer = world.client(&OFFICER);
    officer.look_up(&forwarded.id, "D7", "population", true).await.expect("looked up");
    officer.advance(&forwarded.id, "conditions_met").await.expect("posted")
}

fn to_one_tier(steps: &[(&str, &str)]) -> Option<Migration> {
    let step = |(from, to): &(&str, &str)| StepMapping { from: (*from).into(), to: (*to).into() };
    Some(Migration {
        procedure: CODE.into(),
        from_version: "0.1.0".into(),
        to_version: "1.0.0".into(),
        steps: steps.iter().map(step).collect(),
        limits: MigratedLimits::Keep.into(),
        ground: "Nghị định 147/2025/NĐ-CP, điều khoản chuyển tiếp".into(),
    })
}

fn row<'r>(rows: &'r [MigratedDossier], dossier: &DossierState) -> &'r MigratedDossier {
    rows.iter().find(|row| row.id == dossier.id).expect("a row of its own")
}

/// From the draft to the hand-over of the decision, by the ward alone.
async fn decide(world: &World, dossier: &DossierState) -> DossierState {
    let id = dossier.id.as_str();
    let data = json!({ "from_month": "2025-07", "coefficient": "1.5", "monthly_vnd": 750_000 });
    let drafted = world.client(&HEAD).advance_with(id, "draft_grant", "", &data.to_string()).await;
    assert_eq!(drafted.expect("drafted").state, "signature");
    world.client(&LEADER).sign(id).await.expect("signed by the chairman of the ward");
    let number = format!("{}/QĐ-UBND", &id[24..]);
    world.client(&RECORDS).issue(id, &number, "2025-07-01").await.expect("issued");
    let returner: Client = world.client(&RETURNER);
    let listed = returner.complete(id).await.expect("completed");
    assert_eq!(listed.state, "payment_list", "a step that only the newer version has");
    returner.advance(id, "send_payment_list").await.expect("on the list of payment");
    returner.deliver(id, &[MAI.id], &[]).await.expect("delivered")
}

#[tokio::test]
async fn on_the_first_of_july_the_open_dossiers_of_the_district_are_moved_and_go_on_to_their_end() {
    let mut world = world().await;
    let pensionless = reviewed(&world, "elderly_without_pension").await;
    let (waiting, appraised) = (posted(&world).await, posted(&world).await);
    let early = reviewed(&world, "orphan").await;
    // Two working days of posting have passed on 4 June at 24:00.
    world.at("2025-06-05T08:00:00+07:00");
    world.fire_timers().await;
    let sent = world.client(&CLERK).advance(&appraised.id, "send").await.expect("sent");
    assert_eq!(sent.state, "district_appraisal");

    world.at("2025-06-30T15:00:00+07:00");
    world.restart().await;
    let admin = world.client(&ADMIN);
    publish(&admin, AFTER.to_vec()).await.expect("published before it takes effect");
    world.at("2025-07-01T08:00:00+07:00");
    let unmapped = plan(&admin, to_one_tier(&[])).await;
    assert_eq!(codes(row(&unmapped, &waiting)), ["STEP_ABSENT"]);
    assert_eq!(codes(row(&unmapped, &appraised)), ["STEP_ABSENT"]);

    let mapping = [("send_to_district", "drafting"), ("district_appraisal", "drafting")];
    let planned = plan(&admin, to_one_tier(&mapping)).await;
    let moved = migrate(&admin, Uuid::from_u128(7), to_one_tier(&mapping)).await;
    assert_eq!((planned.len(), moved.len()), (4, 4));
    for (planned, moved) in planned.iter().zip(&moved) {
        assert_eq!((&planned.after, codes(planned)), (&moved.after, codes(moved)));
    }
    for (dossier, state) in [(&early, "review"), (&waiting, "drafting"), (&appraised, "drafting")] {
        let after = row(&moved, dossier).after.as_ref().expect("moved");
        assert_eq!((after.state.as_str(), after.due_on.as_str()), (state, "2025-07-02"));
    }
    // Who has no pension files for the social pension by now: the newer form knows no such case.
    let stays = row(&moved, &pensionless);
    let obstacle = stays.obstacles.first().expect("a witness");
    assert!(stays.after.is_none() && stays.obstacles.len() == 1, "{stays:?}");
    assert_eq!(obstacle.subject, "form/beneficiary_kind");

    // What is left of the district is handed over to the ward, on record, and the due date stays.
    let liquidator = world.client(&LIQUIDATOR);
    let taken = liquidator.hand_over(&appraised.id, WARD, "").await.expect("handed over");
    assert_eq!(due_on(&taken), "2025-07-02");
    let centre = world.client(&HEAD_OF_CENTRE);
    centre.hand_over(&waiting.id, WARD, "").await.expect("handed over");
    for dossier in [&waiting, &appraised] {
        let delivered = decide(&world, dossier).await;
        assert_eq!(delivered.status(), motcua_api::v1::Status::Delivered);
        let (events, verdict) = world.client(&AUDITOR).replay(&dossier.id).await.expect("replayed");
        assert!(verdict.equal, "{:?}", verdict.findings);
        let moves = events.iter().filter(|event| event.header.contains(r#""kind":"migrate""#));
        assert_eq!(moves.count(), 1, "{}", dossier.id);
    }
    // The one that stays goes on under its own version, as it was filed.
    let officer = world.client(&OFFICER);
    let refused = officer.advance(&pensionless.id, "draft_refusal").await.expect("its own way");
    assert_eq!(refused.procedure.expect("pinned").version, "0.1.0");
    assert_eq!(refused.state, "refusal_draft");
}
