//! Smart Pause: "save my place and show me how".

use super::{CustomerState, Millis, Timestamp};

/// A pause that nobody ended counts as under way for at most this long: the page may be gone.
pub const PAUSE_MAX: Millis = Millis::from_secs(30 * 60);

/// What is known of pausing a customer's page. The draft itself never leaves the browser.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SmartPauseState {
    /// The page that last said it can be paused, without query and fragment.
    pub pausable: Option<String>,
    /// The pause under way: its key, hashed, and since when.
    pub current: Option<(u64, Timestamp)>,
    /// The key of the last pause that ended or failed; its end is told once.
    pub ended: u64,
}

/// What became of one pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PauseChange {
    /// The page is paused: its draft is kept in the browser, its timers stand still.
    Started,
    /// The page goes on.
    Resumed {
        /// Whether scroll position, focus, caret and values are what they were.
        exact: bool,
        /// What ended it.
        how: PauseEnd,
    },
    /// The page could not be paused or could not go on as it was.
    Failed(PauseFailure),
}

/// What ended a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PauseEnd {
    /// The Resume button.
    Button,
    /// The Escape key.
    Escape,
    /// The last step was read.
    Finished,
    /// "Continue where you were", after the page was loaded again.
    Reloaded,
}

impl PauseEnd {
    /// Every end with its wire name.
    pub const ALL: [(PauseEnd, &'static str); 4] = [
        (PauseEnd::Button, "button"),
        (PauseEnd::Escape, "escape"),
        (PauseEnd::Finished, "finished"),
        (PauseEnd::Reloaded, "reloaded"),
    ];

    /// `button`, `escape`, `finished` or `reloaded`.
    pub fn name(self) -> &'static str {
        name_in(&Self::ALL, self)
    }
}

/// Why a pause failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PauseFailure {
    /// The page said no.
    Refused,
    /// The page did not answer in time.
    NoAnswer,
    /// The page's draft is not plain data.
    NotStorable,
    /// The page's draft is over the limit.
    TooLarge,
    /// The page's own `pause` failed.
    PauseFailed,
    /// The page's own `resume` failed.
    ResumeFailed,
}

impl PauseFailure {
    /// Every failure with its wire name.
    pub const ALL: [(PauseFailure, &'static str); 6] = [
        (PauseFailure::Refused, "refused"),
        (PauseFailure::NoAnswer, "no_answer"),
        (PauseFailure::NotStorable, "not_storable"),
        (PauseFailure::TooLarge, "too_large"),
        (PauseFailure::PauseFailed, "pause_failed"),
        (PauseFailure::ResumeFailed, "resume_failed"),
    ];

    /// The failure's wire name, for example `no_answer`.
    pub fn name(self) -> &'static str {
        name_in(&Self::ALL, self)
    }
}

fn name_in<T: Copy + PartialEq>(all: &[(T, &'static str)], wanted: T) -> &'static str {
    all.iter()
        .find(|(one, _)| *one == wanted)
        .map_or("other", |(_, name)| name)
}

impl CustomerState {
    /// Whether the page now open said that it can be paused.
    pub fn page_is_pausable(&self) -> bool {
        let Some(page) = self
            .smart_pause
            .as_ref()
            .and_then(|it| it.pausable.as_ref())
        else {
            return false;
        };
        self.session
            .as_ref()
            .is_some_and(|session| session.path.is_empty() || session.path == *page)
    }

    /// Whether the customer is being shown how, with the page paused.
    pub fn is_paused(&self, now: Timestamp) -> bool {
        let current = self.smart_pause.as_ref().and_then(|it| it.current);
        current.is_some_and(|(_, since)| now.since(since) < PAUSE_MAX)
    }
}
