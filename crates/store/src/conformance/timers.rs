//! Timers: set, moved, cleared, claimed most overdue first.

use std::sync::Arc;

use jiff::SignedDuration;

use super::commits::write;
use super::fixture::{Subject, dossier_id, minute};
use crate::contract::{Claim, DossierCommit, ParkedTimer, PutOff, Store};

fn timers(number: u32, timers: &[(&str, Option<i64>)]) -> DossierCommit {
    Subject::new(number).file(|facts| set(facts, timers))
}

fn set(facts: &mut motcua_dossiers::event::Facts, timers: &[(&str, Option<i64>)]) {
    let instants = timers.iter().map(|(name, at)| ((*name).to_owned(), at.map(minute)));
    facts.timers = instants.collect();
}

/// Claims until `until`, in minutes, whatever is free.
async fn claim<S: Store>(store: &S, now: i64, until: i64, limit: u32) -> Vec<Claim> {
    let (now, until) = (minute(now), minute(until));
    store.claim_timers(now, until, None, limit).await.expect("claimed")
}

/// The dossiers that are due, of which none is free afterwards until the minute after `now`.
async fn due<S: Store>(store: &S, now: i64, limit: u32) -> Vec<u32> {
    numbers(&claim(store, now, now + 1, limit).await)
}

fn numbers(claims: &[Claim]) -> Vec<u32> {
    claims.iter().map(|claim| (claim.dossier.as_u128() & 0xffff_ffff) as u32).collect()
}

pub(super) async fn the_most_overdue_dossier_comes_first<S: Store>(store: Arc<S>) {
    assert_eq!(store.next_timer_at(minute(0)).await, Ok(None));
    let batch = vec![
        timers(1, &[("late", Some(30))]),
        timers(2, &[("late", Some(10))]),
        timers(3, &[("late", Some(20))]),
        timers(4, &[("late", Some(90))]),
    ];
    write(&*store, batch).await;
    assert_eq!(store.next_timer_at(minute(0)).await, Ok(Some(minute(10))));
    assert_eq!(store.next_timer_at(minute(10)).await, Ok(Some(minute(20))));
    assert_eq!(store.next_timer_at(minute(90)).await, Ok(None));
    assert_eq!(due(&*store, 60, 2).await, [2, 3]);
    assert_eq!(due(&*store, 62, 10).await, [2, 3, 1]);
}

pub(super) async fn a_dossier_comes_once<S: Store>(store: Arc<S>) {
    let batch = vec![
        timers(1, &[("due", Some(30)), ("late", Some(10)), ("timeout:1", Some(10))]),
        timers(2, &[("late", Some(20))]),
    ];
    write(&*store, batch).await;
    assert_eq!(due(&*store, 60, 10).await, [1, 2]);
    assert_eq!(due(&*store, 62, 2).await, [1, 2]);
}

pub(super) async fn a_timer_can_be_moved_and_cleared<S: Store>(store: Arc<S>) {
    let mut subject = Subject::new(1);
    let filed = subject.file(|facts| set(facts, &[("due", Some(5)), ("late", Some(10))]));
    write(&*store, vec![filed]).await;
    let moved = subject.act(|facts| set(facts, &[("due", None), ("late", Some(50))]));
    write(&*store, vec![moved]).await;
    assert_eq!(store.next_timer_at(minute(0)).await, Ok(Some(minute(50))));
    assert_eq!(due(&*store, 20, 10).await, [] as [u32; 0]);
    // Set and cleared in one batch; clearing what is not set is harmless.
    let batch = vec![
        subject.act(|facts| set(facts, &[("due", Some(1)), ("gone", None)])),
        subject.act(|facts| set(facts, &[("due", None), ("late", None)])),
    ];
    write(&*store, batch).await;
    assert_eq!(store.next_timer_at(minute(0)).await, Ok(None));
    assert_eq!(due(&*store, 100, 10).await, [] as [u32; 0]);
}

pub(super) async fn a_timer_is_due_at_its_instant<S: Store>(store: Arc<S>) {
    write(&*store, vec![timers(1, &[("late", Some(10))])]).await;
    let before = minute(10) - SignedDuration::from_micros(1);
    assert_eq!(store.claim_timers(before, minute(11), None, 10).await, Ok(vec![]));
    let claimed = Claim {
        dossier: dossier_id(1),
        timer: "late".to_owned(),
        due_at: minute(10),
        until: minute(11),
        attempts: 1,
    };
    assert_eq!(claim(&*store, 10, 11, 10).await, [claimed]);
}

pub(super) async fn claims_come_in_pages<S: Store>(store: Arc<S>) {
    let batch = vec![
        timers(1, &[("late", Some(30)), ("due", Some(40))]),
        timers(2, &[("late", Some(10))]),
        timers(3, &[("late", Some(10)), ("due", Some(35))]),
        timers(4, &[("late", Some(20))]),
        timers(5, &[("late", Some(60))]),
    ];
    write(&*store, batch).await;
    let mut seen: Vec<Claim> = Vec::new();
    loop {
        let after = seen.last().map(Claim::place);
        // Were it not for the place, each page would begin anew: the claims end at once.
        let page = store.claim_timers(minute(50), minute(50), after, 2).await.expect("claimed");
        assert!(page.len() <= 2);
        if page.is_empty() {
            break;
        }
        seen.extend(page);
    }
    let expected = [(10, 2), (10, 3), (20, 4), (30, 1)];
    let expected = expected.map(|(at, number)| (minute(at), dossier_id(number)));
    assert_eq!(seen.iter().map(Claim::place).collect::<Vec<_>>(), expected);
}

pub(super) async fn what_is_claimed_is_offered_to_nobody_until_the_claim_ends<S: Store>(
    store: Arc<S>,
) {
    write(&*store, (1..=5).map(|n| timers(n, &[("late", Some(10))])).collect()).await;
    let first = claim(&*store, 20, 30, 3).await;
    let second = claim(&*store, 20, 30, 3).await;
    assert_eq!((numbers(&first), numbers(&second)), (vec![1, 2, 3], vec![4, 5]));
    assert_eq!(claim(&*store, 29, 40, 9).await, []);
    // Whoever held them is gone: others take over.
    let again = claim(&*store, 30, 40, 9).await;
    assert_eq!(numbers(&again), [1, 2, 3, 4, 5]);
    assert!(again.iter().all(|claim| claim.attempts == 2), "{again:?}");
}

pub(super) async fn of_those_who_claim_at_once_each_has_others<S: Store>(store: Arc<S>) {
    write(&*store, (1..=60).map(|n| timers(n, &[("late", Some(10))])).collect()).await;
    let claiming = (0..6).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { claim(&*store, 20, 30, 10).await })
    });
    let claiming: Vec<_> = claiming.collect();
    let mut all = Vec::new();
    for claimed in claiming {
        all.extend(numbers(&claimed.await.expect("claimed")));
    }
    // Who came while another claimed may have been passed over; nobody has what another has.
    all.extend(numbers(&claim(&*store, 20, 30, 60).await));
    all.sort_unstable();
    assert_eq!(all, (1..=60).collect::<Vec<_>>());
}

pub(super) async fn a_timer_that_is_set_anew_is_free_of_its_claim<S: Store>(store: Arc<S>) {
    let (mut moved, mut other) = (Subject::new(1), Subject::new(2));
    let batch = vec![
        moved.file(|facts| set(facts, &[("late", Some(10))])),
        other.file(|facts| set(facts, &[("late", Some(10)), ("due", Some(15))])),
    ];
    write(&*store, batch).await;
    let old = claim(&*store, 20, 90, 9).await;
    assert_eq!(numbers(&old), [1, 2]);
    let batch = vec![
        moved.act(|facts| set(facts, &[("late", Some(19))])),
        other.act(|facts| set(facts, &[("late", None)])),
    ];
    write(&*store, batch).await;
    let anew = claim(&*store, 20, 91, 9).await;
    let expected = [(2, "due", 1), (1, "late", 1)];
    let found: Vec<_> = numbers(&anew).into_iter().zip(&anew).collect();
    let found: Vec<_> = found.iter().map(|(n, c)| (*n, c.timer.as_str(), c.attempts)).collect();
    assert_eq!(found, expected);
    // Whoever claimed it before has no say in it any more.
    let put_off = old.into_iter().map(|claim| put_off(claim, 20, 7)).collect();
    store.put_off_timers(put_off).await.expect("passed over");
    assert_eq!(claim(&*store, 20, 92, 9).await, []);
    let attempts: Vec<_> = claim(&*store, 91, 95, 9).await.iter().map(|c| c.attempts).collect();
    assert_eq!(attempts, [2, 2]);
}

fn put_off(claim: Claim, until: i64, attempts: u32) -> PutOff {
    PutOff { claim, until: minute(until), attempts, failure: Some("it would not".to_owned()) }
}

pub(super) async fn what_was_put_off_comes_back_with_its_attempts<S: Store>(store: Arc<S>) {
    write(&*store, vec![timers(1, &[("late", Some(10))]), timers(2, &[("late", Some(10))])]).await;
    let claimed = claim(&*store, 20, 25, 9).await;
    let [first, second] = claimed.try_into().expect("two");
    let given_back = PutOff { attempts: 0, failure: None, ..put_off(second, 20, 0) };
    store.put_off_timers(vec![put_off(first, 50, 1), given_back]).await.expect("put off");
    let back = claim(&*store, 20, 25, 9).await;
    assert_eq!((numbers(&back), back[0].attempts), (vec![2], 1));
    let all = claim(&*store, 50, 60, 9).await;
    let attempts: Vec<_> = all.iter().map(|claim| claim.attempts).collect();
    assert_eq!((numbers(&all), attempts), (vec![1, 2], vec![2, 2]));
}

pub(super) async fn what_failed_often_is_listed_until_it_is_fired_or_set_anew<S: Store>(
    store: Arc<S>,
) {
    let mut third = Subject::new(3);
    let filed = third.file(|facts| set(facts, &[("late", Some(12))]));
    write(&*store, vec![timers(1, &[("late", Some(10))]), filed]).await;
    write(&*store, vec![timers(2, &[("due", Some(10)), ("late", Some(30))])]).await;
    let listed = async |after: Option<&ParkedTimer>, limit| {
        let after = after.map(|timer| (timer.due_at, timer.dossier, timer.timer.clone()));
        store.parked_timers(2, after, limit).await.expect("listed")
    };
    let failed = async |now, until, attempts| {
        let claimed = claim(&*store, now, until, 9).await;
        assert_eq!(numbers(&claimed), [1, 2, 3]);
        let failed = claimed.into_iter().map(|claim| put_off(claim, until, attempts));
        store.put_off_timers(failed.collect()).await.expect("put off");
    };
    failed(20, 25, 1).await;
    assert_eq!(listed(None, 9).await, [], "once is not often");
    failed(25, 50, 2).await;
    let all = listed(None, 9).await;
    let places: Vec<_> = all.iter().map(|timer| (timer.dossier, timer.timer.as_str())).collect();
    let expected = [(1, "late"), (2, "due"), (3, "late")];
    assert_eq!(places, expected.map(|(number, timer)| (dossier_id(number), timer)));
    let ParkedTimer { due_at, attempts, failure, retry_at, .. } = &all[1];
    assert_eq!((*due_at, *attempts, failure.as_str()), (minute(10), 2, "it would not"));
    assert_eq!(*retry_at, minute(50));
    assert_eq!(listed(None, 2).await, all[..2]);
    assert_eq!(listed(Some(&all[1]), 2).await, all[2..]);
    // Once more while it is claimed: it has not been fired yet.
    assert_eq!(numbers(&claim(&*store, 50, 60, 9).await), [1, 2, 3]);
    assert_eq!(listed(None, 9).await.len(), 3);
    write(&*store, vec![third.act(|facts| set(facts, &[("late", Some(13))]))]).await;
    assert_eq!(listed(None, 9).await.len(), 2, "it was set anew");
}
