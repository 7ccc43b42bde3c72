//! Histories: appended, paged, given back byte for byte.

use std::sync::Arc;

use motcua_audit::ChainVerifier;

use super::commits::write;
use super::fixture::{ORIGIN, Subject, dossier_id};
use crate::contract::{DossierKey, Store};

pub(super) async fn events_come_in_order_and_in_pages<S: Store>(store: Arc<S>) {
    let (mut subject, mut other) = (Subject::new(1), Subject::new(2));
    write(&*store, vec![subject.file(|_| {}), other.file(|_| {})]).await;
    for _ in 0..4 {
        write(&*store, vec![other.act(|_| {}), subject.act(|_| {})]).await;
    }
    let mut seen = Vec::new();
    loop {
        let after = seen.last().copied().unwrap_or(0);
        let page = store.events(&subject.chain(), after, 2).await.expect("events");
        assert!(page.len() <= 2);
        if page.is_empty() {
            break;
        }
        seen.extend(page.iter().map(|event| event.seq));
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);
    assert_eq!(store.events(&subject.chain(), 0, 0).await, Ok(Vec::new()));
}

/// Whatever lies between: the page of a history, its state, and the events that make the one the other.
pub(super) async fn a_dossier_comes_with_any_page_of_its_history<S: Store>(store: Arc<S>) {
    let (mut subject, mut other) = (Subject::new(1), Subject::new(2));
    write(&*store, vec![subject.file(|_| {}), other.file(|_| {})]).await;
    let key = DossierKey::Id(subject.id());
    // More than any snapshot spans, and more than a store reads in one round trip beside a small page.
    for length in 1..=100 {
        let (state, head) = (subject.dossier().clone(), subject.head().clone());
        for (after, limit) in [(0, 2), (0, 200), (length / 2, 3), (length - 1, 5), (length, 5)] {
            let found = store.load_with_events(&key, after, limit).await.expect("loaded");
            let (loaded, page) = found.expect("it is there");
            assert_eq!((&*loaded.dossier, &loaded.head), (&state, &head));
            let events = store.events(&subject.chain(), after, limit).await.expect("events");
            assert_eq!(page, events, "{limit} events after {after} of {length}");
        }
        let acts = vec![subject.act(|_| {}), other.act(|_| {})];
        write(&*store, acts).await;
    }
    let nobody = DossierKey::Id(dossier_id(99));
    assert!(store.load_with_events(&nobody, 0, 5).await.expect("loaded").is_none());
}

pub(super) async fn events_come_back_as_they_were_sealed<S: Store>(store: Arc<S>) {
    let mut subject = Subject::new(1);
    let commits = vec![subject.file(|_| {}), subject.act(|_| {})];
    let sealed: Vec<_> = commits.iter().flat_map(|commit| commit.events.clone()).collect();
    write(&*store, commits).await;
    let stored = store.events(&subject.chain(), 0, 10).await.expect("events");
    let mut verifier = ChainVerifier::new(ORIGIN, subject.chain());
    assert_eq!(stored.len(), sealed.len());
    for (stored, sealed) in stored.iter().zip(&sealed) {
        assert_eq!((stored.seq, &stored.header), (sealed.seq, &sealed.header));
        assert_eq!((stored.hash, &stored.commitments), (sealed.hash, &sealed.commitments));
        assert!(stored.opened().eq(&sealed.fields));
        assert!(verifier.push(&stored.header, Some(&stored.hash), &stored.slots).is_empty());
    }
    assert_eq!(verifier.head(), Some(subject.head()));
}

pub(super) async fn a_chain_without_events_is_empty<S: Store>(store: Arc<S>) {
    let chain = Subject::new(1).chain();
    assert_eq!(store.events(&chain, 0, 10).await, Ok(Vec::new()));
    assert_eq!(store.chain_head(&chain).await, Ok(None));
}
