//! Hints between nodes: which units something was committed for. What is committed within a short
//! while goes out as one, after the commits and in no transaction of theirs. A node listens while
//! somebody watches a queue at it. A hint that is lost makes a watcher see the change later.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use motcua_store::contract::{Documents, HINT_BYTES_MAX, Hints as _, Store};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Engine, Inner, limits};

/// What a node has to tell the others, and whether it listens.
pub(super) struct Hints {
    /// Tells a node's own hints from those of others.
    node: Uuid,
    /// Units that wait to be told; a task is under way while there are some.
    waiting: Mutex<BTreeSet<String>>,
    is_listening: AtomicBool,
}

impl Default for Hints {
    fn default() -> Self {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the system's generator of random bytes works");
        let node = uuid::Builder::from_random_bytes(bytes).into_uuid();
        Self { node, waiting: Mutex::default(), is_listening: AtomicBool::new(false) }
    }
}

#[derive(Serialize, Deserialize)]
struct Hint {
    node: Uuid,
    /// Nothing for all that there are.
    units: Option<BTreeSet<String>>,
}

impl Hint {
    fn text(mut self) -> String {
        let text = serde_json::to_string(&self).expect("a hint is plain data");
        if text.len() <= HINT_BYTES_MAX {
            return text;
        }
        self.units = None;
        serde_json::to_string(&self).expect("a hint is plain data")
    }
}

impl<S: Store, D: Documents> Engine<S, D> {
    /// Tells other nodes soon that something was committed for these units.
    pub(super) fn hint(&self, units: BTreeSet<String>) {
        if units.is_empty() || !self.0.store.is_shared() {
            return;
        }
        let is_first = {
            let mut waiting = self.0.watchers.hints.waiting.lock().expect("no holder panics");
            let is_first = waiting.is_empty();
            waiting.extend(units);
            is_first
        };
        if !is_first {
            return;
        }
        let engine = self.clone();
        crate::spawn(async move {
            tokio::time::sleep(Duration::from_millis(limits::WATCH_HINT_MS)).await;
            let hints = &engine.0.watchers.hints;
            let units = std::mem::take(&mut *hints.waiting.lock().expect("no holder panics"));
            let hint = Hint { node: hints.node, units: Some(units) }.text();
            if let Err(error) = engine.0.store.hint(&hint).await {
                tracing::warn!(%error, "other nodes could not be told of a commit");
            }
        });
    }

    /// Listens to other nodes, if there can be any, unless it does already.
    pub(super) fn listen(&self) {
        let is_listening = &self.0.watchers.hints.is_listening;
        if self.0.store.is_shared() && !is_listening.swap(true, Ordering::SeqCst) {
            crate::spawn(listen(Arc::downgrade(&self.0)));
        }
    }

    fn heard(&self, hint: Option<String>) {
        let watchers = &self.0.watchers;
        // What cannot be read is of a newer program: it may be about any unit.
        let hint = hint.and_then(|text| serde_json::from_str::<Hint>(&text).ok());
        match hint {
            Some(hint) if hint.node == watchers.hints.node => {}
            Some(Hint { units: Some(units), .. }) => {
                units.iter().for_each(|unit| watchers.units.touched(unit));
            }
            Some(Hint { units: None, .. }) | None => {
                watchers.units.keys().iter().for_each(|unit| watchers.units.touched(unit));
            }
        }
    }

    /// Whether nobody watches a queue any more; whoever comes next starts to listen anew.
    fn stops_listening(&self) -> bool {
        let watchers = &self.0.watchers;
        if !watchers.units.is_empty() {
            return false;
        }
        watchers.hints.is_listening.store(false, Ordering::SeqCst);
        // Somebody who came in between found the listening still going on.
        watchers.units.is_empty() || watchers.hints.is_listening.swap(true, Ordering::SeqCst)
    }
}

async fn listen<S: Store, D: Documents>(inner: Weak<Inner<S, D>>) {
    let silence = Duration::from_secs(limits::WATCH_LISTEN_MAX_S);
    let mut hints = None;
    loop {
        let Some(engine) = inner.upgrade().map(Engine) else { return };
        if engine.stops_listening() {
            return;
        }
        if hints.is_none() {
            match engine.0.store.hints().await {
                Ok(listener) => hints = Some(listener),
                Err(error) => tracing::warn!(%error, "other nodes cannot be heard"),
            }
            // Meanwhile some may have been missed.
            engine.heard(None);
        }
        drop(engine);
        let Some(listener) = &mut hints else {
            tokio::time::sleep(Duration::from_millis(limits::WATCH_QUEUE_LOOK_MS)).await;
            continue;
        };
        let heard = tokio::time::timeout(silence, listener.next()).await;
        match (heard, inner.upgrade().map(Engine)) {
            (Ok(Ok(hint)), Some(engine)) => engine.heard(hint),
            // A connection that is dead without a word is as silent as one with nothing to tell.
            (Ok(Err(_)) | Err(_), _) | (_, None) => hints = None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_that_would_be_too_long_is_about_all_units() {
        let hint = |count: usize| {
            let units = (0..count).map(|number| format!("ward-{number}")).collect();
            Hint { node: Uuid::nil(), units: Some(units) }.text()
        };
        assert!(hint(3).contains("ward-2"));
        let long = hint(1_000);
        assert!(long.len() <= HINT_BYTES_MAX && long.contains("null"), "{long}");
    }
}
