//! A service of its own on a temporary folder: its memory is its alone.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use motcua_procedures::Role;
use motcua_server::TokenKey;
use tempfile::TempDir;

use crate::folder::Folder;

const READY: &str = "motcua is ready on ";

/// How long the tokens of a measurement are valid.
pub(super) const TOKEN_TTL: Duration = Duration::from_secs(24 * 3600);

/// The service; it ends with this value.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    address: String,
    key: TokenKey,
    _folder: TempDir,
}

impl Server {
    /// Starts the service.
    pub(super) fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let child = Command::new(std::env::current_exe()?)
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--data"])
            .arg(folder.path())
            .env_remove("MOTCUA_CONFIG")
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
        let child = child.0.take().context("the service was started")?;
        Ok(Self { child, address, key, _folder: folder })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Its key of tokens.
    pub(super) fn key(&self) -> &TokenKey {
        &self.key
    }

    /// A token of an administrator.
    pub(super) fn administrator(&self) -> anyhow::Result<String> {
        Ok(self.key.issue("bench-admin", None, &[Role::Administrator], TOKEN_TTL)?)
    }

    /// Memory that it occupies, where the system tells.
    pub(super) fn resident_bytes(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        resident_bytes(&status)
    }
}

impl Drop for Server {
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

fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_as_the_system_tells_it() {
        let status = "Name:\tmotcua\nVmRSS:\t   20480 kB\nThreads:\t5\n";
        assert_eq!(resident_bytes(status), Some(20_971_520));
        assert_eq!(resident_bytes("Name:\tmotcua\n"), None);
    }
}
