//! Bad input: a line or a calendar that is wrong gets its typed error with path and remedy.

use crate::office::Office;
use motcua_deadlines::{Calendar, Lang, OfficeHours, compute_line};
use serde_json::{Value, json};

fn answer(line: &str) -> Value {
    let office = Office::new();
    let text = compute_line(line, office.inputs().calendar, &OfficeHours::default(), Lang::Vi);
    serde_json::from_str(&text).expect("an answer is JSON")
}

#[track_caller]
fn refused(line: &str, code: &str, path: &str) {
    let answer = answer(line);
    assert_eq!(answer["error"]["code"], code, "{line}: {answer}");
    assert_eq!(answer["error"]["path"], path, "{line}: {answer}");
    assert!(answer["error"]["message"].as_str().is_some_and(|text| text.len() > 10));
    assert_eq!(answer.as_object().map(serde_json::Map::len), Some(1));
}

/// A sound request with members replaced; null removes one.
fn with(changes: Value) -> String {
    let mut line = json!({
        "unit": "working_day", "amount": 10, "received_at": "2026-10-05T09:00:00+07:00"
    });
    let members = line.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    line.to_string()
}

#[test]
fn text_that_is_no_object_is_refused() {
    refused("", "INVALID_JSON", "");
    refused("{", "INVALID_JSON", "");
    refused("{} {}", "INVALID_JSON", "");
    refused("[]", "WRONG_TYPE", "");
    refused("null", "WRONG_TYPE", "");
    refused(&"[".repeat(60_000), "INVALID_JSON", "");
    refused(&" ".repeat(70_000), "LINE_TOO_LONG", "");
}

#[test]
fn unknown_duplicate_and_missing_members_are_refused() {
    refused(&with(json!({"due_at": "x"})), "UNKNOWN_MEMBER", "/due_at");
    refused(&with(json!({"a/b~c": 1})), "UNKNOWN_MEMBER", "/a~1b~0c");
    refused(r#"{"unit":"month","unit":"month"}"#, "DUPLICATE_MEMBER", "/unit");
    refused("{}", "MISSING_MEMBER", "/unit");
    refused(&with(json!({"amount": null})), "MISSING_MEMBER", "/amount");
    refused(&with(json!({"received_at": null})), "MISSING_MEMBER", "/received_at");
    let resumed = "2026-10-06T09:00:00+07:00";
    refused(&with(json!({"resumed_at": resumed})), "MISSING_MEMBER", "/regime");
    let line = with(json!({"resumed_at": resumed, "regime": "restart_full"}));
    refused(&line, "MISSING_MEMBER", "/paused_at");
    refused(&with(json!({"regime": "fixed_after"})), "MISSING_MEMBER", "/amount_after");
}

#[test]
fn wrong_types_and_values_are_refused() {
    refused(&with(json!({"unit": 3})), "WRONG_TYPE", "/unit");
    refused(&with(json!({"unit": "year"})), "UNKNOWN_VALUE", "/unit");
    refused(&with(json!({"amount": "5"})), "WRONG_TYPE", "/amount");
    refused(&with(json!({"amount": 5.0})), "WRONG_TYPE", "/amount");
    refused(&with(json!({"amount": true})), "WRONG_TYPE", "/amount");
    for amount in [json!(0), json!(-1), json!(10_001), json!(u64::MAX)] {
        refused(&with(json!({"amount": amount})), "AMOUNT_OUT_OF_RANGE", "/amount");
    }
    refused(&with(json!({"unit": "same_day"})), "AMOUNT_OUT_OF_RANGE", "/amount");
    refused(&with(json!({"regime": "again"})), "UNKNOWN_VALUE", "/regime");
    refused(&with(json!({"amount_after": 5})), "NOT_APPLICABLE", "/amount_after");
    refused(&with(json!({"cutoff": "15:00"})), "NOT_APPLICABLE", "/cutoff");
    for cutoff in ["24:00", "1500", "15:0", "15:00:60", "+5:00", "15:00:00.5", "１５:00"] {
        let line = with(json!({"unit": "same_day", "amount": null, "cutoff": cutoff}));
        refused(&line, "INVALID_TIME", "/cutoff");
    }
    refused(r#"{"unit":"working_day","amount":null}"#, "WRONG_TYPE", "/amount");
}

#[test]
fn an_instant_is_rfc_3339_with_an_offset() {
    for text in [
        "",
        "2026-10-05",
        "2026-10-05T09:00:00",
        "2026-10-05T09:00+07:00",
        "2026-10-05 09:00:00+07:00",
        "2026-10-05T09:00:00+0700",
        "2026-10-05T09:00:00.+07:00",
        "2026-10-05T09:00:00+07:00[Asia/Ho_Chi_Minh]",
        "2026-02-29T09:00:00Z",
        "2026-10-05T25:00:00Z",
        "２026-10-05T09:00:00Z",
    ] {
        refused(&with(json!({"received_at": text})), "INVALID_TIME", "/received_at");
    }
    let utc = answer(&with(json!({"received_at": "2026-10-05T02:00:00.25Z"})));
    assert_eq!(utc["due_at"], "2026-10-19T17:00:00+07:00");
}

#[test]
fn acts_that_cannot_be_are_refused_at_their_member() {
    let early = json!({"paused_at": "2026-10-05T08:00:00+07:00"});
    refused(&with(early), "BEFORE_START", "/paused_at");
    let backwards = json!({
        "paused_at": "2026-10-08T10:00:00+07:00",
        "resumed_at": "2026-10-08T09:00:00+07:00",
        "regime": "restart_full"
    });
    refused(&with(backwards), "RESUME_BEFORE_PAUSE", "/resumed_at");
    let month = json!({
        "unit": "month", "amount": 1,
        "paused_at": "2026-10-08T10:00:00+07:00",
        "resumed_at": "2026-10-09T10:00:00+07:00",
        "regime": "resume_remaining"
    });
    refused(&with(month), "REGIME_NOT_FOR_UNIT", "/regime");
    let absent = json!({"received_at": "2028-01-03T09:00:00+07:00"});
    refused(&with(absent), "CALENDAR_YEAR_ABSENT", "/received_at");
    let long_pause = json!({
        "paused_at": "2026-10-08T10:00:00+07:00",
        "resumed_at": "2028-10-09T10:00:00+07:00",
        "regime": "restart_full"
    });
    refused(&with(long_pause), "CALENDAR_YEAR_ABSENT", "/resumed_at");
}

#[test]
fn an_open_pause_has_no_date_and_says_what_is_left() {
    let answer = answer(&with(json!({"paused_at": "2026-10-08T10:00:00+07:00", "id": [1]})));
    assert_eq!((&answer["due_on"], &answer["due_at"]), (&Value::Null, &Value::Null));
    assert_eq!((&answer["used"], &answer["remaining"]), (&json!(3), &json!(7)));
    let last = answer["explanation"].as_array().and_then(|lines| lines.last());
    let expected = "Tạm dừng lúc 10:00, thứ Năm 08/10/2026 (tính cho thứ Năm 08/10/2026): \
                    đã dùng 3 ngày làm việc, còn lại 7 ngày làm việc.";
    assert_eq!(last, Some(&json!(expected)));
}

#[test]
fn used_and_remaining_are_given_for_every_regime_and_null_without_pause() {
    for regime in ["resume_remaining", "restart_full", "fixed_after"] {
        let mut changes = json!({
            "paused_at": "2026-10-08T10:00:00+07:00",
            "resumed_at": "2026-10-20T14:00:00+07:00",
            "regime": regime
        });
        if regime == "fixed_after" {
            changes["amount_after"] = json!(5);
        }
        let answer = answer(&with(changes));
        assert_eq!((&answer["used"], &answer["remaining"]), (&json!(3), &json!(7)));
    }
    let answer = answer(&with(json!({})));
    assert_eq!((&answer["used"], &answer["remaining"]), (&Value::Null, &Value::Null));
}

fn shipped() -> Value {
    serde_json::from_slice(include_bytes!("../../data/calendar-vn.json")).expect("it is JSON")
}

#[track_caller]
fn faulty(calendar: &Value, path: &str, message: &str) {
    let error = Calendar::from_json(calendar.to_string().as_bytes());
    let error = error.expect_err("the calendar is unsound");
    let found = error.faults().iter().any(|f| f.path == path && f.message.contains(message));
    assert!(found, "{error}");
    assert!(error.faults().iter().all(|fault| !fault.remedy.is_empty()));
}

#[test]
fn every_fault_of_a_calendar_is_found_at_its_place() {
    let entry = "/years/2026/entries/0";
    for (place, value, path, message) in [
        ("/schema_version", json!(2), "/schema_version", "not known"),
        ("/timezone", json!("UTC"), "/timezone", "not known"),
        ("/weekly_rest_days/0", json!("Sat"), "/weekly_rest_days/0", "weekday"),
        ("/years", json!([]), "/years", "object"),
        ("/years", json!({}), "/years", "no year"),
        ("/years", json!({"26": {}}), "/years/26", "no such year"),
        ("/years/2026", json!({"entries": []}), "/years/2026/status", "missing"),
        ("/years/2026/status", json!("draft"), "/years/2026/status", "unknown status"),
        ("/years/2026/entries", json!(1), "/years/2026/entries", "array"),
        (entry, json!({"kind": "public_holiday"}), "/years/2026/entries/0/date", "missing"),
        (entry, json!({"extra": 1}), "/years/2026/entries/0/extra", "unknown member"),
        ("/years/2026/entries/0/date", json!("1/1/2026"), "/years/2026/entries/0/date", "no date"),
        (
            "/years/2026/entries/0/date",
            json!("2025-01-01"),
            "/years/2026/entries/0/date",
            "another year",
        ),
        ("/years/2026/entries/0/weekday", json!("mon"), "/years/2026/entries/0/weekday", "is no"),
        ("/years/2026/entries/0/kind", json!("party"), "/years/2026/entries/0/kind", "kind"),
        ("/years/2026/entries/0/kind", json!("makeup_workday"), "/years/2026/entries", "rest day"),
        ("/years/2026/entries/0/name_vi", json!("a\u{0}"), "/years/2026/entries/0/name_vi", "U+0"),
        (
            "/office_hours_profiles/standard/sessions/0",
            json!(["07:30"]),
            "/office_hours_profiles/standard/sessions/0",
            "no pair",
        ),
        (
            "/office_hours_profiles/standard/sessions/0/1",
            json!("17:30"),
            "/office_hours_profiles/standard/sessions",
            "without overlap",
        ),
    ] {
        let mut calendar = shipped();
        *calendar.pointer_mut(place).expect("the place exists") = value;
        faulty(&calendar, path, message);
    }
}

#[test]
fn a_date_or_member_that_stands_twice_is_a_fault() {
    let mut calendar = shipped();
    let entries = calendar["years"]["2026"]["entries"].as_array_mut().expect("an array");
    let again = entries[0].clone();
    let path = format!("/years/2026/entries/{}/date", entries.len());
    entries.push(again);
    faulty(&calendar, &path, "stands twice");
    let twice = br#"{"schema_version":1,"schema_version":1}"#;
    let error = Calendar::from_json(twice).expect_err("a member stands twice");
    let paths: Vec<&str> = error.faults().iter().map(|fault| fault.path.as_str()).collect();
    assert_eq!(paths, ["/schema_version", "/weekly_rest_days", "/years"]);
}

#[test]
fn a_calendar_too_large_or_too_deep_is_refused() {
    let spaces = vec![b' '; 2 << 20];
    let error = Calendar::from_json(&spaces).expect_err("too large");
    assert!(error.to_string().contains("too large; keep it"));
    assert!(Calendar::from_json(&b"[".repeat(500_000)).is_err());
    assert!(Calendar::from_json(b"\xff\xfe").is_err());
}
