//! What an interruption leaves goes on: time in its own unit, at the unit that has the work.

use motcua_dossiers::command::{Command, RecordLookup};
use motcua_dossiers::dossier::Interrupted;
use motcua_dossiers::rejection::Reason;
use motcua_procedures::Role;
use serde_json::json;

use crate::consulted;
use crate::desk::{Desk, advance, local};

const ALLOWANCE: &str = include_str!("../../../../catalogue/social-allowance.yaml");

/// An allowance for an orphan, accepted on Monday.
fn allowance() -> Desk {
    let form = json!({ "request": "grant", "beneficiary_kind": "orphan",
        "beneficiary_name": "Trần Thị Hoa", "beneficiary_birth_date": "2015-03-01",
        "residence": "Hồng Gai", "submitter_is": "guardian", "contact_phone": "0912345678",
        "has_disability_certificate": false, "degree_by_medical_council": false,
        "pregnant_or_nursing": false });
    let mut desk = Desk::filed(ALLOWANCE, "2026-10-05 08:00", "grant", form, &["D1", "D4"]);
    let lookup = RecordLookup {
        requirement: "D7".into(),
        registry: "population".into(),
        found: true,
        answer: None,
    };
    let lookup = Command::RecordLookup(lookup);
    desk.by(Role::ReceptionClerk, "centre", lookup).expect("looked up");
    desk.received();
    desk
}

/// Posted on Wednesday for two working days, which end with Friday.
fn posted() -> Desk {
    let mut desk = allowance();
    desk.at("2026-10-06 09:00");
    let forward = Command::Advance(advance("forward"));
    desk.by(Role::ReceptionClerk, "centre", forward).expect("forwarded");
    desk.at("2026-10-07 09:00");
    let met = Command::Advance(advance("conditions_met"));
    desk.by(Role::Specialist, "commune", met).expect("conditions met");
    assert_eq!(desk.timeout("posting"), local("2026-10-10 00:00"));
    desk
}

#[test]
fn two_working_days_of_posting_do_not_pass_over_a_weekend() {
    let mut desk = posted();
    desk.at("2026-10-07 10:00").withdrawn();
    desk.at("2026-10-09 16:50").taken_back("centre").expect("taken back");
    // Thursday and Friday were left: Monday and Tuesday take their place.
    assert_eq!(desk.timeout("posting"), local("2026-10-14 00:00"));
}

#[test]
fn at_least_a_day_is_left_of_a_posting() {
    let mut desk = posted();
    desk.at("2026-10-09 16:00").withdrawn();
    desk.at("2026-10-12 08:00").taken_back("centre").expect("taken back");
    assert_eq!(desk.timeout("posting"), local("2026-10-14 00:00"));
}

#[test]
fn calendar_days_of_silence_end_with_a_whole_day_that_is_rolled_over() {
    let (mut desk, _) = consulted(&["elsewhere"]);
    // 12 days from Monday 5 October end on a Saturday, so on Monday the 19th.
    assert_eq!(desk.timeout("asked"), local("2026-10-20 00:00"));
    desk.at("2026-10-08 10:00").withdrawn();
    desk.at("2026-10-13 10:00").taken_back("centre").expect("taken back");
    // 11 days were left: Saturday the 24th, so Monday the 26th.
    assert_eq!(desk.timeout("asked"), local("2026-10-27 00:00"));
}

#[test]
fn histories_that_kept_seconds_are_still_read() {
    let mut desk = posted();
    desk.at("2026-10-07 10:00").withdrawn();
    let left = &mut desk.dossier.as_mut().expect("a dossier").back[0];
    let old = json!({ "step": left.step, "unit": left.unit, "timeout_left_s": 3_600,
        "withdrawn_by": left.withdrawn_by });
    *left = serde_json::from_value::<Interrupted>(old).expect("the form of earlier histories");
    desk.at("2026-10-09 16:50").taken_back("centre").expect("taken back");
    assert_eq!(desk.timeout("posting"), local("2026-10-09 17:50"));
}

#[test]
fn a_hand_over_during_a_withdrawal_is_not_undone() {
    let mut desk = allowance();
    desk.at("2026-10-06 09:00").withdrawn();
    desk.handed_over("centre", "other-centre").expect("handed over");
    desk.taken_back("other-centre").expect("taken back");
    let item = desk.item("handover");
    assert_eq!(item.unit, "other-centre");
    assert_eq!(desk.dossier().filing.receiving_unit, "other-centre");
}

#[test]
fn no_agency_is_consulted_in_which_nobody_could_answer() {
    let (desk, asked) = consulted(&["elsewhere", "empty"]);
    let refusal = asked.expect_err("nobody works there as consulted agency");
    assert_eq!(refusal.reason, Reason::AssigneeUnsuitable);
    assert_eq!(desk.dossier().state, "received");
}
