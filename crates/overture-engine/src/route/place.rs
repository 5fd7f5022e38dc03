//! The decision itself: an agent for a request, a request for an agent.

use super::{
    Run,
    index::{Due, place_of},
    lane::{LaneKey, WaitKey, has_room},
};
use crate::model::{
    AgentId, ChannelKind, RequestId, RequestStage, RequestState, ReservationId, Timestamp,
};

impl Run<'_> {
    /// The newest time of queueing that has waited long enough for relaxed needs.
    pub(super) fn relaxed_before(&self) -> Timestamp {
        self.at - self.settings.bounded_wait
    }

    /// Finds an agent for a request that is in no line: offers it, or lets it wait.
    pub(super) fn place(&mut self, id: RequestId) {
        match self.agent_for(id) {
            Some(agent) => self.offer(id, agent),
            None => self.queue(id),
        }
    }

    /// Finds an agent for a request that waits, if one can be had now.
    pub(super) fn retry(&mut self, id: RequestId) {
        if let Some(agent) = self.agent_for(id) {
            self.unqueue(id);
            self.offer(id, agent);
        }
    }

    /// Gives a free agent work until there is none or the agent is full.
    pub(super) fn fill(&mut self, agent: AgentId) {
        for channel in ChannelKind::ALL {
            while let Some(request) = self.request_for(agent, channel) {
                self.unqueue(request);
                self.offer(request, agent);
            }
        }
    }

    /// Tries requests whose bounded wait ended since the last step with whoever is free.
    pub(super) fn relax(&mut self) {
        let before = self.relaxed_before();
        for channel in ChannelKind::ALL {
            let anybody = self.lane(&LaneKey::anybody(channel));
            if self.index.lanes[anybody].free.is_empty() || before <= *self.relaxed_up_to {
                continue;
            }
            let first = (
                Timestamp(self.relaxed_up_to.0.saturating_add(1)),
                RequestId::from_uuid(uuid::Uuid::nil()),
            );
            let last = (before, RequestId::from_uuid(uuid::Uuid::max()));
            let newly: Vec<RequestId> = self.index.by_age[place_of(channel)]
                .range(first..=last)
                .map(|(_, request)| *request)
                .collect();
            for request in newly {
                self.retry(request);
            }
        }
        *self.relaxed_up_to = before;
    }

    /// Tries again the waiting requests that somebody passed on: who else could have served
    /// them may have gone.
    pub(super) fn retry_passed_on(&mut self) {
        let mut passed_on: Vec<WaitKey> = self
            .index
            .passed_on
            .iter()
            .map(|id| WaitKey::of(*id, &self.state.requests[id]))
            .collect();
        passed_on.sort_unstable();
        for waiting in passed_on {
            self.retry(waiting.request);
        }
    }

    /// The agent to ask, by the request's needs, relaxed when it waited long enough; those
    /// who passed on it only when nobody else who takes work could ever take it.
    fn agent_for(&mut self, id: RequestId) -> Option<AgentId> {
        let request = &self.state.requests[&id];
        let exact = LaneKey::of(&request.needs);
        let mut keys = vec![exact];
        if request.queued_at <= self.relaxed_before() {
            keys.push(keys[0].any_language());
            keys.push(LaneKey::anybody(request.needs.channel));
            keys.dedup();
        }
        let lanes: Vec<usize> = keys.iter().map(|key| self.lane(key)).collect();
        let request = &self.state.requests[&id];
        for lane in &lanes {
            for free in &self.index.lanes[*lane].free {
                self.out.pairs_weighed += 1;
                if !request.passed.contains(&free.agent) {
                    return Some(free.agent);
                }
            }
        }
        let widest = *lanes.last().expect("a request has at least its own lane");
        if request.passed.is_empty() || self.somebody_else(request, widest) {
            return None;
        }
        lanes
            .iter()
            .find_map(|lane| self.index.lanes[*lane].free.first())
            .map(|free| free.agent)
    }

    /// The request to give a free agent: the oldest that waited too long, or the first of
    /// the agent's lanes.
    fn request_for(&mut self, agent: AgentId, channel: ChannelKind) -> Option<RequestId> {
        let state = self.state.agents.get(&agent)?;
        let lanes = &self.index.agents.get(&agent)?.lanes;
        if lanes.is_empty() || !has_room(state, channel) {
            return None;
        }
        let before = self.relaxed_before();
        let anybody = self.index.lane_by_key[&LaneKey::anybody(channel)];
        let mut weighed = 0;
        let mut found = None;
        for (queued_at, id) in &self.index.by_age[place_of(channel)] {
            if *queued_at > before {
                break;
            }
            weighed += 1;
            if self.may_ask(agent, &self.state.requests[id], anybody) {
                found = Some(*id);
                break;
            }
        }
        if found.is_none() {
            let mut best: Option<WaitKey> = None;
            for lane in lanes {
                if self.index.lanes[*lane].key.channel != channel {
                    continue;
                }
                for waiting in self.index.lanes[*lane].waiting.iter() {
                    if best.is_some_and(|best| best <= waiting) {
                        break;
                    }
                    if waiting.queued_at <= before {
                        continue;
                    }
                    weighed += 1;
                    if self.may_ask(agent, &self.state.requests[&waiting.request], *lane) {
                        best = Some(waiting);
                        break;
                    }
                }
            }
            found = best.map(|best| best.request);
        }
        self.out.pairs_weighed += weighed;
        found
    }

    /// Whether an agent who fits may be asked: did not pass, or nobody else could.
    fn may_ask(&self, agent: AgentId, request: &RequestState, lane: usize) -> bool {
        !request.passed.contains(&agent) || !self.somebody_else(request, lane)
    }

    /// Whether somebody who takes work in the lane, free or not, did not pass.
    fn somebody_else(&self, request: &RequestState, lane: usize) -> bool {
        let passed = request
            .passed
            .iter()
            .filter(|agent| {
                self.index
                    .agents
                    .get(agent)
                    .is_some_and(|agent| agent.lanes.contains(&lane))
            })
            .count();
        (self.index.lanes[lane].taking as usize) > passed
    }

    /// Asks an agent to take a request that is in no line.
    pub(super) fn offer(&mut self, id: RequestId, agent: AgentId) {
        let reservation = ReservationId::derive(self.at, self.seq, self.made);
        self.made += 1;
        let request = self
            .state
            .requests
            .get_mut(&id)
            .expect("only open requests are offered");
        let channel = request.needs.channel;
        let until = self.at + self.settings.reservation(channel);
        request.stage = RequestStage::Offered {
            agent,
            reservation,
            until,
        };
        self.index.dues.insert((until, Due::Reservation(id)));
        self.index.reservations.insert(reservation, id);
        self.work_of(agent).requests.insert(id);
        self.changed_requests.insert(id);
        self.seat_taken(agent, channel);
        self.tell_somebody_came(id);
    }
}
