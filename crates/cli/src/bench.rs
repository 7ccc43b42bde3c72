//! `motcua bench`: what a service of its own does under a load, from outside, over gRPC.
//!
//! `crews` who calls · `life` one dossier, act by act · `worker` a caller and what it does · `schedule`
//! when · `preload` what is there before · `server`, `process` the service and what it uses · `figures`
//! the arithmetic · `ledger` what was acknowledged, against the histories.

mod crews;
mod figures;
mod ledger;
mod life;
mod preload;
mod process;
mod schedule;
mod server;
mod worker;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum as _};
use motcua_api::v1;

use crate::Ending;
use crate::client::{Session, steadily};
use crate::demo::{PROCEDURES, UNITS};
use crate::output::Output;

use crews::{Crews, Tokens};
use figures::{Figures, Level, Load, Preload, Run, Used};
use ledger::Ledger;
use life::{Life, TAKEN_OVER};
use process::{Family, Usage};
use schedule::{Pace, Schedule};
use server::Server;
use worker::{Done, Mix, Stock, Worker};

/// Callers on one connection.
const CALLERS_PER_CONNECTION: usize = 16;
/// Most callers: what the service lets one address open.
const CALLERS_MAX: usize = 512;
/// Callers that share the calls of an open loop: as many may wait for an answer at a time.
const CALLERS_OPEN: usize = 256;
/// Callers that file what is there before.
const CALLERS_PRELOAD: usize = 96;
/// Largest rate of an open loop, calls a second.
const RATE_MAX: u32 = 100_000;
/// Longest measurement of one level, in seconds.
const SECONDS_MAX: u64 = 3600;
/// Most dossiers that are filed before: their numbers keep to the forms.
const PRELOAD_MAX: u64 = 20_000_000;

#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// Numbers of callers, each of whom sends its next call after the last answer
    /// [default: 1,16,64 without --rate]
    #[arg(long, value_name = "N,N...", value_delimiter = ',', value_parser = callers)]
    callers: Vec<usize>,
    /// Calls a second, due at instants fixed in advance; their time counts from there
    #[arg(long, value_name = "N,N...", value_delimiter = ',', value_parser = rate)]
    rate: Vec<u32>,
    /// What the callers do
    #[arg(long, value_enum, default_value_t = Mix::Lives)]
    mix: Mix,
    /// Dossiers to file before anything is measured
    #[arg(long, value_name = "N", default_value_t = 0,
          value_parser = clap::value_parser!(u64).range(0..=PRELOAD_MAX))]
    preload: u64,
    /// Seconds of each level that are not counted
    #[arg(long, value_name = "N", default_value_t = 0,
          value_parser = clap::value_parser!(u64).range(0..=SECONDS_MAX))]
    warm_up: u64,
    /// Seconds of each level
    #[arg(long, value_name = "N", default_value_t = 10,
          value_parser = clap::value_parser!(u64).range(1..=SECONDS_MAX))]
    seconds: u64,
    /// How often all levels are measured; medians and spread are told
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
    /// At the end, compare every history with what was acknowledged
    #[arg(long)]
    verify: bool,
    /// Process of a database beside the service; it and its children are measured too
    #[arg(long, value_name = "PID")]
    database_pid: Option<u32>,
    /// File whose first 8 bytes count the fsyncs of the service (bench/syncs.c)
    #[arg(long, value_name = "FILE")]
    sync_counter: Option<PathBuf>,
    /// Further arguments of `motcua serve`
    #[arg(last = true, value_name = "ARGUMENTS")]
    serve: Vec<String>,
}

fn callers(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=CALLERS_MAX).contains(number));
    number.ok_or_else(|| format!("write numbers from 1 to {CALLERS_MAX}"))
}

fn rate(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (1..=RATE_MAX).contains(number));
    number.ok_or_else(|| format!("write numbers from 1 to {RATE_MAX}"))
}

impl BenchArguments {
    fn loads(&self) -> Vec<Load> {
        let callers = match (self.callers.is_empty(), self.rate.is_empty()) {
            (true, true) => &[1, 16, 64][..],
            _ => &self.callers,
        };
        let closed = callers.iter().copied().map(Load::Closed);
        closed.chain(self.rate.iter().copied().map(Load::Open)).collect()
    }

    fn check(&self) -> anyhow::Result<()> {
        if self.mix.reads() && self.preload == 0 {
            bail!("there is nothing to read: file dossiers before with --preload N");
        }
        if let Some(process) = self.database_pid
            && !Family::of(process).is_there()
        {
            bail!("there is no process {process}: name the database's with --database-pid");
        }
        Ok(())
    }
}

/// Runs the command.
pub(crate) async fn run(arguments: BenchArguments, output: &Output) -> anyhow::Result<Ending> {
    arguments.check()?;
    let mut bench = Bench::start(arguments).await?;
    bench.preload(output).await?;
    let loads = bench.arguments.loads();
    bench.figures.levels = loads.into_iter().map(Level::new).collect();
    for round in 1..=bench.arguments.runs {
        for place in 0..bench.figures.levels.len() {
            let load = bench.figures.levels[place].load();
            output.note(&format!("run {round} of {}: {load:?}", bench.arguments.runs));
            let run = bench.measure(load).await?;
            bench.figures.levels[place].add(run);
        }
    }
    let ending = bench.verify(output).await?;
    match output.json {
        true => output.value(&bench.figures.json())?,
        false => output.table(&bench.figures.table())?,
    }
    Ok(ending)
}

/// A service under measurement.
struct Bench {
    arguments: BenchArguments,
    server: Server,
    tokens: Tokens,
    stock: Arc<Stock>,
    ledger: Ledger,
    figures: Figures,
}

impl Bench {
    async fn start(arguments: BenchArguments) -> anyhow::Result<Self> {
        let server = Server::start(arguments.serve.clone()).await?;
        let mix = arguments.mix.to_possible_value();
        let figures = Figures {
            mix: mix.map(|mix| mix.get_name().to_owned()).unwrap_or_default(),
            started_in: vec![server.started_in()],
            resident_bytes: server.family().resident_bytes(),
            ..Figures::default()
        };
        prepare(server.admin()).await?;
        let tokens = Tokens::issue(server.key())?;
        let (stock, ledger) = (Arc::default(), Ledger::default());
        Ok(Self { arguments, server, tokens, stock, ledger, figures })
    }

    /// Everybody, once for each caller; callers of one connection share it.
    async fn crews(&self, callers: usize) -> anyhow::Result<Vec<Arc<Crews>>> {
        let mut crews = Vec::with_capacity(callers);
        while crews.len() < callers {
            let connection = Session::connect(self.server.address(), None).await?;
            let shared = Arc::new(Crews::new(&connection, &self.tokens)?);
            let here = CALLERS_PER_CONNECTION.min(callers - crews.len());
            crews.extend(std::iter::repeat_n(shared, here));
        }
        Ok(crews)
    }

    /// Files what is to be there, and starts the service anew on it.
    async fn preload(&mut self, output: &Output) -> anyhow::Result<()> {
        let count = usize::try_from(self.arguments.preload)?;
        if count == 0 {
            return Ok(());
        }
        output.note(&format!("filing {count} dossiers"));
        let (before, crews) =
            (self.server.store_bytes().await?, self.crews(CALLERS_PRELOAD).await?);
        let mix = self.arguments.mix;
        let next = Arc::clone(&self.stock.next);
        let loaded = preload::preload(crews, mix, &next, count).await?;
        let preload = Preload {
            dossiers: loaded.filed.len() as u64,
            transitions: loaded.done.acts.values().map(|times| times.len() as u64).sum(),
            elapsed: loaded.elapsed,
            store_bytes: self.server.store_bytes().await?.saturating_sub(before),
        };
        output.note(&preload.text());
        self.figures.preload = Some(preload);
        self.stock = Arc::new(Stock { next, filed: loaded.filed });
        self.keep(loaded.done.ledger);
        self.server.restart().await?;
        self.figures.started_in.push(self.server.started_in());
        Ok(())
    }

    /// Keeps what was acknowledged, if somebody will ask.
    fn keep(&mut self, ledger: Ledger) {
        if self.arguments.verify {
            self.ledger.add(ledger);
        }
    }

    /// Puts a load on the service for a while.
    async fn measure(&mut self, load: Load) -> anyhow::Result<Run> {
        let callers = match load {
            Load::Closed(callers) => callers,
            Load::Open(_) => CALLERS_OPEN,
        };
        let crews = self.crews(callers).await?;
        let shared = match self.arguments.mix {
            Mix::OneDossier => Some(self.shared(&crews[0]).await?),
            Mix::Lives | Mix::HotOffice | Mix::Reads | Mix::Worklists => None,
        };
        let worker = |(number, crews)| {
            Worker::new(crews, Arc::clone(&self.stock), self.arguments.mix, number, shared.clone())
        };
        let workers: Vec<Worker> = crews.into_iter().enumerate().map(worker).collect();
        let warm_up = Duration::from_secs(self.arguments.warm_up);
        let (workers, unmeasured, _) = drive(workers, load, warm_up).await?;
        self.keep(unmeasured.ledger);

        let before = self.look().await?;
        self.server.family().forget_peak();
        let begun = Instant::now();
        let time = Duration::from_secs(self.arguments.seconds);
        let (_, mut done, unsent) = drive(workers, load, time).await?;
        let elapsed = begun.elapsed();
        let used = self.used_since(&before).await?;
        self.keep(std::mem::take(&mut done.ledger));
        Ok(Run::new(elapsed, done, unsent, used))
    }

    /// A dossier for everybody, with a specialist.
    async fn shared(&mut self, crews: &Crews) -> anyhow::Result<Life> {
        let number = self.stock.next.fetch_add(1, Ordering::Relaxed);
        let mut life = Life::new(number, self.arguments.mix.office(number));
        let mut done = Done::default();
        preload::bring(&mut life, TAKEN_OVER, crews, &mut done).await?;
        self.keep(done.ledger);
        Ok(life)
    }

    async fn look(&self) -> anyhow::Result<Look> {
        Ok(Look {
            store_bytes: self.server.store_bytes().await?,
            syncs: self.syncs()?,
            server: self.server.family().usage(),
            client: Family::own().usage_alone(),
            database: self.database().map(Family::usage),
        })
    }

    async fn used_since(&self, before: &Look) -> anyhow::Result<Used> {
        let after = self.look().await?;
        let database = after.database.zip(before.database);
        Ok(Used {
            server: after.server.since(before.server),
            client: after.client.since(before.client),
            database: database.map(|(after, before)| after.since(before)),
            store_bytes: after.store_bytes.saturating_sub(before.store_bytes),
            syncs: after.syncs.zip(before.syncs).map(|(after, before)| after - before),
            peak_bytes: self.server.family().peak_bytes(),
            database_bytes: self.database().and_then(Family::resident_bytes),
        })
    }

    fn database(&self) -> Option<Family> {
        self.arguments.database_pid.map(Family::of)
    }

    fn syncs(&self) -> anyhow::Result<Option<u64>> {
        let Some(path) = &self.arguments.sync_counter else {
            return Ok(None);
        };
        let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
        let count = bytes.first_chunk().map(|count| u64::from_le_bytes(*count));
        Ok(Some(count.with_context(|| format!("{} holds no counter", path.display()))?))
    }

    async fn verify(&mut self, output: &Output) -> anyhow::Result<Ending> {
        if !self.arguments.verify {
            return Ok(Ending::Well);
        }
        let crews = self.crews(1).await?;
        let comparison = std::mem::take(&mut self.ledger).compare(&crews[0].auditor).await?;
        output.note(&comparison.text());
        self.figures.ledger = Some(comparison.json());
        Ok(if comparison.is_equal() { Ending::Well } else { Ending::Differs })
    }
}

/// What had been used at an instant.
struct Look {
    store_bytes: u64,
    syncs: Option<u64>,
    server: Usage,
    client: Usage,
    database: Option<Usage>,
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

/// Lets callers work for a while; what they did, and how many calls nobody sent.
async fn drive(
    workers: Vec<Worker>,
    load: Load,
    time: Duration,
) -> anyhow::Result<(Vec<Worker>, Done, u64)> {
    let pace = match load {
        Load::Closed(_) => Pace::closed(time),
        Load::Open(rate) => Pace::open(Schedule::new(rate, time), time, workers.len()),
    };
    let work = workers.into_iter().map(|worker| tokio::spawn(worker.work(pace.clone())));
    let work: Vec<_> = work.collect();
    let (mut workers, mut done) = (Vec::with_capacity(work.len()), Done::default());
    for work in work {
        let mut worker = work.await??;
        done.add(std::mem::take(&mut worker.done));
        workers.push(worker);
    }
    Ok((workers, done, pace.unsent()))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        arguments: BenchArguments,
    }

    fn parsed(line: &str) -> BenchArguments {
        let words = ["bench"].into_iter().chain(line.split_whitespace());
        Line::try_parse_from(words).expect("a line that is right").arguments
    }

    #[test]
    fn numbers_of_callers_and_rates_are_bounded() {
        assert_eq!((callers("64"), rate("500")), (Ok(64), Ok(500)));
        for bad in ["0", "513", "many", ""] {
            assert!(callers(bad).is_err(), "{bad}");
        }
        for bad in ["0", "100001", "-1", ""] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn without_loads_a_few_callers_are_measured() {
        let closed = [1, 16, 64].map(Load::Closed);
        assert_eq!(parsed("").loads(), closed);
        assert_eq!(parsed("--rate 500,2000").loads(), [500, 2000].map(Load::Open));
        let both = parsed("--callers 8 --rate 9").loads();
        assert_eq!(both, [Load::Closed(8), Load::Open(9)]);
    }

    #[test]
    fn what_cannot_be_measured_is_refused_before_it_begins() {
        assert!(parsed("--mix reads").check().is_err());
        assert!(parsed("--mix reads --preload 10").check().is_ok());
        assert!(parsed("--database-pid 4294967295").check().is_err());
    }

    #[test]
    fn further_arguments_reach_the_service() {
        assert_eq!(parsed("--seconds 1 -- --log error").serve, ["--log", "error"]);
    }
}
