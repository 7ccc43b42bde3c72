//! What a desk is offered is what it may do.

use motcua_dossiers::command::Command;
use motcua_dossiers::offers;
use motcua_dossiers::rejection::Reason;
use motcua_procedures::Role;
use serde_json::json;

use crate::desk::{Desk, advance};

const FEEDBACK: &str = include_str!("../../../../docs/examples/patterns/feedback.yaml");

#[test]
fn what_was_used_as_often_as_allowed_is_not_offered() {
    let form = json!({ "field": "other", "content": "Đèn hỏng", "entered_by_official": true });
    let mut desk = Desk::filed(FEEDBACK, "2026-10-05 09:00", "ordinary", form, &[]);
    let is_offered = |desk: &Desk| {
        let offered = offers(desk.dossier(), &desk.procedure);
        offered.iter().any(|offer| offer.action.as_deref() == Some("reopen"))
    };
    let reopen = || Command::Advance(advance("reopen"));
    let act = |desk: &mut Desk, role, unit: &str, id: &str| {
        let done = desk.by(role, unit, Command::Advance(advance(id)));
        done.unwrap_or_else(|refusal| panic!("{id}: {refusal:?}"));
    };
    act(&mut desk, Role::ReceptionClerk, "centre", "assign");
    act(&mut desk, Role::Specialist, "commune", "take_up");
    act(&mut desk, Role::Specialist, "commune", "draft_answer");
    assert!(is_offered(&desk));
    desk.by(Role::ReceptionClerk, "centre", reopen()).expect("once");
    act(&mut desk, Role::Specialist, "commune", "draft_answer");
    assert!(!is_offered(&desk));
    let refused = desk.by(Role::ReceptionClerk, "centre", reopen()).expect_err("not twice");
    assert_eq!(refused.reason, Reason::RoundsExhausted);
}
