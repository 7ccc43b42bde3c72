//! Work inside the office, from claiming to delivery.

use motcua_api::v1::*;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{World, files, instant, refused};
use tonic::Code;

use crate::common::*;

#[tokio::test]
async fn work_is_assigned_claimed_released_and_handed_over() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let (other, island) = (world.client(&SPECIALIST_2), world.client(&ISLAND_SPECIALIST));
    let examined = family_examined(&crew).await;
    let id = examined.id.as_str();
    let claimed = crew.specialist.claim(id).await.expect("claimed");
    assert_eq!(item(&claimed).assignee, SPECIALIST.id);
    let held = refused(other.advance(id, "draft_result").await);
    held.is(Code::FailedPrecondition, "ITEM_HELD").says("retry", "after_change");
    refused(other.claim(id).await).is(Code::FailedPrecondition, "ITEM_HELD");
    refused(other.release(id).await).is(Code::FailedPrecondition, "ITEM_HELD");
    crew.specialist.release(id).await.expect("released");
    let assigned = crew.head.assign(id, SPECIALIST_2.id).await.expect("assigned");
    assert_eq!(item(&assigned).assignee, SPECIALIST_2.id);
    refused(crew.head.assign(id, LEADER.id).await)
        .is(Code::FailedPrecondition, "ASSIGNEE_UNSUITABLE");
    refused(crew.head.assign(id, "nobody").await)
        .is(Code::FailedPrecondition, "ASSIGNEE_UNSUITABLE");
    let passed = other.hand_over(id, "", SPECIALIST.id).await.expect("handed over");
    assert_eq!(item(&passed).assignee, SPECIALIST.id);
    refused(crew.specialist.hand_over(id, "", "").await)
        .is(Code::FailedPrecondition, "ASSIGNEE_UNSUITABLE");
    refused(crew.specialist.hand_over(id, "pasc-gone", "").await)
        .is(Code::FailedPrecondition, "UNIT_UNKNOWN");
    let moved = crew.specialist.hand_over(id, ISLAND, ISLAND_SPECIALIST.id).await.expect("moved");
    assert_eq!(item(&moved).unit, ISLAND);
    assert_eq!(due_on(&moved), due_on(&examined), "a hand-over moves no date");
    assert_eq!(moved.filing.expect("filed").competent_unit, ISLAND);
    refused(crew.specialist.advance(id, "draft_result").await).is(Code::NotFound, "NOT_FOUND");
    refused(crew.clerk.advance(id, "draft_result").await)
        .is(Code::PermissionDenied, "ROLE_REQUIRED");
    let drafted = island.advance(id, "draft_result").await.expect("drafted there");
    assert_eq!(
        (drafted.state.as_str(), item(&drafted).unit.as_str()),
        ("signature", ISLAND),
        "what follows is done there too"
    );
}

#[tokio::test]
async fn rework_goes_back_to_who_held_it_and_never_moves_the_due_date() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let examined = family_examined(&crew).await;
    let id = examined.id.as_str();
    crew.specialist.claim(id).await.expect("claimed");
    let drafted = crew.specialist.advance(id, "draft_result").await.expect("drafted");
    world.at("2026-10-07T09:00:00+07:00");
    let back = crew.leader.advance(id, "return_for_rework").await.expect("returned");
    assert_eq!(
        (back.state.as_str(), item(&back).assignee.as_str()),
        ("examination", SPECIALIST.id)
    );
    assert_eq!(due_on(&back), due_on(&drafted));
    assert_eq!(crew.drive(id, "issued").await.signature.expect("signed").signer, LEADER.id);
}

#[tokio::test]
async fn signing_and_issuing_are_acts_of_their_own() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(family(&crew)).await.expect("filed");
    let id = filed.id.as_str();
    crew.drive(id, "examination").await;
    let bytes = files::pdf("certificate");
    let (sha256, _) = crew.specialist.draft(id, "draft_result", &bytes).await.expect("drafted");
    refused(crew.records.issue(id, "1/2026", "2026-10-05").await)
        .is(Code::FailedPrecondition, "ACT_NOT_OFFERED");
    let signed = crew.leader.sign(id).await.expect("signed");
    assert_eq!((signed.state.as_str(), signed.status()), ("issuing", Status::Processing));
    refused(crew.citizen.withdraw(id).await).is(Code::FailedPrecondition, "ACT_NOT_OFFERED");
    refused(crew.records.issue(id, "1/2026", "2026-10-06").await)
        .is(Code::FailedPrecondition, "DEADLINE_RULE");
    let issued = crew.records.issue_file(id, "01/HKD-2026", &sha256).await.expect("issued");
    let result = issued.result.expect("a result");
    assert_eq!((result.number.as_str(), result.code.as_str()), ("01/HKD-2026", "KQ.G12.001041"));
    assert!(result.document.expect("electronic").signed);
    refused(crew.returner.deliver(id, &[MAI.id], &[]).await)
        .is(Code::FailedPrecondition, "ACT_NOT_OFFERED");
    let get = GetDocumentRequest { dossier: id.into(), sha256, ..Default::default() };
    let result = crew.citizen.dossiers().get_document(get).await.expect("the citizen's own");
    assert_eq!(result.into_inner().content, bytes);
}

#[tokio::test]
async fn completion_ends_processing_and_delivery_may_come_much_later() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(family(&crew)).await.expect("filed");
    let id = filed.id.as_str();
    crew.drive(id, "issued").await;
    world.at("2026-10-06T10:00:00+07:00");
    let completed = crew.returner.complete(id).await.expect("completed");
    assert_eq!(completed.status(), Status::Completed);
    assert_eq!(at(completed.completed_at.as_ref()), instant("2026-10-06T10:00:00+07:00"));
    assert!(clock(&completed).stopped, "lateness is judged here");
    refused(crew.returner.deliver(id, &[], &[]).await)
        .is(Code::FailedPrecondition, "RECIPIENT_INVALID");
    refused(crew.returner.deliver(id, &[BINH.id], &[]).await)
        .is(Code::FailedPrecondition, "RECIPIENT_INVALID")
        .kind("NOT_A_PARTY");

    world.at("2026-12-01T10:00:00+07:00");
    let delivered = crew.returner.deliver(id, &[MAI.id], &[]).await.expect("delivered");
    assert_eq!((delivered.status(), delivered.closed), (Status::Delivered, true));
    let delivery = delivered.delivery.expect("a delivery");
    assert_eq!(at(delivery.at.as_ref()), instant("2026-12-01T10:00:00+07:00"));
}
