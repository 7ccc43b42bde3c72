//! Arguments, and the tour that `motcua --help` is.

use clap::{Args, Parser, Subcommand};

use crate::output::Lang;
use crate::{
    audit, backup, bench, calendar, config, deadline, doctor, dossier, procedure, restore, serve,
    token, unit, worklist,
};

const TOUR: &str = "\
The engine of a one-stop shop (một cửa): citizens' requests, from submission to
delivered result, every deadline kept, every act provable afterwards.

Try this first:
  motcua serve --demo                a demonstration; prints commands to paste
  motcua procedure check FILE.yaml   what is wrong with a procedure, all at once
  motcua bench                       how fast it is on this machine

{usage-heading} {usage}

The service
  serve       run it: SQLite in a data folder, gRPC with health and reflection
  config      every setting, its value, where it came from, its meaning
  migrate     bring the database of a data folder to the newest schema
  doctor      whether database, clock, disk, keys and calendar are in order
  backup      a copy of database, documents and keys beside a running service
  restore     a data folder from such a copy, verified
  token       issue a bearer token from the key of a data folder
  info        what runs at --server
  timers      those that could not be fired, and why
  bench       whole lives of dossiers: rate, latency, bytes, memory

Dossiers
  dossier     draft, upload, submit, show, track; accept, advance, sign ...
  worklist    a queue of open work: to-receive, mine, unclaimed, late ...
  search      by code, owner's name or identity number

Law as data
  procedure   new, check, diff, draw, schema, import, export, test, simulate,
              publish, list, show, migrate, retire
  calendar    load, show
  unit        load, list
  deadline    compute dates from JSON lines, without a server

Evidence
  audit       replay a history; verify an export, or a whole store

Examples
  export MOTCUA_TOKEN=$(motcua token issue --subject hg-clerk-1 \\
      --role reception_clerk --unit hong-gai-centre)
  motcua worklist to-receive
  motcua dossier accept ID
  motcua audit replay H49.61.05-261124-0001 --json | motcua audit verify

Options
{options}

Data goes to standard output, everything else to standard error. Exit codes: 0
well, 1 refused, failed or different, 2 not readable or wrong arguments.
`motcua COMMAND --help` says more.
";

/// The engine of a one-stop shop.
#[derive(Debug, Parser)]
#[command(
    name = "motcua",
    version,
    help_template = TOUR,
    disable_help_subcommand = true,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// Answer in JSON, one value a line: a list gives a line for each row; a page (worklist,
    /// search) or an answer as a whole (draft list) is one object
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Language of what people read: vi or en
    #[arg(
        long,
        global = true,
        env = "MOTCUA_LANG",
        value_enum,
        default_value_t,
        hide_possible_values = true
    )]
    pub(crate) lang: Lang,
    /// Where the service listens. The bearer token comes from MOTCUA_TOKEN, or from the file that
    /// MOTCUA_TOKEN_FILE names; it is never an argument
    #[arg(
        long,
        global = true,
        env = "MOTCUA_SERVER",
        value_name = "URL",
        default_value = "http://127.0.0.1:7700"
    )]
    pub(crate) server: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the service
    Serve(serve::ServeArguments),
    /// Show every setting of the service
    Config(config::ConfigArguments),
    /// Bring the database of a data folder to the newest schema
    Migrate(serve::MigrateArguments),
    /// Look whether database, clock, disk, keys and calendar are in order; changes nothing. Exit
    /// code 0: no error, 1: errors, 2: it could not look
    Doctor(doctor::DoctorArguments),
    /// Copy database, documents and, when asked, keys into a folder, beside a running service
    Backup(backup::BackupArguments),
    /// Make a data folder from a backup, and verify it
    Restore(restore::RestoreArguments),
    /// Bearer tokens
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// What runs at --server
    Info,
    /// Timers that could not be fired in eight attempts, and why. Exit code 0: there are none, 1: some
    Timers,
    /// Measure a server of its own under load
    Bench(bench::BenchArguments),
    /// Dossiers: file, act, look
    #[command(subcommand)]
    Dossier(Box<dossier::DossierCommand>),
    /// A queue of open work
    Worklist(worklist::WorklistArguments),
    /// Find dossiers; every search is recorded
    Search(worklist::SearchArguments),
    /// Procedures as data
    #[command(subcommand)]
    Procedure(procedure::ProcedureCommand),
    /// The working calendar
    #[command(subcommand)]
    Calendar(calendar::CalendarCommand),
    /// Units and their staff
    #[command(subcommand)]
    Unit(unit::UnitCommand),
    /// Deadlines
    #[command(subcommand)]
    Deadline(deadline::DeadlineCommand),
    /// Histories and their proof
    #[command(subcommand)]
    Audit(audit::AuditCommand),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_tour_names_every_command() {
        for command in Cli::command().get_subcommands() {
            let line = format!("\n  {} ", command.get_name());
            assert!(TOUR.contains(&line), "{} is not in the tour", command.get_name());
        }
    }

    #[test]
    fn no_argument_takes_a_secret() {
        fn look(command: &clap::Command) {
            for argument in command.get_arguments() {
                let name = argument.get_id().as_str();
                assert!(!["token", "password", "key"].contains(&name), "--{name}");
            }
            command.get_subcommands().for_each(look);
        }
        look(&Cli::command());
    }

    #[test]
    fn the_tour_fits_a_terminal_of_80_columns() {
        assert!(TOUR.lines().all(|line| line.chars().count() <= 80), "{TOUR}");
    }
}
