//! Who makes the calls: the staff of a few offices, citizens, an auditor.

use motcua_procedures::Role;
use motcua_server::TokenKey;

use super::server::TOKEN_TTL;
use crate::client::Session;
use crate::demo::people::{BINH_LIEU, CO_TO, HONG_GAI, Office, citizen_id};

/// The offices where dossiers are filed.
pub(super) const OFFICES: [Office; 3] = [HONG_GAI, CO_TO, BINH_LIEU];
/// Citizens who file; each files again and again.
pub(super) const CITIZENS: usize = 100_000;

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
        Ok(Self { staff, auditor, key: key.clone() })
    }
}

/// Everybody on one connection.
pub(super) struct Crews {
    staff: Vec<Vec<Session>>,
    /// Reads any history, with personal values masked.
    pub(super) auditor: Session,
    key: TokenKey,
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
        })
    }

    /// Who acts in a role in an office.
    pub(super) fn member(&self, office: usize, role: Role) -> &Session {
        let place = CREW.iter().position(|member| *member == role);
        &self.staff[office][place.expect("only the crew acts")]
    }

    /// A citizen.
    pub(super) fn citizen(&self, number: usize) -> anyhow::Result<Session> {
        let id = citizen_id(number);
        let token = self.key.issue(&id, None, &[Role::Applicant], TOKEN_TTL)?;
        self.auditor.with_token(&token)
    }
}
