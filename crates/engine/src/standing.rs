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
