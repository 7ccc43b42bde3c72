//! The one writer: group commit.
//!
//! Work queues up while the previous transaction is on its way to the disk. The writer takes what
//! waits, writes all of it in one transaction and answers after COMMIT; alone, a piece of work
//! waits for nothing. A piece that is refused leaves nothing behind and harms no other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use motcua_store::StoreError;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use super::write::commits;
use crate::database::Session;
use crate::error::Failure;
use crate::prepare::Prepared;
use crate::queue::{Job, Queue, take};

const WRITER_BEGIN: &str = "-- writer_begin
    BEGIN IMMEDIATE;
    SELECT coalesce(max(id), 0) AS last_event FROM event";
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

/// The way to the writer.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Queue,
    transactions: Arc<AtomicU64>,
    task: Mutex<JoinHandle<()>>,
}

impl Writer {
    /// Starts the writer on a connection that is open; `connect` opens another after a failure.
    pub(crate) fn start(
        connection: SqliteConnection,
        connect: Arc<SqliteConnectOptions>,
        limits: Limits,
    ) -> Self {
        let (queue, jobs) = Queue::new(limits.queue_jobs_max, limits.queue_jobs_max);
        let transactions = Arc::new(AtomicU64::new(0));
        let writing = Writing {
            connection: Some(connection),
            connect,
            transactions: Arc::clone(&transactions),
        };
        let task = tokio::spawn(writing.run(jobs, limits.commits_per_transaction_max));
        Self { queue, transactions, task: Mutex::new(task) }
    }

    /// Where work waits for it.
    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Lets the writer finish what waits and ends it.
    pub(crate) async fn stop(self) {
        drop(self.queue);
        // An error means that the writer panicked: it has ended all the same.
        let _ended = self.task.into_inner().await;
    }

    pub(crate) fn transactions(&self) -> u64 {
        self.transactions.load(Ordering::Relaxed)
    }
}

/// The writer's own side.
struct Writing {
    /// None after a failure that may have left the connection in an unknown state.
    connection: Option<SqliteConnection>,
    connect: Arc<SqliteConnectOptions>,
    transactions: Arc<AtomicU64>,
}

/// How a transaction ended when it did not succeed.
enum Ended {
    /// Nothing was written.
    Failed(Failure),
    /// COMMIT failed: it may have been written.
    Unknown(sqlx::Error),
}

impl Writing {
    async fn run(mut self, mut jobs: mpsc::Receiver<Job>, commits_max: usize) {
        while let Some(taken) = take(&mut jobs, commits_max).await {
            self.settle(taken).await;
        }
        if let Some(connection) = self.connection {
            // Everything is committed; a failing close loses nothing.
            let _closed = connection.close().await;
        }
    }

    /// Writes the jobs together. If one of them breaks a constraint that no verdict foresaw, or
    /// meets a corrupt row, each is written alone, so that the others do not suffer.
    async fn settle(&mut self, mut jobs: Vec<Job>) {
        match self.transact(&mut jobs).await {
            Err(Ended::Failed(failure)) if failure.concerns_one() && jobs.len() > 1 => {
                for job in jobs {
                    let mut alone = vec![job];
                    let outcome = self.transact(&mut alone).await;
                    finish(alone, outcome);
                }
            }
            outcome => finish(jobs, outcome),
        }
    }

    async fn transact(&mut self, jobs: &mut [Job]) -> Result<(), Ended> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect.connect().await.map_err(|e| Ended::Failed(e.into()))?,
        };
        if let Err(failure) = write_all(&mut connection, jobs).await {
            // A connection that cannot roll back is dropped, and the transaction with it.
            if sqlx::query(WRITER_ROLLBACK).execute(&mut connection).await.is_ok() {
                self.connection = Some(connection);
            }
            return Err(Ended::Failed(failure));
        }
        // After a failed COMMIT the connection is dropped: what it believes may not be true.
        sqlx::query(WRITER_COMMIT).execute(&mut connection).await.map_err(Ended::Unknown)?;
        self.connection = Some(connection);
        self.transactions.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

async fn write_all(connection: &mut SqliteConnection, jobs: &mut [Job]) -> Result<(), Failure> {
    let row = sqlx::query(WRITER_BEGIN).fetch_one(&mut *connection).await?;
    let last_event: i64 = row.try_get("last_event")?;
    let batches = jobs.iter().filter_map(|job| match job {
        Job::Commits { batch, .. } => Some(batch.as_slice()),
        Job::Write(_) => None,
    });
    let all: Vec<&Prepared> = batches.flatten().collect();
    let mut decided = commits::write(connection, &all, last_event).await?.into_iter();
    for job in jobs {
        match job {
            Job::Commits { batch, verdicts, .. } => {
                *verdicts = decided.by_ref().take(batch.len()).collect();
            }
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
            StoreError::OutcomeUnknown(error.to_string())
        }
    });
    for job in jobs {
        job.answer(&outcome);
    }
}
