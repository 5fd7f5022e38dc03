//! `cargo xtask soak`: the long versions of the crash, simulation and property tests.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::suites::{Outcome, Run};
use crate::{postgres, shell, ui};

/// How long and what.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many minutes the time-bound tests go on, each.
    #[arg(long, default_value_t = 30)]
    minutes: u32,
    /// Run only tests whose name contains this.
    #[arg(long)]
    filter: Option<String>,
}

/// Runs every ignored test with `OVERTURE_SOAK=1`, in a release build, one at a time.
///
/// # Errors
/// The arguments make no sense. A test that fails is the exit code; its output names the seed.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if args.minutes == 0 {
        bail!("--minutes must be at least 1");
    }
    ui::create_folders()?;
    let postgres = postgres::find_or_start();
    match &postgres {
        Ok(found) => println!("the tests use this PostgreSQL: {}", found.what),
        Err(reason) => println!("PostgreSQL suite did not run: {reason}"),
    }
    let mut command = shell::cargo(&[
        "test",
        "--release",
        "--workspace",
        "--tests",
        "--no-fail-fast",
        "--",
    ]);
    command.args(["--ignored", "--nocapture", "--test-threads=1"]);
    if let Some(filter) = &args.filter {
        command.arg(filter);
    }
    command
        .env("OVERTURE_SOAK", "1")
        .env("OVERTURE_SOAK_MINUTES", args.minutes.to_string());
    if let Ok(found) = &postgres {
        command.env(postgres::URL_VARIABLE, &found.url);
    }
    let mut run = Run::default();
    run.suite("soak", || {
        Ok(Outcome::from_runner(&shell::run_shown(command, "soak")?))
    });
    Ok(run.finish())
}
