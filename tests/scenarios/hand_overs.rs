//! Work that goes to another unit: only to one that can do it, and for a written reason (L13).

use motcua_api::v1::HandOverItemRequest;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{World, filing, refused};
use tonic::Code;

use crate::common::*;

#[tokio::test]
async fn examination_goes_to_an_agency_with_a_specialist_and_to_no_centre() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let examined = family_examined(&crew).await;
    let id = examined.id.as_str();
    refused(crew.specialist.hand_over(id, CENTRE, "").await)
        .is(Code::FailedPrecondition, "UNIT_UNKNOWN")
        .kind("NO_AGENCY");
    refused(crew.specialist.hand_over(id, "fire-agency", "").await)
        .is(Code::FailedPrecondition, "ASSIGNEE_UNSUITABLE");
    let moved = crew.specialist.hand_over(id, ISLAND, "").await.expect("moved");
    assert_eq!((item(&moved).unit.as_str(), item(&moved).assignee.as_str()), (ISLAND, ""));
}

#[tokio::test]
async fn intake_goes_to_a_centre_with_a_clerk_and_to_no_agency() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(family(&crew)).await.expect("filed");
    let id = filed.id.as_str();
    refused(crew.clerk.hand_over(id, WARD, "").await)
        .is(Code::FailedPrecondition, "UNIT_UNKNOWN")
        .kind("NO_CENTRE");
    let moved = crew.clerk.hand_over(id, ISLAND_CENTRE, "").await.expect("moved");
    assert_eq!(item(&moved).unit, ISLAND_CENTRE);
}

#[tokio::test]
async fn another_unit_takes_over_only_for_a_written_reason_and_a_colleague_without() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let examined = family_examined(&crew).await;
    let request = |unit: &str, assignee: &str, reason: &str| HandOverItemRequest {
        command: crew.specialist.meta(),
        dossier: examined.id.clone(),
        work_item: None,
        unit: unit.into(),
        assignee: assignee.into(),
        reason: reason.into(),
    };
    for reason in ["", "   "] {
        let sent = crew.specialist.desk().hand_over_item(request(ISLAND, "", reason)).await;
        refused(sent).is(Code::InvalidArgument, "REASON_REQUIRED");
    }
    let passed = crew.specialist.desk().hand_over_item(request("", SPECIALIST_2.id, "")).await;
    passed.expect("a colleague needs no reason");
}

#[tokio::test]
async fn a_question_goes_only_to_a_unit_with_someone_to_answer_it() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::birth_at_counter(&crew.citizen)).await.expect("filed");
    let examined = crew.drive(&filed.id, "examination").await;
    let id = examined.id.as_str();
    let ask = async |unit| crew.specialist.advance_with(id, "request_verification", unit, "").await;
    for unit in ["fire-agency", ISLAND_CENTRE] {
        refused(ask(unit).await).is(Code::FailedPrecondition, "ASSIGNEE_UNSUITABLE");
    }
    assert_eq!(item(&ask(ISLAND).await.expect("asked")).unit, ISLAND);
}
