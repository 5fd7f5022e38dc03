//! Customers, agents and staff: what they do next, from what they can see.

use overture_engine::{memory::MemoryStates, model::*};

use crate::{
    build::{self, about, agent_id, from, identifier, key_of, profile, routing},
    random::Random,
};

/// How many agents there are.
pub const AGENTS: u32 = 3;
/// How many browsers there are; some people use two.
pub const BROWSERS: u64 = 8;

/// Something somebody sent, and what has come of it.
#[derive(Debug, Clone)]
pub struct Sent {
    /// What.
    pub ingress: Ingress,
    /// What must hold of the answer.
    pub wants: Wants,
    /// Who waits for the answer has it.
    pub answered: Option<Reply>,
    /// How often it was sent.
    pub tries: u32,
}

/// What the sender may count on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wants {
    /// Nothing in particular.
    Nothing,
    /// A conversation, whatever the policy says.
    Help,
    /// A message with this client key, once.
    Message(String),
    /// A reservation, for this agent alone.
    Reservation(AgentId),
    /// A grant.
    Grant,
}

/// Everybody.
#[derive(Debug)]
pub struct People {
    random: Random,
    counter: u64,
    mode: Mode,
    version: u64,
    granted: Vec<(GrantId, u32, CustomerId)>,
}

impl People {
    /// People who do what the seed says.
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed ^ 0x7065_6f70_6c65),
            counter: 0,
            mode: Mode::Live,
            version: 1,
            granted: Vec::new(),
        }
    }

    /// What happens before anybody comes: the world is known, accounts are made.
    pub fn opening(&mut self, facts: &WorldFacts) -> Vec<Sent> {
        let mut opening = vec![sent(world(facts.clone()), Wants::Nothing)];
        for number in 0..AGENTS {
            let event = RouteEvent::AgentChanged {
                agent: agent_id(number),
                profile: profile(1 + number % 2, 1),
            };
            opening.push(sent(routing(event), Wants::Nothing));
        }
        opening
    }

    /// A grant that staff was told of.
    pub fn learn(&mut self, reply: &Reply) {
        if let Reply::Granted {
            customer,
            grant,
            generation,
            ..
        } = reply
        {
            self.granted.push((*grant, *generation, *customer));
        }
    }

    /// What somebody does next.
    pub fn act(&mut self, seen: &MemoryStates, facts: &WorldFacts) -> Vec<Sent> {
        match self.random.below(20) {
            0..=12 => self.customer(seen),
            13..=17 => self.agent(seen),
            _ => self.staff(seen, facts),
        }
    }

    fn key(&mut self) -> String {
        self.counter += 1;
        format!("key-{}", self.counter)
    }

    fn identifiers(&mut self, browser: u64) -> (Vec<Identifier>, IdentityLevel) {
        let device = identifier(
            IdentifierKind::Device,
            &format!("browser-{browser}"),
            IdentityLevel::Anonymous,
        );
        let mut identifiers = vec![device];
        let level = match self.random.below(8) {
            0 => IdentityLevel::Verified,
            1 => IdentityLevel::Claimed,
            _ => return (identifiers, IdentityLevel::Anonymous),
        };
        // Two browsers a person, and now and then somebody at another's browser.
        let person = match self.random.below(10) {
            0 => self.random.below(BROWSERS / 2),
            _ => browser / 2,
        };
        let name = format!("person-{person}");
        identifiers.push(identifier(IdentifierKind::UserId, &name, level));
        (identifiers, level)
    }

    fn customer(&mut self, seen: &MemoryStates) -> Vec<Sent> {
        let browser = self.random.below(BROWSERS);
        let (identifiers, level) = self.identifiers(browser);
        let device = identifiers[0].key;
        let state = seen
            .links
            .get(&device)
            .and_then(|customer| seen.customers.get(customer));
        let key = self.key();
        let say = |body: CustomerBody| from(identifiers.clone(), body);
        if let Some(state) = state {
            if let Some(open) = &state.conversation
                && self.random.percent(70)
            {
                return vec![self.in_conversation(open, &key, say)];
            }
            if let Some(open) = state.calls.last()
                && self.random.percent(60)
            {
                return vec![self.on_the_phone(open, say)];
            }
            if let Some(offer) = &state.offer
                && self.random.percent(60)
            {
                return self.with_offer(offer, &key, say);
            }
        }
        let random = &mut self.random;
        let body = match random.below(26) {
            24 | 25 => CustomerBody::Call(Box::new(CallFact::Began(CallBegan {
                key: key_of(&key),
                via: CallVia::Stream,
                external: key.clone(),
                direction: CallDirection::Inbound,
                disclosed: random.percent(80),
                agent: None,
                synthetic: false,
            }))),
            0 | 1 => CustomerBody::HelpRequested {
                channel: ChannelKind::ALL[random.below(2) as usize],
                key: key_of(&key),
                text: random.percent(50).then(|| Private::new(&*key)),
                phone: None,
            },
            2 => CustomerBody::OffersWanted,
            3 => CustomerBody::Consent {
                purpose: Purpose::ALL[random.below(3) as usize],
                granted: random.percent(75),
                by: ConsentSource::Api,
            },
            4 => CustomerBody::Identified {
                identifiers: identifiers.clone(),
                traits: vec![("name".to_owned(), Private::new(&*key))],
            },
            5..=8 => build::session(device, level, "/checkout"),
            9..=11 => CustomerBody::Behaviour(Behaviour::PageView {
                path: format!("/page-{}", random.below(3)),
                navigation: Navigation::Navigate,
            }),
            _ => {
                let struggle = || {
                    CustomerBody::Behaviour(Behaviour::FormSubmit {
                        form: 7,
                        outcome: SubmitOutcome::Failed,
                    })
                };
                // A struggle comes in bursts; each event has its own message id.
                let burst = 1 + random.below(3);
                return (0..burst)
                    .map(|number| {
                        let mut ingress = say(struggle());
                        ingress.message_key = Some(key_of(&format!("{key}-{number}")));
                        sent(ingress, Wants::Nothing)
                    })
                    .collect();
            }
        };
        let is_help = matches!(body, CustomerBody::HelpRequested { .. });
        let is_behaviour = matches!(body, CustomerBody::Behaviour(_));
        let mut ingress = say(body);
        if is_behaviour {
            ingress.message_key = Some(key_of(&key));
        }
        vec![sent(
            ingress,
            if is_help { Wants::Help } else { Wants::Nothing },
        )]
    }

    fn in_conversation(
        &mut self,
        open: &ConversationState,
        key: &str,
        say: impl Fn(CustomerBody) -> Ingress,
    ) -> Sent {
        let conversation = open.conversation;
        if self.random.percent(15) {
            return sent(
                say(CustomerBody::CustomerEnded { conversation }),
                Wants::Nothing,
            );
        }
        let message = CustomerBody::CustomerMessage {
            conversation,
            key: key_of(key),
            client_key: key.to_owned(),
            text: Private::new(format!("text of {key}")),
            attachments: Vec::new(),
        };
        sent(say(message), Wants::Message(key.to_owned()))
    }

    /// Somebody talks, is told, or hangs up.
    fn on_the_phone(&mut self, open: &CallState, say: impl Fn(CustomerBody) -> Ingress) -> Sent {
        let call = open.call;
        let fact = match self.random.below(8) {
            0 => CallFact::Disclosed { call },
            1 => CallFact::Ended {
                call,
                why: CallEnd::HungUp,
                lasted: Some(Millis(self.random.below(600_000))),
                dynamics: None,
            },
            _ => {
                let share = |random: &mut Random| random.below(101) as f32 / 100.0;
                let anger = share(&mut self.random);
                let start_ms = self.random.below(600_000) as u32;
                let spoken_ms = self.random.below(9_000) as u32;
                CallFact::Heard(Utterance {
                    call,
                    start_ms,
                    end_ms: start_ms + spoken_ms,
                    spoken_ms,
                    voice: self.random.percent(90).then(|| VoiceScore {
                        anger,
                        neutral: 1.0 - anger,
                        quality: share(&mut self.random),
                        ..VoiceScore::default()
                    }),
                    text: Private::new(if self.random.percent(50) {
                        "so they say"
                    } else {
                        ""
                    }),
                    words_confidence: share(&mut self.random),
                    words_from: None,
                })
            }
        };
        sent(say(CustomerBody::Call(Box::new(fact))), Wants::Nothing)
    }

    fn with_offer(
        &mut self,
        live: &OfferState,
        key: &str,
        say: impl Fn(CustomerBody) -> Ingress,
    ) -> Vec<Sent> {
        let offer = live.offer;
        let shown = sent(say(CustomerBody::OfferShown { offer }), Wants::Nothing);
        let body = match self.random.below(10) {
            0..=2 => return vec![shown],
            3 | 4 => CustomerBody::OfferDismissed {
                offer,
                how: match self.random.below(8) {
                    0 => DismissedHow::Never,
                    1..=3 => DismissedHow::NotNow,
                    _ => DismissedHow::Ignored,
                },
            },
            _ => CustomerBody::OfferAccepted {
                offer,
                option: self
                    .random
                    .pick(&live.options)
                    .copied()
                    .unwrap_or(OfferOptionKind::Chat),
                grant: live.grant,
                key: key_of(key),
                phone: None,
            },
        };
        vec![shown, sent(say(body), Wants::Nothing)]
    }

    fn agent(&mut self, seen: &MemoryStates) -> Vec<Sent> {
        let agent = agent_id(self.random.below(AGENTS.into()) as u32);
        let key = self.key();
        let state = seen.routing.state();
        let mine: Vec<&RequestState> = state
            .requests
            .values()
            .filter(|request| match request.stage {
                RequestStage::Queued => false,
                RequestStage::Offered { agent: who, .. }
                | RequestStage::Assigned { agent: who, .. } => who == agent,
            })
            .collect();
        let presence = state
            .agents
            .get(&agent)
            .map_or(Presence::Offline, |agent| agent.presence);
        let moves = if presence == Presence::Available {
            8
        } else {
            60
        };
        if self.random.percent(moves) || mine.is_empty() {
            let presence = match self.random.below(12) {
                0 => Presence::Offline,
                1 => Presence::Away,
                2 => Presence::Busy,
                _ => Presence::Available,
            };
            let event = RouteEvent::PresenceSet { agent, presence };
            return vec![sent(routing(event), Wants::Nothing)];
        }
        let request = self.random.pick(&mine).expect("there is one");
        let one = match request.stage {
            RequestStage::Offered { reservation, .. } => {
                if self.random.percent(75) {
                    let event = RouteEvent::ReservationAccepted { agent, reservation };
                    sent(routing(event), Wants::Reservation(agent))
                } else {
                    let event = RouteEvent::ReservationRejected { agent, reservation };
                    sent(routing(event), Wants::Nothing)
                }
            }
            _ if self.random.percent(40) => {
                let body = CustomerBody::AgentResolved {
                    conversation: request.conversation,
                    agent,
                    code: ResolutionCode::Solved,
                    notes: Private::new("done"),
                };
                sent(about(request.customer, body), Wants::Nothing)
            }
            _ => {
                let body = CustomerBody::AgentMessage {
                    conversation: request.conversation,
                    agent,
                    key: key_of(&key),
                    client_key: key.clone(),
                    text: Private::new(format!("text of {key}")),
                    attachments: Vec::new(),
                };
                sent(about(request.customer, body), Wants::Message(key))
            }
        };
        vec![one]
    }

    fn staff(&mut self, seen: &MemoryStates, facts: &WorldFacts) -> Vec<Sent> {
        let key = key_of(&self.key());
        let customers: Vec<CustomerId> = seen.customers.keys().copied().collect();
        match self.random.below(6) {
            0 if self.random.percent(40) => {
                // A rule acted as often as it may for now.
                let heard = seen.customers.values().map(|state| state.last_seen_at);
                let latest = heard.max().unwrap_or_default();
                let rule = self.random.pick(&["struggle-offer", "struggle-prompt"]);
                self.version += 1;
                let facts = WorldFacts {
                    version: self.version,
                    mode: self.mode,
                    budgets_spent: rule
                        .map(|rule| BudgetSpent {
                            rule: RuleKey::of(rule),
                            until: latest + Millis(self.random.below(3_600_000)),
                        })
                        .into_iter()
                        .collect(),
                    ..facts.clone()
                };
                vec![sent(world(facts), Wants::Nothing)]
            }
            0 => {
                self.mode = match self.mode {
                    Mode::Live => Mode::Shadow,
                    Mode::Shadow => Mode::Live,
                };
                self.version += 1;
                let facts = WorldFacts {
                    version: self.version,
                    mode: self.mode,
                    ..facts.clone()
                };
                vec![sent(world(facts), Wants::Nothing)]
            }
            1 | 2 => {
                let terms = GrantTerms {
                    limit: 1 + self.random.below(2) as u32,
                    ttl: Millis::from_secs(3_600),
                    channels: Default::default(),
                };
                let Some(who) = self.random.pick(&customers) else {
                    return Vec::new();
                };
                let body = CustomerBody::GrantIssued { terms, key };
                vec![sent(about(*who, body), Wants::Grant)]
            }
            3 => match self.random.pick(&self.granted.clone()) {
                Some((grant, _, who)) => {
                    let body = CustomerBody::GrantRevoked { grant: *grant };
                    vec![sent(about(*who, body), Wants::Nothing)]
                }
                None => Vec::new(),
            },
            _ => match self.random.pick(&self.granted.clone()) {
                Some((grant, generation, who)) => {
                    let body = CustomerBody::GrantRedeemed {
                        grant: *grant,
                        generation: *generation,
                        channel: ChannelKind::Chat,
                        key,
                    };
                    vec![sent(about(*who, body), Wants::Nothing)]
                }
                None => Vec::new(),
            },
        }
    }
}

fn world(facts: WorldFacts) -> Ingress {
    Ingress {
        source: None,
        occurred_at: None,
        message_key: None,
        unsaid: Unsaid::default(),
        subject: Subject::World(facts),
    }
}

/// A thing to send, not sent yet.
pub fn sent(ingress: Ingress, wants: Wants) -> Sent {
    Sent {
        ingress,
        wants,
        answered: None,
        tries: 0,
    }
}
