//! Running other programs.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::paths;

/// A command that runs at the root of the checkout, without colours in its output.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(args)
        .current_dir(paths::root())
        .env("NO_COLOR", "1")
        .stdin(Stdio::null());
    command
}

/// `cargo` as the one that runs us.
///
/// What Cargo told us about ourselves is taken out of the environment: it would make build scripts
/// of other packages run again.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = command(program, args);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_")
            || text.starts_with("CARGO_MANIFEST_")
            || text.starts_with("CARGO_BIN_")
            || text == "CARGO_PRIMARY_PACKAGE"
            || text == "CARGO_CRATE_NAME"
        {
            command.env_remove(&name);
        }
    }
    command
}

/// How a command ended, with everything it printed.
pub(crate) struct Finished {
    pub(crate) success: bool,
    pub(crate) output: String,
}

/// Runs a command, shows what it prints as it prints it, and keeps it, also in a log file.
///
/// # Errors
/// The program cannot be started. A program that fails is a [`Finished`] without success.
pub(crate) fn run_shown(mut command: Command, log_name: &str) -> Result<Finished> {
    let log_path = log_file(log_name)?;
    let log = File::create(&log_path)
        .with_context(|| format!("could not create {}", log_path.display()))?;
    let kept = Arc::new(Mutex::new((String::new(), log)));
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start {}", describe(&command)))?;
    let stdout = child.stdout.take().expect("stdout is piped");
    let stderr = child.stderr.take().expect("stderr is piped");
    let readers = [
        tee(stdout, Arc::clone(&kept)),
        tee(stderr, Arc::clone(&kept)),
    ];
    let status = child.wait().context("could not wait for the command")?;
    for reader in readers {
        reader.join().expect("the reader does not panic");
    }
    let output = std::mem::take(&mut kept.lock().expect("no reader panicked").0);
    Ok(Finished {
        success: status.success(),
        output,
    })
}

/// Runs a command quietly; its output is part of the error when it fails.
///
/// # Errors
/// The program cannot be started, or fails.
pub(crate) fn run_quiet(mut command: Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("could not start {}", describe(&command)))?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        bail!("{} failed:\n{text}", describe(&command));
    }
    Ok(text)
}

/// Runs a command with our own input and output.
///
/// # Errors
/// The program cannot be started, or fails.
pub(crate) fn run_through(mut command: Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("could not start {}", describe(&command)))?;
    if !status.success() {
        bail!("{} failed", describe(&command));
    }
    Ok(())
}

fn tee(
    source: impl Read + Send + 'static,
    kept: Arc<Mutex<(String, File)>>,
) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut source = BufReader::new(source);
        let mut line = Vec::new();
        while source
            .read_until(b'\n', &mut line)
            .is_ok_and(|read| read > 0)
        {
            let text = String::from_utf8_lossy(&line);
            let mut kept = kept.lock().expect("no reader panicked");
            print!("{text}");
            // A full disk or a closed terminal must not end the run: the counts are in memory.
            let _ = std::io::stdout().flush();
            let _ = kept.1.write_all(&line);
            kept.0.push_str(&text);
            drop(kept);
            line.clear();
        }
    })
}

fn log_file(name: &str) -> Result<PathBuf> {
    let dir = paths::scratch().join("logs");
    std::fs::create_dir_all(&dir).with_context(|| format!("could not create {}", dir.display()))?;
    Ok(dir.join(format!("{name}.log")))
}

fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut text = program
        .file_name()
        .unwrap_or(command.get_program())
        .to_string_lossy()
        .into_owned();
    for arg in command.get_args() {
        text.push(' ');
        text.push_str(&arg.to_string_lossy());
    }
    text
}
