//! The rules, the golden vectors, the laws and the contract, from outside the crate.

mod contract;
mod laws;
mod ledger;
mod office;
mod rules;
mod vectors;
