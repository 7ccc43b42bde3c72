//! What someone wants done with a dossier.
//!
//! A command is serialised canonically and fingerprinted, so every member is plain data and
//! nothing here depends on hash-map order.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use motcua_procedures::{Channel, Role};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Who acts: taken from the bearer token, never from the message, which could claim anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// Opaque id of the person or program.
    pub id: String,
    /// The role acted in, one of the token's.
    pub role: Role,
    /// Unit of the actor; none for citizens and the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Opaque id of the citizen for whom a clerk at the counter acts, as the clerk attests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acting_for: Option<String>,
}

impl Actor {
    /// The engine itself, for timers.
    pub fn system() -> Self {
        Self { id: "system".into(), role: Role::System, unit: None, acting_for: None }
    }

    /// The person whose rights as an applicant count: the citizen whom a clerk or the front end
    /// attests, otherwise the actor.
    pub fn person(&self) -> &str {
        match self.role {
            Role::ReceptionClerk | Role::FrontEnd => self.acting_for.as_deref().unwrap_or(&self.id),
            _ => &self.id,
        }
    }
}

/// The caller's idempotency key and the keyed fingerprint of what was asked, actor included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandRef {
    /// Unique for the dossier, for ever, so that a repeat is never taken for a new act.
    pub id: Uuid,
    /// HMAC-SHA-256 of the canonical command and actor, lower-case hex.
    pub fingerprint: String,
}

/// The lawful acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Files the dossier.
    Submit(Box<Submit>),
    /// Records the verdict on documents and fields.
    DecideItems(DecideItems),
    /// Records what a state register answered (I5).
    RecordLookup(RecordLookup),
    /// Accepts a complete dossier; form 01.
    Accept(Choose),
    /// Admits a complaint or denunciation; its clock starts.
    Admit(Choose),
    /// Asks for everything that is missing in one notice; form 02.
    RequestSupplement(RequestSupplement),
    /// The applicant answers a supplement request.
    Supplement(Supplement),
    /// Refuses to accept (form 03) or, after reception, proposes a negative result.
    Refuse(Refuse),
    /// Carries out an action that the procedure defines itself.
    Advance(Advance),
    /// Gives a work item to a member of the unit's staff.
    Assign(Assign),
    /// Takes an unassigned work item.
    Claim(ItemRef),
    /// Puts a work item back.
    Release(ItemRef),
    /// Passes a work item on to a colleague or another unit.
    HandOver(HandOver),
    /// Records that a fee was paid.
    RecordPayment(RecordPayment),
    /// Signs the result.
    Sign(Choose),
    /// Numbers, dates and seals the signed result.
    Issue(Issue),
    /// Ends processing (status 9).
    Complete(Choose),
    /// Hands the result over (status 10).
    Deliver(Deliver),
    /// The owner asks to withdraw.
    Withdraw(Choose),
    /// The withdrawal does not go ahead.
    DeclineWithdrawal(Choose),
    /// Apologises and appoints a new date; form 04.
    Apologise(Apologise),
    /// Extends the limit by decision (T30).
    Extend(ExtendLimit),
    /// The case turns out to be another variant (L9).
    ChangeVariant(ChangeVariant),
    /// Stops processing; form 05.
    Stop(Choose),
    /// Moves an open dossier to another version of its procedure (L8).
    Migrate(Migrate),
    /// Fires every timer that is due; an act of the system.
    FireTimers,
}

/// An act without data of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Choose {
    /// The procedure's action, needed only where a step offers several of the same act.
    pub action: Option<String>,
    /// The work item acted on, needed only where several are open.
    pub item: Option<u32>,
    /// Written reason.
    pub reason: Option<String>,
}

/// A work item of the dossier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ItemRef {
    /// Its number within the dossier; none = the only open one.
    pub item: Option<u32>,
}

/// Files a dossier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Submit {
    /// National code of the procedure.
    pub procedure: String,
    /// How it reached the centre.
    pub channel: Channel,
    /// Case variant; may be left out where the procedure has one only.
    pub variant: Option<String>,
    /// Receiving centre.
    pub receiving_unit: String,
    /// Agency that decides; none = the receiving centre's own agency.
    pub competent_unit: Option<String>,
    /// The people of the dossier; the first owner's row is the dossier owner of the receipt.
    pub persons: Vec<Person>,
    /// Form values by top-level property.
    pub form: serde_json::Value,
    /// Documents by requirement id.
    pub documents: Vec<DocumentInput>,
    /// (source, external id) of a portal filing.
    pub external: Option<ExternalRef>,
}

/// The portal's own reference of a filing (I10).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalRef {
    /// Name of the sending system.
    pub source: String,
    /// Its id of the filing.
    pub id: String,
}

/// A person of a dossier. Names and numbers go to the erasable store only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Opaque id.
    pub id: String,
    /// Part the person plays.
    pub part: Part,
    /// Full name.
    pub full_name: String,
    /// Identity number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_number: Option<String>,
    /// Phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// E-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// Part that a person plays in a dossier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Whose request it is.
    DossierOwner,
    /// Who files it on the owner's behalf, with an authorisation.
    AuthorisedPerson,
}

/// A document handed in for a requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DocumentInput {
    /// Id of the requirement.
    pub requirement: String,
    /// What was handed in.
    pub content: DocumentContent,
}

/// What was handed in for a requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "snake_case", deny_unknown_fields)]
pub enum DocumentContent {
    /// A file in the document store.
    Upload {
        /// SHA-256 of the bytes, lower-case hex.
        sha256: String,
        /// Size in bytes.
        size: u64,
        /// Media type found in the bytes.
        media: String,
        /// The file is the electronic original, carrying a valid digital signature.
        signed: bool,
    },
    /// Paper kept in the dossier.
    Paper {
        /// Number of originals.
        originals: u32,
        /// Number of copies.
        copies: u32,
    },
    /// Paper shown, compared and given back (I8).
    Presented,
    /// Answer of a state register (I5).
    LookUp {
        /// Name of the register.
        registry: String,
        /// Whether it holds what the document would prove.
        found: bool,
    },
    /// Answer of another unit that was asked; only the act that answers records it.
    #[serde(rename = "verification")]
    Verified {
        /// The unit.
        unit: String,
        /// Whether its answer proves what the document would prove.
        found: bool,
    },
}

/// Records verdicts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DecideItems {
    /// Verdicts by item.
    pub decisions: Vec<ItemDecision>,
    /// Accept every document that is present and has no verdict yet.
    pub accept_rest: bool,
}

/// A verdict on one document or field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ItemDecision {
    /// What it is about.
    pub item: ItemName,
    /// Accepted or not.
    pub accepted: bool,
    /// Why not.
    pub reason: Option<String>,
}

/// A document or a form field, written `document:ID` or `field:NAME`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ItemName {
    /// A document requirement.
    Document(String),
    /// A top-level form field.
    Field(String),
}

impl std::fmt::Display for ItemName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Document(id) => write!(f, "document:{id}"),
            Self::Field(name) => write!(f, "field:{name}"),
        }
    }
}

impl From<ItemName> for String {
    fn from(item: ItemName) -> String {
        item.to_string()
    }
}

impl TryFrom<String> for ItemName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("document", id)) if !id.is_empty() => Ok(Self::Document(id.into())),
            Some(("field", name)) if !name.is_empty() => Ok(Self::Field(name.into())),
            _ => Err(format!("{text:?} names no item: write document:ID or field:NAME")),
        }
    }
}

/// Records what a state register answered for a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordLookup {
    /// Id of the requirement.
    pub requirement: String,
    /// Name of the register.
    pub registry: String,
    /// Whether the register holds what the document would prove.
    pub found: bool,
    /// The register's answer in words, kept with the dossier.
    pub answer: Option<String>,
}

/// Asks for a supplement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestSupplement {
    /// Action, work item, reason.
    pub choose: Choose,
    /// Everything that is missing or wrong, in one go (I3).
    pub items: Vec<SupplementItem>,
}

/// One line of form 02.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SupplementItem {
    /// Document or field.
    pub item: ItemName,
    /// What is wrong and what to hand in.
    pub content: String,
}

/// Answers a supplement request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Supplement {
    /// Changed form fields.
    pub form: serde_json::Value,
    /// Documents handed in.
    pub documents: Vec<DocumentInput>,
}

/// Refuses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Refuse {
    /// Action, work item, reason.
    #[serde(flatten)]
    pub choose: Choose,
    /// The negative result as drafted; it must have been uploaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<DocumentContent>,
}

/// Carries out an action of the procedure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advance {
    /// Action, work item, reason. The action is required.
    pub choose: Choose,
    /// Unit that the next step goes to, where it is chosen by the act.
    pub unit: Option<String>,
    /// Units for each of which a branch of the next step opens, where it has such branches.
    pub units: Vec<String>,
    /// Data that the action takes.
    pub data: Option<serde_json::Value>,
    /// The result as drafted, where the action decides on one; it must have been uploaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<DocumentContent>,
    /// Documents of the phase that the action begins; the applicant hands them in by the same act.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<DocumentInput>,
}

/// Gives a work item to someone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Assign {
    /// The work item; none = the only open one.
    pub item: Option<u32>,
    /// Opaque id of the assignee.
    pub assignee: String,
}

/// Passes a work item on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HandOver {
    /// The work item; none = the only open one.
    pub item: Option<u32>,
    /// New unit; none = stays.
    pub unit: Option<String>,
    /// New assignee; none = unassigned.
    pub assignee: Option<String>,
    /// Written reason.
    pub reason: Option<String>,
}

/// Records that a fee was paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordPayment {
    /// Id of the fee.
    pub fee: String,
    /// Amount in đồng.
    pub amount: u64,
    /// Reference of the receipt or transaction: the payment's idempotency key.
    pub external_reference: String,
}

/// Numbers and dates the signed result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Issue {
    /// Action and work item.
    pub choose: Choose,
    /// Number given by the records office.
    pub number: String,
    /// Date on the document.
    pub issued_on: Date,
    /// The electronic result, if there is one: the draft that was signed.
    pub document: Option<DocumentContent>,
}

/// Hands the result over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deliver {
    /// Action and work item.
    pub choose: Choose,
    /// How it is handed over.
    pub by: DeliveryBy,
    /// Who received it.
    pub recipients: Vec<Recipient>,
    /// Requirements whose originals were compared and taken in now (I9).
    pub originals_checked: Vec<String>,
}

/// How a result is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryBy {
    /// In person at the office.
    Counter,
    /// By public post.
    Post,
    /// Electronic original.
    Electronic,
}

/// Someone who received a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// Opaque id.
    pub id: String,
    /// Whether the identity paper was checked.
    pub identity_checked: bool,
    /// Whether an authorisation was shown, for someone who is no owner.
    pub authorised: bool,
}

/// Apologises with a new date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Apologise {
    /// Action, work item, reason.
    pub choose: Choose,
    /// New appointment.
    pub due_on: Date,
    /// Whether the agency is at fault (form 04).
    pub agency_at_fault: bool,
}

/// Extends the limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExtendLimit {
    /// Action, work item, reason.
    pub choose: Choose,
    /// By how much, in the unit of the limit.
    pub amount: u32,
}

/// Changes the case variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeVariant {
    /// Action, work item, reason.
    pub choose: Choose,
    /// Id of the variant that the case turned out to be.
    pub variant: String,
}

/// Moves an open dossier to another version of its procedure. The version itself stands in the
/// context of the decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Migrate {
    /// Digest of the version that the dossier is moved from; bound to another, it stays.
    pub from: String,
    /// Digest of the version to move to.
    pub to: String,
    /// Steps that the other version calls differently: old id to new id. A step keeps its name while
    /// the dossier holds branches of it.
    pub steps: BTreeMap<String, String>,
    /// What becomes of the limit.
    pub limits: MigratedLimits,
    /// The transition rule of the law that allows it, in words.
    pub ground: String,
}

/// What a migration does to the limit of a dossier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MigratedLimits {
    /// The due date stays (L8).
    Keep,
    /// The limit of the other version counts from where the present one began.
    New,
}

/// A timer that fired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FiredTimer {
    /// Name within the dossier, such as `late` or `timeout:3`.
    pub name: String,
    /// When it was due; `at` of the event is when it fired.
    pub due_at: Timestamp,
}

/// Timers by name; null clears one.
pub type TimerChanges = BTreeMap<String, Option<Timestamp>>;
