//! Runs commands: load, decide, seal, commit, answer.
//!
//! Every dossier with work waiting has a lane: one task that takes all commands waiting for it,
//! decides them in order in memory and commits them as one segment (decision 13). Lanes of
//! different dossiers run side by side and meet in the store's group commit. A refusal drops only
//! its own command; a stale or taken commit makes the lane load and decide again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use motcua_dossiers::Context;
use motcua_dossiers::command::{Actor, Command, CommandRef};
use motcua_dossiers::policy::{acts_as_party, sight};
use motcua_dossiers::rejection::{Reason, Rejection};
use motcua_procedures::{NumberAt, Procedure, Text};
use motcua_store::contract::{Commit, Documents, DossierKey, Loaded, Store};
use motcua_store::error::StoreError;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::error::{EngineError, Situation};
use crate::numbers::Taken;
use crate::registers::{Picture, canonical};
use crate::segment::Segment;
use crate::view::DossierView;
use crate::{Engine, limits};

/// A command and who asks for it.
#[derive(Clone, Debug)]
pub struct Request {
    /// The dossier; for a submission the id that it will have.
    pub dossier: DossierKey,
    /// The caller's idempotency key.
    pub command_id: Uuid,
    /// Version that the caller saw; another one refuses the command.
    pub expected: Option<u64>,
    /// Who acts.
    pub actor: Actor,
    /// What is asked.
    pub command: Command,
}

/// What a command answers, the first time and every time after.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The dossier as the command left it.
    pub view: DossierView,
    /// Number of the first event that the command caused; of the last event when it caused none.
    pub first_seq: u64,
    /// The command had been carried out before.
    pub repeated: bool,
    /// The citizen's tracking secret; on submissions only.
    pub tracking_secret: Option<String>,
}

type Reply = Result<Answer, EngineError>;

struct Waiting {
    request: Request,
    fingerprint: String,
    reply: oneshot::Sender<Reply>,
}

/// Commands waiting, by dossier.
#[derive(Default)]
pub(crate) struct Lanes(Mutex<HashMap<Uuid, Vec<Waiting>>>);

impl Lanes {
    /// Adds a command; true if the lane is new and needs a task.
    fn join(&self, dossier: Uuid, waiting: Waiting) -> Result<bool, EngineError> {
        let mut lanes = self.0.lock().expect("no holder of this lock panics");
        if lanes.len() >= limits::LANES_MAX && !lanes.contains_key(&dossier) {
            return Err(EngineError::Overloaded);
        }
        match lanes.get_mut(&dossier) {
            Some(lane) if lane.len() >= limits::LANE_COMMANDS_MAX => Err(EngineError::Overloaded),
            Some(lane) => {
                lane.push(waiting);
                Ok(false)
            }
            None => {
                lanes.insert(dossier, vec![waiting]);
                Ok(true)
            }
        }
    }

    /// Takes what waits; none closes the lane.
    fn take(&self, dossier: Uuid) -> Option<Vec<Waiting>> {
        let mut lanes = self.0.lock().expect("no holder of this lock panics");
        let waiting = lanes
            .get_mut(&dossier)
            .map(std::mem::take)
            .filter(|w| !w.is_empty());
        if waiting.is_none() {
            lanes.remove(&dossier);
        }
        waiting
    }
}

impl<S: Store, D: Documents> Engine<S, D> {
    /// Carries out a command, or tells why not. The same command id gives the same answer for
    /// ever. When this returns an answer, what it says is durable.
    ///
    /// # Errors
    /// See [`EngineError`]; only [`EngineError::OutcomeUnknown`] leaves open whether anything
    /// was changed.
    pub async fn execute(&self, mut request: Request) -> Reply {
        let fingerprint = self.fingerprint(&request)?;
        let id = match &request.dossier {
            DossierKey::Id(id) => *id,
            key => self.resolve(key).await?,
        };
        if let Command::Submit(_) = &request.command {
            self.check_new_id(id)?;
        }
        self.fill_in_uploads(&mut request).await?;
        let (reply, answer) = oneshot::channel();
        let waiting = Waiting {
            request,
            fingerprint,
            reply,
        };
        if self.0.lanes.join(id, waiting)? {
            let engine = self.clone();
            crate::spawn(async move { engine.run_lane(id).await });
        }
        answer.await.unwrap_or(Err(EngineError::OutcomeUnknown))
    }

    /// Keyed digest of what is asked and by whom (decision 5).
    fn fingerprint(&self, request: &Request) -> Result<String, EngineError> {
        let content = serde_json::json!([request.actor, request.command]);
        let content = canonical(&content).map_err(|_| {
            crate::error::invalid(
                "command",
                "UNREPRESENTABLE",
                "Nội dung có số thập phân, số quá lớn hoặc tên trường không hợp lệ.",
                "The content holds a fraction, a number beyond 2^53 or an invalid member name.",
            )
        })?;
        let bytes = motcua_audit::cj::encode(&content)
            .map_err(|error| EngineError::Corrupt(error.to_string()))?;
        Ok(self.0.secret.digest("command", &bytes))
    }

    /// A new dossier's id is a UUIDv7 of about now (decision 1).
    fn check_new_id(&self, id: Uuid) -> Result<(), EngineError> {
        let refuse = |vi: &str, en: &str| Err(crate::error::invalid("dossier", "BAD_ID", vi, en));
        let Some(made) = id.get_timestamp().filter(|_| id.get_version_num() == 7) else {
            return refuse(
                "Mã hồ sơ mới phải là UUIDv7.",
                "A new dossier's id must be a UUIDv7.",
            );
        };
        let (seconds, _) = made.to_unix();
        let age = self.now().as_second() - i64::try_from(seconds).unwrap_or(i64::MAX);
        if !(-limits::NEW_ID_AHEAD_S..=limits::NEW_ID_AGE_S).contains(&age) {
            return refuse(
                "Thời điểm trong UUIDv7 lệch quá xa hiện tại.",
                "The UUIDv7 was made too far from now: at most 30 days ago, 1 hour ahead.",
            );
        }
        Ok(())
    }

    /// Works off a lane until nothing waits.
    async fn run_lane(&self, id: Uuid) {
        while let Some(waiting) = self.0.lanes.take(id) {
            self.run_segment(id, waiting).await;
        }
    }

    /// Decides everything that waits and commits it as one segment; after a conflict, again.
    async fn run_segment(&self, id: Uuid, mut waiting: Vec<Waiting>) {
        let mut careful = false;
        for _ in 0..limits::CONFLICT_RETRIES_MAX {
            let replies = match self.decide_all(id, &waiting, careful).await {
                Ok((segment, replies)) => match self.commit(segment).await {
                    Ok(()) => replies,
                    Err(StoreError::Stale { .. } | StoreError::Taken { .. }) => {
                        careful = true;
                        continue;
                    }
                    Err(error) => fail_all(&waiting, &EngineError::from(error)),
                },
                Err(error) => fail_all(&waiting, &error),
            };
            for (waiting, reply) in waiting.drain(..).zip(replies) {
                // A caller that hung up will repeat the command and be answered from history.
                let _gone = waiting.reply.send(reply);
            }
            return;
        }
        for waiting in waiting.drain(..) {
            let _gone = waiting.reply.send(Err(EngineError::Overloaded));
        }
    }

    async fn commit(&self, segment: Option<Segment>) -> Result<(), StoreError> {
        let Some(commit) = segment.and_then(Segment::into_commit) else {
            return Ok(());
        };
        let submitted = (commit.expected == 0).then_some(commit.dossier.id);
        let next_timer = commit.timers.values().flatten().min().copied();
        let mut results = self
            .0
            .store
            .commit(vec![Commit::Dossier(Box::new(commit))])
            .await;
        results
            .pop()
            .unwrap_or_else(|| Err(StoreError::Unavailable("no result".into())))?;
        if let Some(id) = submitted {
            // A draft that outlives its dossier is removed when it expires.
            let _kept = self.0.store.delete_draft(id).await;
        }
        if next_timer.is_some() {
            self.0.timer_set.notify_one();
        }
        Ok(())
    }

    async fn decide_all(
        &self,
        id: Uuid,
        waiting: &[Waiting],
        careful: bool,
    ) -> Result<(Option<Segment>, Vec<Reply>), EngineError> {
        let loaded = self.0.store.load(&DossierKey::Id(id)).await?;
        let picture = self.0.registers.now();
        let mut segment = match loaded {
            Some(loaded) => {
                let mut segment = Segment::of(self, loaded);
                self.fire_due_timers(&mut segment, &picture)?;
                Some(segment)
            }
            None => None,
        };
        let mut replies = Vec::with_capacity(waiting.len());
        for waiting in waiting {
            let reply = self
                .run_one(id, waiting, &mut segment, &picture, careful)
                .await;
            replies.push(reply);
        }
        Ok((segment, replies))
    }

    fn fire_due_timers(&self, segment: &mut Segment, picture: &Picture) -> Result<(), EngineError> {
        let now = segment.now();
        if !segment.dossier.timers.values().any(|at| *at <= now) {
            return Ok(());
        }
        let procedure = pinned(picture, &segment.dossier.procedure.digest)?;
        let (calendar, units) = (calendar(picture)?, self.units());
        let system = Actor::system();
        let context = Context {
            actor: &system,
            command: None,
            now,
            procedure: &procedure,
            effective: None,
            units: &units,
            calendar: &calendar,
            form: &segment.form.clone(),
            code: None,
        };
        let events =
            motcua_dossiers::fire_timers(&segment.dossier, &context).map_err(|rejection| {
                EngineError::Rejected {
                    rejection,
                    situation: None,
                }
            })?;
        segment
            .append(events, None, &procedure)
            .map(|_first_seq| ())
    }

    async fn run_one(
        &self,
        id: Uuid,
        waiting: &Waiting,
        segment: &mut Option<Segment>,
        picture: &Arc<Picture>,
        careful: bool,
    ) -> Reply {
        let request = &waiting.request;
        if let Some(present) = segment {
            if let Some(answer) = self.seen_in_segment(present, waiting)? {
                return Ok(answer);
            }
            self.check_visible(present, request)?;
            if careful && let Some(answer) = self.repeated(id, waiting).await? {
                return Ok(answer);
            }
        }
        let outcome = self.decide_one(id, waiting, segment, picture).await;
        // What looks like a refusal may be the echo of the command's own success.
        if outcome.is_err()
            && segment.is_some()
            && let Some(answer) = self.repeated(id, waiting).await?
        {
            return Ok(answer);
        }
        outcome
    }

    fn seen_in_segment(
        &self,
        segment: &Segment,
        waiting: &Waiting,
    ) -> Result<Option<Answer>, EngineError> {
        match segment.answered(waiting.request.command_id) {
            Some((fingerprint, _)) if *fingerprint != waiting.fingerprint => {
                Err(EngineError::CommandReused)
            }
            Some((_, answer)) => Ok(Some(Answer {
                repeated: true,
                ..answer.clone()
            })),
            None => Ok(None),
        }
    }

    /// What is not visible does not exist; a submission meets only its own dossier.
    fn check_visible(&self, segment: &Segment, request: &Request) -> Result<(), EngineError> {
        let actor = &request.actor;
        let roles = [actor.role];
        let dossier = &segment.dossier;
        let visible = sight(&actor.id, actor.unit.as_deref(), &roles, dossier).is_some()
            || acts_as_party(actor, dossier)
            || actor.role == motcua_procedures::Role::System;
        match (&request.command, visible) {
            (_, true) => Ok(()),
            (Command::Submit(_), false) => Err(EngineError::AlreadyExists { what: "dossier" }),
            (_, false) => Err(EngineError::NotFound { what: "dossier" }),
        }
    }

    async fn decide_one(
        &self,
        id: Uuid,
        waiting: &Waiting,
        segment: &mut Option<Segment>,
        picture: &Arc<Picture>,
    ) -> Reply {
        let request = &waiting.request;
        self.check_version(segment.as_ref(), request, picture)?;
        if let (None, Command::Submit(submit)) = (&segment, &request.command) {
            if let Some(answer) = self.known_filing(submit, request).await? {
                return Ok(answer);
            }
            self.check_draft(id, request).await?;
        }
        let procedure = self.procedure_for(segment.as_ref(), request, picture)?;
        let number = self
            .number_for(segment.as_ref(), request, &procedure)
            .await?;
        let decided = self.decide(
            waiting,
            segment.as_ref(),
            &procedure,
            picture,
            number.as_ref(),
        );
        let decided = match decided {
            Ok(events) => self.reserve_names(id, events, &procedure).await,
            Err(error) => Err(error),
        };
        let events = match decided {
            Ok(events) => events,
            Err(error) => {
                if let Some(number) = number {
                    self.0.numbers.give_back(number).await;
                }
                return Err(self.informed(error, segment.as_ref(), picture));
            }
        };
        if let Some(number) = number
            && !events.iter().any(|event| event.facts.code.is_some())
        {
            self.0.numbers.give_back(number).await;
        }
        let command = waiting_ref(waiting);
        let first_seq = match segment {
            Some(segment) => segment.append(events, Some(&command), &procedure)?,
            None => {
                let unborn = Segment::unborn(self, id);
                *segment = Some(unborn.born(events, &command, &procedure)?);
                1
            }
        };
        let present = segment.as_mut().expect("the segment was just extended");
        if let Command::Submit(submit) = &request.command {
            present.index_persons(&submit.persons, &self.0.secret);
        }
        let repinned = pinned(picture, &present.dossier.procedure.digest)?;
        let answer = Answer {
            view: DossierView::new(present.dossier.clone(), present.head_hash(), repinned),
            first_seq,
            repeated: false,
            tracking_secret: self.tracking_secret(&request.command, id),
        };
        present.remember(
            request.command_id,
            waiting.fingerprint.clone(),
            answer.clone(),
        );
        Ok(answer)
    }

    fn tracking_secret(&self, command: &Command, id: Uuid) -> Option<String> {
        matches!(command, Command::Submit(_)).then(|| self.0.secret.tracking_secret(id))
    }

    fn check_version(
        &self,
        segment: Option<&Segment>,
        request: &Request,
        picture: &Picture,
    ) -> Result<(), EngineError> {
        let actual = segment.map_or(0, |segment| segment.dossier.version);
        match request.expected {
            Some(expected) if expected != actual => {
                let stale = EngineError::Stale {
                    expected,
                    actual,
                    situation: None,
                };
                Err(self.informed(stale, segment, picture))
            }
            _ => Ok(()),
        }
    }

    fn procedure_for(
        &self,
        segment: Option<&Segment>,
        request: &Request,
        picture: &Picture,
    ) -> Result<Arc<Procedure>, EngineError> {
        match (segment, &request.command) {
            (Some(segment), _) => pinned(picture, &segment.dossier.procedure.digest),
            (None, Command::Submit(submit)) => {
                let today = motcua_dossiers::local_date(self.now());
                let found = picture.effective(&submit.procedure, today);
                found
                    .cloned()
                    .ok_or(EngineError::NotFound { what: "procedure" })
            }
            (None, _) => Err(EngineError::NotFound { what: "dossier" }),
        }
    }

    /// Reserves a number when this command may give out the dossier code.
    async fn number_for(
        &self,
        segment: Option<&Segment>,
        request: &Request,
        procedure: &Procedure,
    ) -> Result<Option<Taken>, EngineError> {
        let at = procedure.definition().number_at;
        let unit = match (&request.command, segment) {
            (Command::Submit(submit), None) if at == NumberAt::Submit => &submit.receiving_unit,
            (Command::Accept(_), Some(segment))
                if at == NumberAt::Accept && segment.dossier.code.is_none() =>
            {
                &segment.dossier.filing.receiving_unit
            }
            _ => return Ok(None),
        };
        let day = motcua_dossiers::local_date(self.now());
        let units = self.units();
        let Some(agency) = units.unit(unit).and_then(|unit| unit.code_on(day)) else {
            return Ok(None);
        };
        Ok(Some(self.0.numbers.take(&self.0.store, agency, day).await?))
    }

    fn decide(
        &self,
        waiting: &Waiting,
        segment: Option<&Segment>,
        procedure: &Procedure,
        picture: &Picture,
        number: Option<&Taken>,
    ) -> Result<Vec<motcua_dossiers::event::Event>, EngineError> {
        let request = &waiting.request;
        let now = segment.map_or_else(|| self.now(), Segment::now);
        let today = motcua_dossiers::local_date(now);
        let effective = picture.effective(&procedure.reference().code, today);
        let newer = effective.filter(|p| p.reference().digest != procedure.reference().digest);
        let (calendar, units) = (calendar(picture)?, self.units());
        let code = number.map(Taken::code);
        let command = waiting_ref(waiting);
        let empty = serde_json::Value::Null;
        let context = Context {
            actor: &request.actor,
            command: Some(&command),
            now,
            procedure,
            effective: newer.map(Arc::as_ref),
            units: &units,
            calendar: &calendar,
            form: segment.map_or(&empty, |segment| &segment.form),
            code: code.as_deref(),
        };
        let dossier = segment.map(|segment| &segment.dossier);
        motcua_dossiers::decide(dossier, &request.command, &context).map_err(|rejection| {
            EngineError::Rejected {
                rejection,
                situation: None,
            }
        })
    }

    /// Takes the names that the events hold, before they are committed (decision 4).
    async fn reserve_names(
        &self,
        id: Uuid,
        events: Vec<motcua_dossiers::event::Event>,
        procedure: &Procedure,
    ) -> Result<Vec<motcua_dossiers::event::Event>, EngineError> {
        for name in events
            .iter()
            .filter_map(|event| event.facts.reserved.as_ref())
        {
            let days = procedure
                .definition()
                .steps
                .iter()
                .flat_map(|step| &step.actions);
            let days = days
                .filter_map(|a| a.reserves.as_ref())
                .map(|r| r.days)
                .max()
                .unwrap_or(1);
            let now = self.now();
            let until = now + jiff::SignedDuration::from_hours(24 * i64::from(days));
            if !self.0.store.reserve_name(name, id, now, until).await? {
                let message = Text {
                    vi: "Tên này đang được giữ hoặc đã được đăng ký cho hồ sơ khác.".into(),
                    en: "Another dossier holds or has registered this name; choose another.".into(),
                };
                let reason = Reason::NameTaken;
                let rejection = Rejection {
                    reason,
                    message,
                    violations: Vec::new(),
                };
                return Err(EngineError::Rejected {
                    rejection,
                    situation: None,
                });
            }
        }
        Ok(events)
    }

    /// Adds where the dossier stands to a refusal.
    pub(crate) fn informed(
        &self,
        error: EngineError,
        segment: Option<&Segment>,
        picture: &Picture,
    ) -> EngineError {
        let situation = segment.and_then(|segment| self.situation(segment, picture).map(Box::new));
        match error {
            EngineError::Rejected { rejection, .. } => EngineError::Rejected {
                rejection,
                situation,
            },
            EngineError::Stale {
                expected, actual, ..
            } => EngineError::Stale {
                expected,
                actual,
                situation,
            },
            other => other,
        }
    }

    fn situation(&self, segment: &Segment, picture: &Picture) -> Option<Situation> {
        let dossier = &segment.dossier;
        let procedure = picture.pinned(&dossier.procedure.digest)?;
        Some(Situation {
            id: dossier.id,
            version: dossier.version,
            state: dossier.state.clone(),
            state_name: procedure.step(&dossier.state).map_or_else(
                || Text {
                    vi: String::new(),
                    en: String::new(),
                },
                |s| s.name.clone(),
            ),
            status: dossier.status,
            since: dossier.since,
            last: dossier.last.clone(),
            offers: motcua_dossiers::offers(dossier, procedure),
        })
    }

    /// The answer of a command that was committed before, rebuilt from the history.
    async fn repeated(&self, id: Uuid, waiting: &Waiting) -> Result<Option<Answer>, EngineError> {
        let command = waiting.request.command_id;
        let Some(first_seq) = self.0.store.find_command(id, command).await? else {
            return Ok(None);
        };
        let past = self.fold_command(id, first_seq, command).await?;
        if past.fingerprint != waiting.fingerprint {
            return Err(EngineError::CommandReused);
        }
        let picture = self.0.registers.now();
        let procedure = pinned(&picture, &past.dossier.procedure.digest)?;
        Ok(Some(Answer {
            view: DossierView::new(past.dossier, past.hash, procedure),
            first_seq,
            repeated: true,
            tracking_secret: self.tracking_secret(&waiting.request.command, id),
        }))
    }

    /// The dossier that a portal filing with this reference became (I10).
    async fn known_filing(
        &self,
        submit: &motcua_dossiers::command::Submit,
        request: &Request,
    ) -> Result<Option<Answer>, EngineError> {
        let Some(external) = &submit.external else {
            return Ok(None);
        };
        let key = DossierKey::External(external.source.clone(), external.id.clone());
        let Some(Loaded { dossier, head, .. }) = self.0.store.load(&key).await? else {
            return Ok(None);
        };
        if !acts_as_party(&request.actor, &dossier) {
            return Err(EngineError::AlreadyExists {
                what: "external reference",
            });
        }
        let picture = self.0.registers.now();
        let procedure = pinned(&picture, &dossier.procedure.digest)?;
        Ok(Some(Answer {
            first_seq: dossier.version,
            repeated: true,
            tracking_secret: Some(self.0.secret.tracking_secret(dossier.id)),
            view: DossierView::new(dossier, head.hash, procedure),
        }))
    }

    async fn check_draft(&self, id: Uuid, request: &Request) -> Result<(), EngineError> {
        let draft = self.0.store.draft(id).await?;
        let own = |owner: &str| owner == request.actor.id || owner == request.actor.person();
        match draft {
            Some(draft) if !own(&draft.owner) => Err(EngineError::AlreadyExists { what: "draft" }),
            _ => Ok(()),
        }
    }
}

fn waiting_ref(waiting: &Waiting) -> CommandRef {
    CommandRef {
        id: waiting.request.command_id,
        fingerprint: waiting.fingerprint.clone(),
    }
}

/// The procedure that a dossier is pinned to.
pub(crate) fn pinned(picture: &Picture, digest: &str) -> Result<Arc<Procedure>, EngineError> {
    let procedure = picture.pinned(digest).cloned();
    procedure.ok_or_else(|| EngineError::Corrupt(format!("no procedure with digest {digest}")))
}

fn calendar(picture: &Picture) -> Result<Arc<motcua_deadlines::Calendar>, EngineError> {
    picture.calendar.clone().ok_or_else(|| {
        EngineError::Unavailable("no working calendar is loaded: run `motcua calendar load`".into())
    })
}

/// The same failure for everyone of a segment.
fn fail_all(waiting: &[Waiting], error: &EngineError) -> Vec<Reply> {
    let copy = |_: &Waiting| {
        Err(match error {
            EngineError::Overloaded => EngineError::Overloaded,
            EngineError::OutcomeUnknown => EngineError::OutcomeUnknown,
            EngineError::Corrupt(why) => EngineError::Corrupt(why.clone()),
            EngineError::Rejected { rejection, .. } => EngineError::Rejected {
                rejection: rejection.clone(),
                situation: None,
            },
            other => EngineError::Unavailable(other.to_string()),
        })
    };
    waiting.iter().map(copy).collect()
}
