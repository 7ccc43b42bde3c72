//! What can be erased: form values, search terms, factors of tracking; and the files that stay.

use rusqlite::{Connection, params};

use super::commits::Net;
use super::execute;
use crate::error::Failure;
use crate::prepare::DossierRows;

const FORM_PUT: &str = "-- form_put
    INSERT INTO form (dossier_id, body) VALUES (?1, ?2)
    ON CONFLICT (dossier_id) DO UPDATE SET body = excluded.body";
const SEARCH_CLEAR: &str = "-- search_clear
    DELETE FROM search_term WHERE dossier_id = ?1";
const SEARCH_ADD: &str = "-- search_add
    INSERT INTO search_term (kind, term, dossier_id) VALUES (?1, ?2, ?3)";
const TRACKING_CLEAR: &str = "-- tracking_clear
    DELETE FROM tracking_factor WHERE dossier_id = ?1";
const TRACKING_ADD: &str = "-- tracking_add
    INSERT INTO tracking_factor (dossier_id, digest) VALUES (?1, ?2)";
const DOCUMENT_NAME: &str = "-- document_name
    INSERT INTO document_reference (sha256) VALUES (?1) ON CONFLICT (sha256) DO NOTHING";
const UPLOAD_FILE: &str = "-- upload_file
    UPDATE upload SET filed = 1 WHERE sha256 = ?1";

pub(super) const STATEMENTS: &[&str] =
    &[FORM_PUT, SEARCH_CLEAR, SEARCH_ADD, TRACKING_CLEAR, TRACKING_ADD, DOCUMENT_NAME, UPLOAD_FILE];

/// Writes what the accepted commits bring of it.
pub(super) fn write(connection: &Connection, net: &Net<'_>) -> Result<(), Failure> {
    let id = &net.last.dossier.id;
    if let Some(form) = net.form {
        execute(connection, FORM_PUT, params![id, form])?;
    }
    if !net.search.is_empty() && net.before > 0 {
        execute(connection, SEARCH_CLEAR, [id])?;
    }
    for (kind, term) in net.search {
        execute(connection, SEARCH_ADD, params![kind, term, id])?;
    }
    if !net.tracking.is_empty() && net.before > 0 {
        execute(connection, TRACKING_CLEAR, [id])?;
    }
    for digest in net.tracking {
        execute(connection, TRACKING_ADD, [id, digest])?;
    }
    Ok(())
}

/// Files that an accepted commit names: they and their uploads stay.
pub(super) fn file_documents(connection: &Connection, rows: &DossierRows) -> Result<(), Failure> {
    for digest in &rows.documents {
        execute(connection, DOCUMENT_NAME, [digest])?;
        execute(connection, UPLOAD_FILE, [digest])?;
    }
    Ok(())
}
