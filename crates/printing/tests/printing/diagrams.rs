//! State diagrams.

use motcua_printing::{
    Lang, process_table_html, state_diagram_html, state_diagram_mermaid, state_diagram_svg,
};
use motcua_procedures::Definition;

use crate::kit::{catalogue, definition, long, parallel, shipped, step, text, twenty_branches};
use crate::{HOSTILE, assert_once, well_formed};

fn branch_ids(definition: &Definition) -> Vec<String> {
    let with_branches =
        definition.steps.iter().filter_map(|step| Some((step, step.parallel.as_ref()?)));
    with_branches
        .flat_map(|(step, parallel)| {
            parallel.branches.iter().map(|branch| format!("branch-{}-{}", step.id, branch.id))
        })
        .collect()
}

#[track_caller]
fn shows_everything_once(definition: &Definition) {
    for lang in [Lang::Vi, Lang::En] {
        for picture in [state_diagram_svg(definition, lang), state_diagram_html(definition, lang)] {
            let ids = well_formed(&picture);
            for step in &definition.steps {
                assert_once(&ids, &format!("step-{}", step.id));
            }
            for branch in branch_ids(definition) {
                assert_once(&ids, &branch);
            }
            let main = definition.steps.iter().filter(|step| step.within.is_none()).count();
            let label = if lang == Lang::Vi { ">Trạng thái " } else { ">Status " };
            let shown = picture.matches(label).count();
            assert_eq!(shown, main, "each step of the main line shows its status once");
        }
    }
}

#[test]
fn every_step_branch_and_status_of_the_catalogue_appears_once() {
    for name in catalogue() {
        shows_everything_once(shipped(&name).definition());
    }
}

#[test]
fn branches_appear_once_however_they_are_nested() {
    shows_everything_once(&parallel());
    shows_everything_once(&twenty_branches());
    assert_eq!(branch_ids(&parallel()).len(), 4);
}

#[test]
fn a_diagram_of_a_thousand_steps_is_drawn_on_many_pages() {
    shows_everything_once(&long(1_000));
}

#[test]
fn the_join_says_when_the_branches_come_together_and_where_that_leads() {
    let picture = state_diagram_svg(&parallel(), Lang::En);
    let words = picture.replace("</text>", " ");
    for part in ["The branches join when all of them", "≥ 1 × Consulted agencies", "“Objection”"]
    {
        assert!(words.contains(part), "{part}");
    }
}

/// Corners of the boxes of steps, as drawn: x, y, width, height.
fn boxes(picture: &str) -> Vec<[f64; 4]> {
    let drawn = picture.split("<g id=\"step-").skip(1);
    let number = |rect: &str, name: &str| -> f64 {
        let (_, rest) = rect.split_once(&format!(" {name}=\"")).expect("an attribute");
        rest.split('"').next().and_then(|text| text.parse().ok()).expect("a number")
    };
    drawn
        .map(|text| {
            let (_, rect) = text.split_once("<rect").expect("a box");
            ["x", "y", "width", "height"].map(|name| number(rect, name))
        })
        .collect()
}

#[test]
fn no_box_overlaps_another_or_leaves_the_paper() {
    for name in catalogue() {
        // One page a picture: places are those on the page.
        let document = state_diagram_html(shipped(&name).definition(), Lang::Vi);
        for page in document.split("<svg ").skip(1) {
            let boxes = boxes(page);
            for (i, [x, y, width, height]) in boxes.iter().enumerate() {
                assert!(*x >= 0.0 && x + width <= 794.0, "{name}: box {i} is on the paper");
                assert!(y + height <= 1_080.0, "{name}: box {i} is above the foot");
                for [x2, y2, width2, height2] in &boxes[i + 1..] {
                    let beside = x + width <= *x2 || x2 + width2 <= *x;
                    let below = y + height <= *y2 || y2 + height2 <= *y;
                    // A step of a branch lies whole in the box of the step with branches.
                    let inside = x <= x2 && x2 + width2 <= x + width;
                    let inside = inside && y <= y2 && y2 + height2 <= y + height;
                    assert!(beside || below || inside, "{name}: boxes overlap");
                }
            }
        }
    }
}

/// Left, top, right, bottom.
type Extent = [f64; 4];

fn attribute(element: &str, name: &str) -> f64 {
    let (_, rest) = element.split_once(&format!(" {name}=\"")).expect("an attribute");
    rest.split('"').next().and_then(|text| text.parse().ok()).expect("a number")
}

/// Texts of the marks that point to other pages: they follow dashed lines.
fn marks(page: &str) -> Vec<(Extent, String)> {
    let drawn = page.split("stroke-dasharray=\"3 2\"").skip(1);
    let texts = drawn.filter_map(|rest| {
        let (_, text) = rest.split_once("<text")?;
        let said = text.split_once('>')?.1.split('<').next()?.to_owned();
        let (x, y) = (attribute(text, "x"), attribute(text, "y"));
        let right = x + 4.6 * said.chars().count() as f64;
        Some(([x, y - 7.0, right, y + 1.0], said))
    });
    texts.collect()
}

/// Pieces of the lines between boxes.
fn pieces(page: &str) -> Vec<Extent> {
    let lines = page.split("<polyline points=\"").skip(1);
    let solid = lines.filter(|line| {
        let element = line.split('>').next().unwrap_or_default();
        element.contains("marker-end") && !element.contains("dasharray")
    });
    let mut pieces = Vec::new();
    for line in solid {
        let points = line.split('"').next().unwrap_or_default().split(' ');
        let points: Vec<(f64, f64)> = points
            .filter_map(|point| point.split_once(','))
            .map(|(x, y)| (x.parse().expect("x"), y.parse().expect("y")))
            .collect();
        pieces.extend(points.windows(2).map(|ends| {
            let ((x, y), (x2, y2)) = (ends[0], ends[1]);
            [x.min(x2), y.min(y2), x.max(x2), y.max(y2)]
        }));
    }
    pieces
}

#[test]
fn no_line_is_drawn_through_a_mark_that_points_to_another_page() {
    let mut seen = 0;
    let mut look = |name: &str, definition: &Definition| {
        for lang in [Lang::Vi, Lang::En] {
            let document = state_diagram_html(definition, lang);
            for (number, page) in document.split("<svg ").skip(1).enumerate() {
                let pieces = pieces(page);
                for ([left, top, right, bottom], said) in marks(page) {
                    seen += 1;
                    let through = |[x, y, x2, y2]: &Extent| {
                        *x < right && left < *x2 + 0.01 && *y < bottom && top < *y2 + 0.01
                    };
                    let page = number + 1;
                    assert!(
                        !pieces.iter().any(through),
                        "{name}, page {page}: {said} is struck out"
                    );
                }
            }
        }
    };
    for name in catalogue() {
        look(&name, shipped(&name).definition());
    }
    look("long", &long(1_000));
    assert!(seen > 20, "{seen} marks");
}

fn hostile() -> Definition {
    let steps = vec![step("only", text(HOSTILE, HOSTILE), Vec::new())];
    let mut definition = definition("only", steps);
    definition.name = text(HOSTILE, HOSTILE);
    definition
}

#[test]
fn hostile_names_stay_text_in_pictures() {
    for picture in [
        state_diagram_svg(&hostile(), Lang::Vi),
        state_diagram_html(&hostile(), Lang::En),
        motcua_printing::process_table_svg(&hostile(), Lang::Vi),
        motcua_printing::process_table_html(&hostile(), Lang::En),
    ] {
        well_formed(&picture);
        assert!(!picture.contains("<script") && !picture.contains("<img"));
    }
}

/// Every line of a Mermaid diagram must be one that the language knows, with labels that hold
/// nothing it reads as syntax.
#[track_caller]
fn is_mermaid(text: &str) {
    let mut open = 0_i32;
    for line in text.lines().map(str::trim) {
        let (head, label) = match line.split_once(" : ") {
            Some((head, label)) => (head, label),
            None => (line, ""),
        };
        assert!(
            !label.contains(['"', '[', ']', '{', '}', '(', ')', '<', '>', '|', '`', ':']),
            "{line}"
        );
        assert_eq!(line.matches('"').count() % 2, 0, "{line}");
        match head.split_once('"') {
            Some((before, rest)) => {
                let (title, after) = rest.rsplit_once('"').expect("a closed title");
                assert_eq!(before, "state ", "{line}");
                assert!(!title.contains(['"', '[', ']', '{', '}', '<', '>', ':']), "{line}");
                assert!(after.starts_with(" as s"), "{line}");
                open += i32::from(after.ends_with('{'));
            }
            None => {
                open -= i32::from(head == "}");
                let known = [
                    "%% ",
                    "stateDiagram-v2",
                    "direction TB",
                    "note right of s",
                    "note left of s",
                    "}",
                    "--",
                ];
                let is_known = known.iter().any(|start| head.starts_with(start));
                let is_join = head.starts_with("state s") && head.ends_with("<<join>>");
                let leads = head.split_once(" --> ").is_some_and(|(from, to)| {
                    [from, to].iter().all(|end| *end == "[*]" || end.starts_with('s'))
                });
                assert!(is_known || is_join || leads, "{line}");
            }
        }
    }
    assert_eq!(open, 0, "composite states are closed");
}

#[test]
fn mermaid_holds_no_syntax_but_its_own() {
    for name in catalogue() {
        is_mermaid(&state_diagram_mermaid(shipped(&name).definition(), Lang::Vi));
    }
    is_mermaid(&state_diagram_mermaid(&parallel(), Lang::En));
    is_mermaid(&state_diagram_mermaid(&hostile(), Lang::Vi));
}

#[test]
fn mermaid_names_every_step_once_and_draws_branches_as_regions() {
    let definition = parallel();
    let text = state_diagram_mermaid(&definition, Lang::En);
    for number in 1..=definition.steps.len() {
        let named = [format!(" as s{number}\n"), format!(" as s{number} {{\n")];
        let times: usize = named.iter().map(|end| text.matches(end.as_str()).count()).sum();
        assert_eq!(times, 1, "step {number}");
    }
    assert_eq!(text.lines().filter(|line| line.trim() == "--").count(), 2, "three regions");
    assert_eq!(text.matches("Branch#58; ").count(), 4);
}

#[test]
fn a_step_whose_refusal_is_told_with_the_shared_actions_is_marked() {
    let house = shipped("house-construction-permit.yaml");
    let definition = house.definition();
    let words = |page: &str| {
        let texts = page.split("<text").skip(1);
        let lines = texts.filter_map(|text| text.split_once('>')?.1.split("</text>").next());
        lines.collect::<Vec<_>>().join(" ")
    };
    for (lang, mark, refusal, stop) in [
        (
            Lang::Vi,
            "→ thao tác chung: ",
            "Dự thảo thông báo không cấp giấy phép",
            "Dừng giải quyết",
        ),
        (Lang::En, "→ shared actions: ", "Draft a notice of non-issue", "Stop processing"),
    ] {
        let picture = state_diagram_svg(definition, lang);
        let picture = words(&picture);
        let table = process_table_html(definition, lang);
        let mermaid = state_diagram_mermaid(definition, lang);
        for page in [&picture, &table] {
            // Appraisal, the last check and weighing draft refusals; ten steps may be stopped.
            assert_eq!(page.matches(&format!("{mark}{refusal}; {stop}")).count(), 3);
            assert_eq!(page.matches(mark).count(), 10);
        }
        assert_eq!(mermaid.matches(mark.trim_end_matches(": ")).count(), 10);
        assert!(!words(&state_diagram_svg(&parallel(), lang)).contains(mark));
    }
}
