//! The private Python environment with the real clients that the interop tests drive.

use std::path::PathBuf;

use crate::{paths, shell, stamp, tools};

/// Makes `target/venv` hold the pinned packages of `tests/interop/requirements.txt`; returns its Python.
///
/// # Errors
/// The text says what is missing or too old.
pub(crate) fn environment() -> Result<PathBuf, String> {
    let system = tools::python()?;
    let venv = paths::target().join("venv");
    let python = venv.join("bin").join("python");
    let requirements = paths::root().join("tests/interop/requirements.txt");
    let wanted = stamp::hash_file(&requirements).map_err(|error| format!("{error:#}"))?;
    if python.is_file() && stamp::is_fresh("python", &wanted) {
        return Ok(python);
    }
    let venv_text = venv.display().to_string();
    shell::run_quiet(shell::command(
        system,
        &["-m", "venv", "--clear", &venv_text],
    ))
    .map_err(|error| format!("python3 cannot make a private environment: {error:#}"))?;
    let requirements = requirements.display().to_string();
    shell::run_quiet(shell::command(
        &python,
        &[
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
            &requirements,
        ],
    ))
    .map_err(|error| format!("the Python packages could not be installed: {error:#}"))?;
    stamp::write("python", &wanted).map_err(|error| format!("{error:#}"))?;
    Ok(python)
}
