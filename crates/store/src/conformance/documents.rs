//! Documents: chunks, gaps, digests, parts.

use std::sync::Arc;

use uuid::Uuid;

use super::fixture::dossier_id;
use crate::contract::Documents;

/// SHA-256 of `abcdef`.
const DIGEST: &str = "bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721";
/// SHA-256 of nothing.
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn upload(number: u32) -> Uuid {
    dossier_id(number)
}

async fn put<D: Documents>(documents: &D, number: u32, offset: u64, bytes: &[u8]) -> u64 {
    documents.put_chunk(upload(number), offset, bytes.to_vec()).await.expect("a chunk")
}

async fn received<D: Documents>(documents: &D, number: u32) -> u64 {
    documents.received(upload(number)).await.expect("a length")
}

async fn inspected<D: Documents>(documents: &D, number: u32) -> (String, Vec<u8>) {
    documents.inspect(upload(number)).await.expect("an inspection")
}

async fn read<D: Documents>(documents: &D, offset: u64, limit: u32) -> Option<Vec<u8>> {
    documents.read(DIGEST, offset, limit).await.expect("a read")
}

pub(super) async fn chunks_follow_each_other<D: Documents>(documents: Arc<D>) {
    assert_eq!(received(&*documents, 1).await, 0);
    assert_eq!(inspected(&*documents, 1).await, (EMPTY.into(), vec![]));
    assert_eq!(put(&*documents, 1, 0, b"abc").await, 3);
    assert_eq!(put(&*documents, 1, 3, b"").await, 3);
    assert_eq!(put(&*documents, 1, 3, b"def").await, 6);
    assert_eq!(received(&*documents, 1).await, 6);
    assert_eq!(inspected(&*documents, 1).await, (DIGEST.into(), b"abcdef".to_vec()));
    put(&*documents, 1, 6, &[7; 2000]).await;
    let (_, start) = inspected(&*documents, 1).await;
    assert_eq!((start.len(), &start[..7]), (512, &b"abcdef\x07"[..]));
}

pub(super) async fn a_gap_writes_nothing<D: Documents>(documents: Arc<D>) {
    assert_eq!(put(&*documents, 1, 3, b"def").await, 0);
    assert_eq!(put(&*documents, 1, 0, b"abc").await, 3);
    assert_eq!(put(&*documents, 1, 4, b"ef").await, 3);
    assert_eq!(put(&*documents, 1, u64::MAX, b"x").await, 3);
    assert_eq!(received(&*documents, 1).await, 3);
    assert_eq!(put(&*documents, 1, 3, b"def").await, 6);
    assert_eq!(inspected(&*documents, 1).await.0, DIGEST);
}

pub(super) async fn repeating_a_chunk_is_harmless<D: Documents>(documents: Arc<D>) {
    put(&*documents, 1, 0, b"abcd").await;
    assert_eq!(put(&*documents, 1, 0, b"abcd").await, 4);
    assert_eq!(put(&*documents, 1, 2, b"cdef").await, 6);
    assert_eq!(put(&*documents, 1, 0, b"ab").await, 6);
    assert_eq!(inspected(&*documents, 1).await.0, DIGEST);
}

async fn kept<D: Documents>(documents: &D, number: u32) {
    put(documents, number, 0, b"abcdef").await;
    assert_eq!(documents.finish(upload(number), DIGEST).await, Ok(()));
}

pub(super) async fn a_finished_document_is_read_in_parts<D: Documents>(documents: Arc<D>) {
    put(&*documents, 1, 0, b"abcdef").await;
    assert_eq!(read(&*documents, 0, 10).await, None);
    kept(&*documents, 1).await;
    assert_eq!(received(&*documents, 1).await, 0);
    for (offset, limit, expected) in [
        (0, 10, &b"abcdef"[..]),
        (0, 2, b"ab"),
        (4, 2, b"ef"),
        (5, 9, b"f"),
        (6, 9, b""),
        (u64::MAX, 9, b""),
        (0, 0, b""),
    ] {
        assert_eq!(read(&*documents, offset, limit).await.as_deref(), Some(expected));
    }
}

pub(super) async fn the_same_content_twice_is_kept_once<D: Documents>(documents: Arc<D>) {
    kept(&*documents, 1).await;
    kept(&*documents, 2).await;
    assert_eq!(read(&*documents, 0, 10).await.as_deref(), Some(&b"abcdef"[..]));
}

pub(super) async fn a_kept_document_is_never_written_again<D: Documents>(documents: Arc<D>) {
    kept(&*documents, 1).await;
    put(&*documents, 2, 0, b"other").await;
    assert_eq!(documents.finish(upload(2), DIGEST).await, Ok(()));
    assert_eq!(received(&*documents, 2).await, 0);
    assert_eq!(put(&*documents, 1, 0, b"xyz").await, 3);
    assert_eq!(read(&*documents, 0, 10).await.as_deref(), Some(&b"abcdef"[..]));
}

pub(super) async fn finishing_again_is_harmless<D: Documents>(documents: Arc<D>) {
    kept(&*documents, 1).await;
    assert_eq!(documents.finish(upload(1), DIGEST).await, Ok(()));
    assert!(documents.finish(upload(1), EMPTY).await.is_err(), "nothing of this content is kept");
    assert_eq!(documents.discard(upload(1)).await, Ok(()));
    assert_eq!(read(&*documents, 0, 10).await.as_deref(), Some(&b"abcdef"[..]));
}

pub(super) async fn what_was_discarded_is_gone<D: Documents>(documents: Arc<D>) {
    put(&*documents, 1, 0, b"abc").await;
    for _ in 0..2 {
        assert_eq!(documents.discard(upload(1)).await, Ok(()));
        assert_eq!(received(&*documents, 1).await, 0);
    }
    assert_eq!(put(&*documents, 1, 0, b"abcdef").await, 6);
    assert_eq!(inspected(&*documents, 1).await.0, DIGEST);
}

pub(super) async fn what_was_removed_can_be_kept_again<D: Documents>(documents: Arc<D>) {
    kept(&*documents, 1).await;
    for _ in 0..2 {
        assert_eq!(documents.remove(DIGEST).await, Ok(()));
        assert_eq!(read(&*documents, 0, 10).await, None);
    }
    assert_eq!(documents.remove("../no-digest").await, Ok(()));
    kept(&*documents, 2).await;
    assert_eq!(read(&*documents, 0, 10).await.as_deref(), Some(&b"abcdef"[..]));
}

pub(super) async fn uploads_do_not_meet<D: Documents>(documents: Arc<D>) {
    put(&*documents, 1, 0, b"abc").await;
    put(&*documents, 2, 0, b"xyzxyz").await;
    assert_eq!((received(&*documents, 1).await, received(&*documents, 2).await), (3, 6));
    assert_eq!(put(&*documents, 1, 3, b"def").await, 6);
    assert_eq!(inspected(&*documents, 1).await.0, DIGEST);
}

pub(super) async fn nothing_is_read_by_a_name_that_is_no_digest<D: Documents>(documents: Arc<D>) {
    kept(&*documents, 1).await;
    let upper = DIGEST.to_uppercase();
    for name in ["", "..", "../../etc/passwd", "bef57ec7", &upper, &format!("{DIGEST}/")] {
        assert_eq!(documents.read(name, 0, 10).await, Ok(None), "{name}");
    }
}
