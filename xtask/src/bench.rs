//! `cargo xtask bench`: the benches, then the load generator against a real server.

use anyhow::Result;

use crate::{shell, ui};

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only benches whose name contains this.
    #[arg(long)]
    filter: Option<String>,
}

/// Runs the divan benches of every crate in a release build.
///
/// # Errors
/// A bench does not build or fails.
pub(crate) fn run(args: &Args) -> Result<()> {
    ui::build(false)?;
    let mut benches = shell::cargo(&["bench", "--workspace", "--benches"]);
    if let Some(filter) = &args.filter {
        benches.args(["--", filter]);
    }
    shell::run_through(benches)
}
