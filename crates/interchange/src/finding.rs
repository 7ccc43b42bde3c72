//! What an import or export has to say: a stable code, where in the source, what to do.

use motcua_procedures::{Finding, Severity, TraceStep};

/// Most findings of one import; the rest is summed up in a last one.
const FINDINGS_MAX: usize = 2_000;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $severity:ident;)*) => {
        /// The codes that findings carry. A code keeps its meaning for ever.
        pub mod code {
            $($(#[$doc])* pub const $name: &str = stringify!($name);)*
        }

        /// Every code with its severity, in the order of the reference.
        pub const CODES: &[(&str, Severity)] = &[$((code::$name, Severity::$severity),)*];
    };
}

codes! {
    /// The source is larger than the readers accept.
    IMPORT_TOO_LARGE = Error;
    /// The source is not UTF-8.
    IMPORT_NOT_UTF8 = Error;
    /// The source is not JSON.
    IMPORT_JSON_SYNTAX = Error;
    /// The same key twice in one object.
    IMPORT_DUPLICATE_KEY = Error;
    /// The source is not well-formed XML.
    IMPORT_XML_SYNTAX = Error;
    /// A document type or an entity declared by the source.
    IMPORT_XML_DOCTYPE = Error;
    /// Values or elements are nested too deeply.
    IMPORT_TOO_DEEP = Error;
    /// Too many values, elements or attributes.
    IMPORT_TOO_MANY_PARTS = Error;
    /// Nothing in the source can be imported.
    IMPORT_NOTHING_FOUND = Error;
    /// Several processes, and none was chosen.
    IMPORT_SEVERAL_FOUND = Error;
    /// More findings than are listed.
    IMPORT_MORE_FINDINGS = Error;
    /// A value of another type than the notation says.
    IMPORT_WRONG_TYPE = Error;
    /// Nothing says where the process begins.
    IMPORT_NO_START = Error;
    /// Several places where the process begins.
    IMPORT_SEVERAL_STARTS = Error;
    /// The process has no end.
    IMPORT_NO_END = Error;
    /// No way leads from the start to the state.
    IMPORT_STATE_UNREACHABLE = Error;
    /// A transition to a state that does not exist.
    IMPORT_DANGLING_STATE = Error;
    /// No way leads from the state to an end.
    IMPORT_CANNOT_FINISH = Error;
    /// Nothing can be done in a state that is no end.
    IMPORT_DEAD_END = Error;
    /// The end of the process offers actions.
    IMPORT_END_WITH_ACTIONS = Error;
    /// The same state twice.
    IMPORT_DUPLICATE_STATE = Error;
    /// The same action twice in a state.
    IMPORT_DUPLICATE_ACTION = Error;
    /// The same id twice.
    IMPORT_DUPLICATE_ID = Error;
    /// An action that no role may do.
    IMPORT_ACTION_WITHOUT_ROLES = Error;
    /// A deadline that cannot be meant in the unit of the notation.
    IMPORT_DEADLINE_IMPLAUSIBLE = Error;
    /// An action says that it starts from another state than the one it is written in.
    IMPORT_CURRENT_STATE = Error;
    /// An element that the executable subset does not have.
    IMPORT_UNSUPPORTED = Error;
    /// A fork and its join do not enclose a block.
    IMPORT_FORK_UNSTRUCTURED = Error;
    /// A join waits for more than can arrive.
    IMPORT_JOIN_DEADLOCK = Error;
    /// Several flows leave a task without a gateway.
    IMPORT_IMPLICIT_FORK = Error;
    /// A conditional gateway has no default flow.
    IMPORT_NO_DEFAULT = Error;
    /// A flow out of a conditional gateway has no condition.
    IMPORT_CONDITION_MISSING = Error;
    /// Gateways lead to each other in a circle.
    IMPORT_GATEWAY_LOOP = Error;
    /// Gateways lead into each other more than can be followed.
    IMPORT_TOO_TANGLED = Error;
    /// A timer that cannot be read as a duration.
    IMPORT_TIMER = Error;
    /// A second start that the notation does not use.
    IMPORT_EXTRA_START = Warning;
    /// The start of the notation is the filing of ours.
    IMPORT_START_FOLDED = Warning;
    /// An action that is switched off.
    IMPORT_ACTION_INACTIVE = Warning;
    /// The deadline of a state is longer than that of the whole.
    IMPORT_DEADLINE_EXCEEDS = Warning;
    /// Something of the source without an equivalent.
    IMPORT_NO_EQUIVALENT = Warning;
    /// An id was changed to fit the language.
    IMPORT_ID_CHANGED = Warning;
    /// A gateway without conditions was read as a person's decision.
    IMPORT_DECISION_BY_PERSON = Warning;
    /// A condition in another language.
    IMPORT_CONDITION_FOREIGN = Warning;
    /// A sub-process was written out where it stands.
    IMPORT_SUBPROCESS_INLINED = Warning;
    /// A task that a program carries out.
    IMPORT_AUTOMATIC_TASK = Warning;
    /// A branch in which nothing is done was left out.
    IMPORT_EMPTY_BRANCH = Warning;
    /// Code, version, first day, field, level of the procedure.
    IMPORT_FACTS_MISSING = Warning;
    /// The legal texts.
    IMPORT_GROUND_MISSING = Warning;
    /// Channels and parties.
    IMPORT_FILING_MISSING = Warning;
    /// The electronic form.
    IMPORT_FORM_MISSING = Warning;
    /// The case variants.
    IMPORT_VARIANTS_MISSING = Warning;
    /// The required documents.
    IMPORT_DOCUMENTS_MISSING = Warning;
    /// Fees and charges.
    IMPORT_FEES_MISSING = Warning;
    /// The legal limit.
    IMPORT_LIMIT_MISSING = Warning;
    /// The results and which action decides on them.
    IMPORT_RESULTS_MISSING = Warning;
    /// A name in only one language, or in none.
    IMPORT_NAME_MISSING = Warning;
    /// The national status of a state.
    IMPORT_STATUS_MISSING = Warning;
    /// Which of our roles a role of the source is.
    IMPORT_ROLE_UNKNOWN = Warning;
    /// In which unit a state is worked on.
    IMPORT_UNIT_MISSING = Warning;
    /// Which lawful act an action is.
    IMPORT_ACT_UNKNOWN = Warning;
    /// Whether a time counts working or calendar time.
    IMPORT_TIME_UNIT = Warning;
    /// Part of the procedure is not in the picture.
    EXPORT_NOT_DRAWN = Warning;
}

/// A place in the source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// JSON Pointer, or a path of elements.
    pub(crate) path: String,
    /// Line, counted from 1.
    pub(crate) line: u32,
}

/// Everything found so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    findings: Vec<Finding>,
    cut: bool,
    unreadable: bool,
}

impl Report {
    /// Notes a finding.
    pub(crate) fn note(
        &mut self,
        code: &'static str,
        place: &Place,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.note_with_trace(code, place, message, remedy, Vec::new());
    }

    /// Notes a finding with the way that leads there.
    pub(crate) fn note_with_trace(
        &mut self,
        code: &'static str,
        place: &Place,
        message: impl Into<String>,
        remedy: impl Into<String>,
        trace: Vec<TraceStep>,
    ) {
        if self.findings.len() >= FINDINGS_MAX {
            self.cut = true;
            return;
        }
        let known = CODES.iter().find(|(name, _)| *name == code);
        self.findings.push(Finding {
            code,
            severity: known.map_or(Severity::Error, |(_, severity)| *severity),
            message: message.into(),
            path: place.path.clone(),
            line: place.line,
            remedy: remedy.into(),
            trace,
        });
    }

    /// Notes why the source cannot be read.
    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        self.unreadable = true;
        let place = Place { path: String::new(), line: refusal.line };
        self.note(refusal.code, &place, refusal.message, refusal.remedy);
    }

    /// Whether the source could be read.
    pub(crate) fn readable(&self) -> bool {
        !self.unreadable
    }

    /// Whether no finding is an error, and all of them in the order of the source.
    pub(crate) fn into_findings(mut self) -> (bool, Vec<Finding>) {
        self.findings.sort_by_key(|finding| finding.line);
        if self.cut {
            let line = self.findings.last().map_or(1, |finding| finding.line);
            self.findings.push(Finding {
                code: code::IMPORT_MORE_FINDINGS,
                severity: Severity::Error,
                message: format!("More than {FINDINGS_MAX} findings; the rest is not listed."),
                path: String::new(),
                line,
                remedy: "Correct the source and import it again.".into(),
                trace: Vec::new(),
            });
        }
        let sound = self.findings.iter().all(|finding| finding.severity != Severity::Error);
        (sound, self.findings)
    }
}

/// Why a source cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Code of the finding.
    pub(crate) code: &'static str,
    /// Line, counted from 1.
    pub(crate) line: u32,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do.
    pub(crate) remedy: &'static str,
}

/// The source as text, when it is small enough and UTF-8.
pub(crate) fn text_of(source: &[u8]) -> Result<&str, Refusal> {
    let bytes_max = crate::SOURCE_BYTES_MAX;
    if source.len() > bytes_max {
        return Err(Refusal {
            code: code::IMPORT_TOO_LARGE,
            line: 1,
            message: format!("The source has more than {bytes_max} bytes."),
            remedy: "Check that it is the right file, or import one process of it alone.",
        });
    }
    let source = source.strip_prefix("\u{feff}".as_bytes()).unwrap_or(source);
    std::str::from_utf8(source).map_err(|error| Refusal {
        code: code::IMPORT_NOT_UTF8,
        line: lines(&source[..error.valid_up_to()]),
        message: format!("Byte {} is not UTF-8.", error.valid_up_to()),
        remedy: "Save the file as UTF-8.",
    })
}

/// The line on which the text after `before` stands.
pub(crate) fn lines(before: &[u8]) -> u32 {
    let feeds = before.iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(feeds + 1).unwrap_or(u32::MAX)
}

/// At most this many characters of a name or text of the source stand in a message.
const QUOTED_CHARS_MAX: usize = 200;

/// A text of the source as it stands in a message.
pub(crate) fn quoted(text: &str) -> String {
    if text.chars().nth(QUOTED_CHARS_MAX).is_none() {
        return format!("{text:?}");
    }
    let head: String = text.chars().take(QUOTED_CHARS_MAX).collect();
    format!("{head:?}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_in_the_reference() {
        let reference = include_str!("../../../docs/interchange.md");
        for (code, _) in CODES {
            assert!(reference.contains(&format!("`{code}`")), "{code} is not in the reference");
        }
    }

    #[test]
    fn a_flood_of_findings_is_cut_and_says_so() {
        let mut report = Report::default();
        for _ in 0..FINDINGS_MAX + 5 {
            report.note(code::IMPORT_ROLE_UNKNOWN, &Place::default(), "a", "b");
        }
        let (sound, findings) = report.into_findings();
        assert!(!sound);
        assert_eq!(findings.len(), FINDINGS_MAX + 1);
        assert_eq!(findings.last().map(|last| last.code), Some(code::IMPORT_MORE_FINDINGS));
    }
}
