//! Deciding one command on top of what its lane has gathered.
//!
//! A refusal drops only its own command. What looks like a refusal may be the echo of the
//! command's own success, so before a refusal goes out the history is asked for the command's id.

use std::sync::Arc;

use jiff::Timestamp;
use motcua_dossiers::Context;
use motcua_dossiers::command::{Command, Submit};
use motcua_dossiers::event::Event;
use motcua_dossiers::names::payment_key;
use motcua_dossiers::policy::{acts_as_party, sight};
use motcua_dossiers::rejection::{Reason, Rejection};
use motcua_procedures::{NumberAt, Procedure, Role, Text};
use motcua_store::contract::{Documents, DossierKey, Loaded, Store};
use uuid::Uuid;

use crate::error::{EngineError, Situation};
use crate::execute::{Answer, Request, calendar, pinned};
use crate::lane::{Reply, Waiting};
use crate::numbers::Taken;
use crate::picture::Picture;
use crate::segment::Segment;
use crate::view::DossierView;
use crate::{Engine, limits};

impl<S: Store, D: Documents> Engine<S, D> {
    /// Decides what waits; `earlier` is what waited before it, with its replies.
    pub(crate) async fn run_one(
        &self,
        id: Uuid,
        waiting: &Waiting,
        earlier: (&[Waiting], &[Reply]),
        segment: &mut Option<Segment>,
        picture: &Arc<Picture>,
        careful: bool,
    ) -> Reply {
        let request = &waiting.request;
        if let Some(present) = segment {
            if let Some(answer) = answered_before(waiting, earlier)? {
                return Ok(answer);
            }
            // An act may have taken the dossier out of the actor's sight; its repeat is answered.
            if let Err(invisible) = self.check_visible(present, request) {
                return self.repeated(id, waiting).await.ok().flatten().ok_or(invisible);
            }
            if careful && let Some(answer) = self.repeated(id, waiting).await? {
                return Ok(answer);
            }
        }
        let outcome = self.decide_one(id, waiting, segment, picture, careful).await;
        // What looks like a refusal may be the echo of the command's own success.
        if outcome.is_err()
            && segment.is_some()
            && let Some(answer) = self.repeated(id, waiting).await?
        {
            return Ok(answer);
        }
        outcome
    }

    /// What is not visible does not exist; a submission meets only its own dossier.
    fn check_visible(&self, segment: &Segment, request: &Request) -> Result<(), EngineError> {
        let actor = &request.actor;
        let roles = [actor.role];
        let dossier = &segment.dossier;
        let visible = sight(&actor.id, actor.unit.as_deref(), &roles, dossier).is_some()
            || acts_as_party(actor, dossier)
            || actor.role == Role::System
            // Whoever administers procedures sees no dossier, and moves all of a version.
            || (actor.role == Role::Administrator
                && matches!(request.command, Command::Migrate(_)));
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
        careful: bool,
    ) -> Reply {
        let request = &waiting.request;
        self.check_version(segment.as_ref(), request, picture)?;
        if let Command::Submit(submit) = &request.command {
            if let Some(answer) = self.known_filing(submit, request).await? {
                return Ok(answer);
            }
            self.check_draft(id, request).await?;
        }
        let now = segment.as_ref().map_or_else(|| self.now(), Segment::now);
        let procedure = self.procedure_for(segment.as_ref(), request, now, picture)?;
        let holder = careful.then_some(id);
        let events = self.events_of(waiting, segment.as_ref(), now, &procedure, picture, holder);
        let decided = events.await.map_err(|error| self.informed(error, segment.as_ref(), picture));
        let (events, number) = decided?;
        // Nothing to do: the command was carried out before, by itself or by its like.
        let nothing = events.is_empty();
        if nothing && let Some(answer) = self.repeated(id, waiting).await? {
            return Ok(answer);
        }
        let command = waiting.reference();
        let first_seq = match segment {
            Some(segment) => segment.append(events, Some(&command), &procedure)?,
            None => {
                let unborn = Segment::unborn(self, id, now);
                *segment = Some(unborn.born(events, &command, &procedure)?);
                1
            }
        };
        let present = segment.as_mut().expect("the segment was just extended");
        present.numbers.extend(number);
        if let Command::Submit(submit) = &request.command {
            present.index_persons(&submit.persons, &self.0.secret);
        }
        let repinned = pinned(picture, &present.dossier.procedure.digest)?;
        Ok(Answer {
            view: DossierView::new(Arc::clone(&present.dossier), present.head_hash(), repinned),
            first_seq,
            repeated: nothing,
            tracking_secret: self.tracking_secret(&request.command, id),
        })
    }

    /// What the core decides, with the number that an event carries, and its names reserved where
    /// there is a `holder`. A number that no event carries goes back.
    async fn events_of(
        &self,
        waiting: &Waiting,
        segment: Option<&Segment>,
        now: Timestamp,
        procedure: &Procedure,
        picture: &Picture,
        holder: Option<Uuid>,
    ) -> Result<(Vec<Event>, Option<Taken>), EngineError> {
        let number = self.number_for(segment, &waiting.request, now, procedure).await?;
        let decided = self.decide(waiting, segment, now, procedure, picture, number.as_ref());
        let events = match (decided, holder) {
            (Ok(events), Some(id)) => self.reserve_names(id, segment, events).await,
            (decided, _) => decided,
        };
        let carried = |event: &Event| event.facts.code.is_some();
        let is_carried = events.as_ref().is_ok_and(|events| events.iter().any(carried));
        match (number, is_carried) {
            (Some(number), false) => {
                self.0.numbers.give_back(number).await;
                Ok((events?, None))
            }
            (number, _) => Ok((events?, number)),
        }
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
                let stale = EngineError::Stale { expected, actual, situation: None };
                Err(self.informed(stale, segment, picture))
            }
            _ => Ok(()),
        }
    }

    fn procedure_for(
        &self,
        segment: Option<&Segment>,
        request: &Request,
        now: Timestamp,
        picture: &Picture,
    ) -> Result<Arc<Procedure>, EngineError> {
        match (segment, &request.command) {
            (Some(segment), _) => pinned(picture, &segment.dossier.procedure.digest),
            (None, Command::Submit(submit)) => {
                let today = motcua_dossiers::local_date(now);
                picture.open_for_filing(&submit.procedure, today).cloned()
            }
            (None, _) => Err(EngineError::NotFound { what: "dossier" }),
        }
    }

    /// Reserves a number when this command may give out the dossier code.
    async fn number_for(
        &self,
        segment: Option<&Segment>,
        request: &Request,
        now: Timestamp,
        procedure: &Procedure,
    ) -> Result<Option<Taken>, EngineError> {
        let at = procedure.definition().number_at;
        let unit = match (&request.command, segment) {
            (Command::Submit(submit), None) if at == NumberAt::Submit => &submit.receiving_unit,
            (Command::Accept(_) | Command::Admit(_), Some(segment))
                if segment.dossier.code.is_none() =>
            {
                &segment.dossier.filing.receiving_unit
            }
            _ => return Ok(None),
        };
        let day = motcua_dossiers::local_date(now);
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
        now: Timestamp,
        procedure: &Procedure,
        picture: &Picture,
        number: Option<&Taken>,
    ) -> Result<Vec<Event>, EngineError> {
        let request = &waiting.request;
        let (calendar, units) = (calendar(picture)?, self.units());
        let target = match &request.command {
            Command::Migrate(migrate) => Some(pinned(picture, &migrate.to)?),
            _ => None,
        };
        let newer = picture.newer(target.as_deref().unwrap_or(procedure), now);
        let code = number.map(Taken::code);
        let command = waiting.reference();
        let empty = serde_json::Value::Null;
        let context = Context {
            actor: &request.actor,
            command: Some(&command),
            now,
            procedure,
            effective: newer,
            target: target.as_deref(),
            units: &units,
            calendar: &calendar,
            form: segment.map_or(&empty, |segment| &*segment.form),
            code: code.as_deref(),
            digests: &self.0.secret,
        };
        let dossier = segment.map(|segment| &*segment.dossier);
        motcua_dossiers::decide(dossier, &request.command, &context)
            .map_err(|rejection| EngineError::Rejected { rejection, situation: None })
    }

    /// Takes the names and payment references that the events hold, before they are committed. The
    /// commit itself holds them, a name until the dossier ends and a reference for ever, and is
    /// refused as a whole where another dossier has one. So this takes place only when such a commit
    /// is decided anew: it tells which command of the segment is to be refused, and takes over what
    /// was reserved and never committed.
    async fn reserve_names(
        &self,
        id: Uuid,
        segment: Option<&Segment>,
        events: Vec<Event>,
    ) -> Result<Vec<Event>, EngineError> {
        let names = events.iter().filter_map(|event| event.facts.reserved.as_ref());
        for name in names {
            self.reserve(id, name, name_taken).await?;
        }
        let payments = events.iter().filter_map(|event| event.facts.payment.as_ref());
        if let Some(segment) = segment {
            let unit = &segment.dossier.filing.receiving_unit;
            for payment in payments {
                let key = payment_key(unit, &payment.external_reference);
                self.reserve(id, &key, reference_used).await?;
            }
        }
        Ok(events)
    }

    async fn reserve(
        &self,
        id: Uuid,
        name: &str,
        taken: fn() -> Rejection,
    ) -> Result<(), EngineError> {
        let now = self.now();
        let until = now + jiff::SignedDuration::from_secs(limits::RESERVATION_WINDOW_S);
        if self.0.store.reserve_name(name, id, now, until).await? {
            return Ok(());
        }
        Err(EngineError::Rejected { rejection: taken(), situation: None })
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
            EngineError::Rejected { rejection, .. } => {
                EngineError::Rejected { rejection, situation }
            }
            EngineError::Stale { expected, actual, .. } => {
                EngineError::Stale { expected, actual, situation }
            }
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
            state_name: procedure
                .step(&dossier.state)
                .map_or_else(|| Text { vi: String::new(), en: String::new() }, |s| s.name.clone()),
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
        let past = match self.fold_command(id, first_seq, command).await {
            Err(away @ EngineError::MovedAway { .. }) => {
                self.last_command(id, first_seq, command).await?.ok_or(away)?
            }
            past => past?,
        };
        if past.fingerprint != waiting.fingerprint {
            return Err(EngineError::CommandReused);
        }
        let picture = self.0.registers.now();
        let procedure = pinned(&picture, &past.dossier.procedure.digest)?;
        Ok(Some(Answer {
            view: DossierView::new(Arc::new(past.dossier), past.hash, procedure),
            first_seq,
            repeated: true,
            tracking_secret: self.tracking_secret(&waiting.request.command, id),
        }))
    }

    /// The dossier that a portal filing with this reference became (I10).
    async fn known_filing(
        &self,
        submit: &Submit,
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
            return Err(EngineError::AlreadyExists { what: "external reference" });
        }
        let picture = self.picture_with(&dossier.procedure.digest).await?;
        let procedure = pinned(&picture, &dossier.procedure.digest)?;
        Ok(Some(Answer {
            first_seq: 1,
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

/// The answer that the same command got before in this segment.
fn answered_before(
    waiting: &Waiting,
    (others, replies): (&[Waiting], &[Reply]),
) -> Result<Option<Answer>, EngineError> {
    let same = |other: &Waiting| other.request.command_id == waiting.request.command_id;
    let pairs = others.iter().zip(replies).filter(|(other, _)| same(other));
    match pairs.filter_map(|(other, reply)| Some((other, reply.as_ref().ok()?))).next() {
        Some((other, _)) if other.fingerprint != waiting.fingerprint => {
            Err(EngineError::CommandReused)
        }
        Some((_, answer)) => Ok(Some(Answer { repeated: true, ..answer.clone() })),
        None => Ok(None),
    }
}

fn name_taken() -> Rejection {
    let message = Text {
        vi: "Tên này đang được giữ hoặc đã được đăng ký cho hồ sơ khác.".into(),
        en: "Another dossier holds or has registered this name; choose another.".into(),
    };
    Rejection { reason: Reason::NameTaken, message, violations: Vec::new() }
}

/// Says nothing of the other dossier: whoever records a payment need not be able to see it.
fn reference_used() -> Rejection {
    let message = Text {
        vi: "Số biên lai hoặc mã giao dịch này đã dùng cho một khoản nộp khác; hãy đối chiếu chứng từ."
            .into(),
        en: "This reference has paid something else already; compare it with the voucher.".into(),
    };
    Rejection { reason: Reason::PaymentMismatch, message, violations: Vec::new() }
}
