//! What all watch streams have in common: how many there may be, when one shows that the line is
//! alive, and when one ends.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::{Stream, stream};
use motcua_engine::Caller;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, Sleep};
use tonic::{Request, Status};

use crate::auth::TokenEnd;
use crate::config::ServerConfig;
use crate::connections::Calls;
use crate::status::Refusal;

/// The watch streams of a server.
#[derive(Clone, Debug)]
pub(crate) struct Watching {
    stopping: watch::Receiver<bool>,
    heartbeat: Duration,
    lifetime: Duration,
    max: usize,
    per_caller_max: usize,
    open: Arc<Mutex<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_caller: HashMap<String, usize>,
}

/// A place for one stream: among those of its connection, of its caller, and in all.
pub(crate) struct Place {
    caller: String,
    open: Arc<Mutex<Open>>,
    _of_connection: Option<OwnedSemaphorePermit>,
    ends: Ends,
}

/// When a stream ends, whatever it watches.
struct Ends {
    stopping: watch::Receiver<bool>,
    token: Option<Pin<Box<Sleep>>>,
    lifetime: Pin<Box<Sleep>>,
    heartbeat: Duration,
}

/// What comes next on a stream.
pub(crate) enum Next<T> {
    /// Something happened.
    News(T),
    /// Nothing did for a while.
    Heartbeat,
}

/// What is watched.
pub(crate) trait Watched: Send + 'static {
    /// What happens.
    type News: Send;
    /// A message of the stream.
    type Message: Send + 'static;

    /// Waits for what happens next; nothing when nothing can happen any more. Nothing is lost when
    /// the waiting is given up.
    fn next(&mut self) -> impl Future<Output = Result<Option<Self::News>, Refusal>> + Send;

    /// The message, with the token that resumes behind it.
    fn message(&mut self, next: Next<Self::News>) -> Self::Message;
}

impl Watching {
    pub(crate) fn new(config: &ServerConfig, stopping: watch::Receiver<bool>) -> Self {
        Self {
            stopping,
            heartbeat: config.watch_heartbeat,
            lifetime: config.watch_lifetime,
            max: config.watches_max,
            per_caller_max: config.watches_per_caller_max,
            open: Arc::default(),
        }
    }

    /// A place for a stream of this caller, if there is one. A front end has the places of each
    /// citizen for whom it reads.
    pub(crate) fn place<R>(&self, request: &Request<R>, caller: &Caller) -> Result<Place, Refusal> {
        let of_connection = match request.extensions().get::<Calls>() {
            Some(calls) => {
                let permit = calls.watches.clone().try_acquire_owned();
                Some(permit.map_err(|_| Refusal::Overloaded)?)
            }
            None => None,
        };
        let person = match &caller.acting_for {
            Some(citizen) => format!("{} {citizen}", caller.id),
            None => caller.id.clone(),
        };
        let token = request.extensions().get::<TokenEnd>().map(TokenEnd::left);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let here = open.by_caller.get(&person).copied().unwrap_or(0);
        if open.total >= self.max || here >= self.per_caller_max {
            return Err(Refusal::Overloaded);
        }
        open.total += 1;
        open.by_caller.insert(person.clone(), here + 1);
        Ok(Place {
            caller: person,
            open: self.open.clone(),
            _of_connection: of_connection,
            ends: Ends {
                stopping: self.stopping.clone(),
                token: token.map(|left| Box::pin(tokio::time::sleep(left))),
                lifetime: Box::pin(tokio::time::sleep(self.lifetime)),
                heartbeat: self.heartbeat,
            },
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.total -= 1;
        if let Some(here) = open.by_caller.get_mut(&self.caller) {
            *here -= 1;
            if *here == 0 {
                open.by_caller.remove(&self.caller);
            }
        }
    }
}

impl Ends {
    /// Waits for the end of the stream.
    async fn reached(&mut self) -> Refusal {
        let Self { stopping, token, lifetime, .. } = self;
        let token = async {
            match token {
                Some(token) => token.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            // A server that is gone has stopped too.
            _ = stopping.wait_for(|stopping| *stopping) => Refusal::WatchEnded { why: "stopping" },
            () = token => Refusal::TokenExpired,
            () = lifetime => Refusal::WatchEnded { why: "lifetime" },
        }
    }
}

/// The stream of what happens to what is watched, from its place until one of its ends.
pub(crate) fn stream<W: Watched>(
    place: Place,
    watched: W,
) -> impl Stream<Item = Result<W::Message, Status>> + Send + 'static {
    let alive_until = Instant::now() + place.ends.heartbeat;
    stream::unfold(Some((place, watched, alive_until)), |state| async move {
        let (mut place, mut watched, alive_until) = state?;
        let next = tokio::select! {
            biased;
            end = place.ends.reached() => Err(end),
            news = watched.next() => news.map(|news| news.map(Next::News)),
            () = tokio::time::sleep_until(alive_until) => Ok(Some(Next::Heartbeat)),
        };
        match next {
            Ok(Some(next)) => {
                let message = watched.message(next);
                let alive_until = Instant::now() + place.ends.heartbeat;
                Some((Ok(message), Some((place, watched, alive_until))))
            }
            Ok(None) => None,
            Err(refusal) => Some((Err(refusal.into()), None)),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use futures::StreamExt as _;
    use motcua_procedures::Role;

    use super::*;
    use crate::key::TokenKey;

    struct Letters(VecDeque<char>);

    impl Watched for Letters {
        type News = char;
        type Message = String;

        async fn next(&mut self) -> Result<Option<char>, Refusal> {
            match self.0.pop_front() {
                Some('.') => Ok(None),
                Some(letter) => Ok(Some(letter)),
                None => std::future::pending().await,
            }
        }

        fn message(&mut self, next: Next<char>) -> String {
            match next {
                Next::News(letter) => letter.into(),
                Next::Heartbeat => "alive".into(),
            }
        }
    }

    fn watching() -> (Watching, watch::Sender<bool>) {
        let config = ServerConfig {
            watch_heartbeat: Duration::from_secs(15),
            watch_lifetime: Duration::from_secs(40),
            watches_max: 3,
            watches_per_caller_max: 2,
            ..ServerConfig::new(TokenKey::ephemeral().expect("random bytes"))
        };
        let (stop, stopping) = watch::channel(false);
        (Watching::new(&config, stopping), stop)
    }

    fn caller(id: &str, acting_for: Option<&str>) -> Caller {
        let acting_for = acting_for.map(Into::into);
        Caller { id: id.into(), unit: None, roles: vec![Role::Applicant], acting_for }
    }

    fn place(watching: &Watching, caller: &Caller) -> Result<Place, Refusal> {
        watching.place(&Request::new(()), caller)
    }

    async fn all(place: Place, letters: &str) -> Vec<Result<String, String>> {
        let rows = stream(place, Letters(letters.chars().collect()));
        rows.map(|row| row.map_err(|status| status.message().to_owned())).collect().await
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_stream_shows_that_it_is_alive_until_its_lifetime_is_over() {
        let (watching, _stop) = watching();
        let rows = all(place(&watching, &caller("a", None)).expect("a place"), "xy").await;
        let shown: Vec<_> = rows.iter().filter_map(|row| row.as_deref().ok()).collect();
        assert_eq!(shown, ["x", "y", "alive", "alive"]);
        assert!(rows[4].as_ref().expect_err("an end").contains("resume"), "{rows:?}");
        assert_eq!(watching.open.lock().expect("sound").total, 0, "its place is free");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_ends_well_when_nothing_can_happen_any_more() {
        let (watching, _stop) = watching();
        let place = place(&watching, &caller("a", None)).expect("a place");
        assert_eq!(all(place, "x.").await, [Ok("x".to_owned())]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_stops_ends_its_streams_at_once() {
        let (watching, stop) = watching();
        let place = place(&watching, &caller("a", None)).expect("a place");
        stop.send(true).expect("somebody listens");
        let begun = Instant::now();
        assert_eq!(all(place, "").await.len(), 1);
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn streams_are_bounded_by_caller_and_in_all_and_their_places_come_back() {
        let (watching, _stop) = watching();
        let portal = |citizen| caller("portal", Some(citizen));
        let one = place(&watching, &portal("a")).expect("the first");
        let _two = place(&watching, &portal("a")).expect("the second");
        assert!(place(&watching, &portal("a")).is_err(), "a third for one citizen");
        let _three = place(&watching, &portal("b")).expect("for another citizen");
        assert!(place(&watching, &caller("c", None)).is_err(), "a fourth in all");
        drop(one);
        let _again = place(&watching, &caller("c", None)).expect("there is room again");
        assert_eq!(watching.open.lock().expect("sound").by_caller.len(), 3);
    }
}
