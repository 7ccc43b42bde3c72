//! The chains of one page, verified on a thread of their own.

use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

use motcua_store::StoreError;

use super::Difference;
use super::chain::Chain;
use crate::read::page::{Lying, Page, Place, corrupt};

/// A chain that may go on, and where it lies.
pub(super) type Open = Option<(Place, Chain)>;

/// A page, and what is needed to verify it.
pub(super) struct Segment {
    pub(super) page: Page,
    pub(super) origin: Arc<str>,
    /// The chain that the page before ended with.
    pub(super) before: Option<Receiver<Open>>,
    pub(super) after: SyncSender<Open>,
}

/// What came of a page.
#[derive(Default)]
pub(super) struct Verified {
    pub(super) events: u64,
    pub(super) unreadable: Vec<Difference>,
    /// Chains that do not go on, in their order.
    pub(super) ended: Vec<Chain>,
}

impl Segment {
    /// The first chain, which may have begun in the page before, is verified last: only that waits
    /// for whoever verifies the page before.
    pub(super) fn verify(mut self) -> Verified {
        let rows = self.page.len();
        let mut begun = 1;
        while begun < rows && self.page.place(begun) == self.page.place(0) {
            begun += 1;
        }
        let mut later = Verified::default();
        let last = self.push(begun..rows, None, &mut later);
        let is_first_over = begun < rows;
        if is_first_over {
            self.hand_on(last);
        }
        let mut verified = Verified::default();
        let before = self.before.take().and_then(|before| before.recv().ok().flatten());
        if let Some(open) = self.push(0..begun, before, &mut verified) {
            if is_first_over {
                verified.ended.push(open.1);
            } else {
                self.hand_on(Some(open));
            }
        }
        verified.events += later.events;
        verified.unreadable.append(&mut later.unreadable);
        verified.ended.append(&mut later.ended);
        verified
    }

    /// Nobody takes it where the sweep was given up.
    fn hand_on(&self, open: Open) {
        drop(self.after.send(open));
    }

    /// Verifies some rows behind a chain that is open; answers the one that is open then.
    fn push(&mut self, rows: Range<usize>, mut open: Open, verified: &mut Verified) -> Open {
        let mut kept = std::mem::take(&mut self.page.kept);
        let mut away = std::mem::take(&mut self.page.away);
        let Self { page, origin, .. } = &*self;
        for at in rows {
            let Lying { place, seq, cells } = page.row(at);
            if let Some((_, chain)) = open.take_if(|(at, _)| at != place) {
                verified.ended.push(chain);
            }
            let pushed = cells.and_then(|cells| {
                if open.is_none() {
                    let Some(id) = place.chain(cells.header) else { return Ok(()) };
                    let chain = Chain::new(origin, id);
                    let kept = chain.dossier.and_then(|id| kept.remove(&id));
                    let chain = chain.beside(kept);
                    let chain = match chain.dossier.and_then(|id| away.remove(&id)) {
                        Some(away) => chain.behind(&away),
                        None => chain,
                    };
                    open = Some((place.clone(), chain));
                }
                let Some((_, chain)) = &mut open else { return Ok(()) };
                chain.push_lying(&cells).map_err(|unreadable| corrupt(place, seq, unreadable))
            });
            match pushed {
                Ok(()) => verified.events += 1,
                Err(error) => verified.unreadable.push(unreadable(place, &error)),
            }
        }
        self.page.kept = kept;
        self.page.away = away;
        open
    }
}

fn unreadable(place: &Place, error: &StoreError) -> Difference {
    Difference { chain: place.text(), code: "row", message: error.to_string() }
}
