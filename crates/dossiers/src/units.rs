//! The register of units: who receives, who decides, when their offices are open, who works there.
//!
//! One JSON file describes all units of a province and is loaded as a whole (`motcua unit load`);
//! each load is a version of the register with a history of its own.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use motcua_deadlines::OfficeHours;
use motcua_procedures::{OfficePart, OfficeStaff, Role, Staffing, Text};
use serde::{Deserialize, Serialize};

/// Most units of a register.
pub const UNITS_MAX: usize = 20_000;
/// Most bytes of a register file.
pub const REGISTER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// All units of a province, validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitRegister {
    units: BTreeMap<String, Unit>,
    digest: String,
}

/// The file as written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RegisterFile {
    schema_version: u32,
    units: Vec<Unit>,
}

/// One unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Id that tokens, dossiers and worklists use; it outlives renamings.
    pub id: String,
    /// Kind of unit.
    pub kind: UnitKind,
    /// Name in both languages.
    pub name: Text,
    /// Agency codes with the time of their validity (`docs/rules.md`, codes).
    pub codes: Vec<AgencyCode>,
    /// Kind of area; some laws give remote areas more time (T18).
    pub area: Area,
    /// Where results are fetched and questions answered, printed on form 01.
    pub address: String,
    /// Phone printed on forms.
    pub phone: String,
    /// Office hours by the date from which they apply (T14); empty = 07:30-11:30, 13:00-17:00.
    #[serde(default)]
    pub office_hours: Vec<OfficeHoursFrom>,
    /// First day of existence.
    pub valid_from: Date,
    /// Last day of existence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Date>,
    /// Unit that took over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
    /// For a centre: the agency that decides its ordinary dossiers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub competent_agency: Option<String>,
    /// Who works here.
    #[serde(default)]
    pub staff: Vec<Staff>,
}

/// Kind of unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitKind {
    /// Public administration service centre of the province.
    ProvincialCentre,
    /// Public administration service centre of a commune.
    CommuneCentre,
    /// People's committee of a commune, ward or special zone.
    Commune,
    /// Department of the province.
    Department,
    /// Other agency, such as the police or the tax office.
    Agency,
}

impl UnitKind {
    /// Name in guards and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProvincialCentre => "provincial_centre",
            Self::CommuneCentre => "commune_centre",
            Self::Commune => "commune",
            Self::Department => "department",
            Self::Agency => "agency",
        }
    }

    /// Whether the unit receives dossiers.
    pub fn receives(self) -> bool {
        matches!(self, Self::ProvincialCentre | Self::CommuneCentre)
    }
}

/// Kind of area (T18).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Nothing special.
    Ordinary,
    /// Mountain commune.
    Mountain,
    /// Border commune.
    Border,
    /// Island commune.
    Island,
}

impl Area {
    /// Name in guards and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::Mountain => "mountain",
            Self::Border => "border",
            Self::Island => "island",
        }
    }
}

/// An agency code and its validity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgencyCode {
    /// Such as `H49.61.05` or `000.00.06.H56`.
    pub code: String,
    /// First day.
    pub from: Date,
    /// Last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
}

/// Office hours and the date from which they apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficeHoursFrom {
    /// First day.
    pub from: Date,
    /// The hours.
    pub hours: OfficeHours,
}

/// A member of staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Staff {
    /// Opaque id, the subject of the person's tokens.
    pub id: String,
    /// Roles in this unit.
    pub roles: BTreeSet<Role>,
}

/// A fault of a register file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegisterFault {
    /// JSON Pointer to the fault.
    pub path: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

impl UnitRegister {
    /// Reads and checks a register file.
    ///
    /// # Errors
    /// Every fault that was found, each with its place.
    pub fn from_json(bytes: &[u8], digest: String) -> Result<Self, Vec<RegisterFault>> {
        if bytes.len() > REGISTER_BYTES_MAX {
            let message =
                format!("the file has {} bytes: at most {REGISTER_BYTES_MAX}", bytes.len());
            return Err(vec![RegisterFault { path: String::new(), message }]);
        }
        let file: RegisterFile = serde_json::from_slice(bytes)
            .map_err(|e| vec![RegisterFault { path: String::new(), message: e.to_string() }])?;
        let faults = faults(&file);
        if !faults.is_empty() {
            return Err(faults);
        }
        let units = file.units.into_iter().map(|unit| (unit.id.clone(), unit)).collect();
        Ok(Self { units, digest })
    }

    /// A register without units.
    pub fn empty() -> Self {
        Self { units: BTreeMap::new(), digest: String::new() }
    }

    /// SHA-256 of the file, lower-case hex.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The unit of that id, whether or not it still exists.
    pub fn unit(&self, id: &str) -> Option<&Unit> {
        self.units.get(id)
    }

    /// All units by id.
    pub fn units(&self) -> impl Iterator<Item = &Unit> {
        self.units.values()
    }

    /// The centres that exist on `day`, and the agencies that decide their ordinary dossiers, each
    /// with its staff; and the roles that somebody has in any unit of that day.
    pub fn staffing(&self, day: Date) -> Staffing {
        let staff = self.units().filter(|unit| unit.exists_on(day)).flat_map(|unit| &unit.staff);
        let roles = staff.flat_map(|person| person.roles.iter().copied()).collect();
        Staffing { offices: self.offices(day), roles }
    }

    fn offices(&self, day: Date) -> Vec<OfficeStaff> {
        let mut parts: BTreeMap<&str, BTreeSet<OfficePart>> = BTreeMap::new();
        for centre in self.units().filter(|u| u.kind.receives() && u.exists_on(day)) {
            parts.entry(&centre.id).or_default().insert(OfficePart::Receiving);
            if let Some(agency) = &centre.competent_agency {
                parts.entry(agency).or_default().insert(OfficePart::Competent);
            }
        }
        let staffed = |(id, serves)| {
            let unit = self.unit(id)?;
            let people = unit.staff.iter().map(|person| person.roles.clone()).collect();
            Some(OfficeStaff { unit: unit.id.clone(), serves, people })
        };
        parts.into_iter().filter_map(staffed).collect()
    }
}

impl Unit {
    /// Whether the unit exists on `day`.
    pub fn exists_on(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }

    /// The agency code in force on `day`.
    pub fn code_on(&self, day: Date) -> Option<&str> {
        let valid = |c: &&AgencyCode| c.from <= day && c.to.is_none_or(|last| day <= last);
        self.codes.iter().find(valid).map(|c| c.code.as_str())
    }

    /// The office hours in force on `day`.
    pub fn office_hours_on(&self, day: Date) -> OfficeHours {
        let applies = |h: &&OfficeHoursFrom| h.from <= day;
        let latest = self.office_hours.iter().filter(applies).max_by_key(|h| h.from);
        latest.map(|h| h.hours.clone()).unwrap_or_default()
    }

    /// Whether anyone works here in `role`.
    pub fn works_as(&self, role: Role) -> bool {
        self.staff.iter().any(|s| s.roles.contains(&role))
    }

    /// Whether `person` works here in `role`.
    pub fn has_staff(&self, person: &str, role: Role) -> bool {
        self.staff.iter().any(|s| s.id == person && s.roles.contains(&role))
    }
}

fn faults(file: &RegisterFile) -> Vec<RegisterFault> {
    let mut faults = Vec::new();
    let mut fault = |path: String, message: String| faults.push(RegisterFault { path, message });
    if file.schema_version != 1 {
        fault("/schema_version".into(), "must be 1".into());
    }
    if file.units.is_empty() || file.units.len() > UNITS_MAX {
        fault("/units".into(), format!("must hold 1 to {UNITS_MAX} units"));
    }
    let ids: BTreeSet<&str> = file.units.iter().map(|unit| unit.id.as_str()).collect();
    let mut seen = BTreeSet::new();
    let mut codes = BTreeMap::new();
    for (i, unit) in file.units.iter().enumerate() {
        let at = |member: &str| format!("/units/{i}/{member}");
        if !is_id(&unit.id) {
            fault(at("id"), "must be 1 to 64 of a-z, 0-9, '.', '-', '_'".into());
        }
        if !seen.insert(&unit.id) {
            fault(at("id"), format!("{:?} is given twice: ids are unique", unit.id));
        }
        if unit.valid_to.is_some_and(|last| last < unit.valid_from) {
            fault(at("valid_to"), "lies before valid_from".into());
        }
        for (member, other) in
            [("successor", &unit.successor), ("competent_agency", &unit.competent_agency)]
        {
            if let Some(other) = other
                && !ids.contains(other.as_str())
            {
                fault(at(member), format!("no unit {other:?} in this file"));
            }
        }
        for (j, code) in unit.codes.iter().enumerate() {
            if !is_agency_code(&code.code) {
                fault(at(&format!("codes/{j}/code")), "must look like H49.61.05".into());
            }
            if let Some(other) = codes.insert(&code.code, &unit.id)
                && *other != unit.id
            {
                fault(at(&format!("codes/{j}/code")), format!("belongs to {other:?} already"));
            }
        }
        if unit.kind.receives() && unit.codes.is_empty() {
            fault(at("codes"), "a centre needs an agency code for its dossier codes".into());
        }
    }
    faults
}

fn is_id(id: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-_".contains(&b);
    (1..=64).contains(&id.len()) && id.bytes().all(allowed)
}

/// Both national forms: `000.00.06.H56` and `H15.50.05.13` (`docs/rules.md`, codes).
fn is_agency_code(code: &str) -> bool {
    let part = |p: &str| {
        let digits = p.strip_prefix(['H', 'G']).unwrap_or(p);
        (2..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    };
    let parts: Vec<&str> = code.split('.').collect();
    let lettered = |p: &&str| p.starts_with(['H', 'G']);
    (1..=6).contains(&parts.len())
        && parts.iter().all(|p| part(p))
        && parts.iter().filter(|p| lettered(p)).count() == 1
}
