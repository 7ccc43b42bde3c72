//! Filing a dossier.

use motcua_dossiers::command::{Actor, Command, Part, Person, Submit};
use motcua_procedures::{Channel, Role};
use serde_json::Value;

use crate::handing_in::hand_in;
use crate::read::owner;
use crate::scenario::{Documents, Given};
use crate::setting::person;
use crate::world::{Trouble, World};

/// Everything that a filing needs.
#[derive(Clone, Debug)]
pub(crate) struct Filing {
    pub(crate) channel: Channel,
    pub(crate) variant: Option<String>,
    pub(crate) receiving: String,
    pub(crate) competent: Option<String>,
    pub(crate) owners: Vec<String>,
    pub(crate) proxy: Option<String>,
    pub(crate) clerk_of: Option<String>,
    pub(crate) form: Value,
    pub(crate) documents: Documents,
}

impl Filing {
    /// The filing that a scenario gives.
    pub(crate) fn of(given: &Given, world: &World<'_>) -> Self {
        let fewest = world.procedure.definition().parties.owners_min;
        let owners = || (1..=fewest.max(1)).map(owner).collect();
        Self {
            channel: given.channel,
            variant: given.variant.clone(),
            receiving: given.receiving.clone(),
            competent: given.competent.clone(),
            owners: given.owners.clone().unwrap_or_else(owners),
            proxy: given.proxy.clone(),
            clerk_of: given.clerk_of.clone(),
            form: given.form.clone(),
            documents: given.documents.clone(),
        }
    }

    /// Who files, and what: a clerk at the counter and by post, the applicant online.
    pub(crate) fn submit(&self, world: &World<'_>) -> (Actor, Submit) {
        let applicant = self.proxy.as_ref().or(self.owners.first());
        let applicant = applicant.cloned().unwrap_or_default();
        let actor = match self.channel {
            Channel::Online => {
                Actor { id: applicant, role: Role::Applicant, unit: None, acting_for: None }
            }
            Channel::Counter | Channel::Post => {
                let unit = self.clerk_of.as_ref().unwrap_or(&self.receiving);
                Actor {
                    id: person(unit, Role::ReceptionClerk, 1),
                    role: Role::ReceptionClerk,
                    unit: Some(unit.clone()),
                    acting_for: Some(applicant),
                }
            }
        };
        let owners = self.owners.iter().map(|id| named(id, Part::DossierOwner));
        let proxy = self.proxy.iter().map(|id| named(id, Part::AuthorisedPerson));
        let mut submit = Submit {
            procedure: world.procedure.definition().code.clone(),
            channel: self.channel,
            variant: self.variant.clone(),
            receiving_unit: self.receiving.clone(),
            competent_unit: self.competent.clone(),
            persons: owners.chain(proxy).collect(),
            form: self.form.clone(),
            documents: Vec::new(),
            external: None,
        };
        hand_in(&mut submit, &self.documents, &actor, world);
        (actor, submit)
    }
}

fn named(id: &str, part: Part) -> Person {
    Person {
        id: id.to_owned(),
        part,
        full_name: format!("Nguyễn Văn {id}"),
        id_number: None,
        phone: None,
        email: None,
        address: None,
    }
}

/// Files the dossier.
pub(crate) fn file(filing: &Filing, world: &mut World<'_>) -> Result<usize, Trouble> {
    let (actor, submit) = filing.submit(world);
    world.act(&actor, &Command::Submit(Box::new(submit)))
}
