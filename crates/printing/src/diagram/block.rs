//! The box of a step: measured first, drawn when its place is known. The box of a step with
//! branches holds the boxes of their steps.

use motcua_deadlines::Lang;
use motcua_procedures::{Branch, ClockEffect, Step, StepKind};

use crate::canvas::{Canvas, Rect, Style};
use crate::process::Process;
use crate::words::{clock, limit, pick, role, status, unit_ref, word};

const NAME: Style = Style::bold(11.0);
const FACT: Style = Style { size: 9.0, bold: false, colour: "#333333" };
const ACTION: Style = Style::plain(9.2);
const BRANCH: Style = Style::bold(10.0);

/// Space between the edge of a box and its text.
const PAD: f64 = 7.0;
/// Room for the number before the name.
const BADGE: f64 = 22.0;
/// Space between boxes.
const GAP: f64 = 14.0;
/// A column of branches is not narrower than this.
const BRANCH_WIDTH_MIN: f64 = 190.0;
/// Most columns of branches side by side.
const BRANCH_COLUMNS_MAX: usize = 3;
/// Thickness of the bars at which branches part and join.
const BAR: f64 = 4.0;

/// A measured box.
pub(crate) struct Block<'a> {
    pub(crate) step: &'a Step,
    pub(crate) width: f64,
    pub(crate) height: f64,
    number: String,
    name: Vec<String>,
    facts: Vec<String>,
    actions: Vec<Vec<String>>,
    head_height: f64,
    inner: Option<Inner<'a>>,
}

/// The branches of a step, placed relative to the box.
struct Inner<'a> {
    branches: Vec<BranchBox<'a>>,
    /// Where the branches end.
    bottom: f64,
    join: Vec<String>,
}

struct BranchBox<'a> {
    id: String,
    title: Vec<String>,
    notes: Vec<String>,
    place: Rect,
    /// Boxes of the steps with their top, relative to the branch.
    steps: Vec<(f64, Block<'a>)>,
    /// Pairs of neighbouring steps that follow each other.
    links: Vec<bool>,
}

/// Measures the box of a step.
pub(crate) fn measure<'a>(process: &Process<'a>, step: &'a Step, width: f64) -> Block<'a> {
    let lang = process.lang;
    let room = width - 2.0 * PAD;
    let name = NAME.wrapped(pick(&step.name, lang), room - BADGE);
    let facts: Vec<String> =
        facts(process, step).iter().flat_map(|fact| FACT.wrapped(fact, room)).collect();
    let actions: Vec<Vec<String>> = process
        .own_actions(step)
        .map(|action| process.action(step, action))
        .chain(process.shared_refusals(step))
        .map(|action| ACTION.wrapped(&action, room - 10.0))
        .collect();
    let lines: usize = actions.iter().map(Vec::len).sum();
    let head_height = PAD
        + NAME.line() * name.len().max(1) as f64
        + FACT.line() * facts.len() as f64
        + if lines > 0 { 5.0 } else { 0.0 }
        + ACTION.line() * lines as f64
        + PAD;
    let inner = step.parallel.as_ref().map(|parallel| {
        let top = head_height + 8.0;
        let (branches, bottom) = branches(process, step, &parallel.branches, width, top);
        let join = ACTION.wrapped(&process.join(parallel), room);
        Inner { branches, bottom, join }
    });
    let height = inner.as_ref().map_or(head_height, |inner| {
        inner.bottom + BAR + 6.0 + ACTION.line() * inner.join.len() as f64 + PAD
    });
    let number = process.number(&step.id).to_string();
    Block { step, width, height, number, name, facts, actions, head_height, inner }
}

/// Status, who, clock and time, timeout: one line each. A step in a branch has no status and no
/// clock of its own.
fn facts(process: &Process<'_>, step: &Step) -> Vec<String> {
    let lang = process.lang;
    let mut facts = Vec::new();
    let is_main = step.within.is_none();
    if is_main {
        let code = u8::from(step.status);
        let label = word(lang, "Trạng thái", "Status");
        facts.push(format!("{label} {code} · {}", status(step.status, lang)));
    }
    if step.kind != StepKind::Final {
        facts.push(format!("{} · {}", role(step.role, lang), unit_ref(step.unit, lang)));
    }
    let allotted = step.time.as_ref().map(|time| limit(time, lang));
    let clock = is_main.then(|| clock(&step.clock, lang));
    let time: Vec<String> = clock.into_iter().chain(allotted).collect();
    if !time.is_empty() {
        facts.push(time.join(" · "));
    }
    facts.extend(process.timeout(step));
    facts.extend(process.further_clocks(step));
    facts
}

fn branches<'a>(
    process: &Process<'a>,
    step: &Step,
    branches: &'a [Branch],
    width: f64,
    top: f64,
) -> (Vec<BranchBox<'a>>, f64) {
    let room = width - 2.0 * PAD;
    let fitting = ((room + GAP) / (BRANCH_WIDTH_MIN + GAP)).floor() as usize;
    let columns = fitting.clamp(1, BRANCH_COLUMNS_MAX).min(branches.len().max(1));
    let each = (room - GAP * (columns - 1) as f64) / columns as f64;
    let mut boxes = Vec::new();
    let mut y = top + BAR + GAP;
    for row in branches.chunks(columns) {
        let mut tallest: f64 = 0.0;
        for (column, branch) in row.iter().enumerate() {
            let x = PAD + column as f64 * (each + GAP);
            let measured = branch_box(process, step, branch, (x, y), each);
            tallest = tallest.max(measured.place.height);
            boxes.push(measured);
        }
        let first = boxes.len() - row.len();
        boxes[first..].iter_mut().for_each(|one| one.place.height = tallest);
        y += tallest + GAP;
    }
    (boxes, y)
}

fn branch_box<'a>(
    process: &Process<'a>,
    step: &Step,
    branch: &'a Branch,
    (x, y): (f64, f64),
    width: f64,
) -> BranchBox<'a> {
    let lang = process.lang;
    let room = width - 2.0 * PAD;
    let label = word(lang, "Nhánh", "Branch");
    let title = BRANCH.wrapped(&format!("{label}: {}", pick(&branch.name, lang)), room);
    let answers: Vec<&str> = branch.answers.iter().map(|one| pick(&one.name, lang)).collect();
    let answers = format!("{}: {}", word(lang, "Trả lời", "Answers"), answers.join(" / "));
    let notes = process.opening(branch).into_iter().chain([answers]);
    let notes: Vec<String> = notes.flat_map(|note| FACT.wrapped(&note, room)).collect();
    let mut at = PAD + BRANCH.line() * title.len() as f64 + FACT.line() * notes.len() as f64 + 5.0;
    let inner = process.branch_steps(step, branch);
    let links = inner.windows(2).map(|pair| follows(pair[0], pair[1])).collect();
    let mut steps = Vec::new();
    for one in inner {
        let block = measure(process, one, room);
        let next = at + block.height + GAP;
        steps.push((at, block));
        at = next;
    }
    let height = at - GAP + PAD;
    let id = format!("branch-{}-{}", step.id, branch.id);
    BranchBox { id, title, notes, place: Rect { x, y, width, height }, steps, links }
}

fn follows(from: &Step, to: &Step) -> bool {
    let own = from.actions.iter().map(|action| &action.target);
    let join = from.parallel.iter().map(|parallel| &parallel.join.target);
    own.chain(join).any(|target| crate::process::targets(target).contains(&&*to.id))
}

impl Block<'_> {
    /// Draws the box with its upper left corner there.
    pub(crate) fn draw(&self, canvas: &mut Canvas, x: f64, y: f64, lang: Lang) {
        canvas.open(&format!("step-{}", self.step.id));
        let (fill, strip, dashes) = look(self.step);
        let place = Rect { x, y, width: self.width, height: self.height };
        canvas.rect(place, fill, "#1f3a5f", &format!(" rx=\"4\"{dashes}"));
        let left = Rect { width: 3.5, ..place };
        canvas.rect(left, strip, "none", "");
        canvas.badge(x + PAD + 9.0, y + PAD + 7.0, &self.number);
        let mut at = y + PAD;
        for line in &self.name {
            at += NAME.line();
            canvas.text(x + PAD + BADGE, at - 4.0, line, NAME);
        }
        for line in &self.facts {
            at += FACT.line();
            canvas.text(x + PAD, at - 2.5, line, FACT);
        }
        if !self.actions.is_empty() {
            at += 5.0;
            let rule = [(x + PAD, at - 2.0), (x + self.width - PAD, at - 2.0)];
            canvas.path(&rule, "#b5bfca", " stroke-width=\"0.7\"");
        }
        for lines in &self.actions {
            for (i, line) in lines.iter().enumerate() {
                at += ACTION.line();
                if i == 0 {
                    canvas.text(x + PAD, at - 2.5, "•", ACTION);
                }
                canvas.text(x + PAD + 9.0, at - 2.5, line, ACTION);
            }
        }
        if let Some(inner) = &self.inner {
            self.draw_branches(inner, canvas, x, y, lang);
        }
        canvas.close();
    }

    fn draw_branches(&self, inner: &Inner<'_>, canvas: &mut Canvas, x: f64, y: f64, lang: Lang) {
        let bar =
            |top: f64| Rect { x: x + PAD, y: top, width: self.width - 2.0 * PAD, height: BAR };
        canvas.rect(bar(y + self.head_height + 8.0), "#1a1a1a", "none", "");
        let first = inner.branches.first().map_or(0.0, |branch| branch.place.y);
        let last = inner.branches.last().map_or(0.0, |branch| branch.place.y);
        for branch in &inner.branches {
            let place = branch.place;
            let middle = x + place.x + place.width / 2.0;
            if place.y <= first {
                let down = [(middle, y + place.y - GAP), (middle, y + place.y - 1.0)];
                canvas.path(&down, "#333333", " marker-end=\"url(#arrow)\"");
            }
            if place.y >= last {
                let bottom = y + place.y + place.height;
                let down = [(middle, bottom), (middle, y + inner.bottom - 1.0)];
                canvas.path(&down, "#333333", " marker-end=\"url(#arrow)\"");
            }
            branch.draw(canvas, x, y, lang);
        }
        canvas.rect(bar(y + inner.bottom), "#1a1a1a", "none", "");
        let mut at = y + inner.bottom + BAR + 4.0;
        for line in &inner.join {
            at += ACTION.line();
            canvas.text(x + PAD, at - 2.5, line, ACTION);
        }
    }
}

impl BranchBox<'_> {
    fn draw(&self, canvas: &mut Canvas, x: f64, y: f64, lang: Lang) {
        canvas.open(&self.id);
        let (left, top) = (x + self.place.x, y + self.place.y);
        let place = Rect { x: left, y: top, ..self.place };
        canvas.rect(place, "#f4f1ea", "#7a6a45", " rx=\"4\" stroke-dasharray=\"5 3\"");
        let mut at = top + PAD;
        for line in &self.title {
            at += BRANCH.line();
            canvas.text(left + PAD, at - 3.0, line, BRANCH);
        }
        for line in &self.notes {
            at += FACT.line();
            canvas.text(left + PAD, at - 2.5, line, FACT);
        }
        for (i, (at, block)) in self.steps.iter().enumerate() {
            block.draw(canvas, left + PAD, top + at, lang);
            if self.links.get(i) == Some(&true) {
                let middle = left + PAD + block.width / 2.0;
                let bottom = top + at + block.height;
                let down = [(middle, bottom), (middle, bottom + GAP - 1.0)];
                canvas.path(&down, "#333333", " marker-end=\"url(#arrow)\"");
            }
        }
        canvas.close();
    }
}

/// Fill, colour of the clock's strip, dashes of the frame.
fn look(step: &Step) -> (&'static str, &'static str, &'static str) {
    let strip = match step.clock {
        ClockEffect::Runs => "#2e7d32",
        ClockEffect::Paused { .. } => "#e08a00",
        ClockEffect::NotStarted => "#9aa5b1",
        ClockEffect::Stopped => "#5c5c5c",
    };
    match step.kind {
        StepKind::Task => ("#ffffff", strip, ""),
        StepKind::Applicant => ("#eef5ff", strip, ""),
        StepKind::Supplement | StepKind::Withdrawal => {
            ("#fff8ea", strip, " stroke-dasharray=\"4 2\"")
        }
        StepKind::Final => ("#ececec", strip, " stroke-width=\"2\""),
    }
}
