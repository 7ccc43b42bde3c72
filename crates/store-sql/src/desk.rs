//! The other writes: numbers, held names, drafts, uploads, wrong guesses, settings.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;
use motcua_store::StoreError;
use motcua_store::contract::{Draft, Expired, Upload};
use uuid::Uuid;

use crate::database::Argument::{Id, Integer, OptionalText, Text};
use crate::database::{Session, Statement, flagged};
use crate::error::{Columns, Failure};
use crate::prepare::integer;

/// What a piece of work comes to, decided within its transaction; a refusal has written nothing.
pub(crate) type Verdict<T> = Result<T, StoreError>;

/// A piece of work other than commits, in a transaction of its own or shared.
pub(crate) trait Write: Send + Sync + 'static {
    /// Its answer.
    type Answer: Send + 'static;

    /// What must not be written by two at the same time: where several connections write, each
    /// holds these until its transaction ends. A statement that settles all by itself needs none.
    fn exclusive(&self) -> Vec<String> {
        Vec::new()
    }

    /// Writes within the open transaction.
    fn write(
        &self,
        session: &mut Session<'_>,
    ) -> impl Future<Output = Result<Verdict<Self::Answer>, Failure>> + Send;
}

const NUMBERS_RESERVE: &str = "-- numbers_reserve
    INSERT INTO number_series (agency, day, used) VALUES ($1, $2, $3)
    ON CONFLICT (agency, day) DO UPDATE SET used = number_series.used + excluded.used
    RETURNING agency, used";
const NAME_RESERVE: &str = "-- name_reserve
    INSERT INTO reservation (name, dossier_id, until) VALUES ($1, $2, $4)
    ON CONFLICT (name) DO UPDATE SET dossier_id = excluded.dossier_id, until = excluded.until
        WHERE reservation.until <= $3
            OR (reservation.until IS NOT NULL AND reservation.dossier_id = excluded.dossier_id)";
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
        WHERE upload.owner = excluded.owner";
const UPLOAD_EXPIRE: Statement = flagged!(
    "-- upload_expire
    DELETE FROM upload WHERE ",
    not "filed",
    " AND expires_at <= $1 RETURNING id, sha256"
);
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

pub(crate) const STATEMENTS: &[Statement] = &[
    Statement::both(NUMBERS_RESERVE),
    Statement::both(NAME_RESERVE),
    Statement::both(NAME_HOLDER),
    Statement::both(DRAFT_STANDING),
    Statement::both(DRAFT_PUT),
    Statement::both(DRAFT_DELETE),
    Statement::both(DRAFT_EXPIRE),
    Statement::both(UPLOAD_PUT),
    UPLOAD_EXPIRE,
    Statement::both(GUESSES_COUNTED),
    Statement::both(GUESS_COUNT),
    Statement::both(GUESS_TAKE_BACK),
    Statement::both(GUESS_EXPIRE),
    Statement::both(PRINT_FIRST),
    Statement::both(SETTING_SET),
    Statement::both(SETTING_READ),
];

/// Reserves numbers of a series.
pub(crate) struct ReserveNumbers {
    pub(crate) agency: String,
    pub(crate) day: Date,
    pub(crate) count: u32,
}

impl Write for ReserveNumbers {
    type Answer = Range<u32>;

    async fn write(&self, session: &mut Session<'_>) -> Result<Verdict<Range<u32>>, Failure> {
        let day = self.day.to_string();
        let arguments = [Text(&self.agency), Text(&day), Integer(self.count.into())];
        let row = session.one(NUMBERS_RESERVE, &arguments).await?;
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

    async fn write(&self, session: &mut Session<'_>) -> Result<Verdict<bool>, Failure> {
        let arguments = [
            Text(&self.name),
            Id(self.dossier),
            Integer(self.now.as_microsecond()),
            Integer(self.until.as_microsecond()),
        ];
        session.execute(NAME_RESERVE, &arguments).await?;
        let row = session.one(NAME_HOLDER, &[Text(&self.name)]).await?;
        let holder = Columns::new(&row, "reservation", "dossier_id").id("dossier_id")?;
        Ok(Ok(holder == self.dossier))
    }
}

/// Saves a draft.
pub(crate) struct PutDraft(pub(crate) Draft);

impl Write for PutDraft {
    type Answer = ();

    fn exclusive(&self) -> Vec<String> {
        vec![format!("draft:{}", self.0.id)]
    }

    async fn write(&self, session: &mut Session<'_>) -> Result<Verdict<()>, Failure> {
        let draft = &self.0;
        let standing = session.row(DRAFT_STANDING, &[Id(draft.id)]).await?;
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
            let chain = format!("draft:{}", draft.id);
            return Ok(Err(StoreError::Stale { chain, expected, actual }));
        }
        let arguments = [
            Id(draft.id),
            Text(&draft.owner),
            Integer(integer(draft.revision)),
            Integer(draft.updated_at.as_microsecond()),
            Integer(draft.expires_at.as_microsecond()),
            Text(&draft.body),
        ];
        session.execute(DRAFT_PUT, &arguments).await?;
        Ok(Ok(()))
    }
}

/// Removes a draft.
pub(crate) struct DeleteDraft(pub(crate) Uuid);

impl Write for DeleteDraft {
    type Answer = ();

    async fn write(&self, session: &mut Session<'_>) -> Result<Verdict<()>, Failure> {
        session.execute(DRAFT_DELETE, &[Id(self.0)]).await?;
        Ok(Ok(()))
    }
}

/// Records an upload.
pub(crate) struct PutUpload(pub(crate) Upload);

impl Write for PutUpload {
    type Answer = ();

    async fn write(&self, session: &mut Session<'_>) -> Result<Verdict<()>, Failure> {
        let upload = &self.0;
        let arguments = [
            Id(upload.id),
            Text(&upload.owner),
            Text(&upload.media),
            Integer(integer(upload.size)),
            OptionalText(upload.sha256.as_deref()),
            Integer(upload.expires_at.as_microsecond()),
        ];
        let written = session.execute(UPLOAD_PUT, &arguments).await?;
        Ok(if written > 0 { Ok(()) } else { Err(StoreError::Taken { what: "upload" }) })
    }
}

/// Removes what has expired.
pub(crate) struct Expire(pub(crate) Timestamp);

impl Write for Expire {
    type Answer = Expired;

    async fn write(&self, session: &mut Session<'_>) -> Result<Verdict<Expired>, Failure> {
        let now = self.0.as_microsecond();
        session.execute(GUESS_EXPIRE, &[Integer(now)]).await?;
        session.execute(DRAFT_EXPIRE, &[Integer(now)]).await?;
        let rows = session.rows(UPLOAD_EXPIRE, &[Integer(now)]).await?;
        let mut expired = Expired::default();
        for row in &rows {
            let columns = Columns::new(row, "upload", "id");
            match columns.get("sha256")? {
                Some(sha256) => expired.documents.push(sha256),
                None => expired.uploads.push(columns.id("id")?),
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

    fn exclusive(&self) -> Vec<String> {
        self.keys.iter().map(|key| format!("guess:{key}")).collect()
    }

    async fn write(&self, session: &mut Session<'_>) -> Result<Verdict<bool>, Failure> {
        for key in &self.keys {
            let arguments = [Text(key), Integer(self.now.as_microsecond())];
            let row = session.one(GUESSES_COUNTED, &arguments).await?;
            let guesses: u32 = Columns::new(&row, "tracking_guess", "guesses").number("guesses")?;
            if guesses >= self.most {
                return Ok(Ok(false));
            }
        }
        for key in &self.keys {
            let arguments = [Text(key), Integer(self.until.as_microsecond())];
            session.execute(GUESS_COUNT, &arguments).await?;
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

    fn exclusive(&self) -> Vec<String> {
        self.keys.iter().map(|key| format!("guess:{key}")).collect()
    }

    async fn write(&self, session: &mut Session<'_>) -> Result<Verdict<()>, Failure> {
        for key in &self.keys {
            let arguments = [Text(key), Integer(self.until.as_microsecond())];
            session.execute(GUESS_TAKE_BACK, &arguments).await?;
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

    async fn write(&self, session: &mut Session<'_>) -> Result<Verdict<bool>, Failure> {
        let arguments = [
            Id(self.dossier),
            Integer(self.number.into()),
            Integer(integer(self.seq)),
            Text(&self.sha256),
            Integer(self.at.as_microsecond()),
        ];
        Ok(Ok(session.execute(PRINT_FIRST, &arguments).await? > 0))
    }
}

/// Sets what was not set before.
pub(crate) struct Setting {
    pub(crate) key: String,
    pub(crate) value: String,
}

impl Write for Setting {
    type Answer = String;

    fn exclusive(&self) -> Vec<String> {
        vec![format!("setting:{}", self.key)]
    }

    async fn write(&self, session: &mut Session<'_>) -> Result<Verdict<String>, Failure> {
        session.execute(SETTING_SET, &[Text(&self.key), Text(&self.value)]).await?;
        let row = session.one(SETTING_READ, &[Text(&self.key)]).await?;
        Ok(Ok(Columns::new(&row, "setting", "value").get("value")?))
    }
}
