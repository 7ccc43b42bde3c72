//! Scenarios over real gRPC: one module for each journey.
//!
//! `birth`, `birth_documents`, `business`, `marriage` hold the edge cases of the three procedures;
//! `branches` what goes on at the same time; `filings`, `reviews`, `work`, `endings` the acts of a
//! dossier's life; `authorisation` who may do what; `commands` what callers rely on; `worklists`
//! queues, `finding` search and tracking; `histories` replay and tampering; `versions` of
//! procedures and numbers of dossiers, `migrations` between versions; `printing` forms; `deadlines`
//! the golden vectors; `oversight` what a unit answers for beyond its desks; `bad_input` what is no request; `edges` what comes at once, again or from
//! the middle.

mod authorisation;
mod bad_input;
mod birth;
mod birth_documents;
mod branches;
mod business;
mod commands;
mod common;
mod deadlines;
mod edges;
mod endings;
mod filings;
mod finding;
mod histories;
mod marriage;
mod migrations;
mod oversight;
mod printing;
mod reviews;
mod versions;
mod work;
mod worklists;
