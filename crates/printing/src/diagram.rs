//! The state diagram of a procedure: steps as boxes in rows, branches side by side between two
//! bars, on as many pages of A4 as it takes.

mod block;
mod layers;
pub(crate) mod mermaid;
mod route;

use std::collections::BTreeMap;

use motcua_deadlines::Lang;
use motcua_procedures::{Definition, Step};

use crate::canvas::{Canvas, Rect, Style};
use crate::paper::{CONTENT_BOTTOM, CONTENT_TOP, CONTENT_WIDTH, Frame, MARGIN, Page};
use crate::process::{Process, ranges};
use crate::words::{code, pick, word};
use block::{Block, measure};
use layers::{Layers, arrange};
use route::{Line, Marked, Marks};

/// Most boxes in a row.
const COLUMNS_MAX: usize = 3;
/// Space between boxes of a row.
const GAP: f64 = 20.0;
/// Width of a box that stands alone in its row, of one of two, of one of three.
const WIDTHS: [f64; COLUMNS_MAX] = [400.0, 310.0, 224.0];
/// Longest condition in a box, characters.
const CONDITION_CHARS_MAX: usize = 70;
/// Room for what points to another page.
const STUB: f64 = 22.0;
/// How far from the left edge of its box it stands.
const STUB_INSET: f64 = 18.0;

const HEADING: Style = Style::bold(11.0);
const NOTE: Style = Style::plain(9.2);

/// The diagram as one picture, pages below each other.
pub(crate) fn svg(definition: &Definition, lang: Lang) -> String {
    frame(definition, lang).svg(pages(definition, lang))
}

/// The diagram as a document to print.
pub(crate) fn html(definition: &Definition, lang: Lang) -> String {
    frame(definition, lang).html(pages(definition, lang))
}

fn frame(definition: &Definition, lang: Lang) -> Frame<'_> {
    Frame {
        lang: code(lang),
        title: format!(
            "{}: {}",
            word(lang, "Sơ đồ trạng thái", "State diagram"),
            pick(&definition.name, lang)
        ),
        subtitle: legend(lang).to_owned(),
        foot: format!(
            "{} · {} {}",
            definition.code,
            word(lang, "bản", "version"),
            definition.version
        ),
        page: word(lang, "trang", "page"),
    }
}

fn legend(lang: Lang) -> &'static str {
    word(
        lang,
        "Dải bên trái: xanh – đang tính thời hạn, cam – tạm dừng, xám – chưa tính hoặc hết tính. \
         → n: chuyển đến bước n. Đường vẽ: đi tiếp.",
        "Strip at the left: green – clock runs, amber – paused, grey – not started or stopped. \
         → n: leads to step n. Lines: forward.",
    )
}

fn pages(definition: &Definition, lang: Lang) -> Vec<Page> {
    let process = Process::new(definition, lang, CONDITION_CHARS_MAX);
    let layers = arrange(&process);
    let mut press = Press::new(lang);
    press.main_line(&process, &layers);
    press.aside(&process, &layers.aside);
    press.shared(&process);
    press.finish()
}

/// Puts rows on pages.
struct Press {
    lang: Lang,
    pages: Vec<Page>,
    canvas: Canvas,
    y: f64,
}

/// Boxes of a row, measured.
type Row<'a> = Vec<Block<'a>>;

impl Press {
    fn new(lang: Lang) -> Self {
        Self { lang, pages: Vec::new(), canvas: Canvas::default(), y: CONTENT_TOP }
    }

    fn turn_page(&mut self) {
        if self.y > CONTENT_TOP {
            let content = std::mem::take(&mut self.canvas);
            self.pages.push(Page { content, bottom: self.y });
            self.y = CONTENT_TOP;
        }
    }

    fn finish(mut self) -> Vec<Page> {
        self.turn_page();
        self.pages
    }

    /// Rows of the main line with the lines between them.
    fn main_line<'a>(&mut self, process: &Process<'a>, layers: &Layers<'a>) {
        let rows: Vec<Row<'a>> =
            layers.rows.iter().flat_map(|row| measured(process, row)).collect();
        let places: BTreeMap<&str, (usize, usize)> = rows
            .iter()
            .enumerate()
            .flat_map(|(i, row)| {
                row.iter().enumerate().map(move |(j, block)| (block.step.id.as_str(), (i, j)))
            })
            .collect();
        let lines: Vec<Line> = layers
            .lines
            .iter()
            .filter_map(|(from, to)| Some(Line { from: *places.get(from)?, to: *places.get(to)? }))
            .filter(|line| line.from.0 < line.to.0)
            .collect();
        // Marks to other pages need room, and room moves the ends of pages: until no mark is new.
        let mut marked = Marked::none(rows.len());
        let (channels, breaks) = loop {
            let channels = route::channels(rows.len(), &lines, &marked);
            let breaks = paged(&rows, &channels);
            if !marked.grow(&lines, &breaks) {
                break (channels, breaks);
            }
        };
        for (first, end) in breaks {
            self.sheet(process, &rows, (first, end), &channels, &lines);
            if end < rows.len() {
                self.turn_page();
            }
        }
    }

    /// Rows `first` to `end` on the present page.
    fn sheet(
        &mut self,
        process: &Process<'_>,
        rows: &[Row<'_>],
        (first, end): (usize, usize),
        channels: &[f64],
        lines: &[Line],
    ) {
        let mut y = self.y + if first > 0 { STUB } else { 0.0 };
        let mut places: Vec<Vec<Rect>> = Vec::new();
        let mut bottoms = Vec::new();
        for (row, channel) in rows[first..end].iter().zip(&channels[first..end]) {
            let row_places = placed(row, y);
            for (block, place) in row.iter().zip(&row_places) {
                block.draw(&mut self.canvas, place.x, place.y, self.lang);
            }
            bottoms.push(y + tallest(row));
            y += tallest(row) + channel;
            places.push(row_places);
        }
        let here = |row: usize| (first..end).contains(&row);
        let within: Vec<Line> = lines
            .iter()
            .filter(|line| here(line.from.0) && here(line.to.0))
            .map(|line| Line {
                from: (line.from.0 - first, line.from.1),
                to: (line.to.0 - first, line.to.1),
            })
            .collect();
        let number = |(row, column): (usize, usize)| process.number(&rows[row][column].step.id);
        let told = |i: usize, j: usize| {
            let at = (first + i, j);
            let away = lines.iter().filter(|line| line.from == at && !here(line.to.0));
            let from = lines.iter().filter(|line| line.to == at && !here(line.from.0));
            let away = away.map(|line| number(line.to)).collect();
            let from = from.map(|line| number(line.from)).collect();
            Told::new(away, from, self.lang)
        };
        let told: Vec<Vec<Told>> = places
            .iter()
            .enumerate()
            .map(|(i, row)| (0..row.len()).map(|j| told(i, j)).collect())
            .collect();
        let marks: Vec<Vec<Marks>> =
            told.iter().map(|row| row.iter().map(Told::marks).collect()).collect();
        route::draw(&mut self.canvas, &places, &marks, &bottoms, &within);
        for (place, told) in places.iter().flatten().zip(told.iter().flatten()) {
            self.stubs(*place, told);
        }
        self.y = y;
    }

    /// Short arrows to and from steps on other pages, with their numbers.
    fn stubs(&mut self, place: Rect, told: &Told) {
        let arrow = " stroke-width=\"1.2\" stroke-dasharray=\"3 2\" marker-end=\"url(#arrow)\"";
        let x = place.x + STUB_INSET;
        if let Some(text) = &told.away {
            let bottom = place.y + place.height;
            self.canvas.path(&[(x, bottom), (x, bottom + 14.0)], "#333333", arrow);
            self.canvas.text(x + 6.0, bottom + 12.0, text, NOTE);
        }
        if let Some(text) = &told.from {
            self.canvas.path(&[(x, place.y - 15.0), (x, place.y - 0.5)], "#333333", arrow);
            self.canvas.text(x + 6.0, place.y - 6.0, text, NOTE);
        }
    }

    /// Steps that no line leads to.
    fn aside<'a>(&mut self, process: &Process<'a>, steps: &[&'a Step]) {
        let title = word(
            self.lang,
            "Tạm ngắt và kết thúc (đến bằng số bước)",
            "Interruptions and ends (reached by number)",
        );
        let mut titled = false;
        for row in steps.chunks(COLUMNS_MAX).flat_map(|row| measured(process, row)) {
            let heading = if titled { 0.0 } else { HEADING.line() + 8.0 };
            if self.y + heading + tallest(&row) > CONTENT_BOTTOM {
                self.turn_page();
            }
            if !titled {
                self.y += HEADING.line();
                self.canvas.text(MARGIN, self.y - 2.0, title, HEADING);
                self.y += 8.0;
                titled = true;
            }
            for (block, place) in row.iter().zip(placed(&row, self.y)) {
                block.draw(&mut self.canvas, place.x, place.y, self.lang);
            }
            self.y += tallest(&row) + GAP;
        }
    }

    /// Actions that many steps have alike.
    fn shared(&mut self, process: &Process<'_>) {
        let lang = self.lang;
        let shared = process.shared().iter().map(|shared| process.shared_action(shared));
        let said: Vec<Vec<String>> =
            shared.map(|text| NOTE.wrapped(&text, CONTENT_WIDTH - 12.0)).collect();
        if said.is_empty() {
            return;
        }
        let lines: usize = said.iter().map(Vec::len).sum();
        let height = HEADING.line() + 8.0 + NOTE.line() * lines as f64;
        if self.y + height > CONTENT_BOTTOM {
            self.turn_page();
        }
        self.y += HEADING.line();
        let title = word(lang, "Thao tác chung của nhiều bước", "Actions that several steps share");
        self.canvas.text(MARGIN, self.y - 2.0, title, HEADING);
        for lines in &said {
            for (i, line) in lines.iter().enumerate() {
                self.y += NOTE.line();
                if i == 0 {
                    self.canvas.text(MARGIN, self.y, "•", NOTE);
                }
                self.canvas.text(MARGIN + 10.0, self.y, line, NOTE);
            }
        }
        self.y += 8.0;
    }
}

/// What the marks of a box say.
struct Told {
    away: Option<String>,
    from: Option<String>,
}

impl Told {
    fn new(away: Vec<usize>, from: Vec<usize>, lang: Lang) -> Self {
        let said = |mut numbers: Vec<usize>, word: &str| {
            numbers.sort_unstable();
            (!numbers.is_empty()).then(|| format!("{word} {}", ranges(&numbers)))
        };
        Self { away: said(away, "→"), from: said(from, word(lang, "từ", "from")) }
    }

    fn marks(&self) -> Marks {
        let width = |text: &Option<String>| {
            text.as_ref().map_or(0.0, |text| STUB_INSET + 6.0 + NOTE.width(text))
        };
        Marks { away: width(&self.away), from: width(&self.from) }
    }
}

/// First row of each page, and the row behind its last.
fn paged(rows: &[Row<'_>], channels: &[f64]) -> Vec<(usize, usize)> {
    let mut pages = Vec::new();
    let mut first = 0;
    while first < rows.len() {
        let mut end = first;
        let mut y = CONTENT_TOP + if first > 0 { STUB } else { 0.0 };
        while end < rows.len() && (end == first || y + tallest(&rows[end]) <= CONTENT_BOTTOM) {
            y += tallest(&rows[end]) + channels[end];
            end += 1;
        }
        pages.push((first, end));
        first = end;
    }
    pages
}

/// Steps of a layer as rows of boxes: a step with branches has a row of its own.
fn measured<'a>(process: &Process<'a>, steps: &[&'a Step]) -> Vec<Row<'a>> {
    let (wide, plain): (Vec<&Step>, Vec<&Step>) =
        steps.iter().copied().partition(|step| step.parallel.is_some());
    let mut rows = Vec::new();
    for row in plain.chunks(COLUMNS_MAX) {
        let width = WIDTHS[row.len() - 1];
        rows.push(row.iter().map(|step| measure(process, step, width)).collect());
    }
    rows.extend(wide.iter().map(|step| vec![measure(process, step, CONTENT_WIDTH - 40.0)]));
    rows
}

fn tallest(row: &Row<'_>) -> f64 {
    row.iter().map(|block| block.height).fold(0.0, f64::max)
}

/// Places of the boxes of a row, around the middle of the page.
fn placed(row: &Row<'_>, y: f64) -> Vec<Rect> {
    let gaps = GAP * row.len().saturating_sub(1) as f64;
    let total: f64 = row.iter().map(|block| block.width).sum::<f64>() + gaps;
    let mut x = MARGIN + (CONTENT_WIDTH - total) / 2.0;
    let mut places = Vec::with_capacity(row.len());
    for block in row {
        places.push(Rect { x, y, width: block.width, height: block.height });
        x += block.width + GAP;
    }
    places
}
