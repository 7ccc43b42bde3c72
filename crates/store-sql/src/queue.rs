//! What waits for a writer, whichever the database.
//!
//! Work queues up while the previous transaction is on its way to the disk; whoever writes takes what
//! waits.

use std::pin::Pin;
use std::sync::Arc;

use motcua_store::StoreError;
use tokio::sync::{Notify, mpsc, oneshot};

use crate::database::Session;
use crate::desk::{Verdict, Write};
use crate::error::Failure;
use crate::prepare::Prepared;

/// The way to whoever writes.
#[derive(Debug)]
pub(crate) struct Queue {
    jobs: mpsc::Sender<Job>,
    /// Told whenever at least `crowd` jobs wait.
    crowded: Arc<Notify>,
    crowd: usize,
}

impl Queue {
    /// A queue for so many jobs, and its other end; `crowd` jobs are a crowd.
    pub(crate) fn new(jobs_max: usize, crowd: usize) -> (Self, mpsc::Receiver<Job>) {
        let (queue, jobs) = mpsc::channel(jobs_max);
        (Self { jobs: queue, crowded: Arc::default(), crowd }, jobs)
    }

    /// Told whenever a crowd waits.
    pub(crate) fn crowded(&self) -> Arc<Notify> {
        Arc::clone(&self.crowded)
    }

    /// Has commits written and answers each.
    pub(crate) async fn commit(&self, batch: Vec<Prepared>) -> Vec<Result<(), StoreError>> {
        let count = batch.len();
        let (answer, answered) = oneshot::channel();
        match self.send(Job::Commits { batch, verdicts: Vec::new(), answer }) {
            Ok(()) => answered.await.unwrap_or_else(|_| vec![Err(writer_gone()); count]),
            Err(refused) => vec![Err(refused); count],
        }
    }

    /// Has another piece of work done.
    pub(crate) async fn write<W: Write>(&self, write: W) -> Result<W::Answer, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.send(Job::Write(Box::new(Pending { write, verdict: None, answer })))?;
        answered.await.unwrap_or_else(|_| Err(writer_gone()))
    }

    fn send(&self, job: Job) -> Result<(), StoreError> {
        self.jobs.try_send(job).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => StoreError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => {
                StoreError::Unavailable("the writer has ended".into())
            }
        })?;
        if self.jobs.max_capacity() - self.jobs.capacity() >= self.crowd {
            self.crowded.notify_one();
        }
        Ok(())
    }
}

pub(crate) fn writer_gone() -> StoreError {
    StoreError::OutcomeUnknown("the writer ended before it answered".into())
}

/// What waits, at most `commits_max` commits; none when the queue has ended.
pub(crate) async fn take(jobs: &mut mpsc::Receiver<Job>, commits_max: usize) -> Option<Vec<Job>> {
    let first = jobs.recv().await?;
    Some(join_first(first, jobs, commits_max))
}

/// The same for a writer that has a thread of its own.
pub(crate) fn take_blocking(
    jobs: &mut mpsc::Receiver<Job>,
    commits_max: usize,
) -> Option<Vec<Job>> {
    let first = jobs.blocking_recv()?;
    Some(join_first(first, jobs, commits_max))
}

/// What waits just now, at most `commits_max` commits; none when nothing does.
pub(crate) fn take_waiting(jobs: &mut mpsc::Receiver<Job>, commits_max: usize) -> Option<Vec<Job>> {
    let first = jobs.try_recv().ok()?;
    Some(join_first(first, jobs, commits_max))
}

fn join_first(first: Job, jobs: &mut mpsc::Receiver<Job>, commits_max: usize) -> Vec<Job> {
    let mut commits = first.commits();
    let mut taken = vec![first];
    while commits < commits_max
        && let Ok(job) = jobs.try_recv()
    {
        commits += job.commits();
        taken.push(job);
    }
    taken
}

/// Work in the queue. Nobody listens where the call was given up, which is no matter.
pub(crate) enum Job {
    Commits {
        batch: Vec<Prepared>,
        verdicts: Vec<Verdict<()>>,
        answer: oneshot::Sender<Vec<Result<(), StoreError>>>,
    },
    Write(Box<dyn AnyWrite>),
}

impl Job {
    fn commits(&self) -> usize {
        match self {
            Self::Commits { batch, .. } => batch.len(),
            Self::Write(_) => 1,
        }
    }

    /// Tells the caller what the transaction came to, and in it each verdict.
    pub(crate) fn answer(self, outcome: &Result<(), StoreError>) {
        match self {
            Self::Commits { batch, verdicts, answer } => {
                let answers = match outcome {
                    Ok(()) => verdicts,
                    Err(error) => vec![Err(error.clone()); batch.len()],
                };
                let _given_up = answer.send(answers);
            }
            Self::Write(write) => write.answer(outcome.clone()),
        }
    }
}

type Written<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;

/// A [`Write`] of any kind, with its answer.
pub(crate) trait AnyWrite: Send {
    fn exclusive(&self) -> Vec<String>;
    fn write<'a>(&'a mut self, session: Session<'a>) -> Written<'a>;
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

struct Pending<W: Write> {
    write: W,
    verdict: Option<Verdict<W::Answer>>,
    answer: oneshot::Sender<Result<W::Answer, StoreError>>,
}

impl<W: Write> AnyWrite for Pending<W> {
    fn exclusive(&self) -> Vec<String> {
        self.write.exclusive()
    }

    fn write<'a>(&'a mut self, mut session: Session<'a>) -> Written<'a> {
        Box::pin(async move {
            self.verdict = Some(self.write.write(&mut session).await?);
            Ok(())
        })
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let verdict = self.verdict.unwrap_or_else(|| Err(writer_gone()));
        let _given_up = self.answer.send(outcome.and(verdict));
    }
}
