//! The next timer, drafts, uploads, factors and guesses.

use jiff::Timestamp;
use motcua_store::contract::{Draft, Upload};
use uuid::Uuid;

use crate::database::Argument::{Id, Integer, Text};
use crate::database::{Reads, Row, Statement, flagged};
use crate::error::{Columns, Failure};

const DOSSIER_OF_PROCEDURE: Statement = flagged!(
    "-- dossier_of_procedure
    SELECT id FROM dossier
    WHERE procedure_digest = $1 AND ",
    not "closed",
    " AND id > $2 ORDER BY id LIMIT $3"
);
// Whatever has fired lies before the instant, and is not gone through.
const TIMER_NEXT: &str = "-- timer_next
    SELECT min(due_at) AS due_at FROM timer WHERE due_at > $1";
const FACTOR_IS_KNOWN: &str = "-- factor_is_known
    SELECT EXISTS (
        SELECT 1 FROM tracking_factor WHERE dossier_id = $1 AND digest = $2) AS known";
const UPLOADS_OPEN: &str = "-- uploads_open
    SELECT count(*) AS uploads FROM upload WHERE owner = $1 AND sha256 IS NULL";
const DRAFT_BY_ID: &str = "-- draft_by_id
    SELECT id, owner, revision, updated_at, expires_at, body FROM draft WHERE id = $1";
const DRAFT_BY_OWNER: &str = "-- draft_by_owner
    SELECT id, owner, revision, updated_at, expires_at, body FROM draft
    WHERE owner = $1 ORDER BY updated_at DESC, id DESC LIMIT $2";
const UPLOAD_BY_ID: &str = "-- upload_by_id
    SELECT id, owner, media, size, sha256, expires_at FROM upload WHERE id = $1";
const UPLOAD_BY_CONTENT: Statement = flagged!(
    "-- upload_by_content
    SELECT id, owner, media, size, sha256, expires_at FROM upload
    WHERE owner = $1 AND sha256 = $2 AND (",
    "filed",
    " OR expires_at > $3) LIMIT 1"
);
const UPLOADS_WAITING: Statement = flagged!(
    "-- uploads_waiting
    SELECT CAST(coalesce(sum(size), 0) AS BIGINT) AS bytes FROM upload WHERE owner = $1 AND ",
    not "filed",
    ""
);
const DOCUMENT_NEEDED: &str = "-- document_needed
    SELECT EXISTS (SELECT 1 FROM document_reference WHERE sha256 = $1)
        OR EXISTS (SELECT 1 FROM upload WHERE sha256 = $1) AS needed";

const DATABASE_BYTES: &str = "-- database_bytes
    SELECT pg_database_size(current_database()) AS bytes";

pub(super) const STATEMENTS: &[Statement] = &[
    DOSSIER_OF_PROCEDURE,
    Statement::both(TIMER_NEXT),
    Statement::both(FACTOR_IS_KNOWN),
    Statement::both(UPLOADS_OPEN),
    Statement::both(DRAFT_BY_ID),
    Statement::both(DRAFT_BY_OWNER),
    Statement::both(UPLOAD_BY_ID),
    UPLOAD_BY_CONTENT,
    UPLOADS_WAITING,
    Statement::both(DOCUMENT_NEEDED),
];

pub(crate) async fn dossiers_of(
    reads: &Reads,
    digest: &str,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Uuid>, Failure> {
    let after = after.unwrap_or(Uuid::nil());
    let arguments = [Text(digest), Id(after), Integer(limit.into())];
    let rows = reads.rows(DOSSIER_OF_PROCEDURE, &arguments).await?;
    rows.iter().map(|row| Columns::new(row, "dossier", "id").id("id")).collect()
}

pub(crate) async fn next_timer_at(
    reads: &Reads,
    after: Timestamp,
) -> Result<Option<Timestamp>, Failure> {
    let row = reads.one(TIMER_NEXT, &[Integer(after.as_microsecond())]).await?;
    Columns::new(&row, "timer", "due_at").instant_optional("due_at")
}

pub(crate) async fn is_tracking_factor(
    reads: &Reads,
    dossier: Uuid,
    digest: &str,
) -> Result<bool, Failure> {
    let row = reads.one(FACTOR_IS_KNOWN, &[Id(dossier), Text(digest)]).await?;
    Columns::new(&row, "tracking_factor", "known").get("known")
}

pub(crate) async fn open_uploads(reads: &Reads, owner: &str) -> Result<u64, Failure> {
    let row = reads.one(UPLOADS_OPEN, &[Text(owner)]).await?;
    Columns::new(&row, "upload", "uploads").number("uploads")
}

pub(crate) async fn draft(reads: &Reads, id: Uuid) -> Result<Option<Draft>, Failure> {
    reads.row(DRAFT_BY_ID, &[Id(id)]).await?.as_ref().map(draft_of).transpose()
}

pub(crate) async fn drafts(reads: &Reads, owner: &str, limit: u32) -> Result<Vec<Draft>, Failure> {
    let rows = reads.rows(DRAFT_BY_OWNER, &[Text(owner), Integer(limit.into())]).await?;
    rows.iter().map(draft_of).collect()
}

pub(crate) async fn upload(reads: &Reads, id: Uuid) -> Result<Option<Upload>, Failure> {
    reads.row(UPLOAD_BY_ID, &[Id(id)]).await?.as_ref().map(upload_of).transpose()
}

pub(crate) async fn finished_upload(
    reads: &Reads,
    owner: &str,
    sha256: &str,
    beyond: Timestamp,
) -> Result<Option<Upload>, Failure> {
    let arguments = [Text(owner), Text(sha256), Integer(beyond.as_microsecond())];
    reads.row(UPLOAD_BY_CONTENT, &arguments).await?.as_ref().map(upload_of).transpose()
}

pub(crate) async fn waiting_bytes(reads: &Reads, owner: &str) -> Result<u64, Failure> {
    let row = reads.one(UPLOADS_WAITING, &[Text(owner)]).await?;
    Columns::new(&row, "upload", "bytes").number("bytes")
}

pub(crate) async fn needs_document(reads: &Reads, sha256: &str) -> Result<bool, Failure> {
    let row = reads.one(DOCUMENT_NEEDED, &[Text(sha256)]).await?;
    Columns::new(&row, "document_reference", "needed").get("needed")
}

/// Bytes of a PostgreSQL database on its server's disk.
pub(crate) async fn database_bytes(reads: &Reads) -> Result<u64, Failure> {
    let row = reads.one(DATABASE_BYTES, &[]).await?;
    Columns::new(&row, "pg_database", "bytes").number("bytes")
}

fn draft_of(row: &Row) -> Result<Draft, Failure> {
    let columns = Columns::new(row, "draft", "id");
    Ok(Draft {
        id: columns.id("id")?,
        owner: columns.get("owner")?,
        revision: columns.number("revision")?,
        body: columns.get("body")?,
        updated_at: columns.instant("updated_at")?,
        expires_at: columns.instant("expires_at")?,
    })
}

fn upload_of(row: &Row) -> Result<Upload, Failure> {
    let columns = Columns::new(row, "upload", "id");
    Ok(Upload {
        id: columns.id("id")?,
        owner: columns.get("owner")?,
        media: columns.get("media")?,
        size: columns.number("size")?,
        sha256: columns.get("sha256")?,
        expires_at: columns.instant("expires_at")?,
    })
}
