//! Chains that are no dossier's, and the entries they record.

use std::sync::Arc;

use motcua_audit::ChainId;

use super::commits::{accepted, commit};
use super::fixture::{Subject, procedure_entry, register_commit};
use crate::contract::{Commit, RegisterCommit, RegisterEntry, RegisterKind, Store};
use crate::error::StoreError;

fn chain() -> ChainId {
    ChainId::parse("sys:definitions").expect("a valid name")
}

fn register(commit: RegisterCommit) -> Commit {
    Commit::Register(Box::new(commit))
}

pub(super) async fn a_chain_goes_on_from_its_head<S: Store>(store: Arc<S>) {
    let first = register_commit(&chain(), None, vec![]);
    let second = register_commit(&chain(), Some(&first.head), vec![]);
    let third = register_commit(&chain(), Some(&second.head), vec![]);
    let head = third.head.clone();
    let dossier = commit(Subject::new(1).file(|_| {}));
    accepted(store.commit(vec![register(first), dossier, register(second)]).await);
    accepted(store.commit(vec![register(third)]).await);
    assert_eq!(store.chain_head(&chain()).await, Ok(Some(head)));
    let events = store.events(&chain(), 1, 10).await.expect("events");
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [2, 3]);
}

pub(super) async fn entries_come_oldest_first<S: Store>(store: Arc<S>) {
    let calendar = RegisterEntry {
        kind: RegisterKind::Calendar,
        code: "calendar".into(),
        ..procedure_entry("cd")
    };
    let entries = vec![procedure_entry("2.0.0"), calendar.clone(), procedure_entry("1.0.0")];
    let first = register_commit(&chain(), None, entries);
    let entries = vec![procedure_entry("1.5.0")];
    let second = register_commit(&chain(), Some(&first.head), entries);
    accepted(store.commit(vec![register(first)]).await);
    accepted(store.commit(vec![register(second)]).await);
    let procedures = store.register(RegisterKind::Procedure).await;
    let versions = ["2.0.0", "1.0.0", "1.5.0"];
    assert_eq!(procedures, Ok(versions.map(procedure_entry).into()));
    assert_eq!(store.register(RegisterKind::Calendar).await, Ok(vec![calendar]));
    assert_eq!(store.register(RegisterKind::Units).await, Ok(vec![]));
}

pub(super) async fn a_version_is_recorded_once_for_ever<S: Store>(store: Arc<S>) {
    let first = register_commit(&chain(), None, vec![procedure_entry("1.0.0")]);
    let head = first.head.clone();
    accepted(store.commit(vec![register(first)]).await);
    let other = RegisterEntry { bytes: b"other".to_vec(), ..procedure_entry("1.0.0") };
    let twice = vec![procedure_entry("2.0.0"), procedure_entry("2.0.0")];
    for entries in [vec![procedure_entry("2.0.0"), other], twice] {
        let again = register_commit(&chain(), Some(&head), entries);
        let answers = store.commit(vec![register(again)]).await;
        assert_eq!(answers, [Err(StoreError::Taken { what: "register version" })]);
    }
    let kept = store.register(RegisterKind::Procedure).await;
    assert_eq!(kept, Ok(vec![procedure_entry("1.0.0")]));
    assert_eq!(store.chain_head(&chain()).await, Ok(Some(head)));
}

pub(super) async fn a_stale_register_commit_writes_nothing<S: Store>(store: Arc<S>) {
    let first = register_commit(&chain(), None, vec![]);
    let rival = register_commit(&chain(), None, vec![procedure_entry("1.0.0")]);
    let answers = store.commit(vec![register(first), register(rival)]).await;
    let name = chain().as_str().to_owned();
    let stale = StoreError::Stale { chain: name, expected: 0, actual: 1 };
    assert_eq!(answers, [Ok(()), Err(stale)]);
    assert_eq!(store.register(RegisterKind::Procedure).await, Ok(vec![]));
}

pub(super) async fn chains_of_one_batch_do_not_suffer_for_each_other<S: Store>(store: Arc<S>) {
    let name = |number| ChainId::parse(&format!("acc:{number}")).expect("a valid name");
    let mut batch: Vec<_> =
        (0..6).map(|number| register(register_commit(&name(number), None, vec![]))).collect();
    let twice = vec![procedure_entry("2.0.0"), procedure_entry("2.0.0")];
    batch.insert(3, register(register_commit(&chain(), None, twice)));
    batch.push(register(register_commit(&name(2), None, vec![])));
    let answers = store.commit(batch).await;
    let refused: Vec<_> = answers.iter().map(|answer| answer.clone().err()).collect();
    let taken = StoreError::Taken { what: "register version" };
    let stale = StoreError::Stale { chain: name(2).to_string(), expected: 0, actual: 1 };
    let expected = [None, None, None, Some(taken), None, None, None, Some(stale)];
    assert_eq!(refused, expected);
    for number in 0..6 {
        assert_eq!(store.events(&name(number), 0, 9).await.expect("events").len(), 1);
    }
    assert_eq!(store.chain_head(&chain()).await, Ok(None));
}
