//! All histories of a store, verified from the stored bytes: chain by chain, in flat memory, beside
//! whoever writes.

use std::collections::HashMap;

use motcua_audit::{ChainHead, ChainId, ChainVerifier, Header};
use motcua_dossiers::codec;
use motcua_dossiers::dossier::Dossier;
use motcua_store::StoreError;
use motcua_store::contract::{DossierKey, StoredEvent};
use uuid::Uuid;

use crate::database::Reads;
use crate::glance::Glance;
use crate::read::sweep::{Place, events, never_begun, stored as stored_states};
use crate::read::{dossiers, histories};

/// Events read at once.
const SWEEP_ROWS: i64 = 2_000;
/// Chains whose ends are compared with the stored heads and states at once.
const ENDED_MAX: usize = 256;

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
}

/// What does not agree with what must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Name of the chain, or where it lies.
    pub chain: String,
    /// A word for programs: one of `motcua_audit::code`, or `row`, `fold`, `head`, `state`, `history`.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
}

/// A chain while its events come.
struct Chain {
    id: ChainId,
    verifier: ChainVerifier,
    dossier: Option<Uuid>,
    folded: Option<Dossier>,
    /// Number of its last event.
    seq: u64,
    found: Vec<Difference>,
}

impl Chain {
    fn new(origin: &str, id: ChainId) -> Self {
        let dossier = id.as_str().strip_prefix("dossier:").and_then(|id| Uuid::parse_str(id).ok());
        let verifier = ChainVerifier::new(origin, id.clone());
        Self { id, verifier, dossier, folded: None, seq: 0, found: Vec::new() }
    }

    fn differs(&mut self, code: &'static str, message: String) {
        self.found.push(Difference { chain: self.id.to_string(), code, message });
    }

    fn push(&mut self, event: &StoredEvent) {
        self.seq = event.seq;
        let StoredEvent { header, hash, commitments, slots, .. } = event;
        for finding in self.verifier.push_stored(header, hash, commitments, slots) {
            self.differs(finding.code, finding.message);
        }
        let (Some(id), Ok(header)) = (self.dossier, Header::decode(header)) else { return };
        match codec::fold(self.folded.take(), id, &header, event.opened()) {
            Ok(folded) => self.folded = Some(folded),
            Err(error) => self.differs("fold", format!("event {}: {error}", event.seq)),
        }
    }

    /// What differs between the end of the history and what is stored of it.
    fn compare(&mut self, head: Option<&ChainHead>, stored: Option<&Dossier>) {
        let recomputed = self.verifier.head();
        let same = |head: &ChainHead| {
            recomputed.is_some_and(|end| (end.seq, end.hash) == (head.seq, head.hash))
        };
        if !head.is_some_and(same) {
            self.differs("head", "the history does not end in the stored head".to_owned());
        }
        if self.dossier.is_some() && self.folded.as_ref() != stored {
            self.differs("state", "the history does not yield the stored state".to_owned());
        }
    }
}

/// The head and state that are stored for a chain.
async fn stored(
    reads: &Reads,
    chain: &Chain,
) -> Result<(Option<ChainHead>, Option<Dossier>), StoreError> {
    let Some(id) = chain.dossier else {
        return Ok((histories::chain_head(reads, &chain.id).await?, None));
    };
    let loaded = dossiers::load(reads, &DossierKey::Id(id)).await?;
    Ok(loaded.map_or((None, None), |loaded| {
        (Some(loaded.head), Some(std::sync::Arc::unwrap_or_clone(loaded.dossier)))
    }))
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
        mut told: impl FnMut(Difference),
    ) -> Result<Swept, StoreError> {
        let reads = self.reads();
        let mut swept = Swept::default();
        let (mut place, mut seq) = (Place::first(reads), 0);
        let mut open: Option<(Place, Chain)> = None;
        let mut ended = Vec::with_capacity(ENDED_MAX);
        loop {
            let page = events(reads, &place, seq, SWEEP_ROWS).await?;
            let Some(last) = page.last() else { break };
            (place, seq) = (last.place.clone(), last.seq);
            for row in page {
                if let Some((_, chain)) = open.take_if(|(at, _)| *at != row.place) {
                    ended.push(chain);
                    if ended.len() == ENDED_MAX {
                        close_all(reads, &mut ended, &mut swept, &mut told).await?;
                    }
                }
                let event = match row.event {
                    Ok(event) => event,
                    Err(error) => {
                        swept.unreadable += 1;
                        swept.differences += 1;
                        let (chain, message) = (row.place.text(), error.to_string());
                        told(Difference { chain, code: "row", message });
                        continue;
                    }
                };
                swept.events += 1;
                if open.is_none() {
                    let Some(id) = row.place.chain(&event) else { continue };
                    open = Some((row.place, Chain::new(origin, id)));
                }
                if let Some((_, chain)) = &mut open {
                    chain.push(&event);
                }
            }
        }
        ended.extend(open.map(|(_, chain)| chain));
        close_all(reads, &mut ended, &mut swept, &mut told).await?;
        self.lost(&mut swept, &mut told).await?;
        Ok(swept)
    }

    /// Heads without any history.
    async fn lost(
        &self,
        swept: &mut Swept,
        told: &mut impl FnMut(Difference),
    ) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let heads = self.heads(after.as_ref()).await?;
            let Some(last) = heads.last() else { return Ok(()) };
            after = Some(last.clone());
            let chains = heads.into_iter().map(|head| head.chain).collect();
            for chain in never_begun(self.reads(), chains).await? {
                swept.differences += 1;
                let message = "its history has no first event".to_owned();
                told(Difference { chain: chain.to_string(), code: "history", message });
            }
        }
    }
}

/// Ends chains: those of dossiers that agree with what is stored are done with one query for all.
async fn close_all(
    reads: &Reads,
    ended: &mut Vec<Chain>,
    swept: &mut Swept,
    told: &mut impl FnMut(Difference),
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = ended.iter().filter_map(|chain| chain.dossier).collect();
    let stored = stored_states(reads, &ids).await?;
    let stored: HashMap<Uuid, _> =
        stored.into_iter().map(|(head, dossier)| (dossier.id, (head, dossier))).collect();
    for mut chain in ended.drain(..) {
        let found = chain.dossier.and_then(|id| stored.get(&id));
        if let Some((head, dossier)) = found.filter(|(head, _)| head.seq == chain.seq) {
            swept.chains += 1;
            chain.compare(Some(head), Some(dossier));
            swept.differences += chain.found.len() as u64;
            chain.found.into_iter().for_each(&mut *told);
        } else {
            close(reads, chain, swept, told).await?;
        }
    }
    Ok(())
}

/// Ends a chain. Events that were committed since they were read are read now: the head that is read
/// here is never behind them.
async fn close(
    reads: &Reads,
    mut chain: Chain,
    swept: &mut Swept,
    told: &mut impl FnMut(Difference),
) -> Result<(), StoreError> {
    swept.chains += 1;
    let (head, state) = match stored(reads, &chain).await {
        Ok(stored) => stored,
        Err(error @ StoreError::Corrupt { .. }) => {
            swept.unreadable += 1;
            chain.differs("row", error.to_string());
            (None, None)
        }
        Err(error) => return Err(error),
    };
    let end = head.as_ref().map_or(0, |head| head.seq);
    while chain.seq < end {
        let left = u32::try_from((end - chain.seq).min(SWEEP_ROWS.unsigned_abs()));
        let limit = left.expect("a page is small");
        let page = histories::events(reads, &chain.id, chain.seq, limit).await?;
        if page.is_empty() {
            break;
        }
        swept.events += page.len() as u64;
        page.iter().for_each(|event| chain.push(event));
    }
    chain.compare(head.as_ref(), state.as_ref());
    swept.differences += chain.found.len() as u64;
    chain.found.into_iter().for_each(told);
    Ok(())
}
