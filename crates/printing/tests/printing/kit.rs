//! Definitions to draw: those of the catalogue, and one with branches of every kind.

use std::collections::BTreeMap;
use std::path::Path;

use motcua_deadlines::{Limit, Unit};
use motcua_procedures::{
    Act, Action, Answer, Branch, BranchRef, Channel, Choice, ClockEffect, Definition, FormSchema,
    Guard, Join, JoinWhen, Kind, Level, NumberAt, Parallel, Parties, Procedure, Role, Status, Step,
    StepKind, Target, Text, Timeout, UnitRef,
};

/// A procedure of the catalogue.
pub(crate) fn shipped(name: &str) -> Procedure {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue").join(name);
    let source = std::fs::read(place).expect("a file of the catalogue");
    motcua_procedures::parse(&source).expect("what ships is sound")
}

/// The files of the catalogue's procedures.
pub(crate) fn catalogue() -> Vec<String> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue");
    let entries = std::fs::read_dir(place).expect("the catalogue");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string());
    let is_procedure =
        |name: &String| name.ends_with(".yaml") && !name.ends_with(".scenarios.yaml");
    let mut names: Vec<String> = names.map(|name| name.expect("UTF-8")).collect();
    names.retain(is_procedure);
    names.sort();
    assert!(names.len() >= 9, "{names:?}");
    names
}

pub(crate) fn text(vi: &str, en: &str) -> Text {
    Text { vi: vi.into(), en: en.into() }
}

fn action(id: &str, name: Text, target: Target) -> Action {
    Action {
        id: id.into(),
        name,
        act: Act::Advance,
        roles: vec![Role::Specialist],
        unit: UnitRef::Competent,
        target,
        answer: None,
        when: None,
        reason: false,
        form: None,
        outcome: None,
        rounds_max: None,
        reserves: None,
        rework: false,
        all_owners: false,
        not_by: Vec::new(),
        begins: None,
        assesses: None,
        verifies: Vec::new(),
        extension: None,
        data: None,
        ground: None,
    }
}

fn answers_with(id: &str, name: Text, answer: &str) -> Action {
    Action { answer: Some(answer.into()), ..action(id, name, Target::End) }
}

fn to(step: &str) -> Target {
    Target::Step(step.into())
}

pub(crate) fn step(id: &str, name: Text, actions: Vec<Action>) -> Step {
    Step {
        id: id.into(),
        name,
        kind: StepKind::Task,
        status: Status::Processing,
        role: Role::Specialist,
        unit: UnitRef::Competent,
        time: Some(Limit::new(Unit::WorkingHour, 2)),
        clock: ClockEffect::Runs,
        timeout: None,
        reviews: false,
        within: None,
        parallel: None,
        actions,
    }
}

fn inside(step_id: &str, branch: &str, step: Step) -> Step {
    let within = BranchRef { step: step_id.into(), branch: branch.into() };
    Step { within: Some(within), ..step }
}

fn answer(id: &str, vi: &str, en: &str) -> Answer {
    Answer { id: id.into(), name: text(vi, en) }
}

fn branch(id: &str, name: Text, start: &str, answers: Vec<Answer>) -> Branch {
    Branch { id: id.into(), name, when: None, each_unit: false, start: start.into(), answers }
}

fn guard(text: &str) -> Guard {
    Guard::compile(text).expect("a condition")
}

fn finals() -> [Step; 2] {
    let end = |id: &str, name: Text, status: Status| Step {
        kind: StepKind::Final,
        status,
        clock: ClockEffect::Stopped,
        time: None,
        ..step(id, name, Vec::new())
    };
    [
        end("delivered", text("Đã trả kết quả", "Delivered"), Status::Delivered),
        end("refused", text("Không được tiếp nhận", "Not accepted"), Status::NotAccepted),
    ]
}

/// Intake, a consultation in three branches (one for each unit, one conditional with two steps, one
/// with branches of its own), signature, delivery.
pub(crate) fn parallel() -> Definition {
    let agencies = Branch {
        each_unit: true,
        ..branch(
            "agencies",
            text("Cơ quan được lấy ý kiến", "Consulted agencies"),
            "asked",
            vec![
                answer("consent", "Đồng ý", "Consent"),
                answer("objection", "Không đồng ý", "Objection"),
                answer("silent", "Im lặng (coi như đồng ý)", "Silent (counts as consent)"),
            ],
        )
    };
    let inspection = Branch {
        when: Some(guard("channel == \"online\"")),
        ..branch(
            "inspection",
            text("Kiểm tra thực địa", "Inspection on site"),
            "visit",
            vec![answer("done", "Đã lập biên bản", "Minutes are written")],
        )
    };
    let council = branch(
        "council",
        text("Hội đồng thẩm định", "Appraisal council"),
        "meeting",
        vec![
            answer("passed", "Thông qua", "Passed"),
            answer("failed", "Không thông qua", "Failed"),
        ],
    );
    let early = JoinWhen { at_least: 1, answer: Some(("agencies".into(), "objection".into())) };
    let join = Target::Choice(vec![
        Choice { when: Some(guard("answers.agencies.objection > 0")), to: "reconsider".into() },
        Choice { when: None, to: "signature".into() },
    ]);
    let close =
        action("close", text("Kết thúc lấy ý kiến", "Close the consultation"), to("signature"));
    let consultation = Step {
        time: None,
        parallel: Some(Parallel {
            branches: vec![agencies, inspection, council],
            join: Join { early: vec![early], target: join },
        }),
        ..step("consultation", text("Lấy ý kiến", "Consultation"), vec![close])
    };
    let mut steps = vec![intake(), consultation];
    steps.extend(branch_steps());
    steps.push(step(
        "reconsider",
        text("Xem xét lại", "Reconsider"),
        vec![action("on", text("Trình ký", "Submit for signature"), to("signature"))],
    ));
    let back = Action {
        rework: true,
        ..action("return", text("Trả lại", "Return"), to("consultation"))
    };
    let sign = action("sign", text("Ký, trả kết quả", "Sign and deliver"), to("delivered"));
    steps.push(step("signature", text("Ký", "Signature"), vec![sign, back]));
    steps.extend(finals());
    definition("intake", steps)
}

fn intake() -> Step {
    Step {
        status: Status::Submitted,
        role: Role::ReceptionClerk,
        unit: UnitRef::Receiving,
        clock: ClockEffect::NotStarted,
        ..step(
            "intake",
            text("Tiếp nhận", "Intake"),
            vec![
                Action {
                    act: Act::Accept,
                    form: Some(1),
                    roles: vec![Role::ReceptionClerk],
                    ..action("accept", text("Tiếp nhận hồ sơ", "Accept"), to("consultation"))
                },
                Action {
                    act: Act::Refuse,
                    form: Some(3),
                    roles: vec![Role::ReceptionClerk],
                    ..action("refuse", text("Từ chối", "Refuse"), to("refused"))
                },
            ],
        )
    }
}

fn branch_steps() -> Vec<Step> {
    let asked = Step {
        role: Role::ConsultedAgency,
        unit: UnitRef::Branch,
        time: None,
        timeout: Some(Timeout {
            after: Limit::new(Unit::CalendarDay, 12),
            action: "silence".into(),
            remind_days_before: None,
            ground: "law".into(),
        }),
        ..step(
            "asked",
            text("Trả lời ý kiến", "Answer"),
            vec![
                answers_with("consent", text("Đồng ý", "Consent"), "consent"),
                answers_with("object", text("Không đồng ý", "Object"), "objection"),
                Action {
                    act: Act::Lapse,
                    ..answers_with(
                        "silence",
                        text("Hết hạn trả lời", "No answer in time"),
                        "silent",
                    )
                },
            ],
        )
    };
    let visit = step(
        "visit",
        text("Đi kiểm tra", "Visit"),
        vec![action("visited", text("Đã kiểm tra", "Visited"), to("minutes"))],
    );
    let minutes = step(
        "minutes",
        text("Lập biên bản", "Minutes"),
        vec![answers_with("write", text("Ký biên bản", "Sign the minutes"), "done")],
    );
    let members = Branch {
        each_unit: true,
        ..branch(
            "members",
            text("Thành viên bỏ phiếu", "Votes of the members"),
            "vote",
            vec![answer("aye", "Tán thành", "Aye"), answer("nay", "Không tán thành", "Nay")],
        )
    };
    let meeting = Step {
        role: Role::HeadOfDivision,
        time: None,
        parallel: Some(Parallel {
            branches: vec![members],
            join: Join { early: Vec::new(), target: to("conclusion") },
        }),
        ..step("meeting", text("Họp hội đồng", "Council meeting"), Vec::new())
    };
    let vote = Step {
        role: Role::CouncilMember,
        unit: UnitRef::Branch,
        time: None,
        ..step(
            "vote",
            text("Bỏ phiếu", "Vote"),
            vec![
                answers_with("aye", text("Tán thành", "Aye"), "aye"),
                answers_with("nay", text("Không tán thành", "Nay"), "nay"),
            ],
        )
    };
    let conclusion = Step {
        role: Role::HeadOfDivision,
        ..step(
            "conclusion",
            text("Kết luận", "Conclusion"),
            vec![
                answers_with("pass", text("Thông qua", "Pass"), "passed"),
                answers_with("fail", text("Không thông qua", "Fail"), "failed"),
            ],
        )
    };
    vec![
        inside("consultation", "agencies", asked),
        inside("consultation", "inspection", visit),
        inside("consultation", "inspection", minutes),
        inside("consultation", "council", meeting),
        inside("meeting", "members", vote),
        inside("consultation", "council", conclusion),
    ]
}

/// Twenty branches of one step each between two steps.
pub(crate) fn twenty_branches() -> Definition {
    let mut steps = vec![intake()];
    let branches = (1..=20).map(|i| {
        let name = format!("Đơn vị số {i}");
        let answers = vec![answer("done", "Xong", "Done")];
        branch(&format!("b{i}"), text(&name, &name), &format!("work{i}"), answers)
    });
    let join = Join { early: Vec::new(), target: to("delivered") };
    steps.push(Step {
        parallel: Some(Parallel { branches: branches.collect(), join }),
        ..step("consultation", text("Lấy ý kiến", "Consultation"), Vec::new())
    });
    steps.extend((1..=20).map(|i| {
        let done = answers_with("done", text("Xong", "Done"), "done");
        let name = text("Trả lời", "Answer");
        inside("consultation", &format!("b{i}"), step(&format!("work{i}"), name, vec![done]))
    }));
    steps.extend(finals());
    definition("intake", steps)
}

/// A line of so many steps.
pub(crate) fn long(count: usize) -> Definition {
    let name = |i: usize| text(&format!("Việc thứ {i}"), &format!("Work {i}"));
    let mut steps = vec![step(
        "s0",
        name(0),
        vec![
            action("go", text("Tiếp", "On"), to("s1")),
            action("skip", text("Bỏ", "Skip"), to("refused")),
        ],
    )];
    for i in 1..count {
        let next = if i + 1 < count { format!("s{}", i + 1) } else { "delivered".to_owned() };
        steps.push(step(
            &format!("s{i}"),
            name(i),
            vec![action("go", text("Tiếp", "On"), to(&next))],
        ));
    }
    steps.extend(finals());
    definition("s0", steps)
}

pub(crate) fn definition(start: &str, steps: Vec<Step>) -> Definition {
    Definition {
        kind: Kind::Procedure,
        code: "1.000002".into(),
        version: "1.0.0".into(),
        effective_from: "2026-07-01".parse().expect("a date"),
        name: text("Thủ tục có nhánh song song", "Procedure with parallel branches"),
        field: text("Thử", "Trial"),
        level: Level::Commune,
        grounds: BTreeMap::from([("law".into(), text("Luật", "Law"))]),
        channels: vec![Channel::Counter, Channel::Online],
        number_at: NumberAt::Accept,
        parties: Parties { owners_min: 1, owners_max: 1, proxy: false },
        form: FormSchema::default(),
        variants: Vec::new(),
        documents: Vec::new(),
        fees: Vec::new(),
        windows: Vec::new(),
        limits: Vec::new(),
        phases: Vec::new(),
        clocks: Vec::new(),
        results: Vec::new(),
        start: start.into(),
        steps,
    }
}
