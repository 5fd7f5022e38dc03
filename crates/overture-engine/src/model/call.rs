//! Calls: who talks with whom, what was heard of them, and what it came to.

use smallvec::SmallVec;

use super::{AgentId, InteractionId, Millis, Private, TextScore, Timestamp};

/// How many calls of one customer may be under way at once; the oldest is taken as over when one more begins.
pub const CALLS_MAX: usize = 4;
/// A call of which nothing was heard for so long is over: whoever brought it went away without saying so.
pub const CALL_SILENT_MAX: Millis = Millis::from_secs(4 * 3_600);
/// The longest identifier of a call at its source, bytes.
pub const CALL_EXTERNAL_BYTES_MAX: usize = 128;

/// How a call's audio comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallVia {
    /// Twilio Media Streams.
    Twilio,
    /// The plain socket.
    Stream,
    /// A finished recording.
    Recording,
}

impl CallVia {
    /// `twilio`, `stream` or `recording`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Twilio => "twilio",
            Self::Stream => "stream",
            Self::Recording => "recording",
        }
    }
}

/// Who called whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CallDirection {
    /// The customer called.
    #[default]
    Inbound,
    /// The customer was called.
    Outbound,
}

impl CallDirection {
    /// `inbound` or `outbound`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// Why a call is not listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotAnalysed {
    /// The policy does not have calls analysed.
    NotEnabled,
    /// Nobody said that the customer was told.
    NotDisclosed,
    /// The customer does not want it.
    OptedOut,
}

impl NotAnalysed {
    /// `not_enabled`, `not_disclosed` or `opted_out`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotEnabled => "not_enabled",
            Self::NotDisclosed => "not_disclosed",
            Self::OptedOut => "opted_out",
        }
    }
}

/// Why a call is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallEnd {
    /// Somebody hung up.
    HungUp,
    /// Its audio stopped without a word.
    Lost,
}

impl CallEnd {
    /// `hung_up` or `lost`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HungUp => "hung_up",
            Self::Lost => "lost",
        }
    }
}

/// How two people talk with each other.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CallDynamics {
    /// Seconds of the call.
    pub seconds: f64,
    /// The customer's share of all talk, `0.0..=1.0`.
    pub customer_share: f64,
    /// The share of the call in which both speak.
    pub overlap_share: f64,
    /// The share in which nobody does.
    pub silence_share: f64,
    /// The longest time nobody spoke, seconds.
    pub dead_air_seconds: f64,
    /// How often the customer took the word from the agent.
    pub interruptions_by_customer: u32,
    /// How often the agent did.
    pub interruptions_by_agent: u32,
    /// The median time to the customer's answer, ms; `None` where there was none.
    pub customer_latency_ms: Option<u32>,
    /// The same of the agent.
    pub agent_latency_ms: Option<u32>,
}

impl CallDynamics {
    /// How often the word was taken, a minute.
    pub fn interruptions_a_minute(&self) -> f64 {
        let count = f64::from(self.interruptions_by_customer + self.interruptions_by_agent);
        60.0 * count / self.seconds.max(1.0)
    }
}

/// How a stretch of a customer's speech sounds. Probabilities are `0.0..=1.0`; the first four sum to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct VoiceScore {
    /// That it sounds angry.
    pub anger: f32,
    /// Sad.
    pub sadness: f32,
    /// Joyful.
    pub joy: f32,
    /// None of them.
    pub neutral: f32,
    /// How aroused, `0.0..=1.0`; an aid, not calibrated.
    pub arousal: f32,
    /// How much can be told from it.
    pub quality: f32,
    /// How much higher the voice is than in the call's first seconds, semitones; `None` until that is known.
    pub pitch: Option<f32>,
    /// How much louder, dB.
    pub loudness_db: Option<f32>,
    /// How many times as fast.
    pub pace: Option<f32>,
}

/// Something that happened in a call.
#[derive(Debug, Clone, PartialEq)]
pub enum CallFact {
    /// It began.
    Began(CallBegan),
    /// The customer was told that the call is analysed.
    Disclosed {
        /// Which call.
        call: InteractionId,
    },
    /// A stretch of the customer's speech was heard.
    Heard(Utterance),
    /// It is over.
    Ended {
        /// Which call.
        call: InteractionId,
        /// Why.
        why: CallEnd,
        /// How long it was, milliseconds of audio; `None` where none was heard.
        lasted: Option<Millis>,
        /// How both talked, where both were heard.
        dynamics: Option<CallDynamics>,
    },
}

impl CallFact {
    /// The end of a call whose audio nobody listened to to the end: how long it was is not known.
    pub fn ended_unheard(call: InteractionId, why: CallEnd) -> Self {
        Self::Ended {
            call,
            why,
            lasted: None,
            dynamics: None,
        }
    }
}

/// A call that begins.
#[derive(Debug, Clone, PartialEq)]
pub struct CallBegan {
    /// Hash of where it comes from and its id there: the same call begins once.
    pub key: u64,
    /// How it comes.
    pub via: CallVia,
    /// Its id at its source, at most [`CALL_EXTERNAL_BYTES_MAX`].
    pub external: String,
    /// Who called.
    pub direction: CallDirection,
    /// Whether the customer was told that the call is analysed.
    pub disclosed: bool,
    /// Who talks with the customer, where that is known.
    pub agent: Option<AgentId>,
    /// Whether the voices are made by a synthesiser, for a demonstration.
    pub synthetic: bool,
}

/// A stretch of a customer's speech: how it sounds, what was said, or both.
#[derive(Debug, Clone, PartialEq)]
pub struct Utterance {
    /// In which call.
    pub call: InteractionId,
    /// Where it begins, ms from the call's start.
    pub start_ms: u32,
    /// Where it ends.
    pub end_ms: u32,
    /// How much of it is speech, ms.
    pub spoken_ms: u32,
    /// How it sounds; `None` where too little could be heard.
    pub voice: Option<VoiceScore>,
    /// What was said; empty where nothing turns speech into words.
    pub text: Private,
    /// How sure those words are, `0.0..=1.0`.
    pub words_confidence: f32,
    /// What heard the words, for example `openai:whisper-1`.
    pub words_from: Option<String>,
}

/// A call under way.
#[derive(Debug, Clone, PartialEq)]
pub struct CallState {
    /// Which.
    pub call: InteractionId,
    /// How it began.
    pub began: CallBegan,
    /// When.
    pub started_at: Timestamp,
    /// When something was last heard of it.
    pub last_at: Timestamp,
    /// What heard its words, once any were.
    pub words_from: Option<String>,
}

/// How the customer sounds and what they say in one call, the last one that was heard.
#[derive(Debug, Clone, PartialEq)]
pub struct Tone {
    /// In which call.
    pub call: InteractionId,
    /// When the last utterance came (server time).
    pub at: Timestamp,
    /// How the last utterance with a voice sounds.
    pub voice: Option<VoiceScore>,
    /// Whether words stand behind it: without any, tone alone reaches nobody.
    pub has_words: bool,
    /// The score over the call: how likely the customer is upset, `0.0..=1.0`.
    pub score: f32,
    /// The highest it was.
    pub highest: f32,
    /// Speech heard so far, ms.
    pub spoken_ms: u32,
    /// What the score was lately, by speech heard, oldest first: for the trend.
    pub recent: SmallVec<[(u32, f32); 4]>,
    /// Consecutive utterances on the other side of the threshold.
    pub crossing: u8,
    /// Since when the customer counts as upset.
    pub alert_since: Option<Timestamp>,
}

impl Tone {
    /// How much the score changed over the last 30 seconds of speech.
    pub fn trend(&self) -> f32 {
        const OVER_MS: u32 = 30_000;
        let from = self.spoken_ms.saturating_sub(OVER_MS);
        let before = self.recent.iter().rev().find(|(at, _)| *at <= from);
        let before = before.or_else(|| self.recent.first());
        before.map_or(0.0, |(_, score)| self.score - score)
    }
}

/// What voice and words say together about one utterance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fused {
    /// How likely the customer is upset, `0.0..=1.0`.
    pub score: f32,
    /// How much stands behind it, `0.0..=1.0`; lower where voice and words disagree.
    pub confidence: f32,
    /// Whether voice and words say different things.
    pub disagree: bool,
    /// How likely the words mean the opposite: positive words in an angry voice make it likelier.
    pub sarcasm: f32,
}

/// A call in a customer's timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct CallView {
    /// Which.
    pub call: InteractionId,
    /// How it comes.
    pub via: CallVia,
    /// What became of it.
    pub change: CallChange,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CallChange {
    /// It began; why it is not listened to, where it is not.
    Began(Option<NotAnalysed>),
    /// It is listened to from now on.
    Analysed,
    /// The customer sounds and talks as if upset.
    Alert,
    /// No longer.
    Calmed,
    /// It is over, after so long.
    Ended(Option<Millis>),
}

/// An utterance in a customer's timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct UtteranceView {
    /// What was heard.
    pub utterance: Utterance,
    /// What the words say, where there are any.
    pub words: Option<TextScore>,
    /// What both say together.
    pub fused: Option<Fused>,
    /// The call's score after it.
    pub score: f32,
}

/// A call as lists show it.
#[derive(Debug, Clone, PartialEq)]
pub struct CallRow {
    /// Which.
    pub call: InteractionId,
    /// How it began.
    pub began: CallBegan,
    /// When.
    pub started_at: Timestamp,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub end: Option<CallEnd>,
    /// How long its audio was.
    pub lasted: Option<Millis>,
    /// Why it is not listened to, where it is not.
    pub not_analysed: Option<NotAnalysed>,
    /// What heard its words.
    pub words_from: Option<String>,
    /// How the last utterance sounds.
    pub voice: Option<VoiceScore>,
    /// The score over the call, its highest and its trend, once something was heard.
    pub score: Option<CallScore>,
    /// How both talked.
    pub dynamics: Option<CallDynamics>,
}

/// Where a call's score stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CallScore {
    /// Now, `0.0..=1.0`.
    pub now: f32,
    /// The highest it was.
    pub highest: f32,
    /// Its change over the last 30 seconds of speech.
    pub trend: f32,
    /// Whether the customer counts as upset.
    pub alert: bool,
}
