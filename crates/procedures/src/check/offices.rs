//! Whether real offices can carry a procedure out: roles are filled, four eyes are two people.

use std::collections::BTreeSet;

use super::interrupts;
use crate::definition::{Act, Action, Definition, Role, Step, StepKind, Target, UnitRef};
use crate::finding::{Finding, code};
use crate::procedure::Procedure;
use crate::read::{Draft, Reader};
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

/// The people of a province, as far as procedures ask for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Staffing {
    /// The offices that receive and decide.
    pub offices: Vec<OfficeStaff>,
    /// Roles that somebody has in any unit.
    pub roles: BTreeSet<Role>,
}

/// What keeps a province from carrying the procedure out: what [`check_offices`] finds, and besides
/// that no centre receives anything, or that a role that is asked for elsewhere has nobody anywhere.
pub fn check_staffing(procedure: &Procedure, staffing: &Staffing) -> Vec<Finding> {
    with_draft(procedure, |reader, draft, seen| {
        each_office(reader, draft, seen, &staffing.offices);
        let receives = |office: &OfficeStaff| office.serves.contains(&OfficePart::Receiving);
        let nobody_receives = !staffing.offices.iter().any(receives);
        let steps = draft.definition.steps.iter().zip(&draft.steps_at);
        for (index, (step, at)) in steps.enumerate() {
            if nobody_receives && step.unit == UnitRef::Receiving && step.kind != StepKind::Final {
                let message = "No unit of the register receives dossiers.";
                let remedy = "Enter a centre that exists on the day of effect.";
                if !seen.iter().any(|(known, _)| *known == code::OFFICE_UNIT) {
                    let at = format!("{at}/unit");
                    note(reader, seen, code::OFFICE_UNIT, &at, message.into(), remedy);
                }
            }
            if step.kind != StepKind::Final {
                anywhere(reader, seen, staffing, &[step.role], &format!("{at}/role"));
            }
            for (action, at) in step.actions.iter().zip(&draft.actions_at[index]) {
                anywhere(reader, seen, staffing, &action.roles, &format!("{at}/roles"));
            }
        }
    })
}

/// Whether somebody has one of the roles in any unit.
fn anywhere(
    reader: &mut Reader<'_>,
    seen: &mut Seen,
    staffing: &Staffing,
    roles: &[Role],
    at: &str,
) {
    let is_filled = roles.iter().any(|role| is_outside(*role) || staffing.roles.contains(role));
    if !is_filled {
        let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
        let message = format!("In no unit of the register is anybody {}.", names.join(" or "));
        let remedy = "Give somebody the role, or let another role do it.";
        note(reader, seen, code::OFFICE_ROLE, at, message, remedy);
    }
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
    with_draft(procedure, |reader, draft, seen| each_office(reader, draft, seen, offices))
}

/// Places at which something was found, by code.
type Seen = BTreeSet<(&'static str, String)>;

/// What a check finds in the file of the procedure.
fn with_draft(
    procedure: &Procedure,
    check: impl FnOnce(&mut Reader<'_>, &Draft, &mut Seen),
) -> Vec<Finding> {
    let Some(root) = yaml::read(procedure.source()).root else {
        return Vec::new();
    };
    let mut reader = Reader::new(&root);
    let Some(draft) = reader.read() else {
        return Vec::new();
    };
    check(&mut reader, &draft, &mut Seen::new());
    reader.into_findings()
}

fn each_office(reader: &mut Reader<'_>, draft: &Draft, seen: &mut Seen, offices: &[OfficeStaff]) {
    let mut offices: Vec<&OfficeStaff> = offices.iter().collect();
    offices.sort_by_key(|office| office.people.len());
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
                note(reader, seen, code::OFFICE_ROLE, &format!("{at}/role"), message, remedy);
            }
            for (action, at) in step.actions.iter().zip(&draft.actions_at[index]) {
                one_action(reader, seen, &draft.definition, office, action, at);
            }
        }
    }
}

fn one_action(
    reader: &mut Reader<'_>,
    seen: &mut Seen,
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
    seen: &mut Seen,
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
    let elsewhere = !is_of(office, unit) || roles.iter().any(|role| is_outside(*role));
    elsewhere || office.people.iter().any(|held| roles.iter().any(|role| held.contains(role)))
}

/// Whether people of no office have the role.
fn is_outside(role: Role) -> bool {
    matches!(role, Role::Applicant | Role::System | Role::FrontEnd | Role::PostalAgent)
}

fn is_of(office: &OfficeStaff, unit: UnitRef) -> bool {
    match unit {
        UnitRef::Receiving => office.serves.contains(&OfficePart::Receiving),
        UnitRef::Competent => office.serves.contains(&OfficePart::Competent),
        UnitRef::Chosen | UnitRef::Branch => false,
    }
}

/// Most steps whose holders are told apart at once; more are nowhere excluded together.
const HOLDERS_MAX: usize = 8;

/// Whether people can have held the excluded steps, each as four eyes asked there already, and
/// somebody else can do the action.
fn four_eyes(definition: &Definition, office: &OfficeStaff, action: &Action) -> bool {
    if !is_of(office, action.unit) {
        return true;
    }
    let excluded = excluded_with_theirs(definition, office, action);
    let own = action.not_by.iter().filter(|id| excluded.iter().any(|step| step.id == **id));
    let own: Vec<&str> = own.map(String::as_str).collect();
    if own.is_empty() {
        return true;
    }
    let places: Vec<Place<'_>> = excluded
        .iter()
        .map(|step| Place { id: &step.id, roles: vec![step.role], others: others_of(step) })
        .chain([Place { id: "", roles: action.roles.clone(), others: vec![own] }])
        .collect();
    can_be_filled(office, &places, &mut Vec::new())
}

/// Somebody who holds a step or does the act, and from whom that person must differ: in one of
/// these ways.
struct Place<'d> {
    id: &'d str,
    roles: Vec<Role>,
    others: Vec<Vec<&'d str>>,
}

/// The steps that the action excludes in this office, and those that their own actions exclude.
fn excluded_with_theirs<'d>(
    definition: &'d Definition,
    office: &OfficeStaff,
    action: &'d Action,
) -> Vec<&'d Step> {
    let mut found: Vec<&Step> = Vec::new();
    let mut names: Vec<&str> = action.not_by.iter().map(String::as_str).collect();
    let mut at = 0;
    while at < names.len() && found.len() < HOLDERS_MAX {
        let step = definition.steps.iter().find(|step| step.id == names[at]);
        at += 1;
        let Some(step) = step.filter(|step| is_of(office, step.unit)) else { continue };
        found.push(step);
        for name in step.actions.iter().flat_map(|action| &action.not_by) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
    }
    found
}

/// Whom the holder of a step must differ from to leave it, by each action that leads on.
fn others_of(step: &Step) -> Vec<Vec<&str>> {
    let leaves = step.actions.iter().filter(|action| {
        let beside = action.act == Act::Stop || action.act.is_automatic() || interrupts(action.act);
        !matches!(action.target, Target::Stay) && !action.rework && !beside
    });
    let work = leaves.filter(|action| action.roles.contains(&step.role));
    let ways: Vec<Vec<&str>> =
        work.map(|action| action.not_by.iter().map(String::as_str).collect()).collect();
    if ways.is_empty() { vec![Vec::new()] } else { ways }
}

/// Puts people into the places one after the other; `held` are those of the places before.
fn can_be_filled(office: &OfficeStaff, places: &[Place<'_>], held: &mut Vec<usize>) -> bool {
    if held.len() == places.len() {
        return places.iter().enumerate().all(|(at, place)| {
            let holder_of = |id: &&str| places.iter().position(|other| other.id == *id);
            let differs = |id: &&str| holder_of(id).is_none_or(|other| held[other] != held[at]);
            place.others.iter().any(|way| way.iter().all(differs))
        });
    }
    let place = &places[held.len()];
    let able = |held: &BTreeSet<Role>| place.roles.iter().any(|role| held.contains(role));
    // As many people as there are places always suffice to tell them apart.
    let people = office.people.iter().enumerate().filter(|(_, roles)| able(roles));
    people.take(places.len()).any(|(person, _)| {
        held.push(person);
        let fits = can_be_filled(office, places, held);
        held.pop();
        fits
    })
}
