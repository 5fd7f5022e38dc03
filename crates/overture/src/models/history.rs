//! Which models of one kind were made the one in use: a text file with one name a line, the newest last. Taking a line away again
//! is rolling back.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::files;

/// The longest list that is kept.
const NAMES_MAX: usize = 100;

/// The list of one kind.
pub(crate) struct History {
    file: PathBuf,
    names: Vec<String>,
}

impl History {
    /// Reads it; a list that is not there, or cannot be read, is empty.
    pub(crate) fn read(folder: &Path, file: &str) -> Self {
        let file = folder.join(file);
        let text = fs::read_to_string(&file).unwrap_or_default();
        let names = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect();
        Self { file, names }
    }

    /// The name that was chosen last.
    pub(crate) fn last(&self) -> Option<&str> {
        self.names.last().map(String::as_str)
    }

    /// Chooses a name.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn choose(mut self, name: &str) -> anyhow::Result<()> {
        self.names.push(name.to_owned());
        let surplus = self.names.len().saturating_sub(NAMES_MAX);
        self.names.drain(..surplus);
        self.save()
    }

    /// Takes the last choice back; gives what was chosen before it.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn take_back(mut self) -> anyhow::Result<Option<String>> {
        self.names.pop();
        self.save()?;
        Ok(self.names.pop())
    }

    fn save(&self) -> anyhow::Result<()> {
        let mut text = self.names.join("\n");
        text.push('\n');
        files::write(&self.file, text.as_bytes())
    }
}

/// The file of a model by its name; a name never leads out of the folder.
pub(crate) fn file_of(folder: &Path, name: &str, ending: &str) -> PathBuf {
    let plain: String = name
        .chars()
        .filter(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.'))
        .collect();
    folder.join(format!("{plain}.{ending}"))
}

/// The names and files with this ending, in ascending order; none where there is no folder.
///
/// # Errors
/// The folder cannot be read.
pub(crate) fn listed(folder: &Path, ending: &str) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let what = || format!("could not read {}", folder.display());
    let mut found = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder).with_context(what)? {
            let file = entry.with_context(what)?.path();
            if file
                .extension()
                .is_some_and(|extension| extension == ending)
                && let Some(name) = file.file_stem().and_then(|name| name.to_str())
            {
                found.push((name.to_owned(), file.clone()));
            }
        }
    }
    found.sort();
    Ok(found)
}
