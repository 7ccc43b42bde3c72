//! Timers: set, moved, cleared, most overdue first.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::commits::write;
use super::fixture::{Subject, dossier_id, minute};
use crate::contract::{DossierCommit, Store};

fn timers(number: u32, timers: &[(&str, Option<i64>)]) -> DossierCommit {
    Subject::new(number).file(|facts| set(facts, timers))
}

fn set(facts: &mut motcua_dossiers::event::Facts, timers: &[(&str, Option<i64>)]) {
    let instants = timers.iter().map(|(name, at)| ((*name).to_owned(), at.map(minute)));
    facts.timers = instants.collect();
}

async fn due<S: Store>(store: &S, now: Timestamp, limit: u32) -> Vec<u32> {
    let dossiers = store.due_dossiers(now, None, limit).await.expect("a read");
    dossiers.iter().map(|(_, id)| (id.as_u128() & 0xffff_ffff) as u32).collect()
}

pub(super) async fn the_most_overdue_dossier_comes_first<S: Store>(store: Arc<S>) {
    assert_eq!(store.next_timer_at().await, Ok(None));
    let batch = vec![
        timers(1, &[("late", Some(30))]),
        timers(2, &[("late", Some(10))]),
        timers(3, &[("late", Some(20))]),
        timers(4, &[("late", Some(40))]),
        timers(5, &[]),
    ];
    write(&*store, batch).await;
    assert_eq!(store.next_timer_at().await, Ok(Some(minute(10))));
    assert_eq!(due(&*store, minute(35), 10).await, [2, 3, 1]);
    assert_eq!(due(&*store, minute(35), 2).await, [2, 3]);
    assert_eq!(due(&*store, minute(5), 10).await, [] as [u32; 0]);
}

pub(super) async fn a_dossier_comes_once<S: Store>(store: Arc<S>) {
    let batch = vec![
        timers(1, &[("due", Some(30)), ("late", Some(10)), ("timeout:1", Some(10))]),
        timers(2, &[("late", Some(20))]),
    ];
    write(&*store, batch).await;
    assert_eq!(due(&*store, minute(60), 10).await, [1, 2]);
    assert_eq!(due(&*store, minute(60), 2).await, [1, 2]);
}

pub(super) async fn a_timer_can_be_moved_and_cleared<S: Store>(store: Arc<S>) {
    let mut subject = Subject::new(1);
    let filed = subject.file(|facts| set(facts, &[("due", Some(5)), ("late", Some(10))]));
    write(&*store, vec![filed]).await;
    let moved = subject.act(|facts| set(facts, &[("due", None), ("late", Some(50))]));
    write(&*store, vec![moved]).await;
    assert_eq!(store.next_timer_at().await, Ok(Some(minute(50))));
    assert_eq!(due(&*store, minute(20), 10).await, [] as [u32; 0]);
    // Set and cleared in one batch; clearing what is not set is harmless.
    let batch = vec![
        subject.act(|facts| set(facts, &[("due", Some(1)), ("gone", None)])),
        subject.act(|facts| set(facts, &[("due", None), ("late", None)])),
    ];
    write(&*store, batch).await;
    assert_eq!(store.next_timer_at().await, Ok(None));
    assert_eq!(due(&*store, minute(100), 10).await, [] as [u32; 0]);
}

pub(super) async fn a_timer_is_due_at_its_instant<S: Store>(store: Arc<S>) {
    write(&*store, vec![timers(1, &[("late", Some(10))])]).await;
    let before = minute(10) - SignedDuration::from_micros(1);
    assert_eq!(store.due_dossiers(before, None, 10).await, Ok(vec![]));
    let found = store.due_dossiers(minute(10), None, 10).await;
    assert_eq!(found, Ok(vec![(minute(10), dossier_id(1))]));
}

pub(super) async fn due_dossiers_come_in_pages<S: Store>(store: Arc<S>) {
    let batch = vec![
        timers(1, &[("late", Some(30)), ("due", Some(40))]),
        timers(2, &[("late", Some(10))]),
        timers(3, &[("late", Some(10)), ("due", Some(35))]),
        timers(4, &[("late", Some(20))]),
        timers(5, &[("late", Some(60))]),
    ];
    write(&*store, batch).await;
    let mut seen = Vec::new();
    loop {
        let after = seen.last().copied();
        let page = store.due_dossiers(minute(50), after, 2).await.expect("a read");
        assert!(page.len() <= 2);
        if page.is_empty() {
            break;
        }
        seen.extend(page);
    }
    let expected = [(10, 2), (10, 3), (20, 4), (30, 1)];
    assert_eq!(seen, expected.map(|(at, number)| (minute(at), dossier_id(number))));
}
