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
    let finder = Finder {
        engine,
        days: Days::before(base, &calendar)?,
    };
    let to_receive = finder.first("intake", has_no_fee).await;
    let handed_over = finder.first("handover", |_| true).await;
    let to_sign = finder.first("signature", has_no_fee).await;
    let ready = finder.first("completed", |_| true).await;
    let data = folder.path().display().to_string();
    let pasted = Pasted {
        data: quoted(&data),
        address: address.to_owned(),
        text: String::new(),
    };
    output.text(&pasted.journey(to_receive, handed_over, to_sign, ready))?;
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
            let found = self
                .engine
                .dossier(&auditor(), &DossierKey::Id(id), false)
                .await;
            let Ok(view) = found else { continue };
            if view.dossier.state == state && view.dossier.supplement.is_none() {
                let name = view.dossier.code.unwrap_or_else(|| id.to_string());
                return Some(Found {
                    name,
                    citizen: citizen_id(story.filing.citizen),
                });
            }
        }
        None
    }
}

struct Pasted {
    data: String,
    address: String,
    text: String,
}

impl Pasted {
    fn journey(
        mut self,
        to_receive: Option<Found>,
        handed_over: Option<Found>,
        to_sign: Option<Found>,
        ready: Option<Found>,
    ) -> String {
        self.line("\n# Paste these into another terminal.");
        self.line(&format!("export MOTCUA_SERVER=http://{}", self.address));
        self.role(
            "A citizen: file a birth registration, see your dossiers",
            "citizen-000",
            "applicant",
            None,
        );
        self.line(&format!(
            "motcua dossier submit {}/demo/filing.json",
            self.data
        ));
        self.line("motcua dossier list");
        let Office { centre, agency, .. } = HONG_GAI;
        self.role(
            "A reception clerk: what is to be received; accept one",
            "hg-clerk-1",
            "reception_clerk",
            Some(centre),
        );
        self.line("motcua worklist to-receive");
        self.act(to_receive, |found| {
            format!("motcua dossier accept {}", found.name)
        });
        self.role(
            "A specialist: what nobody holds yet; take one over",
            "hg-specialist-1",
            "specialist",
            Some(agency),
        );
        self.line("motcua worklist unclaimed");
        self.act(handed_over, |found| {
            format!("motcua dossier advance {} take_over", found.name)
        });
        self.role(
            "A leader: what is late; sign one",
            "hg-leader",
            "signing_leader",
            Some(agency),
        );
        self.line("motcua worklist late");
        self.act(to_sign, |found| {
            format!("motcua dossier sign {}", found.name)
        });
        self.role(
            "A return clerk: hand a result over",
            "hg-return",
            "return_clerk",
            Some(centre),
        );
        self.line("motcua worklist ready-to-deliver");
        let mut evidence = None;
        self.act(ready, |found| {
            evidence = Some(found.name.clone());
            format!(
                "motcua dossier deliver {} --to {}",
                found.name, found.citizen
            )
        });
        self.role(
            "An auditor: replay its history, then verify an export without the server",
            "qn-auditor",
            "auditor",
            None,
        );
        if let Some(name) = evidence {
            self.line(&format!("motcua audit replay {name}"));
            self.line(&format!(
                "motcua audit replay {name} --json | motcua audit verify"
            ));
        }
        self.role(
            "An administrator: what runs here",
            "qn-admin",
            "administrator",
            None,
        );
        self.line("motcua info");
        self.line("\n# Any gRPC client, for instance grpcurl:");
        self.line(&format!(
            "grpcurl -plaintext -H \"authorization: Bearer $MOTCUA_TOKEN\" {} \
             motcua.v1.ProcedureService/ListProcedures",
            self.address
        ));
        self.text
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn role(&mut self, title: &str, subject: &str, role: &str, unit: Option<&str>) {
        self.line(&format!("\n# {title}"));
        let unit = unit
            .map(|unit| format!(" --unit {unit}"))
            .unwrap_or_default();
        let data = self.data.clone();
        self.line(&format!(
            "export MOTCUA_TOKEN=$(motcua token issue --data {data} --subject {subject} \
             --role {role}{unit})"
        ));
    }

    fn act(&mut self, found: Option<Found>, line: impl FnOnce(&Found) -> String) {
        if let Some(found) = found {
            self.line(&line(&found));
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
            address: "127.0.0.1:1".into(),
            text: "".into(),
        };
        let text = pasted.journey(None, None, None, None);
        assert!(!text.contains("dossier accept"));
        assert!(text.contains("motcua worklist to-receive"));
        assert!(text.lines().all(|line| line.len() < 150), "{text}");
    }
}
