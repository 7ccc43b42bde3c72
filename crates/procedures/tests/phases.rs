//! Documents of a later phase: each fault is provoked by a change to the example of two phases.

use motcua_procedures::{Finding, check};

const TWO_PHASES: &str = include_str!("../../../docs/examples/patterns/land-and-environment.yaml");

/// The example with texts replaced, each of which must occur in it.
#[track_caller]
fn changed(changes: &[(&str, &str)]) -> String {
    let mut source = TWO_PHASES.to_owned();
    for (from, to) in changes {
        assert!(source.contains(from), "{from:?} is not in the example");
        source = source.replace(from, to);
    }
    source
}

fn found(changes: &[(&str, &str)]) -> Vec<Finding> {
    check(changed(changes).as_bytes()).findings
}

#[track_caller]
fn the_only(code: &str, changes: &[(&str, &str)]) -> Finding {
    let mut findings = found(changes);
    findings.retain(|finding| finding.code.contains("PHASE"));
    let codes: Vec<(&str, &str)> =
        findings.iter().map(|finding| (finding.code, finding.path.as_str())).collect();
    assert!(codes.iter().all(|(found, _)| *found == code) && !codes.is_empty(), "{codes:?}");
    findings.remove(0)
}

/// The applicant no longer begins the phase: somebody of the office does.
const BY_THE_OFFICE: (&str, &str) = (
    "{ id: report_completion, name",
    "{ id: report_completion, roles: [specialist], unit: competent, name",
);
const NO_SUPPLEMENT: (&str, &str) =
    ("        act: request_supplement\n        form: 2\n        rounds_max: 1\n", "");
const NO_REVIEW: (&str, &str) = (
    "    reviews: true                     # the papers of the second phase are checked here\n",
    "",
);

#[test]
fn the_example_has_documents_of_a_later_phase_and_is_sound() {
    assert_eq!(found(&[]), []);
}

#[test]
fn a_document_of_a_phase_that_is_not_there_is_found_with_what_was_meant() {
    let finding = the_only("UNKNOWN_PHASE", &[("    phase: acceptance", "    phase: aceptance")]);
    assert_eq!(finding.path, "/documents/1/phase");
    assert_eq!(finding.remedy, "Did you mean \"acceptance\"?");
}

#[test]
fn a_document_of_a_phase_that_never_begins_is_an_error() {
    let other = "  - id: later\n    name: { vi: Sau, en: Later }\n    limits:\n      - id: later\n        \
                 statutory: { amount: 5, unit: working_day, ground: law }\nresults:\n";
    let changes = [("results:\n", other), ("    phase: acceptance", "    phase: later")];
    let findings = found(&changes);
    let never: Vec<&str> = findings
        .iter()
        .filter(|finding| finding.code == "PHASE_NEVER_BEGINS")
        .map(|finding| finding.path.as_str())
        .collect();
    assert_eq!(never, ["/documents/1/phase", "/documents/2/phase"]);
}

#[test]
fn a_document_that_nobody_can_hand_in_once_its_phase_has_begun_is_found() {
    let finding = the_only("PHASE_WITHOUT_HAND_IN", &[BY_THE_OFFICE, NO_SUPPLEMENT]);
    assert_eq!(finding.path, "/documents/1/phase");
    assert!(finding.remedy.contains("request_supplement"), "{}", finding.remedy);
}

#[test]
fn either_way_to_hand_it_in_is_enough() {
    for change in [BY_THE_OFFICE, NO_SUPPLEMENT] {
        let findings = found(&[change]);
        assert!(findings.iter().all(|f| f.code != "PHASE_WITHOUT_HAND_IN"), "{findings:?}");
    }
}

#[test]
fn a_grant_that_rests_on_a_document_that_nobody_checks_is_found() {
    let finding = the_only("PHASE_UNREVIEWED", &[NO_REVIEW]);
    assert_eq!(finding.path, "/documents/1/phase");
}

#[test]
fn what_the_office_looks_up_itself_need_not_be_handed_in_or_checked() {
    let looked_up = ("hand_in: submit", "hand_in: look_up");
    let findings = found(&[looked_up, BY_THE_OFFICE, NO_SUPPLEMENT, NO_REVIEW]);
    assert!(findings.iter().all(|finding| !finding.code.contains("PHASE")), "{findings:?}");
}
