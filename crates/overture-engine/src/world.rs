//! What a step may look at besides the state and the event: facts, policy, models.

use std::{fmt, sync::Arc};

use crate::{decide::Policy, model::WorldFacts, understand::EngagementModel};

/// The world as of one version; shared by every step until the next version is logged.
#[derive(Clone)]
pub struct World {
    /// The logged facts.
    pub facts: WorldFacts,
    /// The policy that `facts.policy_revision` names.
    pub policy: Arc<Policy>,
    /// The model that `facts.model` names.
    pub engagement: Arc<dyn EngagementModel>,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("facts", &self.facts)
            .field("engagement", &self.engagement.name())
            .finish_non_exhaustive()
    }
}
