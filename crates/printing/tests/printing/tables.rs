//! Tables of the internal process and procedure sheets.

use motcua_printing::{
    Lang, procedure_sheet_html, process_table_html, process_table_svg, state_diagram_mermaid,
    state_diagram_svg,
};

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

/// Rows of a table that begin with this cell, as the texts of their cells.
fn rows_of(page: &str, first: &str) -> Vec<Vec<String>> {
    let begins = format!("<tr><td>{first}</td>");
    let rows = page.lines().filter(|line| line.contains(&begins));
    let cells = rows.map(|row| row.split("<td>").skip(1));
    cells
        .map(|row| row.map(|cell| cell.replace("</td>", "").replace("</tr>", "")))
        .map(Iterator::collect)
        .collect()
}

#[test]
fn the_last_of_several_limits_is_for_the_other_cases_only() {
    let house = shipped("house-construction-permit.yaml");
    for (lang, first, rest) in [
        (Lang::Vi, "Giải quyết", "Các trường hợp còn lại"),
        (Lang::En, "The whole", "All other cases"),
    ] {
        let sheet = procedure_sheet_html(&house, lang);
        let rows = rows_of(&sheet, first);
        assert_eq!(rows.len(), 2);
        assert!(rows[0][2].contains("Nhà ở riêng lẻ") || rows[0][2].contains("Separate house"));
        assert_eq!(rows[1][2], rest);
        let table = process_table_html(house.definition(), lang);
        let last = format!("({})</p>", rest.to_lowercase());
        assert_eq!(table.matches(&last).count(), 1, "the table says so as well");
    }
    let land = shipped("../docs/examples/patterns/land-and-environment.yaml");
    let only = &rows_of(&procedure_sheet_html(&land, Lang::Vi), "Giải quyết")[0];
    assert_eq!(only[2], "Mọi trường hợp", "a limit that stands alone takes all cases");
}

#[test]
fn the_limit_of_a_later_phase_counts_from_the_act_that_begins_it() {
    let land = shipped("../docs/examples/patterns/land-and-environment.yaml");
    let sheet = procedure_sheet_html(&land, Lang::En);
    let definition = land.definition();
    let phase = &definition.phases[0];
    let mut acts = definition
        .steps
        .iter()
        .enumerate()
        .flat_map(|(i, step)| step.actions.iter().map(move |action| (i + 1, action)));
    let (step, act) = acts
        .find(|(_, action)| action.begins.as_ref() == Some(&phase.id))
        .expect("an act that begins it");
    let row = &rows_of(&sheet, &phase.name.en)[0];
    assert!(row[1].contains(&format!(", from the act “{}” (step {step})", act.name.en)), "{row:?}");
    assert!(!row[1].contains("acceptance"), "{row:?}");
}

#[test]
fn a_further_clock_says_from_when_it_counts_and_how_it_goes_on() {
    let house = shipped("house-construction-permit.yaml");
    let name = "Hướng dẫn bằng văn bản khi bổ sung chưa đạt";
    let row = &rows_of(&procedure_sheet_html(&house, Lang::Vi), name)[0];
    let start = "5 ngày làm việc, kể từ mỗi lần vào bước 8 “Xem xét hồ sơ bổ sung”";
    assert_eq!(row[1], start);
    assert!(row[3].starts_with("bước 25 “Xem xét rút hồ sơ”: tính tiếp"), "{row:?}");
}

#[test]
fn an_act_that_begins_a_phase_says_so_with_its_limit_and_its_papers() {
    let land = shipped("../docs/examples/patterns/land-and-environment.yaml");
    let definition = land.definition();
    let table = process_table_html(definition, Lang::Vi);
    for said in [
        "Báo cáo hoàn thành – mở giai đoạn “Nghiệm thu công trình”, thời hạn tính mới: \
         15 ngày làm việc, giấy tờ kèm theo: D2 Bản vẽ hoàn công; D3 \
         Giấy xác nhận tham gia bảo hiểm (nếu Có bảo hiểm xã hội) →",
        "Thời hạn giai đoạn “Nghiệm thu công trình”: 15 ngày làm việc",
    ] {
        assert_eq!(table.matches(said).count(), 1, "{said}");
    }
    let mermaid = state_diagram_mermaid(definition, Lang::Vi);
    assert_eq!(mermaid.matches("mở giai đoạn “Nghiệm thu công trình”").count(), 1);
    for picture in
        [process_table_svg(definition, Lang::En), state_diagram_svg(definition, Lang::En)]
    {
        // Lines break where the box ends.
        let texts = picture.split("<text").skip(1);
        let lines = texts.filter_map(|text| text.split_once('>')?.1.split("</text>").next());
        let words = lines.collect::<Vec<_>>().join(" ");
        let said = "begins the phase “Acceptance of the works”, with a limit of its own: \
                    15 working days, papers that come with it: D2";
        assert_eq!(words.matches(said).count(), 1, "{words}");
    }
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
            let procedure = shipped(&name);
            let sheet = procedure_sheet_html(&procedure, lang);
            let table = process_table_html(procedure.definition(), lang);
            for code in [
                "&amp;&amp;",
                "||",
                "form.",
                "channel ==",
                "documents.",
                "“none”",
                "“person”",
                "“abandoned”",
            ] {
                assert!(!sheet.contains(code), "{name}: the sheet shows {code}");
                assert!(!table.contains(code), "{name}: the table shows {code}");
            }
        }
    }
}

#[test]
fn choices_and_flags_read_as_one_phrase() {
    let house = procedure_sheet_html(&shipped("house-construction-permit.yaml"), Lang::Vi);
    assert!(house.contains("<td>Loại chủ đầu tư là tổ chức</td>"));
    for name in ["social-allowance.yaml", "versions/social-allowance-0.yaml"] {
        let sheet = procedure_sheet_html(&shipped(name), Lang::Vi);
        assert!(!sheet.contains("có khai"), "{name}");
        assert!(sheet.contains(
            "(Nhóm đối tượng là trẻ em không có nguồn nuôi dưỡng hoặc Người hưởng là trẻ em)"
        ));
    }
}

/// Fails unless every choice below has names; counts those that it finds.
fn named_choices(name: &str, schema: &serde_json::Value) -> usize {
    let Some(members) = schema.get("properties").and_then(|members| members.as_object()) else {
        return 0;
    };
    let is_choice = |member: &&serde_json::Value| member.get("enum").is_some();
    for (field, member) in members.iter().filter(|(_, member)| is_choice(member)) {
        assert!(member.get("x-names").is_some(), "{name}: {field}");
    }
    members.values().filter(is_choice).count()
}

#[test]
fn the_choices_of_allowance_and_feedback_have_names() {
    let files = [
        ("social-allowance.yaml", 4),
        ("versions/social-allowance-0.yaml", 4),
        ("../docs/examples/patterns/feedback.yaml", 1),
    ];
    for (name, choices) in files {
        let procedure = shipped(name);
        assert_eq!(named_choices(name, procedure.definition().form.schema()), choices);
    }
}
