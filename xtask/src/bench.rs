//! `cargo xtask bench`: the benches, then the load generator against a real server.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::server::Server;
use crate::{paths, shell, ui};

/// How long a server may take until it is ready after a crash; what the budget allows, twice.
const READY_LIMIT: Duration = Duration::from_secs(20);
/// How long a server is left alone before its idle memory is read.
const IDLE: Duration = Duration::from_secs(5);

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Measure only this; may be given several times.
    #[arg(long, value_name = "WHAT")]
    only: Vec<Measurement>,
    /// Only benches whose name contains this.
    #[arg(long)]
    filter: Option<String>,
    /// How long each load goes on, seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Events a second for `capture`.
    #[arg(long, default_value_t = 50_000)]
    rate: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Measurement {
    /// the divan benches of every crate
    Benches,
    /// time to listening and idle memory
    Start,
    /// the bare SQLite append that durable ingest is compared with
    Append,
    /// durable ingest in batches of 100
    Capture,
    /// one event a request
    Single,
    /// event received to banner pushed
    Offer,
    /// chat messages both ways
    Chat,
    /// kill -9 under load, then time to ready
    Crash,
}

/// Measures in a release build, prints everything, and keeps the reports in `target/xtask/bench`.
///
/// # Errors
/// Something does not build, or a measurement cannot be made.
pub(crate) fn run(args: &Args) -> Result<()> {
    ui::build(false)?;
    shell::run_through(shell::cargo(&["build", "--release", "-p", "overture"]))?;
    for measurement in Measurement::value_variants() {
        if args.only.is_empty() || args.only.contains(measurement) {
            let name = format!("{measurement:?}").to_lowercase();
            println!("\n==> {name}");
            if let Some(report) = measure(*measurement, args)? {
                keep(&name, &report)?;
            }
        }
    }
    Ok(())
}

fn measure(measurement: Measurement, args: &Args) -> Result<Option<Value>> {
    let seconds = args.seconds.to_string();
    let rate = args.rate.to_string();
    match measurement {
        Measurement::Benches => benches(args).map(|()| None),
        Measurement::Start => start().map(Some),
        Measurement::Append => append().map(Some),
        Measurement::Capture => {
            load("capture", &["--seconds", &seconds, "--rate", &rate]).map(Some)
        }
        Measurement::Single => load("single", &["--seconds", &seconds]).map(Some),
        Measurement::Offer => load("offer", &["--seconds", &seconds]).map(Some),
        Measurement::Chat => load("chat", &["--seconds", &seconds]).map(Some),
        Measurement::Crash => crash(&rate).map(Some),
    }
}

fn benches(args: &Args) -> Result<()> {
    let mut benches = shell::cargo(&["bench", "--workspace", "--benches"]);
    if let Some(filter) = &args.filter {
        benches.args(["--", filter]);
    }
    shell::run_through(benches)
}

fn start() -> Result<Value> {
    let folder = data_folder()?;
    let server = Server::start(&binary(), folder.path())?;
    thread::sleep(IDLE);
    Ok(json!({
        "listening_after_ms": server.listening_after.as_millis() as u64,
        "idle_resident_mb": server.resident_mb(),
    }))
}

fn append() -> Result<Value> {
    let folder = data_folder()?;
    let mut command = shell::cargo(&["bench", "-p", "overture", "--bench", "append", "--"]);
    command.arg(folder.path());
    report(&shell::run_quiet(command)?)
}

fn load(kind: &str, more: &[&str]) -> Result<Value> {
    let folder = data_folder()?;
    let server = Server::start(&binary(), folder.path())?;
    server.wait_ready(READY_LIMIT)?;
    report(&shell::run_quiet(generator(&server, kind, more))?)
}

/// Loads a server, ends it as a crash does in the middle, and times its recovery.
fn crash(rate: &str) -> Result<Value> {
    let folder = data_folder()?;
    let server = Server::start(&binary(), folder.path())?;
    server.wait_ready(READY_LIMIT)?;
    let mut command = generator(&server, "capture", &["--seconds", "600", "--rate", rate]);
    let mut load = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    thread::sleep(Duration::from_secs(20));
    server.kill()?;
    load.kill()?;
    load.wait()?;
    let server = Server::start(&binary(), folder.path())?;
    let ready_after = server.listening_after + server.wait_ready(READY_LIMIT)?;
    Ok(json!({
        "load_s": 20,
        "listening_after_ms": server.listening_after.as_millis() as u64,
        "ready_after_ms": ready_after.as_millis() as u64,
    }))
}

fn generator(server: &Server, kind: &str, more: &[&str]) -> std::process::Command {
    let process = server.process().to_string();
    let mut command = shell::command(binary(), &["loadgen", kind, "--url", &server.url]);
    command
        .args(["--server-pid", &process])
        .args(more)
        .env("OVERTURE_WRITE_KEY", &server.write_key)
        .env("OVERTURE_ADMIN_EMAIL", &server.admin_email)
        .env("OVERTURE_ADMIN_PASSWORD", &server.admin_password);
    command
}

/// On the disk of the checkout: a temporary folder may be memory, where fsync costs nothing.
fn data_folder() -> Result<TempDir> {
    fs::create_dir_all(paths::scratch())?;
    TempDir::with_prefix_in("bench-", paths::scratch()).context("could not create a data folder")
}

fn binary() -> PathBuf {
    paths::overture_release()
}

fn report(printed: &str) -> Result<Value> {
    serde_json::from_str(printed).with_context(|| format!("the report is not JSON: {printed}"))
}

fn keep(name: &str, report: &Value) -> Result<()> {
    let text = format!("{report:#}");
    println!("{text}");
    let folder = paths::scratch().join("bench");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(format!("{name}.json")), text)?;
    Ok(())
}
