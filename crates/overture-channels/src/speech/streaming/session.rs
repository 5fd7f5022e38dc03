//! The thread of one speaker: connects, sends what is heard, tells what is understood, and begins anew where the connection
//! breaks.

use std::{sync::Arc, time::Duration};

use overture_engine::understand::transcribe::Told;
use tungstenite::Message;

use super::{
    link::{Link, Seen, Target},
    mailbox::{Ending, Mailbox, Next},
    results::{Meaning, Results},
};
use crate::{
    failure::Failure,
    speech::{
        Clock,
        audio::{self, mu_law},
    },
};

/// How long to wait before each further try to connect; then the last again and again.
const WAITS: [Duration; 6] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(30),
];

/// After so many failures in a row it is told.
const FAILURES_UNTIL_TOLD: usize = 4;

/// A connection without audio is kept by a word as often.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(5);

/// A service that says nothing for so long after audio is gone.
const SILENCE_MAX: Duration = Duration::from_secs(20);

/// How long the last words may take after the end.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(10);

/// See the module's text.
pub(super) struct Session {
    target: Arc<Target>,
    query: String,
    clock: Clock,
    mailbox: Arc<Mailbox>,
    results: Results,
    is_garbled: bool,
    /// Whether a connection was closed with speech unread, at the end.
    is_doubted: bool,
    /// When the last words are given up; only once the call has ended.
    ends_by: Option<Duration>,
}

/// A connection, and what was said over it when.
struct Talk {
    link: Link,
    origin_ms: u32,
    sent_at: Duration,
    /// When audio went out that nothing has come back for.
    unanswered_since: Option<Duration>,
    is_closing: bool,
    /// Whether the service said anything, and whether it did after it was told of the end.
    has_worked: bool,
    has_ended: bool,
}

/// How a connection ended.
enum End {
    /// Everything was read.
    Read,
    /// It broke, or never was.
    Cut(Failure),
}

impl Session {
    pub(super) fn new(
        target: Arc<Target>,
        query: String,
        clock: Clock,
        mailbox: Arc<Mailbox>,
    ) -> Self {
        Self {
            target,
            query,
            clock,
            mailbox,
            results: Results::default(),
            is_garbled: false,
            is_doubted: false,
            ends_by: None,
        }
    }

    /// Runs until the call has ended and is read, or the service refuses for good.
    pub(super) fn run(mut self) {
        let mut failures = 0;
        while let Err(failure) = self.connection(&mut failures) {
            if is_for_good(failure) {
                self.trouble(&format!(
                    "nothing more of this speaker is understood: the transcription service {failure}"
                ));
                break;
            }
            let ending = self.mailbox.ending();
            let now = (self.clock)();
            if ending == Ending::Abandoned || now >= self.deadline(now) {
                if self.mailbox.has_unread() {
                    self.trouble(&format!(
                        "the last words are not understood: the transcription service {failure}"
                    ));
                }
                break;
            }
            if failures == FAILURES_UNTIL_TOLD {
                self.trouble(&format!(
                    "words are being lost: the transcription service {failure}"
                ));
            }
            let left = self.deadline(now).saturating_sub(now);
            let wait = WAITS[failures.clamp(1, WAITS.len()) - 1].min(left);
            self.mailbox.wait(wait, ending);
        }
        self.mailbox.finish();
    }

    /// One connection from beginning to end; counts failures in a row.
    fn connection(&mut self, failures: &mut usize) -> Result<(), Failure> {
        let connected = self.target.connect(&self.query, &self.clock);
        let (end, has_worked) = match connected {
            Ok(link) => self.talk(link),
            Err(failure) => (End::Cut(failure), false),
        };
        match end {
            End::Read => Ok(()),
            End::Cut(failure) => {
                *failures = if has_worked { 1 } else { *failures + 1 };
                Err(failure)
            }
        }
    }

    /// Talks until one of the two ends it; and whether the service said anything.
    fn talk(&mut self, link: Link) -> (End, bool) {
        let (origin, lost) = self.mailbox.rewind();
        if lost > 0 {
            let seconds = audio::ms_of(lost).div_ceil(1_000);
            self.trouble(&format!(
                "{seconds} s of what was said are not understood: there was no connection to the transcription service"
            ));
        }
        let mut talk = Talk {
            link,
            origin_ms: audio::ms_of(origin),
            sent_at: (self.clock)(),
            unanswered_since: None,
            is_closing: false,
            has_worked: false,
            has_ended: false,
        };
        loop {
            if let Some(end) = self.send(&mut talk).or_else(|| self.look(&mut talk)) {
                return (end, talk.has_worked);
            }
        }
    }

    /// Sends everything that waits.
    fn send(&mut self, talk: &mut Talk) -> Option<End> {
        loop {
            let now = (self.clock)();
            let message = match self.mailbox.next() {
                Next::Frame(samples) => {
                    talk.unanswered_since.get_or_insert(now);
                    Message::binary(samples.into_iter().map(mu_law).collect::<Vec<u8>>())
                }
                Next::Finalize => Message::text(r#"{"type":"Finalize"}"#),
                Next::Close if !talk.is_closing => {
                    talk.is_closing = true;
                    self.deadline(now);
                    Message::text(r#"{"type":"CloseStream"}"#)
                }
                Next::Nothing if now.saturating_sub(talk.sent_at) >= KEEP_ALIVE_EVERY => {
                    Message::text(r#"{"type":"KeepAlive"}"#)
                }
                Next::Close | Next::Nothing => return None,
            };
            talk.sent_at = now;
            if let Err(failure) = talk.link.send(message) {
                return Some(End::Cut(failure));
            }
        }
    }

    /// Takes in what the service says, if it says something soon.
    fn look(&mut self, talk: &mut Talk) -> Option<End> {
        match talk.link.look() {
            Seen::Text(text) => {
                talk.has_worked = true;
                talk.has_ended |= talk.is_closing;
                talk.unanswered_since = None;
                self.understand(&text, talk.origin_ms);
            }
            Seen::Nothing => {}
            Seen::Closed if talk.is_closing && self.is_read(talk) => return Some(End::Read),
            Seen::Closed => return Some(End::Cut(Failure::Unreachable)),
            Seen::Cut(failure) => return Some(End::Cut(failure)),
        }
        if self.mailbox.ending() == Ending::Abandoned {
            return Some(End::Read);
        }
        let now = (self.clock)();
        let is_late = talk.is_closing && now >= self.deadline(now);
        let is_silent = talk
            .unanswered_since
            .is_some_and(|since| now.saturating_sub(since) >= SILENCE_MAX);
        if is_silent {
            self.trouble(
                "words may be missing: the transcription service said nothing for a while",
            );
        }
        (is_late || is_silent).then_some(End::Cut(Failure::TimedOut))
    }

    /// Whether a connection that the service closes at the end has done its work. Where speech is unread and no word came back
    /// the service may have closed it for reasons of its own: that is doubted once.
    fn is_read(&mut self, talk: &Talk) -> bool {
        let is_sure = talk.has_ended || !self.mailbox.has_unread();
        is_sure || std::mem::replace(&mut self.is_doubted, true)
    }

    fn understand(&mut self, text: &str, origin_ms: u32) {
        match self.results.read(text, origin_ms) {
            Meaning::Result {
                told,
                done_until_ms,
            } => {
                if let Some(told) = told {
                    self.mailbox.tell(told);
                }
                if let Some(ms) = done_until_ms {
                    self.mailbox.done_until(audio::at_ms(ms));
                }
            }
            Meaning::Aside => {}
            Meaning::Garbage if self.is_garbled => {}
            Meaning::Garbage => {
                self.is_garbled = true;
                self.trouble("the transcription service answered something that is no transcript");
            }
        }
    }

    fn trouble(&self, text: &str) {
        self.mailbox.tell(Told::Trouble(text.to_owned()));
    }

    /// When the last words are given up: some time after the end was first seen.
    fn deadline(&mut self, now: Duration) -> Duration {
        match self.mailbox.ending() {
            Ending::Open => Duration::MAX,
            Ending::Closed | Ending::Abandoned => *self.ends_by.get_or_insert(now + CLOSE_TIME_MAX),
        }
    }
}

/// Whether there is no use in trying again: it refuses the key, the settings or the speech; or it may not be called.
fn is_for_good(failure: Failure) -> bool {
    match failure {
        Failure::Status(status) => (400..500).contains(&status) && status != 408 && status != 429,
        Failure::Refused => true,
        _ => false,
    }
}
