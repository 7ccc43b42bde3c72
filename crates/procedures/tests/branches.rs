//! A procedure with branches, phases, clocks and the rest of the language is sound; each fault of
//! them is found where it is.

use motcua_procedures::{check, parse};

const PARALLEL: &str = include_str!("parallel.yaml");

#[test]
fn the_procedure_with_branches_is_sound() {
    let report = check(PARALLEL.as_bytes());
    let seen: Vec<String> = report
        .findings
        .iter()
        .map(|f| format!("{} {} {} {:?}", f.path, f.code, f.message, f.trace))
        .collect();
    assert_eq!(seen, Vec::<String>::new());
    assert!(parse(PARALLEL.as_bytes()).is_ok());
}
