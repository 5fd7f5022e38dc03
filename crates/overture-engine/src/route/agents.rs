//! What happens to agents: accounts change, people come and go.

use super::{
    Run,
    lane::{WaitKey, takes_work},
};
use crate::model::{
    AgentId, AgentProfile, AgentState, OfferId, Presence, Reply, RequestId, RequestStage,
    RouteToCustomer,
};

impl Run<'_> {
    /// An account was made or changed. Less capacity or fewer skills never end running work;
    /// a closed account counts as signed out.
    pub(super) fn agent_changed(&mut self, id: AgentId, profile: &AgentProfile) -> Reply {
        let at = self.at;
        let agent = self.state.agents.entry(id).or_insert_with(|| AgentState {
            idle_since: at,
            ..AgentState::default()
        });
        if agent.profile == *profile && self.index.agents.contains_key(&id) {
            return Reply::Done;
        }
        agent.profile = profile.clone();
        self.agent_moved(id);
        Reply::Done
    }

    /// An agent said whether they take work. Anything but `Available` revokes what they were
    /// only asked and moves the seats held on them; `Offline` also hands their work over.
    pub(super) fn presence_set(&mut self, id: AgentId, presence: Presence) -> Reply {
        let at = self.at;
        let Some(agent) = self.state.agents.get_mut(&id) else {
            return Reply::Gone;
        };
        if agent.presence == presence {
            return Reply::Done;
        }
        agent.presence = presence;
        if presence == Presence::Available {
            agent.idle_since = at;
        }
        self.agent_moved(id);
        Reply::Done
    }

    /// Brings everything in line with an agent's new profile or presence.
    fn agent_moved(&mut self, id: AgentId) {
        self.changed_agents.insert(id);
        let agent = &self.state.agents[&id];
        self.index.refresh_agent(id, agent);
        let away = !takes_work(agent);
        let gone = !agent.profile.active || agent.presence == Presence::Offline;
        if away {
            self.hand_over(id, gone);
        }
        self.fill(id);
        self.retry_passed_on();
    }

    /// Revokes what the agent was only asked, and moves the held seats. When the agent is
    /// gone, another takes over the conversations too, and their customers are told.
    fn hand_over(&mut self, id: AgentId, gone: bool) {
        let work = self.work_of(id);
        let requests: Vec<RequestId> = work.requests.iter().copied().collect();
        let holds: Vec<OfferId> = work.holds.iter().copied().collect();
        let mut waiting = Vec::new();
        for request_id in requests {
            let request = &self.state.requests[&request_id];
            let customer = request.customer;
            match request.stage {
                RequestStage::Assigned { .. } if !gone => continue,
                RequestStage::Assigned { .. } => {
                    let told = RouteToCustomer::Requeued {
                        request: request_id,
                    };
                    self.tell(customer, told);
                }
                RequestStage::Queued | RequestStage::Offered { .. } => {}
            }
            self.take_back(request_id);
            waiting.push(WaitKey::of(request_id, &self.state.requests[&request_id]));
        }
        waiting.sort_unstable();
        for key in waiting {
            self.place(key.request);
        }
        for offer in holds {
            if let Some(hold) = self.unhold(offer) {
                self.seat_again(offer, hold);
            }
        }
    }
}
