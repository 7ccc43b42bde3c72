//! Which work items a queue shows to whom: the rules that every store applies alike.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use motcua_dossiers::dossier::{Dossier, WorkItem};
use motcua_dossiers::local_date;
use motcua_procedures::{Role, Status};

use crate::contract::{Desk, NO_APPOINTMENT_US, Queue};

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
