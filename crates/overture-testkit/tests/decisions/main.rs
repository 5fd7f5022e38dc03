//! Generated customers, policies and moments through the whole pipeline: nobody is
//! contacted who must not be, no chat is offered without a seat, and whoever asks for help
//! gets it. The rules are written down here once more, apart from the engine's own.
//!
//! `OVERTURE_DECISIONS` sets how many decisions, 50,000 if unset.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests may, and a run says what it came to"
)]

mod generate;
mod promises;

use std::collections::BTreeMap;

use overture_engine::{
    decide::Policy,
    flow::{self, Batch},
    memory::MemoryStates,
    model::*,
};
use overture_testkit::{
    build::{self, START},
    random::Random,
};

use generate::{customer, floor, happening, plan, policies, world};
use promises::{may_contact, may_reach};

/// How many decisions, from outside.
#[expect(
    clippy::disallowed_methods,
    reason = "tests take their size from the environment"
)]
fn wanted() -> u64 {
    std::env::var("OVERTURE_DECISIONS").map_or(50_000, |count| count.parse().unwrap())
}

#[test]
fn no_generated_decision_breaks_a_promise() {
    let policies = policies();
    let wanted = wanted();
    let mut seen = Seen::default();
    let mut seed = 0;
    while seen.decisions < wanted {
        one(seed, &policies, &mut seen);
        seed += 1;
    }
    println!("{} cases: {seen:?}", seed);
    // Every reason must have had its turn, or its absence proves nothing.
    for reason in [
        "no_consent",
        "opted_out",
        "identity_too_weak",
        "authorization_denied",
        "quiet_hours",
        "frequency_cap",
        "cooling_down",
        "declined_recently",
        "live_offer",
        "already_in_contact",
        "holdout",
        "paced",
        "shadow_mode",
    ] {
        assert!(seen.reasons.contains_key(reason), "{reason} never came up");
    }
    assert!(seen.contacts * 100 > wanted, "hardly anybody was contacted");
    assert!(seen.by_stage > 0, "no rule went live by itself");
    assert!(seen.chats > 0 && seen.seatless > 0 && seen.requests > 0);
}

/// What came up.
#[derive(Debug, Default)]
struct Seen {
    decisions: u64,
    contacts: u64,
    /// Offers that carried the chat option, and those that could not.
    chats: u64,
    seatless: u64,
    requests: u64,
    /// Contacts by rules with a stage of their own.
    by_stage: u64,
    reasons: BTreeMap<&'static str, u64>,
}

/// One customer at one moment.
fn one(seed: u64, policies: &[Policy], seen: &mut Seen) {
    let mut random = Random::new(seed);
    let mut world = world(&mut random, policies);
    let now = START + Millis(random.below(7 * 86_400_000));
    let plan = plan(&mut random, &mut world, now);
    let before = customer(&mut random, &world, now);
    let id = before.customer;
    let mut states = MemoryStates {
        customers: [(id, before.clone())].into(),
        links: BTreeMap::new(),
        routing: floor(&mut random, &before),
    };
    let body = happening(&mut random, &before);
    let asks = matches!(body, CustomerBody::HelpRequested { .. });
    let mut batch = Batch::default();
    let mut next_seq = Seq(1_000);
    let reply = flow::advance(
        &mut states,
        &world,
        build::about(id, body.clone()),
        now,
        &mut next_seq,
        &mut batch,
    )
    .unwrap();
    let context = || format!("seed {seed}: {body:?} to {before:#?}");
    for effect in &batch.effects {
        match effect {
            Effect::Decision(record) => {
                seen.decisions += 1;
                match &record.outcome {
                    Outcome::Prompt(_) | Outcome::Offer(_) => {
                        seen.contacts += 1;
                        let rule = world.policy.rule(&record.rule).unwrap();
                        if let Err(broken) = may_contact(&before, &body, &world, rule, now)
                            .and_then(|()| may_reach(&before, &plan, &world.facts, rule, now))
                        {
                            panic!("{broken}; {plan:#?}; {}", context());
                        }
                        if plan.rules.iter().any(|one| one.rule == rule.id) {
                            seen.by_stage += 1;
                        }
                    }
                    Outcome::Withhold(reasons) => {
                        for reason in reasons {
                            *seen.reasons.entry(reason.name()).or_default() += 1;
                        }
                    }
                    Outcome::Notify | Outcome::Escalate | Outcome::Grant(_) | Outcome::Boost(_) => {
                    }
                }
            }
            Effect::Count { what, .. } if *what != "queue_full" => seen.decisions += 1,
            Effect::Timeline(item) => {
                if let TimelineBody::Offer(view) = &item.body
                    && view.stage == OfferStage::Reserved
                    && item.audience == Audience::Everyone
                {
                    let chat = view
                        .options
                        .iter()
                        .any(|(kind, _)| *kind == OfferOptionKind::Chat);
                    let seat = states.routing.state().holds.contains_key(&view.offer);
                    assert!(!chat || seat, "a chat without a seat; {}", context());
                    assert_eq!(world.facts.mode, Mode::Live, "{}", context());
                    *(if chat {
                        &mut seen.chats
                    } else {
                        &mut seen.seatless
                    }) += 1;
                }
            }
            _ => {}
        }
    }
    if asks {
        seen.requests += 1;
        let after = &states.customers[&id];
        let open = after.conversation.as_ref();
        let promised = match reply {
            Reply::Conversation { conversation, .. } => Some(conversation),
            _ => None,
        };
        assert!(
            promised.is_some() && open.map(|open| open.conversation) == promised,
            "an own request was suppressed; {}",
            context()
        );
        let open = open.unwrap();
        let waits = states.routing.state().requests.contains_key(&open.request);
        assert!(
            waits || before.conversation.is_some(),
            "nobody was asked to help; {}",
            context()
        );
    }
    states.routing.check_index().unwrap();
}
