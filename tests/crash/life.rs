//! A caller: whole lives of dossiers, each command repeated under its id until it is answered.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::ToSpan;
use motcua_api::v1::*;
use motcua_dossiers::local_date;
use motcua_tests::life::Crew;
use motcua_tests::people::{ENVIRONMENT, FIRE, PLANNING, Who};
use motcua_tests::{Client, Refused, filing};
use serde_json::json;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::ledger::Ledger;

/// Pause before a command is repeated.
const REPEAT_AFTER: Duration = Duration::from_millis(20);
/// Most repetitions of one command: many times what a restart takes.
const REPEATS_MAX: usize = 3_000;

/// The acts of a birth registered at the counter, in order.
const LIFE: [Act; 9] = [
    Act::Decide,
    Act::Accept,
    Act::Advance("take_over"),
    Act::Advance("draft_result"),
    Act::Advance("submit_for_signature"),
    Act::Sign,
    Act::Issue,
    Act::Complete,
    Act::Deliver,
];

/// The acts of a dossier that three agencies are asked about, until the result is signed: branches
/// are opened, answered one by one, and joined by the last answer.
const CONSULTED_LIFE: [Act; 9] = [
    Act::Decide,
    Act::Pay,
    Act::Accept,
    Act::Consult,
    Act::Answer(1),
    Act::Answer(0),
    Act::Answer(2),
    Act::Advance("submit_draft"),
    Act::Sign,
];

/// A procedure with branches.
pub(crate) const PARALLEL: &str = "crates/procedures/tests/parallel.yaml";
const AGENCIES: [&Who; 3] = [&FIRE, &PLANNING, &ENVIRONMENT];

/// Who works on a dossier: the office, and the agencies that it asks.
#[derive(Clone)]
pub(crate) struct People {
    office: Crew,
    agencies: [Client; 3],
}

impl People {
    /// The people on clients that `connect` makes.
    pub(crate) fn new(connect: impl Fn(&Who) -> Client) -> Self {
        Self { agencies: AGENCIES.map(&connect), office: Crew::new(connect) }
    }
}

#[derive(Clone, Debug)]
enum Act {
    Submit(Box<SubmitDossierRequest>),
    Decide,
    Pay,
    Consult,
    /// Of one of the agencies.
    Answer(usize),
    Accept,
    Advance(&'static str),
    Sign,
    Issue,
    Complete,
    Deliver,
}

/// Runs lives until `stop`; what was acknowledged, and how many commands were repeated in vain: they
/// had been carried out, and only the answer was lost.
pub(crate) async fn live(people: People, stop: &AtomicBool) -> (Ledger, usize) {
    let (mut ledger, mut unanswered) = (Ledger::default(), 0);
    let crew = &people.office;
    let clerk = crew.clerk.attesting(crew.citizen.id());
    for consulted in [false, true].into_iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let (filing, life) = match consulted {
            true => (with_consultation(&clerk), CONSULTED_LIFE),
            false => (filing::birth_at_counter(&clerk), LIFE),
        };
        let dossier = filing.dossier.clone();
        for act in [Act::Submit(Box::new(filing))].into_iter().chain(life) {
            let command = clerk.new_id();
            let (answered, repeat) = until_answered(&people, &act, &dossier, command).await;
            ledger.note(command, &answered);
            unanswered += usize::from(repeat);
            if stop.load(Ordering::Relaxed) {
                break;
            }
        }
    }
    (ledger, unanswered)
}

fn with_consultation(clerk: &Client) -> SubmitDossierRequest {
    let today = local_date(clerk.now());
    let event_on = today.saturating_add(4.months());
    let form = json!({ "kind": "small", "pages": 3, "copies": 5, "site": false,
        "event_on": event_on, "certificate_on": today });
    SubmitDossierRequest {
        procedure: "1.000002".into(),
        variant: "small".into(),
        form_json: form.to_string(),
        documents: vec![filing::paper("D1")],
        ..filing::birth_at_counter(clerk)
    }
}

/// What a mutating call answers: the dossier, and whether the command had been carried out before.
type Answer = (DossierState, bool);

async fn until_answered(people: &People, act: &Act, dossier: &str, command: Uuid) -> Answer {
    for _ in 0..REPEATS_MAX {
        match send(people, act, dossier, command).await {
            Ok(answer) => return answer,
            Err(status) => assert!(is_passing(&status), "a lawful command was refused: {status:?}"),
        }
        tokio::time::sleep(REPEAT_AFTER).await;
    }
    panic!("a command was never answered");
}

/// Whether the server was away, or did not know: the same command again is right.
fn is_passing(status: &Status) -> bool {
    match Refused::of(status).reason.as_str() {
        // The transport speaks: no answer of the server at all.
        "" => {
            matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Cancelled)
                || matches!(status.code(), Code::Internal | Code::DeadlineExceeded)
        }
        reason => {
            ["OUTCOME_UNKNOWN", "OVERLOADED", "STORE_UNAVAILABLE", "TIMEOUT"].contains(&reason)
        }
    }
}

/// Sends one act under a command id.
async fn send(people: &People, act: &Act, dossier: &str, command: Uuid) -> Result<Answer, Status> {
    let crew = &people.office;
    macro_rules! call {
        ($who:expr, $method:ident, $request:ident { $($field:ident: $value:expr),* }) => {{
            let client: &Client = $who;
            let request = $request {
                command: client.meta_with(command),
                dossier: dossier.to_owned(),
                $($field: $value,)*
                ..Default::default()
            };
            let answer = client.desk().$method(request).await?.into_inner();
            Ok((answer.dossier.expect("an answer shows the dossier"), answer.repeat))
        }};
    }
    match act {
        Act::Submit(filing) => {
            let command = crew.clerk.attesting(crew.citizen.id()).meta_with(command);
            let filing = SubmitDossierRequest { command, ..SubmitDossierRequest::clone(filing) };
            let answer = crew.clerk.dossiers().submit_dossier(filing).await?.into_inner();
            Ok((answer.dossier.expect("an answer shows the dossier"), answer.repeat))
        }
        Act::Decide => call!(&crew.clerk, decide_items, DecideItemsRequest { accept_rest: true }),
        Act::Accept => call!(&crew.clerk, accept_dossier, AcceptDossierRequest {}),
        Act::Advance(action) => {
            call!(
                &crew.specialist,
                advance_dossier,
                AdvanceDossierRequest { action: (*action).to_owned() }
            )
        }
        Act::Pay => {
            let request = RecordPaymentRequest {
                command: crew.cashier.meta_with(command),
                dossier: dossier.to_owned(),
                fee: "copying".into(),
                amount: 25_000,
                external_reference: format!("BL-{dossier}"),
            };
            let answer = crew.cashier.desk().record_payment(request).await?.into_inner();
            Ok((answer.dossier.expect("an answer shows the dossier"), answer.repeat))
        }
        Act::Consult => call!(
            &crew.specialist,
            advance_dossier,
            AdvanceDossierRequest {
                action: "take_over".into(),
                units: AGENCIES.iter().filter_map(|who| who.unit).map(str::to_owned).collect()
            }
        ),
        Act::Answer(agency) => call!(
            &people.agencies[*agency],
            advance_dossier,
            AdvanceDossierRequest { action: "consent".into() }
        ),
        Act::Sign => call!(&crew.leader, sign_result, SignResultRequest {}),
        Act::Issue => call!(
            &crew.records,
            issue_result,
            IssueResultRequest {
                number: dossier[24..].into(),
                issued_on: local_date(crew.records.now()).to_string()
            }
        ),
        Act::Complete => call!(&crew.returner, complete_dossier, CompleteDossierRequest {}),
        Act::Deliver => call!(
            &crew.returner,
            deliver_result,
            DeliverResultRequest {
                method: DeliveryMethod::Counter.into(),
                recipients: vec![Recipient {
                    id: crew.citizen.id().into(),
                    identity_checked: true,
                    authorised: false,
                }]
            }
        ),
    }
}
