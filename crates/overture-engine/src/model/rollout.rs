//! How far each rule has gone live, as people set it.

use super::{IdentifierKind, LinkKey, Private, RuleKey, Timestamp};

/// The most rules with a stage of their own: as many as can be live.
pub const ROLLOUT_RULES_MAX: usize = 250;

/// The most test identities.
pub const TESTERS_MAX: usize = 50;

/// How far a rule has gone live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Stage {
    /// It decides and reaches nobody.
    #[default]
    Shadow,
    /// It reaches the test identities.
    Test,
    /// It reaches the test identities and so many percent of all customers, `1..=100`.
    Percent(u8),
}

impl Stage {
    /// `shadow`, `test` or `percent`.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Shadow => "shadow",
            Stage::Test => "test",
            Stage::Percent(_) => "percent",
        }
    }
}

/// What holds for rules without a stage of their own while the mode is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Unlisted {
    /// They reach everybody.
    #[default]
    Live,
    /// They reach nobody: a new rule begins in shadow.
    Shadow,
}

/// That a rule paused itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paused {
    /// Since when.
    pub at: Timestamp,
    /// Why, in one plain line.
    pub why: String,
}

/// One rule's way to live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRollout {
    /// The rule's id, or a live guide's.
    pub rule: String,
    /// How far it has gone.
    pub stage: Stage,
    /// Set while it reaches nobody because it annoyed; the stage is where it goes on.
    pub paused: Option<Paused>,
    /// Only customers for whom this condition (CEL) holds; empty for all.
    pub audience: String,
    /// How often it may act a day (UTC); `None` for as often as it asks.
    pub daily_budget: Option<u32>,
    /// Who set it: a name for people.
    pub changed_by: String,
    /// When.
    pub changed_at: Timestamp,
}

/// Somebody who tries a rule before customers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tester {
    /// What identifies them: an e-mail address or a user id.
    pub kind: IdentifierKind,
    /// Under which it is recognised.
    pub key: LinkKey,
    /// As it was named.
    pub value: Private,
}

/// All that people set about going live: one revision of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RolloutPlan {
    /// What holds for every other rule.
    pub unlisted: Unlisted,
    /// Who tries rules first.
    pub testers: Vec<Tester>,
    /// The rules with a stage of their own.
    pub rules: Vec<RuleRollout>,
}

/// That a rule acted as often as its budget of the day allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetSpent {
    /// Which rule.
    pub rule: RuleKey,
    /// It reaches nobody before then: the end of the day in UTC.
    pub until: Timestamp,
}
