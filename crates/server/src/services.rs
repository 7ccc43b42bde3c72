//! The RPCs, a file for each service: read the request, call the engine, write the answer.
//!
//! What changes something runs in a task of its own, so that a call that is cancelled or cut off
//! never tears what it began.

mod admin;
mod audit;
mod deadlines;
mod desk;
mod dossiers;
mod procedures;
mod watch;

use std::pin::Pin;

use futures::Stream;
use motcua_engine::{Answer, Caller, Engine, EngineError};
use motcua_procedures::Role;
use motcua_store::contract::{Documents, DossierKey, Store};
use tonic::{Request, Response, Status};
use tracing::Instrument as _;

use crate::convert::{Act, Acted, Faults, Scene};
use crate::gate::Identity;
use crate::page::PageTokens;
use crate::status::Refusal;
use crate::watching::Watching;

/// A streamed answer.
type Rows<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// What implements every service.
pub(crate) struct Api<S: Store, D: Documents> {
    engine: Engine<S, D>,
    pages: PageTokens,
    watching: Watching,
}

impl<S: Store, D: Documents> Clone for Api<S, D> {
    fn clone(&self) -> Self {
        let watching = self.watching.clone();
        Self { engine: self.engine.clone(), pages: self.pages.clone(), watching }
    }
}

impl<S: Store, D: Documents> Api<S, D> {
    pub(crate) fn new(engine: Engine<S, D>, pages: PageTokens, watching: Watching) -> Self {
        Self { engine, pages, watching }
    }

    fn scene<'a>(&self, caller: &'a Caller) -> Scene<'a> {
        Scene { caller, now: self.engine.now(), calendar: self.engine.calendar() }
    }

    /// The dossier that a request names.
    fn key(&self, text: &str) -> Result<DossierKey, Refusal> {
        let mut faults = Faults::default();
        let text = faults.dossier(text);
        Ok(self.engine.dossier_key(&faults.finish(text)?))
    }

    /// Carries out a request that changes a dossier.
    async fn act<R: Act, P: Acted>(&self, request: Request<R>) -> Result<Response<P>, Status> {
        let caller = caller(&request)?;
        let answer = self.execute(&caller, request.into_inner()).await?;
        let state = self.scene(&caller).state(&answer.view);
        Ok(Response::new(P::of(state, answer.first_seq, answer.repeated)))
    }

    async fn execute(&self, caller: &Caller, act: impl Act) -> Result<Answer, Refusal> {
        let mut faults = Faults::default();
        let asked = act.read(&mut faults);
        let request = asked.request(faults, caller, |text| self.engine.dossier_key(text))?;
        let engine = self.engine.clone();
        finish(async move { engine.execute(request).await }).await
    }
}

/// Who calls.
fn caller<R>(request: &Request<R>) -> Result<Caller, Refusal> {
    let identity = request.extensions().get::<Identity>().and_then(|identity| identity.0.clone());
    identity.ok_or(Refusal::TokenMissing)
}

/// The caller of a read, with the citizen for whom the front end reads.
fn reader<R>(request: &Request<R>, acting_for: &str) -> Result<Caller, Refusal> {
    let mut caller = caller(request)?;
    let mut faults = Faults::default();
    caller.acting_for = faults.optional_person_id("acting_for", acting_for);
    if caller.acting_for.is_some() && !caller.is(Role::FrontEnd) {
        faults.add(
            "acting_for",
            "NOT_FOR_OTHERS",
            "Chỉ cổng dịch vụ được đọc hồ sơ thay công dân.",
            "only the front end reads for a citizen; leave it out",
        );
    }
    faults.finish(caller)
}

/// Runs to the end whatever becomes of the call.
async fn finish<T: Send + 'static>(
    work: impl Future<Output = Result<T, EngineError>> + Send + 'static,
) -> Result<T, Refusal> {
    match tokio::spawn(work.in_current_span()).await {
        Ok(outcome) => Ok(outcome?),
        Err(error) => Err(Refusal::Internal { what: error.to_string() }),
    }
}
