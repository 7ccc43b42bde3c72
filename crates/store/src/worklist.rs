//! Queues of open work items, and which of them a queue shows to whom: the rules that every store
//! applies alike.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use motcua_dossiers::dossier::{Dossier, WorkItem};
use motcua_dossiers::local_date;
use motcua_procedures::{Role, Status};
use uuid::Uuid;

/// A named queue of open work items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Queue {
    /// Filed, not yet accepted or refused (national status 1).
    ToReceive,
    /// Assigned to the caller.
    Mine,
    /// Of the caller's unit and roles, assigned to nobody.
    Unclaimed,
    /// The applicant must act.
    WaitingForApplicant,
    /// The appointment is today.
    DueToday,
    /// The appointment has passed and the clock runs.
    Late,
    /// Completed, not yet delivered (status 9).
    ReadyToDeliver,
}

/// Whose work items a list may show: the authorisation is part of the query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desk {
    /// Opaque id of the caller.
    pub person: String,
    /// The caller's unit.
    pub unit: String,
    /// The caller's roles. `head_of_division` and `signing_leader` see all items of the unit,
    /// others those of their roles and those that wait for the applicant. In [`Queue::DueToday`]
    /// and [`Queue::Late`] the former also see the items of other units whose dossier their unit
    /// is competent for, by the appointment or by the time of the step (today its end, or late):
    /// they answer for it, though the clock may be paused while the other unit works.
    pub roles: Vec<Role>,
}

/// A page of a queue.
#[derive(Clone, Debug)]
pub struct WorklistQuery {
    /// Which queue.
    pub queue: Queue,
    /// For whom.
    pub desk: Desk,
    /// Only this procedure.
    pub procedure: Option<String>,
    /// Now, for lateness.
    pub now: Timestamp,
    /// Today at the centre, for `DueToday`.
    pub today: Date,
    /// Continue after this row.
    pub after: Option<WorklistKey>,
    /// Most rows.
    pub limit: u32,
}

/// Place of a row in a queue: rows come by `sort_at`, then dossier, then item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorklistKey {
    /// Appointment, or far in the future where there is none; microseconds UTC.
    pub sort_at_us: i64,
    /// Dossier.
    pub dossier: Uuid,
    /// Work item.
    pub item: u32,
}

/// `sort_at_us` of a work item whose dossier has no running appointment.
pub const NO_APPOINTMENT_US: i64 = i64::MAX;

/// A row of a worklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorklistRow {
    /// Its place.
    pub key: WorklistKey,
    /// Dossier code.
    pub code: Option<String>,
    /// Procedure code.
    pub procedure: String,
    /// National status.
    pub status: Status,
    /// The work item.
    pub item: WorkItem,
    /// Appointment date.
    pub due_on: Option<Date>,
    /// Appointment.
    pub due_at: Option<Timestamp>,
    /// The appointment has passed.
    pub late: bool,
    /// Version of the dossier.
    pub version: u64,
}

/// A page and the exact number of rows of the queue, both from one snapshot.
#[derive(Clone, Debug)]
pub struct WorklistPage {
    /// Rows.
    pub rows: Vec<WorklistRow>,
    /// Rows of the whole queue.
    pub total: u64,
}

/// The appointment of a dossier as lists show and order it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appointment {
    /// Date; none while the clock is paused or there is none.
    pub due_on: Option<Date>,
    /// Instant; none while the clock is paused or there is none.
    pub due_at: Option<Timestamp>,
    /// From when on the dossier is late; given only while the clock runs.
    pub late_at: Option<Timestamp>,
    /// Place in a queue: the appointment while the clock runs, [`NO_APPOINTMENT_US`] otherwise.
    pub sort_at_us: i64,
}

impl Appointment {
    /// The appointment that the receipt shows.
    pub fn of(dossier: &Dossier) -> Self {
        let clock = dossier.clocks.as_ref().map(|clocks| clocks.appointment());
        let running = clock.filter(|clock| clock.is_running());
        let sort_at = running.and_then(|clock| clock.due_at());
        Self {
            due_on: clock.and_then(|clock| clock.due_on()),
            due_at: clock.and_then(|clock| clock.due_at()),
            late_at: running.and_then(|clock| clock.late_at()),
            sort_at_us: sort_at.map_or(NO_APPOINTMENT_US, Timestamp::as_microsecond),
        }
    }

    /// Whether the appointment has passed at `now` and the clock runs.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.late_at.is_some_and(|late_at| late_at <= now)
    }

    /// Whether the appointment is on `today` and the clock runs.
    pub fn is_due_on(&self, today: Date) -> bool {
        self.late_at.is_some() && self.due_on == Some(today)
    }
}

impl Desk {
    /// Whether the desk leads its unit: a head of division or a signing leader.
    pub fn leads(&self) -> bool {
        let leads = |role: &Role| matches!(role, Role::HeadOfDivision | Role::SigningLeader);
        self.roles.iter().any(leads)
    }

    /// Whether the desk answers for an item that lies in another unit: it leads the competent one.
    pub fn oversees(&self, dossier: &Dossier, item: &WorkItem) -> bool {
        self.leads() && dossier.filing.competent_unit == self.unit && item.unit != self.unit
    }

    /// Roles whose work items the desk may see in its unit: all for heads of division and signing
    /// leaders, its own and the applicant's for everyone else.
    pub fn visible_roles(&self) -> BTreeSet<Role> {
        if self.leads() {
            return Role::ALL.into();
        }
        self.roles.iter().copied().chain([Role::Applicant]).collect()
    }

    /// Roles whose work items `queue` shows. Nobody at a desk can take up what waits for the
    /// applicant, so it is not among the unclaimed.
    pub fn roles_in(&self, queue: Queue) -> BTreeSet<Role> {
        let mut roles = self.visible_roles();
        match queue {
            Queue::Unclaimed => {
                roles.remove(&Role::Applicant);
            }
            Queue::WaitingForApplicant => roles.retain(|role| *role == Role::Applicant),
            Queue::ToReceive
            | Queue::Mine
            | Queue::DueToday
            | Queue::Late
            | Queue::ReadyToDeliver => {}
        }
        roles
    }
}

impl Queue {
    /// Every queue.
    pub const ALL: [Self; 7] = [
        Self::ToReceive,
        Self::Mine,
        Self::Unclaimed,
        Self::WaitingForApplicant,
        Self::DueToday,
        Self::Late,
        Self::ReadyToDeliver,
    ];

    /// Whether an open work item of `dossier` is in the queue of `desk`.
    pub fn shows(
        self,
        desk: &Desk,
        dossier: &Dossier,
        item: &WorkItem,
        now: Timestamp,
        today: Date,
    ) -> bool {
        let overseen = desk.oversees(dossier, item);
        let is_own = item.unit == desk.unit && desk.roles_in(self).contains(&item.role);
        if !is_own && !overseen {
            return false;
        }
        let step_is_due = || item.due_at.is_some_and(|due_at| local_date(due_at) == today);
        match self {
            Self::ToReceive => is_own && dossier.status == Status::Submitted,
            Self::Mine => is_own && item.assignee.as_deref() == Some(desk.person.as_str()),
            Self::Unclaimed => is_own && item.assignee.is_none(),
            Self::WaitingForApplicant => is_own,
            Self::DueToday => {
                Appointment::of(dossier).is_due_on(today) || (overseen && step_is_due())
            }
            Self::Late => Appointment::of(dossier).is_late(now) || (overseen && item.late),
            Self::ReadyToDeliver => is_own && dossier.status == Status::Completed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desk(roles: &[Role]) -> Desk {
        Desk { person: "p".into(), unit: "u".into(), roles: roles.into() }
    }

    #[test]
    fn a_clerk_sees_the_items_of_the_role_and_those_of_the_applicant() {
        let seen = desk(&[Role::Cashier]).visible_roles();
        assert_eq!(seen, BTreeSet::from([Role::Applicant, Role::Cashier]));
    }

    #[test]
    fn leaders_see_all_items_of_the_unit() {
        for role in [Role::HeadOfDivision, Role::SigningLeader] {
            assert_eq!(desk(&[role]).visible_roles(), BTreeSet::from(Role::ALL));
        }
    }

    #[test]
    fn what_waits_for_the_applicant_is_not_unclaimed() {
        for desk in [desk(&[Role::SigningLeader]), desk(&[Role::Specialist])] {
            assert!(!desk.roles_in(Queue::Unclaimed).contains(&Role::Applicant));
            let waiting = desk.roles_in(Queue::WaitingForApplicant);
            assert_eq!(waiting, BTreeSet::from([Role::Applicant]));
        }
    }
}
