//! The other writes: numbers, held names, drafts, uploads, wrong guesses, settings.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;
use motcua_store::StoreError;
use motcua_store::contract::{Draft, Expired, Upload};
use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use crate::error::{Columns, Failure};
use crate::prepare::integer;
use crate::writer::{Verdict, Write};

const NUMBERS_RESERVE: &str = "-- numbers_reserve
    INSERT INTO number_series (agency, day, used) VALUES ($1, $2, $3)
    ON CONFLICT (agency, day) DO UPDATE SET used = used + excluded.used
    RETURNING agency, used";
const NAME_RESERVE: &str = "-- name_reserve
    INSERT INTO reservation (name, dossier_id, until) VALUES ($1, $2, $4)
    ON CONFLICT (name) DO UPDATE SET dossier_id = excluded.dossier_id, until = excluded.until
        WHERE until <= $3 OR (until IS NOT NULL AND dossier_id = excluded.dossier_id)";
const NAME_HOLDER: &str = "-- name_holder
    SELECT dossier_id FROM reservation WHERE name = $1";
const DRAFT_STANDING: &str = "-- draft_standing
    SELECT id, owner, revision FROM draft WHERE id = $1";
const DRAFT_PUT: &str = "-- draft_put
    INSERT INTO draft (id, owner, revision, updated_at, expires_at, body)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (id) DO UPDATE SET revision = excluded.revision,
        updated_at = excluded.updated_at, expires_at = excluded.expires_at, body = excluded.body";
const DRAFT_DELETE: &str = "-- draft_delete
    DELETE FROM draft WHERE id = $1";
const DRAFT_EXPIRE: &str = "-- draft_expire
    DELETE FROM draft WHERE expires_at <= $1";
const UPLOAD_PUT: &str = "-- upload_put
    INSERT INTO upload (id, owner, media, size, sha256, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (id) DO UPDATE SET media = excluded.media, size = excluded.size,
        sha256 = excluded.sha256, expires_at = excluded.expires_at
        WHERE owner = excluded.owner";
const UPLOAD_EXPIRE: &str = "-- upload_expire
    DELETE FROM upload WHERE filed = 0 AND expires_at <= $1 RETURNING id, sha256";
const GUESSES_COUNTED: &str = "-- guesses_counted
    SELECT count(*) AS guesses FROM tracking_guess WHERE key = $1 AND until > $2";
const GUESS_COUNT: &str = "-- guess_count
    INSERT INTO tracking_guess (key, until) VALUES ($1, $2)";
const GUESS_TAKE_BACK: &str = "-- guess_take_back
    DELETE FROM tracking_guess WHERE id = (
        SELECT max(id) FROM tracking_guess WHERE key = $1 AND until = $2)";
const GUESS_EXPIRE: &str = "-- guess_expire
    DELETE FROM tracking_guess WHERE until <= $1";
const PRINT_FIRST: &str = "-- print_first
    INSERT INTO form_print (dossier_id, number, seq, sha256, printed_at)
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (dossier_id, number, seq) DO NOTHING";
// Settings guard themselves against a second insertion, even one that would do nothing.
const SETTING_SET: &str = "-- setting_set
    INSERT INTO setting (key, value)
    SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM setting WHERE key = $1)";
pub(crate) const SETTING_READ: &str = "-- setting_read
    SELECT value FROM setting WHERE key = $1";

pub(super) const STATEMENTS: &[&str] = &[
    NUMBERS_RESERVE,
    NAME_RESERVE,
    NAME_HOLDER,
    DRAFT_STANDING,
    DRAFT_PUT,
    DRAFT_DELETE,
    DRAFT_EXPIRE,
    UPLOAD_PUT,
    UPLOAD_EXPIRE,
    GUESSES_COUNTED,
    GUESS_COUNT,
    GUESS_TAKE_BACK,
    GUESS_EXPIRE,
    PRINT_FIRST,
    SETTING_SET,
    SETTING_READ,
];

/// Reserves numbers of a series.
pub(crate) struct ReserveNumbers {
    pub(crate) agency: String,
    pub(crate) day: Date,
    pub(crate) count: u32,
}

impl Write for ReserveNumbers {
    type Answer = Range<u32>;

    async fn write(
        &self,
        connection: &mut SqliteConnection,
    ) -> Result<Verdict<Range<u32>>, Failure> {
        let row = sqlx::query(NUMBERS_RESERVE)
            .bind(&self.agency)
            .bind(self.day.to_string())
            .bind(i64::from(self.count))
            .fetch_one(connection)
            .await?;
        let columns = Columns::new(&row, "number_series", "agency");
        let used: u32 = columns.number("used")?;
        let before = used.checked_sub(self.count).ok_or_else(|| columns.corrupt("used"))?;
        Ok(Ok(before + 1..used + 1))
    }
}

/// Reserves a name.
pub(crate) struct ReserveName {
    pub(crate) name: String,
    pub(crate) dossier: Uuid,
    pub(crate) now: Timestamp,
    pub(crate) until: Timestamp,
}

impl Write for ReserveName {
    type Answer = bool;

    async fn write(&self, connection: &mut SqliteConnection) -> Result<Verdict<bool>, Failure> {
        let dossier = self.dossier.to_string();
        sqlx::query(NAME_RESERVE)
            .bind(&self.name)
            .bind(&dossier)
            .bind(self.now.as_microsecond())
            .bind(self.until.as_microsecond())
            .execute(&mut *connection)
            .await?;
        let row = sqlx::query(NAME_HOLDER).bind(&self.name).fetch_one(connection).await?;
        Ok(Ok(row.try_get::<String, _>("dossier_id")? == dossier))
    }
}

/// Saves a draft.
pub(crate) struct PutDraft(pub(crate) Draft);

impl Write for PutDraft {
    type Answer = ();

    async fn write(&self, connection: &mut SqliteConnection) -> Result<Verdict<()>, Failure> {
        let draft = &self.0;
        let id = draft.id.to_string();
        let standing =
            sqlx::query(DRAFT_STANDING).bind(&id).fetch_optional(&mut *connection).await?;
        let mut actual = 0;
        if let Some(row) = &standing {
            let columns = Columns::new(row, "draft", "id");
            if columns.get::<&str>("owner")? != draft.owner {
                return Ok(Err(StoreError::Taken { what: "draft" }));
            }
            actual = columns.number("revision")?;
        }
        let expected = draft.revision.saturating_sub(1);
        if draft.revision == 0 || expected != actual {
            let chain = format!("draft:{id}");
            return Ok(Err(StoreError::Stale { chain, expected, actual }));
        }
        sqlx::query(DRAFT_PUT)
            .bind(&id)
            .bind(&draft.owner)
            .bind(integer(draft.revision))
            .bind(draft.updated_at.as_microsecond())
            .bind(draft.expires_at.as_microsecond())
            .bind(&draft.body)
            .execute(connection)
            .await?;
        Ok(Ok(()))
    }
}

/// Removes a draft.
pub(crate) struct DeleteDraft(pub(crate) Uuid);

impl Write for DeleteDraft {
    type Answer = ();

    async fn write(&self, connection: &mut SqliteConnection) -> Result<Verdict<()>, Failure> {
        sqlx::query(DRAFT_DELETE).bind(self.0.to_string()).execute(connection).await?;
        Ok(Ok(()))
    }
}

/// Records an upload.
pub(crate) struct PutUpload(pub(crate) Upload);

impl Write for PutUpload {
    type Answer = ();

    async fn write(&self, connection: &mut SqliteConnection) -> Result<Verdict<()>, Failure> {
        let upload = &self.0;
        let done = sqlx::query(UPLOAD_PUT)
            .bind(upload.id.to_string())
            .bind(&upload.owner)
            .bind(&upload.media)
            .bind(integer(upload.size))
            .bind(&upload.sha256)
            .bind(upload.expires_at.as_microsecond())
            .execute(connection)
            .await?;
        let written = done.rows_affected() > 0;
        Ok(if written { Ok(()) } else { Err(StoreError::Taken { what: "upload" }) })
    }
}

/// Removes what has expired.
pub(crate) struct Expire(pub(crate) Timestamp);

impl Write for Expire {
    type Answer = Expired;

    async fn write(&self, connection: &mut SqliteConnection) -> Result<Verdict<Expired>, Failure> {
        let now = self.0.as_microsecond();
        sqlx::query(GUESS_EXPIRE).bind(now).execute(&mut *connection).await?;
        sqlx::query(DRAFT_EXPIRE).bind(now).execute(&mut *connection).await?;
        let rows = sqlx::query(UPLOAD_EXPIRE).bind(now).fetch_all(connection).await?;
        let mut expired = Expired::default();
        for row in &rows {
            let columns = Columns::new(row, "upload", "id");
            match columns.get("sha256")? {
                Some(sha256) => expired.documents.push(sha256),
                None => expired.uploads.push(columns.parse("id")?),
            }
        }
        Ok(Ok(expired))
    }
}

/// Counts a guess under every key, unless one of them is full.
pub(crate) struct CountGuess {
    pub(crate) keys: Vec<String>,
    pub(crate) now: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) most: u32,
}

impl Write for CountGuess {
    type Answer = bool;

    async fn write(&self, connection: &mut SqliteConnection) -> Result<Verdict<bool>, Failure> {
        for key in &self.keys {
            let counted = sqlx::query(GUESSES_COUNTED).bind(key).bind(self.now.as_microsecond());
            let row = counted.fetch_one(&mut *connection).await?;
            if row.try_get::<i64, _>("guesses")? >= i64::from(self.most) {
                return Ok(Ok(false));
            }
        }
        for key in &self.keys {
            let count = sqlx::query(GUESS_COUNT).bind(key).bind(self.until.as_microsecond());
            count.execute(&mut *connection).await?;
        }
        Ok(Ok(true))
    }
}

/// Takes a guess back that was right.
pub(crate) struct TakeBackGuess {
    pub(crate) keys: Vec<String>,
    pub(crate) until: Timestamp,
}

impl Write for TakeBackGuess {
    type Answer = ();

    async fn write(&self, connection: &mut SqliteConnection) -> Result<Verdict<()>, Failure> {
        for key in &self.keys {
            let take = sqlx::query(GUESS_TAKE_BACK).bind(key).bind(self.until.as_microsecond());
            take.execute(&mut *connection).await?;
        }
        Ok(Ok(()))
    }
}

/// Records that a form was issued.
pub(crate) struct FirstPrint {
    pub(crate) dossier: Uuid,
    pub(crate) number: u8,
    pub(crate) seq: u64,
    pub(crate) sha256: String,
    pub(crate) at: Timestamp,
}

impl Write for FirstPrint {
    type Answer = bool;

    async fn write(&self, connection: &mut SqliteConnection) -> Result<Verdict<bool>, Failure> {
        let done = sqlx::query(PRINT_FIRST)
            .bind(self.dossier.to_string())
            .bind(i64::from(self.number))
            .bind(integer(self.seq))
            .bind(&self.sha256)
            .bind(self.at.as_microsecond())
            .execute(connection)
            .await?;
        Ok(Ok(done.rows_affected() > 0))
    }
}

/// Sets what was not set before.
pub(crate) struct Setting {
    pub(crate) key: String,
    pub(crate) value: String,
}

impl Write for Setting {
    type Answer = String;

    async fn write(&self, connection: &mut SqliteConnection) -> Result<Verdict<String>, Failure> {
        let set = sqlx::query(SETTING_SET).bind(&self.key).bind(&self.value);
        set.execute(&mut *connection).await?;
        let row = sqlx::query(SETTING_READ).bind(&self.key).fetch_one(connection).await?;
        Ok(Ok(row.try_get("value")?))
    }
}
