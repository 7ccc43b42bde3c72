//! Every reason for a "no".

use motcua_procedures::Text;
use serde::Serialize;

/// A refusal to act: a value, not a failure. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .message.en)]
pub struct Rejection {
    /// Stable code.
    pub reason: Reason,
    /// What is wrong and what to do, in both languages.
    pub message: Text,
    /// Each fault with its place, all at once.
    pub violations: Vec<Violation>,
}

/// One fault of a refused command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Place in the command (`form/child_name`), or item (`document:D2`).
    pub subject: String,
    /// Stable code.
    pub code: String,
    /// What is wrong and what to do.
    pub message: Text,
}

/// Stable codes of refusals; listed with their remedy in `docs/errors.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// The state offers no such act.
    ActNotOffered,
    /// Another role or unit may do it.
    RoleRequired,
    /// Whoever did an earlier step may not do this one.
    FourEyes,
    /// Someone else holds the work item.
    ItemHeld,
    /// The named work item is not open.
    ItemNotOpen,
    /// Several actions or work items fit: name one.
    AmbiguousAction,
    /// The action's condition does not hold.
    ConditionNotMet,
    /// A written reason is missing.
    ReasonRequired,
    /// The form breaks its schema.
    FormInvalid,
    /// Persons, variant, units or channel of the filing are wrong.
    FilingInvalid,
    /// Documents that the case needs are missing.
    DocumentsMissing,
    /// A document is of the wrong type, too large, or not asked for.
    DocumentInvalid,
    /// A demanded paper is not required or is there already.
    DemandUnlawful,
    /// Documents or fields have no verdict, or were rejected.
    ReviewIncomplete,
    /// A supplement request or its answer leaves something out.
    SupplementIncomplete,
    /// The allowed number of rounds is used up.
    RoundsExhausted,
    /// A fee that is due now is unpaid.
    FeeUnpaid,
    /// The payment does not match the fee.
    PaymentMismatch,
    /// A date breaks the rules of deadlines.
    DeadlineRule,
    /// The unit does not exist or is not active.
    UnitUnknown,
    /// The assignee does not work in that unit and role.
    AssigneeUnsuitable,
    /// The recipient may not receive the result.
    RecipientInvalid,
    /// Originals were not checked.
    OriginalsUnchecked,
    /// Another dossier holds the name.
    NameTaken,
    /// The dossier cannot stand where it is under another version of its procedure.
    MigrationUnlawful,
    /// The dossier is closed.
    DossierClosed,
    /// The dossier exists already.
    AlreadySubmitted,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Reason; 27] = [
        Self::ActNotOffered,
        Self::RoleRequired,
        Self::FourEyes,
        Self::ItemHeld,
        Self::ItemNotOpen,
        Self::AmbiguousAction,
        Self::ConditionNotMet,
        Self::ReasonRequired,
        Self::FormInvalid,
        Self::FilingInvalid,
        Self::DocumentsMissing,
        Self::DocumentInvalid,
        Self::DemandUnlawful,
        Self::ReviewIncomplete,
        Self::SupplementIncomplete,
        Self::RoundsExhausted,
        Self::FeeUnpaid,
        Self::PaymentMismatch,
        Self::DeadlineRule,
        Self::UnitUnknown,
        Self::AssigneeUnsuitable,
        Self::RecipientInvalid,
        Self::OriginalsUnchecked,
        Self::NameTaken,
        Self::MigrationUnlawful,
        Self::DossierClosed,
        Self::AlreadySubmitted,
    ];

    /// Name in the API, such as `FEE_UNPAID`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ActNotOffered => "ACT_NOT_OFFERED",
            Self::RoleRequired => "ROLE_REQUIRED",
            Self::FourEyes => "FOUR_EYES",
            Self::ItemHeld => "ITEM_HELD",
            Self::ItemNotOpen => "ITEM_NOT_OPEN",
            Self::AmbiguousAction => "AMBIGUOUS_ACTION",
            Self::ConditionNotMet => "CONDITION_NOT_MET",
            Self::ReasonRequired => "REASON_REQUIRED",
            Self::FormInvalid => "FORM_INVALID",
            Self::FilingInvalid => "FILING_INVALID",
            Self::DocumentsMissing => "DOCUMENTS_MISSING",
            Self::DocumentInvalid => "DOCUMENT_INVALID",
            Self::DemandUnlawful => "DEMAND_UNLAWFUL",
            Self::ReviewIncomplete => "REVIEW_INCOMPLETE",
            Self::SupplementIncomplete => "SUPPLEMENT_INCOMPLETE",
            Self::RoundsExhausted => "ROUNDS_EXHAUSTED",
            Self::FeeUnpaid => "FEE_UNPAID",
            Self::PaymentMismatch => "PAYMENT_MISMATCH",
            Self::DeadlineRule => "DEADLINE_RULE",
            Self::UnitUnknown => "UNIT_UNKNOWN",
            Self::AssigneeUnsuitable => "ASSIGNEE_UNSUITABLE",
            Self::RecipientInvalid => "RECIPIENT_INVALID",
            Self::OriginalsUnchecked => "ORIGINALS_UNCHECKED",
            Self::NameTaken => "NAME_TAKEN",
            Self::MigrationUnlawful => "MIGRATION_UNLAWFUL",
            Self::DossierClosed => "DOSSIER_CLOSED",
            Self::AlreadySubmitted => "ALREADY_SUBMITTED",
        }
    }

    /// Who must act before trying again can help.
    pub fn retry(self) -> Retry {
        match self {
            Self::FormInvalid
            | Self::FilingInvalid
            | Self::DocumentsMissing
            | Self::DocumentInvalid
            | Self::ReasonRequired
            | Self::AmbiguousAction
            | Self::SupplementIncomplete
            | Self::DemandUnlawful
            | Self::PaymentMismatch
            | Self::UnitUnknown
            | Self::AssigneeUnsuitable
            | Self::RecipientInvalid
            | Self::OriginalsUnchecked
            | Self::NameTaken
            | Self::MigrationUnlawful
            | Self::DeadlineRule => Retry::Corrected,
            Self::ActNotOffered
            | Self::ItemNotOpen
            | Self::ConditionNotMet
            | Self::ReviewIncomplete
            | Self::FeeUnpaid
            | Self::ItemHeld => Retry::AfterChange,
            Self::RoleRequired | Self::FourEyes => Retry::ByAnother,
            Self::RoundsExhausted | Self::DossierClosed | Self::AlreadySubmitted => Retry::Never,
        }
    }
}

/// Whether and when trying again helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// With the named faults mended.
    Corrected,
    /// After the dossier has changed.
    AfterChange,
    /// By someone in another role or unit.
    ByAnother,
    /// Never.
    Never,
}
