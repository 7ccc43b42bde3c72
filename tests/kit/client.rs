//! A person at the API: one method for each act, each with a command id of its own.

use std::sync::Arc;

use motcua_api::v1::admin_service_client::AdminServiceClient;
use motcua_api::v1::audit_service_client::AuditServiceClient;
use motcua_api::v1::deadline_service_client::DeadlineServiceClient;
use motcua_api::v1::desk_service_client::DeskServiceClient;
use motcua_api::v1::dossier_service_client::DossierServiceClient;
use motcua_api::v1::procedure_service_client::ProcedureServiceClient;
use motcua_api::v1::replay_history_response::Part;
use motcua_api::v1::*;
use motcua_engine::Clock;
use tokio_stream::StreamExt as _;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use uuid::Uuid;

use crate::files::sha256;

/// Bytes of a chunk of an upload.
const CHUNK_BYTES: usize = 256 * 1024;

/// A connection that carries the token.
pub type Link = InterceptedService<Channel, Bearer>;

/// Puts the token into every call.
#[derive(Clone, Debug)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request
                .metadata_mut()
                .insert("authorization", token.clone());
        }
        Ok(request)
    }
}

/// Someone at the API. Clones share the connection.
#[derive(Clone)]
pub struct Client {
    link: Link,
    id: String,
    acting_for: String,
    acting_role: String,
    clock: Arc<dyn Clock>,
}

/// The state of a dossier after an act.
pub type Acted = Result<DossierState, Status>;

/// Sends an act and takes the dossier out of its answer.
macro_rules! act {
    ($client:ident.$service:ident().$method:ident($request:expr)) => {{
        let answer = $client.$service().$method($request).await?;
        Ok(answer
            .into_inner()
            .dossier
            .expect("an answer shows the dossier"))
    }};
}

impl Client {
    /// Connects when first used.
    ///
    /// # Panics
    /// For an address or token that cannot be sent.
    pub fn new(url: &str, id: &str, token: Option<&str>, clock: Arc<dyn Clock>) -> Self {
        let endpoint = Endpoint::from_shared(url.to_owned()).expect("an address");
        let bearer = |token: &str| format!("Bearer {token}").parse().expect("a token is ASCII");
        let link = InterceptedService::new(endpoint.connect_lazy(), Bearer(token.map(bearer)));
        Self {
            link,
            id: id.to_owned(),
            acting_for: String::new(),
            acting_role: String::new(),
            clock,
        }
    }

    /// The same person, attesting that they act for a citizen.
    #[must_use]
    pub fn attesting(&self, citizen: &str) -> Self {
        Self {
            acting_for: citizen.to_owned(),
            ..self.clone()
        }
    }

    /// The same person, acting in a role of the token.
    #[must_use]
    pub fn acting_as(&self, role: &str) -> Self {
        Self {
            acting_role: role.to_owned(),
            ..self.clone()
        }
    }

    /// Opaque id of the person.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Opaque id of whose rights as an applicant count.
    pub fn person(&self) -> &str {
        if self.acting_for.is_empty() {
            &self.id
        } else {
            &self.acting_for
        }
    }

    /// What the clock of the person's world shows.
    pub fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    /// A UUIDv7 of now.
    pub fn new_id(&self) -> Uuid {
        crate::world::new_id(self.clock.now())
    }

    /// Command id of its own, no expected version.
    pub fn meta(&self) -> Option<CommandMeta> {
        self.meta_with(self.new_id())
    }

    /// This command id, no expected version.
    pub fn meta_with(&self, command: Uuid) -> Option<CommandMeta> {
        Some(CommandMeta {
            command_id: command.to_string(),
            expected_version: None,
            acting_role: self.acting_role.clone(),
            acting_for: self.acting_for.clone(),
        })
    }

    /// The service of citizens and front ends.
    pub fn dossiers(&self) -> DossierServiceClient<Link> {
        DossierServiceClient::new(self.link.clone())
    }

    /// The service of clerks, leaders and records officers.
    pub fn desk(&self) -> DeskServiceClient<Link> {
        DeskServiceClient::new(self.link.clone())
    }

    /// The service of procedure authors.
    pub fn procedures(&self) -> ProcedureServiceClient<Link> {
        ProcedureServiceClient::new(self.link.clone())
    }

    /// The service of deadlines.
    pub fn deadlines(&self) -> DeadlineServiceClient<Link> {
        DeadlineServiceClient::new(self.link.clone())
    }

    /// The service of auditors.
    pub fn audit(&self) -> AuditServiceClient<Link> {
        AuditServiceClient::new(self.link.clone())
    }

    /// The service of operators.
    pub fn admin(&self) -> AdminServiceClient<Link> {
        AdminServiceClient::new(self.link.clone())
    }
}

/// Files and what citizens do.
impl Client {
    /// Uploads a file in chunks and finishes it; its digest.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn upload(&self, media_type: &str, bytes: &[u8]) -> Result<String, Status> {
        let upload_id = self.new_id().to_string();
        let begin = BeginUploadRequest {
            upload_id: upload_id.clone(),
            media_type: media_type.to_owned(),
            size_bytes: bytes.len() as u64,
        };
        self.dossiers().begin_upload(begin).await?;
        for (i, chunk) in bytes.chunks(CHUNK_BYTES).enumerate() {
            let put = PutChunkRequest {
                upload_id: upload_id.clone(),
                offset: (i * CHUNK_BYTES) as u64,
                content: chunk.to_vec(),
            };
            self.dossiers().put_chunk(put).await?;
        }
        let digest = sha256(bytes);
        let finish = FinishUploadRequest {
            upload_id,
            sha256: digest.clone(),
        };
        self.dossiers().finish_upload(finish).await?;
        Ok(digest)
    }

    /// Files a dossier.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn submit(&self, filing: SubmitDossierRequest) -> Acted {
        act!(self.dossiers().submit_dossier(filing))
    }

    /// Files a dossier; the whole answer with its tracking secret.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn file(
        &self,
        filing: SubmitDossierRequest,
    ) -> Result<SubmitDossierResponse, Status> {
        Ok(self.dossiers().submit_dossier(filing).await?.into_inner())
    }

    /// Answers a supplement request.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn supplement(
        &self,
        dossier: &str,
        form_json: &str,
        documents: Vec<Document>,
    ) -> Acted {
        act!(
            self.dossiers()
                .supplement_dossier(SupplementDossierRequest {
                    command: self.meta(),
                    dossier: dossier.to_owned(),
                    form_json: form_json.to_owned(),
                    documents,
                })
        )
    }

    /// Asks to withdraw.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn withdraw(&self, dossier: &str) -> Acted {
        act!(self.dossiers().withdraw_dossier(WithdrawDossierRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            reason: "Tôi không còn nhu cầu.".into(),
            ..Default::default()
        }))
    }

    /// The dossier without personal data.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn get(&self, dossier: &str) -> Acted {
        self.view(dossier, DossierView::Basic).await
    }

    /// The dossier with personal data.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn get_full(&self, dossier: &str) -> Acted {
        self.view(dossier, DossierView::Full).await
    }

    async fn view(&self, dossier: &str, view: DossierView) -> Acted {
        act!(self.dossiers().get_dossier(GetDossierRequest {
            dossier: dossier.to_owned(),
            view: view.into(),
        }))
    }

    /// The latest form of a number, its data as JSON.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn form(&self, dossier: &str, number: u32) -> Result<serde_json::Value, Status> {
        let request = GetFormRequest {
            dossier: dossier.to_owned(),
            number,
            sequence: 0,
        };
        let form = self.dossiers().get_form(request).await?.into_inner();
        Ok(serde_json::from_str(&form.data_json).expect("a form is JSON"))
    }

    /// Tracks by secret.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn track(&self, secret: &str) -> Result<TrackDossierResponse, Status> {
        let by = Some(track_dossier_request::By::Secret(secret.to_owned()));
        Ok(self
            .dossiers()
            .track_dossier(TrackDossierRequest { by })
            .await?
            .into_inner())
    }

    /// Tracks by code and second factor.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn track_code(
        &self,
        code: &str,
        factor: &str,
    ) -> Result<TrackDossierResponse, Status> {
        let by = CodeAndFactor {
            code: code.to_owned(),
            factor: factor.to_owned(),
        };
        let by = Some(track_dossier_request::By::Code(by));
        Ok(self
            .dossiers()
            .track_dossier(TrackDossierRequest { by })
            .await?
            .into_inner())
    }
}

/// What the desk does.
impl Client {
    /// Accepts every document that is present and has no verdict.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn accept_rest(&self, dossier: &str) -> Acted {
        self.decide(dossier, Vec::new(), true).await
    }

    /// Rejects items, each with its reason.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn reject(&self, dossier: &str, items: &[(&str, &str)]) -> Acted {
        let decision = |(item, reason): &(&str, &str)| ItemDecision {
            item: (*item).to_owned(),
            accepted: false,
            reason: (*reason).to_owned(),
        };
        self.decide(dossier, items.iter().map(decision).collect(), false)
            .await
    }

    /// Accepts items.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn approve(&self, dossier: &str, items: &[&str]) -> Acted {
        let decision = |item: &&str| ItemDecision {
            item: (*item).to_owned(),
            accepted: true,
            reason: String::new(),
        };
        self.decide(dossier, items.iter().map(decision).collect(), false)
            .await
    }

    async fn decide(
        &self,
        dossier: &str,
        decisions: Vec<ItemDecision>,
        accept_rest: bool,
    ) -> Acted {
        act!(self.desk().decide_items(DecideItemsRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            decisions,
            accept_rest,
        }))
    }

    /// Records what a register answered.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn look_up(
        &self,
        dossier: &str,
        requirement: &str,
        registry: &str,
        found: bool,
    ) -> Acted {
        act!(
            self.desk().record_lookup(RecordLookupRequest {
                command: self.meta(),
                dossier: dossier.to_owned(),
                requirement: requirement.to_owned(),
                registry: registry.to_owned(),
                found,
                answer: if found {
                    "Có dữ liệu."
                } else {
                    "Không có dữ liệu."
                }
                .into(),
            })
        )
    }

    /// Accepts the dossier.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn accept(&self, dossier: &str) -> Acted {
        act!(self.desk().accept_dossier(AcceptDossierRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            ..Default::default()
        }))
    }

    /// Asks for a supplement, each item with what is wrong.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn request_supplement(&self, dossier: &str, items: &[(&str, &str)]) -> Acted {
        let item = |(item, content): &(&str, &str)| SupplementItem {
            item: (*item).to_owned(),
            content: (*content).to_owned(),
        };
        act!(self.desk().request_supplement(RequestSupplementRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            reason: "Hồ sơ chưa đầy đủ.".into(),
            items: items.iter().map(item).collect(),
            ..Default::default()
        }))
    }

    /// Refuses, or proposes a negative result.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn refuse(&self, dossier: &str, reason: &str) -> Acted {
        act!(self.desk().refuse_dossier(RefuseDossierRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            reason: reason.to_owned(),
            ..Default::default()
        }))
    }

    /// Assigns the open work item.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn assign(&self, dossier: &str, assignee: &str) -> Acted {
        act!(self.desk().assign_item(AssignItemRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            work_item: None,
            assignee: assignee.to_owned(),
        }))
    }

    /// Claims the open work item.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn claim(&self, dossier: &str) -> Acted {
        act!(self.desk().claim_item(ClaimItemRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            work_item: None,
        }))
    }

    /// Releases the open work item.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn release(&self, dossier: &str) -> Acted {
        act!(self.desk().release_item(ReleaseItemRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            work_item: None,
        }))
    }

    /// Hands the open work item over; empty texts leave unit or assignee open.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn hand_over(&self, dossier: &str, unit: &str, assignee: &str) -> Acted {
        act!(self.desk().hand_over_item(HandOverItemRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            work_item: None,
            unit: unit.to_owned(),
            assignee: assignee.to_owned(),
            reason: "Bàn giao công việc.".into(),
        }))
    }

    /// Carries out an action of the procedure.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn advance(&self, dossier: &str, action: &str) -> Acted {
        self.advance_with(dossier, action, "", "").await
    }

    /// Carries out an action of the procedure with the unit and the data that it takes.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn advance_with(
        &self,
        dossier: &str,
        action: &str,
        unit: &str,
        data_json: &str,
    ) -> Acted {
        act!(self.desk().advance_dossier(AdvanceDossierRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            action: action.to_owned(),
            work_item: None,
            reason: "Theo quy trình.".into(),
            unit: unit.to_owned(),
            data_json: data_json.to_owned(),
        }))
    }

    /// Records a payment.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn pay(&self, dossier: &str, fee: &str, amount: u64, reference: &str) -> Acted {
        act!(self.desk().record_payment(RecordPaymentRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            fee: fee.to_owned(),
            amount,
            external_reference: reference.to_owned(),
        }))
    }

    /// Signs.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn sign(&self, dossier: &str) -> Acted {
        act!(self.desk().sign_result(SignResultRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            ..Default::default()
        }))
    }

    /// Numbers and dates the result.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn issue(&self, dossier: &str, number: &str, issued_on: &str) -> Acted {
        act!(self.desk().issue_result(IssueResultRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            number: number.to_owned(),
            issued_on: issued_on.to_owned(),
            ..Default::default()
        }))
    }

    /// Ends processing.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn complete(&self, dossier: &str) -> Acted {
        act!(self.desk().complete_dossier(CompleteDossierRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            ..Default::default()
        }))
    }

    /// Hands the result over at the counter to people whose identity was checked.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn deliver(&self, dossier: &str, recipients: &[&str], originals: &[&str]) -> Acted {
        let recipient = |id: &&str| Recipient {
            id: (*id).to_owned(),
            identity_checked: true,
            authorised: false,
        };
        act!(self.desk().deliver_result(DeliverResultRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            method: DeliveryMethod::Counter.into(),
            recipients: recipients.iter().map(recipient).collect(),
            originals_checked: originals.iter().map(|id| (*id).to_owned()).collect(),
            ..Default::default()
        }))
    }

    /// Declines a withdrawal.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn decline_withdrawal(&self, dossier: &str) -> Acted {
        act!(self.desk().decline_withdrawal(DeclineWithdrawalRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            reason: "Công dân đề nghị giải quyết tiếp.".into(),
            ..Default::default()
        }))
    }

    /// Apologises with a new date.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn apologise(&self, dossier: &str, due_on: &str) -> Acted {
        act!(self.desk().apologise_for_delay(ApologiseForDelayRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            reason: "Chờ kết quả xác minh.".into(),
            due_on: due_on.to_owned(),
            agency_at_fault: false,
            ..Default::default()
        }))
    }

    /// Stops processing; with an empty reason as it is.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn stop(&self, dossier: &str, reason: &str) -> Acted {
        act!(self.desk().stop_dossier(StopDossierRequest {
            command: self.meta(),
            dossier: dossier.to_owned(),
            reason: reason.to_owned(),
            ..Default::default()
        }))
    }

    /// The first page of a queue.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn queue(&self, queue: Queue) -> Result<ListWorkItemsResponse, Status> {
        let request = ListWorkItemsRequest {
            queue: queue.into(),
            ..Default::default()
        };
        Ok(self.desk().list_work_items(request).await?.into_inner())
    }

    /// The first page of a search.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn search(
        &self,
        by: search_dossiers_request::By,
    ) -> Result<Vec<DossierState>, Status> {
        let request = SearchDossiersRequest {
            by: Some(by),
            ..Default::default()
        };
        Ok(self
            .desk()
            .search_dossiers(request)
            .await?
            .into_inner()
            .dossiers)
    }
}

/// What auditors do.
impl Client {
    /// A dossier's events and the verdict.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn replay(
        &self,
        dossier: &str,
    ) -> Result<(Vec<HistoryEvent>, ReplayVerdict), Status> {
        let request = ReplayHistoryRequest {
            dossier: dossier.to_owned(),
        };
        let mut parts = self.audit().replay_history(request).await?.into_inner();
        let (mut events, mut verdict) = (Vec::new(), None);
        while let Some(part) = parts.next().await {
            match part?.part {
                Some(Part::Event(event)) => events.push(event),
                Some(Part::Verdict(found)) => verdict = Some(found),
                None => panic!("an empty part of a replay"),
            }
        }
        Ok((events, verdict.expect("a replay ends with its verdict")))
    }

    /// The events of a chain.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn chain(&self, name: &str) -> Result<Vec<HistoryEvent>, Status> {
        let request = ReadChainRequest {
            chain: name.to_owned(),
            after_sequence: 0,
        };
        let mut stream = self.audit().read_chain(request).await?.into_inner();
        let mut events = Vec::new();
        while let Some(event) = stream.next().await {
            events.extend(event?.event);
        }
        Ok(events)
    }

    /// A dossier as of an instant or a version, its state as JSON.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn as_of(
        &self,
        dossier: &str,
        as_of: get_state_as_of_request::AsOf,
    ) -> Result<GetStateAsOfResponse, Status> {
        let request = GetStateAsOfRequest {
            dossier: dossier.to_owned(),
            as_of: Some(as_of),
        };
        Ok(self.audit().get_state_as_of(request).await?.into_inner())
    }
}
