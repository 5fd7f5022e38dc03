//! Files of models: read up to a size, written whole or not at all.

use std::{fs, io::Write, path::Path};

use anyhow::Context;

/// What a model's file holds; `what` is "the model", or which one, for the reason that is told.
///
/// # Errors
/// It cannot be read, or has more than `bytes_max` bytes.
pub(crate) fn read(file: &Path, bytes_max: u64, what: &str) -> anyhow::Result<Vec<u8>> {
    let size = fs::metadata(file)
        .with_context(|| cannot_read(file, what))?
        .len();
    anyhow::ensure!(
        size <= bytes_max,
        "{} has {size} bytes, expected at most {bytes_max}",
        file.display()
    );
    fs::read(file).with_context(|| cannot_read(file, what))
}

/// Why nothing becomes of a file, as every model says it.
pub(crate) fn cannot_read(file: &Path, what: &str) -> String {
    format!("could not read {what} {}", file.display())
}

/// Writes a file, whole or not at all; makes its folder.
///
/// # Errors
/// The disk refuses.
pub(crate) fn write(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("could not make {}", folder.display()))?;
    }
    replace(file, bytes)
}

/// Writes a file, whole or not at all.
///
/// # Errors
/// The disk refuses.
pub(crate) fn replace(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let half = file.with_extension("part");
    let done = fs::File::create(&half).and_then(|mut half| {
        half.write_all(bytes)?;
        half.sync_all()
    });
    done.and_then(|()| fs::rename(&half, file))
        .with_context(|| format!("could not write {}", file.display()))
}
