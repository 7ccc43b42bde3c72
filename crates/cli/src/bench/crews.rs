//! Who makes the calls: the staff of a few offices, citizens, an auditor.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use motcua_engine::{Clock as _, SystemClock};
use motcua_procedures::Role;
use motcua_server::TokenKey;
use tonic::{Code, Status};

use super::health::{Health, Seen};
use super::server::TOKEN_TTL;
use crate::client::Session;
use crate::demo::people::{BINH_LIEU, CO_TO, HONG_GAI, Office, citizen_id};
use crate::refusal::retry_after;

/// The offices where dossiers are filed.
pub(super) const OFFICES: [Office; 3] = [HONG_GAI, CO_TO, BINH_LIEU];
/// Citizens who file; each files again and again.
pub(super) const CITIZENS: usize = 100_000;

/// Pause before a command is sent again, unless its refusal says another.
const REPEAT_AFTER: Duration = Duration::from_millis(20);

/// Who acts in the lives.
const CREW: [Role; 7] = [
    Role::ReceptionClerk,
    Role::Cashier,
    Role::Specialist,
    Role::HeadOfDivision,
    Role::SigningLeader,
    Role::RecordsOfficer,
    Role::ReturnClerk,
];

/// Tokens of the staff.
#[derive(Clone)]
pub(super) struct Tokens {
    staff: Vec<[String; 7]>,
    auditor: String,
    key: TokenKey,
    /// How far the clock of the service is ahead of the callers'.
    pub(super) ahead: SignedDuration,
}

impl Tokens {
    /// One for each of the staff.
    pub(super) fn issue(key: &TokenKey) -> anyhow::Result<Self> {
        let mut staff = Vec::with_capacity(OFFICES.len());
        for office in OFFICES {
            let mut tokens = [const { String::new() }; 7];
            for (token, role) in tokens.iter_mut().zip(CREW) {
                let actor = office.staff(role);
                *token = key.issue(&actor.id, actor.unit.as_deref(), &[role], TOKEN_TTL)?;
            }
            staff.push(tokens);
        }
        let auditor = key.issue("bench-auditor", None, &[Role::Auditor], TOKEN_TTL)?;
        Ok(Self { staff, auditor, key: key.clone(), ahead: SignedDuration::ZERO })
    }
}

/// Everybody on one connection.
pub(super) struct Crews {
    staff: Vec<Vec<Session>>,
    /// Reads any history, with personal values masked.
    pub(super) auditor: Session,
    key: TokenKey,
    ahead: SignedDuration,
}

impl Crews {
    /// Everybody on a connection.
    pub(super) fn new(connection: &Session, tokens: &Tokens) -> anyhow::Result<Self> {
        let crew = |tokens: &[String; 7]| -> anyhow::Result<Vec<Session>> {
            tokens.iter().map(|token| connection.with_token(token)).collect()
        };
        Ok(Self {
            staff: tokens.staff.iter().map(crew).collect::<anyhow::Result<_>>()?,
            auditor: connection.with_token(&tokens.auditor)?,
            key: tokens.key.clone(),
            ahead: tokens.ahead,
        })
    }

    /// Who acts in a role in an office.
    pub(super) fn member(&self, office: usize, role: Role) -> &Session {
        let place = CREW.iter().position(|member| *member == role);
        &self.staff[office][place.expect("only the crew acts")]
    }

    /// Now, by the clock of the service.
    pub(super) fn now(&self) -> Timestamp {
        SystemClock.now() + self.ahead
    }

    /// A citizen.
    pub(super) fn citizen(&self, number: usize) -> anyhow::Result<Session> {
        let id = citizen_id(number);
        let token = self.key.issue(&id, None, &[Role::Applicant], TOKEN_TTL)?;
        self.auditor.with_token(&token)
    }
}

/// A caller's lines to every node. Callers share connections; each has a node of its own, which it
/// leaves only while that does not answer.
#[derive(Clone)]
pub(super) struct Lines {
    nodes: Arc<Vec<Crews>>,
    health: Arc<Health>,
    own: usize,
    hasty: bool,
}

/// Everybody at the node that was chosen for a call.
pub(super) struct Line<'a> {
    /// Who calls it.
    pub(super) crews: &'a Crews,
    /// The node as it was then.
    pub(super) seen: Seen,
}

impl Lines {
    /// The lines of the caller with a number over connections to each node.
    pub(super) fn new(nodes: Arc<Vec<Crews>>, health: Arc<Health>, number: usize) -> Self {
        let own = number % nodes.len();
        Self { nodes, health, own, hasty: false }
    }

    /// The same for a caller who may be `hasty`: whatever a refusal says, it comes back at once.
    pub(super) fn hasty(self, hasty: bool) -> Self {
        Self { hasty, ..self }
    }

    /// How long a command waits that was refused, before it is sent again.
    pub(super) fn pause(&self, status: &Status) -> Duration {
        retry_after(status).filter(|_| !self.hasty).unwrap_or(REPEAT_AFTER)
    }

    /// Where to send the next call.
    pub(super) fn choose(&self) -> Line<'_> {
        let seen = self.health.choose(self.own);
        Line { crews: &self.nodes[seen.node], seen }
    }

    /// Hears that a call failed: if its line broke, the node is gone for all callers.
    pub(super) fn failed(&self, line: &Line<'_>, status: &Status) {
        if is_broken(status) {
            self.health.gone(line.seen);
        }
    }

    /// What callers know of the nodes.
    pub(super) fn health(&self) -> &Health {
        &self.health
    }
}

/// Whether the line broke: the status was made here and the service never sent one. A call whose time
/// ran out broke no line.
pub(super) fn is_broken(status: &Status) -> bool {
    let made_here = std::error::Error::source(status).is_some();
    let dropped = status.code() == Code::Unavailable && status.details().is_empty();
    let is_late = matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled);
    (made_here || dropped) && !is_late
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_broken_where_no_service_has_answered() {
        let broken = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert!(is_broken(&Status::from_error(Box::new(broken))));
        assert!(is_broken(&Status::unavailable("connection refused")));
        let told = Status::with_details(Code::Unavailable, "told", b"details".to_vec().into());
        assert!(!is_broken(&told));
        assert!(!is_broken(&Status::deadline_exceeded("late")));
        assert!(!is_broken(&Status::failed_precondition("no")));
    }
}
