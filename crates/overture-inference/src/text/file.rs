//! Model files: what is compiled in, and what `overture train text` writes.
//!
//! `OVTEXT1\n`, the length of the header (4 bytes, little endian), the header as JSON, the word list, the rows of the
//! table without their unused columns, and the SHA-256 of all that.

use serde::{Deserialize, Serialize};

use crate::{
    ModelFileError,
    frame::{self, Kind},
};

use super::{
    calibrate::Calibration,
    heads::{COLUMNS, HEADS, NORM_COLUMN, USED},
    lexicon::{Lexicon, Ratings, SUMS},
    model::TextTables,
    rows::ROWS,
    table::{Columns, Table},
};

const KIND: Kind = Kind {
    what: "a text model",
    begins: "OVTEXT1",
    header_bytes_max: 1 << 20,
};
const WORDS_MAX: usize = 200_000;
/// A rating is kept in hundredths.
const RATING_STEP: f32 = 0.01;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    name: String,
    heads: Vec<String>,
    rows: usize,
    words: usize,
    norm_step: f32,
    steps: Vec<f32>,
    intercepts: Vec<f32>,
    sums: Vec<Vec<f32>>,
    slopes: Vec<f32>,
    offsets: Vec<f32>,
    thresholds: Vec<f32>,
    polarity: f32,
}

pub(crate) fn head_names() -> Vec<String> {
    HEADS
        .iter()
        .map(|head| format!("{}:{}", head.name, head.len))
        .collect()
}

/// The file of a model.
pub fn write(model: &TextTables) -> Vec<u8> {
    let used = |columns: &Columns| columns[..USED].to_vec();
    let words = model.lexicon.entries();
    let header = Header {
        name: model.name.clone(),
        heads: head_names(),
        rows: ROWS,
        words: words.len(),
        norm_step: model.table.norm_step,
        steps: used(&model.table.steps),
        intercepts: used(&model.table.intercepts),
        sums: model.table.sums.iter().map(used).collect(),
        slopes: used(&model.calibration.slope),
        offsets: used(&model.calibration.offset),
        thresholds: used(&model.thresholds),
        polarity: model.polarity,
    };
    let mut file = frame::begin(KIND, &header, ROWS * (USED + 1) + (1 << 20));
    for (word, ratings) in words {
        file.push(u8::try_from(word.len()).expect("words are short"));
        file.extend_from_slice(word);
        for rating in [ratings.vader, ratings.afinn, ratings.opinion] {
            file.push(rating_step(rating).cast_unsigned());
        }
    }
    for row in &model.table.rows {
        file.extend(row[..USED].iter().map(|weight| weight.cast_unsigned()));
        file.push(row[NORM_COLUMN].cast_unsigned());
    }
    frame::seal(file)
}

fn rating_step(rating: f32) -> i8 {
    (rating / RATING_STEP).round().clamp(-100.0, 100.0) as i8
}

/// The ratings as a file keeps them.
pub fn rounded(ratings: Ratings) -> Ratings {
    let rounded = |rating| f32::from(rating_step(rating)) * RATING_STEP;
    Ratings {
        vader: rounded(ratings.vader),
        afinn: rounded(ratings.afinn),
        opinion: rounded(ratings.opinion),
    }
}

/// Reads a model's file.
///
/// # Errors
/// [`ModelFileError`] for a file that is no model, cut off, changed, or made for other heads.
pub fn read(file: &[u8]) -> Result<TextTables, ModelFileError> {
    let (header, mut reader): (Header, _) = frame::open(KIND, file)?;
    if header.heads != head_names() || header.rows != ROWS || header.words > WORDS_MAX {
        return Err(ModelFileError::Unusable("heads, rows or words"));
    }
    let mut lexicon = Lexicon::default();
    for _ in 0..header.words {
        let length = usize::from(reader.take(1, "the word list")?[0]);
        let word = reader.take(length, "the word list")?;
        let ratings = reader.take(3, "the word list")?;
        let rating = |place: usize| f32::from(ratings[place].cast_signed()) * RATING_STEP;
        lexicon.insert_normal(
            word,
            Ratings {
                vader: rating(0),
                afinn: rating(1),
                opinion: rating(2),
            },
        );
    }
    let mut table = Table::zero();
    for (row, bytes) in table.rows.iter_mut().zip(
        reader
            .take(ROWS * (USED + 1), "the table")?
            .chunks_exact(USED + 1),
    ) {
        for (weight, byte) in row[..USED].iter_mut().zip(bytes) {
            *weight = byte.cast_signed();
        }
        row[NORM_COLUMN] = bytes[USED].cast_signed();
    }
    reader.end()?;
    table.norm_step = one(header.norm_step, "norm_step")?;
    table.steps = columns(&header.steps, "steps")?;
    table.intercepts = columns(&header.intercepts, "intercepts")?;
    if header.sums.len() != SUMS {
        return Err(ModelFileError::Unusable("sums"));
    }
    for (sum, given) in table.sums.iter_mut().zip(&header.sums) {
        *sum = columns(given, "sums")?;
    }
    Ok(TextTables {
        name: header.name,
        table,
        lexicon,
        calibration: Calibration {
            slope: columns(&header.slopes, "slopes")?,
            offset: columns(&header.offsets, "offsets")?,
        },
        thresholds: columns(&header.thresholds, "thresholds")?,
        polarity: one(header.polarity, "polarity")?,
    })
}

pub(crate) fn one(value: f32, name: &'static str) -> Result<f32, ModelFileError> {
    (value.is_finite() && value > 0.0)
        .then_some(value)
        .ok_or(ModelFileError::Unusable(name))
}

pub(crate) fn columns(given: &[f32], name: &'static str) -> Result<Columns, ModelFileError> {
    if given.len() != USED || given.iter().any(|value| !value.is_finite()) {
        return Err(ModelFileError::Unusable(name));
    }
    let mut columns = [0.0; COLUMNS];
    columns[..USED].copy_from_slice(given);
    Ok(columns)
}
