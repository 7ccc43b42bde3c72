//! The parts of a validated procedure.
//!
//! These types are what a reader of the YAML meets after every check has passed: each reference
//! resolves, each guard compiled, each number has its legal ground. They are built by
//! [`crate::parse`] alone and reached through [`crate::Procedure`], so holding one is the proof
//! that its definition was sound.

mod limits;
mod process;
mod vocabulary;

use std::collections::BTreeMap;

use jiff::civil::Date;
use motcua_deadlines::Limit;
use serde::{Deserialize, Serialize};

use crate::form::FormSchema;
use crate::guard::{Formula, Guard};

pub use limits::{ClockFrom, ClockRule, ClockStart, FurtherClock, LimitRule, PauseGround, Phase};
pub use process::{
    Action, Answer, Branch, BranchRef, Choice, ClockEffect, Extension, Join, JoinWhen, Parallel,
    Reservation, Step, StepKind, Target, Timeout, UnitRef, Verified,
};
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
    /// What is filed: an administrative procedure, a petition, or feedback.
    pub kind: Kind,
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
    /// Windows of time in which it may be filed.
    pub windows: Vec<Window>,
    /// Limits; the first whose guard holds applies, the last one has no guard. Empty when the law
    /// sets none (T32).
    pub limits: Vec<LimitRule>,
    /// Later phases, each with limits of its own (P8, P11).
    pub phases: Vec<Phase>,
    /// Limits beside the main one, such as the admission of a complaint.
    pub clocks: Vec<FurtherClock>,
    /// Results that the procedure can end with.
    pub results: Vec<ResultType>,
    /// Where a submitted dossier stands first.
    pub start: String,
    /// The internal process, the steps of branches included, each after the step that it lies in.
    /// Actions declared under `anywhere` have been copied into every step that they name.
    pub steps: Vec<Step>,
}

/// What is filed under a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An administrative procedure with a national code; the default.
    Procedure,
    /// A complaint or another petition: its letters are numbered by unit and year.
    Petition,
    /// A report or suggestion: no dossier in the sense of the one-stop-shop rules, so its code is
    /// one of the centre's own and it may have no limit but further clocks.
    Feedback,
}

/// A window of time, counted from a date of the form, in which it may be filed.
#[derive(Debug)]
pub struct Window {
    /// Top-level form field that holds the date.
    pub field: String,
    /// Applies when this holds; absent means always.
    pub when: Option<Guard>,
    /// Whether the window lies before the date, counted backwards, or after it.
    pub side: Side,
    /// At least this long before or after the date.
    pub at_least: Option<Limit>,
    /// At most this long before or after the date.
    pub at_most: Option<Limit>,
    /// Id of the legal ground.
    pub ground: String,
}

/// On which side of its date a window lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Before the date: the filing looks ahead, to an event for instance.
    Before,
    /// After the date: the filing looks back, to a decision for instance.
    After,
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
    /// Id of the later phase that it belongs to: asked for once that has begun; absent means from
    /// the filing on (P11).
    pub phase: Option<String>,
    /// Register whose recorded look-up stands in for the paper (I5).
    pub data_source: Option<String>,
    /// Media types that an uploaded file may have.
    pub media: Vec<String>,
    /// Largest uploaded file, bytes.
    pub size_max: u64,
    /// The original of an uploaded scan is checked and taken in on delivery (I9).
    pub original_at_delivery: bool,
    /// How old the paper may be when it is filed (I7).
    pub validity: Option<Validity>,
    /// Id of the legal ground.
    pub ground: String,
}

/// How long a paper is valid after the date that it bears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validity {
    /// Top-level form field with the date of issue.
    pub issued_on: String,
    /// How long it is valid from then on.
    pub valid_for: Limit,
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
    /// How much it is.
    pub amount: Amount,
    /// Owed only when this holds; absent means always.
    pub when: Option<Guard>,
    /// When it must have been paid.
    pub collect: Collect,
    /// Whether it is given back when the dossier is refused or withdrawn (L6).
    pub refundable: bool,
    /// Id of the legal ground.
    pub ground: String,
}

/// How much a fee is, in đồng.
#[derive(Debug)]
pub enum Amount {
    /// The same for everyone.
    Fixed(u64),
    /// Reckoned from what the case says.
    Tariff(Box<Tariff>),
    /// Named by the action that assesses it (P9).
    Assessed,
}

/// A price by quantity: the sum over its brackets, capped, times a number.
#[derive(Debug)]
pub struct Tariff {
    /// The quantity, such as the pages of one copy.
    pub quantity: Formula,
    /// What one costs, by bracket, ascending; the last one has no upper end.
    pub brackets: Vec<Bracket>,
    /// At most this much for the quantity.
    pub at_most: Option<u64>,
    /// How often the price is owed, such as the number of copies; absent means once.
    pub times: Option<Formula>,
}

impl std::fmt::Display for Tariff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: ", self.quantity.text())?;
        for bracket in &self.brackets {
            match bracket.up_to {
                Some(up_to) => write!(f, "{} each up to {up_to}, then ", bracket.each)?,
                None => write!(f, "{} each", bracket.each)?,
            }
        }
        if let Some(most) = self.at_most {
            write!(f, "; at most {most}")?;
        }
        match &self.times {
            Some(times) => write!(f, "; times {}", times.text()),
            None => Ok(()),
        }
    }
}

/// One bracket of a tariff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bracket {
    /// Last number of the bracket; none for the last bracket.
    pub up_to: Option<u64>,
    /// Price of one, đồng.
    pub each: u64,
}

/// When a fee is collected (`HinhThucThu` of the national catalogue).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Collect {
    /// Before acceptance.
    Reception,
    /// While the dossier is processed, in a step that waits for it.
    Processing,
    /// Before delivery.
    Delivery,
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
