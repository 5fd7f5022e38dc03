//! Whatever happens in whatever order, routing keeps its promises after every step.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use overture_engine::{
    model::*,
    route::{self, RouteOutput, Routing},
};
use proptest::prelude::*;

const AGENTS: u32 = 4;
const START: Timestamp = Timestamp(1_700_000_000_000);

/// Something that may happen; numbers choose among what is there at the time.
#[derive(Debug, Clone)]
enum Happening {
    Profile {
        agent: u32,
        skills: u8,
        languages: u8,
        chat: u32,
        callback: u32,
        active: bool,
    },
    Presence {
        agent: u32,
        presence: Presence,
    },
    /// By the agent asked, or by another.
    Accept {
        which: usize,
        by: Option<u32>,
    },
    Reject {
        which: usize,
        by: Option<u32>,
    },
    Hold {
        needs: Needs,
        for_s: u64,
    },
    Release {
        which: usize,
    },
    Enqueue {
        needs: Needs,
        with_hold: Option<usize>,
    },
    Close {
        which: usize,
        how: Closed,
    },
    Tick,
}

fn needs() -> impl Strategy<Value = Needs> {
    (
        prop::bool::weighted(0.8),
        prop::option::of(prop::sample::select(vec!["billing", "technical"])),
        prop::option::of(prop::sample::select(vec!["en-GB", "de", "fr"])),
        0u8..3,
    )
        .prop_map(|(chat, skill, language, priority)| Needs {
            channel: if chat {
                ChannelKind::Chat
            } else {
                ChannelKind::Callback
            },
            skill: skill.map(str::to_owned),
            language: language.map(str::to_owned),
            priority,
        })
}

fn presence() -> impl Strategy<Value = Presence> {
    prop_oneof![
        5 => Just(Presence::Available),
        1 => Just(Presence::Busy),
        1 => Just(Presence::Away),
        2 => Just(Presence::Offline),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    let by = || prop::option::weighted(0.2, 0..AGENTS);
    prop_oneof![
        2 => (0..AGENTS, 0u8..4, 0u8..4, 0u32..4, 0u32..2, prop::bool::weighted(0.9)).prop_map(
            |(agent, skills, languages, chat, callback, active)| Happening::Profile {
                agent, skills, languages, chat, callback, active,
            }
        ),
        4 => (0..AGENTS, presence())
            .prop_map(|(agent, presence)| Happening::Presence { agent, presence }),
        5 => (any::<usize>(), by()).prop_map(|(which, by)| Happening::Accept { which, by }),
        3 => (any::<usize>(), by()).prop_map(|(which, by)| Happening::Reject { which, by }),
        3 => (needs(), 0u64..120).prop_map(|(needs, for_s)| Happening::Hold { needs, for_s }),
        1 => any::<usize>().prop_map(|which| Happening::Release { which }),
        7 => (needs(), prop::option::weighted(0.3, any::<usize>()))
            .prop_map(|(needs, with_hold)| Happening::Enqueue { needs, with_hold }),
        4 => (any::<usize>(), prop::sample::select(vec![Closed::Resolved, Closed::Abandoned, Closed::Failed]))
            .prop_map(|(which, how)| Happening::Close { which, how }),
        2 => Just(Happening::Tick),
    ]
}

/// What happened, and how many seconds after the thing before.
fn history(length: usize) -> impl Strategy<Value = Vec<(u64, Happening)>> {
    let pause = prop_oneof![4 => 0u64..5, 1 => 5u64..60, 1 => 60u64..200];
    prop::collection::vec((pause, happening()), 1..length)
}

fn agent_id(number: u32) -> AgentId {
    AgentId::derive(START, Seq(0), number)
}

fn pick<T: Copy>(from: &[T], which: usize) -> Option<T> {
    (!from.is_empty()).then(|| from[which % from.len()])
}

/// The event that a happening is, in the state as it stands.
fn event(happening: &Happening, state: &RouteState, seq: Seq, at: Timestamp) -> RouteEvent {
    let customer = CustomerId::derive(at, seq, 0);
    let from_customer = |message| RouteEvent::FromCustomer { customer, message };
    let reservations: Vec<(ReservationId, AgentId)> = state
        .requests
        .values()
        .filter_map(|request| match request.stage {
            RequestStage::Queued => None,
            RequestStage::Offered {
                agent, reservation, ..
            }
            | RequestStage::Assigned {
                agent, reservation, ..
            } => Some((reservation, agent)),
        })
        .collect();
    let answer = |which: usize, by: Option<u32>| {
        let (reservation, asked) = pick(&reservations, which).unwrap_or((
            ReservationId::derive(at, Seq(u64::MAX), 0),
            agent_id(by.unwrap_or(0)),
        ));
        (by.map_or(asked, agent_id), reservation)
    };
    let offers: Vec<OfferId> = state.holds.keys().copied().collect();
    let requests: Vec<RequestId> = state.requests.keys().copied().collect();
    match happening {
        Happening::Profile {
            agent,
            skills,
            languages,
            chat,
            callback,
            active,
        } => {
            let chosen = |names: [&str; 2], bits: u8| {
                names
                    .into_iter()
                    .enumerate()
                    .filter(move |(place, _)| bits & (1 << place) != 0)
                    .map(|(_, name)| name.to_owned())
                    .collect::<Vec<_>>()
            };
            RouteEvent::AgentChanged {
                agent: agent_id(*agent),
                profile: AgentProfile {
                    skills: chosen(["billing", "technical"], *skills)
                        .into_iter()
                        .map(|skill| (skill, 3))
                        .collect(),
                    languages: chosen(["en", "de"], *languages).into_iter().collect(),
                    capacity: PerChannel {
                        chat: *chat,
                        callback: *callback,
                    },
                    active: *active,
                    hours: None,
                },
            }
        }
        Happening::Presence { agent, presence } => RouteEvent::PresenceSet {
            agent: agent_id(*agent),
            presence: *presence,
        },
        Happening::Accept { which, by } => {
            let (agent, reservation) = answer(*which, *by);
            RouteEvent::ReservationAccepted { agent, reservation }
        }
        Happening::Reject { which, by } => {
            let (agent, reservation) = answer(*which, *by);
            RouteEvent::ReservationRejected { agent, reservation }
        }
        Happening::Hold { needs, for_s } => from_customer(CustomerToRoute::HoldSeat {
            offer: OfferId::derive(at, seq, 0),
            style: OfferStyle::Banner,
            needs: needs.clone(),
            until: at + Millis::from_secs(*for_s),
        }),
        Happening::Release { which } => match pick(&offers, *which) {
            Some(offer) => from_customer(CustomerToRoute::ReleaseSeat { offer }),
            None => RouteEvent::Tick,
        },
        Happening::Enqueue { needs, with_hold } => {
            from_customer(CustomerToRoute::Enqueue(NewRequest {
                request: RequestId::derive(at, seq, 0),
                conversation: InteractionId::derive(at, seq, 0),
                needs: needs.clone(),
                offer: with_hold.and_then(|which| pick(&offers, which)),
                why: "asked for help".to_owned(),
                number: None,
            }))
        }
        Happening::Close { which, how } => match pick(&requests, *which) {
            Some(request) => from_customer(CustomerToRoute::Close { request, how: *how }),
            None => RouteEvent::Tick,
        },
        Happening::Tick => RouteEvent::Tick,
    }
}

fn speaks(profile: &AgentProfile, language: &str) -> bool {
    let primary = language.split('-').next().unwrap();
    profile.languages.is_empty() || profile.languages.contains(primary)
}

/// Who could serve the request: `any` of the channel once it waited long enough.
fn fits(agent: &AgentState, needs: &Needs, relaxed: bool) -> bool {
    let profile = &agent.profile;
    profile.active
        && agent.presence == Presence::Available
        && profile.capacity.get(needs.channel) > 0
        && (relaxed
            || needs
                .skill
                .as_ref()
                .is_none_or(|skill| profile.skills.contains_key(skill))
                && needs
                    .language
                    .as_ref()
                    .is_none_or(|language| speaks(profile, language)))
}

fn counted_load(state: &RouteState) -> BTreeMap<AgentId, PerChannel> {
    let mut load: BTreeMap<AgentId, PerChannel> = BTreeMap::new();
    for request in state.requests.values() {
        if let RequestStage::Offered { agent, .. } | RequestStage::Assigned { agent, .. } =
            request.stage
        {
            *load
                .entry(agent)
                .or_default()
                .get_mut(request.needs.channel) += 1;
        }
    }
    let mut shared = BTreeSet::new();
    for hold in state.holds.values() {
        if hold.shares && !shared.insert((hold.agent, hold.needs.channel.name())) {
            continue;
        }
        *load
            .entry(hold.agent)
            .or_default()
            .get_mut(hold.needs.channel) += 1;
    }
    load
}

/// Counted from scratch, by reading the whole state.
fn check(before: &RouteState, routing: &Routing, at: Timestamp, settings: &RouteSettings) {
    let state = routing.state();
    let load = counted_load(state);
    for (id, agent) in &state.agents {
        assert_eq!(
            agent.load,
            load.get(id).copied().unwrap_or_default(),
            "the load of {id}"
        );
        let capacity = agent.profile.capacity;
        for channel in ChannelKind::ALL {
            let now = agent.load.get(channel);
            // What is due is handled before a lowered capacity counts.
            let was = before.agents.get(id).map_or(0, |agent| {
                let lowered = agent.profile.capacity.get(channel)
                    * u32::from(agent.profile.capacity.get(channel) > capacity.get(channel));
                agent.load.get(channel).max(lowered)
            });
            assert!(
                now <= capacity.get(channel) || now <= was,
                "{id} has {now} on {channel:?} with {:?}",
                agent.profile.capacity
            );
        }
        let takes_work = agent.profile.active && agent.presence == Presence::Available;
        let idle = state.holds.values().all(|hold| hold.agent != *id)
            && state.requests.values().all(
                |request| !matches!(request.stage, RequestStage::Offered { agent, .. } if agent == *id),
            );
        assert!(takes_work || idle, "{id} takes no work but is asked");
    }
    let reservations: Vec<ReservationId> = state
        .requests
        .values()
        .filter_map(|request| match request.stage {
            RequestStage::Queued => None,
            RequestStage::Offered { reservation, .. }
            | RequestStage::Assigned { reservation, .. } => Some(reservation),
        })
        .collect();
    assert_eq!(
        reservations.iter().collect::<BTreeSet<_>>().len(),
        reservations.len(),
        "a reservation stands for one request"
    );
    for (id, request) in &state.requests {
        if let RequestStage::Offered { until, .. } = request.stage {
            assert!(until > at, "{id} was due");
        }
        if request.stage == RequestStage::Queued {
            check_waits_rightly(state, *id, at, settings);
        }
    }
    for (offer, hold) in &state.holds {
        assert!(hold.until > at, "{offer} was due");
    }
    if let Some(due) = route::next_due(routing) {
        assert!(due > at, "what is due was handled");
    }
    routing.check_index().unwrap();
}

/// A seat that an offer had is there, or the offer ended, or the customer was told.
fn check_seats_of_offers(
    before: &RouteState,
    after: &RouteState,
    event: &RouteEvent,
    out: &RouteOutput,
    at: Timestamp,
) {
    let told = |of: fn(&RouteToCustomer) -> Option<OfferId>| -> BTreeSet<OfferId> {
        let messages = out.to_customers.iter();
        messages.filter_map(|(_, message)| of(message)).collect()
    };
    let lost = told(|message| match message {
        RouteToCustomer::SeatLost { offer } => Some(*offer),
        _ => None,
    });
    let held = told(|message| match message {
        RouteToCustomer::SeatHeld { offer } => Some(*offer),
        _ => None,
    });
    let ended = match event {
        RouteEvent::FromCustomer { message, .. } => match message {
            CustomerToRoute::ReleaseSeat { offer } => Some(*offer),
            CustomerToRoute::Enqueue(new) => new.offer,
            _ => None,
        },
        _ => None,
    };
    for (offer, hold) in &before.holds {
        let is_over = hold.until <= at || ended == Some(*offer);
        assert!(
            after.holds.contains_key(offer) || is_over || lost.contains(offer),
            "the seat of {offer} is gone and nobody was told"
        );
    }
    for offer in held {
        assert!(
            after.holds.contains_key(&offer) || lost.contains(&offer),
            "{offer} was told of a seat that is not there"
        );
    }
}

/// Work-conserving: nobody who is free and may be asked could serve a waiting request.
fn check_waits_rightly(state: &RouteState, id: RequestId, at: Timestamp, settings: &RouteSettings) {
    let request = &state.requests[&id];
    let relaxed = request.queued_at + settings.bounded_wait <= at;
    let able: Vec<&AgentId> = state
        .agents
        .iter()
        .filter(|(_, agent)| fits(agent, &request.needs, relaxed))
        .map(|(agent, _)| agent)
        .collect();
    let somebody_else = able.iter().any(|agent| !request.passed.contains(agent));
    for agent in able {
        let free = {
            let agent = &state.agents[agent];
            let channel = request.needs.channel;
            agent.load.get(channel) < agent.profile.capacity.get(channel)
        };
        let may_ask = !request.passed.contains(agent) || !somebody_else;
        assert!(!(free && may_ask), "{id} waits although {agent} is free");
    }
}

struct Story {
    routing: Routing,
    at: Timestamp,
    seq: Seq,
    settings: RouteSettings,
}

impl Story {
    fn new() -> Self {
        let mut story = Self {
            routing: Routing::default(),
            at: START,
            seq: Seq(0),
            settings: RouteSettings {
                queued_max: 12,
                holds_max: 5,
                ..RouteSettings::default()
            },
        };
        for agent in 0..AGENTS {
            for happening in [
                Happening::Profile {
                    agent,
                    skills: agent as u8 % 4,
                    languages: (agent as u8 + 1) % 4,
                    chat: 1 + agent % 2,
                    callback: 1,
                    active: true,
                },
                Happening::Presence {
                    agent,
                    presence: Presence::Available,
                },
            ] {
                story.step(0, &happening);
            }
        }
        story
    }

    fn step(&mut self, pause_s: u64, happening: &Happening) -> (RouteEvent, RouteOutput) {
        self.at = self.at + Millis::from_secs(pause_s);
        self.seq = Seq(self.seq.0 + 1);
        let event = event(happening, self.routing.state(), self.seq, self.at);
        let out = self.apply(&event);
        (event, out)
    }

    fn apply(&mut self, event: &RouteEvent) -> RouteOutput {
        let mut out = RouteOutput::default();
        route::step(
            &mut self.routing,
            self.at,
            self.seq,
            event,
            &self.settings,
            &mut out,
        );
        out
    }
}

/// Follows the effects like a store would: the last row of each request and agent.
#[derive(Default, PartialEq, Debug)]
struct Rows {
    requests: BTreeMap<RequestId, RequestState>,
    agents: BTreeMap<AgentId, AgentState>,
}

impl Rows {
    fn take(&mut self, out: &RouteOutput) {
        for effect in &out.effects {
            match effect {
                Effect::Request { request, state } => match state {
                    Some(state) => {
                        self.requests.insert(*request, (**state).clone());
                    }
                    None => {
                        self.requests.remove(request);
                    }
                },
                Effect::Agent { agent, state } => {
                    self.agents.insert(*agent, (**state).clone());
                }
                other => assert!(matches!(other, Effect::Count { .. }), "{other:?}"),
            }
        }
    }

    fn check(&self, state: &RouteState) {
        let untold = |requests: &BTreeMap<RequestId, RequestState>| {
            requests
                .iter()
                .map(|(id, request)| {
                    let untold = RequestState {
                        told_position: 0,
                        tell_again_at: None,
                        ..request.clone()
                    };
                    (*id, untold)
                })
                .collect::<BTreeMap<_, _>>()
        };
        assert_eq!(untold(&self.requests), untold(&state.requests));
        assert_eq!(self.agents, state.agents);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn promises_hold_after_every_step(history in history(80), held_from in 0usize..120) {
        let mut story = Story::new();
        let mut rows = Rows::default();
        for agent in story.routing.state().agents.iter() {
            rows.agents.insert(*agent.0, agent.1.clone());
        }
        for (place, (pause_s, happening)) in history.iter().enumerate() {
            // Offers may be open from before the policy says otherwise.
            if place >= held_from {
                story.settings.pacing.mode = PacingMode::Held;
            }
            let before = story.routing.state().clone();
            let (event, out) = story.step(*pause_s, happening);
            check(&before, &story.routing, story.at, &story.settings);
            check_seats_of_offers(&before, story.routing.state(), &event, &out, story.at);
            rows.take(&out);
            rows.check(story.routing.state());
        }
    }

    #[test]
    fn a_routing_built_from_its_state_goes_on_in_the_same_way(
        history in history(80),
        reloads in prop::collection::vec(any::<bool>(), 80),
    ) {
        let mut kept = Story::new();
        let mut reloaded = Story::new();
        for ((pause_s, happening), reload) in history.iter().zip(reloads) {
            let (event, expected) = kept.step(*pause_s, happening);
            if reload {
                reloaded.routing = Routing::from_state(reloaded.routing.state().clone());
            }
            (reloaded.at, reloaded.seq) = (kept.at, kept.seq);
            let out = reloaded.apply(&event);
            prop_assert_eq!(&out.effects, &expected.effects);
            prop_assert_eq!(&out.to_customers, &expected.to_customers);
            prop_assert_eq!(reloaded.routing.state(), kept.routing.state());
        }
    }

    #[test]
    fn no_seat_is_left_when_everything_is_closed(history in history(80)) {
        let mut story = Story::new();
        for (pause_s, happening) in &history {
            story.step(*pause_s, happening);
        }
        let state = story.routing.state();
        let requests = state.requests.len() + state.holds.len();
        for _ in 0..requests {
            story.step(0, &Happening::Close { which: 0, how: Closed::Abandoned });
            story.step(0, &Happening::Release { which: 0 });
        }
        let state = story.routing.state();
        prop_assert!(state.requests.is_empty() && state.holds.is_empty());
        for agent in state.agents.values() {
            prop_assert_eq!(agent.load, PerChannel::default());
        }
        prop_assert_eq!(route::next_due(&story.routing), None);
    }

    #[test]
    fn ticks_at_the_due_times_leave_nothing_undone(history in history(60)) {
        let mut story = Story::new();
        for (pause_s, happening) in &history {
            story.step(*pause_s, happening);
        }
        // Reservations are never answered again: every one of them runs out at its time.
        for _ in 0..60 {
            let Some(due) = route::next_due(&story.routing) else { break };
            prop_assert!(due > story.at);
            story.at = due;
            story.seq = Seq(story.seq.0 + 1);
            let before = story.routing.state().clone();
            story.apply(&RouteEvent::Tick);
            check(&before, &story.routing, story.at, &story.settings);
        }
    }
}
