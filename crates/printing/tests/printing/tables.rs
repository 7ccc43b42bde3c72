//! Tables of the internal process and procedure sheets.

use motcua_printing::{Lang, procedure_sheet_html, process_table_html, process_table_svg};

use crate::kit::{catalogue, parallel, shipped, twenty_branches};
use crate::{assert_once, well_formed};

#[test]
fn the_table_has_a_row_for_each_step_branch_and_join() {
    for definition in [parallel(), twenty_branches()] {
        for table in
            [process_table_svg(&definition, Lang::Vi), process_table_html(&definition, Lang::Vi)]
        {
            let ids = well_formed(&table);
            for step in &definition.steps {
                assert_once(&ids, &format!("step-{}", step.id));
                let Some(parallel) = &step.parallel else {
                    continue;
                };
                assert_once(&ids, &format!("join-{}", step.id));
                for branch in &parallel.branches {
                    assert_once(&ids, &format!("branch-{}-{}", step.id, branch.id));
                }
            }
        }
    }
}

#[test]
fn the_catalogue_prints_in_both_languages() {
    for name in catalogue() {
        let procedure = shipped(&name);
        let definition = procedure.definition();
        for lang in [Lang::Vi, Lang::En] {
            well_formed(&process_table_svg(definition, lang));
            let table = process_table_html(definition, lang);
            let ids = well_formed(&table);
            for step in &definition.steps {
                assert_once(&ids, &format!("step-{}", step.id));
            }
            let sheet = procedure_sheet_html(&procedure, lang);
            well_formed(&sheet);
            for document in &definition.documents {
                let said = format!("<td>{}: ", document.id);
                assert_eq!(sheet.matches(&said).count(), 1, "{name}: {}", document.id);
            }
            assert!(sheet.contains(&procedure.reference().digest));
        }
    }
}

#[test]
fn the_sheet_says_from_which_phase_a_document_is_asked_for() {
    let procedure = shipped("../docs/examples/patterns/land-and-environment.yaml");
    let sheet = procedure_sheet_html(&procedure, Lang::Vi);
    let said = "D2: Bản vẽ hoàn công (nộp từ giai đoạn “Nghiệm thu công trình”)";
    assert_eq!(sheet.matches(said).count(), 1);
    let sheet = procedure_sheet_html(&procedure, Lang::En);
    assert!(sheet.contains("(from the phase “Acceptance of the works”)"));
    assert!(!sheet.contains("Application (from the phase"), "D1 is filed at the beginning");
}

#[test]
fn conditions_read_as_words_and_not_as_code() {
    let sheet = procedure_sheet_html(&shipped("birth-registration.yaml"), Lang::Vi);
    for words in [
        "không nộp trực tuyến",
        "trường hợp Trẻ em bị bỏ rơi",
        "Trường hợp đăng ký là trẻ em bị bỏ rơi",
        "có người được ủy quyền và Quan hệ giữa người được ủy quyền và người ủy quyền không phải là",
    ] {
        assert!(sheet.contains(words), "{words}");
    }
    for name in catalogue() {
        for lang in [Lang::Vi, Lang::En] {
            let sheet = procedure_sheet_html(&shipped(&name), lang);
            for code in
                ["&amp;&amp;", "||", "form.", "channel ==", "“none”", "“person”", "“abandoned”"]
            {
                assert!(!sheet.contains(code), "{name} shows {code}");
            }
        }
    }
}
