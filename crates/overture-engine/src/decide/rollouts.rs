//! Whom a rule reaches while it goes live: nobody, test identities, a share, everybody.

use std::collections::{BTreeMap, BTreeSet};

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{Condition, Rule, Signals, condition::ConditionError};
use crate::{
    model::{
        CustomerId, CustomerState, LinkKey, Mode, ROLLOUT_RULES_MAX, RolloutPlan, RuleKey, Stage,
        TESTERS_MAX, Timestamp, Unlisted,
    },
    world::World,
};

/// Keeps a rollout's hash apart from every other use of customer ids.
const SHARE_SEED: u64 = 0x726f_6c6c_6f75_7431;

/// Why a rule only watches a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ShadowWhy {
    /// Everything is in shadow.
    Everything,
    /// The policy has the rule in shadow.
    Policy,
    /// The rule paused itself.
    Paused,
    /// The rule has not gone live.
    Stage,
    /// It is tried by test identities, and the customer is none.
    NotTester,
    /// It reaches a share of the customers, and this one is not in it.
    NotInShare,
    /// The customer is not in its audience.
    Audience,
    /// It acted as often as its budget of the day allows.
    BudgetSpent,
}

impl ShadowWhy {
    /// The wire name, for example `not_in_share`.
    pub const fn name(self) -> &'static str {
        match self {
            ShadowWhy::Everything => "everything",
            ShadowWhy::Policy => "policy",
            ShadowWhy::Paused => "paused",
            ShadowWhy::Stage => "stage",
            ShadowWhy::NotTester => "not_tester",
            ShadowWhy::NotInShare => "not_in_share",
            ShadowWhy::Audience => "audience",
            ShadowWhy::BudgetSpent => "budget_spent",
        }
    }
}

/// Why a plan cannot be in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RolloutError {
    /// Over [`ROLLOUT_RULES_MAX`] rules.
    TooManyRules,
    /// Over [`TESTERS_MAX`] test identities.
    TooManyTesters,
    /// A rule is named twice; its place.
    Twice(usize),
    /// A share that is not `1..=100`; the rule's place.
    Percent(usize),
    /// A budget of nothing; the rule's place.
    Budget(usize),
    /// A rule's audience: its place, and every mistake.
    Audience(usize, Vec<ConditionError>),
}

/// A plan that was checked, as decisions read it.
#[derive(Debug, Clone, Default)]
pub struct Rollouts {
    revision: u32,
    unlisted: Unlisted,
    testers: BTreeSet<LinkKey>,
    rules: BTreeMap<RuleKey, Compiled>,
}

#[derive(Debug, Clone)]
struct Compiled {
    stage: Stage,
    is_paused: bool,
    audience: Option<Condition>,
    daily_budget: Option<u32>,
}

impl Rollouts {
    /// Checks and compiles a plan.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn compile(revision: u32, plan: &RolloutPlan) -> Result<Self, RolloutError> {
        if plan.rules.len() > ROLLOUT_RULES_MAX {
            return Err(RolloutError::TooManyRules);
        }
        if plan.testers.len() > TESTERS_MAX {
            return Err(RolloutError::TooManyTesters);
        }
        let mut rules = BTreeMap::new();
        for (place, one) in plan.rules.iter().enumerate() {
            if matches!(one.stage, Stage::Percent(percent) if !(1..=100).contains(&percent)) {
                return Err(RolloutError::Percent(place));
            }
            if one.daily_budget == Some(0) {
                return Err(RolloutError::Budget(place));
            }
            let audience = match one.audience.trim() {
                "" => None,
                text => Some(
                    Condition::compile(text)
                        .map_err(|errors| RolloutError::Audience(place, errors))?,
                ),
            };
            let compiled = Compiled {
                stage: one.stage,
                is_paused: one.paused.is_some(),
                audience,
                daily_budget: one.daily_budget,
            };
            if rules.insert(RuleKey::of(&one.rule), compiled).is_some() {
                return Err(RolloutError::Twice(place));
            }
        }
        Ok(Self {
            revision,
            unlisted: plan.unlisted,
            testers: plan.testers.iter().map(|tester| tester.key).collect(),
            rules,
        })
    }

    /// The plan's revision; 0 before there was one.
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// How often a rule may act a day, where that is limited.
    pub fn daily_budget(&self, rule: RuleKey) -> Option<u32> {
        self.rules.get(&rule)?.daily_budget
    }

    /// Whether a rule reaches nobody at all, so that what it offered is taken back.
    pub fn reaches_nobody(&self, rule: RuleKey) -> bool {
        match self.rules.get(&rule) {
            Some(one) => one.is_paused || one.stage == Stage::Shadow,
            None => self.unlisted == Unlisted::Shadow,
        }
    }

    /// Whether the customer is a test identity: by any identifier that is tied to them, however weakly.
    fn is_tester(&self, state: &CustomerState) -> bool {
        let links = || state.links.iter();
        !self.testers.is_empty() && links().any(|link| self.testers.contains(&link.key))
    }

    fn why(&self, state: &CustomerState, rule: &Rule, signals: &Signals<'_>) -> Option<ShadowWhy> {
        let Some(one) = self.rules.get(&rule.key) else {
            return (self.unlisted == Unlisted::Shadow).then_some(ShadowWhy::Stage);
        };
        if one.is_paused {
            return Some(ShadowWhy::Paused);
        }
        match one.stage {
            Stage::Shadow => return Some(ShadowWhy::Stage),
            Stage::Test if !self.is_tester(state) => return Some(ShadowWhy::NotTester),
            Stage::Percent(percent)
                if !in_share(state.customer, rule.key, percent) && !self.is_tester(state) =>
            {
                return Some(ShadowWhy::NotInShare);
            }
            Stage::Test | Stage::Percent(_) => {}
        }
        let outside = |audience: &Condition| !audience.holds(&signals.for_rule(rule));
        one.audience
            .as_ref()
            .is_some_and(outside)
            .then_some(ShadowWhy::Audience)
    }
}

/// Why `rule` only watches this customer at `now` (server time); `None` when it may reach them.
pub fn shadow_why(
    state: &CustomerState,
    world: &World,
    rule: &Rule,
    now: Timestamp,
) -> Option<ShadowWhy> {
    if world.facts.mode == Mode::Shadow {
        return Some(ShadowWhy::Everything);
    }
    if rule.shadow {
        return Some(ShadowWhy::Policy);
    }
    let signals = Signals::of(state, &world.policy, now, None);
    if let Some(why) = world.rollouts.why(state, rule, &signals) {
        return Some(why);
    }
    let mut spent = world.facts.budgets_spent.iter();
    spent
        .any(|spent| spent.rule == rule.key && now < spent.until)
        .then_some(ShadowWhy::BudgetSpent)
}

/// Whether the customer is among the `percent` of all that a rule reaches: always the same answer for the same customer and rule,
/// and a larger percentage only adds customers. Another rule reaches others, so that nobody is always the first.
pub fn in_share(customer: CustomerId, rule: RuleKey, percent: u8) -> bool {
    let hash = xxh3_64_with_seed(customer.uuid().as_bytes(), SHARE_SEED ^ rule.0);
    let share = (hash >> 11) as f64 / (1u64 << 53) as f64;
    share < f64::from(percent) / 100.0
}
