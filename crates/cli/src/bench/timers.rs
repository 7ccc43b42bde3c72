//! Timers that come due, measured: all at one moment beside ordinary acts, then one by one.
//!
//! A filed birth has one timer, the time of its first step, one hour of office work. Filed in the
//! evening, all of them are due at one moment of the next working day; filed during office hours,
//! each an hour after itself. The clock of the service is moved to those times; that of the callers is
//! not.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use motcua_api::v1;
use motcua_deadlines::Calendar;
use motcua_engine::{Clock as _, SystemClock};
use motcua_procedures::Role;
use serde_json::{Value, json};
use tonic::Status;
use uuid::Uuid;

use super::clock::{self, Moved};
use super::crews::Lines;
use super::figures::{Level, Run, Times};
use super::ledger::{self, read_each};
use super::life::{Life, SUBMITTED};
use super::preload;
use super::schedule::Pace;
use super::worker::{Done, Filed, Mix};
use super::{Bench, BenchArguments, drive, pace};
use crate::Ending;
use crate::output::{Output, grouped};
use crate::serve::CALENDAR;

const ZONE: Offset = Offset::constant(7);
/// The clock of the service stands so long before the moment at which timers are due, so that callers
/// are at work by then.
const LEAD: SignedDuration = SignedDuration::from_secs(5);
/// Longest wait until all timers have fired.
const FIRING_MAX: Duration = Duration::from_secs(900);
/// How often somebody looks whether they have.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How often histories are read again that lack a timer: one that another node fires now.
const READINGS_MAX: u32 = 5;
/// Timers that come due one by one, unless the preload is smaller, and the time between two of them.
const ALONE_MAX: usize = 200;
const ALONE_EVERY: Duration = Duration::from_millis(50);

impl BenchArguments {
    /// What timers need to be measured.
    pub(super) fn check_timers(&self) -> anyhow::Result<()> {
        if self.preload == 0 {
            bail!("there is no timer: file dossiers before with --preload N");
        }
        if self.mix.len() > 1 {
            bail!("timers fire once: --mix timers stands alone");
        }
        if self.runs > 1 || self.callers.len() + self.rate.len() > 1 {
            bail!("timers fire once: give one load, --callers N or --rate N, and one run");
        }
        Ok(())
    }
}

/// A timer that fired, by a history.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fired {
    name: String,
    due_at: Timestamp,
    at: Timestamp,
}

/// What histories say of the timers of dossiers, each of which had one.
#[derive(Debug, Default)]
struct Firings {
    fired: Vec<Fired>,
    missing: u64,
    twice: u64,
}

impl Bench {
    /// Fires the timers of the preload at one moment while callers act, then some one by one.
    pub(super) async fn timers(&mut self, output: &Output) -> anyhow::Result<Ending> {
        let calendar = Calendar::from_json(CALENDAR).context("the calendar")?;
        let library = match &self.arguments.clock {
            Some(path) => path.clone(),
            None => clock::compile(self.server.folder())?,
        };
        self.move_to(&library, evening(SystemClock.now())).await?;
        self.preload(output).await?;
        let load = self.arguments.loads()[0];
        output.note("the load without timers");
        let mut normal = Level::new(Mix::Timers, load);
        normal.add(self.measure(Mix::Timers, load).await?);
        let due_at = self.due_at(*self.stock.filed.last().context("nothing was filed")?).await?;
        self.move_to(&library, due_at - LEAD).await?;
        output.note("the load while timers fire");
        let mut firing = Level::new(Mix::Timers, load).during_timers();
        firing.add(self.fire_all(due_at).await?);
        let filed: Vec<Uuid> = self.stock.filed.iter().map(|filed| filed.dossier).collect();
        let at_once = self.firings(&filed).await?;
        output.note(&at_once.text());
        let one_by_one = self.one_by_one(&library, &calendar, due_at, output).await?;
        output.note(&one_by_one.lag_text());
        let ratio = p99(&firing).zip(p99(&normal)).map(|(firing, normal)| firing / normal);
        let mut told = at_once.json();
        told["p99_to_normal"] = json!(ratio.map(|ratio| (ratio * 1000.0).round() / 1000.0));
        told["one_by_one"] = one_by_one.lag_json();
        self.figures.timers = Some(told);
        self.figures.levels = vec![normal, firing];
        let ending = self.verify(output).await?;
        Ok(if at_once.is_right() && one_by_one.is_right() { ending } else { Ending::Differs })
    }

    /// Starts the service anew at another time of day.
    async fn move_to(&mut self, library: &Path, at: Timestamp) -> anyhow::Result<()> {
        let clock = Moved::to(library, at);
        self.tokens.ahead = clock.ahead();
        self.server.restart_at(clock).await
    }

    /// The load, from the moment at which the timers are due until they have fired.
    async fn fire_all(&mut self, due_at: Timestamp) -> anyhow::Result<Run> {
        let load = self.arguments.loads()[0];
        let workers = self.workers(Mix::Timers, load).await?;
        let lines = self.lines(1).await?.remove(0);
        let lead = due_at.duration_since(SystemClock.now() + self.tokens.ahead);
        let lead = Duration::try_from(lead).unwrap_or_default();
        let (workers, unmeasured, _) = drive(workers, pace(load, lead)).await?;
        self.keep(unmeasured.ledger);
        let pace = pace(load, FIRING_MAX);
        let last = *self.stock.filed.last().context("nothing was filed")?;
        let watching = tokio::spawn(stop_when_fired(lines, last, pace.clone()));
        let run = self.measure_with(workers, pace).await?;
        watching.await?;
        Ok(run)
    }

    /// When the timer of a dossier is due.
    async fn due_at(&self, filed: Filed) -> anyhow::Result<Timestamp> {
        let lines = self.lines(1).await?.remove(0);
        let dossier = look(&lines, filed).await?.dossier.context("the answer shows no dossier")?;
        let due_at = dossier.work_items.first().and_then(|item| item.due_at);
        let due_at = due_at.context("the first step of a filed birth has no time")?;
        Ok(Timestamp::new(due_at.seconds, due_at.nanos)?)
    }

    /// Files dossiers one by one during office hours, and lets their timers come due so.
    async fn one_by_one(
        &mut self,
        library: &Path,
        calendar: &Calendar,
        after: Timestamp,
        output: &Output,
    ) -> anyhow::Result<Firings> {
        let alone = ALONE_MAX.min(self.stock.filed.len());
        output.note(&format!("{alone} timers one by one"));
        self.move_to(library, morning(after, calendar)?).await?;
        let lines = self.lines(1).await?.remove(0);
        let (mut filed, mut done) = (Vec::with_capacity(alone), Done::default());
        let begun = Instant::now();
        for place in 0..alone {
            let due = begun + ALONE_EVERY * u32::try_from(place)?;
            tokio::time::sleep_until(due.into()).await;
            let number = self.stock.next.fetch_add(1, Ordering::Relaxed);
            let mut life = Life::birth(number, Mix::Timers.office(number));
            preload::bring(&mut life, SUBMITTED, &lines, &mut done).await?;
            filed.push(Filed::of(&life));
        }
        self.keep(std::mem::take(&mut done.ledger));
        let [first, last] = [filed[0], filed[alone - 1]];
        let (first, last) = (self.due_at(first).await?, self.due_at(last).await?);
        self.move_to(library, first - LEAD).await?;
        let rest = last.duration_since(SystemClock.now() + self.tokens.ahead);
        tokio::time::sleep(Duration::try_from(rest).unwrap_or_default()).await;
        let filed: Vec<Uuid> = filed.iter().map(|filed| filed.dossier).collect();
        self.firings(&filed).await
    }

    /// What the histories of dossiers say of their timers.
    async fn firings(&self, dossiers: &[Uuid]) -> anyhow::Result<Firings> {
        let auditor = self.auditor().await?;
        let mut firings = Firings::default();
        let mut waiting = dossiers.to_vec();
        for reading in 1..=READINGS_MAX {
            let read = read_each(&auditor, std::mem::take(&mut waiting), |history| {
                history.iter().filter_map(fired).collect::<Vec<Fired>>()
            });
            for (dossier, fired) in read.await? {
                match fired.is_empty() {
                    true => waiting.push(dossier),
                    false => firings.add(fired),
                }
            }
            if waiting.is_empty() {
                break;
            }
            if reading < READINGS_MAX {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        firings.missing = waiting.len() as u64;
        Ok(firings)
    }
}

/// Looks until the dossier that comes last has had its timer; then the pace ends.
async fn stop_when_fired(lines: Lines, last: Filed, pace: Pace) {
    let until = Instant::now() + FIRING_MAX;
    while Instant::now() < until {
        // A look that failed is made again.
        let seen = look(&lines, last).await.ok().and_then(|answer| answer.dossier);
        if seen.is_some_and(|dossier| dossier.version > 1) {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    pace.stop();
}

async fn look(lines: &Lines, filed: Filed) -> Result<v1::GetDossierResponse, Status> {
    let line = lines.choose();
    let clerk = line.crews.member(filed.office, Role::ReceptionClerk);
    let (dossier, view) = (filed.dossier.to_string(), v1::DossierView::Basic.into());
    let request = v1::GetDossierRequest { dossier, view, ..Default::default() };
    let answer = clerk.dossiers().get_dossier(request).await;
    answer.map(tonic::Response::into_inner).inspect_err(|status| lines.failed(&line, status))
}

/// The next moment after office hours: whatever is filed then begins with the next opening.
fn evening(now: Timestamp) -> Timestamp {
    let today = ZONE.to_datetime(now).date();
    let at = |day: Date| ZONE.to_timestamp(day.at(18, 0, 0, 0)).unwrap_or(now);
    match at(today) {
        evening if evening > now => evening,
        _ => at(today.saturating_add(jiff::Span::new().days(1))),
    }
}

/// In office hours of the first working day after that of an instant.
fn morning(after: Timestamp, calendar: &Calendar) -> anyhow::Result<Timestamp> {
    let mut day = ZONE.to_datetime(after).date();
    loop {
        day = day.tomorrow().context("the clock of this machine is wrong")?;
        if calendar.is_working_day(day)? {
            return Ok(ZONE.to_timestamp(day.at(8, 0, 0, 0))?);
        }
    }
}

/// The timer that an event is, if it is one.
fn fired(event: &v1::HistoryEvent) -> Option<Fired> {
    let timer = ledger::opened(event, "timer")?;
    let header: Value = serde_json::from_str(&event.header).ok()?;
    Some(Fired {
        name: timer["name"].as_str()?.to_owned(),
        due_at: timer["due_at"].as_str()?.parse().ok()?,
        at: header["at"].as_str()?.parse().ok()?,
    })
}

fn p99(level: &Level) -> Option<f64> {
    level.medians().get("p99_ms").copied()
}

impl Firings {
    /// Adds what fired of one dossier.
    fn add(&mut self, fired: Vec<Fired>) {
        let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
        for timer in &fired {
            *seen.entry(&timer.name).or_default() += 1;
        }
        self.twice += seen.values().filter(|count| **count > 1).count() as u64;
        self.fired.extend(fired);
    }

    fn is_right(&self) -> bool {
        self.missing == 0 && self.twice == 0
    }

    /// From the first to the last.
    fn elapsed(&self) -> Duration {
        let instants = || self.fired.iter().map(|timer| timer.at);
        let span = instants().max().zip(instants().min());
        let span = span.map(|(last, first)| last.duration_since(first)).unwrap_or_default();
        Duration::try_from(span).unwrap_or_default()
    }

    fn per_second(&self) -> Option<f64> {
        let seconds = self.elapsed().as_secs_f64();
        (seconds > 0.0).then(|| (self.fired.len() as f64 / seconds).round())
    }

    /// How long after its due instant each fired.
    fn lags(&self) -> Times {
        let lag = |timer: &Fired| Duration::try_from(timer.at.duration_since(timer.due_at));
        Times::new(self.fired.iter().map(|timer| lag(timer).unwrap_or_default()).collect())
    }

    fn json(&self) -> Value {
        json!({
            "fired": self.fired.len(),
            "missing": self.missing,
            "twice": self.twice,
            "seconds": (self.elapsed().as_secs_f64() * 1000.0).round() / 1000.0,
            "per_second": self.per_second(),
        })
    }

    fn lag_json(&self) -> Value {
        let mut json = self.lags().json();
        (json["missing"], json["twice"]) = (self.missing.into(), self.twice.into());
        json
    }

    fn text(&self) -> String {
        let (fired, seconds) = (grouped(self.fired.len() as u64), self.elapsed().as_secs_f64());
        let rate = self.per_second().map_or_else(String::new, |rate| format!(", {rate:.0}/s"));
        format!("{fired} timers in {seconds:.2} s{rate}{}", self.faults())
    }

    fn lag_text(&self) -> String {
        let lags = self.lags();
        let at = |permille| lags.permille_ms(permille).unwrap_or_default();
        let (p50, p99, longest) = (at(500), at(990), at(1000));
        let fired = self.fired.len();
        let times = format!("p50 {p50:.1} ms, p99 {p99:.1} ms, at most {longest:.1} ms");
        format!("{fired} timers after their instant: {times}{}", self.faults())
    }

    fn faults(&self) -> String {
        match self.is_right() {
            true => String::new(),
            false => format!(": {} missing, {} twice", self.missing, self.twice),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn what_is_filed_in_the_evening_waits_for_the_next_opening() {
        assert_eq!(evening(instant("2026-11-27T09:00:00Z")), instant("2026-11-27T11:00:00Z"));
        assert_eq!(evening(instant("2026-11-27T11:00:00Z")), instant("2026-11-28T11:00:00Z"));
    }

    #[test]
    fn the_morning_is_that_of_a_working_day() {
        let calendar = Calendar::from_json(CALENDAR).expect("a calendar");
        // A Friday, so it is Monday.
        let morning = morning(instant("2026-11-27T01:30:00Z"), &calendar).expect("a day");
        assert_eq!(morning, instant("2026-11-30T01:00:00Z"));
    }

    #[test]
    fn timers_that_fired_twice_or_never_are_counted() {
        let timer = |name: &str, at| Fired {
            name: name.to_owned(),
            due_at: instant("2026-11-30T01:00:00Z"),
            at: instant(at),
        };
        let mut firings = Firings::default();
        firings.add(vec![timer("item_due:1", "2026-11-30T01:00:00.010Z")]);
        assert!(firings.is_right());
        firings.add(vec![
            timer("item_due:1", "2026-11-30T01:00:00.020Z"),
            timer("item_due:1", "2026-11-30T01:00:02.010Z"),
        ]);
        firings.missing = 1;
        let json = firings.json();
        assert_eq!((&json["twice"], &json["missing"]), (&1.into(), &1.into()));
        assert_eq!((&json["seconds"], &json["per_second"]), (&2.0.into(), &2.0.into()));
        assert_eq!(firings.lag_json()["p50_ms"], 20.0);
        assert!(firings.text().contains("1 missing, 1 twice"), "{}", firings.text());
    }

    #[test]
    fn an_event_of_a_timer_tells_when_it_was_due() {
        let opened = v1::OpenedField {
            name: "timer".into(),
            salt: String::new(),
            value_json: r#"{"due_at":"2026-11-30T01:00:00Z","name":"item_due:1"}"#.into(),
        };
        let slot = Some(v1::history_field::Slot::Opened(opened));
        let event = v1::HistoryEvent {
            header: r#"{"at":"2026-11-30T01:00:00.000500Z"}"#.into(),
            fields: vec![v1::HistoryField { slot }],
            ..Default::default()
        };
        let timer = fired(&event).expect("a timer");
        assert_eq!(timer.at.duration_since(timer.due_at), SignedDuration::from_micros(500));
        assert_eq!(fired(&v1::HistoryEvent::default()), None);
    }
}
