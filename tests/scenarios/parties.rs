//! Several parties: what one of them may do is not always what another may.

use motcua_api::v1::Status;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{World, filing, refused};
use tonic::Code;

use crate::common::*;

#[tokio::test]
async fn whoever_asked_to_withdraw_a_marriage_alone_may_take_it_back() {
    for step in ["intake", "examination", "completed"] {
        let world = World::start().await;
        let crew = Crew::of(&world);
        let groom = world.client(&BINH);
        let filed = crew.citizen.submit(filing::marriage_at_counter(&crew.citizen)).await;
        let present = crew.drive(&filed.expect("filed").id, step).await;
        let id = present.id.as_str();
        groom.withdraw(id).await.expect("asked");

        let for_the_bride = crew.clerk.attesting(MAI.id);
        for other in [&crew.citizen, &for_the_bride, &crew.clerk, &crew.head] {
            refused(other.decline_withdrawal(id).await).is(Code::PermissionDenied, "ROLE_REQUIRED");
        }
        let seen = crew.citizen.get(id).await.expect("seen");
        assert!(!offered(&seen).contains(&"decline_withdrawal"), "{step}");
        let seen = groom.get(id).await.expect("seen");
        assert!(offered(&seen).contains(&"decline_withdrawal"), "{step}");
        let back = groom.decline_withdrawal(id).await.expect("taken back");
        assert_eq!((back.state.as_str(), back.status()), (step, present.status()));
    }
}

#[tokio::test]
async fn a_clerk_takes_a_withdrawal_back_for_the_party_who_asked() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::marriage_at_counter(&crew.citizen)).await;
    let id = crew.drive(&filed.expect("filed").id, "examination").await.id;
    let at_the_counter = crew.clerk.attesting(BINH.id);
    at_the_counter.withdraw(&id).await.expect("asked at the counter");
    let back = world.client(&BINH).decline_withdrawal(&id).await.expect("taken back online");
    assert_eq!((back.state.as_str(), back.status()), ("examination", Status::Processing));
}
