use motcua_procedures::{Finding, Severity};

use crate::finding::code;
use crate::{FILL_IN, Imported, import_digit};

/// A business licence as a create request: nothing is wrong with it.
const LICENCE: &str = r#"{
  "RequestInfo": { "apiId": "x" },
  "BusinessServices": [
    {
      "tenantId": "qn",
      "businessService": "LICENCE",
      "business": "licence-services",
      "businessServiceSla": 432000000,
      "states": [
        { "sla": null, "state": null, "applicationStatus": null, "docUploadRequired": false,
          "isStartState": true, "isTerminateState": false, "isStateUpdatable": true,
          "actions": [ { "action": "APPLY", "nextState": "OPEN", "roles": ["CITIZEN"] } ] },
        { "sla": 86400000, "state": "OPEN", "isStartState": false, "isTerminateState": false,
          "actions": [
            { "action": "FORWARD", "nextState": "EXAMINED", "roles": ["CLERK"] },
            { "action": "REJECT", "nextState": "REJECTED", "roles": ["CLERK", "APPROVER"] } ] },
        { "sla": 172800000, "state": "EXAMINED", "isTerminateState": false,
          "actions": [
            { "action": "APPROVE", "nextState": "APPROVED", "roles": ["APPROVER"] },
            { "action": "SEND_BACK", "nextState": "OPEN", "roles": ["APPROVER"] } ] },
        { "state": "APPROVED", "isTerminateState": true, "actions": null },
        { "state": "REJECTED", "isTerminateState": true, "actions": [] }
      ]
    }
  ]
}"#;

fn import(source: &str) -> Imported {
    import_digit(source.as_bytes(), None)
}

/// The licence with one text for another.
fn changed(from: &str, to: &str) -> Imported {
    assert!(LICENCE.contains(from), "{from}");
    import(&LICENCE.replacen(from, to, 1))
}

#[track_caller]
fn only_error(imported: &Imported) -> &Finding {
    let errors: Vec<&Finding> =
        imported.findings.iter().filter(|f| f.severity == Severity::Error).collect();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert!(!imported.sound);
    errors[0]
}

#[track_caller]
fn finding<'i>(imported: &'i Imported, code: &str) -> &'i Finding {
    let found = imported.findings.iter().find(|finding| finding.code == code);
    found.unwrap_or_else(|| panic!("{code} is not in {:#?}", imported.findings))
}

#[test]
fn a_clean_service_is_sound_and_its_draft_waits_for_a_person() {
    let imported = import(LICENCE);
    assert!(imported.sound && imported.readable, "{:#?}", imported.findings);
    let yaml = imported.yaml.expect("a draft");
    for part in [
        "start: OPEN\n",
        "  - id: OPEN\n",
        "    role: FILL_IN # APPROVER, CLERK\n",
        "    time: { amount: 1, unit: FILL_IN } # 86400000 ms, 1 days\n",
        "        roles: [FILL_IN] # CLERK\n",
        "        act: FILL_IN\n",
        "        to: REJECTED\n",
        "    kind: final\n",
        "    statutory: { amount: 5, unit: FILL_IN, ground: FILL_IN } # 432000000 ms, 5 days\n",
    ] {
        assert!(yaml.contains(part), "{part} is not in\n{yaml}");
    }
    let report = motcua_procedures::check(yaml.as_bytes());
    assert!(report.readable && !report.sound);
    assert!(!report.findings.iter().any(|f| f.code == "UNKNOWN_KEY"), "{:#?}", report.findings);
}

#[test]
fn everything_that_the_source_does_not_say_is_a_finding_and_a_placeholder() {
    let imported = import(LICENCE);
    for code in [
        code::IMPORT_FACTS_MISSING,
        code::IMPORT_GROUND_MISSING,
        code::IMPORT_FILING_MISSING,
        code::IMPORT_FORM_MISSING,
        code::IMPORT_VARIANTS_MISSING,
        code::IMPORT_DOCUMENTS_MISSING,
        code::IMPORT_FEES_MISSING,
        code::IMPORT_LIMIT_MISSING,
        code::IMPORT_RESULTS_MISSING,
        code::IMPORT_NAME_MISSING,
        code::IMPORT_STATUS_MISSING,
        code::IMPORT_ROLE_UNKNOWN,
        code::IMPORT_UNIT_MISSING,
        code::IMPORT_ACT_UNKNOWN,
        code::IMPORT_TIME_UNIT,
        code::IMPORT_START_FOLDED,
    ] {
        assert_eq!(finding(&imported, code).severity, Severity::Warning);
    }
    let role = finding(&imported, code::IMPORT_ROLE_UNKNOWN);
    assert_eq!(role.path, "/BusinessServices/0/states/1");
    assert_eq!(role.line, 13);
    assert!(role.message.contains("\"OPEN\": APPROVER, CLERK"), "{}", role.message);
    let placeholders = imported.yaml.expect("a draft").matches(FILL_IN).count();
    assert!(placeholders > 20, "{placeholders}");
}

#[test]
fn all_shapes_of_a_service_give_the_same_draft() {
    let service =
        &LICENCE[LICENCE.find('[').expect("a list")..=LICENCE.rfind(']').expect("its end")];
    let one = &service[1..service.len() - 1];
    let wanted = import(LICENCE).yaml;
    for shape in [
        format!(r#"{{"ResponseInfo":{{"status":"successful"}},"BusinessServices":{service}}}"#),
        format!(r#"{{"tenantId":"qn","moduleName":"Workflow","BusinessService":{service}}}"#),
        format!(
            r#"{{"ResponseInfo":null,"MdmsRes":{{"Workflow":{{"BusinessService":{service}}}}}}}"#
        ),
        format!(r#"{{"mdms":[{{"schemaCode":"Workflow.BusinessService","data":{one}}}]}}"#),
        service.to_owned(),
        one.to_owned(),
        format!("\u{feff}{one}"),
    ] {
        let imported = import(&shape);
        assert_eq!(imported.yaml, wanted, "{shape}");
    }
}

#[test]
fn next_states_are_found_by_uuid_as_in_the_answer_of_a_search() {
    let uuids = [
        ("\"state\": null", "61e01ccd-0000-4705-ae82-000000000001", ""),
        ("\"state\": \"OPEN\"", "61e01ccd-0000-4705-ae82-000000000002", "\"OPEN\""),
        ("\"state\": \"EXAMINED\"", "61e01ccd-0000-4705-ae82-000000000003", "\"EXAMINED\""),
    ];
    let mut source = LICENCE.to_owned();
    for (state, uuid, name) in uuids {
        source = source.replace(state, &format!("\"uuid\": \"{uuid}\", {state}"));
        let by_uuid = format!("\"nextState\": \"{}\"", uuid.to_uppercase());
        source = source.replace(&format!("\"nextState\": {name},"), &format!("{by_uuid},"));
    }
    assert!(source.contains("\"nextState\": \"61E01CCD"));
    assert_eq!(import(&source).yaml, import(LICENCE).yaml);
    let lost = source.replace("\"uuid\": \"61e01ccd-0000-4705-ae82-000000000003\", ", "");
    let imported = import(&lost);
    let dangling = finding(&imported, code::IMPORT_DANGLING_STATE);
    assert!(dangling.message.contains("61E01CCD-0000-4705-AE82-000000000003"));
    assert!(dangling.message.contains("\"FORWARD\" of \"OPEN\""), "{}", dangling.message);
    assert!(finding(&imported, code::IMPORT_STATE_UNREACHABLE).message.contains("\"EXAMINED\""));
}

#[test]
fn a_next_state_that_is_not_there_dangles() {
    let imported = changed("\"nextState\": \"APPROVED\"", "\"nextState\": \"APROVED\"");
    let dangling = finding(&imported, code::IMPORT_DANGLING_STATE);
    assert_eq!(dangling.path, "/BusinessServices/0/states/2/actions/0");
    assert!(dangling.message.contains("\"APROVED\""));
    assert!(imported.yaml.expect("a draft").contains("to: FILL_IN"));
}

#[test]
fn a_state_that_nothing_leads_to_is_named() {
    let imported = changed("\"nextState\": \"APPROVED\"", "\"nextState\": \"OPEN\"");
    let unreachable = only_error(&imported);
    assert_eq!(unreachable.code, code::IMPORT_STATE_UNREACHABLE);
    assert!(unreachable.message.contains("\"APPROVED\""));
}

#[test]
fn a_state_without_actions_that_is_no_end_is_a_dead_end_with_the_way_there() {
    let imported = changed(
        "\"state\": \"REJECTED\", \"isTerminateState\": true",
        "\"state\": \"REJECTED\", \"isTerminateState\": false",
    );
    let dead = only_error(&imported);
    assert_eq!(dead.code, code::IMPORT_DEAD_END);
    let trace: Vec<(&str, &str)> =
        dead.trace.iter().map(|step| (step.state.as_str(), step.action.as_str())).collect();
    assert_eq!(trace, [("OPEN", "REJECT"), ("REJECTED", "")]);
}

#[test]
fn a_circle_without_a_way_out_cannot_finish() {
    let circle = LICENCE.replace("\"nextState\": \"APPROVED\"", "\"nextState\": \"EXAMINED\"");
    let imported = import(&circle.replace(
        "\"action\": \"SEND_BACK\", \"nextState\": \"OPEN\"",
        "\"action\": \"SEND_BACK\", \"nextState\": \"EXAMINED\"",
    ));
    let stuck = finding(&imported, code::IMPORT_CANNOT_FINISH);
    assert!(stuck.message.contains("\"EXAMINED\""));
    assert_eq!(stuck.trace.len(), 2);
}

#[test]
fn a_service_without_terminal_states_never_ends() {
    let imported =
        import(&LICENCE.replace("\"isTerminateState\": true", "\"isTerminateState\": false"));
    assert!(finding(&imported, code::IMPORT_NO_END).message.contains("ever finished"));
}

#[test]
fn one_state_is_the_start() {
    let none = changed("\"state\": null", "\"state\": \"NEW\"");
    assert!(none.sound, "a named state that is marked will do");
    let none = import(
        &LICENCE
            .replace("\"state\": null", "\"state\": \"NEW\"")
            .replace("\"isStartState\": true", "\"isStartState\": false"),
    );
    assert_eq!(only_error(&none).code, code::IMPORT_NO_START);
    let two = changed("\"state\": \"EXAMINED\"", "\"state\": null");
    assert!(finding(&two, code::IMPORT_SEVERAL_STARTS).message.contains("2 states"));
    let two = import(
        &LICENCE
            .replace("\"state\": null", "\"state\": \"NEW\"")
            .replace("\"isStartState\": false", "\"isStartState\": true"),
    );
    assert_eq!(only_error(&two).code, code::IMPORT_SEVERAL_STARTS);
    let marked = changed("\"isStartState\": false", "\"isStartState\": true");
    assert!(marked.sound, "DIGIT begins in the state without a name whatever is marked");
    assert!(finding(&marked, code::IMPORT_EXTRA_START).message.contains("\"OPEN\""));
}

#[test]
fn an_action_needs_a_role() {
    let imported = changed("\"roles\": [\"CLERK\"]", "\"roles\": []");
    let roles = only_error(&imported);
    assert_eq!(roles.code, code::IMPORT_ACTION_WITHOUT_ROLES);
    assert!(roles.message.contains("\"FORWARD\" of \"OPEN\""));
}

#[test]
fn a_deadline_in_another_unit_than_milliseconds_is_a_defect() {
    for (sla, words) in [
        ("30", "less than a second"),
        ("86400", "86 seconds"),
        ("0", "no time"),
        ("-5", "no time"),
        ("9999999999999999", "days"),
    ] {
        let imported = changed("\"sla\": 172800000", &format!("\"sla\": {sla}"));
        let implausible = only_error(&imported);
        assert_eq!(implausible.code, code::IMPORT_DEADLINE_IMPLAUSIBLE);
        assert_eq!(implausible.path, "/BusinessServices/0/states/2/sla");
        assert!(implausible.message.contains("\"EXAMINED\""), "{}", implausible.message);
        assert!(implausible.message.contains(words), "{}", implausible.message);
    }
    let imported = changed("\"businessServiceSla\": 432000000", "\"businessServiceSla\": 5");
    assert!(only_error(&imported).message.contains("\"LICENCE\""));
    let imported = changed("\"sla\": 172800000", "\"sla\": 864000000");
    assert!(imported.sound);
    assert!(finding(&imported, code::IMPORT_DEADLINE_EXCEEDS).message.contains("\"EXAMINED\""));
}

#[test]
fn states_and_actions_stand_once() {
    let imported = changed("\"state\": \"REJECTED\"", "\"state\": \"APPROVED\"");
    assert!(finding(&imported, code::IMPORT_DUPLICATE_STATE).message.contains("\"APPROVED\""));
    let imported = changed("\"action\": \"SEND_BACK\"", "\"action\": \"approve\"");
    let twice = only_error(&imported);
    assert_eq!(twice.code, code::IMPORT_DUPLICATE_ACTION);
}

#[test]
fn an_end_offers_nothing() {
    let imported = changed(
        "\"actions\": null",
        "\"actions\": [ { \"action\": \"REOPEN\", \"nextState\": \"OPEN\", \"roles\": [\"CLERK\"] } ]",
    );
    let end = only_error(&imported);
    assert_eq!(end.code, code::IMPORT_END_WITH_ACTIONS);
    assert!(end.message.contains("\"APPROVED\""));
}

#[test]
fn what_has_no_equivalent_is_said() {
    let imported = changed("\"sla\": 172800000", "\"sla\": 172800000, \"assignSameAs\": \"OPEN\"");
    assert!(finding(&imported, code::IMPORT_NO_EQUIVALENT).message.contains("\"assignSameAs\""));
    let imported = changed("\"docUploadRequired\": false", "\"docUploadRequired\": true");
    let upload = imported.findings.iter().filter(|f| f.code == code::IMPORT_DOCUMENTS_MISSING);
    assert_eq!(upload.count(), 2);
    let imported = changed("\"action\": \"REJECT\"", "\"active\": false, \"action\": \"REJECT\"");
    assert!(finding(&imported, code::IMPORT_ACTION_INACTIVE).message.contains("\"REJECT\""));
    let imported = changed("\"state\": \"OPEN\"", "\"state\": \"In work\"");
    assert!(finding(&imported, code::IMPORT_ID_CHANGED).message.contains("\"In_work\""));
}

#[test]
fn an_action_that_claims_another_origin_is_a_defect() {
    let source = LICENCE.replace("\"state\": \"OPEN\"", "\"uuid\": \"u-1\", \"state\": \"OPEN\"");
    let wrong = source
        .replace("\"action\": \"FORWARD\"", "\"currentState\": \"u-2\", \"action\": \"FORWARD\"");
    assert_eq!(only_error(&import(&wrong)).code, code::IMPORT_CURRENT_STATE);
    let right = source
        .replace("\"action\": \"FORWARD\"", "\"currentState\": \"U-1\", \"action\": \"FORWARD\"");
    assert!(import(&right).sound);
}

#[test]
fn an_automatic_escalation_becomes_a_timeout() {
    let service =
        &LICENCE[LICENCE.find('[').expect("a list")..=LICENCE.rfind(']').expect("its end")];
    let with = |days: &str| {
        import(&format!(
            r#"{{"tenantId":"qn","moduleName":"Workflow","BusinessService":{service},
            "AutoEscalation":[{{"businessService":"LICENCE","state":"OPEN","action":"REJECT",
                "stateSLA":{days},"active":"true"}}]}}"#
        ))
    };
    let yaml = with("30.0").yaml.expect("a draft");
    let timeout =
        "timeout: { after: { amount: 30, unit: FILL_IN }, action: REJECT_lapse, ground: FILL_IN }";
    assert!(yaml.contains(timeout), "{yaml}");
    // What a person may do stays beside what happens by itself.
    assert!(yaml.contains("- id: REJECT\n"), "{yaml}");
    assert!(yaml.contains("- id: REJECT_lapse # REJECT\n"), "{yaml}");
    assert!(yaml.contains("act: lapse"));
    let part = with("0.5");
    assert!(finding(&part, code::IMPORT_NO_EQUIVALENT).message.contains("\"REJECT\""));
    let more = with("30,\"businessSLA\":3");
    assert!(finding(&more, code::IMPORT_NO_EQUIVALENT).message.contains("\"businessSLA\""));
}

#[test]
fn an_escalation_or_service_that_is_switched_off_is_no_part_of_the_course() {
    let service =
        &LICENCE[LICENCE.find('[').expect("a list")..=LICENCE.rfind(']').expect("its end")];
    for off in ["false", "\"FALSE\""] {
        let imported = import(&format!(
            r#"{{"tenantId":"qn","moduleName":"Workflow","BusinessService":{service},
            "AutoEscalation":[{{"businessService":"LICENCE","state":"OPEN","action":"REJECT",
                "stateSLA":30,"active":{off}}}]}}"#
        ));
        let told = finding(&imported, code::IMPORT_ACTION_INACTIVE);
        assert!(told.message.contains("\"OPEN\""), "{}", told.message);
        assert!(!imported.yaml.expect("a draft").contains("timeout:"));
    }
    let action =
        changed("\"action\": \"FORWARD\"", "\"active\": \"false\", \"action\": \"FORWARD\"");
    finding(&action, code::IMPORT_ACTION_INACTIVE);
    let whole = changed("\"tenantId\": \"qn\"", "\"tenantId\": \"qn\", \"active\": false");
    assert!(finding(&whole, code::IMPORT_NO_EQUIVALENT).message.contains("switched off"));
}

#[test]
fn a_first_state_with_a_time_of_its_own_is_no_mere_filing() {
    let imported = changed("\"sla\": null, \"state\": null", "\"sla\": 86400000, \"state\": null");
    let yaml = imported.yaml.expect("a draft");
    assert!(yaml.contains("start: start\n") && yaml.contains("86400000 ms"), "{yaml}");
}

#[test]
fn several_services_are_imported_one_at_a_time() {
    let service =
        &LICENCE[LICENCE.find('[').expect("a list") + 1..LICENCE.rfind(']').expect("its end")];
    let two = format!("[{service},{}]", service.replace("LICENCE", "PERMIT"));
    let imported = import(&two);
    assert!(imported.readable && imported.yaml.is_none());
    assert!(only_error(&imported).message.contains("\"LICENCE\", \"PERMIT\""));
    let faulty = two.replace("\"nextState\": \"APPROVED\"", "\"nextState\": \"GONE\"");
    let dangling = import(&faulty).findings;
    let dangling = dangling.iter().filter(|f| f.code == code::IMPORT_DANGLING_STATE);
    assert_eq!(dangling.count(), 2, "the defects of all of them are reported");
    let imported = import_digit(two.as_bytes(), Some("PERMIT"));
    assert!(imported.sound, "{:#?}", imported.findings);
    let imported = import_digit(two.as_bytes(), Some("VISA"));
    assert_eq!(only_error(&imported).code, code::IMPORT_NOTHING_FOUND);
    for source in [
        "{}",
        "[]",
        "null",
        "{\"BusinessServices\":[]}",
        "{\"BusinessServices\":[{\"businessService\":\"X\",\"states\":[]}]}",
    ] {
        assert_eq!(only_error(&import(source)).code, code::IMPORT_NOTHING_FOUND, "{source}");
    }
}

#[test]
fn values_of_another_type_are_findings_and_no_end_of_the_import() {
    for (from, to) in [
        ("\"sla\": 172800000", "\"sla\": [1]"),
        ("\"sla\": 172800000", "\"sla\": 1.5"),
        ("\"isTerminateState\": false", "\"isTerminateState\": 7"),
        ("\"action\": \"SEND_BACK\"", "\"action\": {}"),
        ("\"roles\": [\"CLERK\"]", "\"roles\": [\"CLERK\", 4]"),
        ("\"actions\": null", "\"actions\": \"none\""),
        ("{ \"state\": \"APPROVED\"", "3, { \"state\": \"APPROVED\""),
    ] {
        let imported = changed(from, to);
        assert!(
            finding(&imported, code::IMPORT_WRONG_TYPE).message.contains("than")
                || finding(&imported, code::IMPORT_WRONG_TYPE).message.contains("milliseconds")
        );
        assert!(imported.yaml.is_some());
    }
}

#[test]
fn text_of_the_source_cannot_break_the_draft() {
    let evil = "\"state\": \"a: b # \\u0000\\n- x: {\\\"\\u2028\"";
    let imported = changed("\"state\": \"EXAMINED\"", evil);
    let report = motcua_procedures::check(imported.yaml.expect("a draft").as_bytes());
    assert!(report.readable, "{:#?}", report.findings);
}

#[test]
fn a_service_that_ends_at_once_keeps_its_first_state() {
    let source = r#"[{"businessService":"WAGE","states":[
        {"state":null,"isStartState":true,
            "actions":[{"action":"CREATE","nextState":"APPROVED","roles":["CLERK"]}]},
        {"state":"APPROVED","isTerminateState":true}]}]"#;
    let imported = import(source);
    assert!(imported.sound);
    assert!(imported.yaml.expect("a draft").contains("start: start\n"));
}

#[test]
fn many_states_end_in_bounded_time() {
    let started = std::time::Instant::now();
    let state = |n: usize| {
        let next = if n.is_multiple_of(2) { n + 2 } else { n };
        format!(
            r#"{{"state":"S{n}","actions":[{{"action":"A","nextState":"S{next}","roles":["R"]}}]}}"#
        )
    };
    let states: Vec<String> = (0..1_999).map(state).collect();
    let end = r#"{"state":"END","isStartState":true,"isTerminateState":true}"#;
    let chain = format!(r#"[{{"businessService":"X","states":[{},{end}]}}]"#, states.join(","));
    assert!(!import(&chain).sound);
    let same = format!(r#"[{{"businessService":"X","states":[{}]}}]"#, vec!["{}"; 1_999].join(","));
    assert!(!import(&same).sound);
    let many = format!(r#"[{{"businessService":"X","states":[{}]}}]"#, vec!["{}"; 2_001].join(","));
    assert_eq!(only_error(&import(&many)).code, code::IMPORT_TOO_MANY_PARTS);
    assert!(started.elapsed() < std::time::Duration::from_secs(10), "{:?}", started.elapsed());
}
