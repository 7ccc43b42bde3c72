//! What the command path asks of many machines: every statement, those inside functions too, finds the
//! rows of a distributed table by the column that the table is distributed by.
//!
//! The server itself says how it carried out each of them (`auto_explain`).

use std::collections::{BTreeMap, BTreeSet};

use motcua_audit::ChainId;
use motcua_dossiers::command::DocumentContent;
use motcua_dossiers::event::Facts;
use motcua_store::Store as _;
use motcua_store::conformance::fixture::*;
use motcua_store::contract::{
    Commit, DossierCommit, DossierKey, Draft, PutOff, SearchTerm, TermKind, Upload,
};
use motcua_store_sql::SqlStore;
use serde_json::{Value, json};

use super::carried_out::{self, below};
use super::{connection, database, execute, open};

/// Enough for the planner to see tables rather than a page.
const VOLUME: u32 = 600;
/// What one machine can hold whole, or every machine: see docs/postgres.md.
const REFERENCE: &str = "a reference table";
/// Where rows are found across dossiers, by index, and why. Each can be a look-up table of its own that
/// is made anew from the dossiers.
const ACROSS: [(&str, &str); 4] = [
    ("dossier_by_code", "no two dossiers have one code"),
    ("dossier_by_external", "no two dossiers have one reference of a portal"),
    ("upload_by_digest", "what is filed keeps every upload of its content"),
    ("reservation_by_dossier", "a name that a dossier held is free once it has another, or none"),
];

/// The columns by which a table lies with the dossier whose command writes to it. An owner's draft and
/// upload have ids of their own, and a reading of a dossier its chain: each is one row of a write by itself.
const OWN: [&str; 3] = ["dossier_id", "chain", "id"];
/// What else a command writes to, and why. The document says of each why nobody waits there for another.
const WRITTEN: [(&str, &str); 4] = [
    ("document_reference", "a file that any history named stays"),
    ("number_series", "no two dossiers of an agency have one number; in a transaction of its own"),
    ("queue_count", "a queue shows how many it holds"),
    ("reservation", "no two dossiers hold one name"),
];

/// The distribution column of each table, as the document says it.
fn documented() -> BTreeMap<String, String> {
    let text = include_str!("../../../../docs/postgres.md");
    let (_, behind) = text.split_once("| table | distributed by |").expect("the table");
    let rows = behind.lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut columns = BTreeMap::new();
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let words = |cell: &str| -> Vec<String> {
            cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
        };
        let (tables, by) = (words(cells[1]), words(cells[2]));
        for (place, table) in tables.into_iter().enumerate() {
            let column = match by.len() {
                0 => cells[2].to_owned(),
                1 => by[0].clone(),
                _ => by[place].clone(),
            };
            columns.insert(table, column);
        }
    }
    columns
}

fn commit(commit: DossierCommit) -> Commit {
    Commit::Dossier(Box::new(commit))
}

fn filed(subject: &mut Subject) -> DossierCommit {
    let number = subject.id().as_u128() as u32;
    let commit = subject.file(|facts| {
        facts.code = Some(format!("H26.7-260302-{number:04}"));
        facts.timers = [("late".to_owned(), Some(minute(number.into())))].into();
        let mut filing = filing();
        filing.external = Some(external(&number.to_string()));
        facts.filing = Some(filing);
        with_document(facts, number);
    });
    let term = |term: String| SearchTerm { kind: TermKind::NameFolded, term };
    DossierCommit {
        form: Some(std::sync::Arc::new(json!({ "note": number }))),
        search: vec![term("nguyen".into()), term(format!("w{number}"))],
        tracking: vec![format!("factor-{number}")],
        ..commit
    }
}

fn with_document(facts: &mut Facts, number: u32) {
    let (sha256, media) = (format!("d{number}"), "application/pdf".into());
    let content = DocumentContent::Upload { sha256, size: 1, media, signed: false };
    facts.documents.insert("D1".into(), content);
}

/// The same for what the commits of the volume leave empty.
const VOLUME_BESIDE: &str = "
    INSERT INTO reservation (name, dossier_id)
        SELECT 'fill/' || n, gen_random_uuid() FROM generate_series(1, 600) AS n;
    INSERT INTO snapshot (dossier_id, version, state_schema, state)
        SELECT gen_random_uuid(), 1, 0, '' FROM generate_series(1, 600) AS n;
    INSERT INTO chain_head (chain, seq, hash, at)
        SELECT 'acc:' || n, 1, sha256('a'), 0 FROM generate_series(1, 600) AS n;
    INSERT INTO draft (id, owner, revision, updated_at, expires_at, body)
        SELECT gen_random_uuid(), n, 1, 0, 0, '' FROM generate_series(1, 600) AS n;
    INSERT INTO upload (id, owner, media, size, sha256, expires_at)
        SELECT gen_random_uuid(), n, '', 1, 'fill' || n, 0 FROM generate_series(1, 600) AS n;
    INSERT INTO number_series (agency, day, used)
        SELECT n, '2026-03-02', 1 FROM generate_series(1, 600) AS n;
    ANALYZE;";

pub(super) async fn load(url: &str) -> Vec<Subject> {
    let store = open(url).await;
    let mut subjects: Vec<Subject> = (1..=VOLUME).map(Subject::new).collect();
    let batch = subjects.iter_mut().map(|subject| commit(filed(subject))).collect();
    assert!(store.commit(batch).await.iter().all(Result::is_ok));
    store.close().await;
    subjects
}

/// Whatever a command does to the store, from its first look to its timers.
pub(super) async fn walk(store: &SqlStore, subjects: &mut [Subject]) {
    let new = Subject::new(VOLUME + 1).id();
    let draft = Draft {
        id: new,
        owner: "citizen-1".into(),
        revision: 1,
        body: "{}".into(),
        updated_at: minute(1),
        expires_at: minute(9_000),
    };
    store.put_draft(&draft).await.expect("saved");
    assert!(store.draft(new).await.expect("read").is_some());
    let upload = Upload {
        id: new,
        owner: "citizen-1".into(),
        media: "application/pdf".into(),
        size: 1,
        sha256: Some(format!("d{}", VOLUME + 1)),
        expires_at: minute(9_000),
    };
    store.put_upload(&upload).await.expect("recorded");
    assert!(store.upload(new).await.expect("read").is_some());
    let mut subject = Subject::new(VOLUME + 1);
    let first = filed(&mut subject);
    assert_eq!(store.commit(vec![commit(first)]).await, [Ok(())]);
    store.reserve_numbers("H26.7", jiff::civil::date(2026, 3, 2), 5).await.expect("numbers");
    assert!(store.reserve_name("name/x", new, minute(1), minute(60)).await.expect("reserved"));
    let named = subject.act(|facts| facts.reserved = Some("name/x".into()));
    let renamed = subject.act(|facts| facts.reserved = Some("name/y".into()));
    let released = DossierCommit { released: vec!["name/y".into()], ..subject.act(|_| {}) };
    for next in [named, renamed, released, subject.receive(minute(5))] {
        assert_eq!(store.commit(vec![commit(next)]).await, [Ok(())]);
    }
    let several = subjects[..40].iter_mut().map(|subject| {
        commit(subject.act(|facts| {
            facts.timers = [("late".to_owned(), None), ("due".to_owned(), Some(minute(3)))].into();
            facts.items = vec![];
        }))
    });
    assert!(store.commit(several.collect()).await.iter().all(Result::is_ok));
    let id = subjects[0].id();
    assert!(store.load(&DossierKey::Id(id)).await.expect("read").is_some());
    assert!(store.find_command(id, command_id(1)).await.expect("read").is_some());
    assert!(!store.events(&subjects[0].chain(), 0, 9).await.expect("read").is_empty());
    assert!(store.is_tracking_factor(id, "factor-1").await.expect("read"));
    store.first_print(id, 1, 1, "d1", minute(1)).await.expect("recorded");
    let chain = ChainId::parse("acc:a").expect("a chain");
    assert_eq!(store.chain_head(&chain).await.expect("read"), None);
    let claims = store.claim_timers(minute(3), minute(4), None, 1).await.expect("claimed");
    let put_off = |claim| PutOff { claim, until: minute(9), attempts: 1, failure: None };
    store.put_off_timers(claims.into_iter().map(put_off).collect()).await.expect("put off");
}

/// What a plan does that cannot be done on the machine of one dossier.
struct Judge {
    roots: BTreeMap<String, String>,
    columns: BTreeMap<String, String>,
    across: BTreeSet<&'static str>,
    written: BTreeSet<&'static str>,
    scans: usize,
}

impl Judge {
    fn judge(&mut self, node: &Value, complaints: &mut Vec<String>) {
        let text = |key: &str| node.get(key).and_then(Value::as_str).unwrap_or_default();
        let kind = text("Node Type");
        let (relation, index) = (text("Relation Name"), text("Index Name"));
        let name = if index.is_empty() { relation } else { index };
        let is_scan = kind.ends_with("Scan") && kind != "Bitmap Heap Scan";
        if let Some(root) = self.roots.get(name).filter(|_| is_scan) {
            self.scans += 1;
            let column = &self.columns[root];
            let by = text("Index Cond").contains(&format!("({column} = "));
            let exception = ACROSS.iter().find(|(allowed, _)| *allowed == index);
            match exception {
                Some((allowed, _)) => drop(self.across.insert(allowed)),
                None if by || column == REFERENCE => {}
                None => complaints.push(format!("{kind} of {root} by {name}: {node}")),
            }
        }
        if let Some(root) = self.roots.get(relation).filter(|_| kind == "ModifyTable") {
            let column = &self.columns[root];
            let exception = WRITTEN.iter().find(|(allowed, _)| *allowed == root);
            match exception {
                Some((allowed, _)) => drop(self.written.insert(allowed)),
                None if OWN.contains(&column.as_str()) => {}
                None => complaints.push(format!("{} of {root}: {node}", text("Operation"))),
            }
        }
        for child in below(node) {
            self.judge(child, complaints);
        }
    }
}

/// Statements that belong to no command: which node fires what is due, whichever dossiers have it.
const BESIDE: [&str; 1] = ["timer_claim"];

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_of_a_command_stays_with_its_dossier() {
    let url = database().await;
    let mut subjects = load(&url).await;
    let mut beside = connection(&url).await;
    for statement in VOLUME_BESIDE.split_terminator(';') {
        execute(&mut beside, statement).await.expect("filled");
    }
    carried_out::tell(&mut beside).await;
    let store = open(&url).await;
    walk(&store, &mut subjects).await;
    store.close().await;

    let roots = carried_out::relations(&mut beside).await;
    let columns = documented();
    let undocumented: Vec<_> = roots.values().filter(|root| !columns.contains_key(*root)).collect();
    assert!(undocumented.is_empty(), "without a distribution column: {undocumented:?}");
    let (across, written) = (BTreeSet::new(), BTreeSet::new());
    let mut judge = Judge { roots, columns, across, written, scans: 0 };
    let (mut complaints, mut touched) = (Vec::new(), BTreeSet::new());
    let carried_out = carried_out::told(&mut beside).await;
    for (text, plan) in &carried_out {
        if BESIDE.iter().any(|name| text.starts_with(&format!("-- {name}"))) {
            continue;
        }
        let mut wrong = Vec::new();
        judge.judge(plan, &mut wrong);
        complaints.extend(wrong.into_iter().map(|complaint| format!("{text}\n{complaint}")));
        let words = text.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
        touched.extend(words.filter(|word| judge.columns.contains_key(*word)));
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
    assert!(carried_out.len() > 40 && judge.scans > 20, "{} {}", carried_out.len(), judge.scans);
    // The walk comes by all that a command touches, and no exception is left that nobody needs.
    for table in ["event_value", "work_item", "timer", "party", "form", "reservation", "upload"] {
        assert!(touched.contains(table), "{table} was not touched");
    }
    assert_eq!(judge.across.len(), ACROSS.len(), "{:?}", judge.across);
    assert_eq!(judge.written.len(), WRITTEN.len(), "{:?}", judge.written);
}
