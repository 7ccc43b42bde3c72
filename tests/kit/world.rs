//! A server of its own for each test: a real database, real files, real gRPC on a loopback port, and
//! a clock that stands still until the test sets it.
//!
//! The database is a SQLite file, or with `MOTCUA_TEST_STORE=postgres` a database of a PostgreSQL
//! server that the tests start for themselves.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use motcua_engine::{Caller, Clock as _, Config, Engine, ManualClock};
use motcua_procedures::Role;
use motcua_server::{ServerConfig, TokenKey, serve};
use motcua_store_files::FolderDocuments;
use motcua_store_sql::{Options, SqlStore};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use uuid::{NoContext, Uuid};

use crate::client::Client;
use crate::database::Database;
use crate::people::{ADMIN, Who};
use crate::wait::until;

/// When a world begins: Monday 5 October 2026, 09:00.
pub const BEGINNING: &str = "2026-10-05T09:00:00+07:00";
/// Name of the history log of every test world.
pub const ORIGIN: &str = "motcua.example/tests";
/// The working calendar of every test world.
pub const CALENDAR: &[u8] = include_bytes!("../../crates/deadlines/data/calendar-vn.json");
/// The register of units of every test world.
pub const UNITS: &[u8] = include_bytes!("units.json");
/// The shipped procedures.
pub const CATALOGUE: [(&str, &[u8]); 3] = [
    (BIRTH, include_bytes!("../../catalogue/birth-registration.yaml")),
    (BUSINESS, include_bytes!("../../catalogue/household-business.yaml")),
    (MARRIAGE, include_bytes!("../../catalogue/marriage-registration.yaml")),
];
/// Birth registration.
pub const BIRTH: &str = "1.001193";
/// Registration of a household business.
pub const BUSINESS: &str = "1.001612";
/// Marriage registration.
pub const MARRIAGE: &str = "1.000894";

/// Key of fingerprints and search digests of every test world.
pub const SECRET: [u8; 32] = [42; 32];
const TOKEN_TTL: Duration = Duration::from_secs(3600);

/// The engine behind a test's server.
pub type TestEngine = Engine<SqlStore, FolderDocuments>;

/// A running server with everything it needs. Ends with the test.
pub struct World {
    folder: Arc<TempDir>,
    database: Database,
    clock: Arc<ManualClock>,
    key: TokenKey,
    configure: fn(&mut ServerConfig),
    running: Option<Running>,
}

struct Running {
    engine: TestEngine,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

/// The instant that an RFC 3339 text names.
///
/// # Panics
/// For any other text.
#[track_caller]
pub fn instant(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

impl World {
    /// A server with calendar, units and the shipped procedures, on Monday 5 October 2026 at 09:00.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the data");
        let database = Database::new(folder.path()).await;
        Self::start_on(folder, database).await
    }

    /// The same on PostgreSQL, whatever the other tests run on.
    pub async fn start_on_postgres() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the data");
        Self::start_on(folder, Database::postgres().await).await
    }

    /// The same with other limits of the server than the defaults.
    pub async fn start_with(configure: fn(&mut ServerConfig)) -> Self {
        let mut world = Self::start().await;
        world.configure = configure;
        world.restart().await;
        world
    }

    /// The same on this database.
    pub async fn start_on_database(database: Database) -> Self {
        Self::start_on(tempfile::tempdir().expect("a folder for the data"), database).await
    }

    async fn start_on(folder: TempDir, database: Database) -> Self {
        let world = Self::bare_on(folder, database, BEGINNING).await;
        let admin = Caller {
            id: ADMIN.id.into(),
            unit: None,
            roles: vec![Role::Administrator],
            acting_for: None,
        };
        let engine = world.engine();
        engine.load_calendar(&admin, CALENDAR.to_vec()).await.expect("the calendar is sound");
        engine.load_units(&admin, UNITS.to_vec()).await.expect("the units are sound");
        for (code, source) in CATALOGUE {
            let published = engine.publish_procedure(&admin, source.to_vec(), None).await;
            published.unwrap_or_else(|error| panic!("{code}: {error:?}"));
        }
        world
    }

    /// A server without calendar, units or procedures.
    pub async fn bare() -> Self {
        Self::bare_at(BEGINNING).await
    }

    /// The same at another instant, before or after that of all other worlds.
    pub async fn bare_at(beginning: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the data");
        let database = Database::new(folder.path()).await;
        Self::bare_on(folder, database, beginning).await
    }

    async fn bare_on(folder: TempDir, database: Database, beginning: &str) -> Self {
        let clock = Arc::new(ManualClock::new(instant(beginning)));
        let key = TokenKey::load_or_create(&folder.path().join("keys/token.pem"));
        let key = key.expect("a key can be made");
        let (folder, configure) = (folder.into(), default_limits as fn(&mut ServerConfig));
        let mut world = Self { folder, database, clock, key, configure, running: None };
        world.run().await;
        world
    }

    /// Another server on the same database, documents, keys and clock.
    pub async fn another_node(&self) -> Self {
        let mut node = Self {
            folder: Arc::clone(&self.folder),
            database: self.database.clone(),
            clock: Arc::clone(&self.clock),
            key: self.key.clone(),
            configure: self.configure,
            running: None,
        };
        node.run().await;
        node
    }

    async fn run(&mut self) {
        let store = self.database.open(Options::default()).await;
        let documents = FolderDocuments::open(&self.folder.path().join("documents")).await;
        let config = Config { origin: Some(ORIGIN.into()), secret: SECRET, is_new_secret: false };
        let engine = Engine::start(
            store,
            documents.expect("the documents open"),
            Arc::clone(&self.clock) as Arc<dyn motcua_engine::Clock>,
            config,
        );
        let engine = engine.await.expect("the engine starts");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("a bound port has an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let mut config = ServerConfig::new(self.key.clone());
        (self.configure)(&mut config);
        let serving = serve(engine.clone(), config, listener, async {
            stopped.await.ok();
        });
        let served = tokio::spawn(async move { serving.await.expect("the server ends cleanly") });
        self.running = Some(Running { engine, address, stop, served });
    }

    /// Stops the server.
    pub async fn stop(&mut self) {
        let Some(running) = self.running.take() else {
            return;
        };
        // The receiver is gone only if the server has ended by itself.
        let _ended = running.stop.send(());
        drop(running.engine);
        running.served.await.expect("the server did not panic");
    }

    /// Stops the server and starts it again on the same data.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.run().await;
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("the server runs")
    }

    /// The engine behind the server.
    pub fn engine(&self) -> &TestEngine {
        &self.running().engine
    }

    /// Where the server listens, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.running().address)
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.running().address
    }

    /// The key that tokens are signed with.
    pub fn key(&self) -> &TokenKey {
        &self.key
    }

    /// Sets the clock.
    pub fn at(&self, text: &str) {
        self.clock.set(instant(text));
    }

    /// What the clock shows.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A token for someone that is valid for this long.
    pub fn token_for(&self, who: &Who, ttl: Duration) -> String {
        let token = self.key.issue(who.id, who.unit, who.roles, ttl);
        token.expect("the people of the tests may have tokens")
    }

    /// A token for someone.
    pub fn token(&self, who: &Who) -> String {
        self.token_for(who, TOKEN_TTL)
    }

    /// Someone at the API, on a connection of their own. Citizens go to the counters of the
    /// centres with what they have on paper.
    pub fn client(&self, who: &Who) -> Client {
        let connect = |who: &Who| self.client_with_token(who.id, &self.token(who));
        let client = connect(who);
        if who.roles == [Role::Applicant] { client.going_to_counters(connect) } else { client }
    }

    /// Someone with a token of any making.
    pub fn client_with_token(&self, id: &str, token: &str) -> Client {
        let clock = Arc::clone(&self.clock) as Arc<dyn motcua_engine::Clock>;
        Client::new(&self.url(), id, Some(token), clock)
    }

    /// Where the data lies.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// A token of the server's key for someone, that expired an hour ago.
    pub fn expired_token(&self, who: &Who) -> String {
        let header = jsonwebtoken::decode_header(self.token(who)).expect("a token has a header");
        let expired = jsonwebtoken::get_current_timestamp() - 3600;
        let claims = serde_json::json!({
            "iss": "motcua", "aud": "motcua", "sub": who.id, "unit": who.unit,
            "roles": who.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>(),
            "iat": expired - 60, "nbf": expired - 60, "exp": expired,
        });
        let pem = std::fs::read(self.folder.path().join("keys/token.pem")).expect("the key file");
        let key = jsonwebtoken::EncodingKey::from_ed_pem(&pem).expect("an Ed25519 key");
        jsonwebtoken::encode(&header, &claims, &key).expect("a signed token")
    }

    /// Someone without a token.
    pub fn anonymous(&self) -> Client {
        let clock = Arc::clone(&self.clock) as Arc<dyn motcua_engine::Clock>;
        Client::new(&self.url(), "nobody", None, clock)
    }

    /// Lets the real worker fire everything that is due.
    pub async fn fire_timers(&self) {
        let (stop, stopped) = watch::channel(false);
        let engine = self.engine().clone();
        let working = tokio::spawn(async move { engine.run_workers(stopped).await });
        until("the due timers to fire", async || (self.due_timers().await == 0).then_some(()))
            .await;
        stop.send(true).expect("the worker listens");
        working.await.expect("the worker did not panic");
    }

    async fn due_timers(&self) -> i64 {
        let now = self.now().as_microsecond();
        self.database.number(&format!("SELECT count(*) FROM timer WHERE due_at <= {now}")).await
    }

    /// The database, as an intruder reaches it.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// A new id for a dossier, draft, upload or command: a UUIDv7 of now.
    pub fn new_id(&self) -> Uuid {
        new_id(self.now())
    }
}

fn default_limits(_: &mut ServerConfig) {}

/// A UUIDv7 made at `now`.
pub fn new_id(now: Timestamp) -> Uuid {
    let seconds = u64::try_from(now.as_second()).expect("tests live after 1970");
    let nanoseconds = u32::try_from(now.subsec_nanosecond()).expect("after 1970");
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanoseconds))
}
