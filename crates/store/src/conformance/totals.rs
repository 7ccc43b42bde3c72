//! Totals of queues stay those of their rows, whatever happens to the dossiers.

use std::sync::Arc;

use jiff::civil::date;
use motcua_dossiers::dossier::WorkItem;
use motcua_dossiers::event::Facts;
use motcua_procedures::{Role, Status};
use tokio::task::JoinSet;

use super::commits::{commit, write};
use super::fixture::{Subject, UNIT, clocks, item, minute, paused};
use crate::contract::{Commit, Desk, DossierCommit, Queue, Store, WorklistQuery};
use crate::error::StoreError;

const UNITS: [&str; 2] = [UNIT, "H26.8"];
const PROCEDURES: [&str; 3] = ["1.001193", "2.000001", "9"];
const PEOPLE: [Option<&str>; 3] = [None, Some("clerk-1"), Some("clerk-2")];
const ROLES: [Role; 4] = [Role::ReceptionClerk, Role::Specialist, Role::Applicant, Role::Cashier];
const STATUSES: [Status; 4] =
    [Status::Submitted, Status::Processing, Status::SupplementRequired, Status::Completed];
const DESKS: [&[Role]; 5] = [
    &[],
    &[Role::Specialist],
    &[Role::Cashier, Role::ReceptionClerk],
    &[Role::SigningLeader],
    &[Role::Applicant],
];

/// The same numbers in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

fn any_item(chance: &mut Chance, id: u32) -> WorkItem {
    let mut any = item(id, chance.of(&ROLES));
    any.unit = chance.of(&UNITS).into();
    any.assignee = chance.of(&PEOPLE).map(str::to_owned);
    any.late = chance.below(3) == 0;
    any
}

/// Files the dossier, or does to it what an act may do, all at once.
fn live(chance: &mut Chance, subject: &mut Subject, is_filed: bool) -> DossierCommit {
    let open: Vec<WorkItem> = match is_filed {
        true => subject.dossier().items.values().cloned().collect(),
        false => Vec::new(),
    };
    let change = |facts: &mut Facts| {
        facts.items.clear();
        for id in 1..=3 {
            let standing = open.iter().find(|item| item.id == id);
            match (chance.below(5), standing) {
                (0, Some(_)) => facts.items_closed.push(id),
                // A claim, or a release.
                (1, Some(standing)) => facts.items.push(WorkItem {
                    assignee: chance.of(&PEOPLE).map(str::to_owned),
                    ..standing.clone()
                }),
                (2, _) => facts.items.push(any_item(chance, id)),
                (0 | 1 | 3.., _) => {}
            }
        }
        if chance.below(3) == 0 {
            facts.status = Some(chance.of(&STATUSES));
        }
        if chance.below(4) == 0 {
            let clock = clocks(minute(0), 1 + chance.below(6) as u32);
            let is_paused = chance.below(3) == 0;
            facts.clocks = Some(if is_paused { paused(clock, minute(5)) } else { clock });
        }
        if let Some(procedure) = &mut facts.procedure {
            procedure.code = chance.of(&PROCEDURES[..2]).into();
            facts.filing.as_mut().expect("filed").competent_unit = chance.of(&UNITS).into();
        }
    };
    match is_filed {
        true => subject.act(change),
        false => subject.file(change),
    }
}

async fn every_total_is_that_of_the_rows<S: Store>(store: &S, subjects: &[Subject]) {
    for (unit, roles) in UNITS.into_iter().flat_map(|unit| DESKS.map(|desk| (unit, desk))) {
        for queue in Queue::ALL {
            let mut query = WorklistQuery {
                queue,
                desk: Desk { person: "clerk-1".into(), unit: unit.into(), roles: roles.into() },
                procedure: None,
                now: minute(60 * 24 * 4),
                today: date(2026, 3, 4),
                after: None,
                limit: 1_000,
            };
            for procedure in [None, Some(PROCEDURES[0]), Some(PROCEDURES[1]), Some(PROCEDURES[2])] {
                query.procedure = procedure.map(str::to_owned);
                let dossiers = subjects.iter().map(Subject::dossier);
                let expected = dossiers
                    .filter(|dossier| procedure.is_none_or(|code| dossier.procedure.code == code))
                    .flat_map(|dossier| dossier.items.values().map(move |item| (dossier, item)))
                    .filter(|(dossier, item)| {
                        queue.shows(&query.desk, dossier, item, query.now, query.today)
                    });
                let expected = expected.count() as u64;
                let page = store.worklist(&query).await.expect("a page");
                assert_eq!((page.total, page.rows.len() as u64), (expected, expected), "{query:?}");
            }
        }
    }
}

pub(super) async fn totals_are_those_of_the_rows_through_random_lives<S: Store>(store: Arc<S>) {
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    let mut subjects: Vec<Subject> = Vec::new();
    for round in 1..=60 {
        let (mut batch, mut expected): (Vec<Commit>, Vec<bool>) = (Vec::new(), Vec::new());
        for _ in 0..=chance.below(12) {
            let place = chance.below(30);
            if place < subjects.len() {
                // One that lost its way is refused, and nothing of it is counted.
                if chance.below(6) == 0 {
                    let mut lost = subjects[place].clone();
                    live(&mut chance, &mut lost, true);
                    batch.push(commit(live(&mut chance, &mut lost, true)));
                    expected.push(false);
                }
                batch.push(commit(live(&mut chance, &mut subjects[place], true)));
            } else {
                let mut subject = Subject::new(subjects.len() as u32 + 1);
                batch.push(commit(live(&mut chance, &mut subject, false)));
                subjects.push(subject);
            }
            expected.push(true);
        }
        let answers = store.commit(batch).await;
        for (answer, expected) in answers.iter().zip(expected) {
            let is_stale = matches!(answer, Err(StoreError::Stale { .. }));
            assert!(if expected { answer.is_ok() } else { is_stale }, "{answer:?}");
        }
        if round % 12 == 0 {
            every_total_is_that_of_the_rows(&*store, &subjects).await;
        }
    }
}

pub(super) async fn totals_are_right_after_many_wrote_at_once<S: Store>(store: Arc<S>) {
    let mut tasks = JoinSet::new();
    for task in 0..8_u32 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut chance = Chance(0x9E37_79B9_7F4A_7C15 + u64::from(task));
            let mut subjects: Vec<Subject> = (1..=3).map(|n| Subject::new(task * 3 + n)).collect();
            for act in 0..12 {
                for subject in &mut subjects {
                    write(&*store, vec![live(&mut chance, subject, act > 0)]).await;
                }
            }
            subjects
        });
    }
    let subjects = tasks.join_all().await.concat();
    every_total_is_that_of_the_rows(&*store, &subjects).await;
}
