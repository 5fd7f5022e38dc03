//! A model that never sees a need: only what customers ask for, or a rule of its own, happens.

use overture_engine::{
    model::{EngagementScore, Probability},
    understand::{EngagementInputs, EngagementModel},
};

pub(crate) struct Calm;

impl EngagementModel for Calm {
    fn name(&self) -> &'static str {
        "calm-1"
    }

    fn probability(&self, _: &EngagementInputs) -> f64 {
        0.0
    }

    fn score(&self, _: &EngagementInputs) -> EngagementScore {
        EngagementScore {
            score: Probability::new(0.0).unwrap(),
            intercept: 0.0,
            contributions: Vec::new(),
            model: "calm-1",
        }
    }
}
