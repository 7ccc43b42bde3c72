//! Dossiers as this node last left them.
//!
//! Most commands come soon after another on the same dossier. What stands here spares them a read:
//! a commit says on which version it was decided, so whoever goes on from a state that another node
//! has left behind is refused and decides anew. Only what writes nothing must ask the store.

use std::collections::HashMap;
use std::mem::take;
use std::sync::Mutex;

use motcua_store::contract::Loaded;
use uuid::Uuid;

use crate::limits::STANDING_DOSSIERS_MAX;

/// The dossiers that were written last, in two generations: the older one goes as a whole.
#[derive(Default)]
pub(crate) struct Standing(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    younger: HashMap<Uuid, Loaded>,
    older: HashMap<Uuid, Loaded>,
}

impl Standing {
    /// Takes a dossier out; who has gone on from it keeps it again.
    pub(crate) fn take(&self, id: Uuid) -> Option<Loaded> {
        let mut kept = self.0.lock().expect("no holder of this lock panics");
        kept.younger.remove(&id).or_else(|| kept.older.remove(&id))
    }

    /// Keeps a dossier as it was just written.
    pub(crate) fn keep(&self, loaded: Loaded) {
        let mut kept = self.0.lock().expect("no holder of this lock panics");
        if kept.younger.len() >= STANDING_DOSSIERS_MAX / 2 {
            kept.older = take(&mut kept.younger);
        }
        kept.younger.insert(loaded.dossier.id, loaded);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use motcua_store::conformance::fixture::Subject;

    use super::*;

    fn filed(number: u32) -> Loaded {
        let mut subject = Subject::new(number);
        let commit = subject.file(|_| {});
        Loaded {
            dossier: commit.dossier,
            head: commit.head,
            form: Arc::new(serde_json::Value::Null),
        }
    }

    #[test]
    fn the_last_ones_are_kept_and_never_more_than_the_limit() {
        let standing = Standing::default();
        let most = u32::try_from(STANDING_DOSSIERS_MAX).expect("small");
        let ids: Vec<Uuid> = (1..=2 * most)
            .map(|number| {
                let loaded = filed(number);
                let id = loaded.dossier.id;
                standing.keep(loaded);
                id
            })
            .collect();
        let kept = ids.iter().filter(|id| standing.take(**id).is_some()).count();
        assert!((STANDING_DOSSIERS_MAX / 2..=STANDING_DOSSIERS_MAX).contains(&kept), "{kept}");
        let last = filed(1);
        let id = last.dossier.id;
        standing.keep(last);
        assert!(standing.take(id).is_some());
        assert!(standing.take(id).is_none(), "whoever goes on from it keeps it again");
    }
}
