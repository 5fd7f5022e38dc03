//! `overture train|score|evaluate issues`: classifiers of an organisation's own labels from the command line.

mod evaluate;
mod measure;
mod rows;
mod score;
pub(crate) mod shelf;
mod train;

pub(crate) use evaluate::{EvaluateArgs, run as evaluate};
pub(crate) use score::{ScoreArgs, run as score};
pub(crate) use train::{TrainArgs, run as train};

use std::path::Path;

use anyhow::Context;
use overture_inference::issues::IssueModel;

use crate::models::files;

/// The classifier in its folder.
const MODEL_FILE: &str = "issues.model";
/// What it was made from, in its folder.
const TRAINING_FILE: &str = "training.json";
/// What a file is called where it cannot be read.
const WHAT: &str = "the issue classifier";
/// The largest model file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 512 << 20;

/// Reads the classifier of a folder that `train issues` wrote, or a classifier's file.
///
/// # Errors
/// It cannot be read, is too large, cut off, changed, or no issue classifier.
fn read(place: &Path) -> anyhow::Result<IssueModel> {
    let file = if place.is_dir() {
        place.join(MODEL_FILE)
    } else {
        place.to_owned()
    };
    IssueModel::from_file(&read_bytes(&file)?).with_context(|| cannot_read(&file))
}

fn read_bytes(file: &Path) -> anyhow::Result<Vec<u8>> {
    files::read(file, FILE_BYTES_MAX, WHAT)
}

fn cannot_read(file: &Path) -> String {
    files::cannot_read(file, WHAT)
}
