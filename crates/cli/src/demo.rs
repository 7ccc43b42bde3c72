//! `motcua serve --demo`: procedures, units, and dossiers that went through the real engine on the
//! last working days.
//!
//! To add a dossier: a row in `stories.rs`. To add something that may happen to one: a
//! [`turns::Turn`].

mod commands;
mod days;
pub(crate) mod filing;
pub(crate) mod people;
mod seed;
mod stories;
mod turns;

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use motcua_engine::{Clock, ManualClock, SystemClock};

pub(crate) use commands::print_commands;

use crate::folder::Folder;
use crate::output::Output;
use crate::serve::{LocalEngine, operator};

/// The procedures that come with the program: those of the catalogue.
pub(crate) const PROCEDURES: &[&[u8]] = include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));
/// The units of the demonstration.
pub(crate) const UNITS: &[u8] = include_bytes!("../../../catalogue/demo-units.json");
const FILING: &[u8] = include_bytes!("../../../catalogue/demo-filing.json");

/// The machine's clock, which stands in the past while the demonstration is told.
#[derive(Debug)]
pub(crate) struct DemoClock {
    past: ManualClock,
    is_past: AtomicBool,
}

impl DemoClock {
    /// The machine's clock.
    pub(crate) fn new() -> Self {
        let is_past = AtomicBool::new(false);
        Self { past: ManualClock::new(Timestamp::UNIX_EPOCH), is_past }
    }

    fn set(&self, at: Timestamp) {
        self.past.set(at);
        self.is_past.store(true, Ordering::SeqCst);
    }

    fn return_to_present(&self) {
        self.is_past.store(false, Ordering::SeqCst);
    }
}

impl Clock for DemoClock {
    fn now(&self) -> Timestamp {
        match self.is_past.load(Ordering::SeqCst) {
            true => self.past.now(),
            false => SystemClock.now(),
        }
    }
}

/// What a data folder knows of the demonstration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    /// It was begun as of this instant; telling it again goes on where it stopped.
    Begun(Timestamp),
    /// It was told as of this instant.
    Told(Timestamp),
}

impl Mark {
    fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        match text.trim_end().split_once(' ') {
            Some(("begun", at)) => Ok(Some(Self::Begun(at.parse()?))),
            Some(("told", at)) => Ok(Some(Self::Told(at.parse()?))),
            _ => bail!("it is no mark of a demonstration: remove it"),
        }
    }

    fn write(self, path: &Path) -> io::Result<()> {
        let text = match self {
            Self::Begun(at) => format!("begun {at}\n"),
            Self::Told(at) => format!("told {at}\n"),
        };
        let aside = path.with_extension("new");
        let mut file = fs::File::create(&aside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&aside, path)
    }
}

/// Tells the demonstration once in the life of a data folder.
pub(crate) async fn prepare(
    engine: &LocalEngine,
    clock: &DemoClock,
    folder: &Folder,
    output: &Output,
) -> anyhow::Result<()> {
    let path = mark_file(folder);
    let mark = Mark::read(&path).with_context(|| path.display().to_string())?;
    let base = match mark {
        Some(Mark::Told(_)) => return Ok(()),
        Some(Mark::Begun(base)) => base,
        None if engine.units().units().next().is_some() => {
            output.note("this data folder is in use already: no demonstration is added to it");
            return Ok(());
        }
        None => SystemClock.now(),
    };
    fs::create_dir_all(folder.demo()).with_context(|| folder.demo().display().to_string())?;
    Mark::Begun(base).write(&path).with_context(|| path.display().to_string())?;
    write_samples(folder)?;
    let told = tell(engine, clock, base).await;
    clock.return_to_present();
    output.note(&format!("{} dossiers in many states were filled in", told?));
    Mark::Told(base).write(&path).with_context(|| path.display().to_string())
}

async fn tell(engine: &LocalEngine, clock: &DemoClock, base: Timestamp) -> anyhow::Result<usize> {
    let calendar = engine.calendar().context("no calendar is loaded")?;
    let days = days::Days::before(base, &calendar)?;
    clock.set(days.beginning());
    engine.load_units(&operator(), UNITS.to_vec()).await?;
    for source in PROCEDURES {
        engine.publish_procedure(&operator(), (*source).to_vec(), None).await?;
    }
    seed::tell(engine, clock, &days).await
}

fn mark_file(folder: &Folder) -> std::path::PathBuf {
    folder.demo().join("mark")
}

/// Files to paste commands with: a filing and its two scans.
fn write_samples(folder: &Folder) -> anyhow::Result<()> {
    let samples = [
        ("filing.json", FILING.to_vec()),
        ("declaration.pdf", filing::pdf("Tờ khai đăng ký khai sinh")),
        ("notification.pdf", filing::pdf("Giấy chứng sinh")),
    ];
    for (name, bytes) in samples {
        let path = folder.demo().join(name);
        fs::write(&path, bytes).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back_and_nothing_else_is_one() {
        let place = tempfile::tempdir().expect("a folder");
        let path = place.path().join("mark");
        assert_eq!(Mark::read(&path).expect("read"), None);
        let at = "2026-11-24T02:00:00Z".parse().expect("an instant");
        for mark in [Mark::Begun(at), Mark::Told(at)] {
            mark.write(&path).expect("written");
            assert_eq!(Mark::read(&path).expect("read"), Some(mark));
        }
        fs::write(&path, "seeded").expect("written");
        assert!(Mark::read(&path).is_err());
    }

    #[test]
    fn the_clock_returns_to_the_present() {
        let clock = DemoClock::new();
        let past = "2026-01-05T02:00:00Z".parse().expect("an instant");
        clock.set(past);
        assert_eq!(clock.now(), past);
        clock.return_to_present();
        assert!(clock.now() > past);
    }

    #[test]
    fn what_ships_is_sound() {
        for source in PROCEDURES {
            assert!(motcua_procedures::check(source).sound);
        }
        let units = motcua_dossiers::units::UnitRegister::from_json(UNITS, "digest".into());
        let units = units.expect("a register");
        assert!(units.units().count() >= 7);
    }
}
