//! Rows of work items lie in many indexes: only those that differ are written.

use motcua_procedures::Role;
use motcua_store::conformance::fixture::{Subject, item};
use motcua_store::contract::Store;

use super::{Database, dossier, execute, written};

#[tokio::test]
async fn only_work_items_that_differ_are_written() {
    let database = Database::new();
    let store = database.open().await;
    let mut beside = database.connection().await;
    for sql in [
        "CREATE TABLE written (what TEXT NOT NULL) STRICT",
        "CREATE TRIGGER opened AFTER INSERT ON work_item
            BEGIN INSERT INTO written VALUES ('open ' || NEW.item); END",
        "CREATE TRIGGER changed AFTER UPDATE ON work_item
            BEGIN INSERT INTO written VALUES ('change ' || NEW.item); END",
        "CREATE TRIGGER closed AFTER DELETE ON work_item
            BEGIN INSERT INTO written VALUES ('close ' || OLD.item); END",
    ] {
        execute(&mut beside, sql).await.expect("a schema that watches");
    }
    let mut subject = Subject::new(1);
    let filed = subject.file(|facts| {
        facts.items = [1, 2].map(|id| item(id, Role::Specialist)).into();
    });
    let same = subject.act(|_| {});
    let claimed = subject.act(|facts| {
        let mut taken = item(2, Role::Specialist);
        taken.assignee = Some("clerk-1".into());
        facts.items = vec![taken];
    });
    let moved = subject.act(|facts| {
        facts.items_closed = vec![1];
        facts.items = vec![item(3, Role::Cashier)];
    });
    for (commit, expected) in [
        (filed, ["open 1", "open 2"].as_slice()),
        (same, &[]),
        (claimed, &["change 2"]),
        (moved, &["close 1", "open 3"]),
    ] {
        assert_eq!(store.commit(vec![dossier(commit)]).await, [Ok(())]);
        assert_eq!(written(&mut beside).await, expected);
    }
}
