//! What turns speech into words: the trait that back ends implement, and what they tell.

/// Turns a speaker's speech into words, for many calls at once.
pub trait Transcriber: Send + Sync {
    /// Its name, for people and for every text that it heard, for example `openai:whisper-1`.
    fn name(&self) -> &str;

    /// The host that speech is sent to; `None` where it stays on this machine.
    fn host(&self) -> Option<&str> {
        None
    }

    /// Begins to listen to one speaker of the call `call` (an id for logs alone). `language` is BCP 47, where it is known.
    fn listen(&self, call: &str, language: Option<&str>) -> Box<dyn Transcription>;
}

/// One speaker being listened to. No call of it waits for anybody: work is done elsewhere, and what is more than a bounded queue
/// holds is left out and told as [`Told::Trouble`].
pub trait Transcription: Send {
    /// Adds speech as it comes: 8,000 samples a second, mono.
    fn hear(&mut self, samples: &[i16]);

    /// The speaker stopped: what they said lies between these milliseconds of the stream. A back end that reads finished
    /// utterances reads this one now; one that reads a stream may finish its words.
    fn stopped(&mut self, start_ms: u32, end_ms: u32);

    /// What was understood since the last question, in the order in which it was spoken as far as that is known.
    fn told(&mut self) -> Vec<Told>;

    /// Nothing comes any more. What is still being read is told later, until [`Transcription::is_done`].
    fn close(&mut self);

    /// Whether everything was told; only after [`Transcription::close`].
    fn is_done(&self) -> bool;
}

/// What a [`Transcription`] tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// Words that will not change any more.
    Words(SpokenWords),
    /// Words that may still change; for the eye alone.
    Partial(String),
    /// Something could not be understood, in plain words for staff; what comes later may be.
    Trouble(String),
}

/// Words that somebody spoke.
#[derive(Debug, Clone, PartialEq)]
pub struct SpokenWords {
    /// Where in the stream they begin, ms.
    pub start_ms: u32,
    /// Where they end.
    pub end_ms: u32,
    /// What was said.
    pub text: String,
    /// How sure the back end is of it, `0.0..=1.0`; 1 where it does not say.
    pub confidence: f32,
}
