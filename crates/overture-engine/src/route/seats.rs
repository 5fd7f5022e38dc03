//! Seats: counted up and down in one place, held for offers, and what is due.

use super::{Run, index::Due, lane::LaneKey};
use crate::model::{
    AgentId, ChannelKind, CustomerId, Needs, NewRequest, OfferId, RouteToCustomer, SeatHold,
    Timestamp,
};

impl Run<'_> {
    /// Handles everything that is due, in due order.
    pub(super) fn handle_due(&mut self) {
        while let Some((until, due)) = self.index.dues.first().copied() {
            if until > self.at {
                break;
            }
            match due {
                Due::Reservation(request) => {
                    let agent = match self.state.requests[&request].stage {
                        crate::model::RequestStage::Offered { agent, .. } => agent,
                        _ => unreachable!("only open reservations are due"),
                    };
                    self.pass(request, agent);
                }
                Due::Hold(offer) => self.release_seat(offer),
                Due::Wait(request) => self.tell_wait_again(request),
            }
        }
        self.relax();
    }

    /// Holds a seat for an offer, or says why not. Needs are never relaxed for an offer, and
    /// nobody who waits is passed by: a free agent is one for whom nobody waits.
    pub(super) fn hold_seat(
        &mut self,
        customer: CustomerId,
        offer: OfferId,
        needs: &Needs,
        until: Timestamp,
    ) {
        if self.state.holds.contains_key(&offer) {
            self.tell(customer, RouteToCustomer::SeatHeld { offer });
            return;
        }
        let lane = self.lane(&LaneKey::of(needs));
        let free = self.index.lanes[lane].free.first().map(|free| free.agent);
        self.out.pairs_weighed += 1;
        let room = self.state.holds.len() < self.settings.holds_max && until > self.at;
        match free.filter(|_| room) {
            Some(agent) => {
                let hold = SeatHold {
                    customer,
                    needs: needs.clone(),
                    agent,
                    until,
                };
                self.hold(offer, hold);
                self.tell(customer, RouteToCustomer::SeatHeld { offer });
            }
            None => {
                let next = self.index.lanes[lane].waiting.len() as u32 + 1;
                let denied = RouteToCustomer::SeatDenied {
                    offer,
                    wait_s: self.wait_s(lane, next),
                    staffed: self.staffed(needs.channel),
                };
                self.tell(customer, denied);
            }
        }
    }

    /// Gives an offer's seat back; whoever waits gets it.
    pub(super) fn release_seat(&mut self, offer: OfferId) {
        if let Some(hold) = self.unhold(offer) {
            self.fill(hold.agent);
        }
    }

    /// Gives a seat that is lost with its agent to another agent, or tells the customer.
    pub(super) fn reseat(&mut self, offer: OfferId) {
        let Some(hold) = self.unhold(offer) else {
            return;
        };
        let lane = self.lane(&LaneKey::of(&hold.needs));
        match self.index.lanes[lane].free.first().map(|free| free.agent) {
            Some(agent) => self.hold(offer, SeatHold { agent, ..hold }),
            None => self.tell(hold.customer, RouteToCustomer::SeatLost { offer }),
        }
    }

    /// Ends the hold that a new request names; the agent it was on, if that agent can still
    /// serve the request.
    pub(super) fn take_hold(&mut self, offer: OfferId, new: &NewRequest) -> Option<AgentId> {
        let hold = self.unhold(offer)?;
        let lane = self.lane(&LaneKey::of(&new.needs));
        let serves = hold.needs.channel == new.needs.channel
            && self.work_of(hold.agent).lanes.contains(&lane);
        if !serves {
            self.fill(hold.agent);
        }
        serves.then_some(hold.agent)
    }

    fn hold(&mut self, offer: OfferId, hold: SeatHold) {
        self.index.dues.insert((hold.until, Due::Hold(offer)));
        self.work_of(hold.agent).holds.insert(offer);
        let (agent, channel) = (hold.agent, hold.needs.channel);
        self.state.holds.insert(offer, hold);
        self.seat_taken(agent, channel);
    }

    fn unhold(&mut self, offer: OfferId) -> Option<SeatHold> {
        let hold = self.state.holds.remove(&offer)?;
        self.index.dues.remove(&(hold.until, Due::Hold(offer)));
        self.work_of(hold.agent).holds.remove(&offer);
        self.seat_given_back(hold.agent, hold.needs.channel);
        Some(hold)
    }

    pub(super) fn seat_taken(&mut self, agent: AgentId, channel: ChannelKind) {
        self.change_load(agent, channel, |load| load + 1);
    }

    pub(super) fn seat_given_back(&mut self, agent: AgentId, channel: ChannelKind) {
        self.change_load(agent, channel, |load| load.saturating_sub(1));
    }

    fn change_load(&mut self, agent: AgentId, channel: ChannelKind, change: impl Fn(u32) -> u32) {
        let Some(state) = self.state.agents.get_mut(&agent) else {
            return;
        };
        let load = state.load.get_mut(channel);
        *load = change(*load);
        self.index.refresh_load(agent, state);
        self.changed_agents.insert(agent);
    }

    /// The agent took or finished something: idle from now on.
    pub(super) fn had_something_new(&mut self, agent: AgentId) {
        let Some(state) = self.state.agents.get_mut(&agent) else {
            return;
        };
        state.idle_since = self.at;
        self.index.refresh_load(agent, state);
        self.changed_agents.insert(agent);
    }
}
