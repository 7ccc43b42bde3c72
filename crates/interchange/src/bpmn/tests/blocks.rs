use super::{draft, elements, errors, finding, has, import, only_error};
use crate::finding::code;

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
fn a_decision_right_behind_a_join_is_a_step_of_its_own() {
    let draft = draft(
        "start s\nand f\ntask a\ntask b\nand j\nxor g Passed?\ntask good\ntask bad\nend e\ns -> f\n\
         f -> a\nf -> b\na -> j\nb -> j\nj -> g\ng -> good : Pass\ng -> bad : Fail\ngood -> e\n\
         bad -> e",
    );
    has(
        &draft,
        &["join:\n      to: g", "- id: g # Passed?", "- id: Pass", "to: good", "- id: Fail"],
    );
}

#[test]
fn a_decision_that_a_branch_begins_with_is_a_step_of_it() {
    let draft = draft(
        "start s\nand f\nxor x\ntask a\ntask b\ntask c\nxor m\nand j\nend e\ns -> f\nf -> x\n\
         x -> a : A\nx -> b : B\na -> m\nb -> m\nm -> j\nf -> c\nc -> j\nj -> e",
    );
    has(&draft, &["start: x", "answer", "          - id: x", "- id: A", "to: a", "- id: B"]);
}

#[test]
fn a_choice_behind_an_inner_join_is_a_step_of_the_branch() {
    let draft = draft(
        "start s\nand f\nand g\ntask a\ntask b\nand k\n<bpmn:exclusiveGateway id='x' default='f18' />\n\
         task r\nxor m\ntask c\nand j\nend e\ns -> f\nf -> g\ng -> a\ng -> b\na -> k\nb -> k\n\
         x -> m\nk -> x\nx -> r ? y\nr -> m\nm -> j\nf -> c\nc -> j\nj -> e",
    );
    has(&draft, &["join:\n              to: x", "          - id: x", "act: proceed"]);
}

#[test]
fn blocks_that_stand_too_deep_are_refused_for_their_depth() {
    let mut lines = String::from("start s\nend e\ns -> f0\n");
    for n in 0..8 {
        lines.push_str(&format!("and f{n}\nand j{n}\ntask t{n}\nf{n} -> t{n}\nt{n} -> j{n}\n"));
        match n {
            7 => lines.push_str("task u\nf7 -> u\nu -> j7\n"),
            _ => lines.push_str(&format!("f{n} -> f{}\nj{} -> j{n}\n", n + 1, n + 1)),
        }
    }
    lines.push_str("j0 -> e");
    let imported = import(&lines);
    let errors = errors(&imported);
    assert!(errors.iter().any(|found| found.message.contains("deeper than 6")), "{errors:#?}");
}
