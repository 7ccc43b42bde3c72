//! Two nodes on one folder of documents, with what the other one does put between two steps.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use motcua_store::{MemoryStore, StoreError};
use motcua_store_files::FolderDocuments;
use tempfile::TempDir;
use tokio::sync::Notify;

use super::*;
use crate::{Config, ManualClock};

const CONTENT: &[u8] = b"%PDF-1.7 a scan";

/// The documents of a node. Where it is told so, another node removes the content right after this
/// one has kept it, not yet knowing of it.
struct Node {
    own: FolderDocuments,
    other: FolderDocuments,
    removed_by_other: AtomicBool,
    /// Removals wait, right after the document is gone, until they are told to go on.
    waits: AtomicBool,
    removed: Notify,
    goes_on: Notify,
}

impl Documents for Node {
    async fn put_chunk(
        &self,
        upload: Uuid,
        offset: u64,
        bytes: Vec<u8>,
    ) -> Result<u64, StoreError> {
        self.own.put_chunk(upload, offset, bytes).await
    }

    async fn received(&self, upload: Uuid) -> Result<u64, StoreError> {
        self.own.received(upload).await
    }

    async fn inspect(&self, upload: Uuid) -> Result<(String, Vec<u8>), StoreError> {
        self.own.inspect(upload).await
    }

    async fn finish(&self, upload: Uuid, sha256: &str) -> Result<(), StoreError> {
        self.own.finish(upload, sha256).await?;
        if self.removed_by_other.swap(false, Ordering::Relaxed) {
            self.other.remove(sha256).await?;
            self.other.discard(aside(sha256)).await?;
        }
        Ok(())
    }

    async fn discard(&self, upload: Uuid) -> Result<(), StoreError> {
        self.own.discard(upload).await
    }

    async fn remove(&self, sha256: &str) -> Result<(), StoreError> {
        self.own.remove(sha256).await?;
        if self.waits.load(Ordering::Relaxed) {
            self.removed.notify_one();
            self.goes_on.notified().await;
        }
        Ok(())
    }

    async fn read(
        &self,
        sha256: &str,
        offset: u64,
        limit: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.own.read(sha256, offset, limit).await
    }
}

struct World {
    _folder: TempDir,
    clock: Arc<ManualClock>,
    engine: Engine<MemoryStore, Node>,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let open = async || FolderDocuments::open(folder.path()).await.expect("a folder");
        let (own, other) = (open().await, open().await);
        let documents = Node {
            own,
            other,
            removed_by_other: AtomicBool::new(false),
            waits: AtomicBool::new(false),
            removed: Notify::new(),
            goes_on: Notify::new(),
        };
        let beginning = "2026-10-05T02:00:00Z".parse().expect("an instant");
        let clock = Arc::new(ManualClock::new(beginning));
        let config = Config {
            origin: Some("test.example/log/1".into()),
            secret: [7; 32],
            is_new_secret: false,
        };
        let shared = Arc::clone(&clock) as Arc<dyn crate::Clock>;
        let engine = Engine::start(MemoryStore::default(), documents, shared, config).await;
        Self { _folder: folder, clock, engine: engine.expect("an engine") }
    }

    fn documents(&self) -> &Node {
        &self.engine.0.documents
    }

    async fn begin(&self, id: Uuid) -> UploadStatus {
        let size = CONTENT.len() as u64;
        let begun = self.engine.begin_upload(&mai(), id, "application/pdf", size).await;
        begun.expect("begun")
    }

    async fn upload(&self, id: Uuid) -> UploadStatus {
        self.begin(id).await;
        self.engine.put_chunk(&mai(), id, 0, CONTENT.to_vec()).await.expect("a chunk");
        let (sha256, _) = self.documents().inspect(id).await.expect("there");
        self.engine.finish_upload(&mai(), id, &sha256).await.expect("finished")
    }

    async fn is_kept(&self, sha256: &str) -> bool {
        self.documents().read(sha256, 0, 1).await.expect("readable").is_some()
    }
}

fn mai() -> Caller {
    Caller { id: "mai".into(), unit: None, roles: vec![Role::Applicant], acting_for: None }
}

#[tokio::test]
async fn content_that_another_node_removes_while_an_upload_of_it_is_finished_is_kept() {
    let world = World::new().await;
    world.documents().removed_by_other.store(true, Ordering::Relaxed);
    let finished = world.upload(Uuid::from_u128(1)).await;
    assert!(world.is_kept(&finished.upload.sha256.expect("finished")).await);
}

#[tokio::test]
async fn a_document_that_is_needed_again_once_it_was_removed_comes_back() {
    let world = World::new().await;
    let finished = world.upload(Uuid::from_u128(1)).await.upload;
    let sha256 = finished.sha256.clone().expect("finished");
    assert!(!world.engine.remove_document(&sha256).await.expect("looked at"), "it is needed");
    let over = finished.expires_at + SignedDuration::from_hours(1);
    world.engine.0.store.expire(over).await.expect("expired");
    world.documents().waits.store(true, Ordering::Relaxed);
    let by_other = async {
        world.documents().removed.notified().await;
        assert!(!world.is_kept(&sha256).await);
        world.engine.0.store.put_upload(&finished).await.expect("known");
        world.documents().goes_on.notify_one();
    };
    let (gone, ()) = tokio::join!(world.engine.remove_document(&sha256), by_other);
    assert!(!gone.expect("looked at"));
    assert!(world.is_kept(&sha256).await);
    world.documents().waits.store(false, Ordering::Relaxed);
    world.engine.0.store.expire(over).await.expect("expired");
    assert!(world.engine.remove_document(&sha256).await.expect("removed"));
    assert!(!world.is_kept(&sha256).await);
}

#[tokio::test]
async fn beginning_a_finished_upload_again_renews_its_time() {
    let world = World::new().await;
    let id = Uuid::from_u128(1);
    let finished = world.upload(id).await.upload;
    let near = finished.expires_at - SignedDuration::from_secs(1);
    world.clock.set(near);
    let renewed = world.begin(id).await;
    assert_eq!(renewed.received, CONTENT.len() as u64);
    let whole = SignedDuration::from_hours(24 * limits::UPLOAD_FILING_DAYS);
    assert_eq!(renewed.upload, Upload { expires_at: near + whole, ..finished });
}

#[tokio::test]
async fn beginning_a_finished_upload_again_whose_bytes_went_begins_it_anew() {
    let world = World::new().await;
    let id = Uuid::from_u128(1);
    let sha256 = world.upload(id).await.upload.sha256.expect("finished");
    world.documents().other.remove(&sha256).await.expect("removed");
    let begun = world.begin(id).await;
    assert_eq!((begun.received, begun.upload.sha256), (0, None));
    world.upload(id).await;
    assert!(world.is_kept(&sha256).await);
}
