//! Lives without incidents.
use motcua_api::v1::Status as National;
use motcua_tests::life::Crew;
use motcua_tests::{World, filing};

#[tokio::test]
async fn a_birth_registered_online_goes_from_submission_to_delivery() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::birth_online(&crew.citizen).await).await;
    let filed = filed.expect("filed");
    let delivered = crew.drive(&filed.id, "delivered").await;
    assert_eq!(delivered.status(), National::Delivered);
}

#[tokio::test]
async fn a_marriage_at_the_counter_goes_from_submission_to_delivery() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let clerk = crew.clerk.attesting("c-mai");
    let filed = clerk.submit(filing::marriage_at_counter(&clerk)).await.expect("filed");
    let delivered = crew.drive(&filed.id, "delivered").await;
    assert_eq!(delivered.status(), National::Delivered);
}

#[tokio::test]
async fn a_household_business_goes_from_submission_to_delivery() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::business_online(&crew.citizen, "Quán Mai").await).await;
    let filed = filed.expect("filed");
    let delivered = crew.drive(&filed.id, "delivered").await;
    assert_eq!(delivered.status(), National::Delivered);
}
