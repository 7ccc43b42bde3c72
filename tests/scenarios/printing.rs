//! Forms as data: the control slip follows from the history, a reprint is the same data.

use motcua_api::v1::*;
use motcua_tests::life::Crew;
use motcua_tests::{Client, World, filing, refused};
use serde_json::Value;
use tonic::Code;

async fn form(client: &Client, dossier: &str, number: u32, sequence: u64) -> GetFormResponse {
    let request =
        GetFormRequest { dossier: dossier.to_owned(), number, sequence, ..Default::default() };
    client.dossiers().get_form(request).await.expect("the form").into_inner()
}

#[tokio::test]
async fn form_06_shows_every_hand_over_and_is_the_same_for_ever() {
    let world = World::start().await;
    world.at("2026-10-05T09:00:00+07:00");
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::birth_at_counter(&crew.citizen)).await;
    let id = filed.expect("filed").id;
    let examined = crew.drive(&id, "examination").await;
    let early = form(&crew.clerk, &id, 6, examined.version).await;
    assert!(!early.reprint);
    assert_eq!(early.sequence, examined.version);
    world.at("2026-10-05T10:00:00+07:00");
    crew.drive(&id, "completed").await;
    let again = form(&crew.clerk, &id, 6, examined.version).await;
    assert!(again.reprint);
    let same = (&again.data_json, &again.sha256, &again.serial, &again.evidence);
    assert_eq!(same, (&early.data_json, &early.sha256, &early.serial, &early.evidence));

    let latest = form(&crew.clerk, &id, 6, 0).await;
    let latest: Value = serde_json::from_str(&latest.data_json).expect("JSON");
    let early: Value = serde_json::from_str(&early.data_json).expect("JSON");
    let rows = |slip: &Value| slip["hand_overs"].as_array().map(Vec::len).unwrap_or_default();
    assert!(rows(&latest) > rows(&early) && rows(&early) >= 3, "{latest}");
    let accepted = &latest["hand_overs"][1];
    assert_eq!(accepted["act"], "intake/accept");
    assert_eq!(accepted["giving"]["unit"]["id"], examined.filing.expect("filed").receiving_unit);
}

#[tokio::test]
async fn a_form_carries_the_evidence_of_its_event() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::birth_at_counter(&crew.citizen)).await;
    let id = filed.expect("filed").id;
    let accepted = crew.drive(&id, "handover").await;
    let receipt = form(&crew.clerk, &id, 1, 0).await;
    assert!(receipt.evidence.starts_with("motcua:1:dossier:"), "{}", receipt.evidence);
    assert_eq!(receipt.evidence, accepted.evidence, "acceptance was the last event");
}

#[tokio::test]
async fn other_numbers_are_no_form() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::birth_at_counter(&crew.citizen)).await;
    let dossier = filed.expect("filed").id;
    for number in [0, 7, 300] {
        let request =
            GetFormRequest { dossier: dossier.clone(), number, sequence: 0, ..Default::default() };
        let answer = crew.clerk.dossiers().get_form(request).await;
        refused(answer).is(Code::InvalidArgument, "INVALID_REQUEST");
    }
}
