//! What a decision was made on, written down.

use super::{Rule, Signals, shadow_why};
use crate::{
    model::{CustomerState, Timestamp, Trace},
    understand::{EngagementInputs, level_of},
    world::World,
};

/// What a trace calls the reason why the rule only watched.
const SHADOW_WHY: &str = "shadow.why";

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
    let (parts, mut used) = policy.explain(rule, &signals);
    if let Some(why) = shadow_why(state, world, rule, now) {
        used.push((SHADOW_WHY.to_owned(), why.name().to_owned()));
    }
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
