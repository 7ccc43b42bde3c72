//! Whether real offices can carry a procedure out: roles are filled, four eyes are two people.

use std::collections::BTreeSet;

use crate::definition::{Action, Definition, Role, Step, StepKind, UnitRef};
use crate::finding::{Finding, code};
use crate::procedure::Procedure;
use crate::read::Reader;
use crate::yaml;

/// The people of a unit and what each of them may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficeStaff {
    /// Id of the unit, for the message.
    pub unit: String,
    /// What the unit does for the dossiers of the procedure.
    pub serves: BTreeSet<OfficePart>,
    /// The roles of each person.
    pub people: Vec<BTreeSet<Role>>,
}

/// A part that a unit plays for a dossier; the same unit may play both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OfficePart {
    /// It receives dossiers.
    Receiving,
    /// It decides on them.
    Competent,
}

/// What keeps the offices from carrying the procedure out: for each place the smallest office in
/// which a role has nobody, or in which whoever must not do both would have to.
///
/// ```
/// # use motcua_procedures::{OfficePart, OfficeStaff, check_offices, parse};
/// # let source = include_bytes!("../../../../catalogue/marriage-registration.yaml");
/// let procedure = parse(source)?;
/// let nobody = OfficeStaff {
///     unit: "H49.1".into(),
///     serves: [OfficePart::Receiving].into(),
///     people: Vec::new(),
/// };
/// assert!(!check_offices(&procedure, &[nobody]).is_empty());
/// # Ok::<(), motcua_procedures::Findings>(())
/// ```
pub fn check_offices(procedure: &Procedure, offices: &[OfficeStaff]) -> Vec<Finding> {
    let Some(root) = yaml::read(procedure.source()).root else {
        return Vec::new();
    };
    let mut reader = Reader::new(&root);
    let Some(draft) = reader.read() else {
        return Vec::new();
    };
    let mut offices: Vec<&OfficeStaff> = offices.iter().collect();
    offices.sort_by_key(|office| office.people.len());
    let mut seen = BTreeSet::new();
    for office in offices {
        let steps = draft.definition.steps.iter().zip(&draft.steps_at);
        for (index, (step, at)) in steps.enumerate() {
            if step.kind != StepKind::Final && !is_filled(office, step.unit, &[step.role]) {
                let role = step.role.as_str();
                let message = format!(
                    "In {} ({}) nobody is {role}, who works on step {:?}.",
                    office.unit,
                    people(office),
                    step.id
                );
                let remedy = "Give somebody there the role, or let another role do it.";
                note(
                    &mut reader,
                    &mut seen,
                    code::OFFICE_ROLE,
                    &format!("{at}/role"),
                    message,
                    remedy,
                );
            }
            for (action, at) in step.actions.iter().zip(&draft.actions_at[index]) {
                one_action(&mut reader, &mut seen, &draft.definition, office, action, at);
            }
        }
    }
    reader.into_findings()
}

fn one_action(
    reader: &mut Reader<'_>,
    seen: &mut BTreeSet<(&'static str, String)>,
    definition: &Definition,
    office: &OfficeStaff,
    action: &Action,
    at: &str,
) {
    if !is_filled(office, action.unit, &action.roles) {
        let roles: Vec<&str> = action.roles.iter().map(|role| role.as_str()).collect();
        let message = format!(
            "In {} ({}) nobody may do {:?}: it takes {}.",
            office.unit,
            people(office),
            action.id,
            roles.join(" or ")
        );
        let remedy = "Give somebody there the role, or let another role do it.";
        note(reader, seen, code::OFFICE_ROLE, &format!("{at}/roles"), message, remedy);
    } else if !four_eyes(definition, office, action) {
        let message = format!(
            "In {} ({}) the same person would have worked on {} and do {:?}.",
            office.unit,
            people(office),
            action.not_by.join(", "),
            action.id
        );
        let remedy = "Give the role to a second person, or let the act be done elsewhere.";
        note(reader, seen, code::OFFICE_FOUR_EYES, &format!("{at}/not_by"), message, remedy);
    }
}

/// The first finding of a kind at a place is of the smallest office.
fn note(
    reader: &mut Reader<'_>,
    seen: &mut BTreeSet<(&'static str, String)>,
    code: &'static str,
    at: &str,
    message: String,
    remedy: &str,
) {
    if seen.insert((code, at.to_owned())) {
        reader.report(code, at, message, remedy, Vec::new());
    }
}

fn people(office: &OfficeStaff) -> String {
    match office.people.len() {
        1 => "1 person".into(),
        count => format!("{count} people"),
    }
}

/// Whether the staff of the office does it at all, and somebody of it can.
fn is_filled(office: &OfficeStaff, unit: UnitRef, roles: &[Role]) -> bool {
    let outside = [Role::Applicant, Role::System, Role::FrontEnd, Role::PostalAgent];
    let elsewhere = !is_of(office, unit) || roles.iter().any(|role| outside.contains(role));
    elsewhere || office.people.iter().any(|held| roles.iter().any(|role| held.contains(role)))
}

fn is_of(office: &OfficeStaff, unit: UnitRef) -> bool {
    match unit {
        UnitRef::Receiving => office.serves.contains(&OfficePart::Receiving),
        UnitRef::Competent => office.serves.contains(&OfficePart::Competent),
        UnitRef::Chosen | UnitRef::Branch => false,
    }
}

/// Whether somebody can do the action while others can have held the steps that it excludes.
fn four_eyes(definition: &Definition, office: &OfficeStaff, action: &Action) -> bool {
    let excluded: Vec<&Step> =
        definition.steps.iter().filter(|step| action.not_by.contains(&step.id)).collect();
    let here = excluded.into_iter().filter(|step| is_of(office, step.unit));
    let roles: Vec<Role> = here.map(|step| step.role).collect();
    if roles.is_empty() || !is_of(office, action.unit) {
        return true;
    }
    let numbered = || office.people.iter().enumerate();
    let mut able = numbered().filter(|(_, held)| action.roles.iter().any(|r| held.contains(r)));
    able.any(|(person, _)| {
        roles
            .iter()
            .all(|role| numbered().any(|(other, held)| other != person && held.contains(role)))
    })
}
