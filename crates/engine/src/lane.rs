//! Lanes: everything that waits for one dossier, decided in order, committed as one segment.
//!
//! A lane exists while commands wait for its dossier. Its task takes them all, decides them in
//! memory and commits once. Lanes of different dossiers run side by side and meet in the store's
//! group commit.

use std::collections::HashMap;
use std::mem::{replace, take};
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;

use futures::FutureExt as _;
use jiff::SignedDuration;
use motcua_dossiers::Context;
use motcua_dossiers::command::{Actor, Command, CommandRef};
use motcua_dossiers::rejection::Rejection;
use motcua_store::contract::{Commit, Documents, DossierKey, Loaded, Store};
use motcua_store::error::StoreError;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::error::EngineError;
use crate::execute::{Answer, Request, calendar, pinned};
use crate::numbers::Taken;
use crate::picture::Picture;
use crate::segment::Segment;
use crate::watch::Wake;
use crate::{Engine, limits};

pub(crate) type Reply = Result<Answer, EngineError>;

/// What is to be written, and the replies to all that waited.
type Decided = Result<(Option<Segment>, Vec<Reply>), EngineError>;

/// A command that waits in a lane.
pub(crate) struct Waiting {
    pub(crate) request: Request,
    pub(crate) fingerprint: String,
    pub(crate) reply: oneshot::Sender<Reply>,
}

/// What is known of a dossier without asking the store.
enum AtHand {
    /// Nothing: it is read.
    Nothing,
    /// As this node last wrote it.
    Standing(Loaded),
    /// There is none yet, as it is with most that are being submitted.
    Absent,
}

impl Waiting {
    fn submits(&self) -> bool {
        matches!(self.request.command, Command::Submit(_))
    }

    /// The command's id and fingerprint, as they stand in events.
    pub(crate) fn reference(&self) -> CommandRef {
        CommandRef { id: self.request.command_id, fingerprint: self.fingerprint.clone() }
    }
}

/// Commands waiting, by dossier.
#[derive(Default)]
pub(crate) struct Lanes(Mutex<HashMap<Uuid, Vec<Waiting>>>);

impl Lanes {
    /// Whether a command on a dossier may wait, as things stand.
    pub(crate) fn admit(&self, dossier: Uuid) -> Result<(), EngineError> {
        has_room(&self.0.lock().expect("no holder of this lock panics"), dossier)
    }

    /// Adds a command; true if the lane is new and needs a task.
    pub(crate) fn join(&self, dossier: Uuid, waiting: Waiting) -> Result<bool, EngineError> {
        let mut lanes = self.0.lock().expect("no holder of this lock panics");
        has_room(&lanes, dossier)?;
        match lanes.get_mut(&dossier) {
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

    /// Opens a lane in which nothing waits; false if there is one, or are too many.
    fn open(&self, dossier: Uuid) -> bool {
        let mut lanes = self.0.lock().expect("no holder of this lock panics");
        if lanes.len() >= limits::LANES_MAX || lanes.contains_key(&dossier) {
            return false;
        }
        lanes.insert(dossier, Vec::new());
        true
    }

    /// Closes a lane unless something waits in it; true if so, and it needs a task.
    fn close(&self, dossier: Uuid) -> bool {
        let mut lanes = self.0.lock().expect("no holder of this lock panics");
        let is_waited_for = lanes.get(&dossier).is_some_and(|lane| !lane.is_empty());
        if !is_waited_for {
            lanes.remove(&dossier);
        }
        is_waited_for
    }

    /// Takes what waits; none closes the lane.
    fn take(&self, dossier: Uuid) -> Option<Vec<Waiting>> {
        let mut lanes = self.0.lock().expect("no holder of this lock panics");
        let waiting = lanes.get_mut(&dossier).map(std::mem::take).filter(|w| !w.is_empty());
        if waiting.is_none() {
            lanes.remove(&dossier);
        }
        waiting
    }
}

fn has_room(lanes: &HashMap<Uuid, Vec<Waiting>>, dossier: Uuid) -> Result<(), EngineError> {
    let has_room = match lanes.get(&dossier) {
        Some(lane) => lane.len() < limits::LANE_COMMANDS_MAX,
        None => lanes.len() < limits::LANES_MAX,
    };
    has_room.then_some(()).ok_or(EngineError::Overloaded)
}

/// A lane without commands, taken by whoever writes the dossier in another way. Commands that come
/// meanwhile wait; when the lane is let go, a task works them off.
pub(crate) struct HeldLane<S: Store, D: Documents> {
    engine: Engine<S, D>,
    id: Uuid,
}

impl<S: Store, D: Documents> HeldLane<S, D> {
    /// Takes the lane of a dossier; none if commands wait in it, or are under way.
    pub(crate) fn hold(engine: &Engine<S, D>, id: Uuid) -> Option<Self> {
        engine.0.lanes.open(id).then(|| Self { engine: engine.clone(), id })
    }

    /// The dossier.
    pub(crate) fn id(&self) -> Uuid {
        self.id
    }
}

impl<S: Store, D: Documents> Drop for HeldLane<S, D> {
    fn drop(&mut self) {
        let (engine, id) = (self.engine.clone(), self.id);
        // Where the runtime is gone, so is whoever waited.
        if engine.0.lanes.close(id) && tokio::runtime::Handle::try_current().is_ok() {
            crate::spawn(async move { engine.run_lane(id).await });
        }
    }
}

impl<S: Store, D: Documents> Engine<S, D> {
    /// Works off a lane until nothing waits.
    pub(crate) async fn run_lane(&self, id: Uuid) {
        while let Some(waiting) = self.0.lanes.take(id) {
            // The lane must outlive a defect, or the dossier would wait for ever. Callers whose
            // reply is dropped learn that the outcome is unknown.
            let segment = AssertUnwindSafe(self.run_segment(id, waiting));
            if segment.catch_unwind().await.is_err() {
                tracing::error!(dossier.id = %id, "deciding for dossier {id} panicked");
            }
        }
    }

    /// Decides everything that waits and commits it as one segment; after a conflict, again.
    async fn run_segment(&self, id: Uuid, mut waiting: Vec<Waiting>) {
        let mut careful = false;
        let mut at_hand = match self.0.standing.take(id) {
            Some(loaded) => AtHand::Standing(loaded),
            None if waiting.first().is_some_and(Waiting::submits) => AtHand::Absent,
            None => AtHand::Nothing,
        };
        // What was at hand costs no try.
        let tries = limits::CONFLICT_RETRIES_MAX + u32::from(!matches!(at_hand, AtHand::Nothing));
        for _ in 0..tries {
            let at_hand = replace(&mut at_hand, AtHand::Nothing);
            let is_absent = matches!(at_hand, AtHand::Absent);
            // Another node may have gone on from what stood here. A commit finds out that a guess was
            // wrong; a refusal, or a command that changes nothing, would never.
            let is_standing = matches!(at_hand, AtHand::Standing(_));
            let is_guess = is_absent || (is_standing && self.0.store.is_shared());
            let decided = self.decide_all(id, &waiting, at_hand, careful).await;
            if is_guess && !is_found_out(&decided) {
                if let Ok((Some(mut segment), _)) = decided {
                    self.return_unused(take(&mut segment.numbers)).await;
                }
                continue;
            }
            let replies = match decided {
                Ok((mut segment, replies)) => {
                    let numbers = segment.as_mut().map(|segment| take(&mut segment.numbers));
                    match self.write(segment).await {
                        Ok(()) => replies,
                        Err(error) => {
                            self.return_numbers(&error, numbers.unwrap_or_default()).await;
                            match error {
                                StoreError::Stale { .. } | StoreError::Taken { .. } => {
                                    careful = true;
                                    continue;
                                }
                                // A repeated submission is answered although nothing can be written.
                                _ if is_absent && self.exists(id).await => continue,
                                error => fail_all(&waiting, &EngineError::from(error)),
                            }
                        }
                    }
                }
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

    async fn exists(&self, id: Uuid) -> bool {
        self.0.store.versions(&[id]).await.is_ok_and(|found| !found.is_empty())
    }

    /// Gives the numbers of a segment back that was not written. A code that may be taken is not asked
    /// for again. Where one is, others of its block may be too: a server took over that did not know of it.
    async fn return_numbers(&self, why: &StoreError, numbers: Vec<Taken>) {
        if matches!(why, StoreError::Taken { what: "dossier code" }) {
            for number in numbers {
                self.0.numbers.drop_block_of(&number).await;
            }
        } else if why.wrote_nothing() {
            self.return_unused(numbers).await;
        }
    }

    async fn return_unused(&self, numbers: Vec<Taken>) {
        for number in numbers {
            self.0.numbers.give_back(number).await;
        }
    }

    async fn write(&self, segment: Option<Segment>) -> Result<(), StoreError> {
        if let Some(segment) = segment {
            let stands = self.commit(segment).await?;
            self.keep_at_hand(stands);
        }
        Ok(())
    }

    /// Keeps an open dossier as it stands, for whoever goes on from there.
    pub(crate) fn keep_at_hand(&self, stands: Loaded) {
        if !stands.dossier.closed {
            self.0.standing.keep(stands);
        }
    }

    /// Writes what was decided; answers the dossier as it stands then.
    pub(crate) async fn commit(&self, mut segment: Segment) -> Result<Loaded, StoreError> {
        let stood_in = take(&mut segment.units);
        let standing = segment.standing();
        let Some(commit) = segment.into_commit() else {
            return Ok(standing);
        };
        let wake = Wake::of(self, &commit, stood_in);
        // The worker looks at least so often by itself; only nearer timers need to wake it.
        let horizon =
            self.now() + SignedDuration::from_secs(limits::TIMER_POLL_MAX_S.cast_signed());
        let is_near = commit.timers.values().flatten().any(|at| *at <= horizon);
        let mut results = self.0.store.commit(vec![Commit::Dossier(Box::new(commit))]).await;
        results.pop().unwrap_or_else(|| Err(StoreError::Unavailable("no result".into())))?;
        wake.up(self);
        if is_near {
            self.0.timer_set.notify_one();
        }
        Ok(standing)
    }

    async fn decide_all(
        &self,
        id: Uuid,
        waiting: &[Waiting],
        at_hand: AtHand,
        careful: bool,
    ) -> Decided {
        let loaded = match at_hand {
            AtHand::Standing(loaded) => Some(loaded),
            AtHand::Absent => None,
            AtHand::Nothing => self.0.store.load(&DossierKey::Id(id)).await?,
        };
        let picture = match &loaded {
            Some(loaded) => self.picture_with(&loaded.dossier.procedure.digest).await?,
            None => self.0.registers.now(),
        };
        let mut segment = match loaded {
            Some(loaded) => {
                let mut segment = Segment::of(self, loaded);
                self.fire_due_timers(&mut segment, &picture)?;
                Some(segment)
            }
            None => None,
        };
        let mut replies = Vec::with_capacity(waiting.len());
        for (place, next) in waiting.iter().enumerate() {
            let earlier = (&waiting[..place], replies.as_slice());
            let reply = self.run_one(id, next, earlier, &mut segment, &picture, careful).await;
            replies.push(reply);
        }
        Ok((segment, replies))
    }

    /// Fires what is due, before anything else happens.
    pub(crate) fn fire_due_timers(
        &self,
        segment: &mut Segment,
        picture: &Picture,
    ) -> Result<(), EngineError> {
        let now = segment.now();
        let is_due = |segment: &Segment| segment.dossier.timers.values().any(|at| *at <= now);
        if !is_due(segment) {
            return Ok(());
        }
        let procedure = pinned(picture, &segment.dossier.procedure.digest)?;
        let (calendar, units) = (calendar(picture)?, self.units());
        let system = Actor::system();
        // Each round fires a bounded number; all that is due fires before anything else happens.
        while is_due(segment) {
            let context = Context {
                actor: &system,
                command: None,
                now,
                procedure: &procedure,
                effective: None,
                target: None,
                units: &units,
                calendar: &calendar,
                form: &segment.form,
                code: None,
                digests: &self.0.secret,
            };
            let events = motcua_dossiers::fire_timers(&segment.dossier, &context);
            let events = events.map_err(timers_stuck)?;
            if events.is_empty() {
                break;
            }
            segment.append(events, None, &procedure)?;
        }
        Ok(())
    }
}

/// Whoever asks for something else is not at fault: the service lacks what it needs.
pub(crate) fn timers_stuck(rejection: Rejection) -> EngineError {
    EngineError::TimersStuck(Box::new(rejection))
}

/// Whether the commit of what was decided will tell if it was decided on an old state.
fn is_found_out(decided: &Decided) -> bool {
    decided.as_ref().is_ok_and(|(segment, replies)| {
        segment.as_ref().is_some_and(|segment| !segment.is_empty())
            && replies.iter().all(Result::is_ok)
    })
}

/// The same failure for everyone of a segment.
fn fail_all(waiting: &[Waiting], error: &EngineError) -> Vec<Reply> {
    let copy = |_: &Waiting| {
        Err(match error {
            EngineError::Overloaded => EngineError::Overloaded,
            EngineError::OutcomeUnknown => EngineError::OutcomeUnknown,
            EngineError::Corrupt(why) => EngineError::Corrupt(why.clone()),
            EngineError::TimersStuck(why) => EngineError::TimersStuck(why.clone()),
            EngineError::CalendarMissing => EngineError::CalendarMissing,
            EngineError::Rejected { rejection, .. } => {
                EngineError::Rejected { rejection: rejection.clone(), situation: None }
            }
            other => EngineError::Unavailable(other.to_string()),
        })
    };
    waiting.iter().map(copy).collect()
}

#[cfg(test)]
mod tests {
    use motcua_dossiers::command::Command;

    use super::*;

    fn waiting() -> Waiting {
        let request = Request {
            dossier: DossierKey::Id(Uuid::nil()),
            command_id: Uuid::nil(),
            expected: None,
            actor: Actor::system(),
            command: Command::FireTimers,
        };
        Waiting { request, fingerprint: String::new(), reply: oneshot::channel().0 }
    }

    #[test]
    fn what_comes_while_a_lane_is_held_waits_until_it_is_let_go() {
        let (lanes, id) = (Lanes::default(), Uuid::from_u128(1));
        assert!(lanes.open(id));
        assert!(!lanes.open(id), "it is held");
        assert!(
            !lanes.join(id, waiting()).expect("there is room"),
            "whoever holds it starts the task"
        );
        assert!(lanes.close(id), "something waits");
        assert!(!lanes.open(id), "and comes first");
        assert_eq!(lanes.take(id).map(|waiting| waiting.len()), Some(1));
        assert!(lanes.take(id).is_none());
        assert!(lanes.open(id) && !lanes.close(id));
        assert!(lanes.join(id, waiting()).expect("there is room"), "nobody holds it");
        assert!(!lanes.open(id), "commands wait in it");
    }

    #[test]
    fn beyond_the_limits_nobody_joins_until_something_is_taken() {
        let lanes = Lanes::default();
        let ids: Vec<Uuid> = (0..limits::LANES_MAX as u128).map(Uuid::from_u128).collect();
        for id in &ids {
            assert!(matches!(lanes.join(*id, waiting()), Ok(true)));
        }
        let other = Uuid::max();
        assert!(matches!(lanes.join(other, waiting()), Err(EngineError::Overloaded)));
        assert!(matches!(lanes.admit(other), Err(EngineError::Overloaded)));
        for _ in 1..limits::LANE_COMMANDS_MAX {
            assert!(matches!(lanes.join(ids[0], waiting()), Ok(false)), "its lane has room");
        }
        assert!(matches!(lanes.join(ids[0], waiting()), Err(EngineError::Overloaded)));
        assert_eq!(
            lanes.take(ids[0]).map(|waiting| waiting.len()),
            Some(limits::LANE_COMMANDS_MAX)
        );
        assert!(matches!(lanes.join(ids[0], waiting()), Ok(false)));
        assert_eq!(lanes.take(ids[1]).map(|waiting| waiting.len()), Some(1));
        assert!(lanes.take(ids[1]).is_none(), "the lane is closed");
        assert!(matches!(lanes.join(other, waiting()), Ok(true)), "there is room for another");
    }
}
