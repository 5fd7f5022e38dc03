//! What routing would answer, without anything being held: for a replay under another policy.

use super::{
    Routing,
    index::place_of,
    lane::{LaneKey, has_room, takes_work},
};
use crate::model::{Needs, OfferId, RouteToCustomer};

/// What an offer with these needs would be told if it asked for a seat now. Nothing is held, so
/// offers that only look take no seat from each other.
pub fn seat_answer(routing: &Routing, offer: OfferId, needs: &Needs) -> RouteToCustomer {
    let key = LaneKey::of(needs);
    let is_free = routing.state.agents.values().any(|agent| {
        takes_work(agent) && key.fits(&agent.profile) && has_room(agent, needs.channel)
    });
    if is_free {
        return RouteToCustomer::SeatHeld { offer };
    }
    RouteToCustomer::SeatDenied {
        offer,
        wait_s: routing.index.wait_if_queued(needs, &routing.state),
        staffed: routing.index.staff[place_of(needs.channel)] > 0,
    }
}
