//! What the portal reads for a citizen whose identity it attests.

use motcua_api::v1::*;
use motcua_tests::people::*;
use motcua_tests::{Client, World, filing, refused};
use tonic::Code;

fn explain(dossier: &str, acting_for: &str) -> ExplainDeadlineRequest {
    ExplainDeadlineRequest { dossier: dossier.into(), acting_for: acting_for.into() }
}

fn document(dossier: &str, sha256: &str, acting_for: &str) -> GetDocumentRequest {
    let acting_for = acting_for.to_owned();
    let (dossier, sha256) = (dossier.to_owned(), sha256.to_owned());
    GetDocumentRequest { dossier, sha256, acting_for, ..Default::default() }
}

/// A birth filed by the portal for Mai, and the digest of its notification.
async fn filed(portal: &Client) -> (DossierState, String) {
    let request = filing::birth_online(portal).await;
    let Some(document::Content::Upload(scan)) = request.documents[1].content.clone() else {
        panic!("an upload");
    };
    (portal.submit(request).await.expect("filed for Mai"), scan.sha256)
}

#[tokio::test]
async fn the_portal_reads_what_it_filed_for_the_citizen_and_every_read_is_recorded() {
    let world = World::start().await;
    let portal = world.client(&PORTAL).attesting(MAI.id);
    let (filed, sha256) = filed(&portal).await;
    let id = filed.id.as_str();
    assert_eq!(portal.get(id).await.expect("basic").id, filed.id);
    let full = portal.get_full(id).await.expect("with personal values");
    assert_eq!(full.personal.expect("personal values").persons[0].id, MAI.id);
    let scan = portal.dossiers().get_document(document(id, &sha256, MAI.id)).await;
    assert!(!scan.expect("her own").into_inner().content.is_empty());
    portal.deadlines().explain_deadline(explain(id, MAI.id)).await.expect("explained");
    world.client(&CLERK).accept_rest(id).await.expect("checked");
    world.client(&CLERK).accept(id).await.expect("accepted");
    assert_eq!(portal.form(id, 1).await.expect("form 01")["form"], "01");

    let chain = world.client(&AUDITOR).chain(&format!("acc:{id}")).await.expect("read");
    let text = format!("{chain:?}");
    assert_eq!(chain.len(), 5, "{text}");
    assert_eq!(text.matches(MAI.id).count(), 5, "each says for whom: {text}");
}

#[tokio::test]
async fn the_portal_sees_nothing_without_a_citizen_or_for_a_stranger() {
    let world = World::start().await;
    let portal = world.client(&PORTAL).attesting(MAI.id);
    let (filed, sha256) = filed(&portal).await;
    let id = filed.id.as_str();
    for citizen in ["", STRANGER.id] {
        let other = portal.attesting(citizen);
        refused(other.get(id).await).is(Code::NotFound, "NOT_FOUND");
        refused(other.form(id, 1).await).is(Code::NotFound, "NOT_FOUND");
        refused(other.dossiers().get_document(document(id, &sha256, citizen)).await)
            .is(Code::NotFound, "NOT_FOUND");
        refused(other.deadlines().explain_deadline(explain(id, citizen)).await)
            .is(Code::NotFound, "NOT_FOUND");
    }
}

#[tokio::test]
async fn nobody_else_reads_for_a_citizen() {
    let world = World::start().await;
    let portal = world.client(&PORTAL).attesting(MAI.id);
    let (filed, sha256) = filed(&portal).await;
    for who in [&STRANGER, &CLERK, &SPECIALIST, &AUDITOR] {
        let client = world.client(who);
        refused(client.dossiers().get_document(document(&filed.id, &sha256, MAI.id)).await)
            .is(Code::InvalidArgument, "INVALID_REQUEST")
            .names("acting_for");
        refused(client.deadlines().explain_deadline(explain(&filed.id, MAI.id)).await)
            .names("acting_for");
    }
}
