//! The lawful acts: one call each, and one answer for all.

use std::path::Path;

use motcua_api::v1;
use motcua_engine::{Clock as _, SystemClock};
use prost::Message;
use tonic::{Response, Status};

use super::act_arguments::{
    ActCommand, AdvanceArguments, ApologiseArguments, AssignArguments, ChangeVariantArguments,
    ChooseArguments, DecideArguments, DeliverArguments, ExtendArguments, HandOverArguments,
    IssueArguments, ItemArguments, LookupArguments, Method, PayArguments, ReasonedArguments,
    RefuseArguments, RequestSupplementArguments,
};
use super::document;
use crate::Ending;
use crate::client::{Session, steadily};
use crate::output::Output;
use crate::render;
use crate::wire::to_json;

/// The answer of an act.
pub(super) trait Answered: Message {
    /// Name of the message.
    const NAME: &'static str;
    /// The dossier after the act.
    fn dossier(&self) -> Option<&v1::DossierState>;
    /// The command had been carried out before.
    fn repeat(&self) -> bool;
}

macro_rules! answered {
    ($($response:ident,)*) => {
        $(impl Answered for v1::$response {
            const NAME: &'static str = stringify!($response);

            fn dossier(&self) -> Option<&v1::DossierState> {
                self.dossier.as_ref()
            }

            fn repeat(&self) -> bool {
                self.repeat
            }
        })*
    };
}

answered! {
    SubmitDossierResponse, SupplementDossierResponse, WithdrawDossierResponse,
    DecideItemsResponse, RecordLookupResponse, AcceptDossierResponse, RequestSupplementResponse,
    RefuseDossierResponse, AssignItemResponse, ClaimItemResponse, ReleaseItemResponse,
    HandOverItemResponse, AdvanceDossierResponse, RecordPaymentResponse, SignResultResponse,
    IssueResultResponse, CompleteDossierResponse, DeliverResultResponse, DeclineWithdrawalResponse,
    ApologiseForDelayResponse, StopDossierResponse, AdmitDossierResponse, ExtendLimitResponse,
    ChangeVariantResponse,
}

/// Sends a command, repeating it under its id where nobody knows the outcome, and shows the
/// dossier afterwards.
pub(super) async fn carry_out<A: Answered>(
    meta: &v1::CommandMeta,
    output: &Output,
    call: impl AsyncFn() -> Result<Response<A>, Status>,
) -> anyhow::Result<A> {
    output.note(&format!("{} {}", output.either("mã lệnh", "command id"), meta.command_id));
    let answer = steadily(call).await?;
    if output.json {
        output.value(&to_json(A::NAME, &answer))?;
        return Ok(answer);
    }
    if answer.repeat() {
        output.note(output.either(
            "lệnh này đã được thực hiện trước đó; đây là câu trả lời khi ấy",
            "this command had been carried out before; this is its answer",
        ));
    }
    if let Some(state) = answer.dossier() {
        output.text(&render::dossier(state, output))?;
    }
    Ok(answer)
}

/// Runs an act.
pub(super) async fn run(
    command: ActCommand,
    session: &Session,
    output: &Output,
) -> anyhow::Result<Ending> {
    match command {
        ActCommand::Decide(arguments) => decide(arguments, session, output).await,
        ActCommand::Lookup(arguments) => lookup(arguments, session, output).await,
        ActCommand::Accept(arguments) => accept(arguments, session, output).await,
        ActCommand::Admit(arguments) => admit(arguments, session, output).await,
        ActCommand::Extend(arguments) => extend(arguments, session, output).await,
        ActCommand::ChangeVariant(arguments) => change_variant(arguments, session, output).await,
        ActCommand::RequestSupplement(arguments) => {
            request_supplement(arguments, session, output).await
        }
        ActCommand::Refuse(arguments) => refuse(arguments, session, output).await,
        ActCommand::Assign(arguments) => assign(arguments, session, output).await,
        ActCommand::Claim(arguments) => claim(arguments, session, output).await,
        ActCommand::Release(arguments) => release(arguments, session, output).await,
        ActCommand::HandOver(arguments) => hand_over(arguments, session, output).await,
        ActCommand::Advance(arguments) => advance(arguments, session, output).await,
        ActCommand::Pay(arguments) => pay(arguments, session, output).await,
        ActCommand::Sign(arguments) => sign(arguments, session, output).await,
        ActCommand::Issue(arguments) => issue(arguments, session, output).await,
        ActCommand::Complete(arguments) => complete(arguments, session, output).await,
        ActCommand::Deliver(arguments) => deliver(arguments, session, output).await,
        ActCommand::Withdraw(arguments) => withdraw(arguments, session, output).await,
        ActCommand::DeclineWithdrawal(arguments) => {
            decline_withdrawal(arguments, session, output).await
        }
        ActCommand::Apologise(arguments) => apologise(arguments, session, output).await,
        ActCommand::Stop(arguments) => stop(arguments, session, output).await,
    }?;
    Ok(Ending::Well)
}

/// Sends `$request`, whose command is `$meta`.
macro_rules! send {
    ($session:ident.$client:ident.$method:ident($request:expr, $meta:expr), $output:ident) => {{
        let request = $request;
        let call = async || $session.$client().$method(request.clone()).await;
        carry_out(&$meta, $output, call).await.map(|_| ())
    }};
}

/// An act that takes an action, a work item and a reason, nothing else.
macro_rules! choices {
    ($($name:ident: $arguments:ident => $client:ident.$method:ident($request:ident);)*) => {
        $(async fn $name(
            arguments: $arguments,
            session: &Session,
            output: &Output,
        ) -> anyhow::Result<()> {
            let meta = arguments.target.meta.message();
            let request = v1::$request {
                command: Some(meta.clone()),
                dossier: arguments.target.dossier,
                action: arguments.which.action.unwrap_or_default(),
                work_item: arguments.which.work_item,
                reason: Option::<String>::from(arguments.reason).unwrap_or_default(),
            };
            send!(session.$client.$method(request, meta), output)
        })*
    };
}

choices! {
    accept: ChooseArguments => desk.accept_dossier(AcceptDossierRequest);
    admit: ChooseArguments => desk.admit_dossier(AdmitDossierRequest);
    sign: ChooseArguments => desk.sign_result(SignResultRequest);
    complete: ChooseArguments => desk.complete_dossier(CompleteDossierRequest);
    withdraw: ChooseArguments => dossiers.withdraw_dossier(WithdrawDossierRequest);
    decline_withdrawal: ChooseArguments => desk.decline_withdrawal(DeclineWithdrawalRequest);
    stop: ReasonedArguments => desk.stop_dossier(StopDossierRequest);
}

async fn refuse(a: RefuseArguments, session: &Session, output: &Output) -> anyhow::Result<()> {
    let RefuseArguments { reasoned, draft } = a;
    let meta = reasoned.target.meta.message();
    let request = v1::RefuseDossierRequest {
        command: Some(meta.clone()),
        dossier: reasoned.target.dossier,
        action: reasoned.which.action.unwrap_or_default(),
        work_item: reasoned.which.work_item,
        reason: reasoned.reason,
        draft: uploaded(draft.as_deref(), session).await?,
    };
    send!(session.desk.refuse_dossier(request, meta), output)
}

/// A file for an act, uploaded now.
async fn uploaded(
    path: Option<&Path>,
    session: &Session,
) -> anyhow::Result<Option<v1::UploadedDocument>> {
    let Some(path) = path else { return Ok(None) };
    let sha256 = document::upload(session, path, None, None).await?.sha256;
    Ok(Some(v1::UploadedDocument { sha256, ..Default::default() }))
}

async fn decide(a: DecideArguments, session: &Session, output: &Output) -> anyhow::Result<()> {
    let meta = a.target.meta.message();
    let accepted = a.accept.into_iter().map(|item| v1::ItemDecision {
        item,
        accepted: true,
        reason: "".into(),
    });
    let rejected = a.reject.into_iter().map(|(item, reason)| v1::ItemDecision {
        item,
        accepted: false,
        reason,
    });
    let request = v1::DecideItemsRequest {
        command: Some(meta.clone()),
        dossier: a.target.dossier,
        decisions: accepted.chain(rejected).collect(),
        accept_rest: a.accept_rest,
    };
    send!(session.desk.decide_items(request, meta), output)
}

async fn lookup(a: LookupArguments, session: &Session, output: &Output) -> anyhow::Result<()> {
    let meta = a.target.meta.message();
    let request = v1::RecordLookupRequest {
        command: Some(meta.clone()),
        dossier: a.target.dossier,
        requirement: a.requirement,
        registry: a.registry,
        found: !a.not_found,
        answer: a.answer.unwrap_or_default(),
    };
    send!(session.desk.record_lookup(request, meta), output)
}

async fn request_supplement(
    a: RequestSupplementArguments,
    session: &Session,
    output: &Output,
) -> anyhow::Result<()> {
    let meta = a.target.meta.message();
    let line = |(item, content)| v1::SupplementItem { item, content };
    let request = v1::RequestSupplementRequest {
        command: Some(meta.clone()),
        dossier: a.target.dossier,
        action: a.which.action.unwrap_or_default(),
        work_item: a.which.work_item,
        reason: a.reason.unwrap_or_default(),
        items: a.items.into_iter().map(line).collect(),
    };
    send!(session.desk.request_supplement(request, meta), output)
}

async fn assign(a: AssignArguments, session: &Session, output: &Output) -> anyhow::Result<()> {
    let meta = a.target.meta.message();
    let request = v1::AssignItemRequest {
        command: Some(meta.clone()),
        dossier: a.target.dossier,
        work_item: a.work_item,
        assignee: a.to,
    };
    send!(session.desk.assign_item(request, meta), output)
}

async fn claim(a: ItemArguments, session: &Session, output: &Output) -> anyhow::Result<()> {
    let meta = a.target.meta.message();
    let request = v1::ClaimItemRequest {
        command: Some(meta.clone()),
        dossier: a.target.dossier,
        work_item: a.work_item,
    };
    send!(session.desk.claim_item(request, meta), output)
}

async fn release(a: ItemArguments, session: &Session, output: &Output) -> anyhow::Result<()> {
    let meta = a.target.meta.message();
    let request = v1::ReleaseItemRequest {
        command: Some(meta.clone()),
        dossier: a.target.dossier,
        work_item: a.work_item,
    };
    send!(session.desk.release_item(request, meta), output)
}

async fn hand_over(a: HandOverArguments, session: &Session, output: &Output) -> anyhow::Result<()> {
    let meta = a.target.meta.message();
    let request = v1::HandOverItemRequest {
        command: Some(meta.clone()),
        dossier: a.target.dossier,
        work_item: a.work_item,
        unit: a.unit.unwrap_or_default(),
        assignee: a.to.unwrap_or_default(),
        reason: a.reason.unwrap_or_default(),
    };
    send!(session.desk.hand_over_item(request, meta), output)
}

async fn advance(a: AdvanceArguments, session: &Session, output: &Output) -> anyhow::Result<()> {
    let meta = a.target.meta.message();
    let request = v1::AdvanceDossierRequest {
        command: Some(meta.clone()),
        dossier: a.target.dossier,
        action: a.action,
        work_item: a.work_item,
        reason: a.reason.unwrap_or_default(),
        unit: a.unit.unwrap_or_default(),
        units: a.units,
        data_json: a.data.unwrap_or_default(),
        draft: uploaded(a.draft.as_deref(), session).await?,
        documents: match &a.documents {
            Some(file) => super::file::documents(file, session).await?,
            None => Vec::new(),
        },
    };
    send!(session.desk.advance_dossier(request, meta), output)
}

async fn pay(a: PayArguments, session: &Session, output: &Output) -> anyhow::Result<()> {
    let meta = a.target.meta.message();
    let request = v1::RecordPaymentRequest {
        command: Some(meta.clone()),
        dossier: a.target.dossier,
        fee: a.fee,
        amount: a.amount,
        external_reference: a.reference,
    };
    send!(session.desk.record_payment(request, meta), output)
}

async fn issue(a: IssueArguments, session: &Session, output: &Output) -> anyhow::Result<()> {
    let meta = a.target.meta.message();
    let document = uploaded(a.file.as_deref(), session).await?;
    let document = document.map(|file| v1::UploadedDocument { signed: a.signed, ..file });
    let request = v1::IssueResultRequest {
        command: Some(meta.clone()),
        dossier: a.target.dossier,
        action: a.which.action.unwrap_or_default(),
        work_item: a.which.work_item,
        reason: a.reason.unwrap_or_default(),
        number: a.number,
        issued_on: a.date.unwrap_or_else(today),
        document,
    };
    send!(session.desk.issue_result(request, meta), output)
}

/// Today at the centre, whatever the zone of this machine.
fn today() -> String {
    motcua_dossiers::local_date(SystemClock.now()).to_string()
}

async fn deliver(a: DeliverArguments, session: &Session, output: &Output) -> anyhow::Result<()> {
    let meta = a.target.meta.message();
    let method = match a.method {
        Method::Counter => v1::DeliveryMethod::Counter,
        Method::Post => v1::DeliveryMethod::Post,
        Method::Electronic => v1::DeliveryMethod::Electronic,
    };
    let recipients = [(a.to, true, false), (a.to_proxy, true, true), (a.sent_to, false, false)];
    let recipients = recipients.into_iter().flat_map(|(ids, identity_checked, authorised)| {
        ids.into_iter().map(move |id| v1::Recipient { id, identity_checked, authorised })
    });
    let request = v1::DeliverResultRequest {
        command: Some(meta.clone()),
        dossier: a.target.dossier,
        action: a.which.action.unwrap_or_default(),
        work_item: a.which.work_item,
        reason: a.reason.unwrap_or_default(),
        method: method.into(),
        recipients: recipients.collect(),
        originals_checked: a.originals,
    };
    send!(session.desk.deliver_result(request, meta), output)
}

async fn extend(a: ExtendArguments, session: &Session, output: &Output) -> anyhow::Result<()> {
    let meta = a.target.meta.message();
    let request = v1::ExtendLimitRequest {
        command: Some(meta.clone()),
        dossier: a.target.dossier,
        action: a.which.action.unwrap_or_default(),
        work_item: a.which.work_item,
        reason: a.reason,
        amount: a.amount,
    };
    send!(session.desk.extend_limit(request, meta), output)
}

async fn change_variant(
    a: ChangeVariantArguments,
    session: &Session,
    output: &Output,
) -> anyhow::Result<()> {
    let meta = a.target.meta.message();
    let request = v1::ChangeVariantRequest {
        command: Some(meta.clone()),
        dossier: a.target.dossier,
        action: a.which.action.unwrap_or_default(),
        work_item: a.which.work_item,
        reason: a.reason,
        variant: a.variant,
    };
    send!(session.desk.change_variant(request, meta), output)
}

async fn apologise(
    a: ApologiseArguments,
    session: &Session,
    output: &Output,
) -> anyhow::Result<()> {
    let meta = a.target.meta.message();
    let request = v1::ApologiseForDelayRequest {
        command: Some(meta.clone()),
        dossier: a.target.dossier,
        action: a.which.action.unwrap_or_default(),
        work_item: a.which.work_item,
        reason: a.reason,
        due_on: a.due_on,
        agency_at_fault: a.agency_at_fault,
    };
    send!(session.desk.apologise_for_delay(request, meta), output)
}
