//! A busy floor: many agents, all full, and a long line. Shared by a test and the bench.

use overture_engine::{
    model::*,
    route::{self, RouteOutput, Routing},
};

const SKILLS: [&str; 12] = [
    "billing", "shipping", "returns", "login", "card", "refund", "app", "network", "device",
    "contract", "moving", "other",
];
const LANGUAGES: [&str; 5] = ["en", "de", "fr", "es", "it"];

/// Ten thousand who wait, a thousand who serve.
pub(crate) struct Floor {
    pub(crate) routing: Routing,
    pub(crate) settings: RouteSettings,
    pub(crate) at: Timestamp,
    seq: u64,
    /// Requests now assigned or offered, the oldest first.
    pub(crate) served: std::collections::VecDeque<(AgentId, ReservationId, RequestId)>,
}

impl Floor {
    pub(crate) fn new(agents: u32, waiting: u32) -> Self {
        let mut floor = Self {
            routing: Routing::default(),
            settings: RouteSettings {
                queued_max: 100_000,
                ..RouteSettings::default()
            },
            at: Timestamp(1_700_000_000_000),
            seq: 0,
            served: Default::default(),
        };
        for number in 0..agents {
            let agent = AgentId::derive(Timestamp(0), Seq(0), number);
            let pick = |from: &[&str], salt: u32, count: u32| {
                (0..count)
                    .map(|turn| from[(number * salt + turn * 3) as usize % from.len()].to_owned())
                    .collect::<Vec<_>>()
            };
            floor.step(&RouteEvent::AgentChanged {
                agent,
                profile: AgentProfile {
                    skills: pick(&SKILLS, 5, 4)
                        .into_iter()
                        .map(|skill| (skill, 3))
                        .collect(),
                    languages: pick(&LANGUAGES, 7, 2).into_iter().collect(),
                    capacity: PerChannel {
                        chat: 2,
                        callback: 1,
                    },
                    active: true,
                    hours: None,
                },
            });
            floor.step(&RouteEvent::PresenceSet {
                agent,
                presence: Presence::Available,
            });
        }
        while (floor.routing.state().requests.len() as u32) < waiting + agents * 3 {
            floor.enqueue();
        }
        floor
    }

    pub(crate) fn step(&mut self, event: &RouteEvent) -> RouteOutput {
        self.seq += 1;
        let mut out = RouteOutput::default();
        let (at, seq) = (self.at, Seq(self.seq));
        route::step(&mut self.routing, at, seq, event, &self.settings, &mut out);
        for effect in &out.effects {
            if let Effect::Request {
                request,
                state: Some(state),
            } = effect
                && let RequestStage::Offered {
                    agent, reservation, ..
                } = state.stage
            {
                self.served.push_back((agent, reservation, *request));
            }
        }
        out
    }

    /// A new request; every fifth is a callback.
    pub(crate) fn enqueue(&mut self) -> RouteOutput {
        let number = self.seq as usize;
        let (at, seq) = (self.at, Seq(self.seq));
        let event = RouteEvent::FromCustomer {
            customer: CustomerId::derive(at, seq, 1),
            message: CustomerToRoute::Enqueue(NewRequest {
                request: RequestId::derive(at, seq, 1),
                conversation: InteractionId::derive(at, seq, 1),
                needs: Needs {
                    channel: ChannelKind::ALL[usize::from(number.is_multiple_of(5))],
                    skill: (!number.is_multiple_of(4))
                        .then(|| SKILLS[number * 7 % SKILLS.len()].to_owned()),
                    language: (!number.is_multiple_of(3))
                        .then(|| LANGUAGES[number * 11 % LANGUAGES.len()].to_owned()),
                    priority: (number % 3) as u8,
                },
                offer: None,
                why: "Third failed payment on /checkout".to_owned(),
                number: None,
            }),
        };
        self.step(&event)
    }

    /// A seat is asked for an offer.
    #[allow(dead_code, reason = "only the bench asks")]
    pub(crate) fn hold(&mut self) -> RouteOutput {
        let (at, seq) = (self.at, Seq(self.seq));
        let event = RouteEvent::FromCustomer {
            customer: CustomerId::derive(at, seq, 2),
            message: CustomerToRoute::HoldSeat {
                offer: OfferId::derive(at, seq, 2),
                style: OfferStyle::Banner,
                needs: Needs {
                    channel: ChannelKind::Chat,
                    skill: None,
                    language: None,
                    priority: 0,
                },
                until: at + Millis::from_secs(300),
            },
        };
        self.step(&event)
    }

    /// An offer is put away.
    #[allow(dead_code, reason = "only the bench asks")]
    pub(crate) fn release(&mut self, offer: OfferId) -> RouteOutput {
        self.step(&RouteEvent::FromCustomer {
            customer: CustomerId::derive(self.at, Seq(0), 2),
            message: CustomerToRoute::ReleaseSeat { offer },
        })
    }

    /// The oldest served request is accepted and resolved: its agent gets the next one.
    pub(crate) fn resolve_next(&mut self) -> RouteOutput {
        let (agent, reservation, request) = self.served.pop_front().expect("agents are busy");
        self.step(&RouteEvent::ReservationAccepted { agent, reservation });
        self.step(&RouteEvent::FromCustomer {
            customer: CustomerId::derive(self.at, Seq(0), 1),
            message: CustomerToRoute::Close {
                request,
                how: Closed::Resolved,
            },
        })
    }
}
