//! What callers see of a dossier.

use std::sync::Arc;

use motcua_audit::Hash;
use motcua_dossiers::Offer;
use motcua_dossiers::command::Person;
use motcua_dossiers::dossier::Dossier;
use motcua_procedures::Procedure;
use serde_json::Value;

/// A dossier with what may be done now.
#[derive(Clone, Debug)]
pub struct DossierView {
    /// State.
    pub dossier: Arc<Dossier>,
    /// Event hash of its last event: the citizen's evidence.
    pub hash: Hash,
    /// Pinned procedure.
    pub procedure: Arc<Procedure>,
    /// What may be done now, by whomever.
    pub offers: Vec<Offer>,
    /// Personal values, where asked for and allowed.
    pub personal: Option<Personal>,
}

/// Personal values of a dossier that still exist.
#[derive(Clone, Debug, PartialEq)]
pub struct Personal {
    /// People.
    pub persons: Vec<Person>,
    /// Form values.
    pub form: Arc<Value>,
}

impl DossierView {
    pub(crate) fn new(dossier: Arc<Dossier>, hash: Hash, procedure: Arc<Procedure>) -> Self {
        let offers = motcua_dossiers::offers(&dossier, &procedure);
        Self { dossier, hash, procedure, offers, personal: None }
    }
}
