//! A caller: what it asks next, and what it got.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use motcua_api::v1;
use motcua_procedures::Role;
use tonic::{Code, Status};
use uuid::Uuid;

use super::crews::{Crews, Lines, OFFICES, is_broken};
use super::ledger::Ledger;
use super::life::{Act, Life};
use super::schedule::Pace;
use crate::client::Session;
use crate::refusal::{Refused, retry_after};

/// How long a command is sent again that may or may not have been carried out.
const REPEAT_MAX: Duration = Duration::from_secs(60);
/// Reads for each act, where reads are measured.
const READS_PER_ACT: usize = 20;
/// Rows of a page of a queue.
const PAGE_ROWS: i32 = 20;

/// What callers do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Mix {
    /// Whole lives of dossiers in three offices
    Lives,
    /// The same in one office
    HotOffice,
    /// Everybody assigns the work of one dossier
    OneDossier,
    /// Dossiers and histories, and one act for 20 reads
    Reads,
    /// Pages of a queue, first and deep, and one act for 20 pages
    Worklists,
    /// Whole lives, while the timers of all dossiers of the preload come due
    Timers,
}

impl Mix {
    /// As `--mix` takes it.
    pub(super) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Whether there must be dossiers to read.
    pub(super) fn reads(self) -> bool {
        match self {
            Self::Reads | Self::Worklists => true,
            Self::Lives | Self::HotOffice | Self::OneDossier | Self::Timers => false,
        }
    }

    /// Where the dossier with a number is filed.
    pub(super) fn office(self, number: usize) -> usize {
        match self {
            Self::HotOffice | Self::OneDossier => 0,
            // Births and businesses take turns: both come to each office.
            Self::Lives | Self::Reads | Self::Worklists | Self::Timers => {
                number / 2 % OFFICES.len()
            }
        }
    }
}

/// A dossier that was filed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filed {
    /// Its id.
    pub(super) dossier: Uuid,
    /// Its office.
    pub(super) office: usize,
    /// Who filed it.
    pub(super) citizen: usize,
}

impl Filed {
    /// The dossier of a life.
    pub(super) fn of(life: &Life) -> Self {
        Self { dossier: life.dossier, office: life.office, citizen: life.citizen() }
    }
}

/// What callers share.
#[derive(Debug, Default)]
pub(super) struct Stock {
    /// Number of the next dossier.
    pub(super) next: Arc<AtomicUsize>,
    /// Dossiers to read.
    pub(super) filed: Vec<Filed>,
}

/// What a caller has done.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Times of the acts that were carried out.
    pub(super) acts: BTreeMap<&'static str, Vec<Duration>>,
    /// Times of the reads that were answered.
    pub(super) reads: BTreeMap<&'static str, Vec<Duration>>,
    /// Dossiers that were delivered.
    pub(super) lives: u64,
    /// Calls that were refused or failed, by reason.
    pub(super) refusals: BTreeMap<String, u64>,
    /// Those of them that said when to come back.
    pub(super) hinted: u64,
    /// What was acknowledged.
    pub(super) ledger: Ledger,
}

impl Done {
    /// Adds what another caller has done.
    pub(super) fn add(&mut self, other: Self) {
        for (name, times) in other.acts {
            self.acts.entry(name).or_default().extend(times);
        }
        for (name, times) in other.reads {
            self.reads.entry(name).or_default().extend(times);
        }
        for (reason, count) in other.refusals {
            *self.refusals.entry(reason).or_default() += count;
        }
        self.lives += other.lives;
        self.hinted += other.hinted;
        self.ledger.add(other.ledger);
    }

    fn refused(&mut self, status: Status) {
        self.hinted += u64::from(retry_after(&status).is_some());
        *self.refusals.entry(Refused::from(status).reason()).or_default() += 1;
    }
}

/// A call, ready to be sent.
enum Call {
    Act,
    Dossier(Filed),
    /// By its owner, which is not recorded.
    History(Filed),
    /// By an auditor, which is recorded.
    AuditedHistory(Filed),
    /// The first page of a queue, or the next one.
    Page {
        first: bool,
    },
}

impl Call {
    fn name(&self) -> &'static str {
        match self {
            Self::Act => "act",
            Self::Dossier(_) => "get_dossier",
            Self::History(_) => "history",
            Self::AuditedHistory(_) => "audited_history",
            Self::Page { first: true } => "first_page",
            Self::Page { first: false } => "deep_page",
        }
    }
}

/// A caller.
pub(super) struct Worker {
    lines: Lines,
    stock: Arc<Stock>,
    mix: Mix,
    life: Option<Life>,
    turn: usize,
    chance: u64,
    /// Whose queue it reads, and the next page of it.
    office: usize,
    page: String,
    /// What it has done.
    pub(super) done: Done,
}

impl Worker {
    /// The caller with a number; in the mix of one dossier all work on `shared`.
    pub(super) fn new(
        lines: Lines,
        stock: Arc<Stock>,
        mix: Mix,
        number: usize,
        shared: Option<Life>,
    ) -> Self {
        // Neighbours read different dossiers and do not act at the same moment.
        let chance = (number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let office = number % OFFICES.len();
        let (turn, page, done) = (number, String::new(), Done::default());
        Self { lines, stock, mix, life: shared, turn, chance, office, page, done }
    }

    /// Calls until the pace ends.
    pub(super) async fn work(mut self, pace: Pace) -> anyhow::Result<Self> {
        loop {
            let call = self.prepare();
            let Some(from) = pace.next().await else {
                return Ok(self);
            };
            match call {
                Call::Act => self.act(from).await,
                call => self.read(call, from).await?,
            }
        }
    }

    fn prepare(&mut self) -> Call {
        self.turn += 1;
        let turn = self.turn % (READS_PER_ACT + 1);
        if !self.mix.reads() || turn == READS_PER_ACT {
            return Call::Act;
        }
        if self.mix == Mix::Worklists {
            return Call::Page { first: turn.is_multiple_of(4) };
        }
        let place = self.any(self.stock.filed.len());
        let filed = self.stock.filed[place];
        match turn {
            4 | 9 | 14 => Call::History(filed),
            19 => Call::AuditedHistory(filed),
            _ => Call::Dossier(filed),
        }
    }

    /// A number below `end`, the same in every measurement.
    fn any(&mut self, end: usize) -> usize {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        (self.chance % end as u64) as usize
    }

    async fn act(&mut self, from: Instant) {
        if self.mix == Mix::OneDossier
            && let Some(life) = &self.life
        {
            carry_out(life, Act::Assign, &self.lines, &mut self.done, from).await;
            return;
        }
        let (mix, next) = (self.mix, &self.stock.next);
        let life = self.life.get_or_insert_with(|| {
            let number = next.fetch_add(1, Ordering::Relaxed);
            Life::new(number, mix.office(number))
        });
        let act = life.next().expect("a life that ended was put away");
        if !carry_out(life, act, &self.lines, &mut self.done, from).await {
            // A dossier whose act was refused stays where it is.
            self.life = None;
            return;
        }
        life.advance();
        if life.next().is_none() {
            self.done.lives += 1;
            self.life = None;
        }
    }

    async fn read(&mut self, call: Call, from: Instant) -> anyhow::Result<()> {
        let name = call.name();
        let lines = self.lines.clone();
        let line = lines.choose();
        let answer = match call {
            Call::Act => return Ok(()),
            Call::Dossier(filed) => dossier(line.crews, filed).await,
            Call::History(filed) => history(&line.crews.citizen(filed.citizen)?, filed).await,
            Call::AuditedHistory(filed) => history(&line.crews.auditor, filed).await,
            Call::Page { first } => self.page(line.crews, first).await,
        };
        match answer {
            Ok(()) => self.done.reads.entry(name).or_default().push(from.elapsed()),
            Err(status) => {
                lines.failed(&line, &status);
                self.done.refused(status);
            }
        }
        Ok(())
    }

    async fn page(&mut self, crews: &Crews, first: bool) -> Result<(), Status> {
        let clerk = crews.member(self.office, Role::ReceptionClerk);
        let page_token = if first { String::new() } else { std::mem::take(&mut self.page) };
        let request = v1::ListWorkItemsRequest {
            queue: v1::Queue::ToReceive.into(),
            page_size: PAGE_ROWS,
            page_token,
            ..Default::default()
        };
        let answer = clerk.desk().list_work_items(request).await?.into_inner();
        if !first || self.page.is_empty() {
            self.page = answer.next_page_token;
        }
        Ok(())
    }
}

async fn dossier(crews: &Crews, filed: Filed) -> Result<(), Status> {
    let clerk = crews.member(filed.office, Role::ReceptionClerk);
    let (dossier, view) = (filed.dossier.to_string(), v1::DossierView::Basic.into());
    let request = v1::GetDossierRequest { dossier, view, ..Default::default() };
    clerk.dossiers().get_dossier(request).await.map(drop)
}

async fn history(reader: &Session, filed: Filed) -> Result<(), Status> {
    let chain = format!("dossier:{}", filed.dossier);
    let request = v1::ReadChainRequest { chain, ..Default::default() };
    let mut events = reader.audit().read_chain(request).await?.into_inner();
    while events.message().await?.is_some() {}
    Ok(())
}

/// Sends an act until it is answered, always under the same command id and through another node where
/// one does not answer; its time counts from `from`. Whether it was carried out.
pub(super) async fn carry_out(
    life: &Life,
    act: Act,
    lines: &Lines,
    done: &mut Done,
    from: Instant,
) -> bool {
    let command = Uuid::now_v7();
    let until = Instant::now() + REPEAT_MAX;
    let mut asked = None;
    loop {
        let line = lines.choose();
        if asked.replace(line.seen.node).is_some_and(|before| before != line.seen.node) {
            lines.health().failed_over();
        }
        let pause = match life.send(line.crews, act, command).await {
            Ok(note) => {
                lines.health().answered();
                done.acts.entry(act.name()).or_default().push(from.elapsed());
                done.ledger.note(life.dossier, note);
                return true;
            }
            Err(status) => {
                lines.failed(&line, &status);
                let (passes, pause) = (is_passing(&status), lines.pause(&status));
                done.refused(status);
                if !passes {
                    return false;
                }
                pause
            }
        };
        if Instant::now() > until {
            done.ledger.doubt(command);
            return false;
        }
        tokio::time::sleep(pause).await;
    }
}

/// Whether the server could not, or nobody knows whether it did: the same again is right.
fn is_passing(status: &Status) -> bool {
    let passing = matches!(
        status.code(),
        Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded | Code::Cancelled
    );
    passing || is_broken(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn births_and_businesses_come_to_every_office() {
        let mut seen = std::collections::BTreeSet::new();
        seen.extend((0..12).map(|number| (number % 2, Mix::Lives.office(number))));
        assert_eq!(seen.len(), 2 * OFFICES.len());
        assert!((0..12).all(|number| Mix::HotOffice.office(number) == 0));
    }

    #[test]
    fn only_what_may_pass_is_sent_again() {
        assert!(is_passing(&Status::unavailable("away")));
        assert!(!is_passing(&Status::failed_precondition("no")));
    }

    #[test]
    fn what_callers_did_adds_up() {
        let mut sum = Done::default();
        for reason in ["A", "B", "A"] {
            let mut one = Done { lives: 1, ..Done::default() };
            one.acts.insert("submit", vec![Duration::from_millis(1)]);
            one.refusals.insert(reason.to_owned(), 2);
            sum.add(one);
        }
        assert_eq!((sum.lives, sum.acts["submit"].len()), (3, 3));
        assert_eq!((sum.refusals["A"], sum.refusals["B"]), (4, 2));
    }
}
