//! `motcua token`: bearer tokens, issued by whoever can read the key file.

use clap::{Args, Subcommand};
use motcua_procedures::Role;

use crate::Ending;
use crate::folder::Folder;
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
    /// Opaque id of the person or program
    #[arg(long, value_name = "ID")]
    subject: String,
    /// Role, such as reception_clerk; may be given several times
    #[arg(long = "role", value_name = "ROLE", required = true, value_parser = role)]
    roles: Vec<Role>,
    /// Unit that the person works in
    #[arg(long, value_name = "UNIT")]
    unit: Option<String>,
    /// How long it is valid, such as 30m or 12h
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
    duration(text).ok_or_else(|| "write a time such as 30m or 12h".to_owned())
}

/// Runs the command.
pub(crate) fn run(command: &TokenCommand, output: &Output) -> anyhow::Result<Ending> {
    let TokenCommand::Issue(arguments) = command;
    let key = Folder::new(&arguments.data).existing_token_key()?;
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

    #[test]
    fn a_role_that_nobody_can_hold_is_refused_with_the_list() {
        assert_eq!(role("auditor"), Ok(Role::Auditor));
        for bad in ["system", "king", ""] {
            assert!(role(bad).expect_err("refused").contains("reception_clerk"));
        }
    }
}
