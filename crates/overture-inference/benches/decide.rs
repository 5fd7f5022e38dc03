//! What understanding and deciding cost for one event, with ten rules and the shipped
//! model: features, score, level, rules. Here and not in the engine, which must not know
//! the model.
#![allow(clippy::unwrap_used, reason = "a bench")]

use std::sync::Arc;

use divan::{Bencher, black_box, counter::ItemsCount};
use overture_engine::{
    World,
    decide::{
        Capability, Conclusion, Policy, SignalGroups, Signals, conclude, due, evaluate, trace,
    },
    model::*,
    understand::{self, EngagementInputs, EngagementModel},
};
use overture_inference::Logistic;

const EVENTS: usize = 1_000;
const START: Timestamp = Timestamp(1_772_539_200_000);

fn main() {
    divan::main();
}

/// The five shipped rules and five more that read what changes with every event.
fn world() -> World {
    let busy = r#"
[[rules]]
id = "rage-on-checkout"
when = 'signal.rage_click.m1 >= 1.0 && session.path.startsWith("/checkout")'
action = "notify"
[[rules]]
id = "many-errors"
when = 'signal.form_error.m10 > 4.0 || signal.failed_submit.m10 > 2.5'
action = "notify"
[[rules]]
id = "long-on-pay"
when = 'session.active_s > 300 && session.path in ["/checkout/pay", "/checkout/address"]'
action = "notify"
[[rules]]
id = "almost-high"
when = 'engagement.score > 0.95 && !conversation.open'
action = "notify"
[[rules]]
id = "returning"
when = 'history.past_requests >= 2 && engagement.score > 0.7'
action = "notify"
"#;
    let text = format!("{}\n{busy}", Policy::shipped());
    let policy = Policy::parse(&text, 1).unwrap().policy;
    assert_eq!(policy.rules().len(), 10);
    World {
        facts: WorldFacts {
            mode: Mode::Live,
            faqs: true,
            ..WorldFacts::default()
        },
        policy: Arc::new(policy),
        engagement: Arc::new(Logistic::shipped()),
        text: Arc::new(overture_engine::understand::text::NoTextModel),
        issues: None,
        lexicon: Default::default(),
        rollouts: Default::default(),
        key: Default::default(),
    }
}

fn customer(number: u64) -> CustomerState {
    let mut state = CustomerState::new(CustomerId::derive(START, Seq(number), 0), START);
    state.session = Some(Session {
        issue: None,
        session: InteractionId::derive(START, Seq(number), 0),
        started_at: START,
        last_at: START,
        level: IdentityLevel::Anonymous,
        device: Some(LinkKey(number.into())),
        path: "/checkout/pay".to_owned(),
        path_since: START,
        source: None,
    });
    state
}

fn calm(index: usize) -> Behaviour {
    match index % 4 {
        0 => Behaviour::Active { ms: 900 },
        1 => Behaviour::Scroll {
            depth_percent: (index % 100) as u8,
        },
        2 => Behaviour::PageLeave,
        _ => Behaviour::Click {
            x_px: (index % 900) as f32,
            y_px: (index % 700) as f32,
            target: 1,
            on: ClickTarget::Interactive,
        },
    }
}

/// One event through everything; what the customer's step does about decisions.
fn step(state: &mut CustomerState, world: &World, behaviour: &Behaviour, now: Timestamp) -> usize {
    let understood = understand::observe(state, behaviour, now, now, world);
    let hits = evaluate(state, world, now, understood.changed, None);
    let mut acted = 0;
    for hit in hits {
        if conclude(state, world, hit, now, Capability::EVERYTHING) == Conclusion::Act {
            acted += 1;
        }
    }
    black_box(due(state, world));
    acted
}

/// Calm customers who struggled once: most of their counters are not zero.
#[divan::bench]
fn event_without_a_change_of_level(bencher: Bencher<'_, '_>) {
    let world = world();
    let mut state = customer(1);
    let past = [
        Behaviour::DeadClick,
        Behaviour::SlowClick,
        Behaviour::Thrash,
    ];
    for behaviour in &past {
        step(&mut state, &world, behaviour, START);
    }
    let events: Vec<Behaviour> = (0..EVENTS).map(calm).collect();
    let mut now = START;
    bencher.counter(ItemsCount::new(EVENTS)).bench_local(|| {
        let mut acted = 0;
        for behaviour in &events {
            now = now + Millis(1_700);
            state.session.as_mut().unwrap().last_at = now;
            acted += step(&mut state, &world, behaviour, now);
        }
        // The rule about long visits acts once.
        assert!(acted <= 1);
    });
}

/// Every event takes a customer from low to high: rules fire, and reasons are weighed.
#[divan::bench]
fn event_with_a_change_of_level(bencher: Bencher<'_, '_>) {
    let world = world();
    let mut prototype = customer(1);
    let refused = Behaviour::FormSubmit {
        form: 1,
        outcome: SubmitOutcome::Failed,
    };
    // Just below high, with two clicks that wait for their third.
    let click = calm(3);
    for behaviour in [&refused, &click, &click] {
        understand::observe(&mut prototype, behaviour, START, START, &world);
    }
    prototype.need = NeedState::default();
    prototype.features.counters[Signal::FormStruggle as usize] = Decayed {
        values: [4.0; 4],
        at: START,
    };
    bencher
        .counter(ItemsCount::new(EVENTS))
        .with_inputs(|| vec![prototype.clone(); EVENTS])
        .bench_local_values(|mut states| {
            let mut acted = 0;
            for state in &mut states {
                acted += step(state, &world, &click, START + Millis(100));
            }
            assert!(acted >= EVENTS);
            states
        });
}

/// The score alone, without its reasons.
#[divan::bench]
fn probability(bencher: Bencher<'_, '_>) {
    let model = Logistic::shipped();
    let inputs = EngagementInputs {
        values: [3.0; understand::FACTORS],
    };
    bencher.bench_local(|| model.probability(black_box(&inputs)));
}

/// All rules at once, as after a change of the policy or of the visit.
#[divan::bench]
fn evaluate_every_rule(bencher: Bencher<'_, '_>) {
    let world = world();
    let mut state = customer(1);
    bencher.bench_local(|| {
        evaluate(
            black_box(&mut state),
            &world,
            START,
            SignalGroups::ALL,
            None,
        )
        .len()
    });
}

/// A condition that stays CEL.
#[divan::bench]
fn one_condition_in_cel(bencher: Bencher<'_, '_>) {
    let world = world();
    let state = customer(1);
    let condition =
        overture_engine::decide::Condition::compile("session.active_s / 60.0 > 4.0").unwrap();
    let signals = Signals::of(&state, &world.policy, START, None);
    bencher.bench_local(|| condition.holds(black_box(&signals)));
}

/// What is written down when a decision is recorded.
#[divan::bench]
fn write_a_trace(bencher: Bencher<'_, '_>) {
    let world = world();
    let state = customer(1);
    let rule = world.policy.rule("many-errors").unwrap();
    bencher.bench_local(|| trace(&state, &world, rule, START, None));
}

/// Reading and checking the shipped file.
#[divan::bench(sample_count = 10)]
fn parse_the_policy() -> usize {
    Policy::parse(Policy::shipped(), 1)
        .unwrap()
        .policy
        .rules()
        .len()
}
