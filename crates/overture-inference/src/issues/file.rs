//! Files of issue classifiers.
//!
//! `OVISSU1\n`, the length of the header (4 bytes, little endian), the header as JSON, then for each feature its hash (8 bytes),
//! its rarity and the worth of one step (32-bit floats) and one 8-bit weight a column, all little endian, hashes ascending;
//! at the end the SHA-256 of all that.

use serde::{Deserialize, Serialize};

use crate::{
    ModelFileError,
    frame::{self, Kind},
};

use super::{
    OUT_OF_SCOPE,
    calibrate::{Rejection, SIGNS, Shares},
    make::{CELLS_MAX, LABELS_MAX},
    model::IssueModel,
    vocabulary::Vocabulary,
};

const KIND: Kind = Kind {
    what: "an issue classifier",
    begins: "OVISSU1",
    header_bytes_max: 4 << 20,
};
/// Hash, rarity and step.
const FEATURE_BYTES: usize = 16;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    name: String,
    issues: Vec<String>,
    features: usize,
    intercepts: Vec<f32>,
    sharpness: f32,
    doubt: f32,
    rejection: Option<Rejecting>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rejecting {
    weights: [f32; SIGNS],
    offset: f32,
    threshold: f32,
}

/// The file of a model.
pub fn write(model: &IssueModel) -> Vec<u8> {
    let header = Header {
        name: model.name.clone(),
        issues: model.issues.clone(),
        features: model.vocabulary.len(),
        intercepts: model.intercepts.clone(),
        sharpness: model.shares.sharpness,
        doubt: model.shares.doubt,
        rejection: model.rejection.map(|rejection| Rejecting {
            weights: rejection.weights,
            offset: rejection.offset,
            threshold: rejection.threshold,
        }),
    };
    let bytes = model.vocabulary.len() * (FEATURE_BYTES + model.columns);
    let mut file = frame::begin(KIND, &header, bytes);
    let features = model.vocabulary.entries().zip(&model.steps);
    for (((hash, rarity), step), row) in features.zip(model.rows.chunks_exact(model.columns)) {
        file.extend_from_slice(&hash.to_le_bytes());
        file.extend_from_slice(&rarity.to_le_bytes());
        file.extend_from_slice(&step.to_le_bytes());
        file.extend(row.iter().map(|weight| weight.cast_unsigned()));
    }
    frame::seal(file)
}

/// Reads a model's file.
///
/// # Errors
/// [`ModelFileError`] for a file that is no model, cut off, changed, or with content that cannot be used.
pub fn read(file: &[u8]) -> Result<IssueModel, ModelFileError> {
    let (header, mut reader): (Header, _) = frame::open(KIND, file)?;
    let columns = checked(&header)?;
    let table = reader.take(header.features * (FEATURE_BYTES + columns), "the table")?;
    reader.end()?;
    let mut hashes = Vec::with_capacity(header.features);
    let mut rarities = Vec::with_capacity(header.features);
    let mut steps = Vec::with_capacity(header.features);
    let mut rows = Vec::with_capacity(header.features * columns);
    for feature in table.chunks_exact(FEATURE_BYTES + columns) {
        let (numbers, weights) = feature.split_at(FEATURE_BYTES);
        let hash: [u8; 8] = numbers[..8].try_into().expect("eight bytes");
        hashes.push(u64::from_le_bytes(hash));
        rarities.push(finite(four(&numbers[8..12]), "rarities")?);
        steps.push(finite(four(&numbers[12..]), "steps")?);
        rows.extend(weights.iter().map(|weight| weight.cast_signed()));
    }
    if !hashes.is_sorted_by(|one, other| one < other) {
        return Err(ModelFileError::Unusable("order of features"));
    }
    Ok(IssueModel {
        name: header.name,
        issues: header.issues,
        columns,
        vocabulary: Vocabulary::new(hashes, rarities),
        rows,
        steps,
        intercepts: header.intercepts,
        shares: Shares {
            sharpness: header.sharpness,
            doubt: header.doubt,
        },
        rejection: header.rejection.map(|rejection| Rejection {
            weights: rejection.weights,
            offset: rejection.offset,
            threshold: rejection.threshold,
        }),
    })
}

/// How many columns the table has, once the header is found usable.
fn checked(header: &Header) -> Result<usize, ModelFileError> {
    let columns = header.intercepts.len();
    let issues = &header.issues;
    let are_issues = !issues.is_empty()
        && issues.len() <= LABELS_MAX
        && issues.is_sorted_by(|one, other| one < other)
        && issues.iter().all(|issue| issue != OUT_OF_SCOPE);
    if !are_issues || !(issues.len()..=issues.len() + 1).contains(&columns) {
        return Err(ModelFileError::Unusable("issues"));
    }
    if header.features > CELLS_MAX / columns {
        return Err(ModelFileError::Unusable("number of features"));
    }
    let rejecting = header.rejection.iter().flat_map(|rejection| {
        rejection
            .weights
            .iter()
            .chain([&rejection.offset, &rejection.threshold])
    });
    let mut numbers = header
        .intercepts
        .iter()
        .chain([&header.sharpness])
        .chain(rejecting);
    if numbers.any(|number| !number.is_finite())
        || header.sharpness <= 0.0
        || !(0.0..1.0).contains(&header.doubt)
    {
        return Err(ModelFileError::Unusable("numbers"));
    }
    Ok(columns)
}

fn four(bytes: &[u8]) -> [u8; 4] {
    bytes.try_into().expect("four bytes")
}

fn finite(bytes: [u8; 4], name: &'static str) -> Result<f32, ModelFileError> {
    let number = f32::from_le_bytes(bytes);
    number
        .is_finite()
        .then_some(number)
        .ok_or(ModelFileError::Unusable(name))
}
