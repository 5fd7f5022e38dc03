//! What happens to requests: they enter, are accepted, passed on, closed.

use super::{
    Run,
    index::{AgentIndex, Due, place_of},
    lane::LaneKey,
    seats::TakenSeat,
};
use crate::model::{
    AgentId, ChannelKind, Closed, CustomerId, Effect, NewRequest, Reply, RequestId, RequestStage,
    RequestState, ReservationId, RouteToCustomer, SlotRefusal,
};

/// How much the newest served request counts in the smoothed handle time.
const HANDLE_TIME_ALPHA: f32 = 0.1;

impl Run<'_> {
    /// Takes a request in. One that is known already changes nothing.
    ///
    /// A request that names an offer with a held seat takes that seat: the same agent is
    /// asked. When the queue is full, the request is kept out, the customer is told that
    /// there is no agent, and it is counted as `routing` `queue_full`.
    pub(super) fn enqueue(&mut self, customer: CustomerId, new: &NewRequest) {
        let id = new.request;
        if self.state.requests.contains_key(&id) {
            return;
        }
        if new.number.is_some_and(|number| self.is_blocked(number)) {
            let message = RouteToCustomer::SlotRefused {
                conversation: new.conversation,
                why: SlotRefusal::NumberBlocked,
            };
            self.tell(customer, message);
            return;
        }
        let held = new.offer.and_then(|offer| self.take_hold(offer, new));
        let channel = place_of(new.needs.channel);
        if held.is_none() {
            self.state.pacing.arrivals[channel].add(self.at);
        }
        if held.is_none() && self.index.queued() >= self.settings.queued_max {
            self.tell(customer, RouteToCustomer::NoAgent { request: id });
            self.out.effects.push(Effect::Count {
                rule: "routing".to_owned(),
                what: "queue_full",
            });
            return;
        }
        self.state.requests.insert(
            id,
            RequestState {
                customer,
                conversation: new.conversation,
                needs: new.needs.clone(),
                why: new.why.clone(),
                queued_at: self.at,
                stage: RequestStage::Queued,
                passed: Default::default(),
                told_position: 0,
                tell_again_at: None,
            },
        );
        match held {
            Some(TakenSeat { agent, others }) => {
                self.offer(id, agent);
                for (offer, hold) in others {
                    self.seat_again(offer, hold);
                }
            }
            None => self.place(id),
        }
    }

    /// An agent takes a reservation.
    pub(super) fn accept(&mut self, agent: AgentId, reservation: ReservationId) -> Reply {
        let Some(id) = self.index.reservations.get(&reservation).copied() else {
            return Reply::Gone;
        };
        let request = self
            .state
            .requests
            .get_mut(&id)
            .expect("a known reservation belongs to an open request");
        let reply = Reply::Assigned {
            customer: request.customer,
            conversation: request.conversation,
        };
        match request.stage {
            RequestStage::Offered {
                agent: asked,
                until,
                ..
            } if asked == agent => {
                request.stage = RequestStage::Assigned {
                    agent,
                    reservation,
                    at: self.at,
                };
                request.passed.clear();
                request.told_position = 0;
                request.tell_again_at = None;
                let customer = request.customer;
                self.index.dues.remove(&(until, Due::Reservation(id)));
                self.changed_requests.insert(id);
                self.had_something_new(agent);
                self.tell(customer, RouteToCustomer::Assigned { request: id, agent });
                reply
            }
            RequestStage::Assigned { agent: has, .. } if has == agent => reply,
            _ => Reply::NotYours,
        }
    }

    /// An agent passes on a reservation.
    pub(super) fn reject(&mut self, agent: AgentId, reservation: ReservationId) -> Reply {
        let Some(id) = self.index.reservations.get(&reservation).copied() else {
            return Reply::Gone;
        };
        match self.state.requests[&id].stage {
            RequestStage::Offered { agent: asked, .. } if asked == agent => {
                self.pass(id, agent);
                Reply::Done
            }
            RequestStage::Assigned { agent: has, .. } if has == agent => Reply::Gone,
            _ => Reply::NotYours,
        }
    }

    /// The agent passed or did not answer: the request goes on, with its age, and the agent
    /// gets other work.
    pub(super) fn pass(&mut self, id: RequestId, agent: AgentId) {
        self.take_back(id);
        self.state
            .requests
            .get_mut(&id)
            .expect("only open requests are passed on")
            .passed
            .insert(agent);
        self.place(id);
        self.fill(agent);
    }

    /// A request leaves routing. An unknown one changes nothing.
    pub(super) fn close(&mut self, id: RequestId, how: Closed) {
        let Some(request) = self.state.requests.get(&id) else {
            return;
        };
        let channel = request.needs.channel;
        let stage = request.stage;
        match stage {
            RequestStage::Queued => self.unqueue(id),
            RequestStage::Offered { .. } => {
                self.take_back(id);
            }
            RequestStage::Assigned { agent, at, .. } => {
                if how != Closed::Failed {
                    self.served(channel, self.at.since(at).as_secs_f64() as f32);
                }
                self.take_back(id);
                self.had_something_new(agent);
            }
        }
        self.state.requests.remove(&id);
        self.changed_requests.insert(id);
        match stage {
            RequestStage::Queued => {}
            RequestStage::Offered { agent, .. } | RequestStage::Assigned { agent, .. } => {
                self.fill(agent);
            }
        }
    }

    /// Frees the agent who is asked or has the request; it is then in no line.
    pub(super) fn take_back(&mut self, id: RequestId) {
        let request = self
            .state
            .requests
            .get_mut(&id)
            .expect("only open requests are taken back");
        let (agent, reservation) = match request.stage {
            RequestStage::Queued => return,
            RequestStage::Offered {
                agent,
                reservation,
                until,
            } => {
                self.index.dues.remove(&(until, Due::Reservation(id)));
                (agent, reservation)
            }
            RequestStage::Assigned {
                agent, reservation, ..
            } => (agent, reservation),
        };
        request.stage = RequestStage::Queued;
        let channel = request.needs.channel;
        self.index.reservations.remove(&reservation);
        self.work_of(agent).requests.remove(&id);
        self.changed_requests.insert(id);
        self.seat_given_back(agent, channel);
    }

    /// Lets a request wait in its line, at the place of its priority and age.
    pub(super) fn queue(&mut self, id: RequestId) {
        let request = &self.state.requests[&id];
        let lane = self.index.queue(id, request, self.state);
        let rank = self.index.lanes[lane]
            .waiting
            .rank(&super::lane::WaitKey::of(id, request));
        self.touched.moved(lane, rank);
        self.touched.entered(id);
        self.changed_requests.insert(id);
    }

    /// Takes a request out of its line.
    pub(super) fn unqueue(&mut self, id: RequestId) {
        self.expect(id, None);
        let request = &self.state.requests[&id];
        let (lane, rank) = self.index.unqueue(id, request, self.state);
        self.touched.moved(lane, rank);
        self.changed_requests.insert(id);
    }

    pub(super) fn lane(&mut self, key: &LaneKey) -> usize {
        self.index.lane(key, self.state)
    }

    pub(super) fn work_of(&mut self, agent: AgentId) -> &mut AgentIndex {
        self.index.agents.entry(agent).or_default()
    }

    fn served(&mut self, channel: ChannelKind, seconds: f32) {
        self.state.pacing.handled[place_of(channel)].add(f64::from(seconds));
        let smoothed = &mut self.state.handle_s[place_of(channel)];
        *smoothed = if *smoothed == 0.0 {
            seconds
        } else {
            *smoothed + HANDLE_TIME_ALPHA * (seconds - *smoothed)
        };
    }
}
