//! Present states and what dossiers are found by.

use sqlx::SqliteConnection;

use super::commits::Net;
use super::verdict::Known;
use crate::error::Failure;
use crate::prepare::{DossierRow, DossierRows, ItemRow};
use crate::sqlite::rows::{Binding, Rows};

static DOSSIER_CREATE: Rows = Rows::new(
    "-- dossier_create
    INSERT INTO dossier (id, version, code, external_source, external_id, procedure_code,
        procedure_version, procedure_digest, closed, state_name, status, assisting_unit,
        receiving_unit, competent_unit, parties, due_on, due_at, late_at, head_hash, head_at)
    SELECT * FROM (VALUES ",
    "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ") v WHERE v.column1 IS NOT NULL",
);
// Without the columns of indexes: naming them would write the indexes anew each time.
static DOSSIER_ADVANCE: Rows = Rows::new(
    "-- dossier_advance
    UPDATE dossier SET version = v.column3,
        state_name = v.column4, status = v.column5,
        assisting_unit = v.column6, receiving_unit = v.column7, competent_unit = v.column8,
        parties = v.column9, due_on = v.column10, due_at = v.column11, late_at = v.column12,
        head_hash = v.column13, head_at = v.column14
    FROM (VALUES ",
    "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ") v WHERE dossier.id = v.column1 AND dossier.version = v.column2",
);
const DOSSIER_NAME: &str = "-- dossier_name
    UPDATE dossier SET code = $2, external_source = $3, external_id = $4
    WHERE id = $1";
const DOSSIER_BIND: &str = "-- dossier_bind
    UPDATE dossier SET procedure_code = $2, procedure_version = $3, procedure_digest = $4,
        closed = $5
    WHERE id = $1";
static PARTY_CLEAR: Rows = Rows::new(
    "-- party_clear
    DELETE FROM party WHERE dossier_id IN (VALUES ",
    "(?)",
    ")",
);
static PARTY_ADD: Rows = Rows::new(
    "-- party_add
    INSERT INTO party (person, dossier_id)
    SELECT * FROM (VALUES ",
    "(?, ?)",
    ") v WHERE v.column1 IS NOT NULL",
);
// Another commit at the very instant of the reception brings it again.
static RECEPTION_ADD: Rows = Rows::new(
    "-- reception_add
    INSERT INTO reception (dossier_id, unit, received_at)
    SELECT * FROM (VALUES ",
    "(?, ?, ?)",
    ") v WHERE v.column1 IS NOT NULL
    ON CONFLICT (dossier_id) DO NOTHING",
);
static SNAPSHOT_PUT: Rows = Rows::new(
    "-- snapshot_put
    INSERT INTO snapshot (dossier_id, version, state_schema, state)
    SELECT * FROM (VALUES ",
    "(?, ?, ?, ?)",
    ") v WHERE v.column1 IS NOT NULL
    ON CONFLICT (dossier_id) DO UPDATE SET version = excluded.version,
        state_schema = excluded.state_schema, state = excluded.state",
);
static FORM_PUT: Rows = Rows::new(
    "-- form_put
    INSERT INTO form (dossier_id, body)
    SELECT * FROM (VALUES ",
    "(?, ?)",
    ") v WHERE v.column1 IS NOT NULL
    ON CONFLICT (dossier_id) DO UPDATE SET body = excluded.body",
);
static WORK_ITEM_CLEAR: Rows = Rows::new(
    "-- work_item_clear
    DELETE FROM work_item WHERE dossier_id IN (VALUES ",
    "(?)",
    ")",
);
static WORK_ITEM_OPEN: Rows = Rows::new(
    "-- work_item_open
    INSERT INTO work_item (dossier_id, item, unit, role, assignee, step, opened_at, step_due_at,
        step_late, branch, procedure, status, due_on, late_at, sort_at, overseen_by)
    SELECT * FROM (VALUES ",
    "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ") v WHERE v.column1 IS NOT NULL",
);
static TIMER_SET: Rows = Rows::new(
    "-- timer_set
    INSERT INTO timer (dossier_id, name, due_at)
    SELECT * FROM (VALUES ",
    "(?, ?, ?)",
    ") v WHERE v.column1 IS NOT NULL
    ON CONFLICT (dossier_id, name) DO UPDATE SET due_at = excluded.due_at",
);
static TIMER_CLEAR: Rows = Rows::new(
    "-- timer_clear
    DELETE FROM timer WHERE (dossier_id, name) IN (VALUES ",
    "(?, ?)",
    ")",
);
static SEARCH_CLEAR: Rows = Rows::new(
    "-- search_clear
    DELETE FROM search_term WHERE dossier_id IN (VALUES ",
    "(?)",
    ")",
);
static SEARCH_ADD: Rows = Rows::new(
    "-- search_add
    INSERT INTO search_term (kind, term, dossier_id)
    SELECT * FROM (VALUES ",
    "(?, ?, ?)",
    ") v WHERE v.column1 IS NOT NULL",
);
static TRACKING_CLEAR: Rows = Rows::new(
    "-- tracking_clear
    DELETE FROM tracking_factor WHERE dossier_id IN (VALUES ",
    "(?)",
    ")",
);
static TRACKING_ADD: Rows = Rows::new(
    "-- tracking_add
    INSERT INTO tracking_factor (dossier_id, digest)
    SELECT * FROM (VALUES ",
    "(?, ?)",
    ") v WHERE v.column1 IS NOT NULL",
);
static DRAFT_SUBMITTED: Rows = Rows::new(
    "-- draft_submitted
    DELETE FROM draft WHERE id IN (VALUES ",
    "(?)",
    ")",
);
static DOCUMENT_NAME: Rows = Rows::new(
    "-- document_name
    INSERT INTO document_reference (sha256)
    SELECT * FROM (VALUES ",
    "(?)",
    ") v WHERE v.column1 IS NOT NULL
    ON CONFLICT (sha256) DO NOTHING",
);
static UPLOAD_FILE: Rows = Rows::new(
    "-- upload_file
    UPDATE upload SET filed = 1 WHERE sha256 IN (VALUES ",
    "(?)",
    ")",
);
const RESERVATION_RELEASE: &str = "-- reservation_release
    DELETE FROM reservation WHERE name = $1 AND dossier_id = $2";
const RESERVATION_REPLACE: &str = "-- reservation_replace
    DELETE FROM reservation WHERE dossier_id = $1
        AND name NOT IN (SELECT value FROM json_each($2))
        AND substr(name, 1, instr(name, '/') - 1) IN (SELECT value FROM json_each($3))";
const RESERVATION_HOLD: &str = "-- reservation_hold
    INSERT INTO reservation (name, dossier_id, until) VALUES ($1, $2, NULL)
    ON CONFLICT (name) DO UPDATE SET until = NULL WHERE dossier_id = excluded.dossier_id";

pub(super) const ROWS: &[&Rows] = &[
    &DOSSIER_CREATE,
    &DOSSIER_ADVANCE,
    &PARTY_CLEAR,
    &PARTY_ADD,
    &RECEPTION_ADD,
    &SNAPSHOT_PUT,
    &FORM_PUT,
    &WORK_ITEM_CLEAR,
    &WORK_ITEM_OPEN,
    &TIMER_SET,
    &TIMER_CLEAR,
    &SEARCH_CLEAR,
    &SEARCH_ADD,
    &TRACKING_CLEAR,
    &TRACKING_ADD,
    &DRAFT_SUBMITTED,
    &DOCUMENT_NAME,
    &UPLOAD_FILE,
];
pub(super) const STATEMENTS: &[&str] =
    &[DOSSIER_NAME, DOSSIER_BIND, RESERVATION_RELEASE, RESERVATION_REPLACE, RESERVATION_HOLD];

/// Writes what the accepted commits leave of each dossier.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    nets: &[Net<'_>],
    known: &Known,
) -> Result<(), Failure> {
    let (created, advanced): (Vec<&Net<'_>>, Vec<_>) = nets.iter().partition(|net| net.before == 0);
    DOSSIER_CREATE.write(connection, &created, bind_create).await?;
    let changed = DOSSIER_ADVANCE.write(connection, &advanced, bind_advance).await?;
    // The verdicts compared these very versions within this transaction.
    if changed != advanced.len() as u64 {
        return Err(sqlx::Error::RowNotFound.into());
    }
    for net in advanced {
        if known.renames(net.last) {
            name(connection, net).await?;
        }
        if known.rebinds(net.last) {
            bind(connection, net).await?;
        }
    }
    let snapshots = nets.iter().filter_map(|net| Some((&net.last.dossier.id, net.snapshot?)));
    let snapshots: Vec<_> = snapshots.collect();
    let put = SNAPSHOT_PUT.write(connection, &snapshots, |query, (id, row)| {
        query.bind((*id).clone()).bind(row.version).bind(row.state_schema).bind(row.state.clone())
    });
    put.await?;
    DRAFT_SUBMITTED.write(connection, &created, bind_id).await?;
    write_parties(connection, nets, known).await?;
    let received = nets.iter().filter_map(|net| Some((&net.last.dossier, net.received_at?)));
    let received: Vec<_> = received.collect();
    let added = RECEPTION_ADD.write(connection, &received, |query, (row, at)| {
        query.bind(row.id.clone()).bind(row.receiving_unit.clone()).bind(*at)
    });
    added.await?;
    write_work(connection, nets).await?;
    write_personal(connection, nets).await
}

async fn name(connection: &mut SqliteConnection, net: &Net<'_>) -> Result<(), Failure> {
    let row = &net.last.dossier;
    let (source, id) = row.identity.external.clone().unzip();
    sqlx::query(DOSSIER_NAME)
        .bind(&row.id)
        .bind(&row.identity.code)
        .bind(source)
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

/// The version of the procedure, and the end: what a few commits of a dossier change.
async fn bind(connection: &mut SqliteConnection, net: &Net<'_>) -> Result<(), Failure> {
    let row = &net.last.dossier;
    sqlx::query(DOSSIER_BIND)
        .bind(&row.id)
        .bind(&row.bound.code)
        .bind(&row.bound.version)
        .bind(&row.bound.digest)
        .bind(row.bound.closed)
        .execute(connection)
        .await?;
    Ok(())
}

async fn write_parties(
    connection: &mut SqliteConnection,
    nets: &[Net<'_>],
    known: &Known,
) -> Result<(), Failure> {
    let stands = |net: &&Net<'_>| known.dossiers.get(&net.last.dossier.id);
    let changed = nets.iter().filter(|net| {
        stands(net).is_none_or(|standing| standing.parties != net.last.dossier.parties)
    });
    let changed: Vec<_> = changed.collect();
    let former: Vec<_> = changed.iter().copied().filter(|net| stands(net).is_some()).collect();
    PARTY_CLEAR.write(connection, &former, bind_id).await?;
    let parties = changed.iter().map(|net| &net.last.dossier);
    let parties = parties.flat_map(|row| row.persons.iter().map(move |person| (person, &row.id)));
    let parties: Vec<_> = parties.collect();
    let added = PARTY_ADD.write(connection, &parties, |query, (person, id)| {
        query.bind((*person).clone()).bind((*id).clone())
    });
    added.await?;
    Ok(())
}

/// Open work items and timers.
async fn write_work(connection: &mut SqliteConnection, nets: &[Net<'_>]) -> Result<(), Failure> {
    let before: Vec<_> = nets.iter().filter(|net| net.before > 0).collect();
    WORK_ITEM_CLEAR.write(connection, &before, bind_id).await?;
    let items = nets.iter().map(|net| net.last);
    let items = items.flat_map(|rows| rows.items.iter().map(move |item| (&rows.dossier, item)));
    let items: Vec<_> = items.collect();
    WORK_ITEM_OPEN.write(connection, &items, bind_item).await?;
    let timers = nets.iter().flat_map(|net| {
        net.timers.iter().map(move |(name, due_at)| (&net.last.dossier.id, *name, *due_at))
    });
    let (set, clear): (Vec<_>, Vec<_>) = timers.partition(|(_, _, due_at)| due_at.is_some());
    let cleared = TIMER_CLEAR.write(connection, &clear, |query, (id, name, _)| {
        query.bind((*id).clone()).bind((*name).to_owned())
    });
    cleared.await?;
    let done = TIMER_SET.write(connection, &set, |query, (id, name, due_at)| {
        query.bind((*id).clone()).bind((*name).to_owned()).bind(*due_at)
    });
    done.await?;
    Ok(())
}

/// What can be erased: form values, search terms, factors of tracking.
async fn write_personal(
    connection: &mut SqliteConnection,
    nets: &[Net<'_>],
) -> Result<(), Failure> {
    let forms = nets.iter().filter_map(|net| Some((&net.last.dossier.id, net.form?)));
    let forms: Vec<_> = forms.collect();
    let put = FORM_PUT.write(connection, &forms, |query, (id, form)| {
        query.bind((*id).clone()).bind((*form).to_owned())
    });
    put.await?;
    let searched: Vec<_> = nets.iter().filter(|net| !net.search.is_empty()).collect();
    let former: Vec<_> = searched.iter().copied().filter(|net| net.before > 0).collect();
    SEARCH_CLEAR.write(connection, &former, bind_id).await?;
    let terms = searched
        .iter()
        .flat_map(|net| net.search.iter().map(move |term| (term, &net.last.dossier.id)));
    let terms: Vec<_> = terms.collect();
    let added = SEARCH_ADD.write(connection, &terms, |query, ((kind, term), id)| {
        query.bind(*kind).bind(term.clone()).bind((*id).clone())
    });
    added.await?;
    let tracked: Vec<_> = nets.iter().filter(|net| !net.tracking.is_empty()).collect();
    let former: Vec<_> = tracked.iter().copied().filter(|net| net.before > 0).collect();
    TRACKING_CLEAR.write(connection, &former, bind_id).await?;
    let factors = tracked
        .iter()
        .flat_map(|net| net.tracking.iter().map(move |digest| (&net.last.dossier.id, digest)));
    let factors: Vec<_> = factors.collect();
    let added = TRACKING_ADD.write(connection, &factors, |query, (id, digest)| {
        query.bind((*id).clone()).bind((*digest).clone())
    });
    added.await?;
    Ok(())
}

/// Files that the accepted commits name: they and their uploads stay.
pub(super) async fn file_documents(
    connection: &mut SqliteConnection,
    commits: &[&DossierRows],
) -> Result<(), Failure> {
    let documents: Vec<&String> = commits.iter().flat_map(|rows| &rows.documents).collect();
    let bind = |query: Binding, digest: &&String| query.bind((*digest).clone());
    DOCUMENT_NAME.write(connection, &documents, bind).await?;
    UPLOAD_FILE.write(connection, &documents, bind).await?;
    Ok(())
}

/// Ends and holds reservations of an accepted commit; most commits change none.
pub(super) async fn settle_reservations(
    connection: &mut SqliteConnection,
    rows: &DossierRows,
    known: &Known,
) -> Result<(), Failure> {
    let id = &rows.dossier.id;
    for name in &rows.released {
        let query = sqlx::query(RESERVATION_RELEASE).bind(name).bind(id);
        query.execute(&mut *connection).await?;
    }
    if rows.held.iter().all(|name| known.is_held_for_good(name, id)) {
        return Ok(());
    }
    if !rows.scopes.is_empty() {
        let list = |names: &[String]| serde_json::Value::from(names.to_vec()).to_string();
        let replace = sqlx::query(RESERVATION_REPLACE).bind(id).bind(list(&rows.held));
        replace.bind(list(&rows.scopes)).execute(&mut *connection).await?;
    }
    for name in &rows.held {
        sqlx::query(RESERVATION_HOLD).bind(name).bind(id).execute(&mut *connection).await?;
    }
    Ok(())
}

fn bind_id(query: Binding, net: &&Net<'_>) -> Binding {
    query.bind(net.last.dossier.id.clone())
}

fn bind_create(query: Binding, net: &&Net<'_>) -> Binding {
    let row = &net.last.dossier;
    let (source, id) = row.identity.external.clone().unzip();
    let query = query
        .bind(row.id.clone())
        .bind(row.version)
        .bind(row.identity.code.clone())
        .bind(source)
        .bind(id)
        .bind(row.bound.code.clone())
        .bind(row.bound.version.clone())
        .bind(row.bound.digest.clone())
        .bind(row.bound.closed);
    bind_state(query, row)
}

fn bind_advance(query: Binding, net: &&Net<'_>) -> Binding {
    let row = &net.last.dossier;
    bind_state(query.bind(row.id.clone()).bind(net.before).bind(row.version), row)
}

/// The columns that every commit writes.
fn bind_state(query: Binding, row: &DossierRow) -> Binding {
    query
        .bind(row.state_name.clone())
        .bind(row.status)
        .bind(row.assisting_unit.clone())
        .bind(row.receiving_unit.clone())
        .bind(row.competent_unit.clone())
        .bind(row.parties.clone())
        .bind(row.due_on.clone())
        .bind(row.due_at)
        .bind(row.late_at)
        .bind(row.head_hash.clone())
        .bind(row.head_at)
}

fn bind_item(query: Binding, (dossier, item): &(&DossierRow, &ItemRow)) -> Binding {
    let competent = &dossier.competent_unit;
    query
        .bind(dossier.id.clone())
        .bind(item.item)
        .bind(item.unit.clone())
        .bind(item.role)
        .bind(item.assignee.clone())
        .bind(item.step.clone())
        .bind(item.opened_at)
        .bind(item.step_due_at)
        .bind(item.step_late)
        .bind(item.branch.clone())
        .bind(dossier.bound.code.clone())
        .bind(dossier.status)
        .bind(dossier.due_on.clone())
        .bind(dossier.late_at)
        .bind(dossier.sort_at)
        .bind((item.unit != *competent).then(|| competent.clone()))
}
