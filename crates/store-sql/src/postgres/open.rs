//! Connecting to the database: settings, their check, migrations.

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use motcua_store::StoreError;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions, Connection as _, Row, SqlSafeStr};
use tokio::sync::watch;

use super::writers::{Limits, Writers};
use crate::database::{DEADLINE_MARGIN, PgReads, Session};
use crate::error::{Failure, LOCKED};
use crate::glance::COUNTING_TIMEOUT_S;
use crate::schema;
use crate::store::Options;

/// Oldest server whose features the statements use, as `server_version_num` counts.
pub(crate) const SERVER_VERSION_MIN: i32 = 150_000;
/// Prepared statements a connection keeps; more than the program has.
const STATEMENTS_KEPT_MAX: usize = 256;
/// Longest wait for a new connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for the schema, during which another node may bring it to the newest.
const MIGRATION_TIMEOUT: Duration = Duration::from_secs(600);
/// Longest wait of a migration for a table, while which nobody else may begin on it.
const MIGRATION_LOCK_TIMEOUT: Duration = Duration::from_millis(500);
/// Pause after such a wait, in which those who were kept waiting go on.
const MIGRATION_PAUSE: Duration = Duration::from_secs(2);

/// Connects, checks the settings, brings the schema to the newest and starts the writers.
///
/// # Errors
/// [`StoreError::Unavailable`] when the URL is none, the database cannot be reached, is too old or
/// would lose what was acknowledged, or its schema is of a newer program.
pub(crate) async fn open(url: &str, options: &Options) -> Result<(PgReads, Writers), StoreError> {
    let connect = connect_options(url)?;
    let lock_timeout = MIGRATION_LOCK_TIMEOUT.as_millis().to_string();
    let patient = connect.clone().options([("lock_timeout", &*lock_timeout)]);
    let mut first = within(CONNECT_TIMEOUT, patient.connect()).await?;
    check(&mut first).await?;
    schema::tolerate(Session::Postgres(&mut first)).await?;
    within(MIGRATION_TIMEOUT, migrate(&mut first)).await.map_err(|error| match error {
        StoreError::Unavailable(text) => StoreError::Unavailable(format!("migrations: {text}")),
        other => other,
    })?;
    // A newer program may have been faster.
    schema::tolerate(Session::Postgres(&mut first)).await?;
    // Nothing is lost when the goodbye is.
    let _closed = first.close().await;
    let reads = checked_reads(url, options, options.read_connections)?;
    let limits = Limits {
        queue_jobs_max: options.queue_jobs_max,
        commits_per_transaction_max: options.commits_per_transaction_max,
        writers: options.write_connections.max(1),
        timeout: options.statement_timeout,
    };
    let writes = writing(connect, options);
    Ok((reads, Writers::start(Arc::new(writes), limits)))
}

/// Brings the schema to the newest. A step that waits for a table lets everybody else wait behind it,
/// so it gives up soon, undoes what it did, lets the others through and tries again.
async fn migrate(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    loop {
        match migrator().run(&mut *connection).await {
            Ok(()) => return Ok(()),
            Err(error) if is_kept_waiting(&error) => {
                tracing::warn!("a migration waits for a table, or for another node: {error}");
                tokio::time::sleep(MIGRATION_PAUSE).await;
            }
            Err(error) => return Err(sqlx::Error::Migrate(Box::new(error))),
        }
    }
}

fn is_kept_waiting(error: &MigrateError) -> bool {
    let (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) = error else {
        return false;
    };
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code == LOCKED)
}

/// Connects once and hangs up: says why where a pool only says that it waited.
///
/// # Errors
/// [`StoreError::Unavailable`] when the text is no URL, or nobody answers there.
pub(crate) async fn reach(url: &str) -> Result<(), StoreError> {
    let connection = within(CONNECT_TIMEOUT, connect_options(url)?.connect()).await?;
    // Nothing is lost when the goodbye is.
    let _closed = connection.close().await;
    Ok(())
}

/// Reads go by the indexes, whatever the statistics of a young table or part say.
const BY_THE_INDEXES: [(&str, &str); 2] = [("enable_seqscan", "off"), ("jit", "off")];

/// Connections that read what decisions are taken on, opened when they are needed and checked as those
/// that write.
///
/// # Errors
/// As [`lazy_reads`].
pub(crate) fn checked_reads(
    url: &str,
    options: &Options,
    connections: u32,
) -> Result<PgReads, StoreError> {
    let refusals = Arc::new(watch::Sender::new(None));
    let heard = Arc::clone(&refusals);
    let timeout = options.statement_timeout + DEADLINE_MARGIN;
    let pool = read_pool(options, connections).after_connect(move |connection, _| {
        let heard = Arc::clone(&heard);
        Box::pin(async move {
            let checked = tokio::time::timeout(timeout, check(connection)).await;
            let unfit = match checked {
                Ok(Err(Failure::Unfit(why))) => why,
                Ok(Err(Failure::Sql(error))) => return Err(error),
                Ok(_) => return Ok(()),
                Err(_) => return Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
            };
            // The pool would try again until its patience ends, and say only that it waited: so whoever
            // asked hears it, and gives this connection up.
            heard.send_replace(Some(unfit));
            std::future::pending().await
        })
    });
    let unchecked = reads(url, options.statement_timeout, &BY_THE_INDEXES, pool)?;
    Ok(PgReads { refusals, ..unchecked })
}

/// Connections that read, opened when they are needed, whatever the server: for a look into it.
///
/// # Errors
/// [`StoreError::Unavailable`] when the text is no URL of a PostgreSQL database.
pub(crate) fn lazy_reads(
    url: &str,
    options: &Options,
    connections: u32,
) -> Result<PgReads, StoreError> {
    reads(url, options.statement_timeout, &BY_THE_INDEXES, read_pool(options, connections))
}

/// One connection for what goes through a table, opened when it is needed.
///
/// # Errors
/// As [`lazy_reads`].
pub(crate) fn lazy_counts(url: &str, options: &Options) -> Result<PgReads, StoreError> {
    // A table that is kept away from it is no reason to wait for so long.
    let lock_timeout = options.statement_timeout.as_millis().to_string();
    let settings = [("lock_timeout", &*lock_timeout)];
    let timeout = Duration::from_secs(COUNTING_TIMEOUT_S);
    reads(url, timeout, &settings, read_pool(options, 1))
}

fn read_pool(options: &Options, connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections.max(1))
        .acquire_timeout(options.read_wait)
        .test_before_acquire(false)
        .idle_timeout(None)
}

fn reads(
    url: &str,
    timeout: Duration,
    settings: &[(&str, &str)],
    pool: PgPoolOptions,
) -> Result<PgReads, StoreError> {
    let millis = timeout.as_millis().to_string();
    let connect = connect_options(url)?
        .options([("default_transaction_read_only", "on"), ("statement_timeout", &millis)])
        .options(settings.iter().copied());
    let deadline = timeout + DEADLINE_MARGIN;
    Ok(PgReads { pool: pool.connect_lazy_with(connect), deadline, refusals: Arc::default() })
}

fn connect_options(url: &str) -> Result<PgConnectOptions, StoreError> {
    // The reason of the parser may repeat the URL, which can hold a password.
    let parsed = PgConnectOptions::from_str(url).map_err(|_| {
        let form = "postgres://USER@HOST:PORT/DATABASE";
        StoreError::Unavailable(format!("the database is no URL of the form {form}"))
    })?;
    let named = parsed.application_name("motcua").statement_cache_capacity(STATEMENTS_KEPT_MAX);
    let named = named.options([("client_min_messages", "warning")]);
    Ok(named.disable_statement_logging())
}

/// Writers run one statement over and over: planned once, by the indexes, whatever the statistics
/// of a young table say. They never wait for a lock without an end.
fn writing(connect: PgConnectOptions, options: &Options) -> PgConnectOptions {
    let timeout = options.statement_timeout.as_millis().to_string();
    let lock_timeout = options.busy_timeout.as_millis().to_string();
    connect.options([
        ("statement_timeout", &*timeout),
        ("lock_timeout", &lock_timeout),
        ("idle_in_transaction_session_timeout", &timeout),
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("enable_seqscan", "off"),
        ("jit", "off"),
    ])
}

/// What the server must be for an answer to mean that the commit survives, and for a decision to be
/// taken on what is read from it. Every connection of a service is asked once: a server that becomes a
/// standby restarts for it, and so ends its connections.
pub(super) async fn check(connection: &mut PgConnection) -> Result<(), Failure> {
    let row = sqlx::query(
        "-- server_settings
        SELECT CAST(current_setting('server_version_num') AS integer) AS version,
            current_setting('fsync') AS fsync,
            current_setting('full_page_writes') AS full_page_writes,
            current_setting('synchronous_commit') AS synchronous_commit,
            current_setting('server_encoding') AS server_encoding,
            pg_is_in_recovery() AS in_recovery",
    );
    let row = row.fetch_one(connection).await?;
    let text = |column: &str| row.try_get::<String, _>(column);
    let refuse = |problem: String| Err(Failure::Unfit(problem));
    let version: i32 = row.try_get("version")?;
    if version < SERVER_VERSION_MIN {
        return refuse(format!("PostgreSQL {} is too old: 15 is needed", version / 10_000));
    }
    for setting in ["fsync", "full_page_writes"] {
        if text(setting)? == "off" {
            let what = "what was acknowledged would not survive a loss of power";
            return refuse(format!("{setting} is off and {what}: turn it on"));
        }
    }
    if ["off", "local"].contains(&&*text("synchronous_commit")?) {
        let remedy = "set it to on for this database or role";
        return refuse(format!("synchronous_commit is too weak to acknowledge commits: {remedy}"));
    }
    let encoding = text("server_encoding")?;
    if encoding != "UTF8" {
        return refuse(format!("the database's encoding is {encoding}, not UTF8: create it anew"));
    }
    if row.try_get("in_recovery")? {
        return refuse("the server is a standby: connect to the primary".into());
    }
    Ok(())
}

/// A unit of work with a deadline of our own: the driver knows none for a dead connection.
async fn within<T>(
    deadline: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(deadline, work).await {
        Ok(done) => Ok(done.map_err(Failure::from)?),
        Err(_) => {
            let seconds = deadline.as_secs();
            Err(StoreError::Unavailable(format!("the database did not answer for {seconds} s")))
        }
    }
}

/// The schema, in the order in which it grew: the numbers and names of `migrations/sqlite`. A file
/// that was released is never edited.
pub(crate) fn migrator() -> Migrator {
    let files = [
        (1, "histories", include_str!("../../../../migrations/postgres/0001_histories.sql")),
        (2, "dossiers", include_str!("../../../../migrations/postgres/0002_dossiers.sql")),
        (3, "desk", include_str!("../../../../migrations/postgres/0003_desk.sql")),
        (4, "holding", include_str!("../../../../migrations/postgres/0004_holding.sql")),
        (5, "branches", include_str!("../../../../migrations/postgres/0005_branches.sql")),
        (6, "versions", include_str!("../../../../migrations/postgres/0006_versions.sql")),
        (7, "replacement", include_str!("../../../../migrations/postgres/0007_replacement.sql")),
        (8, "oversight", include_str!("../../../../migrations/postgres/0008_oversight.sql")),
        (9, "payments", include_str!("../../../../migrations/postgres/0009_payments.sql")),
        (10, "documents", include_str!("../../../../migrations/postgres/0010_documents.sql")),
        (11, "receptions", include_str!("../../../../migrations/postgres/0011_receptions.sql")),
        (12, "snapshots", include_str!("../../../../migrations/postgres/0012_snapshots.sql")),
        (
            13,
            "expand_claims",
            include_str!("../../../../migrations/postgres/0013_expand_claims.sql"),
        ),
        (14, "salts", include_str!("../../../../migrations/postgres/0014_salts.sql")),
        (15, "counters", include_str!("../../../../migrations/postgres/0015_counters.sql")),
        (16, "commits", include_str!("../../../../migrations/postgres/0016_commits.sql")),
        (
            17,
            "expand_bounds",
            include_str!("../../../../migrations/postgres/0017_expand_bounds.sql"),
        ),
        (
            18,
            "expand_parts_away",
            include_str!("../../../../migrations/postgres/0018_expand_parts_away.sql"),
        ),
    ];
    let migration = |(version, name, sql): (i64, &'static str, &'static str)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let mut migrator = Migrator::with_migrations(files.map(migration).into());
    // What is not ours was judged before: see `schema`.
    migrator.set_ignore_missing(true);
    migrator
}
