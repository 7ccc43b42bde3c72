//! The document contract on a folder.
//!
//! ```text
//! uploads/0190….part       what was received of an upload
//! documents/ab/abcdef…     kept documents by their digest
//! origin                   whose documents these are: the origin of the service's history log
//! held/01a2….0190….abcdef… what one process holds of an upload, to keep it or keep it again
//! ```
//!
//! Names are made of ids and digests alone, never of what a client sent. A document appears under
//! its digest only when its bytes are on the disk, and is never written again.
//!
//! Several processes may share a folder. `finish` takes an upload away from all writers before its
//! digest is computed, so that what lies under a digest has it. It holds the bytes until `discard`: a
//! repeated `finish` keeps them again where another process removed them meanwhile. `remove` holds
//! what it removed under an upload that is named by the first half of the digest: `finish` brings it
//! back, `discard` ends it.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(async {
//! use motcua_store::Documents;
//! use motcua_store_files::FolderDocuments;
//!
//! # let folder = tempfile::tempdir().expect("a folder");
//! # let folder = folder.path();
//! let documents = FolderDocuments::open(folder).await?;
//! let upload = uuid::Uuid::nil();
//! documents.put_chunk(upload, 0, b"scan".to_vec()).await?;
//! let (sha256, _start) = documents.inspect(upload).await?;
//! documents.finish(upload, &sha256).await?;
//! assert_eq!(documents.read(&sha256, 1, 2).await?, Some(b"ca".to_vec()));
//! # Ok::<(), motcua_store::StoreError>(())
//! # }).expect("documents are kept");
//! ```
//!
//! # The most common change
//!
//! Where files lie is decided in [`FolderDocuments`]'s two private path functions; the suite in
//! `motcua_store::conformance` says what must hold whatever the layout.

mod folder;
mod owner;

pub use folder::FolderDocuments;
pub use owner::Owner;
