//! Replay under another world: what is the same stays the same, what is not is an estimate by
//! rules that hold.

use std::collections::BTreeSet;

use overture_engine::replay::{OpenLoop, Worlds};

use super::*;

/// Replays a shop's whole log with `draft` in force from the beginning, as of one hour after its
/// end.
fn open_loop(shop: &Shop, then: &World, draft: &World) -> (MemoryStates, Vec<Effect>) {
    open_loop_in(shop, |_| Worlds { then, draft })
}

/// The same with the worlds of each input, by its place in the log.
fn open_loop_in<'a>(
    shop: &Shop,
    worlds: impl Fn(usize) -> Worlds<'a>,
) -> (MemoryStates, Vec<Effect>) {
    let made: BTreeSet<OfferId> = decisions(&shop.effects)
        .iter()
        .filter_map(|decision| match decision.outcome {
            Outcome::Prompt(offer) | Outcome::Offer(offer) => Some(offer),
            _ => None,
        })
        .collect();
    let mut open = OpenLoop::new(Arc::new(made));
    let mut states = MemoryStates::default();
    let mut effects = Vec::new();
    let mut carried: BTreeMap<MergeId, Box<CustomerState>> = BTreeMap::new();
    for (place, input) in shop.inputs.iter().enumerate() {
        let worlds = worlds(place);
        open.before(&mut states, worlds, input, &mut effects)
            .unwrap();
        let folded = match &input.body {
            InputBody::Customer(CustomerEvent {
                body: CustomerBody::MergeIn { merge, .. },
                ..
            }) => carried.remove(merge),
            _ => None,
        };
        let mut stepped = open.step(&mut states, worlds, input, folded).unwrap();
        effects.append(&mut stepped.effects);
        carried.extend(stepped.folded);
    }
    let end = shop.now + Millis::from_secs(3_600);
    open.tick_until(&mut states, worlds(shop.inputs.len()), end, &mut effects)
        .unwrap();
    (states, effects)
}

fn decisions(effects: &[Effect]) -> Vec<&DecisionRecord> {
    let all = effects.iter().filter_map(|effect| match effect {
        Effect::Decision(decision) => Some(&**decision),
        _ => None,
    });
    all.collect()
}

fn outcomes(effects: &[Effect]) -> Vec<String> {
    let of = |decision: &&DecisionRecord| match &decision.outcome {
        Outcome::Withhold(reasons) => format!("withhold:{}", reasons[0].name()),
        other => other.name().to_owned(),
    };
    decisions(effects).iter().map(of).collect()
}

/// The same world with a policy whose rules ask on a page that nobody opens.
fn nobody(world: &World) -> World {
    let toml = Policy::shipped().replace(
        "when = 'engagement.",
        "when = 'session.path == \"/never\" && engagement.",
    );
    World {
        policy: Arc::new(Policy::parse(&toml, 0).unwrap().policy),
        ..world.clone()
    }
}

/// A live afternoon: offers taken, left and put away, a merge, an agent who leaves.
fn afternoon() -> Shop {
    let mut shop = Shop::open(Mode::Live);
    let agent = shop.agent(1, 2);
    for visitor in 1..=6u128 {
        let who = [browser(visitor)];
        let customer = shop.session(&who);
        shop.struggle(&who, visitor as u32 % 4);
        if let Some(live) = shop.state(customer).offer.clone() {
            let shown = CustomerBody::OfferShown { offer: live.offer };
            shop.submit(Subject::Customer(customer, shown));
            match visitor {
                2 => drop(shop.accept_offer(customer, OfferOptionKind::Chat)),
                3 => {
                    let body = CustomerBody::OfferDismissed {
                        offer: live.offer,
                        how: DismissedHow::NotNow,
                    };
                    shop.submit(Subject::Customer(customer, body));
                }
                _ => {}
            }
        }
        if visitor == 3 || visitor == 5 {
            shop.session(&[browser(visitor), user(ANNA, IdentityLevel::Verified)]);
        }
    }
    shop.presence(agent, Presence::Away);
    shop.wait(600);
    shop.tick();
    for visitor in 1..=6u128 {
        shop.struggle(&[browser(visitor)], 3);
    }
    shop
}

#[test]
fn the_same_world_gives_the_same_decisions_in_open_loop_too() {
    let shop = afternoon();
    assert!(shop.outcomes().len() >= 6, "{:?}", shop.outcomes());
    let (_, effects) = open_loop(&shop, &shop.world, &shop.world);
    assert_eq!(decisions(&effects), decisions(&shop.effects));
}

#[test]
fn what_a_rollout_took_back_is_taken_back_in_open_loop_too() {
    let mut shop = Shop::open(Mode::Live);
    shop.agent(1, 1);
    let who = [browser(BROWSER)];
    let customer = shop.session(&who);
    shop.struggle(&who, 3);
    assert!(shop.state(customer).offer.is_some());
    let (before, turn) = (shop.world.clone(), shop.inputs.len());
    let plan = RolloutPlan {
        unlisted: Unlisted::Shadow,
        ..RolloutPlan::default()
    };
    shop.world.rollouts = Arc::new(Rollouts::compile(1, &plan).unwrap());
    shop.submit(Subject::Customer(customer, CustomerBody::Tick));
    assert!(shop.state(customer).offer.is_none());

    let world = |place| if place < turn { &before } else { &shop.world };
    let (_, effects) = open_loop_in(&shop, |place| Worlds {
        then: world(place),
        draft: world(place),
    });
    let offers = |effects: &[Effect]| -> Vec<OfferRow> {
        let rows = effects.iter().filter_map(|effect| match effect {
            Effect::Offer(row) => Some(row.clone()),
            _ => None,
        });
        rows.collect()
    };
    assert_eq!(offers(&effects), offers(&shop.effects));
    assert_eq!(
        offers(&effects).last().unwrap().stage,
        OfferStage::Withdrawn
    );
}

#[test]
fn a_shadow_history_replayed_live_makes_offers_that_are_ignored() {
    let mut shop = Shop::open(Mode::Shadow);
    let agent = shop.agent(1, 1);
    let who = [browser(BROWSER)];
    let customer = shop.session(&who);
    shop.struggle(&who, 3);
    let live = world(Mode::Live);

    let (states, effects) = open_loop(&shop, &shop.world, &live);
    assert_eq!(shop.outcomes(), ["withhold:shadow_mode"; 2]);
    assert_eq!(outcomes(&effects), ["prompt", "offer"]);
    let views: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Timeline(TimelineItem {
                body: TimelineBody::Offer(view),
                ..
            }) => Some(view),
            _ => None,
        })
        .collect();
    let chat = |view: &&OfferView| {
        let mut options = view.options.iter();
        options.any(|(option, _)| *option == OfferOptionKind::Chat)
    };
    assert!(chat(&views[0]), "an agent was free");
    let ended: Vec<OfferStage> = views.iter().map(|view| view.stage).collect();
    assert!(
        ended.ends_with(&[OfferStage::Shown, OfferStage::Ignored]),
        "{ended:?}"
    );
    let state = &states.customers[&customer];
    assert!(
        state.suppression.declined_until > shop.now,
        "it counts as ignored"
    );
    assert!(
        states.routing.state().holds.is_empty(),
        "a replay holds no seat"
    );

    // With nobody there, the offer keeps what needs no seat.
    shop.presence(agent, Presence::Offline);
    let other = [browser(BROWSER + 1)];
    shop.session(&other);
    shop.struggle(&other, 3);
    let (_, effects) = open_loop(&shop, &shop.world, &live);
    let second = effects.iter().rev().find_map(|effect| match effect {
        Effect::Timeline(TimelineItem {
            body: TimelineBody::Offer(view),
            customer: whose,
            ..
        }) if *whose != customer && view.stage == OfferStage::Reserved => Some(view),
        _ => None,
    });
    assert!(!chat(&second.expect("the second offer")));
}

#[test]
fn answers_to_an_offer_that_the_draft_does_not_make_are_dropped() {
    let mut shop = Shop::open(Mode::Live);
    shop.agent(1, 2);
    let who = [browser(BROWSER)];
    let customer = shop.session(&who);
    shop.struggle(&who, 3);
    let opened = shop.accept_offer(customer, OfferOptionKind::Chat);
    let conversation = conversation_of(&opened);
    shop.submit(Subject::Customer(
        customer,
        write(conversation, 1, "It says no"),
    ));

    let (states, effects) = open_loop(&shop, &shop.world, &nobody(&shop.world));
    assert_eq!(outcomes(&effects), Vec::<String>::new());
    let state = &states.customers[&customer];
    assert!(state.conversation.is_none() && state.grants.is_empty());
    assert!(
        !states.routing.state().requests.is_empty(),
        "routing is as it was"
    );
}

#[test]
fn a_request_of_the_customers_own_stays_whatever_the_draft_says() {
    let mut shop = Shop::open(Mode::Live);
    shop.agent(1, 2);
    let who = [browser(BROWSER)];
    let customer = shop.session(&who);
    let asks = CustomerBody::HelpRequested {
        channel: ChannelKind::Chat,
        key: 5,
        text: Some(Private::new("Hello?")),
        phone: None,
    };
    let reply = shop.submit(Subject::Customer(customer, asks));
    let (states, _) = open_loop(&shop, &shop.world, &nobody(&shop.world));
    let open = states.customers[&customer].conversation.as_ref();
    assert_eq!(open.unwrap().conversation, conversation_of(&reply));
}

#[test]
fn whoever_is_folded_in_is_who_the_draft_made_of_them() {
    let mut shop = Shop::open(Mode::Shadow);
    let who = [browser(BROWSER)];
    let loser = shop.session(&who);
    shop.struggle(&who, 3);
    shop.session(&[browser(BROWSER + 1), user(ANNA, IdentityLevel::Verified)]);
    shop.session(&[browser(BROWSER), user(ANNA, IdentityLevel::Verified)]);
    let survivor = shop.states.customers[&loser]
        .merged_into
        .expect("the browser's customer was folded");
    assert_eq!(shop.state(survivor).suppression.cooling_until, Timestamp(0));

    let (states, _) = open_loop(&shop, &shop.world, &world(Mode::Live));
    let survivor = &states.customers[&survivor];
    assert!(
        survivor.suppression.cooling_until > shop.now,
        "the contact that the draft made counts on: {:?}",
        survivor.suppression
    );
}

#[test]
fn a_draft_that_needs_consent_sees_nothing_of_whoever_did_not_give_it() {
    let mut shop = Shop::open(Mode::Live);
    let who = [browser(BROWSER)];
    let customer = shop.session(&who);
    shop.struggle(&who, 3);
    assert!(!shop.outcomes().is_empty());
    let mut policy = Policy::parse(Policy::shipped(), 0).unwrap().policy;
    policy.permission.analyse_behaviour = LawfulBasis::Consent;
    let draft = World {
        policy: Arc::new(policy),
        ..shop.world.clone()
    };
    let (states, effects) = open_loop(&shop, &shop.world, &draft);
    assert_eq!(outcomes(&effects), Vec::<String>::new());
    assert_eq!(
        states.customers[&customer].features.counters[Signal::FailedSubmit as usize],
        Decayed::default()
    );
}
