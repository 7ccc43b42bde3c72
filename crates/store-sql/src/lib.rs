//! The store contract on SQLite.
//!
//! One file in a folder, one connection that writes, a few that read. Whatever waits to be written
//! goes into one transaction and is answered after its commit, so the cost of making it durable is
//! shared by those who wait.
//!
//! ```no_run
//! # async fn example() -> Result<(), motcua_store::StoreError> {
//! use motcua_store::Store;
//! use motcua_store_sql::{Options, SqliteStore};
//!
//! let store = SqliteStore::open("data/motcua.db".as_ref(), Options::default()).await?;
//! println!("{} bytes", store.size_bytes().await?);
//! store.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! # The most common change
//!
//! A new column: a new file in `migrations/sqlite` (released ones are never edited), the row in
//! `prepare.rs` that carries it, the statement in `write/` that stores it and the one in `read/`
//! that reads it. The plan test in `tests/sqlite/plans.rs` finds a query without an index.
//!
//! # Map
//!
//! `open.rs` settings and migrations · `prepare.rs` commits become rows, on the caller's task ·
//! `writer.rs` the queue and the transaction · `write/` verdicts, then the rows of all accepted
//! commits in a few statements; the other writes · `read/` one file per topic · `rows.rs`
//! statements over many rows · `glance.rs` reading without opening it as a store · `error.rs` what
//! went wrong, with its address.

mod error;
mod glance;
mod open;
mod prepare;
mod read;
mod rows;
mod store;
mod write;
mod writer;

pub use glance::Glance;
pub use open::{Options, SqliteStore};

/// Every statement over stored rows, to test that each finds its rows by an index.
#[doc(hidden)]
pub fn statements() -> Vec<String> {
    read::STATEMENTS
        .iter()
        .flat_map(|topic| topic.iter())
        .map(|text| (*text).to_owned())
        .chain(glance::STATEMENTS.iter().map(|text| (*text).to_owned()))
        .chain(write::statements())
        .collect()
}
