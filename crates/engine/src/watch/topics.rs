//! Who waits for what, within a node. A watcher that lags behind loses nothing: it is told a number
//! that grew, and looks at the table.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::watch;

/// Subjects that somebody watches, each with a number that only grows.
pub(super) struct Topics<K: Eq + Hash>(Arc<Mutex<HashMap<K, watch::Sender<u64>>>>);

impl<K: Eq + Hash> Default for Topics<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Eq + Hash + Clone> Topics<K> {
    /// Watches a subject until dropped.
    pub(super) fn subscribe(&self, key: K) -> Subscription<K> {
        let mut subjects = locked(&self.0);
        let sender = subjects.entry(key.clone()).or_insert_with(|| watch::Sender::new(0));
        let receiver = sender.subscribe();
        Subscription { key, receiver, subjects: Arc::clone(&self.0) }
    }

    /// The number of the subject is at least `number`.
    pub(super) fn reached<Q>(&self, key: &Q, number: u64)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if let Some(sender) = locked(&self.0).get(key) {
            sender.send_if_modified(|known| {
                let is_news = number > *known;
                *known = number.max(*known);
                is_news
            });
        }
    }

    /// Something happened to the subject.
    pub(super) fn touched<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if let Some(sender) = locked(&self.0).get(key) {
            sender.send_modify(|number| *number += 1);
        }
    }

    /// Every subject that is watched.
    pub(super) fn keys(&self) -> Vec<K> {
        locked(&self.0).keys().cloned().collect()
    }

    /// Whether nobody watches anything.
    pub(super) fn is_empty(&self) -> bool {
        locked(&self.0).is_empty()
    }
}

fn locked<T>(subjects: &Mutex<T>) -> MutexGuard<'_, T> {
    subjects.lock().expect("no holder of this lock panics")
}

/// A subject that is watched until this is dropped.
pub(super) struct Subscription<K: Eq + Hash> {
    key: K,
    receiver: watch::Receiver<u64>,
    subjects: Arc<Mutex<HashMap<K, watch::Sender<u64>>>>,
}

impl<K: Eq + Hash> Subscription<K> {
    /// The number of the subject now; [`Self::changed`] waits for the next.
    pub(super) fn number(&mut self) -> u64 {
        *self.receiver.borrow_and_update()
    }

    /// Waits until the number is another than [`Self::number`] gave. Nothing is lost when the
    /// waiting is given up.
    pub(super) async fn changed(&mut self) {
        let changed = self.receiver.changed().await;
        changed.expect("the sender stays as long as there is a receiver");
    }
}

impl<K: Eq + Hash> Drop for Subscription<K> {
    fn drop(&mut self) {
        let mut subjects = locked(&self.subjects);
        // This one still counts.
        if subjects.get(&self.key).is_some_and(|sender| sender.receiver_count() <= 1) {
            subjects.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_number_that_grew_wakes_and_an_older_one_does_not() {
        let topics = Topics::<String>::default();
        let mut one = topics.subscribe("a".into());
        topics.reached("a", 3);
        topics.reached("b", 9);
        one.changed().await;
        assert_eq!(one.number(), 3);
        topics.reached("a", 2);
        assert!(!one.receiver.has_changed().expect("a sender"));
        topics.touched("a");
        one.changed().await;
        assert_eq!(one.number(), 4);
    }

    #[test]
    fn what_nobody_watches_any_more_is_forgotten() {
        let topics = Topics::<u32>::default();
        let (one, other) = (topics.subscribe(1), topics.subscribe(1));
        drop(one);
        assert_eq!(topics.keys(), [1]);
        drop(other);
        assert!(topics.is_empty());
    }
}
