//! Drafts: mutable, personal, without history.

use jiff::SignedDuration;
use motcua_procedures::Role;
use motcua_store::contract::{Documents, DossierKey, Draft, Store};
use motcua_store::error::StoreError;
use uuid::Uuid;

use crate::error::{EngineError, invalid};
use crate::{Caller, Engine, limits};

impl<S: Store, D: Documents> Engine<S, D> {
    /// Saves a draft. `revision` is the one that the caller saw, 0 for a new draft. The same id
    /// again by the same person is the same draft, so that a saving can be retried.
    ///
    /// # Errors
    /// [`EngineError::Stale`] when it was saved elsewhere meanwhile,
    /// [`EngineError::AlreadyExists`] when the id is another's or already a dossier.
    pub async fn save_draft(
        &self,
        caller: &Caller,
        id: Uuid,
        revision: u64,
        body: String,
    ) -> Result<Draft, EngineError> {
        if ![Role::Applicant, Role::ReceptionClerk, Role::FrontEnd].iter().any(|r| caller.is(*r)) {
            let needed = "role applicant, reception_clerk or front_end".into();
            return Err(EngineError::PermissionDenied { needed });
        }
        if body.len() > limits::DRAFT_BYTES_MAX {
            return Err(invalid(
                "body_json",
                "TOO_LARGE",
                &format!("Bản nháp lớn quá {} byte.", limits::DRAFT_BYTES_MAX),
                &format!("A draft may have {} bytes at most.", limits::DRAFT_BYTES_MAX),
            ));
        }
        if revision == 0 {
            self.check_new_id(id)?;
        }
        if self.0.store.load(&DossierKey::Id(id)).await?.is_some() {
            return Err(EngineError::AlreadyExists { what: "dossier" });
        }
        let beyond = || {
            let (vi, en) = ("Số lần lưu quá lớn.", "No draft was saved this often.");
            invalid("revision", "RANGE", vi, en)
        };
        let now = self.now();
        let draft = Draft {
            id,
            owner: caller.id.clone(),
            revision: revision.checked_add(1).ok_or_else(beyond)?,
            body,
            updated_at: now,
            expires_at: now + SignedDuration::from_hours(24 * limits::DRAFT_TTL_DAYS),
        };
        match self.0.store.put_draft(&draft).await {
            Ok(()) => Ok(draft),
            Err(StoreError::Stale { .. }) => {
                let present = self.draft(caller, id).await?;
                // A repeated save whose first answer was lost is the same save.
                if present.body == draft.body && present.revision == draft.revision {
                    return Ok(present);
                }
                let (expected, actual) = (revision, present.revision);
                Err(EngineError::Stale { expected, actual, situation: None })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The caller's draft.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for drafts of others too.
    pub async fn draft(&self, caller: &Caller, id: Uuid) -> Result<Draft, EngineError> {
        let draft = self.0.store.draft(id).await?.filter(|draft| draft.owner == caller.id);
        draft.ok_or(EngineError::NotFound { what: "draft" })
    }

    /// The caller's drafts, last saved first.
    ///
    /// # Errors
    /// The store is unavailable.
    pub async fn drafts(&self, caller: &Caller) -> Result<Vec<Draft>, EngineError> {
        Ok(self.0.store.drafts(&caller.id, limits::DRAFTS_LISTED_MAX).await?)
    }

    /// Throws the caller's draft away.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for drafts of others too.
    pub async fn discard_draft(&self, caller: &Caller, id: Uuid) -> Result<(), EngineError> {
        self.draft(caller, id).await?;
        Ok(self.0.store.delete_draft(id).await?)
    }
}
