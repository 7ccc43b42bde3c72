//! Conditions over a case: CEL expressions, bounded when compiled and when run.
//!
//! A condition sees these variables: `form`, `channel`, `variant`, `proxy`, `owners`,
//! `documents.ID.{present,source,found,electronic_signed}`, `receiving.{id,kind,area}`,
//! `competent.{id,kind,area}`, `outcome` (null until one is decided), `submitted_on` (the day as
//! text), `answers.BRANCH.ANSWER` (how many branches ended so) and `fees.ID.{owed,paid}`. It knows
//! the operators of CEL, `has`, `size`, `contains`, `startsWith`, `endsWith`, `in` and the list
//! macros, and nothing else. An optional field of the form is read behind `has(form.field)`.
//!
//! A [`Formula`] is the same with a whole number as its value.

pub(crate) mod cases;
pub(crate) mod total;
mod tree;
pub(crate) mod typing;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, LazyLock};

use cel::parser::PrattParser;
use cel::{Context, Env, IdedExpr, Value};
use jiff::civil::Date;

use crate::definition::Channel;
use crate::form::FormSchema;

pub(crate) use tree::Reads;

/// Longest condition, bytes.
pub const GUARD_BYTES_MAX: usize = 2_048;
/// Most nodes of the tree of a condition, macros expanded.
pub const GUARD_NODES_MAX: usize = 256;
/// Deepest nesting of a condition.
pub const GUARD_DEPTH_MAX: usize = 32;

/// Why a condition cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuardError {
    /// The text, its tree or its nesting is too large.
    #[error("The condition has {found} {what}; at most {max}.")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        found: usize,
        /// How much is allowed.
        max: usize,
    },
    /// Not CEL.
    #[error("The condition does not parse: {0}.")]
    Syntax(String),
    /// A part of CEL that conditions do not use.
    #[error("The condition uses {0}, which is not allowed.")]
    Forbidden(String),
    /// The condition gave something else than true or false.
    #[error("The condition {text:?} gave {found}, not true or false.")]
    NotBoolean {
        /// The condition.
        text: String,
        /// Type of what it gave.
        found: &'static str,
    },
    /// The formula gave something else than a whole number.
    #[error("The formula {text:?} gave {found}, not a whole number.")]
    NotWhole {
        /// The formula.
        text: String,
        /// Type of what it gave.
        found: &'static str,
    },
    /// The condition could not be evaluated for this case.
    #[error("The condition {text:?} could not be evaluated: {cause}.")]
    Evaluation {
        /// The condition.
        text: String,
        /// What went wrong.
        cause: String,
    },
}

/// What a condition is asked about.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The form, an object that its schema accepts.
    pub form: &'a serde_json::Value,
    /// How the dossier was filed.
    pub channel: Channel,
    /// Id of the chosen variant.
    pub variant: &'a str,
    /// Whether an authorised person acts.
    pub proxy: bool,
    /// Number of owners.
    pub owners: u32,
    /// What is known of each document, by id; a document that is missing here is not present.
    pub documents: &'a BTreeMap<String, DocumentFacts>,
    /// The centre that received the dossier.
    pub receiving: UnitFacts<'a>,
    /// The agency that decides.
    pub competent: UnitFacts<'a>,
    /// Id of the result decided on, if any.
    pub outcome: Option<&'a str>,
    /// Day of submission at the centre.
    pub submitted_on: Date,
    /// How many branches ended with each answer, by ids of branch and answer; absent means none.
    pub answers: &'a BTreeMap<String, BTreeMap<String, u32>>,
    /// The money owed, by id of the fee; one that is absent is not owed.
    pub fees: &'a BTreeMap<String, FeeFacts>,
}

/// What a condition may know of a fee.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeeFacts {
    /// It is owed in this case, paid or not.
    pub owed: bool,
    /// It has been paid.
    pub paid: bool,
}

/// What a condition may know of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentFacts {
    /// Handed in, shown or found.
    pub present: bool,
    /// Where it came from: `upload`, `presented` or `look_up`; empty while absent.
    pub source: String,
    /// A look-up found it.
    pub found: bool,
    /// An electronic document with a valid signature.
    pub electronic_signed: bool,
}

/// What a condition may know of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitFacts<'a> {
    /// Id of the unit.
    pub id: &'a str,
    /// Kind: `provincial_centre`, `commune_centre`, `commune`, `department` and others.
    pub kind: &'a str,
    /// Area: `ordinary`, `mountain`, `border` or `island`.
    pub area: &'a str,
}

/// A compiled condition.
#[derive(Clone)]
pub struct Guard {
    text: String,
    tree: Arc<IdedExpr>,
    reads: Reads,
}

impl Guard {
    /// Compiles a condition.
    ///
    /// # Errors
    /// When it is too large, does not parse, or uses what conditions may not.
    pub fn compile(text: &str) -> Result<Guard, GuardError> {
        if text.len() > GUARD_BYTES_MAX {
            let (found, max) = (text.len(), GUARD_BYTES_MAX);
            return Err(GuardError::TooLarge { what: "bytes", found, max });
        }
        let depth = u16::try_from(GUARD_DEPTH_MAX).expect("the depth is small");
        let parser = PrattParser::new().max_recursion_depth(depth).error_reporting_limit(1);
        let tree = parser.parse(text).map_err(|errors| {
            let first = errors.errors.first();
            let message = first.map_or("no expression", |error| error.msg.as_str());
            GuardError::Syntax(message.trim().trim_end_matches('.').to_owned())
        })?;
        let reads = tree::inspect(&tree)?;
        Ok(Guard { text: text.to_owned(), tree: Arc::new(tree), reads })
    }

    /// The condition as its author wrote it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the condition looks at one of these variables, such as `outcome`.
    pub fn looks_at(&self, variables: &[&str]) -> bool {
        self.reads.variables.iter().any(|name| variables.contains(&name.as_str()))
    }

    /// What the condition looks at.
    pub(crate) fn reads(&self) -> &Reads {
        &self.reads
    }

    /// What is wrong with its types, when it should be `wanted`.
    pub(crate) fn type_faults(&self, form: &FormSchema, wanted: &typing::Type<'_>) -> Vec<String> {
        typing::faults(&self.tree, form, wanted)
    }

    /// For which reasons it may have no value.
    pub(crate) fn gaps(&self, form: &FormSchema) -> BTreeSet<total::Gap> {
        total::gaps(&self.tree, form)
    }

    /// Whether the condition holds for the case.
    ///
    /// # Errors
    /// When it reads a field that is absent, compares what cannot be compared, or gives something
    /// else than true or false.
    pub fn holds(&self, facts: &Facts<'_>) -> Result<bool, GuardError> {
        match self.value(facts)? {
            Value::Bool(holds) => Ok(holds),
            other => {
                let found = value::type_name(&other);
                Err(GuardError::NotBoolean { text: self.text.clone(), found })
            }
        }
    }

    fn value(&self, facts: &Facts<'_>) -> Result<Value, GuardError> {
        static STANDARD: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));
        let mut context = Context::with_env(Arc::clone(&STANDARD));
        for name in &self.reads.variables {
            if let Some(value) = value::variable(name, facts, &self.reads) {
                context.add_variable_from_value(name.clone(), value);
            }
        }
        Value::resolve(&self.tree, &context).map_err(|error| {
            let cause = value::cause(&error);
            GuardError::Evaluation { text: self.text.clone(), cause }
        })
    }
}

/// A compiled expression whose value is a whole number.
#[derive(Clone)]
pub struct Formula(Guard);

impl Formula {
    /// Compiles a formula.
    ///
    /// # Errors
    /// When it is too large, does not parse, or uses what conditions may not.
    pub fn compile(text: &str) -> Result<Formula, GuardError> {
        Guard::compile(text).map(Formula)
    }

    /// The formula as its author wrote it.
    pub fn text(&self) -> &str {
        self.0.text()
    }

    /// The same expression as a condition sees it, for the checks of what it reads.
    pub(crate) fn expression(&self) -> &Guard {
        &self.0
    }

    /// The value for a case.
    ///
    /// # Errors
    /// When it reads a field that is absent, computes what cannot be computed, or gives something
    /// else than a whole number.
    pub fn value(&self, facts: &Facts<'_>) -> Result<i64, GuardError> {
        match self.0.value(facts)? {
            Value::Int(value) => Ok(value),
            other => {
                let found = value::type_name(&other);
                Err(GuardError::NotWhole { text: self.0.text.clone(), found })
            }
        }
    }
}

impl fmt::Debug for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Formula").field(&self.0.text).finish()
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Guard").field(&self.text).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn holds(text: &str) -> Result<bool, GuardError> {
        let form = json!({ "case": "abandoned", "copies": 3, "big": i64::MAX,
            "names": ["An", "Bình"], "father": { "known": true } });
        let looked_up = DocumentFacts {
            present: true,
            source: "look_up".into(),
            found: true,
            electronic_signed: false,
        };
        let documents = BTreeMap::from([("D4".to_owned(), looked_up)]);
        let facts = Facts {
            form: &form,
            channel: Channel::Online,
            variant: "ordinary",
            proxy: false,
            owners: 2,
            documents: &documents,
            receiving: UnitFacts { id: "H49", kind: "provincial_centre", area: "ordinary" },
            competent: UnitFacts { id: "H49.1", kind: "commune", area: "island" },
            outcome: None,
            submitted_on: jiff::civil::date(2026, 11, 27),
            answers: &BTreeMap::from([(
                "agencies".into(),
                BTreeMap::from([("consent".into(), 2)]),
            )]),
            fees: &BTreeMap::from([("permit".into(), FeeFacts { owed: true, paid: false })]),
        };
        Guard::compile(text)?.holds(&facts)
    }

    #[test]
    fn a_condition_sees_the_whole_case() {
        for text in [
            "channel == 'online'",
            "form.case == \"abandoned\" && !proxy",
            "form.copies + 1 == 4 && owners == 2",
            "form.names.exists(n, n == 'Bình')",
            "size(form.names) == 2",
            "form.father.known",
            "submitted_on >= '2026-01-01' && submitted_on < '2027-01-01'",
            "answers.agencies.consent == 2 && answers.agencies.objection == 0",
            "fees.permit.owed && !fees.permit.paid && !fees.tax.owed",
            "documents.D4.found && documents.D4.source == 'look_up'",
            "!documents.D9.present",
            "receiving.kind == 'provincial_centre' && competent.area in ['island', 'border']",
            "outcome == null",
            "!has(form.mother)",
            "has(form.case) && size(form) == 5 && form['copies'] == 3",
            "variant.startsWith('ord')",
        ] {
            assert_eq!(holds(text), Ok(true), "{text}");
        }
    }

    #[test]
    fn a_result_that_is_not_a_truth_value_is_an_error() {
        assert!(matches!(holds("form.copies"), Err(GuardError::NotBoolean { found: "int", .. })));
    }

    #[test]
    fn a_field_that_is_absent_is_an_error_and_never_a_silent_no() {
        assert!(matches!(holds("form.mother == 'x'"), Err(GuardError::Evaluation { .. })));
    }

    #[test]
    fn overflow_is_an_error() {
        assert!(matches!(holds("form.big + 1 > 0"), Err(GuardError::Evaluation { .. })));
    }

    #[test]
    fn conditions_are_bounded() {
        let refused = |text: &str| Guard::compile(text).expect_err(&text[..text.len().min(40)]);
        assert!(matches!(refused(&"a".repeat(3_000)), GuardError::TooLarge { what: "bytes", .. }));
        let sum = vec!["1"; 400].join("+");
        assert!(matches!(refused(&format!("{sum} > 1")), GuardError::TooLarge { .. }));
        let long = vec!["owners == 1"; 100].join(" || ");
        assert!(matches!(refused(&long), GuardError::TooLarge { .. }));
    }

    #[test]
    fn nesting_never_overflows_the_stack() {
        for (open, middle, close) in [
            ("(", "true", ")"),
            ("[", "1", "]"),
            ("!", "true", ""),
            ("-", "1", ""),
            ("{1:", "1", "}"),
            ("size(", "form", ")"),
            ("true?", "true", ":true"),
            ("1+", "1", ""),
            ("true&&", "true", ""),
            ("form.a", "", ".b"),
            ("form[", "0", "]"),
            ("has(form.a)||(", "true", ")"),
            ("[1].all(x,", "true", ")"),
        ] {
            let times = (GUARD_BYTES_MAX - middle.len()) / (open.len() + close.len());
            let text = format!("{}{middle}{}", open.repeat(times), close.repeat(times));
            let _ = holds(&text);
            for cut in [times / 2, times] {
                let _ = Guard::compile(&open.repeat(cut));
            }
        }
    }

    #[test]
    fn what_costs_or_surprises_is_refused() {
        for text in [
            "form.a.all(x, form.b.all(y, x == y))",
            "form.a.map(x, form.b.filter(y, y))[0]",
            "Thing{a: 1} == 1",
            "now() > 1",
            "form.a.matches('a+')",
            "duration('1h') > duration('2h')",
            "secret == 1",
            "{'a': 1}.a == 1",
            "1.5 > 1.0",
            "b'a' == b'a'",
        ] {
            let refused = Guard::compile(text);
            assert!(matches!(refused, Err(GuardError::Forbidden(_))), "{text}: {refused:?}");
        }
    }

    #[test]
    fn guards_may_be_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Guard>();
    }

    const CEL_LIKE: &str = concat!(
        "(form|owners|\\.a|\\(|\\)|\\[|\\]|\\?|:| == |&&|!|-|1|'x'",
        "|\\.all\\(x,|has\\(|\\{|\\}|,| in ){0,60}",
    );

    proptest! {
        #[test]
        fn any_text_compiles_or_is_refused(text in "\\PC{0,200}") {
            let _ = Guard::compile(&text);
        }

        #[test]
        fn any_cel_like_text_compiles_or_is_refused(
            text in CEL_LIKE
        ) {
            if let Ok(guard) = Guard::compile(&text) {
                prop_assert_eq!(guard.text(), text.as_str());
            }
        }
    }
}
