//! Every error with its code and reason, and what every status carries.

use jiff::Timestamp;
use motcua_dossiers::Offer;
use motcua_dossiers::command::Actor;
use motcua_dossiers::dossier::LastAct;
use motcua_procedures::Role;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use super::*;

fn text(en: &str) -> Text {
    Text { vi: format!("[vi] {en}"), en: en.into() }
}

fn violation(subject: &str) -> Violation {
    Violation { subject: subject.into(), code: "REQUIRED".into(), message: text("give it") }
}

fn situation() -> Box<Situation> {
    let at: Timestamp = "2026-03-02T01:02:03Z".parse().expect("an instant");
    Box::new(Situation {
        id: Uuid::from_u128(7),
        version: 4,
        state: "examination".into(),
        state_name: text("Examination"),
        status: motcua_procedures::Status::Processing,
        since: at,
        last: LastAct {
            kind: "accept".into(),
            at,
            actor: Actor {
                id: "clerk-1".into(),
                role: Role::ReceptionClerk,
                unit: None,
                acting_for: None,
            },
        },
        offers: vec![offer("advance", Some("draft_result")), offer("stop", None)],
    })
}

fn offer(act: &'static str, action: Option<&str>) -> Offer {
    Offer {
        item: Some(1),
        act,
        action: action.map(Into::into),
        name: text(act),
        roles: vec![Role::Specialist],
        unit: None,
        reason_required: false,
        documents: Vec::new(),
    }
}

fn rejection(reason: Reason, violations: Vec<Violation>) -> Refusal {
    let rejection = Rejection { reason, message: text("no"), violations };
    Refusal::Engine(EngineError::Rejected { rejection, situation: Some(situation()) })
}

type Row = (Refusal, Code, &'static str);

fn errors() -> Vec<Row> {
    let mut rows = errors_of_requests();
    rows.extend(errors_of_the_server());
    rows
}

fn errors_of_requests() -> Vec<Row> {
    use EngineError as E;
    let engine = Refusal::Engine;
    let denied = E::PermissionDenied { needed: "administrator".into() };
    let stale = E::Stale { expected: 3, actual: 4, situation: Some(situation()) };
    let guesses = E::TooManyGuesses { retry_after_s: 60 };
    let register = E::Register(vec![RegisterFault { path: "/units".into(), message: "x".into() }]);
    vec![
        (engine(E::Invalid(vec![violation("x")])), Code::InvalidArgument, "INVALID_REQUEST"),
        (
            Refusal::UnknownField(vec![violation("command.#9")]),
            Code::InvalidArgument,
            "UNKNOWN_FIELD",
        ),
        (Refusal::TokenMissing, Code::Unauthenticated, "TOKEN_MISSING"),
        (Refusal::TokenInvalid, Code::Unauthenticated, "TOKEN_INVALID"),
        (Refusal::TokenExpired, Code::Unauthenticated, "TOKEN_EXPIRED"),
        (Refusal::RoleNotHeld { role: "x".into() }, Code::PermissionDenied, "ROLE_NOT_HELD"),
        (engine(denied), Code::PermissionDenied, "PERMISSION_DENIED"),
        (engine(E::NotFound { what: "dossier" }), Code::NotFound, "NOT_FOUND"),
        (engine(stale), Code::Aborted, "VERSION_STALE"),
        (engine(E::CommandReused), Code::AlreadyExists, "COMMAND_ID_REUSED"),
        (engine(E::AlreadyExists { what: "draft" }), Code::AlreadyExists, "ALREADY_EXISTS"),
        (engine(E::UploadOffset { received: 9 }), Code::FailedPrecondition, "UPLOAD_OFFSET"),
        (engine(guesses), Code::ResourceExhausted, "TOO_MANY_GUESSES"),
        (engine(E::Procedure(vec![])), Code::InvalidArgument, "PROCEDURE_UNSOUND"),
        (engine(register), Code::InvalidArgument, "REGISTER_INVALID"),
    ]
}

fn errors_of_the_server() -> Vec<Row> {
    use EngineError as E;
    let engine = Refusal::Engine;
    let (message, violations) = (text("2031 is absent"), Vec::new());
    let stuck = Rejection { reason: Reason::DeadlineRule, message, violations };
    vec![
        (engine(E::Overloaded), Code::ResourceExhausted, "OVERLOADED"),
        (Refusal::Overloaded, Code::ResourceExhausted, "OVERLOADED"),
        (engine(E::Unavailable("disk full".into())), Code::Unavailable, "STORE_UNAVAILABLE"),
        (engine(E::TimersStuck(Box::new(stuck))), Code::Unavailable, "TIMERS_STUCK"),
        (engine(E::CalendarMissing), Code::Unavailable, "CALENDAR_MISSING"),
        (engine(E::OutcomeUnknown), Code::Unavailable, "OUTCOME_UNKNOWN"),
        (engine(E::Corrupt("event.hash of 3".into())), Code::DataLoss, "HISTORY_CORRUPT"),
        (
            engine(E::MovedAway { part: "2026q4".into() }),
            Code::FailedPrecondition,
            "HISTORY_MOVED_AWAY",
        ),
        (Refusal::Internal { what: "panic".into() }, Code::Internal, "INTERNAL"),
        (engine(E::Internal("a check panicked".into())), Code::Internal, "INTERNAL"),
        (Refusal::Timeout, Code::DeadlineExceeded, "TIMEOUT"),
        (Refusal::WatchEnded { why: "stopping" }, Code::Unavailable, "WATCH_ENDED"),
        (Refusal::MalformedMessage, Code::InvalidArgument, "MALFORMED_MESSAGE"),
        (Refusal::MessageTooLarge, Code::InvalidArgument, "MESSAGE_TOO_LARGE"),
    ]
}

fn reason_of(status: &Status) -> String {
    status.get_error_details().error_info().expect("an ErrorInfo").reason.clone()
}

#[test]
fn every_error_has_its_code_reason_domain_and_both_languages() {
    let mut seen = Vec::new();
    for (refusal, code, reason) in errors() {
        let status = status(refusal);
        assert_eq!(status.code(), code, "{reason}");
        assert_eq!(reason_of(&status), reason);
        let details = status.get_error_details();
        assert_eq!(details.error_info().expect("there").domain, DOMAIN);
        assert_eq!(details.localized_message().expect("there").locale, "vi");
        assert!(!status.message().is_empty());
        seen.push(reason);
    }
    seen.dedup();
    assert_eq!(seen.len(), REASONS.len());
    assert!(REASONS.iter().all(|reason| seen.contains(reason)));
}

#[test]
fn every_refusal_of_the_rules_has_the_code_of_whoever_must_act() {
    for reason in Reason::ALL {
        let status = status(rejection(reason, vec![violation("form/name")]));
        let expected = match reason.as_str() {
            "ROLE_REQUIRED" | "FOUR_EYES" => Code::PermissionDenied,
            "FORM_INVALID" | "FILING_INVALID" | "DOCUMENT_INVALID" | "REASON_REQUIRED" => {
                Code::InvalidArgument
            }
            "ALREADY_SUBMITTED" => Code::AlreadyExists,
            _ => Code::FailedPrecondition,
        };
        assert_eq!(status.code(), expected, "{}", reason.as_str());
        assert_eq!(reason_of(&status), reason.as_str());
    }
}

#[test]
fn a_refusal_says_where_the_dossier_stands_and_what_may_be_done() {
    let status = status(rejection(Reason::ActNotOffered, vec![]));
    let details = status.get_error_details();
    let metadata = &details.error_info().expect("there").metadata;
    for (key, value) in [
        ("state", "examination"),
        ("status", "4"),
        ("since", "2026-03-02T01:02:03Z"),
        ("last_act", "accept"),
        ("last_actor", "clerk-1"),
        ("version", "4"),
        ("offered", "advance:draft_result,stop"),
        ("retry", "after_change"),
    ] {
        assert_eq!(metadata.get(key).map(String::as_str), Some(value), "{key}");
    }
    let failure = details.precondition_failure().expect("there");
    assert_eq!(failure.violations[0].r#type, "ACT_NOT_OFFERED");
}

#[test]
fn every_fault_is_listed_with_its_place_in_both_languages() {
    let status =
        status(rejection(Reason::FormInvalid, vec![violation("form/a"), violation("form/b")]));
    let details = status.get_error_details();
    let fields = &details.bad_request().expect("there").field_violations;
    assert_eq!(fields.iter().map(|v| v.field.as_str()).collect::<Vec<_>>(), ["form/a", "form/b"]);
    let vi = &details.localized_message().expect("there").message;
    assert!(vi.contains("form/b: [vi] give it"), "{vi}");
}

#[test]
fn however_many_faults_the_details_fit_the_headers_of_stock_clients() {
    let long = Violation {
        subject: "form/".to_owned() + &"n".repeat(100),
        code: "PATTERN".into(),
        message: text(&"đ".repeat(2_000)),
    };
    let status = status(rejection(Reason::FormInvalid, vec![long; 600]));
    assert!(status.details().len() < 5_500, "{}", status.details().len());
    let details = status.get_error_details();
    let metadata = &details.error_info().expect("there").metadata;
    assert!(metadata["violations_omitted"].parse::<u32>().expect("a number") > 590);
}

#[test]
fn what_passes_by_itself_says_how_long_to_wait() {
    for (refusal, _, reason) in errors() {
        let status = status(refusal);
        let waits = matches!(
            status.code(),
            Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded
        ) && !OF_OPERATOR.contains(&reason);
        assert_eq!(status.get_error_details().retry_info().is_some(), waits, "{reason}");
    }
}

#[test]
fn callers_never_see_what_the_system_underneath_said() {
    let status = status(EngineError::Unavailable("/var/lib/secret".into()).into());
    assert!(!format!("{status:?}").contains("secret"));
    let details = status.get_error_details();
    assert!(details.error_info().expect("there").metadata.contains_key("correlation_id"));
}

#[test]
fn the_proto_names_exactly_the_reasons_that_there_are() {
    use motcua_api::v1::ErrorReason;
    let ours = Reason::ALL.iter().map(|reason| reason.as_str()).chain(REASONS);
    for reason in ours.clone() {
        let name = format!("ERROR_REASON_{reason}");
        assert!(ErrorReason::from_str_name(&name).is_some(), "{name}");
    }
    let in_proto = (1..200).filter(|n| ErrorReason::try_from(*n).is_ok()).count();
    assert_eq!(in_proto, ours.count());
}

#[test]
fn the_documentation_lists_every_reason() {
    let page = include_str!("../../../../docs/errors.md");
    for reason in Reason::ALL.iter().map(|reason| reason.as_str()).chain(REASONS) {
        assert!(page.contains(&format!("| `{reason}` |")), "{reason}");
    }
}

/// Until the operator loads a calendar, waiting does not help.
const OF_OPERATOR: [&str; 2] = ["TIMERS_STUCK", "CALENDAR_MISSING"];

#[test]
fn what_the_operator_must_load_can_be_looked_up() {
    let of_operator = errors().into_iter().filter(|(_, _, reason)| OF_OPERATOR.contains(reason));
    let statuses: Vec<_> = of_operator.map(|(refusal, _, _)| status(refusal)).collect();
    assert_eq!(statuses.len(), OF_OPERATOR.len());
    for status in statuses {
        let details = status.get_error_details();
        let metadata = &details.error_info().expect("an ErrorInfo").metadata;
        assert!(metadata.contains_key("correlation_id"), "{metadata:?}");
    }
}

#[test]
fn those_who_are_refused_together_are_told_to_come_back_one_after_another() {
    let told = |_| {
        let details = status(Refusal::Overloaded).get_error_details();
        details.retry_info().and_then(|retry| retry.retry_delay).expect("a hint")
    };
    let mut waits: Vec<Duration> = (0..100).map(told).collect();
    waits.sort_unstable();
    assert!(waits[0] >= Duration::from_secs(1) && waits[99] <= Duration::from_secs(2));
    let gaps = waits.windows(2).map(|pair| pair[1] - pair[0]);
    assert!(gaps.max() < Some(Duration::from_millis(100)), "{waits:?}");
}
