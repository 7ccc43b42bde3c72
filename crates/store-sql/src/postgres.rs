//! PostgreSQL: a database that any number of nodes share.

mod commits;
mod hints;
mod link;
mod open;
mod parts;
mod writers;

pub use hints::Listener;
pub(crate) use hints::{feel, listen, tell};
pub(crate) use open::{
    SERVER_VERSION_MIN, checked_reads, lazy_counts, lazy_reads, migrator, open, reach,
};
pub(crate) use parts::KeepParts;
pub(crate) use writers::Writers;

use crate::read::away;

/// Statements that PostgreSQL alone is asked.
pub(crate) fn statements() -> impl Iterator<Item = &'static str> {
    let own = commits::STATEMENTS.iter().chain(parts::STATEMENTS);
    own.chain(away::STATEMENTS).copied()
}
