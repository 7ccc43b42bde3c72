//! Where scenarios play: a calendar, and offices with people in them.

use motcua_deadlines::{Calendar, CalendarError};
use motcua_dossiers::policy::works_on_dossiers;
use motcua_dossiers::units::{RegisterFault, UnitRegister};
use motcua_procedures::Role;
use serde_json::{Map, Value, json};

/// First day on which the offices exist.
const SINCE: &str = "2020-01-01";
/// People of each role in each office.
pub(crate) const PEOPLE_OF_A_ROLE: u32 = 2;

/// The centre at which a dossier is filed unless a scenario names another.
pub(crate) const CENTRE: &str = "centre";

/// Communes with their centres: prefix, area, number in the agency code.
const COMMUNES: [(&str, &str, u32); 5] = [
    ("", "ordinary", 5),
    ("mountain-", "mountain", 15),
    ("border-", "border", 25),
    ("island-", "island", 35),
    ("other-", "ordinary", 45),
];
const DEPARTMENTS: [&str; 3] = ["department", "justice-department", "construction-department"];
const AGENCIES: [&str; 8] = [
    "planning-agency",
    "fire-agency",
    "environment-agency",
    "heritage-agency",
    "tax-office",
    "police",
    "court",
    "bank",
];

/// A calendar and a register of units.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The working calendar.
    pub calendar: Calendar,
    /// The offices.
    pub units: UnitRegister,
}

impl Setting {
    /// The offices that are always there, and further ones; one with a known id takes its place.
    ///
    /// # Errors
    /// Faults of the further units.
    pub fn new(calendar: Calendar, further: &[Value]) -> Result<Self, Vec<RegisterFault>> {
        let mut units: Vec<Value> = built_in();
        for unit in further {
            units.retain(|known| known["id"] != unit["id"]);
            units.push(whole(unit));
        }
        let file = json!({ "schema_version": 1, "units": units });
        let bytes = serde_json::to_vec(&file).expect("plain JSON can be written");
        Ok(Self { calendar, units: UnitRegister::from_json(&bytes, "rehearsal".into())? })
    }

    /// The calendar that is shipped with the product.
    ///
    /// # Errors
    /// Never, as long as the shipped calendar is sound.
    pub fn shipped_calendar() -> Result<Calendar, CalendarError> {
        Calendar::from_json(include_bytes!("../../deadlines/data/calendar-vn.json"))
    }
}

fn built_in() -> Vec<Value> {
    let mut units = Vec::new();
    for (prefix, area, number) in COMMUNES {
        let agency = format!("{prefix}commune");
        units.push(whole(&json!({ "id": format!("{prefix}centre"), "kind": "commune_centre",
            "area": area, "competent_agency": agency,
            "codes": [{ "code": format!("H49.61.{number:02}"), "from": SINCE }] })));
        units.push(whole(&json!({ "id": agency, "kind": "commune", "area": area })));
    }
    units.push(whole(&json!({ "id": "provincial-centre", "kind": "provincial_centre",
        "competent_agency": "department", "codes": [{ "code": "H49.01.01", "from": SINCE }] })));
    let plain = |kind: &'static str| move |id: &&str| whole(&json!({ "id": id, "kind": kind }));
    units.extend(DEPARTMENTS.iter().map(plain("department")));
    units.extend(AGENCIES.iter().map(plain("agency")));
    units
}

/// A unit with everything that a register asks for; what is given stays.
fn whole(unit: &Value) -> Value {
    let id = unit["id"].as_str().unwrap_or_default();
    let staff: Vec<Value> = Role::ALL
        .into_iter()
        .filter(|role| works_on_dossiers(*role))
        .flat_map(|role| (1..=PEOPLE_OF_A_ROLE).map(move |number| (role, number)))
        .map(|(role, number)| json!({ "id": person(id, role, number), "roles": [role] }))
        .collect();
    let mut full = json!({ "id": id, "name": { "vi": id, "en": id }, "codes": [],
        "area": "ordinary", "address": id, "phone": "0203000000", "valid_from": SINCE,
        "staff": staff });
    let given = unit.as_object().cloned().unwrap_or_else(Map::new);
    if let Some(full) = full.as_object_mut() {
        full.extend(given);
    }
    full
}

/// Id of a person in an office.
pub(crate) fn person(unit: &str, role: Role, number: u32) -> String {
    format!("{unit}-{}-{number}", role.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar() -> Calendar {
        Setting::shipped_calendar().expect("the shipped calendar is sound")
    }

    #[test]
    fn every_office_has_two_people_for_each_role() {
        let setting = Setting::new(calendar(), &[]).expect("the offices are sound");
        for unit in setting.units.units() {
            for number in 1..=PEOPLE_OF_A_ROLE {
                let id = person(&unit.id, Role::ConsultedAgency, number);
                assert!(unit.has_staff(&id, Role::ConsultedAgency), "{id} works in {}", unit.id);
            }
        }
    }

    #[test]
    fn a_further_unit_with_a_known_id_takes_its_place() {
        let further = [json!({ "id": "police", "kind": "department", "area": "island" })];
        let setting = Setting::new(calendar(), &further).expect("sound");
        assert_eq!(setting.units.unit("police").map(|unit| unit.area.as_str()), Some("island"));
        assert!(Setting::new(calendar(), &[json!({ "id": "x", "kind": "planet" })]).is_err());
    }
}
