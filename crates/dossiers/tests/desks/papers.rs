//! Papers: until when they may be filed, how long they are valid, who has seen them.

use motcua_dossiers::command::{
    Advance, Choose, Command, ItemName, RecordLookup, RequestSupplement, Supplement, SupplementItem,
};
use motcua_procedures::Role;
use serde_json::{Value, json};

use crate::desk::{Desk, advance, paper};
use crate::{PARALLEL, large};

const LICENCE: &str = include_str!("../../../../catalogue/driving-licence-exchange.yaml");

#[test]
fn a_time_to_file_that_ends_on_a_saturday_lasts_until_monday() {
    let window = "windows:\n  - { after: certificate_on, at_most: { amount: 90, \
                  unit: calendar_day }, ground: law }\n";
    let source = PARALLEL.replace("windows:\n", window);
    let mut form = large();
    form["certificate_on"] = json!("2026-07-12");
    let file = |at: &str| Desk::open(&source, at, form.clone()).file("large", &["D1"]);
    file("2026-10-12 08:00").expect("the 90th day is Saturday the 10th");
    let refusal = file("2026-10-13 08:00").expect_err("it is over on Tuesday");
    assert_eq!(refusal.violations[0].code, "WINDOW_CLOSED");
    form["certificate_on"] = json!("2019-07-12");
    let refusal = Desk::open(&source, "2026-10-12 08:00", form.clone()).file("large", &[]);
    let refusal = refusal.expect_err("years ago");
    assert_eq!(refusal.violations[0].code, "WINDOW_CLOSED", "{refusal:?}");
}

#[test]
fn a_paper_that_comes_with_a_supplement_is_valid_then() {
    let mut desk = Desk::filed(PARALLEL, "2026-10-05 09:00", "large", large(), &[]);
    let item = |item| SupplementItem { item, content: "Bổ sung".into() };
    let items = [ItemName::Document("D1".into()), ItemName::Field("certificate_on".into())];
    let items = items.into_iter().map(item).collect();
    let request = RequestSupplement { choose: Choose::default(), items };
    let request = Command::RequestSupplement(request);
    desk.by(Role::ReceptionClerk, "centre", request).expect("asked");
    let mut answer = |date: &str| {
        let form = json!({ "certificate_on": date });
        let answer = Supplement { form, documents: vec![paper("D1")] };
        desk.by(Role::ReceptionClerk, "centre", Command::Supplement(answer))
    };
    let refusal = answer("2025-01-01").expect_err("six months are over");
    let found: Vec<_> = refusal.violations.iter().map(|v| (&*v.subject, &*v.code)).collect();
    assert_eq!(found, [("document:D1", "NOT_VALID")]);
    answer("2026-09-15").expect("valid");
}

#[test]
fn papers_may_hang_on_money_and_on_answers() {
    let extra = "  - id: D2\n    name: { vi: Biên lai, en: Receipt }\n    kind: copy\n    \
                 hand_in: submit\n    copies: 1\n    when: fees.copying.paid\n    ground: law\nfees:\n";
    let source = PARALLEL.replacen("fees:\n", extra, 1);
    let mut desk = Desk::filed(&source, "2026-10-05 09:00", "large", large(), &["D1"]);
    let required = |desk: &Desk| -> Vec<String> {
        desk.dossier().required.iter().map(|required| required.id.clone()).collect()
    };
    assert_eq!(required(&desk), ["D1"]);
    let payment = motcua_dossiers::command::RecordPayment {
        fee: "copying".into(),
        amount: desk.dossier().fees["copying"].amount,
        external_reference: "BL-1".into(),
    };
    desk.by(Role::Cashier, "centre", Command::RecordPayment(payment)).expect("paid");
    assert_eq!(required(&desk), ["D1", "D2"]);
    // What is required stays so when a supplement is answered.
    let items = [ItemName::Document("D2".into()), ItemName::Field("pages".into())];
    let item = |item| SupplementItem { item, content: "Bổ sung".into() };
    let request = RequestSupplement {
        choose: Choose::default(),
        items: items.into_iter().map(item).collect(),
    };
    let request = Command::RequestSupplement(request);
    desk.by(Role::ReceptionClerk, "centre", request).expect("asked");
    let answer = Supplement { form: json!({ "pages": 3 }), documents: vec![paper("D2")] };
    desk.by(Role::ReceptionClerk, "centre", Command::Supplement(answer)).expect("answered");
    assert_eq!(required(&desk), ["D1", "D2"]);
}

/// The licence is verified; what was found decides where the dossier goes.
fn verified(finding: &str) -> String {
    let choice = "        to:\n          - { when: documents.L1.found, to: intake }\n          \
                  - { else: refusal_approval }\n        data:";
    let source = LICENCE.replacen("        to: intake\n        data:", choice, 1);
    assert_ne!(source, LICENCE);
    let mut desk = Desk::filed(&source, "2026-10-05 09:00", "ordinary", licence(), &[]);
    let lookup = RecordLookup {
        requirement: "L1".into(),
        registry: "licence_register".into(),
        found: false,
        answer: None,
    };
    desk.by(Role::ReceptionClerk, "centre", Command::RecordLookup(lookup)).expect("looked up");
    let ask = Advance { unit: Some("elsewhere".into()), ..advance("request_verification") };
    desk.by(Role::ReceptionClerk, "centre", Command::Advance(ask)).expect("asked");
    let data = match finding {
        "issued" => json!({ "finding": finding, "answered_on": "2026-10-05",
            "licence_number": "001234567890" }),
        _ => json!({ "finding": finding, "answered_on": "2026-10-05" }),
    };
    let answer = Advance { data: Some(data), ..advance("answer") };
    desk.by(Role::ConsultedAgency, "elsewhere", Command::Advance(answer)).expect("answered");
    desk.dossier().state.clone()
}

fn licence() -> Value {
    json!({ "full_name": "Nguyễn Văn An", "birth_date": "1990-01-01",
        "contact_phone": "0912345678", "licence_number": "220123456789", "holder": "citizen",
        "classes_a_b1_only": false, "integrated_licence_suspended": false,
        "data_papers_needed": false, "health_certificate_date": "2026-06-01",
        "deliver_to": "post" })
}

#[test]
fn a_finding_that_the_act_confirms_leads_by_choice() {
    assert_eq!(verified("issued"), "intake");
    assert_eq!(verified("not_found"), "refusal_approval");
}
