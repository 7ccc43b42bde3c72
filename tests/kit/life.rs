//! The way of a dossier through the office, without incidents.

use motcua_api::v1::document::Content;
use motcua_api::v1::{DocumentState, DossierState, LookedUpDocument, VerifiedDocument};

use crate::client::Client;
use crate::people::{self, Who};
use crate::world::{MARRIAGE, World};

/// Most steps of a life.
const STEPS_MAX: usize = 20;

/// The people who bring a dossier of Hạ Long to its end.
#[derive(Clone)]
pub struct Crew {
    /// Mai.
    pub citizen: Client,
    /// Receives.
    pub clerk: Client,
    /// Takes fees.
    pub cashier: Client,
    /// Examines.
    pub specialist: Client,
    /// Heads the division.
    pub head: Client,
    /// Signs.
    pub leader: Client,
    /// Numbers.
    pub records: Client,
    /// Hands over.
    pub returner: Client,
}

impl Crew {
    /// The crew on clients that `connect` makes.
    pub fn new(connect: impl Fn(&Who) -> Client) -> Self {
        Self {
            citizen: connect(&people::MAI),
            clerk: connect(&people::CLERK),
            cashier: connect(&people::CASHIER),
            specialist: connect(&people::SPECIALIST),
            head: connect(&people::HEAD),
            leader: connect(&people::LEADER),
            records: connect(&people::RECORDS),
            returner: connect(&people::RETURNER),
        }
    }

    /// The crew of a world.
    pub fn of(world: &World) -> Self {
        Self::new(|who| world.client(who))
    }

    /// Brings a dossier to a step by the acts that lie on the way.
    ///
    /// # Panics
    /// When the dossier does not get there.
    pub async fn drive(&self, dossier: &str, to: &str) -> DossierState {
        let mut present = self.clerk.get(dossier).await.expect("the clerk sees the dossier");
        for _ in 0..STEPS_MAX {
            if present.state == to {
                return present;
            }
            present = self.go_on(&present).await;
        }
        panic!("{dossier} stands in {} and does not reach {to}", present.state);
    }

    /// Does what lies on the way from the present step.
    async fn go_on(&self, present: &DossierState) -> DossierState {
        let id = present.id.as_str();
        let done = match present.state.as_str() {
            "intake" => self.accept(present).await,
            "handover" => self.specialist.advance(id, "take_over").await,
            "examination" => self.examine(present).await,
            "applicant_confirms" => self.citizen.advance(id, "confirm").await,
            "register" => self.specialist.advance(id, "submit_for_signature").await,
            "signature" => self.leader.sign(id).await,
            "issuing" => {
                let number = format!("{}/2026", &id[24..]);
                let on = self.today();
                self.records.issue(id, &number, &on).await
            }
            "issued" => self.returner.complete(id).await,
            "completed" | "refusal_ready" => self.deliver(present).await,
            other => panic!("there is no way on from {other}"),
        };
        done.unwrap_or_else(|status| panic!("{}: {status:?}", present.state))
    }

    async fn accept(&self, present: &DossierState) -> crate::client::Acted {
        let id = present.id.as_str();
        if present.documents.iter().any(is_undecided) {
            self.clerk.accept_rest(id).await?;
        }
        for fee in present.fees.iter().filter(|fee| !fee.paid) {
            let reference = format!("BL-{}-{}", fee.id, &id[24..]);
            self.cashier.pay(id, &fee.id, fee.amount, &reference).await?;
        }
        self.clerk.accept(id).await
    }

    async fn examine(&self, present: &DossierState) -> crate::client::Acted {
        let id = present.id.as_str();
        if present.documents.iter().any(is_undecided) {
            self.specialist.accept_rest(id).await?;
        }
        let procedure = present.procedure.as_ref().map(|pinned| pinned.code.as_str());
        if procedure == Some(MARRIAGE) {
            for requirement in ["D4a", "D4b"] {
                self.specialist.look_up(id, requirement, "civil_status", true).await?;
            }
        }
        self.specialist.advance(id, "draft_result").await
    }

    async fn deliver(&self, present: &DossierState) -> crate::client::Acted {
        let owners = present.filing.as_ref().map(|filing| filing.owners.clone());
        let owners = owners.unwrap_or_default();
        let scans = present.documents.iter().filter(|paper| paper.original_at_delivery);
        let scans: Vec<&str> = scans.map(|paper| paper.requirement.as_str()).collect();
        let owners: Vec<&str> = owners.iter().map(String::as_str).collect();
        self.returner.deliver(&present.id, &owners, &scans).await
    }

    /// Today at the centre.
    fn today(&self) -> String {
        motcua_dossiers::local_date(self.clerk.now()).to_string()
    }
}

/// Handed in, without a verdict.
fn is_undecided(paper: &DocumentState) -> bool {
    let content = paper.document.as_ref().and_then(|document| document.content.as_ref());
    let present = match content {
        None
        | Some(
            Content::LookUp(LookedUpDocument { found: false, .. })
            | Content::Verified(VerifiedDocument { found: false, .. }),
        ) => false,
        Some(_) => true,
    };
    present && paper.accepted.is_none()
}
