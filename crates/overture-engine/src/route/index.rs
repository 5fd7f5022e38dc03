//! What is derived from [`RouteState`] so that no step has to look at everything.

use std::collections::{BTreeMap, BTreeSet};

use super::lane::{FreeKey, Lane, LaneKey, WaitKey, has_room, staffs, takes_work};
use crate::model::{
    AgentId, AgentState, ChannelKind, Needs, OfferId, OfferStyle, RequestId, RequestStage,
    RequestState, ReservationId, RouteState, SeatHold, Timestamp,
};

/// Lanes beyond which those without a line are dropped, to be made again on demand.
const LANES_MAX: usize = 256;

/// Something that ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    Reservation(RequestId),
    Hold(OfferId),
    /// The wait that a customer was told is over.
    Wait(RequestId),
}

/// What the index knows of one agent.
#[derive(Debug, Clone, Default)]
pub(super) struct AgentIndex {
    /// The lanes that the agent serves; none while the agent takes no work.
    pub(super) lanes: Vec<usize>,
    /// The agent's place in those lanes' free lists, as it was entered there.
    entered: Option<FreeKey>,
    /// Seats that were counted into those lanes, by channel.
    seats: [u32; 2],
    /// Seats in use that were counted into those lanes, by channel.
    used: [u32; 2],
    /// Which channels the agent was counted as staffing.
    staffs: [bool; 2],
    /// Requests offered to or assigned to the agent.
    pub(super) requests: BTreeSet<RequestId>,
    /// Offers for which a seat is held on the agent.
    pub(super) holds: BTreeSet<OfferId>,
    /// Those of them that share one seat, by channel, with since when they are open.
    pub(super) shared: [BTreeMap<OfferId, (OfferStyle, Timestamp)>; 2],
}

/// The derived lists.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    pub(super) lanes: Vec<Lane>,
    pub(super) lane_by_key: BTreeMap<LaneKey, usize>,
    pub(super) agents: BTreeMap<AgentId, AgentIndex>,
    /// Waiting requests, the oldest first, by channel.
    pub(super) by_age: [BTreeSet<(Timestamp, RequestId)>; 2],
    /// Waiting requests that somebody passed on.
    pub(super) passed_on: BTreeSet<RequestId>,
    pub(super) dues: BTreeSet<(Timestamp, Due)>,
    /// Agents with a seat that offers share, by channel.
    pub(super) sharing: [BTreeSet<AgentId>; 2],
    pub(super) reservations: BTreeMap<ReservationId, RequestId>,
    /// Signed-in agents who work on the channel.
    pub(super) staff: [u32; 2],
    /// How many lanes there were when the index was built.
    lanes_built: usize,
}

/// The channel's place in arrays.
pub(super) const fn place_of(channel: ChannelKind) -> usize {
    match channel {
        ChannelKind::Chat => 0,
        ChannelKind::Callback => 1,
    }
}

impl Index {
    /// Builds every list from the state alone.
    pub(super) fn build(state: &RouteState) -> Self {
        let mut index = Index::default();
        for channel in ChannelKind::ALL {
            index.lane(&LaneKey::anybody(channel), state);
        }
        for request in state.requests.values() {
            if request.stage == RequestStage::Queued {
                index.lane(&LaneKey::of(&request.needs), state);
            }
        }
        for (id, agent) in &state.agents {
            index.refresh_agent(*id, agent);
        }
        for (id, request) in &state.requests {
            match request.stage {
                RequestStage::Queued => {
                    index.queue(*id, request, state);
                }
                RequestStage::Offered {
                    agent,
                    reservation,
                    until,
                } => {
                    index.dues.insert((until, Due::Reservation(*id)));
                    index.reservations.insert(reservation, *id);
                    index.agents.entry(agent).or_default().requests.insert(*id);
                }
                RequestStage::Assigned {
                    agent, reservation, ..
                } => {
                    index.reservations.insert(reservation, *id);
                    index.agents.entry(agent).or_default().requests.insert(*id);
                }
            }
        }
        for (offer, hold) in &state.holds {
            index.hold(*offer, hold);
        }
        index.lanes_built = index.lanes.len();
        index
    }

    /// Whether so many lanes were made that building anew without the empty ones pays.
    pub(super) fn has_too_many_lanes(&self) -> bool {
        self.lanes.len() > LANES_MAX.max(self.lanes_built * 2)
    }

    /// The lane with `key`, made if it is not there.
    pub(super) fn lane(&mut self, key: &LaneKey, state: &RouteState) -> usize {
        if let Some(lane) = self.lane_by_key.get(key) {
            return *lane;
        }
        let number = self.lanes.len();
        let mut lane = Lane::new(key.clone());
        for (id, entry) in &mut self.agents {
            let Some(agent) = state.agents.get(id) else {
                continue;
            };
            if takes_work(agent) && key.fits(&agent.profile) && entry.entered.is_some() {
                entry.lanes.push(number);
                lane.taking += 1;
                lane.seats += entry.seats[place_of(key.channel)];
                lane.used += entry.used[place_of(key.channel)];
                if has_room(agent, key.channel) {
                    lane.free.extend(entry.entered);
                }
            }
        }
        self.lane_by_key.insert(key.clone(), number);
        self.lanes.push(lane);
        number
    }

    /// Enters an offer's seat; whether it is a seat more of the agent's.
    pub(super) fn hold(&mut self, offer: OfferId, hold: &SeatHold) -> bool {
        let place = place_of(hold.needs.channel);
        self.dues.insert((hold.until, Due::Hold(offer)));
        let entry = self.agents.entry(hold.agent).or_default();
        entry.holds.insert(offer);
        if !hold.shares {
            return true;
        }
        entry.shared[place].insert(offer, (hold.style, hold.since));
        self.sharing[place].insert(hold.agent)
    }

    /// Takes an offer's seat out; whether the agent has a seat less in use.
    pub(super) fn unhold(&mut self, offer: OfferId, hold: &SeatHold) -> bool {
        let place = place_of(hold.needs.channel);
        self.dues.remove(&(hold.until, Due::Hold(offer)));
        let entry = self.agents.entry(hold.agent).or_default();
        entry.holds.remove(&offer);
        if !hold.shares {
            return true;
        }
        entry.shared[place].remove(&offer);
        entry.shared[place].is_empty() && self.sharing[place].remove(&hold.agent)
    }

    /// Whether anybody who works on the channel is signed in.
    pub(super) fn staffs(&self, channel: ChannelKind) -> bool {
        self.staff[place_of(channel)] > 0
    }

    /// The expected wait of a request with these needs that would queue now, seconds: none
    /// where somebody who can serve it is free.
    pub(super) fn wait_if_queued(&self, needs: &Needs, state: &RouteState) -> Option<u32> {
        let key = LaneKey::of(needs);
        let fitting = state
            .agents
            .values()
            .filter(|agent| takes_work(agent) && key.fits(&agent.profile));
        let (mut seats, mut free) = (0, false);
        for agent in fitting {
            seats += agent.profile.capacity.get(needs.channel);
            free |= has_room(agent, needs.channel);
        }
        let waiting = self
            .lane_by_key
            .get(&key)
            .map_or(0, |lane| self.lanes[*lane].waiting.len());
        if free && waiting == 0 {
            return Some(0);
        }
        let handle_s = state.handle_s[place_of(needs.channel)];
        (seats > 0 && handle_s > 0.0).then(|| {
            let wait_s = f64::from(handle_s) * (waiting + 1) as f64 / f64::from(seats);
            libm::ceil(wait_s) as u32
        })
    }

    /// Whether somebody waits on a channel where offers share seats.
    pub(super) fn has_spare_seats_to_come(&self) -> bool {
        let mut channels = self.sharing.iter().zip(&self.by_age);
        channels.any(|(sharing, waiting)| !sharing.is_empty() && !waiting.is_empty())
    }

    /// How many requests wait.
    pub(super) fn queued(&self) -> usize {
        self.by_age.iter().map(BTreeSet::len).sum()
    }

    /// Enters a waiting request; returns its lane.
    pub(super) fn queue(
        &mut self,
        id: RequestId,
        request: &RequestState,
        state: &RouteState,
    ) -> usize {
        let lane = self.lane(&LaneKey::of(&request.needs), state);
        self.lanes[lane].waiting.insert(WaitKey::of(id, request));
        self.by_age[place_of(request.needs.channel)].insert((request.queued_at, id));
        if !request.passed.is_empty() {
            self.passed_on.insert(id);
        }
        if let Some(at) = request.tell_again_at {
            self.dues.insert((at, Due::Wait(id)));
        }
        lane
    }

    /// Takes a request out of its line; returns its lane and the place it had.
    pub(super) fn unqueue(
        &mut self,
        id: RequestId,
        request: &RequestState,
        state: &RouteState,
    ) -> (usize, usize) {
        let lane = self.lane(&LaneKey::of(&request.needs), state);
        let key = WaitKey::of(id, request);
        let waiting = &mut self.lanes[lane].waiting;
        let rank = waiting.rank(&key);
        waiting.remove(&key);
        self.by_age[place_of(request.needs.channel)].remove(&(request.queued_at, id));
        self.passed_on.remove(&id);
        (lane, rank)
    }

    /// Brings the lists up to date with an agent's profile, presence, load and idle time.
    pub(super) fn refresh_agent(&mut self, id: AgentId, agent: &AgentState) {
        self.leave_lanes(id);
        let entry = self.agents.entry(id).or_default();
        for channel in ChannelKind::ALL {
            let place = place_of(channel);
            let staffed = staffs(agent, channel);
            self.staff[place] += u32::from(staffed);
            self.staff[place] -= u32::from(entry.staffs[place]);
            entry.staffs[place] = staffed;
            entry.seats[place] = agent.profile.capacity.get(channel);
            entry.used[place] = agent.load.get(channel);
        }
        if !takes_work(agent) {
            return;
        }
        let free = FreeKey::of(id, agent);
        entry.entered = Some(free);
        for (number, lane) in self.lanes.iter_mut().enumerate() {
            if !lane.key.fits(&agent.profile) {
                continue;
            }
            entry.lanes.push(number);
            lane.taking += 1;
            lane.seats += entry.seats[place_of(lane.key.channel)];
            lane.used += entry.used[place_of(lane.key.channel)];
            if has_room(agent, lane.key.channel) {
                lane.free.insert(free);
            }
        }
    }

    /// Brings the free lists up to date when only load or idle time changed.
    pub(super) fn refresh_load(&mut self, id: AgentId, agent: &AgentState) {
        let Some(entry) = self.agents.get_mut(&id) else {
            return;
        };
        let Some(entered) = entry.entered else {
            return;
        };
        let free = FreeKey::of(id, agent);
        entry.entered = Some(free);
        let before = entry.used;
        entry.used = ChannelKind::ALL.map(|channel| agent.load.get(channel));
        for number in &entry.lanes {
            let lane = &mut self.lanes[*number];
            let place = place_of(lane.key.channel);
            lane.used = lane.used + entry.used[place] - before[place];
            lane.free.remove(&entered);
            if has_room(agent, lane.key.channel) {
                lane.free.insert(free);
            }
        }
    }

    fn leave_lanes(&mut self, id: AgentId) {
        let entry = self.agents.entry(id).or_default();
        let lanes = std::mem::take(&mut entry.lanes);
        if let Some(entered) = entry.entered.take() {
            for number in &lanes {
                let lane = &mut self.lanes[*number];
                lane.taking -= 1;
                lane.seats -= entry.seats[place_of(lane.key.channel)];
                lane.used -= entry.used[place_of(lane.key.channel)];
                lane.free.remove(&entered);
            }
        }
    }
}
