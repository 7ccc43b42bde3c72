//! The command that carries out an act of the API.

/// Acts whose command has another name.
const COMMANDS: &[(&str, &str)] =
    &[("decide_items", "decide"), ("record_lookup", "lookup"), ("record_payment", "pay")];

/// The subcommand of `motcua dossier` for an act, with the action of the procedure where the act
/// does not name it already.
pub(crate) fn of(act: &str, action: &str) -> String {
    let known = COMMANDS.iter().find(|(name, _)| *name == act);
    let command = known.map_or_else(|| act.replace('_', "-"), |(_, command)| (*command).to_owned());
    match (act, action) {
        (_, "") => command,
        (_, same) if same == act => command,
        ("advance", action) => format!("advance {action}"),
        // The file of a supplement comes after the dossier; it has one action only.
        ("supplement", _) => command,
        (_, action) => format!("{command} --action {action}"),
    }
}

/// The list of acts in the metadata of a refusal, as commands.
pub(crate) fn listed(offered: &str) -> String {
    let mut commands: Vec<String> = Vec::new();
    for offer in offered.split(',') {
        let (act, action) = offer.split_once(':').unwrap_or((offer, ""));
        let command = of(act, action);
        if !commands.contains(&command) {
            commands.push(command);
        }
    }
    commands.join(", ")
}

/// Members of the API and the argument of the command that carries them.
const ARGUMENTS: &[(&str, &str)] = &[
    ("acting_for", "--for"),
    ("acting_role", "--as-role"),
    ("command_id", "--command-id"),
    ("expected_version", "--expected-version"),
    ("originals_checked", "--original"),
    ("work_item", "--work-item"),
];

/// The text with the arguments of the commands in place of the members of the API.
pub(crate) fn with_arguments(text: &str) -> String {
    let mut text = text.to_owned();
    for (member, argument) in ARGUMENTS {
        for quoted in [format!("command.{member}"), format!("`{member}`"), (*member).to_owned()] {
            text = text.replace(&quoted, argument);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use motcua_procedures::Act;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn every_act_has_a_command_of_that_name() {
        let cli = Cli::command();
        let dossier = cli.find_subcommand("dossier").expect("there");
        let acts = Act::ALL.into_iter().filter(|act| !act.is_automatic()).map(Act::as_str);
        let desk =
            ["decide_items", "record_lookup", "record_payment", "claim", "assign", "hand_over"];
        for act in acts.chain(desk) {
            let command = of(act, "");
            assert!(dossier.find_subcommand(&command).is_some(), "{command}");
        }
    }

    #[test]
    fn offers_become_the_commands_that_carry_them_out() {
        let offered = "accept:accept,refuse:draft_refusal,advance:draft_result,decide_items";
        let commands = "accept, refuse --action draft_refusal, advance draft_result, decide";
        assert_eq!(listed(offered), commands);
    }

    #[test]
    fn members_of_the_api_become_arguments() {
        assert_eq!(with_arguments("name them in `acting_for`"), "name them in --for");
        assert_eq!(with_arguments("command.expected_version"), "--expected-version");
    }
}
