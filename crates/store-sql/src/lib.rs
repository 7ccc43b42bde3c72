//! The store contract on SQLite and on PostgreSQL.
//!
//! SQLite: one file in a folder, one thread that writes, a few connections that read. PostgreSQL: a
//! database that any number of nodes share, a few connections that write, a few that read.
//! Whatever waits to be written goes into one transaction and is answered after its commit, so the
//! cost of making it durable is shared by those who wait.
//!
//! ```no_run
//! # async fn example() -> Result<(), motcua_store::StoreError> {
//! use motcua_store::Store;
//! use motcua_store_sql::{Options, SqlStore};
//!
//! let store = SqlStore::open("data/motcua.db".as_ref(), Options::default()).await?;
//! println!("{} bytes", store.size_bytes().await?);
//! store.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! # The most common change
//!
//! A new column: a new file in `migrations/sqlite` and one of the same name in
//! `migrations/postgres` (released ones are never edited; named `expand_…` where older programs go
//! on beside it), the row in `prepare.rs` that carries it, the statement in `sqlite/write/` and the
//! function in `migrations/postgres` that store it and the one in `read/` that reads it. The plan
//! tests find a query without an index.
//!
//! # Map
//!
//! `store.rs` the store over either database · `database.rs` a statement, its arguments and its rows
//! in both · `prepare.rs` commits become rows, on the caller's task · `read/` one file per topic ·
//! `desk.rs` the writes that are no commits · `claims.rs` which node fires a due timer · `queue.rs`
//! what waits for a writer · `sqlite/` settings and the one writer, a thread that asks SQLite itself:
//! verdicts and rows of commits · `postgres/` settings and the writers, commits as one call · `schema.rs` a
//! database's schema against the one that the program knows · `glance.rs`, `look.rs` reading without
//! opening it as a store, and what a doctor asks · `sweep.rs` all histories verified · `error.rs` what
//! went wrong, with its address.

mod claims;
mod database;
mod desk;
mod error;
mod glance;
mod look;
mod postgres;
mod prepare;
mod queue;
mod read;
mod schema;
mod sqlite;
mod store;
mod sweep;

pub use glance::{COUNTING_TIMEOUT_S, Glance, Head};
pub use look::{
    Look, PostgresHealth, PostgresLook, PostgresParts, SERVER_MAJOR_MIN, Server, SqliteLook,
};
pub use postgres::Listener;
pub use read::away::PartAway;
pub use schema::Schema;
pub use store::{Options, SqlStore};
pub use sweep::{Difference, SWEEP_JOBS_MAX, SweepOptions, Swept};

/// Every statement over stored rows as SQLite and as PostgreSQL are asked, to test that each finds
/// its rows by an index.
#[doc(hidden)]
pub fn statements() -> (Vec<String>, Vec<String>) {
    let both = || {
        let read = read::STATEMENTS.iter().flat_map(|topic| topic.iter());
        read.chain(glance::STATEMENTS).chain(desk::STATEMENTS).chain(claims::STATEMENTS)
    };
    let sqlite = both().map(|text| text.sqlite.to_owned()).chain(sqlite::write::statements());
    let sqlite = sqlite.chain(look::SQLITE_STATEMENTS.iter().map(|text| (*text).to_owned()));
    let postgres = both().map(|text| text.postgres).chain(postgres::statements());
    let postgres = postgres.chain(look::POSTGRES_STATEMENTS.iter().copied());
    (sqlite.collect(), postgres.map(str::to_owned).collect())
}
