//! The writers: group commit over several connections.
//!
//! Work queues up while a writer is on its way to the server. One writer writes as long as it keeps
//! up: the more it finds when it comes back, the less each commit costs. Only when more waits than
//! one transaction takes, or when that writer is held up, do the others help, and their transactions
//! overlap. Two batches that touch
//! one dossier, of one node or of two, meet at the lock of its row.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use motcua_store::StoreError;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::{Mutex, Notify, Semaphore, mpsc};
use tokio::task::JoinSet;

use super::commits;
use super::link::{Ended, Link};
use crate::database::Argument::Text;
use crate::database::{DEADLINE_MARGIN, Session};
use crate::prepare::{DossierRows, Prepared, RegisterRows};
use crate::queue::{AnyWrite, Job, Queue, take, take_waiting, writer_gone};

const WRITER_BEGIN: &str = "-- writer_begin
    BEGIN";
const WRITER_COMMIT: &str = "-- writer_commit
    COMMIT";
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
            let deadline = limits.timeout + DEADLINE_MARGIN;
            let link = Link::new(Arc::clone(&connect), deadline, Arc::clone(&transactions));
            tasks.spawn(Writing { link }.run(Arc::clone(&source)));
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
    link: Link,
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
            let Some(taken) = taken else {
                // The queue has ended, or another writer was faster.
                if turn.is_some() {
                    break;
                }
                continue;
            };
            // Jobs dropped by a panic tell their callers that the outcome is unknown. A connection in
            // use goes with them, so that the writer goes on with a fresh one.
            if caught(self.settle(taken)).await.is_err() {
                tracing::error!("a writer panicked and goes on with another connection");
            }
        }
        self.link.close().await;
    }

    async fn settle(&mut self, jobs: Vec<Job>) {
        self.link.look_again();
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
        let mut outcome = transact_dossiers(&mut self.link, commits).await;
        if matches!(&outcome, Err(Ended::Failed(failure)) if failure.is_race()) {
            outcome = transact_dossiers(&mut self.link, commits).await;
        }
        match outcome {
            Ok(verdicts) => verdicts,
            Err(Ended::Failed(failure)) if failure.concerns_one() => {
                let mut alone = Alone::of(commits.len());
                for commit in commits {
                    let commit = std::slice::from_ref(commit);
                    if !alone.take(transact_dossiers(&mut self.link, commit).await) {
                        break;
                    }
                }
                alone.verdicts()
            }
            Err(ended) => vec![Err(ended.explain()); commits.len()],
        }
    }

    /// Other chains together: most are records of somebody's reading, and many are read at a time. If
    /// one of them breaks a constraint, each is written alone.
    async fn write_registers(&mut self, commits: &[&RegisterRows]) -> Vec<Result<(), StoreError>> {
        match transact_registers(&mut self.link, commits).await {
            Ok(verdicts) => verdicts,
            Err(Ended::Failed(failure)) if failure.concerns_one() => {
                let mut alone = Alone::of(commits.len());
                for commit in commits {
                    let commit = std::slice::from_ref(commit);
                    if !alone.take(transact_registers(&mut self.link, commit).await) {
                        break;
                    }
                }
                alone.verdicts()
            }
            Err(ended) => vec![Err(ended.explain()); commits.len()],
        }
    }

    async fn write_other(&mut self, mut write: Box<dyn AnyWrite>) {
        let mut exclusive = write.exclusive();
        exclusive.sort_unstable();
        let written = self.link.transact(async |connection| {
            sqlx::query(WRITER_BEGIN).execute(&mut *connection).await?;
            for key in &exclusive {
                Session::Postgres(connection).rows(WRITER_EXCLUSIVE, &[Text(key)]).await?;
            }
            write.write(Session::Postgres(connection)).await?;
            sqlx::query(WRITER_COMMIT).execute(&mut *connection).await?;
            Ok(())
        });
        let outcome = written.await.map_err(Ended::explain);
        write.answer(outcome);
    }
}

async fn transact_dossiers(
    link: &mut Link,
    commits: &[&DossierRows],
) -> Result<Vec<Result<(), StoreError>>, Ended> {
    link.transact(async |connection| commits::write(connection, commits).await).await
}

async fn transact_registers(
    link: &mut Link,
    commits: &[&RegisterRows],
) -> Result<Vec<Result<(), StoreError>>, Ended> {
    if commits.is_empty() {
        return Ok(Vec::new());
    }
    let written = link.transact(async |connection| {
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

/// Waits for a lock in vain after which commits are no longer written one by one: each takes
/// [`Options::busy_timeout`](crate::Options::busy_timeout).
const LOCKS_MET_MAX: u32 = 2;

/// What became of commits that are written one by one, until one meets what concerns all.
struct Alone {
    commits: usize,
    /// How many waited for a lock in vain.
    locked: u32,
    verdicts: Vec<Result<(), StoreError>>,
}

impl Alone {
    fn of(commits: usize) -> Self {
        Self { commits, locked: 0, verdicts: Vec::with_capacity(commits) }
    }

    /// Takes what became of the next one; answers whether to go on.
    fn take(&mut self, written: Result<Vec<Result<(), StoreError>>, Ended>) -> bool {
        self.locked += u32::from(matches!(&written, Err(ended) if ended.is_locked()));
        let concerns_all = matches!(&written, Err(ended) if ended.concerns_all());
        // One row may be locked; where another commit waits in vain too, a table is.
        let goes_on = !concerns_all && self.locked < LOCKS_MET_MAX;
        self.verdicts.push(match written {
            Ok(verdict) => verdict.into_iter().next().unwrap_or(Err(writer_gone())),
            Err(ended) => Err(ended.explain()),
        });
        goes_on
    }

    /// The verdicts on all: what was not tried any more was not written.
    fn verdicts(mut self) -> Vec<Result<(), StoreError>> {
        let why = "the commit before it failed for a reason that concerns all";
        self.verdicts.resize(self.commits, Err(StoreError::Unavailable(why.to_owned())));
        self.verdicts
    }
}

/// Runs to its end, or to its panic.
async fn caught(work: impl Future<Output = ()>) -> std::thread::Result<()> {
    let mut work = pin!(work);
    let step = |context: &mut Context<'_>| {
        // After a panic the work is never polled again.
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(polled) => polled.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    };
    poll_fn(step).await
}

#[cfg(test)]
mod tests {
    use motcua_test_cluster::Cluster;

    use super::*;
    use crate::desk::{Setting, Verdict, Write};
    use crate::error::Failure;
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

    #[test]
    fn what_concerns_all_ends_the_writing_one_by_one() {
        let corrupt = || StoreError::Corrupt { table: "t", column: "c", key: "k".into() };
        let mut alone = Alone::of(5);
        assert!(alone.take(Ok(vec![Ok(())])));
        assert!(alone.take(Err(Ended::Failed(Failure::Corrupt(corrupt())))));
        assert!(!alone.take(Err(Ended::Unknown("gone".into()))));
        let verdicts = alone.verdicts();
        assert_eq!(verdicts[..2], [Ok(()), Err(corrupt())]);
        assert_eq!(verdicts[2], Err(StoreError::OutcomeUnknown("gone".into())));
        let untried = |verdict| matches!(verdict, &Err(StoreError::Unavailable(_)));
        assert!(verdicts[3..].iter().all(untried), "{verdicts:?}");
        assert_eq!(verdicts.len(), 5);
        let unfit = Ended::Failed(Failure::Unfit("a standby".into()));
        assert!(!Alone::of(1).take(Err(unfit)));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_writer_that_panics_says_so_and_goes_on() {
        let options = Options { write_connections: 1, ..Options::default() };
        let opened = crate::postgres::open(&Cluster::shared().database(), &options).await;
        let (reads, writers) = opened.expect("a store");
        let queue = writers.queue();
        // More often than there are writers.
        for _ in 0..3 {
            let answer = queue.write(Panics).await;
            assert!(matches!(answer, Err(StoreError::OutcomeUnknown(_))), "{answer:?}");
        }
        let setting = Setting { key: "a".into(), value: "kept".into() };
        assert_eq!(queue.write(setting).await, Ok("kept".into()));
        writers.stop().await;
        reads.pool.close().await;
    }
}
