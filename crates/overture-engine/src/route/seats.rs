//! Seats: counted up and down in one place, held for offers, and what is due.

use super::{Run, index::Due, lane::LaneKey};
use crate::model::{
    AgentId, ChannelKind, CustomerId, Needs, NewRequest, OfferId, OfferStyle, RouteToCustomer,
    SeatHold, Timestamp, place_of_style,
};

/// The seat of an offer that became a request.
pub(super) struct TakenSeat {
    pub(super) agent: AgentId,
    /// Who shared it.
    pub(super) others: Vec<(OfferId, SeatHold)>,
}

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
                Due::Hold(offer) => self.decline_seat(offer),
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
        style: OfferStyle,
        needs: &Needs,
        until: Timestamp,
    ) {
        if self.state.holds.contains_key(&offer) {
            self.tell(customer, RouteToCustomer::SeatHeld { offer });
            return;
        }
        let lane = self.lane(&LaneKey::of(needs));
        self.out.pairs_weighed += 1;
        let room = self.state.holds.len() < self.settings.holds_max && until > self.at;
        let seat = room.then(|| self.seat_for_offer(lane, style)).flatten();
        match seat {
            Some((agent, shares)) => {
                let hold = SeatHold {
                    customer,
                    needs: needs.clone(),
                    agent,
                    until,
                    style,
                    since: self.at,
                    shares,
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

    /// The offer ended without a chat: whoever waits gets its seat, if no other offer shares it.
    pub(super) fn decline_seat(&mut self, offer: OfferId) {
        if let Some(hold) = self.unhold(offer) {
            self.answered(&hold, false);
            self.fill(hold.agent);
        }
    }

    /// Ends the hold that a new request names: the agent it was on, if that agent can still
    /// serve the request, and the offers that shared the seat, which need another now.
    pub(super) fn take_hold(&mut self, offer: OfferId, new: &NewRequest) -> Option<TakenSeat> {
        let hold = self.unhold(offer)?;
        self.answered(&hold, true);
        let lane = self.lane(&LaneKey::of(&new.needs));
        let serves = hold.needs.channel == new.needs.channel
            && self.work_of(hold.agent).lanes.contains(&lane);
        if !serves {
            self.fill(hold.agent);
            return None;
        }
        let others = match hold.shares {
            true => self.unshare(hold.agent, hold.needs.channel),
            false => Vec::new(),
        };
        Some(TakenSeat {
            agent: hold.agent,
            others,
        })
    }

    fn answered(&mut self, hold: &SeatHold, is_accepted: bool) {
        let age = self.at.since(hold.since);
        self.state.pacing.answers[place_of_style(hold.style)].add(is_accepted, age);
    }

    pub(super) fn hold(&mut self, offer: OfferId, hold: SeatHold) {
        let is_one_more = self.index.hold(offer, &hold);
        let (agent, channel) = (hold.agent, hold.needs.channel);
        self.state.holds.insert(offer, hold);
        if is_one_more {
            self.seat_taken(agent, channel);
        }
    }

    pub(super) fn unhold(&mut self, offer: OfferId) -> Option<SeatHold> {
        let hold = self.state.holds.remove(&offer)?;
        if self.index.unhold(offer, &hold) {
            self.seat_given_back(hold.agent, hold.needs.channel);
        }
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
