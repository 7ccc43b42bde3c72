use motcua_procedures::{Finding, Severity};

use crate::finding::code;
use crate::{Imported, import_bpmn};

/// A document with one process that holds these elements.
fn document(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <bpmn:definitions xmlns:bpmn=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xmlns:camunda=\"http://camunda.org/schema/1.0/bpmn\" id=\"d\" targetNamespace=\"t\">\n\
         <bpmn:process id=\"p\" name=\"Permit\" isExecutable=\"true\">\n{body}\n</bpmn:process>\n\
         </bpmn:definitions>"
    )
}

/// Elements from short lines: `task id name`, `a -> b`, `a -> b : name`, `a -> b ? condition`;
/// whatever begins with `<` stands as it is.
fn elements(lines: &str) -> String {
    let mut body = String::new();
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    for (number, line) in lines.enumerate() {
        if line.starts_with('<') {
            body.push_str(line);
        } else if let Some((from, to)) = line.split_once(" -> ") {
            let (to, condition) = to.split_once(" ? ").unwrap_or((to, ""));
            let (to, name) = to.split_once(" : ").unwrap_or((to, ""));
            let name = if name.is_empty() { String::new() } else { format!(" name=\"{name}\"") };
            let condition = match condition.is_empty() {
                true => String::new(),
                false => format!(
                    "<bpmn:conditionExpression xsi:type=\"bpmn:tFormalExpression\">\
                     {condition}</bpmn:conditionExpression>"
                ),
            };
            body.push_str(&format!(
                "<bpmn:sequenceFlow id=\"f{number}\" sourceRef=\"{from}\" targetRef=\"{to}\"{name}>\
                 {condition}</bpmn:sequenceFlow>"
            ));
        } else {
            let mut words = line.splitn(3, ' ');
            let (kind, id) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let kind = match kind {
                "start" => "startEvent",
                "end" => "endEvent",
                "task" => "userTask",
                "xor" => "exclusiveGateway",
                "and" => "parallelGateway",
                "or" => "inclusiveGateway",
                other => other,
            };
            let name = words.next().map_or(String::new(), |name| format!(" name=\"{name}\""));
            body.push_str(&format!("<bpmn:{kind} id=\"{id}\"{name} />"));
        }
        body.push('\n');
    }
    body
}

fn import(lines: &str) -> Imported {
    let imported = import_bpmn(document(&elements(lines)).as_bytes(), None);
    if let Some(yaml) = &imported.yaml {
        let report = motcua_procedures::check(yaml.as_bytes());
        assert!(report.readable && !report.sound, "{:#?}", report.findings);
    }
    imported
}

/// The draft of a source without a known defect.
#[track_caller]
fn draft(lines: &str) -> String {
    let imported = import(lines);
    assert!(imported.sound, "{:#?}", errors(&imported));
    imported.yaml.expect("a draft")
}

fn errors(imported: &Imported) -> Vec<&Finding> {
    imported.findings.iter().filter(|f| f.severity == Severity::Error).collect()
}

#[track_caller]
fn only_error(lines: &str) -> (&'static str, String) {
    let imported = import(lines);
    let errors = errors(&imported);
    assert_eq!(errors.len(), 1, "{errors:#?}");
    (errors[0].code, errors[0].message.clone())
}

#[track_caller]
fn finding(lines: &str, code: &str) -> Finding {
    let imported = import(lines);
    let found = imported.findings.iter().find(|finding| finding.code == code);
    found.unwrap_or_else(|| panic!("{code} is not in {:#?}", imported.findings)).clone()
}

/// The parts stand in the draft in this order.
#[track_caller]
fn has(draft: &str, parts: &[&str]) {
    let mut rest = draft;
    for part in parts {
        let at = rest.find(part);
        let at = at.unwrap_or_else(|| panic!("{part:?} is not (there) in\n{draft}"));
        rest = &rest[at + part.len()..];
    }
}

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
fn a_block_becomes_branches_and_a_join() {
    let draft = draft(
        "start s\nand f Both\ntask a Police\ntask b Tax\ntask c\nand j\ntask d\nend e\ns -> f\n\
         f -> a\nf -> b : Tax office\na -> c\nc -> j\nb -> j\nj -> d\nd -> e",
    );
    has(
        &draft,
        &[
            "start: f",
            "  - id: f # Both",
            "    branches:",
            "      - id: a\n",
            "        name: { vi: \"\", en: \"Police\" }",
            "        start: a",
            "          - { id: done,",
            "          - id: a # Police",
            "                to: c",
            "          - id: c",
            "                answer: done",
            "      - id: Tax_office",
            "          - id: b # Tax",
            "    join:",
            "      to: d",
            "  - id: d",
        ],
    );
    assert!(!draft.contains("- id: j"));
}

#[test]
fn blocks_nest() {
    let draft = draft(
        "start s\nand f\nand g\ntask a\ntask b\ntask c\nand k\nand j\nend e\ns -> f\nf -> g\nf -> c\n\
         g -> a\ng -> b\na -> k\nb -> k\nk -> j\nc -> j\nj -> e",
    );
    has(
        &draft,
        &[
            "  - id: f\n",
            "      - id: g\n",
            "          - id: g\n",
            "- id: a\n",
            "answer: done",
            "            join:\n              answer: done",
            "      - id: c\n",
            "    join:\n      to: e",
        ],
    );
}

#[test]
fn an_inclusive_block_opens_branches_by_condition() {
    let draft = draft(
        "start s\nor f\ntask a\ntask b\nor j\nend e\ns -> f\nf -> a ? x\nf -> b\na -> j\nb -> j\nj -> e",
    );
    has(&draft, &["- id: a\n", "when: FILL_IN # x", "- id: b", "join:"]);
}

#[test]
fn an_empty_branch_is_left_out_and_said() {
    let source = "start s\nand f\ntask a\ntask b\nand j\nend e\ns -> f\nf -> a\nf -> b\nf -> j\na -> j\n\
                  b -> j\nj -> e";
    draft(source);
    assert!(finding(source, code::IMPORT_EMPTY_BRANCH).message.contains("f9"));
}

#[test]
fn forks_that_enclose_no_block_are_refused_by_name() {
    let fork = |rest: &str| {
        format!("start s\nand f Split\ntask a A\ntask b B\ns -> f\nf -> a\nf -> b\n{rest}")
    };
    for (rest, words) in [
        // Branches that end.
        ("end e\nend g\na -> e\nb -> g", "a branch ends in"),
        // Branches that come together without a join.
        ("task c C\nend e\na -> c\nb -> c\nc -> e", "a branch ends in"),
        // A jump out of a branch, back before the fork.
        ("xor x\nand j\nend e\na -> x\nx -> f : again\nx -> j\nb -> j\nj -> e", "leads back"),
        // A jump into a branch.
        (
            "and j\nxor x\nend e\na -> j\nb -> j\nj -> x\nx -> a : again\nx -> e",
            "leads to \"A\" inside",
        ),
        // From one branch into the other.
        (
            "xor x\nand j\nend e\na -> x\nx -> b : over\nx -> j\nb -> j\nj -> e",
            "two of its branches",
        ),
        // Two joins.
        (
            "and j\nand k\nxor x\ntask c\nend e\ns -> c\na -> j\nb -> k\nc -> x\nx -> j\nx -> k\n\
             j -> e\nk -> e",
            "come together in",
        ),
        // An exclusive gateway as a join.
        ("xor j\nend e\na -> j\nb -> j\nj -> e", "a branch ends in"),
        ("or j\nend e\na -> j\nb -> j\nj -> e", "a join of another type"),
        // A join that others reach too.
        ("and j\ntask c C\nend e\na -> j\nb -> j\nc -> j\nj -> e", "also reached from \"C\""),
    ] {
        let imported = import(&fork(rest));
        let refused = imported.findings.iter().find(|f| f.code == code::IMPORT_FORK_UNSTRUCTURED);
        let refused = refused.unwrap_or_else(|| panic!("{rest}: {:#?}", imported.findings));
        assert!(refused.message.contains("\"Split\""), "{}", refused.message);
        assert!(refused.message.contains(words), "{rest}: {}", refused.message);
        assert!(
            imported.yaml.expect("a draft").contains("branches: FILL_IN # the fork was refused")
        );
    }
}

#[test]
fn a_join_that_waits_for_more_than_can_arrive_is_a_deadlock() {
    let source = "start s\nand f Split\ntask a\ntask b\nxor x\nand j Meet\nend e\ns -> f\nf -> a\nf -> b\n\
                  a -> x\nx -> j : yes\nx -> j : no\nb -> j\nj -> e";
    let imported = import(source);
    let refused = errors(&imported).into_iter().find(|f| f.code == code::IMPORT_JOIN_DEADLOCK);
    assert!(refused.expect("refused").message.contains("\"Meet\" by 2 flows"));
    let lonely =
        "start s\ntask a\nxor x\nand j Meet\nend e\ns -> a\na -> x\nx -> j : 1\nx -> j : 2\nj -> e";
    let (code, message) = only_error(lonely);
    assert_eq!(code, code::IMPORT_FORK_UNSTRUCTURED);
    assert!(message.contains("\"Meet\" closes no block"));
}

#[test]
fn several_flows_out_of_a_task_are_no_choice() {
    let (code, message) = only_error("start s\ntask a Both\nend b\nend c\ns -> a\na -> b\na -> c");
    assert_eq!(code, code::IMPORT_IMPLICIT_FORK);
    assert!(message.contains("2 flows leave \"Both\""));
}

const TIMER: &str = "<bpmn:timerEventDefinition><bpmn:timeDuration xsi:type='bpmn:tFormalExpression'>P30D\
                     </bpmn:timeDuration></bpmn:timerEventDefinition>";

#[test]
fn a_timer_on_a_task_becomes_a_timeout_that_lapses() {
    let draft = draft(&format!(
        "start s\ntask a\nend e\nend late\n\
         <bpmn:boundaryEvent id='t' name='Too late' attachedToRef='a'>{TIMER}</bpmn:boundaryEvent>\n\
         s -> a\na -> e\nt -> late"
    ));
    has(
        &draft,
        &[
            "timeout: { after: { amount: 30, unit: FILL_IN }, action: t, ground: FILL_IN } # P30D",
            "- id: done",
            "- id: t # Too late",
            "act: lapse",
            "to: late",
        ],
    );
}

#[test]
fn a_timer_between_tasks_is_a_step_that_lapses() {
    let draft = draft(&format!(
        "start s\nend e\ns -> w\nw -> e\n\
         <bpmn:intermediateCatchEvent id='w' name='Wait'>{TIMER}</bpmn:intermediateCatchEvent>"
    ));
    has(&draft, &["- id: w # Wait", "timeout: { after: { amount: 30", "act: lapse", "to: e"]);
}

#[test]
fn an_event_based_gateway_is_a_step_where_one_of_its_events_happens() {
    let draft = draft(&format!(
        "start s\neventBasedGateway g\n<bpmn:intermediateCatchEvent id='m' name='Answer'>\
         <bpmn:messageEventDefinition /></bpmn:intermediateCatchEvent>\n\
         <bpmn:intermediateCatchEvent id='t'>{TIMER}</bpmn:intermediateCatchEvent>\nend e\nend late\n\
         s -> g\ng -> m\ng -> t\nm -> e\nt -> late"
    ));
    has(
        &draft,
        &["- id: g", "timeout:", "action: t", "- id: m # Answer", "to: e", "- id: t", "to: late"],
    );
    assert!(!draft.contains("  - id: m # Answer\n    name"));
}

#[test]
fn timers_that_are_no_durations_are_defects() {
    for inner in [
        "<bpmn:timeCycle>R3/P1D</bpmn:timeCycle>",
        "<bpmn:timeDate>2026-01-01T00:00:00Z</bpmn:timeDate>",
        "<bpmn:timeDuration>${limit}</bpmn:timeDuration>",
        "",
    ] {
        let (code, message) = only_error(&format!(
            "start s\ntask a\nend e\n<bpmn:boundaryEvent id='t' attachedToRef='a'>\
             <bpmn:timerEventDefinition>{inner}</bpmn:timerEventDefinition></bpmn:boundaryEvent>\n\
             s -> a\na -> e\nt -> e"
        ));
        assert_eq!(code, code::IMPORT_TIMER);
        assert!(message.contains("\"t\""));
    }
}

#[test]
fn a_sub_process_is_written_out_with_its_id_before_those_of_its_steps() {
    let inner = elements(
        "start is\ntask a Look\nxor g\nend ie\nend if\nis -> a\na -> g\ng -> ie : ok\n\
         g -> if : bad",
    )
    .replace('\n', "");
    let source = format!(
        "start s\n<bpmn:subProcess id='sub' name='Examine'>{inner}</bpmn:subProcess>\ntask z\nend e\n\
         s -> sub\nsub -> z\nz -> e"
    );
    // Flows of the inside have ids of their own.
    let source = source.replace("id=\"f", "id=\"i");
    has(
        &draft(&source),
        &["start: sub.a", "- id: sub.a # Look", "- id: ok", "to: z", "- id: bad", "to: z"],
    );
    assert!(finding(&source, code::IMPORT_SUBPROCESS_INLINED).message.contains("\"Examine\""));
    let timer = format!(
        "{source}\n<bpmn:boundaryEvent id='t' attachedToRef='sub'>{TIMER}</bpmn:boundaryEvent>\nt -> e"
    );
    let (code, message) = only_error(&timer);
    assert_eq!(code, code::IMPORT_UNSUPPORTED);
    assert!(message.contains("\"Examine\""));
}

#[test]
fn a_sub_process_that_is_a_block_is_a_step_with_its_events() {
    let inner = elements(
        "start is\nand f\ntask a\ntask b\nand j\nend ie\nis -> f\nf -> a\nf -> b\n\
         a -> j\nb -> j\nj -> ie",
    )
    .replace('\n', "")
    .replace("id=\"f1", "id=\"i1")
    .replace("id=\"f7", "id=\"i7")
    .replace("id=\"f8", "id=\"i8")
    .replace("id=\"f9", "id=\"i9")
    .replace("id=\"f6", "id=\"i6");
    let source = format!(
        "start s\n<bpmn:subProcess id='ask' name='Consult'>{inner}</bpmn:subProcess>\n\
         <bpmn:boundaryEvent id='t' attachedToRef='ask'>{TIMER}</bpmn:boundaryEvent>\n\
         <bpmn:boundaryEvent id='stop' name='Stop' attachedToRef='ask'><bpmn:messageEventDefinition />\
          </bpmn:boundaryEvent>\n\
         end e\ns -> ask\nask -> e\nt -> e\nstop -> e"
    );
    has(
        &draft(&source),
        &[
            "start: ask",
            "- id: ask # Consult",
            "timeout: { after: { amount: 30",
            "branches:",
            "join:\n      to: e",
            "- id: t",
            "act: lapse",
            "- id: stop # Stop",
            "to: e",
        ],
    );
}

#[test]
fn a_branch_that_runs_for_many_opens_for_each_unit() {
    let inner = elements("start is\ntask a\nend ie\nis -> a\na -> ie")
        .replace('\n', "")
        .replace("id=\"f", "id=\"i");
    let source = format!(
        "start s\nand f\ntask b\n<bpmn:subProcess id='m' name='Agencies'>\
         <bpmn:multiInstanceLoopCharacteristics />{inner}</bpmn:subProcess>\n\
         and j\nend e\ns -> f\nf -> m\nf -> b\nm -> j\nb -> j\nj -> e"
    );
    has(&draft(&source), &["- id: m", "each_unit: true", "start: m.a"]);
    let alone = format!(
        "start s\n<bpmn:subProcess id='m' name='Agencies'>\
         <bpmn:multiInstanceLoopCharacteristics />{inner}</bpmn:subProcess>\n\
         end e\ns -> m\nm -> e"
    );
    assert!(only_error(&alone).1.contains("\"Agencies\" runs many times"));
}

#[test]
fn what_the_subset_does_not_have_is_declined_by_name() {
    let task = |element: &str| format!("start s\n{element}\nend e\ns -> x\nx -> e");
    for element in [
        "<bpmn:callActivity id='x' name='X' />",
        "<bpmn:businessRuleTask id='x' name='X' />",
        "<bpmn:sendTask id='x' name='X' />",
        "<bpmn:userTask id='x' name='X'><bpmn:multiInstanceLoopCharacteristics /></bpmn:userTask>",
        "<bpmn:userTask id='x' name='X'><bpmn:standardLoopCharacteristics /></bpmn:userTask>",
        "<bpmn:complexGateway id='x' name='X' />",
        "<bpmn:userTask id='x' name='Y' /><bpmn:boundaryEvent id='b' name='X' attachedToRef='x'>\
         <bpmn:errorEventDefinition /></bpmn:boundaryEvent>",
        "<bpmn:userTask id='x' name='Y' />\
         <bpmn:boundaryEvent id='b' name='X' cancelActivity='false' attachedToRef='x'>\
          <bpmn:timerEventDefinition /></bpmn:boundaryEvent>",
        "<bpmn:userTask id='x' name='Y' /><bpmn:subProcess id='b' name='X' triggeredByEvent='true' />",
        "<bpmn:userTask id='x' name='Y' /><bpmn:transaction id='b' name='X' />",
    ] {
        let (code, message) = only_error(&task(element));
        assert_eq!(code, code::IMPORT_UNSUPPORTED, "{element}");
        assert!(message.contains("\"X\""), "{message}");
    }
    let automatic = task("<bpmn:serviceTask id='x' name='X' />");
    draft(&automatic);
    assert!(finding(&automatic, code::IMPORT_AUTOMATIC_TASK).message.contains("\"X\""));
    draft(&task("<bpmn:scriptTask id='x' />"));
    draft(&task("<bpmn:manualTask id='x' />"));
}

#[test]
fn starts_and_ends_are_where_they_must_be() {
    let (code, _) = only_error("task a\nend e\na -> e");
    assert_eq!(code, code::IMPORT_NO_START);
    let imported = import("start s\nstart t\ntask a\nend e\ns -> a\nt -> a\na -> e");
    assert!(errors(&imported).iter().any(|f| f.code == code::IMPORT_SEVERAL_STARTS));
    let imported = import("start s\ntask a Last\ns -> a");
    let codes: Vec<&str> = errors(&imported).iter().map(|f| f.code).collect();
    assert!(
        codes.contains(&code::IMPORT_DEAD_END) && codes.contains(&code::IMPORT_NO_END),
        "{codes:?}"
    );
    let (code, message) = only_error("start s\ntask a\ntask b Lost\nend e\ns -> a\na -> e\nb -> e");
    assert_eq!(code, code::IMPORT_STATE_UNREACHABLE);
    assert!(message.contains("\"Lost\""));
    let terminate = "start s\ntask a\n<bpmn:endEvent id='e'><bpmn:terminateEventDefinition />\
         </bpmn:endEvent>\ns -> a\na -> e";
    draft(terminate);
}

#[test]
fn flows_and_events_must_lead_somewhere() {
    let (code, message) = only_error("start s\ntask a\nend e\ns -> a\na -> e\na -> gone");
    assert_eq!(code, code::IMPORT_DANGLING_STATE);
    assert!(message.contains("\"gone\""));
    let (code, _) = only_error(
        "start s\ntask a\nend e\ns -> a\na -> e\n<bpmn:boundaryEvent id='t' attachedToRef='gone' />",
    );
    assert_eq!(code, code::IMPORT_DANGLING_STATE);
    let (code, message) = only_error(
        "start s\ntask a\nxor g Nowhere\nend e\nxor h\ns -> a\na -> h\nh -> e : 1\nh -> g : 2",
    );
    assert_eq!(code, code::IMPORT_DANGLING_STATE);
    assert!(message.contains("\"Nowhere\""));
    let imported = import("start s\ntask a\ntask a\nend e\ns -> a\na -> e");
    assert!(errors(&imported).iter().any(|f| f.code == code::IMPORT_DUPLICATE_ID));
}

#[test]
fn what_is_no_bpmn_is_refused() {
    let import = |source: &str| import_bpmn(source.as_bytes(), None);
    assert!(!import("<a>").readable);
    assert!(!import("<!DOCTYPE definitions [<!ENTITY x 'y'>]><definitions/>").readable);
    for source in [
        "<definitions/>",
        "<a xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'/>",
        "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'/>",
    ] {
        let imported = import(source);
        assert!(imported.readable && !imported.sound && imported.yaml.is_none(), "{source}");
    }
    let two = document("")
        .replace("</bpmn:process>", "</bpmn:process><bpmn:process id='q'></bpmn:process>");
    assert_eq!(import(&two).findings[0].code, code::IMPORT_SEVERAL_FOUND);
    assert!(import_bpmn(two.as_bytes(), Some("q")).yaml.is_some());
    assert_eq!(import_bpmn(two.as_bytes(), Some("r")).findings[0].code, code::IMPORT_NOTHING_FOUND);
}

#[test]
fn large_tangles_end_in_bounded_time() {
    let started = std::time::Instant::now();
    // Gateways that lead to each other in every way.
    let mut lines = String::from("start s\ntask a\nend e\ns -> a\na -> g0\n");
    for n in 0..300 {
        lines.push_str(&format!(
            "xor g{n}\ng{n} -> g{} ? x\ng{n} -> g{} ? y\ng{n} -> e ? z\n",
            (n * 7 + 1) % 300,
            (n * 11 + 3) % 300
        ));
    }
    import(&lines);
    // Forks in forks in forks.
    let mut lines = String::from("start s\nend e\ns -> f0\n");
    for n in 0..1_500 {
        lines.push_str(&format!("and f{n}\ntask t{n}\nf{n} -> f{}\nf{n} -> t{n}\n", n + 1));
    }
    import(&lines);
    // A chain of everything.
    let mut lines = String::from("start s\nend e\ns -> g0\n");
    for n in 0..4_000 {
        lines.push_str(&format!("xor g{n}\ng{n} -> g{}\n", n + 1));
    }
    import(&lines);
    // Elements that cannot be told apart.
    let many = document(&"<bpmn:task/><bpmn:endEvent name='x'/>".repeat(9_000));
    assert!(!import_bpmn(many.as_bytes(), None).sound);
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn a_sub_process_without_content_is_a_task() {
    let source = "start s\n<bpmn:subProcess id='x' name='Closed' />\nend e\ns -> x\nx -> e";
    has(&draft(source), &["start: x", "- id: x # Closed", "to: e"]);
    assert!(finding(source, code::IMPORT_NO_EQUIVALENT).message.contains("\"Closed\""));
}

#[test]
fn flows_of_what_was_declined_are_not_reported_again() {
    let source =
        "start s\ntask a\n<bpmn:transaction id='x' name='X' />\nend e\ns -> a\na -> e\nx -> e";
    assert_eq!(only_error(source).0, code::IMPORT_UNSUPPORTED);
    let reminder = format!(
        "start s\ntask a\nxor g\ntask b Remind\nend e\ns -> a\na -> e\nt -> g\ng -> b\nb -> e\n\
         <bpmn:boundaryEvent id='t' cancelActivity='false' attachedToRef='a'>{TIMER}\
         </bpmn:boundaryEvent>"
    );
    assert_eq!(only_error(&reminder).0, code::IMPORT_UNSUPPORTED);
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
