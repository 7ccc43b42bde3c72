//! Rules of the project that a program can check, so that nobody has to say them in review.
//!
//! Each rule is a function from texts to complaints. One test runs it over the whole project, and
//! another plants a violation to prove that the rule bites.

mod citations;
mod documents;
mod expanding;
mod layers;
mod patterns;
mod purity;
mod rust;
mod sizes;
mod statements;
mod tables;
mod tree;
mod words;

/// Fails with every complaint, one a line.
#[track_caller]
fn assert_none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// Fails unless exactly one complaint is made, and it says `part`.
#[track_caller]
fn assert_bites(complaints: Vec<String>, part: &str) {
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert!(complaints[0].contains(part), "{complaints:?}");
}
