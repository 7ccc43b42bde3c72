//! One chain while its events come.

use motcua_audit::{
    ChainHead, ChainId, ChainVerifier, EventText, FieldSlot, Header, read_openings,
};
use motcua_dossiers::codec;
use motcua_dossiers::dossier::Dossier;
use motcua_store::contract::StoredEvent;
use uuid::Uuid;

use super::Difference;
use crate::read::away::Away;
use crate::read::histories::{Cells, Unreadable, stored_event};
use crate::read::sweep::Kept;

/// Of a record.
pub(super) const UNPROVEN: &str = "the record of what is moved away does not prove itself";

pub(super) struct Chain {
    pub(super) id: ChainId,
    verifier: ChainVerifier,
    pub(super) dossier: Option<Uuid>,
    folded: Option<Dossier>,
    /// What was stored of the dossier when its first events were read.
    kept: Option<Kept>,
    /// Whether the history yielded the stored snapshot when it came by its version.
    yields_snapshot: bool,
    /// Whether its beginning is moved away: the state that it had then is not known from events.
    is_behind: bool,
    /// Number of its last event.
    pub(super) seq: u64,
    pub(super) found: Vec<Difference>,
}

impl Chain {
    pub(super) fn new(origin: &str, id: ChainId) -> Self {
        let dossier = id.as_str().strip_prefix("dossier:").and_then(|id| Uuid::parse_str(id).ok());
        Self {
            verifier: ChainVerifier::new(origin, id.clone()),
            id,
            dossier,
            folded: None,
            kept: None,
            yields_snapshot: false,
            is_behind: false,
            seq: 0,
            found: Vec::new(),
        }
    }

    /// The same, to be compared with what is stored of its dossier.
    pub(super) fn beside(self, kept: Option<Kept>) -> Self {
        Self { kept, ..self }
    }

    /// The same behind the part of it that is moved away, which its record must prove.
    pub(super) fn behind(mut self, away: &Away) -> Self {
        match away.head(&self.id) {
            Some(head) => {
                self.verifier = ChainVerifier::behind(self.id.clone(), head);
                self.is_behind = true;
            }
            None => self.differs("away", UNPROVEN.to_owned()),
        }
        self
    }

    /// Whether the state before an event is known. Where the beginning is away it is the snapshot from
    /// its version on.
    fn is_known_before(&mut self, seq: u64) -> bool {
        if self.is_behind && self.folded.is_none() {
            let snapshot = self.kept.as_ref().and_then(|kept| kept.snapshot.as_ref());
            let here = snapshot.filter(|(version, _)| version + 1 == seq);
            self.folded = here.and_then(|(_, state)| serde_json::from_str(state).ok());
            self.yields_snapshot = self.folded.is_some();
        }
        !self.is_behind || self.folded.is_some()
    }

    pub(super) fn differs(&mut self, code: &'static str, message: String) {
        self.found.push(Difference { chain: self.id.to_string(), code, message });
    }

    /// Verifies and folds an event where it lies. One with which something is wrong is taken apart,
    /// to tell what.
    pub(super) fn push_lying(&mut self, cells: &Cells<'_>) -> Result<(), Unreadable> {
        if self.push_sound(cells).is_none() {
            let event = stored_event(cells)?;
            let salts = cells.salts.unwrap_or_default().as_chunks::<32>().0;
            for (place, (slot, salt)) in event.slots.iter().zip(salts).enumerate() {
                if matches!(slot, FieldSlot::Withheld(_)) && *salt != [0; 32] {
                    let seq = event.seq;
                    self.differs(
                        "salt",
                        format!("event {seq}: field {place} is erased, not its salt"),
                    );
                }
            }
            self.push(&event);
        }
        Ok(())
    }

    fn push_sound(&mut self, cells: &Cells<'_>) -> Option<()> {
        let (commitments, []) = cells.commitments.as_chunks::<32>() else { return None };
        let (salts, []) = cells.salts?.as_chunks::<32>() else { return None };
        let openings = read_openings(cells.slots)?;
        // The salt of an erased field is gone too, or its value could be guessed.
        let is_left = |(opening, salt): (&Option<_>, _)| opening.is_none() && salt != &[0; 32];
        if openings.iter().zip(salts).any(is_left) {
            return None;
        }
        let Cells { header, hash, .. } = *cells;
        let event = EventText { header, hash, commitments, openings: &openings, salts };
        let header = self.verifier.push_sound(&event)?;
        self.seq = cells.seq;
        if let Some(id) = self.dossier
            && self.is_known_before(cells.seq)
        {
            let opened = openings.iter().flatten().copied();
            let folded = codec::fold_text(self.folded.take(), id, &header, opened);
            self.fold(folded.map_err(|error| error.to_string()));
        }
        Some(())
    }

    pub(super) fn push(&mut self, event: &StoredEvent) {
        self.seq = event.seq;
        let StoredEvent { header, hash, commitments, slots, .. } = event;
        for finding in self.verifier.push_stored(header, hash, commitments, slots) {
            self.differs(finding.code, finding.message);
        }
        let (Some(id), Ok(header)) = (self.dossier, Header::decode(header)) else { return };
        if !self.is_known_before(event.seq) {
            return;
        }
        let folded = codec::fold(self.folded.take(), id, &header, event.opened());
        self.fold(folded.map_err(|error| error.to_string()));
    }

    fn fold(&mut self, folded: Result<Dossier, String>) {
        match folded {
            Ok(folded) => {
                let snapshot = self.kept.as_ref().and_then(|kept| kept.snapshot.as_ref());
                if let Some((_, state)) = snapshot.filter(|(version, _)| *version == folded.version)
                {
                    self.yields_snapshot = is_state(&folded, state);
                }
                self.folded = Some(folded);
            }
            Err(error) => self.differs("fold", format!("event {}: {error}", self.seq)),
        }
    }

    /// Whether nothing was found and all that is stored agrees. Where a snapshot is behind the end,
    /// the state is what the events after it make of it, as they did here.
    pub(super) fn is_settled(&mut self, head: Option<&ChainHead>) -> bool {
        self.is_known_before(self.seq + 1);
        let head = match (self.dossier, &self.kept) {
            (None, _) => head,
            (Some(_), Some(Kept { head, snapshot })) => {
                (snapshot.is_none() || self.yields_snapshot).then_some(head)
            }
            (Some(_), None) => None,
        };
        let end = self.verifier.head();
        self.found.is_empty()
            && head.is_some()
            && head == end
            && end.is_some_and(|end| end.seq == self.seq)
    }

    /// What differs between the end of the history and what is stored of it.
    pub(super) fn compare(&mut self, head: Option<&ChainHead>, stored: Option<&Dossier>) {
        if head.is_none() || head != self.verifier.head() {
            self.differs("head", "the history does not end in the stored head".to_owned());
        }
        if self.dossier.is_some() && self.folded.as_ref() != stored {
            self.differs("state", "the history does not yield the stored state".to_owned());
        }
    }
}

/// Whether a stored text is this state; mostly it is its very spelling.
fn is_state(dossier: &Dossier, state: &str) -> bool {
    serde_json::to_string(dossier).is_ok_and(|text| text == state)
        || serde_json::from_str::<Dossier>(state).is_ok_and(|stored| stored == *dossier)
}
