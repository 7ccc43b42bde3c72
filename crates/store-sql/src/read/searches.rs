//! Dossiers found by names and numbers, with a bound on the rows that are gone through.
//!
//! A search begins at its rarest term and looks up whether the others fit. Where even that one is
//! frequent, it goes back so many dossiers from the newest and no further.

use motcua_store::StoreError;
use motcua_store::contract::{Loaded, Scope, SearchQuery, SearchTerm, TermKind};
use serde_json::{Value, json};
use uuid::Uuid;

use super::dossiers::loaded_of;
use crate::database::Argument::{Id, Integer, Text};
use crate::database::{Reads, Statement};
use crate::error::{Columns, Failure};
use crate::prepare::term_row;

/// Rows up to which it is counted how frequent a term is.
const TERM_COUNT_MAX: i64 = 1_000;
/// Dossiers with the rarest term that one search goes through.
const SEARCH_WALK_ROWS_MAX: i64 = 20_000;

/// How many rows each of the terms has, as far as they are counted: $1 is a JSON array of
/// [kind, term], $2 how far.
const TERMS_COUNTED: Statement = Statement {
    sqlite: "-- terms_counted
    SELECT other.key AS place, (
        SELECT count(*) FROM (
            SELECT 1 FROM search_term t
            WHERE t.kind = other.value ->> 0 AND t.term = other.value ->> 1 LIMIT $2) few) AS found
    FROM json_each($1) other",
    postgres: "-- terms_counted
    SELECT place - 1 AS place, (
        SELECT count(*) FROM (
            SELECT 1 FROM search_term t
            WHERE t.kind = CAST(other ->> 0 AS bigint) AND t.term = other ->> 1 LIMIT $2) few)
        AS found
    FROM jsonb_array_elements(CAST($1 AS jsonb)) WITH ORDINALITY AS o(other, place)",
};
/// The dossier that many places behind another, where a term has so many.
const SEARCH_FLOOR: &str = "-- search_floor
    SELECT dossier_id FROM search_term WHERE kind = $1 AND term = $2 AND dossier_id < $3
    ORDER BY dossier_id DESC LIMIT 1 OFFSET $4";

/// All further terms must fit too: $3 is a JSON array of [kind, term].
macro_rules! search {
    ($name:literal, $from:expr, $join:literal, $fits:literal, $scope:literal, $order:literal) => {
        concat!(
            "-- ",
            $name,
            "
    SELECT d.id, d.version, d.state_name, d.head_hash, d.head_at, s.version AS snapshot_version,
        s.state_schema, s.state, f.body
    FROM ",
            $from,
            $join,
            "
        LEFT JOIN snapshot s ON s.dossier_id = d.id
        LEFT JOIN form f ON f.dossier_id = d.id
    WHERE ",
            $scope,
            " AND NOT EXISTS (
            SELECT 1 FROM ",
            $fits,
            $order,
        )
    };
}

/// The search beginning at one part of an index, in the words of each database: SQLite is told
/// the order of its joins and reads JSON by its own function. PostgreSQL is told (`OFFSET`) to begin
/// at that part, and to look each dossier up: it may think that to make a table of all terms costs no more.
macro_rules! searches {
    ($name:literal, $from:literal, $key:literal, $scope:literal) => {
        Statement {
            sqlite: search!(
                $name,
                $from,
                " CROSS JOIN dossier d ON d.id = first.dossier_id",
                "json_each($3) other WHERE NOT EXISTS (
                SELECT 1 FROM search_term t
                WHERE t.kind = other.value ->> 0 AND t.term = other.value ->> 1
                    AND t.dossier_id = d.id))",
                $key,
                $scope
            ),
            postgres: search!(
                $name,
                concat!(
                    "(
        SELECT first.dossier_id FROM ",
                    $from,
                    " WHERE ",
                    $key,
                    "
        ORDER BY first.dossier_id DESC OFFSET 0) AS first"
                ),
                " JOIN dossier d ON d.id = first.dossier_id",
                "jsonb_array_elements(CAST($3 AS jsonb)) AS other WHERE NOT EXISTS (
                SELECT 1 FROM search_term t
                WHERE t.kind = CAST(other ->> 0 AS bigint) AND t.term = other ->> 1
                    AND t.dossier_id = d.id LIMIT 1 OFFSET 0))",
                "TRUE",
                $scope
            ),
        }
    };
}

const SEARCH_ALL: Statement = searches!(
    "search_all",
    "search_term first",
    "first.kind = $4 AND first.term = $5 AND first.dossier_id < $1 AND first.dossier_id > $6",
    "
    ORDER BY first.dossier_id DESC LIMIT $2"
);
const SEARCH_IN_UNIT: Statement = searches!(
    "search_in_unit",
    "search_term first",
    "first.kind = $4 AND first.term = $5 AND first.dossier_id < $1 AND first.dossier_id > $6",
    "
        AND (d.assisting_unit = $7 OR d.receiving_unit = $7 OR d.competent_unit = $7
            OR EXISTS (SELECT 1 FROM work_item w WHERE w.dossier_id = d.id AND w.unit = $7
                LIMIT 1 OFFSET 0))
    ORDER BY first.dossier_id DESC LIMIT $2"
);
const SEARCH_OF_PARTY: Statement = searches!(
    "search_of_party",
    "party first",
    "first.person = $4 AND first.dossier_id < $1",
    "
    ORDER BY first.dossier_id DESC LIMIT $2"
);

pub(super) const STATEMENTS: &[Statement] =
    &[TERMS_COUNTED, Statement::both(SEARCH_FLOOR), SEARCH_ALL, SEARCH_IN_UNIT, SEARCH_OF_PARTY];

/// # Errors
/// [`StoreError::TooWide`] when the bound was reached before the page was full.
pub(crate) async fn search(reads: &Reads, query: &SearchQuery) -> Result<Vec<Loaded>, StoreError> {
    let others: Vec<Value> = query.terms.iter().map(|term| json!(term_row(term))).collect();
    let others = Value::Array(others).to_string();
    let before = query.after.unwrap_or(Uuid::max());
    let mut arguments = vec![Id(before), Integer(query.limit.into()), Text(&others)];
    if let Scope::Party(person) = &query.scope {
        arguments.push(Text(person));
        return found(reads, SEARCH_OF_PARTY, &arguments).await;
    }
    let Some((first, count)) = rarest(reads, &query.terms, &others).await? else {
        return Ok(Vec::new());
    };
    let first = term_row(first);
    let floor = match count < TERM_COUNT_MAX {
        true => None,
        false => floor(reads, &first, before).await?,
    };
    arguments.extend([Integer(first.0), Text(&first.1), Id(floor.unwrap_or(Uuid::nil()))]);
    let statement = match &query.scope {
        Scope::Unit(unit) => {
            arguments.push(Text(unit));
            SEARCH_IN_UNIT
        }
        Scope::All | Scope::Party(_) => SEARCH_ALL,
    };
    let found = found(reads, statement, &arguments).await?;
    match floor.is_some() && found.len() < query.limit as usize {
        true => Err(StoreError::TooWide),
        false => Ok(found),
    }
}

async fn found(
    reads: &Reads,
    statement: Statement,
    arguments: &[crate::database::Argument<'_>],
) -> Result<Vec<Loaded>, StoreError> {
    let rows = reads.rows(statement, arguments).await;
    let rows = match rows {
        Err(failure) if failure.is_timed_out() => return Err(StoreError::TooWide),
        other => other?,
    };
    Ok(loaded_of(reads, &rows).await?)
}

/// The term to begin with and how many dossiers have it, as far as they are counted; none where no
/// dossier has all of them.
async fn rarest<'q>(
    reads: &Reads,
    terms: &'q [SearchTerm],
    others: &str,
) -> Result<Option<(&'q SearchTerm, i64)>, Failure> {
    // Nobody but one has an identity number, and there is nothing to choose from.
    if let [only @ SearchTerm { kind: TermKind::IdNumber, .. }] = terms {
        return Ok(Some((only, 0)));
    }
    let rows = reads.rows(TERMS_COUNTED, &[Text(others), Integer(TERM_COUNT_MAX)]).await?;
    let mut rarest: Option<(&SearchTerm, i64)> = None;
    for row in &rows {
        let columns = Columns::new(row, "search_term", "place");
        let (place, count): (usize, i64) = (columns.number("place")?, columns.get("found")?);
        let term = terms.get(place).ok_or_else(|| columns.corrupt("place"))?;
        if rarest.is_none_or(|(_, least)| count < least) {
            rarest = Some((term, count));
        }
    }
    Ok(rarest.filter(|(_, count)| *count > 0))
}

/// Where a search that begins at a frequent term ends.
async fn floor(
    reads: &Reads,
    (kind, term): &(i64, String),
    before: Uuid,
) -> Result<Option<Uuid>, Failure> {
    let arguments = [Integer(*kind), Text(term), Id(before), Integer(SEARCH_WALK_ROWS_MAX)];
    let row = reads.row(SEARCH_FLOOR, &arguments).await?;
    row.map(|row| Columns::new(&row, "search_term", "dossier_id").id("dossier_id")).transpose()
}
