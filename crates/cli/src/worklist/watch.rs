//! `motcua worklist QUEUE --watch`.

use motcua_api::v1;
use motcua_api::v1::watch_queue_response::News;
use tonic::{Response, Status, Streaming};

use super::{cells, tell_total, worklist_table};
use crate::Ending;
use crate::client::Session;
use crate::follow::{Followed, follow};
use crate::output::Output;
use crate::wire::to_json;

struct Watched<'a> {
    session: &'a Session,
    output: &'a Output,
    request: v1::WatchQueueRequest,
}

/// Shows the queue, then each change as it happens, until Ctrl-C.
pub(super) async fn watch(
    queue: v1::Queue,
    procedure: Option<String>,
    session: &Session,
    output: &Output,
) -> anyhow::Result<Ending> {
    let request = v1::WatchQueueRequest {
        queue: queue.into(),
        procedure: procedure.unwrap_or_default(),
        ..Default::default()
    };
    follow(Watched { session, output, request }).await
}

impl Followed for Watched<'_> {
    type Message = v1::WatchQueueResponse;

    async fn open(&mut self) -> Result<Response<Streaming<Self::Message>>, Status> {
        self.session.desk().watch_queue(self.request.clone()).await
    }

    fn show(&mut self, message: Self::Message) -> anyhow::Result<()> {
        self.request.resume_token.clone_from(&message.resume_token);
        match &message.news {
            None | Some(News::Heartbeat(_)) => {}
            Some(_) if self.output.json => {
                self.output.value(&to_json("WatchQueueResponse", &message))?;
            }
            Some(News::Snapshot(snapshot)) => {
                let table = worklist_table(&snapshot.rows, self.output);
                if !table.is_empty() {
                    self.output.table(&table)?;
                }
                tell_total(snapshot.rows.len(), snapshot.total_size, self.output);
            }
            Some(News::Changes(changes)) => self.show_changes(changes)?,
        }
        Ok(())
    }
}

impl Watched<'_> {
    fn show_changes(&self, changes: &v1::QueueChanges) -> anyhow::Result<()> {
        let came = changes.added.iter().map(|row| ("+", row));
        let changed = changes.changed.iter().map(|row| ("~", row));
        let mut lines: Vec<String> = came
            .chain(changed)
            .map(|(mark, row)| {
                let cells = cells(row, self.output);
                let shown: Vec<&str> =
                    cells.iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect();
                format!("{mark} {}", shown.join("  "))
            })
            .collect();
        lines.extend(changes.left.iter().map(|left| format!("- {} #{}", left.dossier, left.item)));
        for line in lines {
            self.output.text(&crate::table::clean(&line))?;
        }
        Ok(())
    }
}
