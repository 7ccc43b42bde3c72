//! `motcua info`: what runs at `--server`.

use motcua_api::v1;

use crate::Ending;
use crate::cli::Global;
use crate::client::{Session, steadily};
use crate::output::{Output, grouped, instant};
use crate::table::clean;
use crate::wire::to_json;

/// Runs the command.
pub(crate) async fn run(global: &Global, output: &Output) -> anyhow::Result<Ending> {
    let session = Session::open(global).await?;
    let request = v1::GetServerInfoRequest {};
    let info = steadily(async || session.admin().get_server_info(request).await).await?;
    if output.json {
        output.value(&to_json("GetServerInfoResponse", &info))?;
        return Ok(Ending::Well);
    }
    let lines = [
        ("version", info.version.clone()),
        ("origin", info.origin.clone()),
        ("time", instant(info.now.as_ref())),
        ("store", format!("{} bytes", grouped(info.store_bytes))),
        ("procedures", info.procedures.to_string()),
        ("calendar", digest(&info.calendar_digest)),
        ("units", digest(&info.units_digest)),
    ];
    let lines = lines.map(|(name, value)| format!("{name:<11}{}", clean(&value)));
    output.text(&lines.join("\n"))?;
    Ok(Ending::Well)
}

fn digest(digest: &str) -> String {
    if digest.is_empty() { "none is loaded".to_owned() } else { digest.to_owned() }
}
