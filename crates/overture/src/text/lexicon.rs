//! A domain lexicon from a file, to try it before it is used.

use std::{fs, path::PathBuf};

use anyhow::Context;
use overture_engine::understand::{DomainLexicon, lexicon::LexiconEntry};
use serde::{Deserialize, Serialize};

/// The list, as a flag.
#[derive(Debug, clap::Args)]
pub(super) struct LexiconArgs {
    /// Read by a domain lexicon: JSON as GET /v1/admin/lexicon answers, {"entries":[{"phrase","reads_as"}]}.
    #[arg(long, value_name = "FILE")]
    lexicon: Option<PathBuf>,
}

/// What the API answers with; members that are not needed here are passed over.
#[derive(Serialize, Deserialize)]
pub(crate) struct LexiconFile {
    #[serde(default)]
    revision: u32,
    entries: Vec<Entry>,
}

/// A phrase, and the words that it is read as.
#[derive(Serialize, Deserialize)]
struct Entry {
    phrase: String,
    reads_as: String,
}

impl LexiconFile {
    /// The file of a list.
    pub(crate) fn of(revision: u32, entries: Vec<LexiconEntry>) -> Self {
        let entries = entries
            .into_iter()
            .map(|LexiconEntry { phrase, reads_as }| Entry { phrase, reads_as })
            .collect();
        Self { revision, entries }
    }
}

impl LexiconArgs {
    /// The list of the file; an empty one where none was named.
    ///
    /// # Errors
    /// The file cannot be read, or an entry in it cannot be used.
    pub(super) fn read(&self) -> anyhow::Result<DomainLexicon> {
        let Some(file) = &self.lexicon else {
            return Ok(DomainLexicon::default());
        };
        let what = || format!("could not read the lexicon {}", file.display());
        let bytes = fs::read(file).with_context(what)?;
        let LexiconFile { revision, entries } =
            serde_json::from_slice(&bytes).with_context(what)?;
        let entries: Vec<_> = entries
            .into_iter()
            .map(|Entry { phrase, reads_as }| LexiconEntry { phrase, reads_as })
            .collect();
        DomainLexicon::new(revision, &entries)
            .map_err(|error| anyhow::anyhow!("{}: {}: {error}", file.display(), error.path()))
    }
}
