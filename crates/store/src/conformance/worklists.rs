//! Queues: what they show, to whom, in which order, how many.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use motcua_dossiers::dossier::Dossier;
use motcua_dossiers::event::Facts;
use motcua_procedures::{Role, Status};

use super::commits::write;
use super::fixture::{Subject, UNIT, clocks, item, minute, paused};
use crate::contract::{Desk, Queue, Store, WorklistKey, WorklistPage, WorklistQuery};
use crate::worklist::Appointment;

/// A clock of two working days from Monday 08:00 ends on this Wednesday at 17:00.
const DUE_ON: Date = date(2026, 3, 4);

fn desk(roles: &[Role]) -> Desk {
    Desk { person: "clerk-1".into(), unit: UNIT.into(), roles: roles.into() }
}

fn query(queue: Queue, roles: &[Role]) -> WorklistQuery {
    WorklistQuery {
        queue,
        desk: desk(roles),
        procedure: None,
        now: minute(0),
        today: date(2026, 3, 2),
        after: None,
        limit: 100,
    }
}

async fn page<S: Store>(store: &S, query: &WorklistQuery) -> WorklistPage {
    store.worklist(query).await.expect("a page")
}

/// Numbers of the dossiers of a queue, in order; the page must hold the whole queue.
async fn shown<S: Store>(store: &S, query: &WorklistQuery) -> Vec<u32> {
    let page = page(store, query).await;
    assert_eq!(page.total, page.rows.len() as u64);
    page.rows.iter().map(|row| number(row.key.dossier)).collect()
}

fn number(id: uuid::Uuid) -> u32 {
    u32::try_from(id.as_u128() & 0xffff_ffff).expect("32 bits")
}

async fn file<S: Store>(store: &S, number: u32, change: impl FnOnce(&mut Facts)) -> Subject {
    let mut subject = Subject::new(number);
    write(store, vec![subject.file(change)]).await;
    subject
}

pub(super) async fn each_queue_shows_what_it_says<S: Store>(store: Arc<S>) {
    file(&*store, 1, |_| {}).await;
    file(&*store, 2, |facts| {
        facts.status = Some(Status::Processing);
        facts.items[0].assignee = Some("clerk-1".into());
        facts.clocks = Some(clocks(minute(0), 2));
    })
    .await;
    file(&*store, 3, |facts| {
        facts.status = Some(Status::SupplementRequired);
        facts.items = vec![item(1, Role::Applicant)];
    })
    .await;
    file(&*store, 4, |facts| {
        facts.status = Some(Status::Completed);
        facts.items[0].assignee = Some("clerk-2".into());
    })
    .await;
    for (queue, expected) in [
        (Queue::ToReceive, vec![1]),
        (Queue::Mine, vec![2]),
        (Queue::Unclaimed, vec![1]),
        (Queue::WaitingForApplicant, vec![3]),
        (Queue::DueToday, vec![2]),
        (Queue::Late, vec![2]),
        (Queue::ReadyToDeliver, vec![4]),
    ] {
        let mut query = query(queue, &[Role::ReceptionClerk]);
        query.today = DUE_ON;
        query.now = Timestamp::from_second(1_798_000_000).expect("months later");
        assert_eq!(shown(&*store, &query).await, expected, "{queue:?}");
    }
}

pub(super) async fn authorisation_is_part_of_the_query<S: Store>(store: Arc<S>) {
    file(&*store, 1, |_| {}).await;
    file(&*store, 2, |facts| facts.items[0].unit = "H26.8".into()).await;
    file(&*store, 3, |facts| facts.items[0].role = Role::Cashier).await;
    let seen = async |roles: &[Role]| shown(&*store, &query(Queue::ToReceive, roles)).await;
    assert_eq!(seen(&[Role::ReceptionClerk]).await, [1]);
    assert_eq!(seen(&[Role::Cashier]).await, [3]);
    assert_eq!(seen(&[Role::Cashier, Role::ReceptionClerk]).await, [1, 3]);
    assert_eq!(seen(&[Role::Archivist]).await, [] as [u32; 0]);
    assert_eq!(seen(&[]).await, [] as [u32; 0]);
    let mut elsewhere = query(Queue::ToReceive, &[Role::ReceptionClerk]);
    elsewhere.desk.unit = "H26.8".into();
    assert_eq!(shown(&*store, &elsewhere).await, [2]);
}

pub(super) async fn leaders_see_the_whole_unit<S: Store>(store: Arc<S>) {
    for (number, role) in [(1, Role::ReceptionClerk), (2, Role::Specialist), (3, Role::Applicant)] {
        file(&*store, number, |facts| facts.items[0].role = role).await;
    }
    for leader in [Role::HeadOfDivision, Role::SigningLeader] {
        assert_eq!(shown(&*store, &query(Queue::ToReceive, &[leader])).await, [1, 2, 3]);
        assert_eq!(shown(&*store, &query(Queue::Unclaimed, &[leader])).await, [1, 2]);
    }
}

/// A dossier whose work lies in one unit while another is competent.
async fn lies_elsewhere<S: Store>(store: &S, number: u32, unit: &str, competent: &str) -> Subject {
    file(store, number, |facts| {
        facts.items[0].unit = unit.into();
        facts.filing.as_mut().expect("filed").competent_unit = competent.into();
        facts.clocks = Some(clocks(minute(0), 2));
    })
    .await
}

pub(super) async fn leaders_see_what_is_due_elsewhere_for_their_unit<S: Store>(store: Arc<S>) {
    lies_elsewhere(&*store, 1, "H26.8", UNIT).await;
    lies_elsewhere(&*store, 2, UNIT, UNIT).await;
    lies_elsewhere(&*store, 3, "H26.8", "H26.8").await;
    let mut moved = lies_elsewhere(&*store, 4, "H26.8", UNIT).await;
    for queue in Queue::ALL {
        let due = matches!(queue, Queue::DueToday | Queue::Late);
        for (role, expected) in [
            (Role::SigningLeader, vec![1, 2, 4]),
            (Role::HeadOfDivision, vec![1, 2, 4]),
            (Role::ReceptionClerk, vec![2]),
        ] {
            let mut query = query(queue, &[role]);
            (query.today, query.now) = (DUE_ON, minute(60 * 24 * 30));
            let seen = shown(&*store, &query).await;
            if due {
                assert_eq!(seen, expected, "{queue:?} of {role:?}");
            }
            query.procedure = Some("9".into());
            assert_eq!(shown(&*store, &query).await, [] as [u32; 0]);
            query = WorklistQuery { procedure: None, now: minute(0), ..query };
            query.today = date(2026, 3, 1);
            let elsewhere = shown(&*store, &query).await.contains(&1);
            assert!(!elsewhere, "{queue:?} shows nothing of another unit that is not due");
        }
    }
    write(&*store, vec![moved.act(|facts| facts.items_closed = vec![1])]).await;
    let mut late = query(Queue::Late, &[Role::SigningLeader]);
    late.now = minute(60 * 24 * 30);
    assert_eq!(shown(&*store, &late).await, [1, 2]);
}

pub(super) async fn leaders_see_a_late_step_elsewhere_while_the_clock_is_paused<S: Store>(
    store: Arc<S>,
) {
    for (number, unit, late) in [(1, "H26.8", true), (2, "H26.8", false), (3, UNIT, true)] {
        file(&*store, number, |facts| {
            facts.items[0] = item(1, Role::Specialist);
            facts.items[0].unit = unit.into();
            facts.items[0].late = late;
            // The last instant of the centre's day, and the first of the next.
            let end = jiff::SignedDuration::from_hours(16) - jiff::SignedDuration::from_micros(1);
            let beginning = jiff::SignedDuration::from_hours(16);
            facts.items[0].due_at = Some(minute(0) + if late { end } else { beginning });
            facts.filing.as_mut().expect("filed").competent_unit = UNIT.into();
            facts.clocks = Some(paused(clocks(minute(0), 2), minute(5)));
        })
        .await;
    }
    for role in [Role::SigningLeader, Role::HeadOfDivision] {
        let mut query = query(Queue::Late, &[role]);
        assert_eq!(shown(&*store, &query).await, [1]);
        query.queue = Queue::DueToday;
        assert_eq!(shown(&*store, &query).await, [1], "due on this very day");
        query.today = date(2026, 3, 3);
        assert_eq!(shown(&*store, &query).await, [2]);
        query.today = date(2026, 3, 1);
        assert_eq!(shown(&*store, &query).await, [] as [u32; 0]);
    }
    let late = query(Queue::Late, &[Role::Specialist]);
    assert_eq!(shown(&*store, &late).await, [] as [u32; 0]);
}

pub(super) async fn pages_of_work_here_and_elsewhere_come_in_one_order<S: Store>(store: Arc<S>) {
    for number in 1..=24 {
        let unit = if number % 2 == 0 { UNIT } else { "H26.8" };
        file(&*store, number, |facts| {
            facts.items = vec![item(1, Role::Specialist), item(2, Role::Cashier)];
            facts.items[0].unit = unit.into();
            facts.filing.as_mut().expect("filed").competent_unit = UNIT.into();
            facts.clocks = Some(clocks(minute(0), 2 + number % 3));
        })
        .await;
    }
    let mut query = query(Queue::Late, &[Role::HeadOfDivision]);
    query.now = minute(60 * 24 * 30);
    query.limit = 5;
    let mut seen: Vec<WorklistKey> = Vec::new();
    loop {
        query.after = seen.last().cloned();
        let page = page(&*store, &query).await;
        assert_eq!(page.total, 48);
        if page.rows.is_empty() {
            break;
        }
        seen.extend(page.rows.into_iter().map(|row| row.key));
    }
    assert!(seen.is_sorted());
    seen.dedup();
    assert_eq!(seen.len(), 48);
}

pub(super) async fn pages_have_no_gaps_and_no_repeats<S: Store>(store: Arc<S>) {
    // Several share an appointment, some have none, some have two items.
    for number in 0..30 {
        file(&*store, number + 1, |facts| {
            let days = 2 + number % 3;
            facts.clocks = (number % 5 != 0).then(|| clocks(minute(0), days));
            if number % 4 == 0 {
                facts.items.push(item(2, Role::ReceptionClerk));
            }
        })
        .await;
    }
    let mut query = query(Queue::ToReceive, &[Role::ReceptionClerk]);
    let whole = page(&*store, &query).await;
    assert_eq!((whole.rows.len(), whole.total), (38, 38));
    let keys: Vec<_> = whole.rows.iter().map(|row| row.key.clone()).collect();
    assert!(keys.is_sorted());
    query.limit = 7;
    let mut seen: Vec<WorklistKey> = Vec::new();
    loop {
        query.after = seen.last().cloned();
        let page = page(&*store, &query).await;
        assert!(page.rows.len() <= 7);
        assert_eq!(page.total, 38);
        if page.rows.is_empty() {
            break;
        }
        seen.extend(page.rows.into_iter().map(|row| row.key));
    }
    assert_eq!(seen, keys);
}

pub(super) async fn the_count_is_of_the_whole_queue<S: Store>(store: Arc<S>) {
    for number in 1..=5 {
        file(&*store, number, |_| {}).await;
    }
    let mut query = query(Queue::ToReceive, &[Role::ReceptionClerk]);
    query.limit = 0;
    let none = page(&*store, &query).await;
    assert_eq!((none.rows.len(), none.total), (0, 5));
    query.desk.roles = vec![Role::Cashier];
    assert_eq!(page(&*store, &query).await.total, 0);
}

/// A procedure beside that of the fixture.
const OTHER_PROCEDURE: &str = "2.000001";

pub(super) async fn a_procedure_narrows_the_list<S: Store>(store: Arc<S>) {
    file(&*store, 1, |_| {}).await;
    file(&*store, 2, |facts| {
        facts.procedure.as_mut().expect("filed").code = OTHER_PROCEDURE.into();
    })
    .await;
    let mut query = query(Queue::ToReceive, &[Role::ReceptionClerk]);
    query.procedure = Some(OTHER_PROCEDURE.into());
    assert_eq!(shown(&*store, &query).await, [2]);
    query.procedure = Some("9".into());
    assert_eq!(shown(&*store, &query).await, [] as [u32; 0]);
}

pub(super) async fn late_begins_at_its_instant<S: Store>(store: Arc<S>) {
    let subject = file(&*store, 1, |facts| facts.clocks = Some(clocks(minute(0), 2))).await;
    let appointment = Appointment::of(subject.dossier());
    assert_eq!(appointment.due_on, Some(DUE_ON));
    let late_at = appointment.late_at.expect("the clock runs");
    let microsecond = jiff::SignedDuration::from_micros(1);
    for (now, late) in [(late_at - microsecond, false), (late_at, true)] {
        let mut query = query(Queue::Late, &[Role::ReceptionClerk]);
        query.now = now;
        assert_eq!(shown(&*store, &query).await.len(), usize::from(late));
        query.queue = Queue::ToReceive;
        let page = page(&*store, &query).await;
        let row = &page.rows[0];
        assert_eq!((row.late, row.due_on, row.due_at), (late, Some(DUE_ON), appointment.due_at));
        assert_eq!(row.key.sort_at_us, appointment.sort_at_us);
    }
}

pub(super) async fn a_paused_clock_is_neither_late_nor_due<S: Store>(store: Arc<S>) {
    let clocks = clocks(minute(0), 2);
    let mut subject = file(&*store, 1, |facts| facts.clocks = Some(clocks.clone())).await;
    let mut query = query(Queue::DueToday, &[Role::ReceptionClerk]);
    (query.today, query.now) = (DUE_ON, minute(60 * 24 * 30));
    assert_eq!(shown(&*store, &query).await, [1]);
    let pause = subject.act(|facts| facts.clocks = Some(paused(clocks, minute(60))));
    write(&*store, vec![pause]).await;
    for queue in [Queue::DueToday, Queue::Late] {
        query.queue = queue;
        assert_eq!(shown(&*store, &query).await, [] as [u32; 0]);
    }
    query.queue = Queue::ToReceive;
    let page = page(&*store, &query).await;
    assert_eq!((page.rows[0].due_on, page.rows[0].late), (None, false));
}

pub(super) async fn closed_items_leave_the_list<S: Store>(store: Arc<S>) {
    let mut subject = file(&*store, 1, |facts| facts.code = Some("C-1".into())).await;
    let next = subject.act(|facts| {
        facts.items_closed = vec![1];
        facts.items = vec![item(2, Role::Specialist)];
    });
    write(&*store, vec![next]).await;
    let query_of = |role| query(Queue::Unclaimed, &[role]);
    assert_eq!(shown(&*store, &query_of(Role::ReceptionClerk)).await, [] as [u32; 0]);
    let page = page(&*store, &query_of(Role::Specialist)).await;
    let row = &page.rows[0];
    assert_eq!((row.item.clone(), row.version), (item(2, Role::Specialist), 2));
    assert_eq!(row.code.as_deref(), Some("C-1"));
    write(&*store, vec![subject.act(|facts| facts.items_closed = vec![2])]).await;
    assert_eq!(shown(&*store, &query_of(Role::Specialist)).await, [] as [u32; 0]);
}

/// Sixty dossiers of every kind that a queue can tell apart, by number.
async fn mixed<S: Store>(store: &S) -> BTreeMap<u32, Dossier> {
    let roles = [Role::ReceptionClerk, Role::Specialist, Role::Applicant, Role::Cashier];
    let statuses = [Status::Submitted, Status::Processing, Status::Completed];
    let people = [None, Some("clerk-1"), Some("clerk-2")];
    let mut dossiers = BTreeMap::new();
    for number in 1..=60_u32 {
        let pick = |step: u32| (number / step) as usize;
        let subject = file(store, number, |facts| {
            if number % 11 < 4 {
                facts.procedure.as_mut().expect("filed").code = OTHER_PROCEDURE.into();
            }
            facts.status = Some(statuses[pick(1) % 3]);
            facts.clocks = (number % 4 != 0).then(|| clocks(minute(0), 1 + number % 7));
            if number % 6 == 1 {
                facts.clocks = facts.clocks.take().map(|clocks| paused(clocks, minute(5)));
            }
            facts.items =
                (1..=1 + number % 2).map(|id| item(id, roles[pick(2 + id) % 4])).collect();
            if number % 5 < 3 {
                facts.filing.as_mut().expect("filed").competent_unit = UNIT.into();
            }
            for item in &mut facts.items {
                item.assignee = people[pick(5) % 3].map(str::to_owned);
                item.unit = if number % 7 < 3 { "H26.8".into() } else { UNIT.into() };
                item.due_at = (number % 8 > 0).then(|| minute(60 * 24 * i64::from(number % 6)));
                item.late = number % 5 == 1 && item.due_at.is_some();
            }
        })
        .await;
        dossiers.insert(number, subject.dossier().clone());
    }
    dossiers
}

/// All rows of a queue, three by three, in the order of the pages.
async fn rows_in_pages<S: Store>(store: &S, query: &WorklistQuery) -> Vec<WorklistKey> {
    let mut keys: Vec<WorklistKey> = Vec::new();
    let mut query = WorklistQuery { limit: 3, ..query.clone() };
    loop {
        let rows = page(store, &query).await.rows;
        keys.extend(rows.into_iter().map(|row| row.key));
        if query.after.as_ref() == keys.last() {
            return keys;
        }
        query.after = keys.last().cloned();
    }
}

pub(super) async fn every_queue_agrees_with_the_rules_on_mixed_data<S: Store>(store: Arc<S>) {
    let dossiers = mixed(&*store).await;
    let desks: [&[Role]; 4] =
        [&[Role::Specialist], &[Role::Cashier, Role::ReceptionClerk], &[Role::SigningLeader], &[]];
    let procedures = [None, Some("1.001193"), Some(OTHER_PROCEDURE), Some("9")];
    let mut most = 0;
    for (roles, queue) in desks.into_iter().flat_map(|desk| Queue::ALL.map(|queue| (desk, queue))) {
        for procedure in procedures {
            let mut query = query(queue, roles);
            query.today = DUE_ON;
            query.now = minute(60 * 24 * 4);
            query.procedure = procedure.map(str::to_owned);
            let of_procedure = dossiers.iter().filter(|(_, dossier)| {
                procedure.is_none_or(|procedure| dossier.procedure.code == procedure)
            });
            let expected: BTreeSet<_> = of_procedure
                .flat_map(|(number, dossier)| {
                    dossier.items.values().map(move |item| (*number, dossier, item))
                })
                .filter(|(_, dossier, item)| {
                    queue.shows(&query.desk, dossier, item, query.now, query.today)
                })
                .map(|(number, _, item)| (number, item.id))
                .collect();
            let keys = rows_in_pages(&*store, &query).await;
            assert!(keys.is_sorted(), "{queue:?} of {roles:?}: {keys:?}");
            let found: BTreeSet<_> =
                keys.iter().map(|key| (number(key.dossier), key.item)).collect();
            assert_eq!(found, expected, "{queue:?} of {roles:?}, {procedure:?}");
            assert_eq!(keys.len(), expected.len(), "none comes twice");
            assert_eq!(page(&*store, &query).await.total as usize, expected.len());
            most = most.max(expected.len());
        }
    }
    assert!(most > 12, "queues are longer than a page: {most}");
}
