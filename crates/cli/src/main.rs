//! The executable: the server, and clients of its API for citizens' front ends, clerks, authors,
//! auditors and operators.
//!
//! One file for each family of commands. A command gets its arguments and an [`output::Output`];
//! what it shows goes to standard output, everything said beside that to standard error, and its
//! exit code tells programs how it ended.
//!
//! # The most common change
//!
//! A new command: a variant in the family's `enum` of arguments, an arm in its `run`, a line in
//! the tour of `cli.rs`. A call of the API is three lines: build the request, send it through
//! [`client::Session`], hand the answer to [`render`].
//!
//! # Map
//!
//! `cli` arguments and the tour · `client`, `wire`, `refusal` calls, messages as JSON, refusals in
//! words · `output`, `table`, `label`, `render` what people see · `commands` acts of the API
//! as commands · `export`, `evidence` histories · `settings`, `folder`, `runtime`, `serve` the
//! server ·
//! `doctor` what an operator should know · `backup`, `manifest`, `restore` copies and back ·
//! `demo` the demonstration · `bench` measurements · the rest one family each.

mod audit;
mod backup;
mod bench;
mod calendar;
mod cli;
mod client;
mod commands;
mod config;
mod deadline;
mod demo;
mod doctor;
mod dossier;
mod draw;
mod evidence;
mod export;
mod folder;
mod follow;
mod info;
mod label;
mod manifest;
mod output;
mod procedure;
mod progress;
mod refusal;
mod render;
mod restore;
mod runtime;
mod serve;
mod settings;
mod sweep;
mod table;
mod timers;
mod token;
mod unit;
mod wire;
mod worklist;

use std::io;
use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command};
use crate::output::Output;
use crate::refusal::Refused;
use crate::runtime::{half, narrow, wide};

/// Many threads allocate here, and free what others allocated.
#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// How a command ended, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// All is well.
    Well,
    /// It ran, and what it looked at is not well: unsound, different.
    Differs,
    /// It could not read what it was given.
    Unreadable,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Well => Self::SUCCESS,
            Ending::Differs => Self::from(1),
            Ending::Unreadable => Self::from(2),
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.global.json, cli.global.lang);
    match run(cli, &output) {
        Ok(ending) => ending.into(),
        Err(error) => report(&error, &output),
    }
}

fn run(cli: Cli, output: &Output) -> anyhow::Result<Ending> {
    let global = cli.global;
    match cli.command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::Migrate(arguments) => wide(serve::migrate(arguments)),
        Command::Config(arguments) => wide(config::run(arguments, output)),
        Command::Doctor(arguments) => narrow(doctor::run(arguments, output)),
        Command::Backup(arguments) => narrow(backup::run(arguments, output)),
        Command::Restore(arguments) => narrow(restore::run(arguments, output)),
        Command::Token(command) => narrow(token::run(&command, output)),
        Command::Bench(arguments) => half(bench::run(arguments, output)),
        Command::Deadline(command) => deadline::run(&command, output),
        Command::Dossier(command) => narrow(dossier::run(command, &global, output)),
        Command::Worklist(arguments) => narrow(worklist::list(arguments, &global, output)),
        Command::Search(arguments) => narrow(worklist::search(arguments, &global, output)),
        Command::Procedure(command) => narrow(procedure::run(command, &global, output)),
        Command::Calendar(command) => narrow(calendar::run(command, &global, output)),
        Command::Unit(command) => narrow(unit::run(command, &global, output)),
        Command::Audit(command) => narrow(audit::run(command, &global, output)),
        Command::Info => narrow(info::run(&global, output)),
        Command::Timers => narrow(timers::run(&global, output)),
    }
}

fn report(error: &anyhow::Error, output: &Output) -> ExitCode {
    if let Some(refused) = error.downcast_ref::<Refused>() {
        output.note(&refused.text(output));
        return ExitCode::from(1);
    }
    let broken_pipe = |cause: &(dyn std::error::Error + 'static)| {
        let cause = cause.downcast_ref::<io::Error>();
        cause.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    };
    // Whoever reads our output has seen enough, as `head` does: nothing to say.
    if !error.chain().any(broken_pipe) {
        output.note(&format!("{} {error:#}", output.error_mark()));
    }
    ExitCode::from(1)
}
