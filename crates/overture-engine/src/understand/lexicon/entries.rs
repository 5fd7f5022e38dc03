//! The entries of a domain lexicon as people write them, checked and tidied.

/// How many entries there may be.
pub const ENTRIES_MAX: usize = 2_000;

/// How long a phrase may be, characters.
pub const PHRASE_CHARS_MAX: usize = 80;

/// How long what it reads as may be, characters.
pub const READS_AS_CHARS_MAX: usize = 80;

/// A phrase, and the words that it is read as.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LexiconEntry {
    /// What customers write.
    pub phrase: String,
    /// What a model reads instead; empty where the phrase says nothing about feeling.
    pub reads_as: String,
}

/// An entry that cannot be used. Entries count from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LexiconError {
    /// There are more than [`ENTRIES_MAX`].
    #[error("expected at most {ENTRIES_MAX} entries, got {0}")]
    TooMany(usize),
    /// One field of one entry.
    #[error("expected {expected}")]
    Field {
        /// Which entry.
        index: usize,
        /// `phrase` or `reads_as`.
        field: &'static str,
        /// What was expected of it.
        expected: String,
    },
    /// Two phrases that are one: they differ in case or white space alone.
    #[error("expected each phrase once, it is entry {first} already")]
    Repeated {
        /// The later one.
        index: usize,
        /// The earlier one.
        first: usize,
    },
}

impl LexiconError {
    /// The field as a path: `entries[3].phrase`.
    pub fn path(&self) -> String {
        match self {
            LexiconError::TooMany(_) => "entries".to_owned(),
            LexiconError::Field { index, field, .. } => format!("entries[{index}].{field}"),
            LexiconError::Repeated { index, .. } => format!("entries[{index}].phrase"),
        }
    }
}

/// The entries, trimmed, with one space where white space was.
///
/// # Errors
/// The first entry that cannot be used by itself.
pub(super) fn checked(entries: &[LexiconEntry]) -> Result<Vec<LexiconEntry>, LexiconError> {
    if entries.len() > ENTRIES_MAX {
        return Err(LexiconError::TooMany(entries.len()));
    }
    let tidied = entries.iter().enumerate().map(|(index, entry)| {
        let wrong = |field, expected| LexiconError::Field {
            index,
            field,
            expected,
        };
        let phrase = tidied(&entry.phrase, PHRASE_CHARS_MAX)
            .filter(|phrase| phrase.contains(char::is_alphanumeric))
            .ok_or_else(|| {
                let expected =
                    format!("1 to {PHRASE_CHARS_MAX} characters, a letter or a digit among them");
                wrong("phrase", expected)
            })?;
        let reads_as = tidied(&entry.reads_as, READS_AS_CHARS_MAX).ok_or_else(|| {
            wrong(
                "reads_as",
                format!("at most {READS_AS_CHARS_MAX} characters"),
            )
        })?;
        Ok(LexiconEntry { phrase, reads_as })
    });
    tidied.collect()
}

/// `None` for a text that is too long, or holds characters that are none.
fn tidied(text: &str, chars_max: usize) -> Option<String> {
    let tidy = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = tidy.chars().nth(chars_max).is_none();
    (fits && !tidy.contains(char::is_control)).then_some(tidy)
}
