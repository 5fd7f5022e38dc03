//! From the store back to memory: rows, then the log from where rows end, then dedupe.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
};

use overture_engine::{
    World,
    decide::{Guides, Policy, Rollouts},
    flow,
    model::{GuideTarget, InputBody, RolloutPlan, Seq, WorldFacts},
    understand::DomainLexicon,
};
use overture_http::Readiness;
use overture_store::{Store, StoreError};

use super::{
    budgets::Budgets,
    dedupe::{Dedupe, KEYS_MIN, REMEMBER},
    engine::Engine,
    sweep::Sweep,
    wakes::Wakes,
};

/// Log inputs that are read and replayed at once.
const CHUNK_INPUTS: usize = 20_000;

impl Engine {
    /// Drops memory and builds it anew from the store.
    pub(super) fn recover(&mut self) -> Result<(), StoreError> {
        let boot = self.store.boot()?;
        let total = (boot.last_seq.0 + 1).saturating_sub(boot.replay_from.0.max(1));
        self.shared
            .set_ready(Readiness::Starting { replayed: 0, total });
        self.now = self.now.max(boot.last_received_at);
        self.next_seq = Seq(boot.last_seq.0 + 1);
        self.memory.reset(boot.route.unwrap_or_default());
        self.wakes = Wakes::default();
        for (at, customer) in boot.wakes {
            self.wakes.set(customer, Some(at));
        }
        self.adopt(boot.world.unwrap_or_default())?;
        self.budgets = Budgets::recover(&*self.store, self.now)?;
        self.replay(boot.replay_from, total)?;
        self.memory.forget_links();
        self.sweep = Sweep::new(Seq(boot.replay_from.0.clamp(1, self.next_seq.0)), self.now);
        self.remember_messages()?;
        let totals = self.store.totals()?;
        self.shared
            .customers
            .store(totals.customers, Ordering::Relaxed);
        self.shared.skipped.store(totals.skipped, Ordering::Relaxed);
        self.shared.recovered(boot.last_seq.0);
        Ok(())
    }

    fn adopt(&mut self, facts: WorldFacts) -> Result<(), StoreError> {
        self.shared.world.store(Arc::new(facts.clone()));
        adopt(&*self.store, &mut self.world, facts)
    }

    fn replay(&mut self, from: Seq, total: u64) -> Result<(), StoreError> {
        let mut next = Seq(from.0.max(1));
        let mut replayed = 0;
        while replayed < total {
            let chunk = self.store.read_log(next, CHUNK_INPUTS)?;
            let Some(last) = chunk.last() else {
                break;
            };
            next = Seq(last.seq.0 + 1);
            self.memory.prefetch(
                std::iter::empty(),
                chunk.iter().filter_map(|input| match &input.body {
                    InputBody::Customer(event) => Some(event.customer),
                    _ => None,
                }),
            )?;
            for input in chunk.iter().filter(|input| input.seq >= from) {
                self.memory.begin(input.received_at, input.seq);
                let outcome = catch_unwind(AssertUnwindSafe(|| {
                    flow::replay(&mut self.memory, &self.world, input)
                }));
                match outcome {
                    Ok(Ok(_)) => self.memory.keep(),
                    Ok(Err(error)) => {
                        return Err(StoreError::Unavailable {
                            attempt: "replay the log",
                            cause: Box::new(error),
                        });
                    }
                    Err(_) => {
                        self.memory.undo();
                        tracing::error!(
                            log.seq = input.seq.0,
                            "a logged input made a step panic and was left out"
                        );
                    }
                }
                replayed += 1;
            }
            self.shared
                .set_ready(Readiness::Starting { replayed, total });
        }
        Ok(())
    }

    /// Message keys of the last hour are known again.
    fn remember_messages(&mut self) -> Result<(), StoreError> {
        self.dedupe = Dedupe::default();
        for (at, key) in self
            .store
            .message_keys_since(self.now - REMEMBER, KEYS_MIN)?
        {
            self.dedupe.insert(key, at);
        }
        Ok(())
    }
}

/// Takes the world as logged, with the policy, the guides and the lexicon it names.
///
/// # Errors
/// The store cannot be read, or does not have what `facts` name.
pub(crate) fn adopt(
    store: &dyn Store,
    world: &mut World,
    facts: WorldFacts,
) -> Result<(), StoreError> {
    if facts.policy_revision > 0 {
        let row = store.policy(facts.policy_revision)?;
        let row = row.ok_or(StoreError::Missing {
            what: "policy revision",
        })?;
        let policy =
            parse_policy(&row.toml, row.revision).map_err(|what| StoreError::Corrupt { what })?;
        world.policy = Arc::new(policy);
    }
    if facts.guides_revision > 0 {
        let set = store.guide_set(facts.guides_revision)?;
        let set = set.ok_or(StoreError::Missing {
            what: "list of live guides",
        })?;
        let guides = compile_guides(&set.targets, set.revision)
            .map_err(|what| StoreError::Corrupt { what })?;
        let policy = Policy::clone(&world.policy);
        world.policy = Arc::new(policy.with_guides(guides));
    }
    if facts.lexicon_revision > 0 {
        let row = store.lexicon(facts.lexicon_revision)?;
        let row = row.ok_or(StoreError::Missing {
            what: "revision of the lexicon",
        })?;
        let lexicon = DomainLexicon::new(row.saved.revision, &row.entries).map_err(|error| {
            StoreError::Corrupt {
                what: format!("lexicon: {}: {error}", error.path()),
            }
        })?;
        world.lexicon = Arc::new(lexicon);
    }
    if facts.rollouts_revision > 0 {
        let row = store.rollouts(facts.rollouts_revision)?;
        let row = row.ok_or(StoreError::Missing {
            what: "revision of the rollouts",
        })?;
        let rollouts = compile_rollouts(&row.plan, row.saved.revision)
            .map_err(|what| StoreError::Corrupt { what })?;
        world.rollouts = Arc::new(rollouts);
    }
    world.facts = facts;
    Ok(())
}

/// A policy that was validated before.
pub(super) fn parse_policy(toml: &str, revision: u32) -> Result<Policy, String> {
    match Policy::parse(toml, revision) {
        Ok(parsed) => Ok(parsed.policy),
        Err(errors) => Err(format!(
            "policy revision {revision} is not valid: {}",
            errors.first().map_or("", |error| &error.message)
        )),
    }
}

/// Guides that were checked before they became live.
pub(super) fn compile_guides(targets: &[GuideTarget], revision: u32) -> Result<Guides, String> {
    Guides::compile(targets)
        .map_err(|error| format!("revision {revision} of the live guides is not valid: {error:?}"))
}

/// A plan for going live that was checked before.
pub(super) fn compile_rollouts(plan: &RolloutPlan, revision: u32) -> Result<Rollouts, String> {
    Rollouts::compile(revision, plan)
        .map_err(|error| format!("revision {revision} of the rollouts is not valid: {error:?}"))
}
