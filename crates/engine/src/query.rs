//! Reads: single dossiers, worklists, search, tracking.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use motcua_audit::{ChainId, NewEvent};
use motcua_dossiers::command::Person;
use motcua_dossiers::dossier::Dossier;
use motcua_dossiers::local_date;
use motcua_dossiers::names::{folded_words, has_marks, marked_words};
use motcua_dossiers::policy::{Sight, attested_sight, sight, works_on_dossiers};
use motcua_procedures::{Procedure, Role};
use motcua_store::contract::{
    Desk, Documents, DossierKey, Loaded, Queue, Scope, SearchQuery, SearchTerm, Store, StoredEvent,
    TermKind, WorklistKey, WorklistPage, WorklistQuery,
};
use motcua_store::error::StoreError;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::{EngineError, invalid};
use crate::execute::pinned;
use crate::registers::canonical;
use crate::segment::tracking_factor;
use crate::view::{DossierView, Personal};
use crate::{Caller, Engine, limits};

/// Field of a recorded search that holds what was searched for: personal.
pub(crate) const SEARCHED_TEXT: &str = "query";

/// How a citizen tracks a dossier.
#[derive(Clone)]
pub enum Track {
    /// By code and a second factor, identity number or phone: a code can be guessed.
    Code {
        /// Dossier code.
        code: String,
        /// Identity number or phone of a person of the dossier.
        factor: String,
    },
    /// By the secret that the submission returned.
    Secret(String),
}

/// What tracking shows.
#[derive(Clone, Debug)]
pub struct TrackView {
    /// State.
    pub dossier: Arc<Dossier>,
    /// Pinned procedure.
    pub procedure: Arc<Procedure>,
}

/// What a clerk searches by.
#[derive(Clone)]
pub enum SearchText {
    /// Dossier code.
    Code(String),
    /// Owner's name, with or without marks.
    Name(String),
    /// Identity number.
    IdNumber(String),
}

/// A search.
#[derive(Clone)]
pub struct Search {
    /// By what.
    pub text: SearchText,
    /// Continue after this dossier.
    pub after: Option<Uuid>,
    /// Most rows.
    pub limit: u32,
}

/// What is running.
#[derive(Clone, Debug)]
pub struct Info {
    /// Name of the history log.
    pub origin: String,
    /// Bytes of the database.
    pub size_bytes: u64,
    /// Published procedures.
    pub procedures: usize,
    /// Digest of the calendar in force.
    pub calendar: Option<String>,
    /// Digest of the unit register in force.
    pub units: Option<String>,
    /// Server time.
    pub now: Timestamp,
}

impl<S: Store, D: Documents> Engine<S, D> {
    /// The id behind a code, tracking secret or portal reference.
    pub(crate) async fn resolve(&self, key: &DossierKey) -> Result<Uuid, EngineError> {
        let loaded = self.0.store.load(key).await?;
        loaded.map(|loaded| loaded.dossier.id).ok_or(EngineError::NotFound { what: "dossier" })
    }

    /// The key that a text names: an id, a tracking secret, or else a code.
    pub fn dossier_key(&self, text: &str) -> DossierKey {
        if let Ok(id) = Uuid::parse_str(text) {
            return DossierKey::Id(id);
        }
        match self.0.secret.tracked_dossier(text) {
            Some(id) => DossierKey::Id(id),
            None => DossierKey::Code(text.to_uppercase()),
        }
    }

    /// Loads a dossier that the caller may see.
    pub(crate) async fn visible(
        &self,
        caller: &Caller,
        key: &DossierKey,
    ) -> Result<(Loaded, Sight), EngineError> {
        let loaded = self.0.store.load(key).await?;
        let seen = loaded.and_then(|loaded| Some((sight_of(caller, &loaded)?, loaded)));
        let (sight, loaded) = seen.ok_or(EngineError::NotFound { what: "dossier" })?;
        Ok((loaded, sight))
    }

    /// The same with the events of its history after `after`, at most `limit`.
    pub(crate) async fn visible_with_events(
        &self,
        caller: &Caller,
        key: &DossierKey,
        after: u64,
        limit: u32,
    ) -> Result<(Loaded, Sight, Vec<StoredEvent>), EngineError> {
        let loaded = match self.0.store.load_with_events(key, after, limit).await {
            Err(error @ StoreError::MovedAway { .. }) => {
                // Said only to whoever may know of the dossier.
                self.visible(caller, key).await?;
                return Err(error.into());
            }
            loaded => loaded?,
        };
        let seen =
            loaded.and_then(|(loaded, events)| Some((sight_of(caller, &loaded)?, loaded, events)));
        let (sight, loaded, events) = seen.ok_or(EngineError::NotFound { what: "dossier" })?;
        Ok((loaded, sight, events))
    }

    /// A dossier; with personal values when `full`, which is recorded for staff (S4).
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when there is none that the caller may see.
    pub async fn dossier(
        &self,
        caller: &Caller,
        key: &DossierKey,
        full: bool,
    ) -> Result<DossierView, EngineError> {
        let (loaded, sight) = self.visible(caller, key).await?;
        let mut view = self.view(&loaded).await?;
        if !full && caller.acting_for.is_some() {
            self.record_read(caller, &loaded.dossier, "dossier").await?;
        }
        if full {
            if sight == Sight::Masked {
                let needed = "a role that opens personal values".into();
                return Err(EngineError::PermissionDenied { needed });
            }
            self.record_read(caller, &loaded.dossier, "dossier").await?;
            let persons = self.persons(loaded.dossier.id).await?;
            view.personal = Some(Personal { persons, form: loaded.form });
        }
        Ok(view)
    }

    async fn view(&self, loaded: &Loaded) -> Result<DossierView, EngineError> {
        let picture = self.picture_with(&loaded.dossier.procedure.digest).await?;
        let procedure = pinned(&picture, &loaded.dossier.procedure.digest)?;
        Ok(DossierView::new(loaded.dossier.clone(), loaded.head.hash, procedure))
    }

    /// People of a dossier whose data still exists, from its filing.
    pub(crate) async fn persons(&self, id: Uuid) -> Result<Vec<Person>, EngineError> {
        let chain = crate::segment::dossier_chain(id);
        let filing = self.0.store.events(&chain, 0, 1).await?;
        let fields = filing.iter().flat_map(|event| event.opened());
        let persons = fields.filter(|field| field.name.starts_with("person."));
        Ok(persons
            .filter_map(|field| {
                serde_json::from_value(motcua_audit::cj::to_json(&field.value)).ok()
            })
            .collect())
    }

    /// Records that staff opened something of a dossier, or the front end for a citizen; parties
    /// read their own unrecorded.
    pub(crate) async fn record_read(
        &self,
        caller: &Caller,
        dossier: &Dossier,
        what: &str,
    ) -> Result<(), EngineError> {
        if dossier.filing.is_party(&caller.id) {
            return Ok(());
        }
        self.append_read(caller, dossier.id, what).await
    }

    /// Records that somebody opened something of a dossier.
    pub(crate) async fn append_read(
        &self,
        caller: &Caller,
        dossier: Uuid,
        what: &str,
    ) -> Result<(), EngineError> {
        let fields = vec![
            ("actor".to_owned(), canonical(caller.as_actor_json())?),
            ("what".to_owned(), canonical(json!(what))?),
        ];
        let event = NewEvent { kind: "read".into(), to: None, def: None, fields };
        self.append(&access_chain(dossier), event, Vec::new()).await
    }

    /// Dossiers to which the caller is a party, newest first.
    ///
    /// # Errors
    /// The caller is no applicant.
    pub async fn my_dossiers(
        &self,
        caller: &Caller,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<DossierView>, EngineError> {
        caller.must_be(Role::Applicant)?;
        let scope = Scope::Party(caller.id.clone());
        let limit = limit.min(limits::PAGE_ROWS_MAX);
        self.found(&SearchQuery { scope, terms: Vec::new(), after, limit }).await
    }

    async fn found(&self, query: &SearchQuery) -> Result<Vec<DossierView>, EngineError> {
        let mut views = Vec::new();
        for loaded in self.0.store.search(query).await? {
            views.push(self.view(&loaded).await?);
        }
        Ok(views)
    }

    /// What anyone who holds the second factor may know of a dossier.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for a wrong code, factor or secret alike;
    /// [`EngineError::TooManyGuesses`] after several.
    pub async fn track(
        &self,
        caller: Option<&Caller>,
        track: Track,
    ) -> Result<TrackView, EngineError> {
        let nothing = || EngineError::NotFound { what: "dossier" };
        let loaded = match track {
            Track::Secret(secret) => {
                let id = self.0.secret.tracked_dossier(&secret).ok_or_else(nothing)?;
                self.0.store.load(&DossierKey::Id(id)).await?
            }
            Track::Code { code, factor } => {
                let trusted = |c: &Caller| {
                    c.is(Role::FrontEnd) || c.roles.iter().copied().any(works_on_dossiers)
                };
                if !caller.is_some_and(trusted) {
                    let needed = "a token of the front end or of staff".into();
                    return Err(EngineError::PermissionDenied { needed });
                }
                self.by_code_and_factor(&code, &factor).await?
            }
        };
        let loaded = loaded.ok_or_else(nothing)?;
        let picture = self.picture_with(&loaded.dossier.procedure.digest).await?;
        let procedure = pinned(&picture, &loaded.dossier.procedure.digest)?;
        Ok(TrackView { dossier: loaded.dossier, procedure })
    }

    /// Guesses are counted for the code, whether or not it exists, and for the factor, so that one
    /// factor cannot be tried over all codes. Each is counted before it is looked at and taken back
    /// if it was right: however many come at once, no more are looked at than the limit allows.
    async fn by_code_and_factor(
        &self,
        code: &str,
        factor: &str,
    ) -> Result<Option<Loaded>, EngineError> {
        let now = self.now();
        let until = now + SignedDuration::from_secs(limits::GUESS_WINDOW_S);
        let digest = tracking_factor(&self.0.secret, factor);
        let keys = [
            self.0.secret.digest("guessed_code", code.as_bytes()),
            self.0.secret.digest("guessed_factor", digest.as_bytes()),
        ];
        if !self.0.store.count_guess(&keys, now, until, limits::GUESSES_MAX).await? {
            let retry_after_s = limits::GUESS_WINDOW_S.unsigned_abs();
            return Err(EngineError::TooManyGuesses { retry_after_s });
        }
        let loaded = self.0.store.load(&DossierKey::Code(code.to_owned())).await?;
        let id = loaded.as_ref().map_or(Uuid::nil(), |loaded| loaded.dossier.id);
        let is_known = self.0.store.is_tracking_factor(id, &digest).await?;
        if !is_known || !is_long_enough(factor) {
            return Ok(None);
        }
        self.0.store.take_back_guess(&keys, until).await?;
        Ok(loaded)
    }

    /// A page of one of the caller's queues.
    ///
    /// # Errors
    /// The caller works in no unit.
    pub async fn worklist(
        &self,
        caller: &Caller,
        queue: Queue,
        procedure: Option<String>,
        after: Option<WorklistKey>,
        limit: u32,
    ) -> Result<WorklistPage, EngineError> {
        let desk = desk_of(caller)?;
        let now = self.now();
        let query = WorklistQuery {
            queue,
            desk,
            procedure,
            now,
            today: local_date(now),
            after,
            limit: limit.min(limits::PAGE_ROWS_MAX),
        };
        Ok(self.0.store.worklist(&query).await?)
    }

    /// Finds dossiers that the caller may see. Every search is recorded in the chain
    /// `sys:search`.
    ///
    /// # Errors
    /// The caller works in no unit and is no auditor; the text holds no word.
    pub async fn search(
        &self,
        caller: &Caller,
        search: Search,
    ) -> Result<Vec<DossierView>, EngineError> {
        let staff = caller.roles.iter().copied().any(works_on_dossiers);
        let scope = match &caller.unit {
            _ if caller.is(Role::Auditor) => Scope::All,
            Some(unit) if staff => Scope::Unit(unit.clone()),
            _ => {
                let needed = "a role that works on dossiers, or auditor".into();
                return Err(EngineError::PermissionDenied { needed });
            }
        };
        let (by, text) = match &search.text {
            SearchText::Code(code) => ("code", code),
            SearchText::Name(name) => ("name", name),
            SearchText::IdNumber(number) => ("id_number", number),
        };
        self.record_search(caller, by, text).await?;
        if let SearchText::Code(code) = &search.text {
            let key = self.dossier_key(code);
            return match self.visible(caller, &key).await {
                Ok((loaded, _)) => Ok(vec![self.view(&loaded).await?]),
                Err(EngineError::NotFound { .. }) => Ok(Vec::new()),
                Err(error) => Err(error),
            };
        }
        let terms = self.terms(&search.text);
        if terms.is_empty() || terms.len() > limits::SEARCH_WORDS_MAX {
            return Err(invalid(
                "query",
                "WORDS",
                &format!("Cần từ 1 đến {} từ.", limits::SEARCH_WORDS_MAX),
                &format!("A search needs 1 to {} words.", limits::SEARCH_WORDS_MAX),
            ));
        }
        let limit = search.limit.min(limits::PAGE_ROWS_MAX);
        self.found(&SearchQuery { scope, terms, after: search.after, limit }).await
    }

    fn terms(&self, text: &SearchText) -> Vec<SearchTerm> {
        match text {
            SearchText::Code(_) => Vec::new(),
            SearchText::IdNumber(number) => {
                let term = self.0.secret.digest("id_number", number.trim().as_bytes());
                vec![SearchTerm { kind: TermKind::IdNumber, term }]
            }
            SearchText::Name(name) => {
                let (kind, words) = if has_marks(name) {
                    (TermKind::NameMarked, marked_words(name))
                } else {
                    (TermKind::NameFolded, folded_words(name))
                };
                words.into_iter().map(|term| SearchTerm { kind, term }).collect()
            }
        }
    }

    async fn record_search(
        &self,
        caller: &Caller,
        by: &str,
        text: &str,
    ) -> Result<(), EngineError> {
        let chain = ChainId::parse("sys:search")
            .map_err(|error| EngineError::Corrupt(error.to_string()))?;
        let fields = vec![
            ("actor".to_owned(), canonical(caller.as_actor_json())?),
            ("by".to_owned(), canonical(json!(by))?),
            ("query".to_owned(), canonical(Value::String(text.to_owned()))?),
        ];
        let event = NewEvent { kind: "search".into(), to: None, def: None, fields };
        self.append(&chain, event, Vec::new()).await
    }

    /// What is running. Administrators and auditors only.
    ///
    /// # Errors
    /// The caller is neither; the store is unavailable.
    pub async fn info(&self, caller: &Caller) -> Result<Info, EngineError> {
        caller.may_inspect()?;
        let picture = self.0.registers.now();
        Ok(Info {
            origin: self.origin().to_owned(),
            size_bytes: self.0.store.size_bytes().await?,
            procedures: self.procedures().len(),
            calendar: picture.calendar.as_ref().map(|calendar| calendar.digest().to_owned()),
            units: picture.units.as_ref().map(|units| units.digest().to_owned()),
            now: self.now(),
        })
    }
}

/// How much of a dossier the caller may see; none if nothing.
fn sight_of(caller: &Caller, Loaded { dossier, .. }: &Loaded) -> Option<Sight> {
    let own = sight(&caller.id, caller.unit.as_deref(), &caller.roles, dossier);
    let citizen = caller.acting_for.as_deref().filter(|_| caller.is(Role::FrontEnd));
    own.max(citizen.and_then(|citizen| attested_sight(citizen, dossier)))
}

/// Whose work items the caller's queues show.
pub(crate) fn desk_of(caller: &Caller) -> Result<Desk, EngineError> {
    let roles: Vec<Role> =
        caller.roles.iter().copied().filter(|role| works_on_dossiers(*role)).collect();
    let Some(unit) = caller.unit.clone().filter(|_| !roles.is_empty()) else {
        let needed = "a role that works on dossiers, in a unit".into();
        return Err(EngineError::PermissionDenied { needed });
    };
    Ok(Desk { person: caller.id.clone(), unit, roles })
}

/// Whether a second factor is more than a few digits that anyone could try.
fn is_long_enough(factor: &str) -> bool {
    factor.chars().filter(char::is_ascii_alphanumeric).count() >= limits::FACTOR_CHARS_MIN
}

/// Chain of the reads of a dossier.
pub(crate) fn access_chain(id: Uuid) -> ChainId {
    ChainId::parse(&format!("acc:{id}")).expect("a UUID fits the grammar of chains")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_of_a_few_digits_is_never_right() {
        for short in ["", "1", "12 34-5", "     123"] {
            assert!(!is_long_enough(short), "{short}");
        }
        for long in ["123456", "0912 345 678", "C1234567"] {
            assert!(is_long_enough(long), "{long}");
        }
    }
}
