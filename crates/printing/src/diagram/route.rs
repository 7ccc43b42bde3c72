//! Lines between boxes: down out of a box, across in the channel below its row, down a lane that
//! no box covers, across in the channel above the other row, down into the other box.

use crate::canvas::{Canvas, Rect};
use crate::paper::{CONTENT_WIDTH, MARGIN};

/// Distance of two lines that run beside each other.
const TRACK: f64 = 7.0;
/// Room above the first and below the last track of a channel.
const CHANNEL_PAD: f64 = 11.0;
/// A lane keeps this distance from boxes.
const CLEARANCE: f64 = 5.0;
/// Further room of a channel for marks that point to or from another page.
const MARK_ROOM: f64 = 10.0;

/// A line to draw: places of its boxes in rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// Row and place in the row of the upper box.
    pub(crate) from: (usize, usize),
    /// Row and place in the row of the lower box.
    pub(crate) to: (usize, usize),
}

/// Rows in which a mark points to, or from, another page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Marked {
    away: Vec<bool>,
    from: Vec<bool>,
}

impl Marked {
    /// No mark yet.
    pub(crate) fn none(rows: usize) -> Self {
        Self { away: vec![false; rows], from: vec![false; rows] }
    }

    /// Marks the ends of lines whose rows lie on different pages; `pages` are their first rows and
    /// those behind their last. Says whether there are more marks than before.
    pub(crate) fn grow(&mut self, lines: &[Line], pages: &[(usize, usize)]) -> bool {
        let page = |row: usize| pages.iter().position(|(first, end)| (*first..*end).contains(&row));
        let mut has_grown = false;
        for line in lines.iter().filter(|line| page(line.from.0) != page(line.to.0)) {
            has_grown |= !self.away[line.from.0] || !self.from[line.to.0];
            self.away[line.from.0] = true;
            self.from[line.to.0] = true;
        }
        has_grown
    }
}

/// Widths of the marks below and above a box; none where there is no mark. Lines leave and enter
/// the box beside them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Marks {
    /// Below: to another page.
    pub(crate) away: f64,
    /// Above: from another page.
    pub(crate) from: f64,
}

/// Height of the channel below each row.
pub(crate) fn channels(rows: usize, lines: &[Line], marked: &Marked) -> Vec<f64> {
    let mut tracks = vec![0_usize; rows];
    for line in lines {
        tracks[line.from.0] += 1;
        if line.to.0 > line.from.0 + 1 {
            tracks[line.to.0 - 1] += 1;
        }
    }
    let room = |is_marked: bool| if is_marked { MARK_ROOM } else { 0.0 };
    let height = |(row, count): (usize, usize)| {
        let below = marked.from.get(row + 1).copied().unwrap_or_default();
        2.0 * CHANNEL_PAD + TRACK * count as f64 + room(marked.away[row]) + room(below)
    };
    tracks.into_iter().enumerate().map(height).collect()
}

/// Draws the lines between the boxes of the rows of one page. `bottoms` are where rows end.
pub(crate) fn draw(
    canvas: &mut Canvas,
    rows: &[Vec<Rect>],
    marks: &[Vec<Marks>],
    bottoms: &[f64],
    lines: &[Line],
) {
    let mut used = vec![0_usize; rows.len()];
    let mut lanes: Vec<(f64, usize, usize)> = Vec::new();
    let mut track = |row: usize| {
        used[row] += 1;
        let is_marked = marks[row].iter().any(|marks| marks.away > 0.0);
        let room = if is_marked { MARK_ROOM } else { 0.0 };
        bottoms[row] + CHANNEL_PAD + room + TRACK * (used[row] - 1) as f64
    };
    for line in lines {
        let (from, to) = (rows[line.from.0][line.from.1], rows[line.to.0][line.to.1]);
        let away = marks[line.from.0][line.from.1].away;
        let back = marks[line.to.0][line.to.1].from;
        let start = port(beside(from, away), lines, |l| (l.from, l.to), line.from, line.to);
        let end = port(beside(to, back), lines, |l| (l.to, l.from), line.to, line.from);
        let top = from.y + from.height;
        let mut points = vec![(start, top)];
        if line.to.0 > line.from.0 + 1 {
            let between = line.from.0 + 1..line.to.0;
            let lane = lane(rows, between.clone(), (start + end) / 2.0, &lanes);
            lanes.push((lane, between.start, between.end));
            let (out, back) = (track(line.from.0), track(line.to.0 - 1));
            points.extend([(start, out), (lane, out), (lane, back), (end, back)]);
        } else {
            let across = track(line.from.0);
            points.extend([(start, across), (end, across)]);
        }
        points.push((end, to.y - 0.5));
        points.dedup();
        let thin = " stroke-width=\"1.2\" marker-end=\"url(#arrow)\"";
        canvas.path(&points, "#333333", thin);
    }
}

/// What is left of a box's width to the right of a mark.
fn beside(place: Rect, mark: f64) -> Rect {
    Rect { x: place.x + mark, width: place.width - mark, ..place }
}

/// Where a line leaves or enters a box: the ports of its lines share its width.
fn port(
    place: Rect,
    lines: &[Line],
    ends: impl Fn(&Line) -> ((usize, usize), (usize, usize)),
    here: (usize, usize),
    other: (usize, usize),
) -> f64 {
    let mut others: Vec<(usize, usize)> =
        lines.iter().map(&ends).filter(|(end, _)| *end == here).map(|(_, other)| other).collect();
    others.sort_by_key(|(row, column)| (*column, *row));
    let at = others.iter().position(|end| *end == other).unwrap_or_default();
    place.x + place.width * (at + 1) as f64 / (others.len() + 1) as f64
}

/// The free lane nearest to `wanted` through the rows between.
fn lane(
    rows: &[Vec<Rect>],
    between: std::ops::Range<usize>,
    wanted: f64,
    taken: &[(f64, usize, usize)],
) -> f64 {
    let is_free = |x: f64| {
        let boxes = rows[between.clone()].iter().flatten();
        let covered =
            |place: &Rect| x > place.x - CLEARANCE && x < place.x + place.width + CLEARANCE;
        let beside = |(lane, first, last): &(f64, usize, usize)| {
            (lane - x).abs() < TRACK - 0.5 && *first < between.end && between.start < *last
        };
        !boxes.clone().any(covered) && !taken.iter().any(beside)
    };
    let leftmost = MARGIN - 30.0;
    let steps = ((CONTENT_WIDTH + 60.0) / TRACK) as usize;
    let candidates = (0..=steps).map(|i| leftmost + TRACK * i as f64).filter(|x| is_free(*x));
    let nearest = candidates.min_by(|a, b| (a - wanted).abs().total_cmp(&(b - wanted).abs()));
    nearest.unwrap_or(leftmost)
}
