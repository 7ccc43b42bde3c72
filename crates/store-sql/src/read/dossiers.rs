//! Dossiers: loaded by key, found by search.

use motcua_audit::ChainHead;
use motcua_dossiers::dossier::{Dossier, STATE_SCHEMA};
use motcua_store::contract::{
    DossierKey, Loaded, ReceptionQuery, Scope, SearchQuery, SearchTerm, TermKind,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::histories;
use crate::database::Argument::{Id, Integer, Text};
use crate::database::{Reads, Row, Statement};
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

/// The versions of many: $1 is a JSON array of ids.
const DOSSIER_VERSIONS: Statement = Statement {
    sqlite: "-- dossier_versions
    SELECT id, version FROM dossier WHERE id IN (SELECT value FROM json_each($1))",
    postgres: "-- dossier_versions
    SELECT id, version FROM dossier WHERE id = ANY (ARRAY(
        SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS uuid)))",
};

/// All further terms must fit too: $3 is a JSON array of [kind, term].
macro_rules! search {
    ($name:literal, $from:literal, $join:literal, $fits:literal, $scope:literal, $order:literal) => {
        concat!(
            "-- ",
            $name,
            "
    SELECT d.id, d.version, d.state_name, d.head_hash, d.head_at, d.state_schema, d.state, f.body
    FROM ",
            $from,
            $join,
            "
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
/// the order of its joins and reads JSON by its own function.
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
                $from,
                " JOIN dossier d ON d.id = first.dossier_id",
                "jsonb_array_elements(CAST($3 AS jsonb)) AS other WHERE NOT EXISTS (
                SELECT 1 FROM search_term t
                WHERE t.kind = CAST(other ->> 0 AS bigint) AND t.term = other ->> 1
                    AND t.dossier_id = d.id))",
                $key,
                $scope
            ),
        }
    };
}

const SEARCH_ALL: Statement = searches!(
    "search_all",
    "search_term first",
    "first.kind = $4 AND first.term = $5 AND first.dossier_id < $1",
    "
    ORDER BY first.dossier_id DESC LIMIT $2"
);
const SEARCH_IN_UNIT: Statement = searches!(
    "search_in_unit",
    "search_term first",
    "first.kind = $4 AND first.term = $5 AND first.dossier_id < $1",
    "
        AND (d.assisting_unit = $6 OR d.receiving_unit = $6 OR d.competent_unit = $6
            OR EXISTS (SELECT 1 FROM work_item w WHERE w.dossier_id = d.id AND w.unit = $6))
    ORDER BY first.dossier_id DESC LIMIT $2"
);
const SEARCH_OF_PARTY: Statement = searches!(
    "search_of_party",
    "party first",
    "first.person = $4 AND first.dossier_id < $1",
    "
    ORDER BY first.dossier_id DESC LIMIT $2"
);

macro_rules! received {
    ($join:literal) => {
        concat!(
            "-- dossiers_received
    SELECT d.id, d.version, d.state_schema, d.state
    FROM reception r ",
            $join,
            " dossier d ON d.id = r.dossier_id
    WHERE r.unit = $1 AND (r.received_at, r.dossier_id) > ($2, $3) AND r.received_at < $4
    ORDER BY r.received_at, r.dossier_id LIMIT $5"
        )
    };
}

const DOSSIERS_RECEIVED: Statement =
    Statement { sqlite: received!("CROSS JOIN"), postgres: received!("JOIN") };

pub(super) const STATEMENTS: &[Statement] = &[
    DOSSIERS_RECEIVED,
    DOSSIER_VERSIONS,
    Statement::both(DOSSIER_BY_ID),
    Statement::both(DOSSIER_BY_CODE),
    Statement::both(DOSSIER_BY_EXTERNAL),
    SEARCH_ALL,
    SEARCH_IN_UNIT,
    SEARCH_OF_PARTY,
];

pub(crate) async fn load(reads: &Reads, key: &DossierKey) -> Result<Option<Loaded>, Failure> {
    let row = match key {
        DossierKey::Id(id) => reads.row(DOSSIER_BY_ID, &[Id(*id)]).await?,
        DossierKey::Code(code) => reads.row(DOSSIER_BY_CODE, &[Text(code)]).await?,
        DossierKey::External(source, id) => {
            reads.row(DOSSIER_BY_EXTERNAL, &[Text(source), Text(id)]).await?
        }
    };
    match row {
        Some(row) => Ok(Some(loaded_of(reads, &row).await?)),
        None => Ok(None),
    }
}

pub(crate) async fn versions(
    reads: &Reads,
    dossiers: &[Uuid],
) -> Result<Vec<(Uuid, u64)>, Failure> {
    let ids = json!(dossiers).to_string();
    let rows = reads.rows(DOSSIER_VERSIONS, &[Text(&ids)]).await?;
    let versions = rows.iter().map(|row| {
        let columns = Columns::new(row, "dossier", "id");
        Ok((columns.id("id")?, columns.number("version")?))
    });
    versions.collect()
}

/// What was loaded, from one row.
async fn loaded_of(reads: &Reads, row: &Row) -> Result<Loaded, Failure> {
    let columns = Columns::new(row, "dossier", "id");
    let form = match columns.get::<Option<&str>>("body")? {
        None => Value::Null,
        Some(body) => {
            let form = Columns::new(row, "form", "id");
            serde_json::from_str(body).map_err(|_| form.corrupt("body"))?
        }
    };
    let (head, dossier) = stored_of(reads, row).await?;
    Ok(Loaded { dossier, head, form })
}

/// Head and state of a row.
pub(crate) async fn stored_of(reads: &Reads, row: &Row) -> Result<(ChainHead, Dossier), Failure> {
    let columns = Columns::new(row, "dossier", "id");
    let head = ChainHead {
        seq: columns.number("version")?,
        hash: columns.hash("head_hash")?,
        at: columns.at("head_at")?,
        state: columns.get("state_name")?,
    };
    Ok((head, dossier_of(reads, row).await?))
}

pub(crate) async fn search(reads: &Reads, query: &SearchQuery) -> Result<Vec<Loaded>, Failure> {
    let others: Vec<Value> = query.terms.iter().map(|term| json!(term_row(term))).collect();
    let others = Value::Array(others).to_string();
    let mut arguments =
        vec![Id(query.after.unwrap_or(Uuid::max())), Integer(query.limit.into()), Text(&others)];
    let first = rarest(&query.terms).map(term_row);
    let statement = match (&query.scope, &first) {
        (Scope::Party(person), _) => {
            arguments.push(Text(person));
            SEARCH_OF_PARTY
        }
        (Scope::All, Some(first)) => {
            arguments.extend([Integer(first.0), Text(&first.1)]);
            SEARCH_ALL
        }
        (Scope::Unit(unit), Some(first)) => {
            arguments.extend([Integer(first.0), Text(&first.1)]);
            arguments.push(Text(unit));
            SEARCH_IN_UNIT
        }
        (Scope::All | Scope::Unit(_), None) => return Ok(Vec::new()),
    };
    let rows = reads.rows(statement, &arguments).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        found.push(loaded_of(reads, row).await?);
    }
    Ok(found)
}

pub(crate) async fn received(
    reads: &Reads,
    query: &ReceptionQuery,
) -> Result<Vec<Dossier>, Failure> {
    // The first of all ids comes before every other, so the first instant belongs to the period.
    let (after_at, after_id) = match query.after {
        Some((at, id)) => (at.max(query.from), id),
        None => (query.from, Uuid::nil()),
    };
    let arguments = [
        Text(&query.unit),
        Integer(after_at.as_microsecond()),
        Id(after_id),
        Integer(query.until.as_microsecond()),
        Integer(query.limit.into()),
    ];
    let rows = reads.rows(DOSSIERS_RECEIVED, &arguments).await?;
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
async fn dossier_of(reads: &Reads, row: &Row) -> Result<Dossier, Failure> {
    let columns = Columns::new(row, "dossier", "id");
    let id = columns.id("id")?;
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
