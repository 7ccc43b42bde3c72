//! For the front end and the citizens.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use motcua_api::v1::dossier_service_server::DossierService;
use motcua_api::v1::*;
use motcua_engine::limits::CHUNK_BYTES_MAX;
use motcua_engine::{LogBook, LogPart};
use motcua_store::contract::{Documents, Store};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{Api, Rows, caller, finish, reader};
use crate::convert::{self, Faults, NAME_CHARS_MAX};
use crate::gate::Identity;
use crate::status::Refusal;

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl<S: Store, D: Documents> DossierService for Api<S, D> {
    type GetLogBookStream = Rows<GetLogBookResponse>;
    type WatchDossierStream = Rows<WatchDossierResponse>;

    async fn save_draft(&self, request: Request<SaveDraftRequest>) -> Answer<SaveDraftResponse> {
        let caller = caller(&request)?;
        let SaveDraftRequest { id, revision, body_json } = request.into_inner();
        let mut faults = Faults::default();
        let id = faults.uuid("id", &id);
        faults.json("body_json", &body_json);
        let id = faults.finish(id)?;
        let engine = self.engine.clone();
        let saved =
            finish(async move { engine.save_draft(&caller, id, revision, body_json).await });
        let draft = Some(convert::draft(&saved.await?));
        Ok(Response::new(SaveDraftResponse { draft }))
    }

    async fn get_draft(&self, request: Request<GetDraftRequest>) -> Answer<GetDraftResponse> {
        let caller = caller(&request)?;
        let id = uuid("id", &request.get_ref().id)?;
        let draft = self.engine.draft(&caller, id).await.map_err(Refusal::from)?;
        Ok(Response::new(GetDraftResponse { draft: Some(convert::draft(&draft)) }))
    }

    async fn list_drafts(&self, request: Request<ListDraftsRequest>) -> Answer<ListDraftsResponse> {
        let caller = caller(&request)?;
        let drafts = self.engine.drafts(&caller).await.map_err(Refusal::from)?;
        let drafts = drafts.iter().map(convert::draft).collect();
        Ok(Response::new(ListDraftsResponse { drafts }))
    }

    async fn discard_draft(
        &self,
        request: Request<DiscardDraftRequest>,
    ) -> Answer<DiscardDraftResponse> {
        let caller = caller(&request)?;
        let id = uuid("id", &request.get_ref().id)?;
        let engine = self.engine.clone();
        finish(async move { engine.discard_draft(&caller, id).await }).await?;
        Ok(Response::new(DiscardDraftResponse {}))
    }

    async fn begin_upload(
        &self,
        request: Request<BeginUploadRequest>,
    ) -> Answer<BeginUploadResponse> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let id = faults.uuid("upload_id", &request.upload_id);
        let media = faults.required("media_type", &request.media_type, NAME_CHARS_MAX);
        let (id, media) = faults.finish((id, media))?;
        let (engine, size) = (self.engine.clone(), request.size_bytes);
        let begun = finish(async move { engine.begin_upload(&caller, id, &media, size).await });
        let upload = Some(convert::upload(&begun.await?));
        Ok(Response::new(BeginUploadResponse { upload }))
    }

    async fn put_chunk(&self, request: Request<PutChunkRequest>) -> Answer<PutChunkResponse> {
        let caller = caller(&request)?;
        let PutChunkRequest { upload_id, offset, content } = request.into_inner();
        let mut faults = Faults::default();
        let id = faults.uuid("upload_id", &upload_id);
        faults.bytes("content", content.len(), CHUNK_BYTES_MAX);
        let id = faults.finish(id)?;
        let engine = self.engine.clone();
        let put = finish(async move { engine.put_chunk(&caller, id, offset, content).await });
        let upload = Some(convert::upload(&put.await?));
        Ok(Response::new(PutChunkResponse { upload }))
    }

    async fn finish_upload(
        &self,
        request: Request<FinishUploadRequest>,
    ) -> Answer<FinishUploadResponse> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let id = faults.uuid("upload_id", &request.upload_id);
        let sha256 = faults.sha256("sha256", &request.sha256);
        let (id, sha256) = faults.finish((id, sha256))?;
        let engine = self.engine.clone();
        let finished = finish(async move { engine.finish_upload(&caller, id, &sha256).await });
        let upload = Some(convert::upload(&finished.await?));
        Ok(Response::new(FinishUploadResponse { upload }))
    }

    async fn get_upload(&self, request: Request<GetUploadRequest>) -> Answer<GetUploadResponse> {
        let caller = caller(&request)?;
        let id = uuid("upload_id", &request.get_ref().upload_id)?;
        let status = self.engine.upload_status(&caller, id).await.map_err(Refusal::from)?;
        Ok(Response::new(GetUploadResponse { upload: Some(convert::upload(&status)) }))
    }

    async fn submit_dossier(
        &self,
        request: Request<SubmitDossierRequest>,
    ) -> Answer<SubmitDossierResponse> {
        let caller = caller(&request)?;
        let answer = self.execute(&caller, request.into_inner()).await?;
        Ok(Response::new(SubmitDossierResponse {
            dossier: Some(self.scene(&caller).state(&answer.view)),
            first_sequence: answer.first_seq,
            repeat: answer.repeated,
            tracking_secret: answer.tracking_secret.unwrap_or_default(),
        }))
    }

    async fn supplement_dossier(
        &self,
        request: Request<SupplementDossierRequest>,
    ) -> Answer<SupplementDossierResponse> {
        self.act(request).await
    }

    async fn withdraw_dossier(
        &self,
        request: Request<WithdrawDossierRequest>,
    ) -> Answer<WithdrawDossierResponse> {
        self.act(request).await
    }

    async fn get_dossier(&self, request: Request<GetDossierRequest>) -> Answer<GetDossierResponse> {
        let caller = reader(&request, &request.get_ref().acting_for)?;
        let request = request.into_inner();
        let full = match request.view() {
            DossierView::Unspecified | DossierView::Basic => false,
            DossierView::Full => true,
        };
        let key = self.key(&request.dossier)?;
        let (engine, reading) = (self.engine.clone(), caller.clone());
        let view = finish(async move { engine.dossier(&reading, &key, full).await }).await?;
        let dossier = Some(self.scene(&caller).state(&view));
        Ok(Response::new(GetDossierResponse { dossier }))
    }

    async fn watch_dossier(
        &self,
        request: Request<WatchDossierRequest>,
    ) -> Answer<Self::WatchDossierStream> {
        self.watched_dossier(request).await
    }

    async fn list_my_dossiers(
        &self,
        request: Request<ListMyDossiersRequest>,
    ) -> Answer<ListMyDossiersResponse> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let limit = faults.rows(request.page_size);
        let list = "ListMyDossiers";
        let after: Option<Uuid> =
            faults.place(&request.page_token, |token| self.pages.open(list, &caller.id, token));
        let after = faults.finish(after)?;
        let views = self.engine.my_dossiers(&caller, after, limit).await.map_err(Refusal::from)?;
        let last = views.last().filter(|_| views.len() >= limit as usize);
        let next = last.map(|view| self.pages.issue(list, &caller.id, &view.dossier.id));
        let scene = self.scene(&caller);
        Ok(Response::new(ListMyDossiersResponse {
            dossiers: views.iter().map(|view| scene.state(view)).collect(),
            next_page_token: next.unwrap_or_default(),
        }))
    }

    async fn track_dossier(
        &self,
        request: Request<TrackDossierRequest>,
    ) -> Answer<TrackDossierResponse> {
        let identity = request.extensions().get::<Identity>().and_then(|known| known.0.clone());
        let request = request.into_inner();
        let mut faults = Faults::default();
        let track = convert::track(&mut faults, request.by.as_ref());
        let track = faults.finish(track)?;
        if let (motcua_engine::Track::Code { .. }, None) = (&track, &identity) {
            return Err(Refusal::TokenMissing.into());
        }
        let engine = self.engine.clone();
        let view = finish(async move { engine.track(identity.as_ref(), track).await }).await?;
        let calendar = self.engine.calendar();
        Ok(Response::new(convert::tracked(&view, self.engine.now(), calendar.as_deref())))
    }

    async fn get_document(
        &self,
        request: Request<GetDocumentRequest>,
    ) -> Answer<GetDocumentResponse> {
        let caller = reader(&request, &request.get_ref().acting_for)?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let dossier = faults.dossier(&request.dossier);
        let sha256 = faults.sha256("sha256", &request.sha256);
        let (dossier, sha256) = faults.finish((dossier, sha256))?;
        let key = self.engine.dossier_key(&dossier);
        let most = CHUNK_BYTES_MAX as u32;
        let limit = if request.limit == 0 { most } else { request.limit.min(most) };
        let (engine, offset) = (self.engine.clone(), request.offset);
        let read =
            finish(
                async move { engine.read_document(&caller, &key, &sha256, offset, limit).await },
            );
        let (content, size_bytes, media_type) = read.await?;
        Ok(Response::new(GetDocumentResponse { content, size_bytes, media_type }))
    }

    async fn get_form(&self, request: Request<GetFormRequest>) -> Answer<GetFormResponse> {
        let caller = reader(&request, &request.get_ref().acting_for)?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let dossier = faults.dossier(&request.dossier);
        let number = u8::try_from(request.number).ok().filter(|n| (1..=6).contains(n));
        if number.is_none() {
            faults.add("number", "RANGE", "Phải từ 1 đến 6.", "must be 1 to 6");
        }
        let (dossier, number) = faults.finish((dossier, number.unwrap_or_default()))?;
        let key = self.engine.dossier_key(&dossier);
        let sequence = Some(request.sequence).filter(|sequence| *sequence > 0);
        let engine = self.engine.clone();
        let form = finish(async move { engine.form(&caller, &key, number, sequence).await });
        let form = form.await?;
        Ok(Response::new(GetFormResponse {
            number: form.number.into(),
            sequence: form.seq,
            serial: form.serial,
            template: form.template,
            sha256: form.sha256,
            reprint: form.reprint,
            data_json: form.json.to_string(),
            evidence: form.evidence,
        }))
    }

    async fn get_log_book(
        &self,
        request: Request<GetLogBookRequest>,
    ) -> Answer<Self::GetLogBookStream> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let unit = faults.optional("unit", &request.unit, NAME_CHARS_MAX);
        let (from, to) = (faults.date("from", &request.from), faults.date("to", &request.to));
        let book = faults.finish(LogBook { unit, from, to })?;
        let engine = self.engine.clone();
        let part = move |place| {
            let (engine, caller, book) = (engine.clone(), caller.clone(), book.clone());
            finish(async move { engine.log_book(&caller, &book, place).await })
        };
        // The first part is asked for before the stream begins, so that a refusal is the answer of
        // the call.
        let first = part(None).await?;
        let next = first.next;
        let rest = stream::try_unfold(next, move |next| {
            let part = next.map(|place| part(Some(place)));
            async move {
                let Some(part) = part else { return Ok(None) };
                let part = part.await.map_err(Status::from)?;
                let next = part.next;
                Ok(Some((part, next)))
            }
        });
        // A part that would follow the last full one has no rows.
        let rest = rest.try_filter(|part| std::future::ready(part.rows > 0));
        let parts = stream::once(std::future::ready(Ok(first))).chain(rest);
        Ok(Response::new(Box::pin(parts.map_ok(log_part))))
    }
}

fn log_part(part: LogPart) -> GetLogBookResponse {
    let LogPart { serial, template, json, .. } = part;
    GetLogBookResponse { serial, template, data_json: json.to_string() }
}

fn uuid(field: &str, text: &str) -> Result<Uuid, Refusal> {
    let mut faults = Faults::default();
    let id = faults.uuid(field, text);
    faults.finish(id)
}
