//! The plan for going live, and what rules would have done against what they did.

use std::collections::BTreeMap;

use overture_engine::model::{CustomerId, DecisionId, Millis, RolloutPlan, Timestamp};

/// One revision of the plan; never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutRevision {
    /// Who saved it, when, and as which revision.
    pub saved: RolloutSaved,
    /// The whole plan.
    pub plan: RolloutPlan,
}

/// A revision without its plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutSaved {
    /// Counts up from 1 without gaps.
    pub revision: u32,
    /// Who saved it: a name for people.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What for; may be empty.
    pub note: String,
}

/// How the shown offers of one rule were taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferOutcomes {
    /// The rule's id.
    pub rule: String,
    /// Offers that customers saw.
    pub shown: u64,
    /// Of these, put away ("Not now") or put away for good.
    pub annoyed: u64,
    /// The last one that was put away: to whom, and the decision behind it.
    pub last: Option<(CustomerId, DecisionId)>,
}

/// Within this time after an offer would have been made, asking for help counts as what happened instead.
pub const ASKED_WITHIN: Millis = Millis::from_secs(30 * 60);

/// Who is not heard of again later than this after an offer would have been made, has left.
pub const LEFT_WITHIN: Millis = Millis::from_secs(2 * 60);

/// The most decisions that a comparison reads, the newest first.
pub const COMPARED_MAX: u32 = 50_000;

/// The most examples of a rule.
pub const EXAMPLES_MAX: usize = 6;

/// What rules would have done against what they did and what happened, over a time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison {
    /// By the rule's id.
    pub rules: BTreeMap<String, RuleComparison>,
    /// Set when there were more than [`COMPARED_MAX`] decisions: only those since then are counted.
    pub cut_at: Option<Timestamp>,
}

/// The same of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleComparison {
    /// Customers, once a visit, whom shadow alone kept from being contacted.
    pub would: u64,
    /// Of these, who asked for help themselves within [`ASKED_WITHIN`].
    pub asked: u64,
    /// Of these, who did not ask and was not heard of after [`LEFT_WITHIN`].
    pub left: u64,
    /// Of these, about whom it is too early to tell.
    pub open: u64,
    /// Decisions to act: offers, prompts, alerts.
    pub acted: u64,
    /// Offers that customers saw.
    pub shown: u64,
    /// Offers that were taken.
    pub accepted: u64,
    /// Offers that were put away, not for good.
    pub dismissed: u64,
    /// Offers that were put away for good.
    pub opted_out: u64,
    /// Offers that nobody answered.
    pub ignored: u64,
    /// Reasons against contact, by name; a decision with two counts for both.
    pub reasons: BTreeMap<&'static str, u64>,
    /// The newest customers whom it would have contacted.
    pub examples: Vec<ComparedCustomer>,
}

/// One customer whom a rule would have contacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ComparedCustomer {
    /// The decision.
    pub decision: DecisionId,
    /// Who.
    pub customer: CustomerId,
    /// When.
    pub at: Timestamp,
    /// What happened instead.
    pub then: Instead,
}

/// What happened where nothing was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instead {
    /// They asked for help themselves.
    Asked,
    /// They left.
    Left,
    /// They went on without help.
    WentOn,
    /// It is too early to tell.
    TooEarly,
}

impl Instead {
    /// `asked`, `left`, `went_on` or `too_early`.
    pub const fn name(self) -> &'static str {
        match self {
            Instead::Asked => "asked",
            Instead::Left => "left",
            Instead::WentOn => "went_on",
            Instead::TooEarly => "too_early",
        }
    }
}
