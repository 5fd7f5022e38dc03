//! What reads what a text is about, and what a conversation is about after it.

use super::{DomainLexicon, lexicon::Rewritten};
use crate::{
    decide::SentimentSettings,
    model::{CustomerState, ISSUES_KEPT_MAX, NamedIssue, TextIssue, Timestamp},
};

/// Says which of the organisation's issues a text is about, in whatever language it was made for.
///
/// Pure: the same text always gives the same answer.
pub trait IssueClassifier: Send + Sync {
    /// Its name, for example `orders`.
    fn name(&self) -> &str;

    /// The issues that it knows, in ascending order.
    fn issues(&self) -> &[String];

    /// Reads one text, of any length and content.
    fn read(&self, text: &str) -> TextIssue;
}

/// What the classifier says of a text that the list of phrases has rewritten.
pub fn read(
    classifier: &dyn IssueClassifier,
    lexicon: &DomainLexicon,
    rewritten: &Rewritten<'_>,
) -> TextIssue {
    let issue = classifier.read(rewritten.text());
    TextIssue {
        model: lexicon.named(&issue.model),
        ..issue
    }
}

/// What the conversation in front is about, or the visit where an event said so later. An event's issue counts for as long as the
/// mood does, a conversation's until it ends.
pub fn current<'a>(
    state: &'a CustomerState,
    now: Timestamp,
    settings: &SentimentSettings,
) -> Option<&'a NamedIssue> {
    let of_conversation = state
        .conversation
        .as_ref()
        .and_then(|open| open.issues.last());
    let of_visit = state
        .session
        .as_ref()
        .and_then(|session| session.issue.as_deref())
        .filter(|issue| now.since(issue.at) <= settings.fresh);
    of_visit
        .into_iter()
        .chain(of_conversation)
        .max_by_key(|issue| issue.at)
}

/// Adds the issue of a message where it belongs in the order of the messages; the oldest make room.
pub(crate) fn put(issues: &mut Vec<NamedIssue>, named: NamedIssue) {
    let place = issues.partition_point(|one| one.row < named.row);
    issues.insert(place, named);
    let surplus = issues.len().saturating_sub(ISSUES_KEPT_MAX);
    issues.drain(..surplus);
}

/// Puts what staff says in place of what was read of the message at `row`; `None` for no issue at all.
pub(crate) fn correct(issues: &mut Vec<NamedIssue>, row: u64, corrected: Option<NamedIssue>) {
    issues.retain(|one| one.row != row);
    if let Some(named) = corrected {
        put(issues, named);
    }
}

/// Forgets what everything is about.
pub(crate) fn forget(state: &mut CustomerState) {
    if let Some(session) = &mut state.session {
        session.issue = None;
    }
    for open in state.conversation.iter_mut().chain(&mut state.beside) {
        open.issues.clear();
    }
}
