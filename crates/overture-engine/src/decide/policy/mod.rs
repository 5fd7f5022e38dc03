//! The policy: one TOML file, checked whole before it is used, immutable after.
//!
//! `shipped.toml` beside this file documents every key and is the default.

mod parse;
mod parse_rules;
mod reader;
mod rules;
mod settings;

pub(super) use reader::suggestion;
pub use reader::{PolicyError, PolicyWarning};
pub use rules::{Action, Rule, RuleSet};
pub use settings::*;

use self::rules::RuleIndex;
use super::{SignalGroups, SignalSource, condition::Explanation};
use crate::model::{Millis, RuleKey};

/// The largest file, in bytes.
pub const POLICY_BYTES_MAX: usize = 256 * 1024;

/// The most rules in a file.
pub const RULES_MAX: usize = 200;

/// A checked policy.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Its revision.
    pub revision: u32,
    /// How a score becomes a level.
    pub need: NeedSettings,
    /// The age beyond which signals are not acted on.
    pub stale_after: Millis,
    /// What counts as a struggle.
    pub frustration: FrustrationSettings,
    /// The lawful basis of each purpose.
    pub permission: PermissionSettings,
    /// The frequency cap.
    pub caps: CapSettings,
    /// How long contact rests.
    pub cooldowns: CooldownSettings,
    /// The hours without unasked contact; `None` when off.
    pub quiet_hours: Option<QuietHours>,
    /// The share of customers in the comparison group, `0.0..=100.0`.
    pub holdout_percent: f64,
    /// How long offers stay.
    pub offer: OfferSettings,
    /// What the grants of offers allow.
    pub grants: GrantSettings,
    /// How requests find agents.
    pub routing: RoutingSettings,
    rules: Vec<Rule>,
    index: RuleIndex,
}

/// A policy that was read, and what is odd about it.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// The policy.
    pub policy: Policy,
    /// What is allowed and probably not meant.
    pub warnings: Vec<PolicyWarning>,
}

impl Policy {
    /// Reads and checks a policy file.
    ///
    /// # Errors
    /// Every mistake found, with its place: TOML syntax, unknown keys, wrong types, values
    /// out of range, duplicate rule ids, and everything [`super::Condition::compile`]
    /// refuses. Never panics, whatever the text.
    pub fn parse(toml: &str, revision: u32) -> Result<Parsed, Vec<PolicyError>> {
        parse::parse(toml, revision)
    }

    /// The text of the policy that every installation begins with.
    pub const fn shipped() -> &'static str {
        include_str!("shipped.toml")
    }

    /// The policy that every installation begins with.
    pub fn from_shipped(revision: u32) -> Self {
        Self::parse(Self::shipped(), revision)
            .expect("the shipped policy is valid: a test reads it")
            .policy
    }

    /// The rules, the highest priority first; equal ones in the order of the file.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule with this id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rule_by_key(RuleKey::of(id))
            .map(|place| &self.rules[place])
    }

    /// The place in [`Policy::rules`] of the rule with this key.
    pub fn rule_by_key(&self, key: RuleKey) -> Option<usize> {
        self.index.by_key(key)
    }

    /// The rules that read any of `groups`.
    pub fn rules_reading(&self, groups: SignalGroups) -> RuleSet {
        self.index.reading(groups)
    }

    /// Whether the rule's condition holds.
    pub fn holds(&self, rule: &Rule, signals: &dyn SignalSource) -> bool {
        rule.when.holds(signals)
    }

    /// Each part of the rule's condition with whether it holds, and each signal it reads
    /// with its value.
    pub fn explain(&self, rule: &Rule, signals: &dyn SignalSource) -> Explanation {
        rule.when.explain(signals)
    }
}
