//! The day itself: what happens next, and what it leads to.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, VecDeque},
};

use overture_engine::{
    model::*,
    route::{self, RouteOutput, Routing},
};

use super::{
    Controller, DayResult, Quarter, Scenario,
    people::{Answer, Person, people},
};
use crate::{build::START, random::Random};

/// Who begins to wait counts as answered in time within this.
const TARGET: Millis = Millis::from_secs(20);
/// The share that should be.
const SERVICE_LEVEL: f64 = 0.8;
const QUARTER_MS: u64 = 15 * 60 * 1_000;

/// Something that will happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Comes(usize),
    Accepts(usize),
    Dismisses(usize),
    Expires(usize),
    Leaves(usize),
    AgentAnswers(AgentId, ReservationId),
    IsHelped(usize),
    Tick,
}

/// Somebody in a request.
#[derive(Debug, Clone, Copy)]
struct Waiter {
    since: Timestamp,
    was_offered: bool,
    is_asked_for: bool,
    is_answered: bool,
}

struct Day<'a> {
    scenario: &'a Scenario,
    controller: Controller,
    people: Vec<Person>,
    random: Random,
    routing: Routing,
    settings: RouteSettings,
    at: Timestamp,
    seq: u64,
    next: BinaryHeap<Reverse<(Timestamp, u64, Next)>>,
    pushed: u64,
    tick_at: Option<Timestamp>,
    /// Who has an open offer with the chat option.
    open: BTreeMap<usize, OfferId>,
    offers: BTreeMap<OfferId, usize>,
    waiters: BTreeMap<usize, Waiter>,
    requests: BTreeMap<RequestId, usize>,
    /// Who was or was not answered in time lately, with when they began to wait.
    lately: VecDeque<(Timestamp, bool)>,
    busy_ms: u64,
    result: DayResult,
}

/// Lives through a day. Panics when an agent has more than they can.
pub fn run(scenario: &Scenario, controller: Controller, seed: u64) -> DayResult {
    let mut settings = RouteSettings::default();
    if controller == Controller::SeatEach {
        settings.pacing.mode = PacingMode::Held;
    }
    let quarters = (scenario.hours * 4.0).ceil() as usize;
    let mut day = Day {
        scenario,
        controller,
        people: people(scenario, seed),
        random: Random::new(seed ^ 0x5eed),
        routing: Routing::default(),
        settings,
        at: START,
        seq: 0,
        next: BinaryHeap::new(),
        pushed: 0,
        tick_at: None,
        open: BTreeMap::new(),
        offers: BTreeMap::new(),
        waiters: BTreeMap::new(),
        requests: BTreeMap::new(),
        lately: VecDeque::new(),
        busy_ms: 0,
        result: DayResult {
            quarters: vec![Quarter::default(); quarters],
            ..DayResult::default()
        },
    };
    day.begin();
    while let Some(Reverse((at, _, next))) = day.next.pop() {
        day.at = at;
        day.happens(next);
    }
    let seats = f64::from(scenario.agents * scenario.chats_each);
    day.result.occupancy = day.busy_ms as f64 / (seats * scenario.hours * 3_600_000.0);
    day.result
}

impl Day<'_> {
    fn begin(&mut self) {
        for number in 0..self.scenario.agents {
            let agent = AgentId::derive(START, Seq(0), number);
            let capacity = PerChannel {
                chat: self.scenario.chats_each,
                callback: 0,
            };
            let profile = AgentProfile {
                capacity,
                active: true,
                ..AgentProfile::default()
            };
            self.step(&RouteEvent::AgentChanged { agent, profile });
            let presence = Presence::Available;
            self.step(&RouteEvent::PresenceSet { agent, presence });
        }
        for (who, person) in self.people.iter().enumerate() {
            self.next
                .push(Reverse((START + person.at, who as u64, Next::Comes(who))));
        }
        self.pushed = self.people.len() as u64;
    }

    fn later(&mut self, after: Millis, next: Next) {
        self.pushed += 1;
        self.next
            .push(Reverse((self.at + after, self.pushed, next)));
    }

    fn happens(&mut self, next: Next) {
        match next {
            Next::Comes(who) => match self.people[who].answer {
                None => {
                    self.result.asked += 1;
                    self.asks(who, None);
                }
                Some(_) => self.struggles(who),
            },
            Next::Accepts(who) => {
                if let Some(offer) = self.open.remove(&who) {
                    self.result.accepted += 1;
                    self.asks(who, Some(offer));
                }
            }
            Next::Dismisses(who) | Next::Expires(who) => {
                if let Some(offer) = self.open.remove(&who) {
                    self.ask(who, CustomerToRoute::ReleaseSeat { offer });
                }
            }
            Next::Leaves(who) => self.leaves(who),
            Next::AgentAnswers(agent, reservation) => {
                self.step(&RouteEvent::ReservationAccepted { agent, reservation });
            }
            Next::IsHelped(who) => self.close(who, Closed::Resolved),
            Next::Tick => {
                if self.tick_at == Some(self.at) {
                    self.tick_at = None;
                    self.step(&RouteEvent::Tick);
                }
            }
        }
    }

    fn struggles(&mut self, who: usize) {
        let offer = OfferId::derive(self.at, Seq(who as u64), 1);
        match self.controller {
            Controller::NoOffers => {}
            Controller::Paced | Controller::SeatEach => {
                self.offers.insert(offer, who);
                let hold = CustomerToRoute::HoldSeat {
                    offer,
                    style: OfferStyle::Banner,
                    needs: needs(),
                    until: self.at + Millis::from_secs(self.scenario.expires_s + 5),
                };
                self.ask(who, hold);
            }
            Controller::ReactiveQuarter => {
                if self.level_of_quarter() >= SERVICE_LEVEL {
                    self.is_offered(who, offer);
                }
            }
            Controller::Reactive { minutes } => {
                if self.level_of_late(minutes) >= SERVICE_LEVEL {
                    self.is_offered(who, offer);
                }
            }
        }
    }

    fn is_offered(&mut self, who: usize, offer: OfferId) {
        self.result.offered += 1;
        self.open.insert(who, offer);
        match self.people[who].answer {
            Some(Answer::Accepts(after)) => self.later(after, Next::Accepts(who)),
            Some(Answer::Dismisses(after)) => self.later(after, Next::Dismisses(who)),
            Some(Answer::Ignores) | None => {
                let expires = Millis::from_secs(self.scenario.expires_s);
                self.later(expires, Next::Expires(who));
            }
        }
    }

    /// The service level of those who began to wait in the last minutes and are decided.
    fn level_of_late(&mut self, minutes: u64) -> f64 {
        let from = self.at - Millis::from_secs(minutes * 60);
        while self.lately.front().is_some_and(|(at, _)| *at < from) {
            self.lately.pop_front();
        }
        let in_time = self.lately.iter().filter(|(_, in_time)| *in_time).count();
        match self.lately.len() {
            0 => 1.0,
            all => in_time as f64 / all as f64,
        }
    }

    /// The service level of the last quarter of an hour that is over.
    fn level_of_quarter(&self) -> f64 {
        let now = self.at.since(START).0 / QUARTER_MS;
        match now.checked_sub(1) {
            Some(last) => self.result.quarters[last as usize].service_level(),
            None => 1.0,
        }
    }

    fn asks(&mut self, who: usize, offer: Option<OfferId>) {
        let waiter = Waiter {
            since: self.at,
            was_offered: offer.is_some(),
            is_asked_for: false,
            is_answered: false,
        };
        self.waiters.insert(who, waiter);
        let request = request_of(who);
        self.requests.insert(request, who);
        self.later(self.people[who].patience, Next::Leaves(who));
        let holds = matches!(self.controller, Controller::Paced | Controller::SeatEach);
        let new = NewRequest {
            request,
            conversation: InteractionId::derive(START, Seq(who as u64), 1),
            needs: needs(),
            offer: offer.filter(|_| holds),
            why: String::new(),
            number: None,
        };
        self.ask(who, CustomerToRoute::Enqueue(new));
    }

    fn leaves(&mut self, who: usize) {
        let Some(waiter) = self.waiters.get(&who).copied() else {
            return;
        };
        if waiter.is_answered {
            return;
        }
        let waited = self.at.since(waiter.since);
        if waited > TARGET {
            self.counts(waiter, false);
        }
        let in_vain = waited > TARGET || !waiter.is_asked_for;
        if !waiter.was_offered {
            self.result.asked_left += u32::from(in_vain);
        } else if in_vain {
            self.result.accepted_late += 1;
            self.result.accepted_left += 1;
        }
        self.close(who, Closed::Abandoned);
    }

    fn is_answered(&mut self, request: RequestId) {
        let who = self.requests[&request];
        let Some(waiter) = self.waiters.get_mut(&who) else {
            return;
        };
        waiter.is_answered = true;
        let waiter = *waiter;
        let in_time = self.at.since(waiter.since) <= TARGET;
        self.counts(waiter, in_time);
        self.result.accepted_late += u32::from(waiter.was_offered && !in_time);
        let handle = self.people[who].handle;
        self.busy_ms += handle.0;
        self.later(handle, Next::IsHelped(who));
    }

    fn counts(&mut self, waiter: Waiter, in_time: bool) {
        self.lately.push_back((waiter.since, in_time));
        let quarter = waiter.since.since(START).0 / QUARTER_MS;
        if let Some(quarter) = self.result.quarters.get_mut(quarter as usize) {
            quarter.counted += 1;
            quarter.in_time += u32::from(in_time);
        }
    }

    fn close(&mut self, who: usize, how: Closed) {
        self.waiters.remove(&who);
        let request = request_of(who);
        self.ask(who, CustomerToRoute::Close { request, how });
    }

    fn ask(&mut self, who: usize, message: CustomerToRoute) {
        let customer = CustomerId::derive(START, Seq(who as u64), 1);
        self.step(&RouteEvent::FromCustomer { customer, message });
    }

    fn step(&mut self, event: &RouteEvent) {
        self.seq += 1;
        let mut out = RouteOutput::default();
        let seq = Seq(self.seq);
        let settings = &self.settings;
        route::step(&mut self.routing, self.at, seq, event, settings, &mut out);
        for effect in out.effects {
            self.follows(effect);
        }
        for (_, message) in out.to_customers {
            self.is_told(&message);
        }
        if let Some(due) = route::next_due(&self.routing)
            && self.tick_at.is_none_or(|tick_at| due < tick_at)
        {
            self.tick_at = Some(due);
            self.later(due.since(self.at), Next::Tick);
        }
    }

    fn follows(&mut self, effect: Effect) {
        match effect {
            Effect::Request {
                request,
                state: Some(state),
            } => {
                if let RequestStage::Offered {
                    agent, reservation, ..
                } = state.stage
                {
                    if let Some(waiter) = self.waiters.get_mut(&self.requests[&request]) {
                        waiter.is_asked_for = true;
                    }
                    // An agent looks up and answers within one to five seconds.
                    let after = Millis(1_000 + self.random.below(4_000));
                    self.later(after, Next::AgentAnswers(agent, reservation));
                }
            }
            Effect::Agent { state, .. } => {
                let (load, capacity) = (state.load.chat, state.profile.capacity.chat);
                assert!(load <= capacity, "an agent has {load} of {capacity} chats");
            }
            _ => {}
        }
    }

    fn is_told(&mut self, message: &RouteToCustomer) {
        match *message {
            RouteToCustomer::SeatHeld { offer } => {
                let who = self.offers[&offer];
                self.is_offered(who, offer);
            }
            RouteToCustomer::SeatLost { offer } => {
                let who = self.offers[&offer];
                if self.open.remove(&who).is_some() {
                    self.result.lost += 1;
                    let wanted = matches!(self.people[who].answer, Some(Answer::Accepts(_)));
                    self.result.lost_wanted += u32::from(wanted);
                }
            }
            RouteToCustomer::Assigned { request, .. } => self.is_answered(request),
            _ => {}
        }
    }
}

fn needs() -> Needs {
    Needs {
        channel: ChannelKind::Chat,
        skill: None,
        language: None,
        priority: 0,
    }
}

fn request_of(who: usize) -> RequestId {
    RequestId::derive(START, Seq(who as u64), 1)
}
