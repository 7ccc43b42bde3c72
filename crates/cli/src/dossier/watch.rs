//! Watching a dossier.

use clap::Args;
use motcua_api::v1;
use motcua_api::v1::watch_dossier_response::News;
use tonic::{Response, Status, Streaming};

use crate::Ending;
use crate::client::Session;
use crate::follow::{Followed, follow};
use crate::output::{Output, instant};
use crate::render;
use crate::wire::to_json;

#[derive(Debug, Args)]
pub(crate) struct WatchArguments {
    /// Dossier code, id, or tracking secret
    dossier: String,
}

struct Watched<'a> {
    session: &'a Session,
    output: &'a Output,
    request: v1::WatchDossierRequest,
}

/// Shows each change as it happens, until the dossier is closed or Ctrl-C.
pub(super) async fn watch(
    arguments: WatchArguments,
    session: &Session,
    output: &Output,
) -> anyhow::Result<Ending> {
    let request = v1::WatchDossierRequest { dossier: arguments.dossier, ..Default::default() };
    follow(Watched { session, output, request }).await
}

impl Followed for Watched<'_> {
    type Message = v1::WatchDossierResponse;

    async fn open(&mut self) -> Result<Response<Streaming<Self::Message>>, Status> {
        self.session.dossiers().watch_dossier(self.request.clone()).await
    }

    fn show(&mut self, message: Self::Message) -> anyhow::Result<()> {
        self.request.resume_token.clone_from(&message.resume_token);
        let (Some(News::Present(change)) | Some(News::Change(change))) = &message.news else {
            return Ok(());
        };
        match self.output.json {
            true => self.output.value(&to_json("WatchDossierResponse", &message))?,
            false => self.output.text(&line(change, self.output))?,
        }
        Ok(())
    }
}

fn line(change: &v1::DossierChange, output: &Output) -> String {
    let v1::DossierChange { version, act, state, .. } = change;
    let status = render::status(change.status(), output);
    let mut line = format!("{} #{version} {act}: {state}, {status}", instant(change.at.as_ref()));
    if change.due_at.is_some() {
        let due = instant(change.due_at.as_ref());
        line += &format!(", {} {due}", output.either("hẹn trả", "due"));
    }
    crate::table::clean(&line)
}
