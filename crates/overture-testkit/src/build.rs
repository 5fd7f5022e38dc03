//! Builders: a small world, agents, and what people do, as inputs.

use std::{collections::BTreeMap, sync::Arc};

use overture_engine::{
    World,
    decide::Policy,
    model::*,
    understand::{EngagementInputs, EngagementModel, Factor},
};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// When stories begin: a Tuesday, 12:53:20 UTC.
pub const START: Timestamp = Timestamp(1_700_052_800_000);

/// The shipped policy, everything live, articles to offer.
pub fn world() -> World {
    world_with(Policy::from_shipped(1))
}

/// The same with another policy.
pub fn world_with(policy: Policy) -> World {
    World {
        facts: WorldFacts {
            version: 1,
            policy_revision: policy.revision,
            mode: Mode::Live,
            faqs: true,
            model: PlainModel.name().to_owned(),
            ..WorldFacts::default()
        },
        policy: Arc::new(policy),
        engagement: Arc::new(PlainModel),
        text: Arc::new(overture_engine::understand::text::NoTextModel),
        issues: None,
        lexicon: Default::default(),
        rollouts: Default::default(),
        key: Default::default(),
    }
}

/// A policy made of the shipped text with parts of it replaced.
///
/// # Panics
/// When a part is not there or the result is not valid.
pub fn policy_with(replacements: &[(&str, &str)]) -> Policy {
    let mut text = Policy::shipped().to_owned();
    for (from, to) in replacements {
        assert!(text.contains(from), "`{from}` is not in the shipped policy");
        text = text.replace(from, to);
    }
    match Policy::parse(&text, 1) {
        Ok(parsed) => parsed.policy,
        Err(errors) => panic!("{errors:?}"),
    }
}

/// An engagement model that fits in a line: the odds of needing help triple with every
/// struggle.
#[derive(Debug, Clone, Copy)]
pub struct PlainModel;

/// The factors that count as struggles here.
const STRUGGLES: [Factor; 4] = [
    Factor::FormErrors,
    Factor::FailedSubmits,
    Factor::RageClicks,
    Factor::FormStruggles,
];

/// Log-odds without any struggle, and of each.
const INTERCEPT: f64 = -3.0;
const WEIGHT: f64 = 1.1;

impl EngagementModel for PlainModel {
    fn name(&self) -> &'static str {
        "plain-1"
    }

    fn probability(&self, inputs: &EngagementInputs) -> f64 {
        let struggles: f64 = STRUGGLES.iter().map(|factor| inputs.get(*factor)).sum();
        1.0 / (1.0 + (-(INTERCEPT + WEIGHT * struggles)).exp())
    }

    fn score(&self, inputs: &EngagementInputs) -> EngagementScore {
        let mut contributions: Vec<Contribution> = STRUGGLES
            .iter()
            .map(|factor| Contribution {
                factor: factor.name(),
                value: inputs.get(*factor),
                weight: WEIGHT,
                contribution: WEIGHT * inputs.get(*factor),
            })
            .collect();
        contributions.sort_by(|one, other| other.contribution.total_cmp(&one.contribution));
        EngagementScore {
            score: Probability::new(self.probability(inputs))
                .expect("a logistic is between 0 and 1"),
            intercept: INTERCEPT,
            contributions,
            model: self.name(),
        }
    }
}

/// The agent with this number.
pub fn agent_id(number: u32) -> AgentId {
    AgentId::derive(START, Seq(0), number)
}

/// An agent of so many chats and callbacks, without skills, who speaks anything.
pub fn profile(chat: u32, callback: u32) -> AgentProfile {
    AgentProfile {
        skills: BTreeMap::new(),
        languages: Default::default(),
        capacity: PerChannel { chat, callback },
        active: true,
        hours: None,
    }
}

/// An identifier of this kind and value.
pub fn identifier(kind: IdentifierKind, value: &str, level: IdentityLevel) -> Identifier {
    Identifier {
        kind,
        key: LinkKey(xxh3_128(format!("{}:{value}", kind.name()).as_bytes())),
        value: Private::new(value),
        level,
    }
}

/// The key of an idempotency text.
pub fn key_of(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}

/// An input about whoever has these identifiers.
pub fn from(identifiers: Vec<Identifier>, body: CustomerBody) -> Ingress {
    Ingress {
        source: None,
        occurred_at: None,
        message_key: None,
        unsaid: Unsaid::default(),
        subject: Subject::Identified(identifiers, body),
    }
}

/// An input about a known customer.
pub fn about(customer: CustomerId, body: CustomerBody) -> Ingress {
    Ingress {
        source: None,
        occurred_at: None,
        message_key: None,
        unsaid: Unsaid::default(),
        subject: Subject::Customer(customer, body),
    }
}

/// An input of routing.
pub fn routing(event: RouteEvent) -> Ingress {
    Ingress {
        source: None,
        occurred_at: None,
        message_key: None,
        unsaid: Unsaid::default(),
        subject: Subject::Route(event),
    }
}

/// A widget session in this browser.
pub fn session(device: LinkKey, level: IdentityLevel, path: &str) -> CustomerBody {
    CustomerBody::SessionStarted(SessionStarted {
        device,
        anonymous: None,
        level,
        path: path.to_owned(),
        time_zone: None,
        language: None,
    })
}

/// A refused submit of the checkout form.
pub fn failed_submit() -> CustomerBody {
    CustomerBody::Behaviour(Behaviour::FormSubmit {
        form: 7,
        outcome: SubmitOutcome::Failed,
    })
}
