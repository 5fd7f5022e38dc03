//! The model of tier 0: tables, word list and calibration together, and what they say about a text.

use overture_engine::{
    model::{Abstained, Evidence, Sentiment, SentimentLabel, TextReading, TextScore},
    understand::TextModel,
};

use super::{
    authored::authored,
    calibrate::Calibration,
    file::{self, TextModelError},
    heads::{
        EKMAN, EKMAN_HEAD, EMOTION_HEAD, GOEMOTIONS, GOEMOTIONS_HEAD, GROUP_HEAD, GROUPS, Head,
        POLARITY_HEAD, SARCASM_HEAD, SENTIMENT_HEAD, URGENCY_HEAD, VALENCE_HEAD,
    },
    language::{Language, language},
    lexicon::{Addend, Lexicon},
    rows::Rows,
    table::{Columns, Table, probabilities},
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

/// A text model of tier 0.
#[derive(Clone)]
pub struct TextTables {
    pub(super) name: String,
    pub(super) table: Table,
    pub(super) lexicon: Lexicon,
    pub(super) calibration: Calibration,
    /// By column, above which probability a label is said.
    pub(super) thresholds: Columns,
    /// How far the sentiment heads are stretched to the scale of labels.
    pub(super) polarity: f32,
}

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

/// What one message is read into; reused by who reads many.
#[derive(Debug, Default)]
pub struct Scratch {
    tokens: Tokens,
    rows: Rows,
    addends: Vec<Addend>,
}

impl TextTables {
    /// Puts a model together.
    pub fn new(
        name: impl Into<String>,
        table: Table,
        lexicon: Lexicon,
        calibration: Calibration,
        thresholds: Columns,
        polarity: f32,
    ) -> Self {
        Self {
            name: name.into(),
            table,
            lexicon,
            calibration,
            thresholds,
            polarity,
        }
    }

    /// Reads a model's file.
    ///
    /// # Errors
    /// [`TextModelError`], as [`file::read`] says.
    pub fn from_file(bytes: &[u8]) -> Result<Self, TextModelError> {
        file::read(bytes)
    }

    /// The model's file.
    pub fn to_file(&self) -> Vec<u8> {
        file::write(self)
    }

    /// The word list, from which another model can begin.
    pub fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    /// By column, above which probability a label is said.
    pub fn thresholds(&self) -> &Columns {
        &self.thresholds
    }

    /// The uncalibrated sums of a text, for learning and measuring.
    pub fn totals(&self, text: &str, scratch: &mut Scratch) -> Columns {
        self.look(text, scratch);
        self.table.totals(&scratch.rows, &scratch.addends)
    }

    /// The calibrated probability of every column.
    pub fn probabilities(&self, text: &str, scratch: &mut Scratch) -> Columns {
        probabilities(&self.calibration.apply(&self.totals(text, scratch)))
    }

    /// The polarity, -1 to 1, from calibrated probabilities.
    pub fn score(&self, probabilities: &Columns) -> f32 {
        libm::tanhf(self.polarity * raw_polarity(probabilities))
    }

    fn look(&self, text: &str, scratch: &mut Scratch) {
        scratch.tokens.read(text, &authored(text));
        scratch.rows.read(&scratch.tokens);
        self.lexicon.read(&scratch.tokens, &mut scratch.addends);
    }

    /// The language and every probability; `Err` with the reading of a text that is not scored.
    fn answers(
        &self,
        text: &str,
        scratch: &mut Scratch,
    ) -> Result<(Option<&'static str>, Columns), TextReading> {
        self.look(text, scratch);
        let says_something = |kind| matches!(kind, Kind::Word | Kind::Emoji | Kind::Number);
        let abstained = |why, language: Option<&str>| TextReading::Abstained {
            why,
            language: language.map(str::to_owned),
        };
        let tokens = &scratch.tokens;
        if !tokens.all().iter().any(|token| says_something(token.kind)) {
            return Err(abstained(Abstained::Empty, None));
        }
        let language = match language(text, tokens) {
            Language::English => Some("en"),
            Language::Unknown => None,
            Language::Other(language) => {
                return Err(abstained(Abstained::Language, Some(language)));
            }
        };
        let totals = self.table.totals(&scratch.rows, &scratch.addends);
        Ok((language, probabilities(&self.calibration.apply(&totals))))
    }

    /// What every head says about a text. `scratch` is overwritten.
    pub fn full(&self, text: &str, scratch: &mut Scratch) -> FullReading {
        let (language, all) = match self.answers(text, scratch) {
            Ok(answers) => answers,
            Err(reading) => return FullReading::nothing(reading),
        };
        let mut sentiment = [0.0; 3];
        sentiment.copy_from_slice(&all[SENTIMENT_HEAD.columns()]);
        FullReading {
            reading: TextReading::Scored(Box::new(self.scored(&all, language, scratch))),
            goemotions: self.view(&all, GOEMOTIONS_HEAD, &GOEMOTIONS),
            ekman: self.view(&all, EKMAN_HEAD, &EKMAN),
            group: self.view(&all, GROUP_HEAD, &GROUPS),
            sentiment,
        }
    }

    fn scored(&self, all: &Columns, language: Option<&str>, scratch: &Scratch) -> TextScore {
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
            model: self.name.clone(),
            tier: 0,
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
            evidence: self.evidence(scratch),
        }
    }

    /// What each token adds to the log-odds of being positive rather than negative.
    ///
    /// The mean of the polarity head and of positive minus negative, both calibrated: with the intercepts and what belongs
    /// to no token they sum to it exactly.
    pub fn contributions(&self, text: &str, scratch: &mut Scratch) -> Vec<f32> {
        self.look(text, scratch);
        self.by_token(scratch)
    }

    fn by_token(&self, scratch: &Scratch) -> Vec<f32> {
        let slope = &self.calibration.slope;
        let negative = SENTIMENT_HEAD.first;
        let direction = [
            (POLARITY_HEAD.first, 0.5 * slope[POLARITY_HEAD.first]),
            (negative, -0.5 * slope[negative]),
            (negative + 2, 0.5 * slope[negative + 2]),
        ];
        self.table.contributions(
            &scratch.rows,
            &scratch.addends,
            &direction,
            scratch.tokens.all().len(),
        )
    }

    fn evidence(&self, scratch: &Scratch) -> Vec<Evidence> {
        let mut evidence: Vec<Evidence> = scratch
            .tokens
            .all()
            .iter()
            .zip(self.by_token(scratch))
            .filter(|(_, weight)| weight.abs() >= EVIDENCE_MIN)
            .map(|(token, weight)| Evidence {
                start: token.start,
                end: token.end,
                weight: rounded(weight),
            })
            .collect();
        evidence.sort_by(|one, other| other.weight.abs().total_cmp(&one.weight.abs()));
        evidence.truncate(EVIDENCE_MAX);
        evidence.sort_by_key(|one| one.start);
        evidence
    }

    fn view(&self, all: &Columns, head: Head, names: &'static [&'static str]) -> View {
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

impl FullReading {
    fn nothing(reading: TextReading) -> Self {
        Self {
            reading,
            goemotions: View::default(),
            ekman: View::default(),
            group: View::default(),
            sentiment: [0.0; 3],
        }
    }
}

impl TextModel for TextTables {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(&self, text: &str) -> TextReading {
        let mut scratch = Scratch::default();
        match self.answers(text, &mut scratch) {
            Ok((language, all)) => {
                TextReading::Scored(Box::new(self.scored(&all, language, &scratch)))
            }
            Err(reading) => reading,
        }
    }
}

/// How much of the polarity is the reader's rating; the rest is the mean of both sentiment heads. Chosen on dev splits.
const VALENCE_SHARE: f32 = 1.0 / 3.0;

/// The mean of the sentiment heads, -1 to 1.
pub(super) fn raw_polarity(all: &Columns) -> f32 {
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
