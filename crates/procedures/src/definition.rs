//! The parts of a validated procedure.
//!
//! These types are what a reader of the YAML meets after every check has passed: each reference
//! resolves, each guard compiled, each number has its legal ground. They are built by
//! [`crate::parse`] alone and reached through [`crate::Procedure`], so holding one is the proof
//! that its definition was sound.

use std::collections::BTreeMap;

use jiff::civil::Date;
use motcua_deadlines::{Limit, Regime};
use serde::{Deserialize, Serialize};

use crate::form::FormSchema;
use crate::guard::Guard;

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
    /// National code such as `1.001193` (one-stop-shop section 3 rule 1).
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
    /// National status of dossiers standing here (section 4.1).
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

/// National status codes 1 to 10 (section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Status {
    /// 1, mới đăng ký.
    Submitted = 1,
    /// 2, được tiếp nhận.
    Received = 2,
    /// 3, không được tiếp nhận.
    NotAccepted = 3,
    /// 4, đang xử lý.
    Processing = 4,
    /// 5, yêu cầu bổ sung giấy tờ.
    SupplementRequired = 5,
    /// 6, yêu cầu thực hiện nghĩa vụ tài chính.
    PaymentRequired = 6,
    /// 7, công dân yêu cầu rút hồ sơ.
    WithdrawalRequested = 7,
    /// 8, dừng xử lý.
    Stopped = 8,
    /// 9, đã xử lý xong.
    Completed = 9,
    /// 10, đã trả kết quả.
    Delivered = 10,
}

/// The code is not one of the national statuses 1 to 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no national status: use 1 to 10")]
pub struct UnknownStatus(pub u8);

impl TryFrom<u8> for Status {
    type Error = UnknownStatus;

    fn try_from(code: u8) -> Result<Self, UnknownStatus> {
        Ok(match code {
            1 => Self::Submitted,
            2 => Self::Received,
            3 => Self::NotAccepted,
            4 => Self::Processing,
            5 => Self::SupplementRequired,
            6 => Self::PaymentRequired,
            7 => Self::WithdrawalRequested,
            8 => Self::Stopped,
            9 => Self::Completed,
            10 => Self::Delivered,
            other => return Err(UnknownStatus(other)),
        })
    }
}

impl From<Status> for u8 {
    fn from(status: Status) -> u8 {
        status as u8
    }
}

/// Roles of section 1 of the domain rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A party of the dossier: submitter, owner or authorised person.
    Applicant,
    /// Cán bộ tiếp nhận.
    ReceptionClerk,
    /// Cán bộ thu phí.
    Cashier,
    /// Chuyên viên.
    Specialist,
    /// Lãnh đạo phòng.
    HeadOfDivision,
    /// Lãnh đạo cơ quan.
    SigningLeader,
    /// Văn thư.
    RecordsOfficer,
    /// Cán bộ trả kết quả.
    ReturnClerk,
    /// Bưu chính công ích.
    PostalAgent,
    /// Cơ quan được lấy ý kiến.
    ConsultedAgency,
    /// Thành viên hội đồng.
    CouncilMember,
    /// Lưu trữ.
    Archivist,
    /// Thanh tra, kiểm soát TTHC.
    Auditor,
    /// Quản trị.
    Administrator,
    /// The centre's front end (a program).
    FrontEnd,
    /// Timers and other acts of the engine itself.
    System,
}

impl Role {
    /// Every role, in the order of section 1.
    pub const ALL: [Role; 16] = [
        Self::Applicant,
        Self::ReceptionClerk,
        Self::Cashier,
        Self::Specialist,
        Self::HeadOfDivision,
        Self::SigningLeader,
        Self::RecordsOfficer,
        Self::ReturnClerk,
        Self::PostalAgent,
        Self::ConsultedAgency,
        Self::CouncilMember,
        Self::Archivist,
        Self::Auditor,
        Self::Administrator,
        Self::FrontEnd,
        Self::System,
    ];

    /// Name in tokens, definitions, events and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applicant => "applicant",
            Self::ReceptionClerk => "reception_clerk",
            Self::Cashier => "cashier",
            Self::Specialist => "specialist",
            Self::HeadOfDivision => "head_of_division",
            Self::SigningLeader => "signing_leader",
            Self::RecordsOfficer => "records_officer",
            Self::ReturnClerk => "return_clerk",
            Self::PostalAgent => "postal_agent",
            Self::ConsultedAgency => "consulted_agency",
            Self::CouncilMember => "council_member",
            Self::Archivist => "archivist",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
            Self::FrontEnd => "front_end",
            Self::System => "system",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Role> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
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
    /// Number of the form that the act produces, 1 to 7 (section 6).
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
    /// Held for this many calendar days unless the dossier completes.
    pub days: u32,
}

/// The lawful acts that an action can be; one RPC each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Acceptance with form 01.
    Accept,
    /// Demand for a supplement with form 02.
    RequestSupplement,
    /// The applicant supplements.
    Supplement,
    /// Refusal to accept (form 03), or a negative result after reception (L5).
    Refuse,
    /// An act that the procedure defines itself.
    Advance,
    /// Signature.
    Sign,
    /// Number, date, seal.
    Issue,
    /// Processing has ended (9).
    Complete,
    /// The result is handed over (10).
    Deliver,
    /// The owner asks to withdraw.
    Withdraw,
    /// The agency declines a withdrawal, or the owner takes it back.
    DeclineWithdrawal,
    /// Apology with a new date, form 04.
    Apologise,
    /// Processing is stopped, form 05.
    Stop,
    /// Done by the system when a timeout ran out.
    Lapse,
}

impl Act {
    /// Name in definitions, event kinds and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::RequestSupplement => "request_supplement",
            Self::Supplement => "supplement",
            Self::Refuse => "refuse",
            Self::Advance => "advance",
            Self::Sign => "sign",
            Self::Issue => "issue",
            Self::Complete => "complete",
            Self::Deliver => "deliver",
            Self::Withdraw => "withdraw",
            Self::DeclineWithdrawal => "decline_withdrawal",
            Self::Apologise => "apologise",
            Self::Stop => "stop",
            Self::Lapse => "lapse",
        }
    }
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
