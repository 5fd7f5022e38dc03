//! `cargo xtask test`: every check and test, in the order in which they find mistakes cheapest.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::postgres::{self, Postgres};
use crate::shell::{self, Finished};
use crate::suites::{Outcome, Run};
use crate::{paths, python, tidy, tools, ui};

/// What `cargo xtask test` is asked to run.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run only this suite; may be given several times.
    #[arg(long, value_name = "SUITE")]
    only: Vec<Suite>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Suite {
    /// cargo fmt --check
    Fmt,
    /// crate arrows, banned names, file sizes, licences and bans
    Tidy,
    /// UI packages, build, type check and unit tests
    Ui,
    /// cargo clippy with warnings denied
    Clippy,
    /// Rust tests, on SQLite and PostgreSQL
    Rust,
    /// browser tests in Chromium
    Browser,
    /// axe and keyboard tests in Chromium
    Accessibility,
    /// real clients against a real server
    Interop,
}

/// Runs the suites and prints, as its last line, `N passed, N failed`.
///
/// Fails when something failed; with `CI=true` also when a suite did not run for want of a tool.
pub(crate) fn run(args: &Args) -> ExitCode {
    let wanted = |suite| args.only.is_empty() || args.only.contains(&suite);
    let mut run = Run::default();
    if wanted(Suite::Fmt) {
        run.suite("fmt", fmt);
    }
    if wanted(Suite::Tidy) {
        run.suite("tidy", || tidy::run().map(|()| Outcome::check(true)));
    }
    if wanted(Suite::Ui) {
        run.suite("ui build", ui_build);
        run.suite("ui format", || ui_script("ui-format", "format:check"));
        run.suite("ui types", || ui_script("ui-types", "check"));
        run.suite("ui units", ui_units);
    }
    if wanted(Suite::Clippy) {
        run.suite("clippy", clippy);
    }
    if wanted(Suite::Rust) {
        let mut postgres = None;
        run.suite("postgresql", || Ok(start_postgres(&mut postgres)));
        run.suite("rust", || rust(postgres.as_ref()));
    }
    if wanted(Suite::Browser) || wanted(Suite::Accessibility) || wanted(Suite::Interop) {
        run.suite("server build", server_build);
    }
    if wanted(Suite::Interop) {
        run.suite("interop", interop);
        run.suite("interop in JavaScript", || {
            browser("interop-js", "tests/interop", &INTEROP_FILES)
        });
        run.suite("proxies", proxies);
    }
    if wanted(Suite::Browser) {
        run.suite("browser", || {
            browser("browser", "tests/browser", &BROWSER_FILES)
        });
    }
    if wanted(Suite::Accessibility) {
        run.suite("accessibility", || {
            browser("accessibility", "tests/browser", &ACCESSIBILITY_FILES)
        });
    }
    run.finish()
}

/// What the browser suite runs, in this order.
const BROWSER_FILES: [&str; 30] = [
    "story",
    "chat",
    "chat-start",
    "chat-story",
    "chat-mail",
    "mood",
    "about",
    "words",
    "replay",
    "calls",
    "grants",
    "why",
    "callback",
    "faq",
    "golive",
    "guides",
    "smart-pause",
    "smart-pause-hold",
    "banner",
    "across",
    "two-people",
    "harm",
    "harm-late",
    "safety",
    "capture",
    "demo",
    "signals",
    "consent",
    "weight",
    "site",
];

/// Clients that are JavaScript, in Node.js and in Chromium.
const INTEROP_FILES: [&str; 2] = ["node_clients", "browser_clients"];

/// What the accessibility suite runs.
const ACCESSIBILITY_FILES: [&str; 2] = ["accessibility", "keyboard"];

fn fmt() -> Result<Outcome> {
    let finished = shell::run_shown(shell::cargo(&["fmt", "--all", "--check"]), "fmt")?;
    Ok(Outcome::check(finished.success))
}

fn ui_build() -> Result<Outcome> {
    if let Err(reason) = tools::node() {
        return Ok(Outcome::DidNotRun(reason));
    }
    ui::build(true)?;
    Ok(Outcome::check(true))
}

fn ui_script(log_name: &str, script: &str) -> Result<Outcome> {
    Ok(match run_ui(log_name, script)? {
        Err(reason) => Outcome::DidNotRun(reason),
        Ok(finished) => Outcome::check(finished.success),
    })
}

fn ui_units() -> Result<Outcome> {
    Ok(match run_ui("ui-units", "test")? {
        Err(reason) => Outcome::DidNotRun(reason),
        Ok(finished) => Outcome::from_runner(&finished),
    })
}

/// The inner error says which tool is missing or too old.
fn run_ui(log_name: &str, script: &str) -> Result<Result<Finished, String>> {
    if let Err(reason) = tools::node() {
        return Ok(Err(reason));
    }
    ui::install()?;
    shell::run_shown(ui::npm(&["run", script]), log_name).map(Ok)
}

fn clippy() -> Result<Outcome> {
    ui::create_folders()?;
    let command = shell::cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]);
    Ok(Outcome::check(shell::run_shown(command, "clippy")?.success))
}

fn start_postgres(found: &mut Option<Postgres>) -> Outcome {
    match postgres::find_or_start() {
        Ok(postgres) => {
            println!("the Rust tests use {}", postgres.what);
            *found = Some(postgres);
            Outcome::Ran(crate::counts::Counts::default(), Vec::new())
        }
        Err(reason) => {
            println!("PostgreSQL suite did not run: {reason}");
            Outcome::DidNotRun(reason)
        }
    }
}

fn rust(postgres: Option<&Postgres>) -> Result<Outcome> {
    ui::create_folders()?;
    let has_nextest = shell::run_quiet(shell::cargo(&["nextest", "--version"])).is_ok();
    let mut command = if has_nextest {
        shell::cargo(&[
            "nextest",
            "run",
            "--workspace",
            "--no-fail-fast",
            "--status-level",
            "slow",
        ])
    } else {
        shell::cargo(&[
            "test",
            "--workspace",
            "--lib",
            "--bins",
            "--tests",
            "--no-fail-fast",
        ])
    };
    match postgres {
        Some(postgres) => command.env(postgres::URL_VARIABLE, &postgres.url),
        None => command.env_remove(postgres::URL_VARIABLE),
    };
    Ok(Outcome::from_runner(&shell::run_shown(command, "rust")?))
}

fn server_build() -> Result<Outcome> {
    if tools::node().is_ok() {
        ui::build(false)?;
    }
    let command = shell::cargo(&["build", "--workspace", "--bin", "overture"]);
    Ok(Outcome::check(
        shell::run_shown(command, "server-build")?.success,
    ))
}

fn interop() -> Result<Outcome> {
    let python = match python::environment() {
        Ok(python) => python,
        Err(reason) => return Ok(Outcome::DidNotRun(reason)),
    };
    let server = built_server()?;
    let mut command = shell::command(
        python,
        &[
            "-m",
            "unittest",
            "discover",
            "-v",
            "-s",
            "tests/interop",
            "-p",
            "test_*.py",
        ],
    );
    command
        .env("OVERTURE_BIN", server)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(Outcome::from_runner(&shell::run_shown(command, "interop")?))
}

/// Runs files of Node's test runner, one after another: each has a browser and a server of its own.
fn browser(log_name: &str, folder: &str, names: &[&str]) -> Result<Outcome> {
    let node = match tools::node() {
        Ok(node) => node,
        Err(reason) => return Ok(Outcome::DidNotRun(reason)),
    };
    let Some(chromium) = paths::find_chromium() else {
        return Ok(Outcome::DidNotRun(
            "no Chromium was found (set CHROMIUM)".to_owned(),
        ));
    };
    ui::install()?;
    let server = built_server()?;
    let mut ran = Vec::new();
    for name in names {
        let mut command = shell::command(
            &node,
            &[
                "--test",
                "--test-reporter=spec",
                // Node 20 takes a file for one test: past this, what is left of it does not run and
                // nothing is cleaned up. Each test has a limit of its own, in tests/browser/support/test.mjs.
                "--test-timeout=900000",
            ],
        );
        command
            .arg(format!("{folder}/{name}.test.mjs"))
            .env("OVERTURE_BIN", &server)
            .env("CHROMIUM", &chromium);
        println!("-> {name}");
        let started = Instant::now();
        let finished = shell::run_shown(command, &format!("{log_name}-{name}"))?;
        ran.push((*name, Outcome::from_runner(&finished), started.elapsed()));
    }
    Ok(Outcome::of_files(ran))
}

/// The printed proxy texts, in the real nginx.
fn proxies() -> Result<Outcome> {
    if paths::find_nginx().is_none() {
        return Ok(Outcome::DidNotRun("nginx is missing".to_owned()));
    }
    browser("proxies", "tests/interop", &["proxies"])
}

fn built_server() -> Result<std::path::PathBuf> {
    let server = paths::overture_dev();
    if !server.is_file() {
        bail!("{} is not built", server.display());
    }
    Ok(server)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::{collections::BTreeSet, path::Path};

    use super::*;

    #[test]
    fn every_file_of_browser_tests_is_run() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/browser");
        let there: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| {
                let name = entry.unwrap().file_name().into_string().unwrap();
                name.strip_suffix(".test.mjs").map(str::to_owned)
            })
            .collect();
        let run = BROWSER_FILES.iter().chain(&ACCESSIBILITY_FILES);
        assert_eq!(there, run.map(|name| (*name).to_owned()).collect());
    }
}
