//! The policy: one TOML file, checked whole before it is used, immutable after.
//!
//! `shipped.toml` beside this file documents every key and is the default.

mod parse;
mod parse_callbacks;
mod parse_rules;
mod reader;
mod rules;
mod settings;

pub(super) use reader::suggestion;
pub use reader::{PolicyError, PolicyWarning};
pub use rules::{Action, Rule, RuleSet};
pub use settings::*;

use self::rules::RuleIndex;
use super::{Guides, SignalGroups, SignalId, SignalSource, SignalValue, condition::Explanation};
use crate::{
    model::{Millis, RuleKey},
    understand::{entities::Extractor, redact::Redactor},
};

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
    /// How texts become a mood.
    pub sentiment: SentimentSettings,
    /// What is done with calls.
    pub voice: VoiceSettings,
    /// What takes identifiers out of texts; knows the organisation's own patterns and no key.
    pub redactor: Redactor,
    /// What finds amounts, days and products in what customers write.
    pub extractor: Extractor,
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
    /// When answers are mailed.
    pub chat: ChatSettings,
    rules: Vec<Rule>,
    index: RuleIndex,
    guides: Guides,
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

    /// The same policy with these live guides among its rules, in place of any before.
    pub fn with_guides(mut self, guides: Guides) -> Self {
        self.rules.retain(|rule| rule.guide.is_none());
        self.rules.extend_from_slice(guides.rules());
        self.rules
            .sort_by_key(|rule| std::cmp::Reverse(rule.priority));
        self.index = RuleIndex::of(&self.rules);
        self.guides = guides;
        self
    }

    /// The live guides.
    pub fn guides(&self) -> &Guides {
        &self.guides
    }

    /// The rules, the highest priority first; equal ones in the order of the file, guides last.
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
        page_fits(rule, signals).unwrap_or(true) && rule.when.holds(signals)
    }

    /// Each part of the rule's condition with whether it holds, and each signal it reads
    /// with its value.
    pub fn explain(&self, rule: &Rule, signals: &dyn SignalSource) -> Explanation {
        let (mut parts, mut used) = rule.when.explain(signals);
        if let (Some(guide), Some(fits)) = (&rule.guide, page_fits(rule, signals)) {
            parts.insert(0, (format!("page {}", guide.pages.text()), fits));
            let name = path_signal().spec().name;
            if !used.iter().any(|(known, _)| known == name) {
                used.insert(0, (name.to_owned(), signals.value(path_signal()).render()));
            }
        }
        (parts, used)
    }
}

/// Whether the page now open is one of the guide's; `None` for a rule that shows none.
fn page_fits(rule: &Rule, signals: &dyn SignalSource) -> Option<bool> {
    let guide = rule.guide.as_ref()?;
    Some(match signals.value(path_signal()) {
        SignalValue::Text(path) => guide.pages.fits(path),
        _ => false,
    })
}

fn path_signal() -> SignalId {
    SignalId::named("session.path").expect("the schema has the page now open")
}
