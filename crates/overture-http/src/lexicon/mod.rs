//! The domain lexicon: written by administrators, applied at once, tried before it is saved.

mod admin;
mod trial;

use axum::extract::DefaultBodyLimit;
use overture_engine::understand::lexicon::{DomainLexicon, LexiconEntry, LexiconError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::{app::Shared, error::ApiError};

/// The largest list as JSON, bytes: every character as long as characters are.
const BODY_BYTES_MAX: usize = 2 << 20;

/// What staff asks.
pub(crate) fn staff_router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(admin::router())
        .merge(trial::router())
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

/// A phrase, and the words that it is read as.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
struct WireEntry {
    /// What customers write: 1 to 80 characters, a letter or a digit among them.
    phrase: String,
    /// What models read instead, at most 80 characters; empty for nothing.
    reads_as: String,
}

impl From<WireEntry> for LexiconEntry {
    fn from(WireEntry { phrase, reads_as }: WireEntry) -> Self {
        Self { phrase, reads_as }
    }
}

impl From<&LexiconEntry> for WireEntry {
    fn from(LexiconEntry { phrase, reads_as }: &LexiconEntry) -> Self {
        Self {
            phrase: phrase.clone(),
            reads_as: reads_as.clone(),
        }
    }
}

/// The lexicon of what was sent.
///
/// # Errors
/// 400 names the first entry that cannot be used.
fn lexicon_of(revision: u32, entries: Vec<WireEntry>) -> Result<DomainLexicon, ApiError> {
    let entries: Vec<LexiconEntry> = entries.into_iter().map(LexiconEntry::from).collect();
    DomainLexicon::new(revision, &entries)
        .map_err(|error: LexiconError| ApiError::bad_input(error.path(), error.to_string()))
}
