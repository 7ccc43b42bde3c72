//! The words of the language and what they stand for.

use motcua_deadlines::Unit;

use crate::definition::{
    Act, Channel, ClockStart, Collect, DocumentKind, HandIn, Kind, Level, NumberAt, PauseGround,
    Role, StepKind, UnitRef,
};

/// A closed list of words.
pub(crate) type Words<T> = [(&'static str, T)];

pub(crate) const LEVELS: &Words<Level> =
    &[("commune", Level::Commune), ("province", Level::Province), ("ministry", Level::Ministry)];

pub(crate) const KINDS: &Words<Kind> =
    &[("procedure", Kind::Procedure), ("petition", Kind::Petition), ("feedback", Kind::Feedback)];

pub(crate) const CHANNELS: &Words<Channel> =
    &[("counter", Channel::Counter), ("online", Channel::Online), ("post", Channel::Post)];

pub(crate) const NUMBER_AT: &Words<NumberAt> =
    &[("accept", NumberAt::Accept), ("submit", NumberAt::Submit)];

pub(crate) const DOCUMENT_KINDS: &Words<DocumentKind> = &[
    ("original", DocumentKind::Original),
    ("copy", DocumentKind::Copy),
    ("certified_copy", DocumentKind::CertifiedCopy),
    ("electronic", DocumentKind::Electronic),
];

pub(crate) const HAND_INS: &Words<HandIn> =
    &[("submit", HandIn::Submit), ("present", HandIn::Present), ("look_up", HandIn::LookUp)];

pub(crate) const COLLECTS: &Words<Collect> = &[
    ("reception", Collect::Reception),
    ("processing", Collect::Processing),
    ("delivery", Collect::Delivery),
];

pub(crate) const CLOCK_STARTS: &Words<ClockStart> = &[
    ("accept", ClockStart::Accept),
    ("admit", ClockStart::Admit),
    ("submitted", ClockStart::Submitted),
];

pub(crate) const UNITS: &Words<Unit> = &[
    ("working_day", Unit::WorkingDay),
    ("calendar_day", Unit::CalendarDay),
    ("working_hour", Unit::WorkingHour),
    ("same_day", Unit::SameDay),
    ("month", Unit::Month),
];

pub(crate) const PAUSE_GROUNDS: &Words<PauseGround> = &[
    ("supplement", PauseGround::Supplement),
    ("payment", PauseGround::Payment),
    ("withdrawal", PauseGround::Withdrawal),
    ("verification", PauseGround::Verification),
    ("applicant", PauseGround::Applicant),
];

pub(crate) const STEP_KINDS: &Words<StepKind> = &[
    ("task", StepKind::Task),
    ("applicant", StepKind::Applicant),
    ("supplement", StepKind::Supplement),
    ("withdrawal", StepKind::Withdrawal),
    ("final", StepKind::Final),
];

pub(crate) const UNIT_REFS: &Words<UnitRef> = &[
    ("receiving", UnitRef::Receiving),
    ("competent", UnitRef::Competent),
    ("chosen", UnitRef::Chosen),
    ("branch", UnitRef::Branch),
];

/// The acts with their names.
pub(crate) fn acts() -> Vec<(&'static str, Act)> {
    Act::ALL.into_iter().map(|act| (act.as_str(), act)).collect()
}

/// The roles with their names.
pub(crate) fn roles() -> Vec<(&'static str, Role)> {
    Role::ALL.into_iter().map(|role| (role.as_str(), role)).collect()
}

/// The name of a pause ground in definitions.
pub(crate) fn pause_ground(ground: PauseGround) -> &'static str {
    let known = PAUSE_GROUNDS.iter().find(|(_, known)| *known == ground);
    known.map_or("", |(name, _)| name)
}

/// The name of a unit of time in definitions.
pub(crate) fn unit(unit: Unit) -> &'static str {
    UNITS.iter().find(|(_, known)| *known == unit).map_or("", |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_names_used_everywhere_else() {
        assert!(CHANNELS.iter().all(|(name, channel)| *name == channel.as_str()));
        assert!(PAUSE_GROUNDS.iter().all(|(name, ground)| *name == pause_ground(*ground)));
        assert!(UNITS.iter().all(|(name, known)| *name == unit(*known)));
    }
}
