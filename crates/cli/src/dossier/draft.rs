//! `motcua dossier draft`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use motcua_api::v1;
use uuid::Uuid;

use super::file::read_text;
use crate::Ending;
use crate::client::{Session, steadily};
use crate::output::{Lang, Output, instant};
use crate::table::Table;
use crate::wire::to_json;

#[derive(Debug, Subcommand)]
pub(crate) enum DraftCommand {
    /// Create a draft or save it anew
    Save(SaveArguments),
    /// Show a draft: its text
    Show { id: Uuid },
    /// List your drafts, last saved first
    List,
    /// Throw a draft away
    Discard { id: Uuid },
}

#[derive(Debug, Args)]
pub(crate) struct SaveArguments {
    /// JSON text of at most 512 KiB; `-` reads standard input
    file: PathBuf,
    /// Id of the draft, and of the dossier that it becomes; default: a new one
    #[arg(long, value_name = "UUID")]
    id: Option<Uuid>,
    /// Revision that you saw; 0 creates
    #[arg(long, value_name = "N", default_value_t = 0)]
    revision: u64,
}

/// Runs the command.
pub(super) async fn run(
    command: DraftCommand,
    session: &Session,
    output: &Output,
) -> anyhow::Result<Ending> {
    match command {
        DraftCommand::Save(arguments) => save(arguments, session, output).await?,
        DraftCommand::Show { id } => {
            let request = v1::GetDraftRequest { id: id.to_string() };
            let answer =
                steadily(async || session.dossiers().get_draft(request.clone()).await).await?;
            match (output.json, &answer.draft) {
                (true, _) => output.value(&to_json("GetDraftResponse", &answer))?,
                (false, Some(draft)) => output.text(&draft.body_json)?,
                (false, None) => {}
            }
        }
        DraftCommand::List => list(session, output).await?,
        DraftCommand::Discard { id } => {
            let request = v1::DiscardDraftRequest { id: id.to_string() };
            steadily(async || session.dossiers().discard_draft(request.clone()).await).await?;
        }
    }
    Ok(Ending::Well)
}

async fn save(a: SaveArguments, session: &Session, output: &Output) -> anyhow::Result<()> {
    let request = v1::SaveDraftRequest {
        id: a.id.unwrap_or_else(Uuid::now_v7).to_string(),
        revision: a.revision,
        body_json: read_text(&a.file)?,
    };
    let answer = steadily(async || session.dossiers().save_draft(request.clone()).await).await?;
    if output.json {
        output.value(&to_json("SaveDraftResponse", &answer))?;
    } else if let Some(draft) = answer.draft {
        output.text(&draft.id)?;
        let (revision, until) = (draft.revision, instant(draft.expires_at.as_ref()));
        output.note(&match output.lang {
            Lang::Vi => format!("lần sửa {revision}, giữ đến {until} nếu không lưu lại"),
            Lang::En => format!("revision {revision}, kept until {until} unless saved again"),
        });
    }
    Ok(())
}

async fn list(session: &Session, output: &Output) -> anyhow::Result<()> {
    let request = v1::ListDraftsRequest {};
    let answer = steadily(async || session.dossiers().list_drafts(request).await).await?;
    if output.json {
        output.value(&to_json("ListDraftsResponse", &answer))?;
        return Ok(());
    }
    let mut table = Table::new(&["DRAFT", "REVISION", "SAVED", "EXPIRES", "BYTES"]);
    for draft in answer.drafts {
        table.row([
            draft.id,
            draft.revision.to_string(),
            instant(draft.updated_at.as_ref()),
            instant(draft.expires_at.as_ref()),
            draft.body_json.len().to_string(),
        ]);
    }
    Ok(output.table(&table)?)
}
