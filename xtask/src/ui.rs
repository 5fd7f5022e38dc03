//! Building the user interfaces that the server embeds: the desk, the widget, the sample shop.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use indicatif::ProgressBar;

use crate::{paths, shell, stamp, tools};

/// Where the server's crate looks for what it embeds.
const BUILT: [&str; 3] = ["desk/dist", "widget/dist", "dist"];

/// What no build reads.
const NOT_SOURCES: [&str; 4] = ["node_modules", "dist", "test-results", "coverage"];

/// The root of the npm workspace.
pub(crate) fn dir() -> PathBuf {
    paths::root().join("ui")
}

/// `npm` in the `ui` folder.
pub(crate) fn npm(args: &[&str]) -> Command {
    let mut command = shell::command("npm", args);
    command
        .current_dir(dir())
        .env("npm_config_audit", "false")
        .env("npm_config_fund", "false")
        .env("npm_config_update_notifier", "false")
        .env("npm_config_prefer_offline", "true");
    command
}

/// Builds the user interfaces, or leaves them when neither sources nor packages changed.
///
/// # Errors
/// Node.js is missing or too old, the packages cannot be installed, or the build fails.
pub(crate) fn build(force: bool) -> Result<()> {
    create_folders()?;
    if let Err(reason) = tools::node() {
        bail!("the user interfaces cannot be built: {reason}");
    }
    install()?;
    let now = stamp::hash_files(&stamp::files_under(&dir(), &NOT_SOURCES)?)?;
    if !force && stamp::is_fresh("ui-build", &now) && is_built() {
        return Ok(());
    }
    with_spinner("building the user interfaces", npm(&["run", "build"]))?;
    if !is_built() {
        bail!("the UI build left one of these empty: {}", BUILT.join(", "));
    }
    stamp::write("ui-build", &now)
}

/// Installs the npm packages, unless `node_modules` already matches the lock file.
///
/// # Errors
/// There is no lock file, or `npm ci` fails.
pub(crate) fn install() -> Result<()> {
    let lock = stamp::hash_file(&dir().join("package-lock.json"))
        .context("the npm packages have no lock file")?;
    let marker = dir().join("node_modules").join(".overture-lock");
    if fs::read_to_string(&marker).is_ok_and(|held| held == lock) {
        return Ok(());
    }
    with_spinner("installing npm packages", npm(&["ci"]))?;
    fs::write(&marker, lock).with_context(|| format!("could not write {}", marker.display()))
}

/// Creates the folders that the server's crate embeds, so that it compiles before the first UI build.
pub(crate) fn create_folders() -> Result<()> {
    for built in BUILT {
        let path = dir().join(built);
        fs::create_dir_all(&path)
            .with_context(|| format!("could not create {}", path.display()))?;
    }
    Ok(())
}

fn is_built() -> bool {
    BUILT.iter().all(|built| {
        fs::read_dir(dir().join(built)).is_ok_and(|mut entries| entries.next().is_some())
    })
}

fn with_spinner(what: &'static str, command: Command) -> Result<()> {
    let spinner = ProgressBar::new_spinner().with_message(what);
    spinner.enable_steady_tick(Duration::from_millis(120));
    let result = shell::run_quiet(command);
    spinner.finish_and_clear();
    result.map(drop)
}
