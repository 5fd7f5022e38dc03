//! `cargo xtask demo`: from a clean clone to the running demo.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::{paths, shell, ui};

/// Builds what is not built yet and becomes `overture demo`.
///
/// # Errors
/// A build fails, or the server cannot be started.
pub(crate) fn run(args: &[String]) -> Result<()> {
    step(
        "1/3 UI     desk, widget and shop (npm packages, then the build)",
        || ui::build(false),
    )?;
    step(
        "2/3 server cargo build -p overture (the first build takes some minutes)",
        || shell::run_through(shell::cargo(&["build", "-p", "overture"])),
    )?;
    println!("3/3 demo   starting; Ctrl-C stops it");
    // Becoming the server, instead of waiting for it, leaves Ctrl-C and its exit status to it.
    let error = Command::new(paths::overture_dev())
        .arg("demo")
        .args(args)
        .exec();
    Err(error).context("could not start overture")
}

fn step(title: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
    println!("{title}");
    let started = Instant::now();
    work()?;
    println!(
        "           done in {:.1} s",
        started.elapsed().as_secs_f32()
    );
    Ok(())
}
