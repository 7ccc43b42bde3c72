use super::{draft, elements, errors, finding, has, import, only_error};
use crate::finding::code;

#[test]
fn a_sequence_of_tasks_becomes_steps_with_one_action_each() {
    let draft = draft(
        "start s\ntask check Tiếp nhận hồ sơ\ntask sign Sign\nend e Done\n\
         s -> check\ncheck -> sign : Pass on\nsign -> e",
    );
    has(
        &draft,
        &[
            "name: { vi: \"\", en: \"Permit\" }",
            "start: check\n",
            "- id: check # Tiếp nhận hồ sơ\n",
            "name: { vi: \"Tiếp nhận hồ sơ\", en: \"\" }",
            "status: FILL_IN",
            "role: FILL_IN",
            "- id: Pass_on # Pass on\n",
            "to: sign\n",
            "- id: done",
            "to: e\n",
            "- id: e # Done",
            "kind: final",
        ],
    );
}

#[test]
fn lanes_and_candidates_are_the_roles_of_the_source() {
    let draft = draft(
        "<bpmn:laneSet id='l'><bpmn:lane id='l1' name='Front desk'>\
         <bpmn:flowNodeRef>a</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>
         start s
         task a
         <bpmn:userTask id='b' camunda:candidateGroups='experts, heads' />
         <bpmn:userTask id='c'><bpmn:potentialOwner><bpmn:resourceAssignmentExpression>\
          <bpmn:formalExpression>mayor</bpmn:formalExpression></bpmn:resourceAssignmentExpression>\
           </bpmn:potentialOwner></bpmn:userTask>
         end e
         s -> a
         a -> b
         b -> c
         c -> e",
    );
    has(
        &draft,
        &["role: FILL_IN # Front desk", "role: FILL_IN # experts, heads", "FILL_IN # mayor"],
    );
}

#[test]
fn a_gateway_with_conditions_becomes_a_choice_with_its_default_last() {
    let source = "start s\ntask a\n<bpmn:exclusiveGateway id='g' default='f6' />\ntask b\nend e\n\
                  s -> a\ng -> e\na -> g\ng -> b ? ${risk == 'high'}\nb -> e";
    let draft = draft(source);
    has(
        &draft,
        &["- id: done", "to:\n", "- { when: FILL_IN, to: b } # ${risk == 'high'}", "- { else: e }"],
    );
    let foreign = finding(source, code::IMPORT_CONDITION_FOREIGN);
    assert!(foreign.message.contains("${risk == 'high'}"));
    assert_eq!(foreign.path, "/definitions/process[@id='p']/sequenceFlow[@id='f8']");
}

#[test]
fn gateways_behind_gateways_are_drawn_together() {
    let draft = draft(
        "start s\ntask a\n<bpmn:exclusiveGateway id='g' default='f10' />\n\
         <bpmn:exclusiveGateway id='h' default='f12' />\ntask b\ntask c\nend e\ns -> a\na -> g\n\
         g -> h ? x\ng -> e\nh -> b ? y\nh -> c\nb -> e\nc -> e",
    );
    has(&draft, &["to: b } # x and y", "{ when: FILL_IN, to: c } # x", "- { else: e }"]);
}

#[test]
fn a_gateway_without_conditions_is_a_persons_decision() {
    let source = "start s\ntask a\nxor g Agreed?\nend good\nend bad\ns -> a\na -> g\n\
                  g -> good : Approve\ng -> bad : Refuse";
    has(&draft(source), &["- id: Approve", "to: good", "- id: Refuse", "to: bad"]);
    assert!(finding(source, code::IMPORT_DECISION_BY_PERSON).message.contains("\"Agreed?\""));
    // Where no task stands before it, it is a step itself.
    let source =
        "start s\nxor g\nend good\nend bad\ns -> g\ng -> good : Approve\ng -> bad : Refuse";
    has(&draft(source), &["start: g", "- id: g", "- id: Approve"]);
}

#[test]
fn a_gateway_that_can_get_stuck_is_a_defect() {
    let source =
        "start s\ntask a\nxor g Which?\nend b\nend c\ns -> a\na -> g\ng -> b ? x\ng -> c ? y";
    let (code, message) = only_error(source);
    assert_eq!(code, code::IMPORT_NO_DEFAULT);
    assert!(message.contains("\"Which?\""));
    let source = "start s\ntask a\n<bpmn:exclusiveGateway id='g' default='f7' />\nend b\nend c\n\
                  s -> a\na -> g\ng -> b\ng -> c : Otherwise\ng -> c ? y";
    let (code, message) = only_error(source);
    assert_eq!(code, code::IMPORT_CONDITION_MISSING);
    assert!(message.contains("\"Otherwise\"") || message.contains("f8"), "{message}");
}

#[test]
fn a_loop_is_an_ordinary_target() {
    let draft = draft(
        "start s\ntask a\ntask b\nxor g\nend e\ns -> a\na -> b\nb -> g\ng -> a : Again\ng -> e : Good",
    );
    has(&draft, &["- id: b", "- id: Again", "to: a", "- id: Good", "to: e"]);
}

#[test]
fn a_circle_of_gateways_alone_is_a_defect() {
    let source = "start s\ntask a\nxor g\nxor h\nend e\ns -> a\na -> g\ng -> h\nh -> g\na -> e";
    let imported = import(source);
    assert!(errors(&imported).iter().any(|f| f.code == code::IMPORT_GATEWAY_LOOP));
}

#[test]
fn several_flows_out_of_a_task_are_no_choice() {
    let (code, message) = only_error("start s\ntask a Both\nend b\nend c\ns -> a\na -> b\na -> c");
    assert_eq!(code, code::IMPORT_IMPLICIT_FORK);
    assert!(message.contains("2 flows leave \"Both\""));
}

#[test]
fn conditions_that_mean_nothing_where_they_stand_are_left_out_and_said() {
    for source in [
        "start s\nxor g\ntask a\nend e\ns -> g\ng -> a ? never\na -> e",
        "start s\ntask a\nend e\ns -> a ? never\na -> e",
        "start s\nand f\ntask a\ntask b\nand j\nend e\ns -> f\nf -> a ? never\nf -> b\na -> j\n\
         b -> j\nj -> e",
    ] {
        assert!(!draft(source).contains("never"));
        assert!(finding(source, code::IMPORT_NO_EQUIVALENT).message.contains("\"never\""));
    }
    let inclusive = "start s\n<bpmn:inclusiveGateway id='f' default='f7' />\ntask a\ntask b\nor j\n\
                     end e\nf -> a ? x\nf -> b\ns -> f\na -> j\nb -> j\nj -> e";
    has(&draft(inclusive), &["when: FILL_IN # x", "when: FILL_IN # when no other branch opens"]);
    assert!(finding(inclusive, code::IMPORT_CONDITION_FOREIGN).message.contains("\"x\""));
}

#[test]
fn several_flows_out_of_anything_without_a_gateway_are_no_choice() {
    let inner = elements("start is\ntask x\nend ie\nis -> x\nx -> ie")
        .replace('\n', "")
        .replace("id=\"f", "id=\"i");
    for (source, called) in [
        ("start s Begin\n".to_owned(), "\"Begin\""),
        (
            format!(
                "start s\n<bpmn:subProcess id='sub' name='Part'>{inner}</bpmn:subProcess>\ns -> sub\n"
            ),
            "\"Part\"",
        ),
        (
            "start s\ntask t\nintermediateThrowEvent sub Tell\ns -> t\nt -> sub\n".to_owned(),
            "\"Tell\"",
        ),
    ] {
        let from = if source.starts_with("start s Begin") { "s" } else { "sub" };
        let (code, message) = only_error(&format!(
            "{source}task a\ntask b\nend e\n{from} -> a\n{from} -> b\na -> e\nb -> e"
        ));
        assert_eq!(code, code::IMPORT_IMPLICIT_FORK);
        assert!(message.contains(called), "{message}");
    }
}

#[test]
fn the_condition_of_the_way_into_a_decision_holds_for_its_actions() {
    let source = "start s\ntask a\nxor g\nend b\nend c\ns -> a\na -> g ? urgent\ng -> b : Pass\n\
                  g -> c : Fail";
    has(
        &draft(source),
        &["- id: Pass", "when: FILL_IN # urgent", "- id: Fail", "when: FILL_IN # urgent"],
    );
}

#[test]
fn a_circle_of_conditional_gateways_is_called_a_circle_once() {
    let source = "start s\ntask a\n<bpmn:exclusiveGateway id='g' default='f8' />\n\
                  <bpmn:exclusiveGateway id='h' default='f10' />\nend e\ns -> a\na -> g\ng -> e ? x\n\
                  g -> h\nh -> e ? y\nh -> g";
    let imported = import(source);
    let of = |code| imported.findings.iter().filter(|found| found.code == code).count();
    assert_eq!(of(code::IMPORT_GATEWAY_LOOP), 1, "{:#?}", errors(&imported));
    assert_eq!(of(code::IMPORT_TOO_TANGLED), 0);
}

#[test]
fn what_is_in_a_sub_process_lies_in_its_lane() {
    let inner = elements("start is\ntask x\nend ie\nis -> x\nx -> ie")
        .replace('\n', "")
        .replace("id=\"f", "id=\"i");
    let source = format!(
        "<bpmn:laneSet id='l'><bpmn:lane id='l1' name='Land office'>\
         <bpmn:flowNodeRef>sub</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>\n\
         start s\n<bpmn:subProcess id='sub'>{inner}</bpmn:subProcess>\nend e\ns -> sub\nsub -> e"
    );
    has(&draft(&source), &["- id: sub.x", "role: FILL_IN # Land office"]);
}

#[test]
fn what_tools_add_to_an_element_is_said_once_for_it() {
    let source = "start s\n<bpmn:userTask id='a' name='Ask' camunda:formKey='f' camunda:priority='1'>\
                  <bpmn:extensionElements><camunda:taskListener event='create' />\
                  </bpmn:extensionElements></bpmn:userTask>\nend e\ns -> a\na -> e";
    let imported = import(source);
    assert!(imported.sound);
    let told: Vec<&str> = imported
        .findings
        .iter()
        .filter(|found| found.code == code::IMPORT_NO_EQUIVALENT)
        .map(|found| found.message.as_str())
        .collect();
    let [told] = told.as_slice() else { panic!("{told:?}") };
    assert!(
        ["\"Ask\"", "formKey", "priority", "taskListener"].iter().all(|part| told.contains(part))
    );
}
