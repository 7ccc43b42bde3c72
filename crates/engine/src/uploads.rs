//! Documents: uploaded in chunks, resumable after a dropped line, checked, content-addressed.

use jiff::SignedDuration;
use motcua_dossiers::command::{Advance, Command, DocumentContent};
use motcua_dossiers::policy::Sight;
use motcua_dossiers::rejection::Violation;
use motcua_procedures::{Role, Text};
use motcua_store::contract::{Documents, DossierKey, Store, Upload};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::error::{EngineError, invalid};
use crate::execute::Request;
use crate::{Caller, Engine, limits};

/// An upload and how much of it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadStatus {
    /// The upload.
    pub upload: Upload,
    /// Bytes that are there; continue at this offset.
    pub received: u64,
}

/// Media types that are accepted, with the bytes they begin with.
const MEDIA: [(&str, &[&[u8]]); 6] = [
    ("application/pdf", &[b"%PDF-"]),
    ("image/jpeg", &[&[0xff, 0xd8, 0xff]]),
    ("image/png", &[&[0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a]]),
    ("image/tiff", &[b"II*\0", b"MM\0*"]),
    ("application/xml", &[b"<?xml"]),
    ("application/json", &[b"{", b"["]),
];

impl<S: Store, D: Documents> Engine<S, D> {
    /// Announces an upload. Repeating the call answers how much is there; of a finished upload it
    /// renews the time to be filed, as uploading it again would.
    ///
    /// # Errors
    /// Type or size are not accepted; the id is in use for another upload.
    pub async fn begin_upload(
        &self,
        caller: &Caller,
        id: Uuid,
        media: &str,
        size: u64,
    ) -> Result<UploadStatus, EngineError> {
        if !MEDIA.iter().any(|(accepted, _)| *accepted == media) {
            let accepted: Vec<&str> = MEDIA.iter().map(|(media, _)| *media).collect();
            let accepted = accepted.join(", ");
            return Err(invalid(
                "media_type",
                "MEDIA_TYPE",
                &format!("Chỉ nhận các loại tệp: {accepted}."),
                &format!("Accepted media types: {accepted}."),
            ));
        }
        if size == 0 || size > limits::UPLOAD_BYTES_MAX {
            return Err(invalid(
                "size_bytes",
                "SIZE",
                &format!("Tệp phải có từ 1 đến {} byte.", limits::UPLOAD_BYTES_MAX),
                &format!("A document has 1 to {} bytes.", limits::UPLOAD_BYTES_MAX),
            ));
        }
        if let Some(present) = self.0.store.upload(id).await? {
            if present.owner != caller.id || present.media != media || present.size != size {
                return Err(EngineError::AlreadyExists { what: "upload" });
            }
            self.renew(present).await?;
            return self.upload_status(caller, id).await;
        }
        self.check_open_uploads(caller).await?;
        self.check_waiting_bytes(caller, size).await?;
        let upload = Upload {
            id,
            owner: caller.id.clone(),
            media: media.to_owned(),
            size,
            sha256: None,
            expires_at: self.now() + SignedDuration::from_hours(24 * limits::UPLOAD_TTL_DAYS),
        };
        self.0.store.put_upload(&upload).await?;
        Ok(UploadStatus { upload, received: 0 })
    }

    /// A finished upload has its whole time again. If it expired and its bytes went meanwhile, it
    /// begins anew.
    async fn renew(&self, finished: Upload) -> Result<(), EngineError> {
        let Some(sha256) = finished.sha256.clone() else {
            return Ok(());
        };
        let _shelf = shelf(&sha256).lock().await;
        let time = |days: i64| self.now() + SignedDuration::from_hours(24 * days);
        let expires_at = time(limits::UPLOAD_FILING_DAYS);
        let renewed = Upload { expires_at, ..finished };
        // First the store, so that whoever removes the content knows that it is needed.
        self.0.store.put_upload(&renewed).await?;
        if self.0.documents.read(&sha256, 0, 0).await?.is_none() {
            let expires_at = time(limits::UPLOAD_TTL_DAYS);
            self.0.store.put_upload(&Upload { sha256: None, expires_at, ..renewed }).await?;
        }
        Ok(())
    }

    async fn check_open_uploads(&self, caller: &Caller) -> Result<(), EngineError> {
        let most = match caller.is(Role::FrontEnd) {
            true => limits::UPLOADS_OPEN_FRONT_END_MAX,
            false => limits::UPLOADS_OPEN_MAX,
        };
        if self.0.store.open_uploads(&caller.id).await? < most {
            return Ok(());
        }
        Err(invalid(
            "upload_id",
            "TOO_MANY",
            &format!("Đang có {most} tệp chưa tải xong; hãy tải xong các tệp đó trước."),
            &format!("{most} uploads are unfinished; finish those first."),
        ))
    }

    /// What lies here must come to be filed: nobody stores files with the one-stop shop.
    async fn check_waiting_bytes(&self, caller: &Caller, size: u64) -> Result<(), EngineError> {
        let most = match caller.is(Role::FrontEnd) {
            true => limits::UPLOADS_WAITING_FRONT_END_BYTES_MAX,
            false => limits::UPLOADS_WAITING_BYTES_MAX,
        };
        let waiting = self.0.store.waiting_bytes(&caller.id).await?;
        if waiting.saturating_add(size) <= most {
            return Ok(());
        }
        let days = limits::UPLOAD_FILING_DAYS;
        Err(invalid(
            "size",
            "QUOTA",
            &format!(
                "Đã tải lên {waiting} byte chưa nộp, tối đa {most} byte; hãy nộp hồ sơ dùng các tệp \
                 đó. Tệp không nộp bị xóa sau {days} ngày."
            ),
            &format!(
                "{waiting} bytes are uploaded and not filed, of at most {most}; submit the dossiers \
                 that they belong to. What is not filed is discarded after {days} days."
            ),
        ))
    }

    /// How much of the caller's upload is there.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for uploads of others too.
    pub async fn upload_status(
        &self,
        caller: &Caller,
        id: Uuid,
    ) -> Result<UploadStatus, EngineError> {
        let upload = self.0.store.upload(id).await?.filter(|upload| upload.owner == caller.id);
        let upload = upload.ok_or(EngineError::NotFound { what: "upload" })?;
        let received = match upload.sha256 {
            Some(_) => upload.size,
            None => self.0.documents.received(id).await?,
        };
        Ok(UploadStatus { upload, received })
    }

    /// Adds a chunk. A chunk that is there already is harmless.
    ///
    /// # Errors
    /// [`EngineError::UploadOffset`] when the chunk would leave a gap: continue where it says.
    pub async fn put_chunk(
        &self,
        caller: &Caller,
        id: Uuid,
        offset: u64,
        bytes: Vec<u8>,
    ) -> Result<UploadStatus, EngineError> {
        let _turn = turn(id).lock().await;
        let status = self.upload_status(caller, id).await?;
        let end = offset.saturating_add(bytes.len() as u64);
        if bytes.is_empty() || bytes.len() > limits::CHUNK_BYTES_MAX || end > status.upload.size {
            return Err(invalid(
                "data",
                "CHUNK",
                &format!(
                    "Mỗi phần có 1 đến {} byte, không vượt quá cỡ tệp đã khai.",
                    limits::CHUNK_BYTES_MAX
                ),
                &format!(
                    "A chunk has 1 to {} bytes and stays within the declared size.",
                    limits::CHUNK_BYTES_MAX
                ),
            ));
        }
        if status.upload.sha256.is_some() {
            return Ok(status);
        }
        if offset > status.received {
            return Err(EngineError::UploadOffset { received: status.received });
        }
        let received = self.0.documents.put_chunk(id, offset, bytes).await?;
        Ok(UploadStatus { received, ..status })
    }

    /// Checks digest, size and type, and keeps the document.
    ///
    /// # Errors
    /// What was uploaded is not what was announced; the upload is then thrown away.
    pub async fn finish_upload(
        &self,
        caller: &Caller,
        id: Uuid,
        sha256: &str,
    ) -> Result<UploadStatus, EngineError> {
        let _turn = turn(id).lock().await;
        let status = self.upload_status(caller, id).await?;
        if let Some(finished) = &status.upload.sha256 {
            if finished == sha256 {
                return Ok(status);
            }
            return Err(digest_mismatch(finished));
        }
        if status.received != status.upload.size {
            return Err(EngineError::UploadOffset { received: status.received });
        }
        let (found, beginning) = self.0.documents.inspect(id).await?;
        let is_media = begins_like(&status.upload.media, &beginning);
        if found != sha256 || !is_media {
            self.0.documents.discard(id).await?;
            return Err(if found == sha256 {
                invalid(
                    "media_type",
                    "MEDIA_TYPE",
                    &format!("Nội dung tệp không phải {}.", status.upload.media),
                    &format!("The content is not {}; upload it again.", status.upload.media),
                )
            } else {
                digest_mismatch(&found)
            });
        }
        let _shelf = shelf(sha256).lock().await;
        self.0.documents.finish(id, sha256).await?;
        let expires_at = self.now() + SignedDuration::from_hours(24 * limits::UPLOAD_FILING_DAYS);
        let upload = Upload { sha256: Some(found), expires_at, ..status.upload };
        self.0.store.put_upload(&upload).await?;
        // Another node may have removed the same content before it could know of this upload: now
        // it knows, and what it took away is kept again.
        self.0.documents.finish(id, sha256).await?;
        self.0.documents.discard(id).await?;
        Ok(UploadStatus { received: upload.size, upload })
    }

    /// Part of a document of a dossier that the caller may see: bytes, total size, media type.
    /// Every part is recorded in the access chain, so that none is read unseen from its middle.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the dossier holds no such document.
    pub async fn read_document(
        &self,
        caller: &Caller,
        key: &DossierKey,
        sha256: &str,
        offset: u64,
        limit: u32,
    ) -> Result<(Vec<u8>, u64, String), EngineError> {
        let (loaded, sight) = self.visible(caller, key).await?;
        if sight == Sight::Masked {
            let needed = "a role that works on the dossier".into();
            return Err(EngineError::PermissionDenied { needed });
        }
        let dossier = &loaded.dossier;
        let found = dossier.files().find_map(|content| match content {
            DocumentContent::Upload { sha256: digest, size, media, .. } if digest == sha256 => {
                Some((*size, media.clone()))
            }
            _ => None,
        });
        let (size, media) = found.ok_or(EngineError::NotFound { what: "document" })?;
        self.record_read(caller, dossier, "document").await?;
        let bytes = self.0.documents.read(sha256, offset, limit).await?;
        let bytes = bytes.ok_or_else(|| {
            EngineError::Corrupt(format!("document {sha256} is not in the store"))
        })?;
        Ok((bytes, size, media))
    }

    /// Throws away what was received of an upload that has expired.
    pub(crate) async fn discard_upload(&self, id: Uuid) -> Result<(), EngineError> {
        let _turn = turn(id).lock().await;
        Ok(self.0.documents.discard(id).await?)
    }

    /// Removes a document of an upload that has expired, unless it is needed elsewhere.
    pub(crate) async fn remove_document(&self, sha256: &str) -> Result<bool, EngineError> {
        let _shelf = shelf(sha256).lock().await;
        if self.0.store.needs_document(sha256).await? {
            return Ok(false);
        }
        self.0.documents.remove(sha256).await?;
        // Another node may have finished an upload of the same content meanwhile, and found it kept.
        let needed = self.0.store.needs_document(sha256).await;
        let aside = aside(sha256);
        if !matches!(needed, Ok(false)) {
            self.0.documents.finish(aside, sha256).await?;
        }
        self.0.documents.discard(aside).await?;
        Ok(!needed?)
    }

    /// Completes the documents of a command from the caller's finished uploads.
    pub(crate) async fn fill_in_uploads(&self, request: &mut Request) -> Result<(), EngineError> {
        let actor = request.actor.clone();
        let contents: Vec<(String, &mut DocumentContent)> = match &mut request.command {
            Command::Submit(submit) => submit
                .documents
                .iter_mut()
                .map(|input| (input.requirement.clone(), &mut input.content))
                .collect(),
            Command::Supplement(answer) => answer
                .documents
                .iter_mut()
                .map(|input| (input.requirement.clone(), &mut input.content))
                .collect(),
            Command::Advance(advance) => {
                let Advance { draft, documents, .. } = advance;
                let papers = documents.iter_mut();
                let papers = papers.map(|input| (input.requirement.clone(), &mut input.content));
                draft_of(draft).into_iter().chain(papers).collect()
            }
            Command::Refuse(refuse) => draft_of(&mut refuse.draft),
            // The draft that was signed, whose file the dossier holds already.
            Command::Issue(issue) => {
                if let Some(DocumentContent::Upload { signed, .. }) = &mut issue.document {
                    *signed = *signed && attests_signatures(actor.role);
                }
                return Ok(());
            }
            _ => return Ok(()),
        };
        let mut faults = Vec::new();
        let beyond = self.now() + SignedDuration::from_secs(limits::UPLOAD_FILING_MARGIN_S);
        for (requirement, content) in contents {
            let DocumentContent::Upload { sha256, size, media, signed } = content else {
                continue;
            };
            let Some(upload) = self.0.store.finished_upload(&actor.id, sha256, beyond).await?
            else {
                faults.push(Violation {
                    subject: format!("document:{requirement}"),
                    code: "NOT_UPLOADED".into(),
                    message: Text {
                        vi: "Tệp chưa được tải lên xong hoặc đã quá hạn nộp; hãy tải lên lại.".into(),
                        en: "Upload the file first and finish the upload; if it was, its time to be \
                             filed is over: upload it again."
                            .into(),
                    },
                });
                continue;
            };
            *size = upload.size;
            *media = upload.media;
            *signed = *signed && attests_signatures(actor.role);
        }
        if faults.is_empty() { Ok(()) } else { Err(EngineError::Invalid(faults)) }
    }
}

fn draft_of(draft: &mut Option<DocumentContent>) -> Vec<(String, &mut DocumentContent)> {
    draft.iter_mut().map(|content| ("draft".to_owned(), content)).collect()
}

/// Only those who have verified a digital signature can attest it.
fn attests_signatures(role: Role) -> bool {
    matches!(role, Role::FrontEnd | Role::ReceptionClerk | Role::RecordsOfficer)
}

/// What is done to the bytes of one upload is done in turn: nothing comes between looking at them
/// and keeping them. Uploads that share a turn only wait for each other.
fn turn(upload: Uuid) -> &'static Mutex<()> {
    static TURNS: [Mutex<()>; 256] = [const { Mutex::const_new(()) }; 256];
    &TURNS[usize::from(upload.as_bytes()[15])]
}

/// Keeping a content and removing the same content come one after the other, each with what the
/// store knows of it.
fn shelf(sha256: &str) -> &'static Mutex<()> {
    static SHELVES: [Mutex<()>; 256] = [const { Mutex::const_new(()) }; 256];
    let first = sha256.get(..2).and_then(|digits| usize::from_str_radix(digits, 16).ok());
    &SHELVES[first.unwrap_or(0) % SHELVES.len()]
}

/// The upload as which [`Documents::remove`] holds a document that it removed, to bring it back.
fn aside(sha256: &str) -> Uuid {
    sha256.get(..32).and_then(|half| Uuid::try_parse(half).ok()).unwrap_or_default()
}

fn begins_like(media: &str, beginning: &[u8]) -> bool {
    let known = MEDIA.iter().find(|(name, _)| *name == media);
    known.is_some_and(|(_, magics)| magics.iter().any(|magic| beginning.starts_with(magic)))
}

fn digest_mismatch(found: &str) -> EngineError {
    invalid(
        "sha256",
        "DIGEST_MISMATCH",
        &format!("SHA-256 của nội dung là {found}; hãy tải lại."),
        &format!("The SHA-256 of the content is {found}; upload it again."),
    )
}

#[cfg(test)]
mod tests;
