//! Documents of a later phase, at the desk: what is looked up, owed and kept of it.

use motcua_dossiers::command::{Advance, Command, RecordLookup};
use motcua_dossiers::event::Event;
use motcua_dossiers::rejection::Rejection;
use motcua_procedures::Role;
use serde_json::json;

use crate::desk::{Desk, advance, paper};

/// Works that take the applicant months, then a second phase. A charge is owed for whoever hands in the
/// second of its papers, which a register holds as well.
fn two_phases() -> String {
    let source = include_str!("../../../../docs/examples/patterns/land-and-environment.yaml");
    let fee = "fees:\n  - id: copying\n    name: { vi: Phí sao chụp, en: Copying }\n    amount: 20000\n    \
               when: documents.D3.present\n    collect: delivery\n    refundable: false\n    ground: law\n";
    let changed = source.replacen("fees:\n", fee, 1).replacen(
        "    when: form.insured\n    phase",
        "    when: form.insured\n    data_source: insurance\n    phase",
        1,
    );
    assert!(changed.contains("data_source: insurance"));
    changed
}

fn filed() -> Desk {
    let form = json!({ "full_name": "Nguyễn Văn An", "insured": true });
    Desk::filed(&two_phases(), "2026-10-05 09:00", "ordinary", form, &["D1"])
}

fn at_the_works() -> Desk {
    let mut desk = filed();
    to_the_works(&mut desk);
    desk
}

fn to_the_works(desk: &mut Desk) {
    desk.received();
    let mut act = |role, id: &str| {
        let done = desk.by(role, "commune", Command::Advance(advance(id)));
        done.unwrap_or_else(|refusal| panic!("{id}: {refusal:?}"));
    };
    act(Role::Specialist, "meet");
    act(Role::CouncilMember, "pass");
}

/// The clerk of the centre takes the report in, with these papers.
fn report(desk: &mut Desk, papers: &[&str]) -> Result<Vec<Event>, Rejection> {
    let documents = papers.iter().map(|id| paper(id)).collect();
    let command = Advance { documents, ..advance("report_completion") };
    desk.by(Role::ReceptionClerk, "centre", Command::Advance(command))
}

fn required(desk: &Desk) -> Vec<&str> {
    desk.dossier().required.iter().map(|required| required.id.as_str()).collect()
}

#[test]
fn nothing_is_looked_up_for_a_phase_that_has_not_begun() {
    let mut desk = filed();
    let lookup = |requirement: &str| {
        Command::RecordLookup(RecordLookup {
            requirement: requirement.into(),
            registry: "insurance".into(),
            found: true,
            answer: None,
        })
    };
    let refused = desk.by(Role::ReceptionClerk, "centre", lookup("D3")).expect_err("too early");
    assert_eq!(refused.violations[0].code, "LATER_PHASE");
    let mut desk = at_the_works();
    report(&mut desk, &["D2"]).expect("reported");
    desk.by(Role::Specialist, "commune", lookup("D3")).expect("its phase has begun");
}

#[test]
fn what_is_brought_to_a_phase_may_cost_something() {
    let mut bare = at_the_works();
    report(&mut bare, &["D2"]).expect("reported");
    assert!(!bare.dossier().fees.contains_key("copying"));
    let mut desk = at_the_works();
    report(&mut desk, &["D2", "D3"]).expect("reported");
    assert_eq!(desk.dossier().fees["copying"].amount, 20_000);
}

#[test]
fn a_phase_that_has_begun_is_known_by_its_clock_alone_as_in_older_histories() {
    let mut desk = at_the_works();
    assert_eq!((required(&desk), desk.dossier().phases.len()), (vec!["D1"], 0));
    let events = report(&mut desk, &["D2"]).expect("reported");
    assert_eq!(required(&desk), ["D1", "D2", "D3"]);
    assert!(desk.dossier().phases.contains("acceptance"));
    let facts = serde_json::to_value(&events[0].facts).expect("plain");
    assert!(facts.get("phases").is_none(), "histories say no more than they did: {facts}");
    assert_eq!(facts["clocks"]["phase"], "acceptance");
}

#[test]
fn a_paper_that_is_no_longer_valid_when_its_phase_begins_is_not_taken() {
    let source = two_phases()
        .replacen(
            "  properties:\n",
            "  properties:\n    drawn_on: { type: string, format: date, maxLength: 10 }\n",
            1,
        )
        .replacen(
            "    phase: acceptance\n",
            "    phase: acceptance\n    validity: { issued_on: drawn_on, valid_for: { amount: 6, unit: \
             month } }\n",
            1,
        );
    for (drawn_on, is_valid) in [("2026-09-01", true), ("2026-03-01", false)] {
        let form = json!({ "full_name": "Nguyễn Văn An", "insured": false, "drawn_on": drawn_on });
        let mut desk = Desk::filed(&source, "2026-10-05 09:00", "ordinary", form, &["D1"]);
        to_the_works(&mut desk);
        match report(&mut desk, &["D2"]) {
            Ok(_) => assert!(is_valid, "{drawn_on}"),
            Err(refusal) => {
                assert!(!is_valid, "{refusal:?}");
                assert_eq!(refusal.violations[0].code, "NOT_VALID");
            }
        }
    }
}
