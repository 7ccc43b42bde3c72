//! `motcua worklist` and `motcua search`.

mod watch;

use clap::{Args, ValueEnum};
use motcua_api::v1;
use motcua_api::v1::search_dossiers_request::By;

use crate::Ending;
use crate::cli::Global;
use crate::client::{Session, steadily};
use crate::output::{Output, grouped, instant};
use crate::render;
use crate::table::Table;
use crate::wire::to_json;

/// A named queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum QueueName {
    /// Filed, not yet accepted or refused
    ToReceive,
    /// Assigned to me
    Mine,
    /// Of my unit and roles, assigned to nobody
    Unclaimed,
    /// The applicant must act
    WaitingForApplicant,
    /// The appointment is today
    DueToday,
    /// The appointment has passed and the clock runs; for leaders also what lies in another unit
    /// beyond the time of its step
    Late,
    /// Completed, not yet delivered
    ReadyToDeliver,
}

impl From<QueueName> for v1::Queue {
    fn from(queue: QueueName) -> Self {
        match queue {
            QueueName::ToReceive => Self::ToReceive,
            QueueName::Mine => Self::Mine,
            QueueName::Unclaimed => Self::Unclaimed,
            QueueName::WaitingForApplicant => Self::WaitingForApplicant,
            QueueName::DueToday => Self::DueToday,
            QueueName::Late => Self::Late,
            QueueName::ReadyToDeliver => Self::ReadyToDeliver,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct WorklistArguments {
    /// Which queue
    #[arg(value_enum)]
    queue: QueueName,
    /// Only this procedure
    #[arg(long, value_name = "CODE")]
    procedure: Option<String>,
    /// Show each change as it happens, until Ctrl-C
    #[arg(long, conflicts_with_all = ["rows", "page"])]
    watch: bool,
    #[command(flatten)]
    page: PageArguments,
}

#[derive(Debug, Args)]
pub(crate) struct PageArguments {
    /// Most rows of the page, up to 1000
    #[arg(long, value_name = "N", default_value_t = 50)]
    rows: u16,
    /// Token of the page, as the page before gave it
    #[arg(long, value_name = "TOKEN")]
    page: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SearchArguments {
    #[command(flatten)]
    by: SearchBy,
    #[command(flatten)]
    page: PageArguments,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct SearchBy {
    /// Dossier code
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// Words of an owner's name, with or without Vietnamese marks
    #[arg(long, value_name = "WORDS")]
    name: Option<String>,
    /// Identity number of an owner
    #[arg(long, value_name = "NUMBER")]
    id_number: Option<String>,
}

/// Shows a page of a queue.
pub(crate) async fn list(
    arguments: WorklistArguments,
    global: &Global,
    output: &Output,
) -> anyhow::Result<Ending> {
    let session = Session::open(global).await?;
    if arguments.watch {
        let queue = arguments.queue.into();
        return watch::watch(queue, arguments.procedure, &session, output).await;
    }
    let request = v1::ListWorkItemsRequest {
        queue: v1::Queue::from(arguments.queue).into(),
        procedure: arguments.procedure.unwrap_or_default(),
        page_size: arguments.page.rows.into(),
        page_token: arguments.page.page.unwrap_or_default(),
    };
    let page = steadily(async || session.desk().list_work_items(request.clone()).await).await?;
    if output.json {
        output.value(&to_json("ListWorkItemsResponse", &page))?;
        return Ok(Ending::Well);
    }
    let table = worklist_table(&page.rows, output);
    if !table.is_empty() {
        output.table(&table)?;
    }
    tell_total(page.rows.len(), page.total_size, output);
    tell_next_page(&page.next_page_token, output);
    Ok(Ending::Well)
}

fn worklist_table(rows: &[v1::WorklistRow], output: &Output) -> Table {
    let mut table = Table::new(&["DOSSIER", "PROCEDURE", "STEP", "STATUS", "HOLDER", "DUE", ""]);
    for row in rows {
        table.row(cells(row, output));
    }
    table
}

fn cells(row: &v1::WorklistRow, output: &Output) -> [String; 7] {
    let item = row.item.clone().unwrap_or_default();
    [
        if row.code.is_empty() { row.dossier.clone() } else { row.code.clone() },
        row.procedure.clone(),
        item.step.clone(),
        render::status(row.status(), output),
        item.assignee.clone(),
        due(row, &item),
        if row.late || item.late { output.label("late").to_owned() } else { String::new() },
    ]
}

fn tell_total(shown: usize, total: u64, output: &Output) {
    let (shown, total) = (grouped(shown as u64), grouped(total));
    output.note(&format!("{shown} {} {total}", output.either("trên", "of")));
}

/// The appointment, or the end of the step's own time where that is what is late. Before
/// acceptance there is no appointment.
fn due(row: &v1::WorklistRow, item: &v1::WorkItem) -> String {
    let step_alone = item.late && !row.late;
    let appointment = row.due_at.as_ref().filter(|_| !step_alone);
    instant(appointment.or(item.due_at.as_ref()))
}

/// Finds dossiers.
pub(crate) async fn search(
    arguments: SearchArguments,
    global: &Global,
    output: &Output,
) -> anyhow::Result<Ending> {
    let session = Session::open(global).await?;
    let SearchBy { code, name, id_number } = arguments.by;
    let by = code.map(By::Code).or(name.map(By::Name)).or(id_number.map(By::IdNumber));
    let request = v1::SearchDossiersRequest {
        by,
        page_size: arguments.page.rows.into(),
        page_token: arguments.page.page.unwrap_or_default(),
    };
    let found = steadily(async || session.desk().search_dossiers(request.clone()).await).await?;
    if output.json {
        output.value(&to_json("SearchDossiersResponse", &found))?;
        return Ok(Ending::Well);
    }
    match found.dossiers.is_empty() {
        true => output.note(output.label("nothing that you may see fits")),
        false => output.table(&render::dossiers(&found.dossiers, output))?,
    }
    tell_next_page(&found.next_page_token, output);
    Ok(Ending::Well)
}

fn tell_next_page(token: &str, output: &Output) {
    if !token.is_empty() {
        output.note(&format!("{}: --page {token}", output.either("trang sau", "next page")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_late_by_its_step_alone_shows_the_end_of_the_step() {
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let item = v1::WorkItem { due_at: at(1_000_000), late: true, ..Default::default() };
        let row = v1::WorklistRow { due_at: at(9_000_000), ..Default::default() };
        assert_eq!(due(&row, &item), instant(at(1_000_000).as_ref()));
        let late = v1::WorklistRow { late: true, ..row.clone() };
        assert_eq!(due(&late, &item), instant(at(9_000_000).as_ref()));
        let in_time = v1::WorkItem { late: false, ..item.clone() };
        assert_eq!(due(&row, &in_time), instant(at(9_000_000).as_ref()));
        let unaccepted = v1::WorklistRow::default();
        assert_eq!(due(&unaccepted, &in_time), instant(at(1_000_000).as_ref()));
    }
}
