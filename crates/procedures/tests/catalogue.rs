//! The shipped procedures are sound and say what their law says.

use std::collections::BTreeMap;

use motcua_procedures::{
    Act, Amount, Channel, DocumentFacts, Facts, Procedure, Severity, Status, UnitFacts, check,
    parse,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const BIRTH: &[u8] = include_bytes!("../../../catalogue/birth-registration.yaml");
const BUSINESS: &[u8] = include_bytes!("../../../catalogue/household-business.yaml");
const MARRIAGE: &[u8] = include_bytes!("../../../catalogue/marriage-registration.yaml");

#[track_caller]
fn procedure(source: &[u8]) -> Procedure {
    parse(source).unwrap_or_else(|findings| panic!("{findings}"))
}

#[test]
fn the_catalogue_is_sound_without_a_warning() {
    let catalogue = concat!(env!("CARGO_MANIFEST_DIR"), "/../../catalogue");
    let folders = [catalogue.to_owned(), format!("{catalogue}/versions")];
    let entries =
        folders.iter().flat_map(|folder| std::fs::read_dir(folder).expect("the catalogue"));
    let paths = entries.map(|entry| entry.expect("a file of the catalogue").path());
    let is_procedure = |path: &std::path::PathBuf| {
        let name = path.to_string_lossy();
        name.ends_with(".yaml") && !name.ends_with(".scenarios.yaml")
    };
    let mut text: Vec<String> = Vec::new();
    let mut count = 0;
    for path in paths.filter(is_procedure) {
        count += 1;
        let report = check(&std::fs::read(&path).expect("a readable file"));
        let name = path.display();
        text.extend(report.findings.iter().map(|f| {
            format!("{name}:{} {} {} {} {:?}", f.line, f.path, f.code, f.message, f.trace)
        }));
        assert!(report.readable && report.procedure.is_some() == report.sound);
    }
    assert_eq!(text, Vec::<String>::new());
    assert_eq!(count, 10, "nine procedures and an older version");
}

#[test]
fn catalogue_digest_is_over_the_exact_bytes() {
    let first = procedure(BIRTH);
    let hex: String = Sha256::digest(BIRTH).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(first.reference().digest, hex);
    assert_eq!(first.source(), BIRTH);
    let commented = [BIRTH, b"# one more line\n"].concat();
    assert_ne!(procedure(&commented).reference().digest, hex);
}

#[test]
fn codes_names_and_results_are_those_of_the_national_record() {
    let codes =
        [BIRTH, BUSINESS, MARRIAGE].map(|source| procedure(source).reference().code.clone());
    assert_eq!(codes, ["1.001193", "1.001612", "1.000894"]);
    let birth = procedure(BIRTH);
    assert_eq!(birth.definition().name.vi, "Đăng ký khai sinh");
    assert_eq!(birth.definition().results[0].code.as_deref(), Some("KQ.G15.000031"));
}

#[test]
fn every_procedure_can_be_withdrawn_apologised_for_and_stopped() {
    for source in [BIRTH, BUSINESS, MARRIAGE] {
        let procedure = procedure(source);
        for (step, action, act) in [
            ("intake", "accept", Act::Accept),
            ("intake", "withdraw", Act::Withdraw),
            ("examination", "withdraw", Act::Withdraw),
            ("examination", "apologise", Act::Apologise),
            ("examination", "stop", Act::Stop),
            ("completed", "deliver", Act::Deliver),
        ] {
            let found = procedure.action(step, action);
            assert_eq!(found.map(|found| found.act), Some(act), "{step}/{action}");
        }
        assert_eq!(procedure.step("completed").expect("the step").status, Status::Completed);
    }
}

fn documents_asked_for(
    procedure: &Procedure,
    form: &Value,
    channel: Channel,
    variant: &str,
    proxy: bool,
) -> Vec<String> {
    let known: BTreeMap<String, DocumentFacts> = BTreeMap::new();
    let unit = UnitFacts { id: "u", kind: "commune_centre", area: "ordinary" };
    let facts = Facts {
        form,
        channel,
        variant,
        proxy,
        owners: 1,
        documents: &known,
        receiving: unit,
        competent: unit,
        outcome: None,
        submitted_on: jiff::civil::date(2026, 11, 27),
        answers: &BTreeMap::new(),
        fees: &BTreeMap::new(),
    };
    let asked = |guard: &motcua_procedures::Guard| guard.holds(&facts).expect("the guard holds");
    let documents = procedure.definition().documents.iter();
    let asked = documents.filter(|document| document.when.as_ref().is_none_or(asked));
    asked.map(|document| document.id.clone()).collect()
}

fn birth_form() -> Value {
    json!({
        "birth_case": "ordinary", "birth_evidence": "notification", "child_name": "Nguyễn Văn An",
        "child_sex": "male", "child_birth_date": "2026-11-20", "child_birth_place": "Hạ Long",
        "child_ethnicity": "Kinh", "child_nationality": "Việt Nam", "mother_known": true,
        "mother": { "name": "Trần Thị Bình", "birth_year": 1998, "nationality": "Việt Nam" },
        "father_known": false, "requester_name": "Trần Thị Bình", "requester_relation": "mother",
        "proxy_relation": "none", "copies_requested": 2
    })
}

#[test]
fn birth_documents_follow_evidence_channel_and_proxy() {
    let birth = procedure(BIRTH);
    let mut form = birth_form();
    let asked = |form: &Value, channel, variant, proxy| {
        documents_asked_for(&birth, form, channel, variant, proxy).join(" ")
    };
    assert_eq!(asked(&form, Channel::Counter, "ordinary", false), "D1 D2 D6 D7");
    assert_eq!(asked(&form, Channel::Online, "ordinary", true), "D1e D2 D5 D6 D7");
    assert_eq!(asked(&form, Channel::Post, "surrogacy", false), "D1 D2 D4 D8a D8b");
    form["proxy_relation"] = "relative_for_parents".into();
    form["birth_evidence"] = "witnesses".into();
    assert_eq!(asked(&form, Channel::Counter, "ordinary", true), "D1 D2a D6 D7");
    form["birth_evidence"] = "abandonment_minutes".into();
    assert_eq!(asked(&form, Channel::Counter, "abandoned", false), "D1 D3 D6 D7");
}

#[test]
fn a_birth_form_asks_for_the_parents_that_are_known() {
    let birth = procedure(BIRTH);
    let form = &birth.definition().form;
    assert_eq!(form.validate(&birth_form()), []);
    let mut father = birth_form();
    father["father_known"] = true.into();
    let faults = form.validate(&father);
    assert_eq!(faults.len(), 1);
    assert_eq!((faults[0].path.as_str(), faults[0].code.as_str()), ("/father", "REQUIRED"));
    let mut abandoned = birth_form();
    abandoned["birth_case"] = "abandoned".into();
    let paths: Vec<String> = form.validate(&abandoned).into_iter().map(|f| f.path).collect();
    assert_eq!(paths, ["/birth_evidence", "/mother_known"]);
}

#[test]
fn business_fees_differ_by_channel_and_the_name_is_reserved() {
    let business = procedure(BUSINESS);
    let amount = |fee: &motcua_procedures::Fee| match fee.amount {
        Amount::Fixed(amount) => amount,
        Amount::Tariff(_) | Amount::Assessed => panic!("{} is a fixed fee", fee.id),
    };
    let fees: Vec<u64> = business.definition().fees.iter().map(amount).collect();
    assert_eq!(fees, [50_000, 150_000]);
    let accept = business.action("intake", "accept").expect("the action");
    let reserved = accept.reserves.as_ref().expect("a reservation");
    assert_eq!(
        (reserved.scope.as_str(), reserved.field.as_str()),
        ("household_business_name", "business_name")
    );
    assert!(business.action("completed", "record_tax_code").is_some());
}

#[test]
fn both_marry_in_person() {
    let marriage = procedure(MARRIAGE);
    assert!(marriage.action("completed", "deliver").expect("the action").all_owners);
    assert_eq!(marriage.definition().parties.owners_min, 2);
    let party = json!({ "name": "A", "birth_date": "1999-01-01", "ethnicity": "Kinh",
        "nationality": "VN", "residence": "Hạ Long", "identity_number": "022099000001",
        "marriage_count": 1, "divorced_abroad": false });
    let mut form = json!({ "groom": party, "bride": party, "voluntary": true,
        "contact_phone": "0912345678", "copies_requested": 0 });
    assert_eq!(marriage.definition().form.validate(&form), []);
    form["voluntary"] = false.into();
    assert_eq!(marriage.definition().form.validate(&form).len(), 1);
    assert!(check(MARRIAGE).findings.iter().all(|f| f.severity != Severity::Error));
}
