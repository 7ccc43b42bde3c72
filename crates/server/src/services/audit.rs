//! Histories as they are stored.

use std::collections::VecDeque;
use std::pin::Pin;

use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use motcua_api::v1::audit_service_server::AuditService;
use motcua_api::v1::replay_history_response::Part;
use motcua_api::v1::*;
use motcua_engine::{Caller, Engine, HistoryKey, HistoryPage};
use motcua_store::contract::{Documents, Store};
use tonic::{Request, Response, Status};

use super::{Api, caller, finish};
use crate::convert::{self, Faults};

/// Events that are read at a time.
const PAGE_EVENTS: u32 = 200;

type Answer<T> = Result<Response<T>, Status>;
type Events<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl<S: Store, D: Documents> AuditService for Api<S, D> {
    type ReplayHistoryStream = Events<ReplayHistoryResponse>;
    type ReadChainStream = Events<ReadChainResponse>;

    async fn replay_history(
        &self,
        request: Request<ReplayHistoryRequest>,
    ) -> Answer<Self::ReplayHistoryStream> {
        let caller = caller(&request)?;
        let key = self.key(&request.get_ref().dossier)?;
        let (engine, reader, named) = (self.engine.clone(), caller.clone(), key.clone());
        let replay =
            finish(async move { engine.replay_with_history(&reader, &named).await }).await?;
        let (replay, page) = replay;
        // What was written since is not part of the verdict, nor of the stream before it.
        let count = usize::try_from(replay.events).unwrap_or(usize::MAX);
        let verdict = Part::Verdict(convert::replay_verdict(&replay));
        let mut reading = Reading::new(self.engine.clone(), caller, HistoryKey::Dossier(key), 0);
        if let Some(page) = page {
            reading.take(&page)?;
            reading.is_over = true;
        }
        let events = stream::try_unfold(reading, Reading::next)
            .take(count)
            .map_ok(Part::Event)
            .chain(stream::once(async { Ok(verdict) }))
            .map_ok(|part| ReplayHistoryResponse { part: Some(part) });
        Ok(Response::new(Box::pin(events)))
    }

    async fn get_state_as_of(
        &self,
        request: Request<GetStateAsOfRequest>,
    ) -> Answer<GetStateAsOfResponse> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let dossier = faults.dossier(&request.dossier);
        let until = convert::until(&mut faults, request.as_of.as_ref());
        let (dossier, until) = faults.finish((dossier, until))?;
        let key = self.engine.dossier_key(&dossier);
        let engine = self.engine.clone();
        let replay = finish(async move { engine.replay(&caller, &key, until).await }).await?;
        Ok(Response::new(convert::former_state(&replay)))
    }

    async fn read_chain(
        &self,
        request: Request<ReadChainRequest>,
    ) -> Answer<Self::ReadChainStream> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let key = HistoryKey::Chain(convert::chain(&request.chain)?);
        let reading = Reading::new(self.engine.clone(), caller, key, request.after_sequence);
        let mut events = Box::pin(stream::try_unfold(reading, Reading::next).peekable());
        // A refusal is the answer of the call, not the first thing in a stream that has started.
        if let Some(Err(_)) = events.as_mut().peek().await
            && let Some(Err(refused)) = events.next().await
        {
            return Err(refused);
        }
        let events = events.map_ok(|event| ReadChainResponse { event: Some(event) });
        Ok(Response::new(Box::pin(events)))
    }
}

struct Reading<S: Store, D: Documents> {
    engine: Engine<S, D>,
    caller: Caller,
    key: HistoryKey,
    after: u64,
    waiting: VecDeque<HistoryEvent>,
    /// The last page was not full: there is nothing behind it.
    is_over: bool,
}

impl<S: Store, D: Documents> Reading<S, D> {
    fn new(engine: Engine<S, D>, caller: Caller, key: HistoryKey, after: u64) -> Self {
        Self { engine, caller, key, after, waiting: VecDeque::new(), is_over: false }
    }

    /// The next event, read a page at a time: a slow reader holds no more than that.
    async fn next(mut self) -> Result<Option<(HistoryEvent, Self)>, Status> {
        if self.waiting.is_empty() {
            if self.is_over {
                return Ok(None);
            }
            let (engine, caller) = (self.engine.clone(), self.caller.clone());
            let (key, after) = (self.key.clone(), self.after);
            let page =
                finish(async move { engine.history(&caller, &key, after, PAGE_EVENTS).await });
            let page = page.await?;
            let Some(last) = page.events.last() else {
                return Ok(None);
            };
            self.after = last.seq;
            self.is_over = page.events.len() < PAGE_EVENTS as usize;
            self.take(&page)?;
        }
        Ok(self.waiting.pop_front().map(|event| (event, self)))
    }

    fn take(&mut self, page: &HistoryPage) -> Result<(), Status> {
        let origin = self.engine.origin();
        for event in &page.events {
            self.waiting.push_back(convert::history_event(origin, &page.chain, event)?);
        }
        Ok(())
    }
}
