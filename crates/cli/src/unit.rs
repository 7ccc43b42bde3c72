//! `motcua unit`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;
use motcua_api::v1;

use crate::Ending;
use crate::cli::Global;
use crate::client::{Session, steadily};
use crate::output::Output;
use crate::table::{Table, clean};
use crate::wire::to_json;

#[derive(Debug, Subcommand)]
pub(crate) enum UnitCommand {
    /// Load the register of units and their staff, as a whole
    Load {
        /// JSON file
        file: PathBuf,
    },
    /// List the units
    List,
}

/// Runs the command.
pub(crate) async fn run(
    command: UnitCommand,
    global: &Global,
    output: &Output,
) -> anyhow::Result<Ending> {
    let session = Session::open(global).await?;
    match command {
        UnitCommand::Load { file } => {
            let content = std::fs::read(&file).with_context(|| file.display().to_string())?;
            let request = v1::LoadUnitsRequest { content };
            let loaded =
                steadily(async || session.admin().load_units(request.clone()).await).await?;
            match output.json {
                true => output.value(&to_json("LoadUnitsResponse", &loaded))?,
                false => {
                    output.text(&loaded.digest)?;
                    warn(&loaded, output);
                }
            }
        }
        UnitCommand::List => list(&session, output).await?,
    }
    Ok(Ending::Well)
}

/// Tells what the offices do not have the people for.
fn warn(loaded: &v1::LoadUnitsResponse, output: &Output) {
    for one in &loaded.understaffed {
        let procedure = one.procedure.clone().unwrap_or_default();
        for finding in &one.findings {
            let (word, at) = (output.label("warning"), output.either("tại", "at"));
            let v1::ProcedureReference { code, version, .. } = &procedure;
            let v1::ProcedureFinding { code: what, path, message, remedy, .. } = finding;
            let text = format!("{word} {code} {version}: {what} {at} {path}: {message} {remedy}");
            output.note(&clean(&text));
        }
    }
}

async fn list(session: &Session, output: &Output) -> anyhow::Result<()> {
    let mut table = Table::new(&["UNIT", "KIND", "CODE", "AREA", "NAME", "ADDRESS"]);
    let mut page_token = String::new();
    loop {
        let request = v1::ListUnitsRequest { page_size: 1000, page_token };
        let page = steadily(async || session.admin().list_units(request.clone()).await).await?;
        for unit in page.units {
            if output.json {
                output.value(&to_json("Unit", &unit))?;
                continue;
            }
            let name = output.words(unit.name.as_ref()).to_owned();
            table.row([unit.id, unit.kind, unit.code, unit.area, name, unit.address]);
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    if !output.json {
        output.table(&table)?;
    }
    Ok(())
}
