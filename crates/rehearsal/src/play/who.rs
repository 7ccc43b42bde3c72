//! Who carries a deed out: the person, the role and the unit follow from the open work.

use motcua_dossiers::command::Actor;
use motcua_dossiers::dossier::{Dossier, WorkItem};
use motcua_dossiers::{Offer, offers};
use motcua_procedures::{Act, Action, Procedure, Role, UnitRef};

use crate::scenario::Deed;
use crate::setting::person;
use crate::world::World;

/// Acts that every procedure has besides its actions.
pub(crate) const DESK_ACTS: [&str; 7] =
    ["decide_items", "record_lookup", "record_payment", "claim", "release", "assign", "hand_over"];

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    /// An act of the procedure; with its step and action where they are known.
    Act(Act),
    /// One of [`DESK_ACTS`].
    Desk(String),
}

/// Who does what.
#[derive(Clone, Debug)]
pub(crate) struct Performer {
    pub(crate) actor: Actor,
    pub(crate) doing: Doing,
    /// Step of the action, where one is meant.
    pub(crate) step: Option<String>,
    pub(crate) action: Option<String>,
    pub(crate) item: Option<u32>,
}

impl Performer {
    /// The procedure's action that is meant.
    pub(crate) fn action<'p>(&self, procedure: &'p Procedure) -> Option<&'p Action> {
        procedure.action(self.step.as_deref()?, self.action.as_deref()?)
    }
}

/// An open possibility: the offer and the work item that it is about.
#[derive(Clone, Debug)]
pub(crate) struct Candidate<'d> {
    pub(crate) offer: Offer,
    pub(crate) item: Option<&'d WorkItem>,
}

/// Everything that may be done now.
pub(crate) fn candidates<'d>(dossier: &'d Dossier, procedure: &Procedure) -> Vec<Candidate<'d>> {
    let of = |offer: Offer| {
        let item = offer.item.and_then(|id| dossier.items.get(&id));
        Candidate { offer, item }
    };
    offers(dossier, procedure).into_iter().map(of).collect()
}

/// Finds out who carries the deed out.
pub(crate) fn performer(deed: &Deed, world: &World<'_>) -> Result<Performer, String> {
    let procedure = world.procedure;
    let Some(dossier) = world.dossier() else {
        return Err("there is no dossier: it was not filed".into());
    };
    let mut fitting = named(deed, candidates(dossier, procedure));
    if let Some(name) = &deed.item {
        fitting.retain(|candidate| candidate.item.is_some_and(|item| is(item, name)));
        if fitting.is_empty() {
            return Err(format!("no open work item {name} offers {}", deed.deed));
        }
    }
    prefer(&mut fitting, |candidate| deed.unit.is_none() || candidate.offer.unit == deed.unit);
    prefer(&mut fitting, |candidate| {
        deed.role.is_none_or(|role| candidate.offer.roles.contains(&role))
    });
    match fitting.first() {
        Some(first) => Ok(by_offer(deed, first, fitting.len() == 1, dossier)),
        None => out_of_place(deed, dossier, procedure),
    }
}

fn named<'d>(deed: &Deed, all: Vec<Candidate<'d>>) -> Vec<Candidate<'d>> {
    let keep = |fits: &dyn Fn(&Candidate<'_>) -> bool| -> Vec<Candidate<'d>> {
        all.iter().filter(|candidate| fits(candidate)).cloned().collect()
    };
    if let Some((step, action)) = deed.deed.split_once('/') {
        return keep(&|c| {
            c.item.is_some_and(|item| item.step == step)
                && c.offer.action.as_deref() == Some(action)
        });
    }
    let by_action = keep(&|c| c.offer.action.as_deref() == Some(&deed.deed));
    if by_action.is_empty() { keep(&|c| c.offer.act == deed.deed) } else { by_action }
}

/// Whether the work item is `STEP` or `STEP@UNIT`.
fn is(item: &WorkItem, name: &str) -> bool {
    match name.split_once('@') {
        Some((step, unit)) => item.step == step && item.unit == unit,
        None => item.step == name,
    }
}

fn prefer<T>(list: &mut Vec<T>, fits: impl Fn(&T) -> bool) {
    if list.iter().any(&fits) {
        list.retain(fits);
    }
}

fn by_offer(deed: &Deed, candidate: &Candidate<'_>, only: bool, dossier: &Dossier) -> Performer {
    let Candidate { offer, item } = candidate;
    let own = item.map(|item| item.role).filter(|role| offer.roles.contains(role));
    let clerk = deed.acting_for.as_ref().map(|_| Role::ReceptionClerk);
    let role = deed.role.or(clerk).or(own).or(offer.roles.first().copied());
    let role = role.unwrap_or(Role::Applicant);
    let place = match role {
        Role::Applicant => None,
        Role::ReceptionClerk if clerk.is_some() => Some(dossier.filing.receiving_unit.clone()),
        _ => offer.unit.clone().or_else(|| item.map(|item| item.unit.clone())),
    };
    let holder = item.filter(|item| item.role == role).and_then(|item| item.assignee.clone());
    let doing = match Act::from_name(offer.act) {
        Some(act) => Doing::Act(act),
        None => Doing::Desk(offer.act.to_owned()),
    };
    Performer {
        actor: actor(deed, role, place, holder, dossier),
        doing,
        step: item.map(|item| item.step.clone()),
        action: offer.action.clone(),
        item: offer.item.filter(|_| only),
    }
}

/// The deed is offered nowhere now; it is tried all the same, to see the refusal.
fn out_of_place(
    deed: &Deed,
    dossier: &Dossier,
    procedure: &Procedure,
) -> Result<Performer, String> {
    if DESK_ACTS.contains(&deed.deed.as_str()) {
        let item = dossier.items.values().next();
        let role = deed.role.or(item.map(|item| item.role)).unwrap_or(Role::ReceptionClerk);
        let unit = item.map_or(&dossier.filing.receiving_unit, |item| &item.unit);
        let doing = Doing::Desk(deed.deed.clone());
        let actor = actor(deed, role, Some(unit.clone()), None, dossier);
        return Ok(Performer { actor, doing, step: None, action: None, item: None });
    }
    let fits = |step: &str, action: &Action| match deed.deed.split_once('/') {
        Some((in_step, id)) => in_step == step && action.id == id,
        None => action.id == deed.deed || action.act.as_str() == deed.deed,
    };
    let steps = procedure.definition().steps.iter();
    let mut all = steps.flat_map(|step| step.actions.iter().map(move |action| (step, action)));
    let Some((step, action)) = all.find(|(step, action)| fits(&step.id, action)) else {
        return Err(format!("the procedure knows no action or act {}", deed.deed));
    };
    if action.act.is_automatic() {
        return Err(format!("{} is done by the system; wait for it", deed.deed));
    }
    let role = deed.role.or(action.roles.first().copied()).unwrap_or(Role::Applicant);
    let unit = match action.unit {
        UnitRef::Receiving => &dossier.filing.receiving_unit,
        UnitRef::Competent | UnitRef::Chosen | UnitRef::Branch => &dossier.filing.competent_unit,
    };
    let place = (role != Role::Applicant).then(|| unit.clone());
    Ok(Performer {
        actor: actor(deed, role, place, None, dossier),
        doing: Doing::Act(action.act),
        step: Some(step.id.clone()),
        action: Some(action.id.clone()),
        item: None,
    })
}

fn actor(
    deed: &Deed,
    role: Role,
    place: Option<String>,
    holder: Option<String>,
    dossier: &Dossier,
) -> Actor {
    let unit = deed.unit.clone().or(place).filter(|_| role != Role::Applicant);
    let id = match (&deed.by, &unit) {
        (Some(by), Some(unit)) => someone(by, unit, role),
        (Some(by), None) => by.clone(),
        (None, None) => dossier.filing.applicant.clone(),
        (None, Some(unit)) => {
            let here = deed.unit.is_none();
            holder.filter(|_| here).unwrap_or_else(|| person(unit, role, 1))
        }
    };
    Actor { id, role, unit, acting_for: deed.acting_for.clone() }
}

/// `1` and `2` are the people of the role in the unit; anything else is an id.
pub(crate) fn someone(by: &str, unit: &str, role: Role) -> String {
    by.parse().map_or_else(|_| by.to_owned(), |number| person(unit, role, number))
}
