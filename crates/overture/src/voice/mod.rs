//! `overture score|train|evaluate voice`: how somebody sounds, from the command line.

mod clips;
mod conditions;
mod evaluate;
mod measure;
mod readers;
mod score;
mod sound;
mod train;

pub(crate) use evaluate::{EvaluateArgs, run as evaluate};
pub(crate) use readers::{ReaderArgs, Recorded};
pub(crate) use score::{ScoreArgs, run as score};
pub(crate) use train::{TrainArgs, run as train};

use std::{path::Path, sync::Arc};

use anyhow::Context;
use overture_engine::understand::voice::CallAnalyzer;
use overture_inference::voice::{Analyzer, VoiceModel};

use crate::models::files;

/// The model that ships.
static SHIPPED: &[u8] = include_bytes!("../../../../models/voice-1.model");

/// What a file is called where it cannot be read.
const WHAT: &str = "the voice model";
/// The largest model file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// What the server hears calls with: the model that ships.
pub(crate) fn analyzer() -> Arc<dyn CallAnalyzer> {
    let model = model(None).expect("without a file there is none that cannot be read");
    Arc::new(Analyzer::new(model))
}

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
    let bytes = files::read(file, FILE_BYTES_MAX, WHAT)?;
    VoiceModel::from_file(&bytes).with_context(|| files::cannot_read(file, WHAT))
}
