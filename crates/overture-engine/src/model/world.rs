//! What both state machines see of the world, by version.

use super::BudgetSpent;

/// Whether decisions reach customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// Everything is scored and decided, nothing reaches a customer unasked.
    #[default]
    Shadow,
    /// Decisions act.
    Live,
}

impl Mode {
    /// `shadow` or `live`.
    pub const fn name(self) -> &'static str {
        match self {
            Mode::Shadow => "shadow",
            Mode::Live => "live",
        }
    }
}

/// The facts of the world, logged whenever they change so that replay sees them again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorldFacts {
    /// Counts up with every change.
    pub version: u64,
    /// The active policy's revision.
    pub policy_revision: u32,
    /// Whether decisions reach customers.
    pub mode: Mode,
    /// Whether there are articles to offer.
    pub faqs: bool,
    /// The engagement model's name.
    pub model: String,
    /// The revision of the live guides; 0 before there were any.
    pub guides_revision: u32,
    /// The revision of the domain lexicon; 0 before there was one.
    pub lexicon_revision: u32,
    /// The revision of the plan for going live; 0 before there was one: every rule then follows the mode.
    pub rollouts_revision: u32,
    /// Rules that acted as often as they may today.
    pub budgets_spent: Vec<BudgetSpent>,
}
