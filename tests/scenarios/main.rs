//! Scenarios over real gRPC: one module for each journey.
//!
//! `birth`, `birth_documents`, `business`, `marriage`, `marriage_papers` hold the edge cases of the
//! three procedures; `branches` what goes on at the same time; `filings`, `reviews`, `work`,
//! `endings` the acts of a dossier's life; `drafts` results before they are issued; `parties` what
//! each of several parties may do; `hand_overs` work that goes to another unit; `step_times` the
//! time of steps over interruptions; `committed` limits shorter than the law's; `authorisation` who
//! may do what; `front_end` what the portal reads for a citizen; `commands` what callers rely on;
//! `worklists` queues, `finding` search and tracking; `histories` replay and tampering; `versions`
//! of procedures and numbers of dossiers, `migrations` between versions, `tiers` one of them over
//! whole lives; `phases` documents of a later phase; `printing` forms, `log_book` the one of a
//! centre; `offices` whether they have the people for a procedure; `deadlines` the golden vectors;
//! `oversight` what a unit answers for beyond its desks; `watching` streams of changes; `bad_input`
//! what is no request; `edges` what comes at once, again or from the middle.

mod authorisation;
mod bad_input;
mod birth;
mod birth_documents;
mod branches;
mod business;
mod commands;
mod committed;
mod common;
mod deadlines;
mod drafts;
mod edges;
mod endings;
mod filings;
mod finding;
mod front_end;
mod hand_overs;
mod histories;
mod log_book;
mod marriage;
mod marriage_papers;
mod migrations;
mod offices;
mod oversight;
mod parties;
mod phases;
mod printing;
mod reviews;
mod step_times;
mod tiers;
mod versions;
mod watching;
mod work;
mod worklists;
