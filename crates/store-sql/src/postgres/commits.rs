//! Commits as one call: lists of values, a verdict on each commit, one transaction.
//!
//! The call is a transaction by itself, so a batch costs one way to the server and back whatever
//! its size. The function is in `migrations/postgres`.

use std::collections::HashMap;

use motcua_store::StoreError;
use sqlx::postgres::PgConnection;
use sqlx::{Postgres, Row as _};
use uuid::Uuid;

use crate::database::Argument::Text;
use crate::database::{Session, chain_key};
use crate::error::{Columns, Failure};
use crate::prepare::{DossierRows, RegisterRows};

// As a value: the server makes a table of the rows of a function that is read from.
//
// A version alone does not say which history a commit goes on from. Where a server took over that had not
// got the last commits of the one before it, another history may have come to the same length; a commit
// with another last event than it was decided on is given a version that none has. What is compared may
// have changed when the function locks it, but then its version has too.
const COMMIT_DOSSIERS: &str = "-- commit_dossiers
    SELECT (made).actuals, (made).takens, m.expecteds FROM (
        SELECT b.expecteds, commit_dossiers($1, b.expecteds, $3, $4, $5, $6, $7, $8, $9, $10,
            $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26,
            $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42,
            $43, $44, $45, $46, $47, $48, $49, $50, $51, $52, $53, $54, $55, $56, $57, $58,
            $59, $60, $61, $62, $63, $64) AS made
        FROM (SELECT ARRAY(
            SELECT CASE WHEN d.head_hash <> (CAST($65 AS bytea[]))[c.n] THEN -1
                ELSE (CAST($2 AS bigint[]))[c.n] END
            FROM (SELECT generate_subscripts(CAST($1 AS uuid[]), 1) AS n) AS c LEFT JOIN LATERAL (
                SELECT o.head_hash FROM dossier o
                WHERE o.id = (CAST($1 AS uuid[]))[c.n]) AS d ON true
            ORDER BY c.n) AS expecteds OFFSET 0) AS b
        OFFSET 0) AS m";
const CHAIN_LOCK: &str = "-- chain_lock
    SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
const CHAIN_STANDING: &str = "-- chain_standing
    SELECT seq FROM chain_head WHERE chain = $1";
const VERSION_TAKEN: &str = "-- version_taken
    SELECT EXISTS (
        SELECT FROM register_entry WHERE kind = $1 AND code = $2 AND version = $3) AS taken";
const EVENT_APPEND: &str = "-- event_append
    INSERT INTO event (chain, seq, header, hash, commitments)
    SELECT $1, e.seq, e.header, e.hash, e.commitments
    FROM unnest($2, $3, $4, $5) AS e(seq, header, hash, commitments)";
const EVENT_VALUE_APPEND: &str = "-- event_value_append
    INSERT INTO event_value (chain, seq, slots, salts)
    SELECT $1, e.seq, e.slots, e.salts FROM unnest($2, $3, $4) AS e(seq, slots, salts)";
const CHAIN_HEAD_PUT: &str = "-- chain_head_put
    INSERT INTO chain_head (chain, seq, hash, at, state) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (chain) DO UPDATE SET
        seq = excluded.seq, hash = excluded.hash, at = excluded.at, state = excluded.state";
const REGISTER_ENTRY_ADD: &str = "-- register_entry_add
    INSERT INTO register_entry
        (kind, code, version, digest, effective_from, recorded_at, recorded_by, bytes)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

pub(super) const STATEMENTS: &[&str] = &[
    COMMIT_DOSSIERS,
    CHAIN_LOCK,
    CHAIN_STANDING,
    VERSION_TAKEN,
    EVENT_APPEND,
    EVENT_VALUE_APPEND,
    CHAIN_HEAD_PUT,
    REGISTER_ENTRY_ADD,
];

/// The arguments of `commit_dossiers`, in its order.
macro_rules! lists {
    ($($list:ident: $value:ty,)+) => {
        #[derive(Default)]
        struct Lists<'a> {
            $($list: Vec<$value>,)+
        }

        impl Lists<'_> {
            fn bind(
                self,
                query: sqlx::query::Query<'static, Postgres, sqlx::postgres::PgArguments>,
            ) -> sqlx::query::Query<'static, Postgres, sqlx::postgres::PgArguments> {
                query$(.bind(self.$list))+
            }
        }
    };
}

lists! {
    ids: Uuid,
    expecteds: i64,
    versions: i64,
    codes: Option<&'a str>,
    external_sources: Option<&'a str>,
    external_ids: Option<&'a str>,
    procedure_codes: &'a str,
    procedure_versions: &'a str,
    procedure_digests: &'a str,
    closeds: bool,
    state_names: Option<&'a str>,
    statuses: i64,
    assisting_units: Option<&'a str>,
    receiving_units: &'a str,
    competent_units: &'a str,
    partieses: &'a str,
    due_ons: Option<&'a str>,
    due_ats: Option<i64>,
    late_ats: Option<i64>,
    sort_ats: i64,
    head_hashes: &'a [u8],
    head_ats: i64,
    received_ats: Option<i64>,
    snapshot_of: i32,
    snapshot_schemas: i64,
    snapshot_states: &'a str,
    event_of: i32,
    event_seqs: i64,
    event_commands: Option<Uuid>,
    event_headers: &'a [u8],
    event_hashes: &'a [u8],
    event_commitments: &'a [u8],
    event_slots: &'a str,
    event_salts: &'a [u8],
    item_of: i32,
    items: i64,
    item_units: &'a str,
    item_roles: &'a str,
    item_assignees: Option<&'a str>,
    item_steps: &'a str,
    item_opened_ats: i64,
    item_due_ats: Option<i64>,
    item_lates: bool,
    item_branches: Option<&'a str>,
    timer_of: i32,
    timer_names: &'a str,
    timer_due_ats: Option<i64>,
    party_of: i32,
    party_persons: &'a str,
    form_of: i32,
    form_bodies: &'a str,
    term_of: i32,
    term_kinds: i64,
    terms: &'a str,
    factor_of: i32,
    factor_digests: &'a str,
    document_of: i32,
    document_digests: &'a str,
    released_of: i32,
    released_names: &'a str,
    held_of: i32,
    held_names: &'a str,
    scope_of: i32,
    scopes: &'a str,
    bases: Option<&'a [u8]>,
}

impl<'a> Lists<'a> {
    fn of(commits: &[&'a DossierRows]) -> Self {
        let mut lists = Self::default();
        for (number, rows) in (1..).zip(commits) {
            lists.add_state(number, rows);
            lists.add_events(number, rows);
            lists.add_work(number, rows);
            lists.add_personal(number, rows);
            lists.add_names(number, rows);
        }
        lists
    }

    fn add_state(&mut self, number: i32, rows: &'a DossierRows) {
        let row = &rows.dossier;
        self.ids.push(row.key);
        self.expecteds.push(rows.expected);
        self.bases.push(rows.base.as_deref());
        self.versions.push(row.version);
        self.codes.push(row.identity.code.as_deref());
        let external = row.identity.external.as_ref();
        self.external_sources.push(external.map(|(source, _)| source.as_str()));
        self.external_ids.push(external.map(|(_, id)| id.as_str()));
        self.procedure_codes.push(&row.bound.code);
        self.procedure_versions.push(&row.bound.version);
        self.procedure_digests.push(&row.bound.digest);
        self.closeds.push(row.bound.closed);
        self.state_names.push(row.state_name.as_deref());
        self.statuses.push(row.status);
        self.assisting_units.push(row.assisting_unit.as_deref());
        self.receiving_units.push(&row.receiving_unit);
        self.competent_units.push(&row.competent_unit);
        self.partieses.push(&row.parties);
        self.due_ons.push(row.due_on.as_deref());
        self.due_ats.push(row.due_at);
        self.late_ats.push(row.late_at);
        self.sort_ats.push(row.sort_at);
        self.head_hashes.push(&row.head_hash);
        self.head_ats.push(row.head_at);
        self.received_ats.push(rows.received_at);
        if let Some(snapshot) = &rows.snapshot {
            self.snapshot_of.push(number);
            self.snapshot_schemas.push(snapshot.state_schema);
            self.snapshot_states.push(&snapshot.state);
        }
    }

    fn add_events(&mut self, number: i32, rows: &'a DossierRows) {
        for event in &rows.events {
            self.event_of.push(number);
            self.event_seqs.push(event.seq);
            self.event_commands.push(event.command);
            self.event_headers.push(&event.header);
            self.event_hashes.push(&event.hash);
            self.event_commitments.push(&event.commitments);
            self.event_slots.push(&event.slots);
            self.event_salts.push(&event.salts);
        }
    }

    fn add_work(&mut self, number: i32, rows: &'a DossierRows) {
        for item in &rows.items {
            self.item_of.push(number);
            self.items.push(item.item);
            self.item_units.push(&item.unit);
            self.item_roles.push(item.role);
            self.item_assignees.push(item.assignee.as_deref());
            self.item_steps.push(&item.step);
            self.item_opened_ats.push(item.opened_at);
            self.item_due_ats.push(item.step_due_at);
            self.item_lates.push(item.step_late);
            self.item_branches.push(item.branch.as_deref());
        }
        for (name, due_at) in &rows.timers {
            self.timer_of.push(number);
            self.timer_names.push(name);
            self.timer_due_ats.push(*due_at);
        }
    }

    fn add_personal(&mut self, number: i32, rows: &'a DossierRows) {
        for person in &rows.dossier.persons {
            self.party_of.push(number);
            self.party_persons.push(person);
        }
        if let Some(body) = &rows.form {
            self.form_of.push(number);
            self.form_bodies.push(body);
        }
        for (kind, term) in &rows.search {
            self.term_of.push(number);
            self.term_kinds.push(*kind);
            self.terms.push(term);
        }
        for digest in &rows.tracking {
            self.factor_of.push(number);
            self.factor_digests.push(digest);
        }
    }

    fn add_names(&mut self, number: i32, rows: &'a DossierRows) {
        let add = |of: &mut Vec<i32>, list: &mut Vec<&'a str>, values: &'a [String]| {
            for value in values {
                of.push(number);
                list.push(value);
            }
        };
        add(&mut self.document_of, &mut self.document_digests, &rows.documents);
        add(&mut self.released_of, &mut self.released_names, &rows.released);
        add(&mut self.held_of, &mut self.held_names, &rows.held);
        add(&mut self.scope_of, &mut self.scopes, &rows.scopes);
    }
}

/// The places of commits that may go into one call, in the order in which the calls are made: what
/// shares a dossier or a name with one before it comes in a later call.
pub(super) fn rounds(commits: &[&DossierRows]) -> Vec<Vec<usize>> {
    let mut next: HashMap<(&str, &str), usize> = HashMap::new();
    let mut rounds: Vec<Vec<usize>> = Vec::new();
    for (place, rows) in commits.iter().enumerate() {
        let identity = &rows.dossier.identity;
        let external = identity.external.iter().map(|(source, id)| (source.as_str(), id.as_str()));
        let names = rows.held.iter().chain(&rows.released).map(|name| ("name:", name.as_str()));
        let keys: Vec<_> = [("dossier:", rows.dossier.id.as_str())]
            .into_iter()
            .chain(identity.code.iter().map(|code| ("code:", code.as_str())))
            .chain(external)
            .chain(names)
            .collect();
        let round = keys.iter().filter_map(|key| next.get(key)).max().copied().unwrap_or(0);
        next.extend(keys.into_iter().map(|key| (key, round + 1)));
        if round == rounds.len() {
            rounds.push(Vec::new());
        }
        rounds[round].push(place);
    }
    rounds
}

/// Writes commits of different dossiers and names; answers each. A failure has written none.
pub(super) async fn write(
    connection: &mut PgConnection,
    commits: &[&DossierRows],
) -> Result<Vec<Result<(), StoreError>>, Failure> {
    let query = Lists::of(commits).bind(sqlx::query(COMMIT_DOSSIERS));
    // All of the answer is read: only its end says that the transaction was committed.
    let rows = query.fetch_all(connection).await?;
    let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let actuals: Vec<i64> = row.try_get("actuals")?;
    let takens: Vec<Option<String>> = row.try_get("takens")?;
    let expecteds: Vec<i64> = row.try_get("expecteds")?;
    if [actuals.len(), takens.len(), expecteds.len()] != [commits.len(); 3] {
        return Err(sqlx::Error::RowNotFound.into());
    }
    let verdicts = commits.iter().zip(actuals.into_iter().zip(expecteds)).zip(takens);
    Ok(verdicts.map(|((rows, found), taken)| verdict(rows, found, taken.as_deref())).collect())
}

fn verdict(
    rows: &DossierRows,
    (actual, expected): (i64, i64),
    taken: Option<&str>,
) -> Result<(), StoreError> {
    if actual != expected {
        return Err(stale(&rows.dossier.chain, rows.expected, actual));
    }
    match taken {
        None => Ok(()),
        Some("dossier code") => Err(StoreError::Taken { what: "dossier code" }),
        Some("external reference") => Err(StoreError::Taken { what: "external reference" }),
        Some(_) => Err(StoreError::Taken { what: "name" }),
    }
}

fn stale(chain: &str, expected: i64, actual: i64) -> StoreError {
    StoreError::Stale {
        chain: chain.to_owned(),
        expected: expected.unsigned_abs(),
        actual: actual.unsigned_abs(),
    }
}

/// What a commit that was written alone broke, where that says that something is taken.
pub(super) fn taken(failure: &Failure) -> Option<StoreError> {
    let Failure::Sql(sqlx::Error::Database(error)) = failure else { return None };
    if !error.is_unique_violation() {
        return None;
    }
    let constraint = error.constraint()?;
    let what = match constraint {
        "dossier_by_code" => "dossier code",
        "dossier_by_external" => "external reference",
        "register_entry_by_version" => "register version",
        other if other.contains("command_id") => "command id",
        _ => return None,
    };
    Some(StoreError::Taken { what })
}

/// Writes a commit of another chain within the open transaction; a refusal has written nothing.
pub(super) async fn write_register(
    connection: &mut PgConnection,
    rows: &RegisterRows,
) -> Result<Result<(), StoreError>, Failure> {
    let chain = Text(&rows.chain);
    let mut session = Session::Postgres(connection);
    session.rows(CHAIN_LOCK, &[chain]).await?;
    let standing = session.row(CHAIN_STANDING, &[chain]).await?;
    let actual = match &standing {
        Some(row) => Columns::new(row, "chain_head", "seq").get("seq")?,
        None => 0,
    };
    if actual != rows.expected {
        return Ok(Err(stale(&rows.chain, rows.expected, actual)));
    }
    for row in &rows.entries {
        let key = [Text(row.kind), Text(&row.entry.code), Text(&row.entry.version)];
        let found = session.one(VERSION_TAKEN, &key).await?;
        if Columns::new(&found, "register_entry", "taken").get("taken")? {
            return Ok(Err(StoreError::Taken { what: "register version" }));
        }
    }
    append(connection, rows).await?;
    Ok(Ok(()))
}

async fn append(connection: &mut PgConnection, rows: &RegisterRows) -> Result<(), Failure> {
    let key = chain_key(&rows.chain);
    let seqs: Vec<i64> = rows.events.iter().map(|event| event.seq).collect();
    let bytes = |of: fn(&crate::prepare::EventRow) -> &[u8]| -> Vec<&[u8]> {
        rows.events.iter().map(of).collect()
    };
    sqlx::query(EVENT_APPEND)
        .bind(key)
        .bind(&seqs)
        .bind(bytes(|event| &event.header))
        .bind(bytes(|event| &event.hash))
        .bind(bytes(|event| &event.commitments))
        .execute(&mut *connection)
        .await?;
    let slots: Vec<&str> = rows.events.iter().map(|event| event.slots.as_str()).collect();
    let values = sqlx::query(EVENT_VALUE_APPEND).bind(key).bind(&seqs).bind(slots);
    values.bind(bytes(|event| &event.salts)).execute(&mut *connection).await?;
    sqlx::query(CHAIN_HEAD_PUT)
        .bind(&rows.chain)
        .bind(rows.head.seq)
        .bind(&rows.head.hash)
        .bind(rows.head.at)
        .bind(&rows.head.state)
        .execute(&mut *connection)
        .await?;
    for row in &rows.entries {
        let entry = &row.entry;
        sqlx::query(REGISTER_ENTRY_ADD)
            .bind(row.kind)
            .bind(&entry.code)
            .bind(&entry.version)
            .bind(&entry.digest)
            .bind(&row.effective_from)
            .bind(row.recorded_at)
            .bind(&entry.recorded_by)
            .bind(&entry.bytes)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
