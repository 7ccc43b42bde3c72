//! `motcua procedure check`: of one or several files, once or on every change.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::anyhow;
use clap::Args;
use jiff::tz::Offset;
use motcua_dossiers::local_date;
use motcua_dossiers::units::{RegisterFault, UnitRegister};
use motcua_engine::{Clock as _, SystemClock};
use motcua_procedures::Staffing;

use super::{check, read};
use crate::Ending;
use crate::output::Output;

/// How often the files are looked at.
const POLL_WAIT: Duration = Duration::from_millis(300);

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// YAML files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Check again whenever a file changes, until Ctrl-C
    #[arg(long)]
    watch: bool,
    /// Register of units (JSON): also whether its centres and agencies have the people for it
    #[arg(long, value_name = "FILE")]
    units: Option<PathBuf>,
}

/// Checks the files; the worst of them decides how it ends.
pub(super) async fn run(arguments: &CheckArguments, output: &Output) -> anyhow::Result<Ending> {
    let staffing = arguments.units.as_deref().map(staffing).transpose()?;
    let staffing = staffing.as_ref();
    let mut watch = Watch::new(&arguments.files);
    if !arguments.watch {
        return once(&arguments.files, staffing, output);
    }
    loop {
        watch.round(staffing, output)?;
        tokio::select! {
            stop = tokio::signal::ctrl_c() => {
                stop?;
                return Ok(watch.ending());
            }
            () = tokio::time::sleep(POLL_WAIT) => {}
        }
    }
}

/// The people of a register as they are today in Viet Nam.
fn staffing(path: &Path) -> anyhow::Result<Staffing> {
    let register = UnitRegister::from_json(&read(path)?, String::new()).map_err(|faults| {
        let line = |fault: &RegisterFault| format!("\n  {}: {}", fault.path, fault.message);
        let lines: String = faults.iter().map(line).collect();
        anyhow!("{} is no register of units:{lines}", path.display())
    })?;
    Ok(register.staffing(local_date(SystemClock.now())))
}

/// One file alone is told in the form that programs know; of several each names its file.
fn once(files: &[PathBuf], staffing: Option<&Staffing>, output: &Output) -> anyhow::Result<Ending> {
    let mut ending = Ending::Well;
    for path in files {
        let about = [("file", path.display().to_string())];
        let about = if files.len() == 1 { &[][..] } else { &about[..] };
        ending = worse(ending, check(path, about, staffing, output)?);
    }
    Ok(ending)
}

fn worse(a: Ending, b: Ending) -> Ending {
    match (a, b) {
        (Ending::Unreadable, _) | (_, Ending::Unreadable) => Ending::Unreadable,
        (Ending::Differs, _) | (_, Ending::Differs) => Ending::Differs,
        (Ending::Well, Ending::Well) => Ending::Well,
    }
}

/// What tells that a file is another one than before; none while it is not there.
type Stamp = Option<(SystemTime, u64)>;

struct Watched {
    path: PathBuf,
    /// None before the first look.
    seen: Option<Stamp>,
    ending: Ending,
}

/// Files and how each of them ended last.
struct Watch {
    files: Vec<Watched>,
}

impl Watch {
    fn new(files: &[PathBuf]) -> Self {
        let watched =
            |path: &PathBuf| Watched { path: path.clone(), seen: None, ending: Ending::Well };
        Self { files: files.iter().map(watched).collect() }
    }

    /// Checks the files that are not what they were; how many.
    fn round(&mut self, staffing: Option<&Staffing>, output: &Output) -> anyhow::Result<usize> {
        let mut checked = 0;
        for file in &mut self.files {
            let stamp: Stamp = std::fs::metadata(&file.path)
                .ok()
                .and_then(|about| Some((about.modified().ok()?, about.len())));
            if file.seen == Some(stamp) {
                continue;
            }
            // Seen before it is read: what is written meanwhile is read in the next round.
            file.seen = Some(stamp);
            let now = SystemClock.now();
            let about = [("file", file.path.display().to_string()), ("at", now.to_string())];
            if !output.json {
                let local = Offset::constant(7).to_datetime(now);
                output.text(&output.bold(&format!("\n{}", local.strftime("%Y-%m-%d %H:%M:%S"))))?;
            }
            file.ending = check(&file.path, &about, staffing, output)?;
            checked += 1;
        }
        Ok(checked)
    }

    fn ending(&self) -> Ending {
        self.files.iter().map(|file| file.ending).fold(Ending::Well, worse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = include_str!("../../../../catalogue/birth-registration.yaml");

    #[test]
    fn a_file_is_checked_again_when_it_changes_and_only_then() {
        let place = tempfile::tempdir().expect("a folder");
        let path = place.path().join("a.yaml");
        let mut watch = Watch::new(std::slice::from_ref(&path));
        let mut round = |checked: usize, ending: Ending| {
            assert_eq!(watch.round(None, &Output::plain()).expect("checked"), checked);
            assert_eq!(watch.ending(), ending);
        };
        round(1, Ending::Unreadable);
        round(0, Ending::Unreadable);
        std::fs::write(&path, SOUND).expect("written");
        round(1, Ending::Well);
        round(0, Ending::Well);
        std::fs::write(&path, "procedure: x\n").expect("written");
        round(1, Ending::Differs);
        std::fs::remove_file(&path).expect("removed");
        round(1, Ending::Unreadable);
    }

    #[test]
    fn the_worst_of_several_files_decides() {
        let place = tempfile::tempdir().expect("a folder");
        let (sound, unsound) = (place.path().join("a.yaml"), place.path().join("b.yaml"));
        std::fs::write(&sound, SOUND).expect("written");
        std::fs::write(&unsound, "procedure: x\n").expect("written");
        let missing = place.path().join("c.yaml");
        let output = Output::plain();
        let ending = |files: &[&PathBuf]| {
            let files: Vec<PathBuf> = files.iter().map(|path| (*path).clone()).collect();
            once(&files, None, &output).expect("checked")
        };
        assert_eq!(ending(&[&sound, &sound]), Ending::Well);
        assert_eq!(ending(&[&unsound, &sound]), Ending::Differs);
        assert_eq!(ending(&[&sound, &missing, &unsound]), Ending::Unreadable);
    }

    #[test]
    fn a_register_tells_whether_its_offices_have_the_people() {
        let place = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = place.path().join(name);
            std::fs::write(&path, text).expect("written");
            path
        };
        let sound = file("a.yaml", SOUND);
        let ended = |units: &Path| {
            let staffing = staffing(units).expect("a register");
            let files = std::slice::from_ref(&sound);
            once(files, Some(&staffing), &Output::plain()).expect("checked")
        };
        let whole = String::from_utf8(crate::demo::UNITS.to_vec()).expect("text");
        assert_eq!(ended(&file("whole.json", &whole)), Ending::Well);
        let nobody_signs = whole.replace("signing_leader", "specialist");
        assert_eq!(ended(&file("nobody-signs.json", &nobody_signs)), Ending::Differs);
        let fault = staffing(&file("bad.json", "{}")).expect_err("no register").to_string();
        assert!(
            fault.contains("no register of units") && fault.contains("schema_version"),
            "{fault}"
        );
    }
}
