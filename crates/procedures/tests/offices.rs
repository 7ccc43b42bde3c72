//! Whether offices can carry a procedure out.

use std::collections::BTreeSet;

use motcua_procedures::{
    OfficePart, OfficeStaff, Role, Staffing, check_offices, check_staffing, parse,
};

const PARALLEL: &str = include_str!("parallel.yaml");

fn office(unit: &str, people: &[&[Role]]) -> OfficeStaff {
    OfficeStaff {
        unit: unit.into(),
        serves: BTreeSet::from([OfficePart::Receiving, OfficePart::Competent]),
        people: people.iter().map(|roles| roles.iter().copied().collect()).collect(),
    }
}

const ALL: &[Role] = &[
    Role::ReceptionClerk,
    Role::Cashier,
    Role::Specialist,
    Role::HeadOfDivision,
    Role::SigningLeader,
    Role::RecordsOfficer,
    Role::ReturnClerk,
];

fn codes(offices: &[OfficeStaff]) -> Vec<(&'static str, String)> {
    let procedure = parse(PARALLEL.as_bytes()).expect("the procedure is sound");
    let findings = check_offices(&procedure, offices);
    findings.into_iter().map(|finding| (finding.code, finding.path)).collect()
}

#[test]
fn one_person_who_may_do_everything_cannot_check_himself() {
    let sign = ("OFFICE_FOUR_EYES", "/steps/7/actions/0/not_by".to_owned());
    assert_eq!(codes(&[office("tiny", &[ALL])]), [sign]);
}

#[test]
fn two_people_are_four_eyes() {
    assert_eq!(codes(&[office("small", &[ALL, &[Role::Specialist]])]), []);
    assert_eq!(codes(&[office("small", &[ALL, &[Role::SigningLeader]])]), []);
}

/// Who examined may not have taken over, and who signs may have done neither.
#[test]
fn four_eyes_one_after_the_other_may_take_three_people() {
    let source = include_str!("sound.yaml")
        .replacen("outcome: certificate,", "outcome: certificate, not_by: [received],", 1)
        .replacen(
            "        outcome: notice\n",
            "        outcome: notice\n        not_by: [received]\n",
            1,
        )
        .replacen(
            "        act: sign\n",
            "        act: sign\n        not_by: [received, examination]\n",
            1,
        );
    let procedure = parse(source.as_bytes()).expect("the procedure is sound");
    let codes = |people: &[&[Role]]| -> Vec<&'static str> {
        let findings = check_offices(&procedure, &[office("commune", people)]);
        findings.into_iter().map(|finding| finding.code).collect()
    };
    assert_eq!(codes(&[ALL, &[Role::Specialist]]), ["OFFICE_FOUR_EYES"]);
    assert_eq!(codes(&[ALL, &[Role::Specialist], &[Role::Specialist]]), [""; 0]);
    assert_eq!(codes(&[ALL, &[Role::Specialist], &[Role::SigningLeader]]), [""; 0]);
}

#[test]
fn the_smallest_office_without_a_role_is_named() {
    let procedure = parse(PARALLEL.as_bytes()).expect("the procedure is sound");
    let without: Vec<Role> = ALL.iter().copied().filter(|role| *role != Role::Cashier).collect();
    let offices = [
        office("large", &[&without, &without, &without]),
        office("small", &[&without, &without]),
        office("whole", &[ALL, ALL, ALL]),
    ];
    let findings = check_offices(&procedure, &offices);
    let places: Vec<&str> = findings.iter().map(|finding| finding.path.as_str()).collect();
    assert_eq!(places, ["/steps/6/role"]);
    assert!(findings[0].message.contains("small (2 people)"), "{}", findings[0].message);
    assert!(findings[0].line > 1);
}

#[test]
fn what_is_done_elsewhere_is_no_business_of_the_office() {
    let mut centre = office("centre", &[&[Role::ReceptionClerk, Role::Cashier, Role::ReturnClerk]]);
    centre.serves.remove(&OfficePart::Competent);
    assert_eq!(codes(&[centre]), []);
}

#[test]
fn a_role_that_is_asked_for_elsewhere_exists_somewhere() {
    let procedure = parse(PARALLEL.as_bytes()).expect("the procedure is sound");
    let mut staffing = Staffing {
        offices: vec![office("whole", &[ALL, ALL])],
        roles: ALL.iter().copied().chain([Role::ConsultedAgency]).collect(),
    };
    assert_eq!(check_staffing(&procedure, &staffing), []);
    staffing.roles.remove(&Role::ConsultedAgency);
    let findings = check_staffing(&procedure, &staffing);
    assert!(!findings.is_empty());
    for finding in findings {
        assert_eq!(finding.code, "OFFICE_ROLE");
        assert!(finding.message.contains("anybody consulted_agency"), "{finding:?}");
    }
}

#[test]
fn somebody_receives() {
    let procedure = parse(PARALLEL.as_bytes()).expect("the procedure is sound");
    let mut agency = office("agency", &[ALL, ALL]);
    agency.serves.remove(&OfficePart::Receiving);
    let roles = ALL.iter().copied().chain([Role::ConsultedAgency]).collect();
    let findings = check_staffing(&procedure, &Staffing { offices: vec![agency], roles });
    let found: Vec<_> =
        findings.iter().map(|finding| (finding.code, finding.path.as_str())).collect();
    assert_eq!(found, [("OFFICE_UNIT", "/steps/0/unit")]);
}
