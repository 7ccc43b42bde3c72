//! Arguments of the lawful acts.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use motcua_api::v1;
use uuid::Uuid;

#[derive(Debug, Subcommand)]
pub(crate) enum ActCommand {
    /// Record verdicts on documents and fields
    Decide(DecideArguments),
    /// Record what a state register answered, in place of asking the citizen
    Lookup(LookupArguments),
    /// Accept a complete dossier: code, due date, form 01
    Accept(ChooseArguments),
    /// Admit a complaint or denunciation: its clock starts
    Admit(ChooseArguments),
    /// Ask for everything that is missing in one notice: form 02
    RequestSupplement(RequestSupplementArguments),
    /// Refuse to accept (form 03), or propose a negative result
    Refuse(RefuseArguments),
    /// Give a work item to a member of the unit's staff
    Assign(AssignArguments),
    /// Take an unassigned work item
    Claim(ItemArguments),
    /// Put a work item back to its unit
    Release(ItemArguments),
    /// Pass a work item on to a colleague or another unit
    HandOver(HandOverArguments),
    /// Carry out an action that the procedure defines itself
    Advance(AdvanceArguments),
    /// Record that a fee was paid; the same reference counts once
    Pay(PayArguments),
    /// Sign the result
    Sign(ChooseArguments),
    /// Number and date the signed result
    Issue(IssueArguments),
    /// End processing (status 9): the clock stops
    Complete(ChooseArguments),
    /// Hand the result over (status 10)
    Deliver(DeliverArguments),
    /// Ask to withdraw
    Withdraw(ChooseArguments),
    /// A withdrawal does not go ahead
    DeclineWithdrawal(ChooseArguments),
    /// Apologise and appoint a new date: form 04
    Apologise(ApologiseArguments),
    /// Extend the limit by decision, before it has passed
    Extend(ExtendArguments),
    /// The case turns out to be another variant
    ChangeVariant(ChangeVariantArguments),
    /// Stop processing: form 05
    Stop(ReasonedArguments),
}

/// The dossier, and what every command carries.
#[derive(Clone, Debug, Args)]
pub(crate) struct TargetArguments {
    /// Dossier code, id, or tracking secret
    pub(crate) dossier: String,
    #[command(flatten)]
    pub(crate) meta: MetaArguments,
}

/// What every command carries.
#[derive(Clone, Debug, Args)]
pub(crate) struct MetaArguments {
    /// Id of the command; repeat the command with the same id after an unknown outcome. Default:
    /// a new one, told on standard error
    #[arg(long, value_name = "UUID")]
    pub(crate) command_id: Option<Uuid>,
    /// Version of the dossier that you saw; another one refuses the command
    #[arg(long, value_name = "N")]
    pub(crate) expected_version: Option<u64>,
    /// Role to act in, where your token has several
    #[arg(long, value_name = "ROLE")]
    pub(crate) as_role: Option<String>,
    /// Citizen at the counter for whom you act
    #[arg(long = "for", value_name = "PERSON")]
    pub(crate) acting_for: Option<String>,
}

impl MetaArguments {
    /// As the API takes it, with a new command id where none was given.
    pub(crate) fn message(&self) -> v1::CommandMeta {
        v1::CommandMeta {
            command_id: self.command_id.unwrap_or_else(Uuid::now_v7).to_string(),
            expected_version: self.expected_version,
            acting_role: self.as_role.clone().unwrap_or_default(),
            acting_for: self.acting_for.clone().unwrap_or_default(),
        }
    }
}

/// Which action, where the step offers several.
#[derive(Clone, Debug, Args)]
pub(crate) struct WhichArguments {
    /// Action of the procedure, where several fit
    #[arg(long, value_name = "ACTION")]
    pub(crate) action: Option<String>,
    /// Work item, where several are open
    #[arg(long = "work-item", value_name = "N")]
    pub(crate) work_item: Option<u32>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ChooseArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    #[command(flatten)]
    pub(crate) which: WhichArguments,
    /// Why, in words
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ReasonedArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    #[command(flatten)]
    pub(crate) which: WhichArguments,
    /// Why, in words
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RefuseArguments {
    #[command(flatten)]
    pub(crate) reasoned: ReasonedArguments,
    /// The negative result as drafted, after reception; it is uploaded
    #[arg(long, value_name = "FILE")]
    pub(crate) draft: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct DecideArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// Accepted item, document:ID or field:NAME; may be given several times
    #[arg(long, value_name = "ITEM")]
    pub(crate) accept: Vec<String>,
    /// Rejected item and why, document:ID=REASON or field:NAME=REASON; several times
    #[arg(long, value_name = "ITEM=REASON", value_parser = pair)]
    pub(crate) reject: Vec<(String, String)>,
    /// Accept every document that is present and has no verdict yet
    #[arg(long)]
    pub(crate) accept_rest: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct LookupArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// Id of the requirement that the answer stands for
    pub(crate) requirement: String,
    /// Name of the register
    #[arg(long, value_name = "NAME")]
    pub(crate) registry: String,
    /// The register does not hold it
    #[arg(long)]
    pub(crate) not_found: bool,
    /// Its answer in words
    #[arg(long, value_name = "TEXT")]
    pub(crate) answer: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RequestSupplementArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    #[command(flatten)]
    pub(crate) which: WhichArguments,
    /// What is wrong and what to hand in, document:ID=TEXT or field:NAME=TEXT; several times
    #[arg(long = "item", value_name = "ITEM=TEXT", required = true, value_parser = pair)]
    pub(crate) items: Vec<(String, String)>,
    /// Why, in words
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct AssignArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// Work item, where several are open
    #[arg(long = "work-item", value_name = "N")]
    pub(crate) work_item: Option<u32>,
    /// Who gets it
    #[arg(long, value_name = "PERSON")]
    pub(crate) to: String,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ItemArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// Work item, where several are open
    #[arg(long = "work-item", value_name = "N")]
    pub(crate) work_item: Option<u32>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct HandOverArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// Work item, where several are open
    #[arg(long = "work-item", value_name = "N")]
    pub(crate) work_item: Option<u32>,
    /// New unit; else it stays
    #[arg(long, value_name = "UNIT")]
    pub(crate) unit: Option<String>,
    /// Who gets it; else nobody
    #[arg(long, value_name = "PERSON")]
    pub(crate) to: Option<String>,
    /// Why, in words
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct AdvanceArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// Action of the procedure, such as draft_result
    pub(crate) action: String,
    /// Work item, where several are open
    #[arg(long = "work-item", value_name = "N")]
    pub(crate) work_item: Option<u32>,
    /// Why, in words
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Unit that the next step goes to, where the act chooses it
    #[arg(long, value_name = "UNIT")]
    pub(crate) unit: Option<String>,
    /// Unit that is asked in a branch of the next step; may be given several times
    #[arg(long = "ask", value_name = "UNIT")]
    pub(crate) units: Vec<String>,
    /// Data that the action takes, a JSON object
    #[arg(long, value_name = "JSON")]
    pub(crate) data: Option<String>,
    /// The result as drafted, where the action decides on one; it is uploaded
    #[arg(long, value_name = "FILE")]
    pub(crate) draft: Option<PathBuf>,
    /// JSON file with the `documents` of the phase that the action begins, as in a filing
    #[arg(long, value_name = "FILE")]
    pub(crate) documents: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct PayArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// Id of the fee
    #[arg(long, value_name = "FEE")]
    pub(crate) fee: String,
    /// Amount in đồng
    #[arg(long, value_name = "N")]
    pub(crate) amount: u64,
    /// Reference of the receipt or transaction
    #[arg(long, value_name = "TEXT")]
    pub(crate) reference: String,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct IssueArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    #[command(flatten)]
    pub(crate) which: WhichArguments,
    /// Number given by the records office
    #[arg(long, value_name = "TEXT")]
    pub(crate) number: String,
    /// Date on the document [default: today in Viet Nam]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) date: Option<String>,
    /// The electronic result: the draft that was signed; it is uploaded
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// The file carries a valid digital signature
    #[arg(long, requires = "file")]
    pub(crate) signed: bool,
    /// Why, in words
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

/// How a result is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Method {
    /// In person at the office
    Counter,
    /// By public post
    Post,
    /// As an electronic original
    Electronic,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct DeliverArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    #[command(flatten)]
    pub(crate) which: WhichArguments,
    /// How
    #[arg(long, value_enum, default_value = "counter")]
    pub(crate) method: Method,
    /// Who received it, identity paper checked; several times
    #[arg(long, value_name = "PERSON")]
    pub(crate) to: Vec<String>,
    /// Who received it for an owner: identity paper checked, authorisation shown; several times
    #[arg(long, value_name = "PERSON")]
    pub(crate) to_proxy: Vec<String>,
    /// To whom it was sent, identity not checked; several times
    #[arg(long, value_name = "PERSON")]
    pub(crate) sent_to: Vec<String>,
    /// Requirement whose original was compared and taken in; several times
    #[arg(long = "original", value_name = "DOCUMENT")]
    pub(crate) originals: Vec<String>,
    /// Why, in words
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ApologiseArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    #[command(flatten)]
    pub(crate) which: WhichArguments,
    /// New appointment, a working day
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) due_on: String,
    /// The agency is at fault
    #[arg(long)]
    pub(crate) agency_at_fault: bool,
    /// Reason of the delay
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ExtendArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    #[command(flatten)]
    pub(crate) which: WhichArguments,
    /// By how much, in the unit of the limit
    #[arg(long, value_name = "N")]
    pub(crate) amount: u32,
    /// Why, in words
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ChangeVariantArguments {
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    #[command(flatten)]
    pub(crate) which: WhichArguments,
    /// Id of the variant that the case turned out to be
    #[arg(long, value_name = "VARIANT")]
    pub(crate) variant: String,
    /// Why, in words
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((item, words)) if item.contains(':') && !words.is_empty() => {
            Ok((item.to_owned(), words.to_owned()))
        }
        _ => Err("write document:ID=TEXT or field:NAME=TEXT".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_and_its_text_are_parted_at_the_first_equals_sign() {
        let parted = Ok(("document:D2".to_owned(), "a = b".to_owned()));
        assert_eq!(pair("document:D2=a = b"), parted);
        for bad in ["document:D2", "document:D2=", "D2=missing", ""] {
            assert!(pair(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_command_has_an_id_of_its_own() {
        let meta = MetaArguments {
            command_id: None,
            expected_version: None,
            as_role: None,
            acting_for: None,
        };
        assert_ne!(meta.message().command_id, meta.message().command_id);
    }
}
