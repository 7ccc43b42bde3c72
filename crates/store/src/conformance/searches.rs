//! Searching: terms, scopes, pages, tracking factors.

use std::sync::Arc;

use motcua_dossiers::event::Facts;

use super::commits::write;
use super::fixture::{Subject, UNIT, dossier_id, item, minute};
use crate::contract::{
    DossierCommit, ReceptionQuery, Scope, SearchQuery, SearchTerm, Store, TermKind,
};

fn term(kind: TermKind, term: &str) -> SearchTerm {
    SearchTerm { kind, term: term.into() }
}

fn folded(words: &[&str]) -> Vec<SearchTerm> {
    words.iter().map(|word| term(TermKind::NameFolded, word)).collect()
}

fn filed(number: u32, terms: Vec<SearchTerm>, change: impl FnOnce(&mut Facts)) -> DossierCommit {
    DossierCommit { search: terms, ..Subject::new(number).file(change) }
}

async fn found<S: Store>(store: &S, scope: Scope, terms: Vec<SearchTerm>) -> Vec<u32> {
    let query = SearchQuery { scope, terms, after: None, limit: 100 };
    found_by(store, &query).await
}

async fn found_by<S: Store>(store: &S, query: &SearchQuery) -> Vec<u32> {
    let dossiers = store.search(query).await.expect("a search");
    let number = |id: uuid::Uuid| (id.as_u128() & 0xffff_ffff) as u32;
    dossiers.iter().map(|found| number(found.dossier.id)).collect()
}

const NOTHING: [u32; 0] = [];

pub(super) async fn every_term_must_fit<S: Store>(store: Arc<S>) {
    let batch = vec![
        filed(1, folded(&["nguyen", "thi", "binh"]), |_| {}),
        filed(2, folded(&["nguyen", "van", "an"]), |_| {}),
        filed(3, folded(&["tran", "van", "an"]), |_| {}),
    ];
    write(&*store, batch).await;
    let all = async |words: &[&str]| found(&*store, Scope::All, folded(words)).await;
    assert_eq!(all(&["nguyen"]).await, [2, 1]);
    assert_eq!(all(&["an", "van"]).await, [3, 2]);
    assert_eq!(all(&["an", "nguyen", "van"]).await, [2]);
    assert_eq!(all(&["binh", "van"]).await, NOTHING);
    assert_eq!(all(&["nguye"]).await, NOTHING);
    assert_eq!(all(&[]).await, NOTHING);
    assert_eq!(found(&*store, Scope::Unit("H26.7".into()), vec![]).await, NOTHING);
}

pub(super) async fn what_is_found_is_as_it_would_be_loaded<S: Store>(store: Arc<S>) {
    let mut subject = Subject::new(1);
    let form = Some(Arc::new(serde_json::json!({"child": "An"})));
    let first = DossierCommit { search: folded(&["an"]), form, ..subject.file(|_| {}) };
    write(&*store, vec![first, subject.act(|_| {})]).await;
    for scope in [Scope::All, Scope::Unit("H26.7".into()), Scope::Party("citizen-1".into())] {
        let query = SearchQuery { scope, terms: folded(&["an"]), after: None, limit: 9 };
        let found = store.search(&query).await.expect("a search");
        assert_eq!(found.len(), 1);
        assert_eq!(&*found[0].dossier, subject.dossier());
        assert_eq!(&found[0].head, subject.head());
        assert_eq!(*found[0].form, serde_json::json!({"child": "An"}));
    }
}

pub(super) async fn marks_and_kinds_are_kept_apart<S: Store>(store: Arc<S>) {
    let terms = |marked: &str, id: &str| {
        let mut terms = folded(&["an"]);
        terms.push(term(TermKind::NameMarked, marked));
        terms.push(term(TermKind::IdNumber, id));
        terms
    };
    let batch = vec![filed(1, terms("an", "d1"), |_| {}), filed(2, terms("ân", "d2"), |_| {})];
    write(&*store, batch).await;
    let by = async |kind, text: &str| found(&*store, Scope::All, vec![term(kind, text)]).await;
    assert_eq!(by(TermKind::NameFolded, "an").await, [2, 1]);
    assert_eq!(by(TermKind::NameMarked, "ân").await, [2]);
    assert_eq!(by(TermKind::IdNumber, "d1").await, [1]);
    assert_eq!(by(TermKind::IdNumber, "an").await, NOTHING);
    let both = vec![term(TermKind::IdNumber, "d2"), term(TermKind::NameMarked, "an")];
    assert_eq!(found(&*store, Scope::All, both).await, NOTHING);
}

pub(super) async fn a_scope_limits_what_is_found<S: Store>(store: Arc<S>) {
    let terms = || folded(&["an"]);
    let filing = |facts: &mut Facts, assisting: Option<&str>, receiving: &str, competent: &str| {
        let filing = facts.filing.as_mut().expect("filed");
        filing.assisting_unit = assisting.map(str::to_owned);
        filing.receiving_unit = receiving.into();
        filing.competent_unit = competent.into();
        facts.items[0].unit = receiving.into();
    };
    let batch = vec![
        filed(1, terms(), |facts| filing(facts, Some("U"), "X", "X")),
        filed(2, terms(), |facts| filing(facts, None, "U", "X")),
        filed(3, terms(), |facts| filing(facts, None, "X", "U")),
        filed(4, terms(), |facts| {
            filing(facts, None, "X", "X");
            facts.items.push(motcua_dossiers::dossier::WorkItem {
                branch: None,
                unit: "U".into(),
                ..item(2, motcua_procedures::Role::ConsultedAgency)
            });
        }),
        filed(5, terms(), |facts| filing(facts, None, "X", "X")),
        filed(6, terms(), |facts| {
            facts.filing.as_mut().expect("filed").authorised_person = Some("proxy".into());
        }),
    ];
    write(&*store, batch).await;
    assert_eq!(found(&*store, Scope::Unit("U".into()), terms()).await, [4, 3, 2, 1]);
    assert_eq!(found(&*store, Scope::All, terms()).await, [6, 5, 4, 3, 2, 1]);
    assert_eq!(found(&*store, Scope::Party("proxy".into()), terms()).await, [6]);
    assert_eq!(found(&*store, Scope::Party("proxy".into()), folded(&["x"])).await, NOTHING);
}

pub(super) async fn a_person_finds_all_their_dossiers<S: Store>(store: Arc<S>) {
    let owned = |owner: &str| {
        let owners = vec![owner.to_owned(), "citizen-1".to_owned()];
        |facts: &mut Facts| facts.filing.as_mut().expect("filed").owners = owners
    };
    let mut subject = Subject::new(2);
    let of = |owner, number| filed(number, vec![], owned(owner));
    let batch = vec![of("an", 1), of("an", 3), subject.file(owned("binh"))];
    write(&*store, batch).await;
    let party = async |person: &str| found(&*store, Scope::Party(person.into()), vec![]).await;
    assert_eq!(party("an").await, [3, 1]);
    assert_eq!(party("binh").await, [2]);
    // The applicant of all, and an owner too: each dossier comes once.
    assert_eq!(party("citizen-1").await, [3, 2, 1]);
    assert_eq!(party("nobody").await, NOTHING);
    let moved = subject.act(|facts| facts.filing = Some(super::fixture::filing()));
    write(&*store, vec![moved]).await;
    assert_eq!(party("binh").await, NOTHING);
    assert_eq!(party("citizen-2").await, [2]);
}

pub(super) async fn pages_come_newest_first<S: Store>(store: Arc<S>) {
    let batch = (1..=7).map(|number| filed(number, folded(&["an"]), |_| {})).collect();
    write(&*store, batch).await;
    for (scope, terms) in
        [(Scope::All, folded(&["an"])), (Scope::Party("citizen-1".into()), vec![])]
    {
        let mut seen: Vec<u32> = Vec::new();
        loop {
            let after = seen.last().map(|number| dossier_id(*number));
            let query = SearchQuery { scope: scope.clone(), terms: terms.clone(), after, limit: 3 };
            let page = found_by(&*store, &query).await;
            assert!(page.len() <= 3);
            if page.is_empty() {
                break;
            }
            seen.extend(page);
        }
        assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1]);
    }
}

pub(super) async fn new_terms_replace_the_old<S: Store>(store: Arc<S>) {
    let mut subject = Subject::new(1);
    let filed = DossierCommit { search: folded(&["an"]), ..subject.file(|_| {}) };
    write(&*store, vec![filed, subject.act(|_| {})]).await;
    assert_eq!(found(&*store, Scope::All, folded(&["an"])).await, [1]);
    let renamed = DossierCommit { search: folded(&["binh"]), ..subject.act(|_| {}) };
    write(&*store, vec![renamed]).await;
    assert_eq!(found(&*store, Scope::All, folded(&["an"])).await, NOTHING);
    assert_eq!(found(&*store, Scope::All, folded(&["binh"])).await, [1]);
}

pub(super) async fn factors_of_tracking_are_replaced<S: Store>(store: Arc<S>) {
    let mut subject = Subject::new(1);
    let factors = |digests: &[&str]| digests.iter().map(|digest| (*digest).to_owned()).collect();
    let filed = DossierCommit { tracking: factors(&["a", "b"]), ..subject.file(|_| {}) };
    write(&*store, vec![filed, Subject::new(2).file(|_| {})]).await;
    let known = async |number, digest| {
        store.is_tracking_factor(dossier_id(number), digest).await.expect("a read")
    };
    assert!(known(1, "a").await && known(1, "b").await);
    assert!(!known(1, "c").await && !known(2, "a").await && !known(3, "a").await);
    let changed = DossierCommit { tracking: factors(&["c"]), ..subject.act(|_| {}) };
    write(&*store, vec![changed, subject.act(|_| {})]).await;
    assert!(known(1, "c").await && !known(1, "a").await);
}

pub(super) async fn open_dossiers_of_a_version_come_in_pages<S: Store>(store: Arc<S>) {
    let bound = |number: u32, digest: &str, closed: bool| {
        filed(number, Vec::new(), |facts| {
            facts.procedure.as_mut().expect("a filing pins").digest = digest.repeat(32);
            facts.closed = closed;
        })
    };
    let batch = vec![
        bound(1, "ab", false),
        bound(2, "cd", false),
        bound(3, "ab", true),
        bound(4, "ab", false),
        bound(5, "ab", false),
    ];
    write(&*store, batch).await;
    let mut after = None;
    let mut seen = Vec::new();
    loop {
        let page = store.dossiers_of(&"ab".repeat(32), after, 2).await.expect("a read");
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 2);
        after = Some(*last);
        seen.extend(page);
    }
    assert_eq!(seen, [1, 4, 5].map(dossier_id));
    assert_eq!(store.dossiers_of(&"ef".repeat(32), None, 10).await, Ok(Vec::new()));
}

/// The dossiers that a unit received from one minute up to another, with the sizes of the pages.
async fn received<S: Store>(store: &S, unit: &str, minutes: std::ops::Range<i64>) -> Vec<u32> {
    let (from, until) = (minute(minutes.start), minute(minutes.end));
    let mut query = ReceptionQuery { unit: unit.into(), from, until, after: None, limit: 2 };
    let mut seen = Vec::new();
    loop {
        let page = store.received(&query).await.expect("a read");
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { return seen };
        query.after = Some((last.received_at.expect("received"), last.id));
        seen.extend(page.iter().map(|dossier| (dossier.id.as_u128() & 0xffff_ffff) as u32));
    }
}

pub(super) async fn what_a_unit_received_in_a_period_comes_in_pages<S: Store>(store: Arc<S>) {
    let mut batch = vec![Subject::new(9).file(|_| {})];
    for (number, unit, at) in [
        (1, UNIT, 30),
        (2, UNIT, 10),
        (3, UNIT, 20),
        (4, "H26.8", 20),
        (5, UNIT, 20),
        (6, UNIT, 40),
        (7, UNIT, 9),
        (8, UNIT, 20),
    ] {
        let mut subject = Subject::new(number);
        let filing = |facts: &mut Facts| {
            facts.filing.as_mut().expect("filed").receiving_unit = unit.into();
        };
        batch.extend([subject.file(filing), subject.receive(minute(at))]);
    }
    write(&*store, batch).await;
    // The first instant belongs to the period, the last does not; an instant that several share
    // may lie across two pages.
    assert_eq!(received(&*store, UNIT, 10..40).await, [2, 3, 5, 8, 1]);
    assert_eq!(received(&*store, UNIT, 0..10).await, [7]);
    assert_eq!(received(&*store, "H26.8", 0..100).await, [4]);
    assert_eq!(received(&*store, "H26.7.1", 0..100).await, NOTHING, "it is competent, no more");
    assert_eq!(received(&*store, UNIT, 40..40).await, NOTHING);
}

pub(super) async fn a_reception_stays_where_it_was<S: Store>(store: Arc<S>) {
    let mut subject = Subject::new(1);
    write(&*store, vec![subject.file(|_| {})]).await;
    assert_eq!(received(&*store, UNIT, 0..100).await, NOTHING);
    write(&*store, vec![subject.receive(minute(5))]).await;
    // At the same instant, later, and when it has ended.
    write(&*store, vec![subject.act(|_| {}), subject.receive(minute(7))]).await;
    write(&*store, vec![subject.act(|facts| facts.closed = true)]).await;
    assert_eq!(received(&*store, UNIT, 5..6).await, [1]);
    assert_eq!(received(&*store, UNIT, 6..100).await, NOTHING);
    let query = ReceptionQuery {
        unit: UNIT.into(),
        from: minute(0),
        until: minute(100),
        after: None,
        limit: 9,
    };
    assert_eq!(store.received(&query).await.as_deref(), Ok([subject.dossier().clone()].as_slice()));
}
