//! Recordings as files.

use std::{fs::File, path::Path};

use anyhow::Context;
use overture_inference::audio::Recording;

/// Begins to read a recording.
///
/// # Errors
/// The file cannot be opened, or holds no recording that can be read.
pub(super) fn open(file: &Path) -> anyhow::Result<Recording> {
    let opened = File::open(file).context("could not open the file")?;
    let extension = file.extension().and_then(|extension| extension.to_str());
    Ok(Recording::open(Box::new(opened), extension)?)
}

/// All of a recording's first channel at 8 kHz, up to `seconds_max`.
///
/// # Errors
/// It cannot be read.
pub(super) fn first_channel(file: &Path, seconds_max: f64) -> anyhow::Result<Vec<f32>> {
    let mut recording = open(file)?;
    let mut samples = Vec::new();
    while recording.seconds() < seconds_max
        && let Some(channels) = recording.read()?
    {
        samples.extend_from_slice(&channels[0]);
    }
    Ok(samples)
}
