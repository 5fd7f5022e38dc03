//! Services that read finished utterances over HTTP, as OpenAI's does: `POST {url}/v1/audio/transcriptions`.
//!
//! As <https://platform.openai.com/docs/api-reference/audio/createTranscription> describes it; many servers that one can run
//! oneself speak it too.

mod answer;
mod ask;
mod form;
mod order;
mod work;

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use overture_engine::understand::transcribe::{SpokenWords, Told, Transcriber, Transcription};

use self::{
    ask::Asker,
    order::Order,
    work::{Job, Workers},
};
use super::{
    Clock, Settings, UnusableSettings,
    audio::{self, RATE, Tape},
    settings::{self, Checked, Usual},
};
use crate::failure::Failure;

const USUAL: Usual = Usual {
    url: "https://api.openai.com",
    model: "whisper-1",
};

/// How much of a speaker's stream is kept: 2 minutes.
const KEPT_SAMPLES_MAX: usize = 120 * RATE as usize;

/// The longest piece that is sent at once; longer utterances are cut.
const PIECE_SAMPLES_MAX: usize = 30 * RATE as usize;

/// What is shorter is no word, and is refused by the service.
const PIECE_SAMPLES_MIN: usize = RATE as usize / 10;

/// How much is done at once, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Threads that ask, for all calls together.
    pub workers: usize,
    /// Pieces that wait for one; what comes on top is left out.
    pub queued_max: usize,
    /// The time that one try may take.
    pub try_time_max: Duration,
    /// The time that one piece may take, with all tries and the waits between them.
    pub piece_time_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            workers: 4,
            queued_max: 64,
            try_time_max: Duration::from_secs(10),
            piece_time_max: Duration::from_secs(15),
        }
    }
}

/// Why there are no words of a piece. Carries neither what was said nor the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    /// The service was asked in vain.
    #[error("the transcription service {0}")]
    Failed(#[from] Failure),
    /// It was not asked: it failed too often of late.
    #[error("the transcription service failed too often and is left alone for a while")]
    Resting,
}

/// A service that reads finished utterances. Its threads start with the first speaker. `Debug` hides the key.
pub struct OpenAi {
    name: String,
    asker: Arc<Asker>,
    settings: Checked,
    workers: OnceLock<Arc<Workers>>,
}

impl fmt::Debug for OpenAi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAi")
            .field("name", &self.name)
            .field("host", &self.host())
            .finish_non_exhaustive()
    }
}

impl OpenAi {
    /// The service at `settings.url`, with or without `/v1` at its end.
    ///
    /// # Errors
    /// Names the setting that is wrong.
    pub fn new(
        settings: &Settings,
        limits: Limits,
        clock: Clock,
    ) -> Result<Self, UnusableSettings> {
        let mut settings = settings.checked(&USUAL)?;
        if let Some(length) = settings.base.strip_suffix("/v1").map(str::len) {
            settings.base.truncate(length);
        }
        let url = settings.at("/v1/audio/transcriptions")?;
        Ok(Self {
            name: format!("openai:{}", settings.model),
            asker: Arc::new(Asker::new(url, &settings, limits, clock)),
            settings,
            workers: OnceLock::new(),
        })
    }

    /// The words of a recording, piece by piece; pieces in which nobody spoke are left out. Blocks up to
    /// [`Limits::piece_time_max`] for every half minute.
    ///
    /// # Errors
    /// Why one piece was not understood; nothing is told of the others then.
    pub fn transcribe(
        &self,
        samples: &[i16],
        language: Option<&str>,
    ) -> Result<Vec<SpokenWords>, Unheard> {
        let language = self.language(language);
        let mut words = Vec::new();
        let mut start = 0;
        for piece in audio::pieces(samples, PIECE_SAMPLES_MAX) {
            let start_ms = audio::ms_of(start);
            start += piece.len() as u64;
            if piece.len() < PIECE_SAMPLES_MIN {
                continue;
            }
            let never = crossbeam_channel::never();
            let heard = self.asker.read(piece, language.as_deref(), &never)?;
            words.extend(heard.map(|heard| heard.after(start_ms)));
        }
        Ok(words)
    }

    /// The service knows languages, not regions.
    fn language(&self, call: Option<&str>) -> Option<String> {
        primary(&self.settings.language_of(call)?)
    }
}

/// The language of a tag such as `en-GB`, as ISO 639 writes it.
fn primary(tag: &str) -> Option<String> {
    let primary = tag.split('-').next().unwrap_or(tag).to_ascii_lowercase();
    let is_language =
        matches!(primary.len(), 2 | 3) && primary.bytes().all(|b| b.is_ascii_lowercase());
    (is_language && primary != "und").then_some(primary)
}

impl Transcriber for OpenAi {
    fn name(&self) -> &str {
        &self.name
    }

    fn host(&self) -> Option<&str> {
        Some(settings::host(&self.asker.url))
    }

    fn listen(&self, _call: &str, language: Option<&str>) -> Box<dyn Transcription> {
        let workers = self
            .workers
            .get_or_init(|| Arc::new(Workers::start(&self.asker)));
        Box::new(Listening {
            workers: Arc::clone(workers),
            language: self.language(language),
            tape: Tape::new(KEPT_SAMPLES_MAX),
            order: Arc::default(),
            closed: false,
        })
    }
}

/// One speaker.
struct Listening {
    workers: Arc<Workers>,
    language: Option<String>,
    tape: Tape,
    order: Arc<Order>,
    closed: bool,
}

impl Transcription for Listening {
    fn hear(&mut self, samples: &[i16]) {
        if !self.closed {
            self.tape.add(samples);
        }
    }

    fn stopped(&mut self, start_ms: u32, end_ms: u32) {
        if self.closed {
            return;
        }
        let (from, until) = (audio::at_ms(start_ms), audio::at_ms(end_ms));
        let kept_from = self.tape.start();
        if from < kept_from {
            let gone = audio::ms_of(kept_from.min(until) - from).div_ceil(1_000);
            self.order.place(start_ms).fill(vec![Told::Trouble(format!(
                "the first {gone} s of what was said are not understood: it is too long ago"
            ))]);
        }
        let samples = self.tape.between(from, until);
        let mut start = from.max(kept_from);
        for piece in audio::pieces(&samples, PIECE_SAMPLES_MAX) {
            let start_ms = audio::ms_of(start);
            start += piece.len() as u64;
            if piece.len() >= PIECE_SAMPLES_MIN {
                self.workers.take(Job {
                    samples: piece.to_vec(),
                    start_ms,
                    language: self.language.clone(),
                    place: self.order.place(start_ms),
                });
            }
        }
    }

    fn told(&mut self) -> Vec<Told> {
        self.order.told()
    }

    fn close(&mut self) {
        self.closed = true;
    }

    fn is_done(&self) -> bool {
        self.closed && self.order.is_empty()
    }
}
