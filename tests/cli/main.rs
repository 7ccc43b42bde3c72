//! The executable as people and other programs use it: processes, arguments, streams, exit codes.

mod bench;
mod deadlines;
mod demo;
mod histories;
mod journey;
mod phases;
mod refusals;
mod services;
mod watching;
