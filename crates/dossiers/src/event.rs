//! What happened to a dossier.
//!
//! An event is its kind (the name of the act), the state it leads to, and facts. Each fact is one
//! field of the audit format: members of [`Facts`] are of the class `fold`, entries of
//! [`Event::personal`] of the class `personal` (`docs/fields.md`). A fact that is present replaces,
//! adds or removes a part of the dossier; which part, its documentation says.
//! So a fold needs no definition, no calendar and no knowledge of the act, but for one thing: that
//! acceptance or admission is the reception of the dossier.

use std::collections::BTreeMap;

use motcua_deadlines::Clock;
use motcua_procedures::{ProcedureRef, Status};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::command::{Actor, CommandRef, DocumentContent, FiredTimer, ItemName, TimerChanges};
use crate::dossier::{
    BranchState, Clocks, Delivery, Filing, Interrupted, IssuedResult, Obligation, Payment,
    Required, Signature, SupplementRequested, WorkItem,
};

/// Something that happened, before it is sealed into the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Name of the act, such as `submit` or `accept`.
    pub kind: &'static str,
    /// State after the event.
    pub to: String,
    /// Digest of the procedure file by which it was decided.
    pub def: String,
    /// What the fold needs.
    pub facts: Facts,
    /// Personal values by field name.
    pub personal: BTreeMap<String, Value>,
}

/// The facts of an event; every member that is present is one field of its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Who acted.
    pub actor: Actor,
    /// The command, absent on acts that follow from a timer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandRef>,
    /// Step and id of the procedure's action, `STEP/ACTION`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Sets the national status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Pins the procedure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub procedure: Option<ProcedureRef>,
    /// How the dossier was filed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filing: Option<Filing>,
    /// Replaces the list of requirements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<Vec<Required>>,
    /// Puts documents; an earlier verdict on them is void.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub documents: BTreeMap<String, DocumentContent>,
    /// Form fields that got a value; an earlier verdict on them is void.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub form_fields: Vec<String>,
    /// Records verdicts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub decisions: BTreeMap<ItemName, bool>,
    /// Replaces the money owed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fees: Option<BTreeMap<String, Obligation>>,
    /// Records a payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<Payment>,
    /// Gives the dossier its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Replaces the clocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clocks: Option<Clocks>,
    /// Starts or changes further clocks.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub further: BTreeMap<String, Clock>,
    /// Opens, ends and forgets (null) branches by their key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub branches: BTreeMap<String, Option<BranchState>>,
    /// Opens or changes work items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<WorkItem>,
    /// Closes work items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items_closed: Vec<u32>,
    /// Replaces the stack of interrupted steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Vec<Interrupted>>,
    /// Opens a supplement request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplement: Option<SupplementRequested>,
    /// The open supplement request is answered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub answered: bool,
    /// Counts one use of this action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<String>,
    /// Sets and clears timers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub timers: TimerChanges,
    /// The timer that caused the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timer: Option<FiredTimer>,
    /// Number of the form that the act produces, 1 to 7.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<u8>,
    /// The result as drafted: by the act that decides on it, and again by those that confirm or
    /// sign it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<DocumentContent>,
    /// Decides on the result type; an earlier draft and signature are void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Records the signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    /// Records the issued result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<IssuedResult>,
    /// Processing has ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub completed: bool,
    /// Records the delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    /// Takes a name, `scope/key digest`, in place of another of the same scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved: Option<String>,
    /// Whether an agency at fault apologised (form 04).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency_at_fault: Option<bool>,
    /// The dossier is closed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
}

impl Facts {
    /// Facts of an act that nothing is known of yet but who did it.
    pub fn by(actor: Actor, command: Option<CommandRef>) -> Self {
        Self {
            actor,
            command,
            action: None,
            status: None,
            procedure: None,
            filing: None,
            required: None,
            documents: BTreeMap::new(),
            form_fields: Vec::new(),
            decisions: BTreeMap::new(),
            fees: None,
            payment: None,
            code: None,
            clocks: None,
            further: BTreeMap::new(),
            branches: BTreeMap::new(),
            items: Vec::new(),
            items_closed: Vec::new(),
            back: None,
            supplement: None,
            answered: false,
            round: None,
            timers: TimerChanges::new(),
            timer: None,
            form: None,
            draft: None,
            outcome: None,
            signature: None,
            result: None,
            completed: false,
            delivery: None,
            reserved: None,
            agency_at_fault: None,
            closed: false,
        }
    }
}
