//! The front door of commands: fingerprint, documents, and into the dossier's lane.
//!
//! `lane.rs` loads, commits and answers; `decision.rs` decides one command; `segment.rs` gathers
//! what a commit writes.

use std::sync::Arc;

use motcua_dossiers::command::{Actor, Command};
use motcua_procedures::{Procedure, Role};
use motcua_store::contract::{Documents, DossierKey, Store};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::error::EngineError;
use crate::lane::{Reply, Waiting};
use crate::picture::Picture;
use crate::registers::canonical;
use crate::view::DossierView;
use crate::{Engine, limits};

/// A command and who asks for it.
#[derive(Clone, Debug)]
pub struct Request {
    /// The dossier; for a submission the id that it will have.
    pub dossier: DossierKey,
    /// The caller's idempotency key.
    pub command_id: Uuid,
    /// Version that the caller saw; another one refuses the command.
    pub expected: Option<u64>,
    /// Who acts.
    pub actor: Actor,
    /// What is asked.
    pub command: Command,
}

/// What a command answers, the first time and every time after.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The dossier as the command left it.
    pub view: DossierView,
    /// Number of the first event that the command caused; of the last event when it caused none.
    pub first_seq: u64,
    /// The command had been carried out before.
    pub repeated: bool,
    /// The citizen's tracking secret; on submissions only.
    pub tracking_secret: Option<String>,
}

impl<S: Store, D: Documents> Engine<S, D> {
    /// Carries out a command, or tells why not. The same command id gives the same answer for
    /// ever. When this returns an answer, what it says is durable.
    ///
    /// # Errors
    /// See [`EngineError`]; only [`EngineError::OutcomeUnknown`] leaves open whether anything
    /// was changed.
    pub async fn execute(&self, mut request: Request) -> Reply {
        check_attests(&request.actor)?;
        let _live = self.0.load.enter(&request.command);
        let id = match &request.dossier {
            DossierKey::Id(id) => *id,
            key => self.resolve(key).await?,
        };
        // Nothing is worked out, or read, for what will find no lane.
        self.0.lanes.admit(id)?;
        let fingerprint = self.fingerprint(&request)?;
        // A draft may have grown old, and a filing may be repeated late; their ids were checked
        // when they were new.
        if let Command::Submit(_) = &request.command
            && let Err(error) = self.check_new_id(id)
            && self.0.store.draft(id).await?.is_none()
            && self.0.store.load(&DossierKey::Id(id)).await?.is_none()
        {
            return Err(error);
        }
        self.fill_in_uploads(&mut request).await?;
        let (reply, answer) = oneshot::channel();
        let waiting = Waiting { request, fingerprint, reply };
        if self.0.lanes.join(id, waiting)? {
            let engine = self.clone();
            crate::spawn(async move { engine.run_lane(id).await });
        }
        answer.await.unwrap_or(Err(EngineError::OutcomeUnknown))
    }

    /// Keyed digest of what is asked and by whom: a repeat of a command id must bring it again.
    fn fingerprint(&self, request: &Request) -> Result<String, EngineError> {
        let content = serde_json::json!([request.actor, request.command]);
        let content = canonical(content).map_err(|_| {
            crate::error::invalid(
                "command",
                "UNREPRESENTABLE",
                "Nội dung có số thập phân, số quá lớn hoặc tên trường không hợp lệ.",
                "The content holds a fraction, a number beyond 2^53 or an invalid member name.",
            )
        })?;
        let bytes = motcua_audit::cj::encode(&content)
            .map_err(|error| EngineError::Corrupt(error.to_string()))?;
        Ok(self.0.secret.digest("command", &bytes))
    }

    /// A new dossier's id is a UUIDv7 of about now: the caller may choose it, so that a submission
    /// can be retried, but ids stay in the order of time.
    pub(crate) fn check_new_id(&self, id: Uuid) -> Result<(), EngineError> {
        let refuse = |vi: &str, en: &str| Err(crate::error::invalid("dossier", "BAD_ID", vi, en));
        let Some(made) = id.get_timestamp().filter(|_| id.get_version_num() == 7) else {
            return refuse("Mã hồ sơ mới phải là UUIDv7.", "A new dossier's id must be a UUIDv7.");
        };
        let (seconds, _) = made.to_unix();
        let age = self.now().as_second() - i64::try_from(seconds).unwrap_or(i64::MAX);
        if !(-limits::NEW_ID_AHEAD_S..=limits::NEW_ID_AGE_S).contains(&age) {
            return refuse(
                "Thời điểm trong UUIDv7 lệch quá xa hiện tại.",
                "The UUIDv7 was made too far from now: at most 30 days ago, 1 hour ahead.",
            );
        }
        Ok(())
    }
}

/// Only clerks at a counter and the front end act for a citizen whom they attest.
fn check_attests(actor: &Actor) -> Result<(), EngineError> {
    let attests = matches!(actor.role, Role::ReceptionClerk | Role::FrontEnd);
    if actor.acting_for.is_none() || attests {
        return Ok(());
    }
    Err(crate::error::invalid(
        "acting_for",
        "NOT_FOR_OTHERS",
        "Chỉ cán bộ tiếp nhận và cổng dịch vụ được thao tác thay công dân.",
        "Only a reception clerk or the front end acts for a citizen; leave acting_for out.",
    ))
}

/// The procedure that a dossier is pinned to.
pub(crate) fn pinned(picture: &Picture, digest: &str) -> Result<Arc<Procedure>, EngineError> {
    let procedure = picture.pinned(digest).cloned();
    procedure.ok_or_else(|| EngineError::Corrupt(format!("no procedure with digest {digest}")))
}

/// The calendar in force.
pub(crate) fn calendar(picture: &Picture) -> Result<Arc<motcua_deadlines::Calendar>, EngineError> {
    picture.calendar.clone().ok_or(EngineError::CalendarMissing)
}
