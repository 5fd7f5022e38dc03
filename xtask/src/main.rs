//! Project tasks: `cargo xtask demo | ui | test | soak | bench | tidy`.

#![expect(clippy::print_stdout, reason = "printing is what this tool is for")]

mod bench;
mod counts;
mod demo;
mod paths;
mod postgres;
mod python;
mod server;
mod shell;
mod soak;
mod stamp;
mod suites;
mod test;
mod tidy;
mod tools;
mod ui;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Project tasks of Overture.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build everything and start the demo; what follows `demo` is passed on to `overture demo`.
    #[command(disable_help_flag = true)]
    Demo {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Build the user interfaces that the server embeds.
    Ui {
        /// Build even when nothing changed.
        #[arg(long)]
        force: bool,
    },
    /// Run every check and test; the last line counts them.
    Test(test::Args),
    /// Run the long versions of the crash, simulation and property tests.
    Soak(soak::Args),
    /// Run the benches and the load generator and print what they measured.
    Bench(bench::Args),
    /// Check crate arrows, banned names, file sizes, licences and bans.
    Tidy,
}

fn main() -> Result<ExitCode> {
    match Cli::parse().task {
        Task::Demo { args } => demo::run(&args)?,
        Task::Ui { force } => ui::build(force)?,
        Task::Test(args) => return Ok(test::run(&args)),
        Task::Soak(args) => return soak::run(&args),
        Task::Bench(args) => bench::run(&args)?,
        Task::Tidy => tidy::run()?,
    }
    Ok(ExitCode::SUCCESS)
}
