//! Timers, drafts, uploads, factors and guesses.

use jiff::Timestamp;
use motcua_store::contract::{Draft, Upload};
use sqlx::sqlite::SqliteRow;
use sqlx::{Executor, Row, Sqlite};
use uuid::Uuid;

use crate::error::{Columns, Failure};

// Of the timers of a dossier only the first counts, so the cost does not grow with the backlog.
const TIMER_DUE: &str = "-- timer_due
    SELECT t.dossier_id, t.due_at FROM timer t
    WHERE t.due_at <= $1 AND (t.due_at, t.dossier_id) > ($2, $3) AND NOT EXISTS (
        SELECT 1 FROM timer earlier
        WHERE earlier.dossier_id = t.dossier_id
            AND (earlier.due_at, earlier.name) < (t.due_at, t.name))
    ORDER BY t.due_at, t.dossier_id LIMIT $4";
const DOSSIER_OF_PROCEDURE: &str = "-- dossier_of_procedure
    SELECT id FROM dossier
    WHERE procedure_digest = $1 AND closed = 0 AND id > $2 ORDER BY id LIMIT $3";
const TIMER_NEXT: &str = "-- timer_next
    SELECT min(due_at) AS due_at FROM timer";
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
const UPLOAD_BY_CONTENT: &str = "-- upload_by_content
    SELECT id, owner, media, size, sha256, expires_at FROM upload
    WHERE owner = $1 AND sha256 = $2 AND (filed = 1 OR expires_at > $3) LIMIT 1";
const UPLOADS_WAITING: &str = "-- uploads_waiting
    SELECT coalesce(sum(size), 0) AS bytes FROM upload WHERE owner = $1 AND filed = 0";
const DOCUMENT_NEEDED: &str = "-- document_needed
    SELECT EXISTS (SELECT 1 FROM document_reference WHERE sha256 = $1)
        OR EXISTS (SELECT 1 FROM upload WHERE sha256 = $1) AS needed";

pub(super) const STATEMENTS: &[&str] = &[
    DOSSIER_OF_PROCEDURE,
    TIMER_DUE,
    TIMER_NEXT,
    FACTOR_IS_KNOWN,
    UPLOADS_OPEN,
    DRAFT_BY_ID,
    DRAFT_BY_OWNER,
    UPLOAD_BY_ID,
    UPLOAD_BY_CONTENT,
    UPLOADS_WAITING,
    DOCUMENT_NEEDED,
];

pub(crate) async fn due_dossiers(
    reader: impl Executor<'_, Database = Sqlite>,
    now: Timestamp,
    after: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<(Timestamp, Uuid)>, Failure> {
    let (after_at, after_id) = match after {
        Some((at, id)) => (at.as_microsecond(), id.to_string()),
        None => (i64::MIN, String::new()),
    };
    let query = sqlx::query(TIMER_DUE).bind(now.as_microsecond()).bind(after_at).bind(after_id);
    let rows = query.bind(limit).fetch_all(reader).await?;
    let due = rows.iter().map(|row| {
        let columns = Columns::new(row, "timer", "dossier_id");
        Ok((columns.instant("due_at")?, columns.parse("dossier_id")?))
    });
    due.collect()
}

pub(crate) async fn dossiers_of(
    reader: impl Executor<'_, Database = Sqlite>,
    digest: &str,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Uuid>, Failure> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let query = sqlx::query(DOSSIER_OF_PROCEDURE).bind(digest).bind(after).bind(limit);
    let rows = query.fetch_all(reader).await?;
    rows.iter().map(|row| Columns::new(row, "dossier", "id").parse("id")).collect()
}

pub(crate) async fn next_timer_at(
    reader: impl Executor<'_, Database = Sqlite>,
) -> Result<Option<Timestamp>, Failure> {
    let row = sqlx::query(TIMER_NEXT).fetch_one(reader).await?;
    Columns::new(&row, "timer", "due_at").instant_optional("due_at")
}

pub(crate) async fn is_tracking_factor(
    reader: impl Executor<'_, Database = Sqlite>,
    dossier: Uuid,
    digest: &str,
) -> Result<bool, Failure> {
    let query = sqlx::query(FACTOR_IS_KNOWN).bind(dossier.to_string()).bind(digest);
    Ok(query.fetch_one(reader).await?.try_get("known")?)
}

pub(crate) async fn open_uploads(
    reader: impl Executor<'_, Database = Sqlite>,
    owner: &str,
) -> Result<u64, Failure> {
    let number: i64 =
        sqlx::query(UPLOADS_OPEN).bind(owner).fetch_one(reader).await?.try_get("uploads")?;
    Ok(number.unsigned_abs())
}

pub(crate) async fn draft(
    reader: impl Executor<'_, Database = Sqlite>,
    id: Uuid,
) -> Result<Option<Draft>, Failure> {
    let row = sqlx::query(DRAFT_BY_ID).bind(id.to_string()).fetch_optional(reader).await?;
    row.as_ref().map(draft_of).transpose()
}

pub(crate) async fn drafts(
    reader: impl Executor<'_, Database = Sqlite>,
    owner: &str,
    limit: u32,
) -> Result<Vec<Draft>, Failure> {
    let rows = sqlx::query(DRAFT_BY_OWNER).bind(owner).bind(limit).fetch_all(reader).await?;
    rows.iter().map(draft_of).collect()
}

pub(crate) async fn upload(
    reader: impl Executor<'_, Database = Sqlite>,
    id: Uuid,
) -> Result<Option<Upload>, Failure> {
    let row = sqlx::query(UPLOAD_BY_ID).bind(id.to_string()).fetch_optional(reader).await?;
    row.as_ref().map(upload_of).transpose()
}

pub(crate) async fn finished_upload(
    reader: impl Executor<'_, Database = Sqlite>,
    owner: &str,
    sha256: &str,
    beyond: Timestamp,
) -> Result<Option<Upload>, Failure> {
    let query = sqlx::query(UPLOAD_BY_CONTENT).bind(owner).bind(sha256);
    let query = query.bind(beyond.as_microsecond());
    query.fetch_optional(reader).await?.as_ref().map(upload_of).transpose()
}

pub(crate) async fn waiting_bytes(
    reader: impl Executor<'_, Database = Sqlite>,
    owner: &str,
) -> Result<u64, Failure> {
    let bytes: i64 =
        sqlx::query(UPLOADS_WAITING).bind(owner).fetch_one(reader).await?.try_get("bytes")?;
    Ok(bytes.unsigned_abs())
}

pub(crate) async fn needs_document(
    reader: impl Executor<'_, Database = Sqlite>,
    sha256: &str,
) -> Result<bool, Failure> {
    Ok(sqlx::query(DOCUMENT_NEEDED).bind(sha256).fetch_one(reader).await?.try_get("needed")?)
}

fn draft_of(row: &SqliteRow) -> Result<Draft, Failure> {
    let columns = Columns::new(row, "draft", "id");
    Ok(Draft {
        id: columns.parse("id")?,
        owner: columns.get("owner")?,
        revision: columns.number("revision")?,
        body: columns.get("body")?,
        updated_at: columns.instant("updated_at")?,
        expires_at: columns.instant("expires_at")?,
    })
}

fn upload_of(row: &SqliteRow) -> Result<Upload, Failure> {
    let columns = Columns::new(row, "upload", "id");
    Ok(Upload {
        id: columns.parse("id")?,
        owner: columns.get("owner")?,
        media: columns.get("media")?,
        size: columns.number("size")?,
        sha256: columns.get("sha256")?,
        expires_at: columns.instant("expires_at")?,
    })
}
