//! Birth registration: which papers and fields a case needs, and which may not be demanded.

use motcua_api::v1::*;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{World, filing, refused};
use serde_json::{Value, json};
use tonic::Code;

use crate::common::*;

#[tokio::test]
async fn a_signed_electronic_birth_notification_may_not_be_demanded_on_paper() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let portal = world.client(&PORTAL).attesting(MAI.id);
    let mut request = filing::birth_online(&portal).await;
    request.documents[1] = filing::signed(&portal, "D2").await;
    let filed = portal.submit(request).await.expect("the portal files for Mai");

    let demand = crew.clerk.request_supplement(&filed.id, &[("document:D2", "Nộp bản giấy")]).await;
    refused(demand)
        .is(Code::FailedPrecondition, "DEMAND_UNLAWFUL")
        .names("document:D2")
        .kind("HELD_ELECTRONICALLY");

    let ready = crew.drive(&filed.id, "completed").await;
    let delivered = crew.returner.deliver(&ready.id, &[MAI.id], &[]).await;
    assert_eq!(delivered.expect("no paper is owed").status(), Status::Delivered);
}

#[tokio::test]
async fn a_citizen_cannot_attest_the_signature_of_their_own_file() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let mut request = filing::birth_online(&crew.citizen).await;
    request.documents[1] = filing::signed(&crew.citizen, "D2").await;
    let filed = crew.citizen.submit(request).await.expect("filed as a scan");
    let ready = crew.drive(&filed.id, "completed").await;
    refused(crew.returner.deliver(&ready.id, &[MAI.id], &[]).await)
        .is(Code::FailedPrecondition, "ORIGINALS_UNCHECKED")
        .names("document:D2");
    let delivered = crew.returner.deliver(&ready.id, &[MAI.id], &["D2"]).await;
    let delivered = delivered.expect("the original was taken in");
    assert_eq!(delivered.delivery.expect("delivered").originals_checked, ["D2"]);
}

#[tokio::test]
async fn a_refusal_is_handed_over_without_taking_originals_in() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::birth_online(&crew.citizen).await).await;
    let examined = crew.drive(&filed.expect("filed").id, "examination").await;
    let reason = "Trẻ em đã được đăng ký khai sinh.";
    crew.specialist.refuse(&examined.id, reason).await.expect("drafted");
    let ready = crew.drive(&examined.id, "completed").await;
    let delivered = crew.returner.deliver(&ready.id, &[MAI.id], &[]).await;
    assert_eq!(delivered.expect("the scan stays one").status(), Status::Delivered);
}

#[tokio::test]
async fn a_birth_notification_is_looked_up_before_it_is_asked_for() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    for found in [true, false] {
        let mut request = filing::birth_online(&crew.citizen).await;
        request.documents.pop();
        let filed = crew.citizen.submit(request).await.expect("data of the state is not asked for");
        let demand = [("document:D2", "Chưa có giấy chứng sinh")];
        refused(crew.clerk.request_supplement(&filed.id, &demand).await)
            .is(Code::FailedPrecondition, "DEMAND_UNLAWFUL")
            .kind("LOOK_UP_FIRST");

        let registry = "birth_notifications";
        crew.clerk.look_up(&filed.id, "D2", registry, found).await.expect("recorded");
        let demanded = crew.clerk.request_supplement(&filed.id, &demand).await;
        if found {
            refused(demanded).is(Code::FailedPrecondition, "DEMAND_UNLAWFUL");
            let accepted = crew.drive(&filed.id, "handover").await;
            assert_eq!(accepted.status(), Status::Received);
        } else {
            assert_eq!(demanded.expect("lawful now").status(), Status::SupplementRequired);
        }
    }
}

#[tokio::test]
async fn papers_that_the_law_does_not_ask_for_may_not_be_demanded() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::birth_at_counter(&crew.citizen)).await.expect("filed");
    for (item, kind) in [
        ("document:D4", "NOT_REQUIRED"),
        ("document:D5", "NOT_REQUIRED"),
        ("document:D6", "ALREADY_THERE"),
        ("field:shoe_size", "UNKNOWN_FIELD"),
    ] {
        refused(crew.clerk.request_supplement(&filed.id, &[(item, "Nộp thêm")]).await)
            .is(Code::FailedPrecondition, "DEMAND_UNLAWFUL")
            .names(item)
            .kind(kind);
    }
}

#[tokio::test]
async fn unknown_father_unknown_mother_and_abandoned_child_have_their_own_required_fields() {
    let world = World::start().await;
    let citizen = world.client(&MAI);
    let no_father = json!({ "father_known": false, "father": null });
    let no_mother = json!({ "mother_known": false, "mother": null });
    let abandoned = json!({
        "birth_case": "abandoned", "birth_evidence": "abandonment_minutes",
        "mother_known": false, "mother": null, "father_known": false, "father": null,
        "requester_relation": "guardian",
    });
    for (variant, changes) in
        [("ordinary", &no_father), ("ordinary", &no_mother), ("abandoned", &abandoned)]
    {
        let mut request = filing::with_form(filing::birth_at_counter(&citizen), changes.clone());
        request.variant = variant.into();
        citizen.submit(request).await.unwrap_or_else(|status| panic!("{changes}: {status:?}"));
    }
    for (variant, changes) in [
        ("ordinary", json!({ "father": null })),
        ("ordinary", json!({ "mother": null })),
        ("ordinary", json!({ "father_known": false })),
        ("abandoned", json!({ "birth_case": "abandoned" })),
        (
            "abandoned",
            json!({ "birth_case": "abandoned", "birth_evidence": "abandonment_minutes" }),
        ),
        ("ordinary", json!({ "birth_evidence": "abandonment_minutes" })),
        ("surrogacy", json!({ "birth_case": "surrogacy", "birth_evidence": "witnesses" })),
    ] {
        let mut request = filing::with_form(filing::birth_at_counter(&citizen), changes);
        request.variant = variant.into();
        refused(citizen.submit(request).await).is(Code::InvalidArgument, "FORM_INVALID");
    }
}

#[tokio::test]
async fn a_variant_that_does_not_fit_the_form_is_refused() {
    let world = World::start().await;
    let citizen = world.client(&MAI);
    for variant in ["abandoned", "surrogacy", "unheard_of"] {
        let mut request = filing::birth_at_counter(&citizen);
        request.variant = variant.into();
        refused(citizen.submit(request).await)
            .is(Code::InvalidArgument, "FILING_INVALID")
            .names("variant");
    }
}

#[tokio::test]
async fn documents_depend_on_evidence_variant_channel_and_proxy() {
    let world = World::start().await;
    let citizen = world.client(&MAI);
    let surrogacy = json!({ "birth_case": "surrogacy" });
    let abandoned = json!({
        "birth_case": "abandoned", "birth_evidence": "abandonment_minutes",
        "mother_known": false, "mother": null, "father_known": false, "father": null,
    });
    let cases: [(&str, Value, Channel, &[&str]); 6] = [
        ("ordinary", json!({}), Channel::Counter, &["D1", "D2", "D6", "D7"]),
        ("ordinary", json!({}), Channel::Post, &["D1", "D2", "D8a", "D8b"]),
        (
            "ordinary",
            json!({ "birth_evidence": "witnesses" }),
            Channel::Counter,
            &["D1", "D2a", "D6", "D7"],
        ),
        (
            "ordinary",
            json!({ "birth_evidence": "sworn_statement" }),
            Channel::Counter,
            &["D1", "D2b", "D6", "D7"],
        ),
        ("abandoned", abandoned, Channel::Counter, &["D1", "D3", "D6", "D7"]),
        ("surrogacy", surrogacy, Channel::Counter, &["D1", "D2", "D4", "D6", "D7"]),
    ];
    for (variant, changes, channel, documents) in cases {
        let mut request = filing::with_form(filing::birth_at_counter(&citizen), changes);
        request.variant = variant.into();
        request.channel = channel.into();
        let filed = citizen.submit(request).await.expect("filed");
        assert_eq!(required(&filed), documents, "{variant} {channel:?}");
    }
    let online = citizen.submit(filing::birth_online(&citizen).await).await.expect("filed");
    assert_eq!(required(&online), ["D1e", "D2", "D6", "D7"]);
}

#[tokio::test]
async fn a_power_of_attorney_depends_on_kinship() {
    let world = World::start().await;
    let proxy = world.client(&BINH);
    for (relation, power) in
        [("other", Some("D5")), ("close_kin", Some("D5a")), ("relative_for_parents", None)]
    {
        let changes = json!({ "proxy_relation": relation, "agreed_with_parents": true });
        let mut request = filing::with_form(filing::birth_at_counter(&proxy), changes);
        request.persons.push(filing::binh_as_proxy());
        let filed = proxy.submit(request).await.expect("filed by a proxy");
        let powers: Vec<_> = required(&filed).into_iter().filter(|id| id.contains("D5")).collect();
        assert_eq!(powers, Vec::from_iter(power), "{relation}");
        assert_eq!(filed.filing.expect("filed").authorised_person, BINH.id);
    }
    let without = json!({ "proxy_relation": "relative_for_parents" });
    let mut request = filing::with_form(filing::birth_at_counter(&proxy), without);
    request.persons.push(filing::binh_as_proxy());
    refused(proxy.submit(request).await).is(Code::InvalidArgument, "FORM_INVALID");
}

#[tokio::test]
async fn proof_of_residence_is_demanded_only_after_a_look_up_that_found_nothing() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    for found in [true, false] {
        let mut request = filing::birth_at_counter(&crew.citizen);
        request.documents.retain(|paper| paper.requirement != "D7");
        let filed = crew.citizen.submit(request).await.expect("filed");
        let demand = [("document:D7", "Chưa có giấy tờ chứng minh nơi cư trú")];
        refused(crew.clerk.request_supplement(&filed.id, &demand).await)
            .is(Code::FailedPrecondition, "DEMAND_UNLAWFUL")
            .kind("LOOK_UP_FIRST");
        crew.clerk.look_up(&filed.id, "D7", "population", found).await.expect("recorded");
        let demanded = crew.clerk.request_supplement(&filed.id, &demand).await;
        if found {
            refused(demanded).is(Code::FailedPrecondition, "DEMAND_UNLAWFUL");
        } else {
            assert_eq!(demanded.expect("lawful now").status(), Status::SupplementRequired);
        }
    }
}
