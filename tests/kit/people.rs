//! Who acts in the tests: the staff of `units.json`, citizens, and programs.

use motcua_procedures::Role;

/// Someone with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Who {
    /// Opaque id, the subject of the token.
    pub id: &'static str,
    /// Unit; none for citizens and programs.
    pub unit: Option<&'static str>,
    /// Roles of the token.
    pub roles: &'static [Role],
}

const fn staff(id: &'static str, unit: &'static str, roles: &'static [Role]) -> Who {
    Who { id, unit: Some(unit), roles }
}

const fn citizen(id: &'static str) -> Who {
    Who { id, unit: None, roles: &[Role::Applicant] }
}

/// The centre of the ward of Hạ Long.
pub const CENTRE: &str = "pasc-ha-long";
/// The people's committee of Hạ Long.
pub const WARD: &str = "ubnd-ha-long";
/// The centre of the island Cô Tô.
pub const ISLAND_CENTRE: &str = "pasc-co-to";
/// The people's committee of Cô Tô.
pub const ISLAND: &str = "ubnd-co-to";
/// The provincial centre, which forwards.
pub const PROVINCE: &str = "pasc-quang-ninh";

/// A citizen: mother, bride, owner of a business.
pub const MAI: Who = citizen("c-mai");
/// Another citizen: groom, proxy.
pub const BINH: Who = citizen("c-binh");
/// A citizen who has nothing to do with the others.
pub const STRANGER: Who = citizen("c-stranger");

/// Receives at the centre of Hạ Long.
pub const CLERK: Who = staff("s-clerk", CENTRE, &[Role::ReceptionClerk]);
/// Their colleague.
pub const CLERK_2: Who = staff("s-clerk-2", CENTRE, &[Role::ReceptionClerk]);
/// Takes fees at the centre of Hạ Long.
pub const CASHIER: Who = staff("s-cashier", CENTRE, &[Role::Cashier]);
/// Hands results over at the centre of Hạ Long.
pub const RETURNER: Who = staff("s-returner", CENTRE, &[Role::ReturnClerk]);
/// Heads the centre of Hạ Long.
pub const HEAD_OF_CENTRE: Who = staff("s-centre-head", CENTRE, &[Role::HeadOfDivision]);
/// Examines at the ward of Hạ Long.
pub const SPECIALIST: Who = staff("s-specialist", WARD, &[Role::Specialist]);
/// Their colleague.
pub const SPECIALIST_2: Who = staff("s-specialist-2", WARD, &[Role::Specialist]);
/// Heads the division of the ward.
pub const HEAD: Who = staff("s-head", WARD, &[Role::HeadOfDivision]);
/// Signs for the ward.
pub const LEADER: Who = staff("s-leader", WARD, &[Role::SigningLeader]);
/// Numbers and seals at the ward.
pub const RECORDS: Who = staff("s-records", WARD, &[Role::RecordsOfficer]);

/// Answers for the fire police when it is consulted.
pub const FIRE: Who = staff("g-fire", "fire-agency", &[Role::ConsultedAgency]);
/// Answers for the planning department.
pub const PLANNING: Who = staff("g-planning", "planning-agency", &[Role::ConsultedAgency]);
/// Answers for the environment department.
pub const ENVIRONMENT: Who = staff("g-environment", "environment-agency", &[Role::ConsultedAgency]);

/// Receives on the island.
pub const ISLAND_CLERK: Who = staff("i-clerk", ISLAND_CENTRE, &[Role::ReceptionClerk]);
/// Takes fees on the island.
pub const ISLAND_CASHIER: Who = staff("i-cashier", ISLAND_CENTRE, &[Role::Cashier]);
/// Examines on the island.
pub const ISLAND_SPECIALIST: Who = staff("i-specialist", ISLAND, &[Role::Specialist]);

/// Receives at the provincial centre.
pub const PROVINCE_CLERK: Who = staff("p-clerk", PROVINCE, &[Role::ReceptionClerk]);
/// Hands results over at the provincial centre.
pub const PROVINCE_RETURNER: Who = staff("p-returner", PROVINCE, &[Role::ReturnClerk]);

/// Centres where citizens hand paper in, and who takes it.
pub const COUNTERS: [(&str, &Who); 3] =
    [(CENTRE, &CLERK), (ISLAND_CENTRE, &ISLAND_CLERK), (PROVINCE, &PROVINCE_CLERK)];

/// Replays histories.
pub const AUDITOR: Who = Who { id: "a-auditor", unit: None, roles: &[Role::Auditor] };
/// Publishes and loads.
pub const ADMIN: Who = Who { id: "a-admin", unit: None, roles: &[Role::Administrator] };
/// The program in front of the citizens.
pub const PORTAL: Who = Who { id: "f-portal", unit: None, roles: &[Role::FrontEnd] };

/// Everyone, one of each role and unit.
pub const EVERYONE: [&Who; 24] = [
    &MAI,
    &BINH,
    &STRANGER,
    &CLERK,
    &CLERK_2,
    &CASHIER,
    &RETURNER,
    &HEAD_OF_CENTRE,
    &SPECIALIST,
    &SPECIALIST_2,
    &HEAD,
    &LEADER,
    &RECORDS,
    &FIRE,
    &PLANNING,
    &ENVIRONMENT,
    &ISLAND_CLERK,
    &ISLAND_CASHIER,
    &ISLAND_SPECIALIST,
    &PROVINCE_CLERK,
    &PROVINCE_RETURNER,
    &AUDITOR,
    &ADMIN,
    &PORTAL,
];
