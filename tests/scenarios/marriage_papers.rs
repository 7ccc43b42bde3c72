//! Marriage registration: papers that come late or by post, and withdrawals at every wait.

use motcua_api::v1::*;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{World, filing, refused};
use tonic::Code;

use crate::common::*;

async fn examined(crew: &Crew) -> DossierState {
    let filed = crew.citizen.submit(filing::marriage_at_counter(&crew.citizen)).await;
    crew.drive(&filed.expect("filed").id, "examination").await
}

#[tokio::test]
async fn a_supplement_in_processing_comes_back_to_the_examination_and_ends_well() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let examined = examined(&crew).await;
    let id = examined.id.as_str();
    let fault = [("document:D1", "Tờ khai thiếu chữ ký của bên nam")];
    crew.specialist.reject(id, &fault).await.expect("rejected");
    let asked = crew.specialist.request_supplement(id, &fault).await.expect("asked");
    assert_eq!((asked.status(), paused_on(&asked)), (Status::SupplementRequired, "supplement"));
    world.at("2026-10-07T10:00:00+07:00");
    let back = crew.citizen.supplement(id, "{}", vec![filing::paper("D1")]).await;
    let back = back.expect("answered");
    assert_eq!((back.state.as_str(), due_on(&back)), ("examination", "2026-10-07"));
    crew.specialist.accept_rest(id).await.expect("checked");
    crew.drive(id, "delivered").await;
}

#[tokio::test]
async fn by_post_the_couple_sends_certified_copies_of_identity_and_residence() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let mut request = filing::marriage_at_counter(&crew.citizen);
    request.channel = Channel::Post.into();
    request.documents = vec![filing::paper("D1")];
    let filed = crew.citizen.submit(request).await.expect("filed");
    let required = required(&filed);
    assert!(required.contains(&"D6a") && required.contains(&"D6b"), "{required:?}");
    crew.clerk.accept_rest(&filed.id).await.expect("checked");
    refused(crew.clerk.accept(&filed.id).await)
        .is(Code::FailedPrecondition, "REVIEW_INCOMPLETE")
        .names("document:D6a")
        .names("document:D6b");
}

#[tokio::test]
async fn the_provincial_centre_forwards_to_the_commune() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let clerk = world.client(&PROVINCE_CLERK);
    let mut request = filing::marriage_at_counter(&crew.citizen);
    request.receiving_unit = PROVINCE.into();
    request.competent_unit = WARD.into();
    let filed = crew.citizen.submit(request).await.expect("filed");
    let id = filed.id.as_str();
    clerk.accept_rest(id).await.expect("checked");
    assert_eq!(clerk.accept(id).await.expect("accepted").state, "forward");
    let there = clerk.advance(id, "forward").await.expect("forwarded");
    assert_eq!((there.state.as_str(), item(&there).unit.as_str()), ("handover", WARD));
}

#[tokio::test]
async fn either_party_may_withdraw_while_another_commune_or_the_couple_is_waited_for() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let groom = world.client(&BINH);
    for wait in ["verification", "supplement", "confirmation"] {
        let id = match wait {
            "confirmation" => {
                let filed = crew.citizen.submit(filing::marriage_online(&crew.citizen).await).await;
                crew.drive(&filed.expect("filed").id, "applicant_confirms").await.id
            }
            _ => examined(&crew).await.id,
        };
        match wait {
            "verification" => {
                crew.specialist.look_up(&id, "D4a", "civil_status", false).await.expect("none");
                let asked = crew.specialist.advance_with(&id, "request_verification", ISLAND, "");
                asked.await.expect("asked");
            }
            "supplement" => {
                let fault = [("document:D1", "Tờ khai thiếu chữ ký của bên nam")];
                crew.specialist.reject(&id, &fault).await.expect("rejected");
                crew.specialist.request_supplement(&id, &fault).await.expect("asked");
            }
            _ => {}
        }
        let asked = groom.withdraw(&id).await.unwrap_or_else(|status| panic!("{wait}: {status:?}"));
        assert_eq!(asked.status(), Status::WithdrawalRequested, "{wait}");
        let ended = crew.clerk.stop(&id, "Theo yêu cầu của công dân.").await.expect("granted");
        assert_eq!((ended.status(), ended.closed), (Status::Stopped, true), "{wait}");
    }
}
