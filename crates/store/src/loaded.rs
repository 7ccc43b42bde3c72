//! A dossier as whoever decides needs it.

use std::sync::Arc;

use motcua_audit::ChainHead;
use motcua_dossiers::dossier::Dossier;
use serde_json::Value;
use uuid::Uuid;

/// A dossier as loaded for a decision, from one snapshot.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The state; its `version` is the head's `seq`.
    pub dossier: Arc<Dossier>,
    /// Head of its chain.
    pub head: ChainHead,
    /// Present form values; `null` after erasure.
    pub form: Arc<Value>,
}

/// What may stand for a dossier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DossierKey {
    /// Its id.
    Id(Uuid),
    /// Its code.
    Code(String),
    /// The portal's reference (source, id).
    External(String, String),
}
