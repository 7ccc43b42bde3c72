//! A folder keeps every promise about documents.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use motcua_store::{Documents, StoreError, conformance};
use motcua_store_files::FolderDocuments;
use tempfile::TempDir;
use uuid::Uuid;

/// SHA-256 of `abcdef`.
const DIGEST: &str = "bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721";

async fn open(folder: &TempDir) -> FolderDocuments {
    FolderDocuments::open(folder.path()).await.expect("a folder")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_keeps_every_promise() {
    let folder = tempfile::tempdir().expect("a folder");
    let number = std::sync::atomic::AtomicU32::new(0);
    let make = async || {
        let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let folder = folder.path().join(number.to_string());
        FolderDocuments::open(&folder).await.expect("a folder")
    };
    conformance::run_documents(make).await;
}

#[tokio::test]
async fn documents_and_unfinished_uploads_outlive_the_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let (done, begun) = (Uuid::from_u128(1), Uuid::from_u128(2));
    {
        let documents = open(&folder).await;
        documents.put_chunk(done, 0, b"abcdef".to_vec()).await.expect("a chunk");
        documents.finish(done, DIGEST).await.expect("finished");
        documents.put_chunk(begun, 0, b"abc".to_vec()).await.expect("a chunk");
    }
    let documents = open(&folder).await;
    assert_eq!(documents.read(DIGEST, 0, 9).await, Ok(Some(b"abcdef".to_vec())));
    assert_eq!(documents.received(begun).await, Ok(3));
    let path = folder.path().join("documents").join("be").join(DIGEST);
    assert_eq!(std::fs::read(path).expect("the file"), b"abcdef");
}

#[tokio::test]
async fn a_name_that_is_no_digest_never_becomes_a_path() {
    let folder = tempfile::tempdir().expect("a folder");
    let documents = open(&folder).await;
    let upload = Uuid::from_u128(1);
    documents.put_chunk(upload, 0, b"x".to_vec()).await.expect("a chunk");
    let refused = documents.finish(upload, "../../escaped").await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_eq!(documents.received(upload).await, Ok(1));
}

#[tokio::test]
async fn nobody_but_the_owner_reads_what_lies_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("shared");
    // As an earlier version left it.
    fs::create_dir_all(root.join("uploads")).expect("made");
    fs::set_permissions(root.join("uploads"), fs::Permissions::from_mode(0o755)).expect("set");
    let documents = FolderDocuments::open(&root).await.expect("a folder");
    let (done, begun) = (Uuid::from_u128(1), Uuid::from_u128(2));
    documents.put_chunk(done, 0, b"abcdef".to_vec()).await.expect("a chunk");
    documents.finish(done, DIGEST).await.expect("finished");
    documents.put_chunk(begun, 0, b"abc".to_vec()).await.expect("a chunk");
    let mode = |path: &str| {
        let found = fs::metadata(root.join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
        found.permissions().mode() & 0o777
    };
    for path in ["uploads", "documents", "documents/be", "held"] {
        assert_eq!(mode(path), 0o700, "{path}");
    }
    for path in [format!("documents/be/{DIGEST}"), format!("uploads/{begun}.part")] {
        assert_eq!(mode(&path), 0o600, "{path}");
    }
}
