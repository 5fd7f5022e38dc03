//! What a model says about a message: the heads, and which output column belongs to which.

/// Outputs of a row: one cache line of 8-bit weights.
pub const COLUMNS: usize = 64;

/// GoEmotions' 28 labels, in the order of the data set.
pub const GOEMOTIONS: [&str; 28] = [
    "admiration",
    "amusement",
    "anger",
    "annoyance",
    "approval",
    "caring",
    "confusion",
    "curiosity",
    "desire",
    "disappointment",
    "disapproval",
    "disgust",
    "embarrassment",
    "excitement",
    "fear",
    "gratitude",
    "grief",
    "joy",
    "love",
    "nervousness",
    "optimism",
    "pride",
    "realization",
    "relief",
    "remorse",
    "sadness",
    "surprise",
    "neutral",
];

/// Ekman's six emotions and neutral.
pub const EKMAN: [&str; 7] = [
    "anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise",
];

/// The four groups of GoEmotions.
pub const GROUPS: [&str; 4] = ["ambiguous", "negative", "neutral", "positive"];

/// A head: a run of columns that are learned and calibrated alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its name in model files and reports.
    pub name: &'static str,
    /// Its first column.
    pub first: usize,
    /// How many columns it has.
    pub len: usize,
    /// How its columns are read.
    pub link: Link,
}

/// How the sums of a head become what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Each column a probability of its own.
    Logistic,
    /// The columns share one certainty.
    Softmax,
}

impl Head {
    /// Its columns.
    pub const fn columns(self) -> std::ops::Range<usize> {
        self.first..self.first + self.len
    }
}

const fn head(name: &'static str, first: usize, len: usize, link: Link) -> Head {
    Head {
        name,
        first,
        len,
        link,
    }
}

/// GoEmotions' 28.
pub const GOEMOTIONS_HEAD: Head = head("goemotions", 0, 28, Link::Logistic);
/// Ekman's view.
pub const EKMAN_HEAD: Head = head("ekman", 28, 7, Link::Logistic);
/// The four groups.
pub const GROUP_HEAD: Head = head("group", 35, 4, Link::Logistic);
/// The product's eight emotions, in the order of `overture_engine::model::Emotion::ALL`.
pub const EMOTION_HEAD: Head = head("emotions", 39, 8, Link::Logistic);
/// Negative, neutral, positive.
pub const SENTIMENT_HEAD: Head = head("sentiment", 47, 3, Link::Softmax);
/// Polarity, learned as a probability on `(polarity + 1) / 2`.
pub const POLARITY_HEAD: Head = head("polarity", 50, 1, Link::Logistic);
/// Whether the message says the opposite of what it means.
pub const SARCASM_HEAD: Head = head("sarcasm", 51, 1, Link::Logistic);
/// Whether the matter is pressing or critical.
pub const URGENCY_HEAD: Head = head("urgency", 52, 1, Link::Logistic);

/// How pleasant what is told is, by a reader's rating; learned as a probability on `(valence + 1) / 2`.
pub const VALENCE_HEAD: Head = head("valence", 53, 1, Link::Logistic);

/// Every head.
pub const HEADS: [Head; 9] = [
    GOEMOTIONS_HEAD,
    EKMAN_HEAD,
    GROUP_HEAD,
    EMOTION_HEAD,
    SENTIMENT_HEAD,
    POLARITY_HEAD,
    SARCASM_HEAD,
    URGENCY_HEAD,
    VALENCE_HEAD,
];

/// The columns that are in use; those behind them are zero.
pub const USED: usize = 54;

/// The column that holds a feature's squared inverse document frequency.
pub const NORM_COLUMN: usize = 63;
