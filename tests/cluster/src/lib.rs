//! A PostgreSQL of its own for tests: made by `initdb` in a temporary folder, reached by a socket in
//! it, gone with the process that asked for it.
//!
//! The binaries come from `MOTCUA_POSTGRES_BIN`, from the path, or from where Debian keeps them. A
//! server refuses to run as root, so there it runs as the user `postgres`.

mod silence;

use std::fmt::Display;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub use silence::{Line, Proxy};

/// Longest wait for the server.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// The port that a server is known by unless it is given another.
const PORT: u16 = 5432;
/// The user that a server runs as where the tests run as root.
const USER: &str = "postgres";
/// Ends the server at once, and its folder, when the process that started it is gone, however that
/// ended.
const SUPERVISE: &str = r#""$@" & cat >/dev/null
    kill -QUIT "$(head -n 1 "$MOTCUA_CLUSTER/data/postmaster.pid")"; wait
    sleep 0.2; rm -rf "$MOTCUA_CLUSTER""#;

/// A server that runs.
#[derive(Debug)]
pub struct Cluster {
    folder: TempDir,
    bin: PathBuf,
    supervisor: Child,
    port: u16,
    databases: AtomicU32,
}

impl Cluster {
    /// The server of this process, started when it is first asked for.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(&[]))
    }

    /// Starts a server with settings of its own, `name=value` each.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(settings: &[&str]) -> Self {
        Self::start_at(PORT, settings)
    }

    /// The same, listening on a loopback port too, for what a Unix socket does not have.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start_on_loopback(settings: &[&str]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr());
        let listen = ["listen_addresses=127.0.0.1"];
        Self::start_at(free.expect("a free port").port(), &[&listen[..], settings].concat())
    }

    fn start_at(port: u16, settings: &[&str]) -> Self {
        let (bin, folder) = (binaries(), new_folder());
        let mut initdb = command(&bin.join("initdb"));
        initdb.args(["--auth=trust", "--username", USER, "--encoding=UTF8", "--no-locale"]);
        run(initdb.arg("--no-sync").arg("--pgdata").arg(folder.path().join("data")));
        Self::launch(bin, folder, port, settings)
    }

    /// Starts a server that follows this one as its standby, named `standby` to it.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn standby(&self, settings: &[&str]) -> Self {
        let folder = new_folder();
        let mut copy = command(&self.bin.join("pg_basebackup"));
        let to = format!("host={} port={}", self.folder.path().display(), self.port);
        copy.arg("--dbname").arg(format!("{to} user={USER} application_name=standby"));
        copy.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--pgdata"]);
        run(copy.arg(folder.path().join("data")));
        Self::launch(self.bin.clone(), folder, PORT, settings)
    }

    fn launch(bin: PathBuf, folder: TempDir, port: u16, settings: &[&str]) -> Self {
        let data = folder.path().join("data");
        let mut supervisor = command(Path::new("/bin/sh"));
        supervisor.args(["-c", SUPERVISE, "sh"]).arg(bin.join("postgres")).arg("-D").arg(&data);
        supervisor.arg("-k").arg(folder.path()).arg("-p").arg(port.to_string());
        for setting in ["listen_addresses=", "max_connections=200", "logging_collector=off"] {
            supervisor.args(["-c", setting]);
        }
        // Tests share a server and find their own lines by the database.
        supervisor.args(["-c", "log_line_prefix=%m [%p] %d "]);
        for setting in settings {
            supervisor.args(["-c", setting]);
        }
        supervisor.env("MOTCUA_CLUSTER", folder.path());
        let log = std::fs::File::create(folder.path().join("log")).expect("a log");
        supervisor.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log);
        let supervisor = supervisor.spawn().expect("a server");
        let cluster = Self { folder, bin, supervisor, port, databases: AtomicU32::new(0) };
        cluster.wait();
        cluster
    }

    /// URL of an empty database.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn database(&self) -> String {
        self.create("template0")
    }

    /// URL of a copy of a database to which nobody is connected.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn copy_of(&self, url: &str) -> String {
        let name = url.split(['/', '?']).find(|part| part.starts_with("test_"));
        self.create(name.expect("a database of this server"))
    }

    fn create(&self, template: &str) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        run(self.client("createdb").args(["-U", USER, "-T", template, &name]));
        format!("postgres://{USER}@localhost:{}/{name}?host={}", self.port, self.host())
    }

    /// URL of the same database at this server, which has it from another.
    ///
    /// # Panics
    /// When it is no URL of a database of such a server.
    pub fn same_database(&self, url: &str) -> String {
        let name = url.split(['/', '?']).find(|part| part.starts_with("test_"));
        let name = name.expect("a database of a server of ours");
        format!("postgres://{USER}@localhost:{}/{name}?host={}", self.port, self.host())
    }

    /// URL of a database of this server over its loopback port.
    pub fn over_loopback(&self, url: &str, host: &str) -> String {
        let (before, _) = url.split_once("?host=").unwrap_or((url, ""));
        before.replace("@localhost:", &format!("@{host}:"))
    }

    /// Changes a setting, `name = value`, of the server that runs.
    ///
    /// # Panics
    /// When it has no such setting.
    pub fn set(&self, setting: &str) {
        let alter = format!("ALTER SYSTEM SET {setting}");
        let mut psql = self.client("psql");
        psql.args(["-U", USER, "-d", USER, "-v", "ON_ERROR_STOP=1", "-c", &alter]);
        run(psql.args(["-c", "SELECT pg_reload_conf()"]));
    }

    /// Makes a primary of a standby.
    ///
    /// # Panics
    /// When it is none.
    pub fn promote(&self) {
        let mut promote = command(&self.bin.join("pg_ctl"));
        run(promote.args(["-w", "promote", "-D"]).arg(self.data()));
    }

    /// The folder of its data, in which its files lie that a setting names.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn host(&self) -> impl Display {
        self.folder.path().display()
    }

    fn client(&self, program: &str) -> Command {
        let mut client = command(&self.bin.join(program));
        client.arg("-h").arg(self.folder.path()).arg("-p").arg(self.port.to_string());
        client
    }

    /// Where the server listens: a Unix socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join(format!(".s.PGSQL.{}", self.port))
    }

    /// What the server logged until it was stopped for the first time.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn log(&self) -> String {
        let log = std::fs::read(self.folder.path().join("log")).expect("a log");
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Stops the server at once, as a loss of power does, and starts it again.
    ///
    /// # Panics
    /// When it does not come back.
    pub fn crash(&self) {
        self.stop();
        self.start_again();
    }

    /// Stops the server at once, as a loss of power does.
    ///
    /// # Panics
    /// When it does not stop.
    pub fn stop(&self) {
        let mut stop = command(&self.bin.join("pg_ctl"));
        run(stop.args(["-m", "immediate", "-w", "stop", "-D"]).arg(self.data()));
    }

    /// Starts a server that was stopped.
    ///
    /// # Panics
    /// When it does not come back.
    pub fn start_again(&self) {
        let mut start = command(&self.bin.join("pg_ctl"));
        start.args(["-w", "start", "-l"]).arg(self.folder.path().join("log.after"));
        let place = format!("-k {} -p {} -c listen_addresses=", self.host(), self.port);
        run(start.arg("-o").arg(place).arg("-D").arg(self.data()));
    }

    fn wait(&self) {
        let began = Instant::now();
        let ready = || {
            let mut ask = self.client("pg_isready");
            ask.stdout(Stdio::null()).status().is_ok_and(|status| status.success())
        };
        while !ready() {
            let log = || std::fs::read_to_string(self.folder.path().join("log"));
            assert!(began.elapsed() < START_TIMEOUT, "no server: {:?}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        // Whatever it answers, the folder goes.
        let _ended = self.supervisor.wait();
    }
}

/// A folder for a server and its data, which belongs to the user that runs it.
fn new_folder() -> TempDir {
    let folder = tempfile::Builder::new().prefix("motcua-pg-").tempdir().expect("a folder");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("a folder for the data");
    for path in [folder.path(), &data] {
        let open = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(path, open).expect("permissions");
        if let Some((user, group)) = other_user() {
            chown(path, Some(user), Some(group)).expect("given to the server's user");
        }
    }
    folder
}

/// Where the server's programs are.
///
/// # Panics
/// When there are none.
pub fn binaries() -> PathBuf {
    if let Some(folder) = std::env::var_os("MOTCUA_POSTGRES_BIN") {
        return folder.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut installed: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    installed.sort();
    let places = installed.into_iter().rev().chain(std::env::split_paths(&path));
    let found = places.into_iter().find(|place| place.join("initdb").exists());
    found.expect(
        "the tests need the programs of PostgreSQL 15 or newer: install the package postgresql, or \
         name their folder in MOTCUA_POSTGRES_BIN",
    )
}

/// The user and group to run the server as, where the tests run as root.
fn other_user() -> Option<(u32, u32)> {
    static USERS: OnceLock<Option<(u32, u32)>> = OnceLock::new();
    let id = |arguments: &[&str]| -> Option<u32> {
        let done = Command::new("id").args(arguments).output().ok()?;
        String::from_utf8(done.stdout).ok()?.trim().parse().ok()
    };
    *USERS.get_or_init(|| {
        (id(&["-u"]) == Some(0)).then(|| {
            let user = id(&["-u", USER]).zip(id(&["-g", USER]));
            user.expect("as root the tests need a user postgres to run its server as")
        })
    })
}

/// A command as the user that runs the server.
pub fn command(program: &Path) -> Command {
    let mut command = match other_user() {
        None => Command::new(program),
        Some((user, group)) => {
            let mut command = Command::new("setpriv");
            let (user, group) = (format!("--reuid={user}"), format!("--regid={group}"));
            command.args([&user, &group, "--clear-groups", "--"]).arg(program);
            command
        }
    };
    command.current_dir("/").env("LC_ALL", "C");
    command
}

fn run(command: &mut Command) {
    let done = command.stdin(Stdio::null()).output().expect("a program of PostgreSQL");
    let text = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {text}");
}
