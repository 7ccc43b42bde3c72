//! The one writer: group commit on a thread of its own.
//!
//! Work queues up while the previous transaction is on its way to the disk. The writer takes what
//! waits, writes all of it in one transaction and answers after COMMIT; alone, a piece of work
//! waits for nothing. A piece that is refused leaves nothing behind and harms no other.
//!
//! Commits are written by the thread itself: a driver that keeps its connection on another thread
//! hands each statement over and back. The few other writes go through that driver, after the
//! commits that were taken with them, so the two connections never wait for each other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use motcua_store::StoreError;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection as _, SqliteConnection};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::checkpoints::Checkpoints;
use super::open::Plain;
use super::write::commits;
use crate::database::Session;
use crate::error::Failure;
use crate::prepare::Prepared;
use crate::queue::{Job, Queue, take_blocking};

const WRITER_BEGIN: &str = "-- writer_begin
    BEGIN IMMEDIATE";
const WRITER_COMMIT: &str = "-- writer_commit
    COMMIT";
const WRITER_ROLLBACK: &str = "-- writer_rollback
    ROLLBACK";

/// Limits of the writer, see [`crate::Options`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) queue_jobs_max: usize,
    pub(crate) commits_per_transaction_max: usize,
}

/// The connections of the writer, which are open, and how others are opened after a failure.
pub(crate) struct Connections {
    pub(crate) commits: rusqlite::Connection,
    pub(crate) checkpoints: rusqlite::Connection,
    pub(crate) plain: Plain,
    pub(crate) desk: SqliteConnection,
    pub(crate) connect: SqliteConnectOptions,
}

/// The way to the writer.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Queue,
    transactions: Arc<AtomicU64>,
    /// Closes when the thread ends.
    ended: oneshot::Receiver<()>,
}

impl Writer {
    /// Starts the thread, on a tokio runtime.
    pub(crate) fn start(connections: Connections, limits: Limits) -> Result<Self, StoreError> {
        let (queue, jobs) = Queue::new(limits.queue_jobs_max, limits.queue_jobs_max);
        let transactions = Arc::new(AtomicU64::new(0));
        let Connections { commits, checkpoints, plain, desk, connect } = connections;
        let unavailable = |e| StoreError::Unavailable(format!("the writer's threads: {e}"));
        let checkpoints = Checkpoints::start(checkpoints).map_err(unavailable)?;
        let writing = Writing {
            commits: Some(commits),
            checkpoints,
            plain,
            desk: Some(desk),
            connect,
            runtime: Handle::current(),
            transactions: Arc::clone(&transactions),
        };
        let (end, ended) = oneshot::channel();
        let started = thread::Builder::new().name("motcua-writer".into()).spawn(move || {
            writing.run(jobs, limits.commits_per_transaction_max);
            // Nobody listens where the store was dropped without being closed.
            let _given_up = end.send(());
        });
        started.map_err(unavailable)?;
        Ok(Self { queue, transactions, ended })
    }

    /// Where work waits for it.
    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Lets the writer finish what waits and ends it.
    pub(crate) async fn stop(self) {
        drop(self.queue);
        // An error means that the thread panicked: it has ended all the same.
        let _ended = self.ended.await;
    }

    pub(crate) fn transactions(&self) -> u64 {
        self.transactions.load(Ordering::Relaxed)
    }
}

/// The writer's own side.
struct Writing {
    /// None after a failure that may have left the connection in an unknown state.
    commits: Option<rusqlite::Connection>,
    checkpoints: Checkpoints,
    plain: Plain,
    /// For all that is no commit; none as above.
    desk: Option<SqliteConnection>,
    connect: SqliteConnectOptions,
    runtime: Handle,
    transactions: Arc<AtomicU64>,
}

/// How a transaction ended when it did not succeed.
enum Ended {
    /// Nothing was written.
    Failed(Failure),
    /// COMMIT failed: it may have been written.
    Unknown(String),
}

type Transact = fn(&mut Writing, &mut [Job]) -> Result<(), Ended>;

impl Writing {
    fn run(mut self, mut jobs: mpsc::Receiver<Job>, commits_max: usize) {
        while let Some(taken) = take_blocking(&mut jobs, commits_max) {
            // Jobs dropped by a panic tell their callers that the outcome is unknown. A connection
            // in use goes with them, so that the writer goes on with a fresh one.
            if catch_unwind(AssertUnwindSafe(|| self.settle(taken))).is_err() {
                tracing::error!("the writer panicked and goes on with another connection");
            }
        }
        drop(self.checkpoints);
        // Everything is committed; a failing close loses nothing.
        if let Some(connection) = self.desk {
            let _closed = self.runtime.block_on(connection.close());
        }
        if let Some(connection) = self.commits {
            let _closed = connection.close();
        }
    }

    fn settle(&mut self, jobs: Vec<Job>) {
        let (commits, others): (Vec<_>, Vec<_>) =
            jobs.into_iter().partition(|job| matches!(job, Job::Commits { .. }));
        self.settle_together(commits, Self::transact_commits);
        self.settle_together(others, Self::transact_others);
        // Everybody has been answered.
        if let Some(connection) = &self.commits {
            self.checkpoints.committed(connection);
        }
    }

    /// Writes the jobs together. If one of them breaks a constraint that no verdict foresaw, or
    /// meets a corrupt row, each is written alone, so that the others do not suffer.
    fn settle_together(&mut self, mut jobs: Vec<Job>, transact: Transact) {
        if jobs.is_empty() {
            return;
        }
        match transact(self, &mut jobs) {
            Err(Ended::Failed(failure)) if failure.concerns_one() && jobs.len() > 1 => {
                for job in jobs {
                    let mut alone = vec![job];
                    let outcome = transact(self, &mut alone);
                    finish(alone, outcome);
                }
            }
            outcome => finish(jobs, outcome),
        }
    }

    fn transact_commits(&mut self, jobs: &mut [Job]) -> Result<(), Ended> {
        let connection = match self.commits.take() {
            Some(connection) => connection,
            None => self.plain.connect().map_err(|e| Ended::Failed(e.into()))?,
        };
        if let Err(failure) = write_commits(&connection, jobs) {
            // A connection that cannot roll back is dropped, and the transaction with it.
            if connection.is_autocommit() || run(&connection, WRITER_ROLLBACK).is_ok() {
                self.commits = Some(connection);
            }
            return Err(Ended::Failed(failure));
        }
        // After a failed COMMIT the connection is dropped: what it believes may not be true.
        run(&connection, WRITER_COMMIT).map_err(|e| Ended::Unknown(e.to_string()))?;
        self.commits = Some(connection);
        self.transactions.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn transact_others(&mut self, jobs: &mut [Job]) -> Result<(), Ended> {
        let runtime = self.runtime.clone();
        runtime.block_on(self.write_others(jobs))
    }

    async fn write_others(&mut self, jobs: &mut [Job]) -> Result<(), Ended> {
        let mut connection = match self.desk.take() {
            Some(connection) => connection,
            None => self.connect.connect().await.map_err(|e| Ended::Failed(e.into()))?,
        };
        if let Err(failure) = write_each(&mut connection, jobs).await {
            if sqlx::query(WRITER_ROLLBACK).execute(&mut connection).await.is_ok() {
                self.desk = Some(connection);
            }
            return Err(Ended::Failed(failure));
        }
        let committed = sqlx::query(WRITER_COMMIT).execute(&mut connection).await;
        committed.map_err(|e| Ended::Unknown(e.to_string()))?;
        self.desk = Some(connection);
        self.transactions.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

fn run(connection: &rusqlite::Connection, statement: &str) -> Result<(), rusqlite::Error> {
    connection.prepare_cached(statement)?.execute([]).map(|_| ())
}

fn write_commits(connection: &rusqlite::Connection, jobs: &mut [Job]) -> Result<(), Failure> {
    run(connection, WRITER_BEGIN)?;
    let batches = jobs.iter().filter_map(|job| match job {
        Job::Commits { batch, .. } => Some(batch.as_slice()),
        Job::Write(_) => None,
    });
    let all: Vec<&Prepared> = batches.flatten().collect();
    let mut decided = commits::write(connection, &all)?.into_iter();
    for job in jobs {
        match job {
            Job::Commits { batch, verdicts, .. } => {
                *verdicts = decided.by_ref().take(batch.len()).collect();
            }
            Job::Write(_) => {}
        }
    }
    Ok(())
}

async fn write_each(connection: &mut SqliteConnection, jobs: &mut [Job]) -> Result<(), Failure> {
    sqlx::query(WRITER_BEGIN).execute(&mut *connection).await?;
    for job in jobs {
        match job {
            Job::Commits { .. } => {}
            Job::Write(write) => write.write(Session::Sqlite(connection)).await?,
        }
    }
    Ok(())
}

fn finish(jobs: Vec<Job>, outcome: Result<(), Ended>) {
    let outcome = outcome.map_err(|ended| match ended {
        Ended::Failed(failure) => {
            let error = StoreError::from(failure);
            tracing::error!(%error, "a transaction was rolled back: {error}");
            error
        }
        Ended::Unknown(error) => {
            tracing::error!(%error, "the outcome of a transaction is unknown: {error}");
            StoreError::OutcomeUnknown(error)
        }
    });
    for job in jobs {
        job.answer(&outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::{Setting, Verdict, Write};
    use crate::store::Options;

    /// Writes, then breaks an invariant.
    struct Panics;

    impl Write for Panics {
        type Answer = ();

        async fn write(&self, session: &mut Session<'_>) -> Result<Verdict<()>, Failure> {
            Setting { key: "a".into(), value: "lost".into() }.write(session).await?.expect("set");
            panic!("an invariant is broken");
        }
    }

    #[tokio::test]
    async fn a_writer_that_panics_says_so_and_goes_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, options) = (folder.path().join("a.db"), Options::default());
        let opened = crate::sqlite::open::open(&path, &options).await;
        let (reads, writer) = opened.expect("a store");
        let answer = writer.queue().write(Panics).await;
        assert!(matches!(answer, Err(StoreError::OutcomeUnknown(_))), "{answer:?}");
        let setting = Setting { key: "a".into(), value: "kept".into() };
        assert_eq!(writer.queue().write(setting).await, Ok("kept".into()));
        writer.stop().await;
        reads.close().await;
    }
}
