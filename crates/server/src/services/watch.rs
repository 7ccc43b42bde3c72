//! The streams that watch a dossier or a queue.

use motcua_api::v1::watch_dossier_response::News as DossierMessage;
use motcua_api::v1::watch_queue_response::News as QueueMessage;
use motcua_api::v1::*;
use motcua_engine::{Caller, DossierNews, DossierWatch, Engine, QueueNews, QueueWatch};
use motcua_store::contract::{Documents, Store};
use serde::de::DeserializeOwned;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{Api, Rows, caller, finish, reader};
use crate::convert::{self, Faults, NAME_CHARS_MAX};
use crate::page::PageTokens;
use crate::status::Refusal;
use crate::watching::{self, Next, Watched};

const DOSSIER: &str = "WatchDossier";
const QUEUE: &str = "WatchQueue";

impl<S: Store, D: Documents> Api<S, D> {
    pub(super) async fn watched_dossier(
        &self,
        request: Request<WatchDossierRequest>,
    ) -> Result<Response<Rows<WatchDossierResponse>>, Status> {
        let caller = reader(&request, &request.get_ref().acting_for)?;
        let place = self.watching.place(&request, &caller)?;
        let request = request.into_inner();
        let key = self.key(&request.dossier)?;
        let id = self.engine.visible_id(&caller, &key).await.map_err(Refusal::from)?;
        let mut faults = Faults::default();
        let resumed = |token: &str| self.pages.open(DOSSIER, &whose(&caller, id), token);
        let after = resume(&mut faults, &request.resume_token, resumed);
        let after: Option<u64> = faults.finish(after)?;
        let (engine, watcher) = (self.engine.clone(), caller.clone());
        let watch = finish(async move { engine.watch_dossier(&watcher, id, after).await }).await?;
        let (engine, pages) = (self.engine.clone(), self.pages.clone());
        let told = after.unwrap_or_default();
        let watched = WatchedDossier { engine, pages, caller, id, watch, told };
        Ok(Response::new(Box::pin(watching::stream(place, watched))))
    }

    pub(super) async fn watched_queue(
        &self,
        request: Request<WatchQueueRequest>,
    ) -> Result<Response<Rows<WatchQueueResponse>>, Status> {
        let caller = caller(&request)?;
        let place = self.watching.place(&request, &caller)?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let queue = convert::queue(&mut faults, request.queue());
        let procedure = faults.optional("procedure", &request.procedure, NAME_CHARS_MAX);
        let arguments = (caller.id.clone(), caller.unit.clone(), request.queue, procedure.clone());
        let resumed = |token: &str| self.pages.open(QUEUE, &arguments, token);
        let digest = resume(&mut faults, &request.resume_token, resumed);
        let digest: Option<String> = faults.finish(digest)?;
        let watch = self.engine.watch_queue(&caller, queue, procedure, digest);
        let watch = watch.map_err(Refusal::from)?;
        let (engine, pages) = (self.engine.clone(), self.pages.clone());
        let watched = WatchedQueue { engine, pages, arguments, watch };
        Ok(Response::new(Box::pin(watching::stream(place, watched))))
    }
}

/// Where the stream before ended, if the token is of one.
fn resume<P: DeserializeOwned>(
    faults: &mut Faults,
    token: &str,
    open: impl FnOnce(&str) -> Option<P>,
) -> Option<P> {
    if token.is_empty() {
        return None;
    }
    let place = open(token);
    if place.is_none() {
        faults.add(
            "resume_token",
            "RESUME_TOKEN",
            "Mã nối tiếp không thuộc luồng theo dõi này: hãy theo dõi lại từ đầu.",
            "is not a token of your stream of the same: watch anew, without a token",
        );
    }
    place
}

/// For whom and what a token is good.
fn whose(caller: &Caller, id: Uuid) -> (String, Option<String>, Uuid) {
    (caller.id.clone(), caller.acting_for.clone(), id)
}

fn heartbeat<S: Store, D: Documents>(engine: &Engine<S, D>) -> Heartbeat {
    Heartbeat { at: Some(convert::timestamp(engine.now())) }
}

struct WatchedDossier<S: Store, D: Documents> {
    engine: Engine<S, D>,
    pages: PageTokens,
    caller: Caller,
    id: Uuid,
    watch: DossierWatch<S, D>,
    /// Version that was told last.
    told: u64,
}

impl<S: Store, D: Documents> Watched for WatchedDossier<S, D> {
    type News = DossierNews;
    type Message = WatchDossierResponse;

    async fn next(&mut self) -> Result<Option<DossierNews>, Refusal> {
        Ok(self.watch.next().await?)
    }

    fn message(&mut self, next: Next<DossierNews>) -> WatchDossierResponse {
        let news = match next {
            Next::News(DossierNews::Present(present)) => {
                self.told = present.version;
                DossierMessage::Present(convert::dossier_change(self.id, present))
            }
            Next::News(DossierNews::Change(change)) => {
                self.told = change.version;
                DossierMessage::Change(convert::dossier_change(self.id, change))
            }
            Next::Heartbeat => DossierMessage::Heartbeat(heartbeat(&self.engine)),
        };
        let resume_token = self.pages.issue(DOSSIER, &whose(&self.caller, self.id), &self.told);
        WatchDossierResponse { news: Some(news), resume_token }
    }
}

struct WatchedQueue<S: Store, D: Documents> {
    engine: Engine<S, D>,
    pages: PageTokens,
    arguments: (String, Option<String>, i32, Option<String>),
    watch: QueueWatch<S, D>,
}

impl<S: Store, D: Documents> Watched for WatchedQueue<S, D> {
    type News = QueueNews;
    type Message = WatchQueueResponse;

    async fn next(&mut self) -> Result<Option<QueueNews>, Refusal> {
        Ok(Some(self.watch.next().await?))
    }

    fn message(&mut self, next: Next<QueueNews>) -> WatchQueueResponse {
        let rows = |rows: Vec<_>| rows.iter().map(convert::worklist_row).collect();
        let news = match next {
            Next::News(QueueNews::Snapshot { rows: shown, total }) => {
                QueueMessage::Snapshot(QueueSnapshot { rows: rows(shown), total_size: total })
            }
            Next::News(QueueNews::Changes { added, changed, left, total }) => {
                let left = left.into_iter().map(|(dossier, item)| WorkItemReference {
                    dossier: dossier.to_string(),
                    item,
                });
                QueueMessage::Changes(QueueChanges {
                    added: rows(added),
                    changed: rows(changed),
                    left: left.collect(),
                    total_size: total,
                })
            }
            Next::Heartbeat => QueueMessage::Heartbeat(heartbeat(&self.engine)),
        };
        let resume_token = self.pages.issue(QUEUE, &self.arguments, &self.watch.digest());
        WatchQueueResponse { news: Some(news), resume_token }
    }
}
