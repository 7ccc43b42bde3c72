//! The executable as people and other programs use it: processes, arguments, streams, exit codes.

mod backups;
mod bench;
mod deadlines;
mod demo;
mod doctor;
mod histories;
mod journey;
mod parts;
mod phases;
mod postgres;
mod refusals;
mod services;
mod sweep;
mod watching;
