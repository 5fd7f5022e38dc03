//! Policies, floors, customers and what happens to them, from a seed.

use overture_engine::{
    World,
    decide::{Policy, Rollouts},
    model::*,
    route::Routing,
};
use overture_testkit::{
    build::{self, START, agent_id, identifier, profile},
    random::Random,
};

/// The shipped policy and stricter ones.
pub(crate) fn policies() -> Vec<Policy> {
    let strict = [
        vec![],
        vec![("contact = \"legitimate_interest\"", "contact = \"consent\"")],
        vec![(
            "[quiet_hours]\nenabled = false",
            "[quiet_hours]\nenabled = true",
        )],
        vec![
            (
                "[quiet_hours]\nenabled = false",
                "[quiet_hours]\nenabled = true",
            ),
            ("from = \"21:00\"", "from = \"09:30\""),
            ("to = \"08:00\"", "to = \"17:45\""),
        ],
        vec![
            ("contacts = 4", "contacts = 1"),
            ("window_h = 24", "window_h = 2"),
        ],
        vec![("percent = 0.0", "percent = 50.0")],
        vec![(
            "id = \"struggle-offer\"",
            "id = \"struggle-offer\"\nrequire_grant = true",
        )],
        vec![(
            "id = \"struggle-offer\"",
            "id = \"struggle-offer\"\nmin_identity = \"verified\"",
        )],
        vec![(
            "id = \"struggle-prompt\"",
            "id = \"struggle-prompt\"\nshadow = true",
        )],
        vec![(
            "options = [\"callback\", \"chat\", \"faq\", \"smart_pause\"]",
            "options = [\"chat\"]",
        )],
    ];
    strict
        .iter()
        .map(|parts| build::policy_with(parts))
        .collect()
}

pub(crate) fn world(random: &mut Random, policies: &[Policy]) -> World {
    let mut world = build::world_with(random.pick(policies).unwrap().clone());
    world.facts.faqs = random.percent(50);
    if random.percent(15) {
        world.facts.mode = Mode::Shadow;
    }
    world
}

/// How far rules have gone live: mostly as the mode says, else every stage there is; for the rules of the shipped policy.
pub(crate) fn plan(random: &mut Random, world: &mut World, now: Timestamp) -> RolloutPlan {
    if random.percent(60) {
        return RolloutPlan::default();
    }
    let stages = [
        Stage::Shadow,
        Stage::Test,
        Stage::Percent(1),
        Stage::Percent(50),
        Stage::Percent(100),
    ];
    let mut plan = RolloutPlan {
        unlisted: match random.percent(20) {
            true => Unlisted::Shadow,
            false => Unlisted::Live,
        },
        testers: vec![Tester {
            kind: IdentifierKind::Email,
            key: LinkKey(77),
            value: Private::new("ada@example.com"),
        }],
        rules: Vec::new(),
    };
    for rule in world.policy.rules() {
        if random.percent(20) {
            let until = now + Millis(random.below(2_000)) - Millis(1_000);
            let rule = rule.key;
            world.facts.budgets_spent.push(BudgetSpent { rule, until });
        }
        if random.percent(70) {
            plan.rules.push(RuleRollout {
                rule: rule.id.clone(),
                stage: *random.pick(&stages).unwrap(),
                paused: random.percent(15).then(|| Paused {
                    at: START,
                    why: "it annoyed".to_owned(),
                }),
                audience: match random.percent(20) {
                    true => "session.path == \"/elsewhere\"".to_owned(),
                    false => String::new(),
                },
                daily_budget: None,
                changed_by: "Ada".to_owned(),
                changed_at: START,
            });
        }
    }
    let compiled = Rollouts::compile(1, &plan).unwrap();
    world.rollouts = std::sync::Arc::new(compiled);
    plan
}

/// Nobody, somebody free, somebody busy; the offer's own seat where it has one.
pub(crate) fn floor(random: &mut Random, before: &CustomerState) -> Routing {
    let mut state = RouteState::default();
    for number in 0..random.below(3) as u32 {
        let presence = match random.below(4) {
            0 => Presence::Offline,
            1 => Presence::Busy,
            _ => Presence::Available,
        };
        state.agents.insert(
            agent_id(number),
            AgentState {
                profile: profile(random.below(3) as u32, random.below(2) as u32),
                presence,
                idle_since: START,
                load: PerChannel::default(),
            },
        );
    }
    if let Some(offer) = before.offer.as_ref().filter(|offer| offer.seat) {
        let agent = agent_id(9);
        state.agents.insert(
            agent,
            AgentState {
                profile: profile(1, 0),
                presence: Presence::Available,
                idle_since: START,
                load: PerChannel {
                    chat: 1,
                    callback: 0,
                },
            },
        );
        state.holds.insert(
            offer.offer,
            SeatHold {
                customer: before.customer,
                needs: Needs {
                    channel: ChannelKind::Chat,
                    skill: None,
                    language: None,
                    priority: 0,
                },
                agent,
                until: offer.expires_at + Millis::from_secs(5),
                style: offer.style,
                since: offer.made_at,
                shares: false,
            },
        );
    }
    Routing::from_state(state)
}

pub(crate) fn happening(random: &mut Random, before: &CustomerState) -> CustomerBody {
    match random.below(12) {
        0 | 1 => CustomerBody::HelpRequested {
            channel: ChannelKind::ALL[random.below(2) as usize],
            key: random.next(),
            text: None,
            phone: None,
        },
        2 => CustomerBody::Consent {
            purpose: Purpose::Contact,
            granted: random.percent(50),
            by: ConsentSource::Api,
        },
        3 => CustomerBody::OffersWanted,
        4 => {
            let device = identifier(IdentifierKind::Device, "d", IdentityLevel::Anonymous).key;
            build::session(device, level(random), "/checkout")
        }
        5 if before.offer.is_some() => CustomerBody::Tick,
        _ => build::failed_submit(),
    }
}

fn level(random: &mut Random) -> IdentityLevel {
    [
        IdentityLevel::Anonymous,
        IdentityLevel::Claimed,
        IdentityLevel::Verified,
    ][random.below(3) as usize]
}

/// Somebody with a past, who probably struggles now.
pub(crate) fn customer(random: &mut Random, world: &World, now: Timestamp) -> CustomerState {
    let id = CustomerId::derive(START, Seq(random.next()), 0);
    let mut state = CustomerState::new(id, START);
    let heard = now - Millis::from_secs(random.below(200));
    let device = identifier(IdentifierKind::Device, "d", IdentityLevel::Anonymous).key;
    if random.percent(90) {
        state.session = Some(Session {
            issue: None,
            session: InteractionId::derive(START, Seq(random.next()), 0),
            started_at: heard,
            last_at: heard,
            level: level(random),
            device: random.percent(90).then_some(device),
            path: "/checkout".to_owned(),
            path_since: heard,
            source: None,
        });
    }
    let zones = [
        "Europe/Berlin",
        "America/New_York",
        "Asia/Kolkata",
        "Pacific/Auckland",
    ];
    let consents = [
        Consent::Unset,
        Consent::Unset,
        Consent::Granted,
        Consent::Denied,
    ];
    state.permission = Permission {
        contact: *random.pick(&consents).unwrap(),
        opted_out: random.percent(8),
        time_zone: random
            .percent(70)
            .then(|| (*random.pick(&zones).unwrap()).to_owned()),
        ..Permission::default()
    };
    for signal in [Signal::FailedSubmit, Signal::FormStruggle] {
        state.features.counters[signal as usize] = Decayed {
            values: [random.below(4) as f32; 4],
            at: heard,
        };
    }
    if random.percent(20) {
        state.links.push(KnownLink {
            key: LinkKey(77),
            kind: IdentifierKind::Email,
            level: IdentityLevel::Claimed,
        });
    }
    state.suppression = suppression(random, now);
    state.shadow_suppression = suppression(random, now);
    for number in 0..random.below(3) {
        state.grants.push(grant(random, number, now));
    }
    match random.below(10) {
        0 | 1 => state.offer = offer(random, world, now),
        2 => state.conversation = Some(conversation(random, now)),
        _ => {}
    }
    state
}

fn suppression(random: &mut Random, now: Timestamp) -> Suppression {
    if random.percent(40) {
        return Suppression::default();
    }
    let around = |random: &mut Random| now + Millis(random.below(7_200_000)) - Millis(5_400_000);
    Suppression {
        tokens: (random.share() * 4.0) as f32,
        tokens_at: now - Millis(random.below(86_400_000)),
        cooling_until: around(random),
        declined_until: around(random),
        waived: random.percent(10),
    }
}

fn grant(random: &mut Random, number: u64, now: Timestamp) -> GrantState {
    let limit = 1 + random.below(3) as u32;
    GrantState {
        grant: GrantId::derive(START, Seq(number), 7),
        base_limit: limit,
        boost: 0,
        boosted_at: START,
        boost_half_life: Millis(0),
        used: random.below(u64::from(limit) + 1) as u32,
        held: 0,
        channels: Default::default(),
        issued_at: START,
        expires_at: now + Millis(random.below(7_200_000)) - Millis(1_800_000),
        revoked: random.percent(15),
        generation: 1,
        issue_key: None,
        redemptions: Default::default(),
    }
}

fn offer(random: &mut Random, world: &World, now: Timestamp) -> Option<OfferState> {
    let rule = world
        .policy
        .rules()
        .iter()
        .find(|rule| rule.id == "struggle-prompt")?;
    let seat = random.percent(50);
    let mut options: smallvec::SmallVec<[OfferOptionKind; 4]> = Default::default();
    options.push(OfferOptionKind::Faq);
    if seat {
        options.push(OfferOptionKind::Chat);
    }
    Some(OfferState {
        offer: OfferId::derive(START, Seq(random.next()), 0),
        decision: DecisionId::derive(START, Seq(random.next()), 0),
        rule: rule.key,
        style: if random.percent(50) {
            OfferStyle::Prompt
        } else {
            OfferStyle::Banner
        },
        stage: OfferStage::Shown,
        options,
        seat,
        grant: None,
        device: None,
        made_at: now - Millis(60_000),
        expires_at: now + Millis(random.below(200_000)) - Millis(20_000),
    })
}

fn conversation(random: &mut Random, now: Timestamp) -> ConversationState {
    ConversationState {
        issues: Vec::new(),
        conversation: InteractionId::derive(START, Seq(random.next()), 0),
        request: RequestId::derive(START, Seq(random.next()), 0),
        channel: ChannelKind::Chat,
        status: ConversationStatus::Queued,
        agent: None,
        started_at: now - Millis(60_000),
        redemption: None,
        offer: None,
        key: random.next(),
        device: None,
        phone: None,
        recent: Default::default(),
        chat: Box::default(),
        callback: None,
    }
}
