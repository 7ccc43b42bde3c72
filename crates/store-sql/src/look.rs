//! What a doctor asks a database: settings, health, room. Nothing is changed.

use jiff::Timestamp;
use motcua_audit::{At, Header};
use motcua_store::StoreError;

use crate::database::Reads;
use crate::error::{Columns, Failure};
use crate::glance::{Glance, setting};
use crate::schema::Schema;
use crate::{claims, postgres, sqlite};

/// Oldest PostgreSQL that the statements run on.
pub const SERVER_MAJOR_MIN: i64 = postgres::SERVER_VERSION_MIN as i64 / 10_000;

const SQLITE_LOOK: &str = "-- sqlite_look
    SELECT sqlite_version() AS library,
        (SELECT journal_mode FROM pragma_journal_mode) AS journal_mode,
        (SELECT synchronous FROM pragma_synchronous) AS synchronous,
        (SELECT foreign_keys FROM pragma_foreign_keys) AS foreign_keys";
const QUICK_CHECK: &str = "-- quick_check
    PRAGMA quick_check(20)";
const FOREIGN_KEY_FAULTS: &str = "-- foreign_key_faults
    SELECT count(*) AS faults FROM pragma_foreign_key_check";
const EVENT_LAST: &str = "-- event_last
    SELECT chain, header FROM event ORDER BY id DESC LIMIT 1";
const POSTGRES_SETTINGS: &str = "-- postgres_settings
    SELECT CAST(current_setting('server_version_num') AS bigint) AS version,
        current_setting('fsync') AS fsync,
        current_setting('full_page_writes') AS full_page_writes,
        current_setting('synchronous_commit') AS synchronous_commit,
        current_setting('server_encoding') AS encoding,
        current_setting('wal_level') AS wal_level,
        current_setting('archive_mode') AS archive_mode,
        current_setting('data_checksums') AS data_checksums,
        current_setting('autovacuum') AS autovacuum,
        CAST(current_setting('max_connections') AS bigint)
            - CAST(current_setting('superuser_reserved_connections') AS bigint) AS connections_max,
        pg_is_in_recovery() AS is_standby";
const POSTGRES_HEALTH: &str = "-- postgres_health
    SELECT CAST((SELECT sum(numbackends) FROM pg_stat_database) AS bigint) AS connections,
        (SELECT count(*) FROM pg_stat_replication) AS standbys,
        (SELECT coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false)
            FROM pg_stat_archiver) AS archiving_fails,
        CAST((SELECT coalesce(max(extract(epoch FROM now() - xact_start)), 0)
            FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database())
            AS bigint) AS oldest_transaction_s,
        CAST((SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database())
            AS bigint) AS frozen_age,
        (SELECT coalesce(string_agg(relname, ', ' ORDER BY relname), '') FROM pg_class
            WHERE relnamespace = CAST(current_schema() AS regnamespace)
            AND array_to_string(reloptions, ' ') ~ 'autovacuum_enabled=(false|off|0)') AS unvacuumed";
const SERVER_CLOCK: &str = "-- server_clock
    SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint) AS micros";
const PARTS_MISSING: &str = "-- parts_missing
    SELECT coalesce(string_agg(part, ', ' ORDER BY part), '') AS parts FROM (
        SELECT parent || to_char(quarter, '_YYYY\"q\"Q') AS part
        FROM unnest(ARRAY['event', 'event_value']) AS parent,
            generate_series(date_trunc('quarter', now() AT TIME ZONE 'UTC'),
                now() AT TIME ZONE 'UTC' + interval '6 months', interval '3 months') AS quarter
    ) AS wanted WHERE to_regclass(part) IS NULL";
/// Chains of dossiers alone: those of others have a key that begins with ff and belong there.
const EVENTS_IN_REST: &str = "-- events_in_rest
    SELECT count(*) AS events FROM (SELECT 1 FROM event_rest
        WHERE chain < 'ff000000-0000-0000-0000-000000000000' LIMIT 1000) AS rest";
const QUEUE_COUNTS_DIFFERING: &str = "-- queue_counts_differing
    SELECT count(*) AS differing FROM (
        SELECT 1 FROM (
            SELECT unit, status, role, procedure, claimed, items FROM queue_counted
            UNION ALL
            SELECT unit, status, role, procedure, claimed, -items FROM queue_count) AS side
        GROUP BY unit, status, role, procedure, claimed HAVING sum(items) <> 0) AS kind";

/// The migration that lets attempts be counted.
const CLAIMS_MIGRATION: i64 = 13;

/// What only SQLite is asked, for the plan test.
pub(crate) const SQLITE_STATEMENTS: &[&str] =
    &[SQLITE_LOOK, QUICK_CHECK, FOREIGN_KEY_FAULTS, EVENT_LAST, QUEUE_COUNTS_DIFFERING];
/// What only PostgreSQL is asked, for the plan test.
pub(crate) const POSTGRES_STATEMENTS: &[&str] = &[
    POSTGRES_SETTINGS,
    POSTGRES_HEALTH,
    SERVER_CLOCK,
    PARTS_MISSING,
    EVENTS_IN_REST,
    QUEUE_COUNTS_DIFFERING,
];

/// What a database is, as far as looking tells.
#[derive(Clone, Debug)]
pub struct Look {
    /// What only one kind of database has.
    pub server: Server,
    /// Its migrations.
    pub schema: Schema,
    /// Name of its log, where it was settled.
    pub origin: Option<String>,
}

/// What only one kind of database has.
#[derive(Clone, Debug)]
pub enum Server {
    /// A file.
    Sqlite(Box<SqliteLook>),
    /// A server.
    Postgres(Box<PostgresLook>),
}

/// A SQLite file and the library that reads it.
#[derive(Clone, Debug)]
pub struct SqliteLook {
    /// Version of the library.
    pub library: String,
    /// Whether the library keeps commits in WAL mode.
    pub library_is_sound: bool,
    /// `wal` once a service has opened the file.
    pub journal_mode: String,
    /// 2 is FULL, as the program opens the file.
    pub synchronous: i64,
    /// 1 is on, as the program opens the file.
    pub foreign_keys: i64,
    /// What the quick check found; empty when the file is sound. An error, here and below: it could not
    /// be looked at.
    pub faults: Result<Vec<String>, StoreError>,
    /// Rows that refer to none.
    pub foreign_key_faults: Result<i64, StoreError>,
    /// When the last event happened.
    pub last_event: Result<Option<Timestamp>, StoreError>,
}

/// A PostgreSQL server and our database on it.
#[derive(Clone, Debug)]
pub struct PostgresLook {
    /// As `server_version_num` counts.
    pub version: i64,
    /// Setting `fsync`.
    pub fsync: String,
    /// Setting `full_page_writes`.
    pub full_page_writes: String,
    /// Setting `synchronous_commit`, for this role and database.
    pub synchronous_commit: String,
    /// Encoding of the database.
    pub encoding: String,
    /// Setting `wal_level`.
    pub wal_level: String,
    /// Setting `archive_mode`.
    pub archive_mode: String,
    /// Setting `data_checksums`.
    pub data_checksums: String,
    /// Setting `autovacuum`.
    pub autovacuum: String,
    /// Whether it only follows another server.
    pub is_standby: bool,
    /// Connections that may be open for us.
    pub connections_max: i64,
    /// How it fares. An error, here and below: it could not be looked at.
    pub health: Result<PostgresHealth, StoreError>,
    /// Where the histories lie.
    pub parts: Result<PostgresParts, StoreError>,
}

/// How a PostgreSQL server fares.
#[derive(Clone, Debug)]
pub struct PostgresHealth {
    /// Connections that are open.
    pub connections: i64,
    /// Servers that follow this one.
    pub standbys: i64,
    /// Whether the last attempt to archive failed.
    pub archiving_fails: bool,
    /// Seconds that the oldest open transaction of the database has lasted.
    pub oldest_transaction_s: i64,
    /// Transactions since the oldest row that is not frozen.
    pub frozen_age: i64,
    /// Our tables that are not vacuumed by themselves.
    pub unvacuumed: String,
}

/// Where the histories lie on a PostgreSQL server.
#[derive(Clone, Debug, Default)]
pub struct PostgresParts {
    /// Parts that the next half year needs; empty when all are there.
    pub missing: String,
    /// Events of dossiers outside every quarter's part, at most 1,000 are counted.
    pub events_in_rest: i64,
}

impl Glance {
    /// Looks at everything that a doctor asks of a database by itself.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be read, or is none. What only a part of it
    /// depends on is told there.
    pub async fn look(&self) -> Result<Look, StoreError> {
        let reads = self.reads();
        let server = match reads {
            Reads::Sqlite(_) => Server::Sqlite(Box::new(self.look_at_file().await?)),
            Reads::Postgres(_) => Server::Postgres(Box::new(self.look_at_server().await?)),
        };
        let origin = match self.stands("setting").await? {
            true => setting(reads, "origin").await?,
            false => None,
        };
        Ok(Look { server, schema: Schema::read(reads).await?, origin })
    }

    /// How many dossiers have timers due that could not be fired in so many attempts (1,000 stand
    /// for all more), with one of the reasons; none where the database knows no attempts yet.
    ///
    /// # Errors
    /// As [`Self::look`].
    pub async fn parked_timers(
        &self,
        now: Timestamp,
        attempts_min: u32,
    ) -> Result<(u32, Option<String>), StoreError> {
        let schema = Schema::read(self.reads()).await?;
        if schema.applied < CLAIMS_MIGRATION {
            return Ok((0, None));
        }
        Ok(claims::parked(self.reads(), now, attempts_min).await?)
    }

    /// How many of the numbers of the queues are not those of their rows. Goes through all open work, for
    /// as long as [`crate::COUNTING_TIMEOUT_S`].
    ///
    /// # Errors
    /// As [`Self::look`].
    pub async fn miscounted(&self) -> Result<u64, StoreError> {
        if !self.stands("queue_count").await? {
            return Ok(0);
        }
        let row = self.counting().one(QUEUE_COUNTS_DIFFERING, &[]).await?;
        Ok(Columns::new(&row, "queue_count", "differing").number("differing")?)
    }

    /// The clock of a database server; a file has none.
    ///
    /// # Errors
    /// As [`Self::look`].
    pub async fn clock(&self) -> Result<Option<Timestamp>, StoreError> {
        match self.reads() {
            Reads::Sqlite(_) => Ok(None),
            Reads::Postgres(_) => {
                let row = self.reads().one(SERVER_CLOCK, &[]).await?;
                Ok(Some(Columns::new(&row, "clock_timestamp", "micros").instant("micros")?))
            }
        }
    }

    async fn look_at_file(&self) -> Result<SqliteLook, Failure> {
        let row = self.reads().one(SQLITE_LOOK, &[]).await?;
        let columns = Columns::new(&row, "pragma", "library");
        let library: String = columns.get("library")?;
        Ok(SqliteLook {
            library_is_sound: sqlite::open::is_recent(&library),
            library,
            journal_mode: columns.get("journal_mode")?,
            synchronous: columns.get("synchronous")?,
            foreign_keys: columns.get("foreign_keys")?,
            faults: self.faults().await.map_err(StoreError::from),
            foreign_key_faults: self.foreign_key_faults().await.map_err(StoreError::from),
            last_event: self.last_event().await.map_err(StoreError::from),
        })
    }

    async fn faults(&self) -> Result<Vec<String>, Failure> {
        let mut faults = Vec::new();
        for row in self.reads().rows(QUICK_CHECK, &[]).await? {
            faults.push(Columns::new(&row, "pragma", "quick_check").get("quick_check")?);
        }
        faults.retain(|fault: &String| fault != "ok");
        Ok(faults)
    }

    async fn foreign_key_faults(&self) -> Result<i64, Failure> {
        let row = self.reads().one(FOREIGN_KEY_FAULTS, &[]).await?;
        Columns::new(&row, "pragma_foreign_key_check", "faults").get("faults")
    }

    async fn last_event(&self) -> Result<Option<Timestamp>, Failure> {
        if !self.stands("event").await? {
            return Ok(None);
        }
        let Some(row) = self.reads().row(EVENT_LAST, &[]).await? else { return Ok(None) };
        let columns = Columns::new(&row, "event", "chain");
        let header = Header::decode(columns.get("header")?);
        let at: At = header.map_err(|_| columns.corrupt("header"))?.at;
        let instant = Timestamp::from_microsecond(at.micros());
        Ok(Some(instant.map_err(|_| columns.corrupt("header"))?))
    }

    async fn look_at_server(&self) -> Result<PostgresLook, Failure> {
        let settings = self.reads().one(POSTGRES_SETTINGS, &[]).await?;
        let settings = Columns::new(&settings, "pg_settings", "version");
        Ok(PostgresLook {
            version: settings.get("version")?,
            fsync: settings.get("fsync")?,
            full_page_writes: settings.get("full_page_writes")?,
            synchronous_commit: settings.get("synchronous_commit")?,
            encoding: settings.get("encoding")?,
            wal_level: settings.get("wal_level")?,
            archive_mode: settings.get("archive_mode")?,
            data_checksums: settings.get("data_checksums")?,
            autovacuum: settings.get("autovacuum")?,
            is_standby: settings.get("is_standby")?,
            connections_max: settings.get("connections_max")?,
            health: self.health().await.map_err(StoreError::from),
            parts: self.parts().await.map_err(StoreError::from),
        })
    }

    async fn health(&self) -> Result<PostgresHealth, Failure> {
        let health = self.reads().one(POSTGRES_HEALTH, &[]).await?;
        let health = Columns::new(&health, "pg_stat", "unvacuumed");
        Ok(PostgresHealth {
            connections: health.get("connections")?,
            standbys: health.get("standbys")?,
            archiving_fails: health.get("archiving_fails")?,
            oldest_transaction_s: health.get("oldest_transaction_s")?,
            frozen_age: health.get("frozen_age")?,
            unvacuumed: health.get("unvacuumed")?,
        })
    }

    async fn parts(&self) -> Result<PostgresParts, Failure> {
        if !self.stands("event_rest").await? {
            return Ok(PostgresParts::default());
        }
        let row = self.reads().one(PARTS_MISSING, &[]).await?;
        let missing = Columns::new(&row, "pg_class", "parts").get("parts")?;
        let row = self.reads().one(EVENTS_IN_REST, &[]).await?;
        let events_in_rest = Columns::new(&row, "event_rest", "events").get("events")?;
        Ok(PostgresParts { missing, events_in_rest })
    }
}
