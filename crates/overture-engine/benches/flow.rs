//! The whole pipeline in memory: one outside event through `flow::advance`, over 100,000
//! customers with the shipped rules. What it costs is the engine thread's part of an event. And
//! deciding alone: one update of a signal that 50 rules read.
#![allow(clippy::unwrap_used, reason = "a bench")]

use std::sync::Arc;

use overture_engine::{
    World,
    decide::{Capability, Policy, SignalGroups, conclude, evaluate},
    flow::{self, Batch},
    memory::MemoryStates,
    model::*,
    understand::{EngagementInputs, EngagementModel, Factor},
};

const CUSTOMERS: u64 = 100_000;
const EVENTS: u64 = 200_000;

struct Weighted;

impl EngagementModel for Weighted {
    fn name(&self) -> &'static str {
        "weighted"
    }

    fn probability(&self, inputs: &EngagementInputs) -> f64 {
        let sum = 0.8 * inputs.get(Factor::FormErrors) + inputs.get(Factor::RageClicks) - 3.0;
        1.0 / (1.0 + (-sum).exp())
    }

    fn score(&self, inputs: &EngagementInputs) -> EngagementScore {
        EngagementScore {
            score: Probability::new(self.probability(inputs)).unwrap(),
            intercept: -3.0,
            contributions: Vec::new(),
            model: "weighted",
        }
    }
}

fn main() {
    divan::main();
}

fn world() -> World {
    World {
        facts: WorldFacts {
            mode: Mode::Live,
            faqs: true,
            ..WorldFacts::default()
        },
        policy: Arc::new(Policy::parse(Policy::shipped(), 1).unwrap().policy),
        engagement: Arc::new(Weighted),
        text: Arc::new(overture_engine::understand::text::NoTextModel),
        issues: None,
        lexicon: Default::default(),
        rollouts: Default::default(),
        key: Default::default(),
    }
}

/// A skewed choice of customers: squaring a uniform number favours the low ones.
fn customer(event: u64) -> u64 {
    let uniform = event.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    uniform * uniform / (1 << 24) * CUSTOMERS / (1 << 24)
}

fn ingress(event: u64) -> Ingress {
    let key = customer(event);
    let who = Identifier {
        kind: IdentifierKind::Anonymous,
        key: LinkKey(u128::from(key)),
        value: Private::new("0f5c2a4e-visitor"),
        level: IdentityLevel::Anonymous,
    };
    let behaviour = match event % 10 {
        0 | 1 => Behaviour::PageView {
            path: format!("/products/{}", event % 40),
            navigation: Navigation::Navigate,
        },
        2..=5 => Behaviour::Click {
            x_px: (event % 900) as f32,
            y_px: (event % 700) as f32,
            target: event % 50,
            on: ClickTarget::Interactive,
        },
        6 | 7 => Behaviour::Active { ms: 900 },
        8 => Behaviour::Scroll {
            depth_percent: (event % 100) as u8,
        },
        _ => Behaviour::FormError {
            form: 1,
            field: event % 4,
            field_name: "postcode".into(),
            code: "patternMismatch".into(),
        },
    };
    Ingress {
        source: None,
        occurred_at: None,
        message_key: Some(event),
        unsaid: Unsaid::default(),
        subject: Subject::Identified(vec![who], CustomerBody::Behaviour(behaviour)),
    }
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn advance(bencher: divan::Bencher) {
    let world = world();
    let mut states = MemoryStates::default();
    let mut next_seq = Seq(1);
    let mut now = Timestamp(1_750_000_000_000);
    bencher
        .counter(divan::counter::ItemsCount::new(EVENTS))
        .with_inputs(|| (0..EVENTS).map(ingress).collect::<Vec<_>>())
        .bench_local_values(|events| {
            let mut rows = 0;
            for chunk in events.chunks(1_000) {
                now = now + Millis(20);
                let mut batch = Batch::default();
                for ingress in chunk {
                    let ingress = ingress.clone();
                    flow::advance(&mut states, &world, ingress, now, &mut next_seq, &mut batch)
                        .unwrap();
                }
                rows += batch.inputs.len() + batch.effects.len();
            }
            rows
        });
}

/// A visitor in live mode, and 50 rules over the engagement score and more, of which `holding` hold.
fn fifty_rules(holding: usize) -> (World, CustomerState) {
    let rules = (0..50).map(|number| {
        let threshold = if number < holding { 0.4 } else { 0.9 };
        format!(
            "[[rules]]\nid = \"r{number}\"\naction = \"offer\"\nwhen = 'engagement.score > {threshold} && session.path.startsWith(\"/checkout\") && (signal.failed_submit.m10 < 3.0 || customer.language in [\"de\", \"en\"])'\n"
        )
    });
    let toml: String = rules.collect();
    let policy = Policy::parse(&toml, 1).unwrap().policy;
    let world = World {
        policy: Arc::new(policy),
        ..world()
    };
    let now = Timestamp(1_750_000_000_000);
    let mut state = CustomerState::new(CustomerId::derive(now, Seq(1), 0), now);
    state.session = Some(Session {
        issue: None,
        session: InteractionId::derive(now, Seq(1), 1),
        started_at: now,
        last_at: now,
        level: IdentityLevel::Anonymous,
        device: Some(LinkKey(1)),
        path: "/checkout".to_owned(),
        path_since: now,
        source: None,
    });
    state.need.score = 0.5;
    (world, state)
}

/// What one update of the score costs where so many of 50 rules that read it hold: each of these
/// is weighed against every reason.
#[divan::bench(args = [0, 1, 50])]
fn decide_by_fifty_rules(bencher: divan::Bencher, holding: usize) {
    let (world, state) = fifty_rules(holding);
    let now = Timestamp(1_750_000_001_000);
    bencher
        .with_inputs(|| state.clone())
        .bench_local_values(|mut state| {
            let hits = evaluate(&mut state, &world, now, SignalGroups::SCORE, None);
            assert_eq!(hits.len(), holding);
            for hit in hits {
                let capability = Capability::of(&state, &world);
                divan::black_box(conclude(&mut state, &world, hit, now, capability));
            }
            state
        });
}
