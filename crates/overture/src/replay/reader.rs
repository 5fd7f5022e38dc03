//! Reads the log in order, with the worlds that each part of it is stepped under.

use std::{collections::BTreeSet, sync::Arc};

use anyhow::{Context, ensure};
use overture_engine::{
    World,
    decide::Policy,
    model::{Input, InputBody, Mode, Seq, Timestamp, WorldFacts},
};
use overture_http::{ReplayAs, ReplayAsked};
use overture_store::Store;

use super::{Differs, Source};
use crate::core::adopt;

/// Inputs that are read at once.
const CHUNK_INPUTS: usize = 8_000;

/// Policy revisions that are looked through for the one that was in force where the log begins.
const REVISIONS_MAX: u32 = 1_000;

/// The worlds from one input on.
#[derive(Debug)]
pub(super) struct Turn {
    /// As it was.
    pub(super) then: World,
    /// As it would be; the same as `then` while `is_open` is not set.
    pub(super) draft: World,
    /// Whether customers' lives may differ from what is logged.
    pub(super) is_open: bool,
}

/// A stretch of the log.
#[derive(Debug)]
pub(super) struct Chunk {
    /// In order, and none beyond the end that was asked for.
    pub(super) inputs: Vec<Input>,
    /// From which input on which worlds hold; the first from 0.
    pub(super) turns: Vec<(usize, Arc<Turn>)>,
    /// The share of the history that is done with it, `0.0..=1.0`.
    pub(super) share: f64,
}

/// The log from its first entry to the end that was asked for.
pub(super) struct Reader<'a> {
    store: &'a dyn Store,
    asked: &'a ReplayAsked,
    draft: Option<(Policy, String)>,
    model: &'static str,
    next: Seq,
    began: Timestamp,
    then: World,
    /// The text of the policy in `then`.
    text: String,
    turn: Option<Arc<Turn>>,
    is_open: bool,
    /// Whether the stretch that is compared was reached.
    is_inside: bool,
    is_over: bool,
    events: u64,
    /// Revisions that the draft is another text than.
    other_than: BTreeSet<u32>,
    differs: Differs,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        source: &'a Source,
        asked: &'a ReplayAsked,
        draft: Option<(Policy, String)>,
        (first, began): (Seq, Timestamp),
    ) -> anyhow::Result<Self> {
        let store = &*source.store;
        let mut then = World {
            facts: WorldFacts::default(),
            policy: Arc::new(Policy::from_shipped(0)),
            engagement: Arc::clone(&source.engagement),
            // A replay reads no text and makes no pseudonym.
            text: Arc::new(overture_engine::understand::text::NoTextModel),
            issues: None,
            lexicon: Arc::default(),
            rollouts: Arc::default(),
            key: Default::default(),
        };
        if first > Seq(1) {
            adopt(store, &mut then, world_at(store, began)?)
                .context("could not read the world at the log's beginning")?;
        }
        let text = text_of(store, then.facts.policy_revision)?;
        Ok(Self {
            store,
            asked,
            draft,
            model: source.engagement.name(),
            next: first,
            began,
            then,
            text,
            turn: None,
            is_open: false,
            is_inside: false,
            is_over: false,
            events: 0,
            other_than: BTreeSet::new(),
            differs: Differs::default(),
        })
    }

    /// The next stretch; `None` at the end.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<Chunk>> {
        if self.is_over {
            return Ok(None);
        }
        let mut inputs = self
            .store
            .read_log(self.next, CHUNK_INPUTS)
            .context("could not read the log")?;
        let Some(last) = inputs.last() else {
            self.is_over = true;
            return Ok(None);
        };
        let next = Seq(last.seq.0 + 1);
        ensure!(
            inputs.first().is_some_and(|first| first.seq == self.next),
            "the log was shortened while it was read: try again"
        );
        self.next = next;
        let end = inputs.partition_point(|input| input.received_at < self.asked.to);
        if end < inputs.len() {
            self.is_over = true;
            inputs.truncate(end);
        }
        let Some(last) = inputs.last() else {
            return Ok(None);
        };
        let whole = self.asked.to.since(self.began).0.max(1) as f64;
        let share = last.received_at.since(self.began).0 as f64 / whole;
        self.events += inputs.len() as u64;
        let turns = self.turns(&inputs)?;
        Ok(Some(Chunk {
            inputs,
            turns,
            share,
        }))
    }

    /// Inputs read so far.
    pub(super) const fn events(&self) -> u64 {
        self.events
    }

    /// Why anything differs.
    pub(super) fn into_differs(mut self) -> Differs {
        if !self.other_than.is_empty() {
            let revisions: Vec<String> = self.other_than.iter().map(u32::to_string).collect();
            self.differs.because.insert(
                0,
                format!(
                    "the draft is another text than the policy of then (revision {})",
                    revisions.join(", ")
                ),
            );
        }
        self.differs
    }

    fn turns(&mut self, inputs: &[Input]) -> anyhow::Result<Vec<(usize, Arc<Turn>)>> {
        let mut turns = Vec::new();
        for (place, input) in inputs.iter().enumerate() {
            if !self.is_inside && input.received_at >= self.asked.from {
                self.is_inside = true;
                self.turn = None;
            }
            if self.turn.is_none() || place == 0 {
                turns.push((place, self.current()?));
            }
            if let InputBody::World(facts) = &input.body {
                if facts.policy_revision != self.then.facts.policy_revision {
                    self.text = text_of(self.store, facts.policy_revision)?;
                }
                adopt(self.store, &mut self.then, facts.clone())
                    .context("could not read the world as it was")?;
                self.turn = None;
            }
        }
        Ok(turns)
    }

    fn current(&mut self) -> anyhow::Result<Arc<Turn>> {
        if let Some(turn) = &self.turn {
            return Ok(Arc::clone(turn));
        }
        let then = &self.then;
        let facts = &then.facts;
        if !facts.model.is_empty() && facts.model != self.model {
            self.differs.add(format!(
                "the model {} scored customers then, {} does now",
                facts.model, self.model
            ));
        }
        let mut draft = then.clone();
        if self.is_inside {
            if let Some((policy, text)) = &self.draft
                && *text != self.text
            {
                draft.policy = Arc::new(policy.clone().with_guides(then.policy.guides().clone()));
                self.is_open = true;
                self.other_than.insert(facts.policy_revision);
            }
            let mode = match self.asked.acts {
                ReplayAs::Live => Mode::Live,
                ReplayAs::Shadow => Mode::Shadow,
                ReplayAs::Recorded => facts.mode,
            };
            if mode != facts.mode {
                self.is_open = true;
                self.differs.add(format!(
                    "rules ran in {} mode then and act here as in {} mode",
                    facts.mode.name(),
                    mode.name()
                ));
            }
            draft.facts.mode = mode;
            // As live, a rule reaches everybody: how far it had been rolled out says nothing of the draft.
            let is_partial = facts.rollouts_revision > 0 || !facts.budgets_spent.is_empty();
            if self.asked.acts == ReplayAs::Live && is_partial {
                self.is_open = true;
                self.differs.add(
                    "rules were rolled out to a part of the customers then and reach everybody here"
                        .to_owned(),
                );
                draft.rollouts = Arc::default();
                draft.facts.rollouts_revision = 0;
                draft.facts.budgets_spent.clear();
            }
        }
        let turn = Arc::new(Turn {
            then: then.clone(),
            draft,
            is_open: self.is_open,
        });
        self.turn = Some(Arc::clone(&turn));
        Ok(turn)
    }
}

/// The text of a revision; the shipped one before any was saved.
fn text_of(store: &dyn Store, revision: u32) -> anyhow::Result<String> {
    if revision == 0 {
        return Ok(Policy::shipped().to_owned());
    }
    let row = store.policy(revision)?;
    let row = row.with_context(|| format!("there is no revision {revision} of the policy"))?;
    Ok(row.toml)
}

/// The world where a log begins whose first entries are gone: today's, with the policy that was
/// in force then.
fn world_at(store: &dyn Store, at: Timestamp) -> anyhow::Result<WorldFacts> {
    let mut facts = store.boot()?.world.unwrap_or_default();
    let revisions = store.policies(REVISIONS_MAX)?;
    if let Some(row) = revisions.iter().find(|row| row.at <= at) {
        facts.policy_revision = row.revision;
    }
    Ok(facts)
}
