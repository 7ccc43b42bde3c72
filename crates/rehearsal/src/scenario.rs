//! Scenarios as they are written.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use motcua_dossiers::command::{DeliveryBy, ItemName, Recipient};
use motcua_dossiers::rejection::Reason;
use motcua_procedures::{Channel, Role};
use serde_json::{Map, Value};

/// The scenarios of one file.
#[derive(Clone, Debug)]
pub struct Suite {
    /// Units beyond the built-in ones.
    pub(crate) units: Vec<Value>,
    /// The scenarios.
    pub(crate) scenarios: Vec<Scenario>,
}

impl Suite {
    /// Units that the scenarios need beyond the built-in ones.
    pub fn units(&self) -> &[Value] {
        &self.units
    }

    /// The scenarios, in the order of the file.
    pub fn scenarios(&self) -> &[Scenario] {
        &self.scenarios
    }
}

/// What must happen to one dossier.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// Line at which it stands.
    pub line: u32,
    pub(crate) given: Given,
    pub(crate) acts: Vec<Entry>,
}

/// How the dossier is filed.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) line: u32,
    pub(crate) submitted_at: Timestamp,
    pub(crate) channel: Channel,
    pub(crate) variant: Option<String>,
    pub(crate) receiving: String,
    pub(crate) competent: Option<String>,
    pub(crate) owners: Option<Vec<String>>,
    pub(crate) proxy: Option<String>,
    pub(crate) clerk_of: Option<String>,
    pub(crate) form: Value,
    pub(crate) documents: Documents,
    pub(crate) demand: Demand,
}

/// What must hold after an entry.
#[derive(Clone, Debug, Default)]
pub(crate) struct Demand {
    /// How the dossier stands.
    pub(crate) expect: Vec<Expected>,
    /// Why the act is refused.
    pub(crate) refused: Option<Refused>,
}

/// One key of `expect`.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) key: String,
    pub(crate) value: Value,
    pub(crate) line: u32,
}

/// A refusal that is expected.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    pub(crate) reason: Reason,
    pub(crate) naming: Vec<String>,
    pub(crate) line: u32,
}

/// An act or a wait.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) line: u32,
    pub(crate) when: When,
    pub(crate) what: What,
    pub(crate) demand: Demand,
}

/// Instant of an entry.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    At(Timestamp),
    After(SignedDuration),
}

/// What happens.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Act(Box<Deed>),
    Wait { fires: Option<Vec<String>> },
}

/// Who does what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deed {
    pub(crate) deed: String,
    pub(crate) role: Option<Role>,
    pub(crate) unit: Option<String>,
    pub(crate) by: Option<String>,
    pub(crate) acting_for: Option<String>,
    pub(crate) item: Option<String>,
    pub(crate) with: With,
}

/// Details of an act; what is absent has a default that fits.
#[derive(Clone, Debug, Default)]
pub(crate) struct With {
    pub(crate) reason: Option<String>,
    pub(crate) data: Option<Value>,
    pub(crate) unit: Option<String>,
    pub(crate) units: Vec<String>,
    pub(crate) documents: Option<Documents>,
    pub(crate) form: Option<Map<String, Value>>,
    pub(crate) items: Option<Vec<ItemName>>,
    pub(crate) accept: Vec<ItemName>,
    pub(crate) reject: BTreeMap<ItemName, String>,
    pub(crate) accept_rest: Option<bool>,
    pub(crate) document: Option<String>,
    pub(crate) registry: Option<String>,
    pub(crate) found: Option<bool>,
    pub(crate) answer: Option<String>,
    pub(crate) fee: Option<String>,
    pub(crate) amount: Option<u64>,
    pub(crate) reference: Option<String>,
    pub(crate) draft: Option<ResultFile>,
    pub(crate) result: Option<ResultFile>,
    pub(crate) number: Option<String>,
    pub(crate) issued_on: Option<Date>,
    pub(crate) recipients: Option<Vec<Recipient>>,
    pub(crate) delivered_by: Option<DeliveryBy>,
    pub(crate) originals: Option<Vec<String>>,
    pub(crate) due_on: Option<Date>,
    pub(crate) agency_at_fault: Option<bool>,
    pub(crate) variant: Option<String>,
    pub(crate) assignee: Option<String>,
}

/// The file of a result, drafted or issued: by the same name it is the same file.
#[derive(Clone, Debug)]
pub(crate) struct ResultFile {
    pub(crate) name: String,
    pub(crate) signed: bool,
}

/// What is handed in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Documents {
    /// Everything else that the case asks for, too.
    pub(crate) complete: bool,
    /// By requirement; none = not handed in.
    pub(crate) named: BTreeMap<String, Option<HandedIn>>,
}

/// How a document is handed in.
#[derive(Clone, Debug)]
pub(crate) enum HandedIn {
    Fit,
    Paper { originals: Option<u32>, copies: Option<u32> },
    Presented,
    Upload { signed: bool, media: Option<String>, size: Option<u64> },
}
