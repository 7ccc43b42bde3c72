//! Numbers, held names, drafts, uploads, guesses, settings.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::date;
use motcua_dossiers::command::DocumentContent;
use motcua_dossiers::event::Facts;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::commits::write;
use super::fixture::{Subject, dossier_id, minute};
use crate::contract::{DossierCommit, Draft, Expired, Store, Upload};
use crate::error::StoreError;

const AGENCY: &str = "H26.7";

pub(super) async fn numbers_are_never_given_twice<S: Store>(store: Arc<S>) {
    let day = date(2026, 3, 2);
    assert_eq!(store.reserve_numbers(AGENCY, day, 3).await, Ok(1..4));
    assert_eq!(store.reserve_numbers(AGENCY, day, 1).await, Ok(4..5));
    assert_eq!(store.reserve_numbers(AGENCY, day, 50).await, Ok(5..55));
}

pub(super) async fn concurrent_numbers_are_never_given_twice<S: Store>(store: Arc<S>) {
    let mut tasks = JoinSet::new();
    for task in 0..32 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let day = date(2026, 3, 2);
            store.reserve_numbers(AGENCY, day, 1 + task % 3).await.expect("a reservation")
        });
    }
    let numbers: Vec<u32> = tasks.join_all().await.into_iter().flatten().collect();
    let distinct: BTreeSet<_> = numbers.iter().copied().collect();
    assert_eq!(distinct.len(), numbers.len());
    assert_eq!(distinct.first(), Some(&1));
}

pub(super) async fn each_agency_and_day_has_its_numbers<S: Store>(store: Arc<S>) {
    for (agency, day) in
        [(AGENCY, date(2026, 3, 2)), (AGENCY, date(2026, 3, 3)), ("H26.8", date(2026, 3, 2))]
    {
        assert_eq!(store.reserve_numbers(agency, day, 2).await, Ok(1..3));
    }
}

async fn holds<S: Store>(store: &S, number: u32, now: i64, until: i64) -> bool {
    let answer = store.reserve_name("name/x", dossier_id(number), minute(now), minute(until));
    answer.await.expect("an answer")
}

pub(super) async fn a_name_without_a_commit_is_held_until_its_end<S: Store>(store: Arc<S>) {
    assert!(holds(&*store, 1, 0, 10).await);
    assert!(!holds(&*store, 2, 5, 15).await);
    // The holder may hold on, before the end and after it.
    assert!(holds(&*store, 1, 5, 20).await);
    assert!(!holds(&*store, 2, 19, 30).await);
    assert!(holds(&*store, 2, 20, 30).await);
    assert!(!holds(&*store, 1, 21, 30).await);
    let other = store.reserve_name("name/y", dossier_id(1), minute(21), minute(30)).await;
    assert_eq!(other, Ok(true));
}

pub(super) async fn a_confirmed_name_has_no_end<S: Store>(store: Arc<S>) {
    let mut subject = Subject::new(1);
    write(&*store, vec![subject.file(|_| {}), Subject::new(2).file(|_| {})]).await;
    assert!(holds(&*store, 1, 0, 10).await);
    let confirmed = DossierCommit { confirmed: vec!["name/x".into()], ..subject.act(|_| {}) };
    write(&*store, vec![confirmed]).await;
    assert!(!holds(&*store, 2, 1_000, 2_000).await);
    assert!(holds(&*store, 1, 1_000, 2_000).await);
    assert!(!holds(&*store, 2, 3_000, 4_000).await, "asking again set no end");
}

pub(super) async fn a_payment_reference_is_held_for_ever_beside_every_name<S: Store>(
    store: Arc<S>,
) {
    let mut subject = Subject::new(1);
    write(&*store, vec![subject.file(|_| {}), naming(&mut subject, "name/x")]).await;
    let references = ["payment:u/BL-1", "payment:u/BL-2"];
    for reference in references {
        let confirmed = vec![reference.to_owned()];
        write(&*store, vec![DossierCommit { confirmed, ..subject.act(|_| {}) }]).await;
    }
    assert!(!holds(&*store, 2, 1_000, 2_000).await, "a payment takes no name's place");
    let released = vec!["name/x".to_owned()];
    for last in [
        naming(&mut subject, "name/z"),
        DossierCommit { released, ..subject.act(|facts| facts.completed = true) },
        subject.act(|facts| facts.closed = true),
    ] {
        write(&*store, vec![last]).await;
        for reference in references {
            let other = store.reserve_name(reference, dossier_id(2), minute(0), minute(10)).await;
            assert_eq!(other, Ok(false), "{reference}");
        }
    }
    let mut other = Subject::new(2);
    write(&*store, vec![other.file(|_| {})]).await;
    let confirmed = vec![references[0].to_owned()];
    let late = DossierCommit { confirmed, ..other.act(|_| {}) };
    let answers = store.commit(vec![super::commits::commit(late)]).await;
    assert_eq!(answers, [Err(StoreError::Taken { what: "name" })]);
}

/// A dossier that gives its name up and takes it again before anybody writes holds it.
pub(super) async fn a_name_let_go_and_held_by_one_commit_is_held<S: Store>(store: Arc<S>) {
    let mut subject = Subject::new(1);
    write(&*store, vec![subject.file(|_| {}), Subject::new(2).file(|_| {})]).await;
    let names = || vec!["name/x".to_owned()];
    write(&*store, vec![DossierCommit { confirmed: names(), ..subject.act(|_| {}) }]).await;
    let both = DossierCommit { released: names(), confirmed: names(), ..subject.act(|_| {}) };
    write(&*store, vec![both]).await;
    assert!(!holds(&*store, 2, 1_000, 2_000).await);
}

fn naming(subject: &mut Subject, name: &str) -> DossierCommit {
    subject.act(|facts| facts.reserved = Some(name.into()))
}

pub(super) async fn a_committed_name_is_held_until_it_is_released<S: Store>(store: Arc<S>) {
    let mut subject = Subject::new(1);
    write(&*store, vec![subject.file(|_| {})]).await;
    assert!(holds(&*store, 1, 0, 10).await);
    write(&*store, vec![naming(&mut subject, "name/x")]).await;
    assert!(!holds(&*store, 2, 1_000, 2_000).await);
    write(&*store, vec![subject.act(|_| {})]).await;
    assert!(!holds(&*store, 2, 100_000, 200_000).await);
    let released = vec!["name/x".to_owned()];
    write(&*store, vec![DossierCommit { released, ..subject.act(|f| f.completed = true) }]).await;
    assert!(holds(&*store, 2, 1, 10).await);
    // The name still stands in the state of the first, which has no claim to it any more.
    write(&*store, vec![Subject::new(2).file(|f| f.reserved = Some("name/x".into()))]).await;
    write(&*store, vec![subject.act(|_| {})]).await;
    assert!(!holds(&*store, 1, 1_000, 2_000).await);
}

pub(super) async fn a_name_that_another_holds_refuses_the_commit<S: Store>(store: Arc<S>) {
    let (mut one, mut other) = (Subject::new(1), Subject::new(2));
    let batch = vec![one.file(|_| {}), other.file(|_| {}), naming(&mut one, "name/x")];
    write(&*store, batch).await;
    let late = super::commits::commit(naming(&mut other, "name/x"));
    assert_eq!(store.commit(vec![late]).await, [Err(StoreError::Taken { what: "name" })]);
    let (mut third, mut fourth) = (Subject::new(3), Subject::new(4));
    write(&*store, vec![third.file(|_| {}), fourth.file(|_| {})]).await;
    let rivals = [naming(&mut third, "name/y"), naming(&mut fourth, "name/y")];
    let answers = store.commit(rivals.map(super::commits::commit).into()).await;
    assert_eq!(answers, [Ok(()), Err(StoreError::Taken { what: "name" })]);
}

pub(super) async fn a_name_that_was_replaced_is_free<S: Store>(store: Arc<S>) {
    let mut subject = Subject::new(1);
    let batch = vec![subject.file(|_| {}), naming(&mut subject, "name/x")];
    write(&*store, batch).await;
    assert!(!holds(&*store, 2, 0, 10).await);
    write(&*store, vec![naming(&mut subject, "name/z")]).await;
    assert!(holds(&*store, 2, 0, 10).await);
}

pub(super) async fn a_released_name_is_free<S: Store>(store: Arc<S>) {
    let (mut holder, mut other) = (Subject::new(1), Subject::new(2));
    write(&*store, vec![holder.file(|_| {}), other.file(|_| {})]).await;
    assert!(holds(&*store, 1, 0, 10).await);
    let released = || vec!["name/x".to_owned()];
    write(&*store, vec![DossierCommit { released: released(), ..other.act(|_| {}) }]).await;
    assert!(!holds(&*store, 2, 1, 10).await, "only the holder releases");
    write(&*store, vec![DossierCommit { released: released(), ..holder.act(|_| {}) }]).await;
    assert!(holds(&*store, 2, 1, 10).await);
}

fn draft(number: u32, revision: u64) -> Draft {
    Draft {
        id: dossier_id(number),
        owner: "citizen-1".into(),
        revision,
        body: format!("{{\"revision\":{revision}}}"),
        updated_at: minute(i64::from(number)),
        expires_at: minute(100 + i64::from(number)),
    }
}

pub(super) async fn a_draft_is_saved_over_its_last_revision_only<S: Store>(store: Arc<S>) {
    let stale = |expected, actual| {
        let chain = format!("draft:{}", dossier_id(1));
        Err(StoreError::Stale { chain, expected, actual })
    };
    assert_eq!(store.draft(dossier_id(1)).await, Ok(None));
    assert_eq!(store.put_draft(&draft(1, 2)).await, stale(1, 0));
    assert_eq!(store.put_draft(&draft(1, 1)).await, Ok(()));
    assert_eq!(store.put_draft(&draft(1, 1)).await, stale(0, 1));
    assert_eq!(store.put_draft(&draft(1, 2)).await, Ok(()));
    assert_eq!(store.put_draft(&draft(1, 4)).await, stale(3, 2));
    assert_eq!(store.draft(dossier_id(1)).await, Ok(Some(draft(1, 2))));
    for _ in 0..2 {
        assert_eq!(store.delete_draft(dossier_id(1)).await, Ok(()));
        assert_eq!(store.draft(dossier_id(1)).await, Ok(None));
    }
}

pub(super) async fn a_draft_belongs_to_its_owner<S: Store>(store: Arc<S>) {
    assert_eq!(store.put_draft(&draft(1, 1)).await, Ok(()));
    for revision in [1, 2] {
        let other = Draft { owner: "citizen-2".into(), ..draft(1, revision) };
        assert_eq!(store.put_draft(&other).await, Err(StoreError::Taken { what: "draft" }));
    }
    assert_eq!(store.draft(dossier_id(1)).await, Ok(Some(draft(1, 1))));
}

pub(super) async fn drafts_come_last_saved_first<S: Store>(store: Arc<S>) {
    for number in [2, 3, 1] {
        assert_eq!(store.put_draft(&draft(number, 1)).await, Ok(()));
    }
    let saved = Draft { updated_at: minute(60), ..draft(1, 2) };
    assert_eq!(store.put_draft(&saved).await, Ok(()));
    let other = Draft { owner: "citizen-2".into(), ..draft(4, 1) };
    assert_eq!(store.put_draft(&other).await, Ok(()));
    let all = vec![saved, draft(3, 1), draft(2, 1)];
    assert_eq!(store.drafts("citizen-1", 2).await, Ok(all[..2].to_vec()));
    assert_eq!(store.drafts("citizen-1", 10).await, Ok(all));
    assert_eq!(store.drafts("nobody", 10).await, Ok(vec![]));
}

fn upload(number: u32, sha256: Option<&str>) -> Upload {
    Upload {
        id: dossier_id(number),
        owner: "citizen-1".into(),
        media: "application/pdf".into(),
        size: 1 << 40,
        sha256: sha256.map(str::to_owned),
        expires_at: minute(100 + i64::from(number)),
    }
}

pub(super) async fn what_has_expired_is_gone<S: Store>(store: Arc<S>) {
    for number in [1, 2] {
        assert_eq!(store.put_draft(&draft(number, 1)).await, Ok(()));
        assert_eq!(store.put_upload(&upload(number, None)).await, Ok(()));
    }
    assert_eq!(store.expire(minute(100)).await, Ok(Expired::default()));
    assert_eq!(store.expire(minute(101)).await, Ok(unfinished(&[1])));
    assert_eq!(store.expire(minute(101)).await, Ok(Expired::default()));
    assert_eq!(store.draft(dossier_id(1)).await, Ok(None));
    assert_eq!(store.upload(dossier_id(1)).await, Ok(None));
    assert_eq!(store.draft(dossier_id(2)).await, Ok(Some(draft(2, 1))));
    assert_eq!(store.upload(dossier_id(2)).await, Ok(Some(upload(2, None))));
    // A finished upload that nobody filed is gone at its instant as well.
    assert_eq!(store.put_upload(&upload(3, Some("d3"))).await, Ok(()));
    assert_eq!(store.needs_document("d3").await, Ok(true));
    let finished = Expired { documents: vec!["d3".into()], ..unfinished(&[2]) };
    assert_eq!(store.expire(minute(103)).await, Ok(finished));
    assert_eq!(store.upload(dossier_id(3)).await, Ok(None));
    assert_eq!(store.needs_document("d3").await, Ok(false));
}

fn unfinished(numbers: &[u32]) -> Expired {
    let uploads = numbers.iter().map(|number| dossier_id(*number)).collect();
    Expired { uploads, documents: Vec::new() }
}

fn filing(facts: &mut Facts, sha256: &str) {
    let content = DocumentContent::Upload {
        sha256: sha256.into(),
        size: 1,
        media: "application/pdf".into(),
        signed: false,
    };
    facts.documents.insert("D1".into(), content);
}

pub(super) async fn what_a_dossier_refers_to_does_not_expire<S: Store>(store: Arc<S>) {
    let other = Upload { owner: "citizen-2".into(), ..upload(3, Some("d1")) };
    for upload in [upload(1, Some("d1")), upload(2, Some("d2")), other] {
        assert_eq!(store.put_upload(&upload).await, Ok(()));
    }
    let mut subject = Subject::new(9);
    write(&*store, vec![subject.file(|facts| filing(facts, "d1"))]).await;
    // What another paper took the place of is still in the history.
    write(&*store, vec![subject.act(|facts| filing(facts, "d9"))]).await;
    let gone = Expired { documents: vec!["d2".into()], ..Expired::default() };
    assert_eq!(store.expire(minute(10_000)).await, Ok(gone));
    let late = minute(20_000);
    for (owner, number) in [("citizen-1", 1), ("citizen-2", 3)] {
        let found = store.finished_upload(owner, "d1", late).await.expect("an answer");
        assert_eq!(found.map(|found| found.id), Some(dossier_id(number)));
    }
    for (digest, needed) in [("d1", true), ("d2", false), ("d9", true), ("d0", false)] {
        assert_eq!(store.needs_document(digest).await, Ok(needed), "{digest}");
    }
    // Of a refused commit nothing is left.
    let mut stale = Subject::new(9).file(|facts| filing(facts, "d5"));
    stale.expected = 0;
    assert!(store.commit(vec![super::commits::commit(stale)]).await[0].is_err());
    assert_eq!(store.needs_document("d5").await, Ok(false));
    // Filed again later: the upload of that day expires, its content stays.
    assert_eq!(store.put_upload(&upload(4, Some("d9"))).await, Ok(()));
    let again = Expired { documents: vec!["d9".into()], ..Expired::default() };
    assert_eq!(store.expire(minute(10_000)).await, Ok(again));
    assert_eq!(store.needs_document("d9").await, Ok(true));
}

pub(super) async fn what_waits_to_be_filed_is_counted_in_bytes<S: Store>(store: Arc<S>) {
    let waiting = async || store.waiting_bytes("citizen-1").await.expect("bytes");
    assert_eq!(waiting().await, 0);
    for (number, size, digest) in [(1, 10, None), (2, 200, Some("d2")), (3, 3_000, Some("d3"))] {
        let upload = Upload { size, ..upload(number, digest) };
        assert_eq!(store.put_upload(&upload).await, Ok(()));
    }
    assert_eq!(waiting().await, 3_210);
    assert_eq!(store.waiting_bytes("citizen-2").await, Ok(0));
    write(&*store, vec![Subject::new(9).file(|facts| filing(facts, "d2"))]).await;
    assert_eq!(waiting().await, 3_010);
    store.expire(minute(103)).await.expect("expired");
    assert_eq!(waiting().await, 0);
}

pub(super) async fn an_upload_is_found_by_its_content<S: Store>(store: Arc<S>) {
    assert_eq!(store.put_upload(&upload(1, None)).await, Ok(()));
    assert_eq!(store.finished_upload("citizen-1", "d1", minute(0)).await, Ok(None));
    assert_eq!(store.put_upload(&upload(1, Some("d1"))).await, Ok(()));
    assert_eq!(store.upload(dossier_id(1)).await, Ok(Some(upload(1, Some("d1")))));
    let found = store.finished_upload("citizen-1", "d1", minute(0)).await;
    assert_eq!(found, Ok(Some(upload(1, Some("d1")))));
    assert_eq!(store.finished_upload("citizen-2", "d1", minute(0)).await, Ok(None));
    assert_eq!(store.finished_upload("citizen-1", "d2", minute(0)).await, Ok(None));
    assert_eq!(store.upload(Uuid::nil()).await, Ok(None));
    // Who begins to refer to it must be done before it is gone.
    for (beyond, stays) in [(100, true), (101, false)] {
        let found = store.finished_upload("citizen-1", "d1", minute(beyond)).await;
        assert_eq!(found.expect("an answer").is_some(), stays);
    }
}

pub(super) async fn unfinished_uploads_are_counted<S: Store>(store: Arc<S>) {
    assert_eq!(store.open_uploads("citizen-1").await, Ok(0));
    for number in [1, 2, 3] {
        assert_eq!(store.put_upload(&upload(number, None)).await, Ok(()));
    }
    assert_eq!(store.put_upload(&upload(2, Some("d1"))).await, Ok(()));
    assert_eq!(store.open_uploads("citizen-1").await, Ok(2));
    assert_eq!(store.open_uploads("citizen-2").await, Ok(0));
    assert_eq!(store.expire(minute(101)).await, Ok(unfinished(&[1])));
    assert_eq!(store.open_uploads("citizen-1").await, Ok(1));
}

pub(super) async fn a_form_is_first_printed_once<S: Store>(store: Arc<S>) {
    let print = async |dossier, number, seq| {
        let printed = store.first_print(dossier_id(dossier), number, seq, "d1", minute(0)).await;
        printed.expect("an answer")
    };
    assert!(print(1, 1, 2).await);
    assert!(!print(1, 1, 2).await);
    assert!(print(1, 2, 2).await && print(1, 1, 3).await && print(2, 1, 2).await);
    assert!(!print(1, 1, 2).await);
}

pub(super) async fn an_upload_belongs_to_its_owner<S: Store>(store: Arc<S>) {
    assert_eq!(store.put_upload(&upload(1, None)).await, Ok(()));
    let other = Upload { owner: "citizen-2".into(), ..upload(1, Some("d1")) };
    assert_eq!(store.put_upload(&other).await, Err(StoreError::Taken { what: "upload" }));
    assert_eq!(store.upload(dossier_id(1)).await, Ok(Some(upload(1, None))));
}

async fn guess<S: Store>(store: &S, keys: &[&str], now: i64, until: i64) -> bool {
    let keys: Vec<_> = keys.iter().map(|key| (*key).to_owned()).collect();
    store.count_guess(&keys, minute(now), minute(until), 2).await.expect("a count")
}

pub(super) async fn guesses_count_until_they_are_forgotten<S: Store>(store: Arc<S>) {
    assert!(guess(&*store, &["a", "x"], 0, 60).await);
    assert!(guess(&*store, &["a", "y"], 1, 61).await);
    assert!(!guess(&*store, &["a", "z"], 2, 62).await);
    assert!(!guess(&*store, &["z", "a"], 2, 62).await);
    assert!(guess(&*store, &["z", "x"], 2, 62).await, "refused guesses were not counted");
    assert!(!guess(&*store, &["b", "x"], 59, 119).await);
    // A guess is forgotten at its very instant.
    assert!(guess(&*store, &["a"], 60, 120).await);
    assert!(!guess(&*store, &["a"], 60, 120).await);
    let keys = ["a".to_owned(), "nothing".to_owned()];
    assert_eq!(store.take_back_guess(&keys, minute(120)).await, Ok(()));
    assert!(guess(&*store, &["a"], 60, 120).await, "the right one was taken back");
    assert!(!guess(&*store, &["a"], 60, 120).await);
    assert_eq!(store.expire(minute(119)).await, Ok(Expired::default()));
    assert!(guess(&*store, &["a"], 119, 179).await, "61 has passed, 120 has not");
    assert!(!guess(&*store, &["a"], 119, 179).await);
}

pub(super) async fn of_guesses_at_once_no_more_are_counted_than_may_be<S: Store>(store: Arc<S>) {
    let mut tasks = JoinSet::new();
    for _ in 0..16 {
        let store = Arc::clone(&store);
        tasks.spawn(async move { guess(&*store, &["a"], 0, 60).await });
    }
    let counted = tasks.join_all().await.into_iter().filter(|counted| *counted).count();
    assert_eq!(counted, 2);
}

pub(super) async fn a_setting_is_set_once<S: Store>(store: Arc<S>) {
    assert_eq!(store.find_setting("origin").await, Ok(None));
    assert_eq!(store.setting("origin", "a").await, Ok("a".into()));
    assert_eq!(store.find_setting("origin").await, Ok(Some("a".into())));
    assert_eq!(store.setting("origin", "b").await, Ok("a".into()));
    assert_eq!(store.setting("other", "b").await, Ok("b".into()));
    let size = store.size_bytes().await;
    assert!(size.is_ok(), "{size:?}");
    assert_eq!(store.reach().await, Ok(()));
}
