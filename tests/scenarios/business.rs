//! Registration of a household business: the edge cases of 1.001612.

use motcua_api::v1::*;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{Client, World, filing, refused};
use serde_json::json;
use tonic::Code;

use crate::common::*;

const AT_COUNTER: &str = "registration-counter";
const REMOTE: &str = "registration-remote";

async fn filed(citizen: &Client, name: &str) -> DossierState {
    citizen.submit(filing::business_at_counter(citizen, name)).await.expect("filed")
}

#[tokio::test]
async fn three_working_days_are_counted_by_the_calendar() {
    for (received, due) in [
        ("2026-10-05T09:30:00+07:00", "2026-10-08"),
        ("2026-10-02T16:59:00+07:00", "2026-10-07"),
        ("2026-10-02T21:40:00+07:00", "2026-10-08"),
        ("2026-11-23T09:00:00+07:00", "2026-11-27"),
        ("2026-08-20T09:00:00+07:00", "2026-08-24"),
    ] {
        let world = World::start().await;
        let filing = async |client: &Client| filing::business_at_counter(client, "Quán Mai");
        let accepted = accepted(&world, filing, received).await;
        assert_eq!(due_on(&accepted), due, "received {received}");
    }
}

#[tokio::test]
async fn a_notice_of_amendment_is_a_result_and_gives_the_name_back() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let first = filed(&crew.citizen, "Quán Mai").await;
    crew.drive(&first.id, "examination").await;
    let reason = "Ngành nghề chưa ghi theo mã ngành cấp bốn.";
    let drafted = crew.specialist.refuse(&first.id, reason).await.expect("drafted");
    assert_eq!(drafted.outcome, "amendment_notice");
    let ready = crew.drive(&first.id, "completed").await;
    assert_eq!(ready.status(), Status::Completed);
    assert_eq!(ready.result.expect("issued").code, "KQ.G12.001009");
    assert_eq!(crew.drive(&first.id, "delivered").await.status(), Status::Delivered);

    let amended = filed(&crew.citizen, "Quán Mai").await;
    crew.drive(&amended.id, "delivered").await;
}

#[tokio::test]
async fn amended_papers_may_come_as_a_supplement_where_the_definition_offers_it() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let first = filed(&crew.citizen, "Quán Mai").await;
    let examined = crew.drive(&first.id, "examination").await;
    let seen = crew.specialist.get(&examined.id).await.expect("seen");
    let acts = offered(&seen);
    assert!(acts.contains(&"refuse") && acts.contains(&"request_supplement"), "{acts:?}");
    crew.specialist
        .reject(&examined.id, &[("field:trades", "Chưa ghi mã ngành")])
        .await
        .expect("rejected");
    let asked = crew
        .specialist
        .request_supplement(&examined.id, &[("field:trades", "Ghi theo mã ngành cấp bốn")])
        .await;
    assert_eq!(asked.expect("asked").status(), Status::SupplementRequired);
    let trades = json!({ "trades": [{ "code": "4711", "name": "Bán lẻ lương thực" }] });
    let answered = crew.citizen.supplement(&examined.id, &trades.to_string(), vec![]).await;
    assert_eq!(answered.expect("answered").state, "examination");
    crew.drive(&examined.id, "delivered").await;
}

#[tokio::test]
async fn of_two_communes_that_receive_a_name_on_one_day_one_gets_it_and_both_keep_their_queue() {
    let world = World::start().await;
    let citizen = world.client(&MAI);
    let mut desks = Vec::new();
    for (centre, clerk, cashier, name) in [
        (CENTRE, &CLERK, &CASHIER, "Quán Hoa Ban"),
        (ISLAND_CENTRE, &ISLAND_CLERK, &ISLAND_CASHIER, "  quán   HOA ban "),
    ] {
        let (clerk, cashier) = (world.client(clerk), world.client(cashier));
        let mut request = filing::business_at_counter(&citizen, name);
        request.receiving_unit = centre.into();
        let filed = citizen.submit(request).await.expect("filed");
        clerk.accept_rest(&filed.id).await.expect("checked");
        cashier.pay(&filed.id, AT_COUNTER, 50_000, &format!("BL {centre}")).await.expect("paid");
        desks.push((clerk, filed.id));
    }
    let [(ward, in_ward), (island, on_island)] = desks.as_slice() else { panic!("two desks") };
    let (first, second) = tokio::join!(ward.accept(in_ward), island.accept(on_island));
    let (winner, loser, loser_id, outcome) = match (first, second) {
        (Ok(_), second) => (ward, island, on_island, second),
        (first, Ok(_)) => (island, ward, in_ward, first),
        neither => panic!("one of them gets the name: {neither:?}"),
    };
    refused(outcome).is(Code::FailedPrecondition, "NAME_TAKEN").says("retry", "corrected");
    let queue = loser.queue(Queue::ToReceive).await.expect("listed");
    assert_eq!(queue.total_size, 1, "the dossier stays in its own queue");
    assert_eq!(queue.rows[0].dossier, *loser_id);
    assert_eq!(winner.queue(Queue::ToReceive).await.expect("listed").total_size, 0);

    // Another name within the same dossier is the way out.
    let field = [("field:business_name", "Tên đã có hộ khác đăng ký")];
    loser.reject(loser_id, &field).await.expect("rejected");
    loser.request_supplement(loser_id, &field).await.expect("asked");
    let renamed = r#"{"business_name":"Quán Hoa Sim"}"#;
    citizen.supplement(loser_id, renamed, vec![]).await.expect("renamed");
    let accepted = loser.accept(loser_id).await.expect("free name");
    assert_eq!(accepted.status(), Status::Received);
    assert!(accepted.code.ends_with("-0001"), "the refusal used no number up: {}", accepted.code);
}

#[tokio::test]
async fn the_certificate_does_not_wait_for_the_tax_code_which_is_appended_later() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let first = filed(&crew.citizen, "Quán Mai").await;
    let ready = crew.drive(&first.id, "completed").await;
    assert_eq!(ready.status(), Status::Completed, "no tax code was needed");
    let record = async |data: &str| {
        crew.specialist.advance_with(&ready.id, "record_tax_code", "", data).await
    };
    refused(record(r#"{"tax_code":"12"}"#).await)
        .is(Code::InvalidArgument, "FORM_INVALID")
        .names("data/tax_code");
    refused(record("").await).is(Code::InvalidArgument, "FORM_INVALID");
    let appended = record(r#"{"tax_code":"5701234567"}"#).await.expect("appended");
    assert_eq!((appended.state.as_str(), appended.version), ("completed", ready.version + 1));
    let (events, verdict) = crew.specialist.replay(&ready.id).await.expect("replayed");
    assert!(verdict.equal);
    let last = format!("{:?}", events.last());
    assert!(last.contains("data.tax_code") && last.contains("5701234567"), "{last}");
    crew.drive(&ready.id, "delivered").await;
}

#[tokio::test]
async fn the_fee_depends_on_the_channel_and_is_due_at_reception() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let at_counter = filed(&crew.citizen, "Quán Mai").await;
    let online = crew.citizen.submit(filing::business_online(&crew.citizen, "Quán Bình").await);
    let online = online.await.expect("filed");
    for (dossier, fee, amount) in [(&at_counter, AT_COUNTER, 50_000), (&online, REMOTE, 150_000)] {
        let owed: Vec<_> = dossier.fees.iter().map(|fee| (fee.id.as_str(), fee.amount)).collect();
        assert_eq!(owed, [(fee, amount)]);
        crew.clerk.accept_rest(&dossier.id).await.expect("checked");
        refused(crew.clerk.accept(&dossier.id).await)
            .is(Code::FailedPrecondition, "FEE_UNPAID")
            .names(&format!("fee:{fee}"));
        crew.drive(&dossier.id, "handover").await;
    }
}

#[tokio::test]
async fn a_payment_counts_once_for_its_reference() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let first = filed(&crew.citizen, "Quán Mai").await;
    let id = first.id.as_str();
    refused(crew.cashier.pay(id, AT_COUNTER, 40_000, "BL-1").await)
        .is(Code::FailedPrecondition, "PAYMENT_MISMATCH");
    refused(crew.cashier.pay(id, "no-such-fee", 50_000, "BL-1").await)
        .is(Code::FailedPrecondition, "PAYMENT_MISMATCH");
    let paid = crew.cashier.pay(id, AT_COUNTER, 50_000, "BL-1").await.expect("paid");
    let again = crew.cashier.pay(id, AT_COUNTER, 50_000, "BL-1").await.expect("known");
    assert_eq!(again.version, paid.version, "the same reference is the same payment");
    refused(crew.cashier.pay(id, AT_COUNTER, 50_000, "BL-2").await)
        .is(Code::FailedPrecondition, "PAYMENT_MISMATCH");
    let fee = &again.fees[0];
    assert_eq!((fee.paid, fee.external_reference.as_str()), (true, "BL-1"));
}

#[tokio::test]
async fn a_refused_dossier_keeps_its_payment_and_gives_no_money_back() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let head = world.client(&HEAD_OF_CENTRE);
    let first = filed(&crew.citizen, "Quán Mai").await;
    let id = first.id.as_str();
    crew.cashier.pay(id, AT_COUNTER, 50_000, "BL-7").await.expect("paid");
    crew.clerk.advance(id, "propose_refusal").await.expect("proposed");
    let closed = head.refuse(id, "Chủ hộ thuộc diện bị cấm kinh doanh.").await.expect("refused");
    assert_eq!(closed.status(), Status::NotAccepted);
    assert!(closed.fees[0].paid, "the payment stays linked");
    assert_eq!(closed.fees[0].external_reference, "BL-7");

    let second = filed(&crew.citizen, "Quán Bình").await;
    let id = second.id.as_str();
    crew.drive(id, "examination").await;
    crew.citizen.withdraw(id).await.expect("asked");
    crew.clerk.stop(id, "Theo yêu cầu của chủ hộ.").await.expect("granted");
    let form = crew.citizen.form(id, 5).await.expect("form 05");
    assert_eq!(form["money"][0]["amount"], 50_000);
    assert_eq!(form["money"][0]["to_return"], false);
}

#[tokio::test]
async fn documents_depend_on_the_founder_and_the_proxy() {
    let world = World::start().await;
    let citizen = world.client(&MAI);
    let members = json!([
        { "name": "Nguyễn Thị Mai", "birth_date": "1998-11-03" },
        { "name": "Trần Văn Bình", "birth_date": "1996-04-12" },
    ]);
    let family = json!({ "registered_by": "family_members", "members": members });
    let without_identity =
        json!({ "proxy_kind": "person", "principal_has_electronic_identity": false });
    for (variant, changes, documents) in [
        ("individual", json!({}), &["D1"][..]),
        ("family_members", family, &["D1", "D2"]),
        ("individual", json!({ "proxy_kind": "person" }), &["D1", "D3a"]),
        ("individual", json!({ "proxy_kind": "organisation" }), &["D1", "D3b1", "D3b2"]),
        ("individual", json!({ "proxy_kind": "public_post" }), &["D1", "D3c"]),
        ("individual", json!({ "proxy_kind": "other_post" }), &["D1", "D3d1", "D3d2"]),
        ("individual", without_identity, &["D1", "D3a", "D4"]),
    ] {
        let request = filing::business_at_counter(&citizen, "Quán Mai");
        let mut request = filing::with_form(request, changes.clone());
        request.variant = variant.into();
        let filed = citizen.submit(request).await.unwrap_or_else(|s| panic!("{changes}: {s:?}"));
        assert_eq!(required(&filed), documents, "{changes}");
    }
}

#[tokio::test]
async fn a_proxy_whom_the_form_does_not_mention_brings_the_papers_of_a_proxy_too() {
    let world = World::start().await;
    let citizen = world.client(&MAI);
    for (has_identity, documents) in [(true, &["D1", "D3a"][..]), (false, &["D1", "D3a", "D4"])] {
        let request = filing::business_at_counter(&citizen, "Quán Mai");
        let identity = json!({ "principal_has_electronic_identity": has_identity });
        let mut request = filing::with_form(request, identity);
        request.persons.push(filing::binh_as_proxy());
        let filed = citizen.submit(request).await.expect("filed");
        assert_eq!(required(&filed), documents, "electronic identity: {has_identity}");
    }
}

#[tokio::test]
async fn members_of_a_household_are_named_exactly_when_they_register() {
    let world = World::start().await;
    let citizen = world.client(&MAI);
    for (variant, changes) in [
        ("family_members", json!({ "registered_by": "family_members" })),
        (
            "individual",
            json!({ "members": [
            { "name": "A", "birth_date": "1998-11-03" },
            { "name": "B", "birth_date": "1996-04-12" },
        ] }),
        ),
    ] {
        let request = filing::business_at_counter(&citizen, "Quán Mai");
        let mut request = filing::with_form(request, changes);
        request.variant = variant.into();
        refused(citizen.submit(request).await).is(Code::InvalidArgument, "FORM_INVALID");
    }
}

#[tokio::test]
async fn a_business_comes_by_post_and_pays_what_remote_filings_pay() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let mut request = filing::business_at_counter(&crew.citizen, "Quán Mai");
    request.channel = Channel::Post.into();
    let filed = crew.citizen.submit(request).await.expect("filed");
    let fees: Vec<_> = filed.fees.iter().map(|fee| (fee.id.as_str(), fee.amount)).collect();
    assert_eq!(fees, [(REMOTE, 150_000)]);
    crew.drive(&filed.id, "delivered").await;
}

#[tokio::test]
async fn another_commune_of_the_province_takes_a_filing_in_for_the_commune_of_the_seat() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let (clerk, cashier) = (world.client(&ISLAND_CLERK), world.client(&ISLAND_CASHIER));
    let mut request = filing::business_at_counter(&crew.citizen, "Quán Mai");
    request.receiving_unit = ISLAND_CENTRE.into();
    request.competent_unit = WARD.into();
    let filed = crew.citizen.submit(request).await.expect("filed");
    let id = filed.id.as_str();
    clerk.accept_rest(id).await.expect("checked");
    cashier.pay(id, AT_COUNTER, 50_000, "BL 1").await.expect("paid");
    let accepted = clerk.accept(id).await.expect("accepted");
    assert_eq!((accepted.state.as_str(), item(&accepted).unit.as_str()), ("handover", WARD));
    let filing = accepted.filing.expect("filed");
    assert_eq!(
        (filing.receiving_unit.as_str(), filing.competent_unit.as_str()),
        (ISLAND_CENTRE, WARD)
    );
}
