//! Requests that change a dossier, and their answers.

use motcua_api::v1;
use motcua_dossiers::command::{
    Actor, Advance, Apologise, Assign, ChangeVariant, Choose, Command, DecideItems, Deliver,
    DeliveryBy, DocumentContent, DocumentInput, ExtendLimit, ExternalRef, HandOver, Issue,
    ItemDecision, ItemName, ItemRef, Part, Person, Recipient, RecordLookup, RecordPayment, Refuse,
    RequestSupplement, Submit, Supplement, SupplementItem,
};
use motcua_engine::{Caller, Request};
use motcua_procedures::{Channel, Role};
use motcua_store::contract::DossierKey;

use super::read::{
    Faults, ID_CHARS_MAX, NAME_CHARS_MAX, PAYMENT_REFERENCE_CHARS_MAX, PERSON_TEXT_CHARS_MAX,
    RESULT_NUMBER_CHARS_MAX, TEXT_CHARS_MAX,
};
use crate::status::Refusal;

// As many as the rules take (`dossiers/src/decide`).
const PERSONS_MAX: usize = 20;
const RECIPIENTS_MAX: usize = 20;
const UNITS_MAX: usize = 100;
const DOCUMENTS_MAX: usize = 128;
const ITEMS_MAX: usize = 600;

/// What a request that changes a dossier asks for, its faults noted.
pub(crate) struct Asked {
    meta: Option<v1::CommandMeta>,
    dossier: String,
    command: Option<Command>,
}

/// A request that changes a dossier.
pub(crate) trait Act {
    /// Reads it whole.
    fn read(self, faults: &mut Faults) -> Asked;
}

/// The answer to a request that changes a dossier.
pub(crate) trait Acted {
    /// The answer.
    fn of(dossier: v1::DossierState, first_sequence: u64, repeat: bool) -> Self;
}

impl Asked {
    /// The engine's request, as the caller in the chosen role; `key` tells ids, codes and secrets
    /// apart.
    ///
    /// # Errors
    /// Every fault of the request; or [`Refusal::RoleNotHeld`].
    pub(crate) fn request(
        self,
        mut faults: Faults,
        caller: &Caller,
        key: impl FnOnce(&str) -> DossierKey,
    ) -> Result<Request, Refusal> {
        let dossier = key(&faults.dossier(&self.dossier));
        let meta = self.meta.unwrap_or_default();
        let command_id = faults.uuid("command.command_id", &meta.command_id);
        let acting_for = faults.optional_person_id("command.acting_for", &meta.acting_for);
        let role = role(&mut faults, caller, &meta.acting_role)?;
        let (command, role) = faults.finish((self.command, role))?;
        let actor = Actor { id: caller.id.clone(), role, unit: caller.unit.clone(), acting_for };
        let command = command.expect("a command that could not be read left a fault");
        Ok(Request { dossier, command_id, expected: meta.expected_version, actor, command })
    }
}

/// The role to act in: the one asked for, or the only one there is.
fn role(faults: &mut Faults, caller: &Caller, asked: &str) -> Result<Role, Refusal> {
    match (asked, caller.roles.as_slice()) {
        ("", [role]) => Ok(*role),
        ("", roles) => {
            let names = roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
            faults.add(
                "command.acting_role",
                "AMBIGUOUS_ROLE",
                &format!("Phải chọn một vai trò: {names}."),
                &format!("must be one of {names}"),
            );
            Ok(Role::Applicant)
        }
        (name, roles) => match Role::from_name(name).filter(|role| roles.contains(role)) {
            Some(role) => Ok(role),
            None => Err(Refusal::RoleNotHeld { role: name.into() }),
        },
    }
}

fn choose(faults: &mut Faults, action: &str, item: Option<u32>, reason: &str) -> Choose {
    Choose {
        action: faults.optional("action", action, ID_CHARS_MAX),
        item,
        reason: faults.optional("reason", reason, TEXT_CHARS_MAX),
    }
}

/// Requests that consist of a choice: `Request => Command`.
macro_rules! choices {
    ($($request:ident => $command:ident),* $(,)?) => {$(
        impl Act for v1::$request {
            fn read(self, faults: &mut Faults) -> Asked {
                let chosen = choose(faults, &self.action, self.work_item, &self.reason);
                let command = Some(Command::$command(chosen));
                Asked { meta: self.command, dossier: self.dossier, command }
            }
        }
    )*};
}

choices! {
    AcceptDossierRequest => Accept,
    AdmitDossierRequest => Admit,
    SignResultRequest => Sign,
    CompleteDossierRequest => Complete,
    WithdrawDossierRequest => Withdraw,
    DeclineWithdrawalRequest => DeclineWithdrawal,
    StopDossierRequest => Stop,
}

/// Requests with fields of their own: `Request, |request, faults| command`.
macro_rules! acts {
    ($($request:ident, |$self:ident, $faults:ident| $command:expr;)*) => {$(
        impl Act for v1::$request {
            fn read(self, $faults: &mut Faults) -> Asked {
                let $self = self;
                let command = $command;
                Asked { meta: $self.command, dossier: $self.dossier, command }
            }
        }
    )*};
}

acts! {
    DecideItemsRequest, |request, faults| Some(decide_items(faults, &request));
    RecordLookupRequest, |request, faults| Some(Command::RecordLookup(RecordLookup {
        requirement: faults.id("requirement", &request.requirement),
        registry: faults.required("registry", &request.registry, NAME_CHARS_MAX),
        found: request.found,
        answer: faults.optional("answer", &request.answer, TEXT_CHARS_MAX),
    }));
    RequestSupplementRequest, |request, faults| Some(request_supplement(faults, &request));
    SupplementDossierRequest, |request, faults| Some(Command::Supplement(Supplement {
        form: faults.form("form_json", &request.form_json),
        documents: documents(faults, &request.documents),
    }));
    AdvanceDossierRequest, |request, faults| Some(Command::Advance(Advance {
        choose: Choose {
            action: Some(faults.id("action", &request.action)),
            ..choose(faults, "", request.work_item, &request.reason)
        },
        unit: faults.optional("unit", &request.unit, ID_CHARS_MAX),
        units: units(faults, &request.units),
        data: match request.data_json.as_str() {
            "" => None,
            json => Some(faults.form("data_json", json)),
        },
        draft: request.draft.as_ref().map(|file| upload(faults, "draft", file)),
        documents: documents(faults, &request.documents),
    }));
    RefuseDossierRequest, |request, faults| Some(Command::Refuse(Refuse {
        choose: choose(faults, &request.action, request.work_item, &request.reason),
        draft: request.draft.as_ref().map(|file| upload(faults, "draft", file)),
    }));
    AssignItemRequest, |request, faults| Some(Command::Assign(Assign {
        item: request.work_item,
        assignee: faults.person_id("assignee", &request.assignee),
    }));
    ClaimItemRequest, |request, _faults| Some(Command::Claim(ItemRef { item: request.work_item }));
    ReleaseItemRequest, |request, _faults| {
        Some(Command::Release(ItemRef { item: request.work_item }))
    };
    HandOverItemRequest, |request, faults| Some(Command::HandOver(HandOver {
        item: request.work_item,
        unit: faults.optional("unit", &request.unit, ID_CHARS_MAX),
        assignee: faults.optional_person_id("assignee", &request.assignee),
        reason: faults.optional("reason", &request.reason, TEXT_CHARS_MAX),
    }));
    RecordPaymentRequest, |request, faults| Some(Command::RecordPayment(RecordPayment {
        fee: faults.id("fee", &request.fee),
        amount: request.amount,
        external_reference:
            faults.required(
                "external_reference",
                &request.external_reference,
                PAYMENT_REFERENCE_CHARS_MAX,
            ),
    }));
    IssueResultRequest, |request, faults| Some(Command::Issue(Issue {
        choose: choose(faults, &request.action, request.work_item, &request.reason),
        number: faults.required("number", &request.number, RESULT_NUMBER_CHARS_MAX),
        issued_on: faults.date("issued_on", &request.issued_on),
        document: request.document.as_ref().map(|file| upload(faults, "document", file)),
    }));
    ApologiseForDelayRequest, |request, faults| Some(Command::Apologise(Apologise {
        choose: choose(faults, &request.action, request.work_item, &request.reason),
        due_on: faults.date("due_on", &request.due_on),
        agency_at_fault: request.agency_at_fault,
    }));
    ExtendLimitRequest, |request, faults| Some(Command::Extend(ExtendLimit {
        choose: choose(faults, &request.action, request.work_item, &request.reason),
        amount: request.amount,
    }));
    ChangeVariantRequest, |request, faults| Some(Command::ChangeVariant(ChangeVariant {
        choose: choose(faults, &request.action, request.work_item, &request.reason),
        variant: faults.id("variant", &request.variant),
    }));
    DeliverResultRequest, |request, faults| deliver(faults, &request);
    SubmitDossierRequest, |request, faults| submit(faults, &request);
}

fn units(faults: &mut Faults, units: &[String]) -> Vec<String> {
    faults.at_most("units", units.len(), UNITS_MAX);
    let units = units.iter().take(UNITS_MAX).enumerate();
    units.map(|(i, unit)| faults.id(&format!("units[{i}]"), unit)).collect()
}

fn decide_items(faults: &mut Faults, request: &v1::DecideItemsRequest) -> Command {
    faults.at_most("decisions", request.decisions.len(), ITEMS_MAX);
    let mut decisions = Vec::new();
    for (i, decision) in request.decisions.iter().take(ITEMS_MAX).enumerate() {
        let Some(item) = item(faults, &format!("decisions[{i}].item"), &decision.item) else {
            continue;
        };
        let reason =
            faults.optional(&format!("decisions[{i}].reason"), &decision.reason, TEXT_CHARS_MAX);
        decisions.push(ItemDecision { item, accepted: decision.accepted, reason });
    }
    Command::DecideItems(DecideItems { decisions, accept_rest: request.accept_rest })
}

fn request_supplement(faults: &mut Faults, request: &v1::RequestSupplementRequest) -> Command {
    let choose = choose(faults, &request.action, request.work_item, &request.reason);
    faults.at_most("items", request.items.len(), ITEMS_MAX);
    let mut items = Vec::new();
    for (i, line) in request.items.iter().take(ITEMS_MAX).enumerate() {
        let content =
            faults.required(&format!("items[{i}].content"), &line.content, TEXT_CHARS_MAX);
        if let Some(item) = item(faults, &format!("items[{i}].item"), &line.item) {
            items.push(SupplementItem { item, content });
        }
    }
    Command::RequestSupplement(RequestSupplement { choose, items })
}

fn item(faults: &mut Faults, field: &str, text: &str) -> Option<ItemName> {
    let item = ItemName::try_from(faults.text(field, text, NAME_CHARS_MAX)).ok();
    if item.is_none() {
        faults.add(
            field,
            "ITEM_NAME",
            "Phải có dạng document:MÃ hoặc field:TÊN.",
            "must be document:ID or field:NAME",
        );
    }
    item
}

fn deliver(faults: &mut Faults, request: &v1::DeliverResultRequest) -> Option<Command> {
    let choose = choose(faults, &request.action, request.work_item, &request.reason);
    let by = match request.method() {
        v1::DeliveryMethod::Unspecified => {
            faults.unspecified("method");
            None
        }
        v1::DeliveryMethod::Counter => Some(DeliveryBy::Counter),
        v1::DeliveryMethod::Post => Some(DeliveryBy::Post),
        v1::DeliveryMethod::Electronic => Some(DeliveryBy::Electronic),
    };
    faults.at_most("recipients", request.recipients.len(), RECIPIENTS_MAX);
    let recipients = request.recipients.iter().take(RECIPIENTS_MAX).enumerate();
    let recipients = recipients.map(|(i, recipient)| Recipient {
        id: faults.person_id(&format!("recipients[{i}].id"), &recipient.id),
        identity_checked: recipient.identity_checked,
        authorised: recipient.authorised,
    });
    let recipients = recipients.collect();
    faults.at_most("originals_checked", request.originals_checked.len(), DOCUMENTS_MAX);
    let originals = request.originals_checked.iter().take(DOCUMENTS_MAX).enumerate();
    let originals_checked =
        originals.map(|(i, id)| faults.id(&format!("originals_checked[{i}]"), id)).collect();
    Some(Command::Deliver(Deliver { choose, by: by?, recipients, originals_checked }))
}

fn submit(faults: &mut Faults, request: &v1::SubmitDossierRequest) -> Option<Command> {
    let channel = match request.channel() {
        v1::Channel::Unspecified => {
            faults.unspecified("channel");
            None
        }
        v1::Channel::Counter => Some(Channel::Counter),
        v1::Channel::Online => Some(Channel::Online),
        v1::Channel::Post => Some(Channel::Post),
    };
    if !request.dossier.is_empty() {
        faults.uuid("dossier", &request.dossier);
    }
    faults.at_most("persons", request.persons.len(), PERSONS_MAX);
    let mut persons = Vec::new();
    for (i, one) in request.persons.iter().take(PERSONS_MAX).enumerate() {
        persons.extend(person(faults, &format!("persons[{i}]"), one));
    }
    let external = request.external.as_ref().map(|external| ExternalRef {
        source: faults.id("external.source", &external.source),
        id: faults.required("external.id", &external.id, NAME_CHARS_MAX),
    });
    let submit = Submit {
        procedure: faults.id("procedure", &request.procedure),
        variant: faults.optional("variant", &request.variant, ID_CHARS_MAX),
        receiving_unit: faults.id("receiving_unit", &request.receiving_unit),
        competent_unit: faults.optional("competent_unit", &request.competent_unit, ID_CHARS_MAX),
        persons,
        form: faults.form("form_json", &request.form_json),
        documents: documents(faults, &request.documents),
        external,
        channel: channel?,
    };
    Some(Command::Submit(Box::new(submit)))
}

fn person(faults: &mut Faults, at: &str, person: &v1::Person) -> Option<Person> {
    let part = match person.part() {
        v1::Part::Unspecified => {
            faults.unspecified(&format!("{at}.part"));
            None
        }
        v1::Part::DossierOwner => Some(Part::DossierOwner),
        v1::Part::AuthorisedPerson => Some(Part::AuthorisedPerson),
    };
    let id = faults.person_id(&format!("{at}.id"), &person.id);
    let full_name =
        faults.required(&format!("{at}.full_name"), &person.full_name, PERSON_TEXT_CHARS_MAX);
    let mut optional = |name: &str, text: &str| {
        faults.optional(&format!("{at}.{name}"), text, PERSON_TEXT_CHARS_MAX)
    };
    Some(Person {
        id,
        full_name,
        id_number: optional("id_number", &person.id_number),
        phone: optional("phone", &person.phone),
        email: optional("email", &person.email),
        address: optional("address", &person.address),
        part: part?,
    })
}

fn documents(faults: &mut Faults, documents: &[v1::Document]) -> Vec<DocumentInput> {
    faults.at_most("documents", documents.len(), DOCUMENTS_MAX);
    let mut inputs = Vec::new();
    for (i, document) in documents.iter().take(DOCUMENTS_MAX).enumerate() {
        let at = format!("documents[{i}]");
        let requirement = faults.id(&format!("{at}.requirement"), &document.requirement);
        let content = match &document.content {
            None => {
                faults.missing(&format!("{at}.content"));
                continue;
            }
            Some(v1::document::Content::Upload(file)) => {
                upload(faults, &format!("{at}.upload"), file)
            }
            Some(v1::document::Content::Paper(paper)) => {
                DocumentContent::Paper { originals: paper.originals, copies: paper.copies }
            }
            Some(v1::document::Content::Presented(_)) => DocumentContent::Presented,
            Some(v1::document::Content::LookUp(answer)) => DocumentContent::LookUp {
                registry: faults.required(
                    &format!("{at}.look_up.registry"),
                    &answer.registry,
                    NAME_CHARS_MAX,
                ),
                found: answer.found,
            },
            Some(v1::document::Content::Verified(answer)) => DocumentContent::Verified {
                unit: faults.id(&format!("{at}.verified.unit"), &answer.unit),
                found: answer.found,
            },
        };
        inputs.push(DocumentInput { requirement, content });
    }
    inputs
}

/// A file that the engine finds among the finished uploads: size and type are what it found then.
fn upload(faults: &mut Faults, at: &str, file: &v1::UploadedDocument) -> DocumentContent {
    DocumentContent::Upload {
        sha256: faults.sha256(&format!("{at}.sha256"), &file.sha256),
        size: 0,
        media: String::new(),
        signed: file.signed,
    }
}

macro_rules! answers {
    ($($response:ident),* $(,)?) => {$(
        impl Acted for v1::$response {
            fn of(dossier: v1::DossierState, first_sequence: u64, repeat: bool) -> Self {
                Self { dossier: Some(dossier), first_sequence, repeat }
            }
        }
    )*};
}

answers! {
    AcceptDossierResponse,
    AdmitDossierResponse,
    AdvanceDossierResponse,
    ApologiseForDelayResponse,
    AssignItemResponse,
    ChangeVariantResponse,
    ClaimItemResponse,
    CompleteDossierResponse,
    DecideItemsResponse,
    DeclineWithdrawalResponse,
    DeliverResultResponse,
    ExtendLimitResponse,
    HandOverItemResponse,
    IssueResultResponse,
    RecordLookupResponse,
    RecordPaymentResponse,
    RefuseDossierResponse,
    ReleaseItemResponse,
    RequestSupplementResponse,
    SignResultResponse,
    StopDossierResponse,
    SupplementDossierResponse,
    WithdrawDossierResponse,
}

#[cfg(test)]
mod tests {
    use motcua_engine::EngineError;

    use super::*;

    const ID: &str = "0190163d-8694-739b-aea5-966c26f8ad91";

    fn caller(roles: &[Role]) -> Caller {
        Caller {
            id: "clerk-1".into(),
            unit: Some("ward-1".into()),
            roles: roles.to_vec(),
            acting_for: None,
        }
    }

    fn meta(acting_role: &str) -> Option<v1::CommandMeta> {
        Some(v1::CommandMeta {
            command_id: ID.into(),
            expected_version: Some(3),
            acting_role: acting_role.into(),
            acting_for: String::new(),
        })
    }

    fn read(act: impl Act, caller: &Caller) -> Result<Request, Refusal> {
        let mut faults = Faults::default();
        let asked = act.read(&mut faults);
        asked.request(faults, caller, |id| DossierKey::Id(id.parse().unwrap_or_default()))
    }

    #[track_caller]
    fn fields(refused: Result<Request, Refusal>) -> Vec<String> {
        match refused {
            Err(Refusal::Engine(EngineError::Invalid(violations))) => {
                violations.into_iter().map(|violation| violation.subject).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    fn accept(acting_role: &str) -> v1::AcceptDossierRequest {
        v1::AcceptDossierRequest {
            command: meta(acting_role),
            dossier: ID.into(),
            ..Default::default()
        }
    }

    #[test]
    fn a_request_becomes_a_command_of_its_caller() {
        let request = read(accept(""), &caller(&[Role::ReceptionClerk])).expect("sound");
        assert_eq!(request.command, Command::Accept(Choose::default()));
        assert_eq!(request.expected, Some(3));
        assert_eq!(request.actor.id, "clerk-1");
        assert_eq!(request.actor.role, Role::ReceptionClerk);
        assert_eq!(request.actor.unit.as_deref(), Some("ward-1"));
    }

    #[test]
    fn the_acting_role_must_be_in_the_token() {
        let clerk = caller(&[Role::ReceptionClerk, Role::ReturnClerk]);
        let request = read(accept("return_clerk"), &clerk).expect("held");
        assert_eq!(request.actor.role, Role::ReturnClerk);
        for role in ["signing_leader", "system", "king"] {
            let refused = read(accept(role), &clerk);
            assert!(matches!(refused, Err(Refusal::RoleNotHeld { .. })), "{role}");
        }
        assert_eq!(fields(read(accept(""), &clerk)), ["command.acting_role"]);
    }

    #[test]
    fn an_empty_request_is_told_everything_that_it_lacks() {
        let clerk = caller(&[Role::ReceptionClerk]);
        assert_eq!(
            fields(read(v1::SubmitDossierRequest::default(), &clerk)),
            ["channel", "procedure", "receiving_unit", "dossier", "command.command_id"]
        );
        assert_eq!(
            fields(read(v1::DeliverResultRequest::default(), &clerk)),
            ["method", "dossier", "command.command_id"]
        );
        assert_eq!(
            fields(read(v1::IssueResultRequest::default(), &clerk)),
            ["number", "issued_on", "dossier", "command.command_id"]
        );
    }

    #[test]
    fn faults_deep_inside_have_the_path_of_their_field() {
        let request = v1::SubmitDossierRequest {
            command: meta(""),
            dossier: ID.into(),
            procedure: "1.001193".into(),
            channel: v1::Channel::Online.into(),
            receiving_unit: "ward-1".into(),
            persons: vec![v1::Person { full_name: "A\0B".into(), ..Default::default() }],
            form_json: r#"{"a":1,"a":2}"#.into(),
            documents: vec![
                v1::Document { requirement: "D1".into(), content: None },
                v1::Document {
                    requirement: String::new(),
                    content: Some(v1::document::Content::Upload(v1::UploadedDocument {
                        sha256: "x".into(),
                        ..Default::default()
                    })),
                },
            ],
            ..Default::default()
        };
        let fields = fields(read(request, &caller(&[Role::Applicant])));
        for field in [
            "persons[0].part",
            "persons[0].id",
            "persons[0].full_name",
            "documents[0].content",
            "documents[1].requirement",
            "documents[1].upload.sha256",
        ] {
            assert!(fields.iter().any(|f| f == field), "{field} in {fields:?}");
        }
        assert!(fields.iter().any(|field| field.starts_with("form_json")), "{fields:?}");
    }

    #[test]
    fn too_many_entries_are_refused_without_reading_them() {
        let request = v1::DecideItemsRequest {
            command: meta(""),
            dossier: ID.into(),
            decisions: vec![v1::ItemDecision::default(); 10_000],
            accept_rest: false,
        };
        let fields = fields(read(request, &caller(&[Role::ReceptionClerk])));
        assert_eq!(fields[0], "decisions");
        assert_eq!(fields.len(), ITEMS_MAX + 1);
    }
}
