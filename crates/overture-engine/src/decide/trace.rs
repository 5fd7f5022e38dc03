//! What a decision was made on, written down.

use super::{Rule, Signals};
use crate::{
    model::{CustomerState, Timestamp, Trace},
    understand::{EngagementInputs, level_of},
    world::World,
};

/// Everything that `rule` was decided on at `now`: enough to explain and to repeat it.
pub fn trace(
    state: &CustomerState,
    world: &World,
    rule: &Rule,
    now: Timestamp,
    event: Option<&str>,
) -> Trace {
    let policy = &*world.policy;
    let signals = Signals::of(state, policy, now, event).for_rule(rule);
    let (parts, used) = policy.explain(rule, &signals);
    let inputs = EngagementInputs::of(state, now, level_of(state));
    let scored = world.engagement.score(&inputs);
    Trace {
        signals: used,
        condition: rule.when.text().to_owned(),
        parts,
        score: state.need.score,
        contributions: scored.contributions,
        policy_revision: policy.revision,
        model: scored.model.to_owned(),
        engine: env!("CARGO_PKG_VERSION").to_owned(),
    }
}
