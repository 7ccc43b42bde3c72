//! Who may do what: every other role, unit and citizen is refused, and nothing changes.

use std::time::Duration;

use motcua_api::v1::*;
use motcua_procedures::Role;
use motcua_server::TokenKey;
use motcua_tests::client::Acted;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{Client, Refused, World, filing, refused};
use tonic::{Code, Status};

/// Tries an act on a dossier, with arguments that would be right.
async fn attempt(client: &Client, act: &str, id: &str) -> Acted {
    let item = [("document:D1", "Chưa hợp lệ")];
    match act {
        "decide_items" => client.accept_rest(id).await,
        "record_lookup" => client.look_up(id, "D6", "population", true).await,
        "accept" => client.accept(id).await,
        "request_supplement" => client.request_supplement(id, &item).await,
        "supplement" => client.supplement(id, "", vec![filing::paper("D1")]).await,
        "refuse" => client.refuse(id, "Không đủ điều kiện.").await,
        "assign" => client.assign(id, SPECIALIST.id).await,
        "claim" => client.claim(id).await,
        "release" => client.release(id).await,
        "hand_over" => client.hand_over(id, "", SPECIALIST.id).await,
        "pay" => client.pay(id, "registration-counter", 50_000, "BL-1").await,
        "sign" => client.sign(id).await,
        "issue" => client.issue(id, "1/2026", "2026-10-05").await,
        "complete" => client.complete(id).await,
        "deliver" => client.deliver(id, &[MAI.id], &[]).await,
        "withdraw" => client.withdraw(id).await,
        "decline_withdrawal" => client.decline_withdrawal(id).await,
        "apologise" => client.apologise(id, "2026-10-09").await,
        "stop" => client.stop(id, "Theo quyết định.").await,
        action => client.advance(id, action).await,
    }
}

/// Everybody but `allowed` is refused, and the dossier stays as it was.
async fn refused_to_others(world: &World, id: &str, act: &str, allowed: &[&Who]) {
    let auditor = world.client(&AUDITOR);
    let before = auditor.get(id).await.expect("auditors see every dossier").version;
    for who in EVERYONE {
        if allowed.contains(&who) {
            continue;
        }
        let outcome = refused(attempt(&world.client(who), act, id).await);
        let denied = [Code::PermissionDenied, Code::NotFound];
        assert!(denied.contains(&outcome.code), "{act} by {}: {outcome:?}", who.id);
        let sees = world.client(who).get(id).await.is_ok();
        assert_eq!(outcome.code == Code::PermissionDenied, sees, "{act} by {}", who.id);
    }
    let after = auditor.get(id).await.expect("seen").version;
    assert_eq!(before, after, "{act} changed something");
}

/// Each act in its step, and who may do it.
#[tokio::test]
async fn every_act_is_refused_to_every_other_role_unit_and_citizen() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::birth_at_counter(&crew.citizen)).await.expect("filed");
    let id = filed.id.as_str();
    let clerks = [&CLERK, &CLERK_2];
    let specialists = [&SPECIALIST, &SPECIALIST_2];
    for act in ["decide_items", "record_lookup", "claim", "request_supplement", "propose_refusal"] {
        refused_to_others(&world, id, act, &clerks).await;
    }
    refused_to_others(&world, id, "accept", &clerks).await;
    refused_to_others(&world, id, "assign", &[&HEAD_OF_CENTRE]).await;
    refused_to_others(&world, id, "hand_over", &[&CLERK, &CLERK_2, &HEAD_OF_CENTRE]).await;
    refused_to_others(&world, id, "release", &[&CLERK, &CLERK_2, &HEAD_OF_CENTRE]).await;
    refused_to_others(&world, id, "withdraw", &[&MAI]).await;
    crew.drive(id, "handover").await;
    refused_to_others(&world, id, "take_over", &specialists).await;
    crew.drive(id, "examination").await;
    for act in ["draft_result", "refuse", "request_supplement", "return_to_reception"] {
        refused_to_others(&world, id, act, &specialists).await;
    }
    refused_to_others(&world, id, "stop", &[&LEADER]).await;
    refused_to_others(&world, id, "apologise", &[&HEAD, &LEADER]).await;
    crew.citizen.withdraw(id).await.expect("asked");
    let deciders = [&CLERK, &CLERK_2, &HEAD_OF_CENTRE];
    refused_to_others(&world, id, "stop", &deciders).await;
    refused_to_others(&world, id, "decline_withdrawal", &[&CLERK, &CLERK_2, &HEAD_OF_CENTRE, &MAI])
        .await;
    crew.clerk.decline_withdrawal(id).await.expect("declined");
    crew.drive(id, "register").await;
    refused_to_others(&world, id, "submit_for_signature", &specialists).await;
    crew.drive(id, "signature").await;
    refused_to_others(&world, id, "sign", &[&LEADER]).await;
    crew.drive(id, "issuing").await;
    refused_to_others(&world, id, "issue", &[&RECORDS]).await;
    crew.drive(id, "issued").await;
    refused_to_others(&world, id, "complete", &[&RETURNER]).await;
    crew.drive(id, "completed").await;
    refused_to_others(&world, id, "deliver", &[&RETURNER]).await;
}

#[tokio::test]
async fn supplements_confirmations_and_payments_are_refused_to_others_too() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let business = crew.citizen.submit(filing::business_at_counter(&crew.citizen, "Quán")).await;
    let id = business.expect("filed").id;
    refused_to_others(&world, &id, "pay", &[&CASHIER]).await;
    crew.clerk.reject(&id, &[("document:D1", "Thiếu chữ ký")]).await.expect("rejected");
    crew.clerk.request_supplement(&id, &[("document:D1", "Ký")]).await.expect("asked");
    refused_to_others(&world, &id, "supplement", &[&MAI]).await;

    let birth = crew.citizen.submit(filing::birth_online(&crew.citizen).await).await;
    let waiting = crew.drive(&birth.expect("filed").id, "applicant_confirms").await;
    refused_to_others(&world, &waiting.id, "confirm", &[&MAI]).await;
    let proposed = crew.citizen.submit(filing::birth_at_counter(&crew.citizen)).await;
    let id = proposed.expect("filed").id;
    crew.clerk.advance(&id, "propose_refusal").await.expect("proposed");
    refused_to_others(&world, &id, "refuse", &[&HEAD_OF_CENTRE]).await;
}

#[tokio::test]
async fn a_clerk_acts_for_the_citizen_whom_they_attest_and_for_nobody_else() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let birth = crew.citizen.submit(filing::birth_online(&crew.citizen).await).await;
    let waiting = crew.drive(&birth.expect("filed").id, "applicant_confirms").await;
    let (clerk, island) = (&crew.clerk, world.client(&ISLAND_CLERK));
    refused(clerk.attesting(STRANGER.id).advance(&waiting.id, "confirm").await)
        .is(Code::PermissionDenied, "ROLE_REQUIRED");
    refused(island.attesting(MAI.id).advance(&waiting.id, "confirm").await)
        .is(Code::NotFound, "NOT_FOUND");
    let confirmed = clerk.attesting(MAI.id).advance(&waiting.id, "confirm").await;
    let actor = confirmed.expect("attested").last_act.and_then(|act| act.actor).expect("an actor");
    assert_eq!((actor.id.as_str(), actor.acting_for.as_str()), (CLERK.id, MAI.id));
}

#[tokio::test]
async fn each_reads_what_is_theirs() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed =
        crew.citizen.submit(filing::birth_online(&crew.citizen).await).await.expect("filed");
    let id = filed.id.as_str();
    for (who, full) in [
        (&MAI, true),
        (&CLERK, true),
        (&SPECIALIST, true),
        (&LEADER, true),
        (&STRANGER, false),
        (&BINH, false),
        (&ISLAND_CLERK, false),
        (&PROVINCE_CLERK, false),
        (&ADMIN, false),
        (&PORTAL, false),
    ] {
        let client = world.client(who);
        let (basic, personal) = (client.get(id).await, client.get_full(id).await);
        let replay = client.replay(id).await;
        if full {
            assert!(basic.expect("seen").personal.is_none());
            let personal = personal.expect("seen").personal.expect("asked for");
            assert_eq!(personal.persons[0].full_name, "Nguyễn Thị Mai");
            assert!(replay.is_ok(), "{}", who.id);
        } else {
            refused(basic).is(Code::NotFound, "NOT_FOUND");
            refused(personal).is(Code::NotFound, "NOT_FOUND");
            refused(replay).is(Code::NotFound, "NOT_FOUND");
        }
    }
    let auditor = world.client(&AUDITOR);
    assert!(auditor.get(id).await.expect("seen").personal.is_none());
    refused(auditor.get_full(id).await).is(Code::PermissionDenied, "PERMISSION_DENIED");
    refused(auditor.form(id, 1).await).is(Code::PermissionDenied, "PERMISSION_DENIED");
    let (events, _) = auditor.replay(id).await.expect("replayed");
    let streamed = auditor.chain(&format!("dossier:{id}")).await.expect("read as a chain");
    assert_eq!(streamed.len(), events.len());
    let shown = format!("{events:?} {streamed:?}");
    for secret in ["Nguyễn Thị Mai", filing::MAI_NUMBER, filing::MAI_PHONE, "An Nhiên"] {
        assert!(!shown.contains(secret), "{secret} is masked from auditors");
    }
}

#[tokio::test]
async fn reading_personal_values_is_recorded_for_staff_and_not_for_the_citizen() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed =
        crew.citizen.submit(filing::birth_online(&crew.citizen).await).await.expect("filed");
    crew.citizen.get_full(&filed.id).await.expect("her own");
    crew.clerk.get(&filed.id).await.expect("without names");
    let chain = format!("acc:{}", filed.id);
    let auditor = world.client(&AUDITOR);
    assert!(auditor.chain(&chain).await.expect("read").is_empty());
    crew.clerk.get_full(&filed.id).await.expect("with names");
    let reads = auditor.chain(&chain).await.expect("read");
    assert_eq!(reads.len(), 1);
    assert!(format!("{reads:?}").contains(CLERK.id));
}

#[tokio::test]
async fn registers_and_chains_are_closed_to_everyone_else() {
    let world = World::start().await;
    for who in EVERYONE {
        let client = world.client(who);
        let mut outcomes: Vec<Option<Status>> = Vec::new();
        if *who != ADMIN {
            let content = b"{}".to_vec();
            let load = LoadCalendarRequest { content: content.clone() };
            outcomes.push(client.deadlines().load_calendar(load).await.err());
            outcomes.push(client.admin().load_units(LoadUnitsRequest { content }).await.err());
            let source = b"procedure: x".to_vec();
            let publish = PublishProcedureRequest { source, ..Default::default() };
            outcomes.push(client.procedures().publish_procedure(publish).await.err());
        }
        if *who != AUDITOR {
            outcomes.push(client.chain("sys:search").await.err());
            if *who != ADMIN {
                let info = client.admin().get_server_info(GetServerInfoRequest {}).await;
                outcomes.push(info.err());
                let parked = ListParkedTimersRequest::default();
                outcomes.push(client.admin().list_parked_timers(parked).await.err());
            }
        }
        for outcome in outcomes {
            let status = outcome.unwrap_or_else(|| panic!("{} was let in", who.id));
            Refused::of(&status).is(Code::PermissionDenied, "PERMISSION_DENIED");
        }
    }
}

#[tokio::test]
async fn administrators_hold_no_business_rights() {
    let world = World::start().await;
    let admin = world.client(&ADMIN);
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::birth_at_counter(&crew.citizen)).await.expect("filed");
    refused(admin.get(&filed.id).await).is(Code::NotFound, "NOT_FOUND");
    refused(admin.queue(Queue::ToReceive).await).is(Code::PermissionDenied, "PERMISSION_DENIED");
    let by = search_dossiers_request::By::Name("Mai".into());
    refused(admin.search(by).await).is(Code::PermissionDenied, "PERMISSION_DENIED");
}

#[tokio::test]
async fn a_call_without_a_genuine_token_is_unauthenticated() {
    let world = World::start().await;
    refused(world.anonymous().get("x").await).is(Code::Unauthenticated, "TOKEN_MISSING");
    let forger = TokenKey::ephemeral().expect("a key");
    let ttl = Duration::from_secs(60);
    let forged = forger.issue(MAI.id, None, &[Role::Applicant], ttl).expect("a token");
    let genuine = world.token(&MAI);
    let altered = alter_claims(&genuine);
    let unsigned = format!("{}.", genuine.rsplit_once('.').expect("three parts").0);
    for token in [&forged, &altered, &unsigned, "nonsense"] {
        let client = world.client_with_token("x", token);
        refused(client.get("x").await).is(Code::Unauthenticated, "TOKEN_INVALID");
    }
    let expired = world.expired_token(&MAI);
    refused(world.client_with_token(MAI.id, &expired).get("x").await)
        .is(Code::Unauthenticated, "TOKEN_EXPIRED");
}

/// The same token with one letter of its claims changed.
fn alter_claims(token: &str) -> String {
    let start = token.find('.').expect("three parts") + 10;
    let mut bytes = token.as_bytes().to_vec();
    bytes[start] = if bytes[start] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).expect("ASCII")
}

#[tokio::test]
async fn the_acting_role_comes_from_the_token_and_is_named_where_there_are_several() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::birth_at_counter(&crew.citizen)).await.expect("filed");
    let id = filed.id.as_str();
    refused(crew.specialist.acting_as("signing_leader").claim(id).await)
        .is(Code::PermissionDenied, "ROLE_NOT_HELD");
    refused(crew.clerk.acting_as("system").accept(id).await)
        .is(Code::PermissionDenied, "ROLE_NOT_HELD");
    let both =
        Who { id: CLERK.id, unit: Some(CENTRE), roles: &[Role::ReceptionClerk, Role::Cashier] };
    let client = world.client(&both);
    refused(client.accept_rest(id).await)
        .is(Code::InvalidArgument, "INVALID_REQUEST")
        .names("command.acting_role");
    client.acting_as("reception_clerk").accept_rest(id).await.expect("as a clerk");
    refused(client.acting_as("cashier").accept(id).await)
        .is(Code::PermissionDenied, "ROLE_REQUIRED");
}
