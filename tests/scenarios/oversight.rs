//! What a unit answers for beyond its own desks: appointments while others work, papers that were
//! never filed, and payments over all dossiers.

use motcua_api::v1::*;
use motcua_engine::{Caller, limits};
use motcua_store::contract::DossierKey;
use motcua_tests::files::{png, sha256};
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{Client, World, filing, refused, until};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::Code;

async fn is_listed(client: &Client, queue: Queue, dossier: &str) -> bool {
    let page = client.queue(queue).await.expect("a queue of the desk");
    assert_eq!(page.total_size, page.rows.len() as u64);
    page.rows.iter().any(|row| row.dossier == dossier)
}

/// A marriage whose verification lies with the island.
async fn being_verified(crew: &Crew) -> String {
    let filed = crew.citizen.submit(filing::marriage_at_counter(&crew.citizen)).await;
    let id = crew.drive(&filed.expect("filed").id, "examination").await.id;
    crew.specialist.look_up(&id, "D4a", "civil_status", false).await.expect("recorded");
    crew.specialist.look_up(&id, "D4b", "civil_status", true).await.expect("recorded");
    let asked = crew.specialist.advance_with(&id, "request_verification", ISLAND, "").await;
    assert_eq!(asked.expect("asked").state, "verification");
    id
}

#[tokio::test]
async fn leaders_see_in_their_queues_what_another_commune_is_late_with() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let leads = [world.client(&HEAD), world.client(&LEADER)];
    let others = [world.client(&SPECIALIST), world.client(&CLERK), world.client(&HEAD_OF_CENTRE)];
    let id = being_verified(&crew).await;
    for (at, due, late) in [
        ("2026-10-07T12:00:00+07:00", false, false),
        ("2026-10-08T12:00:00+07:00", true, false),
        ("2026-10-09T08:00:00+07:00", false, true),
    ] {
        world.at(at);
        world.fire_timers().await;
        for lead in &leads {
            assert_eq!(is_listed(lead, Queue::DueToday, &id).await, due, "due today at {at}");
            assert_eq!(is_listed(lead, Queue::Late, &id).await, late, "late at {at}");
            assert!(!is_listed(lead, Queue::Unclaimed, &id).await, "nobody here can take it up");
        }
        for other in &others {
            assert!(!is_listed(other, Queue::DueToday, &id).await);
            assert!(!is_listed(other, Queue::Late, &id).await);
        }
    }
    let row = leads[1].queue(Queue::Late).await.expect("listed").rows.remove(0);
    let item = row.item.expect("the item that is late");
    assert_eq!((item.unit.as_str(), item.late), (ISLAND, true));
    leads[1].advance(&id, "go_on_without_answer").await.expect("the leader can act on it");
    assert!(world.client(&SPECIALIST).get(&id).await.is_ok_and(|seen| seen.state == "examination"));
}

#[tokio::test]
async fn a_history_keeps_nothing_by_which_a_business_name_can_be_tried_out() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let request = filing::business_at_counter(&crew.citizen, "Phở Cô Lan");
    let filed = crew.citizen.submit(request).await.expect("filed");
    crew.drive(&filed.id, "handover").await;
    let (events, verdict) = world.client(&AUDITOR).replay(&filed.id).await.expect("replayed");
    assert!(verdict.equal);
    let history = format!("{events:?} {}", verdict.state_json);
    assert!(history.contains("household_business_name/"), "the name is held");
    for guess in ["phở cô lan", "Phở Cô Lan", "phở\ncô\nlan"] {
        assert!(!history.contains(&sha256(guess.as_bytes())), "{guess} can be recognised");
    }
}

#[tokio::test]
async fn one_bank_transfer_pays_one_dossier_of_a_centre() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let island = world.client(&ISLAND_CASHIER);
    let mut filed = Vec::new();
    for name in ["Quán Một", "Quán Hai", "Quán Ba"] {
        let mut request = filing::business_at_counter(&crew.citizen, name);
        if name == "Quán Ba" {
            request.receiving_unit = ISLAND_CENTRE.into();
        }
        filed.push(crew.citizen.submit(request).await.expect("filed").id);
    }
    let fee = "registration-counter";
    crew.cashier.pay(&filed[0], fee, 50_000, "FT-2610-77").await.expect("paid");
    crew.cashier.pay(&filed[0], fee, 50_000, "FT-2610-77").await.expect("known");
    let refusal = refused(crew.cashier.pay(&filed[1], fee, 50_000, " FT-2610-77 ").await);
    refusal.is(Code::FailedPrecondition, "PAYMENT_MISMATCH");
    assert!(!format!("{refusal:?}").contains(&filed[0]), "the other dossier is not revealed");
    assert!(!crew.cashier.get(&filed[1]).await.expect("seen").fees[0].paid);
    crew.cashier.pay(&filed[1], fee, 50_000, "FT-2610-78").await.expect("with its own");
    island.pay(&filed[2], fee, 50_000, "FT-2610-77").await.expect("another agency's vouchers");

    // It stays used when its dossier has ended.
    let accepted = crew.drive(&filed[0], "completed").await;
    crew.drive(&accepted.id, "delivered").await;
    let request = filing::business_at_counter(&crew.citizen, "Quán Bốn");
    let last = crew.citizen.submit(request).await.expect("filed").id;
    refused(crew.cashier.pay(&last, fee, 50_000, "FT-2610-77").await)
        .is(Code::FailedPrecondition, "PAYMENT_MISMATCH");
}

#[tokio::test]
async fn of_dossiers_that_race_for_one_payment_reference_one_is_paid() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    for round in 0..4 {
        let mut paying = JoinSet::new();
        for place in 0..4 {
            let name = format!("Quán {round} {place}");
            let request = filing::business_at_counter(&crew.citizen, &name);
            let id = crew.citizen.submit(request).await.expect("filed").id;
            let cashier = world.client(&CASHIER);
            let reference = format!("FT-{round}");
            paying.spawn(async move {
                let paid = cashier.pay(&id, "registration-counter", 50_000, &reference).await;
                (id, paid)
            });
        }
        let mut paid = Vec::new();
        for (id, outcome) in paying.join_all().await {
            match outcome {
                Ok(_) => paid.push(id),
                refusal => {
                    refused(refusal).is(Code::FailedPrecondition, "PAYMENT_MISMATCH");
                    assert!(!crew.cashier.get(&id).await.expect("seen").fees[0].paid);
                }
            }
        }
        let [paid] = paid.as_slice() else { panic!("{paid:?} were paid by one transfer") };
        // Whoever has it is told so again; the others can be paid by another transfer.
        let reference = format!("FT-{round}");
        let again = crew.cashier.pay(paid, "registration-counter", 50_000, &reference).await;
        again.expect("known");
    }
}

fn caller(who: &Who) -> Caller {
    let unit = who.unit.map(str::to_owned);
    Caller { id: who.id.into(), unit, roles: who.roles.to_vec(), acting_for: None }
}

fn digests(request: &SubmitDossierRequest) -> Vec<String> {
    let mut uploads = Vec::new();
    for content in request.documents.iter().filter_map(|document| document.content.as_ref()) {
        if let document::Content::Upload(upload) = content {
            uploads.push(upload.sha256.clone());
        }
    }
    uploads
}

/// Lets the server throw away what has expired, until `gone`.
async fn expire(world: &World, what: &str, mut gone: impl AsyncFnMut() -> bool) {
    let (stop, stopped) = watch::channel(false);
    let engine = world.engine().clone();
    let working = tokio::spawn(async move { engine.run_workers(stopped).await });
    until(what, async || gone().await.then_some(())).await;
    stop.send(true).expect("the worker listens");
    working.await.expect("the worker did not panic");
}

#[tokio::test]
async fn files_that_nobody_filed_go_after_thirty_days_and_those_filed_stay() {
    let world = World::start().await;
    let citizen = world.client(&MAI);
    let filed = filing::birth_online(&citizen).await;
    let kept = digests(&filed);
    let id = citizen.submit(filed).await.expect("filed").id;
    let other = world.client(&BINH);
    let stray = other.upload("image/png", &png("never filed")).await.expect("uploaded");
    // The same contents as those filed, by somebody who does not file them.
    let mut late = filing::birth_online(&other).await;
    let folder = world.folder().join("documents/documents");
    let lies = |sha256: &str| folder.join(&sha256[..2]).join(sha256).exists();
    assert!(lies(&stray));
    world.at("2026-11-04T09:30:00+07:00");
    expire(&world, "the stray file to go", async || !lies(&stray)).await;

    let key = DossierKey::Id(id.parse().expect("a UUID"));
    for sha256 in &kept {
        let part = world.engine().read_document(&caller(&CLERK), &key, sha256, 0, 9).await;
        assert!(part.is_ok_and(|(bytes, ..)| bytes.len() == 9), "filed: it stays");
    }
    late.dossier = other.new_id().to_string();
    refused(other.submit(late).await)
        .is(Code::InvalidArgument, "INVALID_REQUEST")
        .names("document:D1e");
    let anew = filing::birth_online(&other).await;
    // The files are there again; it is only not this person's child.
    refused(other.submit(anew).await).is(Code::InvalidArgument, "FILING_INVALID").names("persons");
}

#[tokio::test]
async fn what_was_uploaded_and_not_filed_has_a_limit_in_bytes() {
    let world = World::start().await;
    let (engine, mai) = (world.engine(), caller(&MAI));
    let most = limits::UPLOADS_WAITING_BYTES_MAX;
    for _ in 0..most / limits::UPLOAD_BYTES_MAX {
        let size = limits::UPLOAD_BYTES_MAX;
        let begun = engine.begin_upload(&mai, world.new_id(), "application/pdf", size).await;
        begun.expect("below the limit");
    }
    let request = |size_bytes| BeginUploadRequest {
        upload_id: world.new_id().to_string(),
        media_type: "application/pdf".into(),
        size_bytes,
    };
    let client = world.client(&MAI);
    refused(client.dossiers().begin_upload(request(limits::UPLOAD_BYTES_MAX)).await)
        .is(Code::InvalidArgument, "INVALID_REQUEST")
        .names("size");
    let rest = most % limits::UPLOAD_BYTES_MAX;
    client.dossiers().begin_upload(request(rest)).await.expect("just within");
    let other = world.client(&BINH);
    other.dossiers().begin_upload(request(9)).await.expect("everyone has a limit of their own");
}
