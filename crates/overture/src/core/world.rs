//! Changes that concern everybody: the world, and the demo's wipe.

use std::{collections::BTreeMap, sync::Arc};

use overture_engine::{
    decide::Policy,
    model::{AgentId, AgentProfile, BudgetSpent, Mode, Presence, RouteEvent, Subject, WorldFacts},
};
use overture_http::WorldChange;

use super::{
    engine::{Engine, Lost},
    recover::{compile_guides, compile_rollouts, parse_policy},
};

impl Engine {
    /// Logs a new world in a unit of its own that also writes every state behind, so that
    /// whatever is replayed after it saw the same world.
    pub(super) fn change_world(&mut self, change: WorldChange) -> Result<WorldFacts, Lost> {
        self.commit_everything()?;
        let mut facts = self.world.facts.clone();
        facts.version += 1;
        facts.model = self.world.engagement.name().to_owned();
        let mut policy = Arc::clone(&self.world.policy);
        let mut lexicon = Arc::clone(&self.world.lexicon);
        let mut rollouts = Arc::clone(&self.world.rollouts);
        let mut is_stop = false;
        let corrupt = |what| Lost::Commit(overture_store::StoreError::Corrupt { what });
        match change {
            WorldChange::Mode(mode) => {
                is_stop = facts.mode == Mode::Live && mode == Mode::Shadow;
                facts.mode = mode;
            }
            WorldChange::Policy { revision, toml } => {
                let parsed = parse_policy(&toml, revision).map_err(corrupt)?;
                policy = Arc::new(parsed.with_guides(policy.guides().clone()));
                facts.policy_revision = revision;
            }
            WorldChange::Faqs(faqs) => facts.faqs = faqs,
            WorldChange::Guides { revision, targets } => {
                let guides = compile_guides(&targets, revision).map_err(corrupt)?;
                policy = Arc::new(Policy::clone(&policy).with_guides(guides));
                facts.guides_revision = revision;
            }
            WorldChange::Lexicon(new) if new.revision() > facts.lexicon_revision => {
                facts.lexicon_revision = new.revision();
                lexicon = new;
            }
            WorldChange::Rollouts { revision, plan } if revision > facts.rollouts_revision => {
                let new = compile_rollouts(&plan, revision).map_err(corrupt)?;
                let rules = self.world.policy.rules().iter();
                is_stop = rules.map(|rule| rule.key).any(|rule| {
                    new.reaches_nobody(rule) && !self.world.rollouts.reaches_nobody(rule)
                });
                facts.rollouts_revision = revision;
                facts.budgets_spent = self.budgets.spent(&new, self.now);
                rollouts = Arc::new(new);
            }
            WorldChange::Lexicon(_) | WorldChange::Rollouts { .. } => {}
        }
        self.take_world(&facts)?;
        self.world.policy = policy;
        self.world.lexicon = lexicon;
        self.world.rollouts = rollouts;
        if is_stop {
            self.stopping_offers = self.wakes.everyone().collect();
        }
        Ok(facts)
    }

    /// Counts what the last step did, and stops every rule that has now acted as often as it may today, before anything else is
    /// stepped.
    pub(super) fn mind_budgets(&mut self) -> Result<(), Lost> {
        if !self.budgets.take_new() {
            return Ok(());
        }
        let spent = self.budgets.spent(&self.world.rollouts, self.now);
        let is_known = |one: &BudgetSpent| self.world.facts.budgets_spent.contains(one);
        if spent.iter().all(is_known) {
            return Ok(());
        }
        self.commit_everything()?;
        let mut facts = self.world.facts.clone();
        facts.version += 1;
        facts.budgets_spent = spent;
        self.take_world(&facts)
    }

    /// Logs the facts in a unit of their own.
    fn take_world(&mut self, facts: &WorldFacts) -> Result<(), Lost> {
        self.internal(Subject::World(facts.clone()))?;
        self.hand_over(true);
        self.wait_for_writer()?;
        self.world.facts = facts.clone();
        self.shared.world.store(Arc::new(facts.clone()));
        Ok(())
    }

    /// Forgets every customer and all that happened; agents keep their accounts and
    /// presence, and the world stays as it is.
    pub(super) fn wipe(&mut self) -> Result<(), Lost> {
        self.commit_everything()?;
        let agents: BTreeMap<AgentId, (AgentProfile, Presence)> = self
            .memory
            .routing_ref()
            .state()
            .agents
            .iter()
            .map(|(agent, state)| (*agent, (state.profile.clone(), state.presence)))
            .collect();
        let mut facts = self.world.facts.clone();
        facts.budgets_spent.clear();
        self.store.wipe().map_err(Lost::Commit)?;
        self.recover().map_err(Lost::Commit)?;
        self.shared.set_ready(overture_http::Readiness::Ready);
        self.world.facts = facts;
        self.world.facts.version += 1;
        self.internal(Subject::World(self.world.facts.clone()))?;
        for (agent, (profile, presence)) in agents {
            self.internal(Subject::Route(RouteEvent::AgentChanged { agent, profile }))?;
            self.internal(Subject::Route(RouteEvent::PresenceSet { agent, presence }))?;
        }
        self.hand_over(true);
        self.wait_for_writer()?;
        self.shared.world.store(Arc::new(self.world.facts.clone()));
        Ok(())
    }
}
