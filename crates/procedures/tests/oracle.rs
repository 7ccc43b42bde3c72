//! The checker never builds the product of the branches. Here the product is built, state by
//! state, for small random processes, and both must say the same.

use std::collections::{BTreeMap, BTreeSet};

use motcua_procedures::check;
use proptest::prelude::*;

mod processes;

use processes::*;

/// Most states of a product that is explored.
const STATES_MAX: usize = 10_000;
/// A branch for each unit opens for so many units at most.
const UNITS_MAX: usize = 2;
const SOUND: &str = include_str!("sound.yaml");

// The product.

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Node {
    step: usize,
    open: Vec<(usize, Part)>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Stands(Box<Node>),
    Ended(usize),
}

/// Index that stands for the withdrawal among the steps of the main line.
const WITHDRAWAL: usize = usize::MAX;

fn enter(region: &Region, step: usize) -> Vec<Node> {
    let Some(parallel) = &region.steps[step].parallel else {
        return vec![Node { step, open: Vec::new() }];
    };
    let mut ways: Vec<Vec<(usize, Part)>> = vec![Vec::new()];
    for (n, branch) in parallel.branches.iter().enumerate() {
        let starts = enter(&branch.region, 0);
        let least = usize::from(!branch.guarded);
        let most = if branch.each_unit { UNITS_MAX } else { 1 };
        let mut next: Vec<Vec<(usize, Part)>> = Vec::new();
        for way in &ways {
            let mut grown = vec![way.clone()];
            for count in 0..=most {
                if count >= least {
                    next.extend(grown.iter().cloned());
                }
                grown = grown
                    .iter()
                    .flat_map(|way| {
                        starts.iter().map(move |start| {
                            let mut way = way.clone();
                            way.push((n, Part::Stands(Box::new(start.clone()))));
                            way
                        })
                    })
                    .collect();
            }
        }
        ways = next;
    }
    ways.into_iter().map(|open| Node { step, open }).collect()
}

fn is_due(parallel: &Parallel, node: &Node) -> bool {
    let ended = |wanted: &dyn Fn(usize, usize) -> bool| {
        let parts = node.open.iter();
        parts.filter(|(n, part)| matches!(part, Part::Ended(a) if wanted(*n, *a))).count()
    };
    let all = node.open.iter().all(|(_, part)| matches!(part, Part::Ended(_)));
    all || parallel.early.iter().any(|(least, answer)| match answer {
        None => ended(&|_, _| true) >= *least,
        Some(wanted) => ended(&|n, a| (n, a) == *wanted) >= *least,
    })
}

/// What follows a state within a region: other states, or its end.
enum Next {
    Stands(Node),
    Ended(usize),
    Withdraw,
}

/// Under which name uses of an act are counted.
type Round = (usize, usize);
/// How often the counted acts were done.
type Used = BTreeMap<Round, usize>;

/// Acts of one kind that lead to the same step count together.
fn round(region: &Region, step: &Step, act: usize) -> Round {
    match &step.acts[act] {
        Act::To(to) if to.len() == 1 => (region.steps[to[0]].number, usize::MAX),
        Act::To(_) | Act::Finish(_) => (step.number, act),
        Act::Withdraw => (usize::MAX, usize::MAX),
    }
}

/// The joins that are due, the innermost ones first.
fn due(region: &Region, node: &Node) -> Vec<Node> {
    let Some(parallel) = &region.steps[node.step].parallel else {
        return Vec::new();
    };
    for (at, (n, part)) in node.open.iter().enumerate() {
        if let Part::Stands(inner) = part {
            let next = due(&parallel.branches[*n].region, inner);
            if !next.is_empty() {
                let put = |inner| {
                    let mut node = node.clone();
                    node.open[at].1 = Part::Stands(Box::new(inner));
                    node
                };
                return next.into_iter().map(put).collect();
            }
        }
    }
    match is_due(parallel, node) {
        true => parallel.join.iter().flat_map(|to| enter(region, *to)).collect(),
        false => Vec::new(),
    }
}

fn follow(region: &Region, node: &Node, used: &Used) -> Vec<(Next, Option<Round>)> {
    let first = due(region, node);
    if !first.is_empty() {
        return first.into_iter().map(|node| (Next::Stands(node), None)).collect();
    }
    let step = &region.steps[node.step];
    let mut next = Vec::new();
    for (number, act) in step.acts.iter().enumerate() {
        let counted = step.rounds[number].map(|max| (round(region, step, number), max));
        if counted.is_some_and(|(round, max)| used.get(&round).is_some_and(|n| *n >= max)) {
            continue;
        }
        let counted = counted.map(|(round, _)| round);
        match act {
            Act::To(to) => {
                let entered = to.iter().flat_map(|to| enter(region, *to));
                next.extend(entered.map(|node| (Next::Stands(node), counted)));
            }
            Act::Finish(answer) => next.push((Next::Ended(*answer), counted)),
            Act::Withdraw => next.push((Next::Withdraw, counted)),
        }
    }
    for (at, (n, part)) in node.open.iter().enumerate() {
        let (Part::Stands(inner), Some(parallel)) = (part, &step.parallel) else { continue };
        for (inner, counted) in follow(&parallel.branches[*n].region, inner, used) {
            let mut node = node.clone();
            node.open[at].1 = match inner {
                Next::Stands(inner) => Part::Stands(Box::new(inner)),
                Next::Ended(answer) => Part::Ended(answer),
                Next::Withdraw => unreachable!("branches offer no withdrawal"),
            };
            node.open.sort();
            next.push((Next::Stands(node), counted));
        }
    }
    next
}

/// A state of the dossier: where it stands, what a withdrawal interrupted, and which rounds were
/// used. None has ended.
type State = Option<(Node, Option<Node>, Used)>;

fn after(region: &Region, state: &State, withdrawal: Withdrawal) -> Vec<State> {
    let Some((node, back, used)) = state else { return Vec::new() };
    if node.step == WITHDRAWAL {
        let back = back.clone().filter(|_| withdrawal.back);
        let back = back.map(|back| Some((back, None, used.clone())));
        return withdrawal.grant.then_some(None).into_iter().chain(back).collect();
    }
    let place = |(next, counted): (Next, Option<Round>)| {
        let mut used = used.clone();
        if let Some(round) = counted {
            *used.entry(round).or_default() += 1;
        }
        let waits = || Node { step: WITHDRAWAL, open: Vec::new() };
        match next {
            Next::Stands(node) => Some((node, None, used)),
            Next::Ended(_) => None,
            Next::Withdraw => Some((waits(), Some(node.clone()), used)),
        }
    };
    follow(region, node, used).into_iter().map(place).collect()
}

struct Product {
    states: Vec<State>,
    is_stuck: Vec<bool>,
}

fn explore(region: &Region, withdrawal: Withdrawal) -> Option<Product> {
    let mut number: BTreeMap<State, usize> = BTreeMap::new();
    let mut states: Vec<State> = Vec::new();
    let mut before: Vec<Vec<usize>> = Vec::new();
    let mut add = |state: State, states: &mut Vec<State>, before: &mut Vec<Vec<usize>>| {
        *number.entry(state).or_insert_with_key(|state| {
            states.push(state.clone());
            before.push(Vec::new());
            states.len() - 1
        })
    };
    for node in enter(region, 0) {
        add(Some((node, None, Used::new())), &mut states, &mut before);
    }
    let mut at = 0;
    while at < states.len() {
        for next in after(region, &states[at].clone(), withdrawal) {
            let to = add(next, &mut states, &mut before);
            before[to].push(at);
        }
        at += 1;
        if states.len() > STATES_MAX {
            return None;
        }
    }
    let mut is_stuck = vec![true; states.len()];
    let mut stack: Vec<usize> = (0..states.len()).filter(|at| states[*at].is_none()).collect();
    stack.iter().for_each(|at| is_stuck[*at] = false);
    while let Some(at) = stack.pop() {
        for from in &before[at] {
            if is_stuck[*from] {
                is_stuck[*from] = false;
                stack.push(*from);
            }
        }
    }
    Some(Product { states, is_stuck })
}

/// Every region, in the order in which it was written.
fn regions(main: &Region) -> Vec<&Region> {
    fn inside<'r>(region: &'r Region, all: &mut Vec<&'r Region>) {
        for step in &region.steps {
            // The branches of a step are numbered together before the steps of each are written.
            for branch in step.parallel.iter().flat_map(|parallel| &parallel.branches) {
                all.push(&branch.region);
                inside(&branch.region, all);
            }
        }
    }
    let mut all = vec![main];
    inside(main, &mut all);
    all
}

/// The steps at which a state stands, by region and index.
fn places(region: &Region, node: &Node, at: usize, places: &mut BTreeSet<(usize, usize)>) {
    if node.step == WITHDRAWAL {
        return;
    }
    places.insert((at, node.step));
    let mut inner = at + 1;
    for step in &region.steps[..node.step] {
        let branches = step.parallel.iter().flat_map(|parallel| &parallel.branches);
        inner += branches.map(|branch| regions(&branch.region).len()).sum::<usize>();
    }
    let branches = region.steps[node.step].parallel.iter().flat_map(|parallel| &parallel.branches);
    let mut firsts = Vec::new();
    for branch in branches.clone() {
        firsts.push(inner);
        inner += regions(&branch.region).len();
    }
    let branches: Vec<&Branch> = branches.collect();
    for (n, part) in &node.open {
        if let Part::Stands(node) = part {
            self::places(&branches[*n].region, node, firsts[*n], places);
        }
    }
}

/// The id that a message names first.
fn named(message: &str) -> String {
    message.split('"').nth(1).unwrap_or_default().to_owned()
}

/// The random process of a seed.
fn process(seed: u64, rounds: bool) -> (Region, Withdrawal) {
    let mut chance = Chance::of(seed, rounds);
    let main = region(&mut chance, 0);
    (main, Withdrawal { grant: !chance.one_in(3), back: !chance.one_in(4) })
}

const STUCK: [&str; 4] =
    ["NO_WAY_TO_END", "BRANCH_WITHOUT_END", "JOIN_BLOCKED", "STEP_WITHOUT_ACTIONS"];

/// Rounds that are used up: what is not told never gets stuck.
fn is_safe(seed: u64) -> Result<(), TestCaseError> {
    let (main, withdrawal) = process(seed, true);
    let (source, _) = yaml(&main, withdrawal);
    let Some(product) = explore(&main, withdrawal) else { return Ok(()) };
    let report = check(source.as_bytes());
    let told = report.findings.iter().any(|f| STUCK.contains(&f.code));
    let example = product.states.iter().zip(&product.is_stuck).find(|(_, stuck)| **stuck);
    prop_assert!(told || example.is_none(), "{example:?}\n{source}");
    Ok(())
}

fn agree(seed: u64) -> Result<(), TestCaseError> {
    let (main, withdrawal) = process(seed, false);
    let (source, ids) = yaml(&main, withdrawal);
    let Some(product) = explore(&main, withdrawal) else { return Ok(()) };
    let report = check(source.as_bytes());
    let readable = report.findings.iter().find(|f| {
        ["UNKNOWN_KEY", "MISSING_KEY", "WRONG_TYPE", "BAD_FORMAT", "OUT_OF_RANGE"].contains(&f.code)
    });
    prop_assert!(readable.is_none(), "{readable:?}\n{source}");

    let mut reached = BTreeSet::new();
    for (node, back, _) in product.states.iter().flatten() {
        places(&main, node, 0, &mut reached);
        back.iter().for_each(|back| places(&main, back, 0, &mut reached));
    }
    let said: BTreeSet<String> = report
        .findings
        .iter()
        .filter(|f| f.code == "STEP_UNREACHABLE")
        .map(|f| named(&f.message))
        .collect();
    let numbered = ids.iter().enumerate();
    let all = numbered.flat_map(|(at, ids)| ids.iter().enumerate().map(move |(n, id)| (at, n, id)));
    for (at, n, id) in all {
        let is_reached = reached.contains(&(at, n));
        prop_assert_eq!(!said.contains(id), is_reached, "{} reached\n{}", id, source);
    }

    let stuck: BTreeSet<String> = report
        .findings
        .iter()
        .filter(|f| STUCK.contains(&f.code))
        .map(|f| named(&f.message))
        .filter(|id| !said.contains(id))
        .collect();
    for (at, (region, ids)) in regions(&main).into_iter().zip(&ids).enumerate() {
        if !reached.contains(&(at, 0)) {
            continue;
        }
        let Some(alone) = explore(region, withdrawal) else { continue };
        let gets_stuck = alone.is_stuck.contains(&true);
        let waits = at == 0 && stuck.contains("withdrawal");
        let told = ids.iter().any(|id| stuck.contains(id)) || waits;
        let example = alone.states.iter().zip(&alone.is_stuck).find(|(_, stuck)| **stuck);
        prop_assert_eq!(
            told,
            gets_stuck,
            "region {:?}, {:?}, {:?}\n{}",
            ids,
            example,
            stuck,
            source
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_proof_by_branches_agrees_with_the_product(seed in any::<u64>()) {
        agree(seed)?;
    }

    #[test]
    fn rounds_that_run_out_leave_no_dossier_stuck_unseen(seed in any::<u64>()) {
        is_safe(seed)?;
    }
}

/// The same process in which nothing runs out.
fn without_rounds(region: &Region) -> Region {
    let mut free = region.clone();
    for step in &mut free.steps {
        step.rounds.iter_mut().for_each(|rounds| *rounds = None);
        for branch in step.parallel.iter_mut().flat_map(|parallel| &mut parallel.branches) {
            branch.region = without_rounds(&branch.region);
        }
    }
    free
}

#[test]
fn some_random_processes_get_stuck_by_their_rounds_alone() {
    let mut by_rounds = 0;
    for seed in 0..400 {
        let (main, withdrawal) = process(seed, true);
        let is_stuck = |region: &Region| {
            explore(region, withdrawal).is_some_and(|product| product.is_stuck.contains(&true))
        };
        by_rounds += usize::from(is_stuck(&main) && !is_stuck(&without_rounds(&main)));
    }
    assert!(by_rounds > 9, "{by_rounds}");
}

#[test]
fn the_random_processes_are_of_both_kinds() {
    let (mut sound, mut large) = (0, 0);
    for seed in 0..300 {
        let (main, withdrawal) = process(seed, false);
        let Some(product) = explore(&main, withdrawal) else { continue };
        sound += usize::from(!product.is_stuck.contains(&true));
        large += usize::from(product.states.len() > 20);
    }
    assert!((20..280).contains(&sound) && large > 20, "{sound} sound, {large} large");
}
