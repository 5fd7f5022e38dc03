//! From the probabilities of every column to what is said about a message: alike for every tier.

use overture_engine::model::{
    Abstained, Evidence, Sentiment, SentimentLabel, TextReading, TextScore,
};

use super::{
    heads::{
        EKMAN, EKMAN_HEAD, EMOTION_HEAD, GOEMOTIONS, GOEMOTIONS_HEAD, GROUP_HEAD, GROUPS, Head,
        POLARITY_HEAD, SARCASM_HEAD, SENTIMENT_HEAD, URGENCY_HEAD, VALENCE_HEAD,
    },
    language::{Language, language},
    table::Columns,
    tokens::{Kind, Tokens},
};

/// Words of evidence that a score carries at most.
const EVIDENCE_MAX: usize = 8;
/// What a word must add to the log-odds to be evidence.
const EVIDENCE_MIN: f32 = 0.05;
/// How much of the confidence certain sarcasm takes away.
const SARCASM_DOUBT: f32 = 0.5;
/// How much a language that could not be told takes away.
const LANGUAGE_DOUBT: f32 = 0.25;

/// Every head's answer about one text.
#[derive(Debug, Clone, PartialEq)]
pub struct FullReading {
    /// What the product uses.
    pub reading: TextReading,
    /// The labels of GoEmotions that are said, and the probability of each of the 28.
    pub goemotions: View,
    /// Ekman's view.
    pub ekman: View,
    /// The four groups.
    pub group: View,
    /// The probabilities of negative, neutral, positive.
    pub sentiment: [f32; 3],
}

/// One way to name emotions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct View {
    /// The labels that are said.
    pub labels: Vec<&'static str>,
    /// By label, its probability.
    pub probabilities: Vec<(&'static str, f32)>,
}

impl FullReading {
    /// Of a text that is not scored.
    pub(crate) fn nothing(reading: TextReading) -> Self {
        Self {
            reading,
            goemotions: View::default(),
            ekman: View::default(),
            group: View::default(),
            sentiment: [0.0; 3],
        }
    }
}

/// Who says it, and from which probability on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Speaker<'a> {
    pub(crate) name: &'a str,
    pub(crate) tier: u8,
    /// By column, above which probability a label is said.
    pub(crate) thresholds: &'a Columns,
    /// How far the sentiment heads are stretched to the scale of labels.
    pub(crate) polarity: f32,
}

impl Speaker<'_> {
    /// The polarity, -1 to 1, from calibrated probabilities.
    pub(crate) fn score(self, all: &Columns) -> f32 {
        libm::tanhf(self.polarity * raw_polarity(all))
    }

    /// What every head says.
    pub(crate) fn full(
        self,
        all: &Columns,
        language: Option<&str>,
        evidence: Vec<Evidence>,
    ) -> FullReading {
        let mut sentiment = [0.0; 3];
        sentiment.copy_from_slice(&all[SENTIMENT_HEAD.columns()]);
        FullReading {
            reading: TextReading::Scored(Box::new(self.scored(all, language, evidence))),
            goemotions: self.view(all, GOEMOTIONS_HEAD, &GOEMOTIONS),
            ekman: self.view(all, EKMAN_HEAD, &EKMAN),
            group: self.view(all, GROUP_HEAD, &GROUPS),
            sentiment,
        }
    }

    /// What the product uses.
    pub(crate) fn scored(
        self,
        all: &Columns,
        language: Option<&str>,
        evidence: Vec<Evidence>,
    ) -> TextScore {
        let emotions: [f32; 8] =
            std::array::from_fn(|place| rounded(all[EMOTION_HEAD.first + place]));
        let sarcasm = all[SARCASM_HEAD.first];
        let score = self.score(all);
        let (label, share) = label(all);
        let doubt = if language.is_none() {
            LANGUAGE_DOUBT
        } else {
            0.0
        };
        let felt = emotions[..7].iter().copied().fold(score.abs(), f32::max);
        TextScore {
            model: self.name.to_owned(),
            tier: self.tier,
            language: language.map(str::to_owned),
            sentiment: Sentiment {
                score: rounded(score),
                intensity: rounded(felt),
                confidence: rounded(share * (1.0 - SARCASM_DOUBT * sarcasm) * (1.0 - doubt)),
                label,
            },
            emotions,
            sarcasm: rounded(sarcasm),
            urgency: rounded(all[URGENCY_HEAD.first]),
            evidence,
        }
    }

    fn view(self, all: &Columns, head: Head, names: &'static [&'static str]) -> View {
        let over = |column: usize| all[column] - self.thresholds[column];
        let mut labels: Vec<&str> = names
            .iter()
            .zip(head.columns())
            .filter(|(_, column)| over(*column) > 0.0)
            .map(|(name, _)| *name)
            .collect();
        if labels.is_empty() {
            // Every message of these views has a label: the one that is nearest to being said.
            let nearest = head
                .columns()
                .max_by(|one, other| over(*one).total_cmp(&over(*other)));
            labels.extend(nearest.map(|column| names[column - head.first]));
        }
        View {
            labels,
            probabilities: names
                .iter()
                .zip(head.columns())
                .map(|(name, column)| (*name, rounded(all[column])))
                .collect(),
        }
    }
}

/// The language of a text, if it could be told.
///
/// # Errors
/// The reading of a text that is not scored: nothing in it says anything, or it is in another language.
pub(crate) fn readable(text: &str, tokens: &Tokens) -> Result<Option<&'static str>, TextReading> {
    let says_something = |kind| matches!(kind, Kind::Word | Kind::Emoji | Kind::Number);
    let abstained = |why, language: Option<&str>| TextReading::Abstained {
        why,
        language: language.map(str::to_owned),
    };
    if !tokens.all().iter().any(|token| says_something(token.kind)) {
        return Err(abstained(Abstained::Empty, None));
    }
    match language(text, tokens) {
        Language::English => Ok(Some("en")),
        Language::Unknown => Ok(None),
        Language::Other(language) => Err(abstained(Abstained::Language, Some(language))),
    }
}

/// The tokens that moved the score, from what each added to the log-odds of positive rather than negative.
pub(crate) fn evidence(tokens: &Tokens, by_token: &[f32]) -> Vec<Evidence> {
    let mut evidence: Vec<Evidence> = tokens
        .all()
        .iter()
        .zip(by_token)
        .filter(|(_, weight)| weight.abs() >= EVIDENCE_MIN)
        .map(|(token, weight)| Evidence {
            start: token.start,
            end: token.end,
            weight: rounded(*weight),
        })
        .collect();
    evidence.sort_by(|one, other| other.weight.abs().total_cmp(&one.weight.abs()));
    evidence.truncate(EVIDENCE_MAX);
    evidence.sort_by_key(|one| one.start);
    evidence
}

/// The columns whose weighed sum is the log-odds of positive rather than negative: the mean of the polarity head and of positive
/// minus negative. `slopes` are what one unit of a column is worth after calibration.
pub(crate) fn direction(slopes: &Columns) -> [(usize, f32); 3] {
    let negative = SENTIMENT_HEAD.first;
    [
        (POLARITY_HEAD.first, 0.5 * slopes[POLARITY_HEAD.first]),
        (negative, -0.5 * slopes[negative]),
        (negative + 2, 0.5 * slopes[negative + 2]),
    ]
}

/// How much of the polarity is the reader's rating; the rest is the mean of both sentiment heads. Chosen on dev splits.
const VALENCE_SHARE: f32 = 1.0 / 3.0;

/// The mean of the sentiment heads, -1 to 1.
pub(crate) fn raw_polarity(all: &Columns) -> f32 {
    let negative = SENTIMENT_HEAD.first;
    let twice = |head: Head| 2.0 * all[head.first] - 1.0;
    let felt = f32::midpoint(all[negative + 2] - all[negative], twice(POLARITY_HEAD));
    (1.0 - VALENCE_SHARE) * felt + VALENCE_SHARE * twice(VALENCE_HEAD)
}

fn label(all: &Columns) -> (SentimentLabel, f32) {
    let negative = SENTIMENT_HEAD.first;
    let named = [
        SentimentLabel::Negative,
        SentimentLabel::Neutral,
        SentimentLabel::Positive,
    ];
    let shares = named.into_iter().zip(&all[negative..negative + 3]);
    shares
        .max_by(|one, other| one.1.total_cmp(other.1))
        .map_or((SentimentLabel::Neutral, 0.0), |(label, share)| {
            (label, *share)
        })
}

fn rounded(value: f32) -> f32 {
    (value * 1e4).round() / 1e4
}
