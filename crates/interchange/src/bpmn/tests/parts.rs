use super::{TIMER, document, draft, elements, errors, finding, has, import, only_error};
use crate::finding::code;
use crate::import_bpmn;

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
fn an_end_that_leaves_a_sub_process_by_an_error_is_not_its_end() {
    let inner = elements(
        "start is\ntask x\nxor g\nend ie\n<bpmn:endEvent id='bad' name='Broken'>\
         <bpmn:errorEventDefinition /></bpmn:endEvent>\nis -> x\nx -> g\ng -> ie : Good\n\
         g -> bad : Bad",
    )
    .replace('\n', "")
    .replace("id=\"f", "id=\"i");
    let source = format!(
        "start s\n<bpmn:subProcess id='sub'>{inner}</bpmn:subProcess>\ntask b\nend e\ns -> sub\nsub -> b\n\
         b -> e"
    );
    let (code, message) = only_error(&source);
    assert_eq!(code, code::IMPORT_UNSUPPORTED);
    assert!(message.contains("\"Broken\""), "{message}");
    has(
        &import(&source).yaml.expect("a draft"),
        &["- id: Good", "to: b", "- id: Bad", "to: sub.bad"],
    );
}

#[test]
fn compensation_and_events_on_gateways_are_declined_with_what_hangs_on_them() {
    let compensation = "start s\ntask a\n<bpmn:boundaryEvent id='b' attachedToRef='a'>\
                        <bpmn:compensateEventDefinition /></bpmn:boundaryEvent>\n\
                        <bpmn:userTask id='undo' isForCompensation='true' />\nend e\ns -> a\na -> e";
    let imported = import(compensation);
    let errors = errors(&imported);
    assert!(errors.iter().all(|found| found.code == code::IMPORT_UNSUPPORTED), "{errors:#?}");
    assert_eq!(errors.len(), 2);
    let on_gateway = format!(
        "start s\ntask a\nxor g\ntask l Late\nend e\ns -> a\na -> g\ng -> e : Good\ng -> a : Again\n\
         t -> l\nl -> e\n<bpmn:boundaryEvent id='t' attachedToRef='g'>{TIMER}</bpmn:boundaryEvent>"
    );
    assert_eq!(only_error(&on_gateway).0, code::IMPORT_UNSUPPORTED);
}

#[test]
fn a_flow_to_nowhere_is_told_also_at_what_is_kept_as_something_else() {
    let source = "start s\nsendTask x X\nend e\ns -> x\nx -> e\nx -> gone";
    let imported = import(source);
    let dangling = errors(&imported).into_iter().find(|f| f.code == code::IMPORT_DANGLING_STATE);
    assert!(dangling.expect("told").message.contains("\"gone\""));
}
