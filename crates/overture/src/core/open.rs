//! The unit under construction: what was stepped and not yet handed to the writer.

use std::collections::HashMap;

use overture_engine::{
    flow::Batch,
    model::{CustomerId, Effect, InputBody},
};
use overture_http::Hint;

use super::{shared::Shared, writer::Waiting};

/// Steps of one unit, and who waits for it.
#[derive(Debug, Default)]
pub(super) struct Open {
    pub(super) batch: Batch,
    pub(super) waiting: Waiting,
    /// Message keys that came with it, to be forgotten when its commit fails.
    pub(super) keys: Vec<u64>,
}

/// Where a batch was before a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    inputs: usize,
    pub(super) effects: usize,
    dropped: u32,
    unpermitted: u32,
}

impl Open {
    pub(super) fn is_empty(&self) -> bool {
        self.batch.inputs.is_empty() && self.waiting.replies.is_empty()
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            inputs: self.batch.inputs.len(),
            effects: self.batch.effects.len(),
            dropped: self.batch.dropped,
            unpermitted: self.batch.unpermitted,
        }
    }

    pub(super) fn back_to(&mut self, mark: Mark) {
        self.batch.inputs.truncate(mark.inputs);
        self.batch.effects.truncate(mark.effects);
        self.batch.dropped = mark.dropped;
        self.batch.unpermitted = mark.unpermitted;
    }

    /// Who is told what once the unit is durable.
    pub(super) fn add_hints(&mut self, shared: &Shared) {
        let mut timelines: HashMap<CustomerId, u64> = HashMap::new();
        let mut is_desk_changed = false;
        for effect in &self.batch.effects {
            match effect {
                Effect::Timeline(item) => {
                    let last = timelines.entry(item.customer).or_default();
                    *last = item.seq.max(*last);
                }
                Effect::Merged { from, into, .. } => {
                    let last = timelines.get(into).copied().unwrap_or(0);
                    timelines.insert(*from, last);
                    timelines.entry(*into).or_default();
                    is_desk_changed = true;
                }
                Effect::Request { .. } | Effect::Agent { .. } | Effect::Conversation(_) => {
                    is_desk_changed = true;
                }
                _ => {}
            }
        }
        let hints = &mut self.waiting.hints;
        hints.extend(
            timelines
                .into_iter()
                .map(|(customer, seq)| Hint::Customer(customer, seq)),
        );
        if is_desk_changed {
            hints.push(Hint::Desk(shared.desk_changed()));
        }
        for input in &self.batch.inputs {
            if let InputBody::World(facts) = &input.body {
                hints.push(Hint::World(facts.version));
            }
        }
    }
}
