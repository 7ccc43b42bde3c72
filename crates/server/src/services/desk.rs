//! For clerks, leaders and records officers.

use motcua_api::v1::desk_service_server::DeskService;
use motcua_api::v1::*;
use motcua_engine::{Search, SearchText};
use motcua_store::contract::{Documents, Store, WorklistKey};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{Api, Rows, caller};
use crate::convert::{self, Faults, NAME_CHARS_MAX};

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl<S: Store, D: Documents> DeskService for Api<S, D> {
    type WatchQueueStream = Rows<WatchQueueResponse>;

    async fn decide_items(
        &self,
        request: Request<DecideItemsRequest>,
    ) -> Answer<DecideItemsResponse> {
        self.act(request).await
    }

    async fn record_lookup(
        &self,
        request: Request<RecordLookupRequest>,
    ) -> Answer<RecordLookupResponse> {
        self.act(request).await
    }

    async fn accept_dossier(
        &self,
        request: Request<AcceptDossierRequest>,
    ) -> Answer<AcceptDossierResponse> {
        self.act(request).await
    }

    async fn admit_dossier(
        &self,
        request: Request<AdmitDossierRequest>,
    ) -> Answer<AdmitDossierResponse> {
        self.act(request).await
    }

    async fn extend_limit(
        &self,
        request: Request<ExtendLimitRequest>,
    ) -> Answer<ExtendLimitResponse> {
        self.act(request).await
    }

    async fn change_variant(
        &self,
        request: Request<ChangeVariantRequest>,
    ) -> Answer<ChangeVariantResponse> {
        self.act(request).await
    }

    async fn request_supplement(
        &self,
        request: Request<RequestSupplementRequest>,
    ) -> Answer<RequestSupplementResponse> {
        self.act(request).await
    }

    async fn refuse_dossier(
        &self,
        request: Request<RefuseDossierRequest>,
    ) -> Answer<RefuseDossierResponse> {
        self.act(request).await
    }

    async fn assign_item(&self, request: Request<AssignItemRequest>) -> Answer<AssignItemResponse> {
        self.act(request).await
    }

    async fn claim_item(&self, request: Request<ClaimItemRequest>) -> Answer<ClaimItemResponse> {
        self.act(request).await
    }

    async fn release_item(
        &self,
        request: Request<ReleaseItemRequest>,
    ) -> Answer<ReleaseItemResponse> {
        self.act(request).await
    }

    async fn hand_over_item(
        &self,
        request: Request<HandOverItemRequest>,
    ) -> Answer<HandOverItemResponse> {
        self.act(request).await
    }

    async fn advance_dossier(
        &self,
        request: Request<AdvanceDossierRequest>,
    ) -> Answer<AdvanceDossierResponse> {
        self.act(request).await
    }

    async fn record_payment(
        &self,
        request: Request<RecordPaymentRequest>,
    ) -> Answer<RecordPaymentResponse> {
        self.act(request).await
    }

    async fn sign_result(&self, request: Request<SignResultRequest>) -> Answer<SignResultResponse> {
        self.act(request).await
    }

    async fn issue_result(
        &self,
        request: Request<IssueResultRequest>,
    ) -> Answer<IssueResultResponse> {
        self.act(request).await
    }

    async fn complete_dossier(
        &self,
        request: Request<CompleteDossierRequest>,
    ) -> Answer<CompleteDossierResponse> {
        self.act(request).await
    }

    async fn deliver_result(
        &self,
        request: Request<DeliverResultRequest>,
    ) -> Answer<DeliverResultResponse> {
        self.act(request).await
    }

    async fn decline_withdrawal(
        &self,
        request: Request<DeclineWithdrawalRequest>,
    ) -> Answer<DeclineWithdrawalResponse> {
        self.act(request).await
    }

    async fn apologise_for_delay(
        &self,
        request: Request<ApologiseForDelayRequest>,
    ) -> Answer<ApologiseForDelayResponse> {
        self.act(request).await
    }

    async fn stop_dossier(
        &self,
        request: Request<StopDossierRequest>,
    ) -> Answer<StopDossierResponse> {
        self.act(request).await
    }

    async fn list_work_items(
        &self,
        request: Request<ListWorkItemsRequest>,
    ) -> Answer<ListWorkItemsResponse> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let queue = convert::queue(&mut faults, request.queue());
        let procedure = faults.optional("procedure", &request.procedure, NAME_CHARS_MAX);
        let limit = faults.rows(request.page_size);
        let list = "ListWorkItems";
        let arguments = (&caller.id, &caller.unit, request.queue, &procedure);
        let after = faults.place(&request.page_token, |token| {
            let (sort_at_us, dossier, item) = self.pages.open(list, &arguments, token)?;
            Some(WorklistKey { sort_at_us, dossier, item })
        });
        let after = faults.finish(after)?;
        let page = self
            .engine
            .worklist(&caller, queue, procedure.clone(), after, limit)
            .await
            .map_err(crate::status::Refusal::from)?;
        let last = page.rows.last().filter(|_| page.rows.len() >= limit as usize);
        let next = last.map(|row| {
            let key = (row.key.sort_at_us, row.key.dossier, row.key.item);
            self.pages.issue(list, &arguments, &key)
        });
        Ok(Response::new(ListWorkItemsResponse {
            rows: page.rows.iter().map(convert::worklist_row).collect(),
            next_page_token: next.unwrap_or_default(),
            total_size: page.total,
        }))
    }

    async fn watch_queue(
        &self,
        request: Request<WatchQueueRequest>,
    ) -> Answer<Self::WatchQueueStream> {
        self.watched_queue(request).await
    }

    async fn search_dossiers(
        &self,
        request: Request<SearchDossiersRequest>,
    ) -> Answer<SearchDossiersResponse> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let text = convert::search_text(&mut faults, request.by.as_ref());
        let limit = faults.rows(request.page_size);
        let list = "SearchDossiers";
        let by = match &text {
            SearchText::Code(text) => ("code", text.clone()),
            SearchText::Name(text) => ("name", text.clone()),
            SearchText::IdNumber(text) => ("id_number", text.clone()),
        };
        let arguments = (&caller.id, &caller.unit, by);
        let after: Option<Uuid> =
            faults.place(&request.page_token, |token| self.pages.open(list, &arguments, token));
        let after = faults.finish(after)?;
        let engine = self.engine.clone();
        let asker = caller.clone();
        let search = Search { text, after, limit };
        let found = super::finish(async move { engine.search(&asker, search).await }).await?;
        let last = found.last().filter(|_| found.len() >= limit as usize);
        let next = last.map(|view| self.pages.issue(list, &arguments, &view.dossier.id));
        let scene = self.scene(&caller);
        Ok(Response::new(SearchDossiersResponse {
            dossiers: found.iter().map(|view| scene.state(view)).collect(),
            next_page_token: next.unwrap_or_default(),
        }))
    }
}
