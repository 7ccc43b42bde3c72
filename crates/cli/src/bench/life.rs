//! A caller that brings dossiers from submission to delivery, one after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use jiff::tz::Offset;
use motcua_api::v1::{self, CommandMeta};
use motcua_dossiers::command::DocumentContent;
use motcua_engine::{Clock as _, SystemClock};
use motcua_procedures::{Channel, Role};
use motcua_server::TokenKey;
use tonic::Status;
use uuid::Uuid;

use super::server::TOKEN_TTL;
use crate::client::Session;
use crate::demo::filing::{Filing, Kind};
use crate::demo::people::{HONG_GAI, citizen_id};
use crate::refusal::Refused;

/// Who acts in the lives.
const CREW: [Role; 7] = [
    Role::ReceptionClerk,
    Role::Cashier,
    Role::Specialist,
    Role::HeadOfDivision,
    Role::SigningLeader,
    Role::RecordsOfficer,
    Role::ReturnClerk,
];

/// Tokens of the crew.
pub(super) struct Tokens([String; 7]);

impl Tokens {
    /// One for each of the crew.
    pub(super) fn issue(key: &TokenKey) -> anyhow::Result<Self> {
        let mut tokens = [const { String::new() }; 7];
        for (token, role) in tokens.iter_mut().zip(CREW) {
            let actor = HONG_GAI.staff(role);
            *token = key.issue(&actor.id, actor.unit.as_deref(), &[role], TOKEN_TTL)?;
        }
        Ok(Self(tokens))
    }
}

/// What a caller has done.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Time of each accepted command.
    pub(super) times: Vec<Duration>,
    /// Dossiers that were delivered.
    pub(super) lives: u64,
}

/// A caller in all roles.
pub(super) struct Caller {
    crew: Vec<Session>,
    next_dossier: Arc<AtomicUsize>,
}

impl Caller {
    /// A caller on a connection.
    pub(super) fn new(
        connection: &Session,
        tokens: &Tokens,
        next_dossier: Arc<AtomicUsize>,
    ) -> anyhow::Result<Self> {
        let members = tokens.0.iter().map(|token| connection.with_token(token));
        Ok(Self { crew: members.collect::<anyhow::Result<_>>()?, next_dossier })
    }

    /// Brings dossiers to their end, births and businesses in turn, until `end`.
    pub(super) async fn work_until(self, end: Instant) -> anyhow::Result<Done> {
        let mut done = Done::default();
        loop {
            let number = self.next_dossier.fetch_add(1, Ordering::Relaxed);
            let life = Life::new(&self, number);
            for act in life.acts() {
                if Instant::now() >= end {
                    return Ok(done);
                }
                let begun = Instant::now();
                life.carry_out(*act).await.map_err(Refused::from)?;
                done.times.push(begun.elapsed());
            }
            done.lives += 1;
        }
    }

    fn member(&self, role: Role) -> &Session {
        let place = CREW.iter().position(|member| *member == role);
        &self.crew[place.expect("only the crew acts")]
    }
}

/// A command of a life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Submit,
    Review,
    Pay,
    Accept,
    Advance(&'static str),
    Sign,
    Issue,
    Complete,
    Deliver,
}

const BIRTH: &[Act] = &[
    Act::Submit,
    Act::Review,
    Act::Accept,
    Act::Advance("take_over"),
    Act::Advance("draft_result"),
    Act::Advance("submit_for_signature"),
    Act::Sign,
    Act::Issue,
    Act::Complete,
    Act::Deliver,
];

const BUSINESS: &[Act] = &[
    Act::Submit,
    Act::Review,
    Act::Pay,
    Act::Accept,
    Act::Advance("take_over"),
    Act::Advance("draft_result"),
    Act::Sign,
    Act::Issue,
    Act::Complete,
    Act::Deliver,
];

/// Sends a command about the dossier of `$life`.
macro_rules! send {
    ($life:ident, $role:expr, $method:ident(
        $message:ident { $($field:ident: $value:expr),* }
    )) => {{
        let request = v1::$message {
            command: $life.meta(),
            dossier: $life.dossier.clone(),
            $($field: $value,)*
            ..Default::default()
        };
        $life.caller.member($role).desk().$method(request).await.map(drop)
    }};
}

/// One dossier.
struct Life<'a> {
    caller: &'a Caller,
    filing: Filing,
    dossier: String,
}

impl<'a> Life<'a> {
    fn new(caller: &'a Caller, number: usize) -> Self {
        let kind = if number.is_multiple_of(2) { Kind::Birth } else { Kind::Business };
        let filing = Filing { kind, channel: Channel::Counter, office: HONG_GAI, citizen: number };
        Self { caller, filing, dossier: Uuid::now_v7().to_string() }
    }

    fn acts(&self) -> &'static [Act] {
        match self.filing.kind {
            Kind::Business => BUSINESS,
            Kind::Birth | Kind::Marriage => BIRTH,
        }
    }

    fn meta(&self) -> Option<CommandMeta> {
        Some(CommandMeta { command_id: Uuid::now_v7().to_string(), ..Default::default() })
    }

    async fn carry_out(&self, act: Act) -> Result<(), Status> {
        let signs = match self.filing.kind {
            Kind::Business => Role::HeadOfDivision,
            Kind::Birth | Kind::Marriage => Role::SigningLeader,
        };
        let clerk = Role::ReceptionClerk;
        match act {
            Act::Submit => self.submit().await,
            Act::Review => {
                send!(self, clerk, decide_items(DecideItemsRequest { accept_rest: true }))
            }
            Act::Pay => self.pay().await,
            Act::Accept => send!(self, clerk, accept_dossier(AcceptDossierRequest {})),
            Act::Advance(action) => {
                let (specialist, action) = (Role::Specialist, action.to_owned());
                send!(self, specialist, advance_dossier(AdvanceDossierRequest { action: action }))
            }
            Act::Sign => send!(self, signs, sign_result(SignResultRequest {})),
            Act::Issue => {
                let today = Offset::constant(7).to_datetime(SystemClock.now()).date();
                let number = format!("{}/2026", self.filing.citizen);
                let records = Role::RecordsOfficer;
                send!(
                    self,
                    records,
                    issue_result(IssueResultRequest {
                        number: number,
                        issued_on: today.to_string()
                    })
                )
            }
            Act::Complete => {
                send!(self, Role::ReturnClerk, complete_dossier(CompleteDossierRequest {}))
            }
            Act::Deliver => self.deliver().await,
        }
    }

    async fn submit(&self) -> Result<(), Status> {
        let submit = self.filing.submit(Vec::new());
        let meta = self
            .meta()
            .map(|meta| CommandMeta { acting_for: citizen_id(self.filing.citizen), ..meta });
        let person = |person: &motcua_dossiers::command::Person| v1::Person {
            id: person.id.clone(),
            part: v1::Part::DossierOwner.into(),
            full_name: person.full_name.clone(),
            id_number: person.id_number.clone().unwrap_or_default(),
            phone: person.phone.clone().unwrap_or_default(),
            email: String::new(),
            address: person.address.clone().unwrap_or_default(),
        };
        let request = v1::SubmitDossierRequest {
            command: meta,
            dossier: self.dossier.clone(),
            procedure: submit.procedure,
            channel: v1::Channel::Counter.into(),
            variant: submit.variant.unwrap_or_default(),
            receiving_unit: submit.receiving_unit,
            persons: submit.persons.iter().map(person).collect(),
            form_json: submit.form.to_string(),
            documents: submit.documents.iter().map(document).collect(),
            ..Default::default()
        };
        let mut front = self.caller.member(Role::ReceptionClerk).dossiers();
        front.submit_dossier(request).await.map(drop)
    }

    async fn pay(&self) -> Result<(), Status> {
        let (fee, amount) = self.filing.kind.fee(self.filing.channel).unwrap_or_default();
        let request = v1::RecordPaymentRequest {
            command: self.meta(),
            dossier: self.dossier.clone(),
            fee: fee.into(),
            amount,
            external_reference: format!("BL-{}", self.dossier),
        };
        self.caller.member(Role::Cashier).desk().record_payment(request).await.map(drop)
    }

    async fn deliver(&self) -> Result<(), Status> {
        let recipient = v1::Recipient {
            id: citizen_id(self.filing.citizen),
            identity_checked: true,
            authorised: false,
        };
        send!(
            self,
            Role::ReturnClerk,
            deliver_result(DeliverResultRequest {
                method: v1::DeliveryMethod::Counter.into(),
                recipients: vec![recipient]
            })
        )
    }
}

/// A paper as the API takes it; nothing is uploaded at a counter.
fn document(input: &motcua_dossiers::command::DocumentInput) -> v1::Document {
    use v1::document::Content;
    let content = match &input.content {
        DocumentContent::Paper { originals, copies } => {
            Content::Paper(v1::PaperDocument { originals: *originals, copies: *copies })
        }
        DocumentContent::Presented
        | DocumentContent::Upload { .. }
        | DocumentContent::LookUp { .. }
        | DocumentContent::Verified { .. } => Content::Presented(v1::PresentedDocument {}),
    };
    v1::Document { requirement: input.requirement.clone(), content: Some(content) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lives_go_from_submission_to_delivery() {
        for life in [BIRTH, BUSINESS] {
            assert_eq!((life.first(), life.last()), (Some(&Act::Submit), Some(&Act::Deliver)));
        }
    }
}
