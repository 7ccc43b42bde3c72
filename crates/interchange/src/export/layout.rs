//! Places for shapes and ways for edges: columns from left to right, long ways above, ways back
//! below.

use std::collections::{BTreeMap, VecDeque};

use super::scene::{Scene, ShapeKind};

const TASK_WIDTH: i32 = 120;
const TASK_HEIGHT: i32 = 80;
const GATEWAY_SIZE: i32 = 50;
const EVENT_SIZE: i32 = 36;
/// Between columns, wide enough for the name of a flow.
const COLUMN_GAP: i32 = 110;
const ROW_GAP: i32 = 50;
/// Around the inside of a sub-process.
const PADDING: i32 = 40;
/// Between long ways, and between ways back.
const LANE_GAP: i32 = 15;
/// They share this many lanes.
const LANES_MAX: usize = 40;
/// Points at which neighbouring ways turn.
const TURNS: usize = 5;
const TURN_GAP: i32 = 9;
/// Sweeps that bring neighbours near each other.
const SWEEPS: usize = 4;

/// A box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rectangle {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: i32,
    pub(super) height: i32,
}

impl Rectangle {
    fn middle_x(self) -> i32 {
        self.x + self.width / 2
    }

    fn middle_y(self) -> i32 {
        self.y + self.height / 2
    }

    fn right(self) -> i32 {
        self.x + self.width
    }

    fn bottom(self) -> i32 {
        self.y + self.height
    }
}

/// Places of a scene, from its own upper left corner.
#[derive(Clone, Debug, Default)]
pub(super) struct Laid {
    pub(super) size: (i32, i32),
    pub(super) places: Vec<Rectangle>,
    pub(super) ways: Vec<Vec<(i32, i32)>>,
    /// Insides of sub-processes by their shape.
    pub(super) insides: BTreeMap<usize, Laid>,
}

/// Lays out a scene and the scenes in it.
pub(super) fn lay_out(scene: &Scene) -> Laid {
    let mut laid = Laid::default();
    for (index, shape) in scene.shapes.iter().enumerate() {
        let (width, height) = match &shape.kind {
            ShapeKind::Start | ShapeKind::End | ShapeKind::Boundary(..) => (EVENT_SIZE, EVENT_SIZE),
            ShapeKind::Task => (TASK_WIDTH, TASK_HEIGHT),
            ShapeKind::Exclusive | ShapeKind::Parallel | ShapeKind::Inclusive => {
                (GATEWAY_SIZE, GATEWAY_SIZE)
            }
            ShapeKind::Sub(inside, _) => {
                let inside = lay_out(inside);
                let (width, height) = inside.size;
                laid.insides.insert(index, inside);
                (width + 2 * PADDING, height + 2 * PADDING)
            }
        };
        laid.places.push(Rectangle { width, height, ..Rectangle::default() });
    }
    let columns = columns(scene);
    place(&columns, &mut laid);
    boundaries(scene, &mut laid);
    ways(scene, &columns, &mut laid);
    laid
}

/// The shape that stands in a column for another: the host of an event.
fn host(scene: &Scene, shape: usize) -> usize {
    match scene.shapes[shape].kind {
        ShapeKind::Boundary(host, _) => host,
        ShapeKind::Start
        | ShapeKind::End
        | ShapeKind::Task
        | ShapeKind::Exclusive
        | ShapeKind::Parallel
        | ShapeKind::Inclusive
        | ShapeKind::Sub(..) => shape,
    }
}

/// Shapes by column, each as far right as its longest way from the start without ways back.
fn columns(scene: &Scene) -> Vec<Vec<usize>> {
    let count = scene.shapes.len();
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); count];
    for edge in &scene.edges {
        next[host(scene, edge.from)].push(edge.to);
    }
    let forward = without_ways_back(&next);
    let mut waits = vec![0; count];
    forward.iter().flatten().for_each(|to| waits[*to] += 1);
    let mut open: VecDeque<usize> = (0..count).filter(|shape| waits[*shape] == 0).collect();
    let mut rank = vec![0; count];
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut columns: Vec<Vec<usize>> = Vec::new();
    while let Some(shape) = open.pop_front() {
        if host(scene, shape) == shape {
            let at: usize = rank[shape];
            columns.resize(columns.len().max(at + 1), Vec::new());
            columns[at].push(shape);
        }
        for to in &forward[shape] {
            before[*to].push(shape);
            rank[*to] = rank[*to].max(rank[shape] + 1);
            waits[*to] -= 1;
            if waits[*to] == 0 {
                open.push_back(*to);
            }
        }
    }
    arrange(&mut columns, &before, &forward);
    columns
}

/// The edges without those that close a circle, by a walk in depth with a stack of its own.
fn without_ways_back(next: &[Vec<usize>]) -> Vec<Vec<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; next.len()];
    let mut forward: Vec<Vec<usize>> = vec![Vec::new(); next.len()];
    for root in 0..next.len() {
        let mut stack = vec![(root, 0)];
        if marks[root] != Mark::New {
            continue;
        }
        marks[root] = Mark::Open;
        while let Some((shape, at)) = stack.pop() {
            let Some(to) = next[shape].get(at).copied() else {
                marks[shape] = Mark::Done;
                continue;
            };
            stack.push((shape, at + 1));
            if marks[to] != Mark::Open {
                forward[shape].push(to);
            }
            if marks[to] == Mark::New {
                marks[to] = Mark::Open;
                stack.push((to, 0));
            }
        }
    }
    forward
}

/// Orders each column by the middle of its neighbours, to and fro.
fn arrange(columns: &mut [Vec<usize>], before: &[Vec<usize>], after: &[Vec<usize>]) {
    let mut row = vec![0_usize; before.len()];
    let number = |columns: &[Vec<usize>], row: &mut Vec<usize>| {
        for column in columns {
            column.iter().enumerate().for_each(|(at, shape)| row[*shape] = at);
        }
    };
    number(columns, &mut row);
    for sweep in 0..SWEEPS {
        let neighbours = if sweep % 2 == 0 { before } else { after };
        let middle = |shape: &usize, row: &[usize]| {
            let of = &neighbours[*shape];
            let sum: usize = of.iter().map(|other| row[*other]).sum();
            if of.is_empty() { row[*shape] * 1_000 } else { sum * 1_000 / of.len() }
        };
        for column in columns.iter_mut() {
            column.sort_by_key(|shape| middle(shape, &row));
            column.iter().enumerate().for_each(|(at, shape)| row[*shape] = at);
        }
    }
}

fn place(columns: &[Vec<usize>], laid: &mut Laid) {
    let height_of = |column: &Vec<usize>, laid: &Laid| -> i32 {
        column.iter().map(|shape| laid.places[*shape].height + ROW_GAP).sum()
    };
    let height = columns.iter().map(|column| height_of(column, laid)).max().unwrap_or_default();
    let mut x = 0;
    for column in columns {
        let width = column.iter().map(|shape| laid.places[*shape].width).max().unwrap_or_default();
        let mut y = (height - height_of(column, laid)) / 2;
        for shape in column {
            let place = &mut laid.places[*shape];
            place.x = x + (width - place.width) / 2;
            place.y = y + ROW_GAP / 2;
            y += place.height + ROW_GAP;
        }
        x += width + COLUMN_GAP;
    }
    laid.size = ((x - COLUMN_GAP).max(0), height);
}

/// Puts events on the lower edge of what they lie on.
fn boundaries(scene: &Scene, laid: &mut Laid) {
    let mut seen: BTreeMap<usize, i32> = BTreeMap::new();
    for (index, shape) in scene.shapes.iter().enumerate() {
        if let ShapeKind::Boundary(host, _) = shape.kind {
            let number = seen.entry(host).or_default();
            let place = laid.places[host];
            laid.places[index].x = place.x + 10 + *number * (EVENT_SIZE + 8);
            laid.places[index].y = place.bottom() - EVENT_SIZE / 2;
            *number += 1;
        }
    }
}

/// Ways to the next column go straight there; longer ones pass above everything, ways back below.
fn ways(scene: &Scene, columns: &[Vec<usize>], laid: &mut Laid) {
    let mut column = vec![0; scene.shapes.len()];
    for (at, shapes) in columns.iter().enumerate() {
        shapes.iter().for_each(|shape| column[*shape] = at);
    }
    let floor = laid.size.1;
    let (mut above, mut below) = (0, 0);
    for (number, edge) in scene.edges.iter().enumerate() {
        let (from, to) = (laid.places[edge.from], laid.places[edge.to]);
        let is_event = host(scene, edge.from) != edge.from;
        let (start, end) = (column[host(scene, edge.from)], column[edge.to]);
        // Neighbouring ways turn at different points.
        let turn = to.x - COLUMN_GAP / 3 - offset(number, TURNS, TURN_GAP);
        let (from_x, from_y) = (from.middle_x(), from.middle_y());
        let (to_x, to_y) = (to.middle_x(), to.middle_y());
        let way = if end == start + 1 && is_event {
            let under = from.bottom() + 12;
            vec![
                (from_x, from.bottom()),
                (from_x, under),
                (turn, under),
                (turn, to_y),
                (to.x, to_y),
            ]
        } else if end == start + 1 && from_y == to_y {
            vec![(from.right(), from_y), (to.x, to_y)]
        } else if end == start + 1 {
            vec![(from.right(), from_y), (turn, from_y), (turn, to_y), (to.x, to_y)]
        } else if end > start && !is_event {
            above += 1;
            let lane = -10 - offset(above, LANES_MAX, LANE_GAP);
            vec![(from_x, from.y), (from_x, lane), (to_x, lane), (to_x, to.y)]
        } else {
            below += 1;
            let lane = floor + 10 + offset(below, LANES_MAX, LANE_GAP);
            // A loop leaves and enters at different points.
            let to_x = if from_x == to_x { to_x + to.width / 4 } else { to_x };
            vec![(from_x, from.bottom()), (from_x, lane), (to_x, lane), (to_x, to.bottom())]
        };
        laid.ways.push(way);
    }
    make_room(above, below, laid);
}

/// A distance that differs from those of the numbers beside it.
fn offset(number: usize, most: usize, gap: i32) -> i32 {
    i32::try_from(number % most).unwrap_or_default() * gap
}

/// Moves everything down by what passes above, and counts what passes below.
fn make_room(above: usize, below: usize, laid: &mut Laid) {
    let room = |lanes: usize| match lanes {
        0 => 0,
        lanes => 20 + i32::try_from(lanes.min(LANES_MAX)).unwrap_or_default() * LANE_GAP,
    };
    laid.places.iter_mut().for_each(|place| place.y += room(above));
    laid.ways.iter_mut().flatten().for_each(|point| point.1 += room(above));
    laid.size.1 += room(above) + room(below);
}
