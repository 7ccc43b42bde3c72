//! The internal process: steps, branches, actions.
//!
//! A step with [`Parallel`] is an ordinary task whose work item stays open while its branches
//! work; the steps of the branches lie in [`crate::Definition::steps`] like all others and say by
//! [`Step::within`] where they belong.

use motcua_deadlines::Limit;
use serde::{Deserialize, Serialize};

use super::Text;
use super::limits::PauseGround;
use super::vocabulary::{Act, Role, Status};
use crate::form::FormSchema;
use crate::guard::Guard;

/// A place where a dossier stands.
#[derive(Debug)]
pub struct Step {
    /// Id within the procedure; the state in every event header.
    pub id: String,
    /// Name of the step.
    pub name: Text,
    /// What is waited for here.
    pub kind: StepKind,
    /// National status of dossiers standing here.
    pub status: Status,
    /// Who works here.
    pub role: Role,
    /// In which unit.
    pub unit: UnitRef,
    /// Time allotted to the step by the internal process (T27).
    pub time: Option<Limit>,
    /// What the step does to the clock of the limit.
    pub clock: ClockEffect,
    /// What happens when nobody acts in time.
    pub timeout: Option<Timeout>,
    /// Documents and fields may be decided here.
    pub reviews: bool,
    /// The branch that the step lies in; none on the main line.
    pub within: Option<BranchRef>,
    /// What is done here at the same time.
    pub parallel: Option<Parallel>,
    /// What may be done here, `anywhere` actions included.
    pub actions: Vec<Action>,
}

/// A branch of a step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BranchRef {
    /// Id of the step that opens the branch.
    pub step: String,
    /// Id of the branch in it.
    pub branch: String,
}

/// Branches that are worked on at the same time, and how they come together again (P5, P12).
#[derive(Clone, Debug)]
pub struct Parallel {
    /// The branches, at least one.
    pub branches: Vec<Branch>,
    /// How they come together.
    pub join: Join,
}

/// One branch of a parallel step.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Id within the step.
    pub id: String,
    /// Name of the branch.
    pub name: Text,
    /// Opened only when this holds; absent means always.
    pub when: Option<Guard>,
    /// The branch opens once for each unit that the act leading here names; otherwise once.
    pub each_unit: bool,
    /// Step in which the branch begins.
    pub start: String,
    /// What the branch can end with, at least one.
    pub answers: Vec<Answer>,
}

/// What a branch can end with, such as consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Id within the branch; counted as `answers.BRANCH.ID` in conditions.
    pub id: String,
    /// Name of the answer.
    pub name: Text,
}

/// How branches come together.
#[derive(Clone, Debug)]
pub struct Join {
    /// Besides the end of all branches, each of these is enough; what is still open then ends
    /// without an answer.
    pub early: Vec<JoinWhen>,
    /// Where the step leads once its branches have come together: never `stay`.
    pub target: Target,
}

/// What is enough for branches to come together early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinWhen {
    /// This many branches have ended, at least 1 ...
    pub at_least: u32,
    /// ... with this answer of this branch (`BRANCH.ANSWER`), or with any answer.
    pub answer: Option<(String, String)>,
}

/// What a step waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// The office works.
    Task,
    /// The applicant must answer (for instance confirm a draft).
    Applicant,
    /// The applicant must supplement the dossier.
    Supplement,
    /// The owner asked to withdraw.
    Withdrawal,
    /// Nothing happens any more.
    Final,
}

/// The unit whose staff works on a step, relative to the dossier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitRef {
    /// The centre that received the dossier.
    Receiving,
    /// The agency that decides.
    Competent,
    /// The unit named by the act that led here (verification elsewhere).
    Chosen,
    /// The unit of this branch; only in branches that open for each unit.
    Branch,
}

/// What entering a step does to the clock of the limit (T19).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClockEffect {
    /// The clock has not started yet, or never starts.
    NotStarted,
    /// The clock runs.
    Runs,
    /// The clock is paused while the dossier stands here.
    Paused {
        /// Why.
        on: PauseGround,
        /// Id of the legal ground.
        ground: String,
    },
    /// The clock has stopped for good (statuses 3, 8, 9, 10).
    Stopped,
}

/// An act of the system when nobody answered in time (P3, T22).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeout {
    /// Time after which it happens, counted from entering the step.
    pub after: Limit,
    /// Id of the action of this step that is then carried out, whose act is [`Act::Lapse`].
    pub action: String,
    /// A reminder goes out this many calendar days before.
    pub remind_days_before: Option<u32>,
    /// Id of the legal ground.
    pub ground: String,
}

/// Something that may be done in a step.
#[derive(Clone, Debug)]
pub struct Action {
    /// Id within the step.
    pub id: String,
    /// Name of the action.
    pub name: Text,
    /// The lawful act that it is.
    pub act: Act,
    /// Who may do it; one of these roles.
    pub roles: Vec<Role>,
    /// In which unit.
    pub unit: UnitRef,
    /// Where it leads.
    pub target: Target,
    /// The answer that it ends its branch with; present exactly where the target is
    /// [`Target::End`].
    pub answer: Option<String>,
    /// Allowed only when this holds.
    pub when: Option<Guard>,
    /// A written reason is required (L4).
    pub reason: bool,
    /// Number of the form that the act produces, 1 to 7.
    pub form: Option<u8>,
    /// Id of the result type that the act decides on.
    pub outcome: Option<String>,
    /// At most this many times in the life of a dossier (supplement rounds, T23).
    pub rounds_max: Option<u32>,
    /// Name reserved before the act, released when the dossier ends otherwise.
    pub reserves: Option<Reservation>,
    /// The act sends work back; it never moves the owner's due date (L10).
    pub rework: bool,
    /// All owners must appear in person (delivery of a marriage certificate).
    pub all_owners: bool,
    /// Steps whose last holder may not do it (four eyes).
    pub not_by: Vec<String>,
    /// Id of the phase that it begins.
    pub begins: Option<String>,
    /// Id of the fee whose amount it names.
    pub assesses: Option<String>,
    /// Documents for which its data is the answer of the unit that was asked.
    pub verifies: Vec<Verified>,
    /// By how much it extends the limit (T30); present exactly on [`Act::Extend`].
    pub extension: Option<Extension>,
    /// Data that the act takes, validated like the form; recorded as `data.NAME`.
    pub data: Option<FormSchema>,
    /// Id of the legal ground, required where the act touches rights or money.
    pub ground: Option<String>,
}

/// What the law lets an extension add to the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Most that one decision adds, in the unit of the limit.
    pub amount_max: u32,
}

/// Data of an act that answers for a document: what another unit found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Name of the value in the data of the action.
    pub data: String,
    /// Id of the document requirement.
    pub document: String,
    /// Values that prove what the document would prove.
    pub proved_by: Vec<String>,
}

/// A name that only one dossier may hold at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// What kind of name, for instance `household_business_name`.
    pub scope: String,
    /// Top-level form field that holds the name.
    pub field: String,
}

/// Where an action leads.
#[derive(Clone, Debug)]
pub enum Target {
    /// The dossier stays where it is.
    Stay,
    /// Back to the step that the interruption (supplement, withdrawal) left.
    Back,
    /// Out of the branch, with the action's answer.
    End,
    /// To one step.
    Step(String),
    /// To the first step whose guard holds; the last choice has none.
    Choice(Vec<Choice>),
}

/// One branch of a guarded choice.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Taken when this holds; absent on the last choice only.
    pub when: Option<Guard>,
    /// The step it leads to.
    pub to: String,
}
