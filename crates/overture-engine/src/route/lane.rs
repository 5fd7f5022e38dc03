//! Lanes: requests with the same needs wait in one line, beside the agents who can serve it.

use std::{cmp::Reverse, collections::BTreeSet};

use super::ranked::Ranked;
use crate::model::{
    AgentId, AgentProfile, AgentState, ChannelKind, Needs, Presence, RequestId, RequestState,
    Timestamp,
};

/// What a request needs, without its urgency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LaneKey {
    pub(super) channel: ChannelKind,
    pub(super) skill: Option<String>,
    /// The primary subtag, lower case.
    pub(super) language: Option<String>,
}

impl LaneKey {
    pub(super) fn of(needs: &Needs) -> Self {
        Self {
            channel: needs.channel,
            skill: needs.skill.clone(),
            language: needs.language.as_deref().map(primary_subtag),
        }
    }

    /// The lane of everybody who works on `channel`.
    pub(super) const fn anybody(channel: ChannelKind) -> Self {
        Self {
            channel,
            skill: None,
            language: None,
        }
    }

    /// The same lane with the language relaxed.
    pub(super) fn any_language(&self) -> Self {
        Self {
            language: None,
            ..self.clone()
        }
    }

    /// The needs of the lane, with the urgency of `needs`.
    pub(super) fn needs(&self, needs: &Needs) -> Needs {
        Needs {
            channel: self.channel,
            skill: self.skill.clone(),
            language: self.language.clone(),
            priority: needs.priority,
        }
    }

    /// Whether an agent with this profile may serve the lane, load and presence aside.
    pub(super) fn fits(&self, profile: &AgentProfile) -> bool {
        profile.active
            && profile.capacity.get(self.channel) > 0
            && self.skill.as_ref().is_none_or(|skill| {
                profile
                    .skills
                    .get(skill)
                    .is_some_and(|proficiency| *proficiency > 0)
            })
            && self.language.as_ref().is_none_or(|language| {
                profile.languages.is_empty()
                    || profile
                        .languages
                        .iter()
                        .any(|spoken| primary_subtag(spoken) == *language)
            })
    }
}

/// `en` of `en-GB`.
fn primary_subtag(tag: &str) -> String {
    tag.split(['-', '_'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
}

/// A place in a line: larger priority first, then the longer wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WaitKey {
    priority: Reverse<u8>,
    pub(super) queued_at: Timestamp,
    pub(super) request: RequestId,
}

impl WaitKey {
    pub(super) fn of(id: RequestId, request: &RequestState) -> Self {
        Self {
            priority: Reverse(request.needs.priority),
            queued_at: request.queued_at,
            request: id,
        }
    }
}

/// A place among free agents: nothing in hand first, then the longest idle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FreeKey {
    load: u32,
    idle_since: Timestamp,
    pub(super) agent: AgentId,
}

impl FreeKey {
    pub(super) fn of(id: AgentId, agent: &AgentState) -> Self {
        Self {
            load: agent.load.chat + agent.load.callback,
            idle_since: agent.idle_since,
            agent: id,
        }
    }
}

/// Whether the agent has room for one more on `channel`.
pub(super) fn has_room(agent: &AgentState, channel: ChannelKind) -> bool {
    agent.load.get(channel) < agent.profile.capacity.get(channel)
}

/// Whether the agent takes work at all.
pub(super) fn takes_work(agent: &AgentState) -> bool {
    agent.profile.active && agent.presence == Presence::Available
}

/// Whether the agent is signed in and works on `channel`, free or not.
pub(super) fn staffs(agent: &AgentState, channel: ChannelKind) -> bool {
    agent.profile.active
        && agent.presence != Presence::Offline
        && agent.profile.capacity.get(channel) > 0
}

/// One line with the agents who can serve it.
#[derive(Debug, Clone)]
pub(super) struct Lane {
    pub(super) key: LaneKey,
    /// Who waits.
    pub(super) waiting: Ranked<WaitKey>,
    /// Agents with room.
    pub(super) free: BTreeSet<FreeKey>,
    /// Agents who take work, with room or without.
    pub(super) taking: u32,
    /// Their seats on this channel, in use or not.
    pub(super) seats: u32,
    /// How many of those are in use.
    pub(super) used: u32,
}

impl Lane {
    pub(super) fn new(key: LaneKey) -> Self {
        Self {
            key,
            waiting: Ranked::default(),
            free: BTreeSet::new(),
            taking: 0,
            seats: 0,
            used: 0,
        }
    }
}
