//! Lists that are watched at several desks at once: who looks at the same one shares a reading.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as StdMutex, Weak};

use motcua_procedures::Role;
use motcua_store::contract::{Desk, Queue, WorklistPage};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// What a list depends on: two watchers for whom all of it is equal see the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct List {
    queue: Queue,
    unit: String,
    roles: Vec<Role>,
    /// Whose it is, where it is somebody's own.
    person: Option<String>,
    procedure: Option<String>,
}

impl List {
    /// The list of a queue at a desk.
    pub(super) fn of(queue: Queue, desk: Desk, procedure: Option<String>) -> Self {
        let Desk { person, unit, mut roles } = desk;
        roles.sort_unstable();
        let person = Some(person).filter(|_| queue == Queue::Mine);
        Self { queue, unit, roles, person, procedure }
    }
}

/// The last page of each list that somebody watches.
#[derive(Default)]
pub(super) struct Pages(StdMutex<HashMap<List, Weak<LastPage>>>);

impl Pages {
    /// The page that the watchers of a list share.
    pub(super) fn of(&self, list: List) -> Arc<LastPage> {
        let mut pages = self.0.lock().expect("no holder of this lock panics");
        if let Some(page) = pages.get(&list).and_then(Weak::upgrade) {
            return page;
        }
        pages.retain(|_, page| page.strong_count() > 0);
        let page = Arc::<LastPage>::default();
        pages.insert(list, Arc::downgrade(&page));
        page
    }
}

/// The last page that was read of a list, and when that began.
#[derive(Default)]
pub(super) struct LastPage(Mutex<Option<(Instant, Arc<WorklistPage>)>>);

impl LastPage {
    /// A page whose reading began at `since` or later: the last one, or what `read` brings. Those who
    /// come while it reads wait for it, and one of them reads for them all if that began too early.
    pub(super) async fn read<E>(
        &self,
        since: Instant,
        read: impl Future<Output = Result<WorklistPage, E>>,
    ) -> Result<Arc<WorklistPage>, E> {
        let mut last = self.0.lock().await;
        if let Some((_, page)) = last.as_ref().filter(|(began, _)| *began >= since) {
            return Ok(Arc::clone(page));
        }
        let began = Instant::now();
        let page = Arc::new(read.await?);
        *last = Some((began, Arc::clone(&page)));
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use tokio::sync::Semaphore;

    use super::*;

    fn desk(person: &str) -> Desk {
        let roles = vec![Role::ReceptionClerk, Role::Cashier];
        Desk { person: person.into(), unit: "H1".into(), roles }
    }

    #[tokio::test]
    async fn who_looks_at_the_same_time_shares_a_reading_and_nobody_gets_an_older_one() {
        let (page, readings, gate) = (LastPage::default(), AtomicU64::new(0), Semaphore::new(0));
        let read = async || {
            let total = readings.fetch_add(1, Ordering::Relaxed) + 1;
            gate.acquire().await.expect("open").forget();
            Ok::<_, ()>(WorklistPage { rows: Vec::new(), total })
        };
        let total = |page: Result<Arc<WorklistPage>, ()>| page.map(|page| page.total);
        let begun = Instant::now();
        let first = page.read(begun, read());
        let others = async {
            std::thread::sleep(Duration::from_millis(1));
            let since = Instant::now();
            let both = async { tokio::join!(page.read(since, read()), page.read(since, read())) };
            let open = async { gate.add_permits(10) };
            tokio::join!(both, open).0
        };
        let (first, (second, third)) = tokio::join!(first, others);
        assert_eq!(total(first), Ok(1));
        assert_eq!((total(second), total(third)), (Ok(2), Ok(2)), "the first was under way");
        assert_eq!(total(page.read(begun, read()).await), Ok(2), "that is young enough");
        std::thread::sleep(Duration::from_millis(1));
        assert_eq!(total(page.read(Instant::now(), read()).await), Ok(3));
    }

    #[tokio::test]
    async fn a_reading_that_fails_is_nobody_elses() {
        let (page, since) = (LastPage::default(), Instant::now());
        assert!(page.read(since, async { Err("away") }).await.is_err());
        let read = async { Ok::<_, ()>(WorklistPage { rows: Vec::new(), total: 1 }) };
        assert!(page.read(since, read).await.is_ok());
    }

    #[test]
    fn only_what_a_person_has_taken_is_a_list_of_its_own() {
        let pages = Pages::default();
        let of = |queue, person: &str| pages.of(List::of(queue, desk(person), None));
        let page = of(Queue::Unclaimed, "an");
        assert!(Arc::ptr_eq(&page, &of(Queue::Unclaimed, "bình")));
        let mine = of(Queue::Mine, "an");
        assert!(!Arc::ptr_eq(&mine, &of(Queue::Mine, "bình")));
        drop((page, mine));
        let _late = of(Queue::Late, "an");
        assert_eq!(pages.0.lock().expect("free").len(), 1, "what nobody watches is forgotten");
    }
}
