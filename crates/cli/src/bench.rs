//! `motcua bench`: whole lives of dossiers from many callers, against a service of its own.

mod figures;
mod life;
mod server;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use clap::Args;
use motcua_api::v1;

use crate::Ending;
use crate::client::{Session, steadily};
use crate::demo::{PROCEDURES, UNITS};
use crate::output::Output;

use figures::{Figures, Level};
use life::{Caller, Tokens};
use server::Server;

/// Callers on one connection.
const CALLERS_PER_CONNECTION: usize = 16;
/// Most callers: what the service lets one address open.
const CALLERS_MAX: usize = 512;
/// Longest measurement of one level, in seconds.
const SECONDS_MAX: u64 = 3600;

#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// Numbers of callers to measure
    #[arg(long, value_name = "N,N...", value_delimiter = ',', default_value = "1,16,64",
          value_parser = callers)]
    callers: Vec<usize>,
    /// Seconds for each number of callers
    #[arg(long, value_name = "N", default_value_t = 10,
          value_parser = clap::value_parser!(u64).range(1..=SECONDS_MAX))]
    seconds: u64,
}

fn callers(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=CALLERS_MAX).contains(number));
    number.ok_or_else(|| format!("write numbers from 1 to {CALLERS_MAX}"))
}

/// Runs the command.
pub(crate) async fn run(arguments: BenchArguments, output: &Output) -> anyhow::Result<Ending> {
    let server = Server::start()?;
    let admin = Session::connect(server.address(), Some(&server.administrator()?)).await?;
    prepare(&admin).await?;
    let tokens = Arc::new(Tokens::issue(server.key())?);
    let next_dossier = Arc::new(AtomicUsize::new(0));
    let mut figures = Figures::default();
    for number in arguments.callers {
        output.note(&format!("{number} callers for {} s", arguments.seconds));
        let before = store_bytes(&admin).await?;
        let time = Duration::from_secs(arguments.seconds);
        let mut level = measure(server.address(), number, time, &tokens, &next_dossier).await?;
        level.store_bytes = store_bytes(&admin).await?.saturating_sub(before);
        level.resident_bytes = server.resident_bytes();
        figures.levels.push(level);
    }
    match output.json {
        true => output.value(&figures.json())?,
        false => output.table(&figures.table())?,
    }
    Ok(Ending::Well)
}

async fn prepare(admin: &Session) -> anyhow::Result<()> {
    let request = v1::LoadUnitsRequest { content: UNITS.to_vec() };
    steadily(async || admin.admin().load_units(request.clone()).await).await?;
    for source in PROCEDURES {
        let request = v1::PublishProcedureRequest { source: source.to_vec(), ..Default::default() };
        steadily(async || admin.procedures().publish_procedure(request.clone()).await).await?;
    }
    Ok(())
}

async fn store_bytes(admin: &Session) -> anyhow::Result<u64> {
    let request = v1::GetServerInfoRequest {};
    let info = steadily(async || admin.admin().get_server_info(request).await).await?;
    Ok(info.store_bytes)
}

/// Lets so many callers work until the time is over.
async fn measure(
    address: &str,
    number: usize,
    time: Duration,
    tokens: &Arc<Tokens>,
    next_dossier: &Arc<AtomicUsize>,
) -> anyhow::Result<Level> {
    let mut callers = Vec::with_capacity(number);
    let mut connection = Session::connect(address, None).await?;
    for place in 0..number {
        if place > 0 && place % CALLERS_PER_CONNECTION == 0 {
            connection = Session::connect(address, None).await?;
        }
        callers.push(Caller::new(&connection, tokens, Arc::clone(next_dossier))?);
    }
    let begun = Instant::now();
    let end = begun + time;
    let work: Vec<_> =
        callers.into_iter().map(|caller| tokio::spawn(caller.work_until(end))).collect();
    let mut times = Vec::new();
    let mut lives = 0;
    for work in work {
        let done = work.await??;
        times.extend(done.times);
        lives += done.lives;
    }
    Ok(Level::new(number, begun.elapsed(), times, lives))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_callers_is_bounded() {
        assert_eq!(callers("64"), Ok(64));
        for bad in ["0", "513", "many", ""] {
            assert!(callers(bad).is_err(), "{bad}");
        }
    }
}
