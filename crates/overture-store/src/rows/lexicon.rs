//! The domain lexicon's revisions.

use overture_engine::{model::Timestamp, understand::lexicon::LexiconEntry};

/// One revision of the domain lexicon; never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LexiconRevision {
    /// Who saved it, when, and as which revision.
    pub saved: LexiconSaved,
    /// The whole list.
    pub entries: Vec<LexiconEntry>,
}

/// A revision without its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LexiconSaved {
    /// Counts up from 1 without gaps.
    pub revision: u32,
    /// How many entries it has.
    pub phrases: u32,
    /// Who saved it: a name for people.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What for, in their words; may be empty.
    pub note: String,
}
