//! All histories of a store, verified from the stored bytes: chain by chain, in flat memory, beside
//! whoever writes. One task reads, others verify the pages that were read; a chain that goes on in the
//! next page is handed on.

mod away;
mod chain;
mod segment;

use std::collections::VecDeque;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

use motcua_audit::ChainHead;
use motcua_dossiers::dossier::Dossier;
use motcua_store::StoreError;
use motcua_store::contract::DossierKey;
use tokio::task::JoinHandle;

use self::chain::Chain;
use self::segment::{Segment, Verified};
use crate::database::Reads;
use crate::error::Failure;
use crate::glance::Glance;
use crate::read::page::Reader;
use crate::read::sweep::heads;
use crate::read::{dossiers, histories};

/// Threads that verify: each holds a page of events.
pub const SWEEP_JOBS_MAX: u16 = 64;
/// Events of a page.
const SWEEP_PAGE_EVENTS: u32 = 1_000;

/// How a store is gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepOptions {
    /// Threads that verify.
    pub jobs: NonZeroUsize,
    /// Events read at once: a page for each thread and one more are in memory.
    pub page_events: NonZeroU32,
}

impl Default for SweepOptions {
    /// A thread for each core, 64 at most, and pages of 1,000 events.
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let jobs = NonZeroUsize::new(cores.min(SWEEP_JOBS_MAX.into())).expect("at least one core");
        let page_events = NonZeroU32::new(SWEEP_PAGE_EVENTS).expect("not zero");
        Self { jobs, page_events }
    }
}

/// What was verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Chains.
    pub chains: u64,
    /// Events.
    pub events: u64,
    /// Differences.
    pub differences: u64,
    /// Rows that cannot be read; they are differences too.
    pub unreadable: u64,
    /// Chains of which all or the beginning is moved away and was not verified.
    pub away: u64,
}

/// What does not agree with what must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Name of the chain, or where it lies.
    pub chain: String,
    /// A word for programs: one of `motcua_audit::code`, or `row`, `fold`, `head`, `state`, `history`,
    /// `salt`, `away`.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
}

/// What was found so far, and who hears of it.
struct Course<'a, F> {
    reads: &'a Reads,
    limit: u32,
    swept: Swept,
    told: F,
}

impl Glance {
    /// Recomputes every chain from the stored bytes, folds those of dossiers, and compares heads and
    /// states with the stored ones; `told` hears every difference. What is committed meanwhile is
    /// either verified or left alone.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be read. A row that cannot be read is a
    /// difference.
    pub async fn sweep(
        &self,
        origin: &str,
        options: SweepOptions,
        told: impl FnMut(Difference),
    ) -> Result<Swept, StoreError> {
        let reads = self.reads();
        let SweepOptions { jobs, page_events } = options;
        let limit = page_events.get();
        let mut course = Course { reads, limit, swept: Swept::default(), told };
        let origin: Arc<str> = origin.into();
        let mut reader = Reader::new(reads)?;
        let (mut after, mut before) = (None, None);
        let mut under_way = VecDeque::new();
        loop {
            let (again, page) = reader.page(after, limit).await?;
            reader = again;
            after = page.last();
            if after.is_none() {
                break;
            }
            if under_way.len() == jobs.get() {
                course.conclude(under_way.pop_front()).await?;
            }
            let (after, handed) = sync_channel(1);
            let before = before.replace(handed);
            let segment = Segment { page, origin: origin.clone(), before, after };
            under_way.push_back(tokio::task::spawn_blocking(move || segment.verify()));
        }
        while let verifying @ Some(_) = under_way.pop_front() {
            course.conclude(verifying).await?;
        }
        let open = before.and_then(|handed| handed.recv().ok().flatten());
        course.close_all(open.into_iter().map(|(_, chain)| chain).collect()).await?;
        course.lost(self).await?;
        Ok(course.swept)
    }
}

impl<F: FnMut(Difference)> Course<'_, F> {
    /// Waits for a page to be verified, and ends the chains that ended in it.
    async fn conclude(&mut self, verifying: Option<JoinHandle<Verified>>) -> Result<(), Failure> {
        let Some(verifying) = verifying else { return Ok(()) };
        let verified =
            verifying.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        let unreadable = verified.unreadable.len() as u64;
        self.swept.events += verified.events;
        self.swept.unreadable += unreadable;
        self.swept.differences += unreadable;
        verified.unreadable.into_iter().for_each(&mut self.told);
        self.close_all(verified.ended).await
    }

    /// Ends chains: those that agree with what is stored are done with one query for all.
    async fn close_all(&mut self, ended: Vec<Chain>) -> Result<(), Failure> {
        let others = ended.iter().filter(|chain| chain.dossier.is_none());
        let others: Vec<_> = others.map(|chain| &chain.id).collect();
        let heads = heads(self.reads, &others).await?;
        for mut chain in ended {
            self.swept.chains += 1;
            if !chain.is_settled(heads.get(chain.id.as_str())) {
                self.close(chain).await?;
            }
        }
        Ok(())
    }

    /// Ends a chain. Events that were committed since they were read are read now: the head that is
    /// read here is never behind them.
    async fn close(&mut self, mut chain: Chain) -> Result<(), Failure> {
        let (head, state) = match stored(self.reads, &chain).await {
            Ok(stored) => stored,
            Err(Failure::Corrupt(error)) => {
                self.swept.unreadable += 1;
                chain.differs("row", error.to_string());
                (None, None)
            }
            // The state that it would follow from is not here either.
            Err(error @ Failure::MovedAway(..)) => {
                chain.differs("state", StoreError::from(error).to_string());
                (None, None)
            }
            Err(error) => return Err(error),
        };
        let end = head.as_ref().map_or(0, |head| head.seq);
        while chain.seq < end {
            let limit = (end - chain.seq).min(self.limit.into());
            let limit = u32::try_from(limit).expect("not more than a page");
            let page = match histories::events(self.reads, &chain.id, chain.seq, limit).await {
                // Told already, where its page was read.
                Err(Failure::Corrupt(_)) => break,
                page => page?,
            };
            if page.is_empty() {
                break;
            }
            self.swept.events += page.len() as u64;
            page.iter().for_each(|event| chain.push(event));
        }
        chain.compare(head.as_ref(), state.as_ref());
        self.swept.differences += chain.found.len() as u64;
        chain.found.into_iter().for_each(&mut self.told);
        Ok(())
    }
}

/// The head and state that are stored for a chain.
async fn stored(
    reads: &Reads,
    chain: &Chain,
) -> Result<(Option<ChainHead>, Option<Dossier>), Failure> {
    let Some(id) = chain.dossier else {
        return Ok((histories::chain_head(reads, &chain.id).await?, None));
    };
    let loaded = dossiers::load(reads, &DossierKey::Id(id)).await?;
    Ok(loaded.map_or((None, None), |loaded| {
        (Some(loaded.head), Some(Arc::unwrap_or_clone(loaded.dossier)))
    }))
}
