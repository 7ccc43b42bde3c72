//! Streams that watch: followed until Ctrl-C, and resumed where they dropped.

use std::time::Duration;

use tonic::{Response, Status, Streaming};

use crate::Ending;
use crate::refusal::{Refused, retry_after};

/// Shortest and longest wait before a stream is resumed.
const RESUME_WAIT_MIN: Duration = Duration::from_millis(200);
const RESUME_WAIT_MAX: Duration = Duration::from_secs(5);
/// Silence after which a line is taken for dead: the service shows more often that it lives.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// What is followed.
pub(crate) trait Followed {
    /// A message of the stream.
    type Message;

    /// Opens the stream where the last message ended.
    fn open(&mut self) -> impl Future<Output = Result<Response<Streaming<Self::Message>>, Status>>;

    /// Shows a message and keeps its token.
    fn show(&mut self, message: Self::Message) -> anyhow::Result<()>;
}

/// Follows until the stream ends well or the user has seen enough.
///
/// # Errors
/// [`Refused`] for what waiting does not mend.
pub(crate) async fn follow(mut followed: impl Followed) -> anyhow::Result<Ending> {
    tokio::select! {
        stop = tokio::signal::ctrl_c() => {
            stop?;
            Ok(Ending::Well)
        }
        ended = to_the_end(&mut followed) => ended,
    }
}

async fn to_the_end(followed: &mut impl Followed) -> anyhow::Result<Ending> {
    let mut wait = RESUME_WAIT_MIN;
    loop {
        match one_stream(followed, &mut wait).await? {
            Ok(()) => return Ok(Ending::Well),
            Err(status) if may_resume(&status) => tokio::time::sleep(wait).await,
            Err(status) => return Err(Refused::from(status).into()),
        }
        wait = (wait * 2).min(RESUME_WAIT_MAX);
    }
}

/// Follows one stream to its end; what it brings is a sign that the next attempt need not wait.
async fn one_stream(
    followed: &mut impl Followed,
    wait: &mut Duration,
) -> anyhow::Result<Result<(), Status>> {
    let mut stream = match followed.open().await {
        Ok(answer) => answer.into_inner(),
        Err(status) => return Ok(Err(status)),
    };
    loop {
        match tokio::time::timeout(SILENCE_MAX, stream.message()).await {
            Ok(Ok(Some(message))) => followed.show(message)?,
            Ok(Ok(None)) => return Ok(Ok(())),
            Ok(Err(status)) => return Ok(Err(status)),
            Err(_) => return Ok(Err(Status::unavailable("the line is silent"))),
        }
        *wait = RESUME_WAIT_MIN;
    }
}

/// What the service itself says comes with details, and with a wait where waiting helps; anything
/// else is a line that dropped.
fn may_resume(status: &Status) -> bool {
    status.details().is_empty() || retry_after(status).is_some()
}
