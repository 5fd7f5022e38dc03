//! Scores: numbers that were checked once, when they were made.

/// A number that is outside its range, or not a number.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("expected a number from {min} to {max}, got {value}")]
pub struct OutOfRange {
    /// What was given.
    pub value: f64,
    /// The smallest allowed value.
    pub min: f64,
    /// The largest allowed value.
    pub max: f64,
}

/// A probability, `0.0..=1.0`, never NaN.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Probability(f64);

impl Probability {
    /// Checks the range.
    ///
    /// # Errors
    /// [`OutOfRange`] for NaN and for anything outside `0.0..=1.0`.
    pub fn new(value: f64) -> Result<Self, OutOfRange> {
        if (0.0..=1.0).contains(&value) {
            Ok(Self(value))
        } else {
            Err(OutOfRange {
                value,
                min: 0.0,
                max: 1.0,
            })
        }
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

/// How strongly one factor pushed the engagement score, on the log-odds scale.
#[derive(Debug, Clone, PartialEq)]
pub struct Contribution {
    /// The factor's name, for example `form_errors`.
    pub factor: &'static str,
    /// The factor's input value, in its own unit.
    pub value: f64,
    /// The weight of one unit (after the factor's transform).
    pub weight: f64,
    /// What it added to the log-odds.
    pub contribution: f64,
}

/// The calibrated probability that the customer now needs assistance.
#[derive(Debug, Clone, PartialEq)]
pub struct EngagementScore {
    /// The probability.
    pub score: Probability,
    /// The log-odds that no factor explains.
    pub intercept: f64,
    /// What each factor added, largest effect first.
    pub contributions: Vec<Contribution>,
    /// The model that computed it, for example `engagement-1`.
    pub model: &'static str,
}

/// The level of need that a score falls in, after hysteresis and dwell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum NeedLevel {
    /// Nothing to do.
    #[default]
    Low,
    /// A contextual prompt may help.
    Medium,
    /// A person should be offered.
    High,
}

impl NeedLevel {
    /// `low`, `medium` or `high`.
    pub const fn name(self) -> &'static str {
        match self {
            NeedLevel::Low => "low",
            NeedLevel::Medium => "medium",
            NeedLevel::High => "high",
        }
    }
}
