//! What a store must do, in traits and words, with an in-memory store and the suite every store
//! passes.
//!
//! A [`Store`] keeps histories, the states that follow from them, and what a one-stop shop asks
//! for: worklists, timers, numbers, drafts. [`Documents`] keeps the bytes of papers. Which
//! database it is, only the executable knows.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(async {
//! use jiff::civil::date;
//! use motcua_store::{MemoryStore, Store};
//!
//! let store = MemoryStore::default();
//! let numbers = store.reserve_numbers("H26.7", date(2026, 3, 2), 50).await;
//! assert_eq!(numbers, Ok(1..51));
//! # });
//! ```
//!
//! # The most common change
//!
//! A new promise is a sentence at the method in [`contract`], a case in the topic's file under
//! `conformance/`, and whatever the stores need to keep it, all in one change. What is not in the
//! suite does not exist.
//!
//! # Map
//!
//! [`contract`] the traits and their data · [`worklist`] which queue shows what to whom · `named`
//! what a commit holds and names · `reception` what a log book asks for · `passing` drafts and uploads ·
//! `hints` what nodes tell each other · `loaded` a dossier as whoever decides needs it ·
//! `claim` due timers that a node fires ·
//! [`MemoryStore`], [`MemoryDocuments`] the simplest that keep the promises · `conformance` (a
//! feature of that name) the suites.

mod claim;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod contract;
mod documents;
pub mod error;
mod hints;
mod loaded;
mod memory;
mod named;
mod passing;
mod reception;
pub mod worklist;

pub use contract::{Documents, Store};
pub use documents::MemoryDocuments;
pub use error::StoreError;
pub use memory::MemoryStore;
