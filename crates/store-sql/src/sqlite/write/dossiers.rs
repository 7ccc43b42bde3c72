//! Present states, the names that dossiers hold, and their parties.

use rusqlite::{Connection, params};

use super::commits::Net;
use super::counts::Counts;
use super::verdict::Known;
use super::{execute, personal, work};
use crate::error::Failure;
use crate::prepare::{DossierRow, DossierRows};

const DOSSIER_CREATE: &str = "-- dossier_create
    INSERT INTO dossier (id, version, code, external_source, external_id, procedure_code,
        procedure_version, procedure_digest, closed, state_name, status, assisting_unit,
        receiving_unit, competent_unit, parties, due_on, due_at, late_at, head_hash, head_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
        ?20)";
// Without the columns of indexes: naming them would write the indexes anew each time.
const DOSSIER_ADVANCE: &str = "-- dossier_advance
    UPDATE dossier SET version = ?3, state_name = ?4, status = ?5, assisting_unit = ?6,
        receiving_unit = ?7, competent_unit = ?8, parties = ?9, due_on = ?10, due_at = ?11,
        late_at = ?12, head_hash = ?13, head_at = ?14
    WHERE id = ?1 AND version = ?2";
const DOSSIER_NAME: &str = "-- dossier_name
    UPDATE dossier SET code = ?2, external_source = ?3, external_id = ?4
    WHERE id = ?1";
const DOSSIER_BIND: &str = "-- dossier_bind
    UPDATE dossier SET procedure_code = ?2, procedure_version = ?3, procedure_digest = ?4,
        closed = ?5
    WHERE id = ?1";
const SNAPSHOT_PUT: &str = "-- snapshot_put
    INSERT INTO snapshot (dossier_id, version, state_schema, state) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (dossier_id) DO UPDATE SET version = excluded.version,
        state_schema = excluded.state_schema, state = excluded.state";
const PARTY_CLEAR: &str = "-- party_clear
    DELETE FROM party WHERE dossier_id = ?1";
const PARTY_ADD: &str = "-- party_add
    INSERT INTO party (person, dossier_id) VALUES (?1, ?2)";
// Another commit at the very instant of the reception brings it again.
const RECEPTION_ADD: &str = "-- reception_add
    INSERT INTO reception (dossier_id, unit, received_at) VALUES (?1, ?2, ?3)
    ON CONFLICT (dossier_id) DO NOTHING";
const DRAFT_SUBMITTED: &str = "-- draft_submitted
    DELETE FROM draft WHERE id = ?1";
const RESERVATION_RELEASE: &str = "-- reservation_release
    DELETE FROM reservation WHERE name = ?1 AND dossier_id = ?2";
const RESERVATION_REPLACE: &str = "-- reservation_replace
    DELETE FROM reservation WHERE dossier_id = ?1
        AND name NOT IN (SELECT value FROM json_each(?2))
        AND substr(name, 1, instr(name, '/') - 1) IN (SELECT value FROM json_each(?3))";
const RESERVATION_HOLD: &str = "-- reservation_hold
    INSERT INTO reservation (name, dossier_id, until) VALUES (?1, ?2, NULL)
    ON CONFLICT (name) DO UPDATE SET until = NULL WHERE dossier_id = excluded.dossier_id";

pub(super) const STATEMENTS: &[&str] = &[
    DOSSIER_CREATE,
    DOSSIER_ADVANCE,
    DOSSIER_NAME,
    DOSSIER_BIND,
    SNAPSHOT_PUT,
    PARTY_CLEAR,
    PARTY_ADD,
    RECEPTION_ADD,
    DRAFT_SUBMITTED,
    RESERVATION_RELEASE,
    RESERVATION_REPLACE,
    RESERVATION_HOLD,
];

/// Writes what the accepted commits leave of a dossier.
pub(super) fn write<'a>(
    connection: &Connection,
    net: &Net<'a>,
    known: &Known<'_>,
    counts: &mut Counts<'a>,
) -> Result<(), Failure> {
    let row = &net.last.dossier;
    if net.before == 0 {
        create(connection, row)?;
        execute(connection, DRAFT_SUBMITTED, [&row.id])?;
    } else {
        advance(connection, row, net.before)?;
        if known.renames(net.last) {
            name(connection, row)?;
        }
        if known.rebinds(net.last) {
            bind(connection, row)?;
        }
    }
    if let Some(snapshot) = net.snapshot {
        let state = params![row.id, snapshot.version, snapshot.state_schema, snapshot.state];
        execute(connection, SNAPSHOT_PUT, state)?;
    }
    write_parties(connection, row, known)?;
    if let Some(at) = net.received_at {
        execute(connection, RECEPTION_ADD, params![row.id, row.receiving_unit, at])?;
    }
    work::write(connection, net, counts)?;
    personal::write(connection, net)
}

fn create(connection: &Connection, row: &DossierRow) -> Result<(), Failure> {
    let (source, id) = external(row);
    let arguments = params![
        row.id,
        row.version,
        row.identity.code,
        source,
        id,
        row.bound.code,
        row.bound.version,
        row.bound.digest,
        row.bound.closed,
        row.state_name,
        row.status,
        row.assisting_unit,
        row.receiving_unit,
        row.competent_unit,
        row.parties,
        row.due_on,
        row.due_at,
        row.late_at,
        row.head_hash,
        row.head_at
    ];
    execute(connection, DOSSIER_CREATE, arguments)?;
    Ok(())
}

fn advance(connection: &Connection, row: &DossierRow, before: i64) -> Result<(), Failure> {
    let arguments = params![
        row.id,
        before,
        row.version,
        row.state_name,
        row.status,
        row.assisting_unit,
        row.receiving_unit,
        row.competent_unit,
        row.parties,
        row.due_on,
        row.due_at,
        row.late_at,
        row.head_hash,
        row.head_at
    ];
    // The verdicts compared this very version within this transaction.
    match execute(connection, DOSSIER_ADVANCE, arguments)? {
        1 => Ok(()),
        changed => Err(rusqlite::Error::StatementChangedRows(changed).into()),
    }
}

fn name(connection: &Connection, row: &DossierRow) -> Result<(), Failure> {
    let (source, id) = external(row);
    execute(connection, DOSSIER_NAME, params![row.id, row.identity.code, source, id])?;
    Ok(())
}

fn external(row: &DossierRow) -> (Option<&str>, Option<&str>) {
    row.identity.external.as_ref().map(|(source, id)| (source.as_str(), id.as_str())).unzip()
}

/// The version of the procedure, and the end: what a few commits of a dossier change.
fn bind(connection: &Connection, row: &DossierRow) -> Result<(), Failure> {
    let bound = &row.bound;
    let arguments = params![row.id, bound.code, bound.version, bound.digest, bound.closed];
    execute(connection, DOSSIER_BIND, arguments)?;
    Ok(())
}

fn write_parties(
    connection: &Connection,
    row: &DossierRow,
    known: &Known<'_>,
) -> Result<(), Failure> {
    if let Some(standing) = known.standing(&row.id) {
        if standing.parties == row.parties {
            return Ok(());
        }
        execute(connection, PARTY_CLEAR, [&row.id])?;
    }
    for person in &row.persons {
        execute(connection, PARTY_ADD, [person, &row.id])?;
    }
    Ok(())
}

/// Ends and holds reservations of an accepted commit; most commits change none.
pub(super) fn settle_reservations(
    connection: &Connection,
    rows: &DossierRows,
    known: &Known<'_>,
) -> Result<(), Failure> {
    let id = &rows.dossier.id;
    for name in &rows.released {
        execute(connection, RESERVATION_RELEASE, [name, id])?;
    }
    if rows.held.iter().all(|name| known.is_held_for_good(name, id)) {
        return Ok(());
    }
    if !rows.scopes.is_empty() {
        let list = |names: &[String]| serde_json::Value::from(names.to_vec()).to_string();
        let arguments = [id, &list(&rows.held), &list(&rows.scopes)];
        execute(connection, RESERVATION_REPLACE, arguments)?;
    }
    for name in &rows.held {
        execute(connection, RESERVATION_HOLD, [name, id])?;
    }
    Ok(())
}
