//! A service of its own on a temporary folder: what it uses is its alone.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use motcua_api::v1::GetServerInfoRequest;
use motcua_procedures::Role;
use motcua_server::TokenKey;
use tempfile::TempDir;

use super::process::Family;
use crate::client::{Session, steadily};
use crate::folder::Folder;

const READY: &str = "motcua is ready on ";
/// Longest wait for the service to stop.
const STOP_MAX: Duration = Duration::from_secs(60);

/// How long the tokens of a measurement are valid.
pub(super) const TOKEN_TTL: Duration = Duration::from_secs(24 * 3600);

/// The service; it ends with this value.
#[derive(Debug)]
pub(super) struct Server {
    running: Running,
    folder: TempDir,
    arguments: Vec<String>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    address: String,
    admin: Session,
    key: TokenKey,
    started_in: Duration,
}

impl Server {
    /// Starts the service with further arguments.
    pub(super) async fn start(arguments: Vec<String>) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let running = start(&folder, &arguments).await?;
        Ok(Self { running, folder, arguments })
    }

    /// Asks the service to stop, waits until it has, and starts it again on what it wrote.
    pub(super) async fn restart(&mut self) -> anyhow::Result<()> {
        stop(&mut self.running.child)?;
        self.running = start(&self.folder, &self.arguments).await?;
        Ok(())
    }

    /// Where it listens.
    pub(super) fn address(&self) -> &str {
        &self.running.address
    }

    /// Its key of tokens.
    pub(super) fn key(&self) -> &TokenKey {
        &self.running.key
    }

    /// An administrator's session.
    pub(super) fn admin(&self) -> &Session {
        &self.running.admin
    }

    /// From the start of the process to its first answer, the last time.
    pub(super) fn started_in(&self) -> Duration {
        self.running.started_in
    }

    /// Its process.
    pub(super) fn family(&self) -> Family {
        Family::of(self.running.child.id())
    }

    /// What its store takes on disk.
    pub(super) async fn store_bytes(&self) -> anyhow::Result<u64> {
        let admin = self.admin();
        let ask = async || admin.admin().get_server_info(GetServerInfoRequest {}).await;
        Ok(steadily(ask).await?.store_bytes)
    }
}

async fn start(folder: &TempDir, arguments: &[String]) -> anyhow::Result<Running> {
    let begun = Instant::now();
    let child = Command::new(std::env::current_exe()?)
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(arguments)
        .arg("--data")
        .arg(folder.path())
        .env_remove("MOTCUA_CONFIG")
        .env("MOTCUA_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("the service cannot be started")?;
    let mut child = Ending(Some(child));
    let out = child.0.as_mut().and_then(|child| child.stdout.take());
    let mut line = String::new();
    BufReader::new(out.context("the service has no output")?).read_line(&mut line)?;
    let address = line.trim_end().strip_prefix(READY).map(str::to_owned);
    let address = address.ok_or_else(|| anyhow!("the service did not become ready"))?;
    let key = Folder::new(folder.path()).existing_token_key()?;
    let token = key.issue("bench-admin", None, &[Role::Administrator], TOKEN_TTL)?;
    let admin = Session::connect(&address, Some(&token)).await?;
    steadily(async || admin.admin().get_server_info(GetServerInfoRequest {}).await).await?;
    let started_in = begun.elapsed();
    let child = child.0.take().context("the service was started")?;
    Ok(Running { child, address, admin, key, started_in })
}

fn stop(child: &mut Child) -> anyhow::Result<()> {
    let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    if !asked.context("the service cannot be asked to stop")?.success() {
        bail!("the service cannot be asked to stop");
    }
    let until = Instant::now() + STOP_MAX;
    while child.try_wait()?.is_none() {
        if Instant::now() > until {
            bail!("the service did not stop");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

impl Drop for Running {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Ends a service that did not become one.
struct Ending(Option<Child>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(end);
    }
}

fn end(child: &mut Child) {
    // It may have ended already; its folder is thrown away.
    let _ended = child.kill();
    let _reaped = child.wait();
}
