//! The whole pipeline in memory: one outside event through `flow::advance`, over 100,000
//! customers with the shipped rules. What it costs is the engine thread's part of an event.
#![allow(clippy::unwrap_used, reason = "a bench")]

use std::sync::Arc;

use overture_engine::{
    World,
    decide::Policy,
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
