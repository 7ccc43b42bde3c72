//! The clock of the service, moved: timers that are due in days are due now. Only the processes of the
//! service see it; whoever measures keeps the machine's time.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use jiff::{SignedDuration, Timestamp};
use motcua_engine::{Clock as _, SystemClock};

const SOURCE: &str = include_str!("../../../../bench/clock.c");
/// What the dynamic linker reads.
const PRELOAD: &str = "LD_PRELOAD";
const SECONDS: &str = "BENCH_CLOCK_SECONDS";

/// A clock that is so many seconds off the machine's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moved {
    library: PathBuf,
    seconds: i64,
}

impl Moved {
    /// The clock that shows `at` now.
    pub(super) fn to(library: &Path, at: Timestamp) -> Self {
        let by = at.duration_since(SystemClock.now());
        Self { library: library.to_owned(), seconds: by.as_secs() }
    }

    /// How far it is ahead of the machine's.
    pub(super) fn ahead(&self) -> SignedDuration {
        SignedDuration::from_secs(self.seconds)
    }

    /// Lets a process see it.
    pub(super) fn put_on(&self, command: &mut Command) {
        let mut libraries = self.library.clone().into_os_string();
        if let Some(others) = std::env::var_os(PRELOAD).filter(|others| !others.is_empty()) {
            libraries.push(":");
            libraries.push(others);
        }
        command.env(PRELOAD, libraries).env(SECONDS, self.seconds.to_string());
    }
}

/// Compiles `bench/clock.c` into a folder.
///
/// # Errors
/// There is no C compiler, or it refuses.
pub(super) fn compile(folder: &Path) -> anyhow::Result<PathBuf> {
    let (source, library) = (folder.join("clock.c"), folder.join("clock.so"));
    std::fs::write(&source, SOURCE).with_context(|| source.display().to_string())?;
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let mut command = Command::new(&compiler);
    command.args(["-O2", "-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-ldl");
    let done = command.output().with_context(|| {
        let compiler = compiler.display();
        format!(
            "there is no C compiler {compiler}: install one, or name a compiled bench/clock.c with \
             --clock"
        )
    })?;
    if !done.status.success() {
        bail!("bench/clock.c cannot be compiled: {}", String::from_utf8_lossy(&done.stderr));
    }
    Ok(library)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_under_the_moved_clock_sees_another_day() {
        let folder = tempfile::tempdir().expect("a folder");
        let library = compile(folder.path()).expect("compiled");
        let at: Timestamp = "2031-05-06T07:08:09Z".parse().expect("an instant");
        let clock = Moved::to(&library, at);
        let shown = SystemClock.now() + clock.ahead();
        assert!(shown.duration_since(at).abs() < SignedDuration::from_mins(1));
        let mut command = Command::new("date");
        clock.put_on(command.args(["-u", "+%Y-%m"]));
        let said = command.output().expect("date runs").stdout;
        assert_eq!(String::from_utf8_lossy(&said).trim(), "2031-05");
    }
}
