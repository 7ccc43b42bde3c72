//! Who may see a dossier, and who acts as its applicant. Deny by default.
//!
//! The same rule stands in SQL in the stores' searches; the conformance suite holds both together.

use motcua_procedures::Role;

use crate::command::Actor;
use crate::dossier::Dossier;

/// How much of a dossier someone may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// Everything but personal values.
    Masked,
    /// Everything.
    Full,
}

/// What a person with these roles in this unit may see of a dossier; `None` = it does not exist
/// for them.
///
/// - A party sees their own dossier.
/// - Staff of a unit that takes part (assisting, receiving, competent, or holding an open work
///   item) see it.
/// - Auditors see every history with personal values masked.
/// - Administrators see none (S8).
pub fn sight(person: &str, unit: Option<&str>, roles: &[Role], dossier: &Dossier) -> Option<Sight> {
    if roles.contains(&Role::Applicant) && dossier.filing.is_party(person) {
        return Some(Sight::Full);
    }
    if roles.iter().copied().any(works_on_dossiers) && unit.is_some_and(|u| takes_part(u, dossier))
    {
        return Some(Sight::Full);
    }
    roles.contains(&Role::Auditor).then_some(Sight::Masked)
}

/// What the front end may see of a dossier for a citizen whose identity it attests: what that
/// citizen sees, and nothing without one.
pub fn attested_sight(citizen: &str, dossier: &Dossier) -> Option<Sight> {
    dossier.filing.is_party(citizen).then_some(Sight::Full)
}

/// Whether the unit takes part in the dossier.
pub fn takes_part(unit: &str, dossier: &Dossier) -> bool {
    let filing = &dossier.filing;
    filing.receiving_unit == unit
        || filing.competent_unit == unit
        || filing.assisting_unit.as_deref() == Some(unit)
        || dossier.items.values().any(|item| item.unit == unit)
}

/// Whether someone with these roles in this unit may open the log book of a centre. It shows all that
/// the centre received, with the owners: that is for those who handle dossiers there, who see each
/// of them in full anyway.
pub fn opens_log_book(unit: Option<&str>, roles: &[Role], centre: &str) -> bool {
    roles.iter().copied().any(works_on_dossiers) && unit == Some(centre)
}

/// Roles of the staff that handles dossiers.
pub fn works_on_dossiers(role: Role) -> bool {
    match role {
        Role::ReceptionClerk
        | Role::Cashier
        | Role::Specialist
        | Role::HeadOfDivision
        | Role::SigningLeader
        | Role::RecordsOfficer
        | Role::ReturnClerk
        | Role::PostalAgent
        | Role::ConsultedAgency
        | Role::CouncilMember
        | Role::Archivist => true,
        Role::Applicant | Role::Auditor | Role::Administrator | Role::FrontEnd | Role::System => {
            false
        }
    }
}

/// Whether the actor may do what the applicant may: the party itself, or a reception clerk of the
/// receiving or assisting unit who attests that the party stands at the counter.
pub fn acts_as_party(actor: &Actor, dossier: &Dossier) -> bool {
    let filing = &dossier.filing;
    match actor.role {
        Role::Applicant => filing.is_party(&actor.id),
        Role::ReceptionClerk => {
            let here = actor.unit.as_deref().is_some_and(|unit| {
                filing.receiving_unit == unit || filing.assisting_unit.as_deref() == Some(unit)
            });
            here && actor.acting_for.as_deref().is_some_and(|person| filing.is_party(person))
        }
        Role::FrontEnd => actor.acting_for.as_deref().is_some_and(|person| filing.is_party(person)),
        _ => false,
    }
}
