//! What a refusal says, taken apart for assertions.

use std::collections::HashMap;
use std::fmt::Debug;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// A refusal with its details.
#[derive(Clone, Debug)]
pub struct Refused {
    /// gRPC code.
    pub code: Code,
    /// `ErrorInfo.reason`.
    pub reason: String,
    /// `ErrorInfo.metadata`: where the dossier stands, who acted last, what is offered.
    pub metadata: HashMap<String, String>,
    /// Subjects of the violations: fields of `BadRequest`, then subjects of
    /// `PreconditionFailure`.
    pub subjects: Vec<String>,
    /// Kinds of the violated preconditions, in the order of their subjects.
    pub kinds: Vec<String>,
    /// `RetryInfo.retry_delay`.
    pub retry_after: Option<Duration>,
    /// Message for developers.
    pub message: String,
    /// `LocalizedMessage` in Vietnamese.
    pub message_vi: String,
}

/// The refusal of a call.
///
/// # Panics
/// When the call succeeded.
#[track_caller]
pub fn refused<T: Debug>(outcome: Result<T, Status>) -> Refused {
    match outcome {
        Ok(answer) => panic!("this should have been refused: {answer:?}"),
        Err(status) => Refused::of(&status),
    }
}

impl Refused {
    /// Takes a status apart.
    pub fn of(status: &Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info();
        let fields = details.bad_request().into_iter().flat_map(|bad| &bad.field_violations);
        let unmet: Vec<_> = details
            .precondition_failure()
            .into_iter()
            .flat_map(|unmet| &unmet.violations)
            .collect();
        let subjects = fields
            .map(|fault| fault.field.clone())
            .chain(unmet.iter().map(|fault| fault.subject.clone()));
        Self {
            code: status.code(),
            reason: info.map(|info| info.reason.clone()).unwrap_or_default(),
            metadata: info.map(|info| info.metadata.clone()).unwrap_or_default(),
            subjects: subjects.collect(),
            kinds: unmet.iter().map(|fault| fault.r#type.clone()).collect(),
            retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
            message: status.message().to_owned(),
            message_vi: details
                .localized_message()
                .map(|localized| localized.message.clone())
                .unwrap_or_default(),
        }
    }

    /// Asserts code and reason.
    #[track_caller]
    pub fn is(&self, code: Code, reason: &str) -> &Self {
        assert_eq!((self.code, self.reason.as_str()), (code, reason), "{self:?}");
        self
    }

    /// Asserts that a violation names `subject`.
    #[track_caller]
    pub fn names(&self, subject: &str) -> &Self {
        let named = self.subjects.iter().any(|found| found == subject);
        assert!(named, "{subject} is not among {:?}: {}", self.subjects, self.message);
        self
    }

    /// Asserts that a violated precondition is of this kind.
    #[track_caller]
    pub fn kind(&self, kind: &str) -> &Self {
        let found = self.kinds.iter().any(|found| found == kind);
        assert!(found, "{kind} is not among {:?}: {}", self.kinds, self.message);
        self
    }

    /// Asserts what a member of the metadata says.
    #[track_caller]
    pub fn says(&self, key: &str, value: &str) -> &Self {
        assert_eq!(self.metadata.get(key).map(String::as_str), Some(value), "{key} of {self:?}");
        self
    }
}
