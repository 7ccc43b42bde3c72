//! Files, filing, and what citizens do and see.

use motcua_api::v1::*;
use tonic::Status;

use super::{Acted, Client};
use crate::files::sha256;

/// Bytes of a chunk of an upload.
const CHUNK_BYTES: usize = 256 * 1024;

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
        let finish = FinishUploadRequest { upload_id, sha256: digest.clone() };
        self.dossiers().finish_upload(finish).await?;
        Ok(digest)
    }

    /// Files a dossier.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn submit(&self, filing: SubmitDossierRequest) -> Acted {
        let answer = self.file(filing).await?;
        Ok(answer.dossier.expect("an answer shows the dossier"))
    }

    /// Files a dossier; the whole answer with its tracking secret. What a citizen does not file
    /// online, the clerk of the receiving centre files for them.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn file(
        &self,
        mut filing: SubmitDossierRequest,
    ) -> Result<SubmitDossierResponse, Status> {
        let on_paper = matches!(filing.channel(), Channel::Counter | Channel::Post);
        let clerk = self.clerk_at(&filing.receiving_unit).filter(|_| on_paper);
        if let (Some(clerk), Some(command)) = (&clerk, &mut filing.command) {
            command.acting_for.clone_from(&clerk.acting_for);
        }
        let sender = clerk.as_ref().unwrap_or(self);
        Ok(sender.dossiers().submit_dossier(filing).await?.into_inner())
    }

    /// Answers a supplement request. Paper of a citizen is recorded for them by the clerk of the
    /// receiving centre.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn supplement(
        &self,
        dossier: &str,
        form_json: &str,
        documents: Vec<Document>,
    ) -> Acted {
        let uploaded = |d: &Document| matches!(d.content, Some(document::Content::Upload(_)));
        let clerk =
            if documents.iter().all(uploaded) { None } else { self.clerk_for(dossier).await };
        let sender = clerk.as_ref().unwrap_or(self);
        act!(sender.dossiers().supplement_dossier(SupplementDossierRequest {
            command: sender.meta(),
            dossier: dossier.to_owned(),
            form_json: form_json.to_owned(),
            documents,
        }))
    }

    /// The clerk of the centre that received a dossier of this citizen.
    async fn clerk_for(&self, dossier: &str) -> Option<Self> {
        let filing = self.get(dossier).await.ok()?.filing?;
        self.clerk_at(&filing.receiving_unit)
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
            acting_for: self.reads_for(),
        }))
    }

    /// The latest form of a number, its data as JSON.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn form(&self, dossier: &str, number: u32) -> Result<serde_json::Value, Status> {
        let acting_for = self.reads_for();
        let request =
            GetFormRequest { dossier: dossier.to_owned(), number, sequence: 0, acting_for };
        let form = self.dossiers().get_form(request).await?.into_inner();
        Ok(serde_json::from_str(&form.data_json).expect("a form is JSON"))
    }

    /// Tracks by secret.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn track(&self, secret: &str) -> Result<TrackDossierResponse, Status> {
        let by = Some(track_dossier_request::By::Secret(secret.to_owned()));
        Ok(self.dossiers().track_dossier(TrackDossierRequest { by }).await?.into_inner())
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
        let by = CodeAndFactor { code: code.to_owned(), factor: factor.to_owned() };
        let by = Some(track_dossier_request::By::Code(by));
        Ok(self.dossiers().track_dossier(TrackDossierRequest { by }).await?.into_inner())
    }
}
