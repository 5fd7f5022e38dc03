//! What pacing remembers: how fast people come, how long they take, how offers are answered.

use super::{Millis, OfferStyle, Timestamp};

/// How offers that end in a chat are paced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PacingSettings {
    /// How seats are held for offers.
    pub mode: PacingMode,
    /// The wait within which a request counts as answered in time.
    pub target: Millis,
    /// The share of requests to be answered in time, `0.0..1.0`.
    pub service_level: f64,
    /// The share of offers that are accepted, before any were answered, `0.0..1.0`.
    pub accept_share: f64,
    /// How long one chat takes, before any were served.
    pub handle: Millis,
}

impl Default for PacingSettings {
    /// Shared seats, 80 % in 20 s; 10 % accept, a chat takes 8 min.
    fn default() -> Self {
        Self {
            mode: PacingMode::Expected,
            target: Millis::from_secs(20),
            service_level: 0.8,
            accept_share: 0.1,
            handle: Millis::from_secs(8 * 60),
        }
    }
}

/// How seats are held for offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PacingMode {
    /// Offers share seats by how many of them are expected to be accepted, while the service
    /// level holds.
    Expected,
    /// One seat an offer, as long as there is one.
    Held,
}

impl PacingMode {
    /// `expected` or `held`.
    pub const fn name(self) -> &'static str {
        match self {
            PacingMode::Expected => "expected",
            PacingMode::Held => "held",
        }
    }
}

/// Ends of the ages by which answers to offers are counted, seconds; the last is open.
pub const ANSWER_AGES_S: [u32; 9] = [5, 10, 15, 20, 30, 45, 60, 90, 180];

/// How many ages there are.
pub const ANSWER_AGES: usize = ANSWER_AGES_S.len() + 1;

/// What routing has learned, for pacing. All counts fade, so that old days weigh less.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PacingState {
    /// Requests that no offer led to, by channel (chat, callback).
    pub arrivals: [ArrivalCount; 2],
    /// How long requests took, by channel (chat, callback).
    pub handled: [HandleTimes; 2],
    /// How offers with a seat were answered, by style (prompt, banner, guide).
    pub answers: [OfferAnswers; 3],
}

/// A fading count of arrivals.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ArrivalCount {
    /// The count as of `at`.
    pub count: f64,
    /// When it was last brought up to date.
    pub at: Timestamp,
    /// Since when anything was counted; the epoch is never.
    pub since: Timestamp,
}

/// Fading sums over the natural logarithms of handle times in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct HandleTimes {
    /// How many.
    pub count: f64,
    /// Their sum.
    pub sum: f64,
    /// The sum of their squares.
    pub squares: f64,
}

/// Fading counts of answers by the age at which they came: see [`ANSWER_AGES_S`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct OfferAnswers {
    /// A chat was started.
    pub accepted: [f64; ANSWER_AGES],
    /// Anything else that ended the offer.
    pub declined: [f64; ANSWER_AGES],
}

/// What pacing sees of one channel: for people.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PacingOutlook {
    /// How seats are held for offers.
    pub mode: PacingMode,
    /// Offers with a seat that are not answered yet.
    pub outstanding: u32,
    /// How many of them are expected to be accepted.
    pub expected: f64,
    /// Seats that are held for them.
    pub held: u32,
    /// Seats of the agents who take work.
    pub seats: u32,
    /// Whether one more chat may be offered, if there is a seat for it.
    pub level_holds: bool,
    /// The wait within which a request counts as answered in time.
    pub target: Millis,
    /// The least share that is to be answered in time.
    pub service_level: f64,
    /// The probability that whoever comes within the next minute is answered in time if one
    /// more offer is accepted now; `None` while nobody takes work.
    pub in_time: Option<f64>,
}

/// The style's place in arrays.
pub const fn place_of_style(style: OfferStyle) -> usize {
    match style {
        OfferStyle::Prompt => 0,
        OfferStyle::Banner => 1,
        OfferStyle::Guide => 2,
    }
}
