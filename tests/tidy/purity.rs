//! The pure core asks no clock, file or network.

use crate::layers::PURE;
use crate::rust::{code_only, without_tests};
use crate::tree::{Source, sources};
use crate::{assert_bites, assert_none};

/// Words by which code reaches the world.
const REACHING: [&str; 12] = [
    "Instant::now",
    "SystemTime",
    "Timestamp::now",
    "Zoned::now",
    "async fn",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "thread_local!",
    "Uuid::now",
];

fn reaching_out(sources: &[Source]) -> Vec<String> {
    let pure = sources.iter().filter(|source| {
        let of_core = |name: &&str| source.path.starts_with(&format!("crates/{name}/src/"));
        source.is_rust() && !source.is_test() && PURE.iter().any(of_core)
    });
    pure.flat_map(|source| {
        let code = code_only(without_tests(&source.text));
        let used = REACHING.iter().filter(|word| code.contains(*word));
        let said = used.map(|word| format!("{} is pure and says {word}", source.path));
        said.collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn the_core_asks_no_clock_no_file_and_no_network() {
    assert_none(reaching_out(&sources()));
}

#[test]
fn a_clock_in_the_core_is_found_and_comments_and_tests_may_name_it() {
    let planted = |text: &str| [Source::planted("crates/dossiers/src/decide.rs", text)];
    assert_bites(reaching_out(&planted("fn f() { jiff::Timestamp::now(); }")), "Timestamp::now");
    assert_bites(reaching_out(&planted("use std::fs::File;")), "std::fs");
    assert_none(reaching_out(&planted("// Timestamp::now\nconst A: &str = \"std::fs\";")));
    let test = "fn f() {}\n\n#[cfg(test)]\nmod tests {\n use std::fs;\n}\n";
    assert_none(reaching_out(&planted(test)));
}

#[test]
fn the_shell_may_use_the_world() {
    let planted = [Source::planted("crates/engine/src/clock.rs", "use std::time::SystemTime;")];
    assert_none(reaching_out(&planted));
}
