//! What is written together, what is refused, who is harmed.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinSet;

use super::fixture::{Subject, command_id, dossier_id, external, minute};
use crate::contract::{
    Commit, DossierCommit, DossierKey, Draft, HINT_BYTES_MAX, Hints as _, Loaded, Scope,
    SearchQuery, SearchTerm, Store, TermKind,
};
use crate::error::StoreError;

/// Commits one; the answer must be a success.
#[track_caller]
pub(super) fn accepted(answers: Vec<Result<(), StoreError>>) {
    for answer in answers {
        assert_eq!(answer, Ok(()));
    }
}

pub(super) fn commit(commit: DossierCommit) -> Commit {
    Commit::Dossier(Box::new(commit))
}

pub(super) async fn write<S: Store>(store: &S, commits: Vec<DossierCommit>) {
    accepted(store.commit(commits.into_iter().map(commit).collect()).await);
}

async fn loaded<S: Store>(store: &S, key: DossierKey) -> Option<Loaded> {
    store.load(&key).await.expect("a load")
}

async fn version<S: Store>(store: &S, number: u32) -> u64 {
    let found = loaded(store, DossierKey::Id(dossier_id(number))).await;
    found.map_or(0, |found| found.dossier.version)
}

/// However a store keeps states, whole or as what happened since: there is no version between.
pub(super) async fn a_state_is_loaded_at_every_version_alone_and_in_a_list<S: Store>(
    store: Arc<S>,
) {
    let term = SearchTerm { kind: TermKind::NameFolded, term: "an".into() };
    let mut young = Subject::new(1);
    let filed = DossierCommit { search: vec![term.clone()], ..young.file(|_| {}) };
    write(&*store, vec![filed]).await;
    let mut old = Subject::new(2);
    let filed = DossierCommit { search: vec![term.clone()], ..old.file(|_| {}) };
    write(&*store, vec![filed]).await;
    for act in 0..20 {
        // One commit at a time, and several of one dossier in a batch.
        let batch = (0..=act % 3).map(|_| old.act(|_| {})).collect();
        write(&*store, batch).await;
        let found = loaded(&*store, DossierKey::Id(old.id())).await.expect("it is there");
        assert_eq!((&*found.dossier, &found.head), (old.dossier(), old.head()));
        let query =
            SearchQuery { scope: Scope::All, terms: vec![term.clone()], after: None, limit: 9 };
        let found = store.search(&query).await.expect("searched");
        let states: Vec<_> = found.iter().map(|found| &*found.dossier).collect();
        assert_eq!(states, [old.dossier(), young.dossier()]);
    }
    assert!(old.dossier().version > 30, "more than any snapshot spans");
}

pub(super) async fn many_are_loaded_at_once_as_each_alone<S: Store>(store: Arc<S>) {
    let mut subjects: Vec<_> = (1..=40).map(Subject::new).collect();
    let filed = subjects.iter_mut().map(|subject| subject.file(|_| {})).collect();
    write(&*store, filed).await;
    for (acts, subject) in subjects.iter_mut().enumerate() {
        write(&*store, (0..acts % 12).map(|_| subject.act(|_| {})).collect()).await;
    }
    let form = Some(Arc::new(json!({"child": {"name": "Đỗ Ánh"}})));
    write(&*store, vec![DossierCommit { form, ..subjects[5].act(|_| {}) }]).await;
    // Nobody filed the last one, and one is asked for twice.
    let mut wanted: Vec<_> = subjects.iter().map(Subject::id).collect();
    wanted.extend([dossier_id(99), dossier_id(3)]);
    let found = store.load_all(&wanted).await.expect("loaded");
    for subject in &subjects {
        let at_once = found.iter().find(|found| found.dossier.id == subject.id()).expect("found");
        let alone = loaded(&*store, DossierKey::Id(subject.id())).await.expect("it is there");
        assert_eq!((&*at_once.dossier, &at_once.head), (subject.dossier(), subject.head()));
        assert_eq!((&at_once.dossier, &at_once.form), (&alone.dossier, &alone.form));
    }
    assert!(found.iter().all(|found| found.dossier.id != dossier_id(99)));
    assert!(store.load_all(&[]).await.expect("loaded").is_empty());
}

pub(super) async fn what_was_committed_is_loaded_by_every_key<S: Store>(store: Arc<S>) {
    let mut subject = Subject::new(1);
    let filed = subject.file(|facts| {
        facts.code = Some("H26.7-260302-0001".into());
        facts.filing.as_mut().expect("filed").external = Some(external("P-1"));
    });
    let filed =
        DossierCommit { form: Some(Arc::new(json!({"child": {"name": "Đỗ Ánh"}}))), ..filed };
    write(&*store, vec![filed]).await;
    write(&*store, vec![subject.act(|_| {})]).await;
    for key in [
        DossierKey::Id(subject.id()),
        DossierKey::Code("H26.7-260302-0001".into()),
        DossierKey::External("portal".into(), "P-1".into()),
    ] {
        let found = loaded(&*store, key).await.expect("it is there");
        assert_eq!(&*found.dossier, subject.dossier());
        assert_eq!(&found.head, subject.head());
        assert_eq!(*found.form, json!({"child": {"name": "Đỗ Ánh"}}));
    }
    for key in [
        DossierKey::Id(dossier_id(2)),
        DossierKey::Code("H26.7-260302-0002".into()),
        DossierKey::External("other".into(), "P-1".into()),
    ] {
        assert!(loaded(&*store, key).await.is_none());
    }
}

pub(super) async fn a_stale_commit_harms_no_neighbour<S: Store>(store: Arc<S>) {
    let mut subjects: Vec<_> = (1..=3).map(Subject::new).collect();
    let filed = subjects.iter_mut().map(|subject| subject.file(|_| {})).collect();
    write(&*store, filed).await;
    let mut batch: Vec<_> = subjects.iter_mut().map(|subject| subject.act(|_| {})).collect();
    batch[1].expected = 7;
    let answers = store.commit(batch.into_iter().map(commit).collect()).await;
    let chain = subjects[1].chain().as_str().to_owned();
    let stale = StoreError::Stale { chain, expected: 7, actual: 1 };
    assert_eq!(answers, [Ok(()), Err(stale), Ok(())]);
    assert_eq!(version(&*store, 1).await, 2);
    assert_eq!(version(&*store, 2).await, 1);
    assert_eq!(version(&*store, 3).await, 2);
    let events = store.events(&subjects[1].chain(), 0, 10).await.expect("events");
    assert_eq!(events.len(), 1);
    let found = store.find_command(subjects[1].id(), command_id(2)).await;
    assert_eq!(found, Ok(None));
}

pub(super) async fn a_dossier_is_created_once<S: Store>(store: Arc<S>) {
    write(&*store, vec![Subject::new(1).file(|_| {})]).await;
    let again = store.commit(vec![commit(Subject::new(1).file(|_| {}))]).await;
    assert!(matches!(again[..], [Err(StoreError::Stale { expected: 0, actual: 1, .. })]));
}

pub(super) async fn what_does_not_exist_cannot_advance<S: Store>(store: Arc<S>) {
    let mut subject = Subject::new(1);
    subject.file(|_| {});
    let answers = store.commit(vec![commit(subject.act(|_| {}))]).await;
    assert!(matches!(answers[..], [Err(StoreError::Stale { expected: 1, actual: 0, .. })]));
    assert_eq!(version(&*store, 1).await, 0);
}

pub(super) async fn commits_of_one_dossier_are_written_in_order<S: Store>(store: Arc<S>) {
    let mut subject = Subject::new(1);
    let batch = vec![subject.file(|_| {}), subject.act(|_| {}), subject.act(|_| {})];
    write(&*store, batch).await;
    let found = loaded(&*store, DossierKey::Id(subject.id())).await.expect("it is there");
    assert_eq!(&*found.dossier, subject.dossier());
    let mut lost = subject.clone();
    lost.act(|_| {});
    let batch = [subject.act(|_| {}), lost.act(|_| {}), subject.act(|_| {})];
    let answers = store.commit(batch.into_iter().map(commit).collect()).await;
    // The second builds on version 4, which the first has just reached, and so takes the place of
    // the third.
    assert!(matches!(answers[..], [Ok(()), Ok(()), Err(StoreError::Stale { actual: 5, .. })]));
    let events = store.events(&subject.chain(), 0, 10).await.expect("events");
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
}

pub(super) async fn a_command_id_is_unique_for_its_dossier<S: Store>(store: Arc<S>) {
    let (mut one, mut other) = (Subject::new(1), Subject::new(2));
    write(&*store, vec![one.file(|_| {}), other.file(|_| {})]).await;
    let mut again = one.act(|_| {});
    again.commands[0].0 = command_id(1);
    let taken = store.commit(vec![commit(again)]).await;
    assert_eq!(taken, [Err(StoreError::Taken { what: "command id" })]);
    assert_eq!(version(&*store, 1).await, 1);
    // Both dossiers have a command of this id: it is unique within one of them only.
    for id in [one.id(), other.id()] {
        assert_eq!(store.find_command(id, command_id(1)).await, Ok(Some(1)));
        assert_eq!(store.find_command(id, command_id(9)).await, Ok(None));
    }
}

pub(super) async fn a_code_is_unique<S: Store>(store: Arc<S>) {
    let mut other = Subject::new(2);
    let holder = Subject::new(1).file(|facts| facts.code = Some("C-1".into()));
    write(&*store, vec![holder, other.file(|_| {})]).await;
    let taken = other.act(|facts| facts.code = Some("C-1".into()));
    let answers = store.commit(vec![commit(taken)]).await;
    assert_eq!(answers, [Err(StoreError::Taken { what: "dossier code" })]);
    let found = loaded(&*store, DossierKey::Code("C-1".into())).await.expect("it is there");
    assert_eq!(found.dossier.id, dossier_id(1));
    assert_eq!(version(&*store, 2).await, 1);
}

pub(super) async fn an_external_reference_is_unique<S: Store>(store: Arc<S>) {
    let refer = |facts: &mut motcua_dossiers::event::Facts| {
        facts.filing.as_mut().expect("filed").external = Some(external("P-1"));
    };
    write(&*store, vec![Subject::new(1).file(refer)]).await;
    let answers = store.commit(vec![commit(Subject::new(2).file(refer))]).await;
    assert_eq!(answers, [Err(StoreError::Taken { what: "external reference" })]);
    assert_eq!(version(&*store, 2).await, 0);
}

pub(super) async fn of_two_in_a_batch_that_take_the_same_code_the_first_has_it<S: Store>(
    store: Arc<S>,
) {
    let coded = |number| Subject::new(number).file(|facts| facts.code = Some("C-1".into()));
    let answers = store.commit(vec![commit(coded(2)), commit(coded(1)), commit(coded(3))]).await;
    let taken = || Err(StoreError::Taken { what: "dossier code" });
    assert_eq!(answers, [Ok(()), taken(), taken()]);
    let found = loaded(&*store, DossierKey::Code("C-1".into())).await.expect("it is there");
    assert_eq!(found.dossier.id, dossier_id(2));
}

pub(super) async fn the_same_commit_again_is_stale<S: Store>(store: Arc<S>) {
    let filed = Subject::new(1).file(|_| {});
    write(&*store, vec![filed.clone()]).await;
    let again = store.commit(vec![commit(filed)]).await;
    assert!(matches!(again[..], [Err(StoreError::Stale { .. })]));
    let events = store.events(&Subject::new(1).chain(), 0, 10).await.expect("events");
    assert_eq!(events.len(), 1);
}

pub(super) async fn a_hint_reaches_whoever_listens_where_a_store_is_shared<S: Store>(
    store: Arc<S>,
) {
    if !store.is_shared() {
        assert!(store.hints().await.is_err());
        return;
    }
    let (mut one, mut other) =
        (store.hints().await.expect("heard"), store.hints().await.expect("heard"));
    let long = "x".repeat(HINT_BYTES_MAX);
    for hint in ["đơn vị", &long] {
        assert_eq!(store.hint(hint).await, Ok(()));
        for hints in [&mut one, &mut other] {
            assert_eq!(hints.next().await.expect("heard").as_deref(), Some(hint));
        }
    }
}

pub(super) async fn versions_are_told_of_those_that_exist<S: Store>(store: Arc<S>) {
    let mut subject = Subject::new(1);
    let filed = subject.file(|_| {});
    write(&*store, vec![filed, subject.act(|_| {})]).await;
    write(&*store, vec![Subject::new(2).file(|_| {}), Subject::new(4).file(|_| {})]).await;
    let asked = [1, 2, 3].map(dossier_id);
    let mut versions = store.versions(&asked).await.expect("a read");
    versions.sort_unstable();
    assert_eq!(versions, [(dossier_id(1), 2), (dossier_id(2), 1)]);
    assert_eq!(store.versions(&[]).await, Ok(Vec::new()));
}

pub(super) async fn a_form_stays_until_it_is_replaced<S: Store>(store: Arc<S>) {
    let mut subject = Subject::new(1);
    let form = async |expected: serde_json::Value| {
        let found = loaded(&*store, DossierKey::Id(dossier_id(1))).await.expect("it is there");
        assert_eq!(*found.form, expected);
    };
    write(&*store, vec![subject.file(|_| {})]).await;
    form(json!(null)).await;
    let given = DossierCommit { form: Some(Arc::new(json!({"a": 1}))), ..subject.act(|_| {}) };
    write(&*store, vec![given, subject.act(|_| {})]).await;
    form(json!({"a": 1})).await;
    let given = DossierCommit { form: Some(Arc::new(json!({"b": "ơ"}))), ..subject.act(|_| {}) };
    write(&*store, vec![given]).await;
    form(json!({"b": "ơ"})).await;
}

pub(super) async fn concurrent_commits_are_all_there<S: Store>(store: Arc<S>) {
    let mut tasks = JoinSet::new();
    for number in 1..=64 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut subject = Subject::new(number);
            write(&*store, vec![subject.file(|_| {})]).await;
            for _ in 0..3 {
                write(&*store, vec![subject.act(|_| {})]).await;
                // Read your own writes.
                let found = loaded(&*store, DossierKey::Id(subject.id())).await.expect("written");
                assert_eq!(&*found.dossier, subject.dossier());
            }
        });
    }
    let done = tasks.join_all().await;
    assert_eq!(done.len(), 64);
    for number in 1..=64 {
        assert_eq!(version(&*store, number).await, 4);
    }
}

pub(super) async fn of_concurrent_rivals_one_wins<S: Store>(store: Arc<S>) {
    let mut subject = Subject::new(1);
    write(&*store, vec![subject.file(|_| {})]).await;
    let mut tasks = JoinSet::new();
    for rival in 0..16 {
        let (store, mut rival_subject) = (Arc::clone(&store), subject.clone());
        tasks.spawn(async move {
            let mut act = rival_subject.act(|_| {});
            act.commands[0].0 = command_id(100 + rival);
            store.commit(vec![commit(act)]).await.remove(0)
        });
    }
    let answers = tasks.join_all().await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 15));
    let kinds: BTreeSet<_> =
        lost.into_iter().map(|answer| answer.map_err(|e| e.to_string())).collect();
    assert_eq!(kinds.len(), 1, "all are stale alike: {kinds:?}");
    assert_eq!(version(&*store, 1).await, 2);
}

pub(super) async fn submitting_ends_the_draft<S: Store>(store: Arc<S>) {
    for number in [1, 2] {
        let draft = Draft {
            id: dossier_id(number),
            owner: "citizen-1".into(),
            revision: 1,
            body: "{}".into(),
            updated_at: minute(0),
            expires_at: minute(60),
        };
        assert_eq!(store.put_draft(&draft).await, Ok(()));
    }
    write(&*store, vec![Subject::new(1).file(|_| {})]).await;
    assert_eq!(store.draft(dossier_id(1)).await, Ok(None));
    assert!(store.draft(dossier_id(2)).await.expect("a read").is_some());
}

pub(super) async fn an_empty_batch_has_no_answers<S: Store>(store: Arc<S>) {
    assert!(store.commit(Vec::new()).await.is_empty());
}
