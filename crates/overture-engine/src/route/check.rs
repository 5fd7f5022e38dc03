//! Comparing what is derived with what it is derived from.

use super::{
    Routing,
    index::{Index, place_of},
};
use crate::model::ChannelKind;

impl Routing {
    /// Compares the kept indexes with indexes built anew from the state: for tests, and for
    /// whoever doubts a running node. Costs as much as [`Routing::from_state`].
    ///
    /// # Errors
    /// The first difference, in words.
    pub fn check_index(&self) -> Result<(), String> {
        let fresh = Index::build(&self.state);
        let kept = &self.index;
        let same = [
            ("waiting by age", kept.by_age == fresh.by_age),
            ("passed on", kept.passed_on == fresh.passed_on),
            ("due", kept.dues == fresh.dues),
            ("reservations", kept.reservations == fresh.reservations),
            ("staff", kept.staff == fresh.staff),
            ("sharing", kept.sharing == fresh.sharing),
        ];
        if let Some((what, _)) = same.iter().find(|(_, same)| !same) {
            return Err(format!("the list `{what}` differs from the state"));
        }
        for (id, agent) in &self.state.agents {
            let entry = kept.agents.get(id).ok_or("an agent is missing")?;
            let expected = &fresh.agents[id];
            if entry.requests != expected.requests
                || entry.holds != expected.holds
                || entry.shared != expected.shared
            {
                return Err(format!("the work of {id} differs from the state"));
            }
            let mut load = agent.load;
            for channel in ChannelKind::ALL {
                *load.get_mut(channel) = 0;
            }
            for request in &entry.requests {
                *load.get_mut(self.state.requests[request].needs.channel) += 1;
            }
            for offer in &entry.holds {
                let hold = &self.state.holds[offer];
                *load.get_mut(hold.needs.channel) += u32::from(!hold.shares);
            }
            for channel in ChannelKind::ALL {
                let shares = !entry.shared[place_of(channel)].is_empty();
                *load.get_mut(channel) += u32::from(shares);
            }
            if load != agent.load {
                return Err(format!("the load of {id} is {:?}: {load:?}", agent.load));
            }
        }
        for lane in &kept.lanes {
            let Some(number) = fresh.lane_by_key.get(&lane.key) else {
                if lane.waiting.len() > 0 {
                    return Err(format!("nobody should wait in {:?}", lane.key));
                }
                continue;
            };
            let expected = &fresh.lanes[*number];
            if !lane.waiting.iter().eq(expected.waiting.iter()) {
                return Err(format!("the line of {:?} differs", lane.key));
            }
            if lane.free != expected.free
                || lane.taking != expected.taking
                || lane.seats != expected.seats
                || lane.used != expected.used
            {
                return Err(format!("the agents of {:?} differ", lane.key));
            }
        }
        for key in fresh.lane_by_key.keys() {
            if !kept.lane_by_key.contains_key(key) {
                return Err(format!("the lane {key:?} is missing"));
            }
        }
        Ok(())
    }
}
