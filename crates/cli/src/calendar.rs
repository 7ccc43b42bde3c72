//! `motcua calendar`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;
use motcua_api::v1;

use crate::Ending;
use crate::cli::Global;
use crate::client::{Session, steadily};
use crate::output::Output;
use crate::wire::to_json;

#[derive(Debug, Subcommand)]
pub(crate) enum CalendarCommand {
    /// Load a calendar; it is in force for every deadline computed from now on
    Load {
        /// JSON file
        file: PathBuf,
    },
    /// Show the calendar in force
    Show,
}

/// Runs the command.
pub(crate) async fn run(
    command: CalendarCommand,
    global: &Global,
    output: &Output,
) -> anyhow::Result<Ending> {
    let session = Session::open(global).await?;
    match command {
        CalendarCommand::Load { file } => {
            let content = std::fs::read(&file).with_context(|| file.display().to_string())?;
            let request = v1::LoadCalendarRequest { content };
            let loaded =
                steadily(async || session.deadlines().load_calendar(request.clone()).await).await?;
            match output.json {
                true => output.value(&to_json("LoadCalendarResponse", &loaded))?,
                false => output.text(&loaded.digest)?,
            }
        }
        CalendarCommand::Show => show(&session, output).await?,
    }
    Ok(Ending::Well)
}

async fn show(session: &Session, output: &Output) -> anyhow::Result<()> {
    let request = v1::GetCalendarRequest {};
    let calendar = steadily(async || session.deadlines().get_calendar(request).await).await?;
    if output.json {
        return Ok(output.value(&to_json("GetCalendarResponse", &calendar))?);
    }
    if calendar.digest.is_empty() {
        output.note("no calendar is loaded: `motcua calendar load FILE`");
        return Ok(());
    }
    let mut lines = vec![format!("digest {}", calendar.digest)];
    for year in calendar.years {
        let word = if year.official { "official" } else { "provisional" };
        lines.push(format!("{} {word}", year.year));
    }
    Ok(output.text(&lines.join("\n"))?)
}
