//! Forms 01 to 07 as pages.

use motcua_printing::{FormPage, form_page};
use serde_json::{Value, json};

use crate::{HOSTILE, well_formed};

const EVIDENCE: &str = "motcua:1:dossier:01a1f15a-7640-7640-af81-656593130782:4:fbfa605e";

fn name(vi: &str) -> Value {
    json!({ "vi": vi, "en": "x" })
}

/// Data with every member that any form has.
fn data(say: &str) -> Value {
    let unit = json!({ "id": "u", "name": name(say), "address": say, "phone": say });
    let person = json!({ "full_name": say, "id_number": "1", "phone": say, "email": say,
        "address": say });
    let hand = json!({ "unit": unit, "person": say });
    json!({
        "place_and_date": { "unit": unit, "date": "2026-11-27" },
        "dossier_code": say, "procedure": { "code": say, "name": name(say), "version": say },
        "variant": name(say), "owners": [person], "signed_by": { "id": say },
        "submitter": { "full_name": say, "id_number": "2" }, "reason": say,
        "centre": unit, "competent_agency": unit, "agency": unit, "contact": unit,
        "result_at": unit, "channel": say, "sets": 1, "proxy_note": name(say),
        "documents": [{ "id": "D1", "name": name(say), "handed_in": say, "originals": 1, "copies": 2 }],
        "later_documents": [{ "id": "D2", "name": name(say), "conditional": true,
            "phase": { "id": "p", "name": name("nghiệm thu") } }],
        "fees": [{ "id": "f", "name": name(say), "amount": 50000, "collect": say, "paid": true,
            "external_reference": say }],
        "time_limit": { "amount": 3, "unit": say },
        "statutory_time_limit": { "amount": 3, "unit": "working_day" },
        "received_at": "2026-11-27T09:10:00+07:00", "result_due_at": "2026-12-02T17:00:00+07:00",
        "provisional": true, "answer_before": "2026-12-24T00:00:00+07:00",
        "items": [{ "item": say, "name": name(say), "content": say }],
        "rules": [name(say)], "original_due_on": "2026-12-02", "new_due_on": "2026-12-05",
        "agency_at_fault": true, "ground": name(say), "stage_name": name(say),
        "money": [{ "fee": "f", "amount": 50000, "returned": false }],
        "hand_overs": [{ "at": "2026-11-27T09:10:00+07:00", "giving": hand, "receiving": hand,
            "entered": { "name": name(say) }, "result": say, "act": say, "note": name(say) }],
        "unit": unit, "from": "2026-11-01", "to": "2026-11-30",
        "rows": [{ "number": 1, "dossier_code": say, "content": name(say), "sets": 1, "owner": person,
            "received_at": "2026-11-27T09:10:00+07:00", "due_on": "2026-12-02",
            "delivered_at": "2026-12-02T09:00:00+07:00", "delivered_by": say, "giver": say,
            "recipients": say, "area": say }],
    })
}

fn page(number: u8, data: &Value, reprint: bool) -> String {
    let page = FormPage {
        number,
        serial: "H49.61.05-261127-0001/01/4",
        template: "motcua-forms/1",
        sha256: "00ff",
        reprint,
        evidence: Some(EVIDENCE),
        data,
    };
    form_page(&page).expect("the form exists")
}

#[test]
fn every_form_carries_nation_motto_number_layout_and_digest() {
    for number in 1..=7 {
        let page = page(number, &data("Nguyễn Văn A"), false);
        well_formed(&page);
        for part in [
            "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
            "Độc lập - Tự do - Hạnh phúc",
            "H49.61.05-261127-0001/01/4",
            "SHA-256 dữ liệu 00ff",
            motcua_printing::LAYOUT,
            "Nguyễn Văn A",
        ] {
            assert!(page.contains(part), "form {number:02}: {part}");
        }
    }
}

#[test]
fn there_are_seven_forms() {
    let data = json!({});
    for number in [0, 8, 255] {
        let page = FormPage {
            number,
            serial: "",
            template: "",
            sha256: "",
            reprint: false,
            evidence: None,
            data: &data,
        };
        assert_eq!(form_page(&page), None, "{number}");
    }
}

#[test]
fn a_reprint_is_the_same_page_with_a_mark() {
    for number in 1..=7 {
        let (first, again) = (page(number, &data("A"), false), page(number, &data("A"), true));
        assert!(!first.contains("BẢN IN LẠI"));
        let mark = "<span class=\"reprint\">BẢN IN LẠI</span>";
        let unmarked = again.replace(mark, "").replace(" · bản in lại, cùng dữ liệu", "");
        assert_eq!(unmarked, first, "form {number:02}");
        assert!(again.contains(mark));
    }
}

#[test]
fn nothing_that_was_written_becomes_markup() {
    for number in 1..=7 {
        let page = page(number, &data(HOSTILE), true);
        well_formed(&page);
        let is_harmless = !page.contains("<script") && !page.contains("<img");
        assert!(is_harmless && page.contains("&lt;script&gt;"), "form {number:02}");
    }
}

#[test]
fn erased_or_absent_data_leaves_room_to_write() {
    for number in 1..=5 {
        let page = page(number, &json!({}), false);
        well_formed(&page);
        assert!(page.contains("…………"), "form {number:02}");
    }
}

#[test]
fn data_of_another_shape_is_no_reason_to_fail() {
    for shape in [
        json!(null),
        json!([1]),
        json!({ "owners": 1, "documents": { "a": [] },
        "place_and_date": "x", "hand_overs": [null, 3], "rows": ["x"], "items": [[]] }),
    ] {
        for number in 1..=7 {
            well_formed(&page(number, &shape, false));
        }
    }
}

#[test]
fn only_the_receipt_carries_the_evidence_as_a_code() {
    for number in 1..=7 {
        let has_code = page(number, &data("A"), false).contains("<svg");
        assert_eq!(has_code, number == 1, "form {number:02}");
    }
}

#[test]
fn the_receipt_says_what_was_handed_in_paid_and_promised() {
    let page = page(1, &data("A"), false);
    for part in [
        "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ",
        "A (giai đoạn nghiệm thu, nếu thuộc trường hợp phải nộp)",
        "50.000 đồng (đã nộp, biên lai A)",
        "3 ngày làm việc",
        "09 giờ 10 phút, ngày 27/11/2026",
        "17 giờ 00 phút, ngày 02/12/2026",
        "NGƯỜI TIẾP NHẬN HỒ SƠ",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn a_supplement_due_before_midnight_is_due_by_the_end_of_the_day() {
    let page = page(2, &data("x"), false);
    assert!(page.contains("<p>Phải bổ sung: chậm nhất hết ngày 23/12/2026</p>"));
    assert!(!page.contains("00 giờ 00 phút"));
}
