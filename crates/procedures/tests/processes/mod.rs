//! Small random processes, and the YAML of each.

use std::fmt::Write as _;

use super::SOUND;

#[derive(Clone, Debug)]
pub(crate) enum Act {
    To(Vec<usize>),
    /// The dossier, or the branch with that answer, ends.
    Finish(usize),
    Withdraw,
}

#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// A number that no other step has.
    pub(crate) number: usize,
    pub(crate) acts: Vec<Act>,
    /// By act: how often it may be done.
    pub(crate) rounds: Vec<Option<usize>>,
    pub(crate) parallel: Option<Parallel>,
}

#[derive(Clone, Debug)]
pub(crate) struct Parallel {
    pub(crate) branches: Vec<Branch>,
    pub(crate) early: Vec<(usize, Option<(usize, usize)>)>,
    pub(crate) join: Vec<usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct Branch {
    pub(crate) guarded: bool,
    pub(crate) each_unit: bool,
    pub(crate) region: Region,
}

/// Steps of the main line or of a branch, the first one is where it begins.
#[derive(Clone, Debug)]
pub(crate) struct Region {
    pub(crate) steps: Vec<Step>,
}

/// What a withdrawal offers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Withdrawal {
    pub(crate) grant: bool,
    pub(crate) back: bool,
}

pub(crate) struct Chance {
    pub(crate) state: u64,
    pub(crate) steps: usize,
    /// Whether acts have rounds.
    pub(crate) rounds: bool,
}

impl Chance {
    pub(crate) fn of(seed: u64, rounds: bool) -> Chance {
        Chance { state: seed, steps: 0, rounds }
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let grown = self.state.wrapping_mul(6_364_136_223_846_793_005);
        self.state = grown.wrapping_add(1_442_695_040_888_963_407);
        ((self.state >> 33) as usize) % bound
    }

    pub(crate) fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }
}

pub(crate) fn region(chance: &mut Chance, depth: usize) -> Region {
    let count = 1 + chance.below(if depth == 0 { 4 } else { 2 });
    let steps = (0..count).map(|_| step(chance, depth, count)).collect();
    Region { steps }
}

pub(crate) fn step(chance: &mut Chance, depth: usize, count: usize) -> Step {
    let parallel = if chance.one_in(2 + depth) && depth < 2 {
        let branches: Vec<Branch> = (0..1 + chance.below(2))
            .map(|_| Branch {
                guarded: chance.one_in(3),
                each_unit: chance.one_in(4),
                region: region(chance, depth + 1),
            })
            .collect();
        let early = (0..chance.below(3))
            .map(|_| {
                let answer =
                    (!chance.one_in(3)).then(|| (chance.below(branches.len()), chance.below(2)));
                (1 + chance.below(2), answer)
            })
            .collect();
        let join = (0..1 + chance.below(2)).map(|_| chance.below(count)).collect();
        Some(Parallel { branches, early, join })
    } else {
        None
    };
    let mut acts = Vec::new();
    for _ in 0..chance.below(3) {
        acts.push(match chance.below(6) {
            0 | 1 => Act::To(vec![chance.below(count)]),
            2 => Act::To(vec![chance.below(count), chance.below(count)]),
            3 if depth == 0 => Act::Withdraw,
            _ => Act::Finish(chance.below(2)),
        });
    }
    let round = |chance: &mut Chance| {
        let counted = chance.rounds && chance.one_in(3);
        counted.then(|| 1 + chance.below(2))
    };
    let rounds = acts.iter().map(|_| round(chance)).collect();
    chance.steps += 1;
    Step { number: chance.steps, acts, rounds, parallel }
}

// The process as YAML.

pub(crate) struct Names {
    pub(crate) next: usize,
    pub(crate) branch: usize,
    /// The regions in the order of their branches: ids of their steps.
    pub(crate) regions: Vec<Vec<String>>,
}

pub(crate) fn write_region(
    out: &mut String,
    names: &mut Names,
    region: &Region,
    indent: usize,
    at: usize,
) {
    let pad = " ".repeat(indent);
    let ids: Vec<String> =
        (0..region.steps.len()).map(|n| format!("s{}", names.next + n)).collect();
    names.next += ids.len();
    names.regions[at].clone_from(&ids);
    for (step, id) in region.steps.iter().zip(&ids) {
        let _ = writeln!(out, "{pad}- id: {id}\n{pad}  name: {{ vi: a, en: b }}");
        let _ = writeln!(out, "{pad}  role: specialist\n{pad}  unit: competent");
        if at == 0 {
            let _ = writeln!(out, "{pad}  status: 4");
        }
        if let Some(parallel) = &step.parallel {
            write_parallel(out, names, parallel, indent + 2, &ids);
        }
        if !step.acts.is_empty() {
            let _ = writeln!(out, "{pad}  actions:");
        }
        for (n, act) in step.acts.iter().enumerate() {
            let rounds = step.rounds[n].map(|max| format!("rounds_max: {max}, "));
            let ground = rounds.iter().filter(|_| !matches!(act, Act::Withdraw));
            let ground: String = ground.map(|_| "ground: law, ").collect();
            let rounds = rounds.unwrap_or_default();
            let name =
                format!("{pad}    - {{ id: a{n}, name: {{ vi: a, en: b }}, {rounds}{ground}");
            let rest = match act {
                Act::To(to) if to.len() == 1 => format!("to: {} }}", ids[to[0]]),
                Act::To(to) => {
                    format!(
                        "to: [{{ when: proxy, to: {} }}, {{ else: {} }}] }}",
                        ids[to[0]], ids[to[1]]
                    )
                }
                Act::Finish(answer) if at > 0 => format!("answer: r{answer} }}"),
                Act::Finish(_) => "act: complete, to: completed }".into(),
                Act::Withdraw => {
                    "act: withdraw, roles: [applicant], to: withdrawal, ground: law }".into()
                }
            };
            let _ = writeln!(out, "{name}{rest}");
        }
    }
}

pub(crate) fn write_parallel(
    out: &mut String,
    names: &mut Names,
    parallel: &Parallel,
    indent: usize,
    ids: &[String],
) {
    let pad = " ".repeat(indent);
    let first = names.branch;
    names.branch += parallel.branches.len();
    let _ = writeln!(out, "{pad}branches:");
    for (n, branch) in parallel.branches.iter().enumerate() {
        let at = names.regions.len();
        names.regions.push(Vec::new());
        let _ = writeln!(out, "{pad}  - id: b{}\n{pad}    name: {{ vi: a, en: b }}", first + n);
        if branch.guarded {
            let _ = writeln!(out, "{pad}    when: proxy");
        }
        if branch.each_unit {
            let _ = writeln!(out, "{pad}    each_unit: true");
        }
        let _ = writeln!(out, "{pad}    start: s{}", names.next);
        let answer = |n| format!("{{ id: r{n}, name: {{ vi: a, en: b }} }}");
        let _ = writeln!(out, "{pad}    answers: [{}, {}]\n{pad}    steps:", answer(0), answer(1));
        write_region(out, names, &branch.region, indent + 6, at);
    }
    let early = parallel.early.iter().map(|(least, answer)| match answer {
        None => format!("{{ at_least: {least} }}"),
        Some((branch, answer)) => {
            format!("{{ at_least: {least}, answer: b{}.r{answer} }}", first + branch)
        }
    });
    let early: Vec<String> = early.collect();
    let to = &parallel.join;
    let to = match to.len() {
        1 => ids[to[0]].clone(),
        _ => format!("[{{ when: proxy, to: {} }}, {{ else: {} }}]", ids[to[0]], ids[to[1]]),
    };
    let _ = writeln!(out, "{pad}join: {{ early: [{}], to: {to} }}", early.join(", "));
}

/// The frame of the small procedure with the random process between reception and status 9.
pub(crate) fn yaml(main: &Region, withdrawal: Withdrawal) -> (String, Vec<Vec<String>>) {
    let mut names = Names { next: 0, branch: 0, regions: vec![Vec::new()] };
    let mut process = String::new();
    write_region(&mut process, &mut names, main, 2, 0);
    let (head, rest) = SOUND.split_once("  - id: examination\n").expect("the step");
    let (_, tail) = rest.split_once("  - id: completed\n").expect("the step");
    let (tail, _) = tail.split_once("anywhere:").expect("the shared actions");
    let head =
        head.replacen("to: examination", "to: s0", 1).replacen("proxy: false", "proxy: true", 1);
    let mut offered = String::new();
    if withdrawal.grant {
        offered += "      - { id: grant, name: { vi: a, en: b }, act: stop, form: 5, reason: true, \
                    to: stopped, ground: law }\n";
    }
    if withdrawal.back {
        offered +=
            "      - { id: decline, name: { vi: a, en: b }, act: decline_withdrawal, to: back }\n";
    }
    if offered.is_empty() {
        offered += "      []\n";
    }
    let waits = format!(
        "  - id: withdrawal\n    name: {{ vi: a, en: b }}\n    kind: withdrawal\n    status: 7\n    \
         clock: {{ paused: withdrawal, ground: law }}\n    role: reception_clerk\n    unit: \
         receiving\n    actions:\n{offered}"
    );
    (format!("{head}{process}{waits}  - id: completed\n{tail}"), names.regions)
}
