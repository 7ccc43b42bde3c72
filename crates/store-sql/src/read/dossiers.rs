//! Dossiers: loaded by key, found by search.

use motcua_audit::ChainHead;
use motcua_dossiers::dossier::{Dossier, STATE_SCHEMA};
use motcua_store::contract::{
    DossierKey, Loaded, ReceptionQuery, Scope, SearchQuery, SearchTerm, TermKind,
};
use serde_json::{Value, json};
use sqlx::sqlite::{SqlitePool, SqliteRow};
use uuid::Uuid;

use super::histories;
use crate::error::{Columns, Failure};
use crate::prepare::term_row;

macro_rules! dossier_load {
    ($name:literal, $key:literal) => {
        concat!(
            "-- ",
            $name,
            "
    SELECT d.id, d.version, d.state_name, d.head_hash, d.head_at, d.state_schema, d.state, f.body
    FROM dossier d LEFT JOIN form f ON f.dossier_id = d.id
    WHERE ",
            $key
        )
    };
}

const DOSSIER_BY_ID: &str = dossier_load!("dossier_by_id", "d.id = $1");
const DOSSIER_BY_CODE: &str = dossier_load!("dossier_by_code", "d.code = $1");
const DOSSIER_BY_EXTERNAL: &str =
    dossier_load!("dossier_by_external", "d.external_source = $1 AND d.external_id = $2");

/// All further terms must fit too: $3 is a JSON array of [kind, term].
macro_rules! all_terms_fit {
    () => {
        "NOT EXISTS (
            SELECT 1 FROM json_each($3) other WHERE NOT EXISTS (
                SELECT 1 FROM search_term t
                WHERE t.kind = other.value ->> 0 AND t.term = other.value ->> 1
                    AND t.dossier_id = d.id))"
    };
}

macro_rules! search_by_term {
    ($name:literal, $scope:literal) => {
        concat!(
            "-- ",
            $name,
            "
    SELECT d.id, d.version, d.state_name, d.head_hash, d.head_at, d.state_schema, d.state, f.body
    FROM search_term first CROSS JOIN dossier d ON d.id = first.dossier_id
        LEFT JOIN form f ON f.dossier_id = d.id
    WHERE first.kind = $4 AND first.term = $5 AND first.dossier_id < $1
        AND ",
            all_terms_fit!(),
            $scope,
            "
    ORDER BY first.dossier_id DESC LIMIT $2"
        )
    };
}

const SEARCH_ALL: &str = search_by_term!("search_all", "");
const SEARCH_IN_UNIT: &str = search_by_term!(
    "search_in_unit",
    "
        AND (d.assisting_unit = $6 OR d.receiving_unit = $6 OR d.competent_unit = $6
            OR EXISTS (SELECT 1 FROM work_item w WHERE w.dossier_id = d.id AND w.unit = $6))"
);
const SEARCH_OF_PARTY: &str = concat!(
    "-- search_of_party
    SELECT d.id, d.version, d.state_name, d.head_hash, d.head_at, d.state_schema, d.state, f.body
    FROM party p CROSS JOIN dossier d ON d.id = p.dossier_id
        LEFT JOIN form f ON f.dossier_id = d.id
    WHERE p.person = $4 AND p.dossier_id < $1
        AND ",
    all_terms_fit!(),
    "
    ORDER BY p.dossier_id DESC LIMIT $2"
);

const DOSSIERS_RECEIVED: &str = "-- dossiers_received
    SELECT d.id, d.version, d.state_schema, d.state
    FROM reception r CROSS JOIN dossier d ON d.id = r.dossier_id
    WHERE r.unit = $1 AND (r.received_at, r.dossier_id) > ($2, $3) AND r.received_at < $4
    ORDER BY r.received_at, r.dossier_id LIMIT $5";

pub(super) const STATEMENTS: &[&str] = &[
    DOSSIER_BY_ID,
    DOSSIER_BY_CODE,
    DOSSIER_BY_EXTERNAL,
    SEARCH_ALL,
    SEARCH_IN_UNIT,
    SEARCH_OF_PARTY,
    DOSSIERS_RECEIVED,
];

/// Greater than the text of every id.
const AFTER_ALL_IDS: &str = "g";

pub(crate) async fn load(reads: &SqlitePool, key: &DossierKey) -> Result<Option<Loaded>, Failure> {
    let query = match key {
        DossierKey::Id(id) => sqlx::query(DOSSIER_BY_ID).bind(id.to_string()),
        DossierKey::Code(code) => sqlx::query(DOSSIER_BY_CODE).bind(code),
        DossierKey::External(source, id) => sqlx::query(DOSSIER_BY_EXTERNAL).bind(source).bind(id),
    };
    match query.fetch_optional(reads).await? {
        Some(row) => Ok(Some(loaded_of(reads, &row).await?)),
        None => Ok(None),
    }
}

/// What was loaded, from one row.
async fn loaded_of(reads: &SqlitePool, row: &SqliteRow) -> Result<Loaded, Failure> {
    let columns = Columns::new(row, "dossier", "id");
    let head = ChainHead {
        seq: columns.number("version")?,
        hash: columns.hash("head_hash")?,
        at: columns.at("head_at")?,
        state: columns.get("state_name")?,
    };
    let form = match columns.get::<Option<&str>>("body")? {
        None => Value::Null,
        Some(body) => {
            let form = Columns::new(row, "form", "id");
            serde_json::from_str(body).map_err(|_| form.corrupt("body"))?
        }
    };
    let dossier = dossier_of(reads, row).await?;
    Ok(Loaded { dossier, head, form })
}

pub(crate) async fn search(
    reads: &SqlitePool,
    query: &SearchQuery,
) -> Result<Vec<Loaded>, Failure> {
    let after = query.after.map_or(AFTER_ALL_IDS.to_owned(), |id| id.to_string());
    let others: Vec<Value> = query.terms.iter().map(|term| json!(term_row(term))).collect();
    let others = Value::Array(others).to_string();
    let statement = match &query.scope {
        Scope::All => SEARCH_ALL,
        Scope::Unit(_) => SEARCH_IN_UNIT,
        Scope::Party(_) => SEARCH_OF_PARTY,
    };
    let bound = sqlx::query(statement).bind(after).bind(query.limit).bind(others);
    let first = rarest(&query.terms).map(term_row);
    let bound = match (&query.scope, first) {
        (Scope::Party(person), _) => bound.bind(person),
        (Scope::All, Some((kind, term))) => bound.bind(kind).bind(term),
        (Scope::Unit(unit), Some((kind, term))) => bound.bind(kind).bind(term).bind(unit),
        (Scope::All | Scope::Unit(_), None) => return Ok(Vec::new()),
    };
    let rows = bound.fetch_all(reads).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        found.push(loaded_of(reads, row).await?);
    }
    Ok(found)
}

pub(crate) async fn received(
    reads: &SqlitePool,
    query: &ReceptionQuery,
) -> Result<Vec<Dossier>, Failure> {
    // The empty text comes before every id, so the first instant belongs to the period.
    let (after_at, after_id) = match query.after {
        Some((at, id)) => (at.max(query.from), id.to_string()),
        None => (query.from, String::new()),
    };
    let bound = sqlx::query(DOSSIERS_RECEIVED).bind(&query.unit);
    let bound = bound.bind(after_at.as_microsecond()).bind(after_id);
    let bound = bound.bind(query.until.as_microsecond()).bind(query.limit);
    let rows = bound.fetch_all(reads).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        found.push(dossier_of(reads, row).await?);
    }
    Ok(found)
}

/// The term to begin with: an identity number, or the longest word.
fn rarest(terms: &[SearchTerm]) -> Option<&SearchTerm> {
    terms.iter().max_by_key(|term| (term.kind == TermKind::IdNumber, term.term.len()))
}

/// The state of a row; folded from the history where another program version wrote it.
async fn dossier_of(reads: &SqlitePool, row: &SqliteRow) -> Result<Dossier, Failure> {
    let columns = Columns::new(row, "dossier", "id");
    let id: Uuid = columns.parse("id")?;
    let version: u64 = columns.number("version")?;
    if columns.number::<u32>("state_schema")? != STATE_SCHEMA {
        let folded = histories::fold(reads, id, version).await?;
        return folded.ok_or_else(|| columns.corrupt("state_schema"));
    }
    let dossier: Dossier =
        serde_json::from_str(columns.get("state")?).map_err(|_| columns.corrupt("state"))?;
    if (dossier.id, dossier.version) != (id, version) {
        return Err(columns.corrupt("state"));
    }
    Ok(dossier)
}
