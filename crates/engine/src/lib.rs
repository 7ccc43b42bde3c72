//! Runs commands against a store, and the workers that follow.
//!
//! The path of a command: [`Engine::execute`] (`execute.rs`) puts it into its dossier's lane
//! (`lane.rs`), which has the dossier at hand or loads it, lets the pure core decide
//! (`decision.rs`), gathers the events into a segment (`segment.rs`) and hands that to the store as
//! one commit. Reads are in `query.rs`, forms in `forms.rs` and `log_book.rs`, histories in
//! `history.rs`, what was published in `registers.rs`, whether offices have the people for it in
//! `offices.rs`, loops in `workers.rs`, that of timers in `timers.rs` (its volleys take a way of
//! their own), watching in `watch.rs`.
//!
//! The engine is generic over its store and document store and knows neither SQL nor gRPC. Time
//! comes from the one clock in `clock.rs`.

mod clock;
mod decision;
mod drafts;
mod error;
mod execute;
mod forms;
mod history;
mod lane;
pub mod limits;
mod log_book;
mod migration;
mod numbers;
mod offices;
mod picture;
mod query;
mod registers;
mod secret;
mod segment;
mod standing;
mod timers;
mod uploads;
mod view;
mod watch;
mod workers;

use std::future::Future;
use std::sync::Arc;

use jiff::Timestamp;
use motcua_audit::{ChainId, NewEvent};
use motcua_dossiers::command::Actor;
use motcua_procedures::Role;
use motcua_store::contract::{Commit, Documents, RegisterCommit, RegisterEntry, Store};
use motcua_store::error::StoreError;
use serde_json::json;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

pub use clock::{Clock, ManualClock, SystemClock};
pub use error::{EngineError, Situation};
pub use execute::{Answer, Request};
pub use forms::FormData;
pub use history::{ExplainedAct, HistoryKey, HistoryPage, Replay, Until};
pub use log_book::{LogBook, LogPart, LogPlace};
pub use migration::{Migrated, Migration, MigrationPage, Moved, Position};
pub use offices::{LoadedUnits, Understaffed};
pub use query::{Info, Search, SearchText, Track, TrackView};
pub use registers::{Published, RegisterRef};
pub use secret::Secret;
pub use uploads::UploadStatus;
pub use view::{DossierView, Personal};
pub use watch::{DossierChange, DossierNews, DossierWatch, QueueNews, QueueWatch};

/// How often an event is put onto a chain anew when another node was faster.
const APPEND_RETRIES_MAX: u32 = 16;

/// The engine; clones share everything.
pub struct Engine<S, D>(Arc<Inner<S, D>>);

impl<S, D> Clone for Engine<S, D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Inner<S, D> {
    store: S,
    documents: D,
    clock: Arc<dyn Clock>,
    secret: Secret,
    origin: String,
    registers: registers::Registers,
    lanes: lane::Lanes,
    standing: standing::Standing,
    numbers: numbers::Numbers,
    system_chains: tokio::sync::Mutex<()>,
    timer_set: Notify,
    load: timers::Load,
    watchers: watch::Watchers,
}

/// What an engine needs to start.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name of the history log; set at the first start, immutable afterwards, since every chain
    /// begins with it. None takes the one that is set, or makes one up.
    pub origin: Option<String>,
    /// Key of fingerprints, tracking secrets and search digests; the same at every node and every
    /// start.
    pub secret: [u8; 32],
    /// The key takes the place of one that is lost for good.
    pub is_new_secret: bool,
}

/// Who calls: the content of a bearer token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Opaque id of the person or program.
    pub id: String,
    /// Unit; none for citizens and the portal.
    pub unit: Option<String>,
    /// Roles.
    pub roles: Vec<Role>,
    /// The citizen for whom the front end reads, whose identity it attests.
    pub acting_for: Option<String>,
}

impl Caller {
    /// Whether the caller has the role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whoever runs the service, or audits it, may look how it does.
    fn may_inspect(&self) -> Result<(), EngineError> {
        if self.is(Role::Administrator) || self.is(Role::Auditor) {
            return Ok(());
        }
        Err(EngineError::PermissionDenied { needed: "administrator or auditor".into() })
    }

    fn must_be(&self, role: Role) -> Result<(), EngineError> {
        if self.is(role) {
            return Ok(());
        }
        Err(EngineError::PermissionDenied { needed: format!("role {}", role.as_str()) })
    }

    /// The caller as it stands in events.
    fn as_actor_json(&self) -> serde_json::Value {
        let roles: Vec<&str> = self.roles.iter().map(|role| role.as_str()).collect();
        let mut actor = json!({ "id": self.id, "unit": self.unit, "roles": roles });
        if let Some(citizen) = &self.acting_for {
            actor["acting_for"] = json!(citizen);
        }
        actor
    }

    /// The caller acting in one of its roles.
    pub fn acting(&self, role: Role, acting_for: Option<String>) -> Actor {
        Actor { id: self.id.clone(), role, unit: self.unit.clone(), acting_for }
    }
}

impl<S: Store, D: Documents> Engine<S, D> {
    /// Opens the engine on a store: settles the origin and reads what was published.
    ///
    /// # Errors
    /// The store is unavailable or corrupt, or `config.origin` or `config.secret` differs from the
    /// one set before.
    pub async fn start(
        store: S,
        documents: D,
        clock: Arc<dyn Clock>,
        config: Config,
    ) -> Result<Self, EngineError> {
        let origin = settle_origin(&store, config.origin).await?;
        let secret = Secret::new(config.secret);
        settle_secret(&store, &secret, config.is_new_secret).await?;
        let engine = Self(Arc::new(Inner {
            store,
            documents,
            clock,
            secret,
            origin,
            registers: registers::Registers::default(),
            lanes: lane::Lanes::default(),
            standing: standing::Standing::default(),
            numbers: numbers::Numbers::default(),
            system_chains: tokio::sync::Mutex::new(()),
            timer_set: Notify::new(),
            load: timers::Load::default(),
            watchers: watch::Watchers::default(),
        }));
        engine.refresh_registers().await?;
        Ok(engine)
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Whether the store answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn reach(&self) -> Result<(), EngineError> {
        Ok(self.0.store.reach().await?)
    }

    /// Name of the history log.
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// Puts an event onto a chain that is no dossier's, with the register entries it records.
    async fn append(
        &self,
        chain: &ChainId,
        event: NewEvent,
        entries: Vec<RegisterEntry>,
    ) -> Result<(), EngineError> {
        let _turn = if chain.as_str().starts_with("sys:") {
            Some(self.0.system_chains.lock().await)
        } else {
            None
        };
        for _ in 0..APPEND_RETRIES_MAX {
            if self.append_at(chain, None, &event, &entries).await? {
                return Ok(());
            }
        }
        Err(EngineError::Overloaded)
    }

    /// Puts an event onto the end of a chain, or, given a number, behind that event alone; answers
    /// whether nobody was faster.
    async fn append_at(
        &self,
        chain: &ChainId,
        seen: Option<u64>,
        event: &NewEvent,
        entries: &[RegisterEntry],
    ) -> Result<bool, EngineError> {
        let head = self.0.store.chain_head(chain).await?;
        let expected = head.as_ref().map_or(0, |head| head.seq);
        if seen.is_some_and(|seen| seen != expected) {
            return Ok(false);
        }
        let (events, new_head) =
            segment::seal(self.origin(), chain, head.as_ref(), self.now(), vec![event.clone()])?;
        let commit = RegisterCommit {
            chain: chain.clone(),
            expected,
            head: new_head,
            events,
            entries: entries.to_vec(),
        };
        let mut results = self.0.store.commit(vec![Commit::Register(Box::new(commit))]).await;
        match results.pop() {
            Some(Ok(())) => Ok(true),
            Some(Err(StoreError::Stale { .. })) => Ok(false),
            Some(Err(error)) => Err(error.into()),
            None => Err(EngineError::Unavailable("no result".into())),
        }
    }
}

async fn settle_origin<S: Store>(store: &S, asked: Option<String>) -> Result<String, EngineError> {
    let made_up = || {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).expect("the system's generator of random bytes works");
        let name: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("motcua.invalid/log/{name}")
    };
    let wanted = asked.clone().unwrap_or_else(made_up);
    motcua_audit::check_origin(&wanted).map_err(|error| {
        let text = error.to_string();
        error::invalid("origin", "BAD_ORIGIN", &text, &text)
    })?;
    let origin = store.setting("origin", &wanted).await?;
    match asked {
        Some(asked) if asked != origin => Err(error::invalid(
            "origin",
            "ORIGIN_IS_SET",
            &format!("Tên nhật ký đã được đặt là {origin} và không thể đổi."),
            &format!("The origin was set to {origin} at first start and cannot change."),
        )),
        _ => Ok(origin),
    }
}

/// Whether the secret is the one that fingerprints and digests in the store were made with: with
/// another, repeated commands would be refused and nothing would be found, without a word.
async fn settle_secret<S: Store>(
    store: &S,
    secret: &Secret,
    is_new: bool,
) -> Result<(), EngineError> {
    let ours = secret.check_value();
    let mut in_force = None;
    for key in Secret::check_keys() {
        match store.find_setting(&key).await? {
            Some(value) => in_force = Some(value),
            None if in_force.is_none() || (is_new && in_force.as_ref() != Some(&ours)) => {
                in_force = Some(store.setting(&key, &ours).await?);
                break;
            }
            None => break,
        }
    }
    if in_force.as_ref() == Some(&ours) {
        return Ok(());
    }
    Err(error::invalid(
        "secret",
        "SECRET_DIFFERS",
        "Khóa bí mật secret.key không phải khóa của cơ sở dữ liệu này: dùng chung --keys giữa các \
         nút, hoặc khôi phục khóa từ bản sao lưu.",
        "The secret secret.key is not the one that this database was used with: let all nodes use \
         the same --keys, or restore the keys from the backup.",
    ))
}

/// Runs a piece of work to its end even if whoever asked for it goes away, so that a commit and
/// what follows it are never torn.
fn spawn<F>(work: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(work)
}
