//! Watching.

use std::collections::BTreeMap;

use motcua_api::v1::*;
use tonic::{Status, Streaming};

use super::Client;
use crate::wait::soon;

/// Watching.
impl Client {
    /// Watches a dossier, from its present state or behind a token.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn watch(
        &self,
        dossier: &str,
        resume_token: &str,
    ) -> Result<Watched<WatchDossierResponse>, Status> {
        let request = WatchDossierRequest {
            dossier: dossier.to_owned(),
            acting_for: self.reads_for(),
            resume_token: resume_token.to_owned(),
        };
        Ok(Watched(self.dossiers().watch_dossier(request).await?.into_inner()))
    }

    /// Watches a queue, from a snapshot or behind a token.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn watch_queue(
        &self,
        queue: Queue,
        resume_token: &str,
    ) -> Result<Watched<WatchQueueResponse>, Status> {
        let request = WatchQueueRequest {
            queue: queue.into(),
            resume_token: resume_token.to_owned(),
            ..Default::default()
        };
        Ok(Watched(self.desk().watch_queue(request).await?.into_inner()))
    }
}

/// A stream that watches.
#[derive(Debug)]
pub struct Watched<M>(Streaming<M>);

impl<M> Watched<M> {
    /// The next message; nothing when the stream ends well.
    ///
    /// # Errors
    /// How the stream ends otherwise.
    ///
    /// # Panics
    /// When it stays silent.
    pub async fn next(&mut self) -> Result<Option<M>, Status> {
        soon("a watch to say something", self.0.message()).await
    }

    /// How the stream ends, after whatever it still says.
    ///
    /// # Panics
    /// When it goes on, or ends well.
    pub async fn end(&mut self) -> Status {
        let ended = async {
            loop {
                match self.0.message().await {
                    Ok(Some(_)) => {}
                    Ok(None) => panic!("the stream ended well"),
                    Err(status) => return status,
                }
            }
        };
        soon("a watch to end", ended).await
    }
}

impl Watched<WatchDossierResponse> {
    /// The next change, or the present state, and the token behind it.
    ///
    /// # Panics
    /// When the stream ends.
    pub async fn change(&mut self) -> (DossierChange, String) {
        use watch_dossier_response::News;
        loop {
            let message = self.next().await.expect("the stream goes on");
            let message = message.expect("the dossier is not closed");
            match message.news.expect("a message says something") {
                News::Present(change) | News::Change(change) => {
                    return (change, message.resume_token);
                }
                News::Heartbeat(_) => {}
            }
        }
    }

    /// Every change until the dossier is closed.
    ///
    /// # Panics
    /// When the stream ends otherwise.
    pub async fn to_the_end(mut self) -> Vec<DossierChange> {
        use watch_dossier_response::News;
        let mut changes = Vec::new();
        while let Some(message) = self.next().await.expect("the stream ends well") {
            match message.news.expect("a message says something") {
                News::Present(change) | News::Change(change) => changes.push(change),
                News::Heartbeat(_) => {}
            }
        }
        changes
    }
}

/// What a watcher knows of a queue.
#[derive(Debug, Default)]
pub struct KnownQueue {
    /// Rows by dossier and work item.
    pub rows: BTreeMap<(String, u32), WorklistRow>,
    /// Rows of the whole queue.
    pub total: u64,
    /// Token of the last message.
    pub token: String,
}

impl KnownQueue {
    /// Takes the next message in.
    ///
    /// # Panics
    /// When the stream ends; when it tells of a row that came though it was there, or that changed
    /// or went though it was not.
    pub async fn follow(&mut self, watched: &mut Watched<WatchQueueResponse>) {
        use watch_queue_response::News;
        let message = watched.next().await.expect("the stream goes on");
        let message = message.expect("a queue never ends");
        self.token = message.resume_token;
        let key = |row: &WorklistRow| {
            (row.dossier.clone(), row.item.as_ref().expect("a row has its item").id)
        };
        match message.news.expect("a message says something") {
            News::Heartbeat(_) => {}
            News::Snapshot(snapshot) => {
                self.rows = snapshot.rows.into_iter().map(|row| (key(&row), row)).collect();
                self.total = snapshot.total_size;
            }
            News::Changes(changes) => {
                for row in changes.added {
                    assert!(self.rows.insert(key(&row), row).is_none(), "it was there");
                }
                for row in changes.changed {
                    assert!(self.rows.insert(key(&row), row).is_some(), "it was not there");
                }
                for left in changes.left {
                    let gone = self.rows.remove(&(left.dossier, left.item));
                    assert!(gone.is_some(), "it was not there");
                }
                self.total = changes.total_size;
            }
        }
    }

    /// Whether this is what the list says.
    pub fn is(&self, list: &ListWorkItemsResponse) -> bool {
        self.total == list.total_size
            && self.rows.len() == list.rows.len()
            && list.rows.iter().all(|row| self.rows.values().any(|known| known == row))
    }
}
