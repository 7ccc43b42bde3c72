//! A search is bounded by rows, however many dossiers have a name.

use motcua_store::StoreError;
use motcua_store::conformance::fixture::{Subject, UNIT};
use motcua_store::contract::{
    Commit, DossierCommit, Scope, SearchQuery, SearchTerm, Store as _, TermKind,
};

use super::{connection, database, execute, open};

fn word(term: &str) -> SearchTerm {
    SearchTerm { kind: TermKind::NameFolded, term: term.into() }
}

fn asked(words: &[&str]) -> SearchQuery {
    let terms = words.iter().map(|term| word(term)).collect();
    SearchQuery { scope: Scope::Unit(UNIT.into()), terms, after: None, limit: 10 }
}

/// Newer dossiers, more than a search goes through, with a word that is longer than the rare one.
const MANY: &str = "INSERT INTO search_term (kind, term, dossier_id)
    SELECT kind, term, CAST('0190ffff-0000-7000-8000-' || lpad(to_hex(n), 12, '0') AS uuid)
    FROM search_term, generate_series(1, 25000) AS n WHERE term = 'nguyen'";

#[tokio::test(flavor = "multi_thread")]
async fn a_search_begins_at_its_rarest_word_and_ends_after_so_many_rows() {
    let url = database().await;
    let store = open(&url).await;
    let mut subject = Subject::new(1);
    let search = vec![word("nguyen"), word("an")];
    let filed = DossierCommit { search, ..subject.file(|_| {}) };
    assert_eq!(store.commit(vec![Commit::Dossier(Box::new(filed))]).await, [Ok(())]);
    assert_eq!(store.search(&asked(&["nguyen"])).await.expect("found").len(), 1);
    execute(&mut connection(&url).await, MANY).await.expect("inserted");
    // Begun at the frequent word, it would not come to the oldest of them all.
    for words in [["nguyen", "an"], ["an", "nguyen"]] {
        let found = store.search(&asked(&words)).await.expect("found");
        assert_eq!(found.iter().map(|found| found.dossier.id).collect::<Vec<_>>(), [subject.id()]);
    }
    assert_eq!(store.search(&asked(&["nguyen"])).await.err(), Some(StoreError::TooWide));
    assert!(store.search(&asked(&["nguyen", "nobody"])).await.expect("searched").is_empty());
    // A page that is full asks for no more.
    let all = SearchQuery { scope: Scope::All, limit: 0, ..asked(&["nguyen"]) };
    assert!(store.search(&all).await.is_ok());
}
