//! Documents of a later phase: nobody has them when they file, and nobody is asked for them then.

use motcua_api::v1::*;
use motcua_procedures::Role;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{Client, World, filing, refused};
use serde_json::json;
use tonic::{Code, Status};

use crate::common::{due_on, required};
use crate::migrations::{codes, plan, publish};

/// Works that take the applicant months, then a second phase with papers of its own.
const TWO_PHASES: &[u8] = include_bytes!("../../docs/examples/patterns/land-and-environment.yaml");
const COUNCIL: Who = Who { id: "s-council", unit: Some(WARD), roles: &[Role::CouncilMember] };

/// A dossier whose applicant does the works.
async fn at_the_works(world: &World, crew: &Crew, insured: bool) -> DossierState {
    let request = PublishProcedureRequest { source: TWO_PHASES.into(), ..Default::default() };
    world.client(&ADMIN).procedures().publish_procedure(request).await.expect("published");
    let filing = filed_with(crew, insured, vec![filing::paper("D1")]);
    let filed = crew.citizen.submit(filing).await.expect("filed");
    crew.clerk.accept_rest(&filed.id).await.expect("checked");
    crew.clerk.accept(&filed.id).await.expect("accepted");
    crew.specialist.advance(&filed.id, "meet").await.expect("called");
    world.client(&COUNCIL).advance(&filed.id, "pass").await.expect("passed")
}

fn filed_with(crew: &Crew, insured: bool, documents: Vec<Document>) -> SubmitDossierRequest {
    SubmitDossierRequest {
        procedure: "1.000900".into(),
        variant: "ordinary".into(),
        form_json: json!({ "full_name": "Nguyễn Thị Mai", "insured": insured }).to_string(),
        documents,
        ..filing::birth_at_counter(&crew.citizen)
    }
}

async fn report(
    client: &Client,
    dossier: &str,
    documents: Vec<Document>,
) -> Result<DossierState, Status> {
    let request = AdvanceDossierRequest {
        command: client.meta(),
        dossier: dossier.into(),
        action: "report_completion".into(),
        documents,
        ..Default::default()
    };
    let answer = client.desk().advance_dossier(request).await;
    answer.map(|answer| answer.into_inner().dossier.expect("a state"))
}

#[tokio::test]
async fn the_receipt_tells_what_the_second_phase_will_ask_for_and_the_offer_what_to_bring() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let works = at_the_works(&world, &crew, true).await;
    assert_eq!((works.state.as_str(), required(&works)), ("works", vec!["D1"]));
    let receipt = crew.citizen.form(&works.id, 1).await.expect("the receipt");
    let later = receipt["later_documents"].as_array().expect("a list");
    let later: Vec<_> = later
        .iter()
        .map(|one| (one["id"].as_str(), one["phase"]["id"].as_str(), one["conditional"].as_bool()))
        .collect();
    let phase = Some("acceptance");
    assert_eq!(later, [(Some("D2"), phase, Some(false)), (Some("D3"), phase, Some(true))]);
    let present = crew.citizen.get(&works.id).await.expect("seen");
    let offer = present.offers.iter().find(|offer| offer.action == "report_completion");
    assert_eq!(offer.expect("it is offered").documents, ["D2", "D3"]);
    let request = GetProcedureRequest { code: "1.000900".into(), version: String::new() };
    let published = crew.citizen.procedures().get_procedure(request).await.expect("known");
    let phases: Vec<String> =
        published.into_inner().documents.into_iter().map(|document| document.phase).collect();
    assert_eq!(phases, ["", "acceptance", "acceptance"]);
}

#[tokio::test]
async fn the_applicant_brings_them_by_the_act_that_begins_the_phase() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let works = at_the_works(&world, &crew, true).await;
    let citizen = &crew.citizen;
    let one = filing::uploaded(citizen, "D2").await;
    refused(report(citizen, &works.id, vec![one.clone()]).await)
        .is(Code::FailedPrecondition, "DOCUMENTS_MISSING")
        .names("document:D3");
    let both = vec![one, filing::uploaded(citizen, "D3").await];
    let begun = report(citizen, &works.id, both).await.expect("reported");
    assert_eq!((begun.state.as_str(), due_on(&begun)), ("inspection", "2026-10-26"));
    assert_eq!(required(&begun), ["D1", "D2", "D3"]);
    let early = crew.specialist.advance_with(&works.id, "in_order", "planning-agency", "").await;
    refused(early)
        .is(Code::FailedPrecondition, "REVIEW_INCOMPLETE")
        .names("document:D2")
        .names("document:D3");
    crew.specialist.accept_rest(&works.id).await.expect("checked");
    crew.specialist
        .advance_with(&works.id, "in_order", "planning-agency", "")
        .await
        .expect("in order");
    let (_, verdict) = world.client(&AUDITOR).replay(&works.id).await.expect("replayed");
    assert!(verdict.equal, "{:?}", verdict.findings);
}

#[tokio::test]
async fn what_comes_before_its_time_is_not_taken_and_not_asked_for() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let works = at_the_works(&world, &crew, false).await;
    let early = vec![filing::paper("D1"), filing::paper("D2")];
    refused(crew.citizen.submit(filed_with(&crew, false, early)).await)
        .is(Code::InvalidArgument, "DOCUMENT_INVALID")
        .names("document:D2");
    // What the case does not need may come along all the same; what no phase asks for may not.
    let stray = vec![filing::uploaded(&crew.citizen, "D1").await];
    refused(report(&crew.citizen, &works.id, stray).await)
        .is(Code::InvalidArgument, "DOCUMENT_INVALID")
        .names("document:D1");
    let only = vec![filing::uploaded(&crew.citizen, "D2").await];
    let begun = report(&crew.citizen, &works.id, only).await.expect("reported");
    assert_eq!(required(&begun), ["D1", "D2"]);
}

#[tokio::test]
async fn no_dossier_is_moved_out_of_a_phase_that_the_other_version_does_not_have() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let works = at_the_works(&world, &crew, false).await;
    let paper = vec![filing::uploaded(&crew.citizen, "D2").await];
    let first = accepted(&crew).await;
    report(&crew.citizen, &works.id, paper).await.expect("reported");
    let admin = world.client(&ADMIN);
    let renamed = String::from_utf8(TWO_PHASES.to_vec())
        .expect("UTF-8")
        .replace("version: 1.0.0", "version: 1.1.0")
        .replace("effective_from: 2026-07-01", "effective_from: 2026-10-05")
        .replace(": acceptance", ": final-inspection");
    publish(&admin, renamed.into_bytes()).await.expect("published");
    let forth = Migration {
        procedure: "1.000900".into(),
        from_version: "1.0.0".into(),
        to_version: "1.1.0".into(),
        steps: Vec::new(),
        limits: MigratedLimits::Keep.into(),
        ground: "Khoản 2 Điều 40".into(),
    };
    let rows = plan(&admin, Some(forth)).await;
    let of = |id: &str| rows.iter().find(|row| row.id == id).expect("a row");
    assert_eq!(codes(of(&works.id)), ["PHASE_ABSENT"]);
    assert!(of(&first).after.is_some(), "in the first phase nothing stands in the way: {rows:?}");
}

/// Another dossier of the published procedure, accepted.
async fn accepted(crew: &Crew) -> String {
    let filing = filed_with(crew, false, vec![filing::paper("D1")]);
    let filed = crew.citizen.submit(filing).await.expect("filed");
    crew.clerk.accept_rest(&filed.id).await.expect("checked");
    crew.clerk.accept(&filed.id).await.expect("accepted").id
}
