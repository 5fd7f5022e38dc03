//! `overture score|train|evaluate voice`: how somebody sounds, from the command line.

mod clips;
mod conditions;
mod evaluate;
mod measure;
mod score;
mod sound;
mod train;

pub(crate) use evaluate::{EvaluateArgs, run as evaluate};
pub(crate) use score::{ScoreArgs, run as score};
pub(crate) use train::{TrainArgs, run as train};

use std::{fs, path::Path};

use anyhow::Context;
use overture_inference::voice::VoiceModel;

/// The model that ships.
static SHIPPED: &[u8] = include_bytes!("../../../../models/voice-1.model");

/// The largest model file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// The model in a file, or the one that ships.
///
/// # Errors
/// The file cannot be read, is too large, or is no voice model.
fn model(file: Option<&Path>) -> anyhow::Result<VoiceModel> {
    let Some(file) = file else {
        return Ok(
            VoiceModel::from_file(SHIPPED).expect("the shipped model is whole: a test reads it")
        );
    };
    let what = || format!("could not read the voice model {}", file.display());
    let size = fs::metadata(file).with_context(what)?.len();
    anyhow::ensure!(
        size <= FILE_BYTES_MAX,
        "{} has {size} bytes, expected at most {FILE_BYTES_MAX}",
        file.display()
    );
    VoiceModel::from_file(&fs::read(file).with_context(what)?).with_context(what)
}
