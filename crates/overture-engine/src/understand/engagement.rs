//! What the engagement score is computed from, and what computes it.

use super::features::read;
use crate::model::{CustomerState, EngagementScore, IdentityLevel, Signal, Timestamp};

/// How many factors there are.
pub const FACTORS: usize = 14;

/// One input of the engagement score. The number is its place in [`EngagementInputs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Factor {
    /// Seconds since the page now open was opened.
    PageTime = 0,
    /// Active seconds on it.
    ActiveTime = 1,
    /// Clicks, half-life 60 s.
    Clicks = 2,
    /// Field errors, half-life 10 min.
    FormErrors = 3,
    /// Refused submits, half-life 10 min.
    FailedSubmits = 4,
    /// Rage clicks, half-life 10 min.
    RageClicks = 5,
    /// Dead clicks, half-life 60 s.
    DeadClicks = 6,
    /// Slow clicks, half-life 60 s.
    SlowClicks = 7,
    /// Pages left by Back at once, half-life 10 min.
    QuickBacks = 8,
    /// Thrashing, half-life 60 s.
    Thrashing = 9,
    /// Hesitations, half-life 60 s.
    Hesitations = 10,
    /// Form struggles, half-life 10 min.
    FormStruggles = 11,
    /// Requests for help before; 0 unless the session is verified.
    PastRequests = 12,
    /// Visits before; 0 unless the session is verified.
    Visits = 13,
}

impl Factor {
    /// Every factor, in input order.
    pub const ALL: [Factor; FACTORS] = [
        Factor::PageTime,
        Factor::ActiveTime,
        Factor::Clicks,
        Factor::FormErrors,
        Factor::FailedSubmits,
        Factor::RageClicks,
        Factor::DeadClicks,
        Factor::SlowClicks,
        Factor::QuickBacks,
        Factor::Thrashing,
        Factor::Hesitations,
        Factor::FormStruggles,
        Factor::PastRequests,
        Factor::Visits,
    ];

    /// The factor's name in model files and on the wire, for example `form_errors`.
    pub const fn name(self) -> &'static str {
        match self {
            Factor::PageTime => "page_time_s",
            Factor::ActiveTime => "active_time_s",
            Factor::Clicks => "clicks",
            Factor::FormErrors => "form_errors",
            Factor::FailedSubmits => "failed_submits",
            Factor::RageClicks => "rage_clicks",
            Factor::DeadClicks => "dead_clicks",
            Factor::SlowClicks => "slow_clicks",
            Factor::QuickBacks => "quick_backs",
            Factor::Thrashing => "thrashing",
            Factor::Hesitations => "hesitations",
            Factor::FormStruggles => "form_struggles",
            Factor::PastRequests => "past_requests",
            Factor::Visits => "visits",
        }
    }

    /// The factor's name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Factor::PageTime => "Time on this page",
            Factor::ActiveTime => "Active time on this page",
            Factor::Clicks => "Clicks",
            Factor::FormErrors => "Form field errors",
            Factor::FailedSubmits => "Refused submits",
            Factor::RageClicks => "Rage clicks",
            Factor::DeadClicks => "Clicks without effect",
            Factor::SlowClicks => "Clicks with a slow answer",
            Factor::QuickBacks => "Pages left at once",
            Factor::Thrashing => "Restless pointer or scrolling",
            Factor::Hesitations => "Long pauses in a field",
            Factor::FormStruggles => "Struggles with a form",
            Factor::PastRequests => "Earlier requests for help",
            Factor::Visits => "Earlier visits",
        }
    }
}

/// The counters among the factors, each with its place in the half-lives.
const COUNTED: [(Factor, Signal, usize); 10] = [
    (Factor::Clicks, Signal::Click, 1),
    (Factor::FormErrors, Signal::FormError, 2),
    (Factor::FailedSubmits, Signal::FailedSubmit, 2),
    (Factor::RageClicks, Signal::RageClick, 2),
    (Factor::DeadClicks, Signal::DeadClick, 1),
    (Factor::SlowClicks, Signal::SlowClick, 1),
    (Factor::QuickBacks, Signal::QuickBack, 2),
    (Factor::Thrashing, Signal::Thrash, 1),
    (Factor::Hesitations, Signal::Hesitation, 1),
    (Factor::FormStruggles, Signal::FormStruggle, 2),
];

/// The values of every [`Factor`], in its own unit; finite and never negative.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct EngagementInputs {
    /// By [`Factor`].
    pub values: [f64; FACTORS],
}

impl EngagementInputs {
    /// Reads the state as of `now` (server time) for a session proven to `level`.
    pub fn of(state: &CustomerState, now: Timestamp, level: IdentityLevel) -> Self {
        let mut values = [0.0; FACTORS];
        if let Some(session) = &state.session {
            // A page nobody has touched for long is not being read: the session's last
            // event bounds the time on it.
            let until = now.min(session.last_at + crate::model::Millis::from_secs(60));
            values[Factor::PageTime as usize] = until.since(session.path_since).as_secs_f64();
        }
        values[Factor::ActiveTime as usize] = f64::from(state.features.page_active_ms) / 1_000.0;
        for (factor, signal, half_life) in COUNTED {
            values[factor as usize] = read(&state.features, signal, half_life, now);
        }
        if level == IdentityLevel::Verified {
            values[Factor::PastRequests as usize] = f64::from(state.past_requests);
            values[Factor::Visits as usize] = f64::from(state.visits);
        }
        Self { values }
    }

    /// The value of one factor.
    pub fn get(&self, factor: Factor) -> f64 {
        self.values[factor as usize]
    }

    /// The same inputs with one factor set, for tests and what-if questions.
    #[must_use]
    pub fn with(mut self, factor: Factor, value: f64) -> Self {
        self.values[factor as usize] = value;
        self
    }
}

/// Computes the probability that a customer now needs assistance.
///
/// Pure: the same inputs always give the same answer.
pub trait EngagementModel: Send + Sync {
    /// The model's name and version, for example `engagement-1`.
    fn name(&self) -> &'static str;

    /// The probability alone, without its reasons: the fast path of every event.
    fn probability(&self, inputs: &EngagementInputs) -> f64;

    /// The probability and what each factor added to its log-odds.
    fn score(&self, inputs: &EngagementInputs) -> EngagementScore;
}
