//! Crates form layers, and none looks up.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{Source, sources};
use crate::{assert_bites, assert_none};

/// What each crate may know of ours, bottom up. Whatever is not named here is forbidden.
const MAY_KNOW: [(&str, &[&str]); 14] = [
    ("deadlines", &[]),
    ("audit", &[]),
    ("api", &[]),
    ("procedures", &["deadlines"]),
    ("interchange", &["procedures"]),
    ("dossiers", &["audit", "deadlines", "procedures"]),
    ("printing", &["deadlines", "procedures"]),
    ("rehearsal", &["audit", "deadlines", "dossiers", "procedures"]),
    ("store", &["audit", "deadlines", "dossiers", "procedures"]),
    ("store-files", &["store"]),
    ("store-sql", &["audit", "deadlines", "dossiers", "procedures", "store"]),
    ("engine", &["audit", "deadlines", "dossiers", "procedures", "store"]),
    ("server", &["api", "audit", "deadlines", "dossiers", "engine", "procedures", "store"]),
    (
        "cli",
        &[
            "api",
            "audit",
            "deadlines",
            "dossiers",
            "engine",
            "interchange",
            "printing",
            "procedures",
            "rehearsal",
            "server",
            "store",
            "store-files",
            "store-sql",
        ],
    ),
];

/// Crates without I/O, clock or chance.
pub(crate) const PURE: [&str; 7] =
    ["audit", "deadlines", "dossiers", "interchange", "printing", "procedures", "rehearsal"];
/// What brings I/O, clocks or chance.
const IMPURE: [&str; 10] = [
    "async-trait",
    "futures",
    "getrandom",
    "rand",
    "reqwest",
    "sqlx",
    "tempfile",
    "tokio",
    "tonic",
    "tracing",
];

/// Dependencies of a manifest that are built into the crate: `[dependencies]`, of every target, and
/// `[build-dependencies]`.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut counts = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(table) = line.strip_prefix('[') {
            let table = table.trim_end_matches(']');
            // `[dependencies.name]` is a table of its own.
            if let Some((_, name)) = table.split_once("dependencies.") {
                found.extend((!table.contains("dev-")).then(|| name.trim_matches('"').to_owned()));
            }
            counts = table.ends_with("dependencies") && !table.ends_with("dev-dependencies");
        } else if counts && !line.starts_with('#') && line.contains('=') {
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
            found.insert(name.trim_matches('"').to_owned());
        }
    }
    found
}

fn manifests(sources: &[Source]) -> BTreeMap<&str, BTreeSet<String>> {
    let crates = sources.iter().filter_map(|source| {
        let name = source.path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml")?;
        Some((name, dependencies(&source.text)))
    });
    crates.collect()
}

fn looking_up(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, dependencies) in manifests(sources) {
        let Some((_, known)) = MAY_KNOW.iter().find(|(layer, _)| *layer == name) else {
            complaints.push(format!("crates/{name}: give it a layer in this test"));
            continue;
        };
        let ours = dependencies.iter().filter_map(|name| name.strip_prefix("motcua-"));
        let forbidden = ours.filter(|other| !known.contains(other));
        complaints.extend(forbidden.map(|other| format!("crates/{name} looks up to {other}")));
    }
    complaints
}

fn impure(sources: &[Source]) -> Vec<String> {
    let manifests = manifests(sources);
    let pure = PURE.iter().filter_map(|name| Some((*name, manifests.get(name)?)));
    pure.flat_map(|(name, dependencies)| {
        let listed = dependencies.iter().filter(|other| IMPURE.contains(&other.as_str()));
        listed.map(move |other| format!("crates/{name} is pure and lists {other}"))
    })
    .collect()
}

#[test]
fn no_layer_looks_up() {
    let sources = sources();
    assert_eq!(manifests(&sources).len(), MAY_KNOW.len(), "every crate is read");
    assert_none(looking_up(&sources));
}

#[test]
fn pure_crates_depend_on_no_runtime_no_database_and_no_chance() {
    assert_none(impure(&sources()));
}

#[test]
fn nobody_is_below_themselves() {
    let mut below: BTreeSet<&str> = BTreeSet::new();
    for (layer, known) in MAY_KNOW {
        let missing: Vec<_> = known.iter().filter(|other| !below.contains(*other)).collect();
        assert!(missing.is_empty(), "{layer} stands before {missing:?}");
        below.insert(layer);
    }
}

#[test]
fn an_engine_that_knows_its_database_is_found() {
    let planted = |line: &str| {
        let text = format!("[package]\nname = \"x\"\n[dependencies]\n{line}\n");
        [Source::planted("crates/engine/Cargo.toml", &text)]
    };
    assert_none(looking_up(&planted("motcua-store.workspace = true")));
    assert_bites(looking_up(&planted("motcua-store-sql.workspace = true")), "store-sql");
    assert_bites(looking_up(&planted("motcua-server = { path = \"../server\" }")), "server");
    assert_bites(looking_up(&planted("[target.'cfg(unix)'.dependencies.motcua-api]")), "api");
}

#[test]
fn a_crate_without_a_layer_is_found() {
    let planted = [Source::planted("crates/new/Cargo.toml", "[dependencies]\n")];
    assert_bites(looking_up(&planted), "crates/new");
}

#[test]
fn a_core_with_a_runtime_is_found_and_its_tests_may_have_one() {
    let planted = |table: &str| {
        let text = format!("[{table}]\ntokio.workspace = true\n");
        [Source::planted("crates/dossiers/Cargo.toml", &text)]
    };
    assert_bites(impure(&planted("dependencies")), "tokio");
    assert_bites(impure(&planted("build-dependencies")), "tokio");
    assert_none(impure(&planted("dev-dependencies")));
}
