//! Tools that we do not bring: whether they are there, and new enough.

use std::path::PathBuf;
use std::process::Command;

use crate::paths;

/// What the UI's packages want.
const NODE_MIN: Version = Version(20, 19);
/// What the interop tests are written in.
const PYTHON_MIN: Version = Version(3, 11);

/// Major and minor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32, u32);

/// Finds Node.js with npm.
///
/// # Errors
/// The text says what is missing or too old.
pub(crate) fn node() -> Result<PathBuf, String> {
    let node = find("node", "Node.js", NODE_MIN)?;
    if paths::find_program("npm").is_none() {
        return Err("npm is missing".to_owned());
    }
    Ok(node)
}

/// Finds Python.
///
/// # Errors
/// The text says what is missing or too old.
pub(crate) fn python() -> Result<PathBuf, String> {
    find("python3", "Python", PYTHON_MIN)
}

fn find(program: &str, name: &str, min: Version) -> Result<PathBuf, String> {
    let wanted = format!("{name} {}.{} or newer", min.0, min.1);
    let path = paths::find_program(program)
        .ok_or_else(|| format!("{wanted} is needed, and {program} is missing"))?;
    let said = Command::new(&path)
        .arg("--version")
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .map_err(|error| format!("{wanted} is needed, and {program} cannot be run: {error}"))?;
    match read(&said) {
        Some(version) if version >= min => Ok(path),
        _ => Err(format!(
            "{wanted} is needed, and {} is {said:?}",
            path.display()
        )),
    }
}

/// Of `v20.19.2` or `Python 3.11.2`.
fn read(said: &str) -> Option<Version> {
    let digits = said.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    let mut parts = digits.split('.');
    let mut number = || parts.next()?.parse().ok();
    Some(Version(number()?, number()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_compared_as_numbers() {
        for (said, version, is_enough) in [
            ("v20.19.2", Some(Version(20, 19)), true),
            ("v22.0.0", Some(Version(22, 0)), true),
            ("v20.9.0", Some(Version(20, 9)), false),
            ("v18.20.4", Some(Version(18, 20)), false),
            ("nonsense", None, false),
            ("", None, false),
        ] {
            assert_eq!(read(said), version, "{said}");
            let enough = version.is_some_and(|version| version >= NODE_MIN);
            assert_eq!(enough, is_enough, "{said}");
        }
        assert_eq!(read("Python 3.11.2"), Some(Version(3, 11)));
        assert!(read("Python 3.9.2") < Some(PYTHON_MIN));
    }
}
