//! `motcua serve` and `motcua migrate`.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use motcua_engine::{Caller, Clock, Config, Engine, EngineError, SystemClock};
use motcua_procedures::Role;
use motcua_store_files::FolderDocuments;
use motcua_store_sql::{Options, SqlStore};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tracing::{info, warn};
use tracing_subscriber::EnvFilter;

use crate::Ending;
use crate::demo::{self, DemoClock};
use crate::folder::{Folder, database_of};
use crate::output::{Lang, Output};
use crate::runtime;
use crate::settings::{Flags, LogFormat, Parsed, Settings, unknown_variables};

/// The working calendar that a service without one loads at its first start.
pub(crate) const CALENDAR: &[u8] = include_bytes!("../../deadlines/data/calendar-vn.json");
/// Longest wait for the workers at the end.
const WORKERS_TIMEOUT: Duration = Duration::from_secs(5);

/// The engine that the executable runs.
pub(crate) type LocalEngine = Engine<SqlStore, FolderDocuments>;

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    flags: Flags,
    /// Publish the shipped procedures, fill in believable dossiers, print commands to paste
    #[arg(long)]
    demo: bool,
    /// The keys of the folder are lost for good: make new ones. Tokens become invalid, tracking
    /// secrets, searches and second factors of present dossiers find nothing any more
    #[arg(long)]
    new_keys: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MigrateArguments {
    /// Data folder
    #[arg(long, value_name = "DIR", env = "MOTCUA_DATA", default_value = "./data")]
    data: PathBuf,
    /// PostgreSQL database, in place of a SQLite file in the data folder
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

/// Runs the service until it is told to stop.
pub(crate) fn run(arguments: ServeArguments) -> anyhow::Result<Ending> {
    let settings = Settings::read(&arguments.flags)?.parse()?;
    if settings.folder.has_server() {
        runtime::wide(serve(arguments, settings))
    } else {
        runtime::beside_a_writer(serve(arguments, settings))
    }
}

async fn serve(arguments: ServeArguments, settings: Parsed) -> anyhow::Result<Ending> {
    start_log(&settings)?;
    for warning in unknown_variables(variable_names()) {
        warn!("{warning}");
    }
    let folder = settings.folder.clone();
    let _lock = folder.lock()?;
    let listener = TcpListener::bind(&settings.listen).await.with_context(|| {
        let address = &settings.listen;
        format!("cannot listen on {address}: choose another address and port with --listen")
    })?;
    refuse_lost_keys(&settings, &folder, arguments.new_keys).await?;
    let address = listener.local_addr()?;
    let is_new_secret = arguments.new_keys && folder.lacks_secret();
    let key = folder.token_key()?;
    let output = Output::new(false, Lang::En);
    let engine = if arguments.demo {
        let clock = Arc::new(DemoClock::new());
        let shared = Arc::clone(&clock) as Arc<dyn Clock>;
        let engine = open_engine(&settings, &folder, shared, is_new_secret).await?;
        demo::prepare(&engine, &clock, &folder, &output).await?;
        engine
    } else {
        open_engine(&settings, &folder, Arc::new(SystemClock), is_new_secret).await?
    };
    if !address.ip().is_loopback() {
        warn!("calls are not encrypted: put a proxy with TLS before {address}");
    }

    let (stop, stopped) = watch::channel(false);
    let workers = engine.clone();
    let workers = tokio::spawn(async move { workers.run_workers(stopped).await });
    let signals = Signals::new()?;
    output.text(&format!("motcua is ready on http://{address}"))?;
    if arguments.demo {
        demo::print_commands(&engine, &folder, &address.to_string(), &output).await?;
    }
    info!(%address, origin = engine.origin(), data = %folder.path().display(), "ready");
    let served = motcua_server::serve(engine, settings.server(key), listener, signals.wait()).await;
    stop.send_replace(true);
    if tokio::time::timeout(WORKERS_TIMEOUT, workers).await.is_err() {
        warn!("the timers were still at work at the end of the wait");
    }
    served?;
    info!("stopped");
    Ok(Ending::Well)
}

/// Brings the database to the newest schema.
pub(crate) async fn migrate(arguments: MigrateArguments) -> anyhow::Result<Ending> {
    let database = database_of(arguments.database)?;
    let folder = Folder::new(arguments.data).with_database(database.as_deref());
    let shown = folder.database_shown();
    if !folder.has_database() {
        bail!("there is no database at {shown}: name the data folder of a service with --data");
    }
    // Other nodes of a shared database go on meanwhile; a file has one process.
    let _lock = database.is_none().then(|| folder.lock()).transpose()?;
    folder.store(Options::default()).await?.close().await;
    Output::new(false, Lang::En).note(&format!("{shown} has the newest schema"));
    Ok(Ending::Well)
}

fn variable_names() -> impl Iterator<Item = String> {
    std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())
}

/// Without its keys a database is half lost, and new keys would hide that: somebody must say so.
async fn refuse_lost_keys(
    settings: &Parsed,
    folder: &Folder,
    new_keys: bool,
) -> anyhow::Result<()> {
    let missing = folder.missing_keys();
    if missing.is_empty() || new_keys {
        return Ok(());
    }
    if folder.origin_in_force(settings.store.clone()).await?.is_none() {
        return Ok(());
    }
    let missing: Vec<String> = missing.iter().map(|path| path.display().to_string()).collect();
    let verb = if missing.len() == 1 { "is" } else { "are" };
    bail!(
        "{} {verb} missing, though the database is in use: restore the keys from the backup, or accept \
         the loss with --new-keys",
        missing.join(" and ")
    )
}

/// The words of each fault, not only their number.
fn told(error: EngineError) -> anyhow::Error {
    match error {
        EngineError::Invalid(violations) => {
            let texts: Vec<String> =
                violations.into_iter().map(|violation| violation.message.en).collect();
            anyhow!("{}", texts.join("; "))
        }
        other => other.into(),
    }
}

async fn open_engine(
    settings: &Parsed,
    folder: &Folder,
    clock: Arc<dyn Clock>,
    is_new_secret: bool,
) -> anyhow::Result<LocalEngine> {
    let in_force = folder.origin_in_force(settings.store.clone()).await?;
    folder.check_documents(in_force.as_deref(), settings.origin.as_deref())?;
    let store = folder.store(settings.store.clone()).await?;
    let documents = FolderDocuments::open(folder.documents()).await?;
    let shared = documents.clone();
    let (origin, secret) = (settings.origin.clone(), folder.secret()?);
    let config = Config { origin, secret, is_new_secret };
    let engine = Engine::start(store, documents, clock, config).await.map_err(told)?;
    shared.mark(engine.origin()).await?;
    // Of two services that start at once on one folder, it is marked as that of the first.
    folder.check_documents(Some(engine.origin()), None)?;
    if engine.calendar().is_none() {
        let loaded = engine.load_calendar(&operator(), CALENDAR.to_vec()).await?;
        info!(digest = loaded.digest, "loaded the calendar that comes with the program");
    }
    Ok(engine)
}

/// Who acts when the program itself sets a service up.
pub(crate) fn operator() -> Caller {
    Caller {
        id: "motcua.serve".into(),
        unit: None,
        roles: vec![Role::Administrator],
        acting_for: None,
    }
}

fn start_log(settings: &Parsed) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&settings.log)
        .with_context(|| format!("log is {:?}: write a filter such as info", settings.log))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match settings.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn wait(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        info!("stopping: open calls are finished first");
    }
}
