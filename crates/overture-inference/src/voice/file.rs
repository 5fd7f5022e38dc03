//! Files of voice models.
//!
//! `OVVOICE1\n`, the length of the header (4 bytes, little endian), the header as JSON, then 32-bit floats: of each measure the mean,
//! the deviation, each emotion's mean and the prior; the weights of the linear reading and of that with the kernel, whose frequencies
//! follow from the seed in the header; at the end the SHA-256 of all that.

use serde::{Deserialize, Serialize};

use crate::{
    ModelFileError,
    frame::{self, Kind},
};

use super::{
    EMOTIONS, Emotion,
    calibrate::Sharpness,
    functionals::MEASURES,
    kernel::{WAVES, Waves},
    model::VoiceModel,
    regression::Linear,
    speaker::Population,
};

const KIND: Kind = Kind {
    what: "a voice model",
    begins: "OVVOICE1",
    header_bytes_max: 64 << 10,
};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    name: String,
    measures: usize,
    emotions: Vec<String>,
    waves: usize,
    width: f32,
    seed: u64,
    sharpness_at_once: f32,
    sharpness_whole: f32,
}

/// The file of a model.
pub(super) fn write(model: &VoiceModel) -> Vec<u8> {
    let header = Header {
        name: model.name.clone(),
        measures: MEASURES,
        emotions: Emotion::ALL
            .map(|emotion| emotion.name().to_owned())
            .to_vec(),
        waves: WAVES,
        width: model.waves.width(),
        seed: model.waves.seed(),
        sharpness_at_once: model.sharpness.at_once,
        sharpness_whole: model.sharpness.whole,
    };
    let population = &model.population;
    let parts = [
        &population.means,
        &population.deviations,
        &population.emotions,
        &population.prior,
        &model.linear.weights,
        &model.curved.weights,
    ];
    let bytes = parts.iter().map(|part| 4 * part.len()).sum();
    let mut file = frame::begin(KIND, &header, bytes);
    for number in parts.into_iter().flatten() {
        file.extend_from_slice(&number.to_le_bytes());
    }
    frame::seal(file)
}

/// Reads a model's file.
///
/// # Errors
/// [`ModelFileError`] for a file that is no model, cut off, changed, or with content that cannot be used.
pub(super) fn read(file: &[u8]) -> Result<VoiceModel, ModelFileError> {
    let (header, mut reader): (Header, _) = frame::open(KIND, file)?;
    if header.measures != MEASURES || header.waves != WAVES {
        return Err(ModelFileError::Unusable("number of measures"));
    }
    if !header
        .emotions
        .iter()
        .eq(Emotion::ALL.map(Emotion::name).iter())
    {
        return Err(ModelFileError::Unusable("emotions"));
    }
    let numbers = [
        header.width,
        header.sharpness_at_once,
        header.sharpness_whole,
    ];
    if numbers
        .iter()
        .any(|number| !number.is_finite() || *number <= 0.0)
    {
        return Err(ModelFileError::Unusable("numbers"));
    }
    let population = Population {
        means: reader.floats(MEASURES, "the means")?,
        deviations: reader.floats(MEASURES, "the deviations")?,
        emotions: reader.floats(EMOTIONS * MEASURES, "the emotions' means")?,
        prior: reader.floats(MEASURES, "the priors")?,
    };
    let are_scales = |numbers: &[f32]| numbers.iter().all(|number| *number > 0.0);
    if !are_scales(&population.deviations) || !are_scales(&population.prior) {
        return Err(ModelFileError::Unusable("deviations or priors"));
    }
    let mut weights = |inputs: usize, part: &'static str| {
        let weights = reader.floats(EMOTIONS * (inputs + 1), part)?;
        Ok::<_, ModelFileError>(Linear { inputs, weights })
    };
    let linear = weights(2 * MEASURES, "the linear reading")?;
    let curved = weights(WAVES, "the reading with the kernel")?;
    reader.end()?;
    Ok(VoiceModel {
        name: header.name,
        population,
        linear,
        waves: Waves::new(header.width, header.seed),
        curved,
        sharpness: Sharpness {
            at_once: header.sharpness_at_once,
            whole: header.sharpness_whole,
        },
    })
}
