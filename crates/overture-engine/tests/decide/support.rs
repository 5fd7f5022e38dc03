//! A customer in a visit, a world with a policy, and signals out of a table.

use std::{collections::BTreeMap, sync::Arc};

use overture_engine::{
    World,
    decide::{Policy, SignalId, SignalSource, SignalValue},
    model::*,
    understand::{EngagementInputs, EngagementModel},
};

/// Any Tuesday noon, UTC.
pub(crate) const NOON: Timestamp = Timestamp(1_772_539_200_000);

pub(crate) fn at(seconds: f64) -> Timestamp {
    Timestamp(NOON.0 + (seconds * 1e3).round() as i64)
}

/// A model for tests about everything but the model: a rage click is a need of 0.9.
pub(crate) struct OneFactor;

impl EngagementModel for OneFactor {
    fn name(&self) -> &'static str {
        "one-factor"
    }

    fn probability(&self, inputs: &EngagementInputs) -> f64 {
        let rage = inputs.get(overture_engine::understand::Factor::RageClicks);
        if rage > 0.5 { 0.9 } else { 0.1 }
    }

    fn score(&self, inputs: &EngagementInputs) -> EngagementScore {
        EngagementScore {
            score: Probability::new(self.probability(inputs)).unwrap(),
            intercept: 0.0,
            contributions: Vec::new(),
            model: self.name(),
        }
    }
}

pub(crate) fn world(toml: &str, mode: Mode) -> World {
    let policy = Policy::parse(toml, 7)
        .unwrap_or_else(|errors| panic!("{errors:#?}"))
        .policy;
    World {
        facts: WorldFacts {
            version: 1,
            policy_revision: 7,
            mode,
            faqs: true,
            model: "one-factor".to_owned(),
            ..WorldFacts::default()
        },
        policy: Arc::new(policy),
        engagement: Arc::new(OneFactor),
        text: Arc::new(overture_engine::understand::text::NoTextModel),
        issues: None,
        lexicon: Default::default(),
        rollouts: Default::default(),
        key: Default::default(),
    }
}

pub(crate) fn visit(number: u32, level: IdentityLevel, now: Timestamp) -> Session {
    Session {
        issue: None,
        session: InteractionId::derive(NOON, Seq(9), number),
        started_at: now,
        last_at: now,
        level,
        device: Some(LinkKey(1)),
        path: "/checkout".to_owned(),
        path_since: now,
        source: None,
    }
}

/// An anonymous customer in their first visit, heard of at `now`.
pub(crate) fn customer(now: Timestamp) -> CustomerState {
    let mut state = CustomerState::new(CustomerId::derive(NOON, Seq(1), 0), now);
    state.session = Some(visit(1, IdentityLevel::Anonymous, now));
    state
}

/// Signals by name; what is not in the table is absent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table(pub(crate) BTreeMap<&'static str, Entry>);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Entry {
    Number(f64),
    Text(String),
    Flag(bool),
}

impl Table {
    pub(crate) fn of(entries: &[(&'static str, Entry)]) -> Self {
        Self(entries.iter().cloned().collect())
    }

    pub(crate) fn named(&self, name: &str) -> SignalValue<'_> {
        match self.0.get(name) {
            Some(Entry::Number(number)) => SignalValue::Number(*number),
            Some(Entry::Text(text)) => SignalValue::Text(text),
            Some(Entry::Flag(flag)) => SignalValue::Flag(*flag),
            None => SignalValue::Absent,
        }
    }
}

impl SignalSource for Table {
    fn value(&self, signal: SignalId) -> SignalValue<'_> {
        self.named(signal.spec().name)
    }
}
