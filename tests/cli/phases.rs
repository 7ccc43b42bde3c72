//! A second phase by commands: what to bring is shown, and handed in by the act that begins it.

use std::fs;

use motcua_procedures::Role;
use motcua_tests::files;
use motcua_tests::people::{self, WARD, Who};
use motcua_tests::process::{Service, project};
use serde_json::json;

use crate::journey::Person;

const COUNCIL: Who = Who { id: "s-council", unit: Some(WARD), roles: &[Role::CouncilMember] };

/// Writes a JSON file to the desk.
fn write(service: &Service, name: &str, content: &serde_json::Value) {
    fs::write(service.desk().join(name), content.to_string()).expect("the desk can be written");
}

#[test]
fn the_documents_of_a_phase_are_shown_before_and_handed_in_by_the_act_that_begins_it() {
    let service = Service::start();
    let person = |who| Person::new(&service, who);
    let file = project().join("docs/examples/patterns/land-and-environment.yaml");
    person(&people::ADMIN).does(&format!("procedure publish {}", file.display()));
    let filing = json!({
        "procedure": "1.000900", "channel": "CHANNEL_COUNTER", "variant": "ordinary",
        "receiving_unit": people::CENTRE,
        "persons": [{ "id": "c-mai", "part": "PART_DOSSIER_OWNER", "full_name": "Nguyễn Thị Mai" }],
        "form": { "full_name": "Nguyễn Thị Mai", "insured": false },
        "documents": [{ "requirement": "D1", "paper": { "originals": 1 } }],
    });
    write(&service, "plan.json", &filing);
    let clerk = person(&people::CLERK);
    let filed = clerk.does("dossier submit plan.json --for c-mai");
    let id = filed["dossier"]["id"].as_str().expect("an id").to_owned();
    clerk.does(&format!("dossier decide {id} --accept-rest"));
    clerk.does(&format!("dossier accept {id}"));
    person(&people::SPECIALIST).does(&format!("dossier advance {id} meet"));
    person(&COUNCIL).does(&format!("dossier advance {id} pass"));

    let citizen = person(&people::MAI);
    let shown = citizen.tries(&format!("dossier show {id}")).with(0);
    assert!(shown.out.contains("report_completion (the applicant) (with D2, D3)"), "{}", shown.out);
    let bare = citizen.tries(&format!("dossier advance {id} report_completion"));
    bare.with(1).saying("DOCUMENTS_MISSING");
    fs::write(service.desk().join("as-built.pdf"), files::pdf("D2")).expect("written");
    let papers = json!({ "documents": [{ "requirement": "D2", "file": "as-built.pdf" }] });
    write(&service, "papers.json", &papers);
    let line = format!("dossier advance {id} report_completion --documents papers.json");
    let begun = citizen.does(&line);
    assert_eq!(begun["dossier"]["state"], "inspection");
}
