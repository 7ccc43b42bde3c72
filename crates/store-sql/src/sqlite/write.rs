//! What the writer does within a transaction.

pub(crate) mod commits;
mod counts;
mod dossiers;
mod histories;
mod personal;
mod verdict;
mod work;

use rusqlite::{Connection, Params};

/// Runs a statement of one row; answers how many rows it affected.
fn execute(
    connection: &Connection,
    statement: &str,
    arguments: impl Params,
) -> Result<usize, rusqlite::Error> {
    connection.prepare_cached(statement)?.execute(arguments)
}

/// Every statement, for the plan test.
pub(crate) fn statements() -> impl Iterator<Item = String> {
    let topics = [
        counts::STATEMENTS,
        dossiers::STATEMENTS,
        histories::STATEMENTS,
        personal::STATEMENTS,
        verdict::STATEMENTS,
        work::STATEMENTS,
    ];
    topics.into_iter().flatten().map(|text| (*text).to_owned())
}
