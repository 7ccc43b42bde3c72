//! The fuzz targets for a bounded time: arbitrary bytes, and bytes that were valid once.

#[path = "../../fuzz/src/lib.rs"]
pub mod targets;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// A reader and what it reads when all is well.
struct Target {
    name: &'static str,
    run: fn(&[u8]),
    valid: &'static [&'static [u8]],
}

/// What is done to valid bytes.
#[derive(Clone, Debug)]
enum Damage {
    Cut(Index),
    Flip(Index, u8),
    Insert(Index, Vec<u8>),
    /// A part is repeated, as often as the number says: depth and length.
    Repeat(Index, usize, usize),
    Take(Index, usize),
}

const HEADER: &str = concat!(
    r#"{"at":"2026-03-02T01:02:03.000004Z","chain":"dossier:7f3c2f6e-0d5b-4b5e-9a41-5b1f0c9d2a11","#,
    r#""def":null,"fields":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","#,
    r#""from":null,"kind":"submit","n":0,"#,
    r#""prev":"c7f7c600bbd82988f94f16d68e8151775450b24b7b1e6921ebd27f1dbed85caf","#,
    r#""seq":1,"to":"submitted","v":1}"#
);
const LINE: &str = concat!(
    r#"{"origin":"shop.example/log/1","chain":"dossier:1","seq":3,"header":"{}","#,
    r#""hash":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","fields":["#,
    r#"{"name":"note","salt":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","#,
    r#""value":{"a":[1,null,"x"]}},"#,
    r#"{"c":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]}"#
);
const PAUSED: &str = concat!(
    r#"{"unit":"month","received_at":"2026-01-31T15:00:01+07:00","amount":1,"#,
    r#""paused_at":"2026-02-02T08:00:00+07:00","resumed_at":"2026-02-05T08:00:00+07:00","#,
    r#""regime":"fixed_after","amount_after":5}"#
);

const SERVICE: &str = concat!(
    r#"{"BusinessServices":[{"businessService":"A","businessServiceSla":432000000,"states":["#,
    r#"{"state":null,"uuid":"u0","isStartState":true,"actions":["#,
    r#"{"action":"APPLY","nextState":"OPEN","roles":["CITIZEN"]}]},"#,
    r#"{"state":"OPEN","uuid":"u1","sla":86400000,"docUploadRequired":true,"actions":["#,
    r#"{"action":"CLOSE","currentState":"u1","nextState":"u2","roles":["CLERK"]},"#,
    r#"{"action":"WAIT","nextState":"OPEN","roles":["CLERK","HEAD"]}]},"#,
    r#"{"state":"DONE","uuid":"u2","isTerminateState":true,"actions":null}]}]}"#
);
const PROCESS: &str = concat!(
    r#"<b:definitions xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL"><b:process id="p">"#,
    r#"<b:startEvent id="s"/><b:userTask id="t" name="T"/><b:boundaryEvent id="late" "#,
    r#"attachedToRef="t"><b:timerEventDefinition><b:timeDuration>P30D</b:timeDuration>"#,
    r#"</b:timerEventDefinition></b:boundaryEvent><b:exclusiveGateway id="x" default="d"/>"#,
    r#"<b:subProcess id="q"><b:startEvent id="i"/><b:parallelGateway id="f"/><b:task id="a"/>"#,
    r#"<b:task id="c"/><b:parallelGateway id="j"/><b:endEvent id="o"/>"#,
    r#"<b:sequenceFlow id="1" sourceRef="i" targetRef="f"/>"#,
    r#"<b:sequenceFlow id="2" sourceRef="f" targetRef="a"/>"#,
    r#"<b:sequenceFlow id="3" sourceRef="f" targetRef="c"/>"#,
    r#"<b:sequenceFlow id="4" sourceRef="a" targetRef="j"/>"#,
    r#"<b:sequenceFlow id="5" sourceRef="c" targetRef="j"/>"#,
    r#"<b:sequenceFlow id="6" sourceRef="j" targetRef="o"/></b:subProcess><b:endEvent id="e"/>"#,
    r#"<b:sequenceFlow id="7" sourceRef="s" targetRef="t"/>"#,
    r#"<b:sequenceFlow id="8" sourceRef="t" targetRef="x"/>"#,
    r#"<b:sequenceFlow id="9" name="again" sourceRef="x" targetRef="t">"#,
    r#"<b:conditionExpression>a &lt; b</b:conditionExpression></b:sequenceFlow>"#,
    r#"<b:sequenceFlow id="d" sourceRef="x" targetRef="q"/>"#,
    r#"<b:sequenceFlow id="11" sourceRef="q" targetRef="e"/>"#,
    r#"<b:sequenceFlow id="12" sourceRef="late" targetRef="e"/></b:process></b:definitions>"#
);

const TARGETS: [Target; 12] = [
    Target {
        name: "cj_decode",
        run: targets::cj_decode,
        valid: &[br#"{"a":[1,-2,{"b":null}],"c":"x\n\u0001y","d":true}"#, b"[[[[[[]]]]]]"],
    },
    Target { name: "header_decode", run: targets::header_decode, valid: &[HEADER.as_bytes()] },
    Target {
        name: "openings_read",
        run: targets::openings_read,
        valid: &[br#"[["a.b",[1,-2,{"b":null}]],null,["c","x\n\u0001y"]]"#, b"[]"],
    },
    Target { name: "line_read", run: targets::line_read, valid: &[LINE.as_bytes()] },
    Target {
        name: "deadline_line",
        run: targets::deadline_line,
        valid: &[
            br#"{"unit":"working_day","received_at":"2026-02-12T10:00:00+07:00","amount":3}"#,
            br#"{"unit":"same_day","received_at":"2026-10-01T15:00:01+07:00","cutoff":"15:00"}"#,
            PAUSED.as_bytes(),
        ],
    },
    Target {
        name: "calendar",
        run: targets::calendar,
        valid: &[include_bytes!("../../crates/deadlines/data/calendar-vn.json")],
    },
    Target {
        name: "procedure_check",
        run: targets::procedure_check,
        valid: &[
            include_bytes!("../../catalogue/birth-registration.yaml"),
            b"procedure: \"1.000001\"\nversion: 1.0.0\nname: { vi: a, en: b }\nsteps:\n  - id: x\n",
        ],
    },
    Target { name: "import_digit", run: targets::import_digit, valid: &[SERVICE.as_bytes()] },
    Target { name: "import_bpmn", run: targets::import_bpmn, valid: &[PROCESS.as_bytes()] },
    Target {
        name: "scenario_read",
        run: targets::scenario_read,
        valid: &[
            include_bytes!("../../crates/rehearsal/tests/played/consultation.scenarios.yaml"),
            b"procedure: a.yaml\nstories:\n  a: [{ story: a }]\nscenarios: [{ name: x }]\n",
        ],
    },
    Target {
        name: "guard",
        run: targets::guard,
        valid: &[
            br#"proxy && !(form.proxy_relation in ["close_kin", "other"])"#,
            br#"form.capital_vnd > 100 || receiving.kind == "provincial_centre""#,
            b"((((((((true))))))))",
        ],
    },
    Target {
        name: "form",
        run: targets::form,
        valid: &[br#"{"name":"Nguy\u1ec5n","n":12,"list":[{"a":1},[2]],"b":false,"c":null}"#],
    },
];

/// Cases of each kind for the target `name`; checking a definition takes milliseconds.
fn cases(name: &str) -> ProptestConfig {
    let slow = ["procedure_check", "calendar", "import_digit", "import_bpmn", "scenario_read"];
    let cases = if slow.contains(&name) { 256 } else { 4096 };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        any::<Index>().prop_map(Damage::Cut),
        (any::<Index>(), 1_u8..).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        (any::<Index>(), vec(any::<u8>(), 1..9)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        (any::<Index>(), 1_usize..40, 2_usize..300)
            .prop_map(|(at, length, times)| Damage::Repeat(at, length, times)),
        (any::<Index>(), 1_usize..40).prop_map(|(at, length)| Damage::Take(at, length)),
    ]
}

fn damaged(mut bytes: Vec<u8>, damages: Vec<Damage>) -> Vec<u8> {
    for damage in damages {
        if bytes.is_empty() {
            break;
        }
        let part = |at: Index, length: usize| {
            let start = at.index(bytes.len());
            start..bytes.len().min(start + length)
        };
        match damage {
            Damage::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Damage::Flip(at, bits) => {
                let at = at.index(bytes.len());
                bytes[at] ^= bits;
            }
            Damage::Insert(at, new) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, new);
            }
            Damage::Repeat(at, length, times) => {
                let part = part(at, length);
                let repeated = bytes[part.clone()].repeat(times);
                bytes.splice(part, repeated);
            }
            Damage::Take(at, length) => drop(bytes.drain(part(at, length))),
        }
    }
    bytes
}

#[test]
fn valid_bytes_keep_every_promise() {
    for target in TARGETS {
        target.valid.iter().for_each(|bytes| (target.run)(bytes));
    }
}

#[test]
fn arbitrary_bytes_break_no_promise() {
    for target in TARGETS {
        let bytes = vec(any::<u8>(), 0..400);
        let printable = "[ -~\\n\u{1ef8}\u{0}]{0,200}".prop_map(String::into_bytes);
        proptest!(cases(target.name), |(bytes in prop_oneof![bytes, printable])| {
            (target.run)(&bytes);
        });
    }
}

#[test]
fn bytes_that_were_valid_once_break_no_promise() {
    for target in TARGETS {
        let valid = prop::sample::select(target.valid.to_vec());
        proptest!(cases(target.name), |(valid in valid, damages in vec(damage(), 1..5))| {
            (target.run)(&damaged(valid.to_vec(), damages));
        });
    }
}

#[test]
fn great_depth_is_an_error_and_no_overflow() {
    let nests: [(&str, &str, &str); 7] = [
        ("<a>", "", "</a>"),
        ("[", "", "]"),
        ("{\"a\":", "1", "}"),
        ("(", "true", ")"),
        ("!", "true", ""),
        ("- ", "x", ""),
        ("{a: ", "x", "}"),
    ];
    for (open, middle, close) in nests {
        let depth = 100_000;
        let text = format!("{}{middle}{}", open.repeat(depth), close.repeat(depth));
        TARGETS.iter().for_each(|target| (target.run)(text.as_bytes()));
    }
}
