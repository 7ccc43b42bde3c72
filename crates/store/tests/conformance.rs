//! The stores in memory keep every promise.

use motcua_store::{MemoryDocuments, MemoryStore, conformance};

#[tokio::test(flavor = "multi_thread")]
async fn the_store_in_memory_keeps_every_promise() {
    conformance::run(async || MemoryStore::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_in_memory_keep_every_promise() {
    conformance::run_documents(async || MemoryDocuments::default()).await;
}
