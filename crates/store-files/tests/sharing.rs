//! Several processes share a folder: each opens it for itself.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use motcua_store::{Documents, StoreError};
use motcua_store_files::{FolderDocuments, Owner};
use tempfile::TempDir;
use uuid::Uuid;

/// SHA-256 of `abcdef`.
const DIGEST: &str = "bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721";
/// The upload as which the removed document is held.
const ASIDE: &str = "bef57ec7-f53a-6d40-beb6-40a780a639c8";

async fn two(folder: &TempDir) -> [FolderDocuments; 2] {
    let open = async || FolderDocuments::open(folder.path()).await.expect("a folder");
    [open().await, open().await]
}

async fn put(documents: &FolderDocuments, upload: Uuid, bytes: &[u8]) {
    documents.put_chunk(upload, 0, bytes.to_vec()).await.expect("a chunk");
}

async fn read(documents: &FolderDocuments) -> Option<Vec<u8>> {
    documents.read(DIGEST, 0, 9).await.expect("readable")
}

#[tokio::test]
async fn what_another_node_wrote_after_the_look_never_lies_under_the_digest() {
    let folder = tempfile::tempdir().expect("a folder");
    let [a, b] = two(&folder).await;
    let upload = Uuid::from_u128(1);
    put(&a, upload, b"abcdef").await;
    assert_eq!(a.inspect(upload).await.expect("there").0, DIGEST);
    put(&b, upload, b"ABCDEF").await;
    let refused = a.finish(upload, DIGEST).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_eq!(read(&a).await, None);
    assert_eq!(a.received(upload).await, Ok(0), "it begins anew");
    put(&b, upload, b"abcdef").await;
    a.finish(upload, DIGEST).await.expect("kept");
    assert_eq!(read(&b).await.as_deref(), Some(&b"abcdef"[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_is_not_done_is_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let [a, _] = two(&folder).await;
    let upload = Uuid::from_u128(1);
    put(&a, upload, b"abcdef").await;
    let path = folder.path().join("uploads").join(format!("{upload}.part"));
    let writer = File::options().write(true).open(&path).expect("there");
    writer.lock().expect("free");
    let finishing = tokio::spawn({
        let a = a.clone();
        async move { a.finish(upload, DIGEST).await }
    });
    while path.exists() {
        tokio::task::yield_now().await;
    }
    writer.write_all_at(b"ABC", 0).expect("written");
    writer.unlock().expect("held");
    assert!(finishing.await.expect("no panic").is_err());
    assert_eq!(read(&a).await, None);
}

#[tokio::test]
async fn what_another_node_removed_is_kept_again_until_the_upload_is_let_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let [a, b] = two(&folder).await;
    let (old, new) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let aside = ASIDE.parse().expect("an id");
    put(&b, old, b"abcdef").await;
    b.finish(old, DIGEST).await.expect("kept");
    b.discard(old).await.expect("let go");
    put(&a, new, b"abcdef").await;
    a.finish(new, DIGEST).await.expect("kept already");
    b.remove(DIGEST).await.expect("removed");
    b.discard(aside).await.expect("ended");
    assert_eq!(read(&a).await, None);
    a.finish(new, DIGEST).await.expect("it is held");
    assert_eq!(read(&b).await.as_deref(), Some(&b"abcdef"[..]));
    a.discard(new).await.expect("let go");
    b.remove(DIGEST).await.expect("removed");
    assert!(a.finish(new, DIGEST).await.is_err(), "nothing is held any more");
}

#[tokio::test]
async fn a_removed_document_is_brought_back_by_the_node_that_removed_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let [a, b] = two(&folder).await;
    let (upload, aside) = (Uuid::from_u128(1), ASIDE.parse().expect("an id"));
    put(&a, upload, b"abcdef").await;
    a.finish(upload, DIGEST).await.expect("kept");
    a.discard(upload).await.expect("let go");
    b.remove(DIGEST).await.expect("removed");
    assert_eq!(read(&a).await, None);
    a.discard(aside).await.expect("what others hold stays");
    b.finish(aside, DIGEST).await.expect("brought back");
    // Twice: held and kept are names of one file then.
    b.remove(DIGEST).await.expect("removed");
    assert_eq!(read(&a).await, None);
    b.finish(aside, DIGEST).await.expect("brought back");
    b.discard(aside).await.expect("let go");
    assert_eq!(read(&a).await.as_deref(), Some(&b"abcdef"[..]));
    b.remove(DIGEST).await.expect("removed");
    b.discard(aside).await.expect("ended");
    let held = std::fs::read_dir(folder.path().join("held")).expect("readable").count();
    assert_eq!(held, 0, "nothing of it is left");
}

#[tokio::test]
async fn a_folder_tells_whose_it_is_and_keeps_to_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let owner = || Owner::of(folder.path()).expect("readable");
    assert_eq!(owner(), Owner::Nobody);
    let [a, b] = two(&folder).await;
    assert_eq!(owner(), Owner::Unmarked);
    assert_eq!(a.mark("shop.example/log/1").await, Ok("shop.example/log/1".into()));
    assert_eq!(b.mark("other.example/log/1").await, Ok("shop.example/log/1".into()));
    assert_eq!(owner(), Owner::Log("shop.example/log/1".into()));
    let files = std::fs::read_dir(folder.path()).expect("readable").count();
    assert_eq!(files, 4, "nothing is left aside");
}
