//! Why a store did not do what it was asked to.

/// Each variant is a decision for the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The subject has moved on: load it and decide again.
    #[error("stale: {chain} is at {actual}, not at {expected}")]
    Stale {
        /// Chain of the subject.
        chain: String,
        /// Version the commit was decided on.
        expected: u64,
        /// Version in the store.
        actual: u64,
    },
    /// A key that must be unique is taken: the command id, dossier code, external reference,
    /// reserved name, or register version named here.
    #[error("{what} is taken already")]
    Taken {
        /// What is taken.
        what: &'static str,
    },
    /// So many dossiers have every word of a search that not all could be looked at: it needs more.
    #[error("the search is too wide")]
    TooWide,
    /// Too much is waiting; nothing was written. Try again later.
    #[error("the store has more work waiting than it accepts")]
    Overloaded,
    /// The store cannot be reached or refused the work; nothing was written.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// Whether the commit was written is unknown: repeat the same command.
    #[error("the outcome of the commit is unknown: {0}")]
    OutcomeUnknown(String),
    /// Events that are needed were moved away with a part of the histories.
    #[error("the beginning of {chain} is moved away with part {part}: bring it back first")]
    MovedAway {
        /// The chain.
        chain: String,
        /// The part, such as `2026q4`.
        part: String,
    },
    /// A row cannot be what this program wrote.
    #[error("corrupt: {table}.{column} of {key}")]
    Corrupt {
        /// Table.
        table: &'static str,
        /// Column.
        column: &'static str,
        /// Key of the row.
        key: String,
    },
}

impl StoreError {
    /// Whether it is certain that nothing was written.
    pub fn wrote_nothing(&self) -> bool {
        match self {
            Self::Stale { .. }
            | Self::Taken { .. }
            | Self::TooWide
            | Self::Overloaded
            | Self::Unavailable(_)
            | Self::MovedAway { .. } => true,
            Self::OutcomeUnknown(_) | Self::Corrupt { .. } => false,
        }
    }
}
