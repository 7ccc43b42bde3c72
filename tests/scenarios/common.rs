//! Short looks at a dossier.

use jiff::Timestamp;
use motcua_api::v1::{Clock, DossierState, SubmitDossierRequest, WorkItem};
use motcua_tests::life::Crew;
use motcua_tests::{Client, World, filing};
use serde_json::json;

/// The appointment's clock.
#[track_caller]
pub(crate) fn clock(dossier: &DossierState) -> &Clock {
    let clocks = dossier.clocks.as_ref().expect("the clock has started");
    clocks.committed.as_ref().or(clocks.statutory.as_ref()).expect("there is a limit")
}

/// Day of the appointment; empty while paused.
#[track_caller]
pub(crate) fn due_on(dossier: &DossierState) -> &str {
    &clock(dossier).due_on
}

/// Why the clock stands still; empty while it runs.
#[track_caller]
pub(crate) fn paused_on(dossier: &DossierState) -> &str {
    &dossier.clocks.as_ref().expect("the clock has started").paused_on
}

/// The only open work item.
#[track_caller]
pub(crate) fn item(dossier: &DossierState) -> &WorkItem {
    match dossier.work_items.as_slice() {
        [item] => item,
        items => panic!("one open work item expected: {items:?}"),
    }
}

/// Requirements of the case, in the order of the receipt.
pub(crate) fn required(dossier: &DossierState) -> Vec<&str> {
    let required = dossier.documents.iter().filter(|paper| paper.required);
    required.map(|paper| paper.requirement.as_str()).collect()
}

/// The verdict on a document.
#[track_caller]
pub(crate) fn verdict(dossier: &DossierState, requirement: &str) -> Option<bool> {
    let found = dossier.documents.iter().find(|paper| paper.requirement == requirement);
    found.unwrap_or_else(|| panic!("{requirement} is known")).accepted
}

/// The instant of a message.
#[track_caller]
pub(crate) fn at(timestamp: Option<&prost_types::Timestamp>) -> Timestamp {
    let timestamp = timestamp.expect("an instant is given");
    Timestamp::new(timestamp.seconds, timestamp.nanos).expect("a real instant")
}

/// Acts that the caller may do now.
pub(crate) fn offered(dossier: &DossierState) -> Vec<&str> {
    dossier.offers.iter().map(|offer| offer.act.as_str()).collect()
}

/// Files, decides and accepts at an instant.
pub(crate) async fn accepted(
    world: &World,
    filing: impl AsyncFnOnce(&Client) -> SubmitDossierRequest,
    at: &str,
) -> DossierState {
    world.at(at);
    let crew = Crew::of(world);
    let filed = crew.citizen.submit(filing(&crew.citizen).await).await.expect("filed");
    crew.drive(&filed.id, "handover").await
}

/// A household business of a family, whose case needs two papers.
pub(crate) fn family(crew: &Crew) -> SubmitDossierRequest {
    let members = json!([
        { "name": "Nguyễn Thị Mai", "birth_date": "1998-11-03" },
        { "name": "Trần Văn Bình", "birth_date": "1996-04-12" },
    ]);
    let changes = json!({ "registered_by": "family_members", "members": members });
    let request = filing::business_at_counter(&crew.citizen, "Quán Gia Đình");
    let mut request = filing::with_form(request, changes);
    request.variant = "family_members".into();
    request.documents.push(filing::paper("D2"));
    request
}

/// The same, under examination since Monday 5 October 2026, 09:00.
pub(crate) async fn family_examined(crew: &Crew) -> DossierState {
    let filed = crew.citizen.submit(family(crew)).await.expect("filed");
    crew.drive(&filed.id, "examination").await
}
