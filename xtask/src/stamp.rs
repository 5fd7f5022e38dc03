//! Skipping work whose inputs did not change.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::paths;

/// A hash of files' names and contents.
///
/// It is only compared with one made by the same build of this tool, so any stable hasher does.
pub(crate) fn hash_files(files: &BTreeMap<String, PathBuf>) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for (name, path) in files {
        name.hash(&mut hasher);
        fs::read(path)
            .with_context(|| format!("could not read {}", path.display()))?
            .hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// The hash of one file.
pub(crate) fn hash_file(path: &Path) -> Result<String> {
    hash_files(&BTreeMap::from([(String::new(), path.to_path_buf())]))
}

/// Every file under `dir`, by its path inside it, without the folders named in `skip`.
pub(crate) fn files_under(dir: &Path, skip: &[&str]) -> Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(&folder)
            .with_context(|| format!("could not list {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let kind = entry.file_type()?;
            if kind.is_dir() && !skip.iter().any(|skipped| name == **skipped) {
                open.push(entry.path());
            } else if kind.is_file() {
                let path = entry.path();
                let inside = path.strip_prefix(dir).expect("the walk starts there");
                found.insert(inside.to_string_lossy().into_owned(), path);
            }
        }
    }
    Ok(found)
}

/// Whether the stamp called `name` holds `value`.
pub(crate) fn is_fresh(name: &str, value: &str) -> bool {
    fs::read_to_string(path_of(name)).is_ok_and(|held| held == value)
}

/// Writes the stamp called `name`.
pub(crate) fn write(name: &str, value: &str) -> Result<()> {
    let path = path_of(name);
    fs::create_dir_all(path.parent().expect("a stamp lies in a folder"))?;
    fs::write(&path, value).with_context(|| format!("could not write {}", path.display()))
}

fn path_of(name: &str) -> PathBuf {
    paths::scratch().join(format!("{name}.stamp"))
}
