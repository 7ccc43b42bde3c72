//! PostgreSQL: a database that any number of nodes share.

mod commits;
mod open;
mod writers;

pub(crate) use open::{lazy_reads, open};
pub(crate) use writers::Writers;

/// Statements that PostgreSQL alone is asked.
pub(crate) const STATEMENTS: &[&str] = commits::STATEMENTS;
