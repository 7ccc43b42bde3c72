//! Heads without a beginning: what a record says is moved away, and what is lost.

use motcua_store::StoreError;
use uuid::Uuid;

use super::chain::UNPROVEN;
use super::{Course, Difference};
use crate::error::Failure;
use crate::glance::{Glance, Head};
use crate::read::away::{self, Away, PartAway};
use crate::read::histories;
use crate::read::sweep::never_begun;

impl Glance {
    /// The parts of the histories that are recorded as moved away.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be read.
    pub async fn parts_away(&self) -> Result<Vec<PartAway>, StoreError> {
        Ok(away::parts(self.reads()).await?)
    }
}

impl<F: FnMut(Difference)> Course<'_, F> {
    /// Heads without the first event of their history. It may be away; whatever no record accounts for
    /// is lost.
    pub(super) async fn lost(&mut self, glance: &Glance) -> Result<(), StoreError> {
        let parts = self.parts(glance).await?;
        let mut after = None;
        loop {
            let heads = glance.heads(after.as_ref()).await?;
            let Some(last) = heads.last() else { return Ok(()) };
            after = Some(last.clone());
            let chains = heads.iter().map(|head| head.chain.clone()).collect();
            let lost = never_begun(self.reads, chains).await?;
            let missing: Vec<_> =
                heads.into_iter().filter(|head| lost.contains(&head.chain)).collect();
            let ids: Vec<Uuid> = missing.iter().filter_map(dossier_of).collect();
            let mut recorded = away::of(self.reads, &ids).await?;
            for head in missing {
                let away = dossier_of(&head).and_then(|id| recorded.remove(&id));
                match away.filter(|away| parts.contains(&away.part)) {
                    Some(away) => self.away(&head, &away).await?,
                    None => self.differs(&head, "history", "its history has no first event"),
                }
            }
        }
    }

    /// The parts that are away, by name. Of each the record must be as it was made.
    async fn parts(&mut self, glance: &Glance) -> Result<Vec<String>, StoreError> {
        let parts = glance.parts_away().await?;
        for PartAway { part, .. } in parts.iter().filter(|part| part.digest != part.recomputed) {
            self.swept.differences += 1;
            let message = "the record of what is moved away was changed".to_owned();
            (self.told)(Difference { chain: format!("part {part}"), code: "away", message });
        }
        Ok(parts.into_iter().map(|part| part.part).collect())
    }

    /// What is away must end in the stored head, or go on here.
    async fn away(&mut self, head: &Head, away: &Away) -> Result<(), Failure> {
        self.swept.away += 1;
        if away.head(&head.chain).is_none() {
            self.differs(head, "away", UNPROVEN);
        } else if head.seq > away.seq {
            let behind = histories::events(self.reads, &head.chain, away.seq, 1).await?;
            if behind.is_empty() {
                self.differs(head, "history", "its history has no event behind what is moved away");
            }
        } else if (head.seq, head.hash) != (away.seq, away.hash) {
            self.differs(head, "head", "what is moved away does not end in the stored head");
        }
        Ok(())
    }

    fn differs(&mut self, head: &Head, code: &'static str, message: &str) {
        self.swept.differences += 1;
        let (chain, message) = (head.chain.to_string(), message.to_owned());
        (self.told)(Difference { chain, code, message });
    }
}

fn dossier_of(head: &Head) -> Option<Uuid> {
    Uuid::parse_str(head.chain.as_str().strip_prefix("dossier:")?).ok()
}
