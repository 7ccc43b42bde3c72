//! The life of a dossier from submission to delivery: what is asked next, and how.

use jiff::tz::Offset;
use motcua_api::v1::{self, CommandMeta, DossierState};
use motcua_dossiers::command::DocumentContent;
use motcua_procedures::{Channel, Role};
use serde_json::json;
use tonic::Status;
use uuid::Uuid;

use super::crews::{CITIZENS, Crews, OFFICES};
use super::ledger::Note;
use crate::client::Session;
use crate::demo::filing::{Filing, Kind};
use crate::demo::people::citizen_id;

/// A command of a life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Submit,
    Review,
    Pay,
    Accept,
    Advance(&'static str),
    Sign,
    Issue,
    Complete,
    Deliver,
    /// To the same specialist again: it may be done for ever.
    Assign,
}

impl Act {
    /// What figures call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Review => "decide",
            Self::Pay => "pay",
            Self::Accept => "accept",
            Self::Advance(action) => action,
            Self::Sign => "sign",
            Self::Issue => "issue",
            Self::Complete => "complete",
            Self::Deliver => "deliver",
            Self::Assign => "assign",
        }
    }
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

/// Acts after which a dossier is filed and waits to be received.
pub(super) const SUBMITTED: usize = 1;
/// Acts after which a dossier of either kind lies with a specialist.
pub(super) const TAKEN_OVER: usize = 5;

/// A dossier on its way.
#[derive(Clone, Debug)]
pub(super) struct Life {
    /// Its id.
    pub(super) dossier: Uuid,
    /// Which of [`OFFICES`].
    pub(super) office: usize,
    number: usize,
    filing: Filing,
    done: usize,
}

impl Life {
    /// The dossier with this number, to be filed in an office; births and businesses in turn.
    pub(super) fn new(number: usize, office: usize) -> Self {
        let kind = if number.is_multiple_of(2) { Kind::Birth } else { Kind::Business };
        Self::of(kind, number, office)
    }

    /// The same of a birth, whatever its number.
    pub(super) fn birth(number: usize, office: usize) -> Self {
        Self::of(Kind::Birth, number, office)
    }

    fn of(kind: Kind, number: usize, office: usize) -> Self {
        let citizen = number % CITIZENS;
        let filing = Filing { kind, channel: Channel::Counter, office: OFFICES[office], citizen };
        Self { dossier: Uuid::now_v7(), office, number, filing, done: 0 }
    }

    /// Who files it.
    pub(super) fn citizen(&self) -> usize {
        self.filing.citizen
    }

    /// Acts that were carried out.
    pub(super) fn done(&self) -> usize {
        self.done
    }

    /// Number of acts from submission to delivery.
    pub(super) fn acts(&self) -> usize {
        self.course().len()
    }

    /// What is to be done next; nothing once it is delivered.
    pub(super) fn next(&self) -> Option<Act> {
        self.course().get(self.done).copied()
    }

    /// The next act was carried out.
    pub(super) fn advance(&mut self) {
        self.done += 1;
    }

    fn course(&self) -> &'static [Act] {
        match self.filing.kind {
            Kind::Business => BUSINESS,
            Kind::Birth | Kind::Marriage => BIRTH,
        }
    }

    /// Sends an act under a command id.
    pub(super) async fn send(
        &self,
        crews: &Crews,
        act: Act,
        command: Uuid,
    ) -> Result<Note, Status> {
        Call { life: self, crews, command }.send(act).await
    }
}

/// An act on its way.
struct Call<'a> {
    life: &'a Life,
    crews: &'a Crews,
    command: Uuid,
}

/// Sends a command of the desk about the dossier of `$call`.
macro_rules! send {
    ($call:ident, $role:expr, $method:ident(
        $message:ident { $($field:ident: $value:expr),* }
    )) => {{
        let request = v1::$message {
            command: $call.meta(),
            dossier: $call.life.dossier.to_string(),
            $($field: $value,)*
            ..Default::default()
        };
        let answer = $call.member($role).desk().$method(request).await?.into_inner();
        $call.noted(answer.dossier, answer.first_sequence)
    }};
}

impl Call<'_> {
    fn member(&self, role: Role) -> &Session {
        self.crews.member(self.life.office, role)
    }

    fn meta(&self) -> Option<CommandMeta> {
        Some(CommandMeta { command_id: self.command.to_string(), ..Default::default() })
    }

    fn noted(&self, dossier: Option<DossierState>, first: u64) -> Result<Note, Status> {
        let dossier = dossier.ok_or_else(|| Status::data_loss("the answer shows no dossier"))?;
        Ok(Note { command: self.command, first, last: dossier.version })
    }

    async fn send(&self, act: Act) -> Result<Note, Status> {
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
            Act::Sign => {
                let signs = match self.life.filing.kind {
                    Kind::Business => Role::HeadOfDivision,
                    Kind::Birth | Kind::Marriage => Role::SigningLeader,
                };
                send!(self, signs, sign_result(SignResultRequest {}))
            }
            Act::Issue => self.issue().await,
            Act::Complete => {
                send!(self, Role::ReturnClerk, complete_dossier(CompleteDossierRequest {}))
            }
            Act::Deliver => self.deliver().await,
            Act::Assign => {
                let assignee = self.life.filing.office.staff(Role::Specialist).id;
                let head = Role::HeadOfDivision;
                send!(self, head, assign_item(AssignItemRequest { assignee: assignee }))
            }
        }
    }

    async fn submit(&self) -> Result<Note, Status> {
        let life = self.life;
        let mut submit = life.filing.submit(Vec::new());
        if life.filing.kind == Kind::Business {
            // Citizens file again and again, and a name is held once.
            submit.form["business_name"] = json!(format!("Hộ kinh doanh số {}", life.number));
        }
        let citizen = citizen_id(life.citizen());
        let meta = self.meta().map(|meta| CommandMeta { acting_for: citizen, ..meta });
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
            dossier: life.dossier.to_string(),
            procedure: submit.procedure,
            channel: v1::Channel::Counter.into(),
            variant: submit.variant.unwrap_or_default(),
            receiving_unit: submit.receiving_unit,
            persons: submit.persons.iter().map(person).collect(),
            form_json: submit.form.to_string(),
            documents: submit.documents.iter().map(document).collect(),
            ..Default::default()
        };
        let mut front = self.member(Role::ReceptionClerk).dossiers();
        let answer = front.submit_dossier(request).await?.into_inner();
        self.noted(answer.dossier, answer.first_sequence)
    }

    async fn pay(&self) -> Result<Note, Status> {
        let filing = &self.life.filing;
        let (fee, amount) = filing.kind.fee(filing.channel).unwrap_or_default();
        let request = v1::RecordPaymentRequest {
            command: self.meta(),
            dossier: self.life.dossier.to_string(),
            fee: fee.into(),
            amount,
            external_reference: format!("BL-{}", self.life.dossier),
        };
        let mut desk = self.member(Role::Cashier).desk();
        let answer = desk.record_payment(request).await?.into_inner();
        self.noted(answer.dossier, answer.first_sequence)
    }

    async fn issue(&self) -> Result<Note, Status> {
        let today = Offset::constant(7).to_datetime(self.crews.now()).date();
        let number = format!("{}/2026", self.life.number);
        send!(
            self,
            Role::RecordsOfficer,
            issue_result(IssueResultRequest { number: number, issued_on: today.to_string() })
        )
    }

    async fn deliver(&self) -> Result<Note, Status> {
        let recipient = v1::Recipient {
            id: citizen_id(self.life.citizen()),
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
            assert!(life[..TAKEN_OVER].contains(&Act::Advance("take_over")));
        }
    }

    #[test]
    fn a_life_ends_when_its_last_act_is_done() {
        let mut life = Life::new(1, 0);
        assert_eq!((life.next(), life.acts()), (Some(Act::Submit), BUSINESS.len()));
        (0..BUSINESS.len()).for_each(|_| life.advance());
        assert_eq!(life.next(), None);
    }
}
