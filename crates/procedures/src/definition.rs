//! The parts of a validated procedure.
//!
//! These types are what a reader of the YAML meets after every check has passed: each reference
//! resolves, each guard compiled, each number has its legal ground. They are built by
//! [`crate::parse`] alone and reached through [`crate::Procedure`], so holding one is the proof
//! that its definition was sound.

mod vocabulary;

use std::collections::BTreeMap;

use jiff::civil::Date;
use motcua_deadlines::{Limit, Regime};
use serde::{Deserialize, Serialize};

use crate::form::FormSchema;
use crate::guard::Guard;

pub use vocabulary::{Act, Role, Status, UnknownStatus};

/// A text in both languages of the product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// Vietnamese, the language of the law.
    pub vi: String,
    /// English.
    pub en: String,
}

/// One procedure as its author wrote it, after validation.
#[derive(Debug)]
pub struct Definition {
    /// National code such as `1.001193` (`docs/rules.md`, codes).
    pub code: String,
    /// Version of the definition, `MAJOR.MINOR.PATCH`.
    pub version: String,
    /// First date on which dossiers may be filed under this version.
    pub effective_from: Date,
    /// Name of the procedure.
    pub name: Text,
    /// Field of administration, for instance civil status.
    pub field: Text,
    /// Tier of the agency that decides.
    pub level: Level,
    /// The legal texts that other parts refer to by id.
    pub grounds: BTreeMap<String, Text>,
    /// Ways in which a dossier may be filed.
    pub channels: Vec<Channel>,
    /// When the dossier code is given out.
    pub number_at: NumberAt,
    /// Who may file, for how many owners.
    pub parties: Parties,
    /// The electronic form.
    pub form: FormSchema,
    /// Case variants; at least one.
    pub variants: Vec<Variant>,
    /// Required documents, in the order of the receipt.
    pub documents: Vec<DocumentRequirement>,
    /// Fees and charges.
    pub fees: Vec<Fee>,
    /// Limits; the first whose guard holds applies, the last one has no guard.
    pub limits: Vec<LimitRule>,
    /// Results that the procedure can end with.
    pub results: Vec<ResultType>,
    /// Where a submitted dossier stands first.
    pub start: String,
    /// The internal process. Actions declared under `anywhere` have been copied into every step
    /// that they name.
    pub steps: Vec<Step>,
}

/// Tier of the deciding agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Commune, ward or special zone.
    Commune,
    /// Province.
    Province,
    /// Ministry.
    Ministry,
}

/// Way in which a dossier reached the receiving centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Handed in at a counter.
    Counter,
    /// Filed on the portal.
    Online,
    /// Sent by public post.
    Post,
}

impl Channel {
    /// Name in definitions, guards, events and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Online => "online",
            Self::Post => "post",
        }
    }
}

/// Act that gives out the dossier code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberAt {
    /// Acceptance, the default.
    Accept,
    /// Submission.
    Submit,
}

/// Who files for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parties {
    /// Fewest owners of a dossier.
    pub owners_min: u32,
    /// Most owners of a dossier.
    pub owners_max: u32,
    /// Whether an authorised person may act for the owners (I11).
    pub proxy: bool,
}

/// A branch of a procedure with its own documents, fees and limits.
#[derive(Debug)]
pub struct Variant {
    /// Id within the procedure.
    pub id: String,
    /// Name of the case.
    pub name: Text,
    /// Must hold for the form when this variant is chosen.
    pub when: Option<Guard>,
}

/// A paper that the law asks for (I6, I7).
#[derive(Debug)]
pub struct DocumentRequirement {
    /// Id within the procedure, such as `D2a`.
    pub id: String,
    /// Name of the paper.
    pub name: Text,
    /// Kind of the paper that must be handed in.
    pub kind: DocumentKind,
    /// Whether the paper is kept, shown, or looked up by the office.
    pub hand_in: HandIn,
    /// Number of originals.
    pub originals: u32,
    /// Number of copies.
    pub copies: u32,
    /// Asked for only when this holds; absent means always.
    pub when: Option<Guard>,
    /// Register whose recorded look-up stands in for the paper (I5).
    pub data_source: Option<String>,
    /// Media types that an uploaded file may have.
    pub media: Vec<String>,
    /// Largest uploaded file, bytes.
    pub size_max: u64,
    /// The original of an uploaded scan is checked and taken in on delivery (I9).
    pub original_at_delivery: bool,
    /// Id of the legal ground.
    pub ground: String,
}

/// Kind of a submitted document (glossary).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// Bản chính.
    Original,
    /// Bản sao.
    Copy,
    /// Bản chứng thực.
    CertifiedCopy,
    /// Bản điện tử.
    Electronic,
}

/// What happens with a document at the counter (I8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandIn {
    /// Kept in the dossier.
    Submit,
    /// Shown, compared, noted and given back.
    Present,
    /// Never asked of the citizen: the office looks the data up (I5).
    LookUp,
}

/// A price of the procedure, in đồng.
#[derive(Debug)]
pub struct Fee {
    /// Id within the procedure.
    pub id: String,
    /// What is paid for.
    pub name: Text,
    /// Amount in đồng.
    pub amount: u64,
    /// Owed only when this holds; absent means always.
    pub when: Option<Guard>,
    /// When it must have been paid.
    pub collect: Collect,
    /// Whether it is given back when the dossier is refused or withdrawn (L6).
    pub refundable: bool,
    /// Id of the legal ground.
    pub ground: String,
}

/// When a fee is collected (`HinhThucThu` of the national catalogue).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Collect {
    /// Before acceptance.
    Reception,
    /// Before delivery.
    Delivery,
}

/// The legal limit of one kind of case.
#[derive(Debug)]
pub struct LimitRule {
    /// Id within the procedure.
    pub id: String,
    /// Applies when this holds; the last rule has none.
    pub when: Option<Guard>,
    /// Act at which the clock starts (T17).
    pub start: ClockStart,
    /// Limit of the law.
    pub statutory: Limit,
    /// Id of the legal ground of `statutory`.
    pub statutory_ground: String,
    /// Shorter limit that the province committed itself to (T16).
    pub committed: Option<Limit>,
    /// Id of the legal ground of `committed`.
    pub committed_ground: Option<String>,
    /// What happens to the limit when a pause ends (T20); one entry for each ground on which a
    /// step of the procedure pauses.
    pub resume: BTreeMap<PauseGround, Regime>,
}

/// Act at which the clock of the limit starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockStart {
    /// Acceptance of a complete dossier.
    Accept,
    /// Submission.
    Submitted,
}

/// Why a clock is paused (T19).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseGround {
    /// A supplement is awaited.
    Supplement,
    /// Money is awaited.
    Payment,
    /// A withdrawal is considered.
    Withdrawal,
    /// An external verification that does not count.
    Verification,
    /// The applicant must answer.
    Applicant,
}

/// A result and the outcome that leads to it.
#[derive(Debug)]
pub struct ResultType {
    /// Id within the procedure; the value of an action's `outcome`.
    pub id: String,
    /// National code of the result type such as `KQ.G15.000031`; none for a plain notice.
    pub code: Option<String>,
    /// Name of the result.
    pub name: Text,
    /// Whether the citizen got what was asked for (L5).
    pub positive: bool,
}

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
    /// What may be done here, `anywhere` actions included.
    pub actions: Vec<Action>,
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
    /// Allowed only when this holds.
    pub when: Option<Guard>,
    /// A written reason is required (L4).
    pub reason: bool,
    /// Number of the form that the act produces, 1 to 7 (`docs/rules.md`, forms).
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
    /// Data that the act takes, validated like the form; recorded as `data.NAME`.
    pub data: Option<FormSchema>,
    /// Id of the legal ground, required where the act touches rights or money.
    pub ground: Option<String>,
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
