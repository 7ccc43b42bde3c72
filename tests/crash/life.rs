//! A caller: whole lives of dossiers, each command repeated under its id until it is answered.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use motcua_api::v1::*;
use motcua_dossiers::local_date;
use motcua_tests::life::Crew;
use motcua_tests::{Client, Refused, filing};
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

#[derive(Clone, Copy, Debug)]
enum Act {
    Decide,
    Accept,
    Advance(&'static str),
    Sign,
    Issue,
    Complete,
    Deliver,
}

/// Runs lives until `stop`; what was acknowledged, and how many commands were repeated in vain: they
/// had been carried out, and only the answer was lost.
pub(crate) async fn live(crew: Crew, stop: &AtomicBool) -> (Ledger, usize) {
    let (mut ledger, mut unanswered) = (Ledger::default(), 0);
    while !stop.load(Ordering::Relaxed) {
        let clerk = crew.clerk.attesting(crew.citizen.id());
        let filing = filing::birth_at_counter(&clerk);
        let (dossier, command) = (filing.dossier.clone(), clerk.new_id());
        let filing = SubmitDossierRequest {
            command: clerk.meta_with(command),
            ..filing
        };
        let filed = until_answered(async || {
            let filed = clerk
                .dossiers()
                .submit_dossier(filing.clone())
                .await?
                .into_inner();
            Ok((filed.dossier, filed.repeat))
        });
        let (filed, repeat) = filed.await;
        ledger.note(command, &filed);
        unanswered += usize::from(repeat);
        for act in LIFE {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let command = clerk.new_id();
            let sent = async || send(&crew, act, &dossier, command).await;
            let (answered, repeat) = until_answered(sent).await;
            ledger.note(command, &answered);
            unanswered += usize::from(repeat);
        }
    }
    (ledger, unanswered)
}

/// What a mutating call answers: the dossier, and whether the command had been carried out before.
type Answer = (Option<DossierState>, bool);

async fn until_answered(call: impl AsyncFn() -> Result<Answer, Status>) -> (DossierState, bool) {
    for _ in 0..REPEATS_MAX {
        match call().await {
            Ok((dossier, repeat)) => return (dossier.expect("an answer shows it"), repeat),
            Err(status) => assert!(
                is_passing(&status),
                "a lawful command was refused: {status:?}"
            ),
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
            matches!(
                status.code(),
                Code::Unavailable | Code::Unknown | Code::Cancelled
            ) || matches!(status.code(), Code::Internal | Code::DeadlineExceeded)
        }
        reason => [
            "OUTCOME_UNKNOWN",
            "OVERLOADED",
            "STORE_UNAVAILABLE",
            "TIMEOUT",
        ]
        .contains(&reason),
    }
}

/// Sends one act under a command id.
async fn send(crew: &Crew, act: Act, dossier: &str, command: Uuid) -> Result<Answer, Status> {
    macro_rules! call {
        ($who:expr, $method:ident, $request:ident { $($field:ident: $value:expr),* }) => {{
            let client: &Client = $who;
            #[expect(clippy::needless_update, reason = "some requests have no further members")]
            let request = $request {
                command: client.meta_with(command),
                dossier: dossier.to_owned(),
                $($field: $value,)*
                ..Default::default()
            };
            let answer = client.desk().$method(request).await?.into_inner();
            Ok((answer.dossier, answer.repeat))
        }};
    }
    match act {
        Act::Decide => call!(
            &crew.clerk,
            decide_items,
            DecideItemsRequest { accept_rest: true }
        ),
        Act::Accept => call!(&crew.clerk, accept_dossier, AcceptDossierRequest {}),
        Act::Advance(action) => {
            call!(
                &crew.specialist,
                advance_dossier,
                AdvanceDossierRequest {
                    action: action.into()
                }
            )
        }
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
