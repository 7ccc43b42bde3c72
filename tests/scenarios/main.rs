//! Scenarios over real gRPC: one module for each journey.
//!
//! `birth`, `business`, `marriage` hold the edge cases of the three procedures; `lives` the acts of
//! a dossier's life; `authorisation` who may do what; `commands` what callers rely on; `worklists`
//! queues, search and tracking; `histories` replay and tampering; `bad_input` what is no request.

mod authorisation;
mod bad_input;
mod birth;
mod business;
mod commands;
mod common;
mod histories;
mod lives;
mod marriage;
mod worklists;
