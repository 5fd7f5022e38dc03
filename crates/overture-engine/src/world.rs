//! What a step may look at besides the state and the event: facts, policy, models.

use std::{fmt, sync::Arc};

use crate::{
    decide::{Guides, Policy, Rollouts},
    model::WorldFacts,
    understand::{
        DomainLexicon, EngagementModel, IssueClassifier, TextModel,
        redact::{PseudonymKey, Redactor},
    },
};

/// The world as of one version; shared by every step until the next version is logged.
#[derive(Clone)]
pub struct World {
    /// The logged facts.
    pub facts: WorldFacts,
    /// The policy that `facts.policy_revision` names, with the guides that
    /// `facts.guides_revision` names among its rules.
    pub policy: Arc<Policy>,
    /// The model that `facts.model` names.
    pub engagement: Arc<dyn EngagementModel>,
    /// What reads texts before they are logged. A replay reads nothing anew: what it said is logged.
    pub text: Arc<dyn TextModel>,
    /// What says what texts are about, where the organisation has a classifier; its answers are logged too.
    pub issues: Option<Arc<dyn IssueClassifier>>,
    /// What phrases both read as other words: the list that `facts.lexicon_revision` names.
    pub lexicon: Arc<DomainLexicon>,
    /// How far each rule has gone live: the plan that `facts.rollouts_revision` names.
    pub rollouts: Arc<Rollouts>,
    /// What pseudonyms are made with; a replay makes none.
    pub key: PseudonymKey,
}

impl World {
    /// The live guides.
    pub fn guides(&self) -> &Guides {
        self.policy.guides()
    }

    /// What takes identifiers out of texts, with the policy's patterns.
    pub fn redactor(&self) -> Redactor {
        self.policy.redactor.under(&self.key)
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("facts", &self.facts)
            .field("engagement", &self.engagement.name())
            .finish_non_exhaustive()
    }
}
