//! `cargo xtask tidy`: what the compiler and Clippy cannot check. Also runs as a test.

mod arrows;
mod licences;
mod lists;
mod source_text;
mod sources;

use anyhow::{Result, bail};
use cargo_metadata::{CargoOpt, Metadata, MetadataCommand};

use crate::paths;

/// Runs every rule.
///
/// # Errors
/// The text lists each finding, one a line.
pub(crate) fn run() -> Result<()> {
    let metadata = metadata()?;
    let mut findings = arrows::check(&metadata);
    findings.extend(licences::check(&metadata)?);
    findings.extend(sources::check(&paths::root())?);
    if !findings.is_empty() {
        bail!("tidy found:\n{}", findings.join("\n"));
    }
    Ok(())
}

fn metadata() -> Result<Metadata> {
    Ok(MetadataCommand::new()
        .current_dir(paths::root())
        .features(CargoOpt::AllFeatures)
        .other_options(vec!["--locked".to_owned()])
        .exec()?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checkout_is_tidy() {
        if let Err(findings) = super::run() {
            panic!("{findings:#}");
        }
    }
}
