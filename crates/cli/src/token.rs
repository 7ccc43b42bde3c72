//! `motcua token`: bearer tokens, issued by whoever can read the key file.

use clap::{Args, Subcommand};
use motcua_dossiers::policy::works_on_dossiers;
use motcua_dossiers::units::UnitRegister;
use motcua_procedures::{Role, nearest};

use crate::Ending;
use crate::folder::{Folder, database_of};
use crate::output::Output;
use crate::settings::duration;

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Issue a token; prints the token and nothing else
    Issue(IssueArguments),
}

#[derive(Debug, Args)]
pub(crate) struct IssueArguments {
    /// Data folder of the service
    #[arg(long, value_name = "DIR", env = "MOTCUA_DATA", default_value = "./data")]
    data: String,
    /// PostgreSQL database of the service, to look up its units
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Folder of the keys, where it is not in the data folder
    #[arg(long, value_name = "DIR", env = "MOTCUA_KEYS")]
    keys: Option<String>,
    /// Opaque id of the person or program
    #[arg(long, value_name = "ID")]
    subject: String,
    /// Role, such as reception_clerk; may be given several times
    #[arg(long = "role", value_name = "ROLE", required = true, value_parser = role)]
    roles: Vec<Role>,
    /// Unit that the person works in
    #[arg(long, value_name = "UNIT")]
    unit: Option<String>,
    /// How long it is valid, such as 90s, 30m or 12h, at most 366 days (8784h)
    #[arg(long, value_name = "TIME", default_value = "12h", value_parser = ttl)]
    ttl: std::time::Duration,
}

fn role(text: &str) -> Result<Role, String> {
    let held = |role: &Role| *role != Role::System;
    Role::from_name(text).filter(held).ok_or_else(|| {
        let names: Vec<&str> =
            Role::ALL.into_iter().filter(held).map(|role| role.as_str()).collect();
        format!("the roles are {}", names.join(", "))
    })
}

fn ttl(text: &str) -> Result<std::time::Duration, String> {
    duration(text)
        .ok_or_else(|| "write a time such as 90s, 30m or 12h (no days: 3 days are 72h)".to_owned())
}

/// What is likely a slip: a unit that nobody knows, a role of staff without a unit.
fn doubts(arguments: &IssueArguments, units: Option<&UnitRegister>) -> Vec<String> {
    let staff = arguments.roles.iter().find(|role| works_on_dossiers(**role));
    let mut doubts = Vec::new();
    match (&arguments.unit, units) {
        (Some(unit), Some(units)) if units.unit(unit).is_none() => {
            let near = nearest(unit, units.units().map(|unit| unit.id.as_str()));
            let meant = near.map(|near| format!(" (did you mean {near}?)")).unwrap_or_default();
            doubts.push(format!("the register of units does not know {unit:?}{meant}"));
        }
        (Some(_), _) => {}
        (None, _) => {
            if let Some(role) = staff {
                let role = role.as_str();
                doubts.push(format!("{role} can do nothing without a unit: name it with --unit"));
            }
        }
    }
    doubts
}

/// Runs the command.
pub(crate) async fn run(command: &TokenCommand, output: &Output) -> anyhow::Result<Ending> {
    let TokenCommand::Issue(arguments) = command;
    let folder = Folder::new(&arguments.data)
        .with_database(database_of(arguments.database.clone())?.as_deref())
        .with_keys(arguments.keys.as_deref());
    let key = folder.existing_token_key()?;
    // Whoever may read the key may issue what they like: a doubt is said, not enforced.
    let units = folder.units().await.unwrap_or_default();
    for doubt in doubts(arguments, units.as_ref()) {
        output.note(&format!("warning: {doubt}"));
    }
    let unit = arguments.unit.as_deref();
    let token = key.issue(&arguments.subject, unit, &arguments.roles, arguments.ttl)?;
    match output.json {
        true => output.value(&serde_json::json!({ "token": token }))?,
        false => output.text(&token)?,
    }
    Ok(Ending::Well)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(unit: Option<&str>, role: Role) -> IssueArguments {
        IssueArguments {
            database: None,
            keys: None,
            data: "data".into(),
            subject: "someone".into(),
            roles: vec![role],
            unit: unit.map(str::to_owned),
            ttl: std::time::Duration::from_secs(1),
        }
    }

    #[test]
    fn a_unit_that_the_register_does_not_know_and_staff_without_one_are_doubted() {
        let units = UnitRegister::empty();
        let unknown = doubts(&asked(Some("nowhere"), Role::Specialist), Some(&units));
        assert!(unknown[0].contains("nowhere"), "{unknown:?}");
        let homeless = doubts(&asked(None, Role::Specialist), Some(&units));
        assert!(homeless[0].contains("--unit"), "{homeless:?}");
        assert!(doubts(&asked(None, Role::Applicant), Some(&units)).is_empty());
        assert!(doubts(&asked(Some("hong-gai"), Role::Specialist), None).is_empty());
    }

    #[test]
    fn a_role_that_nobody_can_hold_is_refused_with_the_list() {
        assert_eq!(role("auditor"), Ok(Role::Auditor));
        for bad in ["system", "king", ""] {
            assert!(role(bad).expect_err("refused").contains("reception_clerk"));
        }
    }
}
