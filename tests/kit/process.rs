//! The executable as a process of its own: how people run it, and how machines lose power under it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::people::{ADMIN, Who};

/// Longest wait for a service to say that it is ready, or to stop.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// What a service says when it listens; its address follows.
const READY: &str = "motcua is ready on ";

/// The root of the project.
pub fn project() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the tests lie in the project").to_owned()
}

/// The executable: the one that `MOTCUA_BIN` names, else built now.
///
/// # Panics
/// When it cannot be built.
pub fn executable() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| match std::env::var_os("MOTCUA_BIN") {
        Some(path) => project().join(path),
        None => build(),
    })
}

fn build() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["build", "--quiet", "--package=motcua-cli", "--message-format=json"];
    let built = Command::new(cargo).args(arguments).current_dir(project()).output();
    let built = built.expect("cargo runs");
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "the executable cannot be built: {said}");
    let messages = String::from_utf8_lossy(&built.stdout);
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let path = |message: Value| Some(message["executable"].as_str()?.to_owned());
    let path = messages.filter_map(path).next_back();
    PathBuf::from(path.expect("cargo names the executable that it built"))
}

/// The executable with arguments, and nothing of the tester's own settings.
pub fn motcua<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(executable());
    command.args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MOTCUA_") {
            command.env_remove(name);
        }
    }
    command
}

/// What a process that ended left behind.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ended {
    /// Asserts an exit code.
    #[track_caller]
    pub fn with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "out: {}\nerr: {}", self.out, self.err);
        self
    }

    /// Asserts that standard error says something.
    #[track_caller]
    pub fn saying(self, words: &str) -> Self {
        assert!(self.err.contains(words), "{words:?} is not in: {}", self.err);
        self
    }

    /// The one JSON value on standard output.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).expect("output is UTF-8"),
            err: String::from_utf8(output.stderr).expect("messages are UTF-8"),
        }
    }
}

/// Runs a command to its end.
///
/// # Panics
/// When it cannot be started.
#[track_caller]
pub fn run(command: &mut Command) -> Ended {
    command.output().expect("the command starts").into()
}

/// Runs a command to its end with this standard input.
///
/// # Panics
/// When it cannot be started.
#[track_caller]
pub fn run_with(command: &mut Command, input: Vec<u8>) -> Ended {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the command starts");
    let mut stdin = child.stdin.take().expect("standard input is a pipe");
    // A command that ends before it has read everything closes the pipe, and that is its right.
    let writer = std::thread::spawn(move || stdin.write_all(&input).is_ok());
    let ended = child.wait_with_output().expect("the command ends").into();
    writer.join().expect("the writer did not panic");
    ended
}

/// A data folder and the service that runs on it. Ends with the test.
pub struct Service {
    folder: TempDir,
    running: Option<Running>,
    address: String,
}

struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Service {
    /// A service on a new data folder, with calendar, units and the shipped procedures.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with further arguments of the service.
    pub fn start_with(arguments: &[&str]) -> Self {
        let service = Self::bare(arguments);
        let admin = service.token(&ADMIN);
        let units = project().join("tests/kit/units.json");
        service.as_whoever(&admin, ["unit", "load", &units.to_string_lossy()]).with(0);
        for name in ["birth-registration", "household-business", "marriage-registration"] {
            let file = project().join(format!("catalogue/{name}.yaml"));
            let arguments = ["procedure", "publish", &file.to_string_lossy()];
            service.as_whoever(&admin, arguments).with(0);
        }
        service
    }

    /// A service on a new data folder.
    pub fn bare(arguments: &[&str]) -> Self {
        let mut service = Self::stopped();
        service.restart(arguments);
        service
    }

    /// A service that was not started yet, on a new data folder.
    ///
    /// # Panics
    /// When there is no place for the folder.
    pub fn stopped() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the data");
        Self { folder, running: None, address: "127.0.0.1:0".to_owned() }
    }

    /// Starts the service again: on the same port, so that its clients find it.
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn restart(&mut self, arguments: &[&str]) {
        self.kill();
        let log = File::options().create(true).append(true).open(self.log_file());
        let mut child = motcua(["serve", "--listen", &self.address])
            .args(arguments)
            .arg("--data")
            .arg(self.data())
            .stdout(Stdio::piped())
            .stderr(log.expect("the log can be written"))
            .spawn()
            .expect("the service starts");
        let stdout = child.stdout.take().expect("standard output is a pipe");
        let (send, lines) = channel();
        std::thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            lines.take_while(|line| send.send(line.clone()).is_ok()).for_each(drop);
        });
        self.running = Some(Running { child, lines });
        self.address = self.wait_until_ready();
    }

    fn wait_until_ready(&self) -> String {
        let running = self.running.as_ref().expect("the service was started");
        let until = Instant::now() + WAIT_MAX;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match running.lines.recv_timeout(left) {
                Ok(line) => {
                    if let Some(url) = line.strip_prefix(READY) {
                        return url.trim_start_matches("http://").to_owned();
                    }
                }
                Err(_) => panic!("the service is not ready: {}", self.log()),
            }
        }
    }

    /// What the service prints after it became ready, until it is silent for a second.
    ///
    /// # Panics
    /// When the service does not run.
    pub fn printed(&self) -> String {
        let running = self.running.as_ref().expect("the service runs");
        let mut text = String::new();
        loop {
            match running.lines.recv_timeout(Duration::from_secs(1)) {
                Ok(line) => text.push_str(&format!("{line}\n")),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return text,
            }
        }
    }

    /// Ends the service as a power cut does: kill -9.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            // It may have ended by itself.
            let _killed = running.child.kill();
            running.child.wait().expect("the process can be waited for");
        }
    }

    /// Asks the service to stop (SIGTERM) and waits until it has.
    ///
    /// # Panics
    /// When it does not stop.
    pub fn stop(&mut self) -> ExitStatus {
        let mut running = self.running.take().expect("the service runs");
        let id = running.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status();
        assert!(asked.expect("kill runs").success());
        let until = Instant::now() + WAIT_MAX;
        loop {
            if let Some(status) = running.child.try_wait().expect("the process can be asked") {
                return status;
            }
            assert!(Instant::now() < until, "the service does not stop: {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A folder for the files of the test, beside the data.
    pub fn desk(&self) -> &Path {
        self.folder.path()
    }

    /// Where the service listens, host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Where the service listens, as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// What the service logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// A token for someone, as an operator issues it.
    pub fn token(&self, who: &Who) -> String {
        let mut command = motcua(["token", "issue", "--subject", who.id]);
        command.arg("--data").arg(self.data());
        for role in who.roles {
            command.args(["--role", role.as_str()]);
        }
        if let Some(unit) = who.unit {
            command.args(["--unit", unit]);
        }
        run(&mut command).with(0).out.trim().to_owned()
    }

    /// A client of this service with a token.
    pub fn client<'a>(&self, token: &str, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = motcua(arguments);
        command.env("MOTCUA_SERVER", self.url()).env("MOTCUA_TOKEN", token);
        command.current_dir(self.folder.path());
        command
    }

    /// Runs a client of this service with a token to its end.
    pub fn as_whoever<'a>(
        &self,
        token: &str,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> Ended {
        run(&mut self.client(token, arguments))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}
