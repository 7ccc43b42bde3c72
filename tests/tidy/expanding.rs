//! A migration that older programs need not know takes nothing away from them.

use crate::tree::{Source, sources};
use crate::{assert_bites, assert_none};

/// What an older program would notice, anywhere in a line.
const CONTRACTING: [&str; 5] = ["ALTER COLUMN", "DROP ", "OR REPLACE", "RENAME ", "SET NOT NULL"];
/// The same at the beginning of a statement; triggers may name them.
const CHANGING: [&str; 3] = ["DELETE ", "TRUNCATE ", "UPDATE "];

fn taking_away(sources: &[Source]) -> Vec<String> {
    let expanding = sources.iter().filter(|source| {
        source.path.starts_with("migrations/") && source.path.contains("_expand_")
    });
    let mut complaints = Vec::new();
    for source in expanding {
        let lines = source.text.lines().enumerate();
        for (i, line) in lines.filter(|(_, line)| !line.trim_start().starts_with("--")) {
            let text = line.to_uppercase();
            let required = text.contains("ADD COLUMN")
                && text.contains("NOT NULL")
                && !text.contains("DEFAULT");
            let changes = CHANGING.iter().any(|word| text.trim_start().starts_with(word));
            if required || changes || CONTRACTING.iter().any(|word| text.contains(word)) {
                complaints.push(format!("{}:{}: {line}", source.path, i + 1));
            }
        }
    }
    complaints
}

#[test]
fn what_only_expands_takes_nothing_away() {
    assert_none(taking_away(&sources()));
}

#[test]
fn an_expansion_that_contracts_is_found() {
    let planted = |text: &str| [Source::planted("migrations/sqlite/9000_expand_a.sql", text)];
    for fine in [
        "ALTER TABLE a ADD COLUMN b text;",
        "ALTER TABLE a ADD COLUMN b integer NOT NULL DEFAULT 0;",
        "-- Nothing is DROPped here: DROP TABLE a;",
        "CREATE TABLE a (b text NOT NULL);",
        "CREATE TRIGGER a_is_never_changed BEFORE UPDATE OR DELETE ON a",
        "CREATE FUNCTION commit_dossiers(a integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';",
    ] {
        assert_none(taking_away(&planted(fine)));
    }
    for wrong in [
        "ALTER TABLE a ADD COLUMN b integer NOT NULL;",
        "ALTER TABLE a DROP COLUMN b;",
        "ALTER TABLE a RENAME COLUMN b TO c;",
        "ALTER TABLE a ALTER COLUMN b SET NOT NULL;",
        "CREATE OR REPLACE FUNCTION commit_dossiers(a integer) RETURNS integer",
        "update a set b = 1;",
    ] {
        assert_bites(taking_away(&planted(wrong)), "9000_expand_a.sql:1");
    }
    let other = Source::planted("migrations/sqlite/9000_a.sql", "DROP TABLE a;");
    assert_none(taking_away(&[other]));
}
