//! A process as far as a foreign notation can say it: what lies between source and draft.
//!
//! Nothing here is a guess. What the source does not say is absent, and the draft shows a
//! placeholder for it.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Place;

/// A procedure as far as the source carries it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outline {
    /// Where it comes from, for the head of the draft.
    pub(crate) origin: String,
    /// Its name.
    pub(crate) name: Label,
    /// Where it stands in the source.
    pub(crate) at: Place,
    /// The limit of the whole.
    pub(crate) limit: Option<Span>,
    /// Id of the step in which it begins.
    pub(crate) start: Option<String>,
    /// Ids of steps that something of the source leads to which was declined.
    pub(crate) orphans: Vec<String>,
    /// The steps of the main line.
    pub(crate) steps: Vec<Step>,
}

/// A name, in as many languages as the source has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Label {
    /// Vietnamese.
    pub(crate) vi: Option<String>,
    /// English.
    pub(crate) en: Option<String>,
}

impl Label {
    /// A name of unknown language: Vietnamese when it has letters that only Vietnamese has.
    pub(crate) fn of(name: &str) -> Self {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        if name.is_empty() {
            return Self::default();
        }
        let only_vietnamese =
            |c: char| "ăđơưĂĐƠƯ".contains(c) || ('\u{1ea0}'..='\u{1ef9}').contains(&c);
        match name.chars().any(only_vietnamese) {
            true => Self { vi: Some(name), en: None },
            false => Self { vi: None, en: Some(name) },
        }
    }
}

/// An amount of time. Without a unit the source does not say which time counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// How many; none when the source is not in whole units.
    pub(crate) amount: Option<u32>,
    /// A unit of the language.
    pub(crate) unit: Option<String>,
    /// What the source says, in words.
    pub(crate) source: String,
}

/// A state, task or event that the process stands in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Step {
    /// Id in the draft.
    pub(crate) id: String,
    /// What the source calls it.
    pub(crate) called: String,
    /// Where it stands in the source.
    pub(crate) at: Place,
    /// Its name.
    pub(crate) name: Label,
    /// Kind of the language other than `task`; final steps are `final`.
    pub(crate) kind: Option<String>,
    /// National status.
    pub(crate) status: Option<String>,
    /// Our role.
    pub(crate) role: Option<String>,
    /// Our unit.
    pub(crate) unit: Option<String>,
    /// Roles of the source.
    pub(crate) source_roles: Vec<String>,
    /// Time allotted.
    pub(crate) time: Option<Span>,
    /// What happens when nobody acts.
    pub(crate) timeout: Option<Timeout>,
    /// Branches and join; the draft of a refused fork has none of either.
    pub(crate) parallel: Option<Parallel>,
    /// What may be done.
    pub(crate) actions: Vec<Action>,
}

impl Step {
    /// Whether nothing happens any more.
    pub(crate) fn is_final(&self) -> bool {
        self.kind.as_deref() == Some("final")
    }
}

/// What happens when nobody acts in time.
#[derive(Clone, Debug)]
pub(crate) struct Timeout {
    /// After how long.
    pub(crate) after: Span,
    /// Id of the action.
    pub(crate) action: String,
}

/// What is done at the same time.
#[derive(Clone, Debug)]
pub(crate) enum Parallel {
    /// A block.
    Block {
        /// Its branches.
        branches: Vec<Branch>,
        /// Where it leads.
        join: Lead,
    },
    /// The source forks without a block; a finding says so.
    Refused,
}

/// One branch.
#[derive(Clone, Debug)]
pub(crate) struct Branch {
    /// Id within the step.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: Label,
    /// Opened only when this holds.
    pub(crate) when: Option<Condition>,
    /// Opened once for each unit.
    pub(crate) each_unit: bool,
    /// Id of its first step.
    pub(crate) start: Option<String>,
    /// What it can end with.
    pub(crate) answers: Vec<String>,
    /// Its steps.
    pub(crate) steps: Vec<Step>,
}

/// Something that may be done.
#[derive(Clone, Debug, Default)]
pub(crate) struct Action {
    /// Id within the step.
    pub(crate) id: String,
    /// What the source calls it.
    pub(crate) called: String,
    /// Its name.
    pub(crate) name: Label,
    /// Our lawful act.
    pub(crate) act: Option<String>,
    /// Our roles; empty when the step's.
    pub(crate) roles: Vec<String>,
    /// Roles of the source, where they differ from those of the step.
    pub(crate) source_roles: Vec<String>,
    /// Allowed only when this holds.
    pub(crate) when: Option<Condition>,
    /// Where it leads.
    pub(crate) lead: Lead,
}

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// In the language of ours.
    Ours(String),
    /// In another language, as it stands in the source.
    Foreign(String),
}

impl Condition {
    /// Holds when both hold.
    pub(crate) fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Ours(a), Self::Ours(b)) => Self::Ours(format!("({a}) && ({b})")),
            (Self::Ours(a) | Self::Foreign(a), Self::Ours(b) | Self::Foreign(b)) => {
                Self::Foreign(format!("{a} and {b}"))
            }
        }
    }
}

/// Where an action leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Lead {
    /// Nowhere that exists; a finding says so.
    #[default]
    Nowhere,
    /// To a step.
    To(String),
    /// To the first whose condition holds.
    Choice(Vec<Way>),
    /// Out of the branch, with an answer.
    Answer(String),
    /// It stays.
    Stay,
    /// Back to the step that was interrupted.
    Back,
}

impl Lead {
    /// Ids of the steps that it may lead to.
    pub(crate) fn targets(&self) -> Vec<&str> {
        match self {
            Self::To(step) => vec![step],
            Self::Choice(ways) => ways.iter().filter_map(|way| way.to.as_deref()).collect(),
            Self::Nowhere | Self::Answer(_) | Self::Stay | Self::Back => Vec::new(),
        }
    }
}

/// One way of a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    /// Its condition; none for the last.
    pub(crate) when: Option<Condition>,
    /// Where it leads; none when that does not exist.
    pub(crate) to: Option<String>,
}

/// Longest id of the language, bytes.
const ID_BYTES_MAX: usize = 64;

/// The nearest id of the language to a name of the source.
pub(crate) fn id_of(name: &str) -> String {
    let fit = |c: char| if c.is_ascii_alphanumeric() || "_-.".contains(c) { c } else { '_' };
    let mut id: String = name.trim().chars().map(fit).take(ID_BYTES_MAX).collect();
    if !id.starts_with(|c: char| c.is_ascii_alphabetic()) {
        id.insert_str(0, "s_");
    }
    id.truncate(ID_BYTES_MAX);
    id
}

/// The nearest id of a step: some words mean something else in a target.
pub(crate) fn step_id_of(name: &str) -> String {
    let id = id_of(name);
    match ["stay", "back", "end"].contains(&id.as_str()) {
        true => format!("s_{id}"),
        false => id,
    }
}

/// Ids that are given out once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ids {
    taken: BTreeSet<String>,
    /// The number that the next namesake of an id gets.
    next: BTreeMap<String, usize>,
}

impl Ids {
    /// The id itself, or one like it when it is taken.
    pub(crate) fn take(&mut self, id: String) -> String {
        if self.taken.insert(id.clone()) {
            return id;
        }
        // Numbers go on where the last namesake stopped, so that many of them stay cheap.
        let number = self.next.entry(id.clone()).or_insert(2);
        loop {
            let end = format!("-{number}");
            let numbered = format!("{}{end}", &id[..id.len().min(ID_BYTES_MAX - end.len())]);
            *number += 1;
            if self.taken.insert(numbered.clone()) {
                return numbered;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sources_become_ids_of_the_language() {
        assert_eq!(id_of("PENDING_APPROVAL"), "PENDING_APPROVAL");
        assert_eq!(id_of("Kiểm tra"), "Ki_m_tra");
        assert_eq!(id_of("1st"), "s_1st");
        assert_eq!((id_of("end"), step_id_of("end")), ("end".into(), "s_end".into()));
        assert_eq!(id_of(&"x".repeat(100)).len(), ID_BYTES_MAX);
        let mut ids = Ids::default();
        let taken: Vec<String> =
            ["a", "a-2", "a", "a"].iter().map(|id| ids.take((*id).to_owned())).collect();
        assert_eq!(taken, ["a", "a-2", "a-3", "a-4"]);
        ids.take("x".repeat(64));
        assert_eq!(ids.take("x".repeat(64)).len(), ID_BYTES_MAX);
    }

    #[test]
    fn only_letters_that_other_languages_lack_make_a_name_vietnamese() {
        assert_eq!(Label::of("Tiếp nhận").en, None);
        assert_eq!(Label::of("Prüfung").vi, None);
        assert_eq!(Label::of("  "), Label::default());
    }
}
