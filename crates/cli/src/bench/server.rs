//! A service of its own on a temporary folder: what it uses is its alone. Several nodes of it share a
//! database, documents and keys; each has a data folder of its own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use motcua_api::v1::GetServerInfoRequest;
use motcua_procedures::Role;
use motcua_server::TokenKey;
use tempfile::TempDir;

use super::CONNECTIONS_MAX;
use super::clock::Moved;
use super::health::Health;
use super::process::{Family, Usage};
use crate::client::{Session, steadily};
use crate::folder::Folder;
use crate::settings::variable;

const READY: &str = "motcua is ready on ";
/// Longest wait for the service to stop.
const STOP_MAX: Duration = Duration::from_secs(60);
/// Longest wait until nodes know of each other's registers.
const SETTLE_MAX: Duration = Duration::from_secs(30);
/// Where a node listens that was not there before.
const ANY_PORT: &str = "127.0.0.1:0";

/// How long the tokens of a measurement are valid: they outlive a clock that is moved.
pub(super) const TOKEN_TTL: Duration = Duration::from_secs(40 * 24 * 3600);

/// The service; it ends with this value.
#[derive(Debug)]
pub(super) struct Server {
    nodes: Vec<Node>,
    plan: Plan,
    health: Arc<Health>,
    /// What nodes had used that were killed.
    killed: Usage,
    /// The largest memory of those.
    killed_peak_bytes: Option<u64>,
}

/// How nodes are started.
#[derive(Clone, Debug)]
struct Plan {
    folder: Arc<TempDir>,
    arguments: Vec<String>,
    /// Moves the clock of the service.
    clock: Option<Moved>,
}

#[derive(Debug)]
struct Node {
    child: Child,
    address: String,
    admin: Session,
    key: TokenKey,
    started_in: Duration,
}

impl Server {
    /// Starts so many nodes with further arguments.
    pub(super) async fn start(arguments: Vec<String>, nodes: usize) -> anyhow::Result<Self> {
        let folder = Arc::new(tempfile::tempdir()?);
        let plan = Plan { folder, arguments, clock: None };
        let health = Arc::new(Health::new(nodes));
        let (killed, killed_peak_bytes) = (Usage::default(), None);
        let mut server =
            Self { nodes: Vec::with_capacity(nodes), plan, health, killed, killed_peak_bytes };
        server.start_all(nodes).await?;
        Ok(server)
    }

    async fn start_all(&mut self, nodes: usize) -> anyhow::Result<()> {
        // The first one makes schema and keys for all.
        for number in 0..nodes {
            self.nodes.push(start(&self.plan, number, ANY_PORT.to_owned()).await?);
            self.health.came(number);
        }
        Ok(())
    }

    /// Asks the service to stop, waits until it has, and starts it again on what it wrote.
    pub(super) async fn restart(&mut self) -> anyhow::Result<()> {
        let nodes = self.nodes.len();
        for node in &mut self.nodes {
            stop(&mut node.child)?;
        }
        self.nodes.clear();
        self.start_all(nodes).await
    }

    /// The same with another clock.
    pub(super) async fn restart_at(&mut self, clock: Moved) -> anyhow::Result<()> {
        self.plan.clock = Some(clock);
        self.restart().await
    }

    /// Ends a node as a loss of power does, and starts it again where it was; how long it was away.
    pub(super) async fn kill(&mut self, number: usize) -> anyhow::Result<Duration> {
        let node = &mut self.nodes[number];
        let family = Family::of(node.child.id());
        self.killed = self.killed.plus(family.usage());
        self.killed_peak_bytes = self.killed_peak_bytes.max(family.peak_bytes());
        let begun = Instant::now();
        end(&mut node.child);
        let address = node.address.trim_start_matches("http://").to_owned();
        self.nodes[number] = start(&self.plan, number, address).await?;
        self.health.came(number);
        Ok(begun.elapsed())
    }

    /// Number of nodes.
    pub(super) fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Where each node listens.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().map(|node| node.address.as_str())
    }

    /// Which of them answer.
    pub(super) fn health(&self) -> &Arc<Health> {
        &self.health
    }

    /// A folder that goes with the service.
    pub(super) fn folder(&self) -> &Path {
        self.plan.folder.path()
    }

    /// Its key of tokens.
    pub(super) fn key(&self) -> &TokenKey {
        &self.first().key
    }

    /// An administrator's session.
    pub(super) fn admin(&self) -> &Session {
        &self.first().admin
    }

    /// Waits until every node knows what was put in force through the first one.
    pub(super) async fn settle(&self, procedures: usize) -> anyhow::Result<()> {
        let until = Instant::now() + SETTLE_MAX;
        for Node { admin, .. } in &self.nodes {
            loop {
                let ask = async || admin.admin().get_server_info(GetServerInfoRequest {}).await;
                let known = steadily(ask).await?;
                if known.procedures >= procedures as u64 && !known.units_digest.is_empty() {
                    break;
                }
                if Instant::now() > until {
                    bail!("a node does not learn what another has put in force");
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Ok(())
    }

    /// From the start of the first node's process to its first answer, the last time.
    pub(super) fn started_in(&self) -> Duration {
        self.first().started_in
    }

    /// What all nodes have used.
    pub(super) fn usage(&self) -> Usage {
        self.families().map(Family::usage).fold(self.killed, Usage::plus)
    }

    /// Memory of the first node.
    pub(super) fn resident_bytes(&self) -> Option<u64> {
        self.families().next().and_then(Family::resident_bytes)
    }

    /// The largest memory that one of the nodes had since [`Self::forget_peak`].
    pub(super) fn peak_bytes(&self) -> Option<u64> {
        self.families().map(Family::peak_bytes).fold(self.killed_peak_bytes, Option::max)
    }

    /// Begins the largest memory anew.
    pub(super) fn forget_peak(&mut self) {
        self.families().for_each(Family::forget_peak);
        self.killed_peak_bytes = None;
    }

    fn first(&self) -> &Node {
        self.nodes.first().expect("a service has a node")
    }

    fn families(&self) -> impl Iterator<Item = Family> {
        self.nodes.iter().map(|node| Family::of(node.child.id()))
    }

    /// What its store takes on disk.
    pub(super) async fn store_bytes(&self) -> anyhow::Result<u64> {
        let admin = self.admin();
        let ask = async || admin.admin().get_server_info(GetServerInfoRequest {}).await;
        Ok(steadily(ask).await?.store_bytes)
    }
}

impl Plan {
    fn command(&self, number: usize, listen: &str) -> anyhow::Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["serve", "--listen", listen]).args(&self.arguments);
        let folder = self.folder.path();
        if number == 0 {
            command.arg("--data").arg(folder);
        } else {
            command.arg("--data").arg(folder.join(format!("node-{number}")));
            command.arg("--documents").arg(folder.join("documents"));
            command.arg("--keys").arg(folder.join("keys"));
        }
        if let Some(clock) = &self.clock {
            clock.put_on(&mut command);
        }
        command.env_remove("MOTCUA_CONFIG").env("MOTCUA_LOG", "warn");
        // Many front ends, each with an address of its own, stand behind these callers.
        command.env(variable("connections_per_address_max"), CONNECTIONS_MAX.to_string());
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        Ok(command)
    }
}

async fn start(plan: &Plan, number: usize, listen: String) -> anyhow::Result<Node> {
    let begun = Instant::now();
    let mut command = plan.command(number, &listen)?;
    // Waiting for the first line must not hold up those who call other nodes meanwhile.
    let launched = tokio::task::spawn_blocking(move || launch(&mut command));
    let (mut child, address) = launched.await??;
    let key = Folder::new(plan.folder.path()).existing_token_key()?;
    let token = key.issue("bench-admin", None, &[Role::Administrator], TOKEN_TTL)?;
    let admin = Session::connect(&address, Some(&token)).await?;
    steadily(async || admin.admin().get_server_info(GetServerInfoRequest {}).await).await?;
    let started_in = begun.elapsed();
    let child = child.0.take().context("the service was started")?;
    Ok(Node { child, address, admin, key, started_in })
}

fn launch(command: &mut Command) -> anyhow::Result<(Ending, String)> {
    let mut child = Ending(Some(command.spawn().context("the service cannot be started")?));
    let out = child.0.as_mut().and_then(|child| child.stdout.take());
    let mut line = String::new();
    BufReader::new(out.context("the service has no output")?).read_line(&mut line)?;
    let address = line.trim_end().strip_prefix(READY).map(str::to_owned);
    Ok((child, address.ok_or_else(|| anyhow!("the service did not become ready"))?))
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

impl Drop for Node {
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
