//! `motcua dossier`: what citizens, their front ends and clerks do with dossiers.

mod act;
mod act_arguments;
mod document;
mod draft;
mod file;
mod log_book;
mod look;
mod watch;

use clap::Subcommand;

use crate::Ending;
use crate::cli::Global;
use crate::client::Session;
use crate::output::Output;

#[derive(Debug, Subcommand)]
pub(crate) enum DossierCommand {
    /// Drafts: mutable, private, they expire
    #[command(subcommand)]
    Draft(draft::DraftCommand),
    /// Upload a document; repeat after a dropped line, it goes on where it stopped
    Upload(document::UploadArguments),
    /// File a dossier
    #[command(after_long_help = file::SUBMIT_HELP)]
    Submit(file::SubmitArguments),
    /// Answer a supplement request
    #[command(after_long_help = file::SUPPLEMENT_HELP)]
    Supplement(file::SupplementArguments),
    /// Show a dossier
    Show(look::ShowArguments),
    /// List the dossiers to which you are a party
    List,
    /// Show each change as it happens, until the dossier is closed or Ctrl-C
    Watch(watch::WatchArguments),
    /// Public look-up by code and a second factor, or by the secret of the submission
    Track(look::TrackArguments),
    /// Why the appointment is that date: day by day, with every pause and what moved it
    Explain(look::ExplainArguments),
    /// One of the forms 01 to 06: its data, or a page to print
    Form(look::FormArguments),
    /// The log book of a centre, form 07: what it received in a period, its data or a page to print
    LogBook(log_book::LogBookArguments),
    /// Save a document of a dossier
    Document(document::DocumentArguments),
    /// Acts of clerks and applicants
    #[command(flatten)]
    Act(act_arguments::ActCommand),
}

/// Runs the command.
pub(crate) async fn run(
    command: Box<DossierCommand>,
    global: &Global,
    output: &Output,
) -> anyhow::Result<Ending> {
    let session = Session::open(global).await?;
    match *command {
        DossierCommand::Draft(command) => draft::run(command, &session, output).await,
        DossierCommand::Upload(arguments) => document::run(arguments, &session, output).await,
        DossierCommand::Submit(arguments) => file::submit(arguments, &session, output).await,
        DossierCommand::Supplement(arguments) => {
            file::supplement(arguments, &session, output).await
        }
        DossierCommand::Show(arguments) => look::show(arguments, &session, output).await,
        DossierCommand::List => look::list(&session, output).await,
        DossierCommand::Watch(arguments) => watch::watch(arguments, &session, output).await,
        DossierCommand::Track(arguments) => look::track(arguments, &session, output).await,
        DossierCommand::Explain(arguments) => look::explain(arguments, &session, output).await,
        DossierCommand::Form(arguments) => look::form(arguments, &session, output).await,
        DossierCommand::LogBook(arguments) => log_book::show(arguments, &session, output).await,
        DossierCommand::Document(arguments) => document::save(arguments, &session, output).await,
        DossierCommand::Act(command) => act::run(command, &session, output).await,
    }
}
