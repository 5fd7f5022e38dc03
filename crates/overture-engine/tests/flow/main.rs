//! The two machines together, through `flow`: from a struggling visitor to a served one.
//!
//! tidy: long because the stories share one set of helpers and are read one after another.

#![allow(clippy::unwrap_used, reason = "tests")]

mod boosts;
mod claims;
mod replay;

use std::{collections::BTreeMap, sync::Arc};

use overture_engine::{
    World,
    decide::{LawfulBasis, Policy, Rollouts},
    flow::{self, Batch},
    memory::MemoryStates,
    model::*,
    understand::{EngagementInputs, EngagementModel, Factor},
};

/// Needs help with 0.3 for each failed submit and each rage click, capped below 1.
struct CountingModel;

impl EngagementModel for CountingModel {
    fn name(&self) -> &'static str {
        "counting-1"
    }

    fn probability(&self, inputs: &EngagementInputs) -> f64 {
        let struggles = inputs.get(Factor::FailedSubmits) + inputs.get(Factor::RageClicks);
        (0.3 * struggles).min(0.99)
    }

    fn score(&self, inputs: &EngagementInputs) -> EngagementScore {
        EngagementScore {
            score: Probability::new(self.probability(inputs)).unwrap(),
            intercept: 0.0,
            contributions: vec![Contribution {
                factor: "failed_submits",
                value: inputs.get(Factor::FailedSubmits),
                weight: 0.3,
                contribution: 0.3 * inputs.get(Factor::FailedSubmits),
            }],
            model: "counting-1",
        }
    }
}

fn world(mode: Mode) -> World {
    let policy = Policy::parse(Policy::shipped(), 1).unwrap().policy;
    World {
        facts: WorldFacts {
            version: 1,
            policy_revision: 1,
            mode,
            faqs: true,
            model: "counting-1".into(),
            ..WorldFacts::default()
        },
        policy: Arc::new(policy),
        engagement: Arc::new(CountingModel),
        text: Arc::new(overture_engine::understand::text::NoTextModel),
        issues: None,
        lexicon: Default::default(),
        rollouts: Default::default(),
        key: Default::default(),
    }
}

struct Shop {
    states: MemoryStates,
    world: World,
    now: Timestamp,
    next_seq: Seq,
    inputs: Vec<Input>,
    effects: Vec<Effect>,
}

const BROWSER: u128 = 1;
const ANNA: u128 = 100;
const BEN: u128 = 200;

fn identifier(kind: IdentifierKind, key: u128, level: IdentityLevel) -> Identifier {
    Identifier {
        kind,
        key: LinkKey(key),
        value: Private::new(format!("value {key}")),
        level,
    }
}

fn browser(key: u128) -> Identifier {
    identifier(IdentifierKind::Device, key, IdentityLevel::Anonymous)
}

fn user(key: u128, level: IdentityLevel) -> Identifier {
    identifier(IdentifierKind::UserId, key, level)
}

impl Shop {
    fn open(mode: Mode) -> Self {
        Self {
            states: MemoryStates::default(),
            world: world(mode),
            now: Timestamp(1_750_000_000_000),
            next_seq: Seq(1),
            inputs: Vec::new(),
            effects: Vec::new(),
        }
    }

    fn submit(&mut self, subject: Subject) -> Reply {
        let (reply, unpermitted) = self.submit_unsaid(subject, Unsaid::default());
        assert_eq!(unpermitted, 0);
        reply
    }

    /// As from a source of its own mode; also says how much was not let in.
    fn submit_unsaid(&mut self, subject: Subject, unsaid: Unsaid) -> (Reply, u32) {
        let mut batch = Batch::default();
        let ingress = Ingress {
            source: None,
            occurred_at: None,
            message_key: None,
            unsaid,
            subject,
        };
        let reply = flow::advance(
            &mut self.states,
            &self.world,
            ingress,
            self.now,
            &mut self.next_seq,
            &mut batch,
        )
        .unwrap();
        assert_eq!(batch.dropped, 0, "the machines came to rest");
        self.inputs.append(&mut batch.inputs);
        self.effects.append(&mut batch.effects);
        self.check();
        (reply, batch.unpermitted)
    }

    /// What must hold after every input.
    fn check(&self) {
        for state in self.states.customers.values() {
            for grant in &state.grants {
                assert!(
                    grant.used + grant.held <= grant.base_limit + grant.boost,
                    "{grant:?}"
                );
            }
            let chat_offered = state.offer.as_ref().is_some_and(|offer| {
                offer.stage != OfferStage::Eligible
                    && offer.options.contains(&OfferOptionKind::Chat)
            });
            let seat = state
                .offer
                .as_ref()
                .is_some_and(|offer| self.states.routing.state().holds.contains_key(&offer.offer));
            assert!(!chat_offered || seat, "no chat option without a seat");
        }
    }

    fn wait(&mut self, seconds: u64) {
        self.now = self.now + Millis::from_secs(seconds);
    }

    /// Feeds every due tick, as the runtime does.
    fn tick(&mut self) {
        let due: Vec<CustomerId> = self
            .states
            .customers
            .values()
            .filter(|state| state.wake_at.is_some_and(|at| at <= self.now))
            .map(|state| state.customer)
            .collect();
        for customer in due {
            self.submit(Subject::Customer(customer, CustomerBody::Tick));
        }
        self.submit(Subject::Route(RouteEvent::Tick));
    }

    fn session(&mut self, who: &[Identifier]) -> CustomerId {
        let device = who[0].key;
        let level = who.iter().map(|one| one.level).max().unwrap();
        let started = SessionStarted {
            device,
            anonymous: None,
            level,
            path: "/checkout".into(),
            time_zone: None,
            language: None,
        };
        match self.submit(Subject::Identified(
            who.to_vec(),
            CustomerBody::SessionStarted(started),
        )) {
            Reply::Session { customer, .. } => customer,
            other => panic!("expected a session, got {other:?}"),
        }
    }

    fn behave(&mut self, who: &[Identifier], behaviour: Behaviour) {
        self.submit(Subject::Identified(
            who.to_vec(),
            CustomerBody::Behaviour(behaviour),
        ));
    }

    /// Opens the checkout and fails at it, `times` times, a second apart.
    fn struggle(&mut self, who: &[Identifier], times: u32) {
        let navigation = Navigation::Navigate;
        self.behave(
            who,
            Behaviour::PageView {
                path: "/checkout".into(),
                navigation,
            },
        );
        for _ in 0..times {
            self.wait(1);
            let outcome = SubmitOutcome::Failed;
            self.behave(who, Behaviour::FormSubmit { form: 7, outcome });
        }
        self.wait(10);
        self.tick();
    }

    fn agent(&mut self, number: u128, chats: u32) -> AgentId {
        let agent = AgentId::derive(Timestamp(1), Seq(number as u64), 0);
        let profile = AgentProfile {
            capacity: PerChannel {
                chat: chats,
                callback: 1,
            },
            active: true,
            ..AgentProfile::default()
        };
        self.submit(Subject::Route(RouteEvent::AgentChanged { agent, profile }));
        self.presence(agent, Presence::Available);
        agent
    }

    fn presence(&mut self, agent: AgentId, presence: Presence) {
        self.submit(Subject::Route(RouteEvent::PresenceSet { agent, presence }));
    }

    fn accept_reservation(&mut self, agent: AgentId) -> Reply {
        let reservation = self
            .states
            .routing
            .state()
            .requests
            .values()
            .find_map(|request| match request.stage {
                RequestStage::Offered {
                    agent: asked,
                    reservation,
                    ..
                } if asked == agent => Some(reservation),
                _ => None,
            })
            .expect("a reservation is offered to the agent");
        self.submit(Subject::Route(RouteEvent::ReservationAccepted {
            agent,
            reservation,
        }))
    }

    fn state(&self, customer: CustomerId) -> &CustomerState {
        &self.states.customers[&customer]
    }

    fn offer(&self, customer: CustomerId) -> &OfferState {
        self.state(customer)
            .offer
            .as_ref()
            .expect("an offer is live")
    }

    fn accept_offer(&mut self, customer: CustomerId, option: OfferOptionKind) -> Reply {
        let live = self.offer(customer).clone();
        let body = CustomerBody::OfferAccepted {
            offer: live.offer,
            option,
            grant: live.grant,
            key: 11,
            phone: None,
        };
        self.submit(Subject::Customer(customer, body))
    }

    fn outcomes(&self) -> Vec<String> {
        self.effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Decision(decision) => Some(match &decision.outcome {
                    Outcome::Withhold(reasons) => format!("withhold:{}", reasons[0].name()),
                    other => other.name().to_owned(),
                }),
                _ => None,
            })
            .collect()
    }

    fn messages(&self) -> Vec<String> {
        self.effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Timeline(TimelineItem {
                    body: TimelineBody::Message { text, .. },
                    ..
                }) => Some(text.reveal().to_owned()),
                _ => None,
            })
            .collect()
    }
}

fn write(conversation: InteractionId, key: u64, text: &str) -> CustomerBody {
    CustomerBody::CustomerMessage {
        conversation,
        key,
        client_key: key.to_string(),
        text: Private::new(text),
        attachments: Vec::new(),
    }
}

fn conversation_of(reply: &Reply) -> InteractionId {
    match reply {
        Reply::Conversation { conversation, .. } | Reply::Assigned { conversation, .. } => {
            *conversation
        }
        other => panic!("expected a conversation, got {other:?}"),
    }
}

#[test]
fn a_struggling_visitor_is_offered_help_and_served() {
    let mut shop = Shop::open(Mode::Live);
    let agent = shop.agent(1, 2);
    let visitor = [browser(BROWSER)];
    let customer = shop.session(&visitor);
    shop.struggle(&visitor, 3);

    let offer = shop.offer(customer);
    assert_eq!(offer.style, OfferStyle::Banner);
    assert!(offer.options.contains(&OfferOptionKind::Chat));
    assert!(offer.grant.is_some(), "the rule issues a grant on trigger");
    let id = offer.offer;
    shop.submit(Subject::Customer(
        customer,
        CustomerBody::OfferShown { offer: id },
    ));

    let opened = shop.accept_offer(customer, OfferOptionKind::Chat);
    let conversation = conversation_of(&opened);
    assert_eq!(shop.state(customer).grants[0].held, 1);
    let again = CustomerBody::OfferAccepted {
        offer: id,
        option: OfferOptionKind::Chat,
        grant: None,
        key: 11,
        phone: None,
    };
    assert_eq!(
        shop.submit(Subject::Customer(customer, again)),
        opened,
        "a second click is one"
    );

    assert_eq!(
        conversation_of(&shop.accept_reservation(agent)),
        conversation
    );
    assert_eq!(
        shop.state(customer).grants[0].used,
        1,
        "reaching the agent consumes the use"
    );
    assert_eq!(shop.state(customer).grants[0].held, 0);

    let first = shop.submit(Subject::Customer(
        customer,
        write(conversation, 1, "It says no"),
    ));
    let repeated = shop.submit(Subject::Customer(
        customer,
        write(conversation, 1, "It says no"),
    ));
    assert_eq!(first, repeated, "the same key gives the same answer");
    let reply = CustomerBody::AgentMessage {
        conversation,
        agent,
        key: 2,
        client_key: "d2".into(),
        text: Private::new("Let me look"),
        attachments: Vec::new(),
    };
    shop.submit(Subject::Customer(customer, reply));
    assert_eq!(shop.messages(), ["It says no", "Let me look"]);

    let done = CustomerBody::AgentResolved {
        conversation,
        agent,
        code: ResolutionCode::Solved,
        notes: Private::new("postcode"),
    };
    assert_eq!(shop.submit(Subject::Customer(customer, done)), Reply::Done);
    assert!(shop.state(customer).conversation.is_none());
    let routing = shop.states.routing.state();
    assert!(
        routing.requests.is_empty() && routing.holds.is_empty(),
        "no seat leaks"
    );
    assert_eq!(routing.agents[&agent].load, PerChannel::default());
    assert!(
        shop.outcomes().contains(&"offer".to_owned()),
        "{:?}",
        shop.outcomes()
    );
}

#[test]
fn without_a_seat_the_offer_keeps_what_needs_none() {
    let mut shop = Shop::open(Mode::Live);
    let visitor = [browser(BROWSER)];
    let customer = shop.session(&visitor);
    shop.struggle(&visitor, 3);
    let options = &shop.offer(customer).options;
    assert!(!options.contains(&OfferOptionKind::Chat));
    assert!(!options.is_empty());
}

#[test]
fn the_chat_option_goes_with_the_seat() {
    let mut shop = Shop::open(Mode::Live);
    let agent = shop.agent(1, 1);
    let visitor = [browser(BROWSER)];
    let customer = shop.session(&visitor);
    shop.struggle(&visitor, 3);
    assert!(
        shop.offer(customer)
            .options
            .contains(&OfferOptionKind::Chat)
    );
    shop.presence(agent, Presence::Offline);
    let offer = shop.offer(customer);
    assert!(!offer.options.contains(&OfferOptionKind::Chat) && !offer.seat);
}

/// However an offer ends without a chat, its seat is free at once for somebody else.
#[test]
fn the_seat_is_given_back_when_the_offer_ends_or_the_customer_is_gone() {
    type End = fn(&mut Shop, CustomerId, OfferId);
    let ends: [(&str, End); 4] = [
        ("put away", |shop, customer, offer| {
            let how = DismissedHow::NotNow;
            let body = CustomerBody::OfferDismissed { offer, how };
            shop.submit(Subject::Customer(customer, body));
        }),
        ("ran out", |shop, _, _| {
            shop.wait(300);
            shop.tick();
        }),
        ("another option", |shop, customer, offer| {
            let body = CustomerBody::OfferAccepted {
                offer,
                option: OfferOptionKind::Faq,
                grant: None,
                key: 1,
                phone: None,
            };
            shop.submit(Subject::Customer(customer, body));
        }),
        ("gone", |shop, customer, _| {
            let left_at = Some(shop.now);
            let body = CustomerBody::ChatPresence { left_at };
            assert_eq!(shop.submit(Subject::Customer(customer, body)), Reply::Done);
            let offer = shop.offer(customer);
            assert!(!offer.options.contains(&OfferOptionKind::Chat) && !offer.seat);
            assert!(!offer.options.is_empty(), "the rest of the offer stays");
        }),
    ];
    for (name, end) in ends {
        let mut shop = Shop::open(Mode::Live);
        let agent = shop.agent(1, 1);
        let visitor = [browser(BROWSER)];
        let customer = shop.session(&visitor);
        shop.struggle(&visitor, 3);
        let load = |shop: &Shop| shop.states.routing.state().agents[&agent].load.chat;
        assert_eq!(load(&shop), 1, "{name}");
        let offer = shop.offer(customer).offer;
        end(&mut shop, customer, offer);
        assert_eq!(load(&shop), 0, "{name}");
        assert!(shop.states.routing.state().holds.is_empty(), "{name}");
    }
}

#[test]
fn how_an_offer_is_put_away_holds_later_ones_back() {
    let cases = [
        (
            DismissedHow::NotNow,
            "withhold:cooling_down",
            3_600,
            "withhold:declined_recently",
        ),
        (
            DismissedHow::Never,
            "withhold:opted_out",
            30 * 86_400,
            "withhold:opted_out",
        ),
        (
            DismissedHow::Ignored,
            "withhold:cooling_down",
            3_600,
            "withhold:declined_recently",
        ),
    ];
    for (how, soon, later_s, later) in cases {
        let mut shop = Shop::open(Mode::Live);
        let visitor = [browser(BROWSER)];
        let customer = shop.session(&visitor);
        shop.struggle(&visitor, 3);
        let offer = shop.offer(customer).offer;
        let away = CustomerBody::OfferDismissed { offer, how };
        assert_eq!(shop.submit(Subject::Customer(customer, away)), Reply::Done);
        assert!(shop.state(customer).offer.is_none());
        for (wait_s, expected) in [(2_000, soon), (later_s, later)] {
            shop.wait(wait_s);
            shop.effects.clear();
            shop.session(&visitor);
            shop.struggle(&visitor, 3);
            assert!(shop.state(customer).offer.is_none(), "{how:?}");
            let outcomes = shop.outcomes();
            let named = outcomes.iter().any(|one| one == expected);
            assert!(
                named || wait_s == 2_000,
                "{how:?} after {wait_s} s: {outcomes:?}"
            );
        }
        shop.submit(Subject::Customer(customer, CustomerBody::OffersWanted));
        shop.wait(90 * 86_400);
        shop.session(&visitor);
        shop.struggle(&visitor, 3);
        assert!(
            shop.state(customer).offer.is_some(),
            "{how:?}: wanted again"
        );
    }
}

#[test]
fn an_offer_nobody_answers_runs_out() {
    let mut shop = Shop::open(Mode::Live);
    let agent = shop.agent(1, 1);
    let visitor = [browser(BROWSER)];
    let customer = shop.session(&visitor);
    shop.struggle(&visitor, 3);
    let offer = shop.offer(customer).offer;
    shop.submit(Subject::Customer(
        customer,
        CustomerBody::OfferShown { offer },
    ));
    shop.wait(3_600);
    shop.tick();
    assert!(shop.state(customer).offer.is_none());
    assert!(
        shop.state(customer).suppression.declined_until > shop.now,
        "ignored counts"
    );
    assert_eq!(
        shop.states.routing.state().agents[&agent].load,
        PerChannel::default()
    );
    let late = CustomerBody::OfferAccepted {
        offer,
        option: OfferOptionKind::Chat,
        grant: None,
        key: 5,
        phone: None,
    };
    assert_eq!(shop.submit(Subject::Customer(customer, late)), Reply::Gone);
}

#[test]
fn shadow_mode_reaches_nobody_and_still_answers_who_asks() {
    let mut shop = Shop::open(Mode::Shadow);
    let agent = shop.agent(1, 1);
    let visitor = [browser(BROWSER)];
    let customer = shop.session(&visitor);
    shop.struggle(&visitor, 3);
    assert!(shop.state(customer).offer.is_none());
    assert!(
        shop.outcomes()
            .iter()
            .all(|outcome| outcome == "withhold:shadow_mode")
    );
    assert!(!shop.outcomes().is_empty());
    let ask = CustomerBody::HelpRequested {
        channel: ChannelKind::Chat,
        key: 1,
        text: Some(Private::new("Hello?")),
        phone: None,
    };
    let opened = conversation_of(&shop.submit(Subject::Customer(customer, ask.clone())));
    assert_eq!(
        conversation_of(&shop.submit(Subject::Customer(customer, ask))),
        opened
    );
    assert_eq!(conversation_of(&shop.accept_reservation(agent)), opened);
    assert_eq!(shop.messages(), ["Hello?"]);
}

#[test]
fn stop_takes_open_offers_back() {
    let mut shop = Shop::open(Mode::Live);
    shop.agent(1, 1);
    let visitor = [browser(BROWSER)];
    let customer = shop.session(&visitor);
    shop.struggle(&visitor, 3);
    shop.offer(customer);
    shop.world.facts.mode = Mode::Shadow;
    shop.submit(Subject::Customer(customer, CustomerBody::Tick));
    assert!(shop.state(customer).offer.is_none());
    assert!(shop.states.routing.state().holds.is_empty());
}

#[test]
fn a_rule_that_pauses_takes_its_open_offers_back_and_leaves_others() {
    for (rule, stays) in [("struggle-offer", false), ("another", true)] {
        let mut shop = Shop::open(Mode::Live);
        shop.agent(1, 1);
        let visitor = [browser(BROWSER)];
        let customer = shop.session(&visitor);
        shop.struggle(&visitor, 3);
        let offer = shop.offer(customer).offer;
        let plan = RolloutPlan {
            rules: vec![RuleRollout {
                rule: rule.to_owned(),
                stage: Stage::Percent(100),
                paused: Some(Paused {
                    at: shop.now,
                    why: "it annoyed".to_owned(),
                }),
                audience: String::new(),
                daily_budget: None,
                changed_by: "Overture".to_owned(),
                changed_at: shop.now,
            }],
            ..RolloutPlan::default()
        };
        shop.world.rollouts = Arc::new(Rollouts::compile(1, &plan).unwrap());
        shop.submit(Subject::Customer(customer, CustomerBody::Tick));
        assert_eq!(shop.state(customer).offer.is_some(), stays, "{rule}");
        assert_eq!(!shop.states.routing.state().holds.is_empty(), stays);
        let ended = shop.effects.iter().any(|effect| {
            matches!(effect, Effect::Offer(row) if row.offer == offer && row.stage == OfferStage::Withdrawn)
        });
        assert_eq!(ended, !stays);
    }
}

#[test]
fn what_comes_of_an_offer_is_told_and_never_again_even_when_it_is_gone() {
    let mut shop = Shop::open(Mode::Live);
    shop.agent(1, 1);
    let visitor = [browser(BROWSER)];
    let customer = shop.session(&visitor);
    shop.struggle(&visitor, 3);
    let offer = shop.offer(customer).offer;
    let mut say = |body| shop.submit(Subject::Customer(customer, body));
    say(CustomerBody::OfferShown { offer });
    let dismissed = |how| CustomerBody::OfferDismissed { offer, how };
    say(dismissed(DismissedHow::NotNow));
    say(dismissed(DismissedHow::Never));
    let rows = shop.effects.iter().filter_map(|effect| match effect {
        Effect::Offer(row) if row.offer == offer => Some(row),
        _ => None,
    });
    let rows: Vec<_> = rows.collect();
    let stages: Vec<&str> = rows.iter().map(|row| row.stage.name()).collect();
    assert_eq!(stages, ["reserved", "shown", "dismissed"]);
    assert!(rows.iter().all(|row| row.rule == "struggle-offer"));
    assert!(shop.effects.contains(&Effect::OptedOut { offer }));
}

#[test]
fn an_offer_is_only_accepted_with_its_own_grant() {
    let mut shop = Shop::open(Mode::Live);
    shop.agent(1, 1);
    let visitor = [browser(BROWSER)];
    let customer = shop.session(&visitor);
    shop.struggle(&visitor, 3);
    let live = shop.offer(customer).clone();
    let stolen = GrantId::derive(Timestamp(9), Seq(9), 9);
    for grant in [None, Some(stolen)] {
        let body = CustomerBody::OfferAccepted {
            offer: live.offer,
            option: OfferOptionKind::Chat,
            grant,
            key: 3,
            phone: None,
        };
        assert_eq!(
            shop.submit(Subject::Customer(customer, body)),
            Reply::NotAvailable
        );
    }
    assert!(shop.state(customer).conversation.is_none());
}

#[test]
fn a_grant_of_three_is_redeemed_three_times() {
    let mut shop = Shop::open(Mode::Shadow);
    let agent = shop.agent(1, 1);
    let customer = shop.session(&[browser(BROWSER)]);
    let terms = GrantTerms {
        limit: 3,
        ttl: Millis::from_secs(3_600),
        channels: Default::default(),
    };
    let issue = CustomerBody::GrantIssued { terms, key: 77 };
    let granted = shop.submit(Subject::Customer(customer, issue.clone()));
    assert_eq!(
        shop.submit(Subject::Customer(customer, issue)),
        granted,
        "one key, one grant"
    );
    let Reply::Granted {
        grant, generation, ..
    } = granted
    else {
        panic!("{granted:?}")
    };
    let redeem = |key| CustomerBody::GrantRedeemed {
        grant,
        generation,
        channel: ChannelKind::Chat,
        key,
    };
    let mut held = 0;
    for key in 0..64 {
        let reply = shop.submit(Subject::Customer(customer, redeem(key)));
        let repeated = shop.submit(Subject::Customer(customer, redeem(key)));
        assert_eq!(reply, repeated, "a replayed key consumes nothing");
        held += u32::from(matches!(reply, Reply::Redeemed { .. }));
    }
    assert_eq!(held, 3);
    shop.accept_reservation(agent);
    assert_eq!(
        (
            shop.state(customer).grants[0].used,
            shop.state(customer).grants[0].held
        ),
        (3, 0)
    );
    let revoke = CustomerBody::GrantRevoked { grant };
    shop.submit(Subject::Customer(customer, revoke));
    assert_eq!(
        shop.submit(Subject::Customer(customer, redeem(99))),
        Reply::NotAvailable,
        "a revoked grant is over"
    );
}

#[test]
fn a_link_opens_a_chat_of_its_own_and_no_other_browsers() {
    let mut shop = Shop::open(Mode::Shadow);
    shop.agent(1, 3);
    let customer = shop.session(&[browser(BROWSER)]);
    let ask = CustomerBody::HelpRequested {
        channel: ChannelKind::Chat,
        key: 1,
        text: None,
        phone: None,
    };
    let first = conversation_of(&shop.submit(Subject::Customer(customer, ask)));
    let terms = GrantTerms {
        limit: 2,
        ttl: Millis::from_secs(3_600),
        channels: Default::default(),
    };
    let issue = CustomerBody::GrantIssued { terms, key: 77 };
    let Reply::Granted {
        grant, generation, ..
    } = shop.submit(Subject::Customer(customer, issue))
    else {
        panic!("a grant is issued");
    };
    let holder = Asker {
        device: LinkKey(0x11),
        level: IdentityLevel::Anonymous,
        only: None,
    };
    let redeem = |key| {
        let body = CustomerBody::GrantRedeemed {
            grant,
            generation,
            channel: ChannelKind::Chat,
            key,
        };
        Subject::Visitor(customer, holder, body)
    };
    let Reply::Redeemed { conversation, .. } = shop.submit(redeem(5)) else {
        panic!("the link is redeemed");
    };
    assert_ne!(conversation, first, "who holds a link reads nobody's chat");
    let state = shop.state(customer);
    let open = |id| state.open().find(|open| open.conversation == id).unwrap();
    assert_eq!(open(conversation).device, Some(holder.device));
    assert_ne!(open(first).device, Some(holder.device));
    assert_eq!((state.grants[0].used, state.grants[0].held), (0, 1));
}

#[test]
fn who_leaves_before_an_agent_came_gets_the_use_back() {
    let mut shop = Shop::open(Mode::Live);
    let visitor = [browser(BROWSER)];
    let customer = shop.session(&visitor);
    shop.struggle(&visitor, 3);
    let opened = shop.accept_offer(customer, OfferOptionKind::Callback);
    let conversation = conversation_of(&opened);
    let leave = CustomerBody::CustomerEnded { conversation };
    assert_eq!(shop.submit(Subject::Customer(customer, leave)), Reply::Done);
    let grant = &shop.state(customer).grants[0];
    assert_eq!((grant.used, grant.held), (0, 0));
    assert!(shop.states.routing.state().requests.is_empty());
}

#[test]
fn only_its_agent_speaks_in_a_conversation() {
    let mut shop = Shop::open(Mode::Shadow);
    let agent = shop.agent(1, 1);
    let customer = shop.session(&[browser(BROWSER)]);
    let ask = CustomerBody::HelpRequested {
        channel: ChannelKind::Chat,
        key: 1,
        text: None,
        phone: None,
    };
    let conversation = conversation_of(&shop.submit(Subject::Customer(customer, ask)));
    shop.accept_reservation(agent);
    let other = shop.agent(2, 1);
    let say = |agent| CustomerBody::AgentMessage {
        conversation,
        agent,
        key: 4,
        client_key: String::new(),
        text: Private::new("Hi"),
        attachments: Vec::new(),
    };
    assert_eq!(
        shop.submit(Subject::Customer(customer, say(other))),
        Reply::NotYours
    );
    assert!(matches!(
        shop.submit(Subject::Customer(customer, say(agent))),
        Reply::Message { .. }
    ));
}

#[test]
fn identifiers_lead_to_the_right_person() {
    let claimed = |key| user(key, IdentityLevel::Claimed);
    let proven = |key| user(key, IdentityLevel::Verified);

    let mut shop = Shop::open(Mode::Shadow);
    let anonymous = shop.session(&[browser(1)]);
    let anna = shop.session(&[browser(1), claimed(ANNA)]);
    assert_eq!(
        anna, anonymous,
        "an anonymous visitor who signs in stays the same customer"
    );
    let elsewhere = shop.session(&[browser(2), claimed(ANNA)]);
    assert_eq!(elsewhere, anna, "one person on two browsers is one");
    let ben = shop.session(&[browser(1), claimed(BEN)]);
    assert_ne!(ben, anna, "two people on one browser are two");
    assert_eq!(
        shop.session(&[browser(1)]),
        ben,
        "the browser follows who used it last"
    );
    assert_eq!(
        shop.session(&[browser(1), claimed(ANNA)]),
        anna,
        "and comes back"
    );
    assert_eq!(shop.session(&[browser(1)]), anna);

    let mut shop = Shop::open(Mode::Shadow);
    let anna = shop.session(&[browser(1), proven(ANNA)]);
    let thief = shop.session(&[browser(66)]);
    assert_eq!(
        shop.session(&[browser(66), claimed(ANNA)]),
        thief,
        "a claim opens nothing"
    );
    assert_ne!(thief, anna);
    let stranger = shop.session(&[browser(67), claimed(ANNA)]);
    assert_ne!(stranger, anna, "not from a new browser either");
    assert_eq!(
        shop.session(&[browser(66), proven(ANNA)]),
        anna,
        "a proof does"
    );
}

#[test]
fn signing_in_folds_the_anonymous_visit_into_the_person() {
    let mut shop = Shop::open(Mode::Live);
    let anna = shop.session(&[browser(1), user(ANNA, IdentityLevel::Verified)]);
    let anonymous = shop.session(&[browser(2)]);
    shop.submit(Subject::Customer(
        anonymous,
        CustomerBody::Consent {
            purpose: Purpose::Contact,
            granted: false,
            by: ConsentSource::Api,
        },
    ));
    let ask = CustomerBody::HelpRequested {
        channel: ChannelKind::Chat,
        key: 1,
        text: Some(Private::new("before")),
        phone: None,
    };
    let conversation = conversation_of(&shop.submit(Subject::Customer(anonymous, ask)));
    let rows = shop.state(anonymous).timeline_seq;
    let mine = shop.state(anna).timeline_seq;

    let folded = shop.session(&[browser(2), user(ANNA, IdentityLevel::Verified)]);
    assert_eq!(folded, anna);
    assert_eq!(shop.state(anonymous).merged_into, Some(anna));
    let state = shop.state(anna);
    assert_eq!(
        state.permission.contact,
        Consent::Denied,
        "a refusal comes along"
    );
    assert_eq!(
        state.conversation.as_ref().unwrap().conversation,
        conversation
    );
    assert!(state.timeline_seq >= rows + mine);
    let merged: Vec<_> = shop
        .effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Merged { .. }))
        .collect();
    assert_eq!(
        merged,
        [&Effect::Merged {
            from: anonymous,
            into: anna,
            timeline_offset: mine
        }]
    );

    // The same fold again, and events to the folded one, change nothing twice.
    let again = shop
        .inputs
        .iter()
        .find_map(|input| match &input.body {
            InputBody::Customer(CustomerEvent {
                body: body @ CustomerBody::MergeIn { .. },
                ..
            }) => Some(body.clone()),
            _ => None,
        })
        .unwrap();
    let visits = shop.state(anna).visits;
    assert_eq!(
        shop.submit(Subject::Customer(anna, again)),
        Reply::Duplicate
    );
    assert_eq!(shop.state(anna).visits, visits);
    let late = shop.submit(Subject::Customer(
        anonymous,
        write(conversation, 9, "after"),
    ));
    assert!(matches!(late, Reply::Message { .. }), "forwarded: {late:?}");
    let agent = shop.agent(1, 1);
    assert_eq!(
        conversation_of(&shop.accept_reservation(agent)),
        conversation
    );
    assert_eq!(
        shop.state(anna).conversation.as_ref().unwrap().agent,
        Some(agent)
    );
}

#[test]
fn without_permission_nothing_is_kept() {
    let mut shop = Shop::open(Mode::Live);
    let visitor = [browser(BROWSER)];
    let customer = shop.session(&visitor);
    shop.struggle(&visitor, 1);
    let refuse = CustomerBody::Consent {
        purpose: Purpose::AnalyseBehaviour,
        granted: false,
        by: ConsentSource::Api,
    };
    shop.submit(Subject::Customer(customer, refuse));
    assert_eq!(
        shop.state(customer).features.counters,
        [Decayed::default(); SIGNALS]
    );
    let logged = shop.inputs.len();
    let click = CustomerBody::Behaviour(Behaviour::DeadClick);
    let (_, unpermitted) = shop.submit_unsaid(
        Subject::Identified(visitor.to_vec(), click),
        Unsaid::default(),
    );
    assert_eq!(unpermitted, 1, "counted");
    assert_eq!(shop.inputs.len(), logged, "not even logged");
}

#[test]
fn the_same_log_gives_the_same_decisions() {
    let mut shop = Shop::open(Mode::Live);
    let agent = shop.agent(1, 2);
    for visitor in 1..=6u128 {
        let who = [browser(visitor)];
        let customer = shop.session(&who);
        shop.struggle(&who, visitor as u32 % 4);
        if shop.state(customer).offer.is_some() && visitor % 2 == 1 {
            shop.accept_offer(customer, OfferOptionKind::Callback);
        }
        if visitor == 3 {
            shop.session(&[browser(visitor), user(ANNA, IdentityLevel::Verified)]);
        }
        if visitor == 5 {
            shop.session(&[browser(visitor), user(ANNA, IdentityLevel::Verified)]);
        }
    }
    shop.presence(agent, Presence::Away);
    shop.wait(90_000);
    shop.tick();

    let mut replayed = MemoryStates::default();
    let mut effects = Vec::new();
    for input in &shop.inputs {
        effects.append(&mut flow::replay(&mut replayed, &shop.world, input).unwrap());
    }
    assert_eq!(effects, shop.effects);
    assert_eq!(replayed.customers, shop.states.customers);
    assert_eq!(replayed.routing.state(), shop.states.routing.state());

    // Newer rows skip what they have seen; the rest catches up.
    let mut recovered = MemoryStates::default();
    let newer: BTreeMap<CustomerId, CustomerState> = shop
        .states
        .customers
        .iter()
        .take(3)
        .map(|(id, state)| (*id, state.clone()))
        .collect();
    recovered.customers = newer;
    for input in &shop.inputs {
        flow::replay(&mut recovered, &shop.world, input).unwrap();
    }
    assert_eq!(recovered.customers, shop.states.customers);
    assert_eq!(recovered.routing.state(), shop.states.routing.state());
}

#[test]
fn smart_pause_is_offered_where_the_page_can_be_paused_and_needs_no_grant() {
    for (path, said, expected) in [
        ("/checkout", true, true),
        ("/other", true, false),
        ("/checkout", false, false),
    ] {
        let mut shop = Shop::open(Mode::Live);
        let who = [browser(BROWSER)];
        let customer = shop.session(&who);
        let pausable = |pausable| CustomerBody::Pausable {
            path: path.into(),
            pausable,
        };
        shop.submit(Subject::Customer(customer, pausable(true)));
        shop.submit(Subject::Customer(customer, pausable(said)));
        shop.struggle(&who, 3);
        let offered = shop
            .offer(customer)
            .options
            .contains(&OfferOptionKind::SmartPause);
        assert_eq!(offered, expected, "{path} {said}");
        if offered {
            let offer = shop.offer(customer).offer;
            let body = CustomerBody::OfferAccepted {
                offer,
                option: OfferOptionKind::SmartPause,
                grant: None,
                key: 3,
                phone: None,
            };
            assert_eq!(shop.submit(Subject::Customer(customer, body)), Reply::Done);
            let used: u32 = shop
                .state(customer)
                .grants
                .iter()
                .map(|it| it.used + it.held)
                .sum();
            assert_eq!(used, 0);
        }
    }
}

#[test]
fn a_pause_is_told_once_and_nothing_is_offered_meanwhile() {
    let mut shop = Shop::open(Mode::Live);
    let who = [browser(BROWSER)];
    let customer = shop.session(&who);
    let pause = |change| {
        Subject::Customer(
            customer,
            CustomerBody::Pause {
                key: 5,
                path: "/checkout".into(),
                change,
            },
        )
    };
    let resumed = PauseChange::Resumed {
        exact: true,
        how: PauseEnd::Escape,
    };
    assert_eq!(shop.submit(pause(PauseChange::Started)), Reply::Done);
    assert_eq!(shop.submit(pause(PauseChange::Started)), Reply::Duplicate);
    shop.struggle(&who, 3);
    assert!(
        shop.state(customer).offer.is_none(),
        "the customer is being helped"
    );
    assert_eq!(shop.outcomes(), ["withhold:already_in_contact"; 2]);
    let since = shop.now;
    assert_eq!(shop.submit(pause(resumed)), Reply::Done);
    assert_eq!(shop.submit(pause(resumed)), Reply::Duplicate);
    assert_eq!(
        shop.submit(pause(PauseChange::Started)),
        Reply::Duplicate,
        "a report that comes late begins nothing anew"
    );
    let told: Vec<_> = shop
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Timeline(item) => match &item.body {
                TimelineBody::Pause { change, lasted, .. } => Some((*change, *lasted)),
                _ => None,
            },
            _ => None,
        })
        .collect();
    let started_at = shop.inputs[1].received_at;
    assert_eq!(
        told,
        [
            (PauseChange::Started, None),
            (resumed, Some(since.since(started_at))),
        ]
    );
    shop.struggle(&who, 1);
    assert!(
        shop.state(customer).offer.is_some(),
        "help is offered again"
    );
}

#[test]
fn a_source_that_requires_consent_brings_nothing_before_the_customers_own_word() {
    let mut shop = Shop::open(Mode::Live);
    let who = [browser(BROWSER), user(ANNA, IdentityLevel::Claimed)];
    let strict = |shop: &mut Shop, body| {
        let subject = Subject::Identified(who.to_vec(), body);
        shop.submit_unsaid(subject, Unsaid::Nothing).1
    };
    let page = || {
        CustomerBody::Behaviour(Behaviour::PageView {
            path: "/checkout".into(),
            navigation: Navigation::Navigate,
        })
    };
    let named = || CustomerBody::Identified {
        identifiers: who.to_vec(),
        traits: vec![("plan".into(), Private::new("pro"))],
    };
    let word = |granted| CustomerBody::Consent {
        purpose: Purpose::AnalyseBehaviour,
        granted,
        by: ConsentSource::Api,
    };
    assert_eq!(strict(&mut shop, page()), 1);
    assert_eq!(strict(&mut shop, named()), 1);
    assert!(shop.inputs.is_empty() && shop.states.customers.is_empty());

    assert_eq!(strict(&mut shop, word(true)), 0);
    let before = shop.inputs.len();
    assert_eq!(strict(&mut shop, page()) + strict(&mut shop, named()), 0);
    assert_eq!(shop.inputs.len(), before + 2);

    assert_eq!(strict(&mut shop, word(false)), 0);
    let before = shop.inputs.len();
    assert_eq!(strict(&mut shop, page()) + strict(&mut shop, named()), 2);
    assert_eq!(shop.inputs.len(), before);
}

#[test]
fn where_the_policy_wants_consent_somebody_new_leaves_nothing_either() {
    let mut shop = Shop::open(Mode::Live);
    let mut policy = (*shop.world.policy).clone();
    policy.permission.analyse_behaviour = LawfulBasis::Consent;
    shop.world.policy = policy.into();
    let view = CustomerBody::Behaviour(Behaviour::PageLeave);
    let (_, unpermitted) = shop.submit_unsaid(
        Subject::Identified(vec![browser(BROWSER)], view),
        Unsaid::ByPolicy,
    );
    assert_eq!(unpermitted, 1);
    assert!(shop.inputs.is_empty() && shop.states.customers.is_empty());
}

#[test]
fn identifiers_never_reach_the_log_or_what_staff_reads() {
    let mut shop = Shop::open(Mode::Live);
    let toml = Policy::shipped().replace(
        "[redaction]\n",
        "[redaction]\nreferences = [{ kind = \"order\", pattern = \"SO-######\" }]\n",
    );
    shop.world.policy = Arc::new(Policy::parse(&toml, 2).unwrap().policy);
    let anna = shop.session(&[browser(BROWSER)]);
    let ask = CustomerBody::HelpRequested {
        channel: ChannelKind::Chat,
        key: 1,
        text: Some(Private::new("Order SO-123456, I am ada@example.org")),
        phone: None,
    };
    let conversation = conversation_of(&shop.submit(Subject::Customer(anna, ask)));
    let card = "4111 1111 1111 1111";
    for (key, text) in [(2, "again SO-123456"), (3, card), (4, "plain words")] {
        shop.submit(Subject::Customer(anna, write(conversation, key, text)));
    }
    let messages: Vec<(String, Option<String>)> = shop
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Timeline(TimelineItem {
                body: TimelineBody::Message { text, original, .. },
                ..
            }) => Some((
                text.reveal().to_owned(),
                original.as_ref().map(|text| text.reveal().to_owned()),
            )),
            _ => None,
        })
        .collect();
    let order = &messages[1].0["again ".len()..];
    assert!(order.starts_with("[order:") && order.len() == "[order:abcdefgh]".len());
    assert!(
        messages[0]
            .0
            .starts_with(&format!("Order {order}, I am [email:"))
    );
    let first = "Order SO-123456, I am ada@example.org";
    assert_eq!(messages[0].1.as_deref(), Some(first));
    assert_eq!(messages[1].1.as_deref(), Some("again SO-123456"));
    assert_eq!(messages[2], ("[card]".to_owned(), None));
    assert_eq!(messages[3], ("plain words".to_owned(), None));
    let last_words: Vec<&str> = shop
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Conversation(row) => row.last_text.as_ref().map(Private::reveal),
            _ => None,
        })
        .collect();
    let logged = shop.inputs.iter().filter_map(|input| match &input.body {
        InputBody::Customer(event) => match &event.body {
            CustomerBody::HelpRequested { text, .. } => text.as_ref().map(Private::reveal),
            CustomerBody::CustomerMessage { text, .. } => Some(text.reveal()),
            _ => None,
        },
        _ => None,
    });
    for text in logged.chain(last_words) {
        for secret in ["123456", "ada@", "4111"] {
            assert!(!text.contains(secret), "{text}");
        }
    }

    let revealed = CustomerBody::Revealed {
        agent: AgentId::derive(shop.now, Seq(1), 7),
        row: 2,
        reason: Private::new("to find the order"),
    };
    assert_eq!(shop.submit(Subject::Customer(anna, revealed)), Reply::Done);
    let Some(Effect::Timeline(row)) = shop.effects.last() else {
        panic!("it is told");
    };
    assert_eq!(row.audience, Audience::Staff);
    assert!(matches!(row.body, TimelineBody::Revealed { row: 2, .. }));
}
