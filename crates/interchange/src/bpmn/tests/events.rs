use super::{TIMER, draft, elements, has, only_error};
use crate::finding::code;

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
fn a_gateway_that_waits_for_all_of_its_events_is_declined() {
    let source = format!(
        "start s\n<bpmn:eventBasedGateway id='g' eventGatewayType='Parallel' />\n\
         <bpmn:intermediateCatchEvent id='m'><bpmn:messageEventDefinition />\
         </bpmn:intermediateCatchEvent>\n<bpmn:intermediateCatchEvent id='t'>{TIMER}\
         </bpmn:intermediateCatchEvent>\nend e\ns -> g\ng -> m\ng -> t\nm -> e\nt -> e"
    );
    let (code, message) = only_error(&source);
    assert_eq!(code, code::IMPORT_UNSUPPORTED);
    assert!(message.contains("waits for all"), "{message}");
}

#[test]
fn what_stands_behind_declined_events_is_not_called_unreachable() {
    let second = format!(
        "start s\ntask a\ntask b Remind\nend e\ns -> a\na -> e\nt -> e\nu -> b\nb -> e\n\
         <bpmn:boundaryEvent id='t' attachedToRef='a'>{TIMER}</bpmn:boundaryEvent>\n\
         <bpmn:boundaryEvent id='u' attachedToRef='a'>{TIMER}</bpmn:boundaryEvent>"
    );
    assert_eq!(only_error(&second).0, code::IMPORT_UNSUPPORTED);
    let inner = elements("start is\ntask x\nend ie\nis -> x\nx -> ie")
        .replace('\n', "")
        .replace("id=\"f", "id=\"i");
    let on_sub = format!(
        "start s\n<bpmn:subProcess id='sub'>{inner}</bpmn:subProcess>\ntask b Late\nend e\ns -> sub\n\
         sub -> e\nt -> b\nb -> e\n\
         <bpmn:boundaryEvent id='t' attachedToRef='sub'>{TIMER}</bpmn:boundaryEvent>"
    );
    assert_eq!(only_error(&on_sub).0, code::IMPORT_UNSUPPORTED);
    let task = format!(
        "start s\neventBasedGateway g\ntask x Work\n<bpmn:intermediateCatchEvent id='t'>{TIMER}\
         </bpmn:intermediateCatchEvent>\nend e\ns -> g\ng -> x\ng -> t\nx -> e\nt -> e"
    );
    let (code, message) = only_error(&task);
    assert_eq!(code, code::IMPORT_UNSUPPORTED);
    assert!(message.contains("\"Work\""), "{message}");
}
