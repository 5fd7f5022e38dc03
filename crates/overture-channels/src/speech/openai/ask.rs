//! Asks the service for the words of one piece of speech, more than once where that may help.

use std::{
    convert::Infallible,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use ureq::{
    Agent,
    http::{HeaderMap, Uri},
};

use super::{
    Limits, Unheard,
    answer::{self, Heard},
    form::{Form, form},
};
use crate::{
    breaker::Breaker,
    failure::Failure,
    guard,
    speech::{
        Clock,
        audio::{self, wav},
        settings::Checked,
    },
};

/// The largest answer that is read, bytes.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// How long to wait before each further try where the service does not say.
const WAITS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(1)];

/// A service that wants to be left alone for longer is not tried again for this piece.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(5);

/// A service that can be asked. No `Debug`: it holds the key.
pub(super) struct Asker {
    pub(super) url: Uri,
    authorization: String,
    model: String,
    agent: Agent,
    breaker: Mutex<Breaker>,
    clock: Clock,
    pub(super) limits: Limits,
}

/// One failed try, and how long the service asks to be left alone.
struct Refusal {
    failure: Failure,
    retry_after: Option<Duration>,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            retry_after: None,
        }
    }
}

impl Asker {
    pub(super) fn new(url: Uri, settings: &Checked, limits: Limits, clock: Clock) -> Self {
        Self {
            url,
            authorization: format!("Bearer {}", settings.key),
            model: settings.model.clone(),
            agent: guard::agent(limits.try_time_max, settings.private),
            breaker: Mutex::default(),
            clock,
            limits,
        }
    }

    /// The words of one piece. Blocks up to [`Limits::piece_time_max`], or until `stop` is disconnected.
    pub(super) fn read(
        &self,
        piece: &[i16],
        language: Option<&str>,
        stop: &Receiver<Infallible>,
    ) -> Result<Option<Heard>, Unheard> {
        let started = (self.clock)();
        if self.breaker().rests(started) {
            return Err(Unheard::Resting);
        }
        let until = started + self.limits.piece_time_max;
        let form = form(&self.model, language, &wav(piece));
        let length_ms = audio::ms_of(piece.len() as u64);
        let mut waits = WAITS.into_iter();
        loop {
            let left = until.saturating_sub((self.clock)());
            let refusal = match self.once(&form, length_ms, left) {
                Ok(heard) => {
                    self.breaker().worked();
                    return Ok(heard);
                }
                Err(refusal) => refusal,
            };
            let now = (self.clock)();
            let wait = wait(&refusal, &mut waits).filter(|wait| now + *wait < until);
            let Some(wait) = wait else {
                if !is_of_the_piece(refusal.failure) {
                    self.breaker().failed(now);
                }
                return Err(refusal.failure.into());
            };
            if stop.recv_timeout(wait) == Err(RecvTimeoutError::Disconnected) {
                return Err(refusal.failure.into());
            }
        }
    }

    /// Asks once; blocks up to `left` or [`Limits::try_time_max`].
    fn once(&self, form: &Form, length_ms: u32, left: Duration) -> Result<Option<Heard>, Refusal> {
        let of = |error: &ureq::Error| Refusal::from(Failure::of(error));
        let mut answer = self
            .agent
            .post(&self.url)
            .config()
            .timeout_global(Some(left.min(self.limits.try_time_max)))
            .build()
            .header("authorization", &self.authorization)
            .header("accept", "application/json")
            .header("content-type", &form.content_type)
            .send(&form.body[..])
            .map_err(|error| of(&error))?;
        let status = answer.status();
        if !status.is_success() {
            return Err(Refusal {
                failure: Failure::Status(status.as_u16()),
                retry_after: retry_after(answer.headers()),
            });
        }
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX);
        let body = body.read_to_vec().map_err(|error| of(&error))?;
        answer::answer(&body, length_ms).map_err(|_| Failure::Garbage.into())
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long to wait for another try; `None` where there is none.
fn wait(refusal: &Refusal, waits: &mut impl Iterator<Item = Duration>) -> Option<Duration> {
    let may_pass = matches!(
        refusal.failure,
        Failure::Status(408 | 429 | 500..=599) | Failure::TimedOut | Failure::Unreachable
    );
    if !may_pass {
        return None;
    }
    let usual = waits.next()?;
    let wait = refusal.retry_after.unwrap_or(usual);
    (wait <= RETRY_AFTER_MAX).then_some(wait)
}

/// Seconds, which is what services send; a date says nothing to us.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("retry-after")?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

/// Whether it is about this piece, and says nothing of the next one.
const fn is_of_the_piece(failure: Failure) -> bool {
    matches!(failure, Failure::Status(400 | 413 | 415 | 422))
}
