//! What callers rely on: a command is carried out once, and a refusal says why.

use motcua_api::v1::*;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{World, filing, instant, refused};
use tonic::Code;

fn accept(crew: &Crew, id: &str) -> AcceptDossierRequest {
    AcceptDossierRequest { command: crew.clerk.meta(), dossier: id.into(), ..Default::default() }
}

#[tokio::test]
async fn the_same_command_gives_the_same_answer_later_and_after_a_restart() {
    let mut world = World::start().await;
    let crew = Crew::of(&world);
    let submit = filing::birth_at_counter(&crew.citizen);
    let filed = crew.citizen.file(submit.clone()).await.expect("filed");
    let id = filed.dossier.as_ref().expect("a dossier").id.clone();
    crew.clerk.accept_rest(&id).await.expect("checked");
    let accept = accept(&crew, &id);
    let first = crew.clerk.desk().accept_dossier(accept.clone()).await.expect("accepted");
    let first = first.into_inner();
    assert!(!first.repeat && !filed.repeat);
    crew.drive(&id, "signature").await;

    for restarted in [false, true] {
        if restarted {
            world.at("2026-10-07T09:00:00+07:00");
            world.restart().await;
        }
        let crew = Crew::of(&world);
        let again = crew.clerk.desk().accept_dossier(accept.clone()).await.expect("known");
        let again = again.into_inner();
        assert!(again.repeat);
        assert_eq!(again.first_sequence, first.first_sequence);
        let (mut then, now) = (first.dossier.clone().expect("a dossier"), again.dossier);
        let now = now.expect("a dossier");
        // How much of the limit is used is told as of the moment of the answer.
        then.clocks.clone_from(&now.clocks);
        assert_eq!(now, then, "the dossier as the command left it");
        let refiled = crew.citizen.file(submit.clone()).await.expect("known");
        assert!(refiled.repeat);
        assert_eq!(refiled.tracking_secret, filed.tracking_secret);
        assert_eq!(refiled.dossier, filed.dossier);
    }
    let (events, verdict) = world.client(&AUDITOR).replay(&id).await.expect("replayed");
    assert!(verdict.equal, "{:?}", verdict.findings);
    let accepts = events.iter().filter(|event| event.header.contains(r#""kind":"accept""#));
    assert_eq!(accepts.count(), 1);
}

#[tokio::test]
async fn the_same_id_with_other_content_or_of_another_person_is_refused() {
    let mut world = World::start().await;
    let crew = Crew::of(&world);
    let submit = filing::birth_at_counter(&crew.citizen);
    let filed = crew.citizen.submit(submit.clone()).await.expect("filed");
    let other_content = SubmitDossierRequest { channel: Channel::Post.into(), ..submit };
    refused(crew.citizen.submit(other_content).await).is(Code::AlreadyExists, "COMMAND_ID_REUSED");
    let claim =
        ClaimItemRequest { command: crew.clerk.meta(), dossier: filed.id.clone(), work_item: None };
    crew.clerk.desk().claim_item(claim.clone()).await.expect("claimed");
    crew.clerk.release(&filed.id).await.expect("released");
    let release = ReleaseItemRequest {
        command: claim.command.clone(),
        dossier: filed.id.clone(),
        work_item: None,
    };
    refused(crew.clerk.desk().release_item(release).await)
        .is(Code::AlreadyExists, "COMMAND_ID_REUSED");
    world.restart().await;
    let colleague = world.client(&CLERK_2);
    refused(colleague.desk().claim_item(claim).await).is(Code::AlreadyExists, "COMMAND_ID_REUSED");
}

#[tokio::test]
async fn a_refusal_is_not_kept_so_the_same_command_may_succeed_later() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::birth_at_counter(&crew.citizen)).await.expect("filed");
    let accept = accept(&crew, &filed.id);
    refused(crew.clerk.desk().accept_dossier(accept.clone()).await)
        .is(Code::FailedPrecondition, "REVIEW_INCOMPLETE");
    crew.clerk.accept_rest(&filed.id).await.expect("checked");
    let accepted = crew.clerk.desk().accept_dossier(accept).await.expect("accepted").into_inner();
    assert!(!accepted.repeat);
    assert_eq!(accepted.dossier.expect("a dossier").code, "H49.61.05-261005-0001");
}

#[tokio::test]
async fn a_stale_version_is_aborted_with_the_present_state() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::birth_at_counter(&crew.citizen)).await.expect("filed");
    crew.clerk.accept_rest(&filed.id).await.expect("checked");
    let mut accept = accept(&crew, &filed.id);
    accept.command.as_mut().expect("a command").expected_version = Some(1);
    refused(crew.clerk.desk().accept_dossier(accept.clone()).await)
        .is(Code::Aborted, "VERSION_STALE")
        .says("retry", "reload")
        .says("expected", "1")
        .says("actual", "2")
        .says("state", "intake")
        .says("last_act", "decide_items")
        .says("last_actor", CLERK.id)
        .says("dossier", &filed.id);
    accept.command.as_mut().expect("a command").expected_version = Some(2);
    crew.clerk.desk().accept_dossier(accept).await.expect("the version is right");
}

#[tokio::test]
async fn of_many_concurrent_commands_on_one_version_one_wins_and_none_is_lost() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::birth_at_counter(&crew.citizen)).await.expect("filed");
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let client = crew.clerk.clone();
        let mut claim =
            ClaimItemRequest { command: client.meta(), dossier: filed.id.clone(), work_item: None };
        claim.command.as_mut().expect("a command").expected_version = Some(filed.version);
        racing.spawn(async move { client.desk().claim_item(claim).await });
    }
    let outcomes = racing.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.into_iter().filter(Result::is_err) {
        refused(outcome).is(Code::Aborted, "VERSION_STALE");
    }
    assert_eq!(crew.clerk.get(&filed.id).await.expect("seen").version, filed.version + 1);
}

#[tokio::test]
async fn a_refusal_says_the_state_since_when_by_whom_what_is_offered_and_whether_to_retry() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::birth_at_counter(&crew.citizen)).await.expect("filed");
    world.at("2026-10-05T09:40:00+07:00");
    crew.clerk.accept_rest(&filed.id).await.expect("checked");
    let refusal = refused(crew.leader.sign(&filed.id).await);
    refusal
        .is(Code::FailedPrecondition, "ACT_NOT_OFFERED")
        .says("state", "intake")
        .says("status", "1")
        .says("state_name_vi", "Kiểm tra và tiếp nhận")
        .says("last_act", "decide_items")
        .says("last_actor", CLERK.id)
        .says("last_actor_role", "reception_clerk")
        .says("retry", "after_change");
    let since = instant(&refusal.metadata["since"]);
    assert_eq!(since, instant("2026-10-05T09:00:00+07:00"), "in this state since the filing");
    assert_eq!(instant(&refusal.metadata["last_at"]), instant("2026-10-05T09:40:00+07:00"));
    let offered = &refusal.metadata["offered"];
    for act in ["accept", "request_supplement", "withdraw"] {
        assert!(offered.contains(act), "{act} in {offered}");
    }
    assert!(!refusal.message.is_empty() && !refusal.message_vi.is_empty());
    refused(crew.head.advance(&filed.id, "propose_refusal").await)
        .is(Code::PermissionDenied, "ROLE_REQUIRED")
        .says("retry", "by_another");
    refused(crew.clerk.advance(&filed.id, "fly").await)
        .is(Code::FailedPrecondition, "ACT_NOT_OFFERED");
    let mut claim = ClaimItemRequest {
        command: crew.clerk.meta(),
        dossier: filed.id.clone(),
        work_item: Some(99),
    };
    refused(crew.clerk.desk().claim_item(claim.clone()).await)
        .is(Code::FailedPrecondition, "ITEM_NOT_OPEN");
    claim.work_item = Some(1);
    claim.command = crew.clerk.meta();
    crew.clerk.desk().claim_item(claim).await.expect("the open one");
}

#[tokio::test]
async fn a_dossier_is_named_by_id_code_or_secret_alike() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.file(filing::birth_at_counter(&crew.citizen)).await.expect("filed");
    let id = filed.dossier.expect("a dossier").id;
    let accepted = crew.drive(&id, "handover").await;
    for name in [&id, &accepted.code, &filed.tracking_secret] {
        assert_eq!(crew.citizen.get(name).await.expect("found").id, id, "{name}");
        let (events, verdict) = crew.citizen.replay(name).await.expect("replayed");
        assert!(verdict.equal && !events.is_empty());
    }
    for wrong in ["H49.61.05-261005-9999", "00000000-0000-7000-8000-000000000000", "x"] {
        refused(crew.clerk.get(wrong).await).is(Code::NotFound, "NOT_FOUND");
    }
}
