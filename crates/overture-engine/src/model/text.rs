//! What a text says about its writer, and what a customer's texts said lately.

use smallvec::SmallVec;

use super::{AgentId, InteractionId, MessageId, Private, Seq, Timestamp};

/// The product's emotions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(usize)]
pub enum Emotion {
    /// Wants somebody to answer for it.
    Anger = 0,
    /// Annoyed, disappointed, disapproving.
    Frustration = 1,
    /// Sad, grieving, sorry.
    Sadness = 2,
    /// Afraid or nervous.
    Fear = 3,
    /// Pleased, amused, excited, relieved.
    Joy = 4,
    /// Thankful.
    Gratitude = 5,
    /// Surprised.
    Surprise = 6,
    /// None of them.
    Neutral = 7,
}

impl Emotion {
    /// Every emotion, in the order of their numbers.
    pub const ALL: [Emotion; 8] = [
        Emotion::Anger,
        Emotion::Frustration,
        Emotion::Sadness,
        Emotion::Fear,
        Emotion::Joy,
        Emotion::Gratitude,
        Emotion::Surprise,
        Emotion::Neutral,
    ];

    /// Its name in conditions and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Emotion::Anger => "anger",
            Emotion::Frustration => "frustration",
            Emotion::Sadness => "sadness",
            Emotion::Fear => "fear",
            Emotion::Joy => "joy",
            Emotion::Gratitude => "gratitude",
            Emotion::Surprise => "surprise",
            Emotion::Neutral => "neutral",
        }
    }
}

/// The most likely of three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SentimentLabel {
    /// Displeased.
    Negative,
    /// Neither.
    #[default]
    Neutral,
    /// Pleased.
    Positive,
}

impl SentimentLabel {
    /// `negative`, `neutral` or `positive`.
    pub const fn name(self) -> &'static str {
        match self {
            SentimentLabel::Negative => "negative",
            SentimentLabel::Neutral => "neutral",
            SentimentLabel::Positive => "positive",
        }
    }
}

/// How the writer feels about what is written.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sentiment {
    /// Polarity, `-1.0..=1.0`.
    pub score: f32,
    /// How strong any feeling is, `0.0..=1.0`.
    pub intensity: f32,
    /// The calibrated probability of `label`, `0.0..=1.0`; lower where the text may be sarcastic.
    pub confidence: f32,
    /// The most likely of three.
    pub label: SentimentLabel,
}

/// A word that moved the polarity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// Its first byte in the text.
    pub start: u32,
    /// One past its last byte.
    pub end: u32,
    /// What it added to the polarity's log-odds; below zero it made the text more negative.
    pub weight: f32,
}

/// Why a text was not scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Abstained {
    /// It holds no word, number or emoji.
    Empty,
    /// It is in a language that the model was not made for.
    Language,
}

impl Abstained {
    /// `empty` or `language`.
    pub const fn name(self) -> &'static str {
        match self {
            Abstained::Empty => "empty",
            Abstained::Language => "language",
        }
    }
}

/// What a text says about its writer. Numbers are rounded to four decimals, so that they are the same wherever
/// they are kept.
#[derive(Debug, Clone, PartialEq)]
pub struct TextScore {
    /// The model that said so, for example `text-1`.
    pub model: String,
    /// 0 for the linear tables, 1 for the encoder.
    pub tier: u8,
    /// BCP 47 language, where it is sure enough.
    pub language: Option<String>,
    /// How the writer feels.
    pub sentiment: Sentiment,
    /// By [`Emotion`], its calibrated probability.
    pub emotions: [f32; 8],
    /// The probability that it means the opposite of what it says.
    pub sarcasm: f32,
    /// The probability that its matter is pressing, whatever the feeling.
    pub urgency: f32,
    /// The words that moved the polarity most, in the order of the text.
    pub evidence: Vec<Evidence>,
}

impl TextScore {
    /// The probability of one emotion.
    pub fn emotion(&self, emotion: Emotion) -> f32 {
        self.emotions[emotion as usize]
    }
}

/// What came of reading a text.
#[derive(Debug, Clone, PartialEq)]
pub enum TextReading {
    /// It was scored.
    Scored(Box<TextScore>),
    /// It was not, and says nothing about anybody.
    Abstained {
        /// Why.
        why: Abstained,
        /// The language it is in, where that is known.
        language: Option<String>,
    },
}

impl TextReading {
    /// The score, if there is one.
    pub fn score(&self) -> Option<&TextScore> {
        match self {
            TextReading::Scored(score) => Some(score),
            TextReading::Abstained { .. } => None,
        }
    }
}

/// How many scores are kept for the trend.
pub const MOOD_SCORES_MAX: usize = 12;

/// What a customer's texts said lately, on every channel together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mood {
    /// When the last scored text came (server time).
    pub at: Timestamp,
    /// How the customer felt in it.
    pub sentiment: Sentiment,
    /// By [`Emotion`], in it.
    pub emotions: [f32; 8],
    /// The probability that it was sarcastic.
    pub sarcasm: f32,
    /// The probability that it was pressing.
    pub urgency: f32,
    /// The exponentially weighted mean of the scores, `-1.0..=1.0`.
    pub average: f32,
    /// The last scores, oldest first, at most [`MOOD_SCORES_MAX`].
    pub scores: SmallVec<[f32; 4]>,
    /// How many texts were scored.
    pub texts: u32,
    /// The one-sided CUSUM of negative residuals, in standard deviations, never below 0.
    pub negatives: f32,
    /// Since when the customer counts as negative again and again.
    pub repeated_since: Option<Timestamp>,
    /// The last texts, oldest first, at most [`HEARD_MAX`]: a slower model may still read them anew.
    pub heard: SmallVec<[Heard; 1]>,
}

/// How many texts may wait for a second reading: more than anybody writes within the second that it takes.
pub const HEARD_MAX: usize = 4;

/// A text that is part of the mood, and what the mood was before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// The input that it came with.
    pub input: Seq,
    /// What it was.
    pub of: ReadingOf,
    /// The number of its row in the timeline.
    pub row: u64,
    /// When it came (server time).
    pub at: Timestamp,
    /// Its score.
    pub score: f32,
    /// Whether it is the first of a conversation: another day is another one.
    pub begins: bool,
    /// [`Mood::average`] before it.
    pub average: f32,
    /// [`Mood::negatives`] before it.
    pub negatives: f32,
    /// [`Mood::repeated_since`] before it.
    pub repeated_since: Option<Timestamp>,
}

impl Heard {
    /// A text that is about to be taken into the mood.
    pub fn new(input: Seq, of: ReadingOf, row: u64, at: Timestamp) -> Self {
        Self {
            input,
            of,
            row,
            at,
            score: 0.0,
            begins: false,
            average: 0.0,
            negatives: 0.0,
            repeated_since: None,
        }
    }
}

impl Mood {
    /// The change of the score from one text to the next: the slope of a least-squares line through the kept scores; 0 for
    /// fewer than three.
    pub fn trend(&self) -> f32 {
        let count = self.scores.len();
        if count < 3 {
            return 0.0;
        }
        let middle = (count as f32 - 1.0) / 2.0;
        let mean = self.scores.iter().sum::<f32>() / count as f32;
        let (mut up, mut across) = (0.0, 0.0);
        for (place, score) in self.scores.iter().enumerate() {
            let from_middle = place as f32 - middle;
            up += from_middle * (score - mean);
            across += from_middle * from_middle;
        }
        up / across
    }
}

/// What a member of staff says that a message really is.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledText {
    /// Who says so.
    pub agent: AgentId,
    /// The conversation it is in; `None` where that does not matter.
    pub conversation: Option<InteractionId>,
    /// The message's number in the timeline.
    pub row: u64,
    /// What they say.
    pub label: TextLabel,
    /// The message as models see it.
    pub text: Private,
}

/// What somebody says about a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextLabel {
    /// How its writer feels.
    Sentiment(SentimentLabel),
    /// What it is about; `None` for none of the organisation's issues.
    Issue(Option<String>),
}

/// What was read.
#[derive(Debug, Clone, PartialEq)]
pub enum ReadingOf {
    /// A message of the customer's.
    Message(MessageId),
    /// The text that an event of this name carried.
    Event(String),
}

/// A score with where it left the customer's mood.
#[derive(Debug, Clone, PartialEq)]
pub struct MoodReading {
    /// What was read.
    pub of: ReadingOf,
    /// What it says.
    pub score: TextScore,
    /// The mood's average after it.
    pub average: f32,
    /// The mood's trend after it.
    pub trend: f32,
    /// Whether the customer counts as negative again and again after it.
    pub repeated_negatives: bool,
    /// The number of the timeline's row with an earlier reading of the same text, which this one replaces.
    pub replaces: Option<u64>,
}
