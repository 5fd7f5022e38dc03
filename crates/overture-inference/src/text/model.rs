//! The model of tier 0: tables, word list and calibration together, and what they say about a text.

use overture_engine::{
    model::{Evidence, TextReading},
    understand::TextModel,
};

use crate::{ModelFileError, encoder};

use super::{
    authored::authored,
    calibrate::Calibration,
    file,
    heads::COLUMNS,
    lexicon::{Addend, Lexicon},
    rows::Rows,
    say::{self, FullReading, Speaker},
    table::{Columns, Table, probabilities},
    tokens::Tokens,
};

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

/// What answers about every head, of any tier.
pub trait TextHeads: TextModel {
    /// 0 for tables, 1 for tables and an encoder together.
    fn tier(&self) -> u8;

    /// The calibrated probability of every column.
    fn probabilities(&self, text: &str, scratch: &mut Scratch) -> Columns;

    /// The polarity, -1 to 1, from calibrated probabilities.
    fn score(&self, probabilities: &Columns) -> f32;

    /// By column, above which probability a label is said.
    fn thresholds(&self) -> &Columns;

    /// What each token adds to the log-odds of being positive rather than negative: with the intercepts and what belongs to no
    /// token they sum to it exactly.
    fn contributions(&self, text: &str, scratch: &mut Scratch) -> Vec<f32>;

    /// What every head says about a text. `scratch` is overwritten.
    fn full(&self, text: &str, scratch: &mut Scratch) -> FullReading;
}

/// What is different from tier to tier; the rest of [`TextHeads`] follows from it.
pub(crate) trait Tier: TextModel {
    /// Who says it.
    fn speaker(&self) -> Speaker<'_>;

    /// Reads a text's tokens and features into `scratch`.
    fn look(&self, text: &str, scratch: &mut Scratch);

    /// The probability of every column of the text that was looked at last.
    fn columns(&self, text: &str, scratch: &mut Scratch) -> Columns;

    /// What each token of the text adds whose [`Self::columns`] were asked for last.
    fn by_token(&self, scratch: &Scratch) -> Vec<f32>;
}

/// The probability of every column, the language where it could be told, and the words that count.
type Answer = (Columns, Option<&'static str>, Vec<Evidence>);

fn answer(tier: &impl Tier, text: &str, scratch: &mut Scratch) -> Result<Answer, TextReading> {
    tier.look(text, scratch);
    let language = say::readable(text, &scratch.tokens)?;
    let columns = tier.columns(text, scratch);
    let evidence = say::evidence(&scratch.tokens, &tier.by_token(scratch));
    Ok((columns, language, evidence))
}

/// What [`TextModel::read`] is for every tier.
pub(crate) fn read(tier: &impl Tier, text: &str) -> TextReading {
    match answer(tier, text, &mut Scratch::default()) {
        Ok((columns, language, evidence)) => {
            let score = tier.speaker().scored(&columns, language, evidence);
            TextReading::Scored(Box::new(score))
        }
        Err(reading) => reading,
    }
}

impl<T: Tier> TextHeads for T {
    fn tier(&self) -> u8 {
        self.speaker().tier
    }

    fn probabilities(&self, text: &str, scratch: &mut Scratch) -> Columns {
        self.look(text, scratch);
        self.columns(text, scratch)
    }

    fn score(&self, probabilities: &Columns) -> f32 {
        self.speaker().score(probabilities)
    }

    fn thresholds(&self) -> &Columns {
        self.speaker().thresholds
    }

    fn contributions(&self, text: &str, scratch: &mut Scratch) -> Vec<f32> {
        self.probabilities(text, scratch);
        self.by_token(scratch)
    }

    fn full(&self, text: &str, scratch: &mut Scratch) -> FullReading {
        match answer(self, text, scratch) {
            Ok((columns, language, evidence)) => self.speaker().full(&columns, language, evidence),
            Err(reading) => FullReading::nothing(reading),
        }
    }
}

/// What one message is read into; reused by who reads many.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) tokens: Tokens,
    rows: Rows,
    addends: Vec<Addend>,
    pub(crate) encoder: encoder::Scratch,
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
    /// [`ModelFileError`], as [`file::read`] says.
    pub fn from_file(bytes: &[u8]) -> Result<Self, ModelFileError> {
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

    /// The uncalibrated sums of a text, for learning and measuring.
    pub fn totals(&self, text: &str, scratch: &mut Scratch) -> Columns {
        self.look(text, scratch);
        self.table.totals(&scratch.rows, &scratch.addends)
    }

    /// The calibrated sums of what was [looked at](Self::look) last.
    pub(crate) fn calibrated(&self, scratch: &Scratch) -> Columns {
        let totals = self.table.totals(&scratch.rows, &scratch.addends);
        self.calibration.apply(&totals)
    }

    /// What each token of what was looked at last adds, where one unit of a calibrated column is worth `worth`.
    pub(crate) fn worth_by_token(&self, worth: &Columns, scratch: &Scratch) -> Vec<f32> {
        let mut slopes = self.calibration.slope;
        for (slope, worth) in slopes.iter_mut().zip(worth) {
            *slope *= worth;
        }
        self.table.contributions(
            &scratch.rows,
            &scratch.addends,
            &say::direction(&slopes),
            scratch.tokens.all().len(),
        )
    }
}

/// A unit of a calibrated column is worth itself.
const ITSELF: Columns = [1.0; COLUMNS];

impl Tier for TextTables {
    fn speaker(&self) -> Speaker<'_> {
        Speaker {
            name: &self.name,
            tier: 0,
            thresholds: &self.thresholds,
            polarity: self.polarity,
        }
    }

    fn look(&self, text: &str, scratch: &mut Scratch) {
        scratch.tokens.read(text, &authored(text));
        scratch.rows.read(&scratch.tokens);
        self.lexicon.read(&scratch.tokens, &mut scratch.addends);
    }

    fn columns(&self, _: &str, scratch: &mut Scratch) -> Columns {
        probabilities(&self.calibrated(scratch))
    }

    fn by_token(&self, scratch: &Scratch) -> Vec<f32> {
        self.worth_by_token(&ITSELF, scratch)
    }
}

impl TextModel for TextTables {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(&self, text: &str) -> TextReading {
        read(self, text)
    }
}
