//! The internal process as a table: one row a step, in the order of the file.

use motcua_deadlines::Lang;
use motcua_procedures::{Definition, Step, StepKind};

use crate::canvas::{Canvas, Rect, Style};
use crate::markup::{columns, document, element, escape};
use crate::paper::{CONTENT_BOTTOM, CONTENT_TOP, CONTENT_WIDTH, Frame, MARGIN, Page};
use crate::process::Process;
use crate::words::{clock, code, limit, pick, role, status, unit_ref, word};

/// Longest condition in the picture, characters; the document shows conditions whole.
const CONDITION_CHARS_MAX: usize = 100;
/// Widths of the columns of the picture; together they are the content's.
const WIDTHS: [f64; 6] = [36.0, 128.0, 106.0, 110.0, 92.0, 242.0];
const CELL: Style = Style::plain(8.8);
const HEAD: Style = Style::bold(9.2);
/// Space between the rules of a cell and its text.
const PAD: f64 = 4.0;

/// A row of the table.
struct Row {
    /// Id of its group in the picture.
    id: String,
    /// How many branches it lies in.
    depth: usize,
    /// One cell a column, one item a paragraph; a row with one cell spans the table.
    cells: Vec<Vec<String>>,
}

/// The table as one picture, pages below each other.
pub(crate) fn svg(definition: &Definition, lang: Lang) -> String {
    let process = Process::new(definition, lang, CONDITION_CHARS_MAX);
    let rows = rows(&process);
    let mut pages = Vec::new();
    let mut canvas = Canvas::default();
    let mut y = head(&mut canvas, lang, CONTENT_TOP);
    for row in &rows {
        let (cells, height) = measured(row);
        if y + height > CONTENT_BOTTOM && y > CONTENT_TOP + 40.0 {
            pages.push(Page { content: std::mem::take(&mut canvas), bottom: y });
            y = head(&mut canvas, lang, CONTENT_TOP);
        }
        draw(&mut canvas, row, &cells, y, height);
        y += height;
    }
    for line in notes(&process).iter().flat_map(|note| CELL.wrapped(note, CONTENT_WIDTH)) {
        if y + 2.0 * CELL.line() > CONTENT_BOTTOM {
            pages.push(Page { content: std::mem::take(&mut canvas), bottom: y });
            y = CONTENT_TOP;
        }
        y += CELL.line();
        canvas.text(MARGIN, y + 4.0, &line, CELL);
    }
    pages.push(Page { content: canvas, bottom: y });
    frame(definition, lang).svg(pages)
}

fn frame(definition: &Definition, lang: Lang) -> Frame<'_> {
    Frame {
        lang: code(lang),
        title: title(definition, lang),
        subtitle: subtitle(lang).to_owned(),
        foot: format!(
            "{} · {} {}",
            definition.code,
            word(lang, "bản", "version"),
            definition.version
        ),
        page: word(lang, "trang", "page"),
    }
}

fn title(definition: &Definition, lang: Lang) -> String {
    let table = word(lang, "Quy trình nội bộ", "Internal process");
    format!("{table}: {}", pick(&definition.name, lang))
}

fn subtitle(lang: Lang) -> &'static str {
    word(
        lang,
        "→ n: chuyển đến bước n; ← : quay lại bước đã tạm ngắt.",
        "→ n: leads to step n; ← : back to the step that was interrupted.",
    )
}

/// The table as a document to print.
pub(crate) fn html(definition: &Definition, lang: Lang) -> String {
    const CSS: &str = include_str!("css/table.css");
    let process = Process::new(definition, lang, usize::MAX);
    let mut body = element("h1", &title(definition, lang));
    body += &element(
        "p",
        &format!("{} · {} {}", definition.code, word(lang, "bản", "version"), definition.version),
    );
    body += &element("p", subtitle(lang));
    body += "<table>";
    body += &columns(&[8, 18, 16, 17, 13, 28]);
    body += "<thead><tr>";
    for name in headings(lang) {
        body += &element("th", name);
    }
    body += "</tr></thead><tbody>\n";
    for row in rows(&process) {
        let id = escape(&row.id);
        let depth = row.depth.min(2);
        if let [only] = row.cells.as_slice() {
            let text = escape(&only.join("; "));
            body += &format!("<tr id=\"{id}\" class=\"b\"><td colspan=\"6\">{text}</td></tr>\n");
            continue;
        }
        body += &format!("<tr id=\"{id}\" class=\"d{depth}\">");
        for cell in &row.cells {
            let parts: Vec<String> = cell.iter().map(|part| escape(part)).collect();
            body += &format!("<td>{}</td>", parts.join("<br/>"));
        }
        body += "</tr>\n";
    }
    body += "</tbody></table>";
    for note in notes(&process) {
        body += &element("p", &note);
    }
    document(code(lang), &title(definition, lang), CSS, &body)
}

fn headings(lang: Lang) -> [&'static str; 6] {
    match lang {
        Lang::Vi => [
            "Bước",
            "Nội dung công việc",
            "Người thực hiện",
            "Thời gian, thời hạn",
            "Trạng thái",
            "Thao tác và bước tiếp theo",
        ],
        Lang::En => {
            ["Step", "Work", "By whom", "Time and clock", "Status", "Actions and what follows"]
        }
    }
}

fn rows(process: &Process<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for step in process.main_steps() {
        step_rows(process, step, 0, &mut rows);
    }
    rows
}

/// The row of a step, then those of its branches and their join.
fn step_rows(process: &Process<'_>, step: &Step, depth: usize, rows: &mut Vec<Row>) {
    let lang = process.lang;
    let is_main = step.within.is_none();
    let mut who = Vec::new();
    if step.kind != StepKind::Final {
        who = vec![role(step.role, lang).to_owned(), unit_ref(step.unit, lang).to_owned()];
    }
    let mut time: Vec<String> = step.time.iter().map(|time| limit(time, lang)).collect();
    time.extend(is_main.then(|| clock(&step.clock, lang)));
    time.extend(process.timeout(step));
    time.extend(process.further_clocks(step));
    let status =
        is_main.then(|| format!("{} – {}", u8::from(step.status), status(step.status, lang)));
    let actions = process.own_actions(step).map(|action| process.action(step, action));
    let actions = actions.chain(process.shared_refusals(step)).collect();
    let number = process.number(&step.id).to_string();
    let name = vec![pick(&step.name, lang).to_owned()];
    let cells = vec![vec![number], name, who, time, status.into_iter().collect(), actions];
    rows.push(Row { id: format!("step-{}", step.id), depth, cells });
    let Some(parallel) = &step.parallel else {
        return;
    };
    for branch in &parallel.branches {
        let label = word(lang, "Nhánh song song", "Parallel branch");
        let of = word(lang, "của bước", "of step");
        let number = process.number(&step.id);
        let name = pick(&branch.name, lang);
        let mut said = vec![format!("{label} {of} {number}: {name}")];
        said.extend(process.opening(branch));
        let answers: Vec<&str> = branch.answers.iter().map(|one| pick(&one.name, lang)).collect();
        said.push(format!("{}: {}", word(lang, "trả lời", "answers"), answers.join(" / ")));
        let id = format!("branch-{}-{}", step.id, branch.id);
        rows.push(Row { id, depth: depth + 1, cells: vec![said] });
        for inner in process.branch_steps(step, branch) {
            step_rows(process, inner, depth + 1, rows);
        }
    }
    let id = format!("join-{}", step.id);
    rows.push(Row { id, depth, cells: vec![vec![process.join(parallel)]] });
}

/// What holds for many steps, and the limits that all of it must fit into.
fn notes(process: &Process<'_>) -> Vec<String> {
    let lang = process.lang;
    let shared = process.shared().iter().map(|shared| process.shared_action(shared));
    let mut notes: Vec<String> = shared.collect();
    let total = word(lang, "Tổng thời hạn", "Limit of the whole");
    let limits = &process.definition.limits;
    notes.extend(process.limits(limits).map(|said| format!("{total}: {said}")));
    for phase in &process.definition.phases {
        let of = word(lang, "Thời hạn giai đoạn", "Limit of the phase");
        let name = pick(&phase.name, lang);
        notes.extend(process.limits(&phase.limits).map(|said| format!("{of} “{name}”: {said}")));
    }
    notes
}

/// Lines of each cell, and how high the row is.
fn measured(row: &Row) -> (Vec<Vec<String>>, f64) {
    let spans = row.cells.len() == 1;
    let widths = if spans { vec![CONTENT_WIDTH] } else { WIDTHS.to_vec() };
    let style = if spans { HEAD } else { CELL };
    let cells: Vec<Vec<String>> = row
        .cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| {
            let bullet = cell.len() > 1 && width > 200.0 && !spans;
            let joined = if spans { vec![cell.join("; ")] } else { cell.clone() };
            let parts = joined.iter().flat_map(|part| {
                let text = if bullet { format!("• {part}") } else { part.clone() };
                style.wrapped(&text, width - 2.0 * PAD)
            });
            parts.collect()
        })
        .collect();
    let lines = cells.iter().map(Vec::len).max().unwrap_or_default().max(1);
    (cells, style.line() * lines as f64 + 2.0 * PAD)
}

fn head(canvas: &mut Canvas, lang: Lang, y: f64) -> f64 {
    let row = Row {
        id: String::new(),
        depth: 0,
        cells: headings(lang).iter().map(|name| vec![(*name).to_owned()]).collect(),
    };
    let lines = row
        .cells
        .iter()
        .zip(WIDTHS)
        .map(|(cell, width)| HEAD.wrapped(&cell.concat(), width - 2.0 * PAD));
    let cells: Vec<Vec<String>> = lines.collect();
    let most = cells.iter().map(Vec::len).max().unwrap_or(1);
    let height = HEAD.line() * most as f64 + 2.0 * PAD;
    cells_of(canvas, &cells, y, height, ("#e8edf3", HEAD));
    y + height
}

fn draw(canvas: &mut Canvas, row: &Row, cells: &[Vec<String>], y: f64, height: f64) {
    canvas.open(&row.id);
    if let [only] = cells {
        let place = Rect { x: MARGIN, y, width: CONTENT_WIDTH, height };
        canvas.rect(place, "#f4f1ea", "#667", " stroke-width=\"0.8\"");
        for (i, line) in only.iter().enumerate() {
            let baseline = y + PAD + HEAD.line() * (i + 1) as f64 - 3.0;
            canvas.text(MARGIN + PAD, baseline, line, HEAD);
        }
    } else {
        let fill = if row.depth > 0 { "#fbf9f4" } else { "#ffffff" };
        cells_of(canvas, cells, y, height, (fill, CELL));
    }
    canvas.close();
}

fn cells_of(
    canvas: &mut Canvas,
    cells: &[Vec<String>],
    y: f64,
    height: f64,
    (fill, style): (&str, Style),
) {
    let mut x = MARGIN;
    for (column, (lines, width)) in cells.iter().zip(WIDTHS).enumerate() {
        let place = Rect { x, y, width, height };
        canvas.rect(place, fill, "#667", " stroke-width=\"0.8\"");
        let style = if column < 2 { Style { bold: true, ..style } } else { style };
        for (i, line) in lines.iter().enumerate() {
            let baseline = y + PAD + style.line() * (i + 1) as f64 - 3.0;
            canvas.text(x + PAD, baseline, line, style);
        }
        x += width;
    }
}
