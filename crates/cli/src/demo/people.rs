//! Who acts in the demonstration: the staff of `catalogue/demo-units.json`, and citizens.

use motcua_dossiers::command::{Actor, Part, Person};
use motcua_engine::Caller;
use motcua_procedures::Role;

const FAMILY: [&str; 8] = ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi"];
const MIDDLE: [&str; 7] = ["Minh", "Ngọc", "Thanh", "Bảo", "Hải", "Khánh", "Kim"];
const GIVEN: [&str; 9] = ["Anh", "Hà", "Linh", "An", "Phương", "Lâm", "Giang", "Tú", "Châu"];

/// A centre and the agency that decides its dossiers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Office {
    /// The centre.
    pub(crate) centre: &'static str,
    /// Beginning of the ids of its staff.
    centre_staff: &'static str,
    /// The agency.
    pub(crate) agency: &'static str,
    /// Beginning of the ids of its staff.
    agency_staff: &'static str,
    /// Where people live.
    pub(crate) place: &'static str,
}

/// A ward on the bay.
pub(crate) const HONG_GAI: Office = Office {
    centre: "hong-gai-centre",
    centre_staff: "hg",
    agency: "hong-gai",
    agency_staff: "hg",
    place: "Phường Hồng Gai",
};
/// An island.
pub(crate) const CO_TO: Office = Office {
    centre: "co-to-centre",
    centre_staff: "ct",
    agency: "co-to",
    agency_staff: "ct",
    place: "Đặc khu Cô Tô",
};
/// A commune in the mountains.
pub(crate) const BINH_LIEU: Office = Office {
    centre: "binh-lieu-centre",
    centre_staff: "bl",
    agency: "binh-lieu",
    agency_staff: "bl",
    place: "Xã Bình Liêu",
};
/// The provincial centre, which forwards to a commune.
pub(crate) const PROVINCE: Office = Office {
    centre: "quang-ninh-centre",
    centre_staff: "qn",
    agency: "hong-gai",
    agency_staff: "hg",
    place: "Phường Hạ Long",
};

impl Office {
    /// The member of staff who acts in a role here.
    pub(crate) fn staff(&self, role: Role) -> Actor {
        let (unit, staff, name) = match role {
            Role::ReceptionClerk => (self.centre, self.centre_staff, "clerk-1"),
            Role::Cashier => (self.centre, self.centre_staff, "cashier"),
            Role::ReturnClerk => (self.centre, self.centre_staff, "return"),
            Role::HeadOfDivision => (self.agency, self.agency_staff, "head"),
            Role::SigningLeader => (self.agency, self.agency_staff, "leader"),
            Role::RecordsOfficer => (self.agency, self.agency_staff, "records"),
            Role::Specialist
            | Role::Applicant
            | Role::PostalAgent
            | Role::ConsultedAgency
            | Role::CouncilMember
            | Role::Archivist
            | Role::Auditor
            | Role::Administrator
            | Role::FrontEnd
            | Role::System => (self.agency, self.agency_staff, "specialist-1"),
        };
        let (id, unit) = (format!("{staff}-{name}"), Some(unit.to_owned()));
        Actor { id, role, unit, acting_for: None }
    }

    /// The head of the centre.
    pub(crate) fn centre_head(&self) -> Actor {
        let id = format!("{}-centre-head", self.centre_staff);
        let unit = Some(self.centre.to_owned());
        Actor { id, role: Role::HeadOfDivision, unit, acting_for: None }
    }
}

/// Opaque id of a citizen.
pub(crate) fn citizen_id(number: usize) -> String {
    format!("citizen-{number:03}")
}

/// Full name of a citizen.
pub(crate) fn citizen_name(number: usize) -> String {
    let (family, middle) = (FAMILY[number % 8], MIDDLE[number % 7]);
    format!("{family} {middle} {}", GIVEN[number % 9])
}

/// Identity number of a citizen.
pub(crate) fn citizen_number(number: usize) -> String {
    format!("0221990{number:05}")
}

/// Phone of a citizen.
pub(crate) fn citizen_phone(number: usize) -> String {
    format!("0912{number:06}")
}

/// A citizen as the owner of a dossier.
pub(crate) fn owner(number: usize, office: &Office) -> Person {
    Person {
        id: citizen_id(number),
        part: Part::DossierOwner,
        full_name: citizen_name(number),
        id_number: Some(citizen_number(number)),
        phone: Some(citizen_phone(number)),
        email: None,
        address: Some(format!("{}, tỉnh Quảng Ninh", office.place)),
    }
}

/// A citizen who acts.
pub(crate) fn citizen(number: usize) -> Actor {
    let id = citizen_id(number);
    Actor { id, role: Role::Applicant, unit: None, acting_for: None }
}

/// An actor as a caller.
pub(crate) fn caller(actor: &Actor) -> Caller {
    Caller {
        id: actor.id.clone(),
        unit: actor.unit.clone(),
        roles: vec![actor.role],
        acting_for: None,
    }
}

/// Who may look at everything.
pub(crate) fn auditor() -> Caller {
    Caller { id: "qn-auditor".into(), unit: None, roles: vec![Role::Auditor], acting_for: None }
}

#[cfg(test)]
mod tests {
    use motcua_dossiers::units::UnitRegister;

    use super::*;

    #[test]
    fn everybody_who_acts_is_in_the_register_with_the_role() {
        let units = UnitRegister::from_json(crate::demo::UNITS, String::new()).expect("units");
        for office in [HONG_GAI, CO_TO, BINH_LIEU, PROVINCE] {
            let roles = [
                Role::ReceptionClerk,
                Role::Cashier,
                Role::ReturnClerk,
                Role::HeadOfDivision,
                Role::SigningLeader,
                Role::RecordsOfficer,
                Role::Specialist,
            ];
            let staff = roles.map(|role| office.staff(role));
            for actor in staff.into_iter().chain([office.centre_head()]) {
                let unit = units.unit(actor.unit.as_deref().expect("staff")).expect("a unit");
                let held = |one: &&motcua_dossiers::units::Staff| one.id == actor.id;
                let one = unit.staff.iter().find(held).unwrap_or_else(|| panic!("{}", actor.id));
                assert!(one.roles.contains(&actor.role), "{}", actor.id);
            }
        }
    }

    #[test]
    fn citizens_have_numbers_of_their_own() {
        assert_eq!(citizen_number(7).len(), 12);
        assert_ne!(citizen_number(7), citizen_number(8));
        assert_eq!(citizen_name(0), "Nguyễn Minh Anh");
    }
}
