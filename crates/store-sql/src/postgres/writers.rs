//! The writers: group commit over several connections.
//!
//! Work queues up while a writer is on its way to the server. One writer writes as long as it keeps
//! up: the more it finds when it comes back, the less each commit costs. Only when more waits than
//! one transaction takes, or when that writer is held up, do the others help, and their transactions
//! overlap. Two batches that touch
//! one dossier, of one node or of two, meet at the lock of its row.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use motcua_store::StoreError;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{Mutex, Notify, Semaphore, mpsc};
use tokio::task::JoinSet;

use super::commits;
use crate::database::Argument::Text;
use crate::database::{DEADLINE_MARGIN, Session};
use crate::error::Failure;
use crate::prepare::{DossierRows, Prepared, RegisterRows};
use crate::queue::{AnyWrite, Job, Queue, take, take_waiting, writer_gone};

const WRITER_BEGIN: &str = "-- writer_begin
    BEGIN";
const WRITER_COMMIT: &str = "-- writer_commit
    COMMIT";
const WRITER_ROLLBACK: &str = "-- writer_rollback
    ROLLBACK";
const WRITER_EXCLUSIVE: &str = "-- writer_exclusive
    SELECT pg_advisory_xact_lock(hashtextextended($1, 1))";

/// How long work may wait for the writer whose turn it is: it may be waiting for a lock, or for a
/// server that is gone.
const PATIENCE: Duration = Duration::from_millis(100);

/// Limits of the writers, see [`crate::Options`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) queue_jobs_max: usize,
    pub(crate) commits_per_transaction_max: usize,
    pub(crate) writers: u32,
    pub(crate) timeout: Duration,
}

/// The way to the writers.
#[derive(Debug)]
pub(crate) struct Writers {
    queue: Queue,
    transactions: Arc<AtomicU64>,
    tasks: Mutex<JoinSet<()>>,
}

impl Writers {
    /// Starts them; each connects when it has something to write.
    pub(crate) fn start(connect: Arc<PgConnectOptions>, limits: Limits) -> Self {
        let (queue, jobs) = Queue::new(limits.queue_jobs_max, limits.commits_per_transaction_max);
        let source = Arc::new(Source {
            jobs: Mutex::new(jobs),
            turn: Semaphore::new(1),
            crowded: queue.crowded(),
            commits_max: limits.commits_per_transaction_max,
        });
        let transactions = Arc::new(AtomicU64::new(0));
        let mut tasks = JoinSet::new();
        for _ in 0..limits.writers {
            let writing = Writing {
                connection: None,
                connect: Arc::clone(&connect),
                transactions: Arc::clone(&transactions),
                deadline: limits.timeout + DEADLINE_MARGIN,
            };
            tasks.spawn(writing.run(Arc::clone(&source)));
        }
        Self { queue, transactions, tasks: Mutex::new(tasks) }
    }

    /// Where work waits for them.
    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Lets the writers finish what waits and ends them.
    pub(crate) async fn stop(self) {
        drop(self.queue);
        let mut tasks = self.tasks.into_inner();
        // An error means that a writer panicked: it has ended all the same.
        while let Some(_ended) = tasks.join_next().await {}
    }

    pub(crate) fn transactions(&self) -> u64 {
        self.transactions.load(Ordering::Relaxed)
    }
}

/// Where the writers take their work.
struct Source {
    jobs: Mutex<mpsc::Receiver<Job>>,
    /// Held by the writer that writes while no crowd waits.
    turn: Semaphore,
    crowded: Arc<Notify>,
    commits_max: usize,
}

/// A writer's own side.
struct Writing {
    /// None before the first work and after a failure that may have left it in an unknown state.
    connection: Option<PgConnection>,
    connect: Arc<PgConnectOptions>,
    transactions: Arc<AtomicU64>,
    deadline: Duration,
}

/// How a transaction ended when it did not succeed.
enum Ended {
    /// Nothing was written.
    Failed(Failure),
    /// It may have been written.
    Unknown(String),
}

impl Ended {
    /// A server that says that it failed has written nothing; a connection that ended may have
    /// ended behind the commit.
    fn of(failure: Failure) -> Self {
        match failure {
            Failure::Sql(sqlx::Error::Database(_))
            | Failure::Sqlite(_)
            | Failure::Corrupt(_)
            | Failure::MovedAway(..) => Self::Failed(failure),
            Failure::Sql(error) => Self::Unknown(error.to_string()),
        }
    }
}

impl Writing {
    async fn run(mut self, source: Arc<Source>) {
        loop {
            let turn = tokio::select! {
                biased;
                turn = source.turn.acquire() => Some(turn),
                () = source.crowded.notified() => None,
                () = tokio::time::sleep(PATIENCE) => None,
            };
            // The queue is free for the others while this one is under way.
            let taken = match &turn {
                Some(_) => take(&mut *source.jobs.lock().await, source.commits_max).await,
                // While somebody stands at the queue, nothing waits there.
                None => {
                    let jobs = source.jobs.try_lock().ok();
                    jobs.and_then(|mut jobs| take_waiting(&mut jobs, source.commits_max))
                }
            };
            match taken {
                Some(taken) => self.settle(taken).await,
                // The queue has ended.
                None if turn.is_some() => break,
                // Another writer was faster.
                None => {}
            }
        }
        if let Some(connection) = self.connection {
            // Everything is committed; a failing goodbye loses nothing.
            let _closed = connection.close().await;
        }
    }

    async fn settle(&mut self, jobs: Vec<Job>) {
        let (mut batches, mut others) = (Vec::new(), Vec::new());
        for job in jobs {
            match job {
                Job::Commits { batch, answer, .. } => batches.push((batch, answer)),
                Job::Write(write) => others.push(write),
            }
        }
        let all: Vec<&Prepared> = batches.iter().flat_map(|(batch, _)| batch).collect();
        if !all.is_empty() {
            let mut answers = self.write_commits(&all).await.into_iter();
            for (batch, answer) in batches {
                let _given_up = answer.send(answers.by_ref().take(batch.len()).collect());
            }
        }
        for write in others {
            self.write_other(write).await;
        }
    }

    /// Commits in their order as far as they share anything; the others together.
    async fn write_commits(&mut self, all: &[&Prepared]) -> Vec<Result<(), StoreError>> {
        let mut answers: Vec<Result<(), StoreError>> = vec![Err(writer_gone()); all.len()];
        let dossiers = all.iter().enumerate().filter_map(|(place, commit)| match commit {
            Prepared::Dossier(rows) => Some((place, &**rows)),
            Prepared::Register(_) => None,
        });
        let (places, rows): (Vec<usize>, Vec<&DossierRows>) = dossiers.unzip();
        for mut round in commits::rounds(&rows) {
            // New rows too come in the order of ids, so that no two nodes wait for each other.
            round.sort_unstable_by_key(|at| rows[*at].dossier.key);
            let together: Vec<&DossierRows> = round.iter().map(|at| rows[*at]).collect();
            let verdicts = self.write_round(&together).await;
            for (at, verdict) in round.iter().zip(verdicts) {
                answers[places[*at]] = verdict;
            }
        }
        let registers = all.iter().enumerate().filter_map(|(place, commit)| match commit {
            Prepared::Register(rows) => Some((place, &**rows)),
            Prepared::Dossier(_) => None,
        });
        let mut registers: Vec<(usize, &RegisterRows)> = registers.collect();
        // Chains are locked in the order of their names, by every node.
        registers.sort_by_key(|(_, rows)| rows.chain.as_str());
        let (places, rows): (Vec<usize>, Vec<&RegisterRows>) = registers.into_iter().unzip();
        for (place, verdict) in places.into_iter().zip(self.write_registers(&rows).await) {
            answers[place] = verdict;
        }
        answers
    }

    /// If one of them breaks a constraint that no verdict foresaw, or deadlocks with another node,
    /// all are tried once more: what another node has just written is foreseen then. After that each
    /// is written alone, so that the others do not suffer.
    async fn write_round(&mut self, commits: &[&DossierRows]) -> Vec<Result<(), StoreError>> {
        let mut outcome =
            self.transact(async |connection| commits::write(connection, commits).await).await;
        if matches!(&outcome, Err(Ended::Failed(failure)) if failure.is_race()) {
            outcome =
                self.transact(async |connection| commits::write(connection, commits).await).await;
        }
        match outcome {
            Ok(verdicts) => verdicts,
            Err(Ended::Failed(failure)) if failure.concerns_one() => {
                let mut verdicts = Vec::with_capacity(commits.len());
                for commit in commits {
                    let alone = std::slice::from_ref(commit);
                    let written =
                        self.transact(async |connection| commits::write(connection, alone).await);
                    verdicts.push(match written.await {
                        Ok(verdict) => verdict.into_iter().next().unwrap_or(Err(writer_gone())),
                        Err(ended) => Err(explain(ended)),
                    });
                }
                verdicts
            }
            Err(ended) => vec![Err(explain(ended)); commits.len()],
        }
    }

    /// Other chains together: most are records of somebody's reading, and many are read at a time. If
    /// one of them breaks a constraint, each is written alone.
    async fn write_registers(&mut self, commits: &[&RegisterRows]) -> Vec<Result<(), StoreError>> {
        match self.transact_registers(commits).await {
            Ok(verdicts) => verdicts,
            Err(Ended::Failed(failure)) if failure.concerns_one() => {
                let mut verdicts = Vec::with_capacity(commits.len());
                for commit in commits {
                    let written = self.transact_registers(std::slice::from_ref(commit)).await;
                    verdicts.push(match written {
                        Ok(verdict) => verdict.into_iter().next().unwrap_or(Err(writer_gone())),
                        Err(ended) => Err(explain(ended)),
                    });
                }
                verdicts
            }
            Err(ended) => vec![Err(explain(ended)); commits.len()],
        }
    }

    async fn transact_registers(
        &mut self,
        commits: &[&RegisterRows],
    ) -> Result<Vec<Result<(), StoreError>>, Ended> {
        if commits.is_empty() {
            return Ok(Vec::new());
        }
        let written = self.transact(async |connection| {
            sqlx::query(WRITER_BEGIN).execute(&mut *connection).await?;
            let mut verdicts = Vec::with_capacity(commits.len());
            for commit in commits {
                verdicts.push(commits::write_register(connection, commit).await?);
            }
            sqlx::query(WRITER_COMMIT).execute(&mut *connection).await?;
            Ok(verdicts)
        });
        written.await
    }

    async fn write_other(&mut self, mut write: Box<dyn AnyWrite>) {
        let mut exclusive = write.exclusive();
        exclusive.sort_unstable();
        let written = self.transact(async |connection| {
            sqlx::query(WRITER_BEGIN).execute(&mut *connection).await?;
            for key in &exclusive {
                Session::Postgres(connection).rows(WRITER_EXCLUSIVE, &[Text(key)]).await?;
            }
            write.write(Session::Postgres(connection)).await?;
            sqlx::query(WRITER_COMMIT).execute(&mut *connection).await?;
            Ok(())
        });
        let outcome = written.await.map_err(explain);
        write.answer(outcome);
    }

    /// Does a unit of work within the deadline, on the connection that stands or on a new one.
    async fn transact<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Failure>,
    ) -> Result<T, Ended> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let connecting = tokio::time::timeout(self.deadline, self.connect.connect());
                let connected = connecting
                    .await
                    .unwrap_or(Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())));
                let mut connected = connected.map_err(|e| Ended::Failed(e.into()))?;
                // After a failover it may lead to another server.
                let checking =
                    tokio::time::timeout(self.deadline, super::open::check(&mut connected));
                match checking.await {
                    Ok(Ok(())) => connected,
                    Ok(Err(error)) => return Err(Ended::Failed(Failure::Corrupt(error))),
                    Err(_) => {
                        let silent = sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
                        return Err(Ended::Failed(silent.into()));
                    }
                }
            }
        };
        // A deadline drops the connection without a cancel request: that could cut a commit's wait
        // for a standby short and make it look done.
        let done = tokio::time::timeout(self.deadline, work(&mut connection)).await;
        let done = done
            .unwrap_or_else(|_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()).into()));
        match done.map_err(Ended::of) {
            Ok(done) => {
                self.connection = Some(connection);
                self.transactions.fetch_add(1, Ordering::Relaxed);
                Ok(done)
            }
            Err(Ended::Failed(failure)) => {
                // A connection that cannot roll back is dropped, and the transaction with it.
                let rolled_back = sqlx::query(WRITER_ROLLBACK).execute(&mut connection);
                let rolled_back = tokio::time::timeout(self.deadline, rolled_back).await;
                if matches!(rolled_back, Ok(Ok(_))) && !failure.is_read_only() {
                    self.connection = Some(connection);
                }
                Err(Ended::Failed(failure))
            }
            Err(unknown) => Err(unknown),
        }
    }
}

fn explain(ended: Ended) -> StoreError {
    match ended {
        Ended::Failed(failure) => match commits::taken(&failure) {
            Some(taken) => taken,
            None => {
                let error = StoreError::from(failure);
                tracing::error!(%error, "a transaction was rolled back: {error}");
                error
            }
        },
        Ended::Unknown(error) => {
            tracing::error!(%error, "the outcome of a transaction is unknown: {error}");
            StoreError::OutcomeUnknown(error)
        }
    }
}
