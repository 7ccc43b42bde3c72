//! The state of a dossier: what the fold of its history yields.
//!
//! Nothing here is personal: people are opaque ids, documents are digests, answers on the form
//! are names of fields. A dossier therefore folds for ever, whatever was erased.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use motcua_deadlines::{Clock, Unit};
use motcua_procedures::{Channel, Collect, PauseGround, ProcedureRef, Role, Status};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::command::{Actor, DeliveryBy, DocumentContent, ExternalRef, ItemName, Recipient};

/// Version of the JSON of [`Dossier`]; a stored state with another one is folded anew.
pub const STATE_SCHEMA: u32 = 5;

/// A citizen's request under one procedure, from submission to delivered result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dossier {
    /// UUIDv7.
    pub id: Uuid,
    /// Number of the last event; the etag of the API.
    pub version: u64,
    /// Step of the main line; it encloses all open work items.
    pub state: String,
    /// National status.
    pub status: Status,
    /// Since when the dossier is in `state`.
    pub since: Timestamp,
    /// The last act and who did it.
    pub last: LastAct,
    /// Pinned procedure.
    pub procedure: ProcedureRef,
    /// How it was filed.
    pub filing: Filing,
    /// Dossier code, once given out.
    pub code: Option<String>,
    /// When it was received: by its acceptance, or by the admission of what is not accepted before.
    pub received_at: Option<Timestamp>,
    /// Form fields that have a value.
    pub fields: BTreeSet<String>,
    /// Requirements that apply to this case.
    pub required: Vec<Required>,
    /// Documents by requirement id.
    pub documents: BTreeMap<String, DocumentContent>,
    /// Verdicts on documents and fields; true = accepted.
    pub decisions: BTreeMap<ItemName, bool>,
    /// Money owed and paid, by fee id.
    pub fees: BTreeMap<String, Obligation>,
    /// The limits.
    pub clocks: Option<Clocks>,
    /// Later phases that have begun; each brought its limits, and the documents that belong to it.
    pub phases: BTreeSet<String>,
    /// The limits beside the main one, by id of the further clock.
    pub further: BTreeMap<String, Clock>,
    /// Open work items by number.
    pub items: BTreeMap<u32, WorkItem>,
    /// Number of the next work item.
    pub next_item: u32,
    /// Branches by their key, from their opening until the step that opened them is entered again.
    pub branches: BTreeMap<String, BranchState>,
    /// Who held a step last, by [`WorkItem::holder_key`]: work that comes back goes to the same
    /// person.
    pub holders: BTreeMap<String, String>,
    /// Steps that interruptions left, innermost last.
    pub back: Vec<Interrupted>,
    /// The open supplement request.
    pub supplement: Option<SupplementRequested>,
    /// How often each counted action was used.
    pub rounds: BTreeMap<String, u32>,
    /// Timers that are set.
    pub timers: BTreeMap<String, Timestamp>,
    /// Result type decided on.
    pub outcome: Option<String>,
    /// The result as it was drafted when its type was decided on, if it was uploaded.
    pub draft: Option<DocumentContent>,
    /// Who signed, when.
    pub signature: Option<Signature>,
    /// The issued result.
    pub result: Option<IssuedResult>,
    /// When processing ended (status 9).
    pub completed_at: Option<Timestamp>,
    /// The delivery.
    pub delivery: Option<Delivery>,
    /// Names held by this dossier, `scope/key digest`.
    pub reservations: BTreeSet<String>,
    /// Nothing can happen any more.
    pub closed: bool,
}

/// The last act on a dossier, for refusals that inform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastAct {
    /// Event kind.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
}

/// How a dossier was filed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filing {
    /// Way it reached the centre.
    pub channel: Channel,
    /// Case variant.
    pub variant: String,
    /// Who filed: the citizen, also where a clerk typed.
    pub applicant: String,
    /// Owners, at least one.
    pub owners: Vec<String>,
    /// Authorised person, if one acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorised_person: Option<String>,
    /// Point that helped to file, if another than the receiving centre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assisting_unit: Option<String>,
    /// Centre that receives.
    pub receiving_unit: String,
    /// Agency that decides.
    pub competent_unit: String,
    /// When it was filed.
    pub submitted_at: Timestamp,
    /// Portal reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<ExternalRef>,
}

impl Filing {
    /// Whether `person` is a party: applicant, owner or authorised person.
    pub fn is_party(&self, person: &str) -> bool {
        self.applicant == person
            || self.owners.iter().any(|owner| owner == person)
            || self.authorised_person.as_deref() == Some(person)
    }
}

/// A requirement that applies to this case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Required {
    /// Id of the requirement.
    pub id: String,
    /// The original of a scan is taken in at delivery.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub original_at_delivery: bool,
}

/// Money owed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Obligation {
    /// Amount in đồng.
    pub amount: u64,
    /// When it must have been paid.
    pub collect: Collect,
    /// The payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<Payment>,
}

/// Money paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payment {
    /// Id of the fee.
    pub fee: String,
    /// Amount in đồng.
    pub amount: u64,
    /// Reference of the receipt or transaction.
    pub external_reference: String,
    /// When it was recorded.
    pub at: Timestamp,
}

/// The two limits of a dossier (T16).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clocks {
    /// Id of the limit rule that applies.
    pub rule: String,
    /// The limit of the law.
    pub statutory: Clock,
    /// The limit that the province committed itself to; the appointment when present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed: Option<Clock>,
    /// Ground of the open pause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_on: Option<PauseGround>,
    /// Id of the later phase that these limits belong to; none in the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
}

impl Clocks {
    /// The clock that the receipt shows: committed where there is one.
    pub fn appointment(&self) -> &Clock {
        self.committed.as_ref().unwrap_or(&self.statutory)
    }
}

/// One open piece of work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkItem {
    /// Number within the dossier.
    pub id: u32,
    /// Step.
    pub step: String,
    /// Key of the branch that the step lies in; none on the main line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Who works on it.
    pub role: Role,
    /// In which unit.
    pub unit: String,
    /// Who holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// When the dossier came here.
    pub opened_at: Timestamp,
    /// When the time of the step runs out (T27).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// The time of the step has run out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}

impl Dossier {
    /// What lies in the document store: documents handed in, the draft, the result.
    pub fn files(&self) -> impl Iterator<Item = &DocumentContent> {
        let result = self.result.iter().filter_map(|result| result.document.as_ref());
        self.documents.values().chain(&self.draft).chain(result)
    }

    /// The party that asked for the withdrawal which is open now, if one is.
    pub fn withdrawn_by(&self) -> Option<&str> {
        self.back.last().and_then(|left| left.withdrawn_by.as_deref())
    }
}

impl WorkItem {
    /// What the keys of all branches of its step begin with.
    pub fn below(&self) -> String {
        match &self.branch {
            Some(branch) => format!("{branch}/{}/", self.step),
            None => format!("{}/", self.step),
        }
    }

    /// Under which name its last holder is remembered: the step, in a branch behind its key.
    pub fn holder_key(&self) -> String {
        holder_key(self.branch.as_deref(), &self.step)
    }
}

/// Under which name the last holder of a step is remembered.
pub fn holder_key(branch: Option<&str>, step: &str) -> String {
    branch.map_or_else(|| step.to_owned(), |branch| format!("{branch}:{step}"))
}

/// A branch of a parallel step.
///
/// Its key is `STEP/BRANCH`, behind the key of the branch that the step itself lies in, if any, and
/// followed by `:UNIT` where the branch opens for each unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BranchState {
    /// Step that opened it.
    pub step: String,
    /// Id of the branch in that step.
    pub branch: String,
    /// The unit that it was opened for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// When.
    pub opened_at: Timestamp,
    /// How it ended; none while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<BranchEnd>,
}

/// How a branch ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BranchEnd {
    /// Its answer; none when it was cut short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Opaque id of whoever ended it; `system` when the time to answer ran out.
    pub by: String,
}

/// A step that a supplement request or withdrawal interrupted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interrupted {
    /// The step.
    pub step: String,
    /// Unit that worked on it.
    pub unit: String,
    /// What was left of its timeout; it neither runs on nor starts again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_left: Option<TimeoutLeft>,
    /// The same in seconds, as histories from before the unit was kept have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_left_s: Option<i64>,
    /// Opaque id of the party that asked to withdraw, who alone may take that back; none where
    /// something else interrupted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_by: Option<String>,
    /// What was left of the time of the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_left: Option<StepTimeLeft>,
    /// The work that was open in its branches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<InterruptedItem>,
}

/// Work in a branch that an interruption of the main line left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InterruptedItem {
    /// The step.
    pub step: String,
    /// Key of its branch.
    pub branch: String,
    /// Unit that worked on it.
    pub unit: String,
    /// What was left of its timeout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_left: Option<TimeoutLeft>,
    /// The same in seconds, as in [`Interrupted::timeout_left_s`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_left_s: Option<i64>,
    /// What was left of the time of the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_left: Option<StepTimeLeft>,
}

/// What an interruption left of a timeout, in the unit in which the law counts it: days that are
/// off while the step waits do not use it up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeoutLeft {
    /// What is counted; days of a period of months.
    pub unit: Unit,
    /// How many, minutes of hours; at least 1.
    pub amount: u32,
}

/// What an interruption left of the time of a step: an interruption gives no unit its time anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepTimeLeft {
    /// When it would have run out.
    pub due_at: Timestamp,
    /// Working minutes left until then.
    pub minutes: u32,
    /// It had run out already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}

/// A supplement request that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupplementRequested {
    /// What was asked for.
    pub items: Vec<ItemName>,
    /// When.
    pub at: Timestamp,
}

/// Who signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Opaque id of the signer.
    pub signer: String,
    /// When.
    pub at: Timestamp,
    /// SHA-256 of the draft that was signed; none where paper was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// The issued result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuedResult {
    /// Id of the result type in the procedure.
    pub result: String,
    /// National type code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Number given by the records office.
    pub number: String,
    /// Date on the document.
    pub issued_on: Date,
    /// The electronic result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentContent>,
}

/// A delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// How.
    pub by: DeliveryBy,
    /// To whom.
    pub recipients: Vec<Recipient>,
    /// Requirements whose originals were taken in.
    pub originals_checked: Vec<String>,
    /// When.
    pub at: Timestamp,
}
