//! Commands to paste, for each role, about dossiers that stand where they are needed.

use motcua_store::contract::DossierKey;

use super::Mark;
use super::days::Days;
use super::people::{HONG_GAI, Office, auditor, citizen_id};
use super::seed::dossier_id;
use super::stories::{Story, all};
use crate::folder::Folder;
use crate::output::Output;
use crate::serve::LocalEngine;

/// Who acts, and in which role.
const CITIZEN: (&str, &str) = ("citizen-000", "applicant");
const CLERK: (&str, &str) = ("hg-clerk-1", "reception_clerk");
const SPECIALIST: (&str, &str) = ("hg-specialist-1", "specialist");
const LEADER: (&str, &str) = ("hg-leader", "signing_leader");
const RETURN_CLERK: (&str, &str) = ("hg-return", "return_clerk");
const AUDITOR: (&str, &str) = ("qn-auditor", "auditor");
const ADMINISTRATOR: (&str, &str) = ("qn-admin", "administrator");

/// Prints a journey to paste into another terminal.
pub(crate) async fn print_commands(
    engine: &LocalEngine,
    folder: &Folder,
    address: &str,
    output: &Output,
) -> anyhow::Result<()> {
    let path = super::mark_file(folder);
    let Some(Mark::Begun(base) | Mark::Told(base)) = Mark::read(&path)? else {
        return Ok(());
    };
    let Some(calendar) = engine.calendar() else {
        return Ok(());
    };
    let finder = Finder { engine, days: Days::before(base, &calendar)? };
    let found = Places {
        to_receive: finder.first("intake", has_no_fee).await,
        handed_over: finder.first("handover", |_| true).await,
        to_sign: finder.first("signature", has_no_fee).await,
        ready: finder.first("completed", |_| true).await,
    };
    let data = folder.path().display().to_string();
    let keys = folder.foreign_keys().map(|keys| keys.display().to_string());
    let pasted = Pasted {
        data: quoted(&data),
        keys: keys.map(|keys| format!(" --keys {}", quoted(&keys))).unwrap_or_default(),
        address: address.to_owned(),
        text: String::new(),
    };
    output.text(&pasted.journey(&found))?;
    Ok(())
}

fn has_no_fee(story: &Story) -> bool {
    story.filing.kind.fee(story.filing.channel).is_none() && story.turns.len() > 1
}

/// Finds dossiers of Hồng Gai by where they stand.
struct Finder<'a> {
    engine: &'a LocalEngine,
    days: Days,
}

/// Dossiers to act on, where there are some.
#[derive(Default)]
struct Places {
    to_receive: Option<Found>,
    handed_over: Option<Found>,
    to_sign: Option<Found>,
    ready: Option<Found>,
}

struct Found {
    name: String,
    citizen: String,
}

impl Finder<'_> {
    async fn first(&self, state: &str, fits: impl Fn(&Story) -> bool) -> Option<Found> {
        let here = |story: &Story| story.filing.office.centre == HONG_GAI.centre;
        for story in all().into_iter().filter(|story| here(story) && fits(story)) {
            let Some(id) = dossier_id(&story, &self.days) else {
                continue;
            };
            let found = self.engine.dossier(&auditor(), &DossierKey::Id(id), false).await;
            let Ok(view) = found else { continue };
            if view.dossier.state == state && view.dossier.supplement.is_none() {
                let name = view.dossier.code.clone().unwrap_or_else(|| id.to_string());
                return Some(Found { name, citizen: citizen_id(story.filing.citizen) });
            }
        }
        None
    }
}

/// Lets the shell find this very executable as `motcua`.
fn path_line() -> String {
    let folder = std::env::current_exe().ok();
    let folder = folder.as_ref().and_then(|exe| exe.parent());
    match folder {
        Some(folder) => format!("export PATH=\"{}:$PATH\"", folder.display()),
        None => "# motcua must be in your PATH".into(),
    }
}

struct Pasted {
    data: String,
    /// Where the keys are, if not in the data folder.
    keys: String,
    address: String,
    text: String,
}

impl Pasted {
    fn journey(mut self, found: &Places) -> String {
        self.line("\n# Paste these into another terminal.");
        self.line(&path_line());
        self.line(&format!("export MOTCUA_SERVER=http://{}", self.address));
        let Office { centre, agency, .. } = HONG_GAI;
        let data = self.data.clone();
        self.role("A citizen: file a birth registration, see your dossiers", CITIZEN, None);
        self.line(&format!("motcua dossier submit {data}/demo/filing.json"));
        self.line("motcua dossier list");
        self.role("A reception clerk: what is to be received; accept one", CLERK, Some(centre));
        self.line("motcua worklist to-receive");
        self.act(&found.to_receive, |found| format!("accept {}", found.name));
        self.role("A specialist: what nobody holds yet; take one over", SPECIALIST, Some(agency));
        self.line("motcua worklist unclaimed");
        self.act(&found.handed_over, |found| format!("advance {} take_over", found.name));
        self.role("A leader: what is late; sign one", LEADER, Some(agency));
        self.line("motcua worklist late");
        self.act(&found.to_sign, |found| format!("sign {}", found.name));
        self.role("A return clerk: hand a result over", RETURN_CLERK, Some(centre));
        self.line("motcua worklist ready-to-deliver");
        self.act(&found.ready, |found| format!("deliver {} --to {}", found.name, found.citizen));
        self.role(
            "An auditor: replay a history, verify its export without the server",
            AUDITOR,
            None,
        );
        if let Some(Found { name, .. }) = &found.ready {
            self.line(&format!("motcua audit replay {name}"));
            self.line(&format!("motcua audit replay {name} --json | motcua audit verify"));
        }
        self.role("An administrator: what runs here", ADMINISTRATOR, None);
        self.line("motcua info");
        self.line("\n# Any gRPC client, for instance grpcurl:");
        let address = self.address.clone();
        self.line(&format!(
            "grpcurl -plaintext -H \"authorization: Bearer $MOTCUA_TOKEN\" {address} \
             motcua.v1.ProcedureService/ListProcedures"
        ));
        self.text
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn role(&mut self, title: &str, (subject, role): (&str, &str), unit: Option<&str>) {
        self.line(&format!("\n# {title}"));
        let unit = unit.map(|unit| format!(" --unit {unit}")).unwrap_or_default();
        let (data, keys) = (self.data.clone(), self.keys.clone());
        self.line(&format!(
            "export MOTCUA_TOKEN=$(motcua token issue --data {data}{keys} --subject {subject} \
             --role {role}{unit})"
        ));
    }

    fn act(&mut self, found: &Option<Found>, act: impl FnOnce(&Found) -> String) {
        if let Some(found) = found {
            self.line(&format!("motcua dossier {}", act(found)));
        }
    }
}

/// The text as one word of a shell.
fn quoted(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
    match text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_of_a_shell() {
        assert_eq!(quoted("./data"), "./data");
        assert_eq!(quoted("my data"), "'my data'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }

    #[test]
    fn a_dossier_that_is_nowhere_leaves_its_command_out() {
        let pasted = Pasted {
            data: "./data".into(),
            keys: "".into(),
            address: "127.0.0.1:1".into(),
            text: "".into(),
        };
        let text = pasted.journey(&Places::default());
        assert!(!text.contains("dossier accept"));
        assert!(text.contains("motcua worklist to-receive"));
        assert!(text.lines().all(|line| line.len() < 150), "{text}");
    }
}
