//! SQL: statements carry their name, migrations their number.

use std::collections::BTreeSet;

use crate::rust::without_tests;
use crate::tree::{Source, sources};
use crate::{assert_bites, assert_none};

/// Words that a statement begins with.
const VERBS: [&str; 9] =
    ["BEGIN", "COMMIT", "DELETE", "INSERT", "PRAGMA", "ROLLBACK", "SELECT", "UPDATE", "WITH"];

/// Name and text of every constant that is one string literal.
fn constants(text: &str) -> Vec<(&str, &str)> {
    let declared = text.split("const ").skip(1);
    let literals = declared.filter_map(|declaration| {
        let (name, rest) = declaration.split_once(": &str =")?;
        let (literal, _) = rest.trim_start().strip_prefix('"')?.split_once("\";")?;
        Some((name, literal))
    });
    literals.collect()
}

fn is_statement(text: &str) -> bool {
    let statement = text.lines().map(str::trim).find(|line| !line.is_empty());
    let statement = statement.filter(|line| !line.starts_with("--")).or_else(|| {
        let after_name = text.lines().nth(1).map(str::trim);
        after_name.filter(|_| text.starts_with("--"))
    });
    let verb = statement.and_then(|line| line.split([' ', '(']).next());
    verb.is_some_and(|verb| VERBS.contains(&verb))
}

fn unnamed_statements(sources: &[Source]) -> Vec<String> {
    let sql = sources.iter().filter(|source| source.path.starts_with("crates/store-sql/src/"));
    sql.flat_map(|source| {
        let constants = constants(without_tests(&source.text)).into_iter();
        let wrong = constants.filter(|(name, text)| {
            let named = format!("-- {}", name.to_lowercase());
            is_statement(text) && text.lines().next() != Some(&named)
        });
        let said = wrong.map(|(name, _)| {
            let wanted = name.to_lowercase();
            format!("{}: {name} must begin with the line `-- {wanted}`", source.path)
        });
        said.collect::<Vec<_>>()
    })
    .collect()
}

/// Gaps and repetitions in the numbers of each folder of migrations.
fn misnumbered(paths: &[&str]) -> Vec<String> {
    let migration = |path: &&&str| path.starts_with("migrations/") && path.ends_with(".sql");
    let mut complaints = Vec::new();
    let mut expected = ("", 1);
    for path in paths.iter().filter(migration) {
        let (folder, name) = path.rsplit_once('/').expect("a migration lies in a folder");
        let next = if folder == expected.0 { expected.1 } else { 1 };
        if !name.starts_with(&format!("{next:04}_")) {
            complaints.push(format!("{path} must begin with {next:04}_"));
        }
        expected = (folder, next + 1);
    }
    complaints
}

/// Migrations of one database whose twin of the same number and name the other does not have.
fn unpaired(paths: &[&str]) -> Vec<String> {
    let folders = ["migrations/sqlite/", "migrations/postgres/"];
    let names = |folder: &str| -> BTreeSet<String> {
        paths.iter().filter_map(|path| path.strip_prefix(folder)).map(str::to_owned).collect()
    };
    let [sqlite, postgres] = folders.map(names);
    let differing = sqlite.symmetric_difference(&postgres);
    differing.map(|name| format!("{name} is a migration of one database only")).collect()
}

#[test]
fn every_statement_carries_its_name_in_its_first_line() {
    let sources = sources();
    let found: usize = sources
        .iter()
        .filter(|source| source.path.starts_with("crates/store-sql/src/"))
        .flat_map(|source| constants(&source.text))
        .filter(|(_, text)| is_statement(text))
        .count();
    assert!(found >= 10, "statements are found: {found}");
    assert_none(unnamed_statements(&sources));
}

#[test]
fn migrations_are_numbered_without_gaps() {
    let sources = sources();
    let paths: Vec<&str> = sources.iter().map(|source| source.path.as_str()).collect();
    assert!(paths.iter().any(|path| path.starts_with("migrations/sqlite/0001_")));
    assert_none(misnumbered(&paths));
    assert_none(unpaired(&paths));
}

#[test]
fn a_migration_without_its_twin_is_found() {
    let paths = ["migrations/postgres/0001_a.sql", "migrations/sqlite/0001_a.sql"];
    assert_none(unpaired(&paths));
    let more = [paths[0], paths[1], "migrations/sqlite/0002_b.sql"];
    assert_bites(unpaired(&more), "0002_b.sql");
    assert_bites(unpaired(&paths[1..]), "0001_a.sql");
}

#[test]
fn a_statement_without_its_name_is_found() {
    let planted = |text: &str| [Source::planted("crates/store-sql/src/a.rs", text)];
    let named = "const DRAFT_BY_ID: &str = \"-- draft_by_id\n    SELECT 1\";";
    assert_none(unnamed_statements(&planted(named)));
    let other = named.replace("-- draft_by_id", "-- draft");
    assert_bites(unnamed_statements(&planted(&other)), "DRAFT_BY_ID");
    let bare = "const DRAFT_BY_ID: &str =\n    \"SELECT 1\";";
    assert_bites(unnamed_statements(&planted(bare)), "DRAFT_BY_ID");
    assert_none(unnamed_statements(&planted("const KIND: &str = \"draft\";")));
}

#[test]
fn a_gap_between_migrations_is_found() {
    let planted = ["migrations/a/0001_x.sql", "migrations/a/0003_y.sql", "migrations/b/0001_x.sql"];
    assert_bites(misnumbered(&planted), "migrations/a/0003_y.sql");
    let twice = ["migrations/a/0001_x.sql", "migrations/a/0001_y.sql"];
    assert_bites(misnumbered(&twice), "0001_y.sql must begin with 0002_");
}
