//! Services that read speech as it comes over a WebSocket, as Deepgram's does: `GET {url}/v1/listen`.
//!
//! As <https://developers.deepgram.com/reference/speech-to-text/listen-streaming> describes it. Each speaker has a thread and
//! a connection of their own for as long as the call lasts. Speech is kept until the service has said its last word on it, 10 s
//! at most, so that a connection that breaks for a moment loses nothing: its successor reads from there.

mod link;
mod mailbox;
mod results;
mod session;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use overture_engine::understand::transcribe::{Told, Transcriber, Transcription};

use self::{
    link::Target,
    mailbox::{Ending, Mailbox},
    session::Session,
};
use super::{
    Clock, Settings, UnusableSettings,
    audio::RATE,
    settings::{Checked, Usual},
};

const USUAL: Usual = Usual {
    url: "https://api.deepgram.com",
    model: "nova-3",
};

/// Speakers that are listened to at once; each has a thread.
const SPEAKERS_MAX: usize = 256;

/// A service that reads speech as it comes. `Debug` hides the key.
pub struct Streaming {
    name: String,
    settings: Checked,
    target: Arc<Target>,
    clock: Clock,
    speakers: Arc<AtomicUsize>,
}

impl fmt::Debug for Streaming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streaming")
            .field("name", &self.name)
            .field("host", &self.host())
            .finish_non_exhaustive()
    }
}

impl Streaming {
    /// The service at `settings.url`, an https url: the WebSocket is at `/v1/listen` of it.
    ///
    /// # Errors
    /// Names the setting that is wrong.
    pub fn new(settings: &Settings, clock: Clock) -> Result<Self, UnusableSettings> {
        let settings = settings.checked(&USUAL)?;
        let url = settings.at("/v1/listen")?;
        Ok(Self {
            name: format!("deepgram:{}", settings.model),
            target: Arc::new(Target::new(
                url,
                settings.key.clone(),
                settings.private,
                webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect(),
            )),
            settings,
            clock,
            speakers: Arc::default(),
        })
    }

    /// What the service is asked for. The values come from checked settings and need no encoding.
    fn query(&self, language: Option<&str>) -> String {
        let mut query = format!(
            "encoding=mulaw&sample_rate={RATE}&channels=1&interim_results=true&punctuate=true&model={}",
            self.settings.model
        );
        if let Some(language) = self.settings.language_of(language) {
            query.push_str("&language=");
            query.push_str(&language);
        }
        query
    }
}

impl Transcriber for Streaming {
    fn name(&self) -> &str {
        &self.name
    }

    fn host(&self) -> Option<&str> {
        Some(self.target.host())
    }

    fn listen(&self, _call: &str, language: Option<&str>) -> Box<dyn Transcription> {
        let mailbox = Arc::new(Mailbox::new());
        let session = Session::new(
            Arc::clone(&self.target),
            self.query(language),
            Arc::clone(&self.clock),
            Arc::clone(&mailbox),
        );
        let seat = Seat::take(&self.speakers);
        let is_seated = seat.is_some();
        let run = move || {
            let _seat = seat;
            session.run();
        };
        let named = thread::Builder::new().name("speech-stream".to_owned());
        if !is_seated || named.spawn(run).is_err() {
            mailbox.tell(Told::Trouble(
                "nothing of this speaker is understood: too many others are listened to already"
                    .to_owned(),
            ));
            mailbox.finish();
        }
        Box::new(Listening { mailbox })
    }
}

/// One of [`SPEAKERS_MAX`], until it is dropped.
struct Seat(Arc<AtomicUsize>);

impl Seat {
    fn take(speakers: &Arc<AtomicUsize>) -> Option<Self> {
        let seat = Self(Arc::clone(speakers));
        let before = speakers.fetch_add(1, Ordering::Relaxed);
        (before < SPEAKERS_MAX).then_some(seat)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One speaker.
struct Listening {
    mailbox: Arc<Mailbox>,
}

impl Transcription for Listening {
    fn hear(&mut self, samples: &[i16]) {
        self.mailbox.hear(samples);
    }

    fn stopped(&mut self, _start_ms: u32, _end_ms: u32) {
        self.mailbox.stop();
    }

    fn told(&mut self) -> Vec<Told> {
        self.mailbox.told()
    }

    fn close(&mut self) {
        self.mailbox.end(Ending::Closed);
    }

    fn is_done(&self) -> bool {
        self.mailbox.is_done()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.mailbox.end(Ending::Abandoned);
    }
}
