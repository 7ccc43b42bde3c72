//! What is wrong with a definition: a stable code, where, what to do, and how to get there.

use std::fmt;

use serde::Serialize;

/// Most findings that one check reports; the rest is summed up in a last one.
pub(crate) const FINDINGS_MAX: usize = 1_000;

/// Whether a finding keeps the definition from being published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The definition cannot be published.
    Error,
    /// The definition is sound; its author should look at this.
    Warning,
}

/// One move of a counter-example: standing in `state`, somebody does `action`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TraceStep {
    /// Id of the step.
    pub state: String,
    /// Id of the action; empty in the last entry, where the story ends.
    pub action: String,
}

/// One fault of a definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable code, one of [`CODES`].
    pub code: &'static str,
    /// Whether it prevents publishing.
    pub severity: Severity,
    /// What is wrong, in English.
    pub message: String,
    /// JSON Pointer (RFC 6901) to the faulty place.
    pub path: String,
    /// Line of the file, counted from 1.
    pub line: u32,
    /// What the author should do.
    pub remedy: String,
    /// Shortest way from the start of the procedure to the fault, where there is one.
    pub trace: Vec<TraceStep>,
}

/// Everything that is wrong with a definition, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct Findings(pub Vec<Finding>);

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            let Finding { code, message, path, line, remedy, .. } = finding;
            write!(f, "line {line}: {path}: {code}: {message} {remedy}")?;
        }
        Ok(())
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $severity:ident;)*) => {
        /// The codes that findings carry. A code keeps its meaning for ever.
        pub mod code {
            $($(#[$doc])* pub const $name: &str = stringify!($name);)*
        }

        /// Every code with its severity, in the order of the author's reference.
        pub const CODES: &[(&str, Severity)] = &[$((code::$name, Severity::$severity),)*];
    };
}

codes! {
    /// The file is larger than the reader accepts.
    FILE_TOO_LARGE = Error;
    /// The file is not UTF-8.
    NOT_UTF8 = Error;
    /// The file contains U+0000.
    NUL_CHARACTER = Error;
    /// The file is not YAML.
    YAML_SYNTAX = Error;
    /// Values are nested too deeply.
    TOO_DEEP = Error;
    /// The file has too many values.
    TOO_MANY_NODES = Error;
    /// The file holds no value, or not a mapping.
    EMPTY_FILE = Error;
    /// More than one YAML document in the file.
    MULTIPLE_DOCUMENTS = Error;
    /// An anchor or alias.
    ANCHOR_OR_ALIAS = Error;
    /// A YAML tag.
    TAG_NOT_ALLOWED = Error;
    /// A merge key.
    MERGE_KEY = Error;
    /// A key that is not plain text.
    KEY_NOT_TEXT = Error;
    /// The same key twice in one mapping.
    DUPLICATE_KEY = Error;
    /// More findings than are listed.
    MORE_FINDINGS = Error;
    /// A key that the language does not know.
    UNKNOWN_KEY = Error;
    /// A required key is absent.
    MISSING_KEY = Error;
    /// A value of another type.
    WRONG_TYPE = Error;
    /// A number or length outside its range.
    OUT_OF_RANGE = Error;
    /// A word that is not on the list.
    UNKNOWN_VALUE = Error;
    /// An id, code, version, date or time that is not written as it should be.
    BAD_FORMAT = Error;
    /// A text is empty.
    EMPTY_TEXT = Error;
    /// The same id twice.
    DUPLICATE_ID = Error;
    /// An id that the language keeps for itself.
    RESERVED_ID = Error;
    /// No step of that id.
    UNKNOWN_STEP = Error;
    /// No action of that id.
    UNKNOWN_ACTION = Error;
    /// No legal ground of that id.
    UNKNOWN_GROUND = Error;
    /// No result of that id.
    UNKNOWN_RESULT = Error;
    /// No field of that name in the form.
    UNKNOWN_FIELD = Error;
    /// A number or an act without its legal ground.
    GROUND_MISSING = Error;
    /// A legal ground that nothing refers to.
    GROUND_UNUSED = Warning;
    /// A result that no action decides on.
    RESULT_UNUSED = Warning;
    /// The form leaves the allowed profile of JSON Schema.
    FORM_SCHEMA = Error;
    /// A condition does not parse or leaves its bounds.
    GUARD_INVALID = Error;
    /// A condition names a document, field or value that does not exist.
    GUARD_REFERENCE = Error;
    /// A condition reads an optional field without asking whether it is there.
    GUARD_OPTIONAL_FIELD = Error;
    /// A condition that cannot be evaluated in some case.
    GUARD_FAILS = Error;
    /// A choice ends without an else.
    CHOICE_WITHOUT_ELSE = Error;
    /// A branch behind the else of a choice.
    CHOICE_AFTER_ELSE = Error;
    /// The last limit has a condition.
    LIMIT_WITHOUT_ELSE = Error;
    /// A limit behind one without a condition.
    LIMIT_AFTER_ELSE = Error;
    /// The start step cannot be one.
    START_INVALID = Error;
    /// No way leads from the start to the step.
    STEP_UNREACHABLE = Error;
    /// No way leads from the step to an end.
    NO_WAY_TO_END = Error;
    /// A final step offers actions.
    FINAL_WITH_ACTIONS = Error;
    /// A step that is not final offers none.
    STEP_WITHOUT_ACTIONS = Error;
    /// The target does not fit the kind of step or act.
    TARGET_INVALID = Error;
    /// A change of national status that is not allowed.
    STATUS_TRANSITION = Error;
    /// A kind of step in a status that it cannot have.
    STATUS_KIND = Error;
    /// The clock of a step contradicts its status.
    STATUS_CLOCK = Error;
    /// The clock cannot go from one state to the other by this act.
    CLOCK_SEQUENCE = Error;
    /// A limit does not say how it goes on after a pause.
    RESUME_MISSING = Error;
    /// A way to go on that the unit of the limit does not know.
    RESUME_UNIT = Error;
    /// A limit speaks of a pause that never happens.
    RESUME_UNUSED = Warning;
    /// The committed limit is longer than the statutory one.
    COMMITTED_LONGER = Error;
    /// The steps together take longer than a limit.
    STEP_TIMES_EXCEED_LIMIT = Error;
    /// An action marked as rework that leads on.
    REWORK_FORWARD = Error;
    /// No action accepts the dossier.
    ACCEPT_MISSING = Error;
    /// An act from or into a status that it cannot have.
    ACT_STATUS = Error;
    /// An act without its form, or with another.
    ACT_FORM = Error;
    /// An act that needs a written reason does not ask for it.
    ACT_REASON = Error;
    /// An act by a role that cannot do it.
    ACT_ROLE = Error;
    /// A negative result is decided nowhere, or a refusal without one.
    ACT_OUTCOME = Error;
    /// Supplement requests without a maximum of rounds.
    ROUNDS_UNBOUNDED = Error;
    /// A timeout names an action that does not lapse.
    TIMEOUT_ACTION = Error;
    /// A lapse that no timeout brings about, or a wait without an end.
    TIMEOUT_MISSING = Error;
    /// A pause that waits for others without an end.
    PAUSE_WITHOUT_END = Error;
    /// A lapse that changes nothing.
    LAPSE_STAYS = Warning;
    /// A branch begins elsewhere than in one of its steps.
    BRANCH_START = Error;
    /// A way into a branch, or out of one.
    BRANCH_TARGET = Error;
    /// A step that cannot open branches, or cannot lie in one.
    BRANCH_STEP = Error;
    /// An act on the whole dossier within a branch.
    BRANCH_ACT = Error;
    /// The unit of a branch where no branch opens for each unit.
    BRANCH_UNIT = Error;
    /// From a step of a branch the branch cannot end.
    BRANCH_WITHOUT_END = Error;
    /// No branch, or no answer of it, of that id.
    UNKNOWN_ANSWER = Error;
    /// An answer outside of a branch, or beside a target.
    ANSWER_MISPLACED = Error;
    /// An answer that no action gives.
    ANSWER_NEVER_GIVEN = Warning;
    /// A join that leads nowhere.
    JOIN_TARGET = Error;
    /// An early end that never comes true.
    JOIN_NEVER = Error;
    /// Branches can come to stand so that they never come together.
    JOIN_BLOCKED = Error;
    /// No phase of that id.
    UNKNOWN_PHASE = Error;
    /// A phase that no action begins.
    PHASE_UNUSED = Warning;
    /// A document of a phase that no action begins.
    PHASE_NEVER_BEGINS = Error;
    /// A document of a phase after whose beginning nobody can hand it in.
    PHASE_WITHOUT_HAND_IN = Error;
    /// A document of a phase after whose beginning nobody checks it, although a grant rests on it.
    PHASE_UNREVIEWED = Error;
    /// No fee of that id.
    UNKNOWN_FEE = Error;
    /// An assessed fee that nobody assesses, or a fee that needs no assessment.
    FEE_ASSESSMENT = Error;
    /// A form field of another type than is needed.
    FIELD_TYPE = Error;
    /// A rule of four eyes that nobody can keep.
    FOUR_EYES = Error;
    /// A rule of four eyes over steps that never come before.
    FOUR_EYES_NEVER = Warning;
    /// An extension without its amount, or an amount without an extension.
    ACT_EXTENSION = Error;
    /// A change of variant where there is one variant.
    ACT_VARIANT = Error;
    /// An act of the system without its condition.
    PROCEED_WHEN = Error;
    /// Acts of the system that follow each other for ever.
    PROCEED_CIRCLE = Error;
    /// A limit starts at an act that no action is.
    LIMIT_START = Error;
    /// Steps pause the clock of a limit that is not there.
    LIMITS_MISSING = Error;
    /// A further clock that nothing stops.
    CLOCK_NEVER_STOPS = Error;
    /// Values of types that do not go together.
    GUARD_TYPE = Error;
    /// A condition that always holds, or never.
    GUARD_CONSTANT = Warning;
    /// A row that the rows before leave no case.
    ROW_UNREACHABLE = Warning;
    /// A form for which no variant may be chosen.
    VARIANT_HOLE = Warning;
    /// A step in which it may happen that nothing can be done.
    STEP_MAY_BLOCK = Warning;
    /// An examination that can only end with a grant.
    EXAMINATION_ONLY_GRANTS = Warning;
    /// Limits of the same start in different kinds of days.
    LIMIT_UNITS_MIXED = Warning;
    /// Limits that differ by the channel alone.
    LIMIT_CHANNELS = Warning;
    /// A fee that looks as if digits were missing.
    FEE_AMOUNT = Warning;
    /// A fee collected in processing that nothing waits for.
    FEE_UNAWAITED = Warning;
    /// An amount of time that looks like another unit.
    DURATION_ABSURD = Warning;
    /// No unit that plays a part.
    OFFICE_UNIT = Error;
    /// An office in which a role has nobody.
    OFFICE_ROLE = Error;
    /// An office too small for four eyes.
    OFFICE_FOUR_EYES = Error;
}

pub(crate) fn severity_of(code: &str) -> Severity {
    let known = CODES.iter().find(|(name, _)| *name == code);
    known.map_or(Severity::Error, |(_, severity)| *severity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_print_one_a_line_with_their_place() {
        let finding = |line| Finding {
            code: code::UNKNOWN_STEP,
            severity: Severity::Error,
            message: "No step is named \"aproved\".".into(),
            path: "/steps/2/actions/0/to".into(),
            line,
            remedy: "Did you mean \"approved\"?".into(),
            trace: Vec::new(),
        };
        let text = Findings(vec![finding(7), finding(9)]).to_string();
        assert_eq!(text.lines().count(), 2);
        assert!(text.starts_with("line 7: /steps/2/actions/0/to: UNKNOWN_STEP: No step is named"));
    }

    #[test]
    fn every_code_is_explained_to_authors() {
        let reference = include_str!("../../../docs/procedures.md");
        for (code, _) in CODES {
            assert!(reference.contains(&format!("`{code}`")), "{code} is not in the reference");
        }
    }
}
