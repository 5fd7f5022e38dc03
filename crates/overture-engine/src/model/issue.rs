//! What texts are about: issues of the organisation's own.

use super::Timestamp;

/// What a classifier says that a text is about.
#[derive(Debug, Clone, PartialEq)]
pub struct TextIssue {
    /// The classifier's name, for example `orders`, with the list of phrases that it read by: `orders+words-3`.
    pub model: String,
    /// The issue; `None` for out of scope.
    pub named: Option<String>,
    /// The calibrated probability that it is this issue, or that it is out of scope, `0.0..=1.0`; four decimals, so that it is the
    /// same wherever it is kept.
    pub p: f32,
}

/// An issue that a text was named as, by a classifier or by staff.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedIssue {
    /// The number of the text in the timeline: of its message, or of what was read in an event.
    pub row: u64,
    /// When the text came (server time).
    pub at: Timestamp,
    /// The issue.
    pub label: String,
    /// Its probability; 1 where staff said so.
    pub p: f32,
}

/// Of how many messages of a conversation the issue is kept.
pub const ISSUES_KEPT_MAX: usize = 8;
