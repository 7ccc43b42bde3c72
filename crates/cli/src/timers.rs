//! `motcua timers`: those that could not be fired, and why.

use motcua_api::v1;

use crate::Ending;
use crate::cli::Global;
use crate::client::{Session, steadily};
use crate::output::{Output, instant};
use crate::table::Table;
use crate::wire::to_json;

/// Runs the command; it ends well where there are none.
pub(crate) async fn run(global: &Global, output: &Output) -> anyhow::Result<Ending> {
    let session = Session::open(global).await?;
    let mut table = Table::new(&["DOSSIER", "CODE", "TIMER", "DUE", "ATTEMPTS", "NEXT", "WHY"]);
    let (mut page_token, mut ending) = (String::new(), Ending::Well);
    loop {
        let request = v1::ListParkedTimersRequest { page_size: 1000, page_token };
        let ask = async || session.admin().list_parked_timers(request.clone()).await;
        let page = steadily(ask).await?;
        for timer in page.timers {
            ending = Ending::Differs;
            if output.json {
                output.value(&to_json("ParkedTimer", &timer))?;
                continue;
            }
            let (due, next) = (instant(timer.due_at.as_ref()), instant(timer.retry_at.as_ref()));
            let v1::ParkedTimer { dossier, code, timer, attempts, failure, .. } = timer;
            table.row([dossier, code, timer, due, attempts.to_string(), next, failure]);
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    if !output.json {
        output.table(&table)?;
    }
    Ok(ending)
}
