//! What the writer does within a transaction.

pub(crate) mod commits;
mod dossiers;
mod histories;
mod verdict;

/// Every statement, for the plan test.
pub(crate) fn statements() -> impl Iterator<Item = String> {
    let lists = [dossiers::ROWS, histories::ROWS, verdict::ROWS].into_iter().flatten();
    let lists = lists.map(|rows| rows.text(2).to_string());
    let single = [dossiers::STATEMENTS, histories::STATEMENTS];
    lists.chain(single.into_iter().flatten().map(|text| (*text).to_owned()))
}
