//! `motcua bench`: what a service of its own does under a load, from outside, over gRPC.
//!
//! `crews` who calls · `life` one dossier, act by act · `worker` a caller and what it does · `schedule`
//! when · `preload` what is there before · `timers` what comes by itself · `server`, `process`, `clock`
//! the service and what it uses · `health`, `kills` nodes that go and come · `figures` the arithmetic ·
//! `ledger` what was acknowledged, against the histories.

mod clock;
mod crews;
mod figures;
mod health;
mod kills;
mod ledger;
mod life;
mod preload;
mod process;
mod schedule;
mod server;
mod timers;
mod worker;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::{Args, Parser};
use motcua_api::v1;
use motcua_store_sql::Options;
use tokio::sync::oneshot;

use crate::Ending;
use crate::client::{Session, steadily};
use crate::demo::{PROCEDURES, UNITS};
use crate::folder::{Folder, database_of};
use crate::output::Output;
use crate::settings::Flags;

use crews::{Crews, Lines, Tokens};
use figures::{Figures, Level, Load, Outages, Preload, Run, Used};
use kills::{Kills, kill_at_random};
use ledger::Ledger;
use life::{Life, TAKEN_OVER};
use process::{Family, Usage};
use schedule::{Pace, Schedule};
use server::Server;
use worker::{Done, Mix, Stock, Worker};

/// Callers on one connection.
const CALLERS_PER_CONNECTION: usize = 16;
/// Callers on one connection where there are more than [`CALLERS_APART`]: what the service takes.
const CALLERS_PER_CONNECTION_MAX: usize = 32;
/// So many callers need not sit that close.
const CALLERS_APART: usize = 512;
/// Most callers: twice as many as the service lets wait.
const CALLERS_MAX: usize = 8_192;
/// Connections that the service takes from this address: as many as [`CALLERS_MAX`] need, and some for
/// whoever looks after it.
const CONNECTIONS_MAX: usize = CALLERS_MAX / CALLERS_PER_CONNECTION_MAX + 32;
/// Callers that file what is there before.
const CALLERS_PRELOAD: usize = 96;
/// Largest rate of an open loop, calls a second.
const RATE_MAX: u32 = 100_000;
/// Most nodes of the service.
const NODES_MAX: usize = 8;
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
    /// Callers that share the calls of --rate: as many may wait for an answer at a time
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = callers)]
    open_callers: usize,
    /// Callers come back 20 ms after a refusal, whatever it says of when to
    #[arg(long)]
    hasty: bool,
    /// What the callers do; of several, one after another on the same preload
    #[arg(long, value_enum, value_delimiter = ',', default_value = "lives")]
    mix: Vec<Mix>,
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
    /// Servers on one database, which --database names behind `--`; callers are spread over them
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = nodes)]
    nodes: usize,
    /// Kill a node (SIGKILL) at a random moment of every so many seconds, and start it again; its
    /// callers send their commands through another node until they are answered
    #[arg(long, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..=SECONDS_MAX))]
    kill_every: Option<u64>,
    /// Compiled bench/clock.c, which moves the clock of the service for --mix timers [default: it is
    /// compiled now]
    #[arg(long, value_name = "FILE")]
    clock: Option<PathBuf>,
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

fn nodes(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=NODES_MAX).contains(number));
    number.ok_or_else(|| format!("write a number from 1 to {NODES_MAX}"))
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
        if self.mix.iter().any(|mix| mix.reads()) && self.preload == 0 {
            bail!("there is nothing to read: file dossiers before with --preload N");
        }
        let names_database =
            |argument: &String| argument == "--database" || argument.starts_with("--database=");
        let in_environment = std::env::var_os("MOTCUA_DATABASE").is_some_and(|url| !url.is_empty());
        if self.nodes > 1 && !in_environment && !self.serve.iter().any(names_database) {
            bail!("nodes share a PostgreSQL database: name it with -- --database URL");
        }
        if self.mix.contains(&Mix::Timers) {
            self.check_timers()?;
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
    let ending = match bench.arguments.mix.as_slice() {
        [Mix::Timers] => bench.timers(output).await?,
        _ => bench.levels(output).await?,
    };
    match output.json {
        true => output.value(&bench.figures.json())?,
        false => output.table(&bench.figures.table())?,
    }
    Ok(ending)
}

/// The arguments of `motcua serve`, without its own options.
#[derive(Debug, Parser)]
#[command(no_binary_name = true)]
struct ServeFlags {
    #[command(flatten)]
    flags: Flags,
}

/// What is measured stays in the database: it is no one's whose dossiers matter.
async fn refuse_used_database(serve: &[String]) -> anyhow::Result<()> {
    // Whatever else stands there is the service's to judge.
    let Ok(ServeFlags { flags }) = ServeFlags::try_parse_from(serve) else { return Ok(()) };
    let Some(url) = database_of(flags.database)? else { return Ok(()) };
    let folder = Folder::new(".").with_database(Some(&url));
    if folder.origin_in_force(Options::default()).await?.is_some() {
        let shown = folder.database_shown();
        bail!("the database {shown} is in use: name an empty one, which the measurement fills");
    }
    Ok(())
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
        refuse_used_database(&arguments.serve).await?;
        let server = Server::start(arguments.serve.clone(), arguments.nodes).await?;
        let figures = Figures {
            started_in: vec![server.started_in()],
            resident_bytes: server.resident_bytes(),
            nodes: arguments.nodes,
            kill_every_s: arguments.kill_every,
            ..Figures::default()
        };
        prepare(server.admin()).await?;
        server.settle(PROCEDURES.len()).await?;
        let tokens = Tokens::issue(server.key())?;
        let (stock, ledger) = (Arc::default(), Ledger::default());
        Ok(Self { arguments, server, tokens, stock, ledger, figures })
    }

    /// All levels, as often as was asked for.
    async fn levels(&mut self, output: &Output) -> anyhow::Result<Ending> {
        self.preload(output).await?;
        let loads = self.arguments.loads();
        let mixes = self.arguments.mix.iter();
        let levels = mixes.flat_map(|mix| loads.iter().map(|load| Level::new(*mix, *load)));
        self.figures.levels = levels.collect();
        for round in 1..=self.arguments.runs {
            for place in 0..self.figures.levels.len() {
                let (mix, load) = self.figures.levels[place].of();
                output.note(&format!("run {round} of {}: {mix:?}, {load:?}", self.arguments.runs));
                let run = self.measure(mix, load).await?;
                self.figures.levels[place].add(run);
            }
        }
        self.verify(output).await
    }

    /// Lines to all nodes, once for each caller; callers of one connection share it.
    async fn lines(&self, callers: usize) -> anyhow::Result<Vec<Lines>> {
        let together = match callers {
            0..=CALLERS_APART => CALLERS_PER_CONNECTION,
            _ => CALLERS_PER_CONNECTION_MAX,
        };
        let mut lines = Vec::with_capacity(callers);
        while lines.len() < callers {
            let mut crews = Vec::with_capacity(self.server.nodes());
            for address in self.server.addresses() {
                let connection = Session::connect(address, None).await?;
                crews.push(Crews::new(&connection, &self.tokens)?);
            }
            let shared = Arc::new(crews);
            let here = lines.len()..callers.min(lines.len() + together);
            lines.extend(here.map(|number| {
                let health = Arc::clone(self.server.health());
                Lines::new(Arc::clone(&shared), health, number).hasty(self.arguments.hasty)
            }));
        }
        Ok(lines)
    }

    /// Files what is to be there, and starts the service anew on it.
    async fn preload(&mut self, output: &Output) -> anyhow::Result<()> {
        let count = usize::try_from(self.arguments.preload)?;
        if count == 0 {
            return Ok(());
        }
        output.note(&format!("filing {count} dossiers"));
        let (before, lines) =
            (self.server.store_bytes().await?, self.lines(CALLERS_PRELOAD).await?);
        let mix = self.arguments.mix.first().copied().unwrap_or(Mix::Lives);
        let next = Arc::clone(&self.stock.next);
        let loaded = preload::preload(lines, mix, &next, count).await?;
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
    async fn measure(&mut self, mix: Mix, load: Load) -> anyhow::Result<Run> {
        let workers = self.workers(mix, load).await?;
        let warm_up = Duration::from_secs(self.arguments.warm_up);
        let (workers, unmeasured, _) = drive(workers, pace(load, warm_up)).await?;
        self.keep(unmeasured.ledger);
        self.measure_with(workers, pace(load, Duration::from_secs(self.arguments.seconds))).await
    }

    /// Callers for a load.
    async fn workers(&mut self, mix: Mix, load: Load) -> anyhow::Result<Vec<Worker>> {
        let callers = match load {
            Load::Closed(callers) => callers,
            Load::Open(_) => self.arguments.open_callers,
        };
        let lines = self.lines(callers).await?;
        let shared = match mix {
            Mix::OneDossier => Some(self.shared(&lines[0]).await?),
            Mix::Lives | Mix::HotOffice | Mix::Reads | Mix::Worklists | Mix::Timers => None,
        };
        let worker = |(number, lines)| {
            Worker::new(lines, Arc::clone(&self.stock), mix, number, shared.clone())
        };
        Ok(lines.into_iter().enumerate().map(worker).collect())
    }

    /// Lets callers work at a pace, and kills nodes meanwhile if that was asked for.
    async fn measure_with(&mut self, workers: Vec<Worker>, pace: Pace) -> anyhow::Result<Run> {
        let before = self.look().await?;
        self.server.forget_peak();
        let health = Arc::clone(self.server.health());
        health.forget();
        let (stop, mut stopped) = oneshot::channel();
        let begun = Instant::now();
        let load = async move {
            let driven = drive(workers, pace).await;
            // Nobody waits for it where no node is killed.
            let _told = stop.send(());
            (driven, begun.elapsed())
        };
        let every = self.arguments.kill_every.map(Duration::from_secs);
        let killing = async {
            match every {
                Some(every) => kill_at_random(&mut self.server, every, &mut stopped).await,
                None => Ok(Kills::default()),
            }
        };
        let ((driven, elapsed), kills) = tokio::join!(load, killing);
        let ((_, mut done, unsent), kills) = (driven?, kills?);
        let mut used = self.used_since(&before).await?;
        if self.server.nodes() > 1 || every.is_some() {
            used.outages = Some(Outages { kills, endured: health.endured() });
        }
        self.keep(std::mem::take(&mut done.ledger));
        Ok(Run::new(elapsed, done, unsent, used))
    }

    /// A dossier for everybody, with a specialist.
    async fn shared(&mut self, lines: &Lines) -> anyhow::Result<Life> {
        let number = self.stock.next.fetch_add(1, Ordering::Relaxed);
        let mut life = Life::new(number, Mix::OneDossier.office(number));
        let mut done = Done::default();
        preload::bring(&mut life, TAKEN_OVER, lines, &mut done).await?;
        self.keep(done.ledger);
        Ok(life)
    }

    async fn look(&self) -> anyhow::Result<Look> {
        Ok(Look {
            store_bytes: self.server.store_bytes().await?,
            syncs: self.syncs()?,
            server: self.server.usage(),
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
            peak_bytes: self.server.peak_bytes(),
            database_bytes: self.database().and_then(Family::resident_bytes),
            outages: None,
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

    /// Somebody who reads every history, at the first node.
    async fn auditor(&self) -> anyhow::Result<Session> {
        Ok(self.lines(1).await?[0].choose().crews.auditor.clone())
    }

    async fn verify(&mut self, output: &Output) -> anyhow::Result<Ending> {
        if !self.arguments.verify {
            return Ok(Ending::Well);
        }
        let auditor = self.auditor().await?;
        let comparison = std::mem::take(&mut self.ledger).compare(&auditor).await?;
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

/// When the calls of a load come that begins now.
fn pace(load: Load, time: Duration) -> Pace {
    match load {
        Load::Closed(_) => Pace::closed(time),
        Load::Open(rate) => Pace::open(Schedule::new(rate, time), time),
    }
}

/// Lets callers work for a while; what they did, and how many calls nobody sent.
async fn drive(workers: Vec<Worker>, pace: Pace) -> anyhow::Result<(Vec<Worker>, Done, u64)> {
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
        for bad in ["0", "8193", "many", ""] {
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
        assert!(parsed("--mix lives,reads").check().is_err());
        assert!(parsed("--mix lives,reads --preload 10").check().is_ok());
        assert!(parsed("--mix lives,timers --preload 10 --callers 1").check().is_err());
        assert!(parsed("--database-pid 4294967295").check().is_err());
    }

    #[test]
    fn further_arguments_reach_the_service() {
        assert_eq!(parsed("--seconds 1 -- --log error").serve, ["--log", "error"]);
    }
}
